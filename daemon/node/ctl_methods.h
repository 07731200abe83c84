/*
 * ctl_methods.h - what the control socket answers: a table of methods.
 *
 * A method answers at once from the node's state (run), or has a question
 * put to the storage thread (ask) and answers from what comes back (tell), or
 * copies what it needs (take) and answers from a thread of the pool (make):
 * nothing may hold the loop for long.
 */
#ifndef QML_DAEMON_NODE_CTL_METHODS_H
#define QML_DAEMON_NODE_CTL_METHODS_H

#include <stdbool.h>

#include "daemon/node/ctl_line.h"
#include "daemon/node/node.h"
#include "daemon/node/past.h"
#include "proto/id.h"

#define CTL_ERR_ARGS enum ctl_error *code, char *err, size_t errlen

struct ctl_method {
	const char *name;
	bool writes; /* needs more than the right to look */
	/* The result, owned by the caller; NULL with *code and err set. */
	struct jv *(
	    *run)(struct node *n, const struct jv *params, CTL_ERR_ARGS);
	/* False: bad parameters, said in err. */
	bool (*ask)(const struct jv *params, struct past_question *q, char *err,
	    size_t errlen);
	struct jv *(
	    *tell)(struct node *n, const struct past_answer *a, CTL_ERR_ARGS);
	/* A copy for make, malloc'd in one piece, freed by the caller; NULL:
	 * memory, or parameters as err says. */
	void *(
	    *take)(const struct node *n, const struct jv *params, CTL_ERR_ARGS);
	/* As run, on a thread of the pool. */
	struct jv *(*make)(const void *copy, CTL_ERR_ARGS);
	const char *help;
};

/* NULL: no such method. */
const struct ctl_method *ctl_method_find(const char *name);

/* ctl_status.c */
struct jv *ctl_status(struct node *n, const struct jv *params, CTL_ERR_ARGS);
struct jv *ctl_health(struct node *n, const struct jv *params, CTL_ERR_ARGS);
struct jv *ctl_committed_json(const struct node *n, const struct block *b);

/* ctl_past.c */
bool ctl_ask_round(const struct jv *params, struct past_question *q, char *err,
    size_t errlen);
bool ctl_ask_block(const struct jv *params, struct past_question *q, char *err,
    size_t errlen);
struct jv *ctl_tell_round(struct node *n, const struct past_answer *a,
    CTL_ERR_ARGS);
struct jv *ctl_tell_block(struct node *n, const struct past_answer *a,
    CTL_ERR_ARGS);
struct jv *ctl_round_json(const struct node *n,
    const struct ledger_round_summary *s);
/* ctl_tx.c */
struct jv *ctl_tx_submit(struct node *n, const struct jv *params, CTL_ERR_ARGS);
struct jv *ctl_tx_status(struct node *n, const struct jv *params, CTL_ERR_ARGS);

/* ctl_books.c */
struct jv *ctl_books_list(struct node *n, const struct jv *params,
    CTL_ERR_ARGS);
struct jv *ctl_books_account(struct node *n, const struct jv *params,
    CTL_ERR_ARGS);

/* ctl_privacy.c */
struct jv *ctl_privacy(struct node *n, const struct jv *params, CTL_ERR_ARGS);

/* ctl_credential.c */
struct jv *ctl_credential_sign(struct node *n, const struct jv *params,
    CTL_ERR_ARGS);
struct jv *ctl_credential_present(struct node *n, const struct jv *params,
    CTL_ERR_ARGS);
struct jv *ctl_credential_status(struct node *n, const struct jv *params,
    CTL_ERR_ARGS);

/* ctl_erase.c */
struct jv *ctl_data_erase(struct node *n, const struct jv *params,
    CTL_ERR_ARGS);

/* ctl_model.c */
void *ctl_take_model(const struct node *n, const struct jv *params,
    CTL_ERR_ARGS);
struct jv *ctl_make_model(const void *copy, CTL_ERR_ARGS);
/* The job whose hash is this: the federation's own or one of an order. The
 * caller closes it. */
bool ctl_find_job(const struct node *n, const struct hash *want,
    struct job *out);
/* The version that "token" names; NULL with *code and err set. */
const struct token *ctl_find_token(const struct node *n,
    const struct jv *params, CTL_ERR_ARGS);

/* ctl_index.c */
void *ctl_take_history(const struct node *n, const struct jv *params,
    CTL_ERR_ARGS);
void *ctl_take_entries(const struct node *n, const struct jv *params,
    CTL_ERR_ARGS);
void *ctl_take_settlement(const struct node *n, const struct jv *params,
    CTL_ERR_ARGS);
void *ctl_take_version(const struct node *n, const struct jv *params,
    CTL_ERR_ARGS);
struct jv *ctl_make_report(const void *copy, CTL_ERR_ARGS);
/* ctl_worth.c */
struct jv *ctl_worth(struct node *n, const struct jv *params, CTL_ERR_ARGS);

struct jv *ctl_kept_round_json(const struct node *n,
    const struct node_round *r);

void ctl_put_id(struct jv *o, const char *key, enum id_kind kind,
    const struct hash *h);
struct ctl_number {
	const char *key;
	uint64_t min, max;
};
/* *out stays where the key is missing; false: want a number, says err. */
bool ctl_want(const struct jv *params, const struct ctl_number *n,
    uint64_t *out, char *err, size_t errlen);
/* An object that begins with "schema". */
struct jv *ctl_object(const char *schema);

#endif
