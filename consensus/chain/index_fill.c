/*
 * index_fill.c - the index follows the segments, and is looked through.
 *
 * Blocks go in by transactions of some dozens. A long chain into an empty file
 * goes in without a journal and without syncs: a crash on the way leaves
 * nothing but a file of schema 0, which the next start throws away.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "consensus/chain/checkpoint.h"
#include "consensus/chain/index_state.h"
#include "consensus/chain/verify.h"
#include "consensus/ledger/ledger.h"
#include "proto/id.h"

#define BATCH_BLOCKS 256
#define FILL_BLOCKS 1000   /* fewer are not worth a fill */
#define SORT_BLOCKS 100000 /* of more it would take too long at one go */

/* Is the last block applied one of this log? */
static int
check_branch(struct index *x, const struct segments *s)
{
	const struct segments_entry *e = segments_find(s, x->head);
	struct sql_stmt *st = x->stmt[SCHEMA_GET_BLOCK_ID];
	char id[ID_TEXT_LEN];
	int rc;

	if (x->head == 0)
		return 0;
	if (!e)
		return -EBADMSG;
	rc = sql_bind(st, "i", (int64_t)x->head);
	if (rc < 0)
		return rc;
	rc = sql_step(st);
	if (rc >= 0)
		rc = rc == 1 &&
			strcmp(sql_text(st, 0),
			    id_text(ID_BLOCK, &e->id, id)) == 0
		    ? 0
		    : -EBADMSG;
	sql_reset(st);
	return rc;
}

static int
read_block(struct segments *s, uint64_t height, struct block **b,
    struct commit *c)
{
	enum verify_verdict v;
	uint8_t *data;
	uint32_t len;
	int rc = segments_read(s, height, &data, &len);

	*b = NULL;
	if (rc < 0)
		return rc == -EBADMSG ? -EINVAL : rc;
	v = verify_decode_stored(data, len, b, c);
	if (v == VERIFY_NO_MEMORY)
		rc = -ENOMEM;
	else if (v != VERIFY_OK)
		rc = -EINVAL; /* the log's fault: no rebuild can help */
	free(data);
	return rc;
}

/* Exclusive, so that nobody reads a file that a crash would leave torn. */
static int
begin_fill(struct index *x, uint64_t nblocks)
{
	int rc = sql_exec(x->db,
	    "PRAGMA user_version = 0;"
	    "PRAGMA locking_mode = EXCLUSIVE;"
	    "PRAGMA journal_mode = OFF;"
	    "PRAGMA synchronous = OFF;"
	    "PRAGMA cache_size = -65536;");

	x->filling = rc == 0;
	if (rc == 0 && nblocks <= SORT_BLOCKS) {
		x->unsorted = true;
		rc = sql_exec(x->db, schema_no_orders);
	}
	return rc;
}

/* The version is the last thing written and the first that is synced with all
 * before it. */
static int
end_fill(struct index *x)
{
	char version[48];
	int rc;

	snprintf(version, sizeof(version), "PRAGMA user_version = %d",
	    INDEX_SCHEMA);
	x->filling = false;
	rc = x->unsorted ? sql_exec(x->db, schema_orders) : 0;
	x->unsorted = false;
	if (rc == 0)
		rc = sql_exec(x->db, "PRAGMA synchronous = FULL;");
	if (rc == 0)
		rc = sql_exec(x->db, version);
	/* Unlocked by the first statement after the change of mode. */
	if (rc == 0)
		rc = sql_exec(x->db,
		    "PRAGMA locking_mode = NORMAL;"
		    "PRAGMA journal_mode = WAL;"
		    "PRAGMA synchronous = NORMAL;"
		    "PRAGMA cache_size = -2000;");
	return rc;
}

void
index_settle(struct index *x)
{
	if (x->filling && x->db && end_fill(x) < 0)
		x->branch_known = false; /* the next start fills it again */
}

static int
undo(struct index *x, uint64_t head, int rc)
{
	int lost = INDEX_RUN(x, SCHEMA_ROLLBACK, "");

	(void)lost; /* closing the database would do it as well */
	x->head = head;
	index_books_close(x); /* it may be some blocks ahead now */
	/* Without a journal nothing can be undone. */
	return x->filling ? -EBADMSG : rc;
}

static int
finish(struct index *x)
{
	int rc = index_books_end(x);

	if (rc == 0)
		rc = INDEX_RUN(x, SCHEMA_PUT_META, "ti", "applied_height",
		    (int64_t)x->head);
	return rc == 0 ? INDEX_RUN(x, SCHEMA_COMMIT, "") : rc;
}

static int
begin(struct index *x)
{
	int rc = INDEX_RUN(x, SCHEMA_BEGIN, "");

	return rc == 0 ? index_books_open(x) : rc;
}

int
index_apply(struct index *x, const struct block *b, const struct commit *c)
{
	const uint64_t head = x->head;
	int rc;

	if (b->header.height != head + 1)
		return -EINVAL;
	rc = begin(x);
	if (rc == 0)
		rc = index_put(x, b, c);
	if (rc == 0)
		rc = finish(x);
	return rc == 0 ? 0 : undo(x, head, rc);
}

/* Some blocks in one transaction; a record that cannot be read ends it. */
static int
apply_some(struct index *x, struct segments *s, uint64_t max, uint64_t *n)
{
	const uint64_t head = x->head, left = segments_head(s) - head;
	const uint64_t end = head + (left < max ? left : max);
	struct commit c;
	struct block *b;
	int rc = begin(x), unread = 0;

	while (rc == 0 && x->head < end) {
		unread = read_block(s, x->head + 1, &b, &c);
		if (unread < 0)
			break;
		x->skim = x->head + 1 < end;
		rc = index_put(x, b, &c);
		block_free(b);
	}
	x->skim = false;
	if (rc == 0)
		rc = finish(x);
	if (rc < 0)
		return undo(x, head, rc);
	*n += x->head - head;
	return unread;
}

/* The ledger is brought to what the tables have already. */
static int
replay_next(struct index *x, struct segments *s)
{
	struct checkpoint_report found;
	struct commit c;
	struct block *b;
	int rc = 0;

	if (!x->ledger)
		rc = checkpoint_read(s, x->f, x->head, &x->ledger, &found);
	if (rc == 0)
		rc = index_books_begin(x);
	if (rc < 0 || !index_books_behind(x))
		return rc;
	rc = read_block(s, ledger_height(x->ledger) + 1, &b, &c);
	x->skim = ledger_height(x->ledger) + 1 < x->head;
	if (rc == 0)
		rc = index_books_replay(x, b);
	x->skim = false;
	block_free(b);
	return rc;
}

static int
follow(struct index *x, struct segments *s, uint64_t max, uint64_t *n)
{
	const uint64_t end = segments_head(s);
	int rc = x->branch_known ? 0 : check_branch(x, s);
	uint64_t replayed = 0, left;

	x->branch_known = rc == 0;
	for (; rc == 0 && replayed < max && index_books_behind(x); replayed++)
		rc = replay_next(x, s);
	if (replayed == max)
		return rc;
	if (rc == 0 && x->head == 0 && end >= FILL_BLOCKS && !x->filling)
		rc = begin_fill(x, end);
	while (rc == 0 && *n < max && x->head < end) {
		left = max - *n;
		rc = apply_some(x, s, left < BATCH_BLOCKS ? left : BATCH_BLOCKS,
		    n);
	}
	if (rc == 0 && x->filling && x->head == end)
		rc = end_fill(x);
	return rc;
}

/* Who removes it may do so at any time; we would go on with a file that nobody
 * can open. */
static bool
is_gone(const struct index *x)
{
	return access(x->path, F_OK) < 0 && errno == ENOENT;
}

int
index_catch_up(struct index *x, struct segments *s, uint64_t max,
    uint64_t *napplied)
{
	uint64_t n = 0;
	int rc;

	rc = is_gone(x) ? -EBADMSG : follow(x, s, max, &n);
	if (rc == -EBADMSG) { /* damaged or of another branch: fill again */
		n = 0;
		x->refills++;
		rc = index_start_over(x);
		if (rc == 0)
			rc = follow(x, s, max, &n);
	}
	if (napplied)
		*napplied = n;
	return rc;
}

int
index_scrub(struct index *x, unsigned npages, bool *whole)
{
	uint8_t page[SQL_PAGE];
	int rc = is_gone(x) ? -EBADMSG : 1;

	*whole = false;
	if (x->filling)
		return 0; /* not all of it is written yet */
	for (; npages > 0 && rc == 1; npages--) {
		rc = sql_page_read(x->db, x->scrubbed, page);
		if (rc == 1 && !sql_page_sound(page))
			rc = -EBADMSG;
		x->scrubbed += rc == 1;
	}
	if (rc == 0) {
		*whole = true;
		x->scrubbed = 0;
	}
	if (rc == -EBADMSG) {
		x->refills++;
		rc = index_start_over(x);
		return rc == 0 ? -EBADMSG : rc;
	}
	return rc < 0 ? rc : 0;
}
