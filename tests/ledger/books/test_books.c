/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The books on the disk: transactions, locks, and what other processes do at the same time. A test
 * forks only while it has no bank open. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "ledger/base/lock.h"
#include "tests/util.h"

static int64_t now_ms(void)
{
	struct timespec ts;

	ck_assert_int_eq(clock_gettime(CLOCK_MONOTONIC, &ts), 0);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void sleep_us(int64_t us)
{
	struct timespec ts = {.tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000};

	(void)nanosleep(&ts, NULL);
}

/* Runs [fn] in a child that never returns to Check. What it writes to [fd] comes out of *ret_fd. */
static pid_t start(void (*fn)(int fd, int number), int number, int *ret_fd)
{
	int fds[2];
	pid_t pid;

	ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
	(void)fflush(stdout);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		(void)close(fds[0]);
		fn(fds[1], number);
		_exit(0);
	}
	(void)close(fds[1]);
	*ret_fd = fds[0];
	return pid;
}

static int finish(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		ck_assert_int_eq(errno, EINTR);
	return status;
}

static void await(int fd)
{
	char byte;

	ck_assert_int_eq(read(fd, &byte, 1), 1);
}

/* Asserts in a child, where Check's assertions do not work. */
static void must(int rc)
{
	if (rc) {
		dprintf(STDERR_FILENO, "child %d: %d %s\n", (int)getpid(), rc, error.text);
		_exit(1);
	}
}

static struct bank *open_in_child(const struct store_options *options)
{
	static const struct author author = {.login = LOGIN_NONE, .user = "u", .host = "h"};
	struct bank *bank = NULL;

	must(bank_open(options, STORE_WRITE, &author, &bank, &error));
	return bank;
}

/* Deposits 1 for alice; 0 on failure. */
struct appended {
	uint64_t seq;
};

static int append_deposit(struct books *books, void *ctx, struct sb_error *err)
{
	struct event event = {.kind = EVENT_DEPOSIT,
			      .account = "alice",
			      .resource = RESOURCE_BILLING,
			      .amount = 1,
			      .start = books_time(books),
			      .end = WHEN_NEVER};
	int rc = books_append(books, &event, err);

	((struct appended *)ctx)->seq = event.seq;
	return rc;
}

/* A smaller entry: states with many lots would make a long test of a short one. */
static int append_hold(struct books *books, void *ctx, struct sb_error *err)
{
	struct event event = {.kind = EVENT_HOLD, .account = "alice", .cause = CAUSE_HAND};
	int rc = books_append(books, &event, err);

	((struct appended *)ctx)->seq = event.seq;
	return rc;
}

static void create_with_alice(void)
{
	struct bank *bank = util_bank();

	util_open_account(bank, T0, "alice");
	bank_close(bank);
}

static void ck_verified(struct bank *bank)
{
	int problems = util_verify(bank);

	ck_assert_msg(problems == 0, "%d problems: %s", problems, util_problem);
}

/* ---- opening ---- */

static int open_it(enum store_mode mode)
{
	struct store_options options = util_options();
	struct bank *bank = NULL;
	int rc;

	error = (struct sb_error){0};
	rc = bank_open(&options, mode, NULL, &bank, &error);
	if (rc == SB_OK)
		bank_close(bank);
	else
		ck_assert_ptr_null(bank);
	return rc;
}

static const char *in_bank(const char *name)
{
	static char path[256];

	(void)snprintf(path, sizeof(path), "%s/%s", bank_folder, name);
	return path;
}

START_TEST(a_missing_bank_is_reported_with_its_folder)
{
	FAILS(SB_ENOTFOUND, "no bank", open_it(STORE_READ));
	FAILS(SB_ENOTFOUND, bank_folder, open_it(STORE_WRITE));
	ck_assert_int_ne(access(bank_folder, F_OK), 0);
	ck_assert_int_eq(mkdir(bank_folder, 0750), 0);
	FAILS(SB_ENOTFOUND, "subank init", open_it(STORE_READ));
	util_create();
	ck_assert_int_eq(unlink(in_bank("books/data.mdb")), 0);
	FAILS(SB_ENOTFOUND, "no bank", open_it(STORE_WRITE));
	ck_assert_int_ne(access(in_bank("books/data.mdb"), F_OK), 0);
	/* A file in the place of a folder. */
	util_write_file(in_bank("x"), "", 0);
	(void)snprintf(bank_folder + strlen(bank_folder), 3, "/x");
	FAILS(SB_ESYSTEM, "folder", open_it(STORE_READ));
}
END_TEST

START_TEST(a_folder_that_everybody_can_write_is_refused)
{
	static const mode_t bad[] = {0777, 0752, 01777};

	util_create();
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct store_options options = util_options();

		ck_assert_int_eq(chmod(bank_folder, bad[i]), 0);
		FAILS(SB_EREFUSED, "everybody can write", open_it(STORE_READ));
		FAILS(SB_EREFUSED, "everybody can write", bank_create(&options, "m", &error));
	}
	ck_assert_int_eq(chmod(bank_folder, 0770), 0);
	OK(open_it(STORE_WRITE));
}
END_TEST

START_TEST(a_data_file_that_is_none_is_refused)
{
	static const size_t lengths[] = {0, 1, 4095, 4096, 8191, 8192, 8193, 20000};
	const char *path = in_bank("books/data.mdb");
	unsigned char rubbish[20000];
	char copy[256];

	(void)snprintf(copy, sizeof(copy), "%s", path);
	util_create();
	memset(rubbish, 0xa5, sizeof(rubbish));
	for (size_t i = 0; i < COUNT(lengths); i++) {
		util_write_file(copy, rubbish, lengths[i]);
		FAILS(SB_ECORRUPT, "data.mdb", open_it(STORE_READ));
		FAILS(SB_ECORRUPT, "data.mdb", open_it(STORE_WRITE));
		FAILS(SB_ECORRUPT, "restore", open_it(STORE_WRITE));
	}
	ck_assert_int_eq(unlink(copy), 0);
	ck_assert_int_eq(symlink("/etc/passwd", copy), 0);
	FAILS(SB_EREFUSED, "not a regular file", open_it(STORE_READ));
	ck_assert_int_eq(unlink(copy), 0);
	ck_assert_int_eq(mkdir(copy, 0750), 0);
	FAILS(SB_EREFUSED, "not a regular file", open_it(STORE_READ));
	ck_assert_int_eq(rmdir(copy), 0);
	ck_assert_int_eq(mkfifo(copy, 0640), 0);
	FAILS(SB_EREFUSED, "not a regular file", open_it(STORE_READ));
}
END_TEST

/* Makes the file longer with a large value or, with [ctx], removes the value again. */
static int set_large(struct store_txn *txn, void *ctx, struct sb_error *err)
{
	static const char large[20 * 4096];
	const struct slice key = {"large", 5};

	return ctx ? store_clear(txn, STORE_READINGS, err)
		   : store_set(txn, STORE_READINGS, key, (struct slice){large, sizeof(large)}, err);
}

/* LMDB may leave the file shorter itself, when its last pages are free: then nothing is missing. */
START_TEST(a_data_file_cut_short_is_refused_unless_what_is_missing_is_free)
{
	int refused = 0, taken = 0, gone = 1;
	struct bank *bank = util_bank();
	struct appended appended;
	char path[256], *data;
	size_t len;

	util_open_account(bank, T0, "alice");
	for (int i = 0; i < 60; i++)
		OK(bank_write(bank, T0, append_deposit, &appended, &error));
	OK(store_write(bank_store(bank), set_large, NULL, &error));
	OK(store_write(bank_store(bank), set_large, &gone, &error));
	bank_close(bank);
	(void)snprintf(path, sizeof(path), "%s", in_bank("books/data.mdb"));
	data = util_read_file(path, &len);
	ck_assert_uint_gt(len, 30 * 4096);
	for (size_t cut = 1; cut < len; cut += cut < 4096 ? 1000 : 4096) {
		ck_assert_int_eq(truncate(path, (off_t)(len - cut)), 0);
		if (open_it(STORE_READ) != SB_OK) {
			refused++;
			FAILS(SB_ECORRUPT, "data.mdb", open_it(STORE_READ));
			FAILS(SB_ECORRUPT, "data.mdb", open_it(STORE_WRITE));
		} else {
			taken++;
			bank = util_open(STORE_WRITE);
			ck_verified(bank);
			for (int i = 0; i < 5; i++)
				OK(bank_write(bank, T0, append_deposit, &appended, &error));
			ck_verified(bank);
			bank_close(bank);
		}
		util_write_file(path, data, len);
	}
	ck_assert_int_gt(taken, 15);
	ck_assert_int_gt(refused, 8);
	OK(open_it(STORE_WRITE));
	bank = util_open(STORE_READ);
	ck_verified(bank);
	bank_close(bank);
	free(data);
}
END_TEST

START_TEST(a_second_bank_is_not_made_over_the_first)
{
	struct store_options options = util_options();
	struct bank *bank = util_bank();
	struct head head;

	util_open_account(bank, T0, "alice");
	head = util_head(bank);
	bank_close(bank);
	FAILS(SB_EREFUSED, "already", bank_create(&options, "other", &error));
	bank = util_open(STORE_READ);
	ck_head(bank, &head);
	bank_close(bank);
	ck_assert_int_ne(access(in_bank("books.new"), F_OK), 0);
}
END_TEST

START_TEST(leftovers_of_a_dead_init_do_no_harm)
{
	struct store_options options = util_options();

	ck_assert_int_eq(mkdir(bank_folder, 0750), 0);
	ck_assert_int_eq(mkdir(in_bank("books.new"), 0750), 0);
	util_write_file(in_bank("books.new/data.mdb"), "x", 1);
	OK(bank_create(&options, "m", &error));
	OK(open_it(STORE_WRITE));
	ck_assert_int_ne(access(in_bank("books.new"), F_OK), 0);
}
END_TEST

START_TEST(modes_do_not_depend_on_the_umask)
{
	static const mode_t masks[] = {0, 022, 027, 077};
	static const char *const names[] = {
		"",	     "books",	   "books/data.mdb", "books/lock.mdb",
		"open.lock", "write.lock", "use.lock"};

	for (size_t i = 0; i < COUNT(masks); i++) {
		mode_t before = umask(masks[i]);
		struct bank *bank;

		(void)snprintf(bank_folder, sizeof(bank_folder), "%s/bank%zu", test_folder, i);
		bank = util_bank();
		util_open_account(bank, T0, "alice");
		bank_close(bank);
		(void)umask(before);
		for (size_t j = 0; j < COUNT(names); j++) {
			struct stat st;

			ck_assert_int_eq(stat(in_bank(names[j]), &st), 0);
			ck_assert_msg((st.st_mode & 07777) == (S_ISDIR(st.st_mode) ? 0750 : 0640),
				      "%s: %o under umask %o", names[j],
				      (unsigned)(st.st_mode & 07777), (unsigned)masks[i]);
		}
	}
}
END_TEST

/* LMDB leaves the descriptor of data.mdb open to children. */
START_TEST(no_descriptor_reaches_a_child)
{
	struct bank *bank = util_bank();
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *entry;
	int seen = 0;

	ck_assert_ptr_nonnull(dir);
	while ((entry = readdir(dir)) != NULL) {
		char path[64], target[512];
		ssize_t len;

		(void)snprintf(path, sizeof(path), "/proc/self/fd/%.20s", entry->d_name);
		len = readlink(path, target, sizeof(target) - 1);
		if (len < 0)
			continue;
		target[len] = '\0';
		if (strncmp(target, bank_folder, strlen(bank_folder)) != 0)
			continue;
		seen++;
		ck_assert_msg(fcntl(atoi(entry->d_name), F_GETFD) & FD_CLOEXEC, "%s", target);
	}
	(void)closedir(dir);
	ck_assert_int_ge(seen, 3); /* the folder, data.mdb, a lock */
	bank_close(bank);
}
END_TEST

/* ---- transactions ---- */

START_TEST(entries_survive_closing)
{
	struct bank *bank = util_bank();
	struct head head;
	int64_t end;

	ck_assert_uint_eq(util_head(bank).seq, 0);
	end = util_fill(bank);
	head = util_head(bank);
	ck_assert_uint_eq(head.seq, 17);
	ck_assert_int_eq(head.time, end);
	bank_close(bank);
	bank = util_open(STORE_READ);
	ck_head(bank, &head);
	ck_verified(bank);
	bank_close(bank);
	bank_close(NULL);
}
END_TEST

START_TEST(malformed_and_forbidden_entries_change_nothing)
{
	static const struct {
		struct event event;
		int code;
		const char *text;
	} cases[] = {
		{{.kind = EVENT_OPEN, .account = "Alice"}, SB_EINVAL, "lower case"},
		{{.kind = EVENT_OPEN, .account = ""}, SB_EINVAL, "empty"},
		{{.kind = EVENT_OPEN, .account = "alice"}, SB_ECORRUPT, "open already"},
		{{.kind = EVENT_CLOSE, .account = "bob"}, SB_ENOTFOUND, "bob"},
		{{.kind = EVENT_WITHDRAW,
		  .account = "alice",
		  .resource = RESOURCE_BILLING,
		  .amount = 1},
		 SB_EREFUSED,
		 "less than"},
		{{.kind = EVENT_KIND_END, .account = "alice"}, SB_EINVAL, "not known"},
	};
	struct bank *bank = util_bank();
	struct head head;

	util_open_account(bank, T0, "alice");
	head = util_head(bank);
	for (size_t i = 0; i < COUNT(cases); i++) {
		FAILS(cases[i].code, cases[i].text, util_try(bank, T0, &cases[i].event));
		ck_head(bank, &head);
	}
	ck_verified(bank);
	bank_close(bank);
}
END_TEST

static int append_then(struct books *books, void *ctx, struct sb_error *err)
{
	struct event event = {.kind = EVENT_OPEN, .account = "bob"};
	struct appended appended;
	int code = *(int *)ctx;
	int rc = books_append(books, &event, err);

	if (!rc)
		rc = append_deposit(books, &appended, err);
	if (rc || code == STORE_ABORT)
		return rc ? rc : code;
	return sb_error_set(err, (enum sb_err)code, "on purpose");
}

START_TEST(an_aborted_transaction_changes_nothing)
{
	static const int codes[] = {STORE_ABORT, SB_EREFUSED, SB_ECORRUPT};
	struct bank *bank = util_bank();
	struct head head;

	util_open_account(bank, T0, "alice");
	head = util_head(bank);
	for (size_t i = 0; i < COUNT(codes); i++) {
		int code = codes[i];
		int rc = bank_write(bank, T0, append_then, &code, &error);

		ck_assert_int_eq(rc, code == STORE_ABORT ? SB_OK : code);
		ck_assert_uint_eq(util_head(bank).seq, head.seq);
		ck_assert_int_eq(util_available(bank, T0, "alice"), 0);
		ck_verified(bank);
	}
	bank_close(bank);
}
END_TEST

/* Ignores the failure of writing [first], and goes on. */
struct ignoring {
	struct event first;
	int code; /* of that write */
	int later; /* of those after it */
	int result; /* of the transaction's function */
	const char *cluster; /* not NULL: a reading under that name is written instead of [first] */
};

static int ignore_failure(struct books *books, void *ctx, struct sb_error *err)
{
	const struct ignoring *ignoring = ctx;
	const struct reading reading = {.usage = 7, .time = T0};
	struct event first = ignoring->first, bob = {.kind = EVENT_OPEN, .account = "bob"};
	struct event hold = {.kind = EVENT_HOLD, .account = "alice"};
	struct head head = *books_head(books);
	struct sb_error later;
	int rc = ignoring->cluster ? books_set_reading(books, ignoring->cluster, "a", &reading, err)
				   : books_append(books, &first, err);

	ck_assert_int_eq(rc, ignoring->code);
	ck_assert_int_eq(books_append(books, &bob, &later), ignoring->later);
	if (ignoring->later) {
		ck_assert_str_eq(later.text, err->text);
		ck_assert_int_eq(later.code, ignoring->later);
		/* The account and the event are malformed, but the first error counts. */
		ck_assert_int_eq(books_append(books, &(struct event){0}, NULL), ignoring->later);
		ck_assert_int_eq(books_record_deferred(books, "alice", NULL), ignoring->later);
	}
	ck_assert_int_eq(books_append(books, &hold, NULL), ignoring->later);
	ck_assert_int_eq(books_set_reading(books, "c1", "alice", &reading, NULL), ignoring->later);
	ck_assert_int_eq(books_set_last_check(books, T0, NULL), ignoring->later);
	ck_assert_uint_eq(books_head(books)->seq, ignoring->later ? head.seq : head.seq + 2);
	*err = (struct sb_error){.text = "another text"};
	return ignoring->result;
}

static int find_nothing_of_it(struct books *books, void *ctx, struct sb_error *err)
{
	struct reading reading;
	int64_t time;

	(void)ctx;
	ck_assert_int_eq(books_reading(books, "c1", "alice", &reading, err), SB_ENOTFOUND);
	OK(books_last_check(books, &time, err));
	ck_assert_int_eq(time, 0);
	return SB_OK;
}

START_TEST(an_ignored_failure_is_not_committed)
{
	char too_long[600];
	const struct event twice = {.kind = EVENT_OPEN, .account = "alice"};
	const struct event unknown = {.kind = EVENT_CLOSE, .account = "carol"};
	const struct event malformed = {.kind = EVENT_KIND_END, .account = "alice"};
	struct {
		struct ignoring ignoring;
		int code;
		const char *text;
	} cases[] = {
		{{twice, SB_ECORRUPT, SB_ECORRUPT, SB_OK, NULL}, SB_ECORRUPT, "open already"},
		{{{0}, SB_EINVAL, SB_EINVAL, SB_OK, too_long}, SB_EINVAL, "too long together"},
		/* Refused before anything changed: what follows is written, and not committed. */
		{{unknown, SB_ENOTFOUND, SB_OK, SB_OK, NULL}, SB_ENOTFOUND, "'carol' is not in"},
		{{malformed, SB_EINVAL, SB_OK, SB_OK, NULL}, SB_EINVAL, "not known"},
		/* The function's own result stays. */
		{{twice, SB_ECORRUPT, SB_ECORRUPT, SB_EREFUSED, NULL}, SB_EREFUSED, "another text"},
		{{twice, SB_ECORRUPT, SB_ECORRUPT, STORE_ABORT, NULL}, SB_OK, "another text"},
		{{unknown, SB_ENOTFOUND, SB_OK, STORE_ABORT, NULL}, SB_OK, "another text"},
	};
	struct bank *bank = util_bank();
	struct head head;

	memset(too_long, 'n', sizeof(too_long));
	too_long[sizeof(too_long) - 1] = '\0';
	util_open_account(bank, T0, "alice");
	head = util_head(bank);
	for (size_t i = 0; i < COUNT(cases); i++) {
		int rc = bank_write(bank, T0, ignore_failure, &cases[i].ignoring, &error);

		ck_assert_msg(rc == cases[i].code, "case %zu: %d", i, rc);
		ck_assert_msg(strstr(error.text, cases[i].text) != NULL, "case %zu: %s", i,
			      error.text);
		ck_head(bank, &head);
		OK(bank_read(bank, T0, find_nothing_of_it, NULL, &error));
		ck_verified(bank);
	}
	bank_close(bank);
}
END_TEST

START_TEST(a_clock_far_behind_is_refused_with_both_times)
{
	struct bank *bank = util_bank();

	util_open_account(bank, T0, "alice");
	FAILS(SB_EREFUSED, "2026-11-22T16:58:59.999999Z",
	      util_try(bank, T0 - 60 * WHEN_SECOND - 1,
		       &(struct event){.kind = EVENT_OPEN, .account = "bob"}));
	ck_assert_ptr_nonnull(strstr(error.text, "2026-11-22T17:00:00.000000Z"));
	ck_assert_uint_eq(util_head(bank).seq, 1);
	/* A minute behind: the newest entry's time is used. */
	util_open_account(bank, T0 - 60 * WHEN_SECOND, "bob");
	ck_assert_int_eq(util_head(bank).time, T0);
	util_open_account(bank, T0 + 1, "carol");
	ck_assert_int_eq(util_head(bank).time, T0 + 1);
	/* Reading is always possible. */
	ck_assert_int_eq(util_available(bank, T0 - WHEN_DAY, "alice"), 0);
	ck_verified(bank);
	bank_close(bank);
}
END_TEST

struct finding_ref {
	const char *ref, *request;
	uint64_t seq;
};

static int find_ref(struct books *books, void *ctx, struct sb_error *err)
{
	struct finding_ref *finding = ctx;

	return books_find_ref(books, finding->ref, finding->request, &finding->seq, err);
}

START_TEST(a_ref_is_known_by_its_request)
{
	struct bank *bank = util_bank();
	struct event event = {
		.kind = EVENT_OPEN, .account = "alice", .ref = "r1", .request = "open alice"};
	struct finding_ref finding = {"r2", "open alice", 77};

	util_append(bank, T0, &event);
	util_open_account(bank, T0, "bob");
	ck_assert_int_eq(bank_read(bank, T0, find_ref, &finding, &error), SB_ENOTFOUND);
	finding = (struct finding_ref){"r1", "open bob", 77};
	FAILS(SB_EREFUSED, "open alice", bank_read(bank, T0, find_ref, &finding, &error));
	ck_assert_uint_eq(finding.seq, 77);
	finding.request = "open alice";
	OK(bank_read(bank, T0, find_ref, &finding, &error));
	ck_assert_uint_eq(finding.seq, 1);
	/* books_append() refuses a second use. */
	event.account = "carol";
	FAILS(SB_ECORRUPT, "refs", util_try(bank, T0, &event));
	ck_verified(bank);
	bank_close(bank);
}
END_TEST

static int set_raw(struct store_txn *txn, void *ctx, struct sb_error *err)
{
	int rc;

	(void)ctx;
	rc = store_set(txn, STORE_META, (struct slice){"states", 6}, (struct slice){"\377", 1},
		       err);
	if (!rc)
		rc = store_set(txn, STORE_ACCOUNTS, (struct slice){"alice", 5},
			       (struct slice){"rubbish", 7}, err);
	return rc ? rc
		  : store_set(txn, STORE_ACCOUNTS, (struct slice){"nobody", 6},
			      (struct slice){"rubbish", 7}, err);
}

START_TEST(states_of_another_version_are_rebuilt)
{
	struct bank *bank = util_bank();
	int64_t end = util_fill(bank);
	int64_t before = util_available(bank, end, "alice");

	OK(store_write(bank_store(bank), set_raw, NULL, &error));
	ck_assert_int_eq(util_available(bank, end, "alice"), before);
	ck_verified(bank);
	util_deposit(bank, end, "alice", 1);
	bank_close(bank);
	bank = util_open(STORE_READ);
	ck_assert_int_eq(util_available(bank, end, "alice"), before + 1);
	ck_verified(bank);
	bank_close(bank);
}
END_TEST

static int handled;

static void on_signal(int number)
{
	handled = number;
}

static int raise_in(struct books *books, void *ctx, struct sb_error *err)
{
	static const int numbers[] = {SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGTSTP};
	struct appended appended;

	(void)ctx;
	for (size_t i = 0; i < COUNT(numbers); i++)
		(void)raise(numbers[i]);
	if (handled)
		return sb_error_set(err, SB_ESYSTEM, "signal %d came in between", handled);
	return append_deposit(books, &appended, err);
}

START_TEST(signals_wait_until_a_write_is_over)
{
	static const int numbers[] = {SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGTSTP};
	struct sigaction action = {.sa_handler = on_signal};
	struct bank *bank = util_bank();

	util_open_account(bank, T0, "alice");
	for (size_t i = 0; i < COUNT(numbers); i++)
		ck_assert_int_eq(sigaction(numbers[i], &action, NULL), 0);
	OK(bank_write(bank, T0, raise_in, NULL, &error));
	ck_assert_int_ne(handled, 0);
	ck_assert_uint_eq(util_head(bank).seq, 2);
	bank_close(bank);
}
END_TEST

/* ---- the map ---- */

START_TEST(the_map_grows_with_the_books)
{
	struct bank *bank = util_bank();
	struct appended appended;
	struct stat st;

	util_open_account(bank, T0, "alice");
	for (int i = 0; i < 300; i++)
		OK(bank_write(bank, T0, append_deposit, &appended, &error));
	ck_assert_uint_eq(appended.seq, 301);
	ck_assert_int_eq(util_available(bank, T0, "alice"), 300);
	ck_verified(bank);
	bank_close(bank);
	ck_assert_int_eq(stat(in_bank("books/data.mdb"), &st), 0);
	ck_assert_int_gt(st.st_size, 2 * TEST_MAP);
	bank = util_open(STORE_WRITE);
	OK(bank_write(bank, T0, append_deposit, &appended, &error));
	ck_verified(bank);
	bank_close(bank);
}
END_TEST

enum { LARGE = 5000 };

static int append_many(struct books *books, void *ctx, struct sb_error *err)
{
	struct appended appended;
	int rc = SB_OK;

	++*(int *)ctx;
	for (int i = 0; i < LARGE && !rc; i++)
		rc = append_hold(books, &appended, err);
	return rc;
}

START_TEST(a_transaction_larger_than_the_map_fits)
{
	struct bank *bank = util_bank();
	int runs = 0;

	util_open_account(bank, T0, "alice");
	OK(bank_write(bank, T0, append_many, &runs, &error));
	ck_assert_int_gt(runs, 2);
	ck_assert_uint_eq(util_head(bank).seq, LARGE + 1);
	ck_verified(bank);
	bank_close(bank);
}
END_TEST

static void grow_when_told(int fd, int number)
{
	struct store_options options = util_options();
	struct bank *bank;
	int runs = 0;
	char byte;

	/* [number] is the other pipe: opened before the parent did, writing after. */
	if (read(number, &byte, 1) != 1)
		_exit(1);
	bank = open_in_child(&options);
	must(bank_write(bank, T0, append_many, &runs, &error));
	bank_close(bank);
	if (write(fd, "x", 1) != 1)
		_exit(1);
}

START_TEST(a_map_grown_by_another_process_is_adopted)
{
	int tell[2], told;
	struct appended appended;
	struct bank *bank, *reader;
	pid_t pid;

	create_with_alice();
	for (int write_first = 0; write_first <= 1; write_first++) {
		ck_assert_int_eq(pipe2(tell, O_CLOEXEC), 0);
		pid = start(grow_when_told, tell[0], &told);
		bank = util_open(write_first ? STORE_WRITE : STORE_READ);
		ck_assert_uint_eq(util_head(bank).seq, 1 + (uint64_t)write_first * (LARGE + 0));
		ck_assert_int_eq(write(tell[1], "x", 1), 1);
		await(told);
		ck_assert_int_eq(finish(pid), 0);
		if (write_first) {
			OK(bank_write(bank, T0, append_hold, &appended, &error));
			ck_assert_uint_eq(appended.seq, 2 * LARGE + 2);
		}
		ck_verified(bank);
		bank_close(bank);
		(void)close(tell[0]);
		(void)close(tell[1]);
		(void)close(told);
	}
	reader = util_open(STORE_READ);
	ck_assert_uint_eq(util_head(reader).seq, 2 * LARGE + 2);
	ck_verified(reader);
	bank_close(reader);
}
END_TEST

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

/* Sanitizers and valgrind map far more than they use. */
static bool can_limit_memory(void)
{
	return !SANITIZED && !util_in_valgrind();
}

/* The most that this process may map from now on: [more] than it has. */
static void limit_memory(rlim_t more)
{
	long pages = 0;
	FILE *file = fopen("/proc/self/statm", "re");

	if (!file || fscanf(file, "%ld", &pages) != 1)
		_exit(1);
	(void)fclose(file);
	if (setrlimit(RLIMIT_AS, &(struct rlimit){(rlim_t)pages * 4096 + more, RLIM_INFINITY}) != 0)
		_exit(1);
}

static void fill_limited(int fd, int number)
{
	struct store_options options = util_options();
	struct bank *bank = open_in_child(&options);
	struct head head;
	int rc = SB_OK, runs = 0;

	(void)fd;
	(void)number;
	limit_memory(4 << 20);
	for (int i = 0; i < 64 && !rc; i++)
		rc = bank_write(bank, T0, append_many, &runs, &error);
	if (rc != SB_ESYSTEM || !strstr(error.text, "map"))
		must(rc ? rc : 1);
	/* Refused now, and no crash. */
	rc = bank_read(bank, T0, NULL, &head, &error);
	if (rc == SB_OK)
		_exit(2);
	rc = bank_write(bank, T0, append_many, &runs, &error);
	if (rc == SB_OK)
		_exit(3);
	bank_close(bank);
}

START_TEST(a_map_that_cannot_grow_is_an_error_that_loses_nothing)
{
	struct bank *bank;
	int fd;

	create_with_alice();
	if (!can_limit_memory())
		return;
	ck_assert_int_eq(finish(start(fill_limited, 0, &fd)), 0);
	(void)close(fd);
	bank = util_open(STORE_WRITE);
	ck_verified(bank);
	util_open_account(bank, T0, "bob");
	ck_verified(bank);
	bank_close(bank);
}
END_TEST

/* ---- locks ---- */

static int told_fd;

static int hold_open(struct books *books, void *ctx, struct sb_error *err)
{
	struct appended appended;
	int rc = append_hold(books, &appended, err);

	if (rc || write(told_fd, "x", 1) != 1)
		_exit(1);
	if (*(int *)ctx)
		(void)raise(SIGSTOP);
	for (;;)
		(void)pause();
}

static void hold_the_lock(int fd, int number)
{
	struct store_options options = util_options();
	struct bank *bank;

	options.doing = "subank slow-verb";
	bank = open_in_child(&options);
	told_fd = fd;
	(void)bank_write(bank, T0, hold_open, &number, &error);
	_exit(1);
}

static void ck_busy(int stopped)
{
	struct store_options options = util_options();
	struct appended appended;
	struct bank *bank = NULL;
	char who[64];
	int64_t start_ms;
	int fd;
	pid_t pid;

	create_with_alice();
	pid = start(hold_the_lock, stopped, &fd);
	await(fd);
	options.wait_ms = 300;
	OK(bank_open(&options, STORE_WRITE, &(struct author){.user = "u", .host = "h"}, &bank,
		     &error));
	(void)snprintf(who, sizeof(who), "process %d (subank slow-verb", (int)pid);
	start_ms = now_ms();
	FAILS(SB_EBUSY, who, bank_write(bank, T0, append_deposit, &appended, &error));
	ck_assert_int_ge(now_ms() - start_ms, 300);
	ck_assert_int_lt(now_ms() - start_ms, 10000);
	/* Readers and writers do not block each other. */
	ck_assert_uint_eq(util_head(bank).seq, 1);
	/* Its uncommitted changes are gone with it. */
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	ck_assert_int_eq(WTERMSIG(finish(pid)), SIGKILL);
	OK(bank_write(bank, T0, append_deposit, &appended, &error));
	ck_assert_uint_eq(appended.seq, 2);
	ck_verified(bank);
	bank_close(bank);
	(void)close(fd);
}

START_TEST(a_busy_writer_is_named_within_the_deadline)
{
	ck_busy(0);
}
END_TEST

START_TEST(a_stopped_writer_is_named_within_the_deadline)
{
	ck_busy(1);
}
END_TEST

static void keep_open(int fd, int number)
{
	struct store_options options = util_options();
	struct bank *bank = open_in_child(&options);

	(void)number;
	(void)bank;
	if (write(fd, "x", 1) != 1)
		_exit(1);
	for (;;)
		(void)pause();
}

static int fill_nothing(struct bank *bank, void *ctx, struct sb_error *err)
{
	(void)bank;
	(void)ctx;
	(void)err;
	return SB_OK;
}

START_TEST(books_in_use_are_not_replaced)
{
	struct store_options options = util_options();
	char who[64];
	int fd;
	pid_t pid;

	util_create();
	pid = start(keep_open, 0, &fd);
	await(fd);
	options.wait_ms = 200;
	(void)snprintf(who, sizeof(who), "in use by process %d: ", (int)pid);
	FAILS(SB_EBUSY, who, bank_build(&options, fill_nothing, NULL, NULL, &error));
	ck_assert_int_ne(access(in_bank("books.new"), F_OK), 0);
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	(void)finish(pid);
	(void)close(fd);
	OK(bank_build(&options, fill_nothing, NULL, NULL, &error));
	ck_assert_int_ne(access(in_bank("books.new"), F_OK), 0);
	OK(open_it(STORE_WRITE));
}
END_TEST

START_TEST(locks_are_refused_on_what_is_no_file)
{
	int folder, fd = -7;

	ck_assert_int_eq(mkdir(bank_folder, 0750), 0);
	folder = open(bank_folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(folder, 0);
	ck_assert_int_eq(symlink("/etc/passwd", in_bank("a.lock")), 0);
	FAILS(SB_ESYSTEM, "a.lock",
	      lock_take(&(struct lock_request){folder, "a.lock", false, 0, "t", "it"}, &fd,
			&error));
	ck_assert_int_eq(mkdir(in_bank("b.lock"), 0750), 0);
	FAILS(SB_ESYSTEM, "b.lock",
	      lock_take(&(struct lock_request){folder, "b.lock", false, 0, "t", "it"}, &fd,
			&error));
	ck_assert_int_eq(fd, -7);
	lock_drop(-1);
	(void)close(folder);
}
END_TEST

START_TEST(a_lock_names_its_holder)
{
	char doing[600], me[64];
	int folder, held, shared, fd = -7;

	ck_assert_int_eq(mkdir(bank_folder, 0750), 0);
	folder = open(bank_folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	memset(doing, 'x', sizeof(doing));
	doing[sizeof(doing) - 1] = '\0';
	/* A name that is too long. */
	OK(lock_take(&(struct lock_request){folder, "l", false, 0, doing, "the books"}, &held,
		     &error));
	FAILS(SB_EBUSY, "the books are in use by process",
	      lock_take(&(struct lock_request){folder, "l", false, 0, "t", "the books"}, &fd,
			&error));
	FAILS(SB_EBUSY, "the bank is in use by process",
	      lock_take(&(struct lock_request){folder, "l", true, 20, "t", "the bank"}, &fd,
			&error));
	ck_assert_int_eq(fd, -7);
	lock_drop(held);
	OK(lock_take(&(struct lock_request){folder, "l", false, 0, "first", "the books"}, &held,
		     &error));
	lock_drop(held);
	/* Shared by several: the last exclusive holder must not be named. */
	OK(lock_take(&(struct lock_request){folder, "l", true, 0, "s", "the books"}, &held,
		     &error));
	OK(lock_take(&(struct lock_request){folder, "l", true, 0, "s", "the books"}, &shared,
		     &error));
	(void)snprintf(me, sizeof(me), "in use by process %d: ", (int)getpid());
	FAILS(SB_EBUSY, me,
	      lock_take(&(struct lock_request){folder, "l", false, 0, "t", "the books"}, &fd,
			&error));
	lock_drop(held);
	lock_drop(shared);
	(void)close(folder);
}
END_TEST

/* ---- crashes and crowds ---- */

/* Reads and counts the numbers in the pipe, up to its end. */
static size_t drain(int fd, uint64_t *seqs, size_t room)
{
	size_t count = 0;

	while (count < room) {
		ssize_t len = read(fd, &seqs[count], sizeof(seqs[count]));

		if (len == 0)
			break;
		ck_assert_int_eq(len, sizeof(seqs[count]));
		count++;
	}
	return count;
}

static int by_number(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

	return (left > right) - (left < right);
}

/* Each acknowledged number once, and none past the head. */
static void ck_acknowledged(uint64_t *seqs, size_t count)
{
	struct bank *bank = util_open(STORE_WRITE);
	struct head head = util_head(bank);

	qsort(seqs, count, sizeof(*seqs), by_number);
	for (size_t i = 0; i < count; i++) {
		ck_assert_uint_le(seqs[i], head.seq);
		ck_assert_msg(i == 0 || seqs[i] != seqs[i - 1],
			      "entry %" PRIu64 " was acknowledged twice", seqs[i]);
	}
	ck_verified(bank);
	util_open_account(bank, head.time, "after");
	ck_verified(bank);
	bank_close(bank);
}

static void append_for_ever(int fd, int number)
{
	struct store_options options = util_options();
	struct bank *bank = open_in_child(&options);

	(void)number;
	for (;;) {
		struct appended appended;

		must(bank_write(bank, T0, append_hold, &appended, &error));
		if (write(fd, &appended.seq, sizeof(appended.seq)) != sizeof(appended.seq))
			_exit(1);
	}
}

START_TEST(a_killed_writer_loses_no_acknowledged_entry)
{
	enum { ROUNDS = 30, ROOM = 200000 };
	uint64_t *seqs = calloc(ROOM, sizeof(*seqs));
	uint64_t random = util_seed();
	size_t count = 0;

	ck_assert_ptr_nonnull(seqs);
	create_with_alice();
	for (int round = 0; round < ROUNDS; round++) {
		int fd;
		pid_t pid = start(append_for_ever, 0, &fd);
		struct pollfd ready = {.fd = fd, .events = POLLIN};

		ck_assert_int_eq(poll(&ready, 1, TEST_TIMEOUT * 1000), 1);
		sleep_us(util_below(&random, 20000));
		ck_assert_int_eq(kill(pid, SIGKILL), 0);
		count += drain(fd, seqs + count, ROOM - count);
		ck_assert_int_eq(WTERMSIG(finish(pid)), SIGKILL);
		(void)close(fd);
	}
	printf("%zu entries acknowledged in %d rounds\n", count, ROUNDS);
	ck_assert_uint_ge(count, ROUNDS);
	ck_acknowledged(seqs, count);
	free(seqs);
}
END_TEST

static void deposit_once(int fd, int number)
{
	struct store_options options = util_options();
	struct appended appended;
	struct bank *bank;

	(void)number;
	options.wait_ms = TEST_TIMEOUT * 1000;
	bank = open_in_child(&options);
	must(bank_write(bank, T0, append_deposit, &appended, &error));
	bank_close(bank);
	if (write(fd, &appended.seq, sizeof(appended.seq)) != sizeof(appended.seq))
		_exit(1);
}

START_TEST(predecessor_17_parallel_deposits_all_count)
{
	enum { PROCESSES = 100 };
	uint64_t seqs[PROCESSES];
	int fds[PROCESSES];
	pid_t pids[PROCESSES];
	struct bank *bank;

	create_with_alice();
	for (int i = 0; i < PROCESSES; i++)
		pids[i] = start(deposit_once, i, &fds[i]);
	for (int i = 0; i < PROCESSES; i++) {
		ck_assert_int_eq(finish(pids[i]), 0);
		ck_assert_uint_eq(drain(fds[i], &seqs[i], 1), 1);
		(void)close(fds[i]);
	}
	bank = util_open(STORE_READ);
	ck_assert_uint_eq(util_head(bank).seq, PROCESSES + 1);
	ck_assert_int_eq(util_available(bank, T0, "alice"), PROCESSES);
	bank_close(bank);
	ck_acknowledged(seqs, PROCESSES);
}
END_TEST

enum { STORM_MS = 1500, STORM_ROOM = 100000, STORM_WRITERS = 2 };

static struct store_options storm_options(void)
{
	struct store_options options = util_options();

	options.wait_ms = TEST_TIMEOUT * 1000;
	options.map_size = 64 << 20;
	return options;
}

/* A new process for each entry, in effect: opens, appends, closes. */
static void storm_writer(int fd, int number)
{
	struct store_options options = storm_options();
	int64_t end = now_ms() + STORM_MS;

	(void)number;
	while (now_ms() < end) {
		struct bank *bank = open_in_child(&options);
		struct appended appended;

		must(bank_write(bank, T0, append_hold, &appended, &error));
		bank_close(bank);
		if (write(fd, &appended.seq, sizeof(appended.seq)) != sizeof(appended.seq))
			_exit(1);
	}
}

/* Opens and closes until it is killed. */
static void storm_victim(int fd, int number)
{
	struct store_options options = storm_options();

	(void)fd;
	(void)number;
	for (;;)
		bank_close(open_in_child(&options));
}

/* Whether opening fails inside mdb_env_open() with so many descriptors. */
static bool fails_with(rlim_t limit)
{
	struct store_options options = storm_options();
	struct rlimit files;
	struct bank *bank = NULL;
	int rc;

	if (getrlimit(RLIMIT_NOFILE, &files) != 0)
		_exit(1);
	files.rlim_cur = limit;
	if (setrlimit(RLIMIT_NOFILE, &files) != 0)
		_exit(1);
	rc = bank_open(&options, STORE_WRITE, NULL, &bank, &error);
	bank_close(bank);
	return rc && strstr(error.text, "open the books");
}

/* Fails to open inside mdb_env_open(), for lack of address space or of descriptors. */
static void storm_failing(int fd, int number)
{
	int64_t end = now_ms() + STORM_MS;
	rlim_t first = 4;
	size_t failed = 0;

	(void)fd;
	if (number && can_limit_memory()) {
		limit_memory(8 << 20);
		while (now_ms() < end)
			failed += fails_with(64);
	} else {
		while (!fails_with(first) && first < 64)
			first++;
		while (now_ms() < end) {
			/* lock.mdb is open, data.mdb fails; once or twice more on its way. */
			failed += fails_with(first + 1);
			failed += fails_with(first + 2);
		}
	}
	if (failed == 0)
		_exit(2);
}

/* Writers that open for each entry, beside [others] of the function, or beside openers that are
 * killed. */
static void storm(void (*other)(int, int), int others)
{
	uint64_t *seqs = calloc(STORM_ROOM, sizeof(*seqs));
	struct store_options options = storm_options();
	uint64_t random = util_seed();
	int fds[STORM_WRITERS], other_fds[4], kills = 0;
	pid_t writers[STORM_WRITERS], pids[4];
	size_t count = 0;
	struct bank *bank;

	/* The disk would leave little time for opening. */
	util_teardown();
	util_setup_in_memory();
	ck_assert_ptr_nonnull(seqs);
	OK(bank_create(&options, "m", &error));
	bank = util_open(STORE_WRITE);
	util_open_account(bank, T0, "alice");
	bank_close(bank);
	for (int i = 0; i < STORM_WRITERS; i++)
		writers[i] = start(storm_writer, i, &fds[i]);
	for (int i = 0; i < others; i++)
		pids[i] = start(other, i, &other_fds[i]);
	for (int64_t end = now_ms() + STORM_MS; others == 0 && now_ms() < end; kills++) {
		int fd;
		pid_t pid = start(storm_victim, 0, &fd);

		sleep_us(200 + util_below(&random, 1500));
		ck_assert_int_eq(kill(pid, SIGKILL), 0);
		ck_assert_int_eq(WTERMSIG(finish(pid)), SIGKILL);
		(void)close(fd);
	}
	for (int i = 0; i < STORM_WRITERS; i++) {
		count += drain(fds[i], seqs + count, STORM_ROOM - count);
		ck_assert_int_eq(finish(writers[i]), 0);
		(void)close(fds[i]);
	}
	for (int i = 0; i < others; i++) {
		ck_assert_int_eq(finish(pids[i]), 0);
		(void)close(other_fds[i]);
	}
	printf("%zu entries acknowledged, %d openers killed\n", count, kills);
	ck_assert_uint_gt(count, 0);
	ck_acknowledged(seqs, count);
	bank = util_open(STORE_READ);
	/* All were acknowledged, since no writer was killed. */
	ck_assert_uint_eq(util_head(bank).seq, count + 2);
	bank_close(bank);
	free(seqs);
}

/* Without a lock of our own around opening, and without looking at the number of the transaction,
 * LMDB loses acknowledged commits here: when an opener fails or dies inside mdb_env_open(), the
 * next one takes transaction number 0 for the last. */
START_TEST(openers_that_fail_lose_no_acknowledged_entry)
{
	storm(storm_failing, 2);
}
END_TEST

START_TEST(openers_that_die_lose_no_acknowledged_entry)
{
	storm(NULL, 0);
}
END_TEST

/* ---- iterating and notes ---- */

struct visited {
	uint64_t seqs[64];
	size_t count, stop;
};

static int note_entry(const struct entry *entry, void *ctx, struct sb_error *err)
{
	struct visited *visited = ctx;

	(void)err;
	visited->seqs[visited->count++] = entry->event->seq;
	return visited->count == visited->stop ? STORE_ABORT : SB_OK;
}

struct iteration {
	uint64_t from;
	bool backward;
	struct visited visited;
};

static int iterate(struct books *books, void *ctx, struct sb_error *err)
{
	struct iteration *to = ctx;

	return journal_each(books_txn(books), to->from, to->backward, note_entry, &to->visited,
			    err);
}

START_TEST(journals_are_read_from_any_entry_both_ways)
{
	static const struct {
		uint64_t from;
		bool backward;
		size_t stop, count;
		uint64_t first, last;
	} cases[] = {
		{0, false, 0, 17, 1, 17},
		{1, false, 0, 17, 1, 17},
		{10, false, 0, 8, 10, 17},
		{17, false, 0, 1, 17, 17},
		{18, false, 0, 0, 0, 0},
		{0, true, 0, 17, 17, 1},
		{17, true, 0, 17, 17, 1},
		{10, true, 0, 10, 10, 1},
		{1, true, 0, 1, 1, 1},
		{18, true, 0, 17, 17, 1},
		{UINT64_MAX, true, 0, 17, 17, 1},
		{0, true, 3, 3, 17, 15},
		{4, false, 2, 2, 4, 5},
	};
	struct bank *bank = util_bank();
	struct iteration empty = {0};

	OK(bank_read(bank, T0, iterate, &empty, &error));
	ck_assert_uint_eq(empty.visited.count, 0);
	empty.backward = true;
	OK(bank_read(bank, T0, iterate, &empty, &error));
	ck_assert_uint_eq(empty.visited.count, 0);
	(void)util_fill(bank);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct iteration to = {cases[i].from, cases[i].backward, {.stop = cases[i].stop}};

		OK(bank_read(bank, T0, iterate, &to, &error));
		ck_assert_msg(to.visited.count == cases[i].count, "case %zu: %zu", i,
			      to.visited.count);
		if (cases[i].count > 0) {
			ck_assert_uint_eq(to.visited.seqs[0], cases[i].first);
			ck_assert_uint_eq(to.visited.seqs[to.visited.count - 1], cases[i].last);
		}
	}
	bank_close(bank);
}
END_TEST

static int use_notes(struct books *books, void *ctx, struct sb_error *err)
{
	char longest[2][NAME_SIZE], machine[16];
	struct reading reading = {.usage = INT64_MAX, .time = T0}, back;
	struct event event;
	int64_t time;

	(void)ctx;
	memset(longest, 'n', sizeof(longest));
	longest[0][NAME_SIZE - 1] = longest[1][NAME_SIZE - 1] = '\0';
	ck_assert_int_eq(books_reading(books, "c1", "alice", &back, err), SB_ENOTFOUND);
	OK(books_set_reading(books, "c1", "alice", &reading, err));
	OK(books_set_reading(books, longest[0], longest[1], &reading, err));
	reading.vanished = true;
	reading.usage = 0;
	OK(books_set_reading(books, "c1", "alice", &reading, err));
	OK(books_reading(books, longest[0], longest[1], &back, err));
	ck_assert_int_eq(back.usage, INT64_MAX);
	ck_assert(!back.vanished);
	OK(books_reading(books, "c1", "alice", &back, err));
	ck_assert(back.vanished);
	ck_assert_int_eq(back.usage, 0);
	ck_assert_int_eq(books_reading(books, "c", "1alice", &back, err), SB_ENOTFOUND);
	OK(books_last_check(books, &time, err));
	ck_assert_int_eq(time, 0);
	OK(books_set_last_check(books, T0, err));
	OK(books_last_check(books, &time, err));
	ck_assert_int_eq(time, T0);
	OK(books_machine(books, machine, sizeof(machine), err));
	ck_assert_str_eq(machine, "machine");
	ck_assert_int_eq(books_machine(books, machine, 7, err), SB_ECORRUPT);
	OK(books_set_machine(books, "", err));
	OK(books_machine(books, machine, 1, err));
	ck_assert_str_eq(machine, "");
	event = (struct event){0};
	ck_assert_int_eq(journal_get(books_txn(books), 5, &event, NULL, err), SB_ENOTFOUND);
	ck_assert_ptr_nonnull(strstr(error.text, "no entry 5"));
	event_release(&event);
	return SB_OK;
}

START_TEST(notes_beside_the_books_are_kept)
{
	struct bank *bank = util_bank();

	OK(bank_write(bank, T0, use_notes, NULL, &error));
	ck_assert_uint_eq(util_head(bank).seq, 0);
	ck_verified(bank);
	bank_close(bank);
}
END_TEST

static TCase *add(Suite *suite, const char *name)
{
	TCase *tcase = tcase_create(name);

	tcase_set_timeout(tcase, TEST_TIMEOUT);
	tcase_add_checked_fixture(tcase, util_setup, util_teardown);
	suite_add_tcase(suite, tcase);
	return tcase;
}

int main(void)
{
	Suite *suite = suite_create("books");
	TCase *opening = add(suite, "opening"), *transactions = add(suite, "transactions");
	TCase *map = add(suite, "map"), *locks = add(suite, "locks"),
	      *crowds = add(suite, "crowds");

	tcase_add_test(opening, a_missing_bank_is_reported_with_its_folder);
	tcase_add_test(opening, a_folder_that_everybody_can_write_is_refused);
	tcase_add_test(opening, a_data_file_that_is_none_is_refused);
	tcase_add_test(opening, a_data_file_cut_short_is_refused_unless_what_is_missing_is_free);
	tcase_add_test(opening, a_second_bank_is_not_made_over_the_first);
	tcase_add_test(opening, leftovers_of_a_dead_init_do_no_harm);
	tcase_add_test(opening, modes_do_not_depend_on_the_umask);
	tcase_add_test(opening, no_descriptor_reaches_a_child);
	tcase_add_test(transactions, malformed_and_forbidden_entries_change_nothing);
	tcase_add_test(transactions, an_aborted_transaction_changes_nothing);
	tcase_add_test(transactions, an_ignored_failure_is_not_committed);
	tcase_add_test(transactions, a_clock_far_behind_is_refused_with_both_times);
	tcase_add_test(transactions, a_ref_is_known_by_its_request);
	tcase_add_test(transactions, states_of_another_version_are_rebuilt);
	tcase_add_test(transactions, signals_wait_until_a_write_is_over);
	tcase_add_test(transactions, entries_survive_closing);
	tcase_add_test(transactions, journals_are_read_from_any_entry_both_ways);
	tcase_add_test(transactions, notes_beside_the_books_are_kept);
	tcase_add_test(map, a_map_that_cannot_grow_is_an_error_that_loses_nothing);
	tcase_add_test(map, the_map_grows_with_the_books);
	tcase_add_test(map, a_transaction_larger_than_the_map_fits);
	tcase_add_test(map, a_map_grown_by_another_process_is_adopted);
	tcase_add_test(locks, a_busy_writer_is_named_within_the_deadline);
	tcase_add_test(locks, a_stopped_writer_is_named_within_the_deadline);
	tcase_add_test(locks, books_in_use_are_not_replaced);
	tcase_add_test(locks, locks_are_refused_on_what_is_no_file);
	tcase_add_test(locks, a_lock_names_its_holder);
	tcase_add_test(crowds, a_killed_writer_loses_no_acknowledged_entry);
	tcase_add_test(crowds, predecessor_17_parallel_deposits_all_count);
	tcase_add_test(crowds, openers_that_fail_lose_no_acknowledged_entry);
	tcase_add_test(crowds, openers_that_die_lose_no_acknowledged_entry);
	return util_run(suite);
}
