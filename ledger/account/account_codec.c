/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The stored form of an account's state. */
#include <stdlib.h>
#include <string.h>

#include "ledger/account/applying.h"
#include "ledger/base/array.h"
#include "ledger/base/period.h"
#include "ledger/base/when.h"

static void put_sum(struct bytes *to, __int128 sum)
{
	bytes_put_i64(to, (int64_t)(sum >> 64));
	bytes_put_u64(to, (uint64_t)sum);
}

static __int128 read_sum(struct reader *from)
{
	__int128 high = read_i64(from);

	/* So small that all sums can be added up. */
	if (high < 0 || high > INT64_MAX >> 4)
		from->failed = true;
	return high * ((__int128)1 << 64) + read_u64(from);
}

/* Reads a byte of at most [most]. A larger one is refused: account_encode() would write another
 * byte for it. */
static uint8_t read_up_to(struct reader *from, uint8_t most)
{
	uint8_t value = read_u8(from);

	if (value > most)
		from->failed = true;
	return value;
}

/* Reads a number that is never negative. */
static int64_t read_count(struct reader *from)
{
	int64_t value = read_i64(from);

	if (value < 0)
		from->failed = true;
	return value;
}

static void put_quota(struct bytes *to, const struct account *account)
{
	const struct quota *quota = &account->quota;

	bytes_put_i64(to, quota->amount);
	bytes_put_u8(to, quota->every);
	bytes_put_i64(to, quota->start);
	bytes_put_i64(to, quota->carry);
	bytes_put_i64(to, quota->forgive_below);
	bytes_put_i64(to, quota->since);
	bytes_put_i64(to, quota->granted);
	put_sum(to, account->forgiven);
}

static void read_quota(struct reader *from, struct account *account)
{
	struct quota *quota = &account->quota;

	quota->amount = read_count(from);
	quota->every = read_up_to(from, EVERY_COUNT - 1);
	quota->start = read_count(from);
	quota->carry = read_count(from);
	quota->forgive_below = read_count(from);
	quota->since = read_count(from);
	quota->granted = read_count(from);
	account->forgiven = read_sum(from);
	/* Checks compute the edges of periods from these. */
	if ((quota->amount > 0) != (quota->every != EVERY_NONE) || quota->start > WHEN_MAX ||
	    quota->since > WHEN_MAX || quota->granted > WHEN_MAX || quota->carry > EVENT_CARRY_MAX)
		from->failed = true;
}

static size_t batch_index(const struct account *account, uint64_t seq)
{
	return (size_t)(account_queue_batch(account, seq) - account->queue_batches);
}

static void put_queue(struct bytes *to, const struct account *account)
{
	bytes_put_i64(to, account->queue_time);
	bytes_put_u32(to, (uint32_t)account->queue_batch_count);
	for (size_t i = 0; i < account->queue_batch_count; i++) {
		const struct queue_batch *batch = &account->queue_batches[i];

		bytes_put_u64(to, batch->seq);
		bytes_put_text(to, batch->cluster);
		bytes_put_text(to, batch->qos);
		bytes_put_text(to, batch->to_qos);
		bytes_put_i64(to, batch->time_limit);
		bytes_put_u8(to, batch->action);
		bytes_put_i64(to, batch->refused);
	}
	bytes_put_u32(to, (uint32_t)account->queue_job_count);
	for (size_t i = 0; i < account->queue_job_count; i++) {
		const struct queue_job *job = &account->queue_jobs[i];

		bytes_put_u32(to, job->id.number);
		bytes_put_u16(to, job->id.part);
		bytes_put_u8(to, job->state);
		bytes_put_u16(to, (uint16_t)batch_index(account, job->batch));
	}
}

int account_encode(const struct account *account, struct bytes *to, struct sb_error *err)
{
	char thresholds[THRESHOLDS_TEXT_SIZE];

	bytes_put_text(to, account->name);
	bytes_put_u8(to, account->open);
	bytes_put_i64(to, account->opened);
	bytes_put_u8(to, account->unlimited);
	bytes_put_i64(to, account->credit);
	bytes_put_u8(to, account->enforcement);
	bytes_put_u8(to, account->meter);
	bytes_put_text(to, account->field);
	bytes_put_text(to, account->tres);
	bytes_put_text(to, account->own_thresholds
				   ? thresholds_text(thresholds, &account->thresholds)
				   : "");
	bytes_put_i64(to, account->time);
	bytes_put_u64(to, account->people);
	bytes_put_u64(to, account->seq);
	bytes_put_i64(to, account->debt);
	put_sum(to, account->deposited);
	put_sum(to, account->withdrawn);
	put_sum(to, account->received);
	put_sum(to, account->sent);
	put_sum(to, account->charged);
	put_sum(to, account->expired);
	put_sum(to, account->refunded);
	put_sum(to, account->adjusted);
	put_sum(to, account->given_back);
	put_sum(to, account->taken_back);
	bytes_put_u8(to, (uint8_t)account->causes);
	bytes_put_i64(to, account->hand_until);
	bytes_put_i64(to, account->grace_until);
	bytes_put_u64(to, account->decision);
	bytes_put_u32(to, (uint32_t)account->lot_count);
	for (size_t i = 0; i < account->lot_count; i++) {
		const struct lot *lot = &account->lots[i];

		bytes_put_u64(to, lot->seq);
		bytes_put_u16(to, lot->index);
		bytes_put_i64(to, lot->start);
		bytes_put_i64(to, lot->end);
		bytes_put_i64(to, lot->amount);
		bytes_put_i64(to, lot->rest);
		bytes_put_u8(to, lot->noticed);
	}
	bytes_put_u32(to, (uint32_t)account->meter_count);
	for (size_t i = 0; i < account->meter_count; i++) {
		bytes_put_text(to, account->meters[i].cluster);
		bytes_put_i64(to, account->meters[i].reading);
		bytes_put_i64(to, account->meters[i].time);
		bytes_put_u8(to, account->meters[i].jobs);
		bytes_put_i64(to, account->meters[i].jobs_since);
		bytes_put_i64(to, account->meters[i].were_since);
		bytes_put_i64(to, account->meters[i].were_until);
	}
	bytes_put_u32(to, (uint32_t)account->move_count);
	for (size_t i = 0; i < account->move_count; i++) {
		bytes_put_text(to, account->moves[i].cluster);
		bytes_put_text(to, account->moves[i].mover);
		bytes_put_i64(to, account->moves[i].since);
		bytes_put_u8(to, account->moves[i].came);
	}
	bytes_put_u32(to, (uint32_t)account->lever_count);
	for (size_t i = 0; i < account->lever_count; i++) {
		const struct lever *lever = &account->levers[i];

		bytes_put_u64(to, lever->seq);
		bytes_put_u64(to, lever->decision);
		bytes_put_text(to, lever->cluster);
		bytes_put_text(to, lever->slurm_account);
		bytes_put_text(to, lever->field);
		bytes_put_text(to, lever->tres);
		bytes_put_i64(to, lever->original);
		bytes_put_i64(to, lever->found);
		bytes_put_u8(to, lever->found_ours);
		bytes_put_i64(to, lever->ours);
		bytes_put_i64(to, lever->ours_before);
		bytes_put_i64(to, lever->set);
		bytes_put_u8(to, lever->restoring);
		bytes_put_u8(to, lever->tried);
		bytes_put_u8(to, lever->outcome);
		bytes_put_text(to, lever->reason);
	}
	bytes_put_u32(to, (uint32_t)account->crossed_count);
	for (size_t i = 0; i < account->crossed_count; i++)
		bytes_put_i64(to, account->crossed[i]);
	put_quota(to, account);
	bytes_put_i64(to, account->share);
	put_queue(to, account);
	bytes_put_text(to, account->successor);
	bytes_put_u64(to, account->renamed_from);
	bytes_put_u64(to, account->renamed_to);
	bytes_put_u32(to, (uint32_t)account->merge_count);
	for (size_t i = 0; i < account->merge_count; i++)
		bytes_put_u64(to, account->merges[i]);
	return to->failed ? sb_error_nomem(err) : SB_OK;
}

static void get_text(struct reader *from, char *to, size_t size)
{
	const char *text = read_text(from, size - 1);

	memcpy(to, text, strlen(text) + 1);
}

/* Reads a count and allocates the array, with the room that array_add() expects. */
static void *get_array(struct reader *from, size_t size, size_t *ret_count)
{
	uint32_t count = read_u32(from);
	void *array;

	*ret_count = 0;
	if (count == 0)
		return NULL;
	/* Every item takes more than one byte, so a larger count cannot be right. */
	if (count > (size_t)(from->end - from->at)) {
		from->failed = true;
		return NULL;
	}
	array = calloc(array_room(count), size);
	if (array)
		*ret_count = count;
	else
		from->failed = from->no_memory = true;
	return array;
}

static void read_queue_jobs(struct reader *from, struct account *account)
{
	account->queue_jobs =
		get_array(from, sizeof(*account->queue_jobs), &account->queue_job_count);
	for (size_t i = 0; i < account->queue_job_count; i++) {
		struct queue_job *job = &account->queue_jobs[i];
		uint16_t batch;

		job->id.number = read_u32(from);
		job->id.part = read_u16(from);
		job->state = read_up_to(from, QUEUE_LEFT);
		batch = read_u16(from);
		if (batch >= account->queue_batch_count) {
			from->failed = true;
			return;
		}
		job->batch = account->queue_batches[batch].seq;
		/* account_queue_job() needs the order that apply_queue() keeps. */
		if (i > 0 && queue_job_compare(&job[-1], job) >= 0)
			from->failed = true;
	}
}

static void read_queue(struct reader *from, struct account *account)
{
	account->queue_time = read_count(from);
	account->queue_batches =
		get_array(from, sizeof(*account->queue_batches), &account->queue_batch_count);
	for (size_t i = 0; i < account->queue_batch_count; i++) {
		struct queue_batch *batch = &account->queue_batches[i];

		batch->seq = read_u64(from);
		get_text(from, batch->cluster, sizeof(batch->cluster));
		get_text(from, batch->qos, sizeof(batch->qos));
		get_text(from, batch->to_qos, sizeof(batch->to_qos));
		batch->time_limit = read_i64(from);
		batch->action = read_up_to(from, QUEUE_BACK);
		batch->refused = read_count(from);
		if ((i > 0 && batch[-1].seq >= batch->seq) || batch->time_limit < -1)
			from->failed = true;
	}
	read_queue_jobs(from, account);
}

/* Checks what account_apply() guarantees, so that sums of lots cannot overflow. */
static bool sums_fit(const struct account *account)
{
	__int128 sum = (__int128)account->debt + account->credit;

	for (size_t i = 0; i < account->lot_count; i++) {
		if (account->lots[i].rest > account->lots[i].amount)
			return false;
		sum += account->lots[i].amount;
	}
	return sum <= INT64_MAX;
}

int account_decode(const void *data, size_t len, struct account **ret, struct sb_error *err)
{
	struct reader from = reader_on(data, len);
	struct account *account = account_new("");
	char thresholds[THRESHOLDS_TEXT_SIZE];

	if (!account)
		return sb_error_nomem(err);
	get_text(&from, account->name, sizeof(account->name));
	account->open = read_up_to(&from, 1);
	account->opened = read_count(&from);
	account->unlimited = read_up_to(&from, 1);
	account->credit = read_count(&from);
	account->enforcement = read_up_to(&from, ENFORCE_SCAVENGE);
	account->meter = read_up_to(&from, METER_JOBS);
	get_text(&from, account->field, sizeof(account->field));
	get_text(&from, account->tres, sizeof(account->tres));
	get_text(&from, thresholds, sizeof(thresholds));
	account->own_thresholds = *thresholds;
	if (*thresholds && thresholds_parse(thresholds, &account->thresholds, NULL))
		from.failed = true;
	account->time = read_count(&from);
	if (account->time > WHEN_MAX || account->opened > WHEN_MAX)
		from.failed = true;
	account->people = read_u64(&from);
	account->seq = read_u64(&from);
	account->debt = read_count(&from);
	account->deposited = read_sum(&from);
	account->withdrawn = read_sum(&from);
	account->received = read_sum(&from);
	account->sent = read_sum(&from);
	account->charged = read_sum(&from);
	account->expired = read_sum(&from);
	account->refunded = read_sum(&from);
	account->adjusted = read_sum(&from);
	account->given_back = read_sum(&from);
	account->taken_back = read_sum(&from);
	account->causes = read_up_to(&from, (2u << CAUSE_OVERRUN) - 1);
	account->hand_until = read_i64(&from);
	account->grace_until = read_i64(&from);
	account->decision = read_u64(&from);
	account->lots = get_array(&from, sizeof(*account->lots), &account->lot_count);
	for (size_t i = 0; i < account->lot_count; i++) {
		struct lot *lot = &account->lots[i];

		lot->seq = read_u64(&from);
		lot->index = read_u16(&from);
		lot->start = read_i64(&from);
		lot->end = read_i64(&from);
		lot->amount = read_count(&from);
		lot->rest = read_count(&from);
		lot->noticed = read_up_to(&from, 1);
		/* account_add_lot() keeps this order, and one notice for all lots with an end. */
		if (i > 0 && (!lot_spent_before(&lot[-1], lot) ||
			      (lot[-1].end == lot->end && lot[-1].noticed != lot->noticed)))
			from.failed = true;
	}
	account->meters = get_array(&from, sizeof(*account->meters), &account->meter_count);
	for (size_t i = 0; i < account->meter_count; i++) {
		struct meter *meter = &account->meters[i];

		get_text(&from, meter->cluster, sizeof(meter->cluster));
		/* account_find_meter() needs the order that account_set_meter() keeps. */
		if (i > 0 && strcmp(meter[-1].cluster, meter->cluster) >= 0)
			from.failed = true;
		meter->reading = read_count(&from);
		meter->time = read_count(&from);
		meter->jobs = read_up_to(&from, 1);
		meter->jobs_since = read_count(&from);
		meter->were_since = read_count(&from);
		meter->were_until = read_count(&from);
	}
	account->moves = get_array(&from, sizeof(*account->moves), &account->move_count);
	for (size_t i = 0; i < account->move_count; i++) {
		struct moved *moved = &account->moves[i];

		get_text(&from, moved->cluster, sizeof(moved->cluster));
		get_text(&from, moved->mover, sizeof(moved->mover));
		moved->since = read_count(&from);
		moved->came = read_up_to(&from, 1);
	}
	account->levers = get_array(&from, sizeof(*account->levers), &account->lever_count);
	for (size_t i = 0; i < account->lever_count; i++) {
		struct lever *lever = &account->levers[i];

		lever->seq = read_u64(&from);
		lever->decision = read_u64(&from);
		get_text(&from, lever->cluster, sizeof(lever->cluster));
		get_text(&from, lever->slurm_account, sizeof(lever->slurm_account));
		get_text(&from, lever->field, sizeof(lever->field));
		get_text(&from, lever->tres, sizeof(lever->tres));
		lever->original = read_i64(&from);
		lever->found = read_i64(&from);
		lever->found_ours = read_up_to(&from, 1);
		lever->ours = read_i64(&from);
		lever->ours_before = read_i64(&from);
		lever->set = read_i64(&from);
		lever->restoring = read_up_to(&from, 1);
		lever->tried = read_up_to(&from, 1);
		lever->outcome = read_up_to(&from, OUTCOME_LEFT);
		get_text(&from, lever->reason, sizeof(lever->reason));
	}
	account->crossed = get_array(&from, sizeof(*account->crossed), &account->crossed_count);
	for (size_t i = 0; i < account->crossed_count; i++)
		account->crossed[i] = read_i64(&from);
	read_quota(&from, account);
	account->share = read_count(&from);
	read_queue(&from, account);
	get_text(&from, account->successor, sizeof(account->successor));
	account->renamed_from = read_u64(&from);
	account->renamed_to = read_u64(&from);
	account->merges = get_array(&from, sizeof(*account->merges), &account->merge_count);
	for (size_t i = 0; i < account->merge_count; i++) {
		account->merges[i] = read_u64(&from);
		if (i > 0 && account->merges[i] <= account->merges[i - 1])
			from.failed = true;
	}
	if (!reader_done(&from) || !sums_fit(account)) {
		account_free(account);
		if (from.no_memory)
			return sb_error_nomem(err);
		return sb_error_set(err, SB_ECORRUPT,
				    "the stored state is malformed: run `subank verify`");
	}
	*ret = account;
	return SB_OK;
}
