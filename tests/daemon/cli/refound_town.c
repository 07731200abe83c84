#include "refound_town.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "consensus/ledger/leaves.h"
#include "daemon/cli/follow.h"
#include "daemon/cli/refounded.h"

struct refound
refound_draw_up(struct rich *r, const struct ledger *l, const uint16_t *seats)
{
	struct hash leaves[LEDGER_LEAVES];
	struct refound x = {.federation = *ledger_federation_id(l),
	    .height = ledger_height(l),
	    .block = *ledger_head(l),
	    .at_ms = r->chain.town.now_ms + 1000};

	ledger_leaves(l, leaves);
	x.state = merkle_root_of(leaves, LEDGER_LEAVES);
	for (; *seats != UINT16_MAX; seats++)
		x.seat[x.n++] = *seats;
	for (uint16_t i = 0; i < x.n; i++)
		refound_sign(&x, i, town_key(&r->chain.town, x.seat[i]));
	return x;
}

void
refound_take(struct rich *r, const struct refound *x)
{
	struct audit_source s = AUDIT_SOURCE_INIT;
	struct audit_fault damage = {0};
	struct follow o = {.source = &s};
	struct town *t = &r->chain.town;

	assert_int_equal(federation_refound(&t->f, x), 0);
	assert_int_equal(refounded_save(r->root, &t->f), 0);
	assert_int_equal(audit_source_open(&s, r->root, &damage), 0);
	assert_int_equal(follow_to(&o, ledger_height(t->l)), 0);
	ledger_free(t->l);
	t->l = o.l;
	o.l = NULL;
	t->fid = *ledger_federation_id(t->l);
	t->now_ms = x->at_ms;
	follow_close(&o);
	audit_source_close(&s);
}
