/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "cmd/check/known_qos.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/frame/messages.h"
#include "slurm/tariff.h"

static int read_kept(struct books *books, void *ctx, struct sb_error *err)
{
	return books_factors(books, ctx, err);
}

int known_qos_read(struct env *env, struct qos_list *ret, struct sb_error *err)
{
	struct factor_list kept = {0};
	struct qos_list list;
	struct sb_error why;
	int code = sacctmgr_read_qos(&env->slurm, &list, err);

	if (code != SB_OK)
		return code;
	if (env->bank && bank_read(env->bank, env->os.now(), read_kept, &kept, &why))
		code = sb_error_set(err, SB_ESYSTEM, "%s", why.text);
	for (size_t i = 0; i < kept.count && code == SB_OK; i++) {
		const struct kept_factor *factor = &kept.list[i];
		char text[32];

		(void)snprintf(text, sizeof(text), "%" PRId64 ".%06" PRId64,
			       factor->factor / FACTOR_ONE, factor->factor % FACTOR_ONE);
		if (factor->factor >= 0)
			code = qos_list_add(&list, factor->name, text, err);
	}
	factor_list_release(&kept);
	if (code == SB_OK)
		*ret = list;
	else
		qos_list_release(&list);
	return code;
}

struct keeping {
	const struct qos_list *list;
	char *const *unknown;
	size_t count;
	bool *news;
	bool changed;
};

static struct kept_factor *find(const struct factor_list *kept, const char *name)
{
	for (size_t i = 0; i < kept->count; i++) {
		if (strcmp(kept->list[i].name, name) == 0)
			return &kept->list[i];
	}
	return NULL;
}

/* Notes the factor; one that is not known, -1, leaves what was noted. */
static int note_factor(struct keeping *keeping, struct factor_list *kept, const char *name,
		       int64_t factor, struct sb_error *err)
{
	struct kept_factor *found = find(kept, name);

	if (found && (found->factor == factor || factor < 0))
		return SB_OK;
	keeping->changed = true;
	if (!found)
		return factor_list_add(kept, name, factor, err);
	found->factor = factor;
	return SB_OK;
}

static int compare(struct books *books, void *ctx, struct factor_list *kept, struct sb_error *err)
{
	struct keeping *keeping = ctx;
	int rc = books_factors(books, kept, err);

	keeping->changed = false;
	for (size_t i = 0; i < keeping->list->count && !rc; i++) {
		const char *name = keeping->list->rows[i].name;
		int64_t factor = tariff_factor(keeping->list, name);

		if (factor >= 0)
			rc = note_factor(keeping, kept, name, factor, err);
	}
	for (size_t i = 0; i < keeping->count && !rc; i++) {
		keeping->news[i] = !find(kept, keeping->unknown[i]);
		rc = note_factor(keeping, kept, keeping->unknown[i], -1, err);
	}
	return rc;
}

static int look(struct books *books, void *ctx, struct sb_error *err)
{
	struct factor_list kept = {0};
	int rc = compare(books, ctx, &kept, err);

	factor_list_release(&kept);
	return rc;
}

static int keep(struct books *books, void *ctx, struct sb_error *err)
{
	struct factor_list kept = {0};
	int rc = compare(books, ctx, &kept, err);

	if (!rc)
		rc = books_set_factors(books, &kept, err);
	factor_list_release(&kept);
	return rc;
}

int known_qos_keep(struct env *env, const struct qos_list *list, char *const *unknown, size_t count,
		   bool dry, bool *news)
{
	struct keeping keeping = {.list = list, .unknown = unknown, .count = count, .news = news};
	struct sb_error err;
	int rc = bank_read(env->bank, env->os.now(), look, &keeping, &err);

	if (!rc && keeping.changed && !dry)
		rc = bank_write(env->bank, env->os.now(), keep, &keeping, &err);
	return rc ? fail(env, &err) : EXIT_DONE;
}
