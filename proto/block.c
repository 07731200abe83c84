#include "proto/block.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "proto/merkle.h"

#define HEADER_BYTES_MAX 768
#define ATTEST_BYTES_MAX 4096

struct block *
block_new(uint16_t nattests, uint16_t nanswers, uint16_t ntxs)
{
	struct block *b;

	assert(nattests <= VOTE_MAX_VALIDATORS);
	assert(nanswers <= VOTE_MAX_VALIDATORS);
	assert(ntxs <= BLOCK_TXS_MAX);
	b = calloc(1, sizeof(*b));
	if (b == NULL)
		return NULL;
	b->header.block_version = BLOCK_VERSION;
	b->header.app_version = BLOCK_APP_VERSION;
	/* Never of size zero, so that NULL always means no memory. */
	b->attests = calloc(nattests + 1u, sizeof(*b->attests));
	b->answer_ids = calloc(nanswers + 1u, sizeof(*b->answer_ids));
	b->answers = calloc(nanswers + 1u, sizeof(*b->answers));
	b->txs = calloc(ntxs + 1u, sizeof(*b->txs));
	if (b->attests == NULL || b->answer_ids == NULL || b->answers == NULL ||
	    b->txs == NULL) {
		block_free(b);
		return NULL;
	}
	b->header.nattests = nattests;
	b->header.nanswers = nanswers;
	b->header.ntxs = ntxs;
	return b;
}

void
block_free(struct block *b)
{
	if (b == NULL)
		return;
	for (uint16_t i = 0; i < b->header.nanswers; i++)
		answer_unref(b->answers[i]);
	for (uint16_t i = 0; i < b->header.ntxs; i++)
		tx_unref(b->txs[i]);
	for (uint16_t i = 0; b->evidence && i < b->header.nevidence; i++)
		evidence_unref(b->evidence[i]);
	free(b->evidence);
	free(b->txs);
	free(b->answers);
	free(b->answer_ids);
	free(b->attests);
	free(b->last_commit);
	free(b);
}

int
block_add_evidence(struct block *b, struct evidence *const *list, uint16_t n)
{
	assert(n <= BLOCK_EVIDENCE_MAX && b->evidence == NULL);
	b->evidence = calloc(n + 1u, sizeof(*b->evidence));
	if (b->evidence == NULL)
		return -ENOMEM;
	b->header.nevidence = n;
	for (uint16_t i = 0; i < n; i++)
		b->evidence[i] = evidence_ref(list[i]);
	return 0;
}

void
header_put(struct bytes_writer *w, const struct header *h)
{
	bytes_put_u16(w, h->block_version);
	bytes_put_u16(w, h->app_version);
	bytes_put_hash(w, &h->federation);
	bytes_put_u64(w, h->height);
	bytes_put_u32(w, h->round);
	bytes_put_u8(w, h->kind);
	bytes_put_u64(w, h->time_ms);
	bytes_put_hash(w, &h->prev);
	bytes_put_hash(w, &h->last_commit);
	bytes_put_u64(w, h->history_size);
	bytes_put_hash(w, &h->history_root);
	bytes_put_hash(w, &h->validators);
	bytes_put_hash(w, &h->next_validators);
	bytes_put_hash(w, &h->params);
	bytes_put_u64(w, h->fl_round);
	bytes_put_hash(w, &h->answers_root);
	bytes_put_u16(w, h->nanswers);
	bytes_put_hash(w, &h->attests_root);
	bytes_put_u16(w, h->nattests);
	bytes_put_hash(w, &h->aggregate);
	bytes_put_hash(w, &h->model);
	bytes_put_hash(w, &h->txs_root);
	bytes_put_u16(w, h->ntxs);
	bytes_put_hash(w, &h->evidence_root);
	bytes_put_u16(w, h->nevidence);
	bytes_put_hash(w, &h->state_root);
	bytes_put_u16(w, h->proposer);
	bytes_put_u32(w, h->body_bytes);
}

static bool
header_valid(const struct header *h)
{
	return h->block_version == BLOCK_VERSION && h->kind <= BLOCK_SKIP &&
	    h->nanswers <= VOTE_MAX_VALIDATORS &&
	    h->nattests <= VOTE_MAX_VALIDATORS && h->ntxs <= BLOCK_TXS_MAX &&
	    h->nevidence <= BLOCK_EVIDENCE_MAX &&
	    h->proposer < VOTE_MAX_VALIDATORS &&
	    h->body_bytes <= BLOCK_BODY_MAX;
}

void
header_get(struct bytes_reader *r, struct header *out)
{
	*out = (struct header){0};
	out->block_version = bytes_get_u16(r);
	out->app_version = bytes_get_u16(r);
	out->federation = bytes_get_hash(r);
	out->height = bytes_get_u64(r);
	out->round = bytes_get_u32(r);
	out->kind = bytes_get_u8(r);
	out->time_ms = bytes_get_u64(r);
	out->prev = bytes_get_hash(r);
	out->last_commit = bytes_get_hash(r);
	out->history_size = bytes_get_u64(r);
	out->history_root = bytes_get_hash(r);
	out->validators = bytes_get_hash(r);
	out->next_validators = bytes_get_hash(r);
	out->params = bytes_get_hash(r);
	out->fl_round = bytes_get_u64(r);
	out->answers_root = bytes_get_hash(r);
	out->nanswers = bytes_get_u16(r);
	out->attests_root = bytes_get_hash(r);
	out->nattests = bytes_get_u16(r);
	out->aggregate = bytes_get_hash(r);
	out->model = bytes_get_hash(r);
	out->txs_root = bytes_get_hash(r);
	out->ntxs = bytes_get_u16(r);
	out->evidence_root = bytes_get_hash(r);
	out->nevidence = bytes_get_u16(r);
	out->state_root = bytes_get_hash(r);
	out->proposer = bytes_get_u16(r);
	out->body_bytes = bytes_get_u32(r);
	if (!header_valid(out))
		bytes_reader_fail(r);
}

struct hash
header_id(const struct header *h)
{
	uint8_t buf[HEADER_BYTES_MAX];
	struct bytes_writer w = bytes_writer_over(buf, sizeof(buf));

	header_put(&w, h);
	assert(w.error == 0);
	return hash_bytes("qml.header", w.data, w.len);
}

/* A leaf of attests_root covers the signature too: the header fixes the body
 * to the last byte. Adds the encoded length to *len. */
static struct hash
attest_leaf(const struct attest *a, uint32_t *len)
{
	uint8_t buf[ATTEST_BYTES_MAX];
	struct bytes_writer w = bytes_writer_over(buf, sizeof(buf));

	attest_put(&w, a);
	assert(w.error == 0);
	*len += (uint32_t)w.len;
	return hash_bytes("qml.attested", w.data, w.len);
}

/* A leaf of txs_root covers the signature too, for the same reason. */
static struct hash
tx_leaf(const struct tx *t)
{
	struct hash_stream s;

	hash_begin(&s, "qml.txleaf");
	hash_add(&s, t->id.b, HASH_LEN);
	hash_add(&s, &t->sig.alg, 1);
	hash_add(&s, t->sig.b, SIGN_LEN);
	return hash_end(&s);
}

/* -EMSGSIZE: they are more bytes than a block may hold; -EINVAL: fewer are
 * there than the header counts. */
static int
txs_seal(const struct block *b, struct header *out, uint32_t *len)
{
	struct merkle tree = MERKLE_INIT;
	uint32_t bytes = 0;

	for (uint16_t i = 0; i < b->header.ntxs; i++) {
		struct hash leaf;

		if (b->txs[i] == NULL)
			return -EINVAL;
		leaf = tx_leaf(b->txs[i]);
		merkle_append(&tree, &leaf);
		bytes += tx_len(b->txs[i]);
	}
	out->txs_root = merkle_root(&tree);
	out->ntxs = b->header.ntxs;
	*len += bytes;
	return bytes <= BLOCK_TXS_BYTES_MAX ? 0 : -EMSGSIZE;
}

/* Their ids cover the signatures. False: fewer than the header counts. */
static bool
evidence_seal(const struct block *b, struct header *out, uint32_t *len)
{
	struct hash ids[BLOCK_EVIDENCE_MAX];
	uint16_t n = b->header.nevidence;

	if (n > BLOCK_EVIDENCE_MAX || (n > 0 && b->evidence == NULL))
		return false;
	for (uint16_t i = 0; i < n; i++) {
		if (b->evidence[i] == NULL)
			return false;
		ids[i] = b->evidence[i]->id;
		*len += b->evidence[i]->len;
	}
	out->evidence_root = merkle_root_of(ids, n);
	out->nevidence = n;
	return true;
}

static uint32_t
commit_len(const struct commit *c)
{
	return 8 + 4 + HASH_LEN + (VOTE_MAX_VALIDATORS + 7) / 8 +
	    c->nsigs * (1u + SIGN_LEN);
}

/* What the body says about itself, in the fields of a header. -EMSGSIZE: more
 * transactions than a block may hold. */
static int
body_seal(const struct block *b, struct header *out)
{
	struct hash leaves[VOTE_MAX_VALIDATORS];
	uint32_t len = b->header.nanswers * (uint32_t)HASH_LEN;
	int rc;

	out->last_commit = (struct hash){{0}};
	if (b->last_commit != NULL) {
		out->last_commit = commit_hash(b->last_commit);
		len += commit_len(b->last_commit);
	}
	for (uint16_t i = 0; i < b->header.nattests; i++)
		leaves[i] = attest_leaf(&b->attests[i], &len);
	out->attests_root = merkle_root_of(leaves, b->header.nattests);
	out->answers_root = merkle_root_of(b->answer_ids, b->header.nanswers);
	rc = txs_seal(b, out, &len);
	if (!evidence_seal(b, out, &len))
		rc = -EINVAL;
	out->body_bytes = len;
	return rc;
}

int
block_seal(struct block *b)
{
	int rc = body_seal(b, &b->header);

	if (rc < 0)
		return rc;
	b->id = header_id(&b->header);
	return 0;
}

static bool
evidence_ascends(const struct block *b)
{
	for (uint16_t i = 1; i < b->header.nevidence; i++)
		if (evidence_compare(b->evidence[i - 1], b->evidence[i]) >= 0)
			return false;
	return true;
}

static bool
attests_ascend(const struct block *b)
{
	for (uint16_t i = 1; i < b->header.nattests; i++) {
		if (b->attests[i].validator <= b->attests[i - 1].validator)
			return false;
	}
	return true;
}

/* What the header says of the body is what the body says of itself. */
static bool
body_fits(const struct block *b)
{
	const struct header *h = &b->header;
	struct header want = *h;

	if ((b->last_commit != NULL) != (h->height > 1) ||
	    body_seal(b, &want) < 0)
		return false;
	return hash_equal(&want.last_commit, &h->last_commit) &&
	    hash_equal(&want.attests_root, &h->attests_root) &&
	    hash_equal(&want.answers_root, &h->answers_root) &&
	    hash_equal(&want.txs_root, &h->txs_root) &&
	    hash_equal(&want.evidence_root, &h->evidence_root) &&
	    want.body_bytes == h->body_bytes && attests_ascend(b) &&
	    evidence_ascends(b);
}

bool
block_sealed(const struct block *b)
{
	struct hash id = header_id(&b->header);

	return hash_equal(&id, &b->id) && body_fits(b);
}

void
block_put(struct bytes_writer *w, const struct block *b)
{
	header_put(w, &b->header);
	if (b->last_commit != NULL)
		commit_put(w, b->last_commit);
	for (uint16_t i = 0; i < b->header.nattests; i++)
		attest_put(w, &b->attests[i]);
	for (uint16_t i = 0; i < b->header.nanswers; i++)
		bytes_put_hash(w, &b->answer_ids[i]);
	for (uint16_t i = 0; i < b->header.ntxs; i++)
		tx_put(w, b->txs[i]);
	for (uint16_t i = 0; i < b->header.nevidence; i++)
		evidence_put(w, b->evidence[i]);
}

static void
body_get(struct bytes_reader *r, struct block *b)
{
	if (b->header.height > 1) {
		b->last_commit = calloc(1, sizeof(*b->last_commit));
		if (b->last_commit == NULL) {
			bytes_reader_fail_nomem(r);
			return;
		}
		commit_get(r, b->last_commit);
	}
	for (uint16_t i = 0; i < b->header.nattests && !r->bad; i++)
		attest_get(r, &b->attests[i]);
	for (uint16_t i = 0; i < b->header.nanswers; i++)
		b->answer_ids[i] = bytes_get_hash(r);
	for (uint16_t i = 0; i < b->header.ntxs && !r->bad; i++)
		b->txs[i] = tx_get(r);
	if (b->header.nevidence == 0 || r->bad)
		return;
	b->evidence = calloc(b->header.nevidence, sizeof(*b->evidence));
	if (b->evidence == NULL) {
		bytes_reader_fail_nomem(r);
		return;
	}
	for (uint16_t i = 0; i < b->header.nevidence && !r->bad; i++)
		b->evidence[i] = evidence_get(r);
}

/* fit: what the header says of the body is looked at. */
static struct block *
get_block(struct bytes_reader *r, bool fit)
{
	struct header head;
	struct block *b;

	header_get(r, &head);
	if (head.body_bytes > bytes_reader_left(r))
		bytes_reader_fail(r);
	if (r->bad)
		return NULL;
	b = block_new(head.nattests, head.nanswers, head.ntxs);
	if (b == NULL) {
		bytes_reader_fail_nomem(r);
		return NULL;
	}
	b->header = head;
	b->id = header_id(&head);
	body_get(r, b);
	if (!r->bad && fit && !body_fits(b)) /* id: see above */
		bytes_reader_fail(r);
	if (r->bad) {
		block_free(b);
		return NULL;
	}
	return b;
}

struct block *
block_get(struct bytes_reader *r)
{
	return get_block(r, true);
}

void
block_put_full(struct bytes_writer *w, const struct block *b)
{
	block_put(w, b);
	for (uint16_t i = 0; i < b->header.nanswers; i++) {
		assert(b->answers[i] != NULL);
		answer_put(w, b->answers[i]);
	}
}

/* The answers of b, or NULL. */
static struct block *
get_with(struct bytes_reader *r, struct block *b, uint32_t dim_max,
    struct answer *(*get)(struct bytes_reader *r, uint32_t dim_max))
{
	if (b == NULL)
		return NULL;
	for (uint16_t i = 0; i < b->header.nanswers && !r->bad; i++) {
		b->answers[i] = get(r, dim_max);
		if (b->answers[i] != NULL &&
		    !hash_equal(&b->answers[i]->id, &b->answer_ids[i]))
			bytes_reader_fail(r);
	}
	if (r->bad) {
		block_free(b);
		return NULL;
	}
	return b;
}

struct block *
block_get_full(struct bytes_reader *r, uint32_t dim_max)
{
	return get_with(r, get_block(r, true), dim_max, answer_get);
}

struct block *
block_get_stored(struct bytes_reader *r, uint32_t dim_max)
{
	return get_with(r, get_block(r, false), dim_max, answer_get);
}

void
block_put_heads(struct bytes_writer *w, const struct block *b)
{
	block_put(w, b);
	for (uint16_t i = 0; i < b->header.nanswers; i++)
		answer_head_put(w, b->answers[i]);
}

/* An answer without its delta, whatever dim says. */
static struct answer *
head_alone(struct bytes_reader *r, uint32_t dim_max)
{
	struct answer *a = answer_new(0);
	unsigned nrefs;

	if (a == NULL) {
		bytes_reader_fail_nomem(r);
		return NULL;
	}
	nrefs = a->nrefs;
	answer_head_get(r, a);
	a->nrefs = nrefs;
	if (a->dim > dim_max)
		bytes_reader_fail(r);
	if (!r->bad)
		return a;
	answer_unref(a);
	return NULL;
}

struct block *
block_get_heads(struct bytes_reader *r, uint32_t dim_max)
{
	return get_with(r, get_block(r, true), dim_max, head_alone);
}
