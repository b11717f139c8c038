#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Money with dates and corrections, with a real slurmctld.

# shellcheck source=tests/slurm/harness.bash
source "$(dirname -- "${BASH_SOURCE[0]}")/harness.bash"

# expire_soon ACCOUNT: opens it with 10 SU, of which 32 s are used when their window ends.
expire_soon() {
	local end
	new_bank
	new_account "$1"
	end=$(($(date +%s) + 25))
	run 0 subank open "$1" 10 --end "$(date -d "@$end" +%FT%T)"
	spend "$1" 16 2
	run 0 subank check
	while [ "$(date +%s)" -lt "$end" ]; do
		sleep 1
	done
}

test_a_window_that_ended_holds_and_a_renewal_releases_without_a_reset() {
	local usage
	expire_soon ended
	expect_equal "available, before any check" 0 "$(available ended)"
	run 0 subank check
	expect_equal "entries of kind expire" 1 "$(entries_of expire)"
	expect_equal "state" held "$(state ended)"
	usage=$(cluster_raw_usage ended)
	submit ended true -n 1
	expect_job_held "$job"
	run 0 subank deposit ended 1 --end now+1day
	expect_equal "state" open "$(state ended)"
	expect_true "RawUsage is not reset" test "$(cluster_raw_usage ended)" -ge "$usage"
	expect_job "$job" COMPLETED 60
}

test_a_refund_releases_a_held_account() {
	local charge
	new_bank
	new_account refunded
	run 0 subank open refunded 30s
	spend refunded 16 2
	run 0 subank check
	expect_equal "state" held "$(state refunded)"
	charge=$(subank journal refunded --json | sed -n 's/^{"entry":\([0-9]*\),"kind":"charge".*/\1/p' | tail -n 1)
	run 0 subank refund "$charge" --note "the node failed"
	expect_equal "state" open "$(state refunded)"
	expect_equal "limits" "" "$(cluster_limits refunded)"
	run 1 subank refund "$charge" --note "once more"
}

harness_main "$@"
