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

void
replica_load_proof(struct replica *r, const uint8_t *data, size_t len)
{
	struct bytes_reader rd = bytes_reader_of(data, len);
	struct evidence *e = evidence_get(&rd);

	if (e == NULL)
		return;
	if (bytes_reader_done(&rd) && r->nproofs < REPLICA_MAX_PROOFS &&
	    !is_held(r, e) && ledger_evidence_new(r->ledger, e) &&
	    ledger_evidence_proves(r->ledger, e))
		r->proofs[r->nproofs++] = e;
	else if (bytes_reader_done(&rd) && is_ahead(r, e))
		evidence_unref(e); /* stays in the pool for the next start */
	else
		forget(r, e);
}

/* Takes e. Everybody tells it once, so that whoever proposes next has it. Who
 * fills the room is found out often enough already. */
static void
keep(struct replica *r, int rc, struct evidence *e)
{
	struct wire_msg m = {.type = WIRE_EVIDENCE};

	if (rc < 0)
		return;
	if (r->nproofs == REPLICA_MAX_PROOFS || is_held(r, e) ||
	    !ledger_evidence_new(r->ledger, e)) {
		evidence_unref(e);
		return;
	}
	silence_accused(r, e);
	r->proofs[r->nproofs++] = e;
	store(r, e);
	m.u.evidence = e;
	queue_send(r, REPLICA_ALL, REPLICA_CLASS_TX, &m);
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
	size_t n = 0;

	for (size_t i = 0; i < r->nproofs; i++) {
		if (ledger_evidence_new(r->ledger, r->proofs[i]))
			r->proofs[n++] = r->proofs[i];
		else
			forget(r, r->proofs[i]);
	}
	r->nproofs = n;
}

const struct evidence *
replica_proof(const struct replica *r, size_t i)
{
	return i < r->nproofs ? r->proofs[i] : NULL;
}

void
proofs_clear(struct replica *r)
{
	while (r->nproofs > 0)
		evidence_unref(r->proofs[--r->nproofs]);
}
