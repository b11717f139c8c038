/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/enter/money.h"
#include "cmd/frame/moment.h"
#include "cmd/verbs/verb.h"
#include "ledger/account/policy.h"
#include "ledger/base/when.h"

struct fee {
	int64_t amount;
	int64_t since, until;
	bool since_given, until_given;
};

/* Without a period the fee is for the last second. */
static int set_period(const struct fee *fee, const struct books *books, struct event *event,
		      struct sb_error *err)
{
	const int64_t now = books_time(books);

	event->until = fee->until_given ? fee->until : now;
	event->since = fee->since_given ? fee->since : event->until - WHEN_SECOND;
	if (event->until > now)
		return sb_error_set(err, SB_EINVAL,
				    "--until is a time to come: use is charged when it is over");
	return event->since < event->until
		       ? SB_OK
		       : sb_error_set(err, SB_EINVAL, "the period ends before it begins");
}

static int plan(struct posting *posting, struct books *books, struct sb_error *err)
{
	const struct fee *fee = posting->ctx;
	struct event event = {.kind = EVENT_FEE,
			      .account = posting->account,
			      .resource = purse_resource(posting->account),
			      .amount = fee->amount};
	char text[QUANTITY_SIZE];
	const struct account *account;
	int rc;

	TRY(books_account(books, posting->account, &account, err));
	TRY(set_period(fee, books, &event, err));
	TRY(renew_first(posting, books, posting->account, err));
	rc = plan_charge(account, &event, err);
	if (!rc)
		rc = post_append(posting, books, &event, err);
	done_add(posting, "charged %s",
		 quantity(posting->env, text, posting->account, fee->amount));
	if (event.debt)
		done_add(posting, ", %s of it in debt",
			 quantity(posting->env, text, posting->account, event.debt));
	event_release(&event);
	return rc;
}

static int run(struct env *env, int argc, const char *const argv[])
{
	struct fee fee = {.since_given = option(env, "since"), .until_given = option(env, "until")};
	struct posting posting = {.env = env, .plan = plan, .ctx = &fee};
	struct sb_error err;
	int status = posting_begin(&posting, argv[0]);

	(void)argc;
	if (status != EXIT_DONE)
		return status;
	if (amount_read(&posting, argv[1], false, &fee.amount, &err) ||
	    moment_time(env, "since", &fee.since, &err) ||
	    moment_time(env, "until", &fee.until, &err))
		return fail(env, &err);
	request_add(&posting, " %" PRId64 "s", fee.amount);
	if (option(env, "since"))
		request_add(&posting, " since %s", option(env, "since"));
	if (option(env, "until"))
		request_add(&posting, " until %s", option(env, "until"));
	status = amount_confirm(&posting, argv[1], fee.amount);
	return status == EXIT_DONE ? post(&posting) : status;
}

const struct command cmd_charge = {
	.name = "charge",
	.arguments = "ACCOUNT SU",
	.summary = "charge an account for what Slurm does not measure",
	.details =
		"For storage from a quota report, a reservation in full, or a service of the site. "
		"The charge is paid like use by jobs, by money whose window includes the period, "
		"earliest end first; what is lacking becomes debt, and an account that has spent "
		"its allowance is held. `subank refund` gives a charge back.\n"
		"The period is from --since until --until; by default the last second. With "
		"--resource the account pays from its budget of that resource. The resource can be "
		"anything that the site counts, such as `storage`, whose unit is then the "
		"storage-hour: `subank open ACCOUNT AMOUNT --resource storage` opens the budget. "
		"One that Slurm does not measure never holds jobs.\n"
		"A script that charges by a report gives each charge a name with --ref, such as "
		"storage-2027-01-physics: it is recorded once, however often the script runs.",
	.examples = EXAMPLES(
		{"subank charge physics 120 --note \"reservation maint-7\" --ref resv-7", "in SU"},
		{"subank charge physics 744 --resource storage --ref storage-2027-01-physics",
		 "a month of what the site counts as 1 unit of storage"}),
	.see_also = "refund open import",
	.min_args = 2,
	.max_args = 2,
	.flags = CMD_WRITE | CMD_RECORD | CMD_SLURM | CMD_ASK,
	.options = OPTIONS({"since", 0, "TIME", "when the use began"},
			   {"until", 0, "TIME", "when it ended (default: now)"}, RESOURCE_OPTION),
	.run = run,
};
