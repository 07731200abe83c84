#include "daemon/cli/member_line.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define MAGIC "qmlmember1"
#define CONTEXT "qml.member"
#define CHECK_LEN 8
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

static void
to_hex(const uint8_t *bytes, size_t len, char *out)
{
	static const char digits[] = "0123456789abcdef";
	size_t i;

	for (i = 0; i < len; i++) {
		out[2 * i] = digits[bytes[i] >> 4];
		out[2 * i + 1] = digits[bytes[i] & 15];
	}
	out[2 * len] = '\0';
}

static int
from_hex(const char *text, uint8_t *out, size_t len)
{
	static const char digits[] = "0123456789abcdef";
	const char *hi, *lo;
	size_t i;

	if (strlen(text) != 2 * len)
		return -EINVAL;
	for (i = 0; i < len; i++) {
		hi = strchr(digits, text[2 * i]);
		lo = strchr(digits, text[2 * i + 1]);
		if (hi == NULL || lo == NULL)
			return -EINVAL;
		out[i] = (uint8_t)((hi - digits) << 4 | (lo - digits));
	}
	return 0;
}

/* Over the line up to the blank before CHECK. */
static void
check_of(const char *text, size_t len, char out[static CHECK_LEN + 1])
{
	struct hash h = hash_bytes("qml.memberline", text, len);

	to_hex(h.b, CHECK_LEN / 2, out);
}

void
member_line_make(const struct keys *k, const char *name, const char *address,
    char out[static MEMBER_LINE_LEN])
{
	const struct hash none = {{0}};
	char sign[65], network[65], proof[2 * SIGN_LEN + 1];
	char check[CHECK_LEN + 1];
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
	to_hex(m.sign.b, sizeof(m.sign.b), sign);
	to_hex(m.network, sizeof(m.network), network);
	to_hex(sig.b, sizeof(sig.b), proof);
	n = snprintf(out, MEMBER_LINE_LEN, MAGIC " %s %s %s %s %s", m.name,
	    m.address[0] != '\0' ? m.address : "-", sign, network, proof);
	check_of(out, (size_t)n, check);
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
	if (from_hex(field[3], m->sign.b, sizeof(m->sign.b)) != 0 ||
	    from_hex(field[4], m->network, sizeof(m->network)) != 0 ||
	    from_hex(field[5], sig.b, sizeof(sig.b)) != 0)
		return fail(err, errlen, "a key is not one");
	digest = digest_of(m);
	if (!sign_verify(&m->sign, CONTEXT, &none, &digest, &sig))
		return fail(err, errlen, "its signature is not by its key");
	return 0;
}

int
member_line_parse(const char *line, struct member *m, char *err, size_t errlen)
{
	char text[MEMBER_LINE_LEN], check[CHECK_LEN + 1], *field[FIELDS];
	size_t len;
	int rc;

	line += strspn(line, " \t\r\n");
	len = strlen(line);
	while (len > 0 && strchr(" \t\r\n", line[len - 1]) != NULL)
		len--;
	if (len >= sizeof(text) || len <= CHECK_LEN)
		return fail(err, errlen, "its length");
	memcpy(text, line, len);
	text[len] = '\0';
	check_of(text, len - CHECK_LEN - 1, check);
	if (strcmp(text + len - CHECK_LEN, check) != 0)
		return fail(err, errlen, "a character is wrong or missing");
	if (!split(text, field))
		return fail(err, errlen, "the number of its words");
	*m = (struct member){.power = 1, .weight = 1};
	rc = read_fields(field, m, err, errlen);
	if (rc == 0)
		m->id = member_id(&m->sign, m->network);
	return rc;
}
