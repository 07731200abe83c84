#include "consensus/replica/store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "consensus/chain/salvage.h"
#include "consensus/ledger/seats.h"

static int
keep_record(void *arg, uint64_t seq, const struct votelog_record *rec)
{
	struct store *s = arg;
	struct votelog_record *p;

	(void)seq;
	if (s->nrecords == s->cap) {
		s->cap = s->cap != 0 ? 2 * s->cap : 64;
		p = realloc(s->records, s->cap * sizeof(*p));
		if (p == NULL)
			return -ENOMEM;
		s->records = p;
	}
	s->records[s->nrecords++] = *rec;
	return 0;
}

uint64_t
store_room(const struct federation *f)
{
	const uint64_t n = f->nmembers;
	const uint64_t room =
	    65536 + n * (8ull * f->job.update + 1024 + 64 * n);

	return room < SEGMENTS_BYTES_MAX ? room : SEGMENTS_BYTES_MAX;
}

/* Have others the end of the chain, too? Not only those who founded it: who was
 * voted in later has signed the last block that can still be read. */
static int
is_shared(struct disk *d, const struct federation *f, bool *out)
{
	struct store sound = STORE_INIT;
	struct wire_decided last = {.block = NULL};
	int rc;

	*out = f->nmembers > 1;
	if (*out)
		return 0;
	rc = segments_open(&sound.segments, d, SEGMENTS_DIR, SEGMENTS_READ,
	    NULL);
	if (rc == -EBADMSG)
		rc = 0;
	if (rc == 0 && sound.segments.nentries > 1)
		rc = store_block(&sound, segments_head(&sound.segments), &last);
	if (rc == 0 && last.block != NULL)
		*out = last.commit.nsigs > 1;
	block_free(last.block);
	segments_close(&sound.segments);
	return rc == -EBADMSG ? 0 : rc;
}

static int
open_chain(struct store *s, struct disk *d, const struct federation *f,
    struct store_report *report)
{
	struct bytes_writer w = BYTES_WRITER_INIT;
	struct segments_report found;
	bool shared = false;
	struct hash id;
	int rc, undecided;

	rc = segments_open(&s->segments, d, SEGMENTS_DIR, SEGMENTS_REPAIR,
	    &report->chain);
	found = report->chain;
	undecided = rc == -EBADMSG ? is_shared(d, f, &shared) : 0;
	if (undecided < 0)
		return undecided;
	if (shared) {
		rc = salvage_chain(d, SEGMENTS_DIR, &report->chain);
		report->cut = rc == 0;
		if (rc == 0)
			rc = segments_open(&s->segments, d, SEGMENTS_DIR,
			    SEGMENTS_REPAIR, NULL);
	}
	if (rc < 0 && rc != -ENOENT)
		return rc;
	if (rc < 0) {
		rc = federation_id(f, &id);
		if (rc < 0)
			return rc;
		federation_put(&w, f);
		rc = w.error;
		if (rc == 0)
			rc = segments_create(d, SEGMENTS_DIR, &id, w.data,
			    (uint32_t)w.len);
		bytes_writer_close(&w);
		if (rc == 0)
			rc = segments_open(&s->segments, d, SEGMENTS_DIR,
			    SEGMENTS_REPAIR, &report->chain);
		if (rc < 0)
			return rc;
	}
	if (report->cut) /* what was damaged, not how the mended chain is */
		report->chain = found;
	rc = federation_id(f, &id);
	if (rc == 0 && !hash_equal(&segments_find(&s->segments, 0)->id, &id))
		rc = -EEXIST;
	return rc == 0 ? segments_reserve(&s->segments, s->room) : rc;
}

/* The state behind the last block that can be read; NULL: there is none. */
static int
read_state(struct disk *d, const struct federation *f, struct ledger **l)
{
	struct store sound = STORE_INIT;
	struct wire_decided b = {.block = NULL};
	uint64_t h, head = 0;
	int rc = segments_open(&sound.segments, d, SEGMENTS_DIR, SEGMENTS_READ,
	    NULL);

	if (rc == -EBADMSG && sound.segments.nentries > 0)
		rc = 0;
	if (rc == 0) {
		head = segments_head(&sound.segments);
		rc = checkpoint_read(&sound.segments, f, head, l,
		    &sound.checkpoint);
	}
	if (rc == 0 && *l == NULL)
		rc = ledger_new(f, l);
	for (h = rc == 0 ? ledger_height(*l) + 1 : 0; rc == 0 && h <= head;
	     h++) {
		rc = store_block(&sound, h, &b);
		if (rc == 0)
			rc = ledger_replay(*l, b.block);
		block_free(b.block);
	}
	segments_close(&sound.segments);
	return rc == -ENOENT || rc == -EBADMSG ? 0 : rc;
}

/* With fewer members the others cannot go on without us, so there would be no
 * height from which on we may vote again. */
#define QUARANTINE_MEMBERS 4

/* Founders count, or whoever sits by now: three may have taken in a fourth. */
static int
can_wait(struct disk *d, const struct federation *f, bool *out)
{
	struct ledger *l = NULL;
	int rc = 0;

	*out = f->nmembers >= QUARANTINE_MEMBERS;
	if (!*out)
		rc = read_state(d, f, &l);
	if (l != NULL)
		*out = seats_members(ledger_seats(l)) >= QUARANTINE_MEMBERS;
	ledger_free(l);
	return rc;
}

/*
 * The newest log. One that is lost or damaged must not be guessed at: another
 * takes its place, empty, and we are in quarantine until a floor stands in it.
 */
static int
open_log(struct store *s, struct disk *d, const struct federation *f,
    const struct votelog_open_args *how, struct store_report *report)
{
	struct votelog_open_args args = *how;
	char name[DISK_NAME_MAX];
	bool wait = false;
	int asked, rc = votelog_newest(d, &report->log_number);

	args.name = name;
	if (rc == 0) {
		votelog_name(report->log_number, name);
		rc = votelog_open(&s->log, d, &args);
	}
	asked = rc == -EBADMSG || rc == -ENOENT ? can_wait(d, f, &wait) : 0;
	if (asked < 0)
		return asked;
	if (wait && report->log_number < VOTELOG_LATER_MAX) {
		report->log_error = rc;
		report->log_lost = report->log.seq;
		free(s->records);
		s->records = NULL;
		s->nrecords = s->cap = 0;
		votelog_name(++report->log_number, name);
		rc = votelog_create(d, name, &args.node);
		if (rc == 0)
			rc = votelog_open(&s->log, d, &args);
	}
	s->unsure = report->log_number > 0 && s->log.last.floor == 0;
	return rc;
}

/* A checkpoint keeps the state and nothing else. Where rounds are valued the
 * daemon also sees pass by what it needs of them, and what it shows of those
 * that are settled: this many blocks are read again. */
#define SETTLED_BLOCKS 256

static uint64_t
behind(const struct federation *f)
{
	const struct economy *e = &f->economy;

	return e->validation_shards > 0 ? e->worth_blocks + SETTLED_BLOCKS : 0;
}

int
store_open(struct store *s, struct disk *d, const struct federation *f,
    const struct hash *node, struct store_report *report)
{
	const struct votelog_open_args args = {.node = *node,
	    .replay = keep_record,
	    .arg = s,
	    .report = &report->log};
	int rc;

	*s = STORE_INIT;
	*report = (struct store_report){.part = STORE_VOTELOG};
	s->room = store_room(f);
	s->behind = behind(f);
	/* First the vote log: without it nothing may be signed, whatever the
	 * chain says. */
	rc = open_log(s, d, f, &args, report);
	/* A process that was killed leaves writes that can be read and are not
	 * durable yet. Nothing may be said again on the strength of those. */
	if (rc == 0)
		rc = disk_sync(s->log.file);
	if (rc < 0)
		goto out;
	report->part = STORE_CHAIN;
	rc = open_chain(s, d, f, report);
	if (rc == 0)
		rc = disk_sync(s->segments.file);
	if (rc < 0)
		goto out;
	report->part = STORE_POOL;
	rc = pool_open(&s->pool, d, POOL_DIR);
out:
	if (rc < 0)
		store_close(s);
	return rc;
}

void
store_close(struct store *s)
{
	segments_close(&s->segments);
	votelog_close(&s->log);
	free(s->records);
	*s = STORE_INIT;
}

int
store_block(struct store *s, uint64_t height, struct wire_decided *out)
{
	struct bytes_reader r;
	uint8_t *data;
	uint32_t len;
	int rc;

	rc = segments_read(&s->segments, height, &data, &len);
	if (rc < 0)
		return rc;
	r = bytes_reader_of(data, len);
	out->block = block_get_stored(&r, ANSWER_DIM_MAX);
	commit_get(&r, &out->commit);
	free(data);
	if (out->block != NULL && bytes_reader_done(&r))
		return 0;
	block_free(out->block);
	out->block = NULL;
	return r.nomem ? -ENOMEM : -EBADMSG;
}

struct load {
	struct store *store;
	struct replica *replica;
	enum pool_kind kind;
	bool marks; /* of the blocks only what we are locked on, or may be */
};

/* By the newest record, which has the locks of all before it. */
static bool
is_marked(const struct store *s, const struct hash *id)
{
	const struct bft_record *last;

	if (s->nrecords == 0)
		return false;
	last = &s->records[s->nrecords - 1].bft;
	return hash_equal(&last->locked.block, id) ||
	    hash_equal(&last->valid.block, id) || hash_equal(&last->block, id);
}

static int
load_item(void *arg, enum pool_kind kind, const struct hash *id)
{
	struct load *l = arg;
	struct pool_item item = {.kind = kind, .id = *id};
	uint8_t *data;
	int rc;

	if (kind != l->kind || (l->marks && !is_marked(l->store, id)))
		return 0;
	/* Damaged is absent: peers have it. But a disk that fails to answer may
	 * hold what we need to keep our word; nothing starts without that. */
	rc = pool_get(&l->store->pool, kind, id, &data, &item.len);
	if (rc < 0)
		return rc == -ENOENT ? 0 : rc;
	/* Putting what is there makes it durable. */
	item.data = data;
	rc = pool_put(&l->store->pool, &item, 1);
	if (rc == 0 && kind == POOL_ANSWER)
		replica_load_answer(l->replica, data, item.len);
	else if (rc == 0 && kind == POOL_BLOCK)
		replica_load_body(l->replica, data, item.len);
	else if (rc == 0 && kind == POOL_PROOF)
		replica_load_proof(l->replica, data, item.len);
	else if (rc == 0)
		replica_load_votes(l->replica, data, item.len);
	free(data);
	return rc;
}

/* The state of the newest good checkpoint, if there is one; *height: of it. */
static int
load_state(struct store *s, struct replica *r, uint64_t *height)
{
	const uint64_t head = segments_head(&s->segments);
	struct checkpoint_report *found = &s->checkpoint;
	struct wire_decided d = {.block = NULL};
	struct ledger *l = NULL;
	int rc;

	*height = 0;
	if (s->every == 0)
		return 0;
	if (head <= s->behind)
		return 0;
	rc = checkpoint_read(&s->segments, replica_founded(r), head - s->behind,
	    &l, found);
	s->saved = found->height;
	if (rc < 0 || l == NULL)
		return rc;
	rc = store_block(s, found->height, &d);
	if (rc == 0)
		rc = replica_restore(r, l, &d.commit);
	else
		ledger_free(l);
	block_free(d.block);
	if (rc == 0)
		*height = found->height;
	return rc;
}

int
store_load(struct store *s, struct replica *r, uint64_t *height)
{
	const uint64_t head = segments_head(&s->segments);
	struct load l = {s, r, POOL_BLOCK, false};
	struct wire_decided d;
	int rc = load_state(s, r, height);

	if (rc < 0)
		return rc;
	for (++*height; *height <= head; (*height)++) {
		rc = store_block(s, *height, &d);
		if (rc < 0)
			return rc;
		rc = replica_replay(r, d.block, &d.commit, *height == head);
		block_free(d.block);
		if (rc < 0)
			return rc;
	}
	/* A height of many rounds leaves more bodies than there are places:
	 * those that we may have to show again come once more, to stay. And
	 * answers after the bodies that name them: of a member that signed many
	 * only what is named is taken. */
	rc = pool_list(&s->pool, load_item, &l);
	l.marks = true;
	if (rc == 0)
		rc = pool_list(&s->pool, load_item, &l);
	l.marks = false;
	l.kind = POOL_ANSWER;
	if (rc == 0)
		rc = pool_list(&s->pool, load_item, &l);
	l.kind = POOL_POLKA;
	if (rc == 0)
		rc = pool_list(&s->pool, load_item, &l);
	l.kind = POOL_PASSAGE;
	if (rc == 0)
		rc = pool_list(&s->pool, load_item, &l);
	l.kind = POOL_PROOF;
	if (rc == 0)
		rc = pool_list(&s->pool, load_item, &l);
	*height = 0;
	if (rc == 0)
		rc = replica_load_records(r, s->records, s->nrecords);
	if (rc == 0 && s->unsure)
		replica_quarantine(r);
	free(s->records);
	s->records = NULL;
	s->nrecords = s->cap = 0;
	return rc;
}

int
store_checkpoint(struct store *s, const struct federation *f,
    const struct ledger *l)
{
	const uint64_t h = ledger_height(l);
	/* Were the newest damaged, there is another one. */
	const uint64_t old = s->behind > s->every ? s->behind : s->every;
	int rc;

	if (s->every == 0 || h < s->saved + s->every)
		return 0;
	rc = checkpoint_write(&s->segments, f, l, h > old ? h - old : 0);
	/* One that failed is tried again soon, not with every block. */
	s->saved =
	    rc == 0 || rc == -EINVAL ? h : h - s->every + (s->every + 9) / 10;
	return rc == 0 ? 1 : rc;
}

struct stale {
	struct store *store;
	bool answers; /* these, too */
	bool passage; /* nothing but these, but one: */
	struct hash but;
	size_t n;
	struct {
		enum pool_kind kind;
		struct hash id;
	} item[64];
};

static int
collect_stale(void *arg, enum pool_kind kind, const struct hash *id)
{
	struct stale *st = arg;

	if ((kind == POOL_ANSWER && !st->answers) || kind == POOL_PROOF)
		return 0;
	if (st->passage && (kind != POOL_PASSAGE || hash_equal(id, &st->but)))
		return 0;
	if (st->n == sizeof(st->item) / sizeof(st->item[0]))
		return 1; /* there are more */
	st->item[st->n].kind = kind;
	st->item[st->n++].id = *id;
	return 0;
}

/* All of them: of a hundred members each round brings a hundred answers. What
 * cannot be dropped is tried again after the next block. */
static void
drop(struct stale *st)
{
	struct pool *pool = &st->store->pool;
	int rc = 1, undone = 0;

	while (rc == 1 && undone == 0) {
		st->n = 0;
		rc = pool_list(pool, collect_stale, st);
		for (size_t i = 0; i < st->n && undone == 0; i++)
			undone =
			    pool_drop(pool, st->item[i].kind, &st->item[i].id);
	}
}

/* All bodies in the pool are of this height or below; with a closed round so
 * are its answers, for those of the next one are queued after the block. What
 * becomes of evidence the replica says. Where the chain lost blocks that come
 * back now, what our later votes rest on is still needed. */
static void
drop_stale(struct store *s, uint64_t height, bool round_closed)
{
	struct stale st = {.store = s, .answers = round_closed};

	if (!s->log.last.has_bft || s->log.last.bft.height <= height)
		drop(&st);
}

static int
append_block(struct store *s, const struct replica_action *a)
{
	struct bytes_writer w = BYTES_WRITER_INIT;
	struct bytes_reader r;
	struct header h;
	int rc;

	/* Again, after there was no room behind it. */
	if (segments_head(&s->segments) == a->height)
		return segments_reserve(&s->segments, s->room);
	bytes_put_raw(&w, a->data, a->len);
	commit_put(&w, a->commit);
	rc = w.error;
	if (rc == 0)
		rc = segments_append(&s->segments, &a->id, w.data,
		    (uint32_t)w.len);
	bytes_writer_close(&w);
	if (rc < 0)
		return rc;
	r = bytes_reader_of(a->data, a->len);
	header_get(&r, &h);
	drop_stale(s, h.height, h.kind != BLOCK_ORDINARY);
	/* A full disk is met here, with this block safe and nothing begun. */
	return segments_reserve(&s->segments, s->room);
}

static int
put(struct store *s, enum pool_kind kind, const struct replica_action *a)
{
	const struct pool_item item = {kind, a->id, a->data, (uint32_t)a->len};

	return pool_put(&s->pool, &item, 1);
}

/* Only one is of use, and a height may have any number of rounds. */
static int
put_passage(struct store *s, const struct replica_action *a)
{
	struct stale st = {.store = s, .passage = true, .but = a->id};
	int rc = put(s, POOL_PASSAGE, a);

	if (rc == 0)
		drop(&st);
	return rc;
}

int
store_perform(struct store *s, const struct replica_action *a)
{
	switch (a->store) {
	case REPLICA_STORE_RECORD:
		return votelog_append(&s->log, &a->record);
	case REPLICA_STORE_ANSWER:
		return put(s, POOL_ANSWER, a);
	case REPLICA_STORE_BODY:
		return put(s, POOL_BLOCK, a);
	case REPLICA_STORE_POLKA:
		return put(s, POOL_POLKA, a);
	case REPLICA_STORE_PASSAGE:
		return put_passage(s, a);
	case REPLICA_STORE_BLOCK:
		return append_block(s, a);
	case REPLICA_STORE_PROOF:
		return put(s, POOL_PROOF, a);
	case REPLICA_STORE_PROVED:
		return pool_drop(&s->pool, POOL_PROOF, &a->id);
	}
	return -EINVAL;
}
