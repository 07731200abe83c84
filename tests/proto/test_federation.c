/* The federation: canonical bytes, its id, and every rule it must meet. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/proto/founders.h"

static void
test_round_trip(void **state)
{
	struct federation f, g, c;
	struct bytes_writer w = BYTES_WRITER_INIT, v = BYTES_WRITER_INIT;
	struct bytes_reader r;
	struct hash a, b;
	uint16_t n;

	(void)state;
	for (n = 1; n <= FEDERATION_MAX_MEMBERS; n += 33) {
		f = sample_federation(n);
		federation_put(&w, &f);
		assert_int_equal(w.error, 0);
		r = bytes_reader_of(w.data, w.len);
		federation_get(&r, &g);
		assert_true(bytes_reader_done(&r));
		federation_put(&v, &g);
		assert_int_equal(v.len, w.len);
		assert_memory_equal(v.data, w.data, w.len);
		assert_int_equal(federation_copy(&c, &g), 0);
		federation_close(&g);
		assert_int_equal(federation_id(&f, &a), 0);
		assert_int_equal(federation_id(&c, &b), 0);
		assert_true(hash_equal(&a, &b));
		federation_close(&c);
		federation_close(&f);
		bytes_writer_close(&w);
		bytes_writer_close(&v);
		w = v = BYTES_WRITER_INIT;
	}
}

/* Frozen: every federation's name, every signature in it and every job hang on
 * this layout. The digests are by an independent encoder in Python. */
static void
test_golden(void **state)
{
	static const char federation[] =
	    "68835ee8b682c07f1dfbbaff546715331359dc415ded707b6f4388b96e8c1022";
	static const char job[] =
	    "f4743f048d4220ad1725cbd29ad1a0c3b77fd944a9cc0d5aba954b0fda8c441a";
	struct federation f = sample_federation(4);
	char hex[HASH_HEX_LEN];
	struct hash h;

	(void)state;
	assert_int_equal(federation_id(&f, &h), 0);
	assert_string_equal(hash_hex(&h, hex), federation);
	h = job_hash(&f.job);
	assert_string_equal(hash_hex(&h, hex), job);
	federation_close(&f);
}

/* Any cut and any flipped bit is refused or is a different federation. */
static void
test_mutations(void **state)
{
	struct federation f = sample_federation(4), g;
	struct bytes_writer w = BYTES_WRITER_INIT, v = BYTES_WRITER_INIT;
	struct bytes_reader r;
	size_t i;

	(void)state;
	federation_put(&w, &f);
	for (i = 0; i < w.len; i++) {
		r = bytes_reader_of(w.data, i);
		federation_get(&r, &g);
		assert_false(bytes_reader_done(&r));
		federation_close(&g);
	}
	for (i = 0; i < 8 * w.len; i++) {
		w.data[i / 8] ^= (uint8_t)(1u << i % 8);
		r = bytes_reader_of(w.data, w.len);
		federation_get(&r, &g);
		if (bytes_reader_done(&r)) {
			federation_put(&v, &g);
			assert_int_equal(v.len, w.len);
			assert_memory_equal(v.data, w.data, w.len);
			bytes_writer_close(&v);
			v = BYTES_WRITER_INIT;
		}
		federation_close(&g);
		w.data[i / 8] ^= (uint8_t)(1u << i % 8);
	}
	bytes_writer_close(&w);
	federation_close(&f);
}

static void
test_sorted(void **state)
{
	struct federation f = sample_federation(7);
	struct member m;
	struct hash a, b, none = {{9}};
	uint16_t i;

	(void)state;
	assert_int_equal(federation_id(&f, &a), 0);
	for (i = 0; i < 7; i++)
		assert_int_equal(federation_find(&f, &f.members[i].id), i);
	assert_int_equal(federation_find(&f, &none), -1);
	m = f.members[0];
	f.members[0] = f.members[6];
	f.members[6] = m;
	federation_sort(&f);
	assert_int_equal(federation_id(&f, &b), 0);
	assert_true(hash_equal(&a, &b));
	federation_close(&f);
}

/* One federation, spoilt in one place; what the sentence must name. */
typedef void (*spoil_fn)(struct federation *f);

static void
spoil_version(struct federation *f)
{
	f->version = 2;
}
static void
spoil_name(struct federation *f)
{
	f->name[0] = '/';
}
static void
spoil_founded(struct federation *f)
{
	f->founded_ms = 0;
}
static void
spoil_none(struct federation *f)
{
	f->nmembers = 0;
}
static void
spoil_power(struct federation *f)
{
	f->members[1].power = 0;
}
static void
spoil_weight(struct federation *f)
{
	f->members[1].weight = (1u << 20) + 1;
}
static void
spoil_twice(struct federation *f)
{
	f->members[1] = f->members[0];
	federation_sort(f);
}
static void
spoil_member_name(struct federation *f)
{
	memcpy(f->members[2].name, f->members[0].name, 33);
}
static void
spoil_member_char(struct federation *f)
{
	f->members[2].name[2] = ' ';
}
static void
spoil_sign(struct federation *f)
{
	f->members[1].sign = f->members[0].sign;
	federation_sort(f);
}
static void
spoil_network(struct federation *f)
{
	memcpy(f->members[1].network, f->members[0].network, 32);
	federation_sort(f);
}
static void
spoil_id(struct federation *f)
{
	f->members[0].id.b[9] ^= 1;
}
static void
spoil_order(struct federation *f)
{
	struct member m = f->members[0];
	f->members[0] = f->members[1];
	f->members[1] = m;
}
static void
spoil_same_address(struct federation *f)
{
	memcpy(f->members[1].address, f->members[0].address, 256);
}
static void
spoil_columns(struct federation *f)
{
	f->ncolumns = 0;
}
static void
spoil_column(struct federation *f)
{
	f->columns[1].name[0] = ',';
}
static void
spoil_column_twice(struct federation *f)
{
	f->columns[1] = f->columns[0];
}
static void
spoil_column_label(struct federation *f)
{
	memcpy(f->label, f->columns[0].name, FEDERATION_TEXT_LEN);
}
static void
spoil_utf8(struct federation *f)
{
	f->columns[1].name[0] = (char)0xff;
}
static void
spoil_unit(struct federation *f)
{
	f->columns[0].unit[1] = '\n';
}
static void
spoil_range(struct federation *f)
{
	f->columns[0].lo = f->columns[0].hi;
}
static void
spoil_label(struct federation *f)
{
	f->label[0] = '\0';
}
static void
spoil_one_label(struct federation *f)
{
	f->nlabels = 1;
}
static void
spoil_labels(struct federation *f)
{
	memcpy(f->labels[2], f->labels[0], FEDERATION_TEXT_LEN);
}
static void
spoil_collect(struct federation *f)
{
	f->timing.collect = 0;
}
static void
spoil_straggler(struct federation *f)
{
	f->timing.straggler = f->timing.collect - 1;
}
static void
spoil_heartbeat(struct federation *f)
{
	f->timing.heartbeat = f->timing.interval - 1;
}
static void
spoil_propose(struct federation *f)
{
	f->timing.propose = f->timing.timeout_max + 1;
}
static void
spoil_precision(struct federation *f)
{
	f->timing.precision = 0;
}
static void
spoil_delay(struct federation *f)
{
	f->timing.delay = 86400001;
}
static void
spoil_answers(struct federation *f)
{
	f->answers_min = 5;
}
static void
spoil_trim(struct federation *f)
{
	f->job.combine.faults = 2;
}
static void
spoil_dim(struct federation *f)
{
	f->job.dim++;
}
static void
spoil_angles(struct federation *f)
{
	f->job.main.nangles--;
}
static void
spoil_qubits(struct federation *f)
{
	f->job.main.encoding = JOB_ZZ;
	f->job.main.qubits = 1;
}
/* As many factors as parameters: the start model would be written past its
 * end. */
static void
spoil_scales(struct federation *f)
{
	struct job *j = &f->job;

	j->main.encoding = JOB_REUPLOAD;
	assert_int_equal(job_sizes(j, f->ncolumns, f->nlabels), 0);
	j->main.nscales = j->dim;
}
/* The same within the model's length. */
static void
spoil_some_scales(struct federation *f)
{
	spoil_scales(f);
	f->job.main.nscales = f->job.dim - f->job.main.nangles - 1;
}
/* Two segments of an update, the sum of which is right. */
static void
spoil_updates(struct federation *f)
{
	struct job *j = &f->job;

	job_task_default(&j->control, JOB_LINEAR);
	assert_int_equal(job_sizes(j, f->ncolumns, f->nlabels), 0);
	j->main.update++;
	j->control.update--;
}
static void
spoil_rounds(struct federation *f)
{
	f->job.rounds = 0;
}

static const struct {
	spoil_fn spoil;
	const char *names;
} cases[] = {
    {spoil_version, "version"},
    {spoil_name, "name"},
    {spoil_founded, "founded"},
    {spoil_none, "members"},
    {spoil_power, "members[1].power"},
    {spoil_weight, "members[1].weight"},
    {spoil_twice, "same keys"},
    {spoil_member_name, "two are named"},
    {spoil_member_char, "members[2].name"},
    {spoil_sign, "same sign key"},
    {spoil_network, "same network key"},
    {spoil_id, "members[0].id"},
    {spoil_order, "not sorted"},
    {spoil_same_address, "same address"},
    {spoil_columns, "schema.columns"},
    {spoil_column, "schema.columns[1].name"},
    {spoil_column_twice, "two columns"},
    {spoil_column_label, "two columns"},
    {spoil_utf8, "schema.columns[1].name"},
    {spoil_unit, "schema.columns[0].unit"},
    {spoil_range, "schema.columns[0].range"},
    {spoil_label, "schema.label"},
    {spoil_one_label, "schema.labels"},
    {spoil_labels, "stands twice"},
    {spoil_collect, "timing.collect"},
    {spoil_straggler, "timing.straggler"},
    {spoil_heartbeat, "timing.heartbeat"},
    {spoil_propose, "timing.propose"},
    {spoil_precision, "timing.precision"},
    {spoil_delay, "timing.delay"},
    {spoil_answers, "answers_min"},
    {spoil_trim, "job.faults"},
    {spoil_dim, "job.dim"},
    {spoil_angles, "job.dim"},
    {spoil_qubits, "job.qubits"},
    {spoil_scales, "job.scales"},
    {spoil_some_scales, "job.dim"},
    {spoil_updates, "job.update"},
    {spoil_rounds, "job.rounds"},
};

static void
test_rules(void **state)
{
	struct federation f, g;
	struct bytes_writer w = BYTES_WRITER_INIT;
	struct bytes_reader r;
	char err[256];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		f = sample_federation(4);
		assert_int_equal(federation_check(&f, err, sizeof(err)), 0);
		cases[i].spoil(&f);
		assert_int_equal(federation_check(&f, err, sizeof(err)),
		    -EINVAL);
		if (strstr(err, cases[i].names) == NULL)
			fail_msg("'%s' does not name '%s'", err,
			    cases[i].names);
		/* Nor does the decoder take it; ids are not on the wire. */
		federation_put(&w, &f);
		r = bytes_reader_of(w.data, w.len);
		federation_get(&r, &g);
		if (cases[i].spoil != spoil_id)
			assert_false(bytes_reader_done(&r));
		federation_close(&g);
		bytes_writer_close(&w);
		w = BYTES_WRITER_INIT;
		federation_close(&f);
	}
}

/* What could be stored and never be sent: who is behind would stay so. */
static void
test_block_of_all_updates(void **state)
{
	struct federation f = sample_federation(8);
	char err[256];

	(void)state;
	f.job.update = 1u << 20;
	assert_true(job_fits_block(&f.job, 4));
	assert_false(job_fits_block(&f.job, 5));
	assert_int_equal(federation_check(&f, err, sizeof(err)), -EINVAL);
	assert_string_equal(err,
	    "job.dim: 8 updates of 1048576 numbers do not fit a block: want a "
	    "smaller model, or fewer members");
	federation_close(&f);
	/* As principal components of 784 columns. */
	f.job.update = 784 * 785 / 2;
	assert_true(job_fits_block(&f.job, 15));
	assert_false(job_fits_block(&f.job, 16));
	/* The linear model of the same, of all that there can be. */
	f.job.update = 7850;
	assert_true(job_fits_block(&f.job, FEDERATION_MAX_MEMBERS));
}

static void
test_addresses(void **state)
{
	static const struct {
		const char *text;
		int rc;
	} addresses[] = {
	    {"", 0},
	    {"a:1", 0},
	    {"alpha.example:7701", 0},
	    {"192.0.2.1:65535", 0},
	    {"[2001:db8::1]:7701", 0},
	    {"alpha", -EINVAL},
	    {":7701", -EINVAL},
	    {"a:", -EINVAL},
	    {"a:0", -EINVAL},
	    {"a:65536", -EINVAL},
	    {"a:07", -EINVAL},
	    {"a:77x", -EINVAL},
	    {"a:-1", -EINVAL},
	    {"a b:1", -EINVAL},
	    {"2001:db8::1:7701", -EINVAL},
	    {"tcp://a:1", -EINVAL},
	    {"[::1:7701", -EINVAL},
	    {"u@a:1", -EINVAL},
	    {"a:999999", -EINVAL},
	};
	struct federation f = sample_federation(4);
	char err[256];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
		snprintf(f.members[1].address, FEDERATION_ADDRESS_LEN, "%s",
		    addresses[i].text);
		if (federation_check(&f, err, sizeof(err)) != addresses[i].rc)
			fail_msg("'%s': wrong verdict", addresses[i].text);
	}
	federation_close(&f);
}

static void
test_texts(void **state)
{
	static const struct {
		const char *text;
		int rc;
	} texts[] = {
	    {"temp\xc3\xa9rature", 0},
	    {"\xe2\x82\xac", 0},
	    {"\xf0\x9f\x99\x82", 0},
	    {"a b", 0},
	    {"a\tb", -EINVAL},
	    {" a", -EINVAL},
	    {"a ", -EINVAL},
	    {"a\"b", -EINVAL},
	    {"\xc0\xaf", -EINVAL},
	    {"\xe0\x80\xaf", -EINVAL},
	    {"\xed\xa0\x80", -EINVAL},
	    {"\xf4\x90\x80\x80", -EINVAL},
	    {"\xc3", -EINVAL},
	    {"\xc2\x9b", -EINVAL},
	    {"a\x7f", -EINVAL},
	    {"\x80", -EINVAL},
	};
	struct federation f = sample_federation(1);
	char err[256];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		snprintf(f.labels[0], FEDERATION_TEXT_LEN, "%s", texts[i].text);
		if (federation_check(&f, err, sizeof(err)) != texts[i].rc)
			fail_msg("'%s': wrong verdict", texts[i].text);
	}
	federation_close(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_round_trip),
	    cmocka_unit_test(test_golden),
	    cmocka_unit_test(test_mutations),
	    cmocka_unit_test(test_sorted),
	    cmocka_unit_test(test_rules),
	    cmocka_unit_test(test_block_of_all_updates),
	    cmocka_unit_test(test_addresses),
	    cmocka_unit_test(test_texts),
	};

	if (sign_setup() != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
