#include "daemon/cli/demo.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "daemon/cli/cli.h"
#include "daemon/cli/process.h"
#include "daemon/node/home.h"

#define DEMO_READY_MS 120000
#define DEMO_ROUND_MS 180000 /* no block for so long: something is wrong */
#define DEMO_LOOK_MS 200     /* for a signal, this often */
#define DEMO_CALL_MS 60000
#define DEMO_STOP_MS 60000

static volatile sig_atomic_t interrupted;

static void
note_signal(int signum)
{
	(void)signum;
	interrupted = 1;
}

void
demo_catch_signals(void)
{
	struct sigaction sa = {.sa_handler = note_signal};

	sigemptyset(&sa.sa_mask);
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
}

bool
demo_interrupted(void)
{
	return interrupted != 0;
}

static uint64_t
clock_ms(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

uint64_t
demo_now_ms(void)
{
	return clock_ms(CLOCK_MONOTONIC);
}

uint64_t
demo_wall_ms(void)
{
	return clock_ms(CLOCK_REALTIME);
}

static void
nap(void)
{
	const struct timespec ts = {0, 20 * 1000000L};

	nanosleep(&ts, NULL);
}

static int
died(const struct demo_node *n, int status)
{
	return cli_error(CLI_FAILED,
	    "the node of %s ended (exit %d)\n  Its "
	    "log: %s/log",
	    n->name, status, n->home);
}

/* A connection to a node that may still be starting. */
static int
connect_node(struct demo *d, struct demo_node *n, struct rpc_client *c)
{
	uint64_t until = demo_now_ms() + DEMO_READY_MS;
	char path[DEMO_PATH_LEN];
	int status, rc;

	(void)d;
	demo_path(path, n->home, "qmlnode.sock");
	while ((rc = rpc_open(c, path)) < 0 && demo_now_ms() < until) {
		if (process_ended(n->pid, &status)) {
			n->pid = 0;
			return died(n, status);
		}
		nap();
	}
	if (rc < 0)
		return cli_error(CLI_TIMEOUT, "%s: no answer: %s", path,
		    strerror(-rc));
	return 0;
}

/* What two nodes must have in common. */
static int
read_stand(struct demo *d, struct demo_node *n, struct jv **out)
{
	struct rpc_client c;
	int rc = connect_node(d, n, &c);

	if (rc != 0)
		return rc;
	rc = rpc_call(&c, "status", NULL, DEMO_CALL_MS, out);
	rpc_close(&c);
	return rc < 0
	    ? cli_error(CLI_FAILED, "status of %s: %s", n->name, strerror(-rc))
	    : 0;
}

/* A trainer that cannot train would show as rounds that nobody is in. */
static int
check_trainer(struct demo *d, struct demo_node *n)
{
	uint64_t until = demo_now_ms() + DEMO_READY_MS;
	struct jv *status = NULL;
	const struct jv *t;
	bool starting;
	int rc;

	do {
		nap();
		jv_free(status);
		status = NULL;
		rc = read_stand(d, n, &status);
		t = jv_get(status, "trainer");
		starting =
		    strcmp(jv_text(jv_get(t, "state"), ""), "starting") == 0;
	} while (rc == 0 && starting && demo_now_ms() < until);
	if (rc == 0 && jv_text(jv_get(t, "problem"), "")[0] != '\0')
		rc = cli_error(CLI_FAILED, "the trainer of %s: %s", n->name,
		    jv_text(jv_get(t, "problem"), ""));
	jv_free(status);
	return rc;
}

int
demo_launch(struct demo *d)
{
	struct jv *result = NULL;
	int rc;

	for (unsigned i = 0; i < d->nnodes; i++) {
		struct demo_node *n = &d->nodes[i];
		char log[DEMO_PATH_LEN];
		char *argv[] = {d->qmlnode, (char *)"run", (char *)"--home",
		    n->home, NULL};

		demo_path(log, n->home, "log");
		rc = process_start(argv, log, &n->pid);
		if (rc < 0)
			return cli_error(CLI_FAILED, "cannot start %s: %s",
			    d->qmlnode, strerror(-rc));
	}
	rc = connect_node(d, &d->nodes[0], &d->events);
	if (rc != 0)
		return rc;
	rc = rpc_call(&d->events, "events", NULL, DEMO_CALL_MS, &result);
	jv_free(result);
	if (rc < 0)
		return cli_error(CLI_FAILED, "events: %s", strerror(-rc));
	for (unsigned i = 0; i < d->nnodes && rc == 0; i++)
		rc = check_trainer(d, &d->nodes[i]);
	return rc;
}

/* The model as the node has it now, judged on rows that no node saw. */
static int
score(struct demo *d)
{
	struct rpc_client c;
	char path[DEMO_PATH_LEN], rows[DEMO_PATH_LEN], *text = NULL;
	char *argv[] = {d->qmltrain, (char *)"score", (char *)"--federation",
	    d->federation_path, (char *)"--data", rows, (char *)"--model", path,
	    (char *)"--json", NULL};
	struct jv *model = NULL, *result = NULL;
	FILE *f = NULL;
	int rc;

	demo_path(path, d->home, "model.json");
	demo_path(rows, d->rows, "heldout.csv");
	rc = connect_node(d, &d->nodes[0], &c);
	if (rc != 0)
		return rc;
	rc = rpc_call(&c, "model", NULL, DEMO_CALL_MS, &model);
	if (rc == 0) {
		text = jv_dump(model);
		f = fopen(path, "w");
	}
	if (text != NULL && f != NULL && fprintf(f, "%s\n", text) > 0 &&
	    fclose(f) == 0)
		result = demo_ask(d, argv);
	d->accuracy = jv_real(jv_get(result, "accuracy"), 0);
	if (d->accuracy > d->best_accuracy)
		d->best_accuracy = d->accuracy;
	d->loss = jv_real(jv_get(result, "loss"), 0);
	d->control = jv_real(jv_get(result, "control_accuracy"), 0);
	rc = result != NULL ? 0 : CLI_FAILED;
	jv_free(result);
	jv_free(model);
	free(text);
	rpc_close(&c);
	return rc;
}

static void
print_bar(const struct demo *d, double part)
{
	static const char *const eighths[] = {" ", "\u258f", "\u258e", "\u258d",
	    "\u258c", "\u258b", "\u258a", "\u2589"};
	unsigned fill = (unsigned)(part * 160 + 0.5);

	for (unsigned i = 0; i<20; i++, fill = fill> 8 ? fill - 8 : 0)
		fprintf(d->out, "%s", fill >= 8 ? "\u2588" : eighths[fill]);
	fprintf(d->out, "  ");
}

static void
print_round(const struct demo *d, const struct jv *round)
{
	const struct jv *parts = jv_get(round, "parts");
	char who[512] = "";
	size_t at = 0, took = 0;

	for (size_t i = 0; i < jv_len(parts) && at + 40 < sizeof(who); i++) {
		const struct jv *p = jv_at(parts, i);

		if (!jv_true(jv_get(p, "update"))) {
			at += (size_t)snprintf(who + at, sizeof(who) - at,
			    "  %s: %s", jv_text(jv_get(p, "member"), "?"),
			    jv_text(jv_get(p, "reason"), "?"));
			continue;
		}
		took++;
	}
	fprintf(d->out, "%6lld   %7.4f  ",
	    (long long)jv_int(jv_get(round, "round"), 0), d->loss);
	if (d->tty)
		print_bar(d, d->accuracy);
	fprintf(d->out, "%6.2f %%   %zu of %u   %6.2f s%s\n", 100 * d->accuracy,
	    took, d->nnodes,
	    (double)jv_int(jv_get(round, "duration_ms"), 0) / 1000, who);
	fflush(d->out);
}

static void
print_head(const struct demo *d)
{
	fprintf(d->out, " round      loss  %sheld-out   took part     time\n",
	    d->tty ? "                      " : "");
}

static int
next_event(struct demo *d, struct jv **event)
{
	uint64_t until = demo_now_ms() + DEMO_ROUND_MS;
	int rc = -ETIMEDOUT;

	while (rc == -ETIMEDOUT && demo_now_ms() < until) {
		if (demo_interrupted())
			return cli_error(CLI_FAILED,
			    "interrupted; the nodes are stopped");
		rc = rpc_next_event(&d->events, DEMO_LOOK_MS, event);
	}
	if (rc == 0)
		return 0;
	return cli_error(rc == -ETIMEDOUT ? CLI_TIMEOUT : CLI_FAILED,
	    "no block for %d s: %s\n  See the logs in %s and: qmlctl --home %s "
	    "status",
	    DEMO_ROUND_MS / 1000, strerror(-rc), d->home, d->nodes[0].home);
}

int
demo_watch(struct demo *d)
{
	struct jv *event = NULL;
	int rc = 0;

	print_head(d);
	while (d->committed < d->rounds && rc == 0) {
		const struct jv *round;

		rc = next_event(d, &event);
		if (rc != 0)
			return rc;
		round = jv_get(jv_get(event, "params"), "round");
		if (strcmp(jv_text(jv_get(event, "method"), ""),
			"block.committed") == 0 &&
		    jv_is_object(round)) {
			d->committed++;
			rc = score(d);
			if (rc == 0)
				print_round(d, round);
		}
		jv_free(event);
	}
	return rc;
}

static bool
same(const struct jv *a, const struct jv *b, const char *key)
{
	return strcmp(jv_text(jv_get(a, key), "a"),
		   jv_text(jv_get(b, key), "b")) == 0;
}

static int
compare_nodes(struct demo *d)
{
	struct jv *first = NULL, *other = NULL;
	int rc = read_stand(d, &d->nodes[0], &first);

	d->heads_equal = d->models_equal = true;
	for (unsigned i = 1; i < d->nnodes && rc == 0; i++) {
		rc = read_stand(d, &d->nodes[i], &other);
		if (rc != 0)
			break;
		d->heads_equal = d->heads_equal && same(first, other, "head");
		d->models_equal =
		    d->models_equal && same(first, other, "model");
		jv_free(other);
	}
	d->blocks = jv_int(jv_get(first, "height"), 0);
	jv_free(first);
	return rc;
}

int
demo_finish(struct demo *d)
{
	uint64_t until = demo_now_ms() + DEMO_CALL_MS;
	int rc;

	/* The last block reaches the slowest node a moment later. */
	do {
		nap();
		rc = compare_nodes(d);
	} while (rc == 0 && !(d->heads_equal && d->models_equal) &&
	    demo_now_ms() < until);
	rpc_close(&d->events);
	for (unsigned i = 0; i < d->nnodes; i++) {
		int status;

		if (d->nodes[i].pid == 0)
			continue; /* it ended before; that was said */
		status = process_stop(d->nodes[i].pid, DEMO_STOP_MS);
		d->nodes[i].pid = 0;
		if (status != 0 && rc == 0)
			rc = died(&d->nodes[i], status);
	}
	return rc;
}

void
demo_close(struct demo *d)
{
	char *argv[] = {(char *)"/bin/rm", (char *)"-rf", d->home, NULL};
	char *text = NULL;

	rpc_close(&d->events);
	for (unsigned i = 0; i < d->nnodes; i++)
		if (d->nodes[i].pid != 0)
			(void)process_stop(d->nodes[i].pid, DEMO_STOP_MS);
	federation_close(&d->federation);
	/* Only what mkdtemp made for us. */
	if (d->home_option != NULL || d->keep || d->home[0] == '\0')
		return;
	(void)!process_capture(argv, &text);
	free(text);
}
