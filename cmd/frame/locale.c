/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/frame/locale.h"

#include <locale.h>
#include <stdbool.h>

static bool wanted;

void locale_follow_user(void)
{
	wanted = true;
}

void locale_need(void)
{
	if (wanted)
		(void)setlocale(LC_CTYPE, "");
	wanted = false;
}
