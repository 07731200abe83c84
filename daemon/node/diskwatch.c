#include "daemon/node/diskwatch.h"

#include <errno.h>
#include <inttypes.h>

#include "consensus/chain/index.h"
#include "daemon/node/log.h"
#include "daemon/node/node.h"
#include "daemon/node/start.h"

void
diskwatch_full(void *arg, bool full)
{
	struct node *n = arg;

	n->full = full;
	if (full)
		log_error("storage.full",
		    "home=%s why=\"no room for what this node would have to "
		    "keep, so it signs nothing\" mend=\"make room on that "
		    "disk; the node goes on by itself\"",
		    n->opt->home);
	else
		log_info("storage.room", "home=%s why=\"there is room again\"",
		    n->opt->home);
}

void
diskwatch_scrubbed(void *arg, const struct scrub_finding *f, int err)
{
	struct node *n = arg;

	if (f == NULL && err == 0)
		log_info("storage.scrubbed", "home=%s", n->opt->home);
	else if (f == NULL)
		log_error("storage.scrub", "why=\"%s\"", log_why(err));
	else if (f->part == SCRUB_CHAIN)
		log_error("storage.rotten",
		    "segment=%06u.seg offset=%" PRIu64 " height=%" PRIu64
		    " why=\"%s\" mend=\"start the node again: it fetches "
		    "the blocks from the other members; and look at the "
		    "disk\"",
		    f->segment, f->offset, f->height,
		    record_verdict_text(f->verdict));
	else if (f->part == SCRUB_VOTES && f->npages == 0)
		log_error("storage.rotten",
		    "part=%s why=\"both copies of a record are damaged\" "
		    "mend=\"look at the disk; after the next start the node "
		    "is in quarantine for some blocks\"",
		    VOTELOG_NAME);
	else if (f->part == SCRUB_INDEX)
		log_warn("storage.mended",
		    "part=%s why=\"it was damaged, or of another version\" "
		    "next=\"it is filled again from the chain\"",
		    INDEX_NAME);
	else
		log_warn("storage.mended",
		    "part=%s why=\"it was not as it had been written\" "
		    "next=\"it was made again; look at the disk\"",
		    f->part == SCRUB_VOTES ? VOTELOG_NAME : POOL_DIR);
	n->rotten |= f != NULL &&
	    (f->part == SCRUB_CHAIN ||
		(f->part == SCRUB_VOTES && f->npages == 0));
}

void
diskwatch_failed(void *arg, int err, const char *text)
{
	struct node *n = arg;

	n->halted = "a write failed";
	if (err == -EPERM) {
		log_error("storage.contradiction",
		    "what=%s why=\"the vote log refuses to record something "
		    "that contradicts what this node signed before\" "
		    "mend=\"is the key in use on another machine, or the home "
		    "an old copy? Stop the other one and report this\"",
		    text);
		node_stop(n, NODE_EXIT_DAMAGED);
		return;
	}
	log_error("storage.failed",
	    "what=%s why=\"%s\" mend=\"look at the disk, then start "
	    "the node again; nothing that was committed is lost\"",
	    text, log_why(err));
	node_stop(n, NODE_EXIT_IO);
}
