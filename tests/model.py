# SPDX-License-Identifier: GPL-3.0-or-later
"""A second implementation of the rules of the books, from the manual: tests/test_model.py gives a Bank
and the program the same commands and compares the results. It takes nothing from the C and shares
nothing with it; where they differ, one of them is wrong.

Money is in whole billing-seconds, time in whole microseconds since 1970 in UTC.
"""

import copy
import re

NEVER = 2**63 - 1
SECOND = 1000000
DAY = 86400 * SECOND
LAST = 253402300800 * SECOND  # 10000-01-01
PER_SU = 3600
GONE = 60 * SECOND  # the clock may be this far behind the newest entry
TRUST = 7 * DAY  # how long after the last check the clock is trusted
PERIODS = {"day": (1, 0), "week": (7, 0), "month": (0, 1), "quarter": (0, 3), "year": (0, 12)}  # days, months
LATE = 366  # a check records no more periods than this, the newest
MONEY = ("deposit", "withdraw", "transfer", "charge", "job", "fee", "refund", "expire", "adjust")
CHARGES = ("charge", "job", "fee")
SUCCESSIONS = ("rename", "merge")
METERED = ("cpu", "gres/gpu")  # resources that Slurm measures here; the limit of each has its name
ONE = 10**6  # factors have six decimals
CALC_PERIOD = 300  # seconds between two moves of RawUsage
OVERLAP = 2 * DAY  # a look-back reads jobs again from this long before the last look-back
RECENT = 600 * SECOND  # any other check reads them from this long before the end of the last one
LOOK_EVERY = 3600 * SECOND
CLOCKS_APART = 10  # seconds by which the clocks of two machines may differ
SLICE = 3 * DAY  # jobs are read in slices of this length
DONE, REFUSED, USAGE, PART = 0, 1, 2, 3


class Refused(Exception):
    """The command is refused with this exit status and changes nothing."""

    def __init__(self, status=REFUSED):
        super().__init__(status)
        self.status = status


# ---- amounts and times as people write them ----


def amount(text, least=1):
    """Parses SU, or billing-seconds with an s. Must be whole billing-seconds and at least [least]."""
    match = re.fullmatch(r"(\d+)(?:\.(\d+))?", text)
    if re.fullmatch(r"\d+s", text):
        value = int(text[:-1])
    elif match:
        digits = match[2] or ""
        value, rest = divmod(int(match[1] + digits) * PER_SU, 10 ** len(digits))
        if rest:
            raise Refused(USAGE)
    else:
        raise Refused(USAGE)
    if not least <= value < 2**63:
        raise Refused(USAGE)
    return value


def one_form(word):
    """Returns equal values for equal amounts, such as 3600s and 1."""
    try:
        return amount(word, least=0)
    except Refused:
        return word


def days_before(year, month, day):
    """Returns the days from 1970-01-01 to that day, counting year by year."""

    def leap(y):
        return y % 4 == 0 and (y % 100 != 0 or y % 400 == 0)

    lengths = [31, 28 + leap(year), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    if not (1970 <= year <= 9999 and 1 <= month <= 12 and 1 <= day <= lengths[month - 1]):
        raise Refused(USAGE)
    return sum(365 + leap(y) for y in range(1970, year)) + sum(lengths[: month - 1]) + day - 1


def summer(seconds):
    """True if Berlin has summer time: from 01:00 UTC on March's last Sunday to that of October."""

    def last_sunday(year, month):
        last = days_before(year, month, 31)
        return last - (last + 4) % 7  # 1970-01-01 was a Thursday

    year = 1970
    while days_before(year + 1, 1, 1) * 86400 <= seconds:
        year += 1
    return (last_sunday(year, 3) * 24 + 1) * 3600 <= seconds < (last_sunday(year, 10) * 24 + 1) * 3600


UNITS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400, "week": 604800}


def moment(text, now, zone):
    """Parses a time. A date is its first moment. Without an offset it is local time: UTC or Berlin's."""
    if text == "now":
        return now
    match = re.fullmatch(r"now([+-])(\d+)(second|minute|hour|day|week)s?", text)
    if match:
        step = int(match[2]) * UNITS[match[3]] * SECOND
        return now + step if match[1] == "+" else now - step
    match = re.fullmatch(
        r"(\d{4})-(\d\d)-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d))?(Z|[+-]\d\d:\d\d)?)?", text
    )
    if not match:
        raise Refused(USAGE)
    hour, minute, second = (int(part or 0) for part in match.group(4, 5, 6))
    if hour > 23 or minute > 59 or second > 59:
        raise Refused(USAGE)
    days = days_before(*(int(part) for part in match.group(1, 2, 3)))
    local = days * 86400 + hour * 3600 + minute * 60 + second
    if match[7] == "Z" or (not match[7] and zone == "UTC"):
        offset = 0
    elif match[7]:
        offset = int(match[7][1:3]) * 3600 + int(match[7][4:]) * 60
        offset = -offset if match[7][0] == "-" else offset
    else:
        return from_local(local, zone)
    return (local - offset) * SECOND


def from_local(local, zone, strict=True):
    """Converts local seconds to UTC. The hour that spring skips is refused; the hour that autumn repeats
    is its first occurrence."""
    offset = 0 if zone == "UTC" else 7200 if summer(local - 7200) else 3600
    if strict and offset == 3600 and summer(local - 3600):
        raise Refused(USAGE)
    return (local - offset) * SECOND


def days_later(when, days, zone):
    """Returns the same time of day that many calendar days later."""
    seconds, rest = divmod(when, SECOND)
    offset = 0 if zone == "UTC" else 7200 if summer(seconds) else 3600
    later = from_local(seconds + offset + days * 86400, zone, False) + rest
    if later >= LAST:
        raise Refused(USAGE)
    return later


def calendar(days):
    """Returns year, month and day of that day since 1970-01-01."""
    year, month = 1970 + days // 366, 1
    while year < 9999 and days_before(year + 1, 1, 1) <= days:
        year += 1
    while month < 12 and days_before(year, month + 1, 1) <= days:
        month += 1
    return year, month, days - days_before(year, month, 1) + 1


def edge(first, every, number, zone):
    """Returns when period [number] begins, counted from the start of the first one; None past the
    calendar."""
    if number == 0:  # also in an hour that comes twice
        return first
    seconds, rest = divmod(first, SECOND)
    offset = 0 if zone == "UTC" else 7200 if summer(seconds) else 3600
    days, clock = divmod(seconds + offset, 86400)
    more_days, more_months = (number * length for length in PERIODS[every])
    year, month, day = calendar(days)
    year, month = divmod(year * 12 + month - 1 + more_months, 12)
    if year > 9999:
        return None
    while more_months:  # a month without that day: its last one
        try:
            days = days_before(year, month + 1, day)
            break
        except Refused:
            day -= 1
    at = from_local((days + more_days) * 86400 + clock, zone, False) + rest
    return at if at < LAST else None


def period_start(every, now, zone):
    """Returns the start of the present day, week (from Monday), month, quarter or year."""
    seconds = now // SECOND
    days = (seconds + (0 if zone == "UTC" else 7200 if summer(seconds) else 3600)) // 86400
    year, month, _ = calendar(days)
    if every == "week":
        days -= (days + 3) % 7  # 1970-01-01 was a Thursday
    elif every != "day":
        months = {"month": 1, "quarter": 3, "year": 12}[every]
        days = days_before(year, month - (month - 1) % months, 1)
    return from_local(days * 86400, zone, False)


def count(text, least, most):
    if not re.fullmatch(r"\d+", text) or not least <= int(text) <= most:
        raise Refused(USAGE)
    return int(text)


# ---- the books ----


def owner_of(name):
    """Returns the account that has the purse, or the account itself."""
    return name.split(":")[0]


def resource_of(name):
    return name.partition(":")[2] or "billing"


class Quota:
    def __init__(self, amount, every, start, carry, forgive_below):
        self.amount, self.every, self.start = amount, every, start
        self.carry, self.forgive_below = carry, forgive_below


class Entry:
    def __init__(self, kind, account, time, **fields):
        self.kind, self.account, self.time, self.fields = kind, account, time, fields
        self.seq = None  # the number that the program gave it
        self.reversed, self.reverses = False, None
        self.found = 0  # of a rename: what the new name had already, of the same project
        self.receiver = None  # of the reversal of a transfer, who may have another name by now
        self.answers, self.of = [], None  # of a charge: its refunds; of a refund: its charge

    def returned(self):
        """Returns how much of a charge was refunded."""
        return sum(answer.amount for answer in self.answers)

    def __getattr__(self, name):
        return self.__dict__["fields"].get(name)


class Lot:
    def __init__(self, entry, index, start, end, amount, rest):
        self.entry, self.index, self.start, self.end = entry, index, start, end
        self.amount, self.rest = amount, rest

    def key(self):
        return self.entry, self.index


def effect(entry, name):
    """Returns how the entry changes the account's balance (lots - debt)."""
    of = entry.reverses or entry
    takes = ("withdraw", "charge", "job", "fee", "expire", "adjust")
    sign = {"forgive": 1, "deposit": 1, "refund": 1, **dict.fromkeys(takes, -1)}
    value = sign[of.kind] * entry.amount if of.kind in sign else 0
    if entry.kind in SUCCESSIONS and name in (entry.account, entry.to):
        return entry.debt - entry.rest if name == entry.account else entry.rest - entry.debt
    if of.kind == "reconcile":
        value = -entry.amount if entry.use == "more" else entry.amount
    to = entry.receiver or of.to
    if of.kind == "transfer" and name in (entry.account, to):
        value = entry.amount if name == to else -entry.amount
    elif name != entry.account:
        return 0
    return -value if entry.reverses else value


class Account:
    armed_again = True  # False breaks a rule: see Bank.mutation

    def __init__(self, name):
        self.name, self.open, self.time = name, False, 0
        self.opened = 0  # a period that was over then gets no quota
        self.unlimited, self.credit = False, 0
        self.enforcement, self.thresholds = None, None  # None: as the settings say
        self.lots, self.debt = [], 0
        self.sums = dict.fromkeys(
            ("deposited", "withdrawn", "received", "sent", "charged", "forgiven"), 0
        )
        self.quota = None
        self.quota_since = 0  # a period that was over then gets nothing
        self.granted = 0  # up to then there was a quota
        self.meters = {}  # cluster -> [reading, when]
        self.by_jobs = {}  # cluster -> since when it is metered by jobs
        self.were_by_jobs = {}  # cluster -> the previous period (since, until) of metering by jobs
        self.causes, self.hand_until, self.grace_until = set(), 0, 0
        self.crossed, self.noticed = set(), set()  # thresholds, and ends of lots, that have an entry
        self.deferred = []  # deferred charges, the oldest first
        self.successor = None  # the name of the account that took this one over

    def at(self, time):
        """Returns a copy of the account as it will be at that time."""
        other = copy.copy(self)
        other.crossed, other.noticed = set(self.crossed), set(self.noticed)
        other.sums, other.meters = dict(self.sums), dict(self.meters)
        other.deferred = list(self.deferred)
        other.by_jobs, other.were_by_jobs = dict(self.by_jobs), dict(self.were_by_jobs)
        other.causes, other.lots = set(self.causes), [copy.copy(lot) for lot in self.lots]
        other.settle(time)
        other.rearm()
        return other

    def active(self):
        return [lot for lot in self.lots if lot.start <= self.time < lot.end]

    def rest(self):
        return sum(lot.rest for lot in self.active())

    def available(self):
        return self.rest() + self.credit - self.debt

    def allocated(self):
        return sum(lot.amount for lot in self.active())

    def used(self):
        return self.allocated() - self.rest() + self.debt

    def held(self):
        return bool(self.causes) and not self.grace_until

    def state(self):
        if not self.open:
            return "closed"
        return "held" if self.held() else "grace" if self.causes else "open"

    def percent(self, flight=0):
        """Returns the used percentage of the allocation; [flight] is added for running jobs."""
        return (self.used() + flight) * 100 // self.allocated() if self.allocated() else None

    def rearm(self):
        """Arms the thresholds again that the use is below."""
        if not self.armed_again:
            return
        percent = self.percent()
        self.crossed = {x for x in self.crossed if percent is not None and percent >= x}

    def pay(self, lots):
        """Pays debt from these lots. Returns how much."""
        paid = 0
        for lot in lots:
            part = min(lot.rest, self.debt)
            lot.rest -= part
            self.debt -= part
            paid += part
        return paid

    def settle(self, time):
        """Applies what happens by itself until that time: lots start and pay debt, lots that start or
        end lower the percentage, holds and graces end."""
        moments = {moment for lot in self.lots for moment in (lot.start, lot.end)}
        for moment in sorted(moment for moment in moments if self.time < moment <= time):
            self.time = moment
            self.pay([lot for lot in self.lots if lot.start == moment])
            self.rearm()
        self.time = max(self.time, time)
        if self.hand_until and self.hand_until <= self.time:
            self.causes.discard("hand")
            self.hand_until = 0
        if self.grace_until <= self.time or not self.causes:
            self.grace_until = 0
        self.lots = [lot for lot in self.lots if lot.rest or lot.end > self.time]

    def add_lot(self, entry, start, end, amount):
        """Adds a lot; an active one pays debt at once. Returns how much."""
        lot = Lot(entry, sum(old.entry is entry for old in self.lots), start, end, amount, amount)
        self.lots.append(lot)
        self.lots.sort(key=lambda lot: lot.end)  # the order of spending
        return self.pay([lot]) if start <= self.time < end else 0

    def find(self, lot):
        """Returns the current state of that lot, or None if it has ended."""
        for now in self.lots:
            if now.entry is lot.entry and now.index == lot.index and now.end > self.time:
                return now
        return None

    def take(self, amount, lots):
        """Takes the amount from these lots, in order. Returns parts (lot, amount), and what they lack."""
        parts = []
        for lot in lots:
            part = min(lot.rest, amount)
            amount -= part
            if part:
                parts.append((lot, part))
        return parts, amount


class Line:
    """A line of reconcile: an account's use on a cluster, by the books and by Slurm's record of jobs."""

    def __init__(self, bank, account, cluster, since, until, to_end=False):
        self.account, self.cluster = account, cluster
        when = bank.read.get((cluster, account.name), (0, 0, 0))[1]
        last = bank.settled[cluster, account.name] if cluster in account.by_jobs else when
        if cluster not in account.by_jobs:
            last = max(last, account.meters[cluster][1])
        self.since, self.until = since, until if to_end else min(until, last)
        self.counted = account.by_jobs.get(cluster, 0)  # since when it is metered by jobs
        self.to_end = to_end
        self.read_books(bank)
        self.ages = [self.since - max([x for x in self.moves if x <= self.since], default=0), 0]
        if self.until != (until if to_end else last):
            self.ages[1] = self.until - max([x for x in self.moves if x <= self.until], default=0)
        if self.since <= self.begin:
            self.since, self.ages[0], self.begins = self.begin, 0, True
        self.read_jobs(bank)

    def read_books(self, bank):
        """Computes what was charged, when the books moved, and where use may have been lost."""
        self.books, self.begin, self.restarts, self.moves, lost = 0, None, 0, [], None
        self.begins = False  # True: metering by RawUsage begins at the start of the period
        for entry in bank.entries + self.account.deferred:
            if entry.account != self.account.name or entry.cluster != self.cluster:
                continue
            until = entry.until
            if entry.kind == "charge" and self.counted and until - until % SECOND == self.counted:
                until = self.counted  # charged in the second of the switch: all use before it
            if entry.kind == "baseline":
                if self.begin is None:
                    self.begin = 0 if entry.from_zero else entry.time
                    self.since = max(self.since, self.begin)
                elif self.within(entry.time):
                    self.restarts += 1
                    lost = (lost or self.moves[-1:])[0], entry.time
                self.moves.append(entry.time)
            elif entry.kind == "charge":
                self.moves.append(entry.until)
            elif entry.kind == "meter":
                self.moves.append(entry.since)
                if entry.meter == "rawusage" and entry.since >= self.since:
                    # The switch made the books agree up to then, and no job ran.
                    self.begins = True
                    self.since, self.books, self.restarts, lost = entry.since, 0, 0, None
            if entry.kind in ("charge", "job", "reconcile") and self.within(until):
                self.books += -entry.amount if entry.use == "less" else entry.amount
        self.lost = lost if lost and lost[0] < lost[1] else None

    def within(self, time):
        return time > self.since and (time <= self.until or self.to_end)

    def read_jobs(self, bank):
        """Computes the use of the jobs. Under RawUsage each is clipped to the period; under jobs, all of it
        belongs to the second in which it ended."""
        used = suspended = edge = self.jobs = 0
        fraction = False
        since, until = self.since // SECOND, self.until // SECOND
        counted = self.counted // SECOND if self.counted else None
        by_usage = until if counted is None else min(until, counted)
        for (cluster, *_), job in bank.jobs.items():
            if cluster != self.cluster or job["account"] != self.account.name:
                continue
            ended = job["start"] + job["ran"]
            rate = job["billing"] * job["usage_factor"]
            ran = min(ended, by_usage) - max(job["start"], since)
            edges = [(self.since, self.ages[0])] if since < by_usage and not self.begins else []
            if since < by_usage and by_usage == until and not self.to_end:
                edges.append((self.until, self.ages[1]))
            for at, age in edges:
                edge += rate * self.late(job, at // SECOND, (at - age) // SECOND)
            if ran > 0:
                used += rate * min(ran, job["elapsed"])
                suspended += rate * max(0, ran - job["elapsed"])
                fraction |= job["usage_factor"] % ONE > 0
            value = 0
            if counted is not None and ended > since:
                elapsed = job["elapsed"]
                if job["runs"] or ended > until:
                    elapsed = min(elapsed, min(ended, until) - job["start"]) if self.to_end else 0
                value = bank.cost(job, elapsed, counted) if bank.factor(job) else 0
                used += value * ONE
            self.jobs += ran > 0 or value > 0
        self.used, self.suspended = used // ONE, suspended // ONE
        self.rest = (used + suspended) // ONE - self.used - self.suspended
        self.edge = -(-edge // ONE) + fraction
        self.difference = (used + suspended) // ONE - self.books
        beyond = max(0, abs(self.difference) - self.edge * (bank.mutation != "edges-are-exact"))
        self.certain = beyond if self.difference > 0 else -beyond

    @staticmethod
    def late(job, at, moved):
        """Returns the seconds of the job before the edge [at] that the books may have after it. The books
        moved last at [moved]; RawUsage may have been a period older then, plus a second for rounding. When
        a job ends, RawUsage has all of it."""
        ended = at if job["runs"] else min(at, job["start"] + job["ran"])
        if not job["runs"] and job["start"] + job["ran"] <= moved:
            return 0
        return max(0, ended - max(job["start"], moved - CALC_PERIOD - 1))

    def row(self):
        return {
            "account": self.account.name,
            "cluster": self.cluster,
            "books_seconds": self.books,
            "slurm_seconds": self.used,
            "suspended_seconds": self.suspended,
            "weights_seconds": self.rest,
            "edge_seconds": self.edge,
            "difference_seconds": self.difference,
            "since": self.since or None,
            "until": self.until,
            "jobs": self.jobs,
            "restarts": self.restarts,
        }


class Bank:
    def __init__(self, mutation=None):
        self.mutation = mutation
        Account.armed_again = mutation != "thresholds-stay-crossed"
        self.books = {}  # the accounts by their entries alone
        self.accounts = {}  # the accounts of a command, with deferred charges
        self.changed = set()  # accounts with entries that are not in self.books yet
        self.entries, self.refs = [], {}
        self.history = []  # (time, self.books) after each command
        self.newest, self.checked = 0, 0
        self.clusters, self.enforcement, self.zone = ["dev"], "hold", "UTC"
        self.scavenger, self.stop_at = False, 0  # whether there is a scavenger QOS; percent, 0: none
        self.thresholds, self.notice_days, self.project_days = [60, 90], 90, None
        self.usage, self.silent = {}, set()  # Slurm: (cluster, account) -> RawUsage
        self.account_lost = False  # True once an account was missing in Slurm
        self.levers = set()  # accounts with levers
        # (cluster, account) -> last reading, its time, start of the deferred use
        self.read = {}
        self.charge_every = 0  # how long a charge may be deferred
        self.meter, self.hold_on = "rawusage", "in_flight"
        self.without_money = "hold"  # or "warn": at the first use of an account that never had money
        self.free_states, self.factors = (), {"qos": {}, "partition": {}}  # millionths
        self.round_seconds, self.min_charge = 1, 0
        self.jobs = {}  # (cluster, id, submit) -> the job in slurmdbd, in its order
        self.charged = set()  # (cluster, id, submit, account) of charged jobs
        self.settled = {}  # (cluster, account) -> up to when jobs are charged
        self.looked_back = {}  # cluster -> when a check last looked back; 0: the next one is to
        self.running = {}  # (cluster, account) -> used, committed, start of the first running job
        self.reached = {}  # account -> highest threshold that it reached only with running jobs

    # -- shared by the verbs --

    def record(self, kind, account, *others, **fields):
        """Appends an entry, after the deferred charges of all accounts that it concerns."""
        for party in (account, *others):
            self.record_deferred(party)
            self.changed.add(party.name)
        entry = Entry(kind, account.name, self.time, **fields)
        self.entries.append(entry)
        self.newest = self.time
        return entry

    def record_deferred(self, account):
        for charge in account.deferred:
            charge.time = self.newest = self.time
            self.entries.append(charge)
            self.changed.add(account.name)
        account.deferred = []

    def account_at(self, name, time):
        """Returns the account at that time, with the deferred use before it."""
        account = self.books[name].at(time)
        for cluster, (before, counted) in list(account.meters.items()):
            reading, when, since = self.read.get((cluster, name), (None, 0, 0))
            until = min(when, time)
            if cluster in account.by_jobs or self.mutation == "deferred-use-is-free":
                continue
            if since and reading > before and counted <= since < until:
                self.use(account, cluster, reading, since, until)
        return account

    def write(self):
        """Commits the accounts that got entries to the books."""
        self.books.update((name, self.accounts[name]) for name in self.changed)
        if self.changed:
            self.history.append((self.time, dict(self.books)))
        self.changed = set()

    def load_accounts(self):
        self.accounts = {name: self.account_at(name, self.time) for name in self.books}

    def account(self, name):
        if name not in self.accounts:
            raise Refused()
        return self.accounts[name]

    def begin(self, now):
        """Sets the time of a write: not before the newest entry. The clock may trail that a little."""
        if now < self.newest - GONE:
            raise Refused()
        self.time = max(now, self.newest)
        self.load_accounts()

    def formers(self, account):
        """Returns the accounts for whose use this one pays: its former names, and those merged into it."""
        if account.successor or self.mutation == "former-names-do-not-run":
            return []
        return [x for x in self.accounts.values() if x.successor and self.last_successor(x).name == account.name]

    def flights(self, account):
        """Returns what the account's running jobs have used and are committed to on each cluster, and when
        the first of them began."""
        return [
            self.running.get((cluster, former.name), (0, 0, 0))
            for former in ([] if account.successor else [account, *self.formers(account)])
            for cluster in former.by_jobs
        ]

    def flight(self, account):
        """Returns what running jobs count for."""
        flight = self.flights(account)
        return sum(committed if self.hold_on == "committed" else used for used, committed, _ in flight)

    def term(self, account, name):
        """Returns a term in force: the account's own, for a purse that of its account, or the settings'."""
        holders = account, self.accounts.get(owner_of(account.name), account)
        if self.mutation == "purses-follow-the-settings":
            holders = holders[:1]
        own = [getattr(holder, name) for holder in holders if getattr(holder, name) is not None]
        return own[0] if own else getattr(self, name)

    def enforcement_of(self, account):
        rule = self.term(account, "enforcement")
        if rule in ("hold", "scavenge") and resource_of(account.name) not in ("billing", *METERED):
            return "warn"  # Slurm has no limit for it
        return "hold" if rule == "scavenge" and not self.scavenger else rule

    def family(self, accounts):
        """Returns the accounts with all their purses."""
        owners = dict.fromkeys(owner_of(account.name) for account in accounts)
        purses = [name for owner in owners for name in sorted(self.accounts) if owner_of(name) == owner]
        return [self.accounts[name] for name in purses]

    def limits(self, owner):
        """Returns the TRES that the account's holds set to 0."""
        held = {
            "cpu" if name == owner or self.mutation == "purses-hold-their-account" else resource_of(name)
            for name, account in self.accounts.items()
            if owner_of(name) == owner and account.held()
        }
        if self.accounts[owner].grace_until and self.accounts[owner].causes:
            return set()
        return held & set(METERED)

    def scavenging(self, account):
        return account.held() and account.causes == {"funds"} and self.enforcement_of(account) == "scavenge"

    def stopped(self, owner):
        """True if a second limit holds the account's jobs in the scavenger QOS too."""
        account = self.accounts[owner]
        return self.scavenger and account.held() and not self.scavenging(account)

    def overrun(self, account, flight, trusted):
        """Stops an account whose use has reached stop_at, while its funds hold it under scavenge."""
        used = account.used() + flight
        over = (
            self.stop_at
            and self.mutation != "scavengers-never-stop"
            and self.enforcement_of(account) == "scavenge"
            and "funds" in account.causes
            and owner_of(account.name) == account.name
            and used > 0
            and used * 100 >= self.stop_at * (account.allocated() + account.credit)
        )
        if over and trusted and "overrun" not in account.causes:
            account.causes.add("overrun")
            self.record("hold", account, cause="overrun")
        elif not over and "overrun" in account.causes:
            self.end_cause(account, "overrun")

    def end_cause(self, account, cause):
        account.causes.discard(cause)
        account.settle(self.time)
        self.record("release", account, cause=cause)

    def funds(self, account, trusted):
        """Holds the account if nothing is available and the clock is trusted; releases it if something
        is."""
        flight = 0 if self.mutation == "in-flight-is-free" else self.flight(account)
        unused = account.credit if self.mutation == "credit-is-for-nothing" else 0
        spent = (
            self.enforcement_of(account) in ("hold", "scavenge")
            and not account.unlimited
            and account.available() - flight - unused <= (-1 if self.mutation == "zero-is-enough" else 0)
        )
        # An account that never had money is held at its first use, unless the settings say warn.
        had = account.sums["deposited"] + account.sums["received"] + account.credit > 0
        used = account.sums["charged"] + flight > 0
        spent = spent and (had or self.without_money == "hold")
        if self.mutation == "use-without-money-holds-nobody":
            used = False
        if spent and (had or used) and trusted and account.open and "funds" not in account.causes:
            account.causes.add("funds")
            self.record("hold", account, cause="funds")
        elif not spent and "funds" in account.causes:
            if "overrun" in account.causes:
                self.end_cause(account, "overrun")
            self.end_cause(account, "funds")
        self.overrun(account, flight, trusted)

    def slurm_may_fail(self):
        """True if Slurm may be unable to carry out what follows from an entry: then status 3 is allowed
        for 0."""
        return self.account_lost or self.silent.intersection(self.clusters) or any(
            (cluster, owner_of(name)) not in self.usage for cluster in self.clusters for name in self.accounts
        )

    def touch(self, name):
        """Notes that the program recorded an entry about Slurm for the account."""
        self.record_deferred(self.accounts[name])
        self.changed.add(name)
        self.newest = self.time
        self.write()

    def run(self, now, verb, *args, **options):
        """Runs a verb. Returns its exit status."""
        # Only entries change an account permanently: the clock may go back.
        self.accounts, self.changed = dict(self.books), set()
        return self.attempt(now, verb, args, options)

    def attempt(self, now, verb, args, options):
        try:
            request = (verb, *map(one_form, args), *sorted(options.items()))
            request = tuple(word for word in request if word != ("later", True))
            ref = options.pop("ref", None)
            plan = getattr(self, "do_" + verb)(now, *args, **options)
            if verb == "check":
                return plan(now)
            if "job" in options or "state" in options:
                nothing = self.nothing_to_refund(now, **options)
                if nothing is not None:
                    return nothing
            if verb == "set" and ref not in self.refs and self.already_set(now, *args, **options):
                return DONE  # whatever the clock shows: nothing is recorded
            self.begin(now)
            self.status = DONE
            if ref not in self.refs:
                count = len(self.entries)
                planned = plan()
                touched = [account.name for account in planned]
                for account in planned:
                    account.rearm()
                if ref and len(self.entries) > count:
                    self.refs[ref] = request, touched
            elif self.refs[ref][0] != request:
                raise Refused()
            else:  # recorded before, but Slurm may not have followed
                touched = self.refs[ref][1]
        except Refused as no:
            return no.status
        self.write()
        self.load_accounts()
        # Held accounts are checked at once.
        touched = [self.accounts[name] for name in touched]
        held = [
            account
            for account in touched
            if account.causes
            or resource_of(account.name) != "billing"
            or account.name in self.levers
            or verb in ("terms", "reconcile")
            or "job" in options
            or "state" in options
        ]
        return max(self.status, self.check_accounts(self.in_order(held), now, not self.jumped()))

    def check_accounts(self, accounts, now, dates=True):
        """Checks these accounts. Returns the exit status. [dates] is False if the clock is not trusted: then
        nothing expires and nothing is held."""
        status = DONE
        owners = [self.accounts[owner_of(account.name)] for account in accounts]
        related = [former for owner in owners for former in self.formers(owner)]
        if self.mutation != "successors-are-judged-later":
            related += [last for last in map(self.last_successor, owners) if last.open]
        owners = list({owner.name: owner for owner in owners + related}.values())
        for account in self.in_order(owners):
            for cluster in account.by_jobs.keys() - set(self.clusters):
                self.running.pop((cluster, account.name), None)  # their end will never be read
            if dates:
                self.renew(account)
            for cluster in self.clusters:
                status = max(status, self.charge(account, cluster, now))
            if account.deferred and (account.successor or not self.may_defer(account)):
                self.record_deferred(account)
            account.rearm()
            if dates:
                self.expire(account, now)
                account.rearm()
            if account.successor:
                self.give_to_successor(account, dates)
            if dates and account.open and not account.unlimited:
                self.record_notices(account)
            self.funds(account, dates)
        self.write()
        return status

    def jumped(self):
        """True if the last check is so long ago that the clock may have jumped ahead."""
        return self.checked and self.time > self.checked + TRUST

    # -- the verbs: each checks its arguments and returns a function that changes the books --

    def do_open(self, now, name, su=None, from_zero=False, start=None, end=None):
        value = amount(su) if su else 0
        start, end = self.window(now, start, end)

        def plan():
            self.check_owner(name)
            account = self.accounts.get(name) or Account(name)
            if account.open or self.silent.intersection(self.clusters):
                raise Refused()
            if from_zero and name in self.accounts:  # its use was counted while it was closed
                raise Refused()
            if from_zero and not self.measures(name):
                raise Refused()
            if not any((cluster, owner_of(name)) in self.usage for cluster in self.clusters):
                raise Refused()  # not in Slurm
            if account.successor:
                raise Refused()  # its late jobs are those of the successor
            dates = self.dates(start, end) if value else None
            account.settle(self.time)
            self.accounts[name] = account
            self.record("open", account)
            account.open = True
            account.opened = self.time
            account.causes.discard("closed")
            account.settle(self.time)
            for cluster in self.clusters:
                # Of an account that was closed, use was counted meanwhile.
                if cluster not in account.meters and self.measures(name):
                    reading = 0 if from_zero else self.usage.get((cluster, name), 0)
                    self.baseline(account, cluster, reading).from_zero = from_zero
            if value:
                self.put(account, value, *dates)
            return [account]

        return plan

    def check_owner(self, name):
        """A purse is opened, and gets money, only while its account is open."""
        if owner_of(name) != name and not self.account(owner_of(name)).open:
            raise Refused()

    @staticmethod
    def measures(name):
        return resource_of(name) in ("billing", *METERED)

    def baseline(self, account, cluster, reading):
        before = account.meters.get(cluster, (-1,))[0]
        account.meters[cluster] = [reading, self.time]
        self.read[cluster, account.name] = reading, self.time, 0
        return self.record("baseline", account, cluster=cluster, before=before, now=reading)

    def window(self, now, start, end):
        """Parses --start and --end."""
        return (
            None if start is None else moment(start, now, self.zone),
            NEVER if end == "never" else None if end is None else moment(end, now, self.zone),
        )

    def dates(self, start, end):
        """Returns the window of a deposit that is made now."""
        start = self.time if start is None else start
        if end is None and self.project_days:
            end = days_later(start, self.project_days, self.zone)
        end = NEVER if end is None else end
        if self.mutation == "a-lot-ends-a-microsecond-late" and end < NEVER:
            end += 1
        if end <= max(start, self.time):
            raise Refused(USAGE)
        return start, end

    def put(self, account, value, start, end, period=0):
        entry = self.record("deposit", account, amount=value, start=start, end=end, period=period)
        account.sums["deposited"] += value
        entry.fields["debt"] = account.add_lot(entry, start, end, value)
        if period and self.mutation != "late-quotas-pay-no-debt":
            # The quota of a period that is over pays debt too.
            lots = [lot for lot in account.lots if lot.entry is entry]
            entry.fields["debt"] += account.pay(lots)
            account.settle(account.time)

    def renew(self, account):
        """Deposits the quotas that are due, and forgives small debt before each."""
        quota, owner = account.quota, self.accounts[owner_of(account.name)]
        if not account.open or not owner.open or not quota:
            return
        if self.time < max(quota.start, account.granted):
            return
        charged = self.all_charged_until(account, 0, True)
        since, due = max(account.quota_since, account.opened, owner.opened, account.granted), []
        number, end = 0, quota.start
        while end is not None and end <= self.time:
            start, end = end, edge(quota.start, quota.every, number + 1, self.zone)
            number += 1
            if end is not None and end > since:
                due.append((start, end, edge(quota.start, quota.every, number + quota.carry, self.zone)))
        if self.mutation == "late-checks-bring-one-quota":
            due = due[-1:]
        for start, end, over in due[-LATE:]:
            if over is None or account.granted > start + (end - start) // 2:
                continue
            if over <= min(charged, self.time) and not account.debt:
                continue  # nothing can be spent of it, and there is nothing to pay
            if 0 < account.debt <= quota.forgive_below:
                account.sums["forgiven"] += account.debt
                self.record("forgive", account, amount=account.debt)
                account.debt = 0
            start = max(start, account.granted)
            account.granted = end
            self.put(account, quota.amount, start, over, end)
            account.rearm()

    def renew_first(self, account):
        """Deposits what is due before the terms change, the account is closed or use is charged; not while the
        clock is not trusted."""
        if not self.jumped() and self.mutation != "late-terms-lose-quotas":
            self.renew(account)

    def do_close(self, now, name):
        def plan():
            account = self.account(name)
            if not account.open:
                raise Refused()
            for purse in self.family([account]) if owner_of(name) == name else [account]:
                self.renew_first(purse)
            account.open = False
            account.causes.add("closed")
            account.grace_until = 0
            self.record("close", account)
            return [account]

        return plan

    def do_rename(self, now, name, to, from_zero=False, later=False, note=None):
        """Another name takes over all that the books have of the account and its purses."""
        if name == to or (from_zero and later):
            raise Refused(USAGE)

        def plan():
            account, target = self.account(name), self.accounts.get(to)
            if account.successor or target:
                raise Refused()  # no name is used twice
            return self.take_over(account, to, from_zero, later)

        return plan

    def do_merge(self, now, name, to, later=False, note=None):
        """An account of the bank takes over the money and the debt of another and its purses."""
        if name == to:
            raise Refused(USAGE)

        def plan():
            account = self.account(name)
            if account.successor or not self.account(to).open:
                raise Refused()
            return self.take_over(account, to, False, later)

        return plan

    def take_over(self, account, to, from_zero, later):
        count, newest, read = len(self.entries), self.newest, dict(self.read)
        try:
            return self.take_over_all(account, to, from_zero, later)
        except Refused:
            del self.entries[count:]
            self.newest, self.read, self.changed = newest, read, set()
            raise

    def take_over_all(self, account, to, from_zero, later):
        present = any((cluster, to) in self.usage for cluster in self.clusters)
        if not later and (self.silent.intersection(self.clusters) or not present):
            raise Refused()
        purses = self.family([account])
        if to in self.accounts:  # a merge: ended budgets with nothing left stay behind
            kept = lambda purse: purse.debt or any(lot.rest for lot in purse.lots)
            purses = [purse for purse in purses if purse is account or purse.open or kept(purse)]
        names = [to + purse.name[len(account.name) :] for purse in purses]
        for name in names:
            target = self.accounts.get(name)
            if target and not target.open:
                raise Refused()
        takers = self.family([self.accounts[to]]) if to in self.accounts else []
        if self.mutation == "merged-debt-is-forgiven":
            takers = []
        for purse in self.family([account]) + takers:
            self.renew_first(purse)
        for purse, name in zip(purses, names):
            target = self.accounts.get(name)
            if target:
                self.merge(purse, target)
            else:
                target = Account(name)
                target.settle(self.time)
                self.accounts[name] = target
                self.rename(purse, target)
            for cluster in self.clusters:
                if cluster not in target.meters and cluster not in self.silent and self.measures(name):
                    reading = 0 if from_zero else self.usage.get((cluster, name), 0)
                    self.baseline(target, cluster, reading).from_zero = from_zero
        return [self.accounts[to], account]

    def rename(self, account, to):
        """Only how its use is metered stays with the former name: it may still be used."""
        rest = sum(lot.rest for lot in account.lots)
        entry = self.record("rename", account, to, to=to.name, rest=rest, debt=account.debt)
        entry.found = sum(lot.rest for lot in to.lots) - to.debt
        fresh = Account(account.name)
        to.lots = sorted(to.lots + account.lots, key=lambda lot: (lot.end, *self.numbers(lot)))
        to.debt += account.debt
        for name in account.sums:
            to.sums[name] += account.sums[name]
        account.lots, account.debt, account.sums = [], 0, fresh.sums
        given = ["open", "opened", "unlimited", "credit", "enforcement", "thresholds", "quota", "quota_since"]
        given += ["granted", "causes", "hand_until", "grace_until", "noticed"]
        if self.mutation != "renames-forget-thresholds":
            given.append("crossed")
        for name in given:
            setattr(to, name, getattr(account, name))
            setattr(account, name, getattr(fresh, name))
        account.causes = {"closed"}
        account.crossed = set()
        account.successor = to.name
        to.pay(to.active())

    def numbers(self, lot):
        return self.entries.index(lot.entry), lot.index

    def merge(self, account, to):
        """Gives what is left of lots that have not ended, with their windows, and the debt."""
        parts = [(lot, lot.rest) for lot in account.lots if lot.rest and lot.end > self.time]
        rest, debt = sum(part for _, part in parts), account.debt
        entry = self.record("merge", account, to, to=to.name, rest=rest, parts=parts, debt=debt)
        for index, (lot, part) in enumerate(parts):
            to.lots.append(Lot(entry, index, lot.start, lot.end, part, part))
            lot.amount -= part
            lot.rest = 0
        to.lots.sort(key=lambda lot: lot.end)
        if self.mutation != "merges-leave-debt":
            account.debt = 0
            to.debt += debt
        account.sums["sent"] += rest
        account.sums["received"] += debt
        to.sums["received"] += rest
        to.sums["sent"] += debt
        if not account.successor:
            account.successor, account.open, account.grace_until = to.name, False, 0
            account.causes.add("closed")
        to.pay(to.active())
        for each in account, to:
            each.settle(self.time)
            each.rearm()

    def last_successor(self, account):
        while account.successor:
            account = self.accounts[account.successor]
        return account

    def give_to_successor(self, account, dates):
        """What a former account was charged or given back since goes to the last of its successors, if
        that is open. Quotas that this one is due come first: they do not forgive the debt."""
        last = self.last_successor(account)
        money = any(lot.rest and lot.end > self.time for lot in account.lots)
        if last is account or not last.open or not (money or account.debt):
            return
        if account.debt and dates and self.mutation != "late-debt-is-forgiven":
            self.renew(last)
        if self.mutation == "late-use-stays-with-the-former-name":
            return
        self.give_late_use(account, last)
        if account.debt or any(lot.rest and lot.end > self.time for lot in account.lots):
            self.merge(account, last)

    def give_late_use(self, account, last):
        """Where windows that have ended would have paid for late use, they pay for it."""
        charges = []
        for entry in reversed(self.entries):
            if entry.kind in ("rename", "merge") and entry.account == account.name:
                break
            if entry.kind in ("charge", "job", "fee") and entry.account == account.name and entry.debt:
                charges.insert(0, entry)
        for charge in charges:
            debt = min(charge.debt, account.debt)
            lots = [lot for lot in last.lots if lot.start < charge.until and lot.end > charge.since]
            if not debt or not any(lot.end <= self.time and lot.rest for lot in lots):
                continue
            if self.mutation == "late-use-is-of-today":
                continue
            self.record("merge", account, last, to=last.name, rest=0, parts=[], debt=debt,
                        since=charge.since, until=charge.until)  # fmt: skip
            account.debt -= debt
            last.debt += debt
            rest = last.debt - debt
            last.debt = debt
            last.pay(lots)
            last.debt += rest
            account.sums["received"] += debt
            last.sums["sent"] += debt
            last.pay(last.active())
            for each in account, last:
                each.settle(self.time)
                each.rearm()

    def present(self, entry, name):
        """Returns the present name of the account that the entry calls by that name."""
        for later in self.entries[self.entries.index(entry) :]:
            if later.kind == "rename" and later.account == name and later is not entry:
                name = later.to
        return name

    def slices(self, now, value, start, slices, every, carry, borrow):
        """Returns a function that gives the slices of a deposit: amount, start, end."""
        slices = count(slices, 2, 400)
        carry, borrow = count(carry, 0, 1000), count(borrow, 0, 1000)
        if every not in PERIODS:
            raise Refused(USAGE)
        first = period_start(every, now, self.zone) if start is None else start

        def cut():
            if value < slices:
                raise Refused(USAGE)
            parts = []
            for number in range(slices):
                begin = edge(first, every, max(0, number - borrow), self.zone)
                over = edge(first, every, number + 1 + carry, self.zone)
                if over is None or over <= self.time:
                    raise Refused(USAGE)
                parts.append((value // slices + (number < value % slices), begin, over))
            return parts

        return cut

    def do_deposit(
        self, now, name, su, start=None, end=None, slices=None, every=None, carry="0", borrow="0"
    ):
        value = amount(su)
        start, end = self.window(now, start, end)
        cut = slices and self.slices(now, value, start, slices, every, carry, borrow)
        if slices and end is not None:
            raise Refused(USAGE)

        def plan():
            account = self.account(name)
            if not account.open:
                raise Refused()
            self.check_owner(name)
            for part in cut() if cut else [(value, *self.dates(start, end))]:
                self.put(account, *part)
            return [account]

        return plan

    def do_charge(self, now, name, su, since=None, until=None):
        """A fee: use that nothing measured, by default of the last second."""
        value = amount(su)
        since, until = (None if text is None else moment(text, now, self.zone) for text in (since, until))

        def plan():
            account = self.account(name)
            end = self.time if until is None else until
            begin = end - SECOND if since is None else since
            if end > self.time or begin >= end or begin < 0:
                raise Refused(USAGE)
            if self.mutation == "fees-are-of-now":
                begin, end = self.time - SECOND, self.time
            self.renew_first(account)
            parts, debt = self.spend(account, value, begin, end)
            self.record("fee", account, amount=value, since=begin, until=end, parts=parts, debt=debt)
            return [account]

        return plan

    def taken(self, account, su):
        value = account.rest() if su == "all" else amount(su)
        if not 0 < value <= account.rest():
            raise Refused()
        lots = account.active()
        if self.mutation == "latest-end-first":
            lots.reverse()
        parts, _ = account.take(value, lots)
        for lot, part in parts:
            lot.amount -= part
            lot.rest -= part
        return value, parts

    def do_withdraw(self, now, name, su):
        su == "all" or amount(su)

        def plan():
            account = self.account(name)
            self.withdraw(account, su)
            return [account]

        return plan

    def withdraw(self, account, su):
        value, parts = self.taken(account, su)
        account.sums["withdrawn"] += value
        self.record("withdraw", account, amount=value, parts=parts)

    def do_transfer(self, now, name, to, su):
        su == "all" or amount(su)
        if name == to:
            raise Refused(USAGE)

        def plan():
            account, receiver = self.account(name), self.account(to)
            if not receiver.open:
                raise Refused()
            self.check_owner(to)
            value, parts = self.taken(account, su)
            account.sums["sent"] += value
            receiver.sums["received"] += value
            entry = self.record("transfer", account, receiver, to=to, amount=value, parts=parts)
            paid = sum(receiver.add_lot(entry, lot.start, lot.end, part) for lot, part in parts)
            entry.fields["debt"] = paid
            return [account, receiver]

        return plan

    def do_hold(self, now, name, until=None):
        until = 0 if until is None else moment(until, now, self.zone)

        def plan():
            account = self.account(name)
            if until and until <= self.time:
                raise Refused(USAGE)
            if "hand" in account.causes and account.hand_until == until:
                raise Refused()
            account.causes.add("hand")
            account.hand_until = until
            account.grace_until = 0
            self.record("hold", account, cause="hand", until=until)
            return [account]

        return plan

    def do_release(self, now, name, until=None):
        until = 0 if until is None else moment(until, now, self.zone)

        def plan():
            account = self.account(name)
            if until and until <= self.time:
                raise Refused(USAGE)
            others = account.causes - {"hand"}
            # A release ends a hold by hand; grace is for the other causes.
            if not account.causes or (until and not others) or (not until and account.causes == others):
                raise Refused()
            account.causes.discard("hand")
            account.hand_until = 0
            account.grace_until = until if account.causes else 0
            self.record("release", account, cause="hand", until=until)
            return [account]

        return plan

    def do_terms(
        self, now, name, limited=False, unlimited=False, credit=None, enforce=None, thresholds=None, **quota
    ):
        quota = self.quota_options(now, **quota) if quota else None
        value = None if credit is None else amount(credit, least=0)
        levels = None
        if thresholds not in (None, "site"):
            levels = [] if thresholds == "none" else [int(level) for level in thresholds.split(",")]

        def plan():
            account = self.account(name)
            old = account.unlimited, account.credit, account.enforcement, account.thresholds
            new = (
                unlimited or account.unlimited and not limited,
                account.credit if value is None else value,
                account.enforcement if not enforce else None if enforce == "site" else enforce,
                levels if thresholds else account.thresholds,
            )
            before = account.quota
            after = quota(before) if quota else before
            if new == old and (vars(after) if after else None) == (vars(before) if before else None):
                raise Refused()
            self.renew_first(account)
            account.unlimited, account.credit, account.enforcement, account.thresholds = new
            if after and (not before or (before.every, before.start) != (after.every, after.start)):
                account.quota_since = self.time
            account.quota = after
            fields = dict(vars(after)) if after else {}
            fields["quota"] = fields.pop("amount", None)
            self.record("terms", account, **fields)
            return [account]

        return plan

    def quota_options(self, now, quota=None, every=None, start=None, carry=None, **forgive):
        """Returns a function that gives the quota of the options, where they do not name all of it with
        the parts of the old one."""
        forgive = forgive.get("forgive-below")
        value = None if quota in (None, "none") else amount(quota)
        carry = None if carry is None else count(carry, 0, 1000)
        forgive = None if forgive is None else amount(forgive, least=0)
        first = None if start is None else moment(start, now, self.zone)
        if every is not None and every not in PERIODS:
            raise Refused(USAGE)
        if quota == "none" and not (every is carry is forgive is first is None):
            raise Refused(USAGE)

        def change(old):
            if quota == "none":
                return None
            if not (value or old) or not (every or old):
                raise Refused()
            at = old.start if old and every in (None, old.every) else None
            new = every or old.every
            return Quota(
                value or old.amount,
                new,
                first if first is not None else period_start(new, self.time, self.zone) if at is None else at,
                (old.carry if old else 0) if carry is None else carry,
                (old.forgive_below if old else 0) if forgive is None else forgive,
            )

        return change

    # -- the past --

    def as_of(self, time):
        """Returns the accounts as they were at that time."""
        known = [accounts for when, accounts in self.history if when <= time]
        return {name: old.at(time) for name, old in known[-1].items()} if known else {}

    def statement(self, name, since, until):
        """Returns the opening balance, the effect of each entry, and the closing balance."""
        until += self.mutation == "statements-count-their-end"
        entries = []
        for entry in reversed(self.entries):  # a rename is the first entry of the new name
            if entry.kind == "rename" and entry.to == name:
                entries.append((entry, entry.found))
                name = entry.account
            elif entry.kind not in SUCCESSIONS or name in (entry.account, entry.to):
                entries.append((entry, effect(entry, name)))
        entries.reverse()
        before = sum(value for entry, value in entries if entry.time < since)
        rows = [
            (entry.seq, value)
            for entry, value in entries
            if (value or entry.kind in SUCCESSIONS) and since <= entry.time < until
        ]
        return before, rows, before + sum(value for _, value in rows)

    # -- corrections: entries that answer another one --

    def entry_to_answer(self, number, note):
        """Returns the entry with that number, which must not be reversed."""
        if note is None or not number.isdigit():
            raise Refused(USAGE)
        for entry in self.entries:
            if str(entry.seq) == number and not entry.reversed:
                return entry
        raise Refused()

    def give_back(self, kind, account, to, value, parts, fresh, dates, *others):
        """Records a refund or a reversal: parts (lot, amount), and [fresh] in a new lot."""
        if fresh and not dates:
            raise Refused()
        parts = [(lot, part) for lot, part in parts if part]
        entry = self.record(kind, account, *others, answers=to.seq, amount=value, debt=0)
        if fresh:
            entry.fields["start"], entry.fields["end"] = dates
            account.lots.append(Lot(entry, 0, *dates, fresh, fresh))
            parts.append((account.lots[-1], fresh))
            account.lots.sort(key=lambda lot: lot.end)
        entry.fields["parts"] = parts
        return entry

    def refund(self, account, charge, value, dates):
        """Refunds a charge. What became debt that another account took over goes to that one, unless the
        account can take it. Returns the accounts that got something."""
        taken, others = self.uncharge("refund", account, charge, value, dates), []
        if taken:
            others = self.refund(self.last_successor(account), charge, taken, dates)
        return [account] * (taken < value) + others

    def uncharge(self, kind, account, charge, value, dates):
        """Gives use back. Debt is paid first; then it goes to the lots that it was charged to, the last
        first; what was debt, and was paid since, goes to the active lots. Returns what a refund leaves to the
        account that took over the debt."""
        debt = 0 if self.mutation == "refunds-leave-debt" else min(account.debt, value)
        left, parts = value - debt, {}
        given = {lot.key(): part for lot, part in charge.parts}
        owed = charge.debt or 0
        for answer in charge.answers:
            rest = answer.amount
            for lot, part in answer.parts:
                taken = min(part, given.get(lot.key(), 0))
                given[lot.key()] = given.get(lot.key(), 0) - taken
                rest -= taken
            owed -= min(rest, owed)

        def give(lot, most):
            nonlocal left
            part = min(most, left, lot.amount - lot.rest)
            lot.rest += part
            left -= part
            if part:
                parts[lot.key()] = lot, parts.get(lot.key(), (lot, 0))[1] + part
            return part

        for lot, _ in reversed(charge.parts):
            home = account.find(lot)
            if home and home.start <= self.time:
                # What is no longer spent in the lot became debt since.
                owed += max(0, given[lot.key()] - (home.amount - home.rest))
                give(home, given[lot.key()])
        owed -= min(debt, owed)
        for lot in account.active():
            owed -= give(lot, owed)
        last, taken = self.last_successor(account), 0
        if kind == "refund" and last is not account and last.open:
            taken = min(left, owed) if self.mutation != "refunds-stay-with-the-former-name" else 0
        if taken < value:
            fresh = left - taken
            entry = self.give_back(kind, account, charge, value - taken, list(parts.values()), fresh, dates)
            account.debt -= debt
            entry.fields["debt"] = debt
            entry.of = charge
            charge.answers.append(entry)
        return taken

    def chosen(self, now, job=None, state=None, since=None, until=None, **_):
        """Returns the charges of jobs that the options select."""
        since = 0 if since is None else moment(since, now, self.zone)
        until = NEVER if until is None else moment(until, now, self.zone)
        if since >= until:
            raise Refused(USAGE)
        cluster, number = job.split("/") if job else (None, None)
        return [
            entry
            for entry in self.entries
            if entry.kind == "job"
            and since <= entry.until < until
            and (entry.state == state if state else (entry.cluster, str(entry.job_id)) == (cluster, number))
        ]

    def nothing_to_refund(self, now, **options):
        """Returns the exit status if there is nothing to refund, whatever the clock shows; else None."""
        found = self.chosen(now, **options)
        left = [entry for entry in found if entry.amount > entry.returned()]
        if not left:
            return DONE if found or options.get("state") else REFUSED
        runs = {entry.submit for entry in left}
        return REFUSED if options.get("job") and len(runs) > 1 and "all_runs" not in options else None

    def refund_jobs(self, now, window, options):
        def plan():
            newest, count = self.newest, len(self.entries)
            accounts = []
            try:
                for charge in self.chosen(now, **options):
                    left = charge.amount - charge.returned()
                    account = self.account(self.present(charge, charge.account))
                    accounts.append(account)
                    if left:
                        accounts += self.refund(account, charge, left, self.new_dates(window))
            except Refused:  # refunds all or none
                self.forget_refunds(count, newest)
                raise
            return list({account.name: account for account in accounts}.values())

        return plan

    def forget_refunds(self, count, newest):
        """Forgets the entries after the first [count]."""
        for entry in self.entries[count:]:
            if entry.of:
                entry.of.answers.remove(entry)
        del self.entries[count:]
        self.newest = newest

    def do_refund(self, now, number=None, su="all", note=None, start=None, end=None, **options):
        if options:
            return self.refund_jobs(now, self.window(now, start, end), options)
        percent = re.fullmatch(r"(\d+)%", su)
        value = None if su == "all" or percent else amount(su)
        if percent and not 1 <= int(percent[1]) <= 100:
            raise Refused(USAGE)
        window = self.window(now, start, end)

        def plan():
            charge = self.entry_to_answer(number, note)
            if charge.kind not in CHARGES or charge.returned() == charge.amount:
                raise Refused()
            dates = self.new_dates(window)
            left = charge.amount - charge.returned()
            want = charge.amount * int(percent[1]) // 100 if percent else value or left
            if not 0 < want <= left:
                raise Refused()
            account = self.account(self.present(charge, charge.account))
            newest, count = self.newest, len(self.entries)
            try:
                return self.refund(account, charge, want, dates)
            except Refused:
                self.forget_refunds(count, newest)
                raise

        return plan

    def new_dates(self, window):
        return None if window == (None, None) else self.dates(*window)

    def annul(self, account, entry, amounts):
        """Takes back the lots that an entry made, which must be whole. Returns pairs (lot, rest)."""
        made = {lot.index: lot for lot in account.lots if lot.entry is entry}
        lots = [made.get(index) for index in range(len(amounts))]
        if any(not lot or lot.amount != value for lot, value in zip(lots, amounts)):
            raise Refused()
        parts = [(lot, lot.rest) for lot in lots]
        for lot in lots:
            if self.mutation != "reversals-forget-debt":
                account.debt += lot.amount - lot.rest
            lot.amount = lot.rest = 0
        return parts

    def do_reverse(self, now, number, note=None, start=None, end=None):
        window = self.window(now, start, end)

        def plan():
            entry = self.entry_to_answer(number, note)
            if entry.kind not in MONEY or entry.answers:
                raise Refused()
            dates = self.new_dates(window)
            account = self.account(self.present(entry, entry.account))
            touched = [account]
            value, before = entry.amount, account.debt
            if entry.kind == "deposit":
                parts = self.annul(account, entry, [value])
                answer = self.give_back("reverse", account, entry, value, parts, 0, None)
                answer.fields["debt"] = account.debt - before
            elif entry.kind in ("withdraw", "transfer", "expire", "adjust"):
                homes = [(account.find(lot), part) for lot, part in entry.parts]
                fresh = sum(part for lot, part in homes if not lot)
                parts = [(lot, part) for lot, part in homes if lot]
                if entry.kind == "transfer":
                    if fresh:
                        raise Refused()
                    receiver = self.account(self.present(entry, entry.to))
                    if receiver is account:
                        raise Refused(USAGE)
                    touched.append(receiver)
                    owed = receiver.debt
                    self.annul(receiver, entry, [part for _, part in homes])
                    owed = receiver.debt - owed
                others = touched[1:]
                answer = self.give_back("reverse", account, entry, value, parts, fresh, dates, *others)
                answer.receiver = others[0].name if others else None
                for lot, part in parts:
                    lot.amount += part
                    lot.rest += part
                paid = account.pay(account.active())
                answer.fields["debt"] = owed if entry.kind == "transfer" else paid
            elif entry.kind in CHARGES:
                self.uncharge("reverse", account, entry, value, dates)
                answer = entry.answers[-1]
            else:  # a refund
                parts = []
                for lot, part in entry.parts:
                    lot = account.find(lot)
                    if not lot or (lot.entry is entry and lot.amount != part):
                        raise Refused()
                    parts.append((lot, min(lot.rest, part)))
                for lot, part in parts:
                    lot.rest -= part
                    if lot.entry is entry:
                        lot.amount = lot.rest = 0
                answer = self.give_back("reverse", account, entry, value, parts, 0, None)
                answer.fields["debt"] = value - sum(part for _, part in parts)
                account.debt += answer.debt
                entry.of.answers.remove(entry)
            entry.reversed, answer.reverses = True, entry
            for each in touched:
                each.pay(each.active())
            return touched

        return plan

    def already_set(self, now, name, su, start=None, end=None):
        """True if the allocation has that amount already and the options give no window."""
        if start is not None or end is not None:
            return False
        value = amount(su, least=0)
        return self.account(name).at(max(now, self.newest)).allocated() == value

    def do_set(self, now, name, su, start=None, end=None):
        value = amount(su, least=0)
        start, end = self.window(now, start, end)

        def plan():
            account = self.account(name)
            more = value - account.allocated() + (self.mutation == "set-is-one-off")
            if more > 0:
                if start is not None and start > self.time:
                    raise Refused(USAGE)
                if not account.open:
                    raise Refused()
                self.check_owner(name)
                self.put(account, more, *self.dates(start, end))
                return [account]
            if start is not None or end is not None:
                raise Refused(USAGE)
            if -more <= account.rest():
                self.withdraw(account, f"{-more}s")
                return [account]
            debt = left = -more - account.rest()
            parts = []
            for lot in account.active():
                spent = min(lot.amount - lot.rest, left)
                left -= spent
                if lot.rest + spent:
                    parts.append((lot, lot.rest + spent))
                lot.amount -= lot.rest + spent
                lot.rest = 0
            account.debt += debt
            self.record("adjust", account, amount=-more, parts=parts, debt=debt)
            account.pay(account.active())
            return [account]

        return plan

    # -- reconcile --

    def lines(self, now, names, since=None, until=None, **_):
        """Returns a line for each account and cluster, without clusters that did not answer, and the
        status."""
        since = 0 if since is None else moment(since, now, self.zone)
        until = now if until is None else moment(until, now, self.zone)
        if since >= until:
            raise Refused(USAGE)
        self.time = max(now, self.newest)
        self.load_accounts()
        for name in names:
            self.account(name)
        accounts = [self.accounts[name] for name in sorted(names or self.accounts)]
        lines = [
            Line(self, account, cluster, since, until)
            for cluster in self.clusters
            for account in accounts
            if cluster in account.meters
        ]
        lines = [line for line in lines if line.since < line.until]
        return [line for line in lines if line.cluster not in self.silent], DONE if all(
            line.cluster not in self.silent for line in lines
        ) else PART

    def do_reconcile(self, now, *names, apply=False, note=None, start=None, end=None, **period):
        window = self.window(now, start, end)
        if not apply and (note or window != (None, None)):
            raise Refused(USAGE)
        lines, status = self.lines(now, names, **period)
        every, lines = lines, [line for line in lines if line.certain]
        if not apply or not lines:
            raise Refused(PART if lines else status)
        certain = [line for line in lines if not self.lacks(line)]
        if len(certain) < len(lines):
            status = PART
            self.looked_back.update((line.cluster, 0) for line in every if self.lacks(line))
        if not certain:
            raise Refused(status)
        lines = certain

        def plan():
            count, newest = len(self.entries), self.newest
            try:
                for line in lines:
                    since, until = line.lost or (line.since, line.until)
                    account = self.accounts[line.account.name]
                    self.renew_first(account)
                    self.reconcile(account, line, since, until, self.new_dates(window))
            except Refused:  # records all or none
                del self.entries[count:]
                self.newest = newest
                raise
            self.status = status
            return [self.accounts[name] for name in sorted({line.account.name for line in lines})]

        return plan

    def reconcile(self, account, line, since, until, dates):
        """Records the difference. More use is charged to the lots of that time. Less use pays debt, and then
        goes to lots that are partly spent, the one that ends last first."""
        value = abs(line.certain) - (self.mutation == "reconcile-is-one-off" and abs(line.certain) > 1)
        fields = {"cluster": line.cluster, "amount": value, "since": since, "until": until}
        if line.certain > 0:
            if until > self.time:
                raise Refused()  # the clock went back: the period is in the future
            parts, debt = self.spend(account, value, since, until)
            self.record("reconcile", account, use="more", parts=parts, debt=debt, **fields)
            account.rearm()
            return
        debt = min(account.debt, value)
        left, parts = value - debt, []
        for lot in reversed(account.active()):
            part = min(lot.amount - lot.rest, left)
            left -= part
            lot.rest += part
            if part:
                parts.append((lot, part))
        if left and not dates:
            raise Refused()
        entry = self.record("reconcile", account, use="less", parts=parts, debt=debt, **fields)
        account.debt -= debt
        if left:
            entry.fields["start"], entry.fields["end"] = dates
            account.lots.append(Lot(entry, 0, *dates, left, left))
            parts.append((account.lots[-1], left))
            account.lots.sort(key=lambda lot: lot.end)
        account.pay(account.active())
        account.rearm()

    # -- the check --

    def do_check(self, now, *names, clock_ok=False):
        def plan(now):
            for name in names:
                self.account(name)
            self.begin(now)
            for cluster in self.silent.intersection(self.clusters):
                self.looked_back[cluster] = 0
            jumped = self.jumped() and not clock_ok
            if jumped:
                return PART
            selected = self.selected(names)
            status = DONE
            for cluster in self.clusters:
                if cluster not in self.silent:
                    status = max(status, self.charge_jobs(selected, cluster, now, bool(names)))
                    selected = self.selected(names)
            if not names:
                self.checked = self.time
            return max(status, self.check_accounts(selected, now))

        return plan

    def selected(self, names):
        """Returns the accounts to check: first former ones, so that their successors are judged by all
        that they take over."""
        return self.in_order([self.accounts[name] for name in names or sorted(self.accounts)])

    def in_order(self, accounts):
        """Returns the accounts with all their purses, former ones first."""
        owners = [self.accounts[owner_of(account.name)] for account in accounts]
        return self.family(sorted(owners, key=lambda owner: not owner.successor))

    def charge(self, account, cluster, now):
        """Charges the use on the cluster since the last charge. The reading is of [now]."""
        if cluster in self.silent:
            return PART
        reading = self.usage.get((cluster, account.name))
        if cluster not in account.meters and not self.measures(account.name):
            return DONE
        if cluster not in account.meters:
            self.baseline(account, cluster, reading or 0)
            return DONE
        before, since = first = account.meters[cluster]
        used, when, _ = self.read.get((cluster, account.name), (None, 0, 0))
        if reading is None:  # not in Slurm: keeps the use that was charged, not the time of the reading
            if before:
                self.read[cluster, account.name] = before, since, self.deferred_since(account, cluster)
            return DONE
        if cluster in account.by_jobs:
            self.record_deferred(account)  # under jobs nothing is deferred
            self.read[cluster, account.name] = reading, now, 0
            return DONE
        if now < since:  # a later reading was charged
            return DONE
        if reading < before:
            self.baseline(account, cluster, reading)
            return PART
        if reading > before:
            if used == before:  # nothing was used before that reading
                since = max(since, when)
            since = min(since, self.time - 1)
            if since < first[1]:  # the period would be empty: the next check charges it
                return DONE
            self.use(account, cluster, reading, since, now if now > since else self.time)
            if account.name in self.changed:
                self.record_deferred(account)
        since = self.deferred_since(account, cluster)
        self.read[cluster, account.name] = reading, max(now, since + 1), since
        return DONE

    def deferred_since(self, account, cluster):
        return next((charge.since for charge in account.deferred if charge.cluster == cluster), 0)

    def use(self, account, cluster, reading, since, until):
        """Charges the use up to that reading, as a deferred charge."""
        before = account.meters[cluster][0]
        parts, debt = self.spend(account, reading - before, since, until)
        account.meters[cluster] = [reading, until]
        same = None
        for charge in account.deferred:
            if charge.cluster == cluster:
                same = charge
            elif debt and charge.parts:
                # Recorded before that charge, it would have drawn on the same lots.
                same = None
        if not same:
            same = Entry("charge", account.name, self.time, cluster=cluster, amount=0, before=before)
            same.fields.update(since=since, parts=[], debt=0)
            account.deferred.append(same)
        all_parts = {}
        for lot, part in same.parts + parts:
            all_parts[lot.key()] = lot, all_parts.get(lot.key(), (lot, 0))[1] + part
        same.fields.update(amount=same.amount + reading - before, now=reading, until=until)
        same.fields.update(parts=list(all_parts.values()), debt=same.debt + debt)
        account.settle(account.time)  # removes lots that have ended and are spent

    def may_defer(self, account):
        """True if charges can stay deferred: they are younger than charge_every, no window starts or ends
        between the use and the latest time of the entry, and windows that start or end later have the
        same effect with and without this use."""
        since = min(charge.since for charge in account.deferred)
        deferred = sum(charge.amount for charge in account.deferred)
        latest = self.time + self.charge_every
        if not self.charge_every or self.time - since >= self.charge_every:
            return False
        for moment in {moment for lot in account.lots for moment in (lot.start, lot.end)}:
            if since < moment <= latest and self.mutation != "use-is-deferred-past-a-window":
                return False
            if moment > latest:
                if account.debt and any(lot.start == moment for lot in account.lots):
                    return False  # it pays debt
                later = [lot for lot in account.lots if lot.start <= moment < lot.end]
                allocated = sum(lot.amount for lot in later)
                used = allocated - sum(lot.rest for lot in later) + account.debt
                for level in account.crossed if allocated else ():
                    if (used - deferred) * 100 < level * allocated <= used * 100:
                        return False  # the threshold would re-arm without this use
        return True

    def spend(self, account, value, since, until):
        """Charges use to the lots whose window it overlaps, the earliest end first; the rest is debt."""
        lots = [lot for lot in account.lots if lot.start < until and lot.end > since]
        if self.mutation == "ended-lots-pay-nothing":
            lots = [lot for lot in lots if lot.end > self.time]
        parts, debt = account.take(value, lots)
        for lot, part in parts:
            lot.rest -= part
        account.debt += debt
        account.pay(account.active())
        account.sums["charged"] += value
        return parts, debt

    # -- charges by job --

    def factor(self, job):
        """Returns UsageFactor x the factors of QOS and partition, cut to six decimals; 0: it is free."""
        if not job["runs"] and job["state"] in self.free_states:
            if self.mutation != "free-states-are-charged":
                return 0
        product = job["usage_factor"]
        for kind in ("qos", "partition"):
            product *= self.factors[kind].get(job[kind], ONE)
        if self.mutation == "factors-are-rounded":
            product += ONE**2 // 2
        return product // ONE**2

    def cost(self, job, elapsed, counted):
        """Returns the job's cost from the second [counted]; assumes that suspensions were at its end. The
        price of the whole run, rounded up and at least the minimum, bears on the part that counts."""
        before = max(0, counted - job["start"])
        rate = job["billing"] * self.factor(job)
        if before >= elapsed or not rate:
            return 0
        run = elapsed
        if self.mutation != "run-times-are-not-rounded":
            run = -(-elapsed // self.round_seconds) * self.round_seconds
        lacking = max(0, self.min_charge - rate * run // ONE)
        return rate * (run - before) // ONE + lacking * (self.mutation != "a-job-may-cost-less")

    def charge_jobs(self, accounts, cluster, now, part):
        """Charges each ended job once, and then switches accounts to the meter in the settings. [part]: it is
        a check of some accounts."""
        selected = [account for account in accounts if cluster in account.meters]
        metered = [x for x in selected if cluster in x.by_jobs or cluster in x.were_by_jobs]
        switching = [x.name for x in selected if (cluster in x.by_jobs) != (self.meter == "jobs")]
        ahead = any(self.settled.get((cluster, account.name), 0) > now for account in metered)
        looked = self.looked_back.get(cluster, 0)
        back = not 0 <= now - looked < LOOK_EVERY or ahead or switching
        if self.mutation == "late-jobs-wait-for-ever" and looked and not switching:
            back = False
        if self.mutation == "every-check-looks-back":
            back = True
        begins = [self.jobs_since(account, cluster, looked, back) for account in metered]
        since = min((begin for begin in begins if begin is not None), default=now)
        while since < now:
            until = min(since + SLICE, now)
            running = dict.fromkeys((account.name for account in metered), (0, 0, 0))
            for key, job in self.jobs.items():
                ended = job["start"] + job["ran"]
                # sacct also shows jobs that were pending in the slice.
                if key[0] != cluster or key[2] > until // SECOND:
                    continue
                if not job["runs"] and ended < since // SECOND:
                    continue
                for account in metered:
                    if account.name == job["account"] and job["billing"] and self.factor(job):
                        self.charge_job(account, key, job, running)
            for account in metered:
                key = cluster, account.name
                settled, done = self.settled[key], account.were_by_jobs.get(cluster, (0, 0))[1] + OVERLAP
                if settled <= until and (cluster in account.by_jobs or settled < done):
                    self.settled[key] = until
                    if until == now:
                        self.running[key] = running[account.name]
            if ahead:
                self.looked_back[cluster] = 0
            elif back and not part and until == now:
                self.looked_back[cluster] = now
            since += SLICE
        self.write()
        self.load_accounts()
        status = DONE
        for name in switching:
            status = max(status, self.switch(self.accounts[name], cluster, now))
            self.write()
            self.load_accounts()
        return status

    def switch(self, account, cluster, now):
        """Switches the meter between RawUsage and jobs in this second, after recording what the books lack
        up to it. A switch to RawUsage waits until none of the account's jobs runs."""
        if self.meter != "jobs" and self.mutation != "switches-do-not-wait":
            if self.runs(account, cluster, now // SECOND):
                return DONE
        line = Line(self, account, cluster, 0, now - now % SECOND, True)
        count, newest, changed, before = len(self.entries), self.newest, set(self.changed), account.at(self.time)
        try:
            if line.certain and line.since >= line.until:
                raise Refused()  # counting began in this second: a later check switches
            if line.certain:
                self.renew(account)
                self.reconcile(account, line, line.since, line.until, None)
        except Refused:  # without the quota too
            del self.entries[count:]
            self.newest, self.changed = newest, changed
            vars(account).update(vars(before))
            return PART
        reading = account.meters[cluster][0]
        counted = reading
        if self.meter == "jobs":
            account.by_jobs[cluster] = line.until
            self.settled[cluster, account.name] = line.until
            self.running[cluster, account.name] = 0, 0, 0
        else:
            counted = self.usage.get((cluster, account.name), 0)
            account.were_by_jobs[cluster] = account.by_jobs.pop(cluster), line.until
        # record() puts deferred charges, by the old meter, before the switch.
        fields = {"cluster": cluster, "meter": self.meter, "since": line.until}
        self.looked_back[cluster] = 0
        self.record("meter", account, before=reading, now=counted, **fields)
        account.meters[cluster] = [counted, self.time]
        return DONE

    def jobs_since(self, account, cluster, looked, back):
        """Returns the time from which ended jobs are read, in a look-back or not, or None. Jobs that ended
        before a switch to RawUsage are read as long as others."""
        since, until = account.were_by_jobs.get(cluster, (0, 0))
        settled = self.settled.get((cluster, account.name), 0)
        if back:
            begin = max(min(settled, looked or settled - LOOK_EVERY), until) - OVERLAP
        else:
            begin = max(settled, until) - (RECENT if settled else OVERLAP)
        if cluster in account.by_jobs and begin >= until:
            since = account.by_jobs[cluster]
        return max(begin, since) if cluster in account.by_jobs or begin < until else None

    def lacks(self, line):
        """True if the next look-back may charge jobs that are on Slurm's record already."""
        account, cluster = line.account, line.cluster
        by_jobs = cluster in account.by_jobs or cluster in account.were_by_jobs
        looked = self.looked_back.get(cluster, 0)
        if not by_jobs or self.jobs_since(account, cluster, looked, True) is None:
            return False
        return looked < self.settled.get((cluster, account.name), 0)

    def runs(self, account, cluster, now):
        """True if a job ran within CLOCKS_APART of that second. Jobs of the future, after the clock went
        back, do not count."""
        return any(
            key[0] == cluster
            and job["account"] == account.name
            and min(key[2], job["start"]) < now + CLOCKS_APART
            and (job["runs"] or job["start"] + job["ran"] >= now - CLOCKS_APART)
            for key, job in self.jobs.items()
        )

    def charge_job(self, account, key, job, running):
        ended = job["start"] + job["ran"]
        since, until = account.were_by_jobs.get(key[0], (0, 0))
        counted = account.by_jobs.get(key[0])
        if not job["runs"] and ended * SECOND <= until and self.mutation != "late-jobs-are-free":
            counted = since
        if counted is None:
            return
        value = self.cost(job, job["elapsed"], counted // SECOND)
        begun = max(job["start"] * SECOND, counted)
        if job["runs"]:
            used, committed, since = running[account.name]
            whole = self.cost(job, max(job["elapsed"], job["limit"]), counted // SECOND)
            if self.mutation == "limits-commit-nothing":
                whole = value
            since = min(since or begun, begun)
            running[account.name] = used + value, committed + whole, since
        elif value and ended <= self.time // SECOND and (*key, account.name) not in self.charged:
            self.charged.add((*key, account.name))
            until = ended * SECOND
            if self.mutation != "jobs-come-before-their-quota":
                self.renew(account)
            parts, debt = self.spend(account, value, begun, until)
            self.record(
                "job",
                account,
                cluster=key[0],
                amount=value,
                since=begun,
                until=until,
                parts=parts,
                debt=debt,
                job_id=key[1],
                submit=key[2] * SECOND,
                elapsed=job["elapsed"],
                factor=self.factor(job),
                state=job["state"],
            )
            account.rearm()

    def charged_until(self, account, cluster, now, by_readings=False):
        """Returns the time up to which use is charged; [by_readings] leaves out that there may be none."""
        reading, time = account.meters[cluster]
        used, when, _ = self.read.get((cluster, account.name), (None, 0, 0))
        if used == reading and cluster not in account.by_jobs:
            time = max(time, when)
        if cluster in account.by_jobs:
            settled = self.settled[cluster, account.name]
            first = self.running.get((cluster, account.name), (0, 0, 0))[2]
            time = first if first and first < settled else max(settled, account.by_jobs[cluster])
            if self.looked_back.get(cluster, 0) < settled and self.mutation != "expiry-never-looks-back":
                time = account.by_jobs[cluster]
        if by_readings:
            return time
        if cluster not in self.clusters:  # no longer in the settings: it will not be read again
            return max(time, self.time)
        if cluster not in self.silent:
            if (cluster, account.name) not in self.usage:  # not in Slurm: it cannot use anything
                time = max(time, now)
        return time

    def all_charged_until(self, account, now, by_readings=False):
        """The same for all clusters, and for all accounts for whose use this one pays."""
        times = [
            self.charged_until(user, cluster, now, by_readings)
            for user in [account, *self.formers(account)]
            for cluster in user.meters
        ]
        return min(times, default=self.time)

    def expire(self, account, now):
        """Expires what is left in lots that ended, once every cluster was read at or after the end."""
        read = self.all_charged_until(account, now)
        ends = sorted({lot.end for lot in account.lots if lot.rest and lot.end <= self.time})
        if self.mutation == "the-last-to-end-expires-first":
            ends.reverse()
        for end in ends:
            parts = [(lot, lot.rest) for lot in account.lots if lot.end == end and lot.rest]
            if end <= read:
                total = sum(rest for _, rest in parts)
                self.record("expire", account, amount=total, end=end, parts=parts)
                for lot, _ in parts:
                    lot.rest = 0
        account.settle(self.time)

    def record_notices(self, account):
        """Records, once each, the thresholds that are reached with running jobs, and windows that end
        soon. A threshold that the entries alone do not reach is armed again when a check finds the use
        below it."""
        flight = 0 if self.mutation == "flights-cross-nothing" else self.flight(account)
        used, allocated, percent = account.used() + flight, account.allocated(), account.percent(flight)
        before, reached = self.reached.get(account.name, 0), 0
        for level in self.term(account, "thresholds"):
            if percent is None or percent < level:
                continue
            if level > before and level not in account.crossed:
                account.crossed.add(level)
                self.record("threshold", account, level=level, used=used, allocated=allocated)
                account.rearm()
            if level not in account.crossed:
                reached = level
        self.reached[account.name] = reached
        for end in sorted({lot.end for lot in account.lots if lot.rest} - account.noticed):
            lots = [lot for lot in account.lots if lot.end == end and lot.rest]
            # Deposited within a day: the depositor knows the end. So does everybody that of a quota,
            # until the last quarter of its window.
            if all(
                self.time - lot.entry.time < DAY
                or (lot.entry.period and self.time < end - (end - lot.start) // 4)
                for lot in lots
            ):
                continue
            if self.notice_days and end - self.notice_days * DAY <= self.time < end:
                if self.mutation != "notices-come-twice":
                    account.noticed.add(end)
                left = sum(lot.rest for lot in account.lots if lot.end == end)
                self.record("notice", account, amount=left, end=end)
