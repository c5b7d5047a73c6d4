-- A module that returns false: require returns it.
return false
