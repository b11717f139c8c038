# SPDX-License-Identifier: GPL-3.0-or-later
# What the fake sshare, sacctmgr, scontrol, sacct and squeue share. They keep a make-believe Slurm in a folder,
# which the variable SLURM_CONF names, since subank hands that on to Slurm's commands and few others:
#
#   log                    one line a call: the program's name and its arguments, blanks between
#   pids                   one line a call: its process id, which is also that of its group
#   CLUSTER/               a folder for each cluster that exists
#   CLUSTER/ACCOUNT        a file for each account, with lines, each of which may be absent:
#                            Parent=ACCOUNT       root if absent
#                            Users=alice,bob      who belongs to it; nobody if absent
#                            RawUsage=N           0 if absent; printed as it is, so rolled up
#                            GrpTRESRaw=cpu=3,billing=3
#                                                 RawUsage in minutes if absent
#                            GrpTRESMins=cpu=0,gres/gpu=7
#                                                 no limit if absent; the same for other fields that
#                                                 sacctmgr is asked to set
#   CLUSTER.config         lines "Key=value" that replace those of scontrol's answer; "Key=absent"
#                          leaves the line out
#   CLUSTER.partitions     lines as scontrol -o prints them; one partition with CPU=1.0 if absent
#   CLUSTER.jobs           lines as sacct prints them, without the cluster, times in seconds
#   CLUSTER.runaway        lines with numbers of jobs among them that squeue does not know
#   qos                    lines as sacctmgr -P prints them, but the name first; only "normal" if absent
#   PROGRAM.mode           one word, how the program behaves; ok if absent
#   PROGRAM.CLUSTER.mode   the same for calls about one cluster; goes first
#
# Modes: ok; wait (ok when the mode is another one); slow (ok after a second); empty (no output, exit 0, nothing done); malformed (exit 0,
# nothing done); huge (200,000 bytes on both pipes, exit 0, nothing done); fail (exit 1 with a line
# on stderr); hang (a minute, with a grandchild in the background); killed (does its work, then ends
# by SIGKILL); down (what the program says when the cluster does not answer; sshare: exit 0 without
# a row).

if [ "${1-}" = -V ]; then
	echo 'slurm-wlm 22.05.8'
	exit 0
fi

# fake_begin PROGRAM CLUSTER ARGUMENT...: writes the log, acts out the modes that are the same for
# all, sets $dir and $mode.
fake_begin() {
	FAKE_STATE=${SLURM_CONF:?names no folder: set it to the state of the fake Slurm}
	program=$1 cluster=$2
	shift 2
	line=$program
	for argument; do
		line="$line $argument"
	done
	printf '%s\n' "$line" >>"$FAKE_STATE/log"
	echo $$ >>"$FAKE_STATE/pids"

	dir=$FAKE_STATE/$cluster
	mode=ok
	for file in "$FAKE_STATE/$program.$cluster.mode" "$FAKE_STATE/$program.mode"; do
		if [ -f "$file" ]; then
			mode=$(cat "$file")
			break
		fi
	done
	case $mode in
	ok | killed | down) ;;
	slow) sleep 1 ;;
	wait)
		while [ -f "$file" ] && [ "$(cat "$file")" = wait ]; do
			sleep 0.1
		done
		mode=ok
		;;
	empty) exit 0 ;;
	malformed)
		echo 'x|y'
		echo '<html>'
		exit 0
		;;
	huge)
		fake_fill
		fake_fill >&2
		exit 0
		;;
	fail)
		echo "$program: error: the fake fails" >&2
		exit 1
		;;
	hang)
		sleep 60 &
		sleep 60
		exit 1
		;;
	*)
		echo "$program: error: unknown mode $mode of the fake" >&2
		exit 99
		;;
	esac
	if [ ! -d "$dir" ]; then
		case $program in
		sacctmgr) ;; # says "Nothing modified" as for an unknown account
		*)
			echo "$program: error: No cluster '$cluster' known by database." >&2
			exit 1
			;;
		esac
	fi
}

# More than a pipe holds.
fake_fill() {
	awk 'BEGIN { for (i = 0; i < 2000; i++) printf "%099d\n", i }'
}

fake_end() {
	[ "$mode" != killed ] || kill -KILL $$
	exit 0
}
