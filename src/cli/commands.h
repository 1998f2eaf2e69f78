// The subcommands of `bank`, each in the file of its name.
#pragma once

namespace CLI {
class App;
}

namespace bank::cli {

struct Context;

/// Adds every subcommand, in the order in which the help lists them.
void add_commands(CLI::App& app, Context& context);

void add_run(CLI::App& app, Context& context);
void add_generate(CLI::App& app, Context& context);
void add_replay(CLI::App& app, Context& context);
void add_detect(CLI::App& app, Context& context);
void add_alerts(CLI::App& app, Context& context);
void add_analyze(CLI::App& app, Context& context);
void add_spark(CLI::App& app, Context& context);
void add_monitor(CLI::App& app, Context& context);
void add_dashboard(CLI::App& app, Context& context);
void add_rules(CLI::App& app, Context& context);
void add_topics(CLI::App& app, Context& context);
void add_config(CLI::App& app, Context& context);

}  // namespace bank::cli
