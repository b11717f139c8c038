/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Many requests in one transaction: all are recorded or none. Each is run by its own verb, as from
 * a command line, so that rules and messages are the verb's. It runs twice: first without a
 * transaction, to check the line itself and to ask Slurm once for all, and then in the transaction,
 * where post() plans. All mistakes are reported in one go, except those that follow from another
 * one. */
#pragma once

#include "cmd/check/clusters.h"
#include "cmd/enter/changes.h"
#include "cmd/frame/command.h"
#include "cmd/frame/options.h"

/* The number of mistakes to report at most. */
enum { MISTAKES_MAX = 20 };

/* A place in the file. */
struct place {
	size_t line, column; /* from 1; of a table: the row and 0 */
	const char *name; /* of a table: its column; NULL: the whole row */
};

/* A message about a line, which it names. */
struct batch_message {
	size_t line, order; /* order: among those of the line */
	char *text;
};

struct batch_entry {
	struct place at;
	const struct command *command;
	const char *argv[3];
	int argc;
	const char *values[OPTIONS_MAX]; /* by option_place(); "ref" must be there */
	bool wrong; /* its mistake was reported */
};

/* Zeroed except for the first six members, which the caller sets; batch_release() frees it. */
struct batch {
	const char *name; /* of the file, for messages */
	bool own_refs; /* refs that subank keeps for itself are allowed */
	bool may_be_over; /* windows may have ended */
	bool dry; /* nothing is recorded */
	bool is_table; /* the file has rows and columns, by which messages name places */
	const char *verb; /* of a table without the column `verb`: that of all rows; or NULL */

	struct batch_entry *entries;
	size_t count;
	char **texts; /* what the entries point to */
	size_t text_count;
	size_t wrong; /* entries whose mistake was reported */
	size_t unread; /* of these, those that are not among [entries] */
	const char *unopened[2 * MISTAKES_MAX]; /* accounts that wrong entries should have opened */
	size_t unopened_count;
	bool malformed; /* an entry is wrong whatever the books hold */
	struct batch_message *messages; /* about mistakes; batch_report() prints them */
	size_t message_count;

	/* Filled by batch_run(). */
	struct env *shown; /* prints what is about no line */
	size_t above; /* amounts above the settings' confirm_above */
	struct clusters clusters; /* what Slurm answered, if it was asked */
	bool asked;
	int answer;
	struct books *books; /* within the transaction */
	int rc; /* of the entry that was refused there, with its text */
	struct sb_error err;
	const char *column; /* of a table: the one that was refused there; NULL: not known */
	struct rules rules; /* of the site */
	size_t refused; /* entries, there */
	struct changes changes; /* the accounts that entries are about */
	struct changes to_settle; /* those for which Slurm may have to change; names alone */
	size_t recorded, skipped; /* requests; skipped are those whose ref was there before */
	struct head head;
};

/* Adds a zeroed entry; valid until the next one is added. */
int batch_add(struct batch *batch, struct batch_entry **ret, struct sb_error *err);
/* Copies [text]; the copy lives as long as the batch. */
int batch_keep(struct batch *batch, const char *text, const char **ret, struct sb_error *err);
/* Sets an option, which the entry's verb must have; [value] must live as long as the batch. */
void batch_option(struct batch_entry *entry, const char *name, const char *value);

/* Writes "file:line:column: ", or "file: row 3, column su: ". Returns [to]. */
enum { PLACE_TEXT_SIZE = 1024 };
const char *batch_place(const struct batch *batch, const struct place *at,
			char to[PLACE_TEXT_SIZE]);

/* Adds a message about a line. */
int batch_message(struct batch *batch, size_t line, const char *text, struct sb_error *err);
/* Prints the messages in the order of the lines, each once. */
void batch_report(struct env *env, struct batch *batch);

/* Counts a malformed entry, which is NULL if it was not added; its messages were added. Returns
 * false once there are MISTAKES_MAX. */
bool batch_mistake(struct batch *batch, struct batch_entry *entry);

/* Runs all entries and reports mistakes with their places. Returns EXIT_DONE; or EXIT_USAGE when an
 * entry is malformed, EXIT_REFUSED, or EXIT_UNKNOWN, when it is not known whether they were
 * recorded. */
int batch_run(struct env *env, struct batch *batch);
/* Brings Slurm in line for the accounts that need it, in one go. */
int batch_apply(struct env *env, const struct batch *batch);

/* For verbs and post(): asks Slurm once for all entries, as clusters_observe() does, into
 * batch->clusters. */
int batch_observe(const struct env *env);
/* Keeps the account's balance as it is before the first entry about it. */
int batch_touch(struct batch *batch, const char *name, struct sb_error *err);
/* Adds the account to those for which Slurm may have to change. */
int batch_settle(struct batch *batch, const char *name, struct sb_error *err);

void batch_release(struct batch *batch);
