/*
 * cmd_assert.c - qmlnode assert-never-voted: an operator's word in place of a
 * lost vote log.
 *
 * Four members or more bring a node out of quarantine by saying how far they
 * are. Fewer cannot, and where too many lost their logs at once, the blocks
 * that each of them lets pass before it signs again never come: then only
 * somebody who knows that this key signed nothing beyond the chain that lies
 * here can say so. If that is not true, the node contradicts itself, and every
 * other member can prove it.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "consensus/chain/disk_posix.h"
#include "consensus/chain/segments.h"
#include "consensus/chain/votelog.h"
#include "daemon/cli/cli.h"
#include "daemon/cli/prepare.h"

static const char usage[] =
    "usage: qmlnode assert-never-voted [--home DIR] --i-know\n"
    "For a node whose vote log is lost, or damaged beyond its copies, where\n"
    "the others cannot say how far it had voted, or where so many wait until\n"
    "they may sign again that no block comes: you say that it signed nothing\n"
    "for a block above the last one in its chain. Make sure that no\n"
    "other machine runs this key, that this is no old copy of the home, and\n"
    "that the others have no block that is not here.\n";

/* The last block of the chain here; 0 without one. */
static int
find_head(struct disk *d, uint64_t *head)
{
	struct segments s = SEGMENTS_INIT;
	struct segments_report report;
	int rc = segments_open(&s, d, SEGMENTS_DIR, SEGMENTS_READ, &report);

	*head = 0;
	if (rc == 0)
		*head = segments_head(&s);
	segments_close(&s);
	return rc == -ENOENT ? 0 : rc;
}

/* A floor that the chain is not at yet. Where something was signed since, the
 * chain was there once and has lost blocks: they are to be fetched again, and
 * what the log says of them holds. */
static bool
waits(const struct votelog_record *last, uint64_t head)
{
	const bool signed_since =
	    last->has_bft || last->has_answer || last->has_attest;

	return !signed_since && (last->floor == 0 || last->floor > head + 1);
}

/* The log that is in force, if any: 0: it is whole; -ENOENT, -EBADMSG: lost,
 * damaged; -EAGAIN: it stands for a lost one and waits for the others, or for
 * blocks that cannot come where too many wait for them. */
static int
judge_log(struct disk *d, const struct hash *node, uint64_t head,
    unsigned *number)
{
	struct votelog log = VOTELOG_INIT;
	char name[DISK_NAME_MAX];
	const struct votelog_open_args args = {.name = name, .node = *node};
	int rc = votelog_newest(d, number);

	if (rc < 0)
		return rc;
	votelog_name(*number, name);
	rc = votelog_open(&log, d, &args);
	if (rc == 0 && *number > 0 && waits(&log.last, head))
		rc = -EAGAIN;
	votelog_close(&log);
	return rc;
}

static int
write_log(struct disk *d, const struct hash *node, unsigned number,
    uint64_t floor)
{
	const struct votelog_record r = {.type = VOTELOG_HEIGHT,
	    .floor = floor};
	struct votelog log = VOTELOG_INIT;
	char name[DISK_NAME_MAX];
	const struct votelog_open_args args = {.name = name, .node = *node};
	int rc;

	votelog_name(number, name);
	rc = votelog_create(d, name, node);
	if (rc == 0)
		rc = votelog_open(&log, d, &args);
	if (rc == 0)
		rc = votelog_append(&log, &r);
	votelog_close(&log);
	return rc;
}

static int
assert_on(struct disk *d, const struct prepare *p)
{
	char name[DISK_NAME_MAX];
	unsigned number = 0;
	uint64_t head = 0;
	int rc = find_head(d, &head);

	if (rc < 0)
		return cli_error(rc == -EBADMSG ? CLI_DAMAGED : CLI_IO,
		    "the chain of %s: %s\n  Copy the chain folder from another "
		    "member first: the last block in it counts",
		    p->home, rc == -EBADMSG ? "damaged" : strerror(-rc));
	rc = judge_log(d, &p->keys.id, head, &number);
	if (rc == 0)
		return cli_error(CLI_CONFLICT,
		    "the vote log of %s is whole: nothing needs to be "
		    "asserted\n  qmlnode run --home %s",
		    p->home, p->home);
	if (rc == -EINVAL)
		return cli_error(CLI_CONFLICT,
		    "the vote log of %s belongs to another node.key", p->home);
	if (rc != -ENOENT && rc != -EBADMSG && rc != -EAGAIN)
		return cli_error(CLI_IO, "%s: %s", p->home, strerror(-rc));
	if (number == VOTELOG_LATER_MAX)
		return cli_error(CLI_FAILED, "%s has had too many vote logs",
		    p->home);
	rc = write_log(d, &p->keys.id, number + 1, head + 1);
	if (rc < 0)
		return cli_error(CLI_IO, "%s: %s", p->home, strerror(-rc));
	votelog_name(number + 1, name);
	printf(
	    "made %s/%s: by your word this key signed nothing above block "
	    "%" PRIu64 "\nIf it did, the others will show two votes of this "
	    "node that contradict each other.\nNext: qmlnode run --home "
	    "%s\nIf that says the key is in use elsewhere, and it is not, it "
	    "had answered the open\nround before: start it once more.\n",
	    p->home, name, head, p->home);
	return CLI_OK;
}

int
cmd_assert(int argc, char **argv)
{
	struct prepare p = {.home = NULL, .lock = -1};
	char default_home[HOME_PATH_LEN];
	struct disk_posix disk = DISK_POSIX_INIT;
	bool sure = false;
	const struct cli_option options[] = {{"home", &p.home, NULL},
	    {"i-know", NULL, &sure}};
	const struct cli_options o = {options, 2, usage, 0};
	int rc = cli_parse(&o, &argc, argv);

	if (rc != CLI_OK)
		return rc < 0 ? CLI_OK : rc;
	if (!sure)
		return cli_error(CLI_USAGE,
		    "a wrong word here makes this node sign twice\n  Read "
		    "qmlnode assert-never-voted --help, then say --i-know");
	if (p.home == NULL)
		p.home = home_default(default_home, sizeof(default_home));
	rc = prepare_lock(&p);
	if (rc == CLI_OK)
		rc = prepare_config(&p);
	if (rc == CLI_OK)
		rc = prepare_keys(&p);
	if (rc == CLI_OK && disk_posix_open(&disk, p.home) < 0)
		rc = cli_error(CLI_IO, "%s cannot be opened", p.home);
	if (rc == CLI_OK)
		rc = assert_on(&disk.disk, &p);
	disk_posix_close(&disk);
	prepare_close(&p);
	return rc;
}
