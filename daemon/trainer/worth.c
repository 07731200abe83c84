#include "daemon/trainer/worth.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "consensus/books/turn.h"
#include "consensus/market/shapley.h"
#include "daemon/trainer/recipe.h"
#include "proto/q24.h"

#define UTILITY_ONE 1e6 /* of a score of 1, without classes */

static const int64_t *
update_of(const struct worth *w, uint16_t player)
{
	return w->game.updates + (size_t)player * w->game.update;
}

static bool
is_zero(const int64_t *x, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		if (x[i] != 0)
			return false;
	return true;
}

/* Who sent it first. */
static void
find_copies(struct worth *w)
{
	const size_t size = w->game.update * sizeof(*w->game.updates);
	uint16_t k;

	for (uint16_t i = 0; i < w->game.players; i++) {
		w->first[i] = WORTH_NOBODY;
		if (is_zero(update_of(w, i), w->game.update))
			continue;
		for (k = 0; k < i; k++)
			if (memcmp(update_of(w, i), update_of(w, k), size) == 0)
				break;
		w->first[i] = k;
	}
}

static int
load_rows(struct worth *w, char err[static TABLE_ERR_LEN])
{
	const struct federation *f = &w->session->federation;
	const struct table_source from = {
	    .text = w->game.shard,
	    .text_len = w->game.shard_len,
	    .federation = f,
	};
	struct table table = TABLE_INIT;
	int rc = table_load(&table, &from, err);

	if (rc < 0)
		return rc;
	w->rows = table.rows;
	table.rows = (struct dataset)DATASET_INIT;
	table_close(&table);
	rc = recipe_scale(f, &w->rows);
	if (rc == 0 && w->rows.n == 0) {
		snprintf(err, TABLE_ERR_LEN, "the validation rows are none");
		rc = -EINVAL;
	}
	return rc;
}

static int
check_game(const struct worth *w, char err[static TABLE_ERR_LEN])
{
	const struct job *j = &w->session->federation.job;

	if (w->session->ready && j->main.kind != JOB_VQE &&
	    w->game.dim == j->dim && w->game.update == j->update)
		return 0;
	snprintf(err, TABLE_ERR_LEN,
	    w->session->ready ? "not a game of this job"
			      : "no data was set up");
	return -EINVAL;
}

int
worth_open(struct worth *w, struct session *s, struct trainwire_worth *game,
    char err[static TABLE_ERR_LEN])
{
	int rc;

	*w = WORTH_INIT;
	w->session = s;
	w->game = *game;
	*game = (struct trainwire_worth){0};
	err[0] = '\0';
	rc = check_game(w, err);
	if (rc == 0)
		rc = load_rows(w, err);
	if (rc == 0) {
		find_copies(w);
		w->n = books_game_size(w->game.players);
		w->model = calloc(w->game.dim, sizeof(*w->model));
		w->utility = calloc(w->n, sizeof(*w->utility));
		if (!w->model || !w->utility)
			rc = -ENOMEM;
	}
	if (rc == 0)
		return 0;
	if (err[0] == '\0')
		snprintf(err, TABLE_ERR_LEN, "%s", strerror(-rc));
	worth_close(w);
	return rc;
}

void
worth_close(struct worth *w)
{
	free(w->game.model);
	free(w->game.updates);
	free(w->game.shard);
	free(w->model);
	free(w->utility);
	dataset_close(&w->rows);
	*w = WORTH_INIT;
}

/* Whose update stands for somebody of the `at`-th coalition: the bits of `at`,
 * or what books_game_size() says of larger games. */
static void
coalition(const struct worth *w, uint16_t at, bool in[TRAINWIRE_PLAYERS_MAX])
{
	const uint16_t n = w->game.players;
	bool exact = n <= SHAPLEY_EXACT_MAX, member;
	uint8_t order[SHAPLEY_PLAYERS_MAX];
	uint16_t some = at == 1 ? n : 0; /* of the order, from its front */

	memset(in, 0, TRAINWIRE_PLAYERS_MAX * sizeof(*in));
	for (uint16_t i = 0; i < n; i++)
		order[i] = (uint8_t)i;
	if (!exact && at >= 2) {
		some = (uint16_t)(1 + (at - 2) % (n - 1));
		shapley_order(&w->game.seed, (at - 2u) / (n - 1u), n, order);
	}
	for (uint16_t i = 0; i < n; i++) {
		uint16_t player = order[i];

		member = exact ? (at >> player & 1) != 0 : i < some;
		if (member && w->first[player] != WORTH_NOBODY)
			in[w->first[player]] = true;
	}
}

static q24_wide
sum_of(const struct worth *w, const bool *in, uint32_t at)
{
	q24_wide sum = 0;

	for (uint16_t i = 0; i < w->game.players; i++)
		if (in[i])
			sum += update_of(w, i)[at];
	return sum;
}

/* The base model and the mean of what these sent. */
static void
build_model(struct worth *w, const bool *in)
{
	struct job_segment s[JOB_SEGMENTS_MAX];
	unsigned nseg = job_segments(&w->session->federation.job, s);
	int64_t n = 0;

	memcpy(w->model, w->game.model, w->game.dim * sizeof(*w->model));
	for (uint16_t i = 0; i < w->game.players; i++)
		n += in[i];
	for (unsigned k = 0; k < nseg && n > 0; k++) {
		for (uint32_t j = 0; j < s[k].dim && !s[k].variates; j++) {
			int64_t *x = &w->model[s[k].first + j];

			*x = q24_add_sat(*x,
			    q24_div128(sum_of(w, in, s[k].at + j), n));
		}
	}
}

static int64_t
utility_of(const struct session *s, const struct train_score *score)
{
	double u;

	if (s->federation.nlabels > 0 &&
	    s->federation.job.main.kind != JOB_QPCA)
		return (int64_t)score->correct;
	u = floor(UTILITY_ONE * (1 - score->loss));
	if (!(u > -(double)SHAPLEY_UTILITY_MAX))
		return -SHAPLEY_UTILITY_MAX;
	return u < (double)SHAPLEY_UTILITY_MAX ? (int64_t)u
					       : SHAPLEY_UTILITY_MAX;
}

int
worth_step(struct worth *w)
{
	bool in[TRAINWIRE_PLAYERS_MAX];
	struct train_score score = {0};
	int rc;

	coalition(w, w->at, in);
	build_model(w, in);
	rc = session_evaluate_rows(w->session, w->model, &w->rows, &score);
	if (rc < 0)
		return rc;
	w->utility[w->at++] = utility_of(w->session, &score);
	return w->at == w->n;
}

void
worth_fail(struct trainwire_msg *out, uint64_t round, const char *why)
{
	*out = (struct trainwire_msg){.type = TRAINWIRE_WORTHED};
	out->u.worthed.round = round;
	snprintf(out->u.worthed.text, sizeof(out->u.worthed.text), "%s", why);
}

void
worth_take(struct worth *w, struct trainwire_msg *out)
{
	*out = (struct trainwire_msg){.type = TRAINWIRE_WORTHED};
	out->u.worthed.round = w->game.round;
	out->u.worthed.n = w->n;
	out->u.worthed.utility = w->utility;
	w->utility = NULL;
}

void
worth_answer(struct session *s, struct trainwire_worth *game,
    struct trainwire_msg *out)
{
	struct worth w;
	char err[TABLE_ERR_LEN];
	uint64_t round = game->round;
	int rc = worth_open(&w, s, game, err);

	if (rc != 0) {
		worth_fail(out, round, err);
		return;
	}
	while ((rc = worth_step(&w)) == 0)
		continue;
	if (rc < 0)
		worth_fail(out, round, strerror(-rc));
	else
		worth_take(&w, out);
	worth_close(&w);
}
