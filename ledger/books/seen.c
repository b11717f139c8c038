/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "ledger/books/seen.h"

#include "ledger/account/policy.h"

static int take_up_on(struct books *books, const struct account *account, const struct meter *meter,
		      struct sb_error *err)
{
	struct event charge = {.kind = EVENT_CHARGE,
			       .account = account->name,
			       .cluster = meter->cluster,
			       .resource = RESOURCE_BILLING,
			       .before = meter->reading};
	struct reading reading;
	int rc = meter->jobs ? SB_ENOTFOUND
			     : books_reading(books, meter->cluster, account->name, &reading, err);

	if (rc)
		return rc == SB_ENOTFOUND ? SB_OK : rc;
	charge.now = reading.usage;
	charge.amount = reading.usage - meter->reading;
	charge.since = reading.since;
	charge.until = reading.time < books_time(books) ? reading.time : books_time(books);
	/* Entered since, or a clock that went back. */
	if (charge.amount <= 0 || charge.since < meter->time || charge.since >= charge.until)
		return SB_OK;
	rc = plan_charge(account, &charge, err);
	if (!rc)
		rc = books_defer(books, &charge, err);
	event_release(&charge);
	/* Readings are not books: one that does not go with them counts as lost. What failed for
	 * another reason (no memory, no room in the map) is tried again. */
	return rc == SB_EINVAL || rc == SB_EREFUSED || rc == SB_EOVERFLOW || rc == SB_ECORRUPT
		       ? SB_OK
		       : rc;
}

int seen_take_up(struct books *books, const struct account *account, struct sb_error *err)
{
	int rc = SB_OK;

	for (size_t i = 0; i < account->meter_count && !rc; i++)
		rc = take_up_on(books, account, &account->meters[i], err);
	return rc;
}

void seen_sum(const struct books *books, const struct account *account, int64_t *ret_amount,
	      int64_t *ret_since)
{
	const struct event *charge;

	*ret_amount = *ret_since = 0;
	for (size_t i = 0; (charge = books_deferred(books, account->name, i)); i++) {
		if (charge->seq)
			continue;
		/* The account has charged them all: they fit. */
		*ret_amount += charge->amount;
		if (!*ret_since || charge->since < *ret_since)
			*ret_since = charge->since;
	}
}
