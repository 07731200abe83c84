#include <errno.h>
#include <inttypes.h>
#include <libgen.h>
#include <netdb.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon/cli/check_store.h"
#include "daemon/cli/cli.h"
#include "daemon/cli/prepare.h"
#include "daemon/cli/probe.h"
#include "proto/id.h"

static const char usage[] =
    "usage: qmlnode check [--home DIR] [--effective]\n"
    "What run would check; nothing is started or changed. --effective prints\n"
    "every setting with where it comes from.\n";

/* A line per thing that is in order; what is not goes to stderr. */
static void good(const char *what, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void
good(const char *what, const char *format, ...)
{
	va_list ap;

	printf("ok  %-11s ", what);
	va_start(ap, format);
	vprintf(format, ap);
	va_end(ap);
	putchar('\n');
}

static int
check_federation(struct prepare *p)
{
	char text[ID_TEXT_LEN];
	struct hash id;
	int code = prepare_federation(p);

	if (code != CLI_OK)
		return code;
	if (federation_id_now(&p->federation, &id) != 0)
		return cli_error(CLI_FAILED, "out of memory");
	good("federation", "%s, founded by %u members, %s", p->federation.name,
	    p->federation.nmembers, id_text(ID_FEDERATION, &id, text));
	return CLI_OK;
}

static int
check_member(struct prepare *p)
{
	const struct member *m;
	int code = prepare_options(p);

	if (code != CLI_OK)
		return code;
	if (p->node.self == ROSTER_NOBODY) {
		good("member",
		    "by the members' vote, not by the founding; qmlctl members "
		    "says whether it is one by now");
		return CLI_OK;
	}
	m = &p->federation.members[p->node.self];
	good("member", "as %s, number %u, dialled at %s", m->name, p->node.self,
	    m->address[0] != '\0' ? m->address : "no address");
	return CLI_OK;
}

static int
check_stored(const struct prepare *p, const char *what,
    int (*look)(const struct prepare *p, char *text))
{
	char text[CHECK_STORE_TEXT_LEN] = "";
	int code = look(p, text);

	if (code == CLI_OK)
		good(what, "%s", text);
	return code;
}

/* Binds as the listener would, and lets go. */
static int
check_port(const struct prepare *p)
{
	const char *listen_at = p->node.listen, *colon;
	const struct addrinfo hints = {.ai_family = AF_UNSPEC,
	    .ai_socktype = SOCK_STREAM,
	    .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
	struct addrinfo *list = NULL;
	char host[256];
	size_t len;
	int fd, rc, on = 1;

	if (listen_at == NULL) {
		good("listen", "nowhere; this node dials out only");
		return CLI_OK;
	}
	colon = strrchr(listen_at, ':');
	len = (size_t)(colon - listen_at);
	if (listen_at[0] == '[') {
		listen_at++;
		len -= 2;
	}
	memcpy(host, listen_at, len);
	host[len] = '\0';
	rc = getaddrinfo(host, colon + 1, &hints, &list);
	if (rc != 0)
		return cli_error(CLI_CONFIG, "listen: %s: %s", host,
		    gai_strerror(rc));
	fd = socket(list->ai_family, SOCK_STREAM, 0);
	rc = fd < 0 ? -errno : 0;
	if (rc == 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (rc == 0 && bind(fd, list->ai_addr, list->ai_addrlen) < 0)
		rc = -errno;
	if (fd >= 0)
		close(fd);
	freeaddrinfo(list);
	if (rc == -EADDRINUSE)
		return cli_error(CLI_TEMPORARY,
		    "listen: %s is taken\n  Stop the program that has it (ss "
		    "-ltnp), or change listen in qmlnode.yaml",
		    p->node.listen);
	if (rc != 0)
		return cli_error(rc == -EADDRNOTAVAIL ? CLI_TEMPORARY
						      : CLI_CONFIG,
		    "listen: %s: %s", p->node.listen, strerror(-rc));
	good("listen", "%s", p->node.listen);
	return CLI_OK;
}

static int
check_socket(const struct prepare *p)
{
	size_t max = sizeof(((struct sockaddr_un *)0)->sun_path) - 1;
	char folder[sizeof(p->socket)];
	struct stat st;

	if (strlen(p->socket) > max)
		return cli_error(CLI_CONFIG,
		    "control.socket: want at most %zu bytes, got %zu: %s\n"
		    "  Say a shorter path in qmlnode.yaml, like "
		    "/run/qmlnode.sock",
		    max, strlen(p->socket), p->socket);
	if (lstat(p->socket, &st) == 0 && !S_ISSOCK(st.st_mode))
		return cli_error(CLI_CONFIG,
		    "control.socket: %s: something else than a socket lies "
		    "there\n  Move it away, or say another path in "
		    "qmlnode.yaml",
		    p->socket);
	snprintf(folder, sizeof(folder), "%s", p->socket);
	if (access(dirname(folder), W_OK | X_OK) < 0)
		return cli_error(CLI_CONFIG,
		    "control.socket: %s: %s\n  Its folder must be there, and "
		    "writable; or say another path in qmlnode.yaml",
		    p->socket, strerror(errno));
	good("socket", "%s", p->socket);
	return CLI_OK;
}

static int
check_data(const struct prepare *p)
{
	struct trainwire_ready ready = {.rows = 0};
	char text[PROBE_TEXT_LEN];
	int rc;

	if (!trainer_has_data(&p->node.data)) {
		good("data", "none; this node votes and trains nothing");
		return CLI_OK;
	}
	rc = probe_trainer(&p->node, &ready, text);
	if (rc == 1)
		return cli_error(CLI_FAILED,
		    "%s\n  run would start, vote, and train nothing", text);
	if (rc == -EPROTO)
		return cli_error(CLI_CONFIG,
		    "trainer.command: %s is not a trainer of this build",
		    p->node.trainer_command[0]);
	if (rc != 0)
		return cli_error(rc == -ENOENT ? CLI_CONFIG : CLI_FAILED,
		    "trainer.command: %s: %s", p->node.trainer_command[0],
		    strerror(-rc));
	good("data", "%u rows fit the schema%s", ready.rows,
	    ready.confined ? "; the trainer can confine itself" : "");
	return CLI_OK;
}

static int
check_keys(struct prepare *p)
{
	char text[ID_TEXT_LEN];
	int code = prepare_keys(p);

	if (code == CLI_OK)
		good("keys", "%s", id_text(ID_NODE, &p->keys.id, text));
	return code;
}

/* What will stop it while it runs is no failure, and not well either. */
static int
check_rules(const struct prepare *p, uint64_t *until)
{
	char text[CHECK_STORE_TEXT_LEN] = "";
	int code = check_store_rules(p, text, until);

	if (code == CLI_OK && *until > 0)
		fprintf(stderr, "warning: %s\n", text);
	else if (code == CLI_OK)
		good("rules", "%s", text);
	return code;
}

/* What stands alone is checked even when something before it failed; the
 * first failure is the exit code. */
static int
check_all(struct prepare *p, bool effective, uint64_t *until)
{
	char path[HOME_PATH_LEN + 16];
	int code = prepare_lock(p), next;

	if (code != CLI_OK)
		return code;
	code = prepare_config(p);
	if (code != CLI_OK)
		return code;
	snprintf(path, sizeof(path), "%s/" HOME_CONFIG, p->home);
	if (effective)
		config_node_print(&p->config, path, stdout);
	else
		good("config", "%s", path);
	code = check_federation(p);
	next =
	    code == CLI_OK ? check_stored(p, "room", check_store_room) : CLI_OK;
	if (code == CLI_OK)
		code = next;
	next = check_keys(p);
	if (code == CLI_OK)
		code = next;
	if (next == CLI_OK)
		next = check_stored(p, "vote log", check_store_votes);
	if (code == CLI_OK)
		code = next;
	if (code != CLI_OK)
		return code;
	code = check_stored(p, "chain", check_store_chain);
	if (code == CLI_OK)
		code = check_stored(p, "index", check_store_index);
	if (code == CLI_OK)
		code = check_rules(p, until);
	if (code == CLI_OK)
		code = check_member(p);
	if (code != CLI_OK)
		return code;
	code = check_socket(p);
	next = check_port(p);
	if (code == CLI_OK)
		code = next;
	next = check_data(p);
	return code == CLI_OK ? next : code;
}

int
cmd_check(int argc, char **argv)
{
	struct prepare *p = calloc(1, sizeof(*p));
	char home[HOME_PATH_LEN];
	bool effective = false;
	uint64_t until = 0;
	int code;

	if (p == NULL)
		return cli_error(CLI_FAILED, "out of memory");
	const struct cli_option options[] = {{"home", &p->home, NULL},
	    {"effective", NULL, &effective}};
	const struct cli_options o = {options, 2, usage, 0};

	p->lock = -1;
	code = cli_parse(&o, &argc, argv);
	if (code == CLI_OK) {
		if (p->home == NULL)
			p->home = home_default(home, sizeof(home));
		code = check_all(p, effective, &until);
		fflush(stdout);
		if (code == CLI_OK && until > 0)
			fprintf(stderr,
			    "All else is well: qmlnode run --home %s goes on "
			    "to block %" PRIu64 "\n",
			    p->home, until);
		else if (code == CLI_OK)
			fprintf(stderr,
			    "All is well. Next: qmlnode run "
			    "--home %s\n",
			    p->home);
	}
	prepare_close(p);
	free(p);
	return code < 0 ? CLI_OK : code;
}
