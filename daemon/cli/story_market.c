/*
 * story_market.c - the steps of the story between order and dossier: training,
 * pay, consent, votes, versions. Each proves what it says.
 */
#include <inttypes.h>
#include <string.h>

#include "daemon/cli/cli.h"
#include "daemon/cli/story.h"
#include "daemon/cli/story_rows.h"

#define WATCHED_ROUNDS 8 /* of the order, before anything else happens */
#define VALUED 4         /* rounds, before pay is looked at */
#define UNITS 1000000.0  /* a token */
#define OWNER 1          /* of the version in the end */

/* 4: training with privacy */

static bool
watched_enough(struct story *s)
{
	struct jv *rows = story_rows(s, BUYER, "orders");
	const struct jv *o = story_find(rows, "id", s->order);
	bool enough = jv_int(jv_get(o, "rounds_run"), 0) >= WATCHED_ROUNDS;

	s->failed = s->failed || rows == NULL;
	jv_free(rows);
	return enough;
}

int
story_train(struct story *s)
{
	struct jv *v;
	const struct jv *a;
	double spent;
	int rc = story_wait(s, "rounds of the order", watched_enough);

	v = rc == CLI_OK ? story_ctl(s, BUYER, WORDS("privacy")) : NULL;
	if (v == NULL)
		return rc != CLI_OK ? rc : CLI_FAILED;
	a = story_find(jv_get(v, "assets"), "id", s->asset[BUYER]);
	spent = jv_real(jv_get(a, "spent"), -1);
	if (spent <= 0 || spent >= 8)
		rc = story_fail(s, "%.3f of epsilon 8 spent", spent);
	else
		story_say(s,
		    "%d rounds: every row's gradient clipped, rows drawn by "
		    "coins, discrete Gaussian\n    noise added. Of epsilon 8 "
		    "the ledger and the trainer count %.2f as spent.",
		    WATCHED_ROUNDS, spent);
	jv_free(v);
	return rc;
}

/* 5 and 6: what it was worth */

static bool
some_settled(struct story *s)
{
	struct jv *params = jv_object(), *v;
	bool some;

	jv_put_integer(params, "n", 100);
	v = story_rpc(s, BUYER, "worth", params);
	some = jv_len(jv_get(v, "rounds")) >= VALUED;
	s->failed = s->failed || v == NULL;
	jv_free(v);
	return some;
}

/* What a member was paid as contributor; *n rounds with its update. */
static int64_t
earned(const struct jv *rounds, const char *member, int64_t *n)
{
	int64_t sum = 0;

	*n = 0;
	for (size_t i = 0; i < jv_len(rounds); i++) {
		const struct jv *p =
		    story_find(jv_get(jv_at(rounds, i), "members"), "member",
			member);

		if (p == NULL)
			continue;
		sum += jv_int(jv_get(p, "units"), 0);
		++*n;
	}
	return sum;
}

int
story_pay(struct story *s)
{
	struct jv *v;
	const struct jv *rounds;
	int64_t n, units;
	int rc = story_wait(s, "valued rounds", some_settled);

	v = rc == CLI_OK ? story_ctl(s, BUYER, WORDS("worth", "-n", "100"))
			 : NULL;
	if (v == NULL)
		return rc != CLI_OK ? rc : CLI_FAILED;
	rounds = jv_get(v, "rounds");
	story_say(s,
	    "Every validator tries all coalitions on a public shard "
	    "that was sealed until then;\n    the median of what they "
	    "sign is paid by Shapley value:");
	for (unsigned i = 0; i < STORY_NODES; i++) {
		const char *who = s->d->nodes[i].name;

		units = earned(rounds, who, &n);
		story_say(s, "%-6s %12.6f tokens in %" PRId64 " rounds", who,
		    (double)units / UNITS, n);
		story_fact(s, who, units);
		if (i != POISONER && (n == 0 || units == 0))
			rc = story_fail(s, "%s earned nothing", who);
	}
	jv_free(v);
	return rc;
}

int
story_poison(struct story *s)
{
	const char *who = s->d->nodes[POISONER].name;
	struct jv *v = story_ctl(s, POISONER, WORDS("worth", "-n", "100"));
	int64_t n, units;

	if (v == NULL)
		return CLI_FAILED;
	units = earned(jv_get(v, "rounds"), who, &n);
	jv_free(v);
	story_fact(s, "rounds", n);
	story_fact(s, "units", units);
	if (n == 0 || units != 0)
		return story_fail(s,
		    "%s earned %" PRId64 " units in %" PRId64 " rounds", who,
		    units, n);
	story_say(s,
	    "%s sent its update in %" PRId64 " valued rounds and earned 0: "
	    "with it the model was worse.",
	    who, n);
	return CLI_OK;
}

/* 7: consent ends */

static bool
rounds_after(struct story *s)
{
	struct jv *params = jv_object(), *v;
	const struct jv *rounds;
	unsigned after = 0;

	jv_put_integer(params, "n", 50);
	v = story_rpc(s, BUYER, "rounds", params);
	rounds = jv_get(v, "rounds");
	for (size_t i = 0; i < jv_len(rounds); i++)
		after +=
		    jv_int(jv_get(jv_at(rounds, i), "height"), 0) > s->left_at;
	s->failed = s->failed || v == NULL;
	jv_free(v);
	return after >= 4;
}

int
story_leave(struct story *s)
{
	struct jv *sent =
	    story_ctl(s, LEAVER, WORDS("data", "withdraw", s->asset[LEAVER]));
	struct jv *params, *v;
	const struct jv *rounds, *part;
	int64_t number, seen = 0;
	int rc = sent != NULL ? CLI_OK : CLI_FAILED;

	s->left_at = jv_int(jv_get(sent, "height"), 0);
	jv_free(sent);
	if (rc == CLI_OK)
		rc = story_wait(s, "rounds after it", rounds_after);
	if (rc != CLI_OK)
		return rc;
	params = jv_object();
	jv_put_integer(params, "n", 50);
	v = story_rpc(s, BUYER, "rounds", params);
	rounds = jv_get(v, "rounds");
	for (size_t i = 0; i < jv_len(rounds) && rc == CLI_OK; i++) {
		struct jv *one;

		if (jv_int(jv_get(jv_at(rounds, i), "height"), 0) <= s->left_at)
			continue;
		/* The round that was open then had its data already. */
		if (seen++ == 0)
			continue;
		number = jv_int(jv_get(jv_at(rounds, i), "round"), 0);
		params = jv_object();
		jv_put_integer(params, "n", number);
		one = story_rpc(s, BUYER, "round", params);
		part = story_find(jv_get(one, "parts"), "member",
		    s->d->nodes[LEAVER].name);
		if (one == NULL || jv_true(jv_get(part, "update")))
			rc = story_fail(s,
			    "%s is in round %" PRId64 " all the same",
			    s->d->nodes[LEAVER].name, number);
		jv_free(one);
	}
	jv_free(v);
	if (rc == CLI_OK)
		story_say(s,
		    "From the next round on nothing of %s counts: %" PRId64
		    " rounds looked at. The model\n    that its rows helped to "
		    "make is marked.",
		    s->d->nodes[LEAVER].name, seen - 1);
	return rc;
}

/* 8: a vote */

static bool
changed_everywhere(struct story *s)
{
	unsigned n = 0;

	for (unsigned i = 0; i < STORY_NODES && !s->failed; i++)
		n += story_number(s, i, "params", "collect") == 30000;
	return n == STORY_NODES;
}

int
story_vote(struct story *s)
{
	char id[24];
	struct jv *rows;
	int rc = story_do(s, BUYER,
	    WORDS("proposal", "new", "param", "more time to answer", "--set",
		"collect=30s"));

	rows = rc == CLI_OK ? story_rows(s, BUYER, "proposals") : NULL;
	if (rows == NULL)
		return CLI_FAILED;
	snprintf(id, sizeof(id), "%" PRId64,
	    jv_int(jv_get(jv_at(rows, jv_len(rows) - 1), "id"), 0));
	jv_free(rows);
	for (unsigned i = 0; i < STORY_NODES && rc == CLI_OK; i++)
		rc = story_do(s, i,
		    WORDS("proposal", "vote", id,
			i == POISONER ? "no" : "yes"));
	if (rc == CLI_OK)
		rc = story_wait(s, "the vote's effect", changed_everywhere);
	if (rc == CLI_OK)
		story_say(s,
		    "3 of 4 said yes; after its time lock all four "
		    "nodes collect answers for 30 s, not 20.");
	return rc;
}

/* 9: a version is somebody's */

static bool
order_over(struct story *s)
{
	struct jv *rows = story_rows(s, BUYER, "orders");
	const struct jv *o = story_find(rows, "id", s->order);
	bool over = strcmp(jv_text(jv_get(o, "state"), ""), "done") == 0;

	s->failed = s->failed || rows == NULL;
	jv_free(rows);
	return over;
}

/* What the version is good for, whatever that is: the owner tries it. */
static int
try_version(struct story *s)
{
	char rows[DEMO_PATH_LEN], said[DEMO_PATH_LEN];
	struct story_score n;
	int rc;

	demo_path(rows, s->d->rows, "judge.csv");
	demo_path(said, s->d->home, "guesses.csv");
	rc = story_run(s, OWNER,
	    WORDS("model", "predict", rows, "--version", s->token, "-o", said));
	if (rc != CLI_OK)
		return rc;
	rc = story_rows_score(rows, said, &n);
	if (rc < 0)
		return story_fail(s, "%s: %s", said, strerror(-rc));
	story_fact(s, "rows", (int64_t)n.rows);
	story_fact(s, "accuracy_ppm", (int64_t)(n.right * 1000000 / n.rows));
	story_fact(s, "commonest_ppm",
	    (int64_t)(n.commonest * 1000000 / n.rows));
	story_say(s,
	    "Of %zu rows that nobody trained on or was valued by it says "
	    "%zu right, %.1f %%;\n    always the commonest class: %.1f %%%s.",
	    n.rows, n.right, 100.0 * (double)n.right / (double)n.rows,
	    100.0 * (double)n.commonest / (double)n.rows,
	    n.right > n.commonest ? "" : ", so it learnt nothing of use");
	return CLI_OK;
}

int
story_version(struct story *s)
{
	const char *to = s->d->nodes[OWNER].name;
	struct jv *rows;
	const struct jv *t;
	int rc = story_wait(s, "the end of the order", order_over);

	rows = rc == CLI_OK ? story_rows(s, BUYER, "tokens") : NULL;
	if (rows == NULL)
		return rc != CLI_OK ? rc : CLI_FAILED;
	t = jv_at(rows, jv_len(rows) - 1);
	snprintf(s->token, sizeof(s->token), "%s",
	    jv_text(jv_get(t, "id"), ""));
	if (!jv_true(jv_get(t, "uses_withdrawn_data")))
		rc = story_fail(s, "the version is not marked, though %s left",
		    s->d->nodes[LEAVER].name);
	jv_free(rows);
	if (rc == CLI_OK)
		rc = story_do(s, BUYER,
		    WORDS("model", "transfer", s->token, to));
	if (rc == CLI_OK)
		rc = story_refused(s, BUYER,
		    WORDS("model", "transfer", s->token, to), "owner");
	if (rc == CLI_OK)
		story_say(s,
		    "The finished job minted it; %s owns it now, and the "
		    "buyer cannot sell it twice.",
		    to);
	return rc == CLI_OK ? try_version(s) : rc;
}
