/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/enter/batch.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cmd/check/checkup.h"
#include "cmd/enter/confirm.h"
#include "cmd/frame/messages.h"
#include "cmd/frame/options.h"
#include "cmd/show/account_text.h"
#include "cmd/show/progress.h"
#include "ledger/base/array.h"

enum { ENTRIES_MAX = 100000 };

int batch_add(struct batch *batch, struct batch_entry **ret, struct sb_error *err)
{
	if (batch->count == ENTRIES_MAX)
		return sb_error_set(err, SB_EFORMAT,
				    "%s has more than %d entries: cut it into several files",
				    batch->name, ENTRIES_MAX);
	*ret = array_add(batch->entries, batch->count);
	return *ret ? SB_OK : sb_error_nomem(err);
}

int batch_keep(struct batch *batch, const char *text, const char **ret, struct sb_error *err)
{
	char **place = array_add(batch->texts, batch->text_count);

	if (!place)
		return sb_error_nomem(err);
	*place = strdup(text);
	*ret = *place;
	return *place ? SB_OK : sb_error_nomem(err);
}

void batch_option(struct batch_entry *entry, const char *name, const char *value)
{
	entry->values[option_place(entry->command, name)] = value;
}

static const char *ref_of(const struct batch_entry *entry)
{
	const char *ref = entry->values[option_place(entry->command, "ref")];

	/* It was left out, which is a mistake. */
	return ref ? ref : "";
}

/* ---- accounts ---- */

int batch_touch(struct batch *batch, const char *name, struct sb_error *err)
{
	const struct account *account;
	struct change *change;
	int rc;

	if (changes_find(&batch->changes, name))
		return SB_OK;
	change = changes_add(&batch->changes, name);
	if (!change)
		return sb_error_nomem(err);
	rc = books_find(batch->books, name, &account, err);
	change->was = !rc;
	/* A verb that needs the account reports that itself. */
	if (rc == SB_ENOTFOUND)
		return SB_OK;
	return rc ? rc : funds_of(batch->books, account, &batch->rules, &change->before, err);
}

int batch_settle(struct batch *batch, const char *name, struct sb_error *err)
{
	return changes_add(&batch->to_settle, name) ? SB_OK : sb_error_nomem(err);
}

/* Keeps the balances of the accounts as they are after all entries. */
static int keep_after(struct batch *batch, struct sb_error *err)
{
	for (size_t i = 0; i < batch->changes.count; i++) {
		struct change *change = batch->changes.list[i];
		const struct account *account;

		TRY(books_account(batch->books, change->name, &account, err));
		change->is = true;
		TRY(funds_of(batch->books, account, &batch->rules, &change->after, err));
		change->waiting = account_waiting(account).amount;
	}
	return SB_OK;
}

/* ---- mistakes ---- */

const char *batch_place(const struct batch *batch, const struct place *at, char to[PLACE_TEXT_SIZE])
{
	if (!batch->is_table)
		(void)snprintf(to, PLACE_TEXT_SIZE, "%s:%zu:%zu: ", batch->name, at->line,
			       at->column);
	else
		(void)snprintf(to, PLACE_TEXT_SIZE, "%s: row %zu%s%s: ", batch->name, at->line,
			       at->name ? ", column " : "", at->name ? at->name : "");
	return to;
}

static const char *where(const struct batch *batch, const struct batch_entry *entry,
			 char to[PLACE_TEXT_SIZE])
{
	return batch_place(batch, &entry->at, to);
}

int batch_message(struct batch *batch, size_t line, const char *text, struct sb_error *err)
{
	struct batch_message *added = array_add(batch->messages, batch->message_count);

	if (!added)
		return sb_error_nomem(err);
	added->line = line;
	added->order = batch->message_count;
	added->text = strdup(text);
	return added->text ? SB_OK : sb_error_nomem(err);
}

/* Removes the messages after the first [count]. */
static void drop_messages(struct batch *batch, size_t count)
{
	while (batch->message_count > count)
		free(batch->messages[--batch->message_count].text);
}

static int by_line(const void *a, const void *b)
{
	const struct batch_message *left = a, *right = b;

	return left->line != right->line
		       ? (left->line > right->line) - (left->line < right->line)
		       : (left->order > right->order) - (left->order < right->order);
}

void batch_report(struct env *env, struct batch *batch)
{
	struct env own = *env;
	struct sb_error err;

	/* The texts name their places. */
	own.where = "";
	array_sort(batch->messages, batch->message_count, by_line);
	for (size_t i = 0; i < batch->message_count; i++) {
		sb_error_set(&err, SB_EREFUSED, "%s", batch->messages[i].text);
		(void)fail(&own, &err);
	}
	drop_messages(batch, 0);
}

/* Keeps the account of an entry that should have opened it: other mistakes about it follow. */
static void note_unopened(struct batch *batch, const struct batch_entry *entry)
{
	if (strcmp(entry->command->name, "open") == 0 && entry->argc > 0 &&
	    batch->unopened_count < sizeof(batch->unopened) / sizeof(batch->unopened[0]))
		batch->unopened[batch->unopened_count++] = entry->argv[0];
}

static void mark_wrong(struct batch *batch, struct batch_entry *entry, bool malformed)
{
	batch->malformed = batch->malformed || malformed;
	if (entry->wrong)
		return;
	entry->wrong = true;
	batch->wrong++;
	note_unopened(batch, entry);
}

bool batch_mistake(struct batch *batch, struct batch_entry *entry)
{
	if (entry) {
		mark_wrong(batch, entry, true);
	} else {
		batch->malformed = true;
		batch->wrong++;
		batch->unread++;
	}
	return batch->wrong < MISTAKES_MAX;
}

/* Returns whether the entry is about an account that a wrong one should have opened. */
static bool follows_from_another(const struct batch *batch, const struct batch_entry *entry)
{
	for (size_t i = 0; i < batch->unopened_count; i++) {
		for (int j = 0; j < entry->argc && j < 2; j++) {
			if (strcasecmp(entry->argv[j], batch->unopened[i]) == 0)
				return true;
		}
	}
	return false;
}

/* ---- running ---- */

int batch_observe(const struct env *env)
{
	struct batch *batch = env->batch;
	struct env alone = *env;

	/* A message about a cluster belongs to no line. */
	alone.where = NULL;
	alone.os = batch->shown->os;
	if (!batch->asked)
		batch->answer = clusters_observe(&alone, OBSERVE_EVERYTHING, &batch->clusters);
	batch->asked = true;
	return batch->answer;
}

/* Runs the entry by its verb, in an environment of its own. Its messages go to [messages]. */
static int run_entry(const struct env *env, const struct batch_entry *entry, FILE *messages)
{
	char place_text[PLACE_TEXT_SIZE];
	struct batch_entry copy = *entry;
	struct env own = *env;

	own.command = entry->command;
	own.values = copy.values;
	own.where = where(env->batch, entry, place_text);
	own.os.err = messages;
	own.os.err_is_terminal = false;
	own.os.log = NULL;
	return entry->command->run(&own, entry->argc, entry->argv);
}

/* Adds the lines that a verb has printed, without the name of the program. */
static int add_printed(struct batch *batch, const struct batch_entry *entry, char *text,
		       struct sb_error *err)
{
	static const char prefix[] = "subank: ";
	const size_t len = strlen(prefix);
	char *line;

	while ((line = strsep(&text, "\n"))) {
		if (*line)
			TRY(batch_message(batch, entry->at.line,
					  strncmp(line, prefix, len) == 0 ? line + len : line,
					  err));
	}
	return SB_OK;
}

static int by_ref(const void *a, const void *b)
{
	const struct batch_entry *const *left = a, *const *right = b;
	int order = strcmp(ref_of(*left), ref_of(*right));

	/* Entries are in the array in the order of the file. */
	return order ? order : (*left > *right) - (*left < *right);
}

/* Reports refs that are given twice: a copied line is as likely a slip as a second request. */
static int check_refs(struct env *env, struct batch *batch)
{
	struct batch_entry **list = calloc(batch->count + 1, sizeof(*list));
	char place_text[PLACE_TEXT_SIZE], text[PLACE_TEXT_SIZE + EVENT_NOTE_MAX];
	struct sb_error err;
	int rc = SB_OK;

	if (!list) {
		sb_error_nomem(&err);
		return fail(env, &err);
	}
	for (size_t i = 0; i < batch->count; i++)
		list[i] = &batch->entries[i];
	array_sort(list, batch->count, by_ref);
	for (size_t i = 1; i < batch->count && batch->wrong < MISTAKES_MAX && !rc; i++) {
		struct place at = list[i]->at;

		if (!*ref_of(list[i]) || strcmp(ref_of(list[i - 1]), ref_of(list[i])) != 0)
			continue;
		mark_wrong(batch, list[i], true);
		at.name = "ref";
		(void)snprintf(text, sizeof(text),
			       "%sthe ref '%s' is %s %zu already: each entry needs its own",
			       batch_place(batch, &at, place_text), ref_of(list[i]),
			       batch->is_table ? "in row" : "on line", list[i - 1]->at.line);
		rc = batch_message(batch, at.line, text, &err);
	}
	free(list);
	return rc ? fail(env, &err) : EXIT_DONE;
}

/* Checks an entry by itself. */
static int check_one(struct env *env, struct batch *batch, struct batch_entry *entry,
		     struct sb_error *err)
{
	char *text = NULL;
	size_t len;
	FILE *messages = open_memstream(&text, &len);
	int status, rc;

	if (!messages)
		return sb_error_nomem(err);
	status = run_entry(env, entry, messages);
	rc = fclose(messages) != 0 ? sb_error_nomem(err) : add_printed(batch, entry, text, err);
	free(text);
	if (status != EXIT_DONE)
		mark_wrong(batch, entry, status == EXIT_USAGE);
	return rc;
}

/* Checks the entries by themselves. */
static int check_all(struct env *env, struct batch *batch)
{
	struct progress progress;
	struct sb_error err;
	int rc = SB_OK;

	progress_begin(&progress, env, batch->count);
	for (size_t i = 0; i < batch->count && batch->wrong < MISTAKES_MAX && !rc; i++) {
		struct batch_entry *entry = &batch->entries[i];

		if (!entry->wrong && !follows_from_another(batch, entry))
			rc = check_one(env, batch, entry, &err);
		progress_step(&progress, i + 1);
	}
	progress_end(&progress);
	return rc ? fail(env, &err) : EXIT_DONE;
}

struct planning {
	struct env *env; /* of the verbs, whose messages were printed by check_all() */
	struct env *shown; /* prints the progress */
	/* By mistakes in the entries by themselves: */
	size_t unopened; /* accounts */
	size_t messages;
};

/* Keeps why the books refuse an entry. Returns errors that concern no entry. */
static int refuse_entry(struct batch *batch, struct batch_entry *entry, struct sb_error *err)
{
	char place_text[PLACE_TEXT_SIZE], text[PLACE_TEXT_SIZE + sizeof(err->text)];
	struct place at = entry->at;

	at.name = batch->column;
	(void)batch_place(batch, &at, place_text);
	if (!batch->rc)
		batch->rc = sb_error_set(&batch->err, SB_EREFUSED,
					 "it can no longer be recorded: run it again");
	if (batch->rc != SB_EINVAL && batch->rc != SB_ENOTFOUND && batch->rc != SB_EREFUSED &&
	    batch->rc != SB_EOVERFLOW)
		return sb_error_set(err, (enum sb_err)batch->rc, "%s%s; nothing was recorded",
				    place_text, batch->err.text);
	note_unopened(batch, entry);
	batch->malformed = batch->malformed || batch->rc == SB_EINVAL;
	batch->refused++;
	(void)snprintf(text, sizeof(text), "%s%s", place_text, batch->err.text);
	return batch_message(batch, at.line, text, err);
}

/* A books_fn. */
static int plan_all(struct books *books, void *ctx, struct sb_error *err)
{
	const struct planning *planning = ctx;
	struct env *env = planning->env;
	struct batch *batch = env->batch;
	struct progress progress;
	/* After a sum past int64 an account's state is undefined. */
	bool broken = false;
	int rc = SB_OK;

	changes_clear(&batch->changes);
	changes_clear(&batch->to_settle);
	drop_messages(batch, planning->messages);
	batch->unopened_count = planning->unopened;
	batch->recorded = batch->skipped = batch->refused = 0;
	batch->books = books;
	progress_begin(&progress, planning->shown, batch->count);
	for (size_t i = 0; i < batch->count && !rc && !broken; i++) {
		struct batch_entry *entry = &batch->entries[i];

		progress_step(&progress, i + 1);
		if (batch->wrong + batch->refused >= MISTAKES_MAX)
			break;
		if (entry->wrong || follows_from_another(batch, entry))
			continue;
		batch->rc = SB_OK;
		batch->column = NULL;
		if (run_entry(env, entry, env->os.err) == EXIT_DONE)
			continue;
		broken = batch->rc == SB_EOVERFLOW;
		rc = refuse_entry(batch, entry, err);
	}
	progress_end(&progress);
	if (!rc && (batch->wrong > 0 || batch->refused > 0))
		rc = STORE_ABORT;
	else if (!rc)
		rc = keep_after(batch, err);
	batch->books = NULL;
	batch->head = *books_head(books);
	if (rc)
		return rc;
	return batch->dry || batch->recorded == 0 ? STORE_ABORT : SB_OK;
}

/* Reports how many entries are wrong. */
static int report_wrong(struct env *env, const struct batch *batch)
{
	size_t wrong = batch->wrong + batch->refused;

	if (wrong == 0)
		return EXIT_DONE;
	warning(env, "nothing was recorded: %zu%s of %zu %s of %s have errors", wrong,
		wrong >= MISTAKES_MAX ? " or more" : "", batch->count + batch->unread,
		batch->is_table ? "rows" : "entries", batch->name);
	return batch->malformed ? EXIT_USAGE : EXIT_REFUSED;
}

static int confirm_amounts(struct env *env, const struct batch *batch)
{
	char limit[QUANTITY_SIZE];

	if (batch->above == 0 || batch->dry || option(env, "immediate"))
		return EXIT_DONE;
	warning(env, "amounts above %s (confirm_above in the settings): %zu",
		quantity(env, limit, NULL, env->settings.confirm_above), batch->above);
	return confirm(env, "Are these amounts right?");
}

/* Plans all entries and records them, if none is wrong. */
static int record_all(struct env *env, struct env *quiet)
{
	struct batch *batch = quiet->batch;
	struct planning planning = {.env = quiet,
				    .shown = env,
				    .unopened = batch->unopened_count,
				    .messages = batch->message_count};
	struct sb_error err;
	int status = EXIT_DONE;

	quiet->os.log = NULL;
	quiet->os.err = fopen("/dev/null", "we");
	if (!quiet->os.err) {
		sb_error_set(&err, SB_ESYSTEM, "cannot open /dev/null");
		return fail(env, &err);
	}
	if (bank_write(env->bank, env->os.now(), plan_all, &planning, &err))
		status = fail(env, &err);
	(void)fclose(quiet->os.err);
	return status;
}

int batch_run(struct env *env, struct batch *batch)
{
	struct env quiet = *env;
	int status = check_refs(env, batch);

	batch->rules = settings_rules(&env->settings);
	batch->shown = env;
	quiet.batch = batch;
	if (status == EXIT_DONE)
		status = check_all(&quiet, batch);
	if (status == EXIT_DONE && batch->wrong == 0)
		status = confirm_amounts(env, batch);
	if (status == EXIT_DONE)
		status = record_all(env, &quiet);
	batch_report(env, batch);
	return status == EXIT_DONE ? report_wrong(env, batch) : status;
}

int batch_apply(struct env *env, const struct batch *batch)
{
	size_t count = batch->to_settle.count;
	const char **names = calloc(count + 1, sizeof(*names));
	struct sb_error err;
	int status = EXIT_DONE;

	if (!names) {
		sb_error_nomem(&err);
		(void)fail(env, &err);
		return EXIT_PART;
	}
	for (size_t i = 0; i < count; i++)
		names[i] = batch->to_settle.list[i]->name;
	if (count == 0 || option(env, "no-apply"))
		checkup_note_right(env);
	if (count > 0)
		status = checkup_after(env, names, count, EXIT_DONE);
	free(names);
	return status;
}

void batch_release(struct batch *batch)
{
	changes_release(&batch->changes);
	changes_release(&batch->to_settle);
	for (size_t i = 0; i < batch->text_count; i++)
		free(batch->texts[i]);
	free(batch->texts);
	drop_messages(batch, 0);
	free(batch->messages);
	free(batch->entries);
	clusters_release(&batch->clusters);
}
