/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Moves queued jobs of spent accounts to the scavenger QOS, and back: reads the jobs, plans,
 * records, runs scontrol, reads the jobs again and records the outcomes. ledger/check/queue.h
 * plans. */
#pragma once

#include "cmd/frame/env.h"
#include "ledger/check/check.h"

/* Does so for the accounts of a check whose plan was carried out, on the clusters of its
 * observations. Asks Slurm nothing if no account is scavenging or has jobs away. [dry]: reports
 * what would move. Moves check->head to the new head, unless another process has written. Sets
 * [made] when entries were recorded. Returns EXIT_DONE; EXIT_PART after warnings; or the status of
 * an error, which it prints. */
int queue_run(struct env *env, struct check *check, bool dry, bool *made);
