#include "consensus/replica/guest.h"

#include <stdlib.h>
#include <string.h>

#include "consensus/books/view.h"
#include "consensus/ledger/seats.h"
#include "consensus/replica/queue.h"
#include "consensus/votes/payload.h"

/* The newest proposal that names these keys; NULL: none. */
static const struct motion *
motion_of(const struct replica *r, const struct member *m)
{
	const struct books *b = ledger_books(r->ledger);
	const struct motion *x, *found = NULL;
	struct payload p;

	for (size_t i = 0; (x = books_motion_at(b, i)) != NULL; i++)
		if (x->p.kind == PROPOSAL_MEMBER &&
		    payload_get(x->p.kind, x->payload->data, x->payload->len,
			&p) &&
		    memcmp(p.member.m.network, m->network,
			sizeof(m->network)) == 0)
			found = x;
	return found;
}

static void
tell_vote(const struct motion *m, struct wire_founding *f)
{
	struct ballots t;

	proposal_tally(&m->p, HOUSE_SEATS, &t);
	f->state = m->p.state;
	f->end = m->p.state == PROPOSAL_OPEN ? m->p.end : m->p.eta;
	f->yes = (uint16_t)t.count[VOTE_YES];
	f->no = (uint16_t)(t.count[VOTE_NO] + t.count[VOTE_VETO]);
	f->of = (uint16_t)t.total;
}

void
guest_welcome(struct replica *r, uint16_t peer)
{
	struct wire_msg m = {.type = WIRE_FOUNDING};
	const struct seats *s = ledger_seats(r->ledger);
	struct wire_founding *f = &m.u.founding;
	struct bytes_writer w = BYTES_WRITER_INIT, again = BYTES_WRITER_INIT;
	const struct motion *about;

	if (peer >= s->n || r->peers[peer].asked_bytes >= REPLICA_ASKED_BYTES)
		return;
	federation_put(&w, r->fed);
	for (uint16_t i = 0; i < r->fed->nrefounded; i++)
		refound_put(&again, &r->fed->refounded[i]);
	if (w.error < 0 || again.error < 0)
		goto out;
	f->data = w.data;
	f->len = (uint32_t)w.len;
	f->again = again.data;
	f->again_len = (uint32_t)again.len;
	r->peers[peer].asked_bytes += w.len + again.len;
	f->height = ledger_height(r->ledger);
	f->state = UINT8_MAX;
	f->member = ledger_active(r->ledger, peer);
	about = motion_of(r, &s->m[peer]);
	if (about != NULL)
		tell_vote(about, f);
	queue_send(r, peer, REPLICA_CLASS_SYNC, &m);
out:
	bytes_writer_close(&w);
	bytes_writer_close(&again);
}
