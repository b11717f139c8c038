/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A preloaded library: the Nth allocation of subank fails ($MALLOC_FAILS is N), or all from then on
 * (N+). The file ./malloc.failed then shows that this happened. With 0 none fails, and
 * ./malloc.count is the count of allocations at the end. Not counted are allocations before main()
 * calls openlog() and those for the user's name, where glibc fails assertions of its own. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

/* glibc's own functions, which it exports for such libraries. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

static unsigned long fails_at, count;
static bool counts, goes_on;

/* Replaces glibc's: nothing is logged. */
void openlog(const char *name, int options, int facility)
{
	const char *at = getenv("MALLOC_FAILS");

	(void)options;
	(void)facility;
	if (!at || strcmp(name, "subank") != 0)
		return;
	fails_at = strtoul(at, NULL, 10);
	goes_on = strchr(at, '+') != NULL;
	counts = true;
}

struct passwd *getpwuid(uid_t uid)
{
	union {
		void *found;
		struct passwd *(*call)(uid_t uid);
	} real = {.found = NULL};
	bool before = counts;
	struct passwd *found;

	counts = false;
	real.found = dlsym(RTLD_NEXT, "getpwuid");
	found = real.call ? real.call(uid) : NULL;
	counts = before;
	return found;
}

static bool fails(void)
{
	int fd;

	if (!counts || __atomic_add_fetch(&count, 1, __ATOMIC_RELAXED) < fails_at || !fails_at)
		return false;
	if (count > fails_at && !goes_on)
		return false;
	if (count == fails_at) {
		fd = open("malloc.failed", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
		if (fd >= 0)
			(void)close(fd);
	}
	errno = ENOMEM;
	return true;
}

static void __attribute__((destructor)) report(void)
{
	int fd = counts && !fails_at ? open("malloc.count", O_WRONLY | O_CREAT | O_CLOEXEC, 0644)
				     : -1;

	if (fd >= 0) {
		(void)dprintf(fd, "%lu\n", count);
		(void)close(fd);
	}
}

void *malloc(size_t size)
{
	return fails() ? NULL : __libc_malloc(size);
}

void *calloc(size_t members, size_t size)
{
	return fails() ? NULL : __libc_calloc(members, size);
}

void *realloc(void *old, size_t size)
{
	return fails() ? NULL : __libc_realloc(old, size);
}

int posix_memalign(void **ret, size_t alignment, size_t size)
{
	if (fails())
		return ENOMEM;
	*ret = __libc_memalign(alignment, size);
	return *ret ? 0 : ENOMEM;
}
