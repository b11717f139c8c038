/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "ledger/store/free_list.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ledger/store/form.h"

struct file {
	int fd;
	int error; /* of reading it */
	size_t size; /* of a page */
	size_t present; /* pages in the file */
	size_t count; /* pages there should be */
	unsigned char *seen; /* one for each: free, or of the list of free pages */
	size_t id; /* the transaction */
	size_t record; /* the last one that was seen is of what that transaction gave up */
};

static bool see(struct file *file, size_t page)
{
	return page >= 2 && page < file->count && !file->seen[page]++;
}

/* Bytes from a page on, for the caller to free; NULL: see [error]. A list has a page or two:
 * reading them takes less time than mapping the file. */
static char *read_from(struct file *file, size_t page, size_t len)
{
	char *bytes = malloc(len);
	ssize_t got = bytes ? pread(file->fd, bytes, len, (off_t)(page * file->size)) : -1;

	if (got == (ssize_t)len)
		return bytes;
	file->error = got < 0 ? errno : EIO;
	free(bytes);
	return NULL;
}

/* The numbers that one transaction gave up: how many, and they. */
static bool see_numbers(struct file *file, const char *value, size_t len)
{
	size_t count = len < WORD ? 0 : form_number(value);

	if (count >= len / WORD)
		return false;
	for (size_t i = 1; i <= count; i++) {
		if (!see(file, form_number(value + i * WORD)))
			return false;
	}
	return true;
}

static bool see_large(struct file *file, size_t first, size_t len)
{
	char *pages;
	bool sound;

	if (first >= file->present || len > (file->present - first) * file->size - PAGE_HEAD)
		return false;
	pages = read_from(file, first, PAGE_HEAD + len);
	sound = pages && see_numbers(file, pages + PAGE_HEAD, len);
	free(pages);
	return sound;
}

/* A transaction, how many pages are free since then, and their numbers. */
static bool see_record(struct file *file, const char *node)
{
	const char *key = node + NODE_HEAD, *value = form_value(node);
	size_t len = form_value_length(node), before = file->record;

	if (value != key + WORD)
		return false;
	file->record = form_number(key);
	if (file->record <= before || file->record > file->id)
		return false;
	return form_is_large(node) ? see_large(file, form_number(value), len)
				   : see_numbers(file, value, len);
}

static bool see_list(struct file *file, size_t number, unsigned depth);

static bool see_nodes(struct file *file, const char *page, unsigned depth)
{
	bool leaf = depth == 1;
	unsigned room;

	if (form_fault(page, file->size, leaf ? PAGE_IS_LEAF : PAGE_IS_BRANCH, 0))
		return false;
	room = form_short(page + PAGE_ROOM);
	for (unsigned at = PAGE_HEAD; at < room; at += 2) {
		const char *node = page + form_short(page + at);

		if (!(leaf ? see_record(file, node) : see_list(file, form_below(node), depth - 1)))
			return false;
	}
	return true;
}

/* The list of free pages from one of its pages on. */
static bool see_list(struct file *file, size_t number, unsigned depth)
{
	char *page = number < file->present && see(file, number)
			     ? read_from(file, number, file->size)
			     : NULL;
	bool sound = page && see_nodes(file, page, depth);

	free(page);
	return sound;
}

static bool end_is_seen(const struct file *file)
{
	for (size_t i = file->present; i < file->count; i++) {
		if (!file->seen[i])
			return false;
	}
	return true;
}

int store_look_at_free(int fd, size_t page_size, size_t id, enum free_list *ret,
		       struct sb_error *err)
{
	struct file file = {.fd = fd, .size = page_size, .id = id};
	char meta[META_SIZE];
	struct root root;
	struct stat st;
	size_t len;

	if (fstat(fd, &st) != 0 ||
	    pread(fd, meta, sizeof(meta), (off_t)((id & 1) * page_size)) != sizeof(meta))
		return sb_error_set(err, SB_ESYSTEM, "cannot read data.mdb: %s", sb_errno(errno));
	len = (size_t)st.st_size;
	file.present = len / page_size;
	file.count = form_number(meta + META_LAST_PAGE) + 1;
	root = form_root(meta + META_RECORDS);
	/* The list needs a word for each page that is not there. */
	*ret = file.count > file.present &&
			       (!FORM_IS_KNOWN || file.count - file.present > len / WORD)
		       ? FREE_DAMAGED
		       : FREE_WHOLE;
	if (FORM_IS_KNOWN && form_number(meta + META_TXN) != id)
		*ret = FREE_GONE;
	if (!FORM_IS_KNOWN || *ret != FREE_WHOLE)
		return SB_OK;
	file.seen = calloc(file.count, 1);
	if (!file.seen)
		return sb_error_nomem(err);
	if ((root.depth && !see_list(&file, root.page, root.depth)) || !end_is_seen(&file))
		*ret = FREE_DAMAGED;
	free(file.seen);
	return file.error ? sb_error_set(err, SB_ESYSTEM, "cannot read data.mdb: %s",
					 sb_errno(file.error))
			  : SB_OK;
}
