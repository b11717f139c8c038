/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What all verbs that make entries share: the ref, the transaction, the receipt, Slurm afterwards.
 */
#ifndef SUBANK_CMD_ENTER_POST_H
#define SUBANK_CMD_ENTER_POST_H

#include "cmd/frame/env.h"

enum { REQUEST_SIZE = EVENT_NOTE_MAX + 1 };

struct posting {
	struct env *env;
	const char *account; /* folded: whose balance the receipt tells, and who is settled */
	const char *receiver; /* folded: another account that gets money; NULL: none */
	char request[REQUEST_SIZE]; /* what is asked, in one form: equal requests, equal texts */
	/* Plans and appends within the transaction; may run more than once. Fills [done]. */
	int (*plan)(struct posting *posting, struct books *books, struct sb_error *err);
	void *ctx;
	bool settle; /* Slurm may have to change even if the account is not held */
	char done[512]; /* for the receipt: "deposited 10.00 SU to physics" */
};

/* Reads an account's name from the command line. Returns EXIT_DONE or, with a message, EXIT_USAGE.
 */
int read_account(struct env *env, const char *text, char ret[NAME_SIZE]);

/* Puts ref, request and note of the command line on the event that stands for the request. */
void stamp(const struct posting *posting, struct event *event);

/* Whether post() will answer without the plan, because of --ref: then Slurm need not be asked. */
bool post_entered(struct posting *posting);

/* Runs the plan, unless an entry with the same --ref is there, prints the receipt and, where the
 * account is held or was, brings Slurm in line. Returns the exit status. */
int post(struct posting *posting);

#endif
