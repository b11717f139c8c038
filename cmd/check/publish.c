/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/check/publish.h"

#include <jansson.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/check/checkup.h"
#include "cmd/check/membership.h"
#include "cmd/check/ondemand.h"
#include "cmd/check/public_file.h"
#include "cmd/check/publish_own.h"
#include "cmd/check/publish_row.h"
#include "cmd/check/publish_submit.h"
#include "cmd/check/user_folders.h"
#include "cmd/frame/messages.h"
#include "cmd/show/balance_row.h"
#include "cmd/show/published.h"
#include "ledger/base/lock.h"
#include "ledger/base/text.h"
#include "ledger/base/when.h"

struct publishing {
	struct env *env;
	json_t *document;
	json_t *members; /* of accounts, as Slurm has just answered; NULL: as before */
	bool granted; /* this is the bank, and not a copy of it */
};

static int add_accounts(struct publishing *publishing, struct books *books, struct nesting *nesting,
			json_t *list, json_t *purses, struct sb_error *err)
{
	size_t count;

	TRY(books_load_all(books, &count, err));
	for (size_t i = 0; i < count; i++) {
		const struct account *account = books_at(books, i);
		struct balance_row row;
		char above[NAME_SIZE];

		if (purse_user(account->name))
			continue;
		TRY(balance_row_make(publishing->env, books, account, nesting, &row, err));
		TRY(nesting_above(nesting, books, account, above, err));
		if (json_array_append_new(purse_is_account(account->name) ? list : purses,
					  publish_row(&row, above)))
			return sb_error_nomem(err);
	}
	return SB_OK;
}

const char *published_key(char to[NAME_SIZE], const char *name)
{
	return text_escape(to, NAME_SIZE, name);
}

struct insides {
	json_t *plain, *odd;
};

static int add_inside(const char *account, const char *above, void *ctx, struct sb_error *err)
{
	const struct insides *insides = ctx;
	char key[NAME_SIZE];

	return json_object_set_new(name_ok(account) ? insides->plain : insides->odd,
				   published_key(key, account), json_string(above))
		       ? sb_error_nomem(err)
		       : SB_OK;
}

static int collect(struct books *books, void *ctx, struct sb_error *err)
{
	struct publishing *publishing = ctx;
	char time[WHEN_TEXT_SIZE];
	struct insides insides = {json_object(), json_object()};
	json_t *list = json_array(), *purses = json_array();
	struct nesting nesting = {0};
	int rc = checkup_may_command(publishing->env, books, &publishing->granted, err);

	if (!rc && publishing->granted) {
		rc = add_accounts(publishing, books, &nesting, list, purses, err);
		if (!rc)
			rc = nesting_each_inside(&nesting, books, add_inside, &insides, err);
	}
	nesting_release(&nesting);
	/* Takes over the references, also on failure. */
	publishing->document = json_pack("{si ss so so}", "subank", PUBLISHED_FORM, "time",
					 when_format_exact(time, publishing->env->os.now()),
					 "accounts", list, "inside", insides.plain);
	if (!rc && (!publishing->document ||
		    (json_object_size(insides.odd) > 0 &&
		     json_object_set(publishing->document, "inside_odd", insides.odd)) ||
		    (json_array_size(purses) > 0 &&
		     json_object_set(publishing->document, "purses", purses))))
		rc = sb_error_nomem(err);
	json_decref(insides.odd);
	json_decref(purses);
	return rc;
}

/* Describes the file that the settings ask for. */
static int describe(struct env *env, struct public_file *ret, struct sb_error *err)
{
	/* With files for each user, this one has no accounts. */
	bool to_all = env->settings.publish != PUBLISH_GROUP;
	uid_t owner;

	TRY(public_bank_owner(env, &owner, err));
	*ret = (struct public_file){.path = env->settings.publish_file,
				    .setting = "publish_file",
				    .failure = "the balances for users are not published",
				    .bank_owner = owner,
				    .mode = to_all ? 0644 : 0640,
				    .uid = (uid_t)-1,
				    .folder_group = !to_all};
	return SB_OK;
}

/* Collects and writes the balances. Call it with publish.lock, so that the newest books win. */
static int publish_locked(struct publishing *publishing, struct sb_error *err)
{
	struct env *env = publishing->env;
	struct public_file file;

	TRY(describe(env, &file, err));
	if (env->settings.publish != PUBLISH_OWN) {
		TRY(bank_read(env->bank, env->os.now(), collect, publishing, err));
		return publishing->granted ? public_file_replace(&file, public_file_json,
								 publishing->document, err)
					   : SB_OK;
	}
	TRY(publish_own(env, &file, publishing->members, &publishing->document, err));
	return publishing->document
		       ? public_file_replace(&file, public_file_json, publishing->document, err)
		       : SB_OK;
}

int publish_try(struct env *env, bool write, struct sb_error *err)
{
	struct public_file file;

	TRY(describe(env, &file, err));
	TRY(public_file_try(&file, write, err));
	return env->settings.publish == PUBLISH_OWN ? user_folders_try(&file, write, err) : SB_OK;
}

/* Asks Slurm for the users of accounts. Until Slurm answers, the known users stay. */
static int ask_slurm(struct publishing *publishing)
{
	struct env *env = publishing->env;
	struct public_file file;
	struct sb_error err;
	int rc = describe(env, &file, &err);

	if (!rc)
		rc = publish_own_ask(env, &file, &publishing->members, &err);
	if (!rc)
		return EXIT_DONE;
	warning(env, "users' accounts are published for the users of before: %s", err.text);
	return EXIT_PART;
}

/* The same for the check at submission and Open OnDemand, which may use that answer. */
static int ask_for_others(struct publishing *publishing)
{
	struct env *env = publishing->env;
	struct sb_error err;

	if (membership_ask(env, publishing->members, &err) == SB_OK)
		return EXIT_DONE;
	warning(env, "%s the users of accounts that it has: %s",
		env->settings.submission != SUBMISSION_OFF ? "the check at submission keeps"
							   : "the file for Open OnDemand keeps",
		err.text);
	return EXIT_PART;
}

/* Publishes what the settings ask for. Call it with publish.lock. Returns EXIT_DONE, or EXIT_PART
 * after a warning. */
static int publish_each(struct publishing *publishing)
{
	struct env *env = publishing->env;
	struct sb_error err;
	int status = EXIT_DONE;

	if (env->settings.publish != PUBLISH_NONE && publish_locked(publishing, &err)) {
		warning(env, "%s", err.text);
		status = EXIT_PART;
	}
	if (submit_wanted(env) && submit_publish(env, &err)) {
		warning(env, "%s", err.text);
		status = EXIT_PART;
	}
	if (env->settings.ondemand_file && ondemand_publish(env, &err)) {
		warning(env, "%s", err.text);
		status = EXIT_PART;
	}
	return status;
}

int publish_lock(struct env *env, int *ret, struct sb_error *err)
{
	return lock_take(&(struct lock_request){.folder = store_folder(bank_store(env->bank)),
						.name = "publish.lock",
						.wait_ms = env->store.wait_ms,
						.doing = env->doing,
						.what = "the published balances"},
			 ret, err);
}

int publish(struct env *env, bool ask)
{
	struct publishing publishing = {.env = env};
	struct sb_error err;
	int lock = -1, status = EXIT_DONE, each = EXIT_PART;

	if (env->settings.publish == PUBLISH_NONE && !submit_wanted(env) &&
	    !env->settings.ondemand_file)
		return EXIT_DONE;
	if (ask && env->settings.publish == PUBLISH_OWN)
		status = ask_slurm(&publishing);
	if (ask && (env->settings.submission != SUBMISSION_OFF || env->settings.ondemand_file))
		status = status_join(status, ask_for_others(&publishing));
	if (publish_lock(env, &lock, &err))
		warning(env, "%s", err.text);
	else
		each = publish_each(&publishing);
	lock_drop(lock);
	json_decref(publishing.document);
	json_decref(publishing.members);
	return status_join(status, each);
}
