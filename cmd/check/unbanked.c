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
	/* As many steps as there are rows: what Slurm says must not make a circle. */
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

/* What each row's children used, and one for each of them: the rows are cut to whole seconds. */
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
		   const struct observation *observation, struct unbanked *unbanked,
		   struct sb_error *err)
{
	int64_t *below = used_below(observation);
	int rc = below ? SB_OK : sb_error_nomem(err);

	for (size_t i = 0; i < observation->count && !rc; i++) {
		const struct observed *row = &observation->rows[i];
		bool known;

		if (row->usage <= below[i] || !settings_has_account(settings, row->account))
			continue;
		rc = banked(books, observation, row, &known, err);
		if (rc || known)
			continue;
		if (name_ok(row->account))
			unbanked->names[unbanked->count++] = row->account;
		else
			unbanked->odd[unbanked->odd_count++] = row->account;
	}
	free(below);
	return rc;
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
		if (list[i].answered)
			rc = find_on(books, settings, &list[i], &unbanked, err);
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

int unbanked_say(struct env *env, const struct observation *list, size_t count)
{
	struct search search = {.settings = &env->settings, .list = list, .count = count};
	char names[NAMES_TEXT_SIZE];
	struct sb_error err;
	int status = EXIT_DONE;

	if (bank_read(env->bank, env->os.now(), find, &search, &err))
		status = fail(env, &err);
	if (status == EXIT_DONE && search.unbanked.count > 0)
		report(env, "%zu account%s used something and %s not in the bank: %s (subank open)",
		       search.unbanked.count, search.unbanked.count == 1 ? " has" : "s have",
		       search.unbanked.count == 1 ? "is" : "are",
		       output_names(names, search.unbanked.names, search.unbanked.count));
	if (status == EXIT_DONE && search.unbanked.odd_count > 0)
		report(env,
		       "%zu account%s used something, and no bank can have an account of such a "
		       "name: "
		       "%s (see subank(7))",
		       search.unbanked.odd_count,
		       search.unbanked.odd_count == 1 ? " has" : "s have",
		       output_names(names, search.unbanked.odd, search.unbanked.odd_count));
	unbanked_release(&search.unbanked);
	return status;
}
