/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The list of verbs and the frame around one: options, settings, the bank, the exit status. */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <pwd.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "cmd/check/publish.h"
#include "cmd/frame/command.h"
#include "cmd/frame/options.h"
#include "cmd/frame/prose.h"
#include "cmd/show/output.h"
#include "cmd/show/progress.h"
#include "ledger/base/amount.h"
#include "ledger/base/nearest.h"
#include "ledger/base/text.h"
#include "ledger/store/store.h"

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

const struct exit_status exit_statuses[] = {
	{EXIT_DONE, "done; also a request whose --ref was entered before"},
	{EXIT_REFUSED, "refused or failed, nothing was changed"},
	{EXIT_USAGE, "a malformed command, amount, name or time; nothing was changed"},
	{EXIT_PART, "done in part, or problems were found"},
	{EXIT_UNKNOWN,
	 "the disk failed while committing, the outcome is unknown: run it again with the "
	 "same --ref"},
	{EXIT_UNTOLD,
	 "done and recorded, but what it printed could not be written: do not run it again; the "
	 "message names the entries"},
	{EXIT_SIGNAL,
	 "and more (128 + the signal's number, as shells show it): a signal or a crash ended it; "
	 "after a crash the message says whether something may have been entered"},
	{0, NULL},
};

enum { MAX_VERBS = 64 };

const struct command *command_find(const char *name)
{
	for (size_t i = 0; commands[i]; i++) {
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	}
	return NULL;
}

const char *command_nearest(const char *name)
{
	const char *names[MAX_VERBS];
	size_t count = 0;

	for (size_t i = 0; count < MAX_VERBS - 1 && commands[i]; i++) {
		if (!(commands[i]->flags & CMD_HIDDEN))
			names[count++] = commands[i]->name;
	}
	names[count] = NULL;
	return nearest(name, names);
}

const char *option(const struct env *env, const char *name)
{
	return env->values[option_place(env->command, name)];
}

/* Where people read, words stay whole. */
static void print_line(FILE *to, int width, const char *prefix, const char *text)
{
	char escaped[4096], begin[32], next[32];
	size_t blanks = strspn(text, " ");

	text_escape(escaped, sizeof(escaped), text);
	if (width == 0 || blanks > 16 ||
	    strlen(prefix) + prose_columns(escaped, strlen(escaped)) <= (size_t)width) {
		fprintf(to, "%s%s\n", prefix, escaped);
		return;
	}
	(void)snprintf(begin, sizeof(begin), "%*s%s", (int)blanks, "", prefix);
	(void)snprintf(next, sizeof(next), "%*s", (int)blanks + 2, "");
	prose_fill(to, width, begin, next, escaped + blanks);
}

/* Verbs that only read are run by people, who see the messages. */
static void log_line(const struct env *env, int priority, const char *text)
{
	char escaped[4096];

	if (env->log && env->command && env->command->flags & (CMD_WRITE | CMD_CHANGES))
		env->log(priority, text_escape(escaped, sizeof(escaped), text));
}

static int width_of(const struct env *env, bool is_terminal)
{
	return !is_terminal ? 0 : env->out_width > 0 ? env->out_width : DEFAULT_WIDTH;
}

void flush_out(struct env *env)
{
	if (fflush(env->out) != 0 && !env->out_errno)
		env->out_errno = errno;
}

/* In a list requests have keys where a command line has options: takes the dashes from "--end", but
 * not within `a command`. */
static void say_keys(char *text)
{
	bool command = false;
	char *to = text;

	for (const char *from = text; *from; from++) {
		bool begins = from == text || strchr(" ('", from[-1]);

		command ^= *from == '`';
		if (!command && begins && from[0] == '-' && from[1] == '-' && from[2] >= 'a' &&
		    from[2] <= 'z')
			from += 2;
		*to++ = *from;
	}
	*to = '\0';
}

/* A message to env->err, after the result so far: the two may go to one terminal. */
static void print_message(struct env *env, const char *text)
{
	char placed[2560];

	stage_end(env);
	(void)snprintf(placed, sizeof(placed), "%s%s", env->where ? env->where : "", text);
	if (env->where)
		say_keys(placed);
	flush_out(env);
	print_line(env->err, width_of(env, env->err_is_terminal), "subank: ", placed);
}

int fail(struct env *env, const struct sb_error *err)
{
	print_message(env, err->text);
	log_line(env, LOG_ERR, err->text);
	switch (err->code) {
	case SB_EINVAL:
		return EXIT_USAGE;
	case SB_EUNKNOWN:
		return EXIT_UNKNOWN;
	default:
		return EXIT_REFUSED;
	}
}

#define FORMAT(text)                                                                               \
	do {                                                                                       \
		va_list ap;                                                                        \
		va_start(ap, fmt);                                                                 \
		(void)vsnprintf(text, sizeof(text), fmt, ap);                                      \
		va_end(ap);                                                                        \
	} while (0)

int usage(struct env *env, const char *fmt, ...)
{
	char text[2048];

	FORMAT(text);
	print_message(env, text);
	log_line(env, LOG_ERR, text);
	if (env->command && !env->where)
		fprintf(env->err, "usage: subank %s%s%s\n", env->command->name,
			*env->command->arguments ? " " : "", env->command->arguments);
	return EXIT_USAGE;
}

void note(struct env *env, const char *fmt, ...)
{
	char text[2048];

	if (env->quiet)
		return;
	FORMAT(text);
	print_message(env, text);
}

void warning(struct env *env, const char *fmt, ...)
{
	char text[2048];

	FORMAT(text);
	print_message(env, text);
	log_line(env, LOG_WARNING, text);
}

void say(struct env *env, const char *fmt, ...)
{
	char text[2048];

	if (env->quiet)
		return;
	FORMAT(text);
	stage_end(env);
	/* Behind rows for programs it would be a broken row. */
	if (env->command->flags & CMD_LIST && !output_for_people(env))
		print_message(env, text);
	else
		print_line(env->out, width_of(env, env->out_is_terminal), "", text);
	/* Receipts are for whoever asked; what a check did, nobody asked for. */
	if (env->command->flags & CMD_PUBLISHES && !option(env, "dry-run"))
		log_line(env, LOG_INFO, text);
}

const char *quantity(const struct env *env, char buf[QUANTITY_SIZE], int64_t amount)
{
	char number[AMOUNT_TEXT_SIZE];

	(void)snprintf(buf, QUANTITY_SIZE, "%s%s", amount_format(number, amount, env->seconds),
		       env->seconds ? "s" : " SU");
	return buf;
}

const char *command_problems(const struct command *command)
{
	if (!command->problems && command->flags & CMD_ENTER)
		return "the entry was recorded, but Slurm could not be updated; the next check "
		       "does it";
	return command->problems;
}

void command_help(FILE *out, const struct command *command)
{
	const struct example *example = command->examples;
	const char *problems = command_problems(command);

	fprintf(out, "usage: subank %s [OPTIONS]%s%s\n\n%s.\n\n", command->name,
		*command->arguments ? " " : "", command->arguments, command->summary);
	prose_print(out, command->details);
	if (problems) {
		fputc('\n', out);
		prose_fill(out, 0, "Exit status 3: ", "    ", problems);
	}
	fprintf(out, "\nExamples:\n");
	for (; example->line; example++) {
		fprintf(out, "  %s\n", example->line);
		if (example->what)
			fprintf(out, "      %s\n", example->what);
	}
	fprintf(out, "\nOptions:\n");
	options_help(out, command);
}

/* What a bare `subank` says: it fits a terminal of 24 lines. */
static void program_usage(FILE *out)
{
	char names[MAX_VERBS * 12] = "";
	size_t len = 0;

	fprintf(out, "usage: subank VERB [OPTIONS] [ARGUMENTS]\n\n"
		     "The bank of a Slurm cluster: what accounts may use, and what they "
		     "used.\n\n");
	for (size_t i = 0; commands[i] && len < sizeof(names); i++) {
		if (!(commands[i]->flags & CMD_HIDDEN))
			len += (size_t)snprintf(names + len, sizeof(names) - len, "%s%s",
						len ? " " : "", commands[i]->name);
	}
	prose_fill(out, 0, "Verbs: ", "       ", names);
	fputc('\n', out);
	prose_print(out,
		    "`subank help` says what each does and lists the options, `subank help VERB` "
		    "says more about one. Begin with `subank doctor`.");
}

void program_help(FILE *out)
{
	fprintf(out, "usage: subank VERB [OPTIONS] [ARGUMENTS]\n\n"
		     "The bank of a Slurm cluster: what accounts may use, and what they "
		     "used.\n\nVerbs:\n");
	for (size_t i = 0; commands[i]; i++) {
		if (!(commands[i]->flags & CMD_HIDDEN))
			fprintf(out, "  %-10s %s\n", commands[i]->name, commands[i]->summary);
	}
	fprintf(out, "\nOptions of every verb:\n");
	options_help(out, NULL);
	fprintf(out, "\n`subank help VERB` says more about one; the manual is `man subank`.\n");
}

static void print_version(FILE *out)
{
	fprintf(out, "subank %s (%s)\n", PACKAGE_VERSION, store_library());
}

/* --verbose. */
static void trace(const char *line, void *ctx)
{
	char text[4096];

	(void)snprintf(text, sizeof(text), "runs: %s", line);
	print_message(ctx, text);
}

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
				    .run = env->run,
				    .lines = env->lines,
				    .trace = option(env, "verbose") ? trace : NULL,
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
			     ? bank_open(&env->store, STORE_WRITE, &env->here()->author, &env->bank,
					 err)
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
		command_help(env->out, env->command);
		return EXIT_DONE;
	}
	if (option(env, "version")) {
		print_version(env->out);
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
		env->entered = bank_entered(env->bank);
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
		print_version(env->out);
		return EXIT_DONE;
	}
	if (leading[option_place(NULL, "help")] && at >= argc) {
		program_help(env->out);
		return EXIT_DONE;
	}
	if (at >= argc) {
		program_usage(env->err);
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
	const struct entered *entered = &env->entered;

	*to = *show = '\0';
	if (*env->receipt) {
		(void)snprintf(to, size, "%s", env->receipt);
		(void)snprintf(show, show_size,
			       "`subank journal --from %" PRIu64 " --to %" PRIu64 "`",
			       env->receipt_seq, env->receipt_seq);
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
	} else if (env->stands) {
		(void)snprintf(to, size, "%s", env->stands);
	}
}

/* What the verb printed could not be written. Results are data: without them a question was not
 * answered. What was recorded stands, and must not be asked for a second time. */
static int output_lost(struct env *env, int status)
{
	const char *why = sb_errno(env->out_errno ? env->out_errno : errno);
	char stands[sizeof(env->receipt)], show[80], text[2048];

	what_stands(env, stands, sizeof(stands), show, sizeof(show));
	if (!*stands) {
		(void)snprintf(text, sizeof(text), "cannot write the output: %s", why);
		status = status == EXIT_DONE ? EXIT_REFUSED : status;
	} else {
		(void)snprintf(
			text, sizeof(text),
			"%s; only the %s could not be written: %s; do not run it again%s%s%s",
			stands, *env->receipt ? "receipt" : "output", why, *show ? ": " : "", show,
			*show ? " shows what was recorded" : "");
		status = status == EXIT_DONE ? EXIT_UNTOLD : status;
	}
	print_line(env->err, width_of(env, env->err_is_terminal), "subank: ", text);
	log_line(env, LOG_WARNING, text);
	return status;
}

int subank(struct env *env, int argc, char *argv[])
{
	int status;

	env->out_errno = 0;
	status = dispatch(env, argc, argv);
	flush_out(env);
	if (ferror(env->out))
		status = output_lost(env, status);
	env->command = NULL;
	return status;
}
