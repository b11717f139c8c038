/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/frame/argument.h"

#include <ctype.h>
#include <string.h>

static const struct argument arguments[] = {
	{"ACCOUNT", FROM_ACCOUNTS, false, NULL,
	 "an account of Slurm, in capitals or small letters"},
	{"ACCOUNTS", FROM_ACCOUNTS, true, NULL, "accounts, separated by commas"},
	{"BY", FROM_WORDS, true, "user job account partition qos month",
	 "how to group use: a word, or two separated by a comma (month,partition); `account` is "
	 "the account in Slurm, below the bank's; `job` cannot be combined"},
	{"CLUSTER", FROM_CLUSTERS, false, NULL, "the name of a cluster in Slurm"},
	{"CLUSTERS", FROM_CLUSTERS, true, NULL, "clusters, separated by commas"},
	{"ADDRESSES", FROM_NOWHERE, true, NULL, "mail addresses, separated by commas, or none"},
	{"COLUMNS", FROM_NOWHERE, true, NULL, "columns of the table, separated by commas"},
	{"DAYS", FROM_NOWHERE, false, NULL, "a whole number of days"},
	{"DIR", FROM_FOLDERS, false, NULL, "a folder"},
	{"ENTRY", FROM_NOWHERE, false, NULL,
	 "the number of an entry, as receipts and `subank journal` show it"},
	{"FILE", FROM_FILES, false, NULL, "a file"},
	{"FORMAT", FROM_WORDS, false, "yaml csv ledger beancount", "the format of the ledger"},
	{"FROM", FROM_ACCOUNTS, false, NULL, "the account to take from"},
	{"INTO", FROM_ACCOUNTS, false, NULL, "the account that takes over"},
	{"JOB", FROM_NOWHERE, false, NULL,
	 "CLUSTER/ID, with the id as sacct shows it: 12, 12_3 of an array, 12+1 of a "
	 "heterogeneous job; 12 also means all of them. Leave out CLUSTER/ if only one cluster has "
	 "it"},
	{"KINDS", FROM_KINDS, true, NULL, "kinds of entries, separated by commas"},
	{"LIMIT", FROM_WORDS, false,
	 "site GrpTRESMins=cpu GrpTRESMins=gres/gpu GrpTRESRunMins=cpu GrpJobs GrpSubmitJobs",
	 "a limit of Slurm; `site`: that of the settings"},
	{"MOMENT", FROM_WORDS, false, "entry end",
	 "the month of a job: that in which it was charged, or that in which it ended"},
	{"N", FROM_NOWHERE, false, NULL, "a whole number"},
	{"NAME", FROM_NOWHERE, false, NULL, "a name in Slurm"},
	{"NEWNAME", FROM_NOWHERE, false, NULL,
	 "an account of Slurm that the bank does not have yet"},
	{"PERCENT%", FROM_NOWHERE, false, NULL, "a whole percentage, such as 50%"},
	{"PERCENTS", FROM_NOWHERE, true, NULL, "whole percentages, separated by commas"},
	{"PERIOD", FROM_WORDS, false, "day week month quarter year",
	 "a period of the local calendar"},
	{"PRICE", FROM_NOWHERE, false, NULL,
	 "a plain number with up to six decimals and a currency of three capital letters: 0.02EUR"},
	{"REF", FROM_NOWHERE, false, NULL,
	 "your own name for a request, 1 to 128 characters, such as ticket-4711"},
	{"METER", FROM_WORDS, false, "site rawusage jobs", "how use is charged"},
	{"RULE", FROM_WORDS, false, "site off warn hold limit",
	 "what happens when an allowance is spent; `site`: as in the settings"},
	{"SEQ:HASH", FROM_NOWHERE, false, NULL, "the head at the end of a receipt"},
	{"SU", FROM_NOWHERE, false, NULL,
	 "an amount: service units as a plain number (10000, 0.5), or billing-seconds (95s); 1 SU "
	 "is 3600 billing-seconds. With --resource it is in the unit of the resource (GPU-hours, "
	 "CPU-hours, GiB-hours ...) or in its seconds"},
	{"SBATCH-OPTION", FROM_NOWHERE, false, NULL,
	 "an option of sbatch in any form that sbatch takes, such as -n 4, -n4, --ntasks=4"},
	{"SCRIPT", FROM_FILES, false, NULL,
	 "a batch script; its #SBATCH lines count, and words after it are its own arguments"},
	{"STATE", FROM_WORDS, false,
	 "BOOT_FAIL CANCELLED COMPLETED DEADLINE FAILED LAUNCH_FAILED NODE_FAIL OUT_OF_MEMORY "
	 "PREEMPTED RECONFIG_FAIL REQUEUED RESIZING REVOKED SPECIAL_EXIT TIMEOUT",
	 "how jobs end, as sacct names it"},
	{"TABLE", FROM_WORDS, false, "journal accounts", "which table to write"},
	{"TEXT", FROM_NOWHERE, false, NULL, "up to 1024 bytes"},
	{"TIME", FROM_NOWHERE, false, NULL,
	 "2026-11-22 (its first moment), 2026-11-22T17:00, or now+90days and the like (second, "
	 "minute, hour, day, week; - for the past)"},
	{"TO", FROM_ACCOUNTS, false, NULL, "the account to give to"},
	{"UNIT", FROM_WORDS, false, "seconds su",
	 "`su`: SU, or the unit of another resource such as GPU-hours, with four decimals"},
	{"USER", FROM_NOWHERE, false, NULL, "a user's name or number"},
	{"USERS", FROM_NOWHERE, true, NULL, "names of users, separated by commas, or none"},
	{"TRES", FROM_RESOURCES, false, "gres/gpu cpu mem node",
	 "a TRES of Slurm such as gres/gpu, or another resource that the site counts"},
	{"VERB", FROM_VERBS, false, NULL, "a verb of `subank help`"},
	{"WHEN", FROM_WORDS, false, "auto always never", "`auto`: on a terminal"},
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
