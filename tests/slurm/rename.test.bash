#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Accounts of a real Slurm that are renamed or merged while their jobs run and wait: the use of each job is
# charged once, under the name that it ran under, and ends with the account that has the money.

# shellcheck source=tests/slurm/harness.bash
source "$(dirname -- "${BASH_SOURCE[0]}")/harness.bash"
CLUSTER_GPUS='a100:8'
CLUSTER_CPUS=32

use_settings() { # LINE...
	printf '%s\n' "clusters: [$CLUSTER_NAME]" 'charge_minutes: 0' "$@" >"$harness_dir/subank.yaml"
}

# in_sacct TRES JOB...: adds up the use of these jobs by sacct, in seconds of the TRES.
in_sacct() {
	by_number ElapsedRaw,AllocTRES "${@:2}" | awk -F'|' -v tres="$1" '{
		count = split($2, items, ",")
		for (i = 1; i <= count; i++) {
			split(items[i], item, "=")
			if (item[1] == tres) sum += $1 * item[2]
		}
	} END { print sum + 0 }'
}

# charges PURSE: adds up what was charged under this name, in seconds: of RawUsage, of jobs and, of those before an
# account was first metered by jobs, at the switch.
charges() {
	subank journal -n -P --seconds -o Account,Kind,Amount "${1%%:*}" |
		awk -F'|' -v purse="$1" '$1 == purse && $2 ~ /^(charge|job|reconcile)$/ { sum -= $3 }
			END { print sum + 0 }'
}

# of PURSE COLUMNS: prints these columns of its balance, in seconds of the resource.
of() {
	own_row "$1" "$2" --seconds
}

add_user() { # USER ACCOUNT
	cluster_ask sacctmgr -i add user "$1" account="$2" cluster="$CLUSTER_NAME" >/dev/null
}

# expect_quiet: expects a check to record nothing and not to complain.
expect_quiet() {
	local count
	count=$(entries)
	run 0 subank check
	expect_equal "complaints" "" "$err"
	expect_equal "entries" "$count" "$(entries)"
}

# prepare ACCOUNT MONEY: makes the account, with a second user, and opens it.
prepare() {
	new_account "$1"
	add_user daemon "$1"
	run 0 subank open "$1" "$2"
	run 0 subank check
}

# rename_while_jobs_run OLD NEW: all that an administrator does for a new name, with a job that runs and one that
# waits.
rename_while_jobs_run() {
	local old=$1 new=$2 running waiting early first last sum
	new_bank
	prepare "$old" 160s
	submit "$old" 'sleep 12' -n 4
	running=$job
	expect_job "$running" RUNNING
	spend "$old" 3 1
	early=$job
	submit "$old" 'sleep 1' -n 32
	waiting=$job
	expect_true "slurmdbd has the short job" cluster_until 30 ended_on_record "$early"
	run 0 subank check
	new_account "$new"
	add_user daemon "$new"
	run 0 subank rename "$old" "$new" --note 'a new name'
	expect_match "the receipt" "renamed $old to $new; $new has" "$out"
	expect_equal "states" "closed open" "$(state "$old") $(state "$new")"
	expect_equal "limits of both" "cpu=0 " "$(cluster_limits_in_force "$old") $(cluster_limits_in_force "$new")"
	submit "$old" 'sleep 1'
	last=$job
	expect_job_held "$last"
	expect_equal "the running job" RUNNING "$(cluster_job_state "$running")"
	spend "$new" 2 1
	first=$job
	expect_job "$running" COMPLETED 60
	expect_job_held "$waiting"
	expect_true "slurmdbd has all" cluster_until 30 ended_on_record "$running" "$first"
	run 0 subank check
	expect_match "the use that came later" "$old: account '$new' takes over debt of" "$out"
	expect_equal "charged to the old name" "$(in_sacct billing "$early" "$running")" "$(charges "$old")"
	expect_equal "charged to the new name" "$(in_sacct billing "$first")" "$(charges "$new")"
	sum=$(in_sacct billing "$early" "$running" "$first")
	expect_equal "used by both" "$sum" "$(used "$new")"
	expect_equal "what is left" "$((160 - sum))" "$(available "$new")"
	expect_equal "left under the old name" "0|0|0" "$(of "$old" Allocated,Used,Available)"
	expect_quiet
	cluster_ask scontrol update JobId="$waiting" Account="$new"
	expect_job "$waiting" COMPLETED 60
	expect_equal "the other job" PENDING "$(cluster_job_state "$last")"
	# All is spent: the new name is held until there is money. The old one stays held.
	spend "$new" 32 3
	expect_true "slurmdbd has both" cluster_until 30 ended_on_record "$waiting" "$job"
	run 0 subank check
	sum=$((sum + $(in_sacct billing "$waiting" "$job")))
	expect_equal "used in all" "$sum" "$(used "$new")"
	expect_equal "states" "closed held" "$(state "$old") $(state "$new")"
	submit "$new" 'sleep 1'
	expect_job_held "$job"
	run 0 subank deposit "$new" 1
	expect_job "$job" COMPLETED 60
	expect_equal "limits of both" "cpu=0 " "$(cluster_limits "$old") $(cluster_limits "$new")"
	run 0 subank reconcile "$old" "$new"
	# Slurm deletes no account that has jobs, and since 24.11 none that is the default of a user.
	cluster_ask sacctmgr -i modify user "$CLUSTER_USER" daemon cluster="$CLUSTER_NAME" set \
		DefaultAccount="$new" >/dev/null
	cluster_ask scancel "$last"
	expect_true "no jobs" cluster_until 30 no_jobs
	cluster_ask sacctmgr -i delete account "$old" >/dev/null
	run 0 subank check
	expect_equal "what is said without the old one" "" "$err"
	expect_quiet
	run 0 subank why "$old"
	expect_match "what became of it" "rename: $old to $new.*$new took over all" "$out"
	run 0 subank verify
}

test_a_rename_while_jobs_run_and_wait() {
	use_settings
	rename_while_jobs_run phys physics
}

test_a_rename_while_jobs_run_and_wait_under_meter_jobs() {
	use_settings 'meter: jobs'
	rename_while_jobs_run chem chemistry
}

# Each has SU and GPU-hours, which end at different times, and has used some of both.
test_a_merge_keeps_windows_and_counts_gpus_of_jobs_that_run() {
	local account jobs=() running sum gpus
	use_settings 'meter: jobs'
	new_bank
	for account in optics lasers; do
		new_account "$account"
	done
	run 0 subank open optics 1 --end 2098-01-01
	run 0 subank open optics 1 --resource gres/gpu --end 2098-01-01
	run 0 subank open lasers 1 --end 2099-01-01
	run 0 subank open lasers 1 --resource gres/gpu --end 2099-01-01
	run 0 subank check
	for account in optics lasers; do
		submit "$account" 'sleep 2' -n 2 --gres=gpu:1
		jobs+=("$job")
	done
	submit optics 'sleep 12' -n 3 --gres=gpu:2
	running=$job
	expect_job "$running" RUNNING
	expect_job "${jobs[0]}" COMPLETED
	expect_job "${jobs[1]}" COMPLETED
	expect_true "slurmdbd has them" cluster_until 30 ended_on_record "${jobs[@]}"
	run 0 subank check
	run 0 subank merge optics lasers
	expect_match "the receipt" 'merged optics into lasers; lasers has' "$out"
	sum=$(in_sacct billing "${jobs[@]}")
	gpus=$(in_sacct gres/gpu "${jobs[@]}")
	expect_equal "SU" "$((7200 - sum))" "$(of lasers Settled)"
	expect_equal "GPUs" "$((7200 - gpus))" "$(of lasers:gres/gpu Settled)"
	expect_equal "the one that runs is in flight" "$(($(of lasers Settled) - $(of lasers InFlight)))" \
		"$(available lasers)"
	expect_true "it has used something" [ "$(of lasers InFlight)" -gt 0 ]
	expect_true "and GPUs" [ "$(of lasers:gres/gpu InFlight)" -gt 0 ]
	expect_equal "limits of both" "cpu=0,gres/gpu=0 " "$(cluster_limits optics) $(cluster_limits lasers)"
	submit optics 'sleep 1'
	expect_job_held "$job"
	expect_job "$running" COMPLETED 60
	expect_true "slurmdbd has it" cluster_until 30 ended_on_record "$running"
	run 0 subank check
	expect_match "the use that came later" "optics: account 'lasers' takes over debt of" "$out"
	expect_equal "charged to the one" "$(in_sacct billing "${jobs[0]}" "$running")" "$(charges optics)"
	expect_equal "its GPUs" "$(in_sacct gres/gpu "${jobs[0]}" "$running")" "$(charges optics:gres/gpu)"
	expect_equal "charged to the other" "$(in_sacct billing "${jobs[1]}")" "$(charges lasers)"
	expect_equal "its GPUs" "$(in_sacct gres/gpu "${jobs[1]}")" "$(charges lasers:gres/gpu)"
	expect_equal "SU" "$((7200 - $(in_sacct billing "${jobs[@]}" "$running")))" "$(available lasers)"
	expect_equal "GPUs" "$((7200 - $(in_sacct gres/gpu "${jobs[@]}" "$running")))" \
		"$(of lasers:gres/gpu Available)"
	expect_quiet
	run 0 subank reconcile optics lasers
	run 0 subank verify
}

# The lever that holds the old name for its spent money holds it for the rename afterwards.
test_an_account_that_was_held_is_renamed_and_only_the_new_name_is_released() {
	new_bank
	use_settings
	prepare spent 10s
	cluster_set_limits spent cpu=5000
	spend spent 16 1
	run 0 subank check
	expect_equal "state" held "$(state spent)"
	new_account fresh
	run 0 subank rename spent fresh
	expect_equal "states" "closed held" "$(state spent) $(state fresh)"
	expect_equal "limits of both" "cpu=0 cpu=0" "$(cluster_limits spent) $(cluster_limits fresh)"
	submit fresh 'sleep 1'
	expect_job_held "$job"
	run 0 subank deposit fresh 1
	expect_job "$job" COMPLETED 60
	expect_equal "limits of both" "cpu=0 " "$(cluster_limits spent) $(cluster_limits fresh)"
	submit spent 'sleep 1'
	expect_job_held "$job"
	run 1 subank deposit spent 1
	run 0 subank check
	run 1 subank open spent 1
	expect_match "the refusal" "choose another name" "$err"
	run 0 subank verify
}

# What they use counts for the new account above them, once.
test_accounts_below_a_renamed_one_wait_until_they_are_moved() {
	new_bank
	use_settings
	new_account stem
	new_account twig parent=stem
	spend twig 4 1
	run 0 subank open stem 100s
	new_account trunk
	run 0 subank rename stem trunk
	submit twig 'sleep 2' -n 3
	expect_job_held "$job"
	cluster_ask sacctmgr -i modify account where account=twig cluster="$CLUSTER_NAME" set parent=trunk >/dev/null
	expect_job "$job" COMPLETED 60
	run 3 subank check
	expect_match "what is said" 'account twig has moved to or from below it: nothing is charged' "$err"
	expect_quiet
	expect_equal "used" "$(in_sacct billing "$job")" "$(used trunk)"
	run 0 subank verify
}

# Why a rename needs a new account in Slurm.
test_slurm_itself_renames_no_account() {
	local key
	new_account fixed
	for key in newname name; do
		run 1 cluster_ask sacctmgr -i modify account where account=fixed set "$key=loose"
		echo "  set $key: $err"
	done
	expect_match "what sacctmgr says" "Can't modify the name of an account" "$err"
	run 0 cluster_ask sacctmgr -n -P show account format=Account
	expect_match "accounts" fixed "$out"
}

harness_main "$@"
