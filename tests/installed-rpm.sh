#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Tests PACKAGE.rpm on a copy of this machine (a temporary overlay), as root, on any system that has rpm, such as
# Debian: its files and their owners, that its scripts make the user and disable the timers, and that the books
# stay when it is removed. Dependencies are not checked (--nodeps): their names are those of RPM distributions.
package=$(realpath -- "${1:?which package?}") || exit 99
[ -n "$SUBANK_UNSHARED" ] || SUBANK_UNSHARED=1 exec unshare --mount sh "$0" "$package"

# shellcheck source=tests/tally.sh
. "$(dirname -- "$0")/tally.sh"

top=$(mktemp -d "${TMPDIR:-/tmp}/subank-rpm.XXXXXX") || exit 99
root=$top/root
trap 'umount "$root" "$top"; rmdir "$top"' EXIT
trap 'exit 99' HUP INT TERM
mount -t tmpfs tmpfs "$top" && mkdir "$root" "$top/upper" "$top/work" &&
	mount -t overlay -o "lowerdir=/,upperdir=$top/upper,workdir=$top/work" overlay "$root" || exit 99

for file in passwd shadow group gshadow; do
	sed -i '/^slurm:/d' "$root/etc/$file"
done
rm -rf "$root/etc/subank" "$root/var/lib/subank" "$root/var/backups/subank" "$root/run/subank"
cp "$package" "$root/package.rpm"
# there COMMAND...: runs a command in the copy.
there() {
	chroot "$root" "$@"
}
as_slurm() {
	there setpriv --reuid=slurm --regid=slurm --clear-groups "$@"
}
rpm_there() {
	there rpm --nodeps "$@" 2>"$top/log" || {
		cat "$top/log"
		return 1
	}
}
owner() {
	there stat -c %A:%U:%G "$1"
}
is 'it can be installed' rpm_there -i /package.rpm
there rpm -ql subank 2>/dev/null >"$top/files"
is 'it made the user' there getent passwd slurm
is 'it runs' there subank --version
for verb in $(there subank complete -- '' | cut -f 1); do
	is "it has the page of $verb" grep -q "^/usr/share/man/man1/subank-$verb\\.1" "$top/files"
done
for file in usr/share/doc/subank/subank.yaml usr/lib/systemd/system/subank-check.timer \
	usr/lib/systemd/system/subank-check.service usr/lib/sysusers.d/subank.conf \
	usr/lib/tmpfiles.d/subank.conf usr/share/bash-completion/completions/subank \
	usr/share/zsh/site-functions/_subank usr/share/fish/vendor_completions.d/subank.fish; do
	is "it has $file" [ -s "$root/$file" ]
done
for folder in /var/lib/subank /var/backups/subank; do
	is "only slurm can use $folder" [ "$(owner "$folder")" = drwxr-x---:slurm:slurm ]
done
is 'users can enter /run/subank' [ "$(owner /run/subank)" = drwxr-xr-x:slurm:slurm ]
is 'no timer is enabled' not grep -q '^/etc' "$top/files"
is 'init makes a bank without settings' as_slurm subank -Q init
is 'init writes settings' there subank init --settings
is 'the settings are valid' as_slurm subank -Q balance
if there sh -c 'command -v systemctl' >/dev/null; then
	wanted=/etc/systemd/system/timers.target.wants/subank-check.timer
	is 'a timer can be enabled' there systemctl --quiet enable subank-check.timer
	is 'the timer is enabled' [ -L "$root$wanted" ]
	is 'it can be installed again' rpm_there -U --replacepkgs /package.rpm
	is 'the timer is still enabled' [ -L "$root$wanted" ]
fi
is 'it can be removed' rpm_there -e subank
is 'no script printed an error' not grep -v '^rpm: ' "$top/log"
is 'no unit is left' [ -z "$(find "$root/etc/systemd" -name 'subank*')" ]
is 'the books are still there' [ -s "$root/var/lib/subank/books/data.mdb" ]
is 'the settings are still there' [ -s "$root/etc/subank/subank.yaml" ]
while read -r file; do
	case $file in
	/var/lib/subank | /var/backups/subank | /run/subank) ;;
	*) [ ! -e "$root$file" ] || is "$file is gone" false ;;
	esac
done <"$top/files"
tally
