/*
 * An update in the chain is what the declared training gives on the declared
 * rows, or it is not: the holder of the rows does the training again, from the
 * model that the chain gives, and compares integer by integer. Every block on
 * the way is checked as a validator would.
 */
#include "daemon/trainer/tool.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "consensus/ledger/ledger.h"
#include "consensus/ledger/merge.h"
#include "daemon/trainer/args.h"
#include "daemon/trainer/asset.h"
#include "daemon/trainer/blockfile.h"
#include "daemon/trainer/spending.h"
#include "proto/block.h"

#define PATH_LEN 4096
#define THREADS_MAX 64

struct replay {
	struct blockfile chain;
	struct ledger *ledger;       /* just before the block of the answer */
	struct block *block;         /* the block that holds the answer */
	const struct answer *answer; /* in block */
	struct session session;      /* of the ledger's job */
	const char *data;
	char spent[PATH_LEN]; /* file with the seeds of private noise */
	uint8_t salt[ASSET_SALT_LEN];
	bool salted;
	uint64_t round;
	int64_t *models[BASES_MAX]; /* by age, as far as the ledger's go */
	uint16_t member;
	uint16_t threads;
	bool json;
};

static int
complain(const char *what, const char *why)
{
	fprintf(stderr, "qmltrain: replay: %s: %s\n", what, why);
	return TOOL_FAILED;
}

static const struct answer *
find_answer(const struct block *b, uint16_t member)
{
	uint16_t i;

	for (i = 0; i < b->header.nanswers; i++) {
		if (b->answers[i] && b->answers[i]->member == member)
			return b->answers[i];
	}
	return NULL;
}

static bool
closes_round(const struct block *b, uint64_t round)
{
	return b->header.kind != BLOCK_ORDINARY && b->header.fl_round == round;
}

/* The ledger's model is a new one: kept for those who are late with it. */
static int
keep_model(struct replay *r)
{
	size_t size = ledger_dim(r->ledger) * sizeof(int64_t);
	int64_t *model = malloc(size);

	if (!model)
		return complain("the chain", strerror(ENOMEM));
	memcpy(model, ledger_model(r->ledger), size);
	free(r->models[BASES_MAX - 1]);
	memmove(r->models + 1, r->models,
	    (BASES_MAX - 1) * sizeof(r->models[0]));
	r->models[0] = model;
	return TOOL_DONE;
}

/* Its noise again, which only the owner of the rows can make. */
static int
take_noise(struct replay *r, const struct answer *a)
{
	int rc;

	if (hash_is_zero(&a->seed_commit))
		return TOOL_DONE;
	rc = spending_find(r->spent, &a->seed_commit, r->session.seed);
	if (rc == -ENOENT) {
		fprintf(stderr,
		    "qmltrain: replay: this update has private noise, and %s "
		    "has no seed for it: whether it is what training gives "
		    "cannot be known without\n",
		    r->spent);
		return TOOL_FAILED;
	}
	if (rc < 0)
		return complain(r->spent,
		    rc == -EINVAL ? "a line is damaged" : strerror(-rc));
	r->session.seeded = true;
	r->session.counted = a->rows;
	return TOOL_DONE;
}

/* What the member did for this answer, before its block is applied. */
static int
retrain(struct replay *r, const struct answer *a, struct trainwire_msg *out)
{
	const struct ledger_round *lr = ledger_round(r->ledger);
	const uint64_t used = lr->bases.used[r->member];
	struct merge_asked asked;
	const uint16_t place = ledger_place(r->ledger, r->member, &asked);
	int rc, age = bases_age(&lr->bases, &a->base_model);
	struct trainwire_model m;

	if (age < 0)
		return complain("training", "its model is unknown");
	m = (struct trainwire_model){
	    .round = lr->bases.one[age].round - lr->first,
	    .aggregated = lr->aggregated - (uint64_t)age,
	    .kept = used > 0 ? used - lr->first : 0,
	    .member = r->member,
	    .place = place,
	    .asked = place < asked.n ? asked.n : 0,
	    .faults = asked.faults,
	    .dim = ledger_dim(r->ledger),
	    .model = r->models[age],
	};
	if ((a->flags & ANSWER_STATE_LOST) != 0)
		session_forget(&r->session);
	rc = take_noise(r, a);
	if (rc != TOOL_DONE)
		return rc;
	rc = session_train(&r->session, &m, out);
	if (rc < 0)
		return complain("training", strerror(-rc));
	if (out->type == TRAINWIRE_TRAINED)
		return TOOL_DONE;
	rc = complain("training", out->u.failed.text);
	trainwire_msg_close(out);
	return rc;
}

/* A trainer that keeps a state has it from all its updates on the chain. */
static int
follow(struct replay *r, const struct block *b)
{
	const struct answer *a = find_answer(b, r->member);
	struct trainwire_msg msg;
	int rc;

	if (b->header.kind != BLOCK_AGGREGATE || !a ||
	    a->kind != ANSWER_UPDATE || !r->session.main.keeps)
		return TOOL_DONE;
	rc = retrain(r, a, &msg);
	if (rc == TOOL_DONE)
		trainwire_msg_close(&msg);
	return rc;
}

/* Another job: other sizes, and nothing of the one before. */
static int
enter_job(struct replay *r)
{
	struct session_source source = {
	    .data = r->data,
	    .salt = r->salted ? r->salt : NULL,
	    .threads = r->threads,
	    .show_values = true,
	    .member = true,
	};

	for (int i = 0; i < BASES_MAX; i++) {
		free(r->models[i]);
		r->models[i] = NULL;
	}
	session_close(&r->session);
	r->session = (struct session)SESSION_INIT;
	return tool_open_session(&r->session, ledger_federation(r->ledger),
	    &source, NULL);
}

/* The block is applied: a new model, of a new job or of the same one. */
static int
move_on(struct replay *r, uint64_t first, uint64_t newest)
{
	const struct ledger_round *lr = ledger_round(r->ledger);
	int rc = TOOL_DONE;

	if (lr->first == first && lr->bases.one[0].round == newest)
		return TOOL_DONE;
	if (lr->first != first)
		rc = enter_job(r);
	return rc == TOOL_DONE ? keep_model(r) : rc;
}

/* Applies blocks up to the one that closed the round, and keeps that one. */
static int
walk(struct replay *r)
{
	uint64_t h, head = segments_head(&r->chain.segments);
	char what[64];
	struct block *b;
	int rc = keep_model(r);
	const struct ledger_round *lr;
	uint64_t newest, first;

	for (h = 1; rc == TOOL_DONE && h <= head; h++) {
		snprintf(what, sizeof(what), "block %" PRIu64, h);
		b = blockfile_block(&r->chain, h);
		if (!b)
			return complain(what, "is malformed");
		if (closes_round(b, r->round) &&
		    ledger_check(r->ledger, b) == LEDGER_OK) {
			r->block = b;
			return TOOL_DONE;
		}
		lr = ledger_round(r->ledger);
		newest = lr->bases.one[0].round;
		first = lr->first;
		rc = follow(r, b);
		if (rc == TOOL_DONE && ledger_apply(r->ledger, b) < 0)
			rc = complain(what, "does not follow the rules");
		if (rc == TOOL_DONE)
			rc = move_on(r, first, newest);
		block_free(b);
	}
	if (rc != TOOL_DONE)
		return rc;
	fprintf(stderr,
	    "qmltrain: replay: no block of this chain (height "
	    "%" PRIu64 ") closes round %" PRIu64 "\n",
	    head, r->round);
	return TOOL_NOT_FOUND;
}

/* NAME, or an index as in `qmlctl members`. */
static int
find_member(struct replay *r, const char *text)
{
	const uint64_t range[2] = {0, FEDERATION_MAX_MEMBERS - 1};
	uint64_t n = 0;

	if (strspn(text, "0123456789") != strlen(text))
		return blockfile_seat(&r->chain, text, &r->member);
	if (args_number("member", text, range, &n) < 0)
		return TOOL_NOT_FOUND;
	r->member = (uint16_t)n;
	return TOOL_DONE;
}

static int
pick_answer(struct replay *r)
{
	const struct answer *a = find_answer(r->block, r->member);

	if (!a || a->kind != ANSWER_UPDATE) {
		fprintf(stderr,
		    "qmltrain: replay: member %u has no update in "
		    "round %" PRIu64 "\n",
		    (unsigned)r->member, r->round);
		return TOOL_NOT_FOUND;
	}
	if (!(a->flags & ANSWER_REPLAYABLE))
		return complain("this update",
		    "does not claim to be replayable (launcher)");
	r->answer = a;
	return TOOL_DONE;
}

static uint32_t
first_difference(const struct answer *a, const struct trainwire_trained *t)
{
	uint32_t i = 0;

	while (i < a->dim && a->delta[i] == t->delta[i])
		i++;
	return i;
}

static void
print_json(const struct replay *r, const struct trainwire_trained *t,
    bool same_rows)
{
	const struct answer *a = r->answer;
	uint32_t i = first_difference(a, t);

	printf("{\"confirmed\":%s,\"round\":%" PRIu64 ",\"member\":%u,"
	       "\"dim\":%u,\"rows_match\":%s,\"first_difference\":",
	    i == a->dim && same_rows ? "true" : "false", r->round,
	    (unsigned)r->member, (unsigned)a->dim,
	    !r->salted      ? "null"
		: same_rows ? "true"
			    : "false");
	if (i < a->dim)
		printf("{\"parameter\":%u,\"chain\":%" PRId64
		       ",\"rows\":%" PRId64 "}",
		    (unsigned)i, a->delta[i], t->delta[i]);
	else
		printf("null");
	printf("}\n");
}

static void
print_text(const struct replay *r, const struct trainwire_trained *t,
    bool same_rows)
{
	const struct answer *a = r->answer;
	uint32_t i = first_difference(a, t);

	if (!r->salted)
		printf("The rows were not compared with the committed ones: "
		       "give --salt for that.\n");
	else if (!same_rows)
		printf("The rows are not the ones that member %u committed "
		       "to: the data asset differs.\n",
		    (unsigned)r->member);
	if (a->rows != t->rows)
		printf("The update names %u rows, here are %u.\n",
		    (unsigned)a->rows, (unsigned)t->rows);
	if (i < a->dim)
		printf("different: parameter %u of %u is %" PRId64 " in the "
		       "chain, training on these rows gives %" PRId64 ".\n",
		    (unsigned)i, (unsigned)a->dim, a->delta[i], t->delta[i]);
	else if (same_rows)
		printf("confirmed: round %" PRIu64 ", member %u: all %u "
		       "parameters of the update are what training on these "
		       "rows gives.\n",
		    r->round, (unsigned)r->member, (unsigned)a->dim);
	else
		printf("All %u parameters agree all the same.\n",
		    (unsigned)a->dim);
}

static int
compare(struct replay *r)
{
	struct trainwire_msg msg;
	bool same_rows, same;
	int rc;

	rc = retrain(r, r->answer, &msg);
	if (rc != TOOL_DONE)
		return rc;
	same_rows = !r->salted ||
	    hash_equal(&r->session.data_asset, &r->answer->data_asset);
	same = first_difference(r->answer, &msg.u.trained) == r->answer->dim &&
	    r->answer->rows == msg.u.trained.rows &&
	    hash_equal(&r->answer->trainer_state, &msg.u.trained.trainer_state);
	if (r->json)
		print_json(r, &msg.u.trained, same_rows);
	else
		print_text(r, &msg.u.trained, same_rows);
	trainwire_msg_close(&msg);
	return same && same_rows ? TOOL_DONE : TOOL_DIFFERS;
}

/* 32 bytes, or their 64 hex digits on a line. */
static int
load_salt(struct replay *r, const char *path)
{
	uint8_t *data;
	struct hash h;
	size_t len;
	int rc;

	rc = tool_load_file(path, 128, &data, &len);
	if (rc != TOOL_DONE)
		return rc;
	if (len == ASSET_SALT_LEN) {
		memcpy(r->salt, data, len);
		r->salted = true;
	} else if (len >= 2 * HASH_LEN) {
		data[2 * HASH_LEN] = '\0';
		r->salted = hash_from_hex((char *)data, &h) == 0;
		memcpy(r->salt, h.b, sizeof(r->salt));
	}
	free(data);
	return r->salted ? TOOL_DONE
			 : complain(path, "want 32 bytes or 64 hex digits");
}

static int
run(struct replay *r, const char *data, const char *member)
{
	int rc;

	r->data = data;

	rc = blockfile_ledger(&r->chain, &r->ledger);
	if (rc == TOOL_DONE)
		rc = find_member(r, member);
	if (rc == TOOL_DONE)
		rc = enter_job(r);
	if (rc == TOOL_DONE)
		rc = walk(r);
	if (rc == TOOL_DONE)
		rc = pick_answer(r);
	return rc == TOOL_DONE ? compare(r) : rc;
}

int
tool_replay(int argc, char **argv)
{
	const char *home = NULL, *chain = NULL, *data = NULL, *salt = NULL;
	const char *round = NULL, *member = NULL, *threads = NULL;
	const char *spent = NULL;
	struct replay r = {
	    .chain = BLOCKFILE_INIT,
	    .session = SESSION_INIT,
	};
	const struct args_option options[] = {
	    {"home", &home, NULL, false},
	    {"chain", &chain, NULL, false},
	    {"data", &data, NULL, true},
	    {"salt", &salt, NULL, false},
	    {"spent", &spent, NULL, false},
	    {"round", &round, NULL, true},
	    {"member", &member, NULL, true},
	    {"threads", &threads, NULL, false},
	    {"json", NULL, &r.json, false},
	};
	const uint64_t rounds[2] = {0, UINT32_MAX};
	const uint64_t range[2] = {1, THREADS_MAX};
	char own[PATH_LEN];
	uint64_t n = 1;
	int rc;

	if (args_parse(argc, argv, options,
		sizeof(options) / sizeof(options[0])) < 0 ||
	    args_number("round", round, rounds, &r.round) < 0 ||
	    args_number("threads", threads, range, &n) < 0)
		return TOOL_USAGE;
	if (!home == !chain) {
		fprintf(stderr,
		    "qmltrain: replay: want --home DIR or --chain "
		    "DIR\n");
		return TOOL_USAGE;
	}
	r.threads = (uint16_t)n;
	snprintf(r.spent, sizeof(r.spent), "%.4000s%s", spent ? spent : data,
	    spent ? "" : ".spent");
	if (!salt && home) {
		snprintf(own, sizeof(own), "%s/data.salt", home);
		salt = own;
	}
	rc = salt ? load_salt(&r, salt) : TOOL_DONE;
	if (rc == TOOL_DONE)
		rc = blockfile_open(&r.chain, home, chain);
	if (rc == TOOL_DONE)
		rc = run(&r, data, member);
	for (int age = 0; age < BASES_MAX; age++)
		free(r.models[age]);
	block_free(r.block);
	ledger_free(r.ledger);
	session_close(&r.session);
	blockfile_close(&r.chain);
	return rc;
}
