#include "daemon/cli/tlog.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/cli/base64.h"
#include "proto/id.h"

#define NODE_LEN (1 + 2 * SHA256_LEN)
#define KEY_ID_LEN 4
#define TYPE_ED25519 1
#define PROOF_HEAD "c2sp.org/tlog-proof@v1\n"
#define DASH "\xe2\x80\x94" /* U+2014, as the format has it */

void
tlog_close(struct tlog *l)
{
	free(l->leaves);
	*l = TLOG_INIT;
}

int
tlog_append(struct tlog *l, const void *entry, size_t len)
{
	uint8_t *data;

	if (l->n == l->cap) {
		size_t cap = l->cap ? 2 * l->cap : 64;
		void *more = realloc(l->leaves, cap * sizeof(*l->leaves));

		if (!more)
			return -ENOMEM;
		l->leaves = more;
		l->cap = cap;
	}
	data = malloc(len + 1);
	if (!data)
		return -ENOMEM;
	data[0] = 0; /* a leaf */
	if (len > 0)
		memcpy(data + 1, entry, len);
	sha256(data, len + 1, l->leaves[l->n++].b);
	free(data);
	return 0;
}

int
tlog_append_header(struct tlog *l, const struct header *h)
{
	struct bytes_writer w = BYTES_WRITER_INIT;
	int rc;

	header_put(&w, h);
	rc = w.error;
	if (rc == 0)
		rc = tlog_append(l, w.data, w.len);
	bytes_writer_close(&w);
	return rc;
}

int
tlog_found(struct tlog *l, const struct federation *f, const struct hash *id)
{
	struct bytes_writer w = BYTES_WRITER_INIT;
	char text[ID_TEXT_LEN];
	int rc;

	snprintf(l->origin, sizeof(l->origin), "qmlnode/%s",
	    id_text(ID_FEDERATION, id, text));
	federation_put(&w, f);
	rc = w.error;
	if (rc == 0)
		rc = tlog_append(l, w.data, w.len);
	bytes_writer_close(&w);
	return rc;
}

/* The largest power of two below n, n >= 2. */
static size_t
split_of(size_t n)
{
	size_t k = 1;

	while (k < n - k)
		k *= 2;
	return k;
}

/* Of leaves [from, from + n). */
static struct tlog_hash
subtree(const struct tlog *l, size_t from, size_t n)
{
	uint8_t node[NODE_LEN] = {1};
	struct tlog_hash out;
	size_t k;

	if (n == 1)
		return l->leaves[from];
	k = split_of(n);
	out = subtree(l, from, k);
	memcpy(node + 1, out.b, SHA256_LEN);
	out = subtree(l, from + k, n - k);
	memcpy(node + 1 + SHA256_LEN, out.b, SHA256_LEN);
	sha256(node, sizeof(node), out.b);
	return out;
}

struct tlog_hash
tlog_root(const struct tlog *l, size_t n)
{
	struct tlog_hash out;

	assert(n <= l->n);
	if (n > 0)
		return subtree(l, 0, n);
	sha256(NULL, 0, out.b);
	return out;
}

size_t
tlog_path(const struct tlog *l, size_t i, size_t n,
    struct tlog_hash out[static TLOG_DEPTH_MAX])
{
	struct tlog_hash down[TLOG_DEPTH_MAX];
	size_t from = 0, depth = 0, k;

	assert(i < n && n <= l->n);
	while (n > 1) {
		k = split_of(n);
		if (i < k) {
			down[depth++] = subtree(l, from + k, n - k);
			n = k;
		} else {
			down[depth++] = subtree(l, from, k);
			from += k;
			i -= k;
			n -= k;
		}
	}
	for (k = 0; k < depth; k++)
		out[k] = down[depth - 1 - k];
	return depth;
}

size_t
tlog_consistency(const struct tlog *l, size_t m, size_t n,
    struct tlog_hash out[static TLOG_DEPTH_MAX])
{
	struct tlog_hash down[TLOG_DEPTH_MAX];
	size_t from = 0, depth = 0, k;
	bool whole = true; /* m is the left edge of what it began as */

	assert(m > 0 && m <= n && n <= l->n);
	while (m < n) {
		k = split_of(n);
		if (m <= k) {
			down[depth++] = subtree(l, from + k, n - k);
			n = k;
		} else {
			down[depth++] = subtree(l, from, k);
			from += k;
			m -= k;
			n -= k;
			whole = false;
		}
	}
	if (!whole)
		down[depth++] = subtree(l, from, n);
	for (k = 0; k < depth; k++)
		out[k] = down[depth - 1 - k];
	return depth;
}

static void
key_id(const char *name, const struct sign_public *pk,
    uint8_t out[static KEY_ID_LEN])
{
	uint8_t data[TLOG_ORIGIN_LEN + 2 + SIGN_PUBLIC_LEN], hash[SHA256_LEN];
	size_t n = strlen(name);

	assert(n < TLOG_ORIGIN_LEN);
	memcpy(data, name, n);
	data[n++] = '\n';
	data[n++] = TYPE_ED25519;
	memcpy(data + n, pk->b, SIGN_PUBLIC_LEN);
	sha256(data, n + SIGN_PUBLIC_LEN, hash);
	memcpy(out, hash, KEY_ID_LEN);
}

void
tlog_put_checkpoint(FILE *f, const struct tlog *l, const struct sign_key *key)
{
	struct sign_public pk = sign_key_public(key);
	struct tlog_hash root = tlog_root(l, l->n);
	uint8_t sig[KEY_ID_LEN + SIGN_LEN];
	char body[TLOG_ORIGIN_LEN + 32 + BASE64_LEN(SHA256_LEN)];
	char text[BASE64_LEN(KEY_ID_LEN + SIGN_LEN)];
	int n = snprintf(body, sizeof(body), "%s\n%zu\n%s\n", l->origin, l->n,
	    base64_text(root.b, SHA256_LEN, text));

	assert(
	    n > 80 && (size_t)n < sizeof(body)); /* never one of our objects */
	key_id(l->origin, &pk, sig);
	sign_bytes(key, body, (size_t)n, sig + KEY_ID_LEN);
	fprintf(f, "%s\n" DASH " %s %s\n", body, l->origin,
	    base64_text(sig, sizeof(sig), text));
}

void
tlog_put_proof(FILE *f, const struct tlog *l, size_t i,
    const struct sign_key *key)
{
	struct tlog_hash path[TLOG_DEPTH_MAX];
	char text[BASE64_LEN(SHA256_LEN)];
	size_t n = tlog_path(l, i, l->n, path);

	fprintf(f, PROOF_HEAD "index %zu\n", i);
	for (size_t k = 0; k < n; k++)
		fprintf(f, "%s\n", base64_text(path[k].b, SHA256_LEN, text));
	fputc('\n', f);
	tlog_put_checkpoint(f, l, key);
}

void
tlog_put_verifier(FILE *f, const char *origin, const struct sign_public *pk)
{
	uint8_t id[KEY_ID_LEN], key[1 + SIGN_PUBLIC_LEN] = {TYPE_ED25519};
	char text[BASE64_LEN(sizeof(key))];

	key_id(origin, pk, id);
	memcpy(key + 1, pk->b, SIGN_PUBLIC_LEN);
	fprintf(f, "%s+%02x%02x%02x%02x+%s\n", origin, id[0], id[1], id[2],
	    id[3], base64_text(key, sizeof(key), text));
}

/* A decimal without leading zeros, and its line's end. */
static int
size_get(const char **p, uint64_t *out)
{
	const char *from = *p;

	*out = 0;
	for (; isdigit((unsigned char)**p); (*p)++) {
		if (*p - from >= 18)
			return -EINVAL;
		*out = *out * 10 + (uint64_t)(**p - '0');
	}
	if (*p == from || (*from == '0' && *p - from > 1) || **p != '\n')
		return -EINVAL;
	(*p)++;
	return 0;
}

int
tlog_checkpoint_get(const char *text, struct tlog_checkpoint *out,
    const char **at)
{
	const char *p = text, *end;

	if (strncmp(text, PROOF_HEAD, strlen(PROOF_HEAD)) == 0) {
		p = strstr(text, "\n\n");
		if (!p)
			return -EINVAL;
		p += 2;
	}
	*at = p;
	end = strchr(p, '\n');
	if (!end || end == p || (size_t)(end - p) >= sizeof(out->origin))
		return -EINVAL;
	memcpy(out->origin, p, (size_t)(end - p));
	out->origin[end - p] = '\0';
	p = end + 1;
	if (size_get(&p, &out->size) < 0)
		return -EINVAL;
	end = strchr(p, '\n');
	if (!end ||
	    base64_parse(p, (size_t)(end - p), out->root.b, SHA256_LEN) < 0)
		return -EINVAL;
	/* Our logs have no extension lines. */
	if (end[1] != '\n')
		return -EINVAL;
	out->body = (size_t)(end + 1 - *at);
	return 0;
}

bool
tlog_checkpoint_signed(const char *at, const struct tlog_checkpoint *c,
    const struct sign_public *pk)
{
	char begin[sizeof(DASH) + TLOG_ORIGIN_LEN + 2];
	uint8_t sig[KEY_ID_LEN + SIGN_LEN], id[KEY_ID_LEN];
	const char *p = at + c->body + 1, *end;
	int n = snprintf(begin, sizeof(begin), DASH " %s ", c->origin);

	key_id(c->origin, pk, id);
	for (; (end = strchr(p, '\n')) != NULL; p = end + 1) {
		const char *text = p + n;

		if (strncmp(p, begin, (size_t)n) != 0 || end < text ||
		    base64_parse(text, (size_t)(end - text), sig, sizeof(sig)) <
			0)
			continue;
		if (memcmp(sig, id, KEY_ID_LEN) == 0 &&
		    sign_verify_bytes(pk, at, c->body, sig + KEY_ID_LEN))
			return true;
	}
	return false;
}
