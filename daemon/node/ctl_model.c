/*
 * ctl_model.c - a model as one object: whose job it is of, its parameters. The
 * current one, or a version that the ledger still keeps.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/federation_file.h"
#include "consensus/books/view.h"
#include "daemon/node/ctl_methods.h"
#include "proto/hex.h"
#include "proto/q24.h"

bool
ctl_find_job(const struct node *n, const struct hash *want, struct job *out)
{
	const struct books *b = ledger_books(replica_ledger(n->replica));
	const struct order *o;
	struct hash h = job_hash(&n->opt->federation->job);

	*out = (struct job){0};
	if (hash_equal(&h, want))
		return job_copy(out, &n->opt->federation->job) == 0;
	for (size_t i = 0; (o = books_order_at(b, i)) != NULL; i++) {
		struct bytes_reader r =
		    bytes_reader_of(o->job->data, o->job->len);

		job_get(&r, out);
		h = job_hash(out);
		if (bytes_reader_done(&r) && hash_equal(&h, want))
			return true;
		job_close(out);
		*out = (struct job){0};
	}
	return false;
}

const struct token *
ctl_find_token(const struct node *n, const struct jv *params, CTL_ERR_ARGS)
{
	const struct books *b = ledger_books(replica_ledger(n->replica));
	const struct token *t = NULL;
	struct hash id;

	if (hash_from_hex(jv_text(jv_get(params, "token"), ""), &id) < 0) {
		*code = CTL_PARAMS;
		snprintf(err, errlen, "token: want 64 hex digits");
		return NULL;
	}
	for (size_t i = 0; (t = books_token_at(b, i)) != NULL; i++)
		if (hash_equal(&t->id, &id))
			return t;
	*code = CTL_NOT_FOUND;
	snprintf(err, errlen, "there is no such version: qmlctl model list");
	return NULL;
}

/* A large model takes a while to write down: not on the loop. */
struct model_copy {
	struct hash model, federation;
	struct hash token; /* zero: the current model */
	uint64_t round, height;
	uint32_t dim;
	size_t job_len;   /* canonical bytes behind the parameters */
	int64_t params[]; /* [dim] */
};

/* What a copy is made of; nothing is owned. */
struct model_view {
	const struct job *job;
	const int64_t *params;
	uint32_t dim;
};

/* The job without what it started from: that is a model of its own, and as
 * long as one. */
static struct model_copy *
copy_model(const struct node *n, const struct model_view *v)
{
	struct bytes_writer w = BYTES_WRITER_INIT;
	const size_t bytes = v->dim * sizeof(int64_t);
	struct model_copy *c = NULL;
	struct job job = *v->job; /* borrowed: never closed */

	job.start = (struct hash){{0}};
	job.start_params = NULL;
	job_put(&w, &job);
	if (w.error == 0)
		c = calloc(1, sizeof(*c) + bytes + w.len);
	if (c != NULL) {
		c->federation = n->federation_id;
		c->dim = v->dim;
		c->job_len = w.len;
		memcpy(c->params, v->params, bytes);
		memcpy(c->params + v->dim, w.data, w.len);
	}
	bytes_writer_close(&w);
	return c;
}

static struct model_copy *
take_current(const struct node *n)
{
	const struct ledger *l = replica_ledger(n->replica);
	const struct model_view v = {ledger_job(l), ledger_model(l),
	    ledger_dim(l)};
	struct model_copy *c = copy_model(n, &v);

	if (c == NULL)
		return NULL;
	c->model = ledger_round(l)->base_model;
	c->round = ledger_round(l)->number;
	c->height = ledger_height(l);
	return c;
}

static struct model_copy *
take_token(const struct node *n, const struct token *t, CTL_ERR_ARGS)
{
	const struct ledger *l = replica_ledger(n->replica);
	struct model_view v = {NULL, NULL, 0};
	struct model_copy *c;
	struct job job;

	v.params = ledger_version_params(l, &t->model, &v.dim);
	if (v.params == NULL) {
		*code = CTL_NOT_FOUND;
		snprintf(err, errlen,
		    "the ledger keeps the parameters of its last versions "
		    "only: want an export of this one");
		return NULL;
	}
	if (!ctl_find_job(n, &t->job, &job)) {
		*code = CTL_NOT_FOUND;
		snprintf(err, errlen, "the version's job is not known");
		return NULL;
	}
	v.job = &job;
	c = copy_model(n, &v);
	job_close(&job);
	if (c == NULL)
		return NULL;
	c->model = t->model;
	c->token = t->id;
	c->round = t->round_to;
	c->height = t->minted;
	return c;
}

void *
ctl_take_model(const struct node *n, const struct jv *params, CTL_ERR_ARGS)
{
	const struct token *t;

	if (jv_get(params, "token") == NULL)
		return take_current(n);
	t = ctl_find_token(n, params, code, err, errlen);
	return t != NULL ? take_token(n, t, code, err, errlen) : NULL;
}

static void
put_circuit(struct jv *o, const struct job_task *t)
{
	jv_put_string(o, "task", job_kind_name(t->kind));
	jv_put_integer(o, "qubits", t->qubits);
	jv_put_integer(o, "layers", t->layers);
	jv_put_string(o, "encoding",
	    federation_file_word("encoding", t->encoding));
	jv_put_string(o, "ansatz", federation_file_word("ansatz", t->ansatz));
	jv_put_string(o, "readout",
	    federation_file_word("readout", t->readout));
}

/* Before the parameters, so that a reader has it first. */
static void
put_job(struct jv *o, const struct model_copy *c)
{
	const uint8_t *b = (const uint8_t *)(c->params + c->dim);
	char *hex = malloc(2 * c->job_len + 1);

	if (hex == NULL)
		return;
	jv_put_string(o, "job_bytes", hex_put(b, c->job_len, hex));
	free(hex);
}

static void
put_params(struct jv *o, const struct model_copy *c)
{
	struct jv *q = jv_array(), *v = jv_array();

	for (uint32_t i = 0; i < c->dim; i++) {
		jv_add(q, jv_integer(c->params[i]));
		jv_add(v, jv_number(q24_to_double(c->params[i])));
	}
	jv_put(o, "params_q24", q);
	jv_put(o, "params", v);
}

struct jv *
ctl_make_model(const void *copy, CTL_ERR_ARGS)
{
	const struct model_copy *c = copy;
	struct bytes_reader r =
	    bytes_reader_of((const uint8_t *)(c->params + c->dim), c->job_len);
	struct jv *o = ctl_object("qml.model/1");
	char hex[HASH_HEX_LEN];
	struct job job;

	(void)code, (void)err, (void)errlen;
	job_get(&r, &job);
	ctl_put_id(o, "model", ID_MODEL, &c->model);
	ctl_put_id(o, "federation", ID_FEDERATION, &c->federation);
	if (!hash_is_zero(&c->token))
		jv_put_string(o, "token", hash_hex(&c->token, hex));
	jv_put_integer(o, "round", (int64_t)c->round);
	jv_put_integer(o, "height", (int64_t)c->height);
	put_circuit(o, &job.main);
	jv_put_string(o, "stage", job_kind_name(job.stage.kind));
	jv_put_string(o, "control", job_kind_name(job.control.kind));
	if (job.main.kind == JOB_VQE && c->round > 0)
		jv_put_number(o, "energy",
		    q24_to_double(c->params[job.main.nangles]));
	jv_put_integer(o, "dim", c->dim);
	jv_put_integer(o, "angles", job.main.nangles);
	job_close(&job);
	put_job(o, c);
	put_params(o, c);
	return o;
}
