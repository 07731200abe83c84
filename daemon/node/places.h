/*
 * places.h - who may wait at the door before anybody knows who it is.
 *
 * Strangers share a fixed number of places; a newcomer takes the oldest, so
 * holding all of them for the whole time-out does not lock members out. Who
 * has shown a member's key goes last: on a slow path the oldest is one whose
 * first record is still on its way. One host that is not this one has few of
 * the places, and takes them from itself: a member may share it with others.
 * Loop thread only.
 */
#ifndef QML_DAEMON_NODE_PLACES_H
#define QML_DAEMON_NODE_PLACES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PLACES_MAX 64
#define PLACES_PER_HOST 4
#define PLACES_GUESTS_MAX 8
/* He asks to be put to the vote, which is work for the loop; then he comes
 * again. */
#define PLACES_GUEST_MSGS 1
/* A member's links that come up: so many at once, then one in so long. More is
 * work and log lines for nothing. */
#define PLACES_UPS_AT_ONCE 10
#define PLACES_UP_MS 500

struct link;

/* For one who comes from address; links in order of age. Where his host's
 * places or all are taken, the one who must go is closed. */
void places_take(struct link *const *links, size_t nlinks, const char *address);

/* For one who was let in by an invitation: an older link with his key ends,
 * and where there are too many guests the oldest. */
void places_take_guest(struct link *const *links, size_t nlinks,
    const struct link *guest);

/* May a link come up now? *paid_ms: the time that those before have used up. */
bool places_may_come_up(uint64_t *paid_ms, uint64_t now_ms)
    __attribute__((warn_unused_result));

#endif
