/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the books charged for the use of one account on one cluster in a period, so that Slurm's own
 * record can be put beside it. Refunds and reversals are decisions of people and do not count. */
#ifndef SUBANK_LEDGER_CHECK_BOOKED_H
#define SUBANK_LEDGER_CHECK_BOOKED_H

#include "ledger/books/books.h"

struct booked {
	/* in */
	char account[NAME_SIZE];
	char cluster[NAME_SIZE];
	/* in: the period that is asked for, [since, until), microseconds; out: the part of it that
	 * the books follow, from where counting began to the last reading. Not in order: none of it
	 */
	int64_t since, until;
	bool to_end; /* in: [until] is this moment, perhaps cut to a second: all that the books have
			so far counts, whenever the cluster was read last */
	/* out */
	int64_t amount; /* billing-seconds: charges and reconciliations of use within */
	bool since_begins; /* counting by RawUsage begins at [since]: what the books have of use
			      before stands in them for good */
	int64_t since_age, until_age; /* how long before each edge the cluster was read last, as far
					 as the books can tell; microseconds. Use of jobs that ran
					 at an edge may stand on the wrong side of it by so much */
	int64_t jobs_since; /* use is charged by jobs from then on, each as a whole in the moment of
			       its end; 0: it is not. Before the switch to jobs, and after one away
			       from them, RawUsage is followed */
	size_t restarts; /* how often counting began anew within, which may have lost use: */
	int64_t lost_since, lost_until; /* from when the books last moved before the first time, to
					   the last time */
};

/* SB_ENOTFOUND: the account is not in the bank. A sum past int64 is SB_EOVERFLOW. */
int booked_read(struct books *books, struct booked *booked, struct sb_error *err);

#endif
