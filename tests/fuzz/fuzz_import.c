/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fuzzes the YAML form. Every hash is 32 zero bytes here, so that changed files are not refused for
 * their hashes alone. A file that is accepted is exported, imported and exported again, to the same
 * bytes. */
#include <ftw.h>
#include <nettle/sha2.h>
#include <unistd.h>

#include "ledger/files/export.h"
#include "ledger/files/import.h"
#include "tests/fuzz/fuzz.h"

/* Replaces the library's. */
void sha256_digest(struct sha256_ctx *ctx, size_t length, uint8_t *digest)
{
	(void)ctx;
	memset(digest, 0, length);
}

static char folder[64];

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static void empty_folder(void)
{
	(void)nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void make_folder(void)
{
	const char *parent = getenv("TMPDIR");

	/* Nothing needs to survive a crash of the machine: memory suffices. */
	if (!parent)
		parent = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
	(void)snprintf(folder, sizeof(folder), "%.40s/subank-XXXXXX", parent);
	MUST(mkdtemp(folder));
	(void)atexit(empty_folder);
}

static int import(const char *name, const void *data, size_t size, struct sb_error *err)
{
	char path[80];
	struct store_options options = {
		.folder = path, .doing = "fuzz", .wait_ms = 60000, .map_size = 256 << 10};
	struct head head;
	union {
		const void *in;
		void *out;
	} from = {.in = data};
	FILE *file = fmemopen(from.out, size, "r");
	int rc;

	MUST(file);
	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	rc = import_yaml(&options, &(struct import_from){file, "file", NULL}, NULL, &head, err);
	(void)fclose(file);
	return rc;
}

static int export_to(struct books *books, void *ctx, struct sb_error *err)
{
	return export_yaml(books, &(struct export_to){.file = ctx}, err);
}

static char *export(const char *name, size_t *ret_size)
{
	char path[80];
	struct store_options options = {.folder = path, .doing = "fuzz", .wait_ms = 60000};
	struct bank *bank = NULL;
	struct sb_error err;
	char *text = NULL;
	FILE *file = open_memstream(&text, ret_size);

	MUST(file);
	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	MUST(bank_open(&options, STORE_READ, NULL, &bank, &err) == SB_OK);
	MUST(bank_read(bank, 0, export_to, file, &err) == SB_OK);
	bank_close(bank);
	MUST(fclose(file) == 0);
	return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t first_size, second_size;
	struct sb_error err = {0};
	char *first, *second;
	int rc;

	if (size == 0)
		return 0;
	if (!*folder)
		make_folder();
	rc = import("first", data, size, &err);
	if (rc) {
		if (rc != SB_EFORMAT || strncmp(err.text, "file:", 5) != 0)
			(void)fprintf(stderr, "%d: %s\n", rc, err.text);
		MUST(rc == SB_EFORMAT && strncmp(err.text, "file:", 5) == 0);
		return 0;
	}
	first = export("first", &first_size);
	if (import("second", first, first_size, &err)) {
		(void)fprintf(stderr, "%s\n%s", err.text, first);
		abort();
	}
	second = export("second", &second_size);
	MUST(first_size == second_size && memcmp(first, second, first_size) == 0);
	free(first);
	free(second);
	empty_folder();
	*folder = '\0';
	return 0;
}
