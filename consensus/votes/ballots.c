#include "consensus/votes/ballots.h"

#include <assert.h>

__extension__ typedef unsigned __int128 wide;

uint64_t
ballots_cast(const struct ballots *t)
{
	return t->count[VOTE_YES] + t->count[VOTE_NO] + t->count[VOTE_VETO] +
	    t->count[VOTE_ABSTAIN];
}

bool
ballots_has_quorum(const struct ballots *t, const struct ballots_rule *r)
{
	return (wide)ballots_cast(t) * BALLOTS_PPM >=
	    (wide)t->total * r->quorum_ppm;
}

enum ballots_result
ballots_close(const struct ballots *t, const struct ballots_rule *r)
{
	uint64_t cast = ballots_cast(t);
	uint64_t said = cast - t->count[VOTE_ABSTAIN];

	assert(cast <= t->total);
	if (cast == 0 || !ballots_has_quorum(t, r))
		return BALLOTS_NO_QUORUM;
	if (said == 0)
		return BALLOTS_ALL_ABSTAIN;
	if (t->count[VOTE_VETO] > 0 &&
	    (wide)t->count[VOTE_VETO] * BALLOTS_PPM >= (wide)cast * r->veto_ppm)
		return BALLOTS_VETOED;
	if ((wide)t->count[VOTE_YES] * BALLOTS_PPM >
	    (wide)said * r->threshold_ppm)
		return BALLOTS_PASSED;
	return BALLOTS_REJECTED;
}

bool
ballots_decided(const struct ballots *t, const struct ballots_rule *r)
{
	struct ballots worst = *t;
	uint64_t silent = t->total - ballots_cast(t);

	/* Nothing is worse than a veto: it counts as a no as well. */
	worst.count[VOTE_VETO] += silent;
	return ballots_has_quorum(t, r) &&
	    ballots_close(&worst, r) == BALLOTS_PASSED;
}

const char *
ballots_name(enum ballots_result r)
{
	switch (r) {
	case BALLOTS_PASSED:
		return "passed";
	case BALLOTS_REJECTED:
		return "was rejected";
	case BALLOTS_NO_QUORUM:
		return "has no quorum";
	case BALLOTS_ALL_ABSTAIN:
		return "found only abstentions";
	case BALLOTS_VETOED:
		return "was vetoed";
	}
	return "has an unknown result";
}
