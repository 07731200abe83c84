#include "proto/guest.h"

#include <stdlib.h>
#include <string.h>

void
guest_founding_put(struct bytes_writer *w, const struct wire_founding *f)
{
	bytes_put_u64(w, f->height);
	bytes_put_u64(w, f->end);
	bytes_put_u8(w, f->state);
	bytes_put_u8(w, f->member);
	bytes_put_u16(w, f->yes);
	bytes_put_u16(w, f->no);
	bytes_put_u16(w, f->of);
	bytes_put_blob(w, f->data, f->len);
	bytes_put_blob(w, f->again, f->again_len);
}

/* malloc'd; NULL: empty, too long or no memory. */
static uint8_t *
get_bytes(struct bytes_reader *r, uint32_t *n)
{
	size_t len;
	const uint8_t *data = bytes_get_blob(r, FEDERATION_BYTES_MAX, &len);
	uint8_t *out;

	*n = 0;
	if (r->bad || len == 0)
		return NULL;
	out = malloc(len);
	if (out == NULL) {
		bytes_reader_fail_nomem(r);
		return NULL;
	}
	memcpy(out, data, len);
	*n = (uint32_t)len;
	return out;
}

void
guest_founding_get(struct bytes_reader *r, struct wire_founding *f)
{
	*f = (struct wire_founding){0};
	f->height = bytes_get_u64(r);
	f->end = bytes_get_u64(r);
	f->state = bytes_get_u8(r);
	f->member = bytes_get_u8(r);
	f->yes = bytes_get_u16(r);
	f->no = bytes_get_u16(r);
	f->of = bytes_get_u16(r);
	f->data = get_bytes(r, &f->len);
	f->again = get_bytes(r, &f->again_len);
	if (f->member > 1 || f->data == NULL)
		bytes_reader_fail(r);
}

void
guest_founding_close(struct wire_founding *f)
{
	free(f->data);
	free(f->again);
}

void
guest_join_put(struct bytes_writer *w, const struct wire_join *j)
{
	bytes_put_string(w, j->m.name);
	bytes_put_string(w, j->m.address);
	bytes_put_raw(w, j->m.sign.b, SIGN_PUBLIC_LEN);
	bytes_put_raw(w, j->m.network, sizeof(j->m.network));
	signature_put(w, &j->proof);
}

void
guest_join_get(struct bytes_reader *r, struct wire_join *j)
{
	*j = (struct wire_join){0};
	bytes_get_string(r, j->m.name, sizeof(j->m.name));
	bytes_get_string(r, j->m.address, sizeof(j->m.address));
	bytes_get_raw(r, j->m.sign.b, SIGN_PUBLIC_LEN);
	bytes_get_raw(r, j->m.network, sizeof(j->m.network));
	signature_get(r, &j->proof);
	if (!r->bad &&
	    (!federation_name_ok(j->m.name) ||
		(j->m.address[0] != '\0' &&
		    !federation_address_ok(j->m.address))))
		bytes_reader_fail(r);
}

void
guest_joined_get(struct bytes_reader *r, struct wire_joined *j)
{
	*j = (struct wire_joined){.ok = bytes_get_u8(r)};
	bytes_get_string(r, j->text, sizeof(j->text));
	if (j->ok > 1)
		bytes_reader_fail(r);
}

void
guest_joined_put(struct bytes_writer *w, const struct wire_joined *j)
{
	bytes_put_u8(w, j->ok);
	bytes_put_string(w, j->text);
}
