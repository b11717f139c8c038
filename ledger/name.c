/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "ledger/name.h"

#include <string.h>

static bool is_allowed(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-';
}

int name_fold(const char *what, const char *text, char ret[NAME_SIZE], struct sb_error *err)
{
	char name[NAME_SIZE];
	size_t len = strlen(text);

	if (len == 0)
		return sb_error_set(err, SB_EINVAL, "the %s name is empty", what);
	if (len >= NAME_SIZE)
		return sb_error_set(err, SB_EINVAL,
				    "the %s name '%.40s...' has %zu bytes: at most 255 are allowed",
				    what, text, len);
	if (text[0] == '-')
		return sb_error_set(err, SB_EINVAL,
				    "%s name '%s' begins with '-': names begin with a letter, a "
				    "digit, '_' or '.'",
				    what, text);
	for (size_t i = 0; i <= len; i++) {
		char c = text[i];

		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		else if (c && !is_allowed(c))
			return sb_error_set(err, SB_EINVAL,
					    "%s name '%s' holds a character that is not allowed: "
					    "use letters, digits, '_', '.' and '-'",
					    what, text);
		name[i] = c;
	}
	memcpy(ret, name, len + 1);
	return SB_OK;
}

bool name_ok(const char *text)
{
	size_t len = 0;

	while (is_allowed(text[len]))
		len++;
	return !text[len] && len > 0 && len < NAME_SIZE && *text != '-';
}

int name_check(const char *what, const char *text, struct sb_error *err)
{
	char folded[NAME_SIZE];
	int rc;

	if (name_ok(text))
		return SB_OK;
	rc = name_fold(what, text, folded, err);
	return rc ? rc
		  : sb_error_set(err, SB_EINVAL, "%s name '%s' must be in lower case", what, text);
}
