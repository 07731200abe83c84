#include "daemon/node/ctl_reports.h"

/* The period as heights. */
const char ctl_report_wish[] =
    "WITH w(key, lo, hi, lo_ms, hi_ms, n, row) AS (VALUES (?,?,?,?,?,?,?)),"
    " q AS (SELECT key, n, row, max(lo, CASE WHEN lo_ms > 0 THEN"
    " ifnull((SELECT min(height) FROM blocks WHERE time_ms >= lo_ms),"
    " 9223372036854775807) ELSE 0 END) AS lo, min(hi,"
    " CASE WHEN hi_ms < 9223372036854775807 THEN ifnull((SELECT max(height)"
    " FROM blocks WHERE time_ms < hi_ms), 0) ELSE (SELECT value FROM meta"
    " WHERE key = 'applied_height') END) AS hi FROM w), who AS (SELECT"
    " account, CASE name WHEN '' THEN account ELSE name END AS name"
    " FROM accounts) ";

#define ENTRY_COLUMNS                                                   \
	"row:i height:i time_ms:i account:t name:t change:i balance:i " \
	"cause:t tx:t about:t round:i proposal:i memo:t sender:t receiver:t"
#define ENTRY_SELECT                                                       \
	"SELECT e.height * 1000000 + e.seq AS row, e.height, b.time_ms,"   \
	" e.account, a.name, e.change, e.balance, e.cause, e.tx, e.about," \
	" e.round, e.proposal, t.memo, ifnull(nullif(s.name, ''),"         \
	" t.sender), ifnull(nullif(r.name, ''), t.receiver)"               \
	" FROM q, entries AS e LEFT JOIN blocks AS b ON b.height ="        \
	" e.height LEFT JOIN accounts AS a ON a.account = e.account"       \
	" LEFT JOIN txs AS t ON t.id = e.tx"                               \
	" LEFT JOIN accounts AS s ON s.account = t.sender"                 \
	" LEFT JOIN accounts AS r ON r.account = t.receiver"

static const char history_sql[] =
    "SELECT * FROM (" ENTRY_SELECT
    " WHERE e.account = q.key AND e.height * 1000000 + e.seq < q.row"
    " ORDER BY e.height DESC, e.seq DESC LIMIT (SELECT n FROM q))"
    " ORDER BY 1";

static const char entries_sql[] =
    ENTRY_SELECT " WHERE e.height BETWEEN q.lo AND q.hi"
		 " AND e.height * 1000000 + e.seq > q.row"
		 " ORDER BY e.height, e.seq LIMIT (SELECT n FROM q)";

static const char period_sql[] =
    "SELECT q.lo, q.hi, (SELECT time_ms FROM blocks WHERE height = q.lo),"
    " (SELECT time_ms FROM blocks WHERE height = q.hi) FROM q";

#define BALANCE_AT                                                   \
	"ifnull((SELECT balance FROM entries AS e WHERE e.account =" \
	" a.account AND e.height <= "
#define NEWEST " ORDER BY e.height DESC, e.seq DESC LIMIT 1), 0)"

static const char accounts_sql[] =
    "SELECT a.account, a.name, (SELECT count(*) FROM txs WHERE sender ="
    " a.account AND height BETWEEN q.lo AND q.hi), " BALANCE_AT
    "q.lo - 1" NEWEST ", " BALANCE_AT "q.hi" NEWEST
    " FROM q, (SELECT account, name FROM accounts UNION ALL"
    " SELECT 'treasury', 'treasury') AS a"
    " ORDER BY a.name = '', a.name, a.account";

static const char sums_sql[] =
    "SELECT e.account, e.cause, sum(max(e.change, 0)),"
    " -sum(min(e.change, 0)) FROM q, entries AS e"
    " WHERE e.height BETWEEN q.lo AND q.hi"
    " GROUP BY e.account, e.cause ORDER BY 1, 2";

/* The newest n, oldest of them first. */
const struct ctl_report ctl_report_history = {"qml.ledger_history/1",
    {{"entries", ENTRY_COLUMNS, history_sql}}};

/* The first n after a row. */
const struct ctl_report ctl_report_entries = {"qml.ledger_entries/1",
    {{"entries", ENTRY_COLUMNS, entries_sql}}};

/* What every account had, what moved it, and what it has. */
const struct ctl_report ctl_report_settlement = {"qml.ledger_settlement/1",
    {{"period", "from:i to:i from_ms:i to_ms:i", period_sql},
	{"accounts", "account:t name:t transactions:i opening:i closing:i",
	    accounts_sql},
	{"sums", "account:t cause:t in:i out:i", sums_sql}}};

static const char token_sql[] =
    "SELECT t.id, t.job, t.parent, t.model, t.round_from, t.round_to,"
    " t.minted, b.time_ms, ifnull((SELECT name FROM who WHERE account ="
    " t.owner), t.owner), ifnull((SELECT name FROM who WHERE account ="
    " t.approved), t.approved), ifnull((SELECT name FROM who WHERE"
    " account = t.user), t.user), t.user_until, t.royalty_ppm,"
    " t.uses_withdrawn_data FROM q, tokens AS t LEFT JOIN blocks AS b ON"
    " b.height = t.minted WHERE t.id = q.key";

static const char shares_sql[] =
    "SELECT m.name, s.ppm FROM q, shares AS s JOIN members AS m ON"
    " m.member = s.member WHERE s.token = q.key ORDER BY s.ppm DESC, 1";

/* Nearest first; a chain of versions ends, since a parent is older. */
static const char parents_sql[] =
    "SELECT id, model, minted, owner FROM (WITH RECURSIVE line(id, depth)"
    " AS (SELECT t.parent, 1 FROM q, tokens AS t WHERE t.id = q.key UNION"
    " ALL SELECT t.parent, depth + 1 FROM line JOIN tokens AS t ON t.id ="
    " line.id WHERE depth < 1000) SELECT t.id, t.model, t.minted,"
    " ifnull((SELECT name FROM who WHERE account = t.owner), t.owner) AS"
    " owner, depth FROM line JOIN tokens AS t ON t.id = line.id ORDER BY"
    " depth)";

/* What was done with it, and what happened to its data. */
static const char events_sql[] =
    "SELECT e.height, b.time_ms, e.kind, e.sender, e.receiver, e.amount,"
    " e.until, e.tx, e.about FROM ( SELECT t.minted AS height, -1 AS"
    " place, 'minted' AS kind, NULL AS sender, NULL AS receiver, NULL AS"
    " amount, NULL AS until, NULL AS tx, t.model AS about FROM q, tokens"
    " AS t WHERE t.id = q.key UNION ALL SELECT x.height, x.place, x.kind,"
    " ifnull((SELECT name FROM who WHERE account = x.sender), x.sender),"
    " ifnull((SELECT name FROM who WHERE account = x.receiver),"
    " x.receiver), x.amount, x.until, x.id, NULL FROM q, txs AS x WHERE"
    " x.object = q.key UNION ALL SELECT x.height, x.place, x.kind,"
    " ifnull((SELECT name FROM who WHERE account = x.sender), x.sender),"
    " NULL, NULL, NULL, x.id, a.name FROM q, tokens AS t JOIN uses AS u"
    " ON u.job = t.job JOIN assets AS a ON a.id = u.asset JOIN txs AS x"
    " ON x.object = a.id WHERE t.id = q.key AND x.kind IN"
    " ('asset_withdraw', 'asset_erased')) AS e LEFT JOIN blocks AS b ON"
    " b.height = e.height ORDER BY e.height, e.place";

static const char data_sql[] =
    "SELECT a.id, a.name, ifnull((SELECT name FROM who WHERE account ="
    " a.owner), a.owner), a.rows, a.root, a.purpose, a.licence, u.rounds,"
    " s.state, a.withdrawn, a.erased, s.state IN ('withdrawn', 'erased',"
    " 'banned'), a.epsilon_milli, a.delta_exp, a.epsilon_spent_nano,"
    " a.noisy_steps FROM q, tokens AS t JOIN uses AS u ON u.job = t.job"
    " JOIN assets AS a ON a.id = u.asset JOIN asset_states AS s ON s.id ="
    " a.id WHERE t.id = q.key ORDER BY 2, 1";

static const char training_sql[] =
    "SELECT count(*), sum(kind = 'aggregate'), sum(kind = 'skip'),"
    " max(CASE WHEN kind = 'aggregate' THEN updates END) FROM q, tokens"
    " AS t JOIN rounds AS r ON r.round >= t.round_from AND r.round <"
    " t.round_to WHERE t.id = q.key";

/* Of the model that the round began with, on the members' rows: millionths,
 * since a share of rows is exact and a loss is for people. */
static const char last_sql[] =
    "SELECT r.round, r.height, r.updates, r.rows, r.correct,"
    " CAST(r.loss_before * 1000000 AS INTEGER), r.control_correct,"
    " CAST(r.control_loss * 1000000 AS INTEGER), r.valid_rows,"
    " r.valid_correct, CAST(r.valid_loss * 1000000 AS INTEGER),"
    " r.valid_control_correct, CAST(r.valid_control_loss * 1000000 AS"
    " INTEGER) FROM q, tokens AS t JOIN rounds AS r ON r.round >="
    " t.round_from AND r.round < t.round_to AND r.kind = 'aggregate'"
    " WHERE t.id = q.key ORDER BY r.round DESC LIMIT 1";

static const char paid_sql[] =
    "SELECT ifnull((SELECT name FROM who WHERE account = p.account),"
    " p.account), sum(p.value), sum(p.paid), count(*) FROM q, tokens AS t"
    " JOIN payouts AS p ON p.job = t.job WHERE t.id = q.key GROUP BY"
    " p.account ORDER BY 3 DESC, 1";

/* Everything the chain knows of a version. */
const struct ctl_report ctl_report_version = {"qml.model_version/1",
    {{"token",
	 "id:t job:t parent:t model:t round_from:i round_to:i minted:i "
	 "time_ms:i owner:t approved:t user:t user_until:i royalty_ppm:i "
	 "uses_withdrawn_data:b",
	 token_sql},
	{"shares", "member:t ppm:i", shares_sql},
	{"parents", "id:t model:t minted:i owner:t", parents_sql},
	{"events",
	    "height:i time_ms:i kind:t sender:t receiver:t amount:i until:i "
	    "tx:t about:t",
	    events_sql},
	{"data",
	    "id:t name:t owner:t rows:i root:t purpose:t licence:t rounds:i "
	    "state:t withdrawn:i erased:i flagged:b epsilon_milli:i "
	    "delta_exp:i epsilon_spent_nano:i noisy_steps:i",
	    data_sql},
	{"training", "rounds:i aggregated:i skipped:i updates_max:i",
	    training_sql},
	{"last",
	    "round:i height:i updates:i rows:i correct:i loss_ppm:i "
	    "control_correct:i control_loss_ppm:i valid_rows:i "
	    "valid_correct:i valid_loss_ppm:i valid_control_correct:i "
	    "valid_control_loss_ppm:i",
	    last_sql},
	{"paid", "member:t value:i paid:i rounds:i", paid_sql}}};
