#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Compares a check of 1,000 accounts with nothing to do, on the private Slurm of the tests, with the two Slurm
# calls that it needs. Started by bench.py; BENCH_TIMES is how often each side runs.
#
# With PREDECESSOR=DIR it also runs what slurm_su_bank_python3 runs from cron for each account,
#
#     python3 slurm_bank.py check_service_units_limit ACCOUNT
#
# for 20 accounts, since 1,000 take a quarter of an hour. DIR must be prepared as its README.md says: its
# Python modules (docopt, dataset, datafreeze) are installed, and py_sb_settings.py names the cluster "dev"
# alone and a writable database. This script adds the accounts.

# shellcheck source=tests/slurm/harness.bash
source "$(dirname -- "${BASH_SOURCE[0]}")/../slurm/harness.bash"
# shellcheck source=tests/slurm/thousand.bash
source "$harness_tests/thousand.bash"

race() { # FILE SIDE -- SIDE
	local file=$1
	shift
	python3 "$BENCH_PY" race "$BENCH_RESULTS/$file" "$BENCH_TIMES" "$@"
}

test_a_check_with_nothing_to_do() {
	local question=() pass=() i
	load_accounts
	new_bank
	open_accounts
	run 0 subank check
	# The two calls, exactly as subank makes them.
	run 0 subank check --verbose
	mapfile -t question < <(sed -n 's/^subank: runs: //p' <<<"$err")
	expect_equal "calls of a check" 2 "${#question[@]}"
	# shellcheck disable=SC2086 # words of a command
	race check.json "$SUBANK" --config "$harness_dir/subank.yaml" check -- ${question[0]} + ${question[1]}
	[[ -n ${PREDECESSOR-} ]] || return 0
	cd -- "$PREDECESSOR" || harness_failed "the folder PREDECESSOR" there missing
	for ((i = 0; i < 20; i++)); do
		python3 slurm_bank.py insert "$(printf p%04d $i)" 1000 </dev/null
		pass+=(python3 slurm_bank.py check_service_units_limit "$(printf p%04d $i)" +)
	done
	unset "pass[-1]"
	BENCH_TIMES=1 race predecessor.json "${pass[@]}"
}

harness_main "$@"
