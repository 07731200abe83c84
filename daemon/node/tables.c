#include "daemon/node/tables.h"

#include <errno.h>

/* Blocks that go into the index before a vote may wait no longer. */
#define STEP_BLOCKS 64

int
tables_open(struct tables *t, const char *home, const struct federation *f)
{
	*t = TABLES_INIT;
	t->federation = f;
	return home_path(home, INDEX_NAME, t->path, sizeof(t->path));
}

void
tables_close(struct tables *t)
{
	index_close(t->index);
	ledger_free(t->loaded);
	*t = TABLES_INIT;
}

static bool
is_behind(const struct tables *t, const struct store *s)
{
	return t->index == NULL ||
	    index_head(t->index) < segments_head(&s->segments);
}

uint64_t
tables_wait_ms(const struct tables *t, const struct store *s, uint64_t now_ms)
{
	if (!is_behind(t, s))
		return UINT64_MAX;
	return t->retry_ms > now_ms ? t->retry_ms - now_ms : 0;
}

static void
note(struct tables *t, enum tables_part part, int err, struct tables_news *out)
{
	if (t->wrong[part] == (err != 0))
		return;
	t->wrong[part] = err != 0;
	out->any[part] = true;
	out->err[part] = err;
}

static void
give_up(struct tables *t, uint64_t now_ms)
{
	index_close(t->index);
	t->index = NULL;
	t->pause_ms = t->pause_ms > 0 ? 2 * t->pause_ms : TABLES_PAUSE_MS;
	if (t->pause_ms > TABLES_PAUSE_MAX_MS)
		t->pause_ms = TABLES_PAUSE_MAX_MS;
	t->retry_ms = now_ms + t->pause_ms;
}

void
tables_hurry(struct tables *t)
{
	t->pause_ms = t->retry_ms = 0;
}

static void
keep_state(struct tables *t, struct store *s, struct tables_news *out)
{
	const struct ledger *l = index_ledger(t->index);
	int rc = l != NULL ? store_checkpoint(s, t->federation, l) : 0;

	/* 0: not yet. Behind a re-founding the next one will do. */
	if (rc != 0 && rc != -EINVAL)
		note(t, TABLES_STATE, rc < 0 ? rc : 0, out);
}

void
tables_follow(struct tables *t, struct store *s, uint64_t now_ms,
    struct tables_news *out)
{
	unsigned before = t->index != NULL ? index_refills(t->index) : 0;
	int rc = 0;

	*out = (struct tables_news){.refilled = false};
	if (t->index == NULL)
		rc = index_open(&t->index, t->path, t->federation, NULL);
	if (rc == 0 && t->loaded != NULL) {
		index_adopt(t->index, t->loaded);
		t->loaded = NULL;
	}
	if (rc == 0)
		rc = index_catch_up(t->index, &s->segments, STEP_BLOCKS, NULL);
	out->refilled = t->index != NULL && index_refills(t->index) > before;
	if (rc < 0) {
		note(t, TABLES_INDEX, rc, out);
		give_up(t, now_ms);
		return;
	}
	if (is_behind(t, s))
		return;
	t->pause_ms = 0;
	note(t, TABLES_INDEX, 0, out);
	keep_state(t, s, out);
}
