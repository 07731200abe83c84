#include "tests/consensus/replica/site.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

void
site_open(struct site *s, uint16_t n)
{
	*s = (struct site){.ms = 1};
	village_found(&s->f, n, s->keys);
}

void
site_boot(struct site *s)
{
	const struct replica_config cfg = {.federation = &s->f,
	    .key = s->keys[s->self],
	    .self = s->self};

	assert_int_equal(replica_new(&cfg, &s->r), 0);
}

static void
site_forget(struct site *s)
{
	for (size_t i = 0; i < s->nsent; i++)
		wire_msg_close(&s->sent[i]);
	s->nsent = s->nseen = 0;
}

void
site_close(struct site *s)
{
	site_forget(s);
	replica_free(s->r);
	for (size_t i = 0; i < s->npool; i++)
		free(s->pool[i].data);
	for (uint16_t i = 0; i < s->f.nmembers; i++)
		sign_key_free(s->keys[i]);
	federation_close(&s->f);
}

static void
keep(struct site *s, struct replica_action *a)
{
	s->stored = a->seq;
	assert_true(s->nrecords < sizeof(s->records) / sizeof(s->records[0]));
	if (a->store == REPLICA_STORE_RECORD)
		s->records[s->nrecords++] = a->record;
	if (a->data == NULL || a->store == REPLICA_STORE_BLOCK ||
	    s->npool == sizeof(s->pool) / sizeof(s->pool[0]))
		return;
	s->pool[s->npool++] = (struct site_item){a->store, a->data, a->len};
	a->data = NULL;
}

void
site_load(struct site *s)
{
	for (size_t i = 0; i < s->npool; i++) {
		const struct site_item *p = &s->pool[i];

		if (p->store == REPLICA_STORE_ANSWER)
			replica_load_answer(s->r, p->data, p->len);
		if (p->store == REPLICA_STORE_BODY)
			replica_load_body(s->r, p->data, p->len);
		if (p->store == REPLICA_STORE_POLKA ||
		    p->store == REPLICA_STORE_PASSAGE)
			replica_load_votes(s->r, p->data, p->len);
	}
	assert_int_equal(replica_load_records(s->r, s->records, s->nrecords),
	    0);
	s->stored = 0;
}

void
site_step(struct site *s, struct replica_event ev)
{
	struct replica_action a;

	site_forget(s);
	ev.now = (struct replica_now){s->ms, SITE_WALL + s->ms};
	replica_step(s->r, &ev);
	while (replica_next(s->r, &a)) {
		assert_true(s->nseen < SITE_SEEN_MAX);
		if (a.type == REPLICA_STORE) {
			assert_int_equal(a.seq, s->stored + 1);
			keep(s, &a);
		}
		if (a.type == REPLICA_SEND)
			assert_int_equal(wire_decode(a.data, a.len, SITE_DIM,
					     &s->sent[s->nsent++]),
			    WIRE_OK);
		replica_action_close(&a);
		s->seen[s->nseen++] = a;
	}
}

void
site_simple(struct site *s, enum replica_event_type type)
{
	site_step(s, (struct replica_event){.type = type});
}

void
site_durable(struct site *s)
{
	site_step(s,
	    (struct replica_event){.type = REPLICA_EV_STORED,
		.seq = s->stored});
}

size_t
site_count(const struct site *s, enum replica_action_type type)
{
	size_t n = 0;

	for (size_t i = 0; i < s->nseen; i++)
		n += s->seen[i].type == type;
	return n;
}

const struct wire_msg *
site_sent(const struct site *s, enum wire_type type)
{
	for (size_t i = 0; i < s->nsent; i++)
		if (s->sent[i].type == type)
			return &s->sent[i];
	return NULL;
}

void
site_peer(struct site *s, uint16_t i, bool up)
{
	site_step(s,
	    (struct replica_event){.type = up ? REPLICA_EV_PEER_UP
					      : REPLICA_EV_PEER_DOWN,
		.peer = i});
}

void
site_start(struct site *s)
{
	site_open(s, 4);
	site_boot(s);
	site_simple(s, REPLICA_EV_START);
	for (uint16_t i = 1; i < 4; i++)
		site_peer(s, i, true);
}

void
site_message(struct site *s, uint16_t from, const struct wire_msg *m)
{
	struct replica_event ev = {.type = REPLICA_EV_MSG, .peer = from};
	uint8_t *data;

	assert_int_equal(wire_encode(m, &data, &ev.msg.len), 0);
	ev.msg.data = data;
	site_step(s, ev);
	free(data);
}

struct answer *
site_draft(uint64_t round)
{
	struct answer *a = answer_new(SITE_DIM);

	assert_non_null(a);
	a->kind = ANSWER_UPDATE;
	a->round = round;
	a->rows = 1;
	for (uint32_t i = 0; i < SITE_DIM; i++)
		a->delta[i] = (int64_t)i * 1000 - 2000;
	return a;
}
