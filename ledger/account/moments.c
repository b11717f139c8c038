/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ledger/account/moments.h"

#include <stdlib.h>

#include "ledger/base/array.h"
#include "ledger/base/minmax.h"

static int by_start(const void *a, const void *b)
{
	const struct lot_start *left = a, *right = b;

	if (left->time != right->time)
		return left->time < right->time ? -1 : 1;
	return left->lot < right->lot ? -1 : left->lot > right->lot;
}

static bool starts_within(const struct lot *lot, int64_t after, int64_t until)
{
	return lot->start > after && lot->start <= until;
}

static void add(struct moments *moments, const struct lot *lot)
{
	moments->amount += lot->amount;
	moments->rest += lot->rest;
}

int moments_begin(struct moments *ret, const struct account *account, int64_t after, int64_t until,
		  struct sb_error *err)
{
	struct moments moments = {.time = after, .account = account, .until = until};
	size_t count = 0;

	for (size_t i = 0; i < account->lot_count; i++) {
		if (lot_active(&account->lots[i], after))
			add(&moments, &account->lots[i]);
		count += starts_within(&account->lots[i], after, until);
	}
	/* Lots are in the order of their ends. */
	while (moments.end < account->lot_count && account->lots[moments.end].end <= after)
		moments.end++;
	moments.starts = count > 0 ? calloc(count, sizeof(*moments.starts)) : NULL;
	if (count > 0 && !moments.starts)
		return sb_error_nomem(err);
	for (size_t i = 0; i < account->lot_count && count > 0; i++) {
		if (starts_within(&account->lots[i], after, until))
			moments.starts[moments.start_count++] =
				(struct lot_start){account->lots[i].start, i};
	}
	array_sort(moments.starts, moments.start_count, by_start);
	*ret = moments;
	return SB_OK;
}

bool moments_next(struct moments *moments)
{
	const struct lot *lots = moments->account->lots;
	size_t count = moments->account->lot_count;
	bool starts = moments->next < moments->start_count;
	bool ends = moments->end < count && lots[moments->end].end <= moments->until;

	if (!starts && !ends)
		return false;
	moments->time = int64_min(starts ? moments->starts[moments->next].time : INT64_MAX,
				  ends ? lots[moments->end].end : INT64_MAX);
	for (; moments->end < count && lots[moments->end].end == moments->time; moments->end++) {
		const struct lot *lot = &lots[moments->end];

		if (lot->start >= lot->end)
			continue; /* it was never active */
		moments->amount -= lot->amount;
		moments->rest -= lot->rest;
	}
	moments->first = moments->next;
	while (moments->next < moments->start_count &&
	       moments->starts[moments->next].time == moments->time) {
		const struct lot *lot = &lots[moments->starts[moments->next++].lot];

		if (lot->start < lot->end)
			add(moments, lot);
	}
	return true;
}

void moments_release(struct moments *moments)
{
	free(moments->starts);
	*moments = (struct moments){0};
}

__int128 moments_used(const struct moments *moments)
{
	return moments->account->debt + moments->amount - moments->rest;
}
