#include "daemon/trainer/args.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct args_option *
find(const struct args_option *options, size_t n, const char *name, size_t len)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (strlen(options[i].name) == len &&
		    memcmp(options[i].name, name, len) == 0)
			return &options[i];
	}
	return NULL;
}

static void
print_accepted(const struct args_option *options, size_t n)
{
	size_t i;

	fprintf(stderr, "  accepted:");
	for (i = 0; i < n; i++)
		fprintf(stderr, " --%s%s", options[i].name,
		    options[i].value ? " VALUE" : "");
	fprintf(stderr, "\n");
}

/* Takes one option; returns how many words it used, 0 when it is wrong. */
static int
take(int left, char **argv, const struct args_option *options, size_t n)
{
	const struct args_option *o = NULL;
	const char *word = argv[0], *equals;
	size_t len;

	if (strncmp(word, "--", 2) == 0) {
		equals = strchr(word, '=');
		len = equals ? (size_t)(equals - word) - 2 : strlen(word) - 2;
		o = find(options, n, word + 2, len);
	}
	if (!o) {
		fprintf(stderr, "qmltrain: \"%s\" is not an option here\n",
		    word);
		print_accepted(options, n);
		return 0;
	}
	if (!o->value) {
		if (equals) {
			fprintf(stderr, "qmltrain: --%s takes no value\n",
			    o->name);
			return 0;
		}
		*o->flag = true;
		return 1;
	}
	if (!equals && left < 2) {
		fprintf(stderr, "qmltrain: --%s needs a value\n", o->name);
		return 0;
	}
	*o->value = equals ? equals + 1 : argv[1];
	return equals ? 1 : 2;
}

int
args_parse(int argc, char **argv, const struct args_option *options,
    size_t noptions)
{
	size_t i;
	int at = 1, used;

	while (at < argc) {
		used = take(argc - at, argv + at, options, noptions);
		if (used == 0)
			return -EINVAL;
		at += used;
	}
	for (i = 0; i < noptions; i++) {
		if (options[i].required && !*options[i].value) {
			fprintf(stderr, "qmltrain: %s: --%s is missing\n",
			    argv[0], options[i].name);
			print_accepted(options, noptions);
			return -EINVAL;
		}
	}
	return 0;
}

int
args_number(const char *name, const char *text, const uint64_t range[2],
    uint64_t *out)
{
	uint64_t v = 0;
	const char *p;

	if (!text)
		return 0;
	for (p = text; *p >= '0' && *p <= '9' && v < UINT64_MAX / 100; p++)
		v = 10 * v + (uint64_t)(*p - '0');
	if (p == text || *p != '\0' || v < range[0] || v > range[1]) {
		fprintf(stderr,
		    "qmltrain: --%s: want an integer from %" PRIu64
		    " to %" PRIu64 ", got \"%s\"\n",
		    name, range[0], range[1], text);
		return -EINVAL;
	}
	*out = v;
	return 0;
}
