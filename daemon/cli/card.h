/*
 * card.h - a model's card: what it is, from which data, how good, how fair,
 * what it is not.
 *
 * Made from what the chain knows ("model.version" of RPC.md) and, where there
 * is one, from what `qmltrain score --json` found on a file. Pure.
 */
#ifndef QML_DAEMON_CLI_CARD_H
#define QML_DAEMON_CLI_CARD_H

#include <stdio.h>

#include "daemon/node/jv.h"

#define CARD_ROWS_MIN 30 /* of a class; fewer: its metrics are not told */

/* The whole card as one object: "qml.model_card/1". score NULL: none. */
struct jv *card_make(const struct jv *version, const struct jv *score);
/* For people; markdown has the headings of model cards that others read. */
void card_print(const struct jv *card, bool markdown, FILE *to);

#endif
