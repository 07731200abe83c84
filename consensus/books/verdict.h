/*
 * verdict.h - why a transaction or an update is refused, a sentence each.
 */
#ifndef QML_CONSENSUS_BOOKS_VERDICT_H
#define QML_CONSENSUS_BOOKS_VERDICT_H

enum books_verdict {
	BOOKS_OK = 0,
	BOOKS_BODY,       /* malformed */
	BOOKS_EXPIRED,    /* the transaction came too late */
	BOOKS_NONCE,      /* played before, or one is missing */
	BOOKS_FEE,        /* below the least */
	BOOKS_FUNDS,      /* the account does not hold it */
	BOOKS_NOBODY,     /* no such account */
	BOOKS_NOT_MEMBER, /* members only */
	BOOKS_EXISTS,     /* registered before */
	BOOKS_UNKNOWN,    /* no such asset, order, token, proposal... */
	BOOKS_NOT_OWNER,
	BOOKS_STATE, /* not possible as it stands now */
	BOOKS_ASSET_WITHDRAWN,
	BOOKS_ASSET_EXPIRED,
	BOOKS_ASSET_BANNED,
	BOOKS_ASSET_USED_UP, /* rounds or privacy budget */
	BOOKS_TASK_DENIED,
	BOOKS_CIRCUIT_DENIED,
	BOOKS_PRICE, /* the assets cost more than the buyer pays */
	BOOKS_PURPOSE,
	BOOKS_POLICY,      /* not the ethics policy in force */
	BOOKS_PRIVACY,     /* noise is needed, or the budget would be passed */
	BOOKS_CREDENTIAL,  /* missing, lapsed or revoked */
	BOOKS_VOTED,       /* the vote has ended or is not open to this key */
	BOOKS_VOTED_SO,    /* this very vote stands already */
	BOOKS_RANGE,       /* a proposal of what is not possible */
	BOOKS_LIMIT,       /* too many open at once */
	BOOKS_FEW_MEMBERS, /* the job's rule needs more members' data */
	BOOKS_NO_MEMORY,   /* ours, not theirs: ask again later */
	BOOKS_VERDICTS,    /* past the last */
};

/* A sentence without a full stop. */
const char *books_verdict_text(enum books_verdict v);
/* Short and stable, for logs and JSON: "task_denied". */
const char *books_verdict_name(enum books_verdict v);

#endif
