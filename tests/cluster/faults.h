/*
 * faults.h - what goes wrong with machines, disks and clocks, and when.
 */
#ifndef QML_TESTS_CLUSTER_FAULTS_H
#define QML_TESTS_CLUSTER_FAULTS_H

#include <stdbool.h>
#include <stdint.h>

#include "consensus/replica/action.h"

struct world;

/* Drawn from the seed; all zero in a calm world. */
struct faults {
	uint32_t loss, twice, slow; /* permille of messages */
	uint32_t delay_ms;
	uint64_t crash_ms;  /* mean time between crashes; 0: none */
	uint64_t split_ms;  /* mean time between partitions; 0: none */
	uint32_t point;     /* per 100,000 crash points */
	uint32_t disk_fail; /* per 100,000 writes */
	uint32_t disk_ms;   /* slow disk */
	int64_t skew_ms;    /* largest clock error */
	bool jumps;
	uint64_t calm_at; /* from here on everything works */
};

/* Kinds of faults that a run can do without, to see what a failure needs. */
enum faults_kind {
	FAULTS_LOSS,
	FAULTS_TWICE,
	FAULTS_SLOW,
	FAULTS_DELAY,
	FAULTS_CRASH,
	FAULTS_SPLIT,
	FAULTS_POINT,
	FAULTS_DISK,
	FAULTS_SLOW_DISK,
	FAULTS_SKEW,
	FAULTS_DAMAGE,
	FAULTS_TXS,
	FAULTS_KINDS,
};

void faults_draw(struct world *w);
void faults_crash(struct world *w);
void faults_jump(struct world *w);
/* The process ends when the step that it is in is over. */
void faults_doom(struct world *w, uint16_t slot, bool power);
/* Now, at one of the moments when a crash would be most unpleasant? */
bool faults_point(struct world *w, uint16_t slot);
/* The same about a write: rare kinds are more often the moment. */
bool faults_store_point(struct world *w, uint16_t slot,
    enum replica_store store);
/* A record of the vote log is durable. */
void faults_signed(struct world *w, uint16_t slot,
    const struct votelog_record *rec);
/* Before a start: damage that must be refused, and then mended. */
void faults_damage(struct world *w, uint16_t slot);

#endif
