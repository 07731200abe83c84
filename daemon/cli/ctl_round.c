#include <stdio.h>
#include <string.h>
#include <time.h>

#include "daemon/cli/ctl.h"
#include "daemon/cli/ctl_text.h"

/* As the wall clock here shows it, with the day. */
static const char *
time_text(int64_t ms, char out[static CTL_TEXT_LEN])
{
	time_t t = (time_t)(ms / 1000);
	struct tm tm;

	out[0] = '\0';
	if (localtime_r(&t, &tm) != NULL)
		(void)strftime(out, CTL_TEXT_LEN, "%Y-%m-%d %H:%M:%S %Z", &tm);
	return out;
}

static void
add_part(struct ctl_table *t, const struct jv *p)
{
	const bool update = jv_true(jv_get(p, "update"));
	char rows[24] = "-", before[32] = "-", after[32] = "-", acc[32] = "-";
	const char *cells[8] = {ctl_string(p, "member"),
	    jv_true(jv_get(p, "late")) ? "late update"
		: update               ? "update"
				       : "no update",
	    rows, before, after, acc,
	    jv_true(jv_get(p, "replayable")) ? "yes" : "no",
	    jv_true(jv_get(p, "state_lost")) ? "state lost"
					     : ctl_string(p, "reason")};

	if (update) {
		snprintf(rows, sizeof(rows), "%lld",
		    (long long)ctl_integer(p, "rows"));
	}
	if (update && ctl_text_has_loss(p)) {
		snprintf(before, sizeof(before), "%.4f",
		    jv_real(jv_get(p, "loss_before"), 0));
		snprintf(after, sizeof(after), "%.4f",
		    jv_real(jv_get(p, "loss_after"), 0));
		snprintf(acc, sizeof(acc), "%.1f %%",
		    100 * jv_real(jv_get(p, "local_accuracy"), 0));
	}
	ctl_table_add(t, cells);
}

static int
print_round(const struct jv *r)
{
	static const char *const titles[] = {"MEMBER", "ANSWER", ">ROWS",
	    ">LOSS BEFORE", ">AFTER", ">LOCAL ACC", "REPLAYABLE", "REASON"};
	const struct jv *parts = jv_get(r, "parts");
	char at[CTL_TEXT_LEN], span[CTL_TEXT_LEN];
	struct ctl_table t;
	int rc;

	printf("round %lld  %s by block %lld  %s  after %s\n",
	    (long long)ctl_integer(r, "round"),
	    strcmp(ctl_string(r, "kind"), "skip") == 0 ? "skipped" : "closed",
	    (long long)ctl_integer(r, "height"),
	    time_text(ctl_integer(r, "time_ms"), at),
	    ctl_text_span(ctl_integer(r, "duration_ms"), span));
	ctl_table_init(&t, titles, 8);
	for (size_t i = 0; i < jv_len(parts); i++)
		add_part(&t, jv_at(parts, i));
	rc = ctl_table_print(&t, stdout);
	ctl_table_close(&t);
	if (rc < 0)
		return cli_error(CLI_FAILED, "out of memory");
	ctl_text_arms(r);
	printf("losses are the members' own claims about their rows\n"
	       "next: qmlctl block %lld\n",
	    (long long)ctl_integer(r, "height"));
	return CLI_OK;
}

/* The strings of a list, or one member of its objects, on one line. */
static void
print_names(const char *title, const struct jv *list, const char *key)
{
	printf("  %-13s", title);
	for (size_t i = 0; i < jv_len(list); i++) {
		const struct jv *v = jv_at(list, i);

		printf("%s%s", i > 0 ? ", " : "",
		    key != NULL ? ctl_string(v, key) : jv_text(v, ""));
	}
	puts(jv_len(list) == 0 ? "none" : "");
}

static void
print_header(const struct jv *b)
{
	static const char *const keys[] = {"prev", "model", "aggregate",
	    "state_root", "history_root", "answers_root", "attests_root",
	    "validators"};

	printf("  proposed by  %s, attempt %lld\n", ctl_string(b, "proposer"),
	    (long long)ctl_integer(b, "view") + 1);
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		printf("  %-13s%s\n", keys[i], ctl_string(b, keys[i]));
}

static int
print_block(const struct jv *b)
{
	const struct jv *c = jv_get(b, "certificate");
	const int64_t height = ctl_integer(b, "height");
	char at[CTL_TEXT_LEN];

	printf("block %lld  %s  round %lld  %s\n", (long long)height,
	    ctl_string(b, "kind"), (long long)ctl_integer(b, "round"),
	    time_text(ctl_integer(b, "time_ms"), at));
	if (height == 0) {
		printf("  federation   %s\n  founded by   %lld members: "
		       "qmlctl members\n",
		    ctl_string(b, "federation"),
		    (long long)ctl_integer(b, "members"));
		return CLI_OK;
	}
	printf("  id           %s\n", ctl_string(b, "id"));
	print_header(b);
	print_names("answers of", jv_get(b, "answers"), "member");
	print_names("attested by", jv_get(b, "attests"), "member");
	print_names("signed by", jv_get(c, "signers"), NULL);
	if (jv_is_number(jv_get(c, "total_power")))
		printf("  votes        %lld of %lld\n",
		    (long long)ctl_integer(c, "power"),
		    (long long)ctl_integer(c, "total_power"));
	puts("next: qmlnode audit HOME proves it from the files alone");
	return CLI_OK;
}

/* One question about one number. */
static int
show(struct ctl *c, const char *method, struct jv *params,
    int (*print)(const struct jv *v))
{
	struct jv *v = NULL;
	int rc = ctl_call(c, method, params, &v);

	if (rc == CLI_OK)
		rc = c->json ? ctl_print_json(v) : print(v);
	jv_free(v);
	return rc;
}

int
ctl_cmd_round(int argc, char **argv)
{
	const struct ctl_args a = {NULL, 0,
	    "usage: qmlctl round N [OPTIONS]\n"
	    "One closed round in full; the first is 0.\n",
	    1};
	struct jv *p;
	struct ctl c;
	uint64_t n;
	int rc = ctl_parse(&c, &a, &argc, argv);

	if (rc != CLI_OK)
		return rc < 0 ? CLI_OK : rc;
	if (argc < 2 || !ctl_number(argv[1], &n))
		return cli_error(CLI_USAGE,
		    "round: want its number\n  qmlctl rounds lists them");
	p = jv_object();
	jv_put_integer(p, "n", (int64_t)n);
	rc = show(&c, "round", p, print_round);
	ctl_close(&c);
	return rc;
}

int
ctl_cmd_block(int argc, char **argv)
{
	const struct ctl_args a = {NULL, 0,
	    "usage: qmlctl block N|head [OPTIONS]\n"
	    "One block: header, answers, who signed it.\n",
	    1};
	struct jv *p;
	struct ctl c;
	uint64_t n = 0;
	bool head;
	int rc = ctl_parse(&c, &a, &argc, argv);

	if (rc != CLI_OK)
		return rc < 0 ? CLI_OK : rc;
	head = argc > 1 && strcmp(argv[1], "head") == 0;
	if (argc < 2 || (!head && !ctl_number(argv[1], &n)))
		return cli_error(CLI_USAGE,
		    "block: want its height, or \"head\" for the last one");
	p = jv_object();
	if (head)
		jv_put_string(p, "height", "head");
	else
		jv_put_integer(p, "height", (int64_t)n);
	rc = show(&c, "block", p, print_block);
	ctl_close(&c);
	return rc;
}
