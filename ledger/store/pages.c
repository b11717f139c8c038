/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every page of the data file. LMDB tells of leaves by where its keys and values are; branches and
 * roots are read as they lie in the file. */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ledger/base/bytes.h"
#include "ledger/store/form.h"
#include "ledger/store/inside.h"

/* LMDB's own tables come behind ours: that of the free pages, and that of the tables. */
enum { DBI_FREE = 0, DBI_TABLES = 1, OWN_FREE = STORE_TABLE_COUNT, OWN_TABLES, ALL_TABLES };

/* How the keys of a table are compared, and whether they have more than one value. */
enum {
	TABLE_FLAGS = MDB_REVERSEKEY | MDB_DUPSORT | MDB_INTEGERKEY | MDB_DUPFIXED |
		      MDB_INTEGERDUP | MDB_REVERSEDUP
};

/* What was seen of the data file's pages. */
struct pages {
	struct store_txn *txn;
	size_t size; /* of a page */
	size_t count; /* pages in the file */
	size_t accounted; /* pages that were seen */
	unsigned char *seen; /* one for each */
	const char *base; /* where page 0 is in memory; NULL: not known yet */
	const char *table; /* the one that is looked at */
	unsigned node_flags; /* that its nodes have, beside those of large ones */
	struct root roots[ALL_TABLES];
};

static int page_error(const struct pages *pages, struct sb_error *err, const char *what,
		      size_t page)
{
	return sb_error_set(err, SB_ECORRUPT, "the data file is damaged: %s: page %zu %s",
			    pages->table, page, what);
}

static int see(struct pages *pages, size_t page, struct sb_error *err)
{
	if (page < 2 || page >= pages->count)
		return page_error(pages, err, "is none of the file", page);
	if (pages->seen[page]++)
		return page_error(pages, err, "is used twice", page);
	pages->accounted++;
	return SB_OK;
}

/* The page into which [at] points, by the number that it has; it must stand where that says. */
static int page_of(struct pages *pages, const void *at, const char **ret, size_t *ret_number,
		   struct sb_error *err)
{
	const char *page = (const char *)at - (uintptr_t)at % pages->size;
	size_t number = form_number(page);

	if (number >= pages->count)
		return page_error(pages, err, "is none of the file", number);
	if (!pages->base)
		pages->base = page - number * pages->size;
	if (page != pages->base + number * pages->size)
		return page_error(pages, err, "stands in another's place", number);
	*ret = page;
	*ret_number = number;
	return SB_OK;
}

static int see_nodes(const struct pages *pages, const char *page, unsigned kind,
		     struct sb_error *err)
{
	const char *fault = form_fault(page, pages->size, kind, pages->node_flags);

	return fault ? page_error(pages, err, fault, form_number(page)) : SB_OK;
}

/* A large value, which has pages of its own; they are added to [large]. */
static int see_large(struct pages *pages, MDB_val value, size_t *large, struct sb_error *err)
{
	const char *page;
	uint32_t count;
	size_t first;
	int rc = page_of(pages, value.mv_data, &page, &first, err);

	if (rc)
		return rc;
	memcpy(&count, page + PAGE_ROOM, sizeof(count));
	if (form_short(page + PAGE_FLAGS) != PAGE_IS_LARGE)
		return page_error(pages, err, "has a damaged head", first);
	/* LMDB leaves it its pages when it becomes shorter within one transaction. */
	if ((value.mv_size + PAGE_HEAD + pages->size - 1) / pages->size > count ||
	    count > pages->count - first)
		return page_error(pages, err, "has a wrong length", first);
	for (uint32_t i = 0; i < count && !rc; i++)
		rc = see(pages, first + i, err);
	*large += count;
	return rc;
}

/* One record of the list of free pages: the transaction since which they are free, how many, and
 * their numbers, the highest first. */
static int see_free(struct pages *pages, MDB_val key, MDB_val value, struct sb_error *err)
{
	const char *at = value.mv_data;
	size_t count = value.mv_size < WORD ? 0 : form_number(at), before = SIZE_MAX;
	size_t since = key.mv_size == WORD ? form_number(key.mv_data) : 0;
	int rc = SB_OK;

	if (since == 0 || since > mdb_txn_id(pages->txn->mdb))
		return sb_error_set(err, SB_ECORRUPT,
				    "the data file is damaged: pages are free since transaction "
				    "%zu, which there was not",
				    since);
	if (value.mv_size % WORD || count >= value.mv_size / WORD)
		return page_error(pages, err, "are free in a list that is too short", count);
	for (size_t i = 1; i <= count && !rc; i++) {
		size_t page = form_number(at + i * WORD);

		if (page >= before)
			return page_error(pages, err, "is not in its order", page);
		before = page;
		rc = see(pages, page, err);
	}
	return rc;
}

/* The record of one of our tables. */
static int see_record(struct pages *pages, MDB_val key, MDB_val value, struct sb_error *err)
{
	if (value.mv_size != RECORD_SIZE)
		return sb_error_set(err, SB_ECORRUPT,
				    "the data file is damaged: the record of a table has a wrong "
				    "length");
	for (int i = 0; i < STORE_TABLE_COUNT; i++) {
		const char *name = store_table_name((enum store_table)i);

		if (key.mv_size == strlen(name) && memcmp(key.mv_data, name, key.mv_size) == 0)
			pages->roots[i] = form_root(value.mv_data);
	}
	return SB_OK;
}

/* The branches of a table whose leaves were seen. Each is counted in [branches]. */
static int see_branches(struct pages *pages, size_t number, unsigned depth, size_t *branches,
			struct sb_error *err)
{
	const char *page = pages->base + number * pages->size;
	unsigned room;
	int rc;

	if (depth <= 1)
		return number < pages->count && pages->seen[number]
			       ? SB_OK
			       : page_error(pages, err, "is not reached from its neighbours",
					    number);
	rc = see(pages, number, err);
	if (rc)
		return rc;
	if (form_number(page) != number)
		return page_error(pages, err, "is no branch", number);
	rc = see_nodes(pages, page, PAGE_IS_BRANCH, err);
	room = form_short(page + PAGE_ROOM);
	++*branches;
	for (unsigned at = PAGE_HEAD; at < room && !rc; at += 2)
		rc = see_branches(pages, form_below(page + form_short(page + at)), depth - 1,
				  branches, err);
	return rc;
}

/* A walk through a table, and what it counted. */
struct walk {
	struct pages *pages;
	int table;
	MDB_dbi dbi;
	const char *page; /* the leaf */
	size_t leaf; /* its number; 0: none yet */
	MDB_val before; /* the last key */
	size_t entries, leaves, large, branches;
};

/* Whether a search, which goes by the keys in the branches, comes where the walk did. */
static int see_found(const struct walk *walk, MDB_val key, size_t leaf, struct sb_error *err)
{
	MDB_val found = key, value;
	MDB_cursor *cursor;
	int rc = mdb_cursor_open(walk->pages->txn->mdb, walk->dbi, &cursor);

	if (rc)
		return store_error(err, rc, "look at the pages");
	rc = store_step(cursor, &found, &value, MDB_SET_KEY);
	mdb_cursor_close(cursor);
	if (rc == MDB_NOTFOUND || (!rc && found.mv_data != key.mv_data))
		return page_error(walk->pages, err, "has a key that a search does not find", leaf);
	return rc ? store_error(err, rc, "look at the pages") : SB_OK;
}

/* Entries stand in the order in which they came: what is behind this page in the file is most
 * likely looked at next, and comes meanwhile. Where nothing is, the processor leaves it. */
static void fetch_next(const struct pages *pages, const char *page)
{
	enum { LINE = 64 };

	for (size_t at = 0; at < pages->size; at += LINE)
		__builtin_prefetch(page + pages->size + at);
}

/* The leaf in which [key] stands, if it is another than that of the key before. When the last key
 * of the one and the first of the other are found, so are those between. */
static int see_leaf(struct walk *walk, MDB_val key, struct sb_error *err)
{
	struct pages *pages = walk->pages;
	const char *page;
	size_t number;
	int rc = page_of(pages, key.mv_data, &page, &number, err);

	if (rc || number == walk->leaf)
		return rc;
	fetch_next(pages, page);
	rc = see(pages, number, err);
	if (!rc)
		rc = see_nodes(pages, page, PAGE_IS_LEAF, err);
	if (!rc && walk->leaf)
		rc = see_found(walk, walk->before, walk->leaf, err);
	if (!rc)
		rc = see_found(walk, key, number, err);
	walk->page = page;
	walk->leaf = number;
	walk->leaves++;
	return rc;
}

/* As mdb_cmp() has it, by memcmp(), where keys are no numbers of LMDB's own. Those of the journal
 * are eight bytes, which one comparison does in a tenth of its time. */
static bool in_order(const struct walk *walk, MDB_val key)
{
	MDB_val before = walk->before;

	if (walk->table != OWN_FREE && before.mv_size == 8 && key.mv_size == 8)
		return u64_load(before.mv_data) < u64_load(key.mv_data);
	return mdb_cmp(walk->pages->txn->mdb, walk->dbi, &before, &key) < 0;
}

static int see_entry(struct walk *walk, MDB_val key, MDB_val value, struct sb_error *err)
{
	struct pages *pages = walk->pages;
	int rc;

	if (walk->entries++ && !in_order(walk, key))
		return page_error(pages, err, "has keys that are not in their order", walk->leaf);
	rc = see_leaf(walk, key, err);
	walk->before = key;
	if (!rc && value.mv_size &&
	    ((const char *)value.mv_data < walk->page ||
	     (const char *)value.mv_data >= walk->page + pages->size))
		rc = see_large(pages, value, &walk->large, err);
	if (!rc && walk->table == OWN_FREE)
		rc = see_free(pages, key, value, err);
	if (!rc && walk->table == OWN_TABLES)
		rc = see_record(pages, key, value, err);
	return rc;
}

/* All leaves of a table, and what hangs on them. */
static int see_entries(struct walk *walk, struct sb_error *err)
{
	MDB_val key = {0}, value = {0};
	MDB_cursor *cursor;
	int result = SB_OK;
	int rc = mdb_cursor_open(walk->pages->txn->mdb, walk->dbi, &cursor);

	if (rc)
		return store_error(err, rc, "look at the pages");
	while (!result && (rc = store_step(cursor, &key, &value, MDB_NEXT)) == 0)
		result = see_entry(walk, key, value, err);
	mdb_cursor_close(cursor);
	if (result || rc == MDB_NOTFOUND)
		return result;
	return store_error(err, rc, "look at the pages");
}

/* What the walk does not see. */
static int see_root(struct walk *walk, struct sb_error *err)
{
	const struct root *root = &walk->pages->roots[walk->table];

	if (!root->known)
		return SB_OK;
	if ((root->flags & TABLE_FLAGS) != (walk->table == OWN_FREE ? MDB_INTEGERKEY : 0))
		return sb_error_set(err, SB_ECORRUPT,
				    "the data file is damaged: %s: the record of the table has "
				    "wrong flags",
				    walk->pages->table);
	return root->depth
		       ? see_branches(walk->pages, root->page, root->depth, &walk->branches, err)
		       : SB_OK;
}

static int see_table(struct pages *pages, int table, MDB_dbi dbi, struct sb_error *err)
{
	struct walk walk = {.pages = pages, .table = table, .dbi = dbi};
	MDB_stat stat;
	int rc = mdb_stat(pages->txn->mdb, dbi, &stat);

	if (rc)
		return store_error(err, rc, "look at the pages");
	pages->table = table == OWN_FREE     ? "the free pages"
		       : table == OWN_TABLES ? "the tables"
					     : store_table_name((enum store_table)table);
	pages->node_flags = table == OWN_TABLES ? NODE_IS_RECORD : 0;
	rc = see_entries(&walk, err);
	if (!rc)
		rc = see_root(&walk, err);
	if (rc)
		return rc;
	if (walk.entries != stat.ms_entries || walk.leaves != stat.ms_leaf_pages ||
	    walk.large != stat.ms_overflow_pages ||
	    (pages->roots[table].known && walk.branches != stat.ms_branch_pages))
		return sb_error_set(err, SB_ECORRUPT,
				    "the data file is damaged: %s: %zu entries on %zu pages, which "
				    "should be %zu on %zu",
				    pages->table, walk.entries,
				    walk.leaves + walk.large + walk.branches, stat.ms_entries,
				    stat.ms_leaf_pages + stat.ms_overflow_pages +
					    stat.ms_branch_pages);
	return SB_OK;
}

/* The roots of LMDB's own tables stand in the page that this transaction's commit wrote, if nobody
 * has written it since. */
static void find_own_roots(struct pages *pages)
{
	size_t id = mdb_txn_id(pages->txn->mdb);
	const char *meta = pages->base + (id & 1) * pages->size;

	if (form_number(meta + META_TXN) != id)
		return;
	for (int i = 0; i < 2; i++) {
		pages->roots[i ? OWN_TABLES : OWN_FREE] =
			form_root(meta + META_RECORDS + i * RECORD_SIZE);
	}
}

/* Looks a key up in a leaf, which may be no leaf any more. */
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

/* Both roots: LMDB keeps what the older one leads to until the next commit, and where it leads
 * there stands whose root it was. A root with another number would not be the newer one when it is,
 * or be it when it is not. Copies that were compacted begin with number 1. LMDB itself leaves the
 * older root wrong when the disk fails while it is written, until the next commit: what it leads to
 * is that of the commit which failed, the number that of two commits before. One wrong bit can make
 * the newer root look the same, and is not found. */
static int see_roots(struct pages *pages, struct sb_error *err)
{
	for (size_t i = 0; i < 2; i++) {
		const char *meta = pages->base + i * pages->size;
		const char *tables_record = meta + META_RECORDS + RECORD_SIZE, *record, *value;
		size_t number = form_number(meta + META_TXN), len;
		size_t other = form_number(pages->base + !i * pages->size + META_TXN);
		uint64_t leads_to;

		if (!form_root_is_in_place(meta, i, other))
			return sb_error_set(err, SB_ECORRUPT,
					    "the data file is damaged: of its roots, page %zu has "
					    "the number %zu and page %d %zu, or another page "
					    "stands in the place of one",
					    i, number, !i, other);
		if (number <= 1 || form_short(tables_record + RECORD_DEPTH) != 1)
			continue;
		record = find_in_leaf(pages, form_number(tables_record + RECORD_ROOT),
				      store_table_name(STORE_META), &len);
		if (!record || len != RECORD_SIZE || form_short(record + RECORD_DEPTH) != 1)
			continue;
		value = find_in_leaf(pages, form_number(record + RECORD_ROOT), STORE_NEWEST, &len);
		if (!value || len != 8 + SUM_SIZE)
			continue;
		leads_to = u64_load((const unsigned char *)value);
		if (leads_to != number && !(leads_to == number + 2 && number < other))
			return sb_error_set(err, SB_ECORRUPT,
					    "the data file is damaged: a root has the number %zu, "
					    "and leads to the state after transaction %ju",
					    number, (uintmax_t)leads_to);
	}
	return SB_OK;
}

/* What is only right of the newest state: STORE_ABORT when this is another by now. */
static int see_whole(struct pages *pages, struct sb_error *err)
{
	MDB_envinfo info;
	int rc = see_roots(pages, err);

	if (!rc && !pages->roots[OWN_FREE].known)
		return STORE_ABORT;
	if (!rc && pages->accounted + 2 != pages->count)
		rc = sb_error_set(
			err, SB_ECORRUPT,
			"the data file is damaged: of its %zu pages %zu are in use or free",
			pages->count, pages->accounted + 2);
	if (mdb_env_info(pages->txn->store->env, &info) ||
	    info.me_last_txnid != mdb_txn_id(pages->txn->mdb))
		return STORE_ABORT;
	return rc;
}

static int look(struct store_txn *txn, struct sb_error *err)
{
	struct pages pages = {.txn = txn};
	MDB_envinfo info;
	MDB_stat stat;
	MDB_val key, value;
	MDB_cursor *cursor;
	const char *page;
	size_t number;
	int rc = mdb_env_info(txn->store->env, &info);

	if (!rc)
		rc = mdb_env_stat(txn->store->env, &stat);
	if (!rc)
		rc = mdb_cursor_open(txn->mdb, DBI_TABLES, &cursor);
	if (rc)
		return store_error(err, rc, "look at the pages");
	pages.size = stat.ms_psize;
	/* LMDB maps a file of larger pages than the machine's where they do not begin. */
	if (!FORM_IS_KNOWN || pages.size > (size_t)sysconf(_SC_PAGESIZE)) {
		mdb_cursor_close(cursor);
		return SB_OK;
	}
	pages.count = info.me_last_pgno + 1;
	pages.table = "the tables";
	pages.seen = calloc(pages.count, 1);
	rc = store_step(cursor, &key, &value, MDB_FIRST);
	mdb_cursor_close(cursor);
	if (!pages.seen)
		return sb_error_nomem(err);
	rc = rc ? store_error(err, rc, "look at the pages")
		: page_of(&pages, key.mv_data, &page, &number, err);
	if (!rc) {
		find_own_roots(&pages);
		rc = see_table(&pages, OWN_TABLES, DBI_TABLES, err);
	}
	if (!rc)
		rc = see_table(&pages, OWN_FREE, DBI_FREE, err);
	for (int i = 0; i < STORE_TABLE_COUNT && !rc; i++)
		rc = see_table(&pages, i, txn->store->dbis[i], err);
	if (!rc)
		rc = see_whole(&pages, err);
	/* Others have gone on meanwhile: the file may have grown, the roots are others. */
	if (rc == STORE_ABORT)
		rc = SB_OK;
	free(pages.seen);
	return rc;
}

int store_check_pages(struct store_txn *txn, struct sb_error *err)
{
	int rc = look(txn, err);

	/* Of a root that another process was just writing half may have been seen: not twice. */
	return rc == SB_ECORRUPT ? look(txn, err) : rc;
}
