/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Mails the statements of the last month to the contacts of the accounts. */
#pragma once

#include "cmd/frame/env.h"

/* Mails the statement of each account that is named, or of all. An account that got that of the
 * month gets it again only with --again; one with neither contacts nor `mail_to`, and one that had
 * nothing in that month, gets none. With --dry-run prints the mails. Returns an exit status:
 * EXIT_PART, after a warning, if some could not be sent, which the next call tries again. */
int statements_mail(struct env *env, int argc, const char *const argv[]);
