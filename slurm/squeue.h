/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Jobs that slurmctld knows: their numbers, or those of some accounts that have not ended. If
 * slurmdbd has no end of a job and slurmctld does not know the job, it ended at an unknown time,
 * and sacct shows it as running forever: Slurm calls it a runaway job. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "slurm/odd.h"
#include "slurm/slurm.h"

struct known_jobs {
	int64_t *ids; /* sorted; each element of an array and component of a job has its own */
	size_t count;
	size_t odd; /* lines that are not a number */
	char first_odd[256]; /* describes the first of them; it may hold any bytes */
};

/* Reads all jobs of a cluster that slurmctld knows, in any state: `squeue -a -t all -M CLUSTER -o
 * %A`. Jobs that ended are among them for MinJobAge (300 s by default). Skips and counts lines that
 * are not a number. Returns SB_EFORMAT for an answer that is cut off, has a NUL byte or no header.
 * On success the caller calls known_jobs_release(). */
int squeue_read(const struct slurm *slurm, const char *cluster, struct known_jobs *ret,
		struct sb_error *err);

/* Whether slurmctld knows job [id] (sacct's JobIDRaw), or may know it: a skipped line could be any
 * job's. */
bool known_jobs_have(const struct known_jobs *known, int64_t id);

/* A zeroed one is allowed. */
void known_jobs_release(struct known_jobs *known);

/* One record of a job that has not ended. The tasks of an array that wait share one; each task that
 * was started, or changed by its number, has its own. */
struct queued_job {
	int64_t number; /* of the record */
	int64_t array; /* the number of the array; 0: it is not of an array */
	bool rest; /* the record of the tasks that wait together, or of the last one; its number is
		      the array's, so that scontrol takes the number for all tasks */
	const char *tasks; /* of those: "3_[5-7,9]" or "3_5", as scontrol takes it; "" if squeue cut
			      it short, or if no command line holds it */
	int64_t task; /* the number of the one task that the row is about; -1: none, or several */
	int part; /* its place among the components of a heterogeneous job, whose first has number -
		     part; -1: not of one */
	int64_t first; /* the number of that first component */
	bool pending; /* it waits, perhaps held */
	int64_t limit; /* its time limit in minutes; -1: none */
	const char *qos; /* slurm_qos_ok() */
	const char *account; /* one that was asked for */
};

struct queued_jobs {
	struct queued_job *list; /* in the order of the answers */
	size_t count;
	struct odd_rows odd; /* rows that cannot be used; they are not in the list */
	char **texts; /* the list points into these, one of each call */
	size_t text_count;
};

/* Reads the jobs of [count] accounts of a cluster that have not ended: `squeue -a --array-unique -M
 * CLUSTER -A a,b -o …`. Slurm 26.05 no longer has that option; then -r shows each task, and those
 * of one record are joined here. The names are sorted and pass slurm_name_ok() (SB_EINVAL): then
 * the answer has no names that could forge rows. Makes as few calls as the length of a command line
 * allows, and none for no accounts. On success the caller calls queued_jobs_release(). */
int squeue_read_queued(const struct slurm *slurm, const char *cluster, const char *const accounts[],
		       size_t count, struct queued_jobs *ret, struct sb_error *err);

/* A zeroed one is allowed. */
void queued_jobs_release(struct queued_jobs *queued);
