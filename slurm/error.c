/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "slurm/error.h"

#include <stdarg.h>
#include <stdio.h>

int slurm_error(struct sb_error *err, enum sb_err code, const char *fmt, ...)
{
	va_list ap;

	if (!err)
		return code;
	err->code = code;
	va_start(ap, fmt);
	if (vsnprintf(err->text, sizeof(err->text), fmt, ap) < 0)
		err->text[0] = '\0';
	va_end(ap);
	for (char *c = err->text; *c; c++) {
		if (*c == '\n')
			*c = ' ';
	}
	return code;
}

int slurm_error_nomem(struct sb_error *err)
{
	return slurm_error(err, SB_ESYSTEM, "out of memory");
}
