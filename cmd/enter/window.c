/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/enter/window.h"

#include <string.h>

#include "cmd/enter/batch.h"
#include "cmd/frame/messages.h"
#include "cmd/frame/options.h"

int window_read(struct env *env, struct window *ret)
{
	struct window window = {.start_text = option(env, "start"),
				.end_text = option(env, "end"),
				.end = WHEN_NEVER,
				.may_be_over = env->batch && env->batch->may_be_over};
	int64_t now = env->os.now();
	struct sb_error err;

	if (window.start_text && when_parse(window.start_text, now, &window.start, &err))
		return fail(env, &err);
	/* `balance --lots` calls it none. */
	if (window.end_text && strcmp(window.end_text, "never") != 0 &&
	    strcmp(window.end_text, "none") != 0 &&
	    when_parse(window.end_text, now, &window.end, &err))
		return fail(env, &err);
	*ret = window;
	return EXIT_DONE;
}

bool window_given(const struct window *window)
{
	return window->start_text || window->end_text;
}

void window_request(const struct window *window, struct posting *posting)
{
	if (window->start_text)
		request_add(posting, " start %s", window->start_text);
	if (window->end_text)
		request_add(posting, " end %s", window->end_text);
}

int window_set(const struct env *env, const struct window *window, const struct books *books,
	       struct event *event, struct sb_error *err)
{
	int64_t start = window->start_text ? window->start : books_time(books);
	int64_t end = window->end;
	char from[WHEN_TEXT_SIZE], to[WHEN_TEXT_SIZE];
	int days = env->settings.project_days;

	if (!window->end_text && window->default_end)
		end = window->default_end;
	else if (!window->end_text && days && !when_add_days(start, days, &end))
		return sb_error_set(err, SB_EINVAL,
				    "%d days (project_days) from the start are past the year 9999: "
				    "give --end",
				    days);
	if (end != WHEN_NEVER && end <= start)
		return sb_error_set(err, SB_EINVAL,
				    "the window would end at %s, not after its start at %s: give "
				    "an --end behind --start",
				    when_format_local(to, end), when_format_local(from, start));
	if (end != WHEN_NEVER && end <= books_time(books) && !window->may_be_over)
		return sb_error_set(err, SB_EINVAL,
				    "the window would be over: it ends at %s%s; give an --end that "
				    "is still to come",
				    when_format_local(to, end),
				    window->end_text ? "" : ", project_days after its start");
	event->start = start;
	event->end = end;
	return SB_OK;
}

int window_new(const struct env *env, const struct window *window, const struct books *books,
	       struct new_window *ret, struct sb_error *err)
{
	struct event dates = {0};

	if (window_given(window))
		TRY(window_set(env, window, books, &dates, err));
	*ret = (struct new_window){
		.given = window_given(window), .start = dates.start, .end = dates.end};
	return SB_OK;
}
