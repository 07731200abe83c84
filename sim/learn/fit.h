/*
 * fit.h - loss, gradient and scores of models with a linear head or none.
 *
 * A model maps a row to nobs numbers (a circuit's observables, or the features
 * themselves) and a head maps these to one logit a class, or to one number.
 * What differs between tasks is struct fit_map. Rows are worked off in blocks
 * of FIT_BLOCK, results are kept per block and added in block order: any number
 * of threads gives the same bits.
 */
#ifndef QML_SIM_LEARN_FIT_H
#define QML_SIM_LEARN_FIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/learn/train_hyper.h"
#include "sim/state/lanes.h"

#define FIT_BLOCK 16 /* rows: two groups of LANES */

struct dataset;
struct fit;
struct noise_model;
struct pool;
struct task;
struct train_score;

/* From prepared rows to observables. All but the first two may be NULL: nothing
 * is opened, bound or gathered, a prepared row is its nobs observables. */
struct fit_map {
	/* Doubles of a prepared row, and preparing all rows of ds into out:
	 * 0 or -ENOMEM. */
	size_t (*row_size)(const struct task *t);
	int (*prepare)(const struct fit *f, const struct dataset *ds,
	    double *out);
	/* Shared state of all threads, and one thread's scratch. */
	int (*open)(struct fit *f);
	void (*close)(struct fit *f);
	int (*open_worker)(const struct fit *f, void **scratch);
	void (*close_worker)(void *scratch);
	/* Puts circuit parameters in; theta[nangles + nscales]. */
	void (*bind)(struct fit *f, const double *theta);
	/* obs[nobs][LANES] of LANES rows (NULL: lane not used). */
	void (*forward)(const struct fit *f, void *scratch,
	    const double *const *rows, double *obs);
	/* After forward: takes d loss / d obs. */
	void (
	    *backward)(const struct fit *f, void *scratch, const double *dobs);
	/* grad[nangles + nscales] += what backward gathered since. */
	void (*collect)(const struct fit *f, void *scratch, double *grad);
	/* The same per lane: grad[][LANES] is overwritten. */
	void (*collect_lanes)(const struct fit *f, void *scratch, double *grad);
};

struct fit_worker {
	void *scratch; /* the map's */
	double *obs;   /* nobs rows */
	double *dobs;
	double *logits; /* noutputs rows */
	double *dhead;  /* nhead rows */
};

/* Circuits that are sampled or noisy. Draws are those of the seed, the number
 * of the call of bind, and the row. */
struct fit_noise {
	const struct noise_model *model; /* or NULL; kept */
	uint32_t shots;                  /* 0: exact */
	uint8_t seed[TRAIN_SEED_BYTES];
	enum train_mitigation mitigation;
};

/* With what a fit runs; nothing but noise changes a bit. */
struct fit_how {
	enum lanes_isa isa;
	size_t nthreads;   /* of a pool of its own, when pool is NULL */
	struct pool *pool; /* kept; lives longer than the fit */
	const struct fit_noise *noise; /* NULL: none; else copied */
};

struct fit {
	const struct task *task; /* kept */
	const struct fit_map *map;
	struct fit_noise noise;
	const struct lanes *lanes;
	struct pool *pool;
	struct pool *own_pool; /* or NULL */
	void *shared;          /* the map's */
	struct fit_worker *workers;
	size_t nworkers;
	double *rows;                 /* prepared, by fit_load */
	const struct dataset *loaded; /* kept */
	size_t nrows;
	size_t nscored;      /* of these, what fit_score() looks at */
	uint64_t calls;      /* of bind */
	const double *theta; /* of the call in progress */
	const uint32_t *pick;
	size_t npick;
	bool head_alone; /* no gradient of the map */
	double *each;    /* where per-sample gradients go */
	double *blocks;  /* a gradient per block */
	size_t blocks_max;
	struct train_score *score;
	double *losses; /* per row */
};

#define FIT_INIT             \
	{                    \
		.task = NULL \
	}

/* -EINVAL: nthreads; -ENOTSUP: the ISA, or noise for a task without; -ENOMEM,
 * -EAGAIN. */
int fit_open(struct fit *f, const struct task *t, const struct fit_how *how);

void fit_close(struct fit *f);

/* Prepares the rows; *ds is kept until the next call. -EINVAL if its width or
 * a label does not suit the task; -ENOMEM. */
int fit_load(struct fit *f, const struct dataset *ds);

/* grad[nparams] = gradient of the mean loss over rows pick[n]. -ENOMEM. */
int fit_gradient(struct fit *f, const double *theta, const uint32_t *pick,
    size_t n, double *grad);

/* The same by the head's parameters alone, at the cost of values; the others
 * are 0. */
int fit_head_gradient(struct fit *f, const double *theta, const uint32_t *pick,
    size_t n, double *grad);

/* That mean loss alone. -ENOMEM. */
int fit_value(struct fit *f, const double *theta, const uint32_t *pick,
    size_t n, double *loss);

/* The gradient of the loss of each row alone, what differential
 * privacy clips: parameter k of row pick[i] at FIT_EACH(i, k, nparams), lanes
 * side by side. grads has room for n rounded up to a multiple of LANES; what
 * has no row is 0. Their mean is fit_gradient() but for rounding. */
#define FIT_EACH(i, k, nparams) \
	(((i) / LANES * (nparams) + (k)) * LANES + (i) % LANES)
void fit_gradients(struct fit *f, const double *theta, const uint32_t *pick,
    size_t n, double *grads);

/* Scores theta on the first nscored rows, all after fit_load(); see struct
 * train_score. -ENOMEM. */
int fit_score(struct fit *f, const double *theta, struct train_score *out);

#endif
