#include "daemon/node/keys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#include "daemon/node/home.h"
#include "proto/federation.h"
#include "proto/id.h"
#include "proto/noise.h"

#define FILE_BYTES_MAX 2048
#define SECRET_LEN 32

/* Everything secret while a file is read or made; in guarded memory. */
struct draft {
	char text[FILE_BYTES_MAX + 1];
	uint8_t seed[SECRET_LEN];
	uint8_t network[SECRET_LEN];
	char id[ID_TEXT_LEN];
	bool has_version, has_seed, has_network, has_id;
};

static const char head[] =
    "# node.key - whoever has these two secrets is this node.\n"
    "# One running machine only: two with one key sign against each other and\n"
    "# are expelled. Back it up offline; never restore it beside a newer "
    "chain.\n";

/* The public side of the two secrets. -ENOMEM. */
static int
expand(struct keys *k, const struct draft *d)
{
	int rc = sign_key_new(d->seed, &k->sign);

	if (rc != 0)
		return rc;
	k->network = sodium_malloc(SECRET_LEN);
	if (k->network == NULL)
		return -ENOMEM;
	memcpy(k->network, d->network, SECRET_LEN);
	(void)sodium_mprotect_readonly(k->network);
	k->sign_public = sign_key_public(k->sign);
	noise_public(d->network, k->network_public);
	k->id = member_id(&k->sign_public, k->network_public);
	return 0;
}

/* X25519 ignores these bits (RFC 7748, 5). Kept as they are used, so that no
 * character of the file is without meaning. */
static void
clamp(uint8_t secret[static SECRET_LEN])
{
	secret[0] &= 248;
	secret[31] = (uint8_t)((secret[31] & 127) | 64);
}

static bool
is_clamped(const uint8_t secret[static SECRET_LEN])
{
	return (secret[0] & 7) == 0 && (secret[31] & 192) == 64;
}

int
keys_create(const char *path)
{
	struct draft *d = sodium_malloc(sizeof(*d));
	char seed[2 * SECRET_LEN + 1], network[2 * SECRET_LEN + 1];
	struct keys k = KEYS_INIT;
	int rc, n;

	if (d == NULL)
		return -ENOMEM;
	memset(d, 0, sizeof(*d));
	randombytes_buf(d->seed, SECRET_LEN);
	randombytes_buf(d->network, SECRET_LEN);
	clamp(d->network);
	rc = expand(&k, d);
	if (rc == 0) {
		sodium_bin2hex(seed, sizeof(seed), d->seed, SECRET_LEN);
		sodium_bin2hex(network, sizeof(network), d->network,
		    SECRET_LEN);
		n = snprintf(d->text, sizeof(d->text),
		    "%sversion: 1\nid: %s\nsign: %s\nnetwork: %s\n", head,
		    id_text(ID_NODE, &k.id, d->id), seed, network);
		rc = home_write_new(path, 0600, d->text, (size_t)n);
	}
	sodium_memzero(seed, sizeof(seed));
	sodium_memzero(network, sizeof(network));
	keys_close(&k);
	sodium_free(d);
	return rc;
}

static int
read_text(const char *path, struct draft *d, unsigned *mode)
{
	struct stat st;
	int rc = 0, fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0)
		rc = -errno;
	*mode = rc == 0 ? (unsigned)st.st_mode & 07777 : 0;
	if (rc == 0 && (*mode & 077) != 0)
		rc = -EPERM;
	if (rc == 0) {
		n = read(fd, d->text, FILE_BYTES_MAX);
		if (n < 0)
			rc = -errno;
		else
			d->text[n] = '\0';
	}
	close(fd);
	return rc;
}

static bool
read_hex(const char *value, uint8_t out[static SECRET_LEN])
{
	size_t len = 0;

	return strlen(value) == 2 * SECRET_LEN &&
	    sodium_hex2bin(out, SECRET_LEN, value, 2 * SECRET_LEN, NULL, &len,
		NULL) == 0 &&
	    len == SECRET_LEN;
}

/* One `key: value` line; each key once. */
static bool
read_line(struct draft *d, char *line)
{
	char *value = strstr(line, ": ");
	bool *has = NULL, ok = false;

	if (line[0] == '#' || line[0] == '\0')
		return true;
	if (value == NULL)
		return false;
	*value = '\0';
	value += 2;
	if (strcmp(line, "version") == 0) {
		has = &d->has_version;
		ok = strcmp(value, "1") == 0;
	} else if (strcmp(line, "id") == 0) {
		has = &d->has_id;
		ok = strlen(value) < sizeof(d->id);
		if (ok)
			memcpy(d->id, value, strlen(value) + 1);
	} else if (strcmp(line, "sign") == 0) {
		has = &d->has_seed;
		ok = read_hex(value, d->seed);
	} else if (strcmp(line, "network") == 0) {
		has = &d->has_network;
		ok = read_hex(value, d->network) && is_clamped(d->network);
	}
	if (has == NULL || *has || !ok)
		return false;
	*has = true;
	return true;
}

/* The number of the first bad line, or 0. */
static unsigned
read_lines(struct draft *d)
{
	char *line = d->text, *end;
	unsigned n = 1;

	for (; line != NULL && *line != '\0'; line = end, n++) {
		end = strchr(line, '\n');
		if (end != NULL)
			*end++ = '\0';
		if (!read_line(d, line))
			return n;
	}
	return d->has_version && d->has_id && d->has_seed && d->has_network ? 0
									    : n;
}

static int
load(struct keys *k, struct draft *d, const char *path, char *err,
    size_t errlen)
{
	struct hash id;
	unsigned mode = 0, line;
	int rc = read_text(path, d, &mode);

	if (rc == -EPERM)
		snprintf(err, errlen,
		    "%s can be read by others (mode %04o)\n"
		    "  chmod 600 %s",
		    path, mode, path);
	else if (rc == -ENOENT)
		snprintf(err, errlen,
		    "%s: there is no key\n"
		    "  Make one together with the vote log: qmlnode init",
		    path);
	else if (rc != 0)
		snprintf(err, errlen, "%s: %s", path, strerror(-rc));
	if (rc != 0)
		return rc;
	line = read_lines(d);
	if (line != 0) {
		snprintf(err, errlen,
		    "%s:%u: want a key file of qmlnode init\n"
		    "  Restore it from a backup; without it this node is lost",
		    path, line);
		return -EINVAL;
	}
	rc = expand(k, d);
	if (rc != 0) {
		snprintf(err, errlen, "%s: %s", path, strerror(-rc));
		return rc;
	}
	if (id_parse(ID_NODE, d->id, &id) != 0 || !hash_equal(&id, &k->id)) {
		snprintf(err, errlen,
		    "%s: the id does not belong to the secrets\n"
		    "  A character was changed; restore it from a backup",
		    path);
		return -EINVAL;
	}
	return 0;
}

int
keys_load(struct keys *k, const char *path, char *err, size_t errlen)
{
	struct draft *d = sodium_malloc(sizeof(*d));
	int rc;

	*k = KEYS_INIT;
	if (d == NULL) {
		snprintf(err, errlen, "%s: out of locked memory", path);
		return -ENOMEM;
	}
	memset(d, 0, sizeof(*d));
	rc = load(k, d, path, err, errlen);
	sodium_free(d); /* wipes */
	if (rc != 0)
		keys_close(k);
	return rc;
}

void
keys_random(void *out, size_t len)
{
	randombytes_buf(out, len);
}

void
keys_close(struct keys *k)
{
	sign_key_free(k->sign);
	sodium_free(k->network);
	*k = KEYS_INIT;
}
