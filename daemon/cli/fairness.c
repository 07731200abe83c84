#include "daemon/cli/fairness.h"

#include <assert.h>

static uint64_t
divisor(uint64_t a, uint64_t b)
{
	while (b != 0) {
		uint64_t r = a % b;

		a = b;
		b = r;
	}
	return a;
}

struct fraction
fraction_of(uint64_t a, uint64_t b)
{
	uint64_t d = divisor(a, b);

	assert(b > 0);
	return (struct fraction){a / d, b / d};
}

int
fraction_compare(struct fraction a, struct fraction b)
{
	__extension__ typedef unsigned __int128 wide;
	const wide x = (wide)a.num * b.den, y = (wide)b.num * a.den;

	return (x > y) - (x < y);
}

/* a - b; a is not smaller. Denominators are counts below 2^32. */
static struct fraction
less(struct fraction a, struct fraction b)
{
	return fraction_of(a.num * b.den - b.num * a.den, a.den * b.den);
}

static bool
enough(const struct fairness_group *g)
{
	return g->tp + g->fp + g->tn + g->fn >= FAIRNESS_ROWS_MIN;
}

/* What a group's rate is made of; den 0: it has none. */
struct part {
	uint64_t num, den;
};

static struct part
selected(const struct fairness_group *g)
{
	return (struct part){g->tp + g->fp, g->tp + g->fp + g->tn + g->fn};
}

static struct part
true_positive(const struct fairness_group *g)
{
	return (struct part){g->tp, g->tp + g->fn};
}

static struct part
false_positive(const struct fairness_group *g)
{
	return (struct part){g->fp, g->fp + g->tn};
}

static bool
range(const struct fairness_group *g, size_t n,
    struct part (*rate)(const struct fairness_group *), struct fraction *gap)
{
	struct fraction lo = {0, 1}, hi = {0, 1};
	size_t known = 0;

	for (size_t i = 0; i < n; i++) {
		const struct part p = rate(&g[i]);
		struct fraction f;

		if (!enough(&g[i]) || p.den == 0)
			continue;
		f = fraction_of(p.num, p.den);
		if (known == 0 || fraction_compare(f, lo) < 0)
			lo = f;
		if (known == 0 || fraction_compare(f, hi) > 0)
			hi = f;
		known++;
	}
	*gap = less(hi, lo);
	return known >= 2;
}

bool
fairness_parity(const struct fairness_group *g, size_t n, struct fraction *gap)
{
	return range(g, n, selected, gap);
}

bool
fairness_odds(const struct fairness_group *g, size_t n, struct fraction *gap)
{
	struct fraction t, f;
	const bool have_t = range(g, n, true_positive, &t);
	const bool have_f = range(g, n, false_positive, &f);

	if (have_t && have_f)
		*gap = fraction_compare(t, f) > 0 ? t : f;
	else
		*gap = have_t ? t : f;
	return have_t || have_f;
}
