/*
 * svg.h - shapes and words of an SVG 1.1 picture, on a stream.
 *
 * White ground, one font stack, nothing from outside: no script, no link, no
 * style sheet. Coordinates are pixels, y downwards. Words go through
 * markup_words. Errors of the stream are the caller's to look at (ferror).
 */
#ifndef QML_DAEMON_CLI_SVG_H
#define QML_DAEMON_CLI_SVG_H

#include <stdio.h>

/* A title and a description are what a screen reader says. */
void svg_begin(FILE *f, int width, int height, const char *title,
    const char *description);
void svg_end(FILE *f);

struct svg_text {
	double x, y; /* of the baseline */
	int size;
	const char *anchor; /* "start", "middle", "end" */
	const char *fill;
	int turn; /* degrees, about x and y; clockwise */
	int bold;
};

void svg_text(FILE *f, const struct svg_text *t, const char *words);
/* x, y, width, height */
void svg_box(FILE *f, const double at[static 4], const char *fill,
    const char *stroke);
/* x1, y1, x2, y2 */
void svg_line(FILE *f, const double at[static 4], const char *stroke,
    double width);
/* A point of a curve's legend and of its ends. */
void svg_dot(FILE *f, double x, double y, double radius, const char *fill);
/* An open curve of n points; dash "" for a whole line. */
void svg_curve(FILE *f, const double *x, const double *y, size_t n,
    const char *stroke_and_dash[static 2]);

#endif
