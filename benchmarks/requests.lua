-- Sends the requests of a file in turn, and tells what came of them as one line of JSON.
--
--     wrk … -s requests.lua URL -- FILE
--
-- FILE holds blocks, one a request: its length in bytes on a line of its own, then as many bytes: a whole HTTP request.

local threads = {}

function setup(thread)
   table.insert(threads, thread)
end

function init(args)
   requests = {}
   failures = 0
   failure = ""
   last = 0
   local file = assert(io.open(args[1], "rb"))
   for length in function() return file:read("*l") end do
      table.insert(requests, file:read(tonumber(length)))
   end
   file:close()
end

function request()
   last = last % #requests + 1
   return requests[last]
end

-- A GraphQL response with errors is no answer, though its status may be 200.
function response(status, headers, body)
   if status ~= 200 or body:find('"errors":', 1, true) then
      failures = failures + 1
      failure = status .. " " .. (body:match('"errors":.*') or body):sub(1, 300)
   end
end

function done(summary, latency, requests)
   local failures = 0
   local failure = ""
   for _, thread in ipairs(threads) do
      failures = failures + thread:get("failures")
      failure = failure .. thread:get("failure")
   end
   local errors = summary.errors
   local broken = errors.connect + errors.read + errors.write
   if broken + errors.timeout > 0 then
      failure = failure .. broken .. " broken connections, " .. errors.timeout .. " timeouts"
   end
   io.write(string.format(
      '\nRESULT {"requests": %d, "microseconds": %d, "p50": %d, "p99": %d, "failures": %d}\nFAILURE %s\n',
      summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
      failures + broken + errors.timeout, failure:gsub("%c", " ")))
end
