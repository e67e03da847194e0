-- Requests of many callers: HOT tokens that repeat, FRESH tokens that were never seen before, and
-- refused tokens. All requests are formatted before the load begins.
local path, method, body = os.getenv("LOAD_PATH"), os.getenv("LOAD_METHOD"), os.getenv("LOAD_BODY")
local pause = tonumber(os.getenv("LOAD_PAUSE_MS") or "0")
local hot, fresh, bad = {}, {}, {}
local n, h, f, b = 0, 0, tonumber(os.getenv("LOAD_OFFSET") or "0"), 0

local function read(name, into)
  for line in io.lines(os.getenv("LOAD_TOKENS") .. "/" .. name) do
    local headers = {[os.getenv("LOAD_HEADER")] = line, ["X-Forwarded-Proto"] = "https"}
    if body then headers["Content-Type"] = "application/json" end
    into[#into + 1] = wrk.format(method, path, headers, body)
  end
end

function init(_)
  read("hot", hot); read("fresh", fresh); read("bad", bad)
end

function request()
  n = n + 1
  local turn = n % 100
  if turn == 0 then b = b % #bad + 1; return bad[b] end
  if turn % 25 == 1 then f = f % #fresh + 1; return fresh[f] end
  h = h % #hot + 1
  return hot[h]
end

if pause > 0 then
  function delay() return math.random(0, 2 * pause) end
end

function done(s, latency, _)
  local e = s.errors
  io.write(string.format(
    '{"requests":%d,"micros":%d,"p50":%d,"p99":%d,"failed":%d,"status":%d}\n',
    s.requests, s.duration, latency:percentile(50), latency:percentile(99),
    e.connect + e.read + e.write + e.timeout, e.status))
end
