/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "ledger/store.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "ledger/bytes.h"
#include "ledger/leftover.h"
#include "ledger/lock.h"
#include "ledger/store_end.h"
#include "ledger/store_form.h"
#include "ledger/store_inside.h"

enum {
	MAX_READERS = 1024, /* LMDB's 126 are few for a site full of cron jobs */
	MAX_ATTEMPTS = 64,
};

#define DEFAULT_MAP_SIZE ((size_t)1 << 30)
#define BOOKS "books"
#define BUILDING "books.new"

static const struct {
	const char *name;
	bool cache; /* may be changed and emptied */
	bool summed; /* its values follow from nothing else, and carry a sum */
} tables[STORE_TABLE_COUNT] = {
	[STORE_JOURNAL] = {"journal", false, false},
	[STORE_ACCOUNTS] = {"accounts", true, false},
	[STORE_BY_ACCOUNT] = {"by_account", false, false},
	[STORE_REFS] = {"refs", false, false},
	[STORE_ANSWERS] = {"answers", false, false},
	[STORE_READINGS] = {"readings", true, true},
	[STORE_META] = {"meta", true, true},
};

static const struct slice newest_key = {STORE_NEWEST, sizeof(STORE_NEWEST) - 1};

static void (*damage_handler)(const char *text);

const char *store_table_name(enum store_table table)
{
	return tables[table].name;
}

static volatile sig_atomic_t commit_begun;

bool store_may_have_written(void)
{
	return commit_begun;
}

void store_on_damage(void (*handler)(const char *text))
{
	damage_handler = handler;
}

/* In a damaged file LMDB may go round in a circle for ever. No single step of it takes so long, in
 * seconds of processor time; a commit sorts and writes all that was changed. */
enum { TICK_SECONDS = 2, STEP_TICKS = 3, COMMIT_TICKS = 31 };

static volatile sig_atomic_t stepping; /* within LMDB now, for at most so many ticks */
static volatile sig_atomic_t stepped; /* came out of it since the last look */

static void on_tick(int number)
{
	static volatile sig_atomic_t ticks;

	(void)number;
	ticks = stepping && !stepped ? ticks + 1 : 0;
	stepped = 0;
	if (ticks && ticks == stepping)
		damage_handler("LMDB goes round in a circle");
}

static void watch_steps(void)
{
	struct sigaction act = {.sa_handler = on_tick, .sa_flags = SA_RESTART};
	struct itimerval often = {.it_interval.tv_sec = TICK_SECONDS,
				  .it_value.tv_sec = TICK_SECONDS};

	if (damage_handler && sigaction(SIGVTALRM, &act, NULL) == 0)
		(void)setitimer(ITIMER_VIRTUAL, &often, NULL);
}

static void step_begins(int ticks)
{
	stepping = ticks;
}

static int step_ended(int rc)
{
	stepping = 0;
	stepped = 1;
	return rc;
}

/* A call of LMDB that follows what stands in the file. */
#define WATCHED(ticks, call) (step_begins(ticks), step_ended(call))

int store_step(MDB_cursor *cursor, MDB_val *key, MDB_val *value, MDB_cursor_op op)
{
	return WATCHED(STEP_TICKS, mdb_cursor_get(cursor, key, value, op));
}

static void on_assert(MDB_env *env, const char *text)
{
	(void)env;
	if (damage_handler)
		damage_handler(text);
}

const char *store_library(void)
{
	return mdb_version(NULL, NULL, NULL);
}

/* Version 1 writes another file, and may come under the same name. */
static int check_library(struct sb_error *err)
{
	int major, minor;

	(void)mdb_version(&major, &minor, NULL);
	if (major == MDB_VERSION_MAJOR && minor == MDB_VERSION_MINOR)
		return SB_OK;
	return sb_error_set(err, SB_ESYSTEM,
			    "subank needs the library of LMDB %d.%d and found %s: install that one",
			    MDB_VERSION_MAJOR, MDB_VERSION_MINOR, store_library());
}

static MDB_val to_val(struct slice slice)
{
	/* LMDB does not write through it. */
	union {
		const void *in;
		void *out;
	} pointer = {.in = slice.data};

	return (MDB_val){.mv_size = slice.len, .mv_data = pointer.out};
}

static struct slice to_slice(MDB_val val)
{
	return (struct slice){.data = val.mv_data, .len = val.mv_size};
}

/* FNV-1a. It is to find accidents: who can write the file can make a sum as well. */
static void sum_of(struct slice key, struct slice value, unsigned char ret[SUM_SIZE])
{
	const struct slice parts[] = {key, value};
	uint64_t sum = 14695981039346656037u;

	for (size_t i = 0; i < 2; i++) {
		const unsigned char *bytes = parts[i].data;

		for (size_t j = 0; j < parts[i].len; j++)
			sum = (sum ^ bytes[j]) * 1099511628211u;
	}
	u64_store(ret, sum);
}

/* Takes the sum off a value, if its table has them. */
static int check_sum(enum store_table table, struct slice key, struct slice *value,
		     struct sb_error *err)
{
	struct slice bare = *value;
	unsigned char sum[SUM_SIZE];

	if (!tables[table].summed)
		return SB_OK;
	if (value->len >= SUM_SIZE) {
		bare.len -= SUM_SIZE;
		sum_of(key, bare, sum);
		if (memcmp((const char *)bare.data + bare.len, sum, SUM_SIZE) == 0) {
			*value = bare;
			return SB_OK;
		}
	}
	return sb_error_set(err, SB_ECORRUPT,
			    "the data file is damaged: a value in table '%s' does not fit its sum; "
			    "run `subank verify`, and restore an export or a backup",
			    tables[table].name);
}

int store_error(struct sb_error *err, int rc, const char *what)
{
	switch (rc) {
	case MDB_MAP_FULL:
		return sb_error_set(err, SB_EFULL, "the map is full");
	case MDB_NOTFOUND:
		return SB_ENOTFOUND;
	case MDB_INVALID:
	case MDB_VERSION_MISMATCH:
		return sb_error_set(err, SB_ECORRUPT,
				    "cannot %s: data.mdb is not a file of LMDB %s (%s); restore "
				    "an export or a backup",
				    what, store_library(), mdb_strerror(rc));
	case MDB_CORRUPTED:
	case MDB_INCOMPATIBLE:
	case MDB_PAGE_NOTFOUND:
	case MDB_BAD_TXN:
		return sb_error_set(err, SB_ECORRUPT,
				    "cannot %s: the data file is damaged (%s); restore an export "
				    "or a backup",
				    what, mdb_strerror(rc));
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

/* LMDB's own page on file systems: locks and maps are not coherent there. Numbers from the
 * kernel's magic.h and the file systems' sources. */
static const char *network_file_system(long type)
{
	static const struct {
		long type;
		const char *name;
	} known[] = {
		{0x6969, "NFS"},	{0x0BD00BD0, "Lustre"}, {0x47504653, "GPFS"},
		{0xFF534D42, "CIFS"},	{0xFE534D42, "SMB"},	{0x01021997, "9P"},
		{0x19830326, "BeeGFS"}, {0x00C36400, "CephFS"}, {0x5346414F, "AFS"},
		{0x65735546, "FUSE"},
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (known[i].type == type)
			return known[i].name;
	}
	return NULL;
}

static int open_folder(const struct store_options *options, int *ret, struct sb_error *err)
{
	int fd = open(options->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const char *network;
	struct statfs fs;
	struct stat st;

	if (fd < 0 && errno == ENOENT)
		return sb_error_set(err, SB_ENOTFOUND,
				    "there is no bank in %s: make one with `subank init`, or name "
				    "another folder with --bank",
				    options->folder);
	if (fd < 0)
		return sb_error_path(err, "open the bank's folder", options->folder);
	if (fstat(fd, &st) != 0 || fstatfs(fd, &fs) != 0) {
		sb_error_path(err, "look at the bank's folder", options->folder);
		goto fail;
	}
	if (st.st_mode & S_IWOTH) {
		sb_error_set(err, SB_EREFUSED,
			     "everybody can write in the bank's folder %s: run chmod o-rwx on it",
			     options->folder);
		goto fail;
	}
	network = network_file_system((long)fs.f_type);
	if (network) {
		sb_error_set(err, SB_EREFUSED,
			     "the bank's folder %s is on %s, where LMDB loses data: put it on a "
			     "local disk",
			     options->folder, network);
		goto fail;
	}
	*ret = fd;
	return SB_OK;
fail:
	close(fd);
	return err ? (int)err->code : SB_ESYSTEM;
}

static int take_lock(struct store *store, const char *name, bool exclusive, const char *what,
		     int *ret, struct sb_error *err)
{
	return lock_take(store->folder, name, exclusive, store->options.wait_ms,
			 store->options.doing, what, ret, err);
}

static int cannot_in(const struct store *store, const char *what, const char *path,
		     struct sb_error *err)
{
	char whole[4096 + 32];
	int number = errno;

	(void)snprintf(whole, sizeof(whole), "%.4095s/%s", store->options.folder, path);
	errno = number;
	return sb_error_path(err, what, whole);
}

/* A file that is missing, empty or cut short must not reach LMDB: it makes an empty one a new
 * environment, and reading past the end is a SIGBUS. */
static int check_data_file(const struct store *store, struct sb_error *err)
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
		return cannot_in(store, "look at", BOOKS "/data.mdb", err);
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
 * the higher number, and looks no further: with a damaged number it would go back to an older
 * state. */
static int check_roots(struct store *store, int fd, size_t page_size, struct sb_error *err)
{
	enum { TRIES = 100 };
	size_t number[2];

	/* Others may commit while we read. */
	for (int try = 0; try < TRIES; try++) {
		if (pread(fd, &number[0], WORD, META_TXN) != WORD ||
		    pread(fd, &number[1], WORD, (off_t)page_size + META_TXN) != WORD)
			return sb_error_set(err, SB_ESYSTEM, "cannot read data.mdb: %s",
					    sb_errno(errno));
		if (number[0] - number[1] + 1 <= 2)
			return SB_OK;
	}
	return sb_error_set(
		err, SB_ECORRUPT,
		"%s/books/data.mdb is damaged: its two roots are of transactions %ju "
		"and %ju, which do not follow each other; restore an export or a backup",
		store->options.folder, (uintmax_t)number[0], (uintmax_t)number[1]);
}

/* Another process may make the map larger at any time; a damaged file says so for ever. */
static int begin_to_open(struct store *store, unsigned flags, MDB_txn **ret, struct sb_error *err)
{
	int rc = MDB_MAP_RESIZED;

	for (int attempt = 0; rc == MDB_MAP_RESIZED && attempt < MAX_ATTEMPTS; attempt++) {
		if (attempt > 0 && mdb_env_set_mapsize(store->env, 0))
			break;
		rc = mdb_txn_begin(store->env, NULL, flags, ret);
	}
	return rc ? store_error(err, rc, "begin to read the books") : SB_OK;
}

/* A file that is shorter than its last page. Others may write while we look. */
static int check_end(struct store *store, int fd, size_t page_size, bool *ret, struct sb_error *err)
{
	int rc = SB_OK;

	*ret = false;
	for (int attempt = 0; attempt < MAX_ATTEMPTS && !*ret && !rc; attempt++) {
		MDB_txn *txn;

		rc = begin_to_open(store, MDB_RDONLY, &txn, err);
		if (rc)
			break;
		rc = store_end_is_free(fd, page_size, mdb_txn_id(txn), ret, err);
		mdb_txn_abort(txn);
	}
	return rc;
}

static int check_size(struct store *store, struct sb_error *err)
{
	MDB_envinfo info;
	MDB_stat stat;
	struct stat st;
	uint64_t need;
	bool end_is_free = true;
	int fd, rc = SB_OK;

	if (mdb_env_info(store->env, &info) || mdb_env_stat(store->env, &stat) ||
	    mdb_env_get_fd(store->env, &fd) || fstat(fd, &st) != 0)
		return sb_error_set(err, SB_ESYSTEM, "cannot look at data.mdb");
	/* LMDB leaves it to children. */
	if (fcntl(fd, F_SETFD, FD_CLOEXEC) != 0)
		return sb_error_set(err, SB_ESYSTEM, "cannot set up data.mdb: %s", sb_errno(errno));
	need = ((uint64_t)info.me_last_pgno + 1) * stat.ms_psize;
	if ((uint64_t)st.st_size < need)
		rc = check_end(store, fd, stat.ms_psize, &end_is_free, err);
	if (rc)
		return rc;
	if (!end_is_free)
		return sb_error_set(err, SB_ECORRUPT,
				    "%s/books/data.mdb is cut short: it has %jd bytes and needs "
				    "%ju; restore an export or a backup",
				    store->options.folder, (intmax_t)st.st_size, (uintmax_t)need);
	return check_roots(store, fd, stat.ms_psize, err);
}

static int open_tables(struct store *store, struct sb_error *err)
{
	bool create = store->building;
	MDB_txn *txn;
	int rc = begin_to_open(store, create ? 0 : MDB_RDONLY, &txn, err);

	if (rc)
		return rc;
	for (int i = 0; i < STORE_TABLE_COUNT && !rc; i++)
		rc = WATCHED(STEP_TICKS, mdb_dbi_open(txn, tables[i].name, create ? MDB_CREATE : 0,
						      &store->dbis[i]));
	if (rc) {
		mdb_txn_abort(txn);
		if (rc == MDB_NOTFOUND)
			return sb_error_set(err, SB_ECORRUPT,
					    "%s/books holds no bank's tables: restore an export "
					    "or a backup",
					    store->options.folder);
		return store_error(err, rc, "open the tables of the books");
	}
	rc = mdb_txn_commit(txn);
	return rc ? store_error(err, rc, "open the tables of the books") : SB_OK;
}

/* The first of the files of an environment that this process may not use, or NULL. */
static const char *forbidden(const struct store *store)
{
	static const char *const files[] = {BOOKS, BOOKS "/data.mdb", BOOKS "/lock.mdb"};

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		int mode = i == 1 && store->mode == STORE_READ ? R_OK : R_OK | W_OK;

		if (faccessat(store->folder, files[i], mode, AT_EACCESS) != 0 && errno == EACCES)
			return files[i];
	}
	return NULL;
}

/* LMDB makes lock.mdb a file with nothing behind it, and writes to it through the map: on a full
 * disk that is a SIGBUS. It follows a link to anywhere, and what root makes is root's. So it is
 * made here, under open.lock, and while this process has these books not open: closing a file takes
 * away LMDB's lock on it. */
static int make_room_for_locks(const struct store *store, struct sb_error *err)
{
	/* As LMDB works it out: 64 bytes for each reader, and two times that much. */
	const off_t size = (MAX_READERS + 2) * 64;
	const char *name = store->building ? BUILDING "/lock.mdb" : BOOKS "/lock.mdb";
	struct stat st;
	int fd, rc = SB_OK;

	if (fstatat(store->folder, name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
		if (!S_ISREG(st.st_mode))
			return sb_error_set(err, SB_EREFUSED,
					    "%s/%s is not a regular file: remove it while nobody "
					    "uses the bank",
					    store->options.folder, name);
		if (st.st_size >= size && st.st_blocks * 512 >= size)
			return SB_OK;
	}
	fd = lock_open(store->folder, name);
	/* LMDB finds the same, and says it, or does without. */
	if (fd < 0)
		return errno == ELOOP ? cannot_in(store, "open", name, err) : SB_OK;
	if (fallocate(fd, 0, 0, size) != 0 && (errno == ENOSPC || errno == EDQUOT))
		rc = store_error(err, errno, "open the books");
	(void)close(fd);
	return rc;
}

/* Opens the environment under open.lock; see the top of store.h. */
static int open_env(struct store *store, struct sb_error *err)
{
	unsigned flags = store->mode == STORE_READ ? MDB_RDONLY : 0;
	const char *file;
	char path[4096];
	int lock = -1;
	int rc = check_library(err), dead;

	if (rc)
		return rc;
	if ((size_t)snprintf(path, sizeof(path), "%s/%s", store->options.folder,
			     store->building ? BUILDING : BOOKS) >= sizeof(path))
		return sb_error_set(err, SB_EINVAL, "the name of the bank's folder is too long");
	rc = take_lock(store, "open.lock", true, "the bank", &lock, err);
	if (rc)
		return rc;
	rc = make_room_for_locks(store, err);
	if (rc)
		goto fail;
	rc = mdb_env_create(&store->env);
	if (rc) {
		store->env = NULL;
		rc = store_error(err, rc, "set up LMDB");
		goto fail;
	}
	(void)mdb_env_set_assert(store->env, on_assert);
	watch_steps();
	(void)mdb_env_set_maxdbs(store->env, STORE_TABLE_COUNT);
	(void)mdb_env_set_maxreaders(store->env, MAX_READERS);
	/* An existing store says its size itself: a smaller one of ours would shrink the map. */
	if (store->building)
		(void)mdb_env_set_mapsize(store->env, store->options.map_size
							      ? store->options.map_size
							      : DEFAULT_MAP_SIZE);
	rc = mdb_env_open(store->env, path, flags, 0640);
	if (rc) {
		file = rc == EACCES ? forbidden(store) : NULL;
		rc = file ? cannot_in(store, "open", file, err)
			  : store_error(err, rc, "open the books");
		mdb_env_close(store->env);
		store->env = NULL;
		goto fail;
	}
	/* A reader that was killed would keep old pages from being used again. Under the lock:
	 * whoever is stopped in there has a mutex that all others need. */
	if (store->mode == STORE_WRITE)
		(void)mdb_reader_check(store->env, &dead);
	lock_drop(lock);
	rc = store->building ? SB_OK : check_size(store, err);
	return rc ? rc : open_tables(store, err);
fail:
	lock_drop(lock);
	return rc;
}

static void close_env(struct store *store)
{
	int lock = -1;

	if (!store->env)
		return;
	/* Past the deadline it is closed all the same: the process is about to end anyway. */
	(void)take_lock(store, "open.lock", true, "the bank", &lock, NULL);
	mdb_env_close(store->env);
	store->env = NULL;
	lock_drop(lock);
}

static struct store *store_new(const struct store_options *options, enum store_mode mode)
{
	struct store *store = calloc(1, sizeof(*store));

	if (store) {
		store->options = *options;
		store->mode = mode;
		store->folder = store->use_lock = store->build_lock = -1;
	}
	return store;
}

int store_open(const struct store_options *options, enum store_mode mode, struct store **ret,
	       struct sb_error *err)
{
	struct store *store = store_new(options, mode);
	int rc;

	if (!store)
		return sb_error_nomem(err);
	rc = open_folder(options, &store->folder, err);
	if (!rc)
		rc = check_data_file(store, err);
	if (!rc)
		rc = take_lock(store, "use.lock", false, "the bank", &store->use_lock, err);
	if (!rc)
		rc = open_env(store, err);
	if (rc)
		store_close(store);
	else
		*ret = store;
	return rc;
}

static void remove_built(int folder)
{
	(void)unlinkat(folder, BUILDING "/data.mdb", 0);
	(void)unlinkat(folder, BUILDING "/lock.mdb", 0);
	(void)unlinkat(folder, BUILDING, AT_REMOVEDIR);
}

static void remove_built_in(const char *path)
{
	int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (folder < 0)
		return;
	remove_built(folder);
	close(folder);
}

int store_build(const struct store_options *options, struct store **ret, struct sb_error *err)
{
	struct store *store = store_new(options, STORE_WRITE);
	struct stat st;
	int rc;

	if (!store)
		return sb_error_nomem(err);
	store->building = true;
	/* The umask may have taken more than it should. */
	if (mkdir(options->folder, 0750) == 0 ? chmod(options->folder, 0750) != 0
					      : errno != EEXIST) {
		rc = sb_error_path(err, "make the bank's folder", options->folder);
		goto fail;
	}
	rc = open_folder(options, &store->folder, err);
	if (rc)
		goto fail;
	rc = take_lock(store, "build.lock", true, "the new books", &store->build_lock, err);
	if (rc)
		goto fail;
	leftover_add(&store->leftover, store->options.folder, remove_built_in);
	remove_built(store->folder);
	if (mkdirat(store->folder, BUILDING, 0750) != 0) {
		rc = sb_error_path(err, "make books.new in", options->folder);
		goto fail;
	}
	/* The umask may have taken more than it should; root makes it for the folder's owner. */
	if (fstat(store->folder, &st) != 0 || fchmodat(store->folder, BUILDING, 0750, 0) != 0 ||
	    (geteuid() == 0 &&
	     fchownat(store->folder, BUILDING, st.st_uid, st.st_gid, AT_SYMLINK_NOFOLLOW) != 0)) {
		rc = sb_error_path(err, "set up books.new in", options->folder);
		goto fail;
	}
	rc = open_env(store, err);
	if (rc)
		goto fail;
	*ret = store;
	return SB_OK;
fail:
	store_close(store);
	return rc;
}

static int sync_at(int folder, const char *path)
{
	int fd = openat(folder, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	int rc;

	if (fd < 0)
		return -1;
	rc = fsync(fd);
	close(fd);
	return rc;
}

/* Modes and owners of the built files, then everything to the disk: LMDB does not sync folders. */
static int settle_built(struct store *store, struct sb_error *err)
{
	static const char *const files[] = {BUILDING "/data.mdb", BUILDING "/lock.mdb"};
	struct stat st;

	if (fstat(store->folder, &st) != 0)
		return sb_error_path(err, "look at", store->options.folder);
	for (size_t i = 0; i < 2; i++) {
		if (fchmodat(store->folder, files[i], 0640, 0) != 0 ||
		    (geteuid() == 0 && fchownat(store->folder, files[i], st.st_uid, st.st_gid,
						AT_SYMLINK_NOFOLLOW) != 0))
			return sb_error_path(err, "set up", files[i]);
	}
	if (sync_at(store->folder, files[0]) != 0 || sync_at(store->folder, BUILDING) != 0)
		return sb_error_path(err, "write to the disk in", store->options.folder);
	return SB_OK;
}

int store_enter(struct store *store, struct sb_error *err)
{
	int rc;

	close_env(store);
	rc = settle_built(store, err);
	return rc ? rc : take_lock(store, "use.lock", true, "the bank", &store->use_lock, err);
}

int store_open_old(struct store *store, struct store **ret, struct sb_error *err)
{
	struct store *old = store_new(&store->options, STORE_READ);
	int rc;

	if (!old)
		return sb_error_nomem(err);
	/* use.lock is ours already. */
	rc = open_folder(&old->options, &old->folder, err);
	if (!rc)
		rc = check_data_file(old, err);
	if (!rc)
		rc = open_env(old, err);
	if (rc)
		store_close(old);
	else
		*ret = old;
	return rc;
}

/* Signals that would end or stop the process wait until sigprocmask() gets [ret_before] back. */
static void hold_signals(sigset_t *ret_before)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};
	sigset_t held;

	sigemptyset(&held);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaddset(&held, signals[i]);
	(void)sigprocmask(SIG_BLOCK, &held, ret_before);
}

/* [what] failed. A disk that fails may have done it all the same. */
static int rename_error(const struct store *store, const char *what, struct sb_error *err)
{
	if (errno != EIO)
		return sb_error_path(err, what, store->options.folder);
	return sb_error_set(err, SB_EUNKNOWN,
			    "cannot %s %s: the disk failed, and whether it was done is not known: "
			    "look at `subank journal`, or run it again",
			    what, store->options.folder);
}

int store_install(struct store *store, const char *aside, struct sb_error *err)
{
	/* Opened before anything is changed. A folder above that we may not read was not made by
	 * us. */
	int above = openat(store->folder, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool replaced = false;
	sigset_t before;
	int rc = SB_OK;

	hold_signals(&before);
	if (above < 0 && errno != EACCES) {
		rc = sb_error_path(err, "open the folder above", store->options.folder);
		goto out;
	}
	if (aside && renameat2(store->folder, BOOKS, store->folder, aside, RENAME_NOREPLACE) != 0 &&
	    errno != ENOENT) {
		rc = rename_error(store, "move the old books aside in", err);
		goto out;
	}
	if (renameat2(store->folder, BUILDING, store->folder, BOOKS, RENAME_NOREPLACE) != 0) {
		if (errno != EEXIST || renameat2(store->folder, BUILDING, store->folder, BOOKS,
						 RENAME_EXCHANGE) != 0) {
			rc = rename_error(store, "put the new books in place in", err);
			goto out;
		}
		replaced = true;
	}
	store->building = false;
	if (fsync(store->folder) != 0 || (above >= 0 && fsync(above) != 0)) {
		rc = sb_error_set(err, SB_EUNKNOWN,
				  "the new books are in place in %s, but the disk failed to keep "
				  "that: %s",
				  store->options.folder, sb_errno(errno));
		goto out;
	}
	store->building = replaced; /* what stands there now are the old books */
out:
	if (above >= 0)
		(void)close(above);
	store_close(store);
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	return rc;
}

/* The locks of a copy, and with [data] the data as well. */
static void remove_from_copy(int folder, bool data)
{
	static const char *const locks[] = {"open.lock", "use.lock", "write.lock", "build.lock",
					    BOOKS "/lock.mdb"};

	for (size_t i = 0; i < sizeof(locks) / sizeof(locks[0]); i++)
		(void)unlinkat(folder, locks[i], 0);
	if (!data)
		return;
	remove_built(folder);
	(void)unlinkat(folder, BOOKS "/data.mdb", 0);
	(void)unlinkat(folder, BOOKS, AT_REMOVEDIR);
}

void store_copy_remove(const char *folder)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0)
		return;
	remove_from_copy(fd, true);
	close(fd);
	(void)rmdir(folder);
}

/* Mode and owner, whatever the umask took and whoever runs it. */
static int set_up_copied(const struct store *store, int folder, const char *path, mode_t mode)
{
	struct stat st;

	if (fstat(store->folder, &st) != 0 || fchmodat(folder, path, mode, 0) != 0)
		return -1;
	return geteuid() == 0 ? fchownat(folder, path, st.st_uid, st.st_gid, AT_SYMLINK_NOFOLLOW)
			      : 0;
}

int store_copy(struct store *store, const char *folder, struct leftover *leftover,
	       struct sb_error *err)
{
	int fd = -1, data = -1, rc;

	if (leftover_mkdir(leftover, folder, 0750, store_copy_remove) != 0) {
		if (errno == EEXIST)
			return sb_error_set(err, SB_EREFUSED,
					    "%s is there: another backup is made now, or was cut "
					    "off; then remove it",
					    folder);
		return sb_error_path(err, "make", folder);
	}
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 || mkdirat(fd, BOOKS, 0750) != 0)
		goto failed;
	data = openat(fd, BOOKS "/data.mdb", O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (data < 0)
		goto failed;
	/* Compacting needs no mutex of the writers, and leaves the free pages out. */
	rc = mdb_env_copyfd2(store->env, data, MDB_CP_COMPACT);
	if (rc) {
		store_error(err, rc, "copy the books");
		goto out;
	}
	if (fsync(data) != 0 || set_up_copied(store, fd, BOOKS "/data.mdb", 0640) != 0 ||
	    set_up_copied(store, fd, BOOKS, 0750) != 0 ||
	    set_up_copied(store, fd, ".", 0750) != 0 || sync_at(fd, BOOKS) != 0 ||
	    sync_at(fd, ".") != 0)
		goto failed;
	close(data);
	close(fd);
	return SB_OK;
failed:
	sb_error_path(err, "copy the books to", folder);
out:
	if (data >= 0)
		close(data);
	if (fd >= 0)
		close(fd);
	store_copy_remove(folder);
	return err ? (int)err->code : SB_ESYSTEM;
}

int store_copy_install(const char *folder, const char *name, struct sb_error *err)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	int rc = SB_OK;

	if (fd < 0)
		return sb_error_path(err, "open", folder);
	remove_from_copy(fd, false);
	if (sync_at(fd, BOOKS "/data.mdb") != 0 || sync_at(fd, BOOKS) != 0 || sync_at(fd, ".") != 0)
		rc = sb_error_path(err, "write to the disk", folder);
	else if (renameat2(AT_FDCWD, folder, AT_FDCWD, name, RENAME_NOREPLACE) != 0)
		rc = errno == EEXIST
			     ? sb_error_set(err, SB_EREFUSED,
					    "%s is there already: it is left as it is", name)
			     : sb_error_path(err, "make", name);
	else if (sync_at(fd, "..") != 0)
		rc = sb_error_path(err, "write to the disk the folder of", name);
	close(fd);
	return rc;
}

void store_close(struct store *store)
{
	if (!store)
		return;
	close_env(store);
	if (store->building && store->build_lock >= 0)
		remove_built(store->folder);
	leftover_done(&store->leftover);
	lock_drop(store->use_lock);
	lock_drop(store->build_lock);
	if (store->folder >= 0)
		close(store->folder);
	free(store);
}

int store_folder(const struct store *store)
{
	return store->folder;
}

static int reopen(struct store *store, struct sb_error *err)
{
	close_env(store);
	return open_env(store, err);
}

/* Whether the snapshot is of the transaction that it says, or of one before it. */
static int check_newest(struct store *store, MDB_txn *txn, uint64_t newest, struct sb_error *err)
{
	MDB_val key = to_val(newest_key), val;
	struct slice value;
	int rc = WATCHED(STEP_TICKS, mdb_get(txn, store->dbis[STORE_META], &key, &val));

	/* Not before the first write. */
	if (rc == MDB_NOTFOUND)
		return SB_OK;
	if (rc)
		return store_error(err, rc, "begin a transaction");
	value = to_slice(val);
	rc = check_sum(STORE_META, newest_key, &value, err);
	if (rc || (value.len == 8 && u64_load(value.data) >= newest))
		return rc;
	return sb_error_set(
		err, SB_ECORRUPT,
		"the data file is damaged: it leads to an older state of the books than "
		"the newest; restore an export or a backup");
}

static int set_newest(struct store_txn *txn, struct sb_error *err)
{
	unsigned char number[8];

	u64_store(number, mdb_txn_id(txn->mdb));
	return store_set(txn, STORE_META, newest_key, (struct slice){number, sizeof(number)}, err);
}

/* Begins a transaction on the newest snapshot, or says that it is another: *ret stays NULL and the
 * caller tries again. */
static int begin(struct store *store, bool write, MDB_txn **ret, struct sb_error *err)
{
	MDB_envinfo info;
	MDB_txn *txn;
	int dead;
	int rc = mdb_env_info(store->env, &info);

	if (!rc)
		rc = mdb_txn_begin(store->env, NULL, write ? 0 : MDB_RDONLY, &txn);
	switch (rc) {
	case 0:
		break;
	case MDB_MAP_RESIZED:
		/* Another process made it larger: take its size. */
		rc = mdb_env_set_mapsize(store->env, 0);
		if (!rc)
			return SB_OK;
		close_env(store); /* as in grow() */
		return store_error(err, rc, "adopt the larger map");
	case MDB_READERS_FULL:
		rc = mdb_reader_check(store->env, &dead);
		if (!rc && dead > 0)
			return SB_OK;
		return sb_error_set(err, SB_EBUSY, "%d processes are reading the books: try again",
				    MAX_READERS);
	default:
		return store_error(err, rc, "begin a transaction");
	}
	if (write ? mdb_txn_id(txn) != info.me_last_txnid + 1
		  : mdb_txn_id(txn) < info.me_last_txnid) {
		mdb_txn_abort(txn);
		return reopen(store, err);
	}
	rc = check_newest(store, txn, mdb_txn_id(txn) - (write ? 1 : 0), err);
	if (rc)
		mdb_txn_abort(txn);
	else
		*ret = txn;
	return rc;
}

static int grow(struct store *store, struct sb_error *err)
{
	MDB_envinfo info;
	int rc = mdb_env_info(store->env, &info);

	if (!rc)
		rc = mdb_env_set_mapsize(store->env, info.me_mapsize * 2);
	if (!rc)
		return SB_OK;
	/* LMDB has no map now and would crash. */
	close_env(store);
	return store_error(err, rc, "make the map of the books larger");
}

/* LMDB begins nothing any more once the write of a root has failed. */
static bool root_was_tried(struct store *store)
{
	MDB_txn *txn;

	if (mdb_txn_begin(store->env, NULL, MDB_RDONLY, &txn) != 0)
		return true;
	mdb_txn_abort(txn);
	return false;
}

static int commit(struct store *store, MDB_txn *txn, struct sb_error *err)
{
	int rc;

	commit_begun = 1;
	rc = WATCHED(COMMIT_TICKS, mdb_txn_commit(txn));
	switch (rc) {
	case 0:
		return SB_OK;
	case MDB_MAP_FULL:
	case ENOMEM:
		return store_error(err, rc, "commit");
	case ENOSPC:
	case EDQUOT:
		/* Where a page that is written again needs room, the disk may be full at the root,
		 * too: that is what makes the commit count. */
		if (!root_was_tried(store))
			return store_error(err, rc, "commit");
		/* fall through */
	default:
		return sb_error_set(err, SB_EUNKNOWN,
				    "the disk failed while committing (%s): whether it was done is "
				    "not known; look at `subank journal`, or run it again with the "
				    "same --ref",
				    mdb_strerror(rc));
	}
}

static int attempt_write(struct store *store, store_fn *fn, void *ctx, struct sb_error *err)
{
	for (int attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
		struct store_txn txn = {.store = store};
		int rc = begin(store, true, &txn.mdb, err);

		if (rc)
			return rc;
		if (!txn.mdb)
			continue;
		rc = fn(&txn, ctx, err);
		if (rc == SB_OK)
			rc = set_newest(&txn, err);
		if (rc == SB_OK)
			rc = commit(store, txn.mdb, err);
		else
			mdb_txn_abort(txn.mdb);
		if (rc == SB_EFULL)
			rc = grow(store, err);
		else
			return rc == STORE_ABORT ? SB_OK : rc;
		if (rc)
			return rc;
	}
	return sb_error_set(err, SB_EBUSY,
			    "the books changed under every attempt to write: try again, and run "
			    "`subank verify` if that does not help");
}

int store_write(struct store *store, store_fn *fn, void *ctx, struct sb_error *err)
{
	sigset_t before;
	int lock = -1;
	int rc;

	assert(store->mode == STORE_WRITE);
	if (!store->building) {
		rc = take_lock(store, "write.lock", true, "the books", &lock, err);
		if (rc)
			return rc;
	}
	hold_signals(&before);
	rc = attempt_write(store, fn, ctx, err);
	lock_drop(lock);
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	return rc;
}

/* The data file shows a commit before LMDB counts it: until the disk has flushed it, every snapshot
 * looks old. 64 attempts come to more than a second. */
static void pause_after(int attempt)
{
	struct timespec pause = {.tv_nsec = (attempt < 25 ? attempt : 25) * 1000000L};

	(void)nanosleep(&pause, NULL);
}

/* A writer who was killed between the page that makes his commit count and the number that all
 * share leaves every snapshot old for as long as anybody has the books open. LMDB puts that right
 * at the next write, so one is begun. */
static int put_number_right(struct store *store, struct sb_error *err)
{
	MDB_txn *txn;
	int rc;

	close_env(store);
	store->mode = STORE_WRITE;
	rc = open_env(store, err);
	store->mode = STORE_READ;
	if (rc)
		return rc;
	rc = mdb_txn_begin(store->env, NULL, 0, &txn);
	if (rc)
		return store_error(err, rc, "begin a transaction");
	mdb_txn_abort(txn);
	return SB_OK;
}

/* A writer stands in the middle of his commit, on a slow disk or stopped: he is waited for, or said
 * who he is. */
static int begin_after_the_writer(struct store *store, MDB_txn **ret, struct sb_error *err)
{
	int lock = -1;
	int rc = take_lock(store, "write.lock", true, "the books", &lock, err);

	if (rc)
		return rc;
	rc = begin(store, false, ret, err);
	if (!rc && !*ret && store->mode == STORE_READ)
		rc = put_number_right(store, err);
	if (!rc && !*ret)
		rc = begin(store, false, ret, err);
	lock_drop(lock);
	if (!rc && !*ret)
		rc = sb_error_set(err, SB_EBUSY,
				  "the books changed under every attempt to read: try again");
	return rc;
}

int store_read(struct store *store, store_fn *fn, void *ctx, struct sb_error *err)
{
	struct store_txn txn = {.store = store};
	int rc = begin(store, false, &txn.mdb, err);

	for (int attempt = 1; !rc && !txn.mdb && attempt < MAX_ATTEMPTS; attempt++) {
		pause_after(attempt);
		rc = begin(store, false, &txn.mdb, err);
	}
	if (!rc && !txn.mdb)
		rc = begin_after_the_writer(store, &txn.mdb, err);
	if (rc)
		return rc;
	rc = fn(&txn, ctx, err);
	mdb_txn_abort(txn.mdb);
	return rc == STORE_ABORT ? SB_OK : rc;
}

int store_get(struct store_txn *txn, enum store_table table, struct slice key, struct slice *ret,
	      struct sb_error *err)
{
	MDB_val k = to_val(key), v;
	struct slice value;
	int rc = WATCHED(STEP_TICKS, mdb_get(txn->mdb, txn->store->dbis[table], &k, &v));

	if (rc)
		return store_error(err, rc, "read the books");
	value = to_slice(v);
	rc = check_sum(table, key, &value, err);
	if (!rc)
		*ret = value;
	return rc;
}

static int put(struct store_txn *txn, enum store_table table, struct slice key, struct slice value,
	       unsigned flags, struct sb_error *err)
{
	bool summed = tables[table].summed;
	MDB_val k = to_val(key), v = to_val(value);
	MDB_cursor **cursor = &txn->putting[table];
	int rc = *cursor ? 0 : mdb_cursor_open(txn->mdb, txn->store->dbis[table], cursor);

	if (summed) {
		v.mv_size += SUM_SIZE;
		flags |= MDB_RESERVE;
	}
	if (!rc)
		rc = WATCHED(STEP_TICKS, mdb_cursor_put(*cursor, &k, &v, flags));
	if (rc == MDB_KEYEXIST)
		return sb_error_set(err, SB_ECORRUPT,
				    "table '%s' already has what was to be added: nothing was "
				    "changed; run `subank verify`",
				    tables[table].name);
	if (rc)
		return store_error(err, rc, "write the books");
	if (summed) {
		if (value.len > 0)
			memcpy(v.mv_data, value.data, value.len);
		sum_of(key, value, (unsigned char *)v.mv_data + value.len);
	}
	return SB_OK;
}

int store_add(struct store_txn *txn, enum store_table table, struct slice key, struct slice value,
	      struct sb_error *err)
{
	return put(txn, table, key, value,
		   MDB_NOOVERWRITE | (table == STORE_JOURNAL ? MDB_APPEND : 0), err);
}

int store_set(struct store_txn *txn, enum store_table table, struct slice key, struct slice value,
	      struct sb_error *err)
{
	assert(tables[table].cache);
	return put(txn, table, key, value, 0, err);
}

int store_clear(struct store_txn *txn, enum store_table table, struct sb_error *err)
{
	int rc;

	assert(tables[table].cache);
	rc = WATCHED(COMMIT_TICKS, mdb_drop(txn->mdb, txn->store->dbis[table], 0));
	return rc ? store_error(err, rc, "empty a table of the books") : SB_OK;
}

int store_count(struct store_txn *txn, enum store_table table, uint64_t *ret, struct sb_error *err)
{
	MDB_stat stat;
	int rc = mdb_stat(txn->mdb, txn->store->dbis[table], &stat);

	if (rc)
		return store_error(err, rc, "count a table of the books");
	*ret = stat.ms_entries;
	return SB_OK;
}

/* Puts the cursor where a walk begins. */
static int seek(MDB_cursor *cursor, struct slice from, bool backward, MDB_val *key, MDB_val *value)
{
	int rc;

	if (from.len == 0)
		return store_step(cursor, key, value, backward ? MDB_LAST : MDB_FIRST);
	*key = to_val(from);
	rc = store_step(cursor, key, value, MDB_SET_RANGE);
	if (!backward || rc == 0) {
		bool exact = rc == 0 && key->mv_size == from.len &&
			     memcmp(key->mv_data, from.data, from.len) == 0;

		return backward && !exact ? store_step(cursor, key, value, MDB_PREV) : rc;
	}
	return rc == MDB_NOTFOUND ? store_step(cursor, key, value, MDB_LAST) : rc;
}

int store_walk(struct store_txn *txn, enum store_table table, struct slice from, bool backward,
	       store_each *each, void *ctx, struct sb_error *err)
{
	MDB_val key = {0}, value = {0};
	MDB_cursor *cursor;
	int result = SB_OK;
	int rc = mdb_cursor_open(txn->mdb, txn->store->dbis[table], &cursor);

	if (rc)
		return store_error(err, rc, "read the books");
	rc = seek(cursor, from, backward, &key, &value);
	while (rc == 0) {
		struct slice bare = to_slice(value);

		result = check_sum(table, to_slice(key), &bare, err);
		if (!result)
			result = each(to_slice(key), bare, ctx, err);
		if (result)
			break;
		rc = store_step(cursor, &key, &value, backward ? MDB_PREV : MDB_NEXT);
	}
	mdb_cursor_close(cursor);
	if (result)
		return result == STORE_ABORT ? SB_OK : result;
	return rc == MDB_NOTFOUND ? SB_OK : store_error(err, rc, "read the books");
}
