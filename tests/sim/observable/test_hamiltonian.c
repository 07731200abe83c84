/*
 * Hamiltonians from files: the three forms against each other and against the
 * stored energies, molecules from their integrals term by term, bad files.
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

#include "sim/observable/fcidump.h"
#include "sim/observable/fermion.h"
#include "sim/observable/hamiltonian.h"
#include "sim/state/vector.h"

#define DATA "tests/data/vqe/"

static char *
slurp(const char *name, const char *end, size_t *len)
{
	char path[128];
	char *text = malloc(1 << 16);
	FILE *f;

	snprintf(path, sizeof(path), DATA "%s%s", name, end);
	f = fopen(path, "rb");
	assert_non_null(f);
	assert_non_null(text);
	*len = fread(text, 1, 1 << 16, f);
	assert_true(*len < 1 << 16);
	fclose(f);
	return text;
}

static void
load(struct hamiltonian *h, const char *name, const char *end,
    enum mapping_kind mapping)
{
	const struct hamiltonian_options o = {.mapping = mapping};
	char err[HAMILTONIAN_ERROR_LEN];
	size_t len;
	char *text = slurp(name, end, &len);

	if (hamiltonian_read(h, text, len, &o, err) < 0)
		fail_msg("%s%s: %s", name, end, err);
	free(text);
}

static void
check_equal(const struct hamiltonian *a, const struct hamiltonian *b,
    double tolerance)
{
	size_t i;

	assert_int_equal(a->nqubits, b->nqubits);
	assert_int_equal(a->sum.nterms, b->sum.nterms);
	for (i = 0; i < a->sum.nterms; i++) {
		const struct pauli_term *s = &a->sum.terms[i];
		const struct pauli_term *t = &b->sum.terms[i];

		assert_true(s->x == t->x && s->z == t->z);
		assert_true(fabs(s->coef - t->coef) <= tolerance);
	}
}

/* Value number column of the row in energies.csv. */
static double
stored(const char *name, int column)
{
	size_t len;
	char *text = slurp("energies", ".csv", &len), *p;
	double value;

	text[len] = '\0';
	p = strstr(text, name);
	assert_non_null(p);
	for (; column > 0; column--)
		p = strchr(p, ',') + 1;
	value = strtod(p, NULL);
	free(text);
	return value;
}

static void
test_files(void **state)
{
	static const char *const names[] = {"h2_0.735_jw_4q",
	    "h2_0.735_parity_2q", "lih_1.60_as2e3o_jw_6q",
	    "lih_1.60_as2e3o_parity_4q", "tfim_open_n4_h1.0",
	    "tfim_open_n6_h1.0", "tfim_open_n8_h1.0", "heisenberg_open_n4",
	    "heisenberg_open_n6"};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct hamiltonian json, text;
		double any, sector;

		load(&json, names[i], ".json", MAPPING_JW);
		load(&text, names[i], ".txt", MAPPING_JW);
		assert_string_equal(json.name, names[i]);
		assert_int_equal(json.sum.nterms, (size_t)stored(names[i], 1));
		check_equal(&json, &text, 0.0);
		assert_int_equal(json.electrons, i < 4);
		assert_int_equal(hamiltonian_ground(&json, true, &sector), 0);
		assert_int_equal(hamiltonian_ground(&text, false, &any), 0);
		assert_true(fabs(sector - stored(names[i], 2)) < 2e-12);
		assert_true(fabs(any - stored(names[i], 3)) < 2e-12);
		hamiltonian_close(&json);
		hamiltonian_close(&text);
	}
}

static void
test_molecules(void **state)
{
	static const struct {
		const char *molecule, *jw, *parity;
	} cases[] = {{"h2_0.735", "h2_0.735_jw_4q", "h2_0.735_parity_2q"},
	    {"lih_1.60_as2e3o", "lih_1.60_as2e3o_jw_6q",
		"lih_1.60_as2e3o_parity_4q"}};
	size_t i, k;

	(void)state;
	for (i = 0; i < 4; i++) {
		const char *name =
		    i & 1 ? cases[i / 2].parity : cases[i / 2].jw;
		enum mapping_kind kind = i & 1 ? MAPPING_PARITY : MAPPING_JW;
		struct hamiltonian from, want;
		struct vector v;
		uint64_t hf;

		load(&from, cases[i / 2].molecule, ".FCIDUMP", kind);
		load(&want, name, ".json", MAPPING_JW);
		check_equal(&from, &want, 1e-13);
		assert_true(from.electrons && want.electrons);
		assert_int_equal(want.mapping.kind, kind);
		hf = hamiltonian_reference(&from);
		assert_int_equal(hf, hamiltonian_reference(&want));
		assert_int_equal(vector_init(&v, from.nqubits, NULL), 0);
		v.amp[0][0] = 0.0;
		v.amp[0][hf] = 1.0;
		assert_true(fabs(pauli_expect(&from.sum, &v) -
				stored(name, 4)) < 1e-12);
		/* The sector's states come back. */
		for (k = 0; k < (size_t)1 << from.nqubits; k++) {
			bool fits;
			uint64_t n = mapping_occupied(&from.mapping, k, &fits);

			if (fits || kind == MAPPING_JW)
				assert_int_equal(mapping_state(&from.mapping,
						     n),
				    k);
		}
		vector_close(&v);
		hamiltonian_close(&from);
		hamiltonian_close(&want);
	}
}

/* {a_p, a+_q} = delta, {a_p, a_q} = 0, through both mappings for what keeps
 * the parities. */
static void
test_anticommutators(void **state)
{
	const struct mapping jw = {.kind = MAPPING_JW, .norbitals = 3};
	uint32_t p, q;

	(void)state;
	for (p = 0; p < 6; p++) {
		for (q = 0; q < 6; q++) {
			const struct fermion_op ab[] = {{p, false}, {q, true}};
			const struct fermion_op ba[] = {{q, true}, {p, false}};
			struct fermion f = FERMION_INIT;
			struct pauli_sum s;

			assert_int_equal(fermion_add(&f, ab, 2, 1.0), 0);
			assert_int_equal(fermion_add(&f, ba, 2, 1.0), 0);
			assert_int_equal(fermion_hermitian(&f, &jw, &s), 0);
			assert_int_equal(s.nterms, p == q);
			if (p == q)
				assert_true(s.terms[0].x == 0 &&
				    s.terms[0].z == 0 &&
				    s.terms[0].coef == 1.0);
			pauli_close(&s);
			fermion_close(&f);
		}
	}
}

static void
test_odd_ones(void **state)
{
	const struct mapping jw = {.kind = MAPPING_JW, .norbitals = 2};
	const struct mapping parity = {.kind = MAPPING_PARITY,
	    .norbitals = 2,
	    .alpha = 1,
	    .beta = 1};
	const struct fermion_op up[] = {{1, true}, {0, false}};
	const struct fermion_op down[] = {{0, true}, {1, false}};
	const struct fermion_op flip[] = {{2, true}, {0, false}};
	const struct fermion_op flop[] = {{0, true}, {2, false}};
	struct fermion f = FERMION_INIT, g = FERMION_INIT;
	struct pauli_sum s;

	(void)state;
	/* a+_1 a_0 is neither; minus its conjugate it is antihermitian:
	 * i (X0 Y1 - Y0 X1) / 2 up to the sign. */
	assert_int_equal(fermion_add(&f, up, 2, 1.0), 0);
	assert_int_equal(fermion_hermitian(&f, &jw, &s), -EDOM);
	assert_int_equal(fermion_antihermitian(&f, &jw, &s), -EDOM);
	assert_int_equal(fermion_add(&f, down, 2, -1.0), 0);
	assert_int_equal(fermion_antihermitian(&f, &jw, &s), 0);
	assert_int_equal(s.nterms, 2);
	assert_true(s.terms[0].x == 3 && s.terms[1].x == 3);
	assert_true(s.terms[0].coef == -s.terms[1].coef);
	assert_true(fabs(s.terms[0].coef) == 0.5);
	pauli_close(&s);
	/* Turning a spin leaves the sector: no image in the parity mapping. */
	assert_int_equal(fermion_add(&g, flip, 2, 1.0), 0);
	assert_int_equal(fermion_add(&g, flop, 2, -1.0), 0);
	assert_int_equal(fermion_antihermitian(&g, &parity, &s), -EDOM);
	fermion_close(&f);
	fermion_close(&g);
}

static void
test_refused(void **state)
{
	static const struct {
		const char *text, *says;
	} cases[] = {{"", "no term"}, {"# only\n", "no term"},
	    {"1 I\n", "no term"}, {"1\n", "line 1: \"number"},
	    {"1 X0\n2 X", "line 2: X wants"}, {"1 Q0", "line 1: I, X"},
	    {"1 X0 X0", "in the term twice"}, {"1 X0Y1", "a blank"},
	    {"nan X0", "a number"}, {"0x1 X0", "belongs"},
	    {"1e99 X0", "a number"}, {"1 X30", "qubits go up to 29"},
	    {"1 X99999999999999999999", "qubits go up to 29"},
	    {"{", "\" is missing"}, {"{}", "no term"},
	    {"{\"terms\":[]}", "no term"}, {"{\"terms\":[{}]}", "coeff"},
	    {"{\"terms\":[{\"coeff\":1}]}", "coeff"},
	    {"{\"terms\":[{\"coeff\":1,\"pauli\":\"XQ\"}]}", "letters"},
	    {"{\"terms\":[{\"coeff\":1,\"pauli\":\"XI\",\"ops\":\"X0\"}]}",
		"different"},
	    {"{\"n_qubits\":1,\"terms\":[{\"coeff\":1,\"pauli\":\"XX\"}]}",
		"n_qubits is 1"},
	    {"{\"n_qubits\":1.5}", "whole"},
	    {"{\"a\":[[[[[[[[[[[[[[[[[", "deeply"},
	    {"{\"a\":[1,2,{\"b\":null}],\n\"c\":tru}", "line 2"},
	    {"{\"a\":1} x", "follows"}, {"{\"a\":\"b", "not end"},
	    {"&FCI NORB=0,NELEC=0 /", "NORB"},
	    {"&FCI NORB=13,NELEC=2 /", "NORB must be 1 to 12"},
	    {"&FCI NORB=2,NELEC=5 /", "NELEC must be"},
	    {"&FCI NORB=2,NELEC=2,MS2=1 /", "do not go"},
	    {"&FCI NORB=2,NELEC=2,IUHF=1 /", "unrestricted"},
	    {"&FCI NORB=2,\nNELEC=2", "line 2: &END"},
	    {"&FCI NORB=2,NELEC=2 &END\n1.0 1 1 1 3\n", "line 2: orbital 3"},
	    {"&FCI NORB=2,NELEC=2 &END\n1.0 1 1\n", "line 2: four"},
	    {"&FCI NORB=2,NELEC=2 &END\n1.0 1 1 0 0 0\n", "too long"},
	    {"&FCI NORB=2,NELEC=2 &END\n1.0 0 1 0 0\n", "no integral"},
	    {"&FCI NORB=2,NELEC=2 &END\n0 1 1 0 0\n", "are 0"},
	    {"&FCI NORB=2,NELEC=2 &END\ninf 1 1 0 0\n", "no number"}};
	char err[HAMILTONIAN_ERROR_LEN];
	struct hamiltonian h;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int rc = hamiltonian_read(&h, cases[i].text,
		    strlen(cases[i].text), NULL, err);

		if (rc != -EINVAL || strstr(err, cases[i].says) == NULL)
			fail_msg("%s: %d, %s", cases[i].text, rc, err);
		assert_null(h.sum.terms);
	}
	assert_int_equal(hamiltonian_read(&h, "1 X0\0 1 Z0", 10, NULL, err),
	    -EINVAL);
}

static void
test_accepted(void **state)
{
	static const char json[] =
	    " {\"x\": {\"y\": [], \"z\": {}}, \"n_qubits\": 3, "
	    "\"name\": \"a\\\"b\", \"terms\": [{\"ops\": \"Z1\", "
	    "\"coeff\": -2.5e-1, \"note\": [true, \"\\\\\"]}]}\n";
	static const char fcidump[] =
	    "$fci norb = 1, nelec = 2,\n ms2 = 0 $end\n"
	    " 0.5D+00 1 1 1 1\n\n -1.25d0 1 1 0 0\n-0.5 1 0 0 0\n"
	    " 7.0E-1 0 0 0 0";
	static const char lines[] = "#c\n\n 1 X0 # a\r\n.5\tX0\r\n-1e-1 I Z1";
	const struct hamiltonian_options two = {.alpha = 1, .beta = 1};
	char err[HAMILTONIAN_ERROR_LEN];
	struct hamiltonian h;
	double e;

	(void)state;
	assert_int_equal(hamiltonian_read(&h, json, strlen(json), NULL, err),
	    0);
	assert_int_equal(h.nqubits, 3);
	assert_int_equal(h.sum.nterms, 1);
	assert_true(h.sum.terms[0].z == 2 && h.sum.terms[0].coef == -0.25);

	assert_null(strchr(h.name, '"'));
	hamiltonian_close(&h);
	/* Two electrons in one orbital: 2 h + (11|11) + core. */
	assert_int_equal(hamiltonian_read(&h, fcidump, strlen(fcidump), &two,
			     err),
	    0);
	assert_int_equal(h.nqubits, 2);
	assert_int_equal(hamiltonian_ground(&h, true, &e), 0);
	assert_true(fabs(e - (-2.5 + 0.5 + 0.7)) < 1e-13);
	hamiltonian_close(&h);
	/* Comments, blanks, equal terms joined. */
	assert_int_equal(hamiltonian_read(&h, lines, strlen(lines), NULL, err),
	    0);
	assert_int_equal(h.sum.nterms, 2);
	assert_true(h.sum.terms[0].coef == -0.1 && h.sum.terms[0].z == 2);
	assert_true(h.sum.terms[1].coef == 1.5 && h.sum.terms[1].x == 1);
	hamiltonian_close(&h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_files),
	    cmocka_unit_test(test_molecules),
	    cmocka_unit_test(test_anticommutators),
	    cmocka_unit_test(test_odd_ones),
	    cmocka_unit_test(test_refused),
	    cmocka_unit_test(test_accepted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
