/* federation.yaml: both ways, one id however it is written. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "config/federation_draft.h"
#include "config/federation_file.h"
#include "tests/config/good_file.h"

static struct hash
id_of(const char *text)
{
	struct federation f;
	struct config_error e;
	struct hash id;

	if (good_file_parse(&f, text, &e) != 0)
		fail_msg("%s", e.text);
	assert_int_equal(federation_id(&f, &id), 0);
	federation_close(&f);
	return id;
}

static void
test_values(void **state)
{
	struct federation f;
	struct config_error e;

	(void)state;
	if (good_file_parse(&f, GOOD, &e) != 0)
		fail_msg("%s", e.text);
	assert_string_equal(f.name, "demo");
	assert_true(f.founded_ms == 1795338000000);
	assert_int_equal(f.nmembers, 2);
	assert_int_equal(f.members[0].power, 1);
	assert_true(hash_compare(&f.members[0].id, &f.members[1].id) < 0);
	assert_int_equal(f.ncolumns, 3);
	assert_string_equal(f.columns[0].unit, "mm");
	assert_string_equal(f.columns[2].name, "z");
	assert_true(f.columns[2].lo.mant == -1 && f.columns[2].lo.exp == -3);
	assert_string_equal(f.label, "digit");
	assert_int_equal(f.nlabels, 3);
	assert_string_equal(f.labels[1], "1");
	assert_int_equal(f.timing.collect, 60000);
	assert_int_equal(f.timing.straggler, 300000);
	assert_int_equal(f.job.main.nangles, 3 * 2 * 12);
	assert_int_equal(f.job.dim, 72 + 3 * 4);
	federation_close(&f);
}

/* GOOD in another order and another style. */
#define A1 KEY("a1")
#define A2 KEY("a2")
#define B1 KEY("b1")
#define B2 KEY("b2")
#define SHUFFLED                                    \
	"members:\n"                                \
	"- sign:    '" B1 "'   # the other first\n" \
	"  name: beta\n"                            \
	"  power: 1\n"                              \
	"  network: \"" B2 "\"\n"                   \
	"- name: \"alpha\"\n"                       \
	"  address: \"alpha.example:7701\"\n"       \
	"  sign: " A1 "\n"                          \
	"  network: " A2 "\n"                       \
	"timing:\n"                                 \
	"  interval: 1000ms\n"                      \
	"founded: \"2026-11-22T09:00:00Z\"\n"       \
	"version: 1\n"                              \
	"name: 'demo'\n"

static const char shuffled[] = "# a comment\n" JOB SCHEMA SHUFFLED;

static void
test_order_and_comments(void **state)
{
	struct hash a = id_of(GOOD), b, c, d;

	(void)state;
	b = id_of(shuffled);
	assert_true(hash_equal(&a, &b));
	/* What is said counts: the order of columns and labels too. */
	c = id_of(
	    HEAD MEMBERS "schema:\n  label: digit\n  labels: [1, 0, "
			 "two]\n  columns:\n"
			 "    - {name: x, unit: mm, range: [0, 2.5]}\n"
			 "    - {names: [y, z], range: [-1e-3, 16]}\n" JOB);
	assert_false(hash_equal(&a, &c));
	d = id_of(HEAD MEMBERS SCHEMA JOB "  rate: 0.021\n");
	assert_false(hash_equal(&a, &d));
}

static void
write_text(const struct federation *f, char *buf, size_t size)
{
	FILE *to = tmpfile();
	size_t n;

	assert_non_null(to);
	assert_int_equal(federation_file_write(f, to), 0);
	rewind(to);
	n = fread(buf, 1, size - 1, to);
	assert_true(n > 0 && n < size - 1);
	buf[n] = '\0';
	fclose(to);
}

static void
test_write(void **state)
{
	static const char *const texts[] = {GOOD,
	    HEAD MEMBERS SCHEMA
	    "job: {task: linear, rounds: 3, seed: \"" KEY("0f") "\"}\n",
	    GOOD "economy: {opening: 5, voting_period: 3, worth_blocks: 2,\n"
		 "  assets_needed: true}\n"};
	static char first[32768], again[32768];
	struct federation f;
	struct config_error e;
	struct hash a, b;
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++) {
		a = id_of(texts[i]);
		assert_int_equal(good_file_parse(&f, texts[i], &e), 0);
		write_text(&f, first, sizeof(first));
		federation_close(&f);
		b = id_of(first);
		assert_true(hash_equal(&a, &b));
		assert_int_equal(good_file_parse(&f, first, &e), 0);
		write_text(&f, again, sizeof(again));
		federation_close(&f);
		assert_string_equal(first, again);
	}
}

/* What is the default is as if it had not been said. */
static void
test_economy(void **state)
{
	struct hash plain = id_of(GOOD), said, other;

	(void)state;
	said = id_of(GOOD "economy: {fee: 1000, assets_needed: false}\n");
	other = id_of(GOOD "economy: {fee: 1001}\n");
	assert_true(hash_equal(&plain, &said));
	assert_false(hash_equal(&plain, &other));
}

/* Sixteen pixels in one line, and written so again. */
static void
test_count(void **state)
{
	static const char many[] = HEAD MEMBERS
	    "schema:\n  label: digit\n  labels: [\"0\", \"1\"]\n  columns:\n"
	    "    - {name: pixel, count: 16, range: [0, 255]}\n"
	    "job: {task: vqc, qubits: 4, rounds: 2, seed: \"" KEY("00") "\"}\n";
	struct config_error e;
	struct federation f;
	static char text[32768];

	(void)state;
	if (good_file_parse(&f, many, &e) != 0)
		fail_msg("%s", e.text);
	assert_int_equal(f.ncolumns, 16);
	assert_string_equal(f.columns[0].name, "pixel0");
	assert_string_equal(f.columns[15].name, "pixel15");
	write_text(&f, text, sizeof(text));
	assert_non_null(strstr(text, "- name: pixel\n      count: 16\n"));
	federation_close(&f);
}

/* Names that need quotes, the widest of everything. */
static void
test_write_hard_names(void **state)
{
	static char text[262144], back[262144];
	char name[80];
	struct federation f;
	struct config_error e;
	struct hash a, b;
	size_t i;

	(void)state;
	assert_int_equal(good_file_parse(&f, GOOD, &e), 0);
	free(f.columns);
	f.ncolumns = 2;
	f.columns = calloc(f.ncolumns, sizeof(*f.columns));
	assert_non_null(f.columns);
	for (i = 0; i < f.ncolumns; i++) {
		snprintf(name, sizeof(name), "%s %zu: [a] {b} #c 'd' \\e%s",
		    "\xc3\xa9", i, i ? "" : "\xf0\x9f\x99\x82");
		memcpy(f.columns[i].name, name, strlen(name));
		memcpy(f.columns[i].unit, "1/s", 3);
		f.columns[i].lo = (struct decimal){-123456789012345679, -90};
		f.columns[i].hi = (struct decimal){1, 100};
	}
	memcpy(f.labels[0], "true", 5);
	memcpy(f.labels[1], "- x", 4);
	memcpy(f.labels[2], "null", 5);
	assert_int_equal(job_sizes(&f.job, 2, 3), 0);
	assert_int_equal(federation_id(&f, &a), 0);
	write_text(&f, text, sizeof(text));
	federation_close(&f);
	b = id_of(text);
	assert_true(hash_equal(&a, &b));
	assert_int_equal(good_file_parse(&f, text, &e), 0);
	write_text(&f, back, sizeof(back));
	federation_close(&f);
	assert_string_equal(text, back);
}

/* Blocks, a stage, a control arm, words and lists survive, and defaults are
 * those of proto/job.h. */
static void
test_tasks(void **state)
{
	static const char text[] = HEAD MEMBERS SCHEMA
	    "job:\n  task: vqc\n  rounds: 9\n  seed: \"" KEY(
		"00") "\"\n  qubits: 2\n  ansatz: circuit\n"
		      "  angles: 3\n  faults: 0\n  before: arc nnm\n"
		      "  epochs: 2\n  circuit: |\n    OPENQASM 3.0;\n\n"
		      "      qubit[2] q;\n  class_weights: |\n    1\n    2\n"
		      "    3\nstage:\n  task: qpca\ncontrol:\n"
		      "  task: linear\n";
	static const char svm[] = HEAD MEMBERS SCHEMA
	    "job: {task: qsvm, rounds: 1, seed: \"" KEY("00") "\"}\n";
	static const char vqe[] = HEAD MEMBERS
	    "job:\n  task: vqe\n  rounds: 1\n  qubits: 2\n  angles: 8\n"
	    "  input: |\n    1 ZZ\n  seed: \"" KEY("00") "\"\n";
	struct federation f;
	struct config_error e;
	struct job_task def;
	char back[65536];
	struct hash a, b;

	(void)state;
	a = id_of(text);
	assert_int_equal(good_file_parse(&f, text, &e), 0);
	assert_string_equal(f.job.main.circuit,
	    "OPENQASM 3.0;\n\n  qubit[2] q;\n");
	assert_string_equal(f.job.main.class_weights, "1\n2\n3\n");
	assert_int_equal(f.job.stage.components, 2);
	assert_int_equal(f.job.stage.dim, 6);
	assert_int_equal(f.job.stage_rounds, 1);
	assert_int_equal(f.job.control.dim, 12);
	assert_int_equal(f.job.combine.pre[1], JOB_NNM);
	assert_int_equal(f.job.local.steps, 0);
	write_text(&f, back, sizeof(back));
	federation_close(&f);
	b = id_of(back);
	assert_true(hash_equal(&a, &b));
	assert_int_equal(good_file_parse(&f, svm, &e), 0);
	job_task_default(&def, JOB_QSVM);
	assert_int_equal(f.job.main.layers, def.layers);
	assert_int_equal(f.job.main.loss, JOB_HINGE);
	assert_int_equal(f.job.main.dim, 3 * 33);
	federation_close(&f);
	assert_int_equal(good_file_parse(&f, vqe, &e), 0);
	assert_int_equal(f.ncolumns, 0);
	assert_string_equal(f.job.main.input, "1 ZZ\n");
	write_text(&f, back, sizeof(back));
	federation_close(&f);
	a = id_of(vqe);
	b = id_of(back);
	assert_true(hash_equal(&a, &b));
}

/* carry alone is carry over two aggregations; both words survive. */
static void
test_carry(void **state)
{
	static const char word[] =
	    HEAD MEMBERS SCHEMA JOB "  stragglers: carry\n";
	static const char three[] =
	    HEAD MEMBERS SCHEMA JOB "  stragglers: carry\n  carry_rounds: 3\n";
	static const char zero[] =
	    HEAD MEMBERS SCHEMA JOB "  stragglers: carry\n  carry_rounds: 0\n";
	static const char *const texts[] = {word, three, zero};
	struct federation f;
	struct config_error e;
	char back[65536];
	struct hash a, b;
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++) {
		assert_int_equal(good_file_parse(&f, texts[i], &e), 0);
		assert_int_equal(f.job.combine.stragglers, JOB_CARRY);
		assert_int_equal(f.job.combine.carry_rounds,
		    texts[i] == three ? 3 : 2);
		write_text(&f, back, sizeof(back));
		federation_close(&f);
		a = id_of(texts[i]);
		b = id_of(back);
		assert_true(hash_equal(&a, &b));
	}
}

/* job_default and the table say the same. */
static void
test_defaults(void **state)
{
	struct federation f;
	struct config_error e;
	struct job j;
	struct hash a, b;

	(void)state;
	assert_int_equal(good_file_parse(&f, GOOD, &e), 0);
	job_default(&j, JOB_VQC);
	j.main.qubits = 2;
	j.rounds = 20;
	assert_int_equal(job_sizes(&j, 3, 3), 0);
	a = job_hash(&j);
	b = job_hash(&f.job);
	assert_true(hash_equal(&a, &b));
	federation_close(&f);
}

static void
test_draft(void **state)
{
	struct federation f;
	struct config_error e = {.file = "f.yaml"};
	static const char draft[] = HEAD SCHEMA JOB;
	static const char broken[] = HEAD SCHEMA;

	(void)state;
	assert_int_equal(federation_file_parse_draft(&f, draft, strlen(draft),
			     &e),
	    0);
	assert_int_equal(f.nmembers, 0);
	federation_close(&f);
	assert_int_equal(federation_file_parse_draft(&f, broken, strlen(broken),
			     &e),
	    -EINVAL);
}

static void
test_times(void **state)
{
	static const struct {
		const char *text;
		uint64_t ms;
	} good[] = {{"1970-01-01T00:00:00Z", 0},
	    {"2000-02-29T12:34:56Z", 951827696000},
	    {"2026-11-22T09:00:00Z", 1795338000000},
	    {"2100-03-01T00:00:00Z", 4107542400000},
	    {"9999-12-31T23:59:59Z", 253402300799000}};
	static const char *const wrong[] = {"", "2026-11-22",
	    "2026-11-22T09:00:00", "2026-11-22 09:00:00Z",
	    "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z",
	    "2026-06-31T00:00:00Z", "2100-02-29T00:00:00Z",
	    "2026-11-22T24:00:00Z", "2026-11-22T09:60:00Z",
	    "1969-12-31T23:59:59Z", "2026-11-22T09:00:00z"};
	char text[FEDERATION_TIME_LEN];
	uint64_t ms, day;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(federation_time_parse(good[i].text, &ms), 0);
		assert_true(ms == good[i].ms);
		assert_string_equal(federation_time_text(ms, text),
		    good[i].text);
	}
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(federation_time_parse(wrong[i], &ms), -EINVAL);
	for (day = 0; day < 60000; day++) {
		federation_time_text(day * 86400000, text);
		assert_int_equal(federation_time_parse(text, &ms), 0);
		assert_true(ms == day * 86400000);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_values),
	    cmocka_unit_test(test_order_and_comments),
	    cmocka_unit_test(test_write),
	    cmocka_unit_test(test_economy),
	    cmocka_unit_test(test_count),
	    cmocka_unit_test(test_write_hard_names),
	    cmocka_unit_test(test_tasks),
	    cmocka_unit_test(test_carry),
	    cmocka_unit_test(test_defaults),
	    cmocka_unit_test(test_draft),
	    cmocka_unit_test(test_times),
	};

	if (sign_setup() != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
