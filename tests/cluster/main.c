#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/cluster/world.h"

int
main(int argc, char **argv)
{
	struct world_setup s = {.n = 4, .heights = 20, .faults = true};
	uint64_t from = 0, n = 1;
	char why[512];

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--trace") == 0)
			s.trace = true;
		else if (strcmp(argv[i], "--calm") == 0)
			s.faults = false;
		else if (i + 1 < argc && strcmp(argv[i], "--from") == 0)
			from = strtoull(argv[++i], NULL, 10);
		else if (i + 1 < argc && strcmp(argv[i], "--seeds") == 0)
			n = strtoull(argv[++i], NULL, 10);
		else if (i + 1 < argc && strcmp(argv[i], "--heights") == 0)
			s.heights = strtoull(argv[++i], NULL, 10);
		else if (i + 1 < argc && strcmp(argv[i], "--nodes") == 0)
			s.n = (uint16_t)strtoul(argv[++i], NULL, 10);
	}
	if (sign_setup() < 0)
		return 1;
	for (s.seed = from; s.seed < from + n; s.seed++) {
		if (world_run(&s, why, sizeof(why)) == 0)
			continue;
		printf("seed %" PRIu64 ": %s\n", s.seed, why);
		return 1;
	}
	printf("%" PRIu64 " seeds\n", n);
	return 0;
}
