/*
 * terms.h - what a data owner allows with the rows: NAME.terms beside NAME.
 *
 * The owner's own word, next to the data: the trainer keeps to it whatever the
 * daemon asks. What is not named is not allowed. A version for everybody is
 * registered on the chain; this one needs no chain.
 */
#ifndef QML_CONFIG_TERMS_H
#define QML_CONFIG_TERMS_H

#include <stdint.h>
#include <stdio.h>

#include "config/schema.h"
#include "proto/job.h"

#define TERMS_CIRCUITS_MAX 8

struct terms {
	struct schema_texts tasks;    /* names as in federation.yaml */
	struct schema_texts circuits; /* 64 hex digits; none: any */
	struct decimal epsilon;       /* 0: updates without noise are allowed */
	uint8_t delta_exp;
	uint32_t rows; /* that may be said to the others; 0: as few as the job
			* asks for */
};

#define TERMS_INIT ((struct terms){.rows = 0})

extern const struct schema terms_schema;

/* -EINVAL with e filled, -ENOMEM; *t is then closed. */
int terms_parse(struct terms *t, const void *data, size_t len,
    struct config_error *e) __attribute__((warn_unused_result));
/* 1; 0: there is no such file; else as terms_parse or -errno. */
int terms_load(struct terms *t, const char *path, struct config_error *e)
    __attribute__((warn_unused_result));
void terms_close(struct terms *t); /* accepts TERMS_INIT */

/* Epsilon in thousandths, rounded down. */
uint32_t terms_eps_milli(const struct terms *t);
/* NULL, or why this job must not see the rows; buf keeps the sentence. */
const char *terms_refuse(const struct terms *t, const struct job *j, char *buf,
    size_t len);

#endif
