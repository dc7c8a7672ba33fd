-- Reference manual of Lua 5.1, sections 2.1 to 2.7: values, statements,
-- expressions, scopes. y passes a value through; in a coroutine it yields.
local y = ...
y = y or function(...) return ... end

local function fails(f, ...)
  local ok, e = pcall(f, ...)
  assert(not ok)
  return e
end

-- Lexical conventions.
assert('alo\n123"' == "alo\n123\"" and '\97lo\10\04923"' == 'alo\n123"')
assert([[
alo]] == "alo" and [==[
alo]]]==] == "alo]]")
assert(3 == 3.0 and 314.16e-2 == 3.1416 and 0.31416E1 == 3.1416 and 0xff == 255 and 0x56 == 86)
--[==[ a comment
]] of more lines ]==]
assert("\z" == "z" and "a\
b" == "a\nb")

-- Coercion.
assert("10" + 1 == 11 and "10" * "2" == 20 and 10 .. 20 == "1020" and "0x10" + 0 == 16 and " 5 " + 0 == 5)
assert(("10" == 10) == false and -"2" == -2)

-- Assignment: expressions first, then the values.
do
  local i, a = 3, {}
  i, a[i] = i + 1, 20
  assert(i == 4 and a[3] == 20 and a[4] == nil)
  local x, z = 1, 2
  x, z = y(z), y(x)
  assert(x == 2 and z == 1)
  local p, q, r = (function() return 1, 2, 3 end)()
  assert(p == 1 and q == 2 and r == 3)
  p, q, r = 0, (function() return 1, 2, 3 end)()
  assert(p == 0 and q == 1 and r == 2)
  p, q = ((function() return 1, 2 end)())
  assert(p == 1 and q == nil)
  local t = {}
  t.a, t.b, t.c = y(1), y(2)
  assert(t.a == 1 and t.b == 2 and t.c == nil)
end

-- Control structures.
do
  local n, s = 0, ""
  while y(n) < 10 do
    n = n + 1
    if y(n) == 3 then s = s .. "three" elseif n == 5 then s = s .. y("five") elseif n > 8 then break else s = s .. "." end
  end
  assert(n == 9 and s == "..three.five...")
  n = 0
  repeat local done = y(n) == 4; n = n + 1 until y(done)
  assert(n == 5)
  local list = {}
  for i = 10, 1, y(-3) do list[#list + 1] = y(i) end
  assert(table.concat(list, ",") == "10,7,4,1")
  for i = 1, 0 do error("never") end
  for i = 1, 3 do local j = i; i = y(10); list[j] = i end
  assert(list[1] == 10 and list[3] == 10 and list[4] == 1)
  n = 0
  for i = 1, 3 do for j = 1, 3 do if j == y(2) then break end n = n + y(1) end end
  assert(n == 3)
  for i = 0.1, 0.35, 0.1 do n = n + 1 end
  assert(n == 6)
  local keys = {}
  for k, v in pairs({a = 1, b = 2, 3}) do keys[#keys + 1] = y(tostring(k)) .. v end
  table.sort(keys)
  assert(table.concat(keys, " ") == "13 a1 b2")
  local sum = 0
  for i, v in ipairs({1, 2, nil, 4}) do sum = sum + y(v) end
  assert(sum == 3)
  local function upto(n) return function(s, i) if i < s then return i + 1, i * i end end, n, 0 end
  for i, sq in upto(y(4)) do sum = sum + y(sq) end
  assert(sum == 3 + 0 + 1 + 4 + 9)
  local closures = {}
  for i = 1, 3 do closures[i] = function() i = i + 1 return i end end
  assert(closures[1]() == 2 and closures[1]() == 3 and closures[2]() == 3)
  local copies = {}
  for i = 1, 2 do local x = y(i); copies[i] = {function() x = x + 10 return x end, function() return x end} end
  copies[1][1]()
  assert(copies[1][2]() == 11 and copies[2][2]() == 2)
  assert(fails(function() for i = "a", 2 do end end):find("'for' initial value must be a number", 1, true))
  assert(fails(function() for i = 1, {} do end end):find("'for' limit must be a number", 1, true))
  assert(fails(function() for i = 1, 2, {} do end end):find("'for' step must be a number", 1, true))
end

-- Operators and their precedence.
assert(2 ^ 3 ^ 2 == 512 and -2 ^ 2 == -4 and 2 ^ -1 == 0.5 and not nil == true and not 0 == false)
assert(1 + 2 * 3 - 4 / 2 == 5 and 5 % 3 == 2 and -5 % 3 == 1 and 5 % -3 == -1 and 5.5 % 2 == 1.5)
assert(1 .. 2 .. 3 == "123" and "a" .. "b" == "ab" and #"abc" + 1 == 4 and -3 + 5 == 2)
assert((1 < 2) == true and not (2 < 1) and 1 <= 1 and "a" < "b" and "a" < "aa" and "Z" < "a" and not ("a" < "A"))
assert(nil == nil and {} ~= {} and 1 ~= "1" and (0 / 0 ~= 0 / 0))
assert((y(nil) or 1) == 1 and (y(false) and error("never")) == false and (y(nil) and 1) == nil and (y(1) and y(2)) == 2 and (y(false) or y(nil)) == nil)
assert(y(1) + y(2) * y(3) == 7 and y(2) ^ y(3) == 8 and -y(3) == -3 and not y(nil) and #y("abc") == 3 and y(7) % y(4) == 3)
assert(y("a") .. y("b") .. y(1) .. "c" == "ab1c" and (y(1) < y(2)) and y(2) >= y(2) and y(3) > y(2) and y(1) == y(1) and y(1) ~= y("1"))
assert(1 / 0 == math.huge and -1 / 0 == -math.huge)

-- Table constructors.
do
  local function f() return 1, 2, 3 end
  local t = {f(), [y(10)] = y("ten"), x = y(1), f(), y(30); f()}
  assert(#t == 6 and t[1] == 1 and t[2] == 1 and t[3] == 30 and t[4] == 1 and t[6] == 3 and t[10] == "ten" and t.x == 1)
  assert(#{f(), nil} == 1 and #{(f())} == 1 and #{y(f())} == 3 and #{n = f()} == 0)
  local s = {[1] = "a", "b"}
  assert(s[1] == "b")
  local nested = {{y(1), {y(2)}}, {y(3)}}
  assert(nested[1][2][1] == 2 and nested[2][1] == 3)
  assert(fails(function() return {[nil] = 1} end):find("table index is nil", 1, true))
  assert(fails(function() local t = {} t[0 / 0] = 1 end):find("table index is NaN", 1, true))
end

-- Calls, methods, varargs, tail calls.
do
  local obj = {n = 5}
  function obj:get(k) return self.n + (k or 0) end
  function obj.plain(...) return select("#", ...), ... end
  assert(obj:get() == 5 and obj:get(y(2)) == 7 and obj.get({n = 1}) == 1 and (y(obj)):get(y(1)) == 6)
  assert(select("#", obj.plain(y(nil), y(nil))) == 3 and (obj.plain(1, 2, 3)) == 3)
  local function v(...)
    local a, b = ...
    local t = {...}
    return select("#", ...), a, b, #t, ...
  end
  local n, a, b, c, d = v(y(1), y(2), y(3))
  assert(n == 3 and a == 1 and b == 2 and c == 3 and d == 1)
  assert(select("#", v()) == 4 and select("#", (v(1))) == 1)
  local function loop(n) if n == 0 then return "end" end return loop(n - 1) end
  assert(loop(100000) == "end")
  local function yloop(n) if y(n) == 0 then return y("end") end return yloop(n - 1) end
  assert(yloop(50) == "end")
  assert(type"x" == "string" and #{unpack{1, 2}} == 2 and ("x"):rep(3) == "xxx" and (("%d"):format(7)) == "7")
  local function old(...) return arg.n, arg[1] end
  local an, a1 = old(y("first"), nil)
  assert(an == 2 and a1 == "first")
  local function three() return y(1), y(2), y(3) end
  assert(select("#", three()) == 3 and select("#", three(), three()) == 4 and (three()) == 1)
end

-- Scopes and closures.
do
  local x = 10
  do local x = x; x = x + 1; assert(x == 11); do local x = x + 1; assert(x == 12) end end
  assert(x == 10)
  local function counter() local n = 0; return function() n = n + y(1); return n end, function() return n end end
  local inc, get = counter()
  inc() inc()
  assert(get() == 2)
  local inc2, get2 = counter()
  inc2()
  assert(get() == 2 and get2() == 1)
  local fact
  fact = function(n) if n <= 1 then return 1 end return n * fact(y(n - 1)) end
  assert(fact(10) == 3628800)
  local function even(n) if n == 0 then return true end return not even(n - 1) end
  assert(even(10) and not even(7))
end

-- Errors.
do
  local function where(f, want)
    local e = fails(f)
    assert(e:find(want, 1, true), e)
  end
  where(function() local a; a.b = 1 end, "attempt to index local 'a' (a nil value)")
  where(function() local t = {}; t.x.y = 1 end, "attempt to index field 'x' (a nil value)")
  where(function() local t = {}; t.x() end, "attempt to call field 'x' (a nil value)")
  where(function() local t = {}; t:m() end, "attempt to call method 'm' (a nil value)")
  where(function() return {} + 1 end, "attempt to perform arithmetic on a table value")
  where(function() return "a" + 1 end, "attempt to perform arithmetic on a string value")
  where(function() local s = {}; return "x" .. s end, "attempt to concatenate local 's' (a table value)")
  where(function() return #5 end, "attempt to get length of a number value")
  where(function() return 1 < "2" end, "attempt to compare number with string")
  where(function() return {} < {} end, "attempt to compare two table values")
  where(function() return (nil).x end, "attempt to index a nil value")
  where(function() error("msg") end, "msg")
  local t = {}
  assert(fails(error, t) == t and fails(error) == nil)
  assert(fails(function() error("m", 0) end) == "m")
  assert(select("#", pcall(function() return 1, nil, 3 end)) == 4)
  local ok, e = xpcall(function() error("inner", 0) end, function(m) return "<" .. m .. ">" end)
  assert(not ok and e == "<inner>")
end
return "ok"
