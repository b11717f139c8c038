#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# A small harness for tests on a real Slurm. A test file sources it, defines functions test_... that are
# named after the behaviour, and ends with: harness_main "$@"
#
# harness_second=NAME before that adds a second cluster, harness_node=1 a second node to the first, and
# harness_high_id=1 gives the high id to the first instead of to the second (cluster_pin_id).
# CLUSTER_ID=N and CLUSTER_SECOND_ID=N in the environment pin others.
# One private Slurm serves a file; each test has its own bank and account. A test is a child shell under
# errexit: the first command or expectation that fails ends it, and the next test runs.
# Run as root:  SUBANK=build/subank tests/slurm/hold.test.bash [NAME-PART...]
# SUBANK_TEST_KEEP=1 keeps the folder with the logs.

set -euo pipefail

harness_tests=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P)
# shellcheck source=tests/slurm/cluster.bash
source "$harness_tests/cluster.bash"
CLUSTER_DIR= # none yet, whatever the environment says: the exit trap stops this one

# Marks the standard error as handled: nothing goes to the host's syslog.
export JOURNAL_STREAM=none
harness_dir=
harness_child=
harness_second=
harness_node=
harness_high_id=
SUBANK=$(realpath -m -- "${SUBANK:-$harness_tests/../../build/subank}")

# --- the program under test --------------------------------------------------------------------

# subank ARGUMENT...: runs the program with the test's settings and bank (new_bank).
subank() {
	PATH=$harness_dir/bin:$PATH "$SUBANK" --config "$harness_dir/subank.yaml" "$@"
}

# run EXPECTED-STATUS COMMAND...: runs it, keeps its output in $out and $err, and expects the status. The line
# about accounts of other tests, which are not in the bank, goes to $lacking.
run() {
	local expected=$1 status=0
	shift
	"$@" >"$harness_dir/out" 2>"$harness_dir/err" </dev/null || status=$?
	out=$(sed '/ not in the bank: /d' "$harness_dir/out")
	# shellcheck disable=SC2034 # used by the tests
	lacking=$(sed -n '/ not in the bank: /p' "$harness_dir/out")
	err=$(<"$harness_dir/err")
	[[ $status = "$expected" ]] && return 0
	harness_failed "exit status of: $*" "$expected" "$status"
}

# new_bank: makes an empty bank for this test.
new_bank() {
	export SUBANK_BANK=$harness_dir/bank-$BASHPID
	run 0 subank init
}

# new_account NAME [KEY=VALUE...]: adds an account to Slurm that no other test has.
new_account() {
	cluster_add_account "$@" || harness_failed "the account $1 in Slurm" made "not made"
}

# own_row ACCOUNT COLUMNS [OPTION...]: prints these columns of its balance, without the rows of its other budgets.
own_row() {
	subank balance -n -P -o "Account,$2" "${@:3}" "$1" |
		awk -v own="$1|" 'index($0, own) == 1 { print substr($0, length(own) + 1) }'
}

# available ACCOUNT: prints its balance, in billing-seconds; used ACCOUNT: prints its use without running jobs.
available() {
	own_row "$1" Available --seconds
}

used() {
	own_row "$1" Used,Settled,Available --seconds | awk -F '|' '{ print $1 - ($2 - $3) }'
}

# state ACCOUNT: open, held, closed ...
state() {
	own_row "$1" State
}

# entries: prints how many entries the journal has. entries_of KIND: prints how many of one kind.
entries() {
	subank journal -n -P -o Kind | grep -c . || true
}

entries_of() {
	subank journal -n -P -o Kind | grep -cx -- "$1" || true
}

# charged ACCOUNT: prints the amounts of its charges, one a line, in billing-seconds.
charged() {
	subank journal -n -P --seconds -o Kind,Amount "$1" | sed -n 's/^charge|-*//p'
}

# modifications: prints what may have changed limits in Slurm so far: calls of sacctmgr by the program, and
# changes that slurmdbd recorded, which do not include setting the same value again.
modifications() {
	echo "$(grep -c modify "$harness_dir/sacctmgr.log" || true) calls, $(cluster_modifications) on record"
}

# A sacctmgr for the program that records its arguments and runs the real one.
make_noted_sacctmgr() {
	mkdir "$harness_dir/bin"
	: >"$harness_dir/sacctmgr.log"
	printf '#!/bin/sh\necho "$*" >>"%s"\nexec "%s" "$@"\n' "$harness_dir/sacctmgr.log" "$(command -v sacctmgr)" \
		>"$harness_dir/bin/sacctmgr"
	chmod 755 "$harness_dir/bin/sacctmgr"
}

# --- jobs --------------------------------------------------------------------------------------

# submit ACCOUNT COMMAND [SBATCH-OPTION...]: sets $job.
submit() {
	job=$(cluster_submit "$@") || harness_failed "a job of $1" submitted refused
}

# expect_job ID STATE [SECONDS]: expects it to reach STATE in time.
expect_job() {
	cluster_wait_job "$@" || harness_failed "state of job $1" "$2" "see above"
}

# expect_job_held ID: expects it to wait for the account's limit.
expect_job_held() {
	cluster_wait_reason "$1" AssocGrpCPUMinutesLimit ||
		harness_failed "reason of job $1" AssocGrpCPUMinutesLimit "see above"
}

# spend ACCOUNT CORES SECONDS: runs a job to its end.
spend() {
	submit "$1" "sleep $3" -n "$2"
	expect_job "$job" COMPLETED
}

# by_number COLUMNS JOB...: prints these jobs from sacct, by a query that no name can break.
by_number() {
	cluster_ask sacct -D -X -a -n -P -j "$(IFS=,; echo "${*:2}")" -o "$1"
}

# ended_on_record JOB...: whether a check finds the ends of all of them in slurmdbd. sacct -j shows them up to two
# seconds before a query by time, which is what a check asks (measured on 22.05.8).
ended_on_record() {
	local ended
	ended=$(cluster_ask sacct -D -X -a -n -P -S now-1day -o JobIDRaw,End | sed -n 's/|.*:.*//p')
	[[ -z $(comm -23 <(printf '%s\n' "$@" | sort) <(sort <<<"$ended")) ]]
}

# edit_record COLUMN VALUE JOB: changes slurmdbd's record of a job.
edit_record() {
	cluster_sql "update slurm_acct_db.${CLUSTER_NAME}_job_table set $1 = '$2' where id_job = $3"
}

# clean_up: a test must not affect the next: starts all daemons and ends all jobs.
clean_up() {
	cluster_mend
	cluster_ask scancel --user="$CLUSTER_USER" || true
	cluster_until 30 no_jobs || return 1
	[[ -n $CLUSTER_SECOND ]] || return 0
	cluster_second cluster_ask scancel --user="$CLUSTER_USER" || true
	cluster_until 30 cluster_second no_jobs
}

no_jobs() {
	[[ -z $(cluster_ask squeue -h) ]]
}

# --- expectations ------------------------------------------------------------------------------

harness_failed() {
	local frame=1
	while [[ ${BASH_SOURCE[frame]} = *harness.bash && $((frame + 1)) -lt ${#BASH_SOURCE[@]} ]]; do
		frame=$((frame + 1))
	done
	{
		echo "  ${BASH_SOURCE[frame]##*/}:${BASH_LINENO[frame - 1]}: $1"
		echo "    expected: $2"
		echo "    found:    $3"
		[[ -z ${out-} ]] || echo "    last output: $out"
		[[ -z ${err-} ]] || echo "    last message: $err"
	} >&2
	exit 1
}

expect_equal() { # WHAT EXPECTED FOUND
	[[ $2 = "$3" ]] || harness_failed "$@"
}

expect_match() { # WHAT REGULAR-EXPRESSION FOUND
	[[ $3 =~ $2 ]] || harness_failed "$1" "something like $2" "$3"
}

expect_true() { # WHAT COMMAND...
	local what=$1
	shift
	"$@" || harness_failed "$what" "$*" "not so"
}

# --- running -----------------------------------------------------------------------------------

# shellcheck disable=SC2317 # called by the exit trap
harness_finish() {
	if [[ -n $harness_child ]]; then
		process_end 3 echo "$harness_child" || true
	fi
	[[ -z $CLUSTER_DIR ]] || cluster_stop || true
	if [[ -n ${SUBANK_TEST_KEEP-} ]]; then
		echo "kept: $harness_dir"
	else
		rm -rf -- "$harness_dir"
	fi
}

# The test functions in the order of the file.
harness_list() {
	local name line
	shopt -s extdebug
	while read -r _ _ name; do
		[[ $name = test_* ]] || continue
		read -r _ line _ < <(declare -F "$name")
		echo "$line $name"
	done < <(declare -F) | sort -n | cut -d' ' -f2
}

# Prints Slurm's state after a failed test.
harness_show_slurm() {
	local daemon
	echo "--- squeue:"
	cluster_ask squeue -t all -o '%i %a %u %T %r %S' 2>&1 || true
	echo "--- sinfo:"
	cluster_ask sinfo -N -o '%N %T %E' 2>&1 || true
	echo "--- sshare:"
	cluster_ask sshare -a -o Account,User,RawUsage,GrpTRESMins%40 2>&1 || true
	for daemon in "${cluster_daemons[@]:2}"; do
		[[ -e $CLUSTER_DIR/log/$daemon.log ]] || continue
		echo "--- the end of $daemon.log:"
		tail -n 15 "$CLUSTER_DIR/log/$daemon.log" || true
	done
}

# harness_main [NAME-PART...]: runs the tests whose names contain one of the parts, or all tests.
harness_main() {
	local name label part wanted began status passed=0 failed=0 tests
	mapfile -t tests < <(harness_list)
	[[ -x $SUBANK ]] || {
		echo "there is no program $SUBANK: build it, or set SUBANK" >&2
		exit 1
	}
	harness_dir=$(mktemp -d "${TMPDIR:-/tmp}/slurm-test.XXXXXX")
	chmod 755 "$harness_dir"
	process_at_exit harness_finish
	if [[ -n $harness_high_id ]]; then
		: "${CLUSTER_ID:=$cluster_high_id}" "${CLUSTER_SECOND_ID:=$cluster_low_id}"
	fi
	cluster_start "$harness_dir/slurm" || {
		echo "0 passed, 1 failed"
		exit 1
	}
	printf '%s\n' "clusters: [$CLUSTER_NAME]" 'charge_minutes: 0' >"$harness_dir/subank.yaml"
	if [[ -n $harness_second ]]; then
		cluster_start_second "$harness_second" || {
			echo "0 passed, 1 failed"
			exit 1
		}
		printf '%s\n' "clusters: [$CLUSTER_NAME, $CLUSTER_SECOND]" 'charge_minutes: 0' >"$harness_dir/subank.yaml"
	fi
	if [[ -n $harness_node ]] && ! cluster_add_node; then
		echo "0 passed, 1 failed"
		exit 1
	fi
	make_noted_sacctmgr
	for name in "${tests[@]}"; do
		wanted=$(($# == 0))
		for part in "$@"; do
			[[ $name != *"$part"* ]] || wanted=1
		done
		((wanted)) || continue
		began=$SECONDS
		label=${name#test_}
		label=${label//_/ }
		# In the background, so that a signal ends the wait at once.
		(
			trap - EXIT INT TERM HUP PIPE
			set -e
			"$name"
		) &
		harness_child=$!
		status=0
		wait "$harness_child" || status=$?
		harness_child=
		if ((status == 0)); then
			passed=$((passed + 1))
			echo "ok    $label ($((SECONDS - began)) s)"
		else
			failed=$((failed + 1))
			echo "FAIL  $label ($((SECONDS - began)) s, status $status)"
			harness_show_slurm | sed 's/^/  /'
		fi
		if ! clean_up; then
			echo "FAIL  cleaning up after it; the tests behind it are not run"
			failed=$((failed + 1))
			break
		fi
	done
	echo "$passed passed, $failed failed"
	((failed == 0))
}
