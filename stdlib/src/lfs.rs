//! The module `lfs`: attributes, directories, links and locks of files, with the interface of
//! LuaFileSystem 1.8. It is opened by `require "lfs"` only, like the C module whose place it takes.
//!
//! What scripts see of a failure is what LuaFileSystem's manual documents; the texts that it leaves
//! open are those that programs match on.

use std::cell::RefCell;
use std::ffi::OsString;
use std::fs::{DirBuilder, Metadata};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, MetadataExt, symlink};
use std::path::PathBuf;

use moonsweep_runtime::native::{Context, NativeDef, Result, Results, Table, Value};
use nix::fcntl::{FcntlArg, fcntl};
use nix::libc;
use rustix::fs::{AtFlags, CWD, Dir, Mode, OFlags, Timespec, Timestamps, UTIME_NOW, utimensat};
use rustix::io::Errno;

use crate::io::with_descriptor;
use crate::util::system_call;
use crate::util::{c_str, def, errno, file_result, joined, path, push_failure, strerror};

/// Name of the metatable of open directories, in the registry and in messages.
const DIRECTORY: &str = "directory metatable";
/// The same for the locks of `lock_dir`.
const LOCK: &str = "lock metatable";
/// What `lock_dir` creates in a directory.
const LOCK_FILE: &str = "lockfile.lfs";

/// An attribute of a file: its name, and how it is read.
type Attribute = (&'static str, fn(&Metadata) -> Field);

/// The value of an attribute.
enum Field {
    Number(i64),
    Name(&'static str),
    Permissions(u32),
}

/// A count of the system's, as a script's integer.
fn number(n: u64) -> Field {
    Field::Number(n as i64)
}

const ATTRIBUTES: &[Attribute] = &[
    ("mode", |data| Field::Name(kind(data))),
    ("dev", |data| number(data.dev())),
    ("ino", |data| number(data.ino())),
    ("nlink", |data| number(data.nlink())),
    ("uid", |data| number(data.uid().into())),
    ("gid", |data| number(data.gid().into())),
    ("rdev", |data| number(data.rdev())),
    ("access", |data| Field::Number(data.atime())),
    ("modification", |data| Field::Number(data.mtime())),
    ("change", |data| Field::Number(data.ctime())),
    ("size", |data| number(data.size())),
    ("permissions", |data| Field::Permissions(data.mode())),
    ("blocks", |data| number(data.blocks())),
    ("blksize", |data| number(data.blksize())),
];

fn kind(data: &Metadata) -> &'static str {
    let kind = data.file_type();
    if kind.is_file() {
        "file"
    } else if kind.is_dir() {
        "directory"
    } else if kind.is_symlink() {
        "link"
    } else if kind.is_socket() {
        "socket"
    } else if kind.is_fifo() {
        "named pipe"
    } else if kind.is_char_device() {
        "char device"
    } else if kind.is_block_device() {
        "block device"
    } else {
        "other"
    }
}

/// `rwxr-xr-x` for the nine permission bits.
fn permissions(mode: u32) -> [u8; 9] {
    let mut text = *b"rwxrwxrwx";
    for (i, letter) in text.iter_mut().enumerate() {
        if mode & (0o400 >> i) == 0 {
            *letter = b'-';
        }
    }
    text
}

fn push_field(cx: &Context, field: Field) -> Result<()> {
    match field {
        Field::Number(n) => cx.push(n),
        Field::Name(name) => cx.push(cx.string(name)?),
        Field::Permissions(mode) => cx.push(cx.string(permissions(mode))?),
    };
    Ok(())
}

/// `nil, "what: why", errno`.
fn failure(cx: &Context, what: &[u8], error: Errno) -> Result<Results> {
    let count = push_failure(cx, error, Some(what))?;
    Ok(cx.results(count))
}

/// `nil, "why"`.
fn plain_failure(cx: &Context, message: impl AsRef<[u8]>) -> Result<Results> {
    cx.push(Value::Nil);
    cx.push(cx.string(message)?);
    Ok(cx.results(2))
}

/// `true`, or `nil, "why", errno`.
fn outcome(cx: &Context, outcome: std::io::Result<()>) -> Result<Results> {
    file_result(cx, outcome.map_err(|error| errno(&error)), None)
}

fn attributes(cx: &mut Context) -> Result<Results> {
    let cx = &*cx;
    let name = c_str(cx.check_str(0)?.as_bytes());
    system_call(cx);
    match std::fs::metadata(path(name)) {
        Ok(data) => wanted_attributes(cx, &data, None),
        Err(error) => no_information(cx, name, &error),
    }
}

fn symlinkattributes(cx: &mut Context) -> Result<Results> {
    let cx = &*cx;
    let name = c_str(cx.check_str(0)?.as_bytes());
    system_call(cx);
    let target = || std::fs::read_link(path(name));
    if matches!(cx.arg(1), Value::Str(wanted) if wanted.as_bytes() == b"target") {
        return match target() {
            Ok(target) => cx.ret(cx.string(target.as_os_str().as_bytes())?),
            Err(error) => failure(cx, b"could not obtain link target", errno(&error)),
        };
    }
    match std::fs::symlink_metadata(path(name)) {
        Ok(data) => {
            let target = data.is_symlink().then(|| target().ok()).flatten();
            wanted_attributes(cx, &data, target)
        }
        Err(error) => no_information(cx, name, &error),
    }
}

fn no_information(cx: &Context, name: &[u8], error: &std::io::Error) -> Result<Results> {
    let what = joined(&[b"cannot obtain information from file '", name, b"'"]);
    failure(cx, &what, errno(error))
}

/// The one attribute that the second argument names, or all of them in a table: the second
/// argument's, or a new one.
fn wanted_attributes(cx: &Context, data: &Metadata, target: Option<PathBuf>) -> Result<Results> {
    if let Value::Str(_) | Value::Int(_) | Value::Float(_) = cx.arg(1) {
        let wanted = cx.check_str(1)?.as_bytes();
        return match ATTRIBUTES.iter().find(|row| row.0.as_bytes() == wanted) {
            Some((_, read)) => {
                push_field(cx, read(data))?;
                Ok(cx.results(1))
            }
            None => Err(cx.error(joined(&[b"invalid attribute name '", c_str(wanted), b"'"]))),
        };
    }
    let table = match cx.arg(1) {
        Value::Table(table) => table,
        _ => cx.table(0, ATTRIBUTES.len() + 1),
    };
    for (name, read) in ATTRIBUTES {
        push_field(cx, read(data))?;
        table.set_name(cx, name, cx.top(0))?;
        cx.pop(1);
    }
    if let Some(target) = target {
        table.set_name(cx, "target", cx.string(target.as_os_str().as_bytes())?)?;
    }
    cx.ret(table)
}

fn chdir(cx: &mut Context) -> Result<Results> {
    let cx = &*cx;
    let name = c_str(cx.check_str(0)?.as_bytes());
    match std::env::set_current_dir(path(name)) {
        Ok(()) => cx.ret(true),
        Err(error) => {
            let why = strerror(errno(&error));
            let before = b"Unable to change working directory to '";
            plain_failure(cx, joined(&[before, name, b"'\n", why.as_bytes(), b"\n"]))
        }
    }
}

fn currentdir(cx: &mut Context) -> Result<Results> {
    match std::env::current_dir() {
        Ok(name) => cx.ret(cx.string(name.as_os_str().as_bytes())?),
        Err(error) => {
            let count = push_failure(cx, errno(&error), None)?;
            Ok(cx.results(count))
        }
    }
}

fn mkdir(cx: &mut Context) -> Result<Results> {
    let name = path(cx.check_str(0)?.as_bytes());
    let made = DirBuilder::new().mode(0o775).create(name);
    outcome(cx, made)
}

fn rmdir(cx: &mut Context) -> Result<Results> {
    let removed = std::fs::remove_dir(path(cx.check_str(0)?.as_bytes()));
    outcome(cx, removed)
}

fn link(cx: &mut Context) -> Result<Results> {
    let old = path(cx.check_str(0)?.as_bytes());
    let new = path(cx.check_str(1)?.as_bytes());
    let linked = if cx.arg(2).truthy() {
        symlink(old, new)
    } else {
        std::fs::hard_link(old, new)
    };
    outcome(cx, linked)
}

fn touch(cx: &mut Context) -> Result<Results> {
    let name = path(cx.check_str(0)?.as_bytes());
    let at = |tv_sec, tv_nsec| Timespec { tv_sec, tv_nsec };
    let times = if cx.nargs() <= 1 {
        let now = at(0, UTIME_NOW);
        Timestamps {
            last_access: now,
            last_modification: now,
        }
    } else {
        // Fractions of a second are dropped.
        let access = cx.opt_num(1, 0.0)? as i64;
        let modification = cx.opt_int(2, access)?;
        Timestamps {
            last_access: at(access, 0),
            last_modification: at(modification, 0),
        }
    };
    let done = utimensat(CWD, name, &times, AtFlags::empty());
    file_result(cx, done, None)
}

// Directories.

/// The payload of a directory being listed; nothing when it is closed.
type Listing = RefCell<Option<Dir>>;

fn dir(cx: &mut Context) -> Result<Results> {
    let cx = &*cx;
    let name = c_str(cx.check_str(0)?.as_bytes());
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    system_call(cx);
    let opened = rustix::fs::open(path(name), flags, Mode::empty()).and_then(Dir::new);
    let listing = match opened {
        Ok(listing) => cx.userdata(RefCell::new(Some(listing)) as Listing, 0),
        Err(error) => {
            let why = strerror(error);
            return Err(cx.error(joined(&[b"cannot open ", name, b": ", why.as_bytes()])));
        }
    };
    listing.set_metatable(cx, cx.registry().get_name(cx, DIRECTORY).as_table());
    cx.push(cx.native(&METHODS_OF_DIRECTORIES[0], &[]));
    cx.push(listing);
    cx.push(Value::Nil);
    // To be closed when a loop over it ends early.
    cx.push(listing);
    Ok(cx.results(4))
}

fn dir_next(cx: &mut Context) -> Result<Results> {
    let cx = &*cx;
    let listing: &Listing = cx.check_userdata(0, DIRECTORY)?;
    let mut listing = listing.borrow_mut();
    let Some(dir) = listing.as_mut() else {
        return Err(cx.arg_error(0, "closed directory"));
    };
    match dir.next() {
        Some(Ok(entry)) => cx.ret(cx.string(entry.file_name().to_bytes())?),
        // An error ends the listing, as the end does.
        Some(Err(_)) | None => {
            *listing = None;
            cx.ret(Value::Nil)
        }
    }
}

fn dir_close(cx: &mut Context) -> Result<Results> {
    let listing: &Listing = cx.check_userdata(0, DIRECTORY)?;
    listing.take();
    cx.none()
}

// Locks.

fn lock(cx: &mut Context) -> Result<Results> {
    let cx = &*cx;
    // The handle is looked at before the mode.
    with_descriptor(cx, 0, "lock", |_| ())?;
    let kind = match cx.check_str(1)?.as_bytes().first() {
        Some(b'r') => libc::F_RDLCK,
        Some(b'w') => libc::F_WRLCK,
        _ => return Err(cx.error("lock: invalid mode")),
    };
    lock_range(cx, "lock", kind, 2)
}

fn unlock(cx: &mut Context) -> Result<Results> {
    let cx = &*cx;
    with_descriptor(cx, 0, "unlock", |_| ())?;
    lock_range(cx, "unlock", libc::F_UNLCK, 1)
}

/// Locks or unlocks as much of a file as the arguments from number `first` on say.
fn lock_range(cx: &Context, what: &str, kind: libc::c_int, first: usize) -> Result<Results> {
    let range = libc::flock {
        l_type: kind as libc::c_short,
        l_whence: libc::SEEK_SET as libc::c_short,
        l_start: cx.opt_int(first, 0)?,
        l_len: cx.opt_int(first + 1, 0)?,
        l_pid: 0,
    };
    match with_descriptor(cx, 0, what, |fd| fcntl(fd, FcntlArg::F_SETLK(&range)))? {
        Ok(_) => cx.ret(true),
        Err(error) => plain_failure(cx, strerror(Errno::from_raw_os_error(error as i32))),
    }
}

fn lock_dir(cx: &mut Context) -> Result<Results> {
    let cx = &*cx;
    let mut name = path(cx.check_str(0)?.as_bytes()).as_os_str().to_owned();
    name.push("/");
    name.push(LOCK_FILE);
    // A link appears at once or not at all; that it leads nowhere does not matter.
    match symlink("lock", &name) {
        Ok(()) => {
            let lock = cx.userdata(RefCell::new(Some(name)) as DirectoryLock, 0);
            lock.set_metatable(cx, cx.registry().get_name(cx, LOCK).as_table());
            cx.ret(lock)
        }
        Err(error) => plain_failure(cx, strerror(errno(&error))),
    }
}

/// The payload of a lock on a directory: its file's name, until it is free.
type DirectoryLock = RefCell<Option<OsString>>;

fn free_lock(cx: &mut Context) -> Result<Results> {
    let lock: &DirectoryLock = cx.check_userdata(0, LOCK)?;
    if let Some(name) = lock.take() {
        // Somebody may have removed it: then it is free as well.
        let _ = std::fs::remove_file(name);
    }
    cx.none()
}

/// There is one mode only on Unix.
fn setmode(cx: &mut Context) -> Result<Results> {
    let cx = &*cx;
    with_descriptor(cx, 0, "setmode", |_| ())?;
    cx.check_option(1, None, &["binary", "text"])?;
    cx.push(true);
    cx.push(cx.string("binary")?);
    Ok(cx.results(2))
}

/// Makes a metatable whose `__index` has the methods, and puts it into the registry.
fn metatable<'a>(
    cx: &'a Context,
    name: &str,
    methods: &'static [NativeDef],
    events: &'static [NativeDef],
) -> Result<Table<'a>> {
    let metatable = cx.table(0, events.len() + 2);
    metatable.set_name(cx, "__name", cx.string(name)?)?;
    cx.register(metatable, events)?;
    let index = cx.table(0, methods.len());
    cx.register(index, methods)?;
    metatable.set_name(cx, "__index", index)?;
    cx.registry().set_name(cx, name, metatable)?;
    Ok(metatable)
}

/// The module's loader: makes the table, which becomes the global `lfs` too, and returns it.
pub(crate) fn load(cx: &mut Context) -> Result<Results> {
    let cx = &*cx;
    metatable(cx, DIRECTORY, METHODS_OF_DIRECTORIES, EVENTS_OF_DIRECTORIES)?;
    metatable(cx, LOCK, METHODS_OF_LOCKS, EVENTS_OF_LOCKS)?;
    let lfs = cx.table(0, LFS.len() + 3);
    cx.register(lfs, LFS)?;
    for (name, text) in [
        ("_VERSION", "LuaFileSystem 1.8.0"),
        (
            "_DESCRIPTION",
            "Moonsweep's own module with the interface of LuaFileSystem",
        ),
        ("_COPYRIGHT", "The Moonsweep developers"),
    ] {
        lfs.set_name(cx, name, cx.string(text)?)?;
    }
    cx.globals().set_name(cx, "lfs", lfs)?;
    cx.ret(lfs)
}

static LFS: &[NativeDef] = &[
    def("attributes", attributes),
    def("chdir", chdir),
    def("currentdir", currentdir),
    def("dir", dir),
    def("link", link),
    def("lock", lock),
    def("lock_dir", lock_dir),
    def("mkdir", mkdir),
    def("rmdir", rmdir),
    def("setmode", setmode),
    def("symlinkattributes", symlinkattributes),
    def("touch", touch),
    def("unlock", unlock),
];

static METHODS_OF_DIRECTORIES: &[NativeDef] = &[def("next", dir_next), def("close", dir_close)];
static EVENTS_OF_DIRECTORIES: &[NativeDef] = &[def("__gc", dir_close), def("__close", dir_close)];
static METHODS_OF_LOCKS: &[NativeDef] = &[def("free", free_lock)];
static EVENTS_OF_LOCKS: &[NativeDef] = &[def("__gc", free_lock)];

#[cfg(test)]
mod tests {
    use super::permissions;

    #[test]
    fn permissions_read_as_ls_shows_them() {
        assert_eq!(&permissions(0o100755), b"rwxr-xr-x");
        assert_eq!(&permissions(0o640), b"rw-r-----");
        assert_eq!(&permissions(0), b"---------");
    }
}
