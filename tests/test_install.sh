#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# `make install` in the folder of the built program (SUBANK): the files for systemd and cron name the
# program where it is installed, and `make uninstall` takes everything away again.
subank=${SUBANK:-./subank}
build=$(cd "$(dirname "$subank")" && pwd) || exit 99
dir=$(mktemp -d "${TMPDIR:-/tmp}/subank-install.XXXXXX") || exit 99
trap 'rm -rf "$dir" "$dir.log"' EXIT
trap 'exit 99' HUP INT TERM

failed=0
# is WHAT COMMAND...: the command must succeed.
is() {
	what=$1
	shift
	"$@" && return
	failed=$((failed + 1))
	printf 'FAILED: %s\n' "$what"
}
make_it() {
	"${MAKE:-make}" -C "$build" DESTDIR="$dir" "$@" >"$dir.log" 2>&1 || {
		cat "$dir.log"
		return 1
	}
}

is 'make install' make_it install
program=$(find "$dir" -name subank -type f)
service=$(find "$dir" -name subank-check.service)
timer=$(find "$dir" -name subank-check.timer)
cron=$(find "$dir" -name subank.cron)
is 'the program is installed' [ -x "$program" ]
is 'the cron line is installed' [ -f "$cron" ]
is 'the cron line names the program' grep -q \
	"^\\*/5 \\* \\* \\* \\* slurm ${program#"$dir"} check --quiet\$" "$cron"
if [ -n "$service$timer" ]; then
	is 'service and timer are in one folder' [ "${service%/*}" = "${timer%/*}" ]
	is 'the service names the program' grep -qx "ExecStart=${program#"$dir"} check --quiet" "$service"
	# The first, or what implies it under User=, takes setgid from what sends mail.
	is 'the notify command may send mail' [ -z "$(grep -E \
		'^(NoNewPrivileges|Lock|Memory|PrivateD|ProtectK|ProtectC[^o]|ProtectHos|Restrict|SystemCall)' \
		"$service")" ]
	is 'mail can be queued' grep -qx 'ReadWritePaths=-/var/spool' "$service"
	is 'everything is filled in' [ -z "$(grep -hE '@[a-z]+@|[$][{(]' "$service" "$timer" "$cron")" ]
	if command -v systemd-analyze >/dev/null; then
		# Where it is told that the program is not there: it is below $dir.
		sed "s|^ExecStart=.*|ExecStart=$program check --quiet|" "$service" >"$dir/subank-check.service"
		cp "$timer" "$dir/subank-check.timer"
		systemd-analyze verify "$dir/subank-check.timer" "$dir/subank-check.service" \
			>"$dir.log" 2>&1
		is 'systemd takes them' [ -z "$(grep subank-check "$dir.log")" ]
		rm "$dir/subank-check.service" "$dir/subank-check.timer"
	fi
else
	echo 'skipped: the files for systemd (configured without)'
fi
is 'make uninstall' make_it uninstall
is 'nothing is left' [ -z "$(find "$dir" -type f)" ]
[ $failed -eq 0 ]
