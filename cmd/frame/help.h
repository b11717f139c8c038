/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The texts of --help and --version. */
#pragma once

#include "cmd/frame/command.h"

/* Prints the help of one verb. */
void command_help(FILE *out, const struct command *command);

/* Prints the help of the program. */
void program_help(FILE *out);

/* Prints the text of `subank` without a verb, which fits a terminal of 24 lines. */
void program_usage(FILE *out);

/* Prints the versions of subank and LMDB. */
void program_version(FILE *out);
