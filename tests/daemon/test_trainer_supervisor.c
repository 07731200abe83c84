/*
 * The daemon's side of the trainer: children that do not behave. The child is
 * a shell here; what a real one says is test_trainer_child's business.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/node/trainer.h"
#include "proto/answer.h"
#include "tests/daemon/trainer_fixture.h"

#define WINE "tests/data/datasets/wine.csv"
#define WATCHDOG_S 600 /* of a slow machine, with a sanitizer */

struct desk {
	struct federation f;
	struct trainer *t;
	uv_loop_t loop;
	unsigned nfailed, nstopped;
	uint8_t reason;
	bool stop_on_failed;
};

static void
failed_cb(void *arg, uint64_t round, uint8_t reason, const char *text)
{
	struct desk *d = arg;

	assert_int_equal(round, 7);
	assert_true(strlen(text) > 0);
	d->nfailed++;
	d->reason = reason;
	if (d->stop_on_failed)
		trainer_stop(d->t);
}

static void
stopped_cb(void *arg)
{
	struct desk *d = arg;

	d->nstopped++;
}

static void
ready_cb(void *arg, const struct trainwire_ready *r)
{
	(void)arg, (void)r;
}

static void
trained_cb(void *arg, const struct trainwire_trained *t)
{
	(void)arg, (void)t;
}

static void
desk_begin(struct desk *d, char **command, uint64_t late_ms)
{
	const struct trainer_config cfg = {.command = command,
	    .data = {.path = "no.csv"},
	    .threads = 1,
	    .late_ms = late_ms,
	    .federation = &d->f};
	const struct trainer_callbacks cb = {.arg = d,
	    .ready = ready_cb,
	    .failed = failed_cb,
	    .trained = trained_cb,
	    .stopped = stopped_cb};

	*d = (struct desk){.f = fixture_federation(WINE, 4, 2)};
	alarm(WATCHDOG_S); /* a child that hangs fails the test */
	assert_int_equal(uv_loop_init(&d->loop), 0);
	assert_int_equal(trainer_start(&d->t, &d->loop, &cfg, &cb), 0);
}

static void
desk_open(struct desk *d, char **command)
{
	desk_begin(d, command, 0);
}

static void
desk_train(struct desk *d)
{
	int64_t *model = calloc(d->f.job.dim, sizeof(*model));

	assert_non_null(model);
	trainer_train(d->t,
	    &(struct trainwire_model){.round = 7,
		.dim = d->f.job.dim,
		.model = model});
	free(model);
}

/* Runs until everything is closed. */
static void
desk_close(struct desk *d)
{
	assert_int_equal(uv_run(&d->loop, UV_RUN_DEFAULT), 0);
	assert_int_equal(d->nstopped, 1);
	assert_int_equal(uv_loop_close(&d->loop), 0);
	trainer_free(d->t);
	federation_close(&d->f);
}

/* One that lives but cannot be heard any more costs the round, not all to
 * come: it is ended. */
static void
mute_child(void **state)
{
	char *command[] = {(char *)"/bin/sh", (char *)"-c",
	    (char *)"exec >&-; exec sleep 1000", NULL};
	struct desk d;

	(void)state;
	desk_open(&d, command);
	d.stop_on_failed = true;
	desk_train(&d);
	desk_close(&d);
	assert_int_equal(d.nfailed, 1);
	assert_int_equal(d.reason, ANSWER_REASON_TRAINER);
}

static void
missing_program(void **state)
{
	char *command[] = {(char *)"/nonexistent/qmltrain", NULL};
	struct desk d;

	(void)state;
	desk_open(&d, command);
	trainer_stop(d.t); /* while what was half started is closing */
	desk_close(&d);
	assert_int_equal(d.nfailed, 0);
}

/* The end of the child and the order to end it come together. */
static void
dies_while_stopped(void **state)
{
	char *command[] = {(char *)"/bin/sh", (char *)"-c", (char *)"exit 3",
	    NULL};
	struct desk d;

	(void)state;
	for (int turns = 0; turns < 12; turns++) {
		desk_open(&d, command);
		desk_train(&d);
		for (int i = 0; i < turns; i++)
			uv_run(&d.loop, UV_RUN_NOWAIT);
		trainer_stop(d.t);
		desk_close(&d);
	}
}

/* One that does not hear SIGTERM is killed. */
static void
deaf_child(void **state)
{
	char *command[] = {(char *)"/bin/sh", (char *)"-c",
	    (char *)"trap '' TERM; while :; do sleep 1; done", NULL};
	struct desk d;

	(void)state;
	desk_open(&d, command);
	trainer_stop(d.t);
	desk_close(&d);
}

/* Stopped once more while that is under way, or over. */
static void
stopped_twice(void **state)
{
	char *command[] = {(char *)"/nonexistent/qmltrain", NULL};
	struct desk d;

	(void)state;
	desk_open(&d, command);
	while (trainer_state(d.t) != TRAINER_WAITING)
		uv_run(&d.loop, UV_RUN_NOWAIT);
	trainer_stop(d.t);
	trainer_stop(d.t);
	desk_close(&d);
}

/* What a child says after it was stopped does not bring it back: rounds are
 * answered with "no data" from then on, as trainer_forget promises. */
static void
says_ready_when_stopped(void **state)
{
	const struct trainwire_msg m = {.type = TRAINWIRE_READY,
	    .u.ready = {.dim = 1, .rows = 1}};
	char path[] = "/tmp/qml-ready-XXXXXX", script[160], mark[40];
	char *command[] = {(char *)"/bin/sh", (char *)"-c", script, NULL};
	uint8_t *data, head[4] = {0};
	struct desk d;
	size_t len;
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(trainwire_encode(&m, &data, &len), 0);
	assert_true(len < 256);
	head[3] = (uint8_t)len;
	assert_int_equal(write(fd, head, 4), 4);
	assert_int_equal(write(fd, data, len), (ssize_t)len);
	close(fd);
	free(data);
	snprintf(mark, sizeof(mark), "%s.up", path);
	snprintf(script, sizeof(script),
	    "trap 'cat %s' TERM; : > %s; while :; do sleep 0.1; done", path,
	    mark);
	desk_open(&d, command);
	while (access(mark, F_OK) != 0)
		uv_run(&d.loop, UV_RUN_NOWAIT);
	trainer_forget(d.t);
	assert_int_equal(uv_run(&d.loop, UV_RUN_DEFAULT), 0);
	assert_int_equal(trainer_state(d.t), TRAINER_NONE);
	desk_train(&d);
	assert_int_equal(d.nfailed, 1);
	assert_int_equal(d.reason, ANSWER_REASON_NO_DATA);
	desk_close(&d);
	unlink(mark);
	unlink(path);
}

/* A file with this message, as it goes over the pipe. */
static void
put_message(const char *path, const struct trainwire_msg *m)
{
	uint8_t *data, head[4] = {0};
	FILE *f = fopen(path, "w");
	size_t len;

	assert_non_null(f);
	assert_int_equal(trainwire_encode(m, &data, &len), 0);
	assert_true(len < 65536);
	head[2] = (uint8_t)(len >> 8);
	head[3] = (uint8_t)len;
	assert_int_equal(fwrite(head, 1, 4, f), 4);
	assert_int_equal(fwrite(data, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
	free(data);
}

/* A child that says READY, and what is in `then` when the file `go` is there;
 * each start is a byte in `starts`. */
struct actor {
	char dir[32], ready[48], then[48], go[48], starts[48], script[400];
	char *command[4];
};

static void
actor_open(struct actor *a, const struct trainwire_msg *then)
{
	const struct trainwire_msg ready = {.type = TRAINWIRE_READY,
	    .u.ready = {.dim = 1, .rows = 1}};

	*a = (struct actor){.dir = "/tmp/qml-actor-XXXXXX"};
	assert_non_null(mkdtemp(a->dir));
	snprintf(a->ready, sizeof(a->ready), "%s/ready", a->dir);
	snprintf(a->then, sizeof(a->then), "%s/then", a->dir);
	snprintf(a->go, sizeof(a->go), "%s/go", a->dir);
	snprintf(a->starts, sizeof(a->starts), "%s/starts", a->dir);
	put_message(a->ready, &ready);
	put_message(a->then, then);
	snprintf(a->script, sizeof(a->script),
	    "printf x >> %s; cat %s; while [ ! -e %s ]; do sleep 0.1; done; "
	    "cat %s; exec sleep 1000",
	    a->starts, a->ready, a->go, a->then);
	a->command[0] = (char *)"/bin/sh";
	a->command[1] = (char *)"-c";
	a->command[2] = a->script;
}

static void
actor_close(struct actor *a)
{
	unlink(a->ready);
	unlink(a->then);
	unlink(a->go);
	unlink(a->starts);
	assert_int_equal(rmdir(a->dir), 0);
}

static long
starts_of(const struct actor *a)
{
	FILE *f = fopen(a->starts, "r");
	long n = 0;

	if (f == NULL)
		return 0;
	assert_int_equal(fseek(f, 0, SEEK_END), 0);
	n = ftell(f);
	fclose(f);
	return n;
}

static void
run_until(struct desk *d, enum trainer_state want)
{
	while (trainer_state(d->t) != want)
		uv_run(&d->loop, UV_RUN_ONCE);
}

/* Alive and silent: it is left alone while its round is open, and started again
 * when that is over and it still says nothing. */
static void
hung_child(void **state)
{
	const struct trainwire_msg never = {.type = TRAINWIRE_FAILED,
	    .u.failed = {.round = 7, .text = "never said"}};
	struct actor a;
	struct desk d;

	(void)state;
	actor_open(&a, &never);
	desk_begin(&d, a.command, 1);
	run_until(&d, TRAINER_IDLE);
	desk_train(&d);
	assert_int_equal(trainer_state(d.t), TRAINER_BUSY);
	/* No clock runs while the round does. */
	while (uv_backend_timeout(&d.loop) == 0)
		uv_run(&d.loop, UV_RUN_NOWAIT);
	assert_int_equal(uv_backend_timeout(&d.loop), -1);
	trainer_cancel(d.t);
	desk_train(&d);
	run_until(&d, TRAINER_WAITING);
	assert_non_null(strstr(trainer_text(d.t), "hangs"));
	/* The round that waited for it is answered. */
	assert_int_equal(d.nfailed, 1);
	assert_int_equal(d.reason, ANSWER_REASON_TRAINER);
	run_until(&d, TRAINER_IDLE);
	assert_int_equal(starts_of(&a), 2);
	trainer_stop(d.t);
	desk_close(&d);
	actor_close(&a);
}

/* One that is late, and answers: it goes on, and no clock runs any more. */
static void
late_child(void **state)
{
	const struct trainwire_msg late = {.type = TRAINWIRE_FAILED,
	    .u.failed = {.round = 6, .text = "late"}};
	struct actor a;
	struct desk d;
	FILE *f;

	(void)state;
	actor_open(&a, &late);
	desk_begin(&d, a.command, 1000 * 86400);
	run_until(&d, TRAINER_IDLE);
	desk_train(&d);
	trainer_cancel(d.t);
	while (uv_backend_timeout(&d.loop) == 0)
		uv_run(&d.loop, UV_RUN_NOWAIT);
	assert_true(uv_backend_timeout(&d.loop) > 0);
	f = fopen(a.go, "w");
	assert_non_null(f);
	fclose(f);
	run_until(&d, TRAINER_IDLE);
	while (uv_backend_timeout(&d.loop) == 0)
		uv_run(&d.loop, UV_RUN_NOWAIT);
	assert_int_equal(uv_backend_timeout(&d.loop), -1);
	assert_int_equal(starts_of(&a), 1);
	assert_int_equal(d.nfailed, 0);
	trainer_stop(d.t);
	desk_close(&d);
	actor_close(&a);
}

/* A model of another length than there is room for costs the round. */
static void
other_length(void **state)
{
	char *command[] = {(char *)"/bin/sh", (char *)"-c", (char *)"exit 3",
	    NULL};
	int64_t *model;
	struct desk d;

	(void)state;
	desk_open(&d, command);
	model = calloc(d.f.job.dim + 1000, sizeof(*model));
	assert_non_null(model);
	trainer_train(d.t,
	    &(struct trainwire_model){.round = 7,
		.dim = d.f.job.dim + 1000,
		.model = model});
	free(model);
	assert_int_equal(d.nfailed, 1);
	assert_int_equal(d.reason, ANSWER_REASON_TRAINER);
	trainer_stop(d.t);
	desk_close(&d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(mute_child),
	    cmocka_unit_test(missing_program),
	    cmocka_unit_test(dies_while_stopped),
	    cmocka_unit_test(deaf_child),
	    cmocka_unit_test(stopped_twice),
	    cmocka_unit_test(says_ready_when_stopped),
	    cmocka_unit_test(hung_child),
	    cmocka_unit_test(late_child),
	    cmocka_unit_test(other_length),
	};

	signal(SIGPIPE, SIG_IGN); /* as the daemon does */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
