/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "ledger/error.h"

#include <errno.h>
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

int sb_error_path(struct sb_error *err, const char *what, const char *path)
{
	const char *advice = "";
	int number = errno;

	if (number == EACCES || number == EPERM)
		advice = ": run subank as the user to whom it belongs (sudo -u), or give it to "
			 "him with chown";
	else if (number == ELOOP)
		advice = ": a symbolic link stands there, which nothing of subank's is: remove it";
	return sb_error_set(err, SB_ESYSTEM, "cannot %s %s: %s%s", what, path, strerror(number),
			    advice);
}

int sb_error_nomem(struct sb_error *err)
{
	return sb_error_set(err, SB_ESYSTEM, "out of memory; nothing was changed");
}
