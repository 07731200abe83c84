#include "daemon/cli/ctl_books.h"

#define T CTL_FIELD_TEXT
#define N CTL_FIELD_NUMBER
#define A CTL_FIELD_TOKENS
#define L CTL_FIELD_LIST
#define F CTL_FIELD_FILE

const struct ctl_verb ctl_verbs[] = {
    {"ledger", "list", NULL, "accounts", {{0}}, {{0}}, "",
	"every account and what it holds"},
    {"ledger", "transfer", "transfer", NULL, {{"to", T}, {"amount", A}},
	{{"memo", T}, {"fee", A}}, "TO AMOUNT [--memo TEXT] [--fee AMOUNT]",
	"tokens to a member or to a key of 64 hex digits"},
    {"data", "list", NULL, "assets", {{0}}, {{0}}, "",
	"registered data and what they allow"},
    {"data", "register", "asset_register", NULL, {{"name", T}},
	{{"purpose", T}, {"licence", T}, {"tasks", L}, {"circuits", L},
	    {"price", A}, {"rounds", N}, {"expires-in", N},
	    {"epsilon-milli", N}, {"delta-exp", N}, {"parent", T},
	    {"manifest", F}, {"root", T}, {"rows", N}, {"credential", T}},
	"NAME --tasks vqc,linear [--circuits HASH,...] [--purpose TEXT]\n"
	"       [--licence SPDX] [--price TOKENS] [--rounds N] "
	"[--expires-in BLOCKS]\n"
	"       [--epsilon-milli E --delta-exp D] [--parent ID] "
	"[--manifest FILE]\n"
	"       [--root HASH --rows N] [--credential TYPE] [--terms]",
	"register the trainer's rows; nothing is allowed that is not named"},
    {"data", "withdraw", "asset_withdraw", NULL, {{"id", T}}, {{0}}, "ID",
	"end consent with the next round"},
    {"job", "list", NULL, "orders", {{0}}, {{0}}, "",
	"orders and how far they are"},
    {"job", "order", "order", NULL, {{"job", CTL_FIELD_MAYBE}},
	{{"assets", L}, {"price", A}, {"escrow", A}, {"purpose", T},
	    {"policy", T}},
	"[FILE] --assets ID,... --price TOKENS --escrow TOKENS\n"
	"       [--purpose TEXT] [--policy HASH]",
	"have the job in this file, or the last one again, trained on these "
	"data"},
    {"job", "accept", "order_accept", NULL, {{"id", T}}, {{0}}, "ID",
	"as an owner of its data"},
    {"job", "cancel", "order_cancel", NULL, {{"id", T}}, {{0}}, "ID",
	"as its buyer; what is left of the escrow comes back"},
    {"proposal", "list", NULL, "proposals", {{0}}, {{0}}, "",
	"proposals and how they stand"},
    {"proposal", "new", "propose", NULL, {{"proposal", T}, {"title", T}},
	{{"text", F}, {"asset", T}, {"ban", N}, {"policy", T}, {"to", T},
	    {"amount", A}, {"set", T}, {"blocks", N}, {"version", N},
	    {"height", N}, {"remove", T}, {"member", T}, {"power", N},
	    {"weight", N}},
	"KIND TITLE [--text FILE] and by KIND:\n"
	"       text; param --set NAME=VALUE,...;\n"
	"       rule --set rule=[BEFORE+...]NAME,clip=LENGTH;\n"
	"       pause --blocks N; job (ends it);\n"
	"       asset --asset ID --ban 0|1; ethics --policy HASH;\n"
	"       treasury --to WHO --amount TOKENS; upgrade --version V "
	"--height H;\n"
	"       member --remove NAME, or --member NAME [--power P] "
	"[--weight W]",
	"put something to the vote"},
    {"proposal", "vote", "vote", NULL, {{"id", N}, {"option", T}}, {{0}},
	"N yes|no|veto|abstain", "vote, or vote again until the end"},
    {"model", "list", NULL, "tokens", {{0}}, {{0}}, "",
	"versions: whose, from which job, whose work"},
    {"model", "transfer", "model_transfer", NULL, {{"token", T}, {"to", T}},
	{{0}}, "TOKEN TO", "a version to another owner"},
    {"model", "approve", "model_approve", NULL, {{"token", T}, {"to", T}},
	{{0}}, "TOKEN TO", "somebody may transfer it"},
    {"model", "lease", "model_lease", NULL, {{"token", T}, {"to", T}},
	{{"expires-in", N}, {"price", A}},
	"TOKEN TO --expires-in BLOCKS [--price TOKENS]",
	"a user for some blocks"},
    {"credential", "list", NULL, "credentials", {{0}}, {{0}}, "",
	"who vouched for whom"},
    {"credential", "register", "credential", NULL, {{"id", T}, {"subject", T}},
	{{"type", N}, {"expires-in", N}},
	"HASH SUBJECT --type N [--expires-in BLOCKS]",
	"put the hash of a credential that was signed elsewhere on the ledger"},
    {"credential", "revoke", "revoke", NULL, {{"id", T}}, {{0}}, "HASH",
	"from the next block on it counts no more"},
};

const size_t ctl_nverbs = sizeof(ctl_verbs) / sizeof(ctl_verbs[0]);
