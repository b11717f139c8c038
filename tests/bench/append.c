/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Makes a bank of COUNT entries in FOLDER: opens ACCOUNTS accounts with a deposit, and then charges
 * them in turn, as checks do, with 10,000 entries a transaction. Prints the seconds from the start
 * of the first transaction to the end of the last.
 *
 *     append FOLDER COUNT ACCOUNTS
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "ledger/account/policy.h"
#include "ledger/base/when.h"
#include "ledger/books/books.h"

enum {
	BATCH = 10000,
	OPENING = 3, /* entries of an account before its first charge */
};

#define PERIOD (300 * WHEN_SECOND) /* time between two checks */
#define ALLOWANCE INT64_C(1000000000000)

struct filling {
	uint64_t count;
	uint64_t accounts;
	uint64_t done;
	uint64_t until; /* of this transaction */
	int64_t start;
	char (*names)[16]; /* of the accounts */
};

/* Returns the number of the check that records entry [number], both counted from 0. */
static int64_t time_of(const struct filling *filling, uint64_t number)
{
	uint64_t opening = OPENING * filling->accounts;
	uint64_t check = number < opening ? 0 : 1 + (number - opening) / filling->accounts;

	return filling->start + (int64_t)check * PERIOD;
}

static int open_one(struct books *books, const char *name, uint64_t step, struct sb_error *err)
{
	static const enum event_kind kinds[OPENING] = {EVENT_OPEN, EVENT_BASELINE, EVENT_DEPOSIT};
	struct event event = {.kind = kinds[step], .account = name};

	event_set_defaults(&event);
	if (event.kind != EVENT_OPEN)
		event.resource = RESOURCE_BILLING;
	if (event.kind == EVENT_BASELINE) {
		event.cluster = "main";
		event.reason = "opened";
	}
	if (event.kind == EVENT_DEPOSIT) {
		event.amount = ALLOWANCE;
		event.start = books_time(books);
	}
	return books_append(books, &event, err);
}

static int charge_one(struct books *books, const struct filling *filling, const char *name,
		      struct event *event, struct sb_error *err)
{
	const struct account *state;
	int rc = books_account(books, name, &state, err);

	if (rc)
		return rc;
	event->kind = EVENT_CHARGE;
	event->account = name;
	event->resource = RESOURCE_BILLING;
	event->cluster = "main";
	event->before = state->meters[0].reading;
	event->amount = 60 + (int64_t)(filling->done * 7919 % 100000);
	event->now = event->before + event->amount;
	event->until = time_of(filling, filling->done);
	event->since = event->until - PERIOD;
	event->part_count = 0;
	rc = plan_charge(state, event, err);
	return rc ? rc : books_append(books, event, err);
}

static int fill(struct books *books, void *ctx, struct sb_error *err)
{
	struct filling filling = *(struct filling *)ctx;
	uint64_t opening = OPENING * filling.accounts;
	struct event event = {0};
	int rc = SB_OK;

	event_set_defaults(&event);
	for (; filling.done < filling.until && !rc; filling.done++) {
		if (filling.done < opening)
			rc = open_one(books, filling.names[filling.done / OPENING],
				      filling.done % OPENING, err);
		else
			rc = charge_one(books, &filling,
					filling.names[filling.done % filling.accounts], &event,
					err);
	}
	event_release(&event);
	return rc;
}

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int main(int argc, char *argv[])
{
	static const struct author author = {
		.uid = 64030, .login = LOGIN_NONE, .user = "slurm", .host = "controller"};
	struct store_options options = {.doing = "append", .wait_ms = 60000};
	struct filling filling = {0};
	struct sb_error err = {0};
	struct bank *bank = NULL;
	double began;
	int rc;

	if (argc != 4) {
		fprintf(stderr, "usage: append FOLDER COUNT ACCOUNTS\n");
		return 2;
	}
	options.folder = argv[1];
	filling.count = strtoull(argv[2], NULL, 10);
	filling.accounts = strtoull(argv[3], NULL, 10);
	filling.names = calloc(filling.accounts, sizeof(*filling.names));
	if (!filling.names)
		return 1;
	for (uint64_t i = 0; i < filling.accounts; i++)
		(void)snprintf(filling.names[i], sizeof(filling.names[i]), "project%05" PRIu64,
			       i % 100000);
	/* The last entry is of now. */
	filling.start = time(NULL) * WHEN_SECOND - time_of(&filling, filling.count);
	rc = bank_create(&options, "", &err);
	if (!rc)
		rc = bank_open(&options, STORE_WRITE, &author, &bank, &err);
	began = seconds();
	while (!rc && filling.done < filling.count) {
		uint64_t end = filling.done < OPENING * filling.accounts
				       ? OPENING * filling.accounts
				       : filling.count;

		filling.until = filling.done + BATCH < end ? filling.done + BATCH : end;
		rc = bank_write(bank, time_of(&filling, filling.until - 1), fill, &filling, &err);
		filling.done = filling.until;
	}
	if (rc)
		fprintf(stderr, "append: %s\n", err.text);
	else
		printf("%.9f\n", seconds() - began);
	bank_close(bank);
	free(filling.names);
	return rc ? 1 : 0;
}
