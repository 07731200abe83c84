/*
 * fabric.h - a network between n nodes, as a model: who gets which packet when.
 *
 * Each direction of each pair is a path of its own with delay, jitter, loss,
 * reordering, duplicates, a rate and a queue; nodes can be parted and can be
 * kept from being dialed. What happens to the k-th packet of a path follows
 * from (seed, path, k) alone. Pure: time comes as an argument, in
 * microseconds, and never runs backwards.
 */
#ifndef QML_TESTS_NET_FABRIC_H
#define QML_TESTS_NET_FABRIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FABRIC_NODES_MAX 100
#define FABRIC_MTU 1500
/* On their way at one moment; more are dropped as by a full queue. */
#define FABRIC_PACKETS_MAX 65536
#define FABRIC_NEVER UINT64_MAX
/* Node i is FABRIC_NET.(i + 1) */
#define FABRIC_NET "10.77.0"

struct fabric_count {
	uint64_t sent, delivered;
	uint64_t lost, reordered, duplicated;
	uint64_t full;    /* a queue was */
	uint64_t parted;  /* between two groups */
	uint64_t refused; /* first packets to a node that cannot be dialed */
	uint64_t stray;   /* not for any node, or not IPv4 */
};

/* Settings of one direction; all zero: at once and never lost. */
struct fabric_path {
	uint64_t delay_us, jitter_us; /* delay +- jitter, still in order */
	uint64_t queue_us; /* who would wait longer for the rate is dropped */
	uint64_t rate_bps; /* 0: no limit */
	uint32_t loss_ppm, duplicate_ppm;
	uint32_t reorder_ppm; /* held back, so that others overtake it */
	/* the fabric's own */
	uint64_t k, free_us, last_us;
	struct fabric_count count;
};

/* What all that a node sends goes through first. */
struct fabric_uplink {
	uint64_t rate_bps; /* 0: no limit */
	uint64_t free_us;
};

struct fabric_packet {
	uint64_t due_us, seq;
	uint16_t from, to, len;
	uint8_t data[FABRIC_MTU];
};

struct fabric {
	uint16_t n;
	uint64_t seed, seq;
	struct fabric_path *path; /* [n * n], from-major; owned */
	struct fabric_uplink uplink[FABRIC_NODES_MAX];
	uint16_t group[FABRIC_NODES_MAX]; /* only equal ones reach each other */
	bool undialable[FABRIC_NODES_MAX];
	struct fabric_packet *packet; /* [FABRIC_PACKETS_MAX]; owned */
	uint32_t *heap, nheap;        /* by (due, seq), owned */
	uint32_t *unused, nunused;    /* owned */
	uint64_t stray;
};

#define FABRIC_INIT     \
	{               \
		.n = 0, \
	}

/* -ENOMEM, or -EINVAL for n of 0 or more than FABRIC_NODES_MAX. */
int fabric_init(struct fabric *f, uint16_t n, uint64_t seed)
    __attribute__((warn_unused_result));
void fabric_close(struct fabric *f);

struct fabric_path *fabric_path(struct fabric *f, uint16_t from, uint16_t to);

/* A whole IPv4 packet that node `from` sends now. */
void fabric_offer(struct fabric *f, uint64_t now_us, uint16_t from,
    const uint8_t *ip, size_t len);
/* When the next packet arrives, or FABRIC_NEVER. */
uint64_t fabric_due(const struct fabric *f);
/* The next one that has arrived by now, valid until the next call with f;
 * NULL: none. */
const struct fabric_packet *fabric_take(struct fabric *f, uint64_t now_us);

/* Sums over all paths. */
struct fabric_count fabric_total(const struct fabric *f);

#endif
