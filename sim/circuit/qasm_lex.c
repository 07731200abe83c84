#include "sim/circuit/qasm_lex.h"

#include <errno.h>
#include <string.h>

static bool
is_digit(int c)
{
	return c >= '0' && c <= '9';
}

/* Letters, underscores and whatever is not ASCII: names may be Greek. */
static bool
is_letter(int c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
	    c >= 0x80;
}

static int
peek(const struct qasm_lexer *l, size_t ahead)
{
	return l->len - l->at > ahead ? (unsigned char)l->text[l->at + ahead]
				      : -1;
}

static void
step(struct qasm_lexer *l)
{
	if (l->text[l->at++] == '\n') {
		l->line++;
		l->line_at = l->at;
	}
}

static int
skip_comment(struct qasm_lexer *l)
{
	if (peek(l, 1) == '/') {
		while (peek(l, 0) >= 0 && peek(l, 0) != '\n')
			step(l);
		return 0;
	}
	step(l);
	step(l);
	while (peek(l, 0) >= 0 && !(peek(l, 0) == '*' && peek(l, 1) == '/'))
		step(l);
	if (peek(l, 0) < 0) {
		l->why = "the comment does not end";
		return -EINVAL;
	}
	step(l);
	step(l);
	return 0;
}

static int
skip_space(struct qasm_lexer *l)
{
	for (;;) {
		int c = peek(l, 0);

		if (c == '/' && (peek(l, 1) == '/' || peek(l, 1) == '*')) {
			if (skip_comment(l) < 0)
				return -EINVAL;
		} else if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
			step(l);
		} else {
			return 0;
		}
	}
}

uint32_t
qasm_hash(const char *s, size_t len)
{
	uint32_t h = 2166136261u;
	size_t i;

	for (i = 0; i < len; i++)
		h = (h ^ (unsigned char)s[i]) * 16777619u;
	return h;
}

static size_t
digits(const struct qasm_lexer *l, size_t n)
{
	while (is_digit(peek(l, n)) || peek(l, n) == '_')
		n++;
	return n;
}

/* The length of a unit of time at n, or 0. */
static size_t
unit(const struct qasm_lexer *l, size_t n)
{
	static const char *const units[] = {"ns", "us", "\xc2\xb5s",
	    "\xce\xbcs", "ms", "s", "dt"};
	size_t i, k;

	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		for (k = 0; units[i][k] != '\0'; k++) {
			if (peek(l, n + k) != (unsigned char)units[i][k])
				break;
		}
		if (units[i][k] == '\0' && !is_letter(peek(l, n + k)) &&
		    !is_digit(peek(l, n + k)))
			return k;
	}
	return 0;
}

static int
lex_number(struct qasm_lexer *l, struct qasm_token *t)
{
	size_t n, e;

	t->kind = QASM_INTEGER;
	if (peek(l, 0) == '0' && peek(l, 1) > 0 &&
	    strchr("xXbBoO", peek(l, 1))) {
		n = 2;
		while (is_digit(peek(l, n)) || is_letter(peek(l, n)))
			n++;
		t->len = (uint32_t)n;
		return 0;
	}
	n = digits(l, 0);
	if (peek(l, n) == '.') {
		t->kind = QASM_REAL;
		n = digits(l, n + 1);
	}
	if (peek(l, n) == 'e' || peek(l, n) == 'E') {
		e = n + 1;
		e += peek(l, e) == '+' || peek(l, e) == '-';
		if (is_digit(peek(l, e))) {
			t->kind = QASM_REAL;
			n = digits(l, e);
		}
	}
	t->len = (uint32_t)(n + unit(l, n));
	if (t->len > n) {
		t->kind = QASM_DURATION;
		return 0;
	}
	if (is_letter(peek(l, n))) {
		l->why = "imaginary numbers are not supported";
		return -EINVAL;
	}
	return 0;
}

static int
lex_string(struct qasm_lexer *l, struct qasm_token *t)
{
	int quote = peek(l, 0);
	size_t n = 1;

	while (peek(l, n) >= 0 && peek(l, n) != quote && peek(l, n) != '\n')
		n++;
	if (peek(l, n) != quote) {
		l->why = "the string does not end";
		return -EINVAL;
	}
	t->kind = QASM_STRING;
	t->at++;
	t->len = (uint32_t)(n - 1);
	l->at += n + 1;
	return 0;
}

static int
lex_mark(struct qasm_lexer *l, struct qasm_token *t)
{
	static const char two[] = "-> == != <= >= && || << >> ** ++ += -= *= "
				  "/= %= ^= &= |= ";
	int a = peek(l, 0), b = peek(l, 1);
	size_t i;

	t->kind = QASM_MARK;
	t->len = 1;
	t->code = QASM_MARK1(a);
	for (i = 0; i < sizeof(two) - 1; i += 3) {
		if (two[i] == a && two[i + 1] == b) {
			t->len = 2;
			t->code = QASM_MARK2(a, b);
		}
	}
	if (t->len == 2 && peek(l, 2) == '=' &&
	    (t->code == QASM_MARK2('*', '*') ||
		t->code == QASM_MARK2('<', '<') ||
		t->code == QASM_MARK2('>', '>'))) {
		t->len = 3;
		t->code |= (uint32_t)'=' << 16;
	}
	if (a == 0 || strchr(";,(){}[]:=+-*/%^&|~!<>@#$.", a) == NULL) {
		l->why = "this character has no meaning";
		return -EINVAL;
	}
	return 0;
}

int
qasm_lex(struct qasm_lexer *l, struct qasm_token *t)
{
	int rc = skip_space(l), c;

	*t = (struct qasm_token){.at = (uint32_t)l->at,
	    .line = l->line,
	    .column = (uint32_t)(l->at - l->line_at) + 1};
	if (rc < 0)
		return rc;
	c = peek(l, 0);
	if (c < 0) {
		t->kind = QASM_END;
		return 0;
	}
	if (c == '"' || c == '\'')
		return lex_string(l, t);
	if (is_letter(c)) {
		t->kind = QASM_NAME;
		while (is_letter(peek(l, t->len)) || is_digit(peek(l, t->len)))
			t->len++;
		t->code = qasm_hash(l->text + l->at, t->len);
	} else if (is_digit(c) || (c == '.' && is_digit(peek(l, 1)))) {
		rc = lex_number(l, t);
	} else {
		rc = lex_mark(l, t);
	}
	l->at += t->len;
	return rc;
}

int
qasm_integer(const char *s, size_t len, int64_t *out)
{
	int64_t base = 10, v = 0;
	size_t i = 0;

	if (len > 2 && s[0] == '0' && !is_digit(s[1]) && s[1] != '_') {
		base = s[1] == 'x' || s[1] == 'X' ? 16
		    : s[1] == 'b' || s[1] == 'B'  ? 2
						  : 8;
		i = 2;
	}
	for (; i < len; i++) {
		int c = s[i] | 0x20;
		int64_t d = is_digit(s[i]) ? s[i] - '0'
		    : c >= 'a' && c <= 'f' ? c - 'a' + 10
					   : 99;

		if (s[i] == '_')
			continue;
		if (d >= base || v > (INT64_MAX - d) / base)
			return -ERANGE;
		v = v * base + d;
	}
	*out = v;
	return 0;
}
