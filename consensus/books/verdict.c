#include "consensus/books/verdict.h"

#include <stddef.h>

struct verdict_row {
	const char *name;
	const char *text;
};

static const struct verdict_row rows[BOOKS_VERDICTS] = {
    [BOOKS_OK] = {"ok", "accepted"},
    [BOOKS_BODY] = {"body", "the transaction's body is malformed"},
    [BOOKS_EXPIRED] = {"expired",
	"the transaction came after the height "
	"that it names as its last"},
    [BOOKS_NONCE] = {"nonce",
	"the transaction was played before, or one "
	"before it is missing"},
    [BOOKS_FEE] = {"fee", "the fee is below the least one"},
    [BOOKS_FUNDS] = {"funds", "the account does not hold that much"},
    [BOOKS_NOBODY] = {"nobody", "there is no such account"},
    [BOOKS_NOT_MEMBER] = {"not_member", "only members may do this"},
    [BOOKS_EXISTS] = {"exists", "it was registered before"},
    [BOOKS_UNKNOWN] = {"unknown", "there is nothing under this id"},
    [BOOKS_NOT_OWNER] = {"not_owner", "only its owner may do this"},
    [BOOKS_STATE] = {"state", "this is not possible as it stands now"},
    [BOOKS_ASSET_WITHDRAWN] = {"asset_withdrawn",
	"the data asset's consent was withdrawn"},
    [BOOKS_ASSET_EXPIRED] = {"asset_expired",
	"the data asset's consent has expired"},
    [BOOKS_ASSET_BANNED] = {"asset_banned",
	"the members voted the data asset out"},
    [BOOKS_ASSET_USED_UP] = {"asset_used_up",
	"the data asset's rounds or its privacy budget are used up"},
    [BOOKS_TASK_DENIED] = {"task_denied",
	"the data asset does not allow this task"},
    [BOOKS_CIRCUIT_DENIED] = {"circuit_denied",
	"the data asset does not allow this circuit"},
    [BOOKS_PRICE] = {"price",
	"the data assets cost more a round than the order pays"},
    [BOOKS_PURPOSE] = {"purpose",
	"the order's purpose is not the data asset's"},
    [BOOKS_POLICY] = {"policy",
	"the order does not name the ethics policy in force"},
    [BOOKS_PRIVACY] = {"privacy",
	"the data asset asks for noise that the "
	"job does not add, or its privacy budget "
	"does not reach"},
    [BOOKS_CREDENTIAL] = {"credential",
	"the credential is missing, has lapsed or was revoked"},
    [BOOKS_VOTED] = {"voted", "the vote is not open, or not to this account"},
    [BOOKS_VOTED_SO] = {"voted_so",
	"this account's vote is that already; another one would replace it"},
    [BOOKS_RANGE] = {"range",
	"what it asks for is not possible as things stand, or is out of "
	"bounds"},
    [BOOKS_LIMIT] = {"limit", "too many are open at once, or held"},
    [BOOKS_FEW_MEMBERS] = {"few_members",
	"the job's rule needs the data of more members"},
    [BOOKS_NO_MEMORY] = {"no_memory",
	"this node is out of memory: nothing is said about it"},
};

const char *
books_verdict_text(enum books_verdict v)
{
	return v < BOOKS_VERDICTS ? rows[v].text : "an unknown verdict";
}

const char *
books_verdict_name(enum books_verdict v)
{
	return v < BOOKS_VERDICTS ? rows[v].name : "unknown";
}
