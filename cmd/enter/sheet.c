/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/enter/sheet.h"

#include <assert.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cmd/enter/request.h"
#include "cmd/frame/messages.h"
#include "ledger/base/csv_reader.h"
#include "ledger/base/nearest.h"
#include "ledger/base/text.h"

const char sheet_template[] =
	"ref,verb,account,to,su,start,end,until,note,# remark\r\n"
	"2027-open-geology,open,geology,,5000,,2028-01-01,,,\"Jones, room 12\"\r\n"
	"2027-physics,deposit,physics,,10000,2027-01-01,2028-01-01,,\"call 2027, proposal "
	"4711\",this column is ignored\r\n"
	"2027-chem-back,withdraw,chemistry,,200,,,,,\r\n"
	"2027-chem-bio,transfer,chemistry,biology,all,,,,,\r\n"
	"2027-set-chem,set,chemistry,,150,,,,,\r\n"
	"2027-set-bio,set,biology,,8000,,,,,\r\n"
	"2027-hold-bio,hold,biology,,,,,now+30days,,\r\n"
	"2027-close-physics,close,physics,,,,,,project ended,\r\n";

enum { COLUMN_NAMES_MAX = 64 };

/* The columns that stand for a key of round_template: the verb, whose value is the account. */
static const char VERB[] = "verb", ACCOUNT[] = "account";

#define FAILED_FORMULA                                                                             \
	"'%s' is an error of the spreadsheet, not a value: correct the formula of the cell"

struct sheet {
	struct request request; /* that is read */
	struct csv_reader *reader;
	struct csv_cells cells; /* of the row that is read */
	const char *names[COLUMN_NAMES_MAX + 1]; /* that columns may have; NULL after the last */
	const char *columns[CSV_CELLS_MAX]; /* the names in the header row; NULL: none */
	bool remarks[CSV_CELLS_MAX]; /* columns that are ignored */
	size_t count;
};

static bool has_name(const struct sheet *sheet, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(sheet->names[i], name) == 0)
			return true;
	}
	return false;
}

/* Whether a spreadsheet writes the text instead of a value that it cannot compute: #REF!, #N/A,
 * #DIV/0! or #NAME?, in Excel's words of other languages too, or Err:502 of LibreOffice. */
static bool is_failed_formula(const char *text)
{
	size_t len = strlen(text);

	if (strncmp(text, "Err:", 4) == 0)
		return len > 4 && strspn(text + 4, "0123456789") == len - 4;
	if (strcmp(text, "#N/A") == 0 || strcmp(text, "#NV") == 0)
		return true;
	return len > 2 && text[0] == '#' && isupper((unsigned char)text[1]) &&
	       strspn(text + 1, "ABCDEFGHIJKLMNOPQRSTUVWXYZ/0") == len - 2 &&
	       strchr("!?", text[len - 1]);
}

/* Returns the length of the month at the start of the text, as in Mar or March, or 0. */
static size_t month_len(const char *text)
{
	static const char *const months[] = {"january",	  "february", "march",	  "april",
					     "may",	  "june",     "july",	  "august",
					     "september", "october",  "november", "december"};
	size_t len = 0;

	while (isalpha((unsigned char)text[len]))
		len++;
	for (size_t i = 0; len >= 3 && i < sizeof(months) / sizeof(months[0]); i++) {
		if (strncasecmp(text, months[i], len) == 0)
			return len;
	}
	return 0;
}

/* Whether the text is a number or a date to a spreadsheet, which writes it in another form: 007,
 * 2.027E+15, 3-2027, 1/2, Mar-27. Then the ref of a request would change from one time to the next.
 */
static bool is_unstable(const char *text)
{
	static const char marks[] = "+-./:, ";
	bool digits = false, month = false;

	while (*text) {
		size_t len = month ? 0 : month_len(text);

		if (len == 0 && digits && tolower((unsigned char)*text) == 'e' &&
		    text[1 + strspn(text + 1, "+-0123456789")] == '\0')
			return text[1] != '\0';
		if (len == 0 && !isdigit((unsigned char)*text) && !strchr(marks, *text))
			return false;
		month = month || len > 0;
		digits = digits || isdigit((unsigned char)*text);
		text += len > 0 ? len : 1;
	}
	return digits;
}

static bool is_remark(const char *header)
{
	return header[0] == '#' && (!header[1] || header[1] == ' ' || header[1] == '\t');
}

/* Collects the names that columns may have: those of arguments and of the verbs' options. */
static void collect_names(struct sheet *sheet)
{
	static const char *const common[] = {VERB, ACCOUNT, "ref", "note", "to", "su"};
	size_t count = 0;

	for (; count < sizeof(common) / sizeof(common[0]); count++)
		sheet->names[count] = common[count];
	for (size_t i = 0; request_verbs[i]; i++) {
		const struct option_spec *spec = command_find(request_verbs[i])->options;

		for (; spec && spec->name; spec++) {
			assert(count < COLUMN_NAMES_MAX);
			if (!has_name(sheet, count, spec->name))
				sheet->names[count++] = spec->name;
		}
	}
}

/* Whether all cells of the row are empty. */
static bool is_blank(const struct csv_cells *cells)
{
	for (size_t i = 0; i < cells->count; i++) {
		if (*cells->cells[i])
			return false;
	}
	return !cells->fault;
}

/* Returns the place of cell [at] of the row; its column has no name if [letters] gets one. */
static struct place place_of_cell(const struct sheet *sheet, size_t at,
				  char letters[CSV_PLACE_SIZE])
{
	const char *name = at < sheet->count ? sheet->columns[at] : NULL;

	return (struct place){.line = sheet->cells.row,
			      .name = name ? name : csv_letters(letters, at)};
}

/* Refuses a row of which a cell cannot be read. */
static int check_fault(const struct sheet *sheet, struct sb_error *err)
{
	char letters[CSV_PLACE_SIZE];
	struct place at = place_of_cell(sheet, sheet->cells.fault_cell, letters);

	return sheet->cells.fault
		       ? request_error(&sheet->request, &at, err, "%s", sheet->cells.fault)
		       : SB_OK;
}

static bool has_column(const struct sheet *sheet, const char *name, size_t *ret)
{
	for (size_t i = 0; i < sheet->count; i++) {
		if (sheet->columns[i] && strcmp(sheet->columns[i], name) == 0) {
			*ret = i;
			return true;
		}
	}
	return false;
}

/* Finds the column that a cell of the header row names. */
static int find_column(struct sheet *sheet, size_t at, struct sb_error *err)
{
	const struct request *request = &sheet->request;
	char letters[CSV_PLACE_SIZE], name[64];
	struct place place = {.line = sheet->cells.row, .name = csv_letters(letters, at)};
	struct sb_error why;
	size_t other;

	if (is_failed_formula(sheet->cells.cells[at]))
		return request_error(request, &place, err, FAILED_FORMULA, sheet->cells.cells[at]);
	(void)snprintf(name, sizeof(name), "%s", sheet->cells.cells[at]);
	for (char *c = name; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	if (has_column(sheet, name, &other))
		return request_error(request, &place, err, "column %s has the name '%s' already",
				     csv_letters((char[CSV_PLACE_SIZE]){0}, other), name);
	for (size_t i = 0; sheet->names[i]; i++) {
		if (strcmp(sheet->names[i], name) == 0)
			sheet->columns[at] = sheet->names[i];
	}
	if (sheet->columns[at])
		return SB_OK;
	(void)nearest_error("there is no column", name, sheet->names, &why);
	return request_error(
		request, &place, err,
		"%s; a column of remarks has the name # or one that begins with # and a "
		"blank",
		why.text);
}

/* Checks that the header row has the columns without which no row makes sense. */
static int check_columns(const struct sheet *sheet, struct sb_error *err)
{
	const struct place at = {.line = sheet->cells.row};
	size_t column;
	bool has_verb = has_column(sheet, VERB, &column);

	if (!has_column(sheet, ACCOUNT, &column))
		return request_error(&sheet->request, &at, err, "there is no column 'account'");
	if (!has_column(sheet, "ref", &column))
		return request_error(&sheet->request, &at, err,
				     "there is no column 'ref', with a name of your own for each "
				     "row, used once");
	if (!has_verb && !sheet->request.batch->verb)
		return request_error(&sheet->request, &at, err,
				     "there is no column 'verb', with open, deposit and the like; "
				     "--verb names one for all rows");
	if (has_verb && sheet->request.batch->verb)
		return request_error(&sheet->request, &at, err,
				     "there is a column 'verb': leave --verb out");
	return SB_OK;
}

/* Reads the next row that is not blank; sheet->cells.count is 0 at the end of the file. */
static int next_row(struct sheet *sheet, struct sb_error *err)
{
	do {
		TRY(csv_read(sheet->reader, &sheet->cells, err));
	} while (sheet->cells.count > 0 && is_blank(&sheet->cells));
	sheet->request.at = (struct place){.line = sheet->cells.row};
	return SB_OK;
}

/* Reads the header row. Reports all that is wrong with it but the last mistake, which it returns.
 */
static int read_header(struct sheet *sheet, struct sb_error *err)
{
	struct sb_error own = {.code = SB_OK};
	size_t wrong = 0;

	TRY(next_row(sheet, err));
	if (sheet->cells.count == 0)
		return request_error(&sheet->request, &sheet->request.at, err,
				     "a header row is expected, as in `%.*s`",
				     (int)strcspn(sheet_template, "\r"), sheet_template);
	TRY(check_fault(sheet, err));
	for (size_t i = 0; i < sheet->cells.count && wrong < MISTAKES_MAX; i++) {
		const char *text = sheet->cells.cells[i];
		struct sb_error found;

		sheet->count = i + 1;
		sheet->remarks[i] = is_remark(text);
		if (!*text || sheet->remarks[i] || find_column(sheet, i, &found) == SB_OK)
			continue;
		if (wrong++)
			(void)fail(sheet->request.env, &own);
		own = found;
	}
	if (wrong == 0)
		return check_columns(sheet, err);
	*err = own;
	return own.code;
}

/* Refuses a row with more cells than the header row has: a comma without quotation marks has moved
 * cells into other columns. An empty cell at the end may be the last of them. */
static int check_count(const struct sheet *sheet, struct sb_error *err)
{
	const size_t count = sheet->cells.count;
	char letters[CSV_PLACE_SIZE];
	struct place at = place_of_cell(sheet, sheet->count, letters);

	if (count <= sheet->count)
		return SB_OK;
	return request_error(&sheet->request, &at, err,
			     "the row has %zu cells, and the header row %zu: put a cell with a "
			     "separator in it in quotation marks, and write amounts without "
			     "commas",
			     count, sheet->count);
}

/* Whether the column has amounts, with any verb. */
static bool is_amount(const char *name)
{
	bool found = name && strcmp(name, "su") == 0;

	for (size_t i = 0; name && !found && request_verbs[i]; i++) {
		const struct option_spec *spec = command_find(request_verbs[i])->options;

		for (; spec && spec->name && !found; spec++)
			found = strcmp(spec->name, name) == 0 && spec->argument &&
				strcmp(spec->argument, "SU") == 0;
	}
	return found;
}

/* Refuses digits in a note or remark after an amount: 10,50 without quotation marks would be 10 SU
 * with the note "50". Other columns refuse them by themselves. */
static int check_cut(const struct sheet *sheet, size_t at, struct sb_error *err)
{
	const char *text = sheet->cells.cells[at], *name = sheet->columns[at];
	char letters[CSV_PLACE_SIZE];
	struct place place = place_of_cell(sheet, at, letters);

	if (!isdigit((unsigned char)*text) || text[strspn(text, "0123456789. s")] ||
	    !(sheet->remarks[at] || (name && strcmp(name, "note") == 0)) || at == 0 ||
	    sheet->cells.separator != ',' || !is_amount(sheet->columns[at - 1]))
		return SB_OK;
	return request_error(&sheet->request, &place, err,
			     "'%s' may be the rest of an amount, which must not be cut in two by a "
			     "comma: write 10.50 or 1000; if it is no amount, move its column away "
			     "from column %s",
			     text, sheet->columns[at - 1]);
}

/* Refuses what no column can have. */
static int check_cell(const struct sheet *sheet, size_t at, const struct place *at_cell,
		      struct sb_error *err)
{
	const struct request *request = &sheet->request;
	const char *text = sheet->cells.cells[at], *key = sheet->columns[at];

	TRY(check_cut(sheet, at, err));
	if (!*text || sheet->remarks[at])
		return SB_OK;
	if (!key)
		return request_error(request, at_cell, err,
				     "the column has no name in the header row");
	if (!text_ok(text))
		return request_error(
			request, at_cell, err,
			"the text is not UTF-8, or has a line break or another control "
			"character: save the file as CSV in UTF-8, and each text in "
			"one line");
	if (is_failed_formula(text))
		return request_error(request, at_cell, err, FAILED_FORMULA, text);
	if (strcmp(key, "ref") == 0 && is_unstable(text))
		return request_error(request, at_cell, err,
				     "'%s' is a number or a date to spreadsheets, which may change "
				     "it: begin a ref with a letter, as in r-2027-3",
				     text);
	return SB_OK;
}

/* Adds what the cell says to the request, and keeps a mistake in it. */
static int take_cell(struct sheet *sheet, size_t at, struct sb_error *err)
{
	struct request *request = &sheet->request;
	const char *text = sheet->cells.cells[at];
	char letters[CSV_PLACE_SIZE];
	struct place place = place_of_cell(sheet, at, letters);
	struct pair pair = {.key = sheet->columns[at], .key_at = place, .value_at = place};
	int rc = check_cell(sheet, at, &place, err);

	pair.wrong = rc;
	TRY(request_keep(request, rc, err));
	if (!*text || sheet->remarks[at] || !pair.key)
		return SB_OK;
	/* A wrong one is there, too: it is not missing. */
	TRY(batch_keep(request->batch, pair.wrong ? "" : text, &pair.value, err));
	return request_keep(request, request_add_pair(request, &pair, err), err);
}

/* Replaces the pairs of verb and account by one, as it is in a list. */
static int join_verb(struct sheet *sheet, struct sb_error *err)
{
	struct request *request = &sheet->request;
	struct pair *account = request_pair(request, ACCOUNT), *verb = request_pair(request, VERB);
	const char *name = verb ? verb->value : request->batch->verb;
	const struct place at = {.line = sheet->cells.row, .name = verb || !name ? VERB : NULL};
	size_t i = 0;
	struct sb_error why;

	if (verb && verb->wrong)
		return SB_OK;
	if (!name)
		return request_error(request, &at, err,
				     "the cell is empty: open, deposit and the like are expected");
	while (request_verbs[i] && strcmp(request_verbs[i], name) != 0)
		i++;
	if (!request_verbs[i]) {
		(void)request_no_verb("there is no verb", name, &why);
		return request_error(request, &at, err, "%s", why.text);
	}
	if (!account)
		return request_error(request,
				     &(struct place){.line = sheet->cells.row, .name = ACCOUNT},
				     err, "the cell is empty: an account is expected");
	account->key = request_verbs[i];
	/* The others keep the order of the columns, and so do messages about them. */
	if (verb)
		memmove(verb, verb + 1,
			(size_t)(&request->pairs[request->count--] - (verb + 1)) * sizeof(*verb));
	return SB_OK;
}

static int take_row(struct sheet *sheet, struct sb_error *err)
{
	TRY(check_fault(sheet, err));
	TRY(check_count(sheet, err));
	for (size_t i = 0; i < sheet->cells.count; i++)
		TRY(take_cell(sheet, i, err));
	TRY(join_verb(sheet, err));
	/* Without the verb nothing more can be checked. */
	return request_pair(&sheet->request, VERB) ? SB_OK : request_take(&sheet->request, err);
}

static int check_verb(const struct batch *batch, struct sb_error *err)
{
	for (size_t i = 0; request_verbs[i]; i++) {
		if (!batch->verb || strcmp(request_verbs[i], batch->verb) == 0)
			return SB_OK;
	}
	return request_no_verb("--verb takes no", batch->verb, err);
}

static int read_rows(struct sheet *sheet, struct sb_error *err)
{
	struct request *request = &sheet->request;
	struct batch *batch = request->batch;

	TRY(check_verb(batch, err));
	TRY(read_header(sheet, err));
	for (;;) {
		size_t count = batch->count;

		TRY(next_row(sheet, err));
		if (sheet->cells.count == 0)
			break;
		request->count = 0;
		request->wrong = false;
		TRY(request_keep(request, take_row(sheet, err), err));
		if (request->wrong)
			TRY(request_mistake(request, count, err));
	}
	if (batch->count == 0 && batch->wrong == 0)
		return request_error(request, &request->at, err,
				     "a row with a request is expected below the header row");
	return SB_OK;
}

int sheet_read(struct env *env, FILE *file, struct batch *batch, struct sb_error *err)
{
	struct sheet *sheet = calloc(1, sizeof(*sheet));
	int rc;

	if (!sheet)
		return sb_error_nomem(err);
	sheet->request = (struct request){.env = env, .batch = batch};
	collect_names(sheet);
	rc = csv_reader_new(file, batch->name, &sheet->reader, err);
	if (!rc)
		rc = read_rows(sheet, err);
	csv_reader_free(sheet->reader);
	free(sheet);
	return rc;
}
