/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kill_at N PROGRAM ARGUMENT...: runs the program and kills it (-9) when it is about to make the
 * Nth of its system calls that change something outside it, or wait for something: files, locks,
 * other processes. The state before a call is that after the previous one, so N from 1 on covers
 * every state that a crash can leave. The program's children are not killed.
 * Exit status: 137 if it was killed, that of the program if it made fewer calls, 99 if it could not
 * be traced, 127 if it could not be started.
 *
 * kill_at -i FILE ...: interrupts it instead, as Ctrl-C does: SIGINT to its process group.
 * kill_at -s FILE ...: stops it (SIGSTOP). In both cases the Nth call is made and tracing ends.
 * Once the signal was sent, or the program has stopped, its process id and a newline are written to
 * FILE (which may be a FIFO); then kill_at waits for its end. FILE stays empty if the program made
 * fewer calls. */
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

static int signal_sent = SIGKILL; /* at the Nth call; or SIGINT or SIGSTOP */
static FILE *pid_file; /* unless it is SIGKILL */

static bool opens_to_write(__u64 flags)
{
	return (flags & (O_WRONLY | O_RDWR | O_CREAT)) != 0;
}

/* Returns true if the call counts. waitid() and poll() do not: the number of calls depends on
 * timing. */
static bool counts(__u64 number, const __u64 arguments[])
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

/* Sends SIGINT or SIGSTOP and stops tracing, so that the signal works as on any other process. */
static int signal_and_detach(pid_t pid)
{
	int status;

	if (kill(signal_sent == SIGINT ? -pid : pid, signal_sent) != 0 ||
	    ptrace(PTRACE_DETACH, pid, NULL, NULL) != 0)
		return give_up("the program cannot be signalled");
	if (signal_sent == SIGSTOP && waitpid(pid, &status, WUNTRACED) != pid)
		return give_up("the program is lost");
	/* The call ended the program. */
	if (signal_sent == SIGSTOP && !WIFSTOPPED(status))
		return status_of(status);
	fprintf(pid_file, "%d\n", (int)pid);
	fclose(pid_file);
	if (waitpid(pid, &status, 0) != pid)
		return give_up("the program is lost");
	return status_of(status);
}

/* Traces the program, which has stopped after its exec, until call [at] or its end. */
static int follow(pid_t pid, unsigned long at)
{
	unsigned long count = 0;
	int status, sig = 0;

	for (;;) {
		struct ptrace_syscall_info info;

		if (ptrace(PTRACE_SYSCALL, pid, NULL, (intptr_t)sig) != 0)
			return give_up("the program cannot be continued");
		if (waitpid(pid, &status, 0) != pid)
			return give_up("the program is lost");
		if (WIFEXITED(status) || WIFSIGNALED(status))
			return status_of(status);
		sig = WSTOPSIG(status);
		if (sig != (SIGTRAP | 0x80))
			continue; /* a signal, which is delivered */
		sig = 0;
		if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info) <= 0)
			return give_up("a system call cannot be read");
		if (info.op != PTRACE_SYSCALL_INFO_ENTRY ||
		    !counts(info.entry.nr, info.entry.args) || ++count < at)
			continue;
		if (signal_sent != SIGKILL)
			return signal_and_detach(pid);
		/* The call is not made. */
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
		signal_sent = argv[1][1] == 'i' ? SIGINT : SIGSTOP;
		pid_file = fopen(argv[2], "we");
		if (!pid_file)
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
		if (signal_sent == SIGINT && setpgid(0, 0) != 0)
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
