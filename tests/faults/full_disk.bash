#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A real full disk: a small tmpfs, and ext4 in a file. Before each command a filler leaves a random amount of
# space, mostly too little. The exit status must be true: 0, it was done; 1, nothing was done, and the message
# says that the disk is full; 3, it was done, but part of what follows was not. When there is space again the
# bank is whole, and the same command has the result that it would have had at first.
set -u

if ((EUID != 0)); then
	printf 'skip\ta full disk\tonly root may mount one\n'
	exit 0
fi
here=$PWD
disk=$here/disk
mkdir "$disk"
trap 'umount "$disk" 2>/dev/null || umount -l "$disk" 2>/dev/null' EXIT
trap 'exit 143' TERM
trap 'exit 130' INT
export PATH=$FAKE_SLURM:$PATH FAKE_STATE=$here/slurm SLURM_CONF=$here/slurm JOURNAL_STREAM=faults
RANDOM=$((FAULT_SEED % 32768))
mkdir -p "$FAKE_STATE/dev"
for account in root bio chem; do
	echo RawUsage=10 >"$FAKE_STATE/dev/$account"
done
printf 'bank: %s\nclusters: [dev]\nlock_seconds: 20\ncharge_minutes: 0\n' "$disk/bank" >settings
for ((i = 0; i < 400; i++)); do
	echo "- {ref: l$i, deposit: bio, su: 1, note: \"some words, so that there is something to write\"}"
done >list

sb() {
	timeout 60 "$SUBANK" -c settings "$@" >out 2>err </dev/null
}

# Prints how many entries the bank has; nothing if verify fails.
entries() {
	timeout 60 "$SUBANK" -c settings verify 2>verify.err | sed -n 's/^all is well: entries \([0-9]*\),.*/\1/p'
}

violation() {
	violations=$((violations + 1))
	echo "$kind, seed $FAULT_SEED, case $cases: subank ${command[*]}, with $room kB left: status $status: $1"
	sed 's/^/  out: /' out
	sed 's/^/  err: /' err
	sed 's/^/  verify: /' verify.err
}

# fill KILOBYTES: fills the disk so that this much is free.
fill() {
	local free
	rm -f "$disk/filler"
	sync -f "$disk"
	free=$(df -k --output=avail "$disk" | tail -n 1)
	if ((free > $1)); then
		head -c $(((free - $1) * 1024)) /dev/zero >"$disk/filler" 2>/dev/null
	fi
	sync -f "$disk"
}

# try ENTRIES COMMAND...: runs a command that adds that many entries, and repeats it if it fails.
try() {
	local adds=$1 before after
	shift
	command=("$@")
	cases=$((cases + 1))
	before=$(entries)
	room=$((RANDOM % 3 ? RANDOM % 64 : RANDOM % 400))
	# Two backups within a second have the same name.
	[[ $1 == backup ]] && rm -rf "$disk"/copies/*
	fill "$room"
	sb "$@"
	status=$?
	rm -f "$disk/filler"
	after=$(entries)
	if [[ -z $after ]]; then
		violation 'verify failed'
	elif ((status != 0)) && [[ ! -s err ]]; then
		violation 'there is no message'
	elif grep -qE 'crash|cut short' err; then
		violation 'it crashed'
	elif ((status == 1 && after != before)); then
		violation "the status is that nothing was done, but entries $before became $after"
	elif (((status == 0 || status == 3 || status == 5) && after != before + adds)); then
		violation "the status is that it was done, but entries $before became $after"
	elif ((status == 4 && after != before && after != before + adds)); then
		violation "the status is unknown, but entries $before became $after: it was done in part"
	elif ((status != 0 && status != 1 && status != 3 && status != 4 && status != 5)); then
		violation 'unknown exit status'
	elif ((status == 1)) && ! grep -qiE 'disk (is )?full|no space' err; then
		violation 'the message does not say that the disk is full'
	elif ((status == 0)); then
		return 0
	fi
	[[ $1 == backup ]] && rm -rf "$disk"/copies/*
	if ! sb "$@" && [[ $1 != init ]]; then
		status=retry
		violation 'the retry failed'
	elif [[ $(entries) != $((before + adds)) ]]; then
		violation "after the retry, entries $before became $(entries)"
	fi
}

make_bank() {
	rm -rf "${disk:?}"/* 2>/dev/null
	mkdir "$disk/copies"
	{ sb init && sb open bio 100 && sb open chem 100 && sb export "$here/new.yaml"; } ||
		{ cat err; exit 1; }
}

# try_init: makes a bank where there is none.
try_init() {
	cases=$((cases + 1))
	command=(init)
	room=$((RANDOM % 300))
	fill "$room"
	sb -b "$disk/made" init
	status=$?
	rm -f "$disk/filler"
	if ((status == 1)) && ! grep -qiE 'disk (is )?full|no space' err; then
		violation 'the message does not say that the disk is full'
	elif ((status != 0)) && ! sb -b "$disk/made" init; then
		violation 'the retry failed'
	elif ! sb -b "$disk/made" verify; then
		violation 'verify failed'
	fi
	rm -rf "$disk/made"
}

# run KIND SECONDS: runs random commands on the mounted disk, prints its row, and unmounts it.
run() {
	local end=$((SECONDS + $2)) n=0
	kind=$1 cases=0 violations=0
	make_bank
	while ((SECONDS < end || cases < 10)); do
		n=$((n + 1))
		case $((RANDOM % 8)) in
		0 | 1 | 2) try 1 deposit bio 1 --ref "d$n" ;;
		3)
			sed "s/ref: l/ref: $n-/" list >"list.$n"
			try 400 import --append "$here/list.$n" --no-apply
			rm "list.$n"
			;;
		4) try 0 export "$disk/copies/export.yaml" ;;
		5) try 0 backup "$disk/copies" ;;
		6) try_init ;;
		*)
			# The disk is small, so now and then the bank is replaced by a new one.
			sb import --replace -i "$here/new.yaml" || violation 'cannot replace the bank'
			sb adopt || violation 'cannot adopt the bank'
			rm -rf "$disk"/copies/* "$disk/bank/backup"
			try 0 import --replace -i "$here/new.yaml"
			sb adopt || violation 'cannot adopt the bank'
			;;
		esac
	done
	printf 'row\ta full disk: %s\t%d\t%d\n' "$kind" "$cases" "$violations"
	((violations == 0)) || bad=1
	umount "$disk"
}

bad=0
if mount -t tmpfs -o size=6m none "$disk" 2>/dev/null; then
	run tmpfs $((FAULT_SECONDS / 2))
else
	printf 'skip\ta full disk: tmpfs\tmounting is not permitted here\n'
fi
# ext4 in a file; needs mkfs.ext4.
if truncate -s 16m image && mkfs.ext4 -q -m 0 image 2>/dev/null && mount -o loop image "$disk" 2>/dev/null; then
	run ext4 $((FAULT_SECONDS / 2))
else
	printf 'skip\ta full disk: ext4\tthere is no loop device, or no mkfs.ext4\n'
fi
exit $bad
