/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/frame/messages.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>
#include <syslog.h>

#include "cmd/frame/options.h"
#include "cmd/frame/prose.h"
#include "cmd/frame/status_line.h"
#include "ledger/account/purse.h"
#include "ledger/base/text.h"

/* Prints a line. A terminal of [width] columns (0: no terminal) gets it wrapped between words. */
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

/* Logs messages of verbs that write. Those that only read are run by people at a terminal. */
static void log_line(const struct env *env, int priority, const char *text)
{
	char escaped[4096];

	if (env->os.log && env->command && env->command->flags & (CMD_WRITE | CMD_CHANGES))
		env->os.log(priority, text_escape(escaped, sizeof(escaped), text));
}

static int width_of(const struct env *env, bool is_terminal)
{
	return !is_terminal ? 0 : env->os.out_width > 0 ? env->os.out_width : DEFAULT_WIDTH;
}

/* Turns options into keys, as requests in a file have them: removes the dashes of "--end", but not
 * within `a command`. */
static void name_keys(char *text)
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

/* Flushes the result first: both may go to one terminal. */
static void print_message(struct env *env, const char *text)
{
	char placed[2560];

	stage_end(env);
	(void)snprintf(placed, sizeof(placed), "%s%s", env->where ? env->where : "", text);
	if (env->where)
		name_keys(placed);
	flush_out(env);
	print_line(env->os.err, width_of(env, env->os.err_is_terminal), "subank: ", placed);
}

int fail(struct env *env, const struct sb_error *err)
{
	env->result.error = err->code;
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
		fprintf(env->os.err, "usage: subank %s%s%s\n", env->command->name,
			*env->command->arguments ? " " : "", command_synopsis(env->command));
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

void report(struct env *env, const char *fmt, ...)
{
	char text[2048];

	if (env->quiet)
		return;
	FORMAT(text);
	stage_end(env);
	/* Among rows for programs it would be a broken row. */
	if (env->command->flags & CMD_LIST && !prints_for_people(env))
		print_message(env, text);
	else
		print_line(env->os.out, width_of(env, env->os.out_is_terminal), "", text);
	/* A check runs without a user who would read its results. */
	if (env->command->flags & CMD_PUBLISHES && !option(env, "dry-run"))
		log_line(env, LOG_INFO, text);
}

void message_trace(const char *line, void *ctx)
{
	char text[4096];

	(void)snprintf(text, sizeof(text), "runs: %s", line);
	print_message(ctx, text);
}

void message_last(struct env *env, const char *text)
{
	print_line(env->os.err, width_of(env, env->os.err_is_terminal), "subank: ", text);
	log_line(env, LOG_WARNING, text);
}

const char *quantity(const struct env *env, char buf[QUANTITY_SIZE], const char *purse,
		     int64_t amount)
{
	const struct unit unit = purse ? purse_unit(purse) : unit_su;
	char number[AMOUNT_TEXT_SIZE];

	if (!env->seconds)
		(void)snprintf(buf, QUANTITY_SIZE, "%s %s",
			       amount_format_in(number, amount, unit.size), unit.name);
	else if (!purse || purse_is_account(purse))
		(void)snprintf(buf, QUANTITY_SIZE, "%" PRId64 "s", amount);
	else
		(void)snprintf(buf, QUANTITY_SIZE, "%" PRId64 " %ss", amount, unit.second);
	return buf;
}
