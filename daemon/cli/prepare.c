#include "daemon/cli/prepare.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "config/federation_file.h"
#include "daemon/cli/cli.h"
#include "daemon/cli/process.h"
#include "daemon/cli/join_line.h"
#include "daemon/cli/refounded.h"
#include "daemon/node/log.h"
#include "proto/sign.h"

int
prepare_config(struct prepare *p)
{
	struct config_error e = {.file = ""};
	char path[HOME_PATH_LEN];

	if (home_path(p->home, HOME_CONFIG, path, sizeof(path)) < 0)
		return cli_error(CLI_CONFIG, "the home path is too long");
	if (config_node_load(&p->config, path, &e) < 0)
		return cli_error(CLI_CONFIG,
		    "%s\n  Nothing was started. "
		    "Check again with: qmlnode check --home %s",
		    e.text, p->home);
	log_set_level((enum log_level)p->config.log_level);
	return CLI_OK;
}

/* Who agreed to go on under another id must not sign for the old one. */
static int
load_refounded(struct prepare *p)
{
	char path[HOME_PATH_LEN], text[HASH_HEX_LEN] = "";
	struct hash agreed, id;
	int rc = refounded_load(p->home, &p->federation);
	FILE *f;

	if (rc == 0)
		rc = federation_id_now(&p->federation, &id);
	if (rc == 0)
		rc = home_path(p->home, REFOUNDED_AGREED, path, sizeof(path));
	if (rc < 0)
		return cli_error(rc == -EBADMSG ? CLI_DAMAGED : CLI_IO,
		    "%s/" REFOUNDED_FILE ": %s\n  Copy it from another member",
		    p->home, strerror(-rc));
	f = fopen(path, "r");
	if (f == NULL)
		return CLI_OK;
	if (fgets(text, sizeof(text), f) == NULL)
		text[0] = '\0';
	fclose(f);
	if (hash_from_hex(text, &agreed) == 0 && hash_equal(&agreed, &id))
		return CLI_OK;
	return cli_error(CLI_CONFIG,
	    "%s: this node has signed a re-founding that is not complete\n  "
	    "Run qmlnode refound with the line that all have signed",
	    path);
}

int
prepare_federation(struct prepare *p)
{
	struct config_error e = {.file = ""};
	char path[HOME_PATH_LEN];

	if (home_path(p->home, HOME_FEDERATION, path, sizeof(path)) < 0)
		return cli_error(CLI_CONFIG, "the home path is too long");
	if (access(path, F_OK) < 0)
		return cli_error(CLI_CONFIG,
		    "%s: no federation here\n  Join "
		    "one: qmlnode join federation.yaml --home %s",
		    path, p->home);
	if (federation_file_load(&p->federation, path, false, &e) < 0)
		return cli_error(CLI_CONFIG, "%s\n  Nothing was started.",
		    e.text);
	return load_refounded(p);
}

static int
load_psk(struct prepare *p)
{
	char path[HOME_PATH_LEN];
	int rc;

	if (!p->federation.shared_key)
		return CLI_OK;
	if (p->config.psk_file[0] == '\0')
		return cli_error(CLI_CONFIG,
		    "this federation says shared_key, and %s/" HOME_CONFIG
		    " does not say psk_file\n  Get the file of 32 bytes that "
		    "all members share, chmod 600, and name it there",
		    p->home);
	rc = home_path(p->home, p->config.psk_file, path, sizeof(path));
	if (rc == 0)
		rc = home_read_secret(path, p->psk, sizeof(p->psk));
	if (rc < 0)
		return cli_error(rc == -EPERM ? CLI_KEY_PERMISSIONS
					      : CLI_CONFIG,
		    "%s: want a file of 32 bytes and mode 0600: "
		    "%s",
		    path, strerror(-rc));
	p->node.psk = p->psk;
	return CLI_OK;
}

/* Erased, or lost. A node without rows needs none. */
static int
no_salt(struct prepare *p, const char *path)
{
	if (p->config.data_file[0] == '\0' && p->config.data_command.n == 0)
		return load_psk(p);
	return cli_error(CLI_CONFIG,
	    "%s: it is not there: erased, or lost\n  To go on as a validator "
	    "without rows, take data out of %s/" HOME_CONFIG
	    "\n  For new rows, make a new one: head -c 32 /dev/urandom > %s; "
	    "chmod 600 %s",
	    path, p->home, path, path);
}

int
prepare_keys(struct prepare *p)
{
	char path[HOME_PATH_LEN], err[KEYS_ERR_LEN];
	int rc = home_path(p->home, HOME_KEY, path, sizeof(path));

	if (rc == 0)
		rc = keys_load(&p->keys, path, err, sizeof(err));
	if (rc == -EPERM)
		return cli_error(CLI_KEY_PERMISSIONS, "%s", err);
	if (rc < 0)
		return cli_error(CLI_CONFIG, "%s", err);
	rc = home_path(p->home, HOME_SALT, path, sizeof(path));
	if (rc == 0)
		rc = home_read_secret(path, p->salt, sizeof(p->salt));
	p->node.salt = p->salt;
	if (rc == -ENOENT)
		return no_salt(p, path);
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
	return load_psk(p);
}

static int
find_trainer(struct prepare *p)
{
	int rc;

	if (p->config.trainer_command.n > 0) {
		p->node.trainer_command = p->config.trainer_command.text;
		return CLI_OK;
	}
	rc = process_beside("qmltrain", p->trainer, sizeof(p->trainer));
	if (rc < 0)
		return cli_error(CLI_FAILED,
		    "cannot tell where qmlnode lies: %s\n"
		    "  Set trainer.command in qmlnode.yaml",
		    strerror(-rc));
	p->command[0] = p->trainer;
	p->node.trainer_command = p->command;
	return CLI_OK;
}

/* What `join LINE` left. One of an older program has a name only. */
static void
find_host(struct prepare *p)
{
	char path[HOME_PATH_LEN], text[JOIN_LINE_LEN], err[200];
	struct join_line line;
	FILE *f;

	if (home_path(p->home, HOME_INVITED, path, sizeof(path)) < 0)
		return;
	f = fopen(path, "r");
	if (f == NULL)
		return;
	if (fgets(text, sizeof(text), f) != NULL &&
	    join_line_parse(text, &line, err, sizeof(err)) == 0) {
		p->host = line.host;
		p->node.host = &p->host;
	}
	fclose(f);
}

int
prepare_options(struct prepare *p)
{
	const struct config_node *c = &p->config;
	struct node_options *o = &p->node;
	int self = federation_find(&p->federation, &p->keys.id);

	/* By an invitation: a guest until the members have voted. */
	if (self < 0 && home_has(p->home, HOME_INVITED))
		self = ROSTER_NOBODY;
	if (self < 0)
		return cli_error(CLI_CONFIG,
		    "the key in %s is not a member of "
		    "federation \"%s\"\n  The founder adds the line that "
		    "qmlnode init printed",
		    p->home, p->federation.name);
	find_host(p);
	o->home = p->home;
	o->federation = &p->federation;
	o->self = (uint16_t)self;
	o->id = p->keys.id;
	o->key = p->keys.sign;
	o->network_secret = p->keys.network;
	o->listen = c->listen[0] != '\0' ? c->listen : NULL;
	if (home_path(p->home, c->control_socket, p->socket,
		sizeof(p->socket)) < 0 ||
	    home_path(p->home, c->data_command.n > 0 ? "data" : c->data_file,
		p->data, sizeof(p->data)) < 0 ||
	    home_path(p->home, c->data_labels, p->labels, sizeof(p->labels)) <
		0)
		return cli_error(CLI_CONFIG,
		    "a path in qmlnode.yaml is too "
		    "long");
	o->socket = p->socket;
	o->data = (struct trainer_data){.one_class = c->data_one_class};
	if (c->data_file[0] != '\0')
		o->data.path = p->data;
	if (c->data_labels[0] != '\0')
		o->data.labels = p->labels;
	if (c->data_command.n > 0) {
		o->data.command = c->data_command.text;
		o->data.beside = p->data;
	}
	o->threads = c->trainer_threads;
	o->confine = c->trainer_confine;
	o->scrub_ms = c->storage_scrub;
	return find_trainer(p);
}

/* What to do about a home whose lock cannot be had. */
static const char *
lock_hint(int rc)
{
	switch (-rc) {
	case EACCES:
		return "Run it as the user whose node this is: ls -ld DIR";
	case EROFS:
		return "Its disk is mounted read-only: mount it for writing; "
		       "if the system made it so by\n  itself, look at the "
		       "disk first (dmesg)";
	case ENOSPC:
	case EDQUOT:
		return "Its disk is full: make room on it";
	default:
		return "Name the folder of a node: --home DIR";
	}
}

int
prepare_lock(struct prepare *p)
{
	pid_t holder = 0;
	int rc = home_lock(p->home, &p->lock, &holder);

	if (rc == -EAGAIN)
		return cli_error(CLI_TEMPORARY,
		    "another qmlnode holds %s "
		    "(pid %ld)\n  Stop it, or use another directory: --home "
		    "DIR",
		    p->home, (long)holder);
	if (rc == -ENOENT)
		return cli_error(CLI_CONFIG,
		    "%s: %s\n  Make a home with: qmlnode init --home %s",
		    p->home, strerror(-rc), p->home);
	if (rc < 0)
		return cli_error(CLI_IO, "%s: %s\n  %s", p->home, strerror(-rc),
		    lock_hint(rc));
	return CLI_OK;
}

void
prepare_close(struct prepare *p)
{
	keys_close(&p->keys);
	sign_wipe(p->psk, sizeof(p->psk));
	federation_close(&p->federation);
	config_node_close(&p->config);
	if (p->lock >= 0)
		close(p->lock);
	p->lock = -1;
}
