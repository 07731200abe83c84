/*
 * story.h - the whole path of a model, told step by step on real daemons.
 *
 * Four members register data, one orders a job, all train with privacy, are
 * paid for what it brought, one that poisons earns nothing, consent ends, a
 * vote changes a parameter, a version changes hands, and a dossier proves it.
 * Every act is a qmlctl or qmlnode command and is shown as it was run; what is
 * claimed about it is read back from a daemon or a file, and checked.
 */
#ifndef QML_DAEMON_CLI_STORY_H
#define QML_DAEMON_CLI_STORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/cli/demo.h"
#include "daemon/node/jv.h"

#define STORY_NODES 4
#define STORY_ID_LEN 65 /* a hash in hexadecimal digits */
#define STORY_WORDS_MAX 32

/* Who is who, by node. */
#define BUYER 0
#define LEAVER 2   /* whose consent ends */
#define POISONER 3 /* whose labels are wrong */

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

struct story {
	struct demo *d;
	struct jv *steps; /* what was told, for --json */
	struct jv *facts; /* figures of the step being told */
	bool failed;
	/* What later steps need of earlier ones. */
	char asset[STORY_NODES][STORY_ID_LEN]; /* by node */
	char order[STORY_ID_LEN];
	char token[STORY_ID_LEN];
	int64_t left_at; /* height at which consent ended */
};

struct story_step {
	const char *name;  /* in --json */
	const char *title; /* what the reader will see happen */
	int (*play)(struct story *s);
};

/* In order; ends with a name of NULL. */
extern const struct story_step story_steps[];

/* 0, or an exit code, having said why. */
int demo_story(struct demo *d);

/* For the steps. */

/* A sentence, indented under the step. */
void story_say(struct story *s, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* A figure for --json. */
void story_fact(struct story *s, const char *key, int64_t value);
/* Says why the step failed: CLI_FAILED. */
int story_fail(struct story *s, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* The command line, with hashes and paths cut for the reader. */
void story_show(struct story *s, unsigned node, const char *program,
    const char *const *words);
/* qmlctl WORDS... of that node, shown and run; its JSON. NULL: it failed, and
 * said so. words ends with NULL. */
struct jv *story_ctl(struct story *s, unsigned node, const char *const *words);
/* The same, thrown away: 0 or CLI_FAILED. */
int story_do(struct story *s, unsigned node, const char *const *words);
/* The same for a command whose answer is a file: 0 or CLI_FAILED. */
int story_run(struct story *s, unsigned node, const char *const *words);
/* It has to be refused with a sentence that has `want` in it; both are
 * shown. */
int story_refused(struct story *s, unsigned node, const char *const *words,
    const char *want);
/* A method of the control socket; NULL after saying why. Takes params. */
struct jv *story_rpc(struct story *s, unsigned node, const char *method,
    struct jv *params);
/* Rows of a table of the books at that node; NULL as above. */
struct jv *story_rows(struct story *s, unsigned node, const char *table);
/* The first object of an array with that text under key; NULL: none. */
const struct jv *story_find(const struct jv *rows, const char *key,
    const char *text);
/* A number in an object of a node's status; -1 after a failure. */
int64_t story_number(struct story *s, unsigned node, const char *part,
    const char *key);
/* Asks `done` every 100 ms until it says yes. CLI_TIMEOUT after saying what
 * was waited for. */
int story_wait(struct story *s, const char *what,
    bool (*done)(struct story *s));

/* Steps 4 to 9 (story_market.c). */
int story_train(struct story *s);
int story_pay(struct story *s);
int story_poison(struct story *s);
int story_leave(struct story *s);
int story_vote(struct story *s);
int story_version(struct story *s);

#endif
