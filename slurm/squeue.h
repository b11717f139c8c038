/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The jobs that slurmctld knows. If slurmdbd has no end of a job and slurmctld does not know the
 * job, it ended at an unknown time, and sacct shows it as running forever: Slurm calls it a runaway
 * job. */
#pragma once

#include <stddef.h>
#include <stdint.h>

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
