#include "config/value.h"

#include <errno.h>
#include <inttypes.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include "proto/decimal.h"

#define VALUE_BYTES_MAX 2048

static const struct unit {
	const char *name;
	uint32_t ms;
} units[] = {{"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1}};

#define NUNITS (sizeof(units) / sizeof(units[0]))

/* Digits only, no sign, no blank, no leading zero. */
static int
parse_u64(const char *text, const char **end, uint64_t *out)
{
	uint64_t v = 0;
	const char *p;

	for (p = text; *p >= '0' && *p <= '9'; p++) {
		if (v > (UINT64_MAX - 9) / 10)
			return -EINVAL;
		v = 10 * v + (uint64_t)(*p - '0');
	}
	if (p == text || (*text == '0' && p > text + 1))
		return -EINVAL;
	*end = p;
	*out = v;
	return 0;
}

static void
store_uint(void *to, size_t size, uint64_t v)
{
	uint8_t v8 = (uint8_t)v;
	uint16_t v16 = (uint16_t)v;
	uint32_t v32 = (uint32_t)v;

	memcpy(to,
	    size == 1       ? (void *)&v8
		: size == 2 ? (void *)&v16
		: size == 4 ? (void *)&v32
			    : (void *)&v,
	    size);
}

static uint64_t
load_uint(const void *from, size_t size)
{
	uint64_t v = 0;
	uint8_t v8;
	uint16_t v16;
	uint32_t v32;

	switch (size) {
	case 1:
		memcpy(&v8, from, 1);
		return v8;
	case 2:
		memcpy(&v16, from, 2);
		return v16;
	case 4:
		memcpy(&v32, from, 4);
		return v32;
	default:
		memcpy(&v, from, 8);
		return v;
	}
}

static int
parse_int(const struct schema_row *row, const char *text, void *to)
{
	const char *end;
	uint64_t v;

	if (row->words != NULL && strcmp(text, row->words[0]) == 0) {
		store_uint(to, row->size, UINT64_MAX);
		return 0;
	}
	if (parse_u64(text, &end, &v) != 0 || *end != '\0' || v < row->lo ||
	    v > row->hi)
		return -EINVAL;
	store_uint(to, row->size, v);
	return 0;
}

static int
parse_duration(const struct schema_row *row, const char *text, void *to)
{
	const char *end;
	uint64_t v;
	size_t i;

	if (parse_u64(text, &end, &v) != 0 || v > UINT32_MAX)
		return -EINVAL;
	for (i = 0; i < NUNITS; i++)
		if (strcmp(end, units[i].name) == 0)
			break;
	if (i == NUNITS)
		return -EINVAL;
	v *= units[i].ms;
	if (v < row->lo || v > row->hi)
		return -EINVAL;
	store_uint(to, sizeof(uint32_t), v);
	return 0;
}

static int
parse_word(const struct schema_row *row, const char *text, void *to)
{
	uint64_t i;

	for (i = 0; row->words[i] != NULL; i++)
		if (strcmp(row->words[i], text) == 0) {
			store_uint(to, 1, row->lo + i);
			return 0;
		}
	return -EINVAL;
}

static int
parse_bool(const char *text, void *to)
{
	bool v = strcmp(text, "true") == 0;

	if (!v && strcmp(text, "false") != 0)
		return -EINVAL;
	memcpy(to, &v, sizeof(v));
	return 0;
}

static int
parse_text(const struct schema_row *row, const char *text, void *to)
{
	size_t len = strlen(text);

	if (len < row->lo || len >= row->size || strchr(text, '\n') != NULL ||
	    strchr(text, '\t') != NULL)
		return -EINVAL;
	memset(to, 0, row->size);
	memcpy(to, text, len);
	return 0;
}

int
value_parse(const struct schema_row *row, const char *text, bool quoted,
    void *to)
{
	struct decimal d;

	if (row->type != SCHEMA_TEXT && (quoted || text[0] == '\0'))
		return -EINVAL;
	switch (row->type) {
	case SCHEMA_INT:
		return parse_int(row, text, to);
	case SCHEMA_BOOL:
		return parse_bool(text, to);
	case SCHEMA_TEXT:
		return parse_text(row, text, to);
	case SCHEMA_WORD:
		return parse_word(row, text, to);
	case SCHEMA_DECIMAL:
		if (decimal_parse(text, &d) != 0)
			return -EINVAL;
		memcpy(to, &d, sizeof(d));
		return 0;
	case SCHEMA_DURATION:
		return parse_duration(row, text, to);
	case SCHEMA_TEXTS:
	case SCHEMA_BLOCK:
	case SCHEMA_OTHER:
		break;
	}
	return -EINVAL;
}

static void
print_duration(char *out, size_t len, uint64_t ms)
{
	size_t i;

	for (i = 0; i < NUNITS - 1; i++)
		if (ms > 0 && ms % units[i].ms == 0)
			break;
	snprintf(out, len, "%" PRIu64 "%s", ms / units[i].ms, units[i].name);
}

static void
want_words(const struct schema_row *row, char *out, size_t len)
{
	size_t i, used = 0;
	int n;

	for (i = 0; row->words[i] != NULL && used < len; i++) {
		n = snprintf(out + used, len - used, "%s%s",
		    i == 0                          ? ""
			: row->words[i + 1] != NULL ? ", "
						    : " or ",
		    row->words[i]);
		used += n < 0 ? len : (size_t)n;
	}
}

void
value_want(const struct schema_row *row, char *out, size_t len)
{
	char lo[32], hi[32];

	switch (row->type) {
	case SCHEMA_INT:
		snprintf(out, len, "an integer, %" PRIu64 " to %" PRIu64 "%s%s",
		    row->lo, row->hi, row->words ? ", or " : "",
		    row->words ? row->words[0] : "");
		break;
	case SCHEMA_BOOL:
		snprintf(out, len, "true or false");
		break;
	case SCHEMA_TEXT:
		snprintf(out, len, "a text of %" PRIu64 " to %zu bytes",
		    row->lo, row->size - 1);
		break;
	case SCHEMA_WORD:
		want_words(row, out, len);
		break;
	case SCHEMA_DECIMAL:
		snprintf(out, len, "a decimal number");
		break;
	case SCHEMA_DURATION:
		print_duration(lo, sizeof(lo), row->lo);
		print_duration(hi, sizeof(hi), row->hi);
		snprintf(out, len,
		    "a duration, %s to %s, like 500ms, 2s, 5m or 1h", lo, hi);
		break;
	case SCHEMA_TEXTS:
		snprintf(out, len, "a list of %" PRIu64 " to %" PRIu64 " texts",
		    row->lo, row->hi);
		break;
	case SCHEMA_BLOCK:
		snprintf(out, len, "lines of text, at most %" PRIu64 " bytes",
		    row->hi);
		break;
	case SCHEMA_OTHER:
		snprintf(out, len, "something else");
		break;
	}
}

/* Words that some YAML reader takes for something else than a text. */
static bool
is_reserved(const char *s)
{
	static const char *const words[] = {"true", "false", "yes", "no", "on",
	    "off", "null", "y", "n"};
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(s, words[i]) == 0)
			return true;
	return false;
}

void
value_print_text(const char *text, FILE *to)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789_./-";
	const char *p;

	/* The letters and the slash: what a plain text may begin with. */
	if (text[0] != '\0' && text[strspn(text, plain)] == '\0' &&
	    (strchr(plain, text[0]) < plain + 52 || text[0] == '/') &&
	    !is_reserved(text)) {
		fputs(text, to);
		return;
	}
	fputc('"', to);
	for (p = text; *p != '\0'; p++) {
		if (*p == '"' || *p == '\\')
			fputc('\\', to);
		fputc(*p, to);
	}
	fputc('"', to);
}

static void
print_texts(const struct schema_texts *t, FILE *to)
{
	size_t i;

	fputc('[', to);
	for (i = 0; i < t->n; i++) {
		if (i > 0)
			fputs(", ", to);
		value_print_text(t->text[i], to);
	}
	fputc(']', to);
}

/* All ones of the row's size stand for its word. */
static bool
is_word(const struct schema_row *row, uint64_t v)
{
	return row->words != NULL && v == UINT64_MAX >> (64 - 8 * row->size);
}

/* As a literal block below the key, which is indented by two. */
static void
print_block(const char *text, FILE *to)
{
	size_t len;

	fputs("|2", to);
	while (text != NULL && *text != '\0') {
		len = strcspn(text, "\n");
		fprintf(to, "\n%s%.*s", len > 0 ? "    " : "", (int)len, text);
		text += len + (text[len] == '\n');
	}
}

void
value_print(const struct schema_row *row, const void *out, FILE *to)
{
	const void *at = (const unsigned char *)out + row->offset;
	char text[DECIMAL_TEXT_LEN];
	const char *block = NULL;
	struct decimal d;

	switch (row->type) {
	case SCHEMA_INT:
		if (is_word(row, load_uint(at, row->size)))
			fputs(row->words[0], to);
		else
			fprintf(to, "%" PRIu64, load_uint(at, row->size));
		break;
	case SCHEMA_BOOL:
		fputs(*(const bool *)at ? "true" : "false", to);
		break;
	case SCHEMA_TEXT:
		value_print_text(at, to);
		break;
	case SCHEMA_WORD:
		fputs(row->words[load_uint(at, 1) - row->lo], to);
		break;
	case SCHEMA_DECIMAL:
		memcpy(&d, at, sizeof(d));
		fputs(decimal_text(&d, text), to);
		break;
	case SCHEMA_DURATION:
		print_duration(text, sizeof(text),
		    load_uint(at, sizeof(uint32_t)));
		fputs(text, to);
		break;
	case SCHEMA_TEXTS:
		print_texts(at, to);
		break;
	case SCHEMA_BLOCK:
		memcpy(&block, at, sizeof(block));
		print_block(block, to);
		break;
	case SCHEMA_OTHER:
		break;
	}
}

bool
value_is_default(const struct schema_row *row, const void *out)
{
	alignas(max_align_t) unsigned char def[VALUE_BYTES_MAX] = {0};
	const unsigned char *at = (const unsigned char *)out + row->offset;
	const char *block = NULL;

	if (row->type == SCHEMA_BLOCK) {
		memcpy(&block, at, sizeof(block));
		return block == NULL;
	}
	if (row->type == SCHEMA_TEXTS)
		return ((const struct schema_texts *)(const void *)at)->n == 0;
	if (row->def == NULL || row->size > sizeof(def) ||
	    value_parse(row, row->def, false, def) != 0)
		return false;
	if (row->type == SCHEMA_TEXT)
		return strcmp((const char *)def, (const char *)at) == 0;
	if (row->type == SCHEMA_DECIMAL)
		return decimal_compare((const void *)def, (const void *)at) ==
		    0;
	return memcmp(def, at, row->size) == 0;
}
