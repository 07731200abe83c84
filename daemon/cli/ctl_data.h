/*
 * ctl_data.h - commands of qmlctl that need rows: they become qmltrain.
 */
#ifndef QML_DAEMON_CLI_CTL_DATA_H
#define QML_DAEMON_CLI_CTL_DATA_H

/* Replaces this process by the qmltrain beside it; returns only an exit code
 * after saying why it could not. argv[0] is "qmltrain". */
int ctl_become_trainer(char *const *argv);

/* ctl_asset.c; argv[1] is that word. */
int ctl_data_show(int argc, char **argv);
int ctl_data_erase(int argc, char **argv);

#endif
