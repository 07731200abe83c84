#include "daemon/node/places.h"

#include <errno.h>
#include <string.h>

#include "daemon/node/address.h"
#include "daemon/node/link.h"

bool
places_take(struct link *const *links, size_t nlinks, const char *address)
{
	struct link *oldest = NULL, *unknown = NULL;
	size_t n = 0, of_host = 0;

	for (size_t i = 0; i < nlinks; i++) {
		struct link *l = links[i];

		if (link_dialed(l) || link_ready(l) || link_closing(l))
			continue;
		oldest = oldest == NULL ? l : oldest;
		if (unknown == NULL && link_peer(l) == LINK_NOBODY)
			unknown = l;
		n++;
		of_host += address_same_host(link_address(l), address);
	}
	if (!address_is_loopback(address) && of_host >= PLACES_PER_HOST)
		return false;
	if (n >= PLACES_MAX)
		link_close(unknown != NULL ? unknown : oldest, -ECONNABORTED);
	return true;
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
