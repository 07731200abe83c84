/*
 * ctl.h - what all commands of qmlctl share: where the daemon is, what it
 * said, and what that means as an exit code.
 *
 * A command parses its words, asks, and prints: for people, or the daemon's
 * own object with --json. Whatever fails has been said on stderr together with
 * what to do next. To add one: a function here, a row in ctl_commands.c.
 */
#ifndef QML_DAEMON_CLI_CTL_H
#define QML_DAEMON_CLI_CTL_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/cli/cli.h"
#include "daemon/cli/rpc_client.h"
#include "daemon/node/home.h"

#define CTL_TIMEOUT_S 10

struct ctl {
	const char *socket, *home, *timeout; /* as given; NULL: not */
	bool json;
	int timeout_ms; /* of one answer */
	char home_buf[HOME_PATH_LEN];
	char path[HOME_PATH_LEN]; /* of the socket */
	struct rpc_client rpc;
};

#define CTL_INIT ((struct ctl){.rpc = RPC_CLIENT_INIT})

/* A command's own options, beside the common ones. */
struct ctl_args {
	const struct cli_option *options;
	size_t n;
	const char *usage; /* its first lines; the common options follow */
	size_t words_max;
};

/* As cli_parse, with the common options; -n and -o are --n and --out. */
int ctl_parse(struct ctl *c, const struct ctl_args *a, int *argc, char **argv);
void ctl_close(struct ctl *c);

/* c->path from --socket, or from --home's qmlnode.yaml. -ENAMETOOLONG. */
int ctl_find_socket(struct ctl *c) __attribute__((warn_unused_result));

/* Takes params. CLI_OK with *result for the caller to free, or an exit code
 * after saying why. */
int ctl_call(struct ctl *c, const char *method, struct jv *params,
    struct jv **result) __attribute__((warn_unused_result));
/* The exit code of what rpc_open, rpc_call or rpc_next_event returned. */
int ctl_explain(const struct ctl *c, int rc);

/* Of an answer; "" and 0 when it is not there. */
const char *ctl_string(const struct jv *o, const char *key);
int64_t ctl_integer(const struct jv *o, const char *key);
/* One line on stdout. */
int ctl_print_json(const struct jv *v);
/* A whole number without sign. */
bool ctl_number(const char *word, uint64_t *out);

extern const struct cli_program ctl_program;
/* The options before the command moved behind it, "status" put where none is;
 * malloc'd, and so is nothing in it. NULL: no memory. */
char **ctl_arrange(int *argc, char **argv);

int ctl_cmd_status(int argc, char **argv);
int ctl_cmd_health(int argc, char **argv);
int ctl_cmd_peers(int argc, char **argv);
int ctl_cmd_members(int argc, char **argv);
int ctl_cmd_invite(int argc, char **argv);
int ctl_cmd_leave(int argc, char **argv);
int ctl_cmd_rounds(int argc, char **argv);
int ctl_cmd_round(int argc, char **argv);
int ctl_cmd_block(int argc, char **argv);
int ctl_cmd_chain(int argc, char **argv); /* from files, no daemon */
int ctl_cmd_model(int argc, char **argv);
int ctl_cmd_data(int argc, char **argv);
int ctl_cmd_ledger(int argc, char **argv);
int ctl_cmd_worth(int argc, char **argv);
int ctl_cmd_privacy(int argc, char **argv);
int ctl_cmd_job(int argc, char **argv);
int ctl_cmd_proposal(int argc, char **argv);
int ctl_cmd_credential(int argc, char **argv);
int ctl_cmd_plot(int argc, char **argv);
int ctl_cmd_events(int argc, char **argv);
int ctl_cmd_rpc(int argc, char **argv);
int ctl_cmd_stop(int argc, char **argv);
int ctl_cmd_version(int argc, char **argv);

#endif
