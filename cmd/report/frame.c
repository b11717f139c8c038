/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/report/frame.h"

#include <nettle/base64.h>
#include <nettle/sha2.h>
#include <string.h>

#include "cmd/report/style.h"
#include "ledger/base/minmax.h"
#include "ledger/base/when.h"

enum { BAR_WIDTH = 1000 };

/* Writes the hash by which a policy allows a block. */
static void put_hash(struct html *html, const char *block)
{
	char text[BASE64_ENCODE_RAW_LENGTH(SHA256_DIGEST_SIZE) + 1] = "";
	uint8_t hash[SHA256_DIGEST_SIZE];
	struct sha256_ctx ctx;

	sha256_init(&ctx);
	sha256_update(&ctx, strlen(block), (const uint8_t *)block);
	sha256_digest(&ctx, sizeof(hash), hash);
	base64_encode_raw(text, sizeof(hash), hash);
	html_wrap(html, "'sha256-", text, "'");
}

void page_begin(struct html *html, const char *title, const char *script)
{
	html_put(html, PAGE_MARK
		 "<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
		 "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
		 "base-uri 'none'; form-action 'none'; style-src ");
	/* In an attribute in double quotes these quotes need no escaping, but may have it. */
	put_hash(html, report_style);
	if (script) {
		html_put(html, "; script-src ");
		put_hash(html, script);
	}
	html_put(html, "\">\n<meta name=\"viewport\" content=\"width=device-width, "
		       "initial-scale=1\">\n<meta name=\"color-scheme\" content=\"light dark\">\n"
		       "<meta name=\"referrer\" content=\"no-referrer\">\n"
		       "<meta name=\"robots\" content=\"noindex\">\n");
	html_wrap(html, "<title>", title, "</title>\n<style>");
	html_put(html, report_style);
	html_put(html, "</style>\n</head>\n<body>\n");
}

void page_end(struct html *html, const struct report *report, const char *script)
{
	char when[WHEN_TEXT_SIZE];

	html_put(html, "<footer>\n");
	if (report->empty) {
		html_put(html, "<p>The bank has no entries yet.</p>\n");
	} else {
		html_wrap(html, "<h2>Proof</h2>\n<p>This page was made from the books of bank ",
			  report->bank, "");
		html_wrap(html, " at head ", report->head,
			  ". To check that no entry up to it has been changed, the owner of the "
			  "books runs:</p>\n<pre class=\"scroll\" tabindex=\"0\">subank verify "
			  "--head ");
		html_wrap(html, "", report->head, "</pre>\n");
	}
	html_wrap(html, "<p>Made by subank " PACKAGE_VERSION " at ",
		  when_format_offset(when, report->now),
		  ". Amounts are cut to two decimals.</p>\n</footer>\n");
	if (script) {
		html_put(html, "<script>");
		html_put(html, script);
		html_put(html, "</script>\n");
	}
	html_put(html, "</body>\n</html>\n");
}

/* The class of a state's colour; a state that has none yet is neutral. */
static const char *state_class(const char *state)
{
	static const char *const good[] = {"open"}, *const fair[] = {"grace", "scavenge"},
				 *const bad[] = {"held", "blocked"};

	if (strcmp(state, good[0]) == 0)
		return "good";
	for (size_t i = 0; i < 2; i++) {
		if (strcmp(state, fair[i]) == 0)
			return "fair";
		if (strcmp(state, bad[i]) == 0)
			return "bad";
	}
	return "off";
}

void state_put(struct html *html, const char *state)
{
	html_put(html, "<span class=\"state ");
	html_put(html, state_class(state));
	html_wrap(html, "\">", state, "</span>");
}

void bar_put(struct html *html, const struct sums *sums)
{
	int64_t percent = amount_percent(sums->used, sums->allocated);
	int64_t width = int64_max(0, int64_min(percent, 100)) * BAR_WIDTH / 100;

	html_put(html, "<svg class=\"bar ");
	html_put(html, percent >= 100 ? "bad" : percent >= 90 ? "fair" : "good");
	html_numbers(
		html,
		"\" aria-hidden=\"true\" viewBox=\"0 0 %d 100\" preserveAspectRatio=\"none\"><rect "
		"class=\"all\" width=\"%d\" height=\"100\"/><rect class=\"used\" width=\"%jd\" "
		"height=\"100\"/></svg>",
		BAR_WIDTH, BAR_WIDTH, (intmax_t)width);
}
