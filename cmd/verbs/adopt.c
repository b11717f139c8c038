/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/check/checkup.h"
#include "cmd/check/clusters.h"
#include "cmd/enter/confirm.h"
#include "cmd/frame/command.h"
#include "cmd/frame/messages.h"
#include "cmd/frame/options.h"
#include "cmd/frame/status_line.h"
#include "cmd/frame/this_machine.h"
#include "cmd/show/progress.h"
#include "ledger/check/check.h"

/* A limit in Slurm that may be the bank's and is not in the books. */
struct stray {
	char account[NAME_SIZE];
	char cluster[NAME_SIZE];
	struct lever_choice limit;
	int64_t value; /* what Slurm shows */
	bool ours; /* the bank's */
	bool lost; /* the other way round: a lever in the books that Slurm does not show */
	bool known; /* the books have a lever there, with another value */
};

struct adoption {
	struct env *env;
	struct clusters clusters;
	char place[PLACE_SIZE];
	bool commands; /* it is in command already */
	struct head head; /* after what was entered */
	struct stray *strays;
	size_t count;
	struct want *wants;
	size_t want_count;
};

static int add_stray(struct adoption *adoption, const struct account *account, const char *cluster,
		     const char *field, const char *tres, struct stray stray, struct sb_error *err)
{
	struct stray *grown =
		reallocarray(adoption->strays, adoption->count + 1, sizeof(*adoption->strays));

	if (!grown)
		return sb_error_nomem(err);
	adoption->strays = grown;
	(void)snprintf(stray.account, sizeof(stray.account), "%s", account->name);
	(void)snprintf(stray.cluster, sizeof(stray.cluster), "%s", cluster);
	(void)snprintf(stray.limit.field, sizeof(stray.limit.field), "%s", field);
	(void)snprintf(stray.limit.tres, sizeof(stray.limit.tres), "%s", tres);
	grown[adoption->count++] = stray;
	return SB_OK;
}

static bool is_cap(const char *field, const char *tres)
{
	return strcmp(field, CAP_FIELD) == 0 && strcmp(tres, CAP_TRES) == 0;
}

/* Limits in Slurm that may be a hold or a cap of the bank's, by whatever terms were in force after
 * the books were written, and that the books do not know. */
static int find_unknown(struct adoption *adoption, const struct account *account,
			const char *cluster, const struct observed *row, struct sb_error *err)
{
	int rc = SB_OK;

	for (size_t i = 0; i < row->limit_count && !rc; i++) {
		const struct limit *limit = &row->limits[i];

		if ((limit->value == 0 || is_cap(limit->field, limit->tres)) &&
		    !account_lever(account, cluster, limit->field, limit->tres))
			rc = add_stray(adoption, account, cluster, limit->field, limit->tres,
				       (struct stray){.value = limit->value}, err);
	}
	return rc;
}

/* Levers in the books that are not what Slurm shows. */
static int find_changed(struct adoption *adoption, const struct account *account,
			const char *cluster, const struct observed *row, struct sb_error *err)
{
	int rc = SB_OK;

	for (size_t i = 0; i < account->lever_count && !rc; i++) {
		const struct lever *lever = &account->levers[i];
		struct stray stray = {.known = true};

		if (strcmp(lever->cluster, cluster) != 0 || lever->restoring ||
		    !observed_limit(row, lever->field, lever->tres, &stray.value) ||
		    stray.value == lever->set)
			continue;
		/* A limit that follows the balance was followed on by the newer books. */
		stray.lost = !is_cap(lever->field, lever->tres) || stray.value < 0;
		rc = add_stray(adoption, account, cluster, lever->field, lever->tres, stray, err);
	}
	return rc;
}

static int compare_account(struct adoption *adoption, const struct account *account,
			   struct sb_error *err)
{
	int rc = SB_OK;

	for (size_t i = 0; i < adoption->clusters.count && !rc; i++) {
		const struct observation *cluster = &adoption->clusters.list[i];
		const struct observed *row = observation_find(cluster, account->name);

		if (!row)
			continue;
		rc = find_unknown(adoption, account, cluster->cluster, row, err);
		/* Whoever is in command leaves a lever that was changed by hand to the check. */
		if (!rc && !adoption->commands)
			rc = find_changed(adoption, account, cluster->cluster, row, err);
	}
	return rc;
}

static int find_strays(struct books *books, void *ctx, struct sb_error *err)
{
	struct adoption *adoption = ctx;
	char place[PLACE_SIZE];
	size_t count;
	int rc = books_machine(books, place, sizeof(place), err);

	if (!rc)
		rc = books_load_all(books, &count, err);
	if (rc)
		return rc;
	adoption->commands = strcmp(place, adoption->place) == 0;
	adoption->count = 0;
	for (size_t i = 0; i < count && !rc; i++)
		rc = compare_account(adoption, books_at(books, i), err);
	return rc;
}

/* All accounts on all clusters: which limits they may have cannot be told from older terms. */
static int find_wants(struct books *books, void *ctx, struct sb_error *err)
{
	struct adoption *adoption = ctx;
	size_t clusters = adoption->clusters.count, count;
	int rc = books_load_all(books, &count, err);

	if (rc)
		return rc;
	free(adoption->wants);
	adoption->want_count = 0;
	adoption->wants = calloc(count * clusters + 1, sizeof(*adoption->wants));
	if (!adoption->wants)
		return sb_error_nomem(err);
	for (size_t i = 0; i < count * clusters; i++) {
		struct want *want = &adoption->wants[adoption->want_count++];

		memcpy(want->account, books_at(books, i % count)->name, sizeof(want->account));
		memcpy(want->cluster, adoption->clusters.names[i / count], sizeof(want->cluster));
	}
	return SB_OK;
}

static int enter_one(struct books *books, const struct adoption *adoption,
		     const struct stray *stray, struct sb_error *err)
{
	const struct limit aim = {stray->limit.field, stray->limit.tres, stray->value};
	const struct account *account;
	const struct lever *lever;
	int rc;

	if (stray->ours)
		return check_adopt_lever(books, stray->account, stray->cluster, &aim,
					 option(adoption->env, "note"), err);
	if (!stray->known)
		return SB_OK;
	rc = books_account(books, stray->account, &account, err);
	if (rc)
		return rc;
	lever = account_lever(account, stray->cluster, aim.field, aim.tres);
	return lever ? check_lose_lever(books, account->name, lever, err) : SB_OK;
}

static int enter(struct books *books, void *ctx, struct sb_error *err)
{
	struct adoption *adoption = ctx;
	int rc = SB_OK;

	for (size_t i = 0; i < adoption->count && !rc; i++)
		rc = enter_one(books, adoption, &adoption->strays[i], err);
	if (!rc)
		rc = check_keep_trees(books, adoption->clusters.list, adoption->clusters.count,
				      err);
	adoption->head = *books_head(books);
	return rc ? rc : books_set_machine(books, adoption->place, err);
}

/* Asks on the terminal; true when an answer was given. */
static bool ask_whose(struct env *env, struct stray *stray)
{
	char answer[64], limit[LEVER_NAME_SIZE];

	stage_end(env);
	for (;;) {
		fprintf(env->os.out,
			"%s on %s has %s=%" PRId64 ", which the books do not know. Whose is it:\n"
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

/* Decides on each stray limit; false, with a message, when nobody says whose they are. */
static bool decide(struct adoption *adoption)
{
	struct env *env = adoption->env;
	const char *ours = option(env, "bank-holds"), *sites = option(env, "immediate");
	char limit[LEVER_NAME_SIZE];

	for (size_t i = 0; i < adoption->count; i++) {
		struct stray *stray = &adoption->strays[i];

		if (stray->lost) {
			report(env,
			       "%s on %s: held in the books, not in Slurm; the next check sees to "
			       "it",
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
		if (env->os.in_is_terminal && ask_whose(env, stray))
			continue;
		warning(env,
			"limits in Slurm that the books do not know: %zu, first that of "
			"%s on %s: say whose they are with --bank-holds, or leave them "
			"to the site with --immediate; nothing was changed",
			adoption->count, stray->account, stray->cluster);
		return false;
	}
	return true;
}

/* The first check by a bank that comes to a running site may hold many: nobody is to find that out
 * from his users. */
static int confirm_holds(struct adoption *adoption)
{
	struct env *env = adoption->env;
	size_t held = 0;
	int status = checkup_foresee(env, &adoption->clusters, &held);

	if (status != EXIT_DONE || held == 0)
		return status;
	return confirm(env, "Let the next check hold them?");
}

/* Sees what Slurm has, asks whose it is, and takes command. */
static int adopt(struct adoption *adoption)
{
	struct env *env = adoption->env;
	char hash[HASH_TEXT_SIZE];
	struct sb_error err;
	bool seen = clusters_observe(env, OBSERVE_USE, &adoption->clusters) == EXIT_DONE &&
		    adoption->clusters.silent == 0;

	if (seen && bank_read(env->bank, env->os.now(), find_wants, adoption, &err))
		return fail(env, &err);
	if (!seen || clusters_look(env, &adoption->clusters, adoption->wants,
				   adoption->want_count) != EXIT_DONE) {
		warning(env, "the bank was not adopted: what Slurm has must be seen first");
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
	if (bank_write(env->bank, env->os.now(), enter, adoption, &err))
		return fail(env, &err);
	env->result.done = adoption->commands ? NULL : "the bank was adopted";
	report(env, "the bank in %s %s; head %" PRIu64 ":%.*s", env->store.folder,
	       adoption->commands ? "commands Slurm from here already"
				  : "now commands Slurm from here",
	       adoption->head.seq, HASH_SHORT, hex_format(hash, adoption->head.hash, HASH_SIZE));
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

static const struct option_spec options[] = {
	{"note", 0, "TEXT", "why, for the journal"},
	{"bank-holds", 0, NULL, "limits that the books do not know are the bank's"},
	{NULL, 0, NULL, NULL},
};

static const struct example examples[] = {
	{"subank adopt", "after an import or a copy that was put back"},
	{"subank adopt -i --bank-holds --note \"restored after the disk failed\"",
	 "in a script; limits that the books do not know are released"},
	{NULL, NULL},
};

const struct command cmd_adopt = {
	.name = "adopt",
	.arguments = "",
	.summary = "let this machine command Slurm for the bank",
	.details = "A bank that was restored or copied, or whose folder or machine got another "
		   "name, changes nothing in Slurm until it is adopted, so that a copy cannot "
		   "command production.\n"
		   "Limits of its accounts in Slurm that are 0 or of billing and that the books "
		   "do not know (made after the backup, or by the site) are shown, and it is "
		   "asked whose they are; with --immediate, the site's, and they are left "
		   "alone. Then the accounts that the next check would hold are named, and it is "
		   "asked whether it may; a script says --immediate. Where the bank commands "
		   "already, a limit of its own that was changed "
		   "by hand is left to `subank check`.",
	.problems = "Slurm failed in part, see the messages",
	.examples = examples,
	.see_also = "import backup check",
	.max_args = 0,
	.flags = CMD_WRITE | CMD_SLURM | CMD_ASK,
	.options = options,
	.run = run,
};
