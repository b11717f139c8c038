/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fuzzes the settings: refused with a place in the file, or within all limits. */
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/frame/settings.h"
#include "ledger/base/name.h"
#include "tests/fuzz/fuzz.h"

static void check(struct settings *settings)
{
	static const char *const names[] = {"root", "proj1", "a.b-c_d", "chem-1"};
	char text[THRESHOLDS_TEXT_SIZE], lever[LEVER_NAME_SIZE];
	struct thresholds thresholds;
	struct lever_choice choice;

	MUST(settings->bank && settings->sshare && settings->sacctmgr && settings->scontrol &&
	     settings->sacct);
	MUST(*settings->bank == '/' && *settings->sshare && *settings->sacctmgr &&
	     *settings->scontrol && *settings->sacct);
	MUST(!settings->notify || *settings->notify == '/');
	MUST(settings->enforcement >= ENFORCE_OFF && settings->enforcement <= ENFORCE_LIMIT);
	MUST(settings->slurm_seconds > 0 && settings->lock_seconds > 0 &&
	     settings->notify_seconds > 0);
	MUST(settings->notice_days >= 0 && settings->project_days >= 0);
	MUST(settings->charge_minutes >= 0 && settings->charge_minutes <= 1440);
	for (size_t i = 0; i < settings->cluster_count; i++)
		MUST(name_check("cluster", settings->clusters[i], NULL) == SB_OK);
	for (size_t i = 0; i < settings->share_count; i++)
		MUST(settings_share(settings, settings->shares[i].cluster) >= 0);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		(void)settings_has_account(settings, names[i]);
	thresholds_text(text, &settings->thresholds);
	MUST(thresholds_parse(text, &thresholds, NULL) == SB_OK);
	lever_name(lever, settings->lever.field, settings->lever.tres);
	MUST(lever_parse(lever, &choice, NULL) == SB_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct settings settings = {0};
	struct sb_error err = {0};
	char path[32];
	int fd = memfd_create("settings", MFD_CLOEXEC), rc;

	MUST(fd >= 0 && fchmod(fd, 0600) == 0);
	MUST(write(fd, data, size) == (ssize_t)size);
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	rc = settings_read(path, true, &settings, &err);
	if (!rc) {
		check(&settings);
		settings_release(&settings);
	} else {
		MUST(rc == SB_EFORMAT && err.code == SB_EFORMAT);
		MUST(strncmp(err.text, path, strlen(path)) == 0);
	}
	MUST(close(fd) == 0);
	return 0;
}
