/*
 * checks.h - the twenty checks of an audit, by name: A1 to A20.
 *
 * Each is proved, failed (at a block, with a sentence), or cannot be known from
 * a chain, with the reason. A block that a rule refuses fails exactly the check
 * that this rule belongs to; of the others nothing is said from that block on.
 * Pure.
 */
#ifndef QML_DAEMON_CLI_CHECKS_H
#define QML_DAEMON_CLI_CHECKS_H

#include <stdbool.h>
#include <stdint.h>

#include "consensus/chain/verify.h"
#include "consensus/ledger/ledger.h"

#define CHECK_WHY_LEN 400

enum check_id {
	CHECK_NONE,
	CHECK_FOUNDING,
	CHECK_ORDER,
	CHECK_CERTIFICATES,
	CHECK_VALIDATORS,
	CHECK_TRANSACTIONS,
	CHECK_STATE,
	CHECK_HISTORY,
	CHECK_TOKENS,
	CHECK_ROUNDS,
	CHECK_MODEL,
	CHECK_PAY,
	CHECK_PRIVACY,
	CHECK_CONSENT,
	CHECK_VOTES,
	CHECK_VERSIONS,
	CHECK_CREDENTIALS,
	CHECK_EVIDENCE,
	CHECK_PERSONAL,
	CHECK_COMPLETE,
	CHECK_UNUSUAL,
	CHECKS, /* past the last */
};

enum check_state {
	CHECK_UNKNOWN, /* cannot be known from a chain, or not from this */
	CHECK_PROVED,
	CHECK_FAILED,
};

struct check {
	uint8_t state;   /* enum check_state */
	uint64_t height; /* of the block that failed it */
	char why[CHECK_WHY_LEN];
};

struct checks {
	struct check of[CHECKS];
};

const char *check_code(enum check_id id); /* "A3" */
const char *check_name(enum check_id id); /* "certificates" */
/* What holds when it is proved, a sentence. */
const char *check_claim(enum check_id id);
const char *check_state_name(uint8_t state); /* "proved", ... */

/* The first failure of a check stands. */
void checks_fail(struct checks *c, enum check_id id, uint64_t height,
    const char *why);
bool checks_failed(const struct checks *c, enum check_id id);
/* One of those that decide whether the chain is proved: all but A20, which
 * lists what a person should look at. */
bool checks_decides(enum check_id id);
/* The first of those that failed; CHECK_NONE. */
enum check_id checks_first(const struct checks *c);

/* Whose rule refused this? */
enum check_id check_of_verify(enum verify_verdict v);
enum check_id check_of_books(uint8_t tx_kind, enum books_verdict v);
/* Of a block that ledger_check refused at l's next height. *why is a sentence
 * of static storage, more exact than the verdict's where there is one. */
enum check_id check_of_block(const struct ledger *l, const struct block *b,
    enum ledger_verdict v, const char **why);

#endif
