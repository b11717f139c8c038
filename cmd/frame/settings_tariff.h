/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The settings about the price of jobs that are lists or maps: free_states and factors. */
#pragma once

#include "cmd/frame/settings_input.h"

/* Read the value into in->settings->tariff. Fail with SB_EFORMAT and file, line and column. */
int settings_read_states(struct settings_input *in);
int settings_read_factors(struct settings_input *in);

/* Sets the error "REFUSAL 'text'" and, if [text] looks like a misspelt state, suggests that one.
 * Returns SB_EINVAL. */
int state_error(const char *refusal, const char *text, struct sb_error *err);
