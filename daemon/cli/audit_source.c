#include "daemon/cli/audit_source.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "daemon/cli/refounded.h"

#define LIVE_TRIES 10
#define LIVE_WAIT_NS 20000000L

__attribute__((format(printf, 3, 4))) static int
fault(struct audit_fault *out, uint64_t height, const char *format, ...)
{
	va_list ap;

	out->check = CHECK_ORDER;
	out->height = height;
	va_start(ap, format);
	vsnprintf(out->why, sizeof(out->why), format, ap);
	va_end(ap);
	return -EBADMSG;
}

static void
set_place(const struct audit_source *s, uint32_t segment,
    struct audit_fault *out)
{
	int n;

	if (s->single)
		n = snprintf(out->file, sizeof(out->file), "%s", s->chain);
	else
		n = snprintf(out->file, sizeof(out->file), "%s/%06u.seg",
		    s->chain, segment);
	if (n < 0 || (size_t)n >= sizeof(out->file))
		out->file[0] = 0;
}

void
audit_source_place(const struct audit_source *s, uint64_t height,
    struct audit_fault *out)
{
	const struct segments_entry *e;

	if (s->bundled) {
		const struct bundle_part *p = &s->bundle.parts[height];

		set_place(s, 0, out);
		out->offset = p->at;
		out->end = p->at + p->len - 1;
		return;
	}
	e = segments_find(&s->log, height);
	set_place(s, e->segment, out);
	out->offset = e->offset;
	out->end = e->offset + record_extent(e->len) - 1;
}

static bool
is_folder(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* path is a segment file: the disk is the folder that it is in. */
static int
choose_file(struct audit_source *s, const char *path, const char **name)
{
	char root[AUDIT_PATH_LEN];
	const char *slash = strrchr(path, '/');
	int n;

	s->single = true;
	*name = slash ? slash + 1 : path;
	if (!slash)
		return disk_posix_open_readonly(&s->disk, ".");
	n = snprintf(root, sizeof(root), "%.*s", (int)(slash - path) + 1, path);
	if (n < 0 || (size_t)n >= sizeof(root))
		return -ENAMETOOLONG;
	return disk_posix_open_readonly(&s->disk, root);
}

/* The disk's root and what is below it. A home's chain folder wins over the
 * home itself. */
static int
choose_place(struct audit_source *s, const char *path, const char **name)
{
	char *chain = s->chain;
	int n = snprintf(chain, AUDIT_PATH_LEN, "%s/%s", path, SEGMENTS_DIR);

	*name = SEGMENTS_DIR;
	if (n < 0 || n >= AUDIT_PATH_LEN)
		return -ENAMETOOLONG;
	if (is_folder(chain))
		return disk_posix_open_readonly(&s->disk, path);
	snprintf(chain, AUDIT_PATH_LEN, "%s", path);
	*name = "";
	if (is_folder(chain))
		return disk_posix_open_readonly(&s->disk, path);
	return choose_file(s, path, name);
}

/* -EBADMSG leaves the sound records in w->log. */
static int
open_log(struct audit_source *s, const char *name, struct segments_report *r)
{
	if (s->single)
		return segments_open_file(&s->log, &s->disk.disk, name, r);
	return segments_open(&s->log, &s->disk.disk, name, SEGMENTS_READ, r);
}

/* A daemon may be at work in this home: what looks like a torn write at the
 * end is given a moment to become a whole one. */
static int
open_settled(struct audit_source *s, const char *name,
    struct segments_report *r)
{
	const struct timespec wait = {0, LIVE_WAIT_NS};
	int i, rc = open_log(s, name, r);

	for (i = 0; i < LIVE_TRIES && rc == -EBADMSG; i++) {
		if (r->verdict != RECORD_TORN)
			break;
		segments_close(&s->log);
		nanosleep(&wait, NULL);
		rc = open_log(s, name, r);
	}
	return rc;
}

static int
damaged(const struct audit_source *s, const struct segments_report *r,
    struct audit_fault *out)
{
	set_place(s, r->segment, out);
	out->offset = r->offset;
	out->end = r->end;
	if (r->verdict == RECORD_EMPTY)
		return fault(out, r->height,
		    "segment file %06u is missing or empty", r->segment);
	if (r->verdict == RECORD_BAD_PADDING && s->log.nentries == r->height)
		return fault(out, r->height,
		    "bytes behind the last block that must be zero are not");
	return fault(out, r->height, "%s", record_verdict_text(r->verdict));
}

static int
open_bundle(struct audit_source *s, const char *path,
    struct audit_fault *damage)
{
	const struct bundle *b = &s->bundle;
	int rc;

	s->bundled = s->single = true;
	snprintf(s->chain, sizeof(s->chain), "%s", path);
	rc = bundle_open(&s->bundle, path);
	if (rc < 0 || b->sound == b->len)
		return rc;
	set_place(s, 0, damage);
	damage->offset = b->sound;
	damage->end = b->len - 1;
	return fault(damage, b->nparts,
	    "the bytes from here on are no part of a bundle");
}

/* A home's chain lies in it; beside another one is what is above it. */
static void
set_beside(struct audit_source *s, const char *path, const char *name)
{
	const char *slash = strrchr(path, '/');
	int dir = s->single && slash ? (int)(slash - path) : 0;

	if (strcmp(name, SEGMENTS_DIR) == 0)
		snprintf(s->beside, sizeof(s->beside), "%s", path);
	else if (!s->single)
		snprintf(s->beside, sizeof(s->beside), "%.1000s/..", path);
	else
		snprintf(s->beside, sizeof(s->beside), "%.*s%s..", dir, path,
		    dir > 0 ? "/" : "");
}

/* Those behind one block are of its height: no others are ever looked at. */
static int
take_refounded(const struct bundle *b, size_t height, struct federation *f)
{
	const struct bundle_part *p = &b->parts[height];
	uint16_t had = f->nrefounded;
	int rc;

	if (p->refound_len == 0)
		return 0;
	rc = federation_refound_all(f, b->data + p->refound_at, p->refound_len);
	for (uint16_t k = had; rc == 0 && k < f->nrefounded; k++)
		if (height == 0 || f->refounded[k].height != height)
			rc = -EBADMSG;
	return rc;
}

int
audit_source_refounded(const struct audit_source *s, struct federation *f)
{
	int rc = 0;

	if (!s->bundled)
		return refounded_load(s->beside, f);
	for (size_t i = 0; rc == 0 && i < s->bundle.nparts; i++)
		rc = take_refounded(&s->bundle, i, f);
	return rc;
}

int
audit_source_open(struct audit_source *s, const char *path,
    struct audit_fault *damage)
{
	struct segments_report r = {0};
	const char *name = "";
	int rc;

	if (bundle_is(path))
		return open_bundle(s, path, damage);
	rc = choose_place(s, path, &name);
	set_beside(s, path, name);
	if (rc == 0)
		rc = open_settled(s, name, &r);
	return rc == -EBADMSG ? damaged(s, &r, damage) : rc;
}

void
audit_source_close(struct audit_source *s)
{
	bundle_close(&s->bundle);
	segments_close(&s->log);
	disk_posix_close(&s->disk);
}

bool
audit_source_has(const struct audit_source *s, uint64_t height)
{
	if (s->bundled)
		return height < s->bundle.nparts;
	return segments_find(&s->log, height) != NULL;
}

bool
audit_source_light(const struct audit_source *s, uint64_t height)
{
	return s->bundled && s->bundle.parts[height].kind == BUNDLE_HEADS;
}

const uint8_t *
audit_source_seats(const struct audit_source *s, uint64_t height, uint32_t *len)
{
	const struct bundle_part *p;

	*len = 0;
	if (!s->bundled)
		return NULL;
	p = &s->bundle.parts[height];
	*len = p->seats_len;
	return p->seats_len > 0 ? s->bundle.data + p->seats_at : NULL;
}

int
audit_source_read(struct audit_source *s, uint64_t height, uint8_t **data,
    uint32_t *len)
{
	const struct bundle_part *p;

	if (!s->bundled)
		return segments_read(&s->log, height, data, len);
	p = &s->bundle.parts[height];
	*len = p->len;
	*data = malloc(p->len + 1u);
	if (!*data)
		return -ENOMEM;
	memcpy(*data, s->bundle.data + p->at, p->len);
	return 0;
}

const struct hash *
audit_source_id(const struct audit_source *s, uint64_t height)
{
	return s->bundled ? NULL : &segments_find(&s->log, height)->id;
}

struct audit_extent
audit_source_extent(const struct audit_source *s)
{
	const struct segments *log = &s->log;
	struct audit_extent x = {log->nentries, 0, 0};

	if (s->bundled)
		return (
		    struct audit_extent){s->bundle.nparts, s->bundle.sound, 1};
	for (size_t i = 0; i < log->nentries; i++) {
		x.bytes += record_extent(log->entries[i].len);
		if (i == 0 ||
		    log->entries[i].segment != log->entries[i - 1].segment)
			x.nfiles++;
	}
	return x;
}
