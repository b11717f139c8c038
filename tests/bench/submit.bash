#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# How long slurmctld takes for a submission, by its own statistics (its log leaves out the time of scripts): without
# a script, with an empty one, and with the module of subank and a bank of 1,000 accounts, the last two in turns of
# 50 submissions. Started by bench.py; BENCH_TIMES is how many turns each side gets.

# shellcheck source=tests/slurm/harness.bash
source "$(dirname -- "${BASH_SOURCE[0]}")/../slurm/harness.bash"
# shellcheck source=tests/slurm/thousand.bash
source "$harness_tests/thousand.bash"

# submit_turn FILE: submits 50 jobs on hold, appends slurmctld's average in microseconds, and ends them.
submit_turn() {
	cluster_ask sdiag -r >/dev/null
	cluster_as_user env -C / bash -c 'for ((i = 0; i < 50; i++)); do
			sbatch -H -Q -A p0500 -n 2 -t 10 -o /dev/null --wrap true
		done'
	cluster_ask sdiag | sed -n 's/.*REQUEST_SUBMIT_BATCH_JOB .* count:50 .*ave_time:\([0-9]*\).*/\1/p' >>"$1"
	cluster_ask scancel --user="$CLUSTER_USER"
	cluster_until 30 no_jobs
}

# put_turns FILE: a script that calls the module for 50 submissions, does nothing for the next 50, and so on.
put_turns() {
	cat >"$1" <<-END
		local _, subank = pcall(dofile, "$harness_dir/subank.lua")
		local count = 0

		function slurm_job_submit(job_desc, part_list, submit_uid)
			count = count + 1
			if math.floor((count - 1) / 50) % 2 == 1 then
				return slurm.SUCCESS
			end
			local called, answer = pcall(subank.submit, job_desc, part_list, submit_uid)

			return called and answer or slurm.SUCCESS
		end

		function slurm_job_modify(job_desc, job_rec, part_list, modify_uid)
			return slurm.SUCCESS
		end

		return slurm.SUCCESS
	END
}

test_submissions() {
	local made public=$harness_dir/public round
	made=$(dirname -- "$SUBANK")/init/job_submit
	load_accounts
	cluster_add_account p0500 || cluster_ask sacctmgr -i add user "$CLUSTER_USER" account=p0500 >/dev/null
	new_bank
	open_accounts
	run 0 subank deposit p0500 1000000
	mkdir "$public"
	printf '%s\n' 'submission: refuse' "submit_file: $public/submit" >>"$harness_dir/subank.yaml"
	run 0 subank check
	expect_equal "accounts in the file" 1000 "$(grep '^account' "$public/submit" | sort -u | wc -l)"
	sed "s|^\\tfile = \"[^\"]*\"|\\tfile = \"$public/submit\"|" "$made/subank.lua" >"$harness_dir/subank.lua"
	for ((round = 0; round < BENCH_TIMES; round++)); do
		submit_turn "$BENCH_RESULTS/submit.none"
	done
	put_turns "$CLUSTER_DIR/etc/job_submit.lua"
	cluster_reconfigure JobSubmitPlugins=lua
	cluster_mend
	for ((round = 0; round < BENCH_TIMES; round++)); do
		submit_turn "$BENCH_RESULTS/submit.ours"
		submit_turn "$BENCH_RESULTS/submit.empty"
	done
	expect_equal "complaints" 0 "$(grep -c 'subank:' "$CLUSTER_DIR/log/slurmctld.log" || true)"
	# It was at work: this one does not fit.
	run 1 cluster_as_user env -C / sbatch -A p0500 -n 16 -t 9999999 --wrap true
	expect_match "message" 'account p0500 has .* SU left' "$err"
}

harness_main "$@"
