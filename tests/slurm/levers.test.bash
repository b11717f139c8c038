#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Every kind of lever on a real Slurm, with running, waiting and new jobs.

# shellcheck source=tests/slurm/harness.bash
source "$(dirname -- "${BASH_SOURCE[0]}")/harness.bash"

# use_settings LINE...: writes the settings of this test.
use_settings() {
	printf '%s\n' "clusters: [$CLUSTER_NAME]" 'charge_minutes: 0' "$@" >"$harness_dir/subank.yaml"
}

# all_limits ACCOUNT: prints GrpTRESMins, GrpTRESRunMins, GrpJobs and GrpSubmitJobs from slurmdbd.
all_limits() {
	local mins run jobs submit
	IFS='|' read -r mins run jobs submit < <(cluster_ask sacctmgr -n -P show assoc where account="$1" \
		cluster="$CLUSTER_NAME" user= format=GrpTRESMins,GrpTRESRunMins,GrpJobs,GrpSubmit)
	echo "$(cluster_sorted <<<"$mins") $(cluster_sorted <<<"$run") $jobs $submit"
}

# set_limit ACCOUNT FIELD=VALUE: sets it as an administrator does.
set_limit() {
	cluster_ask sacctmgr -i modify account where account="$1" cluster="$CLUSTER_NAME" set "$2" >/dev/null
}

# Account, its lever, all its limits while held (without: cpu=5000 ... of the site), why a job waits.
levers=(
	"lvmins GrpTRESMins=cpu cpu=0,gres/gpu=7|cpu=4000,node=3000|50|60 AssocGrpCPUMinutesLimit"
	"lvgpu GrpTRESMins=gres/gpu cpu=5000,gres/gpu=0|cpu=4000,node=3000|50|60 -"
	"lvrun GrpTRESRunMins=cpu cpu=5000,gres/gpu=7|cpu=0,node=3000|50|60 AssocGrpCPURunMinutesLimit"
	"lvnode GrpTRESRunMins=node cpu=5000,gres/gpu=7|cpu=4000,node=0|50|60 AssocGrpNodeRunMinutes"
	"lvjobs GrpJobs cpu=5000,gres/gpu=7|cpu=4000,node=3000|0|60 AssocGrpJobsLimit"
	"lvsubmit GrpSubmitJobs cpu=5000,gres/gpu=7|cpu=4000,node=3000|50|0 -"
)
site='cpu=5000,gres/gpu=7 cpu=4000,node=3000 50 60'

# All levers side by side: each account has a running job, a waiting one, and one that comes when it is
# held.
test_predecessor_08_every_lever_holds_what_it_can_and_gives_the_sites_own_value_back() {
	local entry account lever limits reason
	local -A running=() waiting=() coming=()
	use_settings
	new_bank
	for entry in "${levers[@]}"; do
		read -r account lever limits reason <<<"$entry"
		new_account "$account"
		set_limit "$account" GrpTRESMins=cpu=5000,gres/gpu=7
		set_limit "$account" GrpTRESRunMins=cpu=4000,node=3000
		set_limit "$account" GrpJobs=50
		set_limit "$account" GrpSubmitJobs=60
		run 0 subank open "$account" 2s
		run 0 subank terms "$account" --lever "$lever"
		expect_match "the terms" "lever $lever" "$out"
	done
	# After the accounts are ready, which takes long on a slow machine: these jobs must outlive the check.
	for entry in "${levers[@]}"; do
		account=${entry%% *}
		submit "$account" 'sleep 40'
		running[$account]=$job
		submit "$account" 'sleep 1' -H
		waiting[$account]=$job
		expect_job "${running[$account]}" RUNNING
	done
	for entry in "${levers[@]}"; do
		submit "${entry%% *}" 'sleep 3'
	done
	cluster_until 60 none_but 12 || harness_failed "jobs" "the last ones at their end" "$(cluster_ask squeue -h)"
	run 0 subank check
	for entry in "${levers[@]}"; do
		read -r account lever limits reason <<<"$entry"
		expect_equal "state of $account" held "$(state "$account")"
		expect_equal "limits of $account" "${limits//|/ }" "$(all_limits "$account")"
		expect_equal "the job of $account that runs" RUNNING "$(cluster_job_state "${running[$account]}")"
		cluster_ask scontrol release "${waiting[$account]}"
		if [[ $lever = GrpSubmitJobs ]]; then
			expect_true "a new job is refused" refused "$account"
			continue
		fi
		submit "$account" 'sleep 1'
		coming[$account]=$job
	done
	for entry in "${levers[@]}"; do
		read -r account lever limits reason <<<"$entry"
		if [[ $reason = - ]]; then
			# Does not block a waiting job that uses no GPU or that was submitted before.
			expect_job "${waiting[$account]}" COMPLETED
			continue
		fi
		for job in "${waiting[$account]}" "${coming[$account]}"; do
			cluster_wait_reason "$job" "$reason" ||
				harness_failed "reason of a job of $account" "$reason" "see above"
			expect_equal "its state" PENDING "$(cluster_job_state "$job")"
		done
	done
	for entry in "${levers[@]}"; do
		expect_job "${running[${entry%% *}]}" COMPLETED 60
	done
	# A second check only charges.
	run 0 subank check
	expect_true "nothing is held or released again" test "$(entries_of lever)" = "${#levers[@]}"
	for entry in "${levers[@]}"; do
		run 0 subank deposit "${entry%% *}" 1
		expect_equal "limits after the release" "$site" "$(all_limits "${entry%% *}")"
	done
	for account in lvmins lvrun lvnode lvjobs; do
		expect_job "${waiting[$account]}" COMPLETED 60
	done
	expect_true "a new job is accepted again" cluster_submit lvsubmit 'sleep 1'
	run 0 subank verify
}

# none_but COUNT: whether at most that many jobs are in the queue.
none_but() {
	(($(cluster_ask squeue -h | grep -c .) <= $1))
}

refused() {
	! cluster_submit "$1" 'sleep 1' 2>/dev/null
}

test_a_lever_changed_by_hand_is_left_or_put_right_as_the_settings_say() {
	use_settings 'lever: GrpJobs'
	new_bank
	new_account drift1
	set_limit drift1 GrpJobs=9
	run 0 subank open drift1 1
	run 0 subank hold drift1
	expect_equal "limits" "  0 " "$(all_limits drift1)"
	set_limit drift1 GrpJobs=5
	run 0 subank check --put-right drift1
	expect_match "what is said" 'GrpJobs.*from the bank.s 0 to 5; it is set again' "$err"
	expect_equal "limits" "  0 " "$(all_limits drift1)"
	run 0 subank release drift1
	expect_equal "limits after the release" "  5 " "$(all_limits drift1)"

	use_settings 'drift: restore'
	new_account drift2
	cluster_set_limits drift2 cpu=5000
	run 0 subank open drift2 1
	run 0 subank hold drift2
	cluster_set_limits drift2 cpu=77
	run 0 subank check
	expect_match "what is said" 'GrpTRESMins=cpu.*from the bank.s 0 to 77; it is set again' "$err"
	expect_equal "limits" cpu=0 "$(cluster_limits drift2)"
	run 0 subank release drift2
	# The site's newest value.
	expect_equal "limits after the release" cpu=77 "$(cluster_limits drift2)"

	use_settings 'drift: leave'
	run 0 subank hold drift2
	cluster_set_limits drift2 cpu=66
	run 3 subank check
	expect_match "what is said" 'from the bank.s 0 to 66; it is left so; .subank check --put-right drift2' "$err"
	expect_equal "limits" cpu=66 "$(cluster_limits drift2)"
	run 0 subank check --put-right drift2
	expect_equal "limits" cpu=0 "$(cluster_limits drift2)"
	run 0 subank check
}

test_a_lever_changed_in_the_terms_while_held_is_exchanged() {
	use_settings
	new_bank
	new_account exchanged
	cluster_set_limits exchanged cpu=5000
	set_limit exchanged GrpJobs=9
	run 0 subank open exchanged 1
	run 0 subank hold exchanged
	expect_equal "limits" "cpu=0  9 " "$(all_limits exchanged)"
	submit exchanged 'sleep 1'
	expect_job_held "$job"
	run 0 subank terms exchanged --lever GrpJobs
	expect_equal "limits" "cpu=5000  0 " "$(all_limits exchanged)"
	cluster_wait_reason "$job" AssocGrpJobsLimit
	run 0 subank check
	run 0 subank terms exchanged --lever site
	expect_equal "limits" "cpu=0  9 " "$(all_limits exchanged)"
	run 0 subank release exchanged
	expect_equal "limits" "cpu=5000  9 " "$(all_limits exchanged)"
	expect_job "$job" COMPLETED 60
}

harness_main "$@"
