/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/mail/template.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/mail/fill.h"
#include "ledger/base/nearest.h"
#include "ledger/base/text.h"

enum { TEMPLATE_MAX = 64 << 10, NAME_MAX_LEN = 32 };

static const char subject_name[] = "Subject: ";

static const struct {
	const char *file;
	const char *use;
} kinds[MAIL_KINDS] = {
	[MAIL_BELOW] = {"below.txt", "use has crossed a threshold"},
	[MAIL_SPENT] = {"spent.txt", "an account is held because its allowance is spent"},
	[MAIL_HELD] = {"held.txt", "an account is held for another reason, or was closed"},
	[MAIL_RELEASED] = {"released.txt", "a hold has ended"},
	[MAIL_WINDOW] = {"window.txt", "money that is left can soon no longer be spent"},
	[MAIL_STATEMENT] = {"statement.txt", "the statement of a month (`--statements`)"},
	[MAIL_TEST] = {"test.txt", "the message of `subank doctor --test`"},
};

#define BIT(kind) (1U << (kind))
#define EACH (BIT(MAIL_KINDS) - 1)
#define HOLDS (BIT(MAIL_SPENT) | BIT(MAIL_HELD) | BIT(MAIL_RELEASED))
#define ENTRIES (HOLDS | BIT(MAIL_BELOW) | BIT(MAIL_WINDOW))

const struct mail_word_spec mail_words[MAIL_WORDS] = {
	[WORD_SITE] = {"site", "`mail_site` of the settings, or \"the cluster\"", EACH, false},
	[WORD_SUPPORT] = {"support",
			  "`mail_reply_to` of the settings, else `mail_from`, else \"the "
			  "administrators\"",
			  EACH, false},
	[WORD_ACCOUNT] = {"account", "the account", EACH & ~BIT(MAIL_TEST), false},
	[WORD_BUDGET] =
		{"budget",
		 "what the entry is about: \"account physics\", \"budget gres/gpu of account "
		 "physics\" or \"share of alice in account physics\"",
		 ENTRIES, false},
	[WORD_TIME] = {"time", "when the entry was recorded", ENTRIES | BIT(MAIL_TEST), false},
	[WORD_ENTRY] = {"entry", "its number", ENTRIES, false},
	[WORD_AVAILABLE] = {"available", "what is available now, such as \"12.50 SU\"", ENTRIES,
			    false},
	[WORD_ALLOCATED] = {"allocated", "the allocation now", ENTRIES, false},
	[WORD_USED] = {"used", "what is used of it", ENTRIES, false},
	[WORD_PERCENT] = {"percent", "the same in percent, such as \"93\"", ENTRIES, true},
	[WORD_DEBT] = {"debt", "use that nothing has paid yet", ENTRIES, true},
	[WORD_NOTE] = {"note", "the note of the entry", ENTRIES | BIT(MAIL_TEST), true},
	[WORD_LEVEL] = {"level", "the threshold in percent, such as \"90\"", BIT(MAIL_BELOW),
			false},
	[WORD_EFFECT] = {"effect", "what jobs do now, as a sentence or two", HOLDS, false},
	[WORD_REASON] = {"reason", "why it is held, as a sentence", BIT(MAIL_HELD), false},
	[WORD_UNTIL] = {"until", "when the hold, or the release, ends by itself", HOLDS, true},
	[WORD_AMOUNT] = {"amount", "how much of the money is left", BIT(MAIL_WINDOW), false},
	[WORD_ENDS] = {"ends", "the last day on which it can be used", BIT(MAIL_WINDOW), false},
	[WORD_FROM] = {"from", "the first day of the month", BIT(MAIL_STATEMENT), false},
	[WORD_TO] = {"to", "the last day of the month", BIT(MAIL_STATEMENT), false},
	[WORD_STATEMENT] = {"statement",
			    "what `subank statement` prints for the account and its budgets; alone "
			    "on its line",
			    BIT(MAIL_STATEMENT), false},
};

const char *mail_template_file(enum mail_kind kind)
{
	return kinds[kind].file;
}

const char *mail_template_use(enum mail_kind kind)
{
	return kinds[kind].use;
}

/* ---- values ---- */

int mail_value(struct mail_values *values, enum mail_word word, struct sb_error *err,
	       const char *fmt, ...)
{
	va_list args;
	char *text;
	int len;

	va_start(args, fmt);
	len = vasprintf(&text, fmt, args);
	va_end(args);
	if (len < 0)
		return sb_error_nomem(err);
	free(values->of[word]);
	values->of[word] = text;
	return SB_OK;
}

void mail_values_release(struct mail_values *values)
{
	for (size_t i = 0; i < MAIL_WORDS; i++)
		free(values->of[i]);
	*values = (struct mail_values){0};
}

/* ---- words in a line ---- */

/* A line of a template. */
struct line {
	const struct mail_template *template;
	int number;
	const char *text;
	size_t len;
};

/* Text that is kept, or a word. */
struct piece {
	const char *text;
	size_t len;
	int word; /* -1: text */
};

#define line_error(line, err, fmt, ...)                                                            \
	sb_error_set(err, SB_EFORMAT, "%s:%d: " fmt, (line)->template->path, (line)->number,       \
		     __VA_ARGS__)

/* Finds the word among those of the kind of mail. */
static int find_word(const struct line *line, const char *name, size_t len, int *ret,
		     struct sb_error *err)
{
	const char *names[MAIL_WORDS + 1] = {NULL};
	size_t count = 0;
	char word[NAME_MAX_LEN];
	struct sb_error why;

	for (int i = 0; i < MAIL_WORDS; i++) {
		if (!(mail_words[i].kinds & BIT(line->template->kind)))
			continue;
		if (strlen(mail_words[i].name) == len &&
		    memcmp(mail_words[i].name, name, len) == 0) {
			*ret = i;
			return SB_OK;
		}
		names[count++] = mail_words[i].name;
	}
	(void)snprintf(word, sizeof(word), "%.*s", (int)len, name);
	(void)nearest_error("this mail has no value called", word, names, &why);
	return line_error(line, err, "%s", why.text);
}

/* Finds the next piece at [at] of the line, and moves [at] past it. Sets [ret]->len to 0 at the
 * end. */
static int next_piece(const struct line *line, size_t *at, struct piece *ret, struct sb_error *err)
{
	const char *text = line->text + *at, *end = line->text + line->len, *close;

	*ret = (struct piece){.text = text, .word = -1};
	if (text == end)
		return SB_OK;
	if (*text != '{') {
		const char *brace = memchr(text, '{', (size_t)(end - text));

		ret->len = (size_t)((brace ? brace : end) - text);
		*at += ret->len;
		return SB_OK;
	}
	if (text + 1 < end && text[1] == '{') {
		ret->len = 1;
		*at += 2;
		return SB_OK;
	}
	close = memchr(text, '}', (size_t)(end - text));
	if (!close)
		return line_error(line, err, "%s", "'{' without '}'; '{{' is a brace");
	ret->len = (size_t)(close + 1 - text);
	*at += ret->len;
	return find_word(line, text + 1, ret->len - 2, &ret->word, err);
}

static bool is_statement(const struct line *line)
{
	static const char only[] = "{statement}";

	return line->len == sizeof(only) - 1 && memcmp(line->text, only, line->len) == 0;
}

static bool is_subject(const struct line *line)
{
	return line->number == 1;
}

/* Moves to the next line. Returns false after the last. */
static bool next_line(struct line *line)
{
	const char *next = line->text + line->len;

	if (line->number > 0 && *next == '\n')
		next++;
	line->text = next;
	line->len = strcspn(next, "\n");
	line->number++;
	return *next;
}

/* ---- reading ---- */

static int check_line(const struct line *line, struct sb_error *err)
{
	char *copy = strndup(line->text, line->len);
	bool ok = copy && text_ok(copy);
	struct piece piece;
	size_t at = 0;

	free(copy);
	if (!copy)
		return sb_error_nomem(err);
	if (!ok)
		return line_error(line, err, "%s",
				  "there is a tab, another control character, or no UTF-8");
	do {
		const struct mail_word_spec *word;

		TRY(next_piece(line, &at, &piece, err));
		if (piece.word < 0)
			continue;
		word = &mail_words[piece.word];
		if (is_subject(line) && word->optional)
			return line_error(line, err, "{%s} may be empty: a subject cannot have it",
					  word->name);
		if (piece.word == WORD_STATEMENT && !is_statement(line))
			return line_error(line, err, "{%s} must be alone on its line", word->name);
	} while (piece.len > 0);
	return SB_OK;
}

static int check_template(const struct mail_template *template, struct sb_error *err)
{
	struct line line = {.template = template, .text = template->text};
	size_t name = strlen(subject_name);

	(void)next_line(&line);
	if (strncmp(line.text, subject_name, name) != 0 || line.len == name)
		return line_error(&line, err, "a template begins with a line \"%s...\"",
				  subject_name);
	TRY(check_line(&line, err));
	if (next_line(&line) && line.len > 0)
		return line_error(&line, err, "%s", "a blank line is expected after the subject");
	while (next_line(&line))
		TRY(check_line(&line, err));
	if (line.number <= 3)
		return line_error(&line, err, "%s", "the template has no text");
	return SB_OK;
}

/* Reads the file. SB_ENOTFOUND without a text if there is none. */
static int read_file(struct mail_template *template, struct sb_error *err)
{
	FILE *file = fopen(template->path, "re");
	size_t len;
	bool failed;

	if (!file && (errno == ENOENT || errno == ENOTDIR))
		return SB_ENOTFOUND;
	if (!file)
		return sb_error_path(err, "read the template", template->path);
	template->text = malloc(TEMPLATE_MAX + 1);
	if (!template->text) {
		(void)fclose(file);
		return sb_error_nomem(err);
	}
	errno = 0;
	len = fread(template->text, 1, TEMPLATE_MAX + 1, file);
	failed = ferror(file);
	if (failed)
		(void)sb_error_path(err, "read the template", template->path);
	(void)fclose(file);
	if (failed)
		return SB_ESYSTEM;
	if (len > TEMPLATE_MAX)
		return sb_error_set(err, SB_EFORMAT, "%s: a template has at most %d bytes",
				    template->path, TEMPLATE_MAX);
	if (memchr(template->text, '\0', len))
		return sb_error_set(err, SB_EFORMAT, "%s: this is no text file", template->path);
	template->text[len] = '\0';
	return SB_OK;
}

int mail_template_read(const struct settings *settings, enum mail_kind kind,
		       struct mail_template *ret, struct sb_error *err)
{
	const char *const folders[] = {settings->mail_templates, DEFAULT_MAIL};
	struct mail_template template = {.kind = kind};
	int rc = SB_ENOTFOUND;

	for (size_t i = 0; i < 2 && rc == SB_ENOTFOUND; i++) {
		(void)snprintf(template.path, sizeof(template.path), "%s/%s", folders[i],
			       kinds[kind].file);
		rc = read_file(&template, err);
	}
	if (rc == SB_ENOTFOUND)
		rc = sb_error_set(err, SB_ENOTFOUND, "there is no template %s in %s and in %s",
				  kinds[kind].file, folders[0], folders[1]);
	if (!rc)
		rc = check_template(&template, err);
	if (rc)
		mail_template_release(&template);
	else
		*ret = template;
	return rc;
}

void mail_template_release(struct mail_template *template)
{
	free(template->text);
	template->text = NULL;
}

int mail_templates_check(const struct settings *settings, struct sb_error *err)
{
	for (int kind = 0; kind < MAIL_KINDS; kind++) {
		struct mail_template template;

		TRY(mail_template_read(settings, (enum mail_kind)kind, &template, err));
		mail_template_release(&template);
	}
	return SB_OK;
}

/* ---- filling ---- */

/* Writes the line with its values to [to]. *ret_missing becomes true if a word has none. */
static int put_line(const struct line *line, const struct mail_values *values, FILE *to,
		    bool *ret_missing, struct sb_error *err)
{
	struct piece piece;
	size_t at = 0;

	*ret_missing = false;
	do {
		TRY(next_piece(line, &at, &piece, err));
		if (piece.word < 0) {
			(void)fwrite(piece.text, 1, piece.len, to);
		} else if (values->of[piece.word]) {
			fputs(values->of[piece.word], to);
		} else if (mail_words[piece.word].optional) {
			*ret_missing = true;
		} else {
			return line_error(line, err, "this mail has no value for {%s}",
					  mail_words[piece.word].name);
		}
	} while (piece.len > 0);
	return SB_OK;
}

/* Writes the line with its values as a text. NULL if it is to be left out. */
static int make_line(const struct line *line, const struct mail_values *values, char **ret,
		     struct sb_error *err)
{
	char *text = NULL;
	size_t len;
	FILE *to = open_memstream(&text, &len);
	bool missing;
	int rc;

	if (!to)
		return sb_error_nomem(err);
	rc = put_line(line, values, to, &missing, err);
	if (fclose(to) != 0 && !rc)
		rc = sb_error_nomem(err);
	if (!rc && !missing) {
		*ret = text;
		return SB_OK;
	}
	free(text);
	*ret = NULL;
	return rc;
}

static int fill_body(struct line *line, const struct mail_values *values, FILE *to,
		     struct sb_error *err)
{
	struct fill fill = {.to = to};

	while (next_line(line)) {
		char *text;

		if (is_statement(line)) {
			fill_lines(&fill, values->of[WORD_STATEMENT]);
			continue;
		}
		TRY(make_line(line, values, &text, err));
		if (!text)
			continue;
		/* By the template's own text: a value cannot change the layout. */
		fill_line(&fill, line->len > 0 ? line->text : "", text);
		free(text);
	}
	fill_end(&fill);
	return SB_OK;
}

int mail_template_fill(const struct mail_template *template, const struct mail_values *values,
		       char **ret_subject, char **ret_body, struct sb_error *err)
{
	struct line line = {.template = template, .text = template->text};
	char *subject = NULL, *body = NULL;
	size_t len;
	FILE *to;
	int rc;

	(void)next_line(&line);
	line.text += strlen(subject_name);
	line.len -= strlen(subject_name);
	TRY(make_line(&line, values, &subject, err));
	(void)next_line(&line);
	to = open_memstream(&body, &len);
	rc = to ? fill_body(&line, values, to, err) : sb_error_nomem(err);
	if (to && fclose(to) != 0 && !rc)
		rc = sb_error_nomem(err);
	if (rc) {
		free(subject);
		free(body);
		return rc;
	}
	*ret_subject = subject;
	*ret_body = body;
	return SB_OK;
}
