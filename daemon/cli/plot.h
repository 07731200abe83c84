/*
 * plot.h - the pictures of a report: curves over rounds, a table in colours.
 *
 * From numbers to an SVG on a stream; nothing is asked or read here. Axes have
 * names and units, every cell its number, every curve its name.
 */
#ifndef QML_DAEMON_CLI_PLOT_H
#define QML_DAEMON_CLI_PLOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define PLOT_CURVES_MAX 6
#define PLOT_SIDE_MAX 256 /* rows or columns of a table */

struct plot_curve {
	const char *name;
	const double *x, *y; /* [n], x ascending, y finite */
	size_t n;
	bool dashed;
	unsigned colour; /* curves that belong together share one */
};

struct plot_lines {
	const char *title, *note; /* note: one line below the title */
	const char *x_name, *y_name;
	struct plot_curve curves[PLOT_CURVES_MAX];
	size_t ncurves;
};

/* -EINVAL: nothing to draw. */
int plot_lines(FILE *f, const struct plot_lines *p)
    __attribute__((warn_unused_result));

struct plot_table {
	const char *title, *note;
	const char *row_name, *column_name; /* of the axes */
	const char *const *rows, *const *columns;
	size_t nrows, ncolumns;
	const double *shade;      /* [nrows * ncolumns], 0 pale to 1 dark */
	const char *const *words; /* of the cells, likewise */
	const char *scale[2];     /* what pale and dark mean */
	size_t rule_after;        /* a gap before the column; 0: none */
};

/* -EINVAL: no cell, or more than PLOT_SIDE_MAX of a side. */
int plot_table(FILE *f, const struct plot_table *p)
    __attribute__((warn_unused_result));

#endif
