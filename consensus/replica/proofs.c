#include "consensus/replica/proofs.h"

#include "consensus/replica/queue.h"
#include "consensus/replica/silence.h"
#include "consensus/replica/state.h"

static bool
is_held(const struct replica *r, const struct evidence *e)
{
	for (size_t i = 0; i < r->nproofs; i++)
		if (evidence_compare(r->proofs[i], e) == 0)
			return true;
	return false;
}

/* A crash must not lose it: nobody else may have seen both. Without memory it
 * stays in memory alone. */
static void
store(struct replica *r, const struct evidence *e)
{
	struct replica_action a = {.store = REPLICA_STORE_PROOF, .id = e->id};
	struct bytes_writer w = BYTES_WRITER_INIT;

	evidence_put(&w, e);
	if (bytes_writer_take(&w, &a.data, &a.len) == 0)
		(void)queue_store(r, &a, NULL);
}

/* Gives up the reference. */
static void
forget(struct replica *r, struct evidence *e)
{
	const struct replica_action a = {.store = REPLICA_STORE_PROVED,
	    .id = e->id};

	(void)queue_store(r, &a, NULL);
	evidence_unref(e);
}

/* Of a height or round that this chain has yet to come to: a part of it was
 * cut off. */
static bool
is_ahead(const struct replica *r, const struct evidence *e)
{
	const uint64_t now =
	    e->kind == EVIDENCE_VOTES || e->kind == EVIDENCE_PROPOSALS
	    ? ledger_height(r->ledger) + 1
	    : ledger_round(r->ledger)->number;

	return e->at > now;
}

/* It proves something, and nobody has said so yet. */
static bool
is_good(const struct replica *r, const struct evidence *e)
{
	return ledger_evidence_new(r->ledger, e) &&
	    ledger_evidence_proves(r->ledger, e);
}

static void
add(struct replica *r, struct evidence *e, bool ahead)
{
	r->proof_ahead[r->nproofs] = ahead;
	r->proofs[r->nproofs++] = e;
}

void
replica_load_proof(struct replica *r, const uint8_t *data, size_t len)
{
	struct bytes_reader rd = bytes_reader_of(data, len);
	struct evidence *e = evidence_get(&rd);

	r->load_failed |= rd.nomem;
	if (e == NULL)
		return;
	if (!bytes_reader_done(&rd) || is_held(r, e))
		forget(r, e);
	else if (r->nproofs == REPLICA_MAX_PROOFS)
		evidence_unref(e); /* stays in the pool for the next start */
	else if (is_ahead(r, e))
		add(r, e, true);
	else if (is_good(r, e))
		add(r, e, false);
	else
		forget(r, e);
}

static void
tell(struct replica *r, struct evidence *e)
{
	struct wire_msg m = {.type = WIRE_EVIDENCE};

	m.u.evidence = e;
	queue_send(r, REPLICA_ALL, REPLICA_CLASS_TX, &m);
}

/* Takes e. Everybody tells it once, so that whoever proposes next has it. Who
 * fills the room is found out often enough already. */
static void
keep(struct replica *r, int rc, struct evidence *e)
{
	if (rc < 0)
		return;
	if (r->nproofs == REPLICA_MAX_PROOFS || is_held(r, e) ||
	    !ledger_evidence_new(r->ledger, e)) {
		evidence_unref(e);
		return;
	}
	silence_accused(r, e);
	add(r, e, false);
	store(r, e);
	tell(r, e);
}

const char *
proofs_recv(struct replica *r, struct evidence *e)
{
	/* What is known, or of a height not reached, costs nobody anything. */
	if (!is_held(r, e) && ledger_evidence_new(r->ledger, e)) {
		if (!ledger_evidence_proves(r->ledger, e)) {
			evidence_unref(e);
			return ledger_verdict_text(LEDGER_EVIDENCE);
		}
		keep(r, 0, e);
		return NULL;
	}
	evidence_unref(e);
	return NULL;
}

void
proofs_of_core(struct replica *r, const struct bft_action *a)
{
	struct evidence *e = NULL;
	int rc = a->evidence.votes
	    ? evidence_of_votes(&a->evidence.vote[0], &a->evidence.vote[1], &e)
	    : evidence_of_proposals(&a->evidence.proposal[0],
		  &a->evidence.proposal[1], &e);

	keep(r, rc, e);
}

void
proofs_of_answers(struct replica *r, const struct answer *a,
    const struct answer *b)
{
	struct evidence *e = NULL;
	int rc = evidence_of_answers(a, b, &e);

	keep(r, rc, e);
}

void
proofs_of_attests(struct replica *r, const struct attest *a,
    const struct attest *b)
{
	struct evidence *e = NULL;
	int rc = evidence_of_attests(a, b, &e);

	if (rc == 0)
		queue_notice(r, REPLICA_NOTICE, a->validator,
		    "signed two different attestations of one number");
	keep(r, rc, e);
}

void
proofs_turn(struct replica *r)
{
	const size_t all = r->nproofs;

	r->nproofs = 0;
	for (size_t i = 0; i < all; i++) {
		struct evidence *e = r->proofs[i];
		const bool ahead = r->proof_ahead[i];

		if (ahead && is_ahead(r, e)) {
			add(r, e, true);
		} else if (ahead ? is_good(r, e)
				 : ledger_evidence_new(r->ledger, e)) {
			add(r, e, false);
			if (ahead) /* our telling it was lost with the blocks */
				tell(r, e);
		} else {
			forget(r, e);
		}
	}
}

const struct evidence *
replica_proof(const struct replica *r, size_t i)
{
	for (size_t k = 0; k < r->nproofs; k++)
		if (!r->proof_ahead[k] && i-- == 0)
			return r->proofs[k];
	return NULL;
}

void
proofs_clear(struct replica *r)
{
	while (r->nproofs > 0)
		evidence_unref(r->proofs[--r->nproofs]);
}
