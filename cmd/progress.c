/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "cmd/progress.h"

#include <inttypes.h>
#include <stdarg.h>
#include <unistd.h>

#include "cmd/command.h"
#include "ledger/amount.h"
#include "ledger/leftover.h"
#include "ledger/text.h"
#include "ledger/when.h"

/* Where a line stands, or NULL: environments are copied, terminals are not. */
static FILE *stands_on;

enum { PATIENCE = 1000000, PAUSE = 500000 }; /* microseconds until the first line, and the next */

/* Takes a line away that stands on the terminal; also when Ctrl-C ends the process. */
static const char clear[] = "\r\033[K";
static struct leftover line;

static void clear_line(const char *text)
{
	(void)!write(STDERR_FILENO, text, sizeof(clear) - 1);
}

static void begin_line(struct env *env)
{
	fputs(clear, env->err);
	if (!stands_on)
		leftover_add(&line, clear, clear_line);
	stands_on = env->err;
}

void progress_begin(struct progress *progress, struct env *env, uint64_t total)
{
	bool shown = env->err_is_terminal && !env->quiet;

	*progress = (struct progress){.env = env, .total = total, .begun = shown ? env->now() : 0};
}

void progress_step(struct progress *progress, uint64_t done)
{
	struct env *env = progress->env;
	char left[WHEN_TEXT_SIZE];
	int64_t now, lasted;

	if (!progress->begun)
		return;
	now = env->now();
	/* Also when somebody sets the clock back. */
	if (now < progress->begun + PATIENCE || now < progress->shown + PAUSE)
		return;
	lasted = now - progress->begun;
	progress->shown = now;
	begin_line(env);
	fprintf(env->err, "%s: %" PRIu64, env->command->name, done);
	if (progress->total)
		fprintf(env->err, " of %" PRIu64 " (%" PRId64 "%%)", progress->total,
			amount_percent((int64_t)done, (int64_t)progress->total));
	fprintf(env->err, ", %" PRIu64 "/s", (uint64_t)((__int128)done * WHEN_SECOND / lasted));
	if (done > 0 && done < progress->total)
		fprintf(env->err, ", %s left",
			when_format_age(left, (int64_t)((__int128)lasted *
							(progress->total - done) / done)));
	fflush(env->err);
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
	char text[512], escaped[1024];
	va_list ap;

	if (!env->err_is_terminal || env->quiet)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	fflush(env->out);
	begin_line(env);
	fprintf(env->err, "%s: %s ...", env->command->name,
		text_escape(escaped, sizeof(escaped), text));
	fflush(env->err);
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
