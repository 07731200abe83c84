/*
 * A table of the ledger that is longer than one answer: what stands behind the
 * first part is found, too. The daemon is a child that knows 2,500 proposals
 * and tells at most a thousand rows at once, as the real one does.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/cli/ctl_books.h"

#define ROWS 2500
#define PAGE 1000
#define SOCKET_LEN 64

static struct jv *
rows_from(int64_t from)
{
	struct jv *rows = jv_array();
	char title[32];

	for (int64_t i = from; i < ROWS && i < from + PAGE; i++) {
		struct jv *row = jv_object();

		snprintf(title, sizeof(title), "title %d", (int)i % 2000);
		jv_put_integer(row, "id", i + 1);
		jv_put_integer(row, "submitted", 10 + i);
		jv_put_string(row, "state", i % 2 ? "open" : "rejected");
		jv_put_string(row, "title", title);
		jv_add(rows, row);
	}
	return rows;
}

static struct jv *
answer_to(const struct jv *request)
{
	const struct jv *params = jv_get(request, "params");
	const char *method = jv_text(jv_get(request, "method"), "");
	struct jv *v = jv_object(), *result = jv_object();

	if (strncmp(method, "tx.", 3) == 0) {
		jv_put_string(result, "id", "00");
		jv_put_string(result, "state",
		    strcmp(method, "tx.submit") == 0 ? "waiting" : "unknown");
	} else {
		jv_put_string(result, "table",
		    jv_text(jv_get(params, "table"), "?"));
		jv_put_integer(result, "height", 3000);
		jv_put(result, "rows",
		    rows_from(jv_int(jv_get(params, "from"), 0)));
	}
	jv_put_string(v, "jsonrpc", "2.0");
	jv_put_integer(v, "id", jv_int(jv_get(request, "id"), 0));
	jv_put(v, "result", result);
	return v;
}

/* One connection after the other, until it is ended. */
static void
serve(int listener)
{
	char *line = NULL, *text, err[128];
	struct jv *request, *answer;
	size_t cap = 0;
	ssize_t n;
	FILE *f;

	for (;;) {
		f = fdopen(accept(listener, NULL, NULL), "r+");
		while (f != NULL && (n = getline(&line, &cap, f)) > 0) {
			request = jv_parse(line, (size_t)n, err, sizeof(err));
			answer = answer_to(request);
			text = jv_dump(answer);
			fprintf(f, "%s\n", text);
			fflush(f);
			free(text);
			jv_free(answer);
			jv_free(request);
		}
		if (f == NULL)
			_exit(1);
		fclose(f);
	}
}

struct daemon {
	pid_t pid;
	char dir[SOCKET_LEN], socket[SOCKET_LEN + 16];
};

static void
start(struct daemon *d)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	*d = (struct daemon){.dir = "/tmp/qml-books-XXXXXX"};
	assert_non_null(mkdtemp(d->dir));
	snprintf(d->socket, sizeof(d->socket), "%s/sock", d->dir);
	memcpy(at.sun_path, d->socket, sizeof(d->socket));
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(fd, 8), 0);
	fflush(NULL);
	d->pid = fork();
	assert_true(d->pid >= 0);
	if (d->pid == 0)
		serve(fd);
	close(fd);
}

static void
stop(struct daemon *d)
{
	kill(d->pid, SIGKILL);
	assert_int_equal(waitpid(d->pid, NULL, 0), d->pid);
	unlink(d->socket);
	rmdir(d->dir);
}

static void
behind_the_first_answer(void **state)
{
	struct jv *list = NULL;
	struct daemon d;
	struct ctl c = CTL_INIT;

	(void)state;
	start(&d);
	c.socket = d.socket;
	c.timeout_ms = 120000;
	assert_int_equal(ctl_books_table(&c, "proposals", &list), CLI_OK);
	assert_int_equal(jv_len(jv_get(list, "rows")), ROWS);
	assert_int_equal(ctl_integer(list, "height"), 3000);
	for (size_t i = 0; i < ROWS; i++)
		assert_int_equal(ctl_integer(jv_at(jv_get(list, "rows"), i),
				     "id"),
		    i + 1);
	jv_free(list);
	/* By its block, in each part; and the newest that is open. */
	assert_int_equal(ctl_books_proposal(&c, "title 7", 17), 8);
	assert_int_equal(ctl_books_proposal(&c, "title 1000", 1010), 1001);
	assert_int_equal(ctl_books_proposal(&c, "title 499", 2509), ROWS);
	assert_int_equal(ctl_books_proposal(&c, "title 499", 0), ROWS);
	assert_int_equal(ctl_books_proposal(&c, "title 8", 0), 0);
	ctl_close(&c);
	stop(&d);
}

/* What nobody knows was not refused. */
static void
forgotten(void **state)
{
	struct jv *params = jv_object(), *last = NULL;
	struct daemon d;
	struct ctl c = CTL_INIT;

	(void)state;
	start(&d);
	c.socket = d.socket;
	c.timeout_ms = 120000;
	assert_int_equal(ctl_books_submit(&c, "transfer", params, &last),
	    CLI_FAILED);
	assert_string_equal(ctl_string(last, "state"), "unknown");
	jv_free(last);
	ctl_close(&c);
	stop(&d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(behind_the_first_answer),
	    cmocka_unit_test(forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
