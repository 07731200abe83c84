/*
 * A key file of arbitrary text: refused with a sentence, or the id in it is
 * that of its secrets. A first byte of 'S' makes the rest a secret's file.
 */
#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/node/home.h"
#include "daemon/node/keys.h"
#include "proto/federation.h"
#include "proto/id.h"
#include "tests/fuzz/scratch.h"

#define SECRET_LEN 32

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

const unsigned long fuzz_runs = 3000;

static void
secret(const uint8_t *data, size_t len)
{
	uint8_t out[SECRET_LEN];
	int rc =
	    home_read_secret(scratch_put("psk", data, len), out, sizeof(out));

	assert(rc == (len == SECRET_LEN ? 0 : -EINVAL));
	assert(rc < 0 || memcmp(out, data, len) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char err[KEYS_ERR_LEN] = "", text[ID_TEXT_LEN], *file;
	struct keys k;
	struct hash id;
	size_t n;
	int rc;

	assert(sign_setup() == 0);
	if (len > 0 && data[0] == 'S') {
		secret(data + 1, len - 1);
		return 0;
	}
	rc =
	    keys_load(&k, scratch_put("node.key", data, len), err, sizeof(err));
	if (rc < 0) {
		assert(rc == -EINVAL && err[0] != '\0');
		assert(k.sign == NULL && k.network == NULL);
		return 0;
	}
	id = member_id(&k.sign_public, k.network_public);
	assert(hash_equal(&id, &k.id));
	file = scratch_get("node.key", &n);
	assert(strstr(file, id_text(ID_NODE, &id, text)) != NULL);
	free(file);
	keys_close(&k);
	return 0;
}
