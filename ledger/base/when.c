/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "ledger/base/when.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Reads exactly [digits] digits and moves past them. */
static bool read_number(const char **text, int digits, int *ret)
{
	int value = 0;

	for (int i = 0; i < digits; i++) {
		char c = (*text)[i];

		if (c < '0' || c > '9')
			return false;
		value = value * 10 + (c - '0');
	}
	*text += digits;
	*ret = value;
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

	if (!read_number(text, 4, &year) || !read_char(text, '-') ||
	    !read_number(text, 2, &month) || !read_char(text, '-') || !read_number(text, 2, &day))
		return false;
	*tm = (struct tm){.tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day};
	return true;
}

/* Reads HH:MM and, if they follow, :SS. */
static bool read_clock(const char **text, struct tm *tm)
{
	if (!read_number(text, 2, &tm->tm_hour) || !read_char(text, ':') ||
	    !read_number(text, 2, &tm->tm_min))
		return false;
	return !read_char(text, ':') || read_number(text, 2, &tm->tm_sec);
}

/* Whether the numbers can be those of a day; that the month has so many is seen later. */
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

/* The first moment that has this local day and, with [clock], this hour and minute: of those that
 * come twice when daylight saving ends, the earlier one. mktime() alone may give either. False for
 * a day that the calendar lacks and for an hour that daylight saving leaves out; a day begins at
 * one o'clock where it leaves midnight out. */
static bool first_moment(const struct tm *tm, bool clock, int64_t *ret)
{
	bool found = false;

	for (int dst = -1; dst <= 1; dst++) {
		struct tm copy = *tm;
		time_t seconds;

		copy.tm_isdst = dst;
		seconds = mktime(&copy);
		if (!same_day(&copy, tm) || (found && seconds >= *ret) ||
		    (clock && (copy.tm_hour != tm->tm_hour || copy.tm_min != tm->tm_min)))
			continue;
		*ret = seconds;
		found = true;
	}
	return found;
}

/* Seconds since 1970 of [tm] in UTC, or in local time with [local]. False for a day that the
 * calendar lacks (30 February), which timegm() would move, and for a local hour that is left out.
 */
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

	if (!read_char(text, west ? '-' : '+') || !read_number(text, 2, &hours))
		return false;
	(void)read_char(text, ':');
	if (!read_number(text, 2, &minutes) || hours > 14 || minutes > 59)
		return false;
	*ret = (west ? -1 : 1) * (hours * 3600 + minutes * 60);
	return true;
}

/* What is wrong with a time. */
enum wrong {
	WRONG_FORM,
	WRONG_DAY, /* the calendar lacks it: 2027-02-30 */
	WRONG_CLOCK, /* no day has it: 24:00 */
	WRONG_SKIPPED, /* the calendar has it, but the clocks here leave it out */
};

static bool parse_absolute(const char *text, int64_t *ret, enum wrong *ret_wrong)
{
	const char *p = text;
	struct tm tm;
	int64_t seconds, offset = 0;
	bool local = true, day = true;

	if (!read_date(&p, &tm))
		return false;
	if (*p == 'T' || *p == ' ') {
		p++;
		day = false;
		if (!read_clock(&p, &tm))
			return false;
		local = !*p;
		if (!local && !read_char(&p, 'Z') && !read_offset(&p, &offset))
			return false;
	}
	if (*p)
		return false;
	*ret_wrong = !is_day(&tm) ? WRONG_DAY : WRONG_CLOCK;
	if (!is_day(&tm) || !is_clock(&tm))
		return false;
	if (!(day ? first_moment(&tm, false, &seconds) : to_seconds(&tm, local, &seconds))) {
		*ret_wrong = local && to_seconds(&tm, false, &seconds) ? WRONG_SKIPPED : WRONG_DAY;
		return false;
	}
	*ret_wrong = WRONG_FORM;
	seconds -= offset;
	if (seconds < 0 || seconds > WHEN_MAX / WHEN_SECOND)
		return false;
	*ret = seconds * WHEN_SECOND;
	return true;
}

/* Reads what stands after "now": "", "-7days", "+2hours". */
static bool parse_relative(const char *text, int64_t now, int64_t *ret)
{
	static const struct {
		const char *unit;
		int64_t seconds;
	} units[] = {
		{"second", 1}, {"minute", 60}, {"hour", 3600}, {"day", 86400}, {"week", 604800},
	};
	const char *p = text;
	int64_t count = 0, sign;
	size_t len;

	if (!*p) {
		*ret = now;
		return true;
	}
	if (*p != '+' && *p != '-')
		return false;
	sign = *p++ == '-' ? -1 : 1;
	if (*p < '0' || *p > '9')
		return false;
	for (; *p >= '0' && *p <= '9'; p++) {
		count = count * 10 + (*p - '0');
		if (count > WHEN_MAX / WHEN_SECOND)
			return false;
	}
	len = strlen(p);
	if (len > 1 && p[len - 1] == 's')
		len--;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		int64_t distance, when;

		if (strncmp(p, units[i].unit, len) != 0 || units[i].unit[len])
			continue;
		if (__builtin_mul_overflow(count, units[i].seconds * WHEN_SECOND * sign,
					   &distance) ||
		    __builtin_add_overflow(now, distance, &when) || when < 0 || when > WHEN_MAX)
			return false;
		*ret = when;
		return true;
	}
	return false;
}

/* The day that [text] begins with is none of the calendar. */
static int no_such_day(const char *text, struct sb_error *err)
{
	const char *p = text;
	struct tm tm = {0}, after;

	(void)read_date(&p, &tm);
	if (tm.tm_year < 70)
		return sb_error_set(err, SB_EINVAL, "'%s' is too long ago: times begin with 1970",
				    text);
	if (tm.tm_mon < 0 || tm.tm_mon >= 12)
		return sb_error_set(err, SB_EINVAL, "there is no day %.*s: months go from 01 to 12",
				    (int)(p - text), text);
	/* The last day of a month is day 0 of the next. */
	after = (struct tm){.tm_year = tm.tm_year, .tm_mon = tm.tm_mon + 1};
	(void)timegm(&after);
	return sb_error_set(err, SB_EINVAL, "there is no day %.*s: that month has %d days",
			    (int)(p - text), text, after.tm_mday);
}

int when_parse(const char *text, int64_t now, int64_t *ret, struct sb_error *err)
{
	enum wrong wrong = WRONG_FORM;

	if (strncmp(text, "now", 3) == 0 ? parse_relative(text + 3, now, ret)
					 : parse_absolute(text, ret, &wrong))
		return SB_OK;
	if (wrong == WRONG_DAY)
		return no_such_day(text, err);
	if (wrong == WRONG_CLOCK)
		return sb_error_set(err, SB_EINVAL,
				    "there is no such time of day as in '%s': write 00:00 to "
				    "23:59:59",
				    text);
	if (wrong == WRONG_SKIPPED)
		return sb_error_set(err, SB_EINVAL,
				    "the clocks here skip '%s' (daylight saving): write a time "
				    "before or after that, or one with its offset",
				    text);
	return sb_error_set(err, SB_EINVAL,
			    "'%s' is not a time: write 2026-11-22, 2026-11-22T17:00 or now+7days",
			    text);
}

bool when_add_days(int64_t when, int days, int64_t *ret)
{
	time_t start = (time_t)(when / WHEN_SECOND);
	struct tm tm, moved;
	int64_t seconds;

	localtime_r(&start, &tm);
	tm.tm_mday += days;
	/* In the middle of the day it is clear which day that comes to. */
	moved = tm;
	moved.tm_hour = 12;
	moved.tm_isdst = -1;
	(void)mktime(&moved);
	moved.tm_hour = tm.tm_hour;
	moved.tm_min = tm.tm_min;
	moved.tm_sec = tm.tm_sec;
	if (!first_moment(&moved, true, &seconds)) {
		tm.tm_isdst = -1;
		seconds = mktime(&tm);
	}
	if (seconds < 0 || seconds > WHEN_MAX / WHEN_SECOND)
		return false;
	*ret = seconds * WHEN_SECOND + when % WHEN_SECOND;
	return true;
}

int64_t when_day(int64_t when)
{
	time_t seconds = (time_t)(when / WHEN_SECOND);
	int64_t first;
	struct tm tm;

	localtime_r(&seconds, &tm);
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
	    !is_clock(&tm) || !read_char(&p, '.') || !read_number(&p, 6, &micros) ||
	    strcmp(p, "Z") != 0 || p - text != 26 || !to_seconds(&tm, false, &seconds))
		return sb_error_set(err, SB_EINVAL,
				    "'%s' is not a time of the form 2026-11-22T17:00:05.123456Z",
				    text);
	*ret = seconds * WHEN_SECOND + micros;
	return SB_OK;
}

/* Writes [value] with that many digits, and [behind]; gives where the next one stands. */
static char *put_digits(char *to, int digits, int value, char behind)
{
	for (int i = digits; i-- > 0; value /= 10)
		to[i] = (char)('0' + value % 10);
	to[digits] = behind;
	return to + digits + 1;
}

/* An entry has up to four of them: strftime() would take a tenth of the time of an export. */
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
	time_t seconds = (time_t)(when / WHEN_SECOND);
	struct tm tm;

	localtime_r(&seconds, &tm);
	if (strftime(buf, WHEN_TEXT_SIZE, "%Y-%m-%dT%H:%M:%S", &tm) == 0)
		buf[0] = '\0';
	return buf;
}

const char *when_format_offset(char buf[WHEN_TEXT_SIZE], int64_t when)
{
	time_t seconds = (time_t)(when / WHEN_SECOND);
	size_t len = strlen(when_format_local(buf, when));
	long minutes;
	struct tm tm;

	localtime_r(&seconds, &tm);
	minutes = tm.tm_gmtoff / 60;
	(void)snprintf(buf + len, WHEN_TEXT_SIZE - len, "%c%02ld:%02ld", minutes < 0 ? '-' : '+',
		       labs(minutes) / 60, labs(minutes) % 60);
	return buf;
}

const char *when_format_short(char buf[WHEN_TEXT_SIZE], int64_t when)
{
	static const char midnight[] = "T00:00:00", minute[] = ":00";
	size_t len = strlen(when_format_local(buf, when));

	if (len > strlen(midnight) && strcmp(buf + len - strlen(midnight), midnight) == 0)
		buf[len - strlen(midnight)] = '\0';
	else if (len > strlen(minute) && strcmp(buf + len - strlen(minute), minute) == 0)
		buf[len - strlen(minute)] = '\0';
	return buf;
}

bool when_format_last(char buf[WHEN_TEXT_SIZE], int64_t end)
{
	const size_t date = strlen("2026-11-22");
	char first[WHEN_TEXT_SIZE];

	/* A day does not begin at midnight where daylight saving leaves that out. */
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
	int64_t seconds = age < 0 ? 0 : age / WHEN_SECOND;

	if (seconds < 60)
		(void)snprintf(buf, WHEN_TEXT_SIZE, "%" PRId64 "s", seconds);
	else if (seconds < 3600)
		(void)snprintf(buf, WHEN_TEXT_SIZE, "%" PRId64 "m", seconds / 60);
	else if (seconds < 86400)
		(void)snprintf(buf, WHEN_TEXT_SIZE, "%" PRId64 "h", seconds / 3600);
	else
		(void)snprintf(buf, WHEN_TEXT_SIZE, "%" PRId64 "d", seconds / 86400);
	return buf;
}
