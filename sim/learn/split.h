/*
 * split.h - who gets which row: the held-out part and the nodes' shares.
 *
 * Integers only and driven by one seed, so every machine cuts the same way.
 * The result is one owner per row: a node number or SPLIT_HELDOUT.
 */
#ifndef QML_SIM_LEARN_SPLIT_H
#define QML_SIM_LEARN_SPLIT_H

#include <stddef.h>
#include <stdint.h>

#define SPLIT_HELDOUT (-1)
#define SPLIT_FREE (-2)
#define SPLIT_VALIDATION (-3)
#define SPLIT_SEED_BYTES 32
#define SPLIT_SKEW_PERCENT 95 /* what the demo uses */

struct split {
	const int32_t *labels; /* n, 0 .. nclasses-1 */
	size_t n;
	size_t nclasses;
	const uint8_t *seed; /* SPLIT_SEED_BYTES */
};

/* Stratified: of every class, percent (0 .. 99) of its rows, rounded down,
 * become SPLIT_HELDOUT; all others SPLIT_FREE. -EINVAL, -ENOMEM. */
int split_heldout(const struct split *s, unsigned percent, int16_t *owner);

/* The same of the rows that are still free: they become SPLIT_VALIDATION. */
int split_validation(const struct split *s, unsigned percent, int16_t *owner);

/* Deals the free rows of each class to nodes 0 .. nnodes-1 in turns. */
int split_iid(const struct split *s, size_t nnodes, int16_t *owner);

/*
 * Each class gets a home: classes in shuffled order are dealt to the nodes in
 * turns (10 classes, 4 nodes: homes of 3, 3, 2, 2 classes; with fewer classes
 * than nodes a class has several home nodes). skew_percent of a class's free
 * rows go to its home in turns, the rest to all other nodes in turns.
 */
int split_label_skew(const struct split *s, size_t nnodes,
    unsigned skew_percent, int16_t *owner);

/* Collects the rows owned by who, ascending, into rows (room for n); returns
 * how many. */
size_t split_rows(const int16_t *owner, size_t n, int who, uint32_t *rows);

#endif
