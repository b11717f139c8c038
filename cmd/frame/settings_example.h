/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Settings to begin with: every key with a comment, none in force but those that are given. */
#ifndef SUBANK_CMD_FRAME_SETTINGS_EXAMPLE_H
#define SUBANK_CMD_FRAME_SETTINGS_EXAMPLE_H

#include <stddef.h>
#include <stdio.h>

struct setting_value {
	const char *name; /* a key of the settings */
	const char *value; /* what stands behind "name: ", in YAML */
};

/* Writes the whole file. Keys among the [count] of [given] are in force, the others commented out.
 */
void settings_example(FILE *to, const struct setting_value *given, size_t count);

#endif
