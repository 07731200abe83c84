#include "trace.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const struct bft_params params = {
    .propose_ms = 3000,
    .propose_delta_ms = 500,
    .prevote_ms = 1000,
    .prevote_delta_ms = 500,
    .precommit_ms = 1000,
    .precommit_delta_ms = 500,
    .cap_ms = 60000,
};

static const char *const verdict_names[] = {"ok", "duplicate", "old", "future",
    "bad-type", "bad-index", "bad-round", "bad-block", "not-proposer",
    "conflict", "not-ours", "unknown", "idle"};
static const char *const record_names[] = {"proposal", "prevote", "precommit"};
static const char *const step_names[] = {"propose", "prevote", "precommit"};

struct hash
trace_block(char name)
{
	struct hash h = {{0}};

	if (name != '-')
		memset(h.b, name, sizeof(h.b));
	return h;
}

static char
block_name(const struct hash *h)
{
	return hash_is_zero(h) ? '-' : (char)h->b[0];
}

static void __attribute__((format(printf, 2, 3)))
say(struct trace *t, const char *format, ...)
{
	size_t len = strlen(t->answer);
	va_list ap;

	if (len > 0 && len + 2 < sizeof(t->answer)) {
		memcpy(t->answer + len, "; ", 3);
		len += 2;
	}
	va_start(ap, format);
	(void)vsnprintf(t->answer + len, sizeof(t->answer) - len, format, ap);
	va_end(ap);
}

static void
say_persist(struct trace *t, const struct bft_record *r)
{
	char lock[32] = "";

	if (r->locked.round >= 0)
		(void)snprintf(lock, sizeof(lock), " lock %c%d",
		    block_name(&r->locked.block), (int)r->locked.round);
	if (r->type == BFT_RECORD_PROPOSAL)
		say(t, "persist proposal %u %d %c%s", (unsigned)r->round,
		    (int)r->valid_round, block_name(&r->block), lock);
	else
		say(t, "persist %s %u %c%s", record_names[r->type],
		    (unsigned)r->round, block_name(&r->block), lock);
	assert_true(t->nlog < TRACE_LOG);
	t->log[t->nlog++] = *r;
}

static void
say_evidence(struct trace *t, const struct bft_action *a)
{
	if (a->evidence.votes)
		say(t, "evidence votes %u %c %c",
		    (unsigned)a->evidence.vote[0].validator,
		    block_name(&a->evidence.vote[0].block),
		    block_name(&a->evidence.vote[1].block));
	else
		say(t, "evidence offers %u %c %c",
		    (unsigned)a->evidence.proposal[0].proposer,
		    block_name(&a->evidence.proposal[0].block),
		    block_name(&a->evidence.proposal[1].block));
}

static void
keep_sent(struct trace *t, const struct bft_action *a)
{
	assert_true(t->nsent < TRACE_SENT);
	t->sent[t->nsent++] = *a;
}

static void
say_action(struct trace *t, const struct bft_action *a)
{
	unsigned round = a->round;
	char block = block_name(&a->block);

	switch (a->type) {
	case BFT_PERSIST:
		say_persist(t, &a->persist.record);
		break;
	case BFT_SEND_PROPOSAL:
		say(t, "send proposal %u %d %c", round, (int)a->valid_round,
		    block);
		keep_sent(t, a);
		break;
	case BFT_SEND_VOTE:
		say(t, "send %s %u %c", record_names[a->vote.type], round,
		    block_name(&a->vote.block));
		keep_sent(t, a);
		break;
	case BFT_BUILD:
		say(t, "build %u", round);
		break;
	case BFT_VALIDATE:
		say(t, "validate %u %c", round, block);
		break;
	case BFT_FETCH:
		say(t, "fetch %u %c", round, block);
		break;
	case BFT_COMMIT:
		say(t, "commit %u %c", round, block);
		break;
	case BFT_EVIDENCE:
		say_evidence(t, a);
		break;
	case BFT_HALT:
		say(t, "halt %u %c", round, block);
		break;
	}
}

static void
step(struct trace *t, struct bft_event *ev)
{
	ev->now_ms = t->now_ms;
	bft_step(&t->b, ev, &t->out);
	bft_check(&t->b);
	if (t->out.verdict != BFT_OK)
		say(t, "%s", verdict_names[t->out.verdict]);
	for (size_t i = 0; i < t->out.nactions; i++)
		say_action(t, &t->out.actions[i]);
}

static void
enter(struct trace *t, uint16_t n, uint16_t self)
{
	static const uint32_t power[BFT_MAX_VALIDATORS] = {1, 1, 1, 1, 1, 1, 1,
	    1, 1, 1};
	struct bft_event ev = {.type = BFT_EV_HEIGHT};

	ev.enter.height = TRACE_HEIGHT;
	ev.enter.n = n;
	ev.enter.self = self;
	ev.enter.power = power;
	step(t, &ev);
}

static void
offer(struct trace *t, const char *args)
{
	struct bft_event ev = {.type = BFT_EV_PROPOSAL};
	struct bft_offer *o = &ev.proposal;
	unsigned round, header;
	int valid_round, used = 0;
	char block;

	assert_int_equal(sscanf(args, "%u %d %c%n", &round, &valid_round,
			     &block, &used),
	    3);
	o->p.height = TRACE_HEIGHT;
	o->p.round = round;
	o->p.valid_round = valid_round;
	o->p.block = trace_block(block);
	o->p.proposer = (uint16_t)(round % t->b.set.n);
	o->block_round = valid_round < 0 ? round : 0;
	o->timely = strstr(args, "late") == NULL;
	if (sscanf(args + used, " hdr %u", &header) == 1)
		o->block_round = header;
	step(t, &ev);
}

static void
votes(struct trace *t, unsigned type, const char *args)
{
	struct bft_event ev = {.type = BFT_EV_VOTE};
	unsigned round;
	char who[16], block;

	assert_int_equal(sscanf(args, "%15s %u %c", who, &round, &block), 3);
	for (const char *p = who; *p != '\0'; p++) {
		ev.vote = (struct vote){.type = (uint8_t)type,
		    .height = TRACE_HEIGHT,
		    .round = round,
		    .block = trace_block(block),
		    .validator = (uint16_t)(*p - '0')};
		ev.vote.sig.b[0] = (uint8_t)*p;
		step(t, &ev);
	}
}

static void
feed(struct trace *t)
{
	for (size_t i = 0; i < t->nsent; i++) {
		const struct bft_action *a = &t->sent[i];
		struct bft_event ev = {.type = BFT_EV_VOTE};

		if (a->type == BFT_SEND_VOTE) {
			ev.vote = a->vote;
			ev.vote.sig.b[0] = (uint8_t)('0' + a->vote.validator);
		} else {
			ev.type = BFT_EV_PROPOSAL;
			ev.proposal = (struct bft_offer){.timely = true};
			ev.proposal.p.height = a->height;
			ev.proposal.p.round = a->round;
			ev.proposal.p.valid_round = a->valid_round;
			ev.proposal.p.block = a->block;
			ev.proposal.p.proposer = t->b.self;
			ev.proposal.block_round =
			    a->valid_round < 0 ? a->round : 0;
		}
		step(t, &ev);
	}
	t->nsent = 0;
}

static void
built(struct trace *t, const char *args)
{
	struct bft_event ev = {.type = BFT_EV_BUILT};
	unsigned round;
	char block[3];

	assert_int_equal(sscanf(args, "%u %2s", &round, block), 2);
	ev.built.height = TRACE_HEIGHT;
	ev.built.round = round;
	ev.built.ok = strcmp(block, "no") != 0;
	if (ev.built.ok)
		ev.built.block = trace_block(block[0]);
	step(t, &ev);
}

static void
say_marks(struct trace *t)
{
	struct bft_status s;
	char lock[16] = "none", valid[16] = "none";

	bft_status(&t->b, &s);
	if (s.locked.round >= 0)
		(void)snprintf(lock, sizeof(lock), "%c%d",
		    block_name(&s.locked.block), (int)s.locked.round);
	if (s.valid.round >= 0)
		(void)snprintf(valid, sizeof(valid), "%c%d",
		    block_name(&s.valid.block), (int)s.valid.round);
	if (s.round < 0)
		say(t, "waiting");
	else
		say(t, "round %d %s lock %s valid %s", (int)s.round,
		    step_names[s.step], lock, valid);
}

static void
advance(struct trace *t, const char *args)
{
	struct bft_event ev = {.type = BFT_EV_TIME};
	unsigned ms;

	if (sscanf(args, "%u", &ms) == 1) {
		t->now_ms += ms;
	} else {
		assert_true(t->out.deadline_ms != 0);
		if (t->now_ms < t->out.deadline_ms)
			t->now_ms = t->out.deadline_ms;
	}
	step(t, &ev);
}

void
trace_event(struct trace *t, const char *event)
{
	struct bft_event ev = {.type = BFT_EV_WORK};
	const char *args = strchr(event, ' ');
	unsigned n, self;

	args = args == NULL ? "" : args + 1;
	t->answer[0] = '\0';
	if (sscanf(event, "enter %u %u", &n, &self) == 2) {
		enter(t, (uint16_t)n, (uint16_t)self);
	} else if (strcmp(event, "work") == 0) {
		step(t, &ev);
	} else if (strncmp(event, "time", 4) == 0) {
		advance(t, args);
	} else if (strncmp(event, "offer ", 6) == 0) {
		offer(t, args);
	} else if (strncmp(event, "pv ", 3) == 0) {
		votes(t, VOTE_PREVOTE, args);
	} else if (strncmp(event, "pc ", 3) == 0) {
		votes(t, VOTE_PRECOMMIT, args);
	} else if (strncmp(event, "built ", 6) == 0) {
		built(t, args);
	} else if (strcmp(event, "feed") == 0) {
		feed(t);
	} else if (strcmp(event, "marks") == 0) {
		say_marks(t);
	} else if (strcmp(event, "due") == 0 && t->out.deadline_ms == 0) {
		say(t, "none");
	} else if (strcmp(event, "due") == 0) {
		say(t, "%" PRIu64, t->out.deadline_ms - t->now_ms);
	} else if (strcmp(event, "sync") == 0) {
		ev.type = BFT_EV_PERSISTED;
		ev.seq = t->b.seq;
		step(t, &ev);
	} else {
		ev.type = BFT_EV_VERDICT;
		ev.verdict.valid = strncmp(event, "ok ", 3) == 0;
		if (!ev.verdict.valid && strncmp(event, "bad ", 4) != 0)
			fail_msg("no such event: %s", event);
		ev.verdict.block = trace_block(args[0]);
		step(t, &ev);
	}
}

void
trace_init(struct trace *t)
{
	memset(t, 0, sizeof(*t));
	t->now_ms = 1000;
	assert_int_equal(bft_init(&t->b, &params), 0);
}

void
trace_restart(struct trace *t, uint16_t n, uint16_t self, size_t nlog)
{
	struct bft_event ev = {.type = BFT_EV_RESTORE};

	assert_int_equal(bft_init(&t->b, &params), 0);
	t->nsent = 0;
	t->answer[0] = '\0';
	enter(t, n, self);
	ev.restore.records = t->log;
	ev.restore.nrecords = nlog;
	step(t, &ev);
}

void
trace_more(struct trace *t, const struct trace_line *lines, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		trace_event(t, lines[i].event);
		if (strcmp(t->answer, lines[i].answer) != 0)
			fail_msg("line %zu: \"%s\" gave\n  \"%s\", want\n"
				 "  \"%s\"",
			    i + 1, lines[i].event, t->answer, lines[i].answer);
	}
}

void
trace_run(const struct trace_line *lines, size_t n)
{
	static struct trace t;

	trace_init(&t);
	trace_more(&t, lines, n);
}
