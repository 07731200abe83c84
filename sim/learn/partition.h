/*
 * partition.h - the uneven shares on which federated learning is compared.
 *
 * As split.h: integers or our own exp and log, one seed, one owner a row, so
 * every machine deals the same. Only rows that are SPLIT_FREE are dealt; every
 * node gets at least one, or -ERANGE says that these settings do not allow it.
 */
#ifndef QML_SIM_LEARN_PARTITION_H
#define QML_SIM_LEARN_PARTITION_H

#include <stdbool.h>

#include "sim/learn/split.h"

/* Of each class, the nodes' shares are one draw of Dirichlet(alpha): small
 * alpha, few nodes with most of a class. alpha in [0.01, 1000]. */
int partition_dirichlet(const struct split *s, size_t nnodes, double alpha,
    int16_t *owner);
/* Classes mixed evenly, the nodes' sizes one draw of Dirichlet(alpha). */
int partition_quantity(const struct split *s, size_t nnodes, double alpha,
    int16_t *owner);
/* Rows sorted by class and cut into nnodes * c shards of equal size; each node
 * gets c of them (McMahan et al. 2017). */
int partition_shards(const struct split *s, size_t nnodes, size_t c,
    int16_t *owner);
/* Each node gets c classes, in shuffled order one after the other; the rows
 * of a class are dealt to its nodes in turns. nnodes * c >= nclasses, and c <=
 * nclasses. */
int partition_labels(const struct split *s, size_t nnodes, size_t c,
    int16_t *owner);

/* The overlapping shares of quantum-fed-infer: node i holds every row of the
 * classes (i + j) mod nclasses, j < c. */
bool partition_ring(size_t node, size_t class, size_t nclasses, size_t c);

#endif
