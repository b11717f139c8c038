/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "cmd/show/progress.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "cmd/frame/command.h"
#include "cmd/frame/prose.h"
#include "ledger/base/amount.h"
#include "ledger/base/leftover.h"
#include "ledger/base/text.h"
#include "ledger/base/when.h"

/* Where a line stands, or NULL: environments are copied, terminals are not. */
static FILE *stands_on;

enum { PATIENCE = 1000000, PAUSE = 500000 }; /* microseconds until the first line, and the next */
enum { LINE_SIZE = 512 };

/* Takes a line away that stands on the terminal; also when Ctrl-C ends the process. */
static const char clear[] = "\r\033[K";
static struct leftover line;

static void clear_line(const char *text)
{
	(void)!write(STDERR_FILENO, text, sizeof(clear) - 1);
}

/* What a narrow terminal would break could not be taken away. */
static void show_line(struct env *env, const char *text)
{
	size_t width = env->out_width > 0 ? (size_t)env->out_width : DEFAULT_WIDTH;
	size_t len = strlen(text);

	while (len > 0 && ((text[len] & 0xC0) == 0x80 || prose_columns(text, len) >= width))
		len--;
	if (!stands_on)
		leftover_add(&line, clear, clear_line);
	stands_on = env->err;
	fprintf(env->err, "%s%.*s", clear, (int)len, text);
	fflush(env->err);
}

void progress_begin(struct progress *progress, struct env *env, uint64_t total)
{
	bool shown = env->err_is_terminal && !env->quiet;

	*progress = (struct progress){.env = env, .total = total, .begun = shown ? env->now() : 0};
}

void progress_step(struct progress *progress, uint64_t done)
{
	struct env *env = progress->env;
	char text[LINE_SIZE], part[64], left[WHEN_TEXT_SIZE];
	int64_t now, lasted;
	int len;

	if (!progress->begun)
		return;
	now = env->now();
	/* Also when somebody sets the clock back. */
	if (now < progress->begun + PATIENCE || now < progress->shown + PAUSE)
		return;
	lasted = now - progress->begun;
	progress->shown = now;
	text[0] = part[0] = '\0'; /* not before: most steps end above */
	if (progress->total)
		(void)snprintf(part, sizeof(part), " of %" PRIu64 " (%" PRId64 "%%)",
			       progress->total,
			       amount_percent((int64_t)done, (int64_t)progress->total));
	len = snprintf(text, sizeof(text), "%s: %" PRIu64 "%s, %" PRIu64 "/s", env->command->name,
		       done, part, (uint64_t)((__int128)done * WHEN_SECOND / lasted));
	if (len > 0 && len < LINE_SIZE && done > 0 && done < progress->total)
		(void)snprintf(text + len, sizeof(text) - (size_t)len, ", %s left",
			       when_format_age(left, (int64_t)((__int128)lasted *
							       (progress->total - done) / done)));
	show_line(env, text);
}

void progress_at(uint64_t done, uint64_t total, void *ctx)
{
	struct progress *progress = ctx;

	progress->total = total;
	progress_step(progress, done);
}

void progress_end(struct progress *progress)
{
	if (progress->shown)
		stage_end(progress->env);
	progress->shown = progress->begun = 0;
}

void stage(struct env *env, const char *fmt, ...)
{
	char text[LINE_SIZE], escaped[2 * LINE_SIZE], line_text[3 * LINE_SIZE];
	va_list ap;

	if (!env->err_is_terminal || env->quiet)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	flush_out(env);
	(void)snprintf(line_text, sizeof(line_text), "%s: %s ...", env->command->name,
		       text_escape(escaped, sizeof(escaped), text));
	show_line(env, line_text);
}

void stage_end(struct env *env)
{
	if (stands_on != env->err)
		return;
	fputs(clear, env->err);
	fflush(env->err);
	leftover_done(&line);
	stands_on = NULL;
}
