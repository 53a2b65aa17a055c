-- What wrk asks: the paths of a file in turn, on from a given number, each with that number behind
-- it where no two requests are to be the same; and what it tells: one line of JSON.
--
--     wrk … -s throughput.lua URL -- FILE START numbered|plain checked|counted
--
-- wrk itself counts what is 400 or more; `checked` looks at every status, which takes its time.

odd = 0 -- answers that are not 2xx; global, so that done() can ask a thread for it
local threads = {}
local paths, at, numbered, head, tail = {}, 0, false, "", ""

function setup(thread)
  threads[#threads + 1] = thread
end

function init(args)
  for line in io.lines(args[1]) do
    paths[#paths + 1] = line
  end
  at = tonumber(args[2])
  numbered = args[3] == "numbered"
  if args[4] == "checked" then
    response = function(status)
      if status < 200 or status > 299 then
        odd = odd + 1
      end
    end
  end
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
  local failed, others = summary.errors, 0
  for _, thread in ipairs(threads) do
    others = others + thread:get("odd")
  end
  io.write(string.format(
    '{"requests": %d, "microseconds": %d, "bytes": %d, "p50": %d, "p99": %d, "status": %d, '
      .. '"connect": %d, "read": %d, "write": %d, "timeout": %d}\n',
    summary.requests, summary.duration, summary.bytes, latency:percentile(50),
    latency:percentile(99), math.max(failed.status, others), failed.connect, failed.read, failed.write,
    failed.timeout))
end
