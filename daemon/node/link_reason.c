/*
 * link_reason.c - why links end, in words.
 */
#include "daemon/node/link.h"

#include <errno.h>

#include "daemon/node/log.h"

const char *
link_reason(int reason)
{
	switch (reason) {
	case 0:
		return "another link to the same member is better";
	case -EBADMSG:
		return "wrong key, federation or version, or damaged";
	case -EALREADY:
		return "it has a link with this node's key already";
	case -EACCES:
		return "not a member, or banned for now";
	case -EPROTO:
		return "not our protocol";
	case -ETIMEDOUT:
		return "nothing heard in time";
	case -ETIME:
		return "its large message came too slowly, others waited";
	case -ENOBUFS:
		return "it reads too slowly: queue full";
	case -ECONNABORTED:
		return "too many strangers, the oldest goes";
	default:
		return log_why(reason);
	}
}
