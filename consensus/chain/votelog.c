/*
 * votelog.c - the doubled ring of signed things.
 */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "consensus/chain/votelog.h"
#include "consensus/chain/votepage.h"

#define FILE_BYTES (2 * (uint64_t)VOTELOG_HALF_BYTES)
#define PAGES (VOTELOG_HALF_BYTES / DISK_PAGE)

/* Page in a half: 0 is the header, records go round behind it. */
static size_t
page_of(uint64_t seq)
{
	return 1 + (size_t)(seq % VOTELOG_SLOTS);
}

static uint64_t
page_offset(unsigned half, size_t page)
{
	return (uint64_t)half * VOTELOG_HALF_BYTES + page * DISK_PAGE;
}

/* The same page into both halves, and one sync. */
static int
write_both(struct disk_file *f, size_t page, const uint8_t *bytes)
{
	int rc = disk_write(f, bytes, DISK_PAGE, page_offset(0, page));

	if (rc == 0)
		rc = disk_write(f, bytes, DISK_PAGE, page_offset(1, page));
	return rc == 0 ? disk_sync(f) : rc;
}

void
votelog_name(unsigned number, char out[static DISK_NAME_MAX])
{
	if (number == 0)
		memcpy(out, VOTELOG_NAME, sizeof(VOTELOG_NAME));
	else
		(void)snprintf(out, DISK_NAME_MAX, "votes-%u.wal", number);
}

/* -1: no log's name. */
static int
log_number(const char *name)
{
	static const char before[] = "votes-";
	char again[DISK_NAME_MAX];
	unsigned n = 0;

	if (strcmp(name, VOTELOG_NAME) == 0)
		return 0;
	if (strncmp(name, before, sizeof(before) - 1) != 0)
		return -1;
	name += sizeof(before) - 1;
	for (; *name >= '0' && *name <= '9' && n <= VOTELOG_LATER_MAX; name++)
		n = 10 * n + (unsigned)(*name - '0');
	if (n == 0 || n > VOTELOG_LATER_MAX || strcmp(name, ".wal") != 0)
		return -1;
	/* No zeros in front: a number has one name. */
	votelog_name(n, again);
	return strtoul(again + sizeof(before) - 1, NULL, 10) == n ? (int)n : -1;
}

static int
find_newest(void *arg, const char *name)
{
	int *newest = arg, n = log_number(name);

	if (n > *newest)
		*newest = n;
	return 0;
}

int
votelog_newest(struct disk *d, unsigned *number)
{
	int newest = -1;
	int rc = disk_list(d, "", find_newest, &newest);

	*number = newest > 0 ? (unsigned)newest : 0;
	if (rc < 0)
		return rc;
	return newest < 0 ? -ENOENT : 0;
}

int
votelog_create(struct disk *d, const char *name, const struct hash *node)
{
	struct votepage header = {.prev = *node};
	uint8_t page[DISK_PAGE];
	struct disk_file *f;
	int rc = disk_open(d, name, DISK_CREATE, &f), undo;

	if (rc < 0)
		return rc;
	votepage_put(&header, page);
	rc = disk_reserve(f, FILE_BYTES);
	if (rc == 0)
		rc = write_both(f, 0, page);
	if (rc == 0)
		rc = disk_sync_dir(d, "");
	disk_close(f);
	if (rc < 0) {
		/* The next one would be another number, without an end. */
		undo = disk_unlink(d, name);
		(void)undo;
	}
	return rc;
}

/* One page number in both halves while the log is opened. */
struct pair {
	enum votepage_state state; /* VALID: page is the newer copy */
	struct votepage page;
	bool both_bad; /* neither valid nor empty, in both halves */
	int from;      /* half of the good copy; -1: zeros are right */
	bool mend;     /* the other half, or with from < 0 any, differs */
};

struct opening {
	uint8_t *bytes;     /* the file */
	struct pair *pairs; /* [PAGES] */
	uint64_t newest;
	struct votelog_report report;
};

static const uint8_t *
page_bytes(const struct opening *o, unsigned half, size_t page)
{
	return o->bytes + page_offset(half, page);
}

/* -EBADMSG when the halves hold two different records of one number. */
static int
compare_copies(const struct opening *o, size_t i, struct pair *p)
{
	struct votepage copy[2] = {{0}};
	enum votepage_state state[2];
	unsigned half;

	*p = (struct pair){.from = -1};
	p->mend = memcmp(page_bytes(o, 0, i), page_bytes(o, 1, i), DISK_PAGE);
	for (half = 0; half < 2; half++) {
		if (half > 0 && !p->mend) { /* the same bytes say the same */
			copy[1] = copy[0];
			state[1] = state[0];
			break;
		}
		state[half] = votepage_get(page_bytes(o, half, i), &copy[half]);
		if (state[half] != VOTEPAGE_VALID)
			continue;
		if (i == 0
			? copy[half].seq != 0
			: copy[half].seq == 0 || page_of(copy[half].seq) != i)
			state[half] = VOTEPAGE_BAD;
	}
	if (state[0] == VOTEPAGE_VALID)
		p->from = 0;
	if (state[1] == VOTEPAGE_VALID &&
	    (p->from < 0 || copy[1].seq > copy[0].seq))
		p->from = 1;
	if (p->from >= 0) {
		p->state = VOTEPAGE_VALID;
		p->page = copy[p->from];
		if (state[0] == state[1] && copy[0].seq == copy[1].seq)
			return p->mend ? -EBADMSG : 0;
		return 0;
	}
	p->both_bad = state[0] == VOTEPAGE_BAD && state[1] == VOTEPAGE_BAD;
	p->mend = state[0] == VOTEPAGE_BAD || state[1] == VOTEPAGE_BAD;
	p->state = p->mend ? VOTEPAGE_BAD : VOTEPAGE_EMPTY;
	return 0;
}

/* Oldest number the ring must still hold: the page behind the newest may have
 * been lost to a record that was being written over it. */
static uint64_t
oldest_due(const struct opening *o)
{
	return o->newest < VOTELOG_SLOTS ? 1 : o->newest - VOTELOG_SLOTS + 2;
}

static int
lost(struct opening *o, uint64_t seq)
{
	o->report.seq = seq;
	return -EBADMSG;
}

/* All records due are there and each names the one before. */
static int
check_chain(struct opening *o)
{
	const struct pair *p;
	struct hash sum = o->pairs[0].page.sum;
	uint64_t seq = oldest_due(o);
	bool known = seq == 1;

	for (; seq <= o->newest; seq++) {
		p = &o->pairs[page_of(seq)];
		if (p->state != VOTEPAGE_VALID || p->page.seq != seq)
			return lost(o, seq);
		if (known && !hash_equal(&p->page.prev, &sum))
			return lost(o, seq);
		sum = p->page.sum;
		known = true;
	}
	return 0;
}

/* Pages without a record: the next one may be torn, the others are empty. */
static int
check_empty(struct opening *o)
{
	const struct pair *p;
	size_t i, next = page_of(o->newest + 1);

	for (i = 1; i < PAGES; i++) {
		p = &o->pairs[i];
		if (p->state == VOTEPAGE_VALID)
			continue;
		if (i == next)
			o->report.torn = p->state == VOTEPAGE_BAD;
		else if (p->both_bad)
			return lost(o, o->newest + 1);
	}
	return 0;
}

static int
judge(struct opening *o, const struct hash *node)
{
	size_t i;
	int rc;

	for (i = 0; i < PAGES; i++) {
		rc = compare_copies(o, i, &o->pairs[i]);
		if (rc < 0)
			return lost(o, o->pairs[i].page.seq);
		if (o->pairs[i].page.seq > o->newest)
			o->newest = o->pairs[i].page.seq;
	}
	if (o->pairs[0].state != VOTEPAGE_VALID)
		return lost(o, 0);
	if (!hash_equal(&o->pairs[0].page.prev, node))
		return -EINVAL;
	rc = check_chain(o);
	return rc == 0 ? check_empty(o) : rc;
}

static int
mend_page(struct votelog *v, struct opening *o, size_t i)
{
	static const uint8_t zeros[DISK_PAGE];
	const struct pair *p = &o->pairs[i];
	unsigned half;
	int rc = 0;

	if (p->from >= 0) {
		half = p->from == 0 ? 1 : 0;
		rc = disk_write(v->file, page_bytes(o, 1 - half, i), DISK_PAGE,
		    page_offset(half, i));
	}
	for (half = 0; p->from < 0 && half < 2 && rc == 0; half++)
		rc =
		    disk_write(v->file, zeros, DISK_PAGE, page_offset(half, i));
	o->report.nmended++;
	return rc;
}

static int
mend(struct votelog *v, struct opening *o)
{
	size_t i;
	int rc = 0;

	for (i = 0; i < PAGES && rc == 0; i++)
		if (o->pairs[i].mend)
			rc = mend_page(v, o, i);
	if (rc == 0 && o->report.nmended > 0)
		rc = disk_sync(v->file);
	return rc;
}

/* The record becomes the newest. */
static void
accept(struct votelog *v, const struct votepage *p)
{
	const struct bft_record *b = &p->record.bft;
	const struct bft_record *before = &v->last.bft;

	if (p->record.type == VOTELOG_BFT) {
		if (!v->last.has_bft || before->height != b->height ||
		    before->round != b->round)
			memset(v->has_signed, 0, sizeof(v->has_signed));
		v->signed_in[b->type] = *b;
		v->has_signed[b->type] = true;
	}
	v->last = p->record;
	v->seq = p->seq;
	v->sum = p->sum;
}

static int
replay(struct votelog *v, const struct opening *o,
    const struct votelog_open_args *args)
{
	uint64_t seq = oldest_due(o);
	const struct pair *p;
	int rc = 0;

	v->sum = o->pairs[0].page.sum;
	/* The one the ring would overwrite next may be there as well. */
	if (seq > 1 && o->pairs[page_of(seq - 1)].page.seq == seq - 1)
		seq--;
	for (; seq <= o->newest && rc == 0; seq++) {
		p = &o->pairs[page_of(seq)];
		accept(v, &p->page);
		if (args->replay)
			rc = args->replay(args->arg, seq, &p->page.record);
	}
	return rc;
}

static int
load(struct votelog *v, struct opening *o)
{
	uint64_t size;
	int rc = disk_size(v->file, &size);

	if (rc == 0 && size != FILE_BYTES)
		rc = -EBADMSG;
	if (rc < 0)
		return rc;
	o->bytes = malloc(FILE_BYTES);
	o->pairs = calloc(PAGES, sizeof(*o->pairs));
	if (!o->bytes || !o->pairs)
		return -ENOMEM;
	return disk_read(v->file, o->bytes, FILE_BYTES, 0);
}

int
votelog_open(struct votelog *v, struct disk *d,
    const struct votelog_open_args *args)
{
	struct opening o = {0};
	int rc;

	*v = VOTELOG_INIT;
	v->node = args->node;
	rc = disk_open(d, args->name, DISK_WRITE, &v->file);
	if (rc == 0)
		rc = load(v, &o);
	if (rc == 0)
		rc = judge(&o, &args->node);
	if (rc == 0)
		rc = mend(v, &o);
	if (rc == 0)
		rc = replay(v, &o, args);
	if (args->report)
		*args->report = o.report;
	free(o.bytes);
	free(o.pairs);
	if (rc != 0)
		votelog_close(v);
	return rc;
}

int
votelog_scrub(struct votelog *v, struct votelog_report *report)
{
	struct opening o = {0};
	int rc = v->error;

	if (rc == 0)
		rc = load(v, &o);
	if (rc == 0)
		rc = judge(&o, &v->node);
	if (rc == 0 && o.newest != v->seq)
		rc = -EBADMSG; /* not torn: it was synced */
	if (rc == 0)
		rc = mend(v, &o);
	if (rc == -EINVAL)
		rc = -EBADMSG;
	*report = o.report;
	free(o.bytes);
	free(o.pairs);
	return rc;
}

void
votelog_close(struct votelog *v)
{
	disk_close(v->file);
	*v = VOTELOG_INIT;
}

/* The guards: 1 when the record says something new, 0 when it repeats what is
 * durable already, -EPERM when it contradicts it. */
static int
guard_bft(const struct votelog *v, const struct bft_record *r)
{
	const struct bft_record *last = &v->last.bft, *same;

	if (r->height < v->last.floor)
		return -EPERM;
	if (!v->last.has_bft || r->height > last->height)
		return 1;
	if (r->height < last->height || r->round < last->round)
		return -EPERM;
	if (r->round > last->round || !v->has_signed[r->type])
		return 1;
	same = &v->signed_in[r->type];
	if (!hash_equal(&same->block, &r->block) ||
	    same->valid_round != r->valid_round)
		return -EPERM;
	return same->locked.round != r->locked.round ||
	    same->valid.round != r->valid.round ||
	    !hash_equal(&same->locked.block, &r->locked.block) ||
	    !hash_equal(&same->valid.block, &r->valid.block);
}

static int
guard(const struct votelog *v, const struct votelog_record *r)
{
	const struct votelog_record *last = &v->last;

	switch ((enum votelog_type)r->type) {
	case VOTELOG_BFT:
		return guard_bft(v, &r->bft);
	case VOTELOG_ANSWER:
		if (!last->has_answer ||
		    r->answer.fl_round > last->answer.fl_round)
			return 1;
		return r->answer.fl_round == last->answer.fl_round &&
			hash_equal(&r->answer.id, &last->answer.id)
		    ? 0
		    : -EPERM;
	case VOTELOG_ATTEST:
		if (!last->has_attest ||
		    r->attest.fl_round > last->attest.fl_round)
			return 1;
		if (r->attest.fl_round < last->attest.fl_round ||
		    r->attest.seq < last->attest.seq)
			return -EPERM;
		if (r->attest.seq > last->attest.seq)
			return 1;
		return hash_equal(&r->attest.digest, &last->attest.digest)
		    ? 0
		    : -EPERM;
	case VOTELOG_HEIGHT:
		return r->floor < last->floor ? -EPERM : r->floor > last->floor;
	}
	return -EINVAL;
}

/* What was known before, with the part that r brings. */
static struct votelog_record
merge(const struct votelog *v, const struct votelog_record *r)
{
	struct votelog_record out = v->last;

	out.type = r->type;
	if (r->type == VOTELOG_BFT) {
		out.bft = r->bft;
		out.has_bft = true;
	} else if (r->type == VOTELOG_ANSWER) {
		out.answer = r->answer;
		out.has_answer = true;
	} else if (r->type == VOTELOG_ATTEST) {
		out.attest = r->attest;
		out.has_attest = true;
	} else {
		out.floor = r->floor;
	}
	return out;
}

int
votelog_append(struct votelog *v, const struct votelog_record *r)
{
	struct votepage p = {.seq = v->seq + 1, .prev = v->sum};
	uint8_t page[DISK_PAGE];
	int rc;

	if (v->error)
		return v->error;
	assert(r->type != VOTELOG_BFT || r->bft.type <= BFT_RECORD_PRECOMMIT);
	rc = guard(v, r);
	if (rc <= 0)
		return rc;
	p.record = merge(v, r);
	votepage_put(&p, page);
	rc = write_both(v->file, page_of(p.seq), page);
	/* Where a file system needs room to write what it has reserved, one
	 * half may be there: it is written over. */
	if (rc < 0 && rc != -ENOSPC && rc != -EDQUOT)
		v->error = rc;
	if (rc < 0)
		return rc;
	accept(v, &p);
	return 0;
}
