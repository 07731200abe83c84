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

static void
block(struct weak *w, const uint8_t *data)
{
	static const uint64_t odd[LANES] = {UINT64_C(0x9e3779b185ebca87),
	    UINT64_C(0xc2b2ae3d27d4eb4f), UINT64_C(0x165667b19e3779f9),
	    UINT64_C(0x27d4eb2f165667c5)};
	uint64_t word[LANES];

	memcpy(word, data, sizeof(word));
	for (unsigned i = 0; i < LANES; i++)
		w->lane[i] = turn((w->lane[i] ^ word[i]) * odd[i], 29) + i;
}

/* Each lane ends up in all of them. */
static void
mix(struct weak *w)
{
	for (unsigned r = 0; r < 2 * LANES; r++) {
		uint64_t *a = &w->lane[r % LANES];
		const uint64_t b = w->lane[(r + 1) % LANES];

		*a =
		    turn(*a + (b ^ b >> 31), 23) * UINT64_C(0xff51afd7ed558ccd);
		*a ^= *a >> 32;
	}
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
	*w = (struct weak){.lane = {1, 2, 3, 4}};
	memcpy(image, tag, strlen(tag));
	block(w, image);
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
	for (; len > 0 && w->nrest > 0; len--) {
		w->rest[w->nrest++] = *p++;
		if (w->nrest == sizeof(w->rest)) {
			block(w, w->rest);
			w->nrest = 0;
		}
	}
	for (; len >= sizeof(w->rest); len -= sizeof(w->rest)) {
		block(w, p);
		p += sizeof(w->rest);
	}
	if (len > 0)
		memcpy(w->rest, p, len);
	w->nrest += len;
}

struct hash
hash_end(struct hash_stream *s)
{
	struct weak *w = weak_of(s);
	struct hash h;

	if (fakesign_is_real())
		return strong_end(s);
	memset(w->rest + w->nrest, 0, sizeof(w->rest) - w->nrest);
	block(w, w->rest);
	w->lane[0] += w->total;
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
