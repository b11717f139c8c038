/* SPDX-License-Identifier: GPL-3.0-or-later */
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

int known_qos_kept(struct env *env, struct factor_list *ret, struct sb_error *err)
{
	*ret = (struct factor_list){0};
	return env->bank ? bank_read(env->bank, env->os.now(), read_kept, ret, err) : SB_OK;
}

static int add_kept(struct env *env, struct qos_list *list, struct sb_error *err)
{
	struct factor_list kept;
	int rc = known_qos_kept(env, &kept, err);

	for (size_t i = 0; i < kept.count && !rc; i++) {
		int64_t factor = kept.list[i].factor;
		char text[32];

		(void)snprintf(text, sizeof(text), "%" PRId64 ".%06" PRId64, factor / FACTOR_ONE,
			       factor % FACTOR_ONE);
		if (factor >= 0)
			rc = qos_list_add(list, kept.list[i].name, text, err);
	}
	factor_list_release(&kept);
	return rc;
}

int known_qos_read(struct env *env, struct qos_list *ret, struct sb_error *err)
{
	struct qos_list list;
	int rc;

	TRY(sacctmgr_read_qos(&env->slurm, &list, err));
	rc = add_kept(env, &list, err);
	if (rc)
		qos_list_release(&list);
	else
		*ret = list;
	return rc;
}

struct keeping {
	const struct qos_list *list;
	const struct unknown_qos *unknown;
	struct factor_list kept;
	bool *news; /* by unknown QOS: the bank did not have it */
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

/* Notes the factor; -1, which is not known, leaves what was noted. */
static int note_factor(struct keeping *keeping, const char *name, int64_t factor,
		       struct sb_error *err)
{
	struct kept_factor *found = find(&keeping->kept, name);

	if (found && (found->factor == factor || factor < 0))
		return SB_OK;
	keeping->changed = true;
	if (!found)
		return factor_list_add(&keeping->kept, name, factor, err);
	found->factor = factor;
	return SB_OK;
}

/* Reads what the bank keeps into keeping->kept and adds what it lacks. */
static int compare(struct books *books, void *ctx, struct sb_error *err)
{
	struct keeping *keeping = ctx;
	const struct unknown_qos *unknown = keeping->unknown;

	factor_list_release(&keeping->kept);
	keeping->changed = false;
	TRY(books_factors(books, &keeping->kept, err));
	for (size_t i = 0; i < keeping->list->count; i++) {
		const char *name = keeping->list->rows[i].name;
		int64_t factor = tariff_factor(keeping->list, name);

		if (factor >= 0)
			TRY(note_factor(keeping, name, factor, err));
	}
	for (size_t i = 0; i < unknown->count; i++) {
		keeping->news[i] = !find(&keeping->kept, unknown->names[i]);
		TRY(note_factor(keeping, unknown->names[i], -1, err));
	}
	return SB_OK;
}

static int keep(struct books *books, void *ctx, struct sb_error *err)
{
	struct keeping *keeping = ctx;

	TRY(compare(books, keeping, err));
	return books_set_factors(books, &keeping->kept, err);
}

int known_qos_keep(struct env *env, const struct qos_list *list, const struct unknown_qos *unknown,
		   bool dry)
{
	struct keeping keeping = {.list = list,
				  .unknown = unknown,
				  .news = calloc(unknown->count + 1, sizeof(*keeping.news))};
	struct sb_error err;
	int status = EXIT_DONE;
	int rc = keeping.news ? bank_read(env->bank, env->os.now(), compare, &keeping, &err)
			      : sb_error_nomem(&err);

	if (!rc && keeping.changed && !dry)
		rc = bank_write(env->bank, env->os.now(), keep, &keeping, &err);
	for (size_t i = 0; i < unknown->count && !rc; i++) {
		if (!keeping.news[i])
			continue;
		warning(env,
			"jobs on %s ran in QOS '%s', whose UsageFactor Slurm no longer has: they "
			"are charged by 1, unless the settings give a factor for it",
			unknown->cluster, unknown->names[i]);
		status = EXIT_PART;
	}
	factor_list_release(&keeping.kept);
	free(keeping.news);
	return rc ? fail(env, &err) : status;
}
