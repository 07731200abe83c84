/*
 * The trainer as qmlnode starts it: a child, two pipes, trainwire.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "proto/answer.h"
#include "proto/q24.h"
#include "proto/trainwire.h"
#include "tests/daemon/trainer_fixture.h"

#define WINE "tests/data/datasets/wine.csv"
#define WATCHDOG_S 600 /* of a slow machine, with a sanitizer */

struct child {
	pid_t pid;
	int to;
	int from;
};

static struct federation fed;
static char build[65];

static int
setup(void **state)
{
	const char *argv[] = {"--version", NULL};
	char out[512], *at;

	(void)state;
	alarm(WATCHDOG_S); /* a child that hangs fails the test */
	fed = fixture_federation(WINE, 4, 2);
	assert_int_equal(fixture_run(argv, out, sizeof(out)), 0);
	at = strstr(out, "build ");
	assert_non_null(at);
	snprintf(build, sizeof(build), "%.64s", at + 6);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	federation_close(&fed);
	return 0;
}

static struct child
start_child(void)
{
	struct child c;
	int in[2], out[2];

	assert_int_equal(pipe(in), 0);
	assert_int_equal(pipe(out), 0);
	c.pid = fork();
	assert_true(c.pid >= 0);
	if (c.pid == 0) {
		dup2(in[0], STDIN_FILENO);
		dup2(out[1], STDOUT_FILENO);
		close(in[0]);
		close(in[1]);
		close(out[0]);
		close(out[1]);
		execl(fixture_program(), "qmltrain", (char *)NULL);
		_exit(127);
	}
	close(in[0]);
	close(out[1]);
	c.to = in[1];
	c.from = out[0];
	return c;
}

static int
end_child(struct child *c)
{
	int status = 0;

	if (c->to >= 0)
		close(c->to);
	assert_int_equal(waitpid(c->pid, &status, 0), c->pid);
	close(c->from);
	return status;
}

static void
read_exactly(int fd, uint8_t *p, size_t len)
{
	ssize_t n;

	while (len > 0) {
		n = read(fd, p, len);
		assert_true(n > 0);
		p += n;
		len -= (size_t)n;
	}
}

static void
say(const struct child *c, const struct trainwire_msg *m)
{
	uint8_t *data, head[4];
	size_t len, at = 0;
	ssize_t n;

	assert_int_equal(trainwire_encode(m, &data, &len), 0);
	head[0] = (uint8_t)(len >> 24);
	head[1] = (uint8_t)(len >> 16);
	head[2] = (uint8_t)(len >> 8);
	head[3] = (uint8_t)len;
	assert_int_equal(write(c->to, head, 4), 4);
	while (at < len) {
		n = write(c->to, data + at, len - at);
		assert_true(n > 0);
		at += (size_t)n;
	}
	free(data);
}

static void
hear(const struct child *c, struct trainwire_msg *m)
{
	uint8_t *data, head[4];
	size_t len;

	read_exactly(c->from, head, 4);
	len = (size_t)head[0] << 24 | (size_t)head[1] << 16 |
	    (size_t)head[2] << 8 | head[3];
	data = malloc(len);
	assert_non_null(data);
	read_exactly(c->from, data, len);
	assert_int_equal(trainwire_decode(data, len, m), WIRE_OK);
	free(data);
}

static void
say_setup(const struct child *c, const struct federation *f, const char *data,
    uint16_t threads, uint8_t confine)
{
	struct trainwire_msg m = {.type = TRAINWIRE_SETUP};
	struct bytes_writer w = BYTES_WRITER_INIT;

	federation_put(&w, f);
	snprintf(m.u.setup.build, sizeof(m.u.setup.build), "%s", build);
	snprintf(m.u.setup.data, sizeof(m.u.setup.data), "%s", data);
	m.u.setup.federation = w.data;
	m.u.setup.federation_len = w.len;
	m.u.setup.threads = threads;
	m.u.setup.confine = confine;
	m.u.setup.salt[0] = 5;
	say(c, &m);
	bytes_writer_close(&w);
}

static void
say_model(const struct child *c, enum trainwire_type type, uint64_t round)
{
	struct trainwire_msg m = {.type = type};

	m.u.model.round = round;
	m.u.model.member = 1;
	m.u.model.dim = fed.job.dim;
	m.u.model.model = calloc(fed.job.dim, sizeof(int64_t));
	assert_non_null(m.u.model.model);
	job_start_model(&fed.job, m.u.model.model);
	say(c, &m);
	trainwire_msg_close(&m);
}

/* One line of /proc/PID/status, as a number. */
static int
status_of(pid_t pid, const char *key)
{
	char path[64], line[256];
	int v = -1;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	f = fopen(path, "r");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		if (strncmp(line, key, strlen(key)) == 0)
			v = (int)strtol(line + strlen(key), NULL, 10);
	}
	fclose(f);
	return v;
}

static struct hash
train_once(uint16_t threads, uint8_t confine)
{
	struct child c = start_child();
	struct trainwire_msg m;
	struct hash payload;

	say_setup(&c, &fed, WINE, threads, confine);
	hear(&c, &m);
	assert_int_equal(m.type, TRAINWIRE_READY);
	assert_int_equal(m.u.ready.dim, fed.job.dim);
	assert_int_equal(m.u.ready.rows, 178);
	assert_false(hash_is_zero(&m.u.ready.data_asset));
	assert_int_equal(m.u.ready.confined, confine);
	/* What it claims is what the kernel says. */
	assert_int_equal(status_of(c.pid, "Seccomp:"), confine ? 2 : 0);
	assert_int_equal(status_of(c.pid, "NoNewPrivs:"), confine);
	say_model(&c, TRAINWIRE_TRAIN, 4);
	hear(&c, &m);
	assert_int_equal(m.type, TRAINWIRE_TRAINED);
	assert_int_equal(m.u.trained.round, 4);
	assert_int_equal(m.u.trained.rows, 178);
	assert_int_equal(m.u.trained.flags,
	    ANSWER_REPLAYABLE | (confine ? ANSWER_CONFINED : 0));
	payload = q24_hash("qml.payload", m.u.trained.delta, m.u.trained.dim);
	trainwire_msg_close(&m);
	say_model(&c, TRAINWIRE_SCORE, 9);
	hear(&c, &m);
	assert_int_equal(m.type, TRAINWIRE_SCORED);
	assert_int_equal(m.u.scored.round, 9);
	assert_int_equal(m.u.scored.rows, 178);
	trainwire_msg_close(&m);
	assert_int_equal(end_child(&c), 0);
	return payload;
}

static void
test_training(void **state)
{
	struct hash a = train_once(1, 1), b;
	uint16_t threads;

	(void)state;
	for (threads = 1; threads <= 3; threads++) {
		b = train_once(threads, 0);
		assert_true(hash_equal(&a, &b));
		b = train_once(threads, 1);
		assert_true(hash_equal(&a, &b));
	}
}

/* A game of two whose updates are zero, on the data themselves. */
static void
say_worth(const struct child *c, uint64_t round)
{
	struct trainwire_msg m = {.type = TRAINWIRE_WORTH};
	struct trainwire_worth *x = &m.u.worth;
	FILE *f = fopen(WINE, "r");

	x->round = round;
	x->players = 2;
	x->dim = fed.job.dim;
	x->update = fed.job.update;
	x->model = calloc(x->dim, sizeof(int64_t));
	x->updates = calloc(2u * x->update, sizeof(int64_t));
	x->shard = malloc(TRAINWIRE_SHARD_MAX);
	assert_true(f && x->model && x->updates && x->shard);
	x->shard_len = fread(x->shard, 1, TRAINWIRE_SHARD_MAX, f);
	fclose(f);
	job_start_model(&fed.job, x->model);
	say(c, &m);
	trainwire_msg_close(&m);
}

/* What a closed round was worth is found out between trainings. */
static void
test_worth_waits(void **state)
{
	struct child c = start_child();
	struct trainwire_msg m;
	bool trained = false;
	int n;

	(void)state;
	say_setup(&c, &fed, WINE, 1, 1);
	hear(&c, &m);
	assert_int_equal(m.type, TRAINWIRE_READY);
	say_worth(&c, 3);
	say_worth(&c, 4);
	say_model(&c, TRAINWIRE_TRAIN, 5);
	for (n = 0; n < 3; n++) {
		hear(&c, &m);
		if (m.type == TRAINWIRE_TRAINED) {
			trained = true;
		} else if (m.u.worthed.round == 4) {
			assert_int_equal(m.type, TRAINWIRE_WORTHED);
			assert_int_equal(m.u.worthed.n, 4);
			assert_int_equal(m.u.worthed.utility[0],
			    m.u.worthed.utility[3]);
			assert_true(m.u.worthed.utility[0] > 0);
		}
		trainwire_msg_close(&m);
	}
	assert_true(trained);
	say_worth(&c, 6);
	hear(&c, &m);
	assert_int_equal(m.type, TRAINWIRE_WORTHED);
	assert_int_equal(m.u.worthed.n, 4);
	trainwire_msg_close(&m);
	say_worth(&c, 7); /* nobody waits for it */
	assert_int_equal(end_child(&c), 0);
}

static void
expect_refused(const struct child *c, const char *text)
{
	struct trainwire_msg m;

	hear(c, &m);
	assert_int_equal(m.type, TRAINWIRE_REFUSED);
	assert_string_equal(m.u.failed.text, text);
	trainwire_msg_close(&m);
}

static void
test_refused_then_ready(void **state)
{
	struct child c = start_child();
	struct trainwire_msg m;
	char first = build[0];

	(void)state;
	say_setup(&c, &fed, "no/such.csv", 1, 1);
	expect_refused(&c,
	    "no/such.csv: the data file cannot be read: No such "
	    "file or directory");
	say_setup(&c, &fed, "tests/data/datasets/iris.csv", 1, 1);
	expect_refused(&c,
	    "tests/data/datasets/iris.csv:1: column 1 is "
	    "\"sepal_length_cm\", the schema of the federation "
	    "has \"alcohol\" there; names and order must be the "
	    "agreed ones");
	build[0] = first == '0' ? '1' : '0';
	say_setup(&c, &fed, WINE, 1, 1);
	build[0] = first;
	expect_refused(&c,
	    "qmlnode and qmltrain are of different builds; "
	    "install both from one");
	say_setup(&c, &fed, WINE, 1, 1);
	hear(&c, &m);
	assert_int_equal(m.type, TRAINWIRE_READY);
	say_setup(&c, &fed, WINE, 1, 1);
	expect_refused(&c,
	    "the data were set up already; start another "
	    "trainer");
	assert_int_equal(end_child(&c), 0);
}

static void
test_train_before_setup(void **state)
{
	struct child c = start_child();
	struct trainwire_msg m;

	(void)state;
	say_model(&c, TRAINWIRE_TRAIN, 2);
	hear(&c, &m);
	assert_int_equal(m.type, TRAINWIRE_FAILED);
	assert_int_equal(m.u.failed.round, 2);
	assert_int_equal(m.u.failed.reason, ANSWER_REASON_TRAINER);
	assert_string_equal(m.u.failed.text, "no data was set up");
	assert_int_equal(end_child(&c), 0);
}

static void
test_garbage(void **state)
{
	static const char *const bad[] = {"\xff\xff\xff\xff", "hello world",
	    "\x01\x02"};
	struct child c;
	size_t i;
	int status;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		c = start_child();
		assert_true(write(c.to, bad[i], strlen(bad[i])) > 0);
		status = end_child(&c);
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), 1);
	}
}

/* A job of hours: the parent's going or a signal ends it at once; the test's
 * watchdog says if not. */
static void
test_interrupted(void **state)
{
	struct federation f;
	struct trainwire_msg m;
	struct child c;
	int status, i;

	(void)state;
	assert_int_equal(federation_copy(&f, &fed), 0);
	f.job.local.steps = 1000000;
	for (i = 0; i < 2; i++) {
		c = start_child();
		say_setup(&c, &f, WINE, 2, 1);
		hear(&c, &m);
		assert_int_equal(m.type, TRAINWIRE_READY);
		say_model(&c, TRAINWIRE_TRAIN, 0);
		if (i == 0) {
			status = end_child(&c);
			assert_true(WIFEXITED(status));
			assert_int_equal(WEXITSTATUS(status), 0);
		} else {
			kill(c.pid, SIGTERM);
			status = end_child(&c);
			assert_true(WIFSIGNALED(status));
			assert_int_equal(WTERMSIG(status), SIGTERM);
		}
	}
	federation_close(&f);
}

static void
test_confinement(void **state)
{
	static const char *const refused[] = {"open a TCP socket",
	    "open a UDP socket", "open a Unix socket", "read a file",
	    "read /proc/self", "create a file", "look at a path",
	    "start a process", "signal the parent", "map new code",
	    "start a program"};
	const char *argv[] = {"confine-test", NULL};
	char out[4096], line[128];
	size_t i;

	(void)state;
	assert_int_equal(fixture_run(argv, out, sizeof(out)), 0);
	assert_non_null(strstr(out, "confined: seccomp=yes"));
	assert_non_null(strstr(out, "threads: work"));
	assert_null(strstr(out, "ALLOWED"));
	for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		snprintf(line, sizeof(line),
		    "refused: %s: Operation not "
		    "permitted\n",
		    refused[i]);
		assert_non_null(strstr(out, line));
		snprintf(line, sizeof(line), "before: %s: possible\n",
		    refused[i]);
		assert_true(i == 10 || strstr(out, line));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_training),
	    cmocka_unit_test(test_worth_waits),
	    cmocka_unit_test(test_refused_then_ready),
	    cmocka_unit_test(test_train_before_setup),
	    cmocka_unit_test(test_garbage),
	    cmocka_unit_test(test_interrupted),
	    cmocka_unit_test(test_confinement),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
