/*
 * ctl_privacy.c - qmlctl privacy: what is spent of each data asset, what is
 * left, and what that means in a sentence.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "daemon/cli/ctl.h"
#include "daemon/cli/ctl_text.h"

#define COLUMNS 8

static const char usage[] =
    "usage: qmlctl privacy [OPTIONS]\n"
    "Of every data asset with a budget: epsilon spent and left at its delta,\n"
    "rounds of the running job that still fit, and what it means.\n";

static double
number_of(const struct jv *o, const char *key)
{
	return jv_real(jv_get(o, key), 0);
}

/* The odds that an observer of all updates can give, against those of a guess:
 * e^epsilon. */
static void
print_meaning(const struct jv *a)
{
	double spent = number_of(a, "spent");
	char name[80];

	if (number_of(a, "epsilon") <= 0)
		return;
	ctl_text_clean(ctl_string(a, "name"), name, sizeof(name));
	if (spent <= 0)
		printf("\n%s: nothing is spent since it was registered.\n",
		    name);
	else
		printf("\n%s: whoever saw every update can bet on any one "
		       "record having been there\nat odds at most %.2g times "
		       "those of a guess, but for a chance of 10^-%" PRId64
		       ".\n",
		    name, exp(spent), ctl_integer(a, "delta_exp"));
}

static void
add_asset(struct ctl_table *t, const struct jv *a)
{
	double all = number_of(a, "epsilon");
	char text[COLUMNS][48];
	const char *cells[COLUMNS];
	int64_t rounds = ctl_integer(a, "rounds_left");

	for (size_t k = 0; k < COLUMNS; k++) {
		cells[k] = text[k];
		text[k][0] = '\0';
	}
	ctl_text_clean(ctl_string(a, "name"), text[0], sizeof(text[0]));
	ctl_text_clean(ctl_string(a, "owner"), text[1], sizeof(text[1]));
	if (all > 0) {
		snprintf(text[2], sizeof(text[2]), "%.3g", all);
		snprintf(text[3], sizeof(text[3]), "1e-%" PRId64,
		    ctl_integer(a, "delta_exp"));
		snprintf(text[4], sizeof(text[4]), "%.3f",
		    number_of(a, "spent"));
		snprintf(text[5], sizeof(text[5]), "%.3f",
		    number_of(a, "left"));
		snprintf(text[6], sizeof(text[6]), "%" PRId64, rounds);
	}
	/* The order that runs, or ran last, does not name it. */
	if (strcmp(ctl_string(a, "use"), "unknown") == 0)
		snprintf(text[7], sizeof(text[7]), "not in the job");
	else
		ctl_text_clean(ctl_string(a, "use"), text[7], sizeof(text[7]));
	ctl_table_add(t, cells);
}

static int
print_assets(const struct jv *list)
{
	static const char *const titles[COLUMNS] = {"ASSET", "OWNER",
	    ">EPSILON", ">DELTA", ">SPENT", ">LEFT", ">ROUNDS", "USE"};
	struct ctl_table t;
	int rc;

	ctl_table_init(&t, titles, COLUMNS);
	for (size_t i = 0; i < jv_len(list); i++)
		add_asset(&t, jv_at(list, i));
	rc = ctl_table_print(&t, stdout);
	ctl_table_close(&t);
	return rc == 0 ? CLI_OK : cli_error(CLI_FAILED, "out of memory");
}

static int
print_privacy(const struct jv *v)
{
	const struct jv *j = jv_get(v, "job"), *list = jv_get(v, "assets");
	int rc;

	if (number_of(j, "noise_multiplier") > 0)
		printf("The job adds noise: %.3g times the clip of %.3g, each "
		       "row in a step with chance %.3g;\n%" PRId64
		       " steps a round, %" PRId64 " rounds to come.\n\n",
		    number_of(j, "noise_multiplier"), number_of(j, "clip"),
		    number_of(j, "rate"), ctl_integer(j, "steps"),
		    ctl_integer(j, "rounds_left"));
	else
		printf("The job adds no noise: updates may disclose single "
		       "rows.\nprivacy.noise in the job says otherwise.\n\n");
	if (jv_len(list) == 0) {
		printf("No data asset is registered; qmlctl data register "
		       "does that.\n");
		return CLI_OK;
	}
	rc = print_assets(list);
	for (size_t i = 0; rc == CLI_OK && i < jv_len(list); i++)
		print_meaning(jv_at(list, i));
	return rc;
}

int
ctl_cmd_privacy(int argc, char **argv)
{
	const struct ctl_args a = {NULL, 0, usage, 1};
	struct jv *v = NULL;
	struct ctl c;
	int rc = ctl_parse(&c, &a, &argc, argv);

	if (rc == CLI_OK)
		rc = ctl_call(&c, "privacy", jv_object(), &v);
	if (rc == CLI_OK)
		rc = c.json ? ctl_print_json(v) : print_privacy(v);
	jv_free(v);
	ctl_close(&c);
	return rc < 0 ? CLI_OK : rc;
}
