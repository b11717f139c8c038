/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Errors at every call. Runs each writing verb again and again; each time another of its system
 * calls fails, is cut short, or succeeds and reports failure, or an allocation fails. Exit status
 * and bank must agree: 1 or 2, nothing changed; 0, everything did; 3, the entry was recorded, but a
 * later step failed; 4, one of both, and the failed call was one that makes data durable. Repeating
 * the command with the same --ref must then leave what a run without an error does: one entry, not
 * two. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/faults/ground.h"
#include "tests/faults/trace.h"

#ifndef SANITIZED
#define SANITIZED 0
#endif

enum { VIOLATIONS_SHOWN = 25, COUNT_ONLY = 0, DAY = 86400, CASES_LEAST = 300, CASES_LONG = 25000 };

/* ---- faults ---- */

enum sort {
	SORT_NONE,
	SORT_OPEN = 1,
	SORT_CREATE = 2, /* an open that may create a file */
	SORT_READ = 4,
	SORT_WRITE = 8,
	SORT_SYNC = 16,
	SORT_NAME = 32, /* folders, names, lengths, modes, owners */
	SORT_LOOK = 64,
	SORT_MAP = 128,
	SORT_PIPE = 256,
	SORT_PROCESS = 512,
	SORT_CLOSE = 1024,
};

static enum sort sort_of(const struct trace_call *call)
{
	switch (call->number) {
#ifdef SYS_open
	case SYS_open:
		return SORT_OPEN | (call->arguments[1] & O_CREAT ? SORT_CREATE : SORT_NONE);
#endif
	case SYS_openat:
		return SORT_OPEN | (call->arguments[2] & O_CREAT ? SORT_CREATE : SORT_NONE);
	case SYS_read:
	case SYS_pread64:
		return SORT_READ;
	case SYS_write:
	case SYS_pwrite64:
	case SYS_writev:
		return SORT_WRITE;
	case SYS_fsync:
	case SYS_fdatasync:
		return SORT_SYNC;
#ifdef SYS_mkdir
	case SYS_mkdir:
	case SYS_rename:
	case SYS_unlink:
	case SYS_rmdir:
	case SYS_chmod:
	case SYS_chown:
#endif
	case SYS_mkdirat:
	case SYS_renameat2:
	case SYS_unlinkat:
	case SYS_ftruncate:
	case SYS_fallocate:
	case SYS_fchmod:
	case SYS_fchmodat:
	case SYS_fchown:
	case SYS_fchownat:
		return SORT_NAME;
#ifdef SYS_stat
	case SYS_stat:
	case SYS_lstat:
#endif
#ifdef SYS_newfstatat
	case SYS_newfstatat:
#endif
	case SYS_fstat:
	case SYS_fstatfs:
	case SYS_lseek:
	case SYS_fcntl:
	case SYS_flock:
	case SYS_getrandom:
		return SORT_LOOK;
	case SYS_mmap:
		return SORT_MAP;
#ifdef SYS_pipe
	case SYS_pipe:
#endif
	case SYS_pipe2:
		return SORT_PIPE;
#ifdef SYS_vfork
	case SYS_vfork:
#endif
#ifdef SYS_clone3
	case SYS_clone3:
#endif
	case SYS_clone:
		return SORT_PROCESS;
	case SYS_close:
		return SORT_CLOSE;
	default:
		return SORT_NONE;
	}
}

enum row {
	ROW_EIO,
	ROW_DONE,
	ROW_ENOSPC,
	ROW_SHORT,
	ROW_EMFILE,
	ROW_MAP,
	ROW_MALLOC,
	ROW_COUNT,
};

static const char *const row_names[ROW_COUNT] = {
	[ROW_EIO] = "errors: EIO at the Nth call",
	[ROW_DONE] = "errors: done, but reported as EIO",
	[ROW_ENOSPC] = "errors: ENOSPC at the Nth call",
	[ROW_SHORT] = "errors: short reads and writes",
	[ROW_EMFILE] = "errors: EMFILE at the Nth call",
	[ROW_MAP] = "errors: ENOMEM at the Nth call",
	[ROW_MALLOC] = "errors: the Nth malloc fails",
};

static const struct fault {
	const char *name;
	enum row row;
	int sorts;
	enum trace_do how;
	int error; /* 0: the call is cut to half */
	bool goes_on; /* also fails every such call after it */
} faults[] = {
	{"EIO", ROW_EIO,
	 SORT_OPEN | SORT_READ | SORT_WRITE | SORT_SYNC | SORT_NAME | SORT_LOOK | SORT_PROCESS,
	 TRACE_SKIP, EIO, false},
	{"EIO-on", ROW_EIO, SORT_READ | SORT_WRITE | SORT_SYNC | SORT_NAME, TRACE_SKIP, EIO, true},
	{"EIO-done", ROW_DONE, SORT_WRITE | SORT_SYNC | SORT_NAME | SORT_CLOSE, TRACE_LIE, EIO,
	 false},
	{"ENOSPC", ROW_ENOSPC, SORT_CREATE | SORT_WRITE | SORT_SYNC | SORT_NAME, TRACE_SKIP, ENOSPC,
	 false},
	{"ENOSPC-on", ROW_ENOSPC, SORT_CREATE | SORT_WRITE | SORT_NAME, TRACE_SKIP, ENOSPC, true},
	{"short", ROW_SHORT, SORT_READ | SORT_WRITE, TRACE_CHANGED, 0, false},
	{"short-on", ROW_SHORT, SORT_READ | SORT_WRITE, TRACE_CHANGED, 0, true},
	{"EMFILE", ROW_EMFILE, SORT_OPEN | SORT_PIPE, TRACE_SKIP, EMFILE, false},
	{"EMFILE-on", ROW_EMFILE, SORT_OPEN | SORT_PIPE, TRACE_SKIP, EMFILE, true},
	{"ENOMEM", ROW_MAP, SORT_MAP | SORT_PROCESS | SORT_LOOK | SORT_OPEN, TRACE_SKIP, ENOMEM,
	 false},
	{"ENOMEM-on", ROW_MAP, SORT_MAP | SORT_PROCESS, TRACE_SKIP, ENOMEM, true},
	{"malloc", ROW_MALLOC, 0, TRACE_GO, 0, false},
	{"malloc-on", ROW_MALLOC, 0, TRACE_GO, 0, true},
};

/* ---- the verbs ---- */

enum kind {
	KIND_ENTRY, /* one transaction, which may be repeated */
	KIND_CHECK, /* several transactions; compares the final state */
	KIND_MAKE, /* creates a bank */
	KIND_REPLACE,
	KIND_BACKUP,
	KIND_EXPORT,
};

#define PUBLISHING "-c publishing "
#define PUBLISHED "users/balances.json"

static const struct verb {
	const char *line;
	enum kind kind;
} verbs[] = {
	{"deposit bio 10 --ref f", KIND_ENTRY},
	{"deposit bio 12 --slices 3 --every year --ref f --no-apply", KIND_ENTRY},
	{"open fresh 5 --ref f --no-apply", KIND_ENTRY},
	{"withdraw bio 1.5 --ref f --no-apply", KIND_ENTRY},
	{"transfer bio chem 20 --ref f --no-apply", KIND_ENTRY},
	{"charge bio 2.5 --ref f --note why --no-apply", KIND_ENTRY},
	{"deposit bio 3 --resource cpu --ref f --no-apply", KIND_ENTRY},
	{"transfer bio chem 1 --resource cpu --ref f --no-apply", KIND_ENTRY},
	{"open bio 1 --resource gres/gpu --ref f --no-apply", KIND_ENTRY},
	{"set bio 7 --ref f --note why --no-apply", KIND_ENTRY},
	{"share bio root 5 --ref f --no-apply", KIND_ENTRY},
	{"refund 22 --ref f --note why --no-apply", KIND_ENTRY},
	{"reverse 12 --ref f --note why --no-apply", KIND_ENTRY},
	{"terms chem --credit 3 --ref f --no-apply", KIND_ENTRY},
	{"hold bio --ref f --no-apply", KIND_ENTRY},
	{"release hand --ref f --no-apply", KIND_ENTRY},
	{"close chem --ref f --no-apply", KIND_ENTRY},
	{"rename bio anew --ref f --no-apply", KIND_ENTRY},
	{"merge bio over --ref f --no-apply", KIND_ENTRY},
	{"import --append list --no-apply", KIND_ENTRY},
	{"hold bio --ref f", KIND_CHECK},
	{"deposit over 10 --ref f", KIND_CHECK},
	{"rename over anew --ref f", KIND_CHECK},
	{"merge over bio --ref f", KIND_CHECK},
	{"check", KIND_CHECK},
	{"adopt", KIND_CHECK},
	{PUBLISHING "check", KIND_CHECK},
	{PUBLISHING "deposit chem 10 --ref f --no-apply", KIND_ENTRY},
	{"reconcile lost --apply --note why --no-apply", KIND_CHECK},
	{"reset chem --immediate", KIND_CHECK},
	{"import --predecessor --immediate dump.json", KIND_CHECK},
	{"init", KIND_MAKE},
	{"import new.yaml", KIND_MAKE},
	{"import --replace -i new.yaml", KIND_REPLACE},
	{"backup copies", KIND_BACKUP},
	{"export copies/export.yaml", KIND_EXPORT},
};

/* The state before a verb, and the expected one after it. */
struct course {
	const struct verb *verb;
	struct judged before, after;
	char *file; /* export: the expected file */
	char *end; /* check: balances and limits at the end */
	/* The approximate count of calls, and the faults (bits) that each can have. Both vary a
	 * little from run to run with Slurm's answers. */
	unsigned *fits;
	size_t calls, mallocs;
};

static void make_ground(void)
{
	ground_prepare("bank", NULL);
	ground_publishing("publishing", ".");
	ground_list(20);
	ground_dump();
	slurm_usage("lost", 0);
	slurm_usage("jobs", 0);
	subank_past(DAY, "init");
	subank_past(DAY, "open lost 50");
	subank_past(DAY, "open jobs 50");
	subank_past(DAY, "terms jobs --meter jobs");
	subank_past(DAY, "check");
	subank_must("adopt");
	slurm_usage("bio", 10);
	slurm_usage("chem", 20);
	slurm_usage("fresh", 30);
	slurm_usage("hand", 0);
	slurm_usage("anew", 40);
	slurm_usage("over", 0);
	subank_must("open bio 50");
	subank_must("deposit bio 5 --ref b1");
	subank_must("open chem 50");
	subank_must("open hand 1");
	subank_must("open over 20s");
	slurm_usage("chem", 100);
	slurm_usage("over", 100);
	subank_must("check");
	subank_must("hold hand --no-apply");
	subank_must("open bio 2 --resource cpu --no-apply");
	subank_must("open chem 2 --resource cpu --no-apply");
	subank_must("export new.yaml");
	slurm_usage("bio", 500);
	/* Not in the use that Slurm counted, and not yet charged. */
	slurm_job("lost", DAY / 2, 100);
	/* The next check reads it even if it does not look back. */
	slurm_job("jobs", 300, 100);
	folder_copy("bank", "base.bank");
	folder_copy("slurm", "base.slurm");
}

static void restore(const struct course *course)
{
	folder_remove("bank");
	folder_remove("slurm");
	folder_remove("copies");
	folder_remove("users");
	folder_copy("base.slurm", "slurm");
	if (course->verb->kind != KIND_MAKE)
		folder_copy("base.bank", "bank");
	if (mkdir("copies", 0750) != 0 || mkdir("users", 0755) != 0)
		give_up("a folder for copies cannot be made");
	if (course->verb->kind == KIND_EXPORT)
		file_write("copies/export.yaml", "old", 3);
	(void)unlink("malloc.failed");
}

/* Returns whether the published file is complete or missing. */
static bool published_is_whole(void)
{
	size_t len;
	char *text = file_read(PUBLISHED, &len);
	bool whole = !text || (len > 3 && strcmp(text + len - 3, "\n}\n") == 0);

	free(text);
	return whole;
}

/* Returns the lines without those that contain times. */
static void add_published(FILE *to)
{
	char *text = file_read(PUBLISHED, NULL), *rest = NULL;

	for (char *line = text ? strtok_r(text, "\n", &rest) : NULL; line;
	     line = strtok_r(NULL, "\n", &rest)) {
		if (!strstr(line, "Z\""))
			(void)fprintf(to, "%s\n", line);
	}
	free(text);
}

/* Returns balances, holds, the limits in Slurm and the published file, after running checks until
 * they change nothing. */
static char *how_it_ends(const struct course *course)
{
	static const char *const accounts[] = {"bio",  "chem", "hand", "over", "anew",
					       "jobs", "lost", "old1", "old2"};
	bool publishing = strncmp(course->verb->line, PUBLISHING, strlen(PUBLISHING)) == 0;
	char *text, *all = NULL, path[512];
	size_t len = 0;
	FILE *file = open_memstream(&all, &len);

	for (int i = 0; i < 3; i++)
		(void)subank_run(publishing ? PUBLISHING "check" : "check");
	if (!file ||
	    subank_run("balance -p --seconds --format=Account,State,Allocated,Used,Available") != 0)
		give_up("there are no balances: %s", file_read("err", NULL));
	text = file_read("out", NULL);
	(void)fputs(text, file);
	free(text);
	for (size_t i = 0; i < COUNT(accounts); i++) {
		(void)snprintf(path, sizeof(path), "slurm/dev/%s", accounts[i]);
		text = file_read(path, NULL);
		(void)fprintf(file, "%s: %s", accounts[i], text ? text : "");
		free(text);
	}
	add_published(file);
	(void)fclose(file);
	return all;
}

/* ---- one case ---- */

struct injection {
	const struct fault *fault;
	size_t at; /* the index of the call; COUNT_ONLY: none */
	unsigned *fits; /* COUNT_ONLY: the faults that each call so far can have */
	size_t count; /* calls since subank began to read its settings */
	bool begun;
	bool hit;
	bool hit_message; /* a message on standard error was lost */
	bool hit_receipt; /* output on standard output was lost */
	bool hit_removal; /* a removal failed */
	bool renamed; /* a rename succeeded */
	bool hit_keeping; /* a call that makes data durable, or reports that it is */
	uint64_t number; /* of the failed call */
};

static bool is_settings(const struct trace_call *call)
{
	char path[16];

	if (call->number != SYS_openat)
		return false;
	trace_read_text(call->thread, call->arguments[1], path, sizeof(path));
	return strcmp(path, "settings") == 0;
}

static bool is_rename(const struct trace_call *call)
{
#ifdef SYS_rename
	if (call->number == SYS_rename)
		return true;
#endif
	return call->number == SYS_renameat2;
}

/* LMDB seeks before it writes several pages; after a rename, the folder to flush is opened. */
static bool is_keeping(const struct injection *injection, const struct trace_call *call)
{
	int sorts = SORT_WRITE | SORT_SYNC | SORT_CLOSE | (injection->renamed ? SORT_OPEN : 0);

	return ((int)sort_of(call) & sorts) || is_rename(call) || call->number == SYS_lseek;
}

static bool fits(const struct fault *fault, const struct trace_call *call)
{
	if (!(fault->sorts & (int)sort_of(call)))
		return false;
	/* Sanitizers depend on these. */
	if (SANITIZED && fault->error == ENOMEM && sort_of(call) == SORT_MAP)
		return false;
	/* The lengths of a vector are in memory: drops the last of several instead. */
	return fault->error || call->arguments[2] > 1;
}

static void note_call(struct injection *injection, const struct trace_call *call)
{
	unsigned *fit;

	injection->fits = realloc(injection->fits, injection->count * sizeof(*injection->fits));
	if (!injection->fits)
		give_up("no memory");
	fit = &injection->fits[injection->count - 1];
	*fit = 0;
	for (size_t f = 0; f < COUNT(faults); f++) {
		if (fits(&faults[f], call))
			*fit |= 1u << f;
	}
}

static enum trace_do on_call(struct trace_call *call, void *ctx)
{
	struct injection *injection = ctx;
	const struct fault *fault = injection->fault;
	bool first;

	if (!injection->begun)
		injection->begun = is_settings(call);
	if (!injection->begun || sort_of(call) == SORT_NONE)
		return TRACE_GO;
	injection->count++;
	injection->renamed |= is_rename(call);
	if (injection->at == COUNT_ONLY)
		note_call(injection, call);
	first = injection->count == injection->at;
	if (injection->at == COUNT_ONLY || injection->count < injection->at ||
	    (!first && !fault->goes_on) || !fits(fault, call) || (!first && !injection->hit))
		return TRACE_GO;
	if (first)
		injection->number = call->number;
	injection->hit = true;
	injection->hit_keeping |= is_keeping(injection, call);
	if (call->arguments[0] == STDERR_FILENO && sort_of(call) == SORT_WRITE)
		injection->hit_message = true;
	if (call->arguments[0] == STDOUT_FILENO && sort_of(call) == SORT_WRITE)
		injection->hit_receipt = true;
	/* Without descriptors, unfinished files cannot be found and removed; files that could not
	 * be created do not exist. */
	if (call->number == SYS_unlinkat || call->number == SYS_unlink ||
	    (fault->goes_on && fault->error == EMFILE) ||
	    (fault->how == TRACE_LIE && (call->number == SYS_mkdir || call->number == SYS_mkdirat)))
		injection->hit_removal = true;
	if (!fault->error)
		call->arguments[2] /= 2;
	call->result = -fault->error;
	return fault->how;
}

static int run_with(const struct course *course, struct injection *injection)
{
	char words[LINE_SIZE], *argv[WORDS_MAX], number[32], library[PATH_SIZE];
	bool memory = injection->fault && injection->fault->row == ROW_MALLOC;
	struct trace trace = {
		.argv = subank_argv(course->verb->line, words, argv),
		.in = open("/dev/null", O_RDONLY | O_CLOEXEC),
		.out = open("out", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644),
		.err = open("err", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644),
		.begins = on_call,
		.ctx = injection,
	};
	int status;

	if (memory) {
		(void)snprintf(library, sizeof(library), "%s/malloc_fails.so",
			       ground_env("FAULTS_BUILD"));
		(void)snprintf(number, sizeof(number), "%zu%s", injection->at,
			       injection->fault->goes_on ? "+" : "");
		(void)setenv("MALLOC_FAILS", number, 1);
		trace.preload = library;
		trace.begins = NULL;
	}
	status = trace_run(&trace);
	(void)unsetenv("MALLOC_FAILS");
	if (memory)
		injection->hit = access("malloc.failed", F_OK) == 0;
	(void)close(trace.in);
	(void)close(trace.out);
	(void)close(trace.err);
	return status;
}

static bool ends_in(const char *name, const char *end)
{
	size_t len = strlen(name), more = strlen(end);

	return len >= more && strcmp(name + len - more, end) == 0;
}

/* Checks the folder of copies: a complete backup, or none if [none], and nothing unfinished. */
static const char *wrong_with_copies(bool none, bool removal_failed, const struct judged *want)
{
	DIR *dir = opendir("copies");
	const char *wrong = none ? NULL : "there is no backup";
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		char path[512];
		struct judged copy;

		if (entry->d_name[0] == '.')
			continue;
		if (ends_in(entry->d_name, ".new")) {
			if (!removal_failed)
				wrong = "something half done was left";
			continue;
		}
		(void)snprintf(path, sizeof(path), "copies/%s", entry->d_name);
		judge(path, &copy);
		wrong = judged_same(&copy, want) ? NULL : "the backup is not whole";
	}
	if (dir)
		(void)closedir(dir);
	return wrong;
}

static bool is_text(const char *path, const char *text)
{
	char *there = file_read(path, NULL);
	bool is = there && text && strcmp(there, text) == 0;

	free(there);
	return is;
}

static bool is_done(const struct course *course, const struct judged *bank)
{
	return bank->as == JUDGED_WHOLE && bank->head.seq == course->after.head.seq &&
	       bank->digest == course->after.digest;
}

static bool is_untouched(const struct course *course, const struct judged *bank)
{
	return judged_same(bank, &course->before);
}

/* Returns what contradicts the exit status, or NULL. */
static const char *wrong_at_first(const struct course *course, const struct injection *injection,
				  int status, const struct judged *bank)
{
	enum kind kind = course->verb->kind;
	char *err = file_read("err", NULL), *out = file_read("out", NULL);
	bool crashed = strstr(err, "ended by a crash") || strstr(err, "cut short");
	bool silent = !*err && !injection->hit_message;
	bool receipt = strstr(out, "head ") && !injection->hit_receipt;
	bool done = is_done(course, bank), untouched = is_untouched(course, bank);

	free(err);
	free(out);
	if (status >= 128 || crashed)
		return status == TRACE_HANGS ? "it hangs" : "it crashes";
	if (bank->as != JUDGED_WHOLE && !(kind == KIND_MAKE && bank->as == JUDGED_NO_BANK))
		return "the bank is damaged";
	if (status != 0 && silent)
		return "there is no message";
	if (!published_is_whole())
		return "the published file is not whole";
	if (kind == KIND_BACKUP || kind == KIND_EXPORT) {
		if (!untouched)
			return "the bank was changed";
		done = kind == KIND_BACKUP ? !wrong_with_copies(false, injection->hit_removal, bank)
					   : is_text("copies/export.yaml", course->file);
		untouched = kind == KIND_BACKUP
				    ? !wrong_with_copies(true, injection->hit_removal, bank)
				    : is_text("copies/export.yaml", "old");
		if (!done && !untouched)
			return "the copy is neither whole nor away";
		/* The rename may have succeeded and its flush failed. */
		untouched = true;
	}
	switch (status) {
	case 0:
		if (kind == KIND_CHECK)
			return NULL;
		return done ? NULL : "it says it was done, and it was not";
	case 1:
	case 2:
		if (receipt)
			return "there is a receipt for what was refused";
		return untouched ? NULL : "it says it was refused, and it was done";
	case 3:
		if (kind == KIND_CHECK)
			return NULL;
		return done ? NULL : "it says it was done in part, and nothing was";
	case 5:
		if (kind == KIND_CHECK)
			return NULL;
		return done ? NULL : "it says it was done, and it was not";
	case 4:
		if (kind == KIND_CHECK)
			return NULL;
		if (!injection->hit_keeping)
			return "it says it does not know, and could";
		return done || untouched ? NULL : "it is neither done nor not";
	default:
		return "the exit status is none that subank has";
	}
}

static const char *wrong_again(const struct course *course)
{
	enum kind kind = course->verb->kind;
	struct judged bank;
	const char *wrong = NULL;
	char *end;
	int status;

	if (kind == KIND_BACKUP) {
		folder_remove("copies");
		if (mkdir("copies", 0750) != 0)
			give_up("a folder for copies cannot be made");
	}
	status = subank_run(course->verb->line);
	judge("bank", &bank);
	/* An existing bank cannot be created again. */
	if (status != 0 && !(kind == KIND_MAKE && is_done(course, &bank)))
		return "the same command does not work again";
	if (kind == KIND_BACKUP)
		return wrong_with_copies(false, false, &bank);
	if (kind == KIND_EXPORT)
		return is_text("copies/export.yaml", course->file) ? NULL : "no whole export";
	if (kind != KIND_CHECK)
		return is_done(course, &bank) ? NULL
					      : "the same command again leaves other entries";
	if (bank.as != JUDGED_WHOLE)
		return "the bank is damaged after the same command";
	end = how_it_ends(course);
	if (strcmp(end, course->end) != 0) {
		printf("--- wanted:\n%s--- found:\n%s---\n", course->end, end);
		wrong = "balances or limits are others at the end";
	}
	free(end);
	return wrong;
}

static uint64_t cases[ROW_COUNT], violations[ROW_COUNT];

static void report(const struct course *course, const struct injection *injection, int status,
		   const char *wrong)
{
	static int shown;
	char *err = file_read("err", NULL), *out = file_read("out", NULL);

	violations[injection->fault->row]++;
	if (shown++ < VIOLATIONS_SHOWN)
		printf("FAULT_CASE='%s:%zu:%s' (system call %d): exit status %d: %s\n  out: %s\n  "
		       "err: %s\n",
		       course->verb->line, injection->at, injection->fault->name,
		       (int)injection->number, status, wrong, out, err);
	free(err);
	free(out);
}

static void run_case(const struct course *course, size_t at, const struct fault *fault)
{
	struct injection injection = {.fault = fault, .at = at};
	struct judged bank;
	const char *wrong;
	int status;

	restore(course);
	status = run_with(course, &injection);
	if (!injection.hit)
		return;
	cases[fault->row]++;
	judge("bank", &bank);
	wrong = wrong_at_first(course, &injection, status, &bank);
	if (!wrong)
		wrong = wrong_again(course);
	if (wrong)
		report(course, &injection, status, wrong);
}

/* ---- all cases ---- */

/* Returns the count of allocations, as the preloaded library reports it. */
static size_t count_mallocs(const struct course *course)
{
	struct injection injection = {.fault = &faults[COUNT(faults) - 1], .at = COUNT_ONLY};
	size_t count;
	char *text;

	restore(course);
	(void)run_with(course, &injection);
	text = file_read("malloc.count", NULL);
	if (!text && SANITIZED)
		return 0;
	if (!text || sscanf(text, "%zu", &count) != 1)
		give_up("subank %s: malloc() was not counted", course->verb->line);
	free(text);
	return count;
}

static void learn(struct course *course)
{
	struct injection injection = {.at = COUNT_ONLY};
	int status;

	restore(course);
	judge("bank", &course->before);
	status = run_with(course, &injection);
	if (status != 0)
		give_up("subank %s: status %d: %s", course->verb->line, status,
			file_read("err", NULL));
	judge("bank", &course->after);
	course->calls = injection.count;
	course->fits = injection.fits;
	course->file =
		course->verb->kind == KIND_EXPORT ? file_read("copies/export.yaml", NULL) : NULL;
	course->end = course->verb->kind == KIND_CHECK ? how_it_ends(course) : NULL;
	course->mallocs = count_mallocs(course);
}

struct plan {
	const struct course *course;
	size_t at;
	const struct fault *fault;
};

static size_t make_plan(const struct course *courses, struct plan **ret)
{
	struct plan *plan = NULL;
	size_t count = 0;

	for (size_t v = 0; v < COUNT(verbs); v++) {
		for (size_t f = 0; f < COUNT(faults); f++) {
			size_t most =
				faults[f].row == ROW_MALLOC ? courses[v].mallocs : courses[v].calls;

			plan = realloc(plan, (count + most) * sizeof(*plan));
			if (!plan)
				give_up("no memory");
			for (size_t at = 1; at <= most; at++) {
				if (faults[f].row == ROW_MALLOC ||
				    courses[v].fits[at - 1] & 1u << f)
					plan[count++] = (struct plan){&courses[v], at, &faults[f]};
			}
		}
	}
	/* In random order, so that every verb and fault gets its part of any time. */
	for (size_t i = count; i > 1; i--) {
		size_t other = below(i);
		struct plan swap = plan[i - 1];

		plan[i - 1] = plan[other];
		plan[other] = swap;
	}
	*ret = plan;
	return count;
}

/* Repeats $FAULT_CASE, as it was printed. */
static void run_named(const struct course *courses, const char *text)
{
	for (size_t v = 0; v < COUNT(verbs); v++) {
		size_t len = strlen(verbs[v].line);
		char name[32];
		size_t at;

		if (strncmp(text, verbs[v].line, len) != 0 ||
		    sscanf(text + len, ":%zu:%31s", &at, name) != 2)
			continue;
		for (size_t f = 0; f < COUNT(faults); f++) {
			if (strcmp(faults[f].name, name) == 0)
				run_case(&courses[v], at, &faults[f]);
		}
	}
}

int main(void)
{
	static struct course courses[COUNT(verbs)];
	double seconds = seconds_given();
	const char *only = getenv("FAULT_CASE");
	struct plan *plan = NULL;
	size_t count, at = 0;
	bool good = true;

	(void)elapsed();
	if (!trace_allowed() || !trace_can_change()) {
		printf("skip\terrors\t%s\n", trace_allowed()
						     ? "calls cannot be changed on such a machine"
						     : "a process may not be traced here");
		return 0;
	}
	chance_seed(strtoull(ground_env("FAULT_SEED"), NULL, 10));
	make_ground();
	for (size_t v = 0; v < COUNT(verbs); v++) {
		courses[v].verb = &verbs[v];
		learn(&courses[v]);
	}
	count = make_plan(courses, &plan);
	if (only)
		run_named(courses, only);
	for (; !only && at < count && (long_form() || at < CASES_LEAST || elapsed() < seconds);
	     at++)
		run_case(plan[at].course, plan[at].at, plan[at].fault);
	printf("tried %zu of %zu\n", at, count);
	for (int i = 0; i < ROW_COUNT; i++) {
		if (SANITIZED && i == ROW_MALLOC)
			printf("skip\t%s\tsanitizers have a malloc of their own\n", row_names[i]);
		else if (!only || cases[i])
			good &= row(row_names[i], cases[i], violations[i]);
	}
	good &= only || (long_enough("errors", at, count) && long_enough("errors", at, CASES_LONG));
	free(plan);
	return good ? 0 : 1;
}
