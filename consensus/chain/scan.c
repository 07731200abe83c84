/*
 * scan.c - records of one segment file, one after another.
 */
#include <errno.h>
#include <stdlib.h>

#include "consensus/chain/scan.h"

#define CHUNK 16384u /* stays in the nearest cache */

static void
find(struct scan *s, enum record_verdict v, uint64_t wrong, uint64_t len)
{
	s->verdict = v;
	s->wrong = wrong;
	s->end = wrong + len - 1;
}

/* *at: first byte from `from` on that is not zero; s->size when all are. */
static int
find_nonzero(const struct scan *s, uint64_t from, uint64_t *at)
{
	uint8_t *buf = malloc(CHUNK);
	size_t i, n;
	int rc = 0;

	*at = s->size;
	if (!buf)
		return -ENOMEM;
	while (from < s->size) {
		n = s->size - from < CHUNK ? (size_t)(s->size - from) : CHUNK;
		rc = disk_read(s->file, buf, n, from);
		if (rc < 0)
			break;
		if (!record_is_zero(buf, n)) {
			for (i = 0; buf[i] == 0;)
				i++;
			*at = from + i;
			break;
		}
		from += n;
	}
	free(buf);
	return rc;
}

/* Is there a sound head at an aligned place behind offset? */
static int
find_head_after(const struct scan *s, bool *found)
{
	uint8_t raw[RECORD_HEAD_LEN];
	struct record_head head;
	uint64_t at = s->offset + RECORD_ALIGN;
	int rc = 0;

	*found = false;
	for (; at + RECORD_HEAD_LEN <= s->size; at += RECORD_ALIGN) {
		rc = disk_read(s->file, raw, sizeof(raw), at);
		if (rc < 0)
			break;
		if (record_head_get(raw, &head) == RECORD_OK) {
			*found = true;
			break;
		}
	}
	return rc;
}

/* A daemon may be at work in a file that is audited: is there a head now? */
static int
look_again(const struct scan *s, bool *written)
{
	uint8_t raw[RECORD_HEAD_LEN];
	struct record_head head;
	int rc;

	*written = false;
	if (s->size - s->offset < sizeof(raw))
		return 0;
	rc = disk_read(s->file, raw, sizeof(raw), s->offset);
	*written = rc == 0 && record_head_get(raw, &head) == RECORD_OK;
	return rc;
}

/* No head at offset: nothing more, or what? *again: there is one now. */
static int
scan_rest(struct scan *s, bool *again)
{
	bool more = false;
	uint64_t at;
	int rc = find_nonzero(s, s->offset, &at);

	*again = false;
	if (rc < 0)
		return rc;
	if (at == s->size) {
		find(s, RECORD_EMPTY, s->offset, 1);
		return 0;
	}
	rc = look_again(s, again);
	if (rc < 0 || *again)
		return rc;
	rc = find_head_after(s, &more);
	find(s, more ? RECORD_BAD_HEAD : RECORD_BAD_PADDING, at, 1);
	/* The first sector was not written and nothing sound follows. */
	s->tail = !more && at >= s->offset + DISK_SECTOR;
	return rc;
}

static int
scan_payload(struct scan *s, const struct record_head *head)
{
	uint64_t n = record_extent(head->len), at;
	uint8_t *buf;
	int rc = 0;

	/* It may be longer by now. */
	if (n > s->size - s->offset)
		rc = disk_size(s->file, &s->size);
	if (rc < 0)
		return rc;
	if (s->size < s->offset || n > s->size - s->offset) {
		find(s, RECORD_TRUNCATED, s->size, 1);
		return 0;
	}
	buf = malloc(n);
	if (!buf)
		return -ENOMEM;
	rc = disk_read(s->file, buf, n, s->offset);
	if (rc == 0)
		find(s, record_check(head, buf), s->offset, n);
	free(buf);
	if (rc < 0 || s->verdict != RECORD_TORN)
		return rc;
	rc = find_nonzero(s, s->offset + n, &at);
	if (rc == 0 && at < s->size)
		find(s, RECORD_BAD_SUM, s->offset, n); /* more follows */
	s->tail = s->verdict == RECORD_TORN;
	return rc;
}

static enum record_verdict
judge_head(struct scan *s, const struct record_head *head)
{
	if (s->anywhere) {
		s->height = head->height;
		s->prev = head->prev;
	}
	if (head->height != s->height)
		return RECORD_BAD_HEIGHT;
	if ((head->kind == RECORD_GENESIS) != (head->height == 0))
		return RECORD_BAD_HEAD;
	return hash_equal(&head->prev, &s->prev) ? RECORD_OK : RECORD_BAD_PREV;
}

int
scan_next(struct scan *s, struct record_head *out)
{
	uint8_t raw[RECORD_HEAD_LEN];
	bool again;
	int rc;

	s->tail = false;
	if (s->size - s->offset < sizeof(raw))
		return scan_rest(s, &again);
	rc = disk_read(s->file, raw, sizeof(raw), s->offset);
	if (rc < 0)
		return rc;
	find(s, record_head_get(raw, out), s->offset, sizeof(raw));
	if (s->verdict == RECORD_EMPTY) {
		rc = scan_rest(s, &again);
		return rc == 0 && again ? scan_next(s, out) : rc;
	}
	if (s->verdict == RECORD_OK)
		find(s, judge_head(s, out), s->offset, sizeof(raw));
	if (s->verdict != RECORD_OK)
		return 0;
	rc = scan_payload(s, out);
	if (rc < 0 || s->verdict != RECORD_OK)
		return rc;
	s->anywhere = false;
	s->offset += record_extent(out->len);
	s->height++;
	s->prev = out->sum;
	return 0;
}
