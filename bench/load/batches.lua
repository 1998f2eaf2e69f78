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

-- 50,000 accounts in turn, each seen again after 500 seconds of its own time, so that few alerts are raised, as in a bank.
local format, first_time = string.format, 1772445600
function request()
  batch = batch + 1
  local parts = {}
  for i = 1, size do
    local n = batch * size + i
    parts[i] = format('{"transaction_id":"TXN-%s-%d-%09d","account_number":"ACC-%010d","transaction_type":"PAYMENT","amount":%.2f,' ..
      '"timestamp":"%s","location":"Online-Portal","merchant":"Walmart","status":"COMPLETED"}', run, number, n, n * 7919 % 50000,
      5 + n * 31 % 9973 / 100, os.date("!%Y-%m-%d %H:%M:%S", first_time + math.floor(n / 100)))
  end
  return wrk.format(nil, nil, nil, '{"transactions":[' .. table.concat(parts, ",") .. ']}')
end

function done(summary, latency, requests)
  io.write(format('RESULT {"requests":%d,"seconds":%.3f,"not_2xx":%d,"errors":%d,"p50_ms":%.3f,"p99_ms":%.3f}\n', summary.requests,
    summary.duration / 1e6, summary.errors.status, summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000))
end
