#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Rows of a real sacct that are strange or cannot be read, under `meter: jobs`: none blocks the charge of
# another job, and each is charged once when it can be read.

# shellcheck source=tests/slurm/harness.bash
source "$(dirname -- "${BASH_SOURCE[0]}")/harness.bash"

# by_jobs: makes an empty bank whose accounts are metered by jobs.
by_jobs() {
	sed -i '/^meter:/d' "$harness_dir/subank.yaml"
	echo 'meter: jobs' >>"$harness_dir/subank.yaml"
	new_bank
}

# run_job ACCOUNT SECONDS [SBATCH-OPTION...]: runs a job that ends by itself; sets $job.
run_job() {
	local account=$1 seconds=$2
	shift 2
	submit "$account" "sleep $seconds" "$@"
	expect_true "job $job has ended" cluster_until 60 ended_on_record "$job"
}

# ran JOB: prints the seconds that it ran.
ran() {
	by_number ElapsedRaw "$1"
}

# strange_account NAME KEY=VALUE...: adds an account with a name that the harness cannot wait for.
strange_account() {
	cluster_ask sacctmgr -i add account "$1" cluster="$CLUSTER_NAME" "${@:2}" >/dev/null
	cluster_ask sacctmgr -i add user "$CLUSTER_USER" account="$1" cluster="$CLUSTER_NAME" >/dev/null
	expect_true "jobs of account '$1' are taken" cluster_until 20 takes_jobs "$1"
}

takes_jobs() {
	cluster_submit "$1" 'sleep 2' 2>/dev/null >"$harness_dir/job" || return 1
	job=$(<"$harness_dir/job")
}

# Users may set the limit of their own jobs to 0.
test_a_time_limit_of_0_keeps_no_job_from_being_charged() {
	local own other
	by_jobs
	new_account limited
	new_account neighbour
	run 0 subank open limited 100
	run 0 subank open neighbour 100
	run 0 subank check
	submit limited 'sleep 6' -t 5
	own=$job
	expect_job "$own" RUNNING
	run 0 cluster_as_user scontrol update jobid="$own" TimeLimit=0
	run_job neighbour 2
	other=$job
	expect_equal "sacct's TimelimitRaw while it runs" "" "$(by_number TimelimitRaw "$own")"
	run 0 subank check
	expect_equal "the other account" "$(ran "$other")" "$(used neighbour)"
	expect_true "job $own has ended" cluster_until 60 ended_on_record "$own"
	expect_equal "sacct's TimelimitRaw when it has ended" "" "$(by_number TimelimitRaw "$own")"
	run 0 subank check
	expect_equal "messages" "" "$err"
	expect_true "it ran" test "$(ran "$own")" -gt 0
	expect_equal "its account" "$(ran "$own")" "$(used limited)"
	run 0 subank check
	expect_equal "a check again" "" "$out$err"
	run 0 subank reconcile
	run 0 subank verify
}

# Puts an unusual value into each row of slurmdbd, then restores it.
test_a_row_that_cannot_be_read_is_charged_once_when_it_can() {
	local odd late plain
	by_jobs
	new_account reader
	new_account shelf parent=reader
	run 0 subank open reader 100
	run 0 subank open shelf 100
	run 0 subank check
	run_job shelf 3
	odd=$job
	edit_record tres_alloc 1=1,2=100,4=1,5=18446744073709551615 "$odd"
	run_job shelf 2
	late=$job
	edit_record state 77 "$late"
	edit_record job_db_inx 13512637919694125056 "$late"
	run_job reader 2
	plain=$job
	expect_match "sacct's AllocTRES" 'billing=NONE' "$(by_number AllocTRES "$odd")"
	run 3 subank check
	expect_match "the message" "1 row cannot be read and is left out" "$err"
	expect_match "the job" "job $odd of account shelf" "$err"
	expect_match "the field" 'AllocTRES' "$err"
	expect_equal "shelf" "$(ran "$late")" "$(used shelf)"
	expect_equal "reader" "$(($(ran "$late") + $(ran "$plain")))" "$(used reader)"
	expect_match "the index" '"db_index":"13512637919694125056"' "$(subank journal --json -k job shelf)"
	run 3 subank doctor -nP
	expect_match "doctor" "jobs left out\|$CLUSTER_NAME\|bad\|1 not charged yet: $odd" "$out"
	run 3 subank reconcile --apply
	expect_equal "what reconcile enters" 0 "$(entries_of reconcile)"
	edit_record tres_alloc 1=1,2=100,4=1,5=1 "$odd"
	run 0 subank check
	expect_true "it ran" test "$(ran "$odd")" -gt 0
	expect_equal "shelf" "$(($(ran "$odd") + $(ran "$late")))" "$(used shelf)"
	expect_equal "reader" "$(($(ran "$odd") + $(ran "$late") + $(ran "$plain")))" "$(used reader)"
	run 0 subank check
	expect_equal "a check again" "" "$out$err"
	run 0 subank reconcile
	run 0 subank verify
}

# Coordinators name accounts as they like.
test_names_are_taken_for_no_fields_and_no_rows() {
	local paying bar newline
	by_jobs
	new_account payer
	new_account bystander
	run 0 subank open payer 100
	run 0 subank open bystander 100
	run 0 subank check
	strange_account 'payer|x' parent=bystander
	bar=$job
	# Its first line imitates a job of the payer.
	strange_account $'payer\nx' parent=bystander
	newline=$job
	expect_true "job $bar has ended" cluster_until 60 ended_on_record "$bar"
	expect_true "job $newline has ended" cluster_until 60 ended_on_record "$newline"
	run_job payer 2
	paying=$job
	expect_true "both ran" test "$(ran "$bar")" -gt 0 -a "$(ran "$newline")" -gt 0
	subank check >/dev/null || true
	expect_equal "the payer's own job alone" "$(ran "$paying")" "$(used payer)"
	expect_equal "the account above" "$(($(ran "$bar") + $(ran "$newline")))" "$(used bystander)"
}

harness_main "$@"
