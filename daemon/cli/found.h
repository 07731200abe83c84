/*
 * found.h - a new federation without members, from the shape of a table.
 *
 * The shape is what `qmltrain inspect --json` says: names of columns and
 * labels, extents, and the job that suits them. No row comes here.
 */
#ifndef QML_DAEMON_CLI_FOUND_H
#define QML_DAEMON_CLI_FOUND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/node/jv.h"
#include "proto/federation.h"

#define FOUND_ERR_LEN 1024

struct found_options {
	const char *name;
	uint64_t founded_ms;
	struct hash seed;
	uint32_t rounds;
	bool linear;
	bool local; /* timing for one machine or one room */
	/* "lo:hi" for every column, or NULL: the extents of the table, which
	 * tells everybody what they are. */
	const char *range;
};

/* What qmltrain says about a CSV. CLI_OK, or an exit code; said on stderr. */
int found_inspect(const char *csv, struct jv **table);

/* table NULL: an example with two columns to be edited. -EINVAL with a
 * sentence in err, -ENOMEM. */
int found_federation(struct federation *f, const struct jv *table,
    const struct found_options *o, char *err, size_t errlen)
    __attribute__((warn_unused_result));

#endif
