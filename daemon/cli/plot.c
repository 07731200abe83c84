#include "daemon/cli/plot.h"

#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/cli/svg.h"

#define INK "#222222"
#define GREY "#666666"
#define GRID "#dddddd"
#define TITLE 18
#define SMALL 12
#define PLAIN 14

/* Told apart also without red and green (Okabe and Ito). */
static const char *const colours[] = {"#0072b2", "#d55e00", "#009e73",
    "#cc79a7", "#56b4e9", "#e69f00"};

struct frame { /* where the data go */
	double left, top, width, height;
	double x0, x1, y0, y1; /* what its edges mean */
};

static void
words(FILE *f, double x, double y, const char *anchor, const char *text)
{
	const struct svg_text t = {x, y, PLAIN, anchor, INK, 0, 0};

	svg_text(f, &t, text);
}

static void
heading(FILE *f, double x, const char *title, const char *note)
{
	const struct svg_text big = {x, 30, TITLE, "start", INK, 0, 1};
	const struct svg_text small = {x, 50, SMALL, "start", GREY, 0, 0};

	svg_text(f, &big, title);
	svg_text(f, &small, note);
}

/* 1, 2 or 5 times a power of ten: five to ten steps over the span. */
static double
nice_step(double span)
{
	double power = pow(10, floor(log10(span / 5)));
	double times = span / 5 / power;

	return power * (times < 2 ? 1 : times < 5 ? 2 : 5);
}

static double
place_x(const struct frame *r, double x)
{
	return r->left + r->width * (x - r->x0) / (r->x1 - r->x0);
}

static double
place_y(const struct frame *r, double y)
{
	return r->top + r->height * (r->y1 - y) / (r->y1 - r->y0);
}

static void
grid_x(FILE *f, const struct frame *r)
{
	double step = nice_step(r->x1 - r->x0);
	char text[32];

	step = step < 1 ? 1 : step; /* rounds are whole */
	for (long i = lround(ceil(r->x0 / step));
	     (double)i * step <= r->x1 + step / 1e6; i++) {
		double x = (double)i * step, at = place_x(r, x);

		svg_line(f, (double[]){at, r->top, at, r->top + r->height},
		    GRID, 1);
		snprintf(text, sizeof(text), "%g", x);
		words(f, at, r->top + r->height + 20, "middle", text);
	}
}

static void
grid_y(FILE *f, const struct frame *r)
{
	double step = nice_step(r->y1 - r->y0);
	char text[32];

	for (long i = lround(ceil(r->y0 / step));
	     (double)i * step <= r->y1 + step / 1e6; i++) {
		double y = (double)i * step, at = place_y(r, y);

		svg_line(f, (double[]){r->left, at, r->left + r->width, at},
		    GRID, 1);
		snprintf(text, sizeof(text), "%g", y);
		words(f, r->left - 8, at + 5, "end", text);
	}
}

/* From zero, unless the curves are far from it. */
static int
extent(const struct plot_lines *p, struct frame *r)
{
	double low = DBL_MAX, high = -DBL_MAX;

	r->x0 = DBL_MAX;
	r->x1 = -DBL_MAX;
	for (size_t c = 0; c < p->ncurves; c++)
		for (size_t i = 0; i < p->curves[c].n; i++) {
			r->x0 = fmin(r->x0, p->curves[c].x[i]);
			r->x1 = fmax(r->x1, p->curves[c].x[i]);
			low = fmin(low, p->curves[c].y[i]);
			high = fmax(high, p->curves[c].y[i]);
		}
	if (low > high)
		return -EINVAL;
	if (r->x1 - r->x0 < 1)
		r->x1 = r->x0 + 1;
	if (low > 0 && low < 0.7 * high)
		low = 0;
	if (high - low < 1e-9)
		high = low + fabs(low) + 1e-3;
	r->y0 = low;
	r->y1 = high + (high - low) * 0.05;
	return 0;
}

static int
draw_curve(FILE *f, const struct frame *r, const struct plot_curve *c)
{
	const char *pen[2] =
	    {colours[c->colour % (sizeof(colours) / sizeof(*colours))],
		c->dashed ? "7 4" : ""};
	double *x = calloc(c->n + 1, sizeof(*x));
	double *y = calloc(c->n + 1, sizeof(*y));
	int rc = x && y ? 0 : -ENOMEM;

	for (size_t i = 0; rc == 0 && i < c->n; i++) {
		x[i] = place_x(r, c->x[i]);
		y[i] = place_y(r, c->y[i]);
	}
	if (rc == 0 && c->n > 0) {
		svg_curve(f, x, y, c->n, pen);
		svg_dot(f, x[c->n - 1], y[c->n - 1], 3.5, pen[0]);
	}
	free(x);
	free(y);
	return rc;
}

/* Beside the curves, with the value where each ends. */
static void
legend(FILE *f, const struct frame *r, const struct plot_lines *p)
{
	double x = r->left + r->width + 24, y = r->top + 10;
	char last[48];

	for (size_t i = 0; i < p->ncurves; i++, y += 44) {
		const struct plot_curve *c = &p->curves[i];
		const char *pen[2] =
		    {colours[c->colour % (sizeof(colours) / sizeof(*colours))],
			c->dashed ? "7 4" : ""};
		const struct svg_text small = {x + 34, y + 21, SMALL, "start",
		    GREY, 0, 0};

		svg_curve(f, (double[]){x, x + 26}, (double[]){y, y}, 2, pen);
		words(f, x + 34, y + 5, "start", c->name);
		if (c->n > 0)
			snprintf(last, sizeof(last), "last %.4g",
			    c->y[c->n - 1]);
		else
			snprintf(last, sizeof(last), "no value");
		svg_text(f, &small, last);
	}
}

int
plot_lines(FILE *f, const struct plot_lines *p)
{
	struct frame r = {.left = 80, .top = 76, .width = 560, .height = 320};
	const struct svg_text up = {24, r.top + r.height / 2, PLAIN, "middle",
	    INK, -90, 0};
	int rc = extent(p, &r);

	if (rc < 0)
		return rc;
	svg_begin(f, 860, 460, p->title, p->note);
	heading(f, r.left, p->title, p->note);
	grid_x(f, &r);
	grid_y(f, &r);
	svg_box(f, (double[]){r.left, r.top, r.width, r.height}, "none", GREY);
	words(f, r.left + r.width / 2, r.top + r.height + 46, "middle",
	    p->x_name);
	svg_text(f, &up, p->y_name);
	for (size_t i = 0; i < p->ncurves && rc == 0; i++)
		rc = draw_curve(f, &r, &p->curves[i]);
	legend(f, &r, p);
	svg_end(f);
	return rc;
}

/* Pale yellow to dark blue, light all the way down, so that it prints. */
static void
shade_of(double s, char out[static 8])
{
	static const double stops[4][3] = {{255, 247, 214}, {161, 218, 180},
	    {44, 127, 184}, {12, 44, 132}};
	double at = s < 0 ? 0 : s > 1 ? 3 : 3 * s;
	int i = at >= 3 ? 2 : (int)at;
	unsigned rgb[3];

	for (int k = 0; k < 3; k++)
		rgb[k] = (unsigned)lround(
		    stops[i][k] + (at - i) * (stops[i + 1][k] - stops[i][k]));
	snprintf(out, 8, "#%02x%02x%02x", rgb[0] & 255, rgb[1] & 255,
	    rgb[2] & 255);
}

static size_t
longest(const char *const *list, size_t n)
{
	size_t most = 0;

	for (size_t i = 0; i < n; i++)
		most = strlen(list[i]) > most ? strlen(list[i]) : most;
	return most;
}

struct grid {
	double left, top, cell_w, cell_h, gap;
};

static double
column_at(const struct grid *g, const struct plot_table *p, size_t k)
{
	double gap = p->rule_after > 0 && k >= p->rule_after ? g->gap : 0;

	return g->left + g->cell_w * (double)k + gap;
}

static void
draw_cell(FILE *f, const struct grid *g, const struct plot_table *p, size_t at)
{
	size_t i = at / p->ncolumns, k = at % p->ncolumns;
	double x = column_at(g, p, k), y = g->top + g->cell_h * (double)i;
	struct svg_text t = {x + g->cell_w / 2, y + g->cell_h / 2 + 5, PLAIN,
	    "middle", p->shade[at] > 0.55 ? "#ffffff" : INK, 0, 0};
	char fill[8];

	shade_of(p->shade[at], fill);
	svg_box(f, (double[]){x, y, g->cell_w, g->cell_h}, fill, "#ffffff");
	svg_text(f, &t, p->words[at]);
}

static void
draw_scale(FILE *f, double x, double y, const struct plot_table *p)
{
	char fill[8];

	words(f, x, y + 13, "start", p->scale[0]);
	x += 9.0 * (double)strlen(p->scale[0]) + 10;
	for (int i = 0; i < 40; i++) {
		shade_of(i / 39.0, fill);
		svg_box(f, (double[]){x + 4 * i, y, 4, 16}, fill, fill);
	}
	words(f, x + 170, y + 13, "start", p->scale[1]);
}

static void
draw_names(FILE *f, const struct grid *g, const struct plot_table *p)
{
	double bottom = g->top + g->cell_h * (double)p->nrows;
	struct svg_text up = {g->left - 12, 0, PLAIN, "end", INK, 0, 0};
	struct svg_text side = {24, (g->top + bottom) / 2, PLAIN, "middle",
	    GREY, -90, 0};

	for (size_t i = 0; i < p->nrows; i++) {
		up.y = g->top + g->cell_h * ((double)i + 0.5) + 5;
		svg_text(f, &up, p->rows[i]);
	}
	for (size_t k = 0; k < p->ncolumns; k++)
		words(f, column_at(g, p, k) + g->cell_w / 2, g->top - 10,
		    "middle", p->columns[k]);
	svg_text(f, &side, p->row_name);
	side = (struct svg_text){(g->left + column_at(g, p, p->ncolumns)) / 2,
	    g->top - 32, PLAIN, "middle", GREY, 0, 0};
	svg_text(f, &side, p->column_name);
}

int
plot_table(FILE *f, const struct plot_table *p)
{
	struct grid g = {.top = 116, .cell_h = 34, .gap = 14};
	double width, bottom;

	if (p->nrows < 1 || p->ncolumns < 1 || p->nrows > PLOT_SIDE_MAX ||
	    p->ncolumns > PLOT_SIDE_MAX)
		return -EINVAL;
	g.left = 72 + 8.0 * (double)longest(p->rows, p->nrows);
	g.cell_w = 16 + 8.0 * (double)longest(p->columns, p->ncolumns);
	g.cell_w = g.cell_w < 62 ? 62 : g.cell_w;
	width = column_at(&g, p, p->ncolumns) + 30;
	width = width < 560 ? 560 : width;
	bottom = g.top + g.cell_h * (double)p->nrows;
	svg_begin(f, (int)width, (int)bottom + 60, p->title, p->note);
	heading(f, 24, p->title, p->note);
	draw_names(f, &g, p);
	for (size_t i = 0; i < p->nrows * p->ncolumns; i++)
		draw_cell(f, &g, p, i);
	draw_scale(f, g.left, bottom + 22, p);
	svg_end(f);
	return 0;
}
