/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What remains of a row of numbers, to be compared with another row that comes in another way. Rows
 * that are the same have the same trace; others too by a chance of their length in 2^61, whatever
 * they are, if the key was picked at random: a polynomial of the key modulo a prime. */
#ifndef SUBANK_LEDGER_TRACE_H
#define SUBANK_LEDGER_TRACE_H

#include <stdbool.h>
#include <stdint.h>

#define TRACE_PRIME ((UINT64_C(1) << 61) - 1)

struct trace {
	uint64_t count;
	uint64_t sum; /* below TRACE_PRIME */
};

/* [key] and [number] are below TRACE_PRIME. */
static inline void trace_add(struct trace *trace, uint64_t key, uint64_t number)
{
	unsigned __int128 sum = (unsigned __int128)trace->sum * key + number;
	uint64_t folded = ((uint64_t)sum & TRACE_PRIME) + (uint64_t)(sum >> 61);

	trace->count++;
	trace->sum = folded >= TRACE_PRIME ? folded - TRACE_PRIME : folded;
}

static inline bool trace_same(const struct trace *a, const struct trace *b)
{
	return a->count == b->count && a->sum == b->sum;
}

#endif
