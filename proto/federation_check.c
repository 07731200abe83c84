/*
 * federation_check.c - what a federation must be before anybody signs it.
 *
 * Apart from the codec because the sentences are long. The first mistake
 * found is the one that is named.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/federation.h"

#define DAY_MS 86400000u
#define FOUNDED_MAX ((uint64_t)1 << 48) /* the year 10889 */

struct errbuf {
	char *text;
	size_t len;
};

static int __attribute__((format(printf, 2, 3)))
fail(struct errbuf e, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(e.text, e.len, format, ap);
	va_end(ap);
	return -EINVAL;
}

bool
federation_name_ok(const char *s)
{
	static const char ok[] = "abcdefghijklmnopqrstuvwxyz"
				 "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";

	return s[0] != '\0' && s[0] != '.' && s[0] != '-' &&
	    s[strspn(s, ok)] == '\0';
}

/* Length of the UTF-8 character at s, or 0: malformed, overlong, surrogate or
 * a control character. */
static size_t
utf8_len(const unsigned char *s)
{
	unsigned long c;
	size_t n, i;

	if (s[0] < 0x80)
		return s[0] >= 0x20 && s[0] != 0x7f;
	if (s[0] < 0xc2 || s[0] > 0xf4)
		return 0;
	n = s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
	c = s[0] & (0xffu >> (n + 1));
	for (i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s[i] & 0x3f);
	}
	if ((n == 3 && c < 0x800) || (n == 4 && c < 0x10000) || c > 0x10ffff ||
	    (c >= 0xd800 && c <= 0xdfff) || (c >= 0x80 && c < 0xa0))
		return 0;
	return n;
}

/* Anything a person may call a column; not empty, no comma (it is a CSV
 * header), no blank at either end. */
static bool
text_ok(const char *s)
{
	const unsigned char *p = (const unsigned char *)s;
	size_t n;

	if (s[0] == '\0' || s[0] == ' ' || s[strlen(s) - 1] == ' ')
		return false;
	for (; *p != '\0'; p += n) {
		n = utf8_len(p);
		if (n == 0 || *p == ',' || *p == '"')
			return false;
	}
	return true;
}

static bool
unit_ok(const char *s)
{
	return s[0] == '\0' || text_ok(s);
}

bool
federation_address_ok(const char *s)
{
	const char *colon = strrchr(s, ':'), *p;
	unsigned long port = 0;

	if (colon == NULL || colon == s || strlen(colon + 1) > 5)
		return false;
	for (p = s; *p != '\0'; p++)
		if (*p <= ' ' || *p >= 0x7f || *p == '/' || *p == '@')
			return false;
	if (s[0] == '[' ? colon[-1] != ']'
			: memchr(s, ':', (size_t)(colon - s)) != NULL)
		return false;
	for (p = colon + 1; *p >= '0' && *p <= '9'; p++)
		port = 10 * port + (unsigned long)(*p - '0');
	return *p == '\0' && colon[1] != '0' && port >= 1 && port <= 65535;
}

static int
compare_strings(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* One of the names that stands twice, or NULL. Sorts names. */
static const char *
duplicate(const char **names, size_t n)
{
	size_t i;

	if (n > 1)
		qsort(names, n, sizeof(*names), compare_strings);
	for (i = 1; i < n; i++)
		if (strcmp(names[i - 1], names[i]) == 0)
			return names[i];
	return NULL;
}

static int
check_member(const struct federation *f, size_t i, struct errbuf e)
{
	const struct member *m = &f->members[i];
	struct hash id = member_id(&m->sign, m->network);

	if (!federation_name_ok(m->name))
		return fail(e,
		    "members[%zu].name: want letters, digits, "
		    "'.', '-' or '_', got '%s'",
		    i, m->name);
	if (m->address[0] != '\0' && !federation_address_ok(m->address))
		return fail(e, "members[%zu].address: want host:port, got '%s'",
		    i, m->address);
	if (m->power < 1 || m->power > FEDERATION_POWER_MAX)
		return fail(e, "members[%zu].power: want 1 to %u, got %u", i,
		    FEDERATION_POWER_MAX, m->power);
	if (m->weight < 1 || m->weight > FEDERATION_POWER_MAX)
		return fail(e, "members[%zu].weight: want 1 to %u, got %u", i,
		    FEDERATION_POWER_MAX, m->weight);
	if (!hash_equal(&id, &m->id))
		return fail(e, "members[%zu].id: does not belong to the keys",
		    i);
	if (i > 0 && hash_equal(&m[-1].id, &m->id))
		return fail(e, "members: %s and %s have the same keys",
		    m[-1].name, m->name);
	if (i > 0 && hash_compare(&m[-1].id, &m->id) > 0)
		return fail(e, "members: not sorted by id");
	return 0;
}

/* No key, name or address may stand for two members. */
static int
check_pair(const struct member *a, const struct member *b, struct errbuf e)
{
	if (strcmp(a->name, b->name) == 0)
		return fail(e, "members: two are named '%s'", a->name);
	if (memcmp(a->sign.b, b->sign.b, SIGN_PUBLIC_LEN) == 0)
		return fail(e, "members: %s and %s have the same sign key",
		    a->name, b->name);
	if (memcmp(a->network, b->network, sizeof(a->network)) == 0)
		return fail(e, "members: %s and %s have the same network key",
		    a->name, b->name);
	if (a->address[0] != '\0' && strcmp(a->address, b->address) == 0)
		return fail(e, "members: %s and %s have the same address %s",
		    a->name, b->name, a->address);
	return 0;
}

static int
check_members(const struct federation *f, struct errbuf e)
{
	size_t i, k;
	int rc = 0;

	if (f->nmembers < 1 || f->nmembers > FEDERATION_MAX_MEMBERS)
		return fail(e, "members: want 1 to %d, got %u",
		    FEDERATION_MAX_MEMBERS, f->nmembers);
	for (i = 0; i < f->nmembers && rc == 0; i++)
		rc = check_member(f, i, e);
	for (i = 0; i < f->nmembers && rc == 0; i++)
		for (k = 0; k < i && rc == 0; k++)
			rc = check_pair(&f->members[k], &f->members[i], e);
	return rc;
}

static int
check_columns(const struct federation *f, struct errbuf e)
{
	const char *names[FEDERATION_MAX_COLUMNS + 1], *twice;
	const struct column *c;
	size_t i;

	if (f->job.main.kind == JOB_VQE)
		return f->ncolumns == 0
		    ? 0
		    : fail(e, "schema.columns: a vqe has no data");
	if (f->ncolumns < 1 || f->ncolumns > FEDERATION_MAX_COLUMNS)
		return fail(e, "schema.columns: want 1 to %d, got %u",
		    FEDERATION_MAX_COLUMNS, f->ncolumns);
	for (i = 0; i < f->ncolumns; i++) {
		c = &f->columns[i];
		names[i] = c->name;
		if (!text_ok(c->name))
			return fail(e,
			    "schema.columns[%zu].name: want a "
			    "text without comma or quote, got '%s'",
			    i, c->name);
		if (!unit_ok(c->unit))
			return fail(e,
			    "schema.columns[%zu].unit: want a "
			    "text without comma or quote, got '%s'",
			    i, c->unit);
		if (decimal_compare(&c->lo, &c->hi) >= 0)
			return fail(e,
			    "schema.columns[%zu].range: '%s' "
			    "needs a lower end below the upper",
			    i, c->name);
	}
	if (!federation_labelled(f) && f->label[0] == '\0')
		return 0;
	if (!text_ok(f->label))
		return fail(e,
		    "schema.label: want a text without comma or "
		    "quote, got '%s'",
		    f->label);
	names[i] = f->label;
	twice = duplicate(names, i + 1u);
	if (twice != NULL)
		return fail(e, "schema: two columns are named '%s'", twice);
	return 0;
}

bool
federation_labelled(const struct federation *f)
{
	return f->nlabels > 0 ||
	    decimal_compare(&f->label_lo, &f->label_hi) != 0;
}

/* A number instead of labels, or neither. */
static int
check_number(const struct federation *f, struct errbuf e)
{
	uint8_t kind = f->job.main.kind;

	if (decimal_compare(&f->label_lo, &f->label_hi) < 0)
		return 0;
	if (federation_labelled(f))
		return fail(e, "schema.label_range: want [lowest, highest]");
	if (kind == JOB_QPCA || kind == JOB_VQE)
		return 0;
	return fail(e, "schema.labels: want 2 to %d, or a label_range",
	    FEDERATION_MAX_LABELS);
}

static int
check_labels(const struct federation *f, struct errbuf e)
{
	const char *names[FEDERATION_MAX_LABELS], *twice;
	size_t i;

	if (f->missing > FEDERATION_LOWEST)
		return fail(e, "schema.missing: want refuse, middle or median");
	if (f->nlabels == 0)
		return check_number(f, e);
	if (f->label_lo.mant != 0 || f->label_hi.mant != 0)
		return fail(e, "schema.label_range: want either labels or it");

	if (f->nlabels < 2 || f->nlabels > FEDERATION_MAX_LABELS)
		return fail(e, "schema.labels: want 2 to %d, got %u",
		    FEDERATION_MAX_LABELS, f->nlabels);
	for (i = 0; i < f->nlabels; i++) {
		names[i] = f->labels[i];
		if (!text_ok(f->labels[i]))
			return fail(e,
			    "schema.labels[%zu]: want a text "
			    "without comma or quote, got '%s'",
			    i, f->labels[i]);
	}
	twice = duplicate(names, f->nlabels);
	if (twice != NULL)
		return fail(e, "schema.labels: '%s' stands twice", twice);
	return 0;
}

struct span {
	const char *name;
	uint32_t value, lo, hi;
};

static int
check_timing(const struct timing *t, struct errbuf e)
{
	const struct span spans[] = {
	    {"collect", t->collect, 1, DAY_MS},
	    {"straggler", t->straggler, t->collect, 7 * DAY_MS},
	    {"heartbeat", t->heartbeat, t->interval, DAY_MS},
	    {"propose", t->propose, 1, t->timeout_max},
	    {"prevote", t->prevote, 1, t->timeout_max},
	    {"precommit", t->precommit, 1, t->timeout_max},
	    {"round_step", t->round_step, 0, t->timeout_max},
	    {"timeout_max", t->timeout_max, 1, DAY_MS},
	    {"precision", t->precision, 1, DAY_MS},
	    {"delay", t->delay, 1, DAY_MS},
	    {"interval", t->interval, 1, DAY_MS},
	};
	size_t i;

	for (i = 0; i < sizeof(spans) / sizeof(spans[0]); i++)
		if (spans[i].value < spans[i].lo ||
		    spans[i].value > spans[i].hi)
			return fail(e, "timing.%s: want %u to %u ms, got %u",
			    spans[i].name, spans[i].lo, spans[i].hi,
			    spans[i].value);
	return 0;
}

/* What a segment's place and extent in model and update follow from. */
static bool
same_sizes(const struct job_task *a, const struct job_task *b)
{
	return a->dim == b->dim && a->update == b->update &&
	    a->nangles == b->nangles && a->nscales == b->nscales;
}

/* The stated sizes are those that follow from the schema: each of them, since
 * a start model is written and updates are read by them. */
static int
check_sizes(const struct federation *f, struct errbuf e)
{
	const struct job *is = &f->job;
	struct job j = *is; /* texts are borrowed: never closed */

	if (job_sizes(&j, f->ncolumns, f->nlabels) != 0)
		return fail(e, "job.qubits: %u qubits do not hold %u columns",
		    is->main.qubits, f->ncolumns);
	if (j.dim != is->dim || j.update != is->update ||
	    !same_sizes(&j.stage, &is->stage) ||
	    !same_sizes(&j.main, &is->main) ||
	    !same_sizes(&j.control, &is->control))
		return fail(e,
		    "job.dim: want %u parameters with %u angles and %u "
		    "factors for this schema, got %u with %u and %u",
		    j.dim, j.main.nangles, j.main.nscales, is->dim,
		    is->main.nangles, is->main.nscales);
	return 0;
}

int
federation_check_timing(const struct timing *t, char *err, size_t errlen)
{
	return check_timing(t, (struct errbuf){err, errlen});
}

static int
check_job(const struct federation *f, struct errbuf e)
{
	uint32_t weights = 0;
	size_t i;
	int rc;

	if (!job_fits_block(&f->job, f->nmembers))
		return fail(e,
		    "job.dim: %u updates of %u numbers do not fit a block: "
		    "want a smaller model, or fewer members",
		    f->nmembers, f->job.update);
	for (i = 0; i < f->nmembers; i++)
		weights += f->members[i].weight; /* at most 100 * 2^20 */
	if (f->job.combine.weighting == JOB_UNWEIGHTED)
		weights = f->nmembers;
	rc = job_check(&f->job, weights, e.text, e.len);
	if (rc != 0)
		return rc;
	if (2u * job_faults(&f->job, f->nmembers) >= f->nmembers)
		return fail(e,
		    "job.faults: want less than half of %u members, "
		    "got %u",
		    f->nmembers, job_faults(&f->job, f->nmembers));
	rc = check_sizes(f, e);
	return rc != 0 ? rc : job_check_start(&f->job, e.text, e.len);
}

int
federation_check(const struct federation *f, char *err, size_t errlen)
{
	struct errbuf e = {err, errlen};
	int rc;

	if (f->version != FEDERATION_VERSION)
		return fail(e, "version: want %d, got %u", FEDERATION_VERSION,
		    f->version);
	if (!federation_name_ok(f->name))
		return fail(e,
		    "name: want letters, digits, '.', '-' or '_', "
		    "got '%s'",
		    f->name);
	if (f->founded_ms < 1 || f->founded_ms >= FOUNDED_MAX)
		return fail(e, "founded: out of range");
	rc = check_members(f, e);
	if (rc == 0)
		rc = check_columns(f, e);
	if (rc == 0)
		rc = check_labels(f, e);
	if (rc == 0)
		rc = check_timing(&f->timing, e);
	if (rc == 0 && f->answers_min > f->nmembers)
		rc = fail(e, "answers_min: want 0 to %u, got %u", f->nmembers,
		    f->answers_min);
	if (rc == 0)
		rc = check_job(f, e);
	if (rc == 0)
		rc = economy_check(&f->economy, f->nmembers, err, errlen);
	if (rc == 0 && f->economy.validation_shards > 0 &&
	    f->job.main.kind == JOB_VQE)
		rc = fail(e,
		    "economy.validation_shards: a vqe has no rows to validate "
		    "on, got %u",
		    f->economy.validation_shards);
	return rc;
}
