/*
 * schema.c - SQL of the index.
 */
#include "consensus/chain/schema.h"

const char schema_tables[] =
    "CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;"
    "CREATE TABLE members (member INTEGER PRIMARY KEY, id TEXT NOT NULL,"
    " name TEXT NOT NULL, address TEXT NOT NULL, power INTEGER NOT NULL,"
    " weight INTEGER NOT NULL);"
    "CREATE TABLE blocks (height INTEGER PRIMARY KEY, id TEXT NOT NULL,"
    " kind TEXT NOT NULL, time_ms INTEGER NOT NULL, proposer INTEGER NOT NULL,"
    " proposed_in INTEGER NOT NULL, committed_in INTEGER NOT NULL,"
    " round INTEGER NOT NULL, answers INTEGER NOT NULL,"
    " attests INTEGER NOT NULL, model TEXT NOT NULL,"
    " state_root TEXT NOT NULL);"
    "CREATE TABLE commits (height INTEGER NOT NULL, validator INTEGER NOT NULL,"
    " PRIMARY KEY (height, validator)) WITHOUT ROWID;"
    "CREATE TABLE rounds (round INTEGER PRIMARY KEY, height INTEGER NOT NULL,"
    " kind TEXT NOT NULL, time_ms INTEGER NOT NULL,"
    " duration_ms INTEGER NOT NULL, updates INTEGER NOT NULL,"
    " answers INTEGER NOT NULL, rows INTEGER NOT NULL,"
    " correct INTEGER NOT NULL, loss_before REAL, loss_after REAL,"
    " control_correct INTEGER, control_loss REAL, valid_rows INTEGER,"
    " valid_correct INTEGER, valid_loss REAL, valid_control_correct INTEGER,"
    " valid_control_loss REAL);"
    "CREATE TABLE answers (round INTEGER NOT NULL, member INTEGER NOT NULL,"
    " id TEXT NOT NULL, kind TEXT NOT NULL, reason TEXT, rows INTEGER,"
    " correct INTEGER, loss_before REAL, loss_after REAL,"
    " replayable INTEGER NOT NULL, state_lost INTEGER NOT NULL,"
    " confined INTEGER NOT NULL, PRIMARY KEY (round, member)) WITHOUT ROWID;"
    "CREATE TABLE attests (round INTEGER NOT NULL, validator INTEGER NOT NULL,"
    " seq INTEGER NOT NULL, held INTEGER NOT NULL,"
    " PRIMARY KEY (round, validator)) WITHOUT ROWID;"
    "CREATE TABLE evidence (height INTEGER NOT NULL, place INTEGER NOT NULL,"
    " id TEXT NOT NULL, member INTEGER NOT NULL, kind TEXT NOT NULL,"
    " at INTEGER NOT NULL, PRIMARY KEY (height, place)) WITHOUT ROWID;"
    "CREATE TABLE txs (height INTEGER NOT NULL, place INTEGER NOT NULL,"
    " id TEXT NOT NULL, kind TEXT NOT NULL, sender TEXT NOT NULL,"
    " nonce INTEGER NOT NULL, fee INTEGER NOT NULL, receiver TEXT,"
    " object TEXT, amount INTEGER, until INTEGER, memo TEXT,"
    " PRIMARY KEY (height, place)) WITHOUT ROWID;"
    "CREATE VIEW metrics AS"
    " SELECT round, 'loss_before' AS name, loss_before AS value FROM rounds"
    " WHERE updates > 0 UNION ALL"
    " SELECT round, 'loss_after', loss_after FROM rounds"
    " WHERE updates > 0 UNION ALL"
    " SELECT round, 'valid_loss', valid_loss FROM rounds"
    " WHERE valid_rows > 0 UNION ALL"
    " SELECT round, 'control_loss', control_loss FROM rounds"
    " WHERE updates > 0 UNION ALL"
    " SELECT round, 'valid_control_loss', valid_control_loss FROM rounds"
    " WHERE valid_rows > 0 UNION ALL"
    " SELECT round, 'accuracy', correct * 1.0 / rows FROM rounds"
    " WHERE rows > 0 UNION ALL"
    " SELECT round, 'seconds', duration_ms / 1000.0 FROM rounds;";

const char schema_books[] =
    "CREATE TABLE accounts (account TEXT PRIMARY KEY, name TEXT NOT NULL,"
    " balance INTEGER NOT NULL, nonce INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE entries (height INTEGER NOT NULL, seq INTEGER NOT NULL,"
    " account TEXT NOT NULL, change INTEGER NOT NULL,"
    " balance INTEGER NOT NULL, cause TEXT NOT NULL, tx TEXT, about TEXT,"
    " round INTEGER, proposal INTEGER, PRIMARY KEY (height, seq))"
    " WITHOUT ROWID;"
    "CREATE TABLE payouts (height INTEGER NOT NULL, job TEXT NOT NULL,"
    " round INTEGER NOT NULL, account TEXT NOT NULL, value INTEGER NOT NULL,"
    " paid INTEGER NOT NULL, PRIMARY KEY (job, round, account))"
    " WITHOUT ROWID;"
    "CREATE TABLE assets (id TEXT PRIMARY KEY, owner TEXT NOT NULL,"
    " name TEXT NOT NULL, rows INTEGER NOT NULL, root TEXT NOT NULL,"
    " schema TEXT NOT NULL, manifest TEXT NOT NULL, parent TEXT,"
    " purpose TEXT NOT NULL, licence TEXT NOT NULL, tasks TEXT NOT NULL,"
    " circuits TEXT NOT NULL, price INTEGER NOT NULL,"
    " credential INTEGER NOT NULL, rounds_max INTEGER NOT NULL,"
    " rounds_used INTEGER NOT NULL, epsilon_milli INTEGER NOT NULL,"
    " delta_exp INTEGER NOT NULL, noisy_steps INTEGER NOT NULL,"
    " epsilon_spent_nano INTEGER NOT NULL, registered INTEGER NOT NULL,"
    " expires INTEGER NOT NULL, withdrawn INTEGER, erased INTEGER,"
    " banned INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE VIEW asset_states AS SELECT id, name, owner, CASE"
    " WHEN banned THEN 'banned' WHEN erased NOT NULL THEN 'erased'"
    " WHEN withdrawn NOT NULL THEN 'withdrawn'"
    " WHEN 1 + (SELECT value FROM meta WHERE key = 'applied_height')"
    " >= expires THEN 'expired'"
    " WHEN rounds_max > 0 AND rounds_used >= rounds_max THEN 'used_up'"
    " ELSE 'active' END AS state FROM assets;"
    "CREATE TABLE orders (id TEXT PRIMARY KEY, buyer TEXT NOT NULL,"
    " state TEXT NOT NULL, purpose TEXT NOT NULL, policy TEXT,"
    " task TEXT NOT NULL, circuit TEXT, rounds INTEGER NOT NULL,"
    " rounds_run INTEGER NOT NULL, price INTEGER NOT NULL,"
    " escrow INTEGER NOT NULL, paid INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE order_assets (order_id TEXT NOT NULL, asset TEXT NOT NULL,"
    " accepted INTEGER NOT NULL, PRIMARY KEY (order_id, asset))"
    " WITHOUT ROWID;"
    "CREATE TABLE proposals (id INTEGER PRIMARY KEY, kind TEXT NOT NULL,"
    " state TEXT NOT NULL, title TEXT NOT NULL, text TEXT NOT NULL,"
    " payload TEXT NOT NULL, proposer INTEGER NOT NULL,"
    " submitted INTEGER NOT NULL, ends INTEGER NOT NULL, eta INTEGER);"
    "CREATE TABLE votes (proposal INTEGER NOT NULL, voter INTEGER NOT NULL,"
    " option TEXT, seats INTEGER NOT NULL, tokens INTEGER NOT NULL,"
    " PRIMARY KEY (proposal, voter)) WITHOUT ROWID;"
    "CREATE TABLE tokens (id TEXT PRIMARY KEY, job TEXT NOT NULL,"
    " parent TEXT, model TEXT NOT NULL, round_from INTEGER NOT NULL,"
    " round_to INTEGER NOT NULL, minted INTEGER NOT NULL,"
    " owner TEXT NOT NULL, approved TEXT, user TEXT, user_until INTEGER,"
    " royalty_ppm INTEGER NOT NULL, uses_withdrawn_data INTEGER NOT NULL)"
    " WITHOUT ROWID;"
    "CREATE TABLE shares (token TEXT NOT NULL, member INTEGER NOT NULL,"
    " ppm INTEGER NOT NULL, PRIMARY KEY (token, member)) WITHOUT ROWID;"
    "CREATE TABLE credentials (id TEXT PRIMARY KEY, type INTEGER NOT NULL,"
    " issuer TEXT NOT NULL, subject TEXT NOT NULL, issued INTEGER NOT NULL,"
    " expires INTEGER NOT NULL, revoked INTEGER) WITHOUT ROWID;"
    "CREATE TABLE uses (job TEXT NOT NULL, asset TEXT NOT NULL,"
    " rounds INTEGER NOT NULL, PRIMARY KEY (job, asset)) WITHOUT ROWID;";

const char schema_orders[] =
    "CREATE INDEX IF NOT EXISTS txs_by_id ON txs (id);"
    "CREATE INDEX IF NOT EXISTS txs_by_object ON txs (object);"
    "CREATE INDEX IF NOT EXISTS entries_by_account ON entries (account);";

const char schema_no_orders[] = "DROP INDEX IF EXISTS txs_by_id;"
				"DROP INDEX IF EXISTS txs_by_object;"
				"DROP INDEX IF EXISTS entries_by_account;";

const char *const schema_sql[SCHEMA_STATEMENTS] = {
    [SCHEMA_BEGIN] = "BEGIN IMMEDIATE",
    [SCHEMA_COMMIT] = "COMMIT",
    [SCHEMA_ROLLBACK] = "ROLLBACK",
    [SCHEMA_PUT_META] = "INSERT OR REPLACE INTO meta VALUES (?,?)",
    [SCHEMA_GET_META] = "SELECT value FROM meta WHERE key = ?",
    [SCHEMA_PUT_MEMBER] = "INSERT OR REPLACE INTO members VALUES (?,?,?,?,?,?)",
    [SCHEMA_PUT_BLOCK] = "INSERT INTO blocks VALUES (?,?,?,?,?,?,?,?,?,?,?,?)",
    [SCHEMA_PUT_SIGNER] = "INSERT INTO commits VALUES (?,?)",
    [SCHEMA_PUT_EVIDENCE] = "INSERT INTO evidence VALUES (?,?,?,?,?,?)",
    [SCHEMA_PUT_TX] = "INSERT INTO txs VALUES (?,?,?,?,?,?,?,?,?,?,?,?)",
    [SCHEMA_PUT_ACCOUNT] = "REPLACE INTO accounts VALUES (?,?,?,?)",
    [SCHEMA_PUT_ENTRY] = "INSERT INTO entries VALUES (?,?,?,?,?,?,?,?,?,?)",
    [SCHEMA_PUT_PAYOUT] = "REPLACE INTO payouts VALUES (?,?,?,?,?,?)",
    [SCHEMA_PUT_ASSET] =
	("REPLACE INTO assets VALUES"
	 " (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"),
    [SCHEMA_PUT_ORDER] = "REPLACE INTO orders VALUES (?,?,?,?,?,?,?,?,?,?,?,?)",
    [SCHEMA_PUT_ORDER_ASSET] = "REPLACE INTO order_assets VALUES (?,?,?)",
    [SCHEMA_PUT_PROPOSAL] =
	"REPLACE INTO proposals VALUES (?,?,?,?,?,?,?,?,?,?)",
    [SCHEMA_PUT_VOTE] = "REPLACE INTO votes VALUES (?,?,?,?,?)",
    [SCHEMA_PUT_TOKEN] =
	"REPLACE INTO tokens VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)",
    [SCHEMA_PUT_SHARE] = "REPLACE INTO shares VALUES (?,?,?)",
    [SCHEMA_PUT_CREDENTIAL] = "REPLACE INTO credentials VALUES (?,?,?,?,?,?,?)",
    [SCHEMA_PUT_USE] = "REPLACE INTO uses VALUES (?,?,?)",
    [SCHEMA_PUT_ROUND] =
	"INSERT INTO rounds VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
    [SCHEMA_PUT_ANSWER] =
	"INSERT INTO answers VALUES (?,?,?,?,?,?,?,?,?,?,?,?)",
    [SCHEMA_PUT_ATTEST] = "INSERT INTO attests VALUES (?,?,?,?)",
    [SCHEMA_LAST_CLOSED] =
	"SELECT time_ms FROM rounds ORDER BY round DESC LIMIT 1",
    [SCHEMA_GET_BLOCK_ID] = "SELECT id FROM blocks WHERE height = ?",
};
