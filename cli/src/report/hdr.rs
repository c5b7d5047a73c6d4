//! `--gc-hdr-log FILE`: the pauses as an HdrHistogram log, which the plotters and
//! processors of that format read. One interval, the whole run; tags `wall` and
//! `cpu` tell the clocks apart. Values are nanoseconds, maxima milliseconds.

use hdrhistogram::Histogram;
use hdrhistogram::serialization::V2DeflateSerializer;
use hdrhistogram::serialization::interval_log::{IntervalLogWriterBuilder, Tag};
use std::io::{self, Write};
use std::time::{Duration, SystemTime};

/// The unit of the log's maxima in nanoseconds.
const MILLISECOND: f64 = 1e6;

/// Writes the log of a run that took `length` until now.
///
/// # Errors
/// What the writer answers, or that a histogram cannot be written in this format.
pub fn write(
    mut out: impl Write,
    length: Duration,
    clocks: [(&str, &Histogram<u32>); 2],
) -> io::Result<()> {
    let now = SystemTime::now();
    let begin = now.checked_sub(length).unwrap_or(now);
    let mut serializer = V2DeflateSerializer::new();
    let mut log = IntervalLogWriterBuilder::new()
        .add_comment(concat!(
            "[Logged with moonsweep ",
            env!("CARGO_PKG_VERSION"),
            "]"
        ))
        .with_start_time(begin)
        .with_base_time(begin)
        .with_max_value_divisor(MILLISECOND)
        .begin_log_with(&mut out, &mut serializer)?;
    for (name, histogram) in clocks {
        log.write_histogram(histogram, Duration::ZERO, length, Tag::new(name))
            .map_err(|e| io::Error::other(format!("{e:?}")))?;
    }
    out.flush()
}

#[cfg(test)]
mod tests {
    use super::*;
    use hdrhistogram::serialization::Deserializer;
    use hdrhistogram::serialization::interval_log::{IntervalLogIterator, LogEntry};

    #[test]
    fn what_was_written_is_read_back() {
        let mut pauses: Histogram<u32> = Histogram::new(3).unwrap();
        for ns in [20_000, 20_000, 3_000_000] {
            pauses.record(ns).unwrap();
        }
        let mut log = Vec::new();
        let clocks = [("wall", &pauses), ("cpu", &Histogram::new(3).unwrap())];
        write(&mut log, Duration::from_millis(1500), clocks).unwrap();

        let mut seen = Vec::new();
        for entry in IntervalLogIterator::new(&log) {
            let Ok(LogEntry::Interval(interval)) = entry else {
                continue;
            };
            let text = interval.encoded_histogram();
            let bytes = base64(text);
            let read: Histogram<u32> = Deserializer::new().deserialize(&mut &bytes[..]).unwrap();
            assert_eq!(interval.duration(), Duration::from_millis(1500));
            seen.push((
                interval.tag().unwrap().as_str().to_owned(),
                interval.max(),
                read.len(),
            ));
        }
        assert_eq!(seen.len(), 2);
        assert_eq!((seen[0].0.as_str(), seen[0].2), ("wall", 3));
        assert!((seen[0].1 - 3.0).abs() < 0.01, "{seen:?}");
        assert_eq!((seen[1].0.as_str(), seen[1].2), ("cpu", 0));
    }

    /// The bytes that a text in base64 stands for.
    fn base64(text: &str) -> Vec<u8> {
        const DIGITS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let (mut bits, mut have, mut bytes) = (0_u32, 0, Vec::new());
        for digit in text.trim_end_matches('=').chars() {
            bits = bits << 6 | DIGITS.find(digit).unwrap() as u32;
            have += 6;
            if have >= 8 {
                have -= 8;
                bytes.push((bits >> have) as u8);
            }
        }
        bytes
    }
}
