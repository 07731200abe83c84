#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fabric.h"
#include "script.h"

#define LEN 100

/* From node 0 to node `to`; number is found again in the last bytes. */
static void
offer(struct fabric *f, uint64_t at, uint16_t to, uint32_t number)
{
	uint8_t ip[LEN] = {[0] = 0x45, [9] = 17, [16] = 10, [17] = 77};

	ip[19] = (uint8_t)(to + 1);
	memcpy(ip + LEN - 4, &number, 4);
	fabric_offer(f, at, 0, ip, LEN);
}

static void
offer_tcp(struct fabric *f, uint16_t to, uint8_t flags)
{
	uint8_t ip[40] = {[0] = 0x45, [9] = 6, [16] = 10, [17] = 77};

	ip[19] = (uint8_t)(to + 1);
	ip[20 + 13] = flags;
	fabric_offer(f, 0, 0, ip, sizeof(ip));
}

/* The number of the next packet, or UINT32_MAX. */
static uint32_t
take(struct fabric *f, uint64_t at)
{
	const struct fabric_packet *p = fabric_take(f, at);
	uint32_t number = UINT32_MAX;

	if (p != NULL)
		memcpy(&number, p->data + LEN - 4, 4);
	return number;
}

static void
say(struct fabric *f, const char *text)
{
	char line[256], answer[SCRIPT_ANSWER_LEN];

	strncpy(line, text, sizeof(line) - 1);
	line[sizeof(line) - 1] = '\0';
	script_run(f, line, answer);
	assert_string_equal(answer, "ok");
}

static void
test_delay(void **state)
{
	struct fabric f;

	(void)state;
	assert_int_equal(fabric_init(&f, 3, 1), 0);
	say(&f, "path 0 1 delay=80ms");
	offer(&f, 1000, 1, 7);
	offer(&f, 1000, 2, 8);
	assert_int_equal(fabric_due(&f), 1000);
	assert_int_equal(take(&f, 1000), 8);
	assert_int_equal(fabric_due(&f), 81000);
	assert_int_equal(take(&f, 80999), UINT32_MAX);
	assert_int_equal(take(&f, 81000), 7);
	assert_true(fabric_due(&f) == FABRIC_NEVER);
	fabric_close(&f);
}

/* Jitter moves packets and keeps their order; reordering does not. */
static void
test_order(void **state)
{
	struct fabric f;
	uint32_t last = 0, passed = 0;

	(void)state;
	assert_int_equal(fabric_init(&f, 2, 5), 0);
	say(&f, "link 0 1 delay=80ms jitter=20ms");
	for (uint32_t i = 1; i <= 1000; i++)
		offer(&f, i * 1000, 1, i);
	assert_in_range(fabric_due(&f), 61000, 101000);
	for (uint32_t i = 1; i <= 1000; i++)
		assert_int_equal(take(&f, UINT64_MAX - 1), i);
	say(&f, "link 0 1 reorder=10%");
	for (uint32_t i = 1; i <= 1000; i++)
		offer(&f, 2000000 + i * 1000, 1, i);
	for (uint32_t i = 1; i <= 1000; i++) {
		uint32_t number = take(&f, UINT64_MAX - 1);

		passed += number < last;
		last = number;
	}
	assert_in_range(passed, 30, 130);
	assert_in_range(fabric_total(&f).reordered, 60, 140);
	fabric_close(&f);
}

static uint64_t
digest(uint64_t seed)
{
	struct fabric f;
	uint64_t sum = 0;
	const struct fabric_packet *p;

	assert_int_equal(fabric_init(&f, 2, seed), 0);
	say(&f, "all delay=80ms jitter=30ms loss=20% reorder=5% duplicate=2%");
	for (uint32_t i = 0; i < 500; i++)
		offer(&f, i * 100, 1, i);
	while ((p = fabric_take(&f, UINT64_MAX - 1)) != NULL)
		sum = sum * 31 + p->due_us + p->data[LEN - 4];
	fabric_close(&f);
	return sum;
}

static void
test_seed(void **state)
{
	(void)state;
	assert_true(digest(1) == digest(1));
	assert_true(digest(1) != digest(2));
}

static void
test_loss(void **state)
{
	struct fabric f;
	struct fabric_count c;

	(void)state;
	assert_int_equal(fabric_init(&f, 2, 9), 0);
	say(&f, "link 0 1 loss=1% duplicate=0.5%");
	for (uint32_t i = 0; i < 20000; i++)
		offer(&f, i, 1, i);
	c = fabric_total(&f);
	assert_int_equal(c.sent, 20000);
	assert_in_range(c.lost, 140, 260);
	assert_in_range(c.duplicated, 50, 150);
	while (fabric_take(&f, 20000) != NULL)
		;
	assert_int_equal(fabric_total(&f).delivered,
	    20000 - c.lost + c.duplicated);
	fabric_close(&f);
}

/* 100 bytes at 1 Mbit/s take 0.8 ms; 10 ms of them wait, the rest is lost. */
static void
test_rate(void **state)
{
	struct fabric f;

	(void)state;
	assert_int_equal(fabric_init(&f, 2, 9), 0);
	say(&f, "link 0 1 rate=1mbit queue=10ms");
	for (uint32_t i = 0; i < 50; i++)
		offer(&f, 0, 1, i);
	assert_int_equal(fabric_total(&f).full, 50 - 13);
	for (uint32_t i = 0; i < 13; i++) {
		assert_int_equal(fabric_due(&f), (i + 1) * 800);
		assert_int_equal(take(&f, (i + 1) * 800), i);
	}
	say(&f, "uplink 0 500kbit");
	offer(&f, 100000, 1, 0);
	assert_int_equal(fabric_due(&f), 100000 + 1600 + 800);
	fabric_close(&f);
}

static void
test_partition(void **state)
{
	struct fabric f;

	(void)state;
	assert_int_equal(fabric_init(&f, 4, 9), 0);
	say(&f, "partition 0,1|2");
	offer(&f, 0, 1, 1);
	offer(&f, 0, 2, 2);
	offer(&f, 0, 3, 3);
	assert_int_equal(take(&f, 0), 1);
	assert_int_equal(take(&f, 0), UINT32_MAX);
	assert_int_equal(fabric_total(&f).parted, 2);
	say(&f, "heal");
	offer(&f, 0, 2, 2);
	assert_int_equal(take(&f, 0), 2);
	fabric_close(&f);
}

static void
test_dial(void **state)
{
	struct fabric f;

	(void)state;
	assert_int_equal(fabric_init(&f, 2, 9), 0);
	say(&f, "nodial 1");
	offer_tcp(&f, 1, 0x02);
	assert_int_equal(fabric_total(&f).refused, 1);
	offer_tcp(&f, 1, 0x12); /* an answer to its own */
	offer_tcp(&f, 1, 0x10);
	assert_non_null(fabric_take(&f, 0));
	assert_non_null(fabric_take(&f, 0));
	say(&f, "dial 1");
	offer_tcp(&f, 1, 0x02);
	assert_non_null(fabric_take(&f, 0));
	fabric_close(&f);
}

static void
test_stray(void **state)
{
	struct fabric f;
	uint8_t ip[FABRIC_MTU + 1] = {0x60};

	(void)state;
	assert_int_equal(fabric_init(&f, 2, 9), 0);
	fabric_offer(&f, 0, 0, ip, 40);
	fabric_offer(&f, 0, 0, ip, 0);
	ip[0] = 0x45;
	fabric_offer(&f, 0, 0, ip, 40);
	memcpy(ip + 16, "\x0a\x4d\x00\x03", 4); /* one too many */
	fabric_offer(&f, 0, 0, ip, 40);
	ip[19] = 2;
	fabric_offer(&f, 0, 0, ip, sizeof(ip)); /* too long */
	assert_int_equal(fabric_total(&f).stray, 5);
	assert_int_equal(fabric_total(&f).sent, 0);
	fabric_close(&f);
}

static void
test_bound(void **state)
{
	struct fabric f;

	(void)state;
	assert_int_equal(fabric_init(&f, 2, 9), 0);
	say(&f, "all delay=10s");
	for (uint32_t i = 0; i < FABRIC_PACKETS_MAX + 5; i++)
		offer(&f, 0, 1, i);
	assert_int_equal(fabric_total(&f).full, 5);
	for (uint32_t i = 0; i < FABRIC_PACKETS_MAX; i++)
		assert_int_equal(take(&f, 10000000), i);
	assert_int_equal(take(&f, 10000000), UINT32_MAX);
	fabric_close(&f);
	assert_int_equal(fabric_init(&f, 0, 1), -22);
	assert_int_equal(fabric_init(&f, FABRIC_NODES_MAX + 1, 1), -22);
}

/* Nothing of a wrong line is done. */
static void
test_script(void **state)
{
	static const char *const wrong[] = {"", "lnik 0 1", "link 0",
	    "link 0 4", "link 0 x delay=1ms", "link 0 1 delay=1",
	    "link 0 1 delay=-1ms", "link 0 1 delay=ms", "link 0 1 loss=101%",
	    "link 0 1 loss=1", "link 0 1 rate=1mb", "link 0 1 colour=1ms",
	    "link 0 1 delay", "link 0 1 delay=1ms x", "link 0 1 delay=999s",
	    "partition", "partition 0,9", "partition 0;1", "uplink 0",
	    "uplink 0 fast", "nodial", "nodial 4", "all delay=1h",
	    "a b c d e f g h i j k l m n o p q"};
	struct fabric f;
	char line[128], answer[SCRIPT_ANSWER_LEN];

	(void)state;
	assert_int_equal(fabric_init(&f, 4, 1), 0);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		strncpy(line, wrong[i], sizeof(line) - 1);
		line[sizeof(line) - 1] = '\0';
		script_run(&f, line, answer);
		assert_memory_equal(answer, "error: ", 7);
	}
	assert_int_equal(fabric_path(&f, 0, 1)->delay_us, 0);
	say(&f, "link 0 1 delay=1.5ms loss=0.25% rate=2.5mbit");
	assert_int_equal(fabric_path(&f, 1, 0)->delay_us, 1500);
	assert_int_equal(fabric_path(&f, 1, 0)->loss_ppm, 2500);
	assert_int_equal(fabric_path(&f, 0, 1)->rate_bps, 2500000);
	assert_int_equal(fabric_path(&f, 0, 2)->delay_us, 0);
	say(&f, "path 0 1 delay=0ms");
	assert_int_equal(fabric_path(&f, 0, 1)->delay_us, 0);
	assert_int_equal(fabric_path(&f, 1, 0)->delay_us, 1500);
	strncpy(line, "counters 0 1", sizeof(line) - 1);
	script_run(&f, line, answer);
	assert_memory_equal(answer, "{\"sent\":0,", 10);
	fabric_close(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_delay),
	    cmocka_unit_test(test_order),
	    cmocka_unit_test(test_seed),
	    cmocka_unit_test(test_loss),
	    cmocka_unit_test(test_rate),
	    cmocka_unit_test(test_partition),
	    cmocka_unit_test(test_dial),
	    cmocka_unit_test(test_stray),
	    cmocka_unit_test(test_bound),
	    cmocka_unit_test(test_script),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
