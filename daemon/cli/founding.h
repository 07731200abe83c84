/*
 * founding.h - what the founding commands share: home, key, files.
 */
#ifndef QML_DAEMON_CLI_FOUNDING_H
#define QML_DAEMON_CLI_FOUNDING_H

#include <stdbool.h>

#include "config/node.h"
#include "daemon/node/keys.h"
#include "proto/federation.h"

/* All return an exit code and have said on stderr what is wrong. */
int founding_keys(const char *home, struct keys *k);
int founding_config(const char *home, struct config_node *c);
int founding_federation(const char *path, bool draft, struct federation *f);

/* What the others dial: advertise, else listen, with this host's name in the
 * place of a wildcard; "" for a node that dials out only. */
void founding_address(const struct config_node *c,
    char out[static FEDERATION_ADDRESS_LEN]);

/* Writes the file anew: beside it first, then renamed over it. */
int founding_replace(const char *path, const struct federation *f);

#endif
