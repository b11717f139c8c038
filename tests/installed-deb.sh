#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# PACKAGE.deb in a Debian that has never seen it: installed with apt, used as slurm, installed again,
# removed and purged. The books outlive all of it. tests/fresh-machine.bash deb runs this in a tree of
# its own; it changes the system that it runs in.
package=${1:?which package?}
export DEBIAN_FRONTEND=noninteractive

# shellcheck source=tests/tally.sh
. "$(dirname -- "$0")/tally.sh"

apt() {
	apt-get -y -q --no-install-recommends "$@" >/tmp/apt.log 2>&1 || {
		tail -n 30 /tmp/apt.log
		return 1
	}
}
as_slurm() {
	setpriv --reuid=slurm --regid=slurm --clear-groups "$@"
}

apt update || exit 99
is 'apt installs it' apt install "$package"
files=$(dpkg -L subank)
is 'it runs' subank --version
dpkg-query -W -f '${Maintainer}\n' subank >/tmp/maintainer
is 'it says who made it' grep -qx '[^@]* <[^@ ]*@[^@ ]*>' /tmp/maintainer
is 'man is there' apt install man-db
is 'man finds the manual' [ "$(man -w subank)" = /usr/share/man/man1/subank.1.gz ]
is 'and a page of a verb' man -w subank-deposit
is 'and the settings' man -w 5 subank.yaml
is 'the folder of the books is for slurm alone' [ "$(stat -c %A:%U:%G /var/lib/subank)" = drwxr-x---:slurm:slurm ]
is 'and that of copies' [ "$(stat -c %A:%U:%G /var/backups/subank)" = drwxr-x---:slurm:slurm ]
is 'no timer is enabled' [ -z "$(find /etc/systemd -name 'subank*')" ]
is 'users can enter /run/subank' [ "$(stat -c %A:%U:%G /run/subank)" = drwxr-xr-x:slurm:slurm ]
is 'there is a bank without settings' as_slurm subank -Q init
is 'init writes settings' subank init --settings
is 'which are read' as_slurm subank -Q balance
is 'there are books' as_slurm subank verify
as_slurm subank export >/tmp/before.yaml
is 'nobody else sees them' not setpriv --reuid=65534 --regid=65534 --clear-groups test -r /var/lib/subank/books

echo '# ours' >>/etc/subank/subank.yaml
is 'it can be installed again' apt install --reinstall "$package"
is 'settings that were changed stay' grep -qx '# ours' /etc/subank/subank.yaml

is 'it can be removed' apt remove subank
is 'the program is gone' [ ! -e /usr/bin/subank ]
is 'the settings are still there' grep -qx '# ours' /etc/subank/subank.yaml
is 'the books are still there' [ -s /var/lib/subank/books/data.mdb ]
is 'it can be purged' apt purge subank
is 'settings and books are the site'"'"'s' grep -qx '# ours' /etc/subank/subank.yaml
is 'the books are still there after that' [ -s /var/lib/subank/books/data.mdb ]
for file in $files; do
	[ -d "$file" ] || is "$file is gone" [ ! -e "$file" ]
done
is 'no unit is left' [ -z "$(find /etc/systemd /var/lib/systemd -name 'subank*')" ]
is 'it comes back' apt install "$package"
as_slurm subank export >/tmp/after.yaml
is 'and finds its books' cmp /tmp/before.yaml /tmp/after.yaml
tally
