/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Open storm: processes open the books for each entry while other processes fail to open them (no
 * room for the map, no descriptors) or are killed at some call inside mdb_env_open(). None may work
 * on a wrong snapshot, and no acknowledged entry may be lost.
 *
 * Two controls show that LMDB alone would lose entries: without our lock around opening, the
 * comparison of transaction numbers finds something; without that too, entries are lost.
 *
 * The long form opens at least 60,000 times. Started by run.bash. */
#include <dlfcn.h>
#include <fcntl.h>
#include <inttypes.h>
#include <lmdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ledger/base/bytes.h"
#include "ledger/store/store.h"
#include "tests/faults/ground.h"

#ifndef SANITIZED
#define SANITIZED 0
#endif

enum {
	WRITERS = 2,
	ENTRIES_MAX = 4 << 20, /* in one storm */
	OPENINGS_LONG = 60000,
	WAIT_MS = 120000, /* for a lock: a slow machine must not fail a storm */
	POINTS = 40, /* calls inside mdb_env_open(), and some more */
	VICTIMS = 3, /* at once */
	DAMAGED_FOR_GOOD = 1000, /* after so many refusals the books will not open again */
	PATIENCE = 600, /* seconds for a control to show its loss */
};

/* The guards that the storm lacks. */
static bool without_lock, without_numbers;

static struct shared {
	_Atomic uint64_t openings, failed, died;
	_Atomic uint64_t wrong; /* snapshots that were refused */
	_Atomic uint64_t damaged; /* openings that were refused */
	_Atomic uint64_t newest; /* the largest acknowledged number */
	_Atomic uint64_t acknowledged, twice, old; /* entries; numbers given twice; old snapshots */
	_Atomic bool over;
	_Atomic uint64_t
		tokens[ENTRIES_MAX]; /* by number: the contents of the acknowledged entry */
} * shared;

/* ---- between the store, LMDB and the C library ---- */

static unsigned opened; /* count of LMDB's opens since it was reset */
static bool opening; /* inside mdb_env_open() */
static uint64_t calls_left; /* until this process dies inside it; 0: it lives */
static uint64_t last_number; /* from mdb_env_info() */
static bool writes;

/* Returns the function of that name that this file replaces. */
static void *next_of(const char *name)
{
	void *function = dlsym(RTLD_NEXT, name);

	if (!function)
		abort();
	return function;
}

/* Declares a variable next that calls it. */
#define NEXT(type, name)                                                                           \
	static __typeof__(type) *next;                                                             \
	if (!next)                                                                                 \
	*(void **)(&next) = next_of(name)

static void at_a_call(void)
{
	if (!opening || calls_left == 0 || --calls_left > 0)
		return;
	/* Gives others time to queue for the lock. */
	usleep((useconds_t)below(300));
	(void)kill(getpid(), SIGKILL);
}

int mdb_env_open(MDB_env *env, const char *path, unsigned flags, mdb_mode_t mode)
{
	NEXT(int(MDB_env *, const char *, unsigned, mdb_mode_t), "mdb_env_open");
	int rc;

	opened++;
	opening = true;
	at_a_call();
	rc = next(env, path, flags, mode);
	opening = false;
	return rc;
}

int mdb_env_info(MDB_env *env, MDB_envinfo *info)
{
	NEXT(int(MDB_env *, MDB_envinfo *), "mdb_env_info");
	int rc = next(env, info);

	last_number = info->me_last_txnid;
	return rc;
}

size_t mdb_txn_id(MDB_txn *txn)
{
	NEXT(size_t(MDB_txn *), "mdb_txn_id");

	return without_numbers ? last_number + (writes ? 1 : 0) : next(txn);
}

int flock(int fd, int operation)
{
	NEXT(int(int, int), "flock");
	char link[64], path[512];
	ssize_t len;

	if (without_lock) {
		(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
		len = readlink(link, path, sizeof(path) - 1);
		path[len > 0 ? len : 0] = '\0';
		if (strstr(path, "/open.lock"))
			return 0;
	}
	return next(fd, operation);
}

int fcntl(int fd, int command, ...)
{
	NEXT(int(int, int, long), "fcntl");
	va_list ap;
	long argument;

	va_start(ap, command);
	argument = va_arg(ap, long);
	va_end(ap);
	at_a_call();
	return next(fd, command, argument);
}

int ftruncate(int fd, off_t len)
{
	NEXT(int(int, off_t), "ftruncate");

	at_a_call();
	return next(fd, len);
}

off_t lseek(int fd, off_t offset, int whence)
{
	NEXT(off_t(int, off_t, int), "lseek");

	at_a_call();
	return next(fd, offset, whence);
}

int madvise(void *address, size_t len, int advice)
{
	NEXT(int(void *, size_t, int), "madvise");

	at_a_call();
	return next(address, len, advice);
}

long sysconf(int name)
{
	NEXT(long(int), "sysconf");

	at_a_call();
	return next(name);
}

int pthread_mutexattr_init(pthread_mutexattr_t *attributes)
{
	NEXT(int(pthread_mutexattr_t *), "pthread_mutexattr_init");

	at_a_call();
	return next(attributes);
}

/* ---- openers ---- */

static struct store_options options_of(void)
{
	return (struct store_options){
		.folder = "bank", .doing = "open storm", .wait_ms = WAIT_MS, .map_size = 64 << 20};
}

static int keep_number(struct slice key, struct slice value, void *ctx, struct sb_error *err)
{
	(void)value;
	(void)err;
	*(uint64_t *)ctx = u64_load(key.data);
	return STORE_ABORT;
}

static int last_entry(struct store_txn *txn, void *ctx, struct sb_error *err)
{
	*(uint64_t *)ctx = 0;
	return store_each(txn, STORE_JOURNAL, (struct slice){0}, true, keep_number, ctx, err);
}

struct entry_to_be {
	uint64_t seq, token;
};

static int append(struct store_txn *txn, void *ctx, struct sb_error *err)
{
	struct entry_to_be *entry = ctx;
	unsigned char key[8];
	int rc = last_entry(txn, &entry->seq, err);

	if (rc)
		return rc;
	u64_store(key, ++entry->seq);
	return store_add(txn, STORE_JOURNAL, (struct slice){key, sizeof(key)},
			 (struct slice){&entry->token, sizeof(entry->token)}, err);
}

static struct store *open_store(enum store_mode mode)
{
	struct store_options options = options_of();
	struct store *store = NULL;
	struct sb_error err;

	opened = 0;
	writes = mode == STORE_WRITE;
	if (store_open(&options, mode, &store, &err)) {
		shared->damaged += err.code == SB_ECORRUPT;
		/* Without the lock LMDB may return any error. */
		if (without_lock)
			return NULL;
		give_up("cannot open: %s", err.text);
	}
	shared->openings++;
	return store;
}

static void write_entries(unsigned number)
{
	for (uint64_t i = 1; !shared->over; i++) {
		struct entry_to_be entry = {.token = (uint64_t)number << 32 | i};
		struct store *store = open_store(STORE_WRITE);
		struct sb_error err;
		uint64_t newest;
		int rc;

		if (!store)
			continue;
		rc = store_write(store, append, &entry, &err);
		shared->wrong += opened - 1;
		store_close(store);
		if (rc && !without_lock)
			give_up("cannot write: %s", err.text);
		if (rc)
			continue;
		if (entry.seq >= ENTRIES_MAX) {
			shared->over = true;
			return;
		}
		if (atomic_exchange(&shared->tokens[entry.seq], entry.token) != 0)
			shared->twice++;
		shared->acknowledged++;
		newest = shared->newest;
		while (newest < entry.seq &&
		       !atomic_compare_exchange_weak(&shared->newest, &newest, entry.seq))
			;
	}
}

static void read_entries(unsigned number)
{
	(void)number;
	while (!shared->over) {
		struct store *store = open_store(STORE_READ);
		uint64_t newest = shared->newest, last;
		struct sb_error err;

		if (!store)
			continue;
		if (store_read(store, last_entry, &last, &err)) {
			if (!without_lock)
				give_up("cannot read: %s", err.text);
		} else if (last < newest) {
			shared->old++;
		}
		store_close(store);
	}
}

/* Opens once, and may fail. */
static void try_to_open(void)
{
	struct store_options options = options_of();
	struct store *store = NULL;
	struct sb_error err;

	opened = 0;
	if (store_open(&options, below(2) ? STORE_WRITE : STORE_READ, &store, &err) == 0)
		store_close(store);
	else if (opened > 0)
		shared->failed++;
	shared->openings++;
	/* Otherwise no other process would get the lock. */
	usleep((useconds_t)below(1000));
}

static void limit(int resource, rlim_t to)
{
	struct rlimit limits;

	if (getrlimit(resource, &limits) != 0)
		_exit(99);
	limits.rlim_cur = to < limits.rlim_max ? to : limits.rlim_max;
	if (setrlimit(resource, &limits) != 0)
		_exit(99);
}

/* Our own files need the first descriptors; with some more, opening fails inside LMDB. */
static void lack_descriptors(unsigned number)
{
	(void)number;
	while (!shared->over) {
		limit(RLIMIT_NOFILE, 4 + below(8));
		try_to_open();
	}
}

static void lack_memory(unsigned number)
{
	long pages = 0;
	FILE *file = fopen("/proc/self/statm", "re");

	(void)number;
	if (!file || fscanf(file, "%ld", &pages) != 1)
		_exit(99);
	(void)fclose(file);
	limit(RLIMIT_AS, (rlim_t)(pages * sysconf(_SC_PAGESIZE)) + (8 << 20));
	while (!shared->over)
		try_to_open();
}

static pid_t start(void (*work)(unsigned), unsigned number)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		chance_seed(chance() + number);
		work(number);
		_exit(0);
	}
	if (pid < 0)
		exit(99);
	return pid;
}

/* Starts processes that are killed at some call inside mdb_env_open(). */
static void let_die(unsigned number)
{
	calls_left = 1 + number % POINTS;
	try_to_open();
}

/* ---- a storm ---- */

static int fill_nothing(struct store *store, struct sb_error *err)
{
	int rc = store_take_over(store, err);

	return rc ? rc : store_install(store, NULL, err);
}

struct counted {
	uint64_t last, lost, foreign;
};

static int count_entry(struct slice key, struct slice value, void *ctx, struct sb_error *err)
{
	struct counted *counted = ctx;
	uint64_t seq = u64_load(key.data), token;

	(void)err;
	memcpy(&token, value.data, sizeof(token));
	counted->last++;
	if (seq != counted->last || seq >= ENTRIES_MAX)
		counted->foreign++;
	else if (shared->tokens[seq] != token)
		counted->foreign++;
	return SB_OK;
}

static int count_entries(struct store_txn *txn, void *ctx, struct sb_error *err)
{
	return store_each(txn, STORE_JOURNAL, (struct slice){0}, false, count_entry, ctx, err);
}

static void check_books(struct counted *counted)
{
	struct store *store = open_store(STORE_READ);
	struct sb_error err;

	*counted = (struct counted){0};
	if (!store || store_read(store, count_entries, counted, &err)) {
		if (!without_lock)
			give_up("cannot read at the end: %s", err.text);
		counted->lost++;
	}
	store_close(store);
	/* No writer was killed, so exactly the acknowledged entries exist. */
	for (uint64_t seq = counted->last + 1; seq < ENTRIES_MAX && shared->tokens[seq]; seq++)
		counted->lost++;
}

/* Runs for its time and its number of openings, and until some processes have failed and died, or a
 * control has shown its loss, which takes long on a busy machine. */
static bool goes_on(double end, uint64_t openings)
{
	bool shown = shared->failed > 0 && shared->died > 0;

	if (without_numbers)
		shown = shared->twice > 0 || shared->damaged > DAMAGED_FOR_GOOD;
	else if (without_lock)
		shown = shared->wrong > 0;
	return !shared->over && (elapsed() < end || shared->openings < openings ||
				 (!shown && elapsed() < end + PATIENCE));
}

static void storm(double seconds, uint64_t openings)
{
	struct store_options options = options_of();
	pid_t pids[WRITERS + 3], victims[VICTIMS] = {0};
	double end = elapsed() + seconds;
	struct store *store;
	struct sb_error err;
	size_t count = 0;
	int status;

	memset(shared, 0, sizeof(*shared));
	if (store_build(&options, &store, &err) || fill_nothing(store, &err))
		give_up("cannot make the books: %s", err.text);
	for (unsigned i = 0; i < WRITERS; i++)
		pids[count++] = start(write_entries, i + 1);
	pids[count++] = start(read_entries, 0);
	pids[count++] = start(lack_descriptors, 0);
	/* Sanitizers map far more than they use. */
	if (!SANITIZED)
		pids[count++] = start(lack_memory, 0);
	for (size_t i = 0; goes_on(end, openings); i = (i + 1) % VICTIMS) {
		if (victims[i] > 0 && waitpid(victims[i], &status, 0) == victims[i] &&
		    WIFSIGNALED(status))
			shared->died++;
		victims[i] = start(let_die, (unsigned)below(1 << 20));
	}
	for (size_t i = 0; i < VICTIMS; i++)
		(void)waitpid(victims[i], &status, 0);
	shared->over = true;
	for (size_t i = 0; i < count; i++) {
		if (waitpid(pids[i], &status, 0) != pids[i] || status != 0) {
			/* Without a guard LMDB may also crash. */
			if (!without_lock) {
				printf("a process ended with status %x\n", status);
				exit(1);
			}
		}
	}
}

int main(void)
{
	double seconds = seconds_given();
	struct counted counted;
	uint64_t violations;
	bool good;

	chance_seed(strtoull(ground_env("FAULT_SEED"), NULL, 10));
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	if (shared == MAP_FAILED)
		return 99;

	storm(seconds * 0.7, long_form() ? OPENINGS_LONG : 0);
	check_books(&counted);
	violations = counted.lost + counted.foreign + shared->twice + shared->old + shared->wrong;
	if (shared->failed == 0 || shared->died == 0 || shared->acknowledged != counted.last)
		violations++;
	printf("%" PRIu64 " failed to open, %" PRIu64 " died opening, %" PRIu64
	       " entries acknowledged; %" PRIu64 " there, %" PRIu64 " lost, %" PRIu64
	       " foreign, %" PRIu64 " numbers given twice, %" PRIu64 " old and %" PRIu64
	       " wrong snapshots\n",
	       shared->failed, shared->died, shared->acknowledged, counted.last, counted.lost,
	       counted.foreign, shared->twice, shared->old, shared->wrong);
	good = row("open storm: fail or die, beside writers", shared->openings, violations);
	good &= long_enough("open storm", shared->openings, OPENINGS_LONG);

	without_lock = true;
	folder_remove("bank");
	storm(seconds * 0.15, 0);
	printf("without open.lock: %" PRIu64 " wrong snapshots refused\n", shared->wrong);
	good &= row("open storm: control without open.lock", shared->openings, shared->wrong == 0);

	without_numbers = true;
	folder_remove("bank");
	storm(seconds * 0.15, 0);
	check_books(&counted);
	violations = counted.lost + counted.foreign + shared->twice;
	printf("without the numbers either: %" PRIu64 " lost or overwritten\n", violations);
	good &= row("open storm: control without any guard", shared->openings, violations == 0);
	return good ? 0 : 1;
}
