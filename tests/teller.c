/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Runs verbs for a program in another language (tests/test_model.py): reads commands from the
 * standard input, one a line. Words are separated by one blank; there is no quoting.
 *
 *     clock MICROSECONDS            sets the clock, which does not advance by itself
 *     zone TZ                       sets the time zone
 *     settings TEXT                 sets the settings; "; " separates their lines
 *     usage CLUSTER ACCOUNT NUMBER  sets the RawUsage in Slurm; makes both if necessary
 *     tres CLUSTER ACCOUNT LIST     sets what Slurm counts of each TRES, in minutes
 * ("cpu=1,mem=0"); without it, cpu is the RawUsage vanish CLUSTER ACCOUNT        removes the
 * account from Slurm silent CLUSTER 0|1            1: the cluster cannot be reached qos ROWS sets
 * all QOS, in the form of sacctmgr; ";" separates the rows job CLUSTER ID ACCOUNT STATE QOS
 * PARTITION BILLING SUBMIT START RAN SUSPENDED LIMIT 0|1 adds a job to slurmdbd, running (1) or
 * ended (0); times in seconds; LIMIT 0 is no limit run VERB [WORD...]            runs the verb
 *     fresh                         replaces the bank and Slurm by new ones
 *     quit
 *
 * Only `run` prints an answer, a line of JSON: the exit status, the output, the new entries, and
 * every account at the clock's time:
 *
 *     {"status":0,"out":"…","err":"…","entries":[as `journal --json`],"accounts":[{…}]}
 */
#include <inttypes.h>
#include <jansson.h>
#include <time.h>
#include <unistd.h>

#include "cmd/show/entry_json.h"
#include "tests/drive.h"

enum { WORDS_MAX = 24, LINE_SIZE = 4096 };

static bool at_end;
static uint64_t printed_seq; /* entries up to this one were printed */
static FILE *to; /* receives the answer */

static const char *const cause_names[] = {[CAUSE_HAND] = "hand",
					  [CAUSE_FUNDS] = "funds",
					  [CAUSE_CLOSED] = "closed",
					  [CAUSE_OVERRUN] = "overrun"};

static void put_text(const char *text)
{
	json_t *string = json_string(text);

	ck_assert_ptr_nonnull(string);
	ck_assert_int_eq(json_dumpf(string, to, JSON_ENCODE_ANY), 0);
	json_decref(string);
}

static int put_entry(const struct entry *entry, void *ctx, struct sb_error *why)
{
	bool *first = ctx;

	if (!*first)
		fputc(',', to);
	*first = false;
	printed_seq = entry->event->seq;
	return entry_json(&(struct env){0}, to, entry, why);
}

/* The limits that Slurm has on an account, as sshare prints them. */
static void put_limits(const char *account)
{
	static const char *const clusters[] = {"dev", "west"};
	const char *comma = "";

	fprintf(to, ",\"limits\":{");
	for (size_t i = 0; i < COUNT(clusters); i++) {
		const struct fake_cluster *cluster = fake_cluster(clusters[i]);

		for (size_t j = 0; j < cluster->count; j++) {
			if (strcmp(cluster->accounts[j].name, account) != 0)
				continue;
			fprintf(to, "%s\"%s\":\"%s\"", comma, clusters[i],
				cluster->accounts[j].limits);
			comma = ",";
		}
	}
	fprintf(to, "}");
}

/* Prints the account's GrpJobs by cluster. */
static void put_jobs(const char *account)
{
	static const char *const clusters[] = {"dev", "west"};
	const char *comma = "";

	fprintf(to, ",\"jobs\":{");
	for (size_t i = 0; i < COUNT(clusters); i++) {
		const struct fake_cluster *cluster = fake_cluster(clusters[i]);

		for (size_t j = 0; j < cluster->count; j++) {
			if (strcmp(cluster->accounts[j].name, account) != 0)
				continue;
			fprintf(to, "%s\"%s\":%" PRId64, comma, clusters[i],
				cluster->accounts[j].grp_jobs);
			comma = ",";
		}
	}
	fprintf(to, "}");
}

static void put_account(const struct account *account)
{
	const char *comma = "";

	/* Names need no escaping. */
	fprintf(to,
		"{\"name\":\"%s\",\"open\":%s,\"unlimited\":%s,\"credit\":%" PRId64
		",\"debt\":%" PRId64 ",\"held\":%s,\"hand_until\":%" PRId64
		",\"grace_until\":%" PRId64,
		account->name, account->open ? "true" : "false",
		account->unlimited ? "true" : "false", account->credit, account->debt,
		account_held(account) ? "true" : "false", account->hand_until,
		account->grace_until);
	fprintf(to,
		",\"deposited\":%" PRId64 ",\"withdrawn\":%" PRId64 ",\"received\":%" PRId64
		",\"sent\":%" PRId64 ",\"charged\":%" PRId64 ",\"forgiven\":%" PRId64,
		account_sum(account->deposited), account_sum(account->withdrawn),
		account_sum(account->received), account_sum(account->sent),
		account_sum(account->charged), account_sum(account->forgiven));
	fprintf(to, ",\"causes\":[");
	for (size_t i = 0; i < COUNT(cause_names); i++) {
		if (account_has_cause(account, (enum cause)i)) {
			fprintf(to, "%s\"%s\"", comma, cause_names[i]);
			comma = ",";
		}
	}
	fprintf(to, "],\"crossed\":[");
	for (size_t i = 0; i < account->crossed_count; i++)
		fprintf(to, "%s%" PRId64, i ? "," : "", account->crossed[i]);
	fprintf(to, "],\"lots\":[");
	for (size_t i = 0; i < account->lot_count; i++) {
		const struct lot *lot = &account->lots[i];

		fprintf(to, "%s[%" PRIu64 ",%u,%" PRId64 ",%" PRId64 ",%" PRId64 ",%" PRId64 "]",
			i ? "," : "", lot->seq, lot->index, lot->start, lot->end, lot->amount,
			lot->rest);
	}
	fprintf(to, "],\"meters\":{");
	for (size_t i = 0; i < account->meter_count; i++) {
		const struct meter *meter = &account->meters[i];

		fprintf(to, "%s\"%s\":[%" PRId64 ",%" PRId64 "]", i ? "," : "", meter->cluster,
			meter->reading, meter->time);
	}
	fprintf(to, "},\"levers\":%zu", account->lever_count);
	put_limits(account->name);
	put_jobs(account->name);
	fprintf(to, "}");
}

static int put_books(struct books *books, void *ctx, struct sb_error *why)
{
	size_t count;
	bool first = true;
	int rc = 0;

	(void)ctx;
	fprintf(to, ",\"entries\":[");
	if (books_head(books)->seq > printed_seq)
		rc = journal_each(books_txn(books), printed_seq + 1, false, put_entry, &first, why);
	fprintf(to, "],\"accounts\":[");
	if (!rc)
		rc = books_load_all(books, &count, why);
	for (size_t i = 0; !rc && i < count; i++) {
		if (i)
			fputc(',', to);
		put_account(books_at(books, i));
	}
	fprintf(to, "]}");
	return rc;
}

static void answer(void)
{
	struct bank *bank = util_open(STORE_READ);
	char *line;
	size_t len;

	to = open_memstream(&line, &len);
	ck_assert_ptr_nonnull(to);
	fprintf(to, "{\"status\":%d,\"out\":", status);
	put_text(out);
	fprintf(to, ",\"err\":");
	put_text(err);
	OK(bank_read(bank, clock_now, put_books, NULL, &error));
	bank_close(bank);
	ck_assert_int_eq(fclose(to), 0);
	/* A line feed follows each entry; those in texts are escaped. */
	for (size_t i = 0; i < len; i++)
		putchar(line[i] == '\n' ? ' ' : line[i]);
	putchar('\n');
	free(line);
	ck_assert_int_eq(fflush(stdout), 0);
}

static int64_t number(const char *text)
{
	int64_t value;
	char rest;

	ck_assert_msg(text && sscanf(text, "%" SCNd64 "%c", &value, &rest) == 1,
		      "'%s' is not a number", text ? text : "");
	return value;
}

static void obey_settings(char *text)
{
	char lines[LINE_SIZE], *line;
	size_t at = 0;

	while ((line = strsep(&text, ";"))) {
		line += *line == ' ';
		at += (size_t)snprintf(lines + at, sizeof(lines) - at, "%s\n", line);
		ck_assert_uint_lt(at, sizeof(lines));
	}
	set_settings(lines);
}

static void obey_job(const char *const words[])
{
	char tres[64];

	(void)snprintf(tres, sizeof(tres), "billing=%" PRId64, number(words[7]));
	fake_add_job(words[1], (struct fake_job){.id = (int)number(words[2]),
						 .account = words[3],
						 .state = words[4],
						 .qos = words[5],
						 .partition = words[6],
						 .tres = tres,
						 .submit = number(words[8]),
						 .start = number(words[9]),
						 .ran = number(words[10]),
						 .suspended = number(words[11]),
						 .limit = number(words[12]),
						 .runs = number(words[13]) != 0});
}

static void obey_qos(char *text)
{
	static char rows[LINE_SIZE];

	(void)snprintf(rows, sizeof(rows), "%s\n", text);
	for (char *at = rows; (at = strchr(at, ';'));)
		*at = '\n';
	fake_qos = rows;
}

static void obey(char *line)
{
	const char *words[WORDS_MAX + 1] = {0};
	size_t count = 0;
	int64_t kept = clock_now;

	if (strncmp(line, "settings ", 9) == 0) {
		obey_settings(line + 9);
		return;
	}
	if (strncmp(line, "qos ", 4) == 0) {
		obey_qos(line + 4);
		return;
	}
	while (line) {
		ck_assert_uint_lt(count, WORDS_MAX);
		words[count++] = strsep(&line, " ");
	}
	if (strcmp(words[0], "run") == 0) {
		/* drive() advances the clock by a second. */
		clock_now -= WHEN_SECOND;
		drive(words + 1);
		clock_now = kept;
		answer();
	} else if (strcmp(words[0], "clock") == 0) {
		clock_now = number(words[1]);
	} else if (strcmp(words[0], "zone") == 0) {
		ck_assert(words[1] && setenv("TZ", words[1], 1) == 0);
		tzset();
	} else if (strcmp(words[0], "usage") == 0) {
		ck_assert_uint_eq(count, 4);
		fake_account(words[1], words[2])->usage = number(words[3]);
	} else if (strcmp(words[0], "tres") == 0) {
		struct fake_account *account;

		ck_assert_uint_eq(count, 4);
		account = fake_account(words[1], words[2]);
		ck_assert_uint_lt(strlen(words[3]), sizeof(account->tres_raw));
		(void)strcpy(account->tres_raw, words[3]);
	} else if (strcmp(words[0], "job") == 0) {
		ck_assert_uint_eq(count, 14);
		obey_job(words);
	} else if (strcmp(words[0], "vanish") == 0) {
		ck_assert_uint_eq(count, 3);
		fake_remove_account(words[1], words[2]);
	} else if (strcmp(words[0], "silent") == 0) {
		ck_assert_uint_eq(count, 3);
		fake_cluster(words[1])->silent = number(words[2]) != 0;
	} else {
		ck_abort_msg("unknown command '%s'", words[0]);
	}
}

/* Carries out commands for one bank, until `fresh`, `quit` or the end of the input. */
START_TEST(one_bank)
{
	char line[LINE_SIZE];
	size_t len;

	tzset(); /* the zone of the previous bank */
	clock_tick = 0;
	printed_seq = 0;
	at_end = true;
	while (fgets(line, sizeof(line), stdin)) {
		len = strlen(line);
		ck_assert_msg(len > 0 && line[len - 1] == '\n', "a line is too long: %s", line);
		line[len - 1] = '\0';
		if (strcmp(line, "quit") == 0)
			return;
		if (strcmp(line, "fresh") == 0) {
			at_end = false;
			return;
		}
		obey(line);
	}
}
END_TEST

int main(void)
{
	if (access("/dev/shm", W_OK) == 0 && setenv("TMPDIR", "/dev/shm", 1))
		return EXIT_FAILURE;
	do {
		Suite *suite = suite_create("teller");
		TCase *tcase = tcase_create("one_bank");
		SRunner *runner;
		int failed;

		/* Runs in this process, to read its standard input. */
		tcase_add_unchecked_fixture(tcase, drive_setup, drive_teardown);
		tcase_add_test(tcase, one_bank);
		suite_add_tcase(suite, tcase);
		runner = srunner_create(suite);
		srunner_set_fork_status(runner, CK_NOFORK);
		srunner_run_all(runner, CK_SILENT);
		failed = srunner_ntests_failed(runner);
		if (failed) {
			TestResult **results = srunner_failures(runner);

			fprintf(stderr, "teller: %s\n", tr_msg(results[0]));
			free(results);
			at_end = true;
		}
		srunner_free(runner);
		if (failed)
			return EXIT_FAILURE;
	} while (!at_end);
	return EXIT_SUCCESS;
}
