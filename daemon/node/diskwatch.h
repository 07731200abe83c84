/*
 * diskwatch.h - what the storage thread says about its disk, told to people.
 *
 * arg is the node. A full disk is waited out, damage is named, and a write or
 * a sync that failed ends the process: what the disk holds then nobody knows,
 * and asking it again would not tell. Loop thread.
 */
#ifndef QML_DAEMON_NODE_DISKWATCH_H
#define QML_DAEMON_NODE_DISKWATCH_H

#include <stdbool.h>

#include "consensus/chain/scrub.h"
#include "daemon/node/tables.h"

/* As in struct storage_callbacks. */
void diskwatch_full(void *arg, bool full);
void diskwatch_scrubbed(void *arg, const struct scrub_finding *f, int err);
void diskwatch_tables(void *arg, enum tables_part part, int err);
void diskwatch_failed(void *arg, int err, const char *text);

/* What is wrong with what is stored; NULL: nothing that is known. Static. */
struct node;
const char *diskwatch_trouble(const struct node *n);

#endif
