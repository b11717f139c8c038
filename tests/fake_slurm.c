/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tests/fake_slurm.h"

#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CLUSTERS_MAX = 4 };

enum fake_mode fake_mode[FAKE_PROGRAMS];
int fake_calls[FAKE_PROGRAMS];
void (*fake_hook)(enum fake_program program);

static struct fake_cluster clusters[CLUSTERS_MAX];
static size_t cluster_count;

void fake_release(void)
{
	for (size_t i = 0; i < cluster_count; i++)
		free(clusters[i].accounts);
	memset(clusters, 0, sizeof(clusters));
	cluster_count = 0;
}

void fake_reset(void)
{
	fake_release();
	memset(fake_mode, 0, sizeof(fake_mode));
	memset(fake_calls, 0, sizeof(fake_calls));
	fake_hook = NULL;
	(void)fake_cluster("dev");
}

static struct fake_cluster *find_cluster(const char *name)
{
	for (size_t i = 0; i < cluster_count; i++) {
		if (strcmp(clusters[i].name, name) == 0)
			return &clusters[i];
	}
	return NULL;
}

struct fake_cluster *fake_cluster(const char *name)
{
	struct fake_cluster *cluster = find_cluster(name);

	if (cluster)
		return cluster;
	ck_assert_uint_lt(cluster_count, CLUSTERS_MAX);
	cluster = &clusters[cluster_count++];
	*cluster = (struct fake_cluster){.version = "22.05.8",
					 .priority_type = "priority/multifactor",
					 .half_life = "00:00:00",
					 .reset = "NONE",
					 .enforce = "associations,limits,qos,safe"};
	(void)snprintf(cluster->name, sizeof(cluster->name), "%s", name);
	return cluster;
}

static struct fake_account *find_account(struct fake_cluster *cluster, const char *name)
{
	for (size_t i = 0; i < cluster->count; i++) {
		if (strcmp(cluster->accounts[i].name, name) == 0)
			return &cluster->accounts[i];
	}
	return NULL;
}

struct fake_account *fake_account(const char *cluster_name, const char *name)
{
	struct fake_cluster *cluster = fake_cluster(cluster_name);
	struct fake_account *account = find_account(cluster, name);

	if (account)
		return account;
	cluster->accounts =
		reallocarray(cluster->accounts, cluster->count + 1, sizeof(*cluster->accounts));
	ck_assert_ptr_nonnull(cluster->accounts);
	account = &cluster->accounts[cluster->count++];
	*account = (struct fake_account){0};
	(void)snprintf(account->name, sizeof(account->name), "%s", name);
	return account;
}

void fake_remove_account(const char *cluster_name, const char *name)
{
	struct fake_cluster *cluster = fake_cluster(cluster_name);
	struct fake_account *account = find_account(cluster, name);

	ck_assert_ptr_nonnull(account);
	*account = cluster->accounts[--cluster->count];
}

/* ---- the programs ---- */

/* The children of [parent], each followed by its own, one blank deeper. */
static void answer_children(const struct fake_cluster *cluster, const char *parent, int depth,
			    FILE *out)
{
	for (size_t i = 0; i < cluster->count; i++) {
		const struct fake_account *account = &cluster->accounts[i];

		if (strcmp(account->parent, parent) != 0)
			continue;
		fprintf(out, "%s|%*s%s||%" PRId64 "|%s\n", cluster->name, depth, "", account->name,
			account->usage, account->limits);
		fprintf(out, "%s|%*s %s|someone|7|\n", cluster->name, depth, "", account->name);
		answer_children(cluster, account->name, depth + 1, out);
	}
}

static void answer_sshare(const struct fake_cluster *cluster, FILE *out)
{
	fprintf(out, "CLUSTER: %s\nCluster|Account|User|RawUsage|GrpTRESMins\n", cluster->name);
	if (fake_mode[FAKE_SSHARE] == FAKE_NO_ROWS)
		return;
	fprintf(out, "%s|root||0|\n%s| root|root|0|\n", cluster->name, cluster->name);
	answer_children(cluster, "", 1, out);
}

static void answer_scontrol(const struct fake_cluster *cluster, FILE *out)
{
	fprintf(out,
		"Configuration data as of 2026-11-22T17:00:00\n"
		"AccountingStorageEnforce = %s\n"
		"BOOT_TIME               = 2026-11-22T16:00:00\n"
		"ClusterName             = %s\n",
		cluster->enforce, cluster->name);
	if (strcmp(cluster->priority_type, "priority/multifactor") == 0)
		fprintf(out, "PriorityDecayHalfLife   = %s\nPriorityUsageResetPeriod = %s\n",
			cluster->half_life, cluster->reset);
	fprintf(out,
		"PriorityType            = %s\n"
		"SLURM_VERSION           = %s\n",
		cluster->priority_type, cluster->version);
}

/* Sets or clears one TRES of "cpu=5000,gres/gpu=7". */
static void change_limit(char limits[256], const char *tres, const char *value)
{
	char old[256], *rest = old, *item;
	size_t len = strlen(tres), at = 0;

	memcpy(old, limits, sizeof(old));
	limits[0] = '\0';
	while ((item = strsep(&rest, ","))) {
		if (*item && !(strncmp(item, tres, len) == 0 && item[len] == '='))
			at += (size_t)snprintf(limits + at, 256 - at, "%s%s", at ? "," : "", item);
	}
	if (strcmp(value, "-1") != 0)
		(void)snprintf(limits + at, 256 - at, "%s%s=%s", at ? "," : "", tres, value);
}

/* sacctmgr -i modify account where account=A,B cluster=C set GrpTRESMins=cpu=0 */
static int answer_sacctmgr(const char *const argv[], FILE *out)
{
	char *names, *rest, *name, *setting, *tres, *value;
	struct fake_cluster *cluster;
	bool changed = false;

	for (size_t i = 0; i < 9; i++)
		ck_assert_ptr_nonnull(argv[i]);
	ck_assert_ptr_null(argv[9]);
	ck_assert_str_eq(argv[1], "-i");
	ck_assert_str_eq(argv[4], "where");
	ck_assert_int_eq(strncmp(argv[5], "account=", 8), 0);
	ck_assert_int_eq(strncmp(argv[6], "cluster=", 8), 0);
	ck_assert_str_eq(argv[7], "set");
	ck_assert_int_eq(strncmp(argv[8], "GrpTRESMins=", 12), 0);
	names = rest = strdup(argv[5] + 8);
	setting = tres = strdup(argv[8] + 12);
	ck_assert(names && setting);
	value = strrchr(setting, '=');
	ck_assert_ptr_nonnull(value);
	*value++ = '\0';
	cluster = find_cluster(argv[6] + 8);
	while (cluster && (name = strsep(&rest, ","))) {
		struct fake_account *account = find_account(cluster, name);

		if (!account)
			continue;
		changed = true;
		if (!cluster->deaf && fake_mode[FAKE_SACCTMGR] != FAKE_LIES)
			change_limit(account->limits, tres, value);
	}
	free(names);
	free(setting);
	fputs(changed ? " Modified account associations...\n" : " Nothing modified\n", out);
	return changed ? 0 : 1;
}

static const char *cluster_of(enum fake_program program, const char *const argv[])
{
	for (size_t i = 1; program != FAKE_SACCTMGR && argv[i]; i++) {
		if (strcmp(argv[i], "-M") == 0)
			return argv[i + 1];
	}
	return "dev";
}

/* What the modes do that make no answer; 1 when there is one to make. */
static int misbehave(enum fake_program program, const char *name, struct run_result *ret,
		     struct slurm_error *err)
{
	switch (fake_mode[program]) {
	case FAKE_TIMES_OUT:
		return slurm_error_set(err, SLURM_ETIMEOUT,
				       "%s did not end before its deadline: killed", name);
	case FAKE_MISSING:
		return slurm_error_set(err, SLURM_EMISSING, "%s: No such file or directory", name);
	case FAKE_FAILS:
		*ret = (struct run_result){.out = strdup(""), .status = 1};
		(void)snprintf(ret->err_line, sizeof(ret->err_line), "%s: error: the fake fails",
			       name);
		return 0;
	case FAKE_EMPTY:
		*ret = (struct run_result){.out = strdup("")};
		return 0;
	case FAKE_MALFORMED:
		*ret = (struct run_result){.out = strdup("x|y\n<html>\n"), .out_len = 11};
		return 0;
	default:
		return 1;
	}
}

int fake_run(const char *const argv[], int deadline_ms, struct run_result *ret,
	     struct slurm_error *err)
{
	static const char *const names[FAKE_PROGRAMS] = {"sshare", "sacctmgr", "scontrol"};
	struct run_result answer = {0};
	struct fake_cluster *cluster;
	enum fake_program program = FAKE_SSHARE;
	FILE *out;
	int rc;

	ck_assert_int_gt(deadline_ms, 0);
	while (program < FAKE_PROGRAMS && strcmp(argv[0], names[program]) != 0)
		program++;
	ck_assert_msg(program < FAKE_PROGRAMS, "the fake has no program %s", argv[0]);
	fake_calls[program]++;
	if (fake_hook)
		fake_hook(program);
	rc = misbehave(program, argv[0], ret, err);
	if (rc <= 0)
		return rc;
	cluster = find_cluster(cluster_of(program, argv));
	out = open_memstream(&answer.out, &answer.out_len);
	ck_assert_ptr_nonnull(out);
	if (program == FAKE_SACCTMGR) {
		answer.status = answer_sacctmgr(argv, out);
	} else if (!cluster || cluster->silent) {
		answer.status = 1;
		(void)snprintf(answer.err_line, sizeof(answer.err_line),
			       "%s: error: it can't be reached now", argv[0]);
	} else if (program == FAKE_SSHARE) {
		answer_sshare(cluster, out);
	} else {
		answer_scontrol(cluster, out);
	}
	ck_assert_int_eq(fclose(out), 0);
	if (fake_mode[program] == FAKE_KILLED)
		answer.status = 128 + 9;
	*ret = answer;
	return 0;
}
