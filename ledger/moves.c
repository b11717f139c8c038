/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "ledger/moves.h"

#include <stdio.h>
#include <string.h>

#include "ledger/name.h"
#include "ledger/text.h"

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

bool moves_is_about(const struct moved *moved, const char *cluster, const struct tree *tree,
		    const char *slurm_account)
{
	const char *at = slurm_account;

	if (strcmp(moved->cluster, cluster) != 0)
		return false;
	if (name_ok(moved->mover))
		return is_or_above(tree, moved->mover, slurm_account);
	for (size_t i = 0; at && *at && i <= tree->count; i++) {
		if (is_named(at, moved->mover))
			return true;
		at = tree_parent(tree, at);
	}
	return false;
}

bool moves_counted(const struct moved *moves, size_t count, const char *account,
		   const char *cluster, const struct tree *tree, const char *slurm_account,
		   int64_t time)
{
	/* The first move behind that time says what was so before it. */
	for (size_t i = 0; i < count; i++) {
		const struct moved *moved = &moves[i];

		if (moved->since >= time && moves_is_about(moved, cluster, tree, slurm_account))
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
	const struct observation *observation;
	const struct tree *before;
	int64_t kept; /* when that was so: the last whole check */
	const struct kin *mover; /* as it hangs now */
	const char *from;
	bool jobs, used;
};

/* Whether the newest entry about the mover, or what it was below, says so already: one that this
 * check made, or a check of a few accounts, which does not keep the tree. An older entry is of
 * another move. */
static bool is_entered(const struct moving *moving, const struct account *account, bool came,
		       int64_t since)
{
	for (size_t i = account->move_count; i-- > 0;) {
		const struct moved *moved = &account->moves[i];

		if (moves_is_about(moved, moving->observation->cluster, moving->before,
				   moving->mover->account))
			return moved->came == came &&
			       (moved->since == since || moved->since > moving->kept);
	}
	return false;
}

static int enter_move(const struct moving *moving, const char *name, bool came,
		      struct sb_error *err)
{
	const char *cluster = moving->observation->cluster, *mover = moving->mover->account;
	int64_t time = books_time(moving->books);
	const struct account *account;
	const struct meter *meter;
	char reason[256], from[121], to[121], text[NAME_SIZE];
	struct event event = {.kind = EVENT_MOVE,
			      .cluster = cluster,
			      .slurm_account = text_escape(text, sizeof(text), mover),
			      .move = came ? MOVE_CAME : MOVE_WENT,
			      .since = moving->observation->time,
			      .reason = reason};
	int rc = books_find(moving->books, name, &account, err);

	if (rc)
		return rc == SB_ENOTFOUND ? SB_OK : rc;
	meter = account_meter(account, cluster);
	if (event.since > time)
		event.since = time;
	if (!meter || (!meter->jobs && (moving->jobs || !moving->used)) ||
	    is_entered(moving, account, came, event.since))
		return SB_OK;
	event.account = account->name;
	(void)snprintf(reason, sizeof(reason), "from %s to %s",
		       text_escape(from, sizeof(from), moving->from),
		       text_escape(to, sizeof(to), moving->mover->parent));
	return books_append(moving->books, &event, err);
}

/* Enters it for the accounts above the mover in [tree] that are not above it in [other]. */
static int enter_above(const struct moving *moving, const struct tree *tree,
		       const struct tree *other, bool came, struct sb_error *err)
{
	const char *mover = moving->mover->account, *at = tree_parent(tree, mover);
	int rc = SB_OK;

	for (size_t i = 0; at && *at && i < tree->count && !rc; i++) {
		if (!tree_above(other, at, mover))
			rc = enter_move(moving, at, came, err);
		at = tree_parent(tree, at);
	}
	return rc;
}

int moves_enter(struct books *books, const struct observation *observation,
		const struct tree *before, const struct tree *now, bool jobs, struct sb_error *err)
{
	struct moving moving = {
		.books = books, .observation = observation, .before = before, .jobs = jobs};
	int rc = books_last_check(books, &moving.kept, err);

	for (size_t i = 0; i < now->count && !rc; i++) {
		const struct observed *row;

		moving.mover = &now->list[i];
		row = observation_find(observation, moving.mover->account);
		moving.used = row->usage != 0 || row->odd_usage;
		moving.from = tree_parent(before, moving.mover->account);
		if (!moving.from || strcmp(moving.from, moving.mover->parent) == 0)
			continue;
		rc = enter_above(&moving, before, now, false, err);
		if (!rc)
			rc = enter_above(&moving, now, before, true, err);
	}
	return rc;
}
