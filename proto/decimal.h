/*
 * decimal.h - a decimal number as people write it, in one canonical form.
 *
 * Ranges, rates and bounds in a federation file are hashed; a double is not
 * for that. mant * 10^exp, mant not a multiple of ten unless it is zero (then
 * exp is 0). Conversion to double goes through correctly rounded strtod.
 */
#ifndef QML_PROTO_DECIMAL_H
#define QML_PROTO_DECIMAL_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/bytes.h"

#define DECIMAL_TEXT_LEN 32

struct decimal {
	int64_t mant; /* |mant| < 10^18 */
	int8_t exp;   /* -100..100 */
};

/* Accepts [+-]digits[.digits][e[+-]digits], nothing before or after.
 * -EINVAL for anything else (also nan, inf, hex), -ERANGE when too long. */
int decimal_parse(const char *text, struct decimal *out)
    __attribute__((warn_unused_result));
/* The shortest canonical text: 0.02, 16, 1.5e-9. Returns out. */
char *decimal_text(const struct decimal *d, char out[static DECIMAL_TEXT_LEN]);
double decimal_double(const struct decimal *d);
/* Rounded half to even; -ERANGE when it does not fit. */
int decimal_q24(const struct decimal *d, int64_t *out)
    __attribute__((warn_unused_result));
int decimal_compare(const struct decimal *a, const struct decimal *b);
void decimal_put(struct bytes_writer *w, const struct decimal *d);
/* Bad unless canonical. */
void decimal_get(struct bytes_reader *r, struct decimal *out);

#endif
