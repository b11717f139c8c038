/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/report/report.h"

#include <stdlib.h>
#include <string.h>

#include "cmd/report/account_page.h"
#include "cmd/report/collect.h"
#include "cmd/report/index_page.h"
#include "cmd/show/progress.h"

struct making {
	const struct report_options *options;
	struct report report;
	struct site *site;
	struct html rows; /* of the index */
	size_t accounts;
	struct head head;
};

/* Writes the page of an account, and keeps its row. [purses] are its own purse and the others. */
static int write_account(struct making *making, const struct purse_data list[], size_t count,
			 struct sb_error *err)
{
	const bool flat = making->site->access == SITE_FLAT;
	struct html page = {0};
	int rc = account_page(&page, &making->report, list, count, flat ? "index.html" : NULL, err);

	if (!rc)
		rc = site_write_account(making->site, list[0].purse->name, &page, err);
	html_release(&page);
	index_row(&making->rows, &making->report, &list[0], site_before(making->site),
		  site_after(making->site));
	making->accounts++;
	return rc;
}

static int add_account(struct making *making, struct books *books,
		       const struct account *const purses[], size_t count, struct sb_error *err)
{
	struct purse_data *list = calloc(count, sizeof(*list));
	size_t read = 0;
	int rc = SB_OK;

	if (!list)
		return sb_error_nomem(err);
	while (read < count && !rc) {
		rc = purse_data_read(&making->report, books, purses[read], &list[read], err);
		read++;
	}
	if (!rc)
		rc = write_account(making, list, count, err);
	for (size_t i = 0; i < read; i++)
		purse_data_release(&list[i]);
	free(list);
	return rc;
}

static int add_accounts(struct making *making, struct books *books, const struct purses *purses,
			struct sb_error *err)
{
	struct progress progress;
	int rc = SB_OK;

	progress_begin(&progress, making->report.env, purses->count);
	for (size_t i = 0, end; i < purses->count && !rc; i = end) {
		end = i + 1;
		while (end < purses->count &&
		       purse_is_of(purses->list[end]->name, purses->list[i]->name))
			end++;
		rc = add_account(making, books, &purses->list[i], end - i, err);
		progress_step(&progress, end);
	}
	progress_end(&progress);
	return rc;
}

static int write_index(struct making *making, struct sb_error *err)
{
	struct html page = {0};
	int rc;

	index_page(&page, &making->report, &making->rows, making->accounts);
	rc = site_write_index(making->site, &page, err);
	html_release(&page);
	return rc;
}

static int make(struct books *books, void *ctx, struct sb_error *err)
{
	struct making *making = ctx;
	struct report *report = &making->report;
	struct purses purses;
	int rc;

	/* It may run again. */
	html_release(&making->rows);
	making->accounts = 0;
	making->head = *books_head(books);
	report->empty = making->head.seq == 0;
	report->now = books_time(books);
	(void)head_text(report->head, &making->head);
	(void)hex_format(report->bank, books_id(books), BANK_ID_SIZE);
	TRY(selection_find(making->options->selection, report->env, books, err));
	/* Loads them with their deferred charges, before any statement is made. */
	TRY(selection_purses(making->options->selection, books, &purses, err));
	rc = add_accounts(making, books, &purses, err);
	purses_release(&purses);
	if (!rc)
		rc = write_index(making, err);
	nesting_release(&report->nesting);
	return rc;
}

int report_make(struct env *env, const struct report_options *options, struct report_result *ret,
		struct sb_error *err)
{
	/* Names that are missing are removed from the selection. */
	const bool whole = options->selection->count == 0;
	struct site site;
	struct making making = {.options = options,
				.site = &site,
				.report = {.env = env,
					   .since = options->since,
					   .until = options->until,
					   .named = whole && options->access == SITE_FLAT}};
	int rc = site_open(options->folder, options->access, &site, err);

	if (!rc)
		rc = bank_read(env->bank, env->os.now(), make, &making, err);
	/* Only a whole report of all accounts replaces the earlier one. */
	if (!rc && whole)
		rc = site_remove_others(&site, err);
	if (!rc)
		*ret = (struct report_result){.head = making.head,
					      .pages = site.pages,
					      .removed = site.removed,
					      .alone = site.alone,
					      .barred = site.access == SITE_GROUPS &&
							!(site.st.st_mode & S_IXOTH)};
	html_release(&making.rows);
	if (rc)
		site_discard(&site);
	site_close(&site);
	return rc;
}
