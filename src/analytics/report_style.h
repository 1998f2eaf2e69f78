// The look of the HTML report.
#pragma once

#include <string_view>

namespace bank::analytics {

/// The style sheet: light and dark, wide and narrow, screen and paper.
[[nodiscard]] std::string_view report_style();

}  // namespace bank::analytics
