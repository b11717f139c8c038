/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/frame/command.h"

#include <string.h>

#include "ledger/base/nearest.h"

const struct exit_status exit_statuses[] = {
	{EXIT_DONE, "done; also if the same --ref was recorded before"},
	{EXIT_REFUSED, "refused or failed; nothing was changed"},
	{EXIT_USAGE, "a malformed command, amount, name or time; nothing was changed"},
	{EXIT_PART, "done in part, or problems were found"},
	{EXIT_UNKNOWN,
	 "the disk failed during a commit and the outcome is unknown: run it again with the same "
	 "--ref"},
	{EXIT_OUTPUT_LOST,
	 "done and recorded, but its output could not be written: do not run it again; the message "
	 "names the entries"},
	{EXIT_SIGNAL,
	 "or more (128 + the number of a signal, as shells show it): ended by a signal or a crash; "
	 "after a crash the message says whether entries may have been recorded"},
	{0, NULL},
};

const struct command *command_find(const char *name)
{
	for (size_t i = 0; commands[i]; i++) {
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	}
	return NULL;
}

const char *command_nearest(const char *name)
{
	const char *names[MAX_VERBS];
	size_t count = 0;

	for (size_t i = 0; count < MAX_VERBS - 1 && commands[i]; i++) {
		if (!(commands[i]->flags & CMD_HIDDEN))
			names[count++] = commands[i]->name;
	}
	names[count] = NULL;
	return nearest(name, names);
}

const char *command_problems(const struct command *command)
{
	if (!command->problems && command->flags & CMD_RECORD)
		return "the entry was recorded, but Slurm could not be updated; the next check "
		       "will retry";
	return command->problems;
}
