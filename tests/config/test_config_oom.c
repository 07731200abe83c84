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
#include "tests/oom.h"

#define TRIES_MAX 400

static void *
read_seed(const char *path, size_t *len)
{
	struct config_error e;
	void *data = NULL;

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
		oom_arm(k);
		rc = config_node_parse(&c, data, len, &e);
		oom_disarm();
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
		oom_arm(k);
		rc = federation_file_parse(&f, data, len, &e);
		oom_disarm();
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
