/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/check/own_marks.h"

#include <inttypes.h>
#include <stdlib.h>

#include "cmd/check/publish_row.h"
#include "ledger/base/when.h"
#include "ledger/report/use_days.h"

/* READING_STALE of why: its text then has the age of a reading, in hours. */
#define STALE (3600 * WHEN_SECOND)

static uint64_t hash_number(uint64_t hash, int64_t number)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%" PRId64, number);
	return published_hash(hash, text);
}

void own_write_mark(char to[MARK_SIZE], uint64_t hash)
{
	(void)snprintf(to, MARK_SIZE, "%016" PRIx64, hash);
}

uint64_t own_hash_settings(const struct settings *settings)
{
	const struct rules rules = settings_rules(settings);
	const int64_t numbers[] = {rules.meter,		 rules.enforcement,	rules.committed,
				   rules.put_right,	 rules.spare_moneyless, rules.pooled,
				   rules.notice,	 rules.stop_at,		rules.charge_every,
				   settings->move_queued};
	uint64_t hash = published_hash(PUBLISHED_HASH, rules.field);

	hash = published_hash(hash, rules.tres);
	hash = published_hash(hash, rules.scavenger ? rules.scavenger : "");
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		hash = hash_number(hash, numbers[i]);
	for (size_t i = 0; i < rules.thresholds.count; i++)
		hash = hash_number(hash, rules.thresholds.list[i]);
	for (size_t i = 0; i < settings->cluster_count; i++)
		hash = published_hash(hash, settings->clusters[i]);
	return hash;
}

/* Hashes the bank and the hash of the last entry, which depends on all before. The number of the
 * entry is not enough: after a restore, numbers are used again. */
static int hash_entries(const struct own *own, struct books *books, struct purse_row *row,
			struct sb_error *err)
{
	unsigned char hash[HASH_SIZE];
	char text[2 * HASH_SIZE + 1];
	struct event event = {0};
	int rc = journal_get(books_txn(books), row->purse->seq, &event, hash, err);

	event_release(&event);
	TRY(rc);
	row->entries = published_hash(PUBLISHED_HASH, own->bank);
	row->entries = published_hash(row->entries, hex_format(text, hash, HASH_SIZE));
	return SB_OK;
}

/* Replaces the time that most rows have by true. */
static int share_time(json_t *row, const char *key, int64_t time, int64_t common,
		      struct sb_error *err)
{
	return time && time == common && json_object_set_new(row, key, json_true())
		       ? sb_error_nomem(err)
		       : SB_OK;
}

int own_row_make(struct own *own, struct books *books, struct purse_row *row, struct sb_error *err)
{
	int64_t age = row->row.read && row->row.read != own->read ? own->now - row->row.read : 0;
	const struct rules site = settings_rules(&own->env->settings);
	char above[NAME_SIZE], *text;
	struct blocker blocker;
	uint64_t hash;

	TRY(nesting_above(&own->nesting, books, row->purse, above, err));
	TRY(nesting_blocker(&own->nesting, books, row->purse, &site, &blocker, err));
	TRY(hash_entries(own, books, row, err));
	row->json = publish_row(&row->row, above);
	if (!row->json)
		return sb_error_nomem(err);
	TRY(share_time(row->json, "read", row->row.read, own->read, err));
	TRY(share_time(row->json, "seen", row->row.seen, own->seen, err));
	text = json_dumps(row->json, JSON_COMPACT);
	if (!text)
		return sb_error_nomem(err);
	hash = published_hash(PUBLISHED_HASH, text);
	free(text);
	hash = hash_number(hash, (int64_t)row->entries);
	/* The row of a held account does not mention one above it. */
	hash = published_hash(hash, blocker.name);
	hash = hash_number(hash, blocker.scavenges);
	hash = hash_number(hash, use_day_of(own->now));
	/* All are old when Slurm was not read for hours. */
	hash = hash_number(hash, age / STALE);
	hash = hash_number(hash, (own->now - own->read) / STALE);
	own_write_mark(row->mark, hash);
	return SB_OK;
}

/* Hashes what the lines of `subank why` about one purse may say of the others. */
static uint64_t hash_family(const struct own *own, const struct own_account *account)
{
	const struct account *owner = own->rows[account->first].purse;
	uint64_t hash = hash_number(own->settings, owner->enforcement);

	hash = hash_number(hash, owner->grace_until);
	for (size_t i = 0; i < owner->lever_count; i++) {
		hash = hash_number(hash, (int64_t)owner->levers[i].seq);
		hash = hash_number(hash, owner->levers[i].tried);
		hash = hash_number(hash, owner->levers[i].outcome);
	}
	for (size_t i = account->first; i < account->end; i++) {
		hash = published_hash(hash, own->rows[i].row.name);
		hash = published_hash(hash, own->rows[i].row.state);
		hash = published_hash(hash, own->rows[i].row.causes);
	}
	return hash;
}

void own_mark_account(const struct own *own, struct own_account *account)
{
	uint64_t rows = PUBLISHED_HASH, use = hash_number(PUBLISHED_HASH, (int64_t)account->below);
	const uint64_t family = hash_family(own, account);
	const json_t *above;
	size_t at;

	json_array_foreach(account->chain, at, above)
	{
		rows = published_hash(rows, json_string_value(above));
	}
	for (size_t i = account->first; i < account->end; i++) {
		const struct account *purse = own->rows[i].purse;
		char *mark = own->rows[i].mark;

		own_write_mark(mark, published_hash(family, mark));
		rows = published_hash(rows, mark);
		if (purse_user(purse->name))
			continue;
		use = published_hash(use, purse->name);
		use = hash_number(use, (int64_t)own->rows[i].entries);
	}
	use = hash_number(use, use_day_of(own->now));
	own_write_mark(account->marks[FILE_ROWS], published_hash(rows, own->bank));
	own_write_mark(account->marks[FILE_USE], published_hash(use, own->bank));
}
