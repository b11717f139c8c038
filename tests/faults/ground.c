/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/faults/ground.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "ledger/books/verify.h"
#include "ledger/files/export.h"
#include "tests/faults/trace.h"

enum { DEADLINE = 60 };

void give_up(const char *fmt, ...)
{
	int number = errno;
	va_list ap;

	va_start(ap, fmt);
	(void)vfprintf(stderr, fmt, ap);
	va_end(ap);
	(void)fprintf(stderr, " (%s)\n", strerror(number));
	exit(99);
}

const char *ground_env(const char *name)
{
	const char *value = getenv(name);

	if (!value)
		give_up("%s is not set: start this with tests/faults/run.bash", name);
	return value;
}

static uint64_t state = 88172645463325252u;

void chance_seed(uint64_t seed)
{
	state = (seed + 1) * 0x9E3779B97F4A7C15u | 1;
	for (int i = 0; i < 8; i++)
		(void)chance();
}

/* Marsaglia's xorshift64*. */
uint64_t chance(void)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return state * 2685821657736338717u;
}

size_t below(size_t n)
{
	return (size_t)((chance() >> 16) % n);
}

double elapsed(void)
{
	static struct timespec start;
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	if (!start.tv_sec)
		start = now;
	return (double)(now.tv_sec - start.tv_sec) + (double)(now.tv_nsec - start.tv_nsec) / 1e9;
}

double seconds_given(void)
{
	return strtod(ground_env("FAULT_SECONDS"), NULL);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

void folder_remove(const char *path)
{
	if (nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS) != 0 && errno != ENOENT)
		give_up("%s cannot be removed", path);
}

static const char *copy_from, *copy_to;

static int copy_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	char to[PATH_SIZE];
	size_t len;
	char *data;

	(void)ftw;
	if (snprintf(to, sizeof(to), "%s%s", copy_to, path + strlen(copy_from)) >= PATH_SIZE)
		give_up("the name of %s is too long", path);
	if (type == FTW_D)
		return mkdir(to, st->st_mode & 07777);
	data = file_read(path, &len);
	file_write(to, data, len);
	free(data);
	return chmod(to, st->st_mode & 07777);
}

void folder_copy(const char *from, const char *to)
{
	copy_from = from;
	copy_to = to;
	if (nftw(from, copy_one, 16, FTW_PHYS) != 0)
		give_up("%s cannot be copied", from);
}

void file_write(const char *path, const void *data, size_t len)
{
	FILE *file = fopen(path, "we");

	if (!file || (len > 0 && fwrite(data, 1, len, file) != len) || fclose(file) != 0)
		give_up("%s cannot be written", path);
}

char *file_read(const char *path, size_t *ret_len)
{
	FILE *file = fopen(path, "re");
	struct stat st;
	char *data;

	if (!file)
		return NULL;
	if (fstat(fileno(file), &st) != 0 || !(data = malloc((size_t)st.st_size + 1)) ||
	    fread(data, 1, (size_t)st.st_size, file) != (size_t)st.st_size)
		give_up("%s cannot be read", path);
	data[st.st_size] = '\0';
	(void)fclose(file);
	if (ret_len)
		*ret_len = (size_t)st.st_size;
	return data;
}

static char **cut_in_words(const char *program, const char *line, char words[LINE_SIZE],
			   char *argv[WORDS_MAX])
{
	size_t count = 0;
	char *rest;

	if (snprintf(words, LINE_SIZE, "%s -c settings %s", program, line) >= LINE_SIZE)
		give_up("the command is too long: %s", line);
	for (char *word = strtok_r(words, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
		if (count == WORDS_MAX - 1)
			give_up("the command has too many words: %s", line);
		argv[count++] = word;
	}
	argv[count] = NULL;
	return argv;
}

char **subank_argv(const char *line, char words[LINE_SIZE], char *argv[WORDS_MAX])
{
	return cut_in_words(ground_env("SUBANK"), line, words, argv);
}

/* Waits for [pid], and kills it after the deadline. */
static int wait_for(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid)
		give_up("a process was lost");
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	return WTERMSIG(status) == SIGALRM ? TRACE_HANGS : 128 + WTERMSIG(status);
}

static int run_to_end(const char *program, const char *line)
{
	char words[LINE_SIZE], *argv[WORDS_MAX];
	pid_t pid;

	cut_in_words(program, line, words, argv);
	(void)fflush(NULL);
	pid = fork();
	if (pid < 0)
		give_up("no process");
	if (pid == 0) {
		if (!freopen("/dev/null", "r", stdin) || !freopen("out", "w", stdout) ||
		    !freopen("err", "w", stderr))
			_exit(127);
		(void)alarm(DEADLINE); /* survives exec */
		(void)execv(argv[0], argv);
		_exit(127);
	}
	return wait_for(pid);
}

int subank_run(const char *line)
{
	return run_to_end(ground_env("SUBANK"), line);
}

static void must(const char *program, const char *line)
{
	int status = run_to_end(program, line);

	if (status != 0)
		give_up("subank %s: status %d: %s", line, status, file_read("err", NULL));
}

void subank_must(const char *line)
{
	const char *plain = getenv("PLAIN_SUBANK");

	must(plain ? plain : ground_env("SUBANK"), line);
}

void subank_past(long ago, const char *line)
{
	char text[PATH_SIZE];
	int len = snprintf(text, sizeof(text), "%" PRId64 "\n",
			   (int64_t)(time(NULL) - ago) * 1000000);

	file_write("clock", text, (size_t)len);
	(void)setenv("SUBANK_CLOCK", "clock", 1);
	(void)snprintf(text, sizeof(text), "%s/../screens/clocked", ground_env("FAULTS_BUILD"));
	must(text, line);
}

void slurm_usage(const char *account, long usage)
{
	char path[PATH_SIZE], text[64];

	(void)snprintf(path, sizeof(path), "slurm/dev/%s", account);
	(void)snprintf(text, sizeof(text), "RawUsage=%ld\n", usage);
	file_write(path, text, strlen(text));
}

void slurm_job(const char *account, long ago, long ran)
{
	static int id;
	FILE *file = fopen("slurm/dev.jobs", "ae");
	long long start = (long long)time(NULL) - ago;

	id++;
	if (!file ||
	    fprintf(file,
		    "%d|%d|%d|%s|ann|main|normal|COMPLETED|%lld|%lld|%lld|%ld|00:00:00|billing=1,"
		    "cpu=1|60\n",
		    id, id, id, account, start, start, start + ran, ran) < 0 ||
	    fclose(file) != 0)
		give_up("a job cannot be put on record");
}

void ground_list(int count)
{
	FILE *file = fopen("list", "we");

	for (int i = 0; file && i < count; i++)
		(void)fprintf(file,
			      "- {ref: l%d, deposit: %s, su: %d, note: \"line %d of the list\"}\n",
			      i, i % 3 ? "bio" : "chem", i % 7 + 1, i);
	if (!file || fclose(file) != 0)
		give_up("the list cannot be written");
}

void ground_dump(void)
{
	static const char text[] = "{\"count\": 2, \"results\": [\n"
				   " {\"id\": 1, \"account\": \"old1\", \"su_limit_hrs\": 7, "
				   "\"created_at\": \"2026-01-01T00:00:00Z\"},\n"
				   " {\"id\": 2, \"account\": \"old2\", \"su_limit_hrs\": -1, "
				   "\"created_at\": \"2026-01-01T00:00:00Z\"}], \"meta\": {}}\n";

	file_write("dump.json", text, sizeof(text) - 1);
	slurm_usage("old1", 70);
	slurm_usage("old2", 70);
}

static void folder_here(char here[PATH_SIZE - 64])
{
	if (!getcwd(here, PATH_SIZE - 64))
		give_up("this folder has no name");
}

/* Sets [key] to [path], unless that is NULL. Both paths are below this folder. */
static void settings_write(const char *name, const char *bank, const char *key, const char *path)
{
	char text[3 * PATH_SIZE], here[PATH_SIZE - 64];
	int len;

	folder_here(here);
	len = snprintf(text, sizeof(text),
		       "bank: %s/%s\nclusters: [dev]\nslurm_seconds: 60\nlock_seconds: 20\n"
		       "charge_minutes: 0\n",
		       here, bank);
	if (path)
		len += snprintf(text + len, sizeof(text) - (size_t)len, "%s%s/%s\n", key, here,
				path);
	file_write(name, text, (size_t)len);
}

void ground_prepare(const char *bank, const char *backup)
{
	char text[2 * PATH_SIZE], here[PATH_SIZE - 64];

	folder_here(here);
	(void)snprintf(text, sizeof(text), "%s:%s", ground_env("FAKE_SLURM"), ground_env("PATH"));
	(void)setenv("PATH", text, 1);
	/* subank would report every fault to syslog. */
	(void)setenv("JOURNAL_STREAM", "faults", 1);
	(void)snprintf(text, sizeof(text), "%s/slurm", here);
	(void)setenv("SLURM_CONF", text, 1);
	folder_remove("slurm");
	if (mkdir("slurm", 0755) != 0 || mkdir("slurm/dev", 0755) != 0)
		give_up("the make-believe Slurm cannot be made");
	slurm_usage("root", 0);
	settings_write("settings", bank, "backup: ", backup);
}

void ground_publishing(const char *settings, const char *folder)
{
	char bank[64], file[64];

	(void)snprintf(bank, sizeof(bank), "%s/bank", folder);
	(void)snprintf(file, sizeof(file), "%s/users/balances.json", folder);
	settings_write(settings, bank, "publish: all\npublish_file: ", file);
}

/* ---- judging ---- */

static void keep_first(const char *text, void *ctx)
{
	struct judged *judged = ctx;

	if (!*judged->text)
		(void)snprintf(judged->text, sizeof(judged->text), "%s", text);
}

/* Skips the value of the key at [text] if it differs between two runs of the same commands. */
static size_t skip_of(const char *text)
{
	static const char *const keys[] = {"hash: \"", "answers: "};

	/* A user whom NSS cannot name is recorded by number. */
	if (strncmp(text, ", user: \"", 9) == 0)
		return 9 + strcspn(text + 9, "\"") + 1;
	for (size_t i = 0; i < COUNT(keys); i++) {
		size_t len = strlen(keys[i]);

		if (strncmp(text, keys[i], len) == 0)
			return len + strspn(text + len, "0123456789abcdef");
	}
	/* "2026-11-24T… */
	if (text[0] == '"' && strspn(text + 1, "0123456789") == 4 && text[5] == '-' &&
	    text[8] == '-' && text[11] == 'T')
		return 1 + strspn(text + 1, "0123456789-T:.Z");
	return 0;
}

static uint64_t digest_of(const char *text)
{
	uint64_t sum = 0, line = 0;

	text = strstr(text, "journal:");
	for (; text && *text; text++) {
		if (strncmp(text, "- {entry: ", 10) == 0) {
			text += 10 + strspn(text + 10, "0123456789");
			line = 14695981039346656037u;
		} else if (*text == '\n') {
			sum += line;
		}
		text += skip_of(text);
		if (!*text)
			break;
		line = (line ^ (unsigned char)*text) * 1099511628211u;
	}
	return sum + line;
}

static int inspect(struct books *books, void *ctx, struct sb_error *err)
{
	struct judged *judged = ctx;
	struct verify verify = {.found = keep_first, .ctx = judged};
	char *text = NULL;
	size_t len;
	FILE *file;
	int rc = verify_books(books, &verify, err);

	if (rc)
		return rc;
	judged->as = verify.problems ? JUDGED_DAMAGED : JUDGED_WHOLE;
	judged->head = verify.head;
	file = open_memstream(&text, &len);
	if (!file)
		return sb_error_nomem(err);
	rc = export_yaml(books, &(struct export_to){.file = file}, err);
	(void)fclose(file);
	if (!rc)
		judged->digest = digest_of(text);
	free(text);
	return rc;
}

static void judge_here(const char *folder, struct judged *judged)
{
	struct store_options options = {
		.folder = folder, .doing = "tests/faults", .wait_ms = 20000};
	struct bank *bank = NULL;
	struct sb_error err;
	int rc = bank_open(&options, STORE_READ, NULL, &bank, &err);

	if (!rc)
		rc = bank_read(bank, 0, inspect, judged, &err);
	bank_close(bank);
	if (!rc)
		return;
	judged->as = rc == SB_ENOTFOUND ? JUDGED_NO_BANK : JUDGED_REFUSED;
	(void)snprintf(judged->text, sizeof(judged->text), "%s", err.text);
}

static void on_assertion(const char *text)
{
	(void)text;
	abort();
}

void judge(const char *folder, struct judged *ret)
{
	static struct judged *shared;
	struct judged empty = {.as = JUDGED_CRASHED};
	int status;
	pid_t pid;

	if (!shared)
		shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		give_up("no memory");
	*shared = empty;
	(void)fflush(NULL);
	pid = fork();
	if (pid < 0)
		give_up("no process");
	if (pid == 0) {
		store_on_damage(on_assertion);
		(void)alarm(DEADLINE);
		judge_here(folder, shared);
		_exit(0);
	}
	status = wait_for(pid);
	*ret = *shared;
	if (status != 0) {
		*ret = empty;
		(void)snprintf(ret->text, sizeof(ret->text), "reading it ends with status %d",
			       status);
	}
}

bool judged_same(const struct judged *a, const struct judged *b)
{
	return a->as == b->as && a->head.seq == b->head.seq &&
	       memcmp(a->head.hash, b->head.hash, HASH_SIZE) == 0;
}

bool row(const char *method, uint64_t cases, uint64_t violations)
{
	printf("row\t%s\t%" PRIu64 "\t%" PRIu64 "\n", method, cases, violations);
	(void)fflush(stdout);
	return violations == 0 && cases > 0;
}

bool long_form(void)
{
	const char *form = getenv("FAULTS");

	return form && strcmp(form, "long") == 0;
}

bool long_enough(const char *what, uint64_t cases, uint64_t least)
{
	if (!long_form() || cases >= least)
		return true;
	printf("%s: %" PRIu64 " cases, and in the long form at least %" PRIu64 " are wanted\n",
	       what, cases, least);
	return false;
}
