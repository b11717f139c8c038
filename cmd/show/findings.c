/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/show/findings.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/frame/lever.h"
#include "cmd/frame/messages.h"
#include "cmd/show/output.h"
#include "ledger/base/array.h"
#include "ledger/base/when.h"

static void report_finding(struct env *env, const struct finding *finding)
{
	char ours[LIMIT_TEXT_SIZE], theirs[LIMIT_TEXT_SIZE];
	char amount[QUANTITY_SIZE], before[QUANTITY_SIZE], now[QUANTITY_SIZE], when[WHEN_TEXT_SIZE];
	const char *account = finding->account, *cluster = finding->cluster;
	bool by_day;

	limit_text(ours, finding->before);
	limit_text(theirs, finding->now);
	if (finding->unlimited)
		(void)snprintf(amount, sizeof(amount), "unlimited");
	else
		quantity(env, amount, account, finding->amount);
	quantity(env, before, account, finding->before);
	quantity(env, now, account, finding->now);
	switch (finding->kind) {
	case FOUND_CHARGE:
		report(env, "%s: charged %s used on %s", account, amount, cluster);
		break;
	case FOUND_BASELINE:
		report(env, "%s: counting on %s starts at %s", account, cluster, now);
		break;
	case FOUND_WENT_DOWN:
		warning(env,
			"%s: the usage on %s went down from %s to %s (slurmctld restarted, or "
			"somebody reset it): nothing is charged, counting goes on from there",
			account, cluster, before, now);
		break;
	case FOUND_MOVED:
		warning(env,
			"%s: the usage on %s went from %s to %s, and account %s has moved to or "
			"from below it: nothing is charged, counting goes on from there",
			account, cluster, before, now, finding->other);
		break;
	case FOUND_VANISHED:
		warning(env, "%s: %s no longer has this account; its usage there stays at %s",
			account, cluster, before);
		break;
	case FOUND_HOLD:
		report(env, "%s: held, available %s", account, amount);
		break;
	case FOUND_SCAVENGE:
		report(env, "%s: spent, available %s; of its jobs only those in QOS %s start",
		       account, amount, env->settings.scavenger_qos);
		break;
	case FOUND_OVERRUN:
		report(env,
		       "%s: stopped: %s of %s are used (stop_at: %d%%), and its jobs in QOS %s no "
		       "longer start",
		       account, before, now, env->settings.stop_at, env->settings.scavenger_qos);
		break;
	case FOUND_OVERRUN_ENDED:
		report(env, "%s: no longer stopped: %s of %s are used", account, before, now);
		break;
	case FOUND_HOLD_MONEYLESS:
		report(env, "%s: held at its first use, because it never had money; available %s",
		       account, amount);
		break;
	case FOUND_GRACE:
		report(env,
		       "%s: nothing is left, available %s; it may still run for the time given",
		       account, amount);
		break;
	case FOUND_RELEASE:
		report(env, "%s: released, available %s", account, amount);
		break;
	case FOUND_STAYS_HELD:
		report(env,
		       "%s: no longer held for funds, available %s; it stays held: `subank why %s` "
		       "shows the cause",
		       account, amount, account);
		break;
	case FOUND_NO_MONEY:
		report(env, "%s: used %s and never had money; it is not held (%s)", account, now,
		       env->settings.spare_moneyless ? "without_money: warn" : "enforcement");
		break;
	case FOUND_SPENT:
		report(env,
		       "%s: has spent its allowance, available %s; not held (enforcement: warn)",
		       account, amount);
		break;
	case FOUND_DRIFT:
		warning(env,
			"%s: somebody changed the limit %s on %s from the bank's %s to %s; it is "
			"left so; `subank check --put-right %s` sets it again",
			account, finding->lever, cluster, ours, theirs, account);
		break;
	case FOUND_PUT_RIGHT:
		warning(env,
			"%s: somebody changed the limit %s on %s from the bank's %s to %s; it is "
			"set again",
			account, finding->lever, cluster, ours, theirs);
		break;
	case FOUND_LEFT:
		warning(env,
			"%s: somebody changed the limit %s on %s to %s meanwhile; it stays so, and "
			"the earlier value is not restored",
			account, finding->lever, cluster, theirs);
		break;
	case FOUND_UNLISTED:
		warning(env,
			"%s: the bank set the limit %s on %s, but the settings do not name that "
			"cluster: add it again or, if it no longer exists, run `subank check "
			"--let-go %s`",
			account, finding->lever, cluster, cluster);
		break;
	case FOUND_EXPIRED:
		report(env, "%s: %s expired: their window ended at %s", account, amount,
		       when_format_local(when, finding->before));
		break;
	case FOUND_THRESHOLD:
		report(env, "%s: %" PRId64 "%% of the allocation is used, %s of %s", account,
		       finding->amount, before, now);
		break;
	case FOUND_NOTICE:
		by_day = when_format_last(when, finding->before);
		report(env, "%s: %s can be used %s %s only", account, amount,
		       by_day ? "to" : "until", when);
		break;
	case FOUND_QUOTA:
		by_day = when_format_last(when, finding->before);
		report(env, "%s: the quota of a new period, %s, can be used %s %s", account, amount,
		       by_day ? "to" : "until", when);
		break;
	case FOUND_FORGIVEN:
		report(env, "%s: debt of %s was forgiven", account, amount);
		break;
	case FOUND_NO_QUOTA:
		warning(env,
			"%s: its quota of %s is due, and the account would hold more than can be "
			"counted: nothing was deposited; withdraw some, or set a smaller quota",
			account, amount);
		break;
	case FOUND_TAKEN_OVER:
		if (finding->amount)
			report(env, "%s: account '%s' takes over %s", account, finding->other,
			       amount);
		if (finding->before)
			report(env, "%s: account '%s' takes over debt of %s", account,
			       finding->other, before);
		break;
	case FOUND_NOT_TAKEN_OVER:
		warning(env,
			"%s: account '%s' cannot take over what '%s' was charged or given back: "
			"the balance of '%s' would be more than can be counted (withdraw some), or "
			"'%s' has more than 10,000 lots (`subank withdraw %s all`)",
			account, finding->other, account, finding->other, account, account);
		break;
	case FOUND_SHARE:
		report(env, "%s: user %s gets a share of %s", account, purse_user(finding->other),
		       amount);
		break;
	case FOUND_OVERFLOW:
		warning(env,
			"%s: the usage on %s went from %s to %s, which is more than can be "
			"charged: nothing is charged; check the output of sshare",
			account, cluster, before, now);
		break;
	case FOUND_ODD_NAME:
		report(env,
		       "account '%s' on %s has a name that no bank can have: its use counts for "
		       "the accounts above it",
		       finding->other, cluster);
		break;
	case FOUND_ODD_USAGE:
		warning(env,
			"%s: its usage on %s cannot be read: nothing is charged there until it can "
			"be read, then all of it since %s",
			account, cluster, before);
		break;
	case FOUND_ODD_LIMITS:
		warning(env,
			"%s: its limits on %s must change but cannot be read; the next check tries "
			"again",
			account, cluster);
		break;
	case FOUND_UNSETTLED:
		warning(env, "%s: %s must change but does not answer; the next check tries again",
			account, cluster);
		break;
	}
}

static bool is_same(const struct finding *a, const struct finding *b)
{
	return a->kind == b->kind && a->now == b->now && strcmp(a->account, b->account) == 0 &&
	       strcmp(a->cluster, b->cluster) == 0 && strcmp(a->lever, b->lever) == 0;
}

/* Returns whether the finding is among the first [before] of those reported, which are of earlier
 * plans; if not, keeps it as reported. Without memory it may be reported again. *next is where to
 * start: 0 at first. */
static bool was_reported(struct reported *reported, const struct finding *finding, size_t before,
			 size_t *next)
{
	struct finding *kept;

	if (finding->seq)
		return false;
	/* Plans mostly find the same things in the same order. */
	for (size_t i = 0; i < before; i++) {
		size_t at = (*next + i) % before;

		if (is_same(&reported->list[at], finding)) {
			*next = at + 1;
			return true;
		}
	}
	kept = array_add(reported->list, reported->count);
	if (kept)
		*kept = *finding;
	return false;
}

void report_findings(struct env *env, const struct check *check, struct reported *reported)
{
	const size_t before = reported->count;
	char age[WHEN_TEXT_SIZE];
	size_t next = 0;

	for (size_t i = 0; i < check->finding_count; i++) {
		if (!was_reported(reported, &check->findings[i], before, &next))
			report_finding(env, &check->findings[i]);
	}
	if (check->clock_gap)
		warning(env,
			"the last check was %s ago, or the clock jumped ahead: nothing was done; "
			"check the clock and, if it is right, run `subank check --clock-ok` once",
			when_format_age(age, check->clock_gap));
	flush_out(env);
}

/* Collects the accounts that a check holds for funds or, with [moneyless], those of them that never
 * had money. Returns their number. */
static size_t held_names(const struct check *check, bool moneyless, const char *names[])
{
	size_t count = 0;

	for (size_t i = 0; i < check->finding_count; i++) {
		const struct finding *finding = &check->findings[i];

		if (finding->kind == FOUND_HOLD_MONEYLESS ||
		    ((finding->kind == FOUND_HOLD || finding->kind == FOUND_SCAVENGE) &&
		     !moneyless))
			names[count++] = finding->account;
	}
	return count;
}

size_t report_would_hold(struct env *env, const struct check *check)
{
	const char **names = calloc(check->finding_count + 1, sizeof(*names));
	char text[NAMES_TEXT_SIZE];
	struct sb_error err;
	size_t count, moneyless;

	if (!names) {
		sb_error_nomem(&err);
		(void)fail(env, &err);
		return check->finding_count;
	}
	count = held_names(check, false, names);
	if (count > 0)
		report(env, "accounts that a check would hold: %zu: %s", count,
		       output_names(text, names, count));
	moneyless = held_names(check, true, names);
	if (moneyless > 0)
		report(env,
		       "of these, accounts that never had money: %zu: %s; `without_money: warn` in "
		       "the settings lets them run",
		       moneyless, output_names(text, names, moneyless));
	free(names);
	return count;
}
