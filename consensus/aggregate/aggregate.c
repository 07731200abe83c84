#include "consensus/aggregate/aggregate.h"

#include <errno.h>
#include <string.h>

#include "consensus/aggregate/coordinate.h"
#include "consensus/aggregate/iterate.h"
#include "consensus/aggregate/nearest.h"

_Static_assert((int)AGGREGATE_MEAN == (int)JOB_MEAN, "numbers of the job");
_Static_assert((int)AGGREGATE_TRIMMED_MEAN == (int)JOB_TRIMMED_MEAN,
    "likewise");

static uint32_t
one(uint16_t f)
{
	(void)f;
	return 1;
}

static uint32_t
minority(uint16_t f) /* the liars are fewer than the others */
{
	return 2 * (uint32_t)f + 1;
}

static uint32_t
krum_proved(uint16_t f) /* n > 2 f + 2 */
{
	return 2 * (uint32_t)f + 3;
}

static const struct aggregate_rule rules[] = {
    {AGGREGATE_MEAN, "mean", one, one, AGGREGATE_MAX_UPDATES, false,
	coordinate_mean},
    {AGGREGATE_TRIMMED_MEAN, "trimmed_mean", minority, minority,
	AGGREGATE_MAX_UPDATES, false, coordinate_trimmed},
    {AGGREGATE_MEDIAN, "median", minority, minority, AGGREGATE_MAX_UPDATES,
	false, coordinate_median},
    {AGGREGATE_KRUM, "krum", minority, krum_proved, AGGREGATE_MAX_UPDATES, true,
	nearest_krum},
    {AGGREGATE_MULTI_KRUM, "multi_krum", minority, krum_proved,
	AGGREGATE_MAX_UPDATES, true, nearest_multi_krum},
    {AGGREGATE_GEOMETRIC_MEDIAN, "geometric_median", minority, minority,
	AGGREGATE_MAX_UPDATES, false, iterate_geometric},
    {AGGREGATE_CENTERED_CLIPPING, "centered_clipping", minority, minority,
	AGGREGATE_MAX_UPDATES, false, iterate_clipping},
    {AGGREGATE_MDA, "mda", minority, minority, AGGREGATE_MDA_MAX, true,
	nearest_mda},
    {AGGREGATE_MEAMED, "meamed", minority, minority, AGGREGATE_MAX_UPDATES,
	false, coordinate_meamed},
};

#define NRULES (sizeof(rules) / sizeof(*rules))

const struct aggregate_rule *
aggregate_at(size_t i)
{
	return i < NRULES ? &rules[i] : NULL;
}

const struct aggregate_rule *
aggregate_find(uint8_t id)
{
	for (size_t i = 0; i < NRULES; i++)
		if (rules[i].id == id)
			return &rules[i];
	return NULL;
}

const struct aggregate_rule *
aggregate_named(const char *name)
{
	for (size_t i = 0; i < NRULES; i++)
		if (strcmp(rules[i].name, name) == 0)
			return &rules[i];
	return NULL;
}

static bool
walks(const struct aggregate_rule *rule)
{
	return rule->id == AGGREGATE_GEOMETRIC_MEDIAN ||
	    rule->id == AGGREGATE_CENTERED_CLIPPING;
}

static bool
knobs_fit(const struct aggregate_rule *rule, const struct aggregate_knobs *k)
{
	if (!walks(rule))
		return true;
	return k && k->iterations >= 1 && k->iterations <= 64 && k->tau > 0 &&
	    k->nu > 0;
}

int
aggregate_run(uint8_t id, const struct aggregate_input *in, int64_t *out)
{
	const struct aggregate_rule *rule = aggregate_find(id);

	if (!rule || in->n > rule->maximum || in->n < rule->minimum(in->f) ||
	    !knobs_fit(rule, in->knobs) || (rule->scratch && !in->scratch))
		return -EINVAL;
	rule->run(in, out);
	return 0;
}
