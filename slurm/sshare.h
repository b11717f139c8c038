/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the accounts of one cluster have used, as slurmctld counts it. */
#ifndef SUBANK_SLURM_SSHARE_H
#define SUBANK_SLURM_SSHARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "slurm/odd.h"
#include "slurm/slurm.h"

struct share {
	const char *account; /* lower case; any bytes but NUL */
	const char *parent; /* "" for the uppermost; NULL: it cannot be told */
	int64_t raw_usage; /* billing-seconds, the account's children included (rows are rolled up)
			    */
	bool odd_usage; /* [raw_usage] says nothing */
	const char *grp_tres_mins; /* as printed: "cpu=0,gres/gpu=7" in minutes, "" when no limit is
				      set */
	bool odd_limits; /* that list is malformed */
	int64_t minutes; /* what was used of the billing TRES (GrpTRESRaw) in whole minutes
			    (floored), children included; -1: not known */
	int64_t running; /* what running jobs may still use of it by their limits (TRESRunMins), the
			    same way */
	bool odd_room; /* the list of one of the two is malformed */
	size_t line; /* of the answer */
};

struct shares {
	struct share *rows; /* sorted by account, each account once */
	size_t count;
	char *text; /* what the rows point into; the same for the next one */
	char *heads;
	struct odd_rows odd; /* rows with anything odd */
};

/* Asks slurmctld of [cluster] once for all accounts: `sshare -P -M CLUSTER -o
 * Cluster,ID,RawUsage,GrpTRESMins,GrpTRESRaw,TRESRunMins,User,Account`. Rows of users are passed
 * over. An answer without any account, or with another cluster's name, is SB_EFORMAT: sshare
 * leaves out a cluster that is down without a word and with exit 0 (measured on 22.05.8), and that
 * must not be read as no usage.
 *
 * A usage that is not a whole number from 0 to INT64_MAX, and an account that is there twice, keep
 * their row, with [odd_usage], and are in [odd]: the account is there, but nobody knows what it
 * used. Of an account that is there twice, or whose row may be forged, the limits are odd too.
 *
 * Rows are indented by depth. Names may begin with blanks or hold newlines, and then the
 * indentation does not tell where a name begins, nor whether a line is a row at all. Only where
 * that is so slurmdbd is asked too, for numbers alone, which no name can forge: `sacctmgr -P show
 * assoc where cluster=CLUSTER user= format=ID,ParentID`. If it does not answer, the accounts that
 * are in doubt are odd. An account whose name goes on in another line also stands there by the
 * first line of it, odd: that line may be the whole name, and what follows something else.
 *
 * On success the caller calls shares_release(). */
int sshare_read(const struct slurm *slurm, const char *cluster, struct shares *ret,
		struct sb_error *err);

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
 * on, 0 at the end (of an empty list too), SB_EFORMAT when the list is malformed there. A TRES
 * that is in the list twice is given twice. */
int tres_next(const char *list, size_t *at, struct tres *ret, struct sb_error *err);

/* Finds TRES [name] in such a list. Writes its value to [ret], or -1 when it is not there.
 * SB_EFORMAT when the list is malformed anywhere or has [name] twice. */
int tres_value(const char *list, const char *name, int64_t *ret, struct sb_error *err);

#endif
