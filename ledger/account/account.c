/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ledger/account/applying.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/account/moments.h"
#include "ledger/base/amount.h"
#include "ledger/base/array.h"
#include "ledger/base/minmax.h"
#include "ledger/base/when.h"

void account_copy_text(char *to, size_t size, const char *from)
{
	size_t len = strlen(from);

	if (len >= size)
		len = size - 1;
	memcpy(to, from, len);
	to[len] = '\0';
}

struct account *account_new(const char *name)
{
	struct account *account = calloc(1, sizeof(*account));

	if (account)
		account_copy_text(account->name, sizeof(account->name), name);
	return account;
}

void account_free(struct account *account)
{
	if (!account)
		return;
	free(account->lots);
	free(account->meters);
	free(account->moves);
	free(account->levers);
	free(account->crossed);
	free(account->merges);
	free(account->queue_batches);
	free(account->queue_jobs);
	free(account);
}

/* Copies [count] items of [size] bytes, with the room that array_add() expects. */
static void *copy_array(const void *from, size_t count, size_t size, bool *failed)
{
	void *to;

	if (count == 0)
		return NULL;
	to = calloc(array_room(count), size);
	if (to)
		memcpy(to, from, count * size);
	else
		*failed = true;
	return to;
}

#define COPY(list, count, failed) copy_array(list, count, sizeof(*(list)), failed)

struct account *account_copy(const struct account *account)
{
	struct account *copy = malloc(sizeof(*copy));
	bool failed = false;

	if (!copy)
		return NULL;
	*copy = *account;
	copy->lots = COPY(account->lots, account->lot_count, &failed);
	copy->meters = COPY(account->meters, account->meter_count, &failed);
	copy->moves = COPY(account->moves, account->move_count, &failed);
	copy->levers = COPY(account->levers, account->lever_count, &failed);
	copy->crossed = COPY(account->crossed, account->crossed_count, &failed);
	copy->merges = COPY(account->merges, account->merge_count, &failed);
	copy->queue_batches = COPY(account->queue_batches, account->queue_batch_count, &failed);
	copy->queue_jobs = COPY(account->queue_jobs, account->queue_job_count, &failed);
	if (failed) {
		account_free(copy);
		return NULL;
	}
	return copy;
}

bool lot_active(const struct lot *lot, int64_t time)
{
	return lot->start <= time && time < lot->end;
}

static bool is_lot(const struct lot *lot, uint64_t seq, uint16_t index)
{
	return lot->seq == seq && lot->index == index;
}

struct lot *account_find_lot(const struct account *account, uint64_t seq, uint16_t index)
{
	for (size_t i = 0; i < account->lot_count; i++) {
		if (is_lot(&account->lots[i], seq, index))
			return &account->lots[i];
	}
	return NULL;
}

struct lot *account_find_part(const struct account *account, const struct part *part, size_t *at)
{
	size_t above = *at < account->lot_count ? *at : account->lot_count, below = above;

	while (above < account->lot_count || below > 0) {
		if (above < account->lot_count &&
		    is_lot(&account->lots[above++], part->lot, part->index))
			return &account->lots[*at = above - 1];
		if (below > 0 && is_lot(&account->lots[--below], part->lot, part->index))
			return &account->lots[*at = below];
	}
	return NULL;
}

const struct lot *account_part(const struct account *account, const struct part *part, size_t *at)
{
	return account_find_part(account, part, at);
}

const struct lot *account_lot(const struct account *account, uint64_t seq, uint16_t index)
{
	return account_find_lot(account, seq, index);
}

bool lot_spent_before(const struct lot *a, const struct lot *b)
{
	if (a->end != b->end)
		return a->end < b->end;
	if (a->seq != b->seq)
		return a->seq < b->seq;
	return a->index < b->index;
}

static int by_spending(const void *key, const void *item)
{
	return lot_spent_before(key, item) ? -1 : lot_spent_before(item, key);
}

int account_add_lot(struct account *account, struct lot lot, struct sb_error *err)
{
	const struct lot *lots = account->lots;
	struct lot *added;
	size_t at;

	(void)array_search(lots, account->lot_count, &lot, by_spending, &at);
	/* All lots with an end have the same notice, and are neighbours. */
	lot.noticed =
		lot.noticed || (at > 0 && lots[at - 1].end == lot.end && lots[at - 1].noticed);
	lot.noticed = lot.noticed ||
		      (at < account->lot_count && lots[at].end == lot.end && lots[at].noticed);
	added = array_insert(account->lots, account->lot_count, at);
	if (!added)
		return sb_error_nomem(err);
	*added = lot;
	return SB_OK;
}

/* Pays debt from a lot. Returns how much. */
static int64_t pay_debt(struct account *account, struct lot *lot)
{
	int64_t paid = int64_min(lot->rest, account->debt);

	lot->rest -= paid;
	account->debt -= paid;
	return paid;
}

/* Re-arms the thresholds that use is below: crossing them again will be recorded again. */
static void rearm(struct account *account, const struct moments *moments)
{
	const __int128 used = moments_used(moments);
	size_t kept = 0;

	for (size_t i = 0; i < account->crossed_count; i++) {
		if (moments->amount > 0 && used * 100 >= moments->amount * account->crossed[i])
			account->crossed[kept++] = account->crossed[i];
	}
	account->crossed_count = kept;
}

/* Pays debt and re-arms thresholds moment by moment, so that the result does not depend on calls in
 * between. While there is debt, no active lot has a rest, so only lots that start pay it. */
static int pass_moments(struct account *account, int64_t time, struct sb_error *err)
{
	struct moments moments;

	for (size_t i = 0; i < account->lot_count && account->debt > 0; i++) {
		if (lot_active(&account->lots[i], account->time))
			(void)pay_debt(account, &account->lots[i]);
	}
	if (account->debt == 0 && account->crossed_count == 0)
		return SB_OK;
	TRY(moments_begin(&moments, account, account->time, time, err));
	rearm(account, &moments);
	while ((account->debt > 0 || account->crossed_count > 0) && moments_next(&moments)) {
		for (size_t i = moments.first; i < moments.next; i++) {
			struct lot *lot = &account->lots[moments.starts[i].lot];

			if (lot_active(lot, moments.time))
				moments.rest -= pay_debt(account, lot);
		}
		rearm(account, &moments);
	}
	moments_release(&moments);
	return SB_OK;
}

int account_settle(struct account *account, int64_t time, struct sb_error *err)
{
	size_t kept = 0;

	if (time < account->time)
		return SB_OK;
	TRY(pass_moments(account, time, err));
	for (size_t i = 0; i < account->lot_count; i++) {
		if (account->lots[i].rest > 0 || account->lots[i].end > time)
			account->lots[kept++] = account->lots[i];
	}
	account->lot_count = kept;
	if (account->hand_until && account->hand_until <= time) {
		account->causes &= ~(1u << CAUSE_HAND);
		account->hand_until = 0;
		if (!account->causes)
			account->grace_until = 0;
	}
	if (account->grace_until && account->grace_until <= time)
		account->grace_until = 0;
	account->time = time;
	return SB_OK;
}

int account_available(const struct account *account, int64_t *ret, struct sb_error *err)
{
	int64_t sum = account->credit;
	bool fits = true;

	for (size_t i = 0; i < account->lot_count; i++) {
		if (lot_active(&account->lots[i], account->time))
			fits = fits && amount_add(sum, account->lots[i].rest, &sum);
	}
	if (!fits || !amount_sub(sum, account->debt, &sum))
		return sb_error_set(err, SB_EOVERFLOW,
				    "the balance of account '%s' would be more than can be counted "
				    "(2.5e15 SU): take smaller amounts",
				    account->name);
	*ret = sum;
	return SB_OK;
}

/* Sums the amounts of the active lots or, with [rest], what is left of them. */
static int sum_active(const struct account *account, bool rest, int64_t *ret, struct sb_error *err)
{
	int64_t sum = 0;

	for (size_t i = 0; i < account->lot_count; i++) {
		const struct lot *lot = &account->lots[i];

		if (lot_active(lot, account->time) &&
		    !amount_add(sum, rest ? lot->rest : lot->amount, &sum))
			return sb_error_set(err, SB_EOVERFLOW,
					    "the allocation of account '%s' would be more than can "
					    "be counted (2.5e15 SU): take smaller amounts",
					    account->name);
	}
	*ret = sum;
	return SB_OK;
}

int account_rest(const struct account *account, int64_t *ret, struct sb_error *err)
{
	return sum_active(account, true, ret, err);
}

int account_allocated(const struct account *account, int64_t *ret, struct sb_error *err)
{
	return sum_active(account, false, ret, err);
}

int account_used(const struct account *account, int64_t *ret, struct sb_error *err)
{
	int64_t allocated, rest, used;

	TRY(sum_active(account, false, &allocated, err));
	TRY(sum_active(account, true, &rest, err));
	/* rest <= allocated, as in each lot. */
	if (!amount_add(allocated - rest, account->debt, &used))
		return sb_error_set(err, SB_EOVERFLOW,
				    "the use of account '%s' would be more than can be counted "
				    "(2.5e15 SU): take smaller amounts",
				    account->name);
	*ret = used;
	return SB_OK;
}

int64_t account_sum(__int128 sum)
{
	return sum > INT64_MAX ? INT64_MAX : (int64_t)sum;
}

bool account_held(const struct account *account)
{
	return account->causes && !account->grace_until;
}

static int by_cluster(const void *key, const void *item)
{
	const struct meter *meter = item;

	return strcmp(key, meter->cluster);
}

struct meter *account_find_meter(const struct account *account, const char *cluster)
{
	return array_find(account->meters, account->meter_count, cluster, by_cluster);
}

const struct meter *account_meter(const struct account *account, const char *cluster)
{
	return account_find_meter(account, cluster);
}

bool meter_by_jobs(const struct meter *meter, int64_t end, int64_t *ret_since)
{
	bool late = end <= meter->were_until;

	*ret_since = late ? meter->were_since : meter->jobs_since;
	return late || meter->jobs;
}

int account_set_meter(struct account *account, const struct event *event, struct sb_error *err)
{
	struct meter *meter;
	size_t at;

	if (array_search(account->meters, account->meter_count, event->cluster, by_cluster, &at)) {
		meter = &account->meters[at];
	} else {
		meter = array_insert(account->meters, account->meter_count, at);
		if (!meter)
			return sb_error_nomem(err);
		account_copy_text(meter->cluster, sizeof(meter->cluster), event->cluster);
	}
	meter->reading = event->now;
	meter->time = event->time;
	return SB_OK;
}

bool lever_is_on(const struct lever *lever, const char *field, const char *tres)
{
	return strcmp(lever->field, field) == 0 && strcmp(lever->tres, tres) == 0;
}

struct lever *account_find_lever(const struct account *account, const char *cluster,
				 const char *field, const char *tres)
{
	for (size_t i = 0; i < account->lever_count; i++) {
		struct lever *lever = &account->levers[i];

		if (strcmp(lever->cluster, cluster) == 0 && lever_is_on(lever, field, tres))
			return lever;
	}
	return NULL;
}

const struct lever *account_lever(const struct account *account, const char *cluster,
				  const char *field, const char *tres)
{
	return account_find_lever(account, cluster, field, tres);
}

bool lever_is_ours(const struct lever *lever, int64_t value)
{
	return value == lever->ours || value == lever->ours_before ||
	       (lever->found_ours && value == lever->found);
}

bool lever_in_force(const struct lever *lever)
{
	return !lever->restoring && lever->tried && lever->outcome == OUTCOME_DONE;
}

const char *lever_name(char to[LEVER_NAME_SIZE], const char *field, const char *tres)
{
	const char *user = resource_user(tres);
	int len = (int)strcspn(tres, "~");

	(void)snprintf(to, LEVER_NAME_SIZE, "%.64s%s%.*s%s%.64s", field, *tres ? "=" : "", len,
		       tres, user ? " of " : "", user ? user : "");
	return to;
}

bool account_crossed(const struct account *account, int64_t level)
{
	for (size_t i = 0; i < account->crossed_count; i++) {
		if (account->crossed[i] == level)
			return true;
	}
	return false;
}

__int128 account_ending(const struct account *account, int64_t end)
{
	__int128 sum = 0;

	for (size_t i = 0; i < account->lot_count; i++) {
		if (account->lots[i].end == end)
			sum += account->lots[i].rest;
	}
	return sum;
}
