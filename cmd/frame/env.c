/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/frame/env.h"

#include <errno.h>

void flush_out(struct env *env)
{
	if (fflush(env->os.out) != 0 && !env->result.out_errno)
		env->result.out_errno = errno;
}
