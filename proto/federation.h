/*
 * federation.h - what all members agreed on before block 0.
 *
 * The YAML file is for people; this struct and its canonical bytes are what
 * counts. id = H("qml.federation", bytes) is the federation's name, block 0
 * embeds the bytes, and every signature names the id. Members are sorted by
 * node id; that order gives the index used in votes and answers.
 */
#ifndef QML_PROTO_FEDERATION_H
#define QML_PROTO_FEDERATION_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/bytes.h"
#include "proto/decimal.h"
#include "proto/economy.h"
#include "proto/hash.h"
#include "proto/job.h"
#include "proto/refound.h"
#include "proto/sign.h"

#define FEDERATION_VERSION 1
#define FEDERATION_MAX_MEMBERS 100
#define FEDERATION_MAX_COLUMNS 4096
#define FEDERATION_MAX_LABELS 256
#define FEDERATION_POWER_MAX (1u << 20) /* and weight */
#define FEDERATION_NAME_LEN 33
#define FEDERATION_ADDRESS_LEN 256
#define FEDERATION_TEXT_LEN 64
#define FEDERATION_BYTES_MAX (1u << 20)

struct member {
	struct hash id; /* H("qml.member", sign || network): never changes */
	char name[FEDERATION_NAME_LEN];
	char address[FEDERATION_ADDRESS_LEN]; /* host:port; "" dials out only */
	struct sign_public sign;
	uint8_t network[32]; /* X25519, the Noise static key */
	uint32_t power;      /* votes; 1..2^20 */
	uint32_t weight;     /* in a weighted mean; 1..2^20 */
};

struct column {
	char name[FEDERATION_TEXT_LEN];
	char unit[FEDERATION_TEXT_LEN]; /* may be empty */
	struct decimal lo;              /* public range, lo < hi */
	struct decimal hi;
};

/* What an empty cell means. */
enum federation_missing {
	FEDERATION_REFUSE, /* the data are refused */
	FEDERATION_MIDDLE, /* the middle of the column's range */
	FEDERATION_LOWEST, /* the lower end of the column's range */
};

struct timing {             /* all in milliseconds */
	uint32_t collect;   /* answers are waited for this long */
	uint32_t straggler; /* then, with too few, the round is skipped */
	uint32_t heartbeat; /* an empty block at least this often */
	uint32_t propose;
	uint32_t prevote;
	uint32_t precommit;
	uint32_t round_step; /* added to the three per BFT round */
	uint32_t timeout_max;
	uint32_t precision; /* clocks agree to this */
	uint32_t delay;     /* a proposal travels at most this long */
	uint32_t interval;  /* least time between two blocks */
};

struct federation {
	uint16_t version;
	char name[FEDERATION_NAME_LEN];
	uint64_t founded_ms; /* UNIX; the time of block 0 */
	bool shared_key;     /* links use Noise IKpsk2 */
	uint16_t nmembers;
	struct member *members; /* [nmembers], ascending id */
	uint16_t ncolumns;
	struct column *columns;          /* [ncolumns], feature order */
	char label[FEDERATION_TEXT_LEN]; /* name of the label column */
	uint16_t nlabels;                /* 0: a number is learnt, or none */
	char (*labels)[FEDERATION_TEXT_LEN]; /* class i is labels[i] */
	struct decimal label_lo; /* public range of the number; lo < hi, */
	struct decimal label_hi; /* both 0 with labels or without a label */
	uint8_t missing;         /* enum federation_missing */
	struct timing timing;
	uint16_t answers_min;   /* to close by time; 0: n - (n - 1) / 3 */
	struct job job;         /* the first job */
	struct economy economy; /* all zero: ECONOMY_DEFAULT */
	/* Of this chain, as far as somebody told us; in no bytes of the above
	 * and under no hash. A ledger follows those that fit. */
	uint16_t nrefounded;
	struct refound *refounded; /* [nrefounded], in order of heights */
};

#define FEDERATION_INIT ((struct federation){0})

void federation_close(struct federation *f); /* accepts FEDERATION_INIT */
/* Deep copy; -ENOMEM leaves *to closed. */
int federation_copy(struct federation *to, const struct federation *from)
    __attribute__((warn_unused_result));

/* Sorts members by id after filling the ids. */
void federation_sort(struct federation *f);
/* All ranges and cross-checks (duplicate ids, names or keys, ranges, a job
 * that could overflow, the timing order). 0, or -EINVAL with one sentence in
 * err that names the field. */
int federation_check(const struct federation *f, char *err, size_t errlen)
    __attribute__((warn_unused_result));

/* Ranges and order of the timings alone. */
int federation_check_timing(const struct timing *t, char *err, size_t errlen)
    __attribute__((warn_unused_result));

/* Rows have a label, of a class or a number. */
bool federation_labelled(const struct federation *f);

void federation_put(struct bytes_writer *w, const struct federation *f);
/* All that is left. Bad unless canonical and federation_check passes. */
void federation_get(struct bytes_reader *r, struct federation *out);
/* -ENOMEM. */
int federation_id(const struct federation *f, struct hash *out)
    __attribute__((warn_unused_result));

/* As it is called now: of the last re-founding, or as founded. -ENOMEM. */
int federation_id_now(const struct federation *f, struct hash *out)
    __attribute__((warn_unused_result));
/* One more, a copy. -EINVAL: it does not begin where the last one ends;
 * -ENOMEM. */
int federation_refound(struct federation *f, const struct refound *r)
    __attribute__((warn_unused_result));
/* All that refound_put wrote, one behind the other. -EBADMSG: malformed, or
 * not of this federation. */
int federation_refound_all(struct federation *f, const uint8_t *data,
    size_t len) __attribute__((warn_unused_result));

/* Letters, digits, '.', '_' and '-', not led by a sign: names of members and
 * federations, safe in paths, log lines and on a terminal. */
bool federation_name_ok(const char *name);
/* host:port, port 1..65535; an IPv6 host stands in brackets. */
bool federation_address_ok(const char *address);

struct hash member_id(const struct sign_public *sign,
    const uint8_t network[static 32]);
/* Index of the id, or -1. */
int federation_find(const struct federation *f, const struct hash *id);

#endif
