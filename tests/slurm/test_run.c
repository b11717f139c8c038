/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tests running programs, with tests/fake/program, which misbehaves on request. */
#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "slurm/run.h"
#include "tests/util.h"

enum {
	AMPLE_MS = 60000, /* a deadline that is not to be reached */
	SHORT_MS = 700, /* one that is */
	SLACK_MS = 8000, /* what a busy machine may add before a test fails */
};

static char folder[] = "/tmp/subank-test-run-XXXXXX";
static char pids[sizeof(folder) + 8];
static char program[PATH_MAX];

static void setup(void)
{
	const char *fake = getenv("FAKE_SLURM");

	memcpy(folder + sizeof(folder) - 7, "XXXXXX", 6);
	ck_assert_ptr_nonnull(mkdtemp(folder));
	(void)snprintf(pids, sizeof(pids), "%s/pids", folder);
	(void)snprintf(program, sizeof(program), "%s/program", fake ? fake : "tests/fake");
	ck_assert_int_eq(setenv("SLURM_CONF", pids, 1), 0);
	/* This process adopts orphans, so that it can reap a killed one and know that it is gone,
	 * even where nothing reaps them, as in some containers. */
	ck_assert_int_eq(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 0);
}

static void teardown(void)
{
	(void)unlink(pids);
	(void)rmdir(folder);
}

static int64_t now_ms(void)
{
	struct timespec ts;

	ck_assert_int_eq(clock_gettime(CLOCK_MONOTONIC, &ts), 0);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void sleep_ms(long ms)
{
	struct timespec ts = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

	while (nanosleep(&ts, &ts) != 0 && errno == EINTR)
		;
}

static int open_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int count = 0;

	ck_assert_ptr_nonnull(dir);
	while (readdir(dir))
		count++;
	closedir(dir);
	return count;
}

/* Reads line number [line], from 0, of the file of pids; 0 if there is none. */
static pid_t read_pid(int line)
{
	FILE *file = fopen(pids, "re");
	long pid = 0;

	if (!file)
		return 0;
	for (int i = 0; i <= line; i++) {
		if (fscanf(file, "%ld", &pid) != 1)
			pid = 0;
	}
	fclose(file);
	return (pid_t)pid;
}

static void assert_group_gone(void)
{
	pid_t pid = read_pid(0);
	int64_t end = now_ms() + SLACK_MS;

	ck_assert_int_gt(pid, 0);
	while (now_ms() < end) {
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
		if (kill(-pid, 0) != 0 && errno == ESRCH)
			return;
		sleep_ms(10);
	}
	ck_abort_msg("a process of group %ld survives", (long)pid);
}

/* Calls run_program(), which must not change descriptors, signal mask and action of SIGCHLD. */
static int run_clean(const char *const argv[], int deadline_ms, struct run_result *ret,
		     struct sb_error *err)
{
	int descriptors = open_descriptors();
	sigset_t mask_before, mask_after;
	struct sigaction before, after;
	int code;

	ck_assert_int_eq(sigprocmask(SIG_BLOCK, NULL, &mask_before), 0);
	ck_assert_int_eq(sigaction(SIGCHLD, NULL, &before), 0);
	code = run_program(argv, deadline_ms, ret, err);
	ck_assert_int_eq(sigprocmask(SIG_BLOCK, NULL, &mask_after), 0);
	ck_assert_int_eq(sigaction(SIGCHLD, NULL, &after), 0);
	for (int i = 1; i < 32; i++)
		ck_assert_int_eq(sigismember(&mask_before, i), sigismember(&mask_after, i));
	ck_assert(before.sa_handler == after.sa_handler);
	ck_assert_int_eq(open_descriptors(), descriptors);
	return code;
}

/* Runs the fake program with up to three arguments. */
static int run_fake(const char *behaviour, const char *arg, int deadline_ms, struct run_result *ret,
		    struct sb_error *err)
{
	const char *const argv[] = {program, behaviour, arg, NULL};

	(void)unlink(pids);
	return run_clean(argv, deadline_ms, ret, err);
}

static void assert_text(const struct sb_error *err, const char *part)
{
	ck_assert_msg(strstr(err->text, part), "\"%s\" is not in \"%s\"", part, err->text);
	ck_assert_msg(!strchr(err->text, '\n'), "\"%s\" is not one line", err->text);
}

START_TEST(a_program_that_cannot_start_is_missing)
{
	static const struct {
		const char *name; /* NULL: a file in the folder of the test */
		mode_t mode;
		const char *text;
	} cases[] = {
		{"no-such-program-of-slurm", 0, "not found in PATH"},
		{"/no-such-folder/sshare", 0, "no such program"},
		{"/dev/null/sshare", 0, "no such program"},
		{"/", 0, "cannot be run"},
		{NULL, 0644, "Permission denied"},
		/* No "#!": only a shell would run it. */
		{NULL, 0755, "Exec format error"},
	};
	char script[sizeof(folder) + 8], made[sizeof(folder) + 8];
	struct run_result result = {.status = 77};
	struct sb_error err = {0};
	const char *argv[] = {cases[_i].name, NULL};

	(void)snprintf(script, sizeof(script), "%s/script", folder);
	(void)snprintf(made, sizeof(made), "%s/made", folder);
	if (!argv[0]) {
		FILE *file = fopen(script, "we");

		ck_assert_ptr_nonnull(file);
		ck_assert_int_gt(fprintf(file, "touch %s\n", made), 0);
		ck_assert_int_eq(fclose(file), 0);
		ck_assert_int_eq(chmod(script, cases[_i].mode), 0);
		argv[0] = script;
	}
	ck_assert_int_eq(run_clean(argv, AMPLE_MS, &result, &err), SB_EMISSING);
	ck_assert_int_eq(err.code, SB_EMISSING);
	assert_text(&err, cases[_i].text);
	assert_text(&err, argv[0]);
	ck_assert_int_eq(result.status, 77);
	ck_assert_ptr_null(result.out);
	ck_assert_int_ne(access(made, F_OK), 0);
	(void)unlink(script);
	/* The error is optional. */
	ck_assert_int_eq(run_clean(argv, AMPLE_MS, &result, NULL), SB_EMISSING);
}
END_TEST

START_TEST(a_program_missing_in_path_is_reported_with_advice)
{
	static const char *const paths[] = {"/no-such-folder", folder, "/dev/null:/no-such-folder"};
	static const char *const texts[] = {
		"sshare: not found in PATH: install Slurm's client commands",
		"sshare: not found in PATH, or not allowed to be run: install Slurm's client",
		"sshare: not found in PATH: install Slurm's client commands",
	};
	const char *const argv[] = {"sshare", NULL};
	char file[sizeof(folder) + 8];
	struct run_result result = {0};
	struct sb_error err = {0};

	(void)snprintf(file, sizeof(file), "%s/sshare", folder);
	ck_assert_int_eq(mknod(file, S_IFREG | 0644, 0), 0);
	ck_assert_int_eq(setenv("PATH", paths[_i], 1), 0);
	ck_assert_int_eq(run_clean(argv, AMPLE_MS, &result, &err), SB_EMISSING);
	assert_text(&err, texts[_i]);
	(void)unlink(file);
}
END_TEST

START_TEST(a_limit_that_is_reached_is_reported_with_advice)
{
	const char *const argv[] = {program, "exit", "0", NULL};
	struct run_result result = {0};
	struct sb_error err = {0};
	struct rlimit limit, before;

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
	limit = before;
	limit.rlim_cur = 3;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	ck_assert_int_eq(run_program(argv, AMPLE_MS, &result, &err), SB_ESYSTEM);
	assert_text(&err, "not started: no pipe: ");
	assert_text(&err, ": raise the limit of open files (ulimit -n)");
	/* The leak checker opens files at the end. */
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
}
END_TEST

START_TEST(a_hanging_program_is_killed_with_its_group)
{
	static const char *const behaviours[] = {
		"hang",
		"hang-deaf",
		"hang-closed",
		"endless-err",
	};
	struct run_result result = {.status = 77};
	struct sb_error err = {0};
	int64_t start = now_ms(), took;

	ck_assert_int_eq(run_fake(behaviours[_i], NULL, SHORT_MS, &result, &err), SB_ETIMEOUT);
	took = now_ms() - start;
	ck_assert_int_ge(took, SHORT_MS);
	ck_assert_int_lt(took, SHORT_MS + SLACK_MS);
	assert_group_gone();
	assert_text(&err, "did not end within 700 ms");
	ck_assert_int_eq(result.status, 77);
	ck_assert_ptr_null(result.out);
}
END_TEST

START_TEST(an_answer_without_end_is_cut_off)
{
	struct run_result result = {.status = 77};
	struct sb_error err = {0};

	ck_assert_int_eq(run_fake("endless-out", NULL, AMPLE_MS, &result, &err), SB_EFAILED);
	assert_group_gone();
	assert_text(&err, "longer than 256 MiB");
	ck_assert_int_eq(result.status, 77);
}
END_TEST

static volatile sig_atomic_t handled;

static void handle(int signal_number)
{
	handled = signal_number;
}

/* How the caller handles a signal that comes while a program hangs. */
enum caller { DIES, HANDLES, IGNORES, BLOCKS };

static const struct {
	int signal_number;
	enum caller caller;
} signal_cases[] = {
	{SIGINT, DIES},	   {SIGTERM, DIES},   {SIGHUP, DIES},	 {SIGTERM, HANDLES},
	{SIGINT, HANDLES}, {SIGHUP, IGNORES}, {SIGTERM, BLOCKS},
};

/* Runs in its own process. Exits with 0 if run_program() treated the signal as [caller] needs. */
static int run_hanging(int signal_number, enum caller caller)
{
	const char *const argv[] = {program, "hang", NULL};
	struct sigaction action = {0};
	struct run_result result = {0};
	struct sb_error err = {0};
	sigset_t set;
	int code;

	action.sa_handler = caller == HANDLES ? handle : caller == IGNORES ? SIG_IGN : SIG_DFL;
	sigaction(signal_number, &action, NULL);
	sigemptyset(&set);
	sigaddset(&set, signal_number);
	sigprocmask(caller == BLOCKS ? SIG_BLOCK : SIG_UNBLOCK, &set, NULL);
	code = run_program(argv, caller == IGNORES || caller == BLOCKS ? 2 * SHORT_MS : AMPLE_MS,
			   &result, &err);
	if (caller == HANDLES)
		return code == SB_EFAILED && handled == signal_number ? 0 : 1;
	if (caller == BLOCKS) {
		sigset_t pending;

		sigpending(&pending);
		if (!sigismember(&pending, signal_number))
			return 2;
	}
	return code == SB_ETIMEOUT ? 0 : 3;
}

START_TEST(a_signal_kills_the_group_and_acts_on_the_caller)
{
	int signal_number = signal_cases[_i].signal_number;
	enum caller caller = signal_cases[_i].caller;
	int64_t start = now_ms(), end = start + SLACK_MS;
	int status = 0;
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0)
		_exit(run_hanging(signal_number, caller));
	while (read_pid(0) == 0 && now_ms() < end)
		sleep_ms(10);
	ck_assert_int_gt(read_pid(0), 0);
	ck_assert_int_eq(kill(pid, signal_number), 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_lt(now_ms() - start, 2 * SHORT_MS + SLACK_MS);
	if (caller == DIES) {
		ck_assert_msg(WIFSIGNALED(status), "exit status %d", WEXITSTATUS(status));
		ck_assert_int_eq(WTERMSIG(status), signal_number);
	} else {
		ck_assert(WIFEXITED(status));
		ck_assert_int_eq(WEXITSTATUS(status), 0);
	}
	assert_group_gone();
}
END_TEST

START_TEST(predecessor_03_waits_for_the_end_and_keeps_the_status)
{
	static const struct {
		const char *behaviour, *arg;
		int status;
		const char *out;
	} cases[] = {
		{"status", "1", 1, "answer\n"},
		{"status", "255", 255, "answer\n"},
		{"killed", NULL, 128 + SIGTERM, ""},
		{"leave-writer", NULL, 0, "begin\nrest\n"},
		{"empty", NULL, 0, ""},
		{"status", "0", 0, "answer\n"},
	};
	struct run_result result = {0};
	struct sb_error err = {0};

	ck_assert_int_eq(run_fake(cases[_i].behaviour, cases[_i].arg, AMPLE_MS, &result, &err), 0);
	ck_assert_int_eq(result.status, cases[_i].status);
	ck_assert_str_eq(result.out, cases[_i].out);
	ck_assert_uint_eq(result.out_len, strlen(cases[_i].out));
	ck_assert_str_eq(result.err_line, "");
	assert_group_gone();
	run_result_release(&result);
}
END_TEST

START_TEST(status_is_kept_when_the_caller_ignores_its_children)
{
	struct sigaction ignore = {0};
	struct run_result result = {0};

	ignore.sa_handler = SIG_IGN;
	ck_assert_int_eq(sigaction(SIGCHLD, &ignore, NULL), 0);
	ck_assert_int_eq(run_fake("status", "3", AMPLE_MS, &result, NULL), 0);
	ck_assert_int_eq(result.status, 3);
	run_result_release(&result);
}
END_TEST

START_TEST(predecessor_30_keeps_the_first_line_of_stderr)
{
	static char long_line[400], cut[256];
	const struct {
		const char *text, *line;
	} cases[] = {
		{"", ""},
		{"\\n  \\n\\t\\r\\n", ""},
		{"sshare: error: gone", "sshare: error: gone"},
		{"sshare: error: gone\\nsecond\\n", "sshare: error: gone"},
		{"\\n \\n  sshare: error: gone \\r\\n", "sshare: error: gone"},
		{"a\\0000b\\n", "a?b"},
		{long_line, cut},
	};
	struct run_result result = {0};

	memset(long_line, 'x', sizeof(long_line) - 1);
	memset(cut, 'x', sizeof(cut) - 1);
	ck_assert_int_eq(run_fake("error-line", cases[_i].text, AMPLE_MS, &result, NULL), 0);
	ck_assert_int_eq(result.status, 1);
	ck_assert_str_eq(result.err_line, cases[_i].line);
	run_result_release(&result);
}
END_TEST

START_TEST(full_pipes_do_not_block)
{
	static const char *const behaviours[] = {"huge-out-first", "huge-err-first"};
	struct run_result result = {0};
	struct sb_error err = {0};

	ck_assert_int_eq(run_fake(behaviours[_i], NULL, AMPLE_MS, &result, &err), 0);
	ck_assert_int_eq(result.status, 3);
	ck_assert_uint_eq(result.out_len, 200000);
	ck_assert_uint_eq(strlen(result.out), result.out_len);
	for (int i = 0; i < 2000; i++)
		ck_assert_int_eq(strtol(result.out + (size_t)i * 100, NULL, 10), i);
	ck_assert_uint_eq(strlen(result.err_line), 99);
	run_result_release(&result);
}
END_TEST

START_TEST(interrupted_calls_go_on)
{
	struct sigaction action = {0};
	struct itimerval often = {{0, 1000}, {0, 1000}}, never = {0};
	struct run_result result = {0};
	struct sb_error err = {0};
	int code;

	action.sa_handler = handle;
	ck_assert_int_eq(sigaction(SIGALRM, &action, NULL), 0);
	ck_assert_int_eq(setitimer(ITIMER_REAL, &often, NULL), 0);
	code = run_fake("leave-writer", NULL, AMPLE_MS, &result, &err);
	ck_assert_int_eq(setitimer(ITIMER_REAL, &never, NULL), 0);
	ck_assert_msg(code == 0, "%s", err.text);
	ck_assert_int_eq(handled, SIGALRM);
	ck_assert_str_eq(result.out, "begin\nrest\n");
	run_result_release(&result);
}
END_TEST

START_TEST(processes_left_behind_are_not_waited_for)
{
	static const char *const behaviours[] = {"leave-member", "leave-daemon"};
	struct run_result result = {0};
	struct sb_error err = {0};
	int64_t start = now_ms();
	pid_t daemon_pid;

	ck_assert_int_eq(run_fake(behaviours[_i], NULL, AMPLE_MS, &result, &err), 0);
	ck_assert_int_lt(now_ms() - start, SLACK_MS);
	ck_assert_str_eq(result.out, "answer\n");
	ck_assert_int_eq(result.status, 0);
	run_result_release(&result);
	assert_group_gone();
	daemon_pid = read_pid(1);
	if (_i == 1) {
		ck_assert_int_gt(daemon_pid, 0);
		ck_assert_int_eq(kill(daemon_pid, SIGKILL), 0);
		ck_assert_int_eq(waitpid(daemon_pid, NULL, 0), daemon_pid);
	}
}
END_TEST

START_TEST(predecessor_01_arguments_meet_no_shell)
{
	const char *const argv[] = {
		program, "arguments", "x;touch y", "$(touch y)", "`touch y`", "'\"",
		"a\nb",	 "",	      "-n",	   "*",		 NULL,
	};
	struct run_result result = {0};

	ck_assert_int_eq(run_clean(argv, AMPLE_MS, &result, NULL), 0);
	ck_assert_str_eq(result.out, "[x;touch y][$(touch y)][`touch y`]['\"][a\nb][][-n][*]");
	run_result_release(&result);
}
END_TEST

START_TEST(stdin_is_empty)
{
	struct run_result result = {0};
	int fds[2];

	ck_assert_int_eq(pipe(fds), 0);
	ck_assert_int_eq(write(fds[1], "secret", 6), 6);
	ck_assert_int_eq(dup2(fds[0], 0), 0);
	ck_assert_int_eq(run_fake("input", NULL, SHORT_MS + SLACK_MS, &result, NULL), 0);
	ck_assert_str_eq(result.out, "");
	run_result_release(&result);
	close(fds[0]);
	close(fds[1]);
}
END_TEST

START_TEST(bytes_are_kept_as_they_are)
{
	struct run_result result = {0};

	ck_assert_int_eq(run_fake("nul", NULL, AMPLE_MS, &result, NULL), 0);
	ck_assert_uint_eq(result.out_len, 4);
	ck_assert_mem_eq(result.out, "a\0b\n", 5);
	run_result_release(&result);
}
END_TEST

/* Whether [line] is a line of [text]. */
static bool has_line(const char *text, const char *line)
{
	size_t len = strlen(line);

	for (const char *at = text; (at = strstr(at, line)); at++) {
		if ((at == text || at[-1] == '\n') && at[len] == '\n')
			return true;
	}
	return false;
}

/* Sets "NAME=value" in this process. */
static void set_env(const char *text)
{
	char *entry = strdup(text), *value = strchr(entry, '=');

	*value++ = '\0';
	ck_assert_int_eq(setenv(entry, value, 1), 0);
	free(entry);
}

static const char *const for_slurm[] = {
	"HOME=/home/x",	       "LD_LIBRARY_PATH=/x/lib",
	"LOGNAME=x",	       "SLURM_CONF=/some/where",
	"SLURM_CONF_SERVER=x", "SLURM_JWT=x",
	"SLURM_SACK_JWKS=x",   "SLURM_SACK_KEY=x",
	"SLURM_SACK_SOCKET=x", "TMPDIR=/tmp",
	"TZ=Asia/Tokyo",       "USER=x",
};
/* Names that only begin like these, and the empty name, are not passed on. */
static const char *const not_for_slurm[] = {
	"LANG=de_DE.UTF-8", "LC_TIME=de_DE.UTF-8", "SLURM_CLUSTERS=x",	"SLURM_TIME_FORMAT=x",
	"SACCT_FORMAT=x",   "SQUEUE_USERS=x",	   "SSHARE_NEW=x",	"SLURM_NEW_ONE=x",
	"SLURM_CONF_OUT=x", "SUBANK_TEST_OTHER=",  "SLURM_SACK_KEY_=x", "USE=x",
};

enum {
	FOR_SLURM = sizeof(for_slurm) / sizeof(for_slurm[0]),
	NOT_FOR_SLURM = sizeof(not_for_slurm) / sizeof(not_for_slurm[0]),
};

static size_t count_lines(const char *text)
{
	size_t count = 0;

	for (; *text; text++)
		count += *text == '\n';
	return count;
}

START_TEST(slurms_commands_get_what_they_need_and_no_more)
{
	const char *const env[] = {"env", NULL};
	struct run_result result = {0};

	for (size_t i = 0; i < FOR_SLURM; i++)
		set_env(for_slurm[i]);
	for (size_t i = 0; i < NOT_FOR_SLURM; i++)
		set_env(not_for_slurm[i]);
	set_env("LC_ALL=de_DE.UTF-8");
	ck_assert_int_eq(run_clean(env, AMPLE_MS, &result, NULL), 0);
	for (size_t i = 0; i < FOR_SLURM; i++)
		ck_assert_msg(has_line(result.out, for_slurm[i]), "%s is not there", for_slurm[i]);
	ck_assert(has_line(result.out, "LC_ALL=C"));
	ck_assert(has_line(result.out, "SLURM_BITSTR_LEN=0"));
	/* These, the two and PATH. */
	ck_assert_uint_eq(count_lines(result.out), FOR_SLURM + 3);
	run_result_release(&result);
	/* The caller's environment has not changed. */
	ck_assert_str_eq(getenv("LC_ALL"), "de_DE.UTF-8");

	/* A program that is not Slurm's gets everything but the locale. */
	ck_assert_int_eq(run_program_with(env, "", 0, AMPLE_MS, &result, NULL), 0);
	for (size_t i = 0; i < FOR_SLURM; i++)
		ck_assert_msg(has_line(result.out, for_slurm[i]), "%s is not there", for_slurm[i]);
	for (size_t i = 0; i < NOT_FOR_SLURM; i++)
		ck_assert_msg(has_line(result.out, not_for_slurm[i]), "%s is not there",
			      not_for_slurm[i]);
	ck_assert(has_line(result.out, "LC_ALL=C"));
	ck_assert(!has_line(result.out, "LC_ALL=de_DE.UTF-8"));
	run_result_release(&result);

	ck_assert_int_eq(clearenv(), 0);
	const char *const argv[] = {program, "empty", NULL};
	ck_assert_int_eq(run_clean(argv, AMPLE_MS, &result, NULL), 0);
	ck_assert_int_eq(result.status, 0);
	run_result_release(&result);
}
END_TEST

/* Reads signals 1 to 31 from a line of /proc/PID/status. Higher ones belong to the C library, which
 * leaves some ignored in programs that posix_spawn() starts. */
static unsigned long long signal_bits(const char *text, const char *key)
{
	const char *line = strstr(text, key);

	ck_assert_msg(line != NULL, "%s is not in %s", key, text);
	return strtoull(line + strlen(key), NULL, 16) & 0x7fffffff;
}

START_TEST(signals_are_as_new_in_the_program)
{
	/* Not through the script: its shell clears the mask by itself. */
	const char *const argv[] = {"grep", "^Sig", "/proc/self/status", NULL};
	struct run_result result = {0};
	sigset_t set;

	signal(SIGPIPE, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	sigfillset(&set);
	ck_assert_int_eq(sigprocmask(SIG_BLOCK, &set, NULL), 0);
	ck_assert_int_eq(run_clean(argv, AMPLE_MS, &result, NULL), 0);
	ck_assert_uint_eq(signal_bits(result.out, "SigBlk:"), 0);
	ck_assert_uint_eq(signal_bits(result.out, "SigIgn:"), 0);
	run_result_release(&result);
}
END_TEST

START_TEST(only_its_own_pipes_reach_the_program)
{
	struct run_result result = {0};
	int count = 0;

	/* Ignores descriptors that the test itself inherited. */
	for (int fd = 3; fd < 256; fd++)
		(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
	ck_assert_int_eq(run_fake("descriptors", NULL, AMPLE_MS, &result, NULL), 0);
	for (const char *at = result.out; (at = strstr(at, "pipe:")); at++)
		count++;
	ck_assert_msg(count == 2, "%s", result.out);
	ck_assert_msg(strstr(result.out, "0 -> /dev/null"), "%s", result.out);
	ck_assert_msg(!strstr(result.out, "signalfd"), "%s", result.out);
	run_result_release(&result);
}
END_TEST

/* With every combination of stdin, stdout and stderr closed in the caller. */
START_TEST(a_caller_without_stdio_works)
{
	int status = 0;
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		const char *const argv[] = {program, "huge-err-first", NULL};
		struct run_result result = {0};

		for (int fd = 0; fd < 3; fd++) {
			if (_i >> fd & 1)
				close(fd);
		}
		_exit(run_program(argv, AMPLE_MS, &result, NULL) == 0 && result.status == 3 &&
				      result.out_len == 200000 && strlen(result.err_line) == 99
			      ? 0
			      : 1);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), 0);
}
END_TEST

START_TEST(release_takes_nothing)
{
	struct run_result result = {0};

	run_result_release(NULL);
	run_result_release(&result);
	run_result_release(&result);
}
END_TEST

static char input[RUN_INPUT_MAX + 1];

START_TEST(too_much_input_is_refused)
{
	const char *const argv[] = {program, "input", NULL};
	struct run_result result;
	struct sb_error err;
	int before = open_descriptors();

	ck_assert_int_eq(run_program_with(argv, input, sizeof(input), AMPLE_MS, &result, &err),
			 SB_ESYSTEM);
	ck_assert_int_eq(open_descriptors(), before);
}
END_TEST

/* Every byte, also more than a pipe holds, and the empty input. */
START_TEST(stdin_is_passed_whole)
{
	const size_t sizes[] = {0, 1, 70000, RUN_INPUT_MAX};
	const char *const argv[] = {program, "input", NULL};
	int before = open_descriptors();

	for (size_t i = 0; i < sizeof(input); i++)
		input[i] = (char)(i % 251);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct run_result result;
		struct sb_error err;

		ck_assert_int_eq(run_program_with(argv, input, sizes[i], AMPLE_MS, &result, &err),
				 0);
		ck_assert_int_eq(result.status, 0);
		ck_assert_uint_eq(result.out_len, sizes[i]);
		ck_assert_int_eq(memcmp(result.out, input, sizes[i]), 0);
		run_result_release(&result);
	}
	ck_assert_int_eq(open_descriptors(), before);
}
END_TEST

START_TEST(unread_stdin_blocks_nothing)
{
	const char *const argv[] = {program, "status", "0", NULL};
	struct run_result result;
	struct sb_error err;

	ck_assert_int_eq(run_program_with(argv, input, RUN_INPUT_MAX, AMPLE_MS, &result, &err), 0);
	ck_assert_int_eq(result.status, 0);
	run_result_release(&result);
}
END_TEST

/* Lines. */

struct collected {
	char text[64]; /* each line and a '|' */
	int count, stop_at;
};

static int collect(char *line, size_t len, void *ctx, struct sb_error *err)
{
	struct collected *collected = ctx;
	size_t at = strlen(collected->text);

	ck_assert_int_eq(line[len], '\0');
	(void)snprintf(collected->text + at, sizeof(collected->text) - at, "%s|", line);
	return ++collected->count == collected->stop_at
		       ? sb_error_set(err, SB_EFORMAT, "line %d is enough", collected->count)
		       : 0;
}

static const struct {
	const char *behaviour, *argument;
	int stop_at, deadline_ms, code, status;
	const char *collected, *text;
} line_cases[] = {
	{"lines", "", 0, AMPLE_MS, 0, 0, "", ""},
	{"lines", "a\\n\\nbc\\n", 0, AMPLE_MS, 0, 0, "a||bc|", ""},
	{"lines", "a\\nb", 0, AMPLE_MS, SB_EFORMAT, 77, "a|", "cut off"},
	{"lines-then-fail", "a\\nb", 0, AMPLE_MS, 0, 1, "a|", ""},
	{"lines-then-hang", "a\\nb\\n", 0, SHORT_MS, SB_ETIMEOUT, 77, "a|b|", "did not end"},
	{"lines-then-hang", "a\\nb\\n", 2, AMPLE_MS, SB_EFORMAT, 77, "a|b|", "line 2 is enough"},
	{"long-line", NULL, 0, AMPLE_MS, SB_EFAILED, 77, "", "longer than 1024 KiB"},
	{"endless-out", NULL, 3, AMPLE_MS, SB_EFORMAT, 77, "y|y|y|", "line 3 is enough"},
};

START_TEST(lines_are_passed_on_as_they_come)
{
	const char *const argv[] = {program, line_cases[_i].behaviour, line_cases[_i].argument,
				    NULL};
	struct run_result result = {.status = 77};
	struct collected collected = {.stop_at = line_cases[_i].stop_at};
	struct sb_error err = {0};

	ck_assert_int_eq(run_lines(argv, NULL, line_cases[_i].deadline_ms,
				   &(struct line_sink){collect, &collected}, &result, &err),
			 line_cases[_i].code);
	assert_group_gone();
	ck_assert_str_eq(collected.text, line_cases[_i].collected);
	assert_text(&err, line_cases[_i].text);
	ck_assert_int_eq(result.status, line_cases[_i].status);
	ck_assert_ptr_null(result.out);
}
END_TEST

static int add_up(char *line, size_t len, void *ctx, struct sb_error *err)
{
	(void)err;
	ck_assert_uint_eq(len, 99);
	*(int *)ctx += strtol(line, NULL, 10) == *(int *)ctx ? 1 : 10000;
	return 0;
}

START_TEST(lines_longer_than_a_pipe_come_whole)
{
	const char *const argv[] = {program, _i ? "huge-err-first" : "huge-out-first", NULL};
	struct run_result result = {0};
	int count = 0;

	ck_assert_int_eq(
		run_lines(argv, NULL, AMPLE_MS, &(struct line_sink){add_up, &count}, &result, NULL),
		0);
	ck_assert_int_eq(count, 2000);
	ck_assert_int_eq(result.status, 3);
	ck_assert_uint_eq(strlen(result.err_line), 99);
}
END_TEST

static int find_env(char *line, size_t len, void *ctx, struct sb_error *err)
{
	(void)len;
	(void)err;
	*(int *)ctx += strcmp(line, "TZ=UTC0") == 0 || strcmp(line, "SLURM_TIME_FORMAT=%s") == 0;
	*(int *)ctx += strcmp(line, "TZ=Asia/Tokyo") == 0 ? 100 : 0;
	return 0;
}

START_TEST(given_variables_replace_the_environment)
{
	const char *const argv[] = {program, "environment", NULL};
	const char *const env[] = {"SLURM_TIME_FORMAT=%s", "TZ=UTC0", NULL};
	struct run_result result = {0};
	int found = 0;

	ck_assert_int_eq(setenv("TZ", "Asia/Tokyo", 1), 0);
	ck_assert_int_eq(run_lines(argv, env, AMPLE_MS, &(struct line_sink){find_env, &found},
				   &result, NULL),
			 0);
	ck_assert_int_eq(found, 2);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("run");
	TCase *bad = tcase_create("bad"), *good = tcase_create("good");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(bad, setup, teardown);
	tcase_set_timeout(bad, 60);
	/* valgrind turns vfork into fork, and then glibc does not learn that nothing was started.
	 * And 256 MiB take long there. */
	if (!util_in_valgrind()) {
		tcase_add_loop_test(bad, a_program_that_cannot_start_is_missing, 0, 6);
		tcase_add_loop_test(bad, a_program_missing_in_path_is_reported_with_advice, 0, 3);
		tcase_add_test(bad, an_answer_without_end_is_cut_off);
	}
	tcase_add_test(bad, a_limit_that_is_reached_is_reported_with_advice);
	tcase_add_test(bad, too_much_input_is_refused);
	tcase_add_loop_test(bad, a_hanging_program_is_killed_with_its_group, 0, 4);
	tcase_add_loop_test(bad, a_signal_kills_the_group_and_acts_on_the_caller, 0,
			    (int)(sizeof(signal_cases) / sizeof(signal_cases[0])));
	suite_add_tcase(suite, bad);

	tcase_add_checked_fixture(good, setup, teardown);
	tcase_set_timeout(good, 60);
	tcase_add_loop_test(good, predecessor_03_waits_for_the_end_and_keeps_the_status, 0, 6);
	tcase_add_test(good, status_is_kept_when_the_caller_ignores_its_children);
	tcase_add_loop_test(good, predecessor_30_keeps_the_first_line_of_stderr, 0, 7);
	tcase_add_loop_test(good, full_pipes_do_not_block, 0, 2);
	tcase_add_test(good, interrupted_calls_go_on);
	tcase_add_loop_test(good, processes_left_behind_are_not_waited_for, 0, 2);
	tcase_add_test(good, predecessor_01_arguments_meet_no_shell);
	tcase_add_test(good, stdin_is_empty);
	tcase_add_test(good, stdin_is_passed_whole);
	tcase_add_test(good, unread_stdin_blocks_nothing);
	tcase_add_test(good, bytes_are_kept_as_they_are);
	tcase_add_test(good, slurms_commands_get_what_they_need_and_no_more);
	tcase_add_test(good, signals_are_as_new_in_the_program);
	tcase_add_test(good, only_its_own_pipes_reach_the_program);
	tcase_add_loop_test(good, a_caller_without_stdio_works, 0, 8);
	tcase_add_test(good, release_takes_nothing);
	tcase_add_loop_test(good, lines_are_passed_on_as_they_come, 0,
			    (int)(sizeof(line_cases) / sizeof(line_cases[0])));
	tcase_add_loop_test(good, lines_longer_than_a_pipe_come_whole, 0, 2);
	tcase_add_test(good, given_variables_replace_the_environment);
	suite_add_tcase(suite, good);

	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
