#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "daemon/trainer/describe.h"
#include "daemon/trainer/table.h"
#include "tests/daemon/trainer_fixture.h"

#define IRIS "tests/data/datasets/iris.csv"
#define HEADER \
	"sepal_length_cm,sepal_width_cm,petal_length_cm,petal_width_cm,label\n"
#define ROW "5.1,3.5,1.4,0.2,0\n"

static char dir[FIXTURE_PATH_LEN];
static char path[FIXTURE_PATH_LEN + 16];
static struct federation fed;

static int
setup(void **state)
{
	(void)state;
	fixture_make_dir(dir);
	snprintf(path, sizeof(path), "%s/x.csv", dir);
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

/* What the loader says about this text, under the agreed schema. */
static int
load(const char *text, bool show, char err[static TABLE_ERR_LEN])
{
	struct table_source source = {
	    .path = path,
	    .federation = &fed,
	    .show_values = show,
	};
	struct table t;
	int rc;

	fixture_write(path, text);
	rc = table_load(&t, &source, err);
	if (rc == 0)
		table_close(&t);
	return rc;
}

/* The sentence is "PATH:" and this. */
static void
refused(const char *text, const char *sentence)
{
	char err[TABLE_ERR_LEN];

	assert_int_equal(load(text, true, err), -EINVAL);
	assert_memory_equal(err, path, strlen(path));
	assert_string_equal(err + strlen(path), sentence);
}

static void
test_good(void **state)
{
	char err[TABLE_ERR_LEN];

	(void)state;
	assert_int_equal(load(HEADER ROW, true, err), 0);
	/* The label may stand anywhere, lines may end as Windows wants. */
	assert_int_equal(load("label,sepal_length_cm,sepal_width_cm,"
			      "petal_length_cm,petal_width_cm\r\n"
			      "2,5.1,3.5,1.4,0.2\r\n",
			     true, err),
	    0);
}

static void
test_cells(void **state)
{
	(void)state;
	refused(HEADER ROW "5.1,x,1.4,0.2,0\n",
	    ":3: column sepal_width_cm: \"x\" is not a number; write a "
	    "decimal such as 12.5 or 1e-3");
	refused(HEADER ROW ROW "5.1,3,nan,0.2,0\n",
	    ":4: column petal_length_cm: \"nan\" is not a finite number; "
	    "fill it in or remove the row");
	refused(HEADER "inf,3,1.4,0.2,0\n",
	    ":2: column sepal_length_cm: \"inf\" is not a finite number; "
	    "fill it in or remove the row");
	refused(HEADER "5,3,,0.2,0\n",
	    ":2: column petal_length_cm: the cell is empty; fill it in or "
	    "remove the row");
	refused(HEADER "5,3,1.4,2.6,0\n",
	    ":2: column petal_width_cm: \"2.6\" is outside the agreed "
	    "range [0.1, 2.5]; correct it, remove the row, or agree with "
	    "all members on a wider range");
	refused(HEADER "5,3,1.4,0.2,rose\n",
	    ":2: column label: \"rose\" is not one of the agreed labels: "
	    "0, 1, 2");
}

static void
test_shape(void **state)
{
	(void)state;
	refused(HEADER ROW "5,3,1.4,0\n",
	    ":3: the row has 4 fields, the header 5; add what is missing "
	    "or remove the row");
	refused(HEADER "5,3,1.4,0.2,0,9\n",
	    ":2: the row has 6 fields, the header 5; add what is missing "
	    "or remove the row");
	refused(HEADER, ": there are no rows below the header");
	refused("", ": there are no rows");
	refused(HEADER ROW "\n" ROW, ":3: the line is blank; remove it");
	refused(HEADER "\"5,3,1.4,0.2,0\n",
	    ":3: a quoted field is never closed");
}

static void
test_header(void **state)
{
	(void)state;
	refused("sepal_width_cm,sepal_length_cm,petal_length_cm,"
		"petal_width_cm,label\n" ROW,
	    ":1: column 1 is \"sepal_width_cm\", the schema of the "
	    "federation has \"sepal_length_cm\" there; names and order "
	    "must be the agreed ones");
	refused("sepal_length_cm,sepal_width_cm,petal_length_cm,"
		"petal_width_cm\n5,3,1,1\n",
	    ":1: column label: the label column is missing; the header "
	    "must name it");
	refused("sepal_length_cm,sepal_width_cm,label\n5,3,0\n",
	    ":1: column petal_length_cm: the column is missing; the schema "
	    "of the federation has 4 columns, the header 2");
	refused("sepal_length_cm,sepal_width_cm,petal_length_cm,"
		"petal_width_cm,name,label\n5,3,1,1,7,0\n",
	    ":1: column 5 is \"name\", the schema of the federation has "
	    "only 4 columns; remove it");
}

/* What goes to the daemon and its log must not quote a cell. */
static void
test_values_are_hidden(void **state)
{
	static const char *const rows[] = {
	    "secret,3,1.4,0.2,0\n",
	    "5,3,1.4,0.2,secret\n",
	    "5,3,1.4,77.125,0\n",
	    "5,3,77.125e999,1,0\n",
	};
	char text[512], err[TABLE_ERR_LEN];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(text, sizeof(text), "%s%s", HEADER, rows[i]);
		assert_int_equal(load(text, false, err), -EINVAL);
		assert_null(strstr(err, "secret"));
		assert_null(strstr(err, "77"));
		assert_non_null(strstr(err, ":2: column "));
		assert_non_null(strstr(err, "the cell"));
	}
}

static void
test_missing_file(void **state)
{
	struct table_source source = {.path = "no/such.csv"};
	char err[TABLE_ERR_LEN];
	struct table t;

	(void)state;
	assert_int_equal(table_load(&t, &source, err), -ENOENT);
	assert_string_equal(err,
	    "no/such.csv: the data file cannot be read: "
	    "No such file or directory");
	source.path = dir;
	assert_int_equal(table_load(&t, &source, err), -EISDIR);
}

/* Without a schema: classes are sorted values, whatever the order of rows. */
static void
test_free_table(void **state)
{
	struct table_source source = {.path = path, .show_values = true};
	char err[TABLE_ERR_LEN];
	struct table t;

	(void)state;
	fixture_write(path, "x,y,kind\n1,2,10\n3,-4,9\n0.5,0,10\n");
	assert_int_equal(table_load(&t, &source, err), 0);
	assert_int_equal(t.ncolumns, 2);
	assert_int_equal(t.rows.n, 3);
	assert_int_equal(t.rows.d, 2);
	assert_int_equal(t.nlabels, 2);
	assert_string_equal(t.label, "kind");
	assert_string_equal(t.labels[0], "9");
	assert_string_equal(t.labels[1], "10");
	assert_int_equal(t.rows.labels[0], 1);
	assert_int_equal(t.rows.labels[1], 0);
	assert_true(t.rows.features[3] == -4);
	assert_true(t.columns[1].min == -4 && t.columns[1].max == 2);
	table_close(&t);
	fixture_write(path, "x,x,kind\n1,2,10\n");
	assert_int_equal(table_load(&t, &source, err), -EINVAL);
}

static void
test_ranges(void **state)
{
	struct table_source source = {.path = "tests/data/datasets/digits.csv"};
	struct describe_range r[64];
	char err[TABLE_ERR_LEN];
	struct table t;
	size_t i;

	(void)state;
	/* Pixels are one quantity: one range, also for the constant ones. */
	assert_int_equal(table_load(&t, &source, err), 0);
	assert_int_equal(t.ncolumns, 64);
	describe_ranges(&t, r);
	for (i = 0; i < 64; i++) {
		assert_string_equal(r[i].lo, "0");
		assert_string_equal(r[i].hi, "16");
	}
	table_close(&t);
	source.path = path;
	fixture_write(path, "a,b,l\n5,0.1234567,u\n5,0.1234568,v\n");
	assert_int_equal(table_load(&t, &source, err), 0);
	describe_ranges(&t, r);
	assert_string_equal(r[0].lo, "5");
	assert_string_equal(r[0].hi, "10");
	assert_string_equal(r[1].lo, "0.1234567");
	assert_string_equal(r[1].hi, "0.1234568");
	table_close(&t);
}

/* What the schema says of empty cells; a NaN is one. */
static void
test_missing(void **state)
{
	struct table_source source = {.path = path, .federation = &fed};
	char err[TABLE_ERR_LEN];
	struct table t;
	double lo = decimal_double(&fed.columns[1].lo);
	double hi = decimal_double(&fed.columns[1].hi);

	(void)state;
	refused(HEADER "5.1,,1.4,0.2,0\n",
	    ":2: column sepal_width_cm: the cell is empty; fill it in or "
	    "remove the row");
	fixture_write(path, HEADER "5.1,,1.4,nan,0\n" ROW);
	fed.missing = FEDERATION_MIDDLE;
	assert_int_equal(table_load(&t, &source, err), 0);
	assert_int_equal(t.nfilled, 2);
	assert_true(t.rows.features[1] == 0.5 * lo + 0.5 * hi);
	assert_true(t.rows.features[5] == 3.5);
	table_close(&t);
	fed.missing = FEDERATION_LOWEST;
	assert_int_equal(table_load(&t, &source, err), 0);
	assert_true(t.rows.features[1] == lo);
	table_close(&t);
	/* A label is never made up, text is no missing number. */
	refused(HEADER "5.1,3.5,1.4,0.2,\n",
	    ":2: column label: \"\" is not one of the agreed labels: 0, 1, 2");
	refused(HEADER "5.1,x,1.4,0.2,0\n",
	    ":2: column sepal_width_cm: \"x\" is not a number; write a decimal "
	    "such as 12.5 or 1e-3");
	fed.missing = FEDERATION_REFUSE;
}

/* Without labels the label is a number in its public range. */
static void
test_numbers_to_learn(void **state)
{
	struct federation f = fed;
	struct table_source source = {.path = path, .federation = &f};
	char err[TABLE_ERR_LEN];
	struct table t;

	(void)state;
	f.nlabels = 0;
	f.label_lo = (struct decimal){-1, 0};
	f.label_hi = (struct decimal){3, 0};
	fixture_write(path, HEADER "5.1,3.5,1.4,0.2,0\n5.1,3.5,1.4,0.2,2.5\n");
	assert_int_equal(table_load(&t, &source, err), 0);
	assert_true(t.rows.targets[0] == 0.25);
	assert_true(t.rows.targets[1] == 0.875);
	table_close(&t);
	fixture_write(path, HEADER "5.1,3.5,1.4,0.2,3.5\n");
	assert_int_equal(table_load(&t, &source, err), -EINVAL);
	assert_non_null(strstr(err,
	    ":2: column label: the cell is not a "
	    "number in the agreed range [-1, 3]"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_good),
	    cmocka_unit_test(test_cells),
	    cmocka_unit_test(test_shape),
	    cmocka_unit_test(test_header),
	    cmocka_unit_test(test_values_are_hidden),
	    cmocka_unit_test(test_missing_file),
	    cmocka_unit_test(test_free_table),
	    cmocka_unit_test(test_missing),
	    cmocka_unit_test(test_numbers_to_learn),
	    cmocka_unit_test(test_ranges),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
