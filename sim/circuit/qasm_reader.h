/*
 * qasm_reader.h - what the parts of the OpenQASM reader share: tokens, names,
 * memory, errors. Internal.
 *
 * The reader has no tree: the tokens are the program. A loop or a gate's body
 * is read again from its first token with other values. Functions return 0 or
 * a negative errno and then have left the sentence in r->error.
 */
#ifndef QML_SIM_CIRCUIT_QASM_READER_H
#define QML_SIM_CIRCUIT_QASM_READER_H

#include "sim/circuit/program_build.h"
#include "sim/circuit/qasm.h"
#include "sim/circuit/qasm_lex.h"

#define QASM_BUCKETS 1024u

enum qasm_kind {
	QASM_INT,   /* number; also uint and bool, known while reading */
	QASM_FLOAT, /* offset + terms */
	QASM_BITS   /* conds: classical bits, known while running */
};

struct qasm_value {
	enum qasm_kind kind;
	bool is_bool; /* of INT, and of BITS of width 1 */
	bool cut;     /* INT: from a division with a rest */
	bool linearised;
	bool is_signed; /* of BITS */
	int64_t number; /* INT */
	double offset;  /* FLOAT; of INT what exact division would give */
	uint32_t width; /* BITS; INT declared with a size, else 0 */
	uint32_t nterms;
	struct program_term *terms; /* FLOAT, ascending inputs; in the arena */
	uint32_t *conds;            /* BITS, lowest first; in the arena */
};

enum qasm_symbol_kind {
	QASM_SYMBOL_VALUE,
	QASM_SYMBOL_QUBITS, /* register, alias, gate operand */
	QASM_SYMBOL_BITS,
	QASM_SYMBOL_GATE,
	QASM_SYMBOL_DEF
};

struct qasm_symbol {
	uint32_t token; /* its name */
	enum qasm_symbol_kind kind;
	uint32_t level; /* of scopes; 0: global */
	int32_t next;   /* older one of the bucket, -1: none */
	bool constant;
	bool scalar;     /* QUBITS, BITS: without [] */
	bool angle_like; /* VALUE: declared float or angle */
	struct qasm_value value;
	uint32_t *list; /* QUBITS, BITS: indices, in the arena */
	uint32_t nlist;
	uint32_t params, nparams; /* GATE: tokens of the first, how many;
				   * DEF: of the bracket */
	uint32_t qubits, nqubits; /* likewise */
	uint32_t body;            /* token after {; 0: opaque */
};

struct qasm_chunk;

/* What the statement just read asks of those around it. */
enum qasm_leave { QASM_GO_ON, QASM_CONTINUE, QASM_BREAK, QASM_STOP };

struct qasm {
	struct program *p;
	const struct qasm_options *options;
	struct qasm_error *error;
	const char *text;
	struct qasm_token *tokens;
	uint32_t ntokens, captokens;
	uint32_t pos;
	int version;  /* 2 or 3 */
	bool library; /* qelib1.inc or stdgates.inc is included */
	bool dry;     /* check names and numbers, emit nothing */
	uint32_t depth;
	uint32_t level; /* of scopes */
	uint32_t
	    floor; /* symbols of levels 1 .. floor-1 are hidden: gate body */
	uint32_t unknown; /* nesting of conditions known only while running */
	uint32_t subs; /* floor is that of a subroutine's body, not a gate's */
	enum qasm_leave leave;
	uint32_t loops, loop_unknown;  /* nesting; unknown outside the last */
	uint32_t physical0, nphysical; /* $0 ..: their qubits, 0 not used yet */
	uint32_t cond0;                /* the statement's first condition */
	uint64_t steps;
	size_t bytes, bytes_max;
	struct qasm_symbol *symbols;
	uint32_t nsymbols, capsymbols;
	int32_t bucket[QASM_BUCKETS];
	struct qasm_chunk *chunk; /* the arena */
	size_t chunk_used;
};

/* -EINVAL, and the sentence unless there is one. */
int qasm_fail(struct qasm *r, uint32_t token, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* rc of program_add_*: a sentence for -ENOMEM and -EINVAL. */
int qasm_failed(struct qasm *r, uint32_t token, int rc);

int qasm_step(struct qasm *r, uint64_t n);
/* Up one level of nesting; r->depth-- on the way back. */
int qasm_enter(struct qasm *r);

void *qasm_alloc(struct qasm *r, size_t size); /* aligned, zeroed, or NULL */
int qasm_no_memory(struct qasm *r);
/* What is allocated between the two is gone after the second. */
struct qasm_mark {
	struct qasm_chunk *chunk;
	size_t used;
};
struct qasm_mark qasm_mark(const struct qasm *r);
void qasm_release(struct qasm *r, struct qasm_mark to);
void qasm_free(struct qasm *r); /* tokens, symbols, arena */

/* Tokens. */
const struct qasm_token *qasm_now(const struct qasm *r);
bool qasm_is_mark(const struct qasm *r, uint32_t code);
bool qasm_is_word(const struct qasm *r, const char *word);
bool qasm_token_is(const struct qasm *r, uint32_t token, const char *word);
bool qasm_take_mark(struct qasm *r, uint32_t code); /* if it is there */
bool qasm_take_word(struct qasm *r, const char *word);
int qasm_want_mark(struct qasm *r, uint32_t code);
int qasm_want_name(struct qasm *r, uint32_t *token);
/* The token's text, shortened, for sentences; one buffer of r's caller. */
const char *qasm_spell(const struct qasm *r, uint32_t token,
    char out[static 48]);

/* Names. */
struct qasm_symbol *qasm_find(struct qasm *r, uint32_t token);
/* -EINVAL if the scope has the name or it is reserved. */
int qasm_declare(struct qasm *r, uint32_t token, const struct qasm_symbol *s);
void qasm_push(struct qasm *r);
void qasm_pop(struct qasm *r);

#endif
