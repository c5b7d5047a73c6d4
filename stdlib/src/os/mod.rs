//! The `os` library.
//!
//! - `calendar.rs`: C's `localtime` and `mktime`;
//! - `strftime.rs`: the conversions of `os.date`.
//!
//! The locale is always "C".

mod calendar;
mod strftime;

use std::time::{SystemTime, UNIX_EPOCH};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use moonsweep_runtime::native::{Context, NativeDef, Result, Results, Table, Value};
use rustix::time::{ClockId, clock_gettime};

use crate::io;
use crate::util::{c_str, def, errno, exec_result, file_failure, file_result, os_str, path, shell};
use crate::util::{new_process, system_call};
use calendar::{Date, Fields, Offset, Utc, Zone, date_at, time_of};

/// Seconds since 1970.
fn now() -> i64 {
    match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(since) => since.as_secs() as i64,
        Err(before) => -(before.duration().as_secs() as i64),
    }
}

/// The zone that the environment variable `TZ` or the system's settings name.
struct Local(TimeZone);

impl Local {
    fn new() -> Self {
        Local(TimeZone::try_system().unwrap_or(TimeZone::UTC))
    }

    /// A time that the zone has rules for: rules repeat with the calendar, every 400 years.
    fn within(time: i64) -> Timestamp {
        const CYCLE: i64 = 146_097 * 86_400;
        let last = Timestamp::MAX.as_second() - CYCLE;
        let time = if time > last {
            last - CYCLE + (time - last).rem_euclid(CYCLE)
        } else {
            time
        };
        Timestamp::from_second(time).unwrap_or(Timestamp::MIN)
    }

    fn name(&self, time: i64) -> String {
        let info = self.0.to_offset_info(Self::within(time));
        info.abbreviation().to_owned()
    }
}

impl Zone for Local {
    fn offset(&self, time: i64) -> Offset {
        let info = self.0.to_offset_info(Self::within(time));
        Offset {
            seconds: i64::from(info.offset().seconds()),
            dst: info.dst().is_dst(),
        }
    }
}

fn clock(cx: &mut Context) -> Result<Results> {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    // In microseconds, as C.
    let micros = time.tv_sec * 1_000_000 + time.tv_nsec / 1000;
    cx.ret(micros as f64 / 1e6)
}

fn date(cx: &mut Context) -> Result<Results> {
    let cx = &*cx;
    let format = cx
        .opt_str(0)?
        .map_or(&b"%c"[..], |format| format.as_bytes());
    let time = match cx.is_none_or_nil(1) {
        true => now(),
        false => cx.check_int(1)?,
    };
    let (date, zone_name, format) = match format.strip_prefix(b"!") {
        Some(format) => (date_at(&Utc, time), "GMT".to_owned(), format),
        None => {
            let zone = Local::new();
            (date_at(&zone, time), zone.name(time), format)
        }
    };
    let Some(date) = date else {
        return Err(cx.error("date result cannot be represented in this installation"));
    };
    if c_str(format) == b"*t" {
        let table = cx.table(0, 9);
        for (name, value) in date_fields(&date) {
            table.set_name(cx, name, value)?;
        }
        table.set_name(cx, "isdst", date.offset.dst)?;
        return cx.ret(table);
    }
    let text = format_date(cx, format, &date, &zone_name)?;
    cx.ret(cx.string(text)?)
}

/// What `os.date("*t")` and `os.time` call the parts of a date.
fn date_fields(date: &Date) -> impl Iterator<Item = (&'static str, i64)> {
    let Date {
        year,
        month,
        day,
        hour,
        minute,
        second,
        ..
    } = *date;
    named([year, month, day, hour, minute, second])
        .chain([("yday", date.yearday), ("wday", date.weekday + 1)])
}

/// The parts of a date that `os.time` was given.
fn given_fields(fields: Fields) -> impl Iterator<Item = (&'static str, i64)> {
    let Fields {
        year,
        month,
        day,
        hour,
        minute,
        second,
        ..
    } = fields;
    named([year, month, day, hour, minute, second])
}

fn named(values: [i64; 6]) -> impl Iterator<Item = (&'static str, i64)> {
    ["year", "month", "day", "hour", "min", "sec"]
        .into_iter()
        .zip(values)
}

fn format_date(cx: &Context, format: &[u8], date: &Date, zone_name: &str) -> Result<Vec<u8>> {
    let mut text = Vec::new();
    let mut rest = format;
    while let Some(percent) = memchr::memchr(b'%', rest) {
        text.extend_from_slice(&rest[..percent]);
        rest = &rest[percent + 1..];
        let Some((letter, length)) = strftime::conversion(rest) else {
            let rest = String::from_utf8_lossy(c_str(rest));
            let message = format!("invalid conversion specifier '%{rest}'");
            return Err(cx.arg_error(0, &message));
        };
        let before = text.len();
        strftime::format(letter, date, zone_name, &mut text);
        cx.charge(8 + 2 * (text.len() - before) as u64);
        cx.check_size(text.len() as u64)?;
        rest = &rest[length..];
    }
    text.extend_from_slice(rest);
    Ok(text)
}

fn time(cx: &mut Context) -> Result<Results> {
    if cx.is_none_or_nil(0) {
        return cx.ret(now());
    }
    cx.check_table(0)?;
    let fields = Fields {
        year: field(cx, "year", None, 1900)?,
        month: field(cx, "month", None, 1)?,
        day: field(cx, "day", None, 0)?,
        hour: field(cx, "hour", Some(12), 0)?,
        minute: field(cx, "min", Some(0), 0)?,
        second: field(cx, "sec", Some(0), 0)?,
        dst: {
            cx.index_name(0, "isdst")?;
            let dst = cx.top(0);
            (!dst.is_nil()).then(|| dst.truthy())
        },
    };
    let outcome = time_of(&Local::new(), fields);
    // The table has the fields that were used even where there is no such time.
    match &outcome {
        Some((_, date)) => {
            for (name, value) in date_fields(date) {
                set_field(cx, name, value.into())?;
            }
            set_field(cx, "isdst", date.offset.dst.into())?;
        }
        None => {
            for (name, value) in given_fields(fields) {
                set_field(cx, name, value.into())?;
            }
        }
    }
    match outcome {
        // C's sign of a failure is also the last second of 1969.
        Some((time, _)) if time != -1 => cx.ret(time),
        _ => Err(cx.error("time result cannot be represented in this installation")),
    }
}

fn set_field(cx: &mut Context, name: &str, value: Value<'static>) -> Result<()> {
    cx.push(cx.string(name)?);
    cx.push(value);
    cx.set_index(0)
}

/// A field of the date table in slot 0; less `delta` it must fit C's `int`.
fn field(cx: &mut Context, name: &str, default: Option<i64>, delta: i64) -> Result<i64> {
    cx.index_name(0, name)?;
    let value = cx.top(0);
    let Some(number) = value.to_integer() else {
        return match default {
            _ if !value.is_nil() => Err(cx.error(format!("field '{name}' is not an integer"))),
            Some(default) => {
                cx.pop(1);
                Ok(default)
            }
            None => Err(cx.error(format!("field '{name}' missing in date table"))),
        };
    };
    cx.pop(1);
    let fits = if number >= 0 {
        number - delta <= i64::from(i32::MAX)
    } else {
        i64::from(i32::MIN) + delta <= number
    };
    if fits {
        Ok(number)
    } else {
        Err(cx.error(format!("field '{name}' is out-of-bound")))
    }
}

fn difftime(cx: &mut Context) -> Result<Results> {
    let (a, b) = (cx.check_int(0)?, cx.check_int(1)?);
    cx.ret((i128::from(a) - i128::from(b)) as f64)
}

fn execute(cx: &mut Context) -> Result<Results> {
    let Some(command) = cx.opt_str(0)? else {
        // There is a shell.
        return cx.ret(true);
    };
    new_process(cx);
    match shell(command.as_bytes()).status() {
        Ok(status) => exec_result(cx, status),
        Err(error) => file_failure(cx, errno(&error), None),
    }
}

fn exit(cx: &mut Context) -> Result<Results> {
    let code = match cx.arg(0) {
        Value::Bool(success) => i32::from(!success),
        _ => cx.opt_int(0, 0)? as i32,
    };
    cx.run_at_exit();
    if cx.arg(1).truthy() {
        cx.close_state();
    }
    io::flush_all(cx);
    std::process::exit(code)
}

fn getenv(cx: &mut Context) -> Result<Results> {
    use std::os::unix::ffi::OsStrExt;
    let name = os_str(cx.check_str(0)?.as_bytes());
    match std::env::var_os(name) {
        Some(value) => cx.ret(cx.string(value.as_bytes())?),
        None => cx.ret(Value::Nil),
    }
}

/// As C's `remove`: a file, or an empty directory.
fn remove(cx: &mut Context) -> Result<Results> {
    system_call(cx);
    let name = c_str(cx.check_str(0)?.as_bytes());
    let outcome = match std::fs::remove_file(path(name)) {
        Err(error) if error.kind() == std::io::ErrorKind::IsADirectory => {
            std::fs::remove_dir(path(name))
        }
        outcome => outcome,
    };
    file_result(cx, outcome.map_err(|error| errno(&error)), Some(name))
}

fn rename(cx: &mut Context) -> Result<Results> {
    let (from, to) = (cx.check_str(0)?.as_bytes(), cx.check_str(1)?.as_bytes());
    system_call(cx);
    let outcome = std::fs::rename(path(from), path(to));
    file_result(cx, outcome.map_err(|error| errno(&error)), None)
}

const CATEGORIES: &[&str] = &["all", "collate", "ctype", "monetary", "numeric", "time"];

fn setlocale(cx: &mut Context) -> Result<Results> {
    let locale = cx.opt_str(0)?.map(|locale| c_str(locale.as_bytes()));
    cx.check_option(1, Some("all"), CATEGORIES)?;
    match locale {
        None | Some(b"" | b"C" | b"POSIX") => cx.ret(cx.string("C")?),
        Some(_) => cx.ret(Value::Nil),
    }
}

fn tmpname(cx: &mut Context) -> Result<Results> {
    use std::os::unix::ffi::OsStrExt;
    system_call(cx);
    match io::temporary_file() {
        Ok((_, name)) => cx.ret(cx.string(name.as_os_str().as_bytes())?),
        Err(_) => Err(cx.error("unable to generate a unique filename")),
    }
}

/// Makes the global table `os`.
pub fn open(cx: &mut Context) -> Result<()> {
    let cx = &*cx;
    let os: Table<'_> = cx.table(0, OS.len());
    cx.register(os, OS)?;
    cx.globals().set_name(cx, "os", os)
}

static OS: &[NativeDef] = &[
    def("clock", clock),
    def("date", date),
    def("difftime", difftime),
    def("execute", execute),
    def("exit", exit),
    def("getenv", getenv),
    def("remove", remove),
    def("rename", rename),
    def("setlocale", setlocale),
    def("time", time),
    def("tmpname", tmpname),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn far_times_follow_the_same_rules() {
        let zone = Local(TimeZone::get("America/New_York").unwrap_or(TimeZone::UTC));
        // July 2000 and January 2001, and the same 10,000 years on.
        let cycle = 146_097 * 86_400;
        for time in [962_409_600, 978_307_200] {
            let far = time + 25 * cycle;
            assert_eq!(zone.offset(time), zone.offset(far));
            assert_eq!(zone.name(time), zone.name(far));
        }
        zone.offset(i64::MAX);
        zone.offset(i64::MIN);
    }

    #[test]
    fn a_posix_zone() {
        let zone = TimeZone::posix("EST5EDT,M3.2.0,M11.1.0").unwrap();
        let zone = Local(zone);
        assert_eq!(zone.offset(0).seconds, -5 * 3600);
        assert_eq!(zone.name(1_720_000_000), "EDT");
    }
}
