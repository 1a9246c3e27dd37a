/**
 * The Lua part of the sandbox. It is given `host`, a table of C functions and libraries, and makes the globals that scripts
 * see: those of Redis (script_lua.c, the lists of allowed globals), none of which a script can change for the scripts after it.
 *
 * Lua 5.1 knows no readonly tables, which Redis has added to its own. Here a protected table is an empty one that stands for the
 * real one; the functions that could tell the two apart, or write past a metatable, are told which stands for which.
 * `debug` is captured for the error handler alone.
 */
export const SANDBOX_SOURCE = `
local host, names = ...
local debug, type, error, rawget, rawset, next, getmetatable, setmetatable = debug, type, error, rawget, rawset, next, getmetatable, setmetatable
local tostring, select, pcall, loadstring, byte, getinfo, running = tostring, select, pcall, loadstring, string.byte, debug.getinfo, coroutine.running
local READONLY = "Attempt to modify a readonly table"
local real = {}

local function refuse() error(READONLY, 2) end
local function protect(values)
  local proxy = setmetatable({}, { __index = values, __newindex = refuse })
  real[proxy] = values
  return proxy
end
-- Of functions that write past metatables.
local function writable(t)
  if real[t] then error(READONLY, 0) end
end

local globals = {}
for _, name in ipairs(names) do globals[name] = _G[name] end
globals._VERSION = _VERSION

function globals.rawget(t, key) return rawget(real[t] or t, key) end
function globals.rawset(t, key, value)
  writable(t)
  return rawset(t, key, value)
end
function globals.next(t, key) return next(real[t] or t, key) end
function globals.pairs(t)
  if type(t) ~= "table" then error("bad argument #1 to 'pairs' (table expected, got " .. (t == nil and "no value" or type(t)) .. ")", 2) end
  return next, real[t] or t, nil
end
function globals.setmetatable(t, metatable)
  writable(t)
  return setmetatable(t, metatable)
end

-- Lua cannot suspend a thread in which pcall has called something, and a script that takes long has to be. So what is called
-- protected runs in a thread of its own, and whoever waits for such a thread hands a suspension on (as coxpcall does).
local create, resume, status, yield = coroutine.create, coroutine.resume, coroutine.status, coroutine.yield
local suspension, thread = host.suspension, host.running
local main = host.main
local callers = setmetatable({}, { __mode = "k" })

-- The first function of a script at a level or above.
local function callerOf(co, level)
  for above = level, level + 8 do
    local where = getinfo(co, above, "Sl")
    if not where then return nil end
    if where.what ~= "C" and where.what ~= "tail" and where.source ~= "=sandbox" then return where end
  end
end

local function settle(co, ok, ...)
  if ok then
    local asked = suspension()
    if asked > 0 then
      if asked == 1 then yield() end
      return settle(co, resume(co))
    end
  end
  return ok, ...
end

local function protected(co, ok, ...)
  -- A yield of the script's own is one of the coroutine that it is in.
  if ok and status(co) == "suspended" then return protected(co, settle(co, resume(co, yield(...)))) end
  return ok, ...
end

local function call(f, ...)
  if type(f) ~= "function" or getinfo(f, "S").what == "C" then return pcall(f, ...) end
  local co = create(f)
  callers[co] = thread() or false
  return protected(co, settle(co, resume(co, ...)))
end

-- What a call of the host raised is a table for redis.call's sake; who catches it gets its text.
local function caught(ok, first, ...)
  if not ok and type(first) == "table" then
    local text = rawget(first, "err")
    if type(text) == "string" then first = text end
  end
  return ok, first, ...
end
function globals.pcall(...)
  if select("#", ...) == 0 then error("bad argument #1 to 'pcall' (value expected)", 2) end
  return caught(call(...))
end
local function handled(handler, ok, ...)
  if ok then return ok, ... end
  return false, handler(...)
end
function globals.xpcall(f, handler)
  return handled(handler, call(f))
end

function coroutine.resume(co, ...) return settle(co, resume(co, ...)) end
function coroutine.running()
  local co = thread()
  while co and callers[co] ~= nil do co = callers[co] or nil end
  return co
end
function coroutine.wrap(f)
  local co = create(f)
  local function results(ok, first, ...)
    if ok then return first, ... end
    if type(first) ~= "string" then error(first, 0) end
    -- As Lua does, with the position of who called.
    local where = callerOf(thread() or main(), 1)
    error((where and where.short_src .. ":" .. where.currentline .. ": " or "") .. first, 0)
  end
  return function(...) return results(settle(co, resume(co, ...))) end
end

-- Compiled code could be anything: only source is taken.
local function compile(source, name)
  if type(source) == "string" and byte(source, 1) == 27 then
    return nil, (name or "=?") .. ": unexpected symbol near '<\\\\27>'"
  end
  return loadstring(source, name)
end
globals.loadstring = compile
function globals.load(piece, name)
  if type(piece) ~= "function" then error("bad argument #1 to 'load' (function expected, got " .. type(piece) .. ")", 2) end
  local pieces = {}
  while true do
    local text = piece()
    if text == nil or text == "" then break end
    if type(text) ~= "string" then return nil, "reader function must return a string" end
    pieces[#pieces + 1] = text
  end
  return compile(table.concat(pieces), name or "=(load)")
end

local libraries = { string = string, table = table, math = math, coroutine = coroutine }
local loadable = host.loading
host.loading = nil
for name, library in next, host do
  if type(library) == "table" then libraries[name] = library end
end
for _, name in ipairs({ "insert", "remove", "sort", "setn" }) do
  local original = table[name]
  table[name] = function(t, ...)
    writable(t)
    return original(t, ...)
  end
end
math.random, math.randomseed = host.random, host.randomseed
for name, library in next, libraries do globals[name] = protect(library) end

local strings = getmetatable("")
local globalsShown
local shown = protect({ __index = globals.string })
function globals.getmetatable(value)
  local metatable = getmetatable(value)
  if metatable == strings then return shown end
  if value == globals._G then return globalsShown end
  if real[value] then return nil end
  return metatable
end

local ofGlobals = { __index = function(_, name)
  error("Script attempted to access nonexistent global variable '" .. tostring(name) .. "'", 2)
end }
setmetatable(globals, ofGlobals)
globalsShown = protect(ofGlobals)
local outer = protect(globals)
globals._G = outer

-- While a library registers its functions it sees nothing but what it registers them with.
local load = function() end
if loadable then
  local all, ofOuter = setmetatable({ redis = protect(setmetatable(loadable, ofGlobals)) }, ofGlobals), getmetatable(outer)
  load = function(isLoading) ofOuter.__index = isLoading and all or globals end
end

-- Where an error was raised: the script's own line, also when a C function raised it.
local function describe(raised, thread)
  local where = callerOf(thread, 0)
  if type(raised) ~= "table" then raised = { err = "ERR " .. tostring(raised) } end
  if real[raised] then raised = { err = "ERR " .. tostring(raised) } end
  if where then
    raised.source = where.source
    raised.line = where.currentline
  end
  return raised
end
globals.__redis__err__handler = function(raised) return describe(raised, thread() or main()) end

return outer, globals, describe, load
`;

/** Functions that scripts have from Lua as they are; the others are replaced above, or missing. */
export const PLAIN_GLOBALS = [
  "assert",
  "collectgarbage",
  "error",
  "gcinfo",
  "ipairs",
  "rawequal",
  "select",
  "tonumber",
  "tostring",
  "type",
  "unpack",
];
