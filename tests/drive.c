/* SPDX-License-Identifier: GPL-3.0-or-later */
/* check.h makes fail() a macro: headers with a function of that name come first. */
#include "cmd/frame/command.h"

#include "cmd/subank.h"
#include "tests/drive.h"

#include <inttypes.h>
#include <unistd.h>

enum { ARGS_MAX = 32 };

char *out, *err;
int status;
int64_t clock_now;
int64_t clock_tick;
const char *machine;
uint32_t login;
const char *sudo_user;
struct acting acting;
size_t (*groups_here)(char names[][NAME_SIZE], size_t max);
bool no_directory;
uint32_t uid_of_bob;
const char *answers;
bool at_terminal, watched, out_full;
int out_width;
char logged[1 << 18];
char *told;
enum fake_mode notify_mode;
int notify_calls;
int64_t notify_takes;
char *mailed;
char mail_args[4096];
int mail_deadline_ms;
enum fake_mode mail_mode;

static char settings[96];

static int64_t now(void)
{
	int64_t shown = clock_now;

	clock_now += clock_tick;
	return shown;
}

static void keep_log(int priority, const char *text)
{
	size_t len = strlen(logged);

	ck_assert_uint_lt(len + strlen(text) + 8, sizeof(logged));
	(void)snprintf(logged + len, sizeof(logged) - len, "%d %s\n", priority, text);
}

void set_settings(const char *text)
{
	char all[4096];
	int len = snprintf(all, sizeof(all), "%s%s", text,
			   strstr(text, "charge_minutes") ? "" : "charge_minutes: 0\n");

	ck_assert_int_lt(len, (int)sizeof(all));
	util_write_file(settings, all, (size_t)len);
}

void drive_setup(void)
{
	util_setup();
	fake_reset();
	clock_now = T0;
	clock_tick = 1;
	machine = "id/head";
	login = 1000;
	sudo_user = "";
	acting = (struct acting){"slurm", 64030};
	groups_here = NULL;
	no_directory = false;
	uid_of_bob = 1002;
	answers = "";
	at_terminal = watched = out_full = false;
	out_width = 0;
	told = strdup("");
	notify_mode = FAKE_OK;
	notify_calls = 0;
	notify_takes = 0;
	mailed = strdup("");
	mail_args[0] = '\0';
	mail_mode = FAKE_OK;
	(void)snprintf(settings, sizeof(settings), "%s/settings", test_folder);
	set_settings("clusters: [dev]\nlock_seconds: 1\nthresholds: []\nnotice_days: 0\n");
	ck_assert_int_eq(setenv("SUBANK_BANK", bank_folder, 1), 0);
	/* Times are printed in local time. */
	ck_assert_int_eq(setenv("TZ", "UTC", 1), 0);
	RUN("init");
	ck_assert_msg(status == 0, "%s", err);
	memset(fake_calls, 0, sizeof(fake_calls));
	fake_shows = 0;
}

void drive_teardown(void)
{
	free(out);
	free(err);
	free(told);
	free(mailed);
	out = err = told = mailed = NULL;
	fake_release();
	util_teardown();
}

/* Runs a program as [mode] says; appends its stdin to *to. */
static int fake_reader(enum fake_mode mode, char **to, const char *path, const void *input,
		       size_t len, struct run_result *ret, struct sb_error *why)
{
	size_t before = strlen(*to);

	if (mode == FAKE_TIMES_OUT)
		return sb_error_set(why, SB_ETIMEOUT, "killed");
	if (mode == FAKE_MISSING)
		return sb_error_set(why, SB_EMISSING, "%s: no such program", path);
	*ret = (struct run_result){.out = strdup(""), .status = mode == FAKE_OK ? 0 : 7};
	if (mode == FAKE_OK) {
		*to = realloc(*to, before + len + 1);
		ck_assert_ptr_nonnull(*to);
		memcpy(*to + before, input, len);
		(*to)[before + len] = '\0';
	}
	return 0;
}

/* Replaces sendmail. */
static int fake_sendmail(const char *const argv[], const void *input, size_t len, int deadline_ms,
			 struct run_result *ret, struct sb_error *why)
{
	size_t at = strlen(mail_args);

	for (size_t i = 1; argv[i]; i++)
		at += (size_t)snprintf(mail_args + at, sizeof(mail_args) - at, "%s%s", argv[i],
				       argv[i + 1] ? " " : "\n");
	mail_deadline_ms = deadline_ms;
	return fake_reader(mail_mode, &mailed, argv[0], input, len, ret, why);
}

/* Replaces the notify command, /notify, and /sendmail. */
static int fake_notify(const char *const argv[], const void *input, size_t len, int deadline_ms,
		       struct run_result *ret, struct sb_error *why)
{
	if (strcmp(argv[0], "/sendmail") == 0)
		return fake_sendmail(argv, input, len, deadline_ms, ret, why);
	ck_assert_str_eq(strrchr(argv[0], '/'), "/notify");
	ck_assert_ptr_null(argv[1]);
	ck_assert_int_eq(deadline_ms, 10000);
	notify_calls++;
	clock_now += notify_takes;
	return fake_reader(notify_mode, &told, argv[0], input, len, ret, why);
}

static const struct this_machine *here(void)
{
	static struct this_machine named;

	named = (struct this_machine){.author = {.uid = acting.uid,
						 .login = login,
						 .user = acting.name,
						 .host = "head",
						 .sudo = sudo_user}};
	(void)snprintf(named.machine, sizeof(named.machine), "%s", machine);
	return &named;
}

static const char *user_name_here(uint32_t uid)
{
	if (uid == 1002 && uid_of_bob == 0)
		return "dave";
	return uid == 1000 ? "alice" : NULL;
}

static enum uid_found user_id_here(const char *name, uint32_t *ret)
{
	const struct acting users[] = {
		{"alice", 1001}, {"bob", uid_of_bob}, {"carol", 1003}, {"slurm", 64030}};

	if (no_directory)
		return UID_UNKNOWN;
	if (strcmp(name, "me") == 0) {
		*ret = (uint32_t)geteuid();
		return UID_FOUND;
	}
	for (size_t i = 0; i < sizeof(users) / sizeof(users[0]); i++) {
		if (users[i].uid && strcmp(users[i].name, name) == 0) {
			*ret = users[i].uid;
			return UID_FOUND;
		}
	}
	return UID_ABSENT;
}

/* Runs subank with streams in memory. The caller frees both texts. */
static int run_with(const char *const args[], char **ret_out, char **ret_err)
{
	char *argv[ARGS_MAX + 4], *copies[ARGS_MAX + 4];
	size_t out_len, err_len;
	int argc = 0, code;
	struct env env = {
		.os.out = out_full ? fopen("/dev/full", "we") : open_memstream(ret_out, &out_len),
		.os.err = open_memstream(ret_err, &err_len),
		/* Not fmemopen(), which refuses an empty buffer. */
		.os.in = tmpfile(),
		.os.in_is_terminal = at_terminal,
		.os.out_is_terminal = out_width > 0,
		.os.out_width = out_width,
		.os.err_is_terminal = watched,
		.os.now = now,
		.os.run = fake_run,
		.os.lines = fake_lines,
		.os.log = keep_log,
		.os.run_with = fake_notify,
		.os.here = here,
		.os.groups = groups_here,
		.os.user_name = user_name_here,
		.os.user_id = user_id_here,
	};

	ck_assert(env.os.in && env.os.out && env.os.err);
	ck_assert_int_ge(fputs(answers, env.os.in), 0);
	rewind(env.os.in);
	argv[argc++] = strdup("subank");
	argv[argc++] = strdup("-c");
	argv[argc++] = strdup(settings);
	for (; *args; args++) {
		ck_assert_int_lt(argc, ARGS_MAX);
		argv[argc++] = strdup(*args);
	}
	argv[argc] = NULL;
	/* getopt permutes them. */
	memcpy(copies, argv, sizeof(copies));
	code = subank(&env, argc, argv);
	for (int i = 0; i < argc; i++)
		free(copies[i]);
	ck_assert_int_eq(fclose(env.os.in), 0);
	/* subank() has flushed it: an error is not reported again. */
	ck_assert_int_eq(fclose(env.os.out), 0);
	if (out_full)
		*ret_out = strdup("");
	ck_assert_int_eq(fclose(env.os.err), 0);
	return code;
}

void drive(const char *const args[])
{
	free(out);
	free(err);
	out = err = NULL;
	clock_now += WHEN_SECOND;
	logged[0] = '\0';
	status = run_with(args, &out, &err);
}

void check_has(const char *file, int line, const char *name, const char *text, const char *part)
{
	if (part)
		ck_assert_msg(strstr(text, part) != NULL, "%s:%d: '%s' is not in %s: '%s' '%s'",
			      file, line, part, name, text, err);
	else
		ck_assert_msg(!*text, "%s:%d: %s should be empty: '%s'", file, line, name, text);
}

char *exported(void)
{
	const char *const args[] = {"export", NULL};
	char *text = NULL, *messages = NULL;
	int64_t kept = clock_now;
	bool full = out_full;
	int code;

	out_full = false;
	code = run_with(args, &text, &messages);
	out_full = full;
	clock_now = kept;
	ck_assert_msg(code == 0, "%s", messages);
	free(messages);
	return text;
}

void unchanged(const char *file, int line, char *before)
{
	char *after = exported();

	ck_assert_msg(strcmp(before, after) == 0, "%s:%d: the books were changed: %s%s\n%s", file,
		      line, out, err, after);
	free(before);
	free(after);
}

uint64_t entries(void)
{
	char *text = exported();
	const char *count = strstr(text, "\ncount: ");
	uint64_t number = 0;

	ck_assert_ptr_nonnull(count);
	ck_assert_int_eq(sscanf(count, "\ncount: %" SCNu64, &number), 1);
	free(text);
	return number;
}

void nothing_to_do(void)
{
	char *before = exported();
	int calls = fake_calls[FAKE_SACCTMGR];

	DONE("", "check");
	ck_assert_str_eq(out, "");
	ck_assert_int_eq(fake_calls[FAKE_SACCTMGR], calls);
	UNCHANGED(before);
}
