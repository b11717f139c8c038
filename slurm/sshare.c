/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "slurm/sshare.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/base/array.h"
#include "ledger/base/number.h"
#include "slurm/error.h"
#include "slurm/table.h"

enum column { CLUSTER, ID, RAW_USAGE, GRP_TRES_MINS, GRP_TRES_RAW, TRES_RUN_MINS, USER, ACCOUNT };

/* The column that users choose is last. */
static const char *const columns[] = {"Cluster",    "ID",	   "RawUsage", "GrpTRESMins",
				      "GrpTRESRaw", "TRESRunMins", "User",     "Account"};
enum { NCOLUMNS = sizeof(columns) / sizeof(columns[0]) };

/* A row of an account, in the order of the answer. */
struct line {
	struct share share; /* its account has no indentation */
	size_t row; /* of the table */
	const char *indented; /* the account as printed */
	int64_t id; /* of the association; -1: not a number */
	bool joined; /* the name has newlines */
	enum column room; /* the list that makes [odd_room]; CLUSTER: none */
	const char *odd; /* the column that names the account but cannot be trusted; NULL: none */
};

/* An association. */
struct node {
	int64_t id, parent; /* 0: none */
	struct line *line; /* NULL: sshare has none, or more than one */
	size_t lines;
};

struct answer {
	const struct slurm *slurm;
	const char *cluster;
	const char *const *asked; /* users, sorted */
	size_t asked_count;
	bool all_users; /* all are asked for */
	const char **found; /* then [asked] */
	struct table table;
	struct line *lines;
	size_t count;
	const char **path; /* the accounts from the root down to the previous line */
	struct node *nodes; /* by id */
	size_t node_count;
	struct shares shares;
	bool twice; /* two lines with the same account */
	bool by_id; /* the tree is from slurmdbd */
};

static int compare_shares(const void *a, const void *b)
{
	const struct share *x = a, *y = b;

	return strcmp(x->account, y->account);
}

/* Reads the billing TRES of a list; -1 when it is not there. Returns whether the list is malformed.
 */
static bool read_billing(const struct table *table, size_t row, enum column column, int64_t *ret)
{
	*ret = -1;
	return tres_value(table_cell(table, row, column), "billing", ret, NULL) != SB_OK;
}

static struct line make_line(const struct table *table, size_t row)
{
	struct line line = {.row = row,
			    .id = -1,
			    .indented = table_cell(table, row, ACCOUNT),
			    .joined = table->lines[row].joined};
	struct share *share = &line.share;
	int64_t none;

	(void)number_parse(table_cell(table, row, ID), 0, INT64_MAX, &line.id);
	share->odd_usage =
		!number_parse(table_cell(table, row, RAW_USAGE), 0, INT64_MAX, &share->raw_usage);
	share->grp_tres_mins = table_cell(table, row, GRP_TRES_MINS);
	share->grp_tres_raw = table_cell(table, row, GRP_TRES_RAW);
	share->tres_run_mins = table_cell(table, row, TRES_RUN_MINS);
	share->odd_limits = tres_value(share->grp_tres_mins, "", &none, NULL) != SB_OK;
	if (read_billing(table, row, TRES_RUN_MINS, &share->running))
		line.room = TRES_RUN_MINS;
	if (read_billing(table, row, GRP_TRES_RAW, &share->minutes))
		line.room = GRP_TRES_RAW;
	share->odd_room = line.room != CLUSTER;
	share->line = table->lines[row].line;
	return line;
}

/* Finds names and parents by the indentation. A row is at most one level deeper than the row above
 * it. A name that is indented by more begins with blanks itself, and so may each name below it that
 * is indented as far: these are odd. Returns whether every name is certain. */
static bool read_indentation(struct answer *answer)
{
	size_t path_len = 0, sure = SIZE_MAX;
	bool plain = true;

	for (size_t i = 0; i < answer->count; i++) {
		struct line *line = &answer->lines[i];
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
		line->share.parent = line->odd ? NULL : depth > 0 ? answer->path[depth - 1] : "";
		answer->path[depth] = line->share.account;
		path_len = depth + 1;
		plain = plain && !line->odd && !line->joined;
	}
	return plain;
}

/* ---- by the numbers of the associations ---- */

static int compare_ids(const void *a, const void *b)
{
	const struct node *x = a, *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

static struct node *find_node(const struct answer *answer, int64_t id)
{
	const struct node key = {.id = id};

	return array_find(answer->nodes, answer->node_count, &key, compare_ids);
}

static int add_nodes(struct answer *answer, const struct table *table)
{
	for (size_t i = 0; i < table->rows; i++) {
		struct node *node = array_add(answer->nodes, answer->node_count);

		if (!node)
			return SB_ESYSTEM;
		if (!number_parse(table_cell(table, i, 0), 0, INT64_MAX, &node->id) ||
		    !number_parse(table_cell(table, i, 1), 0, INT64_MAX, &node->parent))
			return SB_EFORMAT;
	}
	/* slurmdbd shows only a few accounts to a user who may not see all. */
	if (answer->node_count < answer->count / 2)
		return SB_EFORMAT;
	array_sort(answer->nodes, answer->node_count, compare_ids);
	for (size_t i = 1; i < answer->node_count; i++) {
		if (answer->nodes[i - 1].id == answer->nodes[i].id)
			return SB_EFORMAT;
	}
	return SB_OK;
}

static int read_nodes(struct answer *answer)
{
	static const char *const numbers[] = {"ID", "ParentID"};
	static const struct table_form form = {"sacctmgr", numbers, 2, NULL};
	char where[sizeof("cluster=") + 255];
	const char *const argv[] = {
		answer->slurm->sacctmgr, "-P", "show", "assoc", "where", where, "user=",
		"format=ID,ParentID",	 NULL};
	struct table table = {0};
	int code;

	(void)snprintf(where, sizeof(where), "cluster=%s", answer->cluster);
	TRY(table_ask(answer->slurm, &form, argv, &table, NULL));
	code = add_nodes(answer, &table);
	table_release(&table);
	return code;
}

/* Returns how far below the root the node is; -1 when its ancestors form a loop or end early. */
static int64_t depth_of(const struct answer *answer, const struct node *node)
{
	int64_t depth = 0;

	while (node && node->parent != 0 && depth <= (int64_t)answer->node_count) {
		node = find_node(answer, node->parent);
		depth++;
	}
	return node && node->parent == 0 ? depth : -1;
}

/* Finds names and parents by slurmdbd's tree, which gives the depth of each row: the name follows
 * as many blanks. */
static void place_lines(struct answer *answer)
{
	for (size_t i = 0; i < answer->count; i++) {
		struct line *line = &answer->lines[i];
		struct node *node = find_node(answer, line->id);
		int64_t depth = depth_of(answer, node);

		line->odd = columns[ID];
		if (!node || depth < 0 || (int64_t)strspn(line->indented, " ") < depth)
			continue;
		line->share.account = line->indented + depth;
		node->line = node->lines++ > 0 ? NULL : line;
		line->odd = NULL;
	}
	for (size_t i = 0; i < answer->count; i++) {
		struct line *line = &answer->lines[i];
		const struct node *node = find_node(answer, line->id), *above;

		line->share.parent = NULL;
		if (!line->odd && node->lines > 1)
			line->odd = columns[ID];
		if (line->odd)
			continue;
		above = find_node(answer, node->parent);
		if (above && above->line)
			line->share.parent = above->line->share.account;
		else if (node->parent == 0)
			line->share.parent = "";
	}
}

/* ---- one row for each account ---- */

/* Makes one row of the [count] lines of an account: of the only line that can be trusted, if there
 * is one, or an odd row. */
static int keep_one(struct answer *answer, const struct share *from, size_t count,
		    struct sb_error *err)
{
	struct shares *shares = &answer->shares;
	struct share *to = &shares->rows[shares->count++];
	const struct share *good = NULL;
	size_t goods = 0;

	for (size_t i = 0; i < count; i++) {
		if (!from[i].odd_usage) {
			good = &from[i];
			goods++;
		}
	}
	/* Without slurmdbd's tree the readable one may be the forged one. */
	good = goods == 1 && answer->by_id ? good : NULL;
	memmove(to, good ? good : from, sizeof(*to));
	if (count == 1 || good)
		return SB_OK;
	to->odd_usage = to->odd_limits = to->odd_room = true;
	to->parent = NULL;
	/* Without a good one, each is in [odd] already. */
	if (goods == 0)
		return SB_OK;
	answer->twice = true;
	return odd_rows_add(&shares->odd, from[1].line, columns[ACCOUNT], "there twice",
			    to->account, err);
}

/* Adds a row for the first line of each name with newlines, if no other row has that name. */
static int add_heads(struct shares *shares, size_t *count, struct sb_error *err)
{
	size_t size = 0, found = *count;
	char *at;

	for (size_t i = 0; i < *count; i++)
		size += strcspn(shares->rows[i].account, "\n") + 1;
	at = shares->heads = malloc(size + 1);
	if (!at)
		return slurm_error_nomem(err);
	for (size_t i = 0; i < *count; i++) {
		const struct share *whole = &shares->rows[i];
		size_t len = strcspn(whole->account, "\n");
		struct share head = {.account = at,
				     .odd_usage = true,
				     .grp_tres_mins = "",
				     .grp_tres_raw = "",
				     .tres_run_mins = "",
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
		if (!array_find(shares->rows, *count, &head, compare_shares))
			shares->rows[found++] = head;
	}
	array_sort(shares->rows, found, compare_shares);
	*count = found;
	return SB_OK;
}

static int add_odd(struct answer *answer, const struct line *line, enum column column,
		   struct sb_error *err)
{
	return odd_rows_add(&answer->shares.odd, line->share.line, columns[column],
			    table_cell(&answer->table, line->row, column), line->share.account,
			    err);
}

static int make_share(struct answer *answer, const struct line *line, struct share *share,
		      struct sb_error *err)
{
	*share = line->share;
	if (line->odd) {
		share->odd_usage = share->odd_limits = share->odd_room = true;
		share->parent = NULL;
		return odd_rows_add(&answer->shares.odd, share->line, line->odd,
				    line->odd == columns[ID] ? "not in slurmdbd, or twice"
							     : line->indented,
				    share->account, err);
	}
	if (share->odd_usage)
		TRY(add_odd(answer, line, RAW_USAGE, err));
	if (share->odd_limits)
		TRY(add_odd(answer, line, GRP_TRES_MINS, err));
	return share->odd_room ? add_odd(answer, line, line->room, err) : SB_OK;
}

/* Makes shares of the lines, from scratch each time. */
static int make_shares(struct answer *answer, bool plain, struct sb_error *err)
{
	struct shares *shares = &answer->shares;
	size_t count = answer->count;

	odd_rows_release(&shares->odd);
	shares->count = 0;
	for (size_t i = 0; i < count; i++)
		TRY(make_share(answer, &answer->lines[i], &shares->rows[i], err));
	array_sort(shares->rows, count, compare_shares);
	if (!plain)
		TRY(add_heads(shares, &count, err));
	for (size_t i = 0, next; i < count; i = next) {
		next = i + 1;
		while (next < count && compare_shares(&shares->rows[i], &shares->rows[next]) == 0)
			next++;
		TRY(keep_one(answer, &shares->rows[i], next - i, err));
	}
	return SB_OK;
}

/* ---- users ---- */

static int compare_names(const void *key, const void *item)
{
	const char *const *name = item;

	return strcmp(key, *name);
}

static int compare_users(const void *a, const void *b)
{
	const struct user_share *x = a, *y = b;
	int order = strcmp(x->account, y->account);

	return order ? order : strcmp(x->user, y->user);
}

static int compare_places(const void *a, const void *b)
{
	const struct line *const *x = a, *const *y = b;

	return strcmp((*x)->share.account, (*y)->share.account);
}

static int compare_place(const void *key, const void *item)
{
	const struct line *const *line = item;

	return strcmp(key, (*line)->share.account);
}

/* Writes the user in a cell in lower case. Returns false if it is none. */
static bool fold_user(const char *cell, char to[SLURM_USER_MAX + 1])
{
	size_t len = strlen(cell);

	if (len == 0 || len > SLURM_USER_MAX)
		return false;
	for (size_t i = 0; i <= len; i++)
		to[i] = (char)tolower((unsigned char)cell[i]);
	return true;
}

static int compare_listed(const void *a, const void *b)
{
	const char *const *x = a, *const *y = b;

	return strcmp(*x, *y);
}

/* Asks for all users of the answer. */
static int ask_for_all(struct answer *answer, struct sb_error *err)
{
	const struct table *table = &answer->table;
	char user[SLURM_USER_MAX + 1];
	size_t size = 1, count = 0;
	char *at;

	for (size_t i = 0; i < table->rows; i++)
		size += strlen(table_cell(table, i, USER)) + 1;
	answer->shares.names = at = malloc(size);
	answer->found = calloc(table->rows + 1, sizeof(*answer->found));
	if (!at || !answer->found)
		return slurm_error_nomem(err);
	for (size_t i = 0; i < table->rows; i++) {
		if (table->lines[i].joined || !fold_user(table_cell(table, i, USER), user) ||
		    !slurm_name_ok(user))
			continue;
		answer->found[count++] = at;
		memcpy(at, user, strlen(user) + 1);
		at += strlen(user) + 1;
	}
	array_unique(answer->found, count, compare_listed);
	answer->asked = answer->found;
	answer->asked_count = count;
	return SB_OK;
}

/* Returns the user in a cell as asked for; NULL: nobody asked for that user. */
static const char *asked_user(const struct answer *answer, const char *cell)
{
	char user[SLURM_USER_MAX + 1];
	const char *const *found;

	if (!fold_user(cell, user))
		return NULL;
	found = array_find(answer->asked, answer->asked_count, user, compare_names);
	return found ? *found : NULL;
}

/* Returns the account of a user's row; NULL: the row belongs to none whose name is certain. The
 * accounts are in [places], by name. */
static const char *account_of(const struct answer *answer, struct line *const *places, size_t row)
{
	const char *cell = table_cell(&answer->table, row, ACCOUNT);
	size_t depth = strspn(cell, " "), at;

	(void)array_search(places, answer->count, cell + depth, compare_place, &at);
	/* A name that was forged is there more than once. */
	while (at > 0 && compare_place(cell + depth, &places[at - 1]) == 0)
		at--;
	for (; at < answer->count; at++) {
		const struct line *line = places[at];

		if (compare_place(cell + depth, &places[at]) != 0)
			break;
		if (!line->odd && (size_t)(line->share.account - line->indented) + 1 == depth)
			return line->share.account;
	}
	return NULL;
}

static struct user_share make_user(const struct table *table, size_t row)
{
	struct user_share user = {.grp_tres_mins = table_cell(table, row, GRP_TRES_MINS),
				  .grp_tres_raw = table_cell(table, row, GRP_TRES_RAW),
				  .tres_run_mins = table_cell(table, row, TRES_RUN_MINS),
				  .id = -1,
				  .line = table->lines[row].line};

	(void)number_parse(table_cell(table, row, ID), 0, INT64_MAX, &user.id);
	user.odd = !number_parse(table_cell(table, row, RAW_USAGE), 0, INT64_MAX, &user.raw_usage);
	return user;
}

static int add_users(struct answer *answer, struct line *const *places, struct sb_error *err)
{
	const struct table *table = &answer->table;
	struct shares *shares = &answer->shares;

	for (size_t i = 0; i < table->rows; i++) {
		const char *name = table->lines[i].joined
					   ? NULL
					   : asked_user(answer, table_cell(table, i, USER));
		const char *account = name ? account_of(answer, places, i) : NULL;
		struct user_share *user;

		/* No bank has accounts with other names. */
		if (!account || !slurm_name_ok(account))
			continue;
		user = array_add(shares->users, shares->user_count);
		if (!user)
			return slurm_error_nomem(err);
		*user = make_user(table, i);
		user->account = account;
		user->user = name;
		if (user->odd)
			TRY(odd_rows_add(&shares->odd, user->line, columns[RAW_USAGE],
					 table_cell(table, i, RAW_USAGE), account, err));
	}
	array_sort(shares->users, shares->user_count, compare_users);
	return SB_OK;
}

/* Linux allows 128 KiB for one argument. */
enum { NAMES_MAX = 100 << 10 };

/* Appends a name to "account=a,b" unless it is the last one there. Returns false if it is full. */
static bool add_name(char *list, const char *name)
{
	size_t len = strlen(list), size = strlen(name);

	if (len >= size && strcmp(list + len - size, name) == 0 &&
	    strchr("=,", list[len - size - 1]))
		return true;
	if (len + 1 + size >= NAMES_MAX)
		return false;
	if (list[len - 1] != '=')
		list[len++] = ',';
	memcpy(list + len, name, size + 1);
	return true;
}

/* "account=a,b" and "user=u,v": of the rows in doubt, as many as a command line takes. */
struct doubts {
	char accounts[NAMES_MAX], users[NAMES_MAX];
	size_t count;
};

static void clear_doubts(struct doubts *doubts)
{
	(void)snprintf(doubts->accounts, NAMES_MAX, "account=");
	(void)snprintf(doubts->users, NAMES_MAX, "user=");
	doubts->count = 0;
}

/* Marks the rows that have the number, user and account of an association. */
static int mark_known(struct answer *answer, const struct table *table, size_t row)
{
	struct shares *shares = &answer->shares;
	const struct user_share key = {.account = table_cell(table, row, 2),
				       .user = asked_user(answer, table_cell(table, row, 1))};
	int64_t id;
	size_t at;

	if (!number_parse(table_cell(table, row, 0), 0, INT64_MAX, &id))
		return SB_EFORMAT;
	if (!key.user || !array_search(shares->users, shares->user_count, &key, compare_users, &at))
		return SB_OK;
	while (at > 0 && compare_users(&shares->users[at - 1], &key) == 0)
		at--;
	for (; at < shares->user_count && compare_users(&shares->users[at], &key) == 0; at++)
		shares->users[at].known = shares->users[at].known || shares->users[at].id == id;
	return SB_OK;
}

/* Asks slurmdbd for the associations of these users in these accounts. All its names are among
 * those, so none of them breaks a row. */
static int ask_doubts(struct answer *answer, struct doubts *doubts)
{
	static const char *const names[] = {"ID", "User", "Account"};
	static const struct table_form form = {"sacctmgr", names, 3, NULL};
	char where[sizeof("cluster=") + 255];
	const char *const argv[] = {
		answer->slurm->sacctmgr,
		"-P",
		"show",
		"assoc",
		"where",
		where,
		doubts->accounts,
		doubts->users,
		"format=ID,User,Account",
		NULL,
	};
	struct table table = {0};
	int code = SB_OK;

	(void)snprintf(where, sizeof(where), "cluster=%s", answer->cluster);
	TRY(table_ask(answer->slurm, &form, argv, &table, NULL));
	for (size_t i = 0; i < table.rows && !code; i++)
		code = mark_known(answer, &table, i);
	table_release(&table);
	clear_doubts(doubts);
	return code;
}

static int ask_all_doubts(struct answer *answer, struct doubts *doubts)
{
	clear_doubts(doubts);
	for (size_t i = 0; i < answer->shares.user_count; i++) {
		const struct user_share *user = &answer->shares.users[i];

		if (!user->doubtful)
			continue;
		if (!add_name(doubts->accounts, user->account) ||
		    !add_name(doubts->users, user->user)) {
			TRY(ask_doubts(answer, doubts));
			(void)add_name(doubts->accounts, user->account);
			(void)add_name(doubts->users, user->user);
		}
		doubts->count++;
	}
	return doubts->count > 0 ? ask_doubts(answer, doubts) : SB_OK;
}

/* Whether another row of the same user in the same account has the same number: at most one of them
 * is not forged. */
static bool has_twin(const struct shares *shares, size_t at)
{
	const struct user_share *user = &shares->users[at];

	for (size_t i = at; i-- > 0 && compare_users(&shares->users[i], user) == 0;) {
		if (shares->users[i].id == user->id)
			return true;
	}
	for (size_t i = at + 1;
	     i < shares->user_count && compare_users(&shares->users[i], user) == 0; i++) {
		if (shares->users[i].id == user->id)
			return true;
	}
	return false;
}

/* Whether slurmdbd knows a row of the same user in the same account. */
static bool is_known(const struct shares *shares, size_t at)
{
	const struct user_share *user = &shares->users[at];

	while (at > 0 && compare_users(&shares->users[at - 1], user) == 0)
		at--;
	for (; at < shares->user_count && compare_users(&shares->users[at], user) == 0; at++) {
		if (shares->users[at].known)
			return true;
	}
	return false;
}

/* Takes out the rows in doubt that slurmdbd does not know, and marks those that may be forged. If
 * it knows none of a user's rows in an account, its answer may lack some: they stay, marked. With
 * [silent], slurmdbd did not answer. */
static int settle_doubts(struct answer *answer, bool silent, struct sb_error *err)
{
	struct shares *shares = &answer->shares;
	size_t kept = 0;

	for (size_t i = 0; i < shares->user_count; i++) {
		struct user_share *user = &shares->users[i];
		bool missing = user->doubtful && !silent && !is_known(shares, i);

		user->forged = user->doubtful && !silent && !missing && !user->known;
		if (user->odd || user->forged ||
		    !(missing || has_twin(shares, i) || (silent && user->doubtful)))
			continue;
		user->odd = true;
		TRY(odd_rows_add(&shares->odd, user->line, columns[ID],
				 silent	   ? "not checked, slurmdbd is silent"
				 : missing ? "not in slurmdbd"
					   : "there twice",
				 user->account, err));
	}
	for (size_t i = 0; i < shares->user_count; i++) {
		if (!shares->users[i].forged)
			shares->users[kept++] = shares->users[i];
	}
	shares->user_count = kept;
	return SB_OK;
}

/* Finds the rows of the users that were asked for. With [plain], the names of accounts are certain.
 */
static int read_users(struct answer *answer, bool plain, struct sb_error *err)
{
	struct shares *shares = &answer->shares;
	struct line **places = calloc(answer->count + 1, sizeof(*places));
	struct doubts *doubts;
	bool doubtful = false;
	int code;

	if (!places)
		return slurm_error_nomem(err);
	for (size_t i = 0; i < answer->count; i++)
		places[i] = &answer->lines[i];
	array_sort(places, answer->count, compare_places);
	code = add_users(answer, places, err);
	free(places);
	for (size_t i = 0; i < shares->user_count; i++) {
		struct user_share *users = shares->users;

		users[i].doubtful = !plain ||
				    (i > 0 && compare_users(&users[i - 1], &users[i]) == 0) ||
				    (i + 1 < shares->user_count &&
				     compare_users(&users[i], &users[i + 1]) == 0);
		doubtful = doubtful || users[i].doubtful;
	}
	if (code || !doubtful)
		return code;
	doubts = malloc(sizeof(*doubts));
	if (!doubts)
		return slurm_error_nomem(err);
	code = ask_all_doubts(answer, doubts);
	free(doubts);
	return settle_doubts(answer, code != SB_OK, err);
}

static int read_accounts(struct answer *answer, bool *ret_plain, struct sb_error *err)
{
	*ret_plain = read_indentation(answer);
	if (*ret_plain) {
		TRY(make_shares(answer, true, err));
		if (!answer->twice)
			return SB_OK;
	}
	*ret_plain = false;
	answer->by_id = read_nodes(answer) == SB_OK;
	if (answer->by_id)
		place_lines(answer);
	return make_shares(answer, false, err);
}

static int read_rows(struct answer *answer, struct sb_error *err)
{
	const struct table *table = &answer->table;
	bool plain;

	/* add_heads() may add a row for each. */
	answer->shares.rows = calloc(2 * table->rows + 1, sizeof(*answer->shares.rows));
	answer->lines = calloc(table->rows + 1, sizeof(*answer->lines));
	answer->path = calloc(table->rows + 1, sizeof(*answer->path));
	if (!answer->shares.rows || !answer->lines || !answer->path)
		return slurm_error_nomem(err);
	for (size_t i = 0; i < table->rows; i++) {
		if (table_cell(table, i, USER)[0] == '\0')
			answer->lines[answer->count++] = make_line(table, i);
	}
	if (answer->count == 0)
		return slurm_error(err, SB_EFORMAT,
				   "sshare: cluster %s is not in its answer: check that its "
				   "slurmctld runs (scontrol -M %s ping)",
				   answer->cluster, answer->cluster);
	TRY(read_accounts(answer, &plain, err));
	if (answer->all_users)
		TRY(ask_for_all(answer, err));
	return answer->asked_count > 0 ? read_users(answer, plain, err) : SB_OK;
}

int sshare_read(const struct slurm *slurm, const char *cluster, struct shares *ret,
		struct sb_error *err)
{
	return sshare_read_users(slurm, cluster, NULL, 0, ret, err);
}

static int read_cluster(struct answer answer, struct shares *ret, struct sb_error *err)
{
	const struct slurm *slurm = answer.slurm;
	const char *cluster = answer.cluster;
	const bool users = answer.all_users || answer.asked_count > 0;
	static const char format[] =
		"Cluster,ID,RawUsage,GrpTRESMins,GrpTRESRaw,TRESRunMins,User,Account";
	const char *const argv[] = {slurm->sshare,	 "-P", "-M", cluster, "-o", format,
				    users ? "-a" : NULL, NULL};
	const struct table_form form = {"sshare", columns, NCOLUMNS, cluster};
	int code;

	TRY(slurm_check_cluster(cluster, err));
	TRY(table_ask(slurm, &form, argv, &answer.table, err));
	code = read_rows(&answer, err);
	if (code == SB_OK) {
		answer.shares.text = answer.table.text;
		answer.table.text = NULL;
		*ret = answer.shares;
	} else {
		shares_release(&answer.shares);
	}
	free(answer.found);
	free(answer.path);
	free(answer.nodes);
	free(answer.lines);
	table_release(&answer.table);
	return code;
}

int sshare_read_users(const struct slurm *slurm, const char *cluster, const char *const users[],
		      size_t count, struct shares *ret, struct sb_error *err)
{
	return read_cluster(
		(struct answer){
			.slurm = slurm, .cluster = cluster, .asked = users, .asked_count = count},
		ret, err);
}

int sshare_read_all_users(const struct slurm *slurm, const char *cluster, struct shares *ret,
			  struct sb_error *err)
{
	return read_cluster((struct answer){.slurm = slurm, .cluster = cluster, .all_users = true},
			    ret, err);
}

const struct share *shares_find(const struct shares *shares, const char *account)
{
	const struct share key = {.account = account};

	return array_find(shares->rows, shares->count, &key, compare_shares);
}

void shares_release(struct shares *shares)
{
	free(shares->rows);
	free(shares->users);
	free(shares->text);
	free(shares->heads);
	free(shares->names);
	odd_rows_release(&shares->odd);
	memset(shares, 0, sizeof(*shares));
}

int tres_next(const char *list, size_t *at, struct tres *ret, struct sb_error *err)
{
	struct tres tres = {.value = -1};

	if (list[*at] == '\0')
		return 0;

	/* A comma belongs to the item after it: a list must not end with one. */
	const char *item = list + *at + (*at > 0 && list[*at] == ',');
	size_t len = strcspn(item, ",");
	const char *equals = memchr(item, '=', len);
	size_t name_len = equals ? (size_t)(equals - item) : 0;
	size_t digits = equals ? len - name_len - 1 : 0;

	if (name_len == 0 || name_len >= sizeof(tres.name) || digits == 0 ||
	    strspn(equals + 1, "0123456789") != digits)
		return slurm_error(err, SB_EFORMAT,
				   "\"%.200s\" is not a list such as cpu=0,gres/gpu=7", list);
	memcpy(tres.name, item, name_len);
	/* Slurm stores a negative limit as a number near 2^64, which limits nothing. */
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
			return slurm_error(err, SB_EFORMAT, "\"%.200s\" has %s twice", list, name);
		value = tres.value;
		found = true;
	}
	if (code == 0)
		*ret = value;
	return code;
}
