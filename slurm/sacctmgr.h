/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Limits in Slurm's database: of accounts, read and changed, and of the QOS, read. slurmdbd
 * answers, not slurmctld: what it says holds for clusters that are down too. Forms and answers were
 * measured on 22.05.8. */
#ifndef SUBANK_SLURM_SACCTMGR_H
#define SUBANK_SLURM_SACCTMGR_H

#include <stddef.h>
#include <stdint.h>

#include "slurm/odd.h"
#include "slurm/slurm.h"

/* Whether limits of [field] have no TRES: GrpJobs and GrpSubmitJobs. NULL is allowed. */
bool limit_without_tres(const char *field);

/* Sets the limit [field] (GrpTRESMins …) of TRES [tres] (cpu …) to [value] for [count] accounts of
 * one cluster: `sacctmgr -i modify account where account=a,b cluster=C set GrpTRESMins=cpu=0`; -1
 * clears it (other negative numbers wrap to huge limits in Slurm and are refused here). Other TRES
 * of the same field stay as they are. With "" for [tres] the field is GrpJobs or GrpSubmitJobs
 * ("GrpJobs=0"), of which Slurm keeps no more than INT32_MAX. In as few calls as the length of a
 * command line allows. Names, field, TRES and value are checked before anything runs (SB_EINVAL),
 * and with [count] 0 nothing runs. "Nothing modified" is a failure. What was done before a failure
 * stays done: read back. */
int sacctmgr_set_limit(const struct slurm *slurm, const char *cluster, const char *const accounts[],
		       size_t count, const char *field, const char *tres, int64_t value,
		       struct sb_error *err);

/* Makes slurmctld forget what [account] has used: `sacctmgr -i modify account where account=A
 * cluster=C set RawUsage=0`. Its users and child accounts are zeroed too, and what it had is taken
 * from its parents. The cluster's slurmctld does it, not the database; sacctmgr then says nothing
 * and exits 0, also when there was nothing to forget. A name that must not reach a command line is
 * SB_EINVAL; an unknown account or cluster, or a slurmctld that does not run, SB_EFAILED (for
 * the last the text speaks of getaddrinfo: where it listened is no longer known). */
int sacctmgr_reset_usage(const struct slurm *slurm, const char *cluster, const char *account,
			 struct sb_error *err);

struct account_limits {
	const char *account; /* lower case */
	const char *grp_tres_mins; /* as printed: "cpu=0,gres/gpu=7" (see tres_next()), "" when no
				      limit is set; the same for the next one */
	const char *grp_tres_run_mins;
	int64_t grp_jobs; /* -1 when no limit is set; the same for the next one */
	int64_t grp_submit_jobs;
	bool odd; /* the limits of the row cannot be told; it is in struct limits, too */
	size_t line; /* of the answer */
};

struct limits {
	struct account_limits *rows; /* sorted by account, each account once */
	size_t count;
	struct odd_rows odd; /* rows with a limit of jobs that is no number, or that are there twice
			      */
	char **texts; /* what the rows point into, one text a call */
	size_t text_count;
};

/* Reads the limits of [count] accounts of one cluster, each of them named once: `sacctmgr -P show
 * assoc where cluster=C account=a,b format=…`, in as few calls as the length of a command line
 * allows; with [count] 0 nothing runs. Users' associations are passed over. An account without an
 * association on the cluster is not in the answer. Rows of another cluster are SB_EFORMAT. On
 * success the caller calls limits_release(). */
int sacctmgr_read_limits(const struct slurm *slurm, const char *cluster,
			 const char *const accounts[], size_t count, struct limits *ret,
			 struct sb_error *err);

/* The row of [account], or NULL; valid until limits_release(). */
const struct account_limits *limits_find(const struct limits *limits, const char *account);

/* NULL and a zeroed one are allowed; the same for the next one. */
void limits_release(struct limits *limits);

struct qos {
	const char *name; /* may hold blanks */
	const char *grp_tres_mins; /* as with accounts */
	const char *grp_tres_run_mins;
	int64_t grp_jobs;
	int64_t grp_submit_jobs;
	const char *usage_factor; /* as printed: "1.000000" */
	const char *flags; /* as printed: "DenyOnLimit,UsageFactorSafe" */
};

struct qos_list {
	struct qos *rows; /* in the order of the answer */
	size_t count;
	char *text; /* what the rows point into */
	char **added; /* the same for those that qos_list_add() added */
	size_t added_count;
	struct odd_rows
		odd; /* QOS of which a limit of jobs is no number: none is taken to be set */
};

/* Reads all QOS: `sacctmgr -P show qos format=…`. They are those of every cluster. On success the
 * caller calls qos_list_release(). */
int sacctmgr_read_qos(const struct slurm *slurm, struct qos_list *ret, struct sb_error *err);

/* Adds a QOS that Slurm does not have any more; one that is in the list stays as it is. Its limits
 * are none. */
int qos_list_add(struct qos_list *list, const char *name, const char *usage_factor,
		 struct sb_error *err);

void qos_list_release(struct qos_list *list);

#endif
