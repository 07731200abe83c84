/*
 * payload.h - what a proposal wants done: its payload's bytes, by kind.
 *
 * Fixed order, bounded, canonical: a payload that decodes, encodes to the same
 * bytes, and what is carried out is the payload whose hash was voted on. The
 * bounds here are those that hold whatever the state is; the ledger and the
 * books check the others when it is proposed and again when it takes effect.
 * A text has no payload. Pure.
 */
#ifndef QML_CONSENSUS_VOTES_PAYLOAD_H
#define QML_CONSENSUS_VOTES_PAYLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "consensus/votes/proposal.h"
#include "proto/bytes.h"
#include "proto/federation.h"

#define PAYLOAD_PAUSE_MAX 10000               /* blocks */
#define PAYLOAD_TEXT 512                      /* of payload_text */
#define PAYLOAD_POWER_MAX (UINT32_C(1) << 20) /* and weight */

/* Numbers on the chain: never given to another parameter. */
enum payload_param {
	PARAM_COLLECT = 1, /* the timings are in ms */
	PARAM_STRAGGLER,
	PARAM_HEARTBEAT,
	PARAM_PROPOSE,
	PARAM_PREVOTE,
	PARAM_PRECOMMIT,
	PARAM_ROUND_STEP,
	PARAM_TIMEOUT_MAX,
	PARAM_PRECISION,
	PARAM_DELAY,
	PARAM_INTERVAL,
	PARAM_ANSWERS_MIN,
	PARAMS, /* past the last */
};

/* As in federation.yaml; NULL: no such parameter. */
const char *payload_param_name(uint8_t id);
uint8_t payload_param_named(const char *name); /* 0: none */
/* False: `value` is out of the parameter's bounds, which are then told. */
bool payload_param_within(uint8_t id, uint32_t value, uint32_t *lo,
    uint32_t *hi);

struct payload_set {
	uint8_t id; /* enum payload_param */
	uint32_t value;
};

enum payload_job_op { PAYLOAD_JOB_CANCEL = 1 };

enum payload_member_op {
	PAYLOAD_MEMBER_ADD = 1,
	PAYLOAD_MEMBER_REMOVE,
	PAYLOAD_MEMBER_POWER,  /* votes and weight */
	PAYLOAD_MEMBER_ROTATE, /* other keys, perhaps another address */
};

struct payload {
	union {
		struct { /* PARAM: ascending ids, at least one */
			uint8_t n;
			struct payload_set set[PARAMS];
		} param;
		struct { /* RULE, of the running job */
			struct job_combine combine;
			struct decimal clip;
		} rule;
		struct { /* PAUSE */
			uint32_t blocks;
		} pause;
		struct { /* JOB */
			uint8_t op;
			struct hash job; /* the running one's */
		} job;
		struct { /* MEMBER */
			uint8_t op;
			struct hash seat; /* whose: id of its member; not ADD */
			/* ADD: all but the id; POWER: power and weight; ROTATE:
			 * keys and address. */
			struct member m;
			/* ADD, ROTATE: by the new key, over payload_proof. */
			struct signature proof;
		} member;
		struct { /* UPGRADE */
			uint16_t version;
			uint64_t height; /* first block under it */
		} upgrade;
		struct { /* ASSET */
			struct hash asset;
			uint8_t ban; /* 0: lift the ban */
		} asset;
		struct hash policy; /* ETHICS */
		struct {            /* TREASURY */
			struct sign_public to;
			uint64_t amount;
		} spend;
	};
};

void payload_put(struct bytes_writer *w, uint8_t kind, const struct payload *p);
/* False: not what a proposal of this kind may ask for. */
bool payload_get(uint8_t kind, const uint8_t *data, uint32_t len,
    struct payload *out) __attribute__((warn_unused_result));
/* Of a MEMBER payload that payload_get took before: whom it gives a seat to.
 * The proof is not verified again, power and weight are left out. False: it
 * names no keys. */
bool payload_newcomer(const uint8_t *data, uint32_t len, struct payload *out)
    __attribute__((warn_unused_result));

/* What who holds the new key signs: that of the line which qmlnode init prints,
 * so nobody enters another's key as his own. */
#define PAYLOAD_PROOF_CONTEXT "qml.member"
struct hash payload_proof(const struct member *m);

/* One sentence: "sets collect to 3000 ms, straggler to 9000 ms". */
void payload_text(uint8_t kind, const struct payload *p,
    char out[static PAYLOAD_TEXT]);

#endif
