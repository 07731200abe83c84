/*
 * federation_draft.h - the rows of federation.yaml; reader and writer share
 * them. Private to config/.
 */
#ifndef QML_CONFIG_FEDERATION_DRAFT_H
#define QML_CONFIG_FEDERATION_DRAFT_H

#include "config/schema.h"
#include "proto/federation.h"
#include "proto/id.h"

#define FEDERATION_DRAFT_ROWS 160
#define FEDERATION_BEFORE_LEN 32
/* schema_row.when: the key is of tasks of these kinds; 0: of all. */
#define FEDERATION_WHEN(kind) (1u << (kind))
#define FEDERATION_TIME_LEN 24 /* 2026-11-22T09:00:00Z */

/* A federation and what is text in the file and something else in memory. */
struct federation_draft {
	struct federation f;
	char founded[FEDERATION_TIME_LEN];
	char seed[HASH_HEX_LEN];
	char shards[HASH_HEX_LEN];          /* economy.validation_root */
	char start[ID_TEXT_LEN];            /* job.start_model */
	char before[FEDERATION_BEFORE_LEN]; /* job.before */
	uint8_t stage, control;             /* there is one */
	struct schema_texts labels;
	struct schema_texts label_range;
};

struct federation_member_draft {
	struct member m;
	char id[72];
	char sign[HASH_HEX_LEN];
	char network[HASH_HEX_LEN];
};

struct federation_column_draft {
	struct column c;
	struct schema_texts names;
	uint16_t count; /* name0, name1, ...; 0: just the name */
	struct schema_texts range;
};

/* Everything but schema.columns and members, in the order of the file. */
extern const struct schema federation_schema;
extern const struct schema federation_member_schema;
extern const struct schema federation_column_schema;

/* Appends what entry i of schema.columns says. -EINVAL, -ENOMEM. */
int federation_read_column(struct federation *f, const struct yaml_node *n,
    size_t i, struct config_error *e) __attribute__((warn_unused_result));

/* The task that a row is about, by its group; NULL: none. */
struct job_task *federation_draft_task(struct federation_draft *d,
    const struct schema_row *row);
/* job.before to numbers and back. -EINVAL. */
int federation_before_parse(const char *text, uint8_t pre[static JOB_PRE_MAX])
    __attribute__((warn_unused_result));
void federation_before_text(const uint8_t pre[static JOB_PRE_MAX],
    char out[static FEDERATION_BEFORE_LEN]);

/* "2026-11-22T09:00:00Z" and milliseconds since 1970; -EINVAL. */
int federation_time_parse(const char *text, uint64_t *ms)
    __attribute__((warn_unused_result));
char *federation_time_text(uint64_t ms, char out[static FEDERATION_TIME_LEN]);

#endif
