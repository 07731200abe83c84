#include "daemon/cli/check_store.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

#include "consensus/chain/checkpoint.h"
#include "consensus/chain/disk_posix.h"
#include "consensus/chain/index.h"
#include "consensus/chain/segments.h"
#include "consensus/chain/sql.h"
#include "consensus/chain/verify.h"
#include "consensus/chain/votelog.h"
#include "consensus/ledger/params.h"
#include "consensus/replica/store.h"
#include "daemon/cli/cli.h"
#include "daemon/cli/ctl_text.h"
#include "proto/id.h"

/* The home's disk, on which everything that would change it is -EROFS. The
 * modules are opened as `run` opens them; where they would mend something,
 * they stop with that error. */
struct reading_disk {
	struct disk_posix posix; /* first, as disk_posix's own calls want */
	struct disk_ops ops;
	const struct disk_ops *real;
};

static int
open_reading(struct disk *d, const char *name, enum disk_mode mode,
    struct disk_file **out)
{
	if (mode == DISK_CREATE)
		return -EROFS;
	return ((struct reading_disk *)d)->real->open(d, name, DISK_READ, out);
}

static int64_t
refuse_write(struct disk_file *f, const void *buf, size_t len, uint64_t offset)
{
	(void)f, (void)buf, (void)len, (void)offset;
	return -EROFS;
}

static int
refuse_reserve(struct disk_file *f, uint64_t size)
{
	(void)f, (void)size;
	return -EROFS;
}

static int
refuse_name(struct disk *d, const char *name)
{
	(void)d, (void)name;
	return -EROFS;
}

static int
open_disk(struct reading_disk *r, const char *home)
{
	int rc;

	*r = (struct reading_disk){.posix = DISK_POSIX_INIT};
	rc = disk_posix_open(&r->posix, home);
	if (rc != 0)
		return rc;
	r->real = r->posix.disk.ops;
	r->ops = *r->real;
	r->ops.open = open_reading;
	r->ops.write = refuse_write;
	r->ops.reserve = refuse_reserve;
	r->ops.make_dir = refuse_name;
	r->ops.unlink = refuse_name;
	r->posix.disk.ops = &r->ops;
	return 0;
}

static int
explain_votes(const struct prepare *p, const char *name, int rc)
{
	if (rc == -ENOENT)
		return cli_error(CLI_DAMAGED,
		    "%s/%s is gone; without it this node could sign a second, "
		    "different vote\n"
		    "  Put the file back. If it is lost, run begins in "
		    "quarantine where four members or\n  more are; with fewer "
		    "only you can say what it had signed: qmlnode\n  "
		    "assert-never-voted --help",
		    p->home, name);
	if (rc == -EBADMSG)
		return cli_error(CLI_DAMAGED,
		    "%s/%s is damaged in both copies of a record\n"
		    "  Restore the newest copy of it; never an older one. "
		    "Else run begins in quarantine\n  where four members or "
		    "more are; with fewer: qmlnode assert-never-voted --help",
		    p->home, name);
	if (rc == -EINVAL)
		return cli_error(CLI_CONFLICT,
		    "%s/%s belongs to another node.key\n  The two are made "
		    "together and stay together: put back the one that was "
		    "exchanged",
		    p->home, name);
	return cli_error(CLI_IO, "%s/%s: %s", p->home, name, strerror(-rc));
}

int
check_store_votes(const struct prepare *p,
    char text[static CHECK_STORE_TEXT_LEN])
{
	struct reading_disk disk;
	struct votelog log = VOTELOG_INIT;
	struct votelog_report report;
	char name[DISK_NAME_MAX] = VOTELOG_NAME;
	const struct votelog_open_args args = {.name = name,
	    .node = p->keys.id,
	    .report = &report};
	uint64_t seq = 0;
	unsigned number;
	int rc = open_disk(&disk, p->home);

	if (rc == 0)
		rc = votelog_newest(&disk.posix.disk, &number);
	if (rc == 0) {
		votelog_name(number, name);
		rc = votelog_open(&log, &disk.posix.disk, &args);
		seq = log.seq;
	}
	votelog_close(&log);
	disk_posix_close(&disk.posix);
	if (rc != 0 && rc != -EROFS)
		return explain_votes(p, name, rc);
	if (rc == -EROFS)
		snprintf(text, CHECK_STORE_TEXT_LEN,
		    "one of its two copies is torn; run mends it");
	else
		snprintf(text, CHECK_STORE_TEXT_LEN, "%" PRIu64 " votes, whole",
		    seq);
	return CLI_OK;
}

static int
explain_chain(const struct prepare *p, int rc,
    const struct segments_report *report)
{
	if (rc == -EBADMSG)
		return cli_error(CLI_DAMAGED,
		    "%s/" SEGMENTS_DIR "/%06u.seg: byte %" PRIu64
		    ", block %" PRIu64 ": %s\n  qmlnode audit %s says more; "
		    "where others have the chain, too, run cuts it there and\n"
		    "  fetches the rest from them",
		    p->home, report->segment, report->offset, report->height,
		    record_verdict_text(report->verdict), p->home);
	return cli_error(CLI_IO, "%s/" SEGMENTS_DIR ": %s", p->home,
	    strerror(-rc));
}

static int
check_owner(const struct prepare *p, const struct segments *s)
{
	char chain[ID_TEXT_LEN], ours[ID_TEXT_LEN];
	const struct segments_entry *e = segments_find(s, 0);
	struct hash id;

	if (federation_id(&p->federation, &id) != 0)
		return cli_error(CLI_FAILED, "out of memory");
	if (e != NULL && hash_equal(&e->id, &id))
		return CLI_OK;
	return cli_error(CLI_CONFLICT,
	    "%s/" SEGMENTS_DIR " is the chain of\n  %s, but " HOME_FEDERATION
	    " is\n  %s\n  Put the file back that was joined, or use another "
	    "home",
	    p->home, e != NULL ? id_text(ID_FEDERATION, &e->id, chain) : "?",
	    id_text(ID_FEDERATION, &id, ours));
}

int
check_store_chain(const struct prepare *p,
    char text[static CHECK_STORE_TEXT_LEN])
{
	struct segments_report report = {.segment = 0};
	struct segments s = SEGMENTS_INIT;
	struct reading_disk disk;
	int code = CLI_OK, rc = open_disk(&disk, p->home);

	if (rc == 0)
		rc = segments_open(&s, &disk.posix.disk, SEGMENTS_DIR,
		    SEGMENTS_REPAIR, &report);
	if (rc == 0) {
		code = check_owner(p, &s);
		snprintf(text, CHECK_STORE_TEXT_LEN,
		    "%" PRIu64 " blocks after block 0, whole",
		    segments_head(&s));
	} else if (rc == -ENOENT) {
		snprintf(text, CHECK_STORE_TEXT_LEN, "none yet");
	} else if (rc == -EROFS) {
		snprintf(text, CHECK_STORE_TEXT_LEN,
		    "its end is torn; run cuts it and fetches the rest");
	} else {
		code = explain_chain(p, rc, &report);
	}
	segments_close(&s);
	disk_posix_close(&disk.posix);
	return code;
}

static int
replay(struct segments *s, struct ledger *l, uint64_t height)
{
	struct block *b;
	struct commit c;
	uint8_t *data;
	uint32_t len;
	int rc = segments_read(s, height, &data, &len);

	if (rc < 0)
		return rc;
	rc =
	    verify_decode_stored(data, len, &b, &c) == VERIFY_OK ? 0 : -EBADMSG;
	free(data);
	if (rc < 0)
		return rc;
	rc = ledger_replay(l, b);
	block_free(b);
	return rc;
}

/* As `run` makes it. *height is of the block that failed. */
static int
read_state(struct segments *s, const struct federation *f, struct ledger **l,
    uint64_t *height)
{
	const uint64_t head = segments_head(s);
	struct checkpoint_report found;
	int rc = checkpoint_read(s, f, head, l, &found);

	*height = 0;
	if (rc == 0 && *l == NULL)
		rc = ledger_new(f, l);
	if (rc < 0)
		return rc;
	for (*height = ledger_height(*l) + 1; *height <= head; ++*height) {
		rc = replay(s, *l, *height);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int
judge_rules(const struct ledger *l, char text[static CHECK_STORE_TEXT_LEN],
    uint64_t *until)
{
	const struct ledger_params *r = ledger_params(l);

	if (!ledger_version_known(l))
		return cli_error(CLI_CONFIG,
		    "from block %" PRIu64 " on the members run rules of "
		    "version %u, and this program knows up to %u\n  Install a "
		    "newer one; until then run stops at once",
		    ledger_height(l) + 1, ledger_version(l), LEDGER_VERSIONS);
	if (r->next_version > LEDGER_VERSIONS) {
		*until = r->next_version_at - 1;
		snprintf(text, CHECK_STORE_TEXT_LEN,
		    "from block %" PRIu64 " on the members run rules of "
		    "version %u, and this program knows up to %u and will "
		    "stop there: install a newer one",
		    r->next_version_at, r->next_version, LEDGER_VERSIONS);
	} else {
		snprintf(text, CHECK_STORE_TEXT_LEN, "version %u",
		    ledger_version(l));
	}
	return CLI_OK;
}

int
check_store_rules(const struct prepare *p,
    char text[static CHECK_STORE_TEXT_LEN], uint64_t *until)
{
	struct segments s = SEGMENTS_INIT;
	struct ledger *l = NULL;
	struct reading_disk disk;
	uint64_t height = 0;
	int code = CLI_OK, rc = open_disk(&disk, p->home);

	*until = 0;
	if (rc == 0)
		rc = segments_open(&s, &disk.posix.disk, SEGMENTS_DIR,
		    SEGMENTS_READ, NULL);
	/* A torn end is no damage to `run`, which goes by what is before. */
	if (rc == 0 || (rc == -EBADMSG && s.nentries > 0))
		rc = read_state(&s, &p->federation, &l, &height);
	if (rc == 0)
		code = judge_rules(l, text, until);
	else if (rc == -ENOENT && height == 0)
		snprintf(text, CHECK_STORE_TEXT_LEN, "those of the founding");
	else if (height > 0 && rc != -ENOMEM)
		code = cli_error(CLI_DAMAGED,
		    "%s/" SEGMENTS_DIR ": block %" PRIu64 " does not follow: "
		    "%s\n  qmlnode audit %s says more",
		    p->home, height, strerror(-rc), p->home);
	else
		code = cli_error(CLI_IO, "%s/" SEGMENTS_DIR ": %s", p->home,
		    strerror(-rc));
	ledger_free(l);
	segments_close(&s);
	disk_posix_close(&disk.posix);
	return code;
}

int
check_store_fits(const struct statvfs *v, uint64_t want,
    char text[static CHECK_STORE_TEXT_LEN])
{
	const uint64_t room = (uint64_t)v->f_bavail * v->f_frsize;
	char have[CTL_TEXT_LEN], need[CTL_TEXT_LEN];

	ctl_text_bytes(room < INT64_MAX ? (int64_t)room : INT64_MAX, have);
	ctl_text_bytes((int64_t)want, need);
	/* Where f_files is 0 files take no place of their own. */
	if (v->f_files > 0 && v->f_favail == 0) {
		snprintf(text, CHECK_STORE_TEXT_LEN,
		    "its disk has no place for another file (df -i)");
		return -ENOSPC;
	}
	snprintf(text, CHECK_STORE_TEXT_LEN,
	    room < want ? "%s are free on its disk, and the next blocks want %s"
			: "%s are free; the next blocks want %s",
	    have, need);
	return room < want ? -ENOSPC : 0;
}

/* What the chain's file grows by when the next block does not fit. */
int
check_store_room(const struct prepare *p,
    char text[static CHECK_STORE_TEXT_LEN])
{
	const uint64_t want = (store_room(&p->federation) + SEGMENTS_STEP - 1) /
	    SEGMENTS_STEP * SEGMENTS_STEP;
	struct statvfs v;

	if (statvfs(p->home, &v) < 0)
		return cli_error(CLI_IO, "%s: %s", p->home, strerror(errno));
	if (check_store_fits(&v, want, text) == 0)
		return CLI_OK;
	return cli_error(CLI_IO,
	    "%s: %s\n  Without it the node signs nothing. Make room on that "
	    "disk, or move the home to a larger one",
	    p->home, text);
}

/* Where the first page is that is not as it was written; UINT64_MAX: none. */
static int
find_unsound(struct disk_file *f, uint64_t size, uint64_t *where)
{
	uint8_t page[SQL_PAGE];
	int rc = 0;

	*where = UINT64_MAX;
	for (uint64_t at = 0; rc == 0 && at < size; at += SQL_PAGE) {
		rc = disk_read(f, page, SQL_PAGE, at);
		if (rc == -ENODATA || (rc == 0 && !sql_page_sound(page))) {
			*where = at;
			return 0;
		}
	}
	return rc;
}

int
check_store_index(const struct prepare *p,
    char text[static CHECK_STORE_TEXT_LEN])
{
	struct disk_posix disk = DISK_POSIX_INIT;
	struct disk_file *f = NULL;
	uint64_t size = 0, where = UINT64_MAX;
	int rc = disk_posix_open_readonly(&disk, p->home);

	if (rc == 0)
		rc = disk_open(&disk.disk, INDEX_NAME, DISK_READ, &f);
	if (rc == 0)
		rc = disk_size(f, &size);
	if (rc == 0)
		rc = find_unsound(f, size, &where);
	disk_close(f);
	disk_posix_close(&disk);
	if (rc < 0 && rc != -ENOENT)
		return cli_error(CLI_IO, "%s/" INDEX_NAME ": %s", p->home,
		    strerror(-rc));
	if (rc == -ENOENT)
		snprintf(text, CHECK_STORE_TEXT_LEN, "none yet; run makes it");
	else if (where != UINT64_MAX)
		snprintf(text, CHECK_STORE_TEXT_LEN,
		    "the page at byte %" PRIu64 " is not as it was written; "
		    "run fills it again",
		    where);
	else
		snprintf(text, CHECK_STORE_TEXT_LEN, "%" PRIu64 " pages, whole",
		    size / SQL_PAGE);
	return CLI_OK;
}
