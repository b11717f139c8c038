/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ledger/base/when.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ledger/base/number.h"

/* The parsing functions below move *text past what they read. */

static bool read_digits(const char **text, int digits, int *ret)
{
	int64_t value;

	if (!number_slice(*text, (size_t)digits, 0, 999999, &value))
		return false;
	*text += digits;
	*ret = (int)value;
	return true;
}

static bool read_char(const char **text, char c)
{
	if (**text != c)
		return false;
	(*text)++;
	return true;
}

/* Reads YYYY-MM-DD. */
static bool read_date(const char **text, struct tm *tm)
{
	int year, month, day;

	if (!read_digits(text, 4, &year) || !read_char(text, '-') ||
	    !read_digits(text, 2, &month) || !read_char(text, '-') || !read_digits(text, 2, &day))
		return false;
	*tm = (struct tm){.tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day};
	return true;
}

/* Reads HH:MM and an optional :SS. */
static bool read_clock(const char **text, struct tm *tm)
{
	if (!read_digits(text, 2, &tm->tm_hour) || !read_char(text, ':') ||
	    !read_digits(text, 2, &tm->tm_min))
		return false;
	return !read_char(text, ':') || read_digits(text, 2, &tm->tm_sec);
}

/* Returns whether this may be a day; the length of the month is checked later. */
static bool is_day(const struct tm *tm)
{
	return tm->tm_year >= 70 && tm->tm_mon >= 0 && tm->tm_mon < 12 && tm->tm_mday >= 1 &&
	       tm->tm_mday <= 31;
}

static bool is_clock(const struct tm *tm)
{
	return tm->tm_hour < 24 && tm->tm_min < 60 && tm->tm_sec < 60;
}

static bool same_day(const struct tm *a, const struct tm *b)
{
	return a->tm_mday == b->tm_mday && a->tm_mon == b->tm_mon && a->tm_year == b->tm_year;
}

static long offset_at(time_t seconds)
{
	struct tm tm;

	localtime_r(&seconds, &tm);
	return tm.tm_gmtoff;
}

/* Returns whether the clocks are not changed near that time, by so much as a day. */
static bool is_steady(time_t seconds)
{
	const time_t near = 2 * 86400;
	long offset = offset_at(seconds);

	return offset_at(seconds - near) == offset && offset_at(seconds + near) == offset;
}

/* Finds the first moment of this local day and, with [clock], of this hour and minute: the earlier
 * of two when daylight saving ends (mktime() alone may return either). Returns false for a day that
 * the calendar lacks and for an hour that daylight saving skips. A day whose midnight is skipped
 * begins at one o'clock. */
static bool first_moment(const struct tm *tm, bool clock, int64_t *ret)
{
	bool found = false;

	for (int dst = -1; dst <= 1; dst++) {
		struct tm copy = *tm;
		time_t seconds;

		copy.tm_isdst = dst;
		seconds = mktime(&copy);
		/* mktime() returned -1: it failed, as for a day that the calendar skips. */
		if (seconds == -1 || !same_day(&copy, tm) || (found && seconds >= *ret) ||
		    (clock && (copy.tm_hour != tm->tm_hour || copy.tm_min != tm->tm_min)))
			continue;
		*ret = seconds;
		found = true;
		/* There is no other. A search for daylight saving in a zone that has none, such as
		 * UTC, takes mktime() a hundred times as long. */
		if (is_steady(seconds))
			break;
	}
	return found;
}

/* Converts UTC or, with [local], local time to seconds since 1970. Returns false for a day that the
 * calendar lacks (timegm() would move 30 February) and for a skipped local hour. */
static bool to_seconds(const struct tm *tm, bool local, int64_t *ret)
{
	struct tm copy = *tm;

	if (local)
		return first_moment(tm, true, ret);
	*ret = timegm(&copy);
	return same_day(&copy, tm);
}

/* Reads +01:00 or -0530. */
static bool read_offset(const char **text, int64_t *ret)
{
	bool west = **text == '-';
	int hours, minutes;

	if (!read_char(text, west ? '-' : '+') || !read_digits(text, 2, &hours))
		return false;
	(void)read_char(text, ':');
	if (!read_digits(text, 2, &minutes) || hours > 14 || minutes > 59)
		return false;
	*ret = (west ? -1 : 1) * (hours * 3600 + minutes * 60);
	return true;
}

enum fault {
	FAULT_NONE,
	FAULT_FORM,
	FAULT_DAY, /* not in the calendar: 2027-02-30 */
	FAULT_CLOCK, /* not a time of day: 24:00 */
	FAULT_SKIPPED, /* daylight saving skips it */
};

static enum fault parse_absolute(const char *text, int64_t *ret)
{
	struct tm tm;
	int64_t seconds, offset = 0;
	bool local = true, day = true;

	if (!read_date(&text, &tm))
		return FAULT_FORM;
	if (*text == 'T' || *text == ' ') {
		text++;
		day = false;
		if (!read_clock(&text, &tm))
			return FAULT_FORM;
		local = !*text;
		if (!local && !read_char(&text, 'Z') && !read_offset(&text, &offset))
			return FAULT_FORM;
	}
	if (*text)
		return FAULT_FORM;
	if (!is_day(&tm))
		return FAULT_DAY;
	if (!is_clock(&tm))
		return FAULT_CLOCK;
	if (!(day ? first_moment(&tm, false, &seconds) : to_seconds(&tm, local, &seconds)))
		return local && to_seconds(&tm, false, &seconds) ? FAULT_SKIPPED : FAULT_DAY;
	seconds -= offset;
	if (seconds < 0 || seconds > WHEN_MAX / WHEN_SECOND)
		return FAULT_FORM;
	*ret = seconds * WHEN_SECOND;
	return FAULT_NONE;
}

/* Parses what follows "now": "", "-7days", "+2hours". */
static enum fault parse_relative(const char *text, int64_t now, int64_t *ret)
{
	static const struct {
		const char *name;
		int64_t seconds;
	} units[] = {
		{"second", 1}, {"minute", 60}, {"hour", 3600}, {"day", 86400}, {"week", 604800},
	};
	int64_t count, distance, when;
	const char *unit;
	size_t len;

	if (!*text) {
		*ret = now;
		return FAULT_NONE;
	}
	if (*text != '+' && *text != '-')
		return FAULT_FORM;
	unit = number_prefix(text + 1, 0, WHEN_MAX / WHEN_SECOND, &count);
	if (!unit)
		return FAULT_FORM;
	len = strlen(unit);
	if (len > 1 && unit[len - 1] == 's')
		len--;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strncmp(unit, units[i].name, len) != 0 || units[i].name[len])
			continue;
		if (__builtin_mul_overflow(*text == '-' ? -count : count,
					   units[i].seconds * WHEN_SECOND, &distance) ||
		    __builtin_add_overflow(now, distance, &when) || when < 0 || when > WHEN_MAX)
			return FAULT_FORM;
		*ret = when;
		return FAULT_NONE;
	}
	return FAULT_FORM;
}

/* Returns the number of days of the month; [month] is 0 for January and may be past December. */
static int month_length(int year, int month)
{
	/* The last day of a month is day 0 of the next. */
	struct tm last = {.tm_year = year, .tm_mon = month + 1};

	(void)timegm(&last);
	return last.tm_mday;
}

/* Reports that the day at the start of [text] is not in the calendar. */
static int no_such_day(const char *text, struct sb_error *err)
{
	const char *p = text;
	struct tm tm = {0};

	(void)read_date(&p, &tm);
	if (tm.tm_year < 70)
		return sb_error_set(err, SB_EINVAL, "'%s' is too long ago: times begin with 1970",
				    text);
	if (tm.tm_mon < 0 || tm.tm_mon >= 12)
		return sb_error_set(err, SB_EINVAL, "there is no day %.*s: months go from 01 to 12",
				    (int)(p - text), text);
	return sb_error_set(err, SB_EINVAL, "there is no day %.*s: that month has %d days",
			    (int)(p - text), text, month_length(tm.tm_year, tm.tm_mon));
}

int when_parse(const char *text, int64_t now, int64_t *ret, struct sb_error *err)
{
	switch (strncmp(text, "now", 3) == 0 ? parse_relative(text + 3, now, ret)
					     : parse_absolute(text, ret)) {
	case FAULT_NONE:
		return SB_OK;
	case FAULT_DAY:
		return no_such_day(text, err);
	case FAULT_CLOCK:
		return sb_error_set(
			err, SB_EINVAL,
			"there is no such time of day as in '%s': write 00:00 to 23:59:59", text);
	case FAULT_SKIPPED:
		return sb_error_set(err, SB_EINVAL,
				    "the clocks here skip '%s' (daylight saving): write a time "
				    "before or after that, or one with its offset",
				    text);
	default:
		return sb_error_set(
			err, SB_EINVAL,
			"'%s' is not a time: write 2026-11-22, 2026-11-22T17:00 or now+7days",
			text);
	}
}

static struct tm to_local(int64_t when)
{
	time_t seconds = (time_t)(when / WHEN_SECOND);
	struct tm tm;

	localtime_r(&seconds, &tm);
	return tm;
}

/* Finds the time of day of [tm] on its day, which may be past the end of its month. For a day that
 * the calendar lacks (Samoa had no 30 December 2011) it is the first moment of the next day. */
static bool on_day(const struct tm *tm, int64_t *ret)
{
	struct tm day = {.tm_year = tm->tm_year, .tm_mon = tm->tm_mon, .tm_mday = tm->tm_mday};
	struct tm copy;
	bool clock = tm->tm_hour || tm->tm_min || tm->tm_sec;

	(void)timegm(&day); /* moves 31 November to 1 December */
	if (!clock && first_moment(&day, false, ret))
		return true;
	day.tm_hour = tm->tm_hour;
	day.tm_min = tm->tm_min;
	day.tm_sec = tm->tm_sec;
	if (first_moment(&day, true, ret))
		return true;
	copy = day;
	copy.tm_isdst = -1;
	*ret = mktime(&copy);
	if (same_day(&copy, &day))
		return true;
	day = (struct tm){.tm_year = day.tm_year, .tm_mon = day.tm_mon, .tm_mday = day.tm_mday + 1};
	(void)timegm(&day);
	return first_moment(&day, false, ret);
}

static bool add(int64_t when, int days, int months, int64_t *ret)
{
	struct tm tm = to_local(when);
	int length = month_length(tm.tm_year, tm.tm_mon + months);
	int64_t seconds;

	tm.tm_mon += months;
	if (months && tm.tm_mday > length)
		tm.tm_mday = length;
	tm.tm_mday += days;
	if (!on_day(&tm, &seconds) || seconds < 0 || seconds > WHEN_MAX / WHEN_SECOND)
		return false;
	*ret = seconds * WHEN_SECOND + when % WHEN_SECOND;
	return true;
}

bool when_add_days(int64_t when, int days, int64_t *ret)
{
	return add(when, days, 0, ret);
}

bool when_add_months(int64_t when, int months, int64_t *ret)
{
	return add(when, 0, months, ret);
}

int64_t when_day(int64_t when)
{
	struct tm tm = to_local(when);
	int64_t first;

	tm.tm_hour = tm.tm_min = tm.tm_sec = 0;
	return first_moment(&tm, false, &first) ? first * WHEN_SECOND : when;
}

int when_parse_exact(const char *text, int64_t *ret, struct sb_error *err)
{
	const char *p = text;
	struct tm tm;
	int64_t seconds;
	int micros;

	if (!read_date(&p, &tm) || !read_char(&p, 'T') || !read_clock(&p, &tm) || !is_day(&tm) ||
	    !is_clock(&tm) || !read_char(&p, '.') || !read_digits(&p, 6, &micros) ||
	    strcmp(p, "Z") != 0 || p - text != 26 || !to_seconds(&tm, false, &seconds))
		return sb_error_set(err, SB_EINVAL,
				    "'%s' is not a time of the form 2026-11-22T17:00:05.123456Z",
				    text);
	*ret = seconds * WHEN_SECOND + micros;
	return SB_OK;
}

/* Writes the last [digits] digits of [value], and [after]. Returns the end. */
static char *put_digits(char *to, int digits, int value, char after)
{
	for (int i = digits; i-- > 0; value /= 10)
		to[i] = (char)('0' + value % 10);
	to[digits] = after;
	return to + digits + 1;
}

/* Does not use strftime(), which would take a tenth of the time of an export: an entry has up to
 * four times. */
const char *when_format_exact(char buf[WHEN_TEXT_SIZE], int64_t when)
{
	time_t seconds = (time_t)(when / WHEN_SECOND);
	char *to = buf;
	struct tm tm;

	gmtime_r(&seconds, &tm);
	to = put_digits(to, 4, tm.tm_year + 1900, '-');
	to = put_digits(to, 2, tm.tm_mon + 1, '-');
	to = put_digits(to, 2, tm.tm_mday, 'T');
	to = put_digits(to, 2, tm.tm_hour, ':');
	to = put_digits(to, 2, tm.tm_min, ':');
	to = put_digits(to, 2, tm.tm_sec, '.');
	to = put_digits(to, 6, (int)(when % WHEN_SECOND), 'Z');
	*to = '\0';
	return buf;
}

const char *when_format_local(char buf[WHEN_TEXT_SIZE], int64_t when)
{
	struct tm tm = to_local(when);

	if (strftime(buf, WHEN_TEXT_SIZE, "%Y-%m-%dT%H:%M:%S", &tm) == 0)
		buf[0] = '\0';
	return buf;
}

const char *when_format_offset(char buf[WHEN_TEXT_SIZE], int64_t when)
{
	size_t len = strlen(when_format_local(buf, when));
	long minutes = to_local(when).tm_gmtoff / 60;

	(void)snprintf(buf + len, WHEN_TEXT_SIZE - len, "%c%02ld:%02ld", minutes < 0 ? '-' : '+',
		       labs(minutes) / 60, labs(minutes) % 60);
	return buf;
}

/* Removes [suffix] from the end of [text], if it is longer than that. */
static bool strip(char *text, const char *suffix)
{
	size_t len = strlen(text), cut = strlen(suffix);

	if (len <= cut || strcmp(text + len - cut, suffix) != 0)
		return false;
	text[len - cut] = '\0';
	return true;
}

const char *when_format_short(char buf[WHEN_TEXT_SIZE], int64_t when)
{
	(void)when_format_local(buf, when);
	if (!strip(buf, "T00:00:00"))
		(void)strip(buf, ":00");
	return buf;
}

bool when_format_last(char buf[WHEN_TEXT_SIZE], int64_t end)
{
	const size_t date = strlen("2026-11-22");
	char first[WHEN_TEXT_SIZE];

	/* Compares days, since daylight saving may skip midnight. */
	when_format_local(buf, end - 1);
	if (end % WHEN_SECOND != 0 || memcmp(buf, when_format_local(first, end), date) == 0) {
		when_format_short(buf, end);
		return false;
	}
	buf[date] = '\0';
	return true;
}

const char *when_format_age(char buf[WHEN_TEXT_SIZE], int64_t age)
{
	static const struct {
		int64_t seconds;
		char name;
	} units[] = {{86400, 'd'}, {3600, 'h'}, {60, 'm'}, {1, 's'}};
	int64_t seconds = age < 0 ? 0 : age / WHEN_SECOND;
	size_t i = 0;

	while (i < 3 && seconds < units[i].seconds)
		i++;
	(void)snprintf(buf, WHEN_TEXT_SIZE, "%" PRId64 "%c", seconds / units[i].seconds,
		       units[i].name);
	return buf;
}
