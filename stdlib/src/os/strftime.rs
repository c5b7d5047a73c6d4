//! The conversions of `os.date`: C99's `strftime` in the "C" locale.

use super::calendar::{Date, is_leap};

const DAYS: [&str; 7] = [
    "Sunday",
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
];

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// Conversions of one letter, and those that take the modifiers `E` and `O`.
const PLAIN: &[u8] = b"aAbBcCdDeFgGhHIjmMnprRStTuUVwWxXyYzZ%";
const MODIFIED_E: &[u8] = b"cCxXyY";
const MODIFIED_O: &[u8] = b"deHImMSuUVwWy";

/// The letter of the conversion that a format continues with behind its `%`, and the length of the
/// conversion. The "C" locale has no alternative forms, so a modifier changes nothing.
pub(crate) fn conversion(rest: &[u8]) -> Option<(u8, usize)> {
    match rest {
        [letter, ..] if PLAIN.contains(letter) => Some((*letter, 1)),
        [b'E', letter, ..] if MODIFIED_E.contains(letter) => Some((*letter, 2)),
        [b'O', letter, ..] if MODIFIED_O.contains(letter) => Some((*letter, 2)),
        _ => None,
    }
}

/// Appends what one conversion makes of a date.
pub(crate) fn format(letter: u8, date: &Date, zone_name: &str, to: &mut Vec<u8>) {
    let mut put = |text: String| to.extend_from_slice(text.as_bytes());
    match letter {
        b'a' => put(day_name(date)[..3].into()),
        b'A' => put(day_name(date).into()),
        b'b' | b'h' => put(month_name(date)[..3].into()),
        b'B' => put(month_name(date).into()),
        b'C' => put(date.year.div_euclid(100).to_string()),
        b'd' => put(format!("{:02}", date.day)),
        b'e' => put(format!("{:2}", date.day)),
        b'g' => put(format!("{:02}", iso_week(date).0.rem_euclid(100))),
        b'G' => put(iso_week(date).0.to_string()),
        b'H' => put(format!("{:02}", date.hour)),
        b'I' => put(format!("{:02}", (date.hour + 11) % 12 + 1)),
        b'j' => put(format!("{:03}", date.yearday)),
        b'm' => put(format!("{:02}", date.month)),
        b'M' => put(format!("{:02}", date.minute)),
        b'n' => put("\n".into()),
        b'p' => put(if date.hour < 12 { "AM" } else { "PM" }.into()),
        b'S' => put(format!("{:02}", date.second)),
        b't' => put("\t".into()),
        b'u' => put(((date.weekday + 6) % 7 + 1).to_string()),
        b'U' => put(format!("{:02}", week(date, date.weekday))),
        b'V' => put(format!("{:02}", iso_week(date).1)),
        b'w' => put(date.weekday.to_string()),
        b'W' => put(format!("{:02}", week(date, (date.weekday + 6) % 7))),
        b'y' => put(format!("{:02}", date.year.rem_euclid(100))),
        b'Y' => put(date.year.to_string()),
        b'z' => put(offset(date)),
        b'Z' => put(zone_name.into()),
        b'%' => put("%".into()),
        composite => {
            let parts: &[u8] = match composite {
                b'c' => b"a b e T Y",
                b'D' | b'x' => b"m/d/y",
                b'F' => b"Y-m-d",
                b'r' => b"I:M:S p",
                b'R' => b"H:M",
                // b'T' and b'X'
                _ => b"H:M:S",
            };
            for &part in parts {
                if part.is_ascii_alphabetic() {
                    format(part, date, zone_name, to);
                } else {
                    to.push(part);
                }
            }
        }
    }
}

fn day_name(date: &Date) -> &'static str {
    DAYS[date.weekday as usize % 7]
}

fn month_name(date: &Date) -> &'static str {
    MONTHS[(date.month - 1) as usize % 12]
}

fn offset(date: &Date) -> String {
    let minutes = date.offset.seconds / 60;
    let sign = if date.offset.seconds < 0 { '-' } else { '+' };
    let (hours, minutes) = (minutes.abs() / 60, minutes.abs() % 60);
    format!("{sign}{hours:02}{minutes:02}")
}

/// The week of the year, if the first week begins with the first day whose number in the week is 0.
fn week(date: &Date, day_of_week: i64) -> i64 {
    (date.yearday - 1 + 7 - day_of_week) / 7
}

/// Year and number of the ISO week: it begins on Monday and belongs to the year of its Thursday.
fn iso_week(date: &Date) -> (i64, i64) {
    let monday_based = (date.weekday + 6) % 7;
    // The day of the year of this week's Thursday.
    let thursday = date.yearday - monday_based + 3;
    let days = 365 + i64::from(is_leap(date.year));
    let (year, thursday) = if thursday < 1 {
        let days_before = 365 + i64::from(is_leap(date.year - 1));
        (date.year - 1, thursday + days_before)
    } else if thursday > days {
        (date.year + 1, thursday - days)
    } else {
        (date.year, thursday)
    };
    (year, (thursday - 1) / 7 + 1)
}

#[cfg(test)]
mod tests {
    use super::super::calendar::{Utc, date_at};
    use super::*;

    fn text(letter: u8, time: i64) -> String {
        let mut to = Vec::new();
        format(letter, &date_at(&Utc, time).unwrap(), "GMT", &mut to);
        String::from_utf8(to).unwrap()
    }

    #[test]
    fn every_conversion_of_the_epoch() {
        // As printed by C.
        let expected = [
            ('a', "Thu"),
            ('A', "Thursday"),
            ('b', "Jan"),
            ('B', "January"),
            ('c', "Thu Jan  1 00:00:00 1970"),
            ('C', "19"),
            ('d', "01"),
            ('D', "01/01/70"),
            ('e', " 1"),
            ('F', "1970-01-01"),
            ('g', "70"),
            ('G', "1970"),
            ('h', "Jan"),
            ('H', "00"),
            ('I', "12"),
            ('j', "001"),
            ('m', "01"),
            ('M', "00"),
            ('n', "\n"),
            ('p', "AM"),
            ('r', "12:00:00 AM"),
            ('R', "00:00"),
            ('S', "00"),
            ('t', "\t"),
            ('T', "00:00:00"),
            ('u', "4"),
            ('U', "00"),
            ('V', "01"),
            ('w', "4"),
            ('W', "00"),
            ('x', "01/01/70"),
            ('X', "00:00:00"),
            ('y', "70"),
            ('Y', "1970"),
            ('z', "+0000"),
            ('Z', "GMT"),
            ('%', "%"),
        ];
        assert_eq!(expected.len(), PLAIN.len());
        for (letter, text_of_c) in expected {
            assert_eq!(text(letter as u8, 0), text_of_c, "%{letter}");
        }
    }

    #[test]
    fn years_before_christ_and_after_the_five_digits() {
        let before = -62_135_596_800 - 86_400 * 400;
        for (letter, expected) in [('Y', "-1"), ('C', "-1"), ('y', "99"), ('F', "-1-11-28")] {
            assert_eq!(text(letter as u8, before), expected);
        }
        let after = 62_135_596_800 * 30;
        for (letter, expected) in [('Y', "61039"), ('C', "610"), ('y', "39")] {
            assert_eq!(text(letter as u8, after), expected);
        }
    }

    #[test]
    fn weeks_around_new_year() {
        // 2021-01-01 is the Friday of the last week of 2020.
        let time = 1_609_459_200;
        for (letter, expected) in [('G', "2020"), ('V', "53"), ('U', "00"), ('W', "00")] {
            assert_eq!(text(letter as u8, time), expected);
        }
        // 2024-12-30 is the Monday of the first week of 2025.
        let time = 1_735_516_800;
        for (letter, expected) in [('G', "2025"), ('V', "01"), ('U', "52"), ('W', "53")] {
            assert_eq!(text(letter as u8, time), expected);
        }
    }

    #[test]
    fn conversions_are_checked() {
        assert_eq!(conversion(b"Yx"), Some((b'Y', 1)));
        assert_eq!(conversion(b"Ey"), Some((b'y', 2)));
        assert_eq!(conversion(b"Oe"), Some((b'e', 2)));
        for wrong in ["", "E", "O", "Ez", "Oz", "Q", "9", "#c"] {
            assert_eq!(conversion(wrong.as_bytes()), None, "{wrong}");
        }
    }
}
