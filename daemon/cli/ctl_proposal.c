/*
 * ctl_proposal.c - one proposal in full: what it would do, how it stands, how
 * long there is, who has voted. proposal new, list and vote are ctl_books.c's.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/cli/ctl_books.h"
#include "daemon/cli/ctl_text.h"
#include "proto/hash.h"

#define TEXT_MAX 32768
#define PPM 1000000.0

static double
percent(const struct jv *p, const char *key)
{
	return jv_real(jv_get(p, key), 0) / PPM * 100;
}

/* Of a list, the row with this id; NULL: none. */
static const struct jv *
find(const struct jv *list, uint64_t id)
{
	const struct jv *rows = jv_get(list, "rows");

	for (size_t i = 0; i < jv_len(rows); i++)
		if (ctl_integer(jv_at(rows, i), "id") == (int64_t)id)
			return jv_at(rows, i);
	return NULL;
}

/* Where it stands in time: what happens next and when. */
static void
print_state(const struct jv *p, int64_t height)
{
	const char *state = ctl_string(p, "state");
	const int64_t end = ctl_integer(p, "end"), eta = ctl_integer(p, "eta");

	if (strcmp(state, "open") == 0)
		printf("state     open; voting ends with block %" PRId64
		       ", %" PRId64 " blocks from now%s\n",
		    end, end > height ? end - height : 0,
		    jv_true(jv_get(p, "extended"))
			? " (extended: the quorum came late)"
			: "");
	else if (strcmp(state, "queued") == 0)
		printf("state     passed; carried out by block %" PRId64
		       ", %" PRId64 " blocks from now; void after block "
		       "%" PRId64 "\n",
		    eta, eta > height ? eta - height : 0,
		    eta + ctl_integer(p, "grace"));
	else if (strcmp(state, "failed") == 0)
		printf("state     failed: it had passed, but could not be "
		       "carried out as things stood\n");
	else
		printf("state     %s\n", state);
}

static void
print_house(const struct jv *p, const char *name)
{
	const struct jv *h = jv_get(p, name);
	const double yes = jv_real(jv_get(h, "yes"), 0);
	const double no = jv_real(jv_get(h, "no"), 0);
	const double veto = jv_real(jv_get(h, "veto"), 0);
	const double abstain = jv_real(jv_get(h, "abstain"), 0);
	const double total = jv_real(jv_get(h, "total"), 0);
	const double cast = yes + no + veto + abstain;
	/* Token weights are in units. */
	const double unit = strcmp(name, "tokens") == 0 ? 1000000 : 1;

	if (h == NULL || total <= 0)
		return;
	printf("%-9s yes %g, no %g, veto %g, abstain %g of %g: %.1f %% cast, "
	       "quorum of %.1f %% %s",
	    name, yes / unit, no / unit, veto / unit, abstain / unit,
	    total / unit, 100 * cast / total, percent(p, "quorum_ppm"),
	    jv_true(jv_get(h, "quorum")) ? "reached" : "not reached");
	if (yes + no + veto > 0)
		printf("; %.1f %% yes", 100 * yes / (yes + no + veto));
	printf("\n          passes above %.1f %% yes of those who do not "
	       "abstain, unless %.1f %% of the votes cast are vetos\n",
	    percent(p, "threshold_ppm"), percent(p, "veto_ppm"));
}

static void
print_votes(const struct jv *p)
{
	const struct jv *voters = jv_get(p, "voters");
	bool first = true;

	printf("voted    ");
	for (size_t i = 0; i < jv_len(voters); i++) {
		const struct jv *v = jv_at(voters, i);

		if (ctl_string(v, "option")[0] == '\0')
			continue;
		printf("%s %s %s", first ? "" : ",", ctl_string(v, "member"),
		    ctl_string(v, "option"));
		first = false;
	}
	printf("%s\nnot yet  ", first ? " nobody" : "");
	first = true;
	for (size_t i = 0; i < jv_len(voters); i++) {
		const struct jv *v = jv_at(voters, i);

		if (ctl_string(v, "option")[0] != '\0')
			continue;
		printf("%s %s", first ? "" : ",", ctl_string(v, "member"));
		first = false;
	}
	puts(first ? " nobody: all have voted" : "");
}

static int
print_proposal(const struct jv *p, int64_t height)
{
	char title[80], does[600];

	printf("proposal  %" PRId64 ", %s: %s\n", ctl_integer(p, "id"),
	    ctl_string(p, "kind"),
	    ctl_text_clean(ctl_string(p, "title"), title, sizeof(title)));
	print_state(p, height);
	printf("does      %s\n",
	    ctl_string(p, "does")[0] == '\0'
		? "nothing by itself"
		: ctl_text_clean(ctl_string(p, "does"), does, sizeof(does)));
	printf("payload   %s\n          what runs is what has this hash\n",
	    ctl_string(p, "payload"));
	printf("text      %s\n          is yours the one? qmlctl proposal show "
	       "%" PRId64 " --text FILE\n",
	    ctl_string(p, "text"), ctl_integer(p, "id"));
	printf("proposer  %s in block %" PRId64 ", whose weights count\n",
	    ctl_string(p, "proposer"), ctl_integer(p, "submitted"));
	print_house(p, "seats");
	print_house(p, "tokens");
	printf("lock      takes effect %" PRId64 " blocks after it has "
	       "passed%s\n",
	    ctl_integer(p, "time_lock"),
	    jv_true(jv_get(p, "early")) ? ", which may be before the end" : "");
	print_votes(p);
	if (strcmp(ctl_string(p, "state"), "open") == 0)
		printf("next: qmlctl proposal vote %" PRId64
		       " yes|no|veto|abstain\n",
		    ctl_integer(p, "id"));
	return CLI_OK;
}

static int
print_row(const struct jv *p)
{
	struct jv *o = jv_object();
	const char *key = NULL;
	int rc;

	jv_put_string(o, "schema", "qml.proposal/1");
	while ((key = jv_next_key(p, key)) != NULL)
		jv_put(o, key, jv_copy(jv_get(p, key)));
	rc = ctl_print_json(o);
	jv_free(o);
	return rc;
}

/* Is this file's text the one that is voted on? */
static int
compare_text(const char *file, const struct jv *p)
{
	static char text[TEXT_MAX + 1];
	FILE *f = fopen(file, "re");
	char hex[HASH_HEX_LEN];
	struct hash h;
	size_t n;

	if (f == NULL)
		return cli_error(CLI_USAGE, "%.200s: %s", file,
		    strerror(errno));
	n = fread(text, 1, TEXT_MAX + 1, f);
	(void)fclose(f);
	if (n > TEXT_MAX)
		return cli_error(CLI_USAGE, "%.200s: want at most %d bytes",
		    file, TEXT_MAX);
	h = hash_bytes("qml.text", text, n);
	if (strcmp(hash_hex(&h, hex), ctl_string(p, "text")) != 0)
		return cli_error(CLI_NOT_VERIFIED,
		    "%.200s is not the text of this proposal: its hash is %s",
		    file, hex);
	fprintf(stderr, "%s is the text of this proposal\n", file);
	return CLI_OK;
}

int
ctl_proposal_show(int argc, char **argv)
{
	const char *text = NULL;
	const struct cli_option own[] = {{"text", &text, NULL}};
	const struct ctl_args a = {own, 1,
	    "usage: qmlctl proposal show N [--text FILE]\n"
	    "One proposal in full. --text: exit 8 unless FILE is the text that "
	    "was\nput to the vote.\n",
	    2};
	struct jv *v = NULL, *q = jv_object();
	const struct jv *p = NULL;
	uint64_t id = 0;
	struct ctl c;
	int rc = ctl_parse(&c, &a, &argc, argv);

	if (rc == CLI_OK && (argc != 3 || !ctl_number(argv[2], &id) || id == 0))
		rc = cli_error(CLI_USAGE,
		    "proposal show: want its number: qmlctl proposal list");
	jv_put_string(q, "table", "proposals");
	jv_put_integer(q, "from", (int64_t)id - 1);
	if (rc == CLI_OK)
		rc = ctl_call(&c, "ledger.list", q, &v);
	else
		jv_free(q);
	if (rc == CLI_OK)
		p = find(v, id);
	if (rc == CLI_OK && p == NULL)
		rc = cli_error(CLI_NOT_FOUND,
		    "there is no proposal %" PRIu64 ": qmlctl proposal list",
		    id);
	if (rc == CLI_OK && text != NULL)
		rc = compare_text(text, p);
	if (rc == CLI_OK)
		rc = c.json ? print_row(p)
			    : print_proposal(p, ctl_integer(v, "height"));
	jv_free(v);
	ctl_close(&c);
	return rc < 0 ? CLI_OK : rc;
}
