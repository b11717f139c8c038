/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Progress callback for long operations. */
#pragma once

#include <stdint.h>

struct steps {
	/* Called often, after [done] of [total] steps. Both restart for each part of the work. */
	void (*step)(uint64_t done, uint64_t total, void *ctx);
	void *ctx;
};

/* [steps] may be NULL. */
static inline void steps_at(const struct steps *steps, uint64_t done, uint64_t total)
{
	if (steps)
		steps->step(done, total, steps->ctx);
}
