/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/enter/restore.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "cmd/enter/changes.h"
#include "cmd/enter/confirm.h"
#include "cmd/enter/keep_copy.h"
#include "cmd/frame/command.h"
#include "cmd/frame/messages.h"
#include "cmd/frame/options.h"
#include "cmd/show/account_text.h"
#include "cmd/show/head_text.h"
#include "cmd/show/progress.h"
#include "ledger/files/import.h"

struct restoring {
	struct env *env;
	int status; /* of an answer other than yes */
	struct changes changes;
	bool after; /* collect_balances() reads the new books, not the old ones */
	bool other; /* the old bank has another id */
	unsigned char id[BANK_ID_SIZE]; /* the new books' */
	struct head old, built;
	struct progress progress;
	char copy[COPY_PATH_SIZE]; /* "": none was made */
};

/* Puts the balances of one of the two banks into the changes. A books_fn. */
static int collect_balances(struct books *books, void *ctx, struct sb_error *err)
{
	struct restoring *restoring = ctx;
	size_t count;
	int rc;

	books_omit_deferred(books);
	rc = books_load_all(books, &count, err);
	if (restoring->after) {
		restoring->built = *books_head(books);
		memcpy(restoring->id, books_id(books), BANK_ID_SIZE);
	} else {
		restoring->old = *books_head(books);
		restoring->other = memcmp(restoring->id, books_id(books), BANK_ID_SIZE) != 0;
	}
	for (size_t i = 0; !rc && i < count; i++) {
		const struct account *account = books_at(books, i);
		struct change *change = changes_add(&restoring->changes, account->name);

		if (!change)
			return sb_error_nomem(err);
		/* The books do not know what jobs run. */
		rc = funds_of(books, account, NULL,
			      restoring->after ? &change->after : &change->before, err);
		if (restoring->after)
			change->waiting = account_waiting(account).amount;
		*(restoring->after ? &change->is : &change->was) = !rc;
	}
	return rc;
}

static int read_old(struct restoring *restoring, struct sb_error *err)
{
	struct env *env = restoring->env;
	struct bank *old;
	int rc;

	TRY(bank_open(&env->store, STORE_READ, NULL, &old, err));
	rc = bank_read(old, env->os.now(), collect_balances, restoring, err);
	bank_close(old);
	return rc;
}

static int agree(struct bank *built, void *ctx, struct sb_error *err)
{
	struct restoring *restoring = ctx;
	struct env *env = restoring->env;
	struct sb_error why;
	int old = SB_ENOTFOUND;

	progress_end(&restoring->progress);
	changes_clear(&restoring->changes);
	restoring->after = true;
	TRY(bank_read(built, env->os.now(), collect_balances, restoring, err));
	restoring->after = false;
	if (!option(env, "damaged"))
		old = read_old(restoring, &why);
	if (old && old != SB_ENOTFOUND && old != SB_ECORRUPT)
		return sb_error_set(err, why.code, "%s", why.text);
	if (option(env, "dry-run")) {
		restoring->status = changes_print(env, &restoring->changes);
		if (old == SB_ECORRUPT)
			warning(env, "the old books are damaged: %s", why.text);
		note(env, "dry run: nothing was changed");
		return STORE_ABORT;
	}
	/* Nothing is lost. */
	if (old == SB_ENOTFOUND && !option(env, "damaged"))
		return SB_OK;
	if (old == SB_OK)
		note(env, "the %" PRIu64 " entries in %s%s will be replaced by %" PRIu64,
		     restoring->old.seq, env->store.folder,
		     restoring->other ? ", of another bank," : "", restoring->built.seq);
	else
		note(env, "the old books in %s will be moved aside%s%s", env->store.folder,
		     old == SB_ECORRUPT ? " because they are damaged: " : "",
		     old == SB_ECORRUPT ? why.text : "");
	restoring->status = confirm(env, "Put the new books in place?");
	return restoring->status == EXIT_DONE ? SB_OK : STORE_ABORT;
}

static int keep(struct bank *old, void *ctx, struct sb_error *err)
{
	struct restoring *restoring = ctx;

	return keep_copy(restoring->env, old, restoring->copy, err);
}

int restore(struct env *env, FILE *file, const char *name)
{
	struct restoring restoring = {.env = env};
	char text[HEAD_TEXT_SIZE], stamp[STAMP_SIZE], aside[64], path[COPY_PATH_SIZE];
	struct replacing replacing = {.agree = agree,
				      .keep = keep,
				      .ctx = &restoring,
				      .damaged = option(env, "damaged"),
				      .aside = aside};
	const struct steps steps = {progress_at, &restoring.progress};
	bool replaces = option(env, "replace") || replacing.damaged;
	struct sb_error err;
	struct head head;
	int rc;

	if (option(env, "dry-run") && !replaces)
		return usage(env, "--dry-run goes with --replace or --append");
	(void)snprintf(aside, sizeof(aside), "books.damaged-%s", time_stamp(stamp, env->os.now()));
	progress_begin(&restoring.progress, env, 0);
	rc = import_yaml(&env->store, &(struct import_from){file, name, &steps},
			 replaces ? &replacing : NULL, &head, &err);
	progress_end(&restoring.progress);
	changes_release(&restoring.changes);
	if (rc == STORE_ABORT)
		return restoring.status;
	if (*restoring.copy)
		note(env, "a copy of the old books is in %s", restoring.copy);
	if (rc)
		return fail(env, &err);
	(void)snprintf(path, sizeof(path), "%s/%s", env->store.folder, aside);
	if (replacing.damaged && access(path, F_OK) == 0)
		note(env, "the old books are in %s", path);
	env->result.done = "the ledger was restored";
	report(env, "restored %" PRIu64 " entries in %s; head %s", head.seq, env->store.folder,
	       head_text(text, &head));
	note(env, "the bank does not command Slurm yet: `subank adopt` allows it, after a "
		  "comparison with Slurm's limits");
	return EXIT_DONE;
}
