/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the accounts of one cluster have used, as slurmctld counts it. */
#ifndef SUBANK_SLURM_SSHARE_H
#define SUBANK_SLURM_SSHARE_H

#include <stddef.h>
#include <stdint.h>

#include "slurm/slurm.h"

struct share {
	const char *account; /* lower case */
	const char *parent; /* from the indentation of the rows; "" for the uppermost */
	int64_t raw_usage; /* billing-seconds, the account's children included (rows are rolled up)
			    */
	const char *grp_tres_mins; /* as printed: "cpu=0,gres/gpu=7" in minutes, "" when no limit is
				      set */
	const char *grp_tres_raw; /* what was used, as printed: "cpu=3,mem=0,…,billing=3" in whole
				     minutes (floored), children included */
	const char *tres_run_mins; /* likewise what running jobs may still use by their limits */
};

struct shares {
	struct share *rows; /* sorted by account, each account once */
	size_t count;
	char *text; /* what the rows point into */
};

/* Asks slurmctld of [cluster] once for all accounts: `sshare -P -M CLUSTER -o
 * Cluster,Account,User,RawUsage,GrpTRESMins,GrpTRESRaw,TRESRunMins`. Rows of users are passed over.
 * An answer without any account, with another cluster's name, with an account twice or with a usage
 * that is not a whole number from 0 to INT64_MAX is SLURM_EFORM, and so is an indentation that
 * leaves a parent unknown: sshare leaves out a cluster that is down without a word and with exit 0
 * (measured on 22.05.8), and that must not be read as no usage. On success the caller calls
 * shares_release().
 */
int sshare_read(const struct slurm *slurm, const char *cluster, struct shares *ret,
		struct slurm_error *err);

/* The row of [account], or NULL; valid until shares_release(). */
const struct share *shares_find(const struct shares *shares, const char *account);

void shares_release(struct shares *shares);

/* One item of a list such as "cpu=0,gres/gpu=7". */
struct tres {
	char name[65];
	int64_t value; /* -1 when it is over INT64_MAX: a negative limit that Slurm keeps as such,
			  and that limits nothing */
};

/* Walks a list from *[at], which is 0 at the start: returns 1 with an item in [ret] and moves *[at]
 * on, 0 at the end (of an empty list too), SLURM_EFORM when the list is malformed there. A TRES
 * that is in the list twice is given twice. */
int tres_next(const char *list, size_t *at, struct tres *ret, struct slurm_error *err);

/* Finds TRES [name] in such a list. Writes its value to [ret], or -1 when it is not there.
 * SLURM_EFORM when the list is malformed anywhere or has [name] twice. */
int tres_value(const char *list, const char *name, int64_t *ret, struct slurm_error *err);

#endif
