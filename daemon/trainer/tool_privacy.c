/*
 * What noisy training costs, before it is done: epsilon of so many steps, or
 * the steps that an epsilon admits. The ledger's own integers.
 */
#include "daemon/trainer/tool.h"

#include <inttypes.h>
#include <stdio.h>

#include "consensus/privacy/budget.h"
#include "daemon/trainer/args.h"
#include "proto/decimal.h"

#define STEPS_MAX 1000000000

/* A decimal in units of 10^-digits, 1..most. */
static bool
units_of(const char *text, int digits, uint64_t most, uint32_t *out)
{
	struct decimal d;
	int64_t v;
	int i;

	if (decimal_parse(text, &d) != 0 || d.mant < 1)
		return false;
	v = d.mant;
	i = d.exp + digits;
	for (; i > 0 && v <= (int64_t)most; i--)
		v *= 10;
	*out = (uint32_t)(v <= (int64_t)most ? v : 0);
	return i == 0 && *out > 0;
}

static void
charge(struct rdp_table *spent, const struct rdp_table *cost, uint64_t n)
{
	for (unsigned i = 0; i < RDP_ORDERS; i++)
		if (__builtin_mul_overflow(cost->nano[i], (int64_t)n,
			&spent->nano[i]))
			spent->nano[i] = INT64_MAX;
}

static void
print_epsilon(const struct rdp_table *cost, uint64_t steps, uint8_t delta,
    bool json)
{
	struct rdp_table spent;
	uint32_t order = 0;
	int64_t nano;

	charge(&spent, cost, steps);
	nano = rdp_epsilon_nano(&spent, delta, &order);
	if (json)
		printf("{\"steps\":%" PRIu64 ",\"delta_exp\":%u,"
		       "\"epsilon_nano\":%" PRId64 ",\"order\":%u}\n",
		    steps, delta, nano, (unsigned)order);
	else
		printf("%" PRIu64 " steps spend epsilon %.6f at delta 1e-%u "
		       "(order %u)\n",
		    steps, (double)nano * 1e-9, delta, (unsigned)order);
}

static void
print_steps(const struct rdp_table *cost, const struct rdp_target *t, bool json)
{
	struct budget b;
	uint64_t n;

	budget_open(&b, t);
	n = budget_room(&b, cost, STEPS_MAX);
	if (json)
		printf("{\"epsilon_milli\":%u,\"delta_exp\":%u,"
		       "\"steps\":%" PRIu64 "}\n",
		    (unsigned)t->eps_milli, t->delta_exp, n);
	else
		printf("epsilon %.3f at delta 1e-%u admits %" PRIu64 " steps\n",
		    t->eps_milli * 1e-3, t->delta_exp, n);
}

static int
usage(const char *what)
{
	fprintf(stderr, "qmltrain: privacy: %s\n", what);
	return TOOL_USAGE;
}

int
tool_privacy(int argc, char **argv)
{
	const char *rate = NULL, *noise = NULL, *steps = NULL, *eps = NULL;
	const char *delta = NULL;
	bool json = false;
	const struct args_option options[] = {
	    {"rate", &rate, NULL, true},
	    {"noise", &noise, NULL, true},
	    {"steps", &steps, NULL, false},
	    {"epsilon", &eps, NULL, false},
	    {"delta-exp", &delta, NULL, false},
	    {"json", NULL, &json, false},
	};
	const uint64_t many[2] = {1, STEPS_MAX}, digits[2] = {1, 18};
	uint64_t n = 0, exp = 5;
	struct rdp_target target = {0};
	struct rdp_step step = {0};
	struct rdp_table cost;

	if (args_parse(argc, argv, options,
		sizeof(options) / sizeof(options[0])) < 0 ||
	    args_number("steps", steps, many, &n) < 0 ||
	    args_number("delta-exp", delta, digits, &exp) < 0)
		return TOOL_USAGE;
	if (!units_of(rate, 9, 1000000000, &step.q_ppb))
		return usage("--rate: want above 0, at most 1");
	if (!units_of(noise, 3, RDP_SIGMA_MAX, &step.sigma_milli) ||
	    !rdp_step_valid(&step))
		return usage("--noise: want 0.3 to 1000");
	if (!steps == !eps)
		return usage("want --steps N or --epsilon E");
	target.delta_exp = (uint8_t)exp;
	if (eps && !units_of(eps, 3, 1000000, &target.eps_milli))
		return usage("--epsilon: want 0.001 to 1000");
	rdp_step_cost(&step, &cost);
	if (eps)
		print_steps(&cost, &target, json);
	else
		print_epsilon(&cost, n, target.delta_exp, json);
	return TOOL_DONE;
}
