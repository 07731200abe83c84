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
		    "part=%s why=\"it was gone, damaged, or of another "
		    "version\" next=\"it is filled again from the chain\"",
		    INDEX_NAME);
	else if (f->part == SCRUB_VOTES)
		log_warn("storage.mended",
		    "part=%s why=\"it was not as it had been written\" "
		    "next=\"it was made again; look at the disk\"",
		    VOTELOG_NAME);
	else
		log_warn("storage.mended",
		    "part=%s why=\"it was not as it had been written\" "
		    "next=\"what was damaged was removed; look at the disk\"",
		    POOL_DIR);
	if (f == NULL)
		n->unread = err != 0;
	n->rotten |= f != NULL &&
	    (f->part == SCRUB_CHAIN ||
		(f->part == SCRUB_VOTES && f->npages == 0));
}

void
diskwatch_tables(void *arg, enum tables_part part, int err)
{
	struct node *n = arg;
	const char *name = part == TABLES_INDEX ? INDEX_NAME : CHECKPOINT_DIR;

	n->behind[part] = err != 0;
	if (err == 0)
		log_info("storage.kept_up",
		    "part=%s why=\"it can be written again\"", name);
	else if (part == TABLES_INDEX)
		log_error("storage.behind",
		    "part=%s why=\"%s\" next=\"histories, settlements and "
		    "versions stay at an older block; it is tried again by "
		    "itself\" mend=\"look at the disk, and for who locks that "
		    "file\"",
		    name, log_why(err));
	else
		log_error("storage.behind",
		    "part=%s why=\"%s\" next=\"no checkpoint: the next start "
		    "reads more of the chain; it is tried again by itself\" "
		    "mend=\"look at the disk\"",
		    name, log_why(err));
}

const char *
diskwatch_trouble(const struct node *n)
{
	if (n->rotten)
		return "stored data are damaged: start the node again, and "
		       "look at the disk";
	if (n->unread)
		return "some of what is stored could not be read: look at the "
		       "disk, then start the node again";
	if (n->behind[TABLES_INDEX])
		return "index.db cannot be kept up, so histories end at an "
		       "older block: see the log";
	if (n->behind[TABLES_STATE])
		return "no checkpoint can be written, so the next start takes "
		       "longer: see the log";
	return NULL;
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
