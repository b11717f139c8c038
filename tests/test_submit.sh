#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Tests the module for slurmctld with each Lua that is installed; Slurm may be linked with any of them.

found=
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
for lua in lua5.1 lua5.2 lua5.3 lua5.4 lua luajit; do
	command -v "$lua" >/dev/null || continue
	found=1
	echo "$lua:"
	timeout 60 "$lua" "${srcdir:-.}/tests/job_submit/test_submit.lua" init/job_submit/subank.lua "$folder" || exit 1
done
[ -n "$found" ] || {
	echo "no Lua is installed: lua5.1, for example"
	exit 77
}
