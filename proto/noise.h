/*
 * noise.h - Noise_IK and Noise_IKpsk2 _25519_ChaChaPoly_BLAKE2b, revision 34.
 *
 * The dialer knows the listener's static key from the federation and shows its
 * own inside the first message; one round trip. The caller moves the bytes.
 * IK's first message can be replayed: act on its payload only after the first
 * transport record. Low-order points fail. One thread per session.
 */
#ifndef QML_PROTO_NOISE_H
#define QML_PROTO_NOISE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NOISE_KEY_LEN 32
#define NOISE_HASH_LEN 64
#define NOISE_TAG_LEN 16
#define NOISE_MSG_MAX 65535
/* Handshake overhead without payload: e, s, two tags; e and one tag. */
#define NOISE_FIRST_LEN (32 + 48 + 16)
#define NOISE_SECOND_LEN (32 + 16)

enum noise_role { NOISE_DIALER, NOISE_LISTENER };

struct noise_cipher {
	uint8_t key[NOISE_KEY_LEN];
	uint64_t counter;
	bool keyed;
};

struct noise {
	enum noise_role role;
	bool psk;
	unsigned step;
	uint8_t s[NOISE_KEY_LEN], s_pub[NOISE_KEY_LEN];
	uint8_t e[NOISE_KEY_LEN], e_pub[NOISE_KEY_LEN];
	uint8_t rs[NOISE_KEY_LEN], re[NOISE_KEY_LEN]; /* the other's */
	uint8_t pre[NOISE_KEY_LEN];
	uint8_t ck[NOISE_HASH_LEN], h[NOISE_HASH_LEN];
	struct noise_cipher cipher;
	struct noise_cipher send, recv; /* after the handshake */
};

struct noise_start {
	enum noise_role role;
	const uint8_t *secret;    /* own static X25519 secret [32] */
	const uint8_t *own;       /* its public key [32]; NULL: computed here */
	const uint8_t *remote;    /* listener's public [32]; NULL as listener */
	const uint8_t *psk;       /* [32], or NULL for plain IK */
	const uint8_t *ephemeral; /* fresh random secret [32] */
	const void *prologue;
	size_t prologue_len;
};

/* X25519 public key of a secret. */
void noise_public(const uint8_t secret[static NOISE_KEY_LEN],
    uint8_t out[static NOISE_KEY_LEN]);

void noise_init(struct noise *n, const struct noise_start *start);
/* Next handshake message of ours; out needs the overhead above plus len.
 * -EPROTO when it is not our turn or a key is of low order. */
int noise_write(struct noise *n, const void *payload, size_t len, uint8_t *out,
    size_t *outlen) __attribute__((warn_unused_result));
/* Their message; payload needs len bytes. -EBADMSG when it does not
 * authenticate. After it a listener knows n->rs. */
int noise_read(struct noise *n, const uint8_t *msg, size_t len,
    uint8_t *payload, size_t *payload_len) __attribute__((warn_unused_result));
bool noise_done(const struct noise *n);

/* Transport: out is len + NOISE_TAG_LEN. -EOVERFLOW when the counter is
 * spent. Rekeys by itself every 2^16 records, both sides alike. */
int noise_seal(struct noise *n, const uint8_t *plain, size_t len, uint8_t *out)
    __attribute__((warn_unused_result));
/* out is len - NOISE_TAG_LEN; -EBADMSG: forged, reordered or cut. */
int noise_open(struct noise *n, const uint8_t *record, size_t len, uint8_t *out)
    __attribute__((warn_unused_result));
/* Wipes every secret. */
void noise_close(struct noise *n);

#endif
