#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Proves that ./bootstrap needs nothing but Debian: makes a minimal Debian tree in a temporary folder,
# copies this checkout there, and runs ./bootstrap in it. Run it by hand, as root; it needs debootstrap and
# a network. With `deb` it builds the package there, and tries it in a second tree without the build.
# The mirror and the proxies are those of this machine's apt. Programs in the tree see only the processes
# of the tree, and nothing stays mounted or running, however this ends.

set -euo pipefail

usage() {
	cat <<-END
		usage: tests/fresh-machine.bash [OPTIONS] [SUITE] [demo|check|build|deb]
		  SUITE          a release of Debian, such as trixie or sid; also --suite NAME (default: bookworm)
		  demo, ...      what to do there (default: check)
		  --head         copy the last commit instead of the current files
		  --shell        open a shell in the tree after bootstrap has ended
		  --keep         keep the tree and report where it is
	END
}

suite=bookworm verb=check from_head='' shell='' keep=''
while (($#)); do
	case $1 in
	--suite) suite=${2:?"--suite: no release given"} && shift ;;
	--head) from_head=1 ;;
	--shell) shell=1 ;;
	--keep) keep=1 ;;
	demo | check | deb) verb=$1 ;;
	build) verb='' ;;
	--help | -h) usage && exit 0 ;;
	[a-z]*) suite=$1 ;;
	*) usage >&2 && exit 2 ;;
	esac
	shift
done

top=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd -P)
# shellcheck source=tests/slurm/process.bash
source "$top/tests/slurm/process.bash"

say() {
	printf 'fresh-machine: [%3d s] %s\n' "$SECONDS" "$*"
}

fail() {
	echo "fresh-machine: $*" >&2
	exit 1
}

((EUID == 0)) || fail "needs root, to mount file systems and use chroot"
for need in debootstrap unshare chroot apt-get tar; do
	command -v "$need" >/dev/null || fail "$need is missing (apt-get install debootstrap util-linux)"
done

tree=$(mktemp -d /tmp/subank-fresh.XXXXXX)
second=
chmod 755 "$tree" # it becomes the root folder
mark="SUBANK_FRESH=$$.$EPOCHREALTIME"
# shellcheck disable=SC2317 # called by the exit trap
finish() {
	process_end 10 process_marked "$mark" || true
	if [[ -n $keep ]]; then
		say "the tree is $tree${second:+, and $second}"
	else
		rm -rf --one-file-system -- "$tree" ${second:+"$second"}
	fi
}
process_at_exit finish

# Runs a command in its own session, so that a signal to us ends the wait at once and the exit trap ends
# the command.
run() {
	env "$mark" setsid "$@" </dev/null &
	wait $!
}

# Prints SITE RELEASE COMPONENT of every repository that apt knows here.
sources() {
	# shellcheck disable=SC2016 # the dollars are apt's
	apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Identifier: Packages'
}

mirror=$(sources | awk -v suite="$suite" '$2 == suite { print $1; exit }')
if [[ -z $mirror ]]; then
	# The release is not this machine's, but the same mirror most likely has it.
	mirror=$(sources | awk '$2 !~ /-/ { print $1; exit }')
fi
[[ -n $mirror ]] || fail "apt on this machine knows no repository: run apt-get update first"
include=
if [[ $mirror = https:* ]]; then
	include=--include=ca-certificates
fi

# An older debootstrap has no script for the newest releases; that of sid works for them.
script=
if [[ ! -e ${DEBOOTSTRAP_DIR:-/usr/share/debootstrap}/scripts/$suite ]]; then
	script=sid
fi

say "making a minimal Debian $suite in $tree"
if ! run debootstrap --variant=minbase ${include:+"$include"} "$suite" "$tree" "$mirror" ${script:+"$script"} \
	>"$tree.log" 2>&1; then
	tail -n 20 "$tree.log" >&2
	rm -f -- "$tree.log"
	fail "debootstrap failed"
fi
rm -f -- "$tree.log"

# The tree gets apt's repositories and proxies, and nothing else of this machine.
{
	echo "deb $mirror $suite main"
	sources | awk -v suite="$suite" 'index($2, suite "-") == 1 { print "deb", $1, $2, $3 }' | sort -u
} >"$tree/etc/apt/sources.list"
apt-config dump | grep -E '^Acquire::((http|https|ftp)::|Check-)' >"$tree/etc/apt/apt.conf.d/90host" || true
if [[ -d /etc/apt/auth.conf.d ]]; then
	cp -a /etc/apt/auth.conf.d "$tree/etc/apt/"
fi
cp -L /etc/resolv.conf "$tree/etc/resolv.conf"

mkdir "$tree/root/subank"
git=(git -c safe.directory="$top" -C "$top")
if [[ -n $from_head ]]; then
	"${git[@]}" archive HEAD | tar -C "$tree/root/subank" -xf -
else
	"${git[@]}" ls-files -z --cached --others --exclude-standard |
		tar -C "$top" --null --files-from=- --ignore-failed-read -cf - | tar -C "$tree/root/subank" -xf -
fi
chown -R 0:0 "$tree/root/subank"

# Gives the tree its own /proc, /dev and terminals, as on a fresh machine; they disappear with the namespace.
cat >"$tree/root/enter" <<'END'
set -eu
tree=$1
shift
mount -t proc proc "$tree/proc"
mount -t tmpfs -o mode=755 tmpfs "$tree/dev"
for device in null zero full random urandom tty; do
	touch "$tree/dev/$device"
	mount --bind "/dev/$device" "$tree/dev/$device"
done
ln -s /proc/self/fd "$tree/dev/fd"
ln -s fd/0 "$tree/dev/stdin"
ln -s fd/1 "$tree/dev/stdout"
ln -s fd/2 "$tree/dev/stderr"
mkdir "$tree/dev/shm" "$tree/dev/pts"
chmod 1777 "$tree/dev/shm"
mount -t devpts -o newinstance,ptmxmode=666 devpts "$tree/dev/pts"
ln -s pts/ptmx "$tree/dev/ptmx"
exec chroot "$tree" "$@"
END

# enter run|here COMMAND...: runs a command in the tree, in its own session with `run`.
enter() {
	local before=()
	if [[ $1 = run ]]; then
		before=(run)
	fi
	shift
	"${before[@]}" env -i "$mark" HOME=/root TERM="${TERM:-dumb}" PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
		${http_proxy:+"http_proxy=$http_proxy"} ${https_proxy:+"https_proxy=$https_proxy"} ${no_proxy:+"no_proxy=$no_proxy"} \
		unshare --mount --pid --fork --kill-child sh "$tree/root/enter" "$tree" "$@"
}

# Builds the package in the first tree and tries it in the second.
try_deb() {
	local build=$tree
	second=$(mktemp -d /tmp/subank-fresh.XXXXXX)
	cp -a -- "$tree/." "$second"
	say "building the package in $tree"
	# shellcheck disable=SC2016 # expanded by the inner shell
	enter run bash -ec '
		export DEBIAN_FRONTEND=noninteractive
		cd /root/subank
		./bootstrap
		mv build-aux/deb debian # for apt alone
		apt-get -y -q --no-install-recommends build-dep ./
		mv debian build-aux/deb
		apt-get -y -q --no-install-recommends install lintian
		DEBFULLNAME="The subank maintainers" DEBEMAIL=subank@lists.example.org make -C build deb
		lintian --allow-root --fail-on error build/packages/*.deb' >"$build.log" 2>&1 || {
		tail -n 40 "$build.log" >&2
		rm -f -- "$build.log"
		fail "cannot build the package"
	}
	rm -f -- "$build.log"
	cp -- "$build"/root/subank/build/packages/*.deb "$second/root/subank.deb"
	tree=$second second=$build
	say "trying it in $tree"
	enter run sh /root/subank/tests/installed-deb.sh /root/subank.deb
}

if [[ $verb = deb ]]; then
	try_deb
	exit
fi

say "running ./bootstrap${verb:+ $verb} in it"
status=0
# shellcheck disable=SC2016 # expanded by the inner shell
enter run bash -c '
	cd /root/subank || exit 1
	status=0
	./bootstrap "$@" || status=$?
	left=
	for process in /proc/[0-9]*; do
		read -r pid name state _ <"$process/stat" 2>/dev/null || continue
		[ "$pid" = $$ ] || [ "$state" = Z ] || left="$left $pid $name"
	done
	if [ -n "$left" ]; then
		echo "fresh-machine: bootstrap left processes:$left" >&2
		exit 1
	fi
	if grep "^subank-" /etc/passwd >&2 || ls -d /tmp/subank-* /usr/sbin/policy-rc.d 2>/dev/null >&2; then
		echo "fresh-machine: bootstrap left the above" >&2
		exit 1
	fi
	exit "$status"' bash ${verb:+"$verb"} || status=$?
say "bootstrap ended with status $status"
if [[ -n $shell ]]; then
	enter here bash -l || true
fi
exit "$status"
