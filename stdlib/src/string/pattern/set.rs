//! Sets of bytes: what a single-character item of a pattern (`%a`, `[^,]`, `.`) accepts.
//!
//! Classes follow the "C" locale, as the reference implementation does unless a
//! program changes the locale.

/// A set of bytes, as a bitmap of 256 bits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ByteSet([u64; 4]);

impl ByteSet {
    /// The set without members.
    pub const EMPTY: ByteSet = ByteSet([0; 4]);
    /// The set of all bytes.
    pub const FULL: ByteSet = ByteSet([u64::MAX; 4]);

    /// Whether the byte is a member.
    #[inline(always)]
    pub const fn contains(&self, byte: u8) -> bool {
        (self.0[(byte >> 6) as usize] >> (byte & 63)) & 1 != 0
    }

    /// Adds a byte.
    #[inline]
    pub const fn insert(&mut self, byte: u8) {
        self.0[(byte >> 6) as usize] |= 1 << (byte & 63);
    }

    /// Adds the bytes from `first` to `last`, both included; none if they are the wrong way round.
    pub const fn insert_range(&mut self, first: u8, last: u8) {
        let mut byte = first as u16;
        while byte <= last as u16 {
            self.insert(byte as u8);
            byte += 1;
        }
    }

    /// The bytes that are in either set.
    #[inline]
    pub const fn union(self, other: ByteSet) -> ByteSet {
        let (a, b) = (self.0, other.0);
        ByteSet([a[0] | b[0], a[1] | b[1], a[2] | b[2], a[3] | b[3]])
    }

    /// The bytes that are not in this set.
    #[inline]
    pub const fn complement(self) -> ByteSet {
        let a = self.0;
        ByteSet([!a[0], !a[1], !a[2], !a[3]])
    }

    /// How many bytes are members.
    pub const fn len(&self) -> u32 {
        let a = self.0;
        a[0].count_ones() + a[1].count_ones() + a[2].count_ones() + a[3].count_ones()
    }

    /// The only member, if there is exactly one.
    pub fn single(&self) -> Option<u8> {
        if self.len() != 1 {
            return None;
        }
        let word = self.0.iter().position(|&w| w != 0)?;
        Some((word as u32 * 64 + self.0[word].trailing_zeros()) as u8)
    }

    /// The set that the letter of a class stands for (`%a`, `%D`, ...), or `None`
    /// if the byte is no such letter and stands for itself.
    #[inline]
    pub fn class(letter: u8) -> Option<ByteSet> {
        let set = match letter.to_ascii_lowercase() {
            b'a' => &CLASSES[0],
            b'c' => &CLASSES[1],
            b'd' => &CLASSES[2],
            b'g' => &CLASSES[3],
            b'l' => &CLASSES[4],
            b'p' => &CLASSES[5],
            b's' => &CLASSES[6],
            b'u' => &CLASSES[7],
            b'w' => &CLASSES[8],
            b'x' => &CLASSES[9],
            b'z' => &CLASSES[10], // deprecated in the manual, still accepted
            _ => return None,
        };
        Some(if letter.is_ascii_uppercase() {
            set.complement()
        } else {
            *set
        })
    }
}

/// The sets of the classes a, c, d, g, l, p, s, u, w, x, z.
static CLASSES: [ByteSet; 11] = {
    let mut sets = [ByteSet::EMPTY; 11];
    let mut code = 0u16;
    while code < 256 {
        let c = code as u8;
        let member = [
            c.is_ascii_alphabetic(),
            c.is_ascii_control(),
            c.is_ascii_digit(),
            c.is_ascii_graphic(),
            c.is_ascii_lowercase(),
            c.is_ascii_punctuation(),
            c == b' ' || (c >= 9 && c <= 13),
            c.is_ascii_uppercase(),
            c.is_ascii_alphanumeric(),
            c.is_ascii_hexdigit(),
            c == 0,
        ];
        let mut class = 0;
        while class < 11 {
            if member[class] {
                sets[class].insert(c);
            }
            class += 1;
        }
        code += 1;
    }
    sets
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_and_their_complements_split_the_bytes() {
        for letter in b"acdglpsuwxz" {
            let set = ByteSet::class(*letter).unwrap();
            let other = ByteSet::class(letter.to_ascii_uppercase()).unwrap();
            assert_eq!(set.union(other), ByteSet::FULL);
            assert_eq!(set.len() + other.len(), 256);
        }
        assert!(ByteSet::class(b's').unwrap().contains(b'\x0b'));
        assert!(ByteSet::class(b'%').is_none());
    }

    #[test]
    fn ranges_and_single_members() {
        let mut set = ByteSet::EMPTY;
        set.insert_range(b'z', b'a');
        assert_eq!(set, ByteSet::EMPTY);
        set.insert_range(250, 255);
        assert_eq!(set.len(), 6);
        let mut one = ByteSet::EMPTY;
        one.insert(200);
        assert_eq!((one.single(), set.single()), (Some(200), None));
    }
}
