/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/check/own_parts.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static const char *const suffixes[] = {PUBLISHED_ROWS, PUBLISHED_USE};

const char *own_file_name(char to[USER_FILE_SIZE], const char *key, size_t file)
{
	(void)snprintf(to, USER_FILE_SIZE, "%s%s", key, suffixes[file]);
	return to;
}

json_t *own_load(const struct user_folders *folders, const char *name)
{
	int fd = openat(folders->accounts, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "r");
	json_t *document = NULL;

	if (file) {
		document = json_loadf(file, JSON_REJECT_DUPLICATES, NULL);
		fclose(file);
	} else if (fd >= 0) {
		close(fd);
	}
	return document;
}

bool own_has_text(const json_t *object, const char *key, const char *text)
{
	const char *found = json_string_value(json_object_get(object, key));

	return found && strcmp(found, text) == 0;
}

json_t *own_find_purse(const json_t *document, const char *name, size_t at)
{
	const json_t *purses = json_object_get(document, "purses");
	json_t *purse = json_array_get(purses, at);
	size_t i;

	if (own_has_text(purse, "account", name))
		return purse;
	json_array_foreach(purses, i, purse)
	{
		if (own_has_text(purse, "account", name))
			return purse;
	}
	return NULL;
}

bool own_same_journal(struct books *books, const json_t *object, uint64_t seq)
{
	const char *text = json_string_value(json_object_get(object, "hash"));
	unsigned char hash[HASH_SIZE], kept[HASH_SIZE];
	struct event event = {0};
	bool same = text && seq <= books_head(books)->seq && hex_parse(text, kept, sizeof(kept)) &&
		    journal_get(books_txn(books), seq, &event, hash, NULL) == SB_OK &&
		    memcmp(hash, kept, sizeof(hash)) == 0;

	event_release(&event);
	return same;
}

int own_add_entry_hash(struct books *books, json_t *object, uint64_t seq, struct sb_error *err)
{
	unsigned char hash[HASH_SIZE];
	char text[2 * HASH_SIZE + 1];
	struct event event = {0};
	int rc = journal_get(books_txn(books), seq, &event, hash, err);

	event_release(&event);
	TRY(rc);
	return json_object_set_new(object, "seq", json_integer((json_int_t)seq)) ||
			       json_object_set_new(object, "hash",
						   json_string(hex_format(text, hash, HASH_SIZE)))
		       ? sb_error_nomem(err)
		       : SB_OK;
}
