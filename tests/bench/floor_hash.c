/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The floor for many entries: LMDB and SHA-256 of the same bytes. The times exclude the start and
 * the exit of the program.
 *
 *     floor_hash append FROM TO   copies the journal of the environment FROM into a new one:
 *                                 appends and hashes each entry, 10,000 a transaction. FROM is read
 *                                 into memory before the clock starts.
 *     floor_hash read FROM        reads the journal and hashes each entry
 *     floor_hash version          prints the versions of the libraries
 *
 * The first two print "SECONDS ENTRIES BYTES". BYTES includes the hash in each entry.
 */
#include <nettle/sha2.h>
#include <nettle/version.h>
#include <string.h>
#include <sys/types.h>

#include "tests/bench/floor.h"

enum { BATCH = 10000 };

static unsigned char digest[SHA256_DIGEST_SIZE];

static void hash(const MDB_val *key, const MDB_val *value)
{
	struct sha256_ctx sha;

	sha256_init(&sha);
	sha256_update(&sha, key->mv_size, key->mv_data);
	sha256_update(&sha, value->mv_size, value->mv_data);
	sha256_digest(&sha, sizeof(digest), digest);
}

struct copy {
	unsigned char *bytes; /* key, value, key, value ... */
	size_t *sizes; /* of each value */
	size_t count;
	size_t len;
};

static void load(const char *folder, struct copy *ret)
{
	MDB_val key, value;
	MDB_cursor *cursor;
	MDB_stat stat;
	size_t len = 0;
	MDB_env *env;
	MDB_dbi dbi;
	MDB_txn *txn = floor_open(folder, MDB_RDONLY, "journal", &env, &dbi);

	need(mdb_stat(txn, dbi, &stat) == 0, "mdb_stat");
	ret->count = stat.ms_entries;
	ret->sizes = calloc(ret->count, sizeof(*ret->sizes));
	ret->bytes = malloc((stat.ms_leaf_pages + stat.ms_overflow_pages) * stat.ms_psize);
	need(ret->sizes && ret->bytes, "malloc");
	need(mdb_cursor_open(txn, dbi, &cursor) == 0, "mdb_cursor_open");
	for (size_t i = 0; i < ret->count; i++) {
		need(mdb_cursor_get(cursor, &key, &value, MDB_NEXT) == 0, "mdb_cursor_get");
		need(key.mv_size == 8, "reading a key");
		memcpy(ret->bytes + len, key.mv_data, 8);
		memcpy(ret->bytes + len + 8, value.mv_data, value.mv_size);
		ret->sizes[i] = value.mv_size;
		ret->len += value.mv_size;
		len += 8 + value.mv_size;
	}
	mdb_cursor_close(cursor);
	mdb_txn_abort(txn);
	mdb_env_close(env);
}

static void append(const char *from, const char *to)
{
	struct copy copy = {0};
	unsigned char *at;
	double began;
	MDB_txn *txn;
	MDB_env *env;
	MDB_dbi dbi;

	load(from, &copy);
	at = copy.bytes;
	began = floor_clock();
	need(mdb_env_create(&env) == 0, "mdb_env_create");
	need(mdb_env_set_mapsize(env, (size_t)16 << 30) == 0, "mdb_env_set_mapsize");
	need(mdb_env_open(env, to, 0, 0640) == 0, "mdb_env_open");
	for (size_t i = 0; i < copy.count; i++) {
		MDB_val key = {8, at}, value = {copy.sizes[i], at + 8};

		if (i % BATCH == 0) {
			need(i == 0 || mdb_txn_commit(txn) == 0, "mdb_txn_commit");
			need(mdb_txn_begin(env, NULL, 0, &txn) == 0, "mdb_txn_begin");
			need(mdb_dbi_open(txn, NULL, 0, &dbi) == 0, "mdb_dbi_open");
		}
		hash(&key, &value);
		need(mdb_put(txn, dbi, &key, &value, MDB_APPEND) == 0, "mdb_put");
		at += 8 + copy.sizes[i];
	}
	need(copy.count == 0 || mdb_txn_commit(txn) == 0, "mdb_txn_commit");
	mdb_env_close(env);
	printf("%.9f %zu %zu\n", floor_clock() - began, copy.count, copy.len);
	free(copy.bytes);
	free(copy.sizes);
}

static void read_all(const char *folder)
{
	double began = floor_clock();
	MDB_val key, value;
	MDB_cursor *cursor;
	MDB_env *env;
	MDB_dbi dbi;
	MDB_txn *txn = floor_open(folder, MDB_RDONLY, "journal", &env, &dbi);
	size_t count = 0, len = 0;

	need(mdb_cursor_open(txn, dbi, &cursor) == 0, "mdb_cursor_open");
	while (mdb_cursor_get(cursor, &key, &value, MDB_NEXT) == 0) {
		hash(&key, &value);
		count++;
		len += value.mv_size;
	}
	mdb_cursor_close(cursor);
	mdb_txn_abort(txn);
	mdb_env_close(env);
	printf("%.9f %zu %zu\n", floor_clock() - began, count, len);
}

int main(int argc, char *argv[])
{
	need(argc >= 2, "reading the arguments");
	if (argc == 4 && strcmp(argv[1], "append") == 0)
		append(argv[2], argv[3]);
	else if (argc == 3)
		read_all(argv[2]);
	else
		printf("%s; nettle %d.%d\n", mdb_version(NULL, NULL, NULL), NETTLE_VERSION_MAJOR,
		       NETTLE_VERSION_MINOR);
	return 0;
}
