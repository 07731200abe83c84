#include "daemon/cli/card.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "daemon/cli/fairness.h"

static const char *
text_of(const struct jv *o, const char *key)
{
	return jv_text(jv_get(o, key), "");
}

static int64_t
number_of(const struct jv *o, const char *key)
{
	return jv_int(jv_get(o, key), 0);
}

static struct jv *
fraction_json(struct fraction f)
{
	struct jv *o = jv_object();
	char text[48];

	snprintf(text, sizeof(text), "%" PRIu64 "/%" PRIu64, f.num, f.den);
	jv_put_string(o, "exact", text);
	jv_put_integer(o, "ppm",
	    (int64_t)((double)f.num / (double)f.den * 1000000 + 0.5));
	return o;
}

static struct jv *
ratio(int64_t num, int64_t den)
{
	return den > 0
	    ? fraction_json(fraction_of((uint64_t)num, (uint64_t)den))
	    : jv_null();
}

static int64_t
cell(const struct jv *confusion, size_t is, size_t said)
{
	return jv_int(jv_at(jv_at(confusion, is), said), 0);
}

/* One class against all others. */
static struct fairness_group
against(const struct jv *confusion, size_t k)
{
	const size_t n = jv_len(confusion);
	struct fairness_group g = {0};

	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < n; j++) {
			const uint64_t c = (uint64_t)cell(confusion, i, j);

			if (i == k)
				*(j == k ? &g.tp : &g.fn) += c;
			else
				*(j == k ? &g.fp : &g.tn) += c;
		}
	return g;
}

static struct jv *
class_json(const struct jv *score, size_t k)
{
	const struct fairness_group g = against(jv_get(score, "confusion"), k);
	struct jv *o = jv_object();

	jv_put_string(o, "class",
	    jv_text(jv_at(jv_get(score, "labels"), k), ""));
	if (g.tp + g.fn < CARD_ROWS_MIN) {
		jv_put_boolean(o, "suppressed", true);
		return o;
	}
	jv_put_integer(o, "rows", (int64_t)(g.tp + g.fn));
	jv_put(o, "recall", ratio((int64_t)g.tp, (int64_t)(g.tp + g.fn)));
	jv_put(o, "precision", ratio((int64_t)g.tp, (int64_t)(g.tp + g.fp)));
	return o;
}

static struct jv *
metrics_json(const struct jv *score)
{
	struct jv *o = jv_object(), *classes = jv_array();

	jv_put_integer(o, "rows", number_of(score, "rows"));
	jv_put(o, "accuracy",
	    ratio(number_of(score, "correct"), number_of(score, "rows")));
	if (jv_get(score, "control_correct") != NULL)
		jv_put(o, "control_accuracy",
		    ratio(number_of(score, "control_correct"),
			number_of(score, "rows")));
	for (size_t k = 0; k < jv_len(jv_get(score, "confusion")); k++)
		jv_add(classes, class_json(score, k));
	jv_put(o, "classes", classes);
	return o;
}

#define GROUPS_MAX 32

/* Of one class: both gaps, where enough groups have rows. */
static struct jv *
gaps_json(const struct jv *score, size_t k)
{
	const struct jv *groups = jv_get(score, "groups");
	struct fairness_group g[GROUPS_MAX];
	struct jv *o = jv_object();
	struct fraction gap;
	size_t n = 0;

	for (size_t i = 0; i < jv_len(groups) && n < GROUPS_MAX; i++)
		if (!jv_true(jv_get(jv_at(groups, i), "suppressed")))
			g[n++] =
			    against(jv_get(jv_at(groups, i), "confusion"), k);
	jv_put_string(o, "class",
	    jv_text(jv_at(jv_get(score, "labels"), k), ""));
	if (fairness_parity(g, n, &gap))
		jv_put(o, "demographic_parity", fraction_json(gap));
	if (fairness_odds(g, n, &gap))
		jv_put(o, "equalised_odds", fraction_json(gap));
	return o;
}

static struct jv *
fairness_json(const struct jv *score)
{
	const struct jv *groups = jv_get(score, "groups");
	struct jv *o = jv_object(), *list = jv_array(), *gaps = jv_array();
	bool hidden = false;

	/* The sizes of all others and of the whole would give it away. */
	for (size_t i = 0; i < jv_len(groups); i++)
		hidden |= jv_true(jv_get(jv_at(groups, i), "suppressed"));
	for (size_t i = 0; i < jv_len(groups); i++) {
		const struct jv *g = jv_at(groups, i);
		struct jv *e = jv_object();

		jv_put_string(e, "group", text_of(g, "group"));
		if (jv_true(jv_get(g, "suppressed")))
			jv_put_boolean(e, "suppressed", true);
		else if (!hidden)
			jv_put_integer(e, "rows", number_of(g, "rows"));
		jv_add(list, e);
	}
	for (size_t k = 0; k < jv_len(jv_get(score, "confusion")); k++)
		jv_add(gaps, gaps_json(score, k));
	jv_put_integer(o, "rows_min", FAIRNESS_ROWS_MIN);
	jv_put(o, "groups", list);
	jv_put(o, "gaps", gaps);
	return o;
}

/* Members of a job with noise say nothing of how the model does. */
static bool
is_private(const struct jv *version)
{
	return jv_true(jv_get(jv_get(version, "job"), "private"));
}

/* The control arm beside it: on the file, else on the members' rows. */
static struct jv *
control_json(const struct jv *version, const struct jv *score)
{
	const struct jv *last = jv_at(jv_get(version, "last"), 0);
	const bool valid = number_of(last, "valid_rows") > 0;
	struct jv *o = jv_object();
	int64_t ours, theirs, rows;

	if (jv_get(score, "control_correct") == NULL && is_private(version)) {
		jv_put_string(o, "on", "nothing: the job adds noise");
		jv_put_integer(o, "rows", 0);
		jv_put_string(o, "ahead", "not known");
		return o;
	}
	if (jv_get(score, "control_correct") != NULL) {
		jv_put_string(o, "on", "the file");
		rows = number_of(score, "rows");
		ours = number_of(score, "correct");
		theirs = number_of(score, "control_correct");
	} else {
		jv_put_string(o, "on",
		    valid ? "rows the members kept back, as they claim"
			  : "the members' own training rows, as they claim");
		rows = number_of(last, valid ? "valid_rows" : "rows");
		ours = number_of(last, valid ? "valid_correct" : "correct");
		theirs = number_of(last,
		    valid ? "valid_control_correct" : "control_correct");
	}
	jv_put_integer(o, "rows", rows);
	jv_put(o, "model", ratio(ours, rows));
	jv_put(o, "control", ratio(theirs, rows));
	jv_put_string(o, "ahead",
	    ours > theirs       ? "model"
		: ours < theirs ? "control"
				: "neither");
	return o;
}

static void
limit(struct jv *list, bool when, const char *text)
{
	if (when)
		jv_add(list, jv_string(text));
}

static struct jv *
limitations_json(const struct jv *version, const struct jv *score)
{
	const struct jv *job = jv_get(version, "job");
	const struct jv *t = jv_at(jv_get(version, "token"), 0);
	const bool control =
	    job != NULL && strcmp(text_of(job, "control"), "none") != 0;
	struct jv *list = jv_array();

	limit(list, score == NULL,
	    "no metrics on rows that nobody trained on: name a file with "
	    "--score");
	limit(list, true,
	    "figures of the chain are what members claim about their own "
	    "rows; nobody else has seen them");
	limit(list, job != NULL && !jv_true(jv_get(job, "private")),
	    "updates carried no noise: rows may be reconstructed from them by "
	    "whoever saw them");
	limit(list, jv_true(jv_get(t, "uses_withdrawn_data")),
	    "some of its data was withdrawn or erased since; it was not "
	    "trained anew");
	limit(list, jv_len(jv_get(version, "data")) == 0,
	    "no registered data asset: on which terms its rows were given is "
	    "not on the chain");
	limit(list, !control, "no classical control arm was trained beside it");
	limit(list, jv_get(score, "groups") == NULL,
	    "fairness is not measured: no groups were given (--groups FILE)");
	limit(list, true,
	    "the circuit is simulated on classical computers; signatures are "
	    "Ed25519, not post-quantum");
	return list;
}

static struct jv *
privacy_json(const struct jv *version)
{
	const struct jv *job = jv_get(version, "job");
	const struct jv *data = jv_get(version, "data");
	struct jv *o = jv_object(), *list = jv_array();

	jv_put_boolean(o, "noise", jv_true(jv_get(job, "private")));
	jv_put_integer(o, "q_ppb", number_of(job, "q_ppb"));
	jv_put_integer(o, "sigma_milli", number_of(job, "sigma_milli"));
	jv_put_integer(o, "steps_a_round", number_of(job, "steps"));
	for (size_t i = 0; i < jv_len(data); i++) {
		const struct jv *a = jv_at(data, i);
		struct jv *e;

		if (number_of(a, "epsilon_milli") == 0)
			continue;
		e = jv_object();
		jv_put_string(e, "asset", text_of(a, "name"));
		jv_put_integer(e, "epsilon_spent_nano",
		    number_of(a, "epsilon_spent_nano"));
		jv_put_integer(e, "epsilon_milli",
		    number_of(a, "epsilon_milli"));
		jv_put_integer(e, "delta_exp", number_of(a, "delta_exp"));
		jv_add(list, e);
	}
	jv_put(o, "assets", list);
	return o;
}

struct jv *
card_make(const struct jv *version, const struct jv *score)
{
	const struct jv *job = jv_get(version, "job");
	const bool control =
	    job != NULL && strcmp(text_of(job, "control"), "none") != 0;
	struct jv *o = jv_object();

	jv_put_string(o, "schema", "qml.model_card/1");
	jv_put_integer(o, "height", number_of(version, "applied_height"));
	jv_put(o, "version", jv_copy(jv_at(jv_get(version, "token"), 0)));
	jv_put(o, "shares", jv_copy(jv_get(version, "shares")));
	if (job != NULL)
		jv_put(o, "job", jv_copy(job));
	jv_put(o, "training", jv_copy(jv_at(jv_get(version, "training"), 0)));
	jv_put(o, "data", jv_copy(jv_get(version, "data")));
	jv_put(o, "privacy", privacy_json(version));
	jv_put(o, "contributions", jv_copy(jv_get(version, "paid")));
	if (jv_at(jv_get(version, "last"), 0) != NULL && !is_private(version))
		jv_put(o, "claimed",
		    jv_copy(jv_at(jv_get(version, "last"), 0)));
	if (jv_get(score, "confusion") != NULL)
		jv_put(o, "metrics", metrics_json(score));
	if (jv_get(score, "groups") != NULL)
		jv_put(o, "fairness", fairness_json(score));
	if (control)
		jv_put(o, "control", control_json(version, score));
	jv_put(o, "limitations", limitations_json(version, score));
	/* A classical computer ran everything: whatever the figures, nothing
	 * in them could show one. */
	jv_put_string(o, "quantum_advantage", "not shown");
	return o;
}
