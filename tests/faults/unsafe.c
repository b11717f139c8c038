/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A preloaded library that makes subank unsafe: LMDB's flags that save a flush, and no flush of
 * folders. So the test of power loss shows that it finds what they lose. A small first map, which
 * is harmless, is set here too. */
#include <dlfcn.h>
#include <lmdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A function as a data pointer: ISO C has no cast for it. */
static void find(const char *name, void *function)
{
	void *symbol = dlsym(RTLD_NEXT, name);

	if (!symbol)
		abort();
	memcpy(function, &symbol, sizeof(symbol));
}

int mdb_env_open(MDB_env *env, const char *path, unsigned flags, mdb_mode_t mode)
{
	int (*real)(MDB_env *, const char *, unsigned, mdb_mode_t);
	const char *unsafe = getenv("UNSAFE");

	find("mdb_env_open", &real);
	if (unsafe && strcmp(unsafe, "MDB_NOSYNC") == 0)
		flags |= MDB_NOSYNC;
	if (unsafe && strcmp(unsafe, "MDB_NOMETASYNC") == 0)
		flags |= MDB_NOMETASYNC;
	return real(env, path, flags, mode);
}

int fsync(int fd)
{
	int (*real)(int);
	const char *unsafe = getenv("UNSAFE");
	struct stat st;

	find("fsync", &real);
	if (unsafe && strcmp(unsafe, "NO_FOLDER_FSYNC") == 0 && fstat(fd, &st) == 0 &&
	    S_ISDIR(st.st_mode))
		return 0;
	return real(fd);
}

int mdb_env_set_mapsize(MDB_env *env, size_t size)
{
	int (*real)(MDB_env *, size_t);
	const char *small = getenv("SMALL_MAP");

	find("mdb_env_set_mapsize", &real);
	/* Only the first size: the map grows as usual. */
	if (small && size == (size_t)1 << 30)
		size = strtoul(small, NULL, 10);
	return real(env, size);
}
