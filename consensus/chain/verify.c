/*
 * verify.c - links, certificates and signatures of full blocks.
 */
#include <assert.h>
#include <errno.h>
#include <stddef.h>

#include "consensus/bft/quorum.h"
#include "consensus/chain/verify.h"

const char *
verify_text(enum verify_verdict v)
{
	switch (v) {
	case VERIFY_OK:
		return "sound";
	case VERIFY_FORM:
		return "the record does not hold a block and a certificate";
	case VERIFY_ID:
		return "the block's hash is not the one in its record";
	case VERIFY_FEDERATION:
		return "the block is of another federation";
	case VERIFY_HEIGHT:
		return "the block is of another height";
	case VERIFY_PREVIOUS:
		return "the block does not name the block before it";
	case VERIFY_TIME:
		return "the block's time is not after the block before it";
	case VERIFY_HISTORY:
		return "the history root is not that of the blocks before";
	case VERIFY_LAST_COMMIT:
		return "the certificate of the block before does not hold";
	case VERIFY_COMMIT_BLOCK:
		return "the certificate is for another block";
	case VERIFY_COMMIT_SIGNER:
		return "the certificate names validators that there are not";
	case VERIFY_COMMIT_QUORUM:
		return "the certificate has no quorum";
	case VERIFY_COMMIT_SIGNATURE:
		return "the certificate has a bad signature of";
	case VERIFY_ANSWER_MEMBER:
		return "an answer names a member that there is not";
	case VERIFY_ANSWER_SIGNATURE:
		return "an answer has a bad signature of";
	case VERIFY_ATTEST_SIGNER:
		return "an attestation names a validator that there is not";
	case VERIFY_ATTEST_SIGNATURE:
		return "an attestation has a bad signature of";
	case VERIFY_NO_MEMORY:
		return "there is no memory to read the block";
	}
	assert(v <= VERIFY_NO_MEMORY);
	return "";
}

/* What follows the block. */
static enum verify_verdict
decode_commit(struct bytes_reader *r, struct block **b, struct commit *c)
{
	if (!*b)
		return r->nomem ? VERIFY_NO_MEMORY : VERIFY_FORM;
	commit_get(r, c);
	if (bytes_reader_done(r))
		return VERIFY_OK;
	block_free(*b);
	*b = NULL;
	return VERIFY_FORM;
}

enum verify_verdict
verify_decode(const uint8_t *data, size_t len, uint32_t dim_max,
    struct block **b, struct commit *c)
{
	struct bytes_reader r = bytes_reader_of(data, len);

	*b = block_get_full(&r, dim_max);
	return decode_commit(&r, b, c);
}

enum verify_verdict
verify_decode_stored(const uint8_t *data, size_t len, struct block **b,
    struct commit *c)
{
	struct bytes_reader r = bytes_reader_of(data, len);

	*b = block_get_stored(&r, ANSWER_DIM_MAX);
	return decode_commit(&r, b, c);
}

enum verify_verdict
verify_decode_heads(const uint8_t *data, size_t len, struct block **b,
    struct commit *c)
{
	struct bytes_reader r = bytes_reader_of(data, len);

	*b = block_get_heads(&r, ANSWER_DIM_MAX);
	return decode_commit(&r, b, c);
}

int
verify_init(struct verify *v, const struct federation *f)
{
	int rc;

	*v = (struct verify){.f = f, .time_ms = f->founded_ms};
	v->now.n = f->nmembers;
	for (uint16_t i = 0; i < f->nmembers; i++) {
		v->now.id[i] = f->members[i].id;
		v->now.power[i] = f->members[i].power;
		v->now.key[i] = f->members[i].sign;
	}
	v->before = v->now;
	rc = federation_id(f, &v->federation);
	if (rc < 0)
		return rc;
	v->head = v->past = v->federation;
	merkle_append(&v->history, &v->head);
	return 0;
}

void
verify_reseat(struct verify *v, const struct verify_seats *s)
{
	v->now = *s;
}

void
verify_put_seats(struct bytes_writer *w, const struct verify_seats *s)
{
	uint16_t n = 0;

	for (uint16_t i = 0; i < s->n; i++)
		n = (uint16_t)(n + (s->power[i] > 0));
	bytes_put_u16(w, n);
	for (uint16_t i = 0; i < s->n; i++) {
		if (s->power[i] == 0)
			continue;
		bytes_put_u16(w, i);
		bytes_put_hash(w, &s->id[i]);
		bytes_put_raw(w, s->key[i].b, SIGN_PUBLIC_LEN);
		bytes_put_u32(w, s->power[i]);
	}
}

bool
verify_get_seats(struct bytes_reader *r, const struct hash *want,
    struct verify_seats *out)
{
	const struct bytes_reader all = *r;
	struct hash got;
	uint16_t n = bytes_get_u16(r);

	*out = (struct verify_seats){0};
	for (uint16_t k = 0; k < n && !r->bad; k++) {
		uint16_t i = bytes_get_u16(r);

		if (i < out->n || i >= FEDERATION_MAX_MEMBERS)
			bytes_reader_fail(r);
		if (r->bad)
			return false;
		out->n = (uint16_t)(i + 1);
		out->id[i] = bytes_get_hash(r);
		bytes_get_raw(r, out->key[i].b, SIGN_PUBLIC_LEN);
		out->power[i] = bytes_get_u32(r);
	}
	if (!bytes_reader_done(r))
		return false;
	got = hash_bytes("qml.validators", all.data, all.len);
	return hash_equal(&got, want);
}

static bool
votes(const struct verify_seats *s, uint16_t i)
{
	return i < s->n && s->power[i] > 0;
}

/* Who signed, without the signatures: known, ascending, a quorum. */
static enum verify_verdict
check_signers(const struct verify_seats *s, const struct commit *c)
{
	uint64_t total = 0, power = 0;
	uint16_t i;

	for (i = 0; i < s->n; i++)
		total += s->power[i];
	for (i = 0; i < c->nsigs; i++) {
		if (!votes(s, c->validators[i]))
			return VERIFY_COMMIT_SIGNER;
		if (i > 0 && c->validators[i] <= c->validators[i - 1])
			return VERIFY_COMMIT_SIGNER;
		power += s->power[c->validators[i]];
	}
	return quorum_reached(power, total) ? VERIFY_OK : VERIFY_COMMIT_QUORUM;
}

enum verify_verdict
verify_commit(const struct verify_seats *s, const struct hash *federation,
    const struct commit *c, uint16_t *who)
{
	enum verify_verdict v = check_signers(s, c);
	struct vote vote;
	uint16_t i;

	for (i = 0; i < c->nsigs && v == VERIFY_OK; i++) {
		*who = c->validators[i];
		vote = commit_vote(c, i);
		if (!vote_verify(&vote, &s->key[*who], federation))
			v = VERIFY_COMMIT_SIGNATURE;
	}
	return v;
}

/* The certificate of the block before, inside this one. Mostly it is the one
 * that we saw, and its signatures need no second look. */
static enum verify_verdict
check_last_commit(struct verify *v, const struct block *b)
{
	struct hash h;

	if (v->height == 0)
		return b->last_commit || !hash_is_zero(&b->header.last_commit)
		    ? VERIFY_LAST_COMMIT
		    : VERIFY_OK;
	if (!b->last_commit)
		return VERIFY_LAST_COMMIT;
	h = commit_hash(b->last_commit);
	if (!hash_equal(&h, &b->header.last_commit))
		return VERIFY_LAST_COMMIT;
	if (hash_equal(&h, &v->commit))
		return VERIFY_OK;
	if (b->last_commit->height != v->height ||
	    !hash_equal(&b->last_commit->block, &v->head))
		return VERIFY_LAST_COMMIT;
	if (verify_commit(&v->before, &v->past, b->last_commit, &v->who) !=
	    VERIFY_OK)
		return VERIFY_LAST_COMMIT;
	v->ncommit_signatures += b->last_commit->nsigs;
	return VERIFY_OK;
}

static enum verify_verdict
check_place(const struct verify *v, const struct block *b)
{
	const struct header *h = &b->header;
	struct hash root = merkle_root(&v->history);

	if (!hash_equal(&h->federation, &v->federation))
		return VERIFY_FEDERATION;
	if (h->height != v->height + 1)
		return VERIFY_HEIGHT;
	if (!hash_equal(&h->prev, &v->head))
		return VERIFY_PREVIOUS;
	if (h->time_ms <= v->time_ms)
		return VERIFY_TIME;
	if (h->history_size != h->height ||
	    !hash_equal(&h->history_root, &root))
		return VERIFY_HISTORY;
	return VERIFY_OK;
}

static enum verify_verdict
check_commit(struct verify *v, const struct block *b, const struct commit *c)
{
	enum verify_verdict verdict;

	if (c->height != b->header.height || !hash_equal(&c->block, &b->id))
		return VERIFY_COMMIT_BLOCK;
	verdict = verify_commit(&v->now, &v->federation, c, &v->who);
	if (verdict == VERIFY_OK)
		v->ncommit_signatures += c->nsigs;
	return verdict;
}

static enum verify_verdict
check_answers(struct verify *v, const struct block *b)
{
	const struct answer *a;
	uint16_t i;

	for (i = 0; i < b->header.nanswers; i++) {
		a = b->answers[i];
		v->who = a->member;
		if (!votes(&v->now, a->member))
			return VERIFY_ANSWER_MEMBER;
		if (!answer_verify(a, &v->now.key[a->member], &v->federation))
			return VERIFY_ANSWER_SIGNATURE;
		v->nanswer_signatures++;
		/* Its hash was compared by the decoder. */
		v->npayloads += a->delta != NULL;
	}
	return VERIFY_OK;
}

static enum verify_verdict
check_attests(struct verify *v, const struct block *b)
{
	const struct attest *a;
	uint16_t i;

	for (i = 0; i < b->header.nattests; i++) {
		a = &b->attests[i];
		v->who = a->validator;
		if (!votes(&v->now, a->validator))
			return VERIFY_ATTEST_SIGNER;
		if (!attest_verify(a, &v->now.key[a->validator],
			&v->federation))
			return VERIFY_ATTEST_SIGNATURE;
		v->nattest_signatures++;
	}
	return VERIFY_OK;
}

enum verify_verdict
verify_block(struct verify *v, const struct block *b, const struct commit *c)
{
	enum verify_verdict verdict = check_place(v, b);

	if (verdict == VERIFY_OK)
		verdict = check_last_commit(v, b);
	if (verdict == VERIFY_OK)
		verdict = check_commit(v, b, c);
	if (verdict == VERIFY_OK)
		verdict = check_answers(v, b);
	if (verdict == VERIFY_OK)
		verdict = check_attests(v, b);
	if (verdict != VERIFY_OK)
		return verdict;
	v->height = b->header.height;
	v->head = b->id;
	v->time_ms = b->header.time_ms;
	v->commit = commit_hash(c);
	v->before = v->now;
	v->past = v->federation;
	v->state = b->header.state_root;
	merkle_append(&v->history, &b->id);
	return VERIFY_OK;
}

bool
verify_refounded(struct verify_seats *now, struct hash *federation,
    const struct refound *r)
{
	uint64_t total = 0, power = 0;

	if (!hash_equal(&r->federation, federation))
		return false;
	for (uint16_t i = 0; i < now->n; i++)
		total += now->power[i];
	for (uint16_t i = 0; i < r->n; i++) {
		if (!votes(now, r->seat[i]) ||
		    !refound_signed(r, i, &now->key[r->seat[i]]))
			return false;
		power += now->power[r->seat[i]];
	}
	if (quorum_reached(power, total))
		return false;
	*federation = refound_id(r);
	for (uint16_t i = 0; i < now->n; i++)
		if (refound_find(r, i) < 0)
			now->power[i] = 0;
	return true;
}

/* The block names the state for the first one behind it alone. */
int
verify_refound(struct verify *v)
{
	int found = 0;

	for (uint16_t k = 0; k < v->f->nrefounded; k++) {
		const struct refound *r = &v->f->refounded[k];

		if (r->height != v->height)
			continue;
		if (!hash_equal(&r->block, &v->head) ||
		    (found == 0 && !hash_equal(&r->state, &v->state)) ||
		    !verify_refounded(&v->now, &v->federation, r))
			return -EBADMSG;
		found = 1;
	}
	return found;
}
