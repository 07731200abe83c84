/*
 * refound.c - the state goes on where a quorum is lost for good: see
 * proto/refound.h.
 */
#include <string.h>

#include "consensus/bft/quorum.h"
#include "consensus/ledger/leaves.h"
#include "consensus/ledger/sealed.h"
#include "consensus/ledger/seats.h"
#include "consensus/ledger/state.h"
#include "proto/merkle.h"

/* All of them sit here and say so, and they are no quorum: who is one votes. */
static bool
consented(const struct ledger *l, const struct refound *r)
{
	uint64_t power = 0;

	for (uint16_t i = 0; i < r->n; i++) {
		uint16_t seat = r->seat[i];

		if (!ledger_active(l, seat) ||
		    l->next->state[seat] != SEAT_MEMBER ||
		    !refound_signed(r, i, &l->seats->m[seat].sign))
			return false;
		power += l->power[seat];
	}
	return !quorum_reached(power, seats_power(l->seats));
}

bool
ledger_refound_fits(const struct ledger *l, const struct refound *r)
{
	struct hash leaves[LEDGER_LEAVES], root;

	if (!hash_equal(&r->federation, &l->fid) || r->height != l->height ||
	    !hash_equal(&r->block, &l->head))
		return false;
	ledger_leaves(l, leaves);
	root = merkle_root_of(leaves, LEDGER_LEAVES);
	return hash_equal(&r->state, &root) && consented(l, r);
}

static void
keep_only(struct seats *s, const struct refound *r)
{
	for (uint16_t i = 0; i < s->n; i++) {
		if (s->state[i] != SEAT_MEMBER || refound_find(r, i) >= 0)
			continue;
		s->state[i] = SEAT_LEFT;
		s->m[i].power = 0;
	}
}

static const struct refound *
due(const struct ledger *l)
{
	for (uint16_t i = 0; i < l->f.nrefounded; i++)
		if (ledger_refound_fits(l, &l->f.refounded[i]))
			return &l->f.refounded[i];
	return NULL;
}

/* Another round: what was signed for the open one was signed elsewhere. Its
 * time begins when those who go on agreed. */
static void
reopen(struct ledger *l, uint64_t at_ms)
{
	struct ledger_round *r = &l->round;
	struct opening o = {&l->merge, r->number + 1,
	    at_ms > l->time_ms ? at_ms : l->time_ms};

	if (r->finished)
		return;
	r->skipped++;
	bases_skipped(&r->bases, o.number);
	state_open_round(l, r, &o);
	if (!r->finished)
		return;
	/* A job ends in a block, with its version and its order's escrow: the
	 * last round is made up for. */
	r->finished = false;
	sealed_begin(l, r);
}

static uint16_t
staying(const struct seats *s, const struct refound *r)
{
	uint16_t n = 0;

	for (uint16_t i = 0; i < s->n; i++)
		n = (uint16_t)(n +
		    (s->state[i] == SEAT_MEMBER && refound_find(r, i) >= 0));
	return n;
}

/* The head was signed for the federation that ends, or for one before that:
 * past_fid stays. -ENOMEM changes nothing. */
static int
carry_out(struct ledger *l, const struct refound *r)
{
	uint16_t members = staying(l->next, r);
	int rc = merge_seats(&l->merge, l->next->n, members);

	if (rc < 0)
		return rc;
	l->fid = refound_id(r);
	keep_only(l->seats, r);
	keep_only(l->next, r);
	l->validators = seats_hash_validators(l->seats);
	l->next_validators = seats_hash_validators(l->next);
	l->members = seats_hash_members(l->next);
	if (l->params.answers_min > members) {
		l->params.answers_min = members;
		l->params_hash = enact_hash(&l->params);
	}
	memset(&l->memory->seen, 0, sizeof(l->memory->seen));
	l->memory->has_next = false;
	state_seated(l);
	bench_fit(&l->bench, &(struct bench_set){l->power, l->seats->n});
	state_turns(l);
	reopen(l, r->at_ms);
	return 0;
}

/* Some of those who went on may be lost before their first block. */
int
refound_due(struct ledger *l)
{
	const struct refound *r;
	int rc = 0;

	while (rc == 0 && (r = due(l)) != NULL)
		rc = carry_out(l, r);
	return rc;
}
