/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "slurm/scontrol.h"

#include <inttypes.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ledger/base/array.h"
#include "ledger/base/comma.h"
#include "ledger/base/number.h"
#include "slurm/error.h"
#include "slurm/table.h"

/* Finds the line "Key   = value" in [text]. Returns the value without the blanks around it, or
 * NULL. */
static const char *find_value(const char *text, const char *key, size_t *ret_len)
{
	size_t key_len = strlen(key);

	for (const char *line = text, *end; *line; line = end + (*end == '\n')) {
		const char *at, *value_end;

		end = line + strcspn(line, "\n");
		if (strncmp(line, key, key_len) != 0)
			continue;
		at = line + key_len;
		at += strspn(at, " \t");
		if (*at != '=')
			continue;
		at++;
		at += strspn(at, " \t");
		for (value_end = end; value_end > at && strchr(" \t\r", value_end[-1]);)
			value_end--;
		*ret_len = value_end > at ? (size_t)(value_end - at) : 0;
		return at;
	}
	return NULL;
}

bool config_value(const char *text, const char *key, char *to, size_t size)
{
	size_t len = 0;
	const char *value = find_value(text, key, &len);

	(void)snprintf(to, size, "%.*s", (int)(len < size ? len : size - 1), value ? value : "");
	return value;
}

bool config_uid(const char *text, const char *key, uint32_t *ret)
{
	char value[300], *uid;
	int64_t number;

	if (!config_value(text, key, value, sizeof(value)))
		return false;
	uid = strrchr(value, '(');
	if (!uid || !number_slice(uid + 1, strcspn(uid + 1, ")"), 0, UINT32_MAX - 1, &number))
		return false;
	*ret = (uint32_t)number;
	return true;
}

bool list_has(const char *list, const char *word)
{
	size_t word_len = strlen(word), len;
	const char *item;

	for (const char *rest = list; comma_next(&rest, &item, &len);) {
		if (len == word_len && strncasecmp(item, word, len) == 0)
			return true;
	}
	return false;
}

struct config_key {
	const char *name;
	char *value;
	size_t size;
};

static int read_keys(const char *text, const struct config_key keys[], size_t count,
		     struct sb_error *err)
{
	for (size_t i = 0; i < count; i++) {
		size_t len;
		const char *value = find_value(text, keys[i].name, &len);

		if (!value)
			return slurm_error(err, SB_EFORMAT,
					   "scontrol: %s is missing in its answer" SLURM_OWN,
					   keys[i].name);
		if (len >= keys[i].size)
			return slurm_error(err, SB_EFORMAT,
					   "scontrol: the value of %s is longer than %zu bytes",
					   keys[i].name, keys[i].size - 1);
		memcpy(keys[i].value, value, len);
		keys[i].value[len] = '\0';
	}
	return SB_OK;
}

/* Reads a key that may be missing. Returns whether it was there and fits. */
static bool read_key(const char *text, const char *name, char *value, size_t size)
{
	return read_keys(text, &(struct config_key){name, value, size}, 1, NULL) == SB_OK;
}

/* Reads "22.05.8", "23.11.1-1" or "24.05.0-0rc1". */
static void parse_version(const char *text, int ret[2])
{
	int64_t major, minor;
	const char *point = number_prefix(text, 0, 1000000, &major);

	if (!point || *point != '.' || !number_prefix(point + 1, 0, 1000000, &minor))
		return;
	ret[0] = (int)major;
	ret[1] = (int)minor;
}

/* Slurm prints these keys only for the plugin that uses them. */
static int parse_multifactor(const char *text, struct slurm_config *config, struct sb_error *err)
{
	const struct config_key keys[] = {
		{"PriorityDecayHalfLife", config->decay_half_life, sizeof(config->decay_half_life)},
		{"PriorityUsageResetPeriod", config->usage_reset, sizeof(config->usage_reset)},
	};
	const char *half_life = config->decay_half_life;
	char period[64], flags[256];
	int64_t seconds;

	TRY(read_keys(text, keys, sizeof(keys) / sizeof(keys[0]), err));
	/* An unknown value counts as decay, and so is refused. */
	config->decays = half_life[0] == '\0' || half_life[strspn(half_life, "0:-")] != '\0' ||
			 strcasecmp(config->usage_reset, "NONE") != 0;
	if (read_key(text, "PriorityCalcPeriod", period, sizeof(period)) &&
	    slurm_duration(period, &seconds) && seconds <= INT_MAX)
		config->calc_period = (int)seconds;
	if (!read_key(text, "PriorityFlags", flags, sizeof(flags)))
		return SB_OK;
	if (list_has(flags, "MAX_TRES"))
		config->billing = BILLING_MAX;
	else if (list_has(flags, "MAX_TRES_GRES"))
		config->billing = BILLING_MAX_GRES;
	return SB_OK;
}

static void read_defaults(const char *text, struct slurm_config *config)
{
	const struct config_key keys[] = {
		{"SelectType", config->select_type, sizeof(config->select_type)},
		{"SelectTypeParameters", config->select_parameters,
		 sizeof(config->select_parameters)},
		{"OverTimeLimit", config->over_time, sizeof(config->over_time)},
		{"DefMemPerCPU", config->memory.per_cpu, sizeof(config->memory.per_cpu)},
		{"DefMemPerNode", config->memory.per_node, sizeof(config->memory.per_node)},
		{"MaxMemPerCPU", config->memory.max_per_cpu, sizeof(config->memory.max_per_cpu)},
		{"JobDefaults", config->job_defaults, sizeof(config->job_defaults)},
	};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		(void)config_value(text, keys[i].name, keys[i].value, keys[i].size);
}

static int parse_config(const char *text, const char *cluster, struct slurm_config *config,
			struct sb_error *err)
{
	const struct config_key keys[] = {
		{"ClusterName", config->cluster, sizeof(config->cluster)},
		{"SLURM_VERSION", config->version_text, sizeof(config->version_text)},
		{"PriorityType", config->priority_type, sizeof(config->priority_type)},
		{"AccountingStorageEnforce", config->enforce, sizeof(config->enforce)},
	};

	TRY(read_keys(text, keys, sizeof(keys) / sizeof(keys[0]), err));
	(void)read_key(text, "BOOT_TIME", config->boot_time, sizeof(config->boot_time));
	(void)read_key(text, "AccountingStorageTRES", config->tres, sizeof(config->tres));
	(void)config_value(text, "PreemptType", config->preempt_type, sizeof(config->preempt_type));
	(void)config_value(text, "PrivateData", config->private_data, sizeof(config->private_data));
	read_defaults(text, config);
	(void)config_value(text, "JobSubmitPlugins", config->job_submit,
			   sizeof(config->job_submit));
	config->slurm_user = UINT32_MAX;
	(void)config_uid(text, "SlurmUser", &config->slurm_user);
	if (cluster && strcmp(cluster, config->cluster) != 0)
		return slurm_error(err, SB_EFORMAT,
				   "scontrol: asked for cluster %s, cluster \"%s\" answered: "
				   "check the cluster's name in the settings",
				   cluster, config->cluster);
	parse_version(config->version_text, config->version);
	if (strcmp(config->priority_type, "priority/multifactor") == 0)
		TRY(parse_multifactor(text, config, err));
	config->safe = list_has(config->enforce, "safe") || list_has(config->enforce, "all");
	config->qos = list_has(config->enforce, "qos") || list_has(config->enforce, "all");
	config->limits = config->safe || list_has(config->enforce, "limits");
	return SB_OK;
}

bool config_counts_tres(const struct slurm_config *config, const char *tres)
{
	return config->tres[0] == '\0' || list_has(config->tres, tres);
}

/* Runs `scontrol [-M CLUSTER] [-o] show WHAT`, with -o for [one_line]. Refuses a NUL byte in the
 * answer. On success the caller calls run_result_release(). */
static int show(const struct slurm *slurm, const char *cluster, bool one_line, const char *what,
		struct run_result *ret, struct sb_error *err)
{
	struct run_result answer = {0};
	const char *argv[7] = {slurm->scontrol};
	size_t n = 1;

	if (cluster) {
		TRY(slurm_check_cluster(cluster, err));
		argv[n++] = "-M";
		argv[n++] = cluster;
	}
	if (one_line)
		argv[n++] = "-o";
	argv[n++] = "show";
	argv[n] = what;
	TRY(slurm_ask(slurm, argv, &answer, err));
	if (strlen(answer.out) != answer.out_len) {
		run_result_release(&answer);
		return slurm_error(err, SB_EFORMAT,
				   "scontrol: a NUL byte is in its answer" SLURM_OWN);
	}
	*ret = answer;
	return SB_OK;
}

int scontrol_read_config(const struct slurm *slurm, const char *cluster, struct slurm_config *ret,
			 struct sb_error *err)
{
	struct run_result answer = {0};
	struct slurm_config config = {0};
	int code;

	TRY(show(slurm, cluster, false, "config", &answer, err));
	code = parse_config(answer.out, cluster, &config, err);
	run_result_release(&answer);
	if (code == SB_OK)
		*ret = config;
	return code;
}

/* Finds "Key=value" among the words of [line]. Returns its value, or NULL. */
static char *find_word(char *line, const char *key)
{
	size_t key_len = strlen(key);

	for (char *word = line; *word; word += strcspn(word, " "), word += strspn(word, " ")) {
		if (strncmp(word, key, key_len) == 0 && word[key_len] == '=')
			return word + key_len + 1;
	}
	return NULL;
}

/* Cuts a word that find_word() found off the line; "" for NULL. */
static const char *cut_word(char *word)
{
	if (!word)
		return "";
	word[strcspn(word, " ")] = '\0';
	return word;
}

static int parse_partition(char *line, size_t number, struct partitions *partitions,
			   struct sb_error *err)
{
	struct partition found = {0}, *row;
	const struct {
		const char *key;
		const char **value;
	} words[] = {
		{"PartitionName", &found.name},
		{"TRESBillingWeights", &found.billing_weights},
		{"QoS", &found.qos},
		{"AllowQos", &found.allow_qos},
		{"DenyQos", &found.deny_qos},
		{"Default", &found.is_default},
		{"DefaultTime", &found.default_time},
		{"MaxTime", &found.max_time},
		{"OverTimeLimit", &found.over_time},
		{"TotalNodes", &found.total_nodes},
		{"MaxNodes", &found.max_nodes},
		{"OverSubscribe", &found.oversubscribe},
		{"Exclusive", &found.exclusive},
		{"SelectTypeParameters", &found.select_parameters},
		{"DefMemPerCPU", &found.memory_per_cpu},
		{"DefMemPerNode", &found.memory_per_node},
		{"MaxMemPerCPU", &found.max_memory_per_cpu},
		{"JobDefaults", &found.job_defaults},
	};
	enum { WORDS = sizeof(words) / sizeof(words[0]) };
	char *at[WORDS];

	/* Find all words before cut_word() cuts the line. */
	for (size_t i = 0; i < WORDS; i++)
		at[i] = find_word(line, words[i].key);
	if (!at[0] || !*at[0] || *at[0] == ' ')
		return odd_rows_add(&partitions->odd, number, "PartitionName", line, "", err);
	row = array_add(partitions->rows, partitions->count);
	if (!row)
		return slurm_error_nomem(err);
	for (size_t i = 0; i < WORDS; i++)
		*words[i].value = cut_word(at[i]);
	*row = found;
	return SB_OK;
}

static int parse_partitions(char *text, struct partitions *partitions, struct sb_error *err)
{
	const struct odd_rows *odd = &partitions->odd;
	bool none = false;
	size_t number = 0;
	char *line;

	while ((line = strsep(&text, "\n"))) {
		number++;
		if (strcmp(line, "No partitions in the system") == 0)
			none = true;
		else if (line[0] != '\0')
			TRY(parse_partition(line, number, partitions, err));
	}
	if (partitions->count > 0 || (none && odd->count == 0))
		return SB_OK;
	return slurm_error(err, SB_EFORMAT,
			   "scontrol: its answer names no partition, only \"%s\"" SLURM_OWN,
			   odd->count ? odd->list[0].value : "");
}

int scontrol_read_partitions(const struct slurm *slurm, const char *cluster, struct partitions *ret,
			     struct sb_error *err)
{
	struct partitions partitions = {0};
	struct run_result answer = {0};
	int code;

	TRY(show(slurm, cluster, true, "partition", &answer, err));
	code = parse_partitions(answer.out, &partitions, err);
	partitions.text = answer.out;
	if (code == SB_OK)
		*ret = partitions;
	else
		partitions_release(&partitions);
	return code;
}

void partitions_release(struct partitions *partitions)
{
	free(partitions->rows);
	free(partitions->text);
	odd_rows_release(&partitions->odd);
	memset(partitions, 0, sizeof(*partitions));
}

const struct partition *partition_find(const struct partitions *partitions, const char *name)
{
	for (size_t i = 0; i < partitions->count; i++) {
		if (strcmp(partitions->rows[i].name, name) == 0)
			return &partitions->rows[i];
	}
	return NULL;
}

const struct partition *partition_default(const struct partitions *partitions)
{
	for (size_t i = 0; i < partitions->count; i++) {
		if (strcmp(partitions->rows[i].is_default, "YES") == 0)
			return &partitions->rows[i];
	}
	return NULL;
}

/* Adds the node of a line, unless it has no name or a number that cannot be read. */
static int parse_node(char *line, struct nodes *nodes, struct sb_error *err)
{
	static const char *const numbers[] = {"CPUTot", "ThreadsPerCore", "Sockets", "RealMemory"};
	enum { NUMBERS = sizeof(numbers) / sizeof(numbers[0]) };
	char *name = find_word(line, "NodeName"), *tres = find_word(line, "CfgTRES");
	char *partitions = find_word(line, "Partitions"), *at[NUMBERS];
	int64_t number[NUMBERS];
	struct node_row *row;

	for (size_t i = 0; i < NUMBERS; i++)
		at[i] = find_word(line, numbers[i]);
	for (size_t i = 0; i < NUMBERS; i++) {
		if (!at[i] || !number_prefix(at[i], 0, INT32_MAX, &number[i]))
			return SB_OK;
	}
	if (!name)
		return SB_OK;
	row = array_add(nodes->rows, nodes->count);
	if (!row)
		return slurm_error_nomem(err);
	*row = (struct node_row){.name = cut_word(name),
				 .partitions = cut_word(partitions),
				 .tres = cut_word(tres),
				 .size = {number[0], number[1], number[2], number[3]}};
	return SB_OK;
}

int scontrol_read_nodes(const struct slurm *slurm, const char *cluster, struct nodes *ret,
			struct sb_error *err)
{
	struct nodes nodes = {0};
	struct run_result answer = {0};
	char *rest, *line;
	int code = SB_OK;

	TRY(show(slurm, cluster, true, "node", &answer, err));
	nodes.text = rest = answer.out;
	while (!code && (line = strsep(&rest, "\n")))
		code = parse_node(line, &nodes, err);
	if (code == SB_OK)
		*ret = nodes;
	else
		nodes_release(&nodes);
	return code;
}

void nodes_release(struct nodes *nodes)
{
	free(nodes->rows);
	free(nodes->text);
	*nodes = (struct nodes){0};
}

/* ---- queued jobs ---- */

/* scontrol sends slurmctld one message a job, which took 3 ms each on a busy machine (22.05.8). A
 * call of this many stays within its deadline. */
enum { JOBS_MAX = 1000, JOB_LIST_MAX = 100 << 10 };

static int check_jobs(const char *const jobs[], size_t count, struct sb_error *err)
{
	for (size_t i = 0; i < count; i++) {
		if (strspn(jobs[i], "0123456789") == 0 ||
		    jobs[i][strspn(jobs[i], "0123456789+_[]-:,")])
			return slurm_error(err, SB_EINVAL, "\"%.100s\" is no number of a job",
					   jobs[i]);
	}
	return SB_OK;
}

/* Joins numbers to "JobId=a,b", as many as one call takes. Returns how many. */
static size_t join_jobs(char list[JOB_LIST_MAX], const char *const jobs[], size_t count)
{
	size_t len = (size_t)snprintf(list, JOB_LIST_MAX, "JobId="), done = 0;

	for (; done < count && done < JOBS_MAX; done++) {
		size_t more = strlen(jobs[done]);

		if (len + more + 2 > JOB_LIST_MAX)
			break;
		if (done > 0)
			list[len++] = ',';
		memcpy(list + len, jobs[done], more);
		len += more;
	}
	list[len] = '\0';
	return done;
}

static int move_jobs(const struct slurm *slurm, const char *cluster, const char *list,
		     const char *qos, int64_t limit, struct sb_error *err)
{
	char to_qos[sizeof("QOS=") + 255], to_limit[sizeof("TimeLimit=") + 24] = "";
	const char *const argv[] = {slurm->scontrol,
				    "-M",
				    cluster,
				    "update",
				    list,
				    to_qos,
				    limit == JOB_LIMIT_KEEP ? NULL : to_limit,
				    NULL};
	struct run_result answer = {0};

	(void)snprintf(to_qos, sizeof(to_qos), "QOS=%s", qos);
	if (limit == JOB_LIMIT_NONE)
		(void)snprintf(to_limit, sizeof(to_limit), "TimeLimit=UNLIMITED");
	else
		(void)snprintf(to_limit, sizeof(to_limit), "TimeLimit=%" PRId64, limit);
	TRY(slurm_ask(slurm, argv, &answer, err));
	run_result_release(&answer);
	return SB_OK;
}

int scontrol_move_jobs(const struct slurm *slurm, const char *cluster, const char *const jobs[],
		       size_t count, const char *qos, int64_t limit, struct sb_error *err)
{
	struct sb_error why;
	int code = SB_OK;
	char *list;

	TRY(slurm_check_cluster(cluster, err));
	TRY(check_jobs(jobs, count, err));
	if (!slurm_qos_ok(qos) || limit < JOB_LIMIT_NONE)
		return slurm_error(err, SB_EINVAL, "\"%.255s\" cannot be given to jobs as a QOS",
				   qos);
	list = malloc(JOB_LIST_MAX);
	if (!list)
		return slurm_error_nomem(err);
	for (size_t done = 0; done < count && (code == SB_OK || code == SB_EFAILED);) {
		int moved;

		done += join_jobs(list, jobs + done, count - done);
		moved = move_jobs(slurm, cluster, list, qos, limit, &why);
		if (moved != SB_OK && err && (code == SB_OK || moved != SB_EFAILED))
			*err = why;
		if (moved != SB_OK)
			code = moved;
	}
	free(list);
	return code;
}
