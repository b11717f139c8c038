/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fuzzes lists that are imported into a bank: requests (import --append) as YAML and as CSV, and
 * the dump of the predecessor, chosen by the first byte. A refused list changes nothing. After an
 * accepted one verify finds no problem, and importing it again adds nothing. */
#include <ftw.h>
#include <stdarg.h>
#include <unistd.h>

#include "cmd/frame/command.h"
#include "cmd/subank.h"
#include "ledger/base/when.h"
#include "tests/fuzz/fuzz.h"

enum { ARGS_MAX = 16 };

static char folder[64]; /* "" while there is no bank */
static char settings[80];
static char *out, *messages; /* of the last command */

static int64_t now(void)
{
	return 20000 * WHEN_DAY;
}

/* A Slurm of one cluster with four accounts, one of them below another. */
static int answer(const char *const argv[], int deadline_ms, struct run_result *ret,
		  struct sb_error *err)
{
	static const char shares[] =
		"CLUSTER: dev\n"
		"Cluster|ID|RawUsage|GrpTRESMins|GrpTRESRaw|TRESRunMins|User|Account\n"
		"dev|1|700||cpu=11,billing=11|cpu=0,billing=0||root\n"
		"dev|2|600||cpu=10,billing=10|cpu=0,billing=0|| a\n"
		"dev|3|60||cpu=1,billing=1|cpu=0,billing=0||  b\n"
		"dev|4|100|cpu=5|cpu=1,billing=1|cpu=0,billing=0|| c\n"
		"dev|5|0||cpu=0,billing=0|cpu=0,billing=0|| physics\n";
	static const char config[] = "AccountingStorageEnforce = associations,limits,qos,safe\n"
				     "AccountingStorageTRES = cpu,billing\n"
				     "BOOT_TIME = 2026-11-22T16:00:00\n"
				     "ClusterName = dev\n"
				     "PriorityDecayHalfLife = 00:00:00\n"
				     "PriorityCalcPeriod = 00:05:00\n"
				     "PriorityUsageResetPeriod = NONE\n"
				     "PriorityType = priority/multifactor\n"
				     "SLURM_VERSION = 22.05.8\n";
	const char *text = strcmp(argv[0], "sshare") == 0 ? shares : config;

	(void)deadline_ms;
	if (strcmp(argv[0], "sshare") != 0 && strcmp(argv[0], "scontrol") != 0)
		return sb_error_set(err, SB_EMISSING, "%s: no such program", argv[0]);
	*ret = (struct run_result){.out = strdup(text), .out_len = strlen(text)};
	MUST(ret->out);
	return SB_OK;
}

static const struct this_machine *here(void)
{
	static const struct this_machine head = {
		.author = {.uid = 64030, .login = 1000, .user = "slurm", .host = "head"},
		.machine = "id/head"};

	return &head;
}

static const char *user_name_here(uint32_t uid)
{
	return uid == 1000 ? "alice" : NULL;
}

/* Runs `subank ARGUMENT...` with the input as its standard input. */
static int run(const void *input, size_t size, ...)
{
	char *argv[ARGS_MAX] = {strdup("subank"), strdup("-c"), strdup(settings)},
	     *copies[ARGS_MAX];
	size_t out_len, messages_len;
	const char *argument;
	int argc = 3, status;
	va_list ap;
	struct env env;

	free(out);
	free(messages);
	env = (struct env){
		.os.in = tmpfile(),
		.os.out = open_memstream(&out, &out_len),
		.os.err = open_memstream(&messages, &messages_len),
		.os.now = now,
		.os.run = answer,
		.os.here = here,
		.os.user_name = user_name_here,
	};
	MUST(env.os.in && env.os.out && env.os.err);
	MUST(fwrite(input, 1, size, env.os.in) == size);
	rewind(env.os.in);
	va_start(ap, size);
	while ((argument = va_arg(ap, const char *))) {
		MUST(argc < ARGS_MAX - 1);
		argv[argc++] = strdup(argument);
	}
	va_end(ap);
	argv[argc] = NULL;
	/* getopt reorders them. */
	memcpy(copies, argv, sizeof(copies));
	status = subank(&env, argc, argv);
	for (int i = 0; i < argc; i++)
		free(copies[i]);
	(void)fclose(env.os.in);
	(void)fclose(env.os.out);
	(void)fclose(env.os.err);
	return status;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static void remove_bank(void)
{
	if (*folder)
		(void)nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	*folder = '\0';
}

static void make_bank(void)
{
	const char *parent = getenv("TMPDIR");
	static bool registered;
	FILE *file;

	/* Nothing needs to survive a crash of the machine: memory suffices. */
	if (!parent)
		parent = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
	(void)snprintf(folder, sizeof(folder), "%.40s/subank-XXXXXX", parent);
	MUST(mkdtemp(folder));
	if (!registered)
		(void)atexit(remove_bank);
	registered = true;
	(void)snprintf(settings, sizeof(settings), "%s/settings", folder);
	file = fopen(settings, "we");
	MUST(file);
	(void)fprintf(file, "bank: %s/bank\nclusters: [dev]\n", folder);
	MUST(fclose(file) == 0);
	(void)unsetenv("SUBANK_BANK");
	MUST(run("", 0, "init", NULL) == EXIT_DONE);
	MUST(run("", 0, "open", "a", "100", NULL) == EXIT_DONE);
	MUST(run("", 0, "open", "a", "3", "--resource", "cpu", NULL) == EXIT_DONE);
	MUST(run("", 0, "open", "a", "--resource", "storage", NULL) == EXIT_DONE);
	MUST(run("", 0, "open", "b", "0.5", "--end", "now+9days", "--from-zero", NULL) ==
	     EXIT_DONE);
}

/* Exports the bank. The caller frees it. */
static char *whole(void)
{
	char *text;

	MUST(run("", 0, "export", NULL) == EXIT_DONE);
	text = out;
	out = NULL;
	return text;
}

static int import(const uint8_t *data, size_t size)
{
	/* --no-apply: no limits are set in this Slurm. */
	if (data[0] == 'p')
		return run(data + 1, size - 1, "import", "--predecessor", "-i", "--no-apply", "-",
			   NULL);
	if (data[0] == 'c')
		return run(data + 1, size - 1, "import", "--append", "--from-csv", "--no-apply",
			   "-", NULL);
	return run(data + 1, size - 1, "import", "--append", "--no-apply", "-", NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *before, *after, *again;
	bool refused;
	int status;

	if (size == 0)
		return 0;
	if (!*folder)
		make_bank();
	before = whole();
	status = import(data, size);
	refused = status == EXIT_REFUSED || status == EXIT_USAGE;
	if (status != EXIT_DONE && !refused && status != EXIT_PART)
		(void)fprintf(stderr, "%d: %s%s\n", status, out, messages);
	MUST(status == EXIT_DONE || refused || status == EXIT_PART);
	MUST(!refused || strncmp(messages, "subank: ", 8) == 0);
	after = whole();
	if (refused) {
		MUST(strcmp(before, after) == 0);
	} else {
		MUST(run("", 0, "verify", NULL) == EXIT_DONE);
		status = import(data, size);
		if (status != EXIT_DONE && status != EXIT_PART)
			(void)fprintf(stderr, "%d: %s%s\n", status, out, messages);
		MUST(status == EXIT_DONE || status == EXIT_PART);
		again = whole();
		MUST(strcmp(after, again) == 0);
		free(again);
		if (strcmp(before, after) != 0)
			remove_bank();
	}
	free(before);
	free(after);
	return 0;
}
