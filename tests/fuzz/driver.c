/*
 * driver.c - run a fuzz target without libFuzzer, the same way every time.
 *
 * fuzz_NAME [FILE...]: with files, runs just those (to look at one input).
 * Without, runs every file of tests/fuzz/corpus/NAME/, seeded mutations of
 * them and random inputs, and prints one TAP line. QML_FUZZ_RUNS sets the
 * number of generated inputs; a target that takes long over one defines
 * fuzz_runs, how many it gets. On a crash the input is printed in hex.
 */
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RUNS_DEFAULT 20000UL
#define SEEDS_MAX 1024
#define INPUT_BYTES_MAX 65536

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);
extern const unsigned long fuzz_runs __attribute__((weak));

struct input {
	uint8_t *data;
	size_t len;
};

static struct input seeds[SEEDS_MAX];
static size_t nseeds;
/* The input that is running, for the crash handler. */
static const uint8_t *volatile now_data;
static volatile size_t now_len;

/* splitmix64: every run of a target sees the same inputs. */
static uint64_t
next_random(uint64_t *state)
{
	uint64_t z = (*state += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

static void
print_crash(int sig)
{
	static const char digit[] = "0123456789abcdef";
	static const char head[] = "\n# crash on this input (hex): ";
	char pair[2];
	size_t i;
	ssize_t rc = write(2, head, sizeof(head) - 1);

	for (i = 0; rc > 0 && i < now_len; i++) {
		pair[0] = digit[now_data[i] >> 4];
		pair[1] = digit[now_data[i] & 15];
		rc = write(2, pair, 2);
	}
	rc = write(2, "\n", 1);
	(void)rc;
	signal(sig, SIG_DFL);
	raise(sig);
}

/* A copy of exactly len bytes lets the sanitizers see a read past the end. */
static void
run_copy(const uint8_t *data, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);

	if (copy == NULL)
		abort();
	if (len > 0)
		memcpy(copy, data, len);
	now_data = copy;
	now_len = len;
	LLVMFuzzerTestOneInput(copy, len);
	now_len = 0;
	free(copy);
}

static int
load_file(const char *path)
{
	struct input *in = &seeds[nseeds];
	FILE *f;

	if (nseeds == SEEDS_MAX)
		return -ENOSPC;
	f = fopen(path, "rb");
	if (f == NULL)
		return -errno;
	in->data = malloc(INPUT_BYTES_MAX);
	if (in->data == NULL)
		abort();
	in->len = fread(in->data, 1, INPUT_BYTES_MAX, f);
	fclose(f);
	nseeds++;
	return 0;
}

static void
load_corpus(const char *name)
{
	char path[1024];
	struct dirent *e;
	DIR *dir;

	snprintf(path, sizeof(path), "tests/fuzz/corpus/%s", name);
	dir = opendir(path);
	while (dir != NULL && (e = readdir(dir)) != NULL) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "tests/fuzz/corpus/%s/%s", name,
		    e->d_name);
		if (load_file(path) < 0)
			fprintf(stderr, "# cannot read %s\n", path);
	}
	if (dir != NULL)
		closedir(dir);
}

static int
by_content(const void *pa, const void *pb)
{
	const struct input *a = pa;
	const struct input *b = pb;
	int rc = memcmp(a->data, b->data, a->len < b->len ? a->len : b->len);

	return rc != 0 ? rc : (a->len > b->len) - (a->len < b->len);
}

/* One edit of buf in place; returns the new length. */
static size_t
mutate(uint8_t *buf, size_t len, uint64_t *rng)
{
	static const uint8_t edge[] = {0, 1, 0x7f, 0x80, 0xff, '"', '\n', '{'};
	uint64_t r = next_random(rng);
	size_t at = len ? (size_t)(next_random(rng) % len) : 0;
	size_t n = 1 + (size_t)(next_random(rng) % 16);

	switch (r % 6) {
	case 0: /* flip a bit */
		if (len > 0)
			buf[at] ^= (uint8_t)(1u << (r >> 32) % 8);
		return len;
	case 1: /* an interesting byte */
		if (len > 0)
			buf[at] = edge[(r >> 32) % sizeof(edge)];
		return len;
	case 2: /* truncate */
		return at;
	case 3: /* remove a few bytes */
		n = n < len - at ? n : len - at;
		memmove(buf + at, buf + at + n, len - at - n);
		return len - n;
	case 4: /* repeat a few bytes */
		n = n < len - at ? n : len - at;
		if (len + n > INPUT_BYTES_MAX)
			return len;
		memmove(buf + at + n, buf + at, len - at);
		return len + n;
	default: /* random bytes over the place */
		for (; n > 0 && at < len; n--, at++)
			buf[at] = (uint8_t)next_random(rng);
		return len;
	}
}

static void
run_generated(uint64_t *rng)
{
	static uint8_t buf[INPUT_BYTES_MAX];
	uint64_t r = next_random(rng);
	size_t edits = 1 + (size_t)((r >> 8) % 8);
	const struct input *in;
	size_t i, len;

	if (nseeds == 0 || r % 8 == 0) {
		len = (size_t)(next_random(rng) % (r % 16 ? 64 : 4096));
		for (i = 0; i < len; i++)
			buf[i] = (uint8_t)next_random(rng);
	} else {
		in = &seeds[next_random(rng) % nseeds];
		len = in->len;
		memcpy(buf, in->data, len);
		while (edits-- > 0)
			len = mutate(buf, len, rng);
	}
	run_copy(buf, len);
}

int
main(int argc, char **argv)
{
	const char *name = strrchr(argv[0], '/');
	const char *env = getenv("QML_FUZZ_RUNS");
	unsigned long runs = &fuzz_runs != NULL ? fuzz_runs : RUNS_DEFAULT;
	uint64_t rng = 1;
	unsigned long n;
	size_t i;

	name = name ? name + 1 : argv[0];
	if (env != NULL)
		runs = strtoul(env, NULL, 10);
	signal(SIGABRT, print_crash);
	signal(SIGSEGV, print_crash);
	for (i = 1; i < (size_t)argc; i++)
		if (load_file(argv[i]) < 0)
			return 1;
	if (argc > 1)
		runs = 0;
	else
		load_corpus(strncmp(name, "fuzz_", 5) ? name : name + 5);
	/* readdir has no order of its own. */
	qsort(seeds, nseeds, sizeof(seeds[0]), by_content);
	for (i = 0; i < nseeds; i++)
		run_copy(seeds[i].data, seeds[i].len);
	run_copy(NULL, 0);
	for (n = 0; n < runs; n++)
		run_generated(&rng);
	printf("1..1\nok 1 - %s: %zu seeds, %lu generated inputs\n", name,
	    nseeds, runs);
	for (i = 0; i < nseeds; i++)
		free(seeds[i].data);
	return 0;
}
