/* SPDX-License-Identifier: GPL-3.0-or-later */
/* verify finds every sort of damage. */
#include <fcntl.h>
#include <inttypes.h>
#include <unistd.h>

#include "ledger/books/verify.h"
#include "ledger/files/csv.h"
#include "ledger/files/export.h"
#include "ledger/files/transactions.h"
#include "tests/util.h"

/* A copy of a table. */
struct row {
	unsigned char *key, *value;
	size_t key_len, value_len;
};

struct table {
	struct row rows[64];
	size_t count;
};

static struct table tables[STORE_TABLE_COUNT];

static unsigned char *copy(struct slice slice)
{
	unsigned char *made = malloc(slice.len + 1);

	ck_assert_ptr_nonnull(made);
	if (slice.len > 0)
		memcpy(made, slice.data, slice.len);
	return made;
}

static int keep_row(struct slice key, struct slice value, void *ctx, struct sb_error *err)
{
	struct table *table = ctx;

	(void)err;
	ck_assert_uint_lt(table->count, COUNT(table->rows));
	table->rows[table->count++] = (struct row){
		.key = copy(key), .key_len = key.len, .value = copy(value), .value_len = value.len};
	return SB_OK;
}

static int keep_tables(struct store_txn *txn, void *ctx, struct sb_error *err)
{
	int rc = SB_OK;

	(void)ctx;
	for (int i = 0; i < STORE_TABLE_COUNT && !rc; i++) {
		tables[i].count = 0;
		rc = store_each(txn, (enum store_table)i, (struct slice){0}, false, keep_row,
				&tables[i], err);
	}
	return rc;
}

static void free_tables(void)
{
	for (size_t i = 0; i < STORE_TABLE_COUNT; i++) {
		for (size_t j = 0; j < tables[i].count; j++) {
			free(tables[i].rows[j].key);
			free(tables[i].rows[j].value);
		}
		tables[i].count = 0;
	}
}

/* Than all entries. */
#define LATER ((int64_t)4000000000 * WHEN_SECOND)

static int set_reading(struct books *books, void *ctx, struct sb_error *err)
{
	return books_set_reading(books, "dev", "bio", ctx, err);
}

/* Entries of one account in one transaction, which are together in its index. */
static int deposit_thrice(struct books *books, void *ctx, struct sb_error *err)
{
	int rc = SB_OK;

	(void)ctx;
	for (int i = 0; i < 3 && !rc; i++) {
		struct event event = {.kind = EVENT_DEPOSIT,
				      .account = "alice",
				      .resource = RESOURCE_BILLING,
				      .amount = 3600,
				      .start = LATER + WHEN_SECOND};

		event_set_defaults(&event);
		rc = books_append(books, &event, err);
	}
	return rc;
}

static int open_purses(struct books *books, void *ctx, struct sb_error *err)
{
	static const char *const purses[] = {"alice:gres/gpu", "alice:cpu"};

	(void)ctx;
	for (size_t i = 0; i < COUNT(purses); i++) {
		struct event event = {.kind = EVENT_OPEN, .account = purses[i]};

		event_set_defaults(&event);
		TRY(books_append(books, &event, err));
	}
	return SB_OK;
}

/* Creates a bank with every kind of entry, and loads its tables. */
static void setup(void)
{
	struct reading reading = {.usage = 4711, .time = WHEN_SECOND, .running = -1};
	struct bank *bank;

	util_setup();
	bank = util_bank();
	util_fill_more(bank, util_fill(bank));
	OK(bank_write(bank, LATER, deposit_thrice, NULL, &error));
	OK(bank_write(bank, LATER, open_purses, NULL, &error));
	OK(bank_write(bank, LATER, set_reading, &reading, &error));
	ck_assert_msg(util_verify(bank) == 0, "%s", util_problem);
	OK(store_read(bank_store(bank), keep_tables, NULL, &error));
	bank_close(bank);
}

static void teardown(void)
{
	free_tables();
	util_teardown();
}

static int write_tables(struct store_txn *txn, void *ctx, struct sb_error *err)
{
	int rc = SB_OK;

	(void)ctx;
	for (int i = 0; i < STORE_TABLE_COUNT; i++) {
		for (size_t j = 0; j < tables[i].count && !rc; j++) {
			const struct row *row = &tables[i].rows[j];

			if (row->key)
				rc = store_add(txn, (enum store_table)i,
					       (struct slice){row->key, row->key_len},
					       (struct slice){row->value, row->value_len}, err);
		}
	}
	return rc;
}

/* Writes the changed tables as a bank. Returns the problems that verify finds. */
static int verify_tables(void)
{
	struct store_options options = util_options();
	struct store *store;
	struct bank *bank;
	int problems;

	OK(store_build(&options, &store, &error));
	OK(store_write(store, write_tables, NULL, &error));
	OK(store_take_over(store, &error));
	OK(store_install(store, NULL, &error));
	bank = util_open(STORE_READ);
	problems = util_verify(bank);
	bank_close(bank);
	return problems;
}

static struct row *find_row(enum store_table table, const char *key)
{
	for (size_t i = 0; i < tables[table].count; i++) {
		struct row *row = &tables[table].rows[i];

		if (row->key && row->key_len == strlen(key) &&
		    memcmp(row->key, key, row->key_len) == 0)
			return row;
	}
	ck_abort_msg("no row '%s'", key);
	return NULL;
}

static void swap_values(struct row *a, struct row *b)
{
	struct row other = *a;

	a->value = b->value;
	a->value_len = b->value_len;
	b->value = other.value;
	b->value_len = other.value_len;
}

static void count_problem(const char *text, void *ctx)
{
	ck_assert(text[0]);
	++*(int *)ctx;
}

/* Whether verify finds a problem or the bank cannot be read. */
static bool finds(struct bank *bank)
{
	int problems = 0;
	struct verify verify = {.found = count_problem, .ctx = &problems};
	int rc = bank_read(bank, 0, verify_books, &verify, &error);

	if (rc)
		ck_assert_msg(rc == SB_ECORRUPT, "%d: %s", rc, error.text);
	else
		ck_assert_int_eq(problems, verify.problems < VERIFY_FOUND_MAX ? verify.problems
									      : VERIFY_FOUND_MAX);
	return rc || problems > 0;
}

static int open_data(void)
{
	char path[128];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/books/data.mdb", bank_folder);
	fd = open(path, O_RDWR | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	return fd;
}

/* free() it. */
static char *read_data(size_t *ret_len)
{
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/books/data.mdb", bank_folder);
	return util_read_file(path, ret_len);
}

static void write_byte(int fd, size_t at, unsigned char byte)
{
	ck_assert_int_eq(pwrite(fd, &byte, 1, (off_t)at), 1);
}

/* Flips each bit of [data], wherever the file has it, and asks verify every time. The map shows at
 * once what is written to the file. */
static void flip_all(struct bank *bank, const unsigned char *data, size_t len, const char *what)
{
	size_t places[128], count = 0, file_len;
	char *file = read_data(&file_len), *at;
	int fd = open_data();

	for (at = file; (at = memmem(at, file_len - (size_t)(at - file), data, len)); at++) {
		ck_assert_uint_lt(count, COUNT(places));
		places[count++] = (size_t)(at - file);
	}
	ck_assert_msg(count > 0, "%s is not in the file", what);
	for (size_t i = 0; i < len; i++) {
		for (unsigned bit = 0; bit < 8; bit++) {
			unsigned char byte = data[i] ^ (unsigned char)(1u << bit);

			for (size_t j = 0; j < count; j++)
				write_byte(fd, places[j] + i, byte);
			ck_assert_msg(finds(bank), "%s: bit %u of byte %zu of %zu", what, bit, i,
				      len);
			for (size_t j = 0; j < count; j++)
				write_byte(fd, places[j] + i, data[i]);
		}
	}
	ck_assert(!finds(bank));
	(void)close(fd);
	free(file);
}

START_TEST(a_flipped_bit_anywhere_in_an_entry_is_found)
{
	struct bank *bank = util_open(STORE_READ);

	ck_assert_uint_gt(tables[STORE_JOURNAL].count, 10);
	for (size_t i = 0; i < tables[STORE_JOURNAL].count; i++) {
		const struct row *row = &tables[STORE_JOURNAL].rows[i];
		char what[32];

		(void)snprintf(what, sizeof(what), "entry %zu", i + 1);
		flip_all(bank, row->value, row->value_len, what);
	}
	bank_close(bank);
}
END_TEST

START_TEST(a_flipped_bit_in_what_follows_from_the_entries_is_found)
{
	static const char *const meta[] = {"id", "head", "format", "states", "txn", "resources"};
	struct bank *bank = util_open(STORE_READ);
	bool together = false;

	for (size_t i = 0; i < tables[STORE_ACCOUNTS].count; i++) {
		const struct row *row = &tables[STORE_ACCOUNTS].rows[i];

		flip_all(bank, row->value, row->value_len, "a state");
	}
	for (size_t i = 0; i < COUNT(meta); i++) {
		const struct row *row = find_row(STORE_META, meta[i]);
		unsigned char both[128];
		size_t len = row->key_len + row->value_len;

		/* With the key in front: four bytes alone occur everywhere. */
		memcpy(both, row->key, row->key_len);
		memcpy(both + row->key_len, row->value, row->value_len);
		flip_all(bank, both, len, meta[i]);
	}
	/* An entry of an index ends with a number: that of the account stands in its key. */
	for (size_t i = 0; i < tables[STORE_BY_ACCOUNT].count; i++) {
		const struct row *row = &tables[STORE_BY_ACCOUNT].rows[i];

		flip_all(bank, row->key, row->key_len, "the index of an account");
		if (row->value_len) {
			flip_all(bank, row->value, row->value_len, "entries behind a key");
			together = true;
		}
	}
	ck_assert(together);
	{
		const struct row *row = find_row(STORE_REFS, "2026/alice");
		unsigned char both[32];

		memcpy(both, row->key, row->key_len);
		memcpy(both + row->key_len, row->value, row->value_len);
		flip_all(bank, both, row->key_len + row->value_len, "the index of refs");
	}
	ck_assert_uint_gt(tables[STORE_ANSWERS].count, 3);
	for (size_t i = 0; i < tables[STORE_ANSWERS].count; i++) {
		const struct row *row = &tables[STORE_ANSWERS].rows[i];
		unsigned char both[24];

		memcpy(both, row->key, 16);
		memcpy(both + 16, row->value, 8);
		flip_all(bank, both, sizeof(both), "the index of answers");
	}
	bank_close(bank);
}
END_TEST

START_TEST(a_flipped_bit_in_what_follows_from_nothing_is_found)
{
	struct bank *bank = util_open(STORE_READ);

	ck_assert_uint_gt(tables[STORE_READINGS].count, 0);
	for (size_t i = 0; i < tables[STORE_READINGS].count; i++) {
		const struct row *row = &tables[STORE_READINGS].rows[i];

		flip_all(bank, row->key, row->key_len, "the key of a reading");
		flip_all(bank, row->value, row->value_len, "a reading");
	}
	bank_close(bank);
}
END_TEST

/* Whether the bank cannot be opened or verify finds a problem. */
static bool is_refused(void)
{
	struct store_options options = util_options();
	struct bank *bank = NULL;
	bool refused = true;
	int rc = bank_open(&options, STORE_READ, NULL, &bank, &error);

	if (rc)
		ck_assert_msg(rc == SB_ECORRUPT, "%d: %s", rc, error.text);
	else
		refused = finds(bank);
	bank_close(bank);
	return refused;
}

/* LMDB's two roots, pages 0 and 1, have the number of their transaction at 144: with the wrong one
 * it would go back to the state before. */
static off_t number_of_root(int root)
{
	return root * sysconf(_SC_PAGESIZE) + 144;
}

static uint64_t read_number(int fd, int root)
{
	uint64_t number;

	ck_assert_int_eq(pread(fd, &number, sizeof(number), number_of_root(root)), sizeof(number));
	ck_assert_uint_gt(number, 2);
	return number;
}

static void write_number(int fd, int root, uint64_t number)
{
	ck_assert_int_eq(pwrite(fd, &number, sizeof(number), number_of_root(root)), sizeof(number));
}

static void flip_numbers_of_roots(int fd)
{
	for (int bit = 0; bit < 2 * 64; bit++) {
		int root = bit / 64;
		uint64_t number = read_number(fd, root);
		uint64_t other = number ^ (uint64_t)1 << bit % 64;

		/* LMDB itself leaves this when the disk fails; see below. */
		if (other == number - 2)
			continue;
		write_number(fd, root, other);
		ck_assert_msg(is_refused(), "%ju became %ju", (uintmax_t)number, (uintmax_t)other);
		write_number(fd, root, number);
	}
}

START_TEST(a_flipped_bit_in_the_number_of_a_root_is_found)
{
	struct reading reading = {.usage = 1, .time = WHEN_SECOND, .running = -1};
	int fd = open_data();

	/* With four numbers in a row each of their last two bits is 0 and 1 in either root. */
	for (int i = 0; i < 4; i++) {
		struct bank *bank = util_open(STORE_WRITE);

		OK(bank_write(bank, LATER, set_reading, &reading, &error));
		bank_close(bank);
		ck_assert(!is_refused());
		flip_numbers_of_roots(fd);
	}
	ck_assert(!is_refused());
	(void)close(fd);
}
END_TEST

START_TEST(a_root_in_the_place_of_the_other_is_refused)
{
	struct store_options options = util_options();
	ssize_t size = number_of_root(1) - number_of_root(0);
	struct reading reading = {.usage = 1, .time = WHEN_SECOND, .running = -1};
	char *roots = malloc(2 * (size_t)size);
	int fd = open_data();

	ck_assert_ptr_nonnull(roots);
	/* Each is the newer one once. */
	for (int i = 0; i < 4; i++) {
		struct bank *bank = util_open(STORE_WRITE);
		off_t place = i / 2 ? size : 0;

		OK(bank_write(bank, LATER, set_reading, &reading, &error));
		bank_close(bank);
		ck_assert_int_eq(pread(fd, roots, 2 * (size_t)size, 0), 2 * size);
		ck_assert_int_eq(pwrite(fd, roots + (size - place), (size_t)size, place), size);
		ck_assert_int_eq(bank_open(&options, STORE_READ, NULL, &bank, &error), SB_ECORRUPT);
		ck_assert_int_eq(pwrite(fd, roots, 2 * (size_t)size, 0), 2 * size);
		ck_assert_msg(!is_refused(), "%s", util_problem);
	}
	free(roots);
	(void)close(fd);
}
END_TEST

/* When the write of a root fails, LMDB puts its old number back, and nothing else. */
START_TEST(a_commit_in_which_the_disk_failed_is_no_damage)
{
	struct reading reading = {.usage = 1, .time = WHEN_SECOND, .running = -1};
	int fd = open_data();

	for (int i = 0; i < 4; i++) {
		struct bank *bank = util_open(STORE_WRITE);
		int newer;

		OK(bank_write(bank, LATER, set_reading, &reading, &error));
		bank_close(bank);
		newer = read_number(fd, 1) > read_number(fd, 0);
		write_number(fd, newer, read_number(fd, newer) - 2);
		ck_assert_msg(!is_refused(), "%s", util_problem);
		/* In the newer root the same is damage. */
		write_number(fd, newer, read_number(fd, newer) + 4);
		ck_assert(is_refused());
		write_number(fd, newer, read_number(fd, newer) - 4);
	}
	(void)close(fd);
}
END_TEST

START_TEST(a_removed_entry_is_found)
{
	for (size_t i = 0; i < tables[STORE_JOURNAL].count; i++) {
		struct row *row = &tables[STORE_JOURNAL].rows[i];
		unsigned char *key = row->key;

		row->key = NULL;
		ck_assert_msg(verify_tables() > 0, "entry %zu", i + 1);
		row->key = key;
	}
	ck_assert_msg(verify_tables() == 0, "%s", util_problem);
}
END_TEST

START_TEST(entries_in_another_order_are_found)
{
	struct row *rows = tables[STORE_JOURNAL].rows;

	for (size_t i = 1; i < tables[STORE_JOURNAL].count; i++) {
		swap_values(&rows[i - 1], &rows[i]);
		ck_assert_msg(verify_tables() > 0, "entries %zu and %zu", i, i + 1);
		swap_values(&rows[i - 1], &rows[i]);
	}
}
END_TEST

static int export_all(struct books *books, void *ctx, struct sb_error *err)
{
	static export_books *const forms[] = {export_yaml, csv_journal, transactions_ledger};
	struct export_to to = {.file = fopen("/dev/null", "we")};
	int rc = SB_OK;

	ck_assert_ptr_nonnull(to.file);
	for (size_t i = 0; i < COUNT(forms); i++) {
		int now = forms[i](books, &to, err);

		ck_assert_msg(i == 0 || now == rc, "form %zu: %d, not %d", i, now, rc);
		rc = now;
	}
	(void)fclose(to.file);
	*(int *)ctx = rc;
	return SB_OK;
}

/* Exports the changed tables in each form. */
static int export_tables(void)
{
	struct bank *bank;
	int came_of_it;

	(void)verify_tables();
	bank = util_open(STORE_READ);
	OK(bank_read(bank, 0, export_all, &came_of_it, &error));
	bank_close(bank);
	return came_of_it;
}

START_TEST(what_does_not_fit_its_hash_is_not_exported)
{
	struct row *rows = tables[STORE_JOURNAL].rows;
	size_t last = tables[STORE_JOURNAL].count - 1;

	ck_assert_int_eq(export_tables(), SB_OK);
	for (size_t i = 0; i < last; i++) {
		unsigned char *key = rows[i].key;

		rows[i].key = NULL;
		ck_assert_msg(export_tables() == SB_ECORRUPT, "without entry %zu", i + 1);
		rows[i].key = key;
		rows[i].value[HASH_SIZE - 1] ^= 1;
		ck_assert_msg(export_tables() == SB_ECORRUPT, "entry %zu", i + 1);
		rows[i].value[HASH_SIZE - 1] ^= 1;
	}
	ck_assert_int_eq(export_tables(), SB_OK);
}
END_TEST

START_TEST(a_journal_from_another_bank_is_found)
{
	struct row *id = find_row(STORE_META, "id");

	id->value[0] ^= 1;
	ck_assert_int_gt(verify_tables(), 0);
	ck_assert_ptr_nonnull(strstr(util_problem, "hash"));
}
END_TEST

START_TEST(swapped_and_missing_states_are_found)
{
	struct row *alice = find_row(STORE_ACCOUNTS, "alice");
	struct row *bob = find_row(STORE_ACCOUNTS, "bob");
	unsigned char *key = bob->key;

	swap_values(alice, bob);
	ck_assert_int_gt(verify_tables(), 0);
	swap_values(alice, bob);
	bob->key = NULL;
	ck_assert_int_gt(verify_tables(), 0);
	ck_assert_ptr_nonnull(strstr(util_problem, "no state"));
	bob->key = alice->key;
	alice->key = NULL;
	ck_assert_int_gt(verify_tables(), 0);
	alice->key = bob->key;
	bob->key = key;
	ck_assert_int_eq(verify_tables(), 0);
}
END_TEST

/* Checks find a purse only by this list. */
START_TEST(a_list_of_resources_that_does_not_fit_is_found)
{
	struct row *row = find_row(STORE_META, "resources");
	unsigned char *value = row->value;
	const size_t len = row->value_len;
	static const struct {
		const char *list;
		size_t len;
		int problems;
		const char *text;
	} lists[] = {
		{"", 0, 2, "lacks 'cpu'"},
		{"cpu", 4, 1, "lacks 'gres/gpu'"},
		{"gres/gpu", 9, 1, "lacks 'cpu'"},
		{"cpu\0gres/gpu\0mem", 17, 1, "has 'mem'"},
		{"gres/gpu\0cpu", 13, 1, "not in order"},
		{"cpu\0cpu\0gres/gpu", 17, 1, "not in order"},
	};

	ck_assert_uint_eq(len, 13);
	ck_assert_int_eq(memcmp(value, "cpu\0gres/gpu", len), 0);
	for (size_t i = 0; i < COUNT(lists); i++) {
		row->value = copy((struct slice){lists[i].list, lists[i].len});
		row->value_len = lists[i].len;
		ck_assert_int_eq(verify_tables(), lists[i].problems);
		ck_assert_ptr_nonnull(strstr(util_problem, lists[i].text));
		free(row->value);
	}
	row->value = value;
	row->value_len = len;
	ck_assert_int_eq(verify_tables(), 0);
}
END_TEST

START_TEST(a_state_without_an_account_is_found)
{
	struct table *table = &tables[STORE_ACCOUNTS];

	table->rows[table->count++] = (struct row){.key = copy((struct slice){"carol", 5}),
						   .key_len = 5,
						   .value = copy((struct slice){"x", 1}),
						   .value_len = 1};
	ck_assert_int_eq(verify_tables(), 1);
	ck_assert_ptr_nonnull(strstr(util_problem, "carol"));
}
END_TEST

START_TEST(missing_and_false_index_entries_are_found)
{
	static const enum store_table indexes[] = {STORE_BY_ACCOUNT, STORE_REFS, STORE_ANSWERS};

	for (size_t i = 0; i < COUNT(indexes); i++) {
		struct table *table = &tables[indexes[i]];

		for (size_t j = 0; j < table->count; j++) {
			unsigned char *key = table->rows[j].key;

			table->rows[j].key = NULL;
			ck_assert_int_gt(verify_tables(), 0);
			table->rows[j].key = key;
			if (table->rows[j].value_len == 0)
				continue;
			/* Cut, or without its last entry. */
			for (size_t less = 1; less <= 8; less += 7) {
				table->rows[j].value_len -= less;
				ck_assert_int_gt(verify_tables(), 0);
				table->rows[j].value_len += less;
			}
		}
		/* One entry too many. */
		table->rows[table->count++] =
			(struct row){.key = copy((struct slice){"zz\0\0\0\0\0\0\0\0\1", 11}),
				     .key_len = 11,
				     .value = copy((struct slice){"\0\0\0\0\0\0\0\1", 8}),
				     .value_len = 8};
		ck_assert_int_eq(verify_tables(), 1);
		ck_assert_ptr_nonnull(strstr(util_problem, "instead of"));
		table->count--;
		free(table->rows[table->count].key);
		free(table->rows[table->count].value);
	}
}
END_TEST

START_TEST(a_head_that_is_not_the_last_entry_is_found)
{
	struct row *head = find_row(STORE_META, "head");

	for (size_t i = 0; i < head->value_len; i++) {
		head->value[i] ^= 1;
		ck_assert_msg(verify_tables() > 0, "byte %zu", i);
		head->value[i] ^= 1;
	}
	memset(head->value, 0, head->value_len);
	ck_assert_int_gt(verify_tables(), 0);
}
END_TEST

START_TEST(malformed_heads_are_refused)
{
	static const char *const bad[] = {
		"",
		":",
		"5",
		"5:",
		":0123456789abcdef",
		"5:0123456789abcde",
		"5:0123456789abcdeg",
		"5:0123456789ABCDEF",
		"0:0123456789abcdef",
		"-5:0123456789abcdef",
		"+5:0123456789abcdef",
		" 5:0123456789abcdef",
		"5 :0123456789abcdef",
		"5: 0123456789abcdef",
		"5:0123456789abcdef ",
		"5:0123456789abcdef:1",
		"5x:0123456789abcdef",
		"18446744073709551616:0123456789abcdef",
		"99999999999999999999999:0123456789abcdef",
		"5:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0",
	};

	for (size_t i = 0; i < COUNT(bad); i++) {
		struct old_head head = {.seq = 42};

		ck_assert_msg(old_head_parse(bad[i], &head, &error) == SB_EINVAL, "'%s'", bad[i]);
		ck_assert_uint_eq(head.seq, 42);
		ck_assert_ptr_nonnull(strstr(error.text, "hex digits"));
	}
}
END_TEST

START_TEST(heads_are_read)
{
	struct old_head head;

	OK(old_head_parse("5:0123456789abcdef", &head, &error));
	ck_assert_uint_eq(head.seq, 5);
	ck_assert_str_eq(head.hash, "0123456789abcdef");
	OK(old_head_parse("18446744073709551615:"
			  "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
			  &head, &error));
	ck_assert_uint_eq(head.seq, UINT64_MAX);
	ck_assert_uint_eq(strlen(head.hash), 64);
}
END_TEST

static int problems_with_heads(struct bank *bank, const struct old_head *heads, size_t count)
{
	int problems = 0;
	struct verify verify = {
		.heads = heads, .head_count = count, .found = count_problem, .ctx = &problems};

	OK(bank_read(bank, 0, verify_books, &verify, &error));
	return problems;
}

START_TEST(an_old_head_must_still_be_in_the_chain)
{
	struct bank *bank = util_open(STORE_READ);
	size_t count = tables[STORE_JOURNAL].count;
	struct old_head heads[64];

	for (size_t i = 0; i < count; i++) {
		char text[128], hash[HASH_TEXT_SIZE];

		hex_format(hash, tables[STORE_JOURNAL].rows[i].value, HASH_SIZE);
		/* Every length that a receipt may have. */
		(void)snprintf(text, sizeof(text), "%zu:%.*s", i + 1,
			       (int)(HASH_SHORT + i % (2 * HASH_SIZE - HASH_SHORT + 1)), hash);
		OK(old_head_parse(text, &heads[i], &error));
	}
	ck_assert_int_eq(problems_with_heads(bank, heads, count), 0);
	for (size_t i = 0; i < count; i++) {
		char *last = &heads[i].hash[strlen(heads[i].hash) - 1], right = *last;

		*last = right == '0' ? '1' : '0';
		ck_assert_int_eq(problems_with_heads(bank, heads, count), 1);
		*last = right;
		heads[i].seq = i + 1 < count ? i + 2 : 1;
		ck_assert_int_eq(problems_with_heads(bank, heads, count), 1);
		heads[i].seq = count + 1 + i;
		ck_assert_int_eq(problems_with_heads(bank, heads, count), 1);
		heads[i].seq = i + 1;
	}
	bank_close(bank);
}
END_TEST

START_TEST(a_right_bank_has_no_problems)
{
	struct bank *bank = util_open(STORE_READ);
	int problems = 0;
	struct verify verify = {.found = count_problem, .ctx = &problems};

	OK(bank_read(bank, 0, verify_books, &verify, &error));
	ck_assert_int_eq(verify.problems, 0);
	ck_assert_uint_eq(verify.entries, tables[STORE_JOURNAL].count);
	ck_assert_uint_eq(verify.accounts, 5);
	ck_assert_uint_eq(verify.head.seq, verify.entries);
	bank_close(bank);
	/* The same after it was written again. */
	ck_assert_int_eq(verify_tables(), 0);
}
END_TEST

/* Sets a state that needs three pages of its own, and then one that needs two. */
static int shrink_state(struct store_txn *txn, void *ctx, struct sb_error *err)
{
	static char text[3 * 4096];
	const struct slice key = {"large", 5};
	int rc = store_set(txn, STORE_ACCOUNTS, key, (struct slice){text, sizeof(text) - 64}, err);

	(void)ctx;
	return rc ? rc
		  : store_set(txn, STORE_ACCOUNTS, key, (struct slice){text, 2 * 4096 - 64}, err);
}

static int check_pages(struct store_txn *txn, void *ctx, struct sb_error *err)
{
	(void)ctx;
	return store_check_pages(txn, err);
}

START_TEST(a_value_that_became_shorter_is_no_damage)
{
	struct bank *bank = util_open(STORE_WRITE);

	OK(store_write(bank_store(bank), shrink_state, NULL, &error));
	OK(store_read(bank_store(bank), check_pages, NULL, &error));
	bank_close(bank);
}
END_TEST

/* Keys so long that few branches stand on a page, of which there are some above each other. */
enum { LONG_KEYS = 90, LONG_KEY = 300 };

static struct slice long_key(char text[LONG_KEY + 1], int number)
{
	(void)snprintf(text, LONG_KEY + 1, "%0*d", LONG_KEY, number * 37);
	return (struct slice){text, LONG_KEY};
}

static int set_long_keys(struct store_txn *txn, void *ctx, struct sb_error *err)
{
	static char value[1000];
	char text[LONG_KEY + 1];
	int rc = SB_OK;

	(void)ctx;
	for (int i = 0; i < LONG_KEYS && !rc; i++)
		rc = store_set(txn, STORE_ACCOUNTS, long_key(text, i),
			       (struct slice){value, sizeof(value)}, err);
	return rc;
}

/* Counts the keys that cannot be read. */
static int count_lost(struct store_txn *txn, void *ctx, struct sb_error *err)
{
	char text[LONG_KEY + 1];
	struct slice value;
	int *lost = ctx;

	*lost = 0;
	for (int i = 0; i < LONG_KEYS; i++)
		*lost += store_get(txn, STORE_ACCOUNTS, long_key(text, i), &value, err) != SB_OK;
	return SB_OK;
}

/* Searches go by the keys in the branches; an iteration does not read them. */
START_TEST(a_flipped_bit_in_the_key_of_a_branch_is_found)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE), same = LONG_KEY - 4;
	struct bank *bank = util_open(STORE_WRITE);
	struct store *store = bank_store(bank);
	int branches = 0, found = 0, lost, rc, fd = open_data();
	char key[LONG_KEY + 1], *file, *at;
	size_t len;

	OK(store_write(store, set_long_keys, NULL, &error));
	file = at = read_data(&len);
	(void)long_key(key, 0);
	/* All keys begin the same; a page of branches has 1 at 10. */
	for (; (at = memmem(at, len - (size_t)(at - file), key, same)); at += LONG_KEY) {
		size_t place = (size_t)(at - file) + same;

		if (file[place / page * page + 10] != 1)
			continue;
		branches++;
		for (unsigned bit = 0; bit < 4 * 8; bit++) {
			size_t byte = place + bit / 8;

			write_byte(fd, byte, (unsigned char)(file[byte] ^ 1 << bit % 8));
			rc = store_read(store, check_pages, NULL, &error);
			OK(store_read(store, count_lost, &lost, &error));
			ck_assert_msg(rc == SB_ECORRUPT || (rc == SB_OK && lost == 0),
				      "%d keys were lost; %d: %s", lost, rc, error.text);
			found += rc == SB_ECORRUPT;
			write_byte(fd, byte, (unsigned char)file[byte]);
		}
	}
	ck_assert_int_gt(branches, 25);
	ck_assert_int_gt(found, 100);
	OK(store_read(store, check_pages, NULL, &error));
	(void)close(fd);
	free(file);
	bank_close(bank);
}
END_TEST

/* Flips each of the [bits] of the two bytes at [at] in [pattern], wherever the file has that: the
 * bank must be refused. */
static void flip_flags(const void *pattern, size_t len, size_t at, unsigned bits, const char *what)
{
	size_t places[16], count = 0, file_len;
	char *file = read_data(&file_len), *place = file;
	int fd = open_data();

	for (; (place = memmem(place, file_len - (size_t)(place - file), pattern, len)); place++) {
		ck_assert_uint_lt(count, COUNT(places));
		places[count++] = (size_t)(place - file) + at;
	}
	ck_assert_msg(count > 0, "%s is not in the file", what);
	for (unsigned bit = 0; bit < 16; bit++) {
		if (!(bits >> bit & 1))
			continue;
		for (size_t i = 0; i < count; i++)
			file[places[i] + bit / 8] ^= (char)(1u << bit % 8);
		ck_assert_int_eq(pwrite(fd, file, file_len, 0), (ssize_t)file_len);
		ck_assert_msg(is_refused(), "bit %u of the flags of %s", bit, what);
		for (size_t i = 0; i < count; i++)
			file[places[i] + bit / 8] ^= (char)(1u << bit % 8);
	}
	ck_assert_int_eq(pwrite(fd, file, file_len, 0), (ssize_t)file_len);
	ck_assert(!is_refused());
	(void)close(fd);
	free(file);
}

/* They say how keys are compared, and what a value is. What the next write makes of it would be
 * the damage. */
START_TEST(a_flipped_flag_is_found)
{
	static const char *const names[] = {"journal", "accounts", "by_account", "refs",
					    "answers", "readings", "meta"};
	/* The first of LMDB's two records, in both roots: 4 bytes with the size of pages,
	 * and that keys are numbers. */
	const uint32_t root[] = {(uint32_t)sysconf(_SC_PAGESIZE), 8};
	/* A value of 16 bytes, and a key of three. */
	static const char entry[] = "\x10\0\0\0\0\0\3\0txn";

	for (size_t i = 0; i < COUNT(names); i++) {
		/* A value of 48 bytes, that it is a record, the length of the name, the name, and
		 * what the record begins with. */
		char node[32] = {48, 0, 0, 0, 2, 0, (char)strlen(names[i]), 0};
		size_t len = 8 + strlen(names[i]) + 4;

		memcpy(node + 8, names[i], strlen(names[i]));
		flip_flags(node, len + 2, len, 0x7e, names[i]);
		flip_flags(node, len + 2, 4, 0xfffb, names[i]);
	}
	flip_flags(entry, sizeof(entry) - 1, 4, 0xfffb, "an entry");
	flip_flags(root, 6, 4, 0x7e, "the free pages");
}
END_TEST

struct states {
	int count;
	unsigned chance;
};

/* Sets states of up to two pages. */
static int set_states(struct store_txn *txn, void *ctx, struct sb_error *err)
{
	static char text[6 * 1024];
	struct states *states = ctx;
	int rc = SB_OK;

	for (int i = 0; i < states->count && !rc; i++) {
		char key[32];
		int len = snprintf(key, sizeof(key), "account%d", i);

		states->chance = states->chance * 1103515245 + 12345;
		rc = store_set(txn, STORE_ACCOUNTS, (struct slice){key, (size_t)len},
			       (struct slice){text, 50 + (states->chance >> 16) % 6000}, err);
	}
	return rc;
}

/* New books of so many states, each of which is then set: LMDB's list of free pages gets long, and
 * needs pages of its own, which change with each write. */
static void free_many(int count)
{
	struct store_options options = util_options();
	struct states states = {count, (unsigned)count};
	struct store *store;

	OK(store_build(&options, &store, &error));
	OK(store_write(store, set_states, &states, &error));
	OK(store_take_over(store, &error));
	OK(store_install(store, NULL, &error));
	OK(store_open(&options, STORE_WRITE, &store, &error));
	for (int i = 0; i < 14; i++) {
		OK(store_write(store, set_states, &states, &error));
		ck_assert_msg(store_read(store, check_pages, NULL, &error) == SB_OK,
			      "%d states, write %d: %s", count, i, error.text);
		states.count = 3;
	}
	store_close(store);
}

START_TEST(long_lists_of_free_pages_are_no_damage)
{
	for (int count = 2250; count <= 2450; count += 50)
		free_many(count);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("verify");
	TCase *damage = tcase_create("damage"), *heads = tcase_create("heads");

	tcase_set_timeout(damage, TEST_TIMEOUT);
	tcase_set_timeout(heads, TEST_TIMEOUT);
	tcase_add_checked_fixture(damage, setup, teardown);
	tcase_add_checked_fixture(heads, setup, teardown);
	tcase_add_test(damage, a_flipped_bit_anywhere_in_an_entry_is_found);
	tcase_add_test(damage, a_flipped_bit_in_what_follows_from_the_entries_is_found);
	tcase_add_test(damage, a_flipped_bit_in_what_follows_from_nothing_is_found);
	tcase_add_test(damage, a_flipped_bit_in_the_number_of_a_root_is_found);
	tcase_add_test(damage, a_root_in_the_place_of_the_other_is_refused);
	tcase_add_test(damage, a_commit_in_which_the_disk_failed_is_no_damage);
	tcase_add_test(damage, a_removed_entry_is_found);
	tcase_add_test(damage, entries_in_another_order_are_found);
	tcase_add_test(damage, what_does_not_fit_its_hash_is_not_exported);
	tcase_add_test(damage, a_journal_from_another_bank_is_found);
	tcase_add_test(damage, swapped_and_missing_states_are_found);
	tcase_add_test(damage, a_list_of_resources_that_does_not_fit_is_found);
	tcase_add_test(damage, a_state_without_an_account_is_found);
	tcase_add_test(damage, missing_and_false_index_entries_are_found);
	tcase_add_test(damage, a_head_that_is_not_the_last_entry_is_found);
	tcase_add_test(damage, a_flipped_bit_in_the_key_of_a_branch_is_found);
	tcase_add_test(damage, a_flipped_flag_is_found);
	tcase_add_test(damage, a_value_that_became_shorter_is_no_damage);
	tcase_add_test(damage, long_lists_of_free_pages_are_no_damage);
	tcase_add_test(heads, malformed_heads_are_refused);
	tcase_add_test(heads, heads_are_read);
	tcase_add_test(heads, an_old_head_must_still_be_in_the_chain);
	tcase_add_test(heads, a_right_bank_has_no_problems);
	suite_add_tcase(suite, damage);
	suite_add_tcase(suite, heads);
	return util_run(suite);
}
