/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A damaged disk: flips bits of data.mdb, overwrites bytes and sectors, swaps them, restores them
 * from some commits ago, truncates the file. `verify` must find the damage, or every answer must
 * equal that of the undamaged bank to the byte. Nothing may hang, or end without a message of its
 * own. Lock files with any contents must do no harm. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ledger/books/books.h"
#include "tests/faults/ground.h"
#include "tests/faults/trace.h"

enum {
	PAGE = 4096,
	SECTOR = 512,
	META = 152,
	VIOLATIONS_SHOWN = 20,
	CASES_LEAST = 100,
	CASES_LONG = 10000
};

#define DATA "bank/books/data.mdb"

static unsigned char *data, *older, *damaged;
static size_t len, older_len, damaged_len;

/* The answers to compare; the first is that of verify. */
static const char *const questions[] = {
	"verify",
	"export",
	"balance -p --seconds",
	"journal -p --seconds",
	"statement bio -p",
	"journal -A chem --json",
};
static char *answers[COUNT(questions)];

static void make_bank(void)
{
	char line[64];

	ground_prepare("bank", NULL);
	ground_list(150);
	slurm_usage("bio", 10);
	slurm_usage("chem", 20);
	slurm_usage("over", 0);
	subank_must("init");
	subank_must("open bio 50");
	subank_must("open chem 50");
	subank_must("open over 20s");
	subank_must("import --append list --no-apply");
	subank_must("transfer bio chem 3 --ref t");
	subank_must("reverse 15 --note wrong --no-apply");
	subank_must("set chem 40 --note less --no-apply");
	older = (unsigned char *)file_read(DATA, &older_len);
	slurm_usage("bio", 500);
	slurm_usage("over", 500);
	subank_must("check");
	for (int i = 0; i < 6; i++) {
		(void)snprintf(line, sizeof(line), "deposit bio %d --ref late%d", i + 1, i);
		subank_must(line);
	}
	data = (unsigned char *)file_read(DATA, &len);
	damaged = malloc(len + PAGE);
	if (!older || !data || !damaged)
		give_up("no data file");
	folder_copy("bank", "base");
}

static void restore(void)
{
	folder_remove("bank");
	folder_copy("base", "bank");
}

/* ---- damage ---- */

enum harm {
	HARM_BIT,
	HARM_USED_BIT, /* in a byte that is not 0: most bytes of the file are 0 */
	HARM_BITS,
	HARM_HEADER, /* the first bytes of a page */
	HARM_META, /* LMDB's roots */
	HARM_SECTOR_GONE,
	HARM_SECTOR_OTHER,
	HARM_SECTOR_OLD, /* a lost write */
	HARM_PAGE_OLD,
	HARM_PAGE_OTHER,
	HARM_CUT, /* the end is missing */
	HARM_CUT_OUT, /* bytes in the middle are missing */
	HARM_COUNT,
};

static const char *const harm_names[HARM_COUNT] = {
	[HARM_BIT] = "damage: a bit flipped",
	[HARM_USED_BIT] = "damage: a bit flipped, where there is something",
	[HARM_BITS] = "damage: several bits flipped",
	[HARM_HEADER] = "damage: a byte at the head of a page",
	[HARM_META] = "damage: bytes of LMDB's roots",
	[HARM_SECTOR_GONE] = "damage: a sector of zeros or noise",
	[HARM_SECTOR_OTHER] = "damage: a sector of another place",
	[HARM_SECTOR_OLD] = "damage: a sector as it was before",
	[HARM_PAGE_OLD] = "damage: a page as it was before",
	[HARM_PAGE_OTHER] = "damage: a page of another place",
	[HARM_CUT] = "damage: the end cut off",
	[HARM_CUT_OUT] = "damage: bytes cut out",
};

/* Spares the second bit of a root's number: LMDB itself leaves it so when a disk fails. */
static void flip(size_t at)
{
	unsigned bit = (unsigned)below(8);

	if (at < 2 * PAGE && at % PAGE == META - 8 && bit == 1)
		bit = 0;
	damaged[at] ^= (unsigned char)(1u << bit);
}

static void put_block(size_t size, const unsigned char *from, size_t from_len, bool same_place)
{
	size_t blocks = (from_len < len ? from_len : len) / size;
	size_t to = below(blocks), place = same_place ? to : below(blocks);

	memcpy(damaged + to * size, from + place * size, size);
}

static void harm(enum harm what)
{
	size_t at = below(len), gap;

	memcpy(damaged, data, len);
	damaged_len = len;
	switch (what) {
	case HARM_BIT:
		flip(at);
		break;
	case HARM_USED_BIT:
		while (!damaged[at])
			at = (at + 1) % len;
		flip(at);
		break;
	case HARM_BITS:
		for (size_t i = 2 + below(30); i; i--)
			flip(below(len));
		break;
	case HARM_HEADER:
		damaged[at / PAGE * PAGE + below(32)] = (unsigned char)chance();
		break;
	case HARM_META:
		for (size_t i = 1 + below(3); i; i--)
			flip(below(2) * PAGE + below(META));
		break;
	case HARM_SECTOR_GONE:
		at -= at % SECTOR;
		gap = below(2);
		for (size_t i = 0; i < SECTOR; i++)
			damaged[at + i] = gap ? (unsigned char)chance() : 0;
		break;
	case HARM_SECTOR_OTHER:
		put_block(SECTOR, data, len, false);
		break;
	case HARM_SECTOR_OLD:
		put_block(SECTOR, older, older_len, true);
		break;
	case HARM_PAGE_OLD:
		put_block(PAGE, older, older_len, true);
		break;
	case HARM_PAGE_OTHER:
		put_block(PAGE, data, len, false);
		break;
	case HARM_CUT:
		damaged_len = at;
		break;
	default:
		gap = 1 + below(PAGE);
		if (gap > len - at)
			gap = len - at;
		memmove(damaged + at, damaged + at + gap, len - at - gap);
		damaged_len = len - gap;
		break;
	}
}

/* ---- judging ---- */

/* An answer where verify finds the damage. */
enum answer { ANSWER_REFUSED, ANSWER_RIGHT, ANSWER_WRONG, ANSWER_COUNT };

static uint64_t cases[HARM_COUNT], found[HARM_COUNT], violations[HARM_COUNT];
static uint64_t answered[ANSWER_COUNT]; /* by commands that read a part of the books */
static uint64_t proofs, proof_violations; /* by commands that read all of them */
static uint64_t writes, write_violations;

static void report(enum harm what, uint64_t seed, const char *question, int status, const char *why)
{
	static int shown;
	char *err = file_read("err", NULL);
	size_t first = 0, count = 0;

	for (size_t i = 0; i < len && i < damaged_len; i++) {
		if (damaged[i] != data[i] && !count++)
			first = i;
	}
	if (shown++ < VIOLATIONS_SHOWN)
		printf("%s, FAULT_CASE=%" PRIu64 " (%zu bytes differ, the first is %zu): %s: "
		       "exit status %d: %s: %s\n",
		       harm_names[what], seed, count, first, question, status, why, err);
	free(err);
}

/* Returns whether a crash, such as LMDB's on a damaged file, was reported before the signal ended
 * the program. */
static bool crash_was_reported(int status)
{
	char *err = file_read("err", NULL);
	const char *want = status == 128 + SIGBUS ? "cannot be read (it was cut short"
						  : "subank: ended by a crash: ";
	bool was = strstr(err, want) != NULL;

	free(err);
	return was && (status == 128 + SIGSEGV || status == 128 + SIGABRT ||
		       status == 128 + SIGFPE || status == 128 + SIGILL || status == 128 + SIGBUS);
}

/* Returns whether the program exited by itself, with a message if one is due. */
static bool ends_well(int status)
{
	struct stat st;

	if (status >= 128)
		return crash_was_reported(status);
	if (status != 0 && status != 1 && status != 3 && status != 4)
		return false;
	return status == 0 || (stat("err", &st) == 0 && st.st_size > 0);
}

static bool is_answer(const char *want)
{
	char *out = file_read("out", NULL);
	bool same = strcmp(out, want) == 0;

	free(out);
	return same;
}

/* Asks everything after verify found nothing: the answers must be right. */
static void compare_answers(enum harm what, uint64_t seed)
{
	for (size_t i = 0; i < COUNT(questions); i++) {
		int status = subank_run(questions[i]);

		if (status == 0 && is_answer(answers[i]))
			continue;
		violations[what]++;
		report(what, seed, questions[i], status,
		       "another answer, and verify finds no damage");
		return;
	}
}

/* Then records an entry: pages that count as free must be free. */
static void write_on(enum harm what, uint64_t seed)
{
	struct judged bank;
	int status = subank_run("deposit bio 1 --ref after --no-apply");

	writes++;
	if (status == 0) {
		judge("bank", &bank);
		if (bank.as == JUDGED_WHOLE)
			return;
	} else if (ends_well(status)) {
		return;
	}
	write_violations++;
	report(what, seed, "deposit, after verify found no damage", status,
	       status ? "did not exit by itself" : bank.text);
}

/* ---- where verify finds damage ---- */

/* Compares a receipt up to its time, which the hash of the head depends on. */
static bool is_receipt(const char *want)
{
	char *out = file_read("out", NULL), *head = strstr(out, "; head ");
	bool same = head && strncmp(out, want, (size_t)(head - out)) == 0;

	free(out);
	return same;
}

static struct judged whole;

static bool bank_is_whole(const char *want)
{
	struct judged bank;

	(void)want;
	judge("bank", &bank);
	return judged_same(&bank, &whole);
}

static bool copy_is_whole(const char *want)
{
	DIR *dir = opendir("copies");
	struct dirent *entry;
	bool is = false;

	(void)want;
	while (dir && (entry = readdir(dir))) {
		char path[512];
		struct judged copy;

		if (entry->d_name[0] == '.')
			continue;
		(void)snprintf(path, sizeof(path), "copies/%s", entry->d_name);
		judge(path, &copy);
		is = judged_same(&copy, &whole);
	}
	if (dir)
		(void)closedir(dir);
	return is;
}

static struct other {
	const char *line;
	bool (*right)(const char *want);
	bool proves; /* it reads all of the books, and must not be wrong */
	char *want; /* the standard output on an undamaged bank */
} others[] = {
	{"export", is_answer, true, NULL},
	{"backup copies", copy_is_whole, true, NULL},
	{"import --replace -i new.yaml", bank_is_whole, true, NULL},
	{"balance -p --seconds", is_answer, false, NULL},
	{"journal -p --seconds", is_answer, false, NULL},
	{"why bio", is_answer, false, NULL},
	{"statement chem -p --seconds", is_answer, false, NULL},
	{"check", is_answer, false, NULL},
	{"deposit bio 1 --ref after --no-apply", is_receipt, false, NULL},
};

/* Runs the command with an empty folder for copies. */
static int run_beside_copies(const char *line)
{
	folder_remove("copies");
	if (mkdir("copies", 0750) != 0)
		give_up("a folder for copies cannot be made");
	return subank_run(line);
}

/* Keeps the answers of the undamaged bank. */
static void learn_answers(void)
{
	for (size_t i = 0; i < COUNT(questions); i++) {
		subank_must(questions[i]);
		answers[i] = file_read("out", NULL);
	}
	subank_must("export new.yaml");
	judge("bank", &whole);
	for (size_t i = 0; i < COUNT(others); i++) {
		restore();
		if (run_beside_copies(others[i].line) != 0)
			give_up("%s: %s", others[i].line, file_read("err", NULL));
		others[i].want = file_read("out", NULL);
		if (!others[i].right(others[i].want))
			give_up("%s: an undamaged bank is taken for another", others[i].line);
	}
}

static void run_other(struct other *other, enum harm what, uint64_t seed)
{
	enum answer answer = ANSWER_REFUSED;
	int status = run_beside_copies(other->line);

	if (!ends_well(status)) {
		violations[what]++;
		report(what, seed, other->line, status, "did not exit by itself");
		return;
	}
	if (status == 0)
		answer = other->right(other->want) ? ANSWER_RIGHT : ANSWER_WRONG;
	if (!other->proves) {
		answered[answer]++;
		return;
	}
	proofs++;
	if (answer != ANSWER_WRONG)
		return;
	proof_violations++;
	report(what, seed, other->line, status,
	       "a wrong answer from a command that reads everything");
}

static void run_case(uint64_t seed)
{
	enum harm what;
	int status;

	chance_seed(seed);
	what = (enum harm)below(HARM_COUNT);
	harm(what);
	cases[what]++;
	restore();
	file_write(DATA, damaged, damaged_len);
	status = subank_run("verify");
	if (!ends_well(status)) {
		violations[what]++;
		report(what, seed, "verify", status, "did not exit by itself");
		return;
	}
	if (status == 0) {
		compare_answers(what, seed);
		write_on(what, seed);
		return;
	}
	found[what]++;
	run_other(&others[below(COUNT(others))], what, seed);
}

/* ---- lock files ---- */

static void scribble(const char *path)
{
	unsigned char noise[70000];
	size_t size = below(3) ? below(sizeof(noise)) : below(200);
	int fd = open(path, O_WRONLY | (below(2) ? O_TRUNC : 0) | O_CREAT, 0640);

	for (size_t i = 0; i < size; i++)
		noise[i] = (unsigned char)(below(3) ? chance()
						    : (uint64_t) "0123456789 \n"[below(12)]);
	if (fd < 0 || write(fd, noise, size) != (ssize_t)size || close(fd) != 0)
		give_up("%s cannot be scribbled on", path);
}

/* Returns whether a deposit and verify work as usual. */
static bool works(uint64_t n, const char *what, uint64_t seed)
{
	struct judged before, after;
	char line[64];
	int status;

	judge("bank", &before);
	(void)snprintf(line, sizeof(line), "deposit bio 1 --ref n%" PRIu64, n);
	status = subank_run(line);
	judge("bank", &after);
	if (status == 0 && after.as == JUDGED_WHOLE && after.head.seq == before.head.seq + 1)
		return true;
	printf("%s scribbled on, FAULT_CASE=%" PRIu64 ": exit status %d, entries %" PRIu64
	       " and %" PRIu64 ": %s; %s\n",
	       what, seed, status, before.head.seq, after.head.seq, after.text,
	       file_read("err", NULL));
	return false;
}

static uint64_t lock_cases, lock_violations;

static void scribble_on_locks(uint64_t seed)
{
	static const char *const locks[] = {
		"bank/books/lock.mdb", "bank/open.lock",  "bank/write.lock", "bank/use.lock",
		"bank/check.lock",     "bank/build.lock", "bank/settle.lock"};
	const char *path;

	chance_seed(seed);
	path = locks[below(COUNT(locks))];
	restore();
	scribble(path);
	lock_cases++;
	if (!works(seed, path, seed))
		lock_violations++;
}

int main(void)
{
	double seconds = seconds_given();
	const char *only = getenv("FAULT_CASE");
	uint64_t seed = strtoull(only ? only : ground_env("FAULT_SEED"), NULL, 10);
	uint64_t all = 0, least = long_form() ? CASES_LONG : CASES_LEAST;
	char answers_row[80];
	bool good = true;

	(void)elapsed();
	make_bank();
	learn_answers();
	if (only) {
		run_case(seed);
		scribble_on_locks(seed);
	}
	for (uint64_t n = 0; !only && (n < least || elapsed() < seconds * 0.9); n++)
		run_case(seed++);
	for (uint64_t n = 0; !only && (n < least / 10 || elapsed() < seconds); n++)
		scribble_on_locks(seed++);
	for (int i = 0; i < HARM_COUNT; i++) {
		if (only && !cases[i])
			continue;
		printf("%s: %" PRIu64 " cases, %" PRIu64 " found by verify, the others changed "
		       "nothing but %" PRIu64 "\n",
		       harm_names[i], cases[i], found[i], violations[i]);
		good &= row(harm_names[i], cases[i], violations[i]);
		all += cases[i];
	}
	good &= only || long_enough("damage", all, CASES_LONG);
	if (!only || proofs)
		good &= row("damage: full readers, where verify found it", proofs,
			    proof_violations);
	/* Some are wrong, which is why the manual recommends verify. */
	(void)snprintf(answers_row, sizeof(answers_row),
		       "damage: others there: %" PRIu64 " refused, %" PRIu64 " right, %" PRIu64
		       " not",
		       answered[ANSWER_REFUSED], answered[ANSWER_RIGHT], answered[ANSWER_WRONG]);
	if (!only)
		good &= row(answers_row,
			    answered[ANSWER_REFUSED] + answered[ANSWER_RIGHT] +
				    answered[ANSWER_WRONG],
			    0);
	if (!only || writes)
		good &= row("damage: an entry, where verify was content", writes, write_violations);
	good &= row("damage: lock files scribbled on", lock_cases, lock_violations);
	return good ? 0 : 1;
}
