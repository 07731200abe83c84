/*
 * fuzz_spending.c - the trainer's spending journal, of arbitrary bytes.
 *
 * With an odd first byte every line gets the checksum it should have, so that
 * what stands in a line is looked at too. It opens or is refused; what opened
 * takes a reservation, opens again and has the seed of that one. A line that
 * was cut off at the end is gone, and nothing else.
 */
#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/trainer/spending.h"
#include "tests/fuzz/scratch.h"

#define NAME "rows.csv.spent"
#define SUM_HEX 16
#define INPUT_MAX 8192

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

const unsigned long fuzz_runs = 1500;

static void
put_sum(struct bytes_writer *w, const uint8_t *line, size_t len)
{
	struct hash h = hash_bytes("qml.spent", line, len);
	char hex[HASH_HEX_LEN];

	bytes_put_raw(w, line, len);
	bytes_put_raw(w, " sum=", 5);
	bytes_put_raw(w, hash_hex(&h, hex), SUM_HEX);
	bytes_put_u8(w, '\n');
}

static const char *
put_file(const uint8_t *data, size_t len)
{
	struct bytes_writer w = BYTES_WRITER_INIT;
	const uint8_t *end, *at = data + 1, *stop = data + len;
	const char *path;

	while (data[0] % 2 == 1 && at < stop &&
	    (end = memchr(at, '\n', (size_t)(stop - at))) != NULL) {
		put_sum(&w, at, (size_t)(end - at));
		at = end + 1;
	}
	bytes_put_raw(&w, at, (size_t)(stop - at));
	assert(w.error == 0);
	path = scratch_put(NAME, w.data, w.len);
	bytes_writer_close(&w);
	return path;
}

/* The file may only have lost an unfinished line at its end. */
static void
check_kept(const char *before, size_t len)
{
	size_t now;
	char *after = scratch_get(NAME, &now);

	while (len > 0 && before[len - 1] != '\n')
		len--;
	assert(after != NULL && now == len);
	assert(len == 0 || memcmp(before, after, len) == 0);
	free(after);
}

static void
go_on(const char *path, const struct rdp_target *target)
{
	char err[SPENDING_ERR_LEN] = "";
	struct spending_entry e = {.round = 1,
	    .claim = {.mechanism = PRIVACY_SAMPLED_GAUSSIAN,
		.steps = 1,
		.q_ppb = 1000000000,
		.sigma_milli = 1000,
		.clip_q24 = 1},
	    .seed = {0xab, 0xcd}};
	const struct hash commit = spending_commit(e.seed);
	uint8_t seed[SPENDING_SEED_LEN];
	struct spending a;
	int rc;

	assert(spending_open(&a, path, target, err) == 0);
	rc = spending_reserve(&a, &e, err);
	assert(rc == 0 || (rc == -EDQUOT && target != NULL));
	spending_close(&a);
	assert(spending_open(&a, path, target, err) == 0);
	spending_close(&a);
	if (rc == 0)
		assert(spending_find(path, &commit, seed) == 0 &&
		    memcmp(seed, e.seed, sizeof(seed)) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const struct rdp_target target = {8000, 5};
	char err[SPENDING_ERR_LEN] = "";
	struct spending a;
	const char *path;
	size_t before;
	char *text;
	int rc;

	if (len == 0 || len > INPUT_MAX)
		return 0;
	path = put_file(data, len);
	text = scratch_get(NAME, &before);
	rc = spending_open(&a, path, data[0] & 2 ? &target : NULL, err);
	assert(rc == 0 || (rc == -EINVAL && err[0] != '\0'));
	spending_close(&a);
	if (rc == 0) {
		check_kept(text, before);
		go_on(path, data[0] & 2 ? &target : NULL);
	}
	free(text);
	return 0;
}
