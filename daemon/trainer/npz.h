/*
 * npz.h - the directory of a zip archive, as far as numpy.savez and
 * numpy.savez_compressed use it: stored or deflated members, no encryption,
 * no second disk. Everything is bounded; fuzzed.
 */
#ifndef QML_DAEMON_TRAINER_NPZ_H
#define QML_DAEMON_TRAINER_NPZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NPZ_MEMBERS_MAX 64
#define NPZ_NAME_LEN 64

struct npz_member {
	char name[NPZ_NAME_LEN]; /* without ".npy" */
	const uint8_t *data;     /* as in the archive */
	size_t packed;           /* bytes there */
	size_t size;             /* and unpacked */
	uint32_t crc;
	bool deflated;
};

struct npz {
	size_t n;
	struct npz_member members[NPZ_MEMBERS_MAX];
};

bool npz_is(const uint8_t *data, size_t len);
/* *z borrows data. NULL, or what is wrong with the archive. */
const char *npz_parse(const uint8_t *data, size_t len, struct npz *z);
/* The member of one of these names (NULL-terminated), or NULL. */
const struct npz_member *npz_find(const struct npz *z,
    const char *const *names);
/* Its bytes unpacked, malloc'd, m->size of them (not NULL if 0). -EFBIG:
 * more than max; -EBADMSG: damaged; -ENOMEM. */
int npz_unpack(const struct npz_member *m, size_t max, uint8_t **out)
    __attribute__((warn_unused_result));

#endif
