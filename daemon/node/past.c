#include "daemon/node/past.h"

#include <errno.h>
#include <stdlib.h>

/* The header stands first in a record. */
static int
header_at(struct store *s, uint64_t height, struct header *out)
{
	struct bytes_reader r;
	uint8_t *data;
	uint32_t len;
	int rc = segments_read(&s->segments, height, &data, &len);

	if (rc < 0)
		return rc;
	r = bytes_reader_of(data, len);
	header_get(&r, out);
	free(data);
	return r.bad ? -EBADMSG : 0;
}

/* Rounds never go back with the height, and the last block that names a round
 * is the one that closed it. */
static int
find_closing(struct store *s, uint64_t round, struct header *out)
{
	uint64_t low = 0, high = segments_head(&s->segments) + 1;
	struct header h;
	int rc;

	out->height = 0;
	while (high - low > 1) {
		uint64_t mid = low + (high - low) / 2;

		rc = header_at(s, mid, &h);
		if (rc < 0)
			return rc;
		if (h.fl_round > round) {
			high = mid;
			continue;
		}
		low = mid;
		*out = h;
	}
	if (out->height == 0 || out->fl_round != round ||
	    out->kind == BLOCK_ORDINARY)
		return -ENOENT;
	return 0;
}

/* The first round counts from block 1 when that is the founding heartbeat. */
static int
first_opened(struct store *s, const struct federation *f, uint64_t *ms)
{
	struct header h;
	int rc = header_at(s, 1, &h);

	if (rc == 0)
		*ms = h.kind == BLOCK_ORDINARY ? h.time_ms : f->founded_ms;
	return rc;
}

static int
ask_round(struct store *s, const struct federation *f, struct past_answer *a)
{
	uint64_t round = a->question.number;
	struct header before = {.model = {{0}}}, h;
	int rc = find_closing(s, round, &h);

	if (rc < 0)
		return rc;
	if (round > 0)
		rc = find_closing(s, round - 1, &before);
	else
		rc = first_opened(s, f, &before.time_ms);
	/* A round that was broken off has no block of its own. */
	if (rc == -ENOENT && round > 0 && before.height > 0)
		rc = 0;
	if (rc < 0)
		return rc;
	a->opened_ms = before.time_ms;
	if (h.height > 1)
		rc = header_at(s, h.height - 1, &before);
	if (rc < 0)
		return rc;
	a->model = h.height > 1 ? before.model : (struct hash){{0}};
	return store_block(s, h.height, &a->decided);
}

void
past_ask(struct store *s, const struct federation *f,
    const struct past_question *q, struct past_answer *out)
{
	uint64_t height = q->number;

	*out = (struct past_answer){.question = *q};
	out->head = segments_head(&s->segments);
	if (q->what == PAST_ROUND) {
		out->err = ask_round(s, f, out);
		return;
	}
	if (height == PAST_HEAD)
		height = out->head;
	out->question.number = height;
	if (height > 0)
		out->err = store_block(s, height, &out->decided);
}

void
past_answer_close(struct past_answer *a)
{
	block_free(a->decided.block);
	a->decided.block = NULL;
}

/* opened_ms is known once the round before was met. */
static void
visit(const struct past_visit *v, struct ledger_round_summary *s,
    uint64_t opened_ms)
{
	s->duration_ms = s->time_ms - opened_ms;
	v->each(v->arg, s);
}

void
past_recent(struct store *s, const struct federation *f,
    const struct past_visit *v)
{
	uint64_t height = segments_head(&s->segments), bytes = 0;
	struct ledger_round_summary *held = malloc(sizeof(*held));
	unsigned n = 0;
	bool has_held = false;
	uint64_t opened_ms;
	struct wire_decided d;

	for (; held != NULL && height > 0 && n < v->max; height--) {
		const struct segments_entry *e =
		    segments_find(&s->segments, height);

		bytes += e != NULL ? e->len : 0;
		if (bytes > PAST_RECENT_BYTES || store_block(s, height, &d) < 0)
			break;
		if (d.block->header.kind != BLOCK_ORDINARY) {
			if (has_held) {
				visit(v, held, d.block->header.time_ms);
				n++;
			}
			summary_of_block(held, d.block, 0, NULL);
			has_held = true;
		}
		block_free(d.block);
	}
	if (has_held && height == 0 && first_opened(s, f, &opened_ms) == 0)
		visit(v, held, opened_ms);
	free(held);
}
