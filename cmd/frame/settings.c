/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "cmd/frame/settings.h"

#include <ctype.h>
#include <errno.h>
#include <fnmatch.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/frame/settings_tariff.h"
#include "ledger/base/amount.h"
#include "ledger/base/comma.h"
#include "ledger/base/name.h"
#include "ledger/base/nearest.h"
#include "ledger/base/text.h"
#include "ledger/base/when.h"

enum {
	CLUSTERS_MAX = 64,
	PATTERNS_MAX = 256,
	SECONDS_MAX = 3600,
	MINUTES_MAX = 1440,
	DAYS_MAX = 36500,
	SHARE_MAX = 1000000,
};

enum value {
	VALUE_PATH,
	VALUE_PROGRAM,
	VALUE_CLUSTERS,
	VALUE_ACCOUNTS,
	VALUE_SHARES,
	VALUE_METER,
	VALUE_STATES,
	VALUE_FACTORS,
	VALUE_ENFORCEMENT,
	VALUE_HOLD_ON,
	VALUE_WITHOUT_MONEY,
	VALUE_LEVER,
	VALUE_DRIFT,
	VALUE_PUBLISH,
	VALUE_SECONDS,
	VALUE_MINUTES,
	VALUE_DAYS,
	VALUE_THRESHOLDS,
	VALUE_AMOUNT,
};

struct key {
	struct settings_key told;
	enum value value;
	size_t offset;
};

#define KEY(name, example, about, value, member)                                                   \
	{                                                                                          \
		{name, example, about}, value, offsetof(struct settings, member)                   \
	}
static const struct key keys[] = {
	KEY("bank", DEFAULT_BANK, "the bank's folder; --bank and $SUBANK_BANK go first", VALUE_PATH,
	    bank),
	KEY("backup", DEFAULT_COPIES,
	    "for `subank backup`, and copies of books that are replaced; no default", VALUE_PATH,
	    backup),
	KEY("clusters", "[alpha, beta]",
	    "the clusters of the bank; left out, the one of this machine", VALUE_CLUSTERS,
	    clusters),
	KEY("accounts", "[proj*, chem-*]",
	    "which accounts of Slurm belong to the bank; left out, all but root", VALUE_ACCOUNTS,
	    accounts),
	KEY("meter", "rawusage", "what use is charged by: rawusage, or jobs (those that ended)",
	    VALUE_METER, meter),
	KEY("charge_minutes", "60",
	    "how long use may wait for its entry, 0 to 1440; balances have it at once",
	    VALUE_MINUTES, charge_minutes),
	KEY("free_states", "[NODE_FAIL, BOOT_FAIL]",
	    "under `meter: jobs`, how jobs end that are not charged; no default", VALUE_STATES,
	    tariff),
	KEY("factors", "{qos: {scavenger: 0}, partition: {debug: 0, gpu: 1.5}}",
	    "under `meter: jobs`, what multiplies a charge; 0: not charged; left out: 1",
	    VALUE_FACTORS, tariff),
	KEY("enforcement", "hold",
	    "what a spent allowance comes to: off, warn, hold, or limit (by Slurm itself)",
	    VALUE_ENFORCEMENT, enforcement),
	KEY("hold_on", "in_flight",
	    "what holds count of running jobs, under `meter: jobs`: in_flight or committed",
	    VALUE_HOLD_ON, committed),
	KEY("without_money", "hold",
	    "an account that never had money, at its first use: hold it, or warn",
	    VALUE_WITHOUT_MONEY, spare_moneyless),
	KEY("lever", "GrpTRESMins=cpu", "the limit that is set to 0 to hold an account",
	    VALUE_LEVER, lever),
	KEY("drift", "leave", "a limit of ours that somebody changed: leave it so, or restore it",
	    VALUE_DRIFT, put_right),
	KEY("shares", "{alpha: 3, beta: 1}",
	    "each cluster's share of a balance under `limit`, even if left out; or pooled",
	    VALUE_SHARES, shares),
	KEY("sshare", "sshare",
	    "Slurm's sshare, which reads use: a name to be found in PATH, or a path", VALUE_PROGRAM,
	    sshare),
	KEY("sacctmgr", "sacctmgr",
	    "Slurm's sacctmgr, which changes limits: a name in PATH, or a path", VALUE_PROGRAM,
	    sacctmgr),
	KEY("scontrol", "scontrol",
	    "Slurm's scontrol, which shows its settings: a name in PATH, or a path", VALUE_PROGRAM,
	    scontrol),
	KEY("sacct", "sacct", "Slurm's sacct, which has its jobs: a name in PATH, or a path",
	    VALUE_PROGRAM, sacct),
	KEY("squeue", "squeue",
	    "Slurm's squeue, which tells what slurmctld knows of: a name in PATH, or a path",
	    VALUE_PROGRAM, squeue),
	KEY("slurm_seconds", "60", "how long each of Slurm's commands may take: 1 to 3600 seconds",
	    VALUE_SECONDS, slurm_seconds),
	KEY("lock_seconds", "10", "how long to wait for another subank: 1 to 3600 seconds",
	    VALUE_SECONDS, lock_seconds),
	KEY("thresholds", "[60, 90]", "percent used that check tells of; [] for none",
	    VALUE_THRESHOLDS, thresholds),
	KEY("notice_days", "90",
	    "how many days (to 36500) before its end check tells of a window; 0: never", VALUE_DAYS,
	    notice_days),
	KEY("notify", "/usr/local/sbin/tell-users",
	    "a program that is run for each threshold, end, hold and release; no default",
	    VALUE_PATH, notify),
	KEY("notify_seconds", "10", "how long the notify program may take: 1 to 3600 seconds",
	    VALUE_SECONDS, notify_seconds),
	KEY("publish", "none",
	    "who sees balances without the bank: all, the file's folder's group, or none",
	    VALUE_PUBLISH, publish),
	KEY("publish_file", DEFAULT_PUBLIC "/balances.json",
	    "the file of balances for users, in a folder that only the bank can write", VALUE_PATH,
	    publish_file),
	KEY("confirm_above", "100000",
	    "a larger amount, in SU, is asked for, or needs --immediate; no default", VALUE_AMOUNT,
	    confirm_above),
	KEY("project_days", "365",
	    "the end of a deposit without --end, in days (to 36500); left out, it has none",
	    VALUE_DAYS, project_days),
};

enum { KEY_COUNT = sizeof(keys) / sizeof(keys[0]) };

const struct settings_key *settings_key(size_t i)
{
	return i < KEY_COUNT ? &keys[i].told : NULL;
}

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
	for (size_t i = 0; i < settings->share_count; i++)
		free(settings->shares[i].cluster);
	free(settings->shares);
	tariff_release(&settings->tariff);
	free(settings->bank);
	free(settings->backup);
	free(settings->sshare);
	free(settings->sacctmgr);
	free(settings->scontrol);
	free(settings->sacct);
	free(settings->squeue);
	free(settings->notify);
	free(settings->publish_file);
	*settings = (struct settings){0};
}

static int set_defaults(struct settings *settings, struct sb_error *err)
{
	*settings = (struct settings){.bank = strdup(DEFAULT_BANK),
				      .meter = METER_RAWUSAGE,
				      .charge_minutes = 60,
				      .enforcement = ENFORCE_HOLD,
				      .lever = {"GrpTRESMins", "cpu"},
				      .sshare = strdup("sshare"),
				      .sacctmgr = strdup("sacctmgr"),
				      .scontrol = strdup("scontrol"),
				      .sacct = strdup("sacct"),
				      .squeue = strdup("squeue"),
				      .publish_file = strdup(DEFAULT_PUBLIC "/balances.json"),
				      .slurm_seconds = 60,
				      .lock_seconds = 10,
				      .thresholds = {{60, 90}, 2},
				      .notice_days = 90,
				      .notify_seconds = 10};
	if (settings->bank && settings->publish_file && settings->sshare && settings->sacctmgr &&
	    settings->scontrol && settings->sacct && settings->squeue)
		return SB_OK;
	settings_release(settings);
	return sb_error_nomem(err);
}

static int add_cluster(void *ctx, const char *name, struct sb_error *err)
{
	struct settings *settings = ctx;
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

static int add_pattern(void *ctx, const char *text, struct sb_error *err)
{
	struct settings *settings = ctx;
	char folded[NAME_SIZE];
	size_t len = strlen(text);

	if (len == 0 || len >= sizeof(folded))
		return sb_error_set(err, SB_EINVAL,
				    "a pattern of accounts has 1 to %zu bytes, not %zu",
				    sizeof(folded) - 1, len);
	/* Names have no other bytes, so nothing else can match. */
	if (text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-"
			      "@%/*?[]!")])
		return sb_error_set(err, SB_EINVAL,
				    "'%s' is not a pattern of accounts: use a-z, 0-9, _ . - @ %% / "
				    "and * ? [ ] !",
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
	release_list(&settings->clusters, &settings->cluster_count);
	return comma_each(list, add_cluster, settings, err);
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
				  key->told.name);
	copy = strdup(item->text);
	if (!copy)
		return sb_error_nomem(err);
	free(*to);
	*to = copy;
	return SB_OK;
}

/* The setting takes another word. */
static int no_word(const struct yaml_reader *reader, const struct yaml_item *item, const char *key,
		   const char *const words[], struct sb_error *err)
{
	char refusal[64];
	struct sb_error why;

	(void)snprintf(refusal, sizeof(refusal), "%s cannot be", key);
	nearest_error(refusal, item->text, words, &why);
	return yaml_error(reader, item, err, "%s", why.text);
}

static int set_enforcement(const struct yaml_reader *reader, const struct yaml_item *item,
			   enum enforcement *to, struct sb_error *err)
{
	const char *const *words = event_fields[FIELD_AT_ENFORCEMENT].words;

	for (size_t i = ENFORCE_OFF; words[i]; i++) {
		if (strcmp(item->text, words[i]) == 0) {
			*to = (enum enforcement)i;
			return SB_OK;
		}
	}
	return no_word(reader, item, "enforcement", words + ENFORCE_OFF, err);
}

static int set_meter(const struct yaml_reader *reader, const struct yaml_item *item,
		     enum metering *to, struct sb_error *err)
{
	const char *const *words = event_fields[FIELD_AT_METER].words;

	for (size_t i = METER_RAWUSAGE; words[i]; i++) {
		if (strcmp(item->text, words[i]) == 0) {
			*to = (enum metering)i;
			return SB_OK;
		}
	}
	return yaml_error(reader, item, err, "meter must be rawusage or jobs, not '%s'",
			  item->text);
}

static int set_lever(const struct yaml_reader *reader, const struct yaml_item *item,
		     struct lever_choice *to, struct sb_error *err)
{
	struct sb_error why;

	return lever_parse(item->text, to, &why) ? yaml_error(reader, item, err, "%s", why.text)
						 : SB_OK;
}

static int set_drift(const struct yaml_reader *reader, const struct yaml_item *item, bool *to,
		     struct sb_error *err)
{
	static const char *const words[] = {"leave", "restore", NULL};

	*to = strcmp(item->text, words[1]) == 0;
	return *to || strcmp(item->text, words[0]) == 0
		       ? SB_OK
		       : no_word(reader, item, "drift", words, err);
}

/* What holds go by beside charges. */
static int set_hold_on(const struct yaml_reader *reader, const struct yaml_item *item, bool *to,
		       struct sb_error *err)
{
	static const char *const words[] = {"in_flight", "committed", NULL};

	*to = strcmp(item->text, words[1]) == 0;
	return *to || strcmp(item->text, words[0]) == 0
		       ? SB_OK
		       : no_word(reader, item, "hold_on", words, err);
}

static int set_without_money(const struct yaml_reader *reader, const struct yaml_item *item,
			     bool *to, struct sb_error *err)
{
	static const char *const words[] = {"hold", "warn", NULL};

	*to = strcmp(item->text, words[1]) == 0;
	return *to || strcmp(item->text, words[0]) == 0
		       ? SB_OK
		       : no_word(reader, item, "without_money", words, err);
}

static int set_publish(const struct yaml_reader *reader, const struct yaml_item *item,
		       struct settings *settings, struct sb_error *err)
{
	static const char *const words[] = {"none", "group", "all", NULL};

	for (size_t i = 0; words[i]; i++) {
		if (strcmp(item->text, words[i]) == 0) {
			settings->publish = i == 0   ? PUBLISH_NONE
					    : i == 1 ? PUBLISH_GROUP
						     : PUBLISH_ALL;
			return SB_OK;
		}
	}
	return no_word(reader, item, "publish", words, err);
}

int64_t settings_share(const struct settings *settings, const char *cluster)
{
	for (size_t i = 0; i < settings->share_count; i++) {
		if (strcmp(settings->shares[i].cluster, cluster) == 0)
			return settings->shares[i].share;
	}
	return 1;
}

static int add_share(struct settings *settings, const char *name, struct cluster_share **ret,
		     struct sb_error *err)
{
	struct cluster_share *grown;
	char folded[NAME_SIZE];
	int rc = name_fold("cluster", name, folded, err);

	if (rc)
		return rc;
	for (size_t i = 0; i < settings->share_count; i++) {
		if (strcmp(settings->shares[i].cluster, folded) == 0)
			return sb_error_set(err, SB_EINVAL, "cluster '%s' is named twice", folded);
	}
	if (settings->share_count == CLUSTERS_MAX)
		return sb_error_set(err, SB_EINVAL, "more than %d clusters", CLUSTERS_MAX);
	grown = reallocarray(settings->shares, settings->share_count + 1, sizeof(*grown));
	if (!grown)
		return sb_error_nomem(err);
	settings->shares = grown;
	grown[settings->share_count].cluster = strdup(folded);
	if (!grown[settings->share_count].cluster)
		return sb_error_nomem(err);
	*ret = &grown[settings->share_count++];
	return SB_OK;
}

/* {alpha: 3, beta: 1}, or the word pooled. */
static int read_shares(struct yaml_reader *reader, const struct yaml_item *start,
		       struct settings *settings, struct sb_error *err)
{
	struct cluster_share *share = NULL;
	struct yaml_item item;
	struct sb_error why;
	int rc;

	if (start->type == YAML_SCALAR && strcmp(start->text, "pooled") == 0) {
		settings->pooled = true;
		return SB_OK;
	}
	if (start->type != YAML_MAP)
		return yaml_error(reader, start, err,
				  "shares must be `pooled`, or numbers by cluster as in {alpha: 3, "
				  "beta: 1}");
	for (;;) {
		rc = yaml_next(reader, &item, err);
		if (rc || item.type == YAML_MAP_END)
			return rc;
		if (item.type != YAML_SCALAR)
			return yaml_error(reader, &item, err, "a cluster's name is expected here");
		if (add_share(settings, item.text, &share, &why))
			return yaml_error(reader, &item, err, "%s", why.text);
		rc = yaml_next(reader, &item, err);
		if (rc)
			return rc;
		if (item.type != YAML_SCALAR || !yaml_number(&item, &share->share) ||
		    share->share < 0 || share->share > SHARE_MAX)
			return yaml_error(reader, &item, err,
					  "a share must be a whole number from 0 to %d", SHARE_MAX);
	}
}

/* A setting that is a list of texts. */
struct list {
	const char *example;
	const char *item; /* what one is */
	const char *otherwise; /* what leaving it out means */
	comma_item *add; /* to struct settings */
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
		return yaml_error(reader, start, err, "%s must be a list, as in %s", key->told.name,
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
				  "the list of %s is empty: leave the key out for %s",
				  key->told.name, list->otherwise);
	return SB_OK;
}

static int read_thresholds(struct yaml_reader *reader, const struct yaml_item *start,
			   struct settings *settings, struct sb_error *err)
{
	struct yaml_item item;
	struct sb_error why;
	int64_t level;
	int rc;

	if (start->type != YAML_LIST)
		return yaml_error(reader, start, err,
				  "thresholds must be a list, as in [60, 90], or [] for none");
	settings->thresholds.count = 0;
	for (;;) {
		rc = yaml_next(reader, &item, err);
		if (rc)
			return rc;
		if (item.type == YAML_LIST_END)
			return SB_OK;
		if (item.type != YAML_SCALAR || !yaml_number(&item, &level))
			level = 0;
		if (thresholds_add(&settings->thresholds, level, &why))
			return yaml_error(reader, &item, err, "%s", why.text);
	}
}

static int set_count(const struct yaml_reader *reader, const struct key *key,
		     const struct yaml_item *item, int *to, struct sb_error *err)
{
	static const struct {
		const char *unit;
		int least, most;
	} units[] = {
		[VALUE_SECONDS] = {"seconds", 1, SECONDS_MAX},
		[VALUE_MINUTES] = {"minutes", 0, MINUTES_MAX},
		[VALUE_DAYS] = {"days", 0, DAYS_MAX},
	};
	const int least = units[key->value].least, most = units[key->value].most;
	int64_t number;

	if (!yaml_number(item, &number) || number < least || number > most)
		return yaml_error(reader, item, err,
				  "%s must be a whole number of %s from %d to %d", key->told.name,
				  units[key->value].unit, least, most);
	*to = (int)number;
	return SB_OK;
}

static int set_amount(const struct yaml_reader *reader, const struct key *key,
		      const struct yaml_item *item, int64_t *to, struct sb_error *err)
{
	struct sb_error why;

	return amount_parse(item->text, to, &why)
		       ? yaml_error(reader, item, err, "%s: %s", key->told.name, why.text)
		       : SB_OK;
}

static int read_value(struct yaml_reader *reader, const struct key *key, struct settings *settings,
		      struct sb_error *err)
{
	void *to = (char *)settings + key->offset;
	struct yaml_item item;
	int rc = yaml_next(reader, &item, err);

	if (rc)
		return rc;
	if (key->value == VALUE_CLUSTERS)
		return read_list(reader, key, &item, &clusters_list, settings, err);
	if (key->value == VALUE_ACCOUNTS)
		return read_list(reader, key, &item, &accounts_list, settings, err);
	if (key->value == VALUE_SHARES)
		return read_shares(reader, &item, settings, err);
	if (key->value == VALUE_THRESHOLDS)
		return read_thresholds(reader, &item, settings, err);
	if (key->value == VALUE_STATES)
		return settings_read_states(reader, &item, to, err);
	if (key->value == VALUE_FACTORS)
		return settings_read_factors(reader, &item, to, err);
	if (item.type != YAML_SCALAR)
		return yaml_error(reader, &item, err, "%s must be a single value", key->told.name);
	switch (key->value) {
	case VALUE_PATH:
	case VALUE_PROGRAM:
		return set_path(reader, key, &item, to, err);
	case VALUE_METER:
		return set_meter(reader, &item, to, err);
	case VALUE_ENFORCEMENT:
		return set_enforcement(reader, &item, to, err);
	case VALUE_HOLD_ON:
		return set_hold_on(reader, &item, to, err);
	case VALUE_WITHOUT_MONEY:
		return set_without_money(reader, &item, to, err);
	case VALUE_LEVER:
		return set_lever(reader, &item, to, err);
	case VALUE_DRIFT:
		return set_drift(reader, &item, to, err);
	case VALUE_PUBLISH:
		return set_publish(reader, &item, settings, err);
	case VALUE_AMOUNT:
		return set_amount(reader, key, &item, to, err);
	case VALUE_CLUSTERS:
	case VALUE_SHARES:
	case VALUE_ACCOUNTS:
	case VALUE_STATES:
	case VALUE_FACTORS:
	case VALUE_SECONDS:
	case VALUE_MINUTES:
	case VALUE_DAYS:
	case VALUE_THRESHOLDS:
		break;
	}
	return set_count(reader, key, &item, to, err);
}

static int unknown_key(const struct yaml_reader *reader, const struct yaml_item *item,
		       struct sb_error *err)
{
	const char *names[KEY_COUNT + 1] = {NULL};
	struct sb_error why;

	for (size_t i = 0; i < KEY_COUNT; i++)
		names[i] = keys[i].told.name;
	nearest_error("there is no setting", item->text, names, &why);
	return yaml_error(reader, item, err, "%s", why.text);
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
		while (i < KEY_COUNT && strcmp(item.text, keys[i].told.name) != 0)
			i++;
		if (i == KEY_COUNT)
			return unknown_key(reader, &item, err);
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
	/* They name programs that are run. */
	if (st.st_uid != 0 && st.st_uid != geteuid())
		return sb_error_set(err, SB_EREFUSED,
				    "the settings %s belong to user %ju, who could make subank run "
				    "any program as you: run chown root on them, or subank as him",
				    path, (uintmax_t)st.st_uid);
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
	else if (errno != ENOENT && errno != ENOTDIR)
		rc = sb_error_path(err, "read the settings", path);
	else if (must_exist)
		rc = sb_error_set(err, SB_ENOTFOUND, "cannot read the settings %s: %s", path,
				  sb_errno(errno));
	if (file)
		fclose(file);
	if (rc)
		settings_release(&settings);
	else
		*ret = settings;
	return rc;
}

struct rules settings_rules(const struct settings *settings)
{
	return (struct rules){.meter = settings->meter,
			      .enforcement = settings->enforcement,
			      .field = settings->lever.field,
			      .tres = settings->lever.tres,
			      .committed = settings->committed,
			      .put_right = settings->put_right,
			      .spare_moneyless = settings->spare_moneyless,
			      .pooled = settings->pooled,
			      .thresholds = settings->thresholds,
			      .notice = settings->notice_days * WHEN_DAY,
			      .charge_every = settings->charge_minutes * 60 * WHEN_SECOND};
}
