/*
 * votelog.h - what we signed, durable before it leaves the process.
 *
 * votes.wal is a ring of fixed size: two halves of 1 MiB, each one page of
 * identity and 255 pages of records. A record is written to the same page of
 * both halves, then one sync covers both; nothing is ever renamed, truncated
 * or grown. Records are numbered and hash-chained. Either copy serves when
 * the other is damaged and mends it. The newest record missing in both was
 * never acknowledged, so it was never sent; an older one missing in both is
 * damage (-EBADMSG) and the node must not guess.
 *
 * Every record repeats the newest of each kind, so that the last one alone
 * says what may not be signed again, however far the ring has turned.
 * One thread, the disk's.
 */
#ifndef QML_CONSENSUS_CHAIN_VOTELOG_H
#define QML_CONSENSUS_CHAIN_VOTELOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "consensus/bft/event.h"
#include "consensus/chain/disk.h"
#include "proto/hash.h"

#define VOTELOG_NAME "votes.wal"
#define VOTELOG_LATER_MAX 9999u
#define VOTELOG_HALF_BYTES (1u << 20)
#define VOTELOG_SLOTS (VOTELOG_HALF_BYTES / DISK_PAGE - 1)

enum votelog_type {
	VOTELOG_BFT = 1,    /* proposal, prevote or precommit: `bft` */
	VOTELOG_ANSWER = 2, /* our UPDATE or NO_UPDATE: `answer` */
	VOTELOG_ATTEST = 3, /* our attestation: `attest` */
	VOTELOG_HEIGHT = 4, /* sign nothing below this height: `floor` */
};

/* type says which part is new; the others are the newest before it. A part
 * that never was is all zero and its has_ flag false. */
struct votelog_record {
	uint8_t type;
	bool has_bft;
	bool has_answer;
	bool has_attest;
	struct bft_record bft;
	struct {
		uint64_t fl_round;
		struct hash id; /* answer id */
	} answer;
	struct {
		uint64_t fl_round;
		uint32_t seq;
		struct hash digest; /* attest_digest */
	} attest;
	uint64_t floor;
};

/* What open had to mend; all zero when the file was sound. */
struct votelog_report {
	unsigned nmended; /* pages copied from the other half or zeroed */
	bool torn;        /* a last record that was never acknowledged */
	uint64_t seq;     /* of damage: the record that is lost, 0: header */
};

struct votelog {
	struct disk_file *file;
	struct hash node; /* whose it is */
	uint64_t seq;     /* of the newest record; 0: none */
	struct hash sum;  /* of it, or of the header */
	struct votelog_record last;
	/* What was signed in the newest (height, round), by bft type. */
	struct bft_record signed_in[3];
	bool has_signed[3];
	int error; /* sticky */
};

#define VOTELOG_INIT ((struct votelog){0})

typedef int votelog_fn(void *arg, uint64_t seq, const struct votelog_record *r);

/* A node's logs by number: 0 is VOTELOG_NAME, made by init; "votes-K.wal"
 * follows one that was lost or damaged, and only the newest counts. */
void votelog_name(unsigned number, char out[static DISK_NAME_MAX]);
/* -ENOENT: there is none; *number is then 0. */
int votelog_newest(struct disk *d, unsigned *number)
    __attribute__((warn_unused_result));

/* Number 0 by `init` only, together with the key: -EEXIST when there is one.
 * node is the id of the key's node. What could not be made whole is gone. */
int votelog_create(struct disk *d, const char *name, const struct hash *node)
    __attribute__((warn_unused_result));

/* What votelog_open needs beside the disk. */
struct votelog_open_args {
	const char *name;
	struct hash node;
	votelog_fn *replay; /* oldest first; NULL: none. Non-zero stops */
	void *arg;
	struct votelog_report *report; /* may be NULL */
};

/* -ENOENT: lost (init makes it, run never does). -EBADMSG: damaged beyond
 * what the copies can mend. -EINVAL: another node's log. */
int votelog_open(struct votelog *v, struct disk *d,
    const struct votelog_open_args *args) __attribute__((warn_unused_result));
/* Read all of it again and mend what one copy can: report->nmended. -EBADMSG:
 * both copies of a page are damaged, or one is of another record than the last;
 * what was signed is still known here, and at the next start it is not. */
int votelog_scrub(struct votelog *v, struct votelog_report *report)
    __attribute__((warn_unused_result));
void votelog_close(struct votelog *v); /* accepts VOTELOG_INIT */

/*
 * Durable on 0. Only type and the part it names are read. -EPERM: it would
 * contradict what was signed (a lower height or round, another block for the
 * same height, round and type, another answer or attestation under a number
 * that is taken, anything below floor); nothing was written. -ENOSPC, -EDQUOT:
 * the same record may be given again. Any other failure is final until the log
 * is opened again.
 */
int votelog_append(struct votelog *v, const struct votelog_record *r)
    __attribute__((warn_unused_result));

#endif
