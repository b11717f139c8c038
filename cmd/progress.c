/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "cmd/progress.h"

#include <inttypes.h>
#include <stdarg.h>

#include "cmd/command.h"
#include "ledger/amount.h"
#include "ledger/text.h"
#include "ledger/when.h"

enum { PATIENCE = 1000000, PAUSE = 500000 }; /* microseconds until the first line, and the next */

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
	stage_end(env);
	lasted = now - progress->begun;
	progress->shown = now;
	fprintf(env->err, "\r\033[K%s: %" PRIu64, env->command->name, done);
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
	if (progress->shown) {
		fprintf(progress->env->err, "\r\033[K");
		fflush(progress->env->err);
	}
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
	fprintf(env->err, "\r\033[K%s: %s ...", env->command->name,
		text_escape(escaped, sizeof(escaped), text));
	fflush(env->err);
	env->staged = true;
}

void stage_end(struct env *env)
{
	if (!env->staged)
		return;
	fprintf(env->err, "\r\033[K");
	fflush(env->err);
	env->staged = false;
}
