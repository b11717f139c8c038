/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The tables and their entries. */
#include <assert.h>
#include <string.h>

#include "ledger/base/bytes.h"
#include "ledger/store/inside.h"

static const struct {
	const char *name;
	bool cache; /* may be updated and emptied */
	bool summed; /* values cannot be derived from others and carry a checksum */
} tables[STORE_TABLE_COUNT] = {
	[STORE_JOURNAL] = {"journal", false, false},
	[STORE_ACCOUNTS] = {"accounts", true, false},
	[STORE_BY_ACCOUNT] = {"by_account", false, false},
	[STORE_REFS] = {"refs", false, false},
	[STORE_ANSWERS] = {"answers", false, false},
	[STORE_READINGS] = {"readings", true, true},
	[STORE_META] = {"meta", true, true},
};

const char *store_table_name(enum store_table table)
{
	return tables[table].name;
}

static MDB_val to_val(struct slice slice)
{
	/* LMDB does not write through the pointer. */
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

/* FNV-1a: it detects accidents only. An attacker who can write the file can compute any checksum.
 */
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

/* Checks and removes the checksum of a value, if its table has them. */
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
			    "the data file is damaged: a value in table '%s' does not match its "
			    "checksum; "
			    "run `subank verify`, and restore an export or a backup",
			    tables[table].name);
}

int store_step(MDB_cursor *cursor, MDB_val *key, MDB_val *value, MDB_cursor_op op)
{
	return WATCHED(STEP_TICKS, mdb_cursor_get(cursor, key, value, op));
}

int store_get(struct store_txn *txn, enum store_table table, struct slice key, struct slice *ret,
	      struct sb_error *err)
{
	MDB_val k = to_val(key), v;
	struct slice value;
	int rc = WATCHED(STEP_TICKS, mdb_get(txn->mdb, txn->store->dbis[table], &k, &v));

	TRY(store_result(err, rc, "read the books"));
	value = to_slice(v);
	TRY(check_sum(table, key, &value, err));
	*ret = value;
	return SB_OK;
}

static int put(struct store_txn *txn, enum store_table table, struct slice key, struct slice value,
	       unsigned flags, struct sb_error *err)
{
	bool summed = tables[table].summed;
	MDB_val k = to_val(key), v = to_val(value);
	MDB_cursor **cursor = &txn->cursors[table];
	int rc = *cursor ? 0 : mdb_cursor_open(txn->mdb, txn->store->dbis[table], cursor);

	if (summed) {
		v.mv_size += SUM_SIZE;
		flags |= MDB_RESERVE;
	}
	if (!rc)
		rc = WATCHED(STEP_TICKS, mdb_cursor_put(*cursor, &k, &v, flags));
	if (rc == MDB_KEYEXIST)
		return sb_error_set(err, SB_ECORRUPT,
				    "table '%s' already has the new key: nothing was "
				    "changed; run `subank verify`",
				    tables[table].name);
	TRY(store_result(err, rc, "write the books"));
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
	return store_result(err, rc, "empty a table of the books");
}

int store_count(struct store_txn *txn, enum store_table table, uint64_t *ret, struct sb_error *err)
{
	MDB_stat stat;

	TRY(store_result(err, mdb_stat(txn->mdb, txn->store->dbis[table], &stat),
			 "count a table of the books"));
	*ret = stat.ms_entries;
	return SB_OK;
}

/* Moves the cursor to the first entry of store_each(). */
static int seek(MDB_cursor *cursor, struct slice from, bool backward, MDB_val *key, MDB_val *value)
{
	int rc;

	if (from.len == 0)
		return store_step(cursor, key, value, backward ? MDB_LAST : MDB_FIRST);
	*key = to_val(from);
	rc = store_step(cursor, key, value, MDB_SET_RANGE);
	if (!backward)
		return rc;
	if (rc == MDB_NOTFOUND)
		return store_step(cursor, key, value, MDB_LAST);
	if (rc || (key->mv_size == from.len && memcmp(key->mv_data, from.data, from.len) == 0))
		return rc;
	return store_step(cursor, key, value, MDB_PREV);
}

int store_each(struct store_txn *txn, enum store_table table, struct slice from, bool backward,
	       store_item *each, void *ctx, struct sb_error *err)
{
	MDB_val key = {0}, value = {0};
	MDB_cursor *cursor;
	int result = SB_OK;
	int rc = mdb_cursor_open(txn->mdb, txn->store->dbis[table], &cursor);

	TRY(store_result(err, rc, "read the books"));
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
	return rc == MDB_NOTFOUND ? SB_OK : store_result(err, rc, "read the books");
}
