/*
 * ctl_version.h - versions of models: what the chain knows of one.
 */
#ifndef QML_DAEMON_CLI_CTL_VERSION_H
#define QML_DAEMON_CLI_CTL_VERSION_H

#include "daemon/cli/ctl.h"

/* model show TOKEN, model history TOKEN, model card TOKEN; argv[1] is that
 * word. */
int ctl_model_version(int argc, char **argv);
int ctl_model_history(int argc, char **argv);
int ctl_model_card(int argc, char **argv);

/* All the chain knows of it: "model.version" of RPC.md. An exit code. */
int ctl_get_version(struct ctl *c, const char *token, struct jv **out)
    __attribute__((warn_unused_result));
/* The first row of a list in it; NULL: none. */
const struct jv *ctl_first(const struct jv *v, const char *list);

#endif
