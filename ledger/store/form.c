/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ledger/store/form.h"

struct root form_root(const char *record)
{
	return (struct root){
		.known = true,
		.page = form_number(record + RECORD_ROOT),
		.depth = form_short(record + RECORD_DEPTH),
		.flags = form_short(record + RECORD_FLAGS),
	};
}

bool form_root_is_in_place(const char *meta, size_t place, size_t other)
{
	size_t number = form_number(meta + META_TXN);

	return form_number(meta) == place && (number == 0 || (number & 1) == place) &&
	       (number <= 1 || number + 1 == other || other + 1 == number);
}

size_t form_child(const char *node)
{
	return form_short(node) | (size_t)form_short(node + 2) << 16 |
	       (WORD > 4 ? (size_t)form_short(node + 4) << 16 << 16 : 0);
}

static size_t key_length(const char *node)
{
	return form_short(node + 6);
}

size_t form_value_length(const char *node)
{
	return form_short(node) | (size_t)form_short(node + 2) << 16;
}

const char *form_value(const char *node)
{
	return node + NODE_HEAD + key_length(node);
}

bool form_is_large(const char *node)
{
	return form_short(node + 4) & NODE_IS_LARGE;
}

static size_t node_length(const char *node, unsigned kind)
{
	size_t len = NODE_HEAD + key_length(node);

	if (kind == PAGE_IS_BRANCH)
		return len;
	return len + (form_is_large(node) ? WORD : form_value_length(node));
}

const char *form_fault(const char *page, size_t size, unsigned kind, unsigned node_flags)
{
	unsigned room = form_short(page + PAGE_ROOM), end = form_short(page + PAGE_ROOM + 2);
	size_t used = 0;

	if (form_short(page + PAGE_FLAGS) != kind || room < PAGE_HEAD || room % 2 || room > end ||
	    end > size)
		return "has a damaged head";
	for (unsigned i = 0; i < form_count(page); i++) {
		const char *node = form_node(page, i);
		size_t place = (size_t)(node - page), len;

		if (place < end || place + NODE_HEAD > size)
			return "has a node that leaves it";
		len = node_length(node, kind);
		if (place + len > size)
			return "has a node that leaves it";
		if (kind == PAGE_IS_LEAF &&
		    (form_short(node + 4) | NODE_IS_LARGE) != (node_flags | NODE_IS_LARGE))
			return "has a node with wrong flags";
		used += len + len % 2;
	}
	return used == size - end ? NULL : "has nodes that do not fill it";
}
