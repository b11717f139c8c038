/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ledger/report/invoice.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ledger/base/amount.h"
#include "ledger/base/period.h"
#include "ledger/base/when.h"
#include "ledger/report/use.h"

enum {
	OFFSETS_SIZE = 32,
	OFFSET_MAX = 14 * 60, /* minutes; a larger one could be taken for a year */
};

int billed_add(struct books *books, struct billed *billed, const struct event *event,
	       int64_t amount, struct sb_error *err)
{
	const struct event *charge = NULL;
	struct event held = {0};
	int64_t used, *sum;
	int rc = use_charge(books, event, &held, &charge, err);

	if (!rc && charge) {
		if (charge != event)
			sum = &billed->returned;
		else if (event->kind == EVENT_FEE)
			sum = &billed->fees;
		else if (event->kind == EVENT_RECONCILE)
			sum = &billed->reconciled;
		else
			sum = &billed->used;
		billed->entries++;
		if (!amount_sub(0, amount, &used) || !amount_add(*sum, used, sum) ||
		    !amount_add(billed->total, used, &billed->total))
			rc = sb_error_set(err, SB_EOVERFLOW,
					  "what was used in this period is past what int64 holds: "
					  "ask for a shorter one");
	}
	event_release(&held);
	return rc;
}

/* Whether the period is one of the local calendar. */
static bool is_whole(enum every every, int64_t since, int64_t until)
{
	int64_t end;

	return period_start(every, since) == since && period_edge(since, every, 1, &end) &&
	       end == until;
}

/* The offset from UTC in minutes. Returns false if it is none of a civil time zone. */
static bool find_offset(int64_t when, int *ret)
{
	time_t seconds = (time_t)(when / WHEN_SECOND);
	struct tm tm;

	localtime_r(&seconds, &tm);
	*ret = (int)(tm.tm_gmtoff / 60);
	return tm.tm_gmtoff % 60 == 0 && *ret >= -OFFSET_MAX && *ret <= OFFSET_MAX;
}

static void append_offset(char to[OFFSETS_SIZE], int minutes)
{
	size_t len = strlen(to);
	const int size = abs(minutes);

	(void)snprintf(to + len, OFFSETS_SIZE - len, "%c%02d%02d", minutes < 0 ? '-' : '+',
		       size / 60, size % 60);
}

/* Writes the offsets from UTC without which the local times of a period may be those of another:
 * "" in UTC, "+0100", or "+0100+0200" if the end has another one. Returns false if they cannot be
 * written so. */
static bool format_offsets(char to[OFFSETS_SIZE], int64_t since, int64_t until)
{
	int first, last;

	*to = '\0';
	if (!find_offset(since, &first) || !find_offset(until, &last))
		return false;
	if (first != 0 || last != 0)
		append_offset(to, first);
	if (last != first)
		append_offset(to, last);
	return true;
}

const char *invoice_number(char to[INVOICE_NUMBER_SIZE], const char *purse, int64_t since,
			   int64_t until, uint64_t seq)
{
	/* How much of "2026-10-01" names the period. */
	static const struct {
		enum every every;
		int len;
	} names[] = {{EVERY_YEAR, 4}, {EVERY_MONTH, 7}, {EVERY_DAY, 10}};
	char start[WHEN_TEXT_SIZE], end[WHEN_TEXT_SIZE], offsets[OFFSETS_SIZE];
	const bool days = when_day(since) == since && when_day(until) == until &&
			  format_offsets(offsets, since, until);
	int len = 0;

	for (size_t i = 0; days && i < sizeof(names) / sizeof(names[0]) && !len; i++) {
		if (is_whole(names[i].every, since, until))
			len = names[i].len;
	}
	if (len > 0)
		(void)snprintf(to, INVOICE_NUMBER_SIZE, "%s-%.*s%s-%" PRIu64, purse, len,
			       when_format_local(start, since), offsets, seq);
	else if (days)
		(void)snprintf(to, INVOICE_NUMBER_SIZE, "%s-%.10s..%.10s%s-%" PRIu64, purse,
			       when_format_local(start, since), when_format_local(end, until),
			       offsets, seq);
	else
		(void)snprintf(to, INVOICE_NUMBER_SIZE, "%s-%s..%s-%" PRIu64, purse,
			       when_format_exact(start, since), when_format_exact(end, until), seq);
	return to;
}
