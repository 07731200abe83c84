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

#include "config/federation_file.h"
#include "consensus/books/view.h"
#include "consensus/chain/index.h"
#include "consensus/chain/sql.h"
#include "daemon/node/ctl_body.h"
#include "daemon/node/ctl_methods.h"
#include "daemon/node/ctl_reports.h"
#include "daemon/node/home.h"
#include "daemon/node/log.h"

#define ROWS_MAX 1000

struct question {
	const struct ctl_report *report;
	char path[HOME_PATH_LEN];
	char key[HASH_HEX_LEN]; /* account or token; "treasury" */
	int64_t from, to;       /* heights, both included */
	int64_t from_ms, to_ms; /* times of blocks, the last not included */
	int64_t n, row;         /* so many rows before or after this one */
	/* Of a version: what its job was, its texts not. */
	bool job_known, founding, private;
	struct job_task task;
	uint8_t stage, control, rule;
	uint32_t rounds;
	struct hash circuit; /* of a text of its own; else zero */
	struct privacy_claim claim;
};

static struct question *
question_new(const struct node *n, const struct ctl_report *report)
{
	struct question *q = calloc(1, sizeof(*q));

	if (q == NULL)
		return NULL;
	q->report = report;
	if (home_path(n->opt->home, INDEX_NAME, q->path, sizeof(q->path)) < 0)
		q->path[0] = '\0';
	q->to = q->to_ms = INT64_MAX;
	q->n = ROWS_MAX;
	return q;
}

/* False: something that is no number, and other sums would come of it. */
static bool
read_numbers(struct question *q, const struct jv *params, char *err,
    size_t errlen)
{
	const struct {
		const char *key;
		int64_t *out;
	} all[] = {{"from", &q->from}, {"to", &q->to}, {"from_ms", &q->from_ms},
	    {"to_ms", &q->to_ms}, {"n", &q->n}};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		const struct ctl_number n = {all[i].key, 0, INT64_MAX};
		uint64_t x = (uint64_t)*all[i].out;

		if (!ctl_want(params, &n, &x, err, errlen))
			return false;
		*all[i].out = (int64_t)x;
	}
	if (q->n == 0 || q->n > ROWS_MAX)
		q->n = ROWS_MAX;
	return true;
}

/* Frees what cannot be asked. */
static struct question *
checked(struct question *q, const struct jv *params, CTL_ERR_ARGS)
{
	if (read_numbers(q, params, err, errlen))
		return q;
	*code = CTL_PARAMS;
	free(q);
	return NULL;
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
	q = question_new(n, &ctl_report_history);
	if (q == NULL)
		return NULL;
	q->row = jv_int(jv_get(params, "before"), INT64_MAX);
	memcpy(h.b, key.b, sizeof(h.b));
	hash_hex(&h, q->key);
	if (name != NULL && strcmp(name, "treasury") == 0)
		snprintf(q->key, sizeof(q->key), "treasury");
	return checked(q, params, code, err, errlen);
}

void *
ctl_take_entries(const struct node *n, const struct jv *params, CTL_ERR_ARGS)
{
	struct question *q = question_new(n, &ctl_report_entries);

	if (q == NULL)
		return NULL;
	q->row = jv_int(jv_get(params, "after"), -1);
	return checked(q, params, code, err, errlen);
}

void *
ctl_take_settlement(const struct node *n, const struct jv *params, CTL_ERR_ARGS)
{
	struct question *q = question_new(n, &ctl_report_settlement);

	return q != NULL ? checked(q, params, code, err, errlen) : NULL;
}

static void
describe_job(const struct job *j, struct question *q)
{
	const struct job_task *t = &j->main;

	q->job_known = true;
	q->task = *t;
	q->stage = j->stage.kind;
	q->control = j->control.kind;
	q->rounds = j->rounds;
	q->rule = j->combine.rule;
	q->private = job_private(j);
	q->claim = job_claim(j);
	if (t->circuit != NULL)
		q->circuit =
		    hash_bytes("qml.circuit", t->circuit, strlen(t->circuit));
}

void *
ctl_take_version(const struct node *n, const struct jv *params, CTL_ERR_ARGS)
{
	const struct token *t = ctl_find_token(n, params, code, err, errlen);
	struct question *q;
	struct job job;
	struct hash h;

	if (t == NULL)
		return NULL;
	q = question_new(n, &ctl_report_version);
	if (q == NULL)
		return NULL;
	hash_hex(&t->id, q->key);
	if (ctl_find_job(n, &t->job, &job)) {
		describe_job(&job, q);
		h = job_hash(&n->opt->federation->job);
		q->founding = hash_equal(&h, &t->job);
		job_close(&job);
	}
	return q;
}

static void
put_job(struct jv *o, const struct question *q)
{
	const struct job_task *t = &q->task;
	struct jv *j = jv_object();
	char hex[HASH_HEX_LEN];

	jv_put_string(j, "task", job_kind_name(t->kind));
	jv_put_integer(j, "qubits", t->qubits);
	jv_put_integer(j, "layers", t->layers);
	jv_put_integer(j, "angles", t->nangles);
	jv_put_string(j, "encoding",
	    federation_file_word("encoding", t->encoding));
	jv_put_string(j, "ansatz", federation_file_word("ansatz", t->ansatz));
	jv_put_string(j, "readout",
	    federation_file_word("readout", t->readout));
	jv_put_string(j, "circuit",
	    hash_is_zero(&q->circuit) ? "" : hash_hex(&q->circuit, hex));
	jv_put_string(j, "stage", job_kind_name(q->stage));
	jv_put_string(j, "control", job_kind_name(q->control));
	jv_put_string(j, "rule", federation_file_word("rule", q->rule));
	jv_put_integer(j, "rounds", q->rounds);
	jv_put_boolean(j, "founding", q->founding);
	jv_put_boolean(j, "private", q->private);
	jv_put_integer(j, "q_ppb", q->claim.q_ppb);
	jv_put_integer(j, "sigma_milli", q->claim.sigma_milli);
	jv_put_integer(j, "steps", q->claim.steps);
	jv_put(o, "job", j);
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
put_rows(struct sql *db, const struct question *q, const struct ctl_query *ask,
    struct jv *o)
{
	struct jv *rows = jv_array();
	struct sql_stmt *st;
	char text[4096];
	int rc;

	snprintf(text, sizeof(text), "%s%s", ctl_report_wish, ask->sql);
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
	const struct ctl_report *r = q->report;
	struct jv *o = ctl_object(r->schema);
	struct sql *db;
	int rc = sql_open(&db, q->path, false);

	/* All rows are of one moment, or the sums would not add up. */
	if (rc == 0)
		rc = sql_exec(db, "BEGIN");
	if (rc == 0)
		rc = put_height(db, o);
	if (q->key[0] != '\0')
		jv_put_string(o, "of", q->key);
	if (q->job_known)
		put_job(o, q);
	for (size_t i = 0;
	     rc == 0 && i < CTL_REPORT_QUERIES && r->queries[i].key != NULL;
	     i++)
		rc = put_rows(db, q, &r->queries[i], o);
	sql_close(db);
	if (rc == 0)
		return o;
	jv_free(o);
	/* Missing, its tables are just being made, or it is filled anew. */
	*code = rc == -EIO || rc == -EBADMSG || rc == -EBUSY ? CTL_NOT_FOUND
							     : CTL_INTERNAL;
	if (*code == CTL_NOT_FOUND)
		snprintf(err, errlen,
		    "index.db is not there yet: it is filled from the chain "
		    "by itself, try again");
	else
		snprintf(err, errlen, "index.db: %s", log_why(rc));
	return NULL;
}
