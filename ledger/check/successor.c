/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ledger/check/successor.h"

#include <string.h>

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

/* Plans the entry by which the successor takes over everything. *ret is false if it must not be
 * recorded: there is nothing to take over, it is refused, or the successor is above the account. */
static int plan_takeover(struct books *books, const struct account *account,
			 struct takeover *takeover, struct event *event, bool *ret,
			 struct sb_error *err)
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
	takeover->rest = event->rest;
	takeover->debt = event->debt;
	*ret = !takeover->refused;
	return SB_OK;
}

int successor_take_over(struct books *books, const struct account *account, struct takeover *ret,
			struct sb_error *err)
{
	struct event event = {.kind = EVENT_MERGE,
			      .account = account->name,
			      .to = ret->successor,
			      .resource = purse_resource(account->name)};
	bool due = false;
	int rc;

	*ret = (struct takeover){0};
	TRY(books_successor(books, account, ret->successor, err));
	if (!*ret->successor)
		return SB_OK;
	rc = plan_takeover(books, account, ret, &event, &due, err);
	if (!rc && due)
		rc = books_append(books, &event, err);
	if (!rc && due)
		ret->seq = event.seq;
	event_release(&event);
	return rc;
}
