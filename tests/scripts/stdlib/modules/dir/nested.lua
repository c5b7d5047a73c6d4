-- A module in a folder, required with a dotted name.
return { value = "nested value" }
