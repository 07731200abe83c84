#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "daemon/cli/ctl.h"
#include "daemon/cli/ctl_text.h"

#define WAIT_MS 3600000

static void
print_block(const struct jv *p)
{
	const struct jv *r = jv_get(p, "round");

	printf("block %lld %s by %s", (long long)ctl_integer(p, "height"),
	    ctl_string(p, "kind"), ctl_string(p, "proposer"));
	if (r != NULL)
		printf(": round %lld, %lld updates of %lld answers",
		    (long long)ctl_integer(r, "round"),
		    (long long)ctl_integer(r, "updates"),
		    (long long)jv_len(jv_get(r, "parts")));
	if (ctl_integer(r, "rows") > 0 && ctl_text_has_loss(r))
		printf(", loss %.4f", jv_real(jv_get(r, "loss_before"), 0));
	putchar('\n');
}

static void
print_event(const struct jv *e)
{
	const struct jv *p = jv_get(e, "params");
	const char *method = ctl_string(e, "method");
	time_t now = time(NULL);
	char at[16] = "";
	struct tm tm;

	if (localtime_r(&now, &tm) != NULL)
		(void)strftime(at, sizeof(at), "%H:%M:%S", &tm);
	printf("%s  ", at);
	if (strcmp(method, "block.committed") == 0)
		print_block(p);
	else if (strcmp(method, "round.opened") == 0)
		printf("round %lld is open\n",
		    (long long)ctl_integer(p, "round"));
	else if (strcmp(method, "answer.received") == 0)
		printf("answer of %s for round %lld\n", ctl_string(p, "member"),
		    (long long)ctl_integer(p, "round"));
	else
		printf("%s\n", method);
}

/* With a timeout it is one between two events; without, patience. */
static int
stream(struct ctl *c, uint64_t count)
{
	const int wait_ms = c->timeout != NULL ? c->timeout_ms : WAIT_MS;
	struct jv *e;
	int rc, code = CLI_OK;

	for (uint64_t i = 0; code == CLI_OK && i < count;) {
		rc = rpc_next_event(&c->rpc, wait_ms, &e);
		if (rc == -ETIMEDOUT && c->timeout == NULL)
			continue;
		if (rc < 0)
			return ctl_explain(c, rc);
		if (c->json)
			code = ctl_print_json(e);
		else
			print_event(e);
		jv_free(e);
		if (fflush(stdout) != 0)
			return cli_error(CLI_FAILED,
			    "stdout cannot be written");
		i++;
	}
	return code;
}

int
ctl_cmd_events(int argc, char **argv)
{
	const char *text = NULL;
	const struct cli_option own[] = {{"count", &text, NULL}};
	const struct ctl_args a = {own, 1,
	    "usage: qmlctl events [--count N] [OPTIONS]\n"
	    "A line for each round that opens, answer that comes, block that "
	    "is\ncommitted; until N of them, or ^C.\n",
	    0};
	uint64_t count = UINT64_MAX;
	struct jv *v = NULL;
	struct ctl c;
	int rc = ctl_parse(&c, &a, &argc, argv);

	if (rc != CLI_OK)
		return rc < 0 ? CLI_OK : rc;
	if (text != NULL && (!ctl_number(text, &count) || count == 0))
		return cli_error(CLI_USAGE,
		    "--count: \"%.40s\" is not 1 or more", text);
	rc = ctl_call(&c, "events", NULL, &v);
	jv_free(v);
	if (rc == CLI_OK)
		rc = stream(&c, count);
	ctl_close(&c);
	return rc;
}

int
ctl_cmd_rpc(int argc, char **argv)
{
	const struct ctl_args a = {NULL, 0,
	    "usage: qmlctl rpc [METHOD [JSON]] [OPTIONS]\n"
	    "Any method with an object of parameters; alone it lists them. "
	    "The\nresult is printed as it came.\n",
	    2};
	struct jv *params = NULL, *v = NULL;
	char err[128];
	struct ctl c;
	int rc = ctl_parse(&c, &a, &argc, argv);

	if (rc != CLI_OK)
		return rc < 0 ? CLI_OK : rc;
	if (argc > 1 && strcmp(argv[1], "events") == 0)
		return cli_error(CLI_USAGE, "that is a stream: qmlctl events");
	if (argc > 2) {
		params = jv_parse(argv[2], strlen(argv[2]), err, sizeof(err));
		if (params == NULL)
			return cli_error(CLI_USAGE, "JSON: %s", err);
	}
	rc = ctl_call(&c, argc > 1 ? argv[1] : "rpc.list", params, &v);
	if (rc == CLI_OK)
		rc = ctl_print_json(v);
	jv_free(v);
	ctl_close(&c);
	return rc;
}

int
ctl_cmd_stop(int argc, char **argv)
{
	const struct ctl_args a = {NULL, 0,
	    "usage: qmlctl stop [OPTIONS]\n"
	    "The daemon finishes its writes, says goodbye and ends.\n",
	    0};
	struct jv *v = NULL;
	struct ctl c;
	int rc = ctl_parse(&c, &a, &argc, argv);

	if (rc == CLI_OK)
		rc = ctl_call(&c, "stop", NULL, &v);
	if (rc == CLI_OK && c.json)
		rc = ctl_print_json(v);
	else if (rc == CLI_OK)
		puts("stopping: the daemon finishes its writes and ends");
	jv_free(v);
	ctl_close(&c);
	return rc < 0 ? CLI_OK : rc;
}
