#define _GNU_SOURCE /* nftw */
#include "tests/daemon/trainer_fixture.h"

#include <assert.h>
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/trainer/describe.h"
#include "daemon/trainer/table.h"
#include "proto/noise.h"
#include "sim/learn/task.h"

/* The seed of member number i before the federation sorts them. */
static void
key_seed(uint16_t i, uint8_t seed[32])
{
	memset(seed, 0, 32);
	seed[0] = 7;
	seed[1] = (uint8_t)i;
}

static void
fill_members(struct federation *f, uint16_t n)
{
	uint8_t seed[32];
	struct sign_key *k;
	uint16_t i;
	int rc;

	f->nmembers = n;
	f->members = calloc(n, sizeof(*f->members));
	assert(f->members);
	for (i = 0; i < n; i++) {
		key_seed(i, seed);
		rc = sign_key_new(seed, &k);
		assert(rc == 0);
		f->members[i].sign = sign_key_public(k);
		sign_key_free(k);
		seed[0] = 8;
		noise_public(seed, f->members[i].network);
		snprintf(f->members[i].name, FEDERATION_NAME_LEN, "site-%u", i);
		f->members[i].power = 1;
		f->members[i].weight = 1;
	}
}

struct sign_key *
fixture_key(const struct federation *f, uint16_t i)
{
	uint8_t seed[32];
	struct sign_key *k;
	uint16_t n;
	int rc = sscanf(f->members[i].name, "site-%hu", &n);

	assert(rc == 1);
	key_seed(n, seed);
	rc = sign_key_new(seed, &k);
	assert(rc == 0);
	return k;
}

static void
fill_schema(struct federation *f, const struct table *t)
{
	struct describe_range *ranges = calloc(t->ncolumns, sizeof(*ranges));
	size_t i;
	int rc;

	f->ncolumns = (uint16_t)t->ncolumns;
	f->columns = calloc(t->ncolumns, sizeof(*f->columns));
	f->nlabels = (uint16_t)t->nlabels;
	f->labels = calloc(t->nlabels, sizeof(*f->labels));
	assert(ranges && f->columns && f->labels);
	describe_ranges(t, ranges);
	for (i = 0; i < t->ncolumns; i++) {
		memcpy(f->columns[i].name, t->columns[i].name,
		    FEDERATION_TEXT_LEN);
		rc = decimal_parse(ranges[i].lo, &f->columns[i].lo);
		assert(rc == 0);
		rc = decimal_parse(ranges[i].hi, &f->columns[i].hi);
		assert(rc == 0);
	}
	memcpy(f->label, t->label, FEDERATION_TEXT_LEN);
	memcpy(f->labels, t->labels, t->nlabels * sizeof(*f->labels));
	free(ranges);
}

static void
fill_job(struct federation *f, uint16_t layers)
{
	struct job *j = &f->job;
	struct task_spec spec = {
	    .name = "vqc",
	    .nfeatures = f->ncolumns,
	    .nclasses = f->nlabels,
	};
	int rc;

	task_spec_suggest(&spec);
	job_default(j, JOB_VQC);
	j->main.encoding =
	    spec.encoding == TASK_ENC_AMPLITUDE ? JOB_AMPLITUDE : JOB_ANGLE;
	j->main.qubits = (uint8_t)spec.nqubits;
	j->main.layers = layers;
	j->main.head_scale = (struct decimal){4, 0};
	j->main.rate = (struct decimal){2, -2};
	j->main.rate_last = (struct decimal){4, -3};
	j->rounds = 20;
	j->local.steps = 10;
	j->local.batch = 32;
	j->combine.rule = JOB_MEAN;
	j->local.worker_momentum = (struct decimal){0, 0};
	memset(j->seed.b, 0x31, HASH_LEN);
	rc = job_sizes(j, f->ncolumns, f->nlabels);
	assert(rc == 0);
}

struct federation
fixture_federation(const char *csv, uint16_t n, uint16_t layers)
{
	struct table_source source = {.path = csv, .show_values = true};
	struct federation f = FEDERATION_INIT;
	char err[TABLE_ERR_LEN];
	struct table t;
	int rc;

	rc = sign_setup();
	assert(rc == 0);
	rc = table_load(&t, &source, err);
	if (rc < 0)
		fprintf(stderr, "%s\n", err);
	assert(rc == 0);
	f.version = FEDERATION_VERSION;
	snprintf(f.name, sizeof(f.name), "fixture");
	f.founded_ms = 1763800000000;
	fill_members(&f, n);
	fill_schema(&f, &t);
	table_close(&t);
	f.timing = (struct timing){2000, 10000, 60000, 3000, 1000, 1000, 500,
	    60000, 100, 4000, 100};
	fill_job(&f, layers);
	federation_sort(&f);
	rc = federation_check(&f, err, sizeof(err));
	if (rc < 0)
		fprintf(stderr, "%s\n", err);
	assert(rc == 0);
	return f;
}

static void
write_bytes(const char *path, const void *data, size_t len)
{
	FILE *f = fopen(path, "wb");
	size_t n;
	int rc;

	assert(f);
	n = fwrite(data, 1, len, f);
	rc = fclose(f);
	assert(n == len && rc == 0);
}

void
fixture_write(const char *path, const char *text)
{
	write_bytes(path, text, strlen(text));
}

void
fixture_write_federation(const struct federation *f, const char *path)
{
	struct bytes_writer w = BYTES_WRITER_INIT;

	federation_put(&w, f);
	assert(w.error == 0);
	write_bytes(path, w.data, w.len);
	bytes_writer_close(&w);
}

void
fixture_make_dir(char dir[static FIXTURE_PATH_LEN])
{
	const char *tmp = getenv("TMPDIR");
	char *made;

	snprintf(dir, FIXTURE_PATH_LEN, "%s/qmltrain-test-XXXXXX",
	    tmp ? tmp : "/tmp");
	made = mkdtemp(dir);
	assert(made);
}

static int
remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

void
fixture_remove_dir(const char *dir)
{
	nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

const char *
fixture_program(void)
{
	static char path[FIXTURE_PATH_LEN];
	const char *build = getenv("QML_BUILD");

	snprintf(path, sizeof(path), "%s/qmltrain", build ? build : "build");
	return path;
}

static void
exec_program(const char *const *argv, int out)
{
	char *words[32];
	size_t i;

	words[0] = (char *)(uintptr_t)fixture_program();
	for (i = 0; argv[i] && i < 30; i++)
		words[i + 1] = (char *)(uintptr_t)argv[i];
	words[i + 1] = NULL;
	dup2(out, STDOUT_FILENO);
	dup2(out, STDERR_FILENO);
	execv(words[0], words);
	_exit(127);
}

int
fixture_run(const char *const *argv, char *out, size_t size)
{
	int fds[2], status = 0, rc;
	size_t len = 0;
	ssize_t n;
	char spill[512];
	pid_t pid;

	rc = pipe(fds);
	assert(rc == 0);
	pid = fork();
	assert(pid >= 0);
	if (pid == 0) {
		close(fds[0]);
		exec_program(argv, fds[1]);
	}
	close(fds[1]);
	while ((n = read(fds[0], len + 1 < size ? out + len : spill,
		    len + 1 < size ? size - len - 1 : sizeof(spill))) > 0)
		len += len + 1 < size ? (size_t)n : 0;
	out[len] = '\0';
	close(fds[0]);
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}
