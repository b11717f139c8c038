/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ledger/store/form.h"

struct file {
	int fd;
	int error; /* errno of a failed read */
	size_t page_size;
	size_t present; /* pages in the file */
	size_t count; /* pages that LMDB counts */
	unsigned char *used; /* one for each: free, or part of the list itself */
	size_t id; /* the transaction */
	size_t since; /* the transaction of the last record */
};

static bool claim(struct file *file, size_t page)
{
	return page >= 2 && page < file->count && !file->used[page]++;
}

/* Reads [len] bytes from the start of a page. The caller frees them; NULL sets file->error. Does
 * not map the file, which would take longer for the page or two of a list. */
static char *read_from(struct file *file, size_t page, size_t len)
{
	char *bytes = malloc(len);
	ssize_t got = bytes ? pread(file->fd, bytes, len, (off_t)(page * file->page_size)) : -1;

	if (got == (ssize_t)len)
		return bytes;
	file->error = got < 0 ? errno : EIO;
	free(bytes);
	return NULL;
}

/* Claims the pages that one transaction freed. [value] is their count, then their numbers. */
static bool claim_listed(struct file *file, const char *value, size_t len)
{
	size_t count = len < WORD ? 0 : form_number(value);

	if (count >= len / WORD)
		return false;
	for (size_t i = 1; i <= count; i++) {
		if (!claim(file, form_number(value + i * WORD)))
			return false;
	}
	return true;
}

static bool claim_large(struct file *file, size_t first, size_t len)
{
	char *pages;
	bool sound;

	if (first >= file->present || len > (file->present - first) * file->page_size - PAGE_HEAD)
		return false;
	pages = read_from(file, first, PAGE_HEAD + len);
	sound = pages && claim_listed(file, pages + PAGE_HEAD, len);
	free(pages);
	return sound;
}

/* A record: the transaction that freed the pages, and claim_listed()'s value. */
static bool check_record(struct file *file, const char *node)
{
	const char *key = node + NODE_HEAD, *value = form_value(node);
	size_t len = form_value_length(node), before = file->since;

	if (value != key + WORD)
		return false;
	file->since = form_number(key);
	if (file->since <= before || file->since > file->id)
		return false;
	return form_is_large(node) ? claim_large(file, form_number(value), len)
				   : claim_listed(file, value, len);
}

static bool check_tree(struct file *file, size_t number, unsigned depth);

static bool check_nodes(struct file *file, const char *page, unsigned depth)
{
	bool leaf = depth == 1;

	if (form_fault(page, file->page_size, leaf ? PAGE_IS_LEAF : PAGE_IS_BRANCH, 0))
		return false;
	for (unsigned i = 0; i < form_count(page); i++) {
		const char *node = form_node(page, i);

		if (!(leaf ? check_record(file, node)
			   : check_tree(file, form_child(node), depth - 1)))
			return false;
	}
	return true;
}

static bool check_tree(struct file *file, size_t number, unsigned depth)
{
	char *page = number < file->present && claim(file, number)
			     ? read_from(file, number, file->page_size)
			     : NULL;
	bool sound = page && check_nodes(file, page, depth);

	free(page);
	return sound;
}

static bool missing_pages_are_free(const struct file *file)
{
	for (size_t i = file->present; i < file->count; i++) {
		if (!file->used[i])
			return false;
	}
	return true;
}

static int cannot_read(int number, struct sb_error *err)
{
	return sb_error_set(err, SB_ESYSTEM, "cannot read data.mdb: %s", sb_errno(number));
}

int store_check_free_list(int fd, size_t page_size, size_t id, enum free_list *ret,
			  struct sb_error *err)
{
	struct file file = {.fd = fd, .page_size = page_size, .id = id};
	char meta[META_SIZE];
	struct root root;
	struct stat st;
	size_t len;

	if (fstat(fd, &st) != 0 ||
	    pread(fd, meta, sizeof(meta), (off_t)((id & 1) * page_size)) != sizeof(meta))
		return cannot_read(errno, err);
	len = (size_t)st.st_size;
	file.present = len / page_size;
	file.count = form_number(meta + META_LAST_PAGE) + 1;
	root = form_root(meta + META_RECORDS);
	*ret = FREE_SOUND;
	/* The list is in the file and has a word for each missing page. */
	if (file.count > file.present && (!FORM_IS_KNOWN || file.count - file.present > len / WORD))
		*ret = FREE_DAMAGED;
	if (FORM_IS_KNOWN && form_number(meta + META_TXN) != id)
		*ret = FREE_GONE;
	if (!FORM_IS_KNOWN || *ret != FREE_SOUND)
		return SB_OK;
	file.used = calloc(file.count, 1);
	if (!file.used)
		return sb_error_nomem(err);
	if ((root.depth && !check_tree(&file, root.page, root.depth)) ||
	    !missing_pages_are_free(&file))
		*ret = FREE_DAMAGED;
	free(file.used);
	return file.error ? cannot_read(file.error, err) : SB_OK;
}
