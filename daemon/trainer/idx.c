#include "daemon/trainer/idx.h"

/* The type byte, and what follows it. */
static const struct {
	uint8_t byte;
	enum matrix_type type;
} types[] = {
    {0x08, MATRIX_U8},
    {0x09, MATRIX_I8},
    {0x0b, MATRIX_I16},
    {0x0c, MATRIX_I32},
    {0x0d, MATRIX_F32},
    {0x0e, MATRIX_F64},
};

#define NTYPES (sizeof(types) / sizeof(types[0]))

static size_t
find_type(uint8_t byte)
{
	size_t i;

	for (i = 0; i < NTYPES && types[i].byte != byte; i++)
		continue;
	return i;
}

bool
idx_is(const uint8_t *data, size_t len)
{
	return len >= 4 && data[0] == 0 && data[1] == 0 &&
	    find_type(data[2]) < NTYPES && data[3] >= 1;
}

const char *
idx_parse(const uint8_t *data, size_t len, struct matrix *m)
{
	size_t i, head;

	*m = (struct matrix){.big_endian = true};
	if (!idx_is(data, len))
		return "it does not begin as an IDX file does";
	if (data[3] > MATRIX_AXES_MAX)
		return "it has more than 4 axes";
	m->type = types[find_type(data[2])].type;
	m->naxes = data[3];
	head = 4 + 4 * m->naxes;
	if (len < head)
		return "its header is cut off";
	for (i = 0; i < 4 * m->naxes; i++)
		m->axis[i / 4] = m->axis[i / 4] << 8 | data[4 + i];
	m->data = data + head;
	if (!matrix_shape(m, len - head))
		return "its length is not what its header says, or a row has "
		       "no or more than 65536 values";
	return NULL;
}
