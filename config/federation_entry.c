/*
 * federation_entry.c - the keys of one member and of one column.
 */
#include "config/federation_draft.h"

#define IN(type, member)                         \
	.offset = offsetof(struct type, member), \
	.size = sizeof(((struct type *)0)->member)

static const struct schema_row member_rows[] = {
    {.key = "name",
	.type = SCHEMA_TEXT,
	IN(federation_member_draft, m.name),
	.lo = 1,
	.help = "letters, digits, '.', '-', '_'"},
    {.key = "id",
	.type = SCHEMA_TEXT,
	IN(federation_member_draft, id),
	.def = "",
	.help = "qn1...; follows from the keys and is checked"},
    {.key = "sign",
	.type = SCHEMA_TEXT,
	IN(federation_member_draft, sign),
	.lo = 64,
	.help = "Ed25519 public key, 64 hex digits"},
    {.key = "network",
	.type = SCHEMA_TEXT,
	IN(federation_member_draft, network),
	.lo = 64,
	.help = "X25519 public key, 64 hex digits"},
    {.key = "address",
	.type = SCHEMA_TEXT,
	IN(federation_member_draft, m.address),
	.def = "",
	.help = "host:port to dial; empty: it dials out only"},
    {.key = "power",
	.type = SCHEMA_INT,
	IN(federation_member_draft, m.power),
	.lo = 1,
	.hi = 1u << 20,
	.def = "1",
	.help = "votes"},
    {.key = "weight",
	.type = SCHEMA_INT,
	IN(federation_member_draft, m.weight),
	.lo = 1,
	.hi = 1u << 20,
	.def = "1",
	.help = "in a weighted mean"},
};

const struct schema federation_member_schema = {member_rows,
    sizeof(member_rows) / sizeof(member_rows[0])};

static const struct schema_row column_rows[] = {
    {.key = "name",
	.type = SCHEMA_TEXT,
	IN(federation_column_draft, c.name),
	.def = "",
	.help = "as it stands in the header of the CSV"},
    {.key = "names",
	.type = SCHEMA_TEXTS,
	IN(federation_column_draft, names),
	.lo = 1,
	.hi = FEDERATION_MAX_COLUMNS,
	.def = "",
	.help = "several columns with one unit and range, in order"},
    {.key = "count",
	.type = SCHEMA_INT,
	IN(federation_column_draft, count),
	.lo = 0,
	.hi = FEDERATION_MAX_COLUMNS,
	.def = "0",
	.help = "so many columns: name0, name1, ...; 0: one of that name"},
    {.key = "unit",
	.type = SCHEMA_TEXT,
	IN(federation_column_draft, c.unit),
	.def = "",
	.help = "for people"},
    {.key = "range",
	.type = SCHEMA_TEXTS,
	IN(federation_column_draft, range),
	.lo = 2,
	.hi = 2,
	.help = "[lowest, highest] value, public"},
};

const struct schema federation_column_schema = {column_rows,
    sizeof(column_rows) / sizeof(column_rows[0])};
