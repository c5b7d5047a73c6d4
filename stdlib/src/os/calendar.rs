//! Calendar arithmetic for `os.date` and `os.time`: C's `gmtime`, `localtime` and `mktime` on the
//! proleptic Gregorian calendar, for any year that fits C's `int`. Which offset from UTC a place has
//! at a time is asked of a [`Zone`].

/// Seconds of a day.
const DAY: i64 = 86_400;

/// A zone's offset from UTC at some time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Offset {
    /// Seconds east of Greenwich.
    pub(crate) seconds: i64,
    /// Daylight-saving time.
    pub(crate) dst: bool,
}

/// A place's rules for its local time.
pub(crate) trait Zone {
    /// The offset at a time, in seconds since 1970.
    fn offset(&self, time: i64) -> Offset;
}

/// Universal time.
#[derive(Debug)]
pub(crate) struct Utc;

impl Zone for Utc {
    fn offset(&self, _time: i64) -> Offset {
        Offset {
            seconds: 0,
            dst: false,
        }
    }
}

/// A time in the fields of C's `struct tm`, but counted from where people count.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Date {
    /// The year, not less 1900.
    pub(crate) year: i64,
    /// 1 to 12.
    pub(crate) month: i64,
    /// 1 to 31.
    pub(crate) day: i64,
    /// 0 to 23.
    pub(crate) hour: i64,
    /// 0 to 59.
    pub(crate) minute: i64,
    /// 0 to 59: there are no leap seconds.
    pub(crate) second: i64,
    /// 0 to 6, from Sunday.
    pub(crate) weekday: i64,
    /// 1 to 366.
    pub(crate) yearday: i64,
    /// The offset from UTC.
    pub(crate) offset: Offset,
}

/// Days from 1970-01-01 to a day of the calendar; the day may lie outside the month.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    // Years that begin in March have their leap day at the end.
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468 + (day - 1)
}

/// Year, month and day from days since 1970-01-01.
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

/// Whether a year has 366 days.
pub(crate) fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

/// The date at a time (C's `localtime`); nothing if the year does not fit.
pub(crate) fn date_at(zone: &impl Zone, time: i64) -> Option<Date> {
    let offset = zone.offset(time);
    let local = time.checked_add(offset.seconds)?;
    let days = local.div_euclid(DAY);
    let seconds = local.rem_euclid(DAY);
    let (year, month, day) = civil_from_days(days);
    // What C keeps is the year less 1900, in an int.
    i32::try_from(year - 1900).ok()?;
    Some(Date {
        year,
        month,
        day,
        hour: seconds / 3600,
        minute: seconds / 60 % 60,
        second: seconds % 60,
        weekday: (days + 4).rem_euclid(7),
        yearday: days - days_from_civil(year, 1, 1) + 1,
        offset,
    })
}

/// What a script says of a date: any numbers, to be normalised.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fields {
    pub(crate) year: i64,
    pub(crate) month: i64,
    pub(crate) day: i64,
    pub(crate) hour: i64,
    pub(crate) minute: i64,
    pub(crate) second: i64,
    /// Whether daylight-saving time is meant, if that was said.
    pub(crate) dst: Option<bool>,
}

/// The time of a date (C's `mktime`) and the date with normal fields; nothing if the year does not
/// fit. Days, hours and minutes beyond their range are counted on the clock; seconds are time that
/// passes, whatever is done to clocks meanwhile, as in the GNU C library.
pub(crate) fn time_of(zone: &impl Zone, fields: Fields) -> Option<(i64, Date)> {
    let months = fields.month - 1;
    let year = fields.year + months.div_euclid(12);
    let days = days_from_civil(year, months.rem_euclid(12) + 1, 1) + (fields.day - 1);
    let second = fields.second.clamp(0, 59);
    let local = days * DAY + fields.hour * 3600 + fields.minute * 60 + second;
    let time = resolve(zone, local, fields.dst) + (fields.second - second);
    Some((time, date_at(zone, time)?))
}

/// The time at which clocks show `local`. Around a change they show some times twice and others
/// never; then `dst` decides, or else the offset before the change.
fn resolve(zone: &impl Zone, local: i64, dst: Option<bool>) -> i64 {
    let before = zone.offset(local - DAY);
    let after = zone.offset(local + DAY);
    let candidates = [before, after];
    let exists = |offset: &Offset| zone.offset(local - offset.seconds) == *offset;
    let plain = candidates.into_iter().find(exists).unwrap_or(before);
    let Some(dst) = dst else {
        return local - plain.seconds;
    };
    let wanted = |offset: &Offset| offset.dst == dst;
    let offset = candidates
        .into_iter()
        .filter(exists)
        .find(wanted)
        .or_else(|| candidates.into_iter().find(wanted))
        .or_else(|| nearest(zone, local, dst));
    match offset {
        Some(offset) => local - offset.seconds,
        // A zone without daylight-saving time: take it to be the usual hour.
        None if dst => local - plain.seconds - 3600,
        None => local - plain.seconds + 3600,
    }
}

/// The nearest offset that is, or is not, daylight-saving time.
fn nearest(zone: &impl Zone, local: i64, dst: bool) -> Option<Offset> {
    /// A little less than a week: shorter than any such time lasts.
    const STEP: i64 = 601_200;
    /// Eight years and a half.
    const FAR: i64 = 1 << 28;
    (1..FAR / STEP)
        .flat_map(|n| [local - n * STEP, local + n * STEP])
        .map(|time| zone.offset(time))
        .find(|offset| offset.dst == dst)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An hour east, two in summer, which lasts from day 100 to day 300 of a year of 365 days.
    struct Summer;

    impl Zone for Summer {
        fn offset(&self, time: i64) -> Offset {
            let day = time.div_euclid(DAY).rem_euclid(365);
            let dst = (100..300).contains(&day);
            Offset {
                seconds: if dst { 7200 } else { 3600 },
                dst,
            }
        }
    }

    fn fields(year: i64, month: i64, day: i64, hour: i64) -> Fields {
        Fields {
            year,
            month,
            day,
            hour,
            minute: 0,
            second: 0,
            dst: None,
        }
    }

    #[test]
    fn days_and_dates_are_inverse() {
        for days in (-1_000_000..1_000_000).step_by(97) {
            let (year, month, day) = civil_from_days(days);
            assert_eq!(days_from_civil(year, month, day), days);
        }
        assert_eq!(civil_from_days(0), (1970, 1, 1));
        assert_eq!(civil_from_days(-1), (1969, 12, 31));
        assert_eq!(civil_from_days(11_016), (2000, 2, 29));
    }

    #[test]
    fn weekday_and_yearday() {
        let date = date_at(&Utc, 0).unwrap();
        assert_eq!((date.weekday, date.yearday), (4, 1));
        let date = date_at(&Utc, 1_709_251_200 - 1).unwrap();
        assert_eq!((date.year, date.month, date.day), (2024, 2, 29));
        assert_eq!((date.weekday, date.yearday), (4, 60));
    }

    #[test]
    fn years_must_fit_an_int() {
        let last = (i64::from(i32::MAX) + 1900, 12, 31);
        let (time, date) = time_of(&Utc, fields(last.0, last.1, last.2, 23)).unwrap();
        assert_eq!((date.year, date.month, date.day), last);
        assert!(date_at(&Utc, time + 3600).is_none());
        assert!(date_at(&Utc, i64::MAX).is_none());
        assert!(date_at(&Utc, i64::MIN).is_none());
    }

    #[test]
    fn fields_are_normalised() {
        let (time, date) = time_of(&Utc, fields(1970, 14, -3, 49)).unwrap();
        assert_eq!(
            (date.year, date.month, date.day, date.hour),
            (1971, 1, 30, 1)
        );
        assert_eq!(date_at(&Utc, time), Some(date));
    }

    #[test]
    fn clocks_that_change() {
        // Day 100 of 1970 is April 11, day 300 October 28; the change is at midnight of UTC.
        let at = |month, day, hour, dst| {
            let fields = Fields {
                dst,
                ..fields(1970, month, day, hour)
            };
            time_of(&Summer, fields).unwrap().0
        };
        assert_eq!(at(1, 1, 12, None), 11 * 3600);
        assert_eq!(
            at(6, 1, 12, None),
            days_from_civil(1970, 6, 1) * DAY + 10 * 3600
        );
        // What is said to be summer time in winter is an hour earlier, and the other way round.
        assert_eq!(at(1, 1, 12, Some(true)), 10 * 3600);
        assert_eq!(
            at(6, 1, 12, Some(false)),
            days_from_civil(1970, 6, 1) * DAY + 11 * 3600
        );
        let winter = Fields {
            dst: Some(true),
            ..fields(1970, 1, 2, 0)
        };
        assert_eq!(time_of(&Utc, winter).unwrap().0, DAY - 3600);
        // 1:30 on the day of the change forward does not exist; 1:00 in autumn exists twice.
        let spring = 100 * DAY;
        assert_eq!(at(4, 11, 1, None), spring);
        assert_eq!(at(4, 11, 1, Some(true)), spring - 3600);
        let autumn = 300 * DAY;
        assert_eq!(at(10, 28, 1, Some(true)), autumn - 3600);
        assert_eq!(at(10, 28, 1, Some(false)), autumn);
    }

    #[test]
    fn seconds_pass_while_clocks_change() {
        // Noon of the day before the change, and a day of hours, minutes and seconds later.
        let noon = fields(1970, 4, 10, 12);
        let at = |fields: Fields| time_of(&Summer, fields).unwrap().0 - 99 * DAY;
        assert_eq!(at(noon), 11 * 3600);
        assert_eq!(at(Fields { hour: 36, ..noon }), DAY + 10 * 3600);
        let minute = 24 * 60;
        assert_eq!(at(Fields { minute, ..noon }), DAY + 10 * 3600);
        let second = 86_400;
        assert_eq!(at(Fields { second, ..noon }), DAY + 11 * 3600);
    }
}
