/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `balance` for those who may not look into the bank: from the file that it publishes. */
#ifndef SUBANK_CMD_SHOW_BALANCE_PUBLISHED_H
#define SUBANK_CMD_SHOW_BALANCE_PUBLISHED_H

#include "cmd/show/selection.h"

struct column;

/* Prints the [columns] of the selection or, without one, the accounts that Slurm says are the
 * caller's, and those that they are inside of. Returns the exit status. */
int balance_published(struct env *env, const struct selection *selection,
		      const struct column *columns, bool tree, bool total);

#endif
