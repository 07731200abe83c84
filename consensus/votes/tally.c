#include "consensus/votes/tally.h"

#include <assert.h>

__extension__ typedef unsigned __int128 wide;

uint64_t
tally_cast(const struct tally *t)
{
	return t->count[VOTE_YES] + t->count[VOTE_NO] + t->count[VOTE_VETO] +
	    t->count[VOTE_ABSTAIN];
}

bool
tally_has_quorum(const struct tally *t, const struct tally_rule *r)
{
	return (wide)tally_cast(t) * TALLY_PPM >=
	    (wide)t->total * r->quorum_ppm;
}

enum tally_result
tally_close(const struct tally *t, const struct tally_rule *r)
{
	uint64_t cast = tally_cast(t);
	uint64_t said = cast - t->count[VOTE_ABSTAIN];

	assert(cast <= t->total);
	if (cast == 0 || !tally_has_quorum(t, r))
		return TALLY_NO_QUORUM;
	if (said == 0)
		return TALLY_ALL_ABSTAIN;
	if (t->count[VOTE_VETO] > 0 &&
	    (wide)t->count[VOTE_VETO] * TALLY_PPM >= (wide)cast * r->veto_ppm)
		return TALLY_VETOED;
	if ((wide)t->count[VOTE_YES] * TALLY_PPM >
	    (wide)said * r->threshold_ppm)
		return TALLY_PASSED;
	return TALLY_REJECTED;
}

bool
tally_decided(const struct tally *t, const struct tally_rule *r)
{
	struct tally worst = *t;
	uint64_t silent = t->total - tally_cast(t);

	/* Nothing is worse than a veto: it counts as a no as well. */
	worst.count[VOTE_VETO] += silent;
	return tally_has_quorum(t, r) && tally_close(&worst, r) == TALLY_PASSED;
}

const char *
tally_name(enum tally_result r)
{
	switch (r) {
	case TALLY_PASSED:
		return "passed";
	case TALLY_REJECTED:
		return "was rejected";
	case TALLY_NO_QUORUM:
		return "has no quorum";
	case TALLY_ALL_ABSTAIN:
		return "found only abstentions";
	case TALLY_VETOED:
		return "was vetoed";
	}
	return "has an unknown result";
}
