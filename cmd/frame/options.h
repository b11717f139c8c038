/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The command line: options from tables, in full or by letter. */
#ifndef SUBANK_CMD_FRAME_OPTIONS_H
#define SUBANK_CMD_FRAME_OPTIONS_H

#include "cmd/frame/command.h"

enum { OPTIONS_MAX = 40 };

/* The options of a verb: its own, its groups' and those that every verb has. */
size_t options_of(const struct command *command, const struct option_spec *ret[OPTIONS_MAX]);

/* Where in that list the option stands; it must be there. */
size_t option_place(const struct command *command, const char *name);

/* Reads options from argv[1] on into [values], by their place, and moves what is left to the front
 * of argv[1...]. With [leading] it stops at the first argument that is no option (the verb), and
 * *ret_count is the index of that. Abbreviations are refused: they break when options are added.
 * SB_EINVAL. */
int options_read(const struct command *command, bool leading, int argc, char *argv[],
		 const char *values[OPTIONS_MAX], int *ret_count, struct sb_error *err);

/* The value of an option, "" for one without argument; NULL when it was not given. The command must
 * have an option of that name. */
const char *option(const struct env *env, const char *name);

/* Whether the options ask for a table that people read, and not for rows that programs read. */
bool prints_for_people(const struct env *env);

/* One line a table entry, for the help. */
void options_help(FILE *out, const struct command *command);

#endif
