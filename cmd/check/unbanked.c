/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/check/unbanked.h"

#include <stdlib.h>
#include <string.h>

#include "cmd/frame/messages.h"
#include "cmd/show/output.h"
#include "ledger/base/array.h"

/* Whether the bank has the account or one above it on that cluster. */
static int banked(struct books *books, const struct observation *observation,
		  const struct observed *row, bool *ret, struct sb_error *err)
{
	/* No more steps than rows: parents could form a circle. */
	for (size_t step = 0; row && step <= observation->count; step++) {
		const struct account *account;
		/* In Slurm an account may have the name of a purse. */
		int rc = purse_is_account(row->account)
				 ? books_find(books, row->account, &account, err)
				 : SB_ENOTFOUND;

		if (rc != SB_ENOTFOUND) {
			*ret = true;
			return rc;
		}
		row = observation_find(observation, row->parent);
	}
	*ret = false;
	return SB_OK;
}

/* Adds up what each row's children used, plus one for each of them: rows are cut to whole seconds.
 * The caller frees. */
static int64_t *used_below(const struct observation *observation)
{
	int64_t *below = calloc(observation->count + 1, sizeof(*below));

	for (size_t i = 0; below && i < observation->count; i++) {
		const struct observed *row = &observation->rows[i];
		const struct observed *parent = observation_find(observation, row->parent);
		int64_t *sum = parent ? &below[parent - observation->rows] : NULL;

		if (sum && (__builtin_add_overflow(*sum, row->usage, sum) ||
			    __builtin_add_overflow(*sum, 1, sum)))
			*sum = INT64_MAX;
	}
	return below;
}

static int find_on(struct books *books, struct unbanked *unbanked, const struct observation *on,
		   const int64_t *below, struct sb_error *err)
{
	const struct settings *settings = unbanked->settings;

	for (size_t i = 0; i < on->count; i++) {
		const struct observed *row = &on->rows[i];
		const char **name;
		bool known;

		if (row->usage <= below[i] || !settings_has_account(settings, row->account))
			continue;
		TRY(banked(books, on, row, &known, err));
		if (known)
			continue;
		name = name_ok(row->account) ? array_add(unbanked->names, unbanked->count)
					     : array_add(unbanked->odd, unbanked->odd_count);
		if (!name)
			return sb_error_nomem(err);
		*name = row->account;
	}
	return SB_OK;
}

int unbanked_find(struct books *books, void *ctx, struct sb_error *err)
{
	struct unbanked *unbanked = ctx;

	unbanked_release(unbanked);
	for (size_t i = 0; i < unbanked->list_count; i++) {
		const struct observation *on = &unbanked->list[i];
		int64_t *below;
		int rc;

		if (!on->answered)
			continue;
		below = used_below(on);
		rc = below ? find_on(books, unbanked, on, below, err) : sb_error_nomem(err);
		free(below);
		TRY(rc);
	}
	unbanked->count = names_once(unbanked->names, unbanked->count);
	unbanked->odd_count = names_once(unbanked->odd, unbanked->odd_count);
	return SB_OK;
}

void unbanked_release(struct unbanked *unbanked)
{
	free(unbanked->names);
	free(unbanked->odd);
	unbanked->names = unbanked->odd = NULL;
	unbanked->count = unbanked->odd_count = 0;
}

int unbanked_report(struct env *env, const struct observation *list, size_t count)
{
	struct unbanked found = {.settings = &env->settings, .list = list, .list_count = count};
	char names[NAMES_TEXT_SIZE];
	struct sb_error err;
	int status = EXIT_DONE;

	if (bank_read(env->bank, env->os.now(), unbanked_find, &found, &err)) {
		status = fail(env, &err);
	} else {
		if (found.count > 0)
			report(env,
			       "%zu account%s used something and %s not in the bank: %s (subank "
			       "open)",
			       found.count, found.count == 1 ? " has" : "s have",
			       found.count == 1 ? "is" : "are",
			       output_names(names, found.names, found.count));
		if (found.odd_count > 0)
			report(env,
			       "%zu account%s used something, and no bank can have an account of "
			       "such a name: %s (see subank(7))",
			       found.odd_count, found.odd_count == 1 ? " has" : "s have",
			       output_names(names, found.odd, found.odd_count));
	}
	unbanked_release(&found);
	return status;
}
