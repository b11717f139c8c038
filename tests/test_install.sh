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
program=$(find "$dir" -path '*/bin/subank' -type f)
service=$(find "$dir" -name subank-check.service)
timer=$(find "$dir" -name subank-check.timer)
cron=$(find "$dir" -name subank.cron)
is 'the program is installed' [ -x "$program" ]
is 'the cron line is installed' [ -f "$cron" ]
is 'the cron line names the program' grep -q \
	"^\\*/5 \\* \\* \\* \\* slurm ${program#"$dir"} check --quiet\$" "$cron"
is 'and the one for backups' grep -q \
	"^#17 3 \\* \\* \\* slurm ${program#"$dir"} backup --quiet\$" "$cron"
if [ -n "$service$timer" ]; then
	for verb in check backup; do
		service=$(find "$dir" -name "subank-$verb.service")
		timer=$(find "$dir" -name "subank-$verb.timer")
		is "service and timer are in one folder ($verb)" [ "${service%/*}" = "${timer%/*}" ]
		is "the service names the program ($verb)" \
			grep -qx "ExecStart=${program#"$dir"} $verb --quiet" "$service"
		is "everything is filled in ($verb)" \
			[ -z "$(grep -hE '@[a-z]+@|[$][{(]' "$service" "$timer" "$cron")" ]
		if [ "$verb" = check ]; then
			# The first, or what implies it under User=, takes setgid from what sends mail.
			is 'the notify command may send mail' [ -z "$(grep -E \
				'^(NoNewPrivileges|Lock|Memory|PrivateD|ProtectK|ProtectC[^o]|ProtectHos|Restrict|SystemCall)' \
				"$service")" ]
			is 'mail can be queued' grep -qx 'ReadWritePaths=-/var/spool' "$service"
		fi
		command -v systemd-analyze >/dev/null || continue
		# Where it is told that the program is not there: it is below $dir.
		sed "s|^ExecStart=.*|ExecStart=$program $verb --quiet|" "$service" \
			>"$dir/subank-$verb.service"
		cp "$timer" "$dir/subank-$verb.timer"
		systemd-analyze verify "$dir/subank-$verb.timer" "$dir/subank-$verb.service" \
			>"$dir.log" 2>&1
		is "systemd takes them ($verb)" [ -z "$(grep "subank-$verb" "$dir.log")" ]
		rm "$dir/subank-$verb.service" "$dir/subank-$verb.timer"
	done
else
	echo 'skipped: the files for systemd (configured without)'
fi
is 'make uninstall' make_it uninstall
is 'nothing is left' [ -z "$(find "$dir" -type f)" ]
[ $failed -eq 0 ]
