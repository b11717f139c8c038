/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "cmd/show/use_rows.h"

#include <string.h>

#include "cmd/frame/options.h"
#include "ledger/base/nearest.h"

const char *job_name(char to[JOB_NAME_SIZE], const char *cluster, const char *id)
{
	(void)snprintf(to, JOB_NAME_SIZE, "%s/%s", cluster, id);
	return to;
}

int use_by_read(struct env *env, enum use_by *ret, struct sb_error *err)
{
	const char *word = option(env, "by"), *words[USE_BY_END];
	enum use_by by;

	if (!word)
		return SB_OK;
	for (by = USE_BY_JOB; by < USE_BY_END && strcmp(word, use_by_word(by)) != 0; by++)
		words[by - 1] = use_by_word(by);
	if (by < USE_BY_END) {
		*ret = by;
		return SB_OK;
	}
	words[USE_BY_END - 1] = NULL;
	return nearest_error("--by takes no", word, words, err);
}

void use_columns_show(struct column *columns, enum use_by by)
{
	columns[by - 1].shown = true;
	if (by == USE_BY_JOB)
		columns[USE_BY_USER - 1].shown = true;
}

struct adding {
	struct output *output;
	size_t at;
	use_add_row *add;
	void *ctx;
};

static int add_job(const struct event *job, uint64_t entries, int64_t amount, bool within,
		   void *ctx, struct sb_error *err)
{
	const struct use_row row = {
		.cluster = job->cluster, .jobs = within, .entries = entries, .amount = amount};
	char name[JOB_NAME_SIZE];
	const char *const texts[USE_COLUMNS] = {name,		job->job_user, job->slurm_account,
						job->partition, job->qos,      NULL};
	const struct adding *adding = ctx;

	(void)err;
	job_name(name, job->cluster, job->job);
	output_row(adding->output);
	for (size_t i = 0; texts[i]; i++)
		output_text(adding->output, adding->at + i, texts[i]);
	adding->add(adding->output, &row, adding->ctx);
	return SB_OK;
}

int use_rows(struct books *books, const struct statement *statement, struct output *output,
	     size_t at, use_add_row *add, void *ctx, struct sb_error *err)
{
	struct adding adding = {.output = output, .at = at, .add = add, .ctx = ctx};
	const struct use *use = statement->use;
	int rc = SB_OK;

	if (use->by == USE_BY_JOB)
		rc = use_each_job(books, use, add_job, &adding, err);
	for (size_t i = 0; i < use->count && !rc; i++) {
		const struct use_group *group = &use->groups[i];
		const struct use_row row = {.cluster = "",
					    .jobs = group->jobs,
					    .entries = group->entries,
					    .amount = group->amount};

		output_row(output);
		output_text(output, at + use->by - 1, group->name);
		add(output, &row, ctx);
	}
	return rc;
}
