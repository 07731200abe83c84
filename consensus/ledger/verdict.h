/*
 * verdict.h - what the ledger thinks of an answer, attestation, vote or block.
 *
 * A verdict is about the bytes and the link they came by: most checks are
 * cheaper than the signature and come before it, so it blames no author.
 * LEDGER_STALE, LEDGER_FUTURE, LEDGER_MISSING_ANSWER and LEDGER_NO_MEMORY
 * accuse nobody at all.
 */
#ifndef QML_CONSENSUS_LEDGER_VERDICT_H
#define QML_CONSENSUS_LEDGER_VERDICT_H

enum ledger_verdict {
	LEDGER_OK,
	LEDGER_MISSING_ANSWER, /* an answer is not resolved: fetch, ask again */
	LEDGER_STALE,          /* of a height or round that is over */
	LEDGER_FUTURE,         /* of a height or round not reached here */
	LEDGER_FINISHED,       /* no round is open: the job is over */
	LEDGER_FORMAT,         /* not sealed, wrong id, counts or versions */
	LEDGER_VERSION,        /* not the rules that were agreed on */
	LEDGER_FEDERATION,
	LEDGER_SIGNATURE,
	/* answers */
	LEDGER_JOB,
	LEDGER_BASE_MODEL,
	LEDGER_BASE_USED, /* its member's work on that model is in already */
	LEDGER_MEMBER,    /* no such member, or not active */
	LEDGER_DIM,
	LEDGER_CLIP_CLAIM, /* the declared clip is not the job's */
	LEDGER_CLIP,       /* L2 norm above the clip */
	LEDGER_BOUND,      /* a coordinate beyond the bound */
	LEDGER_SEGMENT,    /* not zero where it must be */
	LEDGER_FLAGS,      /* kind, reason or flags */
	LEDGER_METRICS,
	LEDGER_PRIVACY,  /* its claim is not the job's, or a number beside it
			  * would tell what the noise hides */
	LEDGER_FEW_ROWS, /* fewer than the job's least */
	LEDGER_ASSET,    /* its data were not to be used in this round */
	LEDGER_SEALED,   /* answers are not shown yet in this round */
	LEDGER_PROMISE,  /* not the answer that its member named */
	/* attestations, votes, proposals */
	LEDGER_VALIDATOR, /* no such validator */
	LEDGER_ORDER,     /* members or validators not ascending */
	/* blocks */
	LEDGER_PREVIOUS,
	LEDGER_TIME,
	LEDGER_PROPOSER,
	LEDGER_PARAMS, /* validator, next validator or parameter hash */
	LEDGER_ROUND,  /* training round other than the open one */
	LEDGER_HISTORY,
	LEDGER_COMMIT,   /* certificate: other block, no quorum, wrong hash */
	LEDGER_KIND,     /* not the kind the closing rule gives */
	LEDGER_PAUSED,   /* no round is closed now */
	LEDGER_EARLY,    /* the right kind, but before its time */
	LEDGER_QUORUM,   /* attestations without a quorum of the power */
	LEDGER_INCLUDED, /* answers are not the set the attestations give */
	LEDGER_AGGREGATE,
	LEDGER_MODEL,
	LEDGER_TX,        /* a transaction does not apply */
	LEDGER_EVIDENCE,  /* proves nothing, or is known, too old or ahead */
	LEDGER_STATE,     /* state root */
	LEDGER_NO_MEMORY, /* ours, not theirs: check again later */
	LEDGER_VERDICTS   /* their number */
};

/* One sentence without a full stop. */
const char *ledger_verdict_text(enum ledger_verdict v);

#endif
