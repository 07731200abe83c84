/*
 * Every circuit with known results: probabilities, expectations, amplitudes,
 * and for programs with feedback the distribution of the classical bits.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/circuit/program_build.h"
#include "sim/circuit/program_run.h"
#include "sim/circuit/qasm.h"
#include "sim/observable/pauli.h"

#define DATA "tests/data/qasm"
#define TOLERANCE 1e-10
#define LEAVES_MAX 4096

struct leaf {
	uint64_t bits;
	double p;
};

struct run {
	struct program p;
	struct vector v, work;
	double *probs;
	bool unitary;
	struct leaf leaves[LEAVES_MAX];
	size_t nleaves;
	struct pauli_sum sum; /* asked of each branch */
	double mean;
	double phase[2]; /* from the reference's global phase to ours */
	bool have_phase;
};

static char *
slurp(const char *path, size_t *len)
{
	FILE *f = fopen(path, "rb");
	char *text = malloc(1 << 20);

	assert_non_null(text);
	if (f == NULL) {
		free(text);
		return NULL;
	}
	*len = fread(text, 1, 1 << 20, f);
	fclose(f);
	return text;
}

static int
keep(void *arg, const struct program_branch *b)
{
	struct run *r = arg;
	size_t i;

	vector_probs(b->v, 1.0, r->probs);
	for (i = 0; i < r->nleaves; i++) {
		if (r->leaves[i].bits == b->bits[0])
			break;
	}
	assert_true(i < LEAVES_MAX);
	r->leaves[i].bits = b->bits[0];
	r->leaves[i].p += b->probability;
	r->nleaves += i == r->nleaves;
	return 0;
}

static int
ask(void *arg, const struct program_branch *b)
{
	struct run *r = arg;

	r->mean += pauli_expect(&r->sum, b->v);
	return 0;
}

static void
start(struct run *r, const char *path, unsigned nqubits, const char *kind)
{
	struct program_visitor visitor = {.visit = keep,
	    .arg = r,
	    .branches_max = LEAVES_MAX};
	struct qasm_error error;
	size_t len = 0;
	char *text = slurp(path, &len);

	memset(r, 0, sizeof(*r));
	assert_non_null(text);
	if (qasm_read(&r->p, text, len, NULL, &error) < 0)
		fail_msg("%s:%u:%u: %s", path, error.line, error.column,
		    error.text);
	free(text);
	assert_int_equal(r->p.nqubits, nqubits);
	assert_int_equal(vector_init(&r->v, nqubits, NULL), 0);
	r->probs = calloc((size_t)1 << nqubits, sizeof(double));
	assert_non_null(r->probs);
	r->unitary = program_is_unitary(&r->p);
	if (strcmp(kind, "unitary") == 0)
		assert_true(r->unitary);
	assert_int_equal(program_branches(&r->p, &r->v, &visitor), 0);
	if (strcmp(kind, "unitary") == 0) {
		memset(r->probs, 0, sizeof(double) << nqubits);
		assert_int_equal(program_run(&r->p, &r->v), 0);
		vector_probs(&r->v, 1.0, r->probs);
	} else {
		r->unitary = false;
	}
}

static void
stop(struct run *r)
{
	program_close(&r->p);
	vector_close(&r->v);
	free(r->probs);
}

static void
near(double got, double want, const char *what)
{
	if (!(fabs(got - want) <= TOLERANCE))
		fail_msg("%s: got %.15g, want %.15g", what, got, want);
}

static void
check_pauli(struct run *r, const char *string, double want)
{
	struct program_visitor visitor = {.visit = ask,
	    .arg = r,
	    .branches_max = LEAVES_MAX};
	char err[128];

	assert_int_equal(pauli_parse(&r->sum, string, r->p.nqubits, err), 0);
	r->mean = 0.0;
	if (r->unitary)
		r->mean = pauli_expect(&r->sum, &r->v);
	else
		assert_int_equal(program_branches(&r->p, &r->v, &visitor), 0);
	near(r->mean, want, string);
	pauli_close(&r->sum);
}

static void
check_amplitude(struct run *r, size_t at, double re, double im)
{
	double x = r->v.amp[0][at], y = r->v.amp[1][at];

	if (!r->have_phase) {
		double n = re * re + im * im;

		r->phase[0] = (x * re + y * im) / n;
		r->phase[1] = (y * re - x * im) / n;
		r->have_phase = true;
	}
	near(x, re * r->phase[0] - im * r->phase[1], "real part");
	near(y, re * r->phase[1] + im * r->phase[0], "imaginary part");
}

static void
check_totals(struct run *r, const char *word, double want)
{
	size_t i, n = 0;
	double sum = 0.0;

	for (i = 0; i < (size_t)1 << r->p.nqubits; i++) {
		n += r->probs[i] > 1e-12;
		sum += r->probs[i] * r->probs[i];
	}
	if (strcmp(word, "support") == 0)
		assert_int_equal(n, (size_t)want);
	else if (strcmp(word, "purity") == 0)
		near(sum, want, "purity");
	else if (strcmp(word, "outcomes") == 0)
		assert_int_equal(r->nleaves, (size_t)want);
	else
		fail_msg("record %s", word);
}

static void
check_bits(struct run *r, uint64_t bits, double p)
{
	size_t i;

	for (i = 0; i < r->nleaves && r->leaves[i].bits != bits;)
		i++;
	assert_true(i < r->nleaves);
	near(r->leaves[i].p, p, "outcome");
}

static void
check_record(struct run *r, const char *line)
{
	char word[32] = "", a[64] = "", b[64] = "", c[64] = "";

	assert_true(sscanf(line, "%31s %63s %63s %63s", word, a, b, c) >= 2);
	if (strcmp(word, "prob") == 0)
		near(r->probs[strtoul(a, NULL, 10)], strtod(b, NULL), "prob");
	else if (strcmp(word, "pauli") == 0)
		check_pauli(r, a, strtod(b, NULL));
	else if (strcmp(word, "amp") == 0)
		check_amplitude(r, strtoul(a, NULL, 10), strtod(b, NULL),
		    strtod(c, NULL));
	else if (strcmp(word, "bits") == 0)
		check_bits(r, strtoul(a, NULL, 10), strtod(b, NULL));
	else
		check_totals(r, word, strtod(a, NULL));
}

/* dir/own or dir/qasmbench; how many circuits were looked at. */
static unsigned
check_all(const char *dir, const char *folder)
{
	static struct run r;
	FILE *f = fopen(DATA "/reference.txt", "r");
	char line[512], file[128], kind[32], path[1024];
	unsigned nqubits, done = 0;
	bool on = false;

	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "circuit %127s %u %31s", file, &nqubits,
			kind) == 3) {
			on = strncmp(file, folder, strlen(folder)) == 0;
			snprintf(path, sizeof(path), "%s/%s", dir, file);
			if (on)
				start(&r, path, nqubits, kind);
		} else if (on && strcmp(line, "end\n") == 0) {
			stop(&r);
			on = false;
			done++;
		} else if (on) {
			check_record(&r, line);
		}
	}
	fclose(f);
	return done;
}

static void
test_own(void **state)
{
	(void)state;
	assert_int_equal(check_all(DATA, "own/"), 11);
}

static void
test_qasmbench(void **state)
{
	const char *dir = getenv("QML_DATA_DIR");
	char path[512];

	(void)state;
	if (dir == NULL) {
		print_message("QML_DATA_DIR is not set: no QASMBench here\n");
		skip();
	}
	snprintf(path, sizeof(path), "%s/qasm", dir);
	assert_int_equal(check_all(path, "qasmbench/"), 10);
}

static void
test_must_reject(void **state)
{
	static const struct {
		const char *file;
		unsigned line, column;
		const char *word;
	} cases[] = {
	    {"broadcast_size_mismatch", 5, 1, "2 and 3"},
	    {"index_out_of_range", 4, 5, "index 3"},
	    {"missing_semicolon", 4, 1, "';'"},
	    {"repeated_qubit", 4, 1, "twice"},
	    {"undeclared_qreg", 4, 3, "'r'"},
	    {"unknown_gate", 4, 1, "'foo'"},
	    {"wrong_param_count", 4, 1, "3 angles, got 2"},
	    {"wrong_qubit_count", 4, 1, "2 qubits, got 3"},
	};
	struct program p = PROGRAM_INIT;
	struct qasm_error error;
	char path[256];
	size_t i, len = 0;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *text;

		snprintf(path, sizeof(path), DATA "/must_reject/%s.qasm",
		    cases[i].file);
		text = slurp(path, &len);
		assert_non_null(text);
		assert_int_equal(qasm_read(&p, text, len, NULL, &error),
		    -EINVAL);
		if (error.line != cases[i].line ||
		    error.column != cases[i].column ||
		    strstr(error.text, cases[i].word) == NULL)
			fail_msg("%s:%u:%u: %s", path, error.line, error.column,
			    error.text);
		free(text);
	}
}

/* What Qiskit and PennyLane wrote, and the probabilities they computed. */
static void
check_peer(const char *name)
{
	struct qasm_error error;
	struct program p = PROGRAM_INIT;
	struct vector v = VECTOR_INIT;
	char path[256], line[64];
	size_t len = 0, x;
	char *text;
	FILE *f;

	snprintf(path, sizeof(path), DATA "/%s.qasm", name);
	text = slurp(path, &len);
	assert_non_null(text);
	if (qasm_read(&p, text, len, NULL, &error) < 0)
		fail_msg("%s:%u:%u: %s", path, error.line, error.column,
		    error.text);
	free(text);
	assert_int_equal(vector_init(&v, p.nqubits, NULL), 0);
	assert_int_equal(program_run(&p, &v), 0);
	snprintf(path, sizeof(path), DATA "/%s.txt", name);
	f = fopen(path, "r");
	assert_non_null(f);
	for (x = 0; x < (size_t)1 << p.nqubits; x++) {
		double re = v.amp[0][x], im = v.amp[1][x];

		assert_non_null(fgets(line, sizeof(line), f));
		near(re * re + im * im, strtod(line, NULL), name);
	}
	assert_null(fgets(line, sizeof(line), f));
	fclose(f);
	vector_close(&v);
	program_close(&p);
}

static void
test_peers(void **state)
{
	static const char *const names[] = {"qiskit/qasm2_00",
	    "qiskit/qasm2_01", "qiskit/qasm2_02", "qiskit/qasm2_03",
	    "qiskit/qasm3_00", "qiskit/qasm3_01", "qiskit/qasm3_02",
	    "qiskit/qasm3_03", "pennylane/tape_00", "pennylane/tape_01",
	    "pennylane/tape_02"};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		check_peer(names[i]);
}

/* Text, line, column and a word of the refusal. */
static void
test_refusals(void **state)
{
	static const struct {
		const char *text;
		unsigned line, column;
		const char *word;
	} cases[] = {
	    {"OPENQASM 3.0;\nqubit q;\ndef f() -> bit {}\n", 3, 9, "'def'"},
	    {"OPENQASM 3.0;\nqubit q; bit c; c = measure q;\n while (c) {}", 3,
		8, "'while'"},
	    {"OPENQASM 4.0;\n", 1, 10, "4.0"},
	    {"OPENQASM 3.0;\ninclude \"other.inc\";", 2, 9, "other.inc"},
	    {"OPENQASM 3.0;\nqubit q;\nh q;", 3, 1, "'h' is not defined"},
	    {"OPENQASM 3.0;\ninclude \"stdgates.inc\";\nqubit s;", 3, 7, "'s'"},
	    {"OPENQASM 3.0;\nqubit q;\nU(100ns,0,0) q;", 3, 3, "times"},
	    {"OPENQASM 3.0;\nqubit[3] q;\nU(1/2,0,0) q[0];", 3, 3, "rest"},
	    {"OPENQASM 3.0;\nqubit[41] q;", 2, 11, "40"},
	    {"OPENQASM 3.0;\nqubit q; bit c;\nint x;\nc = measure q;\n"
	     "if (c == 1) x = 2;",
		5, 13, "'x'"},
	    {"OPENQASM 3.0;\ninput float a;\nqubit q;\nU(sin(a),0,0) q;", 4, 3,
		"'a'"},
	    {"OPENQASM 3.0;\ninput int n;\n", 2, 11, "'n'"},
	    {"OPENQASM 3.0;\nqubit q;\ngate g a { g a; }", 3, 12, "'g'"},
	    {"OPENQASM 3.0;\nqubit[2] q; bit[3] c;\nc = measure q;", 3, 5,
		"2 qubits into 3"},
	    {"OPENQASM 2.0;\nqreg q[2];\nopaque g a;\ng q[0];", 4, 1, "opaque"},
	    {"OPENQASM 2.0;\nqreg q[2];\nU(1/0,0,0) q[0];", 3, 4, "zero"},
	    {"OPENQASM 3.0;\nqubit q;\nctrl @ U(1,2,3) q, $39;", 3, 20, "40"},
	    {"OPENQASM 3.0; /* no end", 1, 24, "comment"},
	};
	struct program p = PROGRAM_INIT;
	struct qasm_error e;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *s = cases[i].text;

		assert_int_equal(qasm_read(&p, s, strlen(s), NULL, &e),
		    -EINVAL);
		if (e.line != cases[i].line || e.column != cases[i].column ||
		    strstr(e.text, cases[i].word) == NULL)
			fail_msg("%u:%u: %s of\n%s", e.line, e.column, e.text,
			    s);
	}
}

/* Nests and loops that would never end, or fill the memory. */
static void
test_limits(void **state)
{
	static const char *const texts[] = {
	    "OPENQASM 3.0;\nfor int i in [0:2000000000] { for int j in "
	    "[0:2000000000] { } }",
	    "OPENQASM 3.0;\nqubit q;\nfor int i in [0:2000000000] U(1,2,3) "
	    "q;",
	    "OPENQASM 3.0;\nqubit q;\npow(1000000000) @ U(1,2,3) q;",
	    "OPENQASM 2.0;\ngate a x { U(1,2,3) x; U(1,2,3) x; U(1,2,3) x; }\n"
	    "gate b x { a x; a x; a x; a x; a x; a x; a x; a x; }\n"
	    "gate c x { b x; b x; b x; b x; b x; b x; b x; b x; }\n"
	    "gate d x { c x; c x; c x; c x; c x; c x; c x; c x; }\n"
	    "gate e x { d x; d x; d x; d x; d x; d x; d x; d x; }\n"
	    "gate f x { e x; e x; e x; e x; e x; e x; e x; e x; }\n"
	    "gate g x { f x; f x; f x; f x; f x; f x; f x; f x; }\n"
	    "qreg q[1];\ng q[0];",
	};
	struct qasm_options few = {.steps_max = 100000};
	struct qasm_options small = {.bytes_max = 2 << 20};
	struct program p = PROGRAM_INIT;
	struct qasm_error e;
	static char deep[100000];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		const char *s = texts[i];

		assert_int_equal(qasm_read(&p, s, strlen(s), &few, &e),
		    -ENOMEM);
		assert_non_null(strstr(e.text, "steps"));
	}
	assert_int_equal(qasm_read(&p, texts[1], strlen(texts[1]), &small, &e),
	    -ENOMEM);
	assert_non_null(strstr(e.text, "large"));
	memcpy(deep, "U(", 2);
	memset(deep + 2, '(', sizeof(deep) - 2);
	assert_int_equal(qasm_read(&p, deep, sizeof(deep), NULL, &e), -EINVAL);
	assert_non_null(strstr(e.text, "deeper"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_own),
	    cmocka_unit_test(test_qasmbench),
	    cmocka_unit_test(test_must_reject),
	    cmocka_unit_test(test_peers),
	    cmocka_unit_test(test_refusals),
	    cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests_name("qasm", tests, NULL, NULL);
}
