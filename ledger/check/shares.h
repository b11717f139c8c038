/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Default shares: users who never had a share of a purse get one. */
#pragma once

#include "ledger/account/account.h"

struct plan;

/* Returns when a share ends that is given at [now] and whose end nobody chose: with the purse's
 * money that ends last. 0: it has no money. */
int64_t shares_end(const struct account *purse, int64_t now);

/* Opens a share for each user whom a cluster shows in the account of the plan's purse, and who
 * never had one of it, if the purse has a default share. Each gets the amount and counts from the
 * present use. Leaves out a user whose use cannot be read now, and one whose share would have a
 * name that no bank can have. */
int shares_open(const struct plan *plan);
