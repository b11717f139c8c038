#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# usage: tests/fuzz/run.sh TARGET SECONDS
#
# Runs libFuzzer on tests/fuzz/fuzz_TARGET for that long (0: only merges), merges what it learned
# into corpus/TARGET, keeps the inputs of findings in found/TARGET and adds a line to RUNS. The
# targets come from a build folder, $FUZZ_BUILD or ./build-fuzz, made with
#
#     mkdir build-fuzz && cd build-fuzz && CC=clang ../configure --enable-fuzzing && make fuzz
#
# A finding ends the run, with status 1. It goes with the fix into found/TARGET, which `make check`
# replays.

set -euo pipefail

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P)
if (($# != 2)) || [[ ! -f $here/fuzz_$1.c || ! $2 =~ ^[0-9]+$ ]]; then
	sed -n '4,/^$/s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
	exit 2
fi
target=$1 seconds=$2
program=$(realpath -m -- "${FUZZ_BUILD:-build-fuzz}/tests/fuzz/fuzz_$target")
if [[ ! -x $program ]]; then
	echo "$0: there is no $program: run it without arguments to see how to make it" >&2
	exit 2
fi
corpus=$here/corpus/$target
found=$here/found/$target
limits=(-timeout=20 -rss_limit_mb=2048 -max_len=4096)
[[ $target != import ]] || limits+=(-max_len=12288)

parent=/tmp
[[ ! -w /dev/shm ]] || parent=/dev/shm
scratch=$(mktemp -d -p "$parent" subank-fuzz-XXXXXX)
trap 'rm -rf -- "$scratch"' EXIT
mkdir "$scratch"/{learned,artifacts,merged,tmp}
export TMPDIR=$scratch/tmp
mkdir -p "$corpus"

findings=0
if ((seconds > 0)); then
	folders=("$scratch/learned" "$corpus")
	[[ ! -d $found ]] || folders+=("$found")
	TIMEFORMAT='%U %S'
	status=0
	{
		time nice -n 19 "$program" "${limits[@]}" -max_total_time="$seconds" \
			-print_final_stats=1 -artifact_prefix="$scratch/artifacts/" \
			"${folders[@]}" >"$scratch/log" 2>&1 || status=$?
	} 2>"$scratch/time"
	read -r user system < <(tail -n 1 "$scratch/time")
	runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$scratch/log")
	for file in "$scratch/artifacts"/*; do
		[[ -e $file ]] || continue
		mkdir -p "$found"
		mv -- "$file" "$found/"
		echo "$found/${file##*/}" >&2
		findings=$((findings + 1))
	done
	((status == 0)) || tail -n 40 "$scratch/log" >&2
	awk -v target="$target" -v user="$user" -v sys="$system" -v runs="${runs:-0}" \
		-v findings="$findings" -v day="$(date -u +%F)" 'BEGIN {
			printf "%s %-12s %7d %11d %3d\n", day, target, user + sys, runs, findings
		}' | tee -a "$here/RUNS"
fi

# What adds nothing to what the others reach is left out. Hit counts are not looked at: they would
# keep ten times as many files.
nice -n 19 "$program" "${limits[@]}" -merge=1 -use_counters=0 "$scratch/merged" "$corpus" \
	"$scratch/learned" >"$scratch/log" 2>&1
rm -rf -- "$corpus"
mv -- "$scratch/merged" "$corpus"
((findings == 0))
