#include <stdio.h>
#include <string.h>
#include <time.h>

#include "daemon/cli/ctl.h"
#include "daemon/cli/ctl_text.h"
#include "proto/federation.h"

static int
finish_table(struct ctl_table *t)
{
	int rc = ctl_table_print(t, stdout) == 0
	    ? CLI_OK
	    : cli_error(CLI_FAILED, "out of memory");

	ctl_table_close(t);
	return rc;
}

static void
add_peer(struct ctl_table *t, const struct jv *p)
{
	const bool up = jv_true(jv_get(p, "up"));
	char rtt[32] = "", in[CTL_TEXT_LEN], out[CTL_TEXT_LEN], lost[32];
	char note[128], address[FEDERATION_ADDRESS_LEN];
	const char *cells[8];

	if (up)
		snprintf(rtt, sizeof(rtt), "%.1f ms",
		    jv_real(jv_get(p, "rtt_ms"), 0));
	snprintf(lost, sizeof(lost), "%lld",
	    (long long)ctl_integer(p, "dropped"));
	ctl_text_clean(ctl_string(p, "last_error"), note, sizeof(note));
	ctl_text_clean(ctl_string(p, "address"), address, sizeof(address));
	cells[0] = ctl_string(p, "name");
	cells[1] = !up                     ? "down"
	    : jv_true(jv_get(p, "dialed")) ? "up, we dialed"
					   : "up, it dialed";
	cells[2] = rtt;
	cells[3] = ctl_text_bytes(ctl_integer(p, "bytes_in"), in);
	cells[4] = ctl_text_bytes(ctl_integer(p, "bytes_out"), out);
	cells[5] = lost;
	cells[6] = address[0] != '\0' ? address : "dials out only";
	cells[7] = up ? "" : note;
	ctl_table_add(t, cells);
}

static int
print_peers(const struct jv *v)
{
	static const char *const titles[] = {"MEMBER", "LINK", ">RTT", ">IN",
	    ">OUT", ">DROPPED", "ADDRESS", "LAST ERROR"};
	const struct jv *list = jv_get(v, "peers");
	struct ctl_table t;
	size_t down = 0;
	int rc;

	ctl_table_init(&t, titles, 8);
	for (size_t i = 0; i < jv_len(list); i++) {
		add_peer(&t, jv_at(list, i));
		down += !jv_true(jv_get(jv_at(list, i), "up"));
	}
	rc = finish_table(&t);
	if (down > 0)
		printf("%zu down; a link is tried again by itself. Is that "
		       "node running, and its port open?\n",
		    down);
	return rc;
}

static int
print_members(const struct jv *v)
{
	static const char *const titles[] = {"NAME", "SEAT", "LINK", ">POWER",
	    ">WEIGHT", "ADDRESS", "NODE"};
	const struct jv *list = jv_get(v, "members");
	struct ctl_table t;

	ctl_table_init(&t, titles, 7);
	for (size_t i = 0; i < jv_len(list); i++) {
		const struct jv *m = jv_at(list, i);
		char power[24], weight[24], address[FEDERATION_ADDRESS_LEN];
		const char *cells[7] = {ctl_string(m, "name"),
		    ctl_string(m, "state"),
		    jv_true(jv_get(m, "self"))            ? "this node"
			: jv_true(jv_get(m, "connected")) ? "yes"
							  : "no",
		    power, weight, address, ctl_string(m, "node")};

		snprintf(power, sizeof(power), "%lld",
		    (long long)ctl_integer(m, "power"));
		snprintf(weight, sizeof(weight), "%lld",
		    (long long)ctl_integer(m, "weight"));
		ctl_text_clean(ctl_string(m, "address"), address,
		    sizeof(address));
		ctl_table_add(&t, cells);
	}
	return finish_table(&t);
}

static void
add_round(struct ctl_table *t, const struct jv *r, int64_t now_ms)
{
	const bool skip = strcmp(ctl_string(r, "kind"), "skip") == 0;
	char n[24], height[24], ago[CTL_TEXT_LEN], loss[32] = "-";
	char accuracy[32] = "-", answers[48], span[CTL_TEXT_LEN];
	const char *cells[8] = {n, height, ago, loss, accuracy, answers, span,
	    skip ? "skipped: too few updates, the model stays" : ""};

	snprintf(n, sizeof(n), "%lld", (long long)ctl_integer(r, "round"));
	snprintf(height, sizeof(height), "%lld",
	    (long long)ctl_integer(r, "height"));
	ctl_text_span(now_ms - ctl_integer(r, "time_ms"), ago);
	if (ctl_integer(r, "rows") > 0 && ctl_text_has_loss(r)) {
		snprintf(loss, sizeof(loss), "%.4f",
		    jv_real(jv_get(r, "loss_before"), 0));
		snprintf(accuracy, sizeof(accuracy), "%.1f %%",
		    100 * jv_real(jv_get(r, "local_accuracy"), 0));
	}
	snprintf(answers, sizeof(answers), "%lld of %lld",
	    (long long)ctl_integer(r, "updates"),
	    (long long)ctl_integer(r, "answers"));
	ctl_text_span(ctl_integer(r, "duration_ms"), span);
	ctl_table_add(t, cells);
}

static int
print_rounds(const struct jv *v)
{
	static const char *const titles[] = {">ROUND", ">BLOCK", ">CLOSED AGO",
	    ">LOSS", ">LOCAL ACC", ">UPDATES", ">TIME", "NOTE"};
	const struct jv *list = jv_get(v, "rounds");
	struct ctl_table t;
	struct timespec ts;
	int rc;

	if (jv_len(list) == 0) {
		puts("no round has closed yet\nnext: qmlctl status");
		return CLI_OK;
	}
	clock_gettime(CLOCK_REALTIME, &ts);
	ctl_table_init(&t, titles, 8);
	for (size_t i = jv_len(list); i > 0; i--)
		add_round(&t, jv_at(list, i - 1),
		    (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000);
	rc = finish_table(&t);
	printf("loss: of the model the round began with, on the members' "
	       "rows\nnext: qmlctl round %lld\n",
	    (long long)ctl_integer(jv_at(list, jv_len(list) - 1), "round"));
	return rc;
}

/* The whole of a command that asks one question without words. */
static int
show(const char *method, const char *usage, int (*print)(const struct jv *v),
    int argc, char **argv)
{
	const char *n_text = NULL;
	const struct cli_option own[] = {{"n", &n_text, NULL}};
	const struct ctl_args a = {own, strcmp(method, "rounds") == 0, usage,
	    0};
	struct jv *v = NULL, *p = NULL;
	uint64_t n = 20;
	struct ctl c;
	int rc = ctl_parse(&c, &a, &argc, argv);

	if (rc == CLI_OK && n_text != NULL &&
	    (!ctl_number(n_text, &n) || n == 0))
		rc = cli_error(CLI_USAGE, "-n: \"%.40s\" is not 1 or more",
		    n_text);
	if (rc == CLI_OK && a.n > 0) {
		p = jv_object();
		jv_put_integer(p, "n", (int64_t)n);
	}
	if (rc == CLI_OK)
		rc = ctl_call(&c, method, p, &v);
	if (rc == CLI_OK)
		rc = c.json ? ctl_print_json(v) : print(v);
	jv_free(v);
	ctl_close(&c);
	return rc < 0 ? CLI_OK : rc;
}

int
ctl_cmd_peers(int argc, char **argv)
{
	return show("peers",
	    "usage: qmlctl peers [OPTIONS]\n"
	    "The links to the other members.\n",
	    print_peers, argc, argv);
}

int
ctl_cmd_members(int argc, char **argv)
{
	return show("members",
	    "usage: qmlctl members [OPTIONS]\n"
	    "Who belongs to the federation, with full node ids.\n",
	    print_members, argc, argv);
}

int
ctl_cmd_rounds(int argc, char **argv)
{
	return show("rounds",
	    "usage: qmlctl rounds [-n N] [OPTIONS]\n"
	    "The last N (20) closed rounds, newest first.\n",
	    print_rounds, argc, argv);
}
