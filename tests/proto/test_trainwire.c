#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/trainwire.h"
#include "tests/proto/sample.h"

/* The verdict on b; if it is WIRE_OK, the message encodes to b again. */
static enum wire_verdict
judge(const uint8_t *b, size_t len)
{
	struct trainwire_msg m;
	enum wire_verdict v = trainwire_decode(b, len, &m);
	uint8_t *again;
	size_t again_len;

	if (v != WIRE_OK)
		return v;
	assert_int_equal(trainwire_encode(&m, &again, &again_len), 0);
	assert_int_equal(again_len, len);
	assert_memory_equal(again, b, len);
	free(again);
	trainwire_msg_close(&m);
	return v;
}

static void
check_message(const struct trainwire_msg *m)
{
	uint8_t *data, *copy;
	size_t len;

	assert_int_equal(trainwire_encode(m, &data, &len), 0);
	assert_int_equal(judge(data, len), WIRE_OK);
	for (size_t n = 0; n < len; n++) {
		copy = malloc(n + 1);
		assert_non_null(copy);
		memcpy(copy, data, n);
		assert_int_equal(judge(copy, n), WIRE_MALFORMED);
		free(copy);
	}
	for (size_t i = 0; i < len; i++) {
		data[i] ^= (uint8_t)(1u << i % 8);
		(void)judge(data, len);
		data[i] ^= (uint8_t)(1u << i % 8);
	}
	free(data);
}

static void
test_all_types(void **state)
{
	struct sample s;

	(void)state;
	sample_open(&s, 41);
	for (int t = TRAINWIRE_SETUP; t <= TRAINWIRE_WORTHED; t++) {
		for (int i = 0; i < 10; i++) {
			struct trainwire_msg m =
			    sample_train(&s, (enum trainwire_type)t);

			check_message(&m);
			trainwire_msg_close(&m);
		}
	}
	sample_close(&s);
}

static void
test_fields(void **state)
{
	struct trainwire_msg m, back;
	struct sample s;
	uint8_t *data;
	size_t len;

	(void)state;
	sample_open(&s, 42);
	m = sample_train(&s, TRAINWIRE_TRAINED);
	assert_int_equal(trainwire_encode(&m, &data, &len), 0);
	assert_int_equal(trainwire_decode(data, len, &back), WIRE_OK);
	assert_int_equal(back.type, TRAINWIRE_TRAINED);
	assert_int_equal(back.u.trained.round, m.u.trained.round);
	assert_int_equal(back.u.trained.dim, m.u.trained.dim);
	assert_memory_equal(back.u.trained.delta, m.u.trained.delta,
	    8 * (size_t)m.u.trained.dim);
	assert_int_equal(back.u.trained.loss_before_q24,
	    m.u.trained.loss_before_q24);
	assert_int_equal(back.u.trained.flags, m.u.trained.flags);
	trainwire_msg_close(&back);
	trainwire_msg_close(&m);
	free(data);
	m = sample_train(&s, TRAINWIRE_SETUP);
	assert_int_equal(trainwire_encode(&m, &data, &len), 0);
	assert_int_equal(trainwire_decode(data, len, &back), WIRE_OK);
	assert_string_equal(back.u.setup.data, m.u.setup.data);
	assert_string_equal(back.u.setup.build, m.u.setup.build);
	assert_int_equal(back.u.setup.federation_len, m.u.setup.federation_len);
	assert_memory_equal(back.u.setup.salt, m.u.setup.salt, 32);
	assert_string_equal(back.u.setup.labels, m.u.setup.labels);
	assert_int_equal(back.u.setup.command_len, m.u.setup.command_len);
	trainwire_msg_close(&back);
	trainwire_msg_close(&m);
	free(data);
	sample_close(&s);
}

/* The first place of "psql" with its zero byte. */
/* To whom a vqe's parts are dealt: all three numbers, or none. */
static void
test_asked(void **state)
{
	struct trainwire_msg m, back;
	struct sample s;
	uint8_t *data;
	size_t len;

	(void)state;
	sample_open(&s, 43);
	m = sample_train(&s, TRAINWIRE_TRAIN);
	m.u.model.asked = 3;
	m.u.model.place = 2;
	m.u.model.faults = 1;
	check_message(&m);
	assert_int_equal(trainwire_encode(&m, &data, &len), 0);
	assert_int_equal(trainwire_decode(data, len, &back), WIRE_OK);
	assert_int_equal(back.u.model.asked, 3);
	assert_int_equal(back.u.model.place, 2);
	assert_int_equal(back.u.model.faults, 1);
	trainwire_msg_close(&back);
	free(data);
	m.u.model.place = 3;
	assert_int_equal(trainwire_encode(&m, &data, &len), 0);
	assert_int_equal(trainwire_decode(data, len, &back), WIRE_MALFORMED);
	free(data);
	m.u.model.asked = 0;
	assert_int_equal(trainwire_encode(&m, &data, &len), 0);
	assert_int_equal(trainwire_decode(data, len, &back), WIRE_OK);
	assert_int_equal(back.u.model.asked, 0);
	assert_int_equal(back.u.model.place, back.u.model.member);
	trainwire_msg_close(&back);
	free(data);
	trainwire_msg_close(&m);
	sample_close(&s);
}

static uint8_t *
find_word(uint8_t *data, size_t len)
{
	for (size_t i = 0; i + 5 <= len; i++)
		if (memcmp(data + i, "psql", 5) == 0)
			return data + i;
	return NULL;
}

static void
test_command(void **state)
{
	static struct trainwire_msg m, back;
	static char big[TRAINWIRE_COMMAND_MAX + 1];
	char *words[] = {(char *)"psql", (char *)"-c", (char *)"a\n\tb", NULL};
	char *none[] = {(char *)"psql", (char *)"", NULL};
	char *large[] = {big, NULL};
	char *many[TRAINWIRE_WORDS_MAX + 2];
	char *out[TRAINWIRE_WORDS_MAX + 1];
	uint8_t *data, *word;
	struct sample s;
	size_t len;

	(void)state;
	sample_open(&s, 43);
	m = sample_train(&s, TRAINWIRE_SETUP);
	assert_int_equal(trainwire_put_command(&m.u.setup, NULL), 0);
	assert_int_equal(trainwire_words(&m.u.setup, out), 0);
	assert_int_equal(trainwire_put_command(&m.u.setup, none), -EMSGSIZE);
	memset(big, 'x', sizeof(big) - 1);
	assert_int_equal(trainwire_put_command(&m.u.setup, large), -EMSGSIZE);
	for (size_t i = 0; i <= TRAINWIRE_WORDS_MAX; i++)
		many[i] = words[0];
	many[TRAINWIRE_WORDS_MAX + 1] = NULL;
	assert_int_equal(trainwire_put_command(&m.u.setup, many), -EMSGSIZE);
	assert_int_equal(trainwire_put_command(&m.u.setup, words), 0);
	assert_int_equal(trainwire_encode(&m, &data, &len), 0);
	assert_int_equal(trainwire_decode(data, len, &back), WIRE_OK);
	assert_int_equal(trainwire_words(&back.u.setup, out), 3);
	assert_string_equal(out[0], "psql");
	assert_string_equal(out[2], "a\n\tb");
	assert_null(out[3]);
	trainwire_msg_close(&back);
	/* A word that is empty, one with a control byte, one without end. */
	word = find_word(data, len);
	assert_non_null(word);
	word[0] = '\0';
	assert_int_equal(trainwire_decode(data, len, &back), WIRE_MALFORMED);
	word[0] = '\r';
	assert_int_equal(trainwire_decode(data, len, &back), WIRE_MALFORMED);
	memcpy(word, "psql\0-c\0a\n\tbx", 13);
	assert_int_equal(trainwire_decode(data, len, &back), WIRE_MALFORMED);
	trainwire_msg_close(&m);
	free(data);
	sample_close(&s);
}

/* A sentence may quote a cell of a hostile file. */
static void
test_control_characters(void **state)
{
	struct trainwire_msg m = {.type = TRAINWIRE_FAILED}, back;
	uint8_t *data, *esc;
	size_t len;

	(void)state;
	snprintf(m.u.failed.text, sizeof(m.u.failed.text), "a\033[2Jb\nc");
	assert_int_equal(trainwire_encode(&m, &data, &len), 0);
	assert_int_equal(trainwire_decode(data, len, &back), WIRE_OK);
	assert_string_equal(back.u.failed.text, "a?[2Jb?c");
	esc = memchr(data, '?', len);
	assert_non_null(esc);
	*esc = '\033';
	assert_int_equal(trainwire_decode(data, len, &back), WIRE_MALFORMED);
	*esc = '\0';
	assert_int_equal(trainwire_decode(data, len, &back), WIRE_MALFORMED);
	free(data);
}

static void
test_strict(void **state)
{
	static const uint8_t unknown_type[] = {8, 11};
	static const uint8_t no_part[] = {8, 2};
	static const uint8_t empty_vector[] = {8, 4, 42, 6, 8, 1, 16, 1, 26, 0};
	static const uint8_t odd_vector[] = {8, 4, 42, 9, 8, 1, 16, 1, 26, 3, 1,
	    2, 3};
	static const uint8_t confusion[] = {8, 8, 58, 16, 8, 1, 16, 1, 24, 1,
	    32, 0, 40, 2, 50, 4, 0, 0, 0, 1};
	static const uint8_t correct[] = {8, 8, 58, 12, 8, 1, 16, 1, 24, 2, 32,
	    0, 40, 2, 50, 0};

	(void)state;
	assert_int_equal(judge(unknown_type, 2), WIRE_UNKNOWN_TYPE);
	assert_int_equal(judge(no_part, 2), WIRE_MALFORMED);
	assert_int_equal(judge(empty_vector, sizeof(empty_vector)),
	    WIRE_MALFORMED);
	assert_int_equal(judge(odd_vector, sizeof(odd_vector)), WIRE_MALFORMED);
	assert_int_equal(judge(confusion, sizeof(confusion)), WIRE_MALFORMED);
	assert_int_equal(judge(correct, sizeof(correct)), WIRE_MALFORMED);
	assert_int_equal(trainwire_decode(no_part, TRAINWIRE_MAX + 1u,
			     &(struct trainwire_msg){.type = TRAINWIRE_SETUP}),
	    WIRE_TOO_LARGE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_all_types),
	    cmocka_unit_test(test_fields),
	    cmocka_unit_test(test_asked),
	    cmocka_unit_test(test_command),
	    cmocka_unit_test(test_control_characters),
	    cmocka_unit_test(test_strict),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
