#include "daemon/cli/ctl_books.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "daemon/cli/ctl_text.h"

#define UNITS 1000000 /* of a token */
#define FILE_MAX_BYTES 32768

static const struct ctl_verb *
find_verb(const char *noun, const char *verb)
{
	for (size_t i = 0; i < ctl_nverbs; i++)
		if (strcmp(ctl_verbs[i].noun, noun) == 0 &&
		    strcmp(ctl_verbs[i].verb, verb) == 0)
			return &ctl_verbs[i];
	return NULL;
}

bool
ctl_books_has(const char *noun, const char *verb)
{
	return find_verb(noun, verb) != NULL;
}

/* "1.25" is 1250000 units. */
static bool
tokens_of(const char *s, int64_t *out)
{
	int64_t whole = 0, part = 0, scale = UNITS;

	if (*s < '0' || *s > '9')
		return false;
	for (; *s >= '0' && *s <= '9'; s++) {
		whole = 10 * whole + (*s - '0');
		if (whole > INT64_MAX / UNITS / 20)
			return false;
	}
	if (*s == '.')
		for (s++; *s >= '0' && *s <= '9' && scale > 1; s++) {
			scale /= 10;
			part += (*s - '0') * scale;
		}
	*out = whole * UNITS + part;
	return *s == '\0';
}

static struct jv *
list_of(const char *s)
{
	struct jv *list = jv_array();
	char word[128];

	while (*s != '\0') {
		size_t n = strcspn(s, ",");

		snprintf(word, sizeof(word), "%.*s", (int)n, s);
		jv_add(list, jv_string(word));
		s += n + (s[n] == ',');
	}
	return list;
}

/* NULL after saying why. */
static struct jv *
file_of(const char *name)
{
	static char text[FILE_MAX_BYTES + 1];
	FILE *f = fopen(name, "re");
	size_t n;

	if (f == NULL) {
		cli_error(CLI_USAGE, "%.200s: %s", name, strerror(errno));
		return NULL;
	}
	n = fread(text, 1, FILE_MAX_BYTES + 1, f);
	(void)fclose(f);
	if (n > FILE_MAX_BYTES || memchr(text, 0, n) != NULL) {
		cli_error(CLI_USAGE, "%.200s: want a text of at most %d bytes",
		    name, FILE_MAX_BYTES);
		return NULL;
	}
	text[n] = '\0';
	return jv_string(text);
}

static int
put_field(struct jv *p, const struct ctl_field *f, const char *word)
{
	struct jv *v = NULL;
	uint64_t number;
	int64_t units;
	char key[32];
	size_t i;

	for (i = 0; f->name[i] != '\0'; i++)
		key[i] = f->name[i] == '-' ? '_' : f->name[i];
	key[i] = '\0';
	switch (f->type) {
	case CTL_FIELD_TEXT:
		v = jv_string(word);
		break;
	case CTL_FIELD_NUMBER:
		if (ctl_number(word, &number))
			v = jv_integer((int64_t)number);
		break;
	case CTL_FIELD_TOKENS:
		if (tokens_of(word, &units))
			v = jv_integer(units);
		break;
	case CTL_FIELD_LIST:
		v = list_of(word);
		break;
	case CTL_FIELD_FILE:
	case CTL_FIELD_MAYBE:
		v = file_of(word);
		if (v == NULL)
			return CLI_USAGE;
		break;
	}
	if (v == NULL)
		return cli_error(CLI_USAGE, "%s: \"%.60s\" is not %s", f->name,
		    word,
		    f->type == CTL_FIELD_TOKENS ? "an amount such as 12.5"
						: "a number");
	jv_put(p, key, v);
	return CLI_OK;
}

static void
nap(void)
{
	const struct timespec ts = {0, 100 * 1000 * 1000};

	(void)nanosleep(&ts, NULL);
}

/* Until a block has it, it was refused, or patience is over. */
static int
follow(struct ctl *c, struct jv *sent, struct jv **last)
{
	int rc = CLI_OK;

	for (int ms = 0; ms <= c->timeout_ms; ms += 100) {
		struct jv *p = jv_object();

		jv_put_string(p, "id", ctl_string(sent, "id"));
		jv_free(*last);
		*last = NULL;
		rc = ctl_call(c, "tx.status", p, last);
		if (rc != CLI_OK)
			return rc;
		if (strcmp(ctl_string(*last, "state"), "waiting") != 0)
			break;
		nap();
	}
	if (strcmp(ctl_string(*last, "state"), "applied") == 0)
		return CLI_OK;
	if (strcmp(ctl_string(*last, "state"), "waiting") == 0)
		return cli_error(CLI_TIMEOUT,
		    "no block has it after %d s; it waits on\n  qmlctl rpc "
		    "tx.status '{\"id\":\"%s\"}'",
		    c->timeout_ms / 1000, ctl_string(sent, "id"));
	/* It remembers the last ones, and a block may bring a thousand. */
	if (strcmp(ctl_string(*last, "state"), "refused") != 0)
		return cli_error(CLI_FAILED,
		    "the daemon does not remember any more what became of it\n"
		    "  See what the chain has: qmlctl ledger history, or the "
		    "list that it would be in");
	return cli_error(CLI_CONFLICT, "refused: %s\n  %s",
	    ctl_string(*last, "why"), ctl_string(*last, "next"));
}

int
ctl_books_submit(struct ctl *c, const char *kind, struct jv *params,
    struct jv **last)
{
	struct jv *sent = NULL;
	int rc;

	jv_put_string(params, "kind", kind);
	rc = ctl_call(c, "tx.submit", params, &sent);
	if (rc == CLI_OK)
		rc = follow(c, sent, last);
	jv_free(sent);
	return rc;
}

/* An answer with the rows that come behind these. */
static int
next_page(struct ctl *c, const char *table, struct jv *rows, struct jv **page)
{
	const size_t had = jv_len(rows);
	struct jv *p = jv_object();
	const struct jv *more;
	int rc;

	jv_put_string(p, "table", table);
	jv_put_integer(p, "from", (int64_t)had);
	rc = ctl_call(c, "ledger.list", p, page);
	if (rc != CLI_OK)
		return rc;
	more = jv_get(*page, "rows");
	for (size_t i = 0; i < jv_len(more); i++)
		jv_add(rows, jv_copy(jv_at(more, i)));
	return jv_len(rows) == had + jv_len(more)
	    ? CLI_OK
	    : cli_error(CLI_FAILED, "out of memory");
}

/* An answer holds a part of a long table; how long a part, the daemon says. */
int
ctl_books_table(struct ctl *c, const char *table, struct jv **out)
{
	struct jv *rows = jv_array(), *page = NULL;
	size_t had;
	int rc;

	do {
		had = jv_len(rows);
		jv_free(page);
		page = NULL;
		rc = next_page(c, table, rows, &page);
	} while (rc == CLI_OK && jv_len(rows) > had);
	if (rc != CLI_OK) {
		jv_free(page);
		jv_free(rows);
		return rc;
	}
	jv_put(page, "rows", rows);
	*out = page;
	return CLI_OK;
}

int64_t
ctl_books_proposal(struct ctl *c, const char *title, int64_t height)
{
	struct jv *list = NULL;
	const struct jv *rows, *row;
	int64_t found = 0;
	bool here;

	if (ctl_books_table(c, "proposals", &list) != CLI_OK)
		return 0;
	rows = jv_get(list, "rows");
	for (size_t i = 0; i < jv_len(rows); i++) {
		row = jv_at(rows, i);
		here = height > 0
		    ? ctl_integer(row, "submitted") == height
		    : strcmp(ctl_string(row, "state"), "open") == 0;
		if (here && strcmp(ctl_string(row, "title"), title) == 0)
			found = ctl_integer(row, "id");
	}
	jv_free(list);
	return found;
}

void
ctl_books_ask_votes(int64_t number)
{
	if (number > 0)
		fprintf(stderr,
		    "Now the members vote, this one too:\n"
		    "  qmlctl proposal vote %lld yes\n"
		    "  qmlctl proposal show %lld    how it stands\n",
		    (long long)number, (long long)number);
}

static int
send_tx(struct ctl *c, const struct ctl_verb *v, struct jv *params, bool wait)
{
	struct jv *sent = NULL, *last = NULL;
	char title[80];
	int64_t number = 0;
	int rc;

	snprintf(title, sizeof(title), "%s", ctl_string(params, "title"));
	jv_put_string(params, "kind", v->kind);
	rc = ctl_call(c, "tx.submit", params, &sent);
	if (rc == CLI_OK && wait)
		rc = follow(c, sent, &last);
	if (rc == CLI_OK && wait && strcmp(v->kind, "propose") == 0)
		number =
		    ctl_books_proposal(c, title, ctl_integer(last, "height"));
	if (number > 0)
		jv_put_integer(last, "proposal", number);
	if (rc == CLI_OK && c->json)
		rc = ctl_print_json(wait ? last : sent);
	else if (rc == CLI_OK && wait)
		printf("%s\nin block %lld\n", ctl_string(sent, "id"),
		    (long long)ctl_integer(last, "height"));
	else if (rc == CLI_OK)
		printf("%s\nwaits for a block\n", ctl_string(sent, "id"));
	ctl_books_ask_votes(number);
	jv_free(sent);
	jv_free(last);
	return rc;
}

static int
list_rows(struct ctl *c, const struct ctl_verb *v)
{
	struct jv *list = NULL;
	int rc = ctl_books_table(c, v->table, &list);

	if (rc == CLI_OK)
		rc = c->json ? ctl_print_json(list)
			     : ctl_books_print(v->table, jv_get(list, "rows"));
	jv_free(list);
	return rc;
}

static size_t
count(const struct ctl_field *f, size_t max)
{
	size_t n = 0;

	while (n < max && f[n].name != NULL)
		n++;
	return n;
}

static int
run_verb(const struct ctl_verb *v, int argc, char **argv)
{
	const size_t nwords = count(v->words, CTL_VERB_WORDS);
	const size_t noptions = count(v->options, CTL_VERB_OPTIONS);
	size_t given = nwords;
	const char *values[CTL_VERB_OPTIONS] = {NULL};
	struct cli_option own[CTL_VERB_OPTIONS + 2];
	struct jv *params = jv_object();
	bool no_wait = false, terms = false;
	char usage[1024];
	struct ctl_args a = {own, noptions + 1, usage, nwords + 1};
	bool rows = v->kind != NULL && strcmp(v->kind, "asset_register") == 0;
	struct ctl c;
	int rc;

	snprintf(usage, sizeof(usage), "usage: qmlctl %s %s %s%s\n%s.\n",
	    v->noun, v->verb, v->usage, v->kind != NULL ? " [--no-wait]" : "",
	    v->help);
	for (size_t i = 0; i < noptions; i++)
		own[i] =
		    (struct cli_option){v->options[i].name, &values[i], NULL};
	own[noptions] = (struct cli_option){"no-wait", NULL, &no_wait};
	if (rows)
		own[a.n++] = (struct cli_option){"terms", NULL, &terms};
	rc = ctl_parse(&c, &a, &argc, argv);
	if ((size_t)argc == nwords + 1 && nwords > 0 &&
	    v->words[nwords - 1].type == CTL_FIELD_MAYBE)
		given = nwords - 1;
	if (rc == CLI_OK && (size_t)argc != given + 2)
		rc = cli_error(CLI_USAGE, "%s %s: want %s", v->noun, v->verb,
		    v->usage[0] != '\0' ? v->usage : "no further word");
	for (size_t i = 0; rc == CLI_OK && i < given; i++)
		rc = put_field(params, &v->words[i], argv[i + 2]);
	for (size_t i = 0; rc == CLI_OK && i < noptions; i++)
		if (values[i] != NULL)
			rc = put_field(params, &v->options[i], values[i]);
	/* The owner's own word first. */
	if (rc == CLI_OK && terms)
		rc = ctl_terms_write(&c, params);
	if (rc == CLI_OK && v->kind != NULL) {
		rc = send_tx(&c, v, params, !no_wait);
	} else {
		jv_free(params);
		rc = rc == CLI_OK ? list_rows(&c, v) : rc;
	}
	ctl_close(&c);
	return rc < 0 ? CLI_OK : rc;
}

/* Verbs that are commands of their own, for the list of all. */
static const struct {
	const char *noun, *line;
} others[] = {
    {"ledger", "balance [WHO]"},
    {"ledger", "history [WHO] [-n N]"},
    {"ledger", "export --csv [--entries] [--from F] [--to T]"},
    {"proposal", "show N [--text FILE]"},
    {"credential",
	"issue SUBJECT --type TYPE [--days N] [--expires-in BLOCKS]\n"
	"       [--name TEXT] [-o FILE]"},
    {"credential", "present FILE [--challenge TEXT] [-o OUT]"},
    {"credential",
	"verify FILE [--challenge TEXT] [--federation F] "
	"[--offline]"},
};

static void
print_verbs(const char *noun, FILE *to)
{
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (strcmp(others[i].noun, noun) == 0)
			fprintf(to, "  qmlctl %s %s\n", noun, others[i].line);
	for (size_t i = 0; i < ctl_nverbs; i++)
		if (strcmp(ctl_verbs[i].noun, noun) == 0)
			fprintf(to, "  qmlctl %s %s%s%s\n", noun,
			    ctl_verbs[i].verb,
			    ctl_verbs[i].usage[0] != '\0' ? " " : "",
			    ctl_verbs[i].usage);
}

int
ctl_books_command(const char *noun, int argc, char **argv)
{
	const struct ctl_verb *v = NULL;
	bool help = false;

	for (int i = 1; i < argc && v == NULL; i++) {
		v = find_verb(noun, argv[i]);
		help = help || strcmp(argv[i], "--help") == 0 ||
		    strcmp(argv[i], "-h") == 0;
	}
	if (v != NULL)
		return run_verb(v, argc, argv);
	print_verbs(noun, help ? stdout : stderr);
	if (help)
		return CLI_OK;
	return cli_error(CLI_USAGE, "%s: want one of these", noun);
}
