/*
 * ctl_settle.h - where tokens came from and went: history and settlement.
 */
#ifndef QML_DAEMON_CLI_CTL_SETTLE_H
#define QML_DAEMON_CLI_CTL_SETTLE_H

#include "daemon/cli/ctl.h"

/* ledger history, ledger export; argv[1] is that word. */
int ctl_ledger_history(int argc, char **argv);
int ctl_ledger_export(int argc, char **argv);

#endif
