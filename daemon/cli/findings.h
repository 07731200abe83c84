/*
 * findings.h - what an audit looks for beyond the rules of the chain.
 *
 * Free texts that look like a person's data (A18), the same update twice (A20),
 * and the books' decisions, versions and budgets counted once more by other
 * code than the ledger's (A8, A12, A14, A15). Pure.
 */
#ifndef QML_DAEMON_CLI_FINDINGS_H
#define QML_DAEMON_CLI_FINDINGS_H

#include "consensus/books/view.h"
#include "daemon/cli/checks.h"

/* Updates of the round before: who repeats one did not train. */
struct findings {
	uint16_t n;
	uint16_t member[FEDERATION_MAX_MEMBERS];
	struct hash payload[FEDERATION_MAX_MEMBERS];
	uint64_t ntexts;    /* free texts that were read */
	uint64_t nrepeated; /* updates that somebody had sent before */
};

#define FINDINGS_INIT ((struct findings){0})

/* An e-mail address, or a telephone number that begins with a plus. */
bool findings_personal(const char *text);

/* A block that passed; l is the state after it. */
void findings_block(struct findings *f, const struct ledger *l,
    const struct block *b, struct checks *out);

/* Rows of the books; NULL: sound, else a sentence of static storage. */
const char *findings_motion(const struct motion *m);
/* nmembers, and the tokens that came before it. */
const char *findings_token(const struct token *t, uint16_t nmembers,
    const struct books *b);
const char *findings_asset(const struct asset *a);
/* All of them, at the end of the chain. */
void findings_books(const struct books *b, uint16_t nmembers, uint64_t height,
    struct checks *out);

#endif
