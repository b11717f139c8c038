/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/frame/settings_input.h"

#include <string.h>

#include "ledger/base/array.h"

int input_next(struct settings_input *in)
{
	return yaml_next(in->reader, &in->item, in->err);
}

int input_each(struct settings_input *in, enum yaml_type end, const char *what,
	       int (*each)(struct settings_input *in))
{
	for (;;) {
		TRY(input_next(in));
		if (in->item.type == end)
			return SB_OK;
		if (in->item.type != YAML_SCALAR)
			return input_error(in, "%s is expected here", what);
		TRY(each(in));
	}
}

int input_expect_scalar(struct settings_input *in)
{
	return in->item.type == YAML_SCALAR
		       ? SB_OK
		       : input_error(in, "%s must be a single value", in->key->name);
}

int input_append(char ***list, size_t *count, const char *text, struct sb_error *err)
{
	char *copy = strdup(text);
	char **to = copy ? array_add(*list, *count) : NULL;

	if (!to) {
		free(copy);
		return sb_error_nomem(err);
	}
	*to = copy;
	return SB_OK;
}
