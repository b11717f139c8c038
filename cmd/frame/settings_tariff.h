/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The settings that say what jobs are charged by: free_states and factors. */
#ifndef SUBANK_CMD_FRAME_SETTINGS_TARIFF_H
#define SUBANK_CMD_FRAME_SETTINGS_TARIFF_H

#include "ledger/files/yamlfile.h"
#include "slurm/tariff.h"

/* Read the value that [start] begins into [tariff], also half when they fail: the caller releases
 * it. SB_EFORMAT with file, line and column. */
int settings_read_states(struct yaml_reader *reader, const struct yaml_item *start,
			 struct tariff *tariff, struct sb_error *err);
int settings_read_factors(struct yaml_reader *reader, const struct yaml_item *start,
			  struct tariff *tariff, struct sb_error *err);

/* SB_EINVAL: "REFUSAL 'text'", and which state that jobs end in may be meant. */
int state_error(const char *refusal, const char *text, struct sb_error *err);

#endif
