/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fuzzes stored entries: one that decodes is valid and encodes to the same bytes. */
#include "cmd/show/entry_json.h"
#include "ledger/account/event.h"
#include "tests/fuzz/fuzz.h"

/* Every way to print it works. */
static void show(const struct event *event, const struct bytes *stored)
{
	static const unsigned char hash[HASH_SIZE];
	static const struct env env = {0};
	struct entry entry = {
		.event = event, .hash = hash, .stored = stored->data, .len = stored->len};
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	struct sb_error err;

	MUST(out);
	MUST(entry_json(&env, out, &entry, &err) == SB_OK);
	MUST(fclose(out) == 0);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct event event = {0};
	struct bytes again = {0};
	struct sb_error err;
	int rc = event_decode(data, size, &event, &err);

	MUST(rc == SB_OK || rc == SB_ECORRUPT);
	if (!rc) {
		MUST(event_check(&event, &err) == SB_OK);
		MUST(event_encode(&event, &again, &err) == SB_OK);
		MUST(again.len == size && memcmp(again.data, data, size) == 0);
		show(&event, &again);
	}
	bytes_release(&again);
	event_release(&event);
	return 0;
}
