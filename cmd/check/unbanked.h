/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Accounts that use the clusters while the bank knows nothing of them. */
#ifndef SUBANK_CMD_CHECK_UNBANKED_H
#define SUBANK_CMD_CHECK_UNBANKED_H

#include "cmd/frame/env.h"
#include "ledger/check/check.h"

struct unbanked {
	const char **names; /* each once, in order; they point into the observations */
	size_t count;
	const char **odd; /* likewise those whose names no bank can have */
	size_t odd_count;
};

/* Finds the accounts that have used something on a cluster that answered, belong to the bank by the
 * settings, and are not in [books], nor is an account above them there, whose budget they would be
 * in. What only their children used does not count: those are found themselves. On success the
 * caller calls unbanked_release(). */
int unbanked_find(struct books *books, const struct settings *settings,
		  const struct observation *list, size_t count, struct unbanked *ret,
		  struct sb_error *err);
void unbanked_release(struct unbanked *unbanked);

/* Says in one line which there are, if any: it is news, not a problem. Returns EXIT_DONE or that of
 * an error. */
int unbanked_report(struct env *env, const struct observation *list, size_t count);

#endif
