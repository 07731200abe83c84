/*
 * pool.h - threads that share blocks of work.
 *
 * Which thread takes which block is chance; results must therefore be kept per
 * block and combined in block order by the caller. Then they do not depend on
 * the number of threads. The one file of sim/ that knows threads.
 */
#ifndef QML_SIM_STATE_POOL_H
#define QML_SIM_STATE_POOL_H

#include <stddef.h>

#define POOL_MAX_THREADS 64

struct pool;

/* worker is 0 .. nthreads-1, one block at a time each: index for scratch. */
typedef void pool_fn(void *arg, size_t worker, size_t block);

/* nthreads 1 .. POOL_MAX_THREADS; the caller is one of them, so 1 starts
 * none. Signals stay blocked in the others. -EINVAL, -ENOMEM, -EAGAIN. */
int pool_new(struct pool **pool, size_t nthreads);

/* NULL is fine. */
void pool_free(struct pool *pool);

size_t pool_threads(const struct pool *pool);

/* Calls fn for blocks 0 .. nblocks-1 and returns when all are done. One run
 * at a time, from the thread that made the pool. */
void pool_run(struct pool *pool, size_t nblocks, pool_fn *fn, void *arg);

#endif
