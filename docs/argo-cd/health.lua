-- Health of a LoadBalancerPolicy for Argo CD, which runs this with the object as obj. See docs/gitops.md for how to install it.
-- Lua 5.1 without any library but ipairs.
local status = obj.status or {}

local function condition(name)
  for _, one in ipairs(status.conditions or {}) do
    if one.type == name then
      return one
    end
  end
  return { status = "Absent", reason = "Pending" }
end

local function health(name, about, otherwise)
  local message = about.message
  if message == nil or message == "" then
    message = otherwise
  end
  return { status = name, message = message }
end

local ready, accepted = condition("Ready"), condition("Accepted")

-- The default of the schema has no observedGeneration: the operator has not looked yet.
if status.observedGeneration == nil then
  return health("Progressing", ready, "The operator has not looked at the policy yet.")
end
if status.observedGeneration ~= obj.metadata.generation then
  return { status = "Progressing", message = "The operator has not looked at the latest change yet." }
end

local stalled = condition("Stalled")
if accepted.status == "False" and accepted.reason ~= "Pending" then
  return health("Degraded", accepted, "The policy is not accepted.")
end
if stalled.status == "True" then
  return health("Degraded", stalled, "The policy is not accepted.")
end

local reconciling = condition("Reconciling")
if reconciling.status == "True" then
  return health("Progressing", reconciling, "Proxies do not all run the policy yet.")
end

-- Also with the reason Idle: whoever scaled a Service to zero on purpose does not want to be told.
if ready.status == "True" then
  return health("Healthy", ready, "Requests can be answered.")
end
if ready.status == "False" and ready.reason ~= "Pending" then
  return health("Degraded", ready, "Requests cannot be answered.")
end
return health("Progressing", ready, "The operator does not know yet whether requests can be answered.")
