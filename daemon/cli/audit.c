/*
 * audit.c - walk a chain from block 0 and believe nothing.
 */
#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "consensus/chain/verify.h"
#include "consensus/ledger/ledger.h"
#include "daemon/cli/audit.h"
#include "daemon/cli/conclude.h"
#include "daemon/cli/follow.h"
#include "proto/bytes.h"
#include "proto/id.h"

#define NAME_LEN 48

/* One audit under way. */
struct walk {
	struct audit *a;
	struct audit_source source;
	struct audit_fault damage; /* of the files; check 0: none */
	bool light;                /* links and signatures only */
	bool lost;                 /* light, and the state is not known */
	struct hash voters;        /* light: hash of those at height + 1 */
	struct verify_seats told;  /* the watch */
	struct federation f;
	struct verify verify;
	struct ledger *ledger;
	struct tlog *log_of_others;
	const struct audit_watch *watch;
	/* What the auditor saw before. */
	const char *checkpoint; /* the signed part; NULL: none, or malformed */
	struct tlog_checkpoint kept;
	bool vouched; /* by somebody who voted in this chain */
	struct verify_seats asked;
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

/* The record of a block that is on the disk as it was written. */
static void
set_record(struct walk *w, uint64_t height)
{
	audit_source_place(&w->source, height, &w->a->fault);
}

static int
load_genesis(struct walk *w)
{
	struct bytes_reader r;
	const struct hash *id;
	uint8_t *data;
	uint32_t len;
	int rc = audit_source_read(&w->source, 0, &data, &len);

	if (rc < 0)
		return rc;
	id = audit_source_id(&w->source, 0);
	r = bytes_reader_of(data, len);
	federation_get(&r, &w->f);
	if (!bytes_reader_done(&r))
		rc = fault(w, CHECK_FOUNDING, 0,
		    "block 0 does not hold a federation");
	free(data);
	if (rc < 0)
		return rc;
	rc = federation_id(&w->f, &w->a->federation);
	if (rc == 0 && id && !hash_equal(&w->a->federation, id))
		rc = fault(w, CHECK_FOUNDING, 0,
		    "block 0 is not the federation it is named");
	if (rc == 0 && audit_source_refounded(&w->source, &w->f) < 0)
		rc = fault(w, CHECK_FOUNDING, 0,
		    "the file of its re-foundings does not belong to it");
	if (rc == 0)
		rc = verify_init(&w->verify, &w->f);
	if (rc == 0)
		rc = ledger_new(&w->f, &w->ledger);
	if (rc == 0)
		w->voters = *ledger_validators(w->ledger);
	return rc;
}

/* As founded, or by one of its re-foundings. */
static bool
is_called(const struct walk *w, const struct hash *id)
{
	struct hash x;

	for (uint16_t i = 0; i < w->f.nrefounded; i++) {
		x = refound_id(&w->f.refounded[i]);
		if (hash_equal(&x, id))
			return true;
	}
	return hash_equal(&w->a->federation, id);
}

/* Block 0: the federation and its keys. */
static int
check_genesis(struct walk *w, const struct hash *want)
{
	int rc;

	if (!audit_source_has(&w->source, 0)) {
		w->a->fault = w->damage;
		if (w->damage.check != CHECK_NONE)
			return -EBADMSG;
		if (w->source.bundled)
			return fault(w, CHECK_FOUNDING, 0,
			    "the bundle is empty: it ends before block 0");
		return fault(w, CHECK_FOUNDING, w->source.log.first,
		    "the file begins at block %" PRIu64 ": the keys to verify "
		    "it with are in block 0; give the folder",
		    w->source.log.first);
	}
	set_record(w, 0);
	rc = load_genesis(w);
	if (rc < 0)
		return rc;
	w->a->founded = true;
	memcpy(w->a->name, w->f.name, sizeof(w->a->name));
	if (want && !is_called(w, want))
		return fault(w, CHECK_FOUNDING, 0,
		    "this is another federation's chain");
	return 0;
}

/* Without the state only founders have names. */
static const char *
name_of(const struct walk *w, uint16_t seat, char out[static NAME_LEN])
{
	const struct member *m = ledger_member(w->ledger, seat);

	if (m)
		snprintf(out, NAME_LEN, "%s", m->name);
	else
		snprintf(out, NAME_LEN, "the member at seat %u", seat);
	return out;
}

static int
judge_links(struct walk *w, const struct block *b, const struct commit *c)
{
	uint64_t height = w->verify.height + 1;
	enum verify_verdict v = verify_block(&w->verify, b, c);
	enum check_id check = check_of_verify(v);
	char name[NAME_LEN];

	if (v == VERIFY_OK)
		return 0;
	if (v == VERIFY_COMMIT_SIGNATURE || v == VERIFY_ANSWER_SIGNATURE ||
	    v == VERIFY_ATTEST_SIGNATURE)
		return fault(w, check, height, "%s %s", verify_text(v),
		    name_of(w, w->verify.who, name));
	return fault(w, check, height, "%s", verify_text(v));
}

/* The members as the chain names them: each header, signed by those of before,
 * has the hash of those of the next height; a bundle has what was hashed. */
static int
follow_members(struct walk *w, const struct header *h)
{
	struct verify_seats s;
	struct bytes_reader r;
	uint32_t len;
	const uint8_t *data = audit_source_seats(&w->source, h->height, &len);

	if (!hash_equal(&h->validators, &w->voters))
		return fault(w, CHECK_VALIDATORS, h->height,
		    "the block names other members than the one before it "
		    "announced");
	if (hash_equal(&h->next_validators, &w->voters)) {
		if (!data)
			return 0;
		return fault(w, CHECK_VALIDATORS, h->height,
		    "the bundle names other members where none change");
	}
	w->voters = h->next_validators;
	if (!w->lost)
		return 0; /* the state says it */
	if (!data)
		return fault(w, CHECK_VALIDATORS, h->height,
		    "the members change here, and nothing says to whom: have "
		    "the bundle exported again");
	r = bytes_reader_of(data, len);
	if (!verify_get_seats(&r, &w->voters, &s))
		return fault(w, CHECK_VALIDATORS, h->height,
		    "the members in the bundle are not those that the block "
		    "announces");
	verify_reseat(&w->verify, &s);
	return 0;
}

/* Without the updates nothing can be computed again: what is signed, and by
 * whom. */
static int
judge_light(struct walk *w, const struct block *b)
{
	uint64_t height = b->header.height;
	struct verify_seats next;

	for (uint16_t i = 0; i < b->header.ntxs; i++)
		if (!tx_verify(b->txs[i], &w->verify.past))
			return fault(w, CHECK_TRANSACTIONS, height,
			    "a transaction has a bad signature");
	w->lost |= audit_source_light(&w->source, height);
	if (!w->lost) {
		follow_announced(w->ledger, &next);
		w->lost = ledger_replay(w->ledger, b) < 0;
		if (!w->lost)
			verify_reseat(&w->verify, &next);
	}
	return follow_members(w, &b->header);
}

/* The state knows who gives up his seat, and more: what it does not go on by,
 * no member does. */
static int
same_by_state(struct walk *w)
{
	if (w->lost ||
	    (hash_equal(ledger_federation_id(w->ledger),
		 &w->verify.federation) &&
		hash_equal(ledger_validators(w->ledger), &w->voters)))
		return 0;
	return fault(w, CHECK_FOUNDING, w->verify.height,
	    "no member goes on by the re-founding from this block on");
}

/* Goes the federation on by other means than votes behind this block? Those
 * who are left out are named: nobody does it silently. */
static int
note_refounded(struct walk *w)
{
	struct audit_refounded *x = &w->a->refounded;
	const struct verify_seats *before = &w->verify.before;
	struct bytes_writer b = BYTES_WRITER_INIT;
	char name[NAME_LEN];
	size_t at = 0;
	int rc = verify_refound(&w->verify);

	if (rc < 0)
		return fault(w, CHECK_FOUNDING, w->verify.height,
		    "a re-founding from this block on does not hold");
	if (rc == 0)
		return 0;
	x->n++;
	x->height = w->verify.height;
	x->id = w->verify.federation;
	x->without[0] = '\0';
	for (uint16_t i = 0; i < before->n; i++)
		if (before->power[i] > 0 && w->verify.now.power[i] == 0 &&
		    at < sizeof(x->without))
			at += (size_t)snprintf(x->without + at,
			    sizeof(x->without) - at, "%s%s", at ? ", " : "",
			    name_of(w, i, name));
	verify_put_seats(&b, &w->verify.now);
	rc = b.error;
	if (rc == 0)
		w->voters = hash_bytes("qml.validators", b.data, b.len);
	bytes_writer_close(&b);
	return rc == 0 ? same_by_state(w) : rc;
}

static int
judge_block(struct walk *w, const struct block *b, const struct commit *c)
{
	uint64_t height = w->verify.height + 1;
	int rc = judge_links(w, b, c);
	struct verify_seats next;
	enum ledger_verdict l;
	enum check_id check;
	const char *why;

	if (rc < 0 || w->light)
		return rc < 0 ? rc : judge_light(w, b);
	l = ledger_check(w->ledger, b);
	if (l == LEDGER_NO_MEMORY)
		return -ENOMEM;
	check = check_of_block(w->ledger, b, l, &why);
	if (l != LEDGER_OK)
		return fault(w, check, height, "%s", why);
	follow_announced(w->ledger, &next);
	rc = ledger_apply(w->ledger, b);
	if (rc < 0)
		return rc;
	verify_reseat(&w->verify, &next);
	w->voters = b->header.next_validators;
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
	uint8_t *data;
	uint32_t len;
	const struct hash *id = audit_source_id(&w->source, height);
	bool light = audit_source_light(&w->source, height);
	int rc = audit_source_read(&w->source, height, &data, &len);

	*b = NULL;
	set_record(w, height);
	if (rc == -EBADMSG)
		return fault(w, CHECK_ORDER, height,
		    "the file changed while it was read");
	if (rc < 0)
		return rc;
	v = light ? verify_decode_heads(data, len, b, c)
		  : verify_decode(data, len, ANSWER_DIM_MAX, b, c);
	free(data);
	if (v == VERIFY_NO_MEMORY)
		return -ENOMEM;
	if (v != VERIFY_OK)
		return fault(w, check_of_verify(v), height, "%s",
		    verify_text(v));
	w->light = w->light || light;
	if (id && !hash_equal(&(*b)->id, id))
		return fault(w, CHECK_ORDER, height, "%s",
		    verify_text(VERIFY_ID));
	return 0;
}

static bool
same_seats(const struct verify_seats *a, const struct verify_seats *b)
{
	return a->n == b->n &&
	    memcmp(a->id, b->id, a->n * sizeof(a->id[0])) == 0 &&
	    memcmp(a->power, b->power, a->n * sizeof(a->power[0])) == 0 &&
	    memcmp(a->key, b->key, a->n * sizeof(a->key[0])) == 0;
}

static void
show(struct walk *w, const struct block *b, const struct commit *c)
{
	const struct verify_seats *now = &w->verify.now;

	if (!w->watch)
		return;
	w->watch->block(w->watch->arg, w->ledger, b, c);
	if (!w->watch->voters || same_seats(&w->told, now))
		return;
	w->told = *now;
	w->watch->voters(w->watch->arg, w->ledger, w->verify.height + 1, now);
}

/* Has somebody signed the checkpoint who votes from here on? Who has left since
 * then, or has other keys, was a member when he signed it. */
static void
look_for_signer(struct walk *w)
{
	const struct verify_seats *s = &w->verify.now;

	if (!w->checkpoint || w->vouched || same_seats(&w->asked, s))
		return;
	w->asked = *s;
	for (uint16_t i = 0; i < s->n && !w->vouched; i++)
		w->vouched = s->power[i] > 0 &&
		    tlog_checkpoint_signed(w->checkpoint, &w->kept, &s->key[i]);
}

static int
check_block(struct walk *w, uint64_t height)
{
	struct block *b;
	struct commit c;
	int rc = read_block(w, height, &b, &c);

	if (rc == 0) {
		assert(b != NULL);
		rc = judge_block(w, b, &c);
	}
	if (rc == 0)
		rc = note_refounded(w);
	if (rc == 0)
		rc = tlog_append_header(w->log_of_others, &b->header);
	if (rc == 0) {
		count_block(w->a, w, b);
		show(w, b, &c);
		look_for_signer(w);
	}
	block_free(b);
	return rc;
}

/* At its end it is called what the auditor calls it: an id of before does not
 * vouch for those who went on. */
static int
end_name(struct walk *w, const struct hash *want)
{
	const struct audit_refounded *x = &w->a->refounded;
	char id[ID_TEXT_LEN];

	if (!want || hash_equal(want, &w->verify.federation))
		return 0;
	w->a->fault = (struct audit_fault){0};
	if (x->n == 0)
		return fault(w, CHECK_FOUNDING, w->a->nblocks,
		    "the chain ends before the re-founding of that id");
	return fault(w, CHECK_FOUNDING, x->height,
	    "re-founded behind this block, without %.100s, as %s; if that is "
	    "what you know of, give this id",
	    x->without, id_text(ID_FEDERATION, &x->id, id));
}

static int
walk(struct walk *w, const struct audit_order *o)
{
	struct audit_extent x;
	uint64_t h;
	int rc = audit_source_open(&w->source, o->path, &w->damage);

	snprintf(w->a->chain, sizeof(w->a->chain), "%s", w->source.chain);
	if (rc < 0 && rc != -EBADMSG)
		return rc;
	x = audit_source_extent(&w->source);
	w->a->nrecords = x.nrecords;
	w->a->bytes = x.bytes;
	w->a->nfiles = x.nfiles;
	rc = check_genesis(w, o->federation);
	if (rc == 0)
		rc = tlog_found(w->log_of_others, &w->f, &w->a->federation);
	if (rc == 0) {
		show(w, NULL, NULL);
		look_for_signer(w);
	}
	for (h = 1; rc == 0 && audit_source_has(&w->source, h); h++)
		rc = check_block(w, h);
	if (rc == 0 && w->damage.check != CHECK_NONE) {
		w->a->fault = w->damage; /* everything before it is sound */
		return -EBADMSG;
	}
	if (rc == 0)
		rc = end_name(w, o->federation);
	if (rc == 0)
		w->a->fault = (struct audit_fault){0};
	return rc;
}

/* What the auditor saw before: is it a beginning of this chain? */
static void
check_checkpoint(struct walk *w)
{
	const struct tlog_checkpoint *c = &w->kept;
	struct checks *out = &w->a->checks;
	const struct tlog *l = w->log_of_others;
	struct tlog_hash root;

	if (!w->checkpoint)
		checks_fail(out, CHECK_COMPLETE, w->a->nblocks,
		    "the checkpoint is not in the form of C2SP");
	else if (strcmp(c->origin, l->origin) != 0)
		checks_fail(out, CHECK_COMPLETE, w->a->nblocks,
		    "the checkpoint is of another federation");
	else if (!w->vouched)
		checks_fail(out, CHECK_COMPLETE, w->a->nblocks,
		    "nobody who voted in this chain signed the checkpoint");
	else if (c->size > l->n)
		checks_fail(out, CHECK_COMPLETE, w->a->nblocks,
		    "the chain ends before the checkpoint: blocks are missing "
		    "at its end");
	else {
		root = tlog_root(l, (size_t)c->size);
		if (memcmp(&root, &c->root, sizeof(root)) != 0)
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
	    .source = AUDIT_SOURCE_INIT,
	    .light = o->light,
	    .f = FEDERATION_INIT,
	    .log_of_others = o->log,
	    .watch = watch,
	};
	int rc;

	*a = (struct audit){0};
	if (o->checkpoint &&
	    tlog_checkpoint_get(o->checkpoint, &w.kept, &w.checkpoint) < 0)
		w.checkpoint = NULL;
	rc = walk(&w, o);
	a->light = w.light;
	if (rc == 0 && o->checkpoint)
		check_checkpoint(&w);
	if (rc == 0 || rc == -EBADMSG)
		conclude(a, o, w.ledger);
	if (rc == 0)
		rc = findings(&w);
	if (watch && w.ledger && (rc == 0 || rc == -EBADMSG))
		watch->end(watch->arg, w.ledger);
	ledger_free(w.ledger);
	federation_close(&w.f);
	audit_source_close(&w.source);
	return rc;
}

int
audit_run(struct audit *a, const char *path, const struct hash *federation)
{
	struct tlog log = TLOG_INIT;
	const struct audit_order o = {path, federation, NULL, &log, false};
	int rc = audit_watch(a, &o, NULL);

	tlog_close(&log);
	return rc;
}
