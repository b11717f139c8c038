/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Jobs as slurmdbd recorded them, read row by row: sacct's answer may be larger than memory. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "slurm/reservations.h"
#include "slurm/slurm.h"

/* One run of a job: a job that was requeued or resized has a row for each run, with another
 * [submit]. slurmdbd has at most one row for a job id and a submit time (a unique index of its job
 * table). Texts are valid until the next row. Times are seconds since 1970 UTC. */
struct sacct_job {
	const char *cluster;
	const char *name; /* for people: "12", "12_3" of an array, "12+1" of a heterogeneous job */
	int64_t id; /* JobIDRaw, different for each of those; ids recur */
	uint64_t index; /* DBIndex: all 64 bits, with the cluster's id in the highest since 24.11;
			   0: it could not be read */
	const char *account; /* lower case; "" when the job ran without an association */
	const char *user; /* "" when no user has the uid any more */
	const char *partition;
	const char *qos;
	const char *state; /* Slurm's word, which may be unknown here: COMPLETED, RUNNING … */
	int64_t submit; /* later rows of a resized job: when it was resized */
	int64_t start; /* -1: it never ran. In all rows of a resized job sacct counts from the first
			  start (so may RawUsage, at the job's end; both measured on 22.05.8):
			  here [start], [elapsed] and [limit] are clipped at [submit] */
	int64_t end; /* -1: it has not ended, or slurmdbd was never told */
	int64_t elapsed; /* seconds that it ran, so far if it runs, without suspensions */
	int64_t suspended; /* seconds; RawUsage counts these too (measured on 22.05.8) */
	const char *tres; /* AllocTRES as printed, for sacct_tres(): "billing=1,cpu=1,mem=100M"; ""
			     if it never ran */
	const char *reservation; /* the reservation it ran in; "" if there was none or the window
				    has no reservations; NULL if it is not in the window's list, to
				    which the name belongs */
	const char *reservation_id; /* as printed */
	int64_t billing; /* of those; 0: none */
	int64_t limit; /* seconds that it may run, without suspensions; -1: none or unknown: after
			  `scontrol update TimeLimit=0` sacct prints none (22.05.8) */
};

/* Selects the jobs that waited, ran or ended within [since, until). */
struct sacct_window {
	int64_t since; /* seconds since 1970 UTC */
	int64_t until;
	const char *const *accounts; /* only these, without those below them; none: all. Other jobs
					may come too when the names do not fit a command line */
	size_t account_count;
	const int64_t *ids; /* only these (JobIDRaw); none: all. Other rows may come too, such as
			       those of the same array */
	size_t id_count;
	/* The cluster's reservations; NULL: do not ask for jobs' reservations. */
	const struct reservations *reservations;
};

/* A row that cannot be read. Texts are as sacct printed them, and valid until the next row. */
struct sacct_odd {
	size_t line; /* of the answer, in which the row begins; 0: unknown */
	const char *field; /* the field that cannot be read: "Start"; "a row": the row itself */
	const char *value;
	bool job; /* the row is a job's: the next four are known except as stated */
	int64_t id; /* -1: unknown */
	int64_t submit; /* seconds; -1: unknown */
	const char *account; /* NULL: unknown */
	bool ended; /* false: the job has not ended, so sacct shows it again */
};

/* Makes the row of a job that was read and cannot be used because of [field]. */
static inline struct sacct_odd sacct_odd_job(const struct sacct_job *job, const char *field,
					     const char *value)
{
	return (struct sacct_odd){.field = field,
				  .value = value,
				  .job = true,
				  .id = job->id,
				  .submit = job->submit,
				  .account = job->account,
				  .ended = job->end >= 0};
}

/* Finds TRES [name] in a list such as AllocTRES, as tres_count() does. SB_EFORMAT when that returns
 * false. */
int sacct_tres(const char *list, const char *name, int64_t *ret, struct sb_error *err);

/* Receives the rows. A function that returns another value than SB_OK, and sets its error, ends the
 * reading; sacct_read() returns that value. */
typedef int sacct_each(const struct sacct_job *job, void *ctx, struct sb_error *err);
typedef int sacct_left_out(const struct sacct_odd *odd, void *ctx, struct sb_error *err);
struct sacct_sink {
	sacct_each *each;
	sacct_left_out *left_out; /* gets rows that cannot be read */
	void *ctx; /* for both */
};

/* Reads the jobs of one cluster, all runs of each, from slurmdbd: `sacct -D -X -a -P --noconvert
 * --delimiter … -M CLUSTER -S … -E … -o …`. Times are read as seconds (SLURM_TIME_FORMAT=%s,
 * which 22.05 honours) and given as "uts…", so neither time zones nor the repeated hour at the end
 * of summer time can be misread. Names may hold any bytes, '|' and newlines too (coordinators name
 * accounts), and sacct escapes nothing: so each call uses a random delimiter.
 *
 * Continues after a row that cannot be read. Returns SB_EFORMAT for an answer that cannot be
 * trusted as a whole: without a header (a cluster without jobs has one), cut off, with a NUL byte,
 * or with a row of another cluster. Rows before that were passed on. */
int sacct_read(const struct slurm *slurm, const char *cluster, const struct sacct_window *window,
	       const struct sacct_sink *sink, struct sb_error *err);
