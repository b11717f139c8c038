/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ledger/check/successor.h"

#include <stdlib.h>
#include <string.h>

#include "ledger/base/array.h"
#include "ledger/base/minmax.h"
#include "ledger/books/entries.h"
#include "ledger/books/renames.h"

/* What the clusters showed, if they were asked. */
struct shown {
	const struct observation *list;
	size_t count;
};

/* Gets the cluster's tree: that observed if it answered, which is made in [made], else that of the
 * last check. */
static int find_tree(struct books *books, const char *cluster, const struct shown *shown,
		     struct tree *made, const struct tree **ret, struct sb_error *err)
{
	struct kept_tree *kept;

	*ret = made;
	for (size_t i = 0; i < shown->count; i++) {
		const struct observation *observation = &shown->list[i];

		if (observation->answered && strcmp(observation->cluster, cluster) == 0)
			return observation_tree(observation, made, err);
	}
	TRY(books_kept_tree(books, cluster, &kept, err));
	*ret = &kept->tree;
	return SB_OK;
}

/* Finds whether one of two accounts is above the other on a cluster where [from] is metered. */
static int find_place(struct books *books, const struct account *from, const char *to,
		      const struct shown *shown, bool *ret_above, bool *ret_below,
		      struct sb_error *err)
{
	char account[NAME_SIZE], other[NAME_SIZE];

	purse_account(account, from->name);
	purse_account(other, to);
	*ret_above = *ret_below = false;
	for (size_t i = 0; i < from->meter_count; i++) {
		struct tree made = {0};
		const struct tree *tree;

		TRY(find_tree(books, from->meters[i].cluster, shown, &made, &tree, err));
		*ret_above = *ret_above || tree_above(tree, other, account);
		*ret_below = *ret_below || tree_above(tree, account, other);
		tree_release(&made);
	}
	return SB_OK;
}

int successor_check_place(struct books *books, const struct account *from, const char *to,
			  const struct observation *observations, size_t count,
			  struct sb_error *err)
{
	const struct shown shown = {observations, count};
	bool above, below;

	TRY(find_place(books, from, to, &shown, &above, &below, err));
	if (above)
		return sb_error_set(err, SB_EREFUSED,
				    "account '%s' is above '%s' in Slurm, and its budget counts "
				    "the use of both already: move one of them first, or give it "
				    "the money alone (`subank transfer`) and close '%s'",
				    to, from->name, from->name);
	if (below)
		return sb_error_set(err, SB_EREFUSED,
				    "account '%s' is below '%s' in Slurm, which would be closed "
				    "and hold it: move it first (sacctmgr modify account %s set "
				    "parent=...)",
				    to, from->name, to);
	return SB_OK;
}

/* Whether the sums of the successor stay within int64. As account_apply() does, it counts lots that
 * have ended. */
static bool fits(const struct account *to, const struct event *event)
{
	__int128 sum = (__int128)to->debt + to->credit + event->rest + event->debt;

	for (size_t i = 0; i < to->lot_count; i++)
		sum += to->lots[i].amount;
	return sum <= INT64_MAX;
}

/* Appends an entry by which the successor takes over something. */
static int take_over(struct books *books, struct event *event, struct takeover *takeover,
		     struct sb_error *err)
{
	TRY(books_append(books, event, err));
	takeover->seq = event->seq;
	takeover->rest += event->rest;
	takeover->debt += event->debt;
	return SB_OK;
}

/* A charge of late use that became debt. */
struct late_charge {
	int64_t since, until, debt;
};

struct late_charges {
	const char *account;
	struct late_charge *list; /* newest first */
	size_t count;
};

/* Collects charges, back to the entry by which another account last took over their debt. */
static int add_charge(const struct entry *entry, void *ctx, struct sb_error *err)
{
	const struct event *event = entry->event;
	struct late_charges *charges = ctx;
	struct late_charge *added;

	if (event_is_succession(event) && strcmp(event->account, charges->account) == 0)
		return STORE_ABORT;
	if (!event_is_charge(event) || !event->debt)
		return SB_OK;
	added = array_add(charges->list, charges->count);
	if (!added)
		return sb_error_nomem(err);
	*added = (struct late_charge){event->since, event->until, event->debt};
	return SB_OK;
}

/* Whether a window of the account that has ended, and not expired yet, would have paid for the use.
 */
static bool has_paid_then(const struct account *account, const struct late_charge *charge)
{
	for (size_t i = 0; i < account->lot_count; i++) {
		const struct lot *lot = &account->lots[i];

		if (lot->end <= account->time && lot->rest > 0 && lot->start < charge->until &&
		    lot->end > charge->since)
			return true;
	}
	return false;
}

static bool has_ended_lot(const struct account *account)
{
	return account->lot_count > 0 && account->lots[0].end <= account->time;
}

/* Takes over, each with its time, the charges for which windows that have ended pay. Use under the
 * former name then costs what it would have cost under the new one. */
static int take_over_charges(struct books *books, const struct account *account,
			     const struct account *to, const struct late_charges *charges,
			     struct takeover *takeover, struct sb_error *err)
{
	for (size_t i = charges->count; i-- > 0 && account->debt > 0 && has_ended_lot(to);) {
		const struct late_charge *charge = &charges->list[i];
		struct event event = {.kind = EVENT_MERGE,
				      .account = account->name,
				      .to = to->name,
				      .resource = purse_resource(account->name),
				      .debt = int64_min(charge->debt, account->debt),
				      .since = charge->since,
				      .until = charge->until};

		if (has_paid_then(to, charge))
			TRY(take_over(books, &event, takeover, err));
	}
	return SB_OK;
}

static int take_over_late_use(struct books *books, const struct account *account,
			      const struct account *to, struct takeover *takeover,
			      struct sb_error *err)
{
	struct late_charges charges = {.account = account->name};
	struct entry_range range = {
		.accounts = &charges.account, .account_count = 1, .backward = true};
	int rc;

	if (!account->debt || !has_ended_lot(to))
		return SB_OK;
	rc = entries_each(books, &range, add_charge, &charges, NULL, err);
	if (!rc)
		rc = take_over_charges(books, account, to, &charges, takeover, err);
	free(charges.list);
	return rc;
}

/* Takes over what is left. */
static int take_over_rest(struct books *books, const struct account *account, struct event *event,
			  struct takeover *takeover, struct sb_error *err)
{
	event->debt = account->debt;
	return event->rest || event->debt ? take_over(books, event, takeover, err) : SB_OK;
}

/* Takes over everything, unless it is refused or the successor is above the account. */
static int take_over_all(struct books *books, const struct account *account, struct event *event,
			 struct takeover *takeover, struct sb_error *err)
{
	const struct account *to;
	bool above, below;
	int rc = plan_merge(account, event, err);

	takeover->refused = rc == SB_EREFUSED;
	if (rc)
		return takeover->refused ? SB_OK : rc;
	if (!event->rest && !event->debt)
		return SB_OK;
	TRY(find_place(books, account, takeover->successor, &(struct shown){0}, &above, &below,
		       err));
	if (above)
		return SB_OK;
	TRY(books_account(books, takeover->successor, &to, err));
	takeover->refused = !fits(to, event);
	if (takeover->refused) {
		takeover->rest = event->rest;
		takeover->debt = event->debt;
		return SB_OK;
	}
	TRY(take_over_late_use(books, account, to, takeover, err));
	return take_over_rest(books, account, event, takeover, err);
}

int successor_take_over(struct books *books, const struct account *account, struct takeover *ret,
			struct sb_error *err)
{
	struct event event = {.kind = EVENT_MERGE,
			      .account = account->name,
			      .to = ret->successor,
			      .resource = purse_resource(account->name)};
	int rc;

	*ret = (struct takeover){0};
	TRY(books_successor(books, account, ret->successor, err));
	if (!*ret->successor)
		return SB_OK;
	rc = take_over_all(books, account, &event, ret, err);
	event_release(&event);
	return rc;
}
