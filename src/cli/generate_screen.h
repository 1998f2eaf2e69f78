// What `bank generate` shows.
#pragma once

#include <functional>
#include <string_view>

#include "cli/context.h"
#include "cli/generate.h"
#include "cli/table.h"
#include "cli/terminal.h"

namespace bank::cli {

/// How far it is, if it is time to show that.
void show_generate_progress(Progress& progress, const generator::Totals& so_far, const generator::Options& options,
                            double seconds);

/// What was made in `seconds`; `after_stop` says in a half-sentence what a stop has left, `add_destination` where all
/// went. Nothing if --quiet.
void print_generated(Terminal& terminal, const generator::Totals& totals, const GenerateOptions& request,
                     double seconds, std::string_view after_stop,
                     const std::function<void(Table& facts)>& add_destination);

}  // namespace bank::cli
