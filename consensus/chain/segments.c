/*
 * segments.c - open, append and read the chain's segment files.
 */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "consensus/chain/scan.h"
#include "consensus/chain/segments.h"

#define NUMBER_DIGITS 6
#define NUMBER_MAX 999999u
#define ZEROS 65536u

int
segments_file_name(const char *dir, uint32_t number, char *out, size_t size)
{
	int n =
	    snprintf(out, size, "%s%s%06u.seg", dir, *dir ? "/" : "", number);

	return n < 0 || (size_t)n >= size ? -ENAMETOOLONG : 0;
}

static int
segment_name(const struct segments *s, uint32_t number, char *out, size_t size)
{
	if (!*s->single)
		return segments_file_name(s->dir, number, out, size);
	assert(strlen(s->single) < size);
	memcpy(out, s->single, strlen(s->single) + 1);
	return 0;
}

uint32_t
segments_file_number(const char *name)
{
	uint32_t n = 0;
	int i;

	for (i = 0; i < NUMBER_DIGITS; i++) {
		if (name[i] < '0' || name[i] > '9')
			return 0;
		n = n * 10 + (uint32_t)(name[i] - '0');
	}
	return strcmp(name + NUMBER_DIGITS, ".seg") == 0 ? n : 0;
}

struct listing {
	uint32_t count;
	uint32_t max;
};

static int
list_one(void *arg, const char *name)
{
	struct listing *l = arg;
	uint32_t n = segments_file_number(name);

	if (n > 0)
		l->count++;
	if (n > l->max)
		l->max = n;
	return 0;
}

/* Room for one more entry, so that put_entry cannot fail. */
static int
reserve_entry(struct segments *s)
{
	struct segments_entry *bigger;
	size_t cap = s->cap ? 2 * s->cap : 64;

	if (s->nentries < s->cap)
		return 0;
	bigger = realloc(s->entries, cap * sizeof(*bigger));
	if (!bigger)
		return -ENOMEM;
	s->entries = bigger;
	s->cap = cap;
	return 0;
}

static void
put_entry(struct segments *s, uint32_t segment, uint64_t offset,
    const struct record_head *head)
{
	assert(s->nentries < s->cap);
	if (s->nentries == 0)
		s->first = head->height;
	s->entries[s->nentries++] = (struct segments_entry){
	    .segment = segment,
	    .len = head->len,
	    .offset = offset,
	    .id = head->id,
	};
	s->sum = head->sum;
}

static void
report_scan(struct segments_report *r, const struct scan *scan,
    uint32_t segment)
{
	*r = (struct segments_report){
	    .verdict = scan->verdict,
	    .segment = segment,
	    .offset = scan->wrong,
	    .end = scan->end,
	    .height = scan->height,
	    .start = scan->offset,
	};
}

/* Zeros from tail to the end of the file, durable. */
static int
cut_tail(struct segments *s, struct segments_report *r)
{
	uint8_t *zeros = calloc(1, ZEROS);
	uint64_t at = s->tail;
	size_t n;
	int rc = zeros ? 0 : -ENOMEM;

	while (rc == 0 && at < s->size) {
		n = s->size - at < ZEROS ? (size_t)(s->size - at) : ZEROS;
		rc = disk_write(s->file, zeros, n, at);
		at += n;
	}
	free(zeros);
	if (rc == 0)
		rc = disk_sync(s->file);
	if (rc == 0)
		r->cut_bytes = s->size - s->tail;
	return rc;
}

/* All records of one file into the index; leaves it open as s->file. */
static int
scan_file(struct segments *s, uint32_t number, bool last,
    struct segments_report *r)
{
	struct scan scan = {.prev = s->sum, .anywhere = *s->single != 0};
	struct record_head head;
	size_t before = s->nentries;
	uint64_t at;
	int rc;

	scan.file = s->file;
	scan.height = s->first + s->nentries;
	rc = disk_size(s->file, &scan.size);
	if (rc < 0)
		return rc;
	for (;;) {
		at = scan.offset;
		rc = reserve_entry(s);
		if (rc == 0)
			rc = scan_next(&scan, &head);
		if (rc < 0 || scan.verdict != RECORD_OK)
			break;
		put_entry(s, number, at, &head);
	}
	if (rc < 0)
		return rc;
	s->tail = scan.offset;
	s->size = scan.size;
	if (scan.verdict == RECORD_EMPTY && (last || s->nentries > before))
		return 0;
	report_scan(r, &scan, number);
	if (!last || !scan.tail || s->mode != SEGMENTS_REPAIR)
		return -EBADMSG;
	return cut_tail(s, r);
}

static int
scan_all(struct segments *s, const struct listing *l, struct segments_report *r)
{
	bool repair = s->mode == SEGMENTS_REPAIR;
	char name[DISK_NAME_MAX];
	bool last;
	int rc = 0;

	for (s->last = 1; s->last <= l->max; s->last++) {
		disk_close(s->file);
		s->file = NULL;
		last = s->last == l->max;
		rc = segment_name(s, s->last, name, sizeof(name));
		if (rc < 0)
			return rc;
		rc = disk_open(s->disk, name,
		    last && repair ? DISK_WRITE : DISK_READ, &s->file);
		if (rc == -ENOENT) { /* a gap in the numbers */
			*r = (struct segments_report){
			    .verdict = RECORD_EMPTY,
			    .segment = s->last,
			    .height = s->nentries,
			};
			return -EBADMSG;
		}
		if (rc < 0)
			return rc;
		rc = scan_file(s, s->last, last, r);
		if (rc < 0 || last)
			return rc;
	}
	return rc;
}

static int
open_dir(struct segments *s, struct segments_report *r)
{
	struct listing l = {0};
	int rc = disk_list(s->disk, s->dir, list_one, &l);

	if (rc < 0)
		return rc == -ENOTDIR ? -ENOENT : rc;
	if (l.max == 0)
		return -ENOENT;
	rc = scan_all(s, &l, r);
	/* A creation that was cut short leaves no complete block 0. */
	if (rc == 0 && s->nentries == 0)
		rc = -ENOENT;
	return rc;
}

int
segments_open(struct segments *s, struct disk *d, const char *dir,
    enum segments_mode mode, struct segments_report *report)
{
	struct segments_report r = {.verdict = RECORD_OK};
	int rc = -ENAMETOOLONG;

	*s = SEGMENTS_INIT;
	s->disk = d;
	s->mode = mode;
	if (strlen(dir) < sizeof(s->dir)) {
		memcpy(s->dir, dir, strlen(dir) + 1);
		rc = open_dir(s, &r);
	}
	if (report)
		*report = r;
	if (rc < 0 && !(rc == -EBADMSG && mode == SEGMENTS_READ))
		segments_close(s);
	return rc;
}

int
segments_open_file(struct segments *s, struct disk *d, const char *name,
    struct segments_report *report)
{
	struct segments_report r = {.verdict = RECORD_OK};
	int rc;

	*s = SEGMENTS_INIT;
	s->disk = d;
	s->mode = SEGMENTS_READ;
	s->last = segments_file_number(name);
	if (*name == 0 || strlen(name) >= sizeof(s->single))
		return -ENAMETOOLONG;
	memcpy(s->single, name, strlen(name) + 1);
	rc = disk_open(d, name, DISK_READ, &s->file);
	if (rc == 0)
		rc = scan_file(s, s->last, true, &r);
	if (rc == 0 && s->nentries == 0)
		rc = -ENOENT;
	if (report)
		*report = r;
	if (rc < 0 && rc != -EBADMSG)
		segments_close(s);
	return rc;
}

void
segments_close(struct segments *s)
{
	disk_close(s->file);
	disk_close(s->reading);
	free(s->entries);
	*s = SEGMENTS_INIT;
}

/* Make the current file at least size bytes long, in whole steps. The new
 * length is durable before a record relies on it: a file that ends inside a
 * record is then never the work of a crash. */
static int
grow(struct segments *s, uint64_t size)
{
	int rc;

	if (size <= s->size)
		return 0;
	size = (size + SEGMENTS_STEP - 1) / SEGMENTS_STEP * SEGMENTS_STEP;
	rc = disk_reserve(s->file, size);
	if (rc == 0)
		rc = disk_sync(s->file);
	if (rc == 0)
		s->size = size;
	return rc;
}

/* The next file, with room for extent bytes, becomes the current one. */
static int
rotate(struct segments *s, uint64_t extent)
{
	struct segments next = *s;
	char name[DISK_NAME_MAX];
	int rc, undo;

	next.last++;
	next.size = 0;
	next.tail = 0;
	if (next.last > NUMBER_MAX)
		return -ENOSPC;
	rc = segment_name(s, next.last, name, sizeof(name));
	if (rc == 0)
		rc = disk_open(s->disk, name, DISK_CREATE, &next.file);
	if (rc < 0)
		return rc;
	rc = grow(&next, extent);
	if (rc == 0)
		rc = disk_sync_dir(s->disk, s->dir);
	if (rc < 0) {
		disk_close(next.file);
		undo = disk_unlink(s->disk, name);
		return undo < 0 ? undo : rc;
	}
	disk_close(s->file);
	*s = next;
	return 0;
}

/* Nothing was written that counts, and it may go better another time. */
static bool
may_pass(int rc)
{
	return rc == -ENOMEM || rc == -ENOSPC || rc == -EDQUOT;
}

/* Room for extent bytes at tail. */
static int
make_room(struct segments *s, uint64_t extent)
{
	int rc;

	if (s->tail == 0 || s->tail + extent <= SEGMENTS_BYTES_MAX)
		return grow(s, s->tail + extent);
	rc = rotate(s, extent);
	/* What segments_reserve took may lie beyond the usual size. */
	if (may_pass(rc) && s->tail + extent <= s->size)
		rc = 0;
	return rc;
}

/* head and payload at tail, durable. buf has record_extent bytes. */
static int
write_record(struct segments *s, struct record_head *head, const void *payload,
    uint8_t *buf)
{
	uint64_t extent = record_extent(head->len);
	int rc;

	record_head_seal(head, payload, buf);
	memcpy(buf + RECORD_HEAD_LEN, payload, head->len);
	memset(buf + RECORD_HEAD_LEN + head->len, 0,
	    extent - RECORD_HEAD_LEN - head->len);
	rc = disk_write(s->file, buf, extent, s->tail);
	return rc == 0 ? disk_sync(s->file) : rc;
}

/* Memory and room first: with them missing, nothing has happened. Where a file
 * system needs room to write what it has reserved, a part of the record may lie
 * behind the tail; it is written over, or cut as torn. */
static int
append(struct segments *s, struct record_head *head, const void *payload)
{
	uint64_t extent = record_extent(head->len);
	uint8_t *buf = malloc(extent);
	int rc = buf ? reserve_entry(s) : -ENOMEM;

	if (rc == 0)
		rc = make_room(s, extent);
	if (rc == 0)
		rc = write_record(s, head, payload, buf);
	free(buf);
	if (rc < 0 && !may_pass(rc))
		s->error = rc; /* what is on the disk now, nobody knows */
	if (rc < 0)
		return rc;
	put_entry(s, s->last, s->tail, head);
	s->tail += extent;
	return 0;
}

int
segments_append(struct segments *s, const struct hash *id, const void *payload,
    uint32_t len)
{
	struct record_head head = {
	    .kind = RECORD_BLOCK,
	    .height = s->first + s->nentries,
	    .len = len,
	    .prev = s->sum,
	    .id = *id,
	};

	assert(s->mode == SEGMENTS_REPAIR && s->nentries > 0);
	if (s->error)
		return s->error;
	if (len > RECORD_PAYLOAD_MAX)
		return -EMSGSIZE;
	return append(s, &head, payload);
}

int
segments_reserve(struct segments *s, uint64_t bytes)
{
	assert(s->mode == SEGMENTS_REPAIR);
	if (s->error)
		return s->error;
	return grow(s, s->tail + bytes);
}

/* The file that a record is in, open for reading. */
static int
reading_file(struct segments *s, uint32_t number, struct disk_file **out)
{
	char name[DISK_NAME_MAX];
	int rc;

	if (s->file && number == s->last) {
		*out = s->file;
		return 0;
	}
	if (!s->reading || s->reading_segment != number) {
		disk_close(s->reading);
		s->reading = NULL;
		rc = segment_name(s, number, name, sizeof(name));
		if (rc == 0)
			rc = disk_open(s->disk, name, DISK_READ, &s->reading);
		if (rc < 0)
			return rc;
		s->reading_segment = number;
	}
	*out = s->reading;
	return 0;
}

static int
read_extent(struct segments *s, const struct segments_entry *e, uint64_t height,
    uint8_t *buf)
{
	struct record_head head;
	struct disk_file *f;
	int rc = reading_file(s, e->segment, &f);

	if (rc == 0)
		rc = disk_read(f, buf, record_extent(e->len), e->offset);
	if (rc < 0)
		return rc == -ENODATA ? -EBADMSG : rc;
	if (record_head_get(buf, &head) != RECORD_OK || head.len != e->len ||
	    head.height != height || !hash_equal(&head.id, &e->id))
		return -EBADMSG;
	return record_check(&head, buf) == RECORD_OK ? 0 : -EBADMSG;
}

int
segments_read(struct segments *s, uint64_t height, uint8_t **data,
    uint32_t *len)
{
	const struct segments_entry *e = segments_find(s, height);
	uint8_t *buf;
	int rc;

	*data = NULL;
	*len = 0;
	if (!e)
		return -ENOENT;
	buf = malloc(record_extent(e->len));
	if (!buf)
		return -ENOMEM;
	rc = read_extent(s, e, height, buf);
	if (rc < 0) {
		free(buf);
		return rc;
	}
	memmove(buf, buf + RECORD_HEAD_LEN, e->len);
	*data = buf;
	*len = e->len;
	return 0;
}

const struct segments_entry *
segments_find(const struct segments *s, uint64_t height)
{
	if (height < s->first || height - s->first >= s->nentries)
		return NULL;
	return &s->entries[height - s->first];
}

uint64_t
segments_head(const struct segments *s)
{
	assert(s->nentries > 0);
	return s->first + s->nentries - 1;
}

/* Is the chain that is there the one with this genesis? */
static int
same_genesis(struct segments *s, const struct hash *id, const void *genesis,
    uint32_t len)
{
	uint8_t *have;
	uint32_t nhave;
	int rc;

	if (!hash_equal(&segments_find(s, 0)->id, id))
		return -EEXIST;
	rc = segments_read(s, 0, &have, &nhave);
	if (rc < 0)
		return rc;
	if (nhave != len || memcmp(have, genesis, len) != 0)
		rc = -EEXIST;
	free(have);
	return rc;
}

/* A fresh first file, or one that a crash left without a record. */
static int
first_file(struct segments *s)
{
	char name[DISK_NAME_MAX];
	int rc = disk_make_dir(s->disk, s->dir);

	if (rc == 0)
		rc = disk_sync_dir(s->disk, "");
	if (rc == 0)
		rc = segment_name(s, 1, name, sizeof(name));
	if (rc < 0)
		return rc;
	s->last = 1;
	rc = disk_open(s->disk, name, DISK_CREATE, &s->file);
	if (rc == -EEXIST)
		rc = disk_open(s->disk, name, DISK_WRITE, &s->file);
	if (rc == 0)
		rc = disk_size(s->file, &s->size);
	return rc;
}

int
segments_create(struct disk *d, const char *dir, const struct hash *id,
    const void *genesis, uint32_t len)
{
	struct record_head head = {.kind = RECORD_GENESIS,
	    .len = len,
	    .id = *id};
	struct segments s;
	int rc = segments_open(&s, d, dir, SEGMENTS_REPAIR, NULL);

	if (rc == 0)
		rc = same_genesis(&s, id, genesis, len);
	if (rc != -ENOENT)
		goto out;
	s = SEGMENTS_INIT;
	s.disk = d;
	s.mode = SEGMENTS_REPAIR;
	memcpy(s.dir, dir, strlen(dir) + 1);
	rc = first_file(&s);
	if (rc == 0)
		rc = append(&s, &head, genesis);
	if (rc == 0)
		rc = disk_sync_dir(d, dir);
out:
	segments_close(&s);
	return rc;
}
