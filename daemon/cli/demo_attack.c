/*
 * Drills: the same federation with and without members that lie. The nodes
 * are the ordinary ones and run the ordinary protocol; what lies is the
 * trainer that the last of them are told to start.
 */
#include "daemon/cli/demo.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "consensus/aggregate/combine.h"
#include "daemon/cli/cli.h"
#include "daemon/node/home.h"

#define CONFIG_BYTES_MAX 65536
#define VARIANTS_MAX 3

int
demo_check_rule(const struct demo *d)
{
	const struct decimal zero = {0, 0}, one = {1, 0};
	struct combine_settings s = combine_defaults();
	struct decimal m;

	if (d->momentum != NULL &&
	    (decimal_parse(d->momentum, &m) < 0 ||
		decimal_compare(&m, &zero) < 0 ||
		decimal_compare(&m, &one) >= 0))
		return cli_error(CLI_USAGE,
		    "--momentum: want 0 to below 1, got %.40s", d->momentum);
	if (d->rule == NULL ||
	    (combine_parse(d->rule, &s) == 0 && s.npre <= JOB_PRE_MAX))
		return CLI_OK;
	return cli_error(CLI_USAGE,
	    "--rule: there is no \"%.40s\"; want one as krum, or "
	    "arc+nnm+median",
	    d->rule);
}

/* f stays the job's: by default from the size of the federation. */
void
demo_take_rule(struct demo *d)
{
	struct job *j = &d->federation.job;
	struct combine_settings s = combine_defaults();

	if (d->momentum != NULL)
		(void)!decimal_parse(d->momentum, &j->local.worker_momentum);
	if (d->rule == NULL || combine_parse(d->rule, &s) < 0)
		return;
	j->combine.rule = s.rule;
	memset(j->combine.pre, 0, sizeof(j->combine.pre));
	memcpy(j->combine.pre, s.pre,
	    s.npre < JOB_PRE_MAX ? s.npre : JOB_PRE_MAX);
}

void
demo_rule_words(const struct demo *d, char *out, size_t len)
{
	const struct job *j = &d->federation.job;
	struct combine_settings s = combine_defaults();
	char name[96];

	s.rule = j->combine.rule;
	while (s.npre < JOB_PRE_MAX && j->combine.pre[s.npre] != 0) {
		s.pre[s.npre] = j->combine.pre[s.npre];
		s.npre++;
	}
	combine_name(&s, name, sizeof(name));
	snprintf(out, len, "%s, f = %u, worker momentum %g", name,
	    job_faults(j, (uint16_t)d->nnodes),
	    decimal_double(&j->local.worker_momentum));
}

int
demo_list_nodes(struct demo *d, const char *file, unsigned from, unsigned to)
{
	char path[DEMO_PATH_LEN], name[32], rows[DEMO_PATH_LEN];
	bool good = true;
	FILE *f;

	demo_path(path, d->home, file);
	f = fopen(path, "w");
	if (f == NULL)
		return cli_error(CLI_IO, "%s: %s", path, strerror(errno));
	for (unsigned i = from; i < to; i++) {
		snprintf(name, sizeof(name), "node%u.csv", i);
		demo_path(rows, d->rows, name);
		good =
		    fprintf(f, "%s %s\n", d->nodes[i].name, rows) > 0 && good;
	}
	good = fclose(f) == 0 && good;
	return good ? CLI_OK
		    : cli_error(CLI_IO, "%s: %s", path, strerror(errno));
}

/* A path between double quotes of YAML. */
static void
put_quoted(FILE *f, const char *text)
{
	fputc('"', f);
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			fputc('\\', f);
		fputc(*text, f);
	}
	fputc('"', f);
}

static void
put_trainer(const struct demo *d, FILE *f)
{
	char members[DEMO_PATH_LEN];
	const char *words[] = {d->qmltrain, "drill", "--attack", d->attack,
	    "--members", members, d->tau != NULL ? "--tau" : NULL, d->tau};

	demo_path(members, d->home, "honest");
	fputs("\ntrainer:\n  confine: false\n  command: [", f);
	for (size_t i = 0; i < 8 && words[i] != NULL; i++) {
		if (i > 0)
			fputs(", ", f);
		put_quoted(f, words[i]);
	}
	fputs("]\n", f);
}

/* Everything but the trainer's section, which ends at an empty line. */
static void
put_others(FILE *from, FILE *to)
{
	char line[4096];
	bool skip = false;

	while (fgets(line, sizeof(line), from) != NULL) {
		if (strcmp(line, "trainer:\n") == 0)
			skip = true;
		if (!skip)
			fputs(line, to);
		if (line[0] == '\n')
			skip = false;
	}
}

int
demo_arm(struct demo *d, unsigned i)
{
	char path[DEMO_PATH_LEN], beside[DEMO_PATH_LEN];
	FILE *from, *to;
	bool good;
	int rc = demo_list_nodes(d, "honest", 0, d->nnodes - d->nliars);

	if (rc != CLI_OK)
		return rc;
	demo_path(path, d->nodes[i].home, HOME_CONFIG);
	demo_path(beside, d->nodes[i].home, "qmlnode.yaml.part");
	from = fopen(path, "r");
	to = from != NULL ? fopen(beside, "w") : NULL;
	if (to == NULL) {
		if (from != NULL)
			fclose(from);
		return cli_error(CLI_IO, "%s: %s", path, strerror(errno));
	}
	put_others(from, to);
	put_trainer(d, to);
	good = !ferror(from) && !ferror(to);
	fclose(from);
	good = fclose(to) == 0 && good && rename(beside, path) == 0;
	return good ? CLI_OK
		    : cli_error(CLI_IO, "%s: %s", path, strerror(errno));
}

/* One of the federations that are compared. */
struct variant {
	const char *title, *rule, *folder;
	bool attacked;
	/* results */
	char words[128];
	double accuracy, best, alone, majority;
	bool agreed;
};

static void
run_variant(struct demo *d, struct variant *v, int *rc)
{
	*rc = demo_found(d);
	if (*rc == 0) {
		demo_rule_words(d, v->words, sizeof(v->words));
		if (!v->attacked)
			demo_print_opening(d);
		fprintf(d->out, "\n%s: %s; %s\n\n", v->title, v->words,
		    v->attacked ? "some lie" : "nobody lies");
		*rc = demo_launch(d);
	}
	if (*rc == 0)
		*rc = demo_watch(d);
	if (*rc == 0)
		*rc = demo_finish(d);
	if (*rc == 0)
		*rc = v->attacked ? demo_audit(d) : demo_judge(d);
	v->accuracy = d->accuracy;
	v->best = d->best_accuracy;
	v->alone = d->best_alone;
	v->majority = d->majority;
	v->agreed = d->heads_equal && d->models_equal && d->audit_ok;
}

static int
play(const struct demo *options, struct variant *v)
{
	struct demo *d = calloc(1, sizeof(*d));
	char home[DEMO_PATH_LEN];
	int rc;

	if (d == NULL)
		return cli_error(CLI_FAILED, "out of memory");
	*d = *options;
	d->events = RPC_CLIENT_INIT;
	d->federation = FEDERATION_INIT;
	d->rule = v->rule;
	if (!v->attacked)
		d->nliars = 0;
	if (options->home_option != NULL) {
		demo_path(home, options->home_option, v->folder);
		d->home_option = home;
	}
	run_variant(d, v, &rc);
	if (rc != CLI_OK && d->home[0] != '\0' && !demo_interrupted()) {
		d->keep = true;
		fprintf(stderr, "  Kept for a look: %s\n", d->home);
	}
	demo_close(d);
	free(d);
	return rc;
}

static void
print_comparison(const struct demo *d, const struct variant *v, size_t n)
{
	const char *last = "\n";

	fprintf(d->out,
	    "\n%s, %u of %u members lie and know everybody's rows; %s split, "
	    "seed %llu\n\nheld-out accuracy            last round        best"
	    "   against no attack%s",
	    d->attack, d->nliars, d->nnodes, d->split,
	    (unsigned long long)d->seed, last);
	for (size_t i = 0; i < n; i++) {
		fprintf(d->out, "  %-25s %8.2f %%  %8.2f %%", v[i].title,
		    100 * v[i].accuracy, 100 * v[i].best);
		if (v[i].attacked)
			fprintf(d->out, "   %+8.2f points",
			    100 * (v[i].accuracy - v[0].accuracy));
		fprintf(d->out, "\n");
	}
	fprintf(d->out,
	    "  best node alone           %8.2f %%\n"
	    "  always the commonest      %8.2f %%\n\n",
	    100 * v[0].alone, 100 * v[0].majority);
	for (size_t i = 0; i < n; i++)
		fprintf(d->out, "%s: %s\n", v[i].title, v[i].words);
	if (d->nliars > (d->nnodes - 1) / 3)
		fprintf(d->out,
		    "%u liars are more than f = %u: no rule promises "
		    "anything here.\n",
		    d->nliars, (d->nnodes - 1) / 3);
	fprintf(d->out,
	    "In each federation all nodes agree on one chain and model, and "
	    "the audit is ok.\n");
}

static void
print_json(const struct demo *d, const struct variant *v, size_t n)
{
	struct jv *o = jv_object(), *runs = jv_array();
	char *text;

	jv_put_string(o, "attack", d->attack);
	jv_put_integer(o, "attackers", d->nliars);
	jv_put_integer(o, "nodes", d->nnodes);
	jv_put_integer(o, "rounds", d->rounds);
	jv_put_integer(o, "seed", (int64_t)(d->seed & INT64_MAX));
	jv_put_string(o, "split", d->split);
	for (size_t i = 0; i < n; i++) {
		struct jv *r = jv_object();

		jv_put_string(r, "title", v[i].title);
		jv_put_string(r, "rule", v[i].words);
		jv_put_boolean(r, "attacked", v[i].attacked);
		jv_put_number(r, "heldout_accuracy", v[i].accuracy);
		jv_put_number(r, "best_heldout_accuracy", v[i].best);
		jv_put_boolean(r, "agreed", v[i].agreed);
		jv_add(runs, r);
	}
	jv_put(o, "runs", runs);
	jv_put_number(o, "wall_s",
	    (double)(demo_now_ms() - d->started_ms) / 1000);
	text = jv_dump(o);
	printf("%s\n", text != NULL ? text : "{}");
	free(text);
	jv_free(o);
}

int
demo_drill(const struct demo *options)
{
	struct variant both[VARIANTS_MAX] = {{.title = "mean, nobody lies",
						 .rule = "mean",
						 .folder = "honest"},
	    {.title = "mean",
		.rule = "mean",
		.folder = "mean",
		.attacked = true},
	    {.title = "default rule", /* the job's own */
		.folder = "default",
		.attacked = true}};
	struct variant one[VARIANTS_MAX] = {{.title = "nobody lies",
						.folder = "honest"},
	    {.title = "attacked", .folder = "attacked", .attacked = true}};
	struct variant *v = options->rule == NULL ? both : one;
	size_t n = options->rule == NULL ? 3 : 2;
	bool agreed = true;
	int rc = CLI_OK;

	one[0].rule = one[1].rule = options->rule;
	if (options->home_option != NULL &&
	    mkdir(options->home_option, 0750) < 0)
		return cli_error(errno == EEXIST ? CLI_CONFLICT : CLI_IO,
		    "%s: %s", options->home_option, strerror(errno));
	for (size_t i = 0; i < n && rc == CLI_OK; i++) {
		rc = play(options, &v[i]);
		agreed = agreed && v[i].agreed;
	}
	if (rc != CLI_OK)
		return rc;
	print_comparison(options, v, n);
	if (options->json)
		print_json(options, v, n);
	return agreed ? CLI_OK : CLI_FAILED;
}
