/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Feeds a fuzz target where there is no libFuzzer: with the files that are named or, with none
 * named, with all of corpus/TARGET and found/TARGET and with some thousand mutations of them.
 *
 *     TEST_SEED   another seed for the mutations than 1
 *     FUZZ_RUNS   how many of them
 *
 * An input that ends the process is left in TARGET.crash. */
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/fuzz/fuzz.h"

enum {
	RUNS = 5000,
	CHANGES_MAX = 5, /* of one input */
	SIZE_MAX_MUTATED = 16 << 10,
};

struct input {
	uint8_t *data;
	size_t size;
};

static struct input *inputs;
static size_t input_count;

/* The input of the target, for the signal handler. */
static struct input current;
static char crash_file[300];

#ifdef __SANITIZE_ADDRESS__
#define HAVE_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAVE_ASAN 1
#endif
#endif
#ifdef HAVE_ASAN
#include <sanitizer/common_interface_defs.h>
#endif

static void keep(void)
{
	static const char text[] = "the input is left in ";
	int fd = open(crash_file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (fd < 0 || write(fd, current.data, current.size) != (ssize_t)current.size)
		return;
	(void)!write(STDERR_FILENO, text, sizeof(text) - 1);
	(void)!write(STDERR_FILENO, crash_file, strlen(crash_file));
	(void)!write(STDERR_FILENO, "\n", 1);
}

static void on_signal(int number)
{
	keep();
	(void)raise(number); /* with SA_RESETHAND: as it would have ended */
}

static void catch_crashes(void)
{
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};

	MUST(sigaction(SIGABRT, &action, NULL) == 0);
#ifdef HAVE_ASAN
	__sanitizer_set_death_callback(keep);
#else
	MUST(sigaction(SIGSEGV, &action, NULL) == 0 && sigaction(SIGBUS, &action, NULL) == 0 &&
	     sigaction(SIGFPE, &action, NULL) == 0);
#endif
}

static void feed(const uint8_t *data, size_t size)
{
	/* Of its exact size, so that reading one byte too many is detected. */
	uint8_t *copy = malloc(size ? size : 1);

	MUST(copy);
	if (size > 0)
		memcpy(copy, data, size);
	current = (struct input){copy, size};
	MUST(LLVMFuzzerTestOneInput(copy, size) == 0);
	free(copy);
}

static void add_file(const char *path)
{
	FILE *file = fopen(path, "re");
	struct input input;
	struct stat st;

	if (!file || fstat(fileno(file), &st) != 0) {
		perror(path);
		exit(EXIT_FAILURE);
	}
	input = (struct input){malloc((size_t)st.st_size + 1), (size_t)st.st_size};
	MUST(input.data && fread(input.data, 1, input.size, file) == input.size);
	(void)fclose(file);
	inputs = reallocarray(inputs, input_count + 1, sizeof(*inputs));
	MUST(inputs);
	inputs[input_count++] = input;
}

static void add_folder(const char *kind, const char *target)
{
	const char *srcdir = getenv("srcdir");
	struct dirent **entries;
	char path[600];
	int count;

	(void)snprintf(path, sizeof(path), "%s/tests/fuzz/%s/%s", srcdir ? srcdir : ".", kind,
		       target);
	count = scandir(path, &entries, NULL, alphasort);
	for (int i = 0; i < count; i++) {
		size_t len = strlen(path);

		if (entries[i]->d_name[0] != '.') {
			(void)snprintf(path + len, sizeof(path) - len, "/%s", entries[i]->d_name);
			add_file(path);
			path[len] = '\0';
		}
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
}

static uint64_t state;

static size_t below(size_t limit)
{
	/* splitmix64 */
	uint64_t z = state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return (size_t)((z ^ z >> 31) % limit);
}

/* Replaces [gone] bytes at [at] by [len] others, as far as there is room. */
static void put(struct input *input, size_t at, size_t gone, const void *data, size_t len)
{
	if (input->size - gone + len > SIZE_MAX_MUTATED)
		return;
	memmove(input->data + at + len, input->data + at + gone, input->size - at - gone);
	if (len > 0)
		memcpy(input->data + at, data, len);
	input->size += len - gone;
}

static void change(struct input *input)
{
	static const char *const bits[] = {
		"0",
		"-1",
		"9223372036854775807",
		"9223372036854775808",
		"\n",
		"|",
		",",
		"=",
		": ",
		"\"",
		"{",
		"}",
		"[",
		"]",
		"\xc3\xa4",
		"\xff",
		"*",
		"&a ",
		"\\",
		"\t",
	};
	static const uint8_t bytes[] = {0, 1, 127, 128, 254, 255};
	const struct input *other = &inputs[below(input_count)];
	const char *text = bits[below(sizeof(bits) / sizeof(bits[0]))];
	size_t at = below(input->size + 1), len = input->size - at, from;
	uint8_t copy[256];

	len = len ? below(len < 64 ? len + 1 : 65) : 0;
	switch (below(8)) {
	case 0: /* a bit */
		if (at < input->size)
			input->data[at] ^= (uint8_t)(1u << below(8));
		break;
	case 1: /* a byte */
		if (at < input->size)
			input->data[at] = below(2) ? (uint8_t)below(256) : bytes[below(6)];
		break;
	case 2: /* less */
		put(input, at, len, NULL, 0);
		break;
	case 3: /* twice */
		memcpy(copy, input->data + at, len);
		put(input, at, 0, copy, len);
		break;
	case 4: /* something of another */
		from = below(other->size + 1);
		len = other->size - from < sizeof(copy) ? other->size - from : sizeof(copy);
		put(input, at, 0, other->data + from, len ? below(len + 1) : 0);
		break;
	case 5: /* a word */
		put(input, at, 0, text, strlen(text));
		break;
	case 6: /* another number */
		while (at < input->size && !(input->data[at] >= '0' && input->data[at] <= '9'))
			at++;
		for (len = 0; at + len < input->size && input->data[at + len] >= '0' &&
			      input->data[at + len] <= '9';)
			len++;
		put(input, at, len, text, strlen(text));
		break;
	default: /* cut short */
		if (below(4) == 0)
			input->size = at;
		break;
	}
}

static void mutate(size_t runs)
{
	struct input input = {.data = malloc(SIZE_MAX_MUTATED)};

	MUST(input.data);
	for (size_t i = 0; i < runs; i++) {
		const struct input *from = &inputs[below(input_count)];

		input.size = from->size < SIZE_MAX_MUTATED ? from->size : SIZE_MAX_MUTATED;
		if (input.size > 0)
			memcpy(input.data, from->data, input.size);
		for (size_t left = 1 + below(CHANGES_MAX); left > 0; left--)
			change(&input);
		feed(input.data, input.size);
	}
	free(input.data);
}

int main(int argc, char *argv[])
{
	const char *name = strrchr(argv[0], '/'), *seed = getenv("TEST_SEED"),
		   *runs = getenv("FUZZ_RUNS");
	const char *target = name ? name + 1 : argv[0];

	(void)snprintf(crash_file, sizeof(crash_file), "%s.crash", target);
	catch_crashes();
	for (int i = 1; i < argc; i++)
		add_file(argv[i]);
	if (argc == 1) {
		target += strncmp(target, "fuzz_", 5) == 0 ? 5 : 0;
		add_folder("corpus", target);
		add_folder("found", target);
		if (input_count == 0) {
			(void)fprintf(stderr, "%s: no corpus below $srcdir/tests/fuzz\n", argv[0]);
			return EXIT_FAILURE;
		}
	}
	for (size_t i = 0; i < input_count; i++)
		feed(inputs[i].data, inputs[i].size);
	if (argc == 1) {
		state = seed ? strtoull(seed, NULL, 10) : 1;
		printf("%zu files; TEST_SEED=%" PRIu64 "\n", input_count, state);
		(void)fflush(stdout);
		mutate(runs ? strtoull(runs, NULL, 10) : RUNS);
	}
	for (size_t i = 0; i < input_count; i++)
		free(inputs[i].data);
	free(inputs);
	return EXIT_SUCCESS;
}
