/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ledger/base/name.h"

#include <string.h>

static bool is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
}

/* Slurm names tables of its database after clusters, and our refs have a cluster before a '/'. */
static bool is_allowed(char c, bool cluster)
{
	return is_plain(c) || c == '-' || (!cluster && (c == '@' || c == '%' || c == '/'));
}

int name_fold(const char *what, const char *text, char ret[NAME_SIZE], struct sb_error *err)
{
	bool cluster = strcmp(what, "cluster") == 0;
	char name[NAME_SIZE];
	size_t len = strlen(text);

	if (len == 0)
		return sb_error_set(err, SB_EINVAL, "the %s name is empty", what);
	if (len >= NAME_SIZE)
		return sb_error_set(err, SB_EINVAL,
				    "the %s name '%.40s...' has %zu bytes: at most 255 are allowed",
				    what, text, len);
	for (size_t i = 0; i <= len; i++) {
		char c = text[i];

		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		if (c && !is_allowed(c, cluster))
			return sb_error_set(err, SB_EINVAL,
					    "%s name '%s' holds a character that is not allowed: "
					    "use letters, digits and %s",
					    what, text, cluster ? "_ . -" : "_ . - @ % /");
		if (i == 0 && !is_plain(c))
			return sb_error_set(err, SB_EINVAL,
					    "%s name '%s' begins with '%c': names begin with a "
					    "letter, a digit, '_' or '.'",
					    what, text, c);
		name[i] = c;
	}
	memcpy(ret, name, len + 1);
	return SB_OK;
}

static bool is_ok(const char *text, bool cluster)
{
	size_t len = 0;

	while (is_allowed(text[len], cluster))
		len++;
	return !text[len] && len > 0 && len < NAME_SIZE && is_plain(*text);
}

bool name_ok(const char *text)
{
	return is_ok(text, false);
}

bool cluster_name_ok(const char *text)
{
	return is_ok(text, true);
}

int name_check(const char *what, const char *text, struct sb_error *err)
{
	char folded[NAME_SIZE];

	TRY(name_fold(what, text, folded, err));
	if (strcmp(text, folded) == 0)
		return SB_OK;
	return sb_error_set(err, SB_EINVAL, "%s name '%s' must be in lower case", what, text);
}
