/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/enter/post.h"
#include "cmd/show/output.h"
#include "cmd/show/request.h"
#include "cmd/verbs/verb.h"
#include "ledger/base/array.h"
#include "ledger/base/leftover.h"
#include "ledger/base/when.h"

/* ---- sending ---- */

static char *box_path(const struct env *env, struct sb_error *err)
{
	char *path;

	if (asprintf(&path, "%s/%" PRIu32, env->settings.requests, env->os.here()->author.uid) >= 0)
		return path;
	sb_error_nomem(err);
	return NULL;
}

static int no_box(const struct env *env, const char *path, struct sb_error *err)
{
	if (errno != ENOENT && errno != EACCES)
		return sb_error_path(err, "open", path);
	return sb_error_set(err, SB_EREFUSED,
			    "user %s has no folder %s for requests: only managers of accounts "
			    "(`subank terms ACCOUNT --manager`) get one, from the next check on",
			    env->os.here()->author.user, path);
}

static int new_id(char ret[REQUEST_ID_SIZE], struct sb_error *err)
{
	unsigned char random[(REQUEST_ID_SIZE - 1) / 2];

	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return sb_error_set(err, SB_ESYSTEM, "cannot get random bytes: %s",
				    sb_errno(errno));
	for (size_t i = 0; i < sizeof(random); i++)
		(void)snprintf(ret + 2 * i, 3, "%02x", random[i]);
	return SB_OK;
}

/* Writes the file and gives it its name. The second fsync() is for the name: a user cannot open the
 * folder of boxes, but the file system writes the name with what precedes it. */
static int write_file(int fd, const char *text, const char *beside, const char *path,
		      struct sb_error *err)
{
	size_t len = strlen(text), done = 0;

	/* The bank's owner must be able to read it; no other user can enter the folder. */
	if (fchmod(fd, 0644) != 0)
		return sb_error_path(err, "write", path);
	while (done < len) {
		ssize_t more = write(fd, text + done, len - done);

		if (more < 0 && errno != EINTR)
			return sb_error_path(err, "write", path);
		if (more > 0)
			done += (size_t)more;
	}
	if (fsync(fd) != 0 || rename(beside, path) != 0 || fsync(fd) != 0)
		return sb_error_path(err, "write", path);
	return SB_OK;
}

static int send_text(const char *box, const char *id, const char *text, struct sb_error *err)
{
	struct leftover leftover = {0};
	char *path = NULL, *beside = NULL;
	int fd = -1, rc = SB_OK;

	if (asprintf(&path, "%s/%s", box, id) < 0 || asprintf(&beside, "%s/.%s.new", box, id) < 0)
		rc = sb_error_nomem(err);
	if (!rc) {
		leftover_add(&leftover, beside, leftover_unlink);
		fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
		rc = fd < 0 ? sb_error_path(err, "write", path)
			    : write_file(fd, text, beside, path, err);
		if (fd >= 0)
			close(fd);
		if (rc)
			(void)unlink(beside);
		leftover_done(&leftover);
	}
	free(path);
	free(beside);
	return rc;
}

static int send_request(const struct env *env, const struct request *request, const char *id,
			struct sb_error *err)
{
	json_t *object = request_encode(request);
	char *text = object ? json_dumps(object, 0) : NULL;
	char *box = box_path(env, err);
	int rc = SB_OK;

	if (!text || !box)
		rc = sb_error_nomem(err);
	else if (access(box, R_OK | W_OK | X_OK) != 0)
		rc = no_box(env, box, err);
	else
		rc = send_text(box, id, text, err);
	free(box);
	free(text);
	json_decref(object);
	return rc;
}

static int ask_for(struct env *env, const char *const words[])
{
	char id[REQUEST_ID_SIZE];
	struct request request;
	struct sb_error err;

	if (request_set(&request, words, option(env, "resource"), option(env, "note"), &err) ||
	    new_id(id, &err) || send_request(env, &request, id, &err))
		return fail(env, &err);
	env->result.done = "the request was left for the next check";
	report(env, "request %s: the next check takes it in; `subank request` shows the answer",
	       id);
	return EXIT_DONE;
}

/* ---- the list ---- */

enum { COLUMN_TIME, COLUMN_REQUEST, COLUMN_STATE, COLUMN_ENTRY, COLUMN_ANSWER, COLUMN_ID };

static const struct column columns[] = {
	[COLUMN_TIME] = {"Time", .shown = true},
	[COLUMN_REQUEST] = {"Request", .shown = true, .kind = CELL_PROSE},
	[COLUMN_STATE] = {"State", .shown = true, .kind = CELL_STATE},
	[COLUMN_ENTRY] = {"Entry", .number = true},
	[COLUMN_ANSWER] = {"Answer", .shown = true, .kind = CELL_PROSE},
	[COLUMN_ID] = {"Id", .shown = false},
};

struct listed {
	int64_t time; /* microseconds */
	char name[ANSWER_NAME_SIZE];
	uint32_t owner;
};

static int by_time(const void *a, const void *b)
{
	const struct listed *left = a, *right = b;

	return left->time != right->time ? (left->time > right->time) - (left->time < right->time)
					 : strcmp(left->name, right->name);
}

/* Adds the row of a request that waits. */
static void add_waiting(struct output *output, const struct listed *listed, const char *bytes,
			size_t len)
{
	char text[REQUEST_TEXT_SIZE];
	struct request request;

	output_row(output);
	output_time(output, COLUMN_TIME, listed->time);
	output_text(output, COLUMN_REQUEST,
		    request_decode(bytes, len, &request, NULL) ? "" : request_text(text, &request));
	output_text(output, COLUMN_STATE, "waiting");
	output_text(output, COLUMN_ID, listed->name);
}

static void add_answer(struct output *output, const struct listed *listed, const char *bytes,
		       size_t len)
{
	json_t *object = json_loadb(bytes, len, JSON_REJECT_DUPLICATES, NULL);
	const char *request, *state, *answer;
	json_int_t entry = 0;
	char id[REQUEST_ID_SIZE];

	if (json_unpack(object, "{s:s, s:s, s:s, s?I}", "request", &request, "state", &state,
			"answer", &answer, "entry", &entry) == 0) {
		(void)snprintf(id, sizeof(id), "%.*s", REQUEST_ID_SIZE - 1, listed->name);
		output_row(output);
		output_time(output, COLUMN_TIME, listed->time);
		output_text(output, COLUMN_REQUEST, request);
		output_text(output, COLUMN_STATE, state);
		if (entry > 0)
			output_number(output, COLUMN_ENTRY, entry);
		output_text(output, COLUMN_ANSWER, answer);
		output_text(output, COLUMN_ID, id);
	}
	json_decref(object);
}

static void add_listed(struct output *output, int box, const struct listed *listed)
{
	char bytes[REQUEST_FILE_MAX + 1];
	struct stat st;

	/* A check may have just taken it in. */
	if (request_file_read(box, listed->name, listed->owner, bytes, &st, NULL))
		return;
	if (request_is_answer(listed->name))
		add_answer(output, listed, bytes, (size_t)st.st_size);
	else
		add_waiting(output, listed, bytes, (size_t)st.st_size);
}

static int read_names(DIR *dir, struct listed **list, size_t *count, struct sb_error *err)
{
	struct dirent *entry;

	for (int i = 0; i < REQUESTS_SCANNED && (entry = readdir(dir)); i++) {
		struct listed *added;
		struct stat st;

		if ((!request_is_id(entry->d_name) && !request_is_answer(entry->d_name)) ||
		    fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
			continue;
		added = array_add(*list, *count);
		if (!added)
			return sb_error_nomem(err);
		added->time = (int64_t)st.st_mtim.tv_sec * WHEN_SECOND + st.st_mtim.tv_nsec / 1000;
		added->owner = st.st_uid;
		(void)snprintf(added->name, sizeof(added->name), "%.39s", entry->d_name);
	}
	return SB_OK;
}

static int list_box(struct env *env, struct output *output, struct sb_error *err)
{
	char *path = box_path(env, err);
	struct listed *list = NULL;
	DIR *dir = path ? opendir(path) : NULL;
	size_t count = 0;
	int rc;

	if (!dir) {
		rc = path ? no_box(env, path, err) : err->code;
	} else {
		rc = read_names(dir, &list, &count, err);
		array_sort(list, count, by_time);
		for (size_t i = 0; i < count && !rc; i++)
			add_listed(output, dirfd(dir), &list[i]);
		closedir(dir);
	}
	free(list);
	free(path);
	return rc;
}

static int list(struct env *env)
{
	struct output *output;
	struct sb_error err;
	int rc, status;

	if (output_new(env, columns, sizeof(columns) / sizeof(columns[0]), &output, &err))
		return fail(env, &err);
	output_if_empty(output, "no requests, and no answers of the last 30 days");
	rc = list_box(env, output, &err);
	status = rc ? fail(env, &err) : EXIT_DONE;
	if (rc)
		output_fail(output);
	return output_finish(output, &err) ? fail(env, &err) : status;
}

static int run(struct env *env, int argc, const char *const argv[])
{
	struct sb_error err;

	if (argc != 0 && argc != 1 + REQUEST_ARGS)
		return usage(env, "a request is `transfer FROM TO SU` or `share ACCOUNT USER SU`");
	if (!env->settings.requests) {
		sb_error_set(&err, SB_EREFUSED,
			     "this bank takes no requests: the settings have no folder for them "
			     "(`requests`)");
		return fail(env, &err);
	}
	return argc ? ask_for(env, argv) : list(env);
}

const struct command cmd_request = {
	.name = "request",
	.arguments = "[transfer|share FROM|ACCOUNT TO|USER SU]",
	.synopsis = "[transfer FROM TO SU | share ACCOUNT USER SU]",
	.summary = "ask for a transfer or share, as a manager of the account",
	.details =
		"For managers of accounts (`subank terms ACCOUNT --manager`), who need no access "
		"to "
		"the books. The request is left in a folder that only its manager and the bank "
		"can enter; the next whole check takes it in once, after it has charged all use, "
		"and leaves an answer there. If one of the account's clusters does not answer, the "
		"request waits. Without arguments the verb lists what waits, and the answers of "
		"the last "
		"30 "
		"days (the newest 100), with the columns Time, Request, State, Answer and, with "
		"--format, Entry and Id. State is waiting, recorded, done (nothing had to be "
		"recorded) or refused.\n"
		"`transfer FROM TO SU|all` moves money as `subank transfer` does, and "
		"`share ACCOUNT USER SU|PERCENT%|none` limits a user as `subank share` does. A "
		"manager may use what is in the managed account and in those below it in Slurm: "
		"money never leaves that tree. An account that is on several clusters must be "
		"below the managed one on each. An amount above the settings' confirm_above is "
		"refused, and so is a transfer of more than is available: running jobs keep their "
		"money.\n"
		"The check knows the manager by the owner of the request's file. The entry has the "
		"manager as its author (`subank journal --actor USER`) and in its note.\n"
		"The folder for requests is `requests` in the settings; subank.yaml(5) explains "
		"how to make it. A new manager can send requests from the next check on.",
	.examples = EXAMPLES({"subank request transfer physics physics-lab 100", NULL},
			     {"subank request share physics alice 25%", NULL},
			     {"subank request", "what waits, and the answers"}),
	.see_also = "terms transfer share check",
	.min_args = 0,
	.max_args = 1 + REQUEST_ARGS,
	.flags = CMD_LIST,
	.options = OPTIONS({"note", 0, "TEXT", "why, for the journal (to 512 bytes)"},
			   RESOURCE_OPTION),
	.run = run,
};
