#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A really full disk: a small tmpfs, and ext4 in a file. Before each command a filler leaves random room,
# mostly too little. The status must be true: 0, done; 1, nothing changed, and the message names the full
# disk; 3, recorded, but a later step failed. Once there is room again the bank must be whole, and the same
# command must leave what it would have left at once.
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

# Prints the count of entries; nothing if verify finds damage.
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

# fill KILOBYTES: leaves so much room.
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

# The commands, and how many entries each adds; repeating one is safe.
try() {
	local adds=$1 before after
	shift
	command=("$@")
	cases=$((cases + 1))
	before=$(entries)
	room=$((RANDOM % 3 ? RANDOM % 64 : RANDOM % 400))
	# Two within a second have the same name.
	[[ $1 == backup ]] && rm -rf "$disk"/copies/*
	fill "$room"
	sb "$@"
	status=$?
	rm -f "$disk/filler"
	after=$(entries)
	if [[ -z $after ]]; then
		violation 'verify is not content'
	elif ((status != 0)) && [[ ! -s err ]]; then
		violation 'there is no message'
	elif grep -qE 'crash|cut short' err; then
		violation 'it crashes'
	elif ((status == 1 && after != before)); then
		violation "it says nothing was done, and entries $before became $after"
	elif (((status == 0 || status == 3 || status == 5) && after != before + adds)); then
		violation "it says it was done, and entries $before became $after"
	elif ((status == 4 && after != before && after != before + adds)); then
		violation "it says it knows nothing, and entries $before became $after: neither done nor not"
	elif ((status != 0 && status != 1 && status != 3 && status != 4 && status != 5)); then
		violation 'a status that subank does not have'
	elif ((status == 1)) && ! grep -qiE 'disk (is )?full|no space' err; then
		violation 'the message does not say that the disk is full'
	elif ((status == 0)); then
		return 0
	fi
	[[ $1 == backup ]] && rm -rf "$disk"/copies/*
	if ! sb "$@" && [[ $1 != init ]]; then
		status=again
		violation 'it cannot be done again'
	elif [[ $(entries) != $((before + adds)) ]]; then
		violation "done again, entries $before became $(entries)"
	fi
}

make_bank() {
	rm -rf "${disk:?}"/* 2>/dev/null
	mkdir "$disk/copies"
	{ sb init && sb open bio 100 && sb open chem 100 && sb export "$here/new.yaml"; } ||
		{ cat err; exit 1; }
}

# try_init: creates a bank.
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
		violation 'it cannot be done again'
	elif ! sb -b "$disk/made" verify; then
		violation 'verify is not content'
	fi
	rm -rf "$disk/made"
}

# run KIND SECONDS
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
			# A new bank from time to time: the disk is small.
			sb import --replace -i "$here/new.yaml" || violation 'the bank cannot be replaced'
			sb adopt || violation 'the bank cannot be adopted'
			rm -rf "$disk"/copies/* "$disk/bank/backup"
			try 0 import --replace -i "$here/new.yaml"
			sb adopt || violation 'the bank cannot be adopted'
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
# In another file, since mkfs must exist.
if truncate -s 16m image && mkfs.ext4 -q -m 0 image 2>/dev/null && mount -o loop image "$disk" 2>/dev/null; then
	run ext4 $((FAULT_SECONDS / 2))
else
	printf 'skip\ta full disk: ext4\tthere is no loop device, or no mkfs.ext4\n'
fi
exit $bad
