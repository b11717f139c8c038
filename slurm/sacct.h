/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Jobs as slurmdbd recorded them, read row by row: what sacct prints may be longer than memory. */
#ifndef SUBANK_SLURM_SACCT_H
#define SUBANK_SLURM_SACCT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "slurm/slurm.h"

/* One run of a job: a job that was requeued or resized has a row for each, with another [submit].
 * slurmdbd keeps one row at most for a job id and a submit time (a unique index of its job table).
 * Texts are valid until the next row. Times are seconds since 1970 UTC. */
struct sacct_job {
	const char *cluster;
	const char *name; /* as people write it: "12", "12_3" of an array, "12+1" of a
			     heterogeneous job */
	int64_t id; /* a number of its own for each of those (JobIDRaw); they recur */
	uint64_t index; /* DBIndex: all 64 bits, with the cluster's id in the highest since 24.11;
			   0: it could not be read */
	const char *account; /* lower case; "" when the job ran without an association */
	const char *user; /* "" when nobody has the uid any more */
	const char *partition;
	const char *qos;
	const char *state; /* Slurm's word, whether it is known here or not: COMPLETED, CANCELLED,
			      RUNNING … */
	int64_t submit; /* a resized job's later rows: when it was resized */
	int64_t start; /* -1: it never ran. sacct has the first start in all rows of a resized job,
			  and counts from there each time (so may RawUsage, at its end: both
			  measured on 22.05.8): here it is clipped at [submit], and so are [elapsed]
			  and [limit] */
	int64_t end; /* -1: it has not ended, or slurmdbd was never told */
	int64_t elapsed; /* seconds that it ran, suspensions left out; so far, if it runs */
	int64_t suspended; /* seconds; RawUsage counts these too (measured on 22.05.8) */
	const char *tres; /* AllocTRES as printed, for sacct_tres(): "billing=1,cpu=1,mem=100M"; ""
			     if it never ran */
	int64_t billing; /* of those; 0: none */
	int64_t limit; /* seconds that it may run, suspensions left out; -1: no limit, or none
			  known: after `scontrol update TimeLimit=0` sacct prints none (22.05.8) */
};

/* Which jobs: those that waited, ran or ended within [since, until). */
struct sacct_window {
	int64_t since; /* seconds since 1970 UTC, as in the next */
	int64_t until;
	const char *const *accounts; /* of these alone, not of those below them; none: of all. So
					many that they do not fit a command line are not asked for:
					jobs of others may come too */
	size_t account_count;
	const int64_t *ids; /* of these alone (JobIDRaw); rows of others, such as of the same array,
			       may come too; none: of all */
	size_t id_count;
};

/* A row that cannot be read. Texts are as sacct printed them, and valid until the next row. */
struct sacct_odd {
	size_t line; /* of the answer, in which the row begins; 0: not known */
	const char *field; /* that cannot be read: "Start"; "a row": the row as such */
	const char *value;
	bool job; /* it is the row of a job: the next four are known, if not said otherwise */
	int64_t id; /* -1: not known */
	int64_t submit; /* seconds; -1: not known */
	const char *account; /* NULL: not known */
	bool ended; /* false: sacct says that it has not, so that it shows it again */
};

/* Finds TRES [name], in whatever case, in a list such as AllocTRES and writes its number to [ret],
 * -1 when it is not there. Memory has its M behind it even with --noconvert, and counts in those.
 * SB_EFORMAT when [name] is there twice, or with what is no such number; of the others nothing is
 * asked. */
int sacct_tres(const char *list, const char *name, int64_t *ret, struct sb_error *err);

/* Gets a row. Anything but SB_OK, with a text, ends the reading, and sacct_read() returns it. */
typedef int sacct_each(const struct sacct_job *job, void *ctx, struct sb_error *err);
/* Gets a row that is left out; the same otherwise. */
typedef int sacct_left_out(const struct sacct_odd *odd, void *ctx, struct sb_error *err);

/* Asks slurmdbd for the jobs of one cluster, all runs of each: `sacct -D -X -a -P --noconvert
 * --delimiter … -M CLUSTER -S … -E … -o …`. Times come as seconds (SLURM_TIME_FORMAT=%s,
 * which 22.05 honours) and go as "uts…", so that no time zone and no hour that summer time repeats
 * can be mistaken. Names may hold any bytes, '|' and newlines too (coordinators name accounts), and
 * sacct escapes none: so a delimiter of chance, another one for each call, stands between the
 * fields.
 *
 * A row that cannot be read goes to [odd], and the reading goes on. SB_EFORMAT is an answer that
 * cannot be trusted as a whole: without a header (a cluster without jobs has one), cut off, with a
 * NUL byte, or with a row of another cluster. Rows before that were handed on. */
int sacct_read(const struct slurm *slurm, const char *cluster, const struct sacct_window *window,
	       sacct_each *each, sacct_left_out *odd, void *ctx, struct sb_error *err);

#endif
