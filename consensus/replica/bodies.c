#include "consensus/replica/bodies.h"

#include <string.h>

#include "consensus/replica/agree.h"
#include "consensus/replica/queue.h"
#include "consensus/replica/round.h"

struct replica_body *
bodies_find(struct replica *r, const struct hash *id)
{
	for (size_t i = 0; i < REPLICA_MAX_BODIES; i++)
		if (r->bodies[i].block != NULL &&
		    hash_equal(&r->bodies[i].block->id, id))
			return &r->bodies[i];
	return NULL;
}

/* The core may still need what it locked or found valid. */
static bool
is_needed(const struct replica *r, const struct replica_body *body)
{
	const struct hash *id = &body->block->id;

	return hash_equal(id, &r->bft.locked.block) ||
	    hash_equal(id, &r->bft.valid.block);
}

/*
 * What anybody signed goes first, what the core had validated last: a member
 * that proposes for many rounds to come would else push out the block that is
 * being voted on, at everybody, and nobody had the body to commit. What the
 * core asked for stands between: at a height of many rounds blocks whose
 * answers do not exist would take all places, and no good one had any.
 */
static int
worth_of(const struct replica_body *b)
{
	if (b->valid)
		return 2;
	return b->wanted ? 1 : 0;
}

static bool
goes_before(const struct replica_body *a, const struct replica_body *b)
{
	if (worth_of(a) != worth_of(b))
		return worth_of(a) < worth_of(b);
	return a->used < b->used;
}

static struct replica_body *
find_room(struct replica *r)
{
	struct replica_body *victim = NULL;

	for (size_t i = 0; i < REPLICA_MAX_BODIES; i++) {
		struct replica_body *b = &r->bodies[i];

		if (b->block == NULL)
			return b;
		if (!is_needed(r, b) &&
		    (victim == NULL || goes_before(b, victim)))
			victim = b;
	}
	return victim;
}

struct replica_body *
bodies_add(struct replica *r, struct block *b)
{
	struct replica_body *body = bodies_find(r, &b->id);

	if (body != NULL) {
		block_free(b);
		body->used = ++r->use;
		return body;
	}
	body = find_room(r);
	if (body == NULL) {
		r->counts.dropped++;
		block_free(b);
		return NULL;
	}
	block_free(body->block);
	*body = (struct replica_body){.block = b, .used = ++r->use};
	return body;
}

/* Fills in the answers we hold. False: some are missing still. */
bool
bodies_resolve(struct replica *r, struct block *b)
{
	bool all = true;

	for (uint16_t i = 0; i < b->header.nanswers; i++) {
		struct answer *a;

		if (b->answers[i] != NULL)
			continue;
		a = round_find(r, &b->answer_ids[i]);
		if (a != NULL)
			b->answers[i] = answer_ref(a);
		else
			all = false;
	}
	return all;
}

static void
ask_for_answers(struct replica *r, struct replica_body *body)
{
	struct wire_msg m = {.type = WIRE_ANSWER_REQ};
	const struct block *b = body->block;

	if (body->asked_ms != 0 &&
	    r->now.mono < body->asked_ms + REPLICA_ASK_MS)
		return;
	body->asked_ms = r->now.mono;
	for (uint16_t i = 0; i < b->header.nanswers; i++)
		if (b->answers[i] == NULL && m.u.ids.n < VOTE_MAX_VALIDATORS)
			m.u.ids.ids[m.u.ids.n++] = b->answer_ids[i];
	queue_send(r, REPLICA_ALL, REPLICA_CLASS_ANSWER, &m);
}

/* Of a block that we are to build: attested by enough, not held here. */
void
bodies_ask(struct replica *r, const struct hash *id)
{
	struct wire_msg m = {.type = WIRE_ANSWER_REQ};

	if (r->asked_ms != 0 && r->now.mono < r->asked_ms + REPLICA_ASK_MS)
		return;
	r->asked_ms = r->now.mono;
	m.u.ids.ids[m.u.ids.n++] = *id;
	queue_send(r, REPLICA_ALL, REPLICA_CLASS_ANSWER, &m);
}

bool
bodies_name(const struct replica *r, const struct hash *id)
{
	for (size_t i = 0; i < REPLICA_MAX_BODIES; i++) {
		const struct block *b = r->bodies[i].block;

		for (uint16_t k = 0; b != NULL && k < b->header.nanswers; k++)
			if (b->answers[k] == NULL &&
			    hash_equal(&b->answer_ids[k], id))
				return true;
	}
	return false;
}

void
bodies_store(struct replica *r, struct replica_body *body)
{
	struct replica_action store = {.store = REPLICA_STORE_BODY,
	    .id = body->block->id};
	struct bytes_writer w = BYTES_WRITER_INIT;

	if (body->stored)
		return;
	block_put(&w, body->block);
	if (bytes_writer_take(&w, &store.data, &store.len) < 0) {
		queue_notice(r, REPLICA_HALT, r->self,
		    "out of memory while writing a proposed block");
		return;
	}
	body->stored = true;
	(void)queue_store(r, &store, NULL);
}

/* No verdict, so no vote for it or against it; it is tried again. */
static void
tell_short(struct replica *r, struct replica_body *body)
{
	if (body->short_told)
		return;
	body->short_told = true;
	queue_notice(r, REPLICA_NOTICE, r->self,
	    "out of memory: a proposed block is not judged, it is tried "
	    "again");
}

static void
validate(struct replica *r, struct replica_body *body)
{
	const struct hash id = body->block->id;
	enum ledger_verdict v;

	if (!body->checked) {
		if (!bodies_resolve(r, body->block)) {
			ask_for_answers(r, body);
			return;
		}
		v = ledger_check(r->ledger, body->block);
		if (v == LEDGER_NO_MEMORY)
			tell_short(r, body);
		if (v == LEDGER_MISSING_ANSWER || v == LEDGER_NO_MEMORY)
			return;
		body->checked = true;
		body->valid = v == LEDGER_OK;
		if (!body->valid)
			queue_notice(r, REPLICA_NOTICE,
			    body->block->header.proposer,
			    ledger_verdict_text(v));
	}
	/* The write is queued before any vote for the block can be. */
	if (body->valid)
		bodies_store(r, body);
	body->wanted = false;
	agree_verdict(r, &id, body->valid);
}

void
bodies_want(struct replica *r, const struct hash *id)
{
	struct replica_body *body = bodies_find(r, id);

	if (body == NULL)
		return; /* it comes with a proposal or as a decided block */
	body->wanted = true;
	validate(r, body);
}

void
bodies_retry(struct replica *r)
{
	for (size_t i = 0; i < REPLICA_MAX_BODIES; i++)
		if (r->bodies[i].block != NULL && r->bodies[i].wanted)
			validate(r, &r->bodies[i]);
}

void
bodies_clear(struct replica *r)
{
	for (size_t i = 0; i < REPLICA_MAX_BODIES; i++) {
		block_free(r->bodies[i].block);
		r->bodies[i] = (struct replica_body){0};
	}
}

/* Whose answer is that? Whoever attests it says so. */
static uint16_t
author_of(const struct replica *r, const struct hash *id)
{
	for (uint16_t v = 0; v < r->n; v++) {
		const struct attest *at = r->attests[v];

		for (uint16_t i = 0; at != NULL && i < at->nheld; i++)
			if (hash_equal(&at->held[i], id))
				return at->member[i];
	}
	return VOTE_MAX_VALIDATORS;
}

unsigned
replica_parts_missing(const struct replica *r,
    bool whose[static VOTE_MAX_VALIDATORS])
{
	unsigned n = 0;

	memset(whose, 0, VOTE_MAX_VALIDATORS * sizeof(whose[0]));
	for (size_t i = 0; i < REPLICA_MAX_BODIES; i++) {
		const struct block *b = r->bodies[i].block;

		if (b == NULL || !r->bodies[i].wanted)
			continue;
		for (uint16_t k = 0; k < b->header.nanswers; k++) {
			uint16_t author;

			if (b->answers[k] != NULL)
				continue;
			n++;
			author = author_of(r, &b->answer_ids[k]);
			if (author < VOTE_MAX_VALIDATORS)
				whose[author] = true;
		}
	}
	return n;
}
