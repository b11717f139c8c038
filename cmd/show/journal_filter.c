/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/show/journal_filter.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/frame/messages.h"
#include "cmd/frame/moment.h"
#include "cmd/frame/options.h"
#include "cmd/show/known_clusters.h"
#include "ledger/base/comma.h"
#include "ledger/base/nearest.h"
#include "ledger/base/when.h"
#include "ledger/report/use.h"

static int add_kind(void *ctx, const char *name, struct sb_error *err)
{
	struct journal_filter *filter = ctx;
	const char *names[EVENT_KIND_END] = {NULL};
	enum event_kind kind = event_kind_by_name(name);
	size_t count = 0;

	filter->some_kinds = true;
	if (kind) {
		filter->kinds[kind] = true;
		return SB_OK;
	}
	for (int i = 1; i < EVENT_KIND_END; i++) {
		if (event_kinds[i].name)
			names[count++] = event_kinds[i].name;
	}
	return nearest_error("there is no kind of entry", name, names, err);
}

static int read_options(struct env *env, struct journal_filter *filter, struct sb_error *err)
{
	struct entry_range *range = &filter->range;
	const char *kinds = option(env, "kind");

	if (kinds)
		TRY(comma_each(kinds, add_kind, filter, err));
	TRY(clusters_option(env, &filter->clusters, err));
	TRY(moment_time(env, "since", &range->since, err));
	TRY(moment_time(env, "until", &range->until, err));
	TRY(moment_count(env, "from", "the number of an entry", &range->from, err));
	return moment_count(env, "to", "the number of an entry", &range->to, err);
}

int journal_filter_read(struct env *env, int argc, const char *const argv[],
			struct journal_filter *ret)
{
	struct journal_filter filter = {.env = env,
					.actor = option(env, "actor"),
					.ref = option(env, "ref"),
					.user = option(env, "user"),
					.partition = option(env, "partition")};
	struct sb_error err;
	int status = selection_read_purses(env, argc, argv, &filter.selection);

	if (status != EXIT_DONE)
		return status;
	if (read_options(env, &filter, &err)) {
		journal_filter_release(&filter);
		return fail(env, &err);
	}
	*ret = filter;
	return EXIT_DONE;
}

void journal_filter_release(struct journal_filter *filter)
{
	selection_release(&filter->selection);
	purses_release(&filter->purses);
	free(filter->names);
	settings_release(&filter->clusters);
}

/* Notes a range without any entry: an empty answer could mean that nothing happened. */
static void note_empty_range(struct env *env, const struct books *books,
			     const struct entry_range *range)
{
	uint64_t head = books_head(books)->seq;

	if (range->to && range->from > range->to)
		note(env,
		     "there is no entry from %" PRIu64 " to %" PRIu64 ": --to is before --from",
		     range->from, range->to);
	else if (range->from > head && !option(env, "follow"))
		note(env, "there is no entry %" PRIu64 " yet: the newest is entry %" PRIu64,
		     range->from, head);
}

int journal_filter_purses(struct journal_filter *filter, struct books *books, struct sb_error *err)
{
	struct entry_range *range = &filter->range;

	if (filter->selection.count == 0)
		return SB_OK;
	purses_release(&filter->purses);
	free(filter->names);
	filter->names = NULL;
	range->account_count = 0;
	TRY(selection_purses(&filter->selection, books, &filter->purses, err));
	filter->names = calloc(filter->purses.count, sizeof(*filter->names));
	if (!filter->names)
		return sb_error_nomem(err);
	for (size_t i = 0; i < filter->purses.count; i++)
		filter->names[i] = filter->purses.list[i]->name;
	range->accounts = filter->names;
	range->account_count = filter->purses.count;
	return SB_OK;
}

int journal_filter_has_resources(const struct journal_filter *filter, struct books *books,
				 bool *ret, struct sb_error *err)
{
	*ret = has_resources(&filter->purses);
	return filter->selection.count > 0 ? SB_OK : books_have_resources(books, ret, err);
}

/* Refuses a resource of which no account has a purse: an empty list would look as if nothing had
 * happened. */
static int check_resource(const struct journal_filter *filter, struct books *books,
			  struct sb_error *err)
{
	struct purses purses;

	if (filter->selection.count > 0 || !*filter->selection.resource)
		return SB_OK;
	TRY(selection_purses(&filter->selection, books, &purses, err));
	purses_release(&purses);
	return SB_OK;
}

int journal_filter_check(struct env *env, struct books *books, struct journal_filter *filter,
			 struct sb_error *err)
{
	uint64_t seq;

	TRY(journal_filter_purses(filter, books, err));
	TRY(check_resource(filter, books, err));
	note_empty_range(env, books, &filter->range);
	if (!filter->ref)
		return SB_OK;
	/* Narrows the range to the entry with the ref. Without one the range becomes empty. */
	TRY(entries_with_ref(books, filter->ref, &seq, err));
	if (seq == 0)
		note(env, "there is no entry with the ref '%s'", filter->ref);
	if (seq < filter->range.from || (filter->range.to && seq > filter->range.to))
		seq = 0;
	filter->range.from = seq ? seq : UINT64_MAX;
	filter->range.to = seq;
	return SB_OK;
}

/* Whether the actor, a name or a number, ran subank, had logged in or ran sudo. */
static bool by_actor(const struct journal_filter *filter, const struct event *event)
{
	const char *actor = filter->actor, *login;
	char uid[16], login_uid[16];

	(void)snprintf(uid, sizeof(uid), "%" PRIu32, event->uid);
	if (!actor || strcmp(actor, event->user) == 0 || strcmp(actor, uid) == 0 ||
	    (*event->sudo && strcmp(actor, event->sudo) == 0))
		return true;
	if (event->login == LOGIN_NONE)
		return false;
	(void)snprintf(login_uid, sizeof(login_uid), "%" PRIu32, event->login);
	login = filter->env->os.user_name ? filter->env->os.user_name(event->login) : NULL;
	return strcmp(actor, login_uid) == 0 || (login && strcmp(actor, login) == 0);
}

static int about_job(const struct journal_filter *filter, struct books *books,
		     const struct event *event, bool *ret, struct sb_error *err)
{
	const struct event *charge = NULL;
	struct event held = {0};
	int rc = use_charge(books, event, &held, &charge, err);

	*ret = !rc && charge && charge->kind == EVENT_CHARGE_JOB &&
	       (!filter->user || strcmp(filter->user, charge->job_user) == 0) &&
	       (!filter->partition || strcmp(filter->partition, charge->partition) == 0);
	event_release(&held);
	return rc;
}

int journal_filter_has(const struct journal_filter *filter, struct books *books,
		       const struct event *event, bool *ret, struct sb_error *err)
{
	*ret = (!*filter->selection.resource || selection_has(&filter->selection, event->account) ||
		(event_receiver(event) &&
		 selection_has(&filter->selection, event_receiver(event)))) &&
	       (!filter->some_kinds || filter->kinds[event->kind]) &&
	       clusters_chosen(&filter->clusters, event->cluster) && by_actor(filter, event) &&
	       (!filter->ref || strcmp(filter->ref, event->ref) == 0);
	return *ret && (filter->user || filter->partition)
		       ? about_job(filter, books, event, ret, err)
		       : SB_OK;
}
