/*
 * main.c - runs seeds of the simulated federation; see README.md.
 *
 * Without arguments: the groups of `make check`, as TAP. Seeds are shared out
 * to as many processes as asked for; a seed's outcome does not depend on that.
 */
#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "proto/sign.h"
#include "tests/cluster/faults.h"
#include "tests/cluster/latency.h"
#include "tests/cluster/twins.h"
#include "tests/cluster/world.h"

#define MAIN_JOBS_MAX 64
#define MAIN_SHOWN 20  /* failing seeds printed per group */
#define MAIN_LONG 2000 /* seeds after which nothing may not have happened */

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define MAIN_SHARE 10 /* a sanitizer costs about that */
#else
#define MAIN_SHARE 1
#endif

struct options {
	struct world_setup setup;
	uint64_t from, seeds;
	unsigned jobs;
	bool tap, json, first; /* first: stop at the first failure */
	bool twins, latency;
	uint32_t interval; /* ms, of --latency */
	unsigned rounds;   /* of a schedule of twins */
};

struct tally {
	uint64_t seeds, failures, first_failure, heights, virtual_ms, reruns;
	uint64_t slow, pace_ms, trace;
	uint64_t counts[COUNTS];
};

static uint64_t
clock_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/*
 * The failure with less of everything: first fewer heights, then one kind of
 * fault after another left out, for as long as something still fails.
 */
static void
shrink(struct world_setup *s, struct world_result *r)
{
	static struct world_result again;
	struct world_setup try = *s;

	for (uint64_t h = 1; h < s->heights; h *= 2) {
		try.heights = h;
		if (world_run(&try, &again) < 0) {
			*s = try;
			*r = again;
			break;
		}
	}
	for (unsigned k = 0; k < FAULTS_KINDS; k++) {
		try = *s;
		try.without |= 1u << k;
		if (try.without != s->without && world_run(&try, &again) < 0) {
			*s = try;
			*r = again;
		}
	}
}

/* One line that brings the failure back. */
static void
show_failure(const struct world_setup *s, const char *why)
{
	printf("# %s\n#   build/tests/cluster --seed %" PRIu64
	       " --heights %" PRIu64,
	    why, s->seed, s->heights);
	if (s->n != 0)
		printf(" --nodes %u", s->n);
	if (s->calm)
		printf(" --calm");
	if (s->without != 0)
		printf(" --without %" PRIu32, s->without);
	if (s->halves)
		printf(" --halves");
	if (s->members)
		printf(" --members");
	if (s->dead || s->steady)
		printf(s->dead ? " --dead" : " --steady");
	if (s->liars != WORLD_LIARS_DRAWN)
		printf(" --liars %d", (int)s->liars);
	printf(" --trace\n");
	fflush(stdout);
}

static void
run_seed(const struct world_setup *s, struct tally *t, bool to_shrink)
{
	static struct world_result r, again;
	int rc = world_run(s, &r);

	t->seeds++;
	t->heights += r.heights;
	t->slow += r.slow;
	t->pace_ms += r.pace_ms;
	t->virtual_ms += r.virtual_ms;
	t->trace += r.trace; /* a sum: jobs end in any order */
	for (int c = 0; c < COUNTS; c++)
		t->counts[c] += r.counts[c];
	if (rc == 0 && s->seed % 100 == 0 && !s->trace) {
		(void)world_run(s, &again);
		t->reruns++;
		if (again.trace != r.trace || again.steps != r.steps) {
			snprintf(r.failure, sizeof(r.failure),
			    "seed %" PRIu64 ": two runs differ", s->seed);
			rc = -1;
		}
	}
	if (rc == 0)
		return;
	if (t->failures++ < MAIN_SHOWN) {
		struct world_setup small = *s;

		if (to_shrink)
			shrink(&small, &r);
		show_failure(&small, r.failure);
	}
	if (t->failures == 1)
		t->first_failure = s->seed;
}

static void
add(struct tally *sum, const struct tally *t)
{
	if (t->failures > 0 &&
	    (sum->failures == 0 || t->first_failure < sum->first_failure))
		sum->first_failure = t->first_failure;
	sum->seeds += t->seeds;
	sum->failures += t->failures;
	sum->heights += t->heights;
	sum->slow += t->slow;
	sum->pace_ms += t->pace_ms;
	sum->virtual_ms += t->virtual_ms;
	sum->reruns += t->reruns;
	sum->trace += t->trace;
	for (int c = 0; c < COUNTS; c++)
		sum->counts[c] += t->counts[c];
}

/* Every jobs-th seed. */
static void
run_share(const struct options *o, unsigned job, struct tally *t)
{
	struct world_setup s = o->setup;

	for (uint64_t i = job; i < o->seeds && !(o->first && t->failures > 0);
	     i += o->jobs) {
		s.seed = o->from + i;
		run_seed(&s, t, !o->first && !s.trace);
	}
}

static int
start_share(const struct options *o, unsigned job, pid_t *child)
{
	struct tally t = {0};
	int fd[2];

	if (pipe(fd) < 0)
		return -1;
	fflush(stdout);
	*child = fork();
	if (*child == 0) {
		close(fd[0]);
		run_share(o, job, &t);
		_exit(write(fd[1], &t, sizeof(t)) == sizeof(t) ? 0 : 1);
	}
	close(fd[1]);
	return fd[0];
}

/* False: a process died, which is a failure whatever it was doing. */
static bool
run_all(const struct options *o, struct tally *sum)
{
	int fds[MAIN_JOBS_MAX];
	pid_t children[MAIN_JOBS_MAX];
	struct tally t;
	bool whole = true;

	if (o->jobs == 1) {
		run_share(o, 0, sum);
		return true;
	}
	for (unsigned i = 0; i < o->jobs; i++) {
		fds[i] = start_share(o, i, &children[i]);
		if (fds[i] < 0 || children[i] < 0)
			exit(1);
	}
	for (unsigned i = 0; i < o->jobs; i++) {
		int status;
		bool got = read(fds[i], &t, sizeof(t)) == sizeof(t);

		close(fds[i]);
		if (got)
			add(sum, &t);
		if (waitpid(children[i], &status, 0) < 0 || status != 0 || !got)
			whole = false;
	}
	return whole;
}

static void
show_counts(const struct tally *t)
{
	for (int c = 0; c < COUNTS; c++)
		printf("# %10" PRIu64 " %s\n", t->counts[c],
		    count_text((enum count)c));
}

/* The groups of make check: what is fixed, and how many seeds. */
static const struct group {
	const char *name;
	struct world_setup setup;
	uint64_t from, seeds;
} groups[] = {
    {"calm weather", {.n = 4, .heights = 20, .calm = true}, 0, 40},
    {"four nodes, storms, no liar",
	{.n = 4, .heights = 20, .liars = WORLD_LIARS_NONE}, 1000, 400},
    {"four nodes, storms and a liar",
	{.n = 4, .heights = 20, .liars = WORLD_LIARS_SOME}, 2000, 800},
    {"four nodes, one key on two machines",
	{.n = 4, .heights = 20, .liars = WORLD_LIARS_TWIN}, 3000, 200},
    {"one node", {.n = 1, .heights = 20}, 4000, 40},
    {"two nodes", {.n = 2, .heights = 20}, 4100, 60},
    {"three nodes", {.n = 3, .heights = 20}, 4200, 60},
    {"five nodes", {.n = 5, .heights = 20}, 4300, 100},
    {"seven nodes, up to two liars", {.n = 7, .heights = 20}, 4500, 100},
    {"members that change, storms and liars", {.heights = 30, .members = true},
	8000, 120},
    {"whatever the seed says", {.heights = 20}, 5000, 200},
    {"ten minutes in two halves, then a block within ten seconds",
	{.n = 4, .heights = 20, .halves = true}, 7000, 10},
    {"seven nodes, the same", {.n = 7, .heights = 20, .halves = true}, 7100, 2},
    {"all four alive, links and disks alike",
	{.n = 4, .heights = 100, .calm = true, .steady = true}, 6000, 4},
    {"one of four dead from the start",
	{.n = 4, .heights = 100, .calm = true, .dead = true}, 6000, 4},
};

#define GROUPS (sizeof(groups) / sizeof(groups[0]))

/* Row 8: a dead validator costs three slow blocks, and no pace after that. */
static bool
check_bench(const struct tally *alive, const struct tally *dead)
{
	bool ok = alive->slow == 0 && dead->slow <= 3 * dead->seeds &&
	    dead->slow > 0 && dead->pace_ms * 100 <= alive->pace_ms * 105;

	printf("%sok %zu - a dead validator costs three blocks and no pace\n",
	    ok ? "" : "not ", GROUPS + 3);
	printf("# slow blocks: %" PRIu64 " of %" PRIu64 " runs; %" PRIu64
	       " ms against %" PRIu64 " ms\n",
	    dead->slow, dead->seeds, dead->pace_ms, alive->pace_ms);
	return ok;
}

static int
run_tap(const struct options *base)
{
	const bool longer = getenv("QML_TEST_LONG") != NULL;
	struct tally all = {0}, of[GROUPS];
	unsigned nbad = 0, nzero = 0, rounds = longer ? 3 : 2;
	bool bad;

	printf("1..%zu\n", GROUPS + 4);
	for (size_t i = 0; i < GROUPS; i++) {
		struct options o = *base;
		struct tally t = {0};
		uint64_t start = clock_ms();
		bool ok;

		o.setup = groups[i].setup;
		o.from = groups[i].from;
		o.seeds = 1 + (groups[i].seeds - 1) / MAIN_SHARE;
		if (longer) {
			o.from += 100000;
			o.seeds *= 10;
		}
		ok = run_all(&o, &t) && t.failures == 0 && t.seeds == o.seeds;
		nbad += !ok;
		of[i] = t;
		add(&all, &t);
		printf("%sok %zu - %s: %" PRIu64 " seeds\n", ok ? "" : "not ",
		    i + 1, groups[i].name, t.seeds);
		printf("# %" PRIu64 " heights, %.1f s\n", t.heights,
		    (double)(clock_ms() - start) / 1000);
		fflush(stdout);
	}
	show_counts(&all);
	for (int c = 0; c < COUNTS; c++)
		nzero += all.counts[c] == 0;
	/* A tenth of the seeds need not meet everything. */
	nzero = MAIN_SHARE > 1 ? 0 : nzero;
	printf("%sok %zu - everything that can go wrong went wrong\n",
	    nzero == 0 ? "" : "not ", GROUPS + 1);
	printf("%sok %zu - %" PRIu64 " seeds ran twice with one outcome\n",
	    all.reruns > 0 ? "" : "not ", GROUPS + 2, all.reruns);
	bad = twins_run(rounds, false) != 0;
	nbad += bad;
	printf("%sok %zu - twins: every schedule of %u rounds\n",
	    bad ? "not " : "", GROUPS + 4, rounds);
	nbad += !check_bench(&of[GROUPS - 2], &of[GROUPS - 1]);
	return nbad + nzero > 0 || all.reruns == 0;
}

/* A long run of drawn federations has to have met everything. */
static unsigned
count_zero(const struct options *o, const struct tally *t)
{
	const struct world_setup *s = &o->setup;
	unsigned n = 0;

	if (t->seeds < MAIN_LONG || s->calm || s->n != 0 || s->without != 0 ||
	    s->liars != WORLD_LIARS_DRAWN || s->halves || s->members)
		return 0;
	for (int c = 0; c < COUNTS; c++) {
		if (t->counts[c] > 0)
			continue;
		n++;
		printf("# never happened: %s\n", count_text((enum count)c));
	}
	return n;
}

/* Bugs planted in a copy of the sources, one after another: a build each, so
 * a script does it. From the root of the tree. */
static int
run_mutants(void)
{
	static char name[] = "tests/cluster/mutants";
	char *argv[] = {name, NULL};

	execv(name, argv);
	perror(name);
	return 1;
}

/* Of this process and those it waited for: what a busy machine leaves alone. */
static uint64_t
cpu_ms(void)
{
	uint64_t ms = 0;

	for (int i = 0; i < 2; i++) {
		struct rusage u;

		if (getrusage(i == 0 ? RUSAGE_SELF : RUSAGE_CHILDREN, &u) < 0)
			continue;
		ms += (uint64_t)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000;
		ms +=
		    (uint64_t)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1000;
	}
	return ms > 0 ? ms : 1;
}

static void
show_json(const struct tally *t, uint64_t ms)
{
	printf("{\"seeds\":%" PRIu64 ",\"failures\":%" PRIu64
	       ",\"first_failure\":",
	    t->seeds, t->failures);
	if (t->failures > 0)
		printf("%" PRIu64, t->first_failure);
	else
		printf("null");
	printf(",\"heights\":%" PRIu64
	       ",\"seeds_per_s\":%.2f,\"sim_to_real\":%.0f",
	    t->heights, (double)t->seeds * 1000 / (double)ms,
	    (double)t->virtual_ms / (double)ms);
	printf(",\"cuts\":%" PRIu64 ",\"seeds_per_cpu_s\":%.2f}\n",
	    t->counts[COUNT_POWER_ALL],
	    (double)t->seeds * 1000 / (double)cpu_ms());
}

static int
run_plain(const struct options *o)
{
	struct tally t = {0};
	uint64_t start = clock_ms(), ms;
	unsigned nzero;
	bool whole = run_all(o, &t);

	ms = clock_ms() - start;
	ms += ms == 0;
	show_counts(&t);
	nzero = count_zero(o, &t);
	printf("# %" PRIu64 " blocks of a later round; %" PRIu64
	       " ms for the blocks after %d\n",
	    t.slow, t.pace_ms, WORLD_PACE_FROM);
	printf("%" PRIu64 " seeds, %" PRIu64 " failed, %" PRIu64
	       " heights, %.1f s, trace %016" PRIx64 "\n",
	    t.seeds, t.failures, t.heights, (double)ms / 1000, t.trace);
	if (o->json)
		show_json(&t, ms);
	return !whole || t.failures > 0 || nzero > 0;
}

static const char usage[] =
    "cluster [--from S] [--seeds N] [--heights H] [--nodes N] [--seed S]\n"
    "        [--liars 0|1|2|3] [--calm] [--dead] [--steady] [--halves]\n"
    "        [--members] [--without MASK]\n"
    "        [--trace] [--jobs J] [--first] [--json]\n"
    "cluster --latency --nodes N [--interval MS] [--heights H]\n"
    "cluster --mutants | --twins [--rounds R]\n"
    "Without arguments: the seeds of make check, as TAP.\n"
    "--first: stop at the first failure.\n"
    "--liars: 0 as the seed says, 1 none, 2 some, 3 a twin.\n";

static bool
take_number(struct options *o, const char *name, const char *text)
{
	char *end;
	uint64_t v;

	errno = 0;
	v = strtoull(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0')
		return false;
	if (strcmp(name, "--from") == 0 || strcmp(name, "--seed") == 0)
		o->from = v;
	else if (strcmp(name, "--seeds") == 0)
		o->seeds = v;
	else if (strcmp(name, "--heights") == 0 && v > 0)
		o->setup.heights = v;
	else if (strcmp(name, "--nodes") == 0 && v > 0 && v <= 100)
		o->setup.n = (uint16_t)v;
	else if (strcmp(name, "--rounds") == 0 && v > 0 && v <= TWINS_ROUNDS)
		o->rounds = (unsigned)v;
	else if (strcmp(name, "--interval") == 0 && v > 0 && v <= 60000)
		o->interval = (uint32_t)v;
	else if (strcmp(name, "--without") == 0 && v <= UINT32_MAX)
		o->setup.without = (uint32_t)v;
	else if (strcmp(name, "--jobs") == 0 && v > 0 && v <= MAIN_JOBS_MAX)
		o->jobs = (unsigned)v;
	else if (strcmp(name, "--liars") == 0 && v <= WORLD_LIARS_TWIN)
		o->setup.liars = (enum world_liars)v;
	else
		return false;
	return true;
}

static bool
take_options(struct options *o, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--trace") == 0)
			o->setup.trace = true;
		else if (strcmp(argv[i], "--calm") == 0)
			o->setup.calm = true;
		else if (strcmp(argv[i], "--dead") == 0)
			o->setup.dead = o->setup.calm = true;
		else if (strcmp(argv[i], "--steady") == 0)
			o->setup.steady = o->setup.calm = true;
		else if (strcmp(argv[i], "--halves") == 0)
			o->setup.halves = true;
		else if (strcmp(argv[i], "--members") == 0)
			o->setup.members = true;
		else if (strcmp(argv[i], "--mutants") == 0)
			exit(run_mutants());
		else if (strcmp(argv[i], "--twins") == 0)
			o->twins = true;
		else if (strcmp(argv[i], "--latency") == 0)
			o->latency = true;
		else if (strcmp(argv[i], "--json") == 0)
			o->json = true;
		else if (strcmp(argv[i], "--first") == 0)
			o->first = true;
		else if (i + 1 == argc || !take_number(o, argv[i], argv[i + 1]))
			return false;
		else if (strcmp(argv[i++], "--jobs") == 0 && argc == 3)
			continue;
		if (argc != 3 || strcmp(argv[1], "--jobs") != 0)
			o->tap = false;
	}
	return true;
}

int
main(int argc, char **argv)
{
	struct options o = {.setup = {.heights = 20},
	    .seeds = 1,
	    .interval = 1000,
	    .rounds = TWINS_ROUNDS,
	    .jobs = 1,
	    .tap = true};
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);

	if (sign_setup() < 0)
		return 1;
	/* Each seed makes and frees some 50 MiB: keep the pages. */
	(void)mallopt(M_MMAP_THRESHOLD, 1 << 30);
	(void)mallopt(M_TRIM_THRESHOLD, 1 << 30);
	if (argc == 1)
		o.jobs = cpus > 1 ? 2 : 1;
	if (!take_options(&o, argc, argv)) {
		fputs(usage, stderr);
		return 2;
	}
	if (o.latency && o.setup.n > 0)
		return latency_run(o.setup.n, o.setup.heights, o.interval) < 0;
	if (o.twins)
		return twins_run(o.rounds, o.json);
	return o.tap ? run_tap(&o) : run_plain(&o);
}
