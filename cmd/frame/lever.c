/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/frame/lever.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static const struct {
	const char *field;
	bool tres;
	bool kills;
} kinds[] = {
	{"GrpTRESMins", true, true},
	{"GrpTRESRunMins", true, false},
	{"GrpJobs", false, false},
	{"GrpSubmitJobs", false, false},
};

enum { KIND_COUNT = sizeof(kinds) / sizeof(kinds[0]) };

bool lever_kills(const char *field)
{
	for (size_t i = 0; i < KIND_COUNT; i++) {
		if (strcmp(kinds[i].field, field) == 0)
			return kinds[i].kills;
	}
	return true;
}

int lever_parse(const char *text, struct lever_choice *ret, struct sb_error *err)
{
	static const char upper[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
	static const char allowed[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/_:.-";
	size_t field_len = strcspn(text, "="), len = strlen(text), i = 0;
	const char *tres = text + field_len + (text[field_len] == '=');
	size_t tres_len;

	if (len > field_len + 1 && strcmp(text + len - 2, "=0") == 0)
		len -= 2;
	tres_len = len > field_len ? (size_t)(text + len - tres) : 0;
	while (i < KIND_COUNT && (strlen(kinds[i].field) != field_len ||
				  strncasecmp(kinds[i].field, text, field_len) != 0))
		i++;
	if (i == KIND_COUNT || kinds[i].tres != (tres_len > 0) || tres_len >= sizeof(ret->tres) ||
	    strspn(tres, allowed) < tres_len)
		return sb_error_set(err, SB_EINVAL,
				    "'%s' is not a lever: use GrpTRESMins=TRES, "
				    "GrpTRESRunMins=TRES (TRES: cpu, node, gres/gpu …), GrpJobs or "
				    "GrpSubmitJobs",
				    text);
	if (strcspn(tres, upper) < tres_len)
		return sb_error_set(err, SB_EINVAL,
				    "'%s' is not a lever: write its TRES in lower case", text);
	if (tres_len == strlen("billing") && memcmp(tres, "billing", tres_len) == 0)
		return sb_error_set(err, SB_EINVAL,
				    "'%s' cannot be the lever, since jobs without billing would "
				    "start: use %s=cpu",
				    text, kinds[i].field);
	(void)snprintf(ret->field, sizeof(ret->field), "%s", kinds[i].field);
	memcpy(ret->tres, tres, tres_len);
	ret->tres[tres_len] = '\0';
	return SB_OK;
}

const char *limit_text(char to[LIMIT_TEXT_SIZE], int64_t value)
{
	if (value < 0)
		(void)snprintf(to, LIMIT_TEXT_SIZE, "none");
	else
		(void)snprintf(to, LIMIT_TEXT_SIZE, "%" PRId64, value);
	return to;
}
