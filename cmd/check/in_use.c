/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/check/in_use.h"

#include <stdio.h>
#include <string.h>

#include "cmd/check/checkup.h"
#include "ledger/base/array.h"
#include "ledger/check/funds.h"

static int add(struct in_use *in_use, const struct limit *aim, struct sb_error *err)
{
	struct lever_choice *lever;

	for (size_t i = 0; i < in_use->count; i++) {
		if (strcmp(in_use->levers[i].field, aim->field) == 0 &&
		    strcmp(in_use->levers[i].tres, aim->tres) == 0)
			return SB_OK;
	}
	lever = array_add(in_use->levers, in_use->count);
	if (!lever)
		return sb_error_nomem(err);
	(void)snprintf(lever->field, sizeof(lever->field), "%s", aim->field);
	(void)snprintf(lever->tres, sizeof(lever->tres), "%s", aim->tres);
	in_use->kills = in_use->kills || lever_kills(aim->field);
	return SB_OK;
}

struct finding_in_use {
	struct rules rules;
	struct in_use in_use;
};

/* Adds what one account or purse uses. */
static int add_account(struct finding_in_use *finding, struct books *books,
		       const struct account *account, struct sb_error *err)
{
	struct in_use *in_use = &finding->in_use;
	char lever[RESOURCE_SIZE], tres[RESOURCE_SIZE];
	struct rules rules;
	struct limit aim;
	bool rawusage;

	/* Slurm has no limit on a resource that only the site counts. */
	if (!purse_lever(account, lever))
		return SB_OK;
	TRY(rules_of_purse(books, account, &finding->rules, &rules, err));
	aim = purse_is_account(account->name)
		      ? hold_limit(account, &rules)
		      : (struct limit){CAP_FIELD, resource_base(tres, lever), 0};
	rawusage = metering_of(account, &rules) == METER_RAWUSAGE;
	TRY(add(in_use, &aim, err));
	in_use->rawusage = in_use->rawusage || rawusage;
	in_use->jobs = in_use->jobs || !rawusage;
	in_use->capped = in_use->capped || wants_caps(account, &rules);
	return SB_OK;
}

static int add_terms(struct books *books, void *ctx, struct sb_error *err)
{
	struct finding_in_use *finding = ctx;
	size_t count;

	TRY(books_load_all(books, &count, err));
	for (size_t i = 0; i < count; i++) {
		if (purse_is_account(books_at(books, i)->name))
			TRY(add_account(finding, books, books_at(books, i), err));
	}
	finding->in_use.hold_count = finding->in_use.count;
	for (size_t i = 0; i < count; i++) {
		if (!purse_is_account(books_at(books, i)->name))
			TRY(add_account(finding, books, books_at(books, i), err));
	}
	return SB_OK;
}

int in_use_find(struct env *env, struct in_use *ret, struct sb_error *err)
{
	struct finding_in_use finding = {.rules = settings_rules(&env->settings)};
	struct in_use *in_use = &finding.in_use;
	const struct limit site = {finding.rules.field, finding.rules.tres, 0};
	const struct limit stop = stop_limit(&finding.rules);
	int rc = add(in_use, &site, err);

	/* Not one of the levers: a QOS that passes it alone lets no job start. */
	if (finding.rules.scavenger)
		in_use->kills = in_use->kills || lever_kills(stop.field);
	in_use->capped = finding.rules.enforcement == ENFORCE_LIMIT;
	in_use->rawusage = finding.rules.meter == METER_RAWUSAGE;
	in_use->jobs = !in_use->rawusage;
	in_use->hold_count = in_use->count;
	if (!rc && env->bank)
		rc = bank_read(env->bank, env->os.now(), add_terms, &finding, err);
	in_use->kills = in_use->kills || in_use->capped;
	if (rc)
		in_use_release(in_use);
	else
		*ret = *in_use;
	return rc;
}

void in_use_release(struct in_use *in_use)
{
	free(in_use->levers);
	*in_use = (struct in_use){0};
}
