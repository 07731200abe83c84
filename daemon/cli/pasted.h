/*
 * pasted.h - a line that one operator hands to another, as it arrives.
 *
 * Out of a mail or a chat it comes in quotes, behind the command that it
 * belongs to, quoted with '>' or broken into several lines. Every such line
 * begins with a word of its own and ends with a check, so what was around it
 * can be taken off; whether a break stood for a blank or within a word only
 * the check can tell, so who parses one tries both. Pure.
 */
#ifndef QML_DAEMON_CLI_PASTED_H
#define QML_DAEMON_CLI_PASTED_H

#include <stdbool.h>
#include <stddef.h>

#define PASTED_CHECK_LEN 8  /* hex digits, behind the last blank */
#define PASTED_WORDS_MAX 12 /* of a command that takes a line */

struct pasted_kind {
	const char *magic;   /* it begins with */
	const char *context; /* of the hash that its check is of */
};

/* The line alone, single blanks between its words, if there is a whole one.
 * *end: its length before the blank and the check. */
bool pasted_take(const char *text, const struct pasted_kind *k, char *out,
    size_t len, size_t *end);
/* The check of a line that is to be handed over. */
void pasted_check(const char *line, size_t len, const char *context,
    char out[static PASTED_CHECK_LEN + 1]);

/* A line that came without its quotes is several words: argv[1] to the last,
 * malloc'd; NULL: memory. */
char *pasted_words(int argc, char **argv);
/* Whose line this is and where it belongs, without a full stop; NULL: none. */
const char *pasted_whose(const char *text);

#endif
