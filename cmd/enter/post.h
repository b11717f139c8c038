/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The steps of every verb that records an entry: --ref, transaction, receipt, Slurm. */
#pragma once

#include "cmd/frame/env.h"

enum { REQUEST_SIZE = EVENT_NOTE_MAX + 1 };

/* Zeroed but for env, plan and ctx. */
struct posting {
	struct env *env;
	char account[NAME_SIZE]; /* an account in lower case, or a purse: the receipt shows its
				    balance */
	char receiver[NAME_SIZE]; /* in the same form: another account that gets money; "": none */
	char request[REQUEST_SIZE]; /* in a canonical form: equal requests have equal texts */
	/* Plans and appends within the transaction; may run more than once. Fills [done], which is
	 * empty at first. */
	int (*plan)(struct posting *posting, struct books *books, struct sb_error *err);
	void *ctx;
	const char *note; /* of the entry, unless --note is given; NULL: none */
	int entries; /* how many post_append_numbered() appends; 0: the request makes one */
	bool settle; /* Slurm may have to change even if the account is not held */
	char done[832]; /* for the receipt: "deposited 10.00 SU to physics" */
};

/* Reads an account's name from the command line. Returns EXIT_DONE or, with a message, EXIT_USAGE.
 */
int read_account(struct env *env, const char *text, char ret[NAME_SIZE]);

/* Reads the account's name in the same way and begins the request: "deposit physics". With
 * --resource, if the verb has it, posting->account is the account's purse of that resource. */
int posting_begin(struct posting *posting, const char *account);
/* Reads the name of a purse from the command line in the same way. */
int read_purse(struct env *env, const char *account, char ret[NAME_SIZE]);
/* --resource of verbs that record entries. */
#define RESOURCE_OPTION                                                                            \
	{                                                                                          \
		"resource", 0, "TRES", "budget of gres/gpu, cpu ..., instead of SU"                \
	}

/* Append to the request and to the receipt's text; what does not fit is cut. */
void request_add(struct posting *posting, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void done_add(struct posting *posting, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Appends the event that stands for the request, with ref, request and note of the command line. */
int post_append(const struct posting *posting, struct books *books, struct event *event,
		struct sb_error *err);

/* The same for a request that makes several entries: entry number 2 and later get the ref with "#2"
 * … appended. SB_EREFUSED if that ref is taken. */
int post_append_numbered(const struct posting *posting, struct books *books, int number,
			 struct event *event, struct sb_error *err);

/* Returns whether post() will answer without the plan, because of --ref: then Slurm need not be
 * asked. */
bool post_recorded(struct posting *posting);

/* Runs the plan, unless an entry with the same --ref exists, prints the receipt and, if the account
 * is or was held, brings Slurm in line. Returns the exit status. */
int post(struct posting *posting);
