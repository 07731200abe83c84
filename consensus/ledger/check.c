/*
 * check.c - reference 2.8: what is verified before a prevote, cheap first.
 */
#include <stddef.h>

#include "consensus/ledger/state.h"
#include "consensus/ledger/txs.h"

/* A block at the right height has no excuse for naming another round. */
static enum ledger_verdict
in_block(enum ledger_verdict v)
{
	return v == LEDGER_STALE || v == LEDGER_FUTURE ? LEDGER_ROUND : v;
}

static enum ledger_verdict
check_place(const struct ledger *l, const struct header *h)
{
	if (h->block_version != BLOCK_VERSION || h->ntxs > BLOCK_TXS_MAX)
		return LEDGER_FORMAT;
	if (!hash_equal(&h->federation, &l->fid))
		return LEDGER_FEDERATION;
	if (h->height <= l->height)
		return LEDGER_STALE;
	if (h->height > l->height + 1)
		return LEDGER_FUTURE;
	if (!hash_equal(&h->prev, &l->head))
		return LEDGER_PREVIOUS;
	if (h->app_version != ledger_version(l) || !ledger_version_known(l))
		return LEDGER_VERSION;
	return LEDGER_OK;
}

static enum ledger_verdict
check_header(const struct ledger *l, const struct header *h)
{
	enum ledger_verdict v = check_place(l, h);
	struct hash root;

	if (v != LEDGER_OK)
		return v;
	if (h->time_ms < closing_earliest_ms(l))
		return LEDGER_TIME;
	if (h->proposer != ledger_proposer(l, h->round))
		return LEDGER_PROPOSER;
	if (!hash_equal(&h->validators, &l->validators) ||
	    !hash_equal(&h->next_validators, &l->next_validators) ||
	    !hash_equal(&h->params, &l->params_hash))
		return LEDGER_PARAMS;
	if (h->fl_round != l->round.number)
		return LEDGER_ROUND;
	if (h->history_size != h->height)
		return LEDGER_HISTORY;
	if (l->memory->skimming)
		return LEDGER_OK;
	root = merkle_root(&l->history);
	return hash_equal(&h->history_root, &root) ? LEDGER_OK : LEDGER_HISTORY;
}

/* The head's certificate, which block 1 has no need of. Before block_sealed,
 * which encodes it. */
static enum ledger_verdict
check_last_commit(const struct ledger *l, const struct block *b)
{
	if (l->height == 0)
		return b->last_commit ? LEDGER_COMMIT : LEDGER_OK;
	if (!b->last_commit)
		return LEDGER_COMMIT;
	return ledger_check_commit(l, b->last_commit, l->height, &l->head);
}

/* Transactions, or a heartbeat: that only when it is due. */
static enum ledger_verdict
check_ordinary(const struct ledger *l, const struct header *h)
{
	if (h->nanswers != 0)
		return LEDGER_INCLUDED;
	if (h->nattests != 0)
		return LEDGER_QUORUM;
	if (h->ntxs == 0 && h->time_ms < closing_heartbeat_ms(l))
		return LEDGER_EARLY;
	return LEDGER_OK;
}

static enum ledger_verdict
check_included(const struct ledger *l, const struct block *b)
{
	const struct attest *by_validator[FEDERATION_MAX_MEMBERS] = {NULL};
	struct included set;

	for (uint16_t i = 0; i < b->header.nattests; i++) {
		const struct attest *a = &b->attests[i];
		enum ledger_verdict v = ledger_check_attest(l, a);

		if (v != LEDGER_OK)
			return in_block(v);
		by_validator[a->validator] = a;
	}
	ledger_included(l, by_validator, &set);
	if (!set.quorum)
		return LEDGER_QUORUM;
	if (set.n != b->header.nanswers)
		return LEDGER_INCLUDED;
	for (uint16_t i = 0; i < set.n; i++)
		if (!hash_equal(&set.id[i], &b->answer_ids[i]))
			return LEDGER_INCLUDED;
	for (uint16_t i = 0; i < set.n; i++) {
		if (!b->answers[i])
			return LEDGER_MISSING_ANSWER;
		if (!hash_equal(&b->answers[i]->id, &set.id[i]))
			return LEDGER_FORMAT;
		if (b->answers[i]->member != set.member[i])
			return LEDGER_INCLUDED;
	}
	return LEDGER_OK;
}

/* A block that closes the round. */
static enum ledger_verdict
check_closing(const struct ledger *l, const struct block *b)
{
	struct closing due;
	enum ledger_verdict v;

	if (l->round.finished)
		return LEDGER_FINISHED;
	if (ledger_paused(l))
		return LEDGER_PAUSED;
	v = check_included(l, b);
	if (v != LEDGER_OK)
		return v;
	due = closing_of(l, b->answers, b->header.nanswers);
	if (b->header.kind != due.kind)
		return LEDGER_KIND;
	if (b->header.time_ms < due.from_ms)
		return LEDGER_EARLY;
	for (uint16_t i = 0; i < b->header.nanswers; i++) {
		v = ledger_check_answer(l, b->answers[i]);
		if (v != LEDGER_OK)
			return in_block(v);
	}
	return LEDGER_OK;
}

/* block_sealed has seen that they ascend, so none is there twice. */
static enum ledger_verdict
check_evidence(const struct ledger *l, const struct block *b)
{
	for (uint16_t i = 0; i < b->header.nevidence; i++) {
		const struct evidence *e = b->evidence[i];

		if (!ledger_evidence_new(l, e) ||
		    (!l->memory->replaying && !ledger_evidence_proves(l, e)))
			return LEDGER_EVIDENCE;
	}
	return LEDGER_OK;
}

static enum ledger_verdict
check_outcome(const struct ledger *l, const struct block *b)
{
	struct ledger_memory *mem = l->memory;
	enum ledger_verdict v = state_compute_next(l, b);
	struct hash root;

	if (v != LEDGER_OK)
		return v;
	if (!hash_equal(&b->header.aggregate, &mem->aggregate))
		return LEDGER_AGGREGATE;
	if (!hash_equal(&b->header.model, &mem->next.base_model))
		return LEDGER_MODEL;
	if (!mem->skimming) {
		root = state_root_next(l);
		if (!hash_equal(&b->header.state_root, &root))
			return LEDGER_STATE;
	}
	mem->block = b->id;
	mem->has_next = true;
	return LEDGER_OK;
}

enum ledger_verdict
ledger_check(const struct ledger *l, const struct block *b)
{
	enum ledger_verdict v = check_header(l, &b->header);

	if (v == LEDGER_OK)
		v = check_last_commit(l, b);
	/* What is read back was sealed, or it could not have been decoded. */
	if (v == LEDGER_OK && !l->memory->replaying && !block_sealed(b))
		v = LEDGER_FORMAT;
	if (v != LEDGER_OK)
		return v;
	switch ((enum block_kind)b->header.kind) {
	case BLOCK_ORDINARY:
		v = check_ordinary(l, &b->header);
		break;
	case BLOCK_AGGREGATE:
	case BLOCK_SKIP:
		v = check_closing(l, b);
		break;
	default:
		return LEDGER_FORMAT;
	}
	if (v == LEDGER_OK)
		v = txs_signed(l, b);
	if (v == LEDGER_OK)
		v = check_evidence(l, b);
	return v == LEDGER_OK ? check_outcome(l, b) : v;
}
