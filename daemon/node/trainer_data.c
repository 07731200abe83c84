/*
 * trainer_data.c - where the rows are, as a SETUP says it.
 */
#include <stdio.h>

#include "daemon/node/trainer.h"

bool
trainer_has_data(const struct trainer_data *d)
{
	return d->path != NULL || d->command != NULL;
}

int
trainer_put_data(struct trainwire_setup *s, const struct trainer_data *d)
{
	snprintf(s->data, sizeof(s->data), "%s",
	    d->path                 ? d->path
		: d->beside != NULL ? d->beside
				    : "");
	snprintf(s->labels, sizeof(s->labels), "%s",
	    d->labels ? d->labels : "");
	s->one_class = d->one_class;
	return trainwire_put_command(s, d->command);
}
