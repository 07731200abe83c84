/*
 * Chains that go on without a quorum, in one file: accepted is what those who
 * are left agreed on, under its new id, and nothing that looks like it.
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

#include "consensus/ledger/seats.h"
#include "consensus/votes/payload.h"
#include "daemon/cli/audit_fork.h"
#include "daemon/cli/dossier.h"
#include "daemon/cli/refounded.h"
#include "daemon/node/jv.h"
#include "exported.h"
#include "proto/id.h"
#include "refound_town.h"

static void
forget(struct rich *r)
{
	char path[PATH_LEN];

	snprintf(path, sizeof(path), "%s/%s", r->root, REFOUNDED_FILE);
	unlink(path);
	snprintf(path, sizeof(path), "%s/bundle", r->root);
	unlink(path);
}

static int
judge(const char *path, const struct hash *id)
{
	struct audit a;
	int rc = audit_run(&a, path, id);

	assert_true(rc == 0 || rc == -EBADMSG);
	return rc;
}

/* From the home and from both kinds of bundle. */
static void
all_say(struct rich *r, const struct hash *id, int want)
{
	char path[PATH_LEN];

	assert_int_equal(judge(r->root, id), want);
	for (int light = 0; light < 2; light++) {
		export_chain(r, "bundle", light, path);
		assert_int_equal(judge(path, id), want);
	}
}

static void
open_town(struct rich *r)
{
	rich_open(r, "town");
	rich_grow(r, RICH_OPEN);
}

static void
close_town(struct rich *r)
{
	forget(r);
	rich_close(r);
}

/* A proof of every block, from the home and from a light bundle; `id` is what
 * its head is called. */
static void
all_prove(struct rich *r, const struct hash *id)
{
	uint64_t last = ledger_height(r->chain.town.l);
	struct history_claim c = {.nsigners = 0};
	char path[PATH_LEN];

	export_chain(r, "bundle", true, path);
	for (uint64_t h = 1; h < last; h++) {
		char *text = proof_of(r->root, h), *same = proof_of(path, h);

		assert_string_equal(text, same);
		assert_int_equal(check_proof(text, &c), 0);
		assert_true(hash_equal(&c.federation, id));
		assert_int_equal(c.block.height, h);
		assert_int_equal(c.head.height, last);
		free(text);
		free(same);
	}
}

/* Whatever is changed in what they signed, it is no proof. */
static void
every_digit_of_a_proof(const char *path)
{
	char *text = proof_of(path, 2), *at = strstr(text, "\"refounded\":\"");
	struct history_claim c;
	char *end;

	assert_non_null(at);
	at += strlen("\"refounded\":\"");
	end = strchr(at, '"');
	for (char *x = at; x < end; x++) {
		char old = *x;

		*x = old == '0' ? '1' : '0';
		assert_int_equal(check_proof(text, &c), -EBADMSG);
		*x = old;
	}
	assert_int_equal(check_proof(text, &c), 0);
	free(text);
}

/* Four seats, two members; the founding's id is not the one that was asked. */
static void
tolerates_none(struct rich *r)
{
	struct jv *d = dossier_federation(r->chain.town.l);
	struct audit a;

	assert_int_equal(jv_int(jv_get(d, "tolerates"), -1), 0);
	jv_free(d);
	assert_int_equal(audit_run(&a, r->root, &r->chain.town.fid), 0);
	assert_non_null(strstr(a.checks.of[CHECK_FOUNDING].why, "re-founding"));
}

/* Which federation it is of, and who was left out, with and without updates. */
static void
dossier_says(struct rich *r, const struct hash *old)
{
	char light[PATH_LEN], id[ID_TEXT_LEN];
	const char *paths[] = {r->root, light};
	const struct jv *f, *again;
	struct audit a;
	struct jv *d;

	export_chain(r, "bundle", true, light);
	for (unsigned k = 0; k < 2; k++) {
		struct tlog log = TLOG_INIT;
		const struct audit_order o = {.path = paths[k], .log = &log};

		assert_int_equal(dossier_make(&a, &o, 0, &d), 0);
		f = jv_get(d, "federation");
		again = jv_get(f, "refounded");
		assert_string_equal(jv_text(jv_get(f, "id"), ""),
		    id_text(ID_FEDERATION, &r->chain.town.fid, id));
		assert_string_equal(jv_text(jv_get(again, "founded_as"), ""),
		    id_text(ID_FEDERATION, old, id));
		assert_string_equal(jv_text(jv_get(again, "without"), ""),
		    a.refounded.without);
		jv_free(d);
		tlog_close(&log);
	}
}

static void
by_those_who_are_left(void **state)
{
	static const uint16_t two[] = {0, 2, UINT16_MAX};
	struct refound x;
	struct hash old;
	struct rich r;

	(void)state;
	open_town(&r);
	old = r.chain.town.fid;
	x = refound_draw_up(&r, r.chain.town.l, two);
	refound_take(&r, &x);
	assert_false(hash_equal(&old, &r.chain.town.fid));
	all_say(&r, &r.chain.town.fid, 0); /* nothing came behind it yet */
	tolerates_none(&r);
	all_say(&r, &old, -EBADMSG);
	all_say(&r, NULL, 0);
	all_prove(&r, &old); /* its last block is of before */
	rich_commit(&r, rich_next(&r, NULL, 0, false));
	all_say(&r, &r.chain.town.fid, 0);
	all_say(&r, &old, -EBADMSG);
	all_prove(&r, &r.chain.town.fid);
	every_digit_of_a_proof(r.root);
	dossier_says(&r, &old);
	close_town(&r);
}

/* A quorum votes: no member goes on by a paper that a quorum signed. */
static void
by_too_many(void **state)
{
	static const uint16_t all[] = {0, 1, 2, 3, UINT16_MAX};
	static const uint16_t three[] = {0, 1, 2, UINT16_MAX};

	(void)state;
	for (unsigned k = 0; k < 2; k++) {
		struct refound x;
		struct hash id, old;
		struct rich r;

		open_town(&r);
		old = r.chain.town.fid;
		x = refound_draw_up(&r, r.chain.town.l, k ? all : three);
		id = refound_id(&x);
		refound_take(&r, &x);
		assert_true(hash_equal(&old, &r.chain.town.fid));
		all_say(&r, &id, -EBADMSG);
		all_say(&r, &old, -EBADMSG);
		close_town(&r);
	}
}

/* One of those who went on is lost before their first block. */
static void
twice_behind_a_block(void **state)
{
	static const uint16_t two[] = {1, 3, UINT16_MAX},
			      one[] = {3, UINT16_MAX};
	struct hash ids[3];
	struct refound x;
	struct rich r;

	(void)state;
	open_town(&r);
	ids[0] = r.chain.town.fid;
	x = refound_draw_up(&r, r.chain.town.l, two);
	refound_take(&r, &x);
	ids[1] = r.chain.town.fid;
	x = refound_draw_up(&r, r.chain.town.l, one);
	assert_true(ledger_refound_fits(r.chain.town.l, &x));
	refound_take(&r, &x);
	ids[2] = r.chain.town.fid;
	for (unsigned k = 0; k < 2; k++) {
		all_say(&r, &ids[0], -EBADMSG);
		all_say(&r, &ids[1], -EBADMSG);
		all_say(&r, &ids[2], 0);
		all_prove(&r, &ids[k == 0 ? 0 : 2]);
		rich_commit(&r, rich_next(&r, NULL, 0, false));
		assert_int_equal(r.chain.town.commit.nsigs, 1);
	}
	close_town(&r);
}

static struct tx *
from(struct rich *r, uint16_t seat, uint8_t kind, struct bytes_writer *w)
{
	return rich_tx(r, seat, kind, w, 0);
}

/* The block that announces other members is the last one of the old kind. */
static void
while_members_change(void **state)
{
	static const uint16_t two[] = {0, 2, UINT16_MAX};
	struct bytes_writer w = BYTES_WRITER_INIT, p = BYTES_WRITER_INIT;
	struct payload wish = {
	    .member = {.op = PAYLOAD_MEMBER_POWER, .m = {.power = 2}}};
	struct body_propose b = {.kind = PROPOSAL_MEMBER, .title = "change"};
	struct tx *txs[RICH_MEMBERS];
	struct history_claim c;
	struct refound x;
	struct town *t;
	char *text;
	struct rich r;

	(void)state;
	open_town(&r);
	t = &r.chain.town;
	wish.member.seat = ledger_member(t->l, 1)->id;
	wish.member.m.weight = 1;
	payload_put(&p, PROPOSAL_MEMBER, &wish);
	b.payload = p.data;
	b.len = (uint32_t)p.len;
	body_propose_put(&w, &b);
	bytes_writer_close(&p);
	txs[0] = from(&r, 0, TX_PROPOSE, &w);
	rich_commit(&r, rich_next(&r, txs, 1, false));
	for (uint16_t i = 0; i < RICH_MEMBERS; i++)
		txs[i] = rich_vote(&r, i, 2);
	rich_commit(&r, rich_next(&r, txs, RICH_MEMBERS, false));
	while (ledger_seats(t->l)->m[1].power == 1)
		rich_commit(&r, rich_next(&r, NULL, 0, false));
	rich_commit(&r, rich_next(&r, NULL, 0, false));
	/* Its last block announces others, who have not signed anything yet. */
	text = proof_of(r.root, 2);
	assert_int_equal(check_proof(text, &c), 0);
	free(text);
	x = refound_draw_up(&r, t->l, two);
	refound_take(&r, &x);
	for (unsigned k = 0; k < 3; k++) {
		all_say(&r, &t->fid, 0);
		rich_commit(&r, rich_next(&r, NULL, 0, false));
	}
	for (uint64_t h = 1; h < ledger_height(t->l); h++) {
		text = proof_of(r.root, h);
		assert_int_equal(check_proof(text, &c), 0);
		assert_true(hash_equal(&c.federation, &t->fid));
		free(text);
	}
	close_town(&r);
}

static uint8_t *
slurp(const char *path, size_t *len)
{
	FILE *f = fopen(path, "rb");
	uint8_t *data = malloc(1u << 22);

	assert_non_null(f);
	assert_non_null(data);
	*len = fread(data, 1, 1u << 22, f);
	assert_true(*len < 1u << 22);
	assert_int_equal(fclose(f), 0);
	return data;
}

static void
put_file(const char *path, const void *data, size_t len)
{
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

/* Every byte of the paper, as the last part: changed, cut off, one too many,
 * there twice. */
static void
every_byte(void **state)
{
	static const uint16_t two[] = {0, 2, UINT16_MAX};
	struct bytes_writer w = BYTES_WRITER_INIT;
	char path[PATH_LEN];
	struct refound x;
	struct rich r;
	uint8_t *data;
	size_t len, at;

	(void)state;
	open_town(&r);
	x = refound_draw_up(&r, r.chain.town.l, two);
	refound_put(&w, &x);
	refound_take(&r, &x);
	export_chain(&r, "bundle", true, path);
	data = slurp(path, &len);
	at = len - w.len - 5; /* kind and length, too */
	assert_memory_equal(data + len - w.len, w.data, w.len);
	for (size_t i = at; i < len; i++) {
		data[i] ^= (uint8_t)(1u << i % 8);
		put_file(path, data, len);
		assert_int_equal(judge(path, &r.chain.town.fid), -EBADMSG);
		data[i] ^= (uint8_t)(1u << i % 8);
	}
	for (size_t n = at; n < len; n++) {
		put_file(path, data, n);
		assert_int_equal(judge(path, &r.chain.town.fid), -EBADMSG);
	}
	data[len] = 0;
	put_file(path, data, len + 1);
	assert_int_equal(judge(path, &r.chain.town.fid), -EBADMSG);
	memcpy(data + len, data + at, len - at);
	put_file(path, data, 2 * len - at);
	assert_int_equal(judge(path, &r.chain.town.fid), -EBADMSG);
	put_file(path, data, len);
	assert_int_equal(judge(path, &r.chain.town.fid), 0);
	free(data);
	bytes_writer_close(&w);
	close_town(&r);
}

static void
marks_of(struct rich *r, struct audit_marks *m)
{
	struct tlog log = TLOG_INIT;
	const struct audit_order o = {.path = r->root,
	    .log = &log,
	    .light = true};
	const struct audit_watch watch = audit_marks_watch(m);
	struct audit a;

	assert_int_equal(audit_watch(&a, &o, &watch), 0);
	tlog_close(&log);
}

/* Those who were left out go on as if nothing were: two chains, and nobody who
 * signed both did anything wrong. */
static void
nobody_is_accused(void **state)
{
	static const uint16_t one[] = {0, UINT16_MAX};
	struct audit_marks m[2] = {AUDIT_MARKS_INIT, AUDIT_MARKS_INIT};
	uint16_t who[FEDERATION_MAX_MEMBERS];
	struct rich left, others;
	struct refound x;
	uint64_t last;

	(void)state;
	open_town(&left);
	open_town(&others);
	last = ledger_height(left.chain.town.l);
	x = refound_draw_up(&left, left.chain.town.l, one);
	refound_take(&left, &x);
	rich_commit(&left, rich_next(&left, NULL, 0, false));
	rich_commit(&others, rich_next(&others, NULL, 0, false));
	marks_of(&left, &m[0]);
	marks_of(&others, &m[1]);
	assert_int_equal(audit_fork_height(&m[0], &m[1]), last + 1);
	assert_true(m[0].at[last].signers[0] && m[1].at[last].signers[0]);
	assert_true(audit_fork_refounded(&m[0], &m[1], last + 1));
	assert_int_equal(audit_fork_signers(&m[0], &m[1], last + 1, who), 0);
	audit_marks_close(&m[0]);
	audit_marks_close(&m[1]);
	close_town(&left);
	close_town(&others);
}

/* A paper of a height that the chain has not reached, or of none: nothing that
 * nobody looks at is let through. */
static void
of_no_block(void **state)
{
	static const uint16_t two[] = {0, 2, UINT16_MAX};
	char path[PATH_LEN];
	struct refound x;
	struct rich r;

	(void)state;
	open_town(&r);
	x = refound_draw_up(&r, r.chain.town.l, two);
	for (unsigned k = 0; k < 2; k++) {
		struct bytes_writer w = BYTES_WRITER_INIT;
		FILE *f;

		x.height = k ? ledger_height(r.chain.town.l) + 5 : 1;
		for (uint16_t i = 0; i < x.n; i++)
			refound_sign(&x, i, town_key(&r.chain.town, x.seat[i]));
		refound_put(&w, &x);
		export_chain(&r, "bundle", true, path);
		assert_int_equal(judge(path, NULL), 0);
		f = fopen(path, "ab");
		assert_non_null(f);
		bundle_put(f, BUNDLE_REFOUND, w.data, (uint32_t)w.len);
		assert_int_equal(fclose(f), 0);
		assert_int_equal(judge(path, NULL), -EBADMSG);
		bytes_writer_close(&w);
	}
	close_town(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(of_no_block),
	    cmocka_unit_test(by_those_who_are_left),
	    cmocka_unit_test(by_too_many),
	    cmocka_unit_test(twice_behind_a_block),
	    cmocka_unit_test(while_members_change),
	    cmocka_unit_test(every_byte),
	    cmocka_unit_test(nobody_is_accused),
	};

	return sign_setup() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
