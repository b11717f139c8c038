/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What clusters count becomes charges and baselines. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "ledger/base/text.h"
#include "ledger/check/checking.h"
#include "ledger/check/moves.h"

static int enter_baseline(struct books *books, const char *account, const char *cluster,
			  int64_t before, int64_t now, const char *reason, const char *note,
			  struct sb_error *err)
{
	struct event event = {.kind = EVENT_BASELINE,
			      .note = note,
			      .account = account,
			      .cluster = cluster,
			      .resource = RESOURCE_BILLING,
			      .before = before,
			      .now = now,
			      .reason = reason};

	return books_append(books, &event, err);
}

/* Since when the use is that a reading now shows: the last time that it was seen as it was. */
static int use_since(struct books *books, const char *account, const struct meter *meter,
		     int64_t *ret, struct sb_error *err)
{
	struct reading reading;
	int rc = books_reading(books, meter->cluster, account, &reading, err);

	if (rc && rc != SB_ENOTFOUND)
		return rc;
	*ret = meter->time;
	if (!rc && reading.usage == meter->reading && reading.time > meter->time)
		*ret = reading.time;
	return SB_OK;
}

static int charge_use(struct books *books, struct check *check, const struct account *account,
		      const struct meter *meter, int64_t now, int64_t time, struct sb_error *err)
{
	struct event event = {.kind = EVENT_CHARGE,
			      .account = account->name,
			      .cluster = meter->cluster,
			      .resource = RESOURCE_BILLING,
			      .amount = now - meter->reading,
			      .before = meter->reading,
			      .now = now,
			      .until = time};
	struct finding finding = {.kind = FOUND_CHARGE,
				  .amount = event.amount,
				  .before = event.before,
				  .now = event.now};
	char cluster[NAME_SIZE];
	int rc;

	/* Charging moves the meter. */
	check_set_name(cluster, meter->cluster);
	event.cluster = cluster;
	rc = use_since(books, account->name, meter, &event.since, err);
	if (rc)
		return rc;
	/* Readings within one microsecond or with a clock that went back: the use is still due. */
	if (event.since >= books_time(books))
		event.since = books_time(books) - 1;
	if (event.since < meter->time)
		return SB_OK; /* at the next check */
	if (event.until <= event.since || event.until > books_time(books))
		event.until = books_time(books);
	rc = plan_charge(account, &event, err);
	if (!rc)
		rc = books_defer(books, &event, err);
	/* One account whose use is past int64 (a broken reading) must not keep all others from
	 * being charged. */
	if (rc == SB_EOVERFLOW) {
		finding.kind = FOUND_OVERFLOW;
		rc = SB_OK;
	}
	event_release(&event);
	return rc ? rc : check_add_finding(check, finding, account->name, cluster, err);
}

/* Since when there is use on the cluster that has no entry; 0: there is none. */
static int64_t deferred_since(const struct books *books, const char *account, const char *cluster)
{
	const struct event *charge;

	for (size_t i = 0; (charge = books_deferred(books, account, i)); i++) {
		if (!charge->seq && strcmp(charge->cluster, cluster) == 0)
			return charge->since;
	}
	return 0;
}

int check_record_use(struct books *books, const struct check *check, const struct account *account,
		     struct sb_error *err)
{
	int64_t amount, since;

	books_deferred_sum(books, account, &amount, &since);
	return amount == 0 || charge_may_wait(account, amount, since, check->rules)
		       ? SB_OK
		       : books_record_deferred(books, account->name, err);
}

static int note_reading(struct books *books, const char *cluster, const char *account,
			int64_t usage, int64_t time, int64_t running, bool vanished,
			struct sb_error *err)
{
	struct reading reading = {0};
	int rc = books_reading(books, cluster, account, &reading, err);

	if (rc && rc != SB_ENOTFOUND)
		return rc;
	reading.usage = usage;
	reading.time = time;
	reading.since = deferred_since(books, account, cluster);
	reading.running = running;
	reading.vanished = vanished;
	return books_set_reading(books, cluster, account, &reading, err);
}

/* The account is not among the rows of a cluster that answered: its reading stays. That it is not
 * there is kept once, and said where it had used something. */
static int note_vanished(struct books *books, struct check *check, const struct account *account,
			 const struct observation *observation, const struct meter *meter,
			 struct sb_error *err)
{
	struct reading reading = {0};
	int rc;

	if (!meter)
		return SB_OK;
	rc = books_reading(books, observation->cluster, account->name, &reading, err);
	if (rc && rc != SB_ENOTFOUND)
		return rc;
	if (!rc && reading.vanished)
		return SB_OK;
	/* It may never have been there. What was read before still holds. */
	if (meter->reading == 0) {
		if (rc == SB_ENOTFOUND)
			reading = (struct reading){.time = meter->time};
		reading.running = -1;
		reading.vanished = true;
		return books_set_reading(books, observation->cluster, account->name, &reading, err);
	}
	rc = check_add_finding(check,
			       (struct finding){.kind = FOUND_VANISHED, .before = meter->reading},
			       account->name, observation->cluster, err);
	return rc ? rc
		  : note_reading(books, observation->cluster, account->name, meter->reading,
				 meter->time, -1, true, err);
}

/* ---- moves ---- */

static const struct move *find_move(const struct check *check, const char *account,
				    const char *cluster)
{
	for (size_t i = 0; i < check->move_count; i++) {
		if (strcmp(check->moves[i].account, account) == 0 &&
		    strcmp(check->moves[i].cluster, cluster) == 0)
			return &check->moves[i];
	}
	return NULL;
}

static int add_move(struct check *check, const char *cluster, const char *account,
		    const char *mover, const char *from, const char *to, struct sb_error *err)
{
	struct move *move;

	if (find_move(check, account, cluster))
		return SB_OK;
	move = check_add((void **)&check->moves, &check->move_count, &check->move_size,
			 sizeof(*move));
	if (!move)
		return sb_error_nomem(err);
	check_set_name(move->account, account);
	check_set_name(move->cluster, cluster);
	check_set_name(move->mover, mover);
	check_set_name(move->from, from);
	check_set_name(move->to, to);
	return SB_OK;
}

/* Adds what is above [mover] in one tree and not in the other. */
static int add_ancestors(struct check *check, const char *cluster, const struct tree *tree,
			 const struct tree *other, const struct kin *mover, const char *from,
			 struct sb_error *err)
{
	const char *at = tree_parent(tree, mover->account);
	int rc = SB_OK;

	for (size_t i = 0; at && *at && i < tree->count && !rc; i++) {
		if (!tree_above(other, at, mover->account))
			rc = add_move(check, cluster, at, mover->account, from, mover->parent, err);
		at = tree_parent(tree, at);
	}
	return rc;
}

/* [now] is the observation's. */
static int compare_trees(struct check *check, const struct observation *observation,
			 const struct tree *before, const struct tree *now, struct sb_error *err)
{
	const char *cluster = observation->cluster;
	int rc = SB_OK;

	for (size_t i = 0; i < now->count && !rc; i++) {
		const struct kin *kin = &now->list[i];
		const struct observed *row = observation_find(observation, kin->account);
		const char *from = tree_parent(before, kin->account);

		if (!from || strcmp(from, kin->parent) == 0)
			continue;
		/* One without use takes none along: it was gone, and was made anew. */
		if (row->usage == 0 && !row->odd_usage)
			continue;
		rc = add_ancestors(check, cluster, before, now, kin, from, err);
		if (!rc)
			rc = add_ancestors(check, cluster, now, before, kin, from, err);
	}
	return rc;
}

/* 1 if [name] went from below the account, -1 if it came, else 0. One that is new has no use from
 * before. */
static int change_below(const struct tree *before, const struct tree *now, const char *account,
			const char *name)
{
	return tree_parent(before, name)
		       ? tree_above(before, account, name) - tree_above(now, account, name)
		       : 0;
}

/* What the account's RawUsage would be if nobody had moved: each account takes its own use along,
 * which is what it shows less what those below it show. All of it is of one moment, so that use up
 * to then stays with the accounts above before, and later use counts for those above now. */
static void find_usage_without(const struct observation *observation, const struct tree *before,
			       const struct tree *now, struct move *move)
{
	const struct observed *own = observation_find(observation, move->account);
	__int128 sum = own ? own->usage : 0;

	move->waits = own && own->odd_usage;
	for (size_t i = 0; i < now->count; i++) {
		const struct kin *kin = &now->list[i];
		const struct observed *row = observation_find(observation, kin->account);
		int change = change_below(before, now, move->account, kin->account) -
			     change_below(before, now, move->account, kin->parent);

		sum += (__int128)row->usage * change;
		move->waits = move->waits || (change != 0 && row->odd_usage);
		move->cut += change != 0;
	}
	move->without = sum >= 0 && sum <= INT64_MAX ? (int64_t)sum : -1;
}

int observation_tree(const struct observation *observation, struct tree *ret, struct sb_error *err)
{
	int rc = tree_new(observation->count, ret, err);

	if (rc)
		return rc;
	ret->count = 0;
	for (size_t i = 0; i < observation->count; i++) {
		const struct observed *row = &observation->rows[i];

		/* A name that is longer is none of Slurm's. */
		if (row->parent && strlen(row->account) < NAME_SIZE &&
		    strlen(row->parent) < NAME_SIZE)
			ret->list[ret->count++] = (struct kin){row->account, row->parent};
	}
	return SB_OK;
}

/* Says which names no bank can have, when they are seen for the first time. */
static int find_odd_names(struct check *check, const char *cluster, const struct tree *before,
			  const struct tree *now, struct sb_error *err)
{
	int rc = SB_OK;

	for (size_t i = 0; i < now->count && !rc; i++) {
		const char *name = now->list[i].account;
		struct finding finding = {.kind = FOUND_ODD_NAME};

		if (name_ok(name) || (!check->first && tree_parent(before, name)))
			continue;
		check_set_name(finding.other, name);
		rc = check_add_finding(check, finding, name, cluster, err);
	}
	return rc;
}

static int find_cluster_moves(struct books *books, struct check *check,
			      const struct observation *observation, struct sb_error *err)
{
	struct tree before = {0}, now = {0}, joined = {0};
	bool waits = false;
	int rc = observation_tree(observation, &now, err);

	if (!rc)
		rc = books_tree(books, observation->cluster, &before, err);
	if (!rc)
		rc = compare_trees(check, observation, &before, &now, err);
	if (!rc && check->only_count == 0)
		rc = find_odd_names(check, observation->cluster, &before, &now, err);
	for (size_t i = 0; i < check->move_count && !rc; i++) {
		struct move *move = &check->moves[i];

		if (strcmp(move->cluster, observation->cluster) != 0)
			continue;
		find_usage_without(observation, &before, &now, move);
		waits = waits || move->waits;
	}
	/* All of it is of one moment, or none: until then the tree stays as it was. */
	for (size_t i = 0; i < check->move_count && waits; i++)
		check->moves[i].waits |= strcmp(check->moves[i].cluster, observation->cluster) == 0;
	if (!rc && check->only_count == 0 && !waits)
		rc = moves_record(books, observation, &before, &now, false, err);
	/* What one that is gone used stays with those that were above it. */
	if (!rc)
		rc = tree_join(&now, &before, &joined, err);
	/* A check of a few accounts leaves the move to the next whole one. */
	if (!rc && check->only_count == 0 && !waits && !tree_same(&before, &joined))
		rc = books_set_tree(books, observation->cluster, &joined, err);
	tree_release(&before);
	tree_release(&now);
	tree_release(&joined);
	return rc;
}

int check_find_moves(struct books *books, struct check *check, struct sb_error *err)
{
	int rc = SB_OK;

	for (size_t i = 0; i < check->observation_count && !rc; i++) {
		if (check->observations[i].answered)
			rc = find_cluster_moves(books, check, &check->observations[i], err);
	}
	return rc;
}

int check_keep_trees(struct books *books, const struct observation *observations, size_t count,
		     struct sb_error *err)
{
	int rc = SB_OK;

	for (size_t i = 0; i < count && !rc; i++) {
		const struct observation *observation = &observations[i];
		struct tree kept = {0}, now = {0};

		if (!observation->answered)
			continue;
		rc = books_tree(books, observation->cluster, &kept, err);
		if (!rc && kept.count == 0)
			rc = observation_tree(observation, &now, err);
		/* One that is kept shows what moved since the use was last charged. */
		if (!rc && now.count > 0)
			rc = books_set_tree(books, observation->cluster, &now, err);
		tree_release(&kept);
		tree_release(&now);
	}
	return rc;
}

/* The reading says nothing beyond [before]: counting goes on from it. */
static int start_anew(struct books *books, const char *account, const char *cluster, int64_t before,
		      int64_t now, const struct move *move, struct finding *finding,
		      struct sb_error *err)
{
	char reason[256] = REASON_WENT_DOWN;
	char mover[81], from[81], to[71];

	*finding = (struct finding){.kind = FOUND_WENT_DOWN, .before = before, .now = now};
	if (move) {
		finding->kind = FOUND_MOVED;
		check_set_name(finding->other, move->mover);
		/* Slurm's names are any bytes; an entry's text is not. */
		(void)snprintf(reason, sizeof(reason), "account %s moved from %s to %s",
			       text_escape(mover, sizeof(mover), move->mover),
			       text_escape(from, sizeof(from), move->from),
			       text_escape(to, sizeof(to), move->to));
	}
	return enter_baseline(books, account, cluster, before, now, reason, "", err);
}

/* Charges what was used up to the move, and counts on from what the move left. */
static int meter_move(struct books *books, struct check *check, const struct account *account,
		      const struct observation *observation, const struct move *move, int64_t usage,
		      struct finding *finding, struct sb_error *err)
{
	const char *cluster = observation->cluster;
	const struct meter *meter = account_meter(account, cluster);
	int rc = SB_OK;

	if (move->without > meter->reading) {
		rc = charge_use(books, check, account, meter, move->without, observation->time,
				err);
		meter = account_meter(account, cluster);
	}
	if (rc || usage == meter->reading)
		return rc;
	return start_anew(books, account->name, cluster, meter->reading, usage,
			  move->without + move->cut < meter->reading ? NULL : move, finding, err);
}

/* The row says nothing of the use: the meter stays where it is, so that the next reading has it
 * all.
 */
static int leave_odd(struct books *books, struct check *check, const struct account *account,
		     const struct observation *observation, const struct observed *row,
		     const struct meter *meter, struct sb_error *err)
{
	struct reading reading;
	int rc;

	/* Where counting starts the first reading says. */
	if (!meter || (!meter->jobs && !observation->decays))
		return check_add_finding(check,
					 (struct finding){.kind = FOUND_ODD_USAGE,
							  .before = meter ? meter->reading : 0},
					 account->name, observation->cluster, err);
	rc = books_record_deferred(books, account->name, err);
	if (!rc)
		rc = books_reading(books, observation->cluster, account->name, &reading, err);
	if (rc)
		return rc == SB_ENOTFOUND ? SB_OK : rc;
	return note_reading(books, observation->cluster, account->name, reading.usage,
			    observation->time, row->odd_room ? reading.running : row->running,
			    false, err);
}

int check_meter(struct books *books, struct check *check, const struct account *account,
		const struct observation *observation, struct sb_error *err)
{
	const struct observed *row = observation_find(observation, account->name);
	const struct meter *meter = account_meter(account, observation->cluster);
	const struct move *move = find_move(check, account->name, observation->cluster);
	struct finding finding = {0};
	int rc = SB_OK;

	if (!row && meter)
		return note_vanished(books, check, account, observation, meter, err);
	if (row && (row->odd_usage || (move && move->waits)))
		return leave_odd(books, check, account, observation, row, meter, err);
	if (meter && (meter->jobs || observation->decays)) {
		/* What was seen before goes with the reading. */
		rc = books_record_deferred(books, account->name, err);
		return rc ? rc
			  : note_reading(books, observation->cluster, account->name, row->usage,
					 observation->time, row->running, false, err);
	}
	if (!meter) {
		int64_t usage = row ? row->usage : 0;

		rc = enter_baseline(books, account->name, observation->cluster, -1, usage,
				    "the cluster is new to the account", "", err);
		finding = (struct finding){.kind = FOUND_BASELINE, .now = usage};
	} else if (observation->time < meter->time) {
		return SB_OK; /* older than what was charged: it would look like a reset */
	} else if (move && check->only_count > 0) {
		return SB_OK; /* a whole check says so */
	} else if (move) {
		rc = meter_move(books, check, account, observation, move, row->usage, &finding,
				err);
	} else if (row->usage < meter->reading) {
		rc = start_anew(books, account->name, observation->cluster, meter->reading,
				row->usage, NULL, &finding, err);
	} else if (row->usage > meter->reading) {
		rc = charge_use(books, check, account, meter, row->usage, observation->time, err);
		if (!rc && account_meter(account, observation->cluster)->reading != row->usage)
			return SB_OK;
	}
	if (!rc && finding.kind) {
		finding.seq = books_head(books)->seq;
		rc = check_add_finding(check, finding, account->name, observation->cluster, err);
	}
	if (rc || !row)
		return rc;
	return note_reading(books, observation->cluster, account->name, row->usage,
			    observation->time, row->running, false, err);
}

/* ---- where counting starts ---- */

int check_record_baselines(struct books *books, const char *name,
			   const struct observation *observations, size_t count, bool from_zero,
			   struct sb_error *err)
{
	const struct account *account;
	int rc = books_account(books, name, &account, err);

	for (size_t i = 0; i < count && !rc; i++) {
		const struct observation *observation = &observations[i];
		const struct observed *row;

		/* Opened again: what ran meanwhile is still to be charged. */
		if (!observation->answered || account_meter(account, observation->cluster))
			continue;
		row = observation_find(observation, name);
		if (row && row->odd_usage && !from_zero)
			continue; /* the first reading says where */
		rc = enter_baseline(books, name, observation->cluster, -1,
				    row && !from_zero ? row->usage : 0,
				    from_zero ? REASON_FROM_ZERO : "opened", "", err);
	}
	return rc ? rc : check_keep_trees(books, observations, count, err);
}

/* Where an account above the reset one goes on: what was not that account's use. RawUsage is cut to
 * whole seconds, of each account by itself, so that Slurm may show one second less. */
static int64_t rest_above(const struct observed *row, const struct observed *reset,
			  const struct observed *after)
{
	int64_t rest = row->usage > reset->usage ? row->usage - reset->usage : 0;

	return after && !after->odd_usage && after->usage == rest - 1 ? after->usage : rest;
}

int check_record_reset(struct books *books, const char *name, const char *const *names,
		       size_t count, const struct observation *before,
		       const struct observation *after, const char *reason, const char *note,
		       struct sb_error *err)
{
	const struct observed *reset = observation_find(before, name);
	struct tree tree = {0};
	int rc = observation_tree(before, &tree, err);

	for (size_t i = 0; i < count && reset && !rc; i++) {
		const struct observed *row = observation_find(before, names[i]);
		const struct account *account;
		const struct meter *meter;
		int64_t from = 0;

		rc = books_account(books, names[i], &account, err);
		meter = rc ? NULL : account_meter(account, before->cluster);
		if (!meter || !row || meter->jobs)
			continue;
		if (tree_above(&tree, names[i], name))
			from = rest_above(row, reset, observation_find(after, names[i]));
		else if (row != reset && !tree_above(&tree, name, names[i]))
			continue; /* related on another cluster */
		if (from == meter->reading)
			continue;
		rc = enter_baseline(books, names[i], before->cluster, meter->reading, from, reason,
				    note, err);
		if (!rc)
			rc = note_reading(books, before->cluster, names[i], from, before->time,
					  row->running, false, err);
	}
	tree_release(&tree);
	return rc;
}
