/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ledger/report/use_days.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ledger/base/amount.h"
#include "ledger/base/array.h"
#include "ledger/base/when.h"
#include "ledger/books/entries.h"
#include "ledger/books/renames.h"

enum { NAMES = sizeof(((struct use_day *)NULL)->names) / sizeof(char *) };

int use_day_of(int64_t when)
{
	time_t seconds = (time_t)(when / WHEN_SECOND);
	struct tm tm;

	localtime_r(&seconds, &tm);
	return (tm.tm_year + 1900) * 10000 + (tm.tm_mon + 1) * 100 + tm.tm_mday;
}

static int by_day(const void *a, const void *b)
{
	const struct use_day *x = a, *y = b;
	int order = (x->day > y->day) - (x->day < y->day);

	for (size_t i = 0; i < NAMES && !order; i++)
		order = strcmp(x->names[i], y->names[i]);
	return order;
}

static void day_release(struct use_day *day)
{
	for (size_t i = 0; i < NAMES; i++)
		free(day->names[i]);
}

static int copy_names(struct use_day *to, const struct use_day *from, struct sb_error *err)
{
	struct use_day copy = {.day = from->day};

	for (size_t i = 0; i < NAMES; i++) {
		copy.names[i] = strdup(from->names[i]);
		if (!copy.names[i]) {
			day_release(&copy);
			return sb_error_nomem(err);
		}
	}
	*to = copy;
	return SB_OK;
}

int use_days_add(struct use_days *days, const struct use_day *day, struct sb_error *err)
{
	struct use_day *to, copy;
	size_t at;

	if (!array_search(days->list, days->count, day, by_day, &at)) {
		TRY(copy_names(&copy, day, err));
		to = array_insert(days->list, days->count, at);
		if (!to) {
			day_release(&copy);
			return sb_error_nomem(err);
		}
		*to = copy;
	}
	to = &days->list[at];
	to->jobs += day->jobs;
	to->entries += day->entries;
	use_add_hours(&to->hours, &day->hours);
	if (amount_add(to->amount, day->amount, &to->amount))
		return SB_OK;
	return sb_error_set(err, SB_EOVERFLOW, "the use of a day is past what int64 holds");
}

struct following {
	struct books *books;
	struct nesting *nesting;
	struct use_days *days;
};

/* Whether an entry about use gives some back. */
static bool gives_back(const struct event *event)
{
	if (event->kind == EVENT_RECONCILE)
		return event->use == USE_LESS;
	return event->kind == EVENT_REFUND ||
	       (event->kind == EVENT_REVERSE && event->reverses != REVERSED_REFUND);
}

static int add_charge(const struct following *following, const struct event *event,
		      const struct event *charge, struct sb_error *err)
{
	bool below;

	struct use_day day = {.day = use_day_of(event->time),
			      .jobs = event->kind == EVENT_CHARGE_JOB,
			      .entries = 1,
			      .amount = gives_back(event) ? -event->amount : event->amount};

	if (day.jobs > 0)
		day.hours = use_job_hours(event);
	TRY(nesting_is_below(following->nesting, following->books, charge, &below, err));
	for (size_t i = 0; i < NAMES; i++) {
		enum use_by by = (enum use_by)(USE_BY_USER + i);
		const char *name = below ? USE_BELOW : use_group_name(by, charge);

		day.names[i] = (char *)(uintptr_t)name;
	}
	return use_days_add(following->days, &day, err);
}

static int add_entry(const struct entry *entry, void *ctx, struct sb_error *err)
{
	const struct following *following = ctx;
	const struct event *charge;
	struct event held = {0};
	int rc = use_charge(following->books, entry->event, &held, &charge, err);

	if (!rc && charge)
		rc = add_charge(following, entry->event, charge, err);
	event_release(&held);
	return rc;
}

struct oldest {
	int64_t time;
	bool found;
};

static int take_oldest(const struct entry *entry, void *ctx, struct sb_error *err)
{
	struct oldest *oldest = ctx;

	(void)err;
	*oldest = (struct oldest){entry->event->time, true};
	return STORE_ABORT;
}

/* Finds whether the purse has entries before [since]. */
static int is_older(struct books *books, const char *purse, int64_t since, bool *ret,
		    struct sb_error *err)
{
	struct oldest oldest = {0};

	TRY(tenures_each(books, purse, &(struct entry_range){0}, take_oldest, &oldest, NULL, err));
	*ret = oldest.found && oldest.time < since;
	return SB_OK;
}

static void forget_before(struct use_days *days, int day)
{
	size_t gone = 0;

	while (gone < days->count && days->list[gone].day < day)
		day_release(&days->list[gone++]);
	if (gone == 0)
		return;
	memmove(days->list, &days->list[gone], (days->count - gone) * sizeof(*days->list));
	days->count -= gone;
	days->from = day;
}

int use_days_follow(struct books *books, struct nesting *nesting, const struct account *account,
		    int64_t since, struct use_days *days, struct sb_error *err)
{
	const char *name = account->name;
	const struct entry_range range = {.from = days->seq + 1, .since = since};
	struct following following = {books, nesting, days};
	bool older = false;

	if (!days->seq)
		TRY(is_older(books, name, since, &older, err));
	if (older)
		days->from = use_day_of(since);
	forget_before(days, use_day_of(since));
	TRY(tenures_each(books, name, &range, add_entry, &following, NULL, err));
	days->seq = account->seq;
	return SB_OK;
}

int use_days_sum(const struct use_days *days, int since, int until, struct use *use,
		 struct sb_error *err)
{
	for (size_t i = 0; i < days->count; i++) {
		const struct use_day *day = &days->list[i];
		const struct use_group added = {.jobs = day->jobs,
						.entries = day->entries,
						.amount = day->amount,
						.hours = day->hours};
		const enum use_by by[USE_DIMENSIONS] = {use->by, use->then};
		const char *names[USE_DIMENSIONS] = {NULL};
		char month[32];

		if (day->day < since || day->day >= until)
			continue;
		(void)snprintf(month, sizeof(month), "%04d-%02d", day->day / 10000,
			       day->day / 100 % 100);
		for (size_t j = 0; j < USE_DIMENSIONS && by[j]; j++)
			names[j] = by[j] == USE_BY_MONTH ? month : day->names[by[j] - USE_BY_USER];
		TRY(use_add_group(use, names, &added, err));
	}
	return use_finish(use, err);
}

void use_days_release(struct use_days *days)
{
	for (size_t i = 0; i < days->count; i++)
		day_release(&days->list[i]);
	free(days->list);
	*days = (struct use_days){0};
}
