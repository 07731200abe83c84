#include "tests/oom.h"

#include <stdlib.h>

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);

static size_t fail_at; /* 0: disarmed */
static size_t requests;
static bool paused;

void
oom_arm(size_t k)
{
	requests = 0;
	fail_at = k;
}

bool
oom_disarm(void)
{
	bool struck = fail_at > 0 && requests >= fail_at;

	fail_at = 0;
	return struck;
}

void
oom_pause(bool pause)
{
	paused = pause;
}

static bool
refuse(void)
{
	return fail_at > 0 && !paused && ++requests == fail_at;
}

void *
__wrap_malloc(size_t n)
{
	return refuse() ? NULL : __real_malloc(n);
}

void *
__wrap_calloc(size_t n, size_t size)
{
	return refuse() ? NULL : __real_calloc(n, size);
}

void *
__wrap_realloc(void *p, size_t n)
{
	return refuse() ? NULL : __real_realloc(p, n);
}

/* Not among the wrapped ones: this definition comes before the C library's. */
void *
aligned_alloc(size_t align, size_t n)
{
	void *p;

	if (refuse() || posix_memalign(&p, align, n) != 0)
		return NULL;
	return p;
}
