/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ledger/account/purse.h"

#include <stdio.h>
#include <string.h>

/* Separates the resource of a share from its user; names of accounts, resources and users do not
 * contain it. */
enum { USER_MARK = '~' };

/* Bytes that occur in TRES of Slurm and in names of what sites count, such as file systems. */
static bool is_allowed(char c, bool first)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	       (!first && c && strchr("_.-/:@+", c));
}

static bool resource_ok(const char *text)
{
	const char *user = resource_user(text);
	size_t len = 0;

	while (is_allowed(text[len], len == 0))
		len++;
	return len > 0 && strlen(text) < RESOURCE_SIZE && text[len] == (user ? USER_MARK : '\0') &&
	       (!user || name_ok(user));
}

static const char *colon(const char *purse)
{
	return strchr(purse, ':');
}

bool purse_is_account(const char *purse)
{
	return !colon(purse);
}

const char *purse_resource(const char *purse)
{
	const char *at = colon(purse);

	return at ? at + 1 : RESOURCE_BILLING;
}

const char *resource_user(const char *resource)
{
	const char *at = strchr(resource, USER_MARK);

	return at ? at + 1 : NULL;
}

const char *resource_base(char to[RESOURCE_SIZE], const char *resource)
{
	(void)snprintf(to, RESOURCE_SIZE, "%.*s", (int)strcspn(resource, "~"), resource);
	return to;
}

bool resource_is_su(const char *resource)
{
	char base[RESOURCE_SIZE];

	return strcmp(resource_base(base, resource), RESOURCE_BILLING) == 0;
}

bool purse_is_su(const char *purse)
{
	return resource_is_su(purse_resource(purse));
}

const char *purse_user(const char *purse)
{
	return resource_user(purse);
}

static size_t account_len(const char *purse)
{
	return strcspn(purse, ":");
}

const char *purse_account(char to[NAME_SIZE], const char *purse)
{
	size_t len = account_len(purse);

	if (len >= NAME_SIZE)
		len = NAME_SIZE - 1;
	memcpy(to, purse, len);
	to[len] = '\0';
	return to;
}

bool purse_is_of(const char *purse, const char *account)
{
	size_t len = account_len(purse);

	return strncmp(purse, account, len) == 0 && !account[len];
}

int share_name(const char *account, const char *resource, const char *user, char ret[NAME_SIZE],
	       struct sb_error *err)
{
	char folded[NAME_SIZE], whole[RESOURCE_SIZE];
	size_t len = strlen(resource);

	TRY(name_fold("user", user, folded, err));
	if (resource_user(resource) || len + 1 + strlen(folded) >= sizeof(whole))
		return sb_error_set(err, SB_EINVAL,
				    "the names of resource '%.64s' and user '%.64s' cannot make a "
				    "share: they have more than %d bytes together, or a '~'",
				    resource, folded, RESOURCE_SIZE - 2);
	memcpy(whole, resource, len);
	whole[len] = USER_MARK;
	memcpy(whole + len + 1, folded, strlen(folded) + 1);
	return purse_name(account, whole, ret, err);
}

int purse_name(const char *account, const char *resource, char ret[NAME_SIZE], struct sb_error *err)
{
	char name[NAME_SIZE], folded[RESOURCE_SIZE];
	size_t len = strlen(resource);

	TRY(name_fold("account", account, name, err));
	for (size_t i = 0; i <= len && len < sizeof(folded); i++) {
		char c = resource[i];

		folded[i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
	}
	if (len >= sizeof(folded) || !resource_ok(folded))
		return sb_error_set(err, SB_EINVAL,
				    "'%.64s' is not a resource: use the name of a TRES (cpu, "
				    "gres/gpu) or another of at most %d letters, digits and _ . - "
				    "/ : @ +",
				    resource, RESOURCE_SIZE - 1);
	if (strcmp(folded, RESOURCE_BILLING) == 0) {
		memcpy(ret, name, sizeof(name));
		return SB_OK;
	}
	if (strlen(name) + 1 + len >= NAME_SIZE)
		return sb_error_set(err, SB_EINVAL,
				    "the names of account '%s' and resource '%s' have more than "
				    "%d bytes together",
				    name, folded, NAME_SIZE - 2);
	(void)snprintf(ret, NAME_SIZE, "%.*s:%s", (int)strlen(name), name, folded);
	return SB_OK;
}

int purse_fold(const char *text, char ret[NAME_SIZE], struct sb_error *err)
{
	char account[NAME_SIZE];
	const char *at = colon(text);

	if (!at)
		return name_fold("account", text, ret, err);
	return purse_name(purse_account(account, text), at + 1, ret, err);
}

int purse_order(const char *a, const char *b)
{
	unsigned char one, other;

	while (*a && *a == *b) {
		a++;
		b++;
	}
	/* 1 sorts before all bytes of names, so purses come directly after their account. */
	one = *a == ':' ? 1 : (unsigned char)*a;
	other = *b == ':' ? 1 : (unsigned char)*b;
	return (one > other) - (one < other);
}

bool purse_ok(const char *purse)
{
	char account[NAME_SIZE];
	const char *at = colon(purse);

	if (!at)
		return name_ok(purse);
	return strlen(purse) < NAME_SIZE && name_ok(purse_account(account, purse)) &&
	       resource_ok(at + 1) && strcmp(at + 1, RESOURCE_BILLING) != 0;
}

int purse_check(const char *what, const char *purse, struct sb_error *err)
{
	if (purse_is_account(purse))
		return name_check(what, purse, err);
	if (purse_ok(purse))
		return SB_OK;
	return sb_error_set(err, SB_EINVAL,
			    "%s '%.*s' is neither an account nor ACCOUNT:RESOURCE in lower case",
			    what, NAME_SIZE, purse);
}

static const char gres[] = "gres/";

/* Writes the TRES whose limit holds the use of one user. SU are held like accounts by default. */
static bool share_lever(const char *resource, const char *user, char to[RESOURCE_SIZE])
{
	char base[RESOURCE_SIZE], tres[RESOURCE_SIZE];
	bool held;

	resource_base(base, resource);
	held = resource_lever(strcmp(base, RESOURCE_BILLING) == 0 ? "cpu" : base, tres);
	/* No longer than the resource. */
	(void)snprintf(to, RESOURCE_SIZE, "%.*s~%.*s", (int)strlen(tres), tres,
		       (int)(RESOURCE_SIZE - 2 - strlen(tres)), user);
	return held;
}

bool resource_lever(const char *resource, char to[RESOURCE_SIZE])
{
	static const char *const plain[] = {"cpu", "mem", "node", RESOURCE_BILLING};
	const char *user = resource_user(resource);
	bool held = strncmp(resource, gres, strlen(gres)) == 0 ||
		    strncmp(resource, "license/", strlen("license/")) == 0;
	size_t len = strcspn(resource, ":");

	if (user)
		return share_lever(resource, user, to);
	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]) && !held; i++)
		held = strcmp(resource, plain[i]) == 0;
	if (len >= RESOURCE_SIZE)
		len = RESOURCE_SIZE - 1;
	memcpy(to, resource, len);
	to[len] = '\0';
	return held;
}

struct unit purse_unit(const char *purse)
{
	static const struct {
		const char *resource, *hour, *second;
		int64_t size;
	} units[] = {
		{RESOURCE_BILLING, "SU", "billing-second", 3600},
		{"cpu", "CPU-hours", "CPU-second", 3600},
		{"node", "node-hours", "node-second", 3600},
		{"mem", "GiB-hours", "MiB-second", 3600 * 1024},
		{"gres/gpu", "GPU-hours", "GPU-second", 3600},
	};
	char base[RESOURCE_SIZE];
	const char *resource = resource_base(base, purse_resource(purse)), *short_name = resource;
	struct unit unit = {.size = 3600};

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcmp(units[i].resource, resource) != 0)
			continue;
		unit.size = units[i].size;
		(void)snprintf(unit.name, sizeof(unit.name), "%s", units[i].hour);
		(void)snprintf(unit.second, sizeof(unit.second), "%s", units[i].second);
		return unit;
	}
	/* Units are named by the last part: the hour of "gres/gpu:a100" is an a100-hour. */
	for (const char *c = resource; *c; c++) {
		if ((*c == '/' || *c == ':') && c[1])
			short_name = c + 1;
	}
	(void)snprintf(unit.name, sizeof(unit.name), "%.*s-hours", RESOURCE_SIZE, short_name);
	(void)snprintf(unit.second, sizeof(unit.second), "%.*s-second", RESOURCE_SIZE, short_name);
	return unit;
}
