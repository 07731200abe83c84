/*
 * qmltrain's commands on files, as people and `qmlnode demo` use them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "config/federation_file.h"
#include "tests/daemon/trainer_fixture.h"

#define IRIS "tests/data/datasets/iris.csv"
#define IRIS_FED "tests/data/trainer/iris.yaml"
#define OUT_LEN 16384

static char dir[FIXTURE_PATH_LEN];
static char out[OUT_LEN];

static int
setup(void **state)
{
	(void)state;
	fixture_make_dir(dir);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	fixture_remove_dir(dir);
	return 0;
}

static const char *
in_dir(const char *name)
{
	static char path[8][FIXTURE_PATH_LEN + 64];
	static unsigned turn;
	char *p = path[turn++ % 8];

	snprintf(p, sizeof(path[0]), "%s/%s", dir, name);
	return p;
}

static void
read_text(const char *path, char *text, size_t size)
{
	FILE *f = fopen(path, "r");
	size_t n;

	assert_non_null(f);
	n = fread(text, 1, size - 1, f);
	text[n] = '\0';
	fclose(f);
}

/* Exit status; out has what was printed. */
#define RUN(...) \
	fixture_run((const char *const[]){__VA_ARGS__, NULL}, out, sizeof(out))

static void
assert_says(const char *text)
{
	if (!strstr(out, text))
		fail_msg("\"%s\" is not in \"%s\"", text, out);
}

static void
test_usage(void **state)
{
	(void)state;
	assert_int_equal(RUN("help"), 0);
	assert_says("usage: qmltrain COMMAND");
	assert_int_equal(RUN("dance"), 2);
	assert_says("there is no command \"dance\"");
	assert_int_equal(RUN("check", "--data", "x"), 2);
	assert_says("check: want --home DIR, or --federation F and --data");
	assert_int_equal(RUN("check", "--date", "x"), 2);
	assert_says("\"--date\" is not an option here\n  accepted: "
		    "--home VALUE --federation VALUE --data VALUE --labels "
		    "VALUE --salt VALUE --json");
	assert_int_equal(RUN("check", "--data"), 2);
	assert_says("--data needs a value");
	assert_int_equal(RUN("inspect", "--json=1", "--data", "x"), 2);
	assert_says("--json takes no value");
	assert_int_equal(RUN("split", "--data", IRIS, "--out", dir, "--nodes",
			     "0"),
	    2);
	assert_says("--nodes: want an integer from 1 to 100, got \"0\"");
	assert_int_equal(RUN("split", "--data", IRIS, "--out", dir, "--mode",
			     "fair"),
	    2);
	assert_says("want iid, label-skew, dirichlet, quantity, shards, "
		    "labels, ring or map, got \"fair\"");
	assert_int_equal(RUN("split", "--data", IRIS, "--out", dir, "--heldout",
			     "0.123"),
	    2);
	assert_says("in steps of 0.01");
	assert_int_equal(RUN("replay", "--data", IRIS, "--round", "1",
			     "--member", "0"),
	    2);
	assert_says("want --home DIR or --chain DIR");
}

static void
test_check(void **state)
{
	(void)state;
	assert_int_equal(RUN("check", "--federation", IRIS_FED, "--data", IRIS),
	    0);
	assert_says("150, each of 4 columns, all inside the agreed ranges");
	assert_says("0: 50, 1: 50, 2: 50");
	assert_int_equal(RUN("check", "--federation", IRIS_FED, "--data", IRIS,
			     "--json"),
	    0);
	assert_says("{\"schema\":\"qml.data_check/1\",\"ok\":true,"
		    "\"federation\":\"fixture\",\"rows\":150,"
		    "\"columns\":4,\"dim\":81,\"classes\":[50,50,50],"
		    "\"filled\":0,\"asset\":null,\"ranges\":[{\"name\":"
		    "\"sepal_length_cm\",\"min\":4.2999999999999998,");
	assert_int_equal(RUN("check", "--federation", IRIS_FED, "--data",
			     "tests/data/datasets/wine.csv"),
	    1);
	assert_says("wine.csv:1: column 1 is \"alcohol\"");
	assert_int_equal(RUN("check", "--federation", IRIS_FED, "--data",
			     "no/such.csv"),
	    5);
	assert_says("no/such.csv: the data file cannot be read");
	assert_int_equal(RUN("check", "--federation", "no.yaml", "--data",
			     IRIS),
	    5);
	fixture_write(in_dir("bad.yaml"), "version: 1\ncolour: red\n");
	assert_int_equal(RUN("check", "--federation", in_dir("bad.yaml"),
			     "--data", IRIS),
	    1);
	assert_says("bad.yaml:2:1: ");
}

/* What `qmlctl data check` becomes: all places are those of a home. */
static void
test_check_home(void **state)
{
	static char text[OUT_LEN], cwd[1024];
	char asset[80];

	(void)state;
	assert_non_null(getcwd(cwd, sizeof(cwd)));
	read_text(IRIS_FED, text, sizeof(text));
	fixture_write(in_dir("federation.yaml"), text);
	fixture_write(in_dir("data.salt"), "0123456789abcdef0123456789abcdef");
	assert_int_equal(RUN("check", "--home", in_dir("")), 5);
	snprintf(text, sizeof(text),
	    "version: 1\nname: a\ndata:\n  file: %s/" IRIS "\n", cwd);
	fixture_write(in_dir("qmlnode.yaml"), text);
	assert_int_equal(RUN("check", "--home", in_dir("")), 0);
	assert_says("missing     0 values");
	assert_says("4.3 .. 7.9   of ");
	assert_says("data asset  ");
	assert_says("leaves      once the data asset");
	memcpy(asset, strstr(out, "data asset  "), 12 + 64);
	asset[12 + 64] = '\0';
	/* The same rows from a command are the same asset. */
	snprintf(text, sizeof(text),
	    "version: 1\nname: a\ndata:\n  command: [cat, %s/" IRIS "]\n", cwd);
	fixture_write(in_dir("qmlnode.yaml"), text);
	assert_int_equal(RUN("check", "--home", in_dir("")), 0);
	assert_says(asset);
	fixture_write(in_dir("qmlnode.yaml"),
	    "version: 1\nname: a\ndata:\n"
	    "  command: [sh, -c, \"echo no table >&2; exit 3\"]\n");
	assert_int_equal(RUN("check", "--home", in_dir("")), 1);
	assert_says("sh: the data command ended with status 3: no table");
	fixture_write(in_dir("qmlnode.yaml"),
	    "version: 1\nname: a\ndata:\n  command: [/no/such]\n");
	assert_int_equal(RUN("check", "--home", in_dir("")), 5);
	assert_says("/no/such: the data command cannot be started");
	fixture_write(in_dir("qmlnode.yaml"), "version: 1\nname: a\n");
	assert_int_equal(RUN("check", "--home", in_dir("")), 1);
	assert_says("there is no file and no command");
}

static void
test_canonical_federation(void **state)
{
	struct federation f = fixture_federation(IRIS, 4, 4);
	char yaml[OUT_LEN];

	(void)state;
	fixture_write_federation(&f, in_dir("fed.bin"));
	federation_close(&f);
	assert_int_equal(RUN("train", "--federation", IRIS_FED, "--data", IRIS,
			     "--rounds", "2"),
	    0);
	memcpy(yaml, out, sizeof(yaml));
	assert_int_equal(RUN("train", "--federation", in_dir("fed.bin"),
			     "--data", IRIS, "--rounds", "2"),
	    0);
	assert_string_equal(out, yaml);
}

static int
compare_lines(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The rows of a file are appended to lines; header dropped. */
static size_t
add_lines(char *text, char **lines, size_t n)
{
	char *save = NULL, *line;

	assert_non_null(strtok_r(text, "\n", &save));
	while ((line = strtok_r(NULL, "\n", &save)) != NULL)
		lines[n++] = line;
	return n;
}

static void
test_split(void **state)
{
	static char text[6][OUT_LEN];
	static const char *const names[] = {"s/node0.csv", "s/node1.csv",
	    "s/node2.csv", "s/heldout.csv"};
	char *got[200], *want[200];
	size_t i, n = 0, m;

	(void)state;
	assert_int_equal(RUN("split", "--data", IRIS, "--nodes", "3", "--out",
			     in_dir("s"), "--json"),
	    0);
	assert_says("\"rows\":150,\"label\":\"label\",\"labels\":[\"0\",\"1\","
		    "\"2\"],\"columns\":[{\"name\":\"sepal_length_cm\",\"min\":"
		    "4.2999999999999998,\"max\":7.9000000000000004,\"lo\":"
		    "\"4.2\",\"hi\":\"7.9\"}");
	assert_says("heldout.csv\",\"rows\":30,\"classes\":[10,10,10]}");
	/* Every row is somewhere, once. */
	for (i = 0; i < 4; i++) {
		read_text(in_dir(names[i]), text[i], sizeof(text[i]));
		assert_memory_equal(text[i], "sepal_length_cm,", 16);
		n = add_lines(text[i], got, n);
	}
	read_text(IRIS, text[4], sizeof(text[4]));
	m = add_lines(text[4], want, 0);
	assert_int_equal(n, 150);
	assert_int_equal(m, 150);
	qsort(got, n, sizeof(*got), compare_lines);
	qsort(want, m, sizeof(*want), compare_lines);
	for (i = 0; i < n; i++)
		assert_string_equal(got[i], want[i]);
	/* Nothing is ever overwritten. */
	assert_int_equal(RUN("split", "--data", IRIS, "--nodes", "3", "--out",
			     in_dir("s")),
	    1);
	assert_says("s/node0.csv: File exists; choose another --out");
}

static void
test_split_is_seeded(void **state)
{
	static char a[OUT_LEN], b[OUT_LEN], c[OUT_LEN];

	(void)state;
	assert_int_equal(RUN("split", "--data", IRIS, "--out", in_dir("a"),
			     "--seed", "x"),
	    0);
	assert_int_equal(RUN("split", "--data", IRIS, "--out", in_dir("b"),
			     "--seed", "x"),
	    0);
	assert_int_equal(RUN("split", "--data", IRIS, "--out", in_dir("c"),
			     "--seed", "y"),
	    0);
	read_text(in_dir("a/node2.csv"), a, sizeof(a));
	read_text(in_dir("b/node2.csv"), b, sizeof(b));
	read_text(in_dir("c/node2.csv"), c, sizeof(c));
	assert_string_equal(a, b);
	assert_string_not_equal(a, c);
	fixture_write(in_dir("few.csv"), "x,label\n1,0\n2,1\n");
	assert_int_equal(RUN("split", "--data", in_dir("few.csv"), "--out",
			     in_dir("d")),
	    1);
	assert_says("would get no row; take fewer nodes or more rows");
}

/* Names and labels that need quotes survive a split. */
static void
test_split_quotes(void **state)
{
	char text[256];

	(void)state;
	fixture_write(in_dir("q.csv"), "\"a, b\",label\n1,\"u \"\"v\"\"\"\n");
	assert_int_equal(RUN("split", "--data", in_dir("q.csv"), "--out",
			     in_dir("q"), "--nodes", "1", "--heldout", "0"),
	    0);
	read_text(in_dir("q/node0.csv"), text, sizeof(text));
	assert_string_equal(text, "\"a, b\",label\n1,\"u \"\"v\"\"\"\n");
}

/* A row client map is obeyed to the row; what it must not be. */
static void
test_split_map(void **state)
{
	char text[256];

	(void)state;
	fixture_write(in_dir("m.csv"), "a,label\n1,0\n2,1\n3,0\n4,1\n");
	fixture_write(in_dir("m.json"),
	    "{\"clients\": 2, \"client_of_row\": [1, -1, 0,1]}\n");
	assert_int_equal(RUN("split", "--data", in_dir("m.csv"), "--mode",
			     "map", "--map", in_dir("m.json"), "--nodes", "2",
			     "--heldout", "0", "--out", in_dir("m")),
	    0);
	read_text(in_dir("m/node0.csv"), text, sizeof(text));
	assert_string_equal(text, "a,label\n3,0\n");
	read_text(in_dir("m/node1.csv"), text, sizeof(text));
	assert_string_equal(text, "a,label\n1,0\n4,1\n");
	read_text(in_dir("m/heldout.csv"), text, sizeof(text));
	assert_string_equal(text, "a,label\n2,1\n");
	fixture_write(in_dir("m.json"), "{\"client_of_row\": [1, -1, 0]}\n");
	assert_int_equal(RUN("split", "--data", in_dir("m.csv"), "--mode",
			     "map", "--map", in_dir("m.json"), "--nodes", "2",
			     "--out", in_dir("m2")),
	    1);
	assert_says("want \"client_of_row\" with 4 integers");
	assert_int_equal(RUN("split", "--data", in_dir("m.csv"), "--mode",
			     "map", "--nodes", "2", "--out", in_dir("m3")),
	    1);
}

/* Pictures of three classes to rows of two, then to nodes that overlap. */
static void
test_pictures(void **state)
{
	uint8_t images[16 + 6 * 16] = {0, 0, 8, 3, 0, 0, 0, 6, 0, 0, 0, 4, 0, 0,
	    0, 4};
	uint8_t labels[8 + 6] = {0, 0, 8, 1, 0, 0, 0, 6, 0, 1, 2, 0, 1, 2};
	FILE *f;
	size_t i;

	(void)state;
	for (i = 0; i < 6 * 16; i++)
		images[16 + i] = (uint8_t)(i / 16 * 40 + i % 4);
	f = fopen(in_dir("t-images-idx3"), "w");
	assert_non_null(f);
	assert_int_equal(fwrite(images, 1, sizeof(images), f), sizeof(images));
	fclose(f);
	f = fopen(in_dir("t-labels-idx1"), "w");
	assert_non_null(f);
	assert_int_equal(fwrite(labels, 1, sizeof(labels), f), sizeof(labels));
	fclose(f);
	assert_int_equal(RUN("convert", "--data", in_dir("t-images-idx3"),
			     "--resize", "2x2", "--classes", "0,2", "--out",
			     in_dir("t.npy")),
	    0);
	assert_says("t.npy: 4 rows of 4 pixels and the label");
	assert_int_equal(RUN("inspect", "--data", in_dir("t.npy"), "--json"),
	    0);
	/* Columns 0.5 and 2.5 of rows that begin with 0, 80, 120, 200. */
	assert_says("\"rows\":4,\"label\":\"label\",\"labels\":[\"0\",\"2\"],"
		    "\"columns\":[{\"name\":\"x0\",\"min\":0.5,\"max\":200.5,");
	assert_int_equal(RUN("split", "--data", in_dir("t.npy"), "--mode",
			     "ring", "--classes", "2", "--nodes", "3",
			     "--heldout", "0", "--out", in_dir("ring"),
			     "--json"),
	    0);
	assert_says("ring/node2.npy\",\"rows\":4,\"classes\":[2,2]}");
	assert_int_equal(RUN("convert", "--data", in_dir("t.npy"), "--out",
			     in_dir("u.npy")),
	    1);
	assert_says("want pictures");
	assert_int_equal(RUN("convert", "--data", in_dir("t-images-idx3"),
			     "--resize", "0x2", "--out", in_dir("u.npy")),
	    2);
	assert_int_equal(RUN("convert", "--data", in_dir("t-images-idx3"),
			     "--classes", "2-1", "--out", in_dir("u.npy")),
	    2);
}

static double
number_after(const char *key)
{
	const char *at = strstr(out, key);

	if (at)
		return strtod(at + strlen(key), NULL);
	fail_msg("\"%s\" is not in \"%s\"", key, out);
	return -1;
}

static void
test_baseline(void **state)
{
	(void)state;
	assert_int_equal(RUN("split", "--data", IRIS, "--out", in_dir("base")),
	    0);
	assert_int_equal(RUN("baseline", "--federation", IRIS_FED, "--data",
			     in_dir("base"), "--json"),
	    0);
	assert_true(number_after("\"heldout_rows\":") == 30);
	assert_true(number_after("\"majority\":") < 0.34);
	assert_true(number_after("\"logistic\":") > 0.9);
	assert_true(number_after("\"best_node_alone\":") > 0.34);
	assert_int_equal(RUN("baseline", "--federation", IRIS_FED, "--data",
			     in_dir("nothing")),
	    5);
}

static void
test_train_score_predict(void **state)
{
	char text[OUT_LEN], *line, *save = NULL;
	size_t n = 0;

	(void)state;
	assert_int_equal(RUN("train", "--federation", IRIS_FED, "--data", IRIS,
			     "--out", in_dir("model.bin")),
	    0);
	assert_int_equal(RUN("score", "--federation", IRIS_FED, "--data", IRIS,
			     "--model", in_dir("model.bin"), "--json"),
	    0);
	assert_true(number_after("\"accuracy\":") > 0.95);
	/* The same rows without their labels. */
	fixture_write(in_dir("new.csv"),
	    "sepal_length_cm,sepal_width_cm,petal_length_cm,"
	    "petal_width_cm\n5.1,3.5,1.4,0.2\n5.9,3,5.1,1.8\n");
	assert_int_equal(RUN("predict", "--federation", IRIS_FED, "--data",
			     in_dir("new.csv"), "--model", in_dir("model.bin")),
	    0);
	assert_string_equal(out, "row,label\n1,0\n2,2\n");
	assert_int_equal(RUN("predict", "--federation", IRIS_FED, "--data",
			     in_dir("new.csv"), "--model", in_dir("model.bin"),
			     "--out", in_dir("said.csv")),
	    0);
	assert_string_equal(out, "");
	read_text(in_dir("said.csv"), text, sizeof(text));
	assert_string_equal(text, "row,label\n1,0\n2,2\n");
	assert_int_equal(RUN("predict", "--federation", IRIS_FED, "--data",
			     in_dir("new.csv"), "--model", in_dir("model.bin"),
			     "--out", in_dir("said.csv")),
	    1);
	assert_says("said.csv: File exists; choose another --out");
	assert_int_equal(RUN("predict", "--federation", IRIS_FED, "--data",
			     IRIS, "--model", in_dir("model.bin")),
	    0);
	memcpy(text, out, sizeof(text));
	for (line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save))
		n++;
	assert_int_equal(n, 151);
	assert_int_equal(RUN("score", "--federation", IRIS_FED, "--data",
			     in_dir("new.csv"), "--model", in_dir("model.bin")),
	    1);
	assert_says("the label column is missing");
}

/* The JSON form carries the same integers; a wrong one is refused. */
static void
test_model_files(void **state)
{
	char json[4096];
	size_t i, len;

	(void)state;
	len = (size_t)snprintf(json, sizeof(json), "{\"params_q24\": [");
	for (i = 0; i < 81; i++)
		len += (size_t)snprintf(json + len, sizeof(json) - len, "%s0",
		    i ? ", " : "");
	snprintf(json + len, sizeof(json) - len, "]}\n");
	fixture_write(in_dir("m.json"), json);
	assert_int_equal(RUN("score", "--federation", IRIS_FED, "--data", IRIS,
			     "--model", in_dir("m.json"), "--json"),
	    0);
	assert_true(number_after("\"correct\":") == 50);
	snprintf(json + len, sizeof(json) - len, ",0]}\n");
	fixture_write(in_dir("m.json"), json);
	assert_int_equal(RUN("score", "--federation", IRIS_FED, "--data", IRIS,
			     "--model", in_dir("m.json")),
	    1);
	assert_says("is not a model of 81 parameters");
}

/* A model file of zeros that says whose job it is of: the first len of its
 * bytes, as hex digits. */
static void
write_ordered(const char *path, const struct job *j, size_t len)
{
	struct bytes_writer w = BYTES_WRITER_INIT;
	FILE *f = fopen(path, "w");
	size_t i;

	assert_non_null(f);
	job_put(&w, j);
	assert_int_equal(w.error, 0);
	fprintf(f, "{\"job_bytes\":\"");
	for (i = 0; i < w.len && i < len; i++)
		fprintf(f, "%02x", (unsigned)w.data[i]);
	fprintf(f, "\",\"params_q24\":[");
	for (i = 0; i < j->dim; i++)
		fprintf(f, i ? ",0" : "0");
	fprintf(f, "]}\n");
	assert_int_equal(fclose(f), 0);
	bytes_writer_close(&w);
}

/* The job in a model's file counts, not the federation's. */
static void
test_model_jobs(void **state)
{
	struct config_error e = {.file = IRIS_FED};
	static char yaml[16384];
	struct federation f;

	(void)state;
	read_text(IRIS_FED, yaml, sizeof(yaml));
	assert_int_equal(federation_file_parse(&f, yaml, strlen(yaml), &e), 0);
	f.job.main.layers++;
	/* More members than in this file may have gone with it. */
	f.job.combine.faults = 5;
	assert_int_equal(job_sizes(&f.job, f.ncolumns, f.nlabels), 0);
	assert_true(f.job.dim != 81);
	write_ordered(in_dir("o.json"), &f.job, SIZE_MAX);
	assert_int_equal(RUN("score", "--federation", IRIS_FED, "--data", IRIS,
			     "--model", in_dir("o.json"), "--json"),
	    0);
	assert_true(number_after("\"correct\":") == 50);
	write_ordered(in_dir("o.json"), &f.job, 40);
	assert_int_equal(RUN("score", "--federation", IRIS_FED, "--data", IRIS,
			     "--model", in_dir("o.json")),
	    1);
	assert_says("\"job_bytes\" are no job");
	f.job.main.layers++; /* and the sizes are not these */
	write_ordered(in_dir("o.json"), &f.job, SIZE_MAX);
	assert_int_equal(RUN("export", "--federation", IRIS_FED, "--model",
			     in_dir("o.json")),
	    1);
	assert_says("its job does not fit: job.dim: want");
	federation_close(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_usage),
	    cmocka_unit_test(test_check),
	    cmocka_unit_test(test_check_home),
	    cmocka_unit_test(test_canonical_federation),
	    cmocka_unit_test(test_split),
	    cmocka_unit_test(test_split_is_seeded),
	    cmocka_unit_test(test_split_quotes),
	    cmocka_unit_test(test_split_map),
	    cmocka_unit_test(test_pictures),
	    cmocka_unit_test(test_baseline),
	    cmocka_unit_test(test_train_score_predict),
	    cmocka_unit_test(test_model_files),
	    cmocka_unit_test(test_model_jobs),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
