#include "consensus/ledger/seen.h"

#include <string.h>

struct hash
seen_key(enum seen_kind kind, const struct hash *digest,
    const struct sign_public *pk, const struct signature *sig)
{
	uint8_t k = (uint8_t)kind;
	struct hash_stream s;

	hash_begin(&s, "qml.seen");
	hash_add(&s, &k, 1);
	hash_add(&s, digest->b, sizeof(digest->b));
	hash_add(&s, pk->b, sizeof(pk->b));
	hash_add(&s, &sig->alg, 1);
	hash_add(&s, sig->b, sizeof(sig->b));
	return hash_end(&s);
}

/* The key is a hash: any of its bits will do as an index. */
static unsigned
bucket(const struct hash *key)
{
	return (key->b[0] | (unsigned)key->b[1] << 8) & (SEEN_BUCKETS - 1);
}

bool
seen_has(const struct seen *s, const struct hash *key)
{
	const struct hash *way = s->keys[bucket(key)];

	for (unsigned i = 0; i < SEEN_WAYS; i++)
		if (hash_equal(&way[i], key))
			return true;
	return false;
}

void
seen_add(struct seen *s, const struct hash *key)
{
	struct hash *way = s->keys[bucket(key)];

	memmove(&way[1], &way[0], (SEEN_WAYS - 1) * sizeof(*way));
	way[0] = *key;
}
