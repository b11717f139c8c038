/* SPDX-License-Identifier: GPL-3.0-or-later */
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
#include "ledger/account/people.h"
#include "ledger/base/amount.h"
#include "ledger/base/array.h"
#include "ledger/base/comma.h"
#include "ledger/base/name.h"
#include "ledger/base/nearest.h"
#include "ledger/base/number.h"
#include "ledger/base/text.h"
#include "ledger/base/when.h"

enum {
	CLUSTERS_MAX = 64,
	PATTERNS_MAX = 256,
	SECONDS_MAX = 3600,
	MINUTES_MAX = 1440,
	DAYS_MAX = 36500,
	SHARE_MAX = 1000000,
	ROUND_MAX = 86400,
	STOP_MIN = 101,
	TEXT_MAX = 200,
};

/* ---- single values ---- */

static int copy_text(struct settings_input *in, const char *text)
{
	char *copy = strdup(text), **to = in->to;

	if (!copy)
		return sb_error_nomem(in->err);
	free(*to);
	*to = copy;
	return SB_OK;
}

/* Reads a program: a name to find in PATH, or a path. */
static int read_program(struct settings_input *in)
{
	const char *text = in->item.text;

	TRY(input_expect_scalar(in));
	if (!*text || !text_ok(text) || (strchr(text, '/') && text[0] != '/'))
		return input_error(in,
				   "%s must be the name of a program, or a path that begins "
				   "with /",
				   in->key->name);
	return copy_text(in, text);
}

static int read_path(struct settings_input *in)
{
	TRY(input_expect_scalar(in));
	if (in->item.text[0] != '/' || !text_ok(in->item.text))
		return input_error(in, "%s must be a path that begins with /", in->key->name);
	return read_program(in);
}

/* Reads a text for people. */
static int read_line(struct settings_input *in)
{
	TRY(input_expect_scalar(in));
	if (!*in->item.text || !text_ok(in->item.text) || strlen(in->item.text) > TEXT_MAX)
		return input_error(in, "%s must be a text of 1 to %d bytes in one line",
				   in->key->name, TEXT_MAX);
	return copy_text(in, in->item.text);
}

/* Reads a mail address. */
static int read_address(struct settings_input *in)
{
	struct sb_error why;

	TRY(input_expect_scalar(in));
	if (contact_check(in->item.text, &why))
		return input_error(in, "%s: %s", in->key->name, why.text);
	return copy_text(in, in->item.text);
}

/* Reads the name of a QOS, which goes to Slurm's commands. Slurm keeps such names in lower case. */
static int read_qos(struct settings_input *in)
{
	char folded[NAME_SIZE];
	struct sb_error why;

	TRY(input_expect_scalar(in));
	if (name_fold("QOS", in->item.text, folded, &why))
		return input_error(in, "%s", why.text);
	return copy_text(in, folded);
}

/* Reads one of the words that the setting may have. *ret becomes its index. */
static int read_word(struct settings_input *in, size_t *ret)
{
	char refusal[64];
	struct sb_error why;

	TRY(input_expect_scalar(in));
	for (size_t i = 0; in->words[i]; i++) {
		if (strcmp(in->item.text, in->words[i]) == 0) {
			*ret = i;
			return SB_OK;
		}
	}
	(void)snprintf(refusal, sizeof(refusal), "%s cannot be", in->key->name);
	nearest_error(refusal, in->item.text, in->words, &why);
	return input_error(in, "%s", why.text);
}

/* Reads one of two words; the second one means true. */
static int read_flag(struct settings_input *in)
{
	size_t word;

	TRY(read_word(in, &word));
	*(bool *)in->to = word == 1;
	return SB_OK;
}

static int read_meter(struct settings_input *in)
{
	size_t word;

	TRY(read_word(in, &word));
	in->settings->meter = word == 0 ? METER_RAWUSAGE : METER_JOBS;
	return SB_OK;
}

static int read_enforcement(struct settings_input *in)
{
	size_t word;

	in->words = event_fields[FIELD_AT_ENFORCEMENT].words + ENFORCE_OFF;
	TRY(read_word(in, &word));
	in->settings->enforcement = (enum enforcement)(ENFORCE_OFF + word);
	return SB_OK;
}

static int read_publish(struct settings_input *in)
{
	static const enum publish meanings[] = {PUBLISH_NONE, PUBLISH_OWN, PUBLISH_GROUP,
						PUBLISH_ALL};
	size_t word;

	TRY(read_word(in, &word));
	in->settings->publish = meanings[word];
	return SB_OK;
}

static int read_submission(struct settings_input *in)
{
	size_t word;

	TRY(read_word(in, &word));
	in->settings->submission = (enum submission_mode)word;
	return SB_OK;
}

static int read_lever(struct settings_input *in)
{
	struct sb_error why;

	TRY(input_expect_scalar(in));
	return lever_parse(in->item.text, in->to, &why) ? input_error(in, "%s", why.text) : SB_OK;
}

static int read_amount(struct settings_input *in)
{
	struct sb_error why;

	TRY(input_expect_scalar(in));
	return amount_parse(in->item.text, in->to, &why)
		       ? input_error(in, "%s: %s", in->key->name, why.text)
		       : SB_OK;
}

static int read_count(struct settings_input *in, const char *unit, int least, int most)
{
	int64_t number;

	TRY(input_expect_scalar(in));
	if (!yaml_number(&in->item, &number) || number < least || number > most)
		return input_error(in, "%s must be a whole number of %s from %d to %d",
				   in->key->name, unit, least, most);
	*(int *)in->to = (int)number;
	return SB_OK;
}

static int read_seconds(struct settings_input *in)
{
	return read_count(in, "seconds", 1, SECONDS_MAX);
}

/* Reads 125 or 125%. */
static int read_stop(struct settings_input *in)
{
	const char *end;
	int64_t percent;

	TRY(input_expect_scalar(in));
	end = number_prefix(in->item.text, STOP_MIN, EVENT_PERCENT_MAX, &percent);
	if (!end || (*end && strcmp(end, "%") != 0))
		return input_error(in, "%s must be a percentage from %d to %d", in->key->name,
				   STOP_MIN, EVENT_PERCENT_MAX);
	*(int *)in->to = (int)percent;
	return SB_OK;
}

static int read_round(struct settings_input *in)
{
	return read_count(in, "seconds", 1, ROUND_MAX);
}

static int read_minutes(struct settings_input *in)
{
	return read_count(in, "minutes", 0, MINUTES_MAX);
}

static int read_days(struct settings_input *in)
{
	return read_count(in, "days", 0, DAYS_MAX);
}

/* ---- lists and maps ---- */

static int add_cluster(void *ctx, const char *name, struct sb_error *err)
{
	struct settings *settings = ctx;
	char folded[NAME_SIZE];

	TRY(name_fold("cluster", name, folded, err));
	if (settings->cluster_count == CLUSTERS_MAX)
		return sb_error_set(err, SB_EINVAL, "more than %d clusters", CLUSTERS_MAX);
	for (size_t i = 0; i < settings->cluster_count; i++) {
		if (strcmp(settings->clusters[i], folded) == 0)
			return sb_error_set(err, SB_EINVAL, "cluster '%s' is named twice", folded);
	}
	return input_append(&settings->clusters, &settings->cluster_count, folded, err);
}

static int add_pattern(void *ctx, const char *text, struct sb_error *err)
{
	/* Other bytes match nothing: no name has them. */
	static const char allowed[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-@%/*?[]!";
	struct settings *settings = ctx;
	char folded[NAME_SIZE];
	size_t len = strlen(text);

	if (len == 0 || len >= sizeof(folded))
		return sb_error_set(err, SB_EINVAL,
				    "a pattern of accounts has 1 to %zu bytes, not %zu",
				    sizeof(folded) - 1, len);
	if (text[strspn(text, allowed)])
		return sb_error_set(err, SB_EINVAL,
				    "'%s' is not a pattern of accounts: use a-z, 0-9, _ . - @ %% / "
				    "and * ? [ ] !",
				    text);
	for (size_t i = 0; i <= len; i++)
		folded[i] = (char)tolower((unsigned char)text[i]);
	if (settings->account_count == PATTERNS_MAX)
		return sb_error_set(err, SB_EINVAL, "more than %d patterns of accounts",
				    PATTERNS_MAX);
	return input_append(&settings->accounts, &settings->account_count, folded, err);
}

/* Puts the place in the file before the error [why] if [rc] is one. */
static int placed(struct settings_input *in, int rc, const struct sb_error *why)
{
	return rc ? input_error(in, "%s", why->text) : SB_OK;
}

static int add_listed_cluster(struct settings_input *in)
{
	struct sb_error why;

	return placed(in, add_cluster(in->settings, in->item.text, &why), &why);
}

static int add_listed_pattern(struct settings_input *in)
{
	struct sb_error why;

	return placed(in, add_pattern(in->settings, in->item.text, &why), &why);
}

/* Reads a list of texts, each of which is [what]. */
static int read_list(struct settings_input *in, const char *what,
		     int (*each)(struct settings_input *in))
{
	if (in->item.type != YAML_LIST)
		return input_error(in, "%s must be a list, as in %s", in->key->name,
				   in->key->example);
	return input_each(in, YAML_LIST_END, what, each);
}

/* Reads a list that must not be empty. [otherwise] says, for the error, what applies without the
 * setting. */
static int read_names(struct settings_input *in, const char *what,
		      int (*each)(struct settings_input *in), const size_t *count,
		      const char *otherwise)
{
	const struct yaml_item start = in->item;

	TRY(read_list(in, what, each));
	if (*count > 0)
		return SB_OK;
	return yaml_error(in->reader, &start, in->err,
			  "the list of %s is empty: leave the key out for %s", in->key->name,
			  otherwise);
}

static int read_clusters(struct settings_input *in)
{
	return read_names(in, "a cluster's name", add_listed_cluster, &in->settings->cluster_count,
			  "the local cluster");
}

static int read_accounts(struct settings_input *in)
{
	return read_names(in, "a pattern of accounts", add_listed_pattern,
			  &in->settings->account_count, "all but root");
}

/* Adds an address to the list in the text. */
static int add_address(struct settings_input *in)
{
	char **to = in->to, *list;
	struct sb_error why;
	int rc;

	if (asprintf(&list, "%s%s%s", *to ? *to : "", *to ? "," : "", in->item.text) < 0)
		return sb_error_nomem(in->err);
	rc = contact_check(in->item.text, &why);
	if (!rc)
		rc = people_list_check(list, contact_check, &why);
	if (rc) {
		free(list);
		return input_error(in, "%s: %s", in->key->name, why.text);
	}
	free(*to);
	*to = list;
	return SB_OK;
}

static int read_addresses(struct settings_input *in)
{
	return read_list(in, "a mail address", add_address);
}

static int add_threshold(struct settings_input *in)
{
	struct sb_error why;
	int64_t level;

	if (!yaml_number(&in->item, &level))
		level = 0;
	return placed(in, thresholds_add(in->to, level, &why), &why);
}

static int read_thresholds(struct settings_input *in)
{
	in->settings->thresholds.count = 0;
	return read_list(in, "a percentage from 1 to 1000", add_threshold);
}

static int add_share(struct settings_input *in)
{
	struct settings *settings = in->settings;
	struct cluster_share *share;
	char folded[NAME_SIZE];
	struct sb_error why;

	TRY(placed(in, name_fold("cluster", in->item.text, folded, &why), &why));
	for (size_t i = 0; i < settings->share_count; i++) {
		if (strcmp(settings->shares[i].cluster, folded) == 0)
			return input_error(in, "cluster '%s' is named twice", folded);
	}
	if (settings->share_count == CLUSTERS_MAX)
		return input_error(in, "more than %d clusters", CLUSTERS_MAX);
	share = array_add(settings->shares, settings->share_count);
	if (!share)
		return sb_error_nomem(in->err);
	share->cluster = strdup(folded);
	if (!share->cluster)
		return sb_error_nomem(in->err);
	TRY(input_next(in));
	if (in->item.type != YAML_SCALAR || !yaml_number(&in->item, &share->share) ||
	    share->share < 0 || share->share > SHARE_MAX)
		return input_error(in, "a share must be a whole number from 0 to %d", SHARE_MAX);
	return SB_OK;
}

/* Reads {alpha: 3, beta: 1}, or the word pooled. */
static int read_shares(struct settings_input *in)
{
	if (in->item.type == YAML_SCALAR && strcmp(in->item.text, "pooled") == 0) {
		in->settings->pooled = true;
		return SB_OK;
	}
	if (in->item.type != YAML_MAP)
		return input_error(in, "shares must be `pooled`, or numbers by cluster as in "
				       "{alpha: 3, beta: 1}");
	return input_each(in, YAML_MAP_END, "a cluster's name", add_share);
}

/* ---- the table of settings ---- */

struct key {
	struct settings_key text;
	int (*read)(struct settings_input *in);
	size_t offset; /* of its member in struct settings */
	const char *const *words; /* for read_word(); NULL: the value is none of a few words */
};

#define WORDS(...)                                                                                 \
	(const char *const[])                                                                      \
	{                                                                                          \
		__VA_ARGS__, NULL                                                                  \
	}
#define KEY(name, example, read, member, words, about)                                             \
	{                                                                                          \
		{name, example, about}, read, offsetof(struct settings, member), words             \
	}
static const struct key keys[] = {
	KEY("bank", DEFAULT_BANK, read_path, bank, NULL,
	    "the bank's folder; --bank and $SUBANK_BANK override it"),
	KEY("backup", DEFAULT_COPIES, read_path, backup, NULL,
	    "for `subank backup`, and copies of books that are replaced; no default"),
	KEY("clusters", "[alpha, beta]", read_clusters, clusters, NULL,
	    "the clusters of the bank; left out, the one of this machine"),
	KEY("accounts", "[proj*, chem-*]", read_accounts, accounts, NULL,
	    "the accounts of Slurm that belong to the bank; left out, all but root"),
	KEY("meter", "rawusage", read_meter, meter, WORDS("rawusage", "jobs"),
	    "how use is charged: by rawusage, or by jobs that have ended"),
	KEY("charge_minutes", "60", read_minutes, charge_minutes, NULL,
	    "how long use may wait to be recorded, 0 to 1440; balances count it at once"),
	KEY("free_states", "[NODE_FAIL, BOOT_FAIL]", settings_read_states, tariff, NULL,
	    "under `meter: jobs`, end states of jobs that are not charged; no default"),
	KEY("factors", "{qos: {low: 0}, partition: {gpu: 1.5}, reservation: {course: 0}}",
	    settings_read_factors, tariff, NULL,
	    "under `meter: jobs`, what multiplies a charge; 0: not charged; left out: 1"),
	KEY("min_charge", "0.1", read_amount, tariff.min_charge, NULL,
	    "under `meter: jobs`, the least in SU that a job costs unless free; no default"),
	KEY("round_seconds", "60", read_round, tariff.round_seconds, NULL,
	    "under `meter: jobs`, run times are rounded up to multiples of this (to 86400)"),
	KEY("enforcement", "hold", read_enforcement, enforcement, NULL,
	    "what happens when an allowance is spent: off, warn, hold, limit or scavenge"),
	KEY("scavenger_qos", "scavenger", read_qos, scavenger_qos, NULL,
	    "under `scavenge`, the QOS whose jobs start in a spent account; no default"),
	KEY("queued_jobs", "leave", read_flag, move_queued, WORDS("leave", "move"),
	    "under `scavenge`, queued jobs of a spent account: leave, or move to that QOS"),
	KEY("stop_at", "125%", read_stop, stop_at, NULL,
	    "under `scavenge`, percent of use (101 to 1000) that stops it too; no default"),
	KEY("hold_on", "in_flight", read_flag, committed, WORDS("in_flight", "committed"),
	    "under `meter: jobs`, what holds count of running jobs: in_flight or committed"),
	KEY("without_money", "hold", read_flag, spare_moneyless, WORDS("hold", "warn"),
	    "at the first use of an account that never had money: hold it, or warn"),
	KEY("lever", "GrpTRESMins=cpu", read_lever, lever, NULL,
	    "the limit that is set to 0 to hold an account"),
	KEY("drift", "leave", read_flag, put_right, WORDS("leave", "restore"),
	    "a limit of the bank that somebody changed: leave it, or restore it"),
	KEY("shares", "{alpha: 3, beta: 1}", read_shares, shares, NULL,
	    "each cluster's share of a balance under `limit`; left out, equal; or pooled"),
	KEY("sshare", "sshare", read_program, sshare, NULL,
	    "Slurm's sshare, which reads use: a name in PATH, or a path"),
	KEY("sacctmgr", "sacctmgr", read_program, sacctmgr, NULL,
	    "Slurm's sacctmgr, which changes limits: a name in PATH, or a path"),
	KEY("scontrol", "scontrol", read_program, scontrol, NULL,
	    "Slurm's scontrol, which shows its settings: a name in PATH, or a path"),
	KEY("sacct", "sacct", read_program, sacct, NULL,
	    "Slurm's sacct, which reads past jobs: a name in PATH, or a path"),
	KEY("squeue", "squeue", read_program, squeue, NULL,
	    "Slurm's squeue, which reads running jobs: a name in PATH, or a path"),
	KEY("slurm_seconds", "60", read_seconds, slurm_seconds, NULL,
	    "how long each of Slurm's commands may take: 1 to 3600 seconds"),
	KEY("lock_seconds", "10", read_seconds, lock_seconds, NULL,
	    "how long to wait for another subank: 1 to 3600 seconds"),
	KEY("thresholds", "[60, 90]", read_thresholds, thresholds, NULL,
	    "the percentages of use that checks report; [] for none"),
	KEY("notice_days", "90", read_days, notice_days, NULL,
	    "how many days (to 36500) before its end checks report a window; 0: never"),
	KEY("notify", "/usr/local/sbin/tell-users", read_path, notify, NULL,
	    "the program for thresholds, ends, holds, releases and closings; no default"),
	KEY("notify_seconds", "10", read_seconds, notify_seconds, NULL,
	    "how long the notify program may take: 1 to 3600 seconds"),
	KEY("sendmail", "/usr/sbin/sendmail", read_program, sendmail, NULL,
	    "what `subank mail` hands mail to: a name in PATH, or a path"),
	KEY("mail_from", "hpc@example.org", read_address, mail_from, NULL,
	    "the sender's address; left out, the mail system's default"),
	KEY("mail_reply_to", "help@example.org", read_address, mail_reply_to, NULL,
	    "the address for answers and questions; no default"),
	KEY("mail_to", "[hpc@example.org]", read_addresses, mail_to, NULL,
	    "addresses for tests and mail about accounts without contacts; no default"),
	KEY("mail_site", "the HPC cluster Elbe", read_line, mail_site, NULL,
	    "the site or cluster as mail names it; left out, \"the cluster\""),
	KEY("mail_templates", DEFAULT_SITE_MAIL, read_path, mail_templates, NULL,
	    "the folder of the site's own templates of mail (subank-mail(1))"),
	KEY("publish", "none", read_publish, publish, WORDS("none", "own", "group", "all"),
	    "users who see balances: all, group (the folder's), own (each his own), none"),
	KEY("publish_file", DEFAULT_PUBLIC "/balances.json", read_path, publish_file, NULL,
	    "the published balances, in a folder that only the bank's owner can write"),
	KEY("metrics_file", DEFAULT_PUBLIC "/subank.prom", read_path, metrics_file, NULL,
	    "balances and checks for Prometheus, by node_exporter; no default"),
	KEY("ondemand_file", DEFAULT_PUBLIC "/ondemand.json", read_path, ondemand_file, NULL,
	    "each user's balances for the dashboard of Open OnDemand; no default"),
	KEY("ondemand", "balance", read_flag, ondemand_days, WORDS("balance", "days"),
	    "what that dashboard shows: the balance in SU, or the days that it lasts"),
	KEY("submission", "off", read_submission, submission, WORDS("off", "warn", "refuse"),
	    "slurmctld at the submission of a job for more than is left: off, warn, refuse"),
	KEY("submit_file", DEFAULT_PUBLIC "/submit", read_path, submit_file, NULL,
	    "what slurmctld reads at submissions (subank-submit(7)), on a local disk"),
	KEY("requests", "/var/spool/subank/requests", read_path, requests, NULL,
	    "the folder in which managers of accounts leave requests for checks; no default"),
	KEY("confirm_above", "100000", read_amount, confirm_above, NULL,
	    "larger amounts, in SU, need a yes or --immediate; no default"),
	KEY("project_days", "365", read_days, project_days, NULL,
	    "when a deposit without --end ends, in days (to 36500); left out: never"),
};

enum { KEY_COUNT = sizeof(keys) / sizeof(keys[0]) };

const struct settings_key *settings_key(size_t i)
{
	return i < KEY_COUNT ? &keys[i].text : NULL;
}

static int unknown_key(const struct settings_input *in)
{
	const char *names[KEY_COUNT + 1] = {NULL};
	struct sb_error why;

	for (size_t i = 0; i < KEY_COUNT; i++)
		names[i] = keys[i].text.name;
	nearest_error("there is no setting", in->item.text, names, &why);
	return input_error(in, "%s", why.text);
}

static int read_key(struct settings_input *in)
{
	size_t i = 0;

	while (i < KEY_COUNT && strcmp(in->item.text, keys[i].text.name) != 0)
		i++;
	if (i == KEY_COUNT)
		return unknown_key(in);
	if (in->given[i])
		return input_error(in, "setting '%s' is given twice", in->item.text);
	in->given[i] = true;
	in->key = &keys[i].text;
	in->words = keys[i].words;
	in->to = (char *)in->settings + keys[i].offset;
	TRY(input_next(in));
	return keys[i].read(in);
}

static int read_keys(struct settings_input *in)
{
	TRY(input_next(in));
	if (in->item.type == YAML_END) /* comments alone */
		return SB_OK;
	if (in->item.type != YAML_MAP)
		return input_error(in, "settings are expected here, as in `key: value`");
	TRY(input_each(in, YAML_MAP_END, "the name of a setting", read_key));
	return yaml_expect(in->reader, YAML_END, "the end of the file", &in->item, in->err);
}

/* ---- settings ---- */

static void release_list(char ***list, size_t *count)
{
	for (size_t i = 0; i < *count; i++)
		free((*list)[i]);
	free(*list);
	*list = NULL;
	*count = 0;
}

void settings_release(struct settings *settings)
{
	for (size_t i = 0; i < KEY_COUNT; i++) {
		if (keys[i].read == read_path || keys[i].read == read_program ||
		    keys[i].read == read_qos || keys[i].read == read_line ||
		    keys[i].read == read_address || keys[i].read == read_addresses)
			free(*(char **)((char *)settings + keys[i].offset));
	}
	release_list(&settings->clusters, &settings->cluster_count);
	release_list(&settings->accounts, &settings->account_count);
	for (size_t i = 0; i < settings->share_count; i++)
		free(settings->shares[i].cluster);
	free(settings->shares);
	tariff_release(&settings->tariff);
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
				      .sendmail = strdup("/usr/sbin/sendmail"),
				      .mail_templates = strdup(DEFAULT_SITE_MAIL),
				      .publish_file = strdup(DEFAULT_PUBLIC "/balances.json"),
				      .submit_file = strdup(DEFAULT_PUBLIC "/submit"),
				      .slurm_seconds = 60,
				      .lock_seconds = 10,
				      .thresholds = {{60, 90}, 2},
				      .notice_days = 90,
				      .notify_seconds = 10};
	if (settings->bank && settings->publish_file && settings->submit_file && settings->sshare &&
	    settings->sacctmgr && settings->scontrol && settings->sacct && settings->squeue &&
	    settings->sendmail && settings->mail_templates)
		return SB_OK;
	settings_release(settings);
	return sb_error_nomem(err);
}

static int read_file(FILE *file, const char *path, struct settings *settings, struct sb_error *err)
{
	bool given[KEY_COUNT] = {false};
	struct settings_input in = {.settings = settings, .given = given, .err = err};
	struct stat st;
	int rc;

	if (fstat(fileno(file), &st) != 0 || S_ISDIR(st.st_mode))
		return sb_error_set(err, SB_EFORMAT, "the settings %s are not a file", path);
	/* The settings name programs that are run. */
	if (st.st_uid != 0 && st.st_uid != geteuid())
		return sb_error_set(err, SB_EREFUSED,
				    "the settings %s belong to user %ju, who could make subank run "
				    "any program as you: run chown root on them, or run subank as "
				    "that user",
				    path, (uintmax_t)st.st_uid);
	if (st.st_mode & S_IWOTH)
		return sb_error_set(err, SB_EREFUSED,
				    "everybody can write the settings %s: run chmod o-w on them",
				    path);
	rc = yaml_reader_new(file, path, &in.reader, err);
	if (!rc)
		rc = read_keys(&in);
	yaml_reader_free(in.reader);
	if (!rc && settings->enforcement == ENFORCE_SCAVENGE && !settings->scavenger_qos)
		rc = sb_error_set(err, SB_EFORMAT,
				  "%s: `enforcement: scavenge` needs scavenger_qos, the QOS whose "
				  "jobs start in a spent account",
				  path);
	return rc;
}

int settings_read(const char *path, bool must_exist, struct settings *ret, struct sb_error *err)
{
	struct settings settings;
	FILE *file;
	int rc = SB_OK;

	TRY(set_defaults(&settings, err));
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

int settings_set_clusters(struct settings *settings, const char *list, struct sb_error *err)
{
	release_list(&settings->clusters, &settings->cluster_count);
	return comma_each(list, add_cluster, settings, err);
}

int64_t settings_share(const struct settings *settings, const char *cluster)
{
	for (size_t i = 0; i < settings->share_count; i++) {
		if (strcmp(settings->shares[i].cluster, cluster) == 0)
			return settings->shares[i].share;
	}
	return 1;
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

struct rules settings_rules(const struct settings *settings)
{
	return (struct rules){.meter = settings->meter,
			      .enforcement = settings->enforcement,
			      .field = settings->lever.field,
			      .tres = settings->lever.tres,
			      .scavenger = settings->scavenger_qos,
			      .stop_at = settings->stop_at,
			      .committed = settings->committed,
			      .put_right = settings->put_right,
			      .spare_moneyless = settings->spare_moneyless,
			      .pooled = settings->pooled,
			      .thresholds = settings->thresholds,
			      .notice = settings->notice_days * WHEN_DAY,
			      .charge_every = settings->charge_minutes * 60 * WHEN_SECOND};
}
