/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the books charged for the use of one account, or one purse, on one cluster in a period, for
 * comparison with Slurm's own record. Refunds and reversals are decisions of people and do not
 * count. */
#pragma once

#include "ledger/books/books.h"

struct booked {
	/* in */
	char account[NAME_SIZE];
	char cluster[NAME_SIZE];
	/* in: the period [since, until), microseconds; out: the part of it that the books cover,
	 * which begins with the counting and ends with the last reading. since > until: none of
	 * it. */
	int64_t since, until;
	bool to_end; /* in: [until] is now, perhaps cut to a second: all use in the books so far
			counts, however long ago the cluster was read */
	/* out */
	int64_t amount; /* seconds of the resource: charges and reconciliations of use in the period
			 */
	int64_t cut; /* how much of the difference may be due to readings in whole minutes; 0 for SU
		      */
	bool since_begins; /* counting by RawUsage begins at [since]: earlier use is final */
	int64_t since_age, until_age; /* microseconds from the last reading before each edge to the
					 edge; jobs running at an edge may be booked up to this
					 much on the other side */
	int64_t jobs_since; /* from this time on use is charged by job, each job as a whole when it
			       ends; 0: by RawUsage */
	bool lacks; /* the next look-back (jobs.h) may charge jobs that are on Slurm's record
		       already; false with [to_end] */
	size_t restarts; /* how often counting began anew in the period, which may have lost use */
	int64_t lost_since, lost_until; /* from the books' last change before the first restart to
					   the last restart */
};

/* Fills the output. SB_ENOTFOUND: the account is not in the bank. SB_EOVERFLOW: a sum is past
 * int64. */
int booked_read(struct books *books, struct booked *booked, struct sb_error *err);
