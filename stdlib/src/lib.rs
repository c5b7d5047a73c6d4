//! The Lua 5.4 standard library.
//!
//! Each library is a module with a function `open` that makes its global table. Natives are plain
//! functions, listed in a static table at the end of their file; what they share beyond their
//! arguments is in upvalues. There is no unsafe code: values that a native reads borrow the context,
//! and whatever can run Lua takes the context mutably.

#![forbid(unsafe_code)]

pub mod base;
pub mod coroutine;
pub mod debug;
pub mod gc;
pub mod io;
mod lfs;
mod load;
pub mod math;
pub mod os;
pub mod package;
mod random;
mod sort;
pub mod string;
pub mod table;
pub mod utf8;
mod util;

use moonsweep_runtime::native::{Context, NativeDef, Result};

pub use io::{Waker, flush_all, read_stdin_line, write_stderr, write_stdout};
pub use load::{Loaded, load_file};

/// A library that can be opened.
#[derive(Clone, Copy, Debug)]
pub struct Library {
    /// Its name in the globals and in `package.loaded`; `_G` for the basic functions.
    pub name: &'static str,
    /// What is in it, in a line.
    pub summary: &'static str,
    /// Puts it into the globals.
    pub open: fn(&mut Context) -> Result<()>,
}

/// All libraries, in the order in which they are opened.
pub const LIBRARIES: &[Library] = &[
    Library {
        name: "_G",
        summary: "the basic functions",
        open: base::open,
    },
    Library {
        name: "package",
        summary: "modules: require and its settings",
        open: package::open,
    },
    Library {
        name: "coroutine",
        summary: "coroutines",
        open: coroutine::open,
    },
    Library {
        name: "table",
        summary: "tables as arrays",
        open: table::open,
    },
    Library {
        name: "io",
        summary: "files, pipes and the standard streams",
        open: io::open,
    },
    Library {
        name: "os",
        summary: "time, environment, files by name, other programs",
        open: os::open,
    },
    Library {
        name: "string",
        summary: "strings as bytes: patterns, formats, packing",
        open: string::open,
    },
    Library {
        name: "math",
        summary: "numbers",
        open: math::open,
    },
    Library {
        name: "utf8",
        summary: "strings as UTF-8",
        open: utf8::open,
    },
    Library {
        name: "debug",
        summary: "looking into running programs",
        open: debug::open,
    },
    Library {
        name: "gc",
        summary: "the collector: choosing one, and seeing what it does",
        open: gc::open,
    },
];

/// Modules that come with the program and are opened by `require`.
pub const MODULES: &[Module] = &[Module {
    name: "lfs",
    summary: "attributes, directories, links and locks of files",
    loader: util::def("lfs", lfs::load),
}];

/// A module that `require` finds where it would look for a C library.
#[derive(Clone, Copy)]
pub struct Module {
    /// Its name.
    pub name: &'static str,
    /// What is in it, in a line.
    pub summary: &'static str,
    /// The loader that `require` calls.
    pub loader: NativeDef,
}

/// Opens all libraries.
///
/// # Errors
/// Raises "not enough memory".
pub fn open_all(cx: &mut Context) -> Result<()> {
    open_selected(cx, |_| true)
}

/// Opens the libraries that are asked for by name, and lets `require` find the modules that are.
///
/// # Errors
/// Raises "not enough memory".
pub fn open_selected(cx: &mut Context, wanted: impl Fn(&str) -> bool) -> Result<()> {
    {
        // As the reference numbers them, for programs that look into the registry.
        let cx = &*cx;
        cx.registry().set_int(cx, 1, cx.running().0)?;
        cx.registry().set_int(cx, 2, cx.globals())?;
    }
    for library in LIBRARIES.iter().filter(|library| wanted(library.name)) {
        (library.open)(cx)?;
        let cx = &*cx;
        let loaded = util::subtable(cx, cx.registry(), package::LOADED)?;
        let table = cx.globals().get_name(cx, library.name);
        loaded.set_name(cx, library.name, table)?;
    }
    for module in MODULES.iter().filter(|module| wanted(module.name)) {
        let cx = &*cx;
        let modules = util::subtable(cx, cx.registry(), package::MODULES)?;
        modules.set_name(cx, module.name, cx.native(&module.loader, &[]))?;
    }
    Ok(())
}
