#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Queued jobs of spent accounts on a real Slurm: they move to the scavenger QOS and come back.

# shellcheck source=tests/slurm/harness.bash
source "$(dirname -- "${BASH_SOURCE[0]}")/harness.bash"

# make_qos NAME FACTOR: makes a QOS that passes the lever, for all accounts.
make_qos() {
	cluster_ask sacctmgr -n -P show qos format=Name | grep -qx "$1" && return 0
	cluster_ask sacctmgr -i add qos "$1" GrpTRESMins=cpu=1000000000000000 UsageFactor="$2" >/dev/null
	cluster_ask sacctmgr -i modify account root cluster="$CLUSTER_NAME" set qos+="$1" >/dev/null
}

# use_settings LINE...: writes the settings of this test.
use_settings() {
	printf '%s\n' "clusters: [$CLUSTER_NAME]" 'charge_minutes: 0' 'enforcement: scavenge' \
		'queued_jobs: move' "$@" >"$harness_dir/subank.yaml"
}

# queued JOB: prints "QOS time-limit" of its records that wait, one a line; of a whole array or one component.
queued() {
	cluster_ask squeue -h -a -r -t PD -o '%i %A %q %l' |
		awk -v job="$1" '$1 == job || ($2 == job && $1 ~ /_/) { print $3, $4 }' | sort -u
}

expect_queued() { # WHAT JOB QOS-AND-LIMIT
	expect_equal "QOS and time limit of $1" "$3" "$(queued "$2")"
}

# later ACCOUNT [OPTION...]: submits a job that waits for an hour. Sets $job.
later() {
	submit "$1" 'sleep 1' --begin=now+1hour "${@:2}"
}

# A scontrol for the program that does what is in the file "between" before it changes jobs, once.
make_noted_scontrol() {
	cat >"$harness_dir/bin/scontrol" <<-END
		#!/bin/bash
		echo "\$*" >>"$harness_dir/scontrol.log"
		if [[ " \$* " = *' update '* && -e "$harness_dir/between" ]]; then
			mv "$harness_dir/between" "$harness_dir/now"
			source "$harness_dir/now"
		fi
		exec "$(command -v scontrol)" "\$@"
	END
	chmod 755 "$harness_dir/bin/scontrol"
	: >"$harness_dir/scontrol.log"
}

updates() {
	grep -c ' update ' "$harness_dir/scontrol.log" || true
}

# spend_all ACCOUNT: opens it with two SU-seconds and uses more.
spend_all() {
	run 0 subank open "$1" 2s
	spend "$1" 4 2
	cluster_until 20 has_used "$1" || harness_failed "use of $1" "more than 2" "$(cluster_raw_usage "$1")"
	run 0 subank check
	expect_equal "state of $1" scavenge "$(state "$1")"
}

has_used() {
	(($(cluster_raw_usage "$1") > 2))
}

test_jobs_of_every_form_move_and_come_back_as_they_were() {
	local plain endless array het inside own waiting moved settled
	make_qos scav 0
	use_settings 'scavenger_qos: scav'
	make_noted_scontrol
	new_account qform
	new_account qinside parent=qform
	new_bank
	run 0 subank open qform 2s
	submit qform 'sleep 60' --array=1-5%2 -t 20
	array=$job
	cluster_until 20 two_run "$array" || harness_failed "tasks of $array" "two that run" "$(cluster_ask squeue -h)"
	spend qform 4 2
	cluster_until 20 has_used qform
	later qform -t 30
	plain=$job
	later qform -t 0
	endless=$job
	submit qform 'sleep 1' -t 10 --begin=now+1hour : -A qinside -n 1 -t 12 --begin=now+1hour
	het=$job
	later qinside -t 2-00:00:00
	inside=$job
	later qform -t 30
	own=$job
	submit qform 'sleep 4' -t 5 -H
	waiting=$job
	run 0 subank check --dry-run
	expect_match "what would move" '8 queued jobs on dev would move from QOS normal to scav' "$out"
	expect_queued "the plain job" "$plain" 'normal 30:00'
	run 0 subank check
	expect_match "what moved" '8 queued jobs on dev moved from QOS normal to scav' "$out"
	expect_queued "the plain job" "$plain" 'scav 30:00'
	expect_queued "the job without a time limit" "$endless" 'scav UNLIMITED'
	expect_queued "the array" "$array" 'scav 20:00'
	expect_queued "the first component" "$het+0" 'scav 10:00'
	expect_queued "the second component" "$het+1" 'scav 12:00'
	expect_queued "the job of the account inside" "$inside" 'scav 2-00:00:00'
	expect_match "the tasks that run" '^(normal normal )$' \
		"$(cluster_ask squeue -h -a -r -t R -j "$array" -o %q | tr '\n' ' ')"
	expect_equal "calls of scontrol update" 7 "$(updates)"
	settled=$(entries)
	run 0 subank check
	expect_equal "output of another check" '' "$out"
	expect_equal "entries after another check" "$settled" "$(entries)"

	# One starts in the scavenger QOS, a new one moves with the next check, another is moved back by its user.
	cluster_ask scontrol release "$waiting"
	expect_job "$waiting" COMPLETED
	cluster_as_user scontrol update JobId="$own" QOS=normal
	later qform -t 30
	moved=$job
	run 0 subank check
	expect_match "what the user did" "another QOS from the user, and is left alone \($own\)" "$out"
	expect_match "what moved" '1 queued job on dev moved' "$out"
	expect_queued "the job that its user moved" "$own" 'normal 30:00'
	run 0 subank check
	expect_queued "the job that its user moved" "$own" 'normal 30:00'
	run 0 subank why qform
	expect_match "why" 'were moved to QOS scav' "$out"

	# What Slurm since 25.05.6 does of itself: another QOS, another time limit.
	cluster_ask scontrol update JobId="$endless" TimeLimit=7
	run 0 subank deposit qform 100
	expect_match "what came back" '7 queued jobs on dev went back to QOS normal' "$out"
	expect_queued "the plain job" "$plain" 'normal 30:00'
	expect_queued "the job without a time limit" "$endless" 'normal UNLIMITED'
	expect_queued "the array" "$array" 'normal 20:00'
	expect_queued "the first component" "$het+0" 'normal 10:00'
	expect_queued "the second component" "$het+1" 'normal 12:00'
	expect_queued "the job of the account inside" "$inside" 'normal 2-00:00:00'
	expect_queued "the job that came later" "$moved" 'normal 30:00'
	expect_match "tasks at a time" 'ArrayTaskThrottle=2' "$(cluster_ask scontrol -o show job "$array")"
	run 0 subank verify
}

two_run() {
	(($(cluster_ask squeue -h -t R -j "$1" -o %i | grep -c .) == 2))
}

test_kill_9_between_two_steps_loses_no_job_and_moves_none_twice() {
	local step account first second
	make_qos scav 0
	use_settings 'scavenger_qos: scav'
	make_noted_scontrol
	new_bank
	# Before Slurm has changed a job, and after.
	# shellcheck disable=SC2016 # expanded by the fake
	for step in 'kill -9 $PPID; exit 1' "$(command -v scontrol)"' "$@"; kill -9 $PPID; exit 0'; do
		account=qkill${#step}
		new_account "$account"
		spend_all "$account"
		later "$account" -t 30
		first=$job
		later "$account" -t 40
		second=$job
		echo "$step" >"$harness_dir/between"
		run 137 subank check
		run 0 subank check
		expect_queued "the first job" "$first" 'scav 30:00'
		expect_queued "the second job" "$second" 'scav 40:00'
		run 0 subank check
		expect_equal "output of another check" '' "$out"
		expect_equal "jobs that were moved" '2 0' "$(journal_jobs "$account")"
		echo "$step" >"$harness_dir/between"
		run 0 subank deposit "$account" 1 --no-apply
		run 137 subank check
		run 0 subank check
		expect_queued "the first job" "$first" 'normal 30:00'
		expect_queued "the second job" "$second" 'normal 40:00'
		run 0 subank check
		expect_equal "output of another check" '' "$out"
		expect_equal "jobs that were moved" '2 2' "$(journal_jobs "$account")"
	done
}

# journal_jobs ACCOUNT: prints how many jobs were to be moved away and back, by the journal.
journal_jobs() {
	subank journal --kind queue -n -P -o Detail "$1" |
		awk '/ to scav$/ { away += $2 } / to normal$/ { back += $2 } END { print away + 0, back + 0 }'
}

waits_again() {
	[[ $(cluster_ask squeue -h -j "$1" -o %t) == PD ]]
}

# records ARRAY: prints "QOS account" of its records that wait, one a line, sorted.
records() {
	cluster_ask squeue -h -a -r -t PD -j "$1" -o '%A %q %a' | sort -u | cut -d ' ' -f 2- | sort
}

test_a_job_that_starts_meanwhile_runs_on_and_the_others_return() {
	local starts stays given long mixed runs
	make_qos scav 0
	use_settings 'scavenger_qos: scav'
	make_noted_scontrol
	new_account qrace
	new_account qother
	new_bank
	spend_all qrace
	run 0 subank open qother 1000
	submit qrace 'sleep 20' -H -t 10
	starts=$job
	later qrace -t 30
	stays=$job
	later qrace -t 30
	given=$job
	submit qrace 'sleep 60' -H -t 10
	runs=$job
	# Its list of tasks is longer than the 64 characters that squeue shows of itself; one task is changed.
	later qrace -t 30 --array="$(seq -s , 1 2 61)%3"
	long=$job
	cluster_as_user scontrol update JobId="${long}_3" Nice=1
	# One of its tasks is not of the spent account.
	later qrace -t 30 --array=1-4
	mixed=$job
	cluster_as_user scontrol update JobId="${mixed}_2" Account=qother
	run 3 subank check
	expect_match "messages" "left alone \\($mixed\\): its tasks have different QOS, time limits or accounts" "$err"
	expect_equal "the array of two accounts" $'normal qother\nnormal qrace' "$(records "$mixed")"
	expect_equal "the array with a long list" $'scav qrace\nscav qrace' "$(records "$long")"
	cluster_ask scontrol release "$runs"
	# Slurm keeps the QOS when a user gives his job to another account.
	cluster_as_user scontrol update JobId="$given" Account=qother
	expect_equal "the job in another account" 'scav qother' "$(records "$given")"
	run 0 subank check
	expect_equal "the job in another account" 'normal qother' "$(records "$given")"
	expect_queued "the job in another account" "$given" 'normal 30:00'
	cat >"$harness_dir/between" <<-END
		scontrol() { "$(command -v scontrol)" "\$@"; }
		scontrol release $starts
		until [[ \$(squeue -h -j $starts -o %T) = RUNNING ]]; do sleep 0.1; done
	END
	run 0 subank deposit qrace 100
	expect_match "what came back" '2 queued jobs on dev went back' "$out"
	expect_equal "messages" '' "$err"
	expect_queued "the job that waits" "$stays" 'normal 30:00'
	expect_equal "the array with a long list" $'normal qrace\nnormal qrace' "$(records "$long")"
	expect_equal "the QOS of the job that started" 'RUNNING scav' "$(cluster_ask squeue -h -j "$starts" -o '%T %q')"
	run 0 subank why qrace
	expect_match "why" 'qrace is fine' "$out"
	# One that ran at the release is queued again.
	expect_equal "the QOS of the job that runs" 'RUNNING scav' "$(cluster_ask squeue -h -j "$runs" -o '%T %q')"
	cluster_ask scontrol requeuehold "$runs"
	cluster_until 20 waits_again "$runs" || harness_failed "job $runs" PENDING "$(cluster_ask squeue -h)"
	run 0 subank check
	expect_queued "the job that was queued again" "$runs" 'normal 10:00'
}

# Jobs in QOS qpass start although their account is spent.
test_a_job_that_starts_or_is_cancelled_before_it_moves_is_left_alone() {
	local starts stays ends array settled
	make_qos scav 0
	make_qos qpass 1
	use_settings 'scavenger_qos: scav'
	make_noted_scontrol
	new_account qleft
	new_bank
	spend_all qleft
	submit qleft 'sleep 20' -H -t 30 --qos=qpass
	starts=$job
	later qleft -t 30
	stays=$job
	later qleft -t 30
	ends=$job
	later qleft -t 30 --array=1-3
	array=$job
	cat >"$harness_dir/between" <<-END
		scontrol() { "$(command -v scontrol)" "\$@"; }
		scontrol release $starts
		until [[ \$(squeue -h -j $starts -o %T) = RUNNING ]]; do sleep 0.1; done
		scancel $ends ${array}_2
	END
	run 0 subank check --dry-run
	expect_match "what would move" ' 1 queued job on dev would move from QOS qpass to scav' "$out"
	run 0 subank check
	expect_true "what happens between" test -e "$harness_dir/now"
	expect_equal "messages" '' "$err"
	expect_equal "what moved" 'qleft: 2 queued jobs on dev moved from QOS normal to scav' "$out"
	expect_queued "the job that waits" "$stays" 'scav 30:00'
	expect_equal "the tasks that wait" 'scav qleft' "$(records "$array")"
	expect_equal "the job that started" 'RUNNING qpass' "$(cluster_ask squeue -h -j "$starts" -o '%T %q')"
	settled=$(entries)
	run 0 subank check
	expect_equal "output of another check" '' "$out"
	run 0 subank deposit qleft 100
	expect_match "what came back" '2 queued jobs on dev went back to QOS normal' "$out"
	expect_queued "the job that waits" "$stays" 'normal 30:00'
	expect_equal "the tasks that wait" 'normal qleft' "$(records "$array")"
	expect_job "$starts" COMPLETED
	expect_true "slurmdbd has its end" cluster_until 30 ended_on_record "$starts"
	expect_equal "states and QOS on record" "COMPLETED|qpass
CANCELLED|normal" "$(by_number State,QOS "$starts" "$ends" | sed 's/CANCELLED by [0-9]*/CANCELLED/')"
	run 0 subank verify
}

# One account has a free scavenger QOS, another one that costs as much as any.
test_jobs_in_the_scavenger_qos_start_and_cost_what_its_factor_says() {
	local factor qos account waits runs before elapsed
	new_bank
	for factor in 0 1; do
		qos=scav$factor account=qcost$factor
		make_qos "$qos" "$factor"
		use_settings "scavenger_qos: $qos"
		new_account "$account"
		spend_all "$account"
		before=$(cluster_raw_usage "$account")
		expect_equal "use so far" "$before" "$(used "$account")"
		submit "$account" 'sleep 3' -n 2 -t 5
		runs=$job
		run 0 subank check
		submit "$account" 'sleep 1'
		waits=$job
		expect_job "$runs" COMPLETED
		expect_job_held "$waits"
		# RawUsage has it once the job has ended.
		cluster_until 20 ended_on_record "$runs"
		elapsed=$(by_number ElapsedRaw "$runs")
		run 0 subank check
		expect_equal "use by job $runs, with the factor $factor" $((before + factor * 2 * elapsed)) "$(used "$account")"
		expect_equal "the QOS of the job that came last" "$qos" "$(cluster_ask squeue -h -t all -j "$waits" -o %q)"
	done
}

harness_main "$@"
