#include <errno.h>
#include <netdb.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "consensus/chain/disk_posix.h"
#include "consensus/chain/votelog.h"
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
	if (federation_id(&p->federation, &id) != 0)
		return cli_error(CLI_FAILED, "out of memory");
	good("federation", "%s, %u members, %s", p->federation.name,
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
	m = &p->federation.members[p->node.self];
	good("member", "as %s, number %u, dialled at %s", m->name, p->node.self,
	    m->address[0] != '\0' ? m->address : "no address");
	return CLI_OK;
}

/* A disk that reads the vote log and cannot change it. */
struct reading_disk {
	struct disk_posix posix; /* first, as disk_posix's own calls want */
	struct disk_ops ops;
	const struct disk_ops *real;
};

static int
open_reading(struct disk *d, const char *name, enum disk_mode mode,
    struct disk_file **out)
{
	(void)mode; /* votelog_open asks to write as well */
	return ((struct reading_disk *)d)->real->open(d, name, DISK_READ, out);
}

static int64_t
refuse_write(struct disk_file *f, const void *buf, size_t len, uint64_t offset)
{
	(void)f, (void)buf, (void)len, (void)offset;
	return -EROFS;
}

static int
explain_votes(const struct prepare *p, int rc)
{
	if (rc == -ENOENT)
		return cli_error(CLI_DAMAGED,
		    "%s/" VOTELOG_NAME " is gone; without it this node could "
		    "sign a second, different vote\n"
		    "  Put the file back. If it is lost, this node is: make "
		    "another one with\n  qmlnode init --home OTHER, and ask "
		    "the members to take it in",
		    p->home);
	if (rc == -EBADMSG)
		return cli_error(CLI_DAMAGED,
		    "%s/" VOTELOG_NAME " is damaged in both copies of a "
		    "record\n  Restore the newest copy of it; never an older "
		    "one",
		    p->home);
	if (rc == -EINVAL)
		return cli_error(CLI_CONFLICT,
		    "%s/" VOTELOG_NAME " belongs to another node.key", p->home);
	return cli_error(CLI_IO, "%s/" VOTELOG_NAME ": %s", p->home,
	    strerror(-rc));
}

static int
check_votes(const struct prepare *p)
{
	struct reading_disk disk = {.posix = DISK_POSIX_INIT};
	struct votelog log = VOTELOG_INIT;
	struct votelog_report report;
	const struct votelog_open_args args = {.name = VOTELOG_NAME,
	    .node = p->keys.id,
	    .report = &report};
	uint64_t seq = 0;
	int rc = disk_posix_open(&disk.posix, p->home);

	if (rc == 0) {
		disk.real = disk.posix.disk.ops;
		disk.ops = *disk.real;
		disk.ops.open = open_reading;
		disk.ops.write = refuse_write;
		disk.posix.disk.ops = &disk.ops;
		rc = votelog_open(&log, &disk.posix.disk, &args);
		seq = log.seq;
	}
	votelog_close(&log);
	disk_posix_close(&disk.posix);
	if (rc == -EROFS)
		good("vote log", "one of its two copies is torn; run mends it");
	else if (rc == 0)
		good("vote log", "%llu votes, whole", (unsigned long long)seq);
	else
		return explain_votes(p, rc);
	return CLI_OK;
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
		return cli_error(CLI_CONFIG, "listen: %s: %s", p->node.listen,
		    strerror(-rc));
	good("listen", "%s", p->node.listen);
	return CLI_OK;
}

static int
check_socket(const struct prepare *p)
{
	size_t max = sizeof(((struct sockaddr_un *)0)->sun_path) - 1;

	if (strlen(p->socket) > max)
		return cli_error(CLI_CONFIG,
		    "control.socket: want at most %zu bytes, got %zu: %s\n"
		    "  Say a shorter path in qmlnode.yaml, like "
		    "/run/qmlnode.sock",
		    max, strlen(p->socket), p->socket);
	good("socket", "%s", p->socket);
	return CLI_OK;
}

static int
check_data(const struct prepare *p)
{
	struct trainwire_ready ready = {.rows = 0};
	char text[PROBE_TEXT_LEN];
	int rc;

	if (p->node.data == NULL) {
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

/* What stands alone is checked even when something before it failed; the
 * first failure is the exit code. */
static int
check_all(struct prepare *p, bool effective)
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
	next = check_keys(p);
	if (code == CLI_OK)
		code = next;
	next = next == CLI_OK ? check_votes(p) : next;
	if (code == CLI_OK)
		code = next;
	if (code != CLI_OK)
		return code;
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
		code = check_all(p, effective);
		fflush(stdout);
		if (code == CLI_OK)
			fprintf(stderr,
			    "All is well. Next: qmlnode run "
			    "--home %s\n",
			    p->home);
	}
	prepare_close(p);
	free(p);
	return code < 0 ? CLI_OK : code;
}
