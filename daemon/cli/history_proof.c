#include "daemon/cli/history_proof.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/cli/follow.h"
#include "daemon/cli/refounded.h"
#include "daemon/node/jv.h"
#include "proto/hex.h"

void
history_proof_open(struct history_proof *p, uint64_t height)
{
	*p = (struct history_proof){.height = height,
	    .founding = BYTES_WRITER_INIT,
	    .block = BYTES_WRITER_INIT,
	    .head = BYTES_WRITER_INIT,
	    .commit = BYTES_WRITER_INIT,
	    .changes = jv_array()};
}

void
history_proof_close(struct history_proof *p)
{
	bytes_writer_close(&p->founding);
	bytes_writer_close(&p->block);
	bytes_writer_close(&p->head);
	bytes_writer_close(&p->commit);
	jv_free(p->changes);
	jv_free(p->pending);
	free(p->ids);
	p->ids = NULL;
	p->changes = p->pending = NULL;
}

static void
note_id(struct history_proof *p, const struct hash *id)
{
	if (p->n == p->cap) {
		size_t cap = p->cap ? 2 * p->cap : 64;
		struct hash *more = realloc(p->ids, cap * sizeof(*more));

		p->failed = p->failed || !more;
		if (!more)
			return;
		p->ids = more;
		p->cap = cap;
	}
	p->ids[p->n++] = *id;
}

static void
see_block(void *arg, const struct ledger *l, const struct block *b,
    const struct commit *c)
{
	struct history_proof *p = arg;

	note_id(p, b ? &b->id : ledger_federation_id(l));
	if (p->pending)
		jv_add(p->changes, p->pending);
	p->pending = NULL;
	if (!b) {
		federation_put(&p->founding, ledger_federation(l));
		return;
	}
	if (b->header.height == p->height)
		header_put(&p->block, &b->header);
	bytes_writer_close(&p->head);
	bytes_writer_close(&p->commit);
	p->head = p->commit = BYTES_WRITER_INIT;
	header_put(&p->head, &b->header);
	commit_put(&p->commit, c);
	p->last = b->header;
}

/* Behind the callbacks of a block, for those of the next one. */
static void
look_ahead(void *arg, const struct ledger *l, const struct block *b,
    const struct commit *c)
{
	struct history_proof *p = arg;

	see_block(arg, l, b, c);
	p->announced = p->ahead;
	follow_announced(l, &p->ahead);
}

static void
see_end(void *arg, const struct ledger *l)
{
	(void)arg;
	(void)l;
}

static void
put_hex(struct jv *o, const char *key, const struct bytes_writer *w)
{
	char *text = malloc(2 * w->len + 1);

	if (!text)
		return;
	jv_put_string(o, key, hex_put(w->data, w->len, text));
	free(text);
}

/* What those signed who went on behind the last block. */
static void
put_refounded(struct jv *o, const struct ledger *l, uint64_t height)
{
	const struct federation *f = ledger_federation(l);
	struct bytes_writer w = BYTES_WRITER_INIT;

	for (uint16_t i = 0; i < f->nrefounded; i++)
		if (f->refounded[i].height == height)
			refound_put(&w, &f->refounded[i]);
	if (w.len > 0)
		put_hex(o, "refounded", &w);
	bytes_writer_close(&w);
}

/* Behind the block that announces them, or that others went on from. */
static void
see_voters(void *arg, const struct ledger *l, uint64_t from,
    const struct verify_seats *s)
{
	struct bytes_writer w = BYTES_WRITER_INIT;
	struct history_proof *p = arg;
	bool parted, others;
	struct jv *o;

	if (from == 1)
		return;
	o = jv_object();
	put_hex(o, "head", &p->head);
	put_hex(o, "certificate", &p->commit);
	put_refounded(o, l, from - 1);
	parted = jv_get(o, "refounded") != NULL;
	others = !hash_equal(&p->last.validators, &p->last.next_validators);
	if (!parted && !others) { /* a candidate */
		jv_free(o);
		return;
	}
	if (others) {
		/* Without the state nobody knows who they were. */
		p->failed |= parted && ledger_height(l) + 1 != from;
		verify_put_seats(&w, parted ? &p->announced : s);
		put_hex(o, "members", &w);
	}
	p->failed |= w.error < 0;
	bytes_writer_close(&w);
	p->pending = o; /* of no use unless a block follows */
}

struct audit_watch
history_proof_watch(struct history_proof *p)
{
	return (struct audit_watch){look_ahead, see_end, p, see_voters};
}

static struct jv *
hashes(const struct hash *list, size_t n)
{
	struct jv *out = jv_array();
	char hex[HASH_HEX_LEN];

	for (size_t i = 0; i < n; i++)
		jv_add(out, jv_string(hash_hex(&list[i], hex)));
	return out;
}

struct jv *
history_proof_json(struct history_proof *p)
{
	struct hash path[MERKLE_MAX_DEPTH];
	struct jv *o;
	size_t len;

	/* The last header commits to the blocks before it. */
	if (p->failed || p->height == 0 || p->n < 2 || p->height > p->n - 2)
		return NULL;
	o = jv_object();
	jv_put_string(o, "schema", "qml.proof/1");
	put_hex(o, "founding", &p->founding);
	put_hex(o, "block", &p->block);
	put_hex(o, "head", &p->head);
	put_hex(o, "certificate", &p->commit);
	if (jv_len(p->changes) > 0) {
		jv_put(o, "changes", p->changes);
		p->changes = NULL;
	}
	len = merkle_path(p->ids, p->n - 1, (size_t)p->height, path);
	jv_put(o, "path", hashes(path, len));
	len = merkle_growth(p->ids, (size_t)p->height, p->n - 1, path);
	jv_put(o, "growth", hashes(path, len));
	return o;
}

__attribute__((format(printf, 2, 3))) static int
refuse(char *why, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(why, HISTORY_PROOF_WHY_LEN, format, ap);
	va_end(ap);
	return -EBADMSG;
}

/* malloc'd; NULL: no hex, or no memory. */
static uint8_t *
get_hex(const struct jv *o, const char *key, size_t *len)
{
	const char *text = jv_text(jv_get(o, key), "x");
	size_t n = strlen(text);
	uint8_t *out;

	*len = n / 2;
	if (n % 2 != 0)
		return NULL;
	out = malloc(n / 2 + 1);
	if (out && hex_get(text, out, n / 2) < 0) {
		free(out);
		return NULL;
	}
	return out;
}

static bool
get_path(const struct jv *list, struct hash *out, size_t *n)
{
	*n = jv_len(list);
	if (!jv_is_array(list) || *n > MERKLE_MAX_DEPTH)
		return false;
	for (size_t i = 0; i < *n; i++)
		if (hash_from_hex(jv_text(jv_at(list, i), ""), &out[i]) < 0)
			return false;
	return true;
}

static bool
get_header(const struct jv *o, const char *key, struct header *out)
{
	size_t len;
	uint8_t *data = get_hex(o, key, &len);
	struct bytes_reader r = bytes_reader_of(data, data ? len : 0);

	header_get(&r, out);
	free(data);
	return data && bytes_reader_done(&r);
}

static bool
get_commit(const struct jv *o, struct commit *out)
{
	size_t len;
	uint8_t *data = get_hex(o, "certificate", &len);
	struct bytes_reader r = bytes_reader_of(data, data ? len : 0);

	commit_get(&r, out);
	free(data);
	return data && bytes_reader_done(&r);
}

/* *f is to be closed in any case. */
static bool
get_founding(const struct jv *o, struct federation *f)
{
	size_t len;
	uint8_t *data = get_hex(o, "founding", &len);
	struct bytes_reader r = bytes_reader_of(data, data ? len : 0);

	federation_get(&r, f);
	free(data);
	return data && bytes_reader_done(&r);
}

/* Block and growth are in the history that the head commits to. */
static int
check_tree(const struct jv *o, const struct history_claim *c, char *why)
{
	const struct merkle_place at = {c->block.height, c->head.history_size};
	const struct merkle_sizes sizes = {c->block.history_size,
	    c->head.history_size,
	    {c->block.history_root, c->head.history_root}};
	struct hash path[MERKLE_MAX_DEPTH], id = header_id(&c->block);
	size_t n;

	if (!get_path(jv_get(o, "path"), path, &n) ||
	    !merkle_verify(&id, at, path, n, &c->head.history_root))
		return refuse(why,
		    "the block is not in the history that the last header "
		    "commits to");
	if (!get_path(jv_get(o, "growth"), path, &n) ||
	    !merkle_grown(&sizes, path, n))
		return refuse(why,
		    "the history before the block is not a beginning of the "
		    "last header's");
	return 0;
}

/* Who signed this header and certificate, if not those of the founding. */
struct voters {
	struct verify_seats now;
	struct hash hash; /* of their bytes */
	uint64_t height;  /* of the last header that they are known from */
	struct hash federation; /* as it is called then */
	struct hash block;      /* as the block's header calls it */
	bool named;             /* it was called so */
};

/* Certified by the voters that it names. */
static bool
certified(const struct voters *v, const struct header *h,
    const struct commit *c)
{
	struct hash id = header_id(h);
	uint16_t who = 0;

	return hash_equal(&h->federation, &v->federation) &&
	    hash_equal(&h->validators, &v->hash) && c->height == h->height &&
	    hash_equal(&c->block, &id) &&
	    verify_commit(&v->now, &v->federation, c, &who) == VERIFY_OK;
}

/* Others vote behind this header, as it says itself. */
static bool
follow_members(struct voters *v, const struct jv *o, const struct header *h)
{
	struct bytes_reader r;
	uint8_t *data;
	size_t len;
	bool ok;

	if (hash_equal(&h->next_validators, &v->hash))
		return jv_get(o, "members") == NULL;
	data = get_hex(o, "members", &len);
	r = bytes_reader_of(data, data ? len : 0);
	ok = data && verify_get_seats(&r, &h->next_validators, &v->now);
	free(data);
	v->hash = h->next_validators;
	return ok;
}

/* One paper behind this header; the first one names its state. */
static bool
go_on(struct voters *v, const struct header *h, const struct refound *r,
    bool first)
{
	const struct hash id = header_id(h);

	return r->height == h->height && hash_equal(&r->block, &id) &&
	    (!first || hash_equal(&r->state, &h->state_root)) &&
	    refound_complete(r) && verify_refounded(&v->now, &v->federation, r);
}

static bool
follow_refounded(struct voters *v, const struct jv *o, const struct header *h)
{
	struct bytes_writer w = BYTES_WRITER_INIT;
	struct refound one;
	size_t len;
	uint8_t *data = get_hex(o, "refounded", &len);
	struct bytes_reader r = bytes_reader_of(data, data ? len : 0);
	bool ok = data && len > 0;

	for (bool first = true; ok && bytes_reader_left(&r) > 0;
	     first = false) {
		refound_get(&r, &one);
		ok = !r.bad && go_on(v, h, &one, first);
		v->named |= ok && hash_equal(&v->federation, &v->block);
	}
	free(data);
	verify_put_seats(&w, &v->now);
	ok = ok && w.error == 0;
	if (ok)
		v->hash = hash_bytes("qml.validators", w.data, w.len);
	bytes_writer_close(&w);
	return ok;
}

/* One header that announces others, or that others went on from. */
static bool
follow_change(struct voters *v, const struct jv *o)
{
	const struct hash before = v->hash;
	struct commit commit;
	struct header h;

	if (!get_header(o, "head", &h) || !get_commit(o, &commit) ||
	    h.height <= v->height || !certified(v, &h, &commit) ||
	    !follow_members(v, o, &h))
		return false;
	v->height = h.height;
	if (jv_get(o, "refounded") == NULL)
		return !hash_equal(&before, &v->hash);
	return follow_refounded(v, o, &h);
}

/* As founded, and those who founded it. */
static int
founders(const struct federation *f, const struct history_claim *c,
    struct voters *v)
{
	struct verify start;
	struct ledger *l;

	if (verify_init(&start, f) < 0 || ledger_new(f, &l) < 0)
		return -ENOMEM;
	v->now = start.now;
	v->hash = *ledger_validators(l);
	v->federation = c->federation;
	v->block = c->block.federation;
	v->named = hash_equal(&v->block, &v->federation);
	ledger_free(l);
	return 0;
}

static int
check_head(const struct jv *document, const struct federation *f,
    struct history_claim *c, char *why)
{
	const struct jv *changes = jv_get(document, "changes");
	struct voters v = {0};
	struct commit commit;
	int rc;

	if (!get_commit(document, &commit))
		return refuse(why, "the certificate is malformed");
	rc = founders(f, c, &v);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < jv_len(changes); i++)
		if (!follow_change(&v, jv_at(changes, i)))
			return refuse(why,
			    "a change of the members does not hold");
	if (!v.named)
		return refuse(why, "a header is of another federation");
	if (!hash_equal(&c->head.validators, &v.hash))
		return refuse(why,
		    "the members have changed, and the proof does not say "
		    "how: have it made again");
	if (c->head.height <= v.height || !certified(&v, &c->head, &commit))
		return refuse(why, "the certificate does not hold");
	c->nsigners = commit.nsigs;
	c->federation = v.federation;
	return 0;
}

int
history_proof_check(const struct jv *document, struct history_claim *out,
    char why[static HISTORY_PROOF_WHY_LEN])
{
	struct federation f = FEDERATION_INIT;
	int rc = 0;

	*out = (struct history_claim){0};
	if (!get_founding(document, &f))
		rc = refuse(why, "there is no founding document in it");
	else if (!get_header(document, "block", &out->block) ||
	    !get_header(document, "head", &out->head))
		rc = refuse(why, "a header is malformed");
	if (rc == 0)
		rc = federation_id(&f, &out->founded);
	out->federation = out->founded;
	if (rc == 0)
		rc = check_head(document, &f, out, why);
	if (rc == 0)
		rc = check_tree(document, out, why);
	federation_close(&f);
	return rc;
}
