/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/show/head_text.h"
#include "cmd/show/progress.h"
#include "cmd/verbs/verb.h"
#include "ledger/base/leftover.h"
#include "ledger/base/nearest.h"
#include "ledger/files/csv.h"
#include "ledger/files/transactions.h"

static const struct form {
	const char *format;
	const char *table; /* NULL: the format has none */
	export_books *write;
} forms[] = {
	{"yaml", NULL, export_yaml},
	{"csv", "journal", csv_journal},
	{"csv", "accounts", csv_accounts},
	{"ledger", NULL, transactions_ledger},
	{"beancount", NULL, transactions_beancount},
};

struct exporting {
	struct env *env;
	export_books *write;
	FILE *file;
	struct head head;
};

static void step(uint64_t seq, void *ctx)
{
	progress_step(ctx, seq);
}

static int write_books(struct books *books, void *ctx, struct sb_error *err)
{
	struct exporting *exporting = ctx;
	struct progress progress;
	struct env *env = exporting->env;
	struct export_to to = {.file = exporting->file, .step = step, .ctx = &progress};
	int rc;

	exporting->head = *books_head(books);
	/* On a terminal the entries themselves show the progress. */
	if (to.file == env->os.out && env->os.out_is_terminal)
		to.step = NULL;
	progress_begin(&progress, env, exporting->head.seq);
	rc = exporting->write(books, &to, err);
	progress_end(&progress);
	return rc;
}

static int choose(struct env *env, export_books **ret, struct sb_error *err)
{
	static const char *const formats[] = {"yaml", "csv", "ledger", "beancount", NULL};
	const char *format = option(env, "format"), *table = option(env, "table");
	bool known = false;

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		if (strcmp(forms[i].format, format ? format : "yaml") != 0)
			continue;
		known = true;
		if (table ? forms[i].table && strcmp(forms[i].table, table) == 0
			  : !forms[i].table || strcmp(forms[i].table, "journal") == 0) {
			*ret = forms[i].write;
			return SB_OK;
		}
	}
	if (!known)
		return nearest_error("there is no --format", format, formats, err);
	return sb_error_set(err, SB_EINVAL,
			    "there is no table '%s': with --format csv, --table is journal or "
			    "accounts",
			    table);
}

static int sync_folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *folder =
		slash ? strndup(path, slash == path ? 1 : (size_t)(slash - path)) : strdup(".");
	int fd = folder ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	int rc = fd >= 0 ? fsync(fd) : -1;

	if (fd >= 0)
		close(fd);
	free(folder);
	return rc;
}

/* Writes the export into the open file and closes it. */
static int write_file(struct env *env, struct exporting *exporting, const char *path,
		      struct sb_error *err)
{
	FILE *file = exporting->file;
	int rc = bank_read(env->bank, env->os.now(), write_books, exporting, err);

	if (!rc && (fflush(file) != 0 || fsync(fileno(file)) != 0))
		rc = sb_error_path(err, "write", path);
	if (fclose(file) != 0 && !rc)
		rc = sb_error_path(err, "write", path);
	return rc;
}

/* Writes a temporary file and renames it, so that a file of that name is always a whole export. */
static int export_to(struct env *env, const char *path, struct exporting *exporting,
		     struct sb_error *err)
{
	struct leftover leftover;
	struct stat st;
	char *beside;
	int fd, rc;

	/* A rename would replace a device or a pipe. */
	if (lstat(path, &st) == 0 && !S_ISREG(st.st_mode))
		return sb_error_set(err, SB_EREFUSED,
				    "%s exists and is no regular file: leave FILE out to write to "
				    "the standard output",
				    path);
	if (asprintf(&beside, "%s.XXXXXX", path) < 0)
		return sb_error_nomem(err);
	leftover_add(&leftover, beside, leftover_unlink);
	fd = mkostemp(beside, O_CLOEXEC);
	exporting->file = fd >= 0 && fchmod(fd, 0640) == 0 ? fdopen(fd, "w") : NULL;
	if (exporting->file) {
		rc = write_file(env, exporting, path, err);
	} else {
		rc = sb_error_path(err, "write", path);
		if (fd >= 0)
			close(fd);
	}
	if (!rc && (rename(beside, path) != 0 || sync_folder_of(path) != 0))
		rc = sb_error_path(err, "write", path);
	if (rc && fd >= 0)
		(void)unlink(beside);
	leftover_done(&leftover);
	free(beside);
	return rc;
}

static int run(struct env *env, int argc, const char *const argv[])
{
	bool to_file = argc > 0 && strcmp(argv[0], "-") != 0;
	struct exporting exporting = {.env = env, .file = env->os.out};
	char head[HEAD_TEXT_SIZE];
	struct sb_error err;
	int rc = choose(env, &exporting.write, &err);

	if (!rc)
		rc = to_file ? export_to(env, argv[0], &exporting, &err)
			     : bank_read(env->bank, env->os.now(), write_books, &exporting, &err);
	if (rc)
		return fail(env, &err);
	if (to_file) {
		env->result.done = "the file was written";
		report(env, "wrote %" PRIu64 " entries to %s; head %s", exporting.head.seq, argv[0],
		       head_text(head, &exporting.head));
	}
	return EXIT_DONE;
}

const struct command cmd_export = {
	.name = "export",
	.arguments = "[FILE]",
	.summary = "write the whole ledger as YAML, or for other programs",
	.details =
		"One entry a line, with its hash; without FILE, to the standard output. A "
		"temporary file is renamed when it is whole. `subank import` restores it, on any "
		"machine and with any version of LMDB. subank-journal(5) describes it.\n"
		"The other formats cannot be restored:\n"
		"- csv: for spreadsheets (RFC 4180): amounts are billing-seconds, and a text that "
		"a spreadsheet would take for a formula begins with an apostrophe\n"
		"- ledger: for ledger and hledger: balanced transactions in billing-seconds; "
		"Assets:ACCOUNT is what the account has\n"
		"- beancount: the same for beancount, whose names have capitals: in an account's "
		"name `_` becomes U, `.` D, `@` A, `%` C and `/` S",
	.examples = EXAMPLES(
		{"subank export /backup/subank-2026-11-22.yaml", "a copy that can be restored"},
		{"subank export --format csv accounts.csv --table accounts",
		 "balances for a spreadsheet"},
		{"subank export --format ledger books.ledger",
		 "then: ledger -f books.ledger balance Assets"}),
	.see_also = "import verify backup",
	.max_args = 1,
	.flags = CMD_READ,
	.options = OPTIONS({"format", 0, "FORMAT", "yaml (the default), csv, ledger or beancount"},
			   {"table", 0, "TABLE", "csv: journal (the default) or accounts"}),
	.run = run,
};
