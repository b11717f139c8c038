#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# A private Slurm for tests and for the demo: munge, MariaDB, slurmdbd, slurmctld and slurmd on the
# loopback, with its own keys, sockets, ports and ordinary user, all under one folder. It disturbs
# nothing that the machine runs. Needs root (slurmd starts jobs as other users) and no systemd.
#
# By hand:      cluster.bash start DIR [KEY=VALUE...], then: source DIR/env
#               cluster.bash stop DIR
# In a script:  source cluster.bash
#               process_at_exit cluster_stop
#               cluster_start DIR [KEY=VALUE...] || exit 1
#
# KEY=VALUE goes into slurm.conf in place of the value below. DIR is made; the caller removes it.
# Functions that wait take a deadline in seconds, poll, and fail at the deadline with a message.

cluster_source=$(realpath -- "${BASH_SOURCE[0]}")
# shellcheck source=tests/slurm/process.bash
source "${cluster_source%/*}/process.bash"

CLUSTER_DIR=${CLUSTER_DIR-}   # the folder of the running cluster
CLUSTER_USER=${CLUSTER_USER-} # the ordinary user that submits jobs
CLUSTER_NAME=${CLUSTER_NAME-} # ClusterName
CLUSTER_SECOND=               # the second cluster's ClusterName, if there is one
CLUSTER_NODE=                 # the first cluster's second node, if there is one
CLUSTER_ID=${CLUSTER_ID-}     # the first cluster's id in slurmdbd: see cluster_pin_id
CLUSTER_SECOND_ID=${CLUSTER_SECOND_ID-} # the second one's
CLUSTER_GPUS=                 # GPUs of the node by type that do not exist: "a100:6 v100:2"
CLUSTER_CPUS=16               # what the one node claims to have, however many there are: jobs only sleep

# Daemons in the order of their start, with the seconds that each may take to answer.
cluster_daemons=(munged mariadbd slurmdbd slurmctld slurmd)
cluster_patience=60

# Ids of clusters below and above the one from which DBIndex is past 2^63.
cluster_low_id=7
cluster_high_id=3000

# --- small tools -------------------------------------------------------------------------------

cluster_say() {
	echo "cluster: $*" >&2
}

# cluster_until SECONDS COMMAND...: polls until COMMAND succeeds; fails at the deadline.
cluster_until() {
	local deadline=$((SECONDS + $1))
	shift
	until "$@"; do
		((SECONDS < deadline)) || return 1
		sleep 0.1
	done
}

# cluster_show_logs DAEMON: prints the end of its log.
cluster_show_logs() {
	local file
	for file in "$CLUSTER_DIR/log/$1.log" "$CLUSTER_DIR/log/$1.out"; do
		[[ -s $file ]] || continue
		echo "--- the end of $file:"
		tail -n 20 "$file"
	done >&2
}

# Slurm's commands wait too long for a daemon that is down.
cluster_ask() {
	timeout --foreground 20 "$@"
}

# cluster_set_keys KEY=VALUE...: replaces these keys in slurm.conf.
cluster_set_keys() {
	local file=$CLUSTER_DIR/etc/slurm.conf pair rest
	for pair in "$@"; do
		if [[ ! $pair =~ ^[A-Za-z]+=. ]]; then
			cluster_say "'$pair' is not KEY=VALUE for slurm.conf"
			return 1
		fi
		rest=$(grep -v "^${pair%%=*}=" "$file")
		printf '%s\n%s\n' "$rest" "$pair" >"$file"
	done
}

# --- requirements of the machine ----------------------------------------------------------------

cluster_check_machine() {
	local need missing=() parent=$CLUSTER_DIR
	PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
	if ((EUID != 0)); then
		cluster_say "a private Slurm needs root: slurmd starts jobs as other users"
		return 1
	fi
	if [[ ! -r /proc/self/stat ]]; then
		cluster_say "/proc is not mounted: Slurm needs it (mount -t proc proc /proc)"
		return 1
	fi
	for need in munged munge mariadbd mariadb mariadb-install-db slurmdbd slurmctld slurmd sacct sacctmgr \
		sbatch scontrol sinfo squeue sshare scancel flock perl setpriv setsid useradd userdel; do
		command -v "$need" >/dev/null || missing+=("$need")
	done
	if ((${#missing[@]})); then
		cluster_say "programs are missing: ${missing[*]} (./bootstrap check installs them)"
		return 1
	fi
	if [[ ! -w /dev/null || ! -r /dev/urandom ]]; then
		cluster_say "/dev/null or /dev/urandom is missing: mount /dev"
		return 1
	fi
	# The longest name below it is a job step's socket; the kernel's limit for those is 107.
	if ((${#CLUSTER_DIR} > 60)) || [[ $CLUSTER_DIR =~ [^A-Za-z0-9/._+-] ]]; then
		cluster_say "$CLUSTER_DIR: give a folder of at most 60 plain characters (sockets are in it)"
		return 1
	fi
	if [[ -n $(ls -A -- "$CLUSTER_DIR" 2>/dev/null) ]]; then
		cluster_say "$CLUSTER_DIR is not empty: give a new folder"
		return 1
	fi
	mkdir -p -- "$CLUSTER_DIR" || return 1
	chmod 755 "$CLUSTER_DIR" || return 1
	while parent=${parent%/*} && [[ -n $parent ]]; do
		if ! setpriv --reuid=65534 --regid=65534 --clear-groups test -x "$parent"; then
			cluster_say "$parent is closed to ordinary users: they could not reach $CLUSTER_DIR"
			return 1
		fi
	done
}

# Finds seven unused ports in a row, below the ones that the kernel gives to clients.
cluster_pick_ports() {
	local try
	for ((try = 0; try < 100; try++)); do
		cluster_port=$((20000 + RANDOM % 1200 * 10))
		# shellcheck disable=SC2016 # the dollars are perl's
		if perl -MSocket -e 'for (0 .. 6) {
				socket($s[$_], PF_INET, SOCK_STREAM, 0) or die "socket: $!";
				bind($s[$_], sockaddr_in($ARGV[0] + $_, INADDR_ANY)) or exit 1;
			}' "$cluster_port"; then
			return 0
		fi
	done
	cluster_say "no seven free ports in a row found between 20000 and 32000"
	return 1
}

# --- daemons -----------------------------------------------------------------------------------

# cluster_spawn NAME COMMAND...: starts a daemon in its own session. It records its pid and start
# time and then checks whether a stop has begun; a stop sets its flag before it reads the records.
# So no daemon is missed, whenever a signal comes.
cluster_spawn() {
	local name=$1 notes
	shift
	notes=$(cluster_notes "$name")
	# shellcheck disable=SC2016 # expanded by the inner shell
	SUBANK_CLUSTER=$CLUSTER_DIR setsid bash -c '
		source "$0" || exit 1
		for fd in /proc/$$/fd/*; do
			fd=${fd##*/}
			((fd <= 2)) || eval "exec $fd>&-"
		done
		process_read $$ || exit 1
		echo "$$ $process_start $2" >>"$1/pids" || exit 1
		[[ ! -e $1/stopping ]] || exit 1
		exec "${@:3}"' "${cluster_source%/*}/process.bash" "$CLUSTER_DIR" "$name" "$@" \
		>>"$CLUSTER_DIR/log/$name.out" 2>&1 </dev/null &
	disown $!
	cluster_until 10 cluster_noted_again "$name" "${notes:-0}" || true
}

# cluster_daemon NAME: sets daemon_pid and daemon_start to the last record; fails if it does not run.
cluster_daemon() {
	local pid start name
	daemon_pid='' daemon_start=''
	while read -r pid start name; do
		[[ $name != "$1" ]] || daemon_pid=$pid daemon_start=$start
	done < <(cat -- "$CLUSTER_DIR/pids" 2>/dev/null)
	[[ -n $daemon_pid ]] && process_alive "$daemon_pid" "$daemon_start"
}

# Prints how many times a daemon has recorded itself.
cluster_notes() {
	grep -c " $1\$" "$CLUSTER_DIR/pids" 2>/dev/null || true
}

cluster_noted_again() {
	(($(cluster_notes "$1") > $2))
}

# Whether a daemon answers, rather than only runs.
cluster_answers() {
	case $1 in
	munged) munge --no-input --socket="$CLUSTER_DIR/run/munge.socket" ;;
	mariadbd) cluster_sql 'select 1' ;;
	slurmdbd) timeout --foreground 5 sacctmgr -n show cluster ;;
	slurmctld) [[ $(timeout --foreground 5 scontrol ping) = *UP* ]] ;;
	slurmd) cluster_node_works "$cluster_host" ;;
	slurmd-b) cluster_node_works "$CLUSTER_NODE" ;;
	slurmctld2 | slurmd2) cluster_second cluster_answers "${1%2}" ;;
	esac >/dev/null 2>&1
}

cluster_node_works() {
	[[ $(timeout --foreground 5 sinfo -h -n "$1" -o %T) = @(idle|mixed|allocated|completing) ]]
}

cluster_sql() {
	timeout --foreground 20 mariadb --no-defaults --socket="$CLUSTER_DIR/run/mariadb.sock" --user=root -e "$1"
}

# cluster_await NAME: waits until a daemon that was started answers; stops waiting when it has died.
cluster_await() {
	local deadline=$((SECONDS + cluster_patience))
	until cluster_answers "$1"; do
		if ! cluster_daemon "$1"; then
			cluster_say "$1 ended while it was starting"
			cluster_show_logs "$1"
			return 1
		elif ((SECONDS >= deadline)); then
			cluster_say "$1 does not answer $cluster_patience seconds after it was started"
			cluster_show_logs "$1"
			return 1
		fi
		sleep 0.1
	done
}

# cluster_daemon_start NAME: starts one of the daemons, and waits until it answers.
cluster_daemon_start() {
	local run=$CLUSTER_DIR/run
	case $1 in
	munged)
		cluster_spawn "$1" munged --foreground --force --num-threads=4 \
			--key-file="$CLUSTER_DIR/munge/key" --seed-file="$CLUSTER_DIR/munge/seed" \
			--socket="$run/munge.socket" --pid-file="$run/munged.pid" \
			--log-file="$CLUSTER_DIR/log/munged.log"
		;;
	mariadbd)
		cluster_spawn "$1" mariadbd --no-defaults --user=root --datadir="$CLUSTER_DIR/db" \
			--socket="$run/mariadb.sock" --pid-file="$run/mariadbd.pid" \
			--port="$((cluster_port + 3))" --bind-address=127.0.0.1 --skip-name-resolve \
			--innodb-buffer-pool-size=64M --innodb-lock-wait-timeout=900 \
			--innodb-flush-log-at-trx-commit=0 --loose-innodb-snapshot-isolation=OFF \
			--log-error="$CLUSTER_DIR/log/mariadbd.log"
		;;
	slurmdbd) cluster_spawn "$1" "$1" -D ;;
	slurmctld)
		cluster_until 5 cluster_unregistered || true
		cluster_spawn "$1" "$1" -D
		;;
	slurmd) cluster_spawn "$1" slurmd -D -N "$cluster_host" ;;
	slurmctld2)
		cluster_until 5 cluster_second cluster_unregistered || true
		cluster_second cluster_spawn "$1" slurmctld -D
		;;
	slurmd2) cluster_second cluster_spawn "$1" slurmd -D -N "$cluster_host" ;;
	slurmd-b) cluster_spawn "$1" slurmd -D -N "$CLUSTER_NODE" -f "$CLUSTER_DIR/node/slurm.conf" ;;
	*)
		cluster_say "no daemon is named '$1': ${cluster_daemons[*]}"
		return 1
		;;
	esac
	cluster_await "$1"
}

# cluster_unregistered: whether slurmdbd has noticed that this cluster's slurmctld is gone, or is down itself.
# If it notices only after the next slurmctld has registered, it forgets that one and sends it nothing.
cluster_unregistered() {
	local port
	port=$(timeout --foreground 5 sacctmgr -n -P show cluster "$CLUSTER_NAME" format=ControlPort 2>/dev/null) ||
		return 0
	((port == 0))
}

# cluster_daemon_stop NAME: ends one of the daemons, and waits until it is gone.
cluster_daemon_stop() {
	cluster_daemon "$1" || return 0
	kill -TERM "$daemon_pid" 2>/dev/null || true
	cluster_until 30 cluster_daemon_gone "$daemon_pid" "$daemon_start" && return 0
	cluster_say "$1 did not end in 30 seconds and is killed"
	process_end 0 cluster_daemon_if_alive "$daemon_pid" "$daemon_start"
}

# cluster_daemon_kill NAME: ends one of the daemons by SIGKILL, as a crash does.
cluster_daemon_kill() {
	cluster_daemon "$1" || return 0
	process_end 0 cluster_daemon_if_alive "$daemon_pid" "$daemon_start"
}

# cluster_daemon_freeze NAME: makes a daemon hang; cluster_daemon_thaw NAME resumes it.
cluster_daemon_freeze() {
	cluster_daemon "$1" && kill -STOP "$daemon_pid"
}

cluster_daemon_thaw() {
	! cluster_daemon "$1" || kill -CONT "$daemon_pid"
}

cluster_daemon_gone() {
	! process_alive "$1" "$2"
}

cluster_daemon_if_alive() {
	! process_alive "$1" "$2" || echo "$1"
}

# --- start and stop ----------------------------------------------------------------------------

cluster_write_conf() {
	local etc=$CLUSTER_DIR/etc password version
	password=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n') || return 1
	cat >"$etc/slurmdbd.conf" <<-END
		AuthType=auth/munge
		AuthInfo=socket=$CLUSTER_DIR/run/munge.socket
		DbdHost=$cluster_host
		DbdAddr=127.0.0.1
		DbdPort=$((cluster_port + 2))
		SlurmUser=root
		LogFile=$CLUSTER_DIR/log/slurmdbd.log
		PidFile=$CLUSTER_DIR/run/slurmdbd.pid
		StorageType=accounting_storage/mysql
		StorageHost=127.0.0.1
		StoragePort=$((cluster_port + 3))
		StorageUser=slurm
		StoragePass=$password
		StorageLoc=slurm_acct_db
	END
	# Waiting jobs are scheduled every second, to distinguish "starts at once" from "starts later".
	cat >"$etc/slurm.conf" <<-END
		ClusterName=dev
		SlurmctldHost=$cluster_host(127.0.0.1)
		SlurmctldPort=$cluster_port
		SlurmdPort=$((cluster_port + 1))
		AuthType=auth/munge
		AuthInfo=socket=$CLUSTER_DIR/run/munge.socket
		SlurmUser=root
		SlurmdUser=root
		StateSaveLocation=$CLUSTER_DIR/state
		SlurmdSpoolDir=$CLUSTER_DIR/spool
		SlurmctldPidFile=$CLUSTER_DIR/run/slurmctld.pid
		SlurmdPidFile=$CLUSTER_DIR/run/slurmd.pid
		SlurmctldLogFile=$CLUSTER_DIR/log/slurmctld.log
		SlurmdLogFile=$CLUSTER_DIR/log/slurmd.log
		ProctrackType=proctrack/linuxproc
		TaskPlugin=task/none
		JobAcctGatherType=jobacct_gather/none
		MpiDefault=none
		MailProg=/bin/true
		DebugFlags=NO_CONF_HASH
		SelectType=select/cons_tres
		SelectTypeParameters=CR_Core
		SlurmdParameters=config_overrides
		SchedulerParameters=batch_sched_delay=0,sched_interval=1,bf_interval=1
		ReturnToService=2
		KillWait=2
		PriorityType=priority/multifactor
		PriorityDecayHalfLife=0
		PriorityUsageResetPeriod=NONE
		PriorityCalcPeriod=00:01:00
		PriorityWeightFairshare=1000
		GresTypes=gpu
		AccountingStorageType=accounting_storage/slurmdbd
		AccountingStorageHost=127.0.0.1
		AccountingStoragePort=$((cluster_port + 2))
		AccountingStoragePass=$CLUSTER_DIR/run/munge.socket
		AccountingStorageEnforce=associations,limits,qos,safe
		AccountingStorageTRES=gres/gpu
		NodeName=$cluster_host NodeHostname=$cluster_host NodeAddr=127.0.0.1 CPUs=$CLUSTER_CPUS RealMemory=1000
		PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP TRESBillingWeights="CPU=1.0"
	END
	cluster_write_gpus || return 1
	chmod 600 "$etc/slurmdbd.conf" || return 1
	# Nothing here uses control groups, but slurmd searches for them at its start and a plain chroot has
	# none: the first plugin does not search, and from 24.05 on they can be switched off.
	version=$(slurmctld -V) || return 1
	if [[ $version =~ ([0-9]+)\.0*([0-9]+) ]] && ((BASH_REMATCH[1] * 100 + BASH_REMATCH[2] >= 2405)); then
		echo "CgroupPlugin=disabled" >"$etc/cgroup.conf"
	else
		echo "CgroupPlugin=cgroup/v1" >"$etc/cgroup.conf"
	fi
	cluster_password=$password
}

# Any file will do for a GPU: jobs only sleep.
cluster_write_gpus() {
	local etc=$CLUSTER_DIR/etc gpu list='' tres=gres/gpu n
	: >"$etc/gres.conf" || return 1
	for gpu in $CLUSTER_GPUS; do
		for ((n = 0; n < ${gpu#*:}; n++)); do
			: >"$etc/${gpu%:*}-$n" || return 1
		done
		echo "Name=gpu Type=${gpu%:*} File=$etc/${gpu%:*}-[0-$((n - 1))]" >>"$etc/gres.conf"
		list+=${list:+,}gpu:$gpu
		tres+=,gres/gpu:${gpu%:*}
	done
	[[ -n $list ]] || return 0
	sed -i "s|^NodeName=.*|& Gres=$list|; s|^AccountingStorageTRES=.*|AccountingStorageTRES=$tres|" \
		"$etc/slurm.conf"
}

# Makes the name from the port, so that two clusters at once do not share (and remove) a user.
cluster_make_user() {
	CLUSTER_USER=subank-$cluster_port
	if id "$CLUSTER_USER" >/dev/null 2>&1; then
		return 0
	fi
	echo "$CLUSTER_USER" >"$CLUSTER_DIR/user" || return 1
	if ! useradd -M -d /nonexistent -s /bin/bash "$CLUSTER_USER" >>"$CLUSTER_DIR/log/useradd.log" 2>&1; then
		cluster_say "cannot add the user $CLUSTER_USER: $(tail -n 1 "$CLUSTER_DIR/log/useradd.log")"
		return 1
	fi
}

# cluster_start DIR [KEY=VALUE...]: starts everything, and exports SLURM_CONF. After a failure, and
# after an interruption at any point, cluster_stop ends what was started.
cluster_start() {
	local lock status=0
	CLUSTER_DIR=$(realpath -m -- "$1") || return 1
	shift
	cluster_check_machine || return 1
	# Held until the ports are in use: two clusters that start at once must not pick the same.
	exec {lock}<"$cluster_source" || return 1
	flock -w 120 "$lock" && cluster_start_locked "$@" || status=1
	exec {lock}<&-
	return "$status"
}

cluster_start_locked() {
	cluster_host=$(uname -n) || return 1
	cluster_host=${cluster_host%%.*}
	mkdir "$CLUSTER_DIR"/{db,etc,log,munge,run,spool,state} || return 1
	chmod 700 "$CLUSTER_DIR"/{db,munge} || return 1
	: >"$CLUSTER_DIR/pids" || return 1
	export SLURM_CONF=$CLUSTER_DIR/etc/slurm.conf
	cluster_pick_ports && cluster_write_conf && cluster_set_keys "$@" || return 1
	CLUSTER_NAME=$(sed -n 's/^ClusterName=//p' "$SLURM_CONF")
	cluster_make_user || return 1
	cat >"$CLUSTER_DIR/env" <<-END
		export SLURM_CONF=$SLURM_CONF CLUSTER_DIR=$CLUSTER_DIR CLUSTER_USER=$CLUSTER_USER CLUSTER_NAME=$CLUSTER_NAME
	END

	(umask 077 && head -c 1024 /dev/urandom >"$CLUSTER_DIR/munge/key") || return 1
	cluster_daemon_start munged || return 1
	if ! SUBANK_CLUSTER=$CLUSTER_DIR timeout --foreground 120 mariadb-install-db --no-defaults \
		--datadir="$CLUSTER_DIR/db" --user=root --skip-test-db --force \
		--auth-root-authentication-method=socket --auth-root-socket-user=root \
		>"$CLUSTER_DIR/log/mariadb-install-db.log" 2>&1 </dev/null; then
		cluster_say "mariadb-install-db failed"
		cluster_show_logs mariadb-install-db
		return 1
	fi
	cluster_daemon_start mariadbd || return 1
	cluster_sql "create database slurm_acct_db; create user slurm@'127.0.0.1' identified by '$cluster_password';
		grant all on slurm_acct_db.* to slurm@'127.0.0.1';" || return 1
	cluster_daemon_start slurmdbd || return 1
	cluster_register "$CLUSTER_NAME" "${CLUSTER_ID:=$cluster_low_id}" || return 1
	cluster_start_controller slurmctld && cluster_daemon_start slurmd
}

# cluster_start_controller NAME: starts a slurmctld for the first time, and restarts it so that it saves its
# state: one of 25.05 or later that is killed before it saved any never starts again ("No Assoc usage file").
cluster_start_controller() {
	cluster_daemon_start "$1" && cluster_daemon_stop "$1" && cluster_daemon_start "$1"
}

# cluster_add NAME: slurmdbd sometimes refuses a cluster on a busy machine ("Unspecified error").
cluster_add() {
	cluster_ask sacctmgr -i add cluster "$1" >"$CLUSTER_DIR/log/sacctmgr.log" 2>&1
}

# cluster_register NAME ID: makes a cluster known to slurmdbd, under that id.
cluster_register() {
	if ! cluster_until 10 cluster_add "$1"; then
		cluster_say "sacctmgr add cluster $1 failed"
		cluster_show_logs sacctmgr
		return 1
	fi
	cluster_pin_id "$1" "$2" || {
		cluster_say "the cluster $1 could not be given the id $2"
		return 1
	}
}

# cluster_pin_id NAME ID: from 24.11 on slurmdbd gives each cluster a random id between 2 and 4095, and
# sacct's DBIndex has it in its highest twelve bits, so that it is past 2^63 from 2048 on. No command
# sets it, but slurmctld takes it from the database when it first registers. Older versions count the
# rows of the table of jobs instead: this makes them begin where such an id would.
cluster_pin_id() {
	local known
	known=$(cluster_sql "show columns from slurm_acct_db.cluster_table like 'id'") || return 1
	if [[ -n $known ]]; then
		cluster_sql "update slurm_acct_db.cluster_table set id = $2 where name = '$1'"
	else
		cluster_sql "alter table slurm_acct_db.\`$1_job_table\` auto_increment = $(printf %u $(($2 << 52 | 1)))"
	fi
}

# cluster_start_second NAME: a second cluster beside the first, on the same slurmdbd, with the daemons
# slurmctld2 and slurmd2.
cluster_start_second() {
	local folder=$CLUSTER_DIR/second
	mkdir -p "$folder"/{spool,state} || return 1
	sed "s|^ClusterName=.*|ClusterName=$1|
		s|^SlurmctldPort=.*|SlurmctldPort=$((cluster_port + 4))|
		s|^SlurmdPort=.*|SlurmdPort=$((cluster_port + 5))|
		s|^StateSaveLocation=.*|StateSaveLocation=$folder/state|
		s|^SlurmdSpoolDir=.*|SlurmdSpoolDir=$folder/spool|
		s|^\(Slurm[a-z]*PidFile\)=.*/\([a-z]*\)\.pid|\1=$CLUSTER_DIR/run/\22.pid|
		s|^\(Slurm[a-z]*LogFile\)=.*/\([a-z]*\)\.log|\1=$CLUSTER_DIR/log/\22.log|" \
		"$CLUSTER_DIR/etc/slurm.conf" >"$folder/slurm.conf" || return 1
	cp "$CLUSTER_DIR/etc/"{cgroup,gres}.conf "$folder/" || return 1
	cluster_register "$1" "${CLUSTER_SECOND_ID:=$cluster_high_id}" || return 1
	CLUSTER_SECOND=$1
	cluster_daemons+=(slurmctld2 slurmd2)
	cluster_start_controller slurmctld2 && cluster_daemon_start slurmd2
}

# cluster_add_node: a second node of the first cluster, $CLUSTER_NODE, as large as the first; it is this
# machine, too.
cluster_add_node() {
	local folder=$CLUSTER_DIR/node node rest
	mkdir -p "$folder/spool" || return 1
	CLUSTER_NODE=$cluster_host-b
	node=$(grep '^NodeName=' "$SLURM_CONF") || return 1
	node=${node/NodeName=$cluster_host /NodeName=$CLUSTER_NODE Port=$((cluster_port + 6)) }
	rest=$(sed "/^NodeName=/a $node" "$SLURM_CONF") || return 1
	printf '%s\n' "$rest" >"$SLURM_CONF"
	# The same, except for the folders of its slurmd.
	sed "s|^SlurmdSpoolDir=.*|SlurmdSpoolDir=$folder/spool|
		s|^SlurmdPidFile=.*|SlurmdPidFile=$CLUSTER_DIR/run/slurmd-b.pid|" \
		"$SLURM_CONF" >"$folder/slurm.conf" || return 1
	cp "$CLUSTER_DIR/etc/"{cgroup,gres}.conf "$folder/" || return 1
	cluster_daemons+=(slurmd-b)
	cluster_daemon_stop slurmctld && cluster_daemon_start slurmctld && cluster_daemon_start slurmd-b
}

# cluster_second COMMAND...: runs a function of this file, or a program, for the second cluster.
cluster_second() {
	CLUSTER_NAME=$CLUSTER_SECOND SLURM_CONF=$CLUSTER_DIR/second/slurm.conf "$@"
}

# Prints the pids of the cluster: daemons that recorded themselves, processes with its mark, and job
# steps. slurmstepd overwrites its environment with its title, so it is found by our slurmd's log,
# which it holds open.
cluster_processes() {
	local pid start name fd
	while read -r pid start _; do
		! process_alive "$pid" "$start" || echo "$pid"
	done < <(cat -- "$CLUSTER_DIR/pids" 2>/dev/null)
	process_marked "SUBANK_CLUSTER=$CLUSTER_DIR"
	for pid in /proc/[0-9]*; do
		{ read -r name <"$pid/comm"; } 2>/dev/null || continue
		[[ $name = slurmstepd* ]] || continue
		for fd in "$pid"/fd/*; do
			if [[ $fd -ef $CLUSTER_DIR/log/slurmd.log || $fd -ef $CLUSTER_DIR/log/slurmd2.log ]]; then
				echo "${pid#/proc/}"
				break
			fi
		done
	done
}

# cluster_stop [DIR]: ends all processes of the cluster, and removes the user that it made.
# May be called at any time and more than once.
cluster_stop() {
	local user status=0
	CLUSTER_DIR=$(realpath -m -- "${1:-$CLUSTER_DIR}")
	[[ -n ${1-}$CLUSTER_DIR ]] || return 0
	if [[ -d $CLUSTER_DIR ]]; then
		: >"$CLUSTER_DIR/stopping"
	fi
	process_end 3 cluster_processes || status=1
	if [[ -s $CLUSTER_DIR/user ]]; then
		user=$(<"$CLUSTER_DIR/user")
		if id "$user" >/dev/null 2>&1 && ! userdel "$user" >>"$CLUSTER_DIR/log/useradd.log" 2>&1; then
			cluster_say "cannot remove the user $user: $(tail -n 1 "$CLUSTER_DIR/log/useradd.log")"
			status=1
		else
			rm -f "$CLUSTER_DIR/user"
		fi
	fi
	return "$status"
}

# cluster_reconfigure KEY=VALUE...: changes slurm.conf and starts slurmctld again with it, if need be.
# Does not wait for the node, which comes some seconds later (cluster_await slurmd).
cluster_reconfigure() {
	local before
	before=$(sort "$SLURM_CONF")
	cluster_set_keys "$@" || return 1
	[[ $before != "$(sort "$SLURM_CONF")" ]] || return 0
	cluster_daemon_stop slurmctld && cluster_daemon_start slurmctld
}

# cluster_mend: starts daemons that do not run, and waits until jobs can start.
cluster_mend() {
	local daemon
	for daemon in "${cluster_daemons[@]}"; do
		cluster_daemon_thaw "$daemon"
		cluster_daemon "$daemon" || cluster_daemon_start "$daemon" || return 1
	done
	for daemon in "${cluster_daemons[@]}"; do
		[[ $daemon != slurmd* || $daemon = slurmdbd ]] || cluster_await "$daemon" || return 1
	done
}

# --- accounts and jobs -------------------------------------------------------------------------

# cluster_add_account ACCOUNT [KEY=VALUE...]: adds an account in which the ordinary user may submit.
cluster_add_account() {
	local account=$1 answer
	shift
	if ! answer=$(cluster_ask sacctmgr -i add account "$account" cluster="$CLUSTER_NAME" "$@" 2>&1) ||
		! answer=$(cluster_ask sacctmgr -i add user "$CLUSTER_USER" account="$account" \
			cluster="$CLUSTER_NAME" 2>&1); then
		cluster_say "sacctmgr cannot add the account $account: $answer"
		return 1
	fi
	# slurmdbd informs slurmctld later.
	cluster_until 20 cluster_knows_account "$account" && return 0
	cluster_say "slurmctld does not know the account $account after 20 seconds"
	return 1
}

cluster_knows_account() {
	[[ $(cluster_ask sshare -n -P -u "$CLUSTER_USER" -A "$1" -o User 2>/dev/null) = *"$CLUSTER_USER"* ]]
}

# cluster_as_user COMMAND...: runs it as the ordinary user.
cluster_as_user() {
	cluster_ask setpriv --reuid="$CLUSTER_USER" --regid="$CLUSTER_USER" --clear-groups \
		env -i PATH="$PATH" HOME=/nonexistent SLURM_CONF="$SLURM_CONF" SUBANK_CLUSTER="$CLUSTER_DIR" "$@"
}

# cluster_submit ACCOUNT COMMAND [SBATCH-OPTION...]: submits a batch job as the ordinary user, with one
# task and at most ten minutes unless options change that. Prints its id.
cluster_submit() {
	local account=$1 command=$2 id
	shift 2
	id=$(cd / && cluster_as_user sbatch --parsable -A "$account" -n 1 -t 10 -o /dev/null "$@" \
		--wrap "$command") || return 1
	echo "${id%%;*}"
}

# cluster_job_state ID: PENDING, RUNNING, COMPLETING, COMPLETED ...
cluster_job_state() {
	cluster_ask squeue -h -t all -j "$1" -o %T
}

# cluster_job_reason ID: prints slurmctld's reason why it waits.
cluster_job_reason() {
	cluster_ask squeue -h -t all -j "$1" -o %r
}

cluster_job_is() {
	[[ $(cluster_job_state "$1") = "$2" ]]
}

cluster_job_waits_for() {
	[[ $(cluster_job_reason "$1") = "$2" ]]
}

# cluster_wait_job ID STATE [SECONDS]
cluster_wait_job() {
	cluster_until "${3:-30}" cluster_job_is "$1" "$2" && return 0
	cluster_say "job $1 is $(cluster_job_state "$1") ($(cluster_job_reason "$1")), not $2, after ${3:-30} seconds"
	return 1
}

# cluster_wait_reason ID REASON [SECONDS]
cluster_wait_reason() {
	cluster_until "${3:-30}" cluster_job_waits_for "$1" "$2" && return 0
	cluster_say "job $1 is $(cluster_job_state "$1") ($(cluster_job_reason "$1")), not waiting for $2, after ${3:-30} seconds"
	return 1
}

# cluster_raw_usage ACCOUNT: prints its usage with its children's, in billing-seconds.
cluster_raw_usage() {
	cluster_ask sshare -n -P -A "$1" -o Account,User,RawUsage | sed -n "s/^ *$1||//p"
}

# cluster_limits ACCOUNT: the account's GrpTRESMins as slurmdbd keeps them, sorted, "" if none.
cluster_limits() {
	cluster_ask sacctmgr -n -P show assoc where account="$1" cluster="$CLUSTER_NAME" user= \
		format=GrpTRESMins | cluster_sorted
}

# Slurm's own order depends on which was set last.
cluster_sorted() {
	tr ',' '\n' | sort | paste -sd ,
}

# cluster_limits_in_force ACCOUNT: the same limits as slurmctld applies them.
cluster_limits_in_force() {
	cluster_ask sshare -n -P -A "$1" -o Account,User,GrpTRESMins | sed -n "s/^ *$1||//p" | cluster_sorted
}

# cluster_set_limits ACCOUNT LIST: sets GrpTRESMins, such as cpu=5000,gres/gpu=7.
cluster_set_limits() {
	cluster_ask sacctmgr -i modify account where account="$1" cluster="$CLUSTER_NAME" \
		set GrpTRESMins="$2" >/dev/null
}

# cluster_modifications: prints how many changes of associations slurmdbd has recorded.
cluster_modifications() {
	cluster_ask sacctmgr -n -P show transactions action="Modify Associations" format=Action | grep -c . || true
}

# --- by hand -----------------------------------------------------------------------------------

cluster_main() {
	set -euo pipefail
	case ${1-} in
	start)
		if (($# >= 2)); then
			process_at_exit cluster_stop
			cluster_start "${@:2}" || exit 1
			trap - EXIT
			echo "cluster $CLUSTER_NAME runs; for its commands: source $CLUSTER_DIR/env"
			return 0
		fi
		;;
	stop)
		if (($# == 2)); then
			cluster_stop "$2"
			return
		fi
		;;
	esac
	echo "usage: ${0##*/} start DIR [KEY=VALUE...] | stop DIR" >&2
	exit 2
}

if [[ ${BASH_SOURCE[0]} = "$0" ]]; then
	cluster_main "$@"
fi
