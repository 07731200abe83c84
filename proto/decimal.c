#include "proto/decimal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/q24.h"

#define MANT_DIGITS 18
#define EXP_MAX 100
/* Beyond this many characters nobody wrote a number. */
#define TEXT_MAX 128

static const int64_t ten18 = 1000000000000000000;

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* mant * 10^exp into canonical form. exp may be far outside. */
static int
canonical(int64_t mant, long exp, struct decimal *out)
{
	if (mant == 0)
		exp = 0;
	while (mant != 0 && mant % 10 == 0) {
		mant /= 10;
		exp++;
	}
	if (exp < -EXP_MAX || exp > EXP_MAX)
		return -ERANGE;
	out->mant = mant;
	out->exp = (int8_t)exp;
	return 0;
}

/* The digits and the point. Trailing zeros are held back, so that 1.5000...
 * of any length is the number it is. *s moves past what was read. */
static int
parse_digits(const char **s, int64_t *mant, long *exp)
{
	bool point = false, any = false;
	long zeros = 0;
	const char *p;

	for (p = *s; is_digit(*p) || (*p == '.' && !point); p++) {
		if (*p == '.') {
			if (!any || !is_digit(p[1]))
				return -EINVAL;
			point = true;
			continue;
		}
		any = true;
		if (point)
			(*exp)--;
		zeros++;
		if (*p == '0')
			continue;
		while (zeros-- > 1) {
			if (*mant >= ten18 / 10)
				return -ERANGE;
			*mant *= 10;
		}
		zeros = 0;
		if (*mant >= ten18 / 10)
			return -ERANGE;
		*mant = *mant * 10 + (*p - '0');
	}
	*exp += zeros;
	*s = p;
	return any ? 0 : -EINVAL;
}

static int
parse_exponent(const char **s, long *exp)
{
	const char *p = *s + 1;
	bool minus = *p == '-';
	long e = 0;

	if (*p == '+' || *p == '-')
		p++;
	if (!is_digit(*p))
		return -EINVAL;
	for (; is_digit(*p); p++)
		if (e < 100000)
			e = e * 10 + (*p - '0');
	*exp += minus ? -e : e;
	*s = p;
	return 0;
}

int
decimal_parse(const char *text, struct decimal *out)
{
	int64_t mant = 0;
	bool minus = false;
	long exp = 0;
	int rc;

	if (strlen(text) > TEXT_MAX)
		return -ERANGE;
	if (*text == '+' || *text == '-')
		minus = *text++ == '-';
	rc = parse_digits(&text, &mant, &exp);
	if (rc == 0 && (*text == 'e' || *text == 'E'))
		rc = parse_exponent(&text, &exp);
	if (rc != 0)
		return rc;
	if (*text != '\0')
		return -EINVAL;
	return canonical(minus ? -mant : mant, exp, out);
}

char *
decimal_text(const struct decimal *d, char out[static DECIMAL_TEXT_LEN])
{
	char digits[24];
	char text[64] = {0}; /* roomy, so that no compiler sees a cut */
	const char *sign = d->mant < 0 ? "-" : "";
	int n, point;

	n = snprintf(digits, sizeof(digits), "%lld",
	    (long long)(d->mant < 0 ? -d->mant : d->mant));
	point = n + d->exp; /* digits left of the point */
	if (d->exp >= 0 && point <= MANT_DIGITS)
		snprintf(text, sizeof(text), "%s%s%.*s", sign, digits, d->exp,
		    "000000000000000000");
	else if (d->exp < 0 && point > 0)
		snprintf(text, sizeof(text), "%s%.*s.%s", sign, point, digits,
		    digits + point);
	else if (d->exp < 0 && point > -6)
		snprintf(text, sizeof(text), "%s0.%.*s%s", sign, -point,
		    "000000", digits);
	else
		snprintf(text, sizeof(text), "%s%.1s%s%se%d", sign, digits,
		    n > 1 ? "." : "", digits + 1, point - 1);
	memcpy(out, text, DECIMAL_TEXT_LEN - 1);
	out[DECIMAL_TEXT_LEN - 1] = '\0';
	return out;
}

double
decimal_double(const struct decimal *d)
{
	char text[48];

	/* Digits and exponent only: no decimal point, so no locale. */
	snprintf(text, sizeof(text), "%llde%d", (long long)d->mant, d->exp);
	return strtod(text, NULL);
}

/* a / b rounded half to even, b > 0. */
static q24_wide
div_even(q24_wide a, q24_wide b)
{
	q24_wide q = a / b, r = a % b;

	if (r < 0) {
		q--;
		r += b;
	}
	if (r > b - r || (r == b - r && (q & 1) != 0))
		q++;
	return q;
}

int
decimal_q24(const struct decimal *d, int64_t *out)
{
	q24_wide v = (q24_wide)d->mant * Q24_ONE; /* below 2^84 */
	q24_wide ten = 1;
	int e;

	if (d->mant == 0) {
		*out = 0;
		return 0;
	}
	for (e = d->exp; e > 0; e--) {
		v *= 10;
		if (v > INT64_MAX || v < INT64_MIN)
			return -ERANGE;
	}
	/* 10^36 is above twice any |v|: everything smaller rounds to zero. */
	for (e = d->exp < -36 ? -36 : d->exp; e < 0; e++)
		ten *= 10;
	v = div_even(v, ten);
	if (v > INT64_MAX || v < INT64_MIN)
		return -ERANGE;
	*out = (int64_t)v;
	return 0;
}

/* Position of the first digit: |d| is in [10^(k-1), 10^k). */
static int
magnitude(const struct decimal *d)
{
	int64_t m = d->mant < 0 ? -d->mant : d->mant;
	int k = d->exp;

	for (; m > 0; m /= 10)
		k++;
	return k;
}

static int
sign_of(const struct decimal *d)
{
	return (d->mant > 0) - (d->mant < 0);
}

int
decimal_compare(const struct decimal *a, const struct decimal *b)
{
	q24_wide x = a->mant, y = b->mant;
	int sa = sign_of(a), sb = sign_of(b);
	int e;

	if (sa != sb || sa == 0)
		return (sa > sb) - (sa < sb);
	if (magnitude(a) != magnitude(b))
		return magnitude(a) > magnitude(b) ? sa : -sa;
	/* Same magnitude: exponents differ by less than 18, no overflow. */
	for (e = a->exp; e > b->exp; e--)
		x *= 10;
	for (e = b->exp; e > a->exp; e--)
		y *= 10;
	return (x > y) - (x < y);
}

void
decimal_put(struct bytes_writer *w, const struct decimal *d)
{
	bytes_put_i64(w, d->mant);
	bytes_put_u8(w, (uint8_t)d->exp);
}

void
decimal_get(struct bytes_reader *r, struct decimal *out)
{
	int64_t mant = bytes_get_i64(r);
	int exp = bytes_get_u8(r);
	bool ok;

	if (exp > 127)
		exp -= 256;
	ok = mant > -ten18 && mant < ten18 && exp >= -EXP_MAX && exp <= EXP_MAX;
	if (mant == 0 ? exp != 0 : mant % 10 == 0)
		ok = false;
	if (!ok)
		bytes_reader_fail(r);
	out->mant = ok ? mant : 0;
	out->exp = (int8_t)(ok ? exp : 0);
}
