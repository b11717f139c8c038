/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Deferred charges: the account's state has them, the journal does not yet. */
#include <stdlib.h>
#include <string.h>

#include "ledger/account/policy.h"
#include "ledger/books/books_inside.h"

/* Applies the charge to a copy: a charge that fails leaves the account in no defined state. */
static int try_charge(const struct account *account, const struct event *charge,
		      struct sb_error *err)
{
	struct account *copy = account_copy(account);
	int rc = copy ? account_apply(copy, NULL, charge, err) : sb_error_nomem(err);

	account_free(copy);
	return rc;
}

static struct deferred *add_deferred(struct loaded *loaded, const char *cluster)
{
	struct deferred **end = &loaded->deferred;

	while (*end)
		end = &(*end)->next;
	*end = calloc(1, sizeof(**end));
	if (*end)
		memcpy((*end)->cluster, cluster, strlen(cluster));
	return *end;
}

/* Returns the charge that [charge] continues and can be joined to, or NULL. The joined charge is
 * recorded in place of the first one. If a part of it becomes debt, that debt is paid at once, from
 * the money that the charges between them draw on: then they cannot be joined. */
static struct deferred *find_joinable(const struct loaded *loaded, const struct event *charge)
{
	struct deferred *found = NULL;

	for (struct deferred *at = loaded->deferred; at; at = at->next) {
		if (at->charge.seq)
			continue;
		if (strcmp(at->cluster, charge->cluster) == 0)
			found = at;
		else if (charge->debt > 0 && at->charge.part_count > 0)
			found = NULL;
	}
	return found && found->charge.part_count + charge->part_count <= EVENT_PARTS_MAX ? found
											 : NULL;
}

static int keep_deferred(struct loaded *loaded, struct event *charge, struct sb_error *err)
{
	struct deferred *deferred = find_joinable(loaded, charge);

	if (deferred)
		return event_join_charge(&deferred->charge, charge, err);
	deferred = add_deferred(loaded, charge->cluster);
	if (!deferred)
		return sb_error_nomem(err);
	deferred->charge = *charge;
	deferred->charge.seq = 0;
	deferred->charge.account = loaded->account->name;
	deferred->charge.resource = purse_resource(loaded->account->name);
	deferred->charge.cluster = deferred->cluster;
	charge->parts = NULL;
	charge->part_count = charge->part_size = 0;
	return SB_OK;
}

/* Applies a charge that try_charge() accepted. */
static int defer(struct books *books, struct loaded *loaded, struct event *charge,
		 struct sb_error *err)
{
	uint64_t last = loaded->account->seq;

	TRY(account_apply(loaded->account, NULL, charge, err));
	loaded->account->seq = last;
	TRY(keep_deferred(loaded, charge, err));
	/* A state that will be stored must not contain deferred charges. */
	return loaded->dirty ? books_record_waiting(books, loaded, err) : SB_OK;
}

int books_defer(struct books *books, struct event *charge, struct sb_error *err)
{
	struct sb_error why = {0};
	struct loaded *loaded;
	size_t at;

	TRY(books_may_write(books, err));
	TRY(books_load(books, charge->account, &at, err));
	loaded = &books->accounts[at];
	books_stamp(books, charge);
	TRY(event_check(charge, err));
	TRY(try_charge(loaded->account, charge, err));
	return books_wrote(books, defer(books, loaded, charge, &why), true, &why, err);
}

const struct event *books_deferred(const struct books *books, const char *account, size_t index)
{
	const struct deferred *each = NULL;
	bool found;
	size_t at = books_search(books, account, &found);

	if (found)
		each = books->accounts[at].deferred;
	while (each && index-- > 0)
		each = each->next;
	return each ? &each->charge : NULL;
}

void books_deferred_sum(const struct books *books, const struct account *account,
			int64_t *ret_amount, int64_t *ret_since)
{
	const struct event *charge;

	*ret_amount = *ret_since = 0;
	for (size_t i = 0; (charge = books_deferred(books, account->name, i)); i++) {
		if (charge->seq)
			continue;
		/* The account has charged them all, so the sum fits. */
		*ret_amount += charge->amount;
		if (!*ret_since || charge->since < *ret_since)
			*ret_since = charge->since;
	}
}

int books_record_waiting(struct books *books, struct loaded *loaded, struct sb_error *err)
{
	for (struct deferred *each = loaded->deferred; each; each = each->next) {
		if (each->charge.seq)
			continue;
		books_stamp(books, &each->charge);
		TRY(books_store_entry(books, loaded, NULL, &each->charge, err));
		loaded->account->seq = each->charge.seq;
		loaded->dirty = true;
	}
	return SB_OK;
}

int books_record_deferred(struct books *books, const char *account, struct sb_error *err)
{
	struct sb_error why = {0};
	size_t at;
	int rc;

	TRY(books_may_write(books, err));
	rc = books_load(books, account, &at, &why);
	if (rc == SB_ENOTFOUND)
		return SB_OK;
	if (!rc)
		rc = books_record_waiting(books, &books->accounts[at], &why);
	return books_wrote(books, rc, true, &why, err);
}

/* Defers the charge that the reading on one cluster implies. */
static int restore_deferred(struct books *books, const struct account *account,
			    const struct meter *meter, struct sb_error *err)
{
	struct event charge = {.kind = EVENT_CHARGE,
			       .account = account->name,
			       .cluster = meter->cluster,
			       .resource = purse_resource(account->name),
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
	/* The use was recorded since, or the clock was put back. */
	if (charge.amount <= 0 || charge.since < meter->time || charge.since >= charge.until)
		return SB_OK;
	rc = plan_charge(account, &charge, err);
	if (!rc)
		rc = books_defer(books, &charge, err);
	event_release(&charge);
	/* A reading that contradicts the books counts as lost. After other errors (no memory, a
	 * full map) the transaction must be repeated. */
	return rc == SB_EINVAL || rc == SB_EREFUSED || rc == SB_EOVERFLOW || rc == SB_ECORRUPT
		       ? SB_OK
		       : rc;
}

int books_restore_deferred(struct books *books, const struct account *account, struct sb_error *err)
{
	for (size_t i = 0; i < account->meter_count; i++)
		TRY(restore_deferred(books, account, &account->meters[i], err));
	return SB_OK;
}
