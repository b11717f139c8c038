/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Limits in Slurm's database: reads and changes those of accounts, and reads those of QOS.
 * slurmdbd answers, not slurmctld, so this works for clusters that are down too. Commands and
 * answers were measured on 22.05.8. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "slurm/odd.h"
#include "slurm/slurm.h"

/* Whether limits of [field] have no TRES: GrpJobs and GrpSubmitJobs. NULL is allowed. */
bool limit_without_tres(const char *field);

struct tres_limit {
	const char *field; /* GrpTRESMins, GrpJobs … */
	const char *tres; /* cpu …; "" where the field has no TRES */
	int64_t value; /* -1 clears the limit. Values below -1 are refused, since Slurm would set
			  a huge limit. Without TRES, values above INT32_MAX, Slurm's maximum,
			  are refused too */
};

/* Sets a limit of [count] accounts of one cluster: `sacctmgr -i modify account where account=a,b
 * cluster=C set GrpTRESMins=cpu=0`. Limits of other TRES are kept. Makes as few calls as the length
 * of a command line allows, and none for no accounts. Checks all names and the limit before the
 * first call (SB_EINVAL). "Nothing modified" is a failure. Calls before a failure have taken
 * effect: read the limits back. */
int sacctmgr_set_limit(const struct slurm *slurm, const char *cluster, const char *const accounts[],
		       size_t count, const struct tres_limit *limit, struct sb_error *err);

/* The same for users in one account, in all their partitions: `sacctmgr -i modify user where
 * user=u,v account=A cluster=C set GrpTRESMins=cpu=0`. */
int sacctmgr_set_user_limit(const struct slurm *slurm, const char *cluster, const char *account,
			    const char *const users[], size_t count, const struct tres_limit *limit,
			    struct sb_error *err);

/* Makes slurmctld forget the usage of [account]: `sacctmgr -i modify account where account=A
 * cluster=C set RawUsage=0`. Its users and child accounts are zeroed too, and its usage is
 * subtracted from its parents. The cluster's slurmctld does this, not the database; sacctmgr then
 * prints nothing and exits with 0, even if there was no usage. Returns SB_EINVAL for a name that
 * must not reach a command line, and SB_EFAILED for an unknown account or cluster and for a
 * slurmctld that does not run; sacctmgr then complains about getaddrinfo, since the address of
 * that slurmctld is no longer known. */
int sacctmgr_reset_usage(const struct slurm *slurm, const char *cluster, const char *account,
			 struct sb_error *err);

struct account_limits {
	const char *account; /* lower case */
	const char *grp_tres_mins; /* as printed: "cpu=0,gres/gpu=7" (see tres_next()); "": none */
	const char *grp_tres_run_mins; /* the same */
	int64_t grp_jobs; /* -1: none */
	int64_t grp_submit_jobs; /* -1: none */
	bool odd; /* the limits are unknown; the row is also in struct limits */
	size_t line; /* of the answer */
};

struct limits {
	struct account_limits *rows; /* sorted by account, each account once */
	size_t count;
	struct odd_rows odd; /* accounts that occur twice, or with a job limit that is no number */
	char **texts; /* the rows point into these, one of each call */
	size_t text_count;
};

/* Reads the limits of [count] accounts of one cluster, each named once: `sacctmgr -P show assoc
 * where cluster=C account=a,b format=…`. Makes as few calls as the length of a command line allows,
 * and none for no accounts. Skips associations of users; accounts without an association on the
 * cluster are not in the answer. Returns SB_EFORMAT for rows of another cluster. On success the
 * caller calls limits_release(). */
int sacctmgr_read_limits(const struct slurm *slurm, const char *cluster,
			 const char *const accounts[], size_t count, struct limits *ret,
			 struct sb_error *err);

/* Returns the row of [account], or NULL; valid until limits_release(). */
const struct account_limits *limits_find(const struct limits *limits, const char *account);

/* A zeroed one is allowed. */
void limits_release(struct limits *limits);

struct qos {
	const char *name; /* may hold blanks */
	const char *grp_tres_mins; /* these four as in struct account_limits */
	const char *grp_tres_run_mins;
	int64_t grp_jobs;
	int64_t grp_submit_jobs;
	const char *usage_factor; /* as printed: "1.000000" */
	const char *flags; /* as printed: "DenyOnLimit,UsageFactorSafe" */
};

struct qos_list {
	struct qos *rows; /* in the order of the answer */
	size_t count;
	char *text; /* the rows point into it */
	char **added; /* rows that qos_list_add() added point into these */
	size_t added_count;
	struct odd_rows odd; /* QOS with a job limit that is no number; it counts as none */
};

/* Reads all QOS: `sacctmgr -P show qos format=…`. All clusters have the same. On success the
 * caller calls qos_list_release(). */
int sacctmgr_read_qos(const struct slurm *slurm, struct qos_list *ret, struct sb_error *err);

/* Adds a QOS that Slurm no longer has, without limits. Does nothing if the list has it. */
int qos_list_add(struct qos_list *list, const char *name, const char *usage_factor,
		 struct sb_error *err);

/* A zeroed one is allowed. */
void qos_list_release(struct qos_list *list);
