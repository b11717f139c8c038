/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The messages about what a check did and found. */
#pragma once

#include "cmd/frame/env.h"
#include "ledger/check/check.h"

/* Findings without an entry that were reported already. Begin with a zeroed struct; the caller
 * frees the list. */
struct reported {
	struct finding *list;
	size_t count;
};

/* Reports the findings of a plan. Findings without an entry occur again in the next plan of the
 * same check: [reported] keeps them, so that each is reported once. */
void report_findings(struct env *env, const struct check *check, struct reported *reported);

/* Reports how many accounts the plan of a dry run would hold, and names the first of them. Returns
 * their number. */
size_t report_would_hold(struct env *env, const struct check *check);
