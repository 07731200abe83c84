/*
 * history_proof.h - that a block is in the decided chain, in one small file.
 *
 * Schema qml.proof/1, bytes as hex: the founding document, the last header
 * with its certificate, the block's header, its path in the history tree that
 * the last header commits to, and the growth from the history that the block
 * itself commits to. Where members changed on the way: each header that
 * announces others, certified by those of before, and the others; where some
 * went on without a quorum, the header they went on from and what they signed.
 * Who knows the federation's id needs nothing else: no key of whoever made the
 * file, no chain.
 */
#ifndef QML_DAEMON_CLI_HISTORY_PROOF_H
#define QML_DAEMON_CLI_HISTORY_PROOF_H

#include "daemon/cli/audit.h"

#define HISTORY_PROOF_WHY_LEN 160

struct jv;

/* What is gathered on the way: pass history_proof_watch(p) to audit_watch. */
struct history_proof {
	uint64_t height;  /* wanted */
	struct hash *ids; /* [n] of blocks 0.., owned */
	size_t n, cap;
	bool failed; /* no memory */
	struct bytes_writer founding, block, head, commit;
	struct header last;
	struct verify_seats
	    announced;             /* by the last block, if with the state */
	struct verify_seats ahead; /* by the next one */
	struct jv *pending;        /* of the last block; NULL: none */
	struct jv *changes;        /* array; owned */
};

void history_proof_open(struct history_proof *p, uint64_t height);
void history_proof_close(struct history_proof *p);
struct audit_watch history_proof_watch(struct history_proof *p);
/* NULL: no such block below the last one, or no memory. Once only. */
struct jv *history_proof_json(struct history_proof *p);

struct history_claim {
	struct hash federation; /* as it is called behind the head */
	struct hash founded;    /* another one where it was re-founded */
	struct header block, head;
	uint16_t nsigners; /* of the head */
};

/* -EBADMSG with a sentence: not proved. */
int history_proof_check(const struct jv *document, struct history_claim *out,
    char why[static HISTORY_PROOF_WHY_LEN]) __attribute__((warn_unused_result));

#endif
