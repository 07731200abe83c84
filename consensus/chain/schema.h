/*
 * schema.h - the tables of index.db and the statements on them, as text.
 *
 * A change of a table or of what goes into it raises INDEX_SCHEMA: an older
 * file is then thrown away and filled again.
 */
#ifndef QML_CONSENSUS_CHAIN_SCHEMA_H
#define QML_CONSENSUS_CHAIN_SCHEMA_H

enum schema_statement {
	SCHEMA_BEGIN,
	SCHEMA_COMMIT,
	SCHEMA_ROLLBACK,
	SCHEMA_PUT_META,
	SCHEMA_GET_META,
	SCHEMA_PUT_MEMBER,
	SCHEMA_PUT_BLOCK,
	SCHEMA_PUT_SIGNER,
	SCHEMA_PUT_EVIDENCE,
	SCHEMA_PUT_TX,
	SCHEMA_PUT_ACCOUNT,
	SCHEMA_PUT_ENTRY,
	SCHEMA_PUT_PAYOUT,
	SCHEMA_PUT_ASSET,
	SCHEMA_PUT_ORDER,
	SCHEMA_PUT_ORDER_ASSET,
	SCHEMA_PUT_PROPOSAL,
	SCHEMA_PUT_VOTE,
	SCHEMA_PUT_TOKEN,
	SCHEMA_PUT_SHARE,
	SCHEMA_PUT_CREDENTIAL,
	SCHEMA_PUT_USE,
	SCHEMA_PUT_ROUND,
	SCHEMA_PUT_ANSWER,
	SCHEMA_PUT_ATTEST,
	SCHEMA_LAST_CLOSED,
	SCHEMA_GET_BLOCK_ID,
	SCHEMA_STATEMENTS
};

extern const char schema_tables[]; /* of blocks, rounds, transactions */
extern const char schema_books[];  /* of what they led to */
extern const char schema_orders[]; /* by which rows are found */
extern const char schema_no_orders[];
extern const char *const schema_sql[SCHEMA_STATEMENTS];

#endif
