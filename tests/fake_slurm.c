/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/fake_slurm.h"

#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CLUSTERS_MAX = 4 };

enum fake_mode fake_mode[FAKE_PROGRAMS];
int fake_calls[FAKE_PROGRAMS];
int fake_shows, fake_modifies;
enum fake_mode fake_show_mode;
const char *fake_reservations;
const char *fake_coordinators, *fake_disabled;
const char *fake_default_account = "";
const char *fake_qos;
const char *fake_bounds;
const char *fake_private, *fake_level, *fake_dbd_version;
int fake_dbd_user;
char fake_line[4096];
void (*fake_hook)(enum fake_program program);

static struct fake_cluster clusters[CLUSTERS_MAX];
static size_t cluster_count;

void fake_release(void)
{
	for (size_t i = 0; i < cluster_count; i++) {
		free(clusters[i].accounts);
		free(clusters[i].more_jobs);
	}
	memset(clusters, 0, sizeof(clusters));
	cluster_count = 0;
}

void fake_reset(void)
{
	fake_release();
	memset(fake_mode, 0, sizeof(fake_mode));
	memset(fake_calls, 0, sizeof(fake_calls));
	fake_shows = fake_modifies = 0;
	fake_show_mode = FAKE_OK;
	fake_qos = "normal|||||1.000000\n";
	fake_bounds = "|||||||";
	fake_reservations = "";
	fake_coordinators = fake_disabled = "";
	fake_private = "none";
	fake_dbd_version = "22.05.8";
	fake_level = "Administrator";
	fake_dbd_user = 64030;
	fake_line[0] = '\0';
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
	*cluster = (struct fake_cluster){.priority_type = "priority/multifactor",
					 .half_life = "00:00:00",
					 .reset = "NONE",
					 .enforce = "associations,limits,qos,safe",
					 .calc_period = "00:05:00",
					 .flags = "",
					 .version = "22.05.8",
					 .private_data = "none",
					 .preempt_type = "preempt/none",
					 .slurm_user = 64030,
					 .job_submit = "(null)",
					 .partitions =
						 "PartitionName=main Default=YES QoS=N/A State=UP "
						 "TRES=cpu=16,mem=1000M,node=1,billing=16 "
						 "TRESBillingWeights=CPU=1.0\n",
					 .jobs = "",
					 .runaway = ""};
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
	size_t at = cluster->count++;
	for (; at > 0 && strcmp(cluster->accounts[at - 1].name, name) > 0; at--)
		cluster->accounts[at] = cluster->accounts[at - 1];
	account = &cluster->accounts[at];
	*account = (struct fake_account){.grp_jobs = -1, .grp_submit_jobs = -1};
	(void)snprintf(account->name, sizeof(account->name), "%s", name);
	return account;
}

struct fake_member *fake_member(const char *cluster_name, const char *name, const char *user)
{
	static int ids = 500;
	struct fake_account *account = fake_account(cluster_name, name);
	struct fake_member *member = &account->members[account->member_count++];

	ck_assert_uint_le(account->member_count, FAKE_MEMBERS);
	*member = (struct fake_member){.id = ++ids};
	(void)snprintf(member->user, sizeof(member->user), "%s", user);
	return member;
}

void fake_remove_account(const char *cluster_name, const char *name)
{
	struct fake_cluster *cluster = fake_cluster(cluster_name);
	struct fake_account *account = find_account(cluster, name);

	ck_assert_ptr_nonnull(account);
	cluster->count--;
	for (; account < cluster->accounts + cluster->count; account++)
		*account = account[1];
}

static const char *parent_of(const struct fake_account *account)
{
	return account->parent[0] || strcmp(account->name, "root") == 0 ? account->parent : "root";
}

/* ---- the programs ---- */

static bool shows_members; /* sshare -a */

static void print_member(const struct fake_cluster *cluster, const struct fake_account *account,
			 const struct fake_member *member, int depth, FILE *out)
{
	int64_t minutes = member->usage / 60;

	fprintf(out, "%s|%d|", cluster->name, member->id);
	if (member->raw_usage[0])
		fprintf(out, "%s", member->raw_usage);
	else
		fprintf(out, "%" PRId64, member->usage);
	fprintf(out,
		"|%s|cpu=%" PRId64 ",billing=%" PRId64 ",gres/gpu=0|cpu=0,billing=0|%s|%*s%s\n",
		member->limits, minutes, minutes, member->user, depth + 1, "", account->name);
}

static void print_share(const struct fake_cluster *cluster, const struct fake_account *account,
			int depth, FILE *out)
{
	int64_t minutes = account->usage / 60;
	int id = -1;

	/* The uppermost may be none of the cluster's. */
	if (cluster->count > 0 && account >= cluster->accounts &&
	    account < cluster->accounts + cluster->count)
		id = 2 * (int)(account - cluster->accounts);
	fprintf(out, "%s|%d|", cluster->name, id + 2);
	if (account->raw_usage[0])
		fprintf(out, "%s", account->raw_usage);
	else
		fprintf(out, "%" PRId64, account->usage);
	fprintf(out, "|%s|", account->limits);
	if (account->tres_raw[0])
		fprintf(out, "%s|", account->tres_raw);
	else
		fprintf(out,
			"cpu=%" PRId64 ",mem=0,energy=0,node=0,billing=%" PRId64
			",fs/disk=0,vmem=0,pages=0,gres/gpu=0|",
			minutes, minutes);
	fprintf(out, "cpu=%" PRId64 ",mem=0,billing=%" PRId64 "||%*s%s\n", account->running,
		account->running, depth, "", account->name);
	fprintf(out, "%s|%d|7||cpu=0,billing=0|cpu=0,billing=0|someone|%*s%s\n", cluster->name,
		id + 3, depth + 1, "", account->name);
	for (size_t i = 0; shows_members && i < account->member_count; i++)
		print_member(cluster, account, &account->members[i], depth, out);
}

/* Returns how many accounts it printed. */
static size_t print_children(const struct fake_cluster *cluster, const char *parent, int depth,
			     FILE *out)
{
	size_t printed = 0;

	for (size_t i = 0; i < cluster->count; i++) {
		const struct fake_account *account = &cluster->accounts[i];

		if (strcmp(parent_of(account), parent) != 0)
			continue;
		print_share(cluster, account, depth, out);
		printed += 1 + print_children(cluster, account->name, depth + 1, out);
	}
	return printed;
}

static void answer_sshare(struct fake_cluster *cluster, FILE *out)
{
	const struct fake_account *root = find_account(cluster, "root");
	size_t printed;

	fprintf(out,
		"CLUSTER: "
		"%s\nCluster|ID|RawUsage|GrpTRESMins|GrpTRESRaw|TRESRunMins|User|Account\n",
		cluster->name);
	if (fake_mode[FAKE_SSHARE] == FAKE_NO_ROWS)
		return;
	if (!root)
		print_share(cluster, &(struct fake_account){.name = "root"}, 0, out);
	printed = root ? print_children(cluster, "", 0, out)
		       : print_children(cluster, "root", 1, out);
	ck_assert_msg(printed == cluster->count, "an account of %s is under one that is not there",
		      cluster->name);
}

static void answer_scontrol(const struct fake_cluster *cluster, const char *const argv[], FILE *out)
{
	size_t last = 1;

	while (argv[last + 1])
		last++;
	if (strcmp(argv[last], "partition") == 0) {
		ck_assert_str_eq(argv[last - 2], "-o");
		fputs(cluster->partitions, out);
		return;
	}
	if (strcmp(argv[last], "node") == 0) {
		ck_assert_str_eq(argv[last - 2], "-o");
		fputs("NodeName=n1 CPUTot=64 RealMemory=64000 Sockets=2 ThreadsPerCore=2 "
		      "Partitions=main,gpu CfgTRES=cpu=64,mem=62.50G,gres/gpu=6\n",
		      out);
		return;
	}
	ck_assert_str_eq(argv[last], "config");
	fprintf(out,
		"Configuration data as of 2026-11-22T17:00:00\n"
		"AccountingStorageEnforce = %s\n"
		"AccountingStorageTRES   = "
		"cpu,mem,energy,node,billing,fs/disk,vmem,pages,gres/gpu\n"
		"BOOT_TIME               = 2026-11-22T16:00:00\n"
		"ClusterName             = %s\n"
		"JobSubmitPlugins        = %s\n",
		cluster->enforce, cluster->name, cluster->job_submit);
	if (strcmp(cluster->priority_type, "priority/multifactor") == 0)
		fprintf(out,
			"PriorityDecayHalfLife   = %s\n"
			"PriorityCalcPeriod      = %s\n"
			"PriorityFlags           = %s\n"
			"PriorityUsageResetPeriod = %s\n",
			cluster->half_life, cluster->calc_period, cluster->flags, cluster->reset);
	fprintf(out,
		"PreemptType             = %s\n"
		"PriorityType            = %s\n"
		"PrivateData             = %s\n"
		"SlurmUser               = slurm(%d)\n"
		"SLURM_VERSION           = %s\n",
		cluster->preempt_type, cluster->priority_type, cluster->private_data,
		cluster->slurm_user, cluster->version);
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

static void forget_below(struct fake_cluster *cluster, const struct fake_account *account)
{
	for (size_t i = 0; i < cluster->count; i++) {
		struct fake_account *child = &cluster->accounts[i];

		if (strcmp(parent_of(child), account->name) == 0) {
			child->usage = 0;
			forget_below(cluster, child);
		}
	}
}

/* Takes what was used from the account and all above it, and zeroes all below it. */
static void forget_usage(struct fake_cluster *cluster, struct fake_account *account)
{
	struct fake_account *above = account;
	int64_t used = account->usage;

	while ((above = find_account(cluster, parent_of(above))))
		above->usage -= above->usage < used ? above->usage : used;
	account->usage = 0;
	forget_below(cluster, account);
}

/* Does "GrpTRESMins=cpu=0", "GrpJobs=0" … or "RawUsage=0". */
static void change_account(struct fake_cluster *cluster, struct fake_account *account,
			   const char *setting)
{
	char *field = strdup(setting), *tres, *value;

	ck_assert_ptr_nonnull(field);
	tres = strchr(field, '=');
	ck_assert_ptr_nonnull(tres);
	value = strrchr(field, '=') + 1;
	*tres++ = value[-1] = '\0';
	if (strcmp(field, "GrpTRESMins") == 0)
		change_limit(account->limits, tres, value);
	else if (strcmp(field, "GrpTRESRunMins") == 0)
		change_limit(account->run_limits, tres, value);
	else if (strcmp(field, "GrpJobs") == 0)
		account->grp_jobs = strtoll(value, NULL, 10);
	else if (strcmp(field, "GrpSubmitJobs") == 0)
		account->grp_submit_jobs = strtoll(value, NULL, 10);
	else if (strcmp(setting, "RawUsage=0") == 0)
		forget_usage(cluster, account);
	else
		ck_abort_msg("the fake cannot set %s", setting);
	free(field);
}

static bool list_has(const char *list, const char *name);

/* sacctmgr -i modify user where user=U,V account=A cluster=C set GrpTRESMins=TRES=N */
static int modify_users(const char *const argv[], FILE *out)
{
	static const char field[] = "GrpTRESMins=";
	struct fake_cluster *cluster;
	struct fake_account *account;
	bool changed = false;
	char *tres, *value;

	ck_assert_ptr_null(argv[10]);
	ck_assert_int_eq(strncmp(argv[5], "user=", 5), 0);
	ck_assert_int_eq(strncmp(argv[6], "account=", 8), 0);
	ck_assert_int_eq(strncmp(argv[7], "cluster=", 8), 0);
	ck_assert_str_eq(argv[8], "set");
	ck_assert_int_eq(strncmp(argv[9], field, strlen(field)), 0);
	tres = strdup(argv[9] + strlen(field));
	ck_assert_ptr_nonnull(tres);
	value = strrchr(tres, '=');
	*value++ = '\0';
	cluster = find_cluster(argv[7] + 8);
	account = cluster ? find_account(cluster, argv[6] + 8) : NULL;
	for (size_t i = 0; account && i < account->member_count; i++) {
		struct fake_member *member = &account->members[i];

		if (!list_has(argv[5] + 5, member->user))
			continue;
		changed = true;
		if (!cluster->deaf && fake_mode[FAKE_SACCTMGR] != FAKE_LIES)
			change_limit(member->limits, tres, value);
	}
	free(tres);
	fputs(changed ? " Modified user associations...\n" : " Nothing modified\n", out);
	return changed ? 0 : 1;
}

/* sacctmgr -i modify account where account=A,B cluster=C set SETTING */
static int answer_modify(const char *const argv[], struct run_result *answer, FILE *out)
{
	struct fake_cluster *cluster;
	char *names, *rest, *name;
	bool changed = false, reset;

	for (size_t i = 0; i < 9; i++)
		ck_assert_ptr_nonnull(argv[i]);
	if (strcmp(argv[3], "user") == 0)
		return modify_users(argv, out);
	ck_assert_ptr_null(argv[9]);
	ck_assert_str_eq(argv[1], "-i");
	ck_assert_str_eq(argv[4], "where");
	ck_assert_int_eq(strncmp(argv[5], "account=", 8), 0);
	ck_assert_int_eq(strncmp(argv[6], "cluster=", 8), 0);
	ck_assert_str_eq(argv[7], "set");
	reset = strcmp(argv[8], "RawUsage=0") == 0;
	names = rest = strdup(argv[5] + 8);
	ck_assert_ptr_nonnull(names);
	cluster = find_cluster(argv[6] + 8);
	/* The limits are slurmdbd's, the usage is slurmctld's. */
	while (cluster && !(reset && cluster->silent) && (name = strsep(&rest, ","))) {
		struct fake_account *account = find_account(cluster, name);

		if (!account)
			continue;
		changed = true;
		if (!cluster->deaf && fake_mode[FAKE_SACCTMGR] != FAKE_LIES)
			change_account(cluster, account, argv[8]);
	}
	free(names);
	if (reset && !changed)
		(void)snprintf(answer->err_line, sizeof(answer->err_line),
			       "sacctmgr: error: Failed to find %s or to reach its slurmctld",
			       argv[5]);
	else if (!reset)
		fputs(changed ? " Modified account associations...\n" : " Nothing modified\n", out);
	return changed ? 0 : 1;
}

static void print_jobs(int64_t limit, FILE *out)
{
	if (limit >= 0)
		fprintf(out, "%" PRId64, limit);
}

/* Whether the comma-separated [list] holds [name]. */
static bool list_has(const char *list, const char *name)
{
	size_t len = strlen(name);

	for (;; list++) {
		if (strncmp(list, name, len) == 0 && (list[len] == ',' || list[len] == '\0'))
			return true;
		list = strchr(list, ',');
		if (!list)
			return false;
	}
}

/* sacctmgr -P show assoc where user=USER format=Cluster,User,Account */
static void answer_users(const char *user, bool rows, FILE *out)
{
	fputs("Cluster|User|Account\n", out);
	for (size_t i = 0; rows && i < cluster_count; i++) {
		for (size_t j = 0; j < clusters[i].count; j++) {
			const struct fake_account *account = &clusters[i].accounts[j];

			if (!*user || list_has(account->users, user))
				fprintf(out, "%s|%s|%s\n", clusters[i].name, user, account->name);
		}
	}
}

/* sacctmgr -P show user where name=USER withassoc format=… */
static void answer_memberships(const char *user, bool rows, FILE *out)
{
	fputs("User|Cluster|Partition|QOS|Def QOS|Def Acct|Account\n", out);
	for (size_t i = 0; rows && i < cluster_count; i++) {
		for (size_t j = 0; j < clusters[i].count; j++) {
			const struct fake_account *account = &clusters[i].accounts[j];

			if (list_has(account->users, user))
				fprintf(out, "%s|%s||free,normal||%s|%s\n", user, clusters[i].name,
					fake_default_account, account->name);
		}
	}
}

/* sacctmgr -P show assoc where cluster=A,B format=ID and format=ID,Cluster,Account,User: the
 * accounts and their users */
static void answer_members(const char *clusters_asked, bool ids, bool rows, FILE *out)
{
	int id = 100;

	fputs(ids ? "ID\n" : "ID|Cluster|Account|User\n", out);
	for (size_t i = 0; rows && i < cluster_count; i++) {
		if (!list_has(clusters_asked, clusters[i].name))
			continue;
		for (size_t j = 0; j < clusters[i].count; j++) {
			const struct fake_account *account = &clusters[i].accounts[j];
			const char *user = "";
			size_t len = 0;

			/* First the account itself. */
			do {
				if (ids)
					fprintf(out, "%d\n", id++);
				else
					fprintf(out, "%d|%s|%s|%.*s\n", id++, clusters[i].name,
						account->name, (int)len, user);
				user = len ? user + len + (user[len] == ',') : account->users;
				len = strcspn(user, ",");
			} while (len > 0);
		}
	}
}

/* The rows of fake_qos with the name last. */
static void answer_qos(bool rows, FILE *out)
{
	fputs("GrpTRESMins|GrpTRESRunMins|GrpJobs|GrpSubmit|UsageFactor|Flags|Name\n", out);
	for (const char *row = fake_qos; rows && *row;) {
		size_t name = strcspn(row, "|"), len = strcspn(row, "\n"), bars = 0;

		for (size_t i = 0; i < len; i++)
			bars += row[i] == '|';
		fprintf(out, "%.*s%s|%.*s\n", (int)(len - name - 1), row + name + 1,
			bars < 6 ? "|" : "", (int)name, row);
		row += len + (row[len] == '\n');
	}
}

/* sacctmgr -P show qos where name=NAME format=MaxWall,… */
static void answer_bounds(const char *name, bool rows, FILE *out)
{
	fputs("MaxWall|MaxTRES|MaxTRESMins|MaxTRESPU|MaxJobsPU|MaxSubmitPU|GrpTRES|GrpWall|Name\n",
	      out);
	if (rows)
		fprintf(out, "%s|%s\n", fake_bounds, name);
}

/* sacctmgr -P show assoc where cluster=C account=A,B format=Cluster,QOS,User,Account */
static void answer_lists(const struct fake_cluster *cluster, const char *accounts, bool rows,
			 FILE *out)
{
	static const char both[] = "normal,scav";

	fputs("Cluster|QOS|User|Account\n", out);
	if (!rows || !cluster)
		return;
	if (list_has(accounts, "root"))
		fprintf(out, "%s|%s||root\n", cluster->name,
			cluster->root_qos ? cluster->root_qos : both);
	for (size_t i = 0; i < cluster->count; i++) {
		const struct fake_account *account = &cluster->accounts[i];
		const char *qos = account->qos ? account->qos : both;

		if (list_has(accounts, account->name))
			fprintf(out, "%s|%s||%s\n%s|%s|someone|%s\n", cluster->name, qos,
				account->name, cluster->name,
				account->user_qos ? account->user_qos : qos, account->name);
	}
}

/* sacctmgr -P show assoc where cluster=C user= format=ID,ParentID */
static void answer_parents(struct fake_cluster *cluster, FILE *out)
{
	fputs("ID|ParentID\n1|0\n", out);
	for (size_t i = 0; cluster && i < cluster->count; i++) {
		const char *parent = parent_of(&cluster->accounts[i]);
		const struct fake_account *above = find_account(cluster, parent);

		fprintf(out, "%zu|%zu\n", 2 * i + 2,
			above	  ? 2 * (size_t)(above - cluster->accounts) + 2
			: *parent ? 1
				  : (size_t)0);
	}
}

/* sacctmgr -P show assoc where cluster=C account=A,B user=U,V format=ID,User,Account */
static void answer_ids(const struct fake_cluster *cluster, const char *accounts, const char *users,
		       FILE *out)
{
	fputs("ID|User|Account\n", out);
	for (size_t i = 0; cluster && i < cluster->count; i++) {
		const struct fake_account *account = &cluster->accounts[i];

		for (size_t j = 0; j < account->member_count; j++) {
			if (list_has(accounts, account->name) &&
			    list_has(users, account->members[j].user))
				fprintf(out, "%d|%s|%s\n", account->members[j].id,
					account->members[j].user, account->name);
		}
	}
}

/* sacctmgr -P show reservation cluster=C start=… format=…, sacctmgr show config, sacctmgr -n -P
 * show user where name=USER format=AdminLevel, sacctmgr -P show assoc where cluster=C account=A,B
 * format=… and sacctmgr -P show qos format=… */
static void answer_show(const char *const argv[], bool rows, FILE *out)
{
	struct fake_cluster *cluster;

	if (strcmp(argv[1], "show") == 0) {
		ck_assert_str_eq(argv[2], "config");
		/* What slurm.conf has stands first. */
		fprintf(out,
			"Configuration data as of 2026-11-22T17:00:00\n"
			"PrivateData            = everything\n"
			"SlurmUserId            = nobody(65534)\n\n"
			"SlurmDBD configuration:\n"
			"PrivateData            = %s\n"
			"SlurmUser              = slurm(%d)\n"
			"SLURMDBD_VERSION       = %s\n%s",
			fake_private, fake_dbd_user, fake_dbd_version, fake_disabled);
		return;
	}
	if (strcmp(argv[1], "-n") == 0) {
		ck_assert_str_eq(argv[4], "user");
		ck_assert_str_eq(argv[6], "name=slurm");
		ck_assert_str_eq(argv[7], "format=AdminLevel");
		fputs(fake_level, out);
		if (*fake_level)
			fputc('\n', out);
		return;
	}
	ck_assert_str_eq(argv[1], "-P");
	if (strcmp(argv[3], "qos") == 0 && strcmp(argv[4], "where") == 0) {
		answer_bounds(argv[5] + strlen("name="), rows, out);
		return;
	}
	if (strcmp(argv[3], "qos") == 0) {
		answer_qos(rows, out);
		return;
	}
	if (strcmp(argv[3], "user") == 0) {
		ck_assert_str_eq(argv[6], "withassoc");
		answer_memberships(argv[5] + strlen("name="), rows, out);
		return;
	}
	if (strcmp(argv[3], "account") == 0) {
		ck_assert_str_eq(argv[4], "withcoord");
		ck_assert_str_eq(argv[5], "format=Coordinators,Account");
		fprintf(out, "Coord Accounts|Account\n%s", rows ? fake_coordinators : "");
		return;
	}
	if (strcmp(argv[3], "reservation") == 0) {
		ck_assert_str_eq(argv[6], "format=ID,TimeStart,Name");
		fprintf(out, "ID|TimeStart|Name\n%s", rows ? fake_reservations : "");
		return;
	}
	ck_assert_str_eq(argv[3], "assoc");
	ck_assert_str_eq(argv[4], "where");
	if (strncmp(argv[5], "user=", 5) == 0) {
		ck_assert_str_eq(argv[6], "format=Cluster,User,Account");
		answer_users(argv[5] + 5, rows, out);
		return;
	}
	ck_assert_int_eq(strncmp(argv[5], "cluster=", 8), 0);
	if (strncmp(argv[6], "format=ID", 9) == 0) {
		answer_members(argv[5] + 8, !argv[6][9], rows, out);
		return;
	}
	if (strcmp(argv[6], "user=") == 0) {
		ck_assert_str_eq(argv[7], "format=ID,ParentID");
		answer_parents(find_cluster(argv[5] + 8), out);
		return;
	}
	ck_assert_int_eq(strncmp(argv[6], "account=", 8), 0);
	if (strncmp(argv[7], "user=", 5) == 0) {
		ck_assert_str_eq(argv[8], "format=ID,User,Account");
		answer_ids(find_cluster(argv[5] + 8), argv[6] + 8, argv[7] + 5, out);
		return;
	}
	if (strcmp(argv[7], "format=Cluster,QOS,User,Account") == 0) {
		answer_lists(find_cluster(argv[5] + 8), argv[6] + 8, rows, out);
		return;
	}
	fputs("Cluster|GrpTRESMins|GrpTRESRunMins|GrpJobs|GrpSubmit|User|Account\n", out);
	cluster = find_cluster(argv[5] + 8);
	for (size_t i = 0; rows && cluster && i < cluster->count; i++) {
		const struct fake_account *account = &cluster->accounts[i];

		if (!list_has(argv[6] + 8, account->name))
			continue;
		fprintf(out, "%s|%s|%s|", cluster->name, account->limits, account->run_limits);
		print_jobs(account->grp_jobs, out);
		fputc('|', out);
		print_jobs(account->grp_submit_jobs, out);
		fprintf(out, "||%s\n%s|||||someone|%s\n", account->name, cluster->name,
			account->name);
	}
}

static const char *option_of(const char *const argv[], const char *name)
{
	for (size_t i = 1; argv[i]; i++) {
		if (strcmp(argv[i], name) == 0)
			return argv[i + 1];
	}
	return NULL;
}

static int64_t seconds_of(const char *const argv[], const char *name)
{
	const char *text = option_of(argv, name);

	ck_assert(text && strncmp(text, "uts", 3) == 0);
	return strtoll(text + 3, NULL, 10);
}

static const char *otherwise(const char *text, const char *default_text)
{
	return text ? text : default_text;
}

/* In a row of fake_add_job(), before the id of the reservation. */
#define RESERVED "\003"

void fake_add_job(const char *name, struct fake_job job)
{
	struct fake_cluster *cluster = fake_cluster(name);
	char *old = cluster->more_jobs, *rest = old, *row, key[64], start[32], end[32], number[32];
	int64_t submit = job.submit ? job.submit : job.start - 5;
	uint64_t index = job.index    ? job.index
			 : job.id % 2 ? (uint64_t)job.id
				      : FAKE_HIGH_INDEX + (uint64_t)job.id;
	size_t len;
	FILE *to = open_memstream(&cluster->more_jobs, &len);

	ck_assert_ptr_nonnull(to);
	(void)snprintf(number, sizeof(number), "%d", job.id);
	(void)snprintf(key, sizeof(key), "%d|%" PRId64, job.id, submit);
	(void)snprintf(start, sizeof(start), "%" PRId64, job.start);
	(void)snprintf(end, sizeof(end), "%" PRId64, job.start ? job.start + job.ran : submit + 1);
	while (old && (row = strsep(&rest, "\n")) && *row) {
		int id = 0;
		char has[64];
		const char *at = row;

		ck_assert_int_eq(sscanf(row, "%d|", &id), 1);
		for (int i = 0; i < 8; i++)
			at = strchr(at, '|') + 1;
		(void)snprintf(has, sizeof(has), "%d|%.*s", id, (int)strcspn(at, "|"), at);
		if (strcmp(has, key) != 0)
			fprintf(to, "%s\n", row);
	}
	fprintf(to, "%d|%s|%" PRIu64 "|%s|%s|%s|%s|%s|%" PRId64 "|%s|%s|", job.id,
		otherwise(job.name, number), index, otherwise(job.account, "bio"),
		otherwise(job.user, "ann"), otherwise(job.partition, "main"),
		otherwise(job.qos, "normal"),
		otherwise(job.state, job.runs ? "RUNNING" : "COMPLETED"), submit,
		job.start ? start : "None", job.runs ? "Unknown" : end);
	fprintf(to, "%" PRId64 "|%02d:%02d:%02d|%s|", job.ran - job.suspended,
		(int)(job.suspended / 3600), (int)(job.suspended / 60 % 60),
		(int)(job.suspended % 60),
		job.start ? otherwise(job.tres, "billing=1,cpu=1,node=1") : "");
	if (job.limit)
		fprintf(to, "%" PRId64, job.limit / 60);
	else
		fputs("UNLIMITED", to);
	if (job.reservation)
		fprintf(to, RESERVED "%d", job.reservation);
	fputc('\n', to);
	ck_assert_int_eq(fclose(to), 0);
	free(old);
}

/* Prints the line with the delimiter that was asked for between its fields. */
static void print_fields(const char *delimiter, const char *line, FILE *out)
{
	for (; *line; line++) {
		if (*line == '|')
			fputs(delimiter, out);
		else
			fputc(*line == *FAKE_BAR       ? '|'
			      : *line == *FAKE_NEWLINE ? '\n'
						       : *line,
			      out);
	}
	fputc('\n', out);
}

/* The row as sacct prints it: what is behind RESERVED goes before the last field, or is left out.
 */
static char *make_row(const char *cluster, const char *row, bool reservations)
{
	const char *reserved = strstr(row, RESERVED);
	size_t len = reserved ? (size_t)(reserved - row) : strlen(row), ahead = len;
	char *whole;

	while (ahead > 0 && row[ahead - 1] != '|')
		ahead--;
	ck_assert_int_ge(asprintf(&whole, "%s|%.*s%s%s%.*s", cluster, (int)ahead, row,
				  reservations && reserved ? reserved + strlen(RESERVED) : "",
				  reservations ? "|" : "", (int)(len - ahead), row + ahead),
			 0);
	return whole;
}

/* sacct … --delimiter TEXT -M C -S utsN -E utsN … [-A A,B] [-j 1,2]: the jobs that overlap the
 * window, with the time that they waited. */
static void answer_sacct(const struct fake_cluster *cluster, const char *const argv[], bool rows,
			 FILE *out)
{
	const char *accounts = option_of(argv, "-A"), *ids = option_of(argv, "-j");
	const char *delimiter = option_of(argv, "--delimiter");
	int64_t since = seconds_of(argv, "-S"), until = seconds_of(argv, "-E");
	const bool reservations = strstr(option_of(argv, "-o"), ",ReservationId,");
	const char *more = cluster->more_jobs ? cluster->more_jobs : "";
	char *copy, *rest, *row;

	ck_assert(delimiter && *delimiter);
	ck_assert_int_ge(asprintf(&copy, "%s%s", rows ? cluster->jobs : "", rows ? more : ""), 0);
	rest = copy;
	print_fields(
		delimiter,
		reservations
			? "Cluster|JobIDRaw|JobID|DBIndex|Account|User|Partition|QOS|State|Submit|"
			  "Start|End|ElapsedRaw|Suspended|AllocTRES|ReservationId|TimelimitRaw"
			: "Cluster|JobIDRaw|JobID|DBIndex|Account|User|Partition|QOS|State|Submit|"
			  "Start|End|ElapsedRaw|Suspended|AllocTRES|TimelimitRaw",
		out);
	while ((row = strsep(&rest, "\n")) && *row) {
		char *line = strdup(row), *at = line, *cells[15], *whole;

		ck_assert_ptr_nonnull(line);
		for (size_t i = 0; i < 15; i++) {
			cells[i] = strsep(&at, "|");
			ck_assert_msg(cells[i], "a job has too few fields: %s", row);
		}
		int64_t submit = strtoll(cells[8], NULL, 10), start = strtoll(cells[9], NULL, 10);
		/* A resized job is in a row with the time of that for its submission. */
		int64_t begin = start && start < submit ? start : submit;
		bool ended = strcmp(cells[10], "Unknown") != 0;
		if (begin < until && (!ended || strtoll(cells[10], NULL, 10) >= since) &&
		    (!accounts || list_has(accounts, cells[3])) &&
		    (!ids || list_has(ids, cells[0]))) {
			whole = make_row(cluster->name, row, reservations);
			print_fields(delimiter, whole, out);
			free(whole);
		}
		free(line);
	}
	free(copy);
}

/* squeue -a -t all -M CLUSTER -o %A */
static void answer_squeue(const struct fake_cluster *cluster, FILE *out)
{
	const char *more = cluster->more_jobs ? cluster->more_jobs : "";
	char *copy, *rest, *row;

	fprintf(out, "CLUSTER: %s\nJOBID\n", cluster->name);
	ck_assert_int_ge(asprintf(&copy, "%s%s", cluster->jobs, more), 0);
	rest = copy;
	while ((row = strsep(&rest, "\n")) && *row) {
		char *id = strsep(&row, "|");

		if (strstr(row, "|Unknown|") && !list_has(cluster->runaway, id))
			fprintf(out, "%s\n", id);
	}
	fputs(cluster->queue ? cluster->queue : "", out);
	free(copy);
}

struct fake_queued *fake_add_queued(const char *name, struct fake_queued job)
{
	struct fake_cluster *cluster = fake_cluster(name);
	struct fake_queued *to = &cluster->queued[cluster->queued_count++];

	ck_assert_uint_le(cluster->queued_count, FAKE_QUEUED);
	*to = job;
	to->account = otherwise(job.account, "bio");
	to->state = otherwise(job.state, "PD");
	if (!*to->limit)
		(void)snprintf(to->limit, sizeof(to->limit), "10:00");
	if (!*to->qos)
		(void)snprintf(to->qos, sizeof(to->qos), "normal");
	return to;
}

struct fake_queued *fake_find_queued(const char *name, const char *job)
{
	struct fake_cluster *cluster = fake_cluster(name);

	for (size_t i = 0; i < cluster->queued_count; i++) {
		if (strcmp(cluster->queued[i].name, job) == 0)
			return &cluster->queued[i];
	}
	ck_abort_msg("squeue has no job %s", job);
}

void fake_end_queued(const char *name, const char *job)
{
	struct fake_cluster *cluster = fake_cluster(name);
	struct fake_queued *queued = fake_find_queued(name, job);

	cluster->queued_count--;
	for (; queued < cluster->queued + cluster->queued_count; queued++)
		*queued = queued[1];
}

/* squeue -a --array-unique -M CLUSTER -A a,b -o … */
static void answer_queued(const struct fake_cluster *cluster, const char *accounts, bool rows,
			  FILE *out)
{
	fprintf(out,
		"CLUSTER: "
		"%s\nJOBID|ARRAY_JOB_ID|ARRAY_TASK_ID|JOBID|ST|TIME_LIMIT|QOS|ACCOUNT\n",
		cluster->name);
	for (size_t i = 0; rows && i < cluster->queued_count; i++) {
		const struct fake_queued *job = &cluster->queued[i];
		const char *task = strchr(job->name, '_');

		if (list_has(accounts, job->account))
			fprintf(out, "%d|%d|%s|%s|%s|%s|%s|%s\n", job->record,
				job->array ? job->array : job->record, task ? task + 1 : "N/A",
				job->name, job->state, job->limit, job->qos, job->account);
	}
	fputs(cluster->more_queued ? cluster->more_queued : "", out);
}

/* Whether scontrol's number of a job names the record. */
static bool names_record(const char *number, const struct fake_queued *job)
{
	char record[16], array[16], name[64];

	/* scontrol does not take the number of tasks that may run at a time. */
	(void)snprintf(name, sizeof(name), "%.*s%s", (int)strcspn(job->name, "%"), job->name,
		       strchr(job->name, '%') ? "]" : "");

	(void)snprintf(record, sizeof(record), "%d", job->record);
	(void)snprintf(array, sizeof(array), "%d", job->array);
	return strcmp(number, name) == 0 || strcmp(number, record) == 0 ||
	       (job->array && strcmp(number, array) == 0);
}

/* scontrol -M CLUSTER update JobId=1,2 QOS=Q [TimeLimit=N] */
static int answer_update(struct fake_cluster *cluster, const char *const argv[],
			 struct run_result *answer)
{
	const char *qos = argv[5] + strlen("QOS="), *limit = argv[6] ? argv[6] : "";
	char *numbers, *rest, *number;
	int status = 0;

	ck_assert_str_eq(argv[3], "update");
	ck_assert_int_eq(strncmp(argv[4], "JobId=", 6), 0);
	ck_assert_int_eq(strncmp(argv[5], "QOS=", 4), 0);
	ck_assert(!argv[6] || !argv[7]);
	rest = numbers = strdup(argv[4] + 6);
	ck_assert_ptr_nonnull(numbers);
	while ((number = strsep(&rest, ","))) {
		bool known = false;

		for (size_t i = 0; i < cluster->queued_count; i++) {
			struct fake_queued *job = &cluster->queued[i];

			if (!names_record(number, job))
				continue;
			known = true;
			if (job->stuck || strcmp(job->state, "PD") != 0) {
				status = 1;
				(void)snprintf(answer->err_line, sizeof(answer->err_line),
					       "%s for job %s",
					       job->stuck ? "Invalid qos specification"
							  : "Job is no longer pending execution",
					       number);
				continue;
			}
			if (fake_mode[FAKE_SCONTROL] == FAKE_LIES)
				continue;
			(void)snprintf(job->qos, sizeof(job->qos), "%s", job->flees ? "fast" : qos);
			if (strcmp(limit, "TimeLimit=UNLIMITED") == 0)
				(void)snprintf(job->limit, sizeof(job->limit), "UNLIMITED");
			else if (*limit)
				(void)snprintf(job->limit, sizeof(job->limit), "%s:00",
					       limit + strlen("TimeLimit="));
		}
		if (!known) {
			status = 1;
			(void)snprintf(answer->err_line, sizeof(answer->err_line),
				       "Invalid job id specified for job %s", number);
		}
	}
	free(numbers);
	return status;
}

static const char *cluster_of(enum fake_program program, const char *const argv[])
{
	const char *name = program == FAKE_SACCTMGR ? NULL : option_of(argv, "-M");

	return name ? name : "dev";
}

/* What the modes do that make no answer; 1 when there is one to make. */
static int misbehave(enum fake_mode mode, const char *name, struct run_result *ret,
		     struct sb_error *err)
{
	switch (mode) {
	case FAKE_TIMES_OUT:
		return sb_error_set(err, SB_ETIMEOUT, "%s did not end before its deadline: killed",
				    name);
	case FAKE_MISSING:
		return sb_error_set(err, SB_EMISSING, "%s: No such file or directory", name);
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
	     struct sb_error *err)
{
	static const char *const names[FAKE_PROGRAMS] = {"sshare", "sacctmgr", "scontrol", "sacct",
							 "squeue"};
	struct run_result answer = {0};
	struct fake_cluster *cluster;
	enum fake_program program = FAKE_SSHARE;
	enum fake_mode mode;
	bool show;
	size_t len = 0;
	FILE *out;
	int rc;

	ck_assert_int_gt(deadline_ms, 0);
	while (program < FAKE_PROGRAMS && strcmp(argv[0], names[program]) != 0)
		program++;
	ck_assert_msg(program < FAKE_PROGRAMS, "the fake has no program %s", argv[0]);
	fake_calls[program]++;
	for (size_t i = 0; argv[i] && len < sizeof(fake_line); i++)
		len += (size_t)snprintf(fake_line + len, sizeof(fake_line) - len, "%s%s",
					i ? " " : "", argv[i]);
	show = false;
	for (size_t i = 1; program == FAKE_SACCTMGR && argv[i] && i <= 3; i++)
		show = show || strcmp(argv[i], "show") == 0;
	if (program == FAKE_SACCTMGR && strcmp(argv[1], "-V") != 0)
		(*(show ? &fake_shows : &fake_modifies))++;
	if (fake_hook)
		fake_hook(program);
	mode = show && fake_show_mode != FAKE_OK ? fake_show_mode : fake_mode[program];
	rc = misbehave(mode, argv[0], ret, err);
	if (rc <= 0)
		return rc;
	if (argv[1] && strcmp(argv[1], "-V") == 0) {
		answer.out = strdup("slurm-wlm 22.05.8\n");
		ck_assert_ptr_nonnull(answer.out);
		answer.out_len = strlen(answer.out);
		*ret = answer;
		return 0;
	}
	cluster = find_cluster(cluster_of(program, argv));
	out = open_memstream(&answer.out, &answer.out_len);
	ck_assert_ptr_nonnull(out);
	if (show) {
		answer_show(argv, mode != FAKE_NO_ROWS, out);
	} else if (program == FAKE_SACCTMGR) {
		answer.status = answer_modify(argv, &answer, out);
	} else if (program == FAKE_SACCT && cluster) {
		answer_sacct(cluster, argv, mode != FAKE_NO_ROWS, out);
	} else if (!cluster || cluster->silent) {
		answer.status = 1;
		(void)snprintf(answer.err_line, sizeof(answer.err_line),
			       "%s: error: it can't be reached now", argv[0]);
	} else if (program == FAKE_SSHARE) {
		for (size_t i = 1; argv[i]; i++)
			shows_members = shows_members || strcmp(argv[i], "-a") == 0;
		answer_sshare(cluster, out);
		shows_members = false;
	} else if (program == FAKE_SQUEUE && option_of(argv, "-A")) {
		answer_queued(cluster, option_of(argv, "-A"), mode != FAKE_NO_ROWS, out);
	} else if (program == FAKE_SQUEUE) {
		answer_squeue(cluster, out);
	} else if (argv[3] && strcmp(argv[3], "update") == 0) {
		answer.status = answer_update(cluster, argv, &answer);
	} else {
		answer_scontrol(cluster, argv, out);
	}
	ck_assert_int_eq(fclose(out), 0);
	if (mode == FAKE_KILLED)
		answer.status = 128 + 9;
	*ret = answer;
	return 0;
}

int fake_lines(const char *const argv[], const char *const env[], int deadline_ms,
	       const struct line_sink *sink, struct run_result *ret, struct sb_error *err)
{
	struct run_result answer = {0};
	char *rest, *line;
	int rc;

	ck_assert(env && env[0]);
	ck_assert_str_eq(env[0], "SLURM_TIME_FORMAT=%s");
	rc = fake_run(argv, deadline_ms, &answer, err);
	rest = answer.out;
	while (rc == 0 && answer.status == 0 && (line = strsep(&rest, "\n")) && rest)
		rc = sink->each(line, strlen(line), sink->ctx, err);
	free(answer.out);
	answer.out = NULL;
	answer.out_len = 0;
	if (rc == 0)
		*ret = answer;
	return rc;
}
