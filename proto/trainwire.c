#include "proto/trainwire.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "proto/answer.h"
#include "proto/container.h"
#include "proto/federation.h"
#include "proto/q24.h"
#include "proto/qml.pb-c.h"

#define ANSWER_FLAGS (ANSWER_REPLAYABLE | ANSWER_STATE_LOST | ANSWER_CONFINED)

/* A message being put together: the container borrows from all of these. */
struct envelope {
	Qml__Train train;
	Qml__Setup setup;
	Qml__Ready ready;
	Qml__Failed failed;
	Qml__Model model;
	Qml__Trained trained;
	Qml__Scored scored;
	Qml__Worth worth;
	Qml__Worthed worthed;
	struct bytes_writer vector, more;
	char text[TRAINWIRE_TEXT_MAX];
};

static ProtobufCBinaryData
borrow(const void *data, size_t len)
{
	return (ProtobufCBinaryData){.len = len, .data = (uint8_t *)data};
}

static ProtobufCBinaryData
put_vector(struct bytes_writer *w, const int64_t *x, uint32_t dim)
{
	for (uint32_t i = 0; i < dim; i++)
		bytes_put_i64(w, x[i]);
	return borrow(w->data, w->len);
}

static void
put_setup(struct envelope *e, const struct trainwire_setup *s)
{
	e->setup.build = (char *)s->build;
	e->setup.federation = borrow(s->federation, s->federation_len);
	e->setup.data = (char *)s->data;
	e->setup.labels = (char *)s->labels;
	e->setup.command = borrow(s->command, s->command_len);
	e->setup.salt = borrow(s->salt, sizeof(s->salt));
	e->setup.threads = s->threads;
	e->setup.confine = s->confine != 0;
	e->setup.one_class = s->one_class != 0;
	e->train.setup = &e->setup;
}

static void
put_ready(struct envelope *e, const struct trainwire_ready *r)
{
	e->ready.dim = r->dim;
	e->ready.rows = r->rows;
	e->ready.data_asset = borrow(r->data_asset.b, HASH_LEN);
	e->ready.confined = r->confined != 0;
	e->train.ready = &e->ready;
}

/* The sentence may quote a cell of somebody's file: what could move a cursor
 * is replaced, so that the other side can insist on its absence. */
static void
put_text(struct envelope *e, const char *text)
{
	size_t i;

	for (i = 0; i < TRAINWIRE_TEXT_MAX - 1 && text[i] != '\0'; i++) {
		unsigned char c = (unsigned char)text[i];

		e->text[i] = (char)(c < 0x20 || c == 0x7f ? '?' : c);
	}
	e->text[i] = '\0';
}

static void
put_failed(struct envelope *e, const struct trainwire_failed *f)
{
	put_text(e, f->text);
	e->failed.round = f->round;
	e->failed.reason = f->reason;
	e->failed.text = e->text;
	e->train.failed = &e->failed;
}

static void
put_model(struct envelope *e, const struct trainwire_model *m)
{
	e->model.round = m->round;
	e->model.member = m->member;
	e->model.aggregated = m->aggregated;
	e->model.kept = m->kept;
	e->model.has_asked = e->model.has_place = m->asked > 0;
	e->model.has_faults = m->asked > 0;
	e->model.faults = m->faults;
	e->model.asked = m->asked;
	e->model.place = m->place;
	e->model.model = put_vector(&e->vector, m->model, m->dim);
	e->train.model = &e->model;
}

static void
put_trained(struct envelope *e, const struct trainwire_trained *t)
{
	e->trained.round = t->round;
	e->trained.delta = put_vector(&e->vector, t->delta, t->dim);
	e->trained.rows = t->rows;
	e->trained.correct = t->correct;
	e->trained.loss_before = t->loss_before_q24;
	e->trained.loss_after = t->loss_after_q24;
	e->trained.trainer_state = borrow(t->trainer_state.b, HASH_LEN);
	e->trained.seed_commit = borrow(t->seed_commit.b, HASH_LEN);
	e->trained.flags = t->flags;
	e->trained.steps = t->steps;
	e->trained.control_loss = t->control_loss_q24;
	e->trained.control_correct = t->control_correct;
	e->trained.valid_rows = t->valid_rows;
	e->trained.valid_loss = t->valid_loss_q24;
	e->trained.valid_correct = t->valid_correct;
	e->trained.valid_control_loss = t->valid_control_loss_q24;
	e->trained.valid_control_correct = t->valid_control_correct;
	e->train.trained = &e->trained;
}

static void
put_scored(struct envelope *e, const struct trainwire_scored *s)
{
	size_t n = s->confusion == NULL ? 0 : (size_t)s->nclasses * s->nclasses;

	assert(s->nclasses <= TRAINWIRE_CLASSES_MAX);
	for (size_t i = 0; i < n; i++)
		bytes_put_u32(&e->vector, s->confusion[i]);
	e->scored.round = s->round;
	e->scored.rows = s->rows;
	e->scored.correct = s->correct;
	e->scored.loss = s->loss_q24;
	e->scored.nclasses = s->nclasses;
	e->scored.confusion = borrow(e->vector.data, e->vector.len);
	e->train.scored = &e->scored;
}

static void
put_worth(struct envelope *e, const struct trainwire_worth *x)
{
	e->worth.round = x->round;
	e->worth.aggregated = x->aggregated;
	e->worth.players = x->players;
	e->worth.seed = borrow(x->seed.b, HASH_LEN);
	e->worth.model = put_vector(&e->vector, x->model, x->dim);
	e->worth.updates =
	    put_vector(&e->more, x->updates, x->players * x->update);
	e->worth.shard = borrow(x->shard, x->shard_len);
	e->train.worth = &e->worth;
}

static void
put_worthed(struct envelope *e, const struct trainwire_worthed *x)
{
	put_text(e, x->text);
	e->worthed.round = x->round;
	e->worthed.utilities = put_vector(&e->vector, x->utility, x->n);
	e->worthed.text = e->text;
	e->train.worthed = &e->worthed;
}

static void
envelope_put(struct envelope *e, const struct trainwire_msg *m)
{
	e->train.type = m->type;
	switch (m->type) {
	case TRAINWIRE_SETUP:
		put_setup(e, &m->u.setup);
		break;
	case TRAINWIRE_READY:
		put_ready(e, &m->u.ready);
		break;
	case TRAINWIRE_REFUSED:
	case TRAINWIRE_FAILED:
		put_failed(e, &m->u.failed);
		break;
	case TRAINWIRE_TRAIN:
	case TRAINWIRE_SCORE:
		put_model(e, &m->u.model);
		break;
	case TRAINWIRE_TRAINED:
		put_trained(e, &m->u.trained);
		break;
	case TRAINWIRE_SCORED:
		put_scored(e, &m->u.scored);
		break;
	case TRAINWIRE_WORTH:
		put_worth(e, &m->u.worth);
		break;
	case TRAINWIRE_WORTHED:
		put_worthed(e, &m->u.worthed);
		break;
	}
}

int
trainwire_encode(const struct trainwire_msg *m, uint8_t **data, size_t *len)
{
	struct envelope e = {
	    .train = QML__TRAIN__INIT,
	    .setup = QML__SETUP__INIT,
	    .ready = QML__READY__INIT,
	    .failed = QML__FAILED__INIT,
	    .model = QML__MODEL__INIT,
	    .trained = QML__TRAINED__INIT,
	    .scored = QML__SCORED__INIT,
	    .worth = QML__WORTH__INIT,
	    .worthed = QML__WORTHED__INIT,
	};
	int rc;

	envelope_put(&e, m);
	rc = e.vector.error != 0 ? e.vector.error : e.more.error;
	if (rc == 0)
		rc = container_pack(&e.train.base, TRAINWIRE_MAX, data, len);
	bytes_writer_close(&e.vector);
	bytes_writer_close(&e.more);
	return rc;
}

static bool
take(ProtobufCBinaryData from, void *to, size_t len)
{
	if (from.len != len)
		return false;
	memcpy(to, from.data, len);
	return true;
}

static bool
take_text(const char *from, char *to, size_t size)
{
	size_t len = strlen(from);

	if (len >= size)
		return false;
	for (size_t i = 0; i < len; i++) {
		if ((unsigned char)from[i] < 0x20 || from[i] == 0x7f)
			return false;
	}
	memcpy(to, from, len + 1);
	return true;
}

static enum wire_verdict
take_numbers(ProtobufCBinaryData from, size_t most, int64_t **x, uint32_t *dim)
{
	size_t n = from.len / sizeof(**x);

	if (from.len % sizeof(**x) != 0 || n < 1 || n > most)
		return WIRE_MALFORMED;
	*x = malloc(from.len);
	if (*x == NULL)
		return WIRE_NO_MEMORY;
	q24_load(*x, from.data, n);
	*dim = (uint32_t)n;
	return WIRE_OK;
}

static enum wire_verdict
take_vector(ProtobufCBinaryData from, int64_t **x, uint32_t *dim)
{
	return take_numbers(from, ANSWER_DIM_MAX, x, dim);
}

/* A word may be a script and have lines. Nothing else that moves a cursor. */
static bool
is_text(uint8_t c)
{
	return c == '\n' || c == '\t' || (c >= 0x20 && c != 0x7f);
}

/* Words of text, each ended by a zero byte, none of them empty. */
static bool
take_command(ProtobufCBinaryData from, struct trainwire_setup *out)
{
	size_t n = 0, start = 0;

	if (from.len > sizeof(out->command))
		return false;
	for (size_t i = 0; i < from.len; i++) {
		if (from.data[i] != 0) {
			if (!is_text(from.data[i]))
				return false;
			continue;
		}
		if (i == start || ++n > TRAINWIRE_WORDS_MAX)
			return false;
		start = i + 1;
	}
	if (start != from.len)
		return false;
	if (from.len > 0)
		memcpy(out->command, from.data, from.len);
	out->command_len = from.len;
	return true;
}

static enum wire_verdict
get_setup(const Qml__Setup *p, struct trainwire_setup *out)
{
	if (!take_text(p->build, out->build, sizeof(out->build)) ||
	    !take_text(p->data, out->data, sizeof(out->data)) ||
	    !take_text(p->labels, out->labels, sizeof(out->labels)) ||
	    !take_command(p->command, out) ||
	    !take(p->salt, out->salt, sizeof(out->salt)) ||
	    p->federation.len > FEDERATION_BYTES_MAX ||
	    p->federation.len == 0 || p->threads > UINT16_MAX)
		return WIRE_MALFORMED;
	out->threads = (uint16_t)p->threads;
	out->confine = p->confine ? 1 : 0;
	out->one_class = p->one_class ? 1 : 0;
	out->federation = malloc(p->federation.len);
	if (out->federation == NULL)
		return WIRE_NO_MEMORY;
	memcpy(out->federation, p->federation.data, p->federation.len);
	out->federation_len = p->federation.len;
	return WIRE_OK;
}

static enum wire_verdict
get_ready(const Qml__Ready *p, struct trainwire_ready *out)
{
	if (!take(p->data_asset, out->data_asset.b, HASH_LEN))
		return WIRE_MALFORMED;
	out->dim = p->dim;
	out->rows = p->rows;
	out->confined = p->confined ? 1 : 0;
	return WIRE_OK;
}

static enum wire_verdict
get_failed(const Qml__Failed *p, struct trainwire_failed *out)
{
	if (p->reason > ANSWER_REASON_NUMERIC ||
	    !take_text(p->text, out->text, sizeof(out->text)))
		return WIRE_MALFORMED;
	out->round = p->round;
	out->reason = (uint8_t)p->reason;
	return WIRE_OK;
}

static enum wire_verdict
get_model(const Qml__Model *p, struct trainwire_model *out)
{
	if (p->member > UINT16_MAX || p->has_asked != p->has_place ||
	    p->has_asked != p->has_faults)
		return WIRE_MALFORMED;
	if (p->has_asked &&
	    (p->asked > UINT16_MAX || p->place >= p->asked ||
		p->faults > UINT16_MAX))
		return WIRE_MALFORMED;
	out->round = p->round;
	out->member = (uint16_t)p->member;
	out->aggregated = p->aggregated;
	out->kept = p->kept;
	out->asked = (uint16_t)(p->has_asked ? p->asked : 0);
	out->place = (uint16_t)(p->has_asked ? p->place : p->member);
	out->faults = (uint16_t)(p->has_asked ? p->faults : 0);
	return take_vector(p->model, &out->model, &out->dim);
}

static enum wire_verdict
get_trained(const Qml__Trained *p, struct trainwire_trained *out)
{
	if ((p->flags & ~(uint32_t)ANSWER_FLAGS) != 0 || p->correct > p->rows ||
	    p->control_correct > p->rows || p->valid_correct > p->valid_rows ||
	    p->valid_control_correct > p->valid_rows ||
	    !take(p->trainer_state, out->trainer_state.b, HASH_LEN) ||
	    !take(p->seed_commit, out->seed_commit.b, HASH_LEN))
		return WIRE_MALFORMED;
	out->round = p->round;
	out->rows = p->rows;
	out->correct = p->correct;
	out->loss_before_q24 = p->loss_before;
	out->loss_after_q24 = p->loss_after;
	out->flags = (uint16_t)p->flags;
	out->steps = p->steps;
	out->control_loss_q24 = p->control_loss;
	out->control_correct = p->control_correct;
	out->valid_rows = p->valid_rows;
	out->valid_loss_q24 = p->valid_loss;
	out->valid_correct = p->valid_correct;
	out->valid_control_loss_q24 = p->valid_control_loss;
	out->valid_control_correct = p->valid_control_correct;
	return take_vector(p->delta, &out->delta, &out->dim);
}

static enum wire_verdict
get_scored(const Qml__Scored *p, struct trainwire_scored *out)
{
	struct bytes_reader r =
	    bytes_reader_of(p->confusion.data, p->confusion.len);
	size_t n = p->confusion.len / sizeof(*out->confusion);

	if (p->nclasses > TRAINWIRE_CLASSES_MAX || p->correct > p->rows)
		return WIRE_MALFORMED;
	if (p->confusion.len != 0 &&
	    p->confusion.len !=
		sizeof(*out->confusion) * (size_t)p->nclasses * p->nclasses)
		return WIRE_MALFORMED;
	out->round = p->round;
	out->rows = p->rows;
	out->correct = p->correct;
	out->loss_q24 = p->loss;
	out->nclasses = (uint16_t)p->nclasses;
	if (n == 0)
		return WIRE_OK;
	out->confusion = malloc(n * sizeof(*out->confusion));
	if (out->confusion == NULL)
		return WIRE_NO_MEMORY;
	for (size_t i = 0; i < n; i++)
		out->confusion[i] = bytes_get_u32(&r);
	return WIRE_OK;
}

static enum wire_verdict
get_worth(const Qml__Worth *p, struct trainwire_worth *out)
{
	uint32_t n = 0;
	enum wire_verdict v;

	if (p->players < 1 || p->players > TRAINWIRE_PLAYERS_MAX ||
	    p->shard.len < 1 || p->shard.len > TRAINWIRE_SHARD_MAX ||
	    !take(p->seed, out->seed.b, HASH_LEN))
		return WIRE_MALFORMED;
	out->round = p->round;
	out->aggregated = p->aggregated;
	out->players = (uint16_t)p->players;
	v = take_vector(p->model, &out->model, &out->dim);
	if (v == WIRE_OK)
		v = take_numbers(p->updates,
		    (size_t)ANSWER_DIM_MAX * p->players, &out->updates, &n);
	if (v == WIRE_OK && n % p->players != 0)
		v = WIRE_MALFORMED;
	if (v != WIRE_OK)
		return v;
	out->update = n / p->players;
	out->shard = malloc(p->shard.len);
	if (out->shard == NULL)
		return WIRE_NO_MEMORY;
	memcpy(out->shard, p->shard.data, p->shard.len);
	out->shard_len = p->shard.len;
	return WIRE_OK;
}

static enum wire_verdict
get_worthed(const Qml__Worthed *p, struct trainwire_worthed *out)
{
	enum wire_verdict v;
	uint32_t n = 0;

	if (!take_text(p->text, out->text, sizeof(out->text)))
		return WIRE_MALFORMED;
	out->round = p->round;
	if (p->utilities.len == 0)
		return WIRE_OK;
	v = take_numbers(p->utilities, TRAINWIRE_GAME_MAX, &out->utility, &n);
	out->n = (uint16_t)n;
	return v;
}

/* The part that the type asks for is there, and no other. */
static bool
parts_fit(const Qml__Train *p)
{
	const void *part[] = {NULL, p->setup, p->ready, p->failed, p->model,
	    p->trained, p->failed, p->model, p->scored, p->worth, p->worthed};
	int n = (p->setup != NULL) + (p->ready != NULL) + (p->failed != NULL) +
	    (p->model != NULL) + (p->trained != NULL) + (p->scored != NULL) +
	    (p->worth != NULL) + (p->worthed != NULL);

	return n == 1 && part[p->type] != NULL;
}

static enum wire_verdict
train_get(const Qml__Train *p, struct trainwire_msg *out)
{
	out->type = (enum trainwire_type)p->type;
	switch (out->type) {
	case TRAINWIRE_SETUP:
		return get_setup(p->setup, &out->u.setup);
	case TRAINWIRE_READY:
		return get_ready(p->ready, &out->u.ready);
	case TRAINWIRE_REFUSED:
	case TRAINWIRE_FAILED:
		return get_failed(p->failed, &out->u.failed);
	case TRAINWIRE_TRAIN:
	case TRAINWIRE_SCORE:
		return get_model(p->model, &out->u.model);
	case TRAINWIRE_TRAINED:
		return get_trained(p->trained, &out->u.trained);
	case TRAINWIRE_SCORED:
		return get_scored(p->scored, &out->u.scored);
	case TRAINWIRE_WORTH:
		return get_worth(p->worth, &out->u.worth);
	case TRAINWIRE_WORTHED:
		return get_worthed(p->worthed, &out->u.worthed);
	}
	return WIRE_UNKNOWN_TYPE;
}

enum wire_verdict
trainwire_decode(const uint8_t *data, size_t len, struct trainwire_msg *out)
{
	struct ProtobufCMessage *m = NULL;
	const Qml__Train *p;
	enum wire_verdict v;

	*out = (struct trainwire_msg){0};
	if (len > TRAINWIRE_MAX)
		return WIRE_TOO_LARGE;
	v = container_unpack(&qml__train__descriptor, data, len, &m);
	if (v != WIRE_OK)
		return v;
	p = (const Qml__Train *)(void *)m;
	if (p->type > TRAINWIRE_WORTHED)
		v = WIRE_UNKNOWN_TYPE;
	else if (p->type == 0 || !parts_fit(p))
		v = WIRE_MALFORMED;
	else
		v = container_exact(m, data, len);
	if (v == WIRE_OK)
		v = train_get(p, out);
	if (v != WIRE_OK)
		trainwire_msg_close(out);
	container_free(m);
	return v;
}

void
trainwire_msg_close(struct trainwire_msg *m)
{
	if (m->type == TRAINWIRE_SETUP)
		free(m->u.setup.federation);
	else if (m->type == TRAINWIRE_TRAIN || m->type == TRAINWIRE_SCORE)
		free(m->u.model.model);
	else if (m->type == TRAINWIRE_TRAINED)
		free(m->u.trained.delta);
	else if (m->type == TRAINWIRE_SCORED)
		free(m->u.scored.confusion);
	else if (m->type == TRAINWIRE_WORTHED)
		free(m->u.worthed.utility);
	else if (m->type == TRAINWIRE_WORTH) {
		free(m->u.worth.model);
		free(m->u.worth.updates);
		free(m->u.worth.shard);
	}
	*m = (struct trainwire_msg){0};
}

int
trainwire_put_command(struct trainwire_setup *s, char *const *words)
{
	size_t n = 0, len;

	s->command_len = 0;
	for (; words != NULL && words[n] != NULL; n++) {
		len = strlen(words[n]) + 1;
		if (n == TRAINWIRE_WORDS_MAX || len == 1 ||
		    len > sizeof(s->command) - s->command_len)
			return -EMSGSIZE;
		memcpy(s->command + s->command_len, words[n], len);
		s->command_len += len;
	}
	return 0;
}

size_t
trainwire_words(struct trainwire_setup *s,
    char *words[static TRAINWIRE_WORDS_MAX + 1])
{
	size_t n = 0, at = 0;

	while (at < s->command_len && n < TRAINWIRE_WORDS_MAX) {
		words[n++] = s->command + at;
		at += strlen(s->command + at) + 1;
	}
	words[n] = NULL;
	return n;
}
