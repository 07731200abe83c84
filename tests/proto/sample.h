/*
 * sample.h - valid objects from a seed, for the tests of the codecs.
 */
#ifndef QML_TESTS_PROTO_SAMPLE_H
#define QML_TESTS_PROTO_SAMPLE_H

#include <stddef.h>
#include <stdint.h>

#include "proto/trainwire.h"
#include "proto/wire.h"

struct sample {
	uint64_t state;
	struct sign_key *key;
	struct hash federation;
};

void sample_open(struct sample *s, uint64_t seed);
void sample_close(struct sample *s);

uint64_t sample_u64(struct sample *s);
uint32_t sample_below(struct sample *s, uint32_t n);
struct hash sample_hash(struct sample *s);
struct vote sample_vote(struct sample *s);
struct proposal sample_proposal(struct sample *s);
struct commit sample_commit(struct sample *s, uint64_t height);
struct attest sample_attest(struct sample *s);
struct answer *sample_answer(struct sample *s, uint16_t member);
struct tx *sample_tx(struct sample *s);
/* With all answers. */
struct block *sample_block(struct sample *s);
/* Closed by wire_msg_close. */
struct wire_msg sample_wire(struct sample *s, enum wire_type type);
struct trainwire_msg sample_train(struct sample *s, enum trainwire_type type);

/* A codec with its types taken away. */
struct sample_codec {
	size_t size; /* of the decoded struct */
	void (*put)(struct bytes_writer *w, const void *x);
	void (*get)(struct bytes_reader *r, void *x);
};

#define SAMPLE_CODEC(name)                                                \
	static void name##_put_any(struct bytes_writer *w, const void *x) \
	{                                                                 \
		name##_put(w, x);                                         \
	}                                                                 \
	static void name##_get_any(struct bytes_reader *r, void *x)       \
	{                                                                 \
		name##_get(r, x);                                         \
	}                                                                 \
	static const struct sample_codec name##_codec = {                 \
	    .size = sizeof(struct name),                                  \
	    .put = name##_put_any,                                        \
	    .get = name##_get_any,                                        \
	};

/* decode(encode(x)) encodes to the same bytes; every shorter input and one a
 * byte longer is refused; with any one bit changed the input is refused or
 * still encode(decode(b)) == b. */
void sample_check_codec(const struct sample_codec *c, const void *x);

#endif
