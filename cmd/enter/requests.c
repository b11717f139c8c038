/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/enter/requests.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/check/checkup.h"
#include "cmd/check/notify.h"
#include "cmd/check/publish.h"
#include "cmd/check/request_boxes.h"
#include "cmd/enter/request_files.h"
#include "cmd/frame/messages.h"
#include "cmd/frame/options.h"
#include "ledger/base/array.h"
#include "ledger/base/comma.h"
#include "ledger/base/lock.h"
#include "ledger/base/number.h"
#include "ledger/base/when.h"
#include "ledger/books/entries.h"
#include "ledger/books/nesting.h"
#include "ledger/books/people.h"
#include "ledger/check/check.h"

enum {
	TURNS_MAX = 100, /* requests of a user in one check */
	TIME_MAX = 60, /* seconds, after which a check leaves the rest to the next one */
	FAILURES_MAX = 5,
	SHARES_MAX = 5, /* of a user in one check: Slurm may have to be asked about each */
	USER_TEXT_SIZE = 300,
};

/* That a user manages an account. */
struct managing {
	char account[NAME_SIZE];
	char user[NAME_SIZE];
	uint32_t uid;
	size_t shares; /* requests for shares that were taken, in the user's first one */
};

struct taking {
	struct env *env;
	int64_t began; /* the check that has just read Slurm */
	struct user_folders boxes;
	bool clock_ok;
	bool may; /* this bank commands Slurm from here, and the clock is trusted */
	struct managing *managing;
	size_t managing_count;
	bool unknown; /* a directory did not answer about some manager */
	struct request_waiting *waiting;
	size_t waiting_count;
	size_t unread; /* files that could not be read */
	char (*touched)[NAME_SIZE]; /* accounts that got entries */
	size_t touched_count;
};

/* ---- managers ---- */

static int add_manager(struct taking *taking, const char *account, const char *user,
		       struct sb_error *err)
{
	struct managing *added = array_add(taking->managing, taking->managing_count);

	if (!added)
		return sb_error_nomem(err);
	*added = (struct managing){0};
	(void)snprintf(added->account, sizeof(added->account), "%s", account);
	(void)snprintf(added->user, sizeof(added->user), "%s", user);
	return SB_OK;
}

static int add_managers(struct taking *taking, struct books *books, const struct account *account,
			struct sb_error *err)
{
	struct people people;
	const char *item;
	char name[NAME_SIZE];
	size_t len;

	TRY(books_people(books, account, &people, err));
	for (const char *rest = people.managers;
	     *people.managers && comma_next(&rest, &item, &len);) {
		/* A longer name is nobody's. */
		if (len >= sizeof(name))
			continue;
		(void)snprintf(name, sizeof(name), "%.*s", (int)len, item);
		TRY(add_manager(taking, account->name, name, err));
	}
	return SB_OK;
}

/* A books_fn. */
static int read_managers(struct books *books, void *ctx, struct sb_error *err)
{
	struct taking *taking = ctx;
	size_t count;
	int64_t gap;

	taking->managing_count = 0;
	TRY(checkup_may_command(taking->env, books, &taking->may, err));
	TRY(check_clock_gap(books, taking->clock_ok, &gap, err));
	taking->may = taking->may && !gap;
	if (!taking->may)
		return SB_OK;
	TRY(books_load_all(books, &count, err));
	for (size_t i = 0; i < count; i++) {
		const struct account *account = books_at(books, i);

		/* A closed account gives no rights. */
		if (account->open && account->people && purse_is_account(account->name))
			TRY(add_managers(taking, books, account, err));
	}
	return SB_OK;
}

static int by_user(const void *a, const void *b)
{
	const struct managing *left = a, *right = b;

	return strcmp(left->user, right->user);
}

/* Fills in the uids: asks once about each user, which may take time. Leaves out the users that have
 * none. */
static void find_uids(struct taking *taking)
{
	const struct os *os = &taking->env->os;
	enum uid_found found = UID_ABSENT;
	const char *asked = NULL;
	char user[NAME_SIZE];
	uint32_t uid = 0;
	size_t kept = 0;

	array_sort(taking->managing, taking->managing_count, by_user);
	for (size_t i = 0; i < taking->managing_count; i++) {
		struct managing *managing = &taking->managing[i];

		if (!asked || strcmp(asked, managing->user) != 0) {
			(void)snprintf(user, sizeof(user), "%s", managing->user);
			asked = user;
			found = os->user_id ? os->user_id(user, &uid) : UID_UNKNOWN;
			taking->unknown = taking->unknown || found == UID_UNKNOWN;
		}
		if (found != UID_FOUND)
			continue;
		managing->uid = uid;
		taking->managing[kept++] = *managing;
	}
	taking->managing_count = kept;
}

static struct managing *manager_of(const struct taking *taking, uint32_t uid)
{
	for (size_t i = 0; i < taking->managing_count; i++) {
		if (taking->managing[i].uid == uid)
			return &taking->managing[i];
	}
	return NULL;
}

/* Writes "alice (1001)". Returns [to]. */
static const char *user_text(const struct taking *taking, uint32_t uid, char to[USER_TEXT_SIZE])
{
	const struct managing *manager = manager_of(taking, uid);
	const char *name = manager		       ? manager->user
			   : taking->env->os.user_name ? taking->env->os.user_name(uid)
						       : NULL;

	(void)snprintf(to, USER_TEXT_SIZE, "%s (%" PRIu32 ")", name ? name : "a former user", uid);
	return to;
}

/* ---- rules ---- */

static bool is_transfer(const struct request *request)
{
	return strcmp(request->command->name, "transfer") == 0;
}

struct judging {
	const struct taking *taking;
	const struct request *request;
	uint32_t uid;
	bool granted;
};

/* Whether the request stays below an account that the user manages. A books_fn. */
static int judge(struct books *books, void *ctx, struct sb_error *err)
{
	struct judging *judging = ctx;
	const struct request *request = judging->request;
	const bool transfers = is_transfer(request);
	char from[NAME_SIZE], to[NAME_SIZE];
	struct nesting nesting = {0};
	int rc = SB_OK;

	judging->granted = false;
	TRY(name_fold("account", request->args[0], from, err));
	TRY(name_fold("account", request->args[transfers ? 1 : 0], to, err));
	for (size_t i = 0; i < judging->taking->managing_count && !rc && !judging->granted; i++) {
		const struct managing *managing = &judging->taking->managing[i];
		bool below = false;

		if (managing->uid != judging->uid)
			continue;
		rc = nesting_is_under(&nesting, books, from, managing->account, true, &below, err);
		if (!rc && below)
			rc = nesting_is_under(&nesting, books, to, managing->account, true, &below,
					      err);
		judging->granted = !rc && below;
	}
	nesting_release(&nesting);
	return rc;
}

/* SB_EREFUSED if the user may not ask for this. The message does not tell which accounts exist. */
static int check_right(const struct taking *taking, const struct request *request, uint32_t uid,
		       struct sb_error *err)
{
	struct judging judging = {.taking = taking, .request = request, .uid = uid};
	const struct env *env = taking->env;

	TRY(bank_read(env->bank, env->os.now(), judge, &judging, err));
	if (judging.granted)
		return SB_OK;
	if (!is_transfer(request))
		return sb_error_set(err, SB_EREFUSED,
				    "you manage neither '%s' nor an account above it",
				    request->args[0]);
	return sb_error_set(err, SB_EREFUSED,
			    "you manage no account that '%s' and '%s' both are, or are below",
			    request->args[0], request->args[1]);
}

/* ---- what the check has read ---- */

/* A request in the books. */
struct standing {
	const struct taking *taking;
	const struct request *request;
	const char *ref;
	bool recorded;
	bool silent; /* the check could not read what was used of its accounts */
	struct sb_error missing; /* SB_ENOTFOUND: a budget, in words for managers */
};

/* Whether the check has read the use of an account or purse wherever it has any. Also of jobs that
 * run, if they are metered. */
static int is_read(const struct taking *taking, struct books *books, const char *name, bool *ret,
		   struct sb_error *err)
{
	const struct settings *settings = &taking->env->settings;
	const struct account *account;
	int rc = books_find(books, name, &account, err);

	*ret = true;
	if (rc == SB_ENOTFOUND)
		return SB_OK;
	TRY(rc);
	for (size_t i = 0; i < account->meter_count && *ret; i++) {
		const struct meter *meter = &account->meters[i];
		struct reading reading;
		bool listed = settings->cluster_count == 0;

		for (size_t at = 0; at < settings->cluster_count; at++)
			listed = listed || strcmp(settings->clusters[at], meter->cluster) == 0;
		if (!listed)
			continue;
		rc = books_reading(books, meter->cluster, name, &reading, err);
		if (rc && rc != SB_ENOTFOUND)
			return rc;
		*ret = !rc &&
		       (reading.vanished ||
			(reading.time >= taking->began &&
			 (!meter->jobs || reading.flight.time >= taking->began - WHEN_SECOND)));
	}
	return SB_OK;
}

/* Finds whether the account has the budget. Only an account of the bank is below a managed one, so
 * the account itself is not missing. */
static int find_missing(struct books *books, const char *account, const char *purse,
			struct sb_error *missing, struct sb_error *err)
{
	const struct account *found;
	int rc = purse_is_account(purse) ? SB_OK : books_find(books, purse, &found, err);

	if (rc != SB_ENOTFOUND)
		return rc;
	sb_error_set(missing, SB_ENOTFOUND,
		     "account '%s' has no budget of %s: ask the administrators to open one",
		     account, purse_resource(purse));
	return SB_OK;
}

/* A books_fn. */
static int find_standing(struct books *books, void *ctx, struct sb_error *err)
{
	struct standing *standing = ctx;
	const struct request *request = standing->request;
	const char *resource = *request->resource ? request->resource : RESOURCE_BILLING;
	const size_t accounts = is_transfer(request) ? 2 : 1;
	uint64_t seq;

	TRY(entries_with_ref(books, standing->ref, &seq, err));
	standing->recorded = seq != 0;
	standing->silent = false;
	standing->missing.code = SB_OK;
	for (size_t i = 0; i < accounts && !standing->silent; i++) {
		char purse[NAME_SIZE], account[NAME_SIZE];
		bool read;

		TRY(purse_name(request->args[i], resource, purse, err));
		TRY(is_read(standing->taking, books, purse_account(account, purse), &read, err));
		if (read)
			TRY(is_read(standing->taking, books, purse, &read, err));
		standing->silent = !read;
		if (!standing->missing.code)
			TRY(find_missing(books, account, purse, &standing->missing, err));
	}
	return SB_OK;
}

/* ---- running ---- */

/* What became of a request. */
struct fate {
	struct request_answer answer;
	enum sb_err trouble; /* it could be neither run nor refused; SB_OK: it was */
};

static void refuse(struct fate *fate, const struct sb_error *err)
{
	switch (err->code) {
	case SB_EINVAL:
	case SB_EREFUSED:
	case SB_ENOTFOUND:
	case SB_EOVERFLOW:
		break;
	default:
		fate->trouble = err->code;
	}
	fate->answer.state = "refused";
	(void)snprintf(fate->answer.text, sizeof(fate->answer.text), "%s", err->text);
}

/* Keeps the first line of a verb's messages, without the program's name. */
static void keep_line(struct fate *fate, const char *text)
{
	static const char prefix[] = "subank: ";

	if (strncmp(text, prefix, strlen(prefix)) == 0)
		text += strlen(prefix);
	(void)snprintf(fate->answer.text, sizeof(fate->answer.text), "%.*s",
		       (int)strcspn(text, "\n"), text);
}

static void judge_run(struct fate *fate, const struct env *own, int status, const char *out,
		      const char *messages)
{
	if (status_goes_on(status)) {
		fate->answer.entry = own->result.receipt_seq;
		fate->answer.state = fate->answer.entry ? "recorded" : "done";
		keep_line(fate, out);
		return;
	}
	fate->answer.state = "refused";
	keep_line(fate, messages);
	if (status == EXIT_UNKNOWN || own->result.error == SB_ESYSTEM ||
	    own->result.error == SB_EBUSY || own->result.error == SB_ECORRUPT)
		fate->trouble = own->result.error;
}

/* Runs the verb as from a command line, in an environment of its own. Slurm is brought in line once
 * for all requests. */
static void run(struct env *env, const struct request *request, const char *ref, const char *note,
		struct fate *fate)
{
	const struct command *command = request->command;
	const char *argv[REQUEST_ARGS], *values[OPTIONS_MAX] = {NULL};
	char *out = NULL, *messages = NULL;
	size_t out_len, messages_len;
	struct env own = *env;

	own.command = command;
	own.values = values;
	own.quiet = own.seconds = false;
	own.requested = true;
	own.os.in_is_terminal = own.os.out_is_terminal = own.os.err_is_terminal = false;
	own.os.log = NULL;
	own.result = (struct result){0};
	own.slurm.trace_ctx = env;
	own.os.out = open_memstream(&out, &out_len);
	own.os.err = open_memstream(&messages, &messages_len);
	values[option_place(command, "ref")] = ref;
	values[option_place(command, "note")] = note;
	values[option_place(command, "no-apply")] = "";
	if (*request->resource)
		values[option_place(command, "resource")] = request->resource;
	for (size_t i = 0; i < REQUEST_ARGS; i++)
		argv[i] = request->args[i];
	if (own.os.out && own.os.err) {
		int status = command->run(&own, REQUEST_ARGS, argv);

		(void)fflush(own.os.out);
		(void)fflush(own.os.err);
		judge_run(fate, &own, status, out, messages);
	} else {
		fate->trouble = SB_ESYSTEM;
		(void)snprintf(fate->answer.text, sizeof(fate->answer.text), "memory ran out");
	}
	if (own.os.out)
		(void)fclose(own.os.out);
	if (own.os.err)
		(void)fclose(own.os.err);
	free(out);
	free(messages);
}

/* Runs a request that the user may make. The entry names the user: as the login, and in its note.
 */
static void carry_out(const struct taking *taking, const struct request_waiting *waiting,
		      const struct request *request, const char *ref, struct fate *fate)
{
	char user[USER_TEXT_SIZE], note[EVENT_NOTE_MAX + 1];
	struct env *env = taking->env;

	(void)snprintf(note, sizeof(note), "request of %s%s%s",
		       user_text(taking, waiting->uid, user), *request->note ? ": " : "",
		       request->note);
	bank_act_for(env->bank, &waiting->uid);
	run(env, request, ref, note, fate);
	bank_act_for(env->bank, NULL);
}

/* Notes the accounts whose limits may have to change. */
static int touch(struct taking *taking, const struct request *request, struct sb_error *err)
{
	for (size_t i = 0; i < (is_transfer(request) ? 2 : 1); i++) {
		char name[NAME_SIZE];
		bool known = false;
		char(*added)[NAME_SIZE];

		TRY(name_fold("account", request->args[i], name, err));
		for (size_t at = 0; at < taking->touched_count && !known; at++)
			known = strcmp(taking->touched[at], name) == 0;
		if (known)
			continue;
		added = array_add(taking->touched, taking->touched_count);
		if (!added)
			return sb_error_nomem(err);
		(void)snprintf(*added, sizeof(*added), "%s", name);
	}
	return SB_OK;
}

/* ---- one request ---- */

static int read_request(int box, const struct request_waiting *waiting, struct request *ret,
			struct stat *ret_st, struct sb_error *err)
{
	char bytes[REQUEST_FILE_MAX + 1];

	TRY(request_file_read(box, waiting->id, waiting->uid, bytes, ret_st, err));
	return request_decode(bytes, (size_t)ret_st->st_size, ret, err);
}

/* Answers a request and removes it. */
static int finish(const struct taking *taking, int box, const struct request_waiting *waiting,
		  const struct request_answer *answer, const struct stat *st, struct sb_error *err)
{
	char user[USER_TEXT_SIZE];
	int rc = request_answer(&taking->boxes, box, waiting->id, answer, taking->env->os.now(),
				err);

	/* If the user prevents the answer, there is none. */
	if (rc && rc != SB_EREFUSED)
		return rc;
	report(taking->env, "%s of %s: %s%s", *answer->request ? answer->request : "a file",
	       user_text(taking, waiting->uid, user),
	       strcmp(answer->state, "refused") == 0 ? "refused: " : "", answer->text);
	return request_remove(box, waiting->id, st, err);
}

/* Whether the user asks for more shares than one check gives. */
static bool has_enough_shares(const struct taking *taking, uint32_t uid,
			      const struct request *request)
{
	struct managing *manager = manager_of(taking, uid);

	return !is_transfer(request) && manager && manager->shares++ >= SHARES_MAX;
}

/* Judges and runs a request. Sets *ret_waits if the next check is to take it. */
static int decide(struct taking *taking, const struct request_waiting *waiting,
		  const struct request *request, struct fate *fate, bool *ret_waits,
		  struct sb_error *err)
{
	char ref[EVENT_REF_MAX + 1];
	struct standing standing = {.taking = taking, .request = request, .ref = ref};
	const struct env *env = taking->env;
	int rc;

	(void)snprintf(ref, sizeof(ref), "request:%" PRIu32 ":%s", waiting->uid, waiting->id);
	rc = bank_read(env->bank, env->os.now(), find_standing, &standing, err);
	/* If it was recorded, the user had the right then, and the verb answers with the entry. */
	if (!rc && !standing.recorded)
		rc = check_right(taking, request, waiting->uid, err);
	*ret_waits = !rc && !standing.recorded &&
		     (standing.silent || has_enough_shares(taking, waiting->uid, request));
	if (*ret_waits)
		return SB_OK;
	if (rc)
		refuse(fate, err);
	else if (!standing.recorded && standing.missing.code)
		refuse(fate, &standing.missing);
	else
		carry_out(taking, waiting, request, ref, fate);
	return fate->answer.entry ? touch(taking, request, err) : SB_OK;
}

/* A file that cannot be read waits, and no other one does because of it. */
static int leave_unread(struct taking *taking, const struct request_waiting *waiting,
			const struct sb_error *why)
{
	char user[USER_TEXT_SIZE];

	if (taking->unread++ < FAILURES_MAX)
		warning(taking->env, "request %s of %s: %s", waiting->id,
			user_text(taking, waiting->uid, user), why->text);
	return SB_OK;
}

static int take_from(struct taking *taking, int box, const struct request_waiting *waiting,
		     struct sb_error *err)
{
	struct fate what = {.answer.request = ""};
	struct request request;
	char text[REQUEST_TEXT_SIZE];
	struct stat st = {0};
	bool waits = false;
	int rc = read_request(box, waiting, &request, &st, err);

	if (rc == SB_ENOTFOUND)
		return SB_OK;
	if (rc == SB_ESYSTEM)
		return leave_unread(taking, waiting, err);
	if (request_is_answered(&taking->boxes, box, waiting->id))
		return request_remove(box, waiting->id, &st, err);
	if (rc) {
		refuse(&what, err);
	} else {
		what.answer.request = request_text(text, &request);
		TRY(decide(taking, waiting, &request, &what, &waits, err));
	}
	if (waits)
		return SB_OK;
	if (what.trouble)
		return sb_error_set(err, what.trouble, "%s", what.answer.text);
	return finish(taking, box, waiting, &what.answer, &st, err);
}

static int take_one(struct taking *taking, const struct request_waiting *waiting,
		    struct sb_error *err)
{
	int box = request_box_open(&taking->boxes, waiting->uid), rc;

	if (box < 0)
		return sb_error_set(err, SB_ESYSTEM, "cannot open its folder: %s", sb_errno(errno));
	rc = take_from(taking, box, waiting, err);
	close(box);
	return rc;
}

/* ---- all requests ---- */

/* The first of each user, then the second of each. */
static int by_turn(const void *a, const void *b)
{
	const struct request_waiting *left = a, *right = b;

	return left->turn != right->turn ? (left->turn > right->turn) - (left->turn < right->turn)
					 : (left->uid > right->uid) - (left->uid < right->uid);
}

/* Adds the oldest requests of the box to those that are taken. */
static int add_turns(struct taking *taking, const struct request_waiting *list, size_t count,
		     struct sb_error *err)
{
	for (size_t i = 0; i < count && i < TURNS_MAX; i++) {
		struct request_waiting *added = array_add(taking->waiting, taking->waiting_count);

		if (!added)
			return sb_error_nomem(err);
		*added = list[i];
		added->turn = i;
	}
	return SB_OK;
}

static int collect(struct taking *taking, const char *name, uint32_t uid, struct sb_error *err)
{
	const bool former = !manager_of(taking, uid);
	struct request_waiting *list = NULL;
	size_t count = 0;
	int rc = request_box_read(&taking->boxes, uid, taking->env->os.now(), &list, &count, err);

	/* Who that is, is not known now. */
	if (!rc && !(former && taking->unknown))
		rc = add_turns(taking, list, count, err);
	/* A former manager may put nothing more into it. It goes once it is empty. */
	if (!rc && former && !taking->unknown &&
	    unlinkat(taking->boxes.users, name, AT_REMOVEDIR) != 0)
		rc = user_box_shut(&taking->boxes, uid, err);
	free(list);
	return rc;
}

static int collect_all(struct taking *taking, struct sb_error *err)
{
	int fd = openat(taking->boxes.users, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc = SB_OK;
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	int64_t uid;

	if (!dir) {
		if (fd >= 0)
			close(fd);
		return sb_error_path(err, "read the folder", taking->env->settings.requests);
	}
	while (!rc && (entry = readdir(dir))) {
		if (number_parse(entry->d_name, 0, UINT32_MAX, &uid))
			rc = collect(taking, entry->d_name, (uint32_t)uid, err);
	}
	closedir(dir);
	array_sort(taking->waiting, taking->waiting_count, by_turn);
	return rc;
}

static int make_boxes(struct taking *taking, struct sb_error *err)
{
	for (size_t i = 0; i < taking->managing_count; i++) {
		if (!user_box_is_ready(&taking->boxes, taking->managing[i].uid))
			TRY(user_folders_let_in(&taking->boxes, taking->managing[i].uid, err));
	}
	return SB_OK;
}

/* Takes the requests. If one cannot be taken, the others of its user wait, too; if several cannot,
 * the cause is not the request, and all wait. */
static int take_turns(struct taking *taking, struct sb_error *err)
{
	const struct env *env = taking->env;
	const int64_t began = env->os.now();
	uint32_t failed[FAILURES_MAX];
	size_t failures = 0;

	for (size_t i = 0; i < taking->waiting_count && failures < FAILURES_MAX; i++) {
		const struct request_waiting *waiting = &taking->waiting[i];
		char user[USER_TEXT_SIZE];
		struct sb_error why;
		bool waits = false;

		if (env->os.now() - began > TIME_MAX * WHEN_SECOND)
			break;
		for (size_t at = 0; at < failures; at++)
			waits = waits || failed[at] == waiting->uid;
		if (waits || take_one(taking, waiting, &why) == SB_OK)
			continue;
		failed[failures++] = waiting->uid;
		sb_error_set(err, why.code, "request %s of %s: %s", waiting->id,
			     user_text(taking, waiting->uid, user), why.text);
	}
	return failures ? (int)err->code : SB_OK;
}

static int take_all(struct taking *taking, struct sb_error *err)
{
	TRY(make_boxes(taking, err));
	TRY(collect_all(taking, err));
	return take_turns(taking, err);
}

/* ---- the whole ---- */

static int take_locked(struct taking *taking, struct sb_error *err)
{
	char *path;
	int rc;

	TRY(request_boxes_open(taking->env, &taking->boxes, &path, err));
	rc = take_all(taking, err);
	user_folders_close(&taking->boxes);
	free(path);
	return rc;
}

/* Two checks at a time would both answer. */
static int take(struct taking *taking, struct sb_error *err)
{
	struct env *env = taking->env;
	const struct lock_request request = {.folder = store_folder(bank_store(env->bank)),
					     .name = "requests.lock",
					     .wait_ms = env->store.wait_ms,
					     .doing = env->doing,
					     .what = "the requests of managers"};
	int lock, rc;

	TRY(bank_read(env->bank, env->os.now(), read_managers, taking, err));
	if (!taking->may)
		return SB_OK;
	find_uids(taking);
	TRY(lock_take(&request, &lock, err));
	rc = take_locked(taking, err);
	lock_drop(lock);
	return rc;
}

/* Brings Slurm in line with the entries, and publishes and delivers them, as the check did before.
 * The check then publishes its metrics. */
static int follow(const struct taking *taking)
{
	struct env *env = taking->env;
	const char **names = calloc(taking->touched_count, sizeof(*names));
	int status = EXIT_DONE;

	if (!names) {
		warning(env, "memory ran out: the next check brings Slurm in line");
		return EXIT_PART;
	}
	for (size_t i = 0; i < taking->touched_count; i++)
		names[i] = taking->touched[i];
	status = checkup_after(env, names, taking->touched_count, EXIT_DONE);
	free(names);
	status = status_join(status, publish(env, false));
	return status_join(status, notify_run(env) == EXIT_DONE ? EXIT_DONE : EXIT_PART);
}

int requests_take(struct env *env, int64_t began, bool clock_ok)
{
	struct taking taking = {.env = env, .began = began, .clock_ok = clock_ok};
	struct sb_error err;
	int status = EXIT_DONE;

	if (!env->settings.requests)
		return EXIT_DONE;
	if (take(&taking, &err)) {
		(void)fail(env, &err);
		status = EXIT_PART;
	}
	if (taking.touched_count > 0)
		status = status_join(status, follow(&taking));
	if (taking.unread > 0)
		status = EXIT_PART;
	free(taking.managing);
	free(taking.waiting);
	free(taking.touched);
	return status;
}
