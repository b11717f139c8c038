/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What refund and reverse share: they answer an entry, whose account they find, and must say why.
 */
#ifndef SUBANK_CMD_ENTER_CORRECTION_H
#define SUBANK_CMD_ENTER_CORRECTION_H

#include "cmd/enter/window.h"
#include "ledger/books/correct.h"

struct correction {
	uint64_t seq; /* the entry that is answered */
	bool refund; /* of a charge, perhaps in part; else a reversal */
	int64_t amount; /* refund: how much; 0: what is left */
	int percent; /* refund: of what was charged, cut to whole billing-seconds; 0: not so */
	struct window window;
};

extern const struct option_spec correction_options[];

/* Reads SEQ and the options into [correction] and posts with correction_plan(); [how] is the rest
 * of the request ("all"). Returns the exit status. */
int correction_post(struct env *env, struct correction *correction, const char *seq,
		    const char *how);

#endif
