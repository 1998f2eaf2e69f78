#include "analytics/chart.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <numeric>

namespace bank::analytics::chart {
namespace {

constexpr double plot_width = 1000;
constexpr double plot_height = 100;
constexpr std::size_t max_label_characters = 80;

template <typename... Args>
void append(std::string& out, fmt::format_string<Args...> format, Args&&... args) {
  fmt::format_to(std::back_inserter(out), format, std::forward<Args>(args)...);
}

bool starts_character(char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }

/// The largest value, or 1 where all are 0.
double largest_of(const std::vector<Point>& points) {
  double largest = 0;
  for (const Point& point : points) largest = std::max(largest, point.value);
  return largest > 0 ? largest : 1;
}

void append_area(std::string& out, const Plot& plot, double top) {
  const double step = plot_width / static_cast<double>(plot.points.size());
  std::string line;
  for (std::size_t i = 0; i < plot.points.size(); ++i) {
    const double x = (static_cast<double>(i) + 0.5) * step;
    append(line, "{}{:.1f} {:.2f}", i == 0 ? "M" : "L", x, plot_height * (1 - plot.points[i].value / top));
  }
  append(out, R"(<path class="fill" d="{}L{:.1f} 100L{:.1f} 100Z"/><path class="line" d="{}"/>)", line,
         plot_width - step / 2, step / 2, line);
}

/// What is seen of columns, and what catches the pointer of an area.
void append_columns(std::string& out, const Plot& plot, double top) {
  const double step = plot_width / static_cast<double>(plot.points.size());
  const double gap = plot.points.size() > 120 ? 0 : step * 0.12;
  for (std::size_t i = 0; i < plot.points.size(); ++i) {
    const Point& point = plot.points[i];
    const double x = static_cast<double>(i) * step;
    if (plot.shape == Shape::columns && point.value > 0) {
      const double height = std::max(plot_height * point.value / top, 0.6);
      append(out, R"(<rect class="fill" x="{:.2f}" y="{:.2f}" width="{:.2f}" height="{:.2f}"/>)", x + gap,
             plot_height - height, std::max(step - 2 * gap, 0.5), height);
    }
    append(out, R"(<rect class="hit" x="{:.2f}" y="0" width="{:.2f}" height="100"><title>{}</title></rect>)", x, step,
           escape(point.title));
  }
}

/// Keeps a label at the edge of a plot inside it.
std::string_view edge_class(double position) {
  if (position < 0.04) return " class=\"first\"";
  return position > 0.96 ? " class=\"last\"" : "";
}

}  // namespace

std::string escape(std::string_view text) {
  std::string out;
  std::size_t characters = 0;
  for (const char c : text) {
    if (starts_character(c) && ++characters > max_label_characters) return out + "…";
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\'': out += "&#39;"; break;
      default: out += static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? ' ' : c;
    }
  }
  return out;
}

std::vector<double> round_steps(double largest) {
  if (!(largest > 0)) largest = 1;
  const double rough = largest / 4;
  const double power = std::pow(10.0, std::floor(std::log10(rough)));
  double step = power * 10;
  for (const double factor : {1.0, 2.0, 2.5, 5.0}) {
    if (power * factor >= rough) {
      step = power * factor;
      break;
    }
  }
  std::vector<double> steps = {0};
  while (steps.back() < largest * (1 - 1e-9)) steps.push_back(step * static_cast<double>(steps.size()));
  return steps;
}

void append_plot(std::string& out, const Plot& plot) {
  if (plot.points.empty()) return;
  const std::vector<double> steps = round_steps(largest_of(plot.points));
  const double top = steps.back();
  append(out, R"(<div class="plot {}{}"><div class="y">)", plot.css_class, plot.small ? " small" : "");
  for (std::size_t i = 0; i < steps.size(); i += plot.small && steps.size() > 3 ? steps.size() - 1 : 1) {
    append(out, R"(<span style="bottom:{:.2f}%">{}</span>)", 100 * steps[i] / top, escape(plot.value_text(steps[i])));
  }
  append(
      out,
      R"(</div><div class="canvas"><svg viewBox="0 0 1000 100" preserveAspectRatio="none" role="img" aria-label="{}">)",
      escape(plot.description));
  for (const double step : steps) {
    const double y = plot_height * (1 - step / top);
    append(out, R"(<line class="grid" x1="0" x2="1000" y1="{0:.2f}" y2="{0:.2f}"/>)", y);
  }
  if (plot.shape == Shape::area) append_area(out, plot, top);
  append_columns(out, plot, top);
  for (const Tick& marker : plot.markers) {
    append(out, R"(<line class="marker" x1="{0:.1f}" x2="{0:.1f}" y1="0" y2="100"/>)", plot_width * marker.position);
  }
  out += "</svg>";
  for (const Tick& marker : plot.markers) {
    append(out, R"(<span class="mark" style="left:{:.2f}%">{}</span>)", 100 * marker.position, escape(marker.label));
  }
  out += R"(</div><div class="x">)";
  for (const Tick& tick : plot.x_ticks) {
    append(out, R"(<span{} style="left:{:.2f}%">{}</span>)", edge_class(tick.position), 100 * tick.position,
           escape(tick.label));
  }
  out += "</div></div>";
}

void append_heat_map(std::string& out, const HeatMap& map) {
  double largest = 0;
  for (const auto& row : map.cells) largest = std::max(largest, largest_of(row));
  const auto columns = static_cast<double>(map.columns.size());
  append(out, R"(<div class="heat {}"><div class="rows">)", map.css_class);
  for (const std::string& row : map.rows) append(out, "<span>{}</span>", escape(row));
  append(out, R"(</div><svg viewBox="0 0 {} {}" preserveAspectRatio="none" role="img" aria-label="{}">)",
         map.columns.size() * 10, map.rows.size() * 10, escape(map.description));
  for (std::size_t row = 0; row < map.cells.size(); ++row) {
    for (std::size_t column = 0; column < map.cells[row].size(); ++column) {
      const Point& cell = map.cells[row][column];
      // A floor keeps the rarest cell apart from the empty one.
      const double strength = cell.value > 0 ? 0.08 + 0.92 * cell.value / largest : 0;
      append(out, R"(<g><title>{}</title><rect class="back" x="{}" y="{}" width="9.3" height="9.1"/>)",
             escape(cell.title), column * 10, row * 10);
      append(out, R"(<rect class="fill" x="{}" y="{}" width="9.3" height="9.1" fill-opacity="{:.3f}"/></g>)",
             column * 10, row * 10, strength);
    }
  }
  out += R"(</svg><div class="x">)";
  for (std::size_t i = 0; i < map.columns.size(); ++i) {
    if (map.columns[i].empty()) continue;
    append(out, R"(<span style="left:{:.2f}%">{}</span>)", 100 * (static_cast<double>(i) + 0.465) / columns,
           escape(map.columns[i]));
  }
  out += "</div></div>";
}

void append_bars(std::string& out, const std::vector<Bar>& bars) {
  double largest = 0;
  for (const Bar& bar : bars) largest = std::max(largest, bar.value);
  out += R"(<ul class="bars">)";
  for (const Bar& bar : bars) {
    const double width = largest > 0 ? 100 * bar.value / largest : 0;
    append(out, R"(<li class="{}"><span class="name"><bdi>{}</bdi>)", bar.css_class, escape(bar.label));
    if (!bar.note.empty()) append(out, " <small>{}</small>", escape(bar.note));
    append(out, R"(</span><span class="value">{}</span><span class="track"><i style="width:{:.2f}%"></i></span></li>)",
           escape(bar.text), width);
  }
  out += "</ul>";
}

void append_stack(std::string& out, const std::string& description, const std::vector<Bar>& parts) {
  const double total =
      std::accumulate(parts.begin(), parts.end(), 0.0, [](double sum, const Bar& part) { return sum + part.value; });
  append(out, R"(<div class="stack" role="img" aria-label="{}">)", escape(description));
  for (const Bar& part : parts) {
    if (part.value <= 0) continue;
    append(out, R"(<i class="{}" style="flex:{:.4f} 1 0" title="{}: {}"></i>)", part.css_class, part.value / total,
           escape(part.label), escape(part.text));
  }
  out += R"(</div><ul class="legend">)";
  for (const Bar& part : parts) {
    append(out, R"(<li class="{}"><i></i><span>{}</span> <b>{}</b> <small>{}</small></li>)", part.css_class,
           escape(part.label), escape(part.text), escape(part.note));
  }
  out += "</ul>";
}

}  // namespace bank::analytics::chart
