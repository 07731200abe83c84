#include "daemon/node/storage.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "consensus/chain/disk_posix.h"

#define STORAGE_TABLES_LAST 4 /* steps on the way out */
/* What one peer may keep this thread busy with: requests waiting, and bytes
 * for each. More is dropped; who is in need asks again. */
#define STORAGE_SERVES_MAX 2
#define STORAGE_FULL_MS 500 /* between two tries on a full disk */

struct storage_job {
	struct storage_job *next;
	bool asked; /* question and ticket; else action */
	struct replica_action action;
	struct past_question question;
	void *ticket;
};

struct result {
	struct result *next;
	enum {
		RESULT_STORED,
		RESULT_SERVED,
		RESULT_FULL,
		RESULT_FAILED,
		RESULT_PAST,
		RESULT_SCRUB,
		RESULT_TABLES
	} what;
	bool full;
	uint64_t seq;
	uint16_t peer;
	uint8_t *data;
	size_t len;
	int err;
	const char *text;
	struct past_answer *past; /* owned */
	void *ticket;
	bool damaged; /* finding is one */
	struct scrub_finding finding;
	enum tables_part part;
};

struct storage {
	/* the thread's, once started */
	struct disk_posix disk;
	struct store store;
	struct tables tables;
	const struct federation *federation;
	struct scrub scrub;
	bool failed;
	struct storage_job *held; /* a write without room; others wait */

	/* under lock */
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct storage_job *first, **last;
	struct result *done, **done_last;
	size_t depth;
	bool stopping, finished;
	uint8_t nserves[FEDERATION_MAX_MEMBERS]; /* queued or under way */

	/* the loop's */
	pthread_t thread;
	bool running;
	uv_async_t async;
	struct storage_callbacks cb;
};

int
storage_open(struct storage **out, const char *home, const struct federation *f,
    const struct hash *node, struct store_report *report)
{
	struct storage *s = calloc(1, sizeof(*s));
	pthread_condattr_t attr;
	int rc;

	if (s == NULL)
		return -ENOMEM;
	s->disk = DISK_POSIX_INIT;
	s->store = STORE_INIT;
	s->tables = TABLES_INIT;
	s->federation = f;
	s->last = &s->first;
	s->done_last = &s->done;
	pthread_mutex_init(&s->lock, NULL);
	/* Clocks on the wall jump. */
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&s->wake, &attr);
	pthread_condattr_destroy(&attr);
	rc = tables_open(&s->tables, home, f);
	if (rc == 0)
		rc = disk_posix_open(&s->disk, home);
	if (rc == 0)
		rc = store_open(&s->store, &s->disk.disk, f, node, report);
	if (rc < 0) {
		storage_free(s);
		return rc;
	}
	*out = s;
	return 0;
}

int
storage_load(struct storage *s, struct replica *r, uint64_t *height)
{
	int rc = store_load(&s->store, r, height);

	/* Without it the index replays the chain once more: slower, not
	 * wrong. */
	if (rc == 0 && ledger_clone(replica_ledger(r), &s->tables.loaded) < 0)
		s->tables.loaded = NULL;
	return rc;
}

const struct checkpoint_report *
storage_checkpoint(const struct storage *s)
{
	return &s->store.checkpoint;
}

static uint64_t
mono_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void
report(struct storage *s, const struct result *res)
{
	struct result *r = malloc(sizeof(*r));

	if (r == NULL)
		abort(); /* a lost report would stop consensus in silence */
	*r = *res;
	r->next = NULL;
	pthread_mutex_lock(&s->lock);
	*s->done_last = r;
	s->done_last = &r->next;
	pthread_mutex_unlock(&s->lock);
	uv_async_send(&s->async);
}

static void
follow(struct storage *s)
{
	struct tables_news news;

	tables_follow(&s->tables, &s->store, mono_ms(), &news);
	if (news.refilled)
		report(s,
		    &(struct result){.what = RESULT_SCRUB,
			.damaged = true,
			.finding = {.part = SCRUB_INDEX}});
	for (enum tables_part p = TABLES_INDEX; p < TABLES_PARTS; p++)
		if (news.any[p])
			report(s,
			    &(struct result){.what = RESULT_TABLES,
				.part = p,
				.err = news.err[p]});
}

static bool
no_room(int rc)
{
	return rc == -ENOSPC || rc == -EDQUOT;
}

/* False: there is no room for it, so it is held. */
static bool
perform_store(struct storage *s, struct storage_job *j)
{
	static const char *const what[] = {[REPLICA_STORE_RECORD] = "votes.wal",
	    [REPLICA_STORE_ANSWER] = "pool",
	    [REPLICA_STORE_BODY] = "pool",
	    [REPLICA_STORE_POLKA] = "pool",
	    [REPLICA_STORE_PASSAGE] = "pool",
	    [REPLICA_STORE_BLOCK] = "chain",
	    [REPLICA_STORE_PROOF] = "pool",
	    [REPLICA_STORE_PROVED] = "pool"};
	int rc;

	if (s->failed)
		return true;
	rc = store_perform(&s->store, &j->action);
	if (no_room(rc)) {
		if (s->held == NULL)
			report(s,
			    &(struct result){.what = RESULT_FULL,
				.full = true});
		s->held = j;
		return false;
	}
	/* One that fails in another way says nothing of room. */
	if (s->held != NULL && rc == 0) {
		report(s, &(struct result){.what = RESULT_FULL});
		tables_hurry(&s->tables);
	}
	s->held = NULL;
	if (rc < 0) {
		s->failed = true;
		report(s,
		    &(struct result){.what = RESULT_FAILED,
			.err = rc,
			.text = what[j->action.store]});
		return true;
	}
	report(s,
	    &(struct result){.what = RESULT_STORED, .seq = j->action.seq});
	return true;
}

static void
perform_serve(struct storage *s, struct storage_job *j)
{
	struct wire_msg m = {.type = WIRE_BLOCK};
	struct result res = {.what = RESULT_SERVED, .peer = j->action.peer};
	size_t bytes = 0;

	for (uint16_t i = 0; i < j->action.count && bytes < REPLICA_SERVE_BYTES;
	     i++) {
		if (store_block(&s->store, j->action.height + i, &m.u.decided) <
		    0)
			break;
		if (wire_encode(&m, &res.data, &res.len) == 0) {
			bytes += res.len;
			report(s, &res);
		}
		block_free(m.u.decided.block);
	}
	pthread_mutex_lock(&s->lock);
	s->nserves[j->action.peer]--;
	pthread_mutex_unlock(&s->lock);
}

static void
perform_ask(struct storage *s, struct storage_job *j)
{
	struct result res = {.what = RESULT_PAST, .ticket = j->ticket};

	res.past = malloc(sizeof(*res.past));
	if (res.past == NULL)
		abort(); /* as for a lost report */
	past_ask(&s->store, s->federation, &j->question, res.past);
	report(s, &res);
}

static void
job_free(struct storage_job *j)
{
	replica_action_close(&j->action);
	free(j);
}

static bool
is_write(const struct storage_job *j)
{
	return !j->asked && j->action.type == REPLICA_STORE;
}

static void
perform(struct storage *s, struct storage_job *j)
{
	if (is_write(j)) {
		if (!perform_store(s, j))
			return;
	} else if (j->asked) {
		perform_ask(s, j);
	} else {
		perform_serve(s, j);
	}
	job_free(j);
}

/* The next job, under the lock; while a write is held, what only reads. */
static struct storage_job *
take_job(struct storage *s)
{
	struct storage_job *j, **at = &s->first;

	while (s->held != NULL && *at != NULL && is_write(*at))
		at = &(*at)->next;
	j = *at;
	if (j == NULL)
		return NULL;
	*at = j->next;
	if (j->next == NULL)
		s->last = at;
	return j;
}

static uint64_t
scrub_in_ms(const struct storage *s)
{
	return s->failed ? UINT64_MAX : scrub_wait_ms(&s->scrub, mono_ms());
}

static uint64_t
tables_in_ms(const struct storage *s)
{
	return s->failed ? UINT64_MAX
			 : tables_wait_ms(&s->tables, &s->store, mono_ms());
}

/* Work, or time to try the held write again, the tables, or to scrub. Under the
 * lock. */
static void
wait_for_work(struct storage *s)
{
	uint64_t ms = s->held != NULL ? STORAGE_FULL_MS : scrub_in_ms(s);
	const uint64_t tables_ms = tables_in_ms(s);
	struct timespec at;

	if (tables_ms < ms && s->held == NULL)
		ms = tables_ms;
	if (ms == UINT64_MAX) {
		pthread_cond_wait(&s->wake, &s->lock);
		return;
	}
	ms += mono_ms();
	at.tv_sec = (time_t)(ms / 1000);
	at.tv_nsec = (long)(ms % 1000) * 1000000;
	pthread_cond_timedwait(&s->wake, &s->lock, &at);
}

static void
look_through(struct storage *s)
{
	const struct scrub_files f = {&s->store.segments, &s->store.log,
	    &s->store.pool, s->tables.index};
	struct result res = {.what = RESULT_SCRUB};
	const uint64_t passes = s->scrub.passes;
	int rc = scrub_step(&s->scrub, &f, mono_ms(), &res.finding);

	res.damaged = rc > 0;
	res.err = rc < 0 ? rc : 0;
	if (rc != 0 || s->scrub.passes > passes)
		report(s, &res);
}

static void
work_on(struct storage *s, struct storage_job *j)
{
	if (j != NULL)
		perform(s, j);
	else if (tables_in_ms(s) == 0)
		follow(s);
	else
		look_through(s);
}

static void *
run(void *arg)
{
	struct storage *s = arg;
	struct storage_job *j;

	pthread_mutex_lock(&s->lock);
	for (;;) {
		j = take_job(s);
		if (j == NULL && s->stopping)
			break; /* a held write was never promised */
		if (j == NULL && s->held != NULL) {
			wait_for_work(s);
			j = s->held;
		} else if (j == NULL && tables_in_ms(s) > 0 &&
		    scrub_in_ms(s) > 0) {
			wait_for_work(s);
			continue;
		}
		pthread_mutex_unlock(&s->lock);
		work_on(s, j);
		pthread_mutex_lock(&s->lock);
	}
	s->finished = true;
	pthread_mutex_unlock(&s->lock);
	/* The rest of a long rebuild waits for the next start. */
	for (int i = 0; i < STORAGE_TABLES_LAST && tables_in_ms(s) == 0; i++)
		follow(s);
	tables_close(&s->tables);
	uv_async_send(&s->async);
	return NULL;
}

static void
close_cb(uv_handle_t *h)
{
	struct storage *s = h->data;

	s->cb.stopped(s->cb.arg);
}

static void
deliver(struct storage *s, struct result *r)
{
	switch (r->what) {
	case RESULT_STORED:
		s->depth--;
		s->cb.stored(s->cb.arg, r->seq);
		break;
	case RESULT_SERVED:
		s->cb.served(s->cb.arg, r->peer, r->data, r->len);
		break;
	case RESULT_FULL:
		s->cb.full(s->cb.arg, r->full);
		break;
	case RESULT_FAILED:
		s->depth--;
		s->cb.failed(s->cb.arg, r->err, r->text);
		break;
	case RESULT_PAST:
		s->cb.answered(s->cb.arg, r->ticket, r->past);
		free(r->past);
		break;
	case RESULT_SCRUB:
		s->cb.scrubbed(s->cb.arg, r->damaged ? &r->finding : NULL,
		    r->err);
		break;
	case RESULT_TABLES:
		s->cb.tables(s->cb.arg, r->part, r->err);
		break;
	}
}

static void
async_cb(uv_async_t *h)
{
	struct storage *s = h->data;
	struct result *r, *next;
	bool finished;

	pthread_mutex_lock(&s->lock);
	r = s->done;
	s->done = NULL;
	s->done_last = &s->done;
	finished = s->finished;
	pthread_mutex_unlock(&s->lock);
	for (; r != NULL; r = next) {
		next = r->next;
		deliver(s, r);
		free(r);
	}
	if (finished && s->running) {
		s->running = false;
		pthread_join(s->thread, NULL);
		uv_close((uv_handle_t *)&s->async, close_cb);
	}
}

int
storage_start(struct storage *s, uv_loop_t *loop,
    const struct storage_callbacks *cb)
{
	int rc;

	s->cb = *cb;
	rc = uv_async_init(loop, &s->async, async_cb);
	if (rc < 0)
		return rc;
	s->async.data = s;
	rc = -pthread_create(&s->thread, NULL, run, s);
	if (rc == 0)
		s->running = true;
	else
		uv_close((uv_handle_t *)&s->async, NULL);
	return rc;
}

static void
enqueue(struct storage *s, struct storage_job *j)
{
	pthread_mutex_lock(&s->lock);
	*s->last = j;
	s->last = &j->next;
	pthread_cond_signal(&s->wake);
	pthread_mutex_unlock(&s->lock);
}

static bool
may_serve(struct storage *s, uint16_t peer)
{
	bool may;

	pthread_mutex_lock(&s->lock);
	may = s->nserves[peer] < STORAGE_SERVES_MAX;
	s->nserves[peer] = (uint8_t)(s->nserves[peer] + may);
	pthread_mutex_unlock(&s->lock);
	return may;
}

void
storage_submit(struct storage *s, struct replica_action *a)
{
	struct storage_job *j;

	if (a->type == REPLICA_SERVE && !may_serve(s, a->peer))
		return;
	j = calloc(1, sizeof(*j));
	if (j == NULL)
		abort(); /* the order of writes is what safety rests on */
	j->action = *a;
	a->data = NULL;
	a->commit = NULL;
	if (j->action.type == REPLICA_STORE)
		s->depth++;
	enqueue(s, j);
}

int
storage_ask(struct storage *s, const struct past_question *q, void *ticket)
{
	struct storage_job *j = calloc(1, sizeof(*j));

	if (j == NULL)
		return -ENOMEM;
	j->asked = true;
	j->question = *q;
	j->ticket = ticket;
	enqueue(s, j);
	return 0;
}

void
storage_recent(struct storage *s, const struct past_visit *v)
{
	past_recent(&s->store, s->federation, v);
}

void
storage_scrub_every(struct storage *s, uint64_t period_ms)
{
	scrub_begin(&s->scrub, period_ms, mono_ms());
}

size_t
storage_depth(const struct storage *s)
{
	return s->depth;
}

void
storage_stop(struct storage *s)
{
	pthread_mutex_lock(&s->lock);
	s->stopping = true;
	pthread_cond_signal(&s->wake);
	pthread_mutex_unlock(&s->lock);
}

void
storage_free(struct storage *s)
{
	struct result *r;
	struct storage_job *j;

	if (s == NULL)
		return;
	while ((j = s->first) != NULL) {
		s->first = j->next;
		job_free(j);
	}
	if (s->held != NULL)
		job_free(s->held);
	while ((r = s->done) != NULL) {
		s->done = r->next;
		if (r->past != NULL)
			past_answer_close(r->past);
		free(r->past);
		free(r->data);
		free(r);
	}
	tables_close(&s->tables);
	store_close(&s->store);
	disk_posix_close(&s->disk);
	pthread_cond_destroy(&s->wake);
	pthread_mutex_destroy(&s->lock);
	free(s);
}
