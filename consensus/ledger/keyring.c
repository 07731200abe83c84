#include "consensus/ledger/keyring.h"

#include <string.h>

#include "consensus/books/view.h"
#include "consensus/ledger/state.h"

static bool
shares_key(const struct member *a, const struct member *b)
{
	return memcmp(a->sign.b, b->sign.b, SIGN_PUBLIC_LEN) == 0 ||
	    memcmp(a->network, b->network, sizeof(a->network)) == 0;
}

static bool
gave_seat(const struct motion *m, struct payload *p)
{
	return m->p.kind == PROPOSAL_MEMBER &&
	    m->p.state == PROPOSAL_EXECUTED &&
	    payload_newcomer(m->payload->data, m->payload->len, p);
}

bool
keyring_used(const struct ledger *l, const struct member *m)
{
	const struct motion *x;
	struct payload p;

	for (uint16_t i = 0; i < l->f.nmembers; i++)
		if (shares_key(&l->f.members[i], m))
			return true;
	for (size_t i = 0; (x = books_motion_at(l->books, i)) != NULL; i++)
		if (gave_seat(x, &p) && shares_key(&p.member.m, m))
			return true;
	return false;
}
