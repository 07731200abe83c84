#include "tests/cluster/oracle.h"

#include <inttypes.h>
#include <string.h>

#include "proto/q24.h"
#include "tests/cluster/state.h"
#include "tests/cluster/orders.h"

static void
blame(struct world *w, const struct block *b, const char *what)
{
	world_fail(w, "block %" PRIu64 " was decided: %s (I2)",
	    b->header.height, what);
}

static void
check_commit(struct world *w, const struct block *b)
{
	const struct commit *c = b->last_commit;
	struct hash before;

	if (b->header.height == 1)
		return;
	if (c == NULL || c->height + 1 != b->header.height ||
	    !watch_decided(w, c->height, &before) ||
	    !hash_equal(&c->block, &before) || !members_certified(w, c))
		blame(w, b, "last commit is no quorum for the block before");
}

static uint64_t
weight_of(const struct members_set *s, uint16_t seat)
{
	return seat < s->n ? s->power[seat] : 0;
}

/* Do attestations of more than a third name this answer of the member? */
static bool
is_attested(const struct world *w, const struct block *b, uint16_t member,
    const struct hash *id)
{
	const struct members_set *s = members_at(w, b->header.height);
	uint64_t power = 0;

	for (uint16_t i = 0; i < b->header.nattests; i++)
		for (uint16_t k = 0; k < b->attests[i].nheld; k++)
			if (b->attests[i].member[k] == member &&
			    hash_equal(&b->attests[i].held[k], id))
				power += weight_of(s, b->attests[i].validator);
	return 3 * power > s->total;
}

static bool
is_in(const struct block *b, const struct hash *id)
{
	for (uint16_t i = 0; i < b->header.nanswers; i++)
		if (hash_equal(&b->answer_ids[i], id))
			return true;
	return false;
}

/* Two answers of this member are named by more than a third. */
static bool
is_double(const struct world *w, const struct block *b, uint16_t member)
{
	const struct hash *first = NULL;

	for (uint16_t i = 0; i < b->header.nattests; i++) {
		const struct attest *a = &b->attests[i];

		for (uint16_t k = 0; k < a->nheld; k++) {
			if (a->member[k] != member ||
			    !is_attested(w, b, member, &a->held[k]))
				continue;
			if (first != NULL && !hash_equal(first, &a->held[k]))
				return true;
			first = &a->held[k];
		}
	}
	return false;
}

static void
check_set(struct world *w, const struct block *b)
{
	const struct members_set *s = members_at(w, b->header.height);
	uint64_t power = 0;

	for (uint16_t i = 0; i < b->header.nattests; i++)
		if (b->attests[i].validator < s->n)
			power += s->power[b->attests[i].validator];
	if (b->header.kind != BLOCK_ORDINARY && 3 * power <= 2 * s->total)
		blame(w, b, "attestations without a quorum");
	for (uint16_t i = 0; i < b->header.nattests; i++) {
		const struct attest *a = &b->attests[i];
		const struct sign_public *key =
		    members_key(w, b->header.height, a->validator);

		if (key == NULL || a->round != b->header.fl_round ||
		    (i > 0 && a->validator <= b->attests[i - 1].validator) ||
		    !attest_verify(a, key, &w->fed_id))
			blame(w, b, "a bad attestation");
		for (uint16_t k = 0; k < a->nheld; k++)
			if (is_attested(w, b, a->member[k], &a->held[k]) &&
			    !is_double(w, b, a->member[k]) &&
			    !is_in(b, &a->held[k]))
				blame(w, b, "an answer is left out");
	}
	for (uint16_t i = 0; i < b->header.nanswers; i++)
		if (!is_attested(w, b, b->answers[i]->member,
			&b->answer_ids[i]) ||
		    is_double(w, b, b->answers[i]->member))
			blame(w, b, "an answer too many");
}

/* sum / n, halves to the even neighbour. */
static int64_t
mean(int64_t sum, int64_t n)
{
	int64_t q = sum / n, r = sum % n;

	if (r < 0) {
		r += n;
		q--;
	}
	return q + (2 * r > n || (2 * r == n && (q & 1) != 0));
}

/* How many aggregations ago its model was the newest; refusals are about the
 * open round. */
static unsigned
age_of(struct world *w, const struct block *b, const struct answer *a)
{
	unsigned most = w->fed.job.combine.carry_rounds, age = 0;

	if (most > w->serial)
		most = (unsigned)w->serial;
	if (a->kind != ANSWER_UPDATE)
		most = 0;
	while (age <= most &&
	    !hash_equal(&w->models[(w->serial - age) % WORLD_MODELS],
		&a->base_model))
		age++;
	if (age > most)
		blame(w, b, "an answer to another model");
	else if (a->member < WORLD_MAX &&
	    w->worked[a->member] > w->serial - age)
		blame(w, b, "work on a model that was done");
	world_count(w, age > 0 ? COUNT_LATE : COUNT_IN_TIME);
	return age <= most ? age : 0;
}

/* floor(2^24 / sqrt(1 + age)), bit by bit. */
static int64_t
weight(unsigned age)
{
	int64_t w = 0;

	for (int bit = 24; bit >= 0; bit--) {
		w |= INT64_C(1) << bit;
		if (w * w > (INT64_C(1) << 48) / (1 + age))
			w ^= INT64_C(1) << bit;
	}
	return w;
}

static void
check_answer(struct world *w, const struct block *b, const struct answer *a)
{
	const struct sign_public *key =
	    members_key(w, b->header.height, a->member);
	const int64_t clip = INT64_C(1) << 24; /* the job's 1.0 */
	int64_t norm = 0;
	bool large = false;

	if (key == NULL || a->round != b->header.fl_round ||
	    !answer_verify(a, key, &w->fed_id))
		blame(w, b, "an answer to something else");
	for (uint32_t k = 0; k < a->dim; k++) {
		if (a->delta[k] > clip || a->delta[k] < -clip)
			large = true;
		else
			norm += a->delta[k] * a->delta[k];
	}
	if (large || norm > clip * clip)
		blame(w, b, "an answer above the clip");
}

static void
check_model(struct world *w, const struct block *b)
{
	int64_t sum[WORLD_DIM] = {0}, n = 0, part;
	bool aggregate = b->header.kind == BLOCK_AGGREGATE;
	struct hash h;
	unsigned age;

	w->models[w->serial % WORLD_MODELS] =
	    q24_hash("qml.model", w->model, WORLD_DIM);

	for (uint16_t i = 0; i < b->header.nanswers; i++) {
		const struct answer *a = b->answers[i];

		check_answer(w, b, a);
		age = age_of(w, b, a);
		n += a->kind == ANSWER_UPDATE;
		for (uint32_t k = 0; k < a->dim && k < WORLD_DIM; k++) {
			part = a->delta[k] * weight(age);
			sum[k] += mean(part, INT64_C(1) << 24);
		}
		if (aggregate && a->kind == ANSWER_UPDATE &&
		    a->member < WORLD_MAX)
			w->worked[a->member] = 1 + w->serial - age;
	}
	if (aggregate && n == 0)
		blame(w, b, "an aggregate of nothing");
	for (int k = 0; k < WORLD_DIM && n > 0; k++) {
		sum[k] = mean(sum[k], n);
		if (aggregate)
			w->model[k] += sum[k];
	}
	h = q24_hash("qml.agg", sum, WORLD_DIM);
	if (aggregate && !hash_equal(&h, &b->header.aggregate))
		blame(w, b, "another aggregate");
	w->closed += b->header.kind != BLOCK_ORDINARY;
	if (w->closed > ORDERS_ROUNDS && orders_has(w))
		blame(w, b, "a round after the job's last");
	if (orders_start(w, b)) {
		memset(w->model, 0, sizeof(w->model));
		w->closed = 0;
		world_count(w, COUNT_JOB_ORDERED);
	}
	h = q24_hash("qml.model", w->model, WORLD_DIM);
	if (!hash_equal(&h, &b->header.model))
		blame(w, b, "another model");
	w->serial += aggregate;
}

/* A quorum has clocks that are right within what the federation allows. */
static void
check_time(struct world *w, const struct block *b)
{
	uint64_t latest = WORLD_WALL0 + w->now + w->fed.timing.precision +
	    (uint64_t)w->faults.skew_ms;

	if (b->header.time_ms > latest)
		blame(w, b, "it is from the future");
	if (b->header.time_ms <= w->time_ms)
		blame(w, b, "time stands still");
	w->time_ms = b->header.time_ms;
}

void
oracle_block(struct world *w, const struct block *b)
{
	world_count(w, COUNT_CHECK_ORACLE);
	check_time(w, b);
	check_commit(w, b);
	check_set(w, b);
	check_model(w, b);
}
