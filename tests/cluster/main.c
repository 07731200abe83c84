/*
 * main.c - runs seeds of the simulated federation; see README.md.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "proto/sign.h"
#include "tests/cluster/world.h"

int
main(int argc, char **argv)
{
	struct world_setup s = {.n = 0, .heights = 20};
	uint64_t from = 0, n = 1, bad = 0;
	static struct world_result r;
	uint64_t counts[COUNTS] = {0};

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--trace") == 0)
			s.trace = true;
		else if (strcmp(argv[i], "--calm") == 0)
			s.calm = true;
		else if (i + 1 < argc && strcmp(argv[i], "--from") == 0)
			from = strtoull(argv[++i], NULL, 10);
		else if (i + 1 < argc && strcmp(argv[i], "--seed") == 0)
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
		int rc = world_run(&s, &r);
		for (int c = 0; c < COUNTS; c++)
			counts[c] += r.counts[c];
		if (rc == 0)
			continue;
		printf("seed %" PRIu64 ": %s\n", s.seed, r.failure);
		fflush(stdout);
		bad++;
	}
	for (int c = 0; c < COUNTS; c++)
		printf("%10" PRIu64 " %s\n", counts[c], count_text((enum count)c));
	printf("%" PRIu64 " seeds %" PRIu64 " bad\n", n, bad);
	return bad > 0;
}
