/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Many requests in one transaction: all are entered or none. Each is run by its own verb, as a
 * command line would be, so that the rules and messages are the verb's. It runs twice: first
 * without a transaction, where all that is wrong with the line itself is said and Slurm is asked
 * once for all, and then in the transaction, where post() plans. Whatever is wrong with any entry
 * is said in one go, as far as it does not follow from another one. */
#ifndef SUBANK_CMD_ENTER_BATCH_H
#define SUBANK_CMD_ENTER_BATCH_H

#include "cmd/check/clusters.h"
#include "cmd/enter/changes.h"
#include "cmd/frame/command.h"
#include "cmd/frame/options.h"

/* So many entries are said to be wrong, no more. */
enum { MISTAKES_MAX = 20 };

struct batch_entry {
	size_t line, column; /* where it stands in the file */
	const struct command *command;
	const char *argv[3];
	int argc;
	const char *values[OPTIONS_MAX]; /* by option_place(); "ref" must be there */
	bool wrong; /* and said to be */
};

/* Zeroed but for the first four; batch_release(). */
struct batch {
	const char *name; /* of the file, for messages */
	bool own_refs; /* refs that subank keeps for itself are allowed */
	bool may_be_over; /* windows may have ended */
	bool dry; /* nothing is entered */

	struct batch_entry *entries;
	size_t count, size;
	char **texts; /* what the entries point to */
	size_t text_count, text_size;
	size_t wrong; /* entries of which a mistake was said */
	size_t unread; /* of these, those that are not among [entries] */
	const char *unopened[2 * MISTAKES_MAX]; /* accounts that wrong entries should have opened */
	size_t unopened_count;
	bool malformed; /* one of them is wrong whatever the books have */

	/* Filled by batch_run(). */
	size_t above; /* amounts that the settings want to be asked for */
	struct clusters clusters; /* what Slurm answered, if it was asked */
	bool asked;
	int answer;
	struct books *books; /* within the transaction */
	int rc; /* of the entry that was refused there, with its text */
	struct sb_error err;
	struct rules rules; /* of the site */
	char **refusals; /* what is to be said of entries that were refused there */
	size_t refusal_count, refusal_size;
	struct changes changes; /* the accounts that entries are about */
	struct changes to_settle; /* those for which Slurm may have to change; names alone */
	size_t entered, skipped; /* requests: skipped were there before, with their refs */
	struct head head;
};

/* Adds an entry, zeroed; valid until the next one is added. */
int batch_add(struct batch *batch, struct batch_entry **ret, struct sb_error *err);
/* A copy that lives as long as the batch. */
int batch_keep(struct batch *batch, const char *text, const char **ret, struct sb_error *err);
/* Sets an option, which the entry's verb must have; [value] must live as long as the batch. */
void batch_option(struct batch_entry *entry, const char *name, const char *value);

/* Says that an entry is malformed, which is NULL where it was not added. False when enough was
 * said.
 */
bool batch_mistake(struct env *env, struct batch *batch, struct batch_entry *entry,
		   const struct sb_error *err);

/* Runs all. What is wrong is said, with its place. Returns EXIT_DONE; or EXIT_USAGE when an entry
 * is malformed, EXIT_REFUSED or EXIT_UNKNOWN, and then nothing is to be taken for entered. */
int batch_run(struct env *env, struct batch *batch);
/* Brings Slurm in line for the accounts that need it, in one go. */
int batch_apply(struct env *env, const struct batch *batch);

/* For verbs and post(): asks Slurm, once for all entries: clusters_observe() into
 * batch->clusters. */
int batch_observe(const struct env *env);
/* Notes the account with its balance as it is before the first entry about it. */
int batch_touch(struct batch *batch, const char *name, struct sb_error *err);
int batch_settle(struct batch *batch, const char *name, struct sb_error *err);

void batch_release(struct batch *batch);

#endif
