/*
 * guest.h - messages between a federation and somebody who is invited.
 *
 * Bytes inside of wire.h's container, as the signed objects are.
 */
#ifndef QML_PROTO_GUEST_H
#define QML_PROTO_GUEST_H

#include <stdint.h>

#include "proto/bytes.h"
#include "proto/federation.h"
#include "proto/sign.h"

/* How the vote about whoever asks stands is what the sender says; the bytes
 * prove themselves by the federation's id. */
struct wire_founding {
	uint64_t height;
	uint64_t end;   /* last block with a vote, or when it takes effect */
	uint8_t state;  /* enum proposal_state; of no proposal: UINT8_MAX */
	uint8_t member; /* 1: the seat has power already */
	uint16_t yes, no, of; /* seats */
	uint32_t len;
	uint8_t *data; /* a federation's canonical bytes; owned */
	uint32_t again_len;
	uint8_t *again; /* its re-foundings, refound_put; owned; NULL: none */
};

/* From a key that is nobody's: the one that the invitation gave. */
struct wire_join {
	struct member m; /* name, address and keys; power and weight are 0 */
	struct signature proof; /* as in a proposal */
};

#define WIRE_TEXT_LEN 256

struct wire_joined {
	uint8_t ok;               /* 1: it was put to the vote */
	char text[WIRE_TEXT_LEN]; /* 0: why not */
};

void guest_founding_put(struct bytes_writer *w, const struct wire_founding *f);
void guest_founding_get(struct bytes_reader *r, struct wire_founding *out);
void guest_founding_close(struct wire_founding *f);
void guest_join_put(struct bytes_writer *w, const struct wire_join *j);
void guest_join_get(struct bytes_reader *r, struct wire_join *out);
void guest_joined_put(struct bytes_writer *w, const struct wire_joined *j);
void guest_joined_get(struct bytes_reader *r, struct wire_joined *out);

#endif
