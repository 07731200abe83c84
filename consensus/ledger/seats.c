#include "consensus/ledger/seats.h"

#include <assert.h>
#include <string.h>

#include "proto/bytes.h"

void
seats_found(struct seats *s, const struct federation *f)
{
	memset(s, 0, sizeof(*s));
	s->n = f->nmembers;
	for (uint16_t i = 0; i < s->n; i++) {
		s->m[i] = f->members[i];
		s->state[i] = SEAT_MEMBER;
	}
}

uint16_t
seats_members(const struct seats *s)
{
	uint16_t n = 0;

	for (uint16_t i = 0; i < s->n; i++)
		n = (uint16_t)(n + (s->state[i] == SEAT_MEMBER));
	return n;
}

uint64_t
seats_power(const struct seats *s)
{
	uint64_t sum = 0;

	for (uint16_t i = 0; i < s->n; i++)
		sum += s->m[i].power;
	return sum;
}

int
seats_find(const struct seats *s, const uint8_t network[static 32])
{
	for (uint16_t i = 0; i < s->n; i++)
		if (s->state[i] != SEAT_FREE &&
		    memcmp(s->m[i].network, network, 32) == 0)
			return i;
	return -1;
}

static int
member_at(const struct seats *s, const struct hash *id)
{
	for (uint16_t i = 0; i < s->n; i++)
		if (s->state[i] == SEAT_MEMBER && hash_equal(&s->m[i].id, id))
			return i;
	return -1;
}

/* Keys are used once, ever; a name and an address by one member at a time.
 * `but`: a seat that does not count, -1 for none. */
static bool
is_new(const struct seats *s, const struct member *m, int but)
{
	for (uint16_t i = 0; i < s->n; i++) {
		const struct member *x = &s->m[i];
		bool same_keys =
		    memcmp(x->sign.b, m->sign.b, SIGN_PUBLIC_LEN) == 0 ||
		    memcmp(s->old[i].b, m->sign.b, SIGN_PUBLIC_LEN) == 0 ||
		    memcmp(x->network, m->network, sizeof(x->network)) == 0;

		if (s->state[i] == SEAT_FREE)
			continue;
		if (same_keys &&
		    (s->state[i] != SEAT_CANDIDATE || but == (int)i))
			return false;
		if (s->state[i] != SEAT_MEMBER || but == (int)i)
			continue;
		if (strcmp(x->name, m->name) == 0 ||
		    (m->address[0] != '\0' &&
			strcmp(x->address, m->address) == 0))
			return false;
	}
	return true;
}

/* The candidate's own seat, a free one, or a new one; -1: all are given. */
static int
room_for(const struct seats *s, const struct member *m)
{
	int own = seats_find(s, m->network);

	if (own >= 0)
		return own;
	for (uint16_t i = 0; i < s->n; i++)
		if (s->state[i] == SEAT_FREE)
			return i;
	return s->n < FEDERATION_MAX_MEMBERS ? s->n : -1;
}

static void
sit(struct seats *s, int i, const struct member *m, enum seat_state state)
{
	s->m[i] = *m;
	s->state[i] = (uint8_t)state;
	if (state != SEAT_MEMBER)
		s->m[i].power = 0;
	if (i == s->n)
		s->n++;
}

static bool
rotate(struct seats *s, int i, const struct member *m)
{
	int own = seats_find(s, m->network);

	/* The old machine's address may stay. */
	if (!is_new(s, m, i))
		return false;
	if (own >= 0)
		seats_dismiss(s, (uint16_t)own);
	s->old[i] = s->m[i].sign;
	s->m[i].sign = m->sign;
	memcpy(s->m[i].network, m->network, sizeof(m->network));
	memcpy(s->m[i].address, m->address, sizeof(m->address));
	return true;
}

bool
seats_change(struct seats *s, const struct payload *p, uint64_t *moved)
{
	const struct member *m = &p->member.m;
	int i = -1;

	if (p->member.op == PAYLOAD_MEMBER_ADD)
		i = is_new(s, m, -1) ? room_for(s, m) : -1;
	else
		i = member_at(s, &p->member.seat);
	if (i < 0)
		return false;
	switch ((enum payload_member_op)p->member.op) {
	case PAYLOAD_MEMBER_ADD:
		*moved += m->power;
		sit(s, i, m, SEAT_MEMBER);
		return true;
	case PAYLOAD_MEMBER_REMOVE:
		*moved += s->m[i].power;
		s->m[i].power = 0;
		s->state[i] = SEAT_LEFT;
		return seats_members(s) > 0;
	case PAYLOAD_MEMBER_POWER:
		*moved += s->m[i].power > m->power ? s->m[i].power - m->power
						   : m->power - s->m[i].power;
		s->m[i].power = m->power;
		s->m[i].weight = m->weight;
		return true;
	case PAYLOAD_MEMBER_ROTATE:
		*moved += s->m[i].power;
		return rotate(s, i, m);
	}
	return false;
}

bool
seats_step_ok(const struct seats *before, const struct seats *after,
    uint64_t moved)
{
	uint32_t heaviest = 0;
	unsigned changed = 0;

	if (3 * moved <= seats_power(before))
		return true;
	for (uint16_t i = 0; i < after->n; i++) {
		bool had = i < before->n && before->state[i] == SEAT_MEMBER;

		if (had && before->m[i].power > heaviest)
			heaviest = before->m[i].power;
		changed += (had || after->state[i] == SEAT_MEMBER) &&
		    (!had || after->state[i] != SEAT_MEMBER ||
			before->m[i].power != after->m[i].power ||
			memcmp(&before->m[i].sign, &after->m[i].sign,
			    sizeof(after->m[i].sign)) != 0);
	}
	return seats_members(before) < 4 && changed == 1 && moved <= heaviest;
}

void
seats_nominate(struct seats *s, const struct member *m)
{
	int i = is_new(s, m, -1) ? room_for(s, m) : -1;

	if (i >= 0)
		sit(s, i, m, SEAT_CANDIDATE);
}

void
seats_dismiss(struct seats *s, uint16_t seat)
{
	s->state[seat] = SEAT_FREE;
	memset(&s->m[seat], 0, sizeof(s->m[seat]));
}

void
seats_copy(struct seats *to, const struct seats *from)
{
	uint16_t n = to->n > from->n ? to->n : from->n;

	/* Beyond what was ever given both are zero. */
	to->n = from->n;
	memcpy(to->state, from->state, sizeof(to->state));
	memcpy(to->old, from->old, sizeof(to->old));
	memcpy(to->m, from->m, n * sizeof(to->m[0]));
}

bool
seats_equal(const struct seats *a, const struct seats *b)
{
	return a->n == b->n &&
	    memcmp(a->state, b->state, sizeof(a->state)) == 0 &&
	    memcmp(a->old, b->old, sizeof(a->old)) == 0 &&
	    memcmp(a->m, b->m, a->n * sizeof(a->m[0])) == 0;
}

bool
seats_same(const struct seats *a, const struct seats *b)
{
	uint16_t n = a->n > b->n ? a->n : b->n;

	for (uint16_t i = 0; i < n; i++) {
		if ((a->state[i] == SEAT_MEMBER) !=
		    (b->state[i] == SEAT_MEMBER))
			return false;
		if (a->state[i] == SEAT_MEMBER &&
		    memcmp(&a->m[i].sign, &b->m[i].sign,
			sizeof(a->m[i].sign)) != 0)
			return false;
	}
	return true;
}

/* A row at a time from the stack: nothing here can fail, also not in the middle
 * of a re-founding. */
#define ROW_BYTES 512

static void
add_row(struct hash_stream *h, struct bytes_writer *w)
{
	assert(w->error == 0);
	hash_add(h, w->data, w->len);
	w->len = 0;
}

/* Those with power only: a candidate moves nobody's certificate. */
struct hash
seats_hash_validators(const struct seats *s)
{
	uint8_t row[ROW_BYTES];
	struct bytes_writer w = bytes_writer_over(row, sizeof(row));
	struct hash_stream h;

	hash_begin(&h, "qml.validators");
	bytes_put_u16(&w, seats_members(s));
	for (uint16_t i = 0; i < s->n; i++) {
		if (s->state[i] != SEAT_MEMBER)
			continue;
		bytes_put_u16(&w, i);
		bytes_put_hash(&w, &s->m[i].id);
		bytes_put_raw(&w, s->m[i].sign.b, SIGN_PUBLIC_LEN);
		bytes_put_u32(&w, s->m[i].power);
		add_row(&h, &w);
	}
	add_row(&h, &w);
	return hash_end(&h);
}

struct hash
seats_hash_members(const struct seats *s)
{
	uint8_t row[ROW_BYTES];
	struct bytes_writer w = bytes_writer_over(row, sizeof(row));
	struct hash_stream h;

	hash_begin(&h, "qml.members");
	bytes_put_u16(&w, s->n);
	for (uint16_t i = 0; i < s->n; i++) {
		const struct member *m = &s->m[i];

		bytes_put_u8(&w, s->state[i]);
		bytes_put_hash(&w, &m->id);
		bytes_put_string(&w, m->name);
		bytes_put_string(&w, m->address);
		bytes_put_raw(&w, s->old[i].b, SIGN_PUBLIC_LEN);
		bytes_put_raw(&w, m->network, sizeof(m->network));
		bytes_put_u32(&w, m->weight);
		add_row(&h, &w);
	}
	add_row(&h, &w);
	return hash_end(&h);
}
