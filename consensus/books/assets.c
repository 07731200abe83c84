#include <assert.h>

#include "consensus/books/state.h"

struct asset *
asset_find(const struct books *b, const struct hash *id)
{
	struct asset *rows = BOOKS_ROWS(struct asset, b->assets);

	for (size_t i = 0; i < b->assets.n; i++)
		if (hash_equal(&rows[i].id, id))
			return &rows[i];
	return NULL;
}

/* The newest, should the same rows have been registered again. */
struct asset *
asset_of_root(const struct books *b, const struct sign_public *owner,
    const struct hash *root)
{
	struct asset *rows = BOOKS_ROWS(struct asset, b->assets);

	for (size_t i = b->assets.n; i > 0; i--)
		if (hash_equal(&rows[i - 1].terms.root, root) &&
		    key_equal(&rows[i - 1].owner, owner))
			return &rows[i - 1];
	return NULL;
}

enum books_verdict
asset_usable(const struct asset *a, uint64_t height)
{
	if (a->banned)
		return BOOKS_ASSET_BANNED;
	if (a->withdrawn || a->erased)
		return BOOKS_ASSET_WITHDRAWN;
	if (height >= a->terms.expires)
		return BOOKS_ASSET_EXPIRED;
	if (a->terms.rounds && a->used >= a->terms.rounds)
		return BOOKS_ASSET_USED_UP;
	return BOOKS_OK;
}

static bool
is_full(const struct books *b, const struct sign_public *owner)
{
	const struct asset *rows = BOOKS_ROWS(struct asset, b->assets);
	unsigned n = 0;

	for (size_t i = 0; i < b->assets.n; i++)
		n += key_equal(&rows[i].owner, owner);
	return n >= BOOKS_ASSETS_MAX;
}

static enum books_verdict
check_register(const struct books *b, const struct step *s)
{
	const struct body_asset *x = &s->u.asset;
	const struct asset *parent;

	if (member_of(b, &s->t->sender) == NO_MEMBER)
		return BOOKS_NOT_MEMBER;
	if (x->expires <= s->height)
		return BOOKS_ASSET_EXPIRED;
	/* The same rows twice would be a second, empty privacy account. */
	if (asset_of_root(b, &s->t->sender, &x->root))
		return BOOKS_EXISTS;
	if (is_full(b, &s->t->sender))
		return BOOKS_LIMIT;
	if (hash_is_zero(&x->parent))
		return BOOKS_OK;
	parent = asset_find(b, &x->parent);
	if (!parent)
		return BOOKS_UNKNOWN;
	if (!key_equal(&parent->owner, &s->t->sender))
		return BOOKS_NOT_OWNER;
	return BOOKS_OK;
}

static void
commit_register(struct books *b, struct step *s)
{
	struct asset *a = table_insert(&b->assets, b->assets.n);

	a->id = s->t->id;
	a->owner = s->t->sender;
	a->terms = s->u.asset;
	a->registered = s->height;
	if (a->terms.privacy.eps_milli)
		budget_open(&a->privacy, &a->terms.privacy);
	if (!hash_is_zero(&a->terms.parent)) {
		const struct asset *parent = asset_find(b, &a->terms.parent);

		assert(parent);
		/* Rows may overlap: what was spent on them stays spent. */
		budget_inherit(&a->privacy, &parent->privacy);
	}
}

static enum books_verdict
check_owner(const struct books *b, const struct step *s)
{
	const struct asset *a = asset_find(b, &s->u.ref.id);

	if (!a)
		return BOOKS_UNKNOWN;
	return key_equal(&a->owner, &s->t->sender) ? BOOKS_OK : BOOKS_NOT_OWNER;
}

static enum books_verdict
check_withdraw(const struct books *b, const struct step *s)
{
	enum books_verdict v = check_owner(b, s);

	if (v == BOOKS_OK && asset_find(b, &s->u.ref.id)->withdrawn)
		return BOOKS_STATE;
	return v;
}

/* Every version that was trained on it carries the mark from now on. */
static void
mark_models(struct books *b, const struct hash *asset)
{
	const struct use *uses = BOOKS_ROWS(struct use, b->uses);
	struct token *tokens = BOOKS_ROWS(struct token, b->tokens);

	for (size_t i = 0; i < b->uses.n; i++) {
		if (!hash_equal(&uses[i].asset, asset))
			continue;
		for (size_t k = 0; k < b->tokens.n; k++)
			if (hash_equal(&tokens[k].job, &uses[i].job))
				tokens[k].withdrawn_data = true;
	}
}

static void
commit_withdraw(struct books *b, struct step *s)
{
	asset_find(b, &s->u.ref.id)->withdrawn = s->height;
	mark_models(b, &s->u.ref.id);
}

static enum books_verdict
check_erased(const struct books *b, const struct step *s)
{
	enum books_verdict v = check_owner(b, s);

	if (v == BOOKS_OK && asset_find(b, &s->u.ref.id)->erased)
		return BOOKS_STATE;
	return v;
}

static void
commit_erased(struct books *b, struct step *s)
{
	asset_find(b, &s->u.ref.id)->erased = s->height;
	mark_models(b, &s->u.ref.id);
}

const struct kind_row kind_asset_register = {check_register, commit_register};
const struct kind_row kind_asset_withdraw = {check_withdraw, commit_withdraw};
const struct kind_row kind_asset_erased = {check_erased, commit_erased};
