/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/enter/predecessor.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/check/checkup.h"
#include "cmd/enter/batch.h"
#include "cmd/enter/confirm.h"
#include "cmd/frame/messages.h"
#include "cmd/frame/options.h"
#include "cmd/show/head_text.h"
#include "cmd/show/output.h"
#include "ledger/base/amount.h"
#include "ledger/base/array.h"
#include "ledger/base/number.h"
#include "ledger/base/when.h"
#include "ledger/files/yamlfile.h"

enum { ROWS_MAX = 50000, DAYS_MAX = 36500, REASON_SIZE = 320 };

enum verdict { TAKEN, BEFORE, LEFT_OUT, REFUSED };

enum field { FIELD_ID, FIELD_NAME_OF, FIELD_LIMIT_HRS, FIELD_DATE, ROW_FIELDS };

static const char *const field_names[] = {"id", "account", "su_limit_hrs", "date"};

struct row {
	size_t line, column;
	const char *texts[ROW_FIELDS]; /* NULL: missing, or null */
	char account[NAME_SIZE];
	int64_t limit; /* -1: unlimited */
	int64_t start; /* 0: now */
	int64_t used;
	bool held; /* the next check would hold the account */
	enum verdict verdict;
	char reason[REASON_SIZE];
};

struct moving {
	struct env *env;
	struct yaml_reader *reader;
	struct batch batch;
	struct row *rows;
	size_t count;
	int64_t counted; /* the count that the dump names; -1: none */
	bool results; /* the dump has rows, perhaps none */
	int days; /* --project-days; 0: no ends */
	size_t verdicts[REFUSED + 1];
};

/* ---- reading ---- */

/* Skips a value of any form. */
static int skip_value(struct moving *moving, struct sb_error *err)
{
	struct yaml_item item;
	int depth = 0;

	do {
		TRY(yaml_next(moving->reader, &item, err));
		depth += item.type == YAML_MAP || item.type == YAML_LIST;
		depth -= item.type == YAML_MAP_END || item.type == YAML_LIST_END;
	} while (depth > 0);
	return SB_OK;
}

static int read_field(struct moving *moving, struct row *row, size_t field, struct sb_error *err)
{
	struct yaml_item item;

	TRY(yaml_next(moving->reader, &item, err));
	if (item.type != YAML_SCALAR)
		return yaml_error(moving->reader, &item, err, "%s must be a single value",
				  field_names[field]);
	if (item.plain && (strcmp(item.text, "null") == 0 || !*item.text))
		return SB_OK;
	if (strlen(item.text) > EVENT_NOTE_MAX)
		return yaml_error(moving->reader, &item, err, "%s has more than %d bytes",
				  field_names[field], EVENT_NOTE_MAX);
	return batch_keep(&moving->batch, item.text, &row->texts[field], err);
}

/* Reads the next key of a map. *ret_end is true, and nothing was read, at the map's end. */
static int next_key(struct moving *moving, struct yaml_item *item, bool *ret_end,
		    struct sb_error *err)
{
	TRY(yaml_next(moving->reader, item, err));
	*ret_end = item->type == YAML_MAP_END;
	if (!*ret_end && item->type != YAML_SCALAR)
		return yaml_error(moving->reader, item, err, "a key is expected here");
	return SB_OK;
}

static int given_twice(struct moving *moving, const struct yaml_item *item, struct sb_error *err)
{
	return yaml_error(moving->reader, item, err, "key '%s' is given twice", item->text);
}

static int read_row(struct moving *moving, const struct yaml_item *start, struct sb_error *err)
{
	bool given[ROW_FIELDS] = {false}, end;
	struct yaml_item item;
	struct row *row;

	if (moving->count == ROWS_MAX)
		return yaml_error(moving->reader, start, err, "more than %d rows", ROWS_MAX);
	row = array_add(moving->rows, moving->count);
	if (!row)
		return sb_error_nomem(err);
	row->line = start->line;
	row->column = start->column;
	for (;;) {
		size_t i = 0;

		TRY(next_key(moving, &item, &end, err));
		if (end)
			return SB_OK;
		while (i < ROW_FIELDS && strcmp(item.text, field_names[i]) != 0)
			i++;
		if (i == ROW_FIELDS) {
			TRY(skip_value(moving, err));
			continue;
		}
		if (given[i])
			return given_twice(moving, &item, err);
		given[i] = true;
		TRY(read_field(moving, row, i, err));
	}
}

static int read_results(struct moving *moving, struct sb_error *err)
{
	struct yaml_item item;

	moving->results = true;
	TRY(yaml_expect(moving->reader, YAML_LIST, "the list of rows", &item, err));
	for (;;) {
		TRY(yaml_next(moving->reader, &item, err));
		if (item.type == YAML_LIST_END)
			return SB_OK;
		if (item.type != YAML_MAP)
			return yaml_error(moving->reader, &item, err, "a row is expected here");
		TRY(read_row(moving, &item, err));
	}
}

static int read_count(struct moving *moving, struct sb_error *err)
{
	struct yaml_item item;

	TRY(yaml_expect(moving->reader, YAML_SCALAR, "a number", &item, err));
	if (yaml_number(&item, &moving->counted) && moving->counted >= 0)
		return SB_OK;
	return yaml_error(moving->reader, &item, err, "count must be a whole number");
}

/* Reads the value of a key of the dump. */
static int read_key(struct moving *moving, const struct yaml_item *key, struct sb_error *err)
{
	bool count = strcmp(key->text, "count") == 0, results = strcmp(key->text, "results") == 0;

	if ((count && moving->counted >= 0) || (results && moving->results))
		return given_twice(moving, key, err);
	if (count)
		return read_count(moving, err);
	if (results)
		return read_results(moving, err);
	if (strcmp(key->text, "meta") == 0)
		return skip_value(moving, err);
	return yaml_error(moving->reader, key, err,
			  "the keys of a dump are count, results and meta, not '%s'", key->text);
}

static int read_dump(struct moving *moving, struct sb_error *err)
{
	struct yaml_item item, start;
	bool end;

	moving->counted = -1;
	TRY(yaml_expect(moving->reader, YAML_MAP, "a dump, {\"count\": ..., \"results\": [...]},",
			&start, err));
	for (;;) {
		TRY(next_key(moving, &item, &end, err));
		if (end)
			break;
		TRY(read_key(moving, &item, err));
	}
	if (!moving->results)
		return yaml_error(moving->reader, &start, err, "the dump lacks the key 'results'");
	if (moving->counted >= 0 && moving->counted != (int64_t)moving->count)
		return yaml_error(moving->reader, &start, err,
				  "the dump counts %" PRId64 " rows but has %zu: it is not whole",
				  moving->counted, moving->count);
	return yaml_expect(moving->reader, YAML_END, "the end of the file", &item, err);
}

/* ---- judging ---- */

__attribute__((format(printf, 3, 4))) static void judge(struct row *row, enum verdict verdict,
							const char *fmt, ...)
{
	va_list ap;

	/* The worst verdict counts, and the first reason for it. */
	if (row->verdict > verdict || (row->verdict == verdict && *row->reason))
		return;
	row->verdict = verdict;
	va_start(ap, fmt);
	(void)vsnprintf(row->reason, sizeof(row->reason), fmt, ap);
	va_end(ap);
}

/* Checks the row by itself. */
static void judge_row(struct moving *moving, struct row *row)
{
	const char *id = row->texts[FIELD_ID], *limit = row->texts[FIELD_LIMIT_HRS],
		   *date = row->texts[FIELD_DATE];
	struct sb_error why;

	if (!row->texts[FIELD_NAME_OF])
		judge(row, REFUSED, "it names no account");
	else if (name_fold("account", row->texts[FIELD_NAME_OF], row->account, &why))
		judge(row, REFUSED, "%s", why.text);
	if (id && (!*id || id[strspn(id, "0123456789")] || strlen(id) > 19))
		judge(row, REFUSED, "its id '%s' is not a number", id);
	if (!limit)
		judge(row, REFUSED, "it lacks su_limit_hrs");
	else if (strcmp(limit, "-1") == 0)
		row->limit = -1;
	else if (strcmp(limit, "0") != 0 && amount_parse(limit, &row->limit, &why))
		judge(row, REFUSED, "su_limit_hrs: %s", why.text);
	/* when_parse() also reads "now", which is no date of a dump. */
	if (date && (*date < '0' || *date > '9'))
		judge(row, REFUSED, "its date '%s' is not a time", date);
	else if (date && when_parse(date, moving->env->os.now(), &row->start, &why))
		judge(row, REFUSED, "its date: %s", why.text);
}

static int by_account(const void *a, const void *b)
{
	const struct row *const *left = a, *const *right = b;

	return strcmp((*left)->account, (*right)->account);
}

static int by_id(const void *a, const void *b)
{
	const struct row *const *left = a, *const *right = b;

	return strcmp((*left)->texts[FIELD_ID] ? (*left)->texts[FIELD_ID] : "",
		      (*right)->texts[FIELD_ID] ? (*right)->texts[FIELD_ID] : "");
}

/* Refuses two rows for one account: the file does not say which is right. */
static int judge_duplicates(struct moving *moving, struct sb_error *err)
{
	struct row **list = calloc(moving->count + 1, sizeof(*list));

	if (!list)
		return sb_error_nomem(err);
	for (size_t i = 0; i < moving->count; i++)
		list[i] = &moving->rows[i];
	array_sort(list, moving->count, by_account);
	for (size_t i = 1; i < moving->count; i++) {
		if (!*list[i]->account || by_account(&list[i - 1], &list[i]) != 0)
			continue;
		judge(list[i - 1], REFUSED, "the row on line %zu is for the same account in Slurm",
		      list[i]->line);
		judge(list[i], REFUSED, "the row on line %zu is for the same account in Slurm",
		      list[i - 1]->line);
	}
	array_sort(list, moving->count, by_id);
	for (size_t i = 1; i < moving->count; i++) {
		if (list[i]->texts[FIELD_ID] && by_id(&list[i - 1], &list[i]) == 0)
			judge(list[i], REFUSED, "the row on line %zu has the same id",
			      list[i - 1]->line);
	}
	free(list);
	return SB_OK;
}

/* Checks that the account belongs to the bank, and finds what it has used so far. */
static void judge_account(struct moving *moving, struct row *row)
{
	const struct clusters *clusters = &moving->batch.clusters;
	int64_t end = WHEN_NEVER, now = moving->env->os.now();
	bool known = false;

	for (size_t i = 0; i < clusters->count; i++) {
		const struct observed *seen = observation_find(&clusters->list[i], row->account);

		known = known || seen;
		if (seen && !amount_add(row->used, seen->usage, &row->used))
			row->used = INT64_MAX;
	}
	if (!known)
		judge(row, LEFT_OUT, "no cluster of Slurm has this account");
	if (!settings_has_account(&moving->env->settings, row->account))
		judge(row, LEFT_OUT,
		      "it does not belong to the bank (`accounts:` in the settings)");
	if (moving->days && row->start && !when_add_days(row->start, moving->days, &end))
		judge(row, REFUSED, "its end would be past the year 9999");
	row->held = row->limit > 0 && (row->used >= row->limit || end <= now);
	if (row->held && end <= now)
		judge(row, TAKEN, "its window has ended");
	if (row->limit == 0 && row->used > 0 && !moving->env->settings.spare_moneyless) {
		row->held = true;
		judge(row, TAKEN, "it has no SU and has been used");
	}
}

/* Makes "import:predecessor:ID": the same row gives the same ref. */
static int make_ref(struct moving *moving, const struct row *row, const char *behind,
		    const char **ret, struct sb_error *err)
{
	char ref[NAME_SIZE + 64];

	(void)snprintf(ref, sizeof(ref), "import:predecessor:%s%s",
		       row->texts[FIELD_ID] ? row->texts[FIELD_ID] : row->account, behind);
	return batch_keep(&moving->batch, ref, ret, err);
}

/* Finds accounts that are in the bank already, by this file or otherwise. */
static int judge_known(struct books *books, void *ctx, struct sb_error *err)
{
	struct moving *moving = ctx;

	for (size_t i = 0; i < moving->count; i++) {
		struct row *row = &moving->rows[i];
		const struct account *account;
		const char *ref;
		uint64_t seq;

		if (row->verdict == REFUSED)
			continue;
		TRY(make_ref(moving, row, "", &ref, err));
		/* Another request with this ref is refused when it runs. */
		if (books_find_ref(books, ref, "", &seq, NULL) != SB_ENOTFOUND)
			judge(row, BEFORE, "in the bank already");
		else if (books_account(books, row->account, &account, NULL) == SB_OK &&
			 account->open)
			judge(row, LEFT_OUT, "it is open in the bank already");
	}
	return SB_OK;
}

/* ---- recording ---- */

static int add_request(struct moving *moving, const struct row *row, const char *verb,
		       const char *behind, struct batch_entry **ret, struct sb_error *err)
{
	const char *ref;

	TRY(make_ref(moving, row, behind, &ref, err));
	TRY(batch_add(&moving->batch, ret, err));
	(*ret)->at.line = row->line;
	(*ret)->at.column = row->column;
	(*ret)->command = command_find(verb);
	(*ret)->argv[(*ret)->argc++] = row->account;
	batch_option(*ret, "ref", ref);
	return SB_OK;
}

/* Adds the window of a row's SU, as options of its verb. */
static int add_window(struct moving *moving, const struct row *row, struct batch_entry *entry,
		      struct sb_error *err)
{
	char end[WHEN_TEXT_SIZE] = "never";
	const char *kept;
	int64_t when;

	if (row->start)
		batch_option(entry, "start", row->texts[FIELD_DATE]);
	if (moving->days && row->start && when_add_days(row->start, moving->days, &when))
		when_format_local(end, when);
	else if (moving->days)
		(void)snprintf(end, sizeof(end), "now+%ddays", moving->days);
	TRY(batch_keep(&moving->batch, end, &kept, err));
	batch_option(entry, "end", kept);
	return SB_OK;
}

static int add_requests(struct moving *moving, const struct row *row, struct sb_error *err)
{
	struct batch_entry *entry;

	TRY(add_request(moving, row, "open", "", &entry, err));
	batch_option(entry, "from-zero", "");
	if (row->limit > 0) {
		entry->argv[entry->argc++] = row->texts[FIELD_LIMIT_HRS];
		return add_window(moving, row, entry, err);
	}
	if (row->limit == 0)
		return SB_OK;
	TRY(add_request(moving, row, "terms", ":terms", &entry, err));
	batch_option(entry, "unlimited", "");
	return SB_OK;
}

enum {
	COLUMN_LINE,
	COLUMN_ACCOUNT,
	COLUMN_LIMIT,
	COLUMN_START,
	COLUMN_USED,
	COLUMN_RESULT,
	COLUMN_CHECK,
	COLUMN_REASON,
	COLUMNS
};

static const struct column columns[] = {
	[COLUMN_LINE] = {"Line", true, true, CELL_WHOLE},
	[COLUMN_ACCOUNT] = {"Account", false, true, CELL_NAME},
	[COLUMN_LIMIT] = {"Limit", true, true, CELL_AMOUNT},
	[COLUMN_START] = {"Start", false, true, CELL_WHOLE},
	[COLUMN_USED] = {"Used", true, true, CELL_AMOUNT},
	[COLUMN_RESULT] = {"Result", false, true, CELL_STATE},
	[COLUMN_CHECK] = {"NextCheck", false, true, CELL_WHOLE},
	[COLUMN_REASON] = {"Reason", false, true, CELL_PROSE},
};

static const char *or_empty(const char *text)
{
	return text ? text : "";
}

static void print_row(struct output *output, const struct row *row)
{
	static const char *const results[] = {"taken", "before", "left out", "refused"};
	const char *account = *row->account ? row->account : row->texts[FIELD_NAME_OF];
	const char *limit = row->limit == -1 ? "unlimited" : row->texts[FIELD_LIMIT_HRS];

	output_row(output);
	output_number(output, COLUMN_LINE, (int64_t)row->line);
	output_text(output, COLUMN_ACCOUNT, or_empty(account));
	if (row->verdict != REFUSED && row->limit >= 0)
		output_amount(output, COLUMN_LIMIT, row->limit);
	else
		output_text(output, COLUMN_LIMIT, or_empty(limit));
	output_text(output, COLUMN_START, or_empty(row->texts[FIELD_DATE]));
	if (row->verdict != REFUSED)
		output_amount(output, COLUMN_USED, row->used);
	output_text(output, COLUMN_RESULT, results[row->verdict]);
	output_text(output, COLUMN_CHECK, row->verdict == TAKEN && row->held ? "holds it" : "");
	output_text(output, COLUMN_REASON, row->reason);
}

/* Prints all rows and counts the verdicts. */
static int show(struct moving *moving, struct sb_error *err)
{
	struct output *output = NULL;

	TRY(output_new(moving->env, columns, COLUMNS, &output, err));
	for (size_t i = 0; i < moving->count; i++) {
		moving->verdicts[moving->rows[i].verdict]++;
		print_row(output, &moving->rows[i]);
	}
	return output_finish(output, err);
}

static int read_days(struct env *env, int *ret)
{
	const char *text = option(env, "project-days");
	int64_t days = 0;

	if (text && (*text == '0' || !number_parse(text, 1, DAYS_MAX, &days)))
		return usage(env, "--project-days must be a whole number from 1 to %d, not '%s'",
			     DAYS_MAX, text);
	*ret = (int)days;
	return EXIT_DONE;
}

/* Judges every row and prints the table. Returns EXIT_DONE if no row refuses the file. */
static int judge_all(struct moving *moving)
{
	struct env *env = moving->env;
	struct sb_error err;
	int rc = SB_OK, status;

	for (size_t i = 0; i < moving->count; i++)
		judge_row(moving, &moving->rows[i]);
	if (judge_duplicates(moving, &err))
		return fail(env, &err);
	status = clusters_observe(env, OBSERVE_USE, &moving->batch.clusters);
	moving->batch.asked = true;
	moving->batch.answer = status;
	if (status != EXIT_DONE || moving->batch.clusters.silent) {
		warning(env, "nothing was recorded: could not read Slurm's accounts and their use");
		return EXIT_REFUSED;
	}
	for (size_t i = 0; i < moving->count; i++) {
		if (moving->rows[i].verdict != REFUSED)
			judge_account(moving, &moving->rows[i]);
	}
	if (bank_read(env->bank, env->os.now(), judge_known, moving, &err))
		return fail(env, &err);
	rc = show(moving, &err);
	for (size_t i = 0; i < moving->count && !rc; i++) {
		if (moving->rows[i].verdict <= BEFORE)
			rc = add_requests(moving, &moving->rows[i], &err);
	}
	if (rc)
		return fail(env, &err);
	if (moving->verdicts[REFUSED] == 0)
		return EXIT_DONE;
	warning(env, "nothing was recorded: %zu of the %zu rows are refused; correct the file",
		moving->verdicts[REFUSED], moving->count);
	return EXIT_REFUSED;
}

static void report_result(struct moving *moving)
{
	struct env *env = moving->env;
	const struct batch *batch = &moving->batch;
	const size_t *verdicts = moving->verdicts;
	char head[HEAD_TEXT_SIZE];

	if (batch->dry) {
		note(env, "dry run: nothing was recorded; %zu rows would be taken, %zu left out",
		     verdicts[TAKEN], verdicts[LEFT_OUT]);
		return;
	}
	report(env, "took %zu of %zu rows, %zu were in the bank already, %zu are left out; head %s",
	       verdicts[TAKEN], moving->count, verdicts[BEFORE], verdicts[LEFT_OUT],
	       head_text(head, &batch->head));
	flush_out(env);
	if (batch->recorded) {
		note(env, "the next check charges what was used before");
		checkup_note_right(env);
	}
}

static int record(struct moving *moving)
{
	struct env *env = moving->env;
	int status = EXIT_DONE;
	bool moneyless = false;

	moving->batch.dry = option(env, "dry-run");
	for (size_t i = 0; i < moving->count; i++)
		moneyless |= moving->rows[i].verdict == TAKEN && moving->rows[i].held &&
			     moving->rows[i].limit == 0;
	/* Ends lead to holds, and so does use without SU: the user confirms what the table shows.
	 */
	if (moving->days && !moving->batch.dry)
		status = confirm(env, "Open these accounts, with these ends?");
	else if (moneyless && !moving->batch.dry)
		status = confirm(env, "Open these accounts, although some have no SU?");
	if (status == EXIT_DONE)
		status = batch_run(env, &moving->batch);
	if (status != EXIT_DONE)
		return status;
	report_result(moving);
	return moving->verdicts[LEFT_OUT] ? EXIT_PART : EXIT_DONE;
}

int predecessor_import(struct env *env, FILE *file, const char *name)
{
	struct moving moving = {.env = env,
				.batch = {.name = name, .own_refs = true, .may_be_over = true}};
	struct sb_error err;
	int status = read_days(env, &moving.days);
	int rc;

	if (status != EXIT_DONE)
		return status;
	rc = yaml_reader_new(file, name, &moving.reader, &err);
	if (!rc)
		rc = read_dump(&moving, &err);
	yaml_reader_free(moving.reader);
	status = rc ? fail(env, &err) : judge_all(&moving);
	if (status == EXIT_DONE)
		status = record(&moving);
	batch_release(&moving.batch);
	free(moving.rows);
	return status;
}
