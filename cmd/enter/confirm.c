/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/enter/confirm.h"

#include <string.h>

#include "cmd/frame/messages.h"
#include "cmd/frame/options.h"
#include "cmd/frame/status_line.h"
#include "cmd/show/progress.h"

bool ask(struct env *env, const char *question)
{
	char answer[64];

	if (!env->os.in_is_terminal)
		return false;
	stage_end(env);
	fprintf(env->os.out, "%s [y/N] ", question);
	flush_out(env);
	return fgets(answer, sizeof(answer), env->os.in) &&
	       (strcmp(answer, "y\n") == 0 || strcmp(answer, "yes\n") == 0);
}

int confirm(struct env *env, const char *question)
{
	if (option(env, "immediate"))
		return EXIT_DONE;
	if (!env->os.in_is_terminal) {
		warning(env, "nothing was changed: add --immediate to go on without a question");
		return EXIT_REFUSED;
	}
	if (ask(env, question))
		return EXIT_DONE;
	note(env, "nothing was changed");
	return EXIT_REFUSED;
}
