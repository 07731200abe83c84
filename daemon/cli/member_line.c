#include "daemon/cli/member_line.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "daemon/cli/pasted.h"
#include "proto/hex.h"

#define MAGIC MEMBER_LINE_MAGIC
#define CONTEXT "qml.member"
#define CHECK_CONTEXT "qml.memberline"
#define FIELDS 7

/* What PROOF signs: independent of how the line is spaced. */
static struct hash
digest_of(const struct member *m)
{
	struct hash_stream s;

	hash_begin(&s, "qml.member");
	hash_add(&s, m->name, strlen(m->name) + 1);
	hash_add(&s, m->address, strlen(m->address) + 1);
	hash_add(&s, m->sign.b, sizeof(m->sign.b));
	hash_add(&s, m->network, sizeof(m->network));
	return hash_end(&s);
}

void
member_line_make(const struct keys *k, const char *name, const char *address,
    char out[static MEMBER_LINE_LEN])
{
	const struct hash none = {{0}};
	char sign[65], network[65], proof[2 * SIGN_LEN + 1];
	char check[PASTED_CHECK_LEN + 1];
	struct member m = {.power = 1};
	struct signature sig;
	struct hash digest;
	int n;

	snprintf(m.name, sizeof(m.name), "%s", name);
	snprintf(m.address, sizeof(m.address), "%s", address);
	m.sign = k->sign_public;
	memcpy(m.network, k->network_public, sizeof(m.network));
	digest = digest_of(&m);
	sign_message(k->sign, CONTEXT, &none, &digest, &sig);
	hex_put(m.sign.b, sizeof(m.sign.b), sign);
	hex_put(m.network, sizeof(m.network), network);
	hex_put(sig.b, sizeof(sig.b), proof);
	n = snprintf(out, MEMBER_LINE_LEN, MAGIC " %s %s %s %s %s", m.name,
	    m.address[0] != '\0' ? m.address : "-", sign, network, proof);
	pasted_check(out, (size_t)n, CHECK_CONTEXT, check);
	snprintf(out + n, MEMBER_LINE_LEN - (size_t)n, " %s", check);
}

static int
fail(char *err, size_t errlen, const char *why)
{
	snprintf(err, errlen,
	    "this is not a whole member line: %s\n"
	    "  Ask for the line that qmlnode init printed, "
	    "or qmlnode id --member",
	    why);
	return -EINVAL;
}

/* Splits at single blanks; false unless there are exactly FIELDS words. */
static bool
split(char *line, char *field[FIELDS])
{
	size_t n = 0;
	char *p = line;

	while (p != NULL && n < FIELDS) {
		field[n++] = p;
		p = strchr(p, ' ');
		if (p != NULL)
			*p++ = '\0';
	}
	return n == FIELDS && p == NULL;
}

static int
get_key(const char *text, uint8_t *out, size_t len)
{
	return strlen(text) == 2 * len ? hex_get(text, out, len) : -EINVAL;
}

static int
read_fields(char *const field[FIELDS], struct member *m, char *err,
    size_t errlen)
{
	const struct hash none = {{0}};
	struct signature sig = {.alg = SIGN_ED25519};
	struct hash digest;

	if (strcmp(field[0], MAGIC) != 0)
		return fail(err, errlen, "it begins with " MAGIC);
	if (strlen(field[1]) >= sizeof(m->name) ||
	    !federation_name_ok(field[1]))
		return fail(err, errlen, "the name is not one");
	memcpy(m->name, field[1], strlen(field[1]));
	if (strcmp(field[2], "-") != 0) {
		if (strlen(field[2]) >= sizeof(m->address) ||
		    !federation_address_ok(field[2]))
			return fail(err, errlen, "the address is not one");
		memcpy(m->address, field[2], strlen(field[2]));
	}
	if (get_key(field[3], m->sign.b, sizeof(m->sign.b)) < 0 ||
	    get_key(field[4], m->network, sizeof(m->network)) < 0 ||
	    get_key(field[5], sig.b, sizeof(sig.b)) < 0)
		return fail(err, errlen, "a key is not one");
	digest = digest_of(m);
	if (!sign_verify(&m->sign, CONTEXT, &none, &digest, &sig))
		return fail(err, errlen, "its signature is not by its key");
	return 0;
}

bool
member_line_take(const char *text, char out[static MEMBER_LINE_LEN])
{
	const struct pasted_kind kind = {MAGIC, CHECK_CONTEXT};
	size_t end;

	return pasted_take(text, &kind, out, MEMBER_LINE_LEN, &end);
}

int
member_line_parse(const char *line, struct member *m, char *err, size_t errlen)
{
	char text[MEMBER_LINE_LEN], *field[FIELDS];
	int rc;

	if (strstr(line, MAGIC) == NULL)
		return fail(err, errlen, "there is no " MAGIC " in it");
	if (!member_line_take(line, text))
		return fail(err, errlen, "a character is wrong or missing");
	if (!split(text, field))
		return fail(err, errlen, "the number of its words");
	*m = (struct member){.power = 1, .weight = 1};
	rc = read_fields(field, m, err, errlen);
	if (rc == 0)
		m->id = member_id(&m->sign, m->network);
	return rc;
}
