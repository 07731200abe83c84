/*
 * facts.c - what was ever said or stored: a table that only grows.
 */
#include <assert.h>
#include <stdlib.h>

#include "tests/cluster/watch.h"

static uint64_t
mix(uint64_t x)
{
	x ^= x >> 31;
	x *= UINT64_C(0x7fb5d329728ea185);
	x ^= x >> 27;
	x *= UINT64_C(0x81dadef4bc2dd44d);
	return x ^ x >> 33;
}

static bool
same_key(const struct watch_fact *x, const struct watch_fact *y)
{
	return x->kind == y->kind && x->who == y->who && x->a == y->a &&
	    x->b == y->b;
}

/* The value takes no part, so all facts of a key lie in one run. */
static size_t
place(const struct watch *t, const struct watch_fact *f)
{
	uint64_t h = mix(f->a * 64 + f->kind);

	return (
	    size_t)(mix(h ^ ((uint64_t)f->b << 16 | f->who)) & (t->cap - 1));
}

static void
insert(struct watch *t, const struct watch_fact *f)
{
	size_t i = place(t, f);

	while (t->facts[i].kind != WATCH_FREE)
		i = (i + 1) & (t->cap - 1);
	t->facts[i] = *f;
	t->nfacts++;
}

static void
grow(struct watch *t)
{
	struct watch old = *t;

	t->cap = old.cap > 0 ? 2 * old.cap : 1024;
	t->nfacts = 0;
	t->facts = calloc(t->cap, sizeof(*t->facts));
	assert(t->facts != NULL);
	for (size_t i = 0; i < old.cap; i++)
		if (old.facts[i].kind != WATCH_FREE)
			insert(t, &old.facts[i]);
	free(old.facts);
}

const struct watch_fact *
watch_find(const struct watch *t, const struct watch_fact *f, bool with_value)
{
	if (t->cap == 0)
		return NULL;
	for (size_t i = place(t, f); t->facts[i].kind != WATCH_FREE;
	     i = (i + 1) & (t->cap - 1))
		if (same_key(&t->facts[i], f) &&
		    (!with_value || hash_equal(&t->facts[i].value, &f->value)))
			return &t->facts[i];
	return NULL;
}

void
watch_add(struct watch *t, const struct watch_fact *f)
{
	if (watch_find(t, f, true) != NULL)
		return;
	if (2 * t->nfacts >= t->cap)
		grow(t);
	insert(t, f);
}

void
watch_close(struct watch *t)
{
	free(t->facts);
	*t = (struct watch){0};
}
