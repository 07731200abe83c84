#include "daemon/node/channel.h"

#include <errno.h>
#include <string.h>

#include <uv.h>

#include "daemon/node/address.h"
#include "proto/bytes.h"
#include "proto/sign.h"
#include "proto/wire.h"

#define PLAIN_HELLO_LEN 2 /* the member's index, when not encrypted */

/* "qmlnode/1" || federation id || u16 protocol: both must mean the same. */
static int
begin(struct channel *c)
{
	const struct channel_identity *id = c->id;
	uint8_t prologue[64], ephemeral[NOISE_KEY_LEN];
	struct bytes_writer w = bytes_writer_over(prologue, sizeof(prologue));
	struct noise_start start = {
	    .role = NOISE_LISTENER,
	    .secret = id->secret,
	    .own = id->own,
	    .psk = id->psk,
	    .ephemeral = ephemeral,
	    .prologue = prologue,
	};
	int rc;

	bytes_put_raw(&w, "qmlnode/1", 9);
	bytes_put_hash(&w, &id->federation_id);
	bytes_put_u16(&w, WIRE_PROTOCOL);
	start.prologue_len = w.len;
	if (c->dialed) {
		start.role = NOISE_DIALER;
		start.remote = id->federation->members[c->peer].network;
	}
	rc = uv_random(NULL, NULL, ephemeral, sizeof(ephemeral), 0, NULL);
	if (rc < 0)
		return rc;
	noise_init(&c->noise, &start);
	c->begun = true;
	sign_wipe(ephemeral, sizeof(ephemeral));
	return 0;
}

int
channel_init(struct channel *c, const struct channel_identity *id,
    uint16_t peer)
{
	*c = (struct channel){.id = id, .peer = peer};
	c->dialed = peer != CHANNEL_NOBODY;
	return c->dialed && !id->plain ? begin(c) : 0;
}

void
channel_close(struct channel *c)
{
	noise_close(&c->noise);
}

int
channel_hello(struct channel *c, uint8_t out[static CHANNEL_SHAKE_MAX],
    size_t *len)
{
	uint8_t *body = out + FRAME_HEAD_LEN;
	size_t n = PLAIN_HELLO_LEN;
	int rc = 0;

	if (c->id->plain) {
		body[0] = (uint8_t)(c->id->self >> 8);
		body[1] = (uint8_t)c->id->self;
	} else {
		rc = noise_write(&c->noise, NULL, 0, body, &n);
	}
	if (rc < 0)
		return rc;
	frame_head(out, c->dialed ? FRAME_HS1 : FRAME_HS2, n);
	*len = FRAME_HEAD_LEN + n;
	return 0;
}

/* A seat that nobody has shows a key of zeros. */
static uint16_t
member_of_key(const struct federation *f, const uint8_t *key)
{
	static const uint8_t none[NOISE_KEY_LEN];

	if (memcmp(key, none, sizeof(none)) == 0)
		return CHANNEL_NOBODY;
	for (uint16_t i = 0; i < f->nmembers; i++) {
		if (memcmp(f->members[i].network, key, NOISE_KEY_LEN) == 0)
			return i;
	}
	return CHANNEL_NOBODY;
}

static size_t
greeting_len(const struct channel *c)
{
	if (c->id->plain)
		return PLAIN_HELLO_LEN;
	return c->dialed ? NOISE_SECOND_LEN : NOISE_FIRST_LEN;
}

bool
channel_may_greet(const struct channel *c, const uint8_t *bytes, size_t len)
{
	uint8_t head[FRAME_HEAD_LEN];

	frame_head(head, c->dialed ? FRAME_HS2 : FRAME_HS1, greeting_len(c));
	return memcmp(head, bytes, len < sizeof(head) ? len : sizeof(head)) ==
	    0;
}

int
channel_greet(struct channel *c, const struct frame *f)
{
	uint8_t nothing[1];
	size_t len = 0;
	uint16_t peer;
	int rc = 0;

	if (f->kind != (c->dialed ? FRAME_HS2 : FRAME_HS1) ||
	    f->len != greeting_len(c))
		return -EPROTO;
	if (c->id->plain) {
		peer = (uint16_t)(f->body[0] << 8 | f->body[1]);
	} else {
		if (!c->begun)
			rc = begin(c);
		if (rc < 0)
			return rc;
		rc = noise_read(&c->noise, f->body, f->len, nothing, &len);
		if (rc < 0)
			return rc;
		peer = member_of_key(c->id->federation, c->noise.rs);
		if (peer == CHANNEL_NOBODY && !c->dialed &&
		    c->id->invited != NULL &&
		    c->id->invited(c->id->arg, c->noise.rs)) {
			c->peer = CHANNEL_GUEST;
			return 0;
		}
	}
	if (peer >= c->id->federation->nmembers || peer == c->id->self)
		return -EACCES;
	if (c->dialed && peer != c->peer)
		return -EACCES;
	c->peer = peer;
	return 0;
}

int
channel_seal(struct channel *c, const uint8_t *plain, size_t len, uint8_t *out,
    size_t *outlen)
{
	uint8_t *body = out + FRAME_HEAD_LEN;
	size_t n = len;
	int rc = 0;

	if (c->id->plain) {
		memcpy(body, plain, len);
	} else {
		rc = noise_seal(&c->noise, plain, len, body);
		n += NOISE_TAG_LEN;
	}
	frame_head(out, FRAME_DATA, n);
	*outlen = FRAME_HEAD_LEN + n;
	return rc;
}

int
channel_open(struct channel *c, const struct frame *f,
    uint8_t plain[static FRAME_PLAIN_MAX], size_t *len)
{
	size_t tag = c->id->plain ? 0 : NOISE_TAG_LEN;

	if (f->kind != FRAME_DATA || f->len < tag ||
	    f->len - tag > FRAME_PLAIN_MAX)
		return -EPROTO;
	*len = f->len - tag;
	if (!c->id->plain)
		return noise_open(&c->noise, f->body, f->len, plain);
	memcpy(plain, f->body, f->len);
	return 0;
}

/* A channel in clear is for a capture test on one machine. */
int
channel_plain_ok(bool plain, const struct federation *f, const char *listen)
{
	if (!plain)
		return 0;
	if (listen != NULL && !address_is_loopback(listen))
		return -EINVAL;
	for (uint16_t i = 0; i < f->nmembers; i++) {
		const char *address = f->members[i].address;

		if (address[0] != '\0' && !address_is_loopback(address))
			return -EINVAL;
	}
	return 0;
}
