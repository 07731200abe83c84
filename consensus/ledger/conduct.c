#include "consensus/ledger/conduct.h"

bool
conduct_is_new(const struct conduct *c, const struct conduct_now *now,
    const struct evidence *e)
{
	bool of_round =
	    e->kind == EVIDENCE_ANSWERS || e->kind == EVIDENCE_ATTESTS;
	uint64_t limit = of_round ? now->round : now->height;
	const struct conduct_record *r;

	if (e->who >= now->nmembers || e->at > limit ||
	    limit - e->at >= CONDUCT_WINDOW)
		return false;
	r = &c->of[e->who][e->kind - 1];
	if (r->times == 0 || e->at > r->newest)
		return true;
	return r->newest - e->at < CONDUCT_WINDOW &&
	    (r->seen >> (r->newest - e->at) & 1u) == 0;
}

void
conduct_add(struct conduct *c, const struct evidence *e)
{
	struct conduct_record *r = &c->of[e->who][e->kind - 1];
	uint64_t ahead;

	if (r->times == 0) {
		r->newest = e->at;
		r->seen = 1;
	} else if (e->at > r->newest) {
		ahead = e->at - r->newest;
		r->seen = ahead < CONDUCT_WINDOW ? r->seen << ahead | 1u : 1u;
		r->newest = e->at;
	} else {
		r->seen |= UINT64_C(1) << (r->newest - e->at);
	}
	if (r->times < UINT32_MAX)
		r->times++;
}

uint32_t
conduct_times(const struct conduct *c, uint16_t member)
{
	uint32_t n = 0;

	for (unsigned k = 0; k < EVIDENCE_KINDS - 1; k++)
		n += c->of[member][k].times;
	return n;
}

static void
add_number(struct hash_stream *s, uint64_t v)
{
	uint8_t image[8];

	for (unsigned k = 0; k < 8; k++)
		image[k] = (uint8_t)(v >> (56 - 8 * k));
	hash_add(s, image, sizeof(image));
}

/* Of those who have a record; most federations never have any. */
struct hash
conduct_hash(const struct conduct *c, uint16_t nmembers)
{
	struct hash_stream s;

	hash_begin(&s, "qml.conduct");
	for (uint16_t i = 0; i < nmembers; i++)
		for (unsigned k = 0; k < EVIDENCE_KINDS - 1; k++) {
			const struct conduct_record *r = &c->of[i][k];

			if (r->times == 0)
				continue;
			add_number(&s, (uint64_t)i << 8 | k);
			add_number(&s, r->newest);
			add_number(&s, r->seen);
			add_number(&s, r->times);
		}
	return hash_end(&s);
}
