// The drawings of the HTML report: each appends HTML with inline SVG, to be styled by report_style.h. Plots stretch to
// the width that they are given; their labels are HTML, so that they stay readable on a phone and on paper.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace bank::analytics::chart {

/// `text` as HTML text or attribute value: harmless whatever it holds. Cut to 80 characters.
[[nodiscard]] std::string escape(std::string_view text);

/// A label at `position`, 0 (left, bottom) – 1 (right, top), of an axis.
struct Tick {
  double position = 0;
  std::string label = {};
};

/// How a value of a plot is written on the axis.
using ValueText = std::function<std::string(double)>;

/// One value of a plot. `title` shows when the pointer rests on it.
struct Point {
  double value = 0;
  std::string title = {};
};

enum class Shape : std::uint8_t { area, columns };

/// Values from left to right, upwards from 0.
struct Plot {
  Shape shape = Shape::area;
  std::string description = {};  ///< Read aloud in place of the picture.
  std::string css_class = {};    ///< Colours it: `accent`, `alert`.
  std::vector<Point> points = {};
  std::vector<Tick> x_ticks = {};
  ValueText value_text = {};
  bool small = false;              ///< Half the height.
  std::vector<Tick> markers = {};  ///< Vertical lines with a label.
};
void append_plot(std::string& out, const Plot& plot);

/// Rows of cells, the more the darker.
struct HeatMap {
  std::string description = {};
  std::string css_class = {};
  std::vector<std::string> rows = {};
  std::vector<std::string> columns = {};  ///< An empty label is left out.
  std::vector<std::vector<Point>> cells = {};
};
void append_heat_map(std::string& out, const HeatMap& map);

/// A named horizontal bar.
struct Bar {
  std::string label = {};  ///< Not yet escaped.
  double value = 0;
  std::string text = {};       ///< The value, written.
  std::string note = {};       ///< Small, behind the label.
  std::string css_class = {};  ///< Colours it: `accent`, `low` … `critical`.
};
/// Bars one below the other, as long as their values.
void append_bars(std::string& out, const std::vector<Bar>& bars);
/// One bar cut into parts, with a legend that names them; parts of 0 are in the legend only.
void append_stack(std::string& out, const std::string& description, const std::vector<Bar>& parts);

/// Round numbers from 0 to at least `largest`, at most six of them.
[[nodiscard]] std::vector<double> round_steps(double largest);

}  // namespace bank::analytics::chart
