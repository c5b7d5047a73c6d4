//! The format strings of `string.pack`, and integers as bytes.
//!
//! [`Layout`] reads options one by one and works out sizes and alignment; it does
//! not know the VM. Sizes are those of x86-64 and AArch64 under Linux and macOS.

/// The largest integer, in bytes, that a format may ask for.
const MAX_INTEGER: usize = 16;

/// Sizes in formats are C ints.
pub const MAX_SIZE: usize = i32::MAX as usize;

const NATIVE_LITTLE: bool = cfg!(target_endian = "little");

/// What an option stands for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Signed integer.
    Int,
    /// Unsigned integer.
    Uint,
    /// Single-precision float.
    Float,
    /// Double-precision float (`d` and `n`).
    Double,
    /// String of a fixed size.
    Char,
    /// String after its length.
    String,
    /// String up to a zero.
    Zero,
    /// One byte of padding.
    Padding,
    /// Padding up to an alignment.
    Align,
    /// A setting, or a space.
    Nothing,
}

/// One option, worked out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Field {
    /// What it stands for.
    pub kind: Kind,
    /// Its size, without the alignment.
    pub size: usize,
    /// How many bytes of padding come first.
    pub padding: usize,
    /// Whether its bytes are in little-endian order.
    pub little: bool,
}

/// What is wrong with a format.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum LayoutError {
    /// To be raised as it is.
    Plain(Vec<u8>),
    /// To be raised as an error of the first argument.
    Argument(&'static str),
}

/// Reads a format.
pub struct Layout<'a> {
    format: &'a [u8],
    at: usize,
    little: bool,
    max_align: usize,
}

impl<'a> Layout<'a> {
    /// Begins with a format. As in the reference implementation it ends at the first zero byte.
    pub fn new(format: &'a [u8]) -> Self {
        Layout {
            format,
            at: 0,
            little: NATIVE_LITTLE,
            max_align: 1,
        }
    }

    /// The next option, for data of which `total` bytes lie before it.
    pub fn next(&mut self, total: usize) -> Option<Result<Field, LayoutError>> {
        match self.peek() {
            0 => None,
            _ => Some(self.field(total)),
        }
    }

    fn peek(&self) -> u8 {
        self.format.get(self.at).copied().unwrap_or(0)
    }

    fn field(&mut self, total: usize) -> Result<Field, LayoutError> {
        let (kind, size) = self.option()?;
        let mut align = size;
        if kind == Kind::Align {
            // The alignment is that of the option which follows, and goes with it.
            let next = match self.peek() {
                0 => (Kind::Char, 0),
                _ => self.option()?,
            };
            align = next.1;
            if next.0 == Kind::Char || align == 0 {
                return Err(LayoutError::Argument("invalid next option for option 'X'"));
            }
        }
        let mut padding = 0;
        if align > 1 && kind != Kind::Char {
            align = align.min(self.max_align);
            if !align.is_power_of_two() {
                return Err(LayoutError::Argument(
                    "format asks for alignment not power of 2",
                ));
            }
            padding = total.wrapping_neg() & (align - 1);
        }
        Ok(Field {
            kind,
            size,
            padding,
            little: self.little,
        })
    }

    fn option(&mut self) -> Result<(Kind, usize), LayoutError> {
        let letter = self.peek();
        self.at += 1;
        Ok(match letter {
            b'b' => (Kind::Int, 1),
            b'B' => (Kind::Uint, 1),
            b'h' => (Kind::Int, 2),
            b'H' => (Kind::Uint, 2),
            b'l' | b'j' => (Kind::Int, 8),
            b'L' | b'J' | b'T' => (Kind::Uint, 8),
            b'f' => (Kind::Float, 4),
            b'd' | b'n' => (Kind::Double, 8),
            b'i' => (Kind::Int, self.limited(4)?),
            b'I' => (Kind::Uint, self.limited(4)?),
            b's' => (Kind::String, self.limited(8)?),
            b'c' => match self.number() {
                Some(size) => (Kind::Char, size),
                None => {
                    return Err(LayoutError::Plain(
                        b"missing size for format option 'c'".to_vec(),
                    ));
                }
            },
            b'z' => (Kind::Zero, 0),
            b'x' => (Kind::Padding, 1),
            b'X' => (Kind::Align, 0),
            b' ' => (Kind::Nothing, 0),
            b'<' => self.set_order(true),
            b'>' => self.set_order(false),
            b'=' => self.set_order(NATIVE_LITTLE),
            b'!' => {
                self.max_align = self.limited(8)?;
                (Kind::Nothing, 0)
            }
            other => {
                return Err(LayoutError::Plain(
                    [b"invalid format option '", &[other][..], b"'"].concat(),
                ));
            }
        })
    }

    fn set_order(&mut self, little: bool) -> (Kind, usize) {
        self.little = little;
        (Kind::Nothing, 0)
    }

    /// A number in the format, of as many digits as a C int surely holds.
    fn number(&mut self) -> Option<usize> {
        let mut number = None;
        while let digit @ b'0'..=b'9' = self.peek() {
            let before = number.unwrap_or(0);
            if before > (MAX_SIZE - 9) / 10 {
                break;
            }
            number = Some(before * 10 + (digit - b'0') as usize);
            self.at += 1;
        }
        number
    }

    /// The size of an integer, or the default.
    fn limited(&mut self, default: usize) -> Result<usize, LayoutError> {
        match self.number().unwrap_or(default) {
            size @ 1..=MAX_INTEGER => Ok(size),
            size => Err(LayoutError::Plain(
                format!("integral size ({size}) out of limits [1,{MAX_INTEGER}]").into_bytes(),
            )),
        }
    }
}

/// Appends an integer of `size` bytes, extended with its sign if `negative`.
pub fn put_integer(out: &mut Vec<u8>, n: u64, size: usize, little: bool, negative: bool) {
    let mut bytes = [if negative { 0xFF } else { 0 }; MAX_INTEGER];
    bytes[..8].copy_from_slice(&n.to_le_bytes());
    put(out, &mut bytes[..size], little);
}

/// Appends bytes that are in little-endian order, in the order asked for.
pub fn put(out: &mut Vec<u8>, bytes: &mut [u8], little: bool) {
    if !little {
        bytes.reverse();
    }
    out.extend_from_slice(bytes);
}

/// Whether an integer fits in `size` bytes.
pub fn fits(n: i64, size: usize, kind: Kind) -> bool {
    let bits = 8 * size as u32;
    if bits >= 64 {
        return true;
    }
    match kind {
        Kind::Int => (-(1i64 << (bits - 1))..1 << (bits - 1)).contains(&n),
        _ => (n as u64) < 1 << bits,
    }
}

/// Reads an integer of at most 16 bytes; an error if it does not fit in 64 bits.
pub fn get_integer(bytes: &[u8], little: bool, is_signed: bool) -> Result<i64, LayoutError> {
    let size = bytes.len();
    let at = |i: usize| {
        if little {
            bytes[i]
        } else {
            bytes[size - 1 - i]
        }
    };
    let low = size.min(8);
    let word = (0..low)
        .rev()
        .fold(0u64, |word, i| word << 8 | at(i) as u64);
    if size < 8 {
        let unused = 64 - 8 * size as u32;
        return Ok(if is_signed {
            ((word << unused) as i64) >> unused
        } else {
            word as i64
        });
    }
    let filler = if is_signed && (word as i64) < 0 {
        0xFF
    } else {
        0
    };
    if (8..size).any(|i| at(i) != filler) {
        return Err(LayoutError::Plain(
            format!("{size}-byte integer does not fit into Lua Integer").into_bytes(),
        ));
    }
    Ok(word as i64)
}

/// Reads the bytes of a float in little-endian order.
pub fn get_array<const N: usize>(bytes: &[u8], little: bool) -> [u8; N] {
    let mut array = [0; N];
    array.copy_from_slice(&bytes[..N]);
    if !little {
        array.reverse();
    }
    array
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(format: &str) -> Vec<(Kind, usize, usize)> {
        let mut layout = Layout::new(format.as_bytes());
        let mut total = 0;
        let mut found = Vec::new();
        while let Some(field) = layout.next(total) {
            let field = field.unwrap();
            total += field.padding + field.size;
            found.push((field.kind, field.size, field.padding));
        }
        found
    }

    fn error(format: &str) -> LayoutError {
        let mut layout = Layout::new(format.as_bytes());
        loop {
            if let Err(error) = layout.next(0).expect("an error") {
                return error;
            }
        }
    }

    #[test]
    fn sizes_and_alignment() {
        assert_eq!(
            fields("b i3 c10"),
            [
                (Kind::Int, 1, 0),
                (Kind::Nothing, 0, 0),
                (Kind::Int, 3, 0),
                (Kind::Nothing, 0, 0),
                (Kind::Char, 10, 0)
            ]
        );
        assert_eq!(
            fields("!bh!4d")[1..],
            [
                (Kind::Int, 1, 0),
                (Kind::Int, 2, 1),
                (Kind::Nothing, 0, 0),
                (Kind::Double, 8, 0)
            ]
        );
        assert_eq!(fields("!8bXd")[2], (Kind::Align, 0, 7));
        assert_eq!(fields("b\0h"), [(Kind::Int, 1, 0)]);
    }

    #[test]
    fn malformed_formats() {
        assert_eq!(
            error("i17"),
            LayoutError::Plain(b"integral size (17) out of limits [1,16]".to_vec())
        );
        assert_eq!(
            error("i0"),
            LayoutError::Plain(b"integral size (0) out of limits [1,16]".to_vec())
        );
        assert_eq!(
            error("y"),
            LayoutError::Plain(b"invalid format option 'y'".to_vec())
        );
        assert_eq!(
            error("X"),
            LayoutError::Argument("invalid next option for option 'X'")
        );
        assert_eq!(
            error("Xc1"),
            LayoutError::Argument("invalid next option for option 'X'")
        );
        assert_eq!(
            error("!16i3"),
            LayoutError::Argument("format asks for alignment not power of 2")
        );
        assert_eq!(
            error("c"),
            LayoutError::Plain(b"missing size for format option 'c'".to_vec())
        );
    }

    #[test]
    fn integers_there_and_back() {
        for size in 1..=16 {
            for little in [true, false] {
                for n in [0, 1, -1, 100, -128, 127] {
                    let mut bytes = Vec::new();
                    put_integer(&mut bytes, n as u64, size, little, n < 0);
                    assert_eq!(bytes.len(), size);
                    assert_eq!(get_integer(&bytes, little, true), Ok(n));
                }
            }
        }
        assert!(get_integer(&[0xFF; 9], true, false).is_err());
        assert!(fits(-128, 1, Kind::Int) && !fits(128, 1, Kind::Int));
        assert!(fits(255, 1, Kind::Uint) && !fits(-1, 1, Kind::Uint) && fits(-1, 8, Kind::Uint));
    }
}
