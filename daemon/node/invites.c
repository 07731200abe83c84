#include "daemon/node/invites.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "consensus/votes/payload.h"
#include "daemon/node/ctl_methods.h"
#include "daemon/node/home.h"
#include "daemon/node/keys.h"
#include "daemon/node/log.h"
#include "proto/hex.h"
#include "proto/noise.h"
#include "proto/wire.h"

#define INVITES_PAUSE_MS 20 /* between two looks at the folder */
#define INVITE_TEXT_MAX 1024

static const char *
hex_of(const uint8_t key[static 32], char out[static HASH_HEX_LEN])
{
	struct hash h;

	memcpy(h.b, key, sizeof(h.b));
	return hash_hex(&h, out);
}

static int
path_of(const char *home, const uint8_t key[static 32],
    char out[static HOME_PATH_LEN])
{
	char name[sizeof(INVITES_FOLDER) + 1 + HASH_HEX_LEN];
	char hex[HASH_HEX_LEN];

	snprintf(name, sizeof(name), INVITES_FOLDER "/%s", hex_of(key, hex));
	return home_path(home, name, out, HOME_PATH_LEN);
}

static int
keep(const char *home, const uint8_t key[static 32], const struct jv *terms)
{
	char path[HOME_PATH_LEN], folder[HOME_PATH_LEN];
	char *text = jv_dump(terms);
	int rc = text == NULL ? -ENOMEM : path_of(home, key, path);

	if (rc == 0)
		rc = home_path(home, INVITES_FOLDER, folder, sizeof(folder));
	if (rc == 0 && mkdir(folder, 0700) < 0 && errno != EEXIST)
		rc = -errno;
	if (rc == 0)
		rc = home_write_new(path, 0600, text, strlen(text));
	free(text);
	return rc;
}

/* NULL: there is none, or it is too old. */
static struct jv *
terms_of(const char *home, const uint8_t key[static 32])
{
	char path[HOME_PATH_LEN], text[INVITE_TEXT_MAX], err[80];
	struct jv *v = NULL;
	FILE *f = NULL;
	size_t len;

	if (path_of(home, key, path) == 0)
		f = fopen(path, "r");
	if (f == NULL)
		return NULL;
	len = fread(text, 1, sizeof(text), f);
	fclose(f);
	if (len < sizeof(text))
		v = jv_parse(text, len, err, sizeof(err));
	if (v != NULL &&
	    (uint64_t)jv_int(jv_get(v, "until"), 0) < node_wall_ms()) {
		jv_free(v);
		v = NULL;
	}
	return v;
}

/* Once: what was used stays, under a name that nobody asks for. */
static void
spend(const char *home, const uint8_t key[static 32])
{
	char path[HOME_PATH_LEN], used[HOME_PATH_LEN + 8];

	if (path_of(home, key, path) < 0)
		return;
	snprintf(used, sizeof(used), "%s.used", path);
	if (rename(path, used) < 0)
		log_warn("invite.spend", "file=%s why=\"%s\"", path,
		    strerror(errno));
	(void)!home_sync_folder(path);
}

bool
invites_known_cb(void *arg, const uint8_t key[static 32])
{
	struct node *n = arg;
	uint64_t now = node_mono_ms();
	struct jv *terms;

	/* Strangers do not make the disk busy. */
	if (now < n->guest_ms + INVITES_PAUSE_MS)
		return false;
	if (!home_has(n->opt->home, INVITES_FOLDER))
		return false;
	n->guest_ms = now;
	terms = terms_of(n->opt->home, key);
	jv_free(terms);
	return terms != NULL;
}

static void
copy_if(struct jv *to, const struct jv *from, const char *key)
{
	const struct jv *v = jv_get(from, key);

	if (jv_is_string(v))
		jv_put_string(to, key, jv_text(v, ""));
	else if (jv_is_number(v))
		jv_put_integer(to, key, jv_int(v, 0));
}

static void
put_hex(struct jv *o, const char *key, const uint8_t *bytes, size_t len)
{
	char text[2 * SIGN_LEN + 1];

	assert(len <= SIGN_LEN);
	jv_put_string(o, key, hex_put(bytes, len, text));
}

/* As qmlctl invite LINE asks for it. */
static struct jv *
proposal_of(const struct wire_join *j, const struct jv *terms)
{
	struct jv *p = jv_object();
	char title[64];

	snprintf(title, sizeof(title), "%s %s",
	    jv_get(terms, "replace") != NULL ? "other keys:" : "a new member:",
	    j->m.name);
	jv_put_string(p, "kind", "propose");
	jv_put_string(p, "proposal", "member");
	jv_put_string(p, "title", title);
	jv_put_string(p, "name", j->m.name);
	jv_put_string(p, "address", j->m.address);
	put_hex(p, "sign", j->m.sign.b, SIGN_PUBLIC_LEN);
	put_hex(p, "network", j->m.network, sizeof(j->m.network));
	put_hex(p, "proof", j->proof.b, SIGN_LEN);
	copy_if(p, terms, "replace");
	copy_if(p, terms, "power");
	copy_if(p, terms, "weight");
	return p;
}

static void
judge(struct node *n, const uint8_t key[static 32], const struct wire_join *j,
    struct wire_joined *out)
{
	struct jv *terms = terms_of(n->opt->home, key), *p, *done;
	const char *name = jv_text(jv_get(terms, "name"), "");
	enum ctl_error code = CTL_REFUSED;
	char hex[HASH_HEX_LEN];

	if (terms == NULL) {
		snprintf(out->text, sizeof(out->text),
		    "the invitation was used already, or is too old");
	} else if (name[0] != '\0' && strcmp(name, j->m.name) != 0) {
		snprintf(out->text, sizeof(out->text),
		    "the invitation is for %s, not for %s", name, j->m.name);
	} else {
		p = proposal_of(j, terms);
		done = ctl_tx_submit(n, p, &code, out->text, sizeof(out->text));
		out->ok = done != NULL;
		jv_free(done);
		jv_free(p);
	}
	if (out->ok) {
		out->text[0] = '\0';
		spend(n->opt->home, key);
	}
	log_info("invite.asked", "name=%s network=%s ok=%s", j->m.name,
	    hex_of(j->m.network, hex), out->ok ? "yes" : "no");
	jv_free(terms);
}

void
invites_guest_cb(void *arg, struct link *l, uint8_t *data, size_t len)
{
	struct wire_msg in, m = {.type = WIRE_JOINED};
	struct outbox_buf *buf = NULL;
	uint8_t *reply;
	size_t n = 0;

	if (wire_decode(data, len, ANSWER_DIM_MAX, &in) != WIRE_OK) {
		free(data);
		link_close(l, -EPROTO);
		return;
	}
	free(data);
	if (in.type == WIRE_JOIN) {
		judge(arg, link_key(l), &in.u.join, &m.u.joined);
		if (wire_encode(&m, &reply, &n) == 0)
			buf = outbox_buf_new(reply, n);
	}
	wire_msg_close(&in);
	if (buf != NULL)
		link_send(l, LINK_SYNC, buf);
	else
		link_close(l, -EPROTO);
	outbox_buf_unref(buf);
}

/* The key is the newcomer's from here on; we keep its public half. */
struct jv *
ctl_invite(struct node *n, const struct jv *params, CTL_ERR_ARGS)
{
	const struct member *self =
	    n->self < n->roster->nmembers ? &n->roster->members[n->self] : NULL;
	const char *name = jv_text(jv_get(params, "name"), "");
	const struct ctl_number power = {"power", 1, FEDERATION_POWER_MAX},
				weight = {"weight", 1, FEDERATION_POWER_MAX};
	uint8_t secret[32], key[32];
	struct jv *o, *terms;
	uint64_t number;
	int rc;

	*code = CTL_REFUSED;
	if (self == NULL || self->power == 0 || self->address[0] == '\0') {
		snprintf(err, errlen,
		    "this node is no member that can be dialed: invite at one "
		    "that is (qmlctl members)");
		return NULL;
	}
	*code = CTL_PARAMS;
	if (name[0] != '\0' && !federation_name_ok(name)) {
		snprintf(err, errlen,
		    "name: want letters, digits, '.', '-' or '_'");
		return NULL;
	}
	if (!ctl_want(params, &power, &number, err, errlen) ||
	    !ctl_want(params, &weight, &number, err, errlen))
		return NULL;
	keys_random(secret, sizeof(secret));
	noise_public(secret, key);
	terms = jv_object();
	copy_if(terms, params, "name");
	copy_if(terms, params, "replace");
	copy_if(terms, params, "power");
	copy_if(terms, params, "weight");
	jv_put_integer(terms, "until",
	    (int64_t)(node_wall_ms() + INVITES_LIFE_MS));
	rc = keep(n->opt->home, key, terms);
	jv_free(terms);
	o = rc == 0 ? ctl_object("qml.invite/1") : NULL;
	if (o != NULL) {
		put_hex(o, "ticket", secret, sizeof(secret));
		put_hex(o, "network", self->network, sizeof(self->network));
		jv_put_string(o, "name", self->name);
		jv_put_string(o, "address", self->address);
		ctl_put_id(o, "federation", ID_FEDERATION, &n->federation_id);
	} else {
		*code = CTL_INTERNAL;
		snprintf(err, errlen, "%s", log_why(rc));
	}
	sign_wipe(secret, sizeof(secret));
	return o;
}
