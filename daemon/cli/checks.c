#include "daemon/cli/checks.h"

#include <assert.h>
#include <stdio.h>

#include "consensus/books/journal.h"
#include "consensus/ledger/txs.h"

static const struct {
	const char *name, *claim;
} rows[CHECKS] = {
    [CHECK_FOUNDING] = {"founding",
	"Block 0 holds the founding document of the federation that was "
	"asked for, and every block names it."},
    [CHECK_ORDER] = {"order",
	"Every block follows the one before: heights without a gap, links, "
	"times that only grow, bytes as they were hashed."},
    [CHECK_CERTIFICATES] = {"certificates",
	"Members with more than two thirds of the power signed every block, "
	"each once, every signature good."},
    [CHECK_VALIDATORS] = {"validators",
	"Who could vote, with which power and whose turn it was, follows "
	"from the founding and the votes since."},
    [CHECK_TRANSACTIONS] = {"transactions",
	"Every transaction was signed by its sender, played once, in order, "
	"in time and for its fee."},
    [CHECK_STATE] = {"state",
	"The whole state, computed again from the first block, is the one "
	"that the members signed after every block."},
    [CHECK_HISTORY] = {"history",
	"Every header commits to all blocks before it: nothing was taken out "
	"or put in later."},
    [CHECK_TOKENS] = {"tokens",
	"No unit came from nowhere or went lost: accounts, treasury and "
	"escrows are what was minted less what was burned, nobody spent more "
	"than there was."},
    [CHECK_ROUNDS] = {"rounds",
	"Every round closed by its rule with exactly the answers that the "
	"attestations name, each signed by its member and within the bounds."},
    [CHECK_MODEL] = {"model",
	"Every aggregate and every model follows from the updates by the "
	"agreed rule, computed again to the last bit."},
    [CHECK_PAY] = {"pay",
	"What validators stated of the rounds' worth was stated once and in "
	"time, and contributions were paid by it."},
    [CHECK_PRIVACY] = {"privacy",
	"No data asset's privacy budget was passed by what the updates "
	"claim."},
    [CHECK_CONSENT] = {"consent",
	"Every update used data that its owner allowed at that time, for "
	"that task, circuit and purpose."},
    [CHECK_VOTES] = {"votes",
	"Every vote was open to its voter, counted with the weights of the "
	"snapshot, and only what passed was carried out, after its lock."},
    [CHECK_VERSIONS] = {"versions",
	"Every model version was minted by a finished job, its shares add up, "
	"and only owners or approved keys moved it."},
    [CHECK_CREDENTIALS] = {"credentials",
	"Credentials were issued and revoked by those who may, and none was "
	"used after it was revoked or expired."},
    [CHECK_EVIDENCE] = {"evidence",
	"Nobody is accused or punished without two signed objects that "
	"contradict each other."},
    [CHECK_PERSONAL] = {"personal data",
	"The chain has no field for rows, and no free text in it looks like "
	"an e-mail address or a telephone number."},
    [CHECK_COMPLETE] = {"completeness",
	"The chain reaches at least as far as the checkpoint that the auditor "
	"holds, and contains it."},
    [CHECK_UNUSUAL] = {"unusual",
	"Nothing in the rounds asks for a person's look."},
};

const char *
check_code(enum check_id id)
{
	static const char *const codes[CHECKS] = {"", "A1", "A2", "A3", "A4",
	    "A5", "A6", "A7", "A8", "A9", "A10", "A11", "A12", "A13", "A14",
	    "A15", "A16", "A17", "A18", "A19", "A20"};

	assert(id < CHECKS);
	return codes[id];
}

const char *
check_name(enum check_id id)
{
	assert(id > CHECK_NONE && id < CHECKS);
	return rows[id].name;
}

const char *
check_claim(enum check_id id)
{
	assert(id > CHECK_NONE && id < CHECKS);
	return rows[id].claim;
}

const char *
check_state_name(uint8_t state)
{
	return state == CHECK_PROVED ? "proved"
	    : state == CHECK_FAILED  ? "failed"
				     : "cannot be known";
}

void
checks_fail(struct checks *c, enum check_id id, uint64_t height,
    const char *why)
{
	struct check *k = &c->of[id];

	assert(id > CHECK_NONE && id < CHECKS);
	if (k->state == CHECK_FAILED)
		return;
	k->state = CHECK_FAILED;
	k->height = height;
	snprintf(k->why, sizeof(k->why), "%s", why);
}

bool
checks_failed(const struct checks *c, enum check_id id)
{
	return c->of[id].state == CHECK_FAILED;
}

bool
checks_decides(enum check_id id)
{
	return id != CHECK_UNUSUAL;
}

enum check_id
checks_first(const struct checks *c)
{
	enum check_id id;

	for (id = CHECK_FOUNDING; id < CHECKS; id++)
		if (checks_failed(c, id) && checks_decides(id))
			return id;
	return CHECK_NONE;
}

enum check_id
check_of_verify(enum verify_verdict v)
{
	switch (v) {
	case VERIFY_OK:
		return CHECK_NONE;
	case VERIFY_FEDERATION:
		return CHECK_FOUNDING;
	case VERIFY_FORM:
	case VERIFY_ID:
	case VERIFY_HEIGHT:
	case VERIFY_PREVIOUS:
	case VERIFY_TIME:
		return CHECK_ORDER;
	case VERIFY_HISTORY:
		return CHECK_HISTORY;
	case VERIFY_LAST_COMMIT:
	case VERIFY_COMMIT_BLOCK:
	case VERIFY_COMMIT_SIGNER:
	case VERIFY_COMMIT_QUORUM:
	case VERIFY_COMMIT_SIGNATURE:
		return CHECK_CERTIFICATES;
	case VERIFY_ANSWER_MEMBER:
	case VERIFY_ANSWER_SIGNATURE:
	case VERIFY_ATTEST_SIGNER:
	case VERIFY_ATTEST_SIGNATURE:
		return CHECK_ROUNDS;
	case VERIFY_NO_MEMORY: /* nothing was checked: the audit ends */
		break;
	}
	return CHECK_ORDER;
}

static enum check_id
check_of_kind(uint8_t tx_kind)
{
	switch (tx_kind) {
	case TX_ASSET_REGISTER:
	case TX_ASSET_WITHDRAW:
	case TX_ASSET_ERASED:
	case TX_ORDER:
	case TX_ORDER_ACCEPT:
	case TX_ORDER_CANCEL:
		return CHECK_CONSENT;
	case TX_COMMIT:
	case TX_WORTH:
		return CHECK_PAY;
	case TX_PROPOSE:
	case TX_VOTE:
		return CHECK_VOTES;
	case TX_MODEL_TRANSFER:
	case TX_MODEL_APPROVE:
	case TX_MODEL_LEASE:
		return CHECK_VERSIONS;
	case TX_CREDENTIAL:
	case TX_REVOKE:
		return CHECK_CREDENTIALS;
	default:
		return CHECK_TRANSACTIONS;
	}
}

/* What says more than the kind of the transaction. */
enum check_id
check_of_books(uint8_t tx_kind, enum books_verdict v)
{
	switch ((int)v) {
	case BOOKS_OK:
		return CHECK_NONE;
	case BOOKS_BODY:
	case BOOKS_EXPIRED:
	case BOOKS_NONCE:
	case BOOKS_FEE:
	case BOOKS_NOBODY:
		return CHECK_TRANSACTIONS;
	case BOOKS_FUNDS:
	case BOOKS_PRICE:
		return CHECK_TOKENS;
	case BOOKS_ASSET_WITHDRAWN:
	case BOOKS_ASSET_EXPIRED:
	case BOOKS_ASSET_BANNED:
	case BOOKS_ASSET_USED_UP:
	case BOOKS_TASK_DENIED:
	case BOOKS_CIRCUIT_DENIED:
	case BOOKS_PURPOSE:
		return CHECK_CONSENT;
	case BOOKS_PRIVACY:
		return CHECK_PRIVACY;
	case BOOKS_CREDENTIAL:
		return CHECK_CREDENTIALS;
	case BOOKS_POLICY:
	case BOOKS_VOTED:
	case BOOKS_RANGE:
		return CHECK_VOTES;
	default:
		return check_of_kind(tx_kind);
	}
}

/* The transaction that does not apply, found by applying them one by one. */
static enum check_id
check_of_txs(const struct ledger *l, const struct block *b, const char **why)
{
	enum check_id id = CHECK_VOTES; /* asked for the impossible */
	struct books *books;

	*why = books_verdict_text(BOOKS_RANGE);
	if (books_clone(ledger_books(l), &books) < 0)
		return id;
	books_watch(books, (struct books_journal){NULL, NULL});
	for (uint16_t i = 0; i < b->header.ntxs; i++) {
		int v = books_apply(books, b->txs[i], b->header.height);

		if (v == BOOKS_OK)
			continue;
		if (v > 0) {
			id = check_of_books(b->txs[i]->kind,
			    (enum books_verdict)v);
			*why = books_verdict_text((enum books_verdict)v);
		}
		break;
	}
	books_free(books);
	return id;
}

/* Why the data of an update were not to be used. */
static enum check_id
check_of_data(const struct ledger *l, const struct block *b, const char **why)
{
	for (uint16_t i = 0; i < b->header.nanswers; i++) {
		const struct answer *a = b->answers[i];
		enum books_verdict v = BOOKS_OK;

		if (a->kind == ANSWER_UPDATE)
			v = txs_consent(l, a->member, &a->data_asset);
		if (v == BOOKS_OK)
			continue;
		*why = books_verdict_text(v);
		return v == BOOKS_PRIVACY ? CHECK_PRIVACY : CHECK_CONSENT;
	}
	return CHECK_CONSENT;
}

enum check_id
check_of_block(const struct ledger *l, const struct block *b,
    enum ledger_verdict v, const char **why)
{
	*why = ledger_verdict_text(v);
	switch ((int)v) {
	case LEDGER_OK:
		return CHECK_NONE;
	case LEDGER_FEDERATION:
		return CHECK_FOUNDING;
	case LEDGER_FORMAT:
	case LEDGER_STALE:
	case LEDGER_FUTURE:
	case LEDGER_PREVIOUS:
	case LEDGER_TIME:
		return CHECK_ORDER;
	case LEDGER_COMMIT:
		return CHECK_CERTIFICATES;
	case LEDGER_PROPOSER:
		return CHECK_VALIDATORS;
	case LEDGER_PARAMS:
		return hash_equal(&b->header.validators,
			   ledger_validators(l)) &&
			hash_equal(&b->header.next_validators,
			    ledger_validators(l))
		    ? CHECK_VOTES
		    : CHECK_VALIDATORS;
	case LEDGER_VERSION:
		if (b->header.app_version == ledger_version(l))
			*why = "the members agreed on rules of a later version "
			       "from here on, which this program does not "
			       "have: audit it with a later one";
		return CHECK_VOTES;
	case LEDGER_PAUSED:
		return CHECK_VOTES;
	case LEDGER_PRIVACY:
	case LEDGER_FEW_ROWS:
		return CHECK_PRIVACY;
	case LEDGER_SIGNATURE: /* the answers' were verified before */
		return CHECK_TRANSACTIONS;
	case LEDGER_EVIDENCE:
		return CHECK_EVIDENCE;
	case LEDGER_TX:
		return check_of_txs(l, b, why);
	case LEDGER_STATE:
		return CHECK_STATE;
	case LEDGER_HISTORY:
		return CHECK_HISTORY;
	case LEDGER_BASE_MODEL:
	case LEDGER_AGGREGATE:
	case LEDGER_MODEL:
		return CHECK_MODEL;
	case LEDGER_ASSET:
		return check_of_data(l, b, why);
	default:
		return CHECK_ROUNDS;
	}
}
