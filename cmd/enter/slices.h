/* SPDX-License-Identifier: GPL-3.0-or-later */
/* deposit --slices: an amount in equal parts, one for each of several periods. */
#pragma once

#include "cmd/enter/money.h"

struct slices {
	int64_t count; /* 0: the deposit is one lot */
	uint8_t every; /* enum every */
	int64_t carry,
		borrow; /* how many periods after and before its own a slice can be spent in */
};

/* Four rows of a verb's table of options. */
#define SLICE_OPTIONS                                                                              \
	{"slices", 0, "N", "divide it equally among N periods"},                                   \
		{"every", 0, "PERIOD", "with --slices: how long a period is"},                     \
		{"carry", 0, "N", "with --slices: usable N periods longer"},                       \
	{                                                                                          \
		"borrow", 0, "N", "with --slices: usable N periods earlier"                        \
	}

/* Reads the options. Sets deposit->window to begin with the present period unless --start is given.
 * Returns EXIT_DONE or, with a message, EXIT_USAGE. */
int slices_read(struct env *env, struct deposit *deposit, struct slices *ret);

/* Adds them to the request. */
void slices_request(const struct slices *slices, struct posting *posting);

/* Appends a deposit for each slice; the first has the request's ref. The others have that ref with
 * #2, #3 … appended. If the amount is no multiple of the number of slices, the first slices are a
 * second larger each. Adds amount and window to posting->done. */
int append_slices(struct posting *posting, struct books *books, const struct deposit *deposit,
		  const struct slices *slices, struct sb_error *err);
