#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/node.h"
#include "consensus/chain/disk_posix.h"
#include "consensus/chain/votelog.h"
#include "daemon/cli/cli.h"
#include "daemon/cli/founding.h"
#include "daemon/cli/init.h"
#include "daemon/cli/member_line.h"
#include "daemon/node/home.h"
#include "daemon/node/keys.h"
#include "proto/sign.h"

#define LISTEN_DEFAULT "0.0.0.0:7701"

static const char usage[] =
    "usage: qmlnode init [--home DIR] [--name NAME] [--listen HOST:PORT]\n"
    "                    [--advertise HOST:PORT] [--data FILE.csv]\n"
    "Makes node.key, votes.wal, data.salt and a commented qmlnode.yaml, and\n"
    "prints the line to send to the founder. Nothing is ever overwritten.\n";

struct init {
	const char *home, *name, *listen, *advertise, *data;
	char default_home[HOME_PATH_LEN];
	char host[33];
	char address[FEDERATION_ADDRESS_LEN];
	struct config_node config;
	struct keys keys;
	bool quiet;    /* who joins needs no line */
	bool made_key; /* by us, a moment ago: may be taken back */
};

/* The host's name up to the first dot, if a member may have it. */
static void
default_name(char *host, size_t len)
{
	if (gethostname(host, len) < 0)
		host[0] = '\0';
	host[len - 1] = '\0';
	host[strcspn(host, ".")] = '\0';
	if (!federation_name_ok(host))
		snprintf(host, len, "node");
}

/* Paths in the file are relative to the home, the option's to here. */
static int
fill_data(struct init *t)
{
	char here[HOME_PATH_LEN];

	if (t->data == NULL)
		return CLI_OK;
	if (getcwd(here, sizeof(here)) == NULL ||
	    home_path(here, t->data, t->config.data_file,
		sizeof(t->config.data_file)) != 0)
		return cli_error(CLI_USAGE, "--data: the path is too long");
	return CLI_OK;
}

static int
check_address(const char *option, const char *address)
{
	if (address[0] == '\0' ||
	    (federation_address_ok(address) &&
		strlen(address) < FEDERATION_ADDRESS_LEN))
		return CLI_OK;
	return cli_error(CLI_USAGE, "%s: want host:port, got \"%.60s\"", option,
	    address);
}

static int
fill_config(struct init *t)
{
	struct config_node *c = &t->config;
	const char *listen = t->listen != NULL ? t->listen : LISTEN_DEFAULT;
	const char *advertise = t->advertise != NULL ? t->advertise : "";
	int rc;

	if (t->name == NULL) {
		default_name(t->host, sizeof(t->host));
		t->name = t->host;
	}
	if (config_node_default(c, t->name) != 0)
		return cli_error(CLI_USAGE,
		    "--name: want at most 32 letters, digits, '.', '-' or "
		    "'_', got \"%.60s\"",
		    t->name);
	rc = check_address("--listen", listen);
	if (rc == CLI_OK)
		rc = check_address("--advertise", advertise);
	if (rc != CLI_OK)
		return rc;
	snprintf(c->listen, sizeof(c->listen), "%s", listen);
	snprintf(c->advertise, sizeof(c->advertise), "%s", advertise);
	founding_address(c, t->address);
	rc = check_address("--advertise", t->address);
	return rc == CLI_OK ? fill_data(t) : rc;
}

static int
make_folder(const char *home)
{
	char part[HOME_PATH_LEN];
	size_t i, len = strlen(home);

	if (len == 0 || len >= sizeof(part))
		return cli_error(CLI_USAGE, "want a home: --home DIR");
	while (len > 1 && home[len - 1] == '/')
		len--; /* else it would be made as somebody's parent */
	for (i = 1; i <= len; i++) {
		if (home[i] != '/' && i < len)
			continue;
		memcpy(part, home, i);
		part[i] = '\0';
		if (mkdir(part, i == len ? 0700 : 0755) < 0 && errno != EEXIST)
			return cli_error(CLI_IO, "%s: %s", part,
			    strerror(errno));
	}
	return CLI_OK;
}

/* A node is there already, or half of one: nothing is touched. */
static int
refuse_existing(const struct init *t)
{
	static const char *const names[] = {HOME_KEY, VOTELOG_NAME, HOME_SALT,
	    HOME_CONFIG, HOME_FEDERATION, HOME_CHAIN};
	char path[HOME_PATH_LEN];
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (home_path(t->home, names[i], path, sizeof(path)) != 0)
			return cli_error(CLI_USAGE,
			    "the home path is too "
			    "long");
		if (access(path, F_OK) == 0)
			return cli_error(CLI_CONFLICT,
			    "%s is there already; nothing was changed\n"
			    "  Its member line again: qmlnode id --member "
			    "--home %s\n"
			    "  Another node: qmlnode init --home OTHER",
			    path, t->home);
	}
	return CLI_OK;
}

static int
write_secrets(struct init *t)
{
	struct disk_posix disk = DISK_POSIX_INIT;
	char path[HOME_PATH_LEN], err[KEYS_ERR_LEN];
	uint8_t salt[HOME_SALT_LEN];
	int rc = home_path(t->home, HOME_KEY, path, sizeof(path));

	if (rc == 0)
		rc = keys_create(path);
	t->made_key = rc == 0;
	if (rc == 0)
		rc = keys_load(&t->keys, path, err, sizeof(err));
	if (rc == 0)
		rc = disk_posix_open(&disk, t->home);
	if (rc == 0)
		rc = votelog_create(&disk.disk, VOTELOG_NAME, &t->keys.id);
	disk_posix_close(&disk);
	if (rc == 0)
		rc = home_path(t->home, HOME_SALT, path, sizeof(path));
	if (rc == 0) {
		keys_random(salt, sizeof(salt));
		rc = home_write_new(path, 0600, salt, sizeof(salt));
		sign_wipe(salt, sizeof(salt));
	}
	return rc;
}

static int
write_config(struct init *t)
{
	char path[HOME_PATH_LEN], *text = NULL;
	size_t len = 0;
	FILE *to = open_memstream(&text, &len);
	int rc = home_path(t->home, HOME_CONFIG, path, sizeof(path));

	if (to == NULL)
		return -ENOMEM;
	config_node_example(&t->config, to);
	if (fclose(to) != 0)
		rc = -ENOMEM;
	if (rc == 0)
		rc = home_write_new(path, 0640, text, len);
	free(text);
	return rc;
}

/* Key and vote log are made together or not at all. The lock is held, and goes
 * last: nobody was here before. */
static void
take_back(const struct init *t)
{
	static const char *const names[] = {HOME_KEY, VOTELOG_NAME, HOME_SALT,
	    HOME_LOCK};
	char path[HOME_PATH_LEN];
	size_t i;

	for (i = t->made_key ? 0 : 3; i < 4; i++)
		if (home_path(t->home, names[i], path, sizeof(path)) == 0)
			unlink(path);
}

static void
print_done(const struct init *t)
{
	char line[MEMBER_LINE_LEN];

	fprintf(stderr,
	    "made %s: node.key, votes.wal, data.salt, qmlnode.yaml\n"
	    "This node is %s, and the others dial %s.\n"
	    "Send this line to the founder, by a channel you trust:\n\n",
	    t->home, t->config.name,
	    t->address[0] != '\0' ? t->address : "nobody (it dials out)");
	fflush(stderr);
	member_line_make(&t->keys, t->config.name, t->address, line);
	printf("%s\n", line);
	fflush(stdout);
	fprintf(stderr,
	    "\nNext: look at %s/" HOME_CONFIG "; when federation.yaml comes "
	    "back:\n  qmlnode join --home %s federation.yaml\n",
	    t->home, t->home);
}

/* It may come later; a path that is wrong is better seen now. */
static void
look_at_data(const struct init *t)
{
	const char *path = t->config.data_file;

	if (path[0] != '\0' && access(path, R_OK) < 0)
		fprintf(stderr,
		    "warning: %s: %s\n  Without rows this node votes and "
		    "trains nothing; see data in %s/" HOME_CONFIG "\n",
		    path, strerror(errno), t->home);
}

static int
init(struct init *t)
{
	pid_t holder;
	int rc, lock;

	rc = fill_config(t);
	if (rc == CLI_OK)
		rc = make_folder(t->home);
	if (rc == CLI_OK)
		rc = refuse_existing(t);
	if (rc != CLI_OK)
		return rc;
	rc = home_lock(t->home, &lock, &holder);
	if (rc != 0)
		return cli_error(rc == -EAGAIN ? CLI_TEMPORARY : CLI_IO,
		    "%s: %s", t->home, strerror(-rc));
	rc = write_secrets(t);
	if (rc == 0)
		rc = write_config(t);
	if (rc != 0) {
		take_back(t);
		close(lock);
		return cli_error(rc == -EEXIST ? CLI_CONFLICT : CLI_IO,
		    "%s: %s; nothing was kept", t->home, strerror(-rc));
	}
	if (!t->quiet)
		print_done(t);
	look_at_data(t);
	close(lock);
	return CLI_OK;
}

int
init_home(const struct init_wish *w)
{
	struct init t = {.home = w->home,
	    .name = w->name,
	    .listen = w->listen,
	    .advertise = w->advertise,
	    .data = w->data,
	    .quiet = true,
	    .keys = KEYS_INIT};
	int rc = init(&t);

	if (rc == CLI_OK)
		fprintf(stderr, "made %s; this node is %s\n", t.home,
		    t.config.name);
	keys_close(&t.keys);
	config_node_close(&t.config);
	return rc;
}

int
cmd_init(int argc, char **argv)
{
	struct init t = {.home = NULL, .keys = KEYS_INIT};
	const struct cli_option options[] = {{"home", &t.home, NULL},
	    {"name", &t.name, NULL}, {"listen", &t.listen, NULL},
	    {"advertise", &t.advertise, NULL}, {"data", &t.data, NULL}};
	const struct cli_options o = {options, 5, usage, 0};
	int rc = cli_parse(&o, &argc, argv);

	if (rc != CLI_OK)
		return rc < 0 ? CLI_OK : rc;
	if (t.home == NULL)
		t.home = home_default(t.default_home, sizeof(t.default_home));
	rc = init(&t);
	keys_close(&t.keys);
	config_node_close(&t.config);
	return rc;
}
