/*
 * audit.c - walk a chain from block 0 and believe nothing.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "consensus/chain/disk_posix.h"
#include "consensus/chain/segments.h"
#include "consensus/chain/verify.h"
#include "consensus/ledger/ledger.h"
#include "daemon/cli/audit.h"
#include "daemon/cli/conclude.h"
#include "proto/bytes.h"

#define LIVE_TRIES 10
#define LIVE_WAIT_NS 20000000L

/* One audit under way. */
struct walk {
	struct audit *a;
	struct disk_posix disk;
	struct segments log;
	bool single; /* a->chain is a file */
	int damage;  /* of the files, found when they were opened */
	struct federation f;
	struct verify verify;
	struct ledger *ledger;
	struct tlog *log_of_others;
	const struct audit_watch *watch;
};

__attribute__((format(printf, 4, 5))) static int
fault(struct walk *w, enum check_id check, uint64_t height, const char *format,
    ...)
{
	struct audit_fault *out = &w->a->fault;
	va_list ap;

	out->check = check;
	out->height = height;
	va_start(ap, format);
	vsnprintf(out->why, sizeof(out->why), format, ap);
	va_end(ap);
	return -EBADMSG;
}

static void
set_place(struct walk *w, uint32_t segment, uint64_t offset, uint64_t end)
{
	struct audit_fault *out = &w->a->fault;
	int n;

	if (w->single)
		n = snprintf(out->file, sizeof(out->file), "%s", w->a->chain);
	else
		n = snprintf(out->file, sizeof(out->file), "%s/%06u.seg",
		    w->a->chain, segment);
	if (n < 0 || (size_t)n >= sizeof(out->file))
		out->file[0] = 0;
	out->offset = offset;
	out->end = end;
}

/* The record of a block that is on the disk as it was written. */
static void
set_record(struct walk *w, uint64_t height)
{
	const struct segments_entry *e = segments_find(&w->log, height);

	set_place(w, e->segment, e->offset,
	    e->offset + record_extent(e->len) - 1);
}

static bool
is_folder(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* path is a segment file: the disk is the folder that it is in. */
static int
choose_file(struct walk *w, const char *path, const char **name)
{
	char root[AUDIT_PATH_LEN];
	const char *slash = strrchr(path, '/');
	int n;

	w->single = true;
	*name = slash ? slash + 1 : path;
	if (!slash)
		return disk_posix_open_readonly(&w->disk, ".");
	n = snprintf(root, sizeof(root), "%.*s", (int)(slash - path) + 1, path);
	if (n < 0 || (size_t)n >= sizeof(root))
		return -ENAMETOOLONG;
	return disk_posix_open_readonly(&w->disk, root);
}

/* The disk's root and what is below it. A home's chain folder wins over the
 * home itself. */
static int
choose_place(struct walk *w, const char *path, const char **name)
{
	char *chain = w->a->chain;
	int n = snprintf(chain, AUDIT_PATH_LEN, "%s/%s", path, SEGMENTS_DIR);

	*name = SEGMENTS_DIR;
	if (n < 0 || n >= AUDIT_PATH_LEN)
		return -ENAMETOOLONG;
	if (is_folder(chain))
		return disk_posix_open_readonly(&w->disk, path);
	snprintf(chain, AUDIT_PATH_LEN, "%s", path);
	*name = "";
	if (is_folder(chain))
		return disk_posix_open_readonly(&w->disk, path);
	return choose_file(w, path, name);
}

/* -EBADMSG leaves the sound records in w->log. */
static int
open_log(struct walk *w, const char *name, struct segments_report *r)
{
	if (w->single)
		return segments_open_file(&w->log, &w->disk.disk, name, r);
	return segments_open(&w->log, &w->disk.disk, name, SEGMENTS_READ, r);
}

/* A daemon may be at work in this home: what looks like a torn write at the
 * end is given a moment to become a whole one. */
static int
open_settled(struct walk *w, const char *name, struct segments_report *r)
{
	const struct timespec wait = {0, LIVE_WAIT_NS};
	int i, rc = open_log(w, name, r);

	for (i = 0; i < LIVE_TRIES && rc == -EBADMSG; i++) {
		if (r->verdict != RECORD_TORN)
			break;
		segments_close(&w->log);
		nanosleep(&wait, NULL);
		rc = open_log(w, name, r);
	}
	return rc;
}

static int
damage(struct walk *w, const struct segments_report *r)
{
	set_place(w, r->segment, r->offset, r->end);
	if (r->verdict == RECORD_EMPTY)
		return fault(w, CHECK_ORDER, r->height,
		    "segment file %06u is missing or empty", r->segment);
	if (r->verdict == RECORD_BAD_PADDING && w->log.nentries == r->height)
		return fault(w, CHECK_ORDER, r->height,
		    "bytes behind the last block that must be zero are not");
	return fault(w, CHECK_ORDER, r->height, "%s",
	    record_verdict_text(r->verdict));
}

static void
count_records(struct walk *w)
{
	const struct segments *s = &w->log;
	size_t i;

	w->a->nrecords = s->nentries;
	for (i = 0; i < s->nentries; i++) {
		w->a->bytes += record_extent(s->entries[i].len);
		if (i == 0 ||
		    s->entries[i].segment != s->entries[i - 1].segment)
			w->a->nfiles++;
	}
}

static int
load_genesis(struct walk *w)
{
	struct bytes_reader r;
	uint8_t *data;
	uint32_t len;
	int rc = segments_read(&w->log, 0, &data, &len);

	if (rc < 0)
		return rc;
	r = bytes_reader_of(data, len);
	federation_get(&r, &w->f);
	if (!bytes_reader_done(&r))
		rc = fault(w, CHECK_FOUNDING, 0,
		    "block 0 does not hold a federation");
	free(data);
	if (rc < 0)
		return rc;
	rc = federation_id(&w->f, &w->a->federation);
	if (rc == 0 &&
	    !hash_equal(&w->a->federation, &segments_find(&w->log, 0)->id))
		rc = fault(w, CHECK_FOUNDING, 0,
		    "block 0 is not the federation it is named");
	if (rc == 0)
		rc = verify_init(&w->verify, &w->f);
	if (rc == 0)
		rc = ledger_new(&w->f, &w->ledger);
	return rc;
}

/* Block 0: the federation and its keys. */
static int
check_genesis(struct walk *w, const struct hash *want)
{
	int rc;

	if (segments_find(&w->log, 0) == NULL) {
		if (w->damage)
			return w->damage;
		return fault(w, CHECK_FOUNDING, w->log.first,
		    "the file begins at block %" PRIu64 ": the keys to verify "
		    "it with are in block 0; give the folder",
		    w->log.first);
	}
	set_record(w, 0);
	rc = load_genesis(w);
	if (rc < 0)
		return rc;
	w->a->founded = true;
	memcpy(w->a->name, w->f.name, sizeof(w->a->name));
	if (want && !hash_equal(want, &w->a->federation))
		return fault(w, CHECK_FOUNDING, 0,
		    "this is another federation's chain");
	return 0;
}

static int
judge_links(struct walk *w, const struct block *b, const struct commit *c)
{
	uint64_t height = w->verify.height + 1;
	enum verify_verdict v = verify_block(&w->verify, b, c);
	enum check_id check = check_of_verify(v);

	if (v == VERIFY_OK)
		return 0;
	if (v == VERIFY_COMMIT_SIGNATURE || v == VERIFY_ANSWER_SIGNATURE ||
	    v == VERIFY_ATTEST_SIGNATURE)
		return fault(w, check, height, "%s %s", verify_text(v),
		    w->f.members[w->verify.who].name);
	return fault(w, check, height, "%s", verify_text(v));
}

static int
judge_block(struct walk *w, const struct block *b, const struct commit *c)
{
	uint64_t height = w->verify.height + 1;
	int rc = judge_links(w, b, c);
	enum ledger_verdict l;
	enum check_id check;
	const char *why;

	if (rc < 0)
		return rc;
	l = ledger_check(w->ledger, b);
	if (l == LEDGER_NO_MEMORY)
		return -ENOMEM;
	check = check_of_block(w->ledger, b, l, &why);
	if (l != LEDGER_OK)
		return fault(w, check, height, "%s", why);
	rc = ledger_apply(w->ledger, b);
	if (rc < 0)
		return rc;
	if (!books_conserved(ledger_books(w->ledger)))
		return fault(w, CHECK_TOKENS, height,
		    "tokens: accounts, treasury and escrows are not what was "
		    "minted less what was burned");
	return 0;
}

static void
count_block(struct audit *a, const struct walk *w, const struct block *b)
{
	a->nblocks++;
	a->ncommit_signatures = w->verify.ncommit_signatures;
	a->nanswers = w->verify.nanswer_signatures;
	a->npayloads = w->verify.npayloads;
	a->nattests = w->verify.nattest_signatures;
	a->naggregates += b->header.kind == BLOCK_AGGREGATE;
	a->nskips += b->header.kind == BLOCK_SKIP;
	a->nheartbeats += b->header.kind == BLOCK_ORDINARY;
	a->model = b->header.model;
	for (uint16_t i = 0; i < b->header.nanswers; i++)
		a->nnoisy += b->answers[i]->privacy.mechanism != PRIVACY_NONE;
	for (uint16_t i = 0; i < b->header.ntxs; i++)
		a->txs[b->txs[i]->kind]++;
	findings_block(&a->findings, w->ledger, b, &a->checks);
}

/* Decodes the record of a block; else says what is wrong with it. */
static int
read_block(struct walk *w, uint64_t height, struct block **b, struct commit *c)
{
	enum verify_verdict v;
	enum check_id check;
	const char *why;
	uint8_t *data;
	uint32_t len;
	int rc = segments_read(&w->log, height, &data, &len);

	*b = NULL;
	set_record(w, height);
	if (rc == -EBADMSG)
		return fault(w, CHECK_ORDER, height,
		    "the file changed while it was read");
	if (rc < 0)
		return rc;
	v = verify_decode(data, len, ANSWER_DIM_MAX, b, c);
	check = v == VERIFY_OK ? CHECK_NONE : check_of_record(data, len, &why);
	free(data);
	if (v != VERIFY_OK)
		return fault(w, check, height, "%s", why);
	if (!hash_equal(&(*b)->id, &segments_find(&w->log, height)->id))
		return fault(w, CHECK_ORDER, height, "%s",
		    verify_text(VERIFY_ID));
	return 0;
}

static void
show(const struct walk *w, const struct block *b, const struct commit *c)
{
	if (w->watch)
		w->watch->block(w->watch->arg, w->ledger, b, c);
}

static int
check_block(struct walk *w, uint64_t height)
{
	struct block *b;
	struct commit c;
	int rc = read_block(w, height, &b, &c);

	if (rc == 0)
		rc = judge_block(w, b, &c);
	if (rc == 0)
		rc = tlog_append_header(w->log_of_others, &b->header);
	if (rc == 0) {
		count_block(w->a, w, b);
		show(w, b, &c);
	}
	block_free(b);
	return rc;
}

static int
walk(struct walk *w, const char *path, const struct hash *federation)
{
	struct segments_report r;
	struct audit_fault first;
	const char *name = "";
	uint64_t h;
	int rc = choose_place(w, path, &name);

	if (rc < 0)
		return rc;
	rc = open_settled(w, name, &r);
	if (rc == -EBADMSG)
		w->damage = damage(w, &r);
	else if (rc < 0)
		return rc;
	first = w->a->fault;
	count_records(w);
	rc = check_genesis(w, federation);
	if (rc == 0)
		rc = tlog_found(w->log_of_others, &w->f, &w->a->federation);
	if (rc == 0)
		show(w, NULL, NULL);
	for (h = 1; rc == 0 && segments_find(&w->log, h); h++)
		rc = check_block(w, h);
	if (rc == 0 && w->damage) { /* everything before it is sound */
		w->a->fault = first;
		rc = w->damage;
	}
	if (rc == 0)
		w->a->fault = (struct audit_fault){0};
	return rc;
}

static bool
signed_by_a_member(const struct walk *w, const char *at,
    const struct tlog_checkpoint *c)
{
	for (uint16_t i = 0; i < ledger_nmembers(w->ledger); i++)
		if (tlog_checkpoint_signed(at, c,
			&ledger_member(w->ledger, i)->sign))
			return true;
	return false;
}

/* What the auditor saw before: is it a beginning of this chain? */
static void
check_checkpoint(struct walk *w, const char *text)
{
	struct checks *out = &w->a->checks;
	const struct tlog *l = w->log_of_others;
	struct tlog_checkpoint c;
	struct tlog_hash root;
	const char *at;

	if (tlog_checkpoint_get(text, &c, &at) < 0)
		checks_fail(out, CHECK_COMPLETE, w->a->nblocks,
		    "the checkpoint is not in the form of C2SP");
	else if (strcmp(c.origin, l->origin) != 0)
		checks_fail(out, CHECK_COMPLETE, w->a->nblocks,
		    "the checkpoint is of another federation");
	else if (!signed_by_a_member(w, at, &c))
		checks_fail(out, CHECK_COMPLETE, w->a->nblocks,
		    "no member signed the checkpoint");
	else if (c.size > l->n)
		checks_fail(out, CHECK_COMPLETE, w->a->nblocks,
		    "the chain ends before the checkpoint: blocks are missing "
		    "at its end");
	else {
		root = tlog_root(l, (size_t)c.size);
		if (memcmp(&root, &c.root, sizeof(root)) != 0)
			checks_fail(out, CHECK_HISTORY, w->a->nblocks,
			    "the checkpoint is of another history: a member "
			    "signed two");
	}
}

/* A check that failed without stopping the walk: a finding. */
static int
findings(struct walk *w)
{
	enum check_id id = checks_first(&w->a->checks);
	const struct check *k = &w->a->checks.of[id];

	if (id == CHECK_NONE)
		return 0;
	w->a->fault = (struct audit_fault){0};
	return fault(w, id, k->height, "%s", k->why);
}

int
audit_watch(struct audit *a, const struct audit_order *o,
    const struct audit_watch *watch)
{
	struct walk w = {
	    .a = a,
	    .disk = DISK_POSIX_INIT,
	    .log = SEGMENTS_INIT,
	    .f = FEDERATION_INIT,
	    .log_of_others = o->log,
	    .watch = watch,
	};
	int rc;

	*a = (struct audit){0};
	rc = walk(&w, o->path, o->federation);
	if (rc == 0 && o->checkpoint)
		check_checkpoint(&w, o->checkpoint);
	if (rc == 0 || rc == -EBADMSG)
		conclude(a, o, w.ledger);
	if (rc == 0)
		rc = findings(&w);
	if (watch && w.ledger && (rc == 0 || rc == -EBADMSG))
		watch->end(watch->arg, w.ledger);
	ledger_free(w.ledger);
	federation_close(&w.f);
	segments_close(&w.log);
	disk_posix_close(&w.disk);
	return rc;
}

int
audit_run(struct audit *a, const char *path, const struct hash *federation)
{
	struct tlog log = TLOG_INIT;
	const struct audit_order o = {path, federation, NULL, &log};
	int rc = audit_watch(a, &o, NULL);

	tlog_close(&log);
	return rc;
}
