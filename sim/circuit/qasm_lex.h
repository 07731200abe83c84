/*
 * qasm_lex.h - OpenQASM text to tokens. Internal to the reader.
 */
#ifndef QML_SIM_CIRCUIT_QASM_LEX_H
#define QML_SIM_CIRCUIT_QASM_LEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum qasm_token_kind {
	QASM_END,
	QASM_NAME,
	QASM_INTEGER,
	QASM_REAL,
	QASM_DURATION, /* a number with ns, us, ms, s or dt */
	QASM_STRING,   /* the text between the quotes */
	QASM_MARK      /* operators and brackets */
};

struct qasm_token {
	uint32_t at, len; /* in the text */
	uint32_t line, column;
	enum qasm_token_kind kind;
	/* NAME: hash of the text. MARK: its bytes, first one lowest. */
	uint32_t code;
};

/* The code of a mark of one to three bytes. */
#define QASM_MARK1(a) ((uint32_t)(a))
#define QASM_MARK2(a, b) ((uint32_t)(a) | (uint32_t)(b) << 8)
#define QASM_MARK3(a, b, c) (QASM_MARK2(a, b) | (uint32_t)(c) << 16)

struct qasm_lexer {
	const char *text;
	size_t len, at;
	uint32_t line;
	size_t line_at;  /* where the line begins */
	const char *why; /* after a failure */
};

/* The next token; -EINVAL with l->why, *t at the place. */
int qasm_lex(struct qasm_lexer *l, struct qasm_token *t);

uint32_t qasm_hash(const char *s, size_t len);

/* Digits with underscores, 0x, 0o, 0b. -ERANGE beyond INT64_MAX. */
int qasm_integer(const char *s, size_t len, int64_t *out);

#endif
