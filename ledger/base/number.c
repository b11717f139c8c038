/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ledger/base/number.h"

#include <string.h>

/* Reads up to [most] digits. Returns the first byte after them; NULL without digits or when the
 * number exceeds UINT64_MAX. */
static const char *read_digits(const char *text, size_t most, uint64_t *ret)
{
	uint64_t value = 0;
	size_t i = 0;

	for (; i < most && text[i] >= '0' && text[i] <= '9'; i++) {
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(text[i] - '0'), &value))
			return NULL;
	}
	if (i == 0)
		return NULL;
	*ret = value;
	return text + i;
}

/* Reads the number at the start of [most] bytes. Returns the first byte after it, or NULL. */
static const char *read_number(const char *text, size_t most, int64_t min, int64_t max,
			       int64_t *ret)
{
	bool negative = min < 0 && most > 0 && *text == '-';
	const char *end;
	uint64_t digits;
	int64_t value;

	end = read_digits(text + negative, most - negative, &digits);
	if (!end || digits > (uint64_t)INT64_MAX + negative)
		return NULL;
	/* Negates in two steps: INT64_MIN has no positive counterpart. */
	value = negative && digits > 0 ? -1 - (int64_t)(digits - 1) : (int64_t)digits;
	if (value < min || value > max)
		return NULL;
	*ret = value;
	return end;
}

bool number_parse(const char *text, int64_t min, int64_t max, int64_t *ret)
{
	return number_slice(text, strlen(text), min, max, ret);
}

bool number_slice(const char *text, size_t len, int64_t min, int64_t max, int64_t *ret)
{
	int64_t value;
	const char *end = read_number(text, len, min, max, &value);

	if (!end || end != text + len)
		return false;
	*ret = value;
	return true;
}

const char *number_prefix(const char *text, int64_t min, int64_t max, int64_t *ret)
{
	return read_number(text, SIZE_MAX, min, max, ret);
}

bool number_unsigned(const char *text, size_t len, uint64_t *ret)
{
	uint64_t value;
	const char *end = read_digits(text, len, &value);

	if (!end || end != text + len)
		return false;
	*ret = value;
	return true;
}

char *number_print(char *to, int64_t value)
{
	uint64_t rest = value < 0 ? -(uint64_t)value : (uint64_t)value;
	char digits[NUMBER_TEXT_SIZE];
	size_t count = 0;

	do {
		digits[count++] = (char)('0' + rest % 10);
		rest /= 10;
	} while (rest > 0);
	if (value < 0)
		*to++ = '-';
	while (count > 0)
		*to++ = digits[--count];
	*to = '\0';
	return to;
}
