/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/frame/moment.h"

#include <inttypes.h>
#include <string.h>

#include "cmd/frame/command.h"
#include "cmd/frame/options.h"
#include "ledger/base/number.h"
#include "ledger/base/when.h"
#include "ledger/books/entries.h"

static bool parse_number(const char *text, uint64_t *ret)
{
	int64_t number;

	if (!number_parse(text, 1, INT64_MAX, &number))
		return false;
	*ret = (uint64_t)number;
	return true;
}

int moment_time(struct env *env, const char *name, int64_t *ret, struct sb_error *err)
{
	const char *text = option(env, name);

	if (!text || when_parse(text, env->os.now(), ret, err) == SB_OK)
		return SB_OK;
	return sb_error_prefix(err, "--%s", name);
}

int moment_count(struct env *env, const char *name, const char *what, uint64_t *ret,
		 struct sb_error *err)
{
	const char *text = option(env, name);

	if (!text || parse_number(text, ret))
		return SB_OK;
	return sb_error_set(err, SB_EINVAL, "--%s needs %s, not '%s'", name, what, text);
}

static int of_entry(struct books *books, uint64_t seq, struct moment *ret, struct sb_error *err)
{
	const uint64_t newest = books_head(books)->seq;
	struct event event = {0};
	int rc;

	if (seq > newest)
		return sb_error_set(err, SB_ENOTFOUND,
				    "there is no entry %" PRIu64
				    " yet: the newest is entry %" PRIu64,
				    seq, newest);
	rc = journal_get(books_txn(books), seq, &event, NULL, err);
	if (!rc)
		*ret = (struct moment){.seq = seq, .time = event.time};
	event_release(&event);
	return rc;
}

int moment_as_of(struct books *books, const char *text, struct moment *ret, struct sb_error *err)
{
	/* A first digit and a hyphen: it must be meant as a time, so an error explains times. */
	const bool is_time = *text >= '0' && *text <= '9' && strchr(text, '-');
	struct moment moment;
	uint64_t seq;

	if (parse_number(text, &seq))
		return of_entry(books, seq, ret, err);
	if (when_parse(text, books_time(books), &moment.time, err)) {
		if (is_time)
			return sb_error_prefix(err, "--as-of");
		return sb_error_set(err, SB_EINVAL,
				    "--as-of needs a time, such as 2026-11-22T17:00 or now-7days, "
				    "or the number of an entry, not '%s'",
				    text);
	}
	if (moment.time > books_time(books))
		return sb_error_set(err, SB_EINVAL,
				    "--as-of '%s' is in the future: the books do not know it yet",
				    text);
	/* Entries of that very time count. */
	TRY(entries_before(books, moment.time + 1, &moment.seq, err));
	*ret = moment;
	return SB_OK;
}
