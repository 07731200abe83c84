/*
 * prepare.h - everything `run` reads before the loop starts.
 *
 * `run` and `check` take the same steps, so what check accepts, run accepts.
 * Each step returns an exit code and has said on stderr what is wrong.
 */
#ifndef QML_DAEMON_CLI_PREPARE_H
#define QML_DAEMON_CLI_PREPARE_H

#include "config/node.h"
#include "daemon/node/home.h"
#include "daemon/node/keys.h"
#include "daemon/node/node.h"

/* Lives as long as the node. Zero it, then set home and lock = -1. */
struct prepare {
	const char *home;
	struct config_node config;
	struct federation federation;
	struct member host; /* who invited this node */
	struct keys keys;
	uint8_t psk[32], salt[HOME_SALT_LEN];
	char data[HOME_PATH_LEN], labels[HOME_PATH_LEN];
	char socket[HOME_PATH_LEN];
	char trainer[HOME_PATH_LEN];
	char *command[2];
	int lock;
	struct node_options node; /* filled by the last step */
};

int prepare_lock(struct prepare *p); /* 75 when another process has it */
int prepare_config(struct prepare *p);
int prepare_federation(struct prepare *p);
int prepare_keys(struct prepare *p);    /* node.key, data.salt, psk_file */
int prepare_options(struct prepare *p); /* are we a member; paths */
void prepare_close(struct prepare *p);

#endif
