/*
 * ctl_worth.c - who contributed what to closed rounds, and what it earned.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "daemon/cli/ctl.h"
#include "daemon/cli/ctl_text.h"

static const char usage[] =
    "usage: qmlctl worth [-n N] [--json]\n"
    "The last N rounds (20) whose updates were valued: public rows that the\n"
    "model classified rightly before and after, each member's share of that\n"
    "(its Shapley value) and the tokens that it earned.\n";

static void
add_member(struct ctl_table *t, const struct jv *r, const struct jv *m,
    bool first)
{
	char round[24], before[48] = "", name[64], value[32], units[48];
	const char *cells[] = {round, before, name, value, units};
	int64_t scale = ctl_integer(r, "scale"), u = ctl_integer(m, "units");

	round[0] = '\0';
	if (first) {
		snprintf(round, sizeof(round), "%" PRId64,
		    ctl_integer(r, "round"));
		snprintf(before, sizeof(before), "%" PRId64 " to %" PRId64,
		    ctl_integer(r, "before"), ctl_integer(r, "after"));
	}
	ctl_text_clean(ctl_string(m, "member"), name, sizeof(name));
	snprintf(value, sizeof(value), "%+.2f",
	    (double)ctl_integer(m, "value") / (double)(scale > 0 ? scale : 1));
	snprintf(units, sizeof(units), "%" PRId64 ".%06" PRId64, u / 1000000,
	    u % 1000000);
	ctl_table_add(t, cells);
}

static void
add_unpaid(struct ctl_table *t, const struct jv *r)
{
	char round[24];
	const char *cells[] = {round, "", "-", "too few validators spoke",
	    "treasury"};

	snprintf(round, sizeof(round), "%" PRId64, ctl_integer(r, "round"));
	ctl_table_add(t, cells);
}

static int
print_rounds(const struct jv *rounds)
{
	static const char *const titles[] = {">ROUND", "RIGHT", "MEMBER",
	    ">WORTH", ">TOKENS"};
	struct ctl_table t;
	int rc;

	ctl_table_init(&t, titles, 5);
	for (size_t i = jv_len(rounds); i-- > 0;) {
		const struct jv *r = jv_at(rounds, i);
		const struct jv *members = jv_get(r, "members");

		if (!jv_true(jv_get(r, "paid"))) {
			add_unpaid(&t, r);
			continue;
		}
		for (size_t k = 0; k < jv_len(members); k++)
			add_member(&t, r, jv_at(members, k), k == 0);
	}
	rc = ctl_table_print(&t, stdout) == 0
	    ? CLI_OK
	    : cli_error(CLI_FAILED, "out of memory");
	ctl_table_close(&t);
	return rc;
}

static int
print_worth(const struct jv *o)
{
	const struct jv *v = jv_get(o, "validation");
	const struct jv *rounds = jv_get(o, "rounds");
	int64_t shards = ctl_integer(v, "shards");

	if (shards == 0) {
		puts("nothing is valued: the federation has no validation "
		     "shards");
		return CLI_OK;
	}
	printf("%" PRId64 " of %" PRId64 " sealed shards used, %zu round%s "
	       "being valued\n",
	    ctl_integer(v, "used"), shards, jv_len(jv_get(o, "open")),
	    jv_len(jv_get(o, "open")) == 1 ? "" : "s");
	return jv_len(rounds) > 0 ? print_rounds(rounds) : CLI_OK;
}

int
ctl_cmd_worth(int argc, char **argv)
{
	const char *count = "20";
	const struct cli_option options[] = {{"n", &count, NULL}};
	const struct ctl_args a = {options, 1, usage, 0};
	struct jv *params, *o = NULL;
	struct ctl c;
	uint64_t n = 0;
	int rc = ctl_parse(&c, &a, &argc, argv);

	if (rc != CLI_OK)
		return rc < 0 ? CLI_OK : rc;
	if (!ctl_number(count, &n) || n == 0)
		return cli_error(CLI_USAGE, "-n: want a number, got \"%.20s\"",
		    count);
	params = jv_object();
	jv_put_integer(params, "n", (int64_t)n);
	rc = ctl_call(&c, "worth", params, &o);
	if (rc == CLI_OK)
		rc = c.json ? ctl_print_json(o) : print_worth(o);
	jv_free(o);
	ctl_close(&c);
	return rc;
}
