/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kill_at N PROGRAM ARGUMENT...: runs the program and kills it, as kill -9 does, when it is about
 * to make the Nth of those system calls that change something outside of it or wait for something:
 * files, locks, other processes. Before one call is after the one before, so every N from 1 on goes
 * through every state that a crash can leave. The program's own children are not touched.
 * Exit status: 137 when it was killed, that of the program when it made fewer calls, 99 when it
 * could not be traced, 127 when it could not be started.
 *
 * kill_at -i FILE ...: interrupts it instead, as Ctrl-C does: SIGINT to its process group.
 * kill_at -s FILE ...: stops it (SIGSTOP). Both let it go on from there, with the Nth call made,
 * write its process id and a newline to FILE (which may be a FIFO) once the signal is under way or
 * it stands still, and wait for its end. FILE stays empty when the program made fewer calls. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/ptrace.h>

enum { KILLED = 137, NOT_TRACED = 99, NOT_STARTED = 127 };

/* What is done at the Nth call: SIGKILL, SIGINT or SIGSTOP; and where it is told. */
static int deed = SIGKILL;
static FILE *told;

static bool opens_to_write(__u64 flags)
{
	return (flags & (O_WRONLY | O_RDWR | O_CREAT)) != 0;
}

/* waitid() and poll() are left out: how often they are called depends on the weather. */
static bool matters(__u64 number, const __u64 arguments[])
{
	switch (number) {
#ifdef SYS_open
	case SYS_open:
		return opens_to_write(arguments[1]);
#endif
	case SYS_openat:
		return opens_to_write(arguments[2]);
	case SYS_mmap:
		return (arguments[3] & MAP_SHARED) && (int)arguments[4] >= 0;
#ifdef SYS_rename
	case SYS_rename:
#endif
#ifdef SYS_renameat
	case SYS_renameat:
#endif
#ifdef SYS_unlink
	case SYS_unlink:
#endif
#ifdef SYS_mkdir
	case SYS_mkdir:
#endif
#ifdef SYS_vfork
	case SYS_vfork:
#endif
#ifdef SYS_clone3
	case SYS_clone3:
#endif
	case SYS_clone:
	case SYS_exit_group:
	case SYS_fcntl:
	case SYS_fdatasync:
	case SYS_flock:
	case SYS_fsync:
	case SYS_ftruncate:
	case SYS_kill:
	case SYS_mkdirat:
	case SYS_msync:
	case SYS_pwrite64:
	case SYS_pwritev:
	case SYS_renameat2:
	case SYS_unlinkat:
	case SYS_wait4:
	case SYS_write:
	case SYS_writev:
		return true;
	default:
		return false;
	}
}

static int give_up(const char *what)
{
	fprintf(stderr, "kill_at: %s: %s\n", what, strerror(errno));
	return NOT_TRACED;
}

static int status_of(int status)
{
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* The other signals are for a program that nobody traces: it gets them as from anybody. */
static int let_go(pid_t pid)
{
	int status;

	if (kill(deed == SIGINT ? -pid : pid, deed) != 0 ||
	    ptrace(PTRACE_DETACH, pid, NULL, NULL) != 0)
		return give_up("the program cannot be signalled");
	if (deed == SIGSTOP && waitpid(pid, &status, WUNTRACED) != pid)
		return give_up("the program is lost");
	/* The call was its end. */
	if (deed == SIGSTOP && !WIFSTOPPED(status))
		return status_of(status);
	fprintf(told, "%d\n", (int)pid);
	fclose(told);
	if (waitpid(pid, &status, 0) != pid)
		return give_up("the program is lost");
	return status_of(status);
}

/* Follows the program, which stands stopped behind its exec, to its end. */
static int follow(pid_t pid, unsigned long at)
{
	unsigned long count = 0;
	int status, sig = 0;

	for (;;) {
		struct ptrace_syscall_info info;

		if (ptrace(PTRACE_SYSCALL, pid, NULL, (intptr_t)sig) != 0)
			return give_up("the program does not go on");
		if (waitpid(pid, &status, 0) != pid)
			return give_up("the program is lost");
		if (WIFEXITED(status) || WIFSIGNALED(status))
			return status_of(status);
		sig = WSTOPSIG(status);
		if (sig != (SIGTRAP | 0x80))
			continue; /* a signal, which it gets */
		sig = 0;
		if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info) <= 0)
			return give_up("a system call cannot be looked at");
		if (info.op != PTRACE_SYSCALL_INFO_ENTRY ||
		    !matters(info.entry.nr, info.entry.args) || ++count < at)
			continue;
		if (deed != SIGKILL)
			return let_go(pid);
		/* The call is not made any more. */
		if (kill(pid, SIGKILL) != 0 || waitpid(pid, &status, 0) != pid)
			return give_up("the program cannot be killed");
		return KILLED;
	}
}

int main(int argc, char *argv[])
{
	unsigned long at;
	int status;
	pid_t pid;

	if (argc > 3 && (strcmp(argv[1], "-i") == 0 || strcmp(argv[1], "-s") == 0)) {
		deed = argv[1][1] == 'i' ? SIGINT : SIGSTOP;
		told = fopen(argv[2], "we");
		if (!told)
			return give_up(argv[2]);
		argv += 2;
		argc -= 2;
	}
	if (argc < 3 || (at = strtoul(argv[1], NULL, 10)) == 0) {
		fprintf(stderr, "usage: kill_at [-i FILE | -s FILE] N PROGRAM ARGUMENT...\n");
		return 2;
	}
	pid = fork();
	if (pid < 0)
		return give_up("no process");
	if (pid == 0) {
		if (deed == SIGINT && setpgid(0, 0) != 0)
			_exit(give_up("no process group"));
		if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0)
			_exit(give_up("tracing is not allowed here"));
		execvp(argv[2], argv + 2);
		perror(argv[2]);
		_exit(NOT_STARTED);
	}
	if (waitpid(pid, &status, 0) != pid)
		return give_up("the program is lost");
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	if (ptrace(PTRACE_SETOPTIONS, pid, NULL,
		   (intptr_t)(PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL | PTRACE_O_TRACEEXEC)) != 0)
		return give_up("the program cannot be traced");
	return follow(pid, at);
}
