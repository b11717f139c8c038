/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/faults/trace.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/ptrace.h>

#include "tests/faults/ground.h"

enum { DEADLINE = 60, THREADS_MAX = 8 };

/* What a thread will get at the end of its current call. */
struct lie {
	pid_t thread; /* 0: free */
	int64_t result;
};

static volatile sig_atomic_t overdue;

static void on_alarm(int signal)
{
	(void)signal;
	overdue = 1;
}

void trace_read(pid_t thread, uint64_t from, void *to, size_t size)
{
	struct iovec here = {.iov_base = to, .iov_len = size};
	struct iovec there = {.iov_base = (void *)(uintptr_t)from, .iov_len = size};

	if (process_vm_readv(thread, &here, 1, &there, 1, 0) != (ssize_t)size)
		give_up("the program's memory cannot be read");
}

void trace_read_text(pid_t thread, uint64_t from, char *to, size_t size)
{
	/* Byte by byte: the next page may not exist. */
	for (size_t i = 0; i < size; i++) {
		trace_read(thread, from + i, to + i, 1);
		if (!to[i])
			return;
	}
	to[size - 1] = '\0';
}

#ifdef __x86_64__
bool trace_can_change(void)
{
	return true;
}

static void change(const struct trace_call *call)
{
	struct user_regs_struct regs;

	if (ptrace(PTRACE_GETREGS, call->thread, NULL, &regs) != 0)
		give_up("the registers cannot be read");
	regs.orig_rax = call->number;
	regs.rdi = call->arguments[0];
	regs.rsi = call->arguments[1];
	regs.rdx = call->arguments[2];
	if (ptrace(PTRACE_SETREGS, call->thread, NULL, &regs) != 0)
		give_up("the registers cannot be set");
}

static void set_result(pid_t thread, int64_t result)
{
	struct user_regs_struct regs;

	if (ptrace(PTRACE_GETREGS, thread, NULL, &regs) != 0)
		give_up("the registers cannot be read");
	regs.rax = (uint64_t)result;
	if (ptrace(PTRACE_SETREGS, thread, NULL, &regs) != 0)
		give_up("the registers cannot be set");
}
#else
bool trace_can_change(void)
{
	return false;
}

static void change(const struct trace_call *call)
{
	(void)call;
	errno = ENOSYS;
	give_up("a call cannot be changed on this kind of machine");
}

static void set_result(pid_t thread, int64_t result)
{
	(void)thread;
	(void)result;
}
#endif

static struct lie *lie_of(struct lie lies[THREADS_MAX], pid_t thread)
{
	for (size_t i = 0; i < THREADS_MAX; i++) {
		if (lies[i].thread == thread)
			return &lies[i];
	}
	errno = ENOBUFS;
	give_up("too many threads");
}

static void call_begins(const struct trace *trace, struct trace_call *call,
			struct lie lies[THREADS_MAX])
{
	enum trace_do todo = trace->begins ? trace->begins(call, trace->ctx) : TRACE_GO;

	if (todo == TRACE_GO)
		return;
	if (todo == TRACE_SKIP)
		call->number = (uint64_t)-1;
	if (todo != TRACE_LIE)
		change(call);
	if (todo != TRACE_CHANGED)
		*lie_of(lies, 0) = (struct lie){.thread = call->thread, .result = call->result};
}

static void call_ended(const struct trace *trace, struct trace_call *call,
		       struct lie lies[THREADS_MAX])
{
	for (size_t i = 0; i < THREADS_MAX; i++) {
		if (lies[i].thread != call->thread)
			continue;
		set_result(call->thread, lies[i].result);
		call->result = lies[i].result;
		lies[i].thread = 0;
	}
	if (trace->ended)
		trace->ended(call, trace->ctx);
}

/* The position of a thread. The number of a call is only known at its begin. */
struct position {
	pid_t thread;
	struct trace_call call;
};

static void inspect(const struct trace *trace, pid_t thread, struct position positions[THREADS_MAX],
		    struct lie lies[THREADS_MAX])
{
	struct ptrace_syscall_info info;
	struct position *at = NULL;

	for (size_t i = 0; i < THREADS_MAX && !at; i++) {
		if (positions[i].thread == thread)
			at = &positions[i];
	}
	for (size_t i = 0; i < THREADS_MAX && !at; i++) {
		if (!positions[i].thread)
			at = &positions[i];
	}
	if (!at || ptrace(PTRACE_GET_SYSCALL_INFO, thread, sizeof(info), &info) <= 0)
		give_up("a system call cannot be read");
	at->thread = thread;
	at->call.thread = thread;
	if (info.op == PTRACE_SYSCALL_INFO_ENTRY) {
		at->call.number = info.entry.nr;
		memcpy(at->call.arguments, info.entry.args, sizeof(at->call.arguments));
		at->call.result = 0;
		call_begins(trace, &at->call, lies);
	} else if (info.op == PTRACE_SYSCALL_INFO_EXIT) {
		at->call.result = info.exit.rval;
		call_ended(trace, &at->call, lies);
	}
}

static int follow(const struct trace *trace, pid_t pid)
{
	struct position positions[THREADS_MAX] = {0};
	struct lie lies[THREADS_MAX] = {0};
	pid_t thread = pid;
	int status, sig = 0;

	for (;;) {
		/* waitpid() reports a thread that has ended. */
		if (ptrace(PTRACE_SYSCALL, thread, NULL, (intptr_t)sig) != 0 && errno != ESRCH)
			give_up("the program does not go on");
		do {
			thread = waitpid(-1, &status, __WALL);
			if (thread < 0 && errno != EINTR)
				give_up("the program is lost");
			if (overdue) {
				(void)kill(pid, SIGKILL);
				while (waitpid(-1, &status, __WALL) > 0)
					;
				return TRACE_HANGS;
			}
			if (thread == pid && WIFEXITED(status))
				return WEXITSTATUS(status);
			if (thread == pid && WIFSIGNALED(status))
				return 128 + WTERMSIG(status);
			for (size_t i = 0; thread > 0 && !WIFSTOPPED(status) && i < THREADS_MAX;
			     i++) {
				if (positions[i].thread == thread)
					positions[i].thread = 0;
			}
		} while (thread < 0 || !WIFSTOPPED(status));
		sig = WSTOPSIG(status);
		if (sig == (SIGTRAP | 0x80))
			inspect(trace, thread, positions, lies);
		/* Delivers signals; other stops belong to the tracing. */
		if (sig == (SIGTRAP | 0x80) || sig == SIGTRAP || sig == SIGSTOP)
			sig = 0;
	}
}

static void start(const struct trace *trace)
{
	static const int deaf[] = {SIGHUP, SIGINT, SIGQUIT, SIGPIPE, SIGALRM, SIGTERM};

	for (size_t i = 0; i < sizeof(deaf) / sizeof(deaf[0]); i++)
		(void)signal(deaf[i], SIG_DFL);
	if (dup2(trace->in, 0) != 0 || dup2(trace->out, 1) != 1 || dup2(trace->err, 2) != 2)
		_exit(127);
	if (trace->preload)
		(void)setenv("LD_PRELOAD", trace->preload, 1);
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0)
		_exit(127);
	(void)raise(SIGSTOP);
	(void)execvp(trace->argv[0], trace->argv);
	_exit(127);
}

int trace_run(const struct trace *trace)
{
	struct sigaction act = {.sa_handler = on_alarm};
	struct itimerval deadline = {.it_value.tv_sec = DEADLINE}, none = {0};
	int status;
	pid_t pid;

	(void)fflush(NULL);
	pid = fork();
	if (pid < 0)
		give_up("no process");
	if (pid == 0)
		start(trace);
	if (waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status) ||
	    ptrace(PTRACE_SETOPTIONS, pid, NULL,
		   (intptr_t)(PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL | PTRACE_O_TRACEEXEC |
			      PTRACE_O_TRACECLONE)) != 0)
		give_up("the program cannot be traced");
	overdue = 0;
	(void)sigaction(SIGALRM, &act, NULL);
	(void)setitimer(ITIMER_REAL, &deadline, NULL);
	status = follow(trace, pid);
	(void)setitimer(ITIMER_REAL, &none, NULL);
	return status;
}

bool trace_allowed(void)
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0 ? 0 : 1);
	return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
	       WEXITSTATUS(status) == 0;
}
