/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/checkup.h"
#include "cmd/clusters.h"
#include "cmd/command.h"
#include "cmd/this_machine.h"
#include "ledger/check.h"

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
	struct rules rules;
	char place[PLACE_SIZE];
	struct head head; /* after what was entered */
	struct stray *strays;
	size_t count;
	struct want *wants;
	size_t want_count;
};

static int add_stray(struct adoption *adoption, const struct account *account, const char *cluster,
		     const struct aim *aim, struct stray stray, struct sb_error *err)
{
	struct stray *grown =
		reallocarray(adoption->strays, adoption->count + 1, sizeof(*adoption->strays));

	if (!grown)
		return sb_error_nomem(err);
	adoption->strays = grown;
	(void)snprintf(stray.account, sizeof(stray.account), "%s", account->name);
	(void)snprintf(stray.cluster, sizeof(stray.cluster), "%s", cluster);
	(void)snprintf(stray.limit.field, sizeof(stray.limit.field), "%s", aim->field);
	(void)snprintf(stray.limit.tres, sizeof(stray.limit.tres), "%s", aim->tres);
	grown[adoption->count++] = stray;
	return SB_OK;
}

/* Compares a limit of one account in Slurm with the lever in the books. */
static int compare(struct adoption *adoption, const struct account *account,
		   const struct observation *cluster, const struct aim *aim, bool cap,
		   struct sb_error *err)
{
	const struct observed *row = observation_find(cluster, account->name);
	const struct lever *lever = account_lever(account, cluster->cluster, aim->field, aim->tres);
	struct stray stray = {.known = lever};

	if (!row || !observed_limit(row, aim->field, aim->tres, &stray.value))
		return SB_OK;
	if (!lever && (cap ? stray.value >= 0 : stray.value == aim->value))
		return add_stray(adoption, account, cluster->cluster, aim, stray, err);
	if (lever && !lever->restoring && stray.value != lever->set) {
		/* A limit that follows the balance was followed on by the newer books. */
		stray.lost = !cap || stray.value < 0;
		return add_stray(adoption, account, cluster->cluster, aim, stray, err);
	}
	return SB_OK;
}

static int compare_account(struct adoption *adoption, const struct account *account,
			   struct sb_error *err)
{
	const struct aim hold = hold_aim(account, &adoption->rules), cap = {CAP_FIELD, CAP_TRES, 0};
	int rc = SB_OK;

	for (size_t i = 0; i < adoption->clusters.count && !rc; i++) {
		const struct observation *cluster = &adoption->clusters.list[i];

		rc = compare(adoption, account, cluster, &hold, false, err);
		if (!rc && (wants_caps(account, &adoption->rules) ||
			    account_lever(account, cluster->cluster, CAP_FIELD, CAP_TRES)))
			rc = compare(adoption, account, cluster, &cap, true, err);
	}
	return rc;
}

static int find_strays(struct books *books, void *ctx, struct sb_error *err)
{
	struct adoption *adoption = ctx;
	size_t count;
	int rc = books_load_all(books, &count, err);

	adoption->count = 0;
	for (size_t i = 0; !rc && i < count; i++)
		rc = compare_account(adoption, books_at(books, i), err);
	return rc;
}

/* Which limits have to be asked for, since sshare does not show them. */
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
		const struct account *account = books_at(books, i % count);
		struct want *want = &adoption->wants[adoption->want_count];

		if (strcmp(hold_aim(account, &adoption->rules).field, LIMIT_SHOWN) == 0)
			continue;
		(void)snprintf(want->account, sizeof(want->account), "%s", account->name);
		(void)snprintf(want->cluster, sizeof(want->cluster), "%s",
			       adoption->clusters.names[i / count]);
		adoption->want_count++;
	}
	return SB_OK;
}

static int enter_one(struct books *books, const struct adoption *adoption,
		     const struct stray *stray, struct sb_error *err)
{
	const struct aim aim = {stray->limit.field, stray->limit.tres, stray->value};
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
	adoption->head = *books_head(books);
	return rc ? rc : books_set_machine(books, adoption->place, err);
}

/* Asks on the terminal; true when an answer was given. */
static bool ask(struct env *env, struct stray *stray)
{
	char answer[64], limit[LEVER_NAME_SIZE];

	for (;;) {
		fprintf(env->out,
			"%s on %s has %s=%" PRId64 ", which the books do not know. Whose is it:\n"
			"the [b]ank's, to be put back when the account has funds, or the "
			"[s]ite's? ",
			stray->account, stray->cluster,
			lever_name(limit, stray->limit.field, stray->limit.tres), stray->value);
		fflush(env->out);
		if (!fgets(answer, sizeof(answer), env->in))
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
			say(env,
			    "%s on %s: held in the books, not in Slurm; the next check sees to "
			    "it",
			    stray->account, stray->cluster);
			continue;
		}
		if (ours || sites) {
			stray->ours = ours;
			say(env, "%s on %s: its limit %s=%" PRId64 " is %s", stray->account,
			    stray->cluster,
			    lever_name(limit, stray->limit.field, stray->limit.tres), stray->value,
			    ours ? "the bank's" : "the site's, and left alone");
			continue;
		}
		if (env->in_is_terminal && ask(env, stray))
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

static int run(struct env *env, int argc, const char *const argv[])
{
	struct adoption adoption = {.env = env, .rules = rules_of(env)};
	char hash[HASH_TEXT_SIZE];
	struct sb_error err;
	int status;

	(void)argc;
	(void)argv;
	place_of(env->machine, env->store.folder, adoption.place);
	status = clusters_observe(env, OBSERVE_USE, &adoption.clusters);
	if (status != EXIT_DONE || adoption.clusters.silent) {
		warning(env, "the bank was not adopted: what Slurm has must be seen first");
		status = EXIT_REFUSED;
		goto out;
	}
	if (bank_read(env->bank, env->now(), find_wants, &adoption, &err)) {
		status = fail(env, &err);
		goto out;
	}
	if (clusters_look(env, &adoption.clusters, adoption.wants, adoption.want_count) !=
	    EXIT_DONE) {
		warning(env, "the bank was not adopted: what Slurm has must be seen first");
		status = EXIT_REFUSED;
		goto out;
	}
	if (bank_read(env->bank, env->now(), find_strays, &adoption, &err)) {
		status = fail(env, &err);
		goto out;
	}
	if (!decide(&adoption)) {
		status = EXIT_REFUSED;
		goto out;
	}
	if (bank_write(env->bank, env->now(), enter, &adoption, &err))
		status = fail(env, &err);
	else
		say(env, "the bank in %s now commands Slurm from here; head %" PRIu64 ":%.*s",
		    env->store.folder, adoption.head.seq, HASH_SHORT,
		    hex_format(hash, adoption.head.hash, HASH_SIZE));
out:
	clusters_release(&adoption.clusters);
	free(adoption.strays);
	free(adoption.wants);
	return status;
}

static const struct option_spec options[] = {
	{"note", 0, "TEXT", "why, for the journal"},
	{"bank-holds", 0, NULL, "holds that the books do not know are the bank's"},
	{NULL, 0, NULL, NULL},
};

const struct command cmd_adopt = {
	.name = "adopt",
	.arguments = "",
	.summary = "let this machine command Slurm for the bank",
	.details =
		"A bank that was restored or copied changes nothing in Slurm until it is adopted,\n"
		"so that a copy cannot command production. Holds in Slurm that the books do not\n"
		"know (made after the backup, or by the site) are shown, and it is asked whose\n"
		"they are; with --immediate, the site's, and they are left alone.",
	.max_args = 0,
	.flags = CMD_WRITE | CMD_SLURM | CMD_ASK,
	.options = options,
	.run = run,
};
