//! A bar for each row: how much of its goal the ratio uses up.

use std::fmt::Write as _;

use super::row::Row;

const WIDTH: u32 = 900;
/// Where the bars begin; the names are left of it.
const LEFT: u32 = 500;
/// Length of a bar that just meets its goal.
const GOAL: f64 = 200.0;
/// No bar is longer, however bad the ratio.
const LONGEST: f64 = 320.0;
const TOP: usize = 56;
const LINE: usize = 28;

const STYLE: &str = "\
text { font: 13px system-ui, sans-serif; fill: #1b1b1f }
.title { font-weight: 600; font-size: 15px }
.met { fill: #2f7d4f } .missed { fill: #c0392b } .goal { stroke: #5c5c66; stroke-dasharray: 4 3 }
@media (prefers-color-scheme: dark) { text { fill: #e8e8ee } .goal { stroke: #a0a0aa } }";

/// The chart as SVG.
pub(super) fn draw(title: &str, rows: &[Row]) -> String {
    let bottom = TOP + rows.len() * LINE;
    let (height, goal) = (bottom + 16, f64::from(LEFT) + GOAL);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" \
         aria-label=\"{title}: ratio as a share of its goal\">\n<style>{STYLE}</style>\n\
         <text class=\"title\" x=\"16\" y=\"26\">{title}: shorter is better</text>\n\
         <text x=\"{goal}\" y=\"44\" text-anchor=\"middle\">goal</text>\n\
         <line class=\"goal\" x1=\"{goal}\" x2=\"{goal}\" y1=\"{TOP}\" y2=\"{bottom}\"/>\n"
    );
    for (index, row) in rows.iter().enumerate() {
        bar(&mut svg, TOP + index * LINE, row);
    }
    svg.push_str("</svg>\n");
    svg
}

fn bar(svg: &mut String, y: usize, row: &Row) {
    let Row { number, name, ratio, goal, .. } = row;
    let width = (ratio / goal * GOAL).min(LONGEST);
    let class = if row.pass { "met" } else { "missed" };
    let (baseline, end) = (y + 19, f64::from(LEFT) + width + 6.0);
    // Writing to a string does not fail.
    let _ = writeln!(
        svg,
        "<text x=\"16\" y=\"{baseline}\">{number} · {name}</text>\n\
         <rect class=\"{class}\" x=\"{LEFT}\" y=\"{}\" width=\"{width:.1}\" height=\"16\" rx=\"3\"/>\n\
         <text x=\"{end:.1}\" y=\"{baseline}\">{ratio:.2}</text>",
        y + 6
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{bench::row::Goal, engine::Engine};

    #[test]
    fn a_bar_ends_at_the_goal_when_it_is_just_met() {
        let row = Goal::ECHO.reached(Engine::Chromium, 1.25, 1.0);
        let svg = draw("Test", &[row]);
        assert!(svg.contains("class=\"met\" x=\"500\" y=\"62\" width=\"200.0\""), "{svg}");
    }

    #[test]
    fn a_very_bad_ratio_stays_inside_the_picture() {
        let row = Goal::ECHO.reached(Engine::Chromium, 1000.0, 1.0);
        let svg = draw("Test", &[row]);
        assert!(svg.contains("class=\"missed\" x=\"500\" y=\"62\" width=\"320.0\""), "{svg}");
    }
}
