/*
 * twins_search.c - every schedule of up to four rounds.
 *
 * Layer by layer. What a schedule leaves behind is each core's lock, valid
 * value, decision and newest precommit, and which blocks had a quorum of
 * prevotes: proposals carry the prevotes behind them, so nothing else of the
 * past is ever heard again. Schedules that leave the same, up to the names of
 * the honest and of the two twins, are one; each is counted.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/cluster/twins.h"

#define KEY_LEN (TWINS_CORES * 7 + TWINS_ROUNDS * TWINS_CORES)
#define SYMMETRIES 12
#define MOVES (TWINS_N * TWINS_PARTITIONS * TWINS_PARTITIONS)

struct move {
	uint8_t leader, first, second; /* places in parts[] */
};

struct state {
	uint8_t key[KEY_LEN];
	struct move path[TWINS_ROUNDS]; /* one that leads there */
	uint64_t weight;                /* schedules that do */
	bool over;
};

struct layer {
	struct state *states;
	size_t n, cap;
	size_t *table; /* [size]: place + 1, or 0 */
	size_t size;
};

static struct search {
	uint8_t parts[TWINS_PARTITIONS][TWINS_CORES];
	unsigned nparts;
	uint8_t order[SYMMETRIES][TWINS_CORES]; /* new name of a core */
	unsigned rounds;
	uint64_t runs; /* rounds that were played */
	uint64_t schedules;
	uint64_t states, healed;
	bool failed;
	struct twins root, led, half, now;
} s;

/* All ways to tell five apart: restricted growth strings. */
static void
make_parts(void)
{
	uint8_t a[TWINS_CORES] = {0};

	for (unsigned code = 0; code < 3125; code++) {
		unsigned rest = code, top = 0;
		bool ok = true;

		for (unsigned i = 0; i < TWINS_CORES; i++, rest /= 5) {
			a[i] = (uint8_t)(rest % 5);
			ok = ok && a[i] <= top;
			top += a[i] == top;
		}
		if (ok)
			memcpy(s.parts[s.nparts++], a, sizeof(a));
	}
}

static void
make_orders(void)
{
	static const uint8_t honest[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
	    {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};

	for (unsigned i = 0; i < SYMMETRIES; i++) {
		memcpy(s.order[i], honest[i / 2], 3);
		s.order[i][3] = (uint8_t)(3 + i % 2);
		s.order[i][4] = (uint8_t)(4 - i % 2);
	}
}

/* A label is round * 5 + maker; the maker is renamed. 0: none. */
static uint8_t
rename_label(uint8_t label, const uint8_t *order)
{
	if (label == TWINS_NONE)
		return 0;
	return (uint8_t)(1 + label / TWINS_CORES * TWINS_CORES +
	    order[label % TWINS_CORES]);
}

static uint8_t
label_of(const struct bft_mark *m)
{
	return m->round < 0 ? TWINS_NONE : m->block.b[1];
}

/* Which round of the schedule a mark is of: where its block had its quorum
 * there; the core's own numbers depend on the silent rounds. */
static uint8_t
round_of(const struct twins *t, const struct bft_mark *m)
{
	if (m->round < 0)
		return 0;
	for (unsigned r = 0; r < t->index; r++)
		if (t->number[r] == m->round)
			return (uint8_t)(1 + r);
	return TWINS_NONE;
}

static void
write_core(const struct twins *t, unsigned core, const uint8_t *order,
    uint8_t *out)
{
	const struct bft *b = &t->core[core];
	const struct twins_fact *p = &t->precommitted[core];

	out[0] = rename_label(label_of(&b->locked), order);
	out[1] = round_of(t, &b->locked);
	out[2] = rename_label(label_of(&b->valid), order);
	out[3] = round_of(t, &b->valid);
	out[4] = rename_label(t->decided[core], order);
	out[5] = rename_label(p->label, order);
	out[6] = p->label == TWINS_NONE ? 0 : (uint8_t)(1 + p->round);
}

static void
write_key(const struct twins *t, const uint8_t *order, uint8_t out[KEY_LEN])
{
	memset(out, 0, KEY_LEN);
	for (unsigned c = 0; c < TWINS_CORES; c++)
		write_core(t, c, order, out + 7 * order[c]);
	for (unsigned r = 0; r < t->index; r++)
		for (uint8_t l = 0; l < TWINS_ROUNDS * TWINS_CORES; l++) {
			uint8_t to = (uint8_t)(rename_label(l, order) - 1);
			uint8_t *at = out + 7 * TWINS_CORES + to;

			if (__builtin_popcount(t->polka[r][l]) >= 3)
				*at |= (uint8_t)(1u << r);
		}
}

/* The smallest of the twelve ways to write it down. */
static void
canonical(const struct twins *t, uint8_t out[KEY_LEN])
{
	uint8_t key[KEY_LEN];

	write_key(t, s.order[0], out);
	for (unsigned i = 1; i < SYMMETRIES; i++) {
		write_key(t, s.order[i], key);
		if (memcmp(key, out, KEY_LEN) < 0)
			memcpy(out, key, KEY_LEN);
	}
}

static size_t
hash_of(const uint8_t *key)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < KEY_LEN; i++)
		h = (h ^ key[i]) * UINT64_C(0x100000001b3);
	return (size_t)(h ^ h >> 29);
}

static size_t
slot_of(const struct layer *l, const uint8_t *key)
{
	size_t i = hash_of(key) & (l->size - 1);

	while (l->table[i] != 0 &&
	    memcmp(l->states[l->table[i] - 1].key, key, KEY_LEN) != 0)
		i = (i + 1) & (l->size - 1);
	return i;
}

static bool
grow(struct layer *l)
{
	size_t cap = l->cap > 0 ? 2 * l->cap : 512;
	struct state *states = realloc(l->states, cap * sizeof(*states));
	size_t *table = calloc(4 * cap, sizeof(*table));

	if (states != NULL)
		l->states = states;
	if (states == NULL || table == NULL) {
		free(table);
		return false;
	}
	free(l->table);
	l->table = table;
	l->size = 4 * cap;
	l->cap = cap;
	for (size_t i = 0; i < l->n; i++)
		l->table[slot_of(l, l->states[i].key)] = i + 1;
	return true;
}

/* What a schedule led to. False: no memory. */
static bool
reach(struct layer *l, const struct state *from, unsigned depth,
    struct move last, bool over)
{
	struct state new = {.weight = from->weight, .over = over};
	size_t at;

	memcpy(new.path, from->path, sizeof(new.path));
	new.path[depth] = last;
	canonical(&s.now, new.key);
	if (l->n == l->cap && !grow(l))
		return false;
	at = slot_of(l, new.key);
	if (l->table[at] != 0) {
		l->states[l->table[at] - 1].weight += from->weight;
		return true;
	}
	l->states[l->n++] = new;
	l->table[at] = l->n;
	return true;
}

static void
show_failure(const struct twins *t, const struct state *from, unsigned depth)
{
	s.failed = true;
	printf("# %s\n", t->failure);
	for (unsigned r = 0; r < depth; r++) {
		const uint8_t *p = s.parts[from->path[r].first];
		const uint8_t *q = s.parts[from->path[r].second];

		printf("#   round %u: validator %u leads, partitions "
		       "%u%u%u%u%u and %u%u%u%u%u\n",
		    r, from->path[r].leader, p[0], p[1], p[2], p[3], p[4], q[0],
		    q[1], q[2], q[3], q[4]);
	}
}

/* From the beginning to where a state is. */
static void
replay(const struct state *from, unsigned depth)
{
	twins_init(&s.root);
	for (unsigned r = 0; r < depth; r++) {
		const struct move *m = &from->path[r];

		if (twins_lead(&s.root, m->leader) &&
		    twins_prevotes(&s.root, s.parts[m->first]))
			(void)twins_precommits(&s.root, s.parts[m->second]);
	}
}

/* The second half in every way. False: no memory, or it broke. */
static bool
expand_half(struct layer *to, const struct state *from, unsigned depth,
    struct move last, bool on)
{
	for (last.second = 0; last.second < TWINS_PARTITIONS; last.second++) {
		bool more;

		twins_copy(&s.now, &s.half);
		more = on && twins_precommits(&s.now, s.parts[last.second]);
		s.runs++;
		if (!reach(to, from, depth, last, !more))
			return false;
		if (s.now.failure[0] == '\0')
			continue;
		show_failure(&s.now, &to->states[to->n - 1], depth + 1);
		return false;
	}
	return true;
}

/* One more round in every way. */
static bool
expand(struct layer *to, const struct state *from, unsigned depth)
{
	struct move last = {0};

	replay(from, depth);
	for (last.leader = 0; last.leader < TWINS_N; last.leader++) {
		bool led, on;

		twins_copy(&s.led, &s.root);
		led = twins_lead(&s.led, last.leader);
		for (last.first = 0; last.first < TWINS_PARTITIONS;
		     last.first++) {
			twins_copy(&s.half, &s.led);
			on =
			    led && twins_prevotes(&s.half, s.parts[last.first]);
			if (!expand_half(to, from, depth, last, on))
				return false;
		}
	}
	return true;
}

/* Where it ends: a whole network has to decide from here. */
static bool
end_well(const struct state *from, unsigned depth)
{
	uint64_t rest = 1;

	for (unsigned r = depth; r < s.rounds; r++)
		rest *= MOVES;
	s.schedules += from->weight * rest;
	replay(from, depth);
	s.healed++;
	if (!twins_heals(&s.root) && s.root.failure[0] == '\0')
		snprintf(s.root.failure, sizeof(s.root.failure),
		    "no decision in %d rounds of a whole network (I11)",
		    TWINS_HEAL);
	if (s.root.failure[0] == '\0')
		return true;
	show_failure(&s.root, from, depth);
	return false;
}

static bool
search(void)
{
	struct layer a = {.n = 0}, b;
	struct state first = {.weight = 1};
	bool ok = grow(&a);

	if (ok)
		a.states[a.n++] = first;
	for (unsigned depth = 0; depth <= s.rounds && ok; depth++) {
		b = (struct layer){.n = 0};
		ok = grow(&b);
		s.states += a.n;
		printf("# after %u rounds: %zu states\n", depth, a.n);
		fflush(stdout);
		for (size_t i = 0; i < a.n && ok; i++)
			ok = depth == s.rounds || a.states[i].over
			    ? end_well(&a.states[i], depth)
			    : expand(&b, &a.states[i], depth);
		free(a.states);
		free(a.table);
		a = b;
	}
	free(a.states);
	free(a.table);
	return ok;
}

int
twins_run(unsigned rounds, bool json)
{
	struct timespec from, to;
	double secs;
	bool ok;

	s.rounds = rounds;
	make_parts();
	make_orders();
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
	ok = search();
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
	secs = (double)(to.tv_sec - from.tv_sec) +
	    (double)(to.tv_nsec - from.tv_nsec) / 1e9;
	if (!json)
		return !ok;
	printf("{\"rounds\":%u,\"schedules\":%" PRIu64 ",\"runs\":%" PRIu64
	       ",\"states\":%" PRIu64 ",\"failures\":%d,\"cpu_s\":%.1f"
	       ",\"runs_per_s\":%.0f,\"schedules_per_s\":%.0f}\n",
	    rounds, s.schedules, s.runs, s.states, s.failed, secs,
	    (double)s.runs / secs, (double)s.schedules / secs);
	return !ok;
}
