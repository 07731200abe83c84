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
    "CREATE TABLE txs (height INTEGER NOT NULL, place INTEGER NOT NULL,"
    " id TEXT NOT NULL, kind TEXT NOT NULL, sender TEXT NOT NULL,"
    " nonce INTEGER NOT NULL, fee INTEGER NOT NULL, receiver TEXT,"
    " amount INTEGER, memo TEXT, PRIMARY KEY (height, place)) WITHOUT ROWID;"
    "CREATE INDEX txs_by_id ON txs (id);"
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

const char *const schema_sql[SCHEMA_STATEMENTS] = {
    [SCHEMA_BEGIN] = "BEGIN IMMEDIATE",
    [SCHEMA_COMMIT] = "COMMIT",
    [SCHEMA_ROLLBACK] = "ROLLBACK",
    [SCHEMA_PUT_META] = "INSERT OR REPLACE INTO meta VALUES (?,?)",
    [SCHEMA_GET_META] = "SELECT value FROM meta WHERE key = ?",
    [SCHEMA_PUT_MEMBER] = "INSERT INTO members VALUES (?,?,?,?,?,?)",
    [SCHEMA_PUT_BLOCK] = "INSERT INTO blocks VALUES (?,?,?,?,?,?,?,?,?,?,?,?)",
    [SCHEMA_PUT_SIGNER] = "INSERT INTO commits VALUES (?,?)",
    [SCHEMA_PUT_TX] = "INSERT INTO txs VALUES (?,?,?,?,?,?,?,?,?,?)",
    [SCHEMA_PUT_ROUND] =
	"INSERT INTO rounds VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
    [SCHEMA_PUT_ANSWER] =
	"INSERT INTO answers VALUES (?,?,?,?,?,?,?,?,?,?,?,?)",
    [SCHEMA_PUT_ATTEST] = "INSERT INTO attests VALUES (?,?,?,?)",
    [SCHEMA_LAST_CLOSED] =
	"SELECT time_ms FROM rounds ORDER BY round DESC LIMIT 1",
    [SCHEMA_GET_BLOCK_ID] = "SELECT id FROM blocks WHERE height = ?",
};
