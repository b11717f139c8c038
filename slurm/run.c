/* SPDX-License-Identifier: GPL-3.0-or-later */
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

#include "slurm/error.h"

enum {
	OUTPUT_START = 64 << 10, /* first size of the buffer, in bytes */
	QUIET_MS = 500, /* silence after which a pipe that outlives the program is abandoned */
	DEATH_MS = 2000, /* how long to wait for a killed program to end */
};

struct request {
	const void *input; /* NULL: stdin is empty */
	size_t len;
	const char *const *env; /* overrides; NULL: none */
	bool whole_env; /* the program is not Slurm's: pass on the caller's whole environment */
	const struct line_sink *sink; /* NULL: keep the output */
};

struct run {
	const char *name;
	pid_t pid; /* also the id of its group; 0 before it is started and once it is reaped */
	bool ended; /* it is a zombie: its pid, and so the id of the group, is still in use */
	int in_fd; /* the program's stdin; -1: none */
	int out_fd, err_fd; /* our ends of the pipes, -1 when closed */
	int out_write, err_write; /* the program's ends, open until it has started */
	char *out;
	size_t out_len, out_size;
	const struct line_sink *sink; /* NULL: keep the output */
	char err_line[256];
	size_t err_len;
	bool err_done; /* the line is complete, the rest of stderr is dropped */

	sigset_t old_mask;
	struct sigaction old_child;
	bool signals_taken, child_action_changed;
	int end_fd; /* readable once a signal asks the caller to end */
	int child_fd; /* readable once a child has changed state */
};

static int64_t now_ms(void)
{
	struct timespec ts;

	if (clock_gettime(CLOCK_MONOTONIC, &ts) != 0)
		abort(); /* cannot fail on Linux; without it no deadline would work */
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static int system_error(const char *name, const char *what, int number, struct sb_error *err)
{
	return slurm_error(err, SB_ESYSTEM, "%s: %s: %s", name, what, sb_errno(number));
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* The variables that Slurm's commands get: what they need to find themselves, their libraries,
 * their user and Slurm. Each command has variables that filter or reshape its answer (SQUEUE_USERS,
 * SACCT_FORMAT, SLURM_CLUSTERS …), and newer versions have more. auth/slurm reads SLURM_SACK_…
 * (Slurm's sack_api.c, 24.05). */
static const char *const passed[] = {
	"HOME",		  "LD_LIBRARY_PATH",   "LOGNAME",   "PATH",
	"SLURM_CONF",	  "SLURM_CONF_SERVER", "SLURM_JWT", "SLURM_SACK_JWKS",
	"SLURM_SACK_KEY", "SLURM_SACK_SOCKET", "TMPDIR",    "TZ",
	"USER",
};

/* Whether [entry] is "NAME=value" with that name. */
static bool is_named(const char *entry, const char *name, size_t len)
{
	return strncmp(entry, name, len) == 0 && entry[len] == '=';
}

/* Whether to pass on [entry] of the caller's environment: [given] overrides it. */
static bool env_kept(const char *entry, const char *const given[], bool whole)
{
	bool kept = whole;

	for (size_t i = 0; i < sizeof(passed) / sizeof(passed[0]) && !kept; i++)
		kept = is_named(entry, passed[i], strlen(passed[i]));
	for (size_t i = 0; given && given[i] && kept; i++)
		kept = !is_named(entry, given[i], strcspn(given[i], "="));
	return kept && !is_named(entry, "LC_ALL", strlen("LC_ALL"));
}

/* Makes the program's environment: LC_ALL=C, SLURM_BITSTR_LEN=0, [given], and the variables of the
 * caller that passed[] names or, with [whole], all others. Borrows the strings; the caller frees
 * the array. NULL when memory ran out. */
static char **env_make(const char *const given[], bool whole)
{
	static char locale[] = "LC_ALL=C", bits[] = "SLURM_BITSTR_LEN=0";
	size_t count = 0, given_count = 0, n = 0;
	char **made;

	while (environ && environ[count])
		count++;
	while (given && given[given_count])
		given_count++;
	made = calloc(count + given_count + 3, sizeof(*made));
	if (!made)
		return NULL;
	made[n++] = locale;
	if (!whole)
		made[n++] = bits;
	if (given_count > 0)
		memcpy(made + n, given, given_count * sizeof(*made));
	n += given_count;
	for (size_t i = 0; i < count; i++) {
		if (env_kept(environ[i], given, whole))
			made[n++] = environ[i];
	}
	return made;
}

/* Moves a descriptor above 2, if it is not: it is 0, 1 or 2 when the caller started with stdin,
 * stdout or stderr closed. Such a descriptor could be replaced in the child before it is copied,
 * and one that already has its number there would stay close-on-exec (glibc before 2.29). Returns
 * the descriptor, or -1 and sets errno. */
static int above_stdio(int fd)
{
	int moved = fd;

	if (fd >= 0 && fd <= 2) {
		moved = fcntl(fd, F_DUPFD_CLOEXEC, 3);
		close(fd);
	}
	return moved;
}

static int pipe_open(int *ret_read, int *ret_write)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) != 0)
		return -1;
	*ret_read = above_stdio(fds[0]);
	*ret_write = above_stdio(fds[1]);
	return *ret_read < 0 || *ret_write < 0 ? -1 : fcntl(*ret_read, F_SETFL, O_NONBLOCK);
}

/* Blocks and watches SIGINT, SIGTERM and SIGHUP: they stay pending and reach the caller when its
 * mask is restored. Signals that the caller ignores or blocks would not have ended it, so they are
 * not watched. */
static int signals_take(struct run *run, struct sb_error *err)
{
	static const int ending[] = {SIGINT, SIGTERM, SIGHUP};
	sigset_t end_set, child_set, both;
	struct sigaction action;

	/* With SIGCHLD ignored, which may be inherited, the kernel keeps no exit status. */
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
	return system_error(run->name, "not started: cannot watch signals", errno, err);
}

/* Restores the mask first: a SIGCHLD that is still pending must not meet the caller's SIG_IGN. */
static void signals_restore(struct run *run)
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
	/* EACCES may also come from a folder in PATH without search permission. */
	if (!strchr(name, '/') && (error == ENOENT || error == ENOTDIR || error == EACCES))
		return slurm_error(err, SB_EMISSING,
				   "%s: not found in PATH%s: install Slurm's client commands or "
				   "correct the settings",
				   name, error == EACCES ? ", or not allowed to be run" : "");
	switch (error) {
	case ENOENT:
	case ENOTDIR:
		return slurm_error(err, SB_EMISSING,
				   "%s: no such program or interpreter: correct the settings",
				   name);
	case EACCES:
	case EPERM:
	case ENOEXEC:
	case EISDIR:
	case ELOOP:
	case ENAMETOOLONG:
	case ELIBBAD:
		return slurm_error(err, SB_EMISSING,
				   "%s: cannot be run: %s: correct the settings or permissions",
				   name, strerror(error));
	default:
		return system_error(name, "cannot be started", error, err);
	}
}

/* Sets stdin, stdout, stderr, signals and process group of the program. Returns an error number. */
static int set_up(posix_spawn_file_actions_t *actions, posix_spawnattr_t *attr,
		  const struct run *run)
{
	sigset_t none, all;

	sigemptyset(&none);
	sigfillset(&all);
	sigdelset(&all, SIGKILL);
	sigdelset(&all, SIGSTOP);
	if (run->in_fd >= 0)
		TRY(posix_spawn_file_actions_adddup2(actions, run->in_fd, 0));
	else
		TRY(posix_spawn_file_actions_addopen(actions, 0, "/dev/null", O_RDONLY, 0));
	TRY(posix_spawn_file_actions_adddup2(actions, run->out_write, 1));
	TRY(posix_spawn_file_actions_adddup2(actions, run->err_write, 2));
	TRY(posix_spawnattr_setpgroup(attr, 0));
	TRY(posix_spawnattr_setsigmask(attr, &none));
	TRY(posix_spawnattr_setsigdefault(attr, &all));
	return posix_spawnattr_setflags(attr, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
						      POSIX_SPAWN_SETSIGDEF);
}

static int spawn(struct run *run, char *const args[], char *const env[], struct sb_error *err)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	int error = posix_spawn_file_actions_init(&actions), ret = 0;

	if (error)
		return system_error(run->name, "not started", error, err);
	error = posix_spawnattr_init(&attr);
	if (error) {
		posix_spawn_file_actions_destroy(&actions);
		return system_error(run->name, "not started", error, err);
	}
	error = set_up(&actions, &attr, run);
	if (error) {
		ret = system_error(run->name, "not started", error, err);
	} else {
		error = posix_spawnp(&run->pid, args[0], &actions, &attr, args, env);
		ret = error ? not_started(run->name, error, err) : 0;
	}
	if (error)
		run->pid = 0;
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&actions);
	return ret;
}

static int start(struct run *run, const char *const argv[], const struct request *request,
		 struct sb_error *err)
{
	char **args, **env = env_make(request->env, request->whole_env);
	size_t argc = 0;
	int ret;

	while (argv[argc])
		argc++;
	/* posix_spawn() changes nothing, but takes pointers that are not const. */
	args = calloc(argc + 1, sizeof(*args));
	if (args && env) {
		memcpy(args, argv, argc * sizeof(*args));
		ret = spawn(run, args, env, err);
	} else {
		ret = system_error(run->name, "not started", ENOMEM, err);
	}
	free(args);
	free(env);
	if (ret == 0) {
		/* The pipes do not end while we have the program's ends open. */
		close_fd(&run->out_write);
		close_fd(&run->err_write);
	}
	return ret;
}

/* Notes whether the program has ended, without reaping it. */
static void check_child(struct run *run)
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

/* Passes on the lines that the [fresh] new bytes complete, and keeps the rest. */
static int pass_on(struct run *run, size_t fresh, struct sb_error *err)
{
	char *line = run->out, *from = run->out + run->out_len - fresh, *newline;
	const char *end = run->out + run->out_len;

	while ((newline = memchr(from, '\n', (size_t)(end - from)))) {
		*newline = '\0';
		TRY(run->sink->each(line, (size_t)(newline - line), run->sink->ctx, err));
		line = from = newline + 1;
	}
	run->out_len = (size_t)(end - line);
	memmove(run->out, line, run->out_len);
	if (run->out_len > RUN_LINE_MAX)
		return slurm_error(err, SB_EFAILED,
				   "%s: killed: a line is longer than %d KiB: is this the right "
				   "program?",
				   run->name, RUN_LINE_MAX >> 10);
	return 0;
}

static int read_out(struct run *run, struct sb_error *err)
{
	/* One byte for the NUL at the end and one to detect too much output. */
	const size_t most = (size_t)RUN_OUTPUT_MAX + 2;

	if (run->out_size - run->out_len < 2) {
		size_t size = run->out_size * 2 < most ? run->out_size * 2 : most;
		char *out = realloc(run->out, size);

		if (!out)
			return system_error(run->name, "killed", ENOMEM, err);
		run->out = out;
		run->out_size = size;
	}
	ssize_t n = read(run->out_fd, run->out + run->out_len, run->out_size - run->out_len - 1);
	if (n < 0) {
		if (errno == EINTR || errno == EAGAIN)
			return 0;
		return system_error(run->name, "killed: cannot read its answer", errno, err);
	}
	if (n == 0) {
		close_fd(&run->out_fd);
		return 0;
	}
	run->out_len += (size_t)n;
	if (run->sink)
		return pass_on(run, (size_t)n, err);
	if (run->out_len > RUN_OUTPUT_MAX)
		return slurm_error(err, SB_EFAILED,
				   "%s: killed: its answer is longer than %d MiB: is this the "
				   "right program?",
				   run->name, RUN_OUTPUT_MAX >> 20);
	return 0;
}

static void keep_err_line(struct run *run, const char *text, size_t len)
{
	for (size_t i = 0; i < len && !run->err_done; i++) {
		char c = text[i] ? text[i] : '?'; /* a NUL would cut the line */

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
		return system_error(run->name, "killed: cannot read its messages", errno, err);
	return 0;
}

/* Whether the program has ended and both pipes are at their end. */
static bool is_done(struct run *run)
{
	check_child(run);
	return run->ended && run->out_fd < 0 && run->err_fd < 0;
}

/* Reads until the program is done. When it has ended, its own output is in the pipes already: a
 * pipe that something else holds open is abandoned once it was silent for QUIET_MS. */
static int pump(struct run *run, int64_t deadline, int deadline_ms, struct sb_error *err)
{
	while (!is_done(run)) {
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
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return system_error(run->name, "killed: cannot wait for it", errno, err);
		if (fds[3].revents)
			return slurm_error(err, SB_EFAILED,
					   "%s: killed: a signal asks subank to end", run->name);
		if (fds[0].revents)
			TRY(read_out(run, err));
		if (fds[1].revents)
			TRY(read_err(run, err));
		if (n == 0 && run->ended)
			return 0;
		if (left <= 0 && !is_done(run))
			return slurm_error(err, SB_ETIMEOUT,
					   "%s: killed: it did not end within %d ms: check Slurm, "
					   "or allow more time in the settings",
					   run->name, deadline_ms);
	}
	return 0;
}

/* Kills the rest of the group and reaps the program. Writes its wait status, which has a meaning
 * only if the program ended by itself. */
static void finish(struct run *run, int *ret_status)
{
	int64_t patience;

	if (run->pid == 0)
		return;
	/* The program is not reaped yet, so no other group can have the number. */
	(void)kill(-run->pid, SIGKILL);
	/* Bounded: a program that hangs in the kernel, on a dead NFS for example, dies later, and
	 * init reaps it. */
	patience = now_ms() + DEATH_MS;
	for (check_child(run); !run->ended; check_child(run)) {
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

/* A file instead of a pipe: it needs no feeding and causes no SIGPIPE. */
static int input_open(struct run *run, const struct request *request, struct sb_error *err)
{
	const char *from = request->input;
	size_t len = request->len;

	if (!from)
		return 0;
	if (len > RUN_INPUT_MAX)
		return slurm_error(err, SB_ESYSTEM,
				   "%s: not started: more than %d bytes for its stdin", run->name,
				   RUN_INPUT_MAX);
	run->in_fd = above_stdio(memfd_create("subank", MFD_CLOEXEC));
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

static int run_to_end(struct run *run, const char *const argv[], const struct request *request,
		      int deadline_ms, struct sb_error *err)
{
	int64_t deadline = now_ms() + deadline_ms;

	run->out_size = OUTPUT_START;
	run->out = malloc(run->out_size);
	if (!run->out)
		return system_error(run->name, "not started", ENOMEM, err);
	if (pipe_open(&run->out_fd, &run->out_write) != 0 ||
	    pipe_open(&run->err_fd, &run->err_write) != 0)
		return system_error(run->name, "not started: no pipe", errno, err);
	TRY(input_open(run, request, err));
	TRY(signals_take(run, err));
	TRY(start(run, argv, request, err));
	return pump(run, deadline, deadline_ms, err);
}

static int take_answer(struct run *run, int status, struct run_result *ret, struct sb_error *err)
{
	if (run->sink && run->out_len > 0 && status == 0)
		return slurm_error(err, SB_EFORMAT,
				   "%s: the last line of its answer is cut off: run it again",
				   run->name);
	while (run->err_len > 0 && strchr(" \t\r", run->err_line[run->err_len - 1]))
		run->err_len--;
	memset(ret, 0, sizeof(*ret));
	memcpy(ret->err_line, run->err_line, run->err_len);
	ret->status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	if (!run->sink) {
		ret->out = run->out;
		ret->out_len = run->out_len;
		ret->out[ret->out_len] = '\0';
		run->out = NULL;
	}
	return 0;
}

static int run_request(const char *const argv[], const struct request *request, int deadline_ms,
		       struct run_result *ret, struct sb_error *err)
{
	struct run run = {.name = argv[0],
			  .in_fd = -1,
			  .out_fd = -1,
			  .err_fd = -1,
			  .out_write = -1,
			  .err_write = -1,
			  .end_fd = -1,
			  .child_fd = -1,
			  .sink = request->sink};
	int status = 0, result;

	assert(argv[0] && ret);
	result = run_to_end(&run, argv, request, deadline_ms, err);
	finish(&run, &status);
	if (result == 0)
		result = take_answer(&run, status, ret, err);
	close_fd(&run.in_fd);
	close_fd(&run.out_fd);
	close_fd(&run.err_fd);
	close_fd(&run.out_write);
	close_fd(&run.err_write);
	free(run.out);
	/* Last: a pending signal acts here, and may end the process. */
	signals_restore(&run);
	return result;
}

int run_program(const char *const argv[], int deadline_ms, struct run_result *ret,
		struct sb_error *err)
{
	return run_request(argv, &(struct request){0}, deadline_ms, ret, err);
}

int run_program_with(const char *const argv[], const void *input, size_t len, int deadline_ms,
		     struct run_result *ret, struct sb_error *err)
{
	const struct request request = {.input = input, .len = len, .whole_env = true};

	return run_request(argv, &request, deadline_ms, ret, err);
}

int run_lines(const char *const argv[], const char *const env[], int deadline_ms,
	      const struct line_sink *sink, struct run_result *ret, struct sb_error *err)
{
	return run_request(argv, &(struct request){.env = env, .sink = sink}, deadline_ms, ret,
			   err);
}

void run_result_release(struct run_result *result)
{
	if (!result)
		return;
	free(result->out);
	memset(result, 0, sizeof(*result));
}
