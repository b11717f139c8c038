/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "slurm/sshare.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/base/number.h"
#include "slurm/table.h"

enum column { CLUSTER, ID, RAW_USAGE, GRP_TRES_MINS, GRP_TRES_RAW, TRES_RUN_MINS, USER, ACCOUNT };

/* What others may choose is last. */
static const char *const columns[] = {
	[CLUSTER] = "Cluster",
	[ID] = "ID",
	[RAW_USAGE] = "RawUsage",
	[GRP_TRES_MINS] = "GrpTRESMins",
	[GRP_TRES_RAW] = "GrpTRESRaw",
	[TRES_RUN_MINS] = "TRESRunMins",
	[USER] = "User",
	[ACCOUNT] = "Account",
};
enum { NCOLUMNS = sizeof(columns) / sizeof(columns[0]) };

/* A row of an account, in the order of the answer. */
struct line {
	struct share share; /* its account is without blanks in front that are no part of it */
	size_t row; /* of the table */
	const char *indented; /* the account as printed */
	int64_t id; /* of the association; -1: not a number */
	bool joined; /* the name has newlines */
	enum column room; /* the list that makes [odd_room]; CLUSTER: none does */
	const char *odd; /* the column that says who it is and cannot be trusted; NULL: none */
};

struct reading {
	const struct slurm *slurm;
	const char *cluster;
	struct table table;
	struct line *lines;
	size_t count;
	const char **path; /* the accounts from the uppermost down to the line before */
	struct shares shares;
	bool twice; /* two lines with the same account */
	bool by_id; /* slurmdbd said which association is where */
};

static int compare_shares(const void *a, const void *b)
{
	const struct share *x = a, *y = b;

	return strcmp(x->account, y->account);
}

/* Reads the billing TRES of a list; -1 when it is not there. Returns whether the list is odd. */
static bool read_billing(const struct table *table, size_t row, enum column column, int64_t *ret)
{
	*ret = -1;
	return tres_value(table_cell(table, row, column), "billing", ret, NULL) != SB_OK;
}

static void take_lines(struct reading *reading)
{
	const struct table *table = &reading->table;

	for (size_t i = 0; i < table->rows; i++) {
		const char *id = table_cell(table, i, ID), *usage = table_cell(table, i, RAW_USAGE);
		int64_t none;
		struct line line = {.id = -1,
				    .indented = table_cell(table, i, ACCOUNT),
				    .joined = table->lines[i].joined};

		if (table_cell(table, i, USER)[0] != '\0')
			continue;
		(void)number_parse(id, 0, INT64_MAX, &line.id);
		line.share.odd_usage = !number_parse(usage, 0, INT64_MAX, &line.share.raw_usage);
		line.share.grp_tres_mins = table_cell(table, i, GRP_TRES_MINS);
		line.share.odd_limits =
			tres_value(line.share.grp_tres_mins, "", &none, NULL) != SB_OK;
		if (read_billing(table, i, TRES_RUN_MINS, &line.share.running))
			line.room = TRES_RUN_MINS;
		if (read_billing(table, i, GRP_TRES_RAW, &line.share.minutes))
			line.room = GRP_TRES_RAW;
		line.share.odd_room = line.room != CLUSTER;
		line.share.line = table->lines[i].line;
		line.row = i;
		reading->lines[reading->count++] = line;
	}
}

/* Finds names and parents by the indentation. A parent stands above its children, so depth grows by
 * one at a time: what is indented by more has blanks in its name, and which of the lines below that
 * are as deep have such names too cannot be told. Returns whether all can. */
static bool read_indentation(struct reading *reading)
{
	size_t path_len = 0, sure = SIZE_MAX;
	bool plain = true;

	for (size_t i = 0; i < reading->count; i++) {
		struct line *line = &reading->lines[i];
		size_t depth = strspn(line->indented, " ");

		if (depth <= sure)
			sure = SIZE_MAX;
		line->odd = sure != SIZE_MAX ? columns[ACCOUNT] : NULL;
		if (depth > path_len) {
			line->odd = columns[ACCOUNT];
			depth = path_len;
			if (sure == SIZE_MAX)
				sure = depth;
		}
		line->share.account = line->indented + depth;
		line->share.parent = line->odd ? NULL : depth > 0 ? reading->path[depth - 1] : "";
		reading->path[depth] = line->share.account;
		path_len = depth + 1;
		plain = plain && !line->odd && !line->joined;
	}
	return plain;
}

/* ---- by the numbers of the associations ---- */

struct assoc {
	int64_t id, parent; /* 0: none */
	struct line *line; /* NULL: sshare has none, or more than one */
	size_t lines;
};

struct assocs {
	struct assoc *list; /* by id */
	size_t count;
};

static int compare_ids(const void *a, const void *b)
{
	const struct assoc *x = a, *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

static struct assoc *find_assoc(const struct assocs *assocs, int64_t id)
{
	const struct assoc key = {.id = id};

	return assocs->count ? bsearch(&key, assocs->list, assocs->count, sizeof(key), compare_ids)
			     : NULL;
}

/* free() the list. */
static int ask_parents(const struct reading *reading, struct assocs *ret)
{
	static const char *const numbers[] = {"ID", "ParentID"};
	char where[sizeof("cluster=") + 255];
	const char *const argv[] = {
		reading->slurm->sacctmgr, "-P", "show", "assoc", "where", where, "user=",
		"format=ID,ParentID",	  NULL,
	};
	struct assocs assocs = {0};
	struct table table = {0};
	int code;

	(void)snprintf(where, sizeof(where), "cluster=%s", reading->cluster);
	code = table_ask(reading->slurm, "sacctmgr", argv, numbers, 2, NULL, &table, NULL);
	if (code != SB_OK)
		return code;
	assocs.list = calloc(table.rows + 1, sizeof(*assocs.list));
	if (!assocs.list)
		code = SB_ESYSTEM;
	for (size_t i = 0; i < table.rows && code == SB_OK; i++) {
		const char *id = table_cell(&table, i, 0), *parent = table_cell(&table, i, 1);
		struct assoc *assoc = &assocs.list[assocs.count++];

		if (!number_parse(id, 0, INT64_MAX, &assoc->id) ||
		    !number_parse(parent, 0, INT64_MAX, &assoc->parent))
			code = SB_EFORMAT;
	}
	/* Who may not see all accounts gets a few. */
	if (code == SB_OK && assocs.count < reading->count / 2)
		code = SB_EFORMAT;
	if (code == SB_OK)
		qsort(assocs.list, assocs.count, sizeof(*assocs.list), compare_ids);
	for (size_t i = 1; i < assocs.count && code == SB_OK; i++) {
		if (assocs.list[i - 1].id == assocs.list[i].id)
			code = SB_EFORMAT;
	}
	table_release(&table);
	if (code == SB_OK)
		*ret = assocs;
	else
		free(assocs.list);
	return code;
}

/* How far down the association is; -1 when the way up does not end. */
static int64_t depth_of(const struct assocs *assocs, const struct assoc *assoc)
{
	int64_t depth = 0;

	while (assoc && assoc->parent != 0 && depth <= (int64_t)assocs->count) {
		assoc = find_assoc(assocs, assoc->parent);
		depth++;
	}
	return assoc && assoc->parent == 0 ? depth : -1;
}

/* Finds names and parents by what slurmdbd has: an indentation that is known leaves the name. */
static void place_lines(struct reading *reading, const struct assocs *assocs)
{
	for (size_t i = 0; i < reading->count; i++) {
		struct line *line = &reading->lines[i];
		struct assoc *assoc = find_assoc(assocs, line->id);
		int64_t depth = depth_of(assocs, assoc);

		line->odd = columns[ID];
		if (!assoc || depth < 0 || (int64_t)strspn(line->indented, " ") < depth)
			continue;
		line->share.account = line->indented + depth;
		assoc->line = assoc->lines++ > 0 ? NULL : line;
		line->odd = NULL;
	}
	for (size_t i = 0; i < reading->count; i++) {
		struct line *line = &reading->lines[i];
		const struct assoc *assoc = find_assoc(assocs, line->id), *above;

		line->share.parent = NULL;
		if (!line->odd && assoc->lines > 1)
			line->odd = columns[ID];
		if (line->odd)
			continue;
		above = find_assoc(assocs, assoc->parent);
		if (above && above->line)
			line->share.parent = above->line->share.account;
		else if (assoc->parent == 0)
			line->share.parent = "";
	}
}

/* ---- one row for each account ---- */

/* Of an account with several lines the one that can be trusted counts, if there is one alone. */
static int keep_one(struct reading *reading, const struct share *from, size_t count,
		    struct sb_error *err)
{
	struct shares *shares = &reading->shares;
	struct share *to = &shares->rows[shares->count++];
	const struct share *good = NULL;
	size_t goods = 0;

	for (size_t i = 0; i < count; i++) {
		if (!from[i].odd_usage) {
			good = &from[i];
			goods++;
		}
	}
	/* Without slurmdbd's word it may be the forged one that can be read. */
	good = goods == 1 && reading->by_id ? good : NULL;
	memmove(to, good ? good : from, sizeof(*to));
	if (count == 1 || good)
		return SB_OK;
	to->odd_usage = to->odd_limits = to->odd_room = true;
	to->parent = NULL;
	/* Without any each was named for itself. */
	if (goods == 0)
		return SB_OK;
	reading->twice = true;
	return odd_rows_add(&shares->odd, from[1].line, columns[ACCOUNT], "there twice",
			    to->account, err);
}

/* By the first line of a name that has more, if no other row has that name. */
static int add_heads(struct reading *reading, size_t count, size_t *ret_count, struct sb_error *err)
{
	struct shares *shares = &reading->shares;
	size_t size = 0, found = count;
	char *at;

	for (size_t i = 0; i < count; i++)
		size += strcspn(shares->rows[i].account, "\n") + 1;
	at = shares->heads = malloc(size + 1);
	if (!at)
		return sb_error_set(err, SB_ESYSTEM,
				    "sshare: out of memory for the accounts of cluster %s",
				    reading->cluster);
	for (size_t i = 0; i < count; i++) {
		const struct share *whole = &shares->rows[i];
		size_t len = strcspn(whole->account, "\n");
		struct share head = {.account = at,
				     .odd_usage = true,
				     .grp_tres_mins = "",
				     .odd_limits = true,
				     .minutes = -1,
				     .running = -1,
				     .odd_room = true,
				     .line = whole->line};

		if (!whole->account[len])
			continue;
		memcpy(at, whole->account, len);
		at[len] = '\0';
		at += len + 1;
		if (!bsearch(&head, shares->rows, count, sizeof(head), compare_shares))
			shares->rows[found++] = head;
	}
	qsort(shares->rows, found, sizeof(*shares->rows), compare_shares);
	*ret_count = found;
	return SB_OK;
}

static int add_odd(struct reading *reading, const struct line *line, enum column column,
		   struct sb_error *err)
{
	return odd_rows_add(&reading->shares.odd, line->share.line, columns[column],
			    table_cell(&reading->table, line->row, column), line->share.account,
			    err);
}

/* Makes shares of the lines, anew each time. */
static int make_shares(struct reading *reading, bool plain, struct sb_error *err)
{
	struct shares *shares = &reading->shares;
	size_t count = reading->count;
	int code = SB_OK;

	odd_rows_release(&shares->odd);
	shares->count = 0;
	for (size_t i = 0; i < count && code == SB_OK; i++) {
		const struct line *line = &reading->lines[i];
		struct share *share = &shares->rows[i];

		*share = line->share;
		if (line->odd) {
			share->odd_usage = share->odd_limits = share->odd_room = true;
			share->parent = NULL;
			code = odd_rows_add(&shares->odd, share->line, line->odd,
					    line->odd == columns[ID] ? "not in slurmdbd, or twice"
								     : line->indented,
					    share->account, err);
			continue;
		}
		if (share->odd_usage)
			code = add_odd(reading, line, RAW_USAGE, err);
		if (share->odd_limits && code == SB_OK)
			code = add_odd(reading, line, GRP_TRES_MINS, err);
		if (share->odd_room && code == SB_OK)
			code = add_odd(reading, line, line->room, err);
	}
	if (code != SB_OK)
		return code;
	qsort(shares->rows, count, sizeof(*shares->rows), compare_shares);
	if (!plain)
		code = add_heads(reading, count, &count, err);
	for (size_t i = 0, next; i < count && code == SB_OK; i = next) {
		next = i + 1;
		while (next < count && compare_shares(&shares->rows[i], &shares->rows[next]) == 0)
			next++;
		code = keep_one(reading, &shares->rows[i], next - i, err);
	}
	return code;
}

static int read_rows(struct reading *reading, struct sb_error *err)
{
	size_t rows = reading->table.rows;
	struct assocs assocs = {0};
	bool plain;
	int code;

	/* Heads may come to each. */
	reading->shares.rows = calloc(2 * rows + 1, sizeof(*reading->shares.rows));
	reading->lines = calloc(rows + 1, sizeof(*reading->lines));
	reading->path = calloc(rows + 1, sizeof(*reading->path));
	if (!reading->shares.rows || !reading->lines || !reading->path)
		return sb_error_set(err, SB_ESYSTEM,
				    "sshare: out of memory for the accounts of cluster %s",
				    reading->cluster);
	take_lines(reading);
	if (reading->count == 0)
		return sb_error_set(err, SB_EFORMAT,
				    "sshare: cluster %s is not in its answer: see whether its "
				    "slurmctld runs (scontrol -M %s ping)",
				    reading->cluster, reading->cluster);
	plain = read_indentation(reading);
	if (plain) {
		code = make_shares(reading, true, err);
		if (code != SB_OK || !reading->twice)
			return code;
	}
	if (ask_parents(reading, &assocs) == SB_OK) {
		place_lines(reading, &assocs);
		reading->by_id = true;
	}
	free(assocs.list);
	return make_shares(reading, false, err);
}

int sshare_read(const struct slurm *slurm, const char *cluster, struct shares *ret,
		struct sb_error *err)
{
	struct reading reading = {.slurm = slurm, .cluster = cluster};
	const char *const argv[] = {
		slurm->sshare,
		"-P",
		"-M",
		cluster,
		"-o",
		"Cluster,ID,RawUsage,GrpTRESMins,GrpTRESRaw,TRESRunMins,User,Account",
		NULL,
	};
	int code;

	code = slurm_check_cluster(cluster, err);
	if (code != SB_OK)
		return code;
	code = table_ask(slurm, "sshare", argv, columns, NCOLUMNS, cluster, &reading.table, err);
	if (code != SB_OK)
		return code;
	code = read_rows(&reading, err);
	if (code == SB_OK) {
		reading.shares.text = reading.table.text;
		reading.table.text = NULL;
		*ret = reading.shares;
	} else {
		shares_release(&reading.shares);
	}
	free(reading.path);
	free(reading.lines);
	table_release(&reading.table);
	return code;
}

const struct share *shares_find(const struct shares *shares, const char *account)
{
	const struct share key = {.account = account};

	if (shares->count == 0)
		return NULL;
	return bsearch(&key, shares->rows, shares->count, sizeof(*shares->rows), compare_shares);
}

void shares_release(struct shares *shares)
{
	if (!shares)
		return;
	free(shares->rows);
	free(shares->text);
	free(shares->heads);
	odd_rows_release(&shares->odd);
	memset(shares, 0, sizeof(*shares));
}

int tres_next(const char *list, size_t *at, struct tres *ret, struct sb_error *err)
{
	struct tres tres = {.value = -1};

	if (list[*at] == '\0')
		return 0;

	/* The comma goes with the item behind it, so that none may be the last. */
	const char *item = list + *at + (*at > 0 && list[*at] == ',');
	size_t len = strcspn(item, ",");
	const char *equals = memchr(item, '=', len);
	size_t name_len = equals ? (size_t)(equals - item) : 0;
	size_t digits = equals ? len - name_len - 1 : 0;

	if (name_len == 0 || name_len >= sizeof(tres.name) || digits == 0 ||
	    strspn(equals + 1, "0123456789") != digits)
		return sb_error_set(err, SB_EFORMAT,
				    "\"%.200s\" is not a list of limits such as "
				    "cpu=0,gres/gpu=7: see sshare -o GrpTRESMins,GrpTRESRaw",
				    list);
	memcpy(tres.name, item, name_len);
	/* Slurm stores a negative limit as one near 2^64, and none is what it comes to. */
	(void)number_slice(equals + 1, digits, 0, INT64_MAX, &tres.value);
	*at = (size_t)(item - list) + len;
	*ret = tres;
	return 1;
}

int tres_value(const char *list, const char *name, int64_t *ret, struct sb_error *err)
{
	int64_t value = -1;
	bool found = false;
	struct tres tres;
	size_t at = 0;
	int code;

	while ((code = tres_next(list, &at, &tres, err)) > 0) {
		if (strcmp(tres.name, name) != 0)
			continue;
		if (found)
			return sb_error_set(err, SB_EFORMAT,
					    "\"%.200s\" has %s twice: see sshare -o "
					    "GrpTRESMins,GrpTRESRaw",
					    list, name);
		value = tres.value;
		found = true;
	}
	if (code == 0)
		*ret = value;
	return code;
}
