/*
 * tally.h - when a vote has passed, in integers.
 *
 * Shares are millionths and compared by cross-multiplication:
 *   quorum     cast * 10^6 >= quorum * total, abstentions are cast
 *   veto       veto * 10^6 >= veto_share * cast, abstentions are cast
 *   threshold  yes * 10^6 > threshold * (yes + no + veto)
 * A vote in which everybody who came abstained is rejected. Texts of other
 * systems differ on the veto's denominator from their own code; this is ours.
 * Pure.
 */
#ifndef QML_CONSENSUS_VOTES_TALLY_H
#define QML_CONSENSUS_VOTES_TALLY_H

#include <stdbool.h>
#include <stdint.h>

#define TALLY_PPM UINT32_C(1000000)

enum vote_option {
	VOTE_NONE = 0, /* has not voted */
	VOTE_YES = 1,
	VOTE_NO = 2,
	VOTE_VETO = 3, /* a no that can stop what would pass */
	VOTE_ABSTAIN = 4,
};

struct tally {
	uint64_t count[5]; /* by enum vote_option; [VOTE_NONE] is not used */
	uint64_t total;    /* all who might have voted */
};

struct tally_rule {
	uint32_t quorum_ppm;
	uint32_t threshold_ppm;
	uint32_t veto_ppm;
};

enum tally_result {
	TALLY_PASSED,
	TALLY_REJECTED,
	TALLY_NO_QUORUM,
	TALLY_ALL_ABSTAIN,
	TALLY_VETOED,
};

uint64_t tally_cast(const struct tally *t);
bool tally_has_quorum(const struct tally *t, const struct tally_rule *r);
enum tally_result tally_close(const struct tally *t,
    const struct tally_rule *r);
/* Has it passed whatever those who have not voted yet will say? */
bool tally_decided(const struct tally *t, const struct tally_rule *r);
/* A sentence's end: "passed", "has no quorum". */
const char *tally_name(enum tally_result r);

#endif
