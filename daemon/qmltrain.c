/*
 * qmltrain - the trainer: the only program that sees rows. No keys, no
 * network. As a child of qmlnode it speaks trainwire on stdin and stdout;
 * from a terminal it works on files.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "daemon/cli/nocore.h"
#include "daemon/trainer/tool.h"
#include "daemon/trainer/confine.h"
#include "daemon/trainer/serve.h"
#include "gen/version.h"
#include "proto/sign.h"

static int
run_serve(int argc, char **argv)
{
	int confined = 0, rc;

	(void)argv;
	if (argc > 1) {
		fprintf(stderr, "qmltrain: serve takes no options\n");
		return TOOL_USAGE;
	}
	signal(SIGPIPE, SIG_IGN);
	rc = serve_run(STDIN_FILENO, STDOUT_FILENO, &confined);
	if (rc == -EPIPE)
		rc = 0; /* nobody waits for the answer any more */
	if (rc < 0)
		fprintf(stderr, "qmltrain: %s\n",
		    rc == -EPROTO ? "the input is not what qmlnode sends"
				  : strerror(-rc));
	if (confined) /* exit handlers of libraries may want files */
		_exit(rc < 0 ? TOOL_FAILED : TOOL_DONE);
	return rc < 0 ? TOOL_FAILED : TOOL_DONE;
}

static int
run_confine_test(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return confine_test();
}

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *options;
	const char *help; /* NULL: not for people */
} commands[] = {
    {"serve", run_serve, "", "what qmlnode starts: trainwire on stdin"},
    {"check", tool_check,
	"--home DIR | --federation F --data FILE [--labels FILE]\n"
	"            [--salt FILE] [--json]",
	"do my rows fit, and what would the others see?"},
    {"inspect", tool_inspect, "--data FILE [--labels FILE] [--json]",
	"columns, extents, labels, a job that suits them"},
    {"split", tool_split,
	"--data FILE --out DIR [--nodes 4] [--mode MODE] [--seed 1]\n"
	"            [--alpha 0.5] [--classes 2] [--map JSON]\n"
	"            [--heldout 0.2] [--validation 0] [--labels FILE] [--json]",
	"rows for a trial federation; never overwrites"},
    {"convert", tool_convert,
	"--data FILE --out NPY [--resize 16x16] [--classes 0-7]\n"
	"            [--rows N] [--labels FILE]",
	"pictures (IDX, .npy, .npz) to rows: size, classes"},
    {"train", tool_train,
	"--federation F --data CSV [--out MODEL] [--rounds N]\n"
	"            [--member I] [--threads N] [--plain] [--noise-seed HEX]\n"
	"            [--json]",
	"the job on these rows alone"},
    {"baseline", tool_baseline,
	"--federation F --data DIR [--threads N] [--json]",
	"what each node alone and classical models reach"},
    {"score", tool_score, "--federation F --data CSV --model M [--json]",
	"accuracy and confusion counts"},
    {"predict", tool_predict,
	"--federation F --data CSV --model M [--out FILE]",
	"a label for each row"},
    {"export", tool_export,
	"--federation F --model M [--format qasm3|qasm2|json]\n"
	"            [--symbolic] [--data CSV --row N]",
	"the model's circuit for other simulators"},
    {"replay", tool_replay,
	"--home DIR | --chain DIR [--salt FILE] [--spent FILE]\n"
	"            --data CSV --round T --member NAME|I [--threads N] "
	"[--json]",
	"is that update what training on these rows gives?"},
    {"drill", tool_drill, "--attack NAME --members FILE [--tau X]",
	"a trainer that lies, to try a federation's rule; see qmlnode demo"},
    {"sweep", tool_sweep,
	"--federation F --members FILE --liars FILE --heldout CSV\n"
	"            [--rules A,B] [--attacks A,B] [--threads N]",
	"every rule against every attack, on these rows; prints JSON"},
    {"privacy", tool_privacy,
	"--rate Q --noise S [--delta-exp 5]\n"
	"            --steps N | --epsilon E [--json]",
	"what noisy steps cost, or how many an epsilon admits"},
    {"confine-test", run_confine_test, "", NULL},
};

static int
print_help(FILE *out, int status)
{
	size_t i;

	fprintf(out, "usage: qmltrain COMMAND [OPTIONS]\n\n");
	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (commands[i].help)
			fprintf(out, "  %-9s %s%s%s\n", commands[i].name,
			    commands[i].options,
			    commands[i].options[0] ? "\n            " : "",
			    commands[i].help);
	}
	fprintf(out,
	    "\nExit status: 0 done, 1 failed, 2 usage, 5 not found, "
	    "8 an update is not what\nits rows give.\n");
	return status;
}

int
main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "serve";
	size_t i;

	if (nocore_set() < 0) {
		fprintf(stderr,
		    "qmltrain: core dumps cannot be switched off\n");
		return TOOL_FAILED;
	}
	if (sign_setup() < 0) {
		fprintf(stderr, "qmltrain: libsodium cannot start\n");
		return TOOL_FAILED;
	}
	if (strcmp(name, "--help") == 0 || strcmp(name, "help") == 0)
		return print_help(stdout, TOOL_DONE);
	if (strcmp(name, "--version") == 0 || strcmp(name, "version") == 0) {
		printf("qmltrain %s\nbuild %s\n", QML_VERSION, QML_BUILD_ID);
		return TOOL_DONE;
	}
	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(commands[i].name, name) == 0)
			return commands[i].run(argc > 1 ? argc - 1 : 1,
			    argc > 1 ? argv + 1 : argv);
	}
	fprintf(stderr, "qmltrain: there is no command \"%s\"\n", name);
	return print_help(stderr, TOOL_USAGE);
}
