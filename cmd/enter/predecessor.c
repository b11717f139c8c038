/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

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
#include "cmd/show/output.h"
#include "ledger/base/amount.h"
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
	bool held; /* the next check would find nothing left */
	enum verdict verdict;
	char reason[REASON_SIZE];
};

struct moving {
	struct env *env;
	struct yaml_reader *reader;
	struct batch batch;
	struct row *rows;
	size_t count, size;
	int64_t counted; /* what the dump says; -1: nothing */
	bool results;
	int days; /* --project-days; 0: no ends */
	size_t verdicts[REFUSED + 1];
};

/* ---- reading ---- */

/* Passes over a value of any form. */
static int skip_value(struct moving *moving, struct sb_error *err)
{
	struct yaml_item item;
	int depth = 0, rc;

	do {
		rc = yaml_next(moving->reader, &item, err);
		depth += item.type == YAML_MAP || item.type == YAML_LIST;
		depth -= item.type == YAML_MAP_END || item.type == YAML_LIST_END;
	} while (!rc && depth > 0);
	return rc;
}

static int read_field(struct moving *moving, struct row *row, size_t field, struct sb_error *err)
{
	struct yaml_item item;
	int rc = yaml_next(moving->reader, &item, err);

	if (rc)
		return rc;
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

static int add_row(struct moving *moving, const struct yaml_item *start, struct sb_error *err)
{
	if (moving->count == ROWS_MAX)
		return yaml_error(moving->reader, start, err, "more than %d rows", ROWS_MAX);
	if (moving->count == moving->size) {
		size_t size = moving->size ? 2 * moving->size : 64;
		struct row *grown = reallocarray(moving->rows, size, sizeof(*grown));

		if (!grown)
			return sb_error_nomem(err);
		moving->rows = grown;
		moving->size = size;
	}
	moving->rows[moving->count++] = (struct row){.line = start->line, .column = start->column};
	return SB_OK;
}

static int read_row(struct moving *moving, const struct yaml_item *start, struct sb_error *err)
{
	bool given[ROW_FIELDS] = {false};
	struct yaml_item item;
	struct row *row;
	int rc = add_row(moving, start, err);

	row = rc ? NULL : &moving->rows[moving->count - 1];
	while (!rc) {
		size_t i = 0;

		rc = yaml_next(moving->reader, &item, err);
		if (rc || item.type == YAML_MAP_END)
			break;
		if (item.type != YAML_SCALAR)
			return yaml_error(moving->reader, &item, err, "a key is expected here");
		while (i < ROW_FIELDS && strcmp(item.text, field_names[i]) != 0)
			i++;
		if (i < ROW_FIELDS && given[i])
			return yaml_error(moving->reader, &item, err, "key '%s' is given twice",
					  item.text);
		if (i < ROW_FIELDS)
			given[i] = true;
		rc = i < ROW_FIELDS ? read_field(moving, row, i, err) : skip_value(moving, err);
	}
	return rc;
}

static int read_results(struct moving *moving, struct sb_error *err)
{
	struct yaml_item item;
	int rc = yaml_expect(moving->reader, YAML_LIST, "the list of rows", &item, err);

	moving->results = true;
	while (!rc) {
		rc = yaml_next(moving->reader, &item, err);
		if (rc || item.type == YAML_LIST_END)
			break;
		if (item.type != YAML_MAP)
			return yaml_error(moving->reader, &item, err, "a row is expected here");
		rc = read_row(moving, &item, err);
	}
	return rc;
}

static int read_count(struct moving *moving, struct sb_error *err)
{
	struct yaml_item item;
	int rc = yaml_expect(moving->reader, YAML_SCALAR, "a number", &item, err);

	if (!rc && (!yaml_number(&item, &moving->counted) || moving->counted < 0))
		rc = yaml_error(moving->reader, &item, err, "count must be a whole number");
	return rc;
}

static int read_dump(struct moving *moving, struct sb_error *err)
{
	struct yaml_item item, start;
	bool counted = false;
	int rc = yaml_expect(moving->reader, YAML_MAP,
			     "a dump, {\"count\": ..., \"results\": [...]},", &start, err);

	while (!rc) {
		rc = yaml_next(moving->reader, &item, err);
		if (rc || item.type == YAML_MAP_END)
			break;
		if (item.type != YAML_SCALAR)
			return yaml_error(moving->reader, &item, err, "a key is expected here");
		if ((strcmp(item.text, "count") == 0 && counted) ||
		    (strcmp(item.text, "results") == 0 && moving->results))
			return yaml_error(moving->reader, &item, err, "key '%s' is given twice",
					  item.text);
		if (strcmp(item.text, "count") == 0) {
			counted = true;
			rc = read_count(moving, err);
		} else if (strcmp(item.text, "results") == 0) {
			rc = read_results(moving, err);
		} else if (strcmp(item.text, "meta") == 0) {
			rc = skip_value(moving, err);
		} else {
			return yaml_error(moving->reader, &item, err,
					  "the keys of a dump are count, results and meta, not "
					  "'%s'",
					  item.text);
		}
	}
	if (!rc && !moving->results)
		rc = yaml_error(moving->reader, &start, err, "the dump lacks the key 'results'");
	if (!rc && counted && moving->counted != (int64_t)moving->count)
		rc = yaml_error(moving->reader, &start, err,
				"the dump counts %" PRId64 " rows and has %zu: it is not whole",
				moving->counted, moving->count);
	return rc ? rc : yaml_expect(moving->reader, YAML_END, "the end of the file", &item, err);
}

/* ---- judging ---- */

static void judge(struct row *row, enum verdict verdict, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static void judge(struct row *row, enum verdict verdict, const char *fmt, ...)
{
	va_list ap;

	/* The worst counts, and of those the first. */
	if (row->verdict > verdict || (row->verdict == verdict && *row->reason))
		return;
	row->verdict = verdict;
	va_start(ap, fmt);
	(void)vsnprintf(row->reason, sizeof(row->reason), fmt, ap);
	va_end(ap);
}

/* What is wrong with the row by itself. */
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
	/* "now" is not a date of a dump. */
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

/* Rows that stand for one account: which of them is right, the file does not say. */
static int judge_duplicates(struct moving *moving, struct sb_error *err)
{
	struct row **list = calloc(moving->count + 1, sizeof(*list));

	if (!list)
		return sb_error_nomem(err);
	for (size_t i = 0; i < moving->count; i++)
		list[i] = &moving->rows[i];
	qsort(list, moving->count, sizeof(*list), by_account);
	for (size_t i = 1; i < moving->count; i++) {
		if (!*list[i]->account || by_account(&list[i - 1], &list[i]) != 0)
			continue;
		judge(list[i - 1], REFUSED, "the row on line %zu is for the same account in Slurm",
		      list[i]->line);
		judge(list[i], REFUSED, "the row on line %zu is for the same account in Slurm",
		      list[i - 1]->line);
	}
	qsort(list, moving->count, sizeof(*list), by_id);
	for (size_t i = 1; i < moving->count; i++) {
		if (list[i]->texts[FIELD_ID] && by_id(&list[i - 1], &list[i]) == 0)
			judge(list[i], REFUSED, "the row on line %zu has the same id",
			      list[i - 1]->line);
	}
	free(list);
	return SB_OK;
}

/* Whether it belongs to the bank, and what it used so far. */
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
		judge(row, TAKEN, "its window is over");
	if (row->limit == 0 && row->used > 0 && !moving->env->settings.spare_moneyless) {
		row->held = true;
		judge(row, TAKEN, "it has no SU and was used");
	}
}

/* "import:predecessor:ID": the same row gives the same ref. */
static int make_ref(struct moving *moving, const struct row *row, const char *behind,
		    const char **ret, struct sb_error *err)
{
	char ref[NAME_SIZE + 64];

	(void)snprintf(ref, sizeof(ref), "import:predecessor:%s%s",
		       row->texts[FIELD_ID] ? row->texts[FIELD_ID] : row->account, behind);
	return batch_keep(&moving->batch, ref, ret, err);
}

/* Accounts that are in the bank already, by this file or otherwise. */
static int judge_known(struct books *books, void *ctx, struct sb_error *err)
{
	struct moving *moving = ctx;
	int rc = SB_OK;

	for (size_t i = 0; i < moving->count && !rc; i++) {
		struct row *row = &moving->rows[i];
		const struct account *account;
		const char *ref;
		uint64_t seq;

		if (row->verdict == REFUSED)
			continue;
		rc = make_ref(moving, row, "", &ref, err);
		/* Another request with this ref is told when it is run. */
		if (!rc && books_find_ref(books, ref, "", &seq, NULL) != SB_ENOTFOUND)
			judge(row, BEFORE, "in the bank already");
		else if (!rc && books_account(books, row->account, &account, NULL) == SB_OK &&
			 account->open)
			judge(row, LEFT_OUT, "it is open in the bank already");
	}
	return rc;
}

/* ---- entering ---- */

static int add_request(struct moving *moving, const struct row *row, const char *verb,
		       const char *behind, struct batch_entry **ret, struct sb_error *err)
{
	const char *ref;
	int rc = make_ref(moving, row, behind, &ref, err);

	if (!rc)
		rc = batch_add(&moving->batch, ret, err);
	if (rc)
		return rc;
	(*ret)->line = row->line;
	(*ret)->column = row->column;
	(*ret)->command = command_find(verb);
	(*ret)->argv[(*ret)->argc++] = row->account;
	batch_option(*ret, "ref", ref);
	return SB_OK;
}

/* When the SU of a row can be used, as options of its verb. */
static int add_window(struct moving *moving, const struct row *row, struct batch_entry *entry,
		      struct sb_error *err)
{
	char end[WHEN_TEXT_SIZE] = "never";
	const char *kept;
	int64_t when;
	int rc;

	if (row->start)
		batch_option(entry, "start", row->texts[FIELD_DATE]);
	if (moving->days && row->start && when_add_days(row->start, moving->days, &when))
		when_format_local(end, when);
	else if (moving->days)
		(void)snprintf(end, sizeof(end), "now+%ddays", moving->days);
	rc = batch_keep(&moving->batch, end, &kept, err);
	if (!rc)
		batch_option(entry, "end", kept);
	return rc;
}

static int add_requests(struct moving *moving, const struct row *row, struct sb_error *err)
{
	struct batch_entry *entry;
	int rc = add_request(moving, row, "open", "", &entry, err);

	if (rc)
		return rc;
	batch_option(entry, "from-zero", "");
	if (row->limit > 0) {
		entry->argv[entry->argc++] = row->texts[FIELD_LIMIT_HRS];
		return add_window(moving, row, entry, err);
	}
	if (row->limit == 0)
		return SB_OK;
	rc = add_request(moving, row, "terms", ":terms", &entry, err);
	if (!rc)
		batch_option(entry, "unlimited", "");
	return rc;
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

/* Prints all rows and counts the verdicts. */
static int show(struct moving *moving, struct sb_error *err)
{
	static const char *const results[] = {"taken", "before", "left out", "refused"};
	struct output *output = NULL;
	int rc = output_new(moving->env, columns, COLUMNS, &output, err);

	for (size_t i = 0; i < moving->count && !rc; i++) {
		const struct row *row = &moving->rows[i];
		const char *name = row->texts[FIELD_NAME_OF];

		moving->verdicts[row->verdict]++;
		output_row(output);
		output_number(output, COLUMN_LINE, (int64_t)row->line);
		output_text(output, COLUMN_ACCOUNT,
			    *row->account ? row->account
			    : name	  ? name
					  : "");
		if (row->verdict != REFUSED && row->limit >= 0)
			output_amount(output, COLUMN_LIMIT, row->limit);
		else
			output_text(output, COLUMN_LIMIT,
				    row->limit == -1		  ? "unlimited"
				    : row->texts[FIELD_LIMIT_HRS] ? row->texts[FIELD_LIMIT_HRS]
								  : "");
		output_text(output, COLUMN_START,
			    row->texts[FIELD_DATE] ? row->texts[FIELD_DATE] : "");
		if (row->verdict != REFUSED)
			output_amount(output, COLUMN_USED, row->used);
		output_text(output, COLUMN_RESULT, results[row->verdict]);
		output_text(output, COLUMN_CHECK,
			    row->verdict == TAKEN && row->held ? "holds it" : "");
		output_text(output, COLUMN_REASON, row->reason);
	}
	if (!rc)
		rc = output_finish(output, err);
	return rc;
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

/* Looks at every row. Returns EXIT_DONE when none refuses the file. */
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
		warning(env, "nothing was entered: what Slurm has must be seen first");
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
	warning(env, "nothing was entered: %zu of the %zu rows are refused; correct the file",
		moving->verdicts[REFUSED], moving->count);
	return EXIT_REFUSED;
}

static int enter(struct moving *moving)
{
	struct env *env = moving->env;
	struct batch *batch = &moving->batch;
	char hash[HASH_TEXT_SIZE];
	int status = EXIT_DONE;
	bool moneyless = false;

	batch->dry = option(env, "dry-run");
	for (size_t i = 0; i < moving->count; i++)
		moneyless |= moving->rows[i].verdict == TAKEN && moving->rows[i].held &&
			     moving->rows[i].limit == 0;
	/* Ends hold accounts, and so does use without SU: nobody enters them without having seen
	 * which. */
	if (moving->days && !batch->dry)
		status = confirm(env, "Open these accounts, with these ends?");
	else if (moneyless && !batch->dry)
		status = confirm(env, "Open these accounts, although some have no SU?");
	if (status == EXIT_DONE)
		status = batch_run(env, batch);
	if (status != EXIT_DONE)
		return status;
	if (batch->dry) {
		note(env, "dry run: nothing was entered; %zu rows would be taken, %zu left out",
		     moving->verdicts[TAKEN], moving->verdicts[LEFT_OUT]);
	} else {
		report(env,
		       "took %zu of %zu rows, %zu were in the bank already, %zu are left out; head "
		       "%" PRIu64 ":%.*s",
		       moving->verdicts[TAKEN], moving->count, moving->verdicts[BEFORE],
		       moving->verdicts[LEFT_OUT], batch->head.seq, HASH_SHORT,
		       hex_format(hash, batch->head.hash, HASH_SIZE));
		flush_out(env);
		if (batch->entered)
			note(env, "the next check charges what was used before");
		if (batch->entered)
			checkup_say_right(env);
	}
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
		status = enter(&moving);
	batch_release(&moving.batch);
	free(moving.rows);
	return status;
}
