//! What a runtime is made with.

use super::error::{Error, Result};
use crate::native::{self, Context};
use moonsweep_gc::{GcKind, Options, Size};
use std::ops::BitOr;

/// The libraries that a runtime has. The basic functions are always there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct StdLib(u32);

/// The name of each library, and its bit.
const NAMES: &[(&str, StdLib)] = &[
    ("package", StdLib::PACKAGE),
    ("coroutine", StdLib::COROUTINE),
    ("table", StdLib::TABLE),
    ("io", StdLib::IO),
    ("os", StdLib::OS),
    ("string", StdLib::STRING),
    ("math", StdLib::MATH),
    ("utf8", StdLib::UTF8),
    ("debug", StdLib::DEBUG),
];

impl StdLib {
    /// The basic functions only.
    pub const NONE: StdLib = StdLib(0);
    /// `require` and `package`.
    pub const PACKAGE: StdLib = StdLib(1);
    /// `coroutine`
    pub const COROUTINE: StdLib = StdLib(1 << 1);
    /// `table`
    pub const TABLE: StdLib = StdLib(1 << 2);
    /// `io`
    pub const IO: StdLib = StdLib(1 << 3);
    /// `os`
    pub const OS: StdLib = StdLib(1 << 4);
    /// `string`, and the methods of strings.
    pub const STRING: StdLib = StdLib(1 << 5);
    /// `math`
    pub const MATH: StdLib = StdLib(1 << 6);
    /// `utf8`
    pub const UTF8: StdLib = StdLib(1 << 7);
    /// `debug`
    pub const DEBUG: StdLib = StdLib(1 << 8);
    /// Whatever else this version has.
    const OTHERS: StdLib = StdLib(1 << 30);
    /// All of them.
    pub const ALL: StdLib = StdLib(u32::MAX);
    /// Those that reach nothing outside of the runtime and can't look behind
    /// its abstractions: coroutine, table, string, math, utf8, and the basic
    /// functions without `dofile`, `loadfile` and `collectgarbage`. Limits of memory and
    /// instructions complete a sandbox.
    pub const SANDBOX: StdLib = StdLib(
        StdLib::COROUTINE.0 | StdLib::TABLE.0 | StdLib::STRING.0 | StdLib::MATH.0 | StdLib::UTF8.0,
    );

    /// Whether all of `other` are among these.
    #[must_use]
    pub fn contains(self, other: StdLib) -> bool {
        self.0 & other.0 == other.0
    }
    /// Whether the library of that name is.
    pub(crate) fn has(self, name: &str) -> bool {
        if name == "_G" {
            return true;
        }
        let row = NAMES.iter().find(|row| row.0 == name);
        self.contains(row.map_or(StdLib::OTHERS, |row| row.1))
    }
    /// Takes away what a sandbox must not have.
    pub(crate) fn restrict(self, cx: &Context) -> native::Result<()> {
        if self != StdLib::SANDBOX {
            return Ok(());
        }
        ["dofile", "loadfile", "collectgarbage"]
            .iter()
            .try_for_each(|name| cx.globals().set_name(cx, name, ()))
    }
}

impl BitOr for StdLib {
    type Output = StdLib;
    fn bitor(self, other: StdLib) -> StdLib {
        StdLib(self.0 | other.0)
    }
}

/// How a runtime manages its memory, and what it may use up.
///
/// ```
/// use moonsweep::{GcKind, LuaOptions};
///
/// let options = LuaOptions::new()
///     .collector(GcKind::Generational)
///     .heap_max(64 << 20)
///     .instruction_limit(10_000_000)
///     .gc_option("nursery", "1M")?;
/// # let _ = options;
/// # Ok::<(), moonsweep::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct LuaOptions {
    pub(crate) gc: Options,
    pub(crate) seed: Option<u64>,
    pub(crate) instruction_limit: Option<u64>,
}

impl LuaOptions {
    /// The defaults: the collector `generational`, no limits.
    #[must_use]
    pub fn new() -> LuaOptions {
        LuaOptions::default()
    }
    /// With this collector.
    #[must_use]
    pub fn collector(mut self, kind: GcKind) -> LuaOptions {
        self.gc.gc = kind;
        self
    }
    /// With at most so many bytes in the heap; 0: as many as the system gives.
    #[must_use]
    pub fn heap_max(mut self, bytes: usize) -> LuaOptions {
        self.gc.heap_max = Size(bytes);
        self
    }
    /// With a budget of instructions, see [`Lua::set_instruction_limit`](crate::Lua::set_instruction_limit).
    #[must_use]
    pub fn instruction_limit(mut self, n: u64) -> LuaOptions {
        self.instruction_limit = Some(n);
        self
    }
    /// With a fixed seed of string hashes and `math.random`, so that runs are alike.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> LuaOptions {
        self.seed = Some(seed);
        self
    }
    /// With an option of the collector, by its name on the command line
    /// without `gc-`: [`Options::TABLE`] lists them.
    ///
    /// # Errors
    /// [`Error::OptionError`] if there is no such option or value.
    pub fn gc_option(mut self, name: &str, value: &str) -> Result<LuaOptions> {
        self.gc
            .set(name, value)
            .map_err(|e| Error::OptionError(e.to_string()))?;
        Ok(self)
    }
    /// With these options of the collector.
    #[must_use]
    pub fn gc_options(mut self, options: Options) -> LuaOptions {
        self.gc = options;
        self
    }
}
