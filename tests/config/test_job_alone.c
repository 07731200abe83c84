/* A job's file on its own, for a federation that exists; and files that are
 * read from the disk. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "proto/id.h"
#include "tests/config/good_file.h"

static struct federation f;

static int
parse(struct job *j, const char *text, struct config_error *e)
{
	const struct config_text t = {text, strlen(text)};

	e->file = "job.yaml";
	e->text[0] = '\0';
	return federation_file_parse_job(j, &f, &t, e);
}

static void
refused(const char *text, const char *why)
{
	struct config_error e;
	struct job j;

	assert_int_equal(parse(&j, text, &e), -EINVAL);
	if (strstr(e.text, why) == NULL)
		print_message("%s\n", e.text);
	assert_non_null(strstr(e.text, why));
	assert_int_equal(j.dim, 0);
}

static void
alone(void **state)
{
	const struct hash model = {{5}};
	char text[256], id[ID_TEXT_LEN];
	struct config_error e;
	struct job j;

	(void)state;
	assert_int_equal(parse(&j, JOB, &e), 0);
	assert_int_equal(j.rounds, 20);
	assert_int_equal(j.dim, f.job.dim);
	job_close(&j);
	/* A start that is only named: whoever runs the job looks for it. */
	snprintf(text, sizeof(text), JOB "  start_model: %s\n",
	    id_text(ID_MODEL, &model, id));
	assert_int_equal(parse(&j, text, &e), 0);
	assert_true(hash_equal(&j.start, &model));
	job_close(&j);
	refused("job: {task: vqc", "job.yaml:");
	refused(JOB "  start_model: qm1nonsense\n", "want a model's id");
	refused(JOB "  before: arc krum\n", "job.before: want up to three");
	refused(JOB "name: demo\n", "job.yaml:6");
	refused("job:\n  task: vqc\n  qubits: 99\n", "job.yaml:");
	refused("job:\n  task: dance\n", "job.yaml:2");
	refused(JOB "privacy:\n  noise: 0.0001\n", "job.yaml");
}

static void
from_disk(void **state)
{
	char path[] = "/tmp/qml-file-XXXXXX";
	struct config_error e = {.file = ""};
	struct federation g;
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, GOOD, strlen(GOOD)), strlen(GOOD));
	assert_int_equal(federation_file_load(&g, path, false, &e), 0);
	assert_int_equal(g.nmembers, 2);
	federation_close(&g);
	assert_int_equal(write(fd, "x: 1\n", 5), 5);
	assert_int_equal(federation_file_load(&g, path, false, &e), -EINVAL);
	assert_non_null(strstr(e.text, path));
	federation_close(&g);
	close(fd);
	unlink(path);
	assert_int_equal(federation_file_load(&g, path, false, &e), -ENOENT);
	federation_close(&g);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(alone),
	    cmocka_unit_test(from_disk),
	};
	struct config_error e;
	int rc;

	if (good_file_parse(&f, GOOD, &e) != 0)
		return 1;
	rc = cmocka_run_group_tests(tests, NULL, NULL);
	federation_close(&f);
	return rc;
}
