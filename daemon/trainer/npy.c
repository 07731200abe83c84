#include "daemon/trainer/npy.h"

#include <stdio.h>
#include <string.h>

static const uint8_t magic[6] = {0x93, 'N', 'U', 'M', 'P', 'Y'};

/* The header, a Python dict literal, being read. */
struct cursor {
	const char *p;
	const char *end;
};

bool
npy_is(const uint8_t *data, size_t len)
{
	return len >= sizeof(magic) && memcmp(data, magic, sizeof(magic)) == 0;
}

static void
skip_blanks(struct cursor *c)
{
	while (c->p < c->end && (*c->p == ' ' || *c->p == '\n'))
		c->p++;
}

static bool
take(struct cursor *c, char want)
{
	skip_blanks(c);
	if (c->p == c->end || *c->p != want)
		return false;
	c->p++;
	return true;
}

/* A text in single quotes without escapes; out is terminated. */
static bool
take_text(struct cursor *c, char *out, size_t size)
{
	size_t n = 0;

	if (!take(c, '\''))
		return false;
	while (c->p < c->end && *c->p != '\'') {
		if (n + 1 >= size)
			return false;
		out[n++] = *c->p++;
	}
	out[n] = '\0';
	return take(c, '\'');
}

static bool
take_number(struct cursor *c, size_t *out)
{
	size_t v = 0;
	const char *start;

	skip_blanks(c);
	start = c->p;
	while (c->p < c->end && *c->p >= '0' && *c->p <= '9') {
		if (v > (size_t)1 << 40)
			return false;
		v = 10 * v + (size_t)(*c->p++ - '0');
	}
	*out = v;
	return c->p > start;
}

/* (), (3,), (3, 4), ... */
static bool
take_shape(struct cursor *c, struct matrix *m)
{
	m->naxes = 0;
	if (!take(c, '('))
		return false;
	while (!take(c, ')')) {
		if (m->naxes == MATRIX_AXES_MAX ||
		    !take_number(c, &m->axis[m->naxes]))
			return false;
		m->naxes++;
		if (!take(c, ',')) {
			if (m->naxes < 2 || !take(c, ')'))
				return false;
			break;
		}
	}
	return true;
}

static bool
take_bool(struct cursor *c, bool *out)
{
	static const char *const words[] = {"False", "True"};
	size_t i, n;

	skip_blanks(c);
	for (i = 0; i < 2; i++) {
		n = strlen(words[i]);
		if ((size_t)(c->end - c->p) < n ||
		    memcmp(c->p, words[i], n) != 0)
			continue;
		c->p += n;
		*out = i == 1;
		return true;
	}
	return false;
}

/* '<f8', '|u1', '>i2'; a bool is a byte. */
static bool
set_type(const char *descr, struct matrix *m)
{
	static const struct {
		char name[3];
		enum matrix_type type;
	} types[] = {
	    {"b1", MATRIX_U8},
	    {"u1", MATRIX_U8},
	    {"i1", MATRIX_I8},
	    {"u2", MATRIX_U16},
	    {"i2", MATRIX_I16},
	    {"u4", MATRIX_U32},
	    {"i4", MATRIX_I32},
	    {"u8", MATRIX_U64},
	    {"i8", MATRIX_I64},
	    {"f4", MATRIX_F32},
	    {"f8", MATRIX_F64},
	};
	size_t i;

	if (strlen(descr) != 3 || !strchr("<>|=", descr[0]))
		return false;
	m->big_endian = descr[0] == '>';
	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (strcmp(descr + 1, types[i].name) != 0)
			continue;
		m->type = types[i].type;
		return true;
	}
	return false;
}

enum key { KEY_DESCR = 1, KEY_ORDER = 2, KEY_SHAPE = 4 };

/* One key with its value; NULL or the fault. */
static const char *
take_entry(struct cursor *c, struct matrix *m, unsigned *seen)
{
	static const char garbled[] = "its header is not as NumPy writes it";
	char text[32];
	unsigned key;
	bool good;

	if (!take_text(c, text, sizeof(text)) || !take(c, ':'))
		return garbled;
	key = strcmp(text, "descr") == 0         ? KEY_DESCR
	    : strcmp(text, "fortran_order") == 0 ? KEY_ORDER
	    : strcmp(text, "shape") == 0         ? KEY_SHAPE
						 : 0;
	if (key == 0 || (*seen & key))
		return garbled;
	*seen |= key;
	if (key == KEY_ORDER)
		good = take_bool(c, &m->by_column);
	else if (key == KEY_SHAPE)
		good = take_shape(c, m);
	else if (!take_text(c, text, sizeof(text)) || !set_type(text, m))
		return "its items are not numbers of 1 to 8 bytes; save plain "
		       "numbers: numpy.save(file, x.astype('<f4'))";
	else
		good = true;
	return good ? NULL : garbled;
}

static const char *
parse_header(struct cursor *c, struct matrix *m)
{
	const char *fault;
	unsigned seen = 0;

	if (!take(c, '{'))
		return "its header is not as NumPy writes it";
	while (!take(c, '}')) {
		fault = take_entry(c, m, &seen);
		if (fault)
			return fault;
		if (!take(c, ',')) {
			if (!take(c, '}'))
				return "its header is not as NumPy writes it";
			break;
		}
	}
	skip_blanks(c);
	if (c->p != c->end || seen != (KEY_DESCR | KEY_ORDER | KEY_SHAPE))
		return "its header is not as NumPy writes it";
	return NULL;
}

const char *
npy_parse(const uint8_t *data, size_t len, struct matrix *m)
{
	struct cursor c;
	const char *fault;
	size_t start, n;

	*m = (struct matrix){.data = NULL};
	if (!npy_is(data, len) || len < 12)
		return "it does not begin as a .npy file does";
	if (data[6] < 1 || data[6] > 3 || data[7] != 0)
		return "its format is not 1.0, 2.0 or 3.0";
	start = data[6] == 1 ? 10 : 12;
	n = (size_t)data[8] | (size_t)data[9] << 8;
	if (data[6] > 1)
		n |= (size_t)data[10] << 16 | (size_t)data[11] << 24;
	if (n > NPY_HEADER_MAX || n > len - start)
		return "its header is cut off";
	c.p = (const char *)data + start;
	c.end = c.p + n;
	fault = parse_header(&c, m);
	if (fault)
		return fault;
	m->data = data + start + n;
	if (!matrix_shape(m, len - start - n))
		return "its length is not what its header says, or a row has "
		       "no or more than 65536 values";
	return NULL;
}

void
npy_head(size_t rows, size_t cols, bool single,
    uint8_t out[static NPY_HEAD_LEN])
{
	char text[NPY_HEAD_LEN];
	int n = snprintf(text, sizeof(text),
	    "{'descr': '<f%d', 'fortran_order': False, 'shape': (%zu, %zu), }",
	    single ? 4 : 8, rows, cols);

	memset(out, ' ', NPY_HEAD_LEN);
	memcpy(out, magic, sizeof(magic));
	out[6] = 1;
	out[7] = 0;
	out[8] = NPY_HEAD_LEN - 10;
	out[9] = 0;
	memcpy(out + 10, text, (size_t)n);
	out[NPY_HEAD_LEN - 1] = '\n';
}
