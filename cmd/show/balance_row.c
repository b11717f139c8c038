/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/show/balance_row.h"

#include <inttypes.h>
#include <string.h>

#include "cmd/frame/command.h"
#include "cmd/frame/messages.h"
#include "cmd/frame/options.h"
#include "ledger/base/amount.h"

/* Returns the state of the account's limits in Slurm; with [tres], only of the limit on that TRES.
 */
static const char *lever_state(const struct account *account, const char *tres)
{
	bool pending = false, failed = false, set = false;

	for (size_t i = 0; i < account->lever_count; i++) {
		const struct lever *lever = &account->levers[i];

		if (tres && !lever_is_on(lever, CAP_FIELD, tres))
			continue;
		set = true;
		pending = pending || !lever->tried;
		failed = failed || (lever->tried && lever->outcome == OUTCOME_FAILED);
	}
	if (failed)
		return "failed";
	if (pending)
		return "pending";
	return set ? "set" : "";
}

/* Finds the account that has the purse (for an account's own purse, the account itself). NULL: it
 * is not in the books. */
static int find_owner(struct books *books, const struct account *account,
		      const struct account **ret, struct sb_error *err)
{
	char name[NAME_SIZE];
	int rc;

	*ret = account;
	if (purse_is_account(account->name))
		return SB_OK;
	rc = books_find(books, purse_account(name, account->name), ret, err);
	if (rc == SB_ENOTFOUND)
		*ret = NULL;
	return rc == SB_ENOTFOUND ? SB_OK : rc;
}

/* Returns the state of the account's limits; for a purse, that of the account's limit on its
 * resource. */
static const char *lever_of(const struct account *account, const struct account *owner)
{
	char tres[RESOURCE_SIZE];

	if (owner == account)
		return lever_state(account, NULL);
	return owner && purse_lever(account, tres) ? lever_state(owner, tres) : "";
}

int balance_row_make(const struct env *env, struct books *books, const struct account *account,
		     struct nesting *nesting, struct balance_row *ret, struct sb_error *err)
{
	const struct settings *settings = &env->settings;
	const struct rules site = settings_rules(settings);
	struct rules rules;
	struct balance_row row = {.has_running = nesting};
	struct funds funds;
	struct blocker blocker = {0};
	const struct account *owner = account;
	char tres[RESOURCE_SIZE];
	const char *cluster;
	int64_t since;
	bool held;

	TRY(rules_of_purse(books, account, &site, &rules, err));
	TRY(funds_of(books, account, nesting ? &rules : NULL, &funds, err));
	TRY(books_read_time(books, account, settings->clusters, settings->cluster_count, &row.read,
			    &cluster, err));
	row.unread = !row.read && account->meter_count == 0 && !purse_is_account(account->name);
	/* For a past time: the state of the account today says nothing about the purse then. */
	if (nesting)
		TRY(find_owner(books, account, &owner, err));
	held = owner ? purse_held(account, owner) : account_held(account);
	/* Before slurmctld starts a job it checks the limits of the accounts above, too. Their
	 * holds matter unless the account's own hold stops more jobs. */
	if (nesting && purse_lever(account, tres) && (!held || is_scavenging(account, &rules)))
		TRY(nesting_blocker(nesting, books, account, &site, &blocker, err));
	if (held && blocker.scavenges)
		blocker = (struct blocker){0};
	memcpy(row.blocker, blocker.name, sizeof(row.blocker));
	row.sums = (struct sums){.allocated = funds.allocated,
				 .used = funds.used,
				 .available = funds.available,
				 .charged = account_sum(account->charged),
				 .debt = account->debt,
				 .waiting = account_waiting(account).amount,
				 .in_flight = funds.flight.used,
				 .committed = funds.flight.committed,
				 .settled = funds.settled,
				 .unlimited = funds.unlimited};
	row.seen = funds.flight.time;
	row.endless = funds.flight.endless;
	books_deferred_sum(books, account, &row.unentered, &since);
	(void)snprintf(row.name, sizeof(row.name), "%s", account->name);
	(void)snprintf(row.state, sizeof(row.state), "%s",
		       blocker.scavenges		? "scavenge"
		       : *row.blocker			? "blocked"
		       : account_held(account) && !held ? "grace"
							: account_state(account, &rules));
	account_causes(account, ",", row.causes);
	(void)snprintf(row.lever, sizeof(row.lever), "%s", lever_of(account, owner));
	*ret = row;
	return SB_OK;
}

bool balance_reaches(int64_t used, int64_t allocated, int64_t least)
{
	return least < 0 || amount_percent(used, allocated) >= least;
}

int sums_add(struct sums *to, const struct sums *more, struct sb_error *err)
{
	if (amount_add(to->allocated, more->allocated, &to->allocated) &&
	    amount_add(to->used, more->used, &to->used) &&
	    amount_add(to->available, more->available, &to->available) &&
	    amount_add(to->charged, more->charged, &to->charged) &&
	    amount_add(to->debt, more->debt, &to->debt) &&
	    amount_add(to->waiting, more->waiting, &to->waiting) &&
	    amount_add(to->in_flight, more->in_flight, &to->in_flight) &&
	    amount_add(to->committed, more->committed, &to->committed) &&
	    amount_add(to->settled, more->settled, &to->settled)) {
		to->unlimited = to->unlimited || more->unlimited;
		return SB_OK;
	}
	return sb_error_set(err, SB_EOVERFLOW,
			    "the total is more than can be counted: leave out --total");
}

const struct column balance_columns[BALANCE_COLUMNS_ALL] = {
	[BALANCE_ACCOUNT] = {"Account", false, true, CELL_NAME},
	[BALANCE_STATE] = {"State", false, true, CELL_STATE},
	[BALANCE_UNIT] = {"Unit", false, false, CELL_UNIT},
	[BALANCE_ALLOCATED] = {"Allocated", true, true, CELL_AMOUNT},
	[BALANCE_USED] = {"Used", true, true, CELL_AMOUNT},
	[BALANCE_AVAILABLE] = {"Available", true, true, CELL_AMOUNT},
	[BALANCE_PERCENT] = {"Percent", true, true, CELL_SHARE},
	[BALANCE_READ] = {"Read", true, true, CELL_WHOLE},
	[BALANCE_CAUSES] = {"Causes", false, false, CELL_WHOLE},
	[BALANCE_LEVER] = {"Lever", false, false, CELL_WHOLE},
	[BALANCE_CHARGED] = {"Charged", true, false, CELL_AMOUNT},
	[BALANCE_DEBT] = {"Debt", true, false, CELL_AMOUNT},
	[BALANCE_WAITING] = {"Waiting", true, false, CELL_AMOUNT},
	[BALANCE_SETTLED] = {"Settled", true, false, CELL_AMOUNT},
	[BALANCE_FLIGHT] = {"InFlight", true, false, CELL_AMOUNT},
	[BALANCE_COMMITTED] = {"Committed", true, false, CELL_AMOUNT},
	[BALANCE_SEEN] = {"Seen", true, false, CELL_WHOLE},
	[BALANCE_ENDLESS] = {"NoLimit", true, false, CELL_WHOLE},
	[BALANCE_UNENTERED] = {"Unentered", true, false, CELL_AMOUNT},
	[BALANCE_UNLIMITED] = {"Unlimited", false, false, CELL_WHOLE},
	[BALANCE_RESOURCE] = {"Resource", false, false, CELL_RESOURCE},
	[BALANCE_USER] = {"User", false, false, CELL_USER},
	[BALANCE_WEEK] = {"PerDay7", true, true, CELL_AMOUNT},
	[BALANCE_MONTH] = {"PerDay30", true, true, CELL_AMOUNT},
	[BALANCE_LASTS] = {"Lasts", false, true, CELL_WHOLE},
	[BALANCE_UNUSED] = {"Unused", true, true, CELL_AMOUNT},
};

static void print_sums(struct output *output, const char *name, const char *purse,
		       const char *state, const struct sums *sums, bool has_running)
{
	output_row(output);
	output_text(output, BALANCE_ACCOUNT, name);
	output_unit(output, purse);
	output_text(output, BALANCE_STATE, state);
	output_amount(output, BALANCE_ALLOCATED, sums->allocated);
	output_amount(output, BALANCE_USED, sums->used);
	if (sums->unlimited) {
		output_no_amount(output, BALANCE_AVAILABLE, "unlimited");
		output_no_amount(output, BALANCE_SETTLED, "unlimited");
	} else {
		output_amount(output, BALANCE_AVAILABLE, sums->available);
		output_amount(output, BALANCE_SETTLED, sums->settled);
	}
	output_flag(output, BALANCE_UNLIMITED, sums->unlimited);
	output_percent(output, BALANCE_PERCENT, amount_percent(sums->used, sums->allocated));
	output_amount(output, BALANCE_CHARGED, sums->charged);
	output_amount(output, BALANCE_DEBT, sums->debt);
	output_amount(output, BALANCE_WAITING, sums->waiting);
	if (!has_running)
		return;
	output_amount(output, BALANCE_FLIGHT, sums->in_flight);
	output_amount(output, BALANCE_COMMITTED, sums->committed);
}

void balance_row_print(struct env *env, struct output *output, const struct balance_row *row,
		       const char *parent, int64_t now)
{
	/* The row of the purse's account shows the same limits. */
	if (*row->blocker && purse_is_account(row->name))
		note(env, "%s: %s, since %s above it is held", row->name,
		     strcmp(row->state, "scavenge") == 0 ? "only jobs in the scavenger QOS start"
							 : "no job starts",
		     row->blocker);
	if (row->endless > 0 && option(env, "running"))
		note(env,
		     "%s: %" PRId64 " running without a time limit: committed to what was used",
		     row->name, row->endless);
	print_sums(output, row->name, row->name, row->state, &row->sums, row->has_running);
	if (*parent)
		output_below(output, parent);
	/* Only the newest reading is kept. */
	if (now == BALANCE_NOT_READ || row->unread)
		output_text(output, BALANCE_READ, "");
	else
		output_age(output, BALANCE_READ, row->read, now);
	if (row->has_running) {
		output_age(output, BALANCE_SEEN, row->seen, now);
		output_number(output, BALANCE_ENDLESS, row->endless);
		output_amount(output, BALANCE_UNENTERED, row->unentered);
	}
	output_text(output, BALANCE_USER, purse_user(row->name) ? purse_user(row->name) : "");
	output_text(output, BALANCE_CAUSES, row->causes);
	output_text(output, BALANCE_LEVER, row->lever);
}

bool balance_total_has(const char *purse, const char *resource)
{
	return strcmp(purse_resource(purse), *resource ? resource : RESOURCE_BILLING) == 0;
}

void balance_total_print(struct output *output, const struct sums *sums, const char *resource,
			 bool has_running)
{
	char purse[NAME_SIZE] = "total";

	if (*resource)
		(void)purse_name("total", resource, purse, NULL);
	/* Brackets: no account can have this name. */
	print_sums(output, "(total)", purse, "", sums, has_running);
	output_last(output);
}
