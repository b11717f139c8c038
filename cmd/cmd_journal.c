/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/command.h"
#include "cmd/entry_json.h"
#include "cmd/output.h"
#include "cmd/selection.h"
#include "cmd/window.h"
#include "ledger/amount.h"
#include "ledger/when.h"

enum {
	COLUMN_ENTRY,
	COLUMN_TIME,
	COLUMN_KIND,
	COLUMN_ACCOUNT,
	COLUMN_CLUSTER,
	COLUMN_AMOUNT,
	COLUMN_DETAIL,
	COLUMN_ACTOR,
	COLUMN_REF,
	COLUMN_NOTE,
	COLUMN_HASH,
	COLUMN_COUNT,
};

static const struct column columns[COLUMN_COUNT] = {
	[COLUMN_ENTRY] = {"Entry", true, true},	      [COLUMN_TIME] = {"Time", false, true},
	[COLUMN_KIND] = {"Kind", false, true},	      [COLUMN_ACCOUNT] = {"Account", false, true},
	[COLUMN_CLUSTER] = {"Cluster", false, false}, [COLUMN_AMOUNT] = {"Amount", true, true},
	[COLUMN_DETAIL] = {"Detail", false, true},    [COLUMN_ACTOR] = {"Actor", false, false},
	[COLUMN_REF] = {"Ref", false, false},	      [COLUMN_NOTE] = {"Note", false, false},
	[COLUMN_HASH] = {"Hash", false, false},
};

struct listing {
	struct env *env;
	struct output *output; /* NULL: JSON lines */
	const struct selection *selection;
	uint64_t from; /* the first entry to print */
	uint64_t last; /* how many at most, newest; 0: all */
	uint64_t seen;
};

/* Whether the rows are the receiver's of a transfer, not the giver's. */
static bool for_receiver(const struct listing *listing, const struct event *event)
{
	return event_receiver(event) && !selection_has(listing->selection, event->account);
}

/* Whether the reversal takes money from the account, which the entry it answers gave. */
static bool takes_back(const struct event *event)
{
	return event->reverses == REVERSED_DEPOSIT || event->reverses == REVERSED_REFUND;
}

/* The amount with the sign that the kind gives it; false if it has none. */
static bool signed_amount(const struct listing *listing, const struct event *event, int64_t *ret)
{
	switch (event->kind) {
	case EVENT_DEPOSIT:
	case EVENT_REFUND:
		*ret = event->amount;
		return true;
	case EVENT_REVERSE:
		*ret = for_receiver(listing, event) || takes_back(event) ? -event->amount
									 : event->amount;
		return true;
	case EVENT_TRANSFER:
		*ret = for_receiver(listing, event) ? event->amount : -event->amount;
		return true;
	case EVENT_WITHDRAW:
	case EVENT_CHARGE:
	case EVENT_ADJUST:
	case EVENT_EXPIRE:
		*ret = -event->amount;
		return true;
	default:
		return false;
	}
}

static void describe_limit(char *to, size_t size, int64_t value)
{
	if (value < 0)
		(void)snprintf(to, size, "none");
	else
		(void)snprintf(to, size, "%" PRId64, value);
}

/* What an entry says beyond its columns, in a few words. */
static void describe(const struct env *env, const struct event *event, char *to, size_t size)
{
	char when[WHEN_TEXT_SIZE], phrase[WINDOW_PHRASE_SIZE], found[24], set[24],
		debt[QUANTITY_SIZE], before[QUANTITY_SIZE], now[QUANTITY_SIZE];

	to[0] = '\0';
	switch (event->kind) {
	case EVENT_BASELINE:
		(void)snprintf(to, size, "%s starts at %s: %s", event->cluster,
			       quantity(env, now, event->now), event->reason);
		break;
	case EVENT_DEPOSIT:
		window_phrase(phrase, event, event->time);
		(void)snprintf(to, size, "%s%s%s%s", *phrase ? phrase + 1 : "",
			       *phrase && event->debt ? ", " : "",
			       event->debt ? "paid debt of " : "",
			       event->debt ? quantity(env, debt, event->debt) : "");
		break;
	case EVENT_TRANSFER:
		(void)snprintf(to, size, "to %s", event->to);
		break;
	case EVENT_CHARGE:
		(void)snprintf(to, size, "%s %s to %s%s", event->cluster,
			       amount_format(before, event->before, env->seconds),
			       amount_format(now, event->now, env->seconds),
			       event->debt ? ", in debt" : "");
		break;
	case EVENT_REFUND:
		(void)snprintf(to, size, "entry %" PRIu64 "%s", event->answers,
			       new_window_phrase(phrase, event));
		break;
	case EVENT_REVERSE:
		(void)snprintf(to, size, "%s, entry %" PRIu64 "%s",
			       event_word(FIELD_AT_REVERSES, event->reverses), event->answers,
			       new_window_phrase(phrase, event));
		break;
	case EVENT_ADJUST:
		(void)snprintf(to, size, "%s%s%s used", event->reason, *event->reason ? ", " : "",
			       quantity(env, debt, event->debt));
		break;
	case EVENT_EXPIRE:
		(void)snprintf(to, size, "ended %s", when_format_local(when, event->end));
		break;
	case EVENT_THRESHOLD:
		(void)snprintf(to, size, "%" PRId64 "%%: %s of %s", event->level,
			       quantity(env, before, event->used),
			       quantity(env, now, event->allocated));
		break;
	case EVENT_NOTICE:
		(void)snprintf(to, size, "%s end %s", quantity(env, now, event->amount),
			       when_format_local(when, event->end));
		break;
	case EVENT_HOLD:
	case EVENT_RELEASE:
		(void)snprintf(to, size, "%s%s%s", event_word(FIELD_AT_CAUSE, event->cause),
			       !event->until		   ? ""
			       : event->kind == EVENT_HOLD ? " until "
							   : ", lets it run until ",
			       event->until ? when_format_local(when, event->until) : "");
		break;
	case EVENT_LEVER:
		describe_limit(found, sizeof(found), event->found);
		describe_limit(set, sizeof(set), event->set);
		(void)snprintf(to, size, "%s %s %s: %s to %s", event->cluster, event->field,
			       event->tres, found, set);
		break;
	case EVENT_APPLIED:
	case EVENT_NOTIFIED:
		(void)snprintf(to, size, "entry %" PRIu64 " %s%s%s", event->answers,
			       event_word(FIELD_AT_OUTCOME, event->outcome),
			       *event->reason ? ": " : "", event->reason);
		break;
	default:
		break;
	}
}

static void add_row(const struct listing *listing, const struct entry *entry)
{
	const struct event *event = entry->event;
	struct output *output = listing->output;
	char detail[1024], hash[HASH_TEXT_SIZE];
	int64_t amount;

	output_row(output);
	output_number(output, COLUMN_ENTRY, (int64_t)event->seq);
	output_time(output, COLUMN_TIME, event->time);
	output_text(output, COLUMN_KIND, event_kinds[event->kind].name);
	output_text(output, COLUMN_ACCOUNT, event->account);
	output_text(output, COLUMN_CLUSTER, event->cluster ? event->cluster : "");
	if (signed_amount(listing, event, &amount))
		output_amount(output, COLUMN_AMOUNT, amount);
	describe(listing->env, event, detail, sizeof(detail));
	output_text(output, COLUMN_DETAIL, detail);
	output_text(output, COLUMN_ACTOR, event->user);
	output_text(output, COLUMN_REF, event->ref);
	output_text(output, COLUMN_NOTE, event->note);
	output_text(output, COLUMN_HASH, hex_format(hash, entry->hash, HASH_SIZE));
}

/* Whether --clusters, if it was given, names the entry's cluster. */
static bool of_clusters(const struct env *env, const struct event *event)
{
	if (!option(env, "clusters"))
		return true;
	for (size_t i = 0; event->cluster && i < env->settings.cluster_count; i++) {
		if (strcmp(event->cluster, env->settings.clusters[i]) == 0)
			return true;
	}
	return false;
}

static bool selected(const struct listing *listing, const struct event *event)
{
	if (!of_clusters(listing->env, event))
		return false;
	return selection_has(listing->selection, event->account) ||
	       (event->to && *event->to && selection_has(listing->selection, event->to));
}

static int print_entry(const struct entry *entry, void *ctx, struct sb_error *err)
{
	struct listing *listing = ctx;

	if (!selected(listing, entry->event))
		return SB_OK;
	if (!listing->output)
		return entry_json(listing->env->out, entry, err);
	add_row(listing, entry);
	return SB_OK;
}

/* Finds the first of the last entries by walking back. */
static int count_back(const struct entry *entry, void *ctx, struct sb_error *err)
{
	struct listing *listing = ctx;

	(void)err;
	if (!selected(listing, entry->event))
		return SB_OK;
	listing->from = entry->event->seq;
	return ++listing->seen == listing->last ? STORE_ABORT : SB_OK;
}

static int list(struct books *books, void *ctx, struct sb_error *err)
{
	struct listing *listing = ctx;
	const struct account *account;
	int rc = SB_OK;

	for (size_t i = 0; i < listing->selection->count && !rc; i++)
		rc = books_account(books, listing->selection->list[i], &account, err);
	if (!rc && listing->last)
		rc = journal_walk(books_txn(books), 0, true, count_back, listing, err);
	if (rc || (listing->last && listing->seen == 0))
		return rc;
	return journal_walk(books_txn(books), listing->from, false, print_entry, listing, err);
}

static int read_last(struct env *env, uint64_t *ret)
{
	const char *text = option(env, "last");
	char *end;

	if (!text)
		return EXIT_DONE;
	*ret = strtoull(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || *ret == 0 || *ret > INT64_MAX)
		return usage(env, "--last needs a number of entries, not '%s'", text);
	return EXIT_DONE;
}

static int run(struct env *env, int argc, const char *const argv[])
{
	struct listing listing = {.env = env};
	struct selection selection = {0};
	struct sb_error err;
	int status = read_last(env, &listing.last);

	if (option(env, "clusters") &&
	    settings_set_clusters(&env->settings, option(env, "clusters"), &err))
		return fail(env, &err);
	if (status == EXIT_DONE)
		status = selection_read(env, argc, argv, &selection);
	if (status != EXIT_DONE)
		return status;
	listing.selection = &selection;
	if (!option(env, "json"))
		status = output_from_bank(env, columns, COLUMN_COUNT, list, &listing,
					  &listing.output);
	else if (bank_read(env->bank, env->now(), list, &listing, &err))
		status = fail(env, &err);
	selection_release(&selection);
	return status;
}

static const struct option_spec options[] = {
	{"last", 'l', "N", "only the newest N"},
	{"clusters", 'M', "LIST", "only entries about these clusters"},
	{NULL, 0, NULL, NULL},
};

const struct command cmd_journal = {
	.name = "journal",
	.arguments = "[ACCOUNT...]",
	.summary = "every entry of the books, oldest first",
	.details = "Columns: Entry, Time, Kind, Account, Amount, Detail, and with --format also\n"
		   "Cluster, Actor, Ref, Note and Hash. --json prints one object a line, with all\n"
		   "fields.",
	.max_args = -1,
	.flags = CMD_READ | CMD_LIST,
	.options = options,
	.run = run,
};
