/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The use that Slurm has on record (sacct), beside what the books charged for it. */
#pragma once

#include "cmd/check/left_out.h"
#include "cmd/frame/env.h"
#include "ledger/account/account.h"
#include "ledger/check/booked.h"
#include "slurm/tariff.h"

/* One account, or a purse of one, on one cluster. Use is that of the account and all below it, as
 * RawUsage is; parts are in millionths of a second of the resource (FACTOR_ONE). */
struct recorded {
	struct booked booked;
	char owner[NAME_SIZE]; /* the account that has the purse */
	struct moved *
		moves; /* moves of the owner: a job counts where its account was when the job ran */
	size_t move_count;
	/* The use of jobs within the period: billing, or the count of the purse's TRES, x seconds x
	 * UsageFactor. While the account is
	 * metered by jobs: the whole use of the jobs that ended within it, by tariff_charged(), cut
	 * to whole billing-seconds. */
	__int128 used;
	/* What RawUsage counts beside that: seconds that jobs were suspended, and the part of
	 * weights that a job's billing, a whole number, leaves out. */
	__int128 suspended, weights;
	/* How much use of jobs that ran at an edge of the period, or shortly before, may be booked
	 * on the far side of the edge: Slurm updates RawUsage only every PriorityCalcPeriod, and
	 * checks read it now and then. */
	__int128 edge;
	/* When an account moves in Slurm's tree, RawUsage moves as last updated: up to a
	 * PriorityCalcPeriod of each running job is counted only afterwards. That use may count for
	 * the account that the moved one joined (came_late), or be missing at the one that it left
	 * (went_late). [used] follows the books. */
	__int128 came_late, went_late;
	bool fraction; /* RawUsage had fractions, which it cuts off */
	size_t jobs; /* that ran within */
	size_t left_out; /* unreadable rows that are, or may be, of its jobs */
	size_t waiting; /* in: jobs that checks left out, and will charge when they can be read */
};

struct record {
	struct recorded *lines; /* of one cluster, by account */
	size_t count;
	struct tree tree; /* how its accounts are nested, as the last check saw it */
	char cluster[NAME_SIZE];
	/* Filled in by record_read(): */
	bool moved; /* a line has moves */
	bool purses; /* a line is about another resource than SU */
	struct partitions partitions;
	struct reservations
		reservations; /* read only if the settings have factors of reservations */
	int calc_period; /* seconds */
	enum billing_rule billing;
	size_t unknown_qos; /* jobs whose QOS is gone; they count with a factor of 1 */
	size_t runaway; /* jobs without an end that slurmctld does not know; left out */
	struct left_out left; /* unreadable rows of jobs of the lines */
	bool squeue_odd; /* lines of squeue were unreadable: no job counts as runaway */
	struct record_slice {
		int64_t since, until; /* seconds */
	} * slices; /* parts of the period that had jobs, the newest first */
	size_t slice_count;
};

/* Adds a line for the account, or for a purse of [owner]. Returns its booked part, to be filled in;
 * NULL: no memory. */
struct booked *record_add(struct record *record, const struct account *account,
			  const struct account *owner);
/* Removes the last line. */
void record_drop(struct record *record);
/* Removes all lines. */
void record_clear(struct record *record);

/* Called for each job that ran in the period of a line, with the line's index and the job's use for
 * that line, in seconds of its resource. */
typedef int record_each(const struct sacct_job *job, size_t line, int64_t used, void *ctx,
			struct sb_error *err);

struct record_request {
	const struct qos_list *qos;
	bool all; /* ask for all accounts, not only for those that the lines are about */
	/* Not NULL: reads a second time, the oldest slice first, without the slices that had no
	 * jobs. */
	record_each *each;
	void *ctx;
};

/* Reads the jobs of the cluster and adds them to the lines, whose booked part is filled in. Asks
 * sacct for a week at a time, or for more where jobs were few. */
int record_read(struct env *env, const struct record_request *request, struct record *record,
		struct sb_error *err);

/* Computes what Slurm has on record minus what the books have, in whole billing-seconds, and how
 * much of that the edges cannot explain. Returns false if int64 is too small. */
bool record_difference(const struct recorded *line, int64_t *ret, int64_t *ret_certain);

/* Returns the edge in whole seconds of the resource, rounded up. It includes the greatest error
 * from cutting fractions and, for a TRES, from cutting its use to whole minutes. */
int64_t record_edge(const struct recorded *line);

/* Converts parts to whole billing-seconds, within the range of int64. */
int64_t record_whole(__int128 parts);

void record_release(struct record *record);
