#include "daemon/trainer/npz.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/trainer/inflate.h"

#define END_BYTES 22 /* end of central directory */
#define COMMENT_MAX 65535
#define ENTRY_BYTES 46 /* of the central directory */
#define LOCAL_BYTES 30
#define SIGNATURE_END 0x06054b50u
#define SIGNATURE_ENTRY 0x02014b50u
#define SIGNATURE_LOCAL 0x04034b50u

static const char damaged[] = "its directory is damaged or cut off";

static uint32_t
u16(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8;
}

static uint32_t
u32(const uint8_t *p)
{
	return u16(p) | u16(p + 2) << 16;
}

bool
npz_is(const uint8_t *data, size_t len)
{
	return len >= 4 &&
	    (u32(data) == SIGNATURE_LOCAL || u32(data) == SIGNATURE_END);
}

/* The last thing in the file but for a comment; NULL: there is none. */
static const uint8_t *
find_end(const uint8_t *data, size_t len)
{
	size_t back;

	for (back = 0; back <= COMMENT_MAX && back + END_BYTES <= len; back++) {
		const uint8_t *p = data + len - END_BYTES - back;

		if (u32(p) == SIGNATURE_END && u16(p + 20) == back)
			return p;
	}
	return NULL;
}

static bool
take_name(struct npz_member *m, const uint8_t *name, size_t n)
{
	static const char suffix[] = ".npy";
	size_t i;

	if (n >= sizeof(suffix) &&
	    memcmp(name + n - (sizeof(suffix) - 1), suffix,
		sizeof(suffix) - 1) == 0)
		n -= sizeof(suffix) - 1;
	if (n == 0 || n >= NPZ_NAME_LEN)
		return false;
	for (i = 0; i < n; i++) {
		if (name[i] < 0x20 || name[i] > 0x7e)
			return false;
		m->name[i] = (char)name[i];
	}
	m->name[n] = '\0';
	return true;
}

/* The member's bytes, behind its local header. */
static bool
take_data(struct npz_member *m, const uint8_t *data, size_t len, size_t at)
{
	size_t head;

	if (at > len || len - at < LOCAL_BYTES ||
	    u32(data + at) != SIGNATURE_LOCAL)
		return false;
	head = LOCAL_BYTES + u16(data + at + 26) + u16(data + at + 28);
	if (len - at < head || len - at - head < m->packed)
		return false;
	m->data = data + at + head;
	return true;
}

/* One entry at p with left bytes; *used is its length. */
static const char *
take_entry(struct npz_member *m, const uint8_t *p, size_t left, size_t *used)
{
	uint32_t method;
	size_t name;

	if (left < ENTRY_BYTES || u32(p) != SIGNATURE_ENTRY)
		return damaged;
	name = u16(p + 28);
	*used = ENTRY_BYTES + name + u16(p + 30) + u16(p + 32);
	if (left < *used)
		return damaged;
	method = u16(p + 10);
	if ((u16(p + 8) & 1) != 0)
		return "a member is encrypted";
	if (method != 0 && method != 8)
		return "a member is packed in a way numpy.savez does not use";
	m->deflated = method == 8;
	m->crc = u32(p + 16);
	m->packed = u32(p + 20);
	m->size = u32(p + 24);
	if (m->packed == UINT32_MAX || m->size == UINT32_MAX)
		return "a member is 4 GiB or larger; save its arrays as .npy";
	if (!m->deflated && m->packed != m->size)
		return damaged;
	if (!take_name(m, p + ENTRY_BYTES, name))
		return "the name of a member is not 1 to 63 plain letters";
	return NULL;
}

const char *
npz_parse(const uint8_t *data, size_t len, struct npz *z)
{
	const uint8_t *end = find_end(data, len);
	const char *fault;
	size_t i, at, used = 0;

	*z = (struct npz){.n = 0};
	if (!end)
		return damaged;
	if (u16(end + 10) > NPZ_MEMBERS_MAX)
		return "it has more than 64 members";
	at = u32(end + 16);
	for (i = 0; i < u16(end + 10); i++) {
		struct npz_member *m = &z->members[i];
		size_t stop = (size_t)(end - data);

		if (at > stop)
			return damaged;
		fault = take_entry(m, data + at, stop - at, &used);
		if (fault)
			return fault;
		if (!take_data(m, data, len, u32(data + at + 42)))
			return damaged;
		at += used;
	}
	z->n = i;
	return NULL;
}

const struct npz_member *
npz_find(const struct npz *z, const char *const *names)
{
	size_t i;

	for (; *names; names++) {
		for (i = 0; i < z->n; i++) {
			if (strcmp(z->members[i].name, *names) == 0)
				return &z->members[i];
		}
	}
	return NULL;
}

int
npz_unpack(const struct npz_member *m, size_t max, uint8_t **out)
{
	uint8_t *data;
	int rc = 0;

	*out = NULL;
	if (m->size > max)
		return -EFBIG;
	data = malloc(m->size + 1);
	if (!data)
		return -ENOMEM;
	if (m->deflated)
		rc = inflate_raw(m->data, m->packed, data, m->size);
	else
		memcpy(data, m->data, m->size);
	if (rc == 0 && inflate_crc(data, m->size) != m->crc)
		rc = -EBADMSG;
	if (rc < 0) {
		free(data);
		return rc;
	}
	*out = data;
	return 0;
}
