#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A check with nothing to do, of 1,000 accounts, on the private Slurm of the tests, beside the two calls that
# it needs. bench.py starts it and says in BENCH_TIMES how often each side runs.
#
# With PREDECESSOR=DIR also what slurm_su_bank_python3 does in a cron pass for each account:
#
#     python3 slurm_bank.py check_service_units_limit ACCOUNT
#
# of 20 accounts, since 1,000 take a quarter of an hour. DIR must have been made ready as its README.md says:
# its Python modules (docopt, dataset, datafreeze) are installed, py_sb_settings.py names the cluster
# "dev" alone and a database that may be written. The accounts are entered there first.

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
	# The two calls, as the program itself makes them.
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
