#include "consensus/books/state.h"

static struct credential *
find(const struct books *b, const struct hash *id)
{
	struct credential *rows = BOOKS_ROWS(struct credential, b->credentials);

	for (size_t i = 0; i < b->credentials.n; i++)
		if (hash_equal(&rows[i].id, id))
			return &rows[i];
	return NULL;
}

bool
credential_held(const struct books *b, const struct sign_public *subject,
    uint8_t type, uint64_t height)
{
	const struct credential *rows =
	    BOOKS_ROWS(struct credential, b->credentials);

	for (size_t i = 0; i < b->credentials.n; i++)
		if (rows[i].type == type && rows[i].revoked == 0 &&
		    height < rows[i].expires &&
		    key_equal(&rows[i].subject, subject))
			return true;
	return false;
}

static enum books_verdict
check_issue(const struct books *b, const struct step *s)
{
	if (member_of(b, &s->t->sender) == NO_MEMBER)
		return BOOKS_NOT_MEMBER;
	if (s->u.credential.type == 0 || s->u.credential.expires <= s->height)
		return BOOKS_BODY;
	return find(b, &s->u.credential.id) ? BOOKS_EXISTS : BOOKS_OK;
}

static void
commit_issue(struct books *b, struct step *s)
{
	struct credential *c = table_insert(&b->credentials, b->credentials.n);

	*c = (struct credential){.id = s->u.credential.id,
	    .issuer = s->t->sender,
	    .subject = s->u.credential.subject,
	    .type = s->u.credential.type,
	    .issued = s->height,
	    .expires = s->u.credential.expires};
}

static enum books_verdict
check_revoke(const struct books *b, const struct step *s)
{
	const struct credential *c = find(b, &s->u.ref.id);

	if (!c)
		return BOOKS_UNKNOWN;
	if (!key_equal(&c->issuer, &s->t->sender))
		return BOOKS_NOT_OWNER;
	return c->revoked ? BOOKS_STATE : BOOKS_OK;
}

static void
commit_revoke(struct books *b, struct step *s)
{
	find(b, &s->u.ref.id)->revoked = s->height;
}

const struct kind_row kind_credential = {check_issue, commit_issue};
const struct kind_row kind_revoke = {check_revoke, commit_revoke};
