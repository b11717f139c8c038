/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The floor for one request: the time that start, LMDB and the disk take in any program.
 *
 *     floor_lmdb put FOLDER BYTES   appends one value of that size to the journal there and commits
 *     floor_lmdb get FOLDER NAME    reads the state of an account
 */
#include <string.h>
#include <sys/types.h>

#include "tests/bench/floor.h"

static void put(const char *folder, size_t size)
{
	char bytes[4096] = {0};
	MDB_val key = {0}, value = {0};
	unsigned char next[8];
	MDB_cursor *cursor;
	uint64_t number = 0;
	MDB_env *env;
	MDB_dbi dbi;
	MDB_txn *txn = floor_open(folder, 0, "journal", &env, &dbi);

	need(size <= sizeof(bytes), "reading the size");
	need(mdb_cursor_open(txn, dbi, &cursor) == 0, "mdb_cursor_open");
	if (mdb_cursor_get(cursor, &key, &value, MDB_LAST) == 0) {
		for (size_t i = 0; i < 8; i++)
			number = number << 8 | ((unsigned char *)key.mv_data)[i];
	}
	number++;
	for (size_t i = 8; i-- > 0; number >>= 8)
		next[i] = (unsigned char)number;
	key = (MDB_val){sizeof(next), next};
	value = (MDB_val){size, bytes};
	need(mdb_cursor_put(cursor, &key, &value, MDB_APPEND) == 0, "mdb_cursor_put");
	mdb_cursor_close(cursor);
	need(mdb_txn_commit(txn) == 0, "mdb_txn_commit");
	mdb_env_close(env);
}

static void get(const char *folder, char *name)
{
	MDB_val key = {strlen(name), name}, value;
	MDB_env *env;
	MDB_dbi dbi;
	MDB_txn *txn = floor_open(folder, MDB_RDONLY, "accounts", &env, &dbi);

	need(mdb_get(txn, dbi, &key, &value) == 0, "mdb_get");
	printf("%zu bytes\n", value.mv_size);
	mdb_txn_abort(txn);
	mdb_env_close(env);
}

int main(int argc, char *argv[])
{
	need(argc == 4, "reading the arguments");
	if (strcmp(argv[1], "put") == 0)
		put(argv[2], strtoul(argv[3], NULL, 10));
	else
		get(argv[2], argv[3]);
	return 0;
}
