#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A real Slurm goes down and comes back.

# shellcheck source=tests/slurm/harness.bash
source "$(dirname -- "${BASH_SOURCE[0]}")/harness.bash"

# expect_cluster_missed ACCOUNT COUNT: expects a check to report the cluster and to append nothing to COUNT entries.
expect_cluster_missed() {
	run 3 subank check
	expect_match "what a check says" "$CLUSTER_NAME" "$err"
	expect_equal "entries" "$2" "$(entries)"
	run 0 subank balance "$1"
	expect_match "balance" "$1" "$out"
}

test_a_check_without_slurmctld_charges_nothing_and_the_next_one_charges_the_gap_once() {
	local before usage count
	cluster_mend
	new_bank
	new_account gap
	run 0 subank open gap 1
	spend gap 4 1
	run 0 subank check
	before=$(cluster_raw_usage gap)
	submit gap 'sleep 8' -n 8
	expect_job "$job" RUNNING
	count=$(entries)
	cluster_daemon_stop slurmctld
	expect_cluster_missed gap "$count"
	expect_equal "used" "$before" "$(used gap)"
	cluster_daemon_start slurmctld
	cluster_await slurmd
	expect_job "$job" COMPLETED 150
	usage=$(cluster_raw_usage gap)
	expect_true "use in the gap" test "$usage" -ge $((before + 60))
	run 0 subank check
	run 0 subank check
	expect_equal "charges" "$before"$'\n'"$((usage - before))" "$(charged gap)"
	expect_equal "used" "$usage" "$(used gap)"
	run 0 subank verify
}

test_a_deposit_without_slurm_is_kept_and_the_next_check_releases() {
	new_bank
	new_account patient
	run 0 subank open patient 10s
	spend patient 16 1
	run 0 subank check
	expect_equal "limits" cpu=0 "$(cluster_limits patient)"
	submit patient 'sleep 30' -n 1
	expect_job_held "$job"
	cluster_daemon_stop slurmctld
	cluster_daemon_stop slurmdbd
	run 3 subank deposit patient 1
	expect_equal "entries of kind deposit" 2 "$(entries_of deposit)"
	expect_true "available" test "$(available patient)" -gt 3500
	cluster_mend
	expect_equal "limits before the check" cpu=0 "$(cluster_limits patient)"
	run 0 subank check
	expect_equal "limits after the check" "" "$(cluster_limits patient)"
	# A slurmctld that has just started may wait before it schedules jobs.
	expect_job "$job" RUNNING 150
}

test_a_check_without_slurmdbd_loses_nothing() {
	local count
	cluster_mend
	new_bank
	new_account nodbd
	run 0 subank open nodbd 1
	spend nodbd 4 1
	count=$(entries)
	cluster_daemon_stop slurmdbd
	expect_cluster_missed nodbd "$count"
	cluster_mend
	run 0 subank check
	expect_equal "charges" "$(cluster_raw_usage nodbd)" "$(charged nodbd)"
}

test_predecessor_29_balance_answers_with_no_slurm_at_all() {
	new_bank
	new_account offline
	run 0 subank open offline 1
	cluster_daemon_stop slurmctld
	run 0 env PATH=/nonexistent SLURM_CONF=/nonexistent "$SUBANK" --config "$harness_dir/subank.yaml" balance -n -P --seconds -o Available offline
	expect_equal "available" 3600 "$out"
}

harness_main "$@"
