/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "cmd/show/smartcols.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <string.h>

/* The name carries the version of its binary interface. */
#define LIBRARY "libsmartcols.so.1"

static bool find(void *library, const char *name, void *ret, size_t size)
{
	void *symbol = dlsym(library, name);

	/* C has no conversion to a pointer to a function; POSIX says that they are alike. */
	if (symbol && size == sizeof(symbol))
		memcpy(ret, &symbol, size);
	return symbol;
}

int smartcols_load(const struct smartcols **ret, struct sb_error *err)
{
	static struct smartcols functions;
	static bool loaded;
	void *library;

	if (!loaded) {
		library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
		loaded = library;
#define SMARTCOLS_FIND(name)                                                                       \
	loaded = loaded && find(library, #name, &functions.name, sizeof(functions.name));
		SMARTCOLS_FUNCTIONS(SMARTCOLS_FIND)
	}
	if (!loaded)
		return sb_error_set(err, SB_ESYSTEM,
				    "cannot print a table: %s; install libsmartcols, or use -P, "
				    "--csv or --json",
				    dlerror());
	*ret = &functions;
	return SB_OK;
}
