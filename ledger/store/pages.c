/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Checks every page of the data file. Leaves are found through LMDB, from the addresses of its keys
 * and values; branches and roots are read from the file's bytes. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ledger/base/bytes.h"
#include "ledger/store/form.h"
#include "ledger/store/inside.h"

/* LMDB's own tables follow ours: the list of free pages and the table of tables. */
enum { DBI_FREE = 0, DBI_TABLES = 1, OWN_FREE = STORE_TABLE_COUNT, OWN_TABLES, ALL_TABLES };

/* The flags that decide how the keys of a table are compared, and whether a key has several values.
 */
enum {
	TABLE_FLAGS = MDB_REVERSEKEY | MDB_DUPSORT | MDB_INTEGERKEY | MDB_DUPFIXED |
		      MDB_INTEGERDUP | MDB_REVERSEDUP
};

#define DAMAGED(err, ...) sb_error_set(err, SB_ECORRUPT, "the data file is damaged: " __VA_ARGS__)

#define LMDB_TRY(call) TRY(store_result(err, call, "read the pages"))

struct pages {
	struct store_txn *txn;
	size_t size; /* of a page */
	size_t count; /* pages in the file */
	size_t claimed; /* pages that were found in use or free */
	unsigned char *used; /* one for each page */
	const char *base; /* the address of page 0; NULL until it is known */
	const char *table; /* the name of the one that is checked */
	unsigned node_flags; /* of its nodes, besides NODE_IS_LARGE */
	struct root roots[ALL_TABLES];
};

static int page_error(const struct pages *pages, struct sb_error *err, const char *what,
		      size_t page)
{
	return DAMAGED(err, "%s: page %zu %s", pages->table, page, what);
}

static int claim(struct pages *pages, size_t page, struct sb_error *err)
{
	if (page < 2 || page >= pages->count)
		return page_error(pages, err, "is not in the file", page);
	if (pages->used[page]++)
		return page_error(pages, err, "is used twice", page);
	pages->claimed++;
	return SB_OK;
}

/* Finds the page that contains [at]; its address must match its number. */
static int find_page(struct pages *pages, const void *at, const char **ret, size_t *ret_number,
		     struct sb_error *err)
{
	const char *page = (const char *)at - (uintptr_t)at % pages->size;
	size_t number = form_number(page);

	if (number >= pages->count)
		return page_error(pages, err, "is not in the file", number);
	if (!pages->base)
		pages->base = page - number * pages->size;
	if (page != pages->base + number * pages->size)
		return page_error(pages, err, "is in the place of another", number);
	*ret = page;
	*ret_number = number;
	return SB_OK;
}

static int check_nodes(const struct pages *pages, const char *page, unsigned kind,
		       struct sb_error *err)
{
	const char *fault = form_fault(page, pages->size, kind, pages->node_flags);

	return fault ? page_error(pages, err, fault, form_number(page)) : SB_OK;
}

/* Checks a large value and adds its pages to [large]. */
static int check_large(struct pages *pages, MDB_val value, size_t *large, struct sb_error *err)
{
	const char *page;
	uint32_t count;
	size_t first;

	TRY(find_page(pages, value.mv_data, &page, &first, err));
	memcpy(&count, page + PAGE_ROOM, sizeof(count));
	if (form_short(page + PAGE_FLAGS) != PAGE_IS_LARGE)
		return page_error(pages, err, "has a damaged head", first);
	/* There may be more pages than needed: a value that became shorter within one transaction
	 * keeps its pages. */
	if ((value.mv_size + PAGE_HEAD + pages->size - 1) / pages->size > count ||
	    count > pages->count - first)
		return page_error(pages, err, "has a wrong length", first);
	for (uint32_t i = 0; i < count; i++)
		TRY(claim(pages, first + i, err));
	*large += count;
	return SB_OK;
}

/* Checks a record of the list of free pages: the transaction that freed them, their count and their
 * numbers, the highest first. */
static int check_free(struct pages *pages, MDB_val key, MDB_val value, struct sb_error *err)
{
	const char *at = value.mv_data;
	size_t count = value.mv_size < WORD ? 0 : form_number(at), before = SIZE_MAX;
	size_t since = key.mv_size == WORD ? form_number(key.mv_data) : 0;

	if (since == 0 || since > mdb_txn_id(pages->txn->mdb))
		return DAMAGED(err, "pages are free since transaction %zu, which does not exist",
			       since);
	if (value.mv_size % WORD || count >= value.mv_size / WORD)
		return DAMAGED(err, "%s: a list of %zu pages is too short", pages->table, count);
	for (size_t i = 1; i <= count; i++) {
		size_t page = form_number(at + i * WORD);

		if (page >= before)
			return page_error(pages, err, "is out of order", page);
		before = page;
		TRY(claim(pages, page, err));
	}
	return SB_OK;
}

/* Keeps the root of one of our tables. */
static int keep_root(struct pages *pages, MDB_val key, MDB_val value, struct sb_error *err)
{
	if (value.mv_size != RECORD_SIZE)
		return DAMAGED(err, "the record of a table has a wrong length");
	for (int i = 0; i < STORE_TABLE_COUNT; i++) {
		const char *name = store_table_name((enum store_table)i);

		if (key.mv_size == strlen(name) && memcmp(key.mv_data, name, key.mv_size) == 0)
			pages->roots[i] = form_root(value.mv_data);
	}
	return SB_OK;
}

/* Checks the branches of a table whose leaves were checked, and counts them in [branches]. */
static int check_branches(struct pages *pages, size_t number, unsigned depth, size_t *branches,
			  struct sb_error *err)
{
	const char *page = pages->base + number * pages->size;

	if (depth <= 1) {
		if (number >= pages->count || !pages->used[number])
			return page_error(pages, err, "is not reached from its neighbours", number);
		return SB_OK;
	}
	TRY(claim(pages, number, err));
	if (form_number(page) != number)
		return page_error(pages, err, "is not a branch", number);
	TRY(check_nodes(pages, page, PAGE_IS_BRANCH, err));
	++*branches;
	for (unsigned i = 0; i < form_count(page); i++)
		TRY(check_branches(pages, form_child(form_node(page, i)), depth - 1, branches,
				   err));
	return SB_OK;
}

/* A scan of a table and its counts. */
struct scan {
	struct pages *pages;
	int table;
	MDB_dbi dbi;
	const char *page; /* the leaf */
	size_t leaf; /* its number; 0: none yet */
	MDB_val before; /* the previous key */
	size_t entries, leaves, large, branches;
};

/* Checks that a search, which follows the branches, finds [key] where the scan did. */
static int check_search(const struct scan *scan, MDB_val key, size_t leaf, struct sb_error *err)
{
	MDB_val found = key, value;
	MDB_cursor *cursor;
	int rc;

	LMDB_TRY(mdb_cursor_open(scan->pages->txn->mdb, scan->dbi, &cursor));
	rc = store_step(cursor, &found, &value, MDB_SET_KEY);
	mdb_cursor_close(cursor);
	if (rc == MDB_NOTFOUND || (!rc && found.mv_data != key.mv_data))
		return page_error(scan->pages, err, "has a key that a search does not find", leaf);
	LMDB_TRY(rc);
	return SB_OK;
}

/* Entries are stored in the order in which they were added, so the next page in the file is most
 * likely the next one to check. The processor ignores a prefetch beyond the end. */
static void prefetch_next(const struct pages *pages, const char *page)
{
	enum { LINE = 64 };

	for (size_t at = 0; at < pages->size; at += LINE)
		__builtin_prefetch(page + pages->size + at);
}

/* Checks the leaf that contains [key], unless the previous key is in the same leaf. Searches for
 * the first and the last key of each leaf are enough: if these succeed, so do those for the keys
 * between them. */
static int check_leaf(struct scan *scan, MDB_val key, struct sb_error *err)
{
	struct pages *pages = scan->pages;
	const char *page;
	size_t number;

	TRY(find_page(pages, key.mv_data, &page, &number, err));
	if (number == scan->leaf)
		return SB_OK;
	prefetch_next(pages, page);
	TRY(claim(pages, number, err));
	TRY(check_nodes(pages, page, PAGE_IS_LEAF, err));
	if (scan->leaf)
		TRY(check_search(scan, scan->before, scan->leaf, err));
	TRY(check_search(scan, key, number, err));
	scan->page = page;
	scan->leaf = number;
	scan->leaves++;
	return SB_OK;
}

/* Compares keys as mdb_cmp() does, which calls memcmp() except for LMDB's own numbers. Keys of the
 * journal have eight bytes; comparing them as numbers takes a tenth of the time. */
static bool in_order(const struct scan *scan, MDB_val key)
{
	MDB_val before = scan->before;

	if (scan->table != OWN_FREE && before.mv_size == 8 && key.mv_size == 8)
		return u64_load(before.mv_data) < u64_load(key.mv_data);
	return mdb_cmp(scan->pages->txn->mdb, scan->dbi, &before, &key) < 0;
}

static int check_entry(struct scan *scan, MDB_val key, MDB_val value, struct sb_error *err)
{
	struct pages *pages = scan->pages;
	const char *data = value.mv_data;

	if (scan->entries++ && !in_order(scan, key))
		return page_error(pages, err, "has keys that are out of order", scan->leaf);
	TRY(check_leaf(scan, key, err));
	scan->before = key;
	if (value.mv_size && (data < scan->page || data >= scan->page + pages->size))
		TRY(check_large(pages, value, &scan->large, err));
	if (scan->table == OWN_FREE)
		return check_free(pages, key, value, err);
	return scan->table == OWN_TABLES ? keep_root(pages, key, value, err) : SB_OK;
}

/* Checks all leaves of a table and what they refer to. */
static int check_entries(struct scan *scan, struct sb_error *err)
{
	MDB_val key = {0}, value = {0};
	MDB_cursor *cursor;
	int result = SB_OK, rc;

	LMDB_TRY(mdb_cursor_open(scan->pages->txn->mdb, scan->dbi, &cursor));
	while (!result && (rc = store_step(cursor, &key, &value, MDB_NEXT)) == 0)
		result = check_entry(scan, key, value, err);
	mdb_cursor_close(cursor);
	if (!result && rc != MDB_NOTFOUND)
		LMDB_TRY(rc);
	return result;
}

/* Checks what the scan does not reach: the record of a table and its branches. */
static int check_root(struct scan *scan, struct sb_error *err)
{
	const struct root *root = &scan->pages->roots[scan->table];

	if (!root->known)
		return SB_OK;
	if ((root->flags & TABLE_FLAGS) != (scan->table == OWN_FREE ? MDB_INTEGERKEY : 0))
		return DAMAGED(err, "%s: the record of the table has wrong flags",
			       scan->pages->table);
	if (!root->depth)
		return SB_OK;
	return check_branches(scan->pages, root->page, root->depth, &scan->branches, err);
}

static int check_table(struct pages *pages, int table, MDB_dbi dbi, struct sb_error *err)
{
	struct scan scan = {.pages = pages, .table = table, .dbi = dbi};
	MDB_stat stat;

	LMDB_TRY(mdb_stat(pages->txn->mdb, dbi, &stat));
	pages->table = table == OWN_FREE     ? "the free pages"
		       : table == OWN_TABLES ? "the tables"
					     : store_table_name((enum store_table)table);
	pages->node_flags = table == OWN_TABLES ? NODE_IS_RECORD : 0;
	TRY(check_entries(&scan, err));
	TRY(check_root(&scan, err));
	if (scan.entries == stat.ms_entries && scan.leaves == stat.ms_leaf_pages &&
	    scan.large == stat.ms_overflow_pages &&
	    (!pages->roots[table].known || scan.branches == stat.ms_branch_pages))
		return SB_OK;
	return DAMAGED(err, "%s: %zu entries on %zu pages, which should be %zu on %zu",
		       pages->table, scan.entries, scan.leaves + scan.large + scan.branches,
		       stat.ms_entries,
		       stat.ms_leaf_pages + stat.ms_overflow_pages + stat.ms_branch_pages);
}

/* Finds the roots of LMDB's own tables: in the meta page of this transaction, unless a later one
 * has overwritten it. */
static void find_own_roots(struct pages *pages)
{
	size_t id = mdb_txn_id(pages->txn->mdb);
	const char *meta = pages->base + (id & 1) * pages->size;

	if (form_number(meta + META_TXN) != id)
		return;
	pages->roots[OWN_FREE] = form_root(meta + META_RECORDS);
	pages->roots[OWN_TABLES] = form_root(meta + META_RECORDS + RECORD_SIZE);
}

/* Returns the value of [key] in a leaf, or NULL. The page may have been reused. */
static const char *find_in_leaf(const struct pages *pages, size_t number, const char *key,
				size_t *ret_len)
{
	const char *page = pages->base + number * pages->size;
	size_t len = strlen(key);
	unsigned room;

	if (number >= pages->count || form_number(page) != number)
		return NULL;
	room = form_short(page + PAGE_ROOM);
	for (unsigned at = PAGE_HEAD; at < room && at < pages->size; at += 2) {
		const char *node = page + form_short(page + at);

		if (node + NODE_HEAD + len > page + pages->size ||
		    form_value(node) != node + NODE_HEAD + len ||
		    memcmp(node + NODE_HEAD, key, len) != 0)
			continue;
		*ret_len = form_value_length(node);
		return form_value(node) + *ret_len <= page + pages->size ? form_value(node) : NULL;
	}
	return NULL;
}

/* Reads the value of STORE_NEWEST to which this meta page leads. Returns false if it cannot. */
static bool find_newest(const struct pages *pages, const char *meta, uint64_t *ret)
{
	const char *tables = meta + META_RECORDS + RECORD_SIZE, *record, *value;
	size_t len;

	if (form_number(meta + META_TXN) <= 1 || form_short(tables + RECORD_DEPTH) != 1)
		return false;
	record = find_in_leaf(pages, form_number(tables + RECORD_ROOT),
			      store_table_name(STORE_META), &len);
	if (!record || len != RECORD_SIZE || form_short(record + RECORD_DEPTH) != 1)
		return false;
	value = find_in_leaf(pages, form_number(record + RECORD_ROOT), STORE_NEWEST, &len);
	if (!value || len != 8 + SUM_SIZE)
		return false;
	*ret = u64_load((const unsigned char *)value);
	return true;
}

/* Checks both meta pages. LMDB keeps the pages of the older state until the next commit, and each
 * state contains the number of its transaction (STORE_NEWEST). A meta page with another number
 * could make LMDB take the older state for the newer one. Compacted copies begin with number 1.
 *
 * One difference is allowed: if the disk fails while LMDB writes a meta page, the page leads to the
 * state of the failed commit but has the number of two commits before, until the next commit. One
 * wrong bit can make the newer meta page look the same; that is not detected. */
static int check_roots(struct pages *pages, struct sb_error *err)
{
	for (size_t i = 0; i < 2; i++) {
		const char *meta = pages->base + i * pages->size;
		size_t number = form_number(meta + META_TXN);
		size_t other = form_number(pages->base + !i * pages->size + META_TXN);
		uint64_t newest;

		if (!form_root_is_in_place(meta, i, other))
			return DAMAGED(err,
				       "its roots, pages %zu and %d, have the numbers %zu and "
				       "%zu, or another page is in the place of one",
				       i, !i, number, other);
		if (find_newest(pages, meta, &newest) && newest != number &&
		    !(newest == number + 2 && number < other))
			return DAMAGED(err,
				       "a root has the number %zu, and leads to the state after "
				       "transaction %ju",
				       number, (uintmax_t)newest);
	}
	return SB_OK;
}

/* Checks what is true only of the newest state. Accepts everything if this is no longer the newest.
 */
static int check_newest(struct pages *pages, struct sb_error *err)
{
	MDB_envinfo info;
	int rc = check_roots(pages, err);

	if (!rc && pages->roots[OWN_FREE].known && pages->claimed + 2 != pages->count)
		rc = DAMAGED(err, "of its %zu pages %zu are in use or free", pages->count,
			     pages->claimed + 2);
	/* A commit in between changed the roots, and may have made the file larger. */
	if (mdb_env_info(pages->txn->store->env, &info) ||
	    info.me_last_txnid != mdb_txn_id(pages->txn->mdb))
		return SB_OK;
	return rc;
}

static int check_tables(struct pages *pages, const void *first_key, struct sb_error *err)
{
	const char *page;
	size_t number;

	pages->table = "the tables";
	TRY(find_page(pages, first_key, &page, &number, err));
	find_own_roots(pages);
	TRY(check_table(pages, OWN_TABLES, DBI_TABLES, err));
	TRY(check_table(pages, OWN_FREE, DBI_FREE, err));
	for (int i = 0; i < STORE_TABLE_COUNT; i++)
		TRY(check_table(pages, i, pages->txn->store->dbis[i], err));
	return check_newest(pages, err);
}

static int check_pages(struct store_txn *txn, struct sb_error *err)
{
	struct pages pages = {.txn = txn};
	MDB_envinfo info;
	MDB_stat stat;
	MDB_val key, value;
	MDB_cursor *cursor;
	int rc;

	LMDB_TRY(mdb_env_info(txn->store->env, &info));
	LMDB_TRY(mdb_env_stat(txn->store->env, &stat));
	pages.size = stat.ms_psize;
	pages.count = info.me_last_pgno + 1;
	/* find_page() needs pages at multiples of their size. LMDB maps pages that are larger than
	 * the machine's at other addresses. */
	if (!FORM_IS_KNOWN || pages.size > (size_t)sysconf(_SC_PAGESIZE))
		return SB_OK;
	LMDB_TRY(mdb_cursor_open(txn->mdb, DBI_TABLES, &cursor));
	rc = store_step(cursor, &key, &value, MDB_FIRST);
	mdb_cursor_close(cursor);
	LMDB_TRY(rc);
	pages.used = calloc(pages.count, 1);
	if (!pages.used)
		return sb_error_nomem(err);
	rc = check_tables(&pages, key.mv_data, err);
	free(pages.used);
	return rc;
}

int store_check_pages(struct store_txn *txn, struct sb_error *err)
{
	int rc = check_pages(txn, err);

	/* The first check may have read a meta page while another process was writing it. That does
	 * not happen twice. */
	return rc == SB_ECORRUPT ? check_pages(txn, err) : rc;
}
