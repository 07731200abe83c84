/*
 * fakehash.c - BLAKE2b for the seeds with real signatures, for all others a
 * hash that is only good: the strong one was nearly half of a run's time.
 *
 * Takes the place of proto/hash.c, of which it holds everything. Each step is
 * a bijection of a lane for a given word, so no flipped bit can be lost, and
 * the end mixes all lanes.
 */
#define hash_begin strong_begin
#define hash_add strong_add
#define hash_end strong_end
#define hash_bytes strong_bytes
#include "proto/hash.c" /* NOLINT(bugprone-suspicious-include) */
#undef hash_begin
#undef hash_add
#undef hash_end
#undef hash_bytes

#include "tests/cluster/fakesign.h"

#define LANES 4

void hash_begin(struct hash_stream *s, const char *tag);
void hash_add(struct hash_stream *s, const void *data, size_t len);
struct hash hash_end(struct hash_stream *s);
struct hash hash_bytes(const char *tag, const void *data, size_t len);

struct weak {
	uint64_t lane[LANES], total;
	uint8_t rest[8 * LANES];
	size_t nrest;
};

_Static_assert(sizeof(struct weak) <= sizeof(struct hash_stream),
    "a stream has no room");

static struct weak *
weak_of(struct hash_stream *s)
{
	return (struct weak *)(void *)s->opaque;
}

static uint64_t
turn(uint64_t x, unsigned by)
{
	return x << by | x >> (64 - by);
}

/* Each lane turns by its own number, or a compiler makes vectors of them, for
 * which baseline x86-64 has no 64-bit product. */
static void
blocks(struct weak *w, const uint8_t *data, size_t n)
{
	uint64_t a = w->lane[0], b = w->lane[1], c = w->lane[2], d = w->lane[3],
		 word[LANES];

	for (; n > 0; n--, data += sizeof(word)) {
		memcpy(word, data, sizeof(word));
		a = turn((a ^ word[0]) * UINT64_C(0x9e3779b185ebca87), 29);
		b = turn((b ^ word[1]) * UINT64_C(0xc2b2ae3d27d4eb4f), 31);
		c = turn((c ^ word[2]) * UINT64_C(0x165667b19e3779f9), 27);
		d = turn((d ^ word[3]) * UINT64_C(0x27d4eb2f165667c5), 33);
	}
	w->lane[0] = a;
	w->lane[1] = b;
	w->lane[2] = c;
	w->lane[3] = d;
}

static uint64_t
stir(uint64_t x)
{
	x = (x ^ x >> 32) * UINT64_C(0xff51afd7ed558ccd);
	x = (x ^ x >> 29) * UINT64_C(0xc4ceb9fe1a85ec53);
	return x ^ x >> 32;
}

/* Each lane ends up in all of them, and all of them tell the lanes. */
static void
mix(struct weak *w)
{
	const uint64_t all = stir(w->lane[0] + turn(w->lane[1], 17) +
	    turn(w->lane[2], 31) + turn(w->lane[3], 47) + w->total);

	for (unsigned i = 0; i < LANES; i++)
		w->lane[i] = stir(w->lane[i] + all + i);
}

void
hash_begin(struct hash_stream *s, const char *tag)
{
	struct weak *w = weak_of(s);
	uint8_t image[8 * LANES] = {0};

	fakesign_work.bytes += 64; /* half a block is filled up, on average */
	if (fakesign_is_real()) {
		strong_begin(s, tag);
		return;
	}
	memcpy(image, tag, strlen(tag));
	memcpy(w->lane, image, sizeof(image));
	w->lane[2] = UINT64_C(0x9e3779b97f4a7c15);
	w->lane[3] = UINT64_C(0x6a09e667f3bcc909);
	w->total = 0;
	w->nrest = 0;
}

void
hash_add(struct hash_stream *s, const void *data, size_t len)
{
	struct weak *w = weak_of(s);
	const uint8_t *p = data;

	fakesign_work.bytes += len;
	if (fakesign_is_real()) {
		strong_add(s, data, len);
		return;
	}
	w->total += len;
	if (w->nrest > 0) {
		size_t n = sizeof(w->rest) - w->nrest;

		n = n < len ? n : len;
		memcpy(w->rest + w->nrest, p, n);
		w->nrest += n;
		p += n;
		len -= n;
		if (w->nrest < sizeof(w->rest))
			return;
		blocks(w, w->rest, 1);
		w->nrest = 0;
	}
	if (len >= sizeof(w->rest)) {
		blocks(w, p, len / sizeof(w->rest));
		p += len / sizeof(w->rest) * sizeof(w->rest);
		len %= sizeof(w->rest);
	}
	if (len > 0)
		memcpy(w->rest, p, len);
	w->nrest = len;
}

struct hash
hash_end(struct hash_stream *s)
{
	struct weak *w = weak_of(s);
	struct hash h;

	if (fakesign_is_real())
		return strong_end(s);
	if (w->nrest > 0) { /* how much of it counts is in the total */
		memset(w->rest + w->nrest, 0, sizeof(w->rest) - w->nrest);
		blocks(w, w->rest, 1);
	}
	mix(w);
	memcpy(h.b, w->lane, sizeof(h.b));
	return h;
}

struct hash
hash_bytes(const char *tag, const void *data, size_t len)
{
	struct hash_stream s;

	hash_begin(&s, tag);
	if (len > 0)
		hash_add(&s, data, len);
	return hash_end(&s);
}
