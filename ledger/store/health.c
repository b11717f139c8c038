/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Checks the data file before the books are read. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ledger/store/form.h"
#include "ledger/store/inside.h"

int store_check_data_file(const struct store *store, struct sb_error *err)
{
	struct stat st;

	/* The target of a link may be on another disk or file system, or vanish. */
	if (fstatat(store->folder, BOOKS, &st, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISDIR(st.st_mode))
		return sb_error_set(err, SB_EREFUSED,
				    "%s/books is not a folder: if it is a link, move what it "
				    "points to here; the bank's whole folder may be a link",
				    store->options.folder);
	if (fstatat(store->folder, BOOKS "/data.mdb", &st, AT_SYMLINK_NOFOLLOW) != 0) {
		if (errno == ENOENT)
			return store_no_bank(&store->options, err);
		return store_cannot(store, "read", BOOKS "/data.mdb", err);
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

/* Checks LMDB's two roots. Each commit overwrites the older one, and LMDB trusts the one with the
 * higher number: a damaged number, or one root in the place of the other, would silently lead back
 * to an older state. */
static int check_roots(struct store *store, int fd, size_t page_size, struct sb_error *err)
{
	enum { TRIES = 100 };
	char meta[2][META_SIZE];

	/* Another process may commit between the two reads. */
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
		"and %zu, which do not follow each other, or are in the wrong place" RESTORE,
		store->options.folder, form_number(meta[0] + META_TXN),
		form_number(meta[1] + META_TXN));
}

/* Checks the list of free pages, and checks it again if another process writes meanwhile. */
static int check_free(struct store *store, int fd, size_t page_size, enum free_list *ret,
		      struct sb_error *err)
{
	*ret = FREE_GONE;
	for (int attempt = 0; attempt < MAX_ATTEMPTS && *ret != FREE_SOUND; attempt++) {
		MDB_txn *txn;
		int rc;

		TRY(store_begin(store, MDB_RDONLY, &txn, err));
		rc = store_check_free_list(fd, page_size, mdb_txn_id(txn), ret, err);
		mdb_txn_abort(txn);
		TRY(rc);
	}
	return SB_OK;
}

int store_check_opened(struct store *store, struct sb_error *err)
{
	MDB_envinfo info;
	MDB_stat stat;
	struct stat st;
	uint64_t need;
	enum free_list list = FREE_SOUND;
	bool is_short;
	int fd;

	if (mdb_env_info(store->env, &info) || mdb_env_stat(store->env, &stat) ||
	    mdb_env_get_fd(store->env, &fd) || fstat(fd, &st) != 0)
		return sb_error_set(err, SB_ESYSTEM, "cannot read data.mdb");
	/* LMDB would let child processes inherit the descriptor. */
	if (fcntl(fd, F_SETFD, FD_CLOEXEC) != 0)
		return sb_error_set(err, SB_ESYSTEM, "cannot set up data.mdb: %s", sb_errno(errno));
	need = ((uint64_t)info.me_last_pgno + 1) * stat.ms_psize;
	is_short = (uint64_t)st.st_size < need;
	TRY(check_roots(store, fd, stat.ms_psize, err));
	/* A reader uses no free pages: with a damaged list the books can still be read and saved.
	 */
	if (is_short || store->mode == STORE_WRITE)
		TRY(check_free(store, fd, stat.ms_psize, &list, err));
	if (list == FREE_SOUND)
		return SB_OK;
	if (is_short)
		return sb_error_set(err, SB_ECORRUPT,
				    "%s/books/data.mdb is cut short: it has %jd bytes and needs "
				    "%ju" RESTORE,
				    store->options.folder, (intmax_t)st.st_size, (uintmax_t)need);
	/* The snapshot is no longer the newest: the transaction will detect that. */
	if (list == FREE_GONE)
		return SB_OK;
	return sb_error_set(err, SB_ECORRUPT,
			    "%s/books/data.mdb is damaged: its list of free pages is wrong, so "
			    "nothing is written" RESTORE,
			    store->options.folder);
}
