/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is looked at before the books are read. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ledger/store/form.h"
#include "ledger/store/free_list.h"
#include "ledger/store/inside.h"

int store_check_data_file(const struct store *store, struct sb_error *err)
{
	struct stat st;

	/* Behind a link may be another disk, another file system, or nothing by tomorrow. */
	if (fstatat(store->folder, BOOKS, &st, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISDIR(st.st_mode))
		return sb_error_set(err, SB_EREFUSED,
				    "%s/books is not a folder: if it is a link, move what it "
				    "points to here; the bank's whole folder may be a link",
				    store->options.folder);
	if (fstatat(store->folder, BOOKS "/data.mdb", &st, AT_SYMLINK_NOFOLLOW) != 0) {
		if (errno == ENOENT)
			return sb_error_set(err, SB_ENOTFOUND,
					    "there is no bank in %s: make one with `subank init`, "
					    "or name another folder with --bank",
					    store->options.folder);
		return store_cannot(store, "look at", BOOKS "/data.mdb", err);
	}
	if (!S_ISREG(st.st_mode))
		return sb_error_set(
			err, SB_EREFUSED,
			"%s/books/data.mdb is not a regular file: if it is a link, move "
			"what it points to here",
			store->options.folder);
	if (st.st_size < 2 * 4096)
		return sb_error_set(err, SB_ECORRUPT,
				    "%s/books/data.mdb has only %jd bytes: restore an export or a "
				    "backup",
				    store->options.folder, (intmax_t)st.st_size);
	return SB_OK;
}

/* LMDB's roots: two pages, of which each commit writes the one that is older. It takes the one with
 * the higher number, and looks no further: with a damaged number, or with one root in the place of
 * the other, it would go back to an older state. */
static int check_roots(struct store *store, int fd, size_t page_size, struct sb_error *err)
{
	enum { TRIES = 100 };
	char meta[2][META_SIZE];

	/* Others may commit while we read. */
	for (int try = 0; try < TRIES; try++) {
		if (pread(fd, meta[0], META_SIZE, 0) != META_SIZE ||
		    pread(fd, meta[1], META_SIZE, (off_t)page_size) != META_SIZE)
			return sb_error_set(err, SB_ESYSTEM, "cannot read data.mdb: %s",
					    sb_errno(errno));
		if (form_root_is_in_place(meta[0], 0, form_number(meta[1] + META_TXN)) &&
		    form_root_is_in_place(meta[1], 1, form_number(meta[0] + META_TXN)))
			return SB_OK;
	}
	return sb_error_set(
		err, SB_ECORRUPT,
		"%s/books/data.mdb is damaged: its two roots are of transactions %zu "
		"and %zu, which do not follow each other, or stand in the wrong place; restore an "
		"export or a backup",
		store->options.folder, form_number(meta[0] + META_TXN),
		form_number(meta[1] + META_TXN));
}

/* Others may write while we look. */
static int check_free(struct store *store, int fd, size_t page_size, enum free_list *ret,
		      struct sb_error *err)
{
	int rc = SB_OK;

	*ret = FREE_GONE;
	for (int attempt = 0; attempt < MAX_ATTEMPTS && *ret != FREE_WHOLE && !rc; attempt++) {
		MDB_txn *txn;

		rc = store_begin(store, MDB_RDONLY, &txn, err);
		if (rc)
			break;
		rc = store_look_at_free(fd, page_size, mdb_txn_id(txn), ret, err);
		mdb_txn_abort(txn);
	}
	return rc;
}

int store_check_opened(struct store *store, struct sb_error *err)
{
	MDB_envinfo info;
	MDB_stat stat;
	struct stat st;
	uint64_t need;
	enum free_list list = FREE_WHOLE;
	bool is_short;
	int fd, rc;

	if (mdb_env_info(store->env, &info) || mdb_env_stat(store->env, &stat) ||
	    mdb_env_get_fd(store->env, &fd) || fstat(fd, &st) != 0)
		return sb_error_set(err, SB_ESYSTEM, "cannot look at data.mdb");
	/* LMDB leaves it to children. */
	if (fcntl(fd, F_SETFD, FD_CLOEXEC) != 0)
		return sb_error_set(err, SB_ESYSTEM, "cannot set up data.mdb: %s", sb_errno(errno));
	need = ((uint64_t)info.me_last_pgno + 1) * stat.ms_psize;
	is_short = (uint64_t)st.st_size < need;
	rc = check_roots(store, fd, stat.ms_psize, err);
	/* Who only reads may save what there is. */
	if (!rc && (is_short || store->mode == STORE_WRITE))
		rc = check_free(store, fd, stat.ms_psize, &list, err);
	if (rc || list == FREE_WHOLE)
		return rc;
	if (is_short)
		return sb_error_set(err, SB_ECORRUPT,
				    "%s/books/data.mdb is cut short: it has %jd bytes and needs "
				    "%ju; restore an export or a backup",
				    store->options.folder, (intmax_t)st.st_size, (uintmax_t)need);
	/* A snapshot that is not the newest: the transaction will find that out. */
	if (list == FREE_GONE)
		return SB_OK;
	return sb_error_set(err, SB_ECORRUPT,
			    "%s/books/data.mdb is damaged: what its list of free pages says cannot "
			    "be, so nothing is written; restore an export or a backup",
			    store->options.folder);
}
