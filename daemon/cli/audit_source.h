/*
 * audit_source.h - where a chain is read from: a home, its chain folder, a
 * segment file, or a bundle. Read only; nothing is cut.
 */
#ifndef QML_DAEMON_CLI_AUDIT_SOURCE_H
#define QML_DAEMON_CLI_AUDIT_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "consensus/chain/disk_posix.h"
#include "consensus/chain/segments.h"
#include "daemon/cli/bundle.h"
#include "daemon/cli/checks.h"

#define AUDIT_PATH_LEN 1024
#define AUDIT_WHY_LEN 320

/* What was found wrong first. Blocks below height are sound. */
struct audit_fault {
	enum check_id check; /* whose rule was broken */
	uint64_t height;
	char file[AUDIT_PATH_LEN]; /* "": not in one place */
	uint64_t offset;           /* first and last byte of the finding */
	uint64_t end;
	char why[AUDIT_WHY_LEN];
};

struct audit_source {
	char chain[AUDIT_PATH_LEN];  /* folder or file that is read */
	char beside[AUDIT_PATH_LEN]; /* where a home's other files may be */
	struct disk_posix disk;
	struct segments log;
	bool single; /* chain is a file */
	bool bundled;
	struct bundle bundle;
};

#define AUDIT_SOURCE_INIT                               \
	((struct audit_source){.disk = DISK_POSIX_INIT, \
	    .log = SEGMENTS_INIT,                       \
	    .bundle = BUNDLE_INIT})

/* -EBADMSG: *damage says what is wrong, the sound records before it can be
 * read. -ENOENT: no chain there. */
int audit_source_open(struct audit_source *s, const char *path,
    struct audit_fault *damage) __attribute__((warn_unused_result));
void audit_source_close(struct audit_source *s);

bool audit_source_has(const struct audit_source *s, uint64_t height);
/* Without the updates' payloads. */
bool audit_source_light(const struct audit_source *s, uint64_t height);
/* Who votes at the next height, as a bundle says it; NULL: it does not. */
const uint8_t *audit_source_seats(const struct audit_source *s, uint64_t height,
    uint32_t *len);
/* The re-foundings that lie beside the chain, or in the bundle. -EBADMSG:
 * malformed, or not of this federation. */
int audit_source_refounded(const struct audit_source *s, struct federation *f)
    __attribute__((warn_unused_result));
/* malloc'd. -EBADMSG: changed since. */
int audit_source_read(struct audit_source *s, uint64_t height, uint8_t **data,
    uint32_t *len) __attribute__((warn_unused_result));
/* As the record names it; NULL: it does not. */
const struct hash *audit_source_id(const struct audit_source *s,
    uint64_t height);
/* The record's place into *out. */
void audit_source_place(const struct audit_source *s, uint64_t height,
    struct audit_fault *out);
/* Records, bytes of them, files. */
struct audit_extent {
	uint64_t nrecords, bytes;
	unsigned nfiles;
};
struct audit_extent audit_source_extent(const struct audit_source *s);

#endif
