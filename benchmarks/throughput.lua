-- What wrk asks: the paths of a file in turn, on from a given number, each with that number behind
-- it where no two requests are to be the same; and what it tells: one line of JSON.
--
--     wrk … -s throughput.lua URL -- FILE START numbered|plain

local paths, at, numbered, head, tail = {}, 0, false, "", ""

function init(args)
  for line in io.lines(args[1]) do
    paths[#paths + 1] = line
  end
  at = tonumber(args[2])
  numbered = args[3] == "numbered"
  local request = wrk.format("GET", "@@")
  local first, last = request:find("@@", 1, true)
  head, tail = request:sub(1, first - 1), request:sub(last + 1)
end

function request()
  local path = paths[at % #paths + 1]
  at = at + 1
  if numbered then
    return head .. path .. at .. tail
  end
  return head .. path .. tail
end

function done(summary, latency, _)
  local failed = summary.errors
  io.write(string.format(
    '{"requests": %d, "microseconds": %d, "bytes": %d, "p50": %d, "p99": %d, "status": %d, '
      .. '"connect": %d, "read": %d, "write": %d, "timeout": %d}\n',
    summary.requests, summary.duration, summary.bytes, latency:percentile(50),
    latency:percentile(99), failed.status, failed.connect, failed.read, failed.write,
    failed.timeout))
end
