/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Power loss. Records the changes that runs of subank make to the disk, and builds images of what
 * may remain of them if the power fails at any moment (world.h says what may remain). In each image
 * the bank must be whole and in a committed state: not older than the newest receipt, not newer
 * than what had been written. With LMDB's flags that save a flush, or without the flush of folders,
 * the same must fail, or the test would find nothing. */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/faults/ground.h"
#include "tests/faults/world.h"

enum {
	LINES_MAX = 24,
	REAL_ONE_IN = 40, /* images that the program itself runs on, too */
	IDLE_ROUNDS = 20,
	VIOLATIONS_SHOWN = 10,
	VIOLATIONS_ENOUGH = 200, /* of a run with an unsafe flag */
	UNSAFE_PATIENCE = 60, /* seconds */
	IMAGES_LEAST = 100, /* of each run that has as many */
	IMAGES_LEAST_LONG = 12000, /* in the long form */
	IMAGES_LONG = 100000, /* that must be right, in the long form */
};

struct scenario {
	const char *name;
	const char *unsafe; /* a flag of LMDB or of unsafe.c: some images must be bad */
	const char *small_map;
	const char *backup; /* the folder of copies in the settings */
	/* Commands of subank, or changes of Slurm: "usage ACCOUNT N" and "job ACCOUNT AGO RAN", in
	 * seconds. Those before "" prepare the bank ("past": a day ago); those after it are
	 * recorded. */
	const char *lines[LINES_MAX];
	/* Returns whether the image in ./image also meets this run's own condition. */
	bool (*also)(const struct judged *bank, char *why, size_t size);
};

/* The results of the recorded commands, for also(). */
static char *old_export, *new_export;
static size_t old_export_len, new_export_len;
static bool done; /* the image is from after all commands */

static bool same_file(const char *path, const char *data, size_t len)
{
	size_t size;
	char *there = file_read(path, &size);
	bool same = there && data && size == len && memcmp(there, data, len) == 0;

	free(there);
	return same;
}

/* Calls [each] for the contents of [folder] until it returns true. Returns whether it did. */
static bool any_in(const char *folder, bool (*each)(const char *path, const char *name, void *ctx),
		   void *ctx)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;
	char path[PATH_SIZE];
	bool found = false;

	while (dir && !found && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		(void)snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		found = each(path, entry->d_name, ctx);
	}
	if (dir)
		(void)closedir(dir);
	return found;
}

static bool is_old_export(const char *path, const char *name, void *ctx)
{
	(void)name;
	(void)ctx;
	return same_file(path, old_export, old_export_len);
}

static struct judged old_bank;

/* When the new books are in place, the copy of the old ones must exist. */
static bool copy_was_kept(const struct judged *bank, char *why, size_t size)
{
	if (judged_same(bank, &old_bank) || any_in("image/bank/backup", is_old_export, NULL) ||
	    any_in("image/copies", is_old_export, NULL))
		return true;
	(void)snprintf(why, size, "the new books are there, and no copy of the old ones");
	return false;
}

/* Returns whether a backup under its final name is not whole. */
static bool is_no_backup(const char *path, const char *name, void *ctx)
{
	struct judged *copy = ctx;
	size_t len = strlen(name);

	if (len > 4 && strcmp(name + len - 4, ".new") == 0)
		return false;
	judge(path, copy);
	return copy->as != JUDGED_WHOLE;
}

static bool is_backup(const char *path, const char *name, void *ctx)
{
	struct judged copy;

	return !is_no_backup(path, name, &copy) && judged_same(&copy, ctx);
}

static bool backups_are_whole(const struct judged *bank, char *why, size_t size)
{
	struct judged state = *bank, copy;

	if (any_in("image/copies", is_no_backup, &copy)) {
		(void)snprintf(why, size, "a backup is not whole: %s", copy.text);
		return false;
	}
	if (done && !any_in("image/copies", is_backup, &state)) {
		(void)snprintf(why, size, "the backup that was reported is not there");
		return false;
	}
	return true;
}

/* The file of an export is the old one or the new one. */
static bool export_is_whole(const struct judged *bank, char *why, size_t size)
{
	(void)bank;
	if (same_file("image/export.yaml", new_export, new_export_len) ||
	    (!done && same_file("image/export.yaml", old_export, old_export_len)))
		return true;
	(void)snprintf(why, size, "the export is neither the old file nor the new one");
	return false;
}

/* The published file is not flushed: it may be anything until the next check writes it. */
static bool can_be_published(const struct judged *bank, char *why, size_t size)
{
	char *seen;
	size_t len;
	bool good;

	(void)bank;
	if (below(REAL_ONE_IN))
		return true;
	if (subank_run("-c publishing-image adopt") != 0 ||
	    subank_run("-c publishing-image check") != 0) {
		(void)snprintf(why, size, "the next check does not publish");
		return false;
	}
	seen = file_read("image/users/balances.json", &len);
	good = seen && len > 2 && seen[0] == '{' && strcmp(seen + len - 3, "\n}\n") == 0;
	if (!good)
		(void)snprintf(why, size, "the published file is not whole");
	free(seen);
	return good;
}

#define DEPOSITS                                                                                   \
	"init", "open bio 100", "open chem 5 --no-apply", "", "deposit bio 10 --ref d1",           \
		"withdraw bio 1.5 --ref w1", "deposit chem 0.25 --ref d2",                         \
		"transfer bio chem 20 --ref t1", "terms chem --credit 3 --no-apply",               \
		"hold bio --ref h1 --no-apply", "release bio --ref r1 --no-apply",                 \
		"deposit bio 7 --ref d3 --note a_note_that_takes_some_more_room_than_others",      \
		"deposit bio 8 --ref d4", "reverse 6 --note wrong --no-apply",                     \
		"deposit chem 9 --ref d5", "open bio 2 --resource cpu --no-apply",                 \
		"deposit bio 1 --resource cpu --ref d6 --no-apply", "charge bio 1 --ref f1",       \
		"close chem --no-apply"

#define MAKING .lines = {"", "init"}
#define REPLACING                                                                                  \
	.lines = {"init", "open bio 1", "deposit bio 5", "", "import --replace -i new.yaml"},      \
	.also = copy_was_kept
#define BACKUP                                                                                     \
	.lines = {"init", "open bio 1", "deposit bio 5", "", "backup world/copies"},               \
	.also = backups_are_whole
#define PUBLISHING                                                                                 \
	.lines = {"init",                                                                          \
		  "open bio 1",                                                                    \
		  "-c publishing check",                                                           \
		  "",                                                                              \
		  "-c publishing deposit bio 1 --ref p1",                                          \
		  "usage bio 100",                                                                 \
		  "-c publishing check"},                                                          \
	.also = can_be_published
#define EXPORT                                                                                     \
	.lines = {"init",	   "open bio 1", "export world/export.yaml",                       \
		  "deposit bio 5", "",		 "export world/export.yaml"},                      \
	.also = export_is_whole

static const struct scenario scenarios[] = {
	{.name = "power loss: making a bank", MAKING},
	{.name = "power loss: entries", .lines = {DEPOSITS}},
	{.name = "power loss: a growing map",
	 .small_map = "65536",
	 .lines = {"init", "open bio 100", "open chem 5", "", "deposit bio 1 --ref g1",
		   "import --append list", "deposit bio 1 --ref g2", "deposit bio 1 --ref g3"}},
	{.name = "power loss: a list",
	 .lines = {"init", "open bio 100", "open chem 5", "", "import --append list",
		   "deposit bio 1 --ref z"}},
	{.name = "power loss: checks",
	 .lines = {"init", "open bio 1", "open chem 1", "open phys 1", "", "usage bio 900", "check",
		   "usage chem 5000", "check", "usage phys 3599", "check", "deposit chem 1",
		   "usage phys 4000", "usage chem 5100", "check", "check"}},
	{.name = "power loss: jobs, reconciling, a reset",
	 .lines = {"past init", "past open bio 50", "past open chem 1", "past open phys 50",
		   "past terms chem --meter jobs", "past check", "adopt", "job bio 40000 70",
		   "job chem 40000 80", "check phys", "", "check",
		   "reconcile bio --apply --note lost", "usage phys 70", "reset phys --immediate",
		   "job chem 30000 3600", "check", "check"}},
	{.name = "power loss: a predecessor's accounts",
	 .lines = {"init", "open bio 1", "", "import --predecessor --immediate dump.json",
		   "check"}},
	{.name = "power loss: published balances", PUBLISHING},
	{.name = "power loss: importing a bank", .lines = {"", "import new.yaml"}},
	{.name = "power loss: replacing a bank", REPLACING},
	{.name = "power loss: replacing, copies elsewhere", .backup = "world/copies", REPLACING},
	{.name = "power loss: a backup", BACKUP},
	{.name = "power loss: an export", EXPORT},
	{.name = "power loss: MDB_NOSYNC must fail", .unsafe = "MDB_NOSYNC", .lines = {DEPOSITS}},
	{.name = "power loss: MDB_NOMETASYNC must fail",
	 .unsafe = "MDB_NOMETASYNC",
	 .lines = {DEPOSITS}},
	{.name = "power loss: unsynced names: making must fail",
	 .unsafe = "NO_FOLDER_FSYNC",
	 MAKING},
	{.name = "power loss: unsynced names: replacing must fail",
	 .unsafe = "NO_FOLDER_FSYNC",
	 REPLACING},
	{.name = "power loss: unsynced names: a backup must fail",
	 .unsafe = "NO_FOLDER_FSYNC",
	 BACKUP},
	{.name = "power loss: unsynced names: an export must fail",
	 .unsafe = "NO_FOLDER_FSYNC",
	 EXPORT},
};

/* ---- the states of a run ---- */

/* One moment of a recording, after an op. */
struct moment {
	size_t state; /* of the bank, if everything written is on the disk */
	size_t acknowledged; /* the newest reported state */
	bool done; /* all commands have ended */
};

struct run {
	const struct scenario *scenario;
	struct world *world;
	struct moment *moments; /* for each op */
	struct judged *states;
	size_t state_count;
	uint64_t *seen; /* a hash table of the tried images */
	size_t seen_size;
	uint64_t images, violations;
};

static void free_run(struct run *run)
{
	world_free(run->world);
	free(run->moments);
	free(run->states);
	free(run->seen);
}

/* Changes Slurm, or runs a command in the past. Returns false for a command to record. */
static bool set_scene(const char *line)
{
	static const char past[] = "past ";
	char account[64];
	long number, ran;

	if (sscanf(line, "usage %63s %ld", account, &number) == 2)
		slurm_usage(account, number);
	else if (sscanf(line, "job %63s %ld %ld", account, &number, &ran) == 3)
		slurm_job(account, number, ran);
	else if (strncmp(line, past, strlen(past)) == 0)
		subank_past(86400, line + strlen(past));
	else
		return false;
	return true;
}

static const char *preload_of(const struct scenario *scenario)
{
	static char path[PATH_SIZE];

	if (!scenario->unsafe && !scenario->small_map)
		return NULL;
	(void)snprintf(path, sizeof(path), "%s/unsafe.so", ground_env("FAULTS_BUILD"));
	if (access(path, R_OK) != 0)
		give_up("%s is not there", path);
	return path;
}

/* Prepares a bank, whose export will be imported, and a list. */
static void make_files(void)
{
	ground_list(120);
	ground_prepare("other", NULL);
	slurm_usage("bio", 10);
	slurm_usage("chem", 20);
	folder_remove("other");
	subank_must("init");
	subank_must("open bio 50");
	subank_must("open chem 50");
	subank_must("import --append list");
	subank_must("export new.yaml");
}

static void record(struct run *run)
{
	const struct scenario *scenario = run->scenario;
	const char *preload = preload_of(scenario);
	const char *const *line = scenario->lines;

	(void)(scenario->unsafe ? setenv("UNSAFE", scenario->unsafe, 1) : unsetenv("UNSAFE"));
	(void)(scenario->small_map ? setenv("SMALL_MAP", scenario->small_map, 1)
				   : unsetenv("SMALL_MAP"));
	ground_prepare("world/bank", scenario->backup);
	slurm_usage("bio", 10);
	slurm_usage("chem", 20);
	slurm_usage("phys", 0);
	ground_dump();
	ground_publishing("publishing", "world");
	ground_publishing("publishing-image", "image");
	folder_remove("world");
	if (mkdir("world", 0750) != 0 || mkdir("world/copies", 0750) != 0 ||
	    mkdir("world/users", 0755) != 0)
		give_up("the world cannot be made");
	if (scenario->backup && rmdir("world/copies") != 0)
		give_up("the folder of copies is there");
	if (preload)
		(void)setenv("LD_PRELOAD", preload, 1);
	for (; **line; line++) {
		if (!set_scene(*line))
			subank_must(*line);
	}
	judge("world/bank", &old_bank);
	free(old_export);
	old_export = NULL;
	if (scenario->lines[0][0]) {
		/* The contents of the old file, or of the copy of the old books. */
		if (scenario->also == export_is_whole) {
			old_export = file_read("world/export.yaml", &old_export_len);
		} else {
			subank_must("export old.yaml");
			old_export = file_read("old.yaml", &old_export_len);
		}
	}
	(void)unsetenv("LD_PRELOAD");
	run->world = world_new("world");
	for (line++; *line; line++) {
		char words[LINE_SIZE], *argv[WORDS_MAX];
		int status;

		if (set_scene(*line))
			continue;
		status = world_run(run->world, subank_argv(*line, words, argv), preload);
		if (status != 0)
			give_up("%s: subank %s: status %d: %s", scenario->name, *line, status,
				file_read("err", NULL));
	}
	free(new_export);
	new_export = file_read("world/export.yaml", &new_export_len);
}

/* Returns whether this op may change the state of the bank. */
static bool may_commit(const struct op *op)
{
	return op->meta || op->type == OP_RENAME || op->type == OP_EXCHANGE;
}

static bool *chosen_all(size_t count, bool value)
{
	bool *chosen = malloc(count + 1);

	if (!chosen)
		give_up("no memory");
	memset(chosen, value, count + 1);
	return chosen;
}

static void put_image(struct replay *replay)
{
	folder_remove("image");
	replay_write(replay, "image");
}

static void add_state(struct run *run, const struct judged *state)
{
	run->states = realloc(run->states, (run->state_count + 1) * sizeof(*run->states));
	if (!run->states)
		give_up("no memory");
	run->states[run->state_count++] = *state;
}

/* Returns the newest state whose head [text] names: [acknowledged] if it names none, SIZE_MAX if it
 * names one that the bank never had. */
static size_t acknowledged_by(const struct run *run, const char *text, size_t acknowledged)
{
	static const char word[] = "head ";

	while ((text = strstr(text, word))) {
		uint64_t seq;
		char hash[HASH_SHORT + 1], whole[2 * HASH_SIZE + 1];
		size_t i = run->state_count;

		text += strlen(word);
		if (sscanf(text, "%" SCNu64 ":%16[0-9a-f]", &seq, hash) != 2)
			continue;
		do {
			if (i-- == 0)
				return SIZE_MAX;
			(void)hex_format(whole, run->states[i].head.hash, HASH_SIZE);
		} while (run->states[i].head.seq != seq || strncmp(whole, hash, strlen(hash)) != 0);
		if (i > acknowledged)
			acknowledged = i;
	}
	return acknowledged;
}

/* Replays the recording once, with nothing lost, to learn the states. */
static void learn(struct run *run)
{
	struct replay *replay = replay_new(run->world);
	size_t ops = world_ops(run->world);
	struct moment moment = {0};
	struct judged real;

	run->moments = calloc(ops + 1, sizeof(*run->moments));
	if (!run->moments)
		give_up("no memory");
	add_state(run, &old_bank);
	for (size_t i = 0; i < ops; i++) {
		const struct op *op = world_op(run->world, i);

		replay_step(replay);
		if (may_commit(op)) {
			bool *all = chosen_all(replay_pending(replay), true);
			struct judged state;

			(void)replay_image(replay, all);
			free(all);
			put_image(replay);
			judge("image/bank", &state);
			if (!judged_same(&state, &run->states[moment.state])) {
				if (state.as != JUDGED_WHOLE)
					give_up("%s: op %zu, nothing lost: %s", run->scenario->name,
						i, state.text);
				add_state(run, &state);
				moment.state = run->state_count - 1;
			}
		}
		/* A receipt names the committed head; a check does not, and its changes are durable
		 * when it ends. */
		if (op->type == OP_SAID)
			moment.acknowledged =
				acknowledged_by(run, (const char *)op->data, moment.acknowledged);
		else if (op->type == OP_ENDED && op->status == 0)
			moment.acknowledged = moment.state;
		if (moment.acknowledged == SIZE_MAX)
			give_up("%s: op %zu, a receipt for what was not yet written: %s",
				run->scenario->name, i, (const char *)op->data);
		moment.done = i == ops - 1;
		run->moments[i] = moment;
	}
	replay_free(replay);
	judge("world/bank", &real);
	if (!judged_same(&real, &run->states[run->state_count - 1]))
		give_up("%s: the recording does not end as the bank does", run->scenario->name);
}

/* ---- images ---- */

static bool is_new(struct run *run, uint64_t hash)
{
	size_t at;

	if (hash == 0)
		hash = 1;
	if (2 * (run->images + 1) > run->seen_size) {
		uint64_t *old = run->seen;
		size_t old_size = run->seen_size;

		run->seen_size = old_size ? 4 * old_size : 65536;
		run->seen = calloc(run->seen_size, sizeof(*run->seen));
		if (!run->seen)
			give_up("no memory");
		for (size_t i = 0; i < old_size; i++) {
			at = old[i] % run->seen_size;
			while (run->seen[at])
				at = (at + 1) % run->seen_size;
			run->seen[at] = old[i];
		}
		free(old);
	}
	at = hash % run->seen_size;
	while (run->seen[at] && run->seen[at] != hash)
		at = (at + 1) % run->seen_size;
	if (run->seen[at])
		return false;
	run->seen[at] = hash;
	return true;
}

/* Runs the program on the image, from which it must be able to continue. */
static bool goes_on(const struct judged *bank, char *why, size_t size)
{
	const char *line = bank->as == JUDGED_NO_BANK ? "-b image/bank init"
			   : bank->head.seq	      ? "-b image/bank verify"
						      : "-b image/bank balance";
	struct judged after;
	int status = subank_run(line);

	if (!status && bank->as == JUDGED_WHOLE && bank->head.seq) {
		line = "-b image/bank deposit bio 1 --no-apply --ref after";
		status = subank_run(line);
	}
	if (status) {
		char *err = file_read("err", NULL);

		(void)snprintf(why, size, "subank %s: status %d: %s", line, status, err);
		free(err);
		return false;
	}
	judge("image/bank", &after);
	if (after.as == JUDGED_WHOLE && after.head.seq == bank->head.seq + (bank->head.seq > 0))
		return true;
	(void)snprintf(why, size, "after subank %s: entry %" PRIu64 ": %s", line, after.head.seq,
		       after.text);
	return false;
}

static bool image_is_right(struct run *run, const struct moment *moment, char *why, size_t size)
{
	struct judged bank;
	size_t state = moment->acknowledged;

	judge("image/bank", &bank);
	while (state <= moment->state && !judged_same(&bank, &run->states[state]))
		state++;
	if (state > moment->state) {
		const struct judged *least = &run->states[moment->acknowledged];
		const struct judged *most = &run->states[moment->state];

		(void)snprintf(why, size,
			       "the bank is in no state that it may be in, entries %" PRIu64
			       " to %" PRIu64 ": judged %d, entry %" PRIu64 ", %s",
			       least->head.seq, most->head.seq, (int)bank.as, bank.head.seq,
			       bank.text);
		return false;
	}
	done = moment->done;
	if (!run->scenario->unsafe && below(REAL_ONE_IN) == 0 && !goes_on(&bank, why, size))
		return false;
	/* Last, since it may add to the bank. */
	return !run->scenario->also || run->scenario->also(&bank, why, size);
}

/* [moment] is that of the newest op, durable or pending. */
static void try_image(struct run *run, struct replay *replay, size_t op, const bool *chosen)
{
	uint64_t hash = replay_image(replay, chosen);
	const struct moment *moment = &run->moments[op];
	char why[2048];

	/* The same image must be tried again when more was acknowledged. */
	hash += (moment->acknowledged * 31 + moment->state + (moment->done ? 7 : 0)) *
		0x9E3779B97F4A7C15u;
	if (!is_new(run, hash))
		return;
	run->images++;
	put_image(replay);
	if (image_is_right(run, moment, why, sizeof(why)))
		return;
	if (run->violations++ >= VIOLATIONS_SHOWN || run->scenario->unsafe)
		return;
	printf("%s: power lost behind op %zu: %s; of the %zu changes not yet on the disk were "
	       "there:",
	       run->scenario->name, op, why, replay_pending(replay));
	for (size_t i = 0; i < replay_pending(replay); i++) {
		if (chosen[i])
			printf(" %zu", i);
	}
	printf("\n");
}

/* Tries images of one moment. Each round tries others. */
static void try_moment(struct run *run, struct replay *replay, size_t op, size_t round)
{
	size_t count = replay_pending(replay);
	bool *chosen = chosen_all(count, false);

	try_image(run, replay, op, chosen); /* without any pending change */
	if (count) {
		size_t one = round % count;

		chosen[one] = true; /* with this one alone */
		try_image(run, replay, op, chosen);
		memset(chosen, true, count);
		try_image(run, replay, op, chosen); /* with all */
		chosen[one] = false; /* with all but this one */
		try_image(run, replay, op, chosen);
	}
	for (size_t i = 0; i < 2 && count > 1; i++) {
		size_t tenths = 1 + below(9);

		for (size_t j = 0; j < count; j++)
			chosen[j] = below(10) < tenths;
		try_image(run, replay, op, chosen);
	}
	free(chosen);
}

static bool enough(const struct run *run, double until)
{
	if (run->images <
	    (long_form() && !run->scenario->unsafe ? IMAGES_LEAST_LONG : IMAGES_LEAST))
		return false;
	/* A run that must fail gets more time on a slow machine. */
	if (run->scenario->unsafe && run->violations == 0)
		until += UNSAFE_PATIENCE;
	return elapsed() > until || (run->scenario->unsafe && run->violations >= VIOLATIONS_ENOUGH);
}

static void lose_power(struct run *run, double until)
{
	size_t ops = world_ops(run->world);
	uint64_t images = 1, before = 0;

	/* Until some rounds found no new image. */
	for (size_t round = 0, idle = 0; idle < IDLE_ROUNDS && !enough(run, until); round++) {
		struct replay *replay = replay_new(run->world);

		before = images;
		for (size_t i = 0; i < ops && !enough(run, until); i++) {
			replay_step(replay);
			try_moment(run, replay, i, round);
		}
		replay_free(replay);
		images = run->images;
		idle = images == before ? idle + 1 : 0;
	}
}

static bool run_scenario(const struct scenario *scenario, double until, uint64_t *images)
{
	struct run run = {.scenario = scenario};
	uint64_t violations;

	record(&run);
	learn(&run);
	lose_power(&run, until);
	violations = run.violations;
	printf("%s: %zu changes recorded, %zu states, %" PRIu64 " images, %" PRIu64 " bad\n",
	       scenario->name, world_ops(run.world), run.state_count, run.images, violations);
	if (scenario->unsafe)
		violations = violations == 0; /* then the other runs would find nothing either */
	else
		*images += run.images;
	free_run(&run);
	return row(scenario->name, run.images, violations);
}

int main(void)
{
	double seconds = seconds_given();
	uint64_t images = 0;
	bool good = true;

	(void)elapsed();
	if (!trace_allowed()) {
		puts("skip\tpower loss\ta process may not be traced here");
		return 0;
	}
	make_files();
	for (size_t i = 0; i < COUNT(scenarios); i++) {
		double left = seconds - elapsed();

		chance_seed(strtoull(ground_env("FAULT_SEED"), NULL, 10) + i);
		good &= run_scenario(&scenarios[i],
				     elapsed() + left / (double)(COUNT(scenarios) - i), &images);
	}
	good &= long_enough("power loss", images, IMAGES_LONG);
	free(old_export);
	free(new_export);
	return good ? 0 : 1;
}
