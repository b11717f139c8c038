/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "cmd/frame/env.h"

#include <errno.h>

void flush_out(struct env *env)
{
	if (fflush(env->out) != 0 && !env->out_errno)
		env->out_errno = errno;
}
