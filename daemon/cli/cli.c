#include "daemon/cli/cli.h"

#include <stdarg.h>
#include <string.h>

#include "config/schema.h"
#include "gen/version.h"

#define WORDS_MAX 64

int
cli_error(int code, const char *format, ...)
{
	va_list ap;

	fflush(stdout);
	fputs("error: ", stderr);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fputc('\n', stderr);
	return code;
}

static void
print_help(const struct cli_program *p, FILE *to)
{
	size_t i;

	fprintf(to, "usage: %s COMMAND [OPTIONS]\n  %s\n\n", p->name, p->what);
	for (i = 0; i < p->ncommands; i++)
		if (p->commands[i].help != NULL)
			fprintf(to, "  %-12s %s\n", p->commands[i].name,
			    p->commands[i].help);
	fprintf(to, "\n%s COMMAND --help says more.\n", p->name);
}

static int
unknown_command(const struct cli_program *p, const char *word)
{
	const char *words[WORDS_MAX], *near;
	size_t i, n = 0;

	for (i = 0; i < p->ncommands && n < WORDS_MAX; i++)
		if (p->commands[i].help != NULL)
			words[n++] = p->commands[i].name;
	near = schema_nearest(word, words, n);
	if (near != NULL)
		return cli_error(CLI_USAGE,
		    "%s: there is no command \"%.40s\"\n  did you mean \"%s\"?",
		    p->name, word, near);
	return cli_error(CLI_USAGE,
	    "%s: there is no command \"%.40s\"\n  %s help lists them", p->name,
	    word, p->name);
}

int
cli_dispatch(const struct cli_program *p, int argc, char **argv)
{
	const char *word = argc > 1 ? argv[1] : "";
	size_t i;

	if (strcmp(word, "help") == 0 || strcmp(word, "--help") == 0 ||
	    strcmp(word, "-h") == 0) {
		print_help(p, stdout);
		return CLI_OK;
	}
	if (argc < 2) {
		print_help(p, stderr);
		return CLI_USAGE;
	}
	if (strcmp(word, "--version") == 0 || strcmp(word, "-V") == 0) {
		printf("%s %s\n", p->name, QML_VERSION);
		return CLI_OK;
	}
	for (i = 0; i < p->ncommands; i++)
		if (strcmp(p->commands[i].name, word) == 0)
			return p->commands[i].run(argc - 1, argv + 1);
	return unknown_command(p, word);
}

static int
unknown_option(const struct cli_options *o, const char *word)
{
	const char *words[WORDS_MAX], *near;
	size_t i, n = 0;

	for (i = 0; i < o->n && n < WORDS_MAX; i++)
		words[n++] = o->options[i].name;
	near = schema_nearest(word, words, n);
	if (near != NULL)
		return cli_error(CLI_USAGE,
		    "there is no option --%.40s\n  did you mean --%s?", word,
		    near);
	return cli_error(CLI_USAGE, "there is no option --%.40s\n%s", word,
	    o->usage);
}

/* One --option at argv[*i]; moves *i past its value. */
static int
parse_option(const struct cli_options *o, int argc, char **argv, int *i)
{
	const char *name = argv[*i] + 2, *equals = strchr(name, '=');
	size_t len = equals != NULL ? (size_t)(equals - name) : strlen(name);
	const struct cli_option *opt = NULL;
	size_t k;

	for (k = 0; k < o->n; k++)
		if (strlen(o->options[k].name) == len &&
		    strncmp(o->options[k].name, name, len) == 0)
			opt = &o->options[k];
	if (opt == NULL)
		return unknown_option(o, name);
	if (opt->value == NULL) {
		if (equals != NULL)
			return cli_error(CLI_USAGE, "--%s takes no value",
			    opt->name);
		*opt->flag = true;
		return CLI_OK;
	}
	if (equals == NULL && *i + 1 >= argc)
		return cli_error(CLI_USAGE, "--%s needs a value\n%s", opt->name,
		    o->usage);
	*opt->value = equals != NULL ? equals + 1 : argv[++*i];
	return CLI_OK;
}

int
cli_parse(const struct cli_options *o, int *argc, char **argv)
{
	int i, n = 1, rc;
	bool literal = false;

	for (i = 1; i < *argc; i++) {
		if (!literal && strcmp(argv[i], "--") == 0) {
			literal = true;
			continue;
		}
		if (!literal &&
		    (strcmp(argv[i], "--help") == 0 ||
			strcmp(argv[i], "-h") == 0)) {
			fputs(o->usage, stdout);
			return -1;
		}
		if (!literal && strncmp(argv[i], "--", 2) == 0) {
			rc = parse_option(o, *argc, argv, &i);
			if (rc != CLI_OK)
				return rc;
			continue;
		}
		if ((size_t)n > o->positional_max)
			return cli_error(CLI_USAGE,
			    "\"%.60s\" is one word too many\n%s", argv[i],
			    o->usage);
		argv[n++] = argv[i];
	}
	*argc = n;
	return CLI_OK;
}
