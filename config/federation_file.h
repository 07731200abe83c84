/*
 * federation_file.h - federation.yaml and struct federation, both ways.
 *
 * The file is for people: comments, key order and the order of members do not
 * change the federation's id. A draft may still lack members; everything else
 * in it is checked as in a finished one.
 */
#ifndef QML_CONFIG_FEDERATION_FILE_H
#define QML_CONFIG_FEDERATION_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "config/error.h"
#include "proto/federation.h"

#define FEDERATION_FILE "federation.yaml"

/* -EINVAL with e filled, or -ENOMEM. *out is closed then. */
int federation_file_parse(struct federation *out, const void *data, size_t len,
    struct config_error *e) __attribute__((warn_unused_result));
/* The same, and zero members are fine. */
int federation_file_parse_draft(struct federation *out, const void *data,
    size_t len, struct config_error *e) __attribute__((warn_unused_result));
/* From a file; also -errno. e->file is set to path. */
int federation_file_load(struct federation *out, const char *path, bool draft,
    struct config_error *e) __attribute__((warn_unused_result));

/* A job alone for this federation: the groups job, stage, control and privacy
 * as
 * in federation.yaml. *out is closed on failure. -EINVAL with e filled,
 * -ENOMEM. */
int federation_file_parse_job(struct job *out, const struct federation *f,
    const struct config_text *text, struct config_error *e)
    __attribute__((warn_unused_result));

/* Deterministic and commented; reading it gives the same id. 0 or -EIO. */
int federation_file_write(const struct federation *f, FILE *to)
    __attribute__((warn_unused_result));

/* The word of job.`key` for a value, as in the file; "none" for 0. */
const char *federation_file_word(const char *key, uint8_t value);

/* Defaults of a new federation: timing for the internet. */
struct timing federation_file_timing(void);

#endif
