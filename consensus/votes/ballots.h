/*
 * ballots.h - when a vote has passed, in integers.
 *
 * Shares are millionths and compared by cross-multiplication:
 *   quorum     cast * 10^6 >= quorum * total, abstentions are cast
 *   veto       veto * 10^6 >= veto_share * cast, abstentions are cast
 *   threshold  yes * 10^6 > threshold * (yes + no + veto)
 * A vote in which everybody who came abstained is rejected. Texts of other
 * systems differ on the veto's denominator from their own code; this is ours.
 * Pure.
 */
#ifndef QML_CONSENSUS_VOTES_BALLOTS_H
#define QML_CONSENSUS_VOTES_BALLOTS_H

#include <stdbool.h>
#include <stdint.h>

#define BALLOTS_PPM UINT32_C(1000000)

enum vote_option {
	VOTE_NONE = 0, /* has not voted */
	VOTE_YES = 1,
	VOTE_NO = 2,
	VOTE_VETO = 3, /* a no that can stop what would pass */
	VOTE_ABSTAIN = 4,
};

struct ballots {
	uint64_t count[5]; /* by enum vote_option; [VOTE_NONE] is not used */
	uint64_t total;    /* all who might have voted */
};

struct ballots_rule {
	uint32_t quorum_ppm;
	uint32_t threshold_ppm;
	uint32_t veto_ppm;
};

enum ballots_result {
	BALLOTS_PASSED,
	BALLOTS_REJECTED,
	BALLOTS_NO_QUORUM,
	BALLOTS_ALL_ABSTAIN,
	BALLOTS_VETOED,
};

uint64_t ballots_cast(const struct ballots *t);
bool ballots_has_quorum(const struct ballots *t, const struct ballots_rule *r);
enum ballots_result ballots_close(const struct ballots *t,
    const struct ballots_rule *r);
/* Has it passed whatever those who have not voted yet will say? */
bool ballots_decided(const struct ballots *t, const struct ballots_rule *r);
/* A sentence's end: "passed", "has no quorum". */
const char *ballots_name(enum ballots_result r);

#endif
