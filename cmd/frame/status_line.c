/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/frame/status_line.h"

#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "cmd/frame/command.h"
#include "cmd/frame/prose.h"
#include "ledger/base/leftover.h"
#include "ledger/base/text.h"

/* The stream that shows a line, or NULL. Not in struct env: an env may be copied, a terminal not.
 */
static FILE *shown_on;

/* Removes the line from the terminal, also when Ctrl-C ends the process. */
static const char clear[] = "\r\033[K";
static struct leftover line;

static void clear_line(const char *text)
{
	(void)!write(STDERR_FILENO, text, sizeof(clear) - 1);
}

/* A line that the terminal wraps could not be removed. */
void status_line(struct env *env, const char *text)
{
	size_t width = env->os.out_width > 0 ? (size_t)env->os.out_width : DEFAULT_WIDTH;
	size_t len = strlen(text);

	while (len > 0 && ((text[len] & 0xC0) == 0x80 || prose_columns(text, len) >= width))
		len--;
	if (!shown_on)
		leftover_add(&line, clear, clear_line);
	shown_on = env->os.err;
	fprintf(env->os.err, "%s%.*s", clear, (int)len, text);
	fflush(env->os.err);
}

void stage(struct env *env, const char *fmt, ...)
{
	char text[STATUS_LINE_SIZE], escaped[2 * STATUS_LINE_SIZE], line_text[3 * STATUS_LINE_SIZE];
	va_list ap;

	if (!env->os.err_is_terminal || env->quiet)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	flush_out(env);
	(void)snprintf(line_text, sizeof(line_text), "%s: %s ...", env->command->name,
		       text_escape(escaped, sizeof(escaped), text));
	status_line(env, line_text);
}

void stage_end(struct env *env)
{
	if (shown_on != env->os.err)
		return;
	fputs(clear, env->os.err);
	fflush(env->os.err);
	leftover_done(&line);
	shown_on = NULL;
}
