#include "tests/cluster/world.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WALL0 UINT64_C(1700000000000)
#define DIM 8

static void step(struct world *w, uint16_t i, struct replica_event *ev);

static void __attribute__((format(printf, 2, 3)))
fail(struct world *w, const char *fmt, ...)
{
	va_list ap;

	if (w->failure[0] != '\0')
		return;
	va_start(ap, fmt);
	vsnprintf(w->failure, sizeof(w->failure), fmt, ap);
	va_end(ap);
}

/* events: a binary heap ordered by time, then by creation */

static bool
before(const struct world_event *a, const struct world_event *b)
{
	return a->at != b->at ? a->at < b->at : a->seq < b->seq;
}

static void
push(struct world *w, struct world_event e)
{
	size_t i;

	if (w->nheap == w->cap) {
		w->cap = w->cap > 0 ? 2 * w->cap : 256;
		w->heap = realloc(w->heap, w->cap * sizeof(*w->heap));
		assert(w->heap != NULL);
	}
	e.seq = w->seq++;
	e.life = w->nodes[e.node].life;
	for (i = w->nheap++; i > 0; i = (i - 1) / 2) {
		if (!before(&e, &w->heap[(i - 1) / 2]))
			break;
		w->heap[i] = w->heap[(i - 1) / 2];
	}
	w->heap[i] = e;
}

static struct world_event
pop(struct world *w)
{
	struct world_event top = w->heap[0], last = w->heap[--w->nheap];
	size_t i = 0, c;

	while ((c = 2 * i + 1) < w->nheap) {
		if (c + 1 < w->nheap && before(&w->heap[c + 1], &w->heap[c]))
			c++;
		if (!before(&w->heap[c], &last))
			break;
		w->heap[i] = w->heap[c];
		i = c;
	}
	w->heap[i] = last;
	return top;
}

static void
found(struct world *w)
{
	struct federation *f = &w->fed;

	*f = (struct federation){.version = FEDERATION_VERSION,
	    .name = "cluster",
	    .founded_ms = WALL0,
	    .nmembers = w->setup.n,
	    .ncolumns = 3,
	    .label = "label",
	    .nlabels = 2,
	    .timing = {.collect = 2000,
		.straggler = 8000,
		.heartbeat = 5000,
		.propose = 600,
		.prevote = 300,
		.precommit = 300,
		.round_step = 200,
		.timeout_max = 5000,
		.precision = 500,
		.delay = 2000,
		.interval = 10}};
	f->members = calloc(f->nmembers, sizeof(*f->members));
	f->columns = calloc(f->ncolumns, sizeof(*f->columns));
	f->labels = calloc(f->nlabels, sizeof(*f->labels));
	assert(f->members != NULL && f->columns != NULL && f->labels != NULL);
	for (uint16_t i = 0; i < 3; i++) {
		snprintf(f->columns[i].name, FEDERATION_TEXT_LEN, "x%u", i);
		f->columns[i].hi = (struct decimal){1, 0};
		if (i < 2)
			snprintf(f->labels[i], FEDERATION_TEXT_LEN, "%u", i);
	}
	f->job = (struct job){.task = JOB_LINEAR,
	    .dim = DIM,
	    .rounds = 1000000,
	    .steps = 1,
	    .batch = 1,
	    .head_scale = {1, 0},
	    .rate = {1, -2},
	    .rate_last = {1, -2},
	    .rule = JOB_MEAN,
	    .weighting = JOB_UNWEIGHTED,
	    .clip = {1, 0},
	    .bound = {1, 0}};
	for (uint16_t i = 0; i < f->nmembers; i++) {
		uint8_t seed[SIGN_SEED_LEN] = {(uint8_t)(i + 1)};
		struct member *m = &f->members[i];

		assert(sign_key_new(seed, &w->keys[i]) == 0);
		m->sign = sign_key_public(w->keys[i]);
		m->network[0] = (uint8_t)(i + 1);
		snprintf(m->name, sizeof(m->name), "node%u", i);
		m->power = m->weight = 1;
	}
}

/* Members are sorted by id; keys must follow. */
static void
sort_keys(struct world *w)
{
	struct sign_key *keys[WORLD_MAX];
	char err[256];

	federation_sort(&w->fed);
	for (uint16_t i = 0; i < w->setup.n; i++)
		for (uint16_t j = 0; j < w->setup.n; j++) {
			struct sign_public p = sign_key_public(w->keys[j]);

			if (memcmp(&p, &w->fed.members[i].sign, sizeof(p)) == 0)
				keys[i] = w->keys[j];
		}
	memcpy(w->keys, keys, w->setup.n * sizeof(keys[0]));
	if (federation_check(&w->fed, err, sizeof(err)) < 0)
		fail(w, "federation: %s", err);
	assert(federation_id(&w->fed, &w->fed_id) == 0);
}

static bool
is_cut(const struct world *w, uint16_t a, uint16_t b)
{
	return (w->side >> a & 1) != (w->side >> b & 1);
}

static void
start_node(struct world *w, uint16_t i)
{
	struct world_node *n = &w->nodes[i];
	const struct replica_config cfg = {.federation = &w->fed,
	    .key = w->keys[i],
	    .self = i};
	struct replica_event ev = {.type = REPLICA_EV_START};
	struct store_report rep;
	uint64_t height;
	int rc;

	rc = store_open(&n->store, &n->disk.disk, &w->fed,
	    &w->fed.members[i].id, &rep);
	if (rc < 0) {
		fail(w, "node %u: store_open %d part %d", i, rc, rep.part);
		return;
	}
	assert(replica_new(&cfg, &n->replica) == 0);
	rc = store_load(&n->store, n->replica, &height);
	if (rc < 0) {
		fail(w, "node %u: store_load %d at %" PRIu64, i, rc, height);
		return;
	}
	if (ledger_height(replica_ledger(n->replica)) < n->head)
		fail(w, "node %u lost committed blocks (I7)", i);
	n->up = true;
	step(w, i, &ev);
	for (uint16_t j = 0; j < w->setup.n; j++) {
		struct replica_event up = {.type = REPLICA_EV_PEER_UP};

		if (j == i || !w->nodes[j].up || is_cut(w, i, j))
			continue;
		up.peer = j;
		step(w, i, &up);
		up.peer = i;
		step(w, j, &up);
	}
}

static void
stop_node(struct world *w, uint16_t i)
{
	struct world_node *n = &w->nodes[i];

	n->up = false;
	n->life++;
	replica_free(n->replica);
	n->replica = NULL;
	store_close(&n->store);
	for (size_t k = 0; k < n->njobs; k++)
		replica_action_close(&n->jobs[k].action);
	n->njobs = 0;
	simdisk_crash(&n->disk, &w->rng);
	for (uint16_t j = 0; j < w->setup.n; j++) {
		struct replica_event down = {.type = REPLICA_EV_PEER_DOWN};

		down.peer = i;
		if (j != i && w->nodes[j].up)
			step(w, j, &down);
	}
}

/* When a message arrives; false: never. */
static bool
travel(struct world *w, uint64_t *at)
{
	const struct world_faults *f = &w->faults;

	*at = w->now + 1 + rng_below(&w->rng, 20);
	if (w->now >= f->calm_at)
		return true;
	if (rng_chance(&w->rng, f->loss))
		return false;
	if (f->delay_ms > 0)
		*at += rng_below(&w->rng, f->delay_ms);
	if (rng_chance(&w->rng, f->slow))
		*at += rng_below(&w->rng, 3000);
	return true;
}

static void
send_one(struct world *w, uint16_t from, uint16_t to,
    const struct replica_action *a)
{
	struct world_event e = {.type = WORLD_DELIVER,
	    .node = to,
	    .from = from};

	if (to == from || !w->nodes[to].up || is_cut(w, from, to) ||
	    !travel(w, &e.at))
		return;
	e.data = malloc(a->len);
	assert(e.data != NULL);
	memcpy(e.data, a->data, a->len);
	e.len = a->len;
	push(w, e);
	if (w->now < w->faults.calm_at &&
	    rng_chance(&w->rng, w->faults.twice)) {
		e.at += rng_below(&w->rng, 2000);
		e.data = malloc(a->len);
		assert(e.data != NULL);
		memcpy(e.data, a->data, a->len);
		push(w, e);
	}
}

static void
queue_job(struct world *w, uint16_t i, struct replica_action *a)
{
	struct world_node *n = &w->nodes[i];
	uint64_t at = w->now + 1 + rng_below(&w->rng, 5);

	if (n->njobs == n->cap) {
		n->cap = n->cap > 0 ? 2 * n->cap : 32;
		n->jobs = realloc(n->jobs, n->cap * sizeof(*n->jobs));
		assert(n->jobs != NULL);
	}
	if (n->njobs > 0 && n->jobs[n->njobs - 1].at > at)
		at = n->jobs[n->njobs - 1].at;
	n->jobs[n->njobs++] = (struct world_job){*a, at};
	a->data = NULL;
	a->commit = NULL;
	push(w,
	    (struct world_event){.type = WORLD_STORED, .node = i, .at = at});
}

static void
check_applied(struct world *w, uint16_t i, const struct replica_action *a)
{
	struct hash *d = &w->decided[a->height];

	if (a->height >= WORLD_HEIGHTS_MAX)
		return;
	if (hash_is_zero(d))
		*d = a->id;
	else if (!hash_equal(d, &a->id))
		fail(w, "fork at height %" PRIu64 " seen by node %u (I1)",
		    a->height, i);
	if (a->height > w->nodes[i].head)
		w->nodes[i].head = a->height;
	if (w->setup.trace)
		printf("%8" PRIu64 " node %u height %" PRIu64 " kind %u\n",
		    w->now, i, a->height, a->block->header.kind);
}

static void
act(struct world *w, uint16_t i, struct replica_action *a)
{
	switch (a->type) {
	case REPLICA_SEND:
		for (uint16_t j = 0; j < w->setup.n; j++)
			if (a->peer == REPLICA_ALL || a->peer == j)
				send_one(w, i, j, a);
		break;
	case REPLICA_STORE:
	case REPLICA_SERVE:
		queue_job(w, i, a);
		break;
	case REPLICA_TRAIN:
		push(w,
		    (struct world_event){.type = WORLD_TRAINED,
			.node = i,
			.number = a->fl_round,
			.at = w->now + 50 + rng_below(&w->rng, 500)});
		break;
	case REPLICA_APPLIED:
		check_applied(w, i, a);
		break;
	case REPLICA_PUNISH:
		fail(w, "node %u blames honest %u: %s", i, a->peer, a->text);
		break;
	case REPLICA_NOTICE:
		if (w->setup.trace)
			printf("%8" PRIu64 " node %u about %u: %s\n", w->now, i,
			    a->peer, a->text);
		break;
	case REPLICA_HALT:
		fail(w, "node %u halts: %s", i, a->text);
		break;
	case REPLICA_CANCEL:
		break;
	}
}

static void
step(struct world *w, uint16_t i, struct replica_event *ev)
{
	struct world_node *n = &w->nodes[i];
	struct replica_action a;

	ev->now.mono = w->now + 1;
	ev->now.wall = (uint64_t)((int64_t)(WALL0 + w->now) + n->skew);
	replica_step(n->replica, ev);
	bft_check(replica_bft(n->replica));
	while (replica_next(n->replica, &a)) {
		act(w, i, &a);
		replica_action_close(&a);
	}
	n->timer = replica_deadline(n->replica);
	if (n->timer <= w->now + 1)
		n->timer = w->now + 2;
	push(w,
	    (struct world_event){.type = WORLD_TIMER,
		.node = i,
		.number = n->timer,
		.at = n->timer - 1});
}

static void
serve(struct world *w, uint16_t i, const struct replica_action *a)
{
	struct wire_msg m = {.type = WIRE_BLOCK};
	struct replica_action send = {.type = REPLICA_SEND};

	for (uint16_t k = 0; k < a->count; k++) {
		if (store_block(&w->nodes[i].store, a->height + k,
			&m.u.decided) < 0)
			return;
		if (wire_encode(&m, &send.data, &send.len) == 0)
			send_one(w, i, a->peer, &send);
		free(send.data);
		block_free(m.u.decided.block);
	}
}

static void
do_job(struct world *w, uint16_t i)
{
	struct world_node *n = &w->nodes[i];
	struct replica_event ev = {.type = REPLICA_EV_STORED};
	struct replica_action a = n->jobs[0].action;
	int rc;

	n->njobs--;
	memmove(&n->jobs[0], &n->jobs[1], n->njobs * sizeof(n->jobs[0]));
	if (a.type == REPLICA_SERVE) {
		serve(w, i, &a);
		return;
	}
	rc = store_perform(&n->store, &a);
	ev.seq = a.seq;
	if (rc < 0)
		fail(w, "node %u: store %d of kind %d", i, rc, a.store);
	replica_action_close(&a);
	if (rc == 0)
		step(w, i, &ev);
}

static void
do_trained(struct world *w, uint16_t i, uint64_t round)
{
	struct replica_event ev = {.type = REPLICA_EV_TRAINED};

	ev.answer = answer_new(DIM);
	assert(ev.answer != NULL);
	ev.answer->kind = ANSWER_UPDATE;
	ev.answer->round = round;
	ev.answer->rows = 1;
	for (uint32_t k = 0; k < DIM; k++)
		ev.answer->delta[k] =
		    (int64_t)rng_below(&w->rng, 2000001) - 1000000;
	step(w, i, &ev);
}

/* Kill one node, or now and then all of them at once; each comes back. */
static void
do_crash(struct world *w)
{
	bool all = rng_chance(&w->rng, 100);
	uint16_t one = (uint16_t)rng_below(&w->rng, w->setup.n);

	for (uint16_t i = 0; i < w->setup.n; i++) {
		if (!w->nodes[i].up || (!all && i != one))
			continue;
		w->nodes[i].disk.lose = rng_chance(&w->rng, 700);
		stop_node(w, i);
		w->ncrashes++;
		if (w->setup.trace)
			printf("%8" PRIu64 " node %u crashes\n", w->now, i);
		push(w,
		    (struct world_event){.type = WORLD_RESTART,
			.node = i,
			.at = w->now + 1 + rng_below(&w->rng, 4000)});
	}
	if (w->now < w->faults.calm_at)
		push(w,
		    (struct world_event){.type = WORLD_CRASH,
			.at = w->now + 1 +
			    rng_below(&w->rng, 2 * w->faults.crash_ms)});
}

/* Two halves at random; every second time the split heals. */
static void
do_split(struct world *w)
{
	uint64_t all = (1u << w->setup.n) - 1;

	w->nsplits++;
	w->side = w->side != 0 || w->now >= w->faults.calm_at
	    ? 0
	    : (uint32_t)(rng_next(&w->rng) & all);
	for (uint16_t i = 0; i < w->setup.n; i++)
		for (uint16_t j = 0; j < w->setup.n; j++) {
			struct replica_event ev = {.type = is_cut(w, i, j)
				? REPLICA_EV_PEER_DOWN
				: REPLICA_EV_PEER_UP};

			ev.peer = j;
			if (i != j && w->nodes[i].up && w->nodes[j].up)
				step(w, i, &ev);
		}
	if (w->now < w->faults.calm_at)
		push(w,
		    (struct world_event){.type = WORLD_SPLIT,
			.at = w->now + 1 +
			    rng_below(&w->rng, 2 * w->faults.partition_ms)});
}

static void
draw_faults(struct world *w)
{
	struct world_faults *f = &w->faults;
	struct rng *r = &w->rng;

	if (!w->setup.faults)
		return;
	f->calm_at = 10000 + rng_below(r, 40000);
	f->loss = rng_chance(r, 700) ? (uint32_t)rng_below(r, 300) : 0;
	f->twice = rng_chance(r, 500) ? (uint32_t)rng_below(r, 500) : 0;
	f->slow = rng_chance(r, 500) ? (uint32_t)rng_below(r, 200) : 0;
	f->delay_ms = rng_chance(r, 500) ? (uint32_t)rng_below(r, 400) : 0;
	f->crash_ms = rng_chance(r, 700) ? 500 + rng_below(r, 5000) : 0;
	f->partition_ms = rng_chance(r, 500) ? 1000 + rng_below(r, 6000) : 0;
	f->skew_ms = rng_chance(r, 500) ? (int64_t)rng_below(r, 240) : 0;
	for (uint16_t i = 0; i < w->setup.n && f->skew_ms > 0; i++)
		w->nodes[i].skew =
		    (int64_t)rng_below(r, (uint64_t)(2 * f->skew_ms)) -
		    f->skew_ms;
	if (f->crash_ms > 0)
		push(w, (struct world_event){.type = WORLD_CRASH, .at = 2000});
	if (f->partition_ms > 0)
		push(w, (struct world_event){.type = WORLD_SPLIT, .at = 3000});
}

static void
happen(struct world *w, struct world_event *e)
{
	struct replica_event ev = {.type = REPLICA_EV_TIME};
	struct world_node *n = &w->nodes[e->node];

	if (e->type == WORLD_RESTART) {
		start_node(w, e->node);
		return;
	}
	if (e->type == WORLD_CRASH) {
		do_crash(w);
		return;
	}
	if (e->type == WORLD_SPLIT) {
		do_split(w);
		return;
	}
	if (!n->up || e->life != n->life)
		return;
	switch (e->type) {
	case WORLD_TIMER:
		if (e->number == n->timer)
			step(w, e->node, &ev);
		break;
	case WORLD_DELIVER:
		ev.type = REPLICA_EV_MSG;
		ev.peer = e->from;
		ev.msg.data = e->data;
		ev.msg.len = e->len;
		step(w, e->node, &ev);
		break;
	case WORLD_STORED:
		do_job(w, e->node);
		break;
	case WORLD_TRAINED:
		do_trained(w, e->node, e->number);
		break;
	case WORLD_RESTART:
	case WORLD_CRASH:
	case WORLD_SPLIT:
		break;
	}
}

static bool
finished(const struct world *w)
{
	if (w->now < w->faults.calm_at)
		return false;
	for (uint16_t i = 0; i < w->setup.n; i++)
		if (!w->nodes[i].up || w->nodes[i].head < w->setup.heights)
			return false;
	return true;
}

/* Where everybody stands: what a person needs to see why nothing moves. */
static void
describe(const struct world *w)
{
	for (uint16_t i = 0; i < w->setup.n; i++) {
		struct replica_progress p;
		struct bft_status b;

		if (!w->nodes[i].up)
			continue;
		p = replica_progress(w->nodes[i].replica);
		bft_status(replica_bft(w->nodes[i].replica), &b);
		printf(
		    "node %u height %" PRIu64 " round %d step %d fl %" PRIu64
		    " answers %u attests %u answered %d training %d target %" PRIu64
		    " prevotes %" PRIu64 " precommits %" PRIu64
		    " proposal %d known %d\n",
		    i, b.height, b.round, b.step, p.fl_round, p.answers,
		    p.attests, p.answered, p.training, p.target,
		    b.prevote_power, b.precommit_power, b.have_proposal,
		    b.known);
	}
}

static void
close_world(struct world *w)
{
	for (uint16_t i = 0; i < w->setup.n; i++) {
		if (w->nodes[i].up)
			stop_node(w, i);
		simdisk_close(&w->nodes[i].disk);
		free(w->nodes[i].jobs);
		sign_key_free(w->keys[i]);
	}
	for (size_t i = 0; i < w->nheap; i++)
		free(w->heap[i].data);
	free(w->heap);
	federation_close(&w->fed);
}

int
world_run(const struct world_setup *setup, char *failure, size_t len)
{
	struct world *w = calloc(1, sizeof(*w));
	struct world_event e;

	assert(w != NULL && setup->n <= WORLD_MAX);
	w->setup = *setup;
	w->rng = rng_of(setup->seed);
	found(w);
	sort_keys(w);
	for (uint16_t i = 0; i < setup->n; i++) {
		simdisk_init(&w->nodes[i].disk);
		assert(votelog_create(&w->nodes[i].disk.disk, VOTELOG_NAME,
			   &w->fed.members[i].id) == 0);
		push(w,
		    (struct world_event){.type = WORLD_RESTART,
			.node = i,
			.at = rng_below(&w->rng, 1000)});
	}
	draw_faults(w);
	while (w->nheap > 0 && w->failure[0] == '\0' && !finished(w)) {
		e = pop(w);
		w->now = e.at > w->now ? e.at : w->now;
		w->steps++;
		if (w->now > w->faults.calm_at + 60000 + setup->heights * 3000)
			fail(w,
			    "no progress: %" PRIu64 " ms for %" PRIu64
			    " heights",
			    w->now, setup->heights);
		happen(w, &e);
		free(e.data);
	}
	snprintf(failure, len, "%s", w->failure);
	if (setup->trace)
		describe(w);
	if (setup->trace)
		printf("%" PRIu64 " ms, %" PRIu64 " steps, %" PRIu64
		       " crashes\n",
		    w->now, w->steps, w->ncrashes);
	close_world(w);
	free(w);
	return failure[0] == '\0' ? 0 : -1;
}
