#include "daemon/node/redial.h"

#include "daemon/node/link.h"

#define REDIAL_DOUBLINGS 10

uint32_t
redial_cap(const struct link_timing *t, unsigned attempts)
{
	unsigned shift =
	    attempts < REDIAL_DOUBLINGS ? attempts : REDIAL_DOUBLINGS;
	uint64_t cap = (uint64_t)t->retry << shift;

	return cap < t->retry_max ? (uint32_t)cap : t->retry_max;
}

uint32_t
redial_pause(const struct link_timing *t, unsigned attempts, uint32_t random,
    bool yields)
{
	uint64_t cap = redial_cap(t, attempts);
	uint64_t pause =
	    1 + random % (cap + 1) + (yields ? REDIAL_YIELD_MS : 0);

	return pause < t->retry_max ? (uint32_t)pause : t->retry_max;
}
