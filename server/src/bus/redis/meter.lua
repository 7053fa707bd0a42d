-- One step of a meter: what limits/meter.rs does in memory. Times are microseconds of Redis' own clock: there may be
-- more than a thousand of something a second. Answers 0, or after how many microseconds to try again.
local step, burst, every, longest = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local hammering = ARGV[5] == '1'
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]

local kept = redis.call('HMGET', KEYS[1], 'full', 'pending', 'taken', 'grown', 'blocked', 'calm')
local full, pending, taken = tonumber(kept[1]) or 0, tonumber(kept[2]) or 0, tonumber(kept[3]) or 0
local grown, blocked, calm = tonumber(kept[4]) or 0, tonumber(kept[5]) or 0, tonumber(kept[6]) or 0

-- An instance that was killed never settles what it took.
local ABANDONED = 30000000
if now - taken > ABANDONED then pending = 0 end
-- The clock of a Redis that took over may be behind: no wait becomes longer than it can have been.
blocked = math.min(blocked, now + longest)
calm = math.min(calm, now + 2 * longest)
full = math.min(full, now + burst * every)
if now >= calm then grown = 0 end

local function wait_after(times) return math.min(every * 2 ^ times, longest) end
local function block()
  blocked = now + wait_after(grown)
  grown = grown + 1
  calm = blocked + longest
end
local function used() return math.ceil(math.max(full - now, 0) / every) end
local function refill() return math.max(full - now - (burst - 1) * every, 1) end

local wait = 0
if step == 'use' then
  if used() >= burst then wait = refill() else full = math.max(full, now) + every end
elseif step == 'take' then
  if now < blocked then
    if hammering and grown > 0 and wait_after(grown) > wait_after(grown - 1) then block() end
    wait = blocked - now
  elseif used() >= burst then
    wait = refill()
  elseif used() + pending >= burst or (grown > 0 and pending > 0) then
    wait = 1000000
  else
    pending = pending + 1
    taken = now
  end
else
  pending = math.max(pending - 1, 0)
  if step == 'fail' then
    full = math.max(full, now) + every
    if longest > every and (grown > 0 or used() >= burst) then block() end
  end
end

redis.call('HSET', KEYS[1], 'full', full, 'pending', pending, 'taken', taken, 'grown', grown, 'blocked', blocked, 'calm', calm)
redis.call('PEXPIRE', KEYS[1], math.ceil(math.max(full - now, calm - now, ABANDONED) / 1000))
return math.ceil(wait)
