#include "fabric.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define IP_HEAD 20
#define IP_TCP 6
#define TCP_FLAGS 13
#define TCP_SYN 0x02
#define TCP_ACK 0x10

/* One draw per question about a packet. */
enum draw { DRAW_LOSS, DRAW_JITTER, DRAW_REORDER, DRAW_HOLD, DRAW_TWICE };

static uint64_t
mix(uint64_t z)
{
	z += 0x9e3779b97f4a7c15u;
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

/* Of the path's k-th packet. */
static uint64_t
draw(const struct fabric *f, const struct fabric_path *p, enum draw what)
{
	uint64_t at = (uint64_t)(p - f->path);

	return mix(mix(mix(f->seed) ^ at) ^ (p->k << 3 | (uint64_t)what));
}

static bool
falls(const struct fabric *f, const struct fabric_path *p, enum draw what,
    uint32_t ppm)
{
	return draw(f, p, what) % 1000000 < ppm;
}

int
fabric_init(struct fabric *f, uint16_t n, uint64_t seed)
{
	*f = (struct fabric)FABRIC_INIT;
	if (n == 0 || n > FABRIC_NODES_MAX)
		return -EINVAL;
	f->n = n;
	f->seed = seed;
	f->path = calloc((size_t)n * n, sizeof(*f->path));
	f->packet = malloc(FABRIC_PACKETS_MAX * sizeof(*f->packet));
	f->heap = malloc(FABRIC_PACKETS_MAX * sizeof(*f->heap));
	f->unused = malloc(FABRIC_PACKETS_MAX * sizeof(*f->unused));
	if (f->path == NULL || f->packet == NULL || f->heap == NULL ||
	    f->unused == NULL) {
		fabric_close(f);
		return -ENOMEM;
	}
	while (f->nunused < FABRIC_PACKETS_MAX) {
		f->unused[f->nunused] = FABRIC_PACKETS_MAX - 1 - f->nunused;
		f->nunused++;
	}
	return 0;
}

void
fabric_close(struct fabric *f)
{
	free(f->path);
	free(f->packet);
	free(f->heap);
	free(f->unused);
	*f = (struct fabric)FABRIC_INIT;
}

struct fabric_path *
fabric_path(struct fabric *f, uint16_t from, uint16_t to)
{
	assert(from < f->n && to < f->n);
	return &f->path[(size_t)from * f->n + to];
}

static bool
before(const struct fabric *f, uint32_t a, uint32_t b)
{
	const struct fabric_packet *x = &f->packet[a], *y = &f->packet[b];

	return x->due_us != y->due_us ? x->due_us < y->due_us : x->seq < y->seq;
}

static void
heap_add(struct fabric *f, uint32_t slot)
{
	uint32_t i = f->nheap++;

	while (i > 0 && before(f, slot, f->heap[(i - 1) / 2])) {
		f->heap[i] = f->heap[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	f->heap[i] = slot;
}

static uint32_t
heap_pop(struct fabric *f)
{
	uint32_t top = f->heap[0], last = f->heap[--f->nheap], i = 0;

	while (2 * i + 1 < f->nheap) {
		uint32_t c = 2 * i + 1;

		if (c + 1 < f->nheap && before(f, f->heap[c + 1], f->heap[c]))
			c++;
		if (before(f, last, f->heap[c]))
			break;
		f->heap[i] = f->heap[c];
		i = c;
	}
	f->heap[i] = last;
	return top;
}

/* FABRIC_NODES_MAX and more: nobody. */
static uint16_t
receiver(const struct fabric *f, const uint8_t *ip, size_t len)
{
	if (len < IP_HEAD || len > FABRIC_MTU || ip[0] >> 4 != 4 ||
	    ip[16] != 10 || ip[17] != 77 || ip[18] != 0 || ip[19] == 0 ||
	    ip[19] > f->n)
		return FABRIC_NODES_MAX;
	return (uint16_t)(ip[19] - 1);
}

/* The first packet of a connection. */
static bool
is_dial(const uint8_t *ip, size_t len)
{
	size_t head = (size_t)(ip[0] & 15) * 4;

	return ip[9] == IP_TCP && len > head + TCP_FLAGS &&
	    (ip[head + TCP_FLAGS] & (TCP_SYN | TCP_ACK)) == TCP_SYN;
}

/* When len bytes are through a wire of this rate, which is then taken. */
static uint64_t
through(uint64_t *free_us, uint64_t at, uint64_t rate_bps, size_t len)
{
	if (rate_bps == 0)
		return at;
	if (*free_us > at)
		at = *free_us;
	*free_us = at + len * 8u * 1000000u / rate_bps;
	return *free_us;
}

static bool
overflows(const struct fabric_path *p, const struct fabric_uplink *up,
    uint64_t now_us)
{
	uint64_t until = now_us + p->queue_us;

	return (p->rate_bps != 0 && p->free_us > until) ||
	    (up->rate_bps != 0 && up->free_us > until);
}

/* When a packet that leaves the wire at `at` is there. */
static uint64_t
arrival(const struct fabric *f, struct fabric_path *p, uint64_t at)
{
	uint64_t span = p->jitter_us < p->delay_us ? p->jitter_us : p->delay_us;

	at += p->delay_us - span;
	at += draw(f, p, DRAW_JITTER) % (2 * span + 1);
	if (falls(f, p, DRAW_REORDER, p->reorder_ppm)) {
		p->count.reordered++;
		return at + 1000 +
		    draw(f, p, DRAW_HOLD) % (p->delay_us / 4 + 1);
	}
	if (at < p->last_us)
		at = p->last_us;
	p->last_us = at;
	return at;
}

static void
put(struct fabric *f, const struct fabric_packet *head, const uint8_t *ip)
{
	struct fabric_path *p = fabric_path(f, head->from, head->to);
	uint32_t slot;

	if (f->nunused == 0) {
		p->count.full++;
		return;
	}
	slot = f->unused[--f->nunused];
	f->packet[slot].due_us = head->due_us;
	f->packet[slot].from = head->from;
	f->packet[slot].to = head->to;
	f->packet[slot].len = head->len;
	f->packet[slot].seq = f->seq++;
	memcpy(f->packet[slot].data, ip, head->len);
	heap_add(f, slot);
}

/* What stops it on its first metre, counted; NULL: nothing. */
static uint64_t *
obstacle(struct fabric *f, uint64_t now_us, uint16_t from, uint16_t to)
{
	struct fabric_path *p = fabric_path(f, from, to);

	if (f->group[from] != f->group[to])
		return &p->count.parted;
	if (overflows(p, &f->uplink[from], now_us))
		return &p->count.full;
	return NULL;
}

void
fabric_offer(struct fabric *f, uint64_t now_us, uint16_t from,
    const uint8_t *ip, size_t len)
{
	struct fabric_packet head = {.from = from, .len = (uint16_t)len};
	uint16_t to = receiver(f, ip, len);
	struct fabric_path *p;
	uint64_t *stop, at;

	if (to >= f->n) {
		f->stray++;
		return;
	}
	head.to = to;
	p = fabric_path(f, from, to);
	p->k++;
	p->count.sent++;
	stop = obstacle(f, now_us, from, to);
	if (stop == NULL && f->undialable[to] && is_dial(ip, len))
		stop = &p->count.refused;
	if (stop != NULL) {
		++*stop;
		return;
	}
	at = through(&f->uplink[from].free_us, now_us, f->uplink[from].rate_bps,
	    len);
	at = through(&p->free_us, at, p->rate_bps, len);
	if (falls(f, p, DRAW_LOSS, p->loss_ppm)) {
		p->count.lost++;
		return;
	}
	head.due_us = arrival(f, p, at);
	put(f, &head, ip);
	if (falls(f, p, DRAW_TWICE, p->duplicate_ppm)) {
		p->count.duplicated++;
		put(f, &head, ip);
	}
}

uint64_t
fabric_due(const struct fabric *f)
{
	return f->nheap == 0 ? FABRIC_NEVER : f->packet[f->heap[0]].due_us;
}

const struct fabric_packet *
fabric_take(struct fabric *f, uint64_t now_us)
{
	uint32_t slot;

	if (fabric_due(f) > now_us)
		return NULL;
	slot = heap_pop(f);
	/* Given out again only by a later offer. */
	f->unused[f->nunused++] = slot;
	fabric_path(f, f->packet[slot].from, f->packet[slot].to)
	    ->count.delivered++;
	return &f->packet[slot];
}

struct fabric_count
fabric_total(const struct fabric *f)
{
	struct fabric_count sum = {.stray = f->stray};

	for (size_t i = 0; i < (size_t)f->n * f->n; i++) {
		const struct fabric_count *c = &f->path[i].count;

		sum.sent += c->sent;
		sum.delivered += c->delivered;
		sum.lost += c->lost;
		sum.reordered += c->reordered;
		sum.duplicated += c->duplicated;
		sum.full += c->full;
		sum.parted += c->parted;
		sum.refused += c->refused;
	}
	return sum;
}
