#include "proto/noise.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include <sodium/crypto_aead_chacha20poly1305.h>
#include <sodium/crypto_generichash.h>
#include <sodium/crypto_scalarmult.h>

#include "proto/sign.h"

#define BLOCK_LEN 128 /* of BLAKE2b, for HMAC */
#define REKEY_EVERY ((uint64_t)1 << 16)
#define STEP_DONE 2
#define STEP_DEAD 3

struct slice {
	const void *data;
	size_t len;
};

static void
blake2b(uint8_t out[static NOISE_HASH_LEN], const struct slice *parts, size_t n)
{
	crypto_generichash_state s;
	size_t i;

	crypto_generichash_init(&s, NULL, 0, NOISE_HASH_LEN);
	for (i = 0; i < n; i++)
		if (parts[i].len > 0)
			crypto_generichash_update(&s, parts[i].data,
			    parts[i].len);
	crypto_generichash_final(&s, out, NOISE_HASH_LEN);
	sign_wipe(&s, sizeof(s));
}

/* RFC 2104; the key is never longer than a block here. */
static void
hmac(const struct slice *key, const struct slice *msg, size_t n, uint8_t *out)
{
	uint8_t pad[BLOCK_LEN] = {0};
	uint8_t inner[NOISE_HASH_LEN];
	struct slice parts[4] = {{pad, BLOCK_LEN}};
	size_t i;

	assert(key->len <= BLOCK_LEN && n <= 3);
	memcpy(pad, key->data, key->len);
	for (i = 0; i < BLOCK_LEN; i++)
		pad[i] ^= 0x36;
	for (i = 0; i < n; i++)
		parts[1 + i] = msg[i];
	blake2b(inner, parts, 1 + n);
	for (i = 0; i < BLOCK_LEN; i++)
		pad[i] ^= 0x36 ^ 0x5c;
	parts[1] = (struct slice){inner, sizeof(inner)};
	blake2b(out, parts, 2);
	sign_wipe(pad, sizeof(pad));
	sign_wipe(inner, sizeof(inner));
}

/* [4.3] HKDF(ck, input) of n outputs, each NOISE_HASH_LEN long, one after the
 * other in out. */
static void
hkdf(const uint8_t *ck, struct slice input, size_t n, uint8_t *out)
{
	uint8_t temp[NOISE_HASH_LEN];
	struct slice key = {ck, NOISE_HASH_LEN};
	struct slice msg[2];
	uint8_t i;

	hmac(&key, &input, 1, temp);
	key.data = temp;
	for (i = 1; i <= n; i++) {
		msg[1] = (struct slice){&i, 1};
		if (i == 1)
			hmac(&key, &msg[1], 1, out);
		else
			hmac(&key, msg, 2, out);
		msg[0] = (struct slice){out, NOISE_HASH_LEN};
		out += NOISE_HASH_LEN;
	}
	sign_wipe(temp, sizeof(temp));
}

static void
mix_hash(struct noise *n, const void *data, size_t len)
{
	struct slice parts[2] = {{n->h, NOISE_HASH_LEN}, {data, len}};

	blake2b(n->h, parts, 2);
}

static void
cipher_key(struct noise_cipher *c, const uint8_t *key)
{
	memcpy(c->key, key, NOISE_KEY_LEN);
	c->counter = 0;
	c->keyed = true;
}

static void
mix_key(struct noise *n, const uint8_t input[static NOISE_KEY_LEN])
{
	uint8_t out[2 * NOISE_HASH_LEN];

	hkdf(n->ck, (struct slice){input, NOISE_KEY_LEN}, 2, out);
	memcpy(n->ck, out, NOISE_HASH_LEN);
	cipher_key(&n->cipher, out + NOISE_HASH_LEN);
	sign_wipe(out, sizeof(out));
}

static void
mix_key_and_hash(struct noise *n, const uint8_t input[static NOISE_KEY_LEN])
{
	uint8_t out[3 * NOISE_HASH_LEN];

	hkdf(n->ck, (struct slice){input, NOISE_KEY_LEN}, 3, out);
	memcpy(n->ck, out, NOISE_HASH_LEN);
	mix_hash(n, out + NOISE_HASH_LEN, NOISE_HASH_LEN);
	cipher_key(&n->cipher, out + 2 * NOISE_HASH_LEN);
	sign_wipe(out, sizeof(out));
}

/* [12.3] 32 zero bits, then the counter, little-endian. */
static void
nonce_of(uint64_t counter, uint8_t nonce[static 12])
{
	int i;

	memset(nonce, 0, 4);
	for (i = 0; i < 8; i++)
		nonce[4 + i] = (uint8_t)(counter >> 8 * i);
}

static void
seal(struct noise_cipher *c, struct slice ad, struct slice plain, uint8_t *out)
{
	uint8_t nonce[12];

	nonce_of(c->counter, nonce);
	crypto_aead_chacha20poly1305_ietf_encrypt(out, NULL, plain.data,
	    plain.len, ad.data, ad.len, NULL, nonce, c->key);
	c->counter++;
}

static int
unseal(struct noise_cipher *c, struct slice ad, struct slice box, uint8_t *out)
{
	uint8_t nonce[12];

	if (box.len < NOISE_TAG_LEN)
		return -EBADMSG;
	nonce_of(c->counter, nonce);
	if (crypto_aead_chacha20poly1305_ietf_decrypt(out, NULL, NULL, box.data,
		box.len, ad.data, ad.len, nonce, c->key) != 0)
		return -EBADMSG;
	c->counter++;
	return 0;
}

/* [5.2] both always keyed where IK uses them. */
static void
encrypt_and_hash(struct noise *n, struct slice plain, uint8_t *out)
{
	seal(&n->cipher, (struct slice){n->h, NOISE_HASH_LEN}, plain, out);
	mix_hash(n, out, plain.len + NOISE_TAG_LEN);
}

static int
decrypt_and_hash(struct noise *n, struct slice box, uint8_t *out)
{
	int rc =
	    unseal(&n->cipher, (struct slice){n->h, NOISE_HASH_LEN}, box, out);

	if (rc == 0)
		mix_hash(n, box.data, box.len);
	return rc;
}

static int
mix_dh(struct noise *n, const uint8_t *secret, const uint8_t *pub)
{
	uint8_t shared[NOISE_KEY_LEN];
	int rc = 0;

	/* -1: pub is of low order and the result says nothing. */
	if (crypto_scalarmult(shared, secret, pub) != 0)
		rc = -EPROTO;
	else
		mix_key(n, shared);
	sign_wipe(shared, sizeof(shared));
	return rc;
}

static void
mix_ephemeral(struct noise *n, const uint8_t *pub)
{
	mix_hash(n, pub, NOISE_KEY_LEN);
	if (n->psk)
		mix_key(n, pub); /* [9.2] */
}

void
noise_public(const uint8_t secret[static NOISE_KEY_LEN],
    uint8_t out[static NOISE_KEY_LEN])
{
	/* Fails for no secret: the base point is not of low order and the
	 * scalar is clamped. */
	int rc = crypto_scalarmult_base(out, secret);

	assert(rc == 0);
}

void
noise_init(struct noise *n, const struct noise_start *start)
{
	static const char ik[] = "Noise_IK_25519_ChaChaPoly_BLAKE2b";
	static const char psk2[] = "Noise_IKpsk2_25519_ChaChaPoly_BLAKE2b";

	assert((start->remote == NULL) == (start->role == NOISE_LISTENER));
	*n = (struct noise){.role = start->role, .psk = start->psk != NULL};
	/* [5.2] a name of at most 64 bytes is padded, not hashed. */
	if (start->psk != NULL) {
		memcpy(n->h, psk2, sizeof(psk2) - 1);
		memcpy(n->pre, start->psk, NOISE_KEY_LEN);
	} else {
		memcpy(n->h, ik, sizeof(ik) - 1);
	}
	memcpy(n->ck, n->h, NOISE_HASH_LEN);
	memcpy(n->s, start->secret, NOISE_KEY_LEN);
	if (start->own != NULL)
		memcpy(n->s_pub, start->own, NOISE_KEY_LEN);
	else
		noise_public(n->s, n->s_pub);
	memcpy(n->e, start->ephemeral, NOISE_KEY_LEN);
	mix_hash(n, start->prologue, start->prologue_len);
	if (start->remote != NULL)
		memcpy(n->rs, start->remote, NOISE_KEY_LEN);
	/* <- s: the listener's static key is known beforehand. */
	mix_hash(n, n->role == NOISE_DIALER ? n->rs : n->s_pub, NOISE_KEY_LEN);
}

/* [5.2] Split; the dialer sends with the first key. */
static void
split(struct noise *n)
{
	uint8_t out[2 * NOISE_HASH_LEN];
	bool dialer = n->role == NOISE_DIALER;

	hkdf(n->ck, (struct slice){NULL, 0}, 2, out);
	cipher_key(dialer ? &n->send : &n->recv, out);
	cipher_key(dialer ? &n->recv : &n->send, out + NOISE_HASH_LEN);
	sign_wipe(out, sizeof(out));
	/* Forward secrecy begins when the ephemeral secret is gone. */
	sign_wipe(n->s, sizeof(n->s));
	sign_wipe(n->e, sizeof(n->e));
	sign_wipe(n->ck, sizeof(n->ck));
	sign_wipe(n->pre, sizeof(n->pre));
	sign_wipe(&n->cipher, sizeof(n->cipher));
}

static int
die(struct noise *n, int rc)
{
	noise_close(n);
	n->step = STEP_DEAD;
	return rc;
}

/* -> e, es, s, ss */
static int
write_first(struct noise *n, struct slice payload, uint8_t *out)
{
	int rc;

	/* Not before: a listener's first message may never come to this. */
	noise_public(n->e, n->e_pub);
	memcpy(out, n->e_pub, NOISE_KEY_LEN);
	mix_ephemeral(n, n->e_pub);
	rc = mix_dh(n, n->e, n->rs);
	if (rc != 0)
		return rc;
	encrypt_and_hash(n, (struct slice){n->s_pub, NOISE_KEY_LEN}, out + 32);
	rc = mix_dh(n, n->s, n->rs);
	if (rc != 0)
		return rc;
	encrypt_and_hash(n, payload, out + 32 + 48);
	return 0;
}

static int
read_first(struct noise *n, struct slice msg, uint8_t *out)
{
	const uint8_t *m = msg.data;
	int rc;

	memcpy(n->re, m, NOISE_KEY_LEN);
	mix_ephemeral(n, n->re);
	rc = mix_dh(n, n->s, n->re);
	if (rc == 0)
		rc = decrypt_and_hash(n, (struct slice){m + 32, 48}, n->rs);
	if (rc == 0)
		rc = mix_dh(n, n->s, n->rs);
	if (rc == 0)
		rc = decrypt_and_hash(n, (struct slice){m + 80, msg.len - 80},
		    out);
	return rc;
}

/* <- e, ee, se (, psk) */
static int
write_second(struct noise *n, struct slice payload, uint8_t *out)
{
	int rc;

	/* Not before: a listener's first message may never come to this. */
	noise_public(n->e, n->e_pub);
	memcpy(out, n->e_pub, NOISE_KEY_LEN);
	mix_ephemeral(n, n->e_pub);
	rc = mix_dh(n, n->e, n->re);
	if (rc == 0)
		rc = mix_dh(n, n->e, n->rs);
	if (rc != 0)
		return rc;
	if (n->psk)
		mix_key_and_hash(n, n->pre);
	encrypt_and_hash(n, payload, out + 32);
	return 0;
}

static int
read_second(struct noise *n, struct slice msg, uint8_t *out)
{
	const uint8_t *m = msg.data;
	int rc;

	memcpy(n->re, m, NOISE_KEY_LEN);
	mix_ephemeral(n, n->re);
	rc = mix_dh(n, n->e, n->re);
	if (rc == 0)
		rc = mix_dh(n, n->s, n->re);
	if (rc != 0)
		return rc;
	if (n->psk)
		mix_key_and_hash(n, n->pre);
	return decrypt_and_hash(n, (struct slice){m + 32, msg.len - 32}, out);
}

int
noise_write(struct noise *n, const void *payload, size_t len, uint8_t *out,
    size_t *outlen)
{
	struct slice p = {payload, len};
	bool first = n->role == NOISE_DIALER;
	size_t over = first ? NOISE_FIRST_LEN : NOISE_SECOND_LEN;
	int rc;

	if (n->step != (first ? 0 : 1))
		return -EPROTO;
	if (len > NOISE_MSG_MAX - over)
		return -EMSGSIZE;
	rc = first ? write_first(n, p, out) : write_second(n, p, out);
	if (rc != 0)
		return die(n, rc);
	*outlen = len + over;
	n->step++;
	if (n->step == STEP_DONE)
		split(n);
	return 0;
}

int
noise_read(struct noise *n, const uint8_t *msg, size_t len, uint8_t *payload,
    size_t *payload_len)
{
	struct slice m = {msg, len};
	bool first = n->role == NOISE_LISTENER;
	size_t over = first ? NOISE_FIRST_LEN : NOISE_SECOND_LEN;
	int rc;

	if (n->step != (first ? 0 : 1))
		return -EPROTO;
	if (len < over || len > NOISE_MSG_MAX)
		return die(n, -EBADMSG);
	rc = first ? read_first(n, m, payload) : read_second(n, m, payload);
	if (rc != 0)
		return die(n, -EBADMSG);
	*payload_len = len - over;
	n->step++;
	if (n->step == STEP_DONE)
		split(n);
	return 0;
}

bool
noise_done(const struct noise *n)
{
	return n->step == STEP_DONE;
}

/* [11.3] k = the first 32 bytes of ENCRYPT(k, 2^64 - 1, "", zeros). */
static void
rekey(struct noise_cipher *c)
{
	static const uint8_t zeros[NOISE_KEY_LEN];
	uint8_t out[NOISE_KEY_LEN + NOISE_TAG_LEN], nonce[12];

	nonce_of(UINT64_MAX, nonce);
	crypto_aead_chacha20poly1305_ietf_encrypt(out, NULL, zeros,
	    sizeof(zeros), NULL, 0, NULL, nonce, c->key);
	memcpy(c->key, out, NOISE_KEY_LEN);
	sign_wipe(out, sizeof(out));
}

int
noise_seal(struct noise *n, const uint8_t *plain, size_t len, uint8_t *out)
{
	if (!noise_done(n))
		return -EPROTO;
	if (len > NOISE_MSG_MAX - NOISE_TAG_LEN)
		return -EMSGSIZE;
	if (n->send.counter == UINT64_MAX)
		return -EOVERFLOW;
	seal(&n->send, (struct slice){NULL, 0}, (struct slice){plain, len},
	    out);
	if (n->send.counter % REKEY_EVERY == 0)
		rekey(&n->send);
	return 0;
}

int
noise_open(struct noise *n, const uint8_t *record, size_t len, uint8_t *out)
{
	int rc;

	if (!noise_done(n))
		return -EPROTO;
	if (len > NOISE_MSG_MAX)
		return -EBADMSG;
	if (n->recv.counter == UINT64_MAX)
		return -EOVERFLOW;
	rc = unseal(&n->recv, (struct slice){NULL, 0},
	    (struct slice){record, len}, out);
	if (rc == 0 && n->recv.counter % REKEY_EVERY == 0)
		rekey(&n->recv);
	return rc;
}

void
noise_close(struct noise *n)
{
	sign_wipe(n, sizeof(*n));
	n->step = STEP_DEAD;
}
