/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "cmd/settings.h"

#include <ctype.h>
#include <errno.h>
#include <fnmatch.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "ledger/name.h"
#include "ledger/text.h"
#include "ledger/yamlfile.h"

enum { CLUSTERS_MAX = 64, PATTERNS_MAX = 256, SECONDS_MAX = 3600 };

enum value {
	VALUE_PATH,
	VALUE_PROGRAM,
	VALUE_CLUSTERS,
	VALUE_ACCOUNTS,
	VALUE_ENFORCEMENT,
	VALUE_SECONDS
};

static const struct key {
	const char *name;
	enum value value;
	size_t offset;
} keys[] = {
	{"bank", VALUE_PATH, offsetof(struct settings, bank)},
	{"clusters", VALUE_CLUSTERS, 0},
	{"accounts", VALUE_ACCOUNTS, 0},
	{"enforcement", VALUE_ENFORCEMENT, offsetof(struct settings, enforcement)},
	{"sshare", VALUE_PROGRAM, offsetof(struct settings, sshare)},
	{"sacctmgr", VALUE_PROGRAM, offsetof(struct settings, sacctmgr)},
	{"scontrol", VALUE_PROGRAM, offsetof(struct settings, scontrol)},
	{"slurm_seconds", VALUE_SECONDS, offsetof(struct settings, slurm_seconds)},
	{"lock_seconds", VALUE_SECONDS, offsetof(struct settings, lock_seconds)},
};

enum { KEY_COUNT = sizeof(keys) / sizeof(keys[0]) };

static void release_list(char ***list, size_t *count)
{
	for (size_t i = 0; i < *count; i++)
		free((*list)[i]);
	free(*list);
	*list = NULL;
	*count = 0;
}

static int append(char ***list, size_t *count, const char *text, struct sb_error *err)
{
	char *copy = strdup(text);
	char **grown = copy ? reallocarray(*list, *count + 1, sizeof(*grown)) : NULL;

	if (!grown) {
		free(copy);
		return sb_error_nomem(err);
	}
	grown[(*count)++] = copy;
	*list = grown;
	return SB_OK;
}

void settings_release(struct settings *settings)
{
	release_list(&settings->clusters, &settings->cluster_count);
	release_list(&settings->accounts, &settings->account_count);
	free(settings->bank);
	free(settings->sshare);
	free(settings->sacctmgr);
	free(settings->scontrol);
	*settings = (struct settings){0};
}

static int set_defaults(struct settings *settings, struct sb_error *err)
{
	*settings = (struct settings){.bank = strdup("/var/lib/subank"),
				      .enforcement = ENFORCE_HOLD,
				      .sshare = strdup("sshare"),
				      .sacctmgr = strdup("sacctmgr"),
				      .scontrol = strdup("scontrol"),
				      .slurm_seconds = 60,
				      .lock_seconds = 10};
	if (settings->bank && settings->sshare && settings->sacctmgr && settings->scontrol)
		return SB_OK;
	settings_release(settings);
	return sb_error_nomem(err);
}

static int add_cluster(struct settings *settings, const char *name, struct sb_error *err)
{
	char folded[NAME_SIZE];
	int rc = name_fold("cluster", name, folded, err);

	if (rc)
		return rc;
	if (settings->cluster_count == CLUSTERS_MAX)
		return sb_error_set(err, SB_EINVAL, "more than %d clusters", CLUSTERS_MAX);
	for (size_t i = 0; i < settings->cluster_count; i++) {
		if (strcmp(settings->clusters[i], folded) == 0)
			return sb_error_set(err, SB_EINVAL, "cluster '%s' is named twice", folded);
	}
	return append(&settings->clusters, &settings->cluster_count, folded, err);
}

static int add_pattern(struct settings *settings, const char *text, struct sb_error *err)
{
	char folded[NAME_SIZE];
	size_t len = strlen(text);

	if (len == 0 || len >= sizeof(folded))
		return sb_error_set(err, SB_EINVAL,
				    "a pattern of accounts has 1 to %zu bytes, not %zu",
				    sizeof(folded) - 1, len);
	/* Names have no other bytes, so nothing else can match. */
	if (text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-"
			      "*?[]!")])
		return sb_error_set(err, SB_EINVAL,
				    "'%s' is not a pattern of accounts: use a-z, 0-9, _ . - and "
				    "* ? [ ] !",
				    text);
	for (size_t i = 0; i <= len; i++)
		folded[i] = (char)tolower((unsigned char)text[i]);
	if (settings->account_count == PATTERNS_MAX)
		return sb_error_set(err, SB_EINVAL, "more than %d patterns of accounts",
				    PATTERNS_MAX);
	return append(&settings->accounts, &settings->account_count, folded, err);
}

bool settings_has_account(const struct settings *settings, const char *account)
{
	bool root = strcmp(account, "root") == 0;

	if (settings->account_count == 0)
		return !root;
	for (size_t i = 0; i < settings->account_count; i++) {
		if (root ? strcmp(settings->accounts[i], account) == 0
			 : fnmatch(settings->accounts[i], account, 0) == 0)
			return true;
	}
	return false;
}

int settings_set_clusters(struct settings *settings, const char *list, struct sb_error *err)
{
	char *copy = strdup(list), *rest = copy, *name;
	int rc = copy ? SB_OK : sb_error_nomem(err);

	release_list(&settings->clusters, &settings->cluster_count);
	while (!rc && (name = strsep(&rest, ",")))
		rc = add_cluster(settings, name, err);
	free(copy);
	return rc;
}

static int set_path(const struct yaml_reader *reader, const struct key *key,
		    const struct yaml_item *item, char **to, struct sb_error *err)
{
	bool path = key->value == VALUE_PATH || strchr(item->text, '/');
	char *copy;

	if (!*item->text || !text_ok(item->text) || (path && item->text[0] != '/'))
		return yaml_error(reader, item, err,
				  path ? "%s must be a path that begins with /"
				       : "%s must be the name of a program, or its path from /",
				  key->name);
	copy = strdup(item->text);
	if (!copy)
		return sb_error_nomem(err);
	free(*to);
	*to = copy;
	return SB_OK;
}

static int set_enforcement(const struct yaml_reader *reader, const struct yaml_item *item,
			   enum enforcement *to, struct sb_error *err)
{
	static const char *const words[] = {"off", "warn", "hold"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(item->text, words[i]) == 0) {
			*to = (enum enforcement)i;
			return SB_OK;
		}
	}
	return yaml_error(reader, item, err, "enforcement must be off, warn or hold, not '%s'",
			  item->text);
}

/* A setting that is a list of texts. */
struct list {
	const char *example;
	const char *item; /* what one is */
	const char *otherwise; /* what leaving it out means */
	int (*add)(struct settings *settings, const char *text, struct sb_error *err);
};

static const struct list clusters_list = {"[alpha, beta]", "a cluster's name", "the local cluster",
					  add_cluster};
static const struct list accounts_list = {"[proj*, chem-*]", "a pattern of accounts",
					  "all but root", add_pattern};

static int read_list(struct yaml_reader *reader, const struct key *key,
		     const struct yaml_item *start, const struct list *list,
		     struct settings *settings, struct sb_error *err)
{
	struct yaml_item item;
	struct sb_error why;
	size_t count = 0;
	int rc;

	if (start->type != YAML_LIST)
		return yaml_error(reader, start, err, "%s must be a list, as in %s", key->name,
				  list->example);
	for (;;) {
		rc = yaml_next(reader, &item, err);
		if (rc)
			return rc;
		if (item.type == YAML_LIST_END)
			break;
		if (item.type != YAML_SCALAR)
			return yaml_error(reader, &item, err, "%s is expected here", list->item);
		if (list->add(settings, item.text, &why))
			return yaml_error(reader, &item, err, "%s", why.text);
		count++;
	}
	if (count == 0)
		return yaml_error(reader, start, err,
				  "the list of %s is empty: leave the key out for %s", key->name,
				  list->otherwise);
	return SB_OK;
}

static int read_value(struct yaml_reader *reader, const struct key *key, struct settings *settings,
		      struct sb_error *err)
{
	void *to = (char *)settings + key->offset;
	struct yaml_item item;
	int64_t seconds;
	int rc = yaml_next(reader, &item, err);

	if (rc)
		return rc;
	if (key->value == VALUE_CLUSTERS)
		return read_list(reader, key, &item, &clusters_list, settings, err);
	if (key->value == VALUE_ACCOUNTS)
		return read_list(reader, key, &item, &accounts_list, settings, err);
	if (item.type != YAML_SCALAR)
		return yaml_error(reader, &item, err, "%s must be a single value", key->name);
	switch (key->value) {
	case VALUE_PATH:
	case VALUE_PROGRAM:
		return set_path(reader, key, &item, to, err);
	case VALUE_ENFORCEMENT:
		return set_enforcement(reader, &item, to, err);
	case VALUE_CLUSTERS:
	case VALUE_ACCOUNTS:
	case VALUE_SECONDS:
		break;
	}
	if (!yaml_number(&item, &seconds) || seconds < 1 || seconds > SECONDS_MAX)
		return yaml_error(reader, &item, err,
				  "%s must be a whole number of seconds from 1 to %d", key->name,
				  SECONDS_MAX);
	*(int *)to = (int)seconds;
	return SB_OK;
}

static int read_keys(struct yaml_reader *reader, struct settings *settings, struct sb_error *err)
{
	bool given[KEY_COUNT] = {false};
	struct yaml_item item;
	int rc = yaml_next(reader, &item, err);

	/* A file of comments alone says nothing, and that is allowed. */
	if (rc || item.type == YAML_END)
		return rc;
	if (item.type != YAML_MAP)
		return yaml_error(reader, &item, err,
				  "settings are expected here, as in `key: "
				  "value`");
	for (;;) {
		size_t i = 0;

		rc = yaml_next(reader, &item, err);
		if (rc || item.type == YAML_MAP_END)
			break;
		if (item.type != YAML_SCALAR)
			return yaml_error(reader, &item, err,
					  "the name of a setting is expected "
					  "here");
		while (i < KEY_COUNT && strcmp(item.text, keys[i].name) != 0)
			i++;
		if (i == KEY_COUNT)
			return yaml_error(reader, &item, err, "there is no setting '%s'",
					  item.text);
		if (given[i])
			return yaml_error(reader, &item, err, "setting '%s' is given twice",
					  item.text);
		given[i] = true;
		rc = read_value(reader, &keys[i], settings, err);
		if (rc)
			return rc;
	}
	return rc ? rc : yaml_expect(reader, YAML_END, "the end of the file", &item, err);
}

static int read_file(FILE *file, const char *path, struct settings *settings, struct sb_error *err)
{
	struct yaml_reader *reader = NULL;
	struct stat st;
	int rc;

	if (fstat(fileno(file), &st) != 0 || S_ISDIR(st.st_mode))
		return sb_error_set(err, SB_EFORMAT, "the settings %s are not a file", path);
	if (st.st_mode & S_IWOTH)
		return sb_error_set(err, SB_EREFUSED,
				    "everybody can write the settings %s: run chmod o-w on them",
				    path);
	rc = yaml_reader_new(file, path, &reader, err);
	if (!rc)
		rc = read_keys(reader, settings, err);
	yaml_reader_free(reader);
	return rc;
}

int settings_read(const char *path, bool must_exist, struct settings *ret, struct sb_error *err)
{
	struct settings settings;
	FILE *file = NULL;
	int rc = set_defaults(&settings, err);

	if (rc)
		return rc;
	file = fopen(path, "re");
	if (file)
		rc = read_file(file, path, &settings, err);
	else if (must_exist || (errno != ENOENT && errno != ENOTDIR))
		rc = sb_error_set(err, SB_ENOTFOUND, "cannot read the settings %s: %s", path,
				  strerror(errno));
	if (file)
		fclose(file);
	if (rc)
		settings_release(&settings);
	else
		*ret = settings;
	return rc;
}
