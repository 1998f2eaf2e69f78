#include "cli/commands.h"

namespace bank::cli {

void add_commands(CLI::App& app, Context& context) {
  add_run(app, context);
  add_generate(app, context);
  add_replay(app, context);
  add_detect(app, context);
  add_alerts(app, context);
  add_analyze(app, context);
  add_spark(app, context);
  add_monitor(app, context);
  add_dashboard(app, context);
  add_rules(app, context);
  add_topics(app, context);
  add_config(app, context);
}

}  // namespace bank::cli
