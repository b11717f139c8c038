/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A run of the program: the command line, the settings, the bank, the verb, the exit status. */
#include "cmd/subank.h"

#include <errno.h>
#include <inttypes.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/check/metrics.h"
#include "cmd/check/publish.h"
#include "cmd/frame/help.h"
#include "cmd/frame/messages.h"
#include "cmd/frame/options.h"
#include "cmd/frame/status_line.h"

/* The build makes verbs.h: a VERB(NAME) for each cmd/verbs/NAME.c, in the order of Makefile.am. */
#define VERB(name) extern const struct command cmd_##name;
#include "cmd/verbs.h"
#undef VERB

#define VERB(name) &cmd_##name,
const struct command *const commands[] = {
#include "cmd/verbs.h"
	NULL,
};
#undef VERB

static bool has_flag(const struct env *env, unsigned flags)
{
	return env->command->flags & flags;
}

static bool writes(const struct env *env)
{
	const struct command *command = env->command;

	return has_flag(env, CMD_WRITE | CMD_CHANGES) &&
	       !(command->only_reads && command->only_reads(env));
}

/* Whether the verb shows what this bank publishes. */
static bool shows_published(const struct env *env)
{
	return has_flag(env, CMD_PUBLISHED) ||
	       (has_flag(env, CMD_PUBLISHED_OWN) && env->settings.publish == PUBLISH_OWN);
}

/* Whether this user cannot open the bank but can read what it publishes. */
static bool is_closed(const struct env *env)
{
	return access(env->settings.bank, R_OK | X_OK) != 0 &&
	       (errno == EACCES || errno == ENOENT || errno == ENOTDIR) &&
	       access(env->settings.publish_file, F_OK) == 0;
}

/* Fails with advice for a user who cannot open the bank. */
static int refuse_users(const struct env *env, struct sb_error *err)
{
	const char *folder = env->store.folder;
	const char *advice = "`subank balance` shows what is published";
	const struct passwd *owner = NULL;
	struct stat st;

	if (access(folder, R_OK | X_OK) == 0 || errno != EACCES)
		return SB_OK;
	if (stat(folder, &st) == 0) {
		if (st.st_uid == geteuid())
			return SB_OK;
		owner = getpwuid(st.st_uid);
	}
	if (access(env->settings.publish_file, F_OK) != 0)
		advice = "nothing is published, ask the administrators for more";
	else if (env->settings.publish == PUBLISH_OWN)
		advice = "`subank balance`, `why` and `usage` show what is published of your "
			 "accounts";
	return sb_error_set(err, SB_ESYSTEM, "the books in %s are closed to all but %s: %s", folder,
			    owner ? owner->pw_name : "their owner", advice);
}

static int open_bank(struct env *env, struct sb_error *err)
{
	TRY(refuse_users(env, err));
	return has_flag(env, CMD_WRITE) && writes(env)
		       ? bank_open(&env->store, STORE_WRITE, &env->os.here()->author, &env->bank,
				   err)
		       : bank_open(&env->store, STORE_READ, NULL, &env->bank, err);
}

/* Reads the settings, applies what the command line and the environment override, and opens the
 * bank if the verb needs it. */
static int prepare(struct env *env, struct sb_error *err)
{
	const char *config = option(env, "config"), *bank = option(env, "bank");
	bool must_exist = config && !has_flag(env, CMD_MAKES_SETTINGS);

	TRY(settings_read(config ? config : DEFAULT_SETTINGS, must_exist, &env->settings, err));
	if (!bank)
		bank = getenv("SUBANK_BANK");
	if (bank && !*bank)
		return sb_error_set(
			err, SB_EINVAL,
			"the name of the bank's folder is empty: give one with --bank or "
			"$SUBANK_BANK, or leave both out");
	if (has_flag(env, CMD_SLURM | CMD_RECORD) && option(env, "clusters"))
		TRY(settings_set_clusters(&env->settings, option(env, "clusters"), err));
	env->seconds = option(env, "seconds");
	env->slurm = (struct slurm){.sshare = env->settings.sshare,
				    .sacctmgr = env->settings.sacctmgr,
				    .scontrol = env->settings.scontrol,
				    .sacct = env->settings.sacct,
				    .squeue = env->settings.squeue,
				    .deadline_ms = env->settings.slurm_seconds * 1000,
				    .run = env->os.run,
				    .lines = env->os.lines,
				    .trace = option(env, "verbose") ? message_trace : NULL,
				    .trace_ctx = env};
	(void)snprintf(env->doing, sizeof(env->doing), "subank %s", env->command->name);
	env->store = (struct store_options){.folder = bank ? bank : env->settings.bank,
					    .doing = env->doing,
					    .wait_ms = env->settings.lock_seconds * 1000};
	if (shows_published(env) && !bank && is_closed(env))
		return SB_OK;
	if (env->command->without_bank && env->command->without_bank(env))
		return SB_OK;
	if (has_flag(env, CMD_MAY_READ))
		return !bank && access(env->store.folder, R_OK | X_OK) != 0 ? SB_OK
									    : open_bank(env, err);
	return has_flag(env, CMD_READ | CMD_WRITE) ? open_bank(env, err) : SB_OK;
}

/* Prints the help or the version if an option asks for it. */
static bool printed_about(struct env *env)
{
	if (option(env, "help"))
		command_help(env->os.out, env->command);
	else if (option(env, "version"))
		program_version(env->os.out);
	else
		return false;
	return true;
}

static int run_verb(struct env *env, int argc, char *argv[], struct sb_error *err)
{
	const struct command *command = env->command;
	int first, count, status;
	bool bare;

	if (options_read(command, argc, argv, env->values, &first, err))
		return fail(env, err);
	if (printed_about(env))
		return EXIT_DONE;
	env->quiet = option(env, "quiet");
	count = argc - first;
	if (count < command->min_args)
		return usage(env, "%s needs %s", command->name, command->arguments);
	if (command->max_args >= 0 && count > command->max_args)
		return usage(env, "too many arguments: '%s'; a text with blanks needs quotes",
			     argv[first + command->max_args]);
	/* A verb that writes completes its work even if the reader of its output is gone. */
	if (writes(env))
		(void)signal(SIGPIPE, SIG_IGN);
	bare = has_flag(env, CMD_BARE) || (has_flag(env, CMD_BARE_WITH_FILE) && count > 0);
	status = !bare && prepare(env, err)
			 ? fail(env, err)
			 : command->run(env, count, (const char *const *)(argv + first));
	/* Errors were printed, and the next check tries again: the status stays. */
	if (env->bank && writes(env) && !has_flag(env, CMD_PUBLISHES) &&
	    (status == EXIT_DONE || status == EXIT_PART)) {
		(void)publish(env, false);
		(void)metrics_publish(env);
	}
	stage_end(env);
	if (env->bank)
		env->result.entered = bank_new_entries(env->bank);
	bank_close(env->bank);
	env->bank = NULL;
	settings_release(&env->settings);
	return status;
}

/* Copies the values of options before the verb to their places among the verb's. */
static void copy_values(const struct command *command, const char *const leading[OPTIONS_MAX],
			const char *values[OPTIONS_MAX])
{
	const struct option_spec *options[OPTIONS_MAX];
	size_t count = options_of(NULL, options);

	for (size_t i = 0; i < count; i++)
		values[option_place(command, options[i]->name)] = leading[i];
}

static int dispatch(struct env *env, int argc, char *argv[])
{
	const char *leading[OPTIONS_MAX] = {NULL}, *values[OPTIONS_MAX] = {NULL};
	struct sb_error err = {0};
	const char *close;
	int at;

	if (options_read(NULL, argc, argv, leading, &at, &err))
		return fail(env, &err);
	if (leading[option_place(NULL, "version")]) {
		program_version(env->os.out);
		return EXIT_DONE;
	}
	if (leading[option_place(NULL, "help")] && at >= argc) {
		program_help(env->os.out);
		return EXIT_DONE;
	}
	if (at >= argc) {
		program_usage(env->os.err);
		return EXIT_USAGE;
	}
	env->command = command_find(argv[at]);
	if (!env->command) {
		close = command_nearest(argv[at]);
		return usage(env, "there is no verb '%s'%s%s%s", argv[at],
			     close ? ": did you mean '" : "; `subank help` lists them",
			     close ? close : "", close ? "'?" : "");
	}
	env->values = values;
	copy_values(env->command, leading, values);
	return run_verb(env, argc - at, argv + at, &err);
}

/* What the verb did, and how to see it. */
struct summary {
	char text[sizeof(((struct result *)NULL)->receipt)]; /* "": it changed nothing */
	char journal[80]; /* "`subank journal --from 12`"; "": no entries */
};

static void find_summary(const struct result *result, struct summary *ret)
{
	uint64_t first = result->entered.first, last = result->entered.last;
	char to[32] = "";

	*ret = (struct summary){.text = ""};
	if (*result->receipt) {
		(void)snprintf(ret->text, sizeof(ret->text), "%s", result->receipt);
		first = last = result->receipt_seq;
	} else if (!first) {
		if (result->done)
			(void)snprintf(ret->text, sizeof(ret->text), "%s", result->done);
		return;
	} else if (result->entered.more) {
		(void)snprintf(ret->text, sizeof(ret->text),
			       "entries from %" PRIu64 " on were recorded", first);
		last = 0;
	} else if (first == last) {
		(void)snprintf(ret->text, sizeof(ret->text), "entry %" PRIu64 " was recorded",
			       first);
	} else {
		(void)snprintf(ret->text, sizeof(ret->text),
			       "entries %" PRIu64 " to %" PRIu64 " were recorded", first, last);
	}
	if (last)
		(void)snprintf(to, sizeof(to), " --to %" PRIu64, last);
	(void)snprintf(ret->journal, sizeof(ret->journal), "`subank journal --from %" PRIu64 "%s`",
		       first, to);
}

/* Reports that the output could not be written. A verb that only reads has then failed. A verb that
 * has changed something must not be run again. Returns the exit status. */
static int output_lost(struct env *env, int status)
{
	const char *why = sb_errno(env->result.out_errno ? env->result.out_errno : errno);
	struct summary summary;
	char text[2048];

	find_summary(&env->result, &summary);
	if (*summary.text)
		(void)snprintf(
			text, sizeof(text),
			"%s; only the %s could not be written: %s; do not run it again%s%s%s",
			summary.text, *env->result.receipt ? "receipt" : "output", why,
			*summary.journal ? ": " : "", summary.journal,
			*summary.journal ? " shows what was recorded" : "");
	else
		(void)snprintf(text, sizeof(text), "cannot write the output: %s", why);
	message_last(env, text);
	if (status != EXIT_DONE)
		return status;
	return *summary.text ? EXIT_OUTPUT_LOST : EXIT_REFUSED;
}

int subank(struct env *env, int argc, char *argv[])
{
	int status;

	env->result.out_errno = 0;
	status = dispatch(env, argc, argv);
	flush_out(env);
	if (ferror(env->os.out))
		status = output_lost(env, status);
	env->command = NULL;
	return status;
}
