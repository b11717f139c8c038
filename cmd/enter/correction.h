/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The steps that refund and reverse share: find the account of the entry that they correct, and
 * demand a reason. */
#pragma once

#include "cmd/enter/window.h"
#include "ledger/books/correct.h"

struct correction {
	uint64_t seq; /* the entry to correct */
	bool refund; /* of a charge, perhaps in part; else a reversal */
	const char *text; /* refund: the amount as typed, to be read in the unit of the charge;
			     NULL: none */
	int64_t amount; /* refund: how much; 0: all that is left */
	int percent; /* refund: of what was charged, cut to whole billing-seconds; 0: not given */
	struct window window;
};

extern const struct option_spec correction_options[];

/* Reads ENTRY and the options into [correction] and posts; [how] ends the request's text ("all").
 * Returns the exit status. */
int correction_post(struct env *env, struct correction *correction, const char *entry,
		    const char *how);

/* Returns [percent] of a charge, cut to whole billing-seconds. */
int64_t percent_of_charge(const struct event *charge, int percent);
