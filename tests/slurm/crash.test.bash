#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Kills a check at many points of its work on a real Slurm. tests/crash.test.sh does so at every point
# with a fake Slurm.

# shellcheck source=tests/slurm/harness.bash
source "$(dirname -- "${BASH_SOURCE[0]}")/harness.bash"
kill_at=${KILL_AT:-${SUBANK%/*}/tests/kill_at}

# check_killed_at N: fails when the check ended before call N.
check_killed_at() {
	local status=0
	PATH=$harness_dir/bin:$PATH ASAN_OPTIONS=${ASAN_OPTIONS-}:detect_leaks=0 "$kill_at" "$1" "$SUBANK" \
		--config "$harness_dir/subank.yaml" check >"$harness_dir/out" 2>"$harness_dir/err" </dev/null || status=$?
	case $status in
	137) return 0 ;;
	0) return 1 ;;
	*) harness_failed "exit status of a check killed at call $1" "137 or 0" "$status: $(<"$harness_dir/err")" ;;
	esac
}

# let_in: runs a check; fails when another one, or a program that it started, is at work.
let_in() {
	subank check >"$harness_dir/out" 2>"$harness_dir/err" || [[ $(<"$harness_dir/err") != *"in use by"* ]]
}

# expect_rest N STATE LIMIT HOLDS: expects the next check to complete it, and Slurm and the books to agree.
expect_rest() {
	local what="killed at call $1"
	# A sacctmgr that the killed check started blocks others until it ends.
	cluster_until 30 let_in || harness_failed "$what: the next check" "let in" "in use: $(<"$harness_dir/err")"
	run 0 subank check
	# Except for the running job, whose use is counted once a minute.
	expect_equal "$what: output of the check behind it" "" "$(grep -v ': charged' <<<"$out$err" || true)"
	expect_equal "$what: state" "$2" "$(state victim)"
	expect_equal "$what: limits in slurmdbd" "$3" "$(cluster_limits victim)"
	expect_equal "$what: limits in slurmctld" "$3" "$(cluster_limits_in_force victim)"
	expect_equal "$what: holds" "$4" "$(entries_of hold)"
	run 0 subank verify
}

# Every sixth point, the first of them another one for holds than for releases. A check makes some
# twenty such calls before it first asks Slurm.
test_a_check_killed_at_any_point_is_completed_by_the_next() {
	local n running queued used rounds=0 killed=1
	new_bank
	new_account victim
	cluster_set_limits victim cpu=500000,gres/gpu=7
	run 0 subank open victim 10
	submit victim 'sleep 600' -n 1 -t 60
	running=$job
	expect_job "$running" RUNNING
	for ((n = 20; killed; n += 6)); do
		killed=0
		rounds=$((rounds + 1))
		run 0 subank withdraw victim all --no-apply
		if check_killed_at "$n"; then
			killed=1
		fi
		expect_rest "$n" held cpu=0,gres/gpu=7 "$rounds"
		expect_equal "the running job" RUNNING "$(cluster_job_state "$running")"
		if ((rounds % 4 == 1)); then
			submit victim 'sleep 600' -n 1
			queued=$job
			expect_job_held "$queued"
		fi

		run 0 subank deposit victim 10 --no-apply
		if check_killed_at $((n + 3)); then
			killed=1
		fi
		expect_rest $((n + 3)) open cpu=500000,gres/gpu=7 "$rounds"
		expect_equal "releases" "$rounds" "$(entries_of release)"
		if ((rounds % 4 == 1)); then
			expect_job "$queued" RUNNING 60
			cluster_ask scancel "$queued"
		fi
	done
	expect_true "there were points enough" test "$rounds" -gt 8
	cluster_ask scancel "$running"
	cluster_until 30 no_jobs
	run 0 subank check
	used=$(cluster_raw_usage victim)
	expect_equal "all charges" "$used" "$(used victim)"
	echo "  $rounds holds and as many releases were killed"
}

if [[ ! -x $kill_at ]]; then
	echo "there is no program $kill_at: make check builds it" >&2
	exit 1
fi
harness_main "$@"
