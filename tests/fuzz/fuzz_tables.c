/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fuzzes the answers of Slurm's commands: a runner answers with the input, whose first byte chooses
 * the command. */
#include "slurm/assoc.h"
#include "slurm/sacct.h"
#include "slurm/sacctmgr.h"
#include "slurm/scontrol.h"
#include "slurm/squeue.h"
#include "slurm/sshare.h"
#include "tests/fuzz/fuzz.h"

static const uint8_t *answer;
static size_t answer_size;

static int run(const char *const argv[], int deadline_ms, struct run_result *ret,
	       struct sb_error *err)
{
	(void)argv;
	(void)deadline_ms;
	(void)err;
	*ret = (struct run_result){.out = fuzz_text(answer, answer_size), .out_len = answer_size};
	return SB_OK;
}

/* Replaces each bar of a line by [delimiter]. The caller frees it. */
static char *with_delimiter(const char *line, size_t len, const char *delimiter, size_t *ret_len)
{
	size_t each = strlen(delimiter), size = 1, at = 0;
	char *text;

	for (size_t i = 0; i < len; i++)
		size += line[i] == '|' ? each : 1;
	text = malloc(size);
	MUST(text);
	for (size_t i = 0; i < len; i++) {
		if (line[i] == '|') {
			memcpy(text + at, delimiter, each);
			at += each;
		} else {
			text[at++] = line[i];
		}
	}
	text[at] = '\0';
	*ret_len = at;
	return text;
}

/* Passes on each line in its own memory, so that reading beyond it is detected. */
static int lines(const char *const argv[], const char *const env[], int deadline_ms,
		 const struct line_sink *sink, struct run_result *ret, struct sb_error *err)
{
	const char *at = (const char *)answer, *end = at + answer_size, *newline;
	const bool jobs = strcmp(argv[0], "sacct") == 0;
	int code = SB_OK;

	(void)env;
	(void)deadline_ms;
	MUST(!jobs || strcmp(argv[6], "--delimiter") == 0);
	while (code == SB_OK && at < end && (newline = memchr(at, '\n', (size_t)(end - at)))) {
		size_t len;
		char *line = with_delimiter(at, (size_t)(newline - at), jobs ? argv[7] : "|", &len);

		code = sink->each(line, len, sink->ctx, err);
		free(line);
		at = newline + 1;
	}
	*ret = (struct run_result){0};
	return code;
}

static const struct slurm slurm = {.sshare = "sshare",
				   .sacctmgr = "sacctmgr",
				   .scontrol = "scontrol",
				   .sacct = "sacct",
				   .squeue = "squeue",
				   .run = run,
				   .lines = lines};

static void check_list(const char *list)
{
	struct sb_error err;
	struct tres tres;
	int64_t value;
	size_t at = 0, steps = 0;
	int code;

	while ((code = tres_next(list, &at, &tres, &err)) > 0) {
		MUST(tres.name[0] && tres.value >= -1);
		MUST(++steps <= strlen(list));
	}
	MUST(code == 0 || code == SB_EFORMAT);
	if (code == 0)
		MUST(at == strlen(list));
	if (tres_value(list, "cpu", &value, &err) == SB_OK)
		MUST(code == 0 && value >= -1);
	else
		MUST(err.code == SB_EFORMAT);
}

static int read_shares(struct sb_error *err)
{
	struct shares shares = {0};
	int code = sshare_read(&slurm, "dev", &shares, err);

	for (size_t i = 0; i < shares.count; i++) {
		const struct share *share = &shares.rows[i];

		MUST(shares_find(&shares, share->account) == share);
		MUST(share->odd_usage || !share->parent || !*share->parent ||
		     shares_find(&shares, share->parent));
		MUST(share->raw_usage >= 0 && share->minutes >= -1 && share->running >= -1);
		check_list(share->grp_tres_mins);
	}
	shares_release(&shares);
	return code;
}

static int read_users(struct sb_error *err)
{
	static const char *const users[] = {"alice", "bob"};
	struct shares shares = {0};
	int code = sshare_read_users(&slurm, "dev", users, 2, &shares, err);

	for (size_t i = 0; i < shares.user_count; i++) {
		const struct user_share *user = &shares.users[i];
		int order = i == 0 ? -1 : strcmp(user[-1].account, user->account);

		MUST(shares_find(&shares, user->account));
		MUST(user->user == users[0] || user->user == users[1]);
		MUST(order < 0 || (order == 0 && strcmp(user[-1].user, user->user) <= 0));
		MUST(user->odd || (user->raw_usage >= 0 && user->id >= -1));
		check_list(user->grp_tres_mins);
	}
	shares_release(&shares);
	return code;
}

static int read_limits(struct sb_error *err)
{
	static const char *const accounts[] = {"alice", "bob"};
	struct limits limits = {0};
	int code = sacctmgr_read_limits(&slurm, "dev", accounts, 2, &limits, err);

	for (size_t i = 0; i < limits.count; i++) {
		const struct account_limits *row = &limits.rows[i];

		MUST(limits_find(&limits, row->account) == row);
		MUST(row->grp_jobs >= -1 && row->grp_submit_jobs >= -1);
		check_list(row->grp_tres_mins);
		check_list(row->grp_tres_run_mins);
	}
	limits_release(&limits);
	return code;
}

static int read_qos(struct sb_error *err)
{
	struct qos_list list = {0};
	int code = sacctmgr_read_qos(&slurm, &list, err);

	for (size_t i = 0; i < list.count; i++) {
		check_list(list.rows[i].grp_tres_mins);
		check_list(list.rows[i].grp_tres_run_mins);
		MUST(list.rows[i].grp_jobs >= -1 && list.rows[i].grp_submit_jobs >= -1);
		MUST(strlen(list.rows[i].name) + strlen(list.rows[i].usage_factor) <= answer_size);
	}
	qos_list_release(&list);
	return code;
}

static int read_assocs(const char *user, struct sb_error *err)
{
	struct assocs assocs = {0};
	int code = assocs_read(&slurm, user, &assocs, err);

	for (size_t i = 0; i < assocs.count; i++)
		MUST(strlen(assocs.rows[i].account) + strlen(assocs.rows[i].cluster) <=
		     answer_size);
	assocs_release(&assocs);
	return code;
}

static int read_config(const char *cluster, struct sb_error *err)
{
	struct slurm_config config = {0};
	int code = scontrol_read_config(&slurm, cluster, &config, err);

	MUST(config.calc_period >= 0 && config.version[0] >= 0 && config.version[1] >= 0);
	MUST(!config.safe || config.limits);
	return code;
}

static int read_partitions(struct sb_error *err)
{
	struct partitions partitions = {0};
	int code = scontrol_read_partitions(&slurm, "dev", &partitions, err);

	for (size_t i = 0; i < partitions.count; i++)
		MUST(*partitions.rows[i].name &&
		     strlen(partitions.rows[i].billing_weights) <= answer_size);
	partitions_release(&partitions);
	return code;
}

static int check_job(const struct sacct_job *job, void *ctx, struct sb_error *err)
{
	size_t *count = ctx;
	int64_t value;

	(void)err;
	++*count;
	MUST(strcmp(job->cluster, "dev") == 0 && *job->name && !strstr(job->state, " by "));
	MUST(job->id >= 0 && job->submit >= 0 && job->elapsed >= 0);
	MUST(job->start >= -1 && job->end >= -1 && job->billing >= 0);
	MUST(job->suspended >= 0);
	MUST(sacct_tres(job->tres, "billing", &value, NULL) == SB_OK && value >= -1);
	MUST(job->billing == (value > 0 ? value : 0));
	/* In microseconds they fit, and so do their sums. */
	MUST(job->submit < INT64_MAX / 4000000 && job->start < INT64_MAX / 4000000);
	MUST(job->end < INT64_MAX / 4000000 && job->elapsed < INT64_MAX / 4000000);
	MUST(job->suspended < INT64_MAX / 4000000);
	MUST(job->start < 0 || job->end < 0 || job->elapsed <= 0 ||
	     job->elapsed <= job->end - job->start);
	MUST(strlen(job->account) + strlen(job->user) + strlen(job->partition) + strlen(job->qos) <
	     answer_size);
	return SB_OK;
}

static int check_odd(const struct sacct_odd *odd, void *ctx, struct sb_error *err)
{
	size_t *count = ctx;

	(void)err;
	++*count;
	MUST(odd->line > 1 && *odd->field && odd->value);
	MUST(odd->id >= -1 && odd->submit >= -1);
	MUST(!odd->account || odd->job);
	return SB_OK;
}

static int read_jobs(struct sb_error *err)
{
	const struct sacct_window window = {.since = 0, .until = INT64_MAX};
	size_t count = 0, newlines = 0;
	const struct sacct_sink sink = {check_job, check_odd, &count};
	int code = sacct_read(&slurm, "dev", &window, &sink, err);

	for (size_t i = 0; i < answer_size; i++)
		newlines += answer[i] == '\n';
	/* A row may have several lines. */
	MUST(count == 0 || count < newlines);
	return code;
}

static int read_reservations(struct sb_error *err)
{
	struct reservations reservations = {0};
	int code = reservations_read(&slurm, "dev", &reservations, err);
	size_t size = 0;

	for (size_t i = 0; i < reservations.count; i++) {
		const struct reservation *row = &reservations.list[i];

		MUST(row->id >= 0 && row->start >= 0);
		MUST(reservations_name(&reservations, row->id, row->start));
		size += strlen(row->name);
	}
	MUST(size <= answer_size);
	reservations_release(&reservations);
	return code;
}

static int read_known(struct sb_error *err)
{
	struct known_jobs known = {0};
	int code = squeue_read(&slurm, "dev", &known, err);

	for (size_t i = 0; i < known.count; i++) {
		MUST(known.ids[i] >= 0 && (i == 0 || known.ids[i - 1] <= known.ids[i]));
		MUST(known_jobs_have(&known, known.ids[i]));
	}
	known_jobs_release(&known);
	return code;
}

static int read_queued(struct sb_error *err)
{
	static const char *const accounts[] = {"bio", "lab"};
	struct queued_jobs queued = {0};
	int code = squeue_read_queued(&slurm, "dev", accounts, 2, &queued, err);

	for (size_t i = 0; i < queued.count; i++) {
		const struct queued_job *job = &queued.list[i];

		MUST(job->number > 0 && job->number <= UINT32_MAX && job->array >= 0);
		MUST(job->limit >= -1 && slurm_qos_ok(job->qos));
		MUST(strcmp(job->account, "bio") == 0 || strcmp(job->account, "lab") == 0);
		MUST(job->part < 0 || (job->first > 0 && job->first <= UINT32_MAX));
		MUST(job->tasks[strspn(job->tasks, "0123456789_[]-,:")] == '\0');
	}
	queued_jobs_release(&queued);
	return code;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sb_error err = {0};
	int code = SB_OK;
	char *text;

	if (size == 0)
		return 0;
	answer = data + 1;
	answer_size = size - 1;
	switch (data[0]) {
	case 's':
		code = read_shares(&err);
		break;
	case 'S':
		code = read_users(&err);
		break;
	case 'l':
		/* One call for both accounts. */
		code = read_limits(&err);
		break;
	case 'q':
		code = read_qos(&err);
		break;
	case 'a':
		code = read_assocs("", &err);
		break;
	case 'u':
		code = read_assocs("alice", &err);
		break;
	case 'c':
		code = read_config(NULL, &err);
		break;
	case 'C':
		code = read_config("dev", &err);
		break;
	case 'p':
		code = read_partitions(&err);
		break;
	case 'j':
		code = read_jobs(&err);
		break;
	case 'k':
		code = read_known(&err);
		break;
	case 'K':
		code = read_queued(&err);
		break;
	case 'r':
		code = read_reservations(&err);
		break;
	case 't':
		text = fuzz_text(answer, answer_size);
		check_list(text);
		free(text);
		break;
	default:
		break;
	}
	MUST(code == SB_OK || (code == SB_EFORMAT && err.code == SB_EFORMAT && *err.text));
	return 0;
}
