/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Joins the exit statuses of the steps of a check. */
#ifndef SUBANK_CMD_CHECK_STATUS_H
#define SUBANK_CMD_CHECK_STATUS_H

#include "cmd/frame/env.h"

/* Whether the step was carried out, at least in part: the next step may follow. */
static inline bool status_goes_on(int status)
{
	return status == EXIT_DONE || status == EXIT_PART;
}

/* The first of two statuses that is not EXIT_DONE. */
static inline int status_join(int first, int second)
{
	return first == EXIT_DONE ? second : first;
}

#endif
