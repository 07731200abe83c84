/*
 * attack.h - what a Byzantine member may send: the attacks of drills.
 *
 * Names and parameters as in ByzFL, so that results compare. The attacker is
 * omniscient: it knows what every honest member is about to send. Nothing here
 * is reachable from qmlnode; `qmltrain drill` and the tests use it. Pure.
 */
#ifndef QML_DAEMON_TRAINER_ATTACK_H
#define QML_DAEMON_TRAINER_ATTACK_H

#include <stdint.h>

#define ATTACK_IPM_TAU 2.0
#define ATTACK_ALIE_TAU 1.5

enum attack_id {
	ATTACK_SIGN_FLIP = 1,
	ATTACK_IPM,
	ATTACK_ALIE,
	ATTACK_GAUSSIAN,
	ATTACK_LABEL_FLIP,      /* honest training on false labels */
	ATTACK_LIE_ABOUT_COUNT, /* honest training, a false number of rows */
	ATTACK_FREE_RIDE,       /* no training: an update of zeros */
	ATTACK_COPY,            /* another's update, bit for bit */
};

struct attack {
	uint8_t id; /* enum attack_id */
	const char *name;
	const char *help;
};

const struct attack *attack_named(const char *name); /* NULL: no such */
const struct attack *attack_at(unsigned i);          /* NULL after the last */

struct attack_input {
	const int64_t *const *honest; /* [n], each [dim], Q24; borrowed */
	uint16_t n;                   /* >= 1 */
	uint32_t dim;
	double tau;    /* of IPM and ALIE; 0: the default */
	uint64_t seed; /* of gaussian */
	int64_t bound; /* the job's, of a coordinate; 0: none */
	int64_t clip;  /* the job's, L2; 0: none */
};

/*
 * sign-flip  - mean
 * ipm        - tau mean
 * alie       mean + tau deviation (n - 1 degrees), per coordinate
 * gaussian   normal, mean 0, deviation 1
 * free-ride  0
 * copy       honest[0]
 *
 * The result obeys bound and clip: what does not would never be counted. Those
 * of honest training have no vector of their own: -EINVAL.
 */
int attack_craft(uint8_t id, const struct attack_input *in, int64_t *out)
    __attribute__((warn_unused_result));

#endif
