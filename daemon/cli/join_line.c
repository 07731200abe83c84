#include "daemon/cli/join_line.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "daemon/cli/pasted.h"
#include "proto/hex.h"

#define CHECK_CONTEXT "qml.joinline"
#define MAGIC "qmljoin" /* of both */

void
join_line_make(const struct join_line *j, char out[static JOIN_LINE_LEN])
{
	char id[ID_TEXT_LEN], network[HASH_HEX_LEN],
	    check[PASTED_CHECK_LEN + 1];
	char ticket[HASH_HEX_LEN];
	int n;

	n = snprintf(out, JOIN_LINE_LEN, "%s %s %s %s %s",
	    j->has_ticket ? JOIN_LINE_TICKET : JOIN_LINE_MAGIC,
	    id_text(ID_FEDERATION, &j->federation, id), j->host.name,
	    j->host.address,
	    hex_put(j->host.network, sizeof(j->host.network), network));
	if (j->has_ticket)
		n += snprintf(out + n, JOIN_LINE_LEN - (size_t)n, " %s %s",
		    j->who[0] != '\0' ? j->who : "-",
		    hex_put(j->ticket, sizeof(j->ticket), ticket));
	pasted_check(out, (size_t)n, CHECK_CONTEXT, check);
	snprintf(out + n, JOIN_LINE_LEN - (size_t)n, " %s", check);
}

bool
join_line_like(const char *text)
{
	return strstr(text, JOIN_LINE_MAGIC) != NULL ||
	    strstr(text, JOIN_LINE_TICKET) != NULL;
}

bool
join_line_for(const struct join_line *j, const char *name)
{
	return j->who[0] == '\0' || strcmp(j->who, name) == 0;
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

/* The words of a line that is whole. */
static int
read_words(const char *line, struct join_line *out)
{
	char magic[9], id[ID_TEXT_LEN], network[80], who[80], ticket[80];
	char address[FEDERATION_ADDRESS_LEN], name[FEDERATION_NAME_LEN];
	char check[80];
	struct hash key;
	bool two;
	int words;

	_Static_assert(ID_TEXT_LEN == 68 && FEDERATION_ADDRESS_LEN == 256 &&
		FEDERATION_NAME_LEN == 33,
	    "the widths below");
	words = sscanf(line, "%8s %67s %32s %255s %79s %79s %79s %79s", magic,
	    id, name, address, network, who, ticket, check);
	two = words == 8 && strcmp(magic, JOIN_LINE_TICKET) == 0;
	if (!two && (words != 6 || strcmp(magic, JOIN_LINE_MAGIC) != 0))
		return -EINVAL;
	if (id_parse(ID_FEDERATION, id, &out->federation) < 0 ||
	    hash_from_hex(network, &key) < 0 || !federation_name_ok(name) ||
	    !federation_address_ok(address) ||
	    (two && get_ticket(who, ticket, out) < 0))
		return -EINVAL;
	memcpy(out->host.network, key.b, sizeof(key.b));
	memcpy(out->host.name, name, sizeof(name));
	memcpy(out->host.address, address, sizeof(address));
	return 0;
}

int
join_line_parse(const char *text, struct join_line *out, char *err,
    size_t errlen)
{
	const struct pasted_kind kind = {MAGIC, CHECK_CONTEXT};
	char line[JOIN_LINE_LEN];
	size_t end;

	*out = (struct join_line){.host = {.power = 1, .weight = 1}};
	if (!pasted_take(text, &kind, line, sizeof(line), &end))
		return fail(err, errlen, "a character is wrong or missing");
	if (read_words(line, out) < 0)
		return fail(err, errlen, "one of its words");
	return 0;
}
