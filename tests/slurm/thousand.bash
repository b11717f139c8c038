# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# A thousand accounts on the private Slurm, p0000 to p0999, each with five users, to measure a check of many.
# Sourced after harness.bash.

# load_accounts: adds p0000 ... p0999, each with five users, by one call.
load_accounts() {
	awk -v cluster="$CLUSTER_NAME" -v quote=\' 'BEGIN {
		print "Cluster - " quote cluster quote ":Fairshare=1:QOS=" quote "normal" quote
		print "Parent - " quote "root" quote
		for (i = 0; i < 1000; i++)
			printf "Account - %sp%04d%s:Description=%sp%s:Organization=%sp%s:Fairshare=1\n",
				quote, i, quote, quote, quote, quote, quote
		for (i = 0; i < 5000; i++) {
			if (i % 5 == 0)
				printf "Parent - %sp%04d%s\n", quote, i / 5, quote
			printf "User - %su%04d%s:DefaultAccount=%sp%04d%s:Fairshare=1\n",
				quote, i, quote, quote, i / 5, quote
		}
	}' >"$harness_dir/load.cfg"
	timeout --foreground 300 sacctmgr -i load file="$harness_dir/load.cfg" >"$harness_dir/load.out" 2>&1 ||
		harness_failed "sacctmgr load" loaded "$(tail -n 3 "$harness_dir/load.out")"
	cluster_until 60 all_known || harness_failed "accounts in slurmctld" 1000 "$(known)"
}

known() {
	cluster_ask sshare -n -P -o Account | grep -c '^ *p[0-9]*$' || true
}

all_known() {
	(($(known) >= 1000))
}

# program NAME COMMAND...: makes subank run it as NAME.
program() {
	local file=$harness_dir/bin/$1
	shift
	printf '#!/bin/sh\n%s\n' "$*" >"$file.new"
	chmod 755 "$file.new"
	mv "$file.new" "$file"
}

# open_accounts: each one asks Slurm for all accounts, which takes a third of a second here and gives the same
# answers every time: so they are recorded once and replayed.
open_accounts() {
	local name i
	for name in sshare scontrol; do
		program $name "exec '$(command -v $name)' \"\$@\" | tee '$harness_dir/$name.answer'"
	done
	run 0 subank open p0000 1
	for name in sshare scontrol; do
		program $name "exec cat '$harness_dir/$name.answer'"
	done
	for ((i = 1; i < 1000; i++)); do
		subank open "$(printf p%04d $i)" 1 --quiet
	done
	rm -- "$harness_dir/bin/sshare" "$harness_dir/bin/scontrol"
}
