#include "consensus/ledger/txs.h"

#include <errno.h>
#include <string.h>

#include "consensus/bft/quorum.h"
#include "consensus/books/view.h"
#include "consensus/ledger/sealed.h"
#include "consensus/ledger/state.h"

void
txs_job(const struct job *j, struct books_job *out)
{
	const struct privacy_claim c = job_claim(j);

	*out = (struct books_job){.task = j->main.kind,
	    .rounds = j->rounds,
	    .step = {c.q_ppb, c.sigma_milli},
	    .steps = c.steps};
	if (j->main.circuit)
		out->circuit = hash_bytes("qml.circuit", j->main.circuit,
		    strlen(j->main.circuit));
}

static struct books_terms
terms_of(const struct federation *f)
{
	const struct economy def = ECONOMY_DEFAULT;
	const struct economy *e = f->economy.cap > 0 ? &f->economy : &def;

	return (struct books_terms){.cap = e->cap,
	    .opening = e->opening,
	    .mint = e->mint,
	    .half_life = e->half_life,
	    .fee = e->fee,
	    .shares = {e->contributors, e->signers, e->assets, e->treasury},
	    .calendar = {e->voting_period, e->voting_extension, e->voting_grace,
		e->voting_lock},
	    .worth_blocks = e->worth_blocks,
	    .assets_needed = e->assets_needed,
	    .validation = {e->validation_shards, e->validation_every,
		e->validation_root},
	    .job = jobs_read};
}

enum books_verdict
txs_consent(const struct ledger *l, uint16_t member, const struct hash *asset)
{
	struct books_job job;
	const struct books_ask ask = {&job, l->consent_height};

	txs_job(ledger_job(l), &job);
	return books_update(l->consent, member, asset, &ask);
}

int
txs_found(const struct ledger *l, struct books **out)
{
	struct books_founder founders[FEDERATION_MAX_MEMBERS];
	const struct federation *f = &l->f;
	struct books_terms terms = terms_of(f);

	terms.job_arg = l;

	for (uint16_t i = 0; i < f->nmembers; i++) {
		founders[i].key = f->members[i].sign;
		memcpy(founders[i].name, f->members[i].name,
		    sizeof(founders[i].name));
	}
	return books_new(&terms, founders, f->nmembers, out);
}

void
txs_bind(struct ledger *l)
{
	books_bind(l->books, l);
	books_bind(l->consent, l);
}

enum ledger_verdict
txs_signed(const struct ledger *l, const struct block *b)
{
	for (uint16_t i = 0; i < b->header.ntxs; i++) {
		enum ledger_verdict v = ledger_check_tx(l, b->txs[i]);

		if (v != LEDGER_OK)
			return v;
	}
	return LEDGER_OK;
}

/* The round that b closes with an aggregate. */
static int
close_round(const struct ledger *l, const struct block *b, struct books *books)
{
	struct books_use uses[FEDERATION_MAX_MEMBERS];
	const struct privacy_claim claim = job_claim(ledger_job(l));
	struct books_closed c = {
	    .job = l->round.job,
	    .aggregate = l->memory->aggregate,
	    .round = l->round.number,
	    .height = b->header.height,
	    .uses = uses,
	    .step = {claim.q_ppb, claim.sigma_milli},
	    .steps = claim.steps,
	};

	for (uint16_t i = 0; i < b->header.nanswers; i++) {
		const struct answer *a = b->answers[i];

		if (a->kind == ANSWER_UPDATE)
			uses[c.nuses++] =
			    (struct books_use){a->member, a->data_asset};
	}
	if (b->last_commit) {
		c.signers = b->last_commit->validators;
		c.nsigners = b->last_commit->nsigs;
	}
	return books_close_round(books, &c);
}

/* Who sits down with the next block has a place in the books. */
static int
seat_books(const struct ledger *l, struct books *books)
{
	int rc = 0;

	for (uint16_t i = 0; rc == 0 && i < l->next->n; i++) {
		const struct books_seat s = {l->next->m[i].sign,
		    l->next->m[i].name, l->next->state[i] == SEAT_MEMBER};

		if (l->next->state[i] == SEAT_MEMBER ||
		    l->next->state[i] == SEAT_LEFT)
			rc = books_seat(books, i, &s);
	}
	return rc;
}

/* A seat has one vote, whatever its power: where powers differ, those who are
 * many may have little of it; and one who has earned much has many tokens.
 * Whoever has less than a third of the power, and may be faulty, changes no
 * members, rules or timings, by which no block would come any more: somebody
 * honest has to want it. */
static bool
is_backed(const struct ledger *l, const struct books *books,
    const struct books_due *due)
{
	const struct motion *m = books_motion_at(books, due->proposal - 1);
	uint64_t power = 0;

	if (due->kind != PROPOSAL_MEMBER && due->kind != PROPOSAL_UPGRADE &&
	    due->kind != PROPOSAL_PARAM)
		return true;
	for (uint16_t i = 0; i < m->p.nvoters; i++)
		if (m->p.votes[i] == VOTE_YES)
			power += l->power[i];
	return quorum_honest(power, seats_power(l->seats));
}

static int
turn(const struct ledger *l, const struct block *b, struct books *books)
{
	struct books_due due;
	int rc = 0;

	if (b->header.kind == BLOCK_AGGREGATE)
		rc = close_round(l, b, books);
	else if (b->header.kind == BLOCK_SKIP || l->memory->reseated)
		books_skip_round(books);
	if (rc == 0)
		rc = books_end_block(books, b->header.height);
	while (rc == 0) {
		due = books_next_due(books, b->header.height);
		if (due.proposal == 0)
			break;
		books_executed(books, due.proposal,
		    is_backed(l, books, &due) &&
			enact_run(l, &l->memory->enact, &due));
	}
	if (rc == 0) {
		enact_candidates(books, b->header.height, l->memory->seats);
		rc = seat_books(l, books);
	}
	return rc < 0 ? rc : jobs_turn(l, b, books);
}

static bool
is_possible(const struct ledger *l, const struct tx *t)
{
	return sealed_takes(l, t) && enact_tx(l, t);
}

enum ledger_verdict
txs_run(const struct ledger *l, const struct block *b, struct books **out)
{
	struct books *books;

	if (books_clone(l->books, &books) < 0)
		return LEDGER_NO_MEMORY;
	l->memory->enact = (struct enact){.params = l->params,
	    .seats = l->memory->seats,
	    .height = b->header.height};
	for (uint16_t i = 0; i < b->header.ntxs; i++) {
		int v = is_possible(l, b->txs[i])
		    ? books_apply(books, b->txs[i], b->header.height)
		    : BOOKS_RANGE;

		if (v == BOOKS_OK)
			continue;
		books_free(books);
		return v < 0 ? LEDGER_NO_MEMORY : LEDGER_TX;
	}
	if (turn(l, b, books) < 0) {
		books_free(books);
		return LEDGER_NO_MEMORY;
	}
	*out = books;
	return LEDGER_OK;
}

enum books_verdict
ledger_tx_fits(const struct ledger *l, const struct tx *t)
{
	enum books_verdict v = books_check(l->books, t, l->height + 1);

	if (v == BOOKS_OK && !sealed_takes(l, t))
		return BOOKS_STATE;
	return v == BOOKS_OK && !enact_tx(l, t) ? BOOKS_RANGE : v;
}

/* What a closed round was worth can wait for the block that closes the next
 * one: no block is made for it, unless no more rounds come. Names of answers
 * wait for each other, or for the end of their time. */
static bool
is_patient(const struct ledger *l, const struct ledger_inputs *in,
    const struct tx *t)
{
	uint32_t n = 0, asked = 0;

	if (t->kind == TX_WORTH || t->kind == TX_SHARD)
		return !l->round.finished;
	if (t->kind != TX_COMMIT)
		return false;
	for (size_t i = 0; i < in->ntxs; i++)
		n += in->txs[i]->kind == TX_COMMIT &&
		    ledger_tx_fits(l, in->txs[i]) == BOOKS_OK;
	for (uint16_t i = 0; i < l->seats->n; i++)
		asked += ledger_asked(l, i);
	return n + sealed_named(l) < asked &&
	    in->now_ms < l->round.collect_at_ms;
}

bool
txs_waiting(const struct ledger *l, const struct ledger_inputs *in)
{
	for (size_t i = 0; i < in->ntxs; i++)
		if (!is_patient(l, in, in->txs[i]) &&
		    ledger_tx_fits(l, in->txs[i]) == BOOKS_OK)
			return true;
	return false;
}

int
txs_pick(const struct ledger *l, const struct ledger_inputs *in,
    struct tx **kept, uint16_t *n)
{
	struct books *books = NULL;
	size_t bytes = 0;
	int rc;

	*n = 0;
	if (in->ntxs == 0)
		return 0;
	rc = books_clone(l->books, &books);
	for (size_t i = 0; rc == 0 && i < in->ntxs && *n < BLOCK_TXS_MAX; i++) {
		struct tx *t = in->txs[i];

		/* A later one may be shorter, but arrival is the order. */
		if (bytes + tx_len(t) > BLOCK_TXS_BYTES_MAX)
			break;
		rc = is_possible(l, t) ? books_apply(books, t, l->height + 1)
				       : BOOKS_RANGE;
		if (rc == BOOKS_OK) {
			kept[(*n)++] = t;
			bytes += tx_len(t);
		}
		if (rc > 0)
			rc = 0;
	}
	books_free(books);
	return rc;
}
