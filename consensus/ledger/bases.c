#include "consensus/ledger/bases.h"

#include <assert.h>
#include <string.h>

#include "proto/q24.h"

void
bases_start(struct bases *b, const struct job *j, const struct hash *model,
    uint64_t round)
{
	*b = (struct bases){.n = 1};
	if (j->combine.stragglers == JOB_CARRY)
		b->carry = j->combine.carry_rounds;
	b->one[0] = (struct bases_one){*model, round};
}

void
bases_aggregated(struct bases *b, const struct hash *model, uint64_t round)
{
	if (b->n <= b->carry)
		b->n++;
	memmove(b->one + 1, b->one, (b->n - 1u) * sizeof(b->one[0]));
	b->one[0] = (struct bases_one){*model, round};
}

void
bases_skipped(struct bases *b, uint64_t round)
{
	/* Dropped: the work of a round ends with it. */
	if (b->carry == 0)
		b->one[0].round = round;
}

int
bases_age(const struct bases *b, const struct hash *model)
{
	for (int age = 0; age < b->n; age++)
		if (hash_equal(&b->one[age].model, model))
			return age;
	return -1;
}

int
bases_age_of(const struct bases *b, uint64_t round)
{
	for (int age = 0; age < b->n; age++)
		if (b->one[age].round == round)
			return age;
	return -1;
}

bool
bases_used(const struct bases *b, uint16_t member, int age)
{
	return b->used[member] > b->one[age].round;
}

void
bases_use(struct bases *b, uint16_t member, int age)
{
	b->used[member] = b->one[age].round + 1;
}

int64_t
bases_weight(int age)
{
	static const int32_t weight[BASES_MAX] = {16777216, 11863283, 9686330,
	    8388608, 7502999, 6849269, 6341191, 5931641, 5592405};

	assert(age >= 0 && age < BASES_MAX);
	return weight[age];
}

static void
add_number(struct hash_stream *s, uint64_t v)
{
	uint8_t image[8];

	for (unsigned k = 0; k < 8; k++)
		image[k] = (uint8_t)(v >> (56 - 8 * k));
	hash_add(s, image, sizeof(image));
}

struct hash
bases_hash(const struct bases *b, uint16_t nmembers)
{
	struct hash_stream s;

	if (b->carry == 0)
		return (struct hash){{0}};
	hash_begin(&s, "qml.bases");
	add_number(&s, b->n);
	for (unsigned age = 0; age < b->n; age++) {
		hash_add(&s, b->one[age].model.b, HASH_LEN);
		add_number(&s, b->one[age].round);
	}
	for (uint16_t i = 0; i < nmembers; i++)
		add_number(&s, b->used[i]);
	return hash_end(&s);
}
