/*
 * dossier_html.h - a dossier as one page that a board can read and print.
 *
 * Made from the JSON document alone, so the two cannot disagree. Nothing comes
 * from outside the file: no script, no font, no picture; A4. Errors of the
 * stream are the caller's to look at (ferror).
 */
#ifndef QML_DAEMON_CLI_DOSSIER_HTML_H
#define QML_DAEMON_CLI_DOSSIER_HTML_H

#include <stdio.h>

struct jv;

void dossier_html(FILE *f, const struct jv *document);

/* dossier_annex.c: the EU AI Act's Annex IV as a skeleton. */
void dossier_annex(FILE *f, const struct jv *document);

#endif
