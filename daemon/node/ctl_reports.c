#include "daemon/node/ctl_reports.h"

/* The period as heights. */
const char ctl_report_wish[] =
    "WITH w(key, lo, hi, lo_ms, hi_ms, n, row) AS (VALUES (?,?,?,?,?,?,?)),"
    " q AS (SELECT key, n, row, max(lo, CASE WHEN lo_ms > 0 THEN"
    " ifnull((SELECT min(height) FROM blocks WHERE time_ms >= lo_ms),"
    " 9223372036854775807) ELSE 0 END) AS lo, min(hi,"
    " CASE WHEN hi_ms < 9223372036854775807 THEN ifnull((SELECT max(height)"
    " FROM blocks WHERE time_ms < hi_ms), 0) ELSE (SELECT value FROM meta"
    " WHERE key = 'applied_height') END) AS hi FROM w) ";

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
