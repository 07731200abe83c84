#include "consensus/replica/proofs.h"

#include "consensus/replica/queue.h"
#include "consensus/replica/state.h"

/* Takes e. Who fills the room is found out often enough already. */
static void
keep(struct replica *r, int rc, struct evidence *e)
{
	if (rc < 0)
		return;
	for (size_t i = 0; i < r->nproofs; i++)
		if (evidence_compare(r->proofs[i], e) == 0)
			goto no;
	if (r->nproofs == REPLICA_MAX_PROOFS ||
	    !ledger_evidence_new(r->ledger, e))
		goto no;
	r->proofs[r->nproofs++] = e;
	return;
no:
	evidence_unref(e);
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
			evidence_unref(r->proofs[i]);
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
