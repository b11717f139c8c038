#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Tests `make install` in the folder of the built program (SUBANK): all files are in their places, the files
# for systemd and cron name the installed program, the example settings are valid, and `make uninstall`
# removes everything.
subank=${SUBANK:-./subank}
build=$(cd "$(dirname "$subank")" && pwd) || exit 99
dir=$(mktemp -d "${TMPDIR:-/tmp}/subank-install.XXXXXX") || exit 99
trap 'rm -rf "$dir" "$dir.log"' EXIT
trap 'exit 99' HUP INT TERM

# shellcheck source=tests/tally.sh
. "${srcdir:-.}/tests/tally.sh"

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
prefix=${program%/bin/subank}
is 'the program is installed' [ -x "$program" ]
is 'the cron line is installed' [ -f "$cron" ]
is 'the cron line names the program' grep -q \
	"^\\*/5 \\* \\* \\* \\* slurm ${program#"$dir"} check --quiet\$" "$cron"
is 'the cron line for backups names the program' grep -q \
	"^#17 3 \\* \\* \\* slurm ${program#"$dir"} backup --quiet\$" "$cron"
is 'the cron line for statements names the program' grep -q \
	"^#23 6 1-5 \\* \\* slurm ${program#"$dir"} mail --statements --quiet\$" "$cron"
is 'the cron line for reports names the program' grep -q \
	"^#11 \\* \\* \\* \\* slurm ${program#"$dir"} report --quiet -o " "$cron"
there() {
	is "$1 is installed" [ -s "$prefix/$1" ]
}
for page in man1/subank.1 man5/subank.yaml.5 man5/subank-journal.5 man7/subank.7 \
	man7/subank-submit.7; do
	there "share/man/$page"
done
verbs=$("$program" help | sed -n '/^Verbs:/,/^$/s/^  \([a-z]*\) .*/\1/p')
for verb in $verbs; do
	there "share/man/man1/subank-$verb.1"
done
there share/bash-completion/completions/subank
there share/zsh/site-functions/_subank
there share/fish/vendor_completions.d/subank.fish
there share/doc/subank/subank.yaml
there share/doc/subank/README.md
there share/doc/subank/subank-login.sh
there share/subank/job_submit/subank.lua
there share/subank/monitoring/subank.rules.yml
there share/subank/monitoring/subank.dashboard.json
is 'the manual names the folder of examples' [ -n "$(sed 's/\\-/-/g' \
	"$prefix/share/man/man5/subank.yaml.5" | grep -F "${prefix#"$dir"}/share/subank/monitoring")" ]
for template in below held released spent statement test window; do
	there "share/subank/mail/$template.txt"
done
notify=$prefix/libexec/subank/subank-mail
is 'the notify command can be run' [ -x "$notify" ]
is 'the notify command runs the program' grep -qFx "exec '${program#"$dir"}' mail \"\$@\"" "$notify"
is 'the manual names the notify command' [ -n "$(sed 's/\\-/-/g' \
	"$prefix/share/man/man1/subank-mail.1" | grep -F "${notify#"$dir"}")" ]
is 'job_submit.lua names the module' grep -qF \
	"\"${prefix#"$dir"}/share/subank/job_submit/subank.lua\"" "$prefix/share/subank/job_submit/job_submit.lua"
is 'the manual names the example settings' [ -n "$(sed 's/\\-/-/g' \
	"$prefix/share/man/man5/subank.yaml.5" | grep -F "${prefix#"$dir"}/share/doc/subank/subank.yaml")" ]
if command -v man >/dev/null; then
	is 'man finds a page' [ "$(MANPATH=$prefix/share/man man -w subank-deposit)" = \
		"$prefix/share/man/man1/subank-deposit.1" ]
fi
# All files name the same folder of the bank.
bank=$(sed -n 's/^# *bank: //p' "$prefix/share/doc/subank/subank.yaml")
is 'the manual names the bank' [ -n "$(sed 's/\\-/-/g' "$prefix/share/man/man1/subank.1" | grep -F "$bank")" ]
if [ -n "$service" ]; then
	is 'tmpfiles.d makes the folder of the bank' grep -q "^d $bank 0750 slurm slurm -\$" "$prefix/lib/tmpfiles.d/subank.conf"
	for verb in check backup report statements; do
		is "the service may write the bank ($verb)" grep -qE "^ReadWritePaths=-$bank( |\$)" \
			"$(find "$dir" -name "subank-$verb.service")"
	done
fi
is 'the example settings are valid' "$program" -c "$prefix/share/doc/subank/subank.yaml" \
	-b "$dir/bank" -Q init
rm -r "$dir/bank"
if [ -n "$service$timer" ]; then
	there lib/sysusers.d/subank.conf
	there lib/tmpfiles.d/subank.conf
	if [ "$(id -u)" -eq 0 ] && command -v systemd-sysusers systemd-tmpfiles >/dev/null; then
		mkdir "$dir/etc"
		sysusers=$prefix/lib/sysusers.d/subank.conf tmpfiles=$prefix/lib/tmpfiles.d/subank.conf
		case ${prefix#"$dir"} in
		# systemd finds them by name there, as the README says.
		/usr | /usr/local) sysusers=subank.conf tmpfiles=subank.conf ;;
		esac
		systemd-sysusers --root="$dir" "$sysusers" >"$dir.log" 2>&1
		is 'the user slurm is made' grep -q '^slurm:' "$dir/etc/passwd"
		systemd-tmpfiles --root="$dir" --create "$tmpfiles" >"$dir.log" 2>&1
		is 'users can enter run/subank' [ "$(stat -c %a "$dir/run/subank")" = 755 ]
		is 'users can enter, and not list, the folder of requests' \
			[ "$(stat -c %a "$dir/var/spool/subank/requests")" = 711 ]
		# As subank.yaml(5) says.
		mkdir "$dir/etc/tmpfiles.d"
		sed 's/^d .run.subank .*/d \/run\/subank 0750 slurm 12345 -/' \
			"$prefix/lib/tmpfiles.d/subank.conf" >"$dir/etc/tmpfiles.d/subank.conf"
		systemd-tmpfiles --root="$dir" --create >>"$dir.log" 2>&1
		is 'a site may set the group of run/subank' [ "$(stat -c %a:%g "$dir/run/subank")" = 750:12345 ]
		for folder in var/lib/subank var/backups/subank; do
			is "only slurm can use $folder" [ "$(stat -c %a:%u "$dir/$folder")" = \
				"750:$(sed -n 's/^slurm:[^:]*:\([0-9]*\):.*/\1/p' "$dir/etc/passwd")" ]
		done
		rm -r "${dir:?}/etc" "${dir:?}/var" "${dir:?}/run"
	fi
	for verb in check backup report statements; do
		case $verb in
		report) run="report --quiet -o $bank-report" ;;
		statements) run='mail --statements --quiet' ;;
		*) run="$verb --quiet" ;;
		esac
		service=$(find "$dir" -name "subank-$verb.service")
		timer=$(find "$dir" -name "subank-$verb.timer")
		is "service and timer are in one folder ($verb)" [ "${service%/*}" = "${timer%/*}" ]
		is "the service names the program ($verb)" \
			grep -qx "ExecStart=${program#"$dir"} $run" "$service"
		is "everything is filled in ($verb)" \
			[ -z "$(grep -hE '@[a-z]+@|[$][{(]' "$service" "$timer" "$cron")" ]
		case $verb in check | statements)
			# NoNewPrivileges, and what implies it under User=, stops programs that send mail from using setgid.
			is "it may send mail ($verb)" [ -z "$(grep -E \
				'^(NoNewPrivileges|Lock|Memory|PrivateD|ProtectK|ProtectC[^o]|ProtectHos|Restrict|SystemCall)' \
				"$service")" ]
			# RuntimeDirectory would reset the folder's group at each start.
			is "the service leaves run/subank to tmpfiles.d ($verb)" not grep -q '^RuntimeDir' "$service"
			for folder in $(sed -n 's/^d \([^ ]*\) .*/\1/p' "$prefix/lib/tmpfiles.d/subank.conf"); do
				case $folder in
				/var/backups/subank | /var/spool/* | *-report) ;;
				*) is "the service may write $folder ($verb)" grep -qx "ReadWritePaths=-$folder" "$service" ;;
				esac
			done
			is "mail can be queued ($verb)" grep -qx 'ReadWritePaths=-/var/spool' "$service"
			;;
		esac
		command -v systemd-analyze >/dev/null || continue
		# systemd-analyze reports a missing program, and this one is below $dir.
		sed "s|^ExecStart=.*|ExecStart=$program $run|" "$service" \
			>"$dir/subank-$verb.service"
		cp "$timer" "$dir/subank-$verb.timer"
		systemd-analyze verify "$dir/subank-$verb.timer" "$dir/subank-$verb.service" \
			>"$dir.log" 2>&1
		is "systemd accepts service and timer ($verb)" [ -z "$(grep "subank-$verb" "$dir.log")" ]
		rm "$dir/subank-$verb.service" "$dir/subank-$verb.timer"
	done
else
	echo 'skipped: the files for systemd (configured without systemd)'
fi
is 'make uninstall' make_it uninstall
is 'nothing is left' [ -z "$(find "$dir" -type f)" ]
tally
