-- A module that records what require passed to it.
return { name = "simple module", args = { ... } }
