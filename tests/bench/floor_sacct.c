/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A minimal parser of sacct's output, which comes from `cat` through a pipe, as in subank: splits
 * each line at its bars and reads the numbers. Prints the seconds, and the sum of the numbers.
 *
 *     floor_sacct FILE
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/floor.h"

enum { FIELDS = 16 };

int main(int argc, char *argv[])
{
	static const int numbers[] = {1, 3, 9, 10, 11, 12, 15};
	double began = floor_clock();
	char *line = NULL, *command;
	size_t size = 0;
	uint64_t sum = 0;
	FILE *in;

	need(argc == 2, "floor_sacct FILE");
	need(asprintf(&command, "exec cat '%s'", argv[1]) > 0, "asprintf");
	need((in = popen(command, "r")) != NULL, "popen");
	need(getline(&line, &size, in) > 0, "the header");
	while (getline(&line, &size, in) > 0) {
		char *fields[FIELDS], *rest = line;

		for (int i = 0; i < FIELDS; i++)
			need((fields[i] = strsep(&rest, "|")) != NULL, "a field");
		for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
			sum += strtoull(fields[numbers[i]], NULL, 10);
		sum += strtoull(strstr(fields[14], "billing=") + strlen("billing="), NULL, 10);
	}
	need(pclose(in) == 0, "cat");
	printf("%.9f %" PRIu64 "\n", floor_clock() - began, sum);
	free(line);
	free(command);
	return 0;
}
