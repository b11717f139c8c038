#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# PACKAGE.rpm in a root folder of its own, as root, on whatever has rpm (Debian has): what it brings, as
# whose, and that the books stay when it is removed. Scripts and dependencies are not tried, which
# takes a distribution of that kind.
package=${1:?which package?}
root=$(mktemp -d "${TMPDIR:-/tmp}/subank-rpm.XXXXXX") || exit 99
trap 'rm -rf "$root"' EXIT
trap 'exit 99' HUP INT TERM

# shellcheck source=tests/tally.sh
. "$(dirname -- "$0")/tally.sh"

mkdir "$root/etc"
echo 'slurm:x:64030:64030::/nonexistent:/usr/sbin/nologin' >"$root/etc/passwd"
echo 'slurm:x:64030:' >"$root/etc/group"
rpm_there() {
	rpm --root "$root" --nodeps --noscripts "$@"
}
is 'it can be installed' rpm_there -i "$package"
is 'it runs' "$root/usr/bin/subank" --version
for verb in $("$root/usr/bin/subank" complete -- '' | cut -f 1); do
	is "it brings the page of $verb" [ -n "$(find "$root/usr/share/man/man1" -name "subank-$verb.1*")" ]
done
for file in etc/subank/subank.yaml usr/lib/systemd/system/subank-check.timer \
	usr/lib/systemd/system/subank-check.service usr/lib/sysusers.d/subank.conf \
	usr/lib/tmpfiles.d/subank.conf usr/share/bash-completion/completions/subank \
	usr/share/zsh/site-functions/_subank usr/share/fish/vendor_completions.d/subank.fish; do
	is "it brings $file" [ -s "$root/$file" ]
done
for folder in var/lib/subank var/backups/subank; do
	is "$folder is for slurm alone" [ "$(stat -c %A:%u:%g "$root/$folder")" = drwxr-x---:64030:64030 ]
done
is 'the settings are a file of configuration' [ "$(rpm -qpc "$package")" = /etc/subank/subank.yaml ]
is 'no timer is enabled' [ -z "$(find "$root/etc" -name 'subank*.timer')" ]
is 'there are books' "$root/usr/bin/subank" -Q -c "$root/etc/subank/subank.yaml" -b "$root/var/lib/subank" init
is 'it can be removed' rpm_there -e subank
is 'the books are still there' [ -s "$root/var/lib/subank/books/data.mdb" ]
is 'nothing else is' [ -z "$(find "$root/usr" -name '*subank*')" ]
tally
