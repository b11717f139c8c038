/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/show/progress.h"

#include <inttypes.h>

#include "cmd/frame/command.h"
#include "cmd/frame/status_line.h"
#include "ledger/base/amount.h"
#include "ledger/base/when.h"

enum { PATIENCE = 1000000, PAUSE = 500000 }; /* microseconds before the first line, and the next */

void progress_begin(struct progress *progress, struct env *env, uint64_t total)
{
	bool shown = env->os.err_is_terminal && !env->quiet;

	*progress =
		(struct progress){.env = env, .total = total, .begun = shown ? env->os.now() : 0};
}

void progress_step(struct progress *progress, uint64_t done)
{
	struct env *env = progress->env;
	char text[STATUS_LINE_SIZE], part[64], left[WHEN_TEXT_SIZE];
	int64_t now, lasted;
	int len;

	if (!progress->begun)
		return;
	now = env->os.now();
	/* Nothing is printed either after the clock was set back. */
	if (now < progress->begun + PATIENCE || now < progress->shown + PAUSE)
		return;
	lasted = now - progress->begun;
	progress->shown = now;
	text[0] = part[0] = '\0'; /* not earlier: most calls return above */
	if (progress->total)
		(void)snprintf(part, sizeof(part), " of %" PRIu64 " (%" PRId64 "%%)",
			       progress->total,
			       amount_percent((int64_t)done, (int64_t)progress->total));
	len = snprintf(text, sizeof(text), "%s: %" PRIu64 "%s, %" PRIu64 "/s", env->command->name,
		       done, part, (uint64_t)((__int128)done * WHEN_SECOND / lasted));
	if (len > 0 && len < STATUS_LINE_SIZE && done > 0 && done < progress->total)
		(void)snprintf(text + len, sizeof(text) - (size_t)len, ", %s left",
			       when_format_age(left, (int64_t)((__int128)lasted *
							       (progress->total - done) / done)));
	status_line(env, text);
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
