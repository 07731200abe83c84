/*
 * rules_table.h - what a sweep found: held-out accuracy of every rule under
 * every attack, and the worst case of each rule.
 *
 * Reads the object that `qmltrain sweep` prints and `qmlnode demo --sweep
 * --json` hands on.
 */
#ifndef QML_DAEMON_CLI_RULES_TABLE_H
#define QML_DAEMON_CLI_RULES_TABLE_H

#include <stdio.h>

#include "daemon/node/jv.h"

#define RULES_TABLE_ROWS 32
#define RULES_TABLE_COLUMNS 10

struct rules_table {
	size_t nrules, nattacks; /* the last column is the worst case */
	const char *rules[RULES_TABLE_ROWS]; /* best worst case first */
	const char *attacks[RULES_TABLE_COLUMNS + 1];
	double accuracy[RULES_TABLE_ROWS][RULES_TABLE_COLUMNS + 1];
	unsigned members, liars, f, rounds, heldout_rows;
};

/* Texts are borrowed from v. -EINVAL: not such an object. */
int rules_table_read(struct rules_table *t, const struct jv *v)
    __attribute__((warn_unused_result));
void rules_table_print(const struct rules_table *t, FILE *out);
int rules_table_plot(const struct rules_table *t, FILE *out)
    __attribute__((warn_unused_result));

#endif
