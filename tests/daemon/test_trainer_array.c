/* .npy, IDX, zip and gzip from bytes; pictures made smaller. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/trainer/idx.h"
#include "daemon/trainer/image.h"
#include "daemon/trainer/inflate.h"
#include "daemon/trainer/npy.h"
#include "daemon/trainer/npz.h"

static uint8_t bytes[4096];

/* A .npy of this header and these item bytes; returns its length. */
static size_t
make_npy(const char *header, const void *items, size_t n)
{
	size_t len = strlen(header);

	memcpy(bytes, "\x93NUMPY\x01\x00", 8);
	bytes[8] = (uint8_t)len;
	bytes[9] = (uint8_t)(len >> 8);
	memcpy(bytes + 10, header, len);
	if (n > 0)
		memcpy(bytes + 10 + len, items, n);
	return 10 + len + n;
}

static const char *
parse(const char *header, const void *items, size_t n, struct matrix *m)
{
	return npy_parse(bytes, make_npy(header, items, n), m);
}

static void
test_npy_types(void **state)
{
	static const uint8_t le[] = {0x01, 0x02, 0xff, 0xfe, 0, 0, 0x80, 0x3f};
	static const struct {
		const char *descr;
		size_t items;
		double first, last;
	} cases[] = {
	    {"|u1", 8, 1, 63},
	    {"|i1", 8, 1, 63},
	    {"|b1", 8, 1, 63},
	    {"<u2", 4, 0x0201, 0x3f80},
	    {">u2", 4, 0x0102, 0x803f},
	    {">i2", 4, 0x0102, 0x803f - 65536},
	    {"<i4", 2, (double)(0xfeff0201 - 4294967296.0), 0x3f800000},
	    {"<u4", 2, 0xfeff0201, 0x3f800000},
	    {"<f4", 2, -1.6948e38, 1},
	};
	struct matrix m;
	char head[128];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(head, sizeof(head),
		    "{'descr': '%s', 'fortran_order': False, 'shape': (%zu,), "
		    "}  \n",
		    cases[i].descr, cases[i].items);
		assert_null(parse(head, le, sizeof(le), &m));
		assert_int_equal(m.rows, cases[i].items);
		assert_int_equal(m.cols, 1);
		assert_true(fabs(matrix_at(&m, 0, 0) - cases[i].first) <=
		    1e-3 * fabs(cases[i].first));
		assert_true(
		    matrix_at(&m, cases[i].items - 1, 0) == cases[i].last);
	}
	assert_null(parse("{'descr': '<i8', 'fortran_order': False, 'shape': "
			  "(1,)}",
	    "\xff\xff\xff\xff\xff\xff\xff\xff", 8, &m));
	assert_true(matrix_at(&m, 0, 0) == -1);
	assert_null(parse("{'descr': '<f8', 'fortran_order': False, 'shape': "
			  "(1, 1)}",
	    "\0\0\0\0\0\0\x04\x40", 8, &m));
	assert_true(matrix_at(&m, 0, 0) == 2.5);
}

/* numpy.arange(6).reshape(2, 3) as C and as Fortran; and three axes. */
static void
test_npy_order(void **state)
{
	static const uint8_t c[] = {0, 1, 2, 3, 4, 5}, f[] = {0, 3, 1, 4, 2, 5};
	static const uint8_t c3[] = {0, 1, 2, 3, 4, 5, 6, 7};
	static const uint8_t f3[] = {0, 4, 2, 6, 1, 5, 3, 7};
	struct matrix a, b;
	size_t i, j;
	uint8_t copy[256];

	(void)state;
	assert_null(parse("{'descr': '|u1', 'fortran_order': False, 'shape': "
			  "(2, 3), }",
	    c, 6, &a));
	for (i = 0; i < 2; i++)
		for (j = 0; j < 3; j++)
			assert_true(matrix_at(&a, i, j) == (double)(3 * i + j));
	assert_null(parse("{'shape': (2, 3), 'fortran_order': True, 'descr': "
			  "'|u1'}",
	    f, 6, &b));
	for (i = 0; i < 2; i++)
		for (j = 0; j < 3; j++)
			assert_true(matrix_at(&b, i, j) == (double)(3 * i + j));
	assert_null(parse("{'descr': '|u1', 'fortran_order': False, 'shape': "
			  "(2, 2, 2), }",
	    c3, 8, &a));
	memcpy(copy, a.data, 8);
	a.data = copy;
	assert_null(parse("{'descr': '|u1', 'fortran_order': True, 'shape': "
			  "(2, 2, 2), }",
	    f3, 8, &b));
	for (i = 0; i < 2; i++)
		for (j = 0; j < 4; j++)
			assert_true(matrix_at(&a, i, j) == matrix_at(&b, i, j));
}

static void
test_npy_refused(void **state)
{
	static const struct {
		const char *header, *says;
		size_t n;
	} bad[] = {
	    {"{'descr': '|O', 'fortran_order': False, 'shape': (1,), }",
		"numbers", 8},
	    {"{'descr': '<U3', 'fortran_order': False, 'shape': (1,), }",
		"numbers", 12},
	    {"{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': "
	     "(1,), }",
		"numbers", 8},
	    {"{'descr': '<f2', 'fortran_order': False, 'shape': (1,), }",
		"numbers", 2},
	    {"{'descr': '|u1', 'fortran_order': False, 'shape': (3,), }",
		"its length", 2},
	    {"{'descr': '|u1', 'fortran_order': False, 'shape': (), }",
		"its length", 1},
	    {"{'descr': '|u1', 'fortran_order': False, 'shape': (1, 0), }",
		"its length", 0},
	    {"{'descr': '|u1', 'fortran_order': False, 'shape': "
	     "(1, 65537), }",
		"its length", 10},
	    {"{'descr': '|u1', 'fortran_order': False, 'shape': "
	     "(1, 1, 1, 1, 1), }",
		"its header", 1},
	    {"{'descr': '|u1', 'fortran_order': False, 'shape': "
	     "(99999999999999999999,), }",
		"its header", 1},
	    {"{'descr': '|u1', 'fortran_order': False}", "its header", 1},
	    {"{'descr': '|u1', 'descr': '|u1', 'shape': (1,)}", "its header",
		1},
	    {"{'descr': '|u1', 'fortran_order': Maybe, 'shape': (1,)}",
		"its header", 1},
	    {"{'descr': '|u1', 'fortran_order': False, 'shape': (1,)} x",
		"its header", 1},
	    {"", "its header", 4},
	};
	static const uint8_t zeros[16];
	const char *why;
	struct matrix m;
	size_t i, len;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		why = parse(bad[i].header, zeros, bad[i].n, &m);
		assert_non_null(why);
		assert_non_null(strstr(why, bad[i].says));
	}
	len = make_npy("{'descr': '|u1', 'fortran_order': False, 'shape': "
		       "(1,)}",
	    zeros, 1);
	assert_null(npy_parse(bytes, len, &m));
	for (i = 0; i < len; i++) {
		uint8_t *cut = malloc(i + 1);

		assert_non_null(cut);
		memcpy(cut, bytes, i);
		assert_non_null(npy_parse(cut, i, &m));
		free(cut);
	}
	bytes[6] = 4;
	assert_non_null(npy_parse(bytes, len, &m));
}

static void
test_npy_head(void **state)
{
	uint8_t *file = calloc(1, NPY_HEAD_LEN + 48);
	struct matrix m;

	(void)state;
	assert_non_null(file);
	npy_head(2, 3, false, file);
	assert_null(npy_parse(file, NPY_HEAD_LEN + 48, &m));
	assert_int_equal(m.type, MATRIX_F64);
	assert_int_equal(m.rows, 2);
	assert_int_equal(m.cols, 3);
	npy_head(4, 3, true, file);
	assert_null(npy_parse(file, NPY_HEAD_LEN + 48, &m));
	assert_int_equal(m.type, MATRIX_F32);
	free(file);
}

static void
test_idx(void **state)
{
	static const uint8_t images[] = {0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0,
	    0, 0, 2, 1, 2, 3, 255};
	static const uint8_t floats[] = {0, 0, 0x0d, 1, 0, 0, 0, 1, 0x3f, 0x80,
	    0, 0};
	uint8_t copy[sizeof(images) + 1];
	struct matrix m;
	size_t i;

	(void)state;
	assert_null(idx_parse(images, sizeof(images), &m));
	assert_int_equal(m.rows, 2);
	assert_int_equal(m.cols, 2);
	assert_true(matrix_at(&m, 1, 1) == 255);
	assert_null(idx_parse(floats, sizeof(floats), &m));
	assert_true(matrix_at(&m, 0, 0) == 1);
	for (i = 0; i < sizeof(images); i++)
		assert_non_null(idx_parse(images, i, &m));
	memcpy(copy, images, sizeof(images));
	assert_non_null(idx_parse(copy, sizeof(copy), &m)); /* one too many */
	copy[2] = 7;
	assert_false(idx_is(copy, sizeof(images)));
	copy[2] = 8;
	copy[3] = 5;
	assert_non_null(strstr(idx_parse(copy, sizeof(images), &m), "4 axes"));
	copy[3] = 3;
	copy[4] = 0xff; /* far more rows than bytes */
	assert_non_null(idx_parse(copy, sizeof(images), &m));
}

/* gzip -n of "hello, rows\n". */
static const uint8_t hello[] = {0x1f, 0x8b, 0x08, 0, 0, 0, 0, 0, 0, 0x03, 0xcb,
    0x48, 0xcd, 0xc9, 0xc9, 0xd7, 0x51, 0x28, 0xca, 0x2f, 0x2f, 0xe6, 0x02, 0,
    0x60, 0x7d, 0xd0, 0x56, 0x0c, 0, 0, 0};

static void
test_gzip(void **state)
{
	uint8_t two[2 * sizeof(hello)], *out;
	size_t n, i;

	(void)state;
	memcpy(two, hello, sizeof(hello));
	memcpy(two + sizeof(hello), hello, sizeof(hello));
	assert_true(inflate_crc((const uint8_t *)"123456789", 9) == 0xcbf43926);
	assert_int_equal(inflate_gzip(two, sizeof(hello), 12, &out, &n), 0);
	assert_int_equal(n, 12);
	assert_memory_equal(out, "hello, rows\n", 12);
	free(out);
	assert_int_equal(inflate_gzip(two, sizeof(two), 100, &out, &n), 0);
	assert_int_equal(n, 24);
	free(out);
	assert_int_equal(inflate_gzip(two, sizeof(two), 23, &out, &n), -EFBIG);
	assert_int_equal(inflate_gzip(two, sizeof(hello), 11, &out, &n),
	    -EFBIG);
	for (i = 0; i < sizeof(hello); i++)
		assert_int_equal(inflate_gzip(two, i, 100, &out, &n), -EBADMSG);
	two[sizeof(hello) - 8] ^= 1;
	assert_int_equal(inflate_gzip(two, sizeof(hello), 100, &out, &n),
	    -EBADMSG);
}

static void
put(uint8_t **p, uint32_t v, int n)
{
	for (; n > 0; n--, v >>= 8)
		*(*p)++ = (uint8_t)v;
}

/* A zip of one stored member "X.npy" that holds data; returns its length. */
static size_t
make_zip(uint8_t *out, const char *data, size_t n)
{
	uint32_t crc = inflate_crc((const uint8_t *)data, n);
	uint8_t *p = out;
	size_t directory;

	put(&p, 0x04034b50, 4);
	put(&p, 20, 2);
	put(&p, 0, 2 + 2);
	put(&p, 0, 4);
	put(&p, crc, 4);
	put(&p, (uint32_t)n, 4);
	put(&p, (uint32_t)n, 4);
	put(&p, 5, 2);
	put(&p, 0, 2);
	memcpy(p, "X.npy", 5);
	memcpy(p + 5, data, n);
	p += 5 + n;
	directory = (size_t)(p - out);
	put(&p, 0x02014b50, 4);
	put(&p, 20, 2);
	put(&p, 20, 2);
	put(&p, 0, 2 + 2);
	put(&p, 0, 4);
	put(&p, crc, 4);
	put(&p, (uint32_t)n, 4);
	put(&p, (uint32_t)n, 4);
	put(&p, 5, 2);
	put(&p, 0, 2 + 2 + 2 + 2);
	put(&p, 0, 4);
	put(&p, 0, 4);
	memcpy(p, "X.npy", 5);
	p += 5;
	put(&p, 0x06054b50, 4);
	put(&p, 0, 2 + 2);
	put(&p, 1, 2);
	put(&p, 1, 2);
	put(&p, 51, 4);
	put(&p, (uint32_t)directory, 4);
	put(&p, 0, 2);
	return (size_t)(p - out);
}

static void
test_zip(void **state)
{
	static const char *const names[] = {"y", "X", NULL};
	static const char *const others[] = {"Y", NULL};
	static struct npz z;
	uint8_t zip[256], *out;
	size_t n = make_zip(zip, "abcdef", 6), i;
	const struct npz_member *m;

	(void)state;
	assert_true(npz_is(zip, n));
	assert_null(npz_parse(zip, n, &z));
	assert_int_equal(z.n, 1);
	assert_null(npz_find(&z, others));
	m = npz_find(&z, names);
	assert_non_null(m);
	assert_int_equal(npz_unpack(m, 5, &out), -EFBIG);
	assert_int_equal(npz_unpack(m, 6, &out), 0);
	assert_memory_equal(out, "abcdef", 6);
	free(out);
	for (i = 0; i < n; i++) {
		uint8_t *cut = malloc(i + 1);

		assert_non_null(cut);
		memcpy(cut, zip, i);
		assert_non_null(npz_parse(cut, i, &z));
		free(cut);
	}
	zip[36] ^= 1; /* a byte of the data */
	assert_null(npz_parse(zip, n, &z));
	assert_int_equal(npz_unpack(&z.members[0], 6, &out), -EBADMSG);
	zip[41 + 10] = 99; /* a method that nobody uses */
	assert_non_null(strstr(npz_parse(zip, n, &z), "packed"));
	zip[41 + 10] = 0;
	zip[41 + 8] = 1;
	assert_non_null(strstr(npz_parse(zip, n, &z), "encrypted"));
}

/* What tf.image.resize gives for these: centres at half pixels, no
 * antialiasing, the border repeated. */
static void
test_resize(void **state)
{
	static const double two[] = {0, 10, 20, 30},
			    line[] = {0, 1, 2, 3, 4, 5, 6};
	const struct image_size s2 = {2, 2}, s4 = {4, 4}, s1 = {1, 1};
	const struct image_size l7 = {1, 7}, l4 = {1, 4};
	static const double up[4] = {0, 2.5, 7.5, 10};
	double out[16];
	size_t i;

	(void)state;
	image_resize(two, &s2, &s4, out);
	for (i = 0; i < 4; i++) {
		assert_true(fabs(out[i] - up[i]) < 1e-12);
		assert_true(fabs(out[4 * i] - 2 * up[i]) < 1e-12);
	}
	assert_true(fabs(out[15] - 30) < 1e-12);
	image_resize(two, &s2, &s1, out);
	assert_true(out[0] == 15);
	image_resize(two, &s2, &s2, out);
	assert_memory_equal(out, two, sizeof(two));
	/* 7 to 4: centres at .375, 2.125, 3.875, 5.625, as 28 to 16. */
	image_resize(line, &l7, &l4, out);
	for (i = 0; i < 4; i++)
		assert_true(fabs(out[i] - (1.75 * (double)i + .375)) < 1e-12);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_npy_types),
	    cmocka_unit_test(test_npy_order),
	    cmocka_unit_test(test_npy_refused),
	    cmocka_unit_test(test_npy_head),
	    cmocka_unit_test(test_idx),
	    cmocka_unit_test(test_gzip),
	    cmocka_unit_test(test_zip),
	    cmocka_unit_test(test_resize),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
