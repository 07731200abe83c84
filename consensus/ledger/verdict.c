#include "consensus/ledger/verdict.h"

#include <assert.h>
#include <stddef.h>

static const char *const texts[LEDGER_VERDICTS] = {
    [LEDGER_OK] = "it is valid",
    [LEDGER_MISSING_ANSWER] = "an answer it names is not held here yet",
    [LEDGER_STALE] = "it is of a height or round that is over",
    [LEDGER_FUTURE] = "it is of a height or round not reached here",
    [LEDGER_FINISHED] = "the job is over, no round is open",
    [LEDGER_FORMAT] = "its id, counts or version do not fit its content",
    [LEDGER_VERSION] = "its rules are of a version that was not agreed on",
    [LEDGER_PAUSED] = "the members voted that no round be closed now",
    [LEDGER_FEDERATION] = "it is of another federation",
    [LEDGER_SIGNATURE] = "a signature does not verify",
    [LEDGER_JOB] = "it is of another job",
    [LEDGER_BASE_MODEL] = "it was trained on another model",
    [LEDGER_BASE_USED] = ("an update of its member from that model, or a newer "
			  "one, is in an aggregate already"),
    [LEDGER_MEMBER] = "its member is unknown or not active",
    [LEDGER_DIM] = "it has the wrong number of parameters",
    [LEDGER_CLIP_CLAIM] = "it declares another clip than the job's",
    [LEDGER_CLIP] = "its L2 norm exceeds the clip",
    [LEDGER_BOUND] = "a coordinate exceeds the bound",
    [LEDGER_SEGMENT] = "it changes what is not learnt in this round",
    [LEDGER_FLAGS] = "its kind, reason or flags are not valid",
    [LEDGER_METRICS] = "its row counts or losses are not possible",
    [LEDGER_PRIVACY] = "its noise is not the job's, or it tells beside it",
    [LEDGER_FEW_ROWS] = "it has fewer rows than the job's least",
    [LEDGER_ASSET] = "its data were not to be used in this round",
    [LEDGER_SEALED] = "answers of this round are not shown yet",
    [LEDGER_PROMISE] = "it is not the answer that its member named before",
    [LEDGER_VALIDATOR] = "its validator is unknown",
    [LEDGER_ORDER] = "its members or validators do not ascend",
    [LEDGER_PREVIOUS] = "it does not follow the head",
    [LEDGER_TIME] = "its time is not after the previous block's",
    [LEDGER_PROPOSER] = "another validator's turn it was",
    [LEDGER_PARAMS] = "its validator or parameter hashes are not ours",
    [LEDGER_ROUND] = "it is about another round than the open one",
    [LEDGER_HISTORY] = "its history root is not ours",
    [LEDGER_COMMIT] = "its certificate does not prove the previous block",
    [LEDGER_KIND] = "the closing rule gives another kind of block",
    [LEDGER_EARLY] = "a block of its kind is not due yet at its time",
    [LEDGER_QUORUM] = "its attestations lack a quorum of the power",
    [LEDGER_INCLUDED] = "its answers are not what its attestations give",
    [LEDGER_AGGREGATE] = "its aggregate is not that of its answers",
    [LEDGER_MODEL] = "its model is not the previous one plus the aggregate",
    [LEDGER_TX] = "one of its transactions does not apply",
    [LEDGER_EVIDENCE] = "evidence in it proves nothing, or nothing new",
    [LEDGER_STATE] = "its state root is not the one we compute",
    [LEDGER_NO_MEMORY] = "this node has no memory to check it",
};

const char *
ledger_verdict_text(enum ledger_verdict v)
{
	assert((unsigned)v < LEDGER_VERDICTS && texts[v]);
	return texts[v];
}
