/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "slurm/scontrol.h"

#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ledger/base/array.h"
#include "ledger/base/comma.h"
#include "ledger/base/number.h"
#include "slurm/table.h"

static const char multifactor[] = "priority/multifactor";

/* Finds the line "Key   = value" in [text]. Returns the value and its length without blanks around
 * it, or NULL. */
static const char *find_value(const char *text, const char *key, size_t *ret_len)
{
	size_t key_len = strlen(key);

	while (*text) {
		size_t line_len = strcspn(text, "\n");
		const char *end = text + line_len;

		if (strncmp(text, key, key_len) == 0) {
			const char *at = text + key_len;

			at += strspn(at, " \t");
			if (*at == '=') {
				at++;
				at += strspn(at, " \t");
				/* Past the end when the value is empty and the line is the last. */
				while (end > at && strchr(" \t\r", end[-1]))
					end--;
				*ret_len = end > at ? (size_t)(end - at) : 0;
				return at;
			}
		}
		text += line_len + (text[line_len] == '\n');
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

struct wanted {
	const char *key;
	char *value;
	size_t size;
};

static int read_keys(const char *text, const struct wanted keys[], size_t count,
		     struct sb_error *err)
{
	for (size_t i = 0; i < count; i++) {
		size_t len;
		const char *value = find_value(text, keys[i].key, &len);

		if (!value)
			return sb_error_set(err, SB_EFORMAT,
					    "scontrol: %s is missing in its answer: see "
					    "whether scontrol show config prints it",
					    keys[i].key);
		if (len >= keys[i].size)
			return sb_error_set(err, SB_EFORMAT,
					    "scontrol: the value of %s is %zu bytes long, at "
					    "most %zu can be read: see scontrol show config",
					    keys[i].key, len, keys[i].size - 1);
		memcpy(keys[i].value, value, len);
		keys[i].value[len] = '\0';
	}
	return SB_OK;
}

/* Takes a number off [text] and moves it on; -1 when there is none or it is huge. */
static int take_number(const char **text)
{
	int64_t value;
	const char *end = number_prefix(*text, 0, 1000000, &value);

	if (!end)
		return -1;
	*text = end;
	return (int)value;
}

/* "22.05.8", "23.11.1-1", "24.05.0-0rc1" */
static void parse_version(const char *text, int ret[2])
{
	int major = take_number(&text);
	int minor = major >= 0 && *text++ == '.' ? take_number(&text) : -1;

	if (minor < 0)
		return;
	ret[0] = major;
	ret[1] = minor;
}

/* "00:05:00" or "1-00:00:00" in seconds; 0 when it is neither. */
static int parse_period(const char *text)
{
	static const char colons[] = {':', ':', '\0'};
	int64_t seconds = 0;

	for (size_t i = 0; i < sizeof(colons); i++) {
		int number = take_number(&text);

		if (i == 0 && *text == '-' && number >= 0) {
			seconds = number * INT64_C(24);
			text++;
			number = take_number(&text);
		}
		if (number < 0 || *text != colons[i])
			return 0;
		text += *text != '\0';
		seconds = (i == 0 ? seconds : seconds * 60) + number;
	}
	return seconds <= INT_MAX ? (int)seconds : 0;
}

static int parse_config(const char *text, const char *cluster, struct slurm_config *config,
			struct sb_error *err)
{
	const struct wanted always[] = {
		{"ClusterName", config->cluster, sizeof(config->cluster)},
		{"SLURM_VERSION", config->version_text, sizeof(config->version_text)},
		{"PriorityType", config->priority_type, sizeof(config->priority_type)},
		{"AccountingStorageEnforce", config->enforce, sizeof(config->enforce)},
	};
	const struct wanted with_multifactor[] = {
		{"PriorityDecayHalfLife", config->decay_half_life, sizeof(config->decay_half_life)},
		{"PriorityUsageResetPeriod", config->usage_reset, sizeof(config->usage_reset)},
	};
	const struct wanted boot_time = {"BOOT_TIME", config->boot_time, sizeof(config->boot_time)};
	const struct wanted tres = {"AccountingStorageTRES", config->tres, sizeof(config->tres)};
	char period[64];
	const struct wanted calc_period = {"PriorityCalcPeriod", period, sizeof(period)};
	char flags[256];
	const struct wanted priority_flags = {"PriorityFlags", flags, sizeof(flags)};
	int code;

	code = read_keys(text, always, sizeof(always) / sizeof(always[0]), err);
	if (code != SB_OK)
		return code;
	(void)read_keys(text, &boot_time, 1, NULL);
	(void)read_keys(text, &tres, 1, NULL);
	(void)config_value(text, "PrivateData", config->private_data, sizeof(config->private_data));
	config->slurm_user = UINT32_MAX;
	(void)config_uid(text, "SlurmUser", &config->slurm_user);
	if (cluster && strcmp(cluster, config->cluster) != 0)
		return sb_error_set(err, SB_EFORMAT,
				    "scontrol: asked for cluster %s, cluster \"%s\" answered: "
				    "see whether the cluster's name in the settings is right",
				    cluster, config->cluster);
	parse_version(config->version_text, config->version);
	/* Slurm prints the others only for the plugin that uses them. */
	if (strcmp(config->priority_type, multifactor) == 0) {
		code = read_keys(text, with_multifactor,
				 sizeof(with_multifactor) / sizeof(with_multifactor[0]), err);
		if (code != SB_OK)
			return code;
		/* What is not understood counts as decay, so that it is refused. */
		config->decays =
			config->decay_half_life[0] == '\0' ||
			config->decay_half_life[strspn(config->decay_half_life, "0:-")] != '\0' ||
			strcasecmp(config->usage_reset, "NONE") != 0;
		if (read_keys(text, &calc_period, 1, NULL) == SB_OK)
			config->calc_period = parse_period(calc_period.value);
		if (read_keys(text, &priority_flags, 1, NULL) == SB_OK)
			config->billing = list_has(flags, "MAX_TRES")	     ? BILLING_MAX
					  : list_has(flags, "MAX_TRES_GRES") ? BILLING_MAX_GRES
									     : BILLING_SUM;
	}
	config->safe = list_has(config->enforce, "safe") || list_has(config->enforce, "all");
	config->limits = config->safe || list_has(config->enforce, "limits");
	return SB_OK;
}

bool config_counts_tres(const struct slurm_config *config, const char *tres)
{
	return config->tres[0] == '\0' || list_has(config->tres, tres);
}

/* Asks `scontrol [-M CLUSTER] [-o] show WHAT`, -o with [one_line]. The answer has no NUL byte in
 * it. On success the caller calls run_result_release(). */
static int show(const struct slurm *slurm, const char *cluster, bool one_line, const char *what,
		struct run_result *ret, struct sb_error *err)
{
	struct run_result answer = {0};
	const char *argv[7];
	size_t n = 0;
	int code;

	argv[n++] = slurm->scontrol;
	if (cluster) {
		code = slurm_check_cluster(cluster, err);
		if (code != SB_OK)
			return code;
		argv[n++] = "-M";
		argv[n++] = cluster;
	}
	if (one_line)
		argv[n++] = "-o";
	argv[n++] = "show";
	argv[n++] = what;
	argv[n] = NULL;
	code = slurm_ask(slurm, argv, &answer, err);
	if (code != SB_OK)
		return code;
	if (strlen(answer.out) != answer.out_len) {
		run_result_release(&answer);
		return sb_error_set(err, SB_EFORMAT,
				    "scontrol: a NUL byte is in its answer: see whether this "
				    "is Slurm's own command");
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

	code = show(slurm, cluster, false, "config", &answer, err);
	if (code != SB_OK)
		return code;
	code = parse_config(answer.out, cluster, &config, err);
	run_result_release(&answer);
	if (code == SB_OK)
		*ret = config;
	return code;
}

/* Finds "Key=value" among the words of [line]. Returns where its value begins, NULL when it is not
 * there. */
static char *find_word(char *line, const char *key)
{
	size_t key_len = strlen(key);

	for (char *word = line; *word; word += strcspn(word, " "), word += strspn(word, " ")) {
		if (strncmp(word, key, key_len) == 0 && word[key_len] == '=')
			return word + key_len + 1;
	}
	return NULL;
}

/* Ends a word that find_word() found; "" for NULL. */
static const char *cut_word(char *word)
{
	if (!word)
		return "";
	word[strcspn(word, " ")] = '\0';
	return word;
}

static int parse_partitions(char *text, struct partitions *partitions, struct sb_error *err)
{
	bool none = false;
	size_t number = 0;
	char *line;

	while ((line = strsep(&text, "\n"))) {
		struct partition *row;
		char *name, *qos, *weights;

		number++;
		if (line[0] == '\0')
			continue;
		if (strcmp(line, "No partitions in the system") == 0) {
			none = true;
			continue;
		}
		/* All are found before the line is cut. */
		weights = find_word(line, "TRESBillingWeights");
		qos = find_word(line, "QoS");
		name = find_word(line, "PartitionName");
		if (!name || !*name || *name == ' ') {
			if (odd_rows_add(&partitions->odd, number, "PartitionName", line, "", err))
				return SB_ESYSTEM;
			continue;
		}
		row = array_add(partitions->rows, partitions->count);
		if (!row)
			return sb_error_set(err, SB_ESYSTEM,
					    "scontrol: out of memory for partitions");
		*row = (struct partition){
			.name = cut_word(name),
			.billing_weights = cut_word(weights),
			.qos = cut_word(qos),
		};
	}
	if (partitions->count > 0 || (none && partitions->odd.count == 0))
		return SB_OK;
	return sb_error_set(err, SB_EFORMAT,
			    "scontrol: its answer names no partition%s%s%s: see scontrol -o show "
			    "partition",
			    partitions->odd.count ? " but has \"" : "",
			    partitions->odd.count ? partitions->odd.list[0].value : "",
			    partitions->odd.count ? "\"" : "");
}

int scontrol_read_partitions(const struct slurm *slurm, const char *cluster, struct partitions *ret,
			     struct sb_error *err)
{
	struct partitions partitions = {0};
	struct run_result answer = {0};
	int code;

	code = show(slurm, cluster, true, "partition", &answer, err);
	if (code != SB_OK)
		return code;
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
	if (!partitions)
		return;
	free(partitions->rows);
	free(partitions->text);
	odd_rows_release(&partitions->odd);
	memset(partitions, 0, sizeof(*partitions));
}
