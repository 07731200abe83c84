/*
 * federation_draft.h - the rows of federation.yaml; reader and writer share
 * them. Private to config/.
 */
#ifndef QML_CONFIG_FEDERATION_DRAFT_H
#define QML_CONFIG_FEDERATION_DRAFT_H

#include "config/schema.h"
#include "proto/federation.h"

#define FEDERATION_DRAFT_ROWS 48
#define FEDERATION_TIME_LEN 24 /* 2026-11-22T09:00:00Z */

/* A federation and what is text in the file and something else in memory. */
struct federation_draft {
	struct federation f;
	char founded[FEDERATION_TIME_LEN];
	char seed[HASH_HEX_LEN];
	struct schema_texts labels;
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
	struct schema_texts range;
};

/* Everything but schema.columns and members, in the order of the file. */
extern const struct schema federation_schema;
extern const struct schema federation_member_schema;
extern const struct schema federation_column_schema;

/* "2026-11-22T09:00:00Z" and milliseconds since 1970; -EINVAL. */
int federation_time_parse(const char *text, uint64_t *ms)
    __attribute__((warn_unused_result));
char *federation_time_text(uint64_t ms, char out[static FEDERATION_TIME_LEN]);

#endif
