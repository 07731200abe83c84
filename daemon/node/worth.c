#include "daemon/node/worth.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "consensus/books/shard.h"
#include "consensus/books/view.h"
#include "consensus/replica/txpool.h"
#include "daemon/node/home.h"
#include "daemon/node/log.h"
#include "daemon/node/node.h"
#include "daemon/node/txbox.h"

#define OPEN_MAX 32 /* rounds whose worth is not said; older ones give way */
#define LATEST 2    /* blocks before the end: too late to be heard */
#define FILE_MAX (SHARD_BYTES_MAX + 1024)

/* A round that was closed: all that the trainer must know. */
struct round {
	struct hash job;
	uint64_t number, aggregated;
	uint32_t dim;
	int64_t *model; /* [dim], before it */
	uint16_t n;
	struct answer *updates[FEDERATION_MAX_MEMBERS]; /* a reference each */
	uint8_t *rows;            /* of its shard; NULL: not shown yet */
	size_t nrows;             /* bytes */
	bool hopeless;            /* our trainer could not */
	struct bytes_writer body; /* what it said; empty: nothing yet */
	uint64_t tried;           /* height at which that was refused */
};

struct worth {
	struct node *node;
	size_t n;
	struct round open[OPEN_MAX]; /* oldest first */
	bool asked;                  /* the trainer, about this: */
	struct hash asked_job;
	uint64_t asked_round;
	uint32_t silent; /* 1 + shard that is not here or not good */
	uint64_t tried;  /* height at which a shard was refused */
	uint64_t nsettled;
	struct settled settled[WORTH_SETTLED_KEPT]; /* ring */
};

static const struct valuation *
valuation_of(const struct books *b, const struct hash *job, uint64_t round)
{
	const struct valuation *v;

	for (size_t i = 0; (v = books_valuation_at(b, i)) != NULL; i++)
		if (v->round == round && hash_equal(&v->job, job))
			return v;
	return NULL;
}

static void
drop(struct worth *w, size_t at)
{
	struct round *r = &w->open[at];

	for (uint16_t i = 0; i < r->n; i++)
		answer_unref(r->updates[i]);
	free(r->model);
	free(r->rows);
	bytes_writer_close(&r->body);
	memmove(r, r + 1, (w->n - at - 1) * sizeof(*r));
	w->n--;
}

/* What is over is dropped; how it ended is kept. */
static void
follow(struct worth *w, const struct ledger *l)
{
	const struct books *b = ledger_books(l);
	uint64_t now = books_nsettled(b);
	size_t i = 0;

	while (i < w->n) {
		if (valuation_of(b, &w->open[i].job, w->open[i].number))
			i++;
		else
			drop(w, i);
	}
	for (; w->nsettled < now; w->nsettled++) {
		const struct settled *s = books_settled_at(b, w->nsettled);

		if (s == NULL)
			continue;
		w->settled[w->nsettled % WORTH_SETTLED_KEPT] = *s;
		log_info("worth.settled",
		    "round=%" PRIu64 " said=%u paid=%s reward=%" PRIu64
		    " before=%" PRId64 " after=%" PRId64,
		    s->round, s->nsaid, s->paid ? "yes" : "no", s->reward,
		    s->nobody, s->all);
	}
}

static void
note_round(struct worth *w, const struct ledger *l, const struct block *b)
{
	const struct ledger_round *lr = ledger_round(l);
	struct round *r;

	if (w->n == OPEN_MAX)
		drop(w, 0);
	r = &w->open[w->n];
	*r = (struct round){.job = lr->job,
	    .number = lr->number,
	    .aggregated = lr->aggregated,
	    .dim = ledger_dim(l),
	    .body = BYTES_WRITER_INIT};
	r->model = malloc(r->dim * sizeof(*r->model));
	if (r->model == NULL)
		return; /* we say nothing about it */
	memcpy(r->model, ledger_model(l), r->dim * sizeof(*r->model));
	for (uint16_t i = 0; i < b->header.nanswers; i++)
		if (b->answers[i]->kind == ANSWER_UPDATE)
			r->updates[r->n++] = answer_ref(b->answers[i]);
	w->n++;
}

static void
note_shard(struct worth *w, const struct ledger *l, const struct tx *t)
{
	struct bytes_reader r = bytes_reader_of(t->body, t->len);
	struct body_shard x;

	body_shard_get(&r, &x);
	for (size_t i = 0; bytes_reader_done(&r) && i < w->n; i++) {
		struct round *o = &w->open[i];
		const struct valuation *v =
		    valuation_of(ledger_books(l), &o->job, o->number);

		if (v == NULL || v->shard != x.index + 1 || o->rows != NULL)
			continue;
		o->nrows = x.len - SHARD_SALT_LEN;
		o->rows = malloc(o->nrows);
		if (o->rows != NULL)
			memcpy(o->rows, x.data + SHARD_SALT_LEN, o->nrows);
	}
}

void
worth_deciding(void *arg, const struct ledger *l, const struct block *b)
{
	struct worth *w = arg;

	if (w == NULL || books_validation(ledger_books(l))->shards == 0)
		return;
	follow(w, l);
	for (uint16_t i = 0; i < b->header.ntxs; i++)
		if (b->txs[i]->kind == TX_SHARD)
			note_shard(w, l, b->txs[i]);
	if (b->header.kind == BLOCK_AGGREGATE)
		note_round(w, l, b);
}

/* Does one of this kind, of ours or anybody's, wait whose body begins so? */
static bool
waits(const struct worth *w, uint8_t kind, const struct sign_public *of,
    const struct bytes_writer *head)
{
	const struct txpool *p = replica_txpool(w->node->replica);

	for (size_t i = 0; i < p->n; i++) {
		const struct tx *t = p->txs[i];

		if (t->kind == kind && t->len >= head->len &&
		    (of == NULL ||
			memcmp(of->b, t->sender.b, sizeof(of->b)) == 0) &&
		    memcmp(t->body, head->data, head->len) == 0)
			return true;
	}
	return false;
}

/*
 * A duty: no fee, no nonce, and worth nothing after the valuation. False: it is
 * refused now, by a full pool say, and may pass at another height.
 */
static bool
submit(struct worth *w, uint8_t kind, const struct bytes_writer *body,
    uint64_t expires)
{
	struct node *n = w->node;
	struct tx *t = body->error == 0 ? tx_new((uint32_t)body->len) : NULL;
	struct hash id;
	int rc;

	if (t == NULL)
		return false;
	memcpy(t->body, body->data, body->len);
	t->kind = kind;
	t->expires = expires;
	tx_sign(t, n->opt->key, &n->federation_id);
	id = t->id;
	rc = txbox_keep(n->opt->home, t);
	if (rc < 0)
		log_warn("tx.keep", "why=\"%s\"", log_why(rc));
	rc = node_submit(n, t);
	if (rc == 0)
		return true;
	txbox_drop(n->opt->home, &id);
	log_warn("worth.refused", "kind=%s why=\"%s\"", tx_kind_name(kind),
	    rc > 0 ? books_verdict_text((enum books_verdict)rc) : log_why(rc));
	return false;
}

/* The body of the transaction that shows a shard; false: not here. */
static bool
read_sealed(const struct worth *w, uint32_t index, struct bytes_writer *body)
{
	char name[sizeof(WORTH_DIR) + 32], path[HOME_PATH_LEN];
	uint8_t *data = malloc(FILE_MAX);
	size_t len = 0;
	FILE *f = NULL;

	snprintf(name, sizeof(name), WORTH_DIR "/%04" PRIu32 ".shard", index);
	if (data != NULL &&
	    home_path(w->node->opt->home, name, path, sizeof(path)) == 0)
		f = fopen(path, "rbe");
	if (f != NULL) {
		len = fread(data, 1, FILE_MAX, f);
		(void)fclose(f);
	}
	bytes_put_raw(body, data, len);
	free(data);
	return len > 0 && len < FILE_MAX && body->error == 0;
}

static bool
is_the_one(const struct worth *w, uint32_t index,
    const struct bytes_writer *body)
{
	const struct books_validation *terms =
	    books_validation(ledger_books(replica_ledger(w->node->replica)));
	struct bytes_reader r = bytes_reader_of(body->data, body->len);
	struct body_shard x;

	body_shard_get(&r, &x);
	return bytes_reader_done(&r) && x.index == index &&
	    shard_verify(&x, terms->shards, &terms->root);
}

/* Its turn has come: it is shown if it lies here. */
static void
show(struct worth *w, const struct valuation *v)
{
	uint64_t now = ledger_height(replica_ledger(w->node->replica));
	struct bytes_writer body = BYTES_WRITER_INIT, head = BYTES_WRITER_INIT;

	if (w->tried == now)
		return;
	bytes_put_u32(&head, v->shard - 1);
	if (head.error == 0 && !waits(w, TX_SHARD, NULL, &head) &&
	    read_sealed(w, v->shard - 1, &body)) {
		if (is_the_one(w, v->shard - 1, &body)) {
			log_info("worth.show", "shard=%u round=%" PRIu64,
			    v->shard - 1, v->round);
			if (!submit(w, TX_SHARD, &body, v->until))
				w->tried = now;
		} else if (w->silent != v->shard) {
			log_warn("worth.shard",
			    "file=" WORTH_DIR "/%04u.shard why=\"it is not "
			    "the shard of this federation\"",
			    v->shard - 1);
			w->silent = v->shard;
		}
	}
	bytes_writer_close(&head);
	bytes_writer_close(&body);
}

static bool
said(const struct worth *w, const struct round *r, const struct valuation *v)
{
	const struct sign_public self = sign_key_public(w->node->opt->key);
	struct bytes_writer head = BYTES_WRITER_INIT;
	uint16_t seat = replica_self(w->node->replica);
	bool yes = seat == REPLICA_NOBODY || v->said[seat] != NULL;

	bytes_put_hash(&head, &r->job);
	bytes_put_u64(&head, r->number);
	if (!yes)
		yes = head.error != 0 || waits(w, TX_WORTH, &self, &head);
	bytes_writer_close(&head);
	return yes;
}

/* 0: it will say. */
static int
ask(struct worth *w, const struct round *r, const struct valuation *v)
{
	const uint32_t update = r->n > 0 ? r->updates[0]->dim : 0;
	struct trainwire_worth x = {.round = r->number,
	    .aggregated = r->aggregated,
	    .players = r->n,
	    .seed = v->seed,
	    .dim = r->dim,
	    .update = update,
	    .model = r->model,
	    .shard = r->rows,
	    .shard_len = r->nrows};
	int rc;

	x.updates = malloc((size_t)r->n * update * sizeof(*x.updates));
	if (x.updates == NULL)
		return -ENOMEM;
	for (uint16_t i = 0; i < r->n; i++)
		memcpy(x.updates + (size_t)i * update, r->updates[i]->delta,
		    update * sizeof(*x.updates));
	rc = trainer_worth(w->node->trainer, &x);
	free(x.updates);
	return rc;
}

/* What the trainer found is sent; while it is refused, again at each block. */
static void
tell(struct worth *w, struct round *r, const struct valuation *v)
{
	uint64_t now = ledger_height(replica_ledger(w->node->replica));

	if (r->tried != now && !submit(w, TX_WORTH, &r->body, v->until))
		r->tried = now;
}

static void
ask_next(struct worth *w, const struct ledger *l)
{
	for (size_t i = 0; i < w->n && !w->asked; i++) {
		struct round *r = &w->open[i];
		const struct valuation *v =
		    valuation_of(ledger_books(l), &r->job, r->number);
		int rc;

		if (v == NULL || r->rows == NULL || r->hopeless ||
		    ledger_height(l) + LATEST > v->until || said(w, r, v))
			continue;
		if (r->body.len > 0) {
			tell(w, r, v);
			continue;
		}
		rc = ask(w, r, v);
		if (rc == -EAGAIN)
			return;
		if (rc < 0) {
			log_warn("worth.ask", "round=%" PRIu64 " why=\"%s\"",
			    r->number, log_why(rc));
			r->hopeless = true;
			continue;
		}
		w->asked = true;
		w->asked_job = r->job;
		w->asked_round = r->number;
	}
}

void
worth_turn(struct worth *w)
{
	const struct ledger *l;
	const struct valuation *v;

	if (w == NULL || w->node->stopping)
		return;
	l = replica_ledger(w->node->replica);
	if (books_validation(ledger_books(l))->shards == 0 ||
	    replica_progress(w->node->replica).syncing)
		return;
	follow(w, l);
	for (size_t i = 0; (v = books_valuation_at(ledger_books(l), i)) != NULL;
	     i++)
		if (v->shard > 0 && !v->shown)
			show(w, v);
	if (w->node->trainer != NULL)
		ask_next(w, l);
}

void
worth_restarted(struct worth *w)
{
	if (w == NULL)
		return;
	w->asked = false;
	worth_turn(w);
}

static void
say(struct worth *w, struct round *r, const struct trainwire_worthed *x)
{
	const struct ledger *l = replica_ledger(w->node->replica);
	const struct valuation *v =
	    valuation_of(ledger_books(l), &r->job, r->number);
	struct bytes_writer game = BYTES_WRITER_INIT;
	struct body_worth b = {.job = r->job, .round = r->number, .n = x->n};

	for (uint16_t i = 0; i < x->n; i++)
		bytes_put_i64(&game, x->utility[i]);
	b.utility = game.data;
	if (game.error == 0 && v != NULL && !said(w, r, v)) {
		body_worth_put(&r->body, &b);
		log_info("worth.say", "round=%" PRIu64 " utilities=%u",
		    r->number, x->n);
		tell(w, r, v);
	}
	bytes_writer_close(&game);
}

void
worth_answered(struct worth *w, const struct trainwire_worthed *x)
{
	if (w == NULL || !w->asked || x->round != w->asked_round)
		return;
	w->asked = false;
	for (size_t i = 0; i < w->n; i++) {
		struct round *r = &w->open[i];

		if (r->number != x->round ||
		    !hash_equal(&r->job, &w->asked_job))
			continue;
		if (x->n > 0) {
			say(w, r, x);
		} else {
			log_warn("worth.none", "round=%" PRIu64 " why=\"%s\"",
			    x->round, x->text);
			r->hopeless = true;
		}
		break;
	}
	worth_turn(w);
}

const struct settled *
worth_settled(const struct worth *w, uint64_t i)
{
	if (w == NULL || i >= w->nsettled || i >= WORTH_SETTLED_KEPT)
		return NULL;
	return &w->settled[(w->nsettled - 1 - i) % WORTH_SETTLED_KEPT];
}

int
worth_open(struct worth **out, struct node *n)
{
	*out = calloc(1, sizeof(**out));
	if (*out == NULL)
		return -ENOMEM;
	(*out)->node = n;
	return 0;
}

void
worth_close(struct worth *w)
{
	if (w == NULL)
		return;
	while (w->n > 0)
		drop(w, w->n - 1);
	free(w);
}
