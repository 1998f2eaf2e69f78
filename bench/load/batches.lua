-- For wrk: POST /api/v1/decisions with batches of transactions, each transaction new.
--   wrk -t1 -c2 -d10s -s batches.lua http://127.0.0.1:8080 -- TOKEN SIZE RUN
local thread_count = 0
function setup(thread)
  thread_count = thread_count + 1
  thread:set("number", thread_count)
end

local token, size, run, batch = "", 1, "", 0
function init(arguments)
  token, size, run = arguments[1], tonumber(arguments[2]), arguments[3]
  wrk.method = "POST"
  wrk.path = "/api/v1/decisions"
  wrk.headers["Content-Type"] = "application/json"
  wrk.headers["Authorization"] = "Bearer " .. token
end

local format = string.format
function request()
  batch = batch + 1
  local parts = {}
  for i = 1, size do
    local n = batch * size + i
    parts[i] = format('{"transaction_id":"TXN-%s-%d-%09d","account_number":"ACC-%010d","transaction_type":"PAYMENT","amount":12.50,' ..
      '"timestamp":"2026-03-02 10:00:00","location":"Online-Portal","merchant":"Walmart","status":"COMPLETED"}', run, number, n, n * 7919 % 50000)
  end
  return wrk.format(nil, nil, nil, '{"transactions":[' .. table.concat(parts, ",") .. ']}')
end

function done(summary, latency, requests)
  io.write(format('RESULT {"requests":%d,"seconds":%.3f,"not_2xx":%d,"errors":%d,"p50_ms":%.3f,"p99_ms":%.3f}\n', summary.requests,
    summary.duration / 1e6, summary.errors.status, summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000))
end
