/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ledger/base/error.h"

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
	if (vsnprintf(err->text, sizeof(err->text), fmt, ap) < 0)
		err->text[0] = '\0';
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

		/* The precision shows gcc that the text is cut on purpose. */
		(void)snprintf(err->text + len, room, ": %.*s", (int)(room - 3), rest);
	}
	return err->code;
}

const char *sb_errno(int number)
{
	static const char use_owner[] = "run subank as the user to whom it belongs (sudo -u), or "
					"change the owner with chown";
	static char buf[256];
	static const struct {
		int number;
		const char *advice;
	} known[] = {
		{EACCES, use_owner},
		{EPERM, use_owner},
		{ELOOP, "it is a symbolic link, which subank never makes: remove it"},
		{ENOENT, "is the name right?"},
		{ENOTDIR, "is the name right?"},
		{EISDIR, "is the name right?"},
		{ENAMETOOLONG, "is the name right?"},
		/* Not "and run it again": entries may have been committed before. */
		{ENOSPC, "make room"},
		{EDQUOT, "make room"},
		{EFBIG, "raise the limit of file sizes (ulimit -f)"},
		{EMFILE, "raise the limit of open files (ulimit -n)"},
		{ENFILE, "the machine has too many open files"},
		{EROFS, "name a place that can be written"},
		{EAGAIN, "too many processes run (ulimit -u)"},
		{ENOMEM, "free some memory"},
		{E2BIG, "name fewer accounts, or make the environment smaller"},
		{EIO, "check the disk, then run `subank verify`"},
	};
	const char *advice = NULL;

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (known[i].number == number)
			advice = known[i].advice;
	}
	(void)snprintf(buf, sizeof(buf), "%s%s%s", strerror(number), advice ? ": " : "",
		       advice ? advice : "");
	return buf;
}

int sb_error_path(struct sb_error *err, const char *what, const char *path)
{
	return sb_error_set(err, SB_ESYSTEM, "cannot %s %s: %s", what, path, sb_errno(errno));
}

int sb_error_nomem(struct sb_error *err)
{
	return sb_error_set(err, SB_ESYSTEM, "out of memory; nothing was changed");
}
