#include "daemon/cli/svg.h"

#include "daemon/cli/markup.h"

#define FONTS "Helvetica, Arial, 'Liberation Sans', sans-serif"

void
svg_begin(FILE *f, int width, int height, const char *title,
    const char *description)
{
	fprintf(f,
	    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	    "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" "
	    "height=\"%d\" viewBox=\"0 0 %d %d\" role=\"img\" "
	    "font-family=\"" FONTS "\">\n<title>",
	    width, height, width, height);
	markup_words(f, title);
	fputs("</title>\n<desc>", f);
	markup_words(f, description);
	fprintf(f,
	    "</desc>\n<rect width=\"%d\" height=\"%d\" fill=\"#ffffff\"/>\n",
	    width, height);
}

void
svg_end(FILE *f)
{
	fputs("</svg>\n", f);
}

void
svg_text(FILE *f, const struct svg_text *t, const char *words)
{
	fprintf(f,
	    "<text x=\"%.1f\" y=\"%.1f\" font-size=\"%d\" "
	    "text-anchor=\"%s\" fill=\"%s\"",
	    t->x, t->y, t->size, t->anchor, t->fill);
	if (t->bold)
		fputs(" font-weight=\"bold\"", f);
	if (t->turn != 0)
		fprintf(f, " transform=\"rotate(%d %.1f %.1f)\"", t->turn, t->x,
		    t->y);
	fputc('>', f);
	markup_words(f, words);
	fputs("</text>\n", f);
}

void
svg_box(FILE *f, const double at[static 4], const char *fill,
    const char *stroke)
{
	fprintf(f,
	    "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" "
	    "fill=\"%s\" stroke=\"%s\"/>\n",
	    at[0], at[1], at[2], at[3], fill, stroke);
}

void
svg_line(FILE *f, const double at[static 4], const char *stroke, double width)
{
	fprintf(f,
	    "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" "
	    "stroke=\"%s\" stroke-width=\"%.1f\"/>\n",
	    at[0], at[1], at[2], at[3], stroke, width);
}

void
svg_dot(FILE *f, double x, double y, double radius, const char *fill)
{
	fprintf(f, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"%.1f\" fill=\"%s\"/>\n",
	    x, y, radius, fill);
}

void
svg_curve(FILE *f, const double *x, const double *y, size_t n,
    const char *stroke_and_dash[static 2])
{
	fprintf(f,
	    "<polyline fill=\"none\" stroke=\"%s\" stroke-width=\"2\" "
	    "stroke-linejoin=\"round\"",
	    stroke_and_dash[0]);
	if (stroke_and_dash[1][0] != '\0')
		fprintf(f, " stroke-dasharray=\"%s\"", stroke_and_dash[1]);
	fputs(" points=\"", f);
	for (size_t i = 0; i < n; i++)
		fprintf(f, "%s%.2f,%.2f", i > 0 ? " " : "", x[i], y[i]);
	fputs("\"/>\n", f);
}
