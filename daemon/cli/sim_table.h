/*
 * sim_table.h - numbers of a CSV file for qmlsim, and matrices as .npy.
 */
#ifndef QML_DAEMON_CLI_SIM_TABLE_H
#define QML_DAEMON_CLI_SIM_TABLE_H

#include <stddef.h>

#define SIM_TABLE_BYTES_MAX ((size_t)1 << 28)
#define SIM_TABLE_COLUMNS_MAX 65536

struct sim_table {
	double *x; /* [rows][columns], owned */
	size_t rows, columns;
};

#define SIM_TABLE_INIT    \
	{                 \
		.x = NULL \
	}

/* Commas, one row a line, all of one width. A first line that is no number is
 * names; skip, if not NULL, names a column to leave out. Returns an exit code
 * after saying what is wrong, with line and column. t: SIM_TABLE_INIT. */
int sim_table_read(struct sim_table *t, const char *path, const char *skip);
void sim_table_close(struct sim_table *t);

/* NumPy's format 1.0: little-endian doubles by rows. An exit code likewise. */
int sim_table_write_npy(const char *path, const double *x, size_t rows,
    size_t columns);

#endif
