#include "daemon/node/inbox.h"

void
inbox_init(struct inbox *b, struct large *large)
{
	*b = (struct inbox){.large = large, .guest = true};
	for (int c = 0; c < FRAME_NCLASSES; c++)
		b->allowed[c] = frame_class_window((enum frame_class)c);
}

void
inbox_from(struct inbox *b, uint16_t member, bool guest)
{
	b->claim.member = member;
	b->guest = guest;
}

void
inbox_close(struct inbox *b, uint64_t now_ms)
{
	large_done(b->large, &b->claim, now_ms);
	assembly_close(&b->in);
}

static bool
is_large(const struct inbox *b, enum frame_class cls)
{
	const struct assembly_part *p = &b->in.part[cls];
	size_t window = frame_class_window(FRAME_D);

	/* All of class A fits its window. */
	if (cls == FRAME_A || !p->open)
		return false;
	return p->total > (b->guest ? window : large_share(b->large));
}

/* A claim is for one message; that of the other class asks after it. */
static bool
has_place(const struct inbox *b, enum frame_class cls)
{
	return b->claim.held && b->claimed == cls;
}

static bool
ask(struct inbox *b, enum frame_class cls, uint64_t now_ms)
{
	if (b->claim.asked && b->claimed != cls)
		return false;
	b->claimed = cls;
	return large_ask(b->large, &b->claim, now_ms);
}

enum frame_verdict
inbox_add(struct inbox *b, const struct fragment *f, uint64_t now_ms,
    uint8_t **data, size_t *len)
{
	enum frame_verdict v;

	if (f->len > b->allowed[f->cls])
		return FRAME_BAD;
	b->allowed[f->cls] -= f->len;
	b->taken[f->cls] += (uint32_t)f->len;
	v = assembly_add(&b->in, f, data, len);
	if (has_place(b, f->cls))
		b->claim.came += f->len;
	if (v == FRAME_OK && b->claim.asked && b->claimed == f->cls)
		large_done(b->large, &b->claim, now_ms);
	if (v != FRAME_MORE || !is_large(b, f->cls))
		return v;
	if (b->guest)
		return FRAME_BAD;
	(void)ask(b, f->cls, now_ms);
	return v;
}

uint32_t
inbox_grant(struct inbox *b, enum frame_class cls)
{
	uint32_t n = b->taken[cls];

	if (n < frame_class_window(cls) / 4 ||
	    (is_large(b, cls) && !has_place(b, cls)))
		return 0;
	b->taken[cls] = 0;
	b->allowed[cls] += n;
	return n;
}

bool
inbox_retry(struct inbox *b, uint64_t now_ms)
{
	bool got = false;

	for (int c = FRAME_B; c <= FRAME_D; c++) {
		enum frame_class cls = (enum frame_class)c;

		if (is_large(b, cls) && !has_place(b, cls))
			got = ask(b, cls, now_ms) || got;
	}
	return got;
}

bool
inbox_must_go(const struct inbox *b, uint64_t now_ms)
{
	return large_must_go(b->large, &b->claim, now_ms);
}
