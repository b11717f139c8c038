/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/show/window_text.h"

#include <stdio.h>

const char *window_phrase(char buf[WINDOW_PHRASE_SIZE], const struct event *event, int64_t now)
{
	char from[WHEN_TEXT_SIZE], to[WHEN_TEXT_SIZE];
	bool starts = event->start != now, ends = event->end != WHEN_NEVER;

	(void)snprintf(buf, WINDOW_PHRASE_SIZE, "%s%s%s%s%s", ends ? " until " : "",
		       ends ? when_format_short(to, event->end) : "", ends && starts ? "," : "",
		       starts ? " from " : "", starts ? when_format_short(from, event->start) : "");
	return buf;
}

const char *window_receipt(char buf[WINDOW_PHRASE_SIZE], const struct event *event, int64_t now)
{
	char from[WHEN_TEXT_SIZE] = "", to[WHEN_TEXT_SIZE] = "";
	bool starts = event->start != now, ends = event->end != WHEN_NEVER;
	const char *preposition = "";

	if (ends)
		preposition = when_format_last(to, event->end) ? " to " : " until ";
	if (starts)
		when_format_short(from, event->start);
	(void)snprintf(buf, WINDOW_PHRASE_SIZE, "%s%s%s%s%s", starts || ends ? ", usable" : "",
		       starts ? " from " : "", from, preposition, to);
	return buf;
}

static bool made_lot(const struct event *event)
{
	for (size_t i = 0; i < event->part_count; i++) {
		if (event->parts[i].lot == event->seq)
			return true;
	}
	return false;
}

const char *new_window_phrase(char buf[WINDOW_PHRASE_SIZE], const struct event *event)
{
	buf[0] = '\0';
	return made_lot(event) ? window_phrase(buf, event, event->time) : buf;
}

const char *new_window_receipt(char buf[WINDOW_PHRASE_SIZE], const struct event *event)
{
	buf[0] = '\0';
	return made_lot(event) ? window_receipt(buf, event, event->time) : buf;
}
