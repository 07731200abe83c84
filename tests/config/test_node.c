/* qmlnode.yaml: defaults, origins, and one case per kind of mistake. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "config/node.h"

static int
parse(struct config_node *c, const char *text, struct config_error *e)
{
	e->file = "qmlnode.yaml";
	e->text[0] = '\0';
	return config_node_parse(c, text, strlen(text), e);
}

static void
test_all_keys(void **state)
{
	static const char text[] = "name: alpha\n"
				   "version: 1\n"
				   "listen: 0.0.0.0:7701\n"
				   "advertise: \"[2001:db8::1]:7701\"\n"
				   "psk_file: /etc/psk\n"
				   "log:\n  level: debug\n"
				   "data:\n  file: rows.csv\n"
				   "trainer:\n"
				   "  command: [ssh, gpu1, \"qmltrain\"]\n"
				   "  threads: 64\n"
				   "  confine: false\n"
				   "control: {socket: /run/q.sock}\n";
	struct config_node c;
	struct config_error e;

	(void)state;
	assert_int_equal(parse(&c, text, &e), 0);
	assert_string_equal(c.name, "alpha");
	assert_string_equal(c.listen, "0.0.0.0:7701");
	assert_string_equal(c.advertise, "[2001:db8::1]:7701");
	assert_string_equal(c.psk_file, "/etc/psk");
	assert_string_equal(c.data_file, "rows.csv");
	assert_int_equal(c.trainer_command.n, 3);
	assert_string_equal(c.trainer_command.text[2], "qmltrain");
	assert_null(c.trainer_command.text[3]);
	assert_int_equal(c.trainer_threads, 64);
	assert_false(c.trainer_confine);
	assert_string_equal(c.control_socket, "/run/q.sock");
	assert_int_equal(c.log_level, CONFIG_LOG_DEBUG);
	config_node_close(&c);
}

static void
test_defaults(void **state)
{
	struct config_node c;
	struct config_error e;

	(void)state;
	/* A group whose keys are all commented out is an empty group. */
	assert_int_equal(parse(&c, "version: 1\nname: b\ntrainer:\n  # x\n",
			     &e),
	    0);
	assert_string_equal(c.listen, "");
	assert_string_equal(c.data_file, "");
	assert_string_equal(c.data_labels, "");
	assert_int_equal(c.data_command.n, 0);
	assert_int_equal(c.trainer_command.n, 0);
	assert_int_equal(c.trainer_threads, 1);
	assert_true(c.trainer_confine);
	assert_string_equal(c.control_socket, "qmlnode.sock");
	assert_int_equal(c.log_level, CONFIG_LOG_INFO);
	config_node_close(&c);
}

static const struct {
	const char *text, *message;
} bad[] = {
    {"name: a\nversion: 1\nlisen: 0.0.0.0:1\n",
	"qmlnode.yaml:3:1: unknown key \"lisen\"\n  did you mean "
	"\"listen\"?"},
    {"name: a\nversion: 1\ntrainer:\n  thread: 2\n",
	"qmlnode.yaml:4:3: unknown key \"trainer.thread\"\n  did you mean "
	"\"threads\"?"},
    {"name: a\nversion: 1\nxyzzy: 1\n",
	"qmlnode.yaml:3:1: unknown key \"xyzzy\"\n  known here: version, "
	"name, listen, advertise, psk_file, data, trainer, control, storage, "
	"log"},
    {"name: a\nversion: 1\nlog:\n  level: debug\nlog.level: info\n",
	"qmlnode.yaml:5:1: log.level: want two levels"},
    {"name: a\nversion: 1\nlog:\n  level:\n    x: 1\n",
	"qmlnode.yaml:5:5: log.level: want error, warn, info or debug, got a "
	"map\n  how much goes to stderr"},
    {"name: a\nversion: 1\ndata:\n  file: a.csv\n  command: [b]\n",
	"qmlnode.yaml:5:12: data.command: want either data.file or "
	"data.command, not both"},
    {"name: a\nversion: 1\ndata:\n  command: [b, \"\"]\n",
	"qmlnode.yaml:4:12: data.command: want no empty argument"},
    {"name: a\nversion: 1\ndata:\n  labels: a.gz\n",
	"qmlnode.yaml:4:11: data.labels: want data.file too"},
    {"name: a\nversion: 1\nlog: info\n",
	"qmlnode.yaml:3:6: log: want indented `key: value` lines, got "
	"'info'"},
    {"name: a\nversion: 1\nlog:\n  level: loud\n",
	"qmlnode.yaml:4:10: log.level: want error, warn, info or debug, got "
	"'loud'"},
    {"name: a\nversion: 1\ntrainer:\n  threads: 0\n",
	"qmlnode.yaml:4:12: trainer.threads: want an integer, 1 to 64, got "
	"'0'\n  threads of one local training"},
    {"name: a\nversion: 1\ntrainer:\n  threads: 65\n",
	"qmlnode.yaml:4:12: trainer.threads: want an integer, 1 to 64, got "
	"'65'"},
    {"name: a\nversion: 1\ntrainer:\n  threads: 2.0\n",
	"qmlnode.yaml:4:12: trainer.threads: want an integer"},
    {"name: a\nversion: 1\ntrainer:\n  threads: -1\n",
	"qmlnode.yaml:4:12: trainer.threads: want an integer"},
    {"name: a\nversion: 1\ntrainer:\n  threads: 0x10\n",
	"qmlnode.yaml:4:12: trainer.threads: want an integer"},
    {"name: a\nversion: 1\ntrainer:\n  threads: 99999999999999999999999\n",
	"qmlnode.yaml:4:12: trainer.threads: want an integer"},
    {"name: a\nversion: 1\ntrainer:\n  threads: \"2\"\n",
	"qmlnode.yaml:4:12: trainer.threads: want an integer, 1 to 64, got "
	"\"2\""},
    {"name: a\nversion: 1\ntrainer:\n  threads:\n",
	"qmlnode.yaml:4:11: trainer.threads: want an integer, 1 to 64, got "
	"nothing"},
    {"name: a\nversion: 1\ntrainer:\n  confine: yes\n",
	"qmlnode.yaml:4:12: trainer.confine: want true or false, got 'yes'"},
    {"name: a\nversion: 1\ntrainer:\n  command: qmltrain\n",
	"qmlnode.yaml:4:12: trainer.command: want a list of 0 to 32 texts, "
	"got 'qmltrain'"},
    {"name: a\nversion: 1\ntrainer:\n  command: [a, [b]]\n",
	"qmlnode.yaml:4:16: trainer.command: want a list of 0 to 32 texts, "
	"got a list"},
    {"version: 1\n",
	"qmlnode.yaml: name is missing\n  it is what the others "
	"call this node"},
    {"", "qmlnode.yaml: version is missing"},
    {"name: a\nversion: 2\n",
	"qmlnode.yaml:2:10: version: want an integer, 1 to 1, got '2'"},
    {"version: 1\nname: \"\"\n",
	"qmlnode.yaml:2:7: name: want a text of 1 to 32 bytes, got \"\""},
    {"version: 1\nname: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n",
	"qmlnode.yaml:2:7: name: want a text of 1 to 32 bytes, got "
	"'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'"},
    {"version: 1\nname: a b\n",
	"qmlnode.yaml:2:7: name: want at most 32 letters, digits"},
    {"version: 1\nname: a\nlisten: 7701\n",
	"qmlnode.yaml:3:9: listen: want host:port, got '7701'"},
    {"version: 1\nname: a\nadvertise: alpha:99999\n",
	"qmlnode.yaml:3:12: advertise: want host:port, got 'alpha:99999'"},
    {"version: 1\nname: a\nname: b\n",
	"qmlnode.yaml:3:1: key \"name\" stands twice; the first is in line 2"},
    {"version: 1\nname: a\ncontrol:\n  socket: \"\"\n",
	"qmlnode.yaml:4:11: control.socket: want a text of 1 to"},
};

static void
test_mistakes(void **state)
{
	struct config_node c;
	struct config_error e;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(parse(&c, bad[i].text, &e), -EINVAL);
		assert_null(c.trainer_command.text);
		if (strncmp(e.text, bad[i].message, strlen(bad[i].message)) !=
		    0)
			fail_msg("case %zu: '%s'", i, e.text);
	}
}

static void
read_back(FILE *f, char *buf, size_t size)
{
	size_t n;

	rewind(f);
	n = fread(buf, 1, size - 1, f);
	assert_true(n > 0 && n < size - 1);
	buf[n] = '\0';
	fclose(f);
}

/* The file that init writes says what it was made of, and nothing else. */
static void
test_example(void **state)
{
	struct config_node c, back;
	struct config_error e;
	static char text[8192];
	FILE *f = tmpfile();

	(void)state;
	assert_non_null(f);
	assert_int_equal(config_node_default(&c, "alpha"), 0);
	snprintf(c.listen, sizeof(c.listen), "0.0.0.0:7701");
	config_node_example(&c, f);
	read_back(f, text, sizeof(text));
	assert_non_null(strstr(text, "\nname: alpha\n"));
	assert_non_null(strstr(text, "\nlisten: \"0.0.0.0:7701\"\n"));
	assert_non_null(strstr(text, "\n  #threads: 1\n"));
	assert_non_null(strstr(text, "\n#psk_file: \"\"\n"));
	assert_int_equal(parse(&back, text, &e), 0);
	assert_string_equal(back.name, "alpha");
	assert_string_equal(back.listen, "0.0.0.0:7701");
	config_node_close(&back);
	config_node_close(&c);
	assert_int_equal(config_node_default(&c, "a b"), -EINVAL);
	assert_int_equal(config_node_default(&c, "a\"\nb: c"), -EINVAL);
}

/* Uncommenting every line of the example is a valid file too. */
static void
test_example_uncommented(void **state)
{
	struct config_node c, back;
	struct config_error e;
	static char text[8192];
	FILE *f = tmpfile();
	char *p;

	(void)state;
	assert_non_null(f);
	assert_int_equal(config_node_default(&c, "alpha"), 0);
	config_node_example(&c, f);
	config_node_close(&c);
	read_back(f, text, sizeof(text));
	for (p = text; (p = strchr(p, '#')) != NULL; p++)
		if (p[1] != ' ')
			*p = ' ';
	/* Top-level keys must not be indented. */
	for (p = text; (p = strstr(p, "\n ")) != NULL; p++)
		if (p[2] != ' ')
			memmove(p + 1, p + 2, strlen(p + 2) + 1);
	for (p = text; (p = strstr(p, "\n   ")) != NULL; p++)
		memmove(p + 3, p + 4, strlen(p + 4) + 1);
	if (parse(&back, text, &e) != 0)
		fail_msg("%s in\n%s", e.text, text);
	assert_int_equal(back.trainer_threads, 1);
	config_node_close(&back);
}

static void
test_effective(void **state)
{
	struct config_node c;
	struct config_error e;
	static char text[8192];
	FILE *f = tmpfile();

	(void)state;
	assert_non_null(f);
	assert_int_equal(parse(&c,
			     "version: 1\nname: a\ntrainer:\n  threads: 3\n",
			     &e),
	    0);
	config_node_print(&c, "qmlnode.yaml", f);
	config_node_close(&c);
	read_back(f, text, sizeof(text));
	assert_non_null(
	    strstr(text, "trainer.threads    3   # qmlnode.yaml:4\n"));
	assert_non_null(strstr(text, "trainer.confine    true   # default\n"));
}

static void
test_files(void **state)
{
	struct config_node c;
	struct config_error e;

	(void)state;
	assert_int_equal(config_node_load(&c, "tests/none.yaml", &e), -ENOENT);
	assert_string_equal(e.text,
	    "tests/none.yaml: No such file or directory");
	assert_int_equal(config_node_load(&c, "tests", &e), -EIO);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_all_keys),
	    cmocka_unit_test(test_defaults),
	    cmocka_unit_test(test_mistakes),
	    cmocka_unit_test(test_example),
	    cmocka_unit_test(test_example_uncommented),
	    cmocka_unit_test(test_effective),
	    cmocka_unit_test(test_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
