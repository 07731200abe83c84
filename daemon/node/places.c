#include "daemon/node/places.h"

#include <errno.h>
#include <string.h>

#include "daemon/node/address.h"
#include "daemon/node/link.h"

/* Of those who wait, from one host or from all (NULL): how many, and who must
 * go first, the oldest one of whom nothing is known. */
static size_t
waiting(struct link *const *links, size_t nlinks, const char *host,
    struct link **first)
{
	struct link *oldest = NULL, *unknown = NULL;
	size_t n = 0;

	for (size_t i = 0; i < nlinks; i++) {
		struct link *l = links[i];

		if (link_dialed(l) || link_ready(l) || link_closing(l))
			continue;
		if (host != NULL && !address_same_host(link_address(l), host))
			continue;
		oldest = oldest == NULL ? l : oldest;
		if (unknown == NULL && link_peer(l) == LINK_NOBODY)
			unknown = l;
		n++;
	}
	*first = unknown != NULL ? unknown : oldest;
	return n;
}

void
places_take(struct link *const *links, size_t nlinks, const char *address)
{
	struct link *first;

	if (!address_is_loopback(address) &&
	    waiting(links, nlinks, address, &first) >= PLACES_PER_HOST)
		link_close(first, -ECONNABORTED);
	if (waiting(links, nlinks, NULL, &first) >= PLACES_MAX)
		link_close(first, -ECONNABORTED);
}

void
places_take_guest(struct link *const *links, size_t nlinks,
    const struct link *guest)
{
	struct link *oldest = NULL;
	size_t n = 0;

	for (size_t i = 0; i < nlinks; i++) {
		struct link *l = links[i];

		if (l == guest || !link_ready(l) || link_peer(l) != LINK_GUEST)
			continue;
		if (memcmp(link_key(l), link_key(guest), NOISE_KEY_LEN) == 0) {
			link_close(l, -EALREADY);
			continue;
		}
		oldest = oldest == NULL ? l : oldest;
		n++;
	}
	if (n >= PLACES_GUESTS_MAX)
		link_close(oldest, -ECONNABORTED);
}

bool
places_may_come_up(uint64_t *paid_ms, uint64_t now_ms)
{
	if (*paid_ms < now_ms)
		*paid_ms = now_ms;
	if (*paid_ms - now_ms >= PLACES_UPS_AT_ONCE * PLACES_UP_MS)
		return false;
	*paid_ms += PLACES_UP_MS;
	return true;
}
