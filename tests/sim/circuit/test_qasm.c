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
check_record(struct run *r, char *line)
{
	char *word = strtok(line, " \n"), *a = strtok(NULL, " \n");
	char *b = strtok(NULL, " \n"), *c = strtok(NULL, " \n");

	assert_non_null(a);
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_own),
	    cmocka_unit_test(test_qasmbench),
	    cmocka_unit_test(test_must_reject),
	};

	return cmocka_run_group_tests_name("qasm", tests, NULL, NULL);
}
