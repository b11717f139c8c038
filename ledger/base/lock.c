/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "ledger/base/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int lock_open(int dirfd, const char *name)
{
	int fd = openat(dirfd, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY);
	struct stat folder;

	if (fd >= 0 || errno != ENOENT)
		return fd;
	fd = openat(dirfd, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
	/* The umask may have taken more than it should. Not ours: somebody made it just now. */
	if (fd >= 0)
		(void)!fchmod(fd, 0640);
	/* Made by root in the folder of the service account, it must not lock that account out. */
	if (fd >= 0 && geteuid() == 0 && fstat(dirfd, &folder) == 0 &&
	    fchown(fd, folder.st_uid, folder.st_gid) != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

enum { LIST_TRIES = 3 };

/* Who holds the lock, by the kernel's list (proc(5): /proc/locks), or 0: whoever shares it leaves
 * no name in the file, and one who just took it may be stopped before he does. */
static intmax_t holder_in_list(int fd)
{
	FILE *list = fopen("/proc/locks", "re");
	char line[256], kind[16];
	intmax_t pid, found = 0;
	unsigned major, minor;
	uintmax_t inode;
	struct stat st;

	if (!list)
		return 0;
	/* "1: FLOCK  ADVISORY  WRITE 1234 08:02:131 0 EOF"; those who wait have "1: -> FLOCK". */
	while (fstat(fd, &st) == 0 && !found && fgets(line, sizeof(line), list)) {
		if (sscanf(line, "%*s %15s %*s %*s %jd %x:%x:%ju", kind, &pid, &major, &minor,
			   &inode) == 5 &&
		    strcmp(kind, "FLOCK") == 0 && makedev(major, minor) == st.st_dev &&
		    inode == (uintmax_t)st.st_ino && pid > 0)
			found = pid;
	}
	fclose(list);
	return found;
}

/* "process 1234 (subank check, since 12:00:05)", or what can be said. */
static const char *holder(int fd, char *buf, size_t size)
{
	char text[128], when[16] = "";
	ssize_t len = pread(fd, text, sizeof(text) - 1, 0);
	intmax_t pid, since;
	int name = 0;
	struct tm tm;
	time_t seconds;

	text[len > 0 ? len : 0] = '\0';
	text[strcspn(text, "\n")] = '\0';
	if (len <= 0 || sscanf(text, "%jd %jd %n", &pid, &since, &name) < 2) {
		/* The kernel hands the list out in parts: locks that change between two of them
		 * may hide a row. */
		pid = 0;
		for (int i = 0; i < LIST_TRIES && !pid; i++)
			pid = holder_in_list(fd);
		if (pid)
			(void)snprintf(buf, size, "process %jd", pid);
		else
			(void)snprintf(buf, size, "another process");
		return buf;
	}
	seconds = (time_t)since;
	if (localtime_r(&seconds, &tm))
		(void)strftime(when, sizeof(when), "%H:%M:%S", &tm);
	(void)snprintf(buf, size, "process %jd (%s, since %s)%s", pid, text + name, when,
		       kill((pid_t)pid, 0) != 0 && errno == ESRCH
			       ? ", which was killed while a program that it started still runs"
			       : "");
	return buf;
}

static int cannot(int dirfd, const char *what, const char *name, struct sb_error *err)
{
	char link[32], path[4096];
	int number = errno;
	ssize_t len;

	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", dirfd);
	len = readlink(link, path, sizeof(path) - 64);
	(void)snprintf(path + (len > 0 ? len : 0), 64, "%s%s", len > 0 ? "/" : "", name);
	errno = number;
	return sb_error_path(err, what, path);
}

int lock_take(int dirfd, const char *name, bool exclusive, int wait_ms, const char *doing,
	      const char *what, int *ret, struct sb_error *err)
{
	int64_t end = now_ms() + wait_ms;
	/* Short at first: most writers are done in a millisecond. */
	long pause_us = 200;
	int fd = lock_open(dirfd, name);
	char text[256];
	int len;

	if (fd < 0)
		return cannot(dirfd, "open", name, err);
	while (flock(fd, (exclusive ? LOCK_EX : LOCK_SH) | LOCK_NB) != 0) {
		struct timespec pause = {.tv_nsec = pause_us * 1000};

		if (errno != EWOULDBLOCK && errno != EINTR) {
			(void)cannot(dirfd, "lock", name, err);
			close(fd);
			return SB_ESYSTEM;
		}
		if (now_ms() >= end) {
			sb_error_set(err, SB_EBUSY, "%s %s in use by %s: try again when it is done",
				     what, what[strlen(what) - 1] == 's' ? "are" : "is",
				     holder(fd, text, sizeof(text)));
			close(fd);
			return SB_EBUSY;
		}
		nanosleep(&pause, NULL);
		/* Not in step with the others that wait. */
		pause_us = pause_us < 10000 ? pause_us * 2 : 5000 + getpid() % 5000;
	}
	if (exclusive) {
		/* A program that outlives a holder who was killed, such as a sacctmgr at work,
		 * keeps the lock: nobody must decide anew while it may still change Slurm. */
		(void)fcntl(fd, F_SETFD, 0);
		/* Only for the message above: that it may fail does no harm. */
		len = snprintf(text, sizeof(text), "%jd %jd %s\n", (intmax_t)getpid(),
			       (intmax_t)time(NULL), doing);
		if (len >= (int)sizeof(text))
			len = (int)sizeof(text) - 1;
		(void)!pwrite(fd, text, (size_t)len, 0);
	}
	*ret = fd;
	return SB_OK;
}

void lock_drop(int fd)
{
	if (fd < 0)
		return;
	/* Those who share it next do not write their names: ours must not stand for them. Blotted
	 * out rather than cut off, since that changes no metadata. */
	(void)!pwrite(fd, "\n", 1, 0);
	/* Also for programs that we have started and that are still there. */
	(void)flock(fd, LOCK_UN);
	close(fd);
}
