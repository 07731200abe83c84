#include "daemon/node/trim.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif

#define TRIM_LOOK_MS 5000
/* Less is not worth the work: what is kept serves the next request. */
#define TRIM_WORTH (4u << 20)

static void
look_cb(uv_timer_t *timer)
{
	struct trim *t = timer->data;
	size_t now = 0;

	if (uv_resident_set_memory(&now) < 0)
		return;
	if (now < t->resident)
		t->resident = now;
	if (now < t->resident + TRIM_WORTH)
		return;
#ifdef __GLIBC__
	(void)malloc_trim(0);
	(void)uv_resident_set_memory(&now);
#endif
	t->resident = now;
}

void
trim_start(struct trim *t, uv_loop_t *loop)
{
	t->resident = 0; /* the start was a burst, too */
	uv_timer_init(loop, &t->timer);
	t->timer.data = t;
	uv_timer_start(&t->timer, look_cb, TRIM_LOOK_MS, TRIM_LOOK_MS);
}

void
trim_stop(struct trim *t)
{
	uv_close((uv_handle_t *)&t->timer, NULL);
}
