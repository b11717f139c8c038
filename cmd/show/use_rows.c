/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/show/use_rows.h"

#include <string.h>

#include "cmd/frame/options.h"
#include "ledger/base/comma.h"
#include "ledger/base/nearest.h"

const char *job_name(char to[JOB_NAME_SIZE], const char *cluster, const char *id)
{
	(void)snprintf(to, JOB_NAME_SIZE, "%s/%s", cluster, id);
	return to;
}

static int find_word(const char *word, enum use_by *ret, struct sb_error *err)
{
	const char *words[USE_BY_END];
	enum use_by by;

	for (by = USE_BY_JOB; by < USE_BY_END && strcmp(word, use_by_word(by)) != 0; by++)
		words[by - 1] = use_by_word(by);
	if (by < USE_BY_END) {
		*ret = by;
		return SB_OK;
	}
	words[USE_BY_END - 1] = NULL;
	return nearest_error("--by takes no", word, words, err);
}

/* Adds a word of --by. */
static int add_word(void *ctx, const char *word, struct sb_error *err)
{
	struct use *use = ctx;
	enum use_by by = USE_BY_NOTHING;

	TRY(find_word(word, &by, err));
	if (use->then)
		return sb_error_set(err, SB_EINVAL, "--by takes one or two words: leave out '%s'",
				    word);
	if (use->by == by)
		return sb_error_set(err, SB_EINVAL, "--by has '%s' twice: leave one out", word);
	if (use->by && (use->by == USE_BY_JOB || by == USE_BY_JOB))
		return sb_error_set(err, SB_EINVAL,
				    "--by job shows each job, with --format also its user, "
				    "partition ...: leave the other word out");
	if (use->by)
		use->then = by;
	else
		use->by = by;
	return SB_OK;
}

int use_by_read(struct env *env, struct use *ret, struct sb_error *err)
{
	const char *words = option(env, "by");
	struct use use = {0};

	if (!words)
		return SB_OK;
	TRY(comma_each(words, add_word, &use, err));
	ret->by = use.by;
	ret->then = use.then;
	return SB_OK;
}

/* Whether the columns of a pair trade places. Those of CSV never move. */
static bool trades(const struct env *env, const struct use *use)
{
	return use->then && use->then < use->by && !option(env, "csv");
}

/* The place, among the USE_COLUMNS, of the first or second name of a group. */
static size_t column_of(const struct env *env, const struct use *use, size_t dimension)
{
	return (size_t)((dimension == 0) == trades(env, use) ? use->then : use->by) - 1;
}

void use_columns_show(const struct env *env, struct column *columns, const struct use *use)
{
	const struct column first = columns[use->by - 1];

	columns[use->by - 1].shown = true;
	if (use->by == USE_BY_JOB)
		columns[USE_BY_USER - 1].shown = true;
	if (!use->then)
		return;
	if (trades(env, use)) {
		columns[use->by - 1] = columns[use->then - 1];
		columns[use->then - 1] = first;
	}
	columns[use->by - 1].shown = columns[use->then - 1].shown = true;
}

void use_row_name(struct output *output, size_t at, const struct use *use, const char *text)
{
	const enum use_by by[USE_DIMENSIONS] = {use->by, use->then};

	for (size_t i = 0; i < USE_DIMENSIONS && by[i]; i++)
		output_text(output, at + by[i] - 1, text);
}

static int add_job(const struct event *job, uint64_t entries, int64_t amount, bool within,
		   void *ctx, struct sb_error *err)
{
	struct use_row row = {
		.cluster = job->cluster, .jobs = within, .entries = entries, .amount = amount};
	char name[JOB_NAME_SIZE];
	const char *const texts[] = {job_name(name, job->cluster, job->job), job->job_user,
				     job->slurm_account, job->partition, job->qos};
	const struct use_table *table = ctx;

	(void)err;
	if (within)
		row.hours = use_job_hours(job);
	output_row(table->output);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		output_text(table->output, table->at + i, texts[i]);
	table->add(table->output, &row, table->ctx);
	return SB_OK;
}

static void add_group(const struct use_group *group, const struct use *use,
		      const struct use_table *table)
{
	const struct use_row row = {.cluster = "",
				    .jobs = group->jobs,
				    .entries = group->entries,
				    .amount = group->amount,
				    .hours = group->hours};

	output_row(table->output);
	for (size_t i = 0; i < USE_DIMENSIONS && group->names[i]; i++)
		output_text(table->output, table->at + column_of(table->env, use, i),
			    group->names[i]);
	table->add(table->output, &row, table->ctx);
}

int use_rows(struct books *books, const struct statement *statement, const struct use_table *table,
	     struct sb_error *err)
{
	const struct use *use = statement->use;

	if (use->by == USE_BY_JOB)
		TRY(use_each_job(books, use, add_job, (void *)(uintptr_t)table, err));
	for (size_t i = 0; i < use->count; i++)
		add_group(&use->groups[i], use, table);
	return SB_OK;
}
