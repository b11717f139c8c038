/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Turns the RawUsage that clusters report into charges and baselines. */
#include <stdio.h>
#include <string.h>

#include "ledger/base/array.h"
#include "ledger/base/minmax.h"
#include "ledger/base/text.h"
#include "ledger/check/checking.h"
#include "ledger/check/moves.h"

static int record_baseline(const struct plan *plan, int64_t before, int64_t now, const char *reason,
			   const char *note)
{
	struct event event = {.kind = EVENT_BASELINE,
			      .note = note,
			      .account = plan->account->name,
			      .cluster = plan->cluster,
			      .resource = purse_resource(plan->account->name),
			      .before = before,
			      .now = now,
			      .reason = reason};

	return books_append(plan->books, &event, plan->err);
}

/* Charges the use from the meter's reading to [now]. */
static int charge_use(const struct plan *plan, int64_t now)
{
	const struct meter *meter = check_meter_of(plan);
	int64_t time = books_time(plan->books);
	struct event event = {.kind = EVENT_CHARGE,
			      .account = plan->account->name,
			      .cluster = plan->cluster,
			      .resource = purse_resource(plan->account->name),
			      .amount = now - meter->reading,
			      .before = meter->reading,
			      .now = now,
			      .since = meter->time,
			      .until = plan->observation->time};
	struct finding finding = {.kind = FOUND_CHARGE,
				  .amount = event.amount,
				  .before = event.before,
				  .now = event.now};
	struct reading reading;
	int rc;

	/* The use began after the last check that found the meter's reading. */
	TRY(check_reading(plan->books, plan->account, meter->cluster, &reading, plan->err));
	if (reading.usage == meter->reading)
		event.since = int64_max(reading.time, meter->time);
	/* If two readings have the same microsecond, or the clock was put back, the use is still
	 * due. */
	event.since = int64_min(event.since, time - 1);
	if (event.since < meter->time)
		return SB_OK; /* the next check charges it */
	if (event.until <= event.since || event.until > time)
		event.until = time;
	rc = plan_charge(plan->account, &event, plan->err);
	if (!rc)
		rc = books_defer(plan->books, &event, plan->err);
	/* One account whose use is past int64 (a broken reading) must not keep all others from
	 * being charged. */
	if (rc == SB_EOVERFLOW) {
		finding.kind = FOUND_OVERFLOW;
		rc = SB_OK;
	}
	event_release(&event);
	return rc ? rc : check_found(plan, finding);
}

/* Returns when the use on the cluster that has no entry began; 0: none. */
static int64_t deferred_since(const struct plan *plan)
{
	const struct event *charge;

	for (size_t i = 0; (charge = books_deferred(plan->books, plan->account->name, i)); i++) {
		if (!charge->seq && strcmp(charge->cluster, plan->cluster) == 0)
			return charge->since;
	}
	return 0;
}

int check_record_use(const struct plan *plan)
{
	bool may_wait = false;
	int64_t amount, since;

	books_deferred_sum(plan->books, plan->account, &amount, &since);
	if (amount == 0)
		return SB_OK;
	if (!*plan->account->successor)
		TRY(charge_may_wait(plan->account, amount, since, plan->rules, &may_wait,
				    plan->err));
	return may_wait ? SB_OK
			: books_record_deferred(plan->books, plan->account->name, plan->err);
}

static int keep_reading(const struct plan *plan, const struct reading *reading)
{
	return books_set_reading(plan->books, plan->cluster, plan->account->name, reading,
				 plan->err);
}

/* Stores a usage, and what running jobs may still use, as the reading of this observation. */
static int note_reading(const struct plan *plan, int64_t usage, int64_t running)
{
	struct reading reading;

	TRY(check_reading(plan->books, plan->account, plan->cluster, &reading, plan->err));
	reading.usage = usage;
	reading.since = deferred_since(plan);
	/* If the clock was put back, the charge ends after the observation. Without that it would
	 * not be restored from the reading. */
	reading.time = int64_max(plan->observation->time, reading.since + 1);
	reading.running = running;
	reading.vanished = false;
	return keep_reading(plan, &reading);
}

/* Stores with the reading that the cluster answered without the account. The first time, reports
 * that if the account had used something there. */
static int note_vanished(const struct plan *plan)
{
	const struct meter *meter = check_meter_of(plan);
	struct reading reading;

	TRY(check_reading(plan->books, plan->account, meter->cluster, &reading, plan->err));
	if (reading.vanished)
		return SB_OK;
	reading.running = -1;
	reading.vanished = true;
	/* Without use the account may never have been there. */
	if (meter->reading != 0) {
		/* One that was renamed or merged is to vanish some day. */
		if (!*plan->account->successor)
			TRY(check_found(plan, (struct finding){.kind = FOUND_VANISHED,
							       .before = meter->reading}));
		reading.usage = meter->reading;
		reading.time = meter->time;
		reading.since = deferred_since(plan);
	}
	return keep_reading(plan, &reading);
}

/* ---- moves ---- */

/* An account with other accounts below it than before. */
struct affected {
	const char *account;
	const struct kin *mover; /* the account that moved, as the cluster shows it */
};

/* The trees of a cluster: at the last whole check, now, and now with the accounts that are gone. */
struct comparison {
	const struct plan *plan;
	struct tree before, now, joined;
	/* The account whose move is being added: */
	const struct kin *mover;
	struct affected *affected;
	size_t affected_count;
};

/* By cluster. An account's purses follow it. */
static int by_move(const void *a, const void *b)
{
	const struct move *left = a, *right = b;
	int order = strcmp(left->cluster, right->cluster);

	if (!order)
		order = purse_order(left->account, right->account);
	return order ? order : left->purse - right->purse;
}

/* Finds the first of [count] sorted moves that is not before that of the account in Slurm or, with
 * [purse], of the purse. Returns whether it is that one. */
static bool search_move(const struct move *moves, size_t count, const char *cluster,
			const char *account, bool purse, size_t *ret_at)
{
	struct move key = {.purse = purse};

	check_set_name(key.cluster, cluster);
	check_set_name(key.account, account);
	return array_search(moves, count, &key, by_move, ret_at);
}

static const struct move *find_move(const struct plan *plan, const char *account, bool purse)
{
	const struct check *check = plan->check;
	size_t at;

	return search_move(check->moves, check->move_count, plan->cluster, account, purse, &at)
		       ? &check->moves[at]
		       : NULL;
}

static int add_affected(void *ctx, const char *account, bool came)
{
	struct comparison *trees = ctx;
	struct affected *affected = array_add(trees->affected, trees->affected_count);

	(void)came;
	if (!affected)
		return sb_error_nomem(trees->plan->err);
	*affected = (struct affected){account, trees->mover};
	return SB_OK;
}

static int by_affected(const void *a, const void *b)
{
	const struct affected *left = a, *right = b;
	int order = strcmp(left->account, right->account);

	if (order)
		return order;
	return left->mover < right->mover ? -1 : left->mover > right->mover;
}

/* Adds a move of each affected account, which names the first mover. */
static int add_moves_of_affected(struct comparison *trees)
{
	struct check *check = trees->plan->check;

	array_sort(trees->affected, trees->affected_count, by_affected);
	for (size_t i = 0; i < trees->affected_count; i++) {
		const struct affected *affected = &trees->affected[i];
		struct move *move;

		if (i > 0 && strcmp(affected[-1].account, affected->account) == 0)
			continue;
		move = array_add(check->moves, check->move_count);
		if (!move)
			return sb_error_nomem(trees->plan->err);
		check_set_name(move->account, affected->account);
		check_set_name(move->cluster, trees->plan->cluster);
		check_set_name(move->mover, affected->mover->account);
		check_set_name(move->from, tree_parent(&trees->before, affected->mover->account));
		check_set_name(move->to, affected->mover->parent);
	}
	return SB_OK;
}

/* An account without use takes none along when it moves: it was removed and made anew. */
static bool has_use(const struct observation *observation, const char *account)
{
	const struct observed *row = observation_find(observation, account);

	return row->usage != 0 || row->odd_usage;
}

static int add_moves(struct comparison *trees)
{
	for (size_t i = 0; i < trees->now.count; i++) {
		const struct kin *kin = trees->mover = &trees->now.list[i];
		const char *from = tree_parent(&trees->before, kin->account);

		if (!from || strcmp(from, kin->parent) == 0)
			continue;
		if (has_use(trees->plan->observation, kin->account))
			TRY(moves_each_change(&trees->before, &trees->now, kin->account,
					      add_affected, trees));
	}
	return add_moves_of_affected(trees);
}

/* Returns 1 if [name] moved out of the account's subtree, -1 if it moved into it, else 0. A new
 * account has no use from before. */
static int change_below(const struct comparison *trees, const char *account, const char *name)
{
	if (!tree_parent(&trees->before, name))
		return 0;
	return tree_above(&trees->before, account, name) - tree_above(&trees->now, account, name);
}

/* Returns the row of [account] with the use that the move is about; NULL: it has none. */
static const struct observed *row_of(const struct observation *observation, const char *account,
				     const struct move *move)
{
	return move->purse ? observation_use(observation, account, purse_resource(move->account))
			   : observation_find(observation, account);
}

/* Adds to a move what an account that came ([change] -1) or went (1) has used. */
static void add_use(const struct comparison *trees, struct move *move, const char *account,
		    int change)
{
	const struct observed *row = row_of(trees->plan->observation, account, move);

	if (!row)
		return;
	move->sum += (__int128)row->usage * change;
	move->waits = move->waits || row->odd_usage;
	move->cut += move->purse ? 60 : 1;
}

/* Adds the use of [kin] to the moves of [account] and its purses, which are among those from
 * [first]. */
static void add_change(const struct comparison *trees, size_t first, const char *account,
		       const struct kin *kin)
{
	const struct check *check = trees->plan->check;
	struct move *moves = check->moves + first;
	size_t count = check->move_count - first, at;
	int change = change_below(trees, account, kin->account) -
		     change_below(trees, account, kin->parent);

	if (change == 0 || !search_move(moves, count, trees->plan->cluster, account, false, &at))
		return;
	add_use(trees, &moves[at], kin->account, change);
	while (++at < count && purse_is_of(moves[at].account, account)) {
		if (moves[at].purse)
			add_use(trees, &moves[at], kin->account, change);
	}
}

/* Lists the accounts above [account], from [ret_count] on. The limit ends a cycle. */
static int list_above(const struct comparison *trees, const struct tree *tree, const char *account,
		      const char ***ret, size_t *ret_count)
{
	const char *at = tree_parent(tree, account);

	for (size_t i = 0; at && *at && i < tree->count; i++) {
		const char **added = array_add(*ret, *ret_count);

		if (!added)
			return sb_error_nomem(trees->plan->err);
		*added = at;
		at = tree_parent(tree, at);
	}
	return SB_OK;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Adds the use of [kin] to all moves that it concerns: those of accounts above it or its parent. */
static int add_changes(const struct comparison *trees, size_t first, const struct kin *kin)
{
	const char **above = NULL;
	size_t count = 0;
	int rc = list_above(trees, &trees->now, kin->account, &above, &count);

	if (!rc)
		rc = list_above(trees, &trees->before, kin->account, &above, &count);
	if (!rc)
		rc = list_above(trees, &trees->before, kin->parent, &above, &count);
	if (!rc)
		array_unique(above, count, by_name);
	for (size_t i = 0; i < count && !rc; i++)
		add_change(trees, first, above[i], kin);
	free(above);
	return rc;
}

/* Computes what the RawUsage of each move's account would be if no account had moved. An account
 * that moves takes its own use along: its usage less that of the accounts below it. All readings
 * are of one moment: use up to then stays with the accounts that were above before, later use
 * counts for those above now. */
static int find_usages_without(const struct comparison *trees, size_t first)
{
	const struct check *check = trees->plan->check;
	const struct observation *observation = trees->plan->observation;

	for (size_t i = first; i < check->move_count; i++) {
		struct move *move = &check->moves[i];
		const struct observed *own = move->purse
						     ? observation_purse(observation, move->account)
						     : observation_find(observation, move->account);

		move->sum = own ? own->usage : 0;
		move->waits = own && own->odd_usage;
	}
	for (size_t i = 0; i < trees->now.count && check->move_count > first; i++) {
		const struct kin *kin = &trees->now.list[i];
		const char *from = tree_parent(&trees->before, kin->account);

		/* What is above an account that stays below its parent is above both. */
		if (!from || strcmp(from, kin->parent) != 0)
			TRY(add_changes(trees, first, kin));
	}
	for (size_t i = first; i < check->move_count; i++) {
		struct move *move = &check->moves[i];

		move->without = move->sum >= 0 && move->sum <= INT64_MAX ? (int64_t)move->sum : -1;
	}
	return SB_OK;
}

int observation_tree(const struct observation *observation, struct tree *ret, struct sb_error *err)
{
	TRY(tree_new(observation->count, ret, err));
	ret->count = 0;
	for (size_t i = 0; i < observation->count; i++) {
		const struct observed *row = &observation->rows[i];

		/* No name of Slurm's is longer. */
		if (row->parent && strlen(row->account) < NAME_SIZE &&
		    strlen(row->parent) < NAME_SIZE)
			ret->list[ret->count++] = (struct kin){row->account, row->parent};
	}
	return SB_OK;
}

/* Reports names that no bank can have, when they appear for the first time. */
static int find_odd_names(const struct comparison *trees)
{
	for (size_t i = 0; i < trees->now.count; i++) {
		const char *name = trees->now.list[i].account;
		struct finding finding = {.kind = FOUND_ODD_NAME};

		if (name_ok(name) ||
		    (!trees->plan->check->first && tree_parent(&trees->before, name)))
			continue;
		check_set_name(finding.account, name);
		check_set_name(finding.other, name);
		TRY(check_found(trees->plan, finding));
	}
	return SB_OK;
}

/* Computes the usages of the cluster's moves, which begin at [first]. *ret_wait: they have to wait
 * for a later check. The usages have to be of one moment, so if one move waits, all do; but moves
 * of purses do not make those of accounts wait. */
static int find_usages(const struct comparison *trees, size_t first, bool *ret_wait)
{
	struct check *check = trees->plan->check;
	bool waits[2] = {false, false}; /* [0]: moves of accounts, [1]: of purses */

	TRY(find_usages_without(trees, first));
	for (size_t i = first; i < check->move_count; i++) {
		const struct move *move = &check->moves[i];

		waits[move->purse] = waits[move->purse] || move->waits;
	}
	for (size_t i = first; i < check->move_count; i++)
		check->moves[i].waits = waits[check->moves[i].purse];
	*ret_wait = waits[0] || waits[1];
	return SB_OK;
}

/* For the move of an account, adds moves of its purses. */
static int add_purse_moves(const struct comparison *trees, size_t at)
{
	struct check *check = trees->plan->check;
	struct purses purses;
	int rc = SB_OK;

	/* Accounts of the bank have no colon in their names, so this one has no purses. */
	if (!purse_is_account(check->moves[at].account))
		return SB_OK;
	TRY(books_purses(trees->plan->books, check->moves[at].account, &purses, trees->plan->err));
	for (size_t i = 0; i < purses.count && !rc; i++) {
		struct move *move;

		/* A user's use in an account stays there, whatever moves below it. */
		if (purse_user(purses.list[i]->name))
			continue;
		move = array_add(check->moves, check->move_count);
		if (!move) {
			rc = sb_error_nomem(trees->plan->err);
			break;
		}
		*move = check->moves[at];
		move->purse = true;
		check_set_name(move->account, purses.list[i]->name);
	}
	purses_release(&purses);
	return rc;
}

static int find_moves(const struct plan *plan, struct comparison *trees)
{
	struct check *check = plan->check;
	size_t first = check->move_count;
	bool whole = check->only_count == 0, wait;

	TRY(observation_tree(plan->observation, &trees->now, plan->err));
	TRY(books_tree(plan->books, plan->cluster, &trees->before, plan->err));
	TRY(add_moves(trees));
	for (size_t i = first, last = check->move_count; i < last; i++)
		TRY(add_purse_moves(trees, i));
	if (check->move_count > first)
		array_sort(check->moves + first, check->move_count - first, by_move);
	if (whole)
		TRY(find_odd_names(trees));
	TRY(find_usages(trees, first, &wait));
	/* A check of a few accounts leaves the moves to the next whole one. */
	if (wait || !whole)
		return SB_OK;
	TRY(moves_record(plan->books, plan->observation, &trees->before, &trees->now, false,
			 plan->err));
	/* Keep the accounts that are gone: their use stays with the accounts that were above
	 * them. */
	TRY(tree_join(&trees->now, &trees->before, &trees->joined, plan->err));
	return tree_same(&trees->before, &trees->joined)
		       ? SB_OK
		       : books_set_tree(plan->books, plan->cluster, &trees->joined, plan->err);
}

int check_find_moves(const struct plan *plan)
{
	int rc = SB_OK;

	for (size_t i = 0; i < plan->check->observation_count && !rc; i++) {
		const struct plan on = check_on(plan, &plan->check->observations[i]);
		struct comparison trees = {.plan = &on};

		if (!on.observation->answered)
			continue;
		rc = find_moves(&on, &trees);
		tree_release(&trees.before);
		tree_release(&trees.now);
		tree_release(&trees.joined);
		free(trees.affected);
	}
	array_sort(plan->check->moves, plan->check->move_count, by_move);
	return rc;
}

int check_keep_trees(struct books *books, const struct observation *observations, size_t count,
		     struct sb_error *err)
{
	int rc = SB_OK;

	for (size_t i = 0; i < count && !rc; i++) {
		const struct observation *observation = &observations[i];
		struct kept_tree *kept;
		struct tree now = {0};

		if (!observation->answered)
			continue;
		rc = books_kept_tree(books, observation->cluster, &kept, err);
		/* A stored tree stays: it shows what has moved since use was last charged. */
		if (!rc && kept->tree.count == 0)
			rc = observation_tree(observation, &now, err);
		if (!rc && now.count > 0)
			rc = books_set_tree(books, observation->cluster, &now, err);
		tree_release(&now);
	}
	return rc;
}

/* ---- readings ---- */

/* Records that counting continues from the usage in the row. The reason is [move] or, with NULL,
 * that the reading went down. */
static int start_anew(const struct plan *plan, const struct move *move)
{
	char reason[256] = REASON_WENT_DOWN;
	char mover[81], from[81], to[71];
	struct finding finding = {.kind = FOUND_WENT_DOWN,
				  .before = check_meter_of(plan)->reading,
				  .now = plan->row->usage};

	if (move) {
		finding.kind = FOUND_MOVED;
		check_set_name(finding.other, move->mover);
		/* Slurm's names are any bytes; an entry's text is not. */
		(void)snprintf(reason, sizeof(reason), "account %s moved from %s to %s",
			       text_escape(mover, sizeof(mover), move->mover),
			       text_escape(from, sizeof(from), move->from),
			       text_escape(to, sizeof(to), move->to));
	}
	TRY(record_baseline(plan, finding.before, finding.now, reason, ""));
	finding.seq = books_head(plan->books)->seq;
	return check_found(plan, finding);
}

/* Charges the use up to the move, and continues counting from the usage after it. */
static int meter_move(const struct plan *plan, const struct move *move)
{
	int64_t reading;

	if (move->without > check_meter_of(plan)->reading)
		TRY(charge_use(plan, move->without));
	reading = check_meter_of(plan)->reading;
	if (plan->row->usage == reading)
		return SB_OK;
	return start_anew(plan, move->without + move->cut < reading ? NULL : move);
}

static int start_counting(const struct plan *plan)
{
	struct finding finding = {.kind = FOUND_BASELINE, .now = plan->row ? plan->row->usage : 0};

	TRY(record_baseline(plan, -1, finding.now,
			    purse_is_account(plan->account->name)
				    ? "the cluster is new to the account"
				    : "the cluster counts it from now on",
			    ""));
	finding.seq = books_head(plan->books)->seq;
	return check_found(plan, finding);
}

/* Handles a row whose usage cannot be used. The meter stays, so the next usable reading includes
 * all use since. */
static int leave_odd(const struct plan *plan)
{
	const struct meter *meter = check_meter_of(plan);
	const char *account = plan->account->name;
	struct reading reading;
	int rc;

	/* Without a meter counting starts at the first reading that can be used. */
	if (!meter || (!meter->jobs && !plan->observation->decays))
		return check_found(plan, (struct finding){.kind = FOUND_ODD_USAGE,
							  .before = meter ? meter->reading : 0});
	TRY(books_record_deferred(plan->books, account, plan->err));
	rc = books_reading(plan->books, plan->cluster, account, &reading, plan->err);
	if (rc)
		return rc == SB_ENOTFOUND ? SB_OK : rc;
	return note_reading(plan, reading.usage,
			    plan->row->odd_room ? reading.running : plan->row->running);
}

/* Whether the cluster shows the purse's resource at all: for some account or, for a share, for some
 * user. */
static bool shows_resource(const struct observation *observation, const char *purse)
{
	char resource[RESOURCE_SIZE], shown[RESOURCE_SIZE];

	resource_base(resource, purse_resource(purse));
	if (strcmp(resource, RESOURCE_BILLING) == 0)
		return true;
	/* All accounts have rows for the same resources, so for those look at the first account
	 * only; shares differ. */
	for (size_t i = 0; i < observation->purse_count &&
			   (purse_user(purse) ||
			    observation->purses[i].account == observation->purses[0].account);
	     i++) {
		if (strcmp(resource_base(shown, observation->purses[i].resource), resource) == 0)
			return true;
	}
	return false;
}

static bool is_among(const char *resource, const char (*list)[RESOURCE_SIZE], size_t count)
{
	bool found = false;

	for (size_t i = 0; i < count && !found; i++)
		found = strcmp(list[i], resource) == 0;
	return found;
}

/* Whether the cluster was asked about the user of a share. */
static bool was_asked(const struct observation *observation, const char *share)
{
	const char *resource = purse_resource(share);
	char base[RESOURCE_SIZE];

	return is_among(resource_base(base, resource), observation->all_of,
			observation->all_count) ||
	       is_among(resource, observation->asked, observation->asked_count);
}

/* Whether it is certain that the cluster has no use of the purse, of which it shows no row. That of
 * a share may only not have been asked for, or its account's row cannot be read. */
static bool is_unused(const struct plan *plan)
{
	const struct observation *observation = plan->observation;
	const char *purse = plan->account->name;
	const struct observed *row;
	char account[NAME_SIZE];

	if (!purse_user(purse))
		return true;
	row = observation_find(observation, purse_account(account, purse));
	return was_asked(observation, purse) && (!row || !row->odd_usage);
}

int check_meter(const struct plan *plan)
{
	const struct observation *observation = plan->observation;
	const struct observed *row = plan->row;
	const struct meter *meter = check_meter_of(plan);
	const struct move *move =
		find_move(plan, plan->account->name, !purse_is_account(plan->account->name));

	/* A purse that was opened after the cluster was asked has no row yet. */
	if (!row && meter)
		return observation->time < meter->time || !is_unused(plan) ? SB_OK
									   : note_vanished(plan);
	if (!meter && !shows_resource(observation, plan->account->name))
		return SB_OK; /* Slurm does not count it there */
	if (!meter && !row && !is_unused(plan))
		return SB_OK; /* counting from 0 would charge all that was used before */
	if (row && (row->odd_usage || (move && move->waits)))
		return leave_odd(plan);
	if (meter && (meter->jobs || observation->decays)) {
		/* The old reading, from which deferred use is rebuilt, is about to be replaced. */
		TRY(books_record_deferred(plan->books, plan->account->name, plan->err));
		return note_reading(plan, row->usage, row->running);
	}
	if (!meter) {
		TRY(start_counting(plan));
	} else if (observation->time < meter->time) {
		return SB_OK; /* older than what was charged: not a reset */
	} else if (move && plan->check->only_count > 0) {
		return SB_OK; /* left to a whole check */
	} else if (move) {
		TRY(meter_move(plan, move));
	} else if (row->usage < meter->reading) {
		TRY(start_anew(plan, NULL));
	} else if (row->usage > meter->reading) {
		TRY(charge_use(plan, row->usage));
		if (check_meter_of(plan)->reading != row->usage)
			return SB_OK;
	}
	return row ? note_reading(plan, row->usage, row->running) : SB_OK;
}

/* ---- where counting starts ---- */

/* What is collected of a move that no check has seen. */
struct collection {
	struct tree *changed;
	const char *mover;
	struct sb_error *err;
};

static int collect(void *ctx, const char *account, bool came)
{
	const struct collection *collection = ctx;
	struct tree *changed = collection->changed;
	struct kin *added = array_add(changed->list, changed->count);

	(void)came;
	if (!added)
		return sb_error_nomem(collection->err);
	*added = (struct kin){account, collection->mover};
	return SB_OK;
}

static int by_both(const void *a, const void *b)
{
	const struct kin *left = a, *right = b;
	int order = strcmp(left->account, right->account);

	return order ? order : strcmp(left->parent, right->parent);
}

/* Keeps the first mover of each account. */
static void sort_changed(struct tree *changed)
{
	size_t count = 0;

	array_sort(changed->list, changed->count, by_both);
	for (size_t i = 0; i < changed->count; i++) {
		if (count == 0 ||
		    strcmp(changed->list[count - 1].account, changed->list[i].account) != 0)
			changed->list[count++] = changed->list[i];
	}
	changed->count = count;
}

/* Finds the accounts into or out of whose subtrees accounts with use moved since the last check.
 * kept->changed becomes these; tree_parent() gives the account that moved. */
static int find_changed(const struct plan *plan, struct kept_tree *kept)
{
	const struct observation *observation = plan->observation;
	struct collection collection = {.changed = &kept->changed, .err = plan->err};
	struct tree now = {0};
	int rc = observation_tree(observation, &now, plan->err);

	tree_release(&kept->changed);
	for (size_t i = 0; i < now.count && !rc; i++) {
		const struct kin *kin = &now.list[i];
		const char *from = tree_parent(&kept->tree, kin->account);

		collection.mover = kin->account;
		if (from && strcmp(from, kin->parent) != 0 && has_use(observation, kin->account))
			rc = moves_each_change(&kept->tree, &now, kin->account, collect,
					       &collection);
	}
	tree_release(&now);
	sort_changed(&kept->changed);
	kept->shown = rc ? NULL : observation;
	return rc;
}

/* Refuses to start counting at a reading that the next check could not interpret: it compares the
 * tree with that of the last check, and would charge the account for what a moved account used
 * before. */
static int refuse_moved(const struct plan *plan)
{
	const char *name = plan->account->name, *mover;
	struct kept_tree *kept;
	char account[NAME_SIZE], text[NAME_SIZE];

	/* A user's use in an account stays there. */
	if (purse_user(name))
		return SB_OK;
	TRY(books_kept_tree(plan->books, plan->cluster, &kept, plan->err));
	/* When thousands are opened at once, the trees are compared for the first only. */
	if (kept->shown != plan->observation)
		TRY(find_changed(plan, kept));
	mover = tree_parent(&kept->changed, purse_account(account, name));
	if (!mover)
		return SB_OK;
	return sb_error_set(plan->err, SB_EREFUSED,
			    "use of '%s' cannot be counted yet: account '%s' has moved in Slurm on "
			    "%s, and "
			    "what it used before must be charged first: run `subank check`, mend "
			    "what it cannot read, then try again",
			    name, text_escape(text, sizeof(text), mover), plan->cluster);
}

static int record_baselines(struct books *books, const char *name,
			    const struct observation *observations, size_t count, bool from_zero,
			    struct sb_error *err)
{
	struct plan plan = {.books = books, .err = err};

	TRY(books_account(books, name, &plan.account, err));
	for (size_t i = 0; i < count; i++) {
		const struct plan on = check_on(&plan, &observations[i]);

		/* Opened again: use since the account was closed is still to be charged. */
		if (!on.observation->answered || check_meter_of(&on) ||
		    !shows_resource(on.observation, name))
			continue;
		if (!on.row && !is_unused(&on))
			continue;
		if (on.row && on.row->odd_usage && !from_zero)
			continue; /* counting starts at the first reading that can be used */
		TRY(refuse_moved(&on));
		TRY(record_baseline(&on, -1, on.row && !from_zero ? on.row->usage : 0,
				    from_zero ? REASON_FROM_ZERO : "opened", ""));
	}
	return SB_OK;
}

int check_record_baselines(struct books *books, const char *account,
			   const struct observation *observations, size_t count, bool from_zero,
			   struct sb_error *err)
{
	TRY(record_baselines(books, account, observations, count, from_zero, err));
	return check_keep_trees(books, observations, count, err);
}

int check_count_from_now(const struct plan *plan, const char *share)
{
	return record_baselines(plan->books, share, plan->check->observations,
				plan->check->observation_count, false, plan->err);
}

/* Returns where counting continues for an account above the reset one: at its use less that
 * account's. Slurm cuts the RawUsage of each account to whole seconds, and the use of a TRES to
 * whole minutes, so it may show one second or minute less. */
static int64_t rest_above(const struct observed *row, const struct observed *reset,
			  const struct observed *after)
{
	int64_t rest = row->usage > reset->usage ? row->usage - reset->usage : 0;
	int64_t cut = row->resource ? 60 : 1;

	return after && !after->odd_usage && after->usage == rest - cut ? after->usage : rest;
}

static int record_reset_of(struct plan plan, const struct check_reset *reset,
			   const struct tree *tree, const char *name)
{
	const struct observed *own;
	char account[NAME_SIZE];
	const struct meter *meter;
	int64_t from = 0;

	purse_account(account, name);
	/* Of users, the reset zeroes the use in that account and in those below it. */
	if (purse_user(name) && strcmp(account, reset->account) != 0 &&
	    !tree_above(tree, reset->account, account))
		return SB_OK;
	TRY(books_account(plan.books, name, &plan.account, plan.err));
	plan = check_on(&plan, reset->before);
	own = purse_user(name)
		      ? plan.row
		      : observation_use(reset->before, reset->account, purse_resource(name));
	meter = check_meter_of(&plan);
	if (!meter || !plan.row || !own || meter->jobs || plan.row->odd_usage || own->odd_usage)
		return SB_OK;
	if (tree_above(tree, account, reset->account))
		from = rest_above(plan.row, own, observation_purse(reset->after, name));
	else if (plan.row != own && !tree_above(tree, reset->account, account))
		return SB_OK; /* above or below it only on another cluster */
	if (from == meter->reading)
		return SB_OK;
	TRY(record_baseline(&plan, meter->reading, from, reset->reason, reset->note));
	return note_reading(&plan, from, plan.row->running);
}

int check_record_reset(struct books *books, const struct check_reset *reset, struct sb_error *err)
{
	const struct plan plan = {.books = books, .err = err};
	struct tree tree = {0};
	int rc;

	if (!observation_find(reset->before, reset->account))
		return SB_OK;
	rc = observation_tree(reset->before, &tree, err);
	for (size_t i = 0; i < reset->count && !rc; i++) {
		struct purses purses = {0};

		rc = record_reset_of(plan, reset, &tree, reset->names[i]);
		if (!rc)
			rc = books_purses(books, reset->names[i], &purses, err);
		for (size_t j = 0; j < purses.count && !rc; j++)
			rc = record_reset_of(plan, reset, &tree, purses.list[j]->name);
		purses_release(&purses);
	}
	tree_release(&tree);
	return rc;
}
