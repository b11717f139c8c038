/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Templates of mail: files with a line `Subject: ...`, a blank line and the body, in which {words}
 * are replaced by values. A site's folder is searched before that of the program. A template is
 * checked as a whole when it is read, so that no mail goes out with a word unfilled.
 *
 * Lines of a paragraph are joined and filled again. A line that begins with a blank or with "--" is
 * kept, and "- " begins an item. A line with a word that has no value is left out. `{{` is a brace.
 */
#pragma once

#include <stdbool.h>

#include "cmd/frame/settings.h"

/* The occasions of mail, each with a template of its own. */
enum mail_kind {
	MAIL_BELOW, /* a threshold was crossed */
	MAIL_SPENT, /* held for funds */
	MAIL_HELD, /* held for another reason, or closed */
	MAIL_RELEASED,
	MAIL_WINDOW, /* a window ends soon */
	MAIL_STATEMENT, /* of a month */
	MAIL_TEST,
	MAIL_KINDS,
};

/* Returns the name of the template's file: "below.txt". */
const char *mail_template_file(enum mail_kind kind);
/* Returns what the template is for, as a phrase (prose.h). */
const char *mail_template_use(enum mail_kind kind);

enum mail_word {
	WORD_SITE,
	WORD_SUPPORT,
	WORD_ACCOUNT,
	WORD_BUDGET,
	WORD_TIME,
	WORD_ENTRY,
	WORD_AVAILABLE,
	WORD_ALLOCATED,
	WORD_USED,
	WORD_PERCENT,
	WORD_DEBT,
	WORD_NOTE,
	WORD_LEVEL,
	WORD_EFFECT,
	WORD_REASON,
	WORD_UNTIL,
	WORD_AMOUNT,
	WORD_ENDS,
	WORD_FROM,
	WORD_TO,
	WORD_STATEMENT,
	MAIL_WORDS,
};

struct mail_word_spec {
	const char *name; /* without the braces */
	const char *meaning; /* a phrase (prose.h) */
	unsigned kinds; /* bits 1 << enum mail_kind: the templates that have it */
	bool optional; /* it may be empty; not allowed in the subject */
};
extern const struct mail_word_spec mail_words[MAIL_WORDS];

/* The values, from malloc() or NULL. All but that of WORD_STATEMENT are one line. */
struct mail_values {
	char *of[MAIL_WORDS];
};

/* Sets a value. SB_ESYSTEM when memory ran out. */
int mail_value(struct mail_values *values, enum mail_word word, struct sb_error *err,
	       const char *fmt, ...) __attribute__((format(printf, 4, 5)));
void mail_values_release(struct mail_values *values);

struct mail_template {
	enum mail_kind kind;
	char path[4096];
	char *text; /* the whole file */
};

/* Reads and checks a template. The caller calls mail_template_release(). SB_ENOTFOUND with both
 * places if there is no file; SB_EFORMAT with file and line if it is malformed. */
int mail_template_read(const struct settings *settings, enum mail_kind kind,
		       struct mail_template *ret, struct sb_error *err);
void mail_template_release(struct mail_template *template);

/* Reads and checks all of them. Fails as mail_template_read(). */
int mail_templates_check(const struct settings *settings, struct sb_error *err);

/* Fills in the values. The caller frees both texts. A word without a value that is not optional is
 * a mistake of the caller: SB_EFORMAT with file and line. */
int mail_template_fill(const struct mail_template *template, const struct mail_values *values,
		       char **ret_subject, char **ret_body, struct sb_error *err);
