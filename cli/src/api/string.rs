//! Strings of Lua: any bytes.

use super::error::{Error, Result};
use super::value::same;
use crate::native::shared::{Bytes, Root};

/// A string of Lua. It need not be UTF-8.
///
/// ```
/// let lua = moonsweep::Lua::new();
/// let s: moonsweep::LuaString = lua.load("return 'a\\0b\\xff'").eval()?;
/// assert_eq!(&*s.as_bytes()?, b"a\0b\xff");
/// assert!(s.to_str().is_err());
/// assert_eq!(s.to_string_lossy()?, "a\0b\u{fffd}");
/// # Ok::<(), moonsweep::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct LuaString(pub(crate) Root);

/// The bytes of a string, borrowed from the heap.
pub type BorrowedBytes<'a> = Bytes<'a>;

impl LuaString {
    /// The bytes, without a copy.
    ///
    /// # Errors
    /// [`Error::StateUnavailable`]; so for the others.
    pub fn as_bytes(&self) -> Result<BorrowedBytes<'_>> {
        self.0.bytes()?.ok_or(Error::StateUnavailable)
    }
    /// A copy, if it is UTF-8.
    ///
    /// # Errors
    /// If it is not.
    pub fn to_str(&self) -> Result<String> {
        Ok(std::str::from_utf8(&self.as_bytes()?)?.to_owned())
    }
    /// A copy, with replacement characters where it is not UTF-8.
    ///
    /// # Errors
    /// See [`LuaString::as_bytes`].
    pub fn to_string_lossy(&self) -> Result<String> {
        Ok(String::from_utf8_lossy(&self.as_bytes()?).into_owned())
    }
}

impl PartialEq for LuaString {
    fn eq(&self, other: &LuaString) -> bool {
        same(&self.0, &other.0)
    }
}

impl Eq for LuaString {}

impl<T: AsRef<[u8]> + ?Sized> PartialEq<T> for LuaString {
    fn eq(&self, other: &T) -> bool {
        self.as_bytes().is_ok_and(|bytes| *bytes == *other.as_ref())
    }
}
