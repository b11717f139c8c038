/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "cmd/check/left_out.h"
#include "cmd/frame/messages.h"

#include <inttypes.h>
#include <string.h>

void left_out_add(struct left_out *left, const struct sacct_odd *odd)
{
	char line[32] = "", job[32] = "", account[80] = "";

	if (left->count++ >= LEFT_OUT_NAMED)
		return;
	if (odd->line > 0)
		(void)snprintf(line, sizeof(line), "line %zu: ", odd->line);
	if (odd->id >= 0)
		(void)snprintf(job, sizeof(job), " of job %" PRId64, odd->id);
	if (odd->account)
		(void)snprintf(account, sizeof(account), " of account %.60s", odd->account);
	(void)snprintf(left->first[left->count - 1], sizeof(left->first[0]),
		       "%s%s%s%s is \"%.60s\"", line, odd->field, job, account, odd->value);
}

const char *left_out_text(char to[LEFT_OUT_TEXT_SIZE], const struct left_out *left)
{
	size_t named = left->count < LEFT_OUT_NAMED ? left->count : LEFT_OUT_NAMED, len = 0;

	to[0] = '\0';
	for (size_t i = 0; i < named; i++)
		len += (size_t)snprintf(to + len, LEFT_OUT_TEXT_SIZE - len, "%s%s", i ? "; " : "",
					left->first[i]);
	if (left->count > named)
		(void)snprintf(to + len, LEFT_OUT_TEXT_SIZE - len, "; and %zu more",
			       left->count - named);
	return to;
}

int left_out_warn(struct env *env, const char *cluster, const struct left_out *left,
		  const char *what)
{
	char text[LEFT_OUT_TEXT_SIZE];

	if (left->count == 0)
		return EXIT_DONE;
	warning(env, "sacct on cluster '%s': %zu %s cannot be read and %s left out, %s: %s",
		cluster, left->count, left->count == 1 ? "row" : "rows",
		left->count == 1 ? "is" : "are", what, left_out_text(text, left));
	return EXIT_PART;
}
