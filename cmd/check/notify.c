/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "cmd/check/notify.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/check/checkup.h"
#include "cmd/frame/messages.h"
#include "cmd/show/entry_json.h"
#include "ledger/base/lock.h"
#include "ledger/base/text.h"
#include "ledger/base/when.h"

/* A check tells so many at most, and so long, that a slow command does not hold up the next one;
 * the time is in notify_seconds. */
enum { RUNS_MAX = 100, TIMES_MAX = 3 };

static bool to_be_told(enum event_kind kind)
{
	return kind == EVENT_THRESHOLD || kind == EVENT_NOTICE || kind == EVENT_HOLD ||
	       kind == EVENT_RELEASE;
}

struct looking {
	bool wanted; /* there is a notify command */
	bool started;
	bool anything; /* new entries, or some that wait */
};

static int look(struct books *books, void *ctx, struct sb_error *err)
{
	struct looking *looking = ctx;
	struct pending_list pending;
	int rc = books_pending(books, &pending, err);

	if (rc)
		return rc;
	looking->started = pending.started;
	looking->anything =
		pending.started && (pending.count > 0 || pending.cursor < books_head(books)->seq);
	free(pending.list);
	return SB_OK;
}

static int set_started(struct books *books, void *ctx, struct sb_error *err)
{
	const struct looking *looking = ctx;
	struct pending_list pending = {.started = looking->wanted,
				       .cursor = books_head(books)->seq};

	return books_set_pending(books, &pending, err);
}

int notify_begin(struct env *env)
{
	struct looking looking = {.wanted = env->settings.notify};
	struct sb_error err;

	if (bank_read(env->bank, env->os.now(), look, &looking, &err) ||
	    (looking.started != looking.wanted &&
	     bank_write(env->bank, env->os.now(), set_started, &looking, &err)))
		return fail(env, &err);
	return EXIT_DONE;
}

/* ---- what is to be told ---- */

static int add_pending(struct pending_list *pending, struct pending one, struct sb_error *err)
{
	struct pending *grown =
		reallocarray(pending->list, pending->count + 1, sizeof(*pending->list));

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

/* Whether the account crossed this threshold together with the one before: of several at once the
 * highest, which comes last, says all. */
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
		(void)snprintf(gathering->account, sizeof(gathering->account), "%s",
			       event->account);
		gathering->used = event->used;
		gathering->allocated = event->allocated;
	}
	return to_be_told(event->kind)
		       ? add_pending(pending, (struct pending){.seq = event->seq}, err)
		       : SB_OK;
}

/* Adds the entries since the last time; [ctx] is a struct gathering, which gets the list. */
static int gather(struct books *books, void *ctx, struct sb_error *err)
{
	struct gathering *gathering = ctx;
	struct pending_list *pending = &gathering->pending;
	int rc;

	free(pending->list);
	*gathering = (struct gathering){0};
	rc = books_pending(books, pending, err);
	if (rc || !pending->started || pending->cursor >= books_head(books)->seq)
		return rc;
	rc = journal_each(books_txn(books), pending->cursor + 1, false, add_entry, gathering, err);
	return rc ? rc : books_set_pending(books, pending, err);
}

/* ---- telling ---- */

struct telling {
	struct env *env;
	uint64_t seq;
	char account[NAME_SIZE];
	const char *kind;
	char *text; /* for its stdin */
	size_t len;
	enum outcome outcome;
	char reason[256];
};

static int describe(struct books *books, void *ctx, struct sb_error *err)
{
	struct telling *telling = ctx;
	const struct rules rules = settings_rules(&telling->env->settings);
	struct funds funds;
	struct event event = {0};
	unsigned char hash[HASH_SIZE];
	struct entry entry = {.event = &event, .hash = hash};
	const struct account *account;
	FILE *out;
	int rc = journal_get(books_txn(books), telling->seq, &event, hash, err);

	if (rc)
		goto out;
	(void)snprintf(telling->account, sizeof(telling->account), "%s", event.account);
	telling->kind = event_kinds[event.kind].name;
	rc = books_account(books, telling->account, &account, err);
	if (!rc)
		rc = funds_of(books, account, &rules, &funds, err);
	if (rc)
		goto out;
	free(telling->text);
	telling->text = NULL;
	out = open_memstream(&telling->text, &telling->len);
	if (!out) {
		rc = sb_error_nomem(err);
		goto out;
	}
	rc = entry_json_balance(telling->env, out, &entry, account, &funds, err);
	if (fclose(out) != 0 && !rc)
		rc = sb_error_nomem(err);
out:
	event_release(&event);
	return rc;
}

/* Takes the entry from the list, or puts it to its end when the command failed, and enters that
 * where it is news. */
static int enter_outcome(struct books *books, void *ctx, struct sb_error *err)
{
	const struct telling *telling = ctx;
	struct event event = {.kind = EVENT_NOTIFIED,
			      .account = telling->account,
			      .answers = telling->seq,
			      .outcome = (uint8_t)telling->outcome,
			      .reason = telling->reason};
	struct pending_list pending = {0};
	struct pending one = {0};
	size_t kept = 0;
	int rc = books_pending(books, &pending, err);

	for (size_t i = 0; i < pending.count && !rc; i++) {
		if (pending.list[i].seq == telling->seq)
			one = pending.list[i];
		else
			pending.list[kept++] = pending.list[i];
	}
	pending.count = kept;
	if (!rc && one.seq && telling->outcome == OUTCOME_FAILED)
		rc = add_pending(&pending, (struct pending){.seq = one.seq, .failed = true}, err);
	if (!rc && one.seq)
		rc = books_set_pending(books, &pending, err);
	if (!rc && one.seq && !(one.failed && telling->outcome == OUTCOME_FAILED))
		rc = books_append(books, &event, err);
	free(pending.list);
	return rc;
}

/* Runs the command, and fills in what became of it. Whether there is a point in running it once
 * more now. */
static bool tell(struct env *env, struct telling *telling)
{
	const char *const argv[] = {env->settings.notify, NULL};
	struct run_result result = {0};
	struct sb_error err;
	char why[sizeof(err.text)] = "";
	int rc = env->os.run_with(argv, telling->text, telling->len,
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
	telling->outcome = *why ? OUTCOME_FAILED : OUTCOME_DONE;
	text_escape(telling->reason, sizeof(telling->reason), why);
	run_result_release(&result);
	return !rc;
}

int notify_test(struct env *env, struct sb_error *err)
{
	struct telling telling = {.kind = "test"};
	char time[WHEN_TEXT_SIZE];
	int len = asprintf(
		&telling.text,
		"{\"entry\":0,\"kind\":\"test\",\"time\":\"%s\",\"note\":\"a test by `subank "
		"doctor --test`: nothing has happened\"}\n",
		when_format_exact(time, env->os.now()));

	if (len < 0)
		return sb_error_nomem(err);
	telling.len = (size_t)len;
	(void)tell(env, &telling);
	free(telling.text);
	return telling.outcome == OUTCOME_DONE
		       ? SB_OK
		       : sb_error_set(err, SB_ESYSTEM, "%s", telling.reason);
}

static int tell_all(struct env *env, const struct pending_list *pending)
{
	int64_t until = env->os.now() + TIMES_MAX * env->settings.notify_seconds * WHEN_SECOND;
	bool going = true;
	int status = EXIT_DONE;

	for (size_t i = 0; i < pending->count && i < RUNS_MAX && going; i++) {
		struct telling telling = {.env = env, .seq = pending->list[i].seq};
		struct sb_error err;

		if (bank_read(env->bank, env->os.now(), describe, &telling, &err)) {
			free(telling.text);
			return fail(env, &err);
		}
		going = tell(env, &telling) && env->os.now() < until;
		free(telling.text);
		if (telling.outcome == OUTCOME_FAILED) {
			status = EXIT_PART;
			going = going && !pending->list[i].failed;
			warning(env,
				"%s: the notify command failed for entry %" PRIu64
				" (%s), the next check tries again: %s",
				telling.account, telling.seq, telling.kind, telling.reason);
		}
		if (bank_write(env->bank, env->os.now(), enter_outcome, &telling, &err))
			return fail(env, &err);
	}
	return status;
}

int notify_run(struct env *env)
{
	struct gathering gathering = {0};
	struct looking looking = {0};
	int lock = -1, status = EXIT_DONE;
	struct sb_error err;

	if (!env->settings.notify)
		return EXIT_DONE;
	/* Whoever tells now tells these too, or the next check does. */
	if (lock_take(&(struct lock_request){.folder = store_folder(bank_store(env->bank)),
					     .name = "notify.lock",
					     .doing = env->doing,
					     .what = "the notify command"},
		      &lock, &err))
		return err.code == SB_EBUSY ? EXIT_DONE : fail(env, &err);
	if (bank_read(env->bank, env->os.now(), look, &looking, &err) ||
	    (looking.anything && bank_write(env->bank, env->os.now(), gather, &gathering, &err)))
		status = fail(env, &err);
	else
		status = tell_all(env, &gathering.pending);
	free(gathering.pending.list);
	lock_drop(lock);
	return status;
}
