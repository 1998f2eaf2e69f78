// Alerts for people, a row each, printed as they come.
#pragma once

#include "cli/terminal.h"
#include "model/alert_record.h"

namespace bank::cli {

void print_alert_heading(Stream& out);
void print_alert_row(Stream& out, const model::AlertRecord& alert);

}  // namespace bank::cli
