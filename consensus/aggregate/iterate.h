/*
 * iterate.h - rules that walk to their result in a fixed number of steps.
 */
#ifndef QML_CONSENSUS_AGGREGATE_ITERATE_H
#define QML_CONSENSUS_AGGREGATE_ITERATE_H

#include <stdint.h>

#include "consensus/aggregate/aggregate.h"

void iterate_geometric(const struct aggregate_input *in, int64_t *out);
void iterate_clipping(const struct aggregate_input *in, int64_t *out);

#endif
