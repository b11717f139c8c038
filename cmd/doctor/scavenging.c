/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/doctor/scavenging.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/check/checkup.h"
#include "cmd/doctor/doctor.h"
#include "ledger/base/array.h"
#include "ledger/check/funds.h"

bool levers_have(const struct levers *levers, const char *field, const char *tres)
{
	for (size_t i = 0; i < levers->count; i++) {
		if (strcmp(levers->list[i].field, field) == 0 &&
		    strcmp(levers->list[i].tres, tres) == 0)
			return true;
	}
	return false;
}

static int add(struct levers *levers, const struct limit *limit, struct sb_error *err)
{
	struct lever_choice *lever;

	if (levers_have(levers, limit->field, limit->tres))
		return SB_OK;
	lever = array_add(levers->list, levers->count);
	if (!lever)
		return sb_error_nomem(err);
	(void)snprintf(lever->field, sizeof(lever->field), "%s", limit->field);
	(void)snprintf(lever->tres, sizeof(lever->tres), "%s", limit->tres);
	return SB_OK;
}

struct finding_scavenging {
	struct diagnosis *rows;
	struct rules site;
	struct scavenging found;
};

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Sorts the names and keeps each once: an account and its budgets add the same. */
static void keep_each_once(struct names *names)
{
	size_t kept = 0;

	array_sort(names->list, names->count, compare_names);
	for (size_t i = 0; i < names->count; i++) {
		if (kept > 0 && strcmp(names->list[kept - 1], names->list[i]) == 0)
			free(names->list[i]);
		else
			names->list[kept++] = names->list[i];
	}
	names->count = kept;
}

static bool has_name(const struct names *names, const char *name)
{
	return names->count > 0 &&
	       bsearch(&name, names->list, names->count, sizeof(name), compare_names);
}

/* The limit that holds an account or a budget. Returns false if Slurm has none. */
static bool limit_of(const struct account *account, const struct rules *rules,
		     char tres[RESOURCE_SIZE], struct limit *ret)
{
	char lever[RESOURCE_SIZE];

	if (!purse_lever(account, lever))
		return false;
	*ret = purse_is_account(account->name)
		       ? hold_limit(account, rules)
		       : (struct limit){CAP_FIELD, resource_base(tres, lever), 0};
	return true;
}

/* Adds what must be passed. */
static int add_passed(struct finding_scavenging *finding, struct books *books,
		      const struct account *account, struct sb_error *err)
{
	struct scavenging *found = &finding->found;
	char tres[RESOURCE_SIZE], owner[NAME_SIZE];
	struct rules rules;
	struct limit limit;

	TRY(rules_of_purse(books, account, &finding->site, &rules, err));
	if (!account->open || !limit_of(account, &rules, tres, &limit) ||
	    enforcement_of(account, &rules) != ENFORCE_SCAVENGE)
		return SB_OK;
	TRY(add(&found->passed, &limit, err));
	names_add(finding->rows, &found->accounts, purse_account(owner, account->name));
	return SB_OK;
}

static bool is_held_when_spent(enum enforcement enforcement)
{
	return enforcement == ENFORCE_HOLD || enforcement == ENFORCE_LIMIT;
}

/* Whether settings or terms ask for `scavenge`, whatever the account's lever allows. */
static bool asks_to_scavenge(const struct account *account, const struct rules *rules)
{
	return account->enforcement == ENFORCE_SITE ? rules->enforcement == ENFORCE_SCAVENGE
						    : account->enforcement == ENFORCE_SCAVENGE;
}

/* Adds an account that is not under `scavenge`, or a budget that is not and is not held either. */
static int add_other(struct finding_scavenging *finding, struct books *books,
		     const struct account *account, struct sb_error *err)
{
	struct scavenging *found = &finding->found;
	char tres[RESOURCE_SIZE];
	struct rules rules;
	struct limit limit;

	if (!account->open)
		return SB_OK;
	TRY(rules_of_purse(books, account, &finding->site, &rules, err));
	if (!purse_is_account(account->name)) {
		if (limit_of(account, &rules, tres, &limit) &&
		    levers_have(&found->passed, limit.field, limit.tres) &&
		    is_held_when_spent(enforcement_of(account, &rules)))
			names_add(finding->rows, &found->budgets, account->name);
		return SB_OK;
	}
	if (enforcement_of(account, &rules) == ENFORCE_HOLD && asks_to_scavenge(account, &rules))
		names_add(finding->rows, &found->unable, account->name);
	if (!has_name(&found->accounts, account->name))
		names_add(finding->rows, &found->others, account->name);
	return SB_OK;
}

static int read_books(struct books *books, void *ctx, struct sb_error *err)
{
	struct finding_scavenging *finding = ctx;
	struct scavenging *found = &finding->found;
	const struct limit site = {finding->site.field, finding->site.tres, 0};
	const struct limit stop = stop_limit(&finding->site);
	size_t count = 0;

	scavenging_release(found);
	(void)snprintf(found->stop.field, sizeof(found->stop.field), "%s", stop.field);
	(void)snprintf(found->stop.tres, sizeof(found->stop.tres), "%s", stop.tres);
	if (books)
		TRY(books_load_all(books, &count, err));
	if (finding->site.enforcement == ENFORCE_SCAVENGE)
		TRY(add(&found->passed, &site, err));
	for (size_t i = 0; i < count; i++)
		TRY(add_passed(finding, books, books_at(books, i), err));
	keep_each_once(&found->accounts);
	if (found->passed.count == 0)
		TRY(add(&found->passed, &site, err));
	for (size_t i = 0; i < count; i++)
		TRY(add_other(finding, books, books_at(books, i), err));
	return SB_OK;
}

int scavenging_find(struct diagnosis *rows, struct scavenging *ret, struct sb_error *err)
{
	struct env *env = rows->env;
	struct finding_scavenging finding = {.rows = rows, .site = settings_rules(&env->settings)};
	int rc = env->bank ? bank_read(env->bank, env->os.now(), read_books, &finding, err)
			   : read_books(NULL, &finding, err);

	if (rc)
		scavenging_release(&finding.found);
	else
		*ret = finding.found;
	return rc;
}

void scavenging_release(struct scavenging *scavenging)
{
	free(scavenging->passed.list);
	names_release(&scavenging->accounts);
	names_release(&scavenging->others);
	names_release(&scavenging->unable);
	names_release(&scavenging->budgets);
	*scavenging = (struct scavenging){0};
}

/* ---- the line for sacctmgr ---- */

#define MINUTES INT64_C(1000000000000000)
#define MEGABYTE_MINUTES (1000 * MINUTES)
enum { JOBS = 1000000 };

int64_t scavenger_least(const struct lever_choice *lever)
{
	if (limit_without_tres(lever->field))
		return 1;
	return strcmp(lever->tres, "mem") == 0 ? MEGABYTE_MINUTES : MINUTES;
}

/* A limit that the QOS must get: its value, or -1 if it is as it must be. */
static int64_t value_to_pass(const struct qos *qos, const struct lever_choice *lever)
{
	int64_t least = scavenger_least(lever);

	if (qos && doctor_qos_limit(qos, lever->field, lever->tres) >= least)
		return -1;
	return least > 1 ? least : JOBS;
}

bool scavenger_passes_stop(const struct scavenging *scavenging, const struct qos *qos)
{
	const struct lever_choice *stop = &scavenging->stop;

	return !levers_have(&scavenging->passed, stop->field, stop->tres) &&
	       doctor_qos_limit(qos, stop->field, stop->tres) >= 0;
}

static void add_setting(FILE *to, const char **field, const struct lever_choice *lever,
			int64_t value)
{
	/* All TRES of a field in one word: FIELD=a=1,b=2. */
	if (*field && strcmp(*field, lever->field) == 0)
		fputc(',', to);
	else
		fprintf(to, " %s=", lever->field);
	*field = lever->field;
	fprintf(to, "%s%s%" PRId64, lever->tres, *lever->tres ? "=" : "", value);
}

/* Writes the limits of one field, whose first is at [from]. */
static void add_field(FILE *to, const struct scavenging *scavenging, size_t from,
		      const struct qos *qos)
{
	const struct lever_choice *list = scavenging->passed.list;
	const char *field = NULL;

	for (size_t i = 0; i < from; i++) {
		if (strcmp(list[i].field, list[from].field) == 0)
			return;
	}
	for (size_t i = from; i < scavenging->passed.count; i++) {
		int64_t value = value_to_pass(qos, &list[i]);

		if (value >= 0 && strcmp(list[i].field, list[from].field) == 0)
			add_setting(to, &field, &list[i], value);
	}
	if (qos && strcmp(scavenging->stop.field, list[from].field) == 0 &&
	    scavenger_passes_stop(scavenging, qos))
		add_setting(to, &field, &scavenging->stop, -1);
}

static bool field_is_passed(const struct scavenging *scavenging, const char *field)
{
	for (size_t i = 0; i < scavenging->passed.count; i++) {
		if (strcmp(scavenging->passed.list[i].field, field) == 0)
			return true;
	}
	return false;
}

bool scavenger_line(const struct scavenging *scavenging, const char *name, const struct qos *qos,
		    char to[SCAVENGER_LINE_SIZE])
{
	FILE *line = fmemopen(to, SCAVENGER_LINE_SIZE, "w");
	const char *field = NULL;
	long before, after;

	to[0] = '\0';
	if (!line)
		return false;
	if (qos)
		fprintf(line, "sacctmgr -i modify qos %s set", name);
	else
		fprintf(line, "sacctmgr -i add qos %s set UsageFactor=0", name);
	before = ftell(line);
	for (size_t i = 0; i < scavenging->passed.count; i++)
		add_field(line, scavenging, i, qos);
	if (qos && !field_is_passed(scavenging, scavenging->stop.field) &&
	    scavenger_passes_stop(scavenging, qos))
		add_setting(line, &field, &scavenging->stop, -1);
	after = ftell(line);
	(void)fclose(line);
	if (after == before)
		to[0] = '\0';
	return *to;
}
