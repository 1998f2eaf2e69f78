// Who judges the topic's transactions while `bank run` sends them.
#pragma once

#include <functional>
#include <string>

#include "adapters/kafka/topic_source.h"
#include "base/result.h"
#include "pipeline/run.h"

namespace bank::cli {

class RunJudge {
 public:
  struct Outcome {
    pipeline::Summary summary;
    std::string detail;  ///< What the step says beside the alerts: `12 commits`.
  };

  RunJudge() = default;
  virtual ~RunJudge() = default;
  RunJudge(const RunJudge&) = delete;
  RunJudge& operator=(const RunJudge&) = delete;

  /// Begins with the records at these offsets, and returns when it has begun: what it works on, in words.
  [[nodiscard]] virtual Result<std::string> start(const kafka::TopicEnds& from) = 0;
  /// Returns when all before these offsets is judged, its alerts visible, and the judge at rest. `progress`: told how
  /// far it is.
  [[nodiscard]] virtual Result<Outcome> finish(const kafka::TopicEnds& ends,
                                               const std::function<void(const std::string&)>& progress) = 0;
};

}  // namespace bank::cli
