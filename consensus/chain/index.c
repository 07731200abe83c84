/*
 * index.c - the file, and the SQL tables of blocks, rounds and transactions.
 * index_books.c has those of the books, index_fill.c follows the segments.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "consensus/books/body.h"
#include "consensus/books/shard.h"
#include "consensus/chain/index_state.h"
#include "consensus/chain/verify.h"
#include "consensus/ledger/ledger.h"
#include "proto/id.h"

#define Q24 16777216.0

/* First column of the first row as a number; -ENOENT without a row. */
static int
ask_number(struct index *x, enum schema_statement s, const char *key,
    int64_t *out)
{
	struct sql_stmt *st = x->stmt[s];
	int rc = key ? sql_bind(st, "t", key) : 0;

	if (rc < 0)
		return rc;
	rc = sql_step(st);
	if (rc == 1)
		*out = sql_integer(st, 0);
	sql_reset(st);
	return rc < 0 ? rc : rc == 1 ? 0 : -ENOENT;
}

/* Whether the first column of the first row is this text. */
static int
same_text(struct sql_stmt *st, const char *text, bool *same)
{
	int rc = sql_step(st);

	*same = rc == 1 && !strcmp(sql_text(st, 0), text);
	sql_reset(st);
	return rc < 0 ? rc : 0;
}

static void
close_db(struct index *x)
{
	int i;

	for (i = 0; i < SCHEMA_STATEMENTS; i++) {
		sql_finish(x->stmt[i]);
		x->stmt[i] = NULL;
	}
	sql_close(x->db);
	x->db = NULL;
	x->head = 0;
	x->branch_known = x->filling = x->unsorted = false;
	x->scrubbed = 0;
	index_books_close(x);
}

static int
prepare(struct index *x)
{
	int i, rc = 0;

	for (i = 0; i < SCHEMA_STATEMENTS && rc == 0; i++)
		rc = sql_prepare(x->db, schema_sql[i], &x->stmt[i]);
	return rc;
}

/* The first column of a pragma's row. */
static int
pragma_is(struct index *x, const char *pragma, const char *want, bool *same)
{
	struct sql_stmt *st;
	int rc = sql_prepare(x->db, pragma, &st);

	if (rc == 0)
		rc = same_text(st, want, same);
	sql_finish(st);
	return rc;
}

/* -EBADMSG when what is there is not an index of this federation. Whether its
 * pages are sound is seen as they are read, and by index_scrub. */
static int
check_existing(struct index *x)
{
	char hex[HASH_HEX_LEN], version[16];
	struct sql_stmt *st;
	int64_t head = -1;
	bool same = false;
	int rc;

	snprintf(version, sizeof(version), "%d", INDEX_SCHEMA);
	rc = pragma_is(x, "PRAGMA user_version", version, &same);
	if (rc == 0)
		rc = same ? prepare(x) : -EBADMSG;
	if (rc < 0)
		return rc;
	st = x->stmt[SCHEMA_GET_META];
	rc = sql_bind(st, "t", "federation");
	if (rc == 0)
		rc = same_text(st, hash_hex(&x->federation, hex), &same);
	if (rc < 0 || !same)
		return rc < 0 ? rc : -EBADMSG;
	rc = ask_number(x, SCHEMA_GET_META, "applied_height", &head);
	if (rc < 0 || head < 0)
		return rc == -ENOENT || rc == 0 ? -EBADMSG : rc;
	x->head = (uint64_t)head;
	return 0;
}

static int
put_members(struct index *x)
{
	const struct member *m;
	char id[ID_TEXT_LEN];
	uint16_t i;
	int rc = 0;

	for (i = 0; i < x->f->nmembers && rc == 0; i++) {
		m = &x->f->members[i];
		rc = INDEX_RUN(x, SCHEMA_PUT_MEMBER, "itttii", (int64_t)i,
		    id_text(ID_NODE, &m->id, id), m->name, m->address,
		    (int64_t)m->power, (int64_t)m->weight);
	}
	return rc;
}

static int
fill_new(struct index *x)
{
	char hex[HASH_HEX_LEN], pragma[40];
	int rc;

	snprintf(pragma, sizeof(pragma), "PRAGMA user_version = %d",
	    INDEX_SCHEMA);
	rc = sql_exec(x->db, "BEGIN");
	if (rc == 0)
		rc = sql_exec(x->db, schema_tables);
	if (rc == 0)
		rc = sql_exec(x->db, schema_books);
	if (rc == 0)
		rc = sql_exec(x->db, schema_orders);
	if (rc == 0)
		rc = prepare(x);
	if (rc == 0)
		rc = INDEX_RUN(x, SCHEMA_PUT_META, "tt", "federation",
		    hash_hex(&x->federation, hex));
	if (rc == 0)
		rc = INDEX_RUN(x, SCHEMA_PUT_META, "tt", "name", x->f->name);
	if (rc == 0)
		rc = INDEX_RUN(x, SCHEMA_PUT_META, "ti", "applied_height",
		    (int64_t)0);
	if (rc == 0)
		rc = put_members(x);
	if (rc == 0)
		rc = index_books_found(x);
	if (rc == 0)
		rc = sql_exec(x->db, pragma);
	if (rc == 0)
		rc = sql_exec(x->db, "COMMIT");
	return rc;
}

/* Remove the file and what belongs to it. */
static int
remove_files(const struct index *x)
{
	static const char *const suffix[] = {"", "-wal", "-shm"};
	size_t size = strlen(x->path) + 5, i;
	char *name = malloc(size);
	int rc = name ? 0 : -ENOMEM;

	for (i = 0; i < 3 && rc == 0; i++) {
		snprintf(name, size, "%s%s", x->path, suffix[i]);
		if (unlink(name) < 0 && errno != ENOENT)
			rc = -errno;
	}
	free(name);
	return rc;
}

int
index_start_over(struct index *x)
{
	int rc;

	close_db(x);
	rc = remove_files(x);
	if (rc == 0)
		rc = sql_open(&x->db, x->path, true);
	return rc == 0 ? fill_new(x) : rc;
}

static int
open_db(struct index *x, bool *rebuilt)
{
	bool existed = access(x->path, F_OK) == 0;
	int rc;

	*rebuilt = false;
	if (!existed)
		return index_start_over(
		    x); /* a stray -wal must not be replayed */
	rc = sql_open(&x->db, x->path, true);
	if (rc == 0)
		rc = check_existing(x);
	if (rc != -EBADMSG)
		return rc;
	*rebuilt = true;
	x->refills++;
	return index_start_over(x);
}

int
index_open(struct index **out, const char *path, const struct federation *f,
    bool *rebuilt)
{
	struct index *x = calloc(1, sizeof(*x));
	bool thrown_away;
	int rc = -ENOMEM;

	*out = NULL;
	if (!x)
		return rc;
	x->f = f;
	x->path = strdup(path);
	if (x->path)
		rc = federation_id(f, &x->federation);
	if (rc == 0)
		rc = open_db(x, rebuilt ? rebuilt : &thrown_away);
	if (rc < 0) {
		index_close(x);
		return rc;
	}
	*out = x;
	return 0;
}

void
index_close(struct index *x)
{
	if (!x)
		return;
	index_settle(x);
	close_db(x);
	free(x->path);
	free(x);
}

unsigned
index_refills(const struct index *x)
{
	return x->refills;
}

uint64_t
index_head(const struct index *x)
{
	return x->head;
}

static const char *
kind_text(uint8_t kind)
{
	if (kind == BLOCK_AGGREGATE)
		return "aggregate";
	return kind == BLOCK_SKIP ? "skip" : "heartbeat";
}

static const char *
reason_text(uint8_t reason)
{
	static const char *const text[] = {
	    [ANSWER_REASON_NONE] = "none",
	    [ANSWER_REASON_NO_DATA] = "no data",
	    [ANSWER_REASON_TRAINER] = "trainer failed",
	    [ANSWER_REASON_DECLINED] = "declined",
	    [ANSWER_REASON_NUMERIC] = "numeric",
	};

	return reason <= ANSWER_REASON_NUMERIC ? text[reason] : "unknown";
}

static int
put_block(struct index *x, const struct block *b, const struct commit *c)
{
	const struct header *h = &b->header;
	char id[ID_TEXT_LEN], model[ID_TEXT_LEN], root[HASH_HEX_LEN];
	uint16_t i;
	int rc =
	    INDEX_RUN(x, SCHEMA_PUT_BLOCK, "ittiiiiiiitt", (int64_t)h->height,
		id_text(ID_BLOCK, &b->id, id), kind_text(h->kind),
		(int64_t)h->time_ms, (int64_t)h->proposer, (int64_t)h->round,
		(int64_t)c->round, (int64_t)h->fl_round, (int64_t)h->nanswers,
		(int64_t)h->nattests, id_text(ID_MODEL, &h->model, model),
		hash_hex(&h->state_root, root));

	for (i = 0; i < c->nsigs && rc == 0; i++)
		rc = INDEX_RUN(x, SCHEMA_PUT_SIGNER, "ii", (int64_t)h->height,
		    (int64_t)c->validators[i]);
	return rc;
}

static char *
key_hex(const struct sign_public *k, char out[static HASH_HEX_LEN])
{
	struct hash h;

	memcpy(h.b, k->b, sizeof(h.b));
	return hash_hex(&h, out);
}

/* What a transaction is about, by its kind. */
struct about {
	char receiver[HASH_HEX_LEN], object[HASH_HEX_LEN];
	const char *memo; /* of a transfer */
	bool has_amount;
	int64_t amount;
	int64_t until; /* last height; 0: none */
};

static void
about_model(struct about *a, const struct tx *t, struct bytes_reader *r)
{
	struct body_model b;

	body_model_get(r, &b);
	hash_hex(&b.token, a->object);
	key_hex(&b.to, a->receiver);
	a->has_amount = t->kind == TX_MODEL_LEASE;
	a->amount = (int64_t)b.price;
	a->until = (int64_t)b.expires;
}

static void
about_others(struct about *a, const struct tx *t, struct bytes_reader *r)
{
	struct body_credential c;
	struct body_ballot v;
	struct body_worth w;
	struct body_shard s;
	struct body_ref ref;

	if (t->kind == TX_CREDENTIAL) {
		body_credential_get(r, &c);
		hash_hex(&c.id, a->object);
		key_hex(&c.subject, a->receiver);
		a->until = (int64_t)c.expires;
	} else if (t->kind == TX_VOTE) {
		body_ballot_get(r, &v);
		snprintf(a->object, sizeof(a->object), "%llu",
		    (unsigned long long)v.proposal);
		a->has_amount = true;
		a->amount = v.option;
	} else if (t->kind == TX_WORTH) {
		body_worth_get(r, &w);
		hash_hex(&w.job, a->object);
		a->has_amount = true;
		a->amount = (int64_t)w.round;
	} else if (t->kind == TX_SHARD) {
		body_shard_get(r, &s);
		snprintf(a->object, sizeof(a->object), "%u", (unsigned)s.index);
	} else if (t->kind == TX_ASSET_REGISTER || t->kind == TX_ORDER ||
	    t->kind == TX_PROPOSE || t->kind == TX_COMMIT) {
		hash_hex(&t->id, a->object);
	} else {
		body_ref_get(r, &ref);
		hash_hex(&ref.id, a->object);
	}
}

static int
put_tx(struct index *x, uint64_t height, uint16_t place, const struct tx *t)
{
	char id[HASH_HEX_LEN], sender[HASH_HEX_LEN];
	struct bytes_reader r = bytes_reader_of(t->body, t->len);
	struct about a = {.memo = NULL};
	struct body_transfer b;

	hash_hex(&t->id, id);
	key_hex(&t->sender, sender);
	if (t->kind == TX_TRANSFER) {
		body_transfer_get(&r, &b);
		key_hex(&b.to, a.receiver);
		a.has_amount = true;
		a.amount = (int64_t)b.amount;
		a.memo = b.memo;
	} else if (t->kind >= TX_MODEL_TRANSFER && t->kind <= TX_MODEL_LEASE) {
		about_model(&a, t, &r);
	} else {
		about_others(&a, t, &r);
	}
	return INDEX_RUN(x, SCHEMA_PUT_TX, "iitttiittoot", (int64_t)height,
	    (int64_t)place, id, tx_kind_name(t->kind), sender,
	    (int64_t)t->nonce, (int64_t)t->fee,
	    a.receiver[0] ? a.receiver : NULL, a.object[0] ? a.object : NULL,
	    a.has_amount ? &a.amount : NULL, a.until ? &a.until : NULL, a.memo);
}

static int
put_evidence(struct index *x, uint64_t height, uint16_t place,
    const struct evidence *e)
{
	char id[HASH_HEX_LEN];

	hash_hex(&e->id, id);
	return INDEX_RUN(x, SCHEMA_PUT_EVIDENCE, "iititi", (int64_t)height,
	    (int64_t)place, id, (int64_t)e->who, evidence_kind_name(e->kind),
	    (int64_t)e->at);
}

static int
put_answer(struct index *x, const struct answer *a)
{
	char id[HASH_HEX_LEN];

	hash_hex(&a->id, id);
	if (a->kind != ANSWER_UPDATE)
		return INDEX_RUN(x, SCHEMA_PUT_ANSWER, "iitttnnnniii",
		    (int64_t)a->round, (int64_t)a->member, id, "no update",
		    reason_text(a->reason),
		    (int64_t) !!(a->flags & ANSWER_REPLAYABLE),
		    (int64_t) !!(a->flags & ANSWER_STATE_LOST),
		    (int64_t) !!(a->flags & ANSWER_CONFINED));
	return INDEX_RUN(x, SCHEMA_PUT_ANSWER, "iittniiddiii",
	    (int64_t)a->round, (int64_t)a->member, id, "update",
	    (int64_t)a->rows, (int64_t)a->correct,
	    (double)a->loss_before_q24 / Q24, (double)a->loss_after_q24 / Q24,
	    (int64_t) !!(a->flags & ANSWER_REPLAYABLE),
	    (int64_t) !!(a->flags & ANSWER_STATE_LOST),
	    (int64_t) !!(a->flags & ANSWER_CONFINED));
}

static int
put_round(struct index *x, const struct block *b)
{
	struct ledger_round_summary s;
	int64_t opened = (int64_t)x->f->founded_ms;
	uint16_t i;
	int rc = ask_number(x, SCHEMA_LAST_CLOSED, NULL, &opened);

	if (rc < 0 && rc != -ENOENT)
		return rc;
	summary_of_block(&s, b, (uint64_t)opened, NULL);
	rc = INDEX_RUN(x, SCHEMA_PUT_ROUND,
	    s.nupdates ? "iitiiiiiiddidiidid" : "iitiiiiiinnnnnnnnn",
	    (int64_t)s.round, (int64_t)s.height, kind_text(s.kind),
	    (int64_t)s.time_ms, (int64_t)s.duration_ms, (int64_t)s.nupdates,
	    (int64_t)s.nparts, (int64_t)s.rows, (int64_t)s.correct,
	    (double)s.loss_before_q24 / Q24, (double)s.loss_after_q24 / Q24,
	    (int64_t)s.control_correct, (double)s.control_loss_q24 / Q24,
	    (int64_t)s.valid_rows, (int64_t)s.valid_correct,
	    (double)s.valid_loss_q24 / Q24, (int64_t)s.valid_control_correct,
	    (double)s.valid_control_loss_q24 / Q24);
	for (i = 0; i < b->header.nanswers && rc == 0; i++)
		rc = put_answer(x, b->answers[i]);
	for (i = 0; i < b->header.nattests && rc == 0; i++)
		rc = INDEX_RUN(x, SCHEMA_PUT_ATTEST, "iiii", (int64_t)s.round,
		    (int64_t)b->attests[i].validator,
		    (int64_t)b->attests[i].seq, (int64_t)b->attests[i].nheld);
	return rc;
}

int
index_put(struct index *x, const struct block *b, const struct commit *c)
{
	uint64_t height = b->header.height;
	int rc;

	if (height != x->head + 1)
		return -EINVAL;
	rc = put_block(x, b, c);
	for (uint16_t i = 0; i < b->header.ntxs && rc == 0; i++)
		rc = put_tx(x, height, i, b->txs[i]);
	for (uint16_t i = 0; i < b->header.nevidence && rc == 0; i++)
		rc = put_evidence(x, height, i, b->evidence[i]);
	if (rc == 0 && b->header.kind != BLOCK_ORDINARY)
		rc = put_round(x, b);
	if (rc == 0)
		rc = index_books_apply(x, b);
	if (rc == 0)
		x->head = height;
	return rc;
}
