/*
 * objects.c - checks of single signed objects: answers, attestations, votes,
 * proposals, certificates. Cheap checks first; what verified is remembered.
 */
#include "consensus/bft/quorum.h"
#include "consensus/ledger/sealed.h"
#include "consensus/ledger/state.h"
#include "consensus/ledger/txs.h"
#include "proto/q24.h"

#define FLAGS_KNOWN (ANSWER_REPLAYABLE | ANSWER_STATE_LOST | ANSWER_CONFINED)

/* Part of our own chain that is read again: it was verified when it came. */
static bool
is_replayed(const struct ledger *l)
{
	return l->memory->replaying;
}

/* Verified here before. */
static bool
is_known(const struct ledger *l, const struct hash *key)
{
	return seen_has(&l->memory->seen, key);
}

/* Is this object about the open round? Numbers go on through all jobs, so one
 * of another job is late, early, or of no round there ever was: early it may
 * be while no job runs here, for the next begins with the number to come. */
static enum ledger_verdict
check_round(const struct ledger *l, const struct hash *job, uint64_t round)
{
	if (round < l->round.number)
		return LEDGER_STALE;
	if (l->round.finished)
		return LEDGER_FINISHED;
	if (round > l->round.number)
		return LEDGER_FUTURE;
	return hash_equal(job, &l->round.job) ? LEDGER_OK : LEDGER_JOB;
}

static enum ledger_verdict
check_refusal(const struct ledger *l, const struct answer *a)
{
	const struct privacy_claim none = {.mechanism = PRIVACY_NONE};

	if (a->dim != 0 || !hash_is_zero(&a->payload))
		return LEDGER_DIM;
	if (a->reason == ANSWER_REASON_NONE ||
	    a->reason > ANSWER_REASON_NUMERIC)
		return LEDGER_FLAGS;
	if (a->clip_q24 != 0 && a->clip_q24 != (uint64_t)l->params.clip_q24)
		return LEDGER_CLIP_CLAIM;
	if (a->rows != 0 || a->correct != 0 || a->loss_before_q24 != 0 ||
	    a->loss_after_q24 != 0 || a->steps != 0)
		return LEDGER_METRICS;
	if (a->control_loss_q24 != 0 || a->control_correct != 0 ||
	    a->valid_rows != 0 || a->valid_loss_q24 != 0 ||
	    a->valid_control_loss_q24 != 0)
		return LEDGER_METRICS;
	if (!privacy_claim_equal(&a->privacy, &none) ||
	    !hash_is_zero(&a->seed_commit))
		return LEDGER_PRIVACY;
	return LEDGER_OK;
}

/* Was its member's data to be used, when the round was opened? */
static bool
asset_usable(const struct ledger *l, const struct answer *a)
{
	return txs_consent(l, a->member, &a->data_asset) == BOOKS_OK;
}

/* The job's noise was added, as far as a claim goes, and nothing beside it says
 * anything about rows. */
static bool
claim_right(const struct ledger *l, const struct answer *a)
{
	const struct job *j = ledger_job(l);
	const struct privacy_claim want = job_claim(j);

	if (!privacy_claim_equal(&a->privacy, &want) ||
	    hash_is_zero(&a->seed_commit) == job_private(j))
		return false;
	if (!job_private(j))
		return true;
	return a->loss_before_q24 == 0 && a->loss_after_q24 == 0 &&
	    a->correct == 0 && a->control_loss_q24 == 0 &&
	    a->control_correct == 0 && a->valid_rows == 0 &&
	    a->valid_loss_q24 == 0 && a->valid_control_loss_q24 == 0 &&
	    a->steps == job_private_steps(j);
}

/* Only energies may be negative. */
static bool
metrics_possible(const struct ledger *l, const struct answer *a)
{
	if (a->rows == 0 || a->correct > a->rows ||
	    a->control_correct > a->rows || a->valid_correct > a->valid_rows ||
	    a->valid_control_correct > a->valid_rows)
		return false;
	if (l->f.job.main.kind == JOB_VQE)
		return true;
	return a->loss_before_q24 >= 0 && a->loss_after_q24 >= 0 &&
	    a->control_loss_q24 >= 0 && a->valid_loss_q24 >= 0 &&
	    a->valid_control_loss_q24 >= 0;
}

static enum ledger_verdict
check_update(const struct ledger *l, const struct answer *a)
{
	if (a->dim != l->f.job.update)
		return LEDGER_DIM;
	if (a->reason != ANSWER_REASON_NONE)
		return LEDGER_FLAGS;
	if (a->clip_q24 != (uint64_t)l->params.clip_q24)
		return LEDGER_CLIP_CLAIM;
	if (!metrics_possible(l, a))
		return LEDGER_METRICS;
	if (!claim_right(l, a))
		return LEDGER_PRIVACY;
	if (a->rows < ledger_job(l)->privacy.min_rows)
		return LEDGER_FEW_ROWS;
	if (!asset_usable(l, a))
		return LEDGER_ASSET;
	return a->delta ? LEDGER_OK : LEDGER_MISSING_ANSWER;
}

/* Late work counts once; a refusal is about the round itself. */
static enum ledger_verdict
check_base(const struct ledger *l, const struct answer *a)
{
	int age = bases_age(&l->round.bases, &a->base_model);

	if (age < 0 || (age > 0 && a->kind != ANSWER_UPDATE))
		return LEDGER_BASE_MODEL;
	return bases_used(&l->round.bases, a->member, age) ? LEDGER_BASE_USED
							   : LEDGER_OK;
}

static enum ledger_verdict
check_answer_head(const struct ledger *l, const struct answer *a)
{
	enum ledger_verdict v;

	if (a->version != ANSWER_VERSION)
		return LEDGER_FORMAT;
	v = check_round(l, &a->job, a->round);
	if (v != LEDGER_OK)
		return v;
	if (!ledger_asked(l, a->member))
		return LEDGER_MEMBER;
	v = check_base(l, a);
	if (v != LEDGER_OK)
		return v;
	if ((a->flags & ~FLAGS_KNOWN) != 0)
		return LEDGER_FLAGS;
	if (a->kind == ANSWER_UPDATE)
		return check_update(l, a);
	if (a->kind == ANSWER_NO_UPDATE)
		return check_refusal(l, a);
	return LEDGER_FLAGS;
}

static enum ledger_verdict
check_payload(const struct ledger *l, const struct answer *a)
{
	const struct merge_round r = {.number = ledger_job_round(l),
	    .aggregated = l->round.aggregated,
	    .asked = l->round.asked};

	if (a->dim == 0)
		return LEDGER_OK;
	for (uint32_t j = 0; j < a->dim; j++)
		if (a->delta[j] > l->params.bound_q24 ||
		    a->delta[j] < -l->params.bound_q24)
			return LEDGER_BOUND;
	if (!merge_within(&l->merge, a->delta, l->params.clip_q24))
		return LEDGER_CLIP;
	if (!merge_fits(&l->merge, &r, a))
		return LEDGER_SEGMENT;
	return LEDGER_OK;
}

static enum ledger_verdict
check_answer(const struct ledger *l, const struct answer *a)
{
	const struct sign_public *pk;
	enum ledger_verdict v = check_answer_head(l, a);
	struct hash key;

	if (v != LEDGER_OK)
		return v;
	if (is_replayed(l))
		return LEDGER_OK;
	/* The id covers job and payload, so the bounds hold for it too. */
	pk = &l->seats->m[a->member].sign;
	key = seen_key(SEEN_ANSWER, &a->id, pk, &a->sig);
	if (is_known(l, &key))
		return LEDGER_OK;
	v = check_payload(l, a);
	if (v != LEDGER_OK)
		return v;
	if (!answer_verify(a, pk, &l->fid))
		return LEDGER_SIGNATURE;
	seen_add(&l->memory->seen, &key);
	return LEDGER_OK;
}

/* The key of who has power in this seat at this height; NULL: nobody. Of
 * heights further off than the next but one nothing is known for sure. */
static const struct sign_public *
signer(const struct ledger *l, uint64_t height, uint16_t seat)
{
	const struct seats *s = height == l->height + 2 ? l->next : l->seats;

	if (height == l->height)
		return seat < l->past.n && l->past.power[seat] > 0
		    ? &l->past.key[seat]
		    : NULL;
	return seat < s->n && s->state[seat] == SEAT_MEMBER ? &s->m[seat].sign
							    : NULL;
}

/* Nobody is to blame where the members may have been others. */
static enum ledger_verdict
unless_other_set(const struct ledger *l, uint64_t height, enum ledger_verdict v)
{
	if (height < l->height)
		return LEDGER_STALE;
	return height > l->height + 2 ? LEDGER_FUTURE : v;
}

enum ledger_verdict
ledger_check_answer(const struct ledger *l, const struct answer *a)
{
	enum ledger_verdict v = check_answer(l, a);

	/* Last, so that one which comes too early is known to be good. */
	return v == LEDGER_OK ? sealed_check(l, a) : v;
}

enum ledger_verdict
ledger_check_attest(const struct ledger *l, const struct attest *a)
{
	const struct sign_public *pk;
	struct hash digest, key;
	enum ledger_verdict v = check_round(l, &a->job, a->round);

	if (v != LEDGER_OK)
		return v;
	pk = signer(l, l->height + 1, a->validator);
	if (pk == NULL)
		return LEDGER_VALIDATOR;
	if (a->nheld > l->seats->n)
		return LEDGER_MEMBER;
	for (uint16_t i = 0; i < a->nheld; i++) {
		if (i > 0 && a->member[i] <= a->member[i - 1])
			return LEDGER_ORDER;
		if (!ledger_asked(l, a->member[i]))
			return LEDGER_MEMBER;
	}
	if (is_replayed(l))
		return LEDGER_OK;
	digest = attest_digest(a);
	key = seen_key(SEEN_ATTEST, &digest, pk, &a->sig);
	if (is_known(l, &key))
		return LEDGER_OK;
	if (!attest_verify(a, pk, &l->fid))
		return LEDGER_SIGNATURE;
	seen_add(&l->memory->seen, &key);
	return LEDGER_OK;
}

enum ledger_verdict
ledger_check_vote(const struct ledger *l, const struct vote *v)
{
	const struct sign_public *pk;
	struct hash digest, key;

	if (v->validator >= VOTE_MAX_VALIDATORS)
		return LEDGER_VALIDATOR;
	if (v->type != VOTE_PREVOTE && v->type != VOTE_PRECOMMIT)
		return LEDGER_FORMAT;
	pk = signer(l, v->height, v->validator);
	if (pk == NULL)
		return unless_other_set(l, v->height, LEDGER_VALIDATOR);
	if (is_replayed(l))
		return LEDGER_OK;
	digest = vote_digest(v);
	key = seen_key(SEEN_VOTE, &digest, pk, &v->sig);
	if (is_known(l, &key))
		return LEDGER_OK;
	if (!vote_verify(v, pk,
		v->height == l->height ? &l->past_fid : &l->fid))
		return unless_other_set(l, v->height, LEDGER_SIGNATURE);
	seen_add(&l->memory->seen, &key);
	return LEDGER_OK;
}

enum ledger_verdict
ledger_check_proposal(const struct ledger *l, const struct proposal *p)
{
	const struct sign_public *pk;
	struct hash digest, key;

	pk = signer(l, p->height, p->proposer);
	if (pk == NULL)
		return unless_other_set(l, p->height, LEDGER_VALIDATOR);
	if (p->height == l->height + 1 &&
	    p->proposer != ledger_proposer(l, p->round))
		return LEDGER_PROPOSER;
	digest = proposal_digest(p);
	key = seen_key(SEEN_PROPOSAL, &digest, pk, &p->sig);
	if (is_known(l, &key))
		return LEDGER_OK;
	if (!proposal_verify(p, pk, &l->fid))
		return unless_other_set(l, p->height, LEDGER_SIGNATURE);
	seen_add(&l->memory->seen, &key);
	return LEDGER_OK;
}

enum ledger_verdict
ledger_check_tx(const struct ledger *l, const struct tx *t)
{
	struct hash key;

	if (is_replayed(l))
		return LEDGER_OK;
	key = seen_key(SEEN_TX, &t->id, &t->sender, &t->sig);
	if (is_known(l, &key))
		return LEDGER_OK;
	if (!tx_verify(t, &l->fid))
		return LEDGER_SIGNATURE;
	seen_add(&l->memory->seen, &key);
	return LEDGER_OK;
}

static enum ledger_verdict
check_signers(const struct ledger *l, const struct commit *c)
{
	const uint32_t *powers =
	    c->height == l->height ? l->past.power : l->power;
	uint64_t total = 0;
	uint64_t power = 0;

	if (c->nsigs > VOTE_MAX_VALIDATORS)
		return LEDGER_COMMIT;
	for (uint16_t i = 0; i < FEDERATION_MAX_MEMBERS; i++)
		total += powers[i];
	for (uint16_t i = 0; i < c->nsigs; i++) {
		if (signer(l, c->height, c->validators[i]) == NULL)
			return LEDGER_COMMIT;
		if (i > 0 && c->validators[i] <= c->validators[i - 1])
			return LEDGER_COMMIT;
		power += powers[c->validators[i]];
	}
	return quorum_reached(power, total) ? LEDGER_OK : LEDGER_COMMIT;
}

enum ledger_verdict
ledger_check_commit(const struct ledger *l, const struct commit *c,
    uint64_t height, const struct hash *block)
{
	enum ledger_verdict v;

	if (c->height != height || !hash_equal(&c->block, block))
		return LEDGER_COMMIT;
	v = check_signers(l, c);
	/* All of them, also those beyond the quorum (reference 1.2). */
	for (uint16_t i = 0; v == LEDGER_OK && i < c->nsigs; i++) {
		struct vote vote = commit_vote(c, i);

		v = ledger_check_vote(l, &vote);
	}
	return v;
}
