/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Long work says how far it has come to whoever wants to know. */
#ifndef SUBANK_LEDGER_BASE_STEPS_H
#define SUBANK_LEDGER_BASE_STEPS_H

#include <stdint.h>

struct steps {
	/* Called often: [done] of [total] steps are behind us. Another part of the work begins
	 * anew. */
	void (*step)(uint64_t done, uint64_t total, void *ctx);
	void *ctx;
};

/* NULL is nobody. */
static inline void steps_at(const struct steps *steps, uint64_t done, uint64_t total)
{
	if (steps)
		steps->step(done, total, steps->ctx);
}

#endif
