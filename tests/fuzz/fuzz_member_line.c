/*
 * fuzz_member_line.c - a member's line from a stranger.
 *
 * As it is, and again as a liar would make it: with its check, and with a key
 * of its own and that one's good signature over whatever stands in the line.
 * Then it is taken exactly if each of its words is what it should be.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/cli/member_line.h"
#include "proto/hex.h"
#include "tests/fuzz/village.h"
#include "tests/fuzz/whole.h"

#define WORDS 7 /* magic, name, address, sign, network, proof, check */
#define CONTEXT "qml.memberline"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static bool
parses(const char *line, struct member *m)
{
	char err[256] = "";
	struct hash id;

	if (member_line_parse(line, m, err, sizeof(err)) < 0) {
		assert(err[0] != '\0');
		return false;
	}
	assert(federation_name_ok(m->name));
	assert(m->address[0] == '\0' || federation_address_ok(m->address));
	id = member_id(&m->sign, m->network);
	assert(hash_equal(&id, &m->id));
	return true;
}

/* False unless there are exactly so many. */
static bool
split(char *line, char *word[WORDS])
{
	size_t n = 0;

	for (char *p = line; p != NULL; n++) {
		char *end = strchr(p, ' ');

		if (n < WORDS)
			word[n] = p;
		if (end != NULL)
			*end++ = '\0';
		p = end;
	}
	return n == WORDS;
}

/* By seat 0 of the village, over the words as they are. */
static void
sign_words(char *const word[WORDS], const uint8_t network[32], char *proof)
{
	const struct hash none = {{0}};
	const struct sign_key *key = village_get()->keys[0];
	struct sign_public pk = sign_key_public(key);
	const char *address = strcmp(word[2], "-") == 0 ? "" : word[2];
	struct hash_stream s;
	struct signature sig;
	struct hash digest;

	hash_begin(&s, "qml.member");
	hash_add(&s, word[1], strlen(word[1]) + 1);
	hash_add(&s, address, strlen(address) + 1);
	hash_add(&s, pk.b, sizeof(pk.b));
	hash_add(&s, network, 32);
	digest = hash_end(&s);
	sign_message(key, "qml.member", &none, &digest, &sig);
	hex_put(sig.b, sizeof(sig.b), proof);
}

/* What each word must be, by other means than the reader's. */
static bool
is_due(char *const word[WORDS], const uint8_t *network)
{
	return strcmp(word[0], MEMBER_LINE_MAGIC) == 0 && network != NULL &&
	    strlen(word[1]) < FEDERATION_NAME_LEN &&
	    federation_name_ok(word[1]) &&
	    (strcmp(word[2], "-") == 0 ||
		(strlen(word[2]) < FEDERATION_ADDRESS_LEN &&
		    federation_address_ok(word[2])));
}

static void
signed_line(const char *text)
{
	char line[MEMBER_LINE_LEN], out[2 * MEMBER_LINE_LEN];
	char whole[MEMBER_LINE_LEN];
	char *word[WORDS] = {NULL}, proof[2 * SIGN_LEN + 1], key[65];
	struct sign_public pk = sign_key_public(village_get()->keys[0]);
	uint8_t network[32];
	bool good;
	struct member m;
	int n;

	if (!whole_line(text, MEMBER_LINE_MAGIC, CONTEXT, line, sizeof(line)) ||
	    !split(line, word))
		return;
	good = strlen(word[4]) == 64 && hex_get(word[4], network, 32) == 0;
	if (!good)
		memset(network, 0, sizeof(network));
	sign_words(word, network, proof);
	n = snprintf(out, sizeof(out), "%s %s %s %s %s %s x", word[0], word[1],
	    word[2], hex_put(pk.b, sizeof(pk.b), key), word[4], proof);
	assert(n > 0 && (size_t)n < sizeof(out));
	/* What stands around a line is taken off before. */
	if (strpbrk(out, "'\"`<>\\") != NULL ||
	    !whole_line(out, MEMBER_LINE_MAGIC, CONTEXT, whole, sizeof(whole)))
		return;
	for (const char *p = whole; *p != '\0'; p++)
		if ((unsigned char)*p >= 0x80)
			return;
	good = is_due(word, good ? network : NULL);
	assert(parses(whole, &m) == good);
	assert(!good ||
	    (strcmp(m.name, word[1]) == 0 &&
		memcmp(m.network, network, sizeof(network)) == 0));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *line = malloc(len + 1);
	struct member m;

	if (line == NULL)
		return 0;
	if (len > 0)
		memcpy(line, data, len);
	line[len] = '\0';
	(void)parses(line, &m);
	signed_line(line);
	free(line);
	return 0;
}
