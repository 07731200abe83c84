#include "daemon/cli/story_rows.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATH 1024

/* The label of a line, behind its last comma; NULL: there is none. */
static char *
label_of(char *line)
{
	char *comma = strrchr(line, ',');

	return comma != NULL && comma[1] >= '0' && comma[1] <= '9' &&
		(comma[2] == '\n' || comma[2] == '\0')
	    ? comma + 1
	    : NULL;
}

/* Every row through `edit`, the header as it is. */
static int
copy(FILE *from, FILE *to, void (*edit)(char *label))
{
	char *line = NULL, *label;
	size_t cap = 0;
	bool first = true;
	int rc = 0;

	while (rc == 0 && getline(&line, &cap, from) > 0) {
		label = first ? NULL : label_of(line);
		if (!first && label == NULL)
			rc = -EINVAL;
		else if (label != NULL)
			edit(label);
		if (rc == 0 && fputs(line, to) == EOF)
			rc = -EIO;
		first = false;
	}
	free(line);
	return rc == 0 && ferror(from) ? -EIO : rc;
}

static int
copy_file(const char *from, const char *to, void (*edit)(char *label))
{
	FILE *in = fopen(from, "r"), *out;
	int rc = in != NULL ? 0 : -errno;

	if (rc < 0)
		return rc;
	out = fopen(to, "w");
	rc = out != NULL ? copy(in, out, edit) : -errno;
	fclose(in);
	if (out != NULL && fclose(out) != 0 && rc == 0)
		rc = -EIO;
	return rc;
}

static void
parity(char *label)
{
	*label = (char)('0' + (*label - '0') % 2);
}

static void
flip(char *label)
{
	*label = (char)('1' - (*label - '0'));
}

int
story_rows_parity(const char *csv, const char *out)
{
	return copy_file(csv, out, parity);
}

int
story_rows_poison(const char *dir, unsigned i)
{
	char path[PATH], beside[PATH];
	int rc;

	snprintf(path, sizeof(path), "%s/node%u.csv", dir, i);
	snprintf(beside, sizeof(beside), "%s/poison.part", dir);
	rc = copy_file(path, beside, flip);
	if (rc == 0 && rename(beside, path) != 0)
		rc = -errno;
	return rc;
}

static int
deal(FILE *from, FILE *const to[2])
{
	char *line = NULL;
	size_t cap = 0, n = 0;
	int rc = 0;

	for (; rc == 0 && getline(&line, &cap, from) > 0; n++) {
		/* Both begin with the header. */
		if (n == 0 && fputs(line, to[1]) == EOF)
			rc = -EIO;
		if (fputs(line, to[n % 2]) == EOF)
			rc = -EIO;
	}
	free(line);
	return rc == 0 && ferror(from) ? -EIO : rc;
}

int
story_rows_divide(const char *dir)
{
	static const char *const names[] = {"heldout", "public", "judge"};
	FILE *f[3] = {NULL};
	char path[PATH];
	int rc = 0;

	for (int i = 0; i < 3 && rc == 0; i++) {
		snprintf(path, sizeof(path), "%s/%s.csv", dir, names[i]);
		f[i] = fopen(path, i == 0 ? "r" : "w");
		rc = f[i] != NULL ? 0 : -errno;
	}
	if (rc == 0)
		rc = deal(f[0], &f[1]);
	for (int i = 0; i < 3; i++)
		if (f[i] != NULL && fclose(f[i]) != 0 && rc == 0)
			rc = -EIO;
	return rc;
}

/* The label of the next row; -1 at the end, -EINVAL for what is none. */
static int
next_label(FILE *f, char **line, size_t *cap)
{
	const char *label;

	if (getline(line, cap, f) <= 0)
		return -1;
	label = label_of(*line);
	return label != NULL ? *label - '0' : -EINVAL;
}

static int
score(FILE *rows, FILE *guesses, struct story_score *out)
{
	size_t counts[10] = {0}, cap = 0;
	char *line = NULL;
	int is = 0, said = 0;
	bool headed =
	    getline(&line, &cap, rows) > 0 && getline(&line, &cap, guesses) > 0;

	while (headed) {
		is = next_label(rows, &line, &cap);
		said = next_label(guesses, &line, &cap);
		if (is < 0 || said < 0)
			break;
		out->rows++;
		out->right += is == said;
		if (++counts[is] > out->commonest)
			out->commonest = counts[is];
	}
	free(line);
	return headed && is == -1 && said == -1 && out->rows > 0 ? 0 : -EINVAL;
}

int
story_rows_score(const char *csv, const char *guesses, struct story_score *out)
{
	FILE *rows = fopen(csv, "r");
	FILE *said = rows != NULL ? fopen(guesses, "r") : NULL;
	int rc = said != NULL ? 0 : -errno;

	*out = (struct story_score){0};
	if (rc == 0)
		rc = score(rows, said, out);
	if (said != NULL)
		fclose(said);
	if (rows != NULL)
		fclose(rows);
	return rc;
}
