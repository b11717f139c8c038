/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/check/notify.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/check/checkup.h"
#include "cmd/frame/messages.h"
#include "cmd/show/balance_row.h"
#include "cmd/show/entry_json.h"
#include "ledger/base/lock.h"
#include "ledger/base/text.h"
#include "ledger/base/when.h"

/* The limits of one check: runs of the command, and their time in multiples of notify_seconds. They
 * keep a slow command from holding up the next check. */
enum { RUNS_MAX = 100, TIMES_MAX = 3 };

/* The end of a budget or share ends no account: nobody is told. */
static bool is_delivered(const struct event *event)
{
	const enum event_kind kind = event->kind;

	return kind == EVENT_THRESHOLD || kind == EVENT_NOTICE || kind == EVENT_HOLD ||
	       kind == EVENT_RELEASE || (kind == EVENT_CLOSE && purse_is_account(event->account));
}

struct pending_state {
	bool wanted; /* there is a notify command */
	bool started;
	bool anything; /* new entries, or some that wait */
};

static int read_state(struct books *books, void *ctx, struct sb_error *err)
{
	struct pending_state *state = ctx;
	struct pending_list pending;

	TRY(books_pending(books, &pending, err));
	state->started = pending.started;
	state->anything =
		pending.started && (pending.count > 0 || pending.cursor < books_head(books)->seq);
	free(pending.list);
	return SB_OK;
}

static int set_started(struct books *books, void *ctx, struct sb_error *err)
{
	const struct pending_state *state = ctx;
	struct pending_list pending = {.started = state->wanted, .cursor = books_head(books)->seq};

	return books_set_pending(books, &pending, err);
}

int notify_begin(struct env *env)
{
	struct pending_state state = {.wanted = env->settings.notify};
	struct sb_error err;

	if (bank_read(env->bank, env->os.now(), read_state, &state, &err) ||
	    (state.started != state.wanted &&
	     bank_write(env->bank, env->os.now(), set_started, &state, &err)))
		return fail(env, &err);
	return EXIT_DONE;
}

/* ---- what is to be delivered ---- */

static int add_pending(struct pending_list *pending, struct pending one, struct sb_error *err)
{
	/* Not array_add(): the list comes from books_pending(), without spare room. */
	struct pending *grown = reallocarray(pending->list, pending->count + 1, sizeof(*grown));

	if (!grown)
		return sb_error_nomem(err);
	pending->list = grown;
	grown[pending->count++] = one;
	return SB_OK;
}

struct gathering {
	struct pending_list pending;
	/* The entry before this one, if it is a threshold: */
	uint64_t crossed;
	char account[NAME_SIZE];
	int64_t used, allocated;
};

/* Whether the account crossed this threshold together with the one before: of several at once only
 * the highest, which comes last, is delivered. */
static bool is_higher(const struct gathering *gathering, const struct event *event)
{
	return event->kind == EVENT_THRESHOLD && gathering->crossed + 1 == event->seq &&
	       strcmp(gathering->account, event->account) == 0 && gathering->used == event->used &&
	       gathering->allocated == event->allocated;
}

static int add_entry(const struct entry *entry, void *ctx, struct sb_error *err)
{
	const struct event *event = entry->event;
	struct gathering *gathering = ctx;
	struct pending_list *pending = &gathering->pending;

	pending->cursor = event->seq;
	if (is_higher(gathering, event))
		pending->count--;
	gathering->crossed = event->kind == EVENT_THRESHOLD ? event->seq : 0;
	if (gathering->crossed) {
		(void)snprintf(gathering->account, NAME_SIZE, "%s", event->account);
		gathering->used = event->used;
		gathering->allocated = event->allocated;
	}
	if (!is_delivered(event))
		return SB_OK;
	return add_pending(pending, (struct pending){.seq = event->seq}, err);
}

/* Adds the entries since the last time; [ctx] is a struct gathering, which gets the list. */
static int gather(struct books *books, void *ctx, struct sb_error *err)
{
	struct gathering *gathering = ctx;
	struct pending_list *pending = &gathering->pending;

	free(pending->list);
	*gathering = (struct gathering){0};
	TRY(books_pending(books, pending, err));
	if (!pending->started || pending->cursor >= books_head(books)->seq)
		return SB_OK;
	TRY(journal_each(books_txn(books), pending->cursor + 1, false, add_entry, gathering, err));
	return books_set_pending(books, pending, err);
}

/* ---- delivery ---- */

struct delivery {
	struct env *env;
	uint64_t seq;
	char account[NAME_SIZE];
	const char *kind;
	char *text; /* for its stdin */
	size_t len;
	enum outcome outcome;
	char reason[256];
};

/* Writes the message of the entry to delivery->text. */
static int write_message(struct books *books, struct delivery *delivery, const struct entry *entry,
			 struct sb_error *err)
{
	const struct env *env = delivery->env;
	const struct account *account;
	struct balance_row row;
	struct nesting nesting = {0};
	struct people people;
	FILE *out;
	int rc;

	TRY(books_account(books, delivery->account, &account, err));
	TRY(books_people(books, account, &people, err));
	rc = balance_row_make(env, books, account, &nesting, &row, err);
	nesting_release(&nesting);
	if (rc)
		return rc;
	free(delivery->text);
	delivery->text = NULL;
	out = open_memstream(&delivery->text, &delivery->len);
	if (!out)
		return sb_error_nomem(err);
	rc = entry_json_balance(env, out, entry, &row, env->settings.scavenger_qos, &people, err);
	if (fclose(out) != 0 && !rc)
		rc = sb_error_nomem(err);
	return rc;
}

static int describe(struct books *books, void *ctx, struct sb_error *err)
{
	struct delivery *delivery = ctx;
	struct event event = {0};
	unsigned char hash[HASH_SIZE];
	const struct entry entry = {.event = &event, .hash = hash};
	int rc = journal_get(books_txn(books), delivery->seq, &event, hash, err);

	if (!rc) {
		(void)snprintf(delivery->account, sizeof(delivery->account), "%s", event.account);
		delivery->kind = event_kinds[event.kind].name;
		rc = write_message(books, delivery, &entry, err);
	}
	event_release(&event);
	return rc;
}

/* Writes the list without the entry or, when the command failed, with the entry at its end. Records
 * the outcome if it is news. */
static int update_list(struct books *books, const struct delivery *delivery,
		       struct pending_list *pending, struct sb_error *err)
{
	struct event event = {.kind = EVENT_NOTIFIED,
			      .account = delivery->account,
			      .answers = delivery->seq,
			      .outcome = (uint8_t)delivery->outcome,
			      .reason = delivery->reason};
	const bool failed = delivery->outcome == OUTCOME_FAILED;
	struct pending one = {0};
	size_t kept = 0;

	for (size_t i = 0; i < pending->count; i++) {
		if (pending->list[i].seq == delivery->seq)
			one = pending->list[i];
		else
			pending->list[kept++] = pending->list[i];
	}
	if (!one.seq)
		return SB_OK;
	pending->count = kept;
	if (failed)
		TRY(add_pending(pending, (struct pending){.seq = one.seq, .failed = true}, err));
	TRY(books_set_pending(books, pending, err));
	return one.failed && failed ? SB_OK : books_append(books, &event, err);
}

static int record_outcome(struct books *books, void *ctx, struct sb_error *err)
{
	struct pending_list pending;
	int rc;

	TRY(books_pending(books, &pending, err));
	rc = update_list(books, ctx, &pending, err);
	free(pending.list);
	return rc;
}

/* Runs the command and fills in the outcome. Returns whether the command can be run again now. */
static bool deliver(struct env *env, struct delivery *delivery)
{
	const char *const argv[] = {env->settings.notify, NULL};
	struct run_result result = {0};
	struct sb_error err;
	char why[sizeof(err.text)] = "";
	int rc = env->os.run_with(argv, delivery->text, delivery->len,
				  env->settings.notify_seconds * 1000, &result, &err);

	if (rc == SB_ETIMEOUT)
		(void)snprintf(why, sizeof(why),
			       "it did not end within %d seconds (notify_seconds)",
			       env->settings.notify_seconds);
	else if (rc)
		(void)snprintf(why, sizeof(why), "%s", err.text);
	else if (result.status != 0)
		(void)snprintf(why, sizeof(why), "exit status %d%s%s", result.status,
			       *result.err_line ? ": " : "", result.err_line);
	delivery->outcome = *why ? OUTCOME_FAILED : OUTCOME_DONE;
	text_escape(delivery->reason, sizeof(delivery->reason), why);
	run_result_release(&result);
	return !rc;
}

int notify_test(struct env *env, struct sb_error *err)
{
	struct delivery delivery = {.kind = "test"};
	char time[WHEN_TEXT_SIZE];
	int len = asprintf(
		&delivery.text,
		"{\"entry\":0,\"kind\":\"test\",\"time\":\"%s\",\"note\":\"a test by `subank "
		"doctor --test`: nothing has happened\"}\n",
		when_format_exact(time, env->os.now()));

	if (len < 0)
		return sb_error_nomem(err);
	delivery.len = (size_t)len;
	(void)deliver(env, &delivery);
	free(delivery.text);
	return delivery.outcome == OUTCOME_DONE
		       ? SB_OK
		       : sb_error_set(err, SB_ESYSTEM, "%s", delivery.reason);
}

static int deliver_all(struct env *env, const struct pending_list *pending)
{
	int64_t until = env->os.now() + TIMES_MAX * env->settings.notify_seconds * WHEN_SECOND;
	bool going = true;
	int status = EXIT_DONE;

	for (size_t i = 0; i < pending->count && i < RUNS_MAX && going; i++) {
		struct delivery delivery = {.env = env, .seq = pending->list[i].seq};
		struct sb_error err;

		if (bank_read(env->bank, env->os.now(), describe, &delivery, &err)) {
			free(delivery.text);
			return fail(env, &err);
		}
		going = deliver(env, &delivery) && env->os.now() < until;
		free(delivery.text);
		if (delivery.outcome == OUTCOME_FAILED) {
			status = EXIT_PART;
			going = going && !pending->list[i].failed;
			warning(env,
				"%s: the notify command failed for entry %" PRIu64
				" (%s), the next check tries again: %s",
				delivery.account, delivery.seq, delivery.kind, delivery.reason);
		}
		if (bank_write(env->bank, env->os.now(), record_outcome, &delivery, &err))
			return fail(env, &err);
	}
	return status;
}

int notify_run(struct env *env)
{
	struct gathering gathering = {0};
	struct pending_state state = {0};
	int lock = -1, status;
	struct sb_error err;

	if (!env->settings.notify)
		return EXIT_DONE;
	/* Another process that delivers now delivers these too, or the next check does. */
	if (lock_take(&(struct lock_request){.folder = store_folder(bank_store(env->bank)),
					     .name = "notify.lock",
					     .doing = env->doing,
					     .what = "the notify command"},
		      &lock, &err))
		return err.code == SB_EBUSY ? EXIT_DONE : fail(env, &err);
	if (bank_read(env->bank, env->os.now(), read_state, &state, &err) ||
	    (state.anything && bank_write(env->bank, env->os.now(), gather, &gathering, &err)))
		status = fail(env, &err);
	else
		status = deliver_all(env, &gathering.pending);
	free(gathering.pending.list);
	lock_drop(lock);
	return status;
}
