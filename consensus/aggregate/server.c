#include "consensus/aggregate/server.h"

#include <errno.h>
#include <string.h>

#include "consensus/aggregate/vectors.h"

#define RATE_MAX ((int64_t)1 << 34)

static const struct server_rule rules[] = {
    {SERVER_FEDAVG, "fedavg", 0},
    {SERVER_FEDAVGM, "fedavgm", 1},
    {SERVER_FEDADAGRAD, "fedadagrad", 2},
    {SERVER_FEDADAM, "fedadam", 2},
    {SERVER_FEDYOGI, "fedyogi", 2},
};

#define NRULES (sizeof(rules) / sizeof(*rules))

const struct server_rule *
server_at(size_t i)
{
	return i < NRULES ? &rules[i] : NULL;
}

const struct server_rule *
server_find(uint8_t id)
{
	for (size_t i = 0; i < NRULES; i++)
		if (rules[i].id == id)
			return &rules[i];
	return NULL;
}

const struct server_rule *
server_named(const char *name)
{
	for (size_t i = 0; i < NRULES; i++)
		if (strcmp(rules[i].name, name) == 0)
			return &rules[i];
	return NULL;
}

int
server_check(const struct server_settings *s)
{
	const struct server_rule *rule = server_find(s->id);

	if (!rule || s->rate < 1 || s->rate > RATE_MAX)
		return -EINVAL;
	if (s->beta1 < 0 || s->beta1 >= Q24_ONE || s->beta2 < 0 ||
	    s->beta2 >= Q24_ONE)
		return -EINVAL;
	return rule->nmoments == 2 && (s->tau < 1 || s->tau > Q24_ONE) ? -EINVAL
								       : 0;
}

void
server_start(const struct server_settings *s, uint32_t dim, int64_t *state)
{
	const struct server_rule *rule = server_find(s->id);

	for (uint32_t j = 0; rule->nmoments > 0 && j < dim; j++)
		state[j] = 0;
	for (uint32_t j = 0; rule->nmoments > 1 && j < dim; j++)
		state[dim + j] = s->tau * s->tau; /* Q48, at most 2^48 */
}

/* (beta a + other b) 2^up / 2^24, rounded once. */
static int64_t
blend(int64_t beta, int64_t a, int64_t other, q24_wide b)
{
	return q24_div128((q24_wide)beta * a + (q24_wide)other * b, Q24_ONE);
}

/* d^2 as Q48, saturating: beyond 2^15 a square is only "large". */
static int64_t
squared(int64_t d)
{
	q24_wide x = (q24_wide)d * d;

	return x > INT64_MAX ? INT64_MAX : (int64_t)x;
}

static int64_t
next_v(const struct server_settings *s, int64_t v, int64_t d)
{
	int64_t x = squared(d), other = Q24_ONE - s->beta2;

	switch ((enum server_id)s->id) {
	case SERVER_FEDADAGRAD:
		return q24_add_sat(v, x);
	case SERVER_FEDADAM:
		return blend(s->beta2, v, other, x);
	case SERVER_FEDYOGI:
		/* v - other x >= 0 when v >= x. */
		if (v == x)
			return v;
		return blend(Q24_ONE, v, v > x ? -other : other, x);
	case SERVER_FEDAVG:
	case SERVER_FEDAVGM:
		break;
	}
	return v;
}

/* rate (Q24) m (Q40) / (sqrt v + tau) (Q40) = step (Q24). */
static int64_t
adaptive_step(const struct server_settings *s, int64_t m, int64_t v)
{
	/* sqrt(v 2^32) has 24 + 16 fraction bits, and is below 2^48. */
	int64_t root = (int64_t)vectors_root((q24_uwide)v << 32);

	return q24_div128((q24_wide)s->rate * m,
	    root + (s->tau << (SERVER_M_BITS - 24)));
}

void
server_step(const struct server_settings *s, uint32_t dim, const int64_t *d,
    int64_t *state, int64_t *step)
{
	unsigned nmoments = server_find(s->id)->nmoments;
	/* FedAvgM adds the whole of d, the adaptive ones a part. */
	int64_t part = nmoments == 1 ? Q24_ONE : Q24_ONE - s->beta1;

	for (uint32_t j = 0; j < dim; j++) {
		int64_t x = d[j];

		if (nmoments == 0) {
			step[j] = q24_div128((q24_wide)s->rate * x, Q24_ONE);
			continue;
		}
		state[j] = blend(s->beta1, state[j], part,
		    (q24_wide)x * (1 << (SERVER_M_BITS - 24)));
		if (nmoments == 2) {
			state[dim + j] = next_v(s, state[dim + j], x);
			step[j] = adaptive_step(s, state[j], state[dim + j]);
			continue;
		}
		step[j] = q24_div128((q24_wide)s->rate * state[j],
		    (int64_t)1 << SERVER_M_BITS);
	}
}
