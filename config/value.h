/*
 * value.h - one scalar of a configuration file, from text and back.
 */
#ifndef QML_CONFIG_VALUE_H
#define QML_CONFIG_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "config/schema.h"

/* text into *to by the row's type and range. quoted: it stood in quotes, so
 * it is not a number. -EINVAL leaves *to alone. */
int value_parse(const struct schema_row *row, const char *text, bool quoted,
    void *to) __attribute__((warn_unused_result));
/* "an integer, 1 to 16": what value_parse accepts. */
void value_want(const struct schema_row *row, char *out, size_t len);

/* The value as it is written in a file; out is the whole struct. */
void value_print(const struct schema_row *row, const void *out, FILE *to);
bool value_is_default(const struct schema_row *row, const void *out);

/* A text as a YAML scalar: plain where nobody can misread it, else quoted. */
void value_print_text(const char *text, FILE *to);

#endif
