/*
 * fuzz_index.c - index.db that was damaged: edits of a sound one.
 *
 * First byte: 0, the rest is the file; else the rest are edits of a new index
 * (u16 place in units of 8 bytes, u8 length up to 16, bytes; a length of 255
 * cuts the file there). It opens or is filled again; then it stands at a height
 * and takes part like a new one.
 */
#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "consensus/chain/index.h"
#include "proto/bytes.h"
#include "tests/fuzz/scratch.h"
#include "tests/fuzz/village.h"

#define CUT 255

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

const unsigned long fuzz_runs = 60;

static char *sound;
static size_t sound_len;

static struct index *
open_index(const char *path, bool *rebuilt)
{
	struct index *x;
	int rc = index_open(&x, path, &village_get()->f, rebuilt);

	assert(rc == 0);
	return x;
}

/* sqlite3 leaves these beside it. */
static void
forget(const char *name)
{
	char beside[64];

	(void)unlink(scratch_path(name));
	for (unsigned i = 0; i < 2; i++) {
		snprintf(beside, sizeof(beside), "%s%s", name,
		    i == 0 ? "-wal" : "-shm");
		(void)unlink(scratch_path(beside));
	}
}

static void
make_sound(void)
{
	bool rebuilt;

	forget(INDEX_NAME);
	index_close(open_index(scratch_path(INDEX_NAME), &rebuilt));
	assert(!rebuilt);
	sound = scratch_get(INDEX_NAME, &sound_len);
	assert(sound != NULL);
}

static void
put_edited(const uint8_t *data, size_t len)
{
	struct bytes_reader r = bytes_reader_of(data, len);
	char *copy = malloc(sound_len);
	size_t n = sound_len;

	assert(copy != NULL);
	memcpy(copy, sound, sound_len);
	while (bytes_reader_left(&r) > 0 && !r.bad) {
		size_t at = (size_t)bytes_get_u16(&r) * 8 % sound_len;
		size_t more = bytes_get_u8(&r);
		const uint8_t *bytes;

		if (more == CUT && !r.bad) {
			n = at;
			break;
		}
		more %= 17;
		if (more > sound_len - at)
			more = sound_len - at;
		bytes = bytes_get_slice(&r, more);
		if (!r.bad && more > 0)
			memcpy(copy + at, bytes, more);
	}
	(void)scratch_put(INDEX_NAME, copy, n);
	free(copy);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	bool rebuilt = false, again = true;
	struct index *x;

	if (len == 0)
		return 0;
	if (sound == NULL)
		make_sound();
	forget(INDEX_NAME);
	if (data[0] == 0)
		(void)scratch_put(INDEX_NAME, data + 1, len - 1);
	else
		put_edited(data + 1, len - 1);
	x = open_index(scratch_path(INDEX_NAME), &rebuilt);
	assert(!rebuilt || index_head(x) == 0);
	index_close(x);
	x = open_index(scratch_path(INDEX_NAME), &again);
	assert(!again);
	index_close(x);
	return 0;
}
