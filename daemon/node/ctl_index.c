/*
 * ctl_index.c - questions about the past that index.db answers: every change
 * of a balance, sums for accountants, what became of a version of a model.
 *
 * A pool thread opens the file for reading and closes it again, so the thread
 * that writes it is never waited for. It may be a block or two behind: each
 * answer says of which height it is.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "consensus/chain/index.h"
#include "consensus/chain/sql.h"
#include "daemon/node/ctl_body.h"
#include "daemon/node/ctl_methods.h"
#include "daemon/node/home.h"

#define ROWS_MAX 1000

struct report;

struct question {
	const struct report *report;
	char path[HOME_PATH_LEN];
	char key[HASH_HEX_LEN]; /* account or token; "treasury" */
	int64_t from, to;       /* heights, both included */
	int64_t from_ms, to_ms; /* times of blocks, the last not included */
	int64_t n, row;         /* so many rows before or after this one */
};

/* One statement of a report. Columns are "name:type ..." in order: i, t, or b
 * for yes and no; a NULL is left out. */
struct query {
	const char *key; /* of the rows in the result */
	const char *columns;
	const char *sql; /* after `wish` below */
};

#define QUERIES_MAX 6

struct report {
	const char *schema;
	struct query queries[QUERIES_MAX];
};

/* The question as a row named q, its period as heights. */
static const char wish[] =
    "WITH w(key, lo, hi, lo_ms, hi_ms, n, row) AS (VALUES (?,?,?,?,?,?,?)),"
    " q AS (SELECT key, n, row, max(lo, CASE WHEN lo_ms > 0 THEN"
    " ifnull((SELECT min(height) FROM blocks WHERE time_ms >= lo_ms),"
    " 9223372036854775807) ELSE 0 END) AS lo, min(hi,"
    " CASE WHEN hi_ms < 9223372036854775807 THEN ifnull((SELECT max(height)"
    " FROM blocks WHERE time_ms < hi_ms), 0) ELSE (SELECT value FROM meta"
    " WHERE key = 'applied_height') END) AS hi FROM w) ";

#define ENTRY_COLUMNS                                                   \
	"row:i height:i time_ms:i account:t name:t change:i balance:i " \
	"cause:t tx:t about:t round:i proposal:i memo:t sender:t receiver:t"
#define ENTRY_SELECT                                                       \
	"SELECT e.height * 1000000 + e.seq AS row, e.height, b.time_ms,"   \
	" e.account, a.name, e.change, e.balance, e.cause, e.tx, e.about," \
	" e.round, e.proposal, t.memo, ifnull(nullif(s.name, ''),"         \
	" t.sender), ifnull(nullif(r.name, ''), t.receiver)"               \
	" FROM q, entries AS e LEFT JOIN blocks AS b ON b.height ="        \
	" e.height LEFT JOIN accounts AS a ON a.account = e.account"       \
	" LEFT JOIN txs AS t ON t.id = e.tx"                               \
	" LEFT JOIN accounts AS s ON s.account = t.sender"                 \
	" LEFT JOIN accounts AS r ON r.account = t.receiver"

static const struct report history = {"qml.ledger_history/1",
    {{"entries", ENTRY_COLUMNS,
	"SELECT * FROM (" ENTRY_SELECT " WHERE e.account = q.key"
	" AND e.height * 1000000 + e.seq < q.row"
	" ORDER BY e.height DESC, e.seq DESC LIMIT (SELECT n FROM q))"
	" ORDER BY 1"}}};

static const struct report entries = {"qml.ledger_entries/1",
    {{"entries", ENTRY_COLUMNS,
	ENTRY_SELECT " WHERE e.height BETWEEN q.lo AND q.hi"
		     " AND e.height * 1000000 + e.seq > q.row"
		     " ORDER BY e.height, e.seq LIMIT (SELECT n FROM q)"}}};

#define BALANCE_AT(height)                                           \
	"ifnull((SELECT balance FROM entries AS e WHERE e.account =" \
	" a.account AND e.height <= " height                         \
	" ORDER BY e.height DESC, e.seq DESC LIMIT 1), 0)"

/* What every account had, what moved it, and what it has. */
static const struct report settlement = {"qml.ledger_settlement/1",
    {{"period", "from:i to:i from_ms:i to_ms:i",
	 "SELECT q.lo, q.hi, (SELECT time_ms FROM blocks WHERE height = q.lo),"
	 " (SELECT time_ms FROM blocks WHERE height = q.hi) FROM q"},
	{"accounts", "account:t name:t transactions:i opening:i closing:i",
	    "SELECT a.account, a.name, (SELECT count(*) FROM txs WHERE"
	    " sender = a.account AND height BETWEEN q.lo AND q.hi), " BALANCE_AT(
		"q.lo - 1") ", " BALANCE_AT("q.hi") " FROM q, (SELECT account, name FROM accounts UNION ALL"
						    " SELECT 'treasury', 'treasury') AS a ORDER BY a.name = '',"
						    " a.name, a.account"},
	{"sums", "account:t cause:t in:i out:i",
	    "SELECT e.account, e.cause, sum(max(e.change, 0)),"
	    " -sum(min(e.change, 0)) FROM q, entries AS e"
	    " WHERE e.height BETWEEN q.lo AND q.hi"
	    " GROUP BY e.account, e.cause ORDER BY 1, 2"}}};

static struct question *
question_new(const struct node *n, const struct jv *params,
    const struct report *report)
{
	struct question *q = calloc(1, sizeof(*q));

	if (q == NULL)
		return NULL;
	q->report = report;
	if (home_path(n->opt->home, INDEX_NAME, q->path, sizeof(q->path)) < 0)
		q->path[0] = '\0';
	q->from = jv_int(jv_get(params, "from"), 0);
	q->to = jv_int(jv_get(params, "to"), INT64_MAX);
	q->from_ms = jv_int(jv_get(params, "from_ms"), 0);
	q->to_ms = jv_int(jv_get(params, "to_ms"), INT64_MAX);
	q->n = jv_int(jv_get(params, "n"), ROWS_MAX);
	if (q->n <= 0 || q->n > ROWS_MAX)
		q->n = ROWS_MAX;
	return q;
}

void *
ctl_take_history(const struct node *n, const struct jv *params, CTL_ERR_ARGS)
{
	const char *name = jv_text(jv_get(params, "account"), NULL);
	struct sign_public key = sign_key_public(n->opt->key);
	struct question *q;
	struct hash h;

	if (name != NULL && strcmp(name, "treasury") != 0 &&
	    !ctl_body_key(n, name, &key)) {
		*code = CTL_PARAMS;
		snprintf(err, errlen,
		    "account: want a member's name, 64 hex digits or "
		    "treasury");
		return NULL;
	}
	q = question_new(n, params, &history);
	if (q == NULL)
		return NULL;
	q->row = jv_int(jv_get(params, "before"), INT64_MAX);
	memcpy(h.b, key.b, sizeof(h.b));
	hash_hex(&h, q->key);
	if (name != NULL && strcmp(name, "treasury") == 0)
		snprintf(q->key, sizeof(q->key), "treasury");
	return q;
}

void *
ctl_take_entries(const struct node *n, const struct jv *params, CTL_ERR_ARGS)
{
	struct question *q = question_new(n, params, &entries);

	(void)code, (void)err, (void)errlen;
	if (q != NULL)
		q->row = jv_int(jv_get(params, "after"), -1);
	return q;
}

void *
ctl_take_settlement(const struct node *n, const struct jv *params, CTL_ERR_ARGS)
{
	(void)code, (void)err, (void)errlen;
	return question_new(n, params, &settlement);
}

static struct jv *
row_json(struct sql_stmt *st, const char *columns)
{
	struct jv *o = jv_object();
	char name[32];

	for (int i = 0; *columns != '\0'; i++) {
		size_t n = strcspn(columns, ":");
		char type = columns[n + 1];

		snprintf(name, sizeof(name), "%.*s", (int)n, columns);
		columns += n + 2;
		columns += *columns == ' ';
		if (sql_is_null(st, i))
			continue;
		if (type == 'i')
			jv_put_integer(o, name, sql_integer(st, i));
		else if (type == 'b')
			jv_put_boolean(o, name, sql_integer(st, i) != 0);
		else
			jv_put_string(o, name, sql_text(st, i));
	}
	return o;
}

static int
put_rows(struct sql *db, const struct question *q, const struct query *ask,
    struct jv *o)
{
	struct jv *rows = jv_array();
	struct sql_stmt *st;
	char text[4096];
	int rc;

	snprintf(text, sizeof(text), "%s%s", wish, ask->sql);
	rc = sql_prepare(db, text, &st);
	if (rc == 0)
		rc = sql_bind(st, "tiiiiii", q->key, q->from, q->to, q->from_ms,
		    q->to_ms, q->n, q->row);
	if (rc == 0)
		while ((rc = sql_step(st)) == 1)
			jv_add(rows, row_json(st, ask->columns));
	sql_finish(st);
	jv_put(o, ask->key, rows);
	return rc;
}

/* Up to where the tables are filled. */
static int
put_height(struct sql *db, struct jv *o)
{
	struct sql_stmt *st;
	int rc = sql_prepare(db,
	    "SELECT key, value FROM meta WHERE key IN ('applied_height',"
	    " 'minted', 'burned', 'books_stopped')",
	    &st);

	if (rc == 0)
		while ((rc = sql_step(st)) == 1)
			jv_put_integer(o, sql_text(st, 0), sql_integer(st, 1));
	sql_finish(st);
	return rc;
}

struct jv *
ctl_make_report(const void *copy, CTL_ERR_ARGS)
{
	const struct question *q = copy;
	const struct report *r = q->report;
	struct jv *o = ctl_object(r->schema);
	struct sql *db;
	int rc = sql_open(&db, q->path, false);

	if (rc == 0)
		rc = put_height(db, o);
	if (q->key[0] != '\0')
		jv_put_string(o, "of", q->key);
	for (size_t i = 0;
	     rc == 0 && i < QUERIES_MAX && r->queries[i].key != NULL; i++)
		rc = put_rows(db, q, &r->queries[i], o);
	sql_close(db);
	if (rc == 0)
		return o;
	jv_free(o);
	/* Missing, or its tables are just being made. */
	*code = rc == -EIO || rc == -EBADMSG ? CTL_NOT_FOUND : CTL_INTERNAL;
	if (*code == CTL_NOT_FOUND)
		snprintf(err, errlen,
		    "index.db is not there yet: it is filled from the chain "
		    "by itself, try again");
	else
		snprintf(err, errlen, "index.db: %s", uv_strerror(rc));
	return NULL;
}
