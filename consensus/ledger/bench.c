#include "consensus/ledger/bench.h"

#include "consensus/bft/proposer.h"

void
bench_turns(const struct bench *b, const struct bench_set *set,
    uint32_t turns[])
{
	for (uint16_t i = 0; i < set->n; i++)
		turns[i] = b->out[i] ? 0 : set->power[i];
}

/* An own block wipes the slate; whose turn it was and who has none to show
 * for it gets a mark. */
static void
count_miss(struct bench *b, const struct bench_set *set,
    const struct bench_block *at)
{
	uint32_t turns[FEDERATION_MAX_MEMBERS];
	uint16_t first;

	bench_turns(b, set, turns);
	first = bft_proposer(turns, set->n, at->height, 0);
	if (at->round > 0 && b->miss[first] < BENCH_MISSES)
		b->miss[first]++;
	b->miss[at->proposer] = 0;
}

/* Only certificates since the bench count: those from before show a machine
 * that was alive then. */
static void
look_for_life(struct bench *b, const struct bench_set *set,
    const struct commit *last)
{
	const uint16_t window = (1u << BENCH_WINDOW) - 1;

	for (uint16_t i = 0; i < set->n; i++)
		b->signs[i] = (uint16_t)(b->signs[i] << 1) & window;
	for (uint16_t k = 0; last != NULL && k < last->nsigs; k++)
		if (last->validators[k] < set->n && b->out[last->validators[k]])
			b->signs[last->validators[k]] |= 1;
	for (uint16_t i = 0; i < set->n; i++) {
		unsigned present = 0;

		for (unsigned k = 0; k < BENCH_WINDOW; k++)
			present += ((unsigned)b->signs[i] >> k) & 1u;
		if (!b->out[i] || present < BENCH_PRESENT)
			continue;
		b->out[i] = false;
		b->miss[i] = 0;
		b->signs[i] = 0;
	}
}

/* A smaller federation has less room; whom there is none for has its turn
 * back, with the marks: they go with its next block. */
void
bench_fit(struct bench *b, const struct bench_set *set)
{
	uint64_t total = 0, out = 0;

	for (uint16_t i = 0; i < set->n; i++)
		total += set->power[i];
	for (uint16_t i = 0; i < set->n; i++) {
		if (!b->out[i])
			continue;
		if (3 * (out + set->power[i]) < total) {
			out += set->power[i];
			continue;
		}
		b->out[i] = false;
		b->signs[i] = 0;
	}
}

/* Less than a third of the power, or the faulty could bench the honest. */
static void
send_out(struct bench *b, const struct bench_set *set)
{
	uint64_t total = 0, out = 0;

	for (uint16_t i = 0; i < set->n; i++) {
		total += set->power[i];
		out += b->out[i] ? set->power[i] : 0;
	}
	for (uint16_t i = 0; i < set->n; i++) {
		if (b->out[i] || b->miss[i] < BENCH_MISSES ||
		    3 * (out + set->power[i]) >= total)
			continue;
		b->out[i] = true;
		b->signs[i] = 0;
		out += set->power[i];
	}
}

void
bench_block(struct bench *b, const struct bench_set *set,
    const struct bench_set *next, const struct bench_block *at)
{
	count_miss(b, set, at);
	look_for_life(b, set, at->last);
	bench_fit(b, next);
	send_out(b, next);
}

struct hash
bench_hash(const struct bench *b, uint16_t n)
{
	struct hash_stream s;

	hash_begin(&s, "qml.bench");
	for (uint16_t i = 0; i < n; i++) {
		const uint8_t image[4] = {b->miss[i], b->out[i],
		    (uint8_t)(b->signs[i] >> 8), (uint8_t)b->signs[i]};

		hash_add(&s, image, sizeof(image));
	}
	return hash_end(&s);
}
