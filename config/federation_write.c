/*
 * federation_write.c - federation.yaml from a struct federation.
 *
 * The same federation gives the same bytes. Columns that follow each other
 * with one unit and range share an entry.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/federation_draft.h"
#include "config/federation_file.h"
#include "config/value.h"
#include "proto/id.h"

#define LINE_MAX_BYTES 76
#define NUMBERED_MIN 8 /* columns that are written with a count */

static bool
is_written(const struct federation_draft *d, const struct schema_row *row)
{
	struct federation_draft *any = (struct federation_draft *)(uintptr_t)d;
	const struct job_task *t = federation_draft_task(any, row);
	const char *block = NULL;

	if (row->type == SCHEMA_OTHER || row->type == SCHEMA_TEXTS)
		return false;
	if (row->type == SCHEMA_BLOCK)
		memcpy(&block, (const char *)d + row->offset, sizeof(block));
	if (row->type == SCHEMA_BLOCK && block == NULL)
		return false;
	return t == NULL || (row->when & FEDERATION_WHEN(t->kind)) != 0;
}

/* The rows whose key is in this group; "" is the top of the file. Keys that
 * the task does not have are left out. */
static void
write_rows(const struct federation_draft *d, const char *group, FILE *to)
{
	const struct schema_row *row;
	size_t i, len = strlen(group);
	const char *key;

	for (i = 0; i < federation_schema.n; i++) {
		row = &federation_schema.rows[i];
		key = row->key + len;
		if (strncmp(row->key, group, len) != 0 ||
		    strchr(key, '.') != NULL || !is_written(d, row))
			continue;
		if (row->type == SCHEMA_BLOCK) {
			fprintf(to, "  # %s\n  %s: ", row->help, key);
			value_print(row, d, to);
			fputc('\n', to);
			continue;
		}
		fprintf(to, "%s%s: ", len > 0 ? "  " : "", key);
		value_print(row, d, to);
		fprintf(to, "   # %s\n", row->help);
	}
}

static void
write_member(const struct member *m, FILE *to)
{
	char text[ID_TEXT_LEN], hex[HASH_HEX_LEN];
	struct hash key;

	fputs("  - name: ", to);
	value_print_text(m->name, to);
	fprintf(to, "\n    id: %s\n", id_text(ID_NODE, &m->id, text));
	memcpy(key.b, m->sign.b, sizeof(key.b));
	fprintf(to, "    sign: \"%s\"\n", hash_hex(&key, hex));
	memcpy(key.b, m->network, sizeof(key.b));
	fprintf(to, "    network: \"%s\"\n    address: ", hash_hex(&key, hex));
	value_print_text(m->address, to);
	fprintf(to, "\n    power: %u\n    weight: %u\n", m->power, m->weight);
}

/* A text and how wide it is on the line. */
static size_t
text_width(const char *text)
{
	return strlen(text) + 4;
}

static void
write_texts(const char *(*get)(const struct federation *, size_t),
    const struct federation *f, size_t first, size_t end, FILE *to)
{
	size_t i, width = 16; /* what stands before the bracket */

	fputc('[', to);
	for (i = first; i < end; i++) {
		width += text_width(get(f, i));
		if (i > first)
			fputc(',', to);
		if (width > LINE_MAX_BYTES) {
			fputs("\n        ", to);
			width = 8 + text_width(get(f, i));
		} else if (i > first) {
			fputc(' ', to);
		}
		value_print_text(get(f, i), to);
	}
	fputc(']', to);
}

static const char *
column_name(const struct federation *f, size_t i)
{
	return f->columns[i].name;
}

static const char *
label_name(const struct federation *f, size_t i)
{
	return f->labels[i];
}

static bool
same_kind(const struct column *a, const struct column *b)
{
	return strcmp(a->unit, b->unit) == 0 &&
	    decimal_compare(&a->lo, &b->lo) == 0 &&
	    decimal_compare(&a->hi, &b->hi) == 0;
}

/* Whether columns first .. end-1 are called name0, name1, ...; then name. */
static bool
numbered(const struct federation *f, size_t first, size_t end,
    char name[static FEDERATION_TEXT_LEN + 8])
{
	size_t len = strlen(f->columns[first].name), i;
	char want[FEDERATION_TEXT_LEN + 24];

	if (len < 2 || f->columns[first].name[len - 1] != '0' ||
	    end - first < NUMBERED_MIN)
		return false;
	for (i = first; i < end; i++) {
		snprintf(want, sizeof(want), "%.*s%zu", (int)(len - 1),
		    f->columns[first].name, i - first);
		if (strcmp(want, f->columns[i].name) != 0)
			return false;
	}
	snprintf(name, FEDERATION_TEXT_LEN + 8, "%.*s", (int)(len - 1),
	    f->columns[first].name);
	return true;
}

static void
write_columns(const struct federation *f, FILE *to)
{
	char lo[DECIMAL_TEXT_LEN], hi[DECIMAL_TEXT_LEN];
	char name[FEDERATION_TEXT_LEN + 8];
	const struct column *c;
	size_t i, end;

	for (i = 0; i < f->ncolumns; i = end) {
		c = &f->columns[i];
		for (end = i + 1; end < f->ncolumns; end++)
			if (!same_kind(c, &f->columns[end]))
				break;
		if (numbered(f, i, end, name)) {
			fputs("    - name: ", to);
			value_print_text(name, to);
			fprintf(to, "\n      count: %zu", end - i);
		} else if (end - i > 1) {
			fputs("    - names: ", to);
			write_texts(column_name, f, i, end, to);
		} else {
			fputs("    - name: ", to);
			value_print_text(c->name, to);
		}
		if (c->unit[0] != '\0') {
			fputs("\n      unit: ", to);
			value_print_text(c->unit, to);
		}
		fprintf(to, "\n      range: [%s, %s]\n",
		    decimal_text(&c->lo, lo), decimal_text(&c->hi, hi));
	}
}

static void
write_schema(const struct federation_draft *d, FILE *to)
{
	char lo[DECIMAL_TEXT_LEN], hi[DECIMAL_TEXT_LEN];

	fputs("\n# The columns of every member's CSV, in the order the "
	      "circuit sees them.\n# The ranges are public: scaling must not "
	      "disclose anybody's extremes.\nschema:\n",
	    to);
	write_rows(d, "schema.", to);
	if (d->f.nlabels > 0) {
		fputs("  labels: ", to);
		write_texts(label_name, &d->f, 0, d->f.nlabels, to);
		fputc('\n', to);
	} else if (federation_labelled(&d->f)) {
		fprintf(to, "  label_range: [%s, %s]\n",
		    decimal_text(&d->f.label_lo, lo),
		    decimal_text(&d->f.label_hi, hi));
	}
	if (d->f.ncolumns > 0)
		fputs("  columns:\n", to);
	write_columns(&d->f, to);
}

void
federation_before_text(const uint8_t pre[static JOB_PRE_MAX],
    char out[static FEDERATION_BEFORE_LEN])
{
	static const char *const names[] = {"", "clip", "arc", "nnm",
	    "bucketing"};
	size_t i, used = 0;

	out[0] = '\0';
	for (i = 0; i < JOB_PRE_MAX && pre[i] != 0 && pre[i] <= JOB_BUCKETING;
	     i++) {
		snprintf(out + used, FEDERATION_BEFORE_LEN - used, "%s%s",
		    i > 0 ? " " : "", names[pre[i]]);
		used = strlen(out);
	}
}

int
federation_file_write(const struct federation *f, FILE *to)
{
	struct federation_draft d = {.f = *f};
	uint16_t i;

	federation_time_text(f->founded_ms, d.founded);
	hash_hex(&f->job.seed, d.seed);
	if (f->economy.validation_shards > 0)
		hash_hex(&f->economy.validation_root, d.shards);
	if (!hash_is_zero(&f->job.start))
		id_text(ID_MODEL, &f->job.start, d.start);
	federation_before_text(f->job.combine.pre, d.before);
	d.stage = f->job.stage.kind != 0;
	d.control = f->job.control.kind != 0;
	fputs("# federation.yaml - identical at every member. Its canonical "
	      "form is hashed: the\n# federation's id, qmlnode federation "
	      "show. Comments and order do not count.\n\n",
	    to);
	write_rows(&d, "", to);
	fputs("\nmembers:\n", to);
	for (i = 0; i < f->nmembers; i++)
		write_member(&f->members[i], to);
	write_schema(&d, to);
	fputs("\ntiming:\n", to);
	write_rows(&d, "timing.", to);
	fputs("\n# The first job. The number of parameters follows from it.\n"
	      "job:\n",
	    to);
	write_rows(&d, "job.", to);
	if (job_private(&f->job) || f->job.privacy.min_rows > 0) {
		fputs("\n# Noise for the sake of single records.\nprivacy:\n",
		    to);
		write_rows(&d, "privacy.", to);
	}
	if (d.stage) {
		fputs("\nstage:\n", to);
		write_rows(&d, "stage.", to);
	}
	if (d.control) {
		fputs("\ncontrol:\n", to);
		write_rows(&d, "control.", to);
	}
	if (!economy_is_default(&f->economy)) {
		fputs("\n# Tokens are the consortium's own credits; times are "
		      "blocks.\neconomy:\n",
		    to);
		write_rows(&d, "economy.", to);
	}
	return fflush(to) != 0 || ferror(to) ? -EIO : 0;
}

struct timing
federation_file_timing(void)
{
	struct federation_draft d = {.seed = ""};
	const struct schema_row *row;
	size_t i;
	int rc;

	for (i = 0; i < federation_schema.n; i++) {
		row = &federation_schema.rows[i];
		if (row->type != SCHEMA_DURATION)
			continue;
		rc = value_parse(row, row->def, false,
		    (unsigned char *)&d + row->offset);
		if (rc != 0)
			abort(); /* a default out of its own range */
	}
	return d.f.timing;
}

const char *
federation_file_word(const char *key, uint8_t value)
{
	const struct schema_row *row;
	uint64_t at;
	size_t i;

	for (i = 0; i < federation_schema.n; i++) {
		row = &federation_schema.rows[i];
		if (row->type != SCHEMA_WORD ||
		    strncmp(row->key, "job.", 4) != 0 ||
		    strcmp(row->key + 4, key) != 0)
			continue;
		for (at = row->lo; row->words[at - row->lo] != NULL; at++)
			if (at == value)
				return row->words[at - row->lo];
	}
	return "none";
}
