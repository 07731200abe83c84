#include "consensus/privacy/rdp.h"

#include <assert.h>
#include <stddef.h>

#include "consensus/privacy/real.h"

static const uint8_t orders[RDP_ORDERS] = {2, 3, 4, 5, 6, 7, 8, 10, 12, 16, 24,
    32, 64};

#define PPB UINT32_C(1000000000)

uint32_t
rdp_order(unsigned i)
{
	assert(i < RDP_ORDERS);
	return orders[i];
}

bool
rdp_step_valid(const struct rdp_step *s)
{
	return s->q_ppb >= 1 && s->q_ppb <= PPB &&
	    s->sigma_milli >= RDP_SIGMA_MIN && s->sigma_milli <= RDP_SIGMA_MAX;
}

bool
rdp_target_valid(const struct rdp_target *t)
{
	return t->eps_milli >= 1 && t->eps_milli <= 1000000 &&
	    t->delta_exp >= 1 && t->delta_exp <= RDP_DELTA_EXP_MAX;
}

/* alpha / (2 sigma^2) with sigma in thousandths: exact, so q = 1 has no
 * rounding but the last. */
static int64_t
gaussian_cost(uint32_t alpha, uint32_t sigma_milli)
{
	uint64_t num = (uint64_t)alpha * 500000u * (uint64_t)RDP_NANO;
	uint64_t den = (uint64_t)sigma_milli * sigma_milli;

	return (int64_t)(num / den + (num % den != 0));
}

/* The moment of order alpha: the sum of the header's formula. */
static struct real
moment(uint32_t alpha, const struct rdp_step *s)
{
	struct real q = real_ratio(s->q_ppb, PPB);
	struct real p = real_ratio((int64_t)(PPB - s->q_ppb), PPB);
	uint64_t sigma2 = (uint64_t)s->sigma_milli * s->sigma_milli;
	struct real sum = real_int(0);
	int64_t choose = 1; /* C(64, 32) fits */

	for (uint32_t k = 0; k <= alpha; k++) {
		int64_t pairs = (int64_t)k * ((int64_t)k - 1) / 2;
		struct real term = real_mul(real_int(choose),
		    real_mul(real_pow(p, alpha - k), real_pow(q, k)));

		if (pairs > 0)
			term = real_mul(term,
			    real_exp(real_ratio(pairs * 1000000, sigma2)));
		sum = real_add(sum, term);
		if (k < alpha)
			choose = (int64_t)((real_mant)choose * (alpha - k) /
			    (k + 1));
	}
	return sum;
}

static int64_t
sampled_cost(uint32_t alpha, const struct rdp_step *s)
{
	struct real nats =
	    real_div(real_log(moment(alpha, s)), real_int(alpha - 1));

	return real_ceil(real_mul(nats, real_int(RDP_NANO)));
}

void
rdp_step_cost(const struct rdp_step *s, struct rdp_table *out)
{
	assert(rdp_step_valid(s));
	for (unsigned i = 0; i < RDP_ORDERS; i++)
		out->nano[i] = s->q_ppb == PPB
		    ? gaussian_cost(orders[i], s->sigma_milli)
		    : sampled_cost(orders[i], s);
}

/* ln(1 - 1/alpha) - ln(delta alpha) / (alpha - 1): what the conversion adds
 * to a cost at this order. */
static struct real
conversion(uint32_t alpha, uint8_t delta_exp)
{
	struct real lost = real_log(real_ratio(alpha - 1, alpha));
	struct real digits =
	    real_mul(real_int(-(int64_t)delta_exp), real_log(real_int(10)));
	struct real tail = real_add(digits, real_log(real_int(alpha)));

	return real_sub(lost, real_div(tail, real_int(alpha - 1)));
}

void
rdp_budget(const struct rdp_target *t, struct rdp_table *out)
{
	struct real eps = real_ratio(t->eps_milli, 1000);

	assert(rdp_target_valid(t));
	for (unsigned i = 0; i < RDP_ORDERS; i++) {
		struct real left =
		    real_sub(eps, conversion(orders[i], t->delta_exp));

		out->nano[i] = real_floor(real_mul(left, real_int(RDP_NANO)));
	}
}

static void
shifts_of(uint8_t delta_exp, struct real out[static RDP_ORDERS])
{
	for (unsigned i = 0; i < RDP_ORDERS; i++)
		out[i] = real_mul(conversion(orders[i], delta_exp),
		    real_int(RDP_NANO));
}

static int64_t
least(const struct rdp_table *spent, const struct real *shift, uint32_t *order)
{
	int64_t best = INT64_MAX;

	for (unsigned i = 0; i < RDP_ORDERS; i++) {
		int64_t nano = real_ceil(
		    real_add(real_ratio(spent->nano[i], 1), shift[i]));

		if (nano < best) {
			best = nano;
			*order = orders[i];
		}
	}
	return best > 0 ? best : 0;
}

int64_t
rdp_epsilon_nano(const struct rdp_table *spent, uint8_t delta_exp,
    uint32_t *order)
{
	struct real shift[RDP_ORDERS];

	shifts_of(delta_exp, shift);
	return least(spent, shift, order);
}

int64_t
rdp_epsilon_kept(struct rdp_kept *k, const struct rdp_table *spent,
    uint8_t delta_exp, uint32_t *order)
{
	assert(delta_exp <= RDP_DELTA_EXP_MAX);
	if (!k->known[delta_exp])
		shifts_of(delta_exp, k->shift[delta_exp]);
	k->known[delta_exp] = true;
	return least(spent, k->shift[delta_exp], order);
}
