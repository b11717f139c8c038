/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Hands mail to the sendmail command of the machine. */
#pragma once

#include "cmd/frame/env.h"
#include "cmd/mail/template.h"

struct mailing {
	enum mail_kind kind;
	const struct mail_values *values;
	const char *to; /* addresses, with commas between; checked by contact_check() */
	const char *id; /* as in letter.h */
	int deadline_ms; /* of sendmail */
};

/* Fills the template and sends the mail; with --dry-run prints it instead. Fails as
 * mail_template_read(), and if sendmail could not be run or failed: SB_EMISSING, SB_ETIMEOUT,
 * SB_EFAILED, SB_ESYSTEM. */
int mail_send(struct env *env, const struct mailing *mailing, struct sb_error *err);
