//! Four small plots side by side, as SVG: states and time over one thing that grows, both as
//! multiples of the first point, on a logarithmic scale.
//!
//! Next to read: `main.rs`.

use std::fmt::Write;
use std::time::Duration;

/// One measurement.
#[derive(Clone, Debug)]
pub struct Point {
    /// How many workers, calls, fields or caches.
    pub x: usize,
    /// Distinct states.
    pub states: f64,
    /// Transitions.
    pub transitions: f64,
    /// The median time of the search.
    pub time: Duration,
}

impl Point {
    /// States, transitions and time as multiples of another's.
    pub fn relative(&self, first: &Point) -> [f64; 3] {
        let time = self.time.as_secs_f64() / first.time.as_secs_f64();
        [self.states / first.states, self.transitions / first.transitions, time]
    }
}

/// Measurements over one thing that grows.
#[derive(Clone, Debug)]
pub struct Series {
    /// What grows.
    pub name: &'static str,
    /// The measurements.
    pub points: Vec<Point>,
}

/// Two digits.
pub fn rounded(number: f64) -> String {
    match number {
        n if n < 9.95 => format!("{n:.1}"),
        n => {
            let unit = 10_f64.powf(n.log10().floor() - 1.0);
            format!("{:.0}", (n / unit).round() * unit)
        }
    }
}

const WIDTH: f64 = 200.0;
const HEIGHT: f64 = 220.0;
const LEFT: f64 = 44.0;
const TOP: f64 = 30.0;
const PANEL: f64 = WIDTH + LEFT + 12.0;

/// The plots.
pub fn svg(all: &[(Series, Series)]) -> String {
    let total = PANEL * all.len() as f64;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {total} 300\" font-family=\"\
         sans-serif\" font-size=\"11\">\n<rect width=\"{total}\" height=\"300\" fill=\"white\"/>\n"
    );
    for (at, pair) in all.iter().enumerate() {
        let _ = writeln!(svg, "<g transform=\"translate({} 0)\">", at as f64 * PANEL);
        panel(&mut svg, pair);
        svg += "</g>\n";
    }
    svg += "<text x=\"44\" y=\"292\">states (line) and time (dots), as multiples of the first \
            point; grey: without symmetry; blue: with</text>\n</svg>\n";
    svg
}

fn panel(svg: &mut String, (plain, symmetric): &(Series, Series)) {
    let Some(first) = plain.points.first() else { return };
    let points = || plain.points.iter().chain(&symmetric.points);
    let (least, most) = points()
        .fold((usize::MAX, 0), |(least, most), point| (least.min(point.x), most.max(point.x)));
    let values = || points().flat_map(|point| point.relative(first));
    let low = values().fold(1.0, f64::min).log10().floor();
    let high = values().fold(10.0, f64::max).log10().ceil();
    let x = |x: usize| LEFT + WIDTH * (x - least) as f64 / (most - least).max(1) as f64;
    let y = |value: f64| TOP + HEIGHT * (1.0 - (value.log10() - low) / (high - low));
    let _ = writeln!(svg, "<text x=\"{LEFT}\" y=\"16\" font-weight=\"bold\">{}</text>", plain.name);
    for power in low as i32..=high as i32 {
        let at = y(10_f64.powi(power));
        let _ = writeln!(
            svg,
            "<path d=\"M{LEFT} {at:.1}h{WIDTH}\" stroke=\"#ddd\"/><text x=\"{}\" y=\"{:.1}\" \
             text-anchor=\"end\">{}</text>",
            LEFT - 4.0,
            at + 4.0,
            label(power)
        );
    }
    for point in &symmetric.points {
        let (at, below) = (x(point.x), TOP + HEIGHT + 16.0);
        let _ = writeln!(
            svg,
            "<text x=\"{at:.1}\" y=\"{below}\" text-anchor=\"middle\">{}</text>",
            point.x
        );
    }
    for (series, colour) in [(plain, "#888"), (symmetric, "#2563eb")] {
        let mut line = String::new();
        for point in &series.points {
            let [states, _, time] = point.relative(first);
            let start = if line.is_empty() { 'M' } else { 'L' };
            let _ = write!(line, "{start}{:.1} {:.1}", x(point.x), y(states));
            let (cx, cy) = (x(point.x), y(time));
            let _ =
                writeln!(svg, "<circle cx=\"{cx:.1}\" cy=\"{cy:.1}\" r=\"3\" fill=\"{colour}\"/>");
        }
        let _ = writeln!(svg, "<path d=\"{line}\" fill=\"none\" stroke=\"{colour}\"/>");
    }
}

/// `0.1`, `1`, `1000`, `10⁴`.
fn label(power: i32) -> String {
    match power {
        ..0 => format!("{}", 10_f64.powi(power)),
        0..4 => format!("{:.0}", 10_f64.powi(power)),
        _ => {
            let digit = |digit: char| "⁰¹²³⁴⁵⁶⁷⁸⁹".chars().nth(digit as usize - '0' as usize);
            format!("10{}", power.to_string().chars().filter_map(digit).collect::<String>())
        }
    }
}
