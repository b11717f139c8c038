/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "cmd/frame/moment.h"

#include <inttypes.h>
#include <string.h>

#include "cmd/frame/command.h"
#include "cmd/frame/options.h"
#include "ledger/base/number.h"
#include "ledger/base/when.h"
#include "ledger/books/entries.h"

/* Digits alone, from 1 on, that fit int64. */
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
	int rc = text ? when_parse(text, env->os.now(), ret, err) : SB_OK;

	if (rc)
		sb_error_prefix(err, "--%s", name);
	return rc;
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
	struct event event = {0};
	int rc;

	if (seq > books_head(books)->seq)
		return sb_error_set(err, SB_ENOTFOUND,
				    "there is no entry %" PRIu64
				    " yet: the newest is entry %" PRIu64,
				    seq, books_head(books)->seq);
	rc = journal_get(books_txn(books), seq, &event, NULL, err);
	if (!rc)
		*ret = (struct moment){.seq = seq, .time = event.time};
	event_release(&event);
	return rc;
}

int moment_as_of(struct books *books, const char *text, struct moment *ret, struct sb_error *err)
{
	struct moment moment;
	uint64_t seq;
	int rc;

	if (parse_number(text, &seq))
		return of_entry(books, seq, ret, err);
	rc = when_parse(text, books_time(books), &moment.time, err);
	/* A time, and a wrong one. */
	if (rc && *text >= '0' && *text <= '9' && strchr(text, '-')) {
		sb_error_prefix(err, "--as-of");
		return rc;
	}
	if (rc)
		return sb_error_set(
			err, SB_EINVAL,
			"--as-of needs a time, as 2026-11-22T17:00 or now-7days, or the "
			"number of an entry, not '%s'",
			text);
	if (moment.time > books_time(books))
		return sb_error_set(err, SB_EINVAL,
				    "--as-of '%s' is a time to come: the books do not know it yet",
				    text);
	/* What was entered at that very time counts. */
	rc = entries_before(books, moment.time + 1, &moment.seq, err);
	if (!rc)
		*ret = moment;
	return rc;
}
