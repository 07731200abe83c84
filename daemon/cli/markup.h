/*
 * markup.h - words of anybody's, safe inside a page (HTML) or a picture (SVG).
 */
#ifndef QML_DAEMON_CLI_MARKUP_H
#define QML_DAEMON_CLI_MARKUP_H

#include <stdio.h>

/* As text or as an attribute in double quotes; what acts on the place
 * where it is shown (plain.h) becomes a blank. Errors of the stream are the
 * caller's to look at (ferror). */
void markup_words(FILE *f, const char *words);

#endif
