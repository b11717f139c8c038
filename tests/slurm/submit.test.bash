#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The check at submission, in a real slurmctld. Jobs that pass are submitted on hold, so that none uses anything.

# shellcheck source=tests/slurm/harness.bash
source "$(dirname -- "${BASH_SOURCE[0]}")/harness.bash"

made=$(dirname -- "$SUBANK")/init/job_submit
policy="Job violates accounting/QOS policy (job submit limit, user's size and/or time limits)"

# use_module MODE: starts slurmctld with the complete script, and has subank write its file.
use_module() {
	public=$harness_dir/public
	file=$public/submit
	module=$harness_dir/subank.lua
	script=$CLUSTER_DIR/etc/job_submit.lua
	mkdir -p "$public"
	rm -rf -- "${public:?}"/*
	printf '%s\n' "clusters: [$CLUSTER_NAME]" 'charge_minutes: 0' "submission: $1" "submit_file: $file" "${@:2}" \
		>"$harness_dir/subank.yaml"
	put_module
	put_script complete
	cluster_reconfigure JobSubmitPlugins=lua
	new_bank
}

# Sets the module's file to that of the settings, in the folder of the test; it is checked for each job.
put_module() {
	sed -e "s|^\\tfile = \"[^\"]*\"|\\tfile = \"$file\"|" -e 's|^\tevery = 1,|\tevery = 0,|' "$made/subank.lua" >"$module"
}

# put_script complete|site: the script for sites that have none, or one with the lines of subank-submit(7).
put_script() {
	if [[ $1 = complete ]]; then
		sed "s|\"[^\"]*/subank.lua\"|\"$module\"|" "$made/job_submit.lua" >"$script.new"
	else
		cat >"$script.new" <<-END
			local _, subank = pcall(dofile, "$module")
			if type(subank) ~= "table" then slurm.log_error("%s", "subank is not loaded: " .. tostring(subank)) end

			function slurm_job_submit(job_desc, part_list, submit_uid)
				if job_desc.comment == "forbidden" then
					slurm.log_user("the site forbids it")
					return slurm.ERROR
				end
				local called, answer = pcall(function() return subank.submit(job_desc, part_list, submit_uid) end)
				if called and answer ~= slurm.SUCCESS then return answer end
				return slurm.SUCCESS
			end

			function slurm_job_modify(job_desc, job_rec, part_list, modify_uid)
				return slurm.SUCCESS
			end

			return slurm.SUCCESS
		END
	fi
	mv "$script.new" "$script"
}

# ask STATUS COMMAND...: runs it as the ordinary user.
ask() {
	run "$1" cluster_as_user env -C / "${@:2}"
}

# batch STATUS ACCOUNT [OPTION...]: submits a job of a core and an hour on hold.
batch() {
	ask "$1" sbatch -H -A "$2" -n 1 -t 60 -o /dev/null --wrap 'sleep 1' "${@:3}"
}

# refused TEXT: the last submission was refused with it.
refused() {
	expect_equal "message" "sbatch: error: $1
sbatch: error: Batch job submission failed: $policy" "$err"
}

complaints() {
	grep -c 'subank: jobs are not checked' "$CLUSTER_DIR/log/slurmctld.log" || true
}

test_a_job_that_costs_more_than_is_left_is_refused() {
	use_module refuse
	new_account sub1
	run 0 subank open sub1
	run 0 subank deposit sub1 3.2
	run 0 subank check
	expect_equal "mode of the file" 600 "$(stat -c %a "$file")"

	batch 1 sub1 -n 4 -c 2 -t 360
	refused "account sub1 has 3.2 SU left; this job asks for up to 48 SU: a time limit of 00:24:00 would fit"
	ask 1 srun -A sub1 -n 4 -t 60 true
	expect_equal "srun's message" "srun: error: account sub1 has 3.2 SU left; this job asks for up to 4 SU: a time limit of 00:48:00 would fit
srun: error: Unable to allocate resources: $policy" "$err"
	ask 1 salloc -A sub1 -n 4 -t 60 true
	expect_equal "salloc's message" "salloc: error: account sub1 has 3.2 SU left; this job asks for up to 4 SU: a time limit of 00:48:00 would fit
salloc: error: Job submit/allocate failed: $policy" "$err"
	batch 1 sub1 --array=1-10%2
	refused "account sub1 has 3.2 SU left; this job asks for up to 10 SU: 3 tasks of the array would fit"
	batch 1 sub1 --time=UNLIMITED
	refused "account sub1 has 3.2 SU left; this job has no time limit: a time limit of 03:12:00 would fit"
	# The components together cost 4 SU, and the first one alone is not counted afterwards.
	ask 1 sbatch -H -Q -A sub1 -n 2 -t 60 : -n 2 -t 60 --wrap true
	expect_equal "message of the second component" "sbatch: error: 1: account sub1 has 1.2 SU left besides 2 SU for jobs submitted since the last check; this job asks for up to 2 SU: a time limit of 00:36:00 would fit
sbatch: error: Batch job submission failed: $policy" "$err"
	expect_equal "jobs so far" "" "$(cluster_ask squeue -h)"

	# It fits to the second.
	batch 0 sub1 -n 8 -t 24
	batch 1 sub1 -t 1
	refused "account sub1 has no SU left besides 3.2 SU for jobs submitted since the last check; this job asks for up to 0.02 SU"
	# Accounts outside the bank are not checked.
	new_account sub1out
	batch 0 sub1out -n 4 -t 6000
	# Nobody learns what is left in an account that he is not in, nor has his jobs counted.
	cluster_ask sacctmgr -i add account sub1none >/dev/null
	run 0 subank open sub1none
	run 0 subank deposit sub1none 1
	batch 1 sub1none -n 4 -t 6000
	expect_equal "an outsider's message" 'sbatch: error: Batch job submission failed: Invalid account or account/partition combination specified' "$err"
	expect_match "users in the file" "users sub1 $(id -u "$CLUSTER_USER")
users sub1none
" "$(grep ^users "$file" | head -n 2)
"
}

test_a_qos_of_factor_0_passes_and_a_held_account_does_not() {
	use_module refuse
	new_account sub2
	cluster_ask sacctmgr -i add qos subfree set UsageFactor=0 >/dev/null
	cluster_ask sacctmgr -i modify account sub2 set qos=+subfree >/dev/null
	run 0 subank open sub2
	run 0 subank deposit sub2 1
	run 0 subank hold sub2 --note test
	run 0 subank check
	batch 1 sub2 -t 1
	refused "account sub2 is held: no job that costs something can start in it"
	batch 0 sub2 -t 6000 --qos=subfree
	run 0 subank release sub2
	# 64 tasks on a core.
	batch 0 sub2 -O -n 64
	expect_match "what Slurm charges for" ',billing=1$' \
		"$(cluster_ask scontrol show job "${out##* }" | grep -o ' *TRES=.*billing=[0-9]*')"
}

test_a_spent_account_may_use_the_scavenger_qos() {
	use_module refuse 'enforcement: scavenge' 'scavenger_qos: subscav'
	new_account sub8
	cluster_ask sacctmgr -i add qos subscav set UsageFactor=0 GrpTRESMins=cpu=1000000000000000 >/dev/null
	cluster_ask sacctmgr -i modify account sub8 set qos=+subscav >/dev/null
	run 0 subank open sub8
	run 0 subank deposit sub8 1
	run 0 subank charge sub8 1 --note fee
	run 0 subank check
	expect_equal "state" scavenge "$(state sub8)"
	batch 1 sub8
	refused "account sub8 has no SU left: only jobs in the QOS subscav can start in it"
	batch 0 sub8 --qos=subscav
}

test_a_warning_lets_the_job_through() {
	use_module warn
	new_account sub3
	run 0 subank open sub3
	run 0 subank deposit sub3 2
	run 0 subank check
	batch 0 sub3
	expect_equal "message" "" "$err"
	batch 0 sub3 -t 61
	expect_equal "message" "sbatch: account sub3 has 1 SU left besides 1 SU for jobs submitted since the last check; this job asks for up to 1.02 SU: a time limit of 01:00:00 would fit" "$err"
	# The highest threshold, 90 %, is crossed.
	run 0 subank charge sub3 1.9 --note fee
	sleep 1.1
	run 0 subank check
	batch 0 sub3 -t 1
	expect_equal "message" "sbatch: account sub3 has 0.1 SU left; this job asks for up to 0.02 SU" "$err"
	# Switched off.
	sed -i 's/^submission:.*/submission: off/' "$harness_dir/subank.yaml"
	run 0 subank check
	batch 0 sub3 -t 6000
	expect_equal "message" "" "$err"
}

test_a_loop_of_submissions_stops_where_the_money_does() {
	use_module refuse
	new_account sub4
	new_account sub4in parent=sub4
	run 0 subank open sub4
	run 0 subank deposit sub4 10
	run 0 subank check
	# The account inside has no budget of its own.
	passed=$(cluster_as_user env -C / bash -c 'for ((i = 0; i < 100; i++)); do
			sbatch -H -A sub4in -n 1 -t 60 -o /dev/null --wrap true 2>/dev/null
		done
		true' | grep -c Submitted)
	expect_equal "jobs that passed of 100" 10 "$passed"
	# Two more with two SU more; and the check counts anew: nothing has run.
	run 0 subank deposit sub4 2
	batch 0 sub4
	batch 0 sub4
	batch 1 sub4
	refused "account sub4 has no SU left besides 12 SU for jobs submitted since the last check; this job asks for up to 1 SU"
	sleep 1.1
	run 0 subank check
	batch 0 sub4 -t 720
	batch 1 sub4
}

test_a_pending_job_cannot_become_too_expensive() {
	use_module refuse
	new_account sub5
	run 0 subank open sub5
	run 0 subank deposit sub5 2
	run 0 subank check
	job=$(cluster_as_user env -C / sbatch -H --parsable -A sub5 -n 1 -t 60 -o /dev/null --wrap true)
	ask 1 scontrol update job="$job" TimeLimit=121
	# slurmctld passes no text on, but logs it.
	expect_equal "message" "$policy for job $job" "$err"
	expect_true "log" grep -q 'account sub5 has 1 SU left besides 1 SU for .* this change asks for up to 1.02 SU' \
		"$CLUSTER_DIR/log/slurmctld.log"
	cluster_ask scontrol create PartitionName=subdear Nodes=ALL TRESBillingWeights=CPU=3
	ask 1 scontrol update job="$job" Partition=subdear
	expect_true "log" grep -q 'account sub5 has 1 SU left besides 1 SU for .* this change asks for up to 2 SU' \
		"$CLUSTER_DIR/log/slurmctld.log"
	ask 0 scontrol update job="$job" TimeLimit=120
	ask 0 scontrol update job="$job" TimeLimit=30
	run 0 cluster_ask scontrol update job="$job" TimeLimit=6000
}

# damaged WHAT: a job passes, slurmctld answers, and it is logged once.
damaged() {
	local before
	before=$(complaints)
	batch 0 sub6 -t 6000
	batch 0 sub6 -t 6000
	expect_true "slurmctld after $1" cluster_answers slurmctld
	expect_equal "times that $1 is logged" 1 "$(($(complaints) - before))"
	rm -rf -- "${public:?}"/*
	run 0 subank check
	batch 1 sub6 -t 6000
}

test_every_damage_of_the_file_lets_jobs_through() {
	use_module refuse
	new_account sub6
	run 0 subank open sub6
	run 0 subank deposit sub6 1
	run 0 subank check
	batch 1 sub6 -t 6000
	local good
	good=$(<"$file")

	rm "$file"
	damaged 'no file'
	rm "$file" && mkfifo "$file"
	damaged 'a pipe without a writer'
	rm "$file" && mkdir "$file"
	damaged 'a folder'
	ln -sf /dev/zero "$file"
	damaged 'an endless device'
	ln -sf /dev/full "$file"
	damaged 'another device'
	ln -sf /proc/version "$file"
	damaged 'a file of the kernel, which cannot be written'
	ln -sf submit "$file"
	damaged 'a link to itself'
	perl -MIO::Socket::UNIX -e 'IO::Socket::UNIX->new(Local => $ARGV[0], Listen => 1) or die' "$file.socket"
	mv "$file.socket" "$file"
	damaged 'a socket'
	truncate -s 100G "$file"
	damaged 'a huge file'
	: >"$file"
	damaged 'an empty file'
	head -c 60 <<<"$good" >"$file"
	damaged 'a truncated file'
	head -c 100000 /dev/urandom >"$file"
	damaged 'a file of other bytes'
	sed "/^subank 2 /s/ 2 [0-9]* / 2 $((EPOCHSECONDS - 3700)) /" <<<"$good" >"$file"
	damaged 'an old file'
	sed '0,/^account sub6 3600 /s//account sub6 3601 /' <<<"$good" >"$file"
	expect_equal "amounts that were changed" 1 "$(grep -c '^account sub6 3601 ' "$file")"
	damaged 'a file with another amount'
}

# survives WHAT EXPECTED: slurmctld starts, and a job that is too expensive gets this status.
survives() {
	cluster_daemon_stop slurmctld
	cluster_daemon_start slurmctld
	batch "$2" sub7 -t 6000
	expect_true "slurmctld after $1" cluster_answers slurmctld
}

# logged PATTERN: slurmctld's log has such a line.
logged() {
	expect_true "log of $1" grep -q "error:.* $1" "$CLUSTER_DIR/log/slurmctld.log"
}

# reads WHAT EXPECTED: the same, when slurmctld reads the script again.
reads() {
	sleep 1.1
	touch "$script"
	batch "$2" sub7 -t 6000
	expect_true "slurmctld after $1" cluster_answers slurmctld
}

test_slurmctld_starts_with_a_damaged_module_or_file() {
	use_module refuse
	new_account sub7
	run 0 subank open sub7
	run 0 subank deposit sub7 1
	run 0 subank check
	put_script site
	survives 'a restart' 1
	refused "account sub7 has 1 SU left; this job asks for up to 100 SU: a time limit of 01:00:00 would fit"
	batch 1 sub7 --comment=forbidden
	expect_match "the site's own check" 'the site forbids it' "$err"

	rm "$module"
	survives 'a missing module' 0
	logged 'subank is not loaded: cannot open .*subank.lua'
	# The site's own part goes on without it.
	batch 1 sub7 --comment=forbidden
	sed '/^local function complain/q' "$made/subank.lua" >"$module"
	reads 'a truncated module' 0
	logged "subank is not loaded: .*subank.lua:[0-9]*: "
	: >"$module"
	put_script complete
	reads 'an empty module' 0
	logged 'subank: jobs are not checked at submission: the module is not loaded: nil'
	echo 'return {submit = function() error("broken") end}' >"$module"
	reads 'a module that fails' 0
	put_module
	rm "$file" && mkfifo "$file"
	survives 'a pipe at the start' 0
	rm "$file"
	run 0 subank check
	batch 1 sub7 -t 6000
}

test_a_script_that_is_damaged_while_slurmctld_runs_leaves_the_old_one_in_force() {
	use_module refuse
	new_account subbad
	run 0 subank open subbad
	run 0 subank deposit subbad 1
	run 0 subank check
	batch 1 subbad -t 6000
	for damage in 'function slurm_job_submit(' ''; do
		sleep 1.1
		rm "$script"
		[[ -z $damage ]] || echo "$damage" >"$script"
		batch 1 subbad -t 6000
		refused "account subbad has 1 SU left; this job asks for up to 100 SU: a time limit of 01:00:00 would fit"
		batch 0 subbad -t 1
		cluster_as_user scancel "${out##* }"
		expect_true "slurmctld after the damage '$damage'" cluster_answers slurmctld
		run 0 subank check
		sleep 1.1
		put_script complete
		batch 1 subbad -t 6000
	done
	logged '.*job_submit.lua:[0-9]*: '
}

harness_main "$@"
