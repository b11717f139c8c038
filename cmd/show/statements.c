/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/show/statements.h"

#include "cmd/frame/messages.h"
#include "cmd/show/progress.h"

int statement_make_with_progress(struct env *env, struct books *books, struct statement *statement,
				 struct sb_error *err)
{
	struct progress progress;
	const struct steps steps = {progress_at, &progress};
	int rc;

	statement->steps = &steps;
	progress_begin(&progress, env, 0);
	rc = statement_make(books, statement, err);
	progress_end(&progress);
	statement->steps = NULL;
	return rc;
}

int statement_failed(struct env *env, const struct sb_error *err)
{
	int status = fail(env, err);

	return err->code == SB_ECORRUPT ? EXIT_PART : status;
}
