/* Rows from arrays, packed files and commands; rows that leave memory. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/trainer/feeder.h"
#include "daemon/trainer/npy.h"
#include "daemon/trainer/source.h"
#include "daemon/trainer/table.h"
#include "tests/daemon/trainer_fixture.h"

#define IRIS "tests/data/datasets/iris.csv"
#define CORPUS "tests/fuzz/corpus/"

static char dir[FIXTURE_PATH_LEN];
static char err[TABLE_ERR_LEN];
static struct federation fed;

static int
setup(void **state)
{
	(void)state;
	fixture_make_dir(dir);
	fed = fixture_federation(IRIS, 4, 2);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	fixture_remove_dir(dir);
	federation_close(&fed);
	return 0;
}

static char *
in_dir(const char *name)
{
	static char path[16][FIXTURE_PATH_LEN + 64];
	static unsigned turn;
	char *p = path[turn++ % 16];

	snprintf(p, sizeof(path[0]), "%s/%s", dir, name);
	return p;
}

static void
write_bytes(const char *path, const void *data, size_t len)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

static int
load(struct table *t, const struct table_source *source)
{
	int rc = table_load(t, source, err);

	if (rc < 0)
		assert_true(err[0] != '\0');
	return rc;
}

static void
refused(const struct table_source *source, const char *says)
{
	struct table t;

	assert_true(load(&t, source) < 0);
	if (!strstr(err, says))
		fail_msg("\"%s\" is not in \"%s\"", says, err);
}

/* numpy.savez wrote these: X is 2 x 3 with a NaN, y is 0, 1. */
static void
test_npz(void **state)
{
	static const char *const files[] = {CORPUS "npz/stored",
	    CORPUS "npz/deflated"};
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		struct table_source s = {.path = files[i]};

		refused(&s, ":2: column x2: the value is not a finite number");
	}
}

/* Iris as .npy with the label last, as X and y apart, as a federation. */
static void
test_npy(void **state)
{
	struct table_source from = {.path = IRIS};
	uint8_t bytes[NPY_HEAD_LEN + 150 * 5 * 8];
	struct table t, u;
	size_t i;
	double v;

	(void)state;
	assert_int_equal(load(&t, &from), 0);
	npy_head(150, 5, false, bytes);
	for (i = 0; i < 150 * 5; i++) {
		size_t row = i / 5, col = i % 5;

		v = col == 4 ? t.rows.labels[row]
			     : t.rows.features[row * 4 + col];
		memcpy(bytes + NPY_HEAD_LEN + 8 * i, &v, 8);
	}
	write_bytes(in_dir("iris.npy"), bytes, sizeof(bytes));
	from.path = in_dir("iris.npy");
	assert_int_equal(load(&u, &from), 0);
	assert_int_equal(u.rows.n, 150);
	assert_string_equal(u.columns[3].name, "x3");
	assert_string_equal(u.labels[2], "2");
	assert_memory_equal(u.rows.features, t.rows.features, 150 * 4 * 8);
	assert_memory_equal(u.rows.labels, t.rows.labels, 150 * 4);
	table_close(&u);
	from.federation = &fed;
	assert_int_equal(load(&u, &from), 0);
	assert_string_equal(u.columns[0].name, "sepal_length_cm");
	table_close(&u);
	/* The labels alone: one column too few for rows. */
	npy_head(150, 4, false, bytes);
	write_bytes(in_dir("x.npy"), bytes, NPY_HEAD_LEN + 150 * 4 * 8);
	from.path = in_dir("x.npy");
	refused(&from, "there are no labels");
	npy_head(150, 1, false, bytes);
	memset(bytes + NPY_HEAD_LEN, 0, 150 * 8);
	write_bytes(in_dir("y.npy"), bytes, NPY_HEAD_LEN + 150 * 8);
	from.labels = in_dir("y.npy");
	refused(&from, "is outside the agreed range");
	from.labels = IRIS;
	refused(&from, "the labels are text");
	npy_head(149, 1, false, bytes);
	write_bytes(in_dir("z.npy"), bytes, NPY_HEAD_LEN + 149 * 8);
	from.labels = in_dir("z.npy");
	refused(&from, "there are 150 rows and labels of 149 rows");
	from.path = IRIS;
	refused(&from, "a CSV has its labels in a column");
	table_close(&t);
}

static void
test_idx_pair(void **state)
{
	static const uint8_t images[] = {0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0,
	    0, 0, 2, 1, 2, 3, 255};
	static const uint8_t labels[] = {0, 0, 8, 1, 0, 0, 0, 2, 7, 3};
	struct table_source from = {.path = NULL};
	struct table t;
	char path[64];

	(void)state;
	assert_int_equal(source_labels_path("a/train-images-idx3-ubyte.gz",
			     path, 64),
	    0);
	assert_string_equal(path, "a/train-labels-idx1-ubyte.gz");
	assert_int_equal(source_labels_path("pictures", path, 64), -EINVAL);
	assert_int_equal(source_labels_path("images", path, 6), -ENAMETOOLONG);
	write_bytes(in_dir("a-images-idx3"), images, sizeof(images));
	from.path = in_dir("a-images-idx3");
	/* Without a file of labels the last pixel would be the label. */
	assert_int_equal(load(&t, &from), 0);
	assert_int_equal(t.ncolumns, 1);
	table_close(&t);
	write_bytes(in_dir("a-labels-idx1"), labels, sizeof(labels));
	assert_int_equal(load(&t, &from), 0);
	assert_int_equal(t.ncolumns, 2);
	assert_string_equal(t.labels[0], "3");
	assert_string_equal(t.labels[1], "7");
	assert_int_equal(t.rows.labels[0], 1);
	assert_true(t.rows.features[3] == 255);
	table_close(&t);
	write_bytes(in_dir("a-labels-idx1"), labels, sizeof(labels) - 1);
	refused(&from, "its length is not what its header says");
}

static void
test_gzip(void **state)
{
	struct table_source from = {.path = in_dir("iris.csv.gz")};
	struct table t;
	char line[FIXTURE_PATH_LEN + 128];
	char *words[] = {(char *)"sh", (char *)"-c", line, NULL};
	struct feeder f = FEEDER_INIT;

	(void)state;
	snprintf(line, sizeof(line), "gzip -c " IRIS " >%s", from.path);
	assert_int_equal(feeder_start(&f, words, 10000), 0);
	assert_int_equal(feeder_read(&f, err, sizeof(err)), 0);
	assert_int_equal(feeder_finish(&f), 0);
	feeder_close(&f);
	assert_int_equal(load(&t, &from), 0);
	assert_int_equal(t.rows.n, 150);
	table_close(&t);
	assert_int_equal(truncate(from.path, 300), 0);
	refused(&from, "the gzip file is damaged or cut off");
}

/* More than memory_max: a file takes them, and the bits are the same. */
static void
test_mapped(void **state)
{
	struct table_source small = {.path = "tests/data/datasets/digits.csv"};
	struct table_source big = small;
	struct table a, b;

	(void)state;
	big.memory_max = 100000;
	assert_int_equal(load(&a, &small), 0);
	assert_null(a.rows.release);
	assert_int_equal(load(&b, &big), 0);
	assert_non_null(b.rows.release);
	assert_int_equal(a.rows.n, b.rows.n);
	assert_memory_equal(a.rows.features, b.rows.features,
	    a.rows.n * a.rows.d * sizeof(double));
	assert_memory_equal(a.rows.labels, b.rows.labels, a.rows.n * 4);
	table_close(&a);
	table_close(&b);
	/* A folder that is not there; and a refusal once the file is in use. */
	assert_int_equal(setenv("TMPDIR", "/no/such/folder", 1), 0);
	refused(&big, "not in a file in TMPDIR or /var/tmp");
	assert_int_equal(setenv("TMPDIR", dir, 1), 0);
	fixture_write(in_dir("bad.csv"), "a,b\n1,0\n2,0\n3,0\n4,1\nx,1\n");
	big.path = in_dir("bad.csv");
	big.memory_max = 1;
	refused(&big, ":6: column a: ");
	assert_int_equal(unsetenv("TMPDIR"), 0);
}

static void
test_command(void **state)
{
	char *good[] = {(char *)"cat", (char *)IRIS, NULL};
	char *bad[] = {(char *)"sh", (char *)"-c",
	    (char *)"cat " IRIS "; echo '  lost the\nline' >&2; exit 7", NULL};
	char *killed[] = {(char *)"sh", (char *)"-c", (char *)"kill -9 $$",
	    NULL};
	char *endless[] = {(char *)"sh", (char *)"-c",
	    (char *)"yes 1,0 & yes no >&2", NULL};
	struct table_source from = {.command = good};
	struct feeder f = FEEDER_INIT;
	ssize_t n;
	struct table t;

	(void)state;
	assert_int_equal(load(&t, &from), 0);
	assert_int_equal(t.rows.n, 150);
	table_close(&t);
	from.command = bad;
	refused(&from,
	    "sh: the data command ended with status 7: lost the "
	    "line");
	from.command = killed;
	refused(&from, "sh: the data command ended with status 137");
	/* What never ends is ended, with its children. */
	assert_int_equal(feeder_start(&f, endless, 100), 0);
	while ((n = feeder_read(&f, err, sizeof(err))) > 0)
		continue;
	assert_int_equal(n, -ETIMEDOUT);
	assert_true(strstr(f.tail, "no no") != NULL);
	feeder_close(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_npz),
	    cmocka_unit_test(test_npy),
	    cmocka_unit_test(test_idx_pair),
	    cmocka_unit_test(test_gzip),
	    cmocka_unit_test(test_mapped),
	    cmocka_unit_test(test_command),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
