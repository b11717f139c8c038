#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Two real clusters on one slurmdbd, and faults of one of them.

# shellcheck source=tests/slurm/harness.bash
source "$(dirname -- "${BASH_SOURCE[0]}")/harness.bash"
harness_second=gpu

# both_accounts NAME: an account on both clusters.
both_accounts() {
	new_account "$1"
	cluster_second new_account "$1"
}

# usage ACCOUNT: prints what both clusters have counted for it.
usage() {
	echo $(($(cluster_raw_usage "$1") + $(cluster_second cluster_raw_usage "$1")))
}

test_use_on_both_is_charged_to_one_account_and_it_is_held_on_both() {
	new_bank
	both_accounts shared
	run 0 subank open shared 1
	spend shared 3 1
	cluster_second spend shared 5 1
	run 0 subank check
	expect_equal "used" "$(usage shared)" "$(used shared)"
	expect_equal "charges" 2 "$(entries_of charge)"
	run 0 subank withdraw shared all
	run 0 subank check
	expect_equal "limits on the first" cpu=0 "$(cluster_limits shared)"
	expect_equal "limits on the second" cpu=0 "$(cluster_second cluster_limits shared)"
	cluster_second submit shared 'sleep 30'
	cluster_second expect_job_held "$job"
	run 0 subank deposit shared 1
	expect_equal "limits in force on the first" "" "$(cluster_limits_in_force shared)"
	expect_equal "limits in force on the second" "" "$(cluster_second cluster_limits_in_force shared)"
	cluster_second expect_job "$job" RUNNING 60
	run 0 subank verify
}

# missed ACCOUNT: while the second cluster is down, use on the first is charged, and use on the second
# does not count as zero.
missed() {
	local first before
	before=$(used "$1")
	first=$(cluster_raw_usage "$1")
	spend "$1" 4 1
	run 3 subank check
	expect_match "the message" "'gpu' does not answer" "$err"
	[[ $err != *"'$CLUSTER_NAME'"* ]] || harness_failed "the message" "nothing of $CLUSTER_NAME" "$err"
	expect_equal "used" $((before + $(cluster_raw_usage "$1") - first)) "$(used "$1")"
	expect_equal "the charge's cluster" "$CLUSTER_NAME" "$(last_charged_on)"
}

last_charged_on() {
	subank journal -n -P -o Kind,Cluster | sed -n 's/^charge|//p' | tail -n 1
}

# charged_once ACCOUNT: the second cluster is back, and its use meanwhile is charged once.
charged_once() {
	run 0 subank check
	expect_equal "used" "$(usage "$1")" "$(used "$1")"
	expect_equal "the charge's cluster" gpu "$(last_charged_on)"
	run 0 subank check
	expect_equal "output of the next check" "" "$out$err"
	run 0 subank verify
}

# with_use NAME: an account that was charged on both.
with_use() {
	new_bank
	both_accounts "$1"
	run 0 subank open "$1" 1
	cluster_second spend "$1" 2 1
	run 0 subank check
}

test_predecessor_06_a_cluster_whose_slurmctld_was_killed_is_missed_and_charged_once_later() {
	local running
	with_use killed
	# Use in the gap, which slurmctld counts without being asked.
	cluster_second submit killed 'sleep 4' -n 8
	running=$job
	cluster_second expect_job "$running" RUNNING
	# Its count must be on disk: another test covers a crash that loses it.
	cluster_daemon_stop slurmctld2
	missed killed
	cluster_daemon_start slurmctld2
	cluster_await slurmd2
	cluster_second expect_job "$running" COMPLETED 150
	charged_once killed
}

test_a_cluster_that_hangs_is_missed_and_charged_once_later() {
	with_use hanging
	cluster_second spend hanging 6 1
	echo "slurm_seconds: 2" >>"$harness_dir/subank.yaml"
	cluster_daemon_freeze slurmctld2
	missed hanging
	cluster_daemon_thaw slurmctld2
	sed -i '/^slurm_seconds/d' "$harness_dir/subank.yaml"
	charged_once hanging
}

test_predecessor_20_a_cluster_that_slurmdbd_does_not_know_does_not_stop_the_others() {
	local before recorded
	new_bank
	both_accounts named
	run 0 subank open named 1
	run 0 subank check
	sed -i 's/^clusters:.*/clusters: [nosuch, dev, gpu]/' "$harness_dir/subank.yaml"
	before=$(usage named)
	spend named 2 1
	cluster_second spend named 2 1
	run 3 subank check
	sed -i 's/^clusters:.*/clusters: [dev, gpu]/' "$harness_dir/subank.yaml"
	expect_match "the message" "'nosuch' does not answer" "$err"
	expect_equal "used" $(($(usage named) - before)) "$(used named)"
	run 0 subank check
	expect_equal "output of the next check" "" "$out$err"

	# A hold goes through slurmdbd, which keeps a record of it.
	recorded=$(cluster_modifications)
	sed -i 's/^clusters:.*/clusters: [nosuch, dev, gpu]/' "$harness_dir/subank.yaml"
	run 3 subank hold named
	sed -i 's/^clusters:.*/clusters: [dev, gpu]/' "$harness_dir/subank.yaml"
	expect_equal "limits on the first" cpu=0 "$(cluster_limits named)"
	expect_equal "limits on the second" cpu=0 "$(cluster_second cluster_limits named)"
	expect_equal "changes on record" $((recorded + 2)) "$(cluster_modifications)"
}

test_a_hold_with_one_cluster_down_is_completed_when_it_is_back_and_so_is_a_release() {
	new_bank
	both_accounts half
	cluster_second cluster_set_limits half cpu=500
	run 0 subank open half 10s
	run 0 subank check
	spend half 16 1
	cluster_daemon_stop slurmctld2
	run 3 subank check
	expect_equal "limits on the first" cpu=0 "$(cluster_limits half)"
	expect_equal "limits on the second" cpu=500 "$(cluster_second cluster_limits half)"
	expect_equal "state" held "$(state half)"
	cluster_daemon_start slurmctld2
	run 0 subank check
	expect_equal "limits on the first" cpu=0 "$(cluster_limits half)"
	expect_equal "limits on the second" cpu=0 "$(cluster_second cluster_limits_in_force half)"
	run 0 subank check
	expect_equal "output of the next check" "" "$out$err"

	cluster_daemon_stop slurmctld2
	run 3 subank deposit half 1
	expect_equal "limits on the first" "" "$(cluster_limits half)"
	expect_equal "limits on the second" cpu=0 "$(cluster_second cluster_limits half)"
	cluster_daemon_start slurmctld2
	run 0 subank check
	expect_equal "limits on the second" cpu=500 "$(cluster_second cluster_limits_in_force half)"
	run 0 subank check
	expect_equal "output of the next check" "" "$out$err"
	expect_equal "holds" 1 "$(entries_of hold)"
	expect_equal "releases" 1 "$(entries_of release)"
	run 0 subank verify
}

test_slurmdbd_that_goes_away_in_the_middle_of_a_check_loses_no_hold() {
	new_bank
	both_accounts middle
	run 0 subank open middle 10s
	run 0 subank check
	spend middle 16 1
	# Right before limits are set.
	mv "$harness_dir/bin/sacctmgr" "$harness_dir/bin/sacctmgr.there"
	cat >"$harness_dir/bin/sacctmgr" <<-END
		#!/usr/bin/env bash
		CLUSTER_DIR=$CLUSTER_DIR
		source "$harness_tests/cluster.bash"
		cluster_daemon_stop slurmdbd
		exec "$harness_dir/bin/sacctmgr.there" "\$@"
	END
	chmod 755 "$harness_dir/bin/sacctmgr"
	run 3 subank check
	mv "$harness_dir/bin/sacctmgr.there" "$harness_dir/bin/sacctmgr"
	expect_match "the message" "next check tries again" "$err"
	run 3 subank check
	expect_equal "state" held "$(state middle)"
	expect_equal "charges" 1 "$(entries_of charge)"
	expect_equal "holds" 1 "$(entries_of hold)"
	cluster_mend
	run 0 subank check
	expect_equal "limits on the first" cpu=0 "$(cluster_limits_in_force middle)"
	expect_equal "limits on the second" cpu=0 "$(cluster_second cluster_limits_in_force middle)"
	run 0 subank check
	expect_equal "output of the next check" "" "$out$err"
	expect_equal "charges" 1 "$(entries_of charge)"
	expect_equal "holds" 1 "$(entries_of hold)"
	run 0 subank verify
}

harness_main "$@"
