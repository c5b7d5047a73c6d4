//! Modules that Rust gives to `require`.

use super::convert::IntoLua;
use super::error::Result;
use super::function::Function;
use super::lua::Lua;
use super::table::Table;
use super::value::Nil;

impl Lua {
    // --- Modules

    /// Has `require(name)` return a value, as if the module had been loaded.
    ///
    /// ```
    /// let lua = moonsweep::Lua::new();
    /// let module = lua.create_table()?;
    /// module.set("twice", lua.create_function(|_, n: i64| Ok(2 * n))?)?;
    /// lua.register_module("numbers", module)?;
    /// assert_eq!(lua.load("return require('numbers').twice(4)").eval::<i64>()?, 8);
    /// # Ok::<(), moonsweep::Error>(())
    /// ```
    ///
    /// # Errors
    /// A conversion's; or the library `package` was not opened.
    pub fn register_module(&self, name: &str, value: impl IntoLua) -> Result<()> {
        self.package("loaded")?.set(name, value)
    }
    /// Has `require(name)` call a function for the module's value when it is first needed.
    ///
    /// # Errors
    /// As for [`Lua::register_module`].
    pub fn preload_module(&self, name: &str, loader: Function) -> Result<()> {
        self.package("preload")?.set(name, loader)
    }
    /// Forgets a module: the next `require` loads it again.
    ///
    /// # Errors
    /// As for [`Lua::register_module`].
    pub fn unload_module(&self, name: &str) -> Result<()> {
        self.package("loaded")?.set(name, Nil)
    }
    fn package(&self, field: &str) -> Result<Table> {
        self.globals().get::<Table>("package")?.get(field)
    }
}
