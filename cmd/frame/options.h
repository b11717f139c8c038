/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The command line: options from tables, in full or by letter. */
#pragma once

#include "cmd/frame/command.h"

enum { OPTIONS_MAX = 48 };

/* Lists the options of a verb: its own, those of its groups and those of every verb. If
 * [command] is NULL, lists only those of every verb. Returns their number. */
size_t options_of(const struct command *command, const struct option_spec *ret[OPTIONS_MAX]);

/* Returns the letter of an option of the verb, or 0. A verb with CMD_RAW has only the letters of
 * options without a value: the others may mean something else in its arguments. */
char option_letter(const struct command *command, const struct option_spec *spec);

/* Returns the index of an option in that list, which must have it. */
size_t option_place(const struct command *command, const char *name);

/* Reads the options in argv[1...] into [values], by their index, and moves the remaining arguments
 * to argv[*ret_count...]. Without [command] reads the options before the verb and stops there.
 * With CMD_RAW stops at the first word that is no option of the verb.
 * Refuses abbreviations: they would break when options are added. Fails with SB_EINVAL. */
int options_read(const struct command *command, int argc, char *argv[],
		 const char *values[OPTIONS_MAX], int *ret_count, struct sb_error *err);

/* Returns the value of an option that the command has: "" for one without an argument, NULL when it
 * was not given. */
const char *option(const struct env *env, const char *name);

/* The same, and NULL for an option that the command does not have. */
const char *option_if_known(const struct env *env, const char *name);

/* Whether the options ask for a table for people, and not for a form for programs. */
bool prints_for_people(const struct env *env);

/* Prints a line for each option. */
void options_help(FILE *out, const struct command *command);
