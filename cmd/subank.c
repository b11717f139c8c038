/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A run of the program: the command line, the settings, the bank, the verb, the exit status. */
#include "config.h"

#include "cmd/subank.h"

#include <errno.h>
#include <inttypes.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/check/publish.h"
#include "cmd/frame/help.h"
#include "cmd/frame/messages.h"
#include "cmd/frame/options.h"
#include "cmd/frame/status_line.h"

/* verbs.h has a VERB(NAME) for each cmd_NAME.c that Makefile.am lists, in that order. */
#define VERB(name) extern const struct command cmd_##name;
#include "cmd/verbs.h"
#undef VERB

#define VERB(name) &cmd_##name,
const struct command *const commands[] = {
#include "cmd/verbs.h"
	NULL,
};
#undef VERB

/* Whether the bank is out of reach here, and what it publishes is not. */
static bool is_closed(const struct env *env)
{
	return access(env->settings.bank, R_OK | X_OK) != 0 &&
	       (errno == EACCES || errno == ENOENT || errno == ENOTDIR) &&
	       access(env->settings.publish_file, F_OK) == 0;
}

/* Users cannot open the books, and are told what they can do. */
static int refuse_users(const struct env *env, struct sb_error *err)
{
	const char *folder = env->store.folder;
	const struct passwd *owner = NULL;
	struct stat st;
	bool seen;

	if (access(folder, R_OK | X_OK) == 0 || errno != EACCES)
		return SB_OK;
	seen = stat(folder, &st) == 0;
	if (seen && st.st_uid == geteuid())
		return SB_OK;
	if (seen)
		owner = getpwuid(st.st_uid);
	return sb_error_set(err, SB_ESYSTEM, "the books in %s are closed to all but %s: %s", folder,
			    owner ? owner->pw_name : "their owner",
			    access(env->settings.publish_file, F_OK) == 0
				    ? "`subank balance` shows what is published"
				    : "nothing is published, ask the administrators for more");
}

/* Settings, then what the command line and the environment put above them. */
static int prepare(struct env *env, struct sb_error *err)
{
	const char *config = option(env, "config"), *bank = option(env, "bank");
	bool must_exist = config && !(env->command->flags & CMD_MAKES_SETTINGS);
	int rc = settings_read(config ? config : DEFAULT_SETTINGS, must_exist, &env->settings, err);

	if (rc)
		return rc;
	if (!bank)
		bank = getenv("SUBANK_BANK");
	if (bank && !*bank)
		return sb_error_set(
			err, SB_EINVAL,
			"the name of the bank's folder is empty: give one with --bank or "
			"$SUBANK_BANK, or leave both out");
	if (env->command->flags & (CMD_SLURM | CMD_ENTER) && option(env, "clusters")) {
		rc = settings_set_clusters(&env->settings, option(env, "clusters"), err);
		if (rc)
			return rc;
	}
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
	if (env->command->flags & CMD_PUBLISHED && !bank && is_closed(env))
		return SB_OK;
	if (env->command->flags & (CMD_READ | CMD_WRITE))
		rc = refuse_users(env, err);
	if (!rc && env->command->flags & (CMD_READ | CMD_WRITE))
		rc = env->command->flags & CMD_WRITE
			     ? bank_open(&env->store, STORE_WRITE, &env->os.here()->author,
					 &env->bank, err)
			     : bank_open(&env->store, STORE_READ, NULL, &env->bank, err);
	return rc;
}

static int run_verb(struct env *env, int argc, char *argv[], const char *values[OPTIONS_MAX],
		    struct sb_error *err)
{
	int count, status;
	bool bare;
	int rc = options_read(env->command, false, argc, argv, values, &count, err);

	if (rc)
		return fail(env, err);
	if (option(env, "help")) {
		command_help(env->os.out, env->command);
		return EXIT_DONE;
	}
	if (option(env, "version")) {
		program_version(env->os.out);
		return EXIT_DONE;
	}
	env->quiet = option(env, "quiet");
	if (argc - count < env->command->min_args)
		return usage(env, "%s needs %s", env->command->name, env->command->arguments);
	if (env->command->max_args >= 0 && argc - count > env->command->max_args)
		return usage(env, "too many arguments: '%s'; a text with blanks needs quotes",
			     argv[count + env->command->max_args]);
	/* Whoever reads the receipt may go: what was begun is brought to its end. */
	if (env->command->flags & (CMD_WRITE | CMD_CHANGES))
		(void)signal(SIGPIPE, SIG_IGN);
	bare = env->command->flags & CMD_BARE ||
	       (env->command->flags & CMD_BARE_WITH_FILE && argc > count);
	rc = bare ? SB_OK : prepare(env, err);
	status = rc ? fail(env, err)
		    : env->command->run(env, argc - count, (const char *const *)(argv + count));
	/* A check has done so, and tells by its status. What cannot be published was said, and the
	 * next check tries again. */
	if (env->bank && env->command->flags & (CMD_WRITE | CMD_CHANGES) &&
	    !(env->command->flags & CMD_PUBLISHES) && (status == EXIT_DONE || status == EXIT_PART))
		(void)publish(env);
	stage_end(env);
	if (env->bank)
		env->result.entered = bank_new_entries(env->bank);
	bank_close(env->bank);
	env->bank = NULL;
	settings_release(&env->settings);
	return status;
}

/* Moves the values of options in front of the verb to their places among the verb's. */
static void adopt_values(const struct command *command, const char *const leading[OPTIONS_MAX],
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
	int rc = options_read(NULL, true, argc, argv, leading, &at, &err);

	if (rc)
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
	adopt_values(env->command, leading, values);
	return run_verb(env, argc - at, argv + at, values, &err);
}

/* "entry 12 was recorded (…)", "entries 12 to 15 were recorded", or what else the verb has done; ""
 * when it changed nothing. [show] is how to see it. */
static void what_stands(const struct env *env, char *to, size_t size, char *show, size_t show_size)
{
	const struct new_entries *entered = &env->result.entered;

	*to = *show = '\0';
	if (*env->result.receipt) {
		(void)snprintf(to, size, "%s", env->result.receipt);
		(void)snprintf(show, show_size,
			       "`subank journal --from %" PRIu64 " --to %" PRIu64 "`",
			       env->result.receipt_seq, env->result.receipt_seq);
	} else if (entered->first && entered->more) {
		(void)snprintf(to, size, "entries from %" PRIu64 " on were recorded",
			       entered->first);
		(void)snprintf(show, show_size, "`subank journal --from %" PRIu64 "`",
			       entered->first);
	} else if (entered->first) {
		(void)snprintf(show, show_size,
			       "`subank journal --from %" PRIu64 " --to %" PRIu64 "`",
			       entered->first, entered->last);
		if (entered->first == entered->last)
			(void)snprintf(to, size, "entry %" PRIu64 " was recorded", entered->first);
		else
			(void)snprintf(to, size, "entries %" PRIu64 " to %" PRIu64 " were recorded",
				       entered->first, entered->last);
	} else if (env->result.stands) {
		(void)snprintf(to, size, "%s", env->result.stands);
	}
}

/* What the verb printed could not be written. Results are data: without them a question was not
 * answered. What was recorded stands, and must not be asked for a second time. */
static int output_lost(struct env *env, int status)
{
	const char *why = sb_errno(env->result.out_errno ? env->result.out_errno : errno);
	char stands[sizeof(env->result.receipt)], show[80], text[2048];

	what_stands(env, stands, sizeof(stands), show, sizeof(show));
	if (!*stands) {
		(void)snprintf(text, sizeof(text), "cannot write the output: %s", why);
		status = status == EXIT_DONE ? EXIT_REFUSED : status;
	} else {
		(void)snprintf(
			text, sizeof(text),
			"%s; only the %s could not be written: %s; do not run it again%s%s%s",
			stands, *env->result.receipt ? "receipt" : "output", why, *show ? ": " : "",
			show, *show ? " shows what was recorded" : "");
		status = status == EXIT_DONE ? EXIT_UNTOLD : status;
	}
	message_last(env, text);
	return status;
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
