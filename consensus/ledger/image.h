/*
 * image.h - the whole state of a ledger, as bytes and back.
 *
 * For a checkpoint, so that a start need not read the chain from block 1. Two
 * ledgers with the same image go on alike, block by block; what follows from
 * other fields, and what is only remembered, is not in it. Whoever reads one
 * compares ledger_state with the header of the head: an image proves nothing.
 * A field that is added here raises IMAGE_VERSION. Pure.
 */
#ifndef QML_CONSENSUS_LEDGER_IMAGE_H
#define QML_CONSENSUS_LEDGER_IMAGE_H

#include "consensus/ledger/ledger.h"
#include "proto/bytes.h"

#define IMAGE_VERSION 3

/* w->error says how it went. */
void ledger_image(const struct ledger *l, struct bytes_writer *w);
/* Of the same federation, knowing the same re-foundings. -EBADMSG: these bytes
 * are no state; -ENOMEM. */
int ledger_of_image(const struct federation *f, const void *data, size_t len,
    struct ledger **out) __attribute__((warn_unused_result));
/* The root over what is there, to be compared with a header. */
struct hash ledger_state(const struct ledger *l);

#endif
