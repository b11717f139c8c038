/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/enter/every.h"

#include <inttypes.h>
#include <string.h>

#include "cmd/frame/options.h"
#include "ledger/base/nearest.h"
#include "ledger/base/number.h"

int every_option(const struct env *env, uint8_t *ret, struct sb_error *err)
{
	const char *text = option(env, "every");

	*ret = EVERY_NONE;
	for (uint8_t i = EVERY_DAY; text && period_words[i]; i++) {
		if (strcmp(text, period_words[i]) == 0)
			*ret = i;
	}
	return text && *ret == EVERY_NONE ? nearest_error("there is no period for --every", text,
							  period_words + EVERY_DAY, err)
					  : SB_OK;
}

int count_option(const struct env *env, const char *name, int64_t least, int64_t most, int64_t *ret,
		 struct sb_error *err)
{
	const char *text = option(env, name);

	if (!text || number_parse(text, least, most, ret))
		return SB_OK;
	return sb_error_set(err, SB_EINVAL,
			    "--%s needs a whole number from %" PRId64 " to %" PRId64 ", not '%s'",
			    name, least, most, text);
}
