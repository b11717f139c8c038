/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ledger/account/people.h"

#include <string.h>

#include "ledger/base/comma.h"

/* Lengths that RFC 5321 (4.5.3.1) allows. */
enum { CONTACT_MAX = 254, LOCAL_MAX = 64, MANAGER_MAX = 255 };

/* Returns whether the text is printable ASCII without the characters in [without], and can be an
 * argument of a program. */
static bool is_plain(const char *text, const char *without)
{
	for (const char *at = text; *at; at++) {
		if (*at <= ' ' || *at > '~' || strchr(without, *at))
			return false;
	}
	return *text && *text != '-';
}

int contact_check(const char *address, struct sb_error *err)
{
	const char *at = strchr(address, '@');

	if (!is_plain(address, "\"(),:;<>[\\]") || !at || at == address || !at[1] ||
	    strchr(at + 1, '@'))
		return sb_error_set(err, SB_EINVAL, "'%s' is not a mail address: NAME@DOMAIN",
				    address);
	if (strlen(address) > CONTACT_MAX || at - address > LOCAL_MAX)
		return sb_error_set(err, SB_EINVAL, "the mail address '%s' is too long", address);
	return SB_OK;
}

int manager_check(const char *name, struct sb_error *err)
{
	if (!is_plain(name, "\"'(),/:;<>\\"))
		return sb_error_set(err, SB_EINVAL, "'%s' is not the name of a user", name);
	if (strlen(name) > MANAGER_MAX)
		return sb_error_set(err, SB_EINVAL, "the name of the user '%s' is too long", name);
	return SB_OK;
}

bool people_list_has(const char *list, const char *item)
{
	const size_t item_len = strlen(item);
	const char *one;
	size_t len;

	for (const char *rest = *list ? list : NULL; comma_next(&rest, &one, &len);) {
		if (len == item_len && memcmp(one, item, len) == 0)
			return true;
	}
	return false;
}

struct checking {
	people_check *check;
	char seen[PEOPLE_SIZE]; /* the items so far */
	size_t len;
};

static int check_item(void *ctx, const char *item, struct sb_error *err)
{
	struct checking *checking = ctx;
	const size_t len = strlen(item), used = checking->len;

	TRY(checking->check(item, err));
	if (people_list_has(checking->seen, item))
		return sb_error_set(err, SB_EINVAL, "'%s' is named twice", item);
	if (used + len + 2 > sizeof(checking->seen))
		return sb_error_set(err, SB_EINVAL, "the list has more than %d bytes",
				    PEOPLE_SIZE - 1);
	if (used)
		checking->seen[checking->len++] = ',';
	memcpy(checking->seen + checking->len, item, len + 1);
	checking->len += len;
	return SB_OK;
}

int people_list_check(const char *list, people_check *check, struct sb_error *err)
{
	struct checking checking = {.check = check};

	return *list ? comma_each(list, check_item, &checking, err) : SB_OK;
}
