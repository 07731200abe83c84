#include "daemon/cli/conclude.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "daemon/cli/audit.h"

/* A sentence with numbers; a check that failed already is left alone. */
__attribute__((format(printf, 4, 5))) static void
say(struct audit *a, enum check_id id, enum check_state state,
    const char *format, ...)
{
	struct check *k = &a->checks.of[id];
	va_list ap;

	if (k->state == CHECK_FAILED)
		return;
	k->state = (uint8_t)state;
	va_start(ap, format);
	vsnprintf(k->why, sizeof(k->why), format, ap);
	va_end(ap);
}

static uint64_t
ntxs(const struct audit *a)
{
	uint64_t n = 0;

	for (unsigned k = 0; k < TX_KINDS; k++)
		n += a->txs[k];
	return n;
}

static void
conclude_chain(struct audit *a, bool id_given)
{
	if (id_given && a->refounded.n > 0)
		say(a, CHECK_FOUNDING, CHECK_PROVED,
		    "The id that was asked for is that of the last of %u "
		    "re-foundings, which began with block 0.",
		    a->refounded.n);
	else if (id_given)
		say(a, CHECK_FOUNDING, CHECK_PROVED,
		    "Block 0 hashes to the id that was asked for.");
	else
		say(a, CHECK_FOUNDING, CHECK_UNKNOWN,
		    "Block 0 hashes to the id above; whether that is the "
		    "federation you mean, only you know: give --federation.");
	say(a, CHECK_ORDER, CHECK_PROVED,
	    "%" PRIu64 " blocks behind block 0, none missing, none changed.",
	    a->nblocks);
	say(a, CHECK_CERTIFICATES, CHECK_PROVED,
	    "%" PRIu64 " signatures in the certificates of %" PRIu64
	    " blocks, all verified.",
	    a->ncommit_signatures, a->nblocks);
	say(a, CHECK_HISTORY, CHECK_PROVED,
	    "%" PRIu64 " history roots computed again, all equal.", a->nblocks);
	say(a, CHECK_PERSONAL, CHECK_PROVED,
	    "%" PRIu64 " free texts looked at. Names of persons in them cannot "
	    "be recognised by a program.",
	    a->findings.ntexts);
	say(a, CHECK_UNUSUAL, CHECK_PROVED,
	    "No update repeats another one; %" PRIu64 " rounds skipped in all.",
	    a->nskips);
}

/* What was computed again from the updates. */
static void
conclude_again(struct audit *a)
{
	say(a, CHECK_VALIDATORS, CHECK_PROVED,
	    "The set of validators and the turn of every proposer were "
	    "computed again for %" PRIu64 " blocks.",
	    a->nblocks);
	say(a, CHECK_TRANSACTIONS, CHECK_PROVED,
	    "%" PRIu64 " transactions, each signed and in its turn.", ntxs(a));
	say(a, CHECK_STATE, CHECK_PROVED,
	    "%" PRIu64 " state roots computed again, all equal.", a->nblocks);
	say(a, CHECK_ROUNDS, CHECK_PROVED,
	    "%" PRIu64 " answers and %" PRIu64
	    " attestations, all signatures good; %" PRIu64
	    " rounds aggregated, %" PRIu64 " skipped, each by the rule.",
	    a->nanswers, a->nattests, a->naggregates, a->nskips);
	say(a, CHECK_MODEL, CHECK_PROVED,
	    "%" PRIu64 " updates aggregated again in %" PRIu64
	    " rounds: the same models, bit for bit.",
	    a->npayloads, a->naggregates);
}

static void
conclude_end(struct audit *a, bool checkpoint)
{
	if (checkpoint)
		say(a, CHECK_COMPLETE, CHECK_PROVED,
		    "The checkpoint that was given is a beginning of this "
		    "chain, which ends with block %" PRIu64 ".",
		    a->nblocks);
	else
		say(a, CHECK_COMPLETE, CHECK_UNKNOWN,
		    "The chain may have gone on after block %" PRIu64
		    ": what a file leaves out at its end, only a checkpoint "
		    "kept from before can show.",
		    a->nblocks);
}

static void
conclude_money(struct audit *a, const struct books *b)
{
	struct books_totals t = books_totals(b);

	say(a, CHECK_TOKENS, CHECK_PROVED,
	    "Recounted after every block: %" PRIu64 " minted, %" PRIu64
	    " burned, %" PRIu64 " in the treasury.",
	    t.minted, t.burned, t.treasury);
	if (a->txs[TX_WORTH] == 0)
		say(a, CHECK_PAY, CHECK_UNKNOWN,
		    "No validator stated what a round was worth: nothing was "
		    "paid by contribution.");
	else
		say(a, CHECK_PAY, CHECK_PROVED,
		    "%" PRIu64 " statements of validators; medians, Shapley "
		    "values and payouts computed again.",
		    a->txs[TX_WORTH]);
}

static void
conclude_data(struct audit *a, const struct books *b)
{
	size_t nassets = 0, nbudgets = 0;
	const struct asset *row;

	for (; (row = books_asset_at(b, nassets)) != NULL; nassets++)
		nbudgets += row->terms.privacy.eps_milli != 0;
	if (nbudgets == 0)
		say(a, CHECK_PRIVACY, CHECK_UNKNOWN,
		    "No data asset has a privacy budget: what the updates "
		    "disclose of the rows is bounded by nothing here.");
	else
		say(a, CHECK_PRIVACY, CHECK_PROVED,
		    "%zu budgets counted again, none passed; %" PRIu64
		    " updates claim noise. That the noise was added, no "
		    "chain can show.",
		    nbudgets, a->nnoisy);
	if (nassets == 0)
		say(a, CHECK_CONSENT, CHECK_UNKNOWN,
		    "No data asset is registered: the updates name no terms "
		    "to hold them against.");
	else
		say(a, CHECK_CONSENT, CHECK_PROVED,
		    "%zu data assets; none was used after a withdrawal, "
		    "expiry or ban, nor beyond its terms.",
		    nassets);
}

static void
conclude_offences(struct audit *a, const struct ledger *l)
{
	uint64_t offences = 0;

	for (uint16_t i = 0; i < ledger_nmembers(l); i++)
		offences += conduct_times(ledger_conduct(l), i);
	say(a, CHECK_EVIDENCE, CHECK_PROVED,
	    "%" PRIu64 " offences are on record, each with two signed objects "
	    "of one author; nobody was punished by the rules.",
	    offences);
}

static void
conclude_decisions(struct audit *a, const struct books *b)
{
	size_t nmotions = 0, ntokens = 0, ncredentials = 0;

	while (books_motion_at(b, nmotions))
		nmotions++;
	while (books_token_at(b, ntokens))
		ntokens++;
	while (books_credential_at(b, ncredentials))
		ncredentials++;
	say(a, CHECK_VOTES, CHECK_PROVED,
	    "%zu proposals and %" PRIu64
	    " votes; tallies counted again, what ran has the hash that was "
	    "voted.",
	    nmotions, a->txs[TX_VOTE]);
	say(a, CHECK_VERSIONS, CHECK_PROVED,
	    "%zu versions; %" PRIu64 " transfers, %" PRIu64
	    " leases, each by who may.",
	    ntokens, a->txs[TX_MODEL_TRANSFER], a->txs[TX_MODEL_LEASE]);
	say(a, CHECK_CREDENTIALS, CHECK_PROVED,
	    "%zu credentials, %" PRIu64 " revoked. Their documents are not on "
	    "the chain, only hashes.",
	    ncredentials, a->txs[TX_REVOKE]);
}

static void
conclude_fault(struct audit *a)
{
	const struct audit_fault *f = &a->fault;

	checks_fail(&a->checks, f->check, f->height, f->why);
	for (enum check_id id = CHECK_FOUNDING; id < CHECKS; id++) {
		if (f->height > 0 && a->founded)
			say(a, id, CHECK_UNKNOWN,
			    "It holds for the blocks 0 to %" PRIu64
			    "; from block %" PRIu64 " on nothing is known.",
			    a->nblocks, f->height);
		else
			say(a, id, CHECK_UNKNOWN,
			    "Without a sound block 0 nothing is known.");
	}
}

/* What needs the updates stays open. */
static void
conclude_light(struct audit *a)
{
	static const enum check_id open[] = {CHECK_VALIDATORS, CHECK_STATE,
	    CHECK_TOKENS, CHECK_MODEL, CHECK_PAY, CHECK_PRIVACY, CHECK_CONSENT,
	    CHECK_VOTES, CHECK_VERSIONS, CHECK_CREDENTIALS, CHECK_EVIDENCE};

	for (size_t i = 0; i < sizeof(open) / sizeof(open[0]); i++)
		say(a, open[i], CHECK_UNKNOWN,
		    "The updates are not in this bundle: nothing was computed "
		    "again. The members signed the result.");
	say(a, CHECK_TRANSACTIONS, CHECK_UNKNOWN,
	    "%" PRIu64 " transactions, all signatures good; their order and "
	    "fees were not computed again without the updates.",
	    ntxs(a));
	say(a, CHECK_ROUNDS, CHECK_UNKNOWN,
	    "%" PRIu64 " answers and %" PRIu64
	    " attestations, all signatures good; the updates are not in this "
	    "bundle.",
	    a->nanswers, a->nattests);
}

void
conclude(struct audit *a, const struct audit_order *o, const struct ledger *l)
{
	const struct books *b = l ? ledger_books(l) : NULL;

	if (a->fault.check != CHECK_NONE || !b) {
		conclude_fault(a);
		return;
	}
	if (a->light) {
		conclude_light(a);
	} else {
		findings_books(b, ledger_nmembers(l), a->nblocks, &a->checks);
		conclude_again(a);
		conclude_money(a, b);
		conclude_data(a, b);
		conclude_decisions(a, b);
		conclude_offences(a, l);
	}
	conclude_chain(a, o->federation != NULL);
	conclude_end(a, o->checkpoint != NULL);
}
