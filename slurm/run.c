/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "slurm/run.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	OUTPUT_START = 64 << 10, /* first size of the buffer, in bytes */
	QUIET_MS = 500, /* how long a pipe that outlives the program must be silent to be left */
	DEATH_MS = 2000, /* how long a killed program may take to be gone */
};

/* What is run, beside its argv and its deadline. */
struct job {
	const void *input; /* NULL: stdin is empty */
	size_t len;
	const char *const *env; /* NULL, or what the program gets beside env_make()'s own */
	bool whole_env; /* it is none of Slurm's: it gets all that the caller has */
	run_line *each; /* NULL: the answer is kept */
	void *ctx;
};

struct run {
	const char *name;
	pid_t pid; /* 0 before the start and after the reaping; also the id of the group */
	bool ended; /* a zombie: its pid, and so the id of the group, is still taken */
	int in_fd; /* the program's stdin; -1: none */
	int out_fd, err_fd; /* our ends of the pipes, -1 when closed */
	int out_write, err_write; /* the program's ends, open until it has started */
	char *out;
	size_t out_len, out_size;
	run_line *each; /* NULL: the whole answer is kept */
	void *ctx;
	char err_line[256];
	size_t err_len;
	bool err_done; /* the line is complete, the rest of stderr is dropped */

	sigset_t old_mask;
	struct sigaction old_child;
	bool signals_taken, child_action_changed;
	int end_fd; /* readable when the caller is to end */
	int child_fd; /* readable when a child changed its state */
};

static int64_t now_ms(void)
{
	struct timespec ts;

	if (clock_gettime(CLOCK_MONOTONIC, &ts) != 0)
		abort(); /* cannot fail on Linux, and no deadline would hold without it */
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* "NAME: WHAT: REASON: what to do". */
static int system_error(const char *name, const char *what, int number, struct sb_error *err)
{
	static const struct {
		int number;
		const char *advice;
	} known[] = {
		{EMFILE, "raise the limit of open files (ulimit -n) and run it again"},
		{ENFILE, "the machine has too many open files: run it again later"},
		{EAGAIN, "too many processes run (ulimit -u): run it again later"},
		{ENOMEM, "free some memory and run it again"},
		{E2BIG, "name fewer accounts, or make the environment smaller"},
	};
	const char *advice = "run it again; if it stays so, see what the kernel's log says";

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (known[i].number == number)
			advice = known[i].advice;
	}
	return sb_error_set(err, SB_ESYSTEM, "%s: %s: %s: %s", name, what, strerror(number),
			    advice);
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* All that Slurm's commands get of the caller's environment: how they find themselves, their
 * libraries and their user, and how they reach Slurm. The rest stays behind, since each of them has
 * variables that filter or reshape its answer (SQUEUE_USERS, SACCT_FORMAT, SLURM_CLUSTERS …), and
 * newer ones have more. auth/slurm reads SLURM_SACK_… (Slurm's sack_api.c, 24.05). */
static const char *const passed[] = {
	"HOME",		  "LD_LIBRARY_PATH",   "LOGNAME",   "PATH",
	"SLURM_CONF",	  "SLURM_CONF_SERVER", "SLURM_JWT", "SLURM_SACK_JWKS",
	"SLURM_SACK_KEY", "SLURM_SACK_SOCKET", "TMPDIR",    "TZ",
	"USER",
};

/* Whether "NAME=value" is of that name. */
static bool is_named(const char *entry, const char *name, size_t len)
{
	return strncmp(entry, name, len) == 0 && entry[len] == '=';
}

/* Whether the program gets [entry] of the caller's environment: not where it is [given] another. */
static bool env_kept(const char *entry, const char *const given[], bool whole)
{
	bool kept = whole;

	for (size_t i = 0; i < sizeof(passed) / sizeof(passed[0]) && !kept; i++)
		kept = is_named(entry, passed[i], strlen(passed[i]));
	for (size_t i = 0; given && given[i] && kept; i++)
		kept = !is_named(entry, given[i], strcspn(given[i], "="));
	return kept && !is_named(entry, "LC_ALL", strlen("LC_ALL"));
}

/* The program's environment: LC_ALL=C, what is [given], and of the caller's own what passed[] names
 * or, with [whole], all the rest. The strings stay those of the caller; only the array is new. NULL
 * when memory ran out. */
static char **env_make(const char *const given[], bool whole)
{
	static char locale[] = "LC_ALL=C";
	size_t count = 0, given_count = 0;
	char **made;

	while (environ && environ[count])
		count++;
	while (given && given[given_count])
		given_count++;
	made = calloc(count + given_count + 2, sizeof(*made));
	if (!made)
		return NULL;
	size_t n = 0;
	made[n++] = locale;
	if (given_count > 0)
		memcpy(made + n, given, given_count * sizeof(*made));
	n += given_count;
	for (size_t i = 0; i < count; i++) {
		if (env_kept(environ[i], given, whole))
			made[n++] = environ[i];
	}
	return made;
}

/* Both ends are above 2, for a caller that started with stdin or stdout closed: an end that already
 * has the number it is to get in the child would stay close-on-exec (glibc before 2.29), and no end
 * may be replaced before it was copied. */
static int pipe_open(int *ret_read, int *ret_write)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) != 0)
		return -1;
	*ret_read = fds[0];
	*ret_write = fds[1];
	for (int i = 0; i < 2; i++) {
		if (fds[i] > 2)
			continue;
		int fd = fcntl(fds[i], F_DUPFD_CLOEXEC, 3);
		if (fd < 0)
			return -1;
		close(fds[i]);
		*(i == 0 ? ret_read : ret_write) = fd;
	}
	return fcntl(*ret_read, F_SETFL, O_NONBLOCK);
}

static int pipes_open(struct run *run, struct sb_error *err)
{
	if (pipe_open(&run->out_fd, &run->out_write) == 0 &&
	    pipe_open(&run->err_fd, &run->err_write) == 0)
		return 0;
	return system_error(run->name, "not started: no pipe", errno, err);
}

/* SIGINT, SIGTERM and SIGHUP are blocked and watched, not caught: they stay pending and reach the
 * caller when its mask comes back, whatever it does with them. Those that the caller ignores or has
 * blocked would not have ended it, so they are not watched. */
static int signals_take(struct run *run, struct sb_error *err)
{
	static const int ending[] = {SIGINT, SIGTERM, SIGHUP};
	sigset_t end_set, child_set, both;
	struct sigaction action;

	/* A caller may have inherited an ignored SIGCHLD, and then no exit status would be kept. */
	if (sigaction(SIGCHLD, NULL, &run->old_child) != 0)
		goto failed;
	if (run->old_child.sa_handler == SIG_IGN || (run->old_child.sa_flags & SA_NOCLDWAIT)) {
		memset(&action, 0, sizeof(action));
		action.sa_handler = SIG_DFL;
		if (sigaction(SIGCHLD, &action, NULL) != 0)
			goto failed;
		run->child_action_changed = true;
	}

	if (sigprocmask(SIG_BLOCK, NULL, &run->old_mask) != 0)
		goto failed;
	sigemptyset(&end_set);
	for (size_t i = 0; i < sizeof(ending) / sizeof(ending[0]); i++) {
		if (sigaction(ending[i], NULL, &action) != 0)
			goto failed;
		if (action.sa_handler != SIG_IGN && !sigismember(&run->old_mask, ending[i]))
			sigaddset(&end_set, ending[i]);
	}
	sigemptyset(&child_set);
	sigaddset(&child_set, SIGCHLD);
	both = end_set;
	sigaddset(&both, SIGCHLD);
	if (sigprocmask(SIG_BLOCK, &both, NULL) != 0)
		goto failed;
	run->signals_taken = true;

	run->end_fd = signalfd(-1, &end_set, SFD_CLOEXEC | SFD_NONBLOCK);
	run->child_fd = signalfd(-1, &child_set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (run->end_fd < 0 || run->child_fd < 0)
		goto failed;
	return 0;

failed:
	return system_error(run->name, "not started: signals cannot be watched", errno, err);
}

/* The mask goes first: a SIGCHLD that is still pending must not meet the caller's SIG_IGN. */
static void signals_give_back(struct run *run)
{
	close_fd(&run->end_fd);
	close_fd(&run->child_fd);
	if (run->signals_taken)
		(void)sigprocmask(SIG_SETMASK, &run->old_mask, NULL);
	if (run->child_action_changed)
		(void)sigaction(SIGCHLD, &run->old_child, NULL);
}

static int not_started(const char *name, int error, struct sb_error *err)
{
	/* EACCES may also come from a folder in PATH that the user may not enter. */
	if (!strchr(name, '/') && (error == ENOENT || error == ENOTDIR || error == EACCES))
		return sb_error_set(err, SB_EMISSING,
				    "%s: not found in PATH%s: install Slurm's client commands "
				    "or give their path in the settings",
				    name, error == EACCES ? ", or not allowed to be run" : "");
	switch (error) {
	case ENOENT:
	case ENOTDIR:
		return sb_error_set(err, SB_EMISSING,
				    "%s: no such program, or the interpreter it names is "
				    "missing: correct its path in the settings",
				    name);
	case EACCES:
	case EPERM:
	case ENOEXEC:
	case EISDIR:
	case ELOOP:
	case ENAMETOOLONG:
	case ELIBBAD:
		return sb_error_set(err, SB_EMISSING,
				    "%s: cannot be run: %s: correct its path in the settings "
				    "or its permissions",
				    name, strerror(error));
	default:
		return system_error(name, "cannot be started", error, err);
	}
}

static int start(struct run *run, const char *const argv[], const struct job *job,
		 struct sb_error *err)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	bool have_actions = false, have_attr = false;
	char **args = NULL, **env = NULL;
	sigset_t none, all;
	size_t argc = 0;
	int error = 0, ret;

	while (argv[argc])
		argc++;
	/* posix_spawn() wants an array of pointers that are not const and changes nothing. */
	args = calloc(argc + 1, sizeof(*args));
	env = env_make(job->env, job->whole_env);
	if (!args || !env) {
		ret = system_error(run->name, "not started", ENOMEM, err);
		goto cleanup;
	}
	memcpy(args, argv, argc * sizeof(*args));

	sigemptyset(&none);
	sigfillset(&all);
	sigdelset(&all, SIGKILL);
	sigdelset(&all, SIGSTOP);
	error = posix_spawn_file_actions_init(&actions);
	have_actions = error == 0;
	if (!error)
		error = posix_spawnattr_init(&attr);
	have_attr = have_actions && error == 0;
	if (!error && run->in_fd >= 0)
		error = posix_spawn_file_actions_adddup2(&actions, run->in_fd, 0);
	else if (!error)
		error = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	if (!error)
		error = posix_spawn_file_actions_adddup2(&actions, run->out_write, 1);
	if (!error)
		error = posix_spawn_file_actions_adddup2(&actions, run->err_write, 2);
	if (!error)
		error = posix_spawnattr_setpgroup(&attr, 0);
	if (!error)
		error = posix_spawnattr_setsigmask(&attr, &none);
	if (!error)
		error = posix_spawnattr_setsigdefault(&attr, &all);
	if (!error)
		error = posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP |
								POSIX_SPAWN_SETSIGMASK |
								POSIX_SPAWN_SETSIGDEF);
	if (error) {
		ret = system_error(run->name, "not started", error, err);
		goto cleanup;
	}

	error = posix_spawnp(&run->pid, args[0], &actions, &attr, args, env);
	if (error) {
		run->pid = 0;
		ret = not_started(run->name, error, err);
		goto cleanup;
	}
	/* Or the pipes would never be at their end. */
	close_fd(&run->out_write);
	close_fd(&run->err_write);
	ret = 0;

cleanup:
	if (have_attr)
		posix_spawnattr_destroy(&attr);
	if (have_actions)
		posix_spawn_file_actions_destroy(&actions);
	free(args);
	free(env);
	return ret;
}

/* Looks whether the program has ended, without reaping it. */
static void look_at_child(struct run *run)
{
	struct signalfd_siginfo dropped;
	siginfo_t info;

	while (read(run->child_fd, &dropped, sizeof(dropped)) > 0)
		;
	info.si_pid = 0;
	if (!run->ended && waitid(P_PID, (id_t)run->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
	    info.si_pid == run->pid)
		run->ended = true;
}

/* Hands on what lines are whole now that [fresh] bytes came, and keeps the rest. */
static int hand_on(struct run *run, size_t fresh, struct sb_error *err)
{
	char *line = run->out, *look = run->out + run->out_len - fresh, *newline;
	const char *end = run->out + run->out_len;

	while ((newline = memchr(look, '\n', (size_t)(end - look)))) {
		*newline = '\0';
		int ret = run->each(line, (size_t)(newline - line), run->ctx, err);
		if (ret != 0)
			return ret;
		line = look = newline + 1;
	}
	run->out_len = (size_t)(end - line);
	memmove(run->out, line, run->out_len);
	if (run->out_len > RUN_LINE_MAX)
		return sb_error_set(err, SB_EFAILED,
				    "%s: killed: a line of its answer is longer than %d KiB: "
				    "see whether this is the right program",
				    run->name, RUN_LINE_MAX >> 10);
	return 0;
}

static int read_out(struct run *run, struct sb_error *err)
{
	/* One byte for the NUL at the end and one to see that there is too much. */
	const size_t most = (size_t)RUN_OUTPUT_MAX + 2;

	if (run->out_size - run->out_len < 2) {
		size_t size = run->out_size * 2 < most ? run->out_size * 2 : most;
		char *out = realloc(run->out, size);

		if (!out)
			return sb_error_set(err, SB_ESYSTEM,
					    "%s: killed: out of memory after %zu bytes of its "
					    "answer",
					    run->name, run->out_len);
		run->out = out;
		run->out_size = size;
	}
	ssize_t n = read(run->out_fd, run->out + run->out_len, run->out_size - run->out_len - 1);
	if (n < 0) {
		if (errno == EINTR || errno == EAGAIN)
			return 0;
		return system_error(run->name, "killed: its answer cannot be read", errno, err);
	}
	if (n == 0) {
		close_fd(&run->out_fd);
		return 0;
	}
	run->out_len += (size_t)n;
	if (run->each)
		return hand_on(run, (size_t)n, err);
	if (run->out_len > RUN_OUTPUT_MAX)
		return sb_error_set(err, SB_EFAILED,
				    "%s: killed: its answer is longer than %d MiB: see whether "
				    "this is the right program",
				    run->name, RUN_OUTPUT_MAX >> 20);
	return 0;
}

static void keep_err_line(struct run *run, const char *text, size_t len)
{
	for (size_t i = 0; i < len && !run->err_done; i++) {
		char c = text[i] ? text[i] : '?'; /* a NUL would end the line too early */

		if (c == '\n')
			run->err_done = run->err_len > 0;
		else if (run->err_len == 0 && (c == ' ' || c == '\t' || c == '\r'))
			continue;
		else if (run->err_len < sizeof(run->err_line) - 1)
			run->err_line[run->err_len++] = c;
	}
}

static int read_err(struct run *run, struct sb_error *err)
{
	char text[4096];
	ssize_t n = read(run->err_fd, text, sizeof(text));

	if (n > 0)
		keep_err_line(run, text, (size_t)n);
	else if (n == 0)
		close_fd(&run->err_fd);
	else if (errno != EINTR && errno != EAGAIN)
		return system_error(run->name, "killed: its messages cannot be read", errno, err);
	return 0;
}

/* Reads until the program has ended and both pipes are at their end. A pipe that something else
 * still holds open after that is left when it was silent for QUIET_MS: what the program itself
 * wrote was in the pipe when it ended. */
static int pump(struct run *run, int64_t deadline, int deadline_ms, struct sb_error *err)
{
	for (;;) {
		look_at_child(run);
		if (run->ended && run->out_fd < 0 && run->err_fd < 0)
			return 0;

		int64_t left = deadline - now_ms();
		int64_t wait = left < 0 ? 0 : left;
		if (run->ended && wait > QUIET_MS)
			wait = QUIET_MS;
		struct pollfd fds[] = {
			{.fd = run->out_fd, .events = POLLIN},
			{.fd = run->err_fd, .events = POLLIN},
			{.fd = run->child_fd, .events = POLLIN},
			{.fd = run->end_fd, .events = POLLIN},
		};
		int n = poll(fds, sizeof(fds) / sizeof(fds[0]), (int)wait);
		if (n < 0 && errno != EINTR)
			return system_error(run->name, "killed: it cannot be waited for", errno,
					    err);
		if (n < 0)
			continue;

		int ret = 0;
		if (fds[3].revents)
			return sb_error_set(err, SB_EFAILED,
					    "%s: killed, since a signal asks subank to end",
					    run->name);
		if (fds[0].revents)
			ret = read_out(run, err);
		if (ret == 0 && fds[1].revents)
			ret = read_err(run, err);
		if (ret != 0)
			return ret;
		if (n == 0 && run->ended)
			return 0;
		if (left <= 0) {
			look_at_child(run);
			if (run->ended && run->out_fd < 0 && run->err_fd < 0)
				return 0;
			return sb_error_set(err, SB_ETIMEOUT,
					    "%s: killed: it did not end within %d ms: see "
					    "whether Slurm answers, or allow more time in the "
					    "settings",
					    run->name, deadline_ms);
		}
	}
}

/* Kills what is left of the group and reaps the program. Its wait status goes to [ret_status]; the
 * caller asks for it only when the program has ended by itself. */
static void finish(struct run *run, int *ret_status)
{
	int64_t patience;

	if (run->pid == 0)
		return;
	/* Not reaped yet, so the number cannot be that of another group. */
	(void)kill(-run->pid, SIGKILL);
	/* Bounded: a program that hangs in the kernel, on a dead NFS for example, dies only when
	 * that lets it go, and init then reaps it. */
	patience = now_ms() + DEATH_MS;
	for (look_at_child(run); !run->ended; look_at_child(run)) {
		struct pollfd fd = {.fd = run->child_fd, .events = POLLIN};
		int64_t left = patience - now_ms();

		if (left <= 0)
			return;
		(void)poll(&fd, 1, (int)left);
	}
	while (waitpid(run->pid, ret_status, 0) < 0 && errno == EINTR)
		;
	run->pid = 0;
}

/* Not a pipe: nobody has to feed it, and no SIGPIPE comes from it. Above 2, as pipe_open() says. */
static int input_open(struct run *run, const void *input, size_t len, struct sb_error *err)
{
	const char *from = input;
	int fd = -1;

	if (!input)
		return 0;
	if (len > RUN_INPUT_MAX)
		return sb_error_set(err, SB_ESYSTEM,
				    "%s: not started: more than %d bytes for its stdin", run->name,
				    RUN_INPUT_MAX);
	run->in_fd = memfd_create("subank", MFD_CLOEXEC);
	if (run->in_fd >= 0 && run->in_fd <= 2) {
		fd = fcntl(run->in_fd, F_DUPFD_CLOEXEC, 3);
		close(run->in_fd);
		run->in_fd = fd;
	}
	while (run->in_fd >= 0 && len > 0) {
		ssize_t n = write(run->in_fd, from, len);

		if (n < 0 && errno != EINTR)
			break;
		from += n < 0 ? 0 : n;
		len -= n < 0 ? 0 : (size_t)n;
	}
	if (run->in_fd >= 0 && len == 0 && lseek(run->in_fd, 0, SEEK_SET) == 0)
		return 0;
	return system_error(run->name, "not started: no stdin", errno, err);
}

static int run_job(const char *const argv[], const struct job *job, int deadline_ms,
		   struct run_result *ret, struct sb_error *err)
{
	int64_t deadline = now_ms() + deadline_ms;
	struct run run = {
		.in_fd = -1,
		.out_fd = -1,
		.err_fd = -1,
		.out_write = -1,
		.err_write = -1,
		.end_fd = -1,
		.child_fd = -1,
		.each = job->each,
		.ctx = job->ctx,
	};
	int status = 0, result;

	assert(argv && argv[0] && ret);
	run.name = argv[0];
	run.out_size = OUTPUT_START;
	run.out = malloc(run.out_size);
	if (!run.out) {
		result = system_error(run.name, "not started", ENOMEM, err);
		goto cleanup;
	}
	result = pipes_open(&run, err);
	if (result == 0)
		result = input_open(&run, job->input, job->len, err);
	if (result == 0)
		result = signals_take(&run, err);
	if (result == 0)
		result = start(&run, argv, job, err);
	if (result == 0)
		result = pump(&run, deadline, deadline_ms, err);
	finish(&run, &status);
	if (result == 0 && run.each && run.out_len > 0 && status == 0)
		result = sb_error_set(err, SB_EFORMAT,
				      "%s: the last line of its answer is cut off: run it again",
				      run.name);
	if (result == 0) {
		while (run.err_len > 0 && strchr(" \t\r", run.err_line[run.err_len - 1]))
			run.err_len--;
		memset(ret, 0, sizeof(*ret));
		memcpy(ret->err_line, run.err_line, run.err_len);
		ret->status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
		if (!run.each) {
			ret->out = run.out;
			ret->out_len = run.out_len;
			ret->out[ret->out_len] = '\0';
			run.out = NULL;
		}
	}

cleanup:
	close_fd(&run.in_fd);
	close_fd(&run.out_fd);
	close_fd(&run.err_fd);
	close_fd(&run.out_write);
	close_fd(&run.err_write);
	free(run.out);
	/* Last: a signal that came meanwhile acts here, and may not return. */
	signals_give_back(&run);
	return result;
}

int run_program(const char *const argv[], int deadline_ms, struct run_result *ret,
		struct sb_error *err)
{
	return run_job(argv, &(struct job){0}, deadline_ms, ret, err);
}

int run_program_with(const char *const argv[], const void *input, size_t len, int deadline_ms,
		     struct run_result *ret, struct sb_error *err)
{
	const struct job job = {.input = input, .len = len, .whole_env = true};

	return run_job(argv, &job, deadline_ms, ret, err);
}

int run_lines(const char *const argv[], const char *const env[], int deadline_ms, run_line *each,
	      void *ctx, struct run_result *ret, struct sb_error *err)
{
	return run_job(argv, &(struct job){.env = env, .each = each, .ctx = ctx}, deadline_ms, ret,
		       err);
}

void run_result_release(struct run_result *result)
{
	if (!result)
		return;
	free(result->out);
	memset(result, 0, sizeof(*result));
}
