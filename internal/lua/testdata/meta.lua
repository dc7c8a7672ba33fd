-- Reference manual of Lua 5.1, section 2.8: metatables.
local y = ...
y = y or function(...) return ... end
local log = {}
local mt = {}
local function new(v) return setmetatable({v = v}, mt) end
local function val(x) return type(x) == "table" and x.v or x end
for name, f in pairs({__add = function(a, b) return a + b end, __sub = function(a, b) return a - b end, __mul = function(a, b) return a * b end,
  __div = function(a, b) return a / b end, __mod = function(a, b) return a % b end, __pow = function(a, b) return a ^ b end,
  __concat = function(a, b) return a .. b end}) do
  mt[name] = function(a, b) return new(f(val(a), val(b))) end
end
mt.__unm = function(a, b) assert(rawequal(a, b)) return new(-a.v) end
mt.__eq = function(a, b) return a.v == b.v end
mt.__lt = function(a, b) return val(a) < val(b) end
mt.__le = function(a, b) return val(a) <= val(b) end
mt.__call = function(self, ...) return self.v, ... end
mt.__tostring = function(a) return "<" .. a.v .. ">" end
mt.__len = function() error("never: only for what is no table") end
assert((new(1) + 2).v == 3 and (2 + new(1)).v == 3 and (new(5) - new(3)).v == 2 and (new(2) * 3).v == 6 and (new(6) / 3).v == 2)
assert((new(7) % 4).v == 3 and (2 ^ new(3)).v == 8 and (-new(4)).v == -4 and (new("a") .. "b").v == "ab" and ("a" .. new("b")).v == "ab" and (1 .. new(2)).v == "12")
assert(("x" .. "y" .. new("z") .. "w" .. 1).v == "xyzw1")
assert((y(new(1)) + y(2)).v == 3 and (-y(new(1))).v == -1 and (y("a") .. y(new("b"))).v == "ab")
assert(new(1) == new(1) and new(1) ~= new(2) and not (new(1) == 1) and y(new(1)) == y(new(1)))
assert(new(1) < new(2) and new(2) > new(1) and new(1) <= new(1) and new(1) >= new(1) and not (y(new(2)) < y(new(1))))
assert(select("#", new(1)(2, 3)) == 3 and (new(7))() == 7 and select(2, y(new(1))(y(5))) == 5)
assert(tostring(new(3)) == "<3>" and #new(1) == 0)

-- __le by __lt.
local only = setmetatable({v = 1}, {__lt = function(a, b) return a.v < b.v end})
local other = setmetatable({v = 2}, getmetatable(only))
assert(only <= other and not (other <= only))
-- Different metamethods do not compare.
assert(not pcall(function() return new(1) < only end))

-- __index and __newindex.
local base = {x = 1, f = function(self) return self.z end}
local t = setmetatable({z = 5}, {__index = base})
assert(t.x == 1 and t:f() == 5 and t.nothing == nil and rawget(t, "x") == nil and y(t).x == 1)
local calls = {}
local p = setmetatable({}, {__index = function(t, k) calls[#calls + 1] = k return k .. "!" end, __newindex = function(t, k, v) rawset(t, k, v * 2) end})
assert(p.a == "a!" and p["b"] == "b!" and #calls == 2)
p.n = 4
assert(p.n == 8 and #calls == 2)
p.n = 5
assert(p.n == 5)
local store = {}
local q = setmetatable({}, {__newindex = store})
q.a = y(1)
assert(rawget(q, "a") == nil and store.a == 1)
local chain = {v = "deep"}
for i = 1, 50 do chain = setmetatable({}, {__index = chain}) end
assert(chain.v == "deep")
assert(("x").len == string.len and ("abc"):len() == 3)

-- Protection, and what ignores metatables.
local locked = setmetatable({}, {__metatable = "locked"})
assert(getmetatable(locked) == "locked" and not pcall(setmetatable, locked, {}))
assert(rawequal(new(1), new(1)) == false and next({}) == nil and type(next) == "function")
assert(getmetatable("").__index == string and getmetatable(1) == nil)

-- __call chains do not nest; metamethods see their operands.
assert(not pcall(function() return setmetatable({}, {__call = setmetatable({}, {__call = function() end})})() end))
local seen
local m2 = setmetatable({}, {__add = function(a, b) seen = {a, b} return nil end})
assert((m2 + 5) == nil and rawequal(seen[1], m2) and seen[2] == 5)
local u = newproxy(true)
getmetatable(u).__index = function(_, k) return k end
getmetatable(u).__len = function() return 42 end
assert(u.hello == "hello" and #u == 42 and type(u) == "userdata" and getmetatable(newproxy()) == nil)
-- The iterator may be a table that can be called.
local it = setmetatable({}, {__call = function(self, s, i) if i < s then return i + 1 end end})
local n = 0
for i in it, 3, 0 do n = n + y(i) end
assert(n == 6)
return "ok"
