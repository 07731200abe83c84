/*
 * audit_fork.h - two chains of one federation: where they part, and by whose
 * signatures.
 *
 * Both are verified first, links, certificates and signatures. Two blocks of
 * one height with a certificate each prove that everybody in both certificates
 * signed both: with equal powers and n members, more than a third of them. Of
 * one view each of those broke the rules. Of two views more than a third did,
 * but not each of those: who saw in the later view that more than two thirds
 * wanted the other block signs it and has to.
 */
#ifndef QML_DAEMON_CLI_AUDIT_FORK_H
#define QML_DAEMON_CLI_AUDIT_FORK_H

#include "daemon/cli/audit.h"

/* What is kept of a block. */
struct audit_mark {
	struct hash id;
	struct hash federation; /* as it was called then */
	uint32_t round;         /* of the BFT, in which it was decided */
	bool signers[FEDERATION_MAX_MEMBERS];
};

/* Who voted from this height on. */
struct audit_voters {
	uint64_t from;
	uint16_t n;
	char names[FEDERATION_MAX_MEMBERS][FEDERATION_NAME_LEN];
	uint32_t power[FEDERATION_MAX_MEMBERS];
};

struct audit_marks {
	struct audit_mark *at; /* [n], at[h - 1] is block h; owned */
	size_t n, cap;
	bool failed;                 /* no memory */
	struct audit_voters *voters; /* [nvoters], the first from 1; owned */
	size_t nvoters;
};

#define AUDIT_MARKS_INIT ((struct audit_marks){0})

void audit_marks_close(struct audit_marks *m); /* accepts AUDIT_MARKS_INIT */
/* A watch that fills *m. */
struct audit_watch audit_marks_watch(struct audit_marks *m);

/* The first height at which they differ; 0: one is a beginning of the other. */
uint64_t audit_fork_height(const struct audit_marks *a,
    const struct audit_marks *b);
const struct audit_voters *audit_marks_voters(const struct audit_marks *m,
    uint64_t height);
/* At that height one of them had been re-founded, or each in its own way: none
 * who signed for the one said anything in the other. */
bool audit_fork_refounded(const struct audit_marks *a,
    const struct audit_marks *b, uint64_t height);
/* Are the certificates of that height of one view? Then nobody honest is in
 * both. */
bool audit_fork_one_view(const struct audit_marks *a,
    const struct audit_marks *b, uint64_t height);
/* Members in both certificates of that height, unless these are of two
 * federations. */
uint16_t audit_fork_signers(const struct audit_marks *a,
    const struct audit_marks *b, uint64_t height,
    uint16_t who[static FEDERATION_MAX_MEMBERS]);

/* Both audits of links and signatures, and says it. An exit code: CLI_OK, no
 * fork; CLI_NOT_VERIFIED. */
int audit_fork_run(const struct audit_order *o, const char *other, bool json);

#endif
