/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "slurm/members.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ledger/base/array.h"
#include "slurm/error.h"

enum { TRIES_MAX = 3 };

#define COLUMNS "ID|Cluster|Account|User"

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int find_text(const void *text, const void *item)
{
	return strcmp(text, *(const char *const *)item);
}

static int by_member(const void *a, const void *b)
{
	const struct member *x = a, *y = b;
	int order = strcmp(x->cluster, y->cluster);

	if (!order)
		order = strcmp(x->account, y->account);
	return order ? order : strcmp(x->user, y->user);
}

/* Makes "cluster=a,b"; NULL: memory ran out. The caller frees. */
static char *clusters_clause(char *const clusters[], size_t count)
{
	size_t size = sizeof("cluster=");
	char *text, *at;

	for (size_t i = 0; i < count; i++)
		size += strlen(clusters[i]) + 1;
	text = at = malloc(size);
	if (!text)
		return NULL;
	at = stpcpy(at, "cluster=");
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			*at++ = ',';
		at = stpcpy(at, clusters[i]);
	}
	return text;
}

static int ask(const struct slurm *slurm, const char *clause, const char *format,
	       struct run_result *ret, struct sb_error *err)
{
	const char *const argv[] = {slurm->sacctmgr, "-P",   "show", "assoc",
				    "where",	     clause, format, NULL};

	return slurm_ask(slurm, argv, ret, err);
}

/* Texts, sorted, that point into [text]. */
struct ids {
	char *text;
	const char **list;
	size_t count;
};

static void ids_release(struct ids *ids)
{
	free(ids->text);
	free(ids->list);
}

static int malformed(struct sb_error *err)
{
	return slurm_error(err, SB_EFORMAT,
			   "sacctmgr: its answer about associations is not the table \"" COLUMNS
			   "\"" SLURM_OWN);
}

/* Splits the answer into lines, after one that is [header]. */
static int split(char *text, const char *header, const char ***ret, size_t *ret_count,
		 struct sb_error *err)
{
	char *next = text, *line = strsep(&next, "\n");
	const char **lines = NULL, **added;
	size_t count = 0;

	if (strcasecmp(line, header) != 0)
		return malformed(err);
	while ((line = strsep(&next, "\n"))) {
		added = array_add(lines, count);
		if (!added) {
			free(lines);
			return slurm_error_nomem(err);
		}
		*added = line;
	}
	/* The text after the last newline. */
	if (count > 0 && !*lines[count - 1])
		count--;
	*ret = lines;
	*ret_count = count;
	return SB_OK;
}

/* Takes the answer's text. */
static int split_answer(struct run_result *answer, const char *header, char **ret_text,
			const char ***ret, size_t *ret_count, struct sb_error *err)
{
	*ret_text = answer->out;
	answer->out = NULL;
	if (*ret_text && memchr(*ret_text, '\0', answer->out_len))
		return malformed(err);
	return *ret_text ? split(*ret_text, header, ret, ret_count, err) : malformed(err);
}

static int ask_ids(const struct slurm *slurm, const char *clause, struct ids *ret,
		   struct sb_error *err)
{
	struct run_result answer = {0};
	int rc;

	TRY(ask(slurm, clause, "format=ID", &answer, err));
	rc = split_answer(&answer, "ID", &ret->text, &ret->list, &ret->count, err);
	run_result_release(&answer);
	if (!rc)
		array_sort(ret->list, ret->count, by_text);
	return rc;
}

static bool has_id(const struct ids *ids, const char *id)
{
	return array_find(ids->list, ids->count, id, find_text);
}

static bool is_asked(char *const clusters[], size_t count, const char *cluster)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(clusters[i], cluster) == 0)
			return true;
	}
	return false;
}

struct line {
	char *text; /* after the ID and its bar; the whole line without any */
	const char *id; /* "": the line begins with none */
};

struct answer {
	char *const *clusters;
	size_t count;
	struct ids before, after;
	char *text;
	struct line *lines;
	size_t line_count;
	const char **begins; /* the IDs of all lines, sorted */
};

/* Whether the line begins a row and does not continue a name: its ID exists, and no other line
 * begins with that ID. */
static bool is_begin(const struct answer *answer, size_t at)
{
	const char *id = answer->lines[at].id;
	size_t found;

	if (!*id || !has_id(&answer->before, id) || !has_id(&answer->after, id) ||
	    !array_search(answer->begins, answer->line_count, id, find_text, &found))
		return false;
	return (found == 0 || strcmp(answer->begins[found - 1], id) != 0) &&
	       (found + 1 == answer->line_count || strcmp(answer->begins[found + 1], id) != 0);
}

/* Takes a row. Returns false if it cannot be trusted. */
static bool take_row(const struct answer *answer, size_t at, struct members *members)
{
	char *rest = answer->lines[at].text;
	struct member row;

	/* A line that begins and ends with a row is all of it. */
	if (!is_begin(answer, at) || (at + 1 < answer->line_count && !is_begin(answer, at + 1)))
		return false;
	row.cluster = strsep(&rest, "|");
	row.account = strsep(&rest, "|");
	row.user = strsep(&rest, "|");
	if (!row.user || rest || !is_asked(answer->clusters, answer->count, row.cluster))
		return false;
	/* The row of the account itself has no user. */
	if (*row.user)
		members->rows[members->count++] = row;
	return true;
}

static int take_rows(struct answer *answer, struct members *members, struct sb_error *err)
{
	bool odd = false;

	members->rows = calloc(answer->line_count + 1, sizeof(*members->rows));
	if (!members->rows)
		return slurm_error_nomem(err);
	for (size_t i = 0; i < answer->line_count; i++) {
		bool before = odd;

		odd = !take_row(answer, i, members);
		/* The lines of one name are reported once. */
		if (odd && !before)
			TRY(odd_rows_add(&members->odd, i + 2, "User", answer->lines[i].text,
					 "an association", err));
	}
	array_sort(members->rows, members->count, by_member);
	/* A user has an association for each partition. */
	array_unique(members->rows, members->count, by_member);
	members->text = answer->text;
	answer->text = NULL;
	return SB_OK;
}

/* Splits the lines into an ID and the rest. */
static int find_lines(struct answer *answer, const char **lines, struct sb_error *err)
{
	answer->lines = calloc(answer->line_count + 1, sizeof(*answer->lines));
	answer->begins = calloc(answer->line_count + 1, sizeof(*answer->begins));
	if (!answer->lines || !answer->begins)
		return slurm_error_nomem(err);
	for (size_t i = 0; i < answer->line_count; i++) {
		char *text = (char *)(uintptr_t)lines[i];
		size_t len = strspn(text, "0123456789");
		bool has_id = len > 0 && text[len] == '|';

		answer->lines[i] =
			(struct line){has_id ? text + len + 1 : text, has_id ? text : ""};
		if (has_id)
			text[len] = '\0';
		answer->begins[i] = answer->lines[i].id;
	}
	array_sort(answer->begins, answer->line_count, by_text);
	return SB_OK;
}

static int ask_rows(const struct slurm *slurm, const char *clause, struct answer *answer,
		    struct sb_error *err)
{
	struct run_result result = {0};
	const char **lines = NULL;
	int rc;

	TRY(ask(slurm, clause, "format=ID,Cluster,Account,User", &result, err));
	rc = split_answer(&result, COLUMNS, &answer->text, &lines, &answer->line_count, err);
	run_result_release(&result);
	if (!rc)
		rc = find_lines(answer, lines, err);
	free(lines);
	return rc;
}

/* Whether associations were added or removed in between. */
static bool has_moved(const struct answer *answer)
{
	if (answer->before.count != answer->after.count)
		return true;
	for (size_t i = 0; i < answer->before.count; i++) {
		if (strcmp(answer->before.list[i], answer->after.list[i]) != 0)
			return true;
	}
	return false;
}

static int read_once(const struct slurm *slurm, const char *clause, struct answer *answer,
		     struct members *ret, struct sb_error *err)
{
	TRY(ask_ids(slurm, clause, &answer->before, err));
	TRY(ask_rows(slurm, clause, answer, err));
	TRY(ask_ids(slurm, clause, &answer->after, err));
	return take_rows(answer, ret, err);
}

/* Reads again if rows may be missing because associations changed meanwhile. */
static int read_all(const struct slurm *slurm, const char *clause, const struct answer *form,
		    struct members *ret, struct sb_error *err)
{
	bool again = true;
	int rc = SB_OK;

	for (int try = 0; try < TRIES_MAX && again && !rc; try++) {
		struct answer answer = *form;

		members_release(ret);
		rc = read_once(slurm, clause, &answer, ret, err);
		again = ret->odd.count > 0 && has_moved(&answer);
		ids_release(&answer.before);
		ids_release(&answer.after);
		free(answer.text);
		free(answer.lines);
		free(answer.begins);
	}
	return rc;
}

int members_read(const struct slurm *slurm, char *const clusters[], size_t count,
		 struct members *ret, struct sb_error *err)
{
	const struct answer form = {.clusters = clusters, .count = count};
	struct members members = {0};
	char *clause;
	int rc;

	/* slurmdbd takes an empty list for all clusters. */
	if (count == 0)
		return sb_error_set(err, SB_EINVAL, "no cluster to ask for users of accounts");
	for (size_t i = 0; i < count; i++)
		TRY(slurm_check_cluster(clusters[i], err));
	clause = clusters_clause(clusters, count);
	if (!clause)
		return slurm_error_nomem(err);
	rc = read_all(slurm, clause, &form, &members, err);
	free(clause);
	if (rc)
		members_release(&members);
	else
		*ret = members;
	return rc;
}

void members_release(struct members *members)
{
	free(members->rows);
	free(members->text);
	odd_rows_release(&members->odd);
	*members = (struct members){0};
}
