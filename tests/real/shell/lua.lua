#!/usr/bin/lua5.4
-- Lua: files, popen, os, errors, coroutines.
print(_VERSION, math.maxinteger, 7 // 2, 7 / 2, 2 ^ 10, "10" + 5)

-- A file: written through a buffer, by lines, changed from its end.
local file = assert(io.open("x", "w"))
file:setvbuf("full", 100)
for i = 1, 100 do
    file:write(i, "\n")
end
print(file:seek("cur"))
file:close()
for line in io.lines("x") do
    if line == "50" then
        print(line)
    end
end
file = io.open("x", "r+")
file:seek("end", -4)
print(file:read("n"), file:read("l"), file:read("a"), file:read("l"))
file:seek("set", 0)
print(file:read(3))
file:close()

-- Errors.
print(io.open("nothere"))
print(io.open("/", "w"))
print(os.remove("nothere"))
print(os.rename("x", "y"), os.remove("y"))

-- Processes: what they say, how they end.
local pipe = io.popen("echo popen; exit 3")
print(pipe:read("a"), pipe:close())
print(os.execute("exit 5"))
print(os.execute("kill -9 $$"))
print(os.execute())

-- The environment, times, files for a while.
print(os.getenv("TERM"), os.getenv("NOTHING"), os.date("!%Y-%m-%d %H:%M:%S", 86400),
    os.time({ year = 2000, month = 1, day = 1, hour = 0 }) ~= nil)
local name = os.tmpname()
print(#name)
os.remove(name)
local temporary = io.tmpfile()
temporary:write("tmp")
temporary:seek("set")
print(temporary:read("a"))
print(os.clock() < 10, io.type(temporary), os.difftime(5, 3))

-- A coroutine.
local times = coroutine.wrap(function(a)
    for i = 1, 3 do
        a = coroutine.yield(a * i)
    end
end)
print(times(1), times(2), times(3))

-- Work and memory.
local sum = 0
for i = 1, 1000000 do
    sum = sum + i % 7
end
print(sum)
local big = {}
for i = 1, 100000 do
    big[i] = tostring(i)
end
table.sort(big)
print(big[1], big[100000], collectgarbage("count") > 1000)
collectgarbage()

-- Errors that are caught; strings.
print(select(2, pcall(error, { code = 2 })).code)
print(select("#", pcall(error)))
print(string.format("%5.2f %q %x", 3.14159, "a\nb", 255), ("x"):rep(3, ","), utf8.char(228, 8364), #utf8.char(8364))
print(string.pack("<i4", 100):byte(1, -1))

goto done
::done::
os.exit(3, true)
