/* Both files with the k-th allocation failing, k = 1, 2, ... until it passes:
 * -ENOMEM each time, everything closed, nothing leaks. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "config/federation_file.h"
#include "config/node.h"
#include "config/yaml.h"

#define TRIES_MAX 400

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);

static unsigned fail_at, ncalls; /* fail_at 0: never */

static bool
call_fails(void)
{
	return fail_at != 0 && ++ncalls == fail_at;
}

void *
__wrap_malloc(size_t size)
{
	return call_fails() ? NULL : __real_malloc(size);
}

void *
__wrap_calloc(size_t n, size_t size)
{
	return call_fails() ? NULL : __real_calloc(n, size);
}

void *
__wrap_realloc(void *p, size_t size)
{
	return call_fails() ? NULL : __real_realloc(p, size);
}

static void *
read_seed(const char *path, size_t *len)
{
	struct config_error e;
	void *data = NULL;

	fail_at = 0;
	assert_int_equal(config_read(path, YAML_BYTES_MAX, &data, len, &e), 0);
	return data;
}

static void
test_node(void **state)
{
	size_t len = 0;
	void *data = read_seed("tests/fuzz/corpus/yaml_node/full.yaml", &len);
	struct config_error e = {.file = "t"};
	struct config_node c;
	int rc = -ENOMEM;
	unsigned k;

	(void)state;
	for (k = 1; rc != 0 && k < TRIES_MAX; k++) {
		ncalls = 0;
		fail_at = k;
		rc = config_node_parse(&c, data, len, &e);
		fail_at = 0;
		assert_true(rc == 0 || rc == -ENOMEM);
		if (rc != 0)
			assert_null(c.trainer_command.text);
	}
	assert_int_equal(rc, 0);
	assert_true(k > 2);
	config_node_close(&c);
	free(data);
}

static void
test_federation(void **state)
{
	size_t len = 0;
	void *data =
	    read_seed("tests/fuzz/corpus/yaml_federation/vqc.yaml", &len);
	struct config_error e = {.file = "t"};
	struct federation f;
	int rc = -ENOMEM;
	unsigned k;

	(void)state;
	for (k = 1; rc != 0 && k < TRIES_MAX; k++) {
		ncalls = 0;
		fail_at = k;
		rc = federation_file_parse(&f, data, len, &e);
		fail_at = 0;
		assert_true(rc == 0 || rc == -ENOMEM);
		if (rc != 0)
			assert_null(f.members);
	}
	assert_int_equal(rc, 0);
	assert_true(k > 6);
	federation_close(&f);
	free(data);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_node),
	    cmocka_unit_test(test_federation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
