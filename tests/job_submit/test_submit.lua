-- SPDX-License-Identifier: GPL-3.0-or-later
--
-- Tests the module that slurmctld loads, without a Slurm: LUA test_submit.lua MODULE FOLDER

local module, folder = arg[1], arg[2]
local path = folder .. "/submit"
local MISSING, INFINITE = 4294967294, 4294967295
local failed, clock, told, logged = 0, 1000000, {}, {}

os.time = function()
	return clock
end

slurm = {SUCCESS = 0, ESLURM_ACCOUNTING_POLICY = 2050,
	log_user = function(form, ...) told[#told + 1] = string.format(form, ...) end,
	log_info = function(form, ...) told[#told + 1] = string.format(form, ...):gsub("^subank: refused for user 1000: ", "") end,
	log_error = function(form, ...) logged[#logged + 1] = string.format(form, ...) end}

local function expect(what, expected, found)
	if expected ~= found then
		failed = failed + 1
		print(what .. "\n    expected: " .. tostring(expected) .. "\n    found:    " .. tostring(found))
	end
end

local function write(text)
	local file = assert(io.open(path, "wb"))

	file:write(text)
	file:close()
end

local sequence = 0

-- Writes a good file with these lines.
local function publish(lines, time)
	sequence = sequence + 1
	write(string.format("subank 2 %d %d 0123456789abcdef\n%s\nend\n", time or clock, sequence, lines):rep(2))
end

local subank

-- A fresh module, as after a restart of slurmctld.
local function restart()
	subank = assert(loadfile(module))()
	subank.file = path
	subank.every = 0
	told, logged = {}, {}
end

local function job(fields)
	local all = {account = "prk", user_id = 1000, time_limit = 60, min_cpus = 1, min_nodes = MISSING,
		num_tasks = 1, cpus_per_task = 65534, ntasks_per_node = 65534, pn_min_cpus = 65534, het_job_offset = MISSING}

	for name, value in pairs(fields or {}) do
		all[name] = value
	end
	return all
end

local parts = {main = {name = "main", flag_default = 1, default_time = MISSING, max_time = INFINITE}}

-- Submits and returns the answer and what the user was told.
local function submit(fields, partitions)
	told = {}
	local answer = subank.submit(job(fields), partitions or parts, 1000)

	return answer, table.concat(told, "\n")
end

-- ---- sizes of arrays ----

restart()
for text, size in pairs({
	["1"] = 1, ["1-10"] = 10, ["1-10%2"] = 10, ["0-9:3"] = 4, ["0-9:2"] = 5, ["1,3,5-9:2"] = 5, ["1,3,5-9:2%1"] = 5,
	["5-5"] = 1, ["9-5"] = 1, ["1-1000000"] = 1000000, ["x"] = 1, [""] = 1, ["1-10:0"] = 10,
}) do
	expect("array " .. text, size + 0.0, subank.array_size(text) + 0.0)
end
expect("no array", 1.0, subank.array_size(nil) + 0.0)

-- ---- what jobs cost: a job that costs COST billing-seconds just fits into COST, and not into one less ----

local function weigh(text)
	return {main = {name = "main", flag_default = 1, default_time = 30, max_time = 600, billing_weights_str = text,
		def_mem_per_node = 1024}}
end

local GPU = "CPU=1.0,Mem=0.25G,GRES/gpu=10"
for _, row in ipairs({
	-- what, fields of the job, weights, more lines of the file, cost, the meter
	{"one hour on one core", {}, nil, "", 3600},
	{"no weights", {min_cpus = 8, num_tasks = 4, cpus_per_task = 2}, nil, "", 28800},
	{"tasks by cores, by another program than sbatch", {min_cpus = MISSING, num_tasks = 4, cpus_per_task = 2}, nil, "",
		28800},
	{"tasks a node, by another program", {min_cpus = MISSING, num_tasks = MISSING, min_nodes = 2, ntasks_per_node = 3},
		nil, "", 6 * 3600},
	{"tasks a node", {min_cpus = 6, num_tasks = 6, min_nodes = 2, ntasks_per_node = 3}, nil, "", 6 * 3600},
	{"fewer tasks than a node may have", {min_cpus = 4, num_tasks = 4, ntasks_per_node = 8}, nil, "", 4 * 3600},
	{"the same without its CPUs", {min_cpus = MISSING, num_tasks = 4, ntasks_per_node = 8}, nil, "", 4 * 3600},
	{"overcommitted", {min_cpus = 1, num_tasks = 64}, nil, "", 3600},
	{"cores a node", {min_nodes = 3, pn_min_cpus = 4}, nil, "", 12 * 3600},
	{"default time", {time_limit = MISSING}, "CPU=1", "", 1800},
	{"array", {array_inx = "1-10%2"}, nil, "", 36000},
	{"a fraction", {}, "CPU=0.25", "", 900},
	{"a small fraction is rounded up", {time_limit = 1}, "CPU=0.0000001", "", 1},
	{"memory of the job", {min_mem_per_node = 8192}, "CPU=1.0,Mem=0.25G", "", 3 * 3600},
	{"memory a core", {min_mem_per_cpu = 4096, min_cpus = 2}, "CPU=1.0,Mem=0.25G", "", 4 * 3600},
	{"memory by default", {}, "CPU=1.0,Mem=1G", "", 2 * 3600},
	{"memory in MB", {min_mem_per_node = 3}, "Mem=1", "", 3 * 3600},
	{"GPUs a job", {tres_per_job = "gres:gpu:2"}, "CPU=1,GRES/gpu=10", "", 21 * 3600},
	{"a GPU without a number", {tres_per_job = "gres:gpu"}, "CPU=1,GRES/gpu=10", "", 11 * 3600},
	{"GPUs of a type", {tres_per_node = "gres:gpu:a100:2", min_nodes = 2}, "GRES/gpu=10", "", 40 * 3600},
	{"GPUs as 23.11 writes them", {tres_per_node = "gres/gpu:a100:2(S:0-1)"}, "GRES/gpu:a100=5", "", 10 * 3600},
	{"GPUs with =", {tres_per_task = "cpu=3,gres/gpu=2", num_tasks = 2}, "CPU=1,GRES/gpu=1", "", 10 * 3600},
	{"another type", {tres_per_node = "gres:gpu:v100:2"}, "GRES/gpu:a100=5", "", 0},
	{"any type", {tres_per_node = "gres:gpu:2"}, "GRES/gpu:a100=5", "", 10 * 3600},
	{"GPUs a task and a node are the same", {tres_per_node = "gres:gpu:2", tres_per_task = "gres:gpu:1", num_tasks = 2},
		"GRES/gpu=1", "", 2 * 3600},
	{"cores a GPU", {tres_per_job = "gres:gpu:2", cpus_per_tres = "gres:gpu:4"}, "CPU=1", "", 8 * 3600},
	{"licenses", {licenses = "matlab:2,foo"}, "license/matlab=3", "", 6 * 3600},
	{"licenses of a server", {licenses = "matlab@flex:2"}, "license/matlab=3", "", 0},
	{"nodes", {min_nodes = 3}, "Node=2", "", 6 * 3600},
	{"sum", {min_mem_per_node = 1024, tres_per_job = "gres:gpu:1"}, "CPU=3,Mem=2G,GRES/gpu=4,license/x=1", "", 9 * 3600},
	{"max", {min_mem_per_node = 1024, tres_per_job = "gres:gpu:1", licenses = "x"},
		"CPU=3,Mem=2G,GRES/gpu=4,license/x=1", "rule max", 5 * 3600},
	{"max_gres", {min_mem_per_node = 1024, tres_per_job = "gres:gpu:1", licenses = "x"},
		"CPU=3,Mem=2G,GRES/gpu=4,license/x=1", "rule max_gres", 8 * 3600},
	{"a factor", {qos = "low"}, nil, "qos low 500000 7000000", 1800},
	{"the site's factor", {qos = "low"}, nil, "qos low 500000 7000000", 7 * 3600, "jobs"},
	{"the default QOS", {default_qos = "low"}, nil, "qos low 500000 1000000", 1800},
	{"a QOS in capitals", {qos = "LOW"}, nil, "qos low 500000 1000000", 1800},
	{"several QOS", {qos = "low,dear"}, nil, "qos low 500000 1000000\nqos dear 3000000 1000000", 3 * 3600},
	{"several default QOS", {default_qos = "dear,low"}, nil, "qos low 500000 1000000\nqos dear 3000000 1000000", 3 * 3600},
	{"normal without any", {}, nil, "qos normal 2000000 1000000", 7200},
	{"an unknown QOS", {qos = "odd"}, nil, "qos low 500000 1000000", 3600},
	{"factor of a partition", {}, nil, "partition main 1500000", 5400, "jobs"},
	{"not by RawUsage", {}, nil, "partition main 1500000", 3600, "rawusage"},
	{"factor of a reservation", {reservation = "course"}, nil, "reservation course 250000", 900, "jobs"},
	{"rounded up", {time_limit = 61}, nil, "round 3600", 7200, "jobs"},
	{"the least", {time_limit = 1}, nil, "min 360", 360, "jobs"},
	{"the least of each task", {time_limit = 1, array_inx = "1-3"}, nil, "min 360", 1080, "jobs"},
}) do
	local what, fields, weights, more, cost, meter = row[1], row[2], row[3], row[4], row[5], row[6] or "rawusage"
	local account = "\naccount prk %d open refuse limited " .. meter

	for _, free in ipairs({cost, cost - 1}) do
		restart()
		publish("mode refuse" .. (more ~= "" and "\n" .. more or "") .. account:format(free))
		expect(what .. " with " .. free, (free == cost or cost == 0) and 0 or 2050,
			(submit(fields, weights and weigh(weights))))
	end
end

-- Numbers past 2^53 neither wrap around nor pass.
for _, huge in ipairs({
	{time_limit = 4294967293, min_cpus = 4000000000}, {array_inx = "0-9223372036854775807", min_cpus = 4294967293},
	{time_limit = 4294967293, tres_per_job = "gres:gpu:99999999999g", array_inx = "1-99999999999999999999"},
}) do
	restart()
	publish("mode refuse\naccount prk 9007199254740990 open refuse limited rawusage")
	expect("a huge job", 2050, (submit(huge, weigh("CPU=999999999,GRES/gpu=999999999"))))
	expect("what was logged", 0, #logged)
end

-- ---- partitions ----

local two = {main = {name = "main", flag_default = 1, billing_weights_str = "CPU=1", max_time = 60},
	dear = {name = "dear", flag_default = 0, billing_weights_str = "CPU=5", max_time = INFINITE}}
restart()
publish("mode refuse\naccount prk 3600 open refuse limited rawusage")
expect("the dearest partition", 2050, (submit({partition = "main,dear"}, two)))
expect("an unlimited partition", 2050, (submit({partition = "dear", time_limit = INFINITE}, two)))
expect("the default one", 0, (submit({}, two)))
expect("no partition is the default", 0, (submit({time_limit = 600}, {dear = two.dear})))

for _, weights in ipairs({"CPU=1e-3", "CPU=1,Mem=1x", "CPU=-1", "CPU", "CPU=1.0.0", "CPU=9999999999"}) do
	restart()
	publish("mode refuse\naccount prk 0 open refuse limited rawusage")
	expect(weights .. " passes", 0, (submit({}, weigh(weights))))
	expect(weights .. " passes again", 0, (submit({}, weigh(weights))))
	expect(weights .. " is logged", "subank: jobs are not checked at submission in partitions with the " ..
		"TRESBillingWeights " .. weights, table.concat(logged, "\n"))
	expect("others are checked", 2050, (submit({}, weigh("CPU=1, Mem=0.5G,"))))
end

-- ---- messages ----

local function says(what, lines, fields, answer, text)
	restart()
	publish(lines)
	local found, message = submit(fields)

	expect(what, answer, found)
	expect(what .. ": message", text, message)
end

says("it fits", "mode refuse\naccount prk 11520 open refuse limited rawusage", {}, 0, "")
says("a shorter one would fit", "mode refuse\naccount prk 11520 open refuse limited rawusage",
	{min_cpus = 8, time_limit = 360}, 2050,
	"account prk has 3.2 SU left; this job asks for up to 48 SU: a time limit of 00:24:00 would fit")
says("days", "mode refuse\naccount prk 360000 open refuse limited rawusage", {time_limit = 144000}, 2050,
	"account prk has 100 SU left; this job asks for up to 2400 SU: a time limit of 4-04:00:00 would fit")
says("part of an array", "mode refuse\naccount prk 11520 open refuse limited rawusage", {array_inx = "1-10"}, 2050,
	"account prk has 3.2 SU left; this job asks for up to 10 SU: 3 tasks of the array would fit")
says("nothing fits", "mode refuse\naccount prk 59 open refuse limited rawusage", {time_limit = 1}, 2050,
	"account prk has 0.01 SU left; this job asks for up to 0.02 SU")
says("nearly nothing is left", "mode refuse\naccount prk 1 open refuse limited rawusage", {}, 2050,
	"account prk has less than 0.01 SU left; this job asks for up to 1 SU")
says("nothing is left", "mode refuse\naccount prk -5 open refuse limited rawusage", {}, 2050,
	"account prk has no SU left; this job asks for up to 1 SU")
says("no time limit", "mode refuse\naccount prk 7200 open refuse limited rawusage", {time_limit = INFINITE}, 2050,
	"account prk has 2 SU left; this job has no time limit: a time limit of 02:00:00 would fit")
says("rounding is minded", "mode refuse\nround 3600\naccount prk 9000 open refuse limited jobs", {time_limit = 600}, 2050,
	"account prk has 2.5 SU left; this job asks for up to 10 SU: a time limit of 02:00:00 would fit")
says("unlimited", "mode refuse\naccount prk 0 open refuse unlimited rawusage", {time_limit = INFINITE}, 0, "")
says("held", "mode refuse\naccount prk 0 held refuse limited rawusage", {}, 2050,
	"account prk is held: no job that costs something can start in it")
says("held and unlimited", "mode refuse\naccount prk 0 held refuse unlimited rawusage", {}, 2050,
	"account prk is held: no job that costs something can start in it")
says("free of charge", "mode refuse\nqos normal 0 0\naccount prk 0 held refuse limited rawusage",
	{time_limit = INFINITE}, 0, "")
says("spent, and in the scavenger QOS", "mode refuse\nscavenger scav\naccount prk 0 scavenge refuse limited rawusage",
	{qos = "Scav"}, 0, "")
says("spent, and in another", "mode refuse\nscavenger scav\naccount prk 0 scavenge refuse limited rawusage", {}, 2050,
	"account prk has no SU left: only jobs in the QOS scav can start in it")
says("stopped, and in the scavenger QOS", "mode refuse\nscavenger scav\naccount prk 0 held refuse limited rawusage",
	{qos = "scav"}, 2050, "account prk is held: no job that costs something can start in it")
says("open, and in the scavenger QOS", "mode refuse\nscavenger scav\naccount prk 1 open refuse limited rawusage",
	{qos = "scav"}, 2050, "account prk has less than 0.01 SU left; this job asks for up to 1 SU")
says("spent, and in several QOS", "mode refuse\nscavenger scav\naccount prk 0 scavenge refuse limited rawusage",
	{qos = "normal,scav"}, 0, "")
says("no limit is known", "mode refuse\naccount prk 7200 open refuse limited rawusage", {time_limit = MISSING}, 0,
	"account prk has 2 SU left; this job has no time limit: a time limit of 02:00:00 would fit")
says("no limit is known, and held", "mode refuse\naccount prk 0 held refuse limited rawusage", {time_limit = MISSING},
	2050, "account prk is held: no job that costs something can start in it")
says("a partition that Slurm does not show", "mode refuse\naccount prk 0 held refuse limited rawusage",
	{partition = "later"}, 0, "")
says("one of its users", "mode refuse\naccount prk 0 open refuse limited rawusage\nusers prk 7 1000 10001\n" ..
	"budget prk cpu 0 open refuse limited rawusage 3600 CPU-hours", {}, 2050,
	"account prk has no SU left; this job asks for up to 1 SU")
says("its last user", "mode refuse\naccount prk 0 open refuse limited rawusage\nusers prk 10001 1000", {}, 2050,
	"account prk has no SU left; this job asks for up to 1 SU")
says("somebody else", "mode refuse\naccount prk 0 held refuse limited rawusage\nusers prk 7 10001 100", {}, 0, "")
says("an account without users", "mode refuse\naccount prk 0 held refuse limited rawusage\nusers prk", {}, 0, "")
says("an account inside, for its users", "mode refuse\naccount prk 0 open refuse limited rawusage\nusers prk 1000\n" ..
	"inside thesis prk", {account = "thesis"}, 2050, "account prk has no SU left; this job asks for up to 1 SU")
says("an account inside, for others", "mode refuse\naccount prk 0 open refuse limited rawusage\nusers prk 1001\n" ..
	"inside thesis prk", {account = "thesis"}, 0, "")
says("an account of another bank", "mode refuse\naccount prk 0 held refuse limited rawusage", {account = "other"}, 0, "")
says("no account", "mode refuse\naccount prk 0 held refuse limited rawusage", {account = false}, 0, "")
says("the default account", "mode refuse\naccount lab 0 open refuse limited rawusage",
	{account = false, default_account = "LAB"}, 2050, "account lab has no SU left; this job asks for up to 1 SU")
says("off", "mode off", {}, 0, "")
says("warned", "mode warn\naccount prk 1800 open warn limited rawusage", {}, 0,
	"account prk has 0.5 SU left; this job asks for up to 1 SU: a time limit of 00:30:00 would fit")
says("low", "mode warn\naccount prk 7200 low warn limited rawusage", {}, 0,
	"account prk has 2 SU left; this job asks for up to 1 SU")
says("low, not refused and not told", "mode refuse\naccount prk 7200 low refuse limited rawusage", {}, 0, "")
says("not low", "mode warn\naccount prk 7200 open warn limited rawusage", {}, 0, "")
says("never held, so never refused", "mode refuse\naccount prk 0 open off limited rawusage", {}, 0, "")
says("grace", "mode refuse\naccount prk 0 grace warn limited rawusage", {}, 0,
	"account prk has no SU left; this job asks for up to 1 SU")
says("inside an account", "mode refuse\naccount prk 1800 open refuse limited rawusage\ninside thesis prk",
	{account = "thesis"}, 2050,
	"account prk has 0.5 SU left; this job asks for up to 1 SU: a time limit of 00:30:00 would fit")
says("the account above", "mode refuse\naccount prk 7200 open refuse limited rawusage faculty\n" ..
	"account faculty 1800 open refuse limited rawusage", {}, 2050,
	"account faculty has 0.5 SU left; this job asks for up to 1 SU: a time limit of 00:30:00 would fit")
says("an odd name inside an account", "mode refuse\naccount prk 1800 open refuse limited rawusage\ninside a.b+%d[x prk",
	{account = "A.b+%d[x"}, 2050,
	"account prk has 0.5 SU left; this job asks for up to 1 SU: a time limit of 00:30:00 would fit")
says("a name with a newline", "mode refuse\naccount prk 0 open refuse limited rawusage", {account = "x\naccount prk"}, 0, "")
says("a name that begins like another", "mode refuse\naccount prk2 0 open refuse limited rawusage", {}, 0, "")
says("above in a circle", "mode refuse\naccount prk 7200 open refuse limited rawusage prk", {}, 0, "")
says("a budget", "mode refuse\naccount prk 7200 open refuse limited rawusage\n" ..
	"budget prk gres/gpu 3600 open refuse limited rawusage 3600 GPU-hours", {tres_per_job = "gres:gpu:4"}, 2050,
	"account prk has 1 GPU-hours left; this job asks for up to 4 GPU-hours: a time limit of 00:15:00 would fit")
says("a budget that it does not touch", "mode refuse\naccount prk 7200 open refuse limited rawusage\n" ..
	"budget prk gres/gpu 0 held refuse limited rawusage 3600 GPU-hours", {}, 0, "")
says("a share", "mode refuse\naccount prk 7200 open refuse limited rawusage\n" ..
	"share prk 1000 billing 1800 open refuse limited rawusage 3600 SU", {}, 2050,
	"your share of account prk has 0.5 SU left; this job asks for up to 1 SU: a time limit of 00:30:00 would fit")
says("another user's share", "mode refuse\naccount prk 7200 open refuse limited rawusage\n" ..
	"share prk 1001 billing 0 held refuse limited rawusage 3600 SU", {}, 0, "")
says("lines of other kinds", "mode refuse\nnews from 2030\naccount prk 7200 open refuse limited rawusage", {}, 0, "")

-- ---- what was submitted since ----

restart()
publish("mode refuse\naccount prk 36000 open refuse limited rawusage")
local passed = 0
for _ = 1, 100 do
	passed = passed + ((submit()) == 0 and 1 or 0)
end
expect("a loop stops where the money does", 10, passed)
local _, text = submit()
expect("the message", "account prk has no SU left besides 10 SU for jobs submitted since the last check; " ..
	"this job asks for up to 1 SU", text)
publish("mode refuse\naccount prk 43200 open refuse limited rawusage")
expect("a deposit adds to it", 0, (submit()))
expect("and no more", 2050, (submit({time_limit = 120})))
clock = clock + 60
publish("mode refuse\naccount prk 36000 open refuse limited rawusage")
expect("a check counts anew", 0, (submit({time_limit = 600})))
publish("mode refuse\naccount prk 36000 open refuse limited rawusage", clock + 1000)
expect("a clock that is behind is no reason to forget", 2050, (submit()))

restart()
publish("mode refuse\naccount prk 7200 open refuse limited rawusage")
expect("a job before the check", 0, (submit()))
clock = clock + 1
expect("one in its second", 0, (submit()))
publish("mode refuse\naccount prk 7200 open refuse limited rawusage")
expect("only the first is forgotten", 0, (submit()))
expect("the second is not", 2050, (submit()))

restart()
publish("mode refuse\naccount prk 3600 open refuse limited rawusage\nusers prk 1000")
expect("somebody else's", 0, (submit({user_id = 1001})))
expect("is not counted", 0, (submit()))
restart()
publish("mode refuse\nscavenger scav\naccount prk 0 scavenge refuse limited rawusage top\n" ..
	"account top 3600 open refuse limited rawusage")
expect("a scavenger's job", 0, (submit({qos = "scav"})))
publish("mode refuse\nscavenger scav\naccount prk 3600 open refuse limited rawusage")
expect("is not counted where it scavenges", 0, (submit()))
restart()
publish("mode refuse\nscavenger scav\naccount prk 3600 open refuse limited rawusage")
expect("in the scavenger QOS of an open account", 0, (submit({qos = "scav"})))
expect("is counted", 2050, (submit()))

restart()
publish("mode refuse\naccount prk 3600 open refuse limited rawusage")
collectgarbage()
local before = collectgarbage("count")
for i = 1, 20000 do
	subank.submit(job({account = "x" .. i}), parts, 1000)
	submit({qos = "x" .. i, time_limit = 6000})
end
collectgarbage()
expect("many names of accounts and QOS are forgotten", true, collectgarbage("count") - before < 1000)
expect("first component", 0, (submit({het_job_offset = 0})))
expect("second component", 2050, (submit({het_job_offset = 1})))
expect("a refused job is not counted", 0, (submit()))
expect("others are", 2050, (submit({time_limit = 1})))

-- ---- the short ways of usual jobs: the same jobs, checked on the long ways, must come to the same ----

-- Submits 400 jobs and returns what came of each. With [detours] other lines in the file, a weight of 0 and other words
-- for the same partition and time make the module compute all that it usually leaves out.
local function series(meter, detours)
	local seed, found = 7, {}
	local weights = {main = {name = "main", flag_default = 1, default_time = 30, max_time = 600,
		billing_weights_str = detours and "CPU=1.5,Node=0" or "CPU=1.5"}}
	local more = detours and "\nqos other 2000000 3000000\npartition other 2000000\nreservation other 2000000" or ""
	local budget = detours and "\nbudget prk license/none 0 held refuse limited rawusage 3600 seats" or ""

	-- The same numbers in each series.
	local function random(count)
		seed = seed * 16807 % 2147483647
		return seed % count
	end

	local function sometimes(value, other)
		return random(3) == 0 and value or other
	end

	restart()
	for i = 1, 400 do
		local limit, fields = sometimes(30, random(700)), nil

		if i % 40 == 1 then
			clock = clock + 1
			publish("mode " .. sometimes("warn", "refuse") .. more .. sometimes("\nround 3600\nmin 500", "") ..
				"\naccount prk " .. random(900000) .. " " .. sometimes("low", "open") .. " " ..
				sometimes("warn", "refuse") .. " " .. sometimes("unlimited", "limited") .. " " .. meter ..
				"\nusers prk 1000" .. budget)
		end
		fields = {time_limit = limit, min_cpus = sometimes(MISSING, random(9)), min_nodes = sometimes(random(4), MISSING),
			num_tasks = sometimes(random(9), MISSING), cpus_per_task = sometimes(random(4), 65534),
			ntasks_per_node = sometimes(random(4), 65534), pn_min_cpus = sometimes(random(4), 65534),
			array_inx = sometimes("1-3"), tres_per_node = sometimes("gres:gpu:2"), cpus_per_tres = sometimes("gres:gpu:3"),
			tres_per_task = sometimes("cpu=2"), qos = sometimes("normal"), partition = sometimes("main"),
			het_job_offset = sometimes(random(3), MISSING)}
		if detours then
			fields.partition = "main,"
			fields.time_limit = limit == 30 and MISSING or limit
		end
		found[i] = table.concat({submit(fields, weights)}, " ")
	end
	return found, table.concat(logged, "\n")
end

for _, meter in ipairs({"rawusage", "jobs"}) do
	local short, complaints = series(meter, false)
	local long = series(meter, true)
	local kinds = {}

	for i = 1, #short do
		expect(meter .. ": job " .. i, long[i], short[i])
		kinds[short[i]:match("^%d+ ?%a*")] = true
	end
	expect("complaints", "", complaints)
	expect("some fit, some get a warning, some are refused", true,
		kinds["0 "] and kinds["0 account"] and kinds["2050 account"])
end

-- ---- changes ----

local places = {main = parts.main, dear = {name = "dear", billing_weights_str = "CPU=1,Mem=0.002,GRES/gpu=5"},
	same = {name = "same", billing_weights_str = "CPU=1"}}

local function modify(desc, rec, uid)
	local record = {account = "prk", qos = "normal", time_limit = 60, partition = "main", min_cpus = 4, job_state = 0,
		tres_req_str = "1=4,2=1000,4=1,5=4", user_id = 1000}

	for name, value in pairs(rec or {}) do
		record[name] = value
	end
	told = {}
	return subank.modify(desc, record, places, uid or 1000), table.concat(told, "\n")
end

for _, row in ipairs({
	{"nothing that matters", {priority = 5}, nil, 0, ""},
	{"shorter", {time_limit = 30}, nil, 0, ""},
	{"longer, and it fits", {time_limit = 120}, nil, 0, ""},
	{"longer", {time_limit = 121}, nil, 2050, "account prk has 4 SU left; this change asks for up to 4.07 SU"},
	{"unlimited", {time_limit = INFINITE}, nil, 2050, "account prk has 4 SU left; this job has no time limit"},
	{"by root", {time_limit = 1210}, nil, 0, "", 0},
	{"root's own", {time_limit = 1210}, {user_id = 0}, 0, "", 0},
	{"by an operator", {time_limit = 1210}, nil, 0, "", 900},
	{"running", {time_limit = 1210}, {job_state = 1}, 0, ""},
	{"another account", {account = "lab"}, nil, 2050, "account lab has 3 SU left; this change asks for up to 4 SU"},
	{"a dearer QOS", {qos = "high"}, nil, 2050, "account prk has 4 SU left; this change asks for up to 8 SU"},
	{"a dearer partition", {partition = "dear"}, {tres_req_str = "1=4,2=4500,4=1,5=4"}, 2050,
		"account prk has 4 SU left; this change asks for up to 9 SU"},
	{"a dearer partition, as Slurm bills", {partition = "dear"}, {tres_req_str = "1=4,2=2500,4=1,5=8"}, 2050,
		"account prk has 4 SU left; this change asks for up to 10 SU"},
	{"a partition that is dearer for GPUs", {partition = "dear"}, {tres_req_str = "1=4,2=0,4=1,5=4,1001=2",
		tres_fmt_req_str = "cpu=4,mem=0,node=1,billing=4,gres/gpu=2,gres/gpu:a100=2"}, 2050,
		"account prk has 4 SU left; this change asks for up to 10 SU"},
	{"the dearer of two partitions", {partition = "main,dear"}, {tres_req_str = "1=4,2=4500,4=1,5=4"}, 2050,
		"account prk has 4 SU left; this change asks for up to 9 SU"},
	{"another partition", {partition = "same"}, nil, 0, ""},
	{"a partition that is not shown", {partition = "later", time_limit = 600}, nil, 0, ""},
	{"a free QOS", {qos = "low", account = "lab"}, nil, 0, ""},
	{"from a free QOS", {qos = "normal"}, {qos = "low"}, 0, ""},
	{"from outside", {account = "lab"}, {account = "other"}, 2050,
		"account lab has 3 SU left; this change asks for up to 4 SU"},
}) do
	restart()
	publish("mode refuse\nqos low 0 0\nqos high 3000000 1\naccount prk 14400 open refuse limited rawusage\n" ..
		"account lab 10800 open refuse limited rawusage")
	local answer, message = modify(row[2], row[3], row[6])

	expect(row[1], row[4], answer)
	expect(row[1] .. ": message", row[5], message)
	expect(row[1] .. ": log", 0, #logged)
end

restart()
publish("mode refuse\naccount prk 14400 open refuse limited rawusage\nusers prk 1001")
expect("a change by somebody else's user", 0, (modify({time_limit = 600})))

-- ---- damage: the job passes, and that is logged once ----

local once = "subank 2 %d 7 ab\nmode refuse\naccount prk 0 open refuse limited rawusage\nend\n"
once = once:format(clock)
local good = once:rep(2)
for what, bytes in pairs({
	["empty"] = "", ["one byte"] = "s", ["cut in the first line"] = good:sub(1, 12), ["cut"] = good:sub(1, #good - 5),
	["cut twice"] = once:sub(1, #once - 5):rep(2), ["one half"] = once, ["one half and a byte"] = once .. "s",
	["a byte more"] = good .. "s",
	["another time in one half"] = good:gsub("2 %d+ 7", "2 " .. clock + 1 .. " 7", 1),
	["without an end"] = good:gsub("end\n", ""), ["behind the end"] = (once .. "mode warn\n"):rep(2),
	["another form"] = good:gsub("subank 2", "subank 1"), ["zeros"] = ("\0"):rep(5000), ["garbage"] = ("\255\0\n"):rep(5000),
	["an odd mode"] = good:gsub("mode refuse", "mode odd"), ["an odd amount"] = good:gsub("prk 0", "prk 1e9"),
	["a field is missing"] = good:gsub(" rawusage", ""), ["a line without words"] = good:gsub("mode", "!"),
	["one long line"] = ("x"):rep(100000), ["large"] = (once:gsub("end\n", "") .. ("news\n"):rep(2000000) .. "end\n"):rep(2),
	["old"] = good:gsub("2 %d+ 7", "2 " .. (clock - 3601) .. " 7"), ["an odd time"] = good:gsub("2 %d+ 7", "2 -5 7"),
}) do
	restart()
	write(bytes)
	expect(what .. " passes", 0, (submit()))
	expect(what .. " passes again", 0, (submit()))
	expect(what .. " is logged once", 1, #logged)
	write(good)
	expect("good after " .. what, 2050, (submit()))
	write(bytes)
	expect(what .. " passes again after a good one", 0, (submit()))
	expect(what .. " is logged again", 2, #logged)
end
-- What was read stays valid while first line and size stay the same.
for what, bytes in pairs({
	["an amount that was changed"] = good:gsub("prk 0", "prk 9", 1),
	["an amount that was changed in the second half"] = once .. once:gsub("prk 0", "prk 9"),
	["a name that was changed"] = good:gsub("prk", "prl", 1),
}) do
	restart()
	write(bytes)
	expect(what .. " passes", 0, (submit()))
	expect(what .. " is logged", "subank: jobs are not checked at submission: " .. path .. " is malformed",
		table.concat(logged, "\n"))
	write(good)
	expect("good after " .. what, 2050, (submit()))
	write(bytes)
	expect(what .. " after a good one", 2050, (submit()))
end
-- root can read it all the same.
restart()
write(good)
os.execute("chmod 0 '" .. path .. "'")
if not io.open(path) then
	expect("a file that cannot be read", 0, (submit()))
	expect("is logged", 1, #logged)
end
os.remove(path)
restart()
expect("no file", 0, (submit()))
expect("is logged", "subank: jobs are not checked at submission: " .. path .. ": No such file or directory", logged[1])
subank.file = folder
expect("a folder", 0, (submit()))
-- A pipe without a writer must not be waited for.
if os.execute("mkfifo '" .. path .. "'") then
	subank.file = path
	expect("a pipe", 0, (submit()))
	os.remove(path)
end
subank.file = "/dev/null"
expect("a device", 0, (submit()))
subank.file = "/dev/zero"
expect("an endless device", 0, (submit()))

restart()
write(good:gsub("2 %d+ 7", "2 " .. (clock - 3600) .. " 7"))
expect("not too old yet", 2050, (submit()))

-- Where nothing is checked, the file need not become younger.
for _ = 1, 2 do
	restart()
	publish("mode off", clock - 100000)
	expect("switched off long ago", 0, (submit()))
	expect("again", 0, (submit()))
	expect("is not logged", 0, #logged)
end

-- The file is looked at once a second.
restart()
subank.every = 1
publish("mode refuse\naccount prk 0 open refuse limited rawusage")
expect("nothing is left", 2050, (submit()))
publish("mode refuse\naccount prk 36000 open refuse limited rawusage")
expect("in the same second", 2050, (submit()))
clock = clock + 1
expect("a second later", 0, (submit()))
publish("mode refuse\naccount prk 0 open refuse limited rawusage")
clock = clock - 10
expect("a clock that was set back", 2050, (submit()))

-- An error inside, here in Slurm's record of the job, lets it through.
restart()
write(good)
local broken = setmetatable({}, {__index = function() error("no such field") end})
expect("an error inside", 0, subank.submit(broken, parts, 1))
expect("a second one", 0, subank.submit(broken, parts, 1))
expect("no record", 0, subank.submit(nil, nil, nil))
expect("no record of a change", 0, subank.modify(nil, nil, nil, nil))
expect("logged once", 1, #logged)
slurm.log_error = nil
restart()
expect("no way to log", 0, subank.submit(broken, parts, 1))

print(failed == 0 and "all passed" or failed .. " failed")
os.exit(failed == 0 and 0 or 1)
