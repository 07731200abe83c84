/*
 * A chain whose updates were really trained, and qmltrain replay on it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "consensus/chain/disk_posix.h"
#include "consensus/chain/segments.h"
#include "consensus/ledger/ledger.h"
#include "daemon/trainer/session.h"
#include "proto/q24.h"
#include "tests/daemon/trainer_fixture.h"

#define MEMBERS 4
#define ROUNDS 3
#define LIAR 3 /* adds one unit to one parameter in the last round */
#define LIE_AT 17
#define IRIS "tests/data/datasets/iris.csv"

/* A federation with its rows, keys and growing chain. */
struct village {
	struct federation f;
	struct hash fid;
	struct sign_key *keys[MEMBERS];
	struct session sessions[MEMBERS];
	struct ledger *ledger;
	struct disk_posix disk;
	struct segments log;
	struct answer *answers[MEMBERS];
	struct attest attests[MEMBERS];
	const struct attest *given[MEMBERS];
	struct commit commit;
	bool has_commit;
	uint64_t now_ms;
};

static char dir[FIXTURE_PATH_LEN];
static const uint8_t salt[32] = {0xab, 0xcd};
static struct village v;

static const char *
in_dir(const char *name)
{
	static char path[4][FIXTURE_PATH_LEN + 64];
	static unsigned turn;
	char *p = path[turn++ % 4];

	snprintf(p, sizeof(path[0]), "%s/%s", dir, name);
	return p;
}

static void
open_members(void)
{
	struct session_source source = {.salt = salt};
	char name[32], err[TABLE_ERR_LEN];
	uint16_t i;

	for (i = 0; i < MEMBERS; i++) {
		snprintf(name, sizeof(name), "rows/node%u.csv", i);
		source.data = in_dir(name);
		v.keys[i] = fixture_key(&v.f, i);
		assert_int_equal(session_open(&v.sessions[i], &v.f, &source,
				     NULL, err),
		    0);
	}
}

static void
open_chain(void)
{
	struct bytes_writer w = BYTES_WRITER_INIT;

	federation_put(&w, &v.f);
	assert_int_equal(federation_id(&v.f, &v.fid), 0);
	assert_int_equal(ledger_new(&v.f, &v.ledger), 0);
	assert_int_equal(disk_posix_open(&v.disk, dir), 0);
	assert_int_equal(segments_create(&v.disk.disk, SEGMENTS_DIR, &v.fid,
			     w.data, (uint32_t)w.len),
	    0);
	assert_int_equal(segments_open(&v.log, &v.disk.disk, SEGMENTS_DIR,
			     SEGMENTS_REPAIR, NULL),
	    0);
	bytes_writer_close(&w);
}

/* What a node makes of its trainer's answer. */
static struct answer *
answer_of(uint16_t i)
{
	const struct ledger_round *r = ledger_round(v.ledger);
	struct trainwire_model m = {.round = r->number,
	    .member = i,
	    .dim = ledger_dim(v.ledger)};
	const struct trainwire_trained *t;
	struct trainwire_msg out;
	struct answer *a = answer_new(m.dim);

	assert_non_null(a);
	m.model = calloc(m.dim, sizeof(*m.model));
	assert_non_null(m.model);
	memcpy(m.model, ledger_model(v.ledger), m.dim * sizeof(*m.model));
	assert_int_equal(session_train(&v.sessions[i], &m, &out), 0);
	assert_int_equal(out.type, TRAINWIRE_TRAINED);
	t = &out.u.trained;
	a->kind = ANSWER_UPDATE;
	a->flags = t->flags;
	a->member = i;
	a->job = r->job;
	a->round = r->number;
	a->base_model = r->base_model;
	a->data_asset = v.sessions[i].data_asset;
	a->clip_q24 = (uint64_t)ledger_clip_q24(v.ledger);
	a->rows = t->rows;
	a->correct = t->correct;
	a->loss_before_q24 = t->loss_before_q24;
	a->loss_after_q24 = t->loss_after_q24;
	memcpy(a->delta, t->delta, m.dim * sizeof(*a->delta));
	if (i == LIAR && r->number == ROUNDS - 1)
		a->delta[LIE_AT]++;
	answer_sign(a, v.keys[i], &v.fid);
	trainwire_msg_close(&out);
	free(m.model);
	return a;
}

static void
attest_all(uint16_t i)
{
	struct attest *a = &v.attests[i];
	uint16_t k;

	*a = (struct attest){
	    .job = ledger_round(v.ledger)->job,
	    .round = ledger_round(v.ledger)->number,
	    .seq = 1,
	    .validator = i,
	};
	for (k = 0; k < MEMBERS; k++) {
		a->member[a->nheld] = k;
		a->held[a->nheld++] = v.answers[k]->id;
	}
	attest_sign(a, v.keys[i], &v.fid);
	v.given[i] = a;
}

static struct answer *
find(void *arg, const struct hash *id)
{
	uint16_t i;

	(void)arg;
	for (i = 0; i < MEMBERS; i++) {
		if (hash_equal(&v.answers[i]->id, id))
			return v.answers[i];
	}
	return NULL;
}

static void
certify(const struct block *b)
{
	struct vote vote = {
	    .type = VOTE_PRECOMMIT,
	    .height = b->header.height,
	    .block = b->id,
	};

	v.commit = (struct commit){.height = vote.height, .block = b->id};
	for (vote.validator = 0; vote.validator < MEMBERS; vote.validator++) {
		vote_sign(&vote, v.keys[vote.validator], &v.fid);
		v.commit.validators[v.commit.nsigs] = vote.validator;
		v.commit.sigs[v.commit.nsigs++] = vote.sig;
	}
	v.has_commit = true;
}

static void
append(const struct block *b)
{
	struct bytes_writer w = BYTES_WRITER_INIT;

	block_put_full(&w, b);
	commit_put(&w, &v.commit);
	assert_int_equal(w.error, 0);
	assert_int_equal(segments_append(&v.log, &b->id, w.data,
			     (uint32_t)w.len),
	    0);
	bytes_writer_close(&w);
}

static void
run_round(void)
{
	struct ledger_inputs in = {.find = find, .attests = v.given};
	struct block *b = NULL;
	struct hash missing;
	uint16_t i;

	for (i = 0; i < MEMBERS; i++)
		v.answers[i] = answer_of(i);
	for (i = 0; i < MEMBERS; i++)
		attest_all(i);
	v.now_ms += 1000;
	in.now_ms = v.now_ms;
	in.proposer = ledger_proposer(v.ledger, 0);
	in.last_commit = v.has_commit ? &v.commit : NULL;
	assert_int_equal(ledger_build(v.ledger, &in, &b, &missing), 0);
	assert_int_equal(b->header.kind, BLOCK_AGGREGATE);
	assert_int_equal(ledger_apply(v.ledger, b), 0);
	certify(b);
	append(b);
	block_free(b);
	for (i = 0; i < MEMBERS; i++)
		answer_unref(v.answers[i]);
}

static int
setup(void **state)
{
	const char *split[] = {"split", "--data", IRIS, "--out", NULL, NULL};
	char out[4096];
	uint16_t i;

	(void)state;
	fixture_make_dir(dir);
	split[4] = in_dir("rows");
	assert_int_equal(fixture_run(split, out, sizeof(out)), 0);
	v.f = fixture_federation(IRIS, MEMBERS, 2);
	v.f.job.rounds = ROUNDS;
	v.now_ms = v.f.founded_ms;
	v.log = SEGMENTS_INIT;
	open_members();
	open_chain();
	for (i = 0; i < ROUNDS; i++)
		run_round();
	segments_close(&v.log);
	return 0;
}

static int
teardown(void **state)
{
	uint16_t i;

	(void)state;
	for (i = 0; i < MEMBERS; i++) {
		session_close(&v.sessions[i]);
		sign_key_free(v.keys[i]);
	}
	ledger_free(v.ledger);
	disk_posix_close(&v.disk);
	federation_close(&v.f);
	fixture_remove_dir(dir);
	return 0;
}

struct question {
	const char *rows;
	const char *round;
	const char *member;
	const char *more; /* another flag, or NULL */
};

static int
replay(struct question q, char *out, size_t size)
{
	const char *argv[] = {"replay", "--home", dir, "--data", in_dir(q.rows),
	    "--round", q.round, "--member", q.member, q.more, NULL};

	return fixture_run(argv, out, size);
}

static void
write_salt(uint8_t first)
{
	char hex[65];
	size_t i;

	for (i = 0; i < 32; i++)
		snprintf(hex + 2 * i, 3, "%02x", i ? salt[i] : first);
	fixture_write(in_dir("data.salt"), hex);
}

static void
test_confirmed(void **state)
{
	char round[2] = "0", rows[] = "rows/node0.csv", member[2] = "0";
	char out[1024], want[256];
	int i, r;

	(void)state;
	write_salt(salt[0]);
	for (r = 0; r < ROUNDS; r++) {
		for (i = 0; i < MEMBERS; i++) {
			if (i == LIAR && r == ROUNDS - 1)
				continue;
			round[0] = (char)('0' + r);
			member[0] = rows[9] = (char)('0' + i);
			assert_int_equal(replay((struct question){rows, round,
						    member, NULL},
					     out, sizeof(out)),
			    0);
			snprintf(want, sizeof(want),
			    "confirmed: round %d, "
			    "member %d: all %u parameters of the update "
			    "are what training on these rows gives.\n",
			    r, i, (unsigned)v.f.job.dim);
			assert_string_equal(out, want);
		}
	}
	assert_int_equal(replay((struct question){"rows/node0.csv", "1",
				    v.f.members[0].name, "--threads=3"},
			     out, sizeof(out)),
	    0);
}

static void
test_liar(void **state)
{
	char out[1024], want[64];

	(void)state;
	write_salt(salt[0]);
	assert_int_equal(replay((struct question){"rows/node3.csv", "2", "3",
				    NULL},
			     out, sizeof(out)),
	    8);
	snprintf(want, sizeof(want), "different: parameter %d of ", LIE_AT);
	assert_memory_equal(out, want, strlen(want));
}

/* Changes the first cell of row n of the file into another one. */
static void
change_cell(const char *from, const char *to)
{
	char text[8192], changed[8192], *line;
	FILE *f = fopen(in_dir(from), "r");
	size_t n, head;
	int i;

	assert_non_null(f);
	n = fread(text, 1, sizeof(text) - 1, f);
	fclose(f);
	text[n] = '\0';
	for (line = text, i = 0; i < 6; i++)
		line = strchr(line, '\n') + 1;
	head = (size_t)(line - text);
	snprintf(changed, sizeof(changed), "%.*s4.45%s", (int)head, text,
	    strchr(line, ','));
	assert_string_not_equal(changed, text);
	fixture_write(in_dir(to), changed);
}

static void
test_changed_cell(void **state)
{
	char out[1024];

	(void)state;
	write_salt(salt[0]);
	change_cell("rows/node1.csv", "rows/changed.csv");
	assert_int_equal(replay((struct question){"rows/changed.csv", "1", "1",
				    NULL},
			     out, sizeof(out)),
	    8);
	assert_non_null(strstr(out,
	    "The rows are not the ones that member 1 "
	    "committed to: the data asset differs.\n"
	    "different: parameter "));
	assert_int_equal(replay((struct question){"rows/changed.csv", "1", "1",
				    "--json"},
			     out, sizeof(out)),
	    8);
	assert_non_null(strstr(out, "\"confirmed\":false"));
	assert_non_null(strstr(out,
	    "\"rows_match\":false,"
	    "\"first_difference\":{\"parameter\":"));
	/* The right rows under another salt. */
	write_salt(1);
	assert_int_equal(replay((struct question){"rows/node1.csv", "1", "1",
				    NULL},
			     out, sizeof(out)),
	    8);
	assert_non_null(strstr(out, "parameters agree all the same"));
}

static void
test_not_found(void **state)
{
	char out[1024];
	const char *argv[] = {"replay", "--chain", in_dir("nochain"), "--data",
	    in_dir("rows/node0.csv"), "--round", "0", "--member", "0", NULL};

	(void)state;
	write_salt(salt[0]);
	assert_int_equal(replay((struct question){"rows/node0.csv", "7", "0",
				    NULL},
			     out, sizeof(out)),
	    5);
	assert_non_null(strstr(out, "closes round 7"));
	assert_int_equal(replay((struct question){"rows/node0.csv", "0",
				    "nobody", NULL},
			     out, sizeof(out)),
	    5);
	assert_non_null(strstr(out, "no member has this name: nobody"));
	assert_int_equal(fixture_run(argv, out, sizeof(out)), 5);
}

/* Without --home there is no salt at hand; that is said. */
static void
test_chain_only(void **state)
{
	const char *argv[] = {"replay", "--chain", in_dir("chain/"), "--data",
	    in_dir("rows/node0.csv"), "--round", "0", "--member", "0", NULL};
	char out[1024];

	(void)state;
	assert_int_equal(fixture_run(argv, out, sizeof(out)), 0);
	assert_non_null(strstr(out, "give --salt for that.\nconfirmed: "));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_confirmed),
	    cmocka_unit_test(test_liar),
	    cmocka_unit_test(test_changed_cell),
	    cmocka_unit_test(test_not_found),
	    cmocka_unit_test(test_chain_only),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
