#include "daemon/cli/follow.h"

#include "consensus/ledger/seats.h"

#include <errno.h>
#include <stdlib.h>

int
follow_begin(struct follow *o, const uint8_t *data, uint32_t len)
{
	struct bytes_reader r = bytes_reader_of(data, len);
	int rc;

	federation_get(&r, &o->f);
	if (!bytes_reader_done(&r))
		return -EBADMSG;
	rc = audit_source_refounded(o->source, &o->f);
	return rc < 0 ? rc : ledger_new(&o->f, &o->l);
}

static int
step(struct follow *o, const uint8_t *data, uint32_t len)
{
	struct block *b;
	struct commit c;
	int rc;

	if (verify_decode(data, len, ANSWER_DIM_MAX, &b, &c) != VERIFY_OK)
		return -EBADMSG;
	rc = ledger_replay(o->l, b);
	block_free(b);
	return rc;
}

int
follow_to(struct follow *o, uint64_t height)
{
	uint64_t h = o->l ? ledger_height(o->l) + 1 : 0;
	uint8_t *data;
	uint32_t len;
	int rc = 0;

	for (; rc == 0 && h <= height; h++) {
		rc = audit_source_read(o->source, h, &data, &len);
		if (rc < 0)
			return rc;
		rc = h == 0 ? follow_begin(o, data, len) : step(o, data, len);
		free(data);
	}
	return rc;
}

void
follow_announced(const struct ledger *l, struct verify_seats *out)
{
	const struct seats *s = ledger_seats(l);

	*out = (struct verify_seats){.n = s->n};
	for (uint16_t i = 0; i < s->n; i++) {
		out->id[i] = s->m[i].id;
		out->power[i] = s->m[i].power;
		out->key[i] = s->m[i].sign;
	}
}

void
follow_voters(const struct ledger *l, struct verify_seats *out)
{
	*out = (struct verify_seats){.n = ledger_nmembers(l)};
	for (uint16_t i = 0; i < out->n; i++) {
		out->id[i] = ledger_member(l, i)->id;
		out->power[i] = ledger_powers(l)[i];
		out->key[i] = ledger_member(l, i)->sign;
	}
}

void
follow_close(struct follow *o)
{
	ledger_free(o->l);
	federation_close(&o->f);
	o->l = NULL;
}
