/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a check did or found, in words. */
#ifndef SUBANK_CMD_SHOW_FINDINGS_H
#define SUBANK_CMD_SHOW_FINDINGS_H

#include "cmd/frame/env.h"
#include "ledger/check/check.h"

/* Says each once: [said] remembers those without an entry, which the next plan finds again; free
 * its list. */
struct reported {
	struct finding *list;
	size_t count;
};
void report_findings(struct env *env, const struct check *check, struct reported *said);

/* After a plan that was not entered: says how many accounts a check would hold, and the first of
 * them. Returns how many. */
size_t report_would_hold(struct env *env, const struct check *check);

#endif
