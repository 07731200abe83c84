/*
 * ctl_settle.c - where tokens came from and went: an account's history, and
 * files for accountants.
 *
 * In every row of the settlement, opening and all columns between add up to
 * closing, to the last digit.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "daemon/cli/ctl_settle.h"
#include "daemon/cli/ctl_text.h"
#include "daemon/node/plain.h"
#include "config/federation_draft.h"

#define PAGE 1000

/* "2026-11-22 16:30:05", UTC. */
static const char *
time_text(int64_t ms, char out[static FEDERATION_TIME_LEN])
{
	if (ms <= 0)
		return "founding";
	federation_time_text((uint64_t)ms, out);
	out[10] = ' ';
	out[19] = '\0';
	return out;
}

/* What moved a balance, as a sentence's part. */
static void
why(const struct jv *e, char *out, size_t len)
{
	static const struct {
		const char *cause, *text;
		char what; /* a: about, r: round, p: proposal, t: transaction,
			    * w: to or from whom */
	} rows[] = {
	    {"opening", "opening balance", 0},
	    {"fee", "fee", 't'},
	    {"transfer", "transfer", 'w'},
	    {"escrow", "escrow of order", 'a'},
	    {"refund", "returned by order", 'a'},
	    {"data_price", "price of data used in round", 'r'},
	    {"signed", "signed the block of round", 'r'},
	    {"data_reward", "gave data to round", 'r'},
	    {"contribution", "contribution to round", 'r'},
	    {"remainder", "what was left of round", 'r'},
	    {"decision", "proposal", 'p'},
	    {"lease", "lease of version", 'a'},
	    {"royalty", "royalty of version", 'a'},
	};
	const bool out_going = ctl_integer(e, "change") < 0;
	char id[CTL_TEXT_LEN], memo[80], party[80];
	size_t i = 0;

	while (i < sizeof(rows) / sizeof(rows[0]) &&
	    strcmp(rows[i].cause, ctl_string(e, "cause")) != 0)
		i++;
	if (i == sizeof(rows) / sizeof(rows[0])) {
		ctl_text_clean(ctl_string(e, "cause"), out, len);
		return;
	}
	switch (rows[i].what) {
	case 'a':
	case 't':
		ctl_text_id(ctl_string(e, rows[i].what == 'a' ? "about" : "tx"),
		    id);
		snprintf(out, len, "%s %s", rows[i].text, id);
		break;
	case 'r':
		snprintf(out, len, "%s %" PRId64, rows[i].text,
		    ctl_integer(e, "round"));
		break;
	case 'p':
		snprintf(out, len, "%s %" PRId64, rows[i].text,
		    ctl_integer(e, "proposal"));
		break;
	case 'w':
		ctl_text_clean(ctl_string(e, out_going ? "receiver" : "sender"),
		    party, sizeof(party));
		ctl_text_clean(ctl_string(e, "memo"), memo, sizeof(memo));
		snprintf(out, len, "%s %s%s%s", out_going ? "to" : "from",
		    party, memo[0] != '\0' ? ": " : "", memo);
		break;
	default:
		snprintf(out, len, "%s", rows[i].text);
		break;
	}
}

static int
print_history(const struct jv *v)
{
	static const char *const titles[] = {">BLOCK", "TIME (UTC)", ">CHANGE",
	    ">BALANCE", "WHY"};
	const struct jv *list = jv_get(v, "entries");
	struct ctl_table t;
	int rc;

	if (jv_len(list) == 0) {
		puts("nothing moved on this account yet");
		return CLI_OK;
	}
	ctl_table_init(&t, titles, 5);
	for (size_t i = 0; i < jv_len(list); i++) {
		const struct jv *e = jv_at(list, i);
		char height[24], when[FEDERATION_TIME_LEN];
		char change[CTL_TEXT_LEN], balance[CTL_TEXT_LEN], text[200];
		const char *cells[5] = {height, NULL, change, balance, text};

		snprintf(height, sizeof(height), "%" PRId64,
		    ctl_integer(e, "height"));
		cells[1] = time_text(ctl_integer(e, "time_ms"), when);
		ctl_text_tokens(ctl_integer(e, "change"), change);
		ctl_text_tokens(ctl_integer(e, "balance"), balance);
		why(e, text, sizeof(text));
		ctl_table_add(&t, cells);
	}
	rc = ctl_table_print(&t, stdout) == 0
	    ? CLI_OK
	    : cli_error(CLI_FAILED, "out of memory");
	ctl_table_close(&t);
	printf("as of block %" PRId64 "; for accountants: qmlctl ledger export "
	       "--csv\n",
	    ctl_integer(v, "applied_height"));
	return rc;
}

int
ctl_ledger_history(int argc, char **argv)
{
	const char *n_text = NULL;
	const struct cli_option own[] = {{"n", &n_text, NULL}};
	const struct ctl_args a = {own, 1,
	    "usage: qmlctl ledger history [WHO] [-n N]\n"
	    "The last N (50) changes of an account's balance, ours unless a "
	    "member, a\nkey or `treasury` is named, and what was left after "
	    "each.\n",
	    2};
	struct jv *v = NULL, *p = jv_object();
	uint64_t n = 50;
	struct ctl c;
	int rc = ctl_parse(&c, &a, &argc, argv);

	if (rc == CLI_OK && n_text != NULL &&
	    (!ctl_number(n_text, &n) || n == 0 || n > PAGE))
		rc = cli_error(CLI_USAGE, "-n: \"%.40s\" is not 1 to %d",
		    n_text, PAGE);
	if (rc == CLI_OK && argc > 2)
		jv_put_string(p, "account", argv[2]);
	jv_put_integer(p, "n", (int64_t)n);
	if (rc == CLI_OK)
		rc = ctl_call(&c, "ledger.history", p, &v);
	else
		jv_free(p);
	if (rc == CLI_OK)
		rc = c.json ? ctl_print_json(v) : print_history(v);
	jv_free(v);
	ctl_close(&c);
	return rc < 0 ? CLI_OK : rc;
}

/* A cell that no spreadsheet takes for a formula, and that shows what it
 * has. */
static void
put_cell(const char *text)
{
	bool quoted = strpbrk(text, ",\"\r\n") != NULL;

	if (text[0] != '\0' && strchr("=+-@", text[0]) != NULL)
		quoted = true;
	if (quoted)
		putchar('"');
	if (text[0] != '\0' && strchr("=+-@", text[0]) != NULL)
		putchar('\'');
	for (; *text != '\0'; text++) {
		const size_t n = plain_acts(text);

		if (*text == '"')
			putchar('"');
		putchar(n > 0 ? '?' : *text);
		text += n > 0 ? n - 1 : 0;
	}
	if (quoted)
		putchar('"');
}

static void
put_tokens(int64_t units)
{
	char text[CTL_TEXT_LEN];

	printf(",%s", ctl_text_tokens(units, text));
}

/* Columns between opening and closing, by the causes of entries. */
static const struct {
	const char *title, *cause;
	bool in, out;
} columns[] = {
    {"founding", "opening", true, true},
    {"fees", "fee", true, true},
    {"transfers_in", "transfer", true, false},
    {"transfers_out", "transfer", false, true},
    {"escrow_paid", "escrow", true, true},
    {"escrow_returned", "refund", true, true},
    {"data_sold", "data_price", true, true},
    {"data_rewards", "data_reward", true, true},
    {"signing", "signed", true, true},
    {"contributions", "contribution", true, true},
    {"remainders", "remainder", true, true},
    {"decisions", "decision", true, true},
    {"leases_in", "lease", true, false},
    {"leases_out", "lease", false, true},
    {"royalties", "royalty", true, true},
};

#define NCOLUMNS (sizeof(columns) / sizeof(columns[0]))

static int64_t
column_of(const struct jv *sums, const char *account, size_t i)
{
	int64_t sum = 0;

	for (size_t k = 0; k < jv_len(sums); k++) {
		const struct jv *s = jv_at(sums, k);

		if (strcmp(ctl_string(s, "account"), account) != 0 ||
		    strcmp(ctl_string(s, "cause"), columns[i].cause) != 0)
			continue;
		sum += columns[i].in ? ctl_integer(s, "in") : 0;
		sum -= columns[i].out ? ctl_integer(s, "out") : 0;
	}
	return sum;
}

static int
print_settlement(const struct jv *v)
{
	const struct jv *rows = jv_get(v, "accounts");
	const struct jv *sums = jv_get(v, "sums");
	const struct jv *period = jv_at(jv_get(v, "period"), 0);

	fputs("account,name,balance_units,transactions,opening", stdout);
	for (size_t i = 0; i < NCOLUMNS; i++)
		printf(",%s", columns[i].title);
	puts(",closing,from_block,to_block");
	for (size_t r = 0; r < jv_len(rows); r++) {
		const struct jv *a = jv_at(rows, r);
		const char *account = ctl_string(a, "account");

		printf("%s,", account);
		put_cell(ctl_string(a, "name"));
		printf(",%" PRId64 ",%" PRId64, ctl_integer(a, "closing"),
		    ctl_integer(a, "transactions"));
		put_tokens(ctl_integer(a, "opening"));
		for (size_t i = 0; i < NCOLUMNS; i++)
			put_tokens(column_of(sums, account, i));
		put_tokens(ctl_integer(a, "closing"));
		printf(",%" PRId64 ",%" PRId64 "\n",
		    ctl_integer(period, "from"), ctl_integer(period, "to"));
	}
	return CLI_OK;
}

static void
print_entry(const struct jv *e)
{
	static const char *const texts[] = {"name", "cause", "sender",
	    "receiver", "tx", "about", "memo"};
	static const char *const numbers[] = {"round", "proposal"};
	char when[FEDERATION_TIME_LEN];

	printf("%" PRId64 ",%s,%s", ctl_integer(e, "height"),
	    time_text(ctl_integer(e, "time_ms"), when),
	    ctl_string(e, "account"));
	put_tokens(ctl_integer(e, "change"));
	put_tokens(ctl_integer(e, "balance"));
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		putchar(',');
		put_cell(ctl_string(e, texts[i]));
	}
	for (size_t i = 0; i < 2; i++)
		if (jv_get(e, numbers[i]) != NULL)
			printf(",%" PRId64, ctl_integer(e, numbers[i]));
		else
			putchar(',');
	putchar('\n');
}

/* All pages; *all is the first one with the entries of the others. */
static int
print_entries(struct ctl *c, const struct jv *period)
{
	int64_t after = -1;
	int rc;

	if (!c->json)
		puts("block,time_utc,account,change,balance,name,cause,sender,"
		     "receiver,tx,about,memo,round,proposal");
	for (;;) {
		struct jv *p = jv_copy(period), *v = NULL;
		const struct jv *list;
		size_t n;

		jv_put_integer(p, "after", after);
		jv_put_integer(p, "n", PAGE);
		rc = ctl_call(c, "ledger.entries", p, &v);
		list = jv_get(v, "entries");
		n = jv_len(list);
		if (rc == CLI_OK && c->json && (n > 0 || after < 0))
			rc = ctl_print_json(v);
		for (size_t i = 0; rc == CLI_OK && !c->json && i < n; i++)
			print_entry(jv_at(list, i));
		if (n > 0)
			after = ctl_integer(jv_at(list, n - 1), "row");
		jv_free(v);
		if (rc != CLI_OK || n < PAGE)
			return rc;
	}
}

/* A height, or a day as 2026-11-01: its first moment. */
static int
put_bound(struct jv *p, const char *name, const char *word)
{
	char text[40], key[16];
	uint64_t v;

	if (word == NULL)
		return CLI_OK;
	if (ctl_number(word, &v)) {
		jv_put_integer(p, name, (int64_t)v);
		return CLI_OK;
	}
	snprintf(text, sizeof(text), "%.20sT00:00:00Z", word);
	snprintf(key, sizeof(key), "%s_ms", name);
	if (federation_time_parse(text, &v) < 0)
		return cli_error(CLI_USAGE,
		    "--%s: \"%.40s\" is neither a block's height nor a day "
		    "such as 2026-11-01",
		    name, word);
	jv_put_integer(p, key, (int64_t)v);
	return CLI_OK;
}

int
ctl_ledger_export(int argc, char **argv)
{
	bool csv = false, entries = false;
	const char *from = NULL, *to = NULL;
	const struct cli_option own[] = {{"csv", NULL, &csv},
	    {"entries", NULL, &entries}, {"from", &from, NULL},
	    {"to", &to, NULL}};
	const struct ctl_args a = {own, 4,
	    "usage: qmlctl ledger export --csv [--entries] [--from F] "
	    "[--to T]\n"
	    "A settlement file: every account, what it had, what came and went "
	    "by cause,\nwhat it has; --entries: every single change. F and T "
	    "are heights of blocks,\nboth included, or days in UTC, the second "
	    "not included.\n",
	    1};
	struct jv *v = NULL, *p = jv_object();
	struct ctl c;
	int rc = ctl_parse(&c, &a, &argc, argv);

	if (rc == CLI_OK)
		rc = put_bound(p, "from", from);
	if (rc == CLI_OK)
		rc = put_bound(p, "to", to);
	if (rc == CLI_OK && !csv && !c.json)
		rc = cli_error(CLI_USAGE,
		    "ledger export: want --csv or --json: qmlctl ledger export "
		    "--csv > settlement.csv");
	if (rc == CLI_OK && entries) {
		rc = print_entries(&c, p);
	} else if (rc == CLI_OK) {
		rc = ctl_call(&c, "ledger.settlement", jv_copy(p), &v);
		if (rc == CLI_OK)
			rc = c.json ? ctl_print_json(v) : print_settlement(v);
	}
	jv_free(p);
	jv_free(v);
	ctl_close(&c);
	return rc < 0 ? CLI_OK : rc;
}
