#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Sends mail through a real mail system: subank-mail hands it to exim's sendmail, which delivers it by SMTP
# to another exim on loopback, which stores it. SUBANK names the built program, EXIM the folder in which
# the package exim4-daemon-light is unpacked (/ if it is installed). Run it as root: exim wants its user,
# whom the test adds in a mount namespace of its own. Nothing of the machine's mail system is used.
set -euo pipefail

if [[ ${1-} != inside ]]; then
	exec unshare --mount --propagation private -- bash "$0" inside
fi
subank=$(realpath -- "${SUBANK:-build/subank}")
source=$(realpath -- "$(dirname -- "${BASH_SOURCE[0]}")/..")
exim=${EXIM:-/}
dir=$(mktemp -d "${TMPDIR:-/tmp}/subank-mta.XXXXXX")
server=
finish() {
	if [[ -n $server ]]; then
		kill "$server" 2>/dev/null || true
		wait "$server" || true
	fi
	umount /etc 2>/dev/null || true
	rm -rf -- "$dir"
}
trap finish EXIT
chmod 755 "$dir"

# shellcheck source=tests/tally.sh
source "$source/tests/tally.sh"

# wait_until COMMAND...: up to ten seconds.
wait_until() {
	local i
	for ((i = 0; i < 200; i++)); do
		"$@" && return 0
		sleep 0.05
	done
	return 1
}
stored() {
	(($(find "$dir/box/new" -type f 2>/dev/null | wc -l) == $1))
}
listening() {
	(exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null
}

# --- two mail systems ---

# An /etc of our own: a bind mount on /etc/passwd would be gone once somebody adds a user. Its ld.so.cache
# has the libraries of the package, too.
mkdir "$dir/etc"
for file in group host.conf hosts localtime machine-id nsswitch.conf passwd protocols services; do
	[[ ! -e /etc/$file ]] || cp -L "/etc/$file" "$dir/etc/$file"
done
cp -a /etc/alternatives "$dir/etc/"
if ! getent passwd Debian-exim >/dev/null; then
	echo 'Debian-exim:x:64999:64999::/nonexistent:/usr/sbin/nologin' >>"$dir/etc/passwd"
	echo 'Debian-exim:x:64999:' >>"$dir/etc/group"
fi
{
	cat /etc/ld.so.conf.d/*.conf
	find "$exim/usr/lib" -maxdepth 1 -type d -name '*-linux-gnu*'
} >"$dir/etc/ld.so.conf"
ldconfig -X -f "$dir/etc/ld.so.conf" -C "$dir/etc/ld.so.cache"
mount --bind "$dir/etc" /etc
port=$((20000 + $$ % 20000))
mkdir "$dir/box" "$dir/log" "$dir/spool" "$dir/spool.server"
chown Debian-exim:Debian-exim "$dir/box" "$dir/log" "$dir/spool" "$dir/spool.server"
cat >"$dir/server.conf" <<END
spool_directory = $dir/spool.server
log_file_path = $dir/log/server.%slog
pid_file_path = $dir/server.pid
primary_hostname = loopback.test
local_interfaces = 127.0.0.1
daemon_smtp_ports = $port
acl_smtp_rcpt = accept
tls_advertise_hosts =
keep_environment =
exim_path = $exim/usr/sbin/exim4
deliver_drop_privilege = true
begin acl
begin routers
store:
  driver = accept
  transport = box
begin transports
box:
  driver = appendfile
  directory = $dir/box
  maildir_format
  envelope_to_add
  return_path_add
END
cat >"$dir/client.conf" <<END
spool_directory = $dir/spool
log_file_path = $dir/log/client.%slog
primary_hostname = head.test
untrusted_set_sender = *
local_from_check = false
tls_advertise_hosts =
keep_environment =
exim_path = $exim/usr/sbin/exim4
deliver_drop_privilege = true
begin acl
begin routers
loopback:
  driver = manualroute
  route_list = * 127.0.0.1::$port
  self = send
  transport = smtp
begin transports
smtp:
  driver = smtp
END
printf '#!/bin/sh\nexec "%s" -C "%s" "$@"\n' "$exim/usr/sbin/exim4" "$dir/client.conf" >"$dir/sendmail"
chmod 755 "$dir/sendmail"
"$exim/usr/sbin/exim4" -C "$dir/server.conf" -bdf &
server=$!
is 'the mail system listens on loopback' wait_until listening

# --- a bank on the fake Slurm ---

export JOURNAL_STREAM=none LC_ALL=C TZ=UTC FAKE_STATE=$dir/state SLURM_CONF=$dir/state
export PATH=$source/tests/fake:$PATH
unset SUBANK_BANK
mkdir -p "$FAKE_STATE/dev"
: >"$FAKE_STATE/dev/root"
echo RawUsage=0 >"$FAKE_STATE/dev/bio"
cat >"$dir/settings" <<END
bank: $dir/bank
clusters: [dev]
charge_minutes: 0
publish_file: $dir/balances.json
notify: $dir/notify
sendmail: $dir/sendmail
mail_templates: $source/init/mail
mail_from: hpc@example.org
mail_site: Rechenzentrum Höhe
END
# The installed one, with these settings.
sed "s|'@bindir@/subank'|'$subank' --config '$dir/settings'|" "$source/init/subank-mail.in" >"$dir/notify"
chmod 755 "$dir/notify"
sb() {
	"$subank" -c "$dir/settings" "$@" >"$dir/out" 2>&1 || {
		echo "subank $* failed with $?:" && cat "$dir/out"
		return 1
	}
}
is 'a bank is made' sb init
is 'an account is opened' sb open bio 10
is 'it has contacts' sb terms bio --contact pi@x.example,office@y.example
is 'a check runs' sb check
is 'the account is held' sb hold bio --note 'Wartung für 1 Tag'
is 'a check mails that' sb check
is 'one copy for each contact is stored' wait_until stored 2
cat "$dir"/box/new/* >"$dir/all"
is 'the envelope has both' [ "$(grep -c '^Envelope-to: \(pi@x\|office@y\).example$' "$dir/all")" -eq 2 ]
is 'the sender is that of the settings' [ "$(grep -c '^Return-path: <hpc@example.org>$' "$dir/all")" -eq 2 ]
is 'the mail says so, too' [ "$(grep -c '^From: =?UTF-8?B?' "$dir/all")" -eq 2 ]
is 'the subject arrives' [ "$(grep -c '^Subject: bio: new jobs wait$' "$dir/all")" -eq 2 ]
is 'the note arrives with its umlaut' [ "$(grep -c '^    Note:  Wartung für 1 Tag$' "$dir/all")" -eq 2 ]
is 'nothing waits in the queue' [ -z "$(find "$dir/spool/input" -type f)" ]

# A mail system that refuses makes the entry wait; the next check sends it.
mv "$dir/sendmail" "$dir/sendmail.aside"
printf '#!/bin/sh\necho "451 try later" >&2\nexit 75\n' >"$dir/sendmail"
chmod 755 "$dir/sendmail"
is 'the hold ends' sb release bio
is 'a check reports what failed' not sb check
is 'with the reason' grep -q 'exit status 75: 451 try later' "$dir/out"
mv "$dir/sendmail.aside" "$dir/sendmail"
is 'the next check sends it' sb check
is 'it is stored' wait_until stored 4
is 'it is about the release' [ "$(cat "$dir"/box/new/* | grep -c '^Subject: bio: released$')" -eq 2 ]

tally
