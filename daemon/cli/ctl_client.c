#include "daemon/cli/ctl.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "config/node.h"
#include "daemon/cli/ctl_text.h"
#include "daemon/node/ctl_line.h"

#define OPTIONS_MAX 20

static const char common[] =
    "  --home DIR     the node's home ($QMLNODE_HOME, else ~/.qmlnode)\n"
    "  --socket PATH  its control socket (else the one of DIR/qmlnode.yaml)\n"
    "  --json         one object for programs\n"
    "  --timeout S    wait at most that long for an answer (10)\n";

bool
ctl_number(const char *word, uint64_t *out)
{
	char *end;

	if (*word < '0' || *word > '9')
		return false;
	errno = 0;
	*out = strtoull(word, &end, 10);
	return *end == '\0' && errno == 0 && *out <= INT64_MAX;
}

/* What people type from habit. */
static void
lengthen(int argc, char **argv)
{
	static char n[] = "--n", out[] = "--out";

	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
		if (strcmp(argv[i], "-n") == 0)
			argv[i] = n;
		else if (strcmp(argv[i], "-o") == 0)
			argv[i] = out;
	}
}

static int
parse_timeout(struct ctl *c)
{
	uint64_t s = CTL_TIMEOUT_S;

	if (c->timeout != NULL &&
	    (!ctl_number(c->timeout, &s) || s < 1 || s > 86400))
		return cli_error(CLI_USAGE,
		    "--timeout: \"%.40s\" is not 1 to 86400 seconds",
		    c->timeout);
	c->timeout_ms = (int)s * 1000;
	return CLI_OK;
}

int
ctl_parse(struct ctl *c, const struct ctl_args *a, int *argc, char **argv)
{
	struct cli_option options[OPTIONS_MAX] = {{"socket", &c->socket, NULL},
	    {"home", &c->home, NULL}, {"timeout", &c->timeout, NULL},
	    {"json", NULL, &c->json}};
	struct cli_options o = {options, 4, NULL, a->words_max};
	char usage[2048];
	int rc;

	*c = CTL_INIT;
	for (size_t i = 0; i < a->n && o.n < OPTIONS_MAX; i++)
		options[o.n++] = a->options[i];
	snprintf(usage, sizeof(usage), "%s%s", a->usage, common);
	o.usage = usage;
	lengthen(*argc, argv);
	rc = cli_parse(&o, argc, argv);
	return rc == CLI_OK ? parse_timeout(c) : rc;
}

void
ctl_close(struct ctl *c)
{
	rpc_close(&c->rpc);
}

/* A file that is being edited must not keep anybody from the daemon that
 * runs: it is said, and the default is tried. */
static void
socket_of_config(struct ctl *c, const char *file, const char **name)
{
	static char socket_path[CONFIG_PATH_LEN];
	struct config_node config = CONFIG_NODE_INIT;
	struct config_error e = {.file = ""};

	if (config_node_load(&config, file, &e) < 0) {
		fprintf(stderr, "note: %s\n  trying %s/%s\n", e.text, c->home,
		    *name);
		return;
	}
	snprintf(socket_path, sizeof(socket_path), "%s", config.control_socket);
	*name = socket_path;
	config_node_close(&config);
}

int
ctl_find_socket(struct ctl *c)
{
	const char *name = "qmlnode.sock";
	char file[HOME_PATH_LEN];

	if (c->socket != NULL) {
		if (strlen(c->socket) >= sizeof(c->path))
			return -ENAMETOOLONG;
		memcpy(c->path, c->socket, strlen(c->socket) + 1);
		return 0;
	}
	if (c->home == NULL)
		c->home = home_default(c->home_buf, sizeof(c->home_buf));
	if (home_path(c->home, HOME_CONFIG, file, sizeof(file)) < 0)
		return -ENAMETOOLONG;
	if (access(file, R_OK) == 0)
		socket_of_config(c, file, &name);
	return home_path(c->home, name, c->path, sizeof(c->path));
}

static int
no_daemon(const struct ctl *c, const char *what)
{
	if (c->socket != NULL)
		return cli_error(CLI_NO_DAEMON,
		    "no daemon at %s: %s\n  Is it running? Its node is "
		    "started by: qmlnode run --home DIR",
		    c->path, what);
	return cli_error(CLI_NO_DAEMON,
	    "no daemon at %s: %s\n  Start it: qmlnode run --home %s    "
	    "Another node? --home DIR or --socket PATH",
	    c->path, what, c->home);
}

static int
refused(const struct ctl *c)
{
	char text[512];

	ctl_text_clean(c->rpc.error, text, sizeof(text));
	switch (c->rpc.code) {
	case CTL_NOT_PERMITTED:
		return cli_error(CLI_NOT_PERMITTED,
		    "%s\n  Run it as the daemon's user, or join the group of "
		    "%s and log in again",
		    text, c->path);
	case CTL_REFUSED:
		return cli_error(CLI_CONFLICT, "%s", text);
	case CTL_NOT_FOUND:
		return cli_error(CLI_NOT_FOUND, "%s", text);
	case CTL_NO_METHOD:
		return cli_error(CLI_NOT_FOUND, "%s\n  qmlctl rpc", text);
	case CTL_PARAMS:
	case CTL_INVALID:
		return cli_error(CLI_USAGE, "%s", text);
	default:
		return cli_error(CLI_FAILED, "%s", text);
	}
}

int
ctl_explain(const struct ctl *c, int rc)
{
	switch (-rc) {
	case 0:
		return CLI_OK;
	case ENOENT:
	case ENOTDIR:
		return no_daemon(c, "there is no socket");
	case ECONNREFUSED:
		return no_daemon(c, "nobody answers there");
	case ECONNRESET:
		return no_daemon(c, "it closed the connection");
	case EACCES:
	case EPERM:
		return cli_error(CLI_NOT_PERMITTED,
		    "%s: you may not talk to this daemon\n  Run it as the "
		    "daemon's user, or join the group of the socket: ls -l %s",
		    c->path, c->path);
	case ETIMEDOUT:
	case EAGAIN:
		return cli_error(CLI_TIMEOUT,
		    "%s: no answer in %d s\n  Wait longer with --timeout S",
		    c->path, c->timeout_ms / 1000);
	case ENAMETOOLONG:
		return cli_error(CLI_USAGE,
		    "the path of a socket may have %zu bytes at most:\n  %s",
		    sizeof(((struct sockaddr_un *)0)->sun_path) - 1, c->path);
	case EREMOTEIO:
		return refused(c);
	case EBADMSG:
		return cli_error(CLI_FAILED,
		    "%s: what came is not an answer of qmlnode\n  Is that its "
		    "socket?",
		    c->path);
	default:
		return cli_error(CLI_FAILED, "%s: %s", c->path, strerror(-rc));
	}
}

int
ctl_call(struct ctl *c, const char *method, struct jv *params,
    struct jv **result)
{
	int rc = 0;

	if (c->rpc.fd < 0) {
		rc = ctl_find_socket(c);
		if (rc == 0)
			rc = rpc_open(&c->rpc, c->path);
	}
	if (rc == 0)
		rc = rpc_call(&c->rpc, method, params, c->timeout_ms, result);
	else
		jv_free(params);
	return ctl_explain(c, rc);
}

const char *
ctl_string(const struct jv *o, const char *key)
{
	return jv_text(jv_get(o, key), "");
}

int64_t
ctl_integer(const struct jv *o, const char *key)
{
	return jv_int(jv_get(o, key), 0);
}

int
ctl_print_json(const struct jv *v)
{
	char *text = jv_dump(v);

	if (text == NULL)
		return cli_error(CLI_FAILED, "out of memory");
	puts(text);
	free(text);
	return CLI_OK;
}
