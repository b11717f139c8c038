/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "ledger/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int sb_error_set(struct sb_error *err, enum sb_err code, const char *fmt, ...)
{
	va_list ap;

	if (!err)
		return code;
	err->code = code;
	va_start(ap, fmt);
	(void)vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	return code;
}

int sb_error_prefix(struct sb_error *err, const char *fmt, ...)
{
	char rest[sizeof(err->text)];
	va_list ap;
	int len;

	if (!err)
		return SB_ESYSTEM;
	memcpy(rest, err->text, sizeof(rest));
	va_start(ap, fmt);
	len = vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	if (len >= 0 && (size_t)len + 3 < sizeof(err->text)) {
		size_t room = sizeof(err->text) - (size_t)len;

		/* The precision says that it is cut on purpose: gcc warns otherwise. */
		(void)snprintf(err->text + len, room, ": %.*s", (int)(room - 3), rest);
	}
	return err->code;
}

int sb_error_nomem(struct sb_error *err)
{
	return sb_error_set(err, SB_ESYSTEM, "out of memory; nothing was changed");
}
