/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the parts of a check share: check.c has the whole, metering.c the use, levers.c the limits.
 */
#ifndef SUBANK_LEDGER_CHECK_CHECKING_H
#define SUBANK_LEDGER_CHECK_CHECKING_H

#include "ledger/check/check.h"

/* An account whose reading on a cluster says nothing, since another one came below it or went. */
struct move {
	char account[NAME_SIZE];
	char cluster[NAME_SIZE];
	char mover[NAME_SIZE];
	char from[NAME_SIZE], to[NAME_SIZE]; /* the mover's parents */
	int64_t without; /* what it would show if nobody had moved; -1: past int64. Slurm cuts */
	int64_t cut; /* each account to whole seconds: it may be off by so much */
	bool waits; /* a usage that it needs cannot be read: a later check sees to it */
};

/* Adds a zeroed member of [size] bytes; NULL when memory ran out. */
void *check_add(void **array, size_t *count, size_t *room, size_t size);
int check_add_finding(struct check *check, struct finding finding, const char *account,
		      const char *cluster, struct sb_error *err);
void check_set_name(char to[NAME_SIZE], const char *from);
/* Whether the check asks the cluster. */
bool check_is_listed(const struct check *check, const char *cluster);

/* Finds the moves since the last check, before anything is metered. */
int check_find_moves(struct books *books, struct check *check, struct sb_error *err);
/* Charges the use of one account on one cluster that answered; the entry may wait. */
int check_meter(struct books *books, struct check *check, const struct account *account,
		const struct observation *observation, struct sb_error *err);
/* Enters what the account was charged, unless it may go on waiting. */
int check_record_use(struct books *books, const struct check *check, const struct account *account,
		     struct sb_error *err);

/* Works out what Slurm must get for one account. */
int check_settle(struct books *books, struct check *check, const struct account *account,
		 struct sb_error *err);

#endif
