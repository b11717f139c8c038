# SPDX-License-Identifier: GPL-3.0-or-later
# Shared by the fake sshare, sacctmgr, scontrol, sacct and squeue. They keep a fake Slurm in the folder that the
# variable SLURM_CONF names: it is one of the few variables that subank passes on to Slurm's commands. In it:
#
#   log                    one line a call: the program's name and its arguments, separated by blanks
#   pids                   one line a call: its process id, which is also that of its group
#   CLUSTER/               a folder for each cluster
#   CLUSTER/ACCOUNT        a file for each account, with these lines, all optional:
#                            Parent=ACCOUNT       default root
#                            Users=alice,bob      the account's users; default none
#                            RawUsage=N           default 0; printed as it is, so with the accounts below
#                            GrpTRESRaw=cpu=3,billing=3
#                                                 default RawUsage in minutes
#                            GrpTRESMins=cpu=0,gres/gpu=7
#                                                 default no limit; the same for other fields that
#                                                 sacctmgr can set
#   CLUSTER.config         lines "Key=value" that replace those of scontrol's answer; "Key=absent"
#                          leaves the line out
#   CLUSTER.partitions     lines as scontrol -o prints them; default one partition with CPU=1.0
#   CLUSTER.jobs           lines as sacct prints them, without the cluster, times in seconds
#   CLUSTER.runaway        the numbers of those of these jobs that squeue does not show, one a line
#   queued/CLUSTER         lines as squeue prints them for accounts, which scontrol update changes
#   qos                    lines as sacctmgr -P prints them, but with the name first; default "normal" alone
#   PROGRAM.mode           one word, how the program behaves; default ok
#   PROGRAM.CLUSTER.mode   the same for calls about one cluster; takes precedence
#
# Modes:
#   ok
#   wait       waits until the mode changes, then ok
#   slow       ok after a second
#   empty      no output, exit 0, nothing done
#   malformed  exit 0, nothing done
#   huge       200,000 bytes on both pipes, exit 0, nothing done
#   fail       exit 1 with a line on stderr
#   hang       a minute, with a grandchild in the background
#   killed     does its work, then ends by SIGKILL
#   down       as if the cluster did not answer: the program's message; sshare: exit 0 without a row

if [ "${1-}" = -V ]; then
	echo 'slurm-wlm 22.05.8'
	exit 0
fi

# fake_begin PROGRAM CLUSTER ARGUMENT...: writes the log, carries out the modes that all programs share, and
# sets $dir and $mode.
fake_begin() {
	FAKE_STATE=${SLURM_CONF:?must name the folder of the fake Slurm}
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
		sacctmgr) ;; # prints "Nothing modified", as for an unknown account
		*)
			echo "$program: error: No cluster '$cluster' known by database." >&2
			exit 1
			;;
		esac
	fi
}

# Prints more than a pipe holds.
fake_fill() {
	awk 'BEGIN { for (i = 0; i < 2000; i++) printf "%099d\n", i }'
}

fake_end() {
	[ "$mode" != killed ] || kill -KILL $$
	exit 0
}
