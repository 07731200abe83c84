/*
 * A chain in one file while members come, change their keys and leave: what is
 * accepted is what the members of each height decided, nothing else.
 */
#include <errno.h>
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
#include "consensus/chain/verify.h"
#include "consensus/votes/payload.h"
#include "daemon/cli/audit_fork.h"
#include "exported.h"

#define CHANGES 3

/* A town whose members change, and the heights whose blocks announce it. */
struct moved {
	struct rich r;
	uint64_t at[CHANGES];
	char light[PATH_LEN], full[PATH_LEN], copy[PATH_LEN];
};

static struct tx *
from(struct rich *r, uint16_t seat, uint8_t kind, struct bytes_writer *w)
{
	struct town *t = &r->chain.town;
	const struct sign_key *k = town_key(t, seat);
	const struct sign_public key = sign_key_public(k);
	struct tx *x = tx_new((uint32_t)w->len);

	assert_non_null(x);
	memcpy(x->body, w->data, w->len);
	x->kind = kind;
	x->nonce = books_account(ledger_books(t->l), &key)->nonce;
	x->fee = 1000;
	x->expires = 100000;
	tx_sign(x, k, &t->fid);
	bytes_writer_close(w);
	return x;
}

static const struct motion *
newest(const struct rich *r)
{
	const struct books *b = ledger_books(r->chain.town.l);
	size_t n = 0;

	while (books_motion_at(b, n))
		n++;
	return books_motion_at(b, n - 1);
}

/* Put to the vote, accepted by all, carried out; the block that announces it
 * is the next one. */
static uint64_t
pass(struct rich *r, const struct payload *p)
{
	struct bytes_writer w = BYTES_WRITER_INIT, x = BYTES_WRITER_INIT;
	struct body_propose b = {.kind = PROPOSAL_MEMBER, .title = "change"};
	struct ledger *l = r->chain.town.l;
	struct tx *txs[TOWN_MAX];
	size_t n = 0;

	payload_put(&x, PROPOSAL_MEMBER, p);
	b.payload = x.data;
	b.len = (uint32_t)x.len;
	body_propose_put(&w, &b);
	bytes_writer_close(&x);
	txs[0] = from(r, 0, TX_PROPOSE, &w);
	rich_commit(r, rich_next(r, txs, 1, false));
	for (uint16_t i = 0; i < ledger_nmembers(l); i++) {
		struct body_ballot ballot = {newest(r)->p.id, VOTE_YES};

		if (!ledger_active(l, i))
			continue;
		body_ballot_put(&w, &ballot);
		txs[n++] = from(r, i, TX_VOTE, &w);
	}
	rich_commit(r, rich_next(r, txs, n, false));
	while (newest(r)->p.state != PROPOSAL_EXECUTED)
		rich_commit(r, rich_next(r, NULL, 0, false));
	rich_commit(r, rich_next(r, NULL, 0, false));
	return ledger_height(l);
}

static struct payload
newcomer(struct town *t, uint8_t op, uint8_t seed)
{
	const struct hash none = {{0}};
	struct payload p = {.member = {.op = op}};
	uint8_t bytes[SIGN_SEED_LEN] = {seed, 0x78};
	struct hash digest;
	struct member *m = &p.member.m;

	assert_int_equal(sign_key_new(bytes, &t->more[t->nmore]), 0);
	*m = (struct member){.power = 1, .weight = 1};
	m->sign = sign_key_public(t->more[t->nmore]);
	memset(m->network, 100 + seed, sizeof(m->network));
	snprintf(m->name, sizeof(m->name), "new%u", seed);
	m->id = member_id(&m->sign, m->network);
	digest = payload_proof(m);
	sign_message(t->more[t->nmore++], PAYLOAD_PROOF_CONTEXT, &none, &digest,
	    &p.member.proof);
	return p;
}

static void
grow(struct moved *v, const char *name)
{
	struct rich *r = &v->r;
	struct town *t = &r->chain.town;
	struct payload p;

	rich_open(r, name);
	rich_grow(r, RICH_OPEN);
	p = newcomer(t, PAYLOAD_MEMBER_ADD, 1);
	v->at[0] = pass(r, &p);
	assert_true(ledger_active(t->l, 4));
	p = newcomer(t, PAYLOAD_MEMBER_ROTATE, 2);
	p.member.seat = ledger_member(t->l, 2)->id;
	v->at[1] = pass(r, &p);
	p = (struct payload){.member = {.op = PAYLOAD_MEMBER_REMOVE}};
	p.member.seat = ledger_member(t->l, 1)->id;
	p.member.m.power = p.member.m.weight = 1;
	v->at[2] = pass(r, &p);
	rich_commit(r, rich_next(r, NULL, 0, false));
	snprintf(v->copy, PATH_LEN, "%s/copy", r->root);
	export_chain(r, "light", true, v->light);
	export_chain(r, "full", false, v->full);
}

static void
leave(struct moved *v)
{
	unlink(v->light);
	unlink(v->full);
	unlink(v->copy);
	rich_close(&v->r);
}

/* All of it again, this one's seats by `seats`, its certificate by `c`; NULL:
 * as they are. len 0: no seats. */
struct change {
	uint64_t height;
	const struct bundle_part *seats;
	const struct commit *c;
	bool without;
};

static void
forge(struct moved *v, const struct change *g)
{
	struct bundle b;
	FILE *f = fopen(v->copy, "wb");

	assert_non_null(f);
	assert_int_equal(bundle_open(&b, v->light), 0);
	fputs(BUNDLE_MAGIC, f);
	for (size_t h = 0; h < b.nparts; h++) {
		const struct bundle_part *p = &b.parts[h], *s = p;
		struct bytes_writer w = BYTES_WRITER_INIT;
		struct block *block;
		struct commit c;

		if (h == g->height && g->c) {
			assert_int_equal(verify_decode_heads(b.data + p->at,
					     p->len, &block, &c),
			    VERIFY_OK);
			block_put_heads(&w, block);
			commit_put(&w, g->c);
			bundle_put(f, BUNDLE_HEADS, w.data, (uint32_t)w.len);
			block_free(block);
		} else {
			bundle_put(f, (enum bundle_kind)p->kind, b.data + p->at,
			    p->len);
		}
		bytes_writer_close(&w);
		if (h == g->height && g->without)
			continue;
		if (h == g->height && g->seats)
			s = g->seats;
		if (s->seats_len > 0)
			bundle_put(f, BUNDLE_SEATS, b.data + s->seats_at,
			    s->seats_len);
	}
	assert_int_equal(fclose(f), 0);
	bundle_close(&b);
}

static void
refused(struct moved *v, const struct change *g, enum check_id check,
    uint64_t height)
{
	struct audit a;

	forge(v, g);
	assert_int_equal(audit_run(&a, v->copy, &v->r.chain.town.fid),
	    -EBADMSG);
	assert_int_equal(a.fault.check, check);
	assert_int_equal(a.fault.height, height);
}

/* From the founding's id alone, without the updates. */
static void
follows_the_members(void **state)
{
	const struct change none = {0};
	struct bundle b;
	struct moved v;
	struct audit a;
	size_t n = 0;

	(void)state;
	grow(&v, "town");
	assert_int_equal(audit_run(&a, v.full, &v.r.chain.town.fid), 0);
	assert_int_equal(audit_run(&a, v.light, &v.r.chain.town.fid), 0);
	assert_true(a.light);
	assert_int_equal(a.nblocks, ledger_height(v.r.chain.town.l));
	assert_int_equal(bundle_open(&b, v.light), 0);
	for (size_t h = 0; h < b.nparts; h++) {
		bool here = h == v.at[0] || h == v.at[1] || h == v.at[2];

		assert_int_equal(b.parts[h].seats_len > 0, here);
		n += here;
	}
	assert_int_equal(n, CHANGES);
	bundle_close(&b);
	forge(&v, &none); /* as it was */
	assert_int_equal(audit_run(&a, v.copy, &v.r.chain.town.fid), 0);
	leave(&v);
}

/* With the updates up to a height, and without them from there on. */
static void
some_with_updates(void **state)
{
	struct bundle full, light;
	struct moved v;
	struct audit a;

	(void)state;
	grow(&v, "town");
	assert_int_equal(bundle_open(&full, v.full), 0);
	assert_int_equal(bundle_open(&light, v.light), 0);
	for (uint64_t last = v.at[0] - 1; last <= v.at[2]; last++) {
		FILE *f = fopen(v.copy, "wb");

		assert_non_null(f);
		fputs(BUNDLE_MAGIC, f);
		for (size_t h = 0; h < full.nparts; h++) {
			const struct bundle *b = h <= last ? &full : &light;
			const struct bundle_part *p = &b->parts[h];

			bundle_put(f, (enum bundle_kind)p->kind,
			    b->data + p->at, p->len);
			if (p->seats_len > 0)
				bundle_put(f, BUNDLE_SEATS,
				    b->data + p->seats_at, p->seats_len);
		}
		assert_int_equal(fclose(f), 0);
		assert_int_equal(audit_run(&a, v.copy, &v.r.chain.town.fid), 0);
		assert_true(a.light);
	}
	bundle_close(&full);
	bundle_close(&light);
	leave(&v);
}

static void
other_members_are_refused(void **state)
{
	struct bundle b;
	struct moved v;

	(void)state;
	grow(&v, "town");
	assert_int_equal(bundle_open(&b, v.light), 0);
	for (size_t i = 0; i < CHANGES; i++) {
		const struct bundle_part *other =
		    &b.parts[v.at[(i + 1) % CHANGES]];

		refused(&v,
		    &(struct change){.height = v.at[i], .without = true},
		    CHECK_VALIDATORS, v.at[i]);
		refused(&v, &(struct change){.height = v.at[i], .seats = other},
		    CHECK_VALIDATORS, v.at[i]);
		/* Where nobody changes. */
		refused(&v,
		    &(struct change){.height = v.at[i] - 1, .seats = other},
		    CHECK_VALIDATORS, v.at[i] - 1);
	}
	bundle_close(&b);
	leave(&v);
}

/* The block's certificate, signed anew by these seats with these keys. */
static struct commit
certificate(struct moved *v, uint64_t height, const uint16_t *seats,
    struct sign_key *const *keys)
{
	struct commit c = {.height = height};
	struct block *block;
	struct bundle b;
	struct commit was;
	struct vote x;

	assert_int_equal(bundle_open(&b, v->light), 0);
	assert_int_equal(verify_decode_heads(b.data + b.parts[height].at,
			     b.parts[height].len, &block, &was),
	    VERIFY_OK);
	c.block = block->id;
	c.round = was.round;
	while (seats[c.nsigs] != UINT16_MAX) {
		c.validators[c.nsigs] = seats[c.nsigs];
		c.nsigs++;
		x = commit_vote(&c, (uint16_t)(c.nsigs - 1));
		vote_sign(&x, keys[c.nsigs - 1], &v->r.chain.town.fid);
		c.sigs[c.nsigs - 1] = x.sig;
	}
	block_free(block);
	bundle_close(&b);
	return c;
}

/* Valid signatures of members, but of those of another height. */
static void
certificates_of_another_height(void **state)
{
	static const uint16_t three[] = {0, 1, 2, UINT16_MAX};
	static const uint16_t four[] = {0, 1, 2, 3, UINT16_MAX};
	static const uint16_t five[] = {0, 1, 2, 4, UINT16_MAX};
	static const uint16_t left[] = {0, 1, 3, 4, UINT16_MAX};
	struct moved v;
	struct town *t = &v.r.chain.town;
	struct commit c;
	struct audit a;

	(void)state;
	grow(&v, "town");
	/* Three were a quorum of the four of before, not of five. */
	c = certificate(&v, v.at[0] + 1, three, t->keys);
	refused(&v, &(struct change){.height = v.at[0] + 1, .c = &c},
	    CHECK_CERTIFICATES, v.at[0] + 1);
	/* Who is voted in does not vote yet. */
	c = certificate(&v, v.at[0], five,
	    (struct sign_key *const[]){t->keys[0], t->keys[1], t->keys[2],
		t->more[0]});
	refused(&v, &(struct change){.height = v.at[0], .c = &c},
	    CHECK_CERTIFICATES, v.at[0]);
	/* The key of before at the seat whose keys changed, and too early. */
	c = certificate(&v, v.at[1] + 1, four, t->keys);
	refused(&v, &(struct change){.height = v.at[1] + 1, .c = &c},
	    CHECK_CERTIFICATES, v.at[1] + 1);
	c = certificate(&v, v.at[1], four,
	    (struct sign_key *const[]){t->keys[0], t->keys[1], t->more[1],
		t->keys[3]});
	refused(&v, &(struct change){.height = v.at[1], .c = &c},
	    CHECK_CERTIFICATES, v.at[1]);
	/* Who has left. */
	c = certificate(&v, v.at[2] + 1, left,
	    (struct sign_key *const[]){t->keys[0], t->keys[1], t->keys[3],
		t->more[0]});
	refused(&v, &(struct change){.height = v.at[2] + 1, .c = &c},
	    CHECK_CERTIFICATES, v.at[2] + 1);
	/* The last one's may be another quorum: it is as good. */
	c = certificate(&v, ledger_height(t->l),
	    (const uint16_t[]){0, 2, 4, UINT16_MAX},
	    (struct sign_key *const[]){t->keys[0], t->more[1], t->more[0]});
	forge(&v, &(struct change){.height = ledger_height(t->l), .c = &c});
	assert_int_equal(audit_run(&a, v.copy, &t->fid), 0);
	leave(&v);
}

static void
marks_of(const char *path, struct audit_marks *m)
{
	struct tlog log = TLOG_INIT;
	const struct audit_order o = {.path = path, .log = &log, .light = true};
	const struct audit_watch watch = audit_marks_watch(m);
	struct audit a;

	assert_int_equal(audit_watch(&a, &o, &watch), 0);
	tlog_close(&log);
}

static void
fork_off(struct rich *r, uint64_t amount)
{
	struct tx *x;
	struct bytes_writer w = BYTES_WRITER_INIT;
	struct body_transfer b = {.amount = amount};
	struct block *block;

	b.to = ledger_member(r->chain.town.l, 0)->sign;
	body_transfer_put(&w, &b);
	x = from(r, 3, TX_TRANSFER, &w);
	block = rich_next(r, &x, 1, false);
	rich_commit(r, block);
}

/* Two certified blocks of a height that came after all the changes: who signed
 * both is named as of that height, from homes and from light bundles. */
static void
fork_of_changed_members(void **state)
{
	struct audit_marks m[4] = {AUDIT_MARKS_INIT, AUDIT_MARKS_INIT,
	    AUDIT_MARKS_INIT, AUDIT_MARKS_INIT};
	uint16_t who[FEDERATION_MAX_MEMBERS];
	const struct audit_voters *voters;
	struct moved one, two;
	uint64_t at;

	(void)state;
	grow(&one, "town");
	grow(&two, "town");
	at = ledger_height(one.r.chain.town.l) + 1;
	fork_off(&one.r, 5);
	fork_off(&two.r, 6);
	export_chain(&one.r, "light", true, one.light);
	export_chain(&two.r, "light", true, two.light);
	marks_of(one.r.root, &m[0]);
	marks_of(two.r.root, &m[1]);
	marks_of(one.light, &m[2]);
	marks_of(two.light, &m[3]);
	for (int i = 0; i < 4; i += 2) {
		assert_int_equal(audit_fork_height(&m[i], &m[i + 1]), at);
		assert_int_equal(audit_fork_signers(&m[i], &m[i + 1], at, who),
		    4);
		voters = audit_marks_voters(&m[i], at);
		assert_int_equal(voters->power[1], 0); /* has left */
		for (int k = 0; k < 4; k++)
			assert_int_equal(who[k], k == 0 ? 0 : k + 1);
		assert_string_equal(voters->names[4],
		    i == 0 ? "new1" : "seat-4");
		assert_int_equal(audit_marks_voters(&m[i], 1)->n, 4);
	}
	for (int i = 0; i < 4; i++)
		audit_marks_close(&m[i]);
	leave(&one);
	leave(&two);
}

/* One block's proof carries the changes; each digit of them counts. */
static void
proof_follows_the_members(void **state)
{
	struct history_claim c = {0};
	char *text, *same, *at, *end;
	struct moved v;
	char *spoilt;

	(void)state;
	grow(&v, "town");
	text = proof_of(v.r.root, 2);
	same = proof_of(v.light, 2);
	assert_string_equal(text, same);
	assert_int_equal(check_proof(text, &c), 0);
	assert_int_equal(c.head.height, ledger_height(v.r.chain.town.l));
	assert_int_equal(c.nsigners, 4);
	at = strstr(text, "\"changes\"");
	assert_non_null(at);
	end = strchr(at, ']');
	assert_non_null(end);
	for (size_t i = 0; at + i < end; i += 37) {
		spoilt = strdup(text);
		assert_non_null(spoilt);
		if (at[i] >= '0' && at[i] <= '9') {
			spoilt[(size_t)(at - text) + i] ^= 1;
			assert_int_equal(check_proof(spoilt, &c), -EBADMSG);
		}
		free(spoilt);
	}
	at[1] = 'C'; /* not said */
	assert_int_equal(check_proof(text, &c), -EBADMSG);
	free(text);
	free(same);
	leave(&v);
}

/* Who came later has no name where nothing was computed: he is called by his
 * seat when he sends what another one had sent. */
static void
newcomers_that_copy(void **state)
{
	struct findings f = FINDINGS_INIT;
	struct checks out = {0};
	struct block *b = block_new(0, 2, 0);
	struct rich r;

	(void)state;
	rich_open(&r, "town");
	assert_non_null(b);
	b->header.kind = BLOCK_AGGREGATE;
	for (uint16_t i = 0; i < 2; i++) {
		b->answers[i] = answer_new(0);
		assert_non_null(b->answers[i]);
		b->answers[i]->kind = ANSWER_UPDATE;
		b->answers[i]->member = (uint16_t)(3 + 4 * i);
	}
	findings_block(&f, r.chain.town.l, b, &out);
	assert_int_equal(f.nrepeated, 1);
	assert_non_null(
	    strstr(out.of[CHECK_UNUSUAL].why, "the member at seat 7 sent"));
	block_free(b);
	rich_close(&r);
}

static int
audit_with(const struct moved *v, const struct tlog *l,
    const struct sign_key *key)
{
	struct tlog log = TLOG_INIT;
	struct audit_order o = {.path = v->light, .log = &log};
	struct audit a;
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);
	int rc;

	assert_non_null(f);
	tlog_put_checkpoint(f, l, key);
	assert_int_equal(fclose(f), 0);
	o.checkpoint = text;
	rc = audit_watch(&a, &o, NULL);
	tlog_close(&log);
	free(text);
	return rc;
}

/* An auditor kept what a member signed, who has left since, or has other keys:
 * it is as good as on that day. */
static void
checkpoints_of_before(void **state)
{
	struct tlog log = TLOG_INIT;
	struct audit a;
	struct moved v;
	struct audit_order o = {.path = v.light, .log = &log};

	(void)state;
	grow(&v, "town");
	assert_int_equal(audit_watch(&a, &o, NULL), 0);
	log.n = v.at[0]; /* before all of the changes */
	assert_int_equal(audit_with(&v, &log, v.r.chain.town.keys[0]), 0);
	assert_int_equal(audit_with(&v, &log, v.r.chain.town.keys[1]), 0);
	assert_int_equal(audit_with(&v, &log, v.r.chain.town.keys[2]), 0);
	assert_int_equal(audit_with(&v, &log, v.r.chain.town.more[0]), 0);
	log.leaves[2].b[0] ^= 1;
	assert_int_equal(audit_with(&v, &log, v.r.chain.town.keys[1]),
	    -EBADMSG);
	tlog_close(&log);
	leave(&v);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(newcomers_that_copy),
	    cmocka_unit_test(checkpoints_of_before),
	    cmocka_unit_test(follows_the_members),
	    cmocka_unit_test(some_with_updates),
	    cmocka_unit_test(other_members_are_refused),
	    cmocka_unit_test(certificates_of_another_height),
	    cmocka_unit_test(fork_of_changed_members),
	    cmocka_unit_test(proof_follows_the_members),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
