//! Pauses counted by length and drawn as a line of bars.

/// Lower bounds of the classes in nanoseconds: half a power of ten each.
const BOUNDS: [u64; 12] = [
    0,
    3_162,
    10_000,
    31_623,
    100_000,
    316_228,
    1_000_000,
    3_162_278,
    10_000_000,
    31_622_777,
    100_000_000,
    316_227_766,
];

/// What stands above the classes: the bound at which each begins.
const LABELS: [&str; 12] = [
    "0", "3us", "10us", "30us", "0.1ms", "0.3ms", "1ms", "3ms", "10ms", "30ms", "0.1s", "0.3s",
];

const BARS: [&str; 8] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];

/// The columns that one class takes.
const WIDTH: usize = 6;

/// Pauses by class of length.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Histogram {
    classes: [u64; BOUNDS.len()],
}

impl Histogram {
    /// Counts `count` pauses of this length.
    pub fn add(&mut self, nanoseconds: u64, count: u64) {
        let class = BOUNDS.partition_point(|&bound| bound <= nanoseconds) - 1;
        self.classes[class] += count;
    }

    /// The number of pauses in each class.
    #[cfg(test)]
    pub fn classes(&self) -> &[u64] {
        &self.classes
    }

    /// One line of bars. A bar's height grows with the logarithm of its count:
    /// one pause in a hundred thousand must still be seen.
    fn bars(&self, greatest: u64) -> String {
        let full = (greatest as f64).ln_1p();
        let mut line = String::new();
        for &count in &self.classes {
            let bar = if count == 0 {
                "·"
            } else {
                let height = ((count as f64).ln_1p() / full * BARS.len() as f64).ceil() as usize;
                BARS[height.clamp(1, BARS.len()) - 1]
            };
            line.push_str(&format!("{:>WIDTH$}", bar.repeat(3)));
        }
        line
    }
}

/// Lines of bars with their names at the left and the classes' bounds above.
pub fn render(rows: &[(String, Histogram)]) -> String {
    let names = rows.iter().map(|(name, _)| name.chars().count());
    let width = names.max().unwrap_or(0);
    let greatest = rows
        .iter()
        .flat_map(|(_, h)| h.classes.iter().copied())
        .max()
        .unwrap_or(0);
    // classes that no row uses at either end are left away
    let used = |class: usize| rows.iter().any(|(_, h)| h.classes[class] > 0);
    let last = (0..BOUNDS.len()).rev().find(|&c| used(c)).unwrap_or(0);
    let mut out = " ".repeat(width + 2);
    for label in &LABELS[..=last] {
        out.push_str(&format!("{label:>WIDTH$}"));
    }
    out.push('\n');
    for (name, histogram) in rows {
        let total: u64 = histogram.classes.iter().sum();
        let bars: String = histogram
            .bars(greatest)
            .chars()
            .take((last + 1) * WIDTH)
            .collect();
        out.push_str(&format!("{name:<width$}  {bars}   {total}\n"));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_begin_at_their_bounds() {
        let mut h = Histogram::default();
        h.add(0, 1);
        h.add(9_999, 2);
        h.add(10_000, 3);
        h.add(1_000_000, 4);
        h.add(u64::MAX, 5);
        assert_eq!(h.classes(), [1, 2, 3, 0, 0, 0, 4, 0, 0, 0, 0, 5]);
    }

    #[test]
    fn rare_pauses_are_seen() {
        let mut h = Histogram::default();
        h.add(20_000, 100_000);
        h.add(2_000_000, 1);
        let text = render(&[("generational".into(), h)]);
        let mut lines = text.lines();
        assert!(lines.next().unwrap().ends_with(" 1ms"));
        let row = lines.next().unwrap();
        assert!(row.contains("███") && row.contains("▁▁▁"), "{row}");
        assert!(row.ends_with("  100001"));
    }

    #[test]
    fn nothing_to_draw() {
        let text = render(&[("none".into(), Histogram::default())]);
        assert!(text.ends_with("none     ···   0\n"), "{text:?}");
    }
}
