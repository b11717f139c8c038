/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Charges the jobs in FILE, which has the form of sacct's output, to a new bank in FOLDER whose
 * accounts project00000 … are metered by jobs: the work of a check with sacct's output, which comes
 * from `cat` through a pipe. In Slurm, groups of ten accounts are below root; groups and root are
 * not in the bank. Prints the seconds from its start to the last commit, and how many jobs were
 * charged.
 *
 *     jobs FOLDER FILE ACCOUNTS SINCE UNTIL
 *
 * SINCE is when the accounts were switched to jobs, UNTIL the time of the check, both in seconds
 * since 1970.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cmd/check/job_meter.h"
#include "cmd/frame/this_machine.h"
#include "ledger/base/when.h"
#include "ledger/check/jobs.h"

static const char *file;
static int64_t until;
static double prepared; /* seconds spent on preparations, which do not count */

struct opening {
	uint64_t accounts;
	int64_t since;
};

static int64_t now(void)
{
	return until;
}

static double seconds(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* Copies the file with the delimiter between its fields. */
static void delimit(const char *to_name, const char *delimiter)
{
	FILE *from = fopen(file, "r"), *to = fopen(to_name, "w");
	int c;

	if (!from || !to) {
		fprintf(stderr, "jobs: cannot copy %s\n", file);
		exit(1);
	}
	while ((c = getc_unlocked(from)) != EOF) {
		if (c == '|')
			fputs(delimiter, to);
		else
			putc_unlocked(c, to);
	}
	fclose(from);
	fclose(to);
}

/* Runs in place of sacct; uses only the delimiter of its arguments. */
static int lines(const char *const argv[], const char *const env[], int deadline_ms,
		 const struct line_sink *sink, struct run_result *ret, struct sb_error *err)
{
	double began = seconds();
	char name[4096];
	const char *const cat[] = {"cat", name, NULL};
	int code;

	(void)snprintf(name, sizeof(name), "%s.asked", file);
	delimit(name, argv[7]);
	prepared += seconds() - began;
	code = run_lines(cat, env, deadline_ms, sink, ret, err);
	unlink(name);
	return code;
}

/* Runs as root: Slurm shows root everything, so subank does not ask about PrivateData. */
static const struct this_machine *here(void)
{
	static const struct this_machine root = {.author = {.user = "root", .host = "bench"}};

	return &root;
}

/* Runs in place of sacctmgr show qos and scontrol show partition. */
static int run(const char *const argv[], int deadline_ms, struct run_result *ret,
	       struct sb_error *err)
{
	const char *const qos[] = {
		"echo",
		"GrpTRESMins|GrpTRESRunMins|GrpJobs|GrpSubmit|UsageFactor|Flags|Name\n"
		"||||1.000000||normal",
		NULL};
	const char *const partition[] = {"echo", "PartitionName=main TRESBillingWeights=CPU=1.0",
					 NULL};

	return run_program(strcmp(argv[0], "scontrol") == 0 ? partition : qos, deadline_ms, ret,
			   err);
}

/* Fills in the accounts as sshare shows them: groups, projects, root, which is their order by name.
 * They are never freed. */
static struct observed *make_tree(uint64_t accounts, size_t *ret_count)
{
	const uint64_t groups = (accounts + 9) / 10;
	char(*names)[NAME_SIZE] = calloc(accounts + groups, sizeof(*names));
	struct observed *rows = calloc(accounts + groups + 1, sizeof(*rows));

	for (uint64_t i = 0; names && rows && i < groups; i++) {
		(void)snprintf(names[i], NAME_SIZE, "group%05" PRIu64, i);
		rows[i] = (struct observed){.account = names[i], .parent = "root", .usage = 1};
	}
	for (uint64_t i = 0; names && rows && i < accounts; i++) {
		(void)snprintf(names[groups + i], NAME_SIZE, "project%05" PRIu64, i);
		rows[groups + i] = (struct observed){
			.account = names[groups + i], .parent = names[i / 10], .usage = 1};
	}
	if (names && rows)
		rows[accounts + groups] = (struct observed){.account = "root", .parent = ""};
	*ret_count = names && rows ? accounts + groups + 1 : 0;
	return rows;
}

static int open_one(struct books *books, const char *name, int64_t since, struct sb_error *err)
{
	struct event open = {.kind = EVENT_OPEN, .account = name};
	struct event baseline = {.kind = EVENT_BASELINE, .account = name};
	const struct meter_switch to = {name, "dev", METER_JOBS, since, 0};
	int rc;

	event_set_defaults(&open);
	event_set_defaults(&baseline);
	baseline.resource = RESOURCE_BILLING;
	baseline.cluster = "dev";
	baseline.reason = "opened";
	rc = books_append(books, &open, err);
	if (!rc)
		rc = books_append(books, &baseline, err);
	return rc ? rc : jobs_switch(books, &to, err);
}

static int open_all(struct books *books, void *ctx, struct sb_error *err)
{
	const struct opening *opening = ctx;
	char name[NAME_SIZE];
	int rc = SB_OK;

	for (uint64_t i = 0; i < opening->accounts && !rc; i++) {
		(void)snprintf(name, sizeof(name), "project%05" PRIu64, i);
		rc = open_one(books, name, opening->since, err);
	}
	return rc;
}

static int head(struct books *books, void *ctx, struct sb_error *err)
{
	(void)err;
	*(uint64_t *)ctx = books_head(books)->seq;
	return SB_OK;
}

int main(int argc, char *argv[])
{
	struct env env = {
		.os.here = here,
		.os.out = fopen("/dev/null", "w"),
		.os.err = stderr,
		.quiet = true,
		.os.now = now,
		.os.run = run,
		.os.lines = lines,
		.settings.meter = METER_JOBS,
		.slurm = {.sacct = "sacct",
			  .sacctmgr = "sacctmgr",
			  .scontrol = "scontrol",
			  .deadline_ms = 600000,
			  .run = run,
			  .lines = lines},
	};
	const struct author author = {
		.uid = 64030, .login = LOGIN_NONE, .user = "slurm", .host = "controller"};
	struct store_options options = {.doing = "jobs", .wait_ms = 60000};
	struct observation observation = {.cluster = "dev", .answered = true};
	struct cluster_answer answer = {0};
	const struct clusters clusters = {.list = &observation, .answers = &answer, .count = 1};
	const struct checkup checkup = {.clock_ok = true};
	struct opening opening;
	struct sb_error err = {0};
	uint64_t before = 0, after = 0;
	bool made;
	double began;
	int rc, status;

	if (argc != 6 || !env.os.out) {
		fprintf(stderr, "usage: jobs FOLDER FILE ACCOUNTS SINCE UNTIL\n");
		return 2;
	}
	options.folder = argv[1];
	file = argv[2];
	opening.accounts = strtoull(argv[3], NULL, 10);
	observation.rows = make_tree(opening.accounts, &observation.count);
	opening.since = strtoll(argv[4], NULL, 10) * WHEN_SECOND;
	until = observation.time = strtoll(argv[5], NULL, 10) * WHEN_SECOND;
	rc = bank_create(&options, "", &err);
	if (!rc)
		rc = bank_open(&options, STORE_WRITE, &author, &env.bank, &err);
	if (!rc)
		rc = bank_write(env.bank, opening.since, open_all, &opening, &err);
	if (!rc)
		rc = bank_read(env.bank, until, head, &before, &err);
	if (rc) {
		fprintf(stderr, "jobs: %s\n", err.text);
		return 1;
	}
	began = seconds();
	status = job_meter_run(&env, &checkup, &clusters, false, &made);
	began = seconds() - began - prepared;
	rc = bank_read(env.bank, until, head, &after, &err);
	printf("%.9f %" PRIu64 "\n", began, after - before);
	bank_close(env.bank);
	fclose(env.os.out);
	return rc || status != EXIT_DONE;
}
