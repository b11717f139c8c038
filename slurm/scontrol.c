/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "slurm/scontrol.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

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

/* Whether the comma-separated [list] holds [word], in any case. */
static bool list_has(const char *list, const char *word)
{
	size_t word_len = strlen(word);

	while (*list) {
		size_t len = strcspn(list, ",");

		if (len == word_len && strncasecmp(list, word, len) == 0)
			return true;
		list += len + (list[len] == ',');
	}
	return false;
}

struct wanted {
	const char *key;
	char *value;
	size_t size;
};

static int read_keys(const char *text, const struct wanted keys[], size_t count,
		     struct slurm_error *err)
{
	for (size_t i = 0; i < count; i++) {
		size_t len;
		const char *value = find_value(text, keys[i].key, &len);

		if (!value)
			return slurm_error_set(err, SLURM_EFORM,
					       "scontrol: %s is missing in its answer: see "
					       "whether scontrol show config prints it",
					       keys[i].key);
		if (len >= keys[i].size)
			return slurm_error_set(err, SLURM_EFORM,
					       "scontrol: the value of %s is %zu bytes long, at "
					       "most %zu can be read: see scontrol show config",
					       keys[i].key, len, keys[i].size - 1);
		memcpy(keys[i].value, value, len);
		keys[i].value[len] = '\0';
	}
	return SLURM_OK;
}

static int parse_config(const char *text, size_t text_len, const char *cluster,
			struct slurm_config *config, struct slurm_error *err)
{
	const struct wanted always[] = {
		{"ClusterName", config->cluster, sizeof(config->cluster)},
		{"SLURM_VERSION", config->version, sizeof(config->version)},
		{"BOOT_TIME", config->boot_time, sizeof(config->boot_time)},
		{"PriorityType", config->priority_type, sizeof(config->priority_type)},
		{"AccountingStorageEnforce", config->enforce, sizeof(config->enforce)},
	};
	const struct wanted with_multifactor[] = {
		{"PriorityDecayHalfLife", config->decay_half_life, sizeof(config->decay_half_life)},
		{"PriorityUsageResetPeriod", config->usage_reset, sizeof(config->usage_reset)},
	};
	int code;

	if (strlen(text) != text_len)
		return slurm_error_set(err, SLURM_EFORM,
				       "scontrol: a NUL byte is in its answer: see whether this "
				       "is Slurm's own command");
	code = read_keys(text, always, sizeof(always) / sizeof(always[0]), err);
	if (code != SLURM_OK)
		return code;
	if (cluster && strcmp(cluster, config->cluster) != 0)
		return slurm_error_set(err, SLURM_EFORM,
				       "scontrol: asked for cluster %s, cluster \"%s\" answered: "
				       "see whether the cluster's name in the settings is right",
				       cluster, config->cluster);
	/* Slurm prints the others only for the plugin that uses them. */
	if (strcmp(config->priority_type, multifactor) == 0) {
		code = read_keys(text, with_multifactor,
				 sizeof(with_multifactor) / sizeof(with_multifactor[0]), err);
		if (code != SLURM_OK)
			return code;
		/* What is not understood counts as decay, so that it is refused. */
		config->decays =
			config->decay_half_life[0] == '\0' ||
			config->decay_half_life[strspn(config->decay_half_life, "0:-")] != '\0' ||
			strcasecmp(config->usage_reset, "NONE") != 0;
	}
	config->safe = list_has(config->enforce, "safe") || list_has(config->enforce, "all");
	config->limits = config->safe || list_has(config->enforce, "limits");
	return SLURM_OK;
}

int scontrol_read_config(const struct slurm *slurm, const char *cluster, struct slurm_config *ret,
			 struct slurm_error *err)
{
	struct run_result answer = {0};
	struct slurm_config config = {0};
	const char *argv[] = {slurm->scontrol, "show", "config", NULL, NULL, NULL};
	int code;

	if (cluster) {
		if (!slurm_name_ok(cluster))
			return slurm_error_set(err, SLURM_ENAME,
					       "\"%.255s\" cannot be a cluster's name: use a-z, "
					       "0-9, _ . -",
					       cluster);
		argv[1] = "-M";
		argv[2] = cluster;
		argv[3] = "show";
		argv[4] = "config";
	}
	code = slurm_ask(slurm, argv, &answer, err);
	if (code == SLURM_OK)
		code = parse_config(answer.out, answer.out_len, cluster, &config, err);
	run_result_release(&answer);
	if (code == SLURM_OK)
		*ret = config;
	return code;
}
