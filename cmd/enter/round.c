/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/enter/round.h"

#include <string.h>

#include "ledger/base/amount.h"
#include "ledger/base/nearest.h"
#include "ledger/files/yamlfile.h"

const char round_template[] =
	"# For `subank import --append FILE`: all of it is recorded, or nothing. Each\n"
	"# entry has a ref, a name of your own that is used once; an entry whose ref is\n"
	"# in the books already, with the same request, is skipped, so the same file can\n"
	"# be run again.\n"
	"#\n"
	"# su: 10000, 0.5, or billing-seconds as in 95s. start and end: 2027-01-01,\n"
	"# 2027-01-01T12:00 or now+90days; the default end is project_days of the\n"
	"# settings, or never. note: the reason. Try it with --dry-run first.\n"
	"\n"
	"# A new account, with its first SU (su, start and end may be left out);\n"
	"# from-zero: yes also charges earlier use; later: yes opens it although a\n"
	"# cluster does not answer, or has no such account yet.\n"
	"- {ref: 2027-open-geology, open: geology, su: 5000, end: 2028-01-01}\n"
	"\n"
	"- {ref: 2027-physics, deposit: physics, su: 10000, start: 2027-01-01,\n"
	"   end: 2028-01-01, note: \"call 2027, proposal 4711\"}\n"
	"\n"
	"# In equal slices, one a month; carry: 1 lets each be spent a month longer.\n"
	"- {ref: 2027-bio, deposit: biology, su: 12000, slices: 12, every: month,\n"
	"   start: 2027-01-01, carry: 1}\n"
	"\n"
	"# su: all takes everything.\n"
	"- {ref: 2027-chem-back, withdraw: chemistry, su: 200}\n"
	"- {ref: 2027-chem-bio, transfer: chemistry, to: biology, su: all}\n"
	"\n"
	"# A charge for what Slurm does not measure; since and until: when it was used.\n"
	"# resource: gres/gpu, storage and the like, here and above, means the account's\n"
	"# budget of that; su is then an amount in its unit.\n"
	"- {ref: 2027-resv-7, charge: physics, su: 20, note: reservation maint-7}\n"
	"\n"
	"# Terms: those that are not named stay. limited: yes, unlimited: yes,\n"
	"# credit: 100, enforce: warn, lever: GrpJobs, thresholds: \"60,90\";\n"
	"# quota: 1000 with every: month, and carry, start, forgive-below;\n"
	"# default-share: 100.\n"
	"- {ref: 2027-terms-physics, terms: physics, credit: 100, enforce: limit}\n";

/* The verbs that an entry may name. */
static const char *const verbs[] = {"open",   "deposit", "withdraw", "transfer",
				    "charge", "terms",	 NULL};

enum { PAIRS_MAX = 16, NAMES_SIZE = 256 };

/* A key with its value, and their places. */
struct pair {
	const char *key, *value;
	struct yaml_item key_at, value_at;
	bool used;
};

struct reading_round {
	struct env *env;
	struct yaml_reader *reader;
	struct batch *batch;
	bool broken; /* the rest of the file cannot be read */
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

/* Reads the next item within an entry. */
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

	if (key->type != YAML_SCALAR)
		return yaml_error(round->reader, key, err, "a key is expected here");
	if (find_pair(round, key->text))
		return yaml_error(round->reader, key, err, "key '%s' is given twice", key->text);
	if (round->count == PAIRS_MAX)
		return yaml_error(round->reader, key, err, "an entry has at most %d keys",
				  PAIRS_MAX);
	TRY(batch_keep(round->batch, key->text, &pair.key, err));
	TRY(next(round, &pair.value_at, err));
	if (pair.value_at.type != YAML_SCALAR || !*pair.value_at.text)
		return yaml_error(round->reader, &pair.value_at, err, "%s must be a single value",
				  pair.key);
	if (strlen(pair.value_at.text) > EVENT_NOTE_MAX)
		return yaml_error(round->reader, &pair.value_at, err, "%s has more than %d bytes",
				  pair.key, EVENT_NOTE_MAX);
	TRY(batch_keep(round->batch, pair.value_at.text, &pair.value, err));
	round->pairs[round->count++] = pair;
	return SB_OK;
}

/* Finds the verb of the entry. */
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
				  "withdraw, transfer, charge and terms is expected, with the "
				  "account");
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

/* Checks a name here, not only by its verb, so that the message has its place. */
static int check_name(const struct reading_round *round, const struct pair *pair,
		      struct sb_error *err)
{
	char name[NAME_SIZE];
	struct sb_error why;

	if (name_fold("account", pair->value, name, &why))
		return yaml_error(round->reader, &pair->value_at, err, "%s", why.text);
	return SB_OK;
}

static int check_amount(struct reading_round *round, const struct pair *pair, const char *account,
			bool may_be_all, struct sb_error *err)
{
	const struct pair *resource = find_pair(round, "resource");
	char purse[NAME_SIZE];
	struct sb_error why;
	struct unit unit;
	int64_t amount;

	if (purse_name(account, resource ? resource->value : RESOURCE_BILLING, purse, &why))
		return yaml_error(round->reader, &resource->value_at, err, "%s", why.text);
	unit = purse_unit(purse);
	if ((may_be_all && strcmp(pair->value, "all") == 0) ||
	    amount_parse_in(pair->value, &unit, &amount, &why) == 0)
		return SB_OK;
	return yaml_error(round->reader, &pair->value_at, err, "%s", why.text);
}

/* Takes account, receiver and amount, in the order of the command line. */
static int take_arguments(struct reading_round *round, struct batch_entry *entry,
			  const struct pair *account, struct sb_error *err)
{
	const struct command *verb = entry->command;
	bool transfers = strcmp(verb->name, "transfer") == 0;
	bool takes = transfers || strcmp(verb->name, "withdraw") == 0;
	struct pair *to = NULL, *su = NULL;

	entry->argv[entry->argc++] = account->value;
	TRY(check_name(round, account, err));
	if (transfers) {
		TRY(need(round, "to", "the account that gets the SU", &to, err));
		TRY(check_name(round, to, err));
		entry->argv[entry->argc++] = to->value;
	}
	if (entry->argc < verb->min_args)
		TRY(need(round, "su", "how much", &su, err));
	else if (entry->argc < verb->max_args)
		su = find_pair(round, "su");
	if (!su)
		return SB_OK;
	su->used = true;
	entry->argv[entry->argc++] = su->value;
	return check_amount(round, su, account->value, takes, err);
}

/* Returns the verb's own option of that name, or ref or note; NULL when there is none. */
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

/* Writes the keys that an entry of the verb may have: "ref, note, su, start, end". Returns [to]. */
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
				  "key '%s' is not known with %s; the keys are: %s", pair->key,
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

	TRY(find_verb(round, &account, err));
	TRY(need(round, "ref", "a name of your own, used once", &ref, err));
	TRY(batch_add(round->batch, &entry, err));
	entry->line = round->start.line;
	entry->column = round->start.column;
	entry->command = command_find(account->key);
	batch_option(entry, "ref", ref->value);
	TRY(take_arguments(round, entry, account, err));
	for (size_t i = 0; i < round->count; i++) {
		const struct pair *pair = &round->pairs[i];

		if (pair->used)
			continue;
		TRY(take_option(round, entry, pair, err));
		options += strcmp(pair->key, "note") != 0;
	}
	/* Without options the verb would only show the terms. */
	if (strcmp(entry->command->name, "terms") == 0 && options == 0)
		return yaml_error(round->reader, &round->start, err,
				  "the entry changes no terms of '%s'", account->value);
	return SB_OK;
}

static int read_pairs(struct reading_round *round, struct sb_error *err)
{
	struct yaml_item item;

	for (;;) {
		TRY(next(round, &item, err));
		if (round->depth == 0)
			return SB_OK;
		TRY(read_pair(round, &item, err));
	}
}

/* Reads an entry. One with a mistake is reported and left out, so that all mistakes are reported at
 * once. Fails when the rest of the file cannot be read, or after MISTAKES_MAX. */
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
				    "nothing was recorded: %d entries or more of %s are malformed",
				    MISTAKES_MAX, batch->name);
	while (round->depth > 0)
		TRY(next(round, &item, err));
	return SB_OK;
}

static int read_entries(struct reading_round *round, struct sb_error *err)
{
	static const char example[] = "- {ref: call-2027-physics, deposit: physics, su: 1000}";
	struct yaml_item *start = &round->start;

	TRY(yaml_next(round->reader, start, err));
	if (start->type != YAML_LIST)
		return yaml_error(round->reader, start, err,
				  "a list of entries is expected, each as in `%s`", example);
	for (;;) {
		TRY(yaml_next(round->reader, start, err));
		if (start->type == YAML_LIST_END)
			break;
		if (start->type != YAML_MAP)
			return yaml_error(round->reader, start, err,
					  "an entry is expected here, as in `%s`", example);
		TRY(read_entry(round, err));
	}
	if (round->batch->count == 0 && round->batch->wrong == 0)
		return yaml_error(round->reader, start, err, "the list has no entries");
	return yaml_expect(round->reader, YAML_END, "the end of the file", start, err);
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
