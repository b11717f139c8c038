#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Settings of Slurm that would make the books wrong or kill jobs are refused with advice, and nothing is
# changed.

# shellcheck source=tests/slurm/harness.bash
source "$(dirname -- "${BASH_SOURCE[0]}")/harness.bash"

good=(PriorityDecayHalfLife=0 PriorityUsageResetPeriod=NONE PriorityType=priority/multifactor
	"AccountingStorageEnforce=associations,limits,qos,safe")

# expect_refused ACCOUNT MESSAGE KEY=VALUE...: with these settings a check of an account that has spent its
# allowance is refused with a message like MESSAGE; after they are corrected the account is charged and held.
expect_refused() {
	local account=$1 message=$2 count changes
	shift 2
	cluster_reconfigure "${good[@]}"
	cluster_await slurmd
	new_bank
	new_account "$account"
	run 0 subank open "$account" 10s
	spend "$account" 16 1
	cluster_reconfigure "$@"
	count=$(entries)
	changes=$(modifications)
	run 1 subank check
	expect_match "the refusal" "$message" "$err"
	expect_equal "entries" "$count" "$(entries)"
	expect_equal "changes in Slurm" "$changes" "$(modifications)"
	expect_equal "limits" "" "$(cluster_limits "$account")"
	cluster_reconfigure "${good[@]}"
	run 0 subank check
	expect_equal "charges after it was put right" "$(cluster_raw_usage "$account")" "$(charged "$account")"
	expect_equal "limits after it was put right" cpu=0 "$(cluster_limits "$account")"
}

test_decay_of_usage_is_refused() {
	expect_refused decaying PriorityDecayHalfLife PriorityDecayHalfLife=7-0
}

test_a_reset_period_is_refused() {
	expect_refused resetting PriorityUsageResetPeriod PriorityUsageResetPeriod=MONTHLY
}

test_a_priority_plugin_that_counts_no_usage_is_refused() {
	expect_refused basic PriorityType PriorityType=priority/basic
}

test_enforcement_without_limits_is_refused() {
	expect_refused unlimited 'limits.*AccountingStorageEnforce' AccountingStorageEnforce=associations,qos
}

test_enforcement_without_safe_is_refused_since_running_jobs_would_be_killed() {
	expect_refused unsafe 'safe.*AccountingStorageEnforce' AccountingStorageEnforce=associations,limits,qos
}

harness_main "$@"
