/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/check/ondemand.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/check/checkup.h"
#include "cmd/check/membership.h"
#include "cmd/check/public_file.h"
#include "ledger/base/array.h"
#include "ledger/base/when.h"
#include "ledger/check/funds.h"
#include "ledger/report/forecast.h"

struct user_row {
	char account[NAME_SIZE];
	const char *user; /* of [kept] */
};

struct collecting {
	struct env *env;
	json_t *kept; /* the users of accounts; NULL: not known */
	struct user_row *rows;
	size_t count;
	json_t *document; /* NULL: nothing is to be written */
};

static int add_row(const char *account, const char *user, void *ctx, struct sb_error *err)
{
	struct collecting *collecting = ctx;
	struct user_row *added = array_add(collecting->rows, collecting->count);

	if (!added)
		return sb_error_nomem(err);
	(void)snprintf(added->account, sizeof(added->account), "%s", account);
	added->user = user;
	return SB_OK;
}

static int by_account(const void *a, const void *b)
{
	const struct user_row *x = a, *y = b;
	int order = strcmp(x->account, y->account);

	return order ? order : strcmp(x->user, y->user);
}

/* Rounds down, also below 0. */
static int64_t whole(int64_t amount, int64_t unit)
{
	return amount / unit - (amount % unit < 0);
}

/* Finds the value of an account. Clears *ret_limited if it has none. */
static int find_value(const struct collecting *collecting, struct books *books, const char *name,
		      int64_t *ret, bool *ret_limited, struct sb_error *err)
{
	const struct settings *settings = &collecting->env->settings;
	const struct rules rules = settings_rules(settings);
	const struct account *account;
	struct forecast forecast;
	struct funds funds;
	int64_t left;

	TRY(books_account(books, name, &account, err));
	TRY(funds_of(books, account, &rules, &funds, err));
	*ret_limited = !funds.unlimited && account->open;
	*ret = whole(funds.available, AMOUNT_PER_SU);
	if (!*ret_limited || !settings->ondemand_days)
		return SB_OK;
	TRY(forecast_make(books, account, books_head(books)->seq, funds.spent, &forecast, err));
	*ret_limited = forecast.lasts != 0;
	/* It may have been used up since the account's last entry. */
	left = forecast.lasts - books_time(books);
	*ret = left > 0 ? left / WHEN_DAY : 0;
	return SB_OK;
}

/* Adds the rows to the document. Those of an account follow each other. */
static int add_values(const struct collecting *collecting, struct books *books, json_t *list,
		      struct sb_error *err)
{
	const char *account = "";
	bool limited = false;
	int64_t value = 0;

	for (size_t i = 0; i < collecting->count; i++) {
		const struct user_row *row = &collecting->rows[i];

		if (strcmp(row->account, account) != 0)
			TRY(find_value(collecting, books, row->account, &value, &limited, err));
		account = row->account;
		if (limited && json_array_append_new(list, json_pack("{ss ss sI}", "user",
								     row->user, "project", account,
								     "value", (json_int_t)value)))
			return sb_error_nomem(err);
	}
	return SB_OK;
}

static int make_document(struct collecting *collecting, struct books *books, struct sb_error *err)
{
	const bool days = collecting->env->settings.ondemand_days;
	json_t *list = json_array();
	int rc;

	array_sort(collecting->rows, collecting->count, by_account);
	array_unique(collecting->rows, collecting->count, by_account);
	rc = add_values(collecting, books, list, err);
	/* Takes over the reference, also on failure. */
	collecting->document =
		json_pack("{si sI s{ss ss} so}", "version", 1, "timestamp",
			  (json_int_t)(books_time(books) / WHEN_SECOND), "config", "unit",
			  days ? "day" : "SU", "project_type", "account", "balances", list);
	return rc || collecting->document ? rc : sb_error_nomem(err);
}

static void forget(struct collecting *collecting)
{
	free(collecting->rows);
	json_decref(collecting->document);
	json_decref(collecting->kept);
	*collecting = (struct collecting){.env = collecting->env};
}

static int collect(struct books *books, void *ctx, struct sb_error *err)
{
	struct collecting *collecting = ctx;
	struct membership membership = {.settings = &collecting->env->settings};
	struct nesting nesting = {0};
	bool granted;
	int rc;

	forget(collecting);
	TRY(checkup_may_command(collecting->env, books, &granted, err));
	if (!granted)
		return SB_OK;
	TRY(membership_load(books, &collecting->kept, err));
	membership.kept = collecting->kept;
	rc = membership_each(&membership, books, &nesting, add_row, collecting, err);
	nesting_release(&nesting);
	return rc ? rc : make_document(collecting, books, err);
}

static int describe(const struct env *env, struct public_file *ret, struct sb_error *err)
{
	uid_t owner;

	TRY(public_bank_owner(env, &owner, err));
	*ret = (struct public_file){.path = env->settings.ondemand_file,
				    .setting = "ondemand_file",
				    .failure = "the balances for Open OnDemand are not written",
				    .bank_owner = owner,
				    .mode = 0644,
				    .uid = (uid_t)-1};
	return SB_OK;
}

int ondemand_publish(struct env *env, struct sb_error *err)
{
	struct collecting collecting = {.env = env};
	struct public_file file;
	int rc = bank_read(env->bank, env->os.now(), collect, &collecting, err);

	if (!rc && collecting.document) {
		rc = describe(env, &file, err);
		if (!rc)
			rc = public_file_replace(&file, public_file_json, collecting.document, err);
	}
	forget(&collecting);
	return rc;
}

int ondemand_try(struct env *env, bool write, struct sb_error *err)
{
	struct public_file file;

	TRY(describe(env, &file, err));
	return public_file_try(&file, write, err);
}
