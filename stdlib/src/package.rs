//! `require` and the `package` library.
//!
//! Modules in Lua only: the two searchers for C libraries look through `package.cpath`, so that their
//! part of the messages is there, but no dynamic library can be loaded. The first of them finds the
//! modules that come with the program.

use std::fs::File;
use std::os::unix::ffi::OsStringExt;

use moonsweep_runtime::native::{Context, NativeDef, Num, Result, Results, Value};

use crate::load::load_file;
use crate::util::{c_str, def, joined, path, register_with, subtable, system_call};

/// The reference's default with the place where distributions install modules in Lua.
const PATH: &str = "/usr/local/share/lua/5.4/?.lua;/usr/local/share/lua/5.4/?/init.lua;\
    /usr/local/lib/lua/5.4/?.lua;/usr/local/lib/lua/5.4/?/init.lua;\
    /usr/share/lua/5.4/?.lua;/usr/share/lua/5.4/?/init.lua;./?.lua;./?/init.lua";
const CPATH: &str = "/usr/local/lib/lua/5.4/?.so;/usr/local/lib/lua/5.4/loadall.so;./?.so";
/// Directory separator, template separator, mark of the name, mark of the program's directory,
/// mark to ignore what is before it.
const CONFIG: &str = "/\n;\n?\n!\n-\n";
const NO_LIBRARIES: &str = "dynamic libraries not enabled; check your Lua installation";

/// The registry's field for what `package.loaded` is.
pub(crate) const LOADED: &str = "_LOADED";
/// The registry's field for the loaders of modules that come with the program.
pub(crate) const MODULES: &str = "moonsweep.modules";
/// The registry's field for what `package.preload` is.
const PRELOAD: &str = "_PRELOAD";

fn loadlib(cx: &mut Context) -> Result<Results> {
    cx.check_str(0)?;
    cx.check_str(1)?;
    cx.push(Value::Nil);
    cx.push(cx.string(NO_LIBRARIES)?);
    cx.push(cx.string("absent")?);
    Ok(cx.results(3))
}

fn searchpath(cx: &mut Context) -> Result<Results> {
    // From the last to the first, as the reference complains of them.
    let replacement = cx.opt_str(3)?.map_or(&b"/"[..], |text| text.as_bytes());
    let separator = cx.opt_str(2)?.map_or(&b"."[..], |text| text.as_bytes());
    let templates = cx.check_str(1)?.as_bytes();
    let name = cx.check_str(0)?.as_bytes();
    match search(cx, name, templates, separator, replacement)? {
        Ok(name) => cx.ret(cx.string(name)?),
        Err(message) => {
            cx.push(Value::Nil);
            cx.push(cx.string(message)?);
            Ok(cx.results(2))
        }
    }
}

/// Looks for a readable file in a list of templates. The error says which files there are not.
///
/// # Errors
/// `not enough memory`, before the names are put together.
fn search(
    cx: &Context,
    name: &[u8],
    templates: &[u8],
    separator: &[u8],
    replacement: &[u8],
) -> Result<Found> {
    let separator = c_str(separator);
    let name = if separator.is_empty() {
        c_str(name).to_vec()
    } else {
        replace(cx, c_str(name), separator, c_str(replacement))?
    };
    let names = replace(cx, c_str(templates), b"?", &name)?;
    if !names.is_empty() {
        for name in names.split(|&c| c == b';') {
            system_call(cx);
            if cx.must_stop() {
                break;
            }
            if File::open(path(name)).is_ok() {
                return Ok(Ok(name.to_vec()));
            }
        }
    }
    let list = replace(cx, &names, b";", b"'\n\tno file '")?;
    Ok(Err(joined(&[b"no file '", &list, b"'"])))
}

/// The file's name, or the message.
type Found = core::result::Result<Vec<u8>, Vec<u8>>;

/// `text` with every `from`, which is not empty, made `to`.
fn replace(cx: &Context, text: &[u8], from: &[u8], to: &[u8]) -> Result<Vec<u8>> {
    cx.charge(text.len() as u64 / 2);
    let count = memchr::memmem::find_iter(text, from).count();
    let size = (count.saturating_mul(to.len())).saturating_add(text.len() - count * from.len());
    cx.check_size(size as u64)?;
    cx.charge_bytes(size);
    let mut result = Vec::with_capacity(size);
    let mut rest = text;
    while let Some(at) = memchr::memmem::find(rest, from) {
        result.extend_from_slice(&rest[..at]);
        result.extend_from_slice(to);
        rest = &rest[at + from.len()..];
    }
    result.extend_from_slice(rest);
    Ok(result)
}

/// Looks for a module in the templates of a field of `package`, the running searcher's upvalue.
fn find_file(cx: &mut Context, name: &[u8], field: &str) -> Result<Found> {
    let package = cx.push(cx.upvalue(0));
    cx.index_name(package, field)?;
    let number;
    let templates = match cx.top(0) {
        Value::Str(templates) => templates.as_bytes(),
        Value::Int(n) => {
            number = cx.number_to_string(Num::Int(n));
            &number
        }
        Value::Float(n) => {
            number = cx.number_to_string(Num::Float(n));
            &number
        }
        _ => return Err(cx.error(format!("'package.{field}' must be a string"))),
    };
    search(cx, name, templates, b".", b"/")
}

fn search_preload(cx: &mut Context) -> Result<Results> {
    let name = c_str(cx.check_str(0)?.as_bytes()).to_vec();
    let preload = cx.push(subtable(cx, cx.registry(), PRELOAD)?);
    cx.push(cx.string(&name)?);
    cx.index(preload)?;
    if cx.top(0).is_nil() {
        let message = joined(&[b"no field package.preload['", &name, b"']"]);
        return cx.ret(cx.string(message)?);
    }
    cx.push(cx.string(":preload:")?);
    Ok(cx.results(2))
}

fn search_lua(cx: &mut Context) -> Result<Results> {
    let name = c_str(cx.check_str(0)?.as_bytes()).to_vec();
    let file = match find_file(cx, &name, "path")? {
        Ok(file) => file,
        Err(message) => return cx.ret(cx.string(message)?),
    };
    match load_file(cx, Some(&file), "bt", None)? {
        Ok(function) => {
            cx.push(function);
            cx.push(cx.string(&file)?);
            Ok(cx.results(2))
        }
        Err(message) => Err(load_failure(cx, &name, &file, message.as_bytes())),
    }
}

fn load_failure(
    cx: &Context,
    name: &[u8],
    file: &[u8],
    message: &[u8],
) -> moonsweep_runtime::native::Raised {
    let (before, between) = (b"error loading module '", b"' from file '");
    cx.error(joined(&[before, name, between, file, b"':\n\t", message]))
}

fn search_c(cx: &mut Context) -> Result<Results> {
    let name = c_str(cx.check_str(0)?.as_bytes()).to_vec();
    // What would be a C library elsewhere comes with the program.
    let loader = subtable(cx, cx.registry(), MODULES)?.get_name(cx, &name);
    if !loader.is_nil() {
        cx.push(loader);
        cx.push(cx.string(":built-in:")?);
        return Ok(cx.results(2));
    }
    search_library(cx, &name, &name)
}

/// Looks for a library that holds the submodules of a package.
fn search_c_root(cx: &mut Context) -> Result<Results> {
    let name = c_str(cx.check_str(0)?.as_bytes()).to_vec();
    match memchr::memchr(b'.', &name) {
        Some(dot) => search_library(cx, &name, &name[..dot]),
        None => cx.none(),
    }
}

fn search_library(cx: &mut Context, name: &[u8], library: &[u8]) -> Result<Results> {
    match find_file(cx, library, "cpath")? {
        Ok(file) => Err(load_failure(cx, name, &file, NO_LIBRARIES.as_bytes())),
        Err(message) => cx.ret(cx.string(message)?),
    }
}

fn require(cx: &mut Context) -> Result<Results> {
    let name = c_str(cx.check_str(0)?.as_bytes()).to_vec();
    let key = cx.push(cx.string(&name)?);
    let loaded = cx.push(subtable(cx, cx.registry(), LOADED)?);
    cx.push(cx.arg(key));
    cx.index(loaded)?;
    if cx.top(0).truthy() {
        return Ok(cx.results(1));
    }
    let (loader, data) = find_loader(cx, &name, key)?;
    cx.push(cx.arg(loader));
    cx.push(cx.arg(key));
    cx.push(cx.arg(data));
    cx.call(2, Some(1))?;
    let result = cx.slots() - 1;
    if !cx.arg(result).is_nil() {
        cx.push(cx.arg(key));
        cx.push(cx.arg(result));
        cx.set_index(loaded)?;
    }
    cx.push(cx.arg(key));
    cx.index(loaded)?;
    if cx.top(0).is_nil() {
        // The module says nothing of itself: it is there.
        cx.push(cx.arg(key));
        cx.push(true);
        cx.set_index(loaded)?;
        cx.pop(1);
        cx.push(true);
    }
    cx.push(cx.arg(data));
    Ok(cx.results(2))
}

/// Asks one searcher after the other; the slots of the loader and of what the searcher adds to it.
fn find_loader(cx: &mut Context, name: &[u8], key: usize) -> Result<(usize, usize)> {
    let package = cx.push(cx.upvalue(0));
    cx.index_name(package, "searchers")?;
    let searchers = cx.slots() - 1;
    if cx.arg(searchers).as_table().is_none() {
        return Err(cx.error("'package.searchers' must be a table"));
    }
    let mut messages = Vec::new();
    for i in 1.. {
        let Some(table) = cx.arg(searchers).as_table() else {
            break;
        };
        let searcher = table.get_int(cx, i);
        if searcher.is_nil() {
            break;
        }
        cx.push(searcher);
        cx.push(cx.arg(key));
        cx.call(1, Some(2))?;
        match cx.top(1) {
            Value::Function(_) => return Ok((cx.slots() - 2, cx.slots() - 1)),
            Value::Str(_) | Value::Int(_) | Value::Float(_) => {
                let message = cx.slots() - 2;
                messages.extend_from_slice(b"\n\t");
                messages.extend_from_slice(cx.check_str(message)?.as_bytes());
            }
            _ => {}
        }
        cx.pop(2);
    }
    Err(cx.error(joined(&[b"module '", name, b"' not found:", &messages])))
}

/// The value of a path variable: the environment's, where `;;` stands for the default.
fn initial_path(cx: &Context, variable: &str, default: &str) -> Vec<u8> {
    let ignore = cx.registry().get_name(cx, "LUA_NOENV").truthy();
    let versioned = std::env::var_os(format!("{variable}_5_4"));
    match versioned.or_else(|| std::env::var_os(variable)) {
        Some(value) if !ignore => with_default(&value.into_vec(), default.as_bytes()),
        _ => default.into(),
    }
}

/// `path` with the default in the place of its first `;;`.
fn with_default(path: &[u8], default: &[u8]) -> Vec<u8> {
    let Some(mark) = memchr::memmem::find(path, b";;") else {
        return path.to_vec();
    };
    let (before, after) = (&path[..mark], &path[mark + 2..]);
    let parts = [before, default, after];
    let parts: Vec<&[u8]> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    parts.join(&b';')
}

/// Makes the global table `package`, and `require`.
pub fn open(cx: &mut Context) -> Result<()> {
    let cx = &*cx;
    let package = cx.table(0, 8);
    cx.register(package, PACKAGE)?;
    let searchers = cx.table(SEARCHERS.len(), 0);
    for (i, searcher) in (1..).zip(SEARCHERS) {
        searchers.set_int(cx, i, cx.native(searcher, &[package.into()]))?;
    }
    package.set_name(cx, "searchers", searchers)?;
    let path = initial_path(cx, "LUA_PATH", PATH);
    package.set_name(cx, "path", cx.string(path)?)?;
    let cpath = initial_path(cx, "LUA_CPATH", CPATH);
    package.set_name(cx, "cpath", cx.string(cpath)?)?;
    package.set_name(cx, "config", cx.string(CONFIG)?)?;
    package.set_name(cx, "loaded", subtable(cx, cx.registry(), LOADED)?)?;
    package.set_name(cx, "preload", subtable(cx, cx.registry(), PRELOAD)?)?;
    register_with(cx, cx.globals(), REQUIRE, &[package.into()])?;
    cx.globals().set_name(cx, "package", package)
}

static PACKAGE: &[NativeDef] = &[def("loadlib", loadlib), def("searchpath", searchpath)];

/// Upvalue: the table `package`.
static REQUIRE: &[NativeDef] = &[def("require", require)];

/// In the order in which they are asked. Upvalue: the table `package`.
static SEARCHERS: &[NativeDef] = &[
    def("preload_searcher", search_preload),
    def("lua_searcher", search_lua),
    def("c_searcher", search_c),
    def("c_root_searcher", search_c_root),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_path_stands_in_for_two_semicolons() {
        let with = |path: &str| String::from_utf8(with_default(path.as_bytes(), b"D")).unwrap();
        assert_eq!(with("a;b"), "a;b");
        assert_eq!(with(";;"), "D");
        assert_eq!(with("a;;"), "a;D");
        assert_eq!(with(";;b"), "D;b");
        assert_eq!(with("a;;b;;"), "a;D;b;;");
    }

    #[test]
    fn searching_tells_where_it_looked() {
        let mut vm = moonsweep_runtime::Vm::new(Default::default()).unwrap();
        let cx = &*vm.context();
        let search = |name: &[u8], templates: &[u8], separator: &[u8]| {
            search(cx, name, templates, separator, b"/").unwrap_or_else(|_| panic!("raised"))
        };
        let message = search(b"x.y", b"?;./?.q;;a", b".").unwrap_err();
        let expected: &[u8] = b"no file 'x/y'\n\tno file './x/y.q'\n\tno file ''\n\tno file 'a'";
        assert_eq!(message, expected);
        assert_eq!(search(b"x", b"", b".").unwrap_err(), b"no file ''");
        assert_eq!(
            search(b"a.a", b"?-?", b"").unwrap_err(),
            b"no file 'a.a-a.a'"
        );
        let found = search(b"dev.null", b"/none/?;/?", b".");
        assert_eq!(found.unwrap(), b"/dev/null");
    }
}
