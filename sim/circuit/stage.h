/*
 * stage.h - the stages of a tile plan with their angles, for large.h.
 */
#ifndef QML_SIM_CIRCUIT_STAGE_H
#define QML_SIM_CIRCUIT_STAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/circuit/large.h"
#include "sim/circuit/tile.h"

struct amp_bind;

#define STAGE_GROUP_RANK 7
#define STAGE_GROUP_ROWS (1 << STAGE_GROUP_RANK)
#define STAGE_PART_ROWS (1 << (LARGE_INNER_QUBITS - AMP_LANE_QUBITS))

/* A phase of a stage in the coordinates of a pass. */
struct term {
	uint32_t mask;   /* over a tile */
	uint32_t global; /* over addresses */
	uint32_t group;
	uint32_t slot; /* mask over its table */
	double factor; /* coefficient of (-1)^parity */
};

/*
 * Phases whose masks, seen from rows of amplitudes, are sums of a few: a table
 * has a row of eight amplitudes for each value of those few parities, and a
 * stage's diagonal is the product of its groups' tables. It takes much less
 * than sines of its own for each amplitude.
 */
struct group {
	uint32_t rank;
	uint32_t mask[STAGE_GROUP_RANK]; /* over rows of a tile */
	uint8_t row[STAGE_PART_ROWS];    /* which of the table, in part 0 */
};

/* The cosines of earlier rotations are in scale. */
struct stage {
	size_t term0, nterms;
	double scale;
	bool diagonal;
	size_t ngroups; /* too many for tables: chunk by chunk */
	struct group group[AMP_TURNS_MAX];
};

struct stages {
	const struct tile_plan *tiles; /* kept */
	struct stage *stages;          /* as tiles->stages */
	struct term *terms;            /* of the pass, by stage */
	double rest; /* cosines that are not yet in the state */
};

#define STAGES_INIT           \
	{                     \
		.tiles = NULL \
	}

/* -ENOMEM. */
int stages_init(struct stages *s, const struct tile_plan *tiles);
void stages_close(struct stages *s);

/* The stages of one pass, in order of the passes; before the first, rest = 1.
 * At the end all amplitudes are to be multiplied by rest. */
void stages_bind(struct stages *s, const struct tile_pass *pass,
    const struct amp_bind *b);

#endif
