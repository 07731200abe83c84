/* The trainer's own account: reserved before, never undercounted, refused
 * beyond; and trainings with noise, done once and again. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/trainer/guard.h"
#include "daemon/trainer/session.h"
#include "proto/answer.h"
#include "proto/q24.h"
#include "tests/daemon/trainer_fixture.h"

#define WINE "tests/data/datasets/wine.csv"

static char dir[FIXTURE_PATH_LEN], path[FIXTURE_PATH_LEN + 16];

static int
setup(void **state)
{
	(void)state;
	fixture_make_dir(dir);
	snprintf(path, sizeof(path), "%s/rows.spent", dir);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	fixture_remove_dir(dir);
	return 0;
}

/* Reference 2.4: q .05, sigma 1.2, epsilon 3 at 1e-5 admits 118 steps. */
static const struct rdp_target three = {3000, 5};

static struct spending_entry
entry(uint32_t steps, uint8_t seed)
{
	struct spending_entry e = {.round = seed,
	    .job = hash_bytes("x", "job", 3),
	    .asset = hash_bytes("x", "rows", 4),
	    .claim = {PRIVACY_SAMPLED_GAUSSIAN, 50000000, 1200, steps,
		1 << 24}};

	memset(e.seed, seed, sizeof(e.seed));
	return e;
}

static int
reserve(struct spending *a, uint32_t steps, uint8_t seed)
{
	struct spending_entry e = entry(steps, seed);
	char err[SPENDING_ERR_LEN] = "";
	int rc = spending_reserve(a, &e, err);

	assert_int_equal(rc < 0, err[0] != '\0');
	return rc;
}

static off_t
size_of_file(void)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return st.st_size;
}

static void
test_budget(void **state)
{
	char err[SPENDING_ERR_LEN];
	struct spending a, b;
	off_t size;

	(void)state;
	unlink(path);
	assert_int_equal(spending_open(&a, path, &three, err), 0);
	assert_int_equal(reserve(&a, 100, 1), 0);
	assert_int_equal(reserve(&a, 18, 2), 0);
	size = size_of_file();
	assert_int_equal(reserve(&a, 1, 3), -EDQUOT);
	assert_int_equal(size_of_file(), size);
	/* Nobody else counts beside. */
	assert_int_equal(spending_open(&b, path, &three, err), -EBUSY);
	assert_non_null(strstr(err, "another trainer"));
	spending_close(&a);
	/* As before after a restart, for whatever job. */
	assert_int_equal(spending_open(&a, path, &three, err), 0);
	assert_int_equal(a.budget.steps, 118);
	assert_int_equal(reserve(&a, 1, 4), -EDQUOT);
	spending_close(&a);
	/* The owner allowed more since: 858 in all at epsilon 8. */
	assert_int_equal(spending_open(&a, path, &(struct rdp_target){8000, 5},
			     err),
	    0);
	assert_int_equal(reserve(&a, 741, 5), -EDQUOT);
	assert_int_equal(reserve(&a, 740, 6), 0);
	spending_close(&a);
	/* Less: what was spent stays spent. */
	assert_int_equal(spending_open(&a, path, &three, err), 0);
	assert_int_equal(reserve(&a, 1, 7), -EDQUOT);
	spending_close(&a);
	/* No limit: written down all the same. */
	assert_int_equal(spending_open(&a, path, NULL, err), 0);
	assert_int_equal(reserve(&a, 1000, 8), 0);
	spending_close(&a);
	assert_int_equal(stat(path, &(struct stat){0}), 0);
}

static void
append(const char *text)
{
	FILE *f = fopen(path, "a");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

/* Killed at any byte of a line: it counts when it is whole, and the account
 * goes on. */
static void
test_torn(void **state)
{
	char err[SPENDING_ERR_LEN], bytes[2048];
	struct spending a;
	ssize_t len;
	int fd;

	(void)state;
	unlink(path);
	assert_int_equal(spending_open(&a, path, &three, err), 0);
	assert_int_equal(reserve(&a, 60, 1), 0);
	spending_close(&a);
	fd = open(path, O_RDONLY);
	len = read(fd, bytes, sizeof(bytes));
	close(fd);
	assert_in_range(len, 100, 1000);
	for (ssize_t cut = 0; cut <= len; cut += cut < len - 2 ? 7 : 1) {
		fd = open(path, O_WRONLY | O_TRUNC);
		assert_int_equal(write(fd, bytes, (size_t)len), len);
		assert_int_equal(write(fd, bytes, (size_t)cut), cut);
		close(fd);
		assert_int_equal(spending_open(&a, path, &three, err), 0);
		assert_int_equal(a.budget.steps, cut == len ? 120 : 60);
		assert_int_equal(reserve(&a, 1, 2), cut == len ? -EDQUOT : 0);
		spending_close(&a);
		assert_int_equal(spending_open(&a, path, &three, err), 0);
		assert_int_equal(a.budget.steps, cut == len ? 120 : 61);
		spending_close(&a);
	}
}

static void
test_damaged(void **state)
{
	struct hash commit;
	struct spending a;
	struct spending_entry e = entry(5, 9);
	uint8_t seed[SPENDING_SEED_LEN];
	char err[SPENDING_ERR_LEN];
	FILE *f;

	(void)state;
	unlink(path);
	assert_int_equal(spending_open(&a, path, NULL, err), 0);
	assert_int_equal(reserve(&a, 5, 8), 0);
	assert_int_equal(reserve(&a, 5, 9), 0);
	assert_int_equal(reserve(&a, 5, 10), 0);
	spending_close(&a);
	commit = spending_commit(e.seed);
	assert_int_equal(spending_find(path, &commit, seed), 0);
	assert_memory_equal(seed, e.seed, sizeof(seed));
	commit.b[0] ^= 1;
	assert_int_equal(spending_find(path, &commit, seed), -ENOENT);
	assert_int_equal(spending_find("/nonexistent", &commit, seed), -ENOENT);
	/* 5 steps become 4: the line's sum does not fit. */
	f = fopen(path, "r+");
	assert_non_null(f);
	assert_int_equal(fseek(f, 14, SEEK_SET), 0);
	assert_int_equal(fputc('4', f), '4');
	fclose(f);
	assert_int_equal(spending_open(&a, path, NULL, err), -EINVAL);
	assert_non_null(strstr(err, "line 1 is damaged"));
	assert_int_equal(spending_find(path, &commit, seed), -EINVAL);
	unlink(path);
	append("hello\n");
	assert_int_equal(spending_open(&a, path, NULL, err), -EINVAL);
	unlink(path);
}

/* Steps that sample nothing have no cost, whatever the line's sum says. */
static void
test_impossible(void **state)
{
	struct spending_entry e = entry(5, 9);
	char err[SPENDING_ERR_LEN], line[512], job[HASH_HEX_LEN];
	char hex[HASH_HEX_LEN];
	struct spending a;
	struct hash sum;
	int n;

	(void)state;
	hash_hex(&e.job, job);
	n = snprintf(line, sizeof(line),
	    "round=1 steps=1 q_ppb=0 sigma_milli=1000 clip_q24=1 job=%s "
	    "asset=%s seed=%s",
	    job, job, job);
	sum = hash_bytes("qml.spent", line, (size_t)n);
	snprintf(line + n, sizeof(line) - (size_t)n, " sum=%.16s\n",
	    hash_hex(&sum, hex));
	unlink(path);
	append(line);
	assert_int_equal(spending_open(&a, path, NULL, err), -EINVAL);
	assert_non_null(strstr(err, "line 1 is damaged"));
	unlink(path);
}

static struct federation
private_federation(void)
{
	struct federation f = fixture_federation(WINE, 4, 2);

	f.job.privacy = (struct job_privacy){.noise = {12, -1},
	    .rate = {5, -2},
	    .clip = {1, 0},
	    .min_rows = 50};
	f.job.local.steps = 10;
	return f;
}

static void
terms(const char *text)
{
	char file[FIXTURE_PATH_LEN + 16];

	snprintf(file, sizeof(file), "%s/rows.terms", dir);
	if (text != NULL)
		fixture_write(file, text);
	else
		unlink(file);
}

static void
test_guard(void **state)
{
	struct federation f = private_federation();
	char rows[FIXTURE_PATH_LEN + 8], err[SPENDING_ERR_LEN];
	uint8_t first[SPENDING_SEED_LEN], second[SPENDING_SEED_LEN];
	struct hash asset = hash_bytes("x", "rows", 4);
	struct guard g;

	(void)state;
	unlink(path);
	snprintf(rows, sizeof(rows), "%s/rows", dir);
	terms("tasks: [linear]\n");
	assert_int_equal(guard_open(&g, rows, &f.job, err), -EINVAL);
	assert_non_null(strstr(err, "do not allow the task vqc"));
	terms("tasks: [vqc]\nepsilon: 3\nepsilons: 4\n");
	assert_int_equal(guard_open(&g, rows, &f.job, err), -EINVAL);
	assert_int_equal(access(path, F_OK), -1);
	terms("tasks: [vqc]\nepsilon: 3\n");
	assert_int_equal(guard_open(&g, rows, &f.job, err), 0);
	for (unsigned r = 0; r < 11; r++)
		assert_int_equal(guard_reserve(&g, r, &asset,
				     r ? second : first, err),
		    0);
	assert_memory_not_equal(first, second, sizeof(first));
	/* 8 steps are left, a round takes 10. */
	assert_int_equal(guard_reserve(&g, 11, &asset, first, err), -EDQUOT);
	assert_non_null(strstr(err, "budget is used up"));
	guard_close(&g);
	/* Without noise there is no account, and the terms still hold. */
	f.job.privacy = (struct job_privacy){.min_rows = 0};
	assert_int_equal(guard_open(&g, rows, &f.job, err), -EINVAL);
	assert_non_null(strstr(err, "ask for noise"));
	terms(NULL);
	unlink(path);
	assert_int_equal(guard_open(&g, rows, &f.job, err), 0);
	assert_int_equal(guard_reserve(&g, 0, &asset, first, err), 0);
	assert_int_equal(access(path, F_OK), -1);
	guard_close(&g);
	assert_int_equal(guard_open(&g, "", &f.job, err), 0);
	guard_close(&g);
	federation_close(&f);
}

static void
open_wine(struct session *s, const struct federation *f)
{
	struct session_source source = {.data = WINE};
	char err[TABLE_ERR_LEN];

	assert_int_equal(session_open(s, f, &source, NULL, err), 0);
}

static struct trainwire_trained
train(struct session *s, uint8_t seed, struct trainwire_msg *out)
{
	struct trainwire_model m = {.dim = s->federation.job.dim};

	m.model = calloc(m.dim, sizeof(*m.model));
	assert_non_null(m.model);
	job_start_model(&s->federation.job, m.model);
	memset(s->seed, seed, sizeof(s->seed));
	s->seeded = seed != 0;
	assert_int_equal(session_train(s, &m, out), 0);
	free(m.model);
	return out->u.trained;
}

/* What leaves says nothing that the noise does not cover. */
static void
test_session(void **state)
{
	struct federation f = private_federation();
	struct trainwire_msg out, again;
	struct trainwire_trained t;
	uint8_t seed[SPENDING_SEED_LEN];
	struct session s;
	struct hash want;

	(void)state;
	open_wine(&s, &f);
	s.counted = 170;
	t = train(&s, 7, &out);
	assert_int_equal(out.type, TRAINWIRE_TRAINED);
	assert_int_equal(t.rows, 170);
	assert_int_equal(t.steps, 10);
	assert_int_equal(t.correct, 0);
	assert_int_equal(t.loss_before_q24, 0);
	assert_int_equal(t.loss_after_q24, 0);
	memset(seed, 7, sizeof(seed));
	want = spending_commit(seed);
	assert_true(hash_equal(&t.seed_commit, &want));
	/* The same seed, the same update: who has it can replay. */
	t = train(&s, 7, &again);
	assert_memory_equal(t.delta, out.u.trained.delta, t.dim * 8);
	trainwire_msg_close(&again);
	t = train(&s, 8, &again);
	assert_memory_not_equal(t.delta, out.u.trained.delta, t.dim * 8);
	trainwire_msg_close(&again);
	trainwire_msg_close(&out);
	/* A seed serves once, and nothing is trained without one. */
	(void)train(&s, 0, &out);
	assert_int_equal(out.type, TRAINWIRE_FAILED);
	trainwire_msg_close(&out);
	session_close(&s);
	/* Too few rows, with noise or without. */
	f.job.privacy = (struct job_privacy){.min_rows = 179};
	open_wine(&s, &f);
	(void)train(&s, 0, &out);
	assert_int_equal(out.type, TRAINWIRE_FAILED);
	assert_int_equal(out.u.failed.reason, ANSWER_REASON_NO_DATA);
	trainwire_msg_close(&out);
	session_close(&s);
	federation_close(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_budget),
	    cmocka_unit_test(test_torn),
	    cmocka_unit_test(test_damaged),
	    cmocka_unit_test(test_impossible),
	    cmocka_unit_test(test_guard),
	    cmocka_unit_test(test_session),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
