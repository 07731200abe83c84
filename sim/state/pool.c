#include "sim/state/pool.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

struct worker {
	struct pool *pool;
	pthread_t thread;
	size_t number;
};

struct pool {
	pthread_mutex_t lock;
	pthread_cond_t wake;
	pthread_cond_t idle;
	size_t nthreads;   /* with the caller */
	size_t nstarted;   /* without */
	unsigned long job; /* counts runs, under lock */
	size_t busy;       /* workers in the present run */
	bool open;         /* it may still be joined */
	bool quit;
	pool_fn *fn;
	void *arg;
	size_t nblocks;
	atomic_size_t next;
	struct worker workers[POOL_MAX_THREADS];
};

static void
take_blocks(struct pool *p, size_t number)
{
	size_t block = atomic_fetch_add(&p->next, 1);

	for (; block < p->nblocks; block = atomic_fetch_add(&p->next, 1))
		p->fn(p->arg, number, block);
}

static void *
worker_main(void *arg)
{
	struct worker *w = arg;
	struct pool *p = w->pool;
	unsigned long seen = 0;

	pthread_mutex_lock(&p->lock);
	for (;;) {
		while (p->job == seen && !p->quit)
			pthread_cond_wait(&p->wake, &p->lock);
		if (p->quit)
			break;
		seen = p->job;
		/* Woken when all was done: nobody waits for us. */
		if (!p->open)
			continue;
		p->busy++;
		pthread_mutex_unlock(&p->lock);
		take_blocks(p, w->number);
		pthread_mutex_lock(&p->lock);
		if (--p->busy == 0)
			pthread_cond_signal(&p->idle);
	}
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

static int
start_workers(struct pool *p)
{
	sigset_t all, before;
	int rc = 0;

	sigfillset(&all);
	rc = -pthread_sigmask(SIG_SETMASK, &all, &before);
	if (rc < 0)
		return rc;
	while (p->nstarted + 1 < p->nthreads && rc == 0) {
		struct worker *w = &p->workers[p->nstarted];

		w->pool = p;
		w->number = p->nstarted + 1;
		rc = -pthread_create(&w->thread, NULL, worker_main, w);
		if (rc == 0)
			p->nstarted++;
	}
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return rc;
}

int
pool_new(struct pool **pool, size_t nthreads)
{
	struct pool *p;
	int rc;

	*pool = NULL;
	if (nthreads < 1 || nthreads > POOL_MAX_THREADS)
		return -EINVAL;
	p = calloc(1, sizeof(*p));
	if (p == NULL)
		return -ENOMEM;
	p->nthreads = nthreads;
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->wake, NULL);
	pthread_cond_init(&p->idle, NULL);
	rc = start_workers(p);
	if (rc < 0) {
		pool_free(p);
		return rc;
	}
	*pool = p;
	return 0;
}

void
pool_free(struct pool *p)
{
	size_t i;

	if (p == NULL)
		return;
	pthread_mutex_lock(&p->lock);
	p->quit = true;
	pthread_cond_broadcast(&p->wake);
	pthread_mutex_unlock(&p->lock);
	for (i = 0; i < p->nstarted; i++)
		pthread_join(p->workers[i].thread, NULL);
	pthread_cond_destroy(&p->idle);
	pthread_cond_destroy(&p->wake);
	pthread_mutex_destroy(&p->lock);
	free(p);
}

size_t
pool_threads(const struct pool *p)
{
	return p->nthreads;
}

void
pool_run(struct pool *p, size_t nblocks, pool_fn *fn, void *arg)
{
	pthread_mutex_lock(&p->lock);
	assert(p->busy == 0);
	p->fn = fn;
	p->arg = arg;
	p->nblocks = nblocks;
	atomic_store(&p->next, 0);
	p->open = nblocks > 1;
	p->job++;
	pthread_mutex_unlock(&p->lock);
	if (nblocks > 1)
		pthread_cond_broadcast(&p->wake);
	take_blocks(p, 0);
	pthread_mutex_lock(&p->lock);
	p->open = false;
	while (p->busy > 0)
		pthread_cond_wait(&p->idle, &p->lock);
	pthread_mutex_unlock(&p->lock);
}
