/*
 * What OpenQASM 3 has, feature by feature: a program that uses it, and one in
 * plain gates that must do the same to every outcome of the classical bits.
 */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "sim/circuit/program_build.h"
#include "sim/circuit/program_run.h"
#include "sim/circuit/qasm.h"
#include "sim/observable/pauli.h"

#define HEAD "OPENQASM 3.0;\ninclude \"stdgates.inc\";\n"
#define BITS_MAX 5
#define QUBITS_MAX 5

/* For each value of the classical bits: probabilities, and weights of <X>, <Y>
 * of each qubit and <XX> of neighbours, which see phases. */
struct seen {
	double p[1 << BITS_MAX][1 << QUBITS_MAX];
	double x[1 << BITS_MAX][3 * QUBITS_MAX];
	uint32_t nqubits;
};

static int
look(void *arg, const struct program_branch *b)
{
	struct seen *s = arg;
	uint64_t bits = b->bits[0];
	uint32_t q;

	assert_true(bits < 1 << BITS_MAX);
	vector_probs(b->v, 1.0, s->p[bits]);
	for (q = 0; q < s->nqubits; q++) {
		struct pauli_term x = {UINT64_C(1) << q, 0, 1.0};
		struct pauli_term y = {UINT64_C(1) << q, UINT64_C(1) << q, 1.0};
		struct pauli_term xx = {UINT64_C(1) << q |
			UINT64_C(1) << (q + 1) % s->nqubits,
		    0, 1.0};

		s->x[bits][3 * q] += pauli_string_expect(&x, b->v);
		s->x[bits][3 * q + 1] += pauli_string_expect(&y, b->v);
		s->x[bits][3 * q + 2] += pauli_string_expect(&xx, b->v);
	}
	return 0;
}

static void
run(const char *text, struct seen *s)
{
	static const struct qasm_set sets[] = {{"a", 0.37}, {"b", -1.21}};
	struct qasm_options o = {.sets = sets,
	    .nsets = strstr(text, "input") ? 2 : 0};
	struct program_visitor visitor = {.visit = look,
	    .arg = s,
	    .branches_max = 10000};
	struct program p = PROGRAM_INIT;
	struct vector v = VECTOR_INIT;
	char whole[4096];
	struct qasm_error e;

	snprintf(whole, sizeof(whole), HEAD "%s", text);
	if (qasm_read(&p, whole, strlen(whole), &o, &e) < 0)
		fail_msg("%u:%u: %s\n%s", e.line, e.column, e.text, text);
	assert_true(p.nqubits <= QUBITS_MAX && p.nbits <= BITS_MAX);
	memset(s, 0, sizeof(*s));
	s->nqubits = p.nqubits;
	assert_int_equal(vector_init(&v, p.nqubits, NULL), 0);
	assert_int_equal(program_branches(&p, &v, &visitor), 0);
	vector_close(&v);
	program_close(&p);
}

static void
same(const char *a, const char *b)
{
	static struct seen s, t;
	size_t i, k;

	run(a, &s);
	run(b, &t);
	assert_int_equal(s.nqubits, t.nqubits);
	for (i = 0; i < 1 << BITS_MAX; i++) {
		for (k = 0; k < 1 << QUBITS_MAX; k++) {
			if (!(fabs(s.p[i][k] - t.p[i][k]) < 1e-12))
				fail_msg("bits %zu, state %zu: %g, not %g\n%s",
				    i, k, s.p[i][k], t.p[i][k], a);
		}
		for (k = 0; k < 3 * QUBITS_MAX; k++) {
			if (!(fabs(s.x[i][k] - t.x[i][k]) < 1e-12))
				fail_msg("bits %zu, string %zu: %g, not %g\n%s",
				    i, k, s.x[i][k], t.x[i][k], a);
		}
	}
}

struct pair {
	const char *a, *b;
};

#define Q3 "qubit[3] q; ry(0.3) q[0]; ry(0.9) q[1]; rx(1.4) q[2];\n"
#define Q2C2 "qubit[2] q; bit[2] c; ry(0.7) q[0]; ry(1.9) q[1];\n"
#define READ "c = measure q; ry(0.4) q;\n"

static const struct pair inputs[] = {
    {"input float a; input angle[32] b; qubit q; rx(2*a - b/4 + pi) q;",
	"qubit q; rx(0.74 + 0.3025 + pi) q;"},
    {"input float[64] a; input float b; qubit q; rx(a) q; rz(-(a - b)) q; "
     "ry(3*(a+b)*2) q;",
	"qubit q; rx(0.37) q; rz(-1.58) q; ry(6*(0.37-1.21)) q;"},
    {"const int n = 2**2 - 7 % 4; const float f = n / 2.0; qubit q; rx(f) q; "
     "rx(7 / 2.0) q;",
	"qubit q; rx(0.5) q; rx(3.5) q;"},
    {"const float f = sin(0.5)*cos(0.5) + tan(0.1) + exp(0.2) - ln(3) + "
     "sqrt(2) + arcsin(0.3) + arccos(0.3) + arctan(2) + floor(2.7) + "
     "ceiling(-1.2) + mod(7, 4) + pow(2, 0.5); qubit q; h q; rz(f) q;",
	"qubit q; h q; rz(0.42073549240394825 + 0.10033467208545055 + "
	"1.2214027581601699 - 1.0986122886681098 + 1.4142135623730951 + "
	"0.30469265401539752 + 1.2661036727794991 + 1.1071487177940904 + 2 - 1 "
	"+ 3 + 1.4142135623730951) q;"},
    {"qubit q; rx(1_0e-1) q; ry(.5) q; rz(2.) q; rx(0x1F) q; ry(0b11) q; "
     "rz(0o17) q; rx(π) q; ry(τ/3) q; rz(ℇ) q;",
	"qubit q; rx(1) q; ry(0.5) q; rz(2) q; rx(31) q; ry(3) q; rz(15) q; "
	"rx(pi) q; ry(tau/3) q; rz(euler) q;"},
    {"int i = 3; i += 2; i *= 4; i -= 1; i <<= 1; i >>= 2; i |= 8; i ^= 3; "
     "qubit q; rx(i) q;",
	"qubit q; rx(10) q;"},
    {"int n = 1; qubit q; { int n = 2; rx(n) q; n = 5; } ry(n) q;",
	"qubit q; rx(2) q; ry(1) q;"},
    {"bool f = 3 > 2 && !(1 == 2); qubit q; if (f) rx(0.3) q; else x q; "
     "if (!f || false) { y q; }",
	"qubit q; rx(0.3) q;"},
};

static const struct pair modifiers[] = {
    {Q3 "ctrl @ rx(0.4) q[2], q[0];", Q3 "crx(0.4) q[2], q[0];"},
    {Q3 "negctrl @ ry(0.4) q[1], q[0];",
	Q3 "x q[1]; cry(0.4) q[1], q[0]; x q[1];"},
    {Q3 "ctrl(2) @ x q[2], q[0], q[1];", Q3 "ccx q[2], q[0], q[1];"},
    {Q3 "ctrl @ negctrl @ x q[2], q[0], q[1];",
	Q3 "x q[0]; ccx q[2], q[0], q[1]; x q[0];"},
    {Q3 "ctrl @ swap q[1], q[0], q[2];", Q3 "cswap q[1], q[0], q[2];"},
    {Q3 "inv @ u3(0.1, 0.2, 0.3) q[0]; inv @ cp(0.3) q[0], q[1];",
	Q3 "u3(-0.1, -0.3, -0.2) q[0]; cp(-0.3) q[0], q[1];"},
    {Q3 "pow(3) @ rx(0.2) q[1]; pow(-2) @ t q[0];",
	Q3 "rx(0.6) q[1]; inv @ s q[0];"},
    {Q3 "pow(0.5) @ x q[1]; pow(1/2) @ z q[0];", Q3 "sx q[1]; s q[0];"},
    {Q3 "pow(0) @ h q[0];", Q3 "id q[0];"},
    {Q3 "ctrl @ gphase(0.7) q[1];", Q3 "p(0.7) q[1];"},
    {Q3 "ctrl @ pow(2) @ inv @ s q[0], q[1];", Q3 "cz q[0], q[1];"},
    {Q3 "inv @ ctrl @ pow(0.25) @ x q[0], q[2]; pow(4) @ ctrl @ pow(0.25) @ "
	"x q[0], q[2]; ctrl @ pow(0.25) @ x q[0], q[2];",
	Q3 "cx q[0], q[2];"},
    {"gate g(t, u) c, d { ry(t/2) c; ctrl @ rx(u - t) c, d; gphase(t); }\n" Q3
     "g(0.4, 1) q[2], q[0]; inv @ g(0.4, 1) q[1], q[2]; ctrl @ g(0.4, 1) "
     "q[0], q[1], q[2];",
	Q3 "ry(0.2) q[2]; crx(0.6) q[2], q[0]; crx(-0.6) q[1], q[2]; "
	   "ry(-0.2) q[1]; cry(0.2) q[0], q[1]; ctrl(2) @ rx(0.6) q[0], q[1], "
	   "q[2]; p(0.4) q[0];"},
    {"gate deep a { for int i in [1:3] { rx(0.1 * i) a; } }\ngate two a, b { "
     "deep a; pow(2) @ deep b; }\n" Q3 "two q[0], q[1];",
	Q3 "rx(0.6) q[0]; rx(1.2) q[1];"},
    {"gate none a { }\n" Q3 "none q[0]; ctrl @ none q[0], q[1];", Q3},
};

static const struct pair loops[] = {
    {Q3 "for uint i in [0:2:2] x q[i];", Q3 "x q[0]; x q[2];"},
    {Q3 "for int i in [2:-1:1] { rx(i) q[i]; }", Q3 "rx(2) q[2]; rx(1) q[1];"},
    {Q3 "for int[8] i in {2, 0, 2} { t q[i]; h q[i]; }",
	Q3 "t q[2]; h q[2]; t q[0]; h q[0]; t q[2]; h q[2];"},
    {Q3 "for int i in [5:2] { x q[i]; } for int i in [0:1] for int j in "
	"[i:1] cx q[j], q[j + 1];",
	Q3 "cx q[0], q[1]; cx q[1], q[2]; cx q[1], q[2];"},
    {Q3 "const int n = 2; for int i in [0:n] { if (i == 1) continue; x q[i]; "
	"}",
	Q3 "x q[0]; x q[2];"},
    {Q3 "for int i in [0:2] { for int j in [0:9] { if (j == 1) break; x q[i]; "
	"} if (i == 1) { break; x q[2]; } } y q[2];",
	Q3 "x q[0]; x q[1]; y q[2];"},
    {Q3 "int i = 0; while (i < 3) { x q[i]; i += 1; } h q[0];",
	Q3 "x q; h q[0];"},
    {Q3 "int i = 0; while (true) { i += 1; if (i > 2) { break; } x q[i]; } "
	"while (false) { x q[0]; }",
	Q3 "x q[1]; x q[2];"},
    {Q3 "for int i in [0:3] { switch (i) { case 0 { x q[0]; } case 1, 3 { "
	"h q[1]; } default { z q[2]; } } }",
	Q3 "x q[0]; h q[1]; z q[2]; h q[1];"},
    {Q3 "switch (7) { case 1 { x q[0]; } } y q[1];", Q3 "y q[1];"},
    {Q3 "x q[0]; end; y q[1]; nonsense", Q3 "x q[0];"},
    {Q3 "box { x q[0]; box[100ns] { y q[1]; } } delay[1.5us] q[0], q[1]; "
	"delay[10dt] q;",
	Q3 "x q[0]; y q[1];"},
    {Q3 "@reversible\n@bind(foo) \"x\"\nx q[0];", Q3 "x q[0];"},
};

static const struct pair registers[] = {
    {Q3 "cx q[0], q[1:2]; h q;",
	Q3 "cx q[0], q[1]; cx q[0], q[2]; h q[0]; "
	   "h q[1]; h q[2];"},
    {"qubit[2] a; qubit[2] b; h a; ry(0.3) b; cx a, b;",
	"qubit[4] q; h q[0]; h q[1]; ry(0.3) q[2]; ry(0.3) q[3]; "
	"cx q[0], q[2]; cx q[1], q[3];"},
    {Q3 "let r = q[{2, 0}]; rx(0.2) r[0]; let w = r ++ q[1]; ry(0.1) w[2]; "
	"cx w[0:1], w[2];",
	Q3 "rx(0.2) q[2]; ry(0.1) q[1]; cx q[2], q[1]; cx q[0], q[1];"},
    {Q3 "x q[-1]; y q[-3]; h q[0:2:2]; z q[:1]; t q[1:];",
	Q3 "x q[2]; y q[0]; h q[0]; h q[2]; z q[0]; z q[1]; t q[1]; t q[2];"},
    {"qreg q[3]; ry(0.3) q[0]; ry(0.9) q[1]; rx(1.4) q[2]; barrier q; "
     "barrier q[0], q[2]; barrier;",
	Q3},
    {"ry(0.3) $0; ry(0.9) $1; rx(1.4) $2; cx $2, $0;", Q3 "cx q[2], q[0];"},
    {"h $1; bit[2] c; c[1] = measure $1; reset $0;",
	"qubit[2] q; bit[2] c; h q[1]; c[1] = measure q[1];"},
};

static const struct pair subs[] = {
    {"def f(qubit a, qubit b) { cx a, b; } " Q3 "f(q[2], q[0]); qubit[2] b; "
     "f(b[0], b[1]);",
	Q3 "cx q[2], q[0]; qubit[2] b;"},
    {"def f(qubit a, qubit b) { h a; cx a, b; } qubit a; qubit b; ry(1.1) a; "
     "f(b, a);",
	"qubit[2] q; ry(1.1) q[0]; h q[1]; cx q[1], q[0];"},
    {"const float s0 = 0.3; def turn(qubit[3] r, float[64] t, int n, bool yes) "
     "{ for int i in [0:n] { rx(t * s0) r[i]; } if (yes) { h r[1]; } } " Q3
     "turn(q, 2, 1, 2 > 1); turn(q, 1, 0, false);",
	Q3 "rx(0.6) q[0]; rx(0.6) q[1]; h q[1]; rx(0.3) q[0];"},
    {"def flip(bit b, qubit a) { if (b) { x a; } } def both(bit[2] b, qubit[2] "
     "r) { flip(b[0], r[1]); if (b == 2) h r[0]; reset r[1]; } " Q2C2 READ
     "both(c, q);",
	Q2C2 READ "if (c[0]) x q[1]; if (c == 2) h q[0]; reset q[1];"},
    {"def g0() { } def f(qubit a) { g0(); { int k = 3; k += 1; rx(k) a; } } " Q3
     "for int i in [0:2] { f(q[i]); if (i == 1) break; }",
	Q3 "rx(4) q[0]; rx(4) q[1];"},
    {"input float a; input float b; def f(angle t, qubit r) { ry(2*t) r; } "
     "qubit q; f(a - b, q);",
	"qubit q; ry(3.16) q;"},
};

static const struct pair conditions[] = {
    {Q2C2 READ "if (c == 2) { x q[0]; }",
	Q2C2 READ "if (!c[0] && c[1]) x q[0];"},
    {Q2C2 READ "if (c >= 1) h q[1]; else y q[0];",
	Q2C2 READ "if (c[0] || c[1]) { h q[1]; } else { y q[0]; }"},
    {Q2C2 READ "if (c[0]) { if (c[1]) { x q[0]; } else { h q[0]; } z q[1]; } "
	       "else if (c[1]) y q[1];",
	Q2C2 READ "if (c == 3) x q[0]; if (c == 1) h q[0]; if (c[0] == 1) "
		  "z q[1]; if (c == 2) y q[1];"},
    {Q2C2 READ "if (c[0] ^ c[1]) x q[0]; if (c[0] != c[1]) x q[0];", Q2C2 READ},
    {Q2C2 "measure q -> c; if (uint[2](c) == 3) h q[0]; if (bool(c[1])) "
	  "x q[1];",
	Q2C2 "c = measure q; if (c == 3) h q[0]; if (c[1]) x q[1];"},
    {Q2C2 READ "switch (c) { case 0, 3 { x q[0]; } case 1 { h q[1]; } default "
	       "{ y q[0]; } }",
	Q2C2 READ "if (c == 0 || c == 3) { x q[0]; } if (c == 1) { h q[1]; } "
		  "if (c == 2) { y q[0]; }"},
    {Q2C2 READ "switch (c) { case 2 { x q[0]; c[1] = 0; } case 0 { h q[1]; } "
	       "} z q[0];",
	Q2C2 READ "if (c == 2) { x q[0]; c[1] = 0; } else { if (c == 0) "
		  "h q[1]; } z q[0];"},
    {Q2C2 READ "bit d; d = c[0] & ~c[1] | c[1] & ~c[0]; if (d) x q[0];",
	"qubit[2] q; bit[2] c; bit d; ry(0.7) q[0]; ry(1.9) q[1];" READ
	"d = c[0] ^ c[1]; if (d) { x q[0]; }"},
    {Q2C2 "c[0] = measure q[0]; reset q[0]; if (c[0] == 1) { x q[0]; } c[1] = "
	  "measure q[1];",
	Q2C2 "c = measure q;"},
    {Q2C2 READ "for int i in [0:1] { if (c[i]) { x q[i]; } }",
	Q2C2 READ "if (c[0]) x q[0]; if (c[1]) x q[1];"},
    {Q2C2 "c[0] = measure q[0]; if (c[0]) { c[1] = measure q[1]; reset q; }",
	Q2C2 "c[0] = measure q[0]; if (c == 1) { c[1] = measure q[1]; reset "
	     "q[0]; reset q[1]; }"},
    {Q2C2 "bit[2] d = \"10\"; c = measure q; if (d == 2) { x q[0]; } if (d[0]) "
	  "h q[1];",
	"qubit[2] q; bit[2] c; bit[2] d; ry(0.7) q[0]; ry(1.9) q[1]; c = "
	"measure q; d[1] = 1; x q[0];"},
};

static void
check(const struct pair *p, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		same(p[i].a, p[i].b);
}

#define CHECK(table) check(table, sizeof(table) / sizeof((table)[0]))

static void
test_values(void **state)
{
	(void)state;
	CHECK(inputs);
}

static void
test_modifiers(void **state)
{
	(void)state;
	CHECK(modifiers);
}

static void
test_loops(void **state)
{
	(void)state;
	CHECK(loops);
}

static void
test_registers(void **state)
{
	(void)state;
	CHECK(registers);
}

static void
test_conditions(void **state)
{
	(void)state;
	CHECK(conditions);
}

static void
test_subroutines(void **state)
{
	(void)state;
	CHECK(subs);
}

/* Each is refused at its place, by its name. */
static const struct refusal {
	const char *text;
	unsigned line, column;
	const char *word;
} cases[] = {
    {"def f(qubit a) -> bit { }", 3, 16, "returns"},
    {"def f(qubit a) { f(a); } qubit q; f(q);", 3, 18, "deep"},
    {"def f(qubit a) { x q; } qubit q; f(q);", 3, 20, "'q'"},
    {"def f(qubit[2] a) { } qubit q; f(q);", 3, 34, "2 qubits"},
    {"def f(float a) { } qubit q; f(q);", 3, 31, "'q'"},
    {"def f(int a) { a = 3; } f(2);", 3, 16, "constant"},
    {"def f(int a) { } f();", 3, 20, "value"},
    {"bit c; def f(bit b) { b = 1; } f(c);", 3, 23, "constant"},
    {"bit c; def f(bit b, qubit a) { measure a -> b; } qubit q; f(c, "
     "q);",
	3, 45, "constant"},
    {"def f() { } f(2);", 3, 15, "')'"},
    {"def f(int a) { } f(2, 3);", 3, 21, "')'"},
    {"def f(int a) { return; } f(2);", 3, 16, "'return'"},
    {"def f() { break; } for int i in [0:2] { f(); }", 3, 11,
	"outside of a loop"},
    {"def f(array[int, 2] a) { } f(1);", 3, 7, "type"},
    {"{ def f() { } }", 3, 3, "inside"},
    {"def f() {", 3, 9, "not closed"},
    {"gate g a { f(a); } def f(qubit a) { }", 3, 12, "'f'"},
    {"qubit q;\nextern f(int) -> int;", 4, 1, "'extern'"},
    {"array[int, 2] a = {1, 2};", 3, 1, "'array'"},
    {"duration d = 3ns;", 3, 1, "'duration'"},
    {"stretch s;", 3, 1, "'stretch'"},
    {"complex[float] z;", 3, 1, "'complex'"},
    {"defcal x $0 { }", 3, 1, "'defcal'"},
    {"cal { }", 3, 1, "'cal'"},
    {"pragma x", 3, 1, "'pragma'"},
    {"#pragma x", 3, 1, "pragmas"},
    {"qubit q; rx(3ns) q;", 3, 13, "times"},
    {"qubit q; rx(3im) q;", 3, 13, "imaginary"},
    {"break;", 3, 1, "outside of a loop"},
    {"for int i in [0:1] { } continue;", 3, 24, "outside"},
    {"qubit q; bit c; c = measure q;\nwhile (c) { x q; }", 4, 7,
	"may never end"},
    {"qubit q; bit c; c = measure q;\nfor int i in [0:2] { if (c) { "
     "break; } }",
	4, 31, "depend on a measurement"},
    {"qubit q; bit c; c = measure q;\nif (c) end;", 4, 8,
	"depend on a measurement"},
    {"qubit q; bit c; c = measure q; int n = 0;\nif (c) n = 1;", 4, 8,
	"depend on a measurement"},
    {"qubit q; bit[2] c;\nc = c + 1;", 4, 7, "arithmetic"},
    {"switch (1) { x; }", 3, 14, "want 'case'"},
    {"switch (1) { default { } case 1 { } }", 3, 26, "comes last"},
    {"switch (1.5) { }", 3, 16, "integer"},
    {"gate g a { end; } qubit q; g q;", 3, 12, "end the program"},
    {"qubit q; delay q;", 3, 16, "'['"},
    {"qubit q; delay[3ns q;", 3, 15, "not closed"},
    {"x $;", 3, 3, "right after $"},
    {"x $99;", 3, 3, "40 qubits"},
    {"gate g a { x $0; } qubit q; g q;", 3, 14, "physical"},
    {"qubit q; x q;\n@note", 4, 1, "annotation"},
    {"qubit q; ctrl @ x q, q;", 3, 17, "twice"},
    {"qubit[2] q; x q[2];", 3, 17, "2"},
    {"const int n = 3; n = 4;", 3, 18, "constant"},
    {"qubit q; bit q;", 3, 14, "'q'"},
    {"include \"qelib1.inc\";", 3, 9, "qelib1.inc"},
};

static void
test_refused(void **state)
{
	struct program p = PROGRAM_INIT;
	struct qasm_error e;
	char text[1024];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(text, sizeof(text), HEAD "%s\n", cases[i].text);
		if (qasm_read(&p, text, strlen(text), NULL, &e) != -EINVAL)
			fail_msg("%s: is not refused", cases[i].text);
		if (e.line != cases[i].line || e.column != cases[i].column ||
		    strstr(e.text, cases[i].word) == NULL)
			fail_msg("%s: %u:%u: %s", cases[i].text, e.line,
			    e.column, e.text);
	}
}

/* Loops end when their steps are used up, whatever they say. */
static void
test_bounds(void **state)
{
	static const char *const endless[] = {"while (true) { }",
	    "while (1 < 2) { int i = 3; }", "for int i in [0:999999] { }",
	    "int i = 0; while (i >= 0) { switch (i) { default { box { } } } }"};
	const struct qasm_options o = {.steps_max = 10000};
	struct program p = PROGRAM_INIT;
	struct qasm_error e;
	char text[256];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(endless) / sizeof(endless[0]); i++) {
		snprintf(text, sizeof(text), HEAD "%s", endless[i]);
		if (qasm_read(&p, text, strlen(text), &o, &e) != -ENOMEM)
			fail_msg("%s: %s", endless[i], e.text);
		assert_true(e.text[0] != '\0');
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_values),
	    cmocka_unit_test(test_modifiers),
	    cmocka_unit_test(test_loops),
	    cmocka_unit_test(test_registers),
	    cmocka_unit_test(test_conditions),
	    cmocka_unit_test(test_subroutines),
	    cmocka_unit_test(test_refused),
	    cmocka_unit_test(test_bounds),
	};

	return cmocka_run_group_tests_name("features", tests, NULL, NULL);
}
