/*
 * ctl_ledger.c - balances, and the ledger's tables as a person reads them.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "daemon/cli/ctl_books.h"
#include "daemon/cli/ctl_settle.h"
#include "daemon/cli/ctl_text.h"

#define COLUMNS 8

enum cell {
	CELL_TEXT,
	CELL_NUMBER,
	CELL_TOKENS,
};

static const struct view {
	const char *table;
	struct {
		const char *title, *key;
		enum cell cell;
	} columns[COLUMNS];
} views[] = {
    {"accounts",
	{{"NAME", "name", CELL_TEXT}, {">BALANCE", "balance", CELL_TOKENS},
	    {">SENT", "nonce", CELL_NUMBER}, {"ACCOUNT", "account", 0}}},
    {"assets",
	{{"NAME", "name", 0}, {"OWNER", "owner", 0}, {"STATE", "state", 0},
	    {">ROWS", "rows", CELL_NUMBER}, {">PRICE", "price", CELL_TOKENS},
	    {"ID", "id", 0}}},
    {"orders",
	{{"BUYER", "buyer", 0}, {"STATE", "state", 0}, {"TASK", "task", 0},
	    {">PLACE", "queue", CELL_NUMBER},
	    {">ROUNDS", "rounds_run", CELL_NUMBER},
	    {">ESCROW", "escrow", CELL_TOKENS}, {"ID", "id", 0},
	    {"ACCEPT OF", "waits_for", 0}}},
    {"proposals",
	{{">N", "id", CELL_NUMBER}, {"KIND", "kind", 0}, {"STATE", "state", 0},
	    {">END", "end", CELL_NUMBER}, {"PROPOSER", "proposer", 0},
	    {"TITLE", "title", 0}, {"WOULD", "does", 0}}},
    {"tokens",
	{{"OWNER", "owner", 0}, {">ROUNDS", "round_to", CELL_NUMBER},
	    {">MINTED", "minted", CELL_NUMBER}, {"USER", "user", 0},
	    {"TOKEN", "id", 0}}},
    {"credentials",
	{{"ISSUER", "issuer", 0}, {"SUBJECT", "subject", 0},
	    {"TYPE", "type_name", 0}, {"STATE", "state", 0},
	    {">REVOKED", "revoked", CELL_NUMBER}, {"HASH", "id", 0}}},
};

static void
add_row(struct ctl_table *t, const struct view *v, const struct jv *row)
{
	char text[COLUMNS][160];
	const char *cells[COLUMNS];

	for (size_t i = 0; i < t->ncolumns; i++) {
		const char *key = v->columns[i].key;
		int64_t n = ctl_integer(row, key);

		cells[i] = text[i];
		if (v->columns[i].cell == CELL_TOKENS)
			ctl_text_tokens(n, text[i]);
		else if (v->columns[i].cell == CELL_NUMBER)
			snprintf(text[i], sizeof(text[i]), "%" PRId64, n);
		else
			ctl_text_clean(ctl_string(row, key), text[i],
			    sizeof(text[i]));
	}
	ctl_table_add(t, cells);
}

int
ctl_books_print(const char *table, const struct jv *list)
{
	const char *titles[COLUMNS];
	const struct view *v = views;
	struct ctl_table t;
	size_t n = 0;
	int rc;

	while (strcmp(v->table, table) != 0)
		v++;
	if (jv_len(list) == 0) {
		puts("none yet");
		return CLI_OK;
	}
	while (n < COLUMNS && v->columns[n].title != NULL) {
		titles[n] = v->columns[n].title;
		n++;
	}
	ctl_table_init(&t, titles, n);
	for (size_t i = 0; i < jv_len(list); i++)
		add_row(&t, v, jv_at(list, i));
	rc = ctl_table_print(&t, stdout) == 0
	    ? CLI_OK
	    : cli_error(CLI_FAILED, "out of memory");
	ctl_table_close(&t);
	return rc;
}

static int
print_balance(const struct jv *v)
{
	static const char *const keys[] = {"treasury", "minted", "burned"};
	const struct jv *a = jv_get(v, "account");
	char text[CTL_TEXT_LEN];

	ctl_text_tokens(ctl_integer(a, "balance"), text);
	printf("%s  %s tokens\n",
	    ctl_string(a, "name")[0] != '\0' ? ctl_string(a, "name")
					     : "account",
	    text);
	printf("account   %s\nsent      %" PRId64 " transactions\n",
	    ctl_string(a, "account"), ctl_integer(a, "nonce"));
	for (size_t i = 0; i < 3; i++) {
		ctl_text_tokens(ctl_integer(v, keys[i]), text);
		printf("%-9s %s\n", keys[i], text);
	}
	return CLI_OK;
}

/* ledger balance [WHO] */
static int
balance(int argc, char **argv)
{
	const struct ctl_args a = {NULL, 0,
	    "usage: qmlctl ledger balance [WHO]\n"
	    "An account, ours unless a member or a key is named, and the "
	    "totals.\n",
	    2};
	struct jv *v = NULL, *p = jv_object();
	struct ctl c;
	int rc = ctl_parse(&c, &a, &argc, argv);

	if (rc == CLI_OK && argc > 2)
		jv_put_string(p, "account", argv[2]);
	if (rc == CLI_OK)
		rc = ctl_call(&c, "ledger.account", p, &v);
	else
		jv_free(p);
	if (rc == CLI_OK)
		rc = c.json ? ctl_print_json(v) : print_balance(v);
	jv_free(v);
	ctl_close(&c);
	return rc < 0 ? CLI_OK : rc;
}

int
ctl_cmd_ledger(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "balance") == 0)
			return balance(argc, argv);
		if (strcmp(argv[i], "export") == 0)
			return ctl_ledger_export(argc, argv);
		if (strcmp(argv[i], "history") == 0)
			return ctl_ledger_history(argc, argv);
	}
	return ctl_books_command("ledger", argc, argv);
}

int
ctl_cmd_job(int argc, char **argv)
{
	return ctl_books_command("job", argc, argv);
}

int
ctl_cmd_proposal(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], "show") == 0)
			return ctl_proposal_show(argc, argv);
	return ctl_books_command("proposal", argc, argv);
}
