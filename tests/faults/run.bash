#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Injects faults: runs every method, or those named as arguments, and prints a table of methods, cases and
# violations. `make check-faults` builds the programs and starts this.
#
# Environment:
#	FAULTS_SECONDS	time of one core for all methods together (default 280)
#	FAULTS		"long": 7800 seconds. "valgrind": runs subank in valgrind, with few cases; the default
#			methods are then damage, oracle and kill_everywhere
#	FAULTS_SEED	other cases than by default (1), such as $RANDOM
#	FAULTS_JOBS	methods at once (default 2)
#	FAULTS_TRACE	"must": fails if processes may not be traced, since most cases are then skipped
#	SUBANK		the program
#	FAULTS_BUILD	the folder of the built test programs
#	TMPDIR		preferably not on a disk (default /dev/shm, if it is large enough)
#
# A method is a program or script in this folder and a line in `methods` below: its file and its share
# of the time. It is started in its own empty folder, which is removed afterwards, with
#	FAULT_SECONDS	how long to try random cases. Methods with a fixed number of cases take as long as
#			they need, which must be short if this is small.
#	FAULTS		"long": it must also fail if it had fewer cases than it should have
#	PLAIN_SUBANK	if set, a faster program for preparations
#	FAULT_SEED	a number: the same number repeats the same cases
#	SUBANK, FAULTS_BUILD, FAKE_SLURM (tests/fake), srcdir: absolute paths
# For each thing that it counts it prints to the standard output a line
#	row<TAB>METHOD<TAB>CASES<TAB>VIOLATIONS
# where METHOD is a few words. A row without cases is a failure, and so is a method without a row. For what
# cannot be tested here it prints
#	skip<TAB>METHOD<TAB>WHY
# All other lines and the standard error go to its log, whose end is shown if it failed: each violation must
# report what was done, with the seed or the number that repeats it. Exit status 0: no violations; anything
# else is a failure.
set -u

methods=(
	"interrupt_everywhere.sh 2"
	"kill_everywhere.sh 2"
	"stop_everywhere.sh 2"
	"permissions.sh 1"
	"ctrl_c.py 1"
	"open_storm 1"
	"oracle.py 2"
	"power_loss 4"
	"errors 4"
	"damage 2"
	"full_disk.bash 1"
)

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P) || exit 99
srcdir=$(cd -- "$here/../.." && pwd -P)
SUBANK=$(realpath -- "${SUBANK:-./subank}") || exit 99
FAULTS_BUILD=$(realpath -- "${FAULTS_BUILD:-$(dirname -- "$SUBANK")/tests/faults}") || exit 99
FAKE_SLURM=$srcdir/tests/fake
case ${FAULTS-} in
long) seconds=7800 ;;
valgrind) seconds=20 ;;
*) seconds=280 ;;
esac
seconds=${FAULTS_SECONDS:-$seconds} patience=600
FAULT_SEED=${FAULTS_SEED:-1}
jobs=${FAULTS_JOBS:-2}
# Removes what the user may have set.
unset SUBANK_BANK MAKEFLAGS MFLAGS MAKELEVEL
# For a build with sanitizers: the leak sanitizer does not work in a traced process, and libraries that
# are loaded before the sanitizer's do no harm here.
ASAN_OPTIONS=${ASAN_OPTIONS-}:detect_leaks=0:verify_asan_link_order=0
export srcdir SUBANK FAULTS_BUILD FAKE_SLURM FAULT_SEED ASAN_OPTIONS LC_ALL=C TZ=UTC

# The tests need no durable disk, and their many flushes are slow on one. Methods run programs from this
# folder, so it must not be mounted noexec.
if [[ -z ${TMPDIR-} && -w /dev/shm ]] && ! grep -q ' /dev/shm .*noexec' /proc/mounts &&
	(($(stat -f -c '%a * %S / 1048576' /dev/shm) > 1024)); then
	TMPDIR=/dev/shm
fi
scratch=$(mktemp -d "${TMPDIR:-/tmp}/subank-faults.XXXXXX") || exit 99
# Methods also run programs as other users.
chmod 755 "$scratch"
declare -A running=() # pid -> method
finish() {
	local pid
	trap - EXIT
	for pid in "${!running[@]}"; do
		kill -TERM -- "$pid" 2>/dev/null && wait "$pid"
	done
	rm -rf -- "$scratch"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
trap 'exit 129' HUP

# In a damaged file LMDB may follow an invalid address. subank handles that, so valgrind must not report it.
if [[ ${FAULTS-} == valgrind ]]; then
	for size in 1 2 4 8; do
		printf '{\n\tdamage\n\tMemcheck:Addr%s\n\tobj:*liblmdb*\n}\n' $size
	done >"$scratch/suppressions"
	printf '#!/bin/sh\nexec valgrind -q --error-exitcode=9 --suppressions="%s" "%s" "$@"\n' \
		"$scratch/suppressions" "$SUBANK" >"$scratch/subank"
	chmod 755 "$scratch/subank"
	patience=6000
	export PLAIN_SUBANK=$SUBANK SUBANK=$scratch/subank CLIENTS=${CLIENTS:-4}
	(($#)) || set -- damage oracle kill_everywhere
fi

wanted() {
	local name=$1 only
	shift
	(($#)) || return 0
	for only in "$@"; do
		[[ $name != "$only" && ${name%.*} != "$only" ]] || return 0
	done
	return 1
}

# start METHOD SECONDS: starts a method in the background.
start() {
	local file=$here/$1 log=$scratch/$1.log with=()
	case $1 in
	*.bash) with=(bash) ;;
	*.sh) with=(sh) ;;
	*.py) with=(python3) ;;
	*) file=$FAULTS_BUILD/$1 ;;
	esac
	mkdir -- "$scratch/$1"
	# A method that hangs is a failure too. timeout passes signals on to all processes of the method.
	(
		cd -- "$scratch/$1" && TMPDIR=$scratch/$1 FAULT_SECONDS=$2 \
			exec timeout -k 10 $((10 * $2 + patience)) "${with[@]}" "$file"
	) >"$log.out" 2>"$log" </dev/null &
	running[$!]=$1
}

passed=0 failed=0 skipped=0
# Waits for one method and prints its rows.
reap() {
	local pid=0 status=0 name what method cases violations bad=0 lines=0
	wait -n -p pid "${!running[@]}" || status=$?
	name=${running[$pid]}
	unset "running[$pid]"
	while IFS=$'\t' read -r what method cases violations; do
		lines=$((lines + 1))
		case $what in
		row)
			printf '%-52s %10s %10s\n' "$method" "$cases" "$violations"
			if ((violations == 0 && cases > 0)); then
				passed=$((passed + 1))
			else
				bad=$((bad + 1))
			fi
			;;
		skip)
			printf '%-52s %s\n' "$method" "skipped: $cases"
			skipped=$((skipped + 1))
			[[ ${FAULTS_TRACE-} != must || $cases != *'not be traced'* ]] || bad=$((bad + 1))
			;;
		esac
	done < <(grep -aP '^(row|skip)\t' "$scratch/$name.log.out")
	((lines > 0 && status == 0 || bad)) || bad=1
	if ((bad)); then
		echo "--- $name ended with status $status; seed $FAULT_SEED; the end of its output:"
		{ grep -avP '^(row|skip)\t' "$scratch/$name.log.out"; cat "$scratch/$name.log"; } | tail -n 60 | cat -v
		echo ---
	fi
	failed=$((failed + bad))
	rm -rf -- "${scratch:?}/$name"
}

total=0
for line in "${methods[@]}"; do
	read -r name share <<<"$line"
	if wanted "$name" "$@"; then
		total=$((total + share))
	fi
done
if ((total == 0 && $#)); then
	echo "run.bash: no such method: '$*'" >&2
	exit 2
fi
echo "faults on purpose: $seconds s, seed $FAULT_SEED"
printf '%-52s %10s %10s\n' method cases violations
for line in "${methods[@]}"; do
	read -r name share <<<"$line"
	wanted "$name" "$@" || continue
	((${#running[@]} < jobs)) || reap
	start "$name" $((seconds * share / total))
done
while ((${#running[@]})); do
	reap
done
echo "$passed passed, $failed failed, $skipped skipped"
((failed == 0))
