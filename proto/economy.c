#include "proto/economy.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define ECONOMY_VERSION 1
#define ROUNDS_MAX 1000000000u
#define BLOCKS_MAX 10000000u

/* The fields in the order of their bytes, and how many bytes each has. */
static const uint8_t widths[] = {8, 8, 8, 8, 8, 4, 4, 4, 4, 4, 4, 4, 4, 4, 1, 4,
    4, 1};
#define FIELDS (sizeof(widths) / sizeof(widths[0]))

static void
fields(const struct economy *e, uint64_t out[static FIELDS])
{
	const uint64_t v[FIELDS] = {e->cap, e->opening, e->mint, e->half_life,
	    e->fee, e->contributors, e->signers, e->assets, e->treasury,
	    e->voting_period, e->voting_extension, e->voting_grace,
	    e->voting_lock, e->worth_blocks, e->assets_needed,
	    e->validation_shards, e->validation_every, e->commit_updates};

	memcpy(out, v, sizeof(v));
}

bool
economy_is_default(const struct economy *e)
{
	const struct economy def = ECONOMY_DEFAULT;
	uint64_t a[FIELDS], b[FIELDS];

	fields(e, a);
	fields(&def, b);
	return e->cap == 0 ||
	    (memcmp(a, b, sizeof(a)) == 0 && hash_is_zero(&e->validation_root));
}

struct range {
	const char *key;
	uint64_t value, lo, hi;
};

static int
check_ranges(const struct economy *e, char *err, size_t errlen)
{
	const struct range ranges[] = {
	    {"cap", e->cap, 1, ECONOMY_UNITS_MAX},
	    {"opening", e->opening, 0, ECONOMY_UNITS_MAX},
	    {"mint", e->mint, 0, ECONOMY_UNITS_MAX},
	    {"half_life", e->half_life, 1, ROUNDS_MAX},
	    {"fee", e->fee, 0, ECONOMY_UNITS_MAX},
	    {"contributors", e->contributors, 0, ECONOMY_PPM},
	    {"signers", e->signers, 0, ECONOMY_PPM},
	    {"assets", e->assets, 0, ECONOMY_PPM},
	    {"treasury", e->treasury, 0, ECONOMY_PPM},
	    {"voting_period", e->voting_period, 1, BLOCKS_MAX},
	    {"voting_extension", e->voting_extension, 0, BLOCKS_MAX},
	    {"voting_grace", e->voting_grace, 1, BLOCKS_MAX},
	    {"voting_lock", e->voting_lock, 0, 100},
	    {"worth_blocks", e->worth_blocks, 1, BLOCKS_MAX},
	    {"validation_shards", e->validation_shards, 0, ECONOMY_SHARDS_MAX},
	    {"validation_every", e->validation_every, 1, ROUNDS_MAX},
	};
	size_t i;

	for (i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
		const struct range *r = &ranges[i];

		if (r->value >= r->lo && r->value <= r->hi)
			continue;
		snprintf(err, errlen, "economy.%s: want %llu to %llu, got %llu",
		    r->key, (unsigned long long)r->lo,
		    (unsigned long long)r->hi, (unsigned long long)r->value);
		return -EINVAL;
	}
	return 0;
}

int
economy_check(const struct economy *e, uint16_t nmembers, char *err,
    size_t errlen)
{
	uint64_t sum =
	    (uint64_t)e->contributors + e->signers + e->assets + e->treasury;
	int rc;

	if (e->cap == 0)
		return 0;
	rc = check_ranges(e, err, errlen);
	if (rc != 0)
		return rc;
	if (sum != ECONOMY_PPM) {
		snprintf(err, errlen,
		    "economy.treasury: contributors, signers, assets and "
		    "treasury must add up to %u, they give %llu",
		    ECONOMY_PPM, (unsigned long long)sum);
		return -EINVAL;
	}
	if ((e->validation_shards == 0) != hash_is_zero(&e->validation_root)) {
		snprintf(err, errlen,
		    "economy.validation_root: want the root that qmlnode "
		    "federation shards prints, with validation_shards");
		return -EINVAL;
	}
	if (e->opening > e->cap / (nmembers + 1u)) {
		snprintf(err, errlen,
		    "economy.opening: %llu for each of %u members and as much "
		    "again is more than the cap of %llu",
		    (unsigned long long)e->opening, nmembers,
		    (unsigned long long)e->cap);
		return -EINVAL;
	}
	return 0;
}

void
economy_put(struct bytes_writer *w, const struct economy *e)
{
	uint64_t v[FIELDS];

	if (economy_is_default(e))
		return;
	fields(e, v);
	bytes_put_u8(w, ECONOMY_VERSION);
	for (size_t i = 0; i < FIELDS; i++) {
		if (widths[i] == 8)
			bytes_put_u64(w, v[i]);
		else if (widths[i] == 4)
			bytes_put_u32(w, (uint32_t)v[i]);
		else
			bytes_put_u8(w, (uint8_t)v[i]);
	}
	bytes_put_hash(w, &e->validation_root);
}

void
economy_get(struct bytes_reader *r, struct economy *out)
{
	uint8_t needed, commit;

	*out = ECONOMY_DEFAULT;
	if (r->bad || bytes_reader_left(r) == 0)
		return;
	if (bytes_get_u8(r) != ECONOMY_VERSION)
		bytes_reader_fail(r);
	out->cap = bytes_get_u64(r);
	out->opening = bytes_get_u64(r);
	out->mint = bytes_get_u64(r);
	out->half_life = bytes_get_u64(r);
	out->fee = bytes_get_u64(r);
	out->contributors = bytes_get_u32(r);
	out->signers = bytes_get_u32(r);
	out->assets = bytes_get_u32(r);
	out->treasury = bytes_get_u32(r);
	out->voting_period = bytes_get_u32(r);
	out->voting_extension = bytes_get_u32(r);
	out->voting_grace = bytes_get_u32(r);
	out->voting_lock = bytes_get_u32(r);
	out->worth_blocks = bytes_get_u32(r);
	needed = bytes_get_u8(r);
	out->assets_needed = needed == 1;
	out->validation_shards = bytes_get_u32(r);
	out->validation_every = bytes_get_u32(r);
	commit = bytes_get_u8(r);
	out->commit_updates = commit == 1;
	out->validation_root = bytes_get_hash(r);
	if (needed > 1 || commit > 1 || economy_is_default(out))
		bytes_reader_fail(r);
}
