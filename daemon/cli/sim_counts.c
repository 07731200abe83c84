/*
 * sim_counts.c - counts that a machine measured.
 */
#include "daemon/cli/sim_noise.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "daemon/node/jv.h"

static int
add_count(struct counts *c, const char *text, const struct jv *n, char *err)
{
	int64_t shots = jv_int(n, -1);
	uint32_t nbits;
	uint64_t bits;
	int rc = counts_parse_bits(text, &bits, &nbits);

	if (rc < 0) {
		snprintf(err, SIM_NOISE_ERROR_LEN,
		    "'%.80s': want up to 64 characters 0 and 1", text);
		return rc;
	}
	if (c->nbits != 0 && c->nbits != nbits) {
		snprintf(err, SIM_NOISE_ERROR_LEN,
		    "'%s': want %u bits, as before", text, c->nbits);
		return -EINVAL;
	}
	if (shots < 0) {
		snprintf(err, SIM_NOISE_ERROR_LEN,
		    "'%s': want a count, 0 or more", text);
		return -EINVAL;
	}
	c->nbits = nbits;
	rc = counts_add(c, bits, (uint64_t)shots);
	if (rc < 0)
		snprintf(err, SIM_NOISE_ERROR_LEN, "'%s': %s", text,
		    rc == -ENOMEM ? "no memory" : "too many");
	return rc;
}

int
sim_counts_parse(struct counts *c, const char *data, size_t len,
    char err[static SIM_NOISE_ERROR_LEN])
{
	struct jv *root = jv_parse(data, len, err, SIM_NOISE_ERROR_LEN);
	const struct jv *map = jv_get(root, "counts");
	const char *key = NULL;
	int rc = root ? 0 : -EINVAL;

	*c = (struct counts)COUNTS_INIT;
	map = map ? map : root;
	if (root && !jv_is_object(map)) {
		snprintf(err, SIM_NOISE_ERROR_LEN,
		    "want a map of bit strings to counts");
		rc = -EINVAL;
	}
	while (rc == 0 && (key = jv_next_key(map, key)) != NULL)
		rc = add_count(c, key, jv_get(map, key), err);
	if (rc == 0)
		counts_sort(c);
	else
		counts_close(c);
	jv_free(root);
	return rc;
}
