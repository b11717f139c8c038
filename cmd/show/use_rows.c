/* SPDX-License-Identifier: GPL-3.0-or-later */
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

static int add_job(const struct event *job, uint64_t entries, int64_t amount, bool within,
		   void *ctx, struct sb_error *err)
{
	const struct use_row row = {
		.cluster = job->cluster, .jobs = within, .entries = entries, .amount = amount};
	char name[JOB_NAME_SIZE];
	const char *const texts[] = {job_name(name, job->cluster, job->job), job->job_user,
				     job->slurm_account, job->partition, job->qos};
	const struct use_table *table = ctx;

	(void)err;
	output_row(table->output);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		output_text(table->output, table->at + i, texts[i]);
	table->add(table->output, &row, table->ctx);
	return SB_OK;
}

static void add_group(const struct use_group *group, enum use_by by, const struct use_table *table)
{
	const struct use_row row = {.cluster = "",
				    .jobs = group->jobs,
				    .entries = group->entries,
				    .amount = group->amount};

	output_row(table->output);
	output_text(table->output, table->at + by - 1, group->name);
	table->add(table->output, &row, table->ctx);
}

int use_rows(struct books *books, const struct statement *statement, const struct use_table *table,
	     struct sb_error *err)
{
	const struct use *use = statement->use;

	if (use->by == USE_BY_JOB)
		TRY(use_each_job(books, use, add_job, (void *)(uintptr_t)table, err));
	for (size_t i = 0; i < use->count; i++)
		add_group(&use->groups[i], use->by, table);
	return SB_OK;
}
