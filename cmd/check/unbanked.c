/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "cmd/check/unbanked.h"

#include <stdlib.h>
#include <string.h>

#include "cmd/frame/messages.h"
#include "cmd/show/output.h"

/* Whether the bank has the account or one above it on that cluster. */
static int banked(struct books *books, const struct observation *observation,
		  const struct observed *row, bool *ret, struct sb_error *err)
{
	/* No more steps than rows: parents could form a circle. */
	for (size_t step = 0; row && step <= observation->count; step++) {
		const struct account *account;
		int rc = books_find(books, row->account, &account, err);

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

static int find_on(struct books *books, const struct settings *settings,
		   const struct observation *observation, const int64_t *below,
		   struct unbanked *unbanked, struct sb_error *err)
{
	for (size_t i = 0; i < observation->count; i++) {
		const struct observed *row = &observation->rows[i];
		bool known;

		if (row->usage <= below[i] || !settings_has_account(settings, row->account))
			continue;
		TRY(banked(books, observation, row, &known, err));
		if (known)
			continue;
		if (name_ok(row->account))
			unbanked->names[unbanked->count++] = row->account;
		else
			unbanked->odd[unbanked->odd_count++] = row->account;
	}
	return SB_OK;
}

int unbanked_find(struct books *books, const struct settings *settings,
		  const struct observation *list, size_t count, struct unbanked *ret,
		  struct sb_error *err)
{
	struct unbanked unbanked = {0};
	size_t rows = 0;
	int rc = SB_OK;

	for (size_t i = 0; i < count; i++)
		rows += list[i].answered ? list[i].count : 0;
	unbanked.names = calloc(rows + 1, sizeof(*unbanked.names));
	unbanked.odd = calloc(rows + 1, sizeof(*unbanked.odd));
	if (!unbanked.names || !unbanked.odd)
		rc = sb_error_nomem(err);
	for (size_t i = 0; i < count && !rc; i++) {
		int64_t *below = list[i].answered ? used_below(&list[i]) : NULL;

		if (below)
			rc = find_on(books, settings, &list[i], below, &unbanked, err);
		else if (list[i].answered)
			rc = sb_error_nomem(err);
		free(below);
	}
	if (rc) {
		unbanked_release(&unbanked);
		return rc;
	}
	unbanked.count = names_once(unbanked.names, unbanked.count);
	unbanked.odd_count = names_once(unbanked.odd, unbanked.odd_count);
	*ret = unbanked;
	return SB_OK;
}

void unbanked_release(struct unbanked *unbanked)
{
	free(unbanked->names);
	free(unbanked->odd);
	*unbanked = (struct unbanked){0};
}

struct search {
	const struct settings *settings;
	const struct observation *list;
	size_t count;
	struct unbanked unbanked;
};

static int find(struct books *books, void *ctx, struct sb_error *err)
{
	struct search *search = ctx;

	unbanked_release(&search->unbanked);
	return unbanked_find(books, search->settings, search->list, search->count,
			     &search->unbanked, err);
}

int unbanked_report(struct env *env, const struct observation *list, size_t count)
{
	struct search search = {.settings = &env->settings, .list = list, .count = count};
	const struct unbanked *found = &search.unbanked;
	char names[NAMES_TEXT_SIZE];
	struct sb_error err;
	int status = EXIT_DONE;

	if (bank_read(env->bank, env->os.now(), find, &search, &err)) {
		status = fail(env, &err);
	} else {
		if (found->count > 0)
			report(env,
			       "%zu account%s used something and %s not in the bank: %s (subank "
			       "open)",
			       found->count, found->count == 1 ? " has" : "s have",
			       found->count == 1 ? "is" : "are",
			       output_names(names, found->names, found->count));
		if (found->odd_count > 0)
			report(env,
			       "%zu account%s used something, and no bank can have an account of "
			       "such a name: %s (see subank(7))",
			       found->odd_count, found->odd_count == 1 ? " has" : "s have",
			       output_names(names, found->odd, found->odd_count));
	}
	unbanked_release(&search.unbanked);
	return status;
}
