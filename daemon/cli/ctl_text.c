#include "daemon/cli/ctl_text.h"

#include <math.h>
#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/node/plain.h"

char *
ctl_text_span(int64_t ms, char out[static CTL_TEXT_LEN])
{
	const int64_t s = ms / 1000;

	if (ms < 0)
		snprintf(out, CTL_TEXT_LEN, "0 ms");
	else if (ms < 1000)
		snprintf(out, CTL_TEXT_LEN, "%" PRId64 " ms", ms);
	else if (s < 60)
		snprintf(out, CTL_TEXT_LEN, "%" PRId64 ".%" PRId64 " s", s,
		    ms % 1000 / 100);
	else if (s < 3600)
		snprintf(out, CTL_TEXT_LEN, "%" PRId64 " min %" PRId64 " s",
		    s / 60, s % 60);
	else if (s < 86400)
		snprintf(out, CTL_TEXT_LEN, "%" PRId64 " h %" PRId64 " min",
		    s / 3600, s / 60 % 60);
	else
		snprintf(out, CTL_TEXT_LEN, "%" PRId64 " d %" PRId64 " h",
		    s / 86400, s / 3600 % 24);
	return out;
}

char *
ctl_text_bytes(int64_t bytes, char out[static CTL_TEXT_LEN])
{
	static const char *const units[] = {"kB", "MB", "GB", "TB"};
	double v = (double)bytes / 1000;
	size_t i = 0;

	if (bytes < 1000) {
		snprintf(out, CTL_TEXT_LEN, "%" PRId64 " B", bytes);
		return out;
	}
	while (v >= 999.95 && i < 3) {
		v /= 1000;
		i++;
	}
	snprintf(out, CTL_TEXT_LEN, "%.1f %s", v, units[i]);
	return out;
}

char *
ctl_text_tokens(int64_t units, char out[static CTL_TEXT_LEN])
{
	uint64_t v = units < 0 ? 0 - (uint64_t)units : (uint64_t)units;

	snprintf(out, CTL_TEXT_LEN, "%s%llu.%06llu", units < 0 ? "-" : "",
	    (unsigned long long)(v / 1000000),
	    (unsigned long long)(v % 1000000));
	return out;
}

char *
ctl_text_id(const char *id, char out[static CTL_TEXT_LEN])
{
	snprintf(out, CTL_TEXT_LEN, strlen(id) > 12 ? "%.12s..." : "%s", id);
	return out;
}

void
ctl_text_spark(const double *v, size_t n, char *out, size_t len)
{
	static const char *const bars[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇",
	    "█"};
	double lo, hi;
	size_t at = 0;

	out[0] = '\0';
	if (n > (len - 1) / 3) {
		v += n - (len - 1) / 3;
		n = (len - 1) / 3;
	}
	if (n == 0)
		return;
	lo = hi = v[0];
	for (size_t i = 1; i < n; i++) {
		lo = v[i] < lo ? v[i] : lo;
		hi = v[i] > hi ? v[i] : hi;
	}
	for (size_t i = 0; i < n; i++) {
		int k = hi > lo ? (int)(7 * (v[i] - lo) / (hi - lo) + 0.5) : 0;

		memcpy(out + at, bars[k], 3);
		at += 3;
	}
	out[at] = '\0';
}

char *
ctl_text_clean(const char *text, char *out, size_t len)
{
	size_t i = 0, n;

	for (; *text != '\0' && i + 1 < len; i++) {
		n = plain_acts(text);
		out[i] = n > 0 ? '?' : *text;
		text += n > 0 ? n : 1;
	}
	out[i] = '\0';
	return out;
}

size_t
ctl_text_width(const char *text)
{
	size_t n = 0;

	for (; *text != '\0'; text++)
		n += ((unsigned char)*text & 0xc0) != 0x80;
	return n;
}

void
ctl_table_init(struct ctl_table *t, const char *const *titles, size_t ncolumns)
{
	assert(ncolumns <= CTL_TABLE_COLUMNS);
	*t = (struct ctl_table){.titles = titles, .ncolumns = ncolumns};
}

void
ctl_table_add(struct ctl_table *t, const char *const *cells)
{
	const size_t k = t->ncolumns;
	char **more;

	if (t->nrows == t->cap) {
		size_t cap = 2 * t->cap + 16;

		more = realloc(t->cells, cap * k * sizeof(*more));
		if (more == NULL) {
			t->failed = true;
			return;
		}
		t->cells = more;
		t->cap = cap;
	}
	for (size_t i = 0; i < k; i++) {
		char *copy = strdup(cells[i]);

		t->failed = t->failed || copy == NULL;
		t->cells[t->nrows * k + i] = copy;
	}
	t->nrows++;
}

static const char *
title(const struct ctl_table *t, size_t i)
{
	return t->titles[i][0] == '>' ? t->titles[i] + 1 : t->titles[i];
}

static void
print_row(const struct ctl_table *t, const char *const *cells,
    const size_t *width, FILE *to)
{
	size_t last = t->ncolumns;

	while (last > 0 && cells[last - 1][0] == '\0')
		last--; /* no blanks at the end of a line */
	for (size_t i = 0; i < last; i++) {
		const int pad = (int)(width[i] - ctl_text_width(cells[i]));
		const bool right = t->titles[i][0] == '>';

		fprintf(to, "%*s%s", right ? pad : 0, "", cells[i]);
		if (i + 1 < last)
			fprintf(to, "%*s", right ? 2 : pad + 2, "");
	}
	fputc('\n', to);
}

int
ctl_table_print(const struct ctl_table *t, FILE *to)
{
	const size_t k = t->ncolumns;
	const char *head[CTL_TABLE_COLUMNS];
	size_t width[CTL_TABLE_COLUMNS];

	if (t->failed)
		return -ENOMEM;
	for (size_t i = 0; i < k; i++) {
		head[i] = title(t, i);
		width[i] = ctl_text_width(head[i]);
		for (size_t r = 0; r < t->nrows; r++) {
			size_t w = ctl_text_width(t->cells[r * k + i]);

			width[i] = w > width[i] ? w : width[i];
		}
	}
	print_row(t, head, width, to);
	for (size_t r = 0; r < t->nrows; r++)
		print_row(t, (const char *const *)t->cells + r * k, width, to);
	return 0;
}

void
ctl_table_close(struct ctl_table *t)
{
	for (size_t i = 0; i < t->nrows * t->ncolumns; i++)
		free(t->cells[i]);
	free(t->cells);
	*t = (struct ctl_table){.cells = NULL};
}

static void
print_arm(const struct jv *r, const char *name, const char *keys[static 4])
{
	printf("%-14s loss %.4f, accuracy %.1f %%", name,
	    jv_real(jv_get(r, keys[0]), 0),
	    100 * jv_real(jv_get(r, keys[1]), 0));
	if (jv_get(r, "valid_rows") != NULL)
		printf("; on %lld rows kept back %.4f, %.1f %%",
		    (long long)jv_int(jv_get(r, "valid_rows"), 0),
		    jv_real(jv_get(r, keys[2]), 0),
		    100 * jv_real(jv_get(r, keys[3]), 0));
	putchar('\n');
}

void
ctl_text_arms(const struct jv *r)
{
	static const char *main_keys[] = {"loss_after", "local_accuracy",
	    "valid_loss", "valid_accuracy"};
	static const char *control_keys[] = {"control_loss", "control_accuracy",
	    "valid_control_loss", "valid_control_accuracy"};
	bool control = jv_get(r, "control_loss") != NULL;
	bool told = ctl_text_has_loss(r);
	unsigned at = jv_get(r, "valid_rows") != NULL ? 3 : 1;
	double ours, theirs;

	if (jv_get(r, "energy") != NULL)
		printf("energy         %.6f\n",
		    jv_real(jv_get(r, "energy"), 0));
	if (jv_get(r, "captured") != NULL)
		printf("captured       %.2f %% of the rows' squared length\n",
		    100 * jv_real(jv_get(r, "captured"), 0));
	if (control && !told)
		puts("how the main task and its control arm do is not told: "
		     "the job adds noise");
	if (told && (control || jv_get(r, "valid_rows") != NULL))
		print_arm(r, "main task", main_keys);
	if (!control || !told)
		return;
	print_arm(r, "control arm", control_keys);
	ours = jv_real(jv_get(r, main_keys[at]), 0);
	theirs = jv_real(jv_get(r, control_keys[at]), 0);
	printf("%s\n",
	    theirs > ours       ? "the classical control arm is ahead here"
		: theirs < ours ? "the main task is ahead of the control arm"
				: "both are equal here");
}

bool
ctl_text_has_loss(const struct jv *o)
{
	return !isnan(jv_real(jv_get(o, "loss_before"), NAN));
}
