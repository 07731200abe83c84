/* Pictures: well-formed, complete, and exact about where a number lies. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/cli/plot.h"
#include "daemon/cli/rules_table.h"
#include "daemon/cli/svg.h"

#define DEPTH_MAX 8

/* Every element is closed by its own name, no < or & stands alone. */
static void
assert_well_formed(const char *xml)
{
	char open[DEPTH_MAX][16];
	int depth = 0;

	for (const char *c = xml; *c != '\0'; c++) {
		if (*c == '&')
			assert_true(strncmp(c, "&amp;", 5) == 0 ||
			    strncmp(c, "&lt;", 4) == 0 ||
			    strncmp(c, "&gt;", 4) == 0 ||
			    strncmp(c, "&quot;", 6) == 0);
		if (*c != '<' || c[1] == '?')
			continue;
		const char *end = strchr(c, '>');
		size_t len = strcspn(c + 1 + (c[1] == '/'), " >/\n");

		assert_non_null(end);
		assert_true(len > 0 && len < 16);
		if (c[1] == '/') {
			assert_true(depth > 0);
			depth--;
			assert_int_equal(strlen(open[depth]), len);
			assert_memory_equal(open[depth], c + 2, len);
		} else if (end[-1] != '/') {
			assert_true(depth < DEPTH_MAX);
			memcpy(open[depth], c + 1, len);
			open[depth++][len] = '\0';
		}
		c = end;
	}
	assert_int_equal(depth, 0);
	assert_null(strstr(xml, "nan"));
	assert_null(strstr(xml, "inf"));
}

static void
words_are_escaped(void **state)
{
	const struct svg_text t = {1, 2, 12, "start", "#000000", -90, 1};
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	(void)state;
	svg_begin(f, 10, 10, "<a> & \"b\"", "1 < 2\n");
	svg_text(f, &t, "x\x01y");
	svg_text(f, &t,
	    "u\xe2\x80\xaev\xc2\x85"
	    "w");
	svg_end(f);
	fclose(f);
	assert_well_formed(text);
	assert_non_null(strstr(text, "&lt;a&gt; &amp; &quot;b&quot;"));
	assert_non_null(strstr(text, ">x y</text>"));
	assert_non_null(strstr(text, ">u v w</text>"));
	free(text);
}

static void
draw_lines(const struct plot_lines *p, int want, char **text)
{
	size_t len = 0;
	FILE *f = open_memstream(text, &len);

	assert_int_equal(plot_lines(f, p), want);
	fclose(f);
}

/* The frame is 80..640 by 76..396; the axis goes 5 % beyond the largest. */
static void
points_lie_where_they_should(void **state)
{
	const double x[] = {0, 5, 10}, y[] = {0, 1, 2};
	struct plot_lines p = {.title = "t",
	    .note = "n",
	    .x_name = "round",
	    .y_name = "loss",
	    .curves = {{.name = "up", .x = x, .y = y, .n = 3},
		{.name = "none", .dashed = true, .colour = 1}},
	    .ncurves = 2};
	char *text = NULL, *points;
	double px[3], py[3];

	(void)state;
	draw_lines(&p, 0, &text);
	assert_well_formed(text);
	points = strstr(text, " points=\"");
	assert_non_null(points);
	assert_int_equal(sscanf(points, " points=\"%lf,%lf %lf,%lf %lf,%lf\"",
			     &px[0], &py[0], &px[1], &py[1], &px[2], &py[2]),
	    6);
	for (int i = 0; i < 3; i++) {
		assert_true(fabs(px[i] - (80 + 56 * x[i])) < 0.01);
		assert_true(fabs(py[i] - (396 - 320 * y[i] / 2.1)) < 0.01);
	}
	assert_non_null(strstr(text, ">last 2<"));
	assert_non_null(strstr(text, ">no value<"));
	assert_non_null(strstr(text, "stroke-dasharray"));
	free(text);
}

static void
odd_curves(void **state)
{
	const double one[] = {7}, flat[] = {0.25, 0.25}, two[] = {3, 9};
	const double huge[] = {1e-12, 1e12};
	struct plot_lines p = {.title = "t",
	    .note = "n",
	    .x_name = "x",
	    .y_name = "y"};
	char *text = NULL;

	(void)state;
	draw_lines(&p, -EINVAL, &text);
	free(text);
	p.ncurves = 1;
	p.curves[0] = (struct plot_curve){.name = "a", .x = one, .y = one};
	draw_lines(&p, -EINVAL, &text); /* a curve without points */
	free(text);
	for (int i = 0; i < 3; i++) {
		const double *y[] = {one, flat, huge};

		p.curves[0].x = i == 0 ? one : two;
		p.curves[0].y = y[i];
		p.curves[0].n = i == 0 ? 1 : 2;
		draw_lines(&p, 0, &text);
		assert_well_formed(text);
		free(text);
	}
}

static struct jv *
sweep(const char *text)
{
	char why[128];
	struct jv *v = jv_parse(text, strlen(text), why, sizeof(why));

	assert_non_null(v);
	return v;
}

static const char good[] =
    "{\"members\":4,\"liars\":1,\"f\":1,\"rounds\":3,\"heldout_rows\":50,"
    "\"rules\":[\"mean\",\"median\",\"krum\"],"
    "\"attacks\":[\"none\",\"alie\"],"
    "\"accuracy\":[[0.98,0.125],[0.9,0.88],[1,0.88]]}";

static void
the_worst_case_decides(void **state)
{
	struct jv *v = sweep(good);
	struct rules_table t;
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	(void)state;
	assert_int_equal(rules_table_read(&t, v), 0);
	assert_string_equal(t.rules[0], "median"); /* as given: equal worst */
	assert_string_equal(t.rules[1], "krum");
	assert_string_equal(t.rules[2], "mean");
	assert_true(t.accuracy[2][2] == 0.125 && t.accuracy[1][0] == 1);
	rules_table_print(&t, f);
	assert_int_equal(rules_table_plot(&t, f), 0);
	fclose(f);
	assert_non_null(strstr(text, "1 of 4 members lie, f = 1"));
	assert_well_formed(strstr(text, "<?xml"));
	assert_non_null(strstr(strstr(text, "<?xml"), ">12.50</text>"));
	assert_non_null(strstr(strstr(text, "<?xml"), ">worst case</text>"));
	free(text);
	jv_free(v);
}

static void
what_is_no_sweep(void **state)
{
	static const char *const bad[] = {"{}", "[]", "3",
	    "{\"rules\":[],\"attacks\":[],\"accuracy\":[]}",
	    "{\"rules\":[\"a\"],\"attacks\":[\"b\"],\"accuracy\":[]}",
	    "{\"rules\":[\"a\"],\"attacks\":[\"b\"],\"accuracy\":[[]]}",
	    "{\"rules\":[\"a\"],\"attacks\":[\"b\"],\"accuracy\":[[2]]}",
	    "{\"rules\":[\"a\"],\"attacks\":[\"b\"],\"accuracy\":[[-0.1]]}",
	    "{\"rules\":[\"a\"],\"attacks\":[\"b\"],\"accuracy\":[[\"1\"]]}",
	    "{\"rules\":[\"a\"],\"attacks\":[\"b\"],\"accuracy\":[[1,1]]}"};
	struct rules_table t;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct jv *v = sweep(bad[i]);

		assert_int_equal(rules_table_read(&t, v), -EINVAL);
		jv_free(v);
	}
	assert_int_equal(rules_table_read(&t, NULL), -EINVAL);
}

static void
tables_have_bounds(void **state)
{
	const char *names[] = {"a"};
	const double shade[] = {1.5};
	struct plot_table p = {.title = "t",
	    .note = "n",
	    .row_name = "r",
	    .column_name = "c",
	    .rows = names,
	    .columns = names,
	    .nrows = 1,
	    .ncolumns = 1,
	    .shade = shade,
	    .words = names,
	    .scale = {"0", "1"}};
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	(void)state;
	assert_int_equal(plot_table(f, &p), 0);
	p.nrows = 0;
	assert_int_equal(plot_table(f, &p), -EINVAL);
	p.nrows = PLOT_SIDE_MAX + 1;
	assert_int_equal(plot_table(f, &p), -EINVAL);
	fclose(f);
	assert_well_formed(text);
	assert_non_null(strstr(text, "#0c2c84")); /* the darkest */
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(words_are_escaped),
	    cmocka_unit_test(points_lie_where_they_should),
	    cmocka_unit_test(odd_curves),
	    cmocka_unit_test(the_worst_case_decides),
	    cmocka_unit_test(what_is_no_sweep),
	    cmocka_unit_test(tables_have_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
