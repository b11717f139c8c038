#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# `enforcement: scavenge` on a real Slurm: jobs of a spent account start in the scavenger QOS that doctor's line
# made, for free or charged until stop_at, and nothing else lets them start.

# shellcheck source=tests/slurm/harness.bash
source "$(dirname -- "${BASH_SOURCE[0]}")/harness.bash"
CLUSTER_GPUS='a100:6 v100:2'

# use_settings LINE...: writes the settings of this test.
use_settings() {
	printf '%s\n' "clusters: [$CLUSTER_NAME]" 'charge_minutes: 0' 'enforcement: scavenge' \
		'scavenger_qos: scav' "$@" >"$harness_dir/subank.yaml"
}

# doctor STATUS: runs it; sets $out to its rows as Check|Where|Verdict|Found|Advice.
doctor() {
	run "$1" subank doctor -n -P
}

expect_row() { # ROW-BEGINNING
	grep -qF -- "$1" <<<"$out" || harness_failed "a row of doctor" "$1" "$out"
}

# obey: runs the lines in doctor's advice about the scavenger QOS.
obey() {
	local line lines
	lines=$(grep -E '^(scavenger QOS|accounts lack the QOS|users lack the QOS)\|' <<<"$out" |
		grep -oE 'sacctmgr -i [^;]*')
	[[ -n $lines ]] || harness_failed "lines of sacctmgr" some none
	while read -r line; do
		# shellcheck disable=SC2086
		cluster_ask $line >/dev/null || harness_failed "$line" "done" "not done"
	done <<<"$lines"
	[[ $out != *"; then scontrol reconfigure,"* ]] || cluster_ask scontrol reconfigure
}

# expect_reason ID REASON
expect_reason() {
	cluster_wait_reason "$1" "$2" || harness_failed "reason of job $1" "$2" "see above"
}

# expect_fields ACCOUNT GRPJOBS LIMITS
expect_fields() {
	expect_equal "GrpJobs of $1" "$2" "$(cluster_ask sacctmgr -n -P show assoc where account="$1" user= format=GrpJobs)"
	expect_equal "GrpTRESMins of $1" "$3" "$(cluster_limits "$1")"
}

used_more_than() { # ACCOUNT SECONDS
	(($(cluster_raw_usage "$1") > $2))
}

# poor ACCOUNT CPU: makes and opens it with 30 s, and with limits of its own.
poor() {
	new_account "$1"
	cluster_set_limits "$1" "cpu=$2"
	cluster_ask sacctmgr -i modify account "$1" set GrpJobs=50 >/dev/null
	run 0 subank open "$1" 30s
	run 0 subank check
}

# spends ACCOUNT: uses more than it has.
spends() {
	spend "$1" 10 4
	cluster_until 90 used_more_than "$1" 30 || harness_failed "RawUsage of $1" "more than 30" less
	run 0 subank check
	expect_match "what check says" "$1: spent, available -.* only those in QOS scav start" "$out"
}

test_a_spent_account_runs_free_jobs_in_the_scavenger_qos() {
	local normal array before row
	use_settings
	new_bank
	poor free 7777
	doctor 3
	expect_row "scavenger QOS|scav|bad|not in Slurm|no job can use it yet: sacctmgr -i add qos scav set UsageFactor=0 GrpTRESMins=cpu=1000000000000000"
	obey
	doctor 3
	expect_row "scavenger QOS|scav|ok|passes GrpTRESMins=cpu|"
	expect_row "accounts lack the QOS|$CLUSTER_NAME|bad|root, and all that have its list|"
	obey
	doctor 0
	expect_row "accounts lack the QOS|$CLUSTER_NAME|ok|none of 1|"
	spends free
	expect_fields free 50 cpu=0
	expect_equal "state" scavenge "$(state free)"
	submit free 'sleep 1'
	normal=$job
	expect_job_held "$normal"
	before=$(cluster_raw_usage free)
	submit free 'sleep 2' --qos=scav -n 4 -t 5
	row=$job
	submit free 'sleep 1' --qos=scav --array=1-3
	array=$job
	submit free 'sleep 1' --qos=scav
	expect_job "$job" COMPLETED
	expect_job "$row" COMPLETED
	expect_job "${array}_3" COMPLETED
	expect_equal "RawUsage" "$before" "$(cluster_raw_usage free)"
	expect_match "AllocTRES of a free job" 'billing=4' "$(cluster_until 20 ended_on_record "$row" &&
		by_number AllocTRES "$row")"
	run 0 subank why free
	expect_match "why" 'free is spent \(funds\): available -.*
  of its jobs only those in QOS scav start' "$out"
	expect_job_held "$normal"
	# A hold by hand stops them too, and its end lets them start.
	run 0 subank hold free
	expect_fields free 0 cpu=0
	submit free 'sleep 1' --qos=scav
	expect_reason "$job" AssocGrpJobsLimit
	expect_equal "state" held "$(state free)"
	run 0 subank release free
	expect_fields free 50 cpu=0
	expect_job "$job" COMPLETED
	# Paid up: the site's own limits are back.
	run 0 subank deposit free 10
	expect_fields free 50 cpu=7777
	expect_job "$normal" COMPLETED
	# A closed account runs nothing.
	run 0 subank close free
	submit free 'sleep 1' --qos=scav
	expect_reason "$job" AssocGrpJobsLimit
	run 0 subank verify
	run 0 subank verify --slurm
}

test_other_accounts_are_stopped_in_every_qos() {
	local user
	use_settings
	new_bank
	new_account plain
	new_account mixed
	run 0 subank open plain 1
	run 0 subank open mixed 1
	run 0 subank terms plain --enforce hold
	run 0 subank check
	# A list of its own.
	cluster_ask sacctmgr -i modify account mixed set qos=normal >/dev/null
	doctor 0
	expect_row "accounts lack the QOS|$CLUSTER_NAME|warn|1: mixed|"
	expect_row "not under scavenge|the bank|info|1: plain|when such an account is held, GrpJobs=0 is set too"
	obey
	run 0 subank hold plain
	expect_fields plain 0 cpu=0
	submit plain 'sleep 1' --qos=scav
	expect_reason "$job" AssocGrpJobsLimit
	user=$job
	run 0 subank release plain
	expect_job "$user" COMPLETED
	expect_fields plain "" ""
	# A user without it, and a QOS without room that passes the stop: the lines mend both.
	cluster_ask sacctmgr -i modify user "$CLUSTER_USER" where account=mixed set qos-=scav >/dev/null
	cluster_ask sacctmgr -i modify qos scav set GrpJobs=9 GrpTRESMins=cpu=1000000000 >/dev/null
	doctor 3
	expect_row "users lack the QOS|$CLUSTER_NAME|warn|1: $CLUSTER_USER in mixed|"
	expect_row "scavenger QOS|scav|bad|GrpTRESMins=cpu=1000000000, GrpJobs=9|"
	obey
	doctor 0
	expect_row "accounts lack the QOS|$CLUSTER_NAME|ok|none of 1|"
	expect_row "scavenger QOS|scav|ok|passes GrpTRESMins=cpu|"
	run 0 subank withdraw mixed all
	submit mixed 'sleep 1' --qos=scav
	expect_job "$job" COMPLETED
}

test_charged_jobs_run_until_stop_at() {
	local scav
	use_settings 'stop_at: 250%'
	new_bank
	cluster_ask sacctmgr -i modify qos scav set UsageFactor=1 >/dev/null
	poor overrun 8888
	spends overrun
	doctor 0
	expect_row "scavenger's UsageFactor|scav|info|1.000000|its jobs are charged by this factor: debt grows until"
	spend_in_scav() { submit overrun "sleep $1" -n 10 --qos=scav; expect_job "$job" COMPLETED; }
	spend_in_scav 5
	cluster_until 90 used_more_than overrun 75 || harness_failed "RawUsage" "more than 75" less
	expect_match "AllocTRES of a charged job" 'billing=10' "$(cluster_until 20 ended_on_record "$job" &&
		by_number AllocTRES "$job")"
	run 0 subank check
	expect_match "what check says" 'overrun: stopped: .* \(stop_at: 250%\), and its jobs in QOS scav no longer start' "$out"
	expect_fields overrun 0 cpu=0
	expect_equal "state" held "$(state overrun)"
	submit overrun 'sleep 1' --qos=scav
	scav=$job
	expect_reason "$scav" AssocGrpJobsLimit
	run 0 subank why overrun
	expect_match "why" 'overrun is held \(funds, overrun\)' "$out"
	expect_match "what ends it" '\(stop_at: 250%\); a deposit of more than .* ends that' "$out"
	# Less than its debt ends the stop and not the hold.
	run 0 subank deposit overrun 20s
	expect_fields overrun 50 cpu=0
	expect_equal "state" scavenge "$(state overrun)"
	expect_job "$scav" COMPLETED
	run 0 subank deposit overrun 10
	expect_fields overrun 50 cpu=8888
	expect_equal "state" open "$(state overrun)"
	cluster_ask sacctmgr -i modify qos scav set UsageFactor=0 >/dev/null
	run 0 subank verify
}

test_a_spent_gpu_budget_lets_scavengers_use_gpus() {
	local normal
	use_settings
	new_bank
	new_account gpus
	run 0 subank open gpus 100
	run 0 subank open gpus 1 --resource gres/gpu
	run 0 subank check
	doctor 3
	expect_row "scavenger QOS|scav|bad|GrpTRESMins=gres/gpu: none|"
	obey
	doctor 0
	run 0 subank withdraw gpus all --resource gres/gpu
	expect_equal "limits" gres/gpu=0 "$(cluster_limits gpus)"
	expect_equal "state" scavenge "$(state gpus:gres/gpu)"
	submit gpus 'sleep 1' --gres=gpu:1
	normal=$job
	expect_reason "$normal" AssocGrpGRESMinutes
	submit gpus 'sleep 1' --gres=gpu:a100:1 --qos=scav
	expect_job "$job" COMPLETED
	run 0 subank deposit gpus 1 --resource gres/gpu
	expect_job "$normal" COMPLETED
	run 0 subank verify
}

test_a_partition_whose_qos_sets_grpjobs_is_named() {
	use_settings
	new_bank
	new_account parts
	run 0 subank open parts 1
	cluster_ask sacctmgr -i add qos few GrpJobs=1000 >/dev/null
	printf '%s\n' 'PartitionName=few Nodes=ALL State=UP QOS=few TRESBillingWeights=CPU=1.0' \
		'PartitionName=shut Nodes=ALL State=UP DenyQos=scav TRESBillingWeights=CPU=1.0' \
		'PartitionName=mine Nodes=ALL State=UP AllowQos=normal TRESBillingWeights=CPU=1.0' >>"$SLURM_CONF"
	cluster_ask scontrol reconfigure
	doctor 3
	expect_row "what stops scavenging|$CLUSTER_NAME|bad|few, few: GrpJobs=1000|"
	expect_row "partitions refuse it|$CLUSTER_NAME|info|2: shut, mine|"
	run 0 subank hold parts
	submit parts 'sleep 1' --qos=scav
	expect_reason "$job" AssocGrpJobsLimit
	submit parts 'sleep 1' --qos=scav -p few
	expect_job "$job" COMPLETED
	sed -i '/^PartitionName=\(few\|shut\|mine\)/d' "$SLURM_CONF"
	cluster_ask scancel --user="$CLUSTER_USER"
	cluster_until 30 no_jobs
	cluster_ask scontrol reconfigure
	cluster_ask sacctmgr -i delete qos few >/dev/null
}

harness_main "$@"
