/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The usage of the accounts of one cluster, as slurmctld counts it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "slurm/odd.h"
#include "slurm/slurm.h"

struct share {
	const char *account; /* lower case; any bytes but NUL */
	const char *parent; /* "" for the root; NULL: unknown */
	int64_t raw_usage; /* billing-seconds, including those of the children */
	bool odd_usage; /* [raw_usage] is unknown */
	const char *grp_tres_raw,
		*tres_run_mins; /* as printed: minutes of every TRES that Slurm counts */
	const char *grp_tres_mins; /* as printed, in minutes: "cpu=0,gres/gpu=7"; "": no limit */
	bool odd_limits; /* that list is malformed */
	int64_t minutes; /* use of the billing TRES (GrpTRESRaw), including that of the children, in
			    minutes, truncated; -1: unknown */
	int64_t running; /* billing minutes that running jobs may still use until their time limits
			    (TRESRunMins); -1: unknown */
	bool odd_room; /* the list of one of these two is malformed */
	size_t line; /* of the answer */
};

/* An association of a user, in one partition or in all. */
struct user_share {
	const char *account;
	const char *user; /* as asked for */
	int64_t raw_usage; /* 0 with [odd] */
	const char *grp_tres_raw, *tres_run_mins, *grp_tres_mins; /* see struct share */
	int64_t id; /* of the association; -1: not a number */
	bool odd; /* no field can be trusted */
	bool doubtful, known; /* private: whether to ask slurmdbd about the association, and whether
				 slurmdbd knows it */
	bool forged; /* private */
	size_t line; /* of the answer */
};

struct shares {
	struct share *rows; /* sorted by account, each account once */
	size_t count;
	struct user_share *users; /* sorted by account, then user; one for each partition */
	size_t user_count;
	char *text; /* the rows point into these two */
	char *heads;
	char *names; /* of users, if all were asked for */
	struct odd_rows odd; /* rows with anything odd */
};

/* Reads all accounts from slurmctld of [cluster]: `sshare -P -M CLUSTER -o
 * Cluster,ID,RawUsage,GrpTRESMins,GrpTRESRaw,TRESRunMins,User,Account`. Skips rows of users.
 * Returns SB_EFORMAT for an answer without any account or with another cluster: sshare silently
 * leaves out a cluster that is down, with exit status 0 (measured on 22.05.8), and that must not
 * count as no usage.
 *
 * An account with a usage that is not a whole number from 0 to INT64_MAX, and one that occurs
 * twice, is in the rows with [odd_usage], and in [odd]: it exists, but its usage is unknown. The
 * limits of an account that occurs twice, or whose row may be forged, are odd too.
 *
 * Rows are indented by depth. Names may begin with blanks or hold newlines; then the indentation
 * does not show where a name begins, or whether a line is a row at all. Only in that case slurmdbd
 * is asked too, for numbers, which no name can forge: `sacctmgr -P show assoc where cluster=CLUSTER
 * user= format=ID,ParentID`. If that fails, the accounts in doubt are odd. An account whose name
 * has newlines is also listed by its first line, as odd: that line may be the whole name.
 *
 * On success the caller calls shares_release(). */
int sshare_read(const struct slurm *slurm, const char *cluster, struct shares *ret,
		struct sb_error *err);

/* The same with -a, for the rows of [users] too; their names are in lower case and sorted, and
 * stay in use until shares_release(). Without any it is sshare_read().
 *
 * A user's row is indented by one more than the row of its account. The name of another account may
 * forge one, too. So, if a user has several rows in an account or names are not certain, slurmdbd
 * is asked for these associations: `sacctmgr -P show assoc where cluster=CLUSTER account=A,B
 * user=U,V format=ID,User,Account`. Rows that it does not know are left out, but if it knows none
 * of a user in an account, these are odd. Two rows with one number are odd, and if it does not
 * answer, so are all in doubt. Users of accounts that no bank can have are left out. */
int sshare_read_users(const struct slurm *slurm, const char *cluster, const char *const users[],
		      size_t count, struct shares *ret, struct sb_error *err);

/* The same with the rows of all users whose names a share can have: those that slurm_name_ok()
 * accepts in lower case. */
int sshare_read_all_users(const struct slurm *slurm, const char *cluster, struct shares *ret,
			  struct sb_error *err);

/* Returns the row of [account], or NULL; valid until shares_release(). */
const struct share *shares_find(const struct shares *shares, const char *account);

/* A zeroed one is allowed. */
void shares_release(struct shares *shares);

/* One item of a list such as "cpu=0,gres/gpu=7". */
struct tres {
	char name[65];
	int64_t value; /* -1 when it exceeds INT64_MAX: Slurm keeps a negative limit as such a
			  number, and it limits nothing */
};

/* Iterates over a list, in which a TRES may occur twice. *[at] is 0 at the start. Returns 1 with an
 * item in [ret] and moves *[at] on; 0 at the end; SB_EFORMAT when the list is malformed there. */
int tres_next(const char *list, size_t *at, struct tres *ret, struct sb_error *err);

/* Finds the value of TRES [name] in such a list; -1 when it is not there. Returns SB_EFORMAT when
 * the list is malformed anywhere or has [name] twice. */
int tres_value(const char *list, const char *name, int64_t *ret, struct sb_error *err);
