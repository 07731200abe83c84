#include "daemon/cli/join_line.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define CHECK_LEN 8

static void
check_of(const char *text, size_t len, char out[static CHECK_LEN + 1])
{
	struct hash h = hash_bytes("qml.joinline", text, len);
	char hex[HASH_HEX_LEN];

	snprintf(out, CHECK_LEN + 1, "%.8s", hash_hex(&h, hex));
}

void
join_line_make(const struct join_line *j, char out[static JOIN_LINE_LEN])
{
	char id[ID_TEXT_LEN], network[HASH_HEX_LEN], check[CHECK_LEN + 1];
	struct hash key;
	int n;

	memcpy(key.b, j->host.network, sizeof(key.b));
	n = snprintf(out, JOIN_LINE_LEN, JOIN_LINE_MAGIC " %s %s %s %s",
	    id_text(ID_FEDERATION, &j->federation, id), j->host.name,
	    j->host.address, hash_hex(&key, network));
	check_of(out, (size_t)n, check);
	snprintf(out + n, JOIN_LINE_LEN - (size_t)n, " %s", check);
}

bool
join_line_like(const char *text)
{
	text += strspn(text, " \t\r\n");
	return strncmp(text, JOIN_LINE_MAGIC, strlen(JOIN_LINE_MAGIC)) == 0;
}

static int
fail(char *err, size_t errlen, const char *why)
{
	snprintf(err, errlen,
	    "this is not a whole invitation: %s\n"
	    "  Ask for the line that qmlctl invite printed",
	    why);
	return -EINVAL;
}

int
join_line_parse(const char *text, struct join_line *out, char *err,
    size_t errlen)
{
	char id[ID_TEXT_LEN], network[80], check[CHECK_LEN + 2];
	char want[CHECK_LEN + 1], address[FEDERATION_ADDRESS_LEN];
	char name[FEDERATION_NAME_LEN];
	struct hash key;
	size_t len;

	*out = (struct join_line){.host = {.power = 1, .weight = 1}};
	text += strspn(text, " \t\r\n");
	_Static_assert(ID_TEXT_LEN == 68 && FEDERATION_ADDRESS_LEN == 256 &&
		FEDERATION_NAME_LEN == 33,
	    "the widths below");
	if (sscanf(text, JOIN_LINE_MAGIC " %67s %32s %255s %79s %9s", id, name,
		address, network, check) != 5)
		return fail(err, errlen, "the number of its words");
	len = (size_t)(strstr(text, check) - text);
	for (const char *p = text; (p = strstr(p, check)) != NULL; p++)
		len = (size_t)(p - text);
	check_of(text, len - 1, want);
	if (strcmp(check, want) != 0)
		return fail(err, errlen, "a character is wrong or missing");
	if (id_parse(ID_FEDERATION, id, &out->federation) < 0 ||
	    hash_from_hex(network, &key) < 0 || !federation_name_ok(name) ||
	    !federation_address_ok(address))
		return fail(err, errlen, "one of its words");
	memcpy(out->host.network, key.b, sizeof(key.b));
	memcpy(out->host.name, name, sizeof(name));
	memcpy(out->host.address, address, sizeof(address));
	return 0;
}
