/*
 * ctl_reports.h - what is asked of index.db, as SQL.
 *
 * Every statement follows ctl_report_wish, which makes the question a row
 * named q: key (an account or a token in hex), lo and hi (heights, both
 * included), n and row. Pure data.
 */
#ifndef QML_DAEMON_NODE_CTL_REPORTS_H
#define QML_DAEMON_NODE_CTL_REPORTS_H

/* Columns are "name:type ..." in order: i, t, or b for yes and no. What is
 * NULL is left out. */
struct ctl_query {
	const char *key; /* of the rows in the result */
	const char *columns;
	const char *sql;
};

#define CTL_REPORT_QUERIES 8

struct ctl_report {
	const char *schema;
	struct ctl_query queries[CTL_REPORT_QUERIES];
};

/* Takes key, lo, hi, lo_ms, hi_ms, n, row. */
extern const char ctl_report_wish[];
extern const struct ctl_report ctl_report_history, ctl_report_entries,
    ctl_report_settlement, ctl_report_version;

#endif
