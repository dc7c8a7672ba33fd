-- Reference manual of Lua 5.1, sections 5.1, 5.4, 5.5 and 5.6: what is there
-- of the basic functions, string, table and math.
local y = ...
y = y or function(...) return ... end
local function list(...) local t = {...} for i = 1, select("#", ...) do t[i] = tostring(t[i]) end return table.concat(t, " ") end
local function same(got, want) if got ~= want then error("got " .. tostring(got) .. ", want " .. tostring(want), 2) end end

-- Basic functions.
same(list(tonumber("10"), tonumber("0x1A"), tonumber("  3.5e1 "), tonumber("x"), tonumber("10", 2), tonumber("ff", 16), tonumber("zZ", 36), tonumber("8", 8)), "10 26 35 nil 2 255 1295 nil")
same(list(tostring(nil), tostring(true), tostring(1e15), tostring(1e14), tostring(0.1), tostring(1/0)), "nil true 1e+15 1e+14 0.1 inf")
same(list(select(2, "a", "b", "c")), "b c")
same(list(select(-1, "a", "b", "c")), "c")
same(list(unpack({1, 2, 3})), "1 2 3")
same(list(unpack({1, 2, 3}, 2)), "2 3")
same(list(unpack({1, 2}, 1, 3)), "1 2 nil")
same(list(assert(1, 2, 3)), "1 2 3")
same(list(pcall(assert, false)), "false assertion failed!")
same(list(pcall(assert, nil, "why")), "false why")
same(list(rawequal("a", "a"), rawget({5}, 1), #rawset({}, 1, 2)), "true 5 1")
same(list(next({}), next({7})), "nil 1 7")
same(list(type(nil), type(1), type(""), type({}), type(type), type(coroutine.create(function() end))), "nil number string table function thread")
same(list(loadstring("return ...")(1, 2)), "1 2")
same(list(loadstring("x =")), "nil [string \"x =\"]:1: unexpected symbol near '<eof>'")
local pieces = {"return ", "1 ", "+ 2"}
same(load(function() return table.remove(pieces, 1) end)(), 3)
local env = {}
local f = setfenv(loadstring("a = 1 return a"), env)
same(f() + env.a, 2)
same(getfenv(f), env)

-- string.
same(list(("hello"):sub(2, 4), ("hello"):sub(-3), ("hello"):sub(2, -2), ("hello"):sub(0), ("hello"):sub(10), ("hello"):sub(-100, 2)), "ell llo ell hello  he")
same(list(("ABC"):byte(), ("ABC"):byte(2, 3), ("ABC"):byte(-1)), "65 66 67")
same(list(string.char(72, 105), ("ab"):rep(3), ("ab"):rep(0), ("abc"):reverse(), ("MiX"):upper(), ("MiX"):lower(), ("a\0b"):len()), "Hi ababab  cba MIX mix 3")
same(list(("hello world"):find("o w")), "5 7")
same(list(("hello world"):find("o", 6)), "8 8")
same(list(("a.b"):find(".", 1, true), ("abc"):find("b", -1), (""):find(""), ("abc"):find("", 10)), "2 nil 1 4 3")
same(list(("key = value"):match("(%w+)%s*=%s*(%w+)")), "key value")
same(list(("hello"):match("()ll()")), "3 5")
same(list(("2024-02-29"):match("^(%d+)-(%d+)-(%d+)$")), "2024 02 29")
same(list(("  trim  "):match("^%s*(.-)%s*$") .. "."), "trim.")
same(list(("THE (quick) fox"):find("%((%a+)%)")), "5 11 quick")
same(list(("f(a(b)c)d"):match("%b()")), "(a(b)c)")
same(list(("THE (quick) fox"):gsub("%f[%a]%a+", string.lower)), "the (quick) fox 3")
same(list(("abc abc"):gsub("%w+", "<%0>", 1)), "<abc> abc 1")
same(list(("hello world"):gsub("(%w+) (%w+)", "%2 %1")), "world hello 1")
same(list(("$name is $age"):gsub("%$(%w+)", {name = "Lua", age = 5})), "Lua is 5 2")
same(list(("abc"):gsub("", "-")), "-a-b-c- 4")
same(list(("abc"):gsub("b*", "x")), "xaxxcx 4")
same(list(("abc"):gsub("%w", function(c) if c == "b" then return false end return c:upper() end)), "AbC 3")
same(list(("x^y"):gsub("%^", "**")), "x**y 1")
same(list(("aaa"):find("a-", 2), ("aaa"):find("^a", 2), ("aXb"):find("%u"), ("[a]"):find("[]]"), ("a-z"):find("[a%-z]+")), "2 2 2 3 1 3")
same(list(("aa bb"):match("(%a)%1 (%a)%2")), "a b")
same(list(("\0a\1"):find("%z"), ("é"):find("[\128-\255]+")), "1 1 2")
local words = {}
for w in ("one two  three"):gmatch("%a+") do words[#words + 1] = y(w) end
for k, v in ("a=1, b=2"):gmatch("(%w+)=(%w+)") do words[#words + 1] = k .. v end
same(table.concat(words, ","), "one,two,three,a1,b2")
same(("%5d|%-5d|%05d|%+d|%x|%X|%o|%c|%e|%g|%.3f|%q|%s|%%|%i|%u"):format(42, 42, 42, 42, 255, 255, 8, 65, 12345.678, 0.0001, 1 / 3, 'a"b\n', "s", 7, 9),
  '   42|42   |00042|+42|ff|FF|10|A|1.234568e+04|0.0001|0.333|"a\\"b\\\n"|s|%|7|9')
same(("%10.3s|%-10s|%s"):format("abcdef", "x", "y"), "       abc|x         |y")
for _, p in ipairs({"[a", "%", "(a", "(a))", "%1", "%b", "%f", "(()"}) do assert(not pcall(string.find, "a", p), p) end
assert(not pcall(string.rep) and not pcall(("x").format, "%d", "x") and not pcall(string.format, "%y", 1) and not pcall(string.char, 256))

-- table.
local t = {1, 2, 3}
table.insert(t, 4) table.insert(t, 1, 0)
same(table.concat(t, ","), "0,1,2,3,4")
same(list(table.remove(t), table.remove(t, 1), table.remove({}), #t), "4 0 nil 3")
same(list(table.concat({1, 2, 3}, "-", 2, 3), table.concat({}, "x"), table.concat({"a"}, "x")), "2-3  a")
same(list(table.maxn({[1] = 1, [10] = 1, [2.5] = 1}), table.maxn({}), table.getn({1, 2})), "10 0 2")
local sorted = {5, 2, 8, 1, 9, 3}
table.sort(sorted)
same(table.concat(sorted, " "), "1 2 3 5 8 9")
table.sort(sorted, function(a, b) return a > b end)
same(table.concat(sorted, " "), "9 8 5 3 2 1")
assert(not pcall(table.sort, {1, "x"}) and not pcall(table.concat, {{}}) and not pcall(table.insert, {}, 1, 2, 3) and not pcall(table.setn, {}, 1))
local visited = {}
table.foreach({a = 1}, function(k, v) visited[#visited + 1] = k .. v end)
table.foreachi({5, 6}, function(i, v) visited[#visited + 1] = i .. v end)
same(table.concat(visited, " "), "a1 15 26")
local big = {}
for i = 1, 500 do big[i] = (i * 7919) % 1009 end
table.sort(big)
for i = 2, 500 do assert(big[i - 1] <= big[i]) end
-- Removing while traversing.
local keys, n = {}, 0
for i = 1, 100 do keys[i], keys["k" .. i] = i, i end
for k in pairs(keys) do keys[k] = nil n = n + 1 end
same(list(n, next(keys)), "200 nil")

-- math.
same(list(math.abs(-3), math.ceil(1.2), math.floor(-1.2), math.max(1, 5, 3), math.min(4, 2, 6), math.fmod(7, 3), math.fmod(-7, 3), math.sqrt(16), math.pow(2, 10)), "3 2 -2 5 2 1 -1 4 1024")
same(list(math.modf(3.7)), "3 0.7")
same(list(math.modf(-3.7)), "-3 -0.7")
same(list(math.frexp(8)), "0.5 4")
same(list(math.ldexp(0.5, 4), math.huge, -math.huge, math.deg(math.pi), math.rad(180) == math.pi), "8 inf -inf 180 true")
same(("%.6f %.6f %.6f %.6f %.6f"):format(math.sin(1), math.cos(1), math.tan(1), math.exp(1), math.log(10)), "0.841471 0.540302 1.557408 2.718282 2.302585")
same(("%.6f %.6f %.6f %.6f"):format(math.asin(1), math.acos(0), math.atan(1), math.atan2(1, -1)), "1.570796 1.570796 0.785398 2.356194")
math.randomseed(42)
local r = {}
for i = 1, 5 do r[i] = math.random(100) end
math.randomseed(42)
for i = 1, 5 do assert(r[i] == math.random(100)) end
for i = 1, 100 do local v = math.random() assert(v >= 0 and v < 1) v = math.random(3, 5) assert(v >= 3 and v <= 5 and v == math.floor(v)) end
assert(not pcall(math.random, 0) and not pcall(math.random, 2, 1) and not pcall(math.abs))
return "ok"
