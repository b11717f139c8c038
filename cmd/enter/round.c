/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "cmd/enter/round.h"

#include <string.h>

#include "ledger/base/amount.h"
#include "ledger/base/nearest.h"
#include "ledger/files/yamlfile.h"

const char round_template[] =
	"# For `subank import --append FILE`: all of it is entered, or nothing. Each\n"
	"# entry has a ref, a name of your own that is used once; an entry whose ref is\n"
	"# in the books already, with the same request, is skipped, so the same file can\n"
	"# be run again.\n"
	"#\n"
	"# su: 10000, 0.5, or billing-seconds as in 95s. start and end: 2027-01-01,\n"
	"# 2027-01-01T12:00 or now+90days; without end it is project_days of the\n"
	"# settings, or never. note: why. Try it with --dry-run first.\n"
	"\n"
	"# A new account, with its first SU (su, start and end may be left out);\n"
	"# from-zero: yes charges what it used before, too; later: yes opens it though a\n"
	"# cluster does not answer, or has no such account yet.\n"
	"- {ref: 2027-open-geology, open: geology, su: 5000, end: 2028-01-01}\n"
	"\n"
	"- {ref: 2027-physics, deposit: physics, su: 10000, start: 2027-01-01,\n"
	"   end: 2028-01-01, note: \"call 2027, proposal 4711\"}\n"
	"\n"
	"# su: all takes what there is.\n"
	"- {ref: 2027-chem-back, withdraw: chemistry, su: 200}\n"
	"- {ref: 2027-chem-bio, transfer: chemistry, to: biology, su: all}\n"
	"\n"
	"# Terms: what is not named stays as it is. limited: yes, unlimited: yes,\n"
	"# credit: 100, enforce: warn, lever: GrpJobs, thresholds: \"60,90\".\n"
	"- {ref: 2027-terms-physics, terms: physics, credit: 100, enforce: limit}\n";

/* What an entry may ask for: verbs of that name. */
static const char *const verbs[] = {"open", "deposit", "withdraw", "transfer", "terms", NULL};

enum { PAIRS_MAX = 16, NAMES_SIZE = 256 };

/* A key with its value, and where they stand. */
struct pair {
	const char *key, *value;
	struct yaml_item key_at, value_at;
	bool used;
};

struct reading_round {
	struct env *env;
	struct yaml_reader *reader;
	struct batch *batch;
	bool broken; /* the file itself cannot be read on */
	size_t depth; /* maps and lists that are open within the entry */
	struct yaml_item start; /* of the entry that is read */
	struct pair pairs[PAIRS_MAX];
	size_t count;
};

static struct pair *find_pair(struct reading_round *round, const char *key)
{
	for (size_t i = 0; i < round->count; i++) {
		if (strcmp(round->pairs[i].key, key) == 0)
			return &round->pairs[i];
	}
	return NULL;
}

/* The next item within an entry. */
static int next(struct reading_round *round, struct yaml_item *item, struct sb_error *err)
{
	int rc = yaml_next(round->reader, item, err);

	if (!rc && (item->type == YAML_MAP || item->type == YAML_LIST))
		round->depth++;
	else if (!rc && (item->type == YAML_MAP_END || item->type == YAML_LIST_END))
		round->depth--;
	round->broken = rc;
	return rc;
}

static int read_pair(struct reading_round *round, const struct yaml_item *key, struct sb_error *err)
{
	struct pair pair = {.key_at = *key};
	struct pair *before;
	int rc;

	if (key->type != YAML_SCALAR)
		return yaml_error(round->reader, key, err, "a key is expected here");
	before = find_pair(round, key->text);
	if (before)
		return yaml_error(round->reader, key, err, "key '%s' is given twice", key->text);
	if (round->count == PAIRS_MAX)
		return yaml_error(round->reader, key, err, "an entry has at most %d keys",
				  PAIRS_MAX);
	rc = batch_keep(round->batch, key->text, &pair.key, err);
	if (!rc)
		rc = next(round, &pair.value_at, err);
	if (rc)
		return rc;
	if (pair.value_at.type != YAML_SCALAR || !*pair.value_at.text)
		return yaml_error(round->reader, &pair.value_at, err, "%s must be a single value",
				  pair.key);
	if (strlen(pair.value_at.text) > EVENT_NOTE_MAX)
		return yaml_error(round->reader, &pair.value_at, err, "%s has more than %d bytes",
				  pair.key, EVENT_NOTE_MAX);
	rc = batch_keep(round->batch, pair.value_at.text, &pair.value, err);
	if (!rc)
		round->pairs[round->count++] = pair;
	return rc;
}

/* Which of the verbs it is. */
static int find_verb(struct reading_round *round, struct pair **ret, struct sb_error *err)
{
	struct pair *found = NULL;

	for (size_t i = 0; verbs[i]; i++) {
		struct pair *pair = find_pair(round, verbs[i]);

		if (pair && found)
			return yaml_error(round->reader, &pair->key_at, err,
					  "an entry asks for one thing, not for '%s' and '%s'",
					  found->key, pair->key);
		if (pair)
			found = pair;
	}
	for (size_t i = 0; !found && i < round->count; i++) {
		const char *meant = nearest(round->pairs[i].key, verbs);

		if (meant)
			return yaml_error(round->reader, &round->pairs[i].key_at, err,
					  "there is no '%s': did you mean '%s'?",
					  round->pairs[i].key, meant);
	}
	if (!found)
		return yaml_error(round->reader, &round->start, err,
				  "the entry asks for nothing: one of the keys open, deposit, "
				  "withdraw, transfer and terms is expected, with the account");
	found->used = true;
	*ret = found;
	return SB_OK;
}

static int need(struct reading_round *round, const char *key, const char *what, struct pair **ret,
		struct sb_error *err)
{
	struct pair *pair = find_pair(round, key);

	if (!pair)
		return yaml_error(round->reader, &round->start, err,
				  "the entry lacks the key '%s': %s", key, what);
	pair->used = true;
	*ret = pair;
	return SB_OK;
}

/* A value that its verb refuses too; said here, its place is known. */
static int check_name(const struct reading_round *round, const struct pair *pair,
		      struct sb_error *err)
{
	char name[NAME_SIZE];
	struct sb_error why;

	return name_fold("account", pair->value, name, &why)
		       ? yaml_error(round->reader, &pair->value_at, err, "%s", why.text)
		       : SB_OK;
}

static int check_amount(const struct reading_round *round, const struct pair *pair, bool may_be_all,
			struct sb_error *err)
{
	struct sb_error why;
	int64_t amount;

	if ((may_be_all && strcmp(pair->value, "all") == 0) ||
	    amount_parse(pair->value, &amount, &why) == 0)
		return SB_OK;
	return yaml_error(round->reader, &pair->value_at, err, "%s", why.text);
}

/* Account, receiver and amount, as on the command line. */
static int take_arguments(struct reading_round *round, struct batch_entry *entry,
			  const struct pair *account, struct sb_error *err)
{
	const struct command *verb = entry->command;
	bool takes = strcmp(verb->name, "transfer") == 0 || strcmp(verb->name, "withdraw") == 0;
	struct pair *to = NULL, *su = NULL;
	int rc = check_name(round, account, err);

	entry->argv[entry->argc++] = account->value;
	if (!rc && strcmp(verb->name, "transfer") == 0) {
		rc = need(round, "to", "the account that gets the SU", &to, err);
		if (!rc)
			rc = check_name(round, to, err);
		if (!rc)
			entry->argv[entry->argc++] = to->value;
	}
	if (!rc && entry->argc < verb->min_args) {
		rc = need(round, "su", "how much", &su, err);
	} else if (!rc && entry->argc < verb->max_args) {
		su = find_pair(round, "su");
		if (su)
			su->used = true;
	}
	if (!rc && su) {
		rc = check_amount(round, su, takes, err);
		entry->argv[entry->argc++] = su->value;
	}
	return rc;
}

/* The verb's own option of that name, or ref or note; NULL when there is none. */
static const struct option_spec *find_option(const struct command *verb, const char *name)
{
	static const struct option_spec common[] = {{"ref", 0, "REF", ""}, {"note", 0, "TEXT", ""}};

	for (size_t i = 0; i < 2; i++) {
		if (strcmp(common[i].name, name) == 0)
			return &common[i];
	}
	for (const struct option_spec *spec = verb->options; spec && spec->name; spec++) {
		if (strcmp(spec->name, name) == 0)
			return spec;
	}
	return NULL;
}

/* "ref, note, su, start, end": what else may stand beside the verb. */
static const char *known_keys(const struct command *verb, char to[NAMES_SIZE])
{
	int len = snprintf(to, NAMES_SIZE, "ref, note%s%s",
			   strcmp(verb->name, "transfer") == 0 ? ", to" : "",
			   verb->max_args > 1 ? ", su" : "");

	for (const struct option_spec *spec = verb->options; spec && spec->name; spec++)
		len += snprintf(to + len, (size_t)(NAMES_SIZE - len), ", %s", spec->name);
	return to;
}

static int take_option(struct reading_round *round, struct batch_entry *entry,
		       const struct pair *pair, struct sb_error *err)
{
	const struct option_spec *spec = find_option(entry->command, pair->key);
	char names[NAMES_SIZE];

	if (!spec)
		return yaml_error(round->reader, &pair->key_at, err,
				  "key '%s' is not known beside %s; known are: %s", pair->key,
				  entry->command->name, known_keys(entry->command, names));
	if (!spec->argument && strcmp(pair->value, "yes") != 0)
		return yaml_error(round->reader, &pair->value_at, err,
				  "%s must be yes, or be left out, not '%s'", pair->key,
				  pair->value);
	batch_option(entry, pair->key, pair->value);
	return SB_OK;
}

static int take_entry(struct reading_round *round, struct sb_error *err)
{
	struct batch_entry *entry;
	struct pair *account = NULL, *ref = NULL;
	size_t options = 0;
	int rc = find_verb(round, &account, err);

	if (!rc)
		rc = need(round, "ref", "a name of your own, used once", &ref, err);
	if (!rc)
		rc = batch_add(round->batch, &entry, err);
	if (rc)
		return rc;
	entry->line = round->start.line;
	entry->column = round->start.column;
	entry->command = command_find(account->key);
	batch_option(entry, "ref", ref->value);
	rc = take_arguments(round, entry, account, err);
	for (size_t i = 0; i < round->count && !rc; i++) {
		const struct pair *pair = &round->pairs[i];

		if (pair->used)
			continue;
		rc = take_option(round, entry, pair, err);
		options += strcmp(pair->key, "note") != 0;
	}
	/* The verb would only show them. */
	if (!rc && strcmp(entry->command->name, "terms") == 0 && options == 0)
		rc = yaml_error(round->reader, &round->start, err,
				"the entry changes no terms of '%s'", account->value);
	return rc;
}

static int read_pairs(struct reading_round *round, struct sb_error *err)
{
	struct yaml_item item;

	for (;;) {
		int rc = next(round, &item, err);

		if (!rc && round->depth == 0)
			return SB_OK;
		if (!rc)
			rc = read_pair(round, &item, err);
		if (rc)
			return rc;
	}
}

/* An entry with a mistake is said and left out, so that all that are wrong are told at once. An
 * error when the file cannot be read on, or enough was said. */
static int read_entry(struct reading_round *round, struct sb_error *err)
{
	struct batch *batch = round->batch;
	size_t count = batch->count;
	struct yaml_item item;
	int rc;

	round->count = 0;
	round->depth = 1;
	rc = read_pairs(round, err);
	if (!rc)
		rc = take_entry(round, err);
	if (!rc || round->broken || rc != SB_EFORMAT)
		return rc;
	if (!batch_mistake(round->env, batch, batch->count > count ? &batch->entries[count] : NULL,
			   err))
		return sb_error_set(err, SB_EFORMAT,
				    "nothing was entered: %d entries or more of "
				    "%s are malformed",
				    MISTAKES_MAX, batch->name);
	while (round->depth > 0) {
		rc = next(round, &item, err);
		if (rc)
			return rc;
	}
	return SB_OK;
}

static int read_entries(struct reading_round *round, struct sb_error *err)
{
	static const char example[] = "- {ref: call-2027-physics, deposit: physics, su: 1000}";
	struct yaml_item *start = &round->start;
	int rc = yaml_next(round->reader, start, err);

	if (rc)
		return rc;
	if (start->type != YAML_LIST)
		return yaml_error(round->reader, start, err,
				  "a list of entries is expected, each as in `%s`", example);
	for (;;) {
		rc = yaml_next(round->reader, start, err);
		if (rc || start->type == YAML_LIST_END)
			break;
		if (start->type != YAML_MAP)
			return yaml_error(round->reader, start, err,
					  "an entry is expected here, as in `%s`", example);
		rc = read_entry(round, err);
		if (rc)
			return rc;
	}
	if (!rc && round->batch->count == 0 && round->batch->wrong == 0)
		rc = yaml_error(round->reader, start, err, "the list has no entries");
	return rc ? rc : yaml_expect(round->reader, YAML_END, "the end of the file", start, err);
}

int round_read(struct env *env, FILE *file, struct batch *batch, struct sb_error *err)
{
	struct reading_round round = {.env = env, .batch = batch};
	int rc = yaml_reader_new(file, batch->name, &round.reader, err);

	if (!rc)
		rc = read_entries(&round, err);
	yaml_reader_free(round.reader);
	return rc;
}
