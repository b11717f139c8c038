/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A fingerprint of a sequence of numbers, to compare it with one that is computed another way.
 * Equal sequences have equal tallies. Two different ones have equal tallies with a probability of
 * at most length / 2^61, if the key was picked at random: the tally is a polynomial of the key
 * modulo a prime. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define TALLY_PRIME ((UINT64_C(1) << 61) - 1)

struct tally {
	uint64_t count;
	uint64_t sum; /* below TALLY_PRIME */
};

/* Appends [number]; it and [key] are below TALLY_PRIME. */
static inline void tally_add(struct tally *tally, uint64_t key, uint64_t number)
{
	unsigned __int128 sum = (unsigned __int128)tally->sum * key + number;
	uint64_t folded = ((uint64_t)sum & TALLY_PRIME) + (uint64_t)(sum >> 61);

	tally->count++;
	tally->sum = folded >= TALLY_PRIME ? folded - TALLY_PRIME : folded;
}

static inline bool tally_same(const struct tally *a, const struct tally *b)
{
	return a->count == b->count && a->sum == b->sum;
}
