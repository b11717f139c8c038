#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Checks that files include only what HACKING.md allows their room: no room includes one above it, slurm/
# uses only ledger/base, and one file includes a foreign library. Checks that the files that HACKING.md names
# exist.
set -eu
cd "${srcdir:-.}"

all=$(find ledger slurm cmd tests bootstrap -type f)
missing=$(grep -o '`[a-z_./]*\.\(c\|h\|sh\|bash\|py\)`' HACKING.md | tr -d '`' | sort -u | while read -r file; do
	case "
$all
" in
	*["/
"]"$file
"*) ;;
	*) echo "$file" ;;
	esac
done)
if [ -n "$missing" ]; then
	echo "HACKING.md names files that do not exist: $missing" >&2
	exit 1
fi

find ledger slurm cmd -name '*.[ch]' -exec grep -H '^#include' {} + | awk '
	BEGIN {
		# A room, and the rooms that it may include besides itself.
		may["ledger/base"] = ""
		may["ledger/store"] = "ledger/base"
		may["ledger/account"] = "ledger/base"
		may["ledger/books"] = may["ledger/account"] " ledger/store ledger/account"
		may["ledger/check"] = "ledger/base ledger/account ledger/books"
		may["ledger/report"] = may["ledger/check"] " ledger/check"
		may["ledger/files"] = may["ledger/books"] " ledger/books"
		may["slurm"] = "ledger/base"
		may["cmd/frame"] = may["ledger/files"] " ledger/check ledger/report ledger/files slurm"
		may["cmd/show"] = may["cmd/frame"] " cmd/frame"
		may["cmd/check"] = may["cmd/show"] " cmd/show"
		may["cmd/mail"] = may["cmd/show"] " cmd/show"
		may["cmd/enter"] = may["cmd/check"] " cmd/check"
		may["cmd/report"] = may["cmd/check"] " cmd/check"
		may["cmd/doctor"] = may["cmd/check"] " cmd/check"
		may["cmd/verbs"] = may["cmd/enter"] " cmd/enter cmd/doctor cmd/mail cmd/report"
		may["cmd"] = may["cmd/verbs"] " cmd/verbs"

		# A header, and the file that includes it.
		home["lmdb.h"] = "ledger/store/inside.h"
		home["pthread.h"] = "ledger/books/ahead.c"
		home["spawn.h"] = "slurm/run.c"
		home["yaml.h"] = "ledger/files/yamlfile.c"
	}
	function room_of(path) {
		sub(/\/[^\/]*$/, "", path)
		return path
	}
	function complain(text) {
		print text > "/dev/stderr"
		wrong = 1
	}
	{
		file = $0
		sub(/:.*/, "", file)
		header = $2
		foreign = header ~ /^</
		gsub(/[<>"]/, "", header)
		if (foreign && header in home) {
			found[header] = 1
			if (file != home[header])
				complain(file " includes <" header ">, which belongs in " home[header])
		}
		if (foreign || header !~ /\//)
			next
		count++
		room = room_of(file)
		other = room_of(header)
		if (!(room in may))
			complain(file " is in an unknown room")
		else if (room != other && index(" " may[room] " ", " " other " ") == 0)
			complain(file " includes " header ": " room " may not include " other)
	}
	END {
		for (header in home) {
			if (!(header in found))
				complain("nothing includes <" header ">")
		}
		if (count < 500)
			complain("found only " count " includes: is this the source tree?")
		exit wrong
	}'
