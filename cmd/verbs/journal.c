/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <time.h>

#include "cmd/frame/moment.h"
#include "cmd/show/entry_json.h"
#include "cmd/show/entry_text.h"
#include "cmd/show/journal_filter.h"
#include "cmd/show/output.h"
#include "cmd/verbs/verb.h"

/* How often --follow reads new entries. */
enum { FOLLOW_PAUSE_MS = 500 };

enum {
	COLUMN_ENTRY,
	COLUMN_TIME,
	COLUMN_KIND,
	COLUMN_ACCOUNT,
	COLUMN_CLUSTER,
	COLUMN_AMOUNT,
	COLUMN_UNIT,
	COLUMN_DETAIL,
	COLUMN_ACTOR,
	COLUMN_REF,
	COLUMN_NOTE,
	COLUMN_HASH,
	COLUMN_RESOURCE,
	COLUMN_COUNT
};

static const struct column columns[COLUMN_COUNT] = {
	[COLUMN_ENTRY] = {"Entry", true, true, CELL_WHOLE},
	[COLUMN_TIME] = {"Time", false, true, CELL_WHOLE},
	[COLUMN_KIND] = {"Kind", false, true, CELL_WHOLE},
	[COLUMN_ACCOUNT] = {"Account", false, true, CELL_NAME},
	[COLUMN_CLUSTER] = {"Cluster", false, false, CELL_NAME},
	[COLUMN_AMOUNT] = {"Amount", true, true, CELL_AMOUNT},
	[COLUMN_UNIT] = {"Unit", false, false, CELL_UNIT},
	[COLUMN_DETAIL] = {"Detail", false, true, CELL_PROSE},
	[COLUMN_ACTOR] = {"Actor", false, false, CELL_NAME},
	[COLUMN_REF] = {"Ref", false, false, CELL_NAME},
	[COLUMN_NOTE] = {"Note", false, false, CELL_PROSE},
	[COLUMN_HASH] = {"Hash", false, false, CELL_WHOLE},
	[COLUMN_RESOURCE] = {"Resource", false, false, CELL_RESOURCE},
};

struct listing {
	struct env *env;
	struct output *output; /* NULL: JSON lines */
	bool for_people; /* the form is a table */
	struct journal_filter *filter;
	struct books *books; /* of the transaction */
	uint64_t last; /* print only so many, the newest; 0: all */
	uint64_t found;
	uint64_t first; /* of the last ones */
	uint64_t head; /* the newest entry that was read */
};

/* Returns whether the rows are the receiver's of a transfer, not the giver's. */
static bool for_receiver(const struct listing *listing, const struct event *event)
{
	return event_receiver(event) && !selection_has(&listing->filter->selection, event->account);
}

/* Returns whether the reversal takes money from the account. */
static bool takes_back(const struct event *event)
{
	return event->reverses == REVERSED_DEPOSIT || event->reverses == REVERSED_REFUND;
}

/* Writes the amount with the sign of its kind. Returns false if the kind has no amount. */
static bool signed_amount(const struct listing *listing, const struct event *event, int64_t *ret)
{
	switch (event->kind) {
	case EVENT_DEPOSIT:
	case EVENT_REFUND:
	case EVENT_FORGIVE:
		*ret = event->amount;
		return true;
	case EVENT_RECONCILE:
		*ret = event->use == USE_LESS ? event->amount : -event->amount;
		return true;
	case EVENT_REVERSE:
		*ret = for_receiver(listing, event) || takes_back(event) ? -event->amount
									 : event->amount;
		return true;
	case EVENT_RENAME:
	case EVENT_MERGE:
		*ret = for_receiver(listing, event) ? event->rest - event->debt
						    : event->debt - event->rest;
		return true;
	case EVENT_TRANSFER:
		*ret = for_receiver(listing, event) ? event->amount : -event->amount;
		return true;
	case EVENT_WITHDRAW:
	case EVENT_CHARGE:
	case EVENT_CHARGE_JOB:
	case EVENT_FEE:
	case EVENT_ADJUST:
	case EVENT_EXPIRE:
		*ret = -event->amount;
		return true;
	default:
		return false;
	}
}

/* Puts the unit of the entry's amount before its detail, unless the detail names it. A column of
 * units would leave too little room for the other columns. */
static void add_unit(const struct env *env, const char *purse, char *detail, size_t size)
{
	const struct unit unit = purse_unit(purse);
	char *copy, name[sizeof(unit.second) + 1];

	(void)snprintf(name, sizeof(name), "%s%s", env->seconds ? unit.second : unit.name,
		       env->seconds ? "s" : "");
	copy = strstr(detail, name) ? NULL : strdup(detail);
	if (copy)
		(void)snprintf(detail, size, "%s%s%s", name, *copy ? ": " : "", copy);
	free(copy);
}

static void add_row(const struct listing *listing, const struct entry *entry)
{
	const struct event *event = entry->event;
	struct output *output = listing->output;
	char detail[1024], hash[HASH_TEXT_SIZE], actor[ACTOR_SIZE];
	int64_t amount;
	bool has_amount;

	output_row(output);
	output_number(output, COLUMN_ENTRY, (int64_t)event->seq);
	output_time(output, COLUMN_TIME, event->time);
	output_text(output, COLUMN_KIND, event_kinds[event->kind].name);
	output_text(output, COLUMN_ACCOUNT, event->account);
	output_text(output, COLUMN_CLUSTER, event->cluster ? event->cluster : "");
	has_amount = signed_amount(listing, event, &amount);
	/* Without an amount a unit would only confuse people. */
	if (has_amount || !listing->for_people)
		output_unit(output, event->account);
	if (has_amount)
		output_amount(output, COLUMN_AMOUNT, amount);
	entry_text(listing->env, event, for_receiver(listing, event), detail, sizeof(detail));
	if (has_amount && listing->for_people && !purse_is_account(event->account))
		add_unit(listing->env, event->account, detail, sizeof(detail));
	output_text(output, COLUMN_DETAIL, detail);
	output_text(output, COLUMN_ACTOR, entry_actor(listing->env, event, actor));
	output_text(output, COLUMN_REF, event->ref);
	output_text(output, COLUMN_NOTE, event->note);
	output_text(output, COLUMN_HASH, hex_format(hash, entry->hash, HASH_SIZE));
}

static int print_entry(const struct entry *entry, void *ctx, struct sb_error *err)
{
	struct listing *listing = ctx;
	FILE *out = listing->env->os.out;
	bool chosen;
	int rc = SB_OK;

	TRY(journal_filter_has(listing->filter, listing->books, entry->event, &chosen, err));
	if (!chosen)
		return SB_OK;
	if (listing->output)
		add_row(listing, entry);
	else
		rc = entry_json(listing->env, out, entry, err);
	/* An error of the output is reported at the end. */
	if (rc)
		return ferror(out) ? STORE_ABORT : rc;
	return ++listing->found == listing->last ? STORE_ABORT : SB_OK;
}

/* Reads backward to the first of the last entries. */
static int count_back(const struct entry *entry, void *ctx, struct sb_error *err)
{
	struct listing *listing = ctx;
	bool chosen;

	TRY(journal_filter_has(listing->filter, listing->books, entry->event, &chosen, err));
	if (!chosen)
		return SB_OK;
	listing->first = entry->event->seq;
	return ++listing->found == listing->last ? STORE_ABORT : SB_OK;
}

static int list(struct books *books, void *ctx, struct sb_error *err)
{
	struct listing *listing = ctx;
	struct entry_range range;
	bool resources = false;

	listing->head = books_head(books)->seq;
	listing->books = books;
	listing->found = 0;
	TRY(journal_filter_check(listing->env, books, listing->filter, err));
	range = listing->filter->range;
	if (listing->output)
		TRY(journal_filter_has_resources(listing->filter, books, &resources, err));
	if (resources && !listing->for_people)
		output_show_units(listing->output);
	if (resources && !option(listing->env, "format"))
		output_units_below(listing->output,
				   "Amounts are in SU, or in the unit that Detail names.");
	if (listing->last && !range.backward) {
		range.backward = true;
		TRY(entries_each(books, &range, count_back, listing, NULL, err));
		if (listing->found == 0)
			return SB_OK;
		range.backward = false;
		range.from = listing->first;
		listing->found = 0;
	}
	return entries_each(books, &range, print_entry, listing, NULL, err);
}

/* Prints the entries after listing->head. */
static int list_new(struct books *books, void *ctx, struct sb_error *err)
{
	struct listing *listing = ctx;
	uint64_t head = books_head(books)->seq;
	struct entry_range range;
	int rc;

	if (head <= listing->head)
		return SB_OK;
	TRY(journal_filter_purses(listing->filter, books, err));
	range = listing->filter->range;
	if (range.from <= listing->head)
		range.from = listing->head + 1;
	listing->books = books;
	rc = entries_each(books, &range, print_entry, listing, NULL, err);
	listing->head = head;
	return rc;
}

/* Runs until the output cannot be written, or a signal ends it. */
static int follow(struct listing *listing, struct sb_error *err)
{
	static const struct timespec pause = {.tv_nsec = FOLLOW_PAUSE_MS * 1000000L};
	struct env *env = listing->env;
	int rc = SB_OK;

	listing->last = 0;
	while (!rc) {
		rc = output_flush(listing->output, err);
		flush_out(env);
		if (ferror(env->os.out))
			break;
		(void)nanosleep(&pause, NULL);
		if (!rc)
			rc = bank_read(env->bank, env->os.now(), list_new, listing, err);
	}
	return rc;
}

static int print(struct listing *listing)
{
	struct env *env = listing->env;
	struct sb_error err;
	int rc = output_check_forms(env, &err), finished;

	if (!rc && !option(env, "json"))
		rc = output_new(env, columns, COLUMN_COUNT, &listing->output, &err);
	if (!rc)
		rc = bank_read(env->bank, env->os.now(), list, listing, &err);
	/* With these options the filter reports what is missing. */
	if (!rc && listing->output && !option(env, "from") && !option(env, "to") &&
	    !option(env, "ref"))
		output_if_empty(listing->output, "no entries to show");
	if (!rc && option(env, "follow"))
		rc = follow(listing, &err);
	if (rc && listing->output)
		output_fail(listing->output);
	finished = output_finish(listing->output, rc ? NULL : &err);
	return rc || finished ? fail(env, &err) : EXIT_DONE;
}

static int run(struct env *env, int argc, const char *const argv[])
{
	struct journal_filter filter;
	struct listing listing = {
		.env = env, .filter = &filter, .for_people = prints_for_people(env)};
	struct sb_error err;
	int status;

	if (option(env, "follow") && (option(env, "reverse") || option(env, "to") ||
				      option(env, "until") || option(env, "ref")))
		return usage(env, "--follow waits for new entries: leave out --reverse, --to, "
				  "--until and --ref");
	if (option(env, "json") && option(env, "unit"))
		return usage(env, "--json prints entries as the books have them, in seconds: use "
				  "--csv, or leave --unit out");
	if (moment_count(env, "last", "a number of entries", &listing.last, &err))
		return fail(env, &err);
	status = journal_filter_read(env, argc, argv, &filter);
	if (status != EXIT_DONE)
		return status;
	filter.range.backward = option(env, "reverse");
	status = print(&listing);
	journal_filter_release(&filter);
	return status;
}

const struct command cmd_journal = {
	.name = "journal",
	.arguments = "[ACCOUNT...]",
	.summary = "every entry of the books, oldest first",
	.details =
		"Columns: Entry, Time, Kind, Account, Amount, Detail, and with --format also "
		"Cluster, Actor, Ref, Note, Hash, Unit and Resource. An account's entries include "
		"those of its budgets of other resources (`subank open --resource`), whose Account "
		"is ACCOUNT:RESOURCE; --resource shows one of them. Their Detail names "
		"the unit of the amount; JSON and CSV have columns for it. Actor is the user "
		"that subank ran as and, in parentheses, the user who had logged in, as the kernel "
		"reports it: slurm (login "
		"alice). Without a login it is the user who ran sudo: slurm (sudo alice); that "
		"comes from the environment and is only a hint. --actor finds each of them. --json "
		"prints one object a line, with all fields; subank-journal(5) describes them.",
	.examples = EXAMPLES(
		{"subank journal physics --last 20", "what happened last"},
		{"subank journal --kind deposit,transfer --since 2026-10-01", "money that came in"},
		{"subank journal --actor alice --reverse", "who did what, newest first"},
		{"subank journal physics --user bob", "his jobs, and what was refunded of them"},
		{"subank journal --follow --json", "for a program, as entries come"}),
	.see_also = "statement usage why refund",
	.max_args = -1,
	.flags = CMD_READ | CMD_LIST,
	.options = OPTIONS(
		{"last", 'l', "N", "only the newest N"}, {"reverse", 'r', NULL, "newest first"},
		{"follow", 'f', NULL, "wait, and print new entries as they come"},
		{"kind", 'k', "KINDS", "only entries of these kinds: deposit,charge"},
		{"clusters", 'M', "CLUSTERS", "only entries about these clusters"},
		{"actor", 0, "USER", "only entries of this user or login (name or number)"},
		{"ref", 0, "REF", "only the entry with this ref"},
		{"user", 0, "USER", "only entries about jobs of this user"},
		{"partition", 0, "NAME", "only entries about jobs of this partition"},
		SHOWN_RESOURCE_OPTION,
		{"since", 0, "TIME", "only entries made at this time or later"},
		{"until", 0, "TIME", "only entries made before this time"},
		{"from", 0, "ENTRY", "only entries from this number on"},
		{"to", 0, "ENTRY", "only entries up to this number"}),
	.run = run,
};
