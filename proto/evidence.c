#include "proto/evidence.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Either object of the pair, as its kind says. */
struct half {
	struct vote vote;
	struct proposal proposal;
	struct answer answer; /* its head */
	struct attest attest;
};

struct pair {
	uint8_t kind;
	struct half half[2];
};

/* What is signed. */
static struct hash
digest_of(const struct pair *p, unsigned i)
{
	const struct half *h = &p->half[i];

	switch ((enum evidence_kind)p->kind) {
	case EVIDENCE_VOTES:
		return vote_digest(&h->vote);
	case EVIDENCE_PROPOSALS:
		return proposal_digest(&h->proposal);
	case EVIDENCE_ANSWERS:
		return h->answer.id;
	case EVIDENCE_ATTESTS:
		return attest_digest(&h->attest);
	case EVIDENCE_KINDS:
		break;
	}
	return (struct hash){{0}};
}

static bool
same_votes(const struct vote *a, const struct vote *b)
{
	return a->type == b->type && a->height == b->height &&
	    a->round == b->round && a->validator == b->validator;
}

static bool
same_proposals(const struct proposal *a, const struct proposal *b)
{
	return a->height == b->height && a->round == b->round &&
	    a->proposer == b->proposer;
}

static bool
same_answers(const struct answer *a, const struct answer *b)
{
	return a->member == b->member && a->round == b->round &&
	    hash_equal(&a->job, &b->job);
}

static bool
same_attests(const struct attest *a, const struct attest *b)
{
	return a->validator == b->validator && a->round == b->round &&
	    a->seq == b->seq && hash_equal(&a->job, &b->job);
}

/* Of one author and place? Fills in which. */
static bool
place_of(const struct pair *p, struct evidence *out)
{
	const struct half *a = &p->half[0], *b = &p->half[1];

	out->kind = p->kind;
	switch ((enum evidence_kind)p->kind) {
	case EVIDENCE_VOTES:
		out->who = a->vote.validator;
		out->at = a->vote.height;
		return same_votes(&a->vote, &b->vote);
	case EVIDENCE_PROPOSALS:
		out->who = a->proposal.proposer;
		out->at = a->proposal.height;
		return same_proposals(&a->proposal, &b->proposal);
	case EVIDENCE_ANSWERS:
		out->who = a->answer.member;
		out->at = a->answer.round;
		return same_answers(&a->answer, &b->answer);
	case EVIDENCE_ATTESTS:
		out->who = a->attest.validator;
		out->at = a->attest.round;
		return same_attests(&a->attest, &b->attest);
	case EVIDENCE_KINDS:
		break;
	}
	return false;
}

static void
half_put(struct bytes_writer *w, uint8_t kind, const struct half *h)
{
	switch ((enum evidence_kind)kind) {
	case EVIDENCE_VOTES:
		vote_put(w, &h->vote);
		break;
	case EVIDENCE_PROPOSALS:
		proposal_put(w, &h->proposal);
		break;
	case EVIDENCE_ANSWERS:
		answer_head_put(w, &h->answer);
		break;
	case EVIDENCE_ATTESTS:
		attest_put(w, &h->attest);
		break;
	case EVIDENCE_KINDS:
		break;
	}
}

static void
half_get(struct bytes_reader *r, uint8_t kind, struct half *out)
{
	switch ((enum evidence_kind)kind) {
	case EVIDENCE_VOTES:
		vote_get(r, &out->vote);
		break;
	case EVIDENCE_PROPOSALS:
		proposal_get(r, &out->proposal);
		break;
	case EVIDENCE_ANSWERS:
		answer_head_get(r, &out->answer);
		break;
	case EVIDENCE_ATTESTS:
		attest_get(r, &out->attest);
		break;
	case EVIDENCE_KINDS:
		break;
	}
}

static void
pair_put(struct bytes_writer *w, const struct pair *p)
{
	bytes_put_u8(w, p->kind);
	half_put(w, p->kind, &p->half[0]);
	half_put(w, p->kind, &p->half[1]);
}

static void
pair_get(struct bytes_reader *r, struct pair *out)
{
	out->kind = bytes_get_u8(r);
	if (out->kind == 0 || out->kind >= EVIDENCE_KINDS)
		bytes_reader_fail(r);
	for (unsigned i = 0; i < 2 && !r->bad; i++)
		half_get(r, out->kind, &out->half[i]);
}

/* -EINVAL: they prove nothing, or the larger one is first. */
static int
make(const struct pair *p, struct evidence **out)
{
	struct bytes_writer w = BYTES_WRITER_INIT;
	struct hash a = digest_of(p, 0), b = digest_of(p, 1);
	struct evidence *e;
	size_t len;
	int rc = -EINVAL;

	e = calloc(1, sizeof(*e));
	if (e == NULL)
		return -ENOMEM;
	e->nrefs = 1;
	if (!place_of(p, e) || hash_compare(&a, &b) >= 0)
		goto out;
	pair_put(&w, p);
	rc = bytes_writer_take(&w, &e->bytes, &len);
	if (rc < 0)
		goto out;
	assert(len <= EVIDENCE_BYTES_MAX);
	e->len = (uint32_t)len;
	e->id = hash_bytes("qml.evidence", e->bytes, len);
	*out = e;
	return 0;
out:
	free(e);
	return rc;
}

static int
make_either(struct pair *p, struct evidence **out)
{
	struct hash a = digest_of(p, 0), b = digest_of(p, 1);
	struct half first = p->half[0];

	if (hash_compare(&a, &b) > 0) {
		p->half[0] = p->half[1];
		p->half[1] = first;
	}
	return make(p, out);
}

int
evidence_of_votes(const struct vote *a, const struct vote *b,
    struct evidence **out)
{
	struct pair p = {.kind = EVIDENCE_VOTES,
	    .half = {{.vote = *a}, {.vote = *b}}};

	return make_either(&p, out);
}

int
evidence_of_proposals(const struct proposal *a, const struct proposal *b,
    struct evidence **out)
{
	struct pair p = {.kind = EVIDENCE_PROPOSALS,
	    .half = {{.proposal = *a}, {.proposal = *b}}};

	return make_either(&p, out);
}

int
evidence_of_answers(const struct answer *a, const struct answer *b,
    struct evidence **out)
{
	struct pair p = {.kind = EVIDENCE_ANSWERS,
	    .half = {{.answer = *a}, {.answer = *b}}};

	return make_either(&p, out);
}

int
evidence_of_attests(const struct attest *a, const struct attest *b,
    struct evidence **out)
{
	struct pair p = {.kind = EVIDENCE_ATTESTS,
	    .half = {{.attest = *a}, {.attest = *b}}};

	return make_either(&p, out);
}

struct evidence *
evidence_ref(struct evidence *e)
{
	e->nrefs++;
	return e;
}

void
evidence_unref(struct evidence *e)
{
	if (e == NULL)
		return;
	assert(e->nrefs > 0);
	if (--e->nrefs > 0)
		return;
	free(e->bytes);
	free(e);
}

static bool
half_verify(const struct pair *p, unsigned i, const struct sign_public *pk,
    const struct hash *federation)
{
	const struct half *h = &p->half[i];

	switch ((enum evidence_kind)p->kind) {
	case EVIDENCE_VOTES:
		return vote_verify(&h->vote, pk, federation);
	case EVIDENCE_PROPOSALS:
		return proposal_verify(&h->proposal, pk, federation);
	case EVIDENCE_ANSWERS:
		return answer_verify(&h->answer, pk, federation);
	case EVIDENCE_ATTESTS:
		return attest_verify(&h->attest, pk, federation);
	case EVIDENCE_KINDS:
		break;
	}
	return false;
}

bool
evidence_verify(const struct evidence *e, const struct sign_public *pk,
    const struct hash *federation)
{
	struct bytes_reader r = bytes_reader_of(e->bytes, e->len);
	struct pair p = {.kind = 0};

	pair_get(&r, &p);
	return bytes_reader_done(&r) && half_verify(&p, 0, pk, federation) &&
	    half_verify(&p, 1, pk, federation);
}

void
evidence_put(struct bytes_writer *w, const struct evidence *e)
{
	bytes_put_raw(w, e->bytes, e->len);
}

struct evidence *
evidence_get(struct bytes_reader *r)
{
	struct pair p = {.kind = 0};
	struct evidence *e = NULL;
	int rc;

	pair_get(r, &p);
	if (r->bad)
		return NULL;
	rc = make(&p, &e);
	if (rc == -ENOMEM)
		bytes_reader_fail_nomem(r);
	else if (rc < 0)
		bytes_reader_fail(r);
	return e;
}

int
evidence_compare(const struct evidence *a, const struct evidence *b)
{
	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	if (a->who != b->who)
		return a->who < b->who ? -1 : 1;
	if (a->at != b->at)
		return a->at < b->at ? -1 : 1;
	return 0;
}

const char *
evidence_kind_name(uint8_t kind)
{
	static const char *const names[EVIDENCE_KINDS] = {
	    [EVIDENCE_VOTES] = "votes",
	    [EVIDENCE_PROPOSALS] = "proposals",
	    [EVIDENCE_ANSWERS] = "answers",
	    [EVIDENCE_ATTESTS] = "attestations",
	};

	return kind > 0 && kind < EVIDENCE_KINDS ? names[kind] : "?";
}
