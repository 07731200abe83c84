/*
 * large.h - which large messages may come in at a time, over all links.
 *
 * Whoever is known may leave half of a message with us, up to 40 MiB in each of
 * two classes: with a hundred members that would be 8 GiB. So what is larger
 * than a share needs a place, one a link, and there are eight: 320 MiB. Who has
 * none waits without credit beyond a window of 1 MiB, and nothing is lost.
 *
 * The share is 40 MiB by the number of members, or one window where that is
 * more. The updates of a round fit one block together (job_fits_block), so that
 * no update of an honest member ever waits; only blocks are larger. Up to seven
 * liars cannot make a block wait either. Where more hold all places, each has
 * one for hold_ms (10 minutes: 40 MiB at 0.6 Mbit/s), then the slowest goes
 * when somebody waits, his link closed; the one that is farthest stays longer,
 * so that on a slow line, too, one comes to its end. Of those who wait the one
 * whose last took least time is next. Nobody goes while nobody waits.
 * No clock, no socket; links are claims here. Loop thread only.
 */
#ifndef QML_DAEMON_NODE_LARGE_H
#define QML_DAEMON_NODE_LARGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/federation.h"

#define LARGE_PLACES 8
#define LARGE_HOLD_MS (10u * 60 * 1000)
#define LARGE_LEAD 6 /* so many times hold_ms for the one that is farthest */

/* One link's; all zeros but the member: wants nothing. */
struct large_claim {
	struct large_claim *next;
	uint16_t member;
	bool asked, held;
	uint64_t since_ms; /* held */
	size_t came;       /* bytes, since then */
};

/* Of a node; outlives every claim. */
struct large {
	uint16_t nmembers;
	uint32_t hold_ms;
	struct large_claim *first; /* asked, in order of asking */
	unsigned held;
	uint64_t took_ms[FEDERATION_MAX_MEMBERS]; /* the last, by member */
};

/* A message of at most so many bytes needs no place. */
size_t large_share(const struct large *g);
/* Has c, which may have asked before, a place now? */
bool large_ask(struct large *g, struct large_claim *c, uint64_t now_ms);
/* Must c's link be closed, for others who wait? */
bool large_must_go(const struct large *g, const struct large_claim *c,
    uint64_t now_ms);
/* c wants nothing any more; nothing happens if it did not before. */
void large_done(struct large *g, struct large_claim *c, uint64_t now_ms);

#endif
