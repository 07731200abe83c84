#include "rich.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "consensus/books/view.h"
#include "consensus/votes/payload.h"
#include "consensus/books/turn.h"

#define FEE 1000
#define EVER 100000

static void
make_private(struct job *j)
{
	j->privacy.noise = (struct decimal){12, -1};
	j->privacy.rate = (struct decimal){1, -2};
	j->privacy.clip = (struct decimal){1, 0};
	j->privacy.min_rows = 8;
	j->local.epochs = 0;
	j->local.steps = 5;
	j->validation = (struct decimal){0, 0};
	j->validation_every = 0;
	j->patience = 0;
}

static void
create(struct rich *r, const char *name)
{
	struct economy e = ECONOMY_DEFAULT;
	struct town_setup setup = {.n = RICH_MEMBERS,
	    .rounds = RICH_ROUNDS,
	    .edit = make_private,
	    .economy = &e};
	struct town *t = &r->chain.town;
	struct bytes_writer w = BYTES_WRITER_INIT;

	e.voting_period = 2;
	e.voting_extension = 1;
	e.voting_lock = 0;
	town_open(t, &setup);
	/* Another name is another federation. */
	snprintf(t->f.name, sizeof(t->f.name), "%s", name);
	assert_int_equal(federation_id(&t->f, &t->fid), 0);
	ledger_free(t->l);
	assert_int_equal(ledger_new(&t->f, &t->l), 0);
	federation_put(&w, &t->f);
	assert_int_equal(w.error, 0);
	assert_int_equal(segments_create(&r->disk.disk, SEGMENTS_DIR, &t->fid,
			     w.data, (uint32_t)w.len),
	    0);
	bytes_writer_close(&w);
	assert_int_equal(segments_open(&r->chain.log, &r->disk.disk,
			     SEGMENTS_DIR, SEGMENTS_REPAIR, NULL),
	    0);
}

void
rich_open(struct rich *r, const char *name)
{
	*r = (struct rich){.root = "/tmp/qml-rich-XXXXXX"};
	assert_non_null(mkdtemp(r->root));
	snprintf(r->file, sizeof(r->file), "%s/chain/000001.seg", r->root);
	assert_int_equal(disk_posix_open(&r->disk, r->root), 0);
	create(r, name);
}

void
rich_close(struct rich *r)
{
	smallchain_close(&r->chain);
	unlink(r->file);
	assert_int_equal(unlinkat(r->disk.dirfd, "chain", AT_REMOVEDIR), 0);
	disk_posix_close(&r->disk);
	assert_int_equal(rmdir(r->root), 0);
}

struct tx *
rich_tx(struct rich *r, uint16_t from, uint8_t kind, struct bytes_writer *w,
    unsigned ahead)
{
	struct town *t = &r->chain.town;
	const struct account *a =
	    books_account(ledger_books(t->l), &t->f.members[from].sign);
	struct tx *x = tx_new((uint32_t)w->len);

	assert_int_equal(w->error, 0);
	assert_non_null(x);
	memcpy(x->body, w->data, w->len);
	x->kind = kind;
	x->nonce = tx_is_duty(kind) ? 0 : a->nonce + ahead;
	x->fee = tx_is_duty(kind) ? 0 : FEE;
	x->expires = EVER;
	tx_sign(x, t->keys[from], &t->fid);
	bytes_writer_close(w);
	return x;
}

struct tx *
rich_transfer(struct rich *r, uint16_t from, uint64_t amount, const char *memo)
{
	struct bytes_writer w = BYTES_WRITER_INIT;
	struct body_transfer b = {.amount = amount};

	memset(b.to.b, 0x5a, sizeof(b.to.b));
	snprintf(b.memo, sizeof(b.memo), "%s", memo);
	body_transfer_put(&w, &b);
	return rich_tx(r, from, TX_TRANSFER, &w, 0);
}

static struct tx *
data(struct rich *r, uint16_t owner)
{
	struct bytes_writer w = BYTES_WRITER_INIT;
	struct body_asset b = {.root = hash_bytes("x", &owner, sizeof(owner)),
	    .rows = 10u + owner,
	    .tasks = 1u << JOB_LINEAR,
	    .expires = EVER,
	    .name = "rows",
	    .purpose = "research",
	    .licence = "CC-BY-4.0",
	    .privacy = {8000, 5},
	    .credential = owner == 0 ? 3 : 0};
	struct tx *x;

	body_asset_put(&w, &b);
	x = rich_tx(r, owner, TX_ASSET_REGISTER, &w, 0);
	r->rows[owner] = b.root;
	r->asset[owner] = x->id;
	return x;
}

static struct tx *
credential(struct rich *r, uint16_t from, uint16_t about)
{
	struct bytes_writer w = BYTES_WRITER_INIT;
	struct body_credential b = {.id = hash_bytes("x", "vc", 2),
	    .subject = r->chain.town.f.members[about].sign,
	    .type = 3,
	    .expires = EVER};

	r->credential = b.id;
	body_credential_put(&w, &b);
	return rich_tx(r, from, TX_CREDENTIAL, &w, 0);
}

static struct tx *
propose(struct rich *r, uint16_t from)
{
	struct bytes_writer w = BYTES_WRITER_INIT, p = BYTES_WRITER_INIT;
	struct payload policy = {.policy = hash_bytes("x", "ethics", 6)};
	struct body_propose b = {.kind = PROPOSAL_ETHICS,
	    .title = "our policy",
	    .text = hash_bytes("x", "why", 3)};

	payload_put(&p, PROPOSAL_ETHICS, &policy);
	b.payload = p.data;
	b.len = (uint32_t)p.len;
	body_propose_put(&w, &b);
	bytes_writer_close(&p);
	return rich_tx(r, from, TX_PROPOSE, &w, 1);
}

struct tx *
rich_vote(struct rich *r, uint16_t from, uint64_t proposal)
{
	struct bytes_writer w = BYTES_WRITER_INIT;
	struct body_ballot b = {.proposal = proposal, .option = VOTE_YES};

	body_ballot_put(&w, &b);
	return rich_tx(r, from, TX_VOTE, &w, 0);
}

struct tx *
rich_worth(struct rich *r, uint16_t from, uint64_t round)
{
	struct bytes_writer w = BYTES_WRITER_INIT, v = BYTES_WRITER_INIT;
	uint16_t n = books_game_size(RICH_MEMBERS);
	struct body_worth b = {.job = *ledger_job_id(r->chain.town.l),
	    .round = round,
	    .n = n};

	for (uint16_t i = 0; i < n; i++)
		bytes_put_i64(&v, 10 * i);
	b.utility = v.data;
	body_worth_put(&w, &b);
	bytes_writer_close(&v);
	return rich_tx(r, from, TX_WORTH, &w, 0);
}

struct tx *
rich_order(struct rich *r, uint16_t from, const struct hash *policy)
{
	struct bytes_writer w = BYTES_WRITER_INIT, j = BYTES_WRITER_INIT;
	struct body_order b = {.policy = *policy,
	    .purpose = "research",
	    .nassets = 1,
	    .assets = {r->asset[0]}};

	job_put(&j, ledger_job(r->chain.town.l));
	b.job = j.data;
	b.job_len = (uint32_t)j.len;
	body_order_put(&w, &b);
	bytes_writer_close(&j);
	return rich_tx(r, from, TX_ORDER, &w, 0);
}

static struct tx *
model(struct rich *r, uint8_t kind, uint64_t expires)
{
	struct town *t = &r->chain.town;
	const struct token *v = books_token_at(ledger_books(t->l), 0);
	struct bytes_writer w = BYTES_WRITER_INIT;
	struct body_model b;

	assert_non_null(v);
	b = (struct body_model){.token = v->id,
	    .to = t->f.members[1].sign,
	    .expires = expires};
	body_model_put(&w, &b);
	/* The founding job's first member owns it; the transfer is last. */
	return rich_tx(r, 0, kind, &w, kind - TX_MODEL_TRANSFER);
}

/* Everybody answers, with the data that they registered. */
static void
answer_all(struct rich *r)
{
	struct town *t = &r->chain.town;

	for (uint16_t m = 0; m < RICH_MEMBERS; m++) {
		struct answer *a = town_draft(t, m, ANSWER_UPDATE);

		a->data_asset = r->rows[m];
		town_keep(t, a);
	}
	for (uint16_t v = 0; v < RICH_MEMBERS; v++)
		town_attest(t, v, UINT64_MAX);
}

struct block *
rich_next(struct rich *r, struct tx **txs, size_t n, bool updates)
{
	struct town *t = &r->chain.town;
	struct ledger_inputs in;
	struct hash missing;
	struct block *b = NULL;

	t->now_ms = ledger_time_ms(t->l) + 500;
	if (updates && t->npool == 0)
		answer_all(r);
	if (!updates && n == 0)
		t->now_ms += TOWN_HEARTBEAT_MS;
	in = town_inputs(t, 0);
	in.txs = txs;
	in.ntxs = n;
	assert_int_equal(ledger_build(t->l, &in, &b, &missing), 0);
	assert_int_equal(b->header.ntxs, n);
	for (size_t i = 0; i < n; i++)
		tx_unref(txs[i]);
	return b;
}

void
rich_append(struct rich *r, const struct block *b)
{
	smallchain_append(&r->chain, b);
}

void
rich_commit(struct rich *r, struct block *b)
{
	town_commit(&r->chain.town, b);
	rich_append(r, b);
	block_free(b);
}

void
rich_seal(struct rich *r, struct block *b)
{
	struct town *t = &r->chain.town;

	assert_int_equal(block_seal(b), 0);
	town_certify(t, &t->commit, b->header.height, &b->id);
	rich_append(r, b);
}

static void
from_all(struct rich *r, struct tx *(*make)(struct rich *, uint16_t, uint64_t),
    uint64_t about)
{
	struct tx *txs[RICH_MEMBERS];

	for (uint16_t m = 0; m < RICH_MEMBERS; m++)
		txs[m] = make(r, m, about);
	rich_commit(r, rich_next(r, txs, RICH_MEMBERS, false));
}

static void
begin(struct rich *r)
{
	struct tx *txs[RICH_MEMBERS + 2];

	rich_commit(r, rich_next(r, NULL, 0, false));
	for (uint16_t m = 0; m < RICH_MEMBERS; m++)
		txs[m] = data(r, m);
	rich_commit(r, rich_next(r, txs, RICH_MEMBERS, false));
	txs[0] = rich_transfer(r, 0, 700, "for the coffee");
	txs[1] = propose(r, 0);
	txs[2] = credential(r, 1, 2);
	rich_commit(r, rich_next(r, txs, 3, false));
	from_all(r, rich_vote, 1);
}

static void
train(struct rich *r, uint64_t round)
{
	rich_commit(r, rich_next(r, NULL, 0, true));
	from_all(r, rich_worth, round);
}

void
rich_grow(struct rich *r, enum rich_stage stage)
{
	struct tx *txs[3];
	uint64_t round;

	begin(r);
	for (round = 0; round < RICH_ROUNDS / 2; round++)
		train(r, round);
	if (stage == RICH_OPEN)
		return;
	for (; round < RICH_ROUNDS; round++)
		train(r, round);
	assert_true(ledger_round(r->chain.town.l)->finished);
	/* transfer, approve, lease are the kinds' order; the owner acts. */
	txs[0] = model(r, TX_MODEL_TRANSFER, 0);
	rich_commit(r, rich_next(r, txs, 1, false));
}

void
rich_failed(const struct audit *a, enum check_id want, const char *name)
{
	for (enum check_id id = CHECK_FOUNDING; id < CHECKS; id++) {
		bool failed = checks_failed(&a->checks, id);

		if (failed != (id == want))
			fail_msg("%s: %s %s: %s", name, check_code(id),
			    check_state_name(a->checks.of[id].state),
			    a->checks.of[id].why);
		assert_int_not_equal(a->checks.of[id].why[0], 0);
	}
}

void
rich_pass(struct rich *r, uint8_t kind, const struct payload *wish)
{
	struct bytes_writer w = BYTES_WRITER_INIT, p = BYTES_WRITER_INIT;
	struct body_propose b = {.kind = kind, .title = "another"};
	struct tx *txs[RICH_MEMBERS];

	payload_put(&p, kind, wish);
	b.payload = p.data;
	b.len = (uint32_t)p.len;
	body_propose_put(&w, &b);
	bytes_writer_close(&p);
	txs[0] = rich_tx(r, 0, TX_PROPOSE, &w, 0);
	rich_commit(r, rich_next(r, txs, 1, false));
	for (uint16_t i = 0; i < RICH_MEMBERS; i++)
		txs[i] = rich_vote(r, i, 2); /* the story has one before */
	rich_commit(r, rich_next(r, txs, RICH_MEMBERS, false));
}
