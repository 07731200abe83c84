#include <errno.h>
#include <inttypes.h>
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/cli/cli.h"
#include "daemon/cli/demo.h"
#include "daemon/cli/process.h"
#include "daemon/cli/story.h"

#define DEMO_DATA "digits.csv"

static const char usage[] =
    "usage: qmlnode demo [--nodes 4] [--rounds 30] [--seed S] "
    "[--data FILE.csv]\n"
    "                    [--split iid|label-skew] [--home DIR] [--keep] "
    "[--json]\n"
    "                    [--rule RULE] [--momentum X]\n"
    "                    [--attack NAME [--attackers 1] [--tau X]]\n"
    "                    [--sweep [-o FILE.svg]]\n"
    "                    [--story]\n"
    "\n"
    "Founds a federation of real daemons on this machine, trains one circuit\n"
    "on rows that are dealt out among them, and audits the chain.\n"
    "\n"
    "--attack: the trainers of the last nodes lie, knowing everybody's rows:\n"
    "sign-flip, ipm, alie, gaussian, label-flip or lie-about-count. The same\n"
    "federation runs three times: mean and nobody lies, mean, the default "
    "rule;\n"
    "with --rule RULE twice: nobody lies, and some do. The split is then iid\n"
    "unless said otherwise. RULE: mean, trimmed_mean, median, meamed, krum,\n"
    "multi_krum, mda, geometric_median, centered_clipping, or one behind\n"
    "others: arc+nnm+median. --momentum: of the updates that members send,\n"
    "0.5 unless said otherwise; a federation's default is 0.9.\n"
    "--sweep: every rule against every attack, with the same training and\n"
    "combining code but without daemons.\n"
    "--story: the life of a model on four daemons: data with terms, a job\n"
    "that is bought, training with privacy, pay, consent that ends, a vote,\n"
    "a version that changes hands, and the dossier that proves it.\n";

static int
read_number(const char *text, uint64_t lo, uint64_t hi, uint64_t *out)
{
	char *end;

	errno = 0;
	*out = strtoull(text, &end, 10);
	if (errno != 0 || *end != '\0' || end == text || *out < lo ||
	    *out > hi || text[0] == '-')
		return -EINVAL;
	return 0;
}

/* Installed beside the programs, or in the source tree. */
static const char *
find_data(char *buf, size_t len)
{
	static const char *const places[] = {
	    "../share/qmlnode/" DEMO_DATA,
	    "../tests/data/datasets/" DEMO_DATA,
	};

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (process_beside(places[i], buf, len) == 0 &&
		    access(buf, R_OK) == 0)
			return buf;
	return "tests/data/datasets/" DEMO_DATA;
}

/* What only drills have. */
static int
check_drill(struct demo *d, const char *attackers)
{
	static const char *const attacks[] = {"sign-flip", "ipm", "alie",
	    "gaussian", "label-flip", "lie-about-count"};
	uint64_t k = 0;
	size_t i = 0;

	while (d->attack != NULL && i < 6 && strcmp(d->attack, attacks[i]) != 0)
		i++;
	if (i == 6)
		return cli_error(CLI_USAGE,
		    "--attack: want sign-flip, ipm, alie, gaussian, label-flip "
		    "or lie-about-count, got %.40s",
		    d->attack);
	if (demo_check_rule(d) != CLI_OK)
		return CLI_USAGE;
	if (d->attack == NULL && d->tau != NULL)
		return cli_error(CLI_USAGE, "--tau belongs to --attack");
	if (d->sweep && (d->attack != NULL || d->rule != NULL))
		return cli_error(CLI_USAGE,
		    "--sweep tries every rule and attack; --rule and --attack "
		    "do not go with it");
	if (!d->sweep && d->picture != NULL)
		return cli_error(CLI_USAGE, "-o belongs to --sweep");
	if ((d->attack != NULL || d->sweep) &&
	    read_number(attackers, 1, d->nnodes - 1, &k) < 0)
		return cli_error(CLI_USAGE,
		    "--attackers: want 1 to %u, got %.40s", d->nnodes - 1,
		    attackers);
	if (d->story &&
	    (d->sweep || d->attack != NULL || d->nnodes != STORY_NODES))
		return cli_error(CLI_USAGE,
		    "--story is told of %d nodes, and goes with --seed, "
		    "--home, --keep and --json only",
		    STORY_NODES);
	d->nliars = (unsigned)k;
	if (d->split == NULL)
		d->split = k > 0 || d->story ? "iid" : "label-skew";
	return CLI_OK;
}

static int
take_options(struct demo *d, int argc, char **argv)
{
	const char *nodes = "4", *rounds = "30", *seed = "1", *liars = "1";
	const struct cli_option options[] = {
	    {"nodes", &nodes, NULL},
	    {"rounds", &rounds, NULL},
	    {"seed", &seed, NULL},
	    {"data", &d->data, NULL},
	    {"split", &d->split, NULL},
	    {"home", &d->home_option, NULL},
	    {"keep", NULL, &d->keep},
	    {"json", NULL, &d->json},
	    {"rule", &d->rule, NULL},
	    {"momentum", &d->momentum, NULL},
	    {"attack", &d->attack, NULL},
	    {"attackers", &liars, NULL},
	    {"tau", &d->tau, NULL},
	    {"sweep", NULL, &d->sweep},
	    {"story", NULL, &d->story},
	    {"out", &d->picture, NULL},
	};
	const struct cli_options o = {options,
	    sizeof(options) / sizeof(options[0]), usage, 0};
	uint64_t n, r;
	int code;

	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], "-o") == 0)
			argv[i] = (char *)"--out";
	code = cli_parse(&o, &argc, argv);

	if (code != CLI_OK)
		return code;
	if (read_number(nodes, 1, DEMO_NODES_MAX, &n) < 0)
		return cli_error(CLI_USAGE, "--nodes: want 1 to %d, got %s",
		    DEMO_NODES_MAX, nodes);
	if (read_number(rounds, 1, 10000, &r) < 0)
		return cli_error(CLI_USAGE,
		    "--rounds: want 1 to 10000, got "
		    "%s",
		    rounds);
	if (read_number(seed, 0, UINT64_MAX, &d->seed) < 0)
		return cli_error(CLI_USAGE,
		    "--seed: want a whole number, got "
		    "%s",
		    seed);
	if (d->split != NULL && strcmp(d->split, "iid") != 0 &&
	    strcmp(d->split, "label-skew") != 0)
		return cli_error(CLI_USAGE,
		    "--split: want iid or label-skew, "
		    "got %s",
		    d->split);
	d->nnodes = (unsigned)n;
	d->rounds = (unsigned)r;
	return check_drill(d, liars);
}

void
demo_print_opening(const struct demo *d)
{
	fprintf(d->out,
	    "%u nodes on this machine, %s, %s split, seed %" PRIu64 "\n\n",
	    d->nnodes, d->data, d->split, d->seed);
	for (unsigned i = 0; i < d->nnodes; i++)
		fprintf(d->out, "  %-8s %5u rows   of each class:%s\n",
		    d->nodes[i].name, d->nodes[i].rows, d->nodes[i].counts);
	fprintf(d->out, "  held out %5u rows   seen by nobody\n\n",
	    d->heldout_rows);
	fprintf(d->out, "federation %s\n%u qubits, %u layers, %u parameters\n",
	    d->id, d->federation.job.main.qubits, d->federation.job.main.layers,
	    d->federation.job.dim);
	if (d->nnodes < 4)
		fprintf(d->out, "tolerates 0 faulty members\n");
	fprintf(d->out, "\n");
}

static int
run(struct demo *d)
{
	int rc;

	if (d->attack != NULL)
		return demo_drill(d);
	if (d->sweep)
		return demo_sweep(d);
	if (d->story)
		return demo_story(d);
	rc = demo_found(d);

	if (rc != 0)
		return rc;
	demo_print_opening(d);
	rc = demo_launch(d);
	if (rc == 0)
		rc = demo_watch(d);
	if (rc == 0)
		rc = demo_finish(d);
	if (rc == 0)
		rc = demo_judge(d);
	if (rc != 0)
		return rc;
	demo_print_summary(d);
	if (d->json)
		demo_print_json(d);
	return d->heads_equal && d->models_equal ? CLI_OK : CLI_FAILED;
}

/* The rows and the programs that the demo needs. */
static int
check_parts(struct demo *d)
{
	if (access(d->data, R_OK) < 0)
		return cli_error(CLI_FAILED,
		    "%s: %s\n  Name a table whose last column is the label: "
		    "--data FILE.csv",
		    d->data, strerror(errno));
	if (process_beside("qmlnode", d->qmlnode, sizeof(d->qmlnode)) < 0 ||
	    process_beside("qmltrain", d->qmltrain, sizeof(d->qmltrain)) < 0)
		return cli_error(CLI_FAILED, "cannot tell where qmlnode lies");
	return CLI_OK;
}

int
cmd_demo(int argc, char **argv)
{
	struct demo *d = calloc(1, sizeof(*d));
	char data[PROCESS_PATH_LEN];
	int code;

	if (d == NULL)
		return cli_error(CLI_FAILED, "out of memory");
	d->events = RPC_CLIENT_INIT;
	d->started_ms = demo_now_ms();
	d->data = find_data(data, sizeof(data));
	code = take_options(d, argc, argv);
	if (code != CLI_OK) {
		free(d);
		return code < 0 ? CLI_OK : code;
	}
	setlocale(LC_CTYPE, "");
	d->out = d->json ? stderr : stdout;
	d->tty = isatty(fileno(d->out)) &&
	    strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	signal(SIGPIPE, SIG_IGN);
	demo_catch_signals();
	code = check_parts(d);
	if (code == CLI_OK)
		code = run(d);
	if (code != CLI_OK && d->home[0] != '\0' && !demo_interrupted())
		d->keep = true; /* the logs are worth more than the room */
	if (code != CLI_OK && d->home[0] != '\0' &&
	    (d->keep || d->home_option != NULL))
		fprintf(stderr, "  Kept for a look: %s\n", d->home);
	demo_close(d);
	free(d);
	return code;
}
