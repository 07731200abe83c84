/*
 * ctl_books.h - commands that read the ledger's tables or send a transaction.
 *
 * A table says of each command which transaction it is and which words and
 * options become which fields. To add one: a row in ctl_books_verbs.c.
 */
#ifndef QML_DAEMON_CLI_CTL_BOOKS_H
#define QML_DAEMON_CLI_CTL_BOOKS_H

#include "daemon/cli/ctl.h"

/* How a word becomes a field. */
enum ctl_field_type {
	CTL_FIELD_TEXT,
	CTL_FIELD_NUMBER,
	CTL_FIELD_TOKENS, /* with up to six digits behind the point */
	CTL_FIELD_LIST,   /* texts between commas */
	CTL_FIELD_FILE,   /* the text of that file */
	CTL_FIELD_MAYBE,  /* likewise; as the last word it may be missing */
};

struct ctl_field {
	const char *name; /* of the option, and of the field with '_' */
	enum ctl_field_type type;
};

#define CTL_VERB_WORDS 3
#define CTL_VERB_OPTIONS 16

struct ctl_verb {
	const char *noun, *verb;
	const char *kind;  /* of the transaction; NULL: a list */
	const char *table; /* of the list */
	struct ctl_field words[CTL_VERB_WORDS];
	struct ctl_field options[CTL_VERB_OPTIONS];
	const char *usage; /* "TO AMOUNT [--memo TEXT]" */
	const char *help;
};

extern const struct ctl_verb ctl_verbs[];
extern const size_t ctl_nverbs;

/* argv[1] is the verb. */
int ctl_books_command(const char *noun, int argc, char **argv);
/* Has this noun such a verb? */
bool ctl_books_has(const char *noun, const char *verb);

/* Sends a transaction, takes params, and waits for its block: *last is what
 * became of it, for the caller to free. An exit code; said why. */
int ctl_books_submit(struct ctl *c, const char *kind, struct jv *params,
    struct jv **last) __attribute__((warn_unused_result));
/* A table of the ledger whole, in as many answers as it takes: the last answer,
 * with all rows; for the caller to free. An exit code; said why. */
int ctl_books_table(struct ctl *c, const char *table, struct jv **out)
    __attribute__((warn_unused_result));
/* The number of the newest proposal of this title that was submitted in the
 * block of this height or, of height 0, is open; 0: there is none. */
int64_t ctl_books_proposal(struct ctl *c, const char *title, int64_t height);
/* What comes next, for people; 0: nothing is said. */
void ctl_books_ask_votes(int64_t number);

/* Of the fields of an asset: DATA.terms, made anew. An exit code; said why. */
int ctl_terms_write(struct ctl *c, const struct jv *params)
    __attribute__((warn_unused_result));

/* ctl_proposal.c; argv[1] is that word. */
int ctl_proposal_show(int argc, char **argv);

/* Rows of a table for people. */
int ctl_books_print(const char *table, const struct jv *list);

#endif
