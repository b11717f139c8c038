/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the bank requires of an account before it begins to count its use. */
#pragma once

#include "cmd/check/clusters.h"

struct intent {
	const char *undone; /* begins messages: "account 'physics' was not opened" */
	const char *does; /* follows "--later" in them: "opens it" */
	bool from_zero; /* counting will start at 0 */
	const char *other; /* an account that messages do not suggest; NULL: none */
	bool takeover; /* it takes over another: use of every resource is needed */
};

/* Asks all clusters, in a batch once for all entries. Refuses, with a message, an account or purse
 * that none of them has, or whose use cannot be read, unless the option --later was given. *ret is
 * what they answered: [own], which the caller releases, or the batch's. Returns EXIT_DONE or
 * EXIT_REFUSED. */
int in_slurm(struct env *env, const char *name, const struct intent *intent, struct clusters *own,
	     const struct clusters **ret);

/* Refuses, with a message, an account that the settings keep out of the bank. Returns EXIT_DONE or
 * EXIT_REFUSED. */
int account_admitted(struct env *env, const char *account);
