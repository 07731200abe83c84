#include "swarm.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

uint64_t
swarm_random(struct swarm *s, uint64_t below)
{
	s->rng ^= s->rng << 13;
	s->rng ^= s->rng >> 7;
	s->rng ^= s->rng << 17;
	return below == 0 ? 0 : (s->rng >> 11) % below;
}

static bool
sooner(const struct swarm_msg *a, const struct swarm_msg *b)
{
	return a->at_ms != b->at_ms ? a->at_ms < b->at_ms : a->order < b->order;
}

void
swarm_push(struct swarm *s, const struct swarm_msg *m, uint64_t delay_ms)
{
	struct swarm_msg new = *m;
	size_t i = s->nqueue++;

	new.at_ms = s->now_ms + delay_ms;
	new.order = s->order++;
	if (s->nqueue > s->queue_max) {
		s->queue_max = s->queue_max == 0 ? 1024 : 2 * s->queue_max;
		s->queue =
		    realloc(s->queue, s->queue_max * sizeof(s->queue[0]));
		assert(s->queue != NULL);
	}
	for (; i > 0 && sooner(&new, &s->queue[(i - 1) / 2]); i = (i - 1) / 2)
		s->queue[i] = s->queue[(i - 1) / 2];
	s->queue[i] = new;
}

bool
swarm_pop(struct swarm *s, struct swarm_msg *out)
{
	struct swarm_msg last;
	size_t i = 0;

	if (s->nqueue == 0)
		return false;
	*out = s->queue[0];
	last = s->queue[--s->nqueue];
	for (;;) {
		size_t child = 2 * i + 1;

		if (child + 1 < s->nqueue &&
		    sooner(&s->queue[child + 1], &s->queue[child]))
			child++;
		if (child >= s->nqueue || !sooner(&s->queue[child], &last))
			break;
		s->queue[i] = s->queue[child];
		i = child;
	}
	s->queue[i] = last;
	return true;
}

struct hash
swarm_block(struct swarm *s, uint64_t height, uint32_t round, bool valid)
{
	struct hash h = {{0}};
	uint64_t num = ++s->nblocks;

	/* Mixed first, so that byte order is not the order of creation. */
	h.b[0] = (uint8_t)(num * 167 + 1);
	h.b[1] = valid;
	h.b[2] = 1;
	memcpy(h.b + 8, &num, sizeof(num));
	memcpy(h.b + 16, &height, sizeof(height));
	memcpy(h.b + 24, &round, sizeof(round));
	return h;
}

uint64_t
swarm_block_num(const struct hash *h)
{
	uint64_t num;

	memcpy(&num, h->b + 8, sizeof(num));
	return num;
}

bool
swarm_block_valid(const struct hash *h, uint64_t height)
{
	uint64_t own;

	memcpy(&own, h->b + 16, sizeof(own));
	return h->b[1] == 1 && own == height;
}

uint32_t
swarm_block_round(const struct hash *h)
{
	uint32_t round;

	memcpy(&round, h->b + 24, sizeof(round));
	return round;
}
