#define _GNU_SOURCE /* readlink of /proc/self/exe has no POSIX name */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/federation_file.h"
#include "config/node.h"
#include "daemon/cli/cli.h"
#include "daemon/node/home.h"
#include "daemon/node/keys.h"
#include "daemon/node/log.h"
#include "daemon/node/node.h"

/* What `run` reads before the loop starts; lives as long as the node. */
struct run {
	const char *home;
	struct config_node config;
	struct federation federation;
	struct keys keys;
	uint8_t psk[32];
	char data[HOME_PATH_LEN], socket[HOME_PATH_LEN];
	char trainer[HOME_PATH_LEN];
	char *command[2];
	int lock;
	struct node_options node;
};

static int
load_config(struct run *r)
{
	struct config_error e = {.file = ""};
	char path[HOME_PATH_LEN];

	if (home_path(r->home, HOME_CONFIG, path, sizeof(path)) < 0)
		return cli_error(CLI_CONFIG, "the home path is too long");
	if (config_node_load(&r->config, path, &e) < 0)
		return cli_error(CLI_CONFIG,
		    "%s\n  Nothing was started. "
		    "Check again with: qmlnode check --home %s",
		    e.text, r->home);
	log_set_level((enum log_level)r->config.log_level);
	if (home_path(r->home, HOME_FEDERATION, path, sizeof(path)) < 0)
		return cli_error(CLI_CONFIG, "the home path is too long");
	if (access(path, F_OK) < 0)
		return cli_error(CLI_CONFIG,
		    "%s: no federation here\n  Join "
		    "one: qmlnode join federation.yaml --home %s",
		    path, r->home);
	if (federation_file_load(&r->federation, path, false, &e) < 0)
		return cli_error(CLI_CONFIG, "%s\n  Nothing was started.",
		    e.text);
	return CLI_OK;
}

static int
load_keys(struct run *r)
{
	char path[HOME_PATH_LEN], err[KEYS_ERR_LEN];
	int rc = home_path(r->home, HOME_KEY, path, sizeof(path));

	if (rc == 0)
		rc = keys_load(&r->keys, path, err, sizeof(err));
	if (rc == -EPERM)
		return cli_error(CLI_KEY_PERMISSIONS, "%s", err);
	if (rc < 0)
		return cli_error(CLI_CONFIG, "%s", err);
	rc = home_path(r->home, HOME_SALT, path, sizeof(path));
	if (rc == 0)
		rc = home_read_secret(path, r->node.salt, sizeof(r->node.salt));
	if (rc == -EPERM)
		return cli_error(CLI_KEY_PERMISSIONS,
		    "%s can be read by "
		    "others\n  chmod 600 %s",
		    path, path);
	if (rc < 0)
		return cli_error(CLI_CONFIG,
		    "%s: %s\n  qmlnode init makes it "
		    "together with the key",
		    path, strerror(-rc));
	return CLI_OK;
}

static int
load_psk(struct run *r)
{
	char path[HOME_PATH_LEN];
	int rc;

	if (!r->federation.shared_key)
		return CLI_OK;
	if (r->config.psk_file[0] == '\0')
		return cli_error(CLI_CONFIG,
		    "this federation uses a shared "
		    "link key; set psk_file in qmlnode.yaml");
	rc = home_path(r->home, r->config.psk_file, path, sizeof(path));
	if (rc == 0)
		rc = home_read_secret(path, r->psk, sizeof(r->psk));
	if (rc < 0)
		return cli_error(rc == -EPERM ? CLI_KEY_PERMISSIONS
					      : CLI_CONFIG,
		    "%s: want a file of 32 bytes and mode 0600: "
		    "%s",
		    path, strerror(-rc));
	r->node.psk = r->psk;
	return CLI_OK;
}

static int
find_trainer(struct run *r)
{
	ssize_t n;
	char *slash;

	if (r->config.trainer_command.n > 0) {
		r->node.trainer_command = r->config.trainer_command.text;
		return CLI_OK;
	}
	n = readlink("/proc/self/exe", r->trainer, sizeof(r->trainer) - 10);
	if (n < 0)
		return cli_error(CLI_FAILED,
		    "cannot tell where qmlnode lies: "
		    "%s\n  Set trainer.command in qmlnode.yaml",
		    strerror(errno));
	r->trainer[n] = '\0';
	slash = strrchr(r->trainer, '/');
	memcpy(slash + 1, "qmltrain", sizeof("qmltrain"));
	r->command[0] = r->trainer;
	r->node.trainer_command = r->command;
	return CLI_OK;
}

static int
fill_options(struct run *r)
{
	const struct config_node *c = &r->config;
	struct node_options *o = &r->node;
	int self = federation_find(&r->federation, &r->keys.id);

	if (self < 0)
		return cli_error(CLI_CONFIG,
		    "the key in %s is not a member of "
		    "federation \"%s\"\n  The founder adds the line that "
		    "qmlnode init printed",
		    r->home, r->federation.name);
	o->home = r->home;
	o->federation = &r->federation;
	o->self = (uint16_t)self;
	o->key = r->keys.sign;
	o->network_secret = r->keys.network;
	o->listen = c->listen[0] != '\0' ? c->listen : NULL;
	if (home_path(r->home, c->control_socket, r->socket,
		sizeof(r->socket)) < 0 ||
	    home_path(r->home, c->data_file, r->data, sizeof(r->data)) < 0)
		return cli_error(CLI_CONFIG,
		    "a path in qmlnode.yaml is too "
		    "long");
	o->socket = r->socket;
	o->data = c->data_file[0] != '\0' ? r->data : NULL;
	o->threads = c->trainer_threads;
	o->confine = c->trainer_confine;
	return find_trainer(r);
}

static int
lock_home(struct run *r)
{
	pid_t holder = 0;
	int rc = home_lock(r->home, &r->lock, &holder);

	if (rc == -EAGAIN)
		return cli_error(CLI_TEMPORARY,
		    "another qmlnode holds %s "
		    "(pid %ld)\n  Stop it, or use another directory: --home "
		    "DIR",
		    r->home, (long)holder);
	if (rc < 0)
		return cli_error(rc == -ENOENT ? CLI_CONFIG : CLI_IO,
		    "%s: %s\n  Make a home with: qmlnode init --home %s",
		    r->home, strerror(-rc), r->home);
	return CLI_OK;
}

int
cmd_run(int argc, char **argv)
{
	struct run *r = calloc(1, sizeof(*r));
	char def[HOME_PATH_LEN];
	bool plain = false;
	int code;

	if (r == NULL)
		return cli_error(CLI_FAILED, "out of memory");
	const struct cli_option options[] = {
	    {"home", &r->home, NULL},
	    {"insecure-plain-links-for-tests", NULL, &plain},
	};
	const struct cli_options o = {options, 2,
	    "usage: qmlnode run [--home DIR]\n", 0};

	r->lock = -1;
	code = cli_parse(&o, &argc, argv);
	if (code != CLI_OK) {
		free(r);
		return code < 0 ? CLI_OK : code;
	}
	if (r->home == NULL)
		r->home = home_default(def, sizeof(def));
	r->node.plain_links = plain;
	code = lock_home(r);
	if (code == CLI_OK)
		code = load_config(r);
	if (code == CLI_OK)
		code = load_keys(r);
	if (code == CLI_OK)
		code = load_psk(r);
	if (code == CLI_OK)
		code = fill_options(r);
	if (code == CLI_OK)
		code = node_run(&r->node);
	keys_close(&r->keys);
	federation_close(&r->federation);
	config_node_close(&r->config);
	if (r->lock >= 0)
		close(r->lock);
	free(r);
	return code;
}
