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
	char ticket[HASH_HEX_LEN];
	struct hash key;
	int n;

	memcpy(key.b, j->host.network, sizeof(key.b));
	n = snprintf(out, JOIN_LINE_LEN, "%s %s %s %s %s",
	    j->has_ticket ? JOIN_LINE_TICKET : JOIN_LINE_MAGIC,
	    id_text(ID_FEDERATION, &j->federation, id), j->host.name,
	    j->host.address, hash_hex(&key, network));
	memcpy(key.b, j->ticket, sizeof(key.b));
	if (j->has_ticket)
		n += snprintf(out + n, JOIN_LINE_LEN - (size_t)n, " %s %s",
		    j->who[0] != '\0' ? j->who : "-", hash_hex(&key, ticket));
	check_of(out, (size_t)n, check);
	snprintf(out + n, JOIN_LINE_LEN - (size_t)n, " %s", check);
}

bool
join_line_like(const char *text)
{
	text += strspn(text, " \t\r\n");
	return strncmp(text, JOIN_LINE_MAGIC, strlen(JOIN_LINE_MAGIC)) == 0 ||
	    strncmp(text, JOIN_LINE_TICKET, strlen(JOIN_LINE_TICKET)) == 0;
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

/* Of all before the last word, which it is. */
static bool
checked(const char *text)
{
	size_t end = strcspn(text, "\t\r\n"), len;
	char want[CHECK_LEN + 1];

	while (end > 0 && text[end - 1] == ' ')
		end--;
	if (end < CHECK_LEN + 1 || text[end - CHECK_LEN - 1] != ' ')
		return false;
	len = end - CHECK_LEN - 1;
	check_of(text, len, want);
	return strncmp(text + len + 1, want, CHECK_LEN) == 0;
}

static int
get_ticket(const char *who, const char *ticket, struct join_line *out)
{
	struct hash key;

	if (hash_from_hex(ticket, &key) < 0)
		return -EINVAL;
	if (strcmp(who, "-") != 0) {
		if (!federation_name_ok(who))
			return -EINVAL;
		snprintf(out->who, sizeof(out->who), "%.32s", who);
	}
	memcpy(out->ticket, key.b, sizeof(key.b));
	out->has_ticket = true;
	return 0;
}

int
join_line_parse(const char *text, struct join_line *out, char *err,
    size_t errlen)
{
	char magic[9], id[ID_TEXT_LEN], network[80], who[80], ticket[80];
	char address[FEDERATION_ADDRESS_LEN], name[FEDERATION_NAME_LEN];
	char check[80];
	struct hash key;
	bool two;
	int words;

	*out = (struct join_line){.host = {.power = 1, .weight = 1}};
	text += strspn(text, " \t\r\n");
	_Static_assert(ID_TEXT_LEN == 68 && FEDERATION_ADDRESS_LEN == 256 &&
		FEDERATION_NAME_LEN == 33,
	    "the widths below");
	words = sscanf(text, "%8s %67s %32s %255s %79s %79s %79s %79s", magic,
	    id, name, address, network, who, ticket, check);
	two = words == 8 && strcmp(magic, JOIN_LINE_TICKET) == 0;
	if (!two && (words != 6 || strcmp(magic, JOIN_LINE_MAGIC) != 0))
		return fail(err, errlen, "the number of its words");
	if (!checked(text))
		return fail(err, errlen, "a character is wrong or missing");
	if (id_parse(ID_FEDERATION, id, &out->federation) < 0 ||
	    hash_from_hex(network, &key) < 0 || !federation_name_ok(name) ||
	    !federation_address_ok(address) ||
	    (two && get_ticket(who, ticket, out) < 0))
		return fail(err, errlen, "one of its words");
	memcpy(out->host.network, key.b, sizeof(key.b));
	memcpy(out->host.name, name, sizeof(name));
	memcpy(out->host.address, address, sizeof(address));
	return 0;
}
