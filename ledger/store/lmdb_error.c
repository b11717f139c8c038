/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdio.h>

#include "ledger/store/inside.h"

const char *store_library(void)
{
	return mdb_version(NULL, NULL, NULL);
}

int store_check_library(struct sb_error *err)
{
	int major, minor;

	(void)mdb_version(&major, &minor, NULL);
	if (major == MDB_VERSION_MAJOR && minor == MDB_VERSION_MINOR)
		return SB_OK;
	return sb_error_set(err, SB_ESYSTEM,
			    "subank needs the library of LMDB %d.%d and found %s: install that one",
			    MDB_VERSION_MAJOR, MDB_VERSION_MINOR, store_library());
}

int store_result(struct sb_error *err, int rc, const char *what)
{
	switch (rc) {
	case MDB_SUCCESS:
		return SB_OK;
	case MDB_MAP_FULL:
		return sb_error_set(err, SB_EFULL, "the map is full");
	case MDB_NOTFOUND:
		return SB_ENOTFOUND;
	case MDB_INVALID:
	case MDB_VERSION_MISMATCH:
		return sb_error_set(err, SB_ECORRUPT,
				    "cannot %s: data.mdb is not a file of LMDB %s (%s)" RESTORE,
				    what, store_library(), mdb_strerror(rc));
	case MDB_CORRUPTED:
	case MDB_INCOMPATIBLE:
	case MDB_PAGE_NOTFOUND:
	case MDB_BAD_TXN:
	case MDB_CURSOR_FULL: /* deeper than any tree: a page refers to one above it */
		return sb_error_set(err, SB_ECORRUPT,
				    "cannot %s: the data file is damaged (%s)" RESTORE, what,
				    mdb_strerror(rc));
	case MDB_PANIC:
		return sb_error_set(err, SB_ESYSTEM,
				    "cannot %s: the disk failed in the commit before; run it again",
				    what);
	case ENOSPC:
	case EDQUOT:
		return sb_error_set(err, SB_ESYSTEM,
				    "cannot %s: the disk is full; nothing was changed, make room "
				    "and run it again",
				    what);
	default:
		return sb_error_set(err, SB_ESYSTEM, "cannot %s: %s", what,
				    rc > 0 ? sb_errno(rc) : mdb_strerror(rc));
	}
}

int store_no_bank(const struct store_options *options, struct sb_error *err)
{
	return sb_error_set(err, SB_ENOTFOUND,
			    "there is no bank in %s: make one with `subank init`, or name another "
			    "folder with --bank",
			    options->folder);
}

int store_cannot(const struct store *store, const char *what, const char *path,
		 struct sb_error *err)
{
	char whole[4096 + 32];
	int number = errno;

	(void)snprintf(whole, sizeof(whole), "%.4095s/%s", store->options.folder, path);
	errno = number;
	return sb_error_path(err, what, whole);
}
