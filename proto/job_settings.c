#include "proto/job_settings.h"

#include <string.h>

#include "proto/job_task.h"

void
job_local_put(struct bytes_writer *w, const struct job_local *l)
{
	bytes_put_u8(w, l->optimiser);
	bytes_put_u8(w, l->schedule);
	bytes_put_u32(w, l->warmup);
	bytes_put_u32(w, l->every);
	decimal_put(w, &l->factor);
	bytes_put_u32(w, l->epochs);
	bytes_put_u32(w, l->steps);
	bytes_put_u32(w, l->batch);
	bytes_put_u8(w, l->order);
	bytes_put_u8(w, l->carry);
	decimal_put(w, &l->beta);
	decimal_put(w, &l->prox);
	bytes_put_u8(w, l->scaffold);
	bytes_put_u8(w, l->nova);
	decimal_put(w, &l->worker_momentum);
	bytes_put_u8(w, l->gradient);
	bytes_put_u32(w, l->shots);
	bytes_put_u8(w, l->mitigation);
	bytes_put_blob(w, l->noise, l->noise ? strlen(l->noise) : 0);
}

void
job_combine_put(struct bytes_writer *w, const struct job_combine *c)
{
	unsigned i;

	bytes_put_u8(w, c->rule);
	bytes_put_u16(w, c->faults);
	for (i = 0; i < JOB_PRE_MAX; i++)
		bytes_put_u8(w, c->pre[i]);
	decimal_put(w, &c->radius);
	bytes_put_u16(w, c->bucket);
	bytes_put_u8(w, c->server);
	decimal_put(w, &c->server_rate);
	decimal_put(w, &c->server_beta);
	decimal_put(w, &c->server_beta2);
	decimal_put(w, &c->server_tau);
	bytes_put_u8(w, c->weighting);
	bytes_put_u32(w, c->weight_cap);
	decimal_put(w, &c->participation);
	bytes_put_u8(w, c->stragglers);
	if (c->stragglers == JOB_CARRY)
		bytes_put_u8(w, c->carry_rounds);
}

void
job_local_get(struct bytes_reader *r, struct job_local *l)
{
	l->optimiser = bytes_get_u8(r);
	l->schedule = bytes_get_u8(r);
	l->warmup = bytes_get_u32(r);
	l->every = bytes_get_u32(r);
	decimal_get(r, &l->factor);
	l->epochs = bytes_get_u32(r);
	l->steps = bytes_get_u32(r);
	l->batch = bytes_get_u32(r);
	l->order = bytes_get_u8(r);
	l->carry = job_flag_get(r);
	decimal_get(r, &l->beta);
	decimal_get(r, &l->prox);
	l->scaffold = job_flag_get(r);
	l->nova = job_flag_get(r);
	decimal_get(r, &l->worker_momentum);
	l->gradient = bytes_get_u8(r);
	l->shots = bytes_get_u32(r);
	l->mitigation = bytes_get_u8(r);
	l->noise = job_text_get(r);
}

void
job_combine_get(struct bytes_reader *r, struct job_combine *c)
{
	unsigned i;

	c->rule = bytes_get_u8(r);
	c->faults = bytes_get_u16(r);
	for (i = 0; i < JOB_PRE_MAX; i++)
		c->pre[i] = bytes_get_u8(r);
	decimal_get(r, &c->radius);
	c->bucket = bytes_get_u16(r);
	c->server = bytes_get_u8(r);
	decimal_get(r, &c->server_rate);
	decimal_get(r, &c->server_beta);
	decimal_get(r, &c->server_beta2);
	decimal_get(r, &c->server_tau);
	c->weighting = bytes_get_u8(r);
	c->weight_cap = bytes_get_u32(r);
	decimal_get(r, &c->participation);
	c->stragglers = bytes_get_u8(r);
	c->carry_rounds = c->stragglers == JOB_CARRY ? bytes_get_u8(r) : 0;
}
