/*
 * probe.h - ask the trainer whether the rows fit, exactly as run would.
 */
#ifndef QML_DAEMON_CLI_PROBE_H
#define QML_DAEMON_CLI_PROBE_H

#include "daemon/node/node.h"
#include "proto/trainwire.h"

#define PROBE_TEXT_LEN (TRAINWIRE_TEXT_MAX + 64)

/* Starts the configured trainer, sends it the setup and waits for its answer.
 * 0: they fit, *ready is filled. 1: they do not, why is in text. -ETIMEDOUT,
 * -EPROTO (not a trainer of ours), -errno. */
int probe_trainer(const struct node_options *o, struct trainwire_ready *ready,
    char text[static PROBE_TEXT_LEN]) __attribute__((warn_unused_result));

#endif
