/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/check/checkup.h"
#include "cmd/check/clusters.h"
#include "cmd/enter/confirm.h"
#include "cmd/frame/status_line.h"
#include "cmd/frame/this_machine.h"
#include "cmd/show/head_text.h"
#include "cmd/show/progress.h"
#include "cmd/verbs/verb.h"
#include "ledger/base/array.h"
#include "ledger/check/check.h"

/* A limit in Slurm that may be the bank's and is not in the books. */
struct stray {
	char account[NAME_SIZE];
	char cluster[NAME_SIZE];
	struct lever_choice limit;
	int64_t value; /* in Slurm */
	bool ours; /* the bank's */
	bool lost; /* not a stray: a lever in the books that Slurm does not show */
	bool known; /* the books have a lever there, with another value */
};

struct adoption {
	struct env *env;
	struct clusters clusters;
	char place[PLACE_SIZE];
	bool commands; /* this place commands Slurm already */
	struct head head; /* after the last entry */
	struct stray *strays;
	size_t count;
	struct want *wants;
	size_t want_count;
};

/* An account and its row on a cluster. */
struct seen_account {
	const struct account *account;
	const struct purses *purses; /* those of other resources than SU */
	const char *cluster;
	const struct observed *row;
};

static int add_stray(struct adoption *adoption, const struct seen_account *seen, const char *field,
		     const char *tres, struct stray **ret, struct sb_error *err)
{
	struct stray *stray = array_add(adoption->strays, adoption->count);

	if (!stray)
		return sb_error_nomem(err);
	(void)snprintf(stray->account, sizeof(stray->account), "%s", seen->account->name);
	(void)snprintf(stray->cluster, sizeof(stray->cluster), "%s", seen->cluster);
	(void)snprintf(stray->limit.field, sizeof(stray->limit.field), "%s", field);
	(void)snprintf(stray->limit.tres, sizeof(stray->limit.tres), "%s", tres);
	*ret = stray;
	return SB_OK;
}

/* Whether the limit is one that can follow the balance of the account or of one of its purses. */
static bool is_cap(const struct seen_account *seen, const char *field, const char *tres)
{
	if (strcmp(field, CAP_FIELD) != 0)
		return false;
	for (size_t i = 0; i < seen->purses->count; i++) {
		char lever[RESOURCE_SIZE];

		/* A share of SU is held, and its limit follows nothing. */
		if (purse_lever(seen->purses->list[i], lever) && strcmp(lever, tres) == 0 &&
		    (!resource_user(tres) ||
		     strcmp(purse_resource(seen->purses->list[i]->name), tres) == 0))
			return true;
	}
	return strcmp(tres, CAP_TRES) == 0;
}

/* Finds limits in Slurm that are not in the books and may be the bank's holds or caps, under any
 * terms that newer books had. */
static int find_unknown(struct adoption *adoption, const struct seen_account *seen,
			struct sb_error *err)
{
	for (size_t i = 0; i < seen->row->limit_count; i++) {
		const struct limit *limit = &seen->row->limits[i];
		struct stray *stray;

		/* Of users, those that are not set are there too, and the lowest. */
		if (limit->value < 0 || strcmp(limit->field, LIMIT_LOWEST) == 0 ||
		    (limit->value != 0 && !is_cap(seen, limit->field, limit->tres)) ||
		    account_lever(seen->account, seen->cluster, limit->field, limit->tres))
			continue;
		TRY(add_stray(adoption, seen, limit->field, limit->tres, &stray, err));
		stray->value = limit->value;
	}
	return SB_OK;
}

/* Finds levers in the books that differ from what Slurm shows. */
static int find_changed(struct adoption *adoption, const struct seen_account *seen,
			struct sb_error *err)
{
	for (size_t i = 0; i < seen->account->lever_count; i++) {
		const struct lever *lever = &seen->account->levers[i];
		struct stray *stray;
		int64_t value;

		if (strcmp(lever->cluster, seen->cluster) != 0 || lever->restoring ||
		    !observed_has(seen->row, lever->tres) ||
		    !observed_limit(seen->row, lever->field, lever->tres, &value) ||
		    value == lever->set)
			continue;
		TRY(add_stray(adoption, seen, lever->field, lever->tres, &stray, err));
		stray->value = value;
		stray->known = true;
		/* Newer books may have moved a cap with the balance. */
		stray->lost = !is_cap(seen, lever->field, lever->tres) || value < 0;
	}
	return SB_OK;
}

static int compare_account(struct adoption *adoption, const struct account *account,
			   const struct purses *purses, struct sb_error *err)
{
	for (size_t i = 0; i < adoption->clusters.count; i++) {
		const struct observation *cluster = &adoption->clusters.list[i];
		const struct seen_account seen = {account, purses, cluster->cluster,
						  observation_find(cluster, account->name)};

		if (!seen.row)
			continue;
		TRY(find_unknown(adoption, &seen, err));
		/* Where the bank commands already, a check handles levers changed by hand. */
		if (!adoption->commands)
			TRY(find_changed(adoption, &seen, err));
	}
	return SB_OK;
}

static int find_strays(struct books *books, void *ctx, struct sb_error *err)
{
	struct adoption *adoption = ctx;
	char place[PLACE_SIZE];
	size_t count;

	TRY(books_machine(books, place, sizeof(place), err));
	TRY(books_load_all(books, &count, err));
	adoption->commands = strcmp(place, adoption->place) == 0;
	adoption->count = 0;
	for (size_t i = 0; i < count; i++) {
		const struct account *account = books_at(books, i);
		struct purses purses;
		int rc;

		/* The limits of purses are found with their account. */
		if (!purse_is_account(account->name))
			continue;
		TRY(books_purses(books, account->name, &purses, err));
		rc = compare_account(adoption, account, &purses, err);
		purses_release(&purses);
		TRY(rc);
	}
	return SB_OK;
}

/* Wants the limits of all accounts on all clusters: older terms do not show which there may be. */
static int find_wants(struct books *books, void *ctx, struct sb_error *err)
{
	struct adoption *adoption = ctx;
	size_t clusters = adoption->clusters.count, count;

	TRY(books_load_all(books, &count, err));
	free(adoption->wants);
	adoption->want_count = 0;
	adoption->wants = calloc(count * clusters + 1, sizeof(*adoption->wants));
	if (!adoption->wants)
		return sb_error_nomem(err);
	for (size_t i = 0; i < count * clusters; i++) {
		struct want *want = &adoption->wants[adoption->want_count];

		if (!purse_is_account(books_at(books, i % count)->name))
			continue;
		adoption->want_count++;
		memcpy(want->account, books_at(books, i % count)->name, sizeof(want->account));
		memcpy(want->cluster, adoption->clusters.names[i / count], sizeof(want->cluster));
	}
	return SB_OK;
}

static int record_stray(struct books *books, const struct adoption *adoption,
			const struct stray *stray, struct sb_error *err)
{
	const struct limit aim = {stray->limit.field, stray->limit.tres, stray->value};
	const struct account *account;
	const struct lever *lever;

	if (stray->ours)
		return check_adopt_lever(books, stray->account, stray->cluster, &aim,
					 option(adoption->env, "note"), err);
	if (!stray->known)
		return SB_OK;
	TRY(books_account(books, stray->account, &account, err));
	lever = account_lever(account, stray->cluster, aim.field, aim.tres);
	return lever ? check_lose_lever(books, account->name, lever, err) : SB_OK;
}

static int record(struct books *books, void *ctx, struct sb_error *err)
{
	struct adoption *adoption = ctx;

	for (size_t i = 0; i < adoption->count; i++)
		TRY(record_stray(books, adoption, &adoption->strays[i], err));
	TRY(check_keep_trees(books, adoption->clusters.list, adoption->clusters.count, err));
	adoption->head = *books_head(books);
	return books_set_machine(books, adoption->place, err);
}

/* Asks on the terminal. Returns whether an answer was given. */
static bool ask_owner(struct env *env, struct stray *stray)
{
	char answer[64], limit[LEVER_NAME_SIZE];

	stage_end(env);
	for (;;) {
		fprintf(env->os.out,
			"%s on %s has %s=%" PRId64 ", which is not in the books. Whose is it:\n"
			"the [b]ank's, to be put back when the account has funds, or the "
			"[s]ite's? ",
			stray->account, stray->cluster,
			lever_name(limit, stray->limit.field, stray->limit.tres), stray->value);
		flush_out(env);
		if (!fgets(answer, sizeof(answer), env->os.in))
			return false;
		if (strcmp(answer, "b\n") == 0 || strcmp(answer, "s\n") == 0)
			break;
	}
	stray->ours = answer[0] == 'b';
	return true;
}

/* Decides whose each stray limit is. Returns false, with a message, if options and answers leave
 * one open. */
static bool decide(struct adoption *adoption)
{
	struct env *env = adoption->env;
	const char *ours = option(env, "bank-holds"), *sites = option(env, "immediate");
	char limit[LEVER_NAME_SIZE];

	for (size_t i = 0; i < adoption->count; i++) {
		struct stray *stray = &adoption->strays[i];

		if (stray->lost) {
			report(env,
			       "%s on %s: held in the books, not in Slurm; the next check decides",
			       stray->account, stray->cluster);
			continue;
		}
		if (ours || sites) {
			stray->ours = ours;
			report(env, "%s on %s: its limit %s=%" PRId64 " is %s", stray->account,
			       stray->cluster,
			       lever_name(limit, stray->limit.field, stray->limit.tres),
			       stray->value, ours ? "the bank's" : "the site's, and left alone");
			continue;
		}
		if (env->os.in_is_terminal && ask_owner(env, stray))
			continue;
		warning(env,
			"limits in Slurm that are not in the books: %zu, the first is that of %s "
			"on %s: choose --bank-holds if they are the bank's, or --immediate to "
			"leave them to the site; nothing was changed",
			adoption->count, stray->account, stray->cluster);
		return false;
	}
	return true;
}

/* The first check on a running site may hold many accounts: the administrator confirms that, so
 * that it does not come as a surprise from users. */
static int confirm_holds(struct adoption *adoption)
{
	size_t held = 0;
	int status = checkup_foresee(adoption->env, &adoption->clusters, &held);

	if (status != EXIT_DONE || held == 0)
		return status;
	return confirm(adoption->env, "Let the next check hold them?");
}

/* Reads Slurm's limits, asks whose they are, and takes command. */
static int adopt(struct adoption *adoption)
{
	struct env *env = adoption->env;
	char head[HEAD_TEXT_SIZE];
	struct sb_error err;
	bool seen = clusters_observe(env, OBSERVE_USE, &adoption->clusters) == EXIT_DONE &&
		    adoption->clusters.silent == 0;

	if (seen && bank_read(env->bank, env->os.now(), find_wants, adoption, &err))
		return fail(env, &err);
	if (!seen || clusters_read_limits(env, &adoption->clusters, adoption->wants,
					  adoption->want_count) != EXIT_DONE) {
		warning(env, "bank not adopted: could not read Slurm's current limits");
		return EXIT_REFUSED;
	}
	if (bank_read(env->bank, env->os.now(), find_strays, adoption, &err))
		return fail(env, &err);
	if (!decide(adoption))
		return EXIT_REFUSED;
	if (!adoption->commands) {
		int status = confirm_holds(adoption);

		if (status != EXIT_DONE)
			return status;
	}
	if (bank_write(env->bank, env->os.now(), record, adoption, &err))
		return fail(env, &err);
	env->result.done = adoption->commands ? NULL : "the bank was adopted";
	report(env, "the bank in %s %s; head %s", env->store.folder,
	       adoption->commands ? "commands Slurm from here already"
				  : "now commands Slurm from here",
	       head_text(head, &adoption->head));
	/* A limit that cannot be read is left alone. */
	return adoption->clusters.odd > 0 ? EXIT_PART : EXIT_DONE;
}

static int run(struct env *env, int argc, const char *const argv[])
{
	struct adoption adoption = {.env = env};
	int status;

	(void)argc;
	(void)argv;
	if (option(env, "clusters"))
		return usage(env, "a bank commands every cluster of the settings or none: leave "
				  "--clusters out");
	place_of(env->os.here()->machine, env->store.folder, adoption.place);
	status = adopt(&adoption);
	clusters_release(&adoption.clusters);
	free(adoption.strays);
	free(adoption.wants);
	return status;
}

const struct command cmd_adopt = {
	.name = "adopt",
	.arguments = "",
	.summary = "let this machine command Slurm for the bank",
	.details =
		"A bank that was restored or copied, or whose folder or machine was renamed, "
		"changes nothing in Slurm until you adopt it. So a copy cannot command "
		"production.\n"
		"adopt shows the limits in Slurm that are 0 or of billing and that are not in the "
		"books (set after the backup, or by the site), and asks whose they are; with "
		"--immediate they are the site's and stay. Then it names the accounts that the "
		"next check would hold, and asks whether it may; --immediate answers yes. Where "
		"the bank commands already, `subank check` handles limits of the bank that were "
		"changed by hand.",
	.problems = "Slurm failed in part, see the messages",
	.examples =
		EXAMPLES({"subank adopt", "after an import, or after a copy was put back"},
			 {"subank adopt -i --bank-holds --note \"restored after the disk failed\"",
			  "in a script; limits that are not in the books are released"}),
	.see_also = "import backup check",
	.flags = CMD_WRITE | CMD_SLURM | CMD_ASK,
	.options =
		OPTIONS({"note", 0, "TEXT", "the reason, for the journal"},
			{"bank-holds", 0, NULL, "limits that are not in the books are the bank's"}),
	.run = run,
};
