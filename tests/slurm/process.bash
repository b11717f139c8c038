#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Finds and ends processes, for scripts that must leave none behind. To be sourced.
#
# A process is identified by a mark in its environment (NAME=VALUE, unique to a run) or by its pid and
# start time: the pid alone may have been reused.

# process_read PID: sets process_state, process_parent and process_start from /proc, without a fork;
# fails when there is no such process.
process_read() {
	local line fields
	{ read -r line <"/proc/$1/stat"; } 2>/dev/null || return 1
	# The second field, the program's name, may hold blanks and brackets: cut after the last one.
	read -ra fields <<<"${line##*) }"
	process_state=${fields[0]}
	process_parent=${fields[1]}
	process_start=${fields[19]}
}

# process_alive PID START: whether the process that had PID and was started at START still runs.
process_alive() {
	process_read "$1" && [[ $process_start = "$2" && $process_state != [ZX] ]]
}

# process_marked MARK: prints the pids of processes that were started with MARK in their environment.
process_marked() {
	local file
	while IFS= read -r file; do
		file=${file#/proc/}
		echo "${file%/environ}"
	done < <(grep -lzxF -e "$1" /proc/[0-9]*/environ 2>/dev/null)
}

# process_trees PID...: prints the pids given and those of all that descend from them, if they run.
process_trees() {
	local -A parent_of=() wanted=()
	local pid found=1
	for pid in "$@"; do
		wanted[$pid]=1
	done
	for pid in /proc/[0-9]*; do
		pid=${pid#/proc/}
		process_read "$pid" || continue
		[[ $process_state = [ZX] ]] || parent_of[$pid]=$process_parent
	done
	while ((found)); do
		found=0
		for pid in "${!parent_of[@]}"; do
			if [[ -z ${wanted[$pid]-} && -n ${wanted[${parent_of[$pid]}]-} ]]; then
				wanted[$pid]=1
				found=1
			fi
		done
	done
	for pid in "${!wanted[@]}"; do
		[[ -z ${parent_of[$pid]-} ]] || echo "$pid"
	done
}

# process_end SECONDS FINDER [ARGUMENT...]: ends every process whose pid FINDER prints, and all that
# descend from them, asking again until there is none: SIGTERM first, SIGKILL after SECONDS.
# Never the calling shell. Fails when some are left 20 seconds and ten rounds after that: on a machine
# that is busy one round takes longer than that.
process_end() {
	local patience=$1 began=$SECONDS killing='' rounds=0 pid found pids
	local -A asked=()
	shift
	while :; do
		mapfile -t found < <("$@")
		mapfile -t pids < <(process_trees "${found[@]}")
		((${#pids[@]})) || return 0
		if [[ -n $killing ]] && ((rounds++ >= 10 && SECONDS - killing > 20)); then
			echo "these processes do not end, not even by SIGKILL: ${pids[*]}" >&2
			return 1
		fi
		((SECONDS - began < patience)) || killing=${killing:-$SECONDS}
		for pid in "${pids[@]}"; do
			if [[ $pid = "$$" || $pid = "$BASHPID" ]]; then
				continue
			elif [[ -n $killing ]]; then
				kill -KILL "$pid" 2>/dev/null || true
			elif [[ -z ${asked[$pid]-} ]]; then
				asked[$pid]=1
				kill -TERM "$pid" 2>/dev/null || true
			fi
		done
		sleep 0.1
	done
}

# process_at_exit FUNCTION: has FUNCTION called once when the script ends, by itself or by a signal.
# A second signal does not cut it short.
process_at_exit() {
	# shellcheck disable=SC2064 # the function's name is known now
	trap "trap '' INT TERM HUP PIPE; $1" EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM
	trap 'exit 129' HUP
	trap 'exit 141' PIPE
}
