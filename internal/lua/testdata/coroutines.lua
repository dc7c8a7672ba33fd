-- Reference manual of Lua 5.1, sections 2.11 and 5.2: coroutines.
local function collect(f, ...)
  local out, args = {}, {...}
  local co = coroutine.create(f)
  while true do
    local r = {coroutine.resume(co, unpack(args))}
    out[#out + 1] = table.concat(r, ",", 2)
    args = {"r" .. #out}
    if coroutine.status(co) == "dead" then return table.concat(out, "|"), co end
  end
end
assert(collect(function(a, b)
  local c = coroutine.yield(a + b)
  local d, e = coroutine.yield(c, a)
  return d, e == nil and "nil" or "some"
end, 1, 10) == "11|r1,1|r2,nil")

-- Yields in every place of an expression.
local yield = coroutine.yield
assert(collect(function()
  local t = {yield(1), x = yield(2), [yield(3)] = yield(4), yield(5)}
  return t[1], t.x, t.r3, t[2]
end) == "1|2|3|4|5|r1,r2,r4,r5")
assert(collect(function() return yield(1) .. yield(2) .. "c" .. yield(3) end) == "1|2|3|r1r2cr3")
assert(collect(function() return (yield(1) or error()) and yield(2), tostring(not yield(3)), #yield(4) end) == "1|2|3|4|r2,false,2")
assert(collect(function() if yield(1) == "r1" then return yield(2) end end) == "1|2|r2")
assert(collect(function() local n = 0 while yield(n) ~= "r3" do n = n + 1 end return "end" end) == "0|1|2|end")
assert(collect(function() for i = 1, 3 do yield(i) end return "end" end) == "1|2|3|end")
assert(collect(function() for k, v in pairs({10}) do yield(k, v) end return "end" end) == "1,10|end")
assert(collect(function() local i = 0 repeat i = i + 1 local stop = yield(i) until stop == "r2" return i end) == "1|2|2")
assert(collect(function() local a, b, c = yield(1), (yield(2)) return a, b, tostring(c) end) == "1|2|r1,r2,nil")
assert(collect(function() local t = {} t[yield(1)], t.b = yield(2), yield(3) return t.r1, t.b end) == "1|2|3|r2,r3")
assert(collect(function() local function f(...) return select("#", ...), ... end return f(yield(1), yield(2)) end) == "1|2|2,r1,r2")
assert(collect(function() local s = "x" return s:rep(#yield(1)), yield(2):upper() end) == "1|2|xx,R2")
assert(collect(function() return yield(yield(yield(1))) end) == "1|r1|r2|r3")
assert(collect(function() local function deep(n) if n == 0 then return yield("bottom") end local r = deep(n - 1) return r end return deep(100) end) == "bottom|r1")
assert(collect(function() local function tail(n) if n == 0 then return yield("bottom") end return tail(n - 1) end return tail(1000) end) == "bottom|r1")
assert(collect(function(...) return yield(...) end, 1, 2, 3) == "1,2,3|r1")
assert(collect(function() do local x = yield(1) local f = function() return x end yield(2) return f() end end) == "1|2|r1")

-- Status, running, wrap, errors.
local co
co = coroutine.create(function()
  assert(coroutine.running() == co and coroutine.status(co) == "running")
  local inner = coroutine.create(function() return coroutine.status(co) end)
  assert(select(2, coroutine.resume(inner)) == "normal" and coroutine.status(inner) == "dead")
  assert(select(2, coroutine.resume(co)) == "cannot resume running coroutine")
end)
assert(coroutine.status(co) == "suspended" and coroutine.resume(co) and coroutine.status(co) == "dead")
assert(select(2, coroutine.resume(co)) == "cannot resume dead coroutine" and type(co) == "thread")
local gen = coroutine.wrap(function() for i = 1, 3 do yield(i) end end)
local sum = 0
for v in gen do sum = sum + v end
assert(sum == 6 and not pcall(gen))
local bad = coroutine.create(function() local t = {} yield() error({code = 7}) end)
coroutine.resume(bad)
local ok, e = coroutine.resume(bad)
assert(not ok and e.code == 7 and coroutine.status(bad) == "dead")
local boundary = "attempt to yield across metamethod/C-call boundary"
for _, f in ipairs({
  function() return setmetatable({}, {__index = function() return yield() end}).x end,
  function() return setmetatable({}, {__add = function() return yield() end}) + 1 end,
  function() table.sort({2, 1}, function() yield() end) end,
  function() ("x"):gsub("x", yield) end,
  function() for i in yield do end end,
  function() for i in function() return yield() end do end end,
}) do
  local ok, e = coroutine.resume(coroutine.create(f))
  assert(not ok and e == boundary, e)
end
assert(select(2, pcall(yield)) == boundary)
local ok, inside, why = coroutine.resume(coroutine.create(function() return pcall(yield, 1) end))
assert(ok and inside == false and why == boundary)
-- A coroutine within another one yields to the one that resumed it.
local outer = coroutine.wrap(function()
  local inner = coroutine.wrap(function() yield("inner") return "inner end" end)
  yield(inner()) yield("outer") yield(inner())
end)
assert(outer() == "inner" and outer() == "outer" and outer() == "inner end")
-- Many at the same time, finished in any order.
local list = {}
for i = 1, 200 do list[i] = coroutine.wrap(function(a) local b = yield(a + i) return a * b end) end
for i = 1, 200 do assert(list[i](i) == 2 * i) end
for i = 200, 1, -1 do assert(list[i](2) == 2 * i) end
-- A sieve of coroutines that resume each other.
local function numbers() return coroutine.wrap(function() for i = 2, 60 do yield(i) end end) end
local function filter(p, g) return coroutine.wrap(function() for n in g do if n % p ~= 0 then yield(n) end end end) end
local primes, g = {}, numbers()
while true do
  local p = g()
  if not p then break end
  primes[#primes + 1] = p
  g = filter(p, g)
end
assert(table.concat(primes, " ") == "2 3 5 7 11 13 17 19 23 29 31 37 41 43 47 53 59")
return "ok"
