/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "ledger/account.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/amount.h"
#include "ledger/when.h"

static void copy_text(char *to, size_t size, const char *from)
{
	size_t len = strlen(from);

	/* Lengths were checked with the event. */
	if (len >= size)
		len = size - 1;
	memcpy(to, from, len);
	to[len] = '\0';
}

struct account *account_new(const char *name)
{
	struct account *account = calloc(1, sizeof(*account));

	if (account)
		copy_text(account->name, sizeof(account->name), name);
	return account;
}

void account_free(struct account *account)
{
	if (!account)
		return;
	free(account->lots);
	free(account->meters);
	free(account->levers);
	free(account->crossed);
	free(account);
}

/* Makes room for one more behind [count] things. Arrays have room for the next power of two, so
 * only a count that is one needs more; what is taken out leaves the room. */
static void *grow(void *array, size_t count, size_t size)
{
	if (count & (count - 1))
		return array;
	return reallocarray(array, count ? 2 * count : 1, size);
}

/* A copy of [count] things of [size] bytes, with the room that grow() expects; NULL for none. */
static void *copy_array(const void *from, size_t count, size_t size, bool *failed)
{
	size_t room = 1;
	void *to;

	if (count == 0)
		return NULL;
	while (room < count)
		room *= 2;
	to = calloc(room, size);
	if (to)
		memcpy(to, from, count * size);
	else
		*failed = true;
	return to;
}

struct account *account_copy(const struct account *account)
{
	struct account *copy = malloc(sizeof(*copy));
	bool failed = false;

	if (!copy)
		return NULL;
	*copy = *account;
	copy->lots = copy_array(account->lots, account->lot_count, sizeof(*copy->lots), &failed);
	copy->meters =
		copy_array(account->meters, account->meter_count, sizeof(*copy->meters), &failed);
	copy->levers =
		copy_array(account->levers, account->lever_count, sizeof(*copy->levers), &failed);
	copy->crossed = copy_array(account->crossed, account->crossed_count, sizeof(*copy->crossed),
				   &failed);
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

static struct lot *find_lot(const struct account *account, uint64_t seq, uint16_t index)
{
	for (size_t i = 0; i < account->lot_count; i++) {
		if (account->lots[i].seq == seq && account->lots[i].index == index)
			return &account->lots[i];
	}
	return NULL;
}

const struct lot *account_lot(const struct account *account, uint64_t seq, uint16_t index)
{
	return find_lot(account, seq, index);
}

/* Whether [a] is spent before [b]. */
static bool spent_before(const struct lot *a, const struct lot *b)
{
	if (a->end != b->end)
		return a->end < b->end;
	if (a->seq != b->seq)
		return a->seq < b->seq;
	return a->index < b->index;
}

static int add_lot(struct account *account, struct lot lot, struct sb_error *err)
{
	struct lot *lots = grow(account->lots, account->lot_count, sizeof(*lots));
	size_t at = account->lot_count;

	if (!lots)
		return sb_error_nomem(err);
	account->lots = lots;
	for (size_t i = 0; i < account->lot_count; i++)
		lot.noticed = lot.noticed || (lots[i].end == lot.end && lots[i].noticed);
	for (; at > 0 && spent_before(&lot, &lots[at - 1]); at--)
		lots[at] = lots[at - 1];
	lots[at] = lot;
	account->lot_count++;
	return SB_OK;
}

/* The next moment after [after] and up to [until] at which a lot with money starts; false if none.
 */
static bool next_start(const struct account *account, int64_t after, int64_t until, int64_t *ret)
{
	bool found = false;

	for (size_t i = 0; i < account->lot_count; i++) {
		const struct lot *lot = &account->lots[i];

		if (lot->start > after && lot->start <= until && lot->rest > 0 &&
		    (!found || lot->start < *ret)) {
			*ret = lot->start;
			found = true;
		}
	}
	return found;
}

static void pay_debt(struct account *account, int64_t time)
{
	for (size_t i = 0; i < account->lot_count && account->debt > 0; i++) {
		struct lot *lot = &account->lots[i];
		int64_t paid;

		if (!lot_active(lot, time))
			continue;
		paid = lot->rest < account->debt ? lot->rest : account->debt;
		lot->rest -= paid;
		account->debt -= paid;
	}
}

void account_settle(struct account *account, int64_t time)
{
	int64_t at = account->time;
	size_t kept = 0;

	if (time < at)
		return;
	/* Start by start, so that the same comes out however often it is settled in between. */
	pay_debt(account, at);
	while (account->debt > 0 && next_start(account, at, time, &at))
		pay_debt(account, at);
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
		return sb_error_set(err, SB_EOVERFLOW, "the balance of account '%s' leaves int64",
				    account->name);
	*ret = sum;
	return SB_OK;
}

/* Adds up amount or, with [rest], the rest of the active lots. */
static int sum_active(const struct account *account, bool rest, int64_t *ret, struct sb_error *err)
{
	int64_t sum = 0;

	for (size_t i = 0; i < account->lot_count; i++) {
		const struct lot *lot = &account->lots[i];

		if (lot_active(lot, account->time) &&
		    !amount_add(sum, rest ? lot->rest : lot->amount, &sum))
			return sb_error_set(err, SB_EOVERFLOW,
					    "the allocation of account '%s' leaves int64",
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
	int rc = sum_active(account, false, &allocated, err);

	if (!rc)
		rc = sum_active(account, true, &rest, err);
	if (rc)
		return rc;
	/* rest <= allocated: each lot's is. */
	if (!amount_add(allocated - rest, account->debt, &used))
		return sb_error_set(err, SB_EOVERFLOW, "the use of account '%s' leaves int64",
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

const struct meter *account_meter(const struct account *account, const char *cluster)
{
	for (size_t i = 0; i < account->meter_count; i++) {
		if (strcmp(account->meters[i].cluster, cluster) == 0)
			return &account->meters[i];
	}
	return NULL;
}

static int set_meter(struct account *account, const struct event *event, int64_t time,
		     struct sb_error *err)
{
	struct meter *meters = account->meters;
	size_t i = 0;

	while (i < account->meter_count && strcmp(meters[i].cluster, event->cluster) < 0)
		i++;
	if (i == account->meter_count || strcmp(meters[i].cluster, event->cluster) != 0) {
		meters = grow(meters, account->meter_count, sizeof(*meters));
		if (!meters)
			return sb_error_nomem(err);
		account->meters = meters;
		memmove(&meters[i + 1], &meters[i], (account->meter_count - i) * sizeof(*meters));
		account->meter_count++;
		copy_text(meters[i].cluster, sizeof(meters[i].cluster), event->cluster);
	}
	meters[i].reading = event->now;
	meters[i].time = time;
	return SB_OK;
}

static struct lever *find_lever(const struct account *account, const char *cluster,
				const char *field, const char *tres)
{
	for (size_t i = 0; i < account->lever_count; i++) {
		struct lever *lever = &account->levers[i];

		if (strcmp(lever->cluster, cluster) == 0 && strcmp(lever->field, field) == 0 &&
		    strcmp(lever->tres, tres) == 0)
			return lever;
	}
	return NULL;
}

const struct lever *account_lever(const struct account *account, const char *cluster,
				  const char *field, const char *tres)
{
	return find_lever(account, cluster, field, tres);
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
	(void)snprintf(to, LEVER_NAME_SIZE, "%s%s%s", field, *tres ? "=" : "", tres);
	return to;
}

static int broken(const struct event *event, struct sb_error *err, const char *what)
{
	return sb_error_set(err, SB_ECORRUPT, "%s of account '%s' breaks a rule: %s",
			    event_kinds[event->kind].name, event->account, what);
}

static int overflow(const struct event *event, struct sb_error *err)
{
	return sb_error_set(err, SB_EOVERFLOW,
			    "%s of account '%s' would take a sum past what int64 holds",
			    event_kinds[event->kind].name, event->account);
}

/* A grace was given for the causes that stood: without any it is over, and must not let the next
 * one pass. */
static void end_grace(struct account *account)
{
	if (!account->causes)
		account->grace_until = 0;
}

static int apply_open(struct account *account, const struct event *event, struct sb_error *err)
{
	if (account->open)
		return broken(event, err, "it is open already");
	account->open = true;
	account->causes &= ~(1u << CAUSE_CLOSED);
	end_grace(account);
	account->decision = event->seq;
	return SB_OK;
}

static int apply_close(struct account *account, const struct event *event)
{
	account->open = false;
	account->causes |= 1u << CAUSE_CLOSED;
	account->grace_until = 0;
	account->decision = event->seq;
	return SB_OK;
}

static int apply_terms(struct account *account, const struct event *event, struct sb_error *err)
{
	account->own_thresholds = event->thresholds && *event->thresholds;
	account->thresholds.count = 0;
	if (account->own_thresholds &&
	    thresholds_parse(event->thresholds, &account->thresholds, err))
		return SB_ECORRUPT;
	account->unlimited = event->allowance == ALLOWANCE_UNLIMITED;
	account->credit = event->credit;
	account->enforcement = event->enforcement;
	copy_text(account->field, sizeof(account->field), event->field);
	copy_text(account->tres, sizeof(account->tres), event->tres);
	account->decision = event->seq;
	return SB_OK;
}

static int apply_baseline(struct account *account, const struct event *event, struct sb_error *err)
{
	const struct meter *meter = account_meter(account, event->cluster);

	if (event->before != (meter ? meter->reading : -1))
		return broken(event, err, "the reading before is not the last one");
	return set_meter(account, event, event->time, err);
}

/* Settles once more, since what came in pays debt, and compares with what the entry says. */
static int check_debt_paid(struct account *account, const struct event *event, struct sb_error *err)
{
	int64_t before = account->debt;

	account_settle(account, event->time);
	if (before - account->debt != event->debt)
		return broken(event, err, "it pays another debt than it says");
	return SB_OK;
}

static int apply_deposit(struct account *account, const struct event *event, struct sb_error *err)
{
	struct lot lot = {.seq = event->seq,
			  .start = event->start,
			  .end = event->end,
			  .amount = event->amount,
			  .rest = event->amount};
	int rc;

	if (!account->open)
		return broken(event, err, "it is closed");
	account->deposited += event->amount;
	rc = add_lot(account, lot, err);
	return rc ? rc : check_debt_paid(account, event, err);
}

/* Takes the parts of a withdrawal or a transfer out of active lots. */
static int take_parts(struct account *account, const struct event *event, struct sb_error *err)
{
	for (size_t i = 0; i < event->part_count; i++) {
		const struct part *part = &event->parts[i];
		struct lot *lot = find_lot(account, part->lot, part->index);

		if (!lot || !lot_active(lot, event->time))
			return broken(event, err, "it takes from a lot that is not active");
		if (lot->rest < part->amount)
			return broken(event, err, "it takes more than a lot holds");
		lot->rest -= part->amount;
		lot->amount -= part->amount;
	}
	return SB_OK;
}

static int apply_withdraw(struct account *account, const struct event *event, struct sb_error *err)
{
	account->withdrawn += event->amount;
	return take_parts(account, event, err);
}

static int apply_transfer(struct account *from, struct account *to, const struct event *event,
			  struct sb_error *err)
{
	if (!to || !to->open)
		return broken(event, err, "the receiver is not open");
	from->sent += event->amount;
	to->received += event->amount;
	/* The windows first: a lot that is taken whole is forgotten when it ends. */
	for (size_t i = 0; i < event->part_count; i++) {
		const struct part *part = &event->parts[i];
		const struct lot *source = find_lot(from, part->lot, part->index);
		struct lot lot = {.seq = event->seq,
				  .index = (uint16_t)i,
				  .amount = part->amount,
				  .rest = part->amount};
		int rc;

		if (!source)
			return broken(event, err, "it takes from a lot that is not active");
		lot.start = source->start;
		lot.end = source->end;
		rc = add_lot(to, lot, err);
		if (rc)
			return rc;
	}
	if (take_parts(from, event, err))
		return SB_ECORRUPT;
	return check_debt_paid(to, event, err);
}

static int apply_charge(struct account *account, const struct event *event, struct sb_error *err)
{
	const struct meter *meter = account_meter(account, event->cluster);

	if (!meter || meter->reading != event->before)
		return broken(event, err, "the reading before is not the last one");
	if (event->since < meter->time)
		return broken(event, err, "it charges a time that was charged before");
	if (event->until > event->time)
		return broken(event, err, "it charges a time to come");
	for (size_t i = 0; i < event->part_count; i++) {
		const struct part *part = &event->parts[i];
		struct lot *lot = find_lot(account, part->lot, part->index);

		if (!lot || lot->start >= event->until || lot->end <= event->since)
			return broken(event, err, "it draws on a lot outside its window");
		if (lot->rest < part->amount)
			return broken(event, err, "it draws more than a lot holds");
		lot->rest -= part->amount;
	}
	if (!amount_add(account->debt, event->debt, &account->debt))
		return overflow(event, err);
	account->charged += event->amount;
	return set_meter(account, event, event->until, err);
}

static int apply_expire(struct account *account, const struct event *event, struct sb_error *err)
{
	if (event->end > event->time)
		return broken(event, err, "the window has not ended");
	for (size_t i = 0; i < event->part_count; i++) {
		const struct part *part = &event->parts[i];
		struct lot *lot = find_lot(account, part->lot, part->index);

		if (!lot || lot->end != event->end)
			return broken(event, err, "it names a lot with another end");
		if (lot->rest != part->amount)
			return broken(event, err, "it is not what is left of a lot");
		lot->rest = 0;
	}
	account->expired += event->amount;
	return SB_OK;
}

static int owe(struct account *account, const struct event *event, int64_t debt,
	       struct sb_error *err)
{
	return amount_add(account->debt, debt, &account->debt) ? SB_OK : overflow(event, err);
}

/* The part of a refund or reversal that names its own entry. */
static int add_new_lot(struct account *account, const struct event *event, const struct part *part,
		       struct sb_error *err)
{
	struct lot lot = {.seq = event->seq,
			  .index = part->index,
			  .start = event->start,
			  .end = event->end,
			  .amount = part->amount,
			  .rest = part->amount};

	if (find_lot(account, lot.seq, lot.index))
		return broken(event, err, "it makes a lot twice");
	if (event->end <= event->time)
		return broken(event, err, "the new window is over");
	return add_lot(account, lot, err);
}

/* Use that is taken back: it pays debt, and then what lots had spent comes back to them. */
static int take_use_back(struct account *account, const struct event *event, struct sb_error *err)
{
	if (event->debt > account->debt)
		return broken(event, err, "it pays more debt than there is");
	account->debt -= event->debt;
	if (account->debt > 0 && event->part_count > 0)
		return broken(event, err, "debt is to be paid first");
	for (size_t i = 0; i < event->part_count; i++) {
		const struct part *part = &event->parts[i];
		struct lot *lot = find_lot(account, part->lot, part->index);
		int rc = SB_OK;

		if (part->lot == event->seq)
			rc = add_new_lot(account, event, part, err);
		else if (!lot || !lot_active(lot, event->time))
			rc = broken(event, err, "it gives to a lot that is not active");
		else if (lot->amount - lot->rest < part->amount)
			rc = broken(event, err, "it gives a lot more than was spent of it");
		else
			lot->rest += part->amount;
		if (rc)
			return rc;
	}
	return SB_OK;
}

static int apply_refund(struct account *account, const struct event *event, struct sb_error *err)
{
	account->refunded += event->amount;
	return take_use_back(account, event, err);
}

/* Lowers what lots are worth; what they have spent of it already becomes debt. */
static int apply_adjust(struct account *account, const struct event *event, struct sb_error *err)
{
	int64_t debt = 0;

	for (size_t i = 0; i < event->part_count; i++) {
		const struct part *part = &event->parts[i];
		struct lot *lot = find_lot(account, part->lot, part->index);
		int64_t rest;

		if (!lot || !lot_active(lot, event->time))
			return broken(event, err, "it takes from a lot that is not active");
		if (lot->amount < part->amount)
			return broken(event, err, "it takes more than a lot was given");
		rest = lot->rest < part->amount ? lot->rest : part->amount;
		lot->amount -= part->amount;
		lot->rest -= rest;
		debt += part->amount - rest;
	}
	if (debt != event->debt)
		return broken(event, err, "it makes another debt than it says");
	account->adjusted += event->amount;
	return owe(account, event, debt, err);
}

/* Money that was taken out comes back to its lots. */
static int give_back(struct account *account, const struct event *event, struct sb_error *err)
{
	for (size_t i = 0; i < event->part_count; i++) {
		const struct part *part = &event->parts[i];
		struct lot *lot = find_lot(account, part->lot, part->index);
		int rc = SB_OK;

		if (part->lot == event->seq)
			rc = add_new_lot(account, event, part, err);
		else if (!lot || lot->end <= event->time)
			rc = broken(event, err, "it gives to a lot that has ended");
		else if (!amount_add(lot->amount, part->amount, &lot->amount))
			rc = overflow(event, err);
		else
			lot->rest += part->amount; /* at most the amount */
		if (rc)
			return rc;
	}
	return SB_OK;
}

/* Takes a whole lot that came in; what was spent of it is debt: *ret. */
static int annul(struct account *account, const struct event *event, uint16_t index, int64_t amount,
		 int64_t *ret, struct sb_error *err)
{
	struct lot *lot = find_lot(account, event->answers, index);

	if (!lot)
		return broken(event, err, "the lot is gone");
	if (lot->amount != amount)
		return broken(event, err, "some of the lot was taken out since");
	*ret = lot->amount - lot->rest;
	lot->amount = lot->rest = 0;
	return SB_OK;
}

static int reverse_deposit(struct account *account, const struct event *event, struct sb_error *err)
{
	int64_t spent = 0;
	int rc = annul(account, event, 0, event->amount, &spent, err);

	if (rc)
		return rc;
	if (spent != event->debt || event->part_count > 1 ||
	    (event->part_count == 1 &&
	     (event->parts[0].lot != event->answers || event->parts[0].index != 0)))
		return broken(event, err, "it takes something else than is left of the lot");
	return owe(account, event, spent, err);
}

static int reverse_transfer(struct account *from, struct account *to, const struct event *event,
			    struct sb_error *err)
{
	int64_t debt = 0, spent = 0;
	int rc = give_back(from, event, err);

	for (size_t i = 0; i < event->part_count && !rc; i++) {
		rc = annul(to, event, (uint16_t)i, event->parts[i].amount, &spent, err);
		if (!rc)
			debt += spent;
	}
	if (!rc && debt != event->debt)
		rc = broken(event, err, "it makes another debt than it says");
	return rc ? rc : owe(to, event, debt, err);
}

static int reverse_refund(struct account *account, const struct event *event, struct sb_error *err)
{
	struct lot *made;

	for (size_t i = 0; i < event->part_count; i++) {
		const struct part *part = &event->parts[i];
		struct lot *lot = find_lot(account, part->lot, part->index);

		if (!lot || lot->end <= event->time)
			return broken(event, err, "it takes from a lot that has ended");
		if (lot->rest < part->amount)
			return broken(event, err, "it takes more than a lot holds");
		lot->rest -= part->amount;
	}
	made = find_lot(account, event->answers, 0);
	if (made && made->rest > 0)
		return broken(event, err, "it leaves something in the lot of the refund");
	if (made)
		made->amount = 0;
	return owe(account, event, event->debt, err);
}

static int apply_reverse(struct account *account, struct account *to, const struct event *event,
			 struct sb_error *err)
{
	int rc;

	switch (event->reverses) {
	case REVERSED_DEPOSIT:
		account->taken_back += event->amount;
		return reverse_deposit(account, event, err);
	case REVERSED_REFUND:
		account->taken_back += event->amount;
		return reverse_refund(account, event, err);
	case REVERSED_CHARGE:
		account->given_back += event->amount;
		return take_use_back(account, event, err);
	case REVERSED_TRANSFER:
		if (!to)
			return broken(event, err, "it names no receiver");
		account->given_back += event->amount;
		to->taken_back += event->amount;
		return reverse_transfer(account, to, event, err);
	default: /* withdraw, adjust, expire: event_check() knows no other */
		account->given_back += event->amount;
		rc = give_back(account, event, err);
		return rc ? rc : check_debt_paid(account, event, err);
	}
}

bool account_crossed(const struct account *account, int64_t level)
{
	for (size_t i = 0; i < account->crossed_count; i++) {
		if (account->crossed[i] == level)
			return true;
	}
	return false;
}

static int apply_threshold(struct account *account, const struct event *event, struct sb_error *err)
{
	int64_t *crossed = grow(account->crossed, account->crossed_count, sizeof(*crossed));
	int64_t used, allocated;
	int rc;

	if (!crossed)
		return sb_error_nomem(err);
	account->crossed = crossed;
	rc = account_used(account, &used, err);
	if (!rc)
		rc = account_allocated(account, &allocated, err);
	if (rc)
		return rc;
	if (used != event->used || allocated != event->allocated)
		return broken(event, err, "the balance is another than it says");
	if (account_crossed(account, event->level))
		return broken(event, err, "it was crossed before");
	crossed[account->crossed_count++] = event->level;
	return SB_OK;
}

/* Forgets the thresholds that what is used is below: crossed again, they are entered again. */
static int rearm(struct account *account, struct sb_error *err)
{
	int64_t used, allocated;
	size_t kept = 0;
	int rc;

	if (account->crossed_count == 0)
		return SB_OK;
	rc = account_used(account, &used, err);
	if (!rc)
		rc = account_allocated(account, &allocated, err);
	if (rc)
		return rc;
	for (size_t i = 0; i < account->crossed_count; i++) {
		if (amount_reaches(used, allocated, account->crossed[i]))
			account->crossed[kept++] = account->crossed[i];
	}
	account->crossed_count = kept;
	return SB_OK;
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

static int apply_notice(struct account *account, const struct event *event, struct sb_error *err)
{
	if (event->end <= event->time)
		return broken(event, err, "the window has ended");
	if (account_ending(account, event->end) != event->amount)
		return broken(event, err, "it is not what is left of the lots that end then");
	for (size_t i = 0; i < account->lot_count; i++) {
		struct lot *lot = &account->lots[i];

		if (lot->end != event->end)
			continue;
		if (lot->noticed)
			return broken(event, err, "it was given before");
		lot->noticed = true;
	}
	return SB_OK;
}

static int apply_hold(struct account *account, const struct event *event, struct sb_error *err)
{
	if (event->cause == CAUSE_CLOSED)
		return broken(event, err, "only close holds for that cause");
	if (event->until && event->until <= event->time)
		return broken(event, err, "it ends before it begins");
	account->causes |= 1u << event->cause;
	if (event->cause == CAUSE_HAND) {
		account->hand_until = event->until;
		account->grace_until = 0;
	}
	account->decision = event->seq;
	return SB_OK;
}

static int apply_release(struct account *account, const struct event *event, struct sb_error *err)
{
	if (event->cause == CAUSE_CLOSED)
		return broken(event, err, "only open releases from that cause");
	if (event->until && event->until <= event->time)
		return broken(event, err, "its grace ends before it begins");
	account->causes &= ~(1u << event->cause);
	if (event->cause == CAUSE_HAND) {
		account->hand_until = 0;
		account->grace_until = event->until;
	}
	end_grace(account);
	account->decision = event->seq;
	return SB_OK;
}

static struct lever *find_lever_entry(struct account *account, uint64_t seq)
{
	for (size_t i = 0; i < account->lever_count; i++) {
		if (account->levers[i].seq == seq)
			return &account->levers[i];
	}
	return NULL;
}

static int apply_lever(struct account *account, const struct event *event, struct sb_error *err)
{
	struct lever *lever = find_lever(account, event->cluster, event->field, event->tres);

	if (!lever) {
		struct lever *levers;

		if (event->action != LEVER_HOLD)
			return broken(event, err, "it restores a lever that is not in force");
		levers = grow(account->levers, account->lever_count, sizeof(*levers));
		if (!levers)
			return sb_error_nomem(err);
		account->levers = levers;
		lever = &levers[account->lever_count++];
		*lever = (struct lever){
			.original = event->found, .ours = event->set, .ours_before = event->set};
		copy_text(lever->cluster, sizeof(lever->cluster), event->cluster);
		copy_text(lever->field, sizeof(lever->field), event->field);
		copy_text(lever->tres, sizeof(lever->tres), event->tres);
	}
	/* Judged before [ours] moves on: a value that we set, or tried to, is not the site's. */
	lever->found_ours = lever->seq && lever_is_ours(lever, event->found);
	lever->found = event->found;
	if (event->action == LEVER_HOLD) {
		if (!lever->found_ours)
			lever->original = event->found;
		lever->ours_before = lever->seq ? lever->ours : event->set;
		lever->ours = event->set;
	}
	if (event->action == LEVER_RESTORE && event->set != lever->original)
		return broken(event, err, "it restores another value than was found");
	copy_text(lever->slurm_account, sizeof(lever->slurm_account), event->slurm_account);
	lever->seq = event->seq;
	lever->decision = event->answers;
	lever->set = event->set;
	lever->restoring = event->action == LEVER_RESTORE;
	lever->tried = false;
	lever->outcome = 0;
	lever->reason[0] = '\0';
	return SB_OK;
}

static int apply_applied(struct account *account, const struct event *event, struct sb_error *err)
{
	struct lever *lever = find_lever_entry(account, event->answers);

	if (!lever)
		return broken(event, err, "it answers no lever in force");
	if (event->outcome == OUTCOME_LEFT && !lever->restoring)
		return broken(event, err, "only a value to restore can be left");
	if (lever->restoring && event->outcome != OUTCOME_FAILED) {
		size_t behind = account->lever_count - 1 - (size_t)(lever - account->levers);

		memmove(lever, lever + 1, behind * sizeof(*lever));
		account->lever_count--;
		return SB_OK;
	}
	lever->tried = true;
	lever->outcome = event->outcome;
	copy_text(lever->reason, sizeof(lever->reason), event->reason);
	return SB_OK;
}

/* lots - debt = deposits + in - withdrawals - out - charges - expired + refunds - adjustments and
 * reversals either way: nothing was made and nothing lost. And whatever windows are active, balance
 * and use fit int64. */
static int check_sums(const struct account *account, const struct event *event,
		      struct sb_error *err)
{
	__int128 sum = account->deposited + account->received - account->withdrawn - account->sent -
		       account->charged - account->expired + account->refunded - account->adjusted +
		       account->given_back - account->taken_back;
	__int128 rest = 0, amount = 0;

	for (size_t i = 0; i < account->lot_count; i++) {
		rest += account->lots[i].rest;
		amount += account->lots[i].amount;
	}
	if (rest - account->debt != sum)
		return broken(event, err, "its lots and its sums differ afterwards");
	if (amount + account->debt + account->credit > INT64_MAX)
		return overflow(event, err);
	return SB_OK;
}

static int apply_one(struct account *account, struct account *to, const struct event *event,
		     struct sb_error *err)
{
	if (event->kind != EVENT_OPEN && !account->seq)
		return broken(event, err, "it was never opened");
	switch (event->kind) {
	case EVENT_OPEN:
		return apply_open(account, event, err);
	case EVENT_CLOSE:
		return account->open ? apply_close(account, event)
				     : broken(event, err, "it is closed already");
	case EVENT_TERMS:
		return apply_terms(account, event, err);
	case EVENT_BASELINE:
		return apply_baseline(account, event, err);
	case EVENT_DEPOSIT:
		return apply_deposit(account, event, err);
	case EVENT_WITHDRAW:
		return apply_withdraw(account, event, err);
	case EVENT_TRANSFER:
		return apply_transfer(account, to, event, err);
	case EVENT_CHARGE:
		return apply_charge(account, event, err);
	case EVENT_REFUND:
		return apply_refund(account, event, err);
	case EVENT_REVERSE:
		return apply_reverse(account, to, event, err);
	case EVENT_ADJUST:
		return apply_adjust(account, event, err);
	case EVENT_EXPIRE:
		return apply_expire(account, event, err);
	case EVENT_THRESHOLD:
		return apply_threshold(account, event, err);
	case EVENT_NOTICE:
		return apply_notice(account, event, err);
	case EVENT_HOLD:
		return apply_hold(account, event, err);
	case EVENT_RELEASE:
		return apply_release(account, event, err);
	case EVENT_LEVER:
		return apply_lever(account, event, err);
	case EVENT_APPLIED:
		return apply_applied(account, event, err);
	case EVENT_NOTIFIED:
		return SB_OK; /* says who was told, and changes nothing */
	default:
		return broken(event, err, "its kind has no rule");
	}
}

int account_apply(struct account *account, struct account *to, const struct event *event,
		  struct sb_error *err)
{
	struct account *both[] = {account, to};
	int rc = SB_OK;

	if (event->resource && *event->resource && strcmp(event->resource, RESOURCE_BILLING) != 0)
		return sb_error_set(err, SB_ECORRUPT,
				    "resource '%s' is not known to this subank: use a newer one",
				    event->resource);
	for (size_t i = 0; i < 2 && !rc; i++) {
		if (!both[i])
			continue;
		account_settle(both[i], event->time);
		rc = rearm(both[i], err);
	}
	if (!rc)
		rc = apply_one(account, to, event, err);
	for (size_t i = 0; i < 2 && !rc; i++) {
		if (!both[i])
			continue;
		account_settle(both[i], event->time);
		both[i]->seq = event->seq;
		rc = check_sums(both[i], event, err);
		if (!rc)
			rc = rearm(both[i], err);
	}
	return rc;
}
