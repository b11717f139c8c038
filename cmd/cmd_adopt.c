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

/* A limit in Slurm that looks like a hold of ours and is not in the books. */
struct stray {
	char account[NAME_SIZE];
	char cluster[NAME_SIZE];
	bool ours; /* the bank's */
	bool lost; /* the other way round: a lever in the books that Slurm does not show */
};

struct adoption {
	struct env *env;
	struct clusters clusters;
	struct rules rules;
	char place[PLACE_SIZE];
	struct head head; /* after what was entered */
	struct stray *strays;
	size_t count;
};

static int add_stray(struct adoption *adoption, const char *account, const char *cluster, bool lost,
		     struct sb_error *err)
{
	struct stray *grown =
		reallocarray(adoption->strays, adoption->count + 1, sizeof(*adoption->strays));
	struct stray *stray;

	if (!grown)
		return sb_error_nomem(err);
	adoption->strays = grown;
	stray = &grown[adoption->count++];
	*stray = (struct stray){.lost = lost};
	(void)snprintf(stray->account, sizeof(stray->account), "%s", account);
	(void)snprintf(stray->cluster, sizeof(stray->cluster), "%s", cluster);
	return SB_OK;
}

/* Compares one account's limit in Slurm with the lever in the books. */
static int compare(struct adoption *adoption, const struct account *account,
		   const struct observation *cluster, struct sb_error *err)
{
	const struct observed *row = observation_find(cluster, account->name);
	const struct lever *lever = account_lever(account, cluster->cluster, adoption->rules.field,
						  adoption->rules.tres);

	if (!row)
		return SB_OK;
	if (!lever && row->limit == adoption->rules.hold_value)
		return add_stray(adoption, account->name, cluster->cluster, false, err);
	if (lever && !lever->restoring && row->limit != lever->set)
		return add_stray(adoption, account->name, cluster->cluster, true, err);
	return SB_OK;
}

static int find_strays(struct books *books, void *ctx, struct sb_error *err)
{
	struct adoption *adoption = ctx;
	size_t count;
	int rc = books_load_all(books, &count, err);

	adoption->count = 0;
	for (size_t i = 0; !rc && i < count; i++) {
		for (size_t j = 0; !rc && j < adoption->clusters.count; j++)
			rc = compare(adoption, books_at(books, i), &adoption->clusters.list[j],
				     err);
	}
	return rc;
}

static int enter_lost(struct books *books, const struct adoption *adoption,
		      const struct stray *stray, struct sb_error *err)
{
	const struct account *account;
	const struct lever *lever;
	int rc = books_account(books, stray->account, &account, err);

	if (rc)
		return rc;
	lever = account_lever(account, stray->cluster, adoption->rules.field, adoption->rules.tres);
	return lever ? check_lose_lever(books, account->name, lever, err) : SB_OK;
}

static int enter(struct books *books, void *ctx, struct sb_error *err)
{
	struct adoption *adoption = ctx;
	int rc = SB_OK;

	for (size_t i = 0; i < adoption->count && !rc; i++) {
		const struct stray *stray = &adoption->strays[i];

		if (stray->lost)
			rc = enter_lost(books, adoption, stray, err);
		else if (stray->ours)
			rc = check_adopt_lever(books, stray->account, stray->cluster,
					       &adoption->rules, option(adoption->env, "note"),
					       err);
	}
	adoption->head = *books_head(books);
	return rc ? rc : books_set_machine(books, adoption->place, err);
}

/* Asks on the terminal; true when an answer was given. */
static bool ask(struct env *env, struct stray *stray)
{
	char answer[64];

	for (;;) {
		fprintf(env->out,
			"%s on %s has %s=%s=0, which the books do not know. Whose is it:\n"
			"the [b]ank's, to be released when the account has funds, or the "
			"[s]ite's? ",
			stray->account, stray->cluster, LEVER_FIELD, LEVER_TRES);
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
			say(env, "%s on %s: its hold is %s", stray->account, stray->cluster,
			    ours ? "the bank's" : "the site's, and left alone");
			continue;
		}
		if (env->in_is_terminal && ask(env, stray))
			continue;
		warning(env,
			"holds in Slurm that the books do not know: %zu, first that of "
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
	status = clusters_observe(env, false, &adoption.clusters);
	if (status != EXIT_DONE || adoption.clusters.silent) {
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
