/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "cmd/frame/argument.h"

#include <ctype.h>
#include <string.h>

static const struct argument arguments[] = {
	{"ACCOUNT", FROM_ACCOUNTS, false, NULL,
	 "an account of Slurm; capitals are the same as small letters"},
	{"ACCOUNTS", FROM_ACCOUNTS, true, NULL, "accounts, with commas between them"},
	{"BY", FROM_WORDS, false, "user job account partition qos month",
	 "what use is told apart by; `account` is that of Slurm, below the bank's"},
	{"CLUSTER", FROM_CLUSTERS, false, NULL, "a cluster, as Slurm names it"},
	{"CLUSTERS", FROM_CLUSTERS, true, NULL, "clusters, with commas between them"},
	{"COLUMNS", FROM_NOWHERE, true, NULL, "columns of the table, with commas between them"},
	{"DAYS", FROM_NOWHERE, false, NULL, "a whole number of days"},
	{"DIR", FROM_FOLDERS, false, NULL, "a folder"},
	{"ENTRY", FROM_NOWHERE, false, NULL,
	 "the number of an entry, as receipts and `subank journal` show it"},
	{"FILE", FROM_FILES, false, NULL, "a file"},
	{"FORMAT", FROM_WORDS, false, "yaml csv ledger beancount", "a form of the ledger"},
	{"FROM", FROM_ACCOUNTS, false, NULL, "the account that gives"},
	{"JOB", FROM_NOWHERE, false, NULL,
	 "CLUSTER/ID, with the id as sacct shows it: 12, 12_3 of an array, 12+1 of a "
	 "heterogeneous job; 12 is all of them, too. CLUSTER/ may be left out where one has it"},
	{"KINDS", FROM_KINDS, true, NULL, "kinds of entries, with commas between them"},
	{"LIMIT", FROM_WORDS, false,
	 "site GrpTRESMins=cpu GrpTRESMins=gres/gpu GrpTRESRunMins=cpu GrpJobs GrpSubmitJobs",
	 "a limit of Slurm, or `site` for that of the settings"},
	{"N", FROM_NOWHERE, false, NULL, "a whole number"},
	{"NAME", FROM_NOWHERE, false, NULL, "a name, as Slurm has it"},
	{"PERCENT%", FROM_NOWHERE, false, NULL, "a whole percentage, as in 50%"},
	{"PERCENTS", FROM_NOWHERE, true, NULL, "whole percentages, with commas between them"},
	{"REF", FROM_NOWHERE, false, NULL,
	 "a name of your own for a request, 1 to 128 characters, as in ticket-4711"},
	{"METER", FROM_WORDS, false, "site rawusage jobs", "what use is charged by"},
	{"RULE", FROM_WORDS, false, "site off warn hold limit",
	 "what a spent allowance comes to, or `site` for what the settings say"},
	{"SEQ:HASH", FROM_NOWHERE, false, NULL, "the head that stands at the end of a receipt"},
	{"SU", FROM_NOWHERE, false, NULL,
	 "an amount: service units as a plain number (10000, 0.5), or billing-seconds (95s); 1 SU "
	 "is 3600 billing-seconds"},
	{"STATE", FROM_WORDS, false,
	 "BOOT_FAIL CANCELLED COMPLETED DEADLINE FAILED LAUNCH_FAILED NODE_FAIL OUT_OF_MEMORY "
	 "PREEMPTED RECONFIG_FAIL REQUEUED RESIZING REVOKED SPECIAL_EXIT TIMEOUT",
	 "how jobs end, in sacct's words"},
	{"TABLE", FROM_WORDS, false, "journal accounts", "what is written"},
	{"TEXT", FROM_NOWHERE, false, NULL, "up to 1024 bytes"},
	{"TIME", FROM_NOWHERE, false, NULL,
	 "2026-11-22 (its first moment), 2026-11-22T17:00, or now+90days and the like (second, "
	 "minute, hour, day, week; - for the past)"},
	{"TO", FROM_ACCOUNTS, false, NULL, "the account that is given to"},
	{"USER", FROM_NOWHERE, false, NULL, "a user's name or number"},
	{"VERB", FROM_VERBS, false, NULL, "a verb, as `subank help` lists them"},
	{"WHEN", FROM_WORDS, false, "auto always never", "`auto` is on a terminal"},
};

const struct argument *argument_at(size_t place)
{
	return place < sizeof(arguments) / sizeof(arguments[0]) ? &arguments[place] : NULL;
}

const struct argument *argument_find(const char *name, size_t len)
{
	const struct argument *argument;

	for (size_t i = 0; (argument = argument_at(i)); i++) {
		if (strncmp(argument->name, name, len) == 0 && argument->name[len] == '\0')
			return argument;
	}
	return NULL;
}

size_t argument_word(const char **text, const char **ret)
{
	size_t len;

	*text += strcspn(*text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");
	*ret = *text;
	len = strcspn(*text, " |[].");
	*text += len;
	return len;
}

bool argument_is_value(const char *word)
{
	return isupper((unsigned char)*word);
}
