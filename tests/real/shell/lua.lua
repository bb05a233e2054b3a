#!/usr/bin/lua5.4
-- Lua: files, popen, os, errors, coroutines.
print(_VERSION, math.maxinteger, 7 // 2, 7 / 2, 2 ^ 10, "10" + 5)
local f = assert(io.open("x", "w")); f:setvbuf("full", 100); for i = 1, 100 do f:write(i, "\n") end; print(f:seek("cur")); f:close()
for line in io.lines("x") do if line == "50" then print(line) end end
local f = io.open("x", "r+"); f:seek("end", -4); print(f:read("n"), f:read("l"), f:read("a"), f:read("l")); f:seek("set", 0); print(f:read(3)); f:close()
print(io.open("nothere")); print(io.open("/", "w")); print(os.remove("nothere")); print(os.rename("x", "y"), os.remove("y"))
local p = io.popen("echo popen; exit 3"); print(p:read("a"), p:close())
print(os.execute("exit 5")); print(os.execute("kill -9 $$")); print(os.execute())
print(os.getenv("TERM"), os.getenv("NOTHING"), os.date("!%Y-%m-%d %H:%M:%S", 86400), os.time({ year = 2000, month = 1, day = 1, hour = 0 }) ~= nil)
local t = os.tmpname(); print(#t); os.remove(t); local t = io.tmpfile(); t:write("tmp"); t:seek("set"); print(t:read("a")); print(os.clock() < 10, io.type(t), os.difftime(5, 3))
local c = coroutine.wrap(function(a) for i = 1, 3 do a = coroutine.yield(a * i) end end); print(c(1), c(2), c(3))
local s = 0; for i = 1, 1000000 do s = s + i % 7 end; print(s); local big = {}; for i = 1, 100000 do big[i] = tostring(i) end; table.sort(big); print(big[1], big[100000], collectgarbage("count") > 1000); collectgarbage()
print(select(2, pcall(error, { code = 2 })).code); print(select("#", pcall(error))); print(string.format("%5.2f %q %x", 3.14159, "a\nb", 255), ("x"):rep(3, ","), utf8.char(228, 8364), #utf8.char(8364))
print(string.pack("<i4", 100):byte(1, -1)); goto done; ::done:: os.exit(3, true)
