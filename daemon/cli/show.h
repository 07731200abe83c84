/*
 * show.h - a federation for people and for programs, on stdout.
 */
#ifndef QML_DAEMON_CLI_SHOW_H
#define QML_DAEMON_CLI_SHOW_H

#include "proto/federation.h"

/* An exit code. A draft without members is shown as one. */
int show_federation(const struct federation *f);
int show_federation_json(const struct federation *f);

#endif
