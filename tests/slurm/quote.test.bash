#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# `subank quote` as an ordinary user: its billing of a job beside Slurm's when the job runs; the balance that it shows;
# and the command lines that sbatch takes.

# shellcheck source=tests/slurm/harness.bash
source "$(dirname -- "${BASH_SOURCE[0]}")/harness.bash"
harness_node=1
CLUSTER_GPUS='a100:4 v100:2'
CLUSTER_CPUS=64

# as_user COMMAND...: runs it as the ordinary user, in a folder that he may be in.
as_user() {
	(cd / && setpriv --reuid="$CLUSTER_USER" --regid="$(id -g "$CLUSTER_USER")" --clear-groups \
		env -u SUBANK_BANK "$@")
}

quote() {
	as_user "$harness_dir/program" --config "$harness_dir/users.yaml" quote "$@"
}

# Partitions with weights, on nodes with two threads a core, and a bank that publishes.
prepare() {
	local weights="CPU=0.25,Mem=0.25G,GRES/gpu=10.0,GRES/gpu:v100=12.5,license/matlab=3"
	[[ ! -e $harness_dir/program ]] || return 0
	install -m 755 "$SUBANK" "$harness_dir/program"
	sed -i "s/RealMemory=1000/RealMemory=64000 Sockets=2 CoresPerSocket=16 ThreadsPerCore=2/" "$SLURM_CONF" \
		"$CLUSTER_DIR/node/slurm.conf"
	cat >>"$SLURM_CONF" <<-END
		Licenses=matlab:10
		PartitionName=gpu Nodes=ALL MaxTime=1-0 DefaultTime=2:00:00 State=UP TRESBillingWeights="$weights"
		PartitionName=whole Nodes=ALL MaxTime=1-0 OverSubscribe=EXCLUSIVE State=UP TRESBillingWeights="CPU=1.0,GRES/gpu=2"
		PartitionName=plain Nodes=ALL State=UP DefMemPerCPU=500 MaxMemPerCPU=1000
		PartitionName=largest Nodes=ALL State=UP MaxMemPerCPU=1000
		PartitionName=percpu Nodes=ALL State=UP DefMemPerCPU=2000 MaxMemPerCPU=1000
		PartitionName=pernode Nodes=ALL State=UP DefMemPerNode=20000 MaxMemPerCPU=1000
		PartitionName=socket Nodes=ALL State=UP DefMemPerNode=10 SelectTypeParameters=CR_Socket
	END
	# Jobs start at once, not at the next second.
	cluster_set_keys SelectTypeParameters=CR_Core_Memory \
		"AccountingStorageTRES=gres/gpu,gres/gpu:a100,gres/gpu:v100,license/matlab" \
		SchedulerParameters=batch_sched_delay=0,sched_min_interval=0,sched_interval=1,bf_interval=1
	cluster_daemon_stop slurmd
	cluster_daemon_stop slurmd-b
	cluster_daemon_stop slurmctld
	cluster_daemon_start slurmctld
	cluster_daemon_start slurmd
	cluster_daemon_start slurmd-b
}

new_publishing_bank() {
	new_bank
	mkdir -p -m 755 "$harness_dir/public"
	{
		cat "$harness_dir/subank.yaml"
		echo "bank: $SUBANK_BANK"
		echo "publish: all"
		echo "publish_file: $harness_dir/public/balances.json"
	} >"$harness_dir/users.yaml"
	chmod 644 "$harness_dir/users.yaml"
}

publish() {
	run 0 env SUBANK_BANK="$SUBANK_BANK" "$harness_dir/program" -c "$harness_dir/users.yaml" check
}

field() { # NAME: prints a number of the JSON in $out
	sed -n "s/^ *\"$1\": \"\{0,1\}\([^\",]*\)\"\{0,1\},\{0,1\}$/\1/p" <<<"$out" | head -n 1
}

is_running() {
	[[ $(cluster_ask squeue -h -j "$1" -o %T) = RUNNING ]]
}

# submit ACCOUNT OPTION...: submits such a job, sets $job.
submit() {
	job=$(as_user sbatch --parsable -A "$1" -o /dev/null "${@:2}" --wrap 'sleep 60') ||
		harness_failed "a job with ${*:2}" submitted refused
}

# wait_for_billed OPTION...: sets $billed to what Slurm bills the job when it runs.
wait_for_billed() {
	local shown
	expect_true "a job with $* runs" cluster_until 20 is_running "$job"
	shown=$(cluster_ask scontrol -o show job "$job")
	cluster_ask scancel "$job"
	billed=0
	# Newer Slurm prints ReqTRES and AllocTRES.
	[[ ! $shown =~ \ (Alloc)?TRES=[^\ ]*billing=([0-9]+) ]] || billed=${BASH_REMATCH[2]}
}

# compare ACCOUNT EXACT OPTION...: the quote is no less than what Slurm bills; with EXACT it is the same.
compare() {
	local status=0
	submit "$1" "${@:3}"
	# While Slurm starts it.
	out=$(quote --json -A "$1" "${@:3}" 2>"$harness_dir/err") || status=$?
	err=$(<"$harness_dir/err")
	expect_true "a quote for ${*:3}" test "$status" = 0 -o "$status" = 3
	wait_for_billed "${@:3}"
	compared=$((compared + 1))
	if [[ $2 = exact ]]; then
		expect_equal "the billing of ${*:3}" "$billed" "$(field billing)"
		expect_equal "the least billing of ${*:3}" "$billed" "$(field least_billing)"
	elif ((billed > $(field billing))); then
		harness_failed "the billing of ${*:3}" "$billed or more" "$(field billing)"
	fi
}

test_a_quote_is_what_slurm_bills_or_more() {
	local compared=0
	prepare
	new_publishing_bank
	new_account bio
	run 0 subank open bio 100
	publish
	compare bio exact -N1 -n3 -t 10
	compare bio exact -c3 -t 10
	compare bio exact -N2 -n3 -t 10
	compare bio exact -N2 --ntasks-per-node=3 -t 10
	compare bio exact -n1 --exclusive -t 10
	compare bio exact -N1 -n1 --exclusive=user -t 10
	compare bio exact -N1 -n2 --hint=nomultithread -t 10
	compare bio exact -n1 -p whole --gres=gpu:1
	compare bio exact -n1 -p gpu
	compare bio exact -N1 -n3 -p gpu --mem-per-cpu=1G
	compare bio exact -n1 -p gpu --mem=1G --gres=gpu:a100:2 -t 5
	compare bio exact -N2 -p gpu --mem=1G --gres=gpu:v100:1
	compare bio exact -N1 -p gpu --mem=1G --gpus=a100:1,v100:1 --cpus-per-gpu=4
	compare bio exact -N1 -n3 -p gpu --mem=1G --gpus-per-task=a100:1
	compare bio exact -p gpu --mem-per-gpu=4G --gpus-per-node=a100:2
	compare bio exact -p gpu --mem=1G -L matlab:2
	compare bio exact -n1 -p plain --mem=3000 -t 10
	compare bio exact -N1 -n1 -p plain --mem-per-cpu=3000 -t 10
	compare bio exact -N1 -n5 --mincpus=8 -t 10
	compare bio exact -n2 -N1 --exclusive --mem=100 -p gpu
	compare bio bound -N1-2 -n4 -t 10
	compare bio bound -n4 --ntasks-per-node=3 -t 10
	compare bio bound --gpus=8 -p gpu --mem=1G
	compare bio bound -n2 -p gpu --gres=gpu:1 --mem=1G
	compare bio bound --gpus=2 --ntasks-per-gpu=3 -p gpu --mem=1G
	compare bio bound --gpus-per-socket=1 --sockets-per-node=2 -p gpu --mem=1G
	compare bio bound -n1 -t 10 -p gpu,main --mem=2G
	# The memory of a node needs CPUs where that of a CPU is limited.
	compare bio exact -N1 -n1 -p largest -t 10
	compare bio exact -N1 -n4 -p largest --mem=0 -t 10
	compare bio exact -N1 -n3 -c3 -p percpu -t 10
	compare bio exact -N1 -n4 -p pernode -t 10
	# Whole sockets, over which the tasks are spread.
	compare bio bound -N2 -n4 -p socket -t 10
	compare bio exact -N1 -n4 -B '*:*:1' -t 10
	compare bio exact -N1 -n2 --mem=10 --mincpus=7 --hint=nomultithread -t 10
	expect_equal "compared" 34 "$compared"
}

test_what_is_left_decides_and_a_purse_does() {
	prepare
	new_publishing_bank
	new_account dep
	new_account team parent=dep
	cluster_ask sacctmgr -i add qos free UsageFactor=0 >/dev/null
	cluster_ask sacctmgr -i modify user "$CLUSTER_USER" where account=team set qos+=free >/dev/null
	run 0 subank open dep 3
	run 0 subank open team 100
	run 0 subank open team 2 --resource gres/gpu
	publish
	# 2 CPUs for an hour and a half are 3 SU, as many as the department has.
	run 0 quote -A team -N1 -n2 -t 90
	expect_match "it fits" 'Fits +yes' "$out"
	run 3 quote -A team -N1 -n2 -t 91
	expect_match "the department has too little" 'it would with -t 1:30:00' "$out"
	expect_match "what is left above" 'dep: 3\.00 SU' "$out"
	run 0 quote -A team -N1 -n2 -t 91 --qos=free
	expect_match "free" 'Cost +at most 0\.00 SU' "$out"
	expect_match "what it costs in which QOS" 'free +0 +0\.00 SU yes' "$out"
	run 0 quote -A team -N1 -n2 -t 30 --gres=gpu:4
	expect_match "of GPUs" 'team:gres/gpu: 2\.00 GPU-hours, costs 2\.00 GPU-hours' "$out"
	run 3 quote -A team -N1 -n2 -t 31 --gres=gpu:4
	run 3 quote -A team -N1 -n2 -t 1 --array=1-91
	run 0 quote -A team -N1 -n2 -t 1 --array=1-90
	# The components of a heterogeneous job sum up.
	run 0 quote -A team -N1 -n2 -t 45 : -N1 -n2
	run 3 quote -A team -N1 -n2 -t 45 : -N1 -n4
	# A hold.
	run 0 subank hold team
	publish
	run 3 quote -A team -N1 -n2 -t 1
	expect_match "held" 'no: team is held' "$out"
}

test_command_lines_and_scripts_as_sbatch_reads_them() {
	local line status
	prepare
	new_publishing_bank
	new_account lines
	run 0 subank open lines 100
	publish
	cat >"$harness_dir/job.sh" <<-'END'
		#!/bin/bash
		#SBATCH -A "lines" --time=0:20:00 # a comment
		# another
		#SBATCH --ntasks 4 -N1

		sleep 1
		#SBATCH --ntasks=64
	END
	chmod 755 "$harness_dir/job.sh"
	run 0 quote "$harness_dir/job.sh" -n 32
	expect_match "the script" 'Cost +at most 1\.33 SU' "$out"
	run 0 quote -n6 "$harness_dir/job.sh"
	expect_match "the command line wins" 'Cost +at most 2\.00 SU' "$out"
	run 0 as_user env SBATCH_TIMELIMIT=30 "$harness_dir/program" -c "$harness_dir/users.yaml" quote "$harness_dir/job.sh"
	expect_match "the environment overrides the script" 'Cost +at most 2\.00 SU' "$out"
	# Both take them, or both refuse them.
	while IFS= read -r line; do
		status=0
		# shellcheck disable=SC2086 # words
		as_user sbatch --test-only -A lines -t 1 $line --wrap true >/dev/null 2>&1 || status=$?
		# shellcheck disable=SC2086
		quote -A lines -t 1 $line >"$harness_dir/out" 2>"$harness_dir/err" && out=0 || out=$?
		err=$(<"$harness_dir/err")
		expect_equal "whether '$line' is taken" "$((status == 0))" "$((out == 0 || out == 3))"
	done <<-'END'
		-n 4
		--ntas=4
		--nt=4
		-n 4k
		-n 0
		-N 1-2
		-N 2-1
		-N x
		-t 0:30
		-t 1-0
		-t 1:2:3:4
		-t soon
		-t 1-
		--mem=1GB
		--mem=1.5G
		--mem=1X
		--mem=1G --mem-per-cpu=1G
		--gres=gpu:a100:2
		--gres=gpu:a100
		--gres=gpu:a100:x
		--gpus=a100:1,v100:1
		-a 0-7:2%2
		-a [1-3]
		-a 3-1
		-a x
		-J name -o /dev/null -e /dev/null --mail-type=ALL
		--exclusive=user
		-sH
		--no-such-option
		--ntasks
	END
}

# The last one: it leaves another configuration behind.
test_the_largest_tres_alone_no_memory_and_a_core_for_each_task() {
	local compared=0
	prepare
	cluster_reconfigure PriorityFlags=MAX_TRES SelectTypeParameters=CR_Core,CR_ONE_TASK_PER_CORE
	new_publishing_bank
	new_account max
	run 0 subank open max 100
	publish
	compare max exact -N1 -n4 -p gpu --gres=gpu:a100:1
	compare max exact -N1 -n25 -p gpu --mem=8G
	compare max exact -n1 -p gpu --exclusive
	compare max exact -N1 -n4 -c3 -t 10
	compare max exact -N1 -n4 -p pernode -t 10
}

harness_main "$@"
