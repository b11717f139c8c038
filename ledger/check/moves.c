/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "ledger/check/moves.h"

#include <stdio.h>
#include <string.h>

#include "ledger/base/name.h"
#include "ledger/base/text.h"

static bool is_or_above(const struct tree *tree, const char *upper, const char *account)
{
	return strcmp(upper, account) == 0 || tree_above(tree, upper, account);
}

/* Whether [name], any bytes, is the one that an entry has as [text]. */
static bool is_named(const char *name, const char *text)
{
	char escaped[NAME_SIZE];

	return strcmp(text_escape(escaped, sizeof(escaped), name), text) == 0;
}

bool moves_is_about(const struct moved *moved, const char *cluster, const char *slurm_account)
{
	return strcmp(moved->cluster, cluster) == 0 &&
	       (name_ok(moved->mover) ? strcmp(moved->mover, slurm_account) == 0
				      : is_named(slurm_account, moved->mover));
}

bool moves_counted(const struct moved *moves, size_t count, const char *account,
		   const char *cluster, const struct tree *tree, const char *slurm_account,
		   int64_t time)
{
	/* The first move behind that time says what was so before it. */
	for (size_t i = 0; i < count; i++) {
		const struct moved *moved = &moves[i];

		if (moved->since >= time && moves_is_about(moved, cluster, slurm_account))
			return !moved->came;
	}
	return is_or_above(tree, account, slurm_account);
}

bool moves_any_went(const struct account *account, const char *cluster)
{
	for (size_t i = 0; i < account->move_count; i++) {
		if (!account->moves[i].came && strcmp(account->moves[i].cluster, cluster) == 0)
			return true;
	}
	return false;
}

struct moving {
	struct books *books;
	const char *cluster;
	const struct tree *before, *now; /* [now] has accounts that are gone, too */
	int64_t kept; /* when that was so: the last whole check */
	int64_t since; /* when it was seen to be otherwise */
	const char *account; /* that has other accounts above it than before */
	const char *mover; /* the one that took it along, or itself */
	bool jobs, used;
};

/* Whether the newest entry about the account says so already: one that this check made, or a check
 * of a few accounts, which does not keep the tree. An older entry is of another move. */
static bool is_entered(const struct moving *moving, const struct account *account, bool came)
{
	for (size_t i = account->move_count; i-- > 0;) {
		const struct moved *moved = &account->moves[i];

		if (moves_is_about(moved, moving->cluster, moving->account))
			return moved->came == came &&
			       (moved->since == moving->since || moved->since > moving->kept);
	}
	return false;
}

/* "from a to b", or "with m, from a to b". */
static void say_reason(const struct moving *moving, char *to, size_t size)
{
	char with[61], from[61], parent[61];
	bool alone = strcmp(moving->mover, moving->account) == 0;

	(void)snprintf(
		to, size, "%s%s%sfrom %s to %s", alone ? "" : "with ",
		alone ? "" : text_escape(with, sizeof(with), moving->mover), alone ? "" : ", ",
		text_escape(from, sizeof(from), tree_parent(moving->before, moving->mover)),
		text_escape(parent, sizeof(parent), tree_parent(moving->now, moving->mover)));
}

static int enter_move(const struct moving *moving, const char *name, bool came,
		      struct sb_error *err)
{
	const struct account *account;
	const struct meter *meter;
	char reason[256], text[NAME_SIZE];
	struct event event = {.kind = EVENT_MOVE,
			      .cluster = moving->cluster,
			      .slurm_account = text_escape(text, sizeof(text), moving->account),
			      .move = came ? MOVE_CAME : MOVE_WENT,
			      .since = moving->since,
			      .reason = reason};
	int rc = books_find(moving->books, name, &account, err);

	if (rc)
		return rc == SB_ENOTFOUND ? SB_OK : rc;
	meter = account_meter(account, moving->cluster);
	if (!meter || (!meter->jobs && (moving->jobs || !moving->used)) ||
	    is_entered(moving, account, came))
		return SB_OK;
	event.account = account->name;
	say_reason(moving, reason, sizeof(reason));
	return books_append(moving->books, &event, err);
}

/* Enters it for the accounts above it in [tree] that are not above it in [other]. */
static int enter_above(const struct moving *moving, const struct tree *tree,
		       const struct tree *other, bool came, struct sb_error *err)
{
	const char *at = tree_parent(tree, moving->account);
	int rc = SB_OK;

	for (size_t i = 0; at && *at && i < tree->count && !rc; i++) {
		if (!tree_above(other, at, moving->account))
			rc = enter_move(moving, at, came, err);
		at = tree_parent(tree, at);
	}
	return rc;
}

/* The nearest account from [account] upwards that hangs elsewhere than before; NULL: none does. */
static const char *find_mover(const struct moving *moving, const char *account)
{
	const char *at = account;

	for (size_t i = 0; at && *at && i <= moving->now->count; i++) {
		const char *from = tree_parent(moving->before, at);
		const char *parent = tree_parent(moving->now, at);

		if (from && parent && strcmp(from, parent) != 0)
			return at;
		at = parent;
	}
	return NULL;
}

static int enter_all(struct moving *moving, const struct observation *observation,
		     struct sb_error *err)
{
	int rc = SB_OK;

	for (size_t i = 0; i < moving->now->count && !rc; i++) {
		const struct observed *row;

		moving->account = moving->now->list[i].account;
		moving->mover = find_mover(moving, moving->account);
		/* One that is new has no use from before. */
		if (!moving->mover || !tree_parent(moving->before, moving->account))
			continue;
		row = observation_find(observation, moving->account);
		moving->used = !row || row->usage != 0 || row->odd_usage;
		rc = enter_above(moving, moving->before, moving->now, false, err);
		if (!rc)
			rc = enter_above(moving, moving->now, moving->before, true, err);
	}
	return rc;
}

int moves_record(struct books *books, const struct observation *observation,
		 const struct tree *before, const struct tree *now, bool jobs, struct sb_error *err)
{
	struct tree joined = {0};
	struct moving moving = {.books = books,
				.cluster = observation->cluster,
				.before = before,
				.now = &joined,
				.since = observation->time,
				.jobs = jobs};
	int rc = books_last_check(books, &moving.kept, err);

	if (moving.since > books_time(books))
		moving.since = books_time(books);
	if (!rc)
		rc = tree_join(now, before, &joined, err);
	if (!rc)
		rc = enter_all(&moving, observation, err);
	tree_release(&joined);
	return rc;
}
