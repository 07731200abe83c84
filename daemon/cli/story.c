#include "daemon/cli/story.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "daemon/cli/cli.h"
#include "daemon/cli/process.h"

#define CALL_MS 60000
#define WAIT_S 300 /* a machine that needs so long is stuck */
#define SHOWN 8    /* digits of a hash that a reader sees */

void
story_say(struct story *s, const char *fmt, ...)
{
	va_list ap;

	fputs("    ", s->d->out);
	va_start(ap, fmt);
	vfprintf(s->d->out, fmt, ap);
	va_end(ap);
	fputc('\n', s->d->out);
	fflush(s->d->out);
}

void
story_fact(struct story *s, const char *key, int64_t value)
{
	jv_put_integer(s->facts, key, value);
}

int
story_fail(struct story *s, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	jv_put_string(s->facts, "why", text);
	return cli_error(CLI_FAILED, "%s", text);
}

/* Hashes are cut for the reader, who may look them up; nothing else is. */
static void
show_word(FILE *out, const char *word)
{
	size_t n;

	for (;; word += n + 1) {
		n = strspn(word, "0123456789abcdef");
		if (n != STORY_ID_LEN - 1 ||
		    (word[n] != '\0' && word[n] != ','))
			break;
		fprintf(out, "%.*s..", SHOWN, word);
		if (word[n] == '\0')
			return;
		fputc(',', out);
	}
	if (strchr(word, ' ') != NULL)
		fprintf(out, "\"%s\"", word);
	else
		fputs(word, out);
}

void
story_show(struct story *s, unsigned node, const char *program,
    const char *const *words)
{
	FILE *out = s->d->out;
	const char *slash;

	fprintf(out, "    %s$ %s", s->d->nodes[node].name, program);
	for (; *words != NULL; words++) {
		slash = words[0][0] == '/' ? strrchr(words[0], '/') : NULL;
		fputc(' ', out);
		show_word(out, slash != NULL ? slash + 1 : *words);
	}
	fputc('\n', out);
	fflush(out);
}

static void
build(struct story *s, unsigned node, const char *const *words, char **argv)
{
	static char program[DEMO_PATH_LEN];
	size_t n = 0;

	if (process_beside("qmlctl", program, sizeof(program)) < 0)
		program[0] = '\0'; /* running it fails with a clear word */
	argv[n++] = program;
	while (*words != NULL && n < STORY_WORDS_MAX)
		argv[n++] = (char *)(uintptr_t)*words++;
	argv[n++] = (char *)"--home";
	argv[n++] = s->d->nodes[node].home;
	argv[n++] = (char *)"--timeout";
	argv[n++] = (char *)"300";
	argv[n++] = (char *)"--json";
	argv[n] = NULL;
}

struct jv *
story_ctl(struct story *s, unsigned node, const char *const *words)
{
	char *argv[STORY_WORDS_MAX + 8];
	struct jv *v;

	story_show(s, node, "qmlctl", words);
	build(s, node, words, argv);
	v = demo_ask(s->d, argv);
	if (v == NULL)
		jv_put_string(s->facts, "why", "a command failed");
	return v;
}

int
story_do(struct story *s, unsigned node, const char *const *words)
{
	struct jv *v = story_ctl(s, node, words);
	int rc = v != NULL ? CLI_OK : CLI_FAILED;

	jv_free(v);
	return rc;
}

int
story_run(struct story *s, unsigned node, const char *const *words)
{
	char *argv[STORY_WORDS_MAX + 8], *text = NULL;
	int rc;

	story_show(s, node, "qmlctl", words);
	build(s, node, words, argv);
	rc = process_capture(argv, &text);
	free(text);
	return rc == 0
	    ? CLI_OK
	    : story_fail(s, "%s %s failed (%d)", words[0], words[1], rc);
}

int
story_refused(struct story *s, unsigned node, const char *const *words,
    const char *want)
{
	char *argv[STORY_WORDS_MAX + 8], path[DEMO_PATH_LEN], line[512] = "";
	const char *at = NULL;
	pid_t pid;
	FILE *f;
	int rc, status;

	story_show(s, node, "qmlctl", words);
	build(s, node, words, argv);
	demo_path(path, s->d->home, "refused");
	(void)remove(path);
	rc = process_start(argv, path, &pid);
	if (rc < 0)
		return story_fail(s, "%s: %s", argv[0], strerror(-rc));
	while (!process_ended(pid, &status))
		nanosleep(&(struct timespec){0, 20 * 1000000L}, NULL);
	f = fopen(path, "r");
	while (f != NULL && at == NULL && fgets(line, sizeof(line), f) != NULL)
		at = strstr(line, want);
	if (f != NULL)
		fclose(f);
	if (status == 0 || at == NULL)
		return story_fail(s, "was not refused with \"%s\" (exit %d)",
		    want, status);
	line[strcspn(line, "\n")] = '\0';
	story_say(s, "%s", line);
	return CLI_OK;
}

struct jv *
story_rpc(struct story *s, unsigned node, const char *method, struct jv *params)
{
	struct rpc_client c;
	char path[DEMO_PATH_LEN];
	struct jv *v = NULL;
	int rc;

	demo_path(path, s->d->nodes[node].home, "qmlnode.sock");
	rc = rpc_open(&c, path);
	if (rc == 0) {
		rc = rpc_call(&c, method, params, CALL_MS, &v);
		rpc_close(&c);
	} else {
		jv_free(params);
	}
	if (rc < 0)
		story_fail(s, "%s of %s: %s", method, s->d->nodes[node].name,
		    strerror(-rc));
	return rc < 0 ? NULL : v;
}

struct jv *
story_rows(struct story *s, unsigned node, const char *table)
{
	struct jv *params = jv_object(), *v, *rows;

	jv_put_string(params, "table", table);
	v = story_rpc(s, node, "ledger.list", params);
	rows = v != NULL ? jv_copy(jv_get(v, "rows")) : NULL;
	jv_free(v);
	return rows;
}

const struct jv *
story_find(const struct jv *rows, const char *key, const char *text)
{
	for (size_t i = 0; i < jv_len(rows); i++)
		if (strcmp(jv_text(jv_get(jv_at(rows, i), key), ""), text) == 0)
			return jv_at(rows, i);
	return NULL;
}

int64_t
story_number(struct story *s, unsigned node, const char *part, const char *key)
{
	struct jv *v = story_rpc(s, node, "status", NULL);
	int64_t n = jv_int(jv_get(jv_get(v, part), key), -1);

	s->failed = s->failed || v == NULL;
	jv_free(v);
	return n;
}

int
story_wait(struct story *s, const char *what, bool (*done)(struct story *s))
{
	const uint64_t until = demo_now_ms() + WAIT_S * 1000ull;

	while (!done(s)) {
		if (s->failed)
			return CLI_FAILED;
		if (demo_interrupted())
			return story_fail(s, "interrupted");
		if (demo_now_ms() > until) {
			(void)story_fail(s, "not in %d s: %s", WAIT_S, what);
			return CLI_TIMEOUT;
		}
		nanosleep(&(struct timespec){0, 100 * 1000000L}, NULL);
	}
	return CLI_OK;
}

static int
play(struct story *s, const struct story_step *step, unsigned number)
{
	struct jv *told = jv_object();
	uint64_t began = demo_now_ms();
	int rc;

	fprintf(s->d->out, "\n%2u  %s\n", number, step->title);
	fflush(s->d->out);
	s->facts = jv_object();
	rc = step->play(s);
	jv_put_string(told, "name", step->name);
	jv_put_boolean(told, "ok", rc == CLI_OK);
	jv_put_number(told, "seconds", (double)(demo_now_ms() - began) / 1000);
	jv_put(told, "facts", s->facts);
	s->facts = NULL;
	jv_add(s->steps, told);
	return rc;
}

static void
finish(struct story *s, bool ok)
{
	const double wall = (double)(demo_now_ms() - s->d->started_ms) / 1000;
	struct jv *o = jv_object();
	char *text;

	fprintf(s->d->out, "\n%s in %.0f s\n",
	    ok ? "The whole path, on four daemons," : "It ended early,", wall);
	jv_put_boolean(o, "ok", ok);
	jv_put(o, "steps", s->steps);
	jv_put_number(o, "wall_s", wall);
	text = s->d->json ? jv_dump(o) : NULL;
	if (text != NULL)
		printf("%s\n", text);
	free(text);
	jv_free(o);
}

int
demo_story(struct demo *d)
{
	struct story s = {.d = d, .steps = jv_array()};
	int rc = CLI_OK;

	for (unsigned i = 0; story_steps[i].name != NULL && rc == CLI_OK; i++)
		rc = play(&s, &story_steps[i], i + 1);
	finish(&s, rc == CLI_OK);
	return rc;
}
