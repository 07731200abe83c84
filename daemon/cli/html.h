/*
 * html.h - pieces of a page that stands alone: no script, nothing from outside.
 *
 * All words go through markup_words. Errors of the stream are the caller's to
 * look at (ferror).
 */
#ifndef QML_DAEMON_CLI_HTML_H
#define QML_DAEMON_CLI_HTML_H

#include <stddef.h>
#include <stdio.h>

struct jv;

void html_head(FILE *f, const char *title);
void html_tail(FILE *f);
void html_section(FILE *f, const char *title, const char *note);
/* A row of two cells: name and words. */
void html_fact(FILE *f, const char *name, const char *words);
/* One table out of a list of objects; an empty list says `none`. */
struct html_column {
	const char *key, *title;
	enum {
		HTML_TEXT,
		HTML_SHORT, /* an id or a hash, its first 16 characters */
		HTML_NUMBER,
		HTML_TOKENS, /* of 10^6 units */
		HTML_Q24,
		HTML_FLAG, /* "yes" */
	} form;
};
void html_table(FILE *f, const struct jv *rows,
    const struct html_column *columns, size_t n, const char *none);

#endif
