//! Line charts as SVG, for the report.

use plotters::prelude::*;

/// One line of a chart.
pub struct Line {
    /// What the legend calls it.
    pub name: String,
    /// Its points, in order.
    pub points: Vec<(f64, f64)>,
}

/// An axis: what it measures, its ends, and how a value on it is written.
pub struct Axis {
    /// What it measures.
    pub title: &'static str,
    /// From where to where.
    pub range: (f64, f64),
    /// How a value is written.
    pub label: fn(f64) -> String,
}

/// Width and height of a chart in pixels.
const SIZE: (u32, u32) = (560, 300);

/// Draws a chart.
///
/// # Errors
/// When it cannot be drawn, in words.
pub fn draw(title: &str, x: &Axis, y: &Axis, lines: &[Line]) -> Result<String, String> {
    let mut svg = String::new();
    draw_into(&mut svg, title, x, y, lines).map_err(|e| format!("cannot draw a chart: {e}"))?;
    Ok(svg)
}

fn draw_into(
    svg: &mut String,
    title: &str,
    x: &Axis,
    y: &Axis,
    lines: &[Line],
) -> Result<(), Box<dyn std::error::Error>> {
    let root = SVGBackend::with_string(svg, SIZE).into_drawing_area();
    root.fill(&WHITE).map_err(told)?;
    let mut chart = ChartBuilder::on(&root)
        .caption(title, ("sans-serif", 15))
        .margin(8)
        .margin_right(24)
        .x_label_area_size(38)
        .y_label_area_size(58)
        .build_cartesian_2d(x.range.0..x.range.1, y.range.0..y.range.1)
        .map_err(told)?;
    chart
        .configure_mesh()
        .x_desc(x.title)
        .y_desc(y.title)
        .x_label_formatter(&|v| (x.label)(*v))
        .y_label_formatter(&|v| (y.label)(*v))
        .light_line_style(WHITE)
        .draw()
        .map_err(told)?;
    for (at, line) in lines.iter().enumerate() {
        let colour = Palette99::pick(at).to_rgba();
        let series = LineSeries::new(line.points.iter().copied(), colour.stroke_width(2));
        chart
            .draw_series(series)
            .map_err(told)?
            .label(&line.name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 14, y)], colour.stroke_width(2)));
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::LowerRight)
        .background_style(WHITE.mix(0.8))
        .border_style(RGBColor(200, 200, 200))
        .draw()
        .map_err(told)?;
    root.present().map_err(told)?;
    Ok(())
}

fn told(e: impl std::fmt::Display) -> String {
    e.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_and_axis_is_drawn() {
        let axis = |title| Axis {
            title,
            range: (0.0, 10.0),
            label: |v| format!("<{v}>"),
        };
        let line = |name: &str, y: f64| Line {
            name: name.to_owned(),
            points: vec![(0.0, y), (10.0, y + 1.0)],
        };
        let lines = [line("one", 1.0), line("a & b", 5.0)];
        let svg = draw("Title", &axis("across"), &axis("up"), &lines).unwrap();
        assert!(svg.starts_with("<svg") && svg.trim_end().ends_with("</svg>"));
        assert!(
            svg.matches("<polyline").count() >= 4,
            "two lines and two keys"
        );
        for text in ["Title", "across", "up", "one", "a &amp; b", "&lt;"] {
            assert!(svg.contains(text), "no {text:?} in {svg}");
        }
    }
}
