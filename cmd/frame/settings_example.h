/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A settings file to begin with: every key with a comment. */
#pragma once

#include <stddef.h>
#include <stdio.h>

struct setting_value {
	const char *name; /* a key of the settings */
	const char *value; /* in YAML */
};

/* Writes the file. The [count] keys of [given] are in force, all others are commented out. */
void settings_example(FILE *to, const struct setting_value *given, size_t count);
