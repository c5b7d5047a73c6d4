-- A package found through the ?/init.lua template.
return { value = "package value" }
