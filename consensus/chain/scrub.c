#include "consensus/chain/scrub.h"

#include <errno.h>
#include <stdlib.h>

#include "consensus/chain/index.h"
#include "consensus/chain/scan.h"
#include "consensus/chain/sql.h"

#define POOL_DAMAGED_MAX 64

static void
begin_part(struct scrub *s, enum scrub_part part)
{
	s->part = part;
	s->segment = 1;
	s->offset = s->height = 0;
	s->prev = (struct hash){{0}};
}

void
scrub_begin(struct scrub *s, uint64_t period_ms, uint64_t now_ms)
{
	*s = (struct scrub){.period_ms = period_ms,
	    .due_ms = now_ms + period_ms,
	    .rest_ms = now_ms,
	    .began_ms = now_ms};
	begin_part(s, SCRUB_POOL);
}

uint64_t
scrub_wait_ms(const struct scrub *s, uint64_t now_ms)
{
	const uint64_t from = s->part < SCRUB_PARTS ? s->rest_ms : s->due_ms;

	if (s->period_ms == 0)
		return UINT64_MAX;
	return from > now_ms ? from - now_ms : 0;
}

static void
next_part(struct scrub *s)
{
	if (s->part == SCRUB_INDEX)
		s->passes++;
	begin_part(s, s->part + 1);
}

/* Records up to a piece's bytes. 1: damage. */
static int
walk(struct scrub *s, struct segments *log, struct disk_file *file,
    struct scrub_finding *out)
{
	struct scan scan = {.file = file,
	    .offset = s->offset,
	    .height = s->height,
	    .prev = s->prev};
	struct record_head head;
	int rc = disk_size(file, &scan.size);

	while (rc == 0 && scan.offset - s->offset < SCRUB_PIECE) {
		rc = scan_next(&scan, &head);
		if (rc < 0 || scan.verdict != RECORD_OK)
			break;
	}
	if (rc < 0)
		return rc;
	s->bytes += scan.offset - s->offset;
	s->offset = scan.offset;
	s->height = scan.height;
	s->prev = scan.prev;
	if (scan.verdict == RECORD_OK)
		return 0;
	if (scan.verdict == RECORD_EMPTY && s->segment < log->last) {
		s->segment++;
		s->offset = 0;
		return 0;
	}
	/* Fewer records than there were: what ends early is damaged, too. That
	 * was all there is; what comes later was not asked for. */
	if (scan.verdict == RECORD_EMPTY && s->height > segments_head(log)) {
		next_part(s);
		return 0;
	}
	*out = (struct scrub_finding){.part = SCRUB_CHAIN,
	    .verdict = scan.verdict,
	    .segment = s->segment,
	    .offset = scan.wrong,
	    .height = scan.height};
	return 1;
}

static int
step_chain(struct scrub *s, struct segments *log, struct scrub_finding *out)
{
	char name[DISK_NAME_MAX];
	struct disk_file *file;
	int rc;

	rc = segments_file_name(log->dir, s->segment, name, sizeof(name));
	if (rc == 0)
		rc = disk_open(log->disk, name, DISK_READ, &file);
	if (rc == -ENOENT) {
		*out = (struct scrub_finding){.part = SCRUB_CHAIN,
		    .verdict = RECORD_TRUNCATED,
		    .segment = s->segment,
		    .height = s->height};
		rc = 1;
	} else if (rc == 0) {
		rc = walk(s, log, file, out);
		disk_close(file);
	}
	if (rc == 1) /* what follows hangs on what is damaged */
		next_part(s);
	return rc;
}

static int
step_votes(struct scrub *s, struct votelog *log, struct scrub_finding *out)
{
	struct votelog_report rep;
	int rc = votelog_scrub(log, &rep);

	next_part(s);
	if (rc < 0 && rc != -EBADMSG)
		return rc;
	*out = (struct scrub_finding){.part = SCRUB_VOTES,
	    .npages = rc == 0 ? rep.nmended : 0};
	return rc == -EBADMSG || rep.nmended > 0;
}

struct damaged {
	struct pool *pool;
	size_t n;
	struct {
		enum pool_kind kind;
		struct hash id;
	} item[POOL_DAMAGED_MAX];
};

static int
look_at(void *arg, enum pool_kind kind, const struct hash *id)
{
	struct damaged *d = arg;
	uint8_t *data;
	uint32_t len;
	int rc = pool_get(d->pool, kind, id, &data, &len);

	if (rc == 0) {
		free(data);
		return 0;
	}
	if (rc != -ENOENT)
		return rc;
	d->item[d->n].kind = kind;
	d->item[d->n++].id = *id;
	return d->n == POOL_DAMAGED_MAX;
}

/* What cannot be read counts as absent, so it is no loss that it goes. */
static int
step_pool(struct scrub *s, struct pool *pool, struct scrub_finding *out)
{
	struct damaged d = {.pool = pool};
	int rc = pool_list(pool, look_at, &d);

	next_part(s);
	for (size_t i = 0; i < d.n && rc >= 0; i++)
		rc = pool_drop(pool, d.item[i].kind, &d.item[i].id);
	*out = (struct scrub_finding){.part = SCRUB_POOL,
	    .nobjects = (unsigned)d.n};
	return rc < 0 ? rc : d.n > 0;
}

static int
step_index(struct scrub *s, struct index *x, struct scrub_finding *out)
{
	bool whole = true;
	int rc = 0;

	if (x)
		rc = index_scrub(x, SCRUB_PIECE / SQL_PAGE, &whole);
	if (rc != 0 || whole)
		next_part(s);
	*out = (struct scrub_finding){.part = SCRUB_INDEX};
	return rc == -EBADMSG ? 1 : rc;
}

static int
step(struct scrub *s, const struct scrub_files *f, struct scrub_finding *out)
{
	switch (s->part) {
	case SCRUB_CHAIN:
		return step_chain(s, f->segments, out);
	case SCRUB_VOTES:
		return step_votes(s, f->log, out);
	case SCRUB_POOL:
		return step_pool(s, f->pool, out);
	case SCRUB_INDEX:
		return step_index(s, f->index, out);
	case SCRUB_PARTS:
		break;
	}
	return 0;
}

int
scrub_step(struct scrub *s, const struct scrub_files *f, uint64_t now_ms,
    struct scrub_finding *out)
{
	int rc;

	if (scrub_wait_ms(s, now_ms) > 0)
		return 0;
	s->rest_ms = now_ms + SCRUB_REST_MS;
	if (s->part == SCRUB_PARTS) {
		s->due_ms = now_ms + s->period_ms;
		s->began_ms = now_ms;
		s->bytes = 0;
		begin_part(s, SCRUB_CHAIN);
	}
	rc = step(s, f, out);
	if (rc < 0)
		begin_part(s, SCRUB_PARTS);
	return rc;
}
