/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "slurm/error.h"

#include <stdarg.h>
#include <stdio.h>

int slurm_error_set(struct slurm_error *err, enum slurm_err code, const char *fmt, ...)
{
	va_list ap;

	if (!err)
		return code;
	err->code = code;
	va_start(ap, fmt);
	if (vsnprintf(err->text, sizeof(err->text), fmt, ap) < 0)
		err->text[0] = '\0';
	va_end(ap);
	/* Bytes of a program may be in it; the text is promised to be one line. */
	for (char *c = err->text; *c; c++) {
		if (*c == '\n')
			*c = ' ';
	}
	return code;
}
