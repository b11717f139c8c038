/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ledger/check/moves.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/base/array.h"
#include "ledger/base/minmax.h"
#include "ledger/base/name.h"
#include "ledger/base/text.h"
#include "ledger/check/checking.h"

bool moves_is_about(const struct moved *moved, const char *cluster, const char *slurm_account)
{
	char escaped[NAME_SIZE];

	/* Slurm's names are any bytes; entries have such names escaped. */
	if (!name_ok(moved->mover))
		slurm_account = text_escape(escaped, sizeof(escaped), slurm_account);
	return strcmp(moved->cluster, cluster) == 0 && strcmp(moved->mover, slurm_account) == 0;
}

bool moves_counted(const struct moves_place *place, const char *slurm_account, int64_t time)
{
	/* The first move after that time shows where it was before. */
	for (size_t i = 0; i < place->count; i++) {
		const struct moved *moved = &place->moves[i];

		if (moved->since >= time && moves_is_about(moved, place->cluster, slurm_account))
			return !moved->came;
	}
	return strcmp(place->account, slurm_account) == 0 ||
	       tree_above(place->tree, place->account, slurm_account);
}

bool moves_any_went(const struct account *account, const char *cluster)
{
	for (size_t i = 0; i < account->move_count; i++) {
		if (!account->moves[i].came && strcmp(account->moves[i].cluster, cluster) == 0)
			return true;
	}
	return false;
}

int moves_each_change(const struct tree *before, const struct tree *now, const char *account,
		      moves_change *each, void *ctx)
{
	const struct tree *const trees[] = {before, now};

	for (int came = 0; came < 2; came++) {
		const struct tree *tree = trees[came], *other = trees[!came];
		const char *at = tree_parent(tree, account);

		/* The limit ends a cycle, which forged names can create. */
		for (size_t i = 0; at && *at && i < tree->count; i++) {
			if (!tree_above(other, at, account))
				TRY(each(ctx, at, came));
			at = tree_parent(tree, at);
		}
	}
	return SB_OK;
}

/* A move that an account had before this check. */
struct known_move {
	char mover[NAME_SIZE];
	size_t at; /* its index in the account */
	int64_t since;
	bool came;
};

/* The moves on the cluster that an account had. */
struct known_moves {
	const char *account;
	struct known_move *list; /* by mover, of each the newest */
	size_t count;
};

struct moving {
	struct books *books;
	struct sb_error *err;
	const char *cluster;
	const struct tree *before, *now; /* [now] has accounts that are gone, too */
	int64_t kept; /* the time of [before]: the last whole check */
	int64_t since; /* the time of [now] */
	const char *account; /* has other accounts above it than before */
	const char *mover; /* the account that took it along, or itself */
	bool jobs, used;
	struct known_moves *known; /* by account: of those that were asked for */
	size_t known_count;
};

/* By mover, the newest first. */
static int by_mover(const void *a, const void *b)
{
	const struct known_move *left = a, *right = b;
	int order = strcmp(left->mover, right->mover);

	if (order)
		return order;
	return left->at > right->at ? -1 : left->at < right->at;
}

static int compare_mover(const void *key, const void *item)
{
	return strcmp(key, ((const struct known_move *)item)->mover);
}

static int compare_known(const void *key, const void *item)
{
	return strcmp(key, ((const struct known_moves *)item)->account);
}

static int list_known(const struct moving *moving, const struct account *account,
		      struct known_moves *known)
{
	size_t kept = 0;

	for (size_t i = 0; i < account->move_count; i++) {
		const struct moved *moved = &account->moves[i];
		struct known_move *added;

		if (strcmp(moved->cluster, moving->cluster) != 0)
			continue;
		added = array_add(known->list, known->count);
		if (!added)
			return sb_error_nomem(moving->err);
		check_set_name(added->mover, moved->mover);
		added->at = i;
		added->since = moved->since;
		added->came = moved->came;
	}
	array_sort(known->list, known->count, by_mover);
	for (size_t i = 0; i < known->count; i++) {
		if (kept == 0 || strcmp(known->list[kept - 1].mover, known->list[i].mover) != 0)
			known->list[kept++] = known->list[i];
	}
	known->count = kept;
	return SB_OK;
}

/* Returns what the account had before this check, or NULL when memory ran out. */
static const struct known_moves *known_moves_of(struct moving *moving,
						const struct account *account)
{
	struct known_moves *known;
	size_t at;

	if (array_search(moving->known, moving->known_count, account->name, compare_known, &at))
		return &moving->known[at];
	known = array_insert(moving->known, moving->known_count, at);
	if (!known) {
		(void)sb_error_nomem(moving->err);
		return NULL;
	}
	known->account = account->name;
	return list_known(moving, account, known) ? NULL : known;
}

/* Whether the newest entry about the mover ([name], as in entries) has this move already: one by
 * this check, or by a check of a few accounts, which does not keep the tree. An older entry is of
 * another move. */
static int is_recorded(struct moving *moving, const struct account *account, const char *name,
		       bool came, bool *ret)
{
	const struct moved *last;
	const struct known_moves *known;
	const struct known_move *move;

	*ret = false;
	if (account->move_count == 0)
		return SB_OK;
	last = &account->moves[account->move_count - 1];
	/* This check records all of a mover's entries one after the other. */
	if (moves_is_about(last, moving->cluster, moving->account)) {
		*ret = last->came == came &&
		       (last->since == moving->since || last->since > moving->kept);
		return SB_OK;
	}
	known = known_moves_of(moving, account);
	if (!known)
		return SB_ESYSTEM;
	move = array_find(known->list, known->count, name, compare_mover);
	*ret = move && move->came == came &&
	       (move->since == moving->since || move->since > moving->kept);
	return SB_OK;
}

/* "from a to b", or "with m, from a to b". */
static void format_reason(const struct moving *moving, char *to, size_t size)
{
	char with[61], from[61], parent[61];
	bool alone = strcmp(moving->mover, moving->account) == 0;

	(void)snprintf(
		to, size, "%s%s%sfrom %s to %s", alone ? "" : "with ",
		alone ? "" : text_escape(with, sizeof(with), moving->mover), alone ? "" : ", ",
		text_escape(from, sizeof(from), tree_parent(moving->before, moving->mover)),
		text_escape(parent, sizeof(parent), tree_parent(moving->now, moving->mover)));
}

static int record_change(void *ctx, const char *name, bool came)
{
	struct moving *moving = ctx;
	const struct account *account;
	const struct meter *meter;
	bool recorded;
	char reason[256], text[NAME_SIZE];
	struct event event = {.kind = EVENT_MOVE,
			      .cluster = moving->cluster,
			      .slurm_account = text_escape(text, sizeof(text), moving->account),
			      .move = came ? MOVE_CAME : MOVE_WENT,
			      .since = moving->since,
			      .reason = reason};
	int rc = purse_is_account(name) ? books_find(moving->books, name, &account, moving->err)
					: SB_ENOTFOUND;

	if (rc)
		return rc == SB_ENOTFOUND ? SB_OK : rc;
	meter = account_meter(account, moving->cluster);
	if (!meter || (!meter->jobs && (moving->jobs || !moving->used)))
		return SB_OK;
	TRY(is_recorded(moving, account, event.slurm_account, came, &recorded));
	if (recorded)
		return SB_OK;
	event.account = account->name;
	format_reason(moving, reason, sizeof(reason));
	return books_append(moving->books, &event, moving->err);
}

/* Returns the nearest account, from [account] upwards, whose parent has changed; NULL: none. */
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

static int record_all(struct moving *moving, const struct observation *observation)
{
	for (size_t i = 0; i < moving->now->count; i++) {
		const struct observed *row;

		moving->account = moving->now->list[i].account;
		moving->mover = find_mover(moving, moving->account);
		/* A new account has no use from before. */
		if (!moving->mover || !tree_parent(moving->before, moving->account))
			continue;
		row = observation_find(observation, moving->account);
		moving->used = !row || row->usage != 0 || row->odd_usage;
		TRY(moves_each_change(moving->before, moving->now, moving->account, record_change,
				      moving));
	}
	return SB_OK;
}

int moves_record(struct books *books, const struct observation *observation,
		 const struct tree *before, const struct tree *now, bool jobs, struct sb_error *err)
{
	struct tree joined = {0};
	struct moving moving = {.books = books,
				.err = err,
				.cluster = observation->cluster,
				.before = before,
				.now = &joined,
				.since = int64_min(observation->time, books_time(books)),
				.jobs = jobs};
	int rc;

	TRY(books_last_check(books, &moving.kept, err));
	TRY(tree_join(now, before, &joined, err));
	rc = record_all(&moving, observation);
	for (size_t i = 0; i < moving.known_count; i++)
		free(moving.known[i].list);
	free(moving.known);
	tree_release(&joined);
	return rc;
}
