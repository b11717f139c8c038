/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/frame/help.h"

#include "cmd/frame/options.h"
#include "cmd/frame/prose.h"
#include "ledger/store/store.h"

void command_help(FILE *out, const struct command *command)
{
	const struct example *example = command->examples;
	const char *problems = command_problems(command);

	fprintf(out, "usage: subank %s [OPTIONS]%s%s\n\n%s.\n\n", command->name,
		*command->arguments ? " " : "", command_synopsis(command), command->summary);
	prose_print(out, command->details);
	if (problems) {
		fputc('\n', out);
		prose_fill(out, 0, "Exit status 3: ", "    ", problems);
	}
	fprintf(out, "\nExamples:\n");
	for (; example->line; example++) {
		fprintf(out, "  %s\n", example->line);
		if (example->what)
			fprintf(out, "      %s\n", example->what);
	}
	fprintf(out, "\nOptions:\n");
	options_help(out, command);
}

static const char intro[] =
	"usage: subank VERB [OPTIONS] [ARGUMENTS]\n\n"
	"The bank of a Slurm cluster: what accounts may use, and what they used.\n\n";

void program_usage(FILE *out)
{
	char names[MAX_VERBS * 12] = "";
	size_t len = 0;

	fputs(intro, out);
	for (size_t i = 0; commands[i] && len < sizeof(names); i++) {
		if (!(commands[i]->flags & CMD_HIDDEN))
			len += (size_t)snprintf(names + len, sizeof(names) - len, "%s%s",
						len ? " " : "", commands[i]->name);
	}
	prose_fill(out, 0, "Verbs: ", "       ", names);
	fputc('\n', out);
	prose_print(out, "`subank help` describes them and lists the options, `subank help VERB` "
			 "describes one in full. Begin with `subank doctor`.");
}

void program_help(FILE *out)
{
	fprintf(out, "%sVerbs:\n", intro);
	for (size_t i = 0; commands[i]; i++) {
		if (!(commands[i]->flags & CMD_HIDDEN))
			fprintf(out, "  %-10s %s\n", commands[i]->name, commands[i]->summary);
	}
	fprintf(out, "\nOptions of every verb:\n");
	options_help(out, NULL);
	fprintf(out, "\n`subank help VERB` describes one in full; the manual is `man subank`.\n");
}

void program_version(FILE *out)
{
	fprintf(out, "subank %s (%s)\n", PACKAGE_VERSION, store_library());
}
