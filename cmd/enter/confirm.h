/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Asks before something is done that somebody may not want. */
#ifndef SUBANK_CMD_ENTER_CONFIRM_H
#define SUBANK_CMD_ENTER_CONFIRM_H

#include "cmd/frame/env.h"

/* Asks on the terminal; false when there is none. */
bool ask(struct env *env, const char *question);

/* EXIT_DONE with --immediate, or when the answer on the terminal is yes; else, with a message,
 * EXIT_REFUSED. The command must be CMD_ASK. */
int confirm(struct env *env, const char *question);

#endif
