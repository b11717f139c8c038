#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measures how fast subank is, compared with the floor (a bare C program that does the minimum with the
same bytes) or with other programs that do the same. Both sides of a row run in turn, subank first; their
medians are compared. README.md in this folder says what is measured and why it is fair.

    bench.py [ROW...]                 all rows, or those named; `bench.py --rows` lists them
    bench.py race TO-FILE TIMES SIDE -- SIDE   for check.bash: see race()

Started by `make bench`. Environment: SUBANK, the program; BENCH_BUILD, the folder of the bare programs;
BENCH, quick or full, for smaller or larger banks; BENCH_OUT, the folder for the results (default bench/);
PREDECESSOR, the folder of slurm_su_bank_python3."""

import json
import os
import pwd
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import textwrap
import time
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
BUILD = Path(os.environ.get("BENCH_BUILD", "tests/bench"))
SUBANK = os.environ.get("SUBANK", "./subank")
OUT = Path(os.environ.get("BENCH_OUT", "bench")).resolve()
BANKS = OUT / "banks"
ACCOUNT = "project00003"


@dataclass(frozen=True)
class Size:
    """The sizes of the banks, in entries, and how often short and long commands run on each side."""

    grow: tuple  # the points of the curves; the largest that a row uses is in the table
    many: int  # append, export and restore
    most: int  # verify and balance
    peers: int
    accounts: tuple  # the points of the curves over accounts
    short: int
    long: int


SIZES = {
    "quick": Size((1_000, 10_000), 10_000, 10_000, 1_000, (10, 1_000), 21, 1),
    "default": Size((1_000, 10_000, 100_000, 1_000_000, 10_000_000), 1_000_000, 10_000_000, 100_000,
                    (10, 1_000, 10_000), 101, 3),
    "full": Size((1_000, 10_000, 100_000, 1_000_000, 10_000_000), 10_000_000, 10_000_000, 100_000,
                 (10, 1_000, 10_000), 501, 5),
}
SIZE = SIZES[os.environ.get("BENCH") or "default"]
ACCOUNTS = 100  # accounts of the curves over entries
JOBS_SINCE = 1_750_000_000  # seconds since 1970; all jobs are within one slice of time for sacct
CURVE = 100_000  # entries of the curves over accounts


# ---- running ----


def fail(text):
    sys.exit(f"bench: {text}")


def once(argv, out=os.devnull, err=os.devnull):
    """Runs a command. Returns the seconds from before its start until its end was seen."""
    actions = [(os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
               (os.POSIX_SPAWN_OPEN, 1, out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644),
               (os.POSIX_SPAWN_OPEN, 2, err, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)]
    began = time.perf_counter()
    pid = os.posix_spawnp(argv[0], argv, os.environ, file_actions=actions)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    took = time.perf_counter() - began
    if status:
        subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=False)
        fail(f"status {status}: {' '.join(argv)}")
    return took


def whole(*argv, before=None, out=os.devnull):
    """Returns a side of a row that times a whole process, without before()."""

    def run():
        if before:
            before()
        return once([str(arg) for arg in argv], str(out))

    return run


def inner(*argv, before=None, after=None):
    """Returns a side of a row that takes the seconds which the program prints first."""

    def run():
        if before:
            before()
        done = subprocess.run([str(arg) for arg in argv], check=True, capture_output=True, text=True)
        if after:
            after()
        return float(done.stdout.split()[0])

    return run


def in_turn(times, *sides):
    """Runs the sides in turn. Returns the median of each."""
    took = [[] for _ in sides]
    for _ in range(times):
        for side, run in enumerate(sides):
            took[side].append(run())
    return [statistics.median(one) for one in took]


def parted(words, mark):
    """Splits a list at the mark: ['a', mark, 'b', 'c'] becomes [['a'], ['b', 'c']]."""
    parts = [[]]
    for word in words:
        if word == mark:
            parts.append([])
        else:
            parts[-1].append(word)
    return parts


def race(to_file, times, *words):
    """For scripts: `--` separates the sides, `+` the commands of one side. Writes the medians as JSON."""
    def side(commands):
        return lambda: sum(once(command) for command in commands)

    sides = [side(parted(argv, "+")) for argv in parted(words, "--")]
    Path(to_file).write_text(json.dumps(in_turn(int(times), *sides)), encoding="utf-8")


def anonymous_peak(*argv):
    """Returns the peak of a command's anonymous memory, in MB: without the mapped data file, whose pages
    are the system's cache. Samples every two milliseconds."""
    peak = 0
    with subprocess.Popen([str(arg) for arg in argv], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL) as child:
        while child.poll() is None:
            try:
                status = Path(f"/proc/{child.pid}/status").read_text(encoding="ascii")
                peak = max(peak, int(re.search(r"RssAnon:\s*(\d+)", status).group(1)))
            except (AttributeError, OSError):
                pass
            time.sleep(0.002)
    return peak / 1024


# ---- the banks ----


def tool(name):
    return BUILD / name


def bank(entries, accounts=ACCOUNTS):
    """Returns the folder of a bank, which append makes at the first call."""
    folder = BANKS / f"{entries}-{accounts}"
    if not folder.exists():
        say(f"making a bank of {entries:,} entries and {accounts:,} accounts")
        subprocess.run([tool("append"), folder, str(entries), str(accounts)], check=True,
                       stdout=subprocess.DEVNULL)
    return folder


def fresh(folder):
    shutil.rmtree(folder, ignore_errors=True)


def exported(entries, accounts=ACCOUNTS, form="yaml"):
    file = BANKS / f"{entries}-{accounts}.{form}"
    if not file.exists():
        subprocess.run([SUBANK, "-b", bank(entries, accounts), "export", "-Q", "--format", form, file],
                       check=True)
    return file


# ---- results ----


@dataclass
class Row:
    what: str
    ours: str
    beside: str  # the other side's result
    ratio: float
    reach: str
    good: bool


@dataclass
class Results:
    rows: list = field(default_factory=list)
    skipped: list = field(default_factory=list)
    notes: list = field(default_factory=list)
    curves: dict = field(default_factory=dict)  # name -> [(x, ours, floor)]


results = Results()


def say(text):
    print(f"bench: [{time.perf_counter() - BEGAN:4.0f} s] {text}", file=sys.stderr, flush=True)


def seconds(value):
    if value < 0.1:
        return f"{1e3 * value:.2f} ms"
    return f"{value:.2f} s"


def add(what, ours, beside, most, show=seconds):
    """Adds a row whose ratio ours : beside must be at most [most]."""
    ratio = ours / beside
    results.rows.append(Row(what, show(ours), show(beside), ratio, f"<= {most}x", ratio <= most))


def add_faster(what, ours, beside, least):
    """Adds a row in which subank must be at least [least] times faster."""
    ratio = beside / ours
    results.rows.append(Row(what, seconds(ours), seconds(beside), ratio, f">= {least:,}x faster",
                            ratio >= least))


def skip(what, why):
    say(f"skipped: {what}: {why}")
    results.skipped.append(f"{what}: {why}")


def curve(name, x, *values):
    results.curves.setdefault(name, []).append((x, *values))


# ---- the rows ----


def sizes(most):
    return [entries for entries in SIZE.grow if entries <= most]


def deposit(folder, times):
    """Times a durable deposit, and a bare program that adds a value of the same size to a copy."""
    env = BANKS / "put"
    fresh(env)
    shutil.copytree(folder / "books", env)
    return in_turn(times, whole(SUBANK, "-b", folder, "deposit", ACCOUNT, "1", "-Q"),
                   whole(tool("floor_lmdb"), "put", env, "140"))


def row_deposit():
    for entries in sizes(SIZE.many):
        ours, floor = deposit(bank(entries), SIZE.short)
        curve("deposit", entries, ours, floor)
        if entries == 1_000:
            add("one durable deposit, whole process", ours, floor, 1.3)
    for accounts in SIZE.accounts:
        curve("deposit-accounts", accounts, *deposit(bank(CURVE, accounts), SIZE.short))


def balance(folder, times):
    return in_turn(times, whole(SUBANK, "-b", folder, "balance", ACCOUNT),
                   whole(tool("floor_lmdb"), "get", folder / "books", ACCOUNT))


def row_balance():
    for entries in sizes(SIZE.most):
        ours, floor = balance(bank(entries), SIZE.short)
        curve("balance", entries, ours, floor)
        if entries in (1_000, SIZE.most):
            add(f"`balance ACCOUNT`, whole process, {entries:,} entries", ours, floor, 1.5)
    for accounts in SIZE.accounts:
        curve("balance-accounts", accounts, *balance(bank(CURVE, accounts), SIZE.short))


def append(entries, accounts=ACCOUNTS):
    """Times appends. Before the clock starts, the bare program has its entries in memory, and ours the charges
    as C structs."""
    ours, floor = BANKS / "append", BANKS / "floor"

    def fresh_floor():
        fresh(floor)
        floor.mkdir()

    took = in_turn(SIZE.long,
                   inner(tool("append"), ours, entries, accounts, before=lambda: fresh(ours)),
                   inner(tool("floor_hash"), "append", bank(entries, accounts) / "books", floor,
                         before=fresh_floor))
    fresh(ours)
    fresh(floor)
    return took


def row_append():
    for entries in sizes(SIZE.many):
        ours, floor = append(entries)
        curve("append", entries, ours / entries, floor / entries)
        if entries == SIZE.many:
            add(f"append of {entries:,} charges: chain, states, indexes", ours, floor, 2)
    for accounts in SIZE.accounts:
        curve("append-accounts", accounts, *(one / CURVE for one in append(CURVE, accounts)))


def sacct_file(jobs):
    """Writes the output of sacct for that many jobs, which ended within two days of JOBS_SINCE."""
    file = BANKS / f"{jobs}.sacct"
    with open(file, "w", encoding="ascii") as to:
        print("Cluster|JobIDRaw|JobID|DBIndex|Account|User|Partition|QOS|State|Submit|Start|End|ElapsedRaw|"
              "Suspended|AllocTRES|TimelimitRaw", file=to)
        for i in range(jobs):
            ran, cpus = 1 + i * 7919 % 7200, 1 << i % 7
            start = JOBS_SINCE + i * 150_000 // jobs
            index = 5000 + i + (i % 2) * 13512637919694125056
            print(f"dev|{1000 + i}|{1000 + i}|{index}|project{i * 31 % ACCOUNTS:05}|user{i * 17 % 700:04}|"
                  f"{'gpu' if i % 5 == 0 else 'main'}|normal|{'FAILED' if i % 13 == 0 else 'COMPLETED'}|"
                  f"{start - 30}|{start}|{start + ran}|{ran}|00:00:00|"
                  f"billing={cpus},cpu={cpus},mem={cpus * 4000}M,node=1|120", file=to)
    return file


def row_jobs():
    folder = BANKS / "jobs"
    for jobs in sizes(SIZE.many):
        file = sacct_file(jobs)
        ours, floor = in_turn(SIZE.long,
                              inner(tool("jobs"), folder, file, ACCOUNTS, JOBS_SINCE, JOBS_SINCE + 200_000,
                                    before=lambda: fresh(folder)),
                              inner(tool("floor_sacct"), file))
        curve("jobs", jobs, ours / jobs, floor / jobs)
        if jobs == SIZE.many:
            results.rows.append(Row(f"{jobs:,} jobs from sacct: parse, append", f"{jobs / ours:,.0f}/s",
                                    f"{jobs / floor:,.0f}/s", ours / floor, ">= 150,000/s",
                                    jobs / ours >= 150_000))
        file.unlink()
    fresh(folder)


def verify(folder):
    return in_turn(SIZE.long, whole(SUBANK, "-b", folder, "verify"),
                   whole(tool("floor_hash"), "read", folder / "books"))


def row_verify():
    for entries in sizes(SIZE.most):
        ours, floor = verify(bank(entries))
        curve("verify", entries, ours, floor)
        if entries == SIZE.most:
            add(f"`verify` of {entries:,} entries: pages, chain, replay, states", ours, floor, 1.5)
            memory("verify", entries, "-b", bank(entries), "verify")
    for accounts in SIZE.accounts:
        curve("verify-accounts", accounts, *verify(bank(CURVE, accounts)))


def memory(verb, entries, *arguments):
    results.notes.append(f"{verb} of {entries:,} entries used {anonymous_peak(SUBANK, *arguments):.1f} MB of "
                         "anonymous memory")


def row_export():
    for entries in sizes(SIZE.many):
        folder, file = bank(entries), exported(entries)
        ours, floor = in_turn(SIZE.long, whole(SUBANK, "-b", folder, "export", out=BANKS / "ours.yaml"),
                              whole(tool("floor_yaml"), "emit", file, entries, out=BANKS / "floor.yaml"))
        curve("export", entries, ours, floor)
        if entries == SIZE.many:
            add(f"`export` of {entries:,} entries", ours, floor, 1.3)
            memory("export", entries, "-b", folder, "export")


def row_restore():
    to = BANKS / "restored"
    for entries in sizes(SIZE.many):
        file = exported(entries)
        ours, floor = in_turn(
            SIZE.long, whole(SUBANK, "-b", to, "import", file, "-Q", before=lambda: fresh(to)),
            whole(tool("floor_yaml"), "parse", file))
        curve("restore", entries, ours, floor)
        if entries == SIZE.many:
            add(f"restore of {entries:,} entries (`import`)", ours, floor, 1.8)
            fresh(to)
            memory("import", entries, "-b", to, "import", file)
    fresh(to)


def row_bytes():
    for entries in sizes(SIZE.most):
        env = bank(entries) / "books"
        said = subprocess.run([tool("floor_hash"), "read", env], check=True, capture_output=True, text=True)
        count, size = map(int, said.stdout.split()[1:3])
        disk = (env / "data.mdb").stat().st_size
        curve("bytes", entries, disk / count, size / count)
        if entries == SIZE.many:
            add(f"bytes on disk an entry, {entries:,} entries", disk / count, size / count, 2.5,
                lambda value: f"{value:.0f} B")


def balances_of(text, separator):
    """Returns the billing-seconds of each account; other lines are ignored."""
    found = {}
    for line in text.splitlines():
        words = line.replace('"', "").split(separator)
        if len(words) == 2 and words[0].lower().startswith(("assets:", "project")):
            found[words[0].lower().removeprefix("assets:").strip()] = int(float(words[1].split()[0]))
    return found


PEERS = [
    ("ledger", "ledger", ["ledger", "--args-only", "-f", "FILE", "balance", "--flat", "--no-total", "--empty",
                          "--format", "%(account)|%(quantity(display_total))\n", "^Assets:"], "|"),
    ("hledger", "ledger", ["hledger", "-f", "FILE", "balance", "-N", "--flat", "-E", "-O", "csv", "^Assets:"],
     ","),
    ("beancount", "beancount", ["bean-query", "-q", "-f", "csv", "FILE",
                                "select account, sum(number) where account ~ '^Assets:' group by account"],
     ","),
]


def row_peers():
    folder = bank(SIZE.peers)
    ask = [SUBANK, "-b", folder, "balance", "-nP", "--seconds", "-o", "Account,Available"]
    said = subprocess.run(ask, check=True, capture_output=True, text=True).stdout
    truth = balances_of(said, "|")
    for name, form, argv, separator in PEERS:
        what = f"balances of {SIZE.peers:,} entries, beside {name}"
        if not shutil.which(argv[0]):
            skip(what, f"{argv[0]} is not installed")
            continue
        say(what)
        file = str(exported(SIZE.peers, form=form))
        argv = [file if arg == "FILE" else arg for arg in argv]
        said = BANKS / f"{name}.out"
        ours, theirs = in_turn(1 if SIZE.long < 5 else 3, lambda: in_turn(SIZE.short, whole(*ask))[0],
                               whole(*argv, out=said))
        found = balances_of(said.read_text(encoding="utf-8"), separator)
        if found != truth:
            fail(f"the balances of {name} differ: {sorted(set(found.items()) ^ set(truth.items()))[:4]}")
        results.notes.append(f"{name} computes the same balance for each of {len(truth)} accounts")
        add_faster(what, ours, theirs, 50)


def row_check():
    """Times a check on the private Slurm of the tests: see check.bash."""
    what = "`check` of 1,000 accounts, nothing to do, beside Slurm's calls"
    if os.geteuid() != 0:
        return skip(what, "the private Slurm needs root")
    if not shutil.which("slurmctld") and not Path("/usr/sbin/slurmctld").exists():
        return skip(what, "Slurm is not installed")
    env = dict(os.environ, BENCH_PY=__file__, BENCH_RESULTS=str(OUT), BENCH_TIMES=str(min(SIZE.short, 21)))
    for name in ("check.json", "predecessor.json"):
        (OUT / name).unlink(missing_ok=True)
    log = OUT / "check.log"
    with open(log, "w", encoding="utf-8") as to:
        done = subprocess.run(["bash", HERE / "check.bash"], env=env, stdin=subprocess.DEVNULL, stdout=to,
                              stderr=to, check=False)
    if done.returncode:
        fail(f"check.bash failed; the end of {log}:\n{log.read_text(encoding='utf-8')[-2000:]}")
    ours, floor = json.loads((OUT / "check.json").read_text(encoding="utf-8"))
    add(what, ours, floor, 1.3)
    what = "the same, beside a cron pass of slurm_su_bank_python3"
    if not os.environ.get("PREDECESSOR"):
        return skip(what, "needs PREDECESSOR=DIR, prepared as check.bash says")
    theirs = json.loads((OUT / "predecessor.json").read_text(encoding="utf-8"))
    results.notes.append("the predecessor's pass is the time of 20 accounts x 50")
    return add_faster(what, ours, 50 * theirs[0], 1_000)


def row_submit():
    """Times submissions in a slurmctld, by its own statistics: see submit.bash."""
    what = "a submission in slurmctld with the check, 1,000 accounts, beside an empty script"
    if os.geteuid() != 0:
        return skip(what, "the private Slurm needs root")
    if not shutil.which("slurmctld") and not Path("/usr/sbin/slurmctld").exists():
        return skip(what, "Slurm is not installed")
    sides = {side: OUT / f"submit.{side}" for side in ("none", "empty", "ours")}
    for file in sides.values():
        file.unlink(missing_ok=True)
    log = OUT / "submit.log"
    env = dict(os.environ, BENCH_RESULTS=str(OUT), BENCH_TIMES="3" if SIZE.long == 1 else "21")
    with open(log, "w", encoding="utf-8") as to:
        done = subprocess.run(["bash", HERE / "submit.bash"], env=env, stdin=subprocess.DEVNULL, stdout=to,
                              stderr=to, check=False)
    if done.returncode:
        fail(f"submit.bash failed; the end of {log}:\n{log.read_text(encoding='utf-8')[-2000:]}")
    none, empty, ours = (statistics.median(map(int, file.read_text(encoding="ascii").split()))
                         for file in sides.values())
    results.notes.append(f"a submission without any script takes slurmctld {none:.0f} us")
    results.rows.append(Row(what, f"{ours:.0f} us", f"{empty:.0f} us", ours / empty, "<= 50 us more",
                            ours - empty <= 50))
    return None


# What Slurm answers about 1,000 accounts with five users each, and the settings that a check inspects.
CONFIG = """\
AccountingStorageEnforce = associations,limits,qos,safe
AccountingStorageTRES = cpu,mem,energy,node,billing,fs/disk,vmem,pages,gres/gpu
BOOT_TIME = 2026-11-22T16:00:00
ClusterName = dev
PriorityDecayHalfLife = 00:00:00
PriorityCalcPeriod = 00:05:00
PriorityUsageResetPeriod = NONE
PriorityType = priority/multifactor
SLURM_VERSION = 22.05.8
"""


def shares(folder, accounts, more):
    """Makes the answer of sshare; [more] is what each account has used since the first one, in minutes."""
    def row(number, usage, user, name):
        minutes = usage // 60
        used = (f"cpu={minutes},mem={64 * minutes},energy=0,node={minutes // 8},billing={minutes},fs/disk=0,"
                f"vmem=0,pages=0,gres/gpu={minutes // 2}")
        running = "cpu=0,mem=0,energy=0,node=0,billing=0,fs/disk=0,vmem=0,pages=0,gres/gpu=0"
        return f"dev|{number}|{usage}||{used}|{running}|{user}|{name}\n"

    with open(folder / "sshare.answer", "w", encoding="ascii") as to:
        to.write("CLUSTER: dev\nCluster|ID|RawUsage|GrpTRESMins|GrpTRESRaw|TRESRunMins|User|Account\n")
        to.write(row(1, 10**9, "", "root"))
        for i in range(accounts):
            to.write(row(6 * i + 2, 60_000 + 60 * more, "", f" p{i:04}"))
            for user in range(5):
                to.write(row(6 * i + 3 + user, 12_000 + 12 * more, f"u{user}", f"  p{i:04}"))


def associations(folder, accounts):
    """Makes the answers of sacctmgr about five users in each account, who are users of this machine: only those
    get links to what is published."""
    users = [entry.pw_name for entry in pwd.getpwall()][:50]
    rows = [f"{6 * i + 3 + user}|dev|p{i:04}|{users[(i + user) % len(users)]}"
            for i in range(accounts) for user in range(5)]
    (folder / "members.answer").write_text("\n".join(["ID|Cluster|Account|User", *rows, ""]), encoding="ascii")
    (folder / "ids.answer").write_text("\n".join(["ID", *(row.split("|")[0] for row in rows), ""]), encoding="ascii")
    (folder / "sacctmgr").write_text(
        "#!/bin/sh\ncase $* in\n"
        f"*format=ID) exec cat '{folder}/ids.answer' ;;\n*) exec cat '{folder}/members.answer' ;;\nesac\n",
        encoding="ascii")
    (folder / "sacctmgr").chmod(0o755)


def replayed(name, accounts, resources, settings=""):
    """Makes a bank, in whose folder programs replay Slurm's answers. Returns its settings."""
    folder = BANKS / name
    fresh(folder)
    folder.mkdir(parents=True)
    (folder / "scontrol.answer").write_text(CONFIG, encoding="ascii")
    shares(folder, accounts, 0)
    associations(folder, accounts)
    for program in ("sshare", "scontrol"):
        (folder / program).write_text(f"#!/bin/sh\nexec cat '{folder}/{program}.answer'\n", encoding="ascii")
        (folder / program).chmod(0o755)
    (folder / "settings").write_text(
        f"bank: {folder}/bank\nclusters: [dev]\nsshare: {folder}/sshare\nscontrol: {folder}/scontrol\n"
        f"sacctmgr: {folder}/sacctmgr\n{settings}",
        encoding="ascii")
    with open(folder / "round", "w", encoding="ascii") as to:
        for i in range(accounts):
            to.write(f"- {{ref: p{i:04}, open: p{i:04}, su: 1000}}\n")
            for resource in resources:
                to.write(f"- {{ref: p{i:04}-{resource}, open: p{i:04}, su: 1000, resource: {resource}}}\n")
    ask = [SUBANK, "-c", folder / "settings"]
    folder.chmod(0o755)
    for words in (["init"], ["import", "--append", "--no-apply", folder / "round"], ["check"]):
        subprocess.run([*ask, *words], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return folder


def checks(folders, what, most):
    """Times checks of both banks, on replayed answers of Slurm: what Slurm takes is the same."""
    more = dict.fromkeys(folders, 0)

    def side(folder, uses):
        def before():
            more[folder] += uses
            shares(folder, 1_000, more[folder])

        return whole(SUBANK, "-c", folder / "settings", "check", "--quiet", before=before if uses else None)

    for news, uses, factor in (("nothing to do", 0, most[0]), ("new use of each", 3, most[1])):
        ours, floor = in_turn(min(SIZE.short, 51), *(side(folder, uses) for folder in folders))
        add(what.format(news), ours, floor, factor)


def row_purses():
    """Times checks of accounts with a second budget."""
    folders = [replayed(name, 1_000, resources) for name, resources in (("two", ["gres/gpu"]), ("one", []))]
    # With new use there are twice as many charges to compute and to print.
    checks(folders, "`check` of 1,000 accounts with two budgets, {}, beside one budget", (1.3, 2))


def row_publish():
    """Times checks that publish: for each user his own accounts, beside one file of balances for all."""
    # What users see is usually on a tmpfs.
    shared = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=shared if shared.is_dir() else OUT) as public:
        os.chmod(public, 0o755)
        folders = [replayed(f"publish-{who}", 1_000, [],
                            f"publish: {who}\npublish_file: {public}/{who}.json\n") for who in ("own", "all")]
        checks(folders, "`check` of 1,000 accounts with `publish: own`, {}, beside `publish: all`", (2, 6))


ROWS = {
    "deposit": row_deposit,
    "balance": row_balance,
    "append": row_append,
    "jobs": row_jobs,
    "verify": row_verify,
    "export": row_export,
    "restore": row_restore,
    "peers": row_peers,
    "check": row_check,
    "submit": row_submit,
    "purses": row_purses,
    "publish": row_publish,
    "bytes": row_bytes,
}


# ---- the machine ----


def first_line(*argv):
    try:
        said = subprocess.run(argv, capture_output=True, text=True, check=False)
    except OSError:
        return None
    lines = (said.stdout or said.stderr).strip().splitlines()
    return lines[0] if lines else None


def found(pattern, path):
    match = re.search(pattern, Path(path).read_text(encoding="utf-8"), re.MULTILINE)
    return match.group(1).strip() if match else "unknown"


def load():
    return " ".join(f"{one:.1f}" for one in os.getloadavg())


def machine():
    kernel = os.uname()
    memory_kb = int(found(r"^MemTotal:\s*(\d+)", "/proc/meminfo"))
    on = first_line("findmnt", "-no", "FSTYPE,SOURCE", "-T", str(OUT)) or "unknown"
    system = found('^PRETTY_NAME=.?([^"]*)', "/etc/os-release")
    versions = [first_line(SUBANK, "--version"), first_line(tool("floor_hash"), "version"),
                first_line(tool("floor_yaml"), "version"), first_line("ledger", "--version"),
                first_line("hledger", "--version"), first_line("bean-query", "--version"),
                first_line("/usr/sbin/slurmctld", "-V")]
    return [f"machine    {found('^model name.*: (.*)', '/proc/cpuinfo')}, {os.cpu_count()} processors, "
            f"{memory_kb / 2**20:.0f} GB; {kernel.sysname} {kernel.release} {kernel.machine}",
            f"system     {system}; file system {' '.join(on.split())}",
            *textwrap.wrap("versions   " + "; ".join(one for one in versions if one), 100,
                           subsequent_indent=11 * " "),
            f"medians    of {SIZE.short} runs of short commands and {SIZE.long} of long ones, in turn"]


# ---- the report ----


def text_table():
    lines = [f"{'what':62} {'ours':>10} {'beside':>10} {'ratio':>8}  to reach"]
    for row in results.rows:
        ratio = f"{row.ratio:,.0f}" if row.ratio >= 100 else f"{row.ratio:.2f}"
        lines.append(f"{row.what:62} {row.ours:>10} {row.beside:>10} {ratio:>8}  {row.reach}"
                     f"{'' if row.good else '  NOT REACHED'}")
    return lines + [f"skipped: {one}" for one in results.skipped] + [f"note: {one}" for one in results.notes]


def markdown_table():
    lines = ["| what | subank | beside it | ratio |", "|---|--:|--:|--:|"]
    for row in results.rows:
        ratio = f"{row.ratio:,.0f}x faster" if "faster" in row.reach else f"{row.ratio:.2f}"
        lines.append(f"| {row.what} | {row.ours} | {row.beside} | {ratio} |")
    return lines


PLOTS = {
    "deposit": ("one durable deposit", "entries", "seconds"),
    "balance": ("balance ACCOUNT", "entries", "seconds"),
    "append": ("append", "entries", "seconds an entry"),
    "jobs": ("jobs from sacct", "jobs", "seconds a job"),
    "verify": ("verify", "entries", "seconds"),
    "export": ("export", "entries", "seconds"),
    "restore": ("restore", "entries", "seconds"),
    "bytes": ("on disk", "entries", "bytes an entry"),
    "deposit-accounts": ("one durable deposit, 100,000 entries", "accounts", "seconds"),
    "balance-accounts": ("balance ACCOUNT, 100,000 entries", "accounts", "seconds"),
    "append-accounts": ("append, 100,000 entries", "accounts", "seconds an entry"),
    "verify-accounts": ("verify, 100,000 entries", "accounts", "seconds"),
}


def plot():
    """Writes each curve as numbers, and as a picture if gnuplot is installed."""
    for name, points in results.curves.items():
        title, x, y = PLOTS[name]
        lines = [f"# {title}: {x}, then {y}, ours and beside it"]
        lines += [" ".join(map(str, point)) for point in sorted(points)]
        (OUT / f"{name}.data").write_text("\n".join(lines) + "\n", encoding="utf-8")
        if not shutil.which("gnuplot"):
            continue
        from_zero = "set yrange [0:*]" if name.startswith(("deposit", "balance", "append", "jobs", "bytes")) \
            else "set logscale y"
        script = f"""set terminal svg size 640,400 background rgb 'white'
set output '{name}.svg'
set title '{title}'
set xlabel '{x}'
set ylabel '{y}'
set logscale x
set format x '10^%T'
{from_zero}
set key left top
set grid
plot '{name}.data' using 1:2 with linespoints title 'subank', '' using 1:3 with linespoints title 'beside it'
"""
        subprocess.run(["gnuplot"], input=script, text=True, cwd=OUT, check=True)
    if results.curves and not shutil.which("gnuplot"):
        results.skipped.append("plots: gnuplot is not installed; the numbers are in the .data files")


def main(names):
    unknown = [name for name in names if name not in ROWS]
    if unknown:
        fail(f"unknown row {unknown[0]}; the rows are {', '.join(ROWS)}")
    OUT.mkdir(parents=True, exist_ok=True)
    fresh(BANKS)
    BANKS.mkdir()
    head = machine()
    before = load()
    try:
        for name in names or ROWS:
            say(name)
            ROWS[name]()
    finally:
        fresh(BANKS)
    plot()
    head.append(f"load       {before} at the beginning, {load()} at the end (1, 5, 15 minutes)")
    report = "\n".join([*head, "", *text_table(), ""])
    (OUT / "results.txt").write_text(report, encoding="utf-8")
    (OUT / "README-table.md").write_text("\n".join(markdown_table()) + "\n", encoding="utf-8")
    print(report)
    print(f"The table for the README, also in {OUT}/README-table.md:\n")
    print("\n".join(markdown_table()))


BEGAN = time.perf_counter()

if __name__ == "__main__":
    if sys.argv[1:2] == ["race"]:
        race(*sys.argv[2:])
    elif sys.argv[1:] == ["--rows"]:
        print(*ROWS)
    else:
        main(sys.argv[1:])
