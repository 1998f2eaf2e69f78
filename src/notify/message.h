// What a receiver is sent: one alert, or the sum of many that were held back.
//
// Account numbers are masked to their last four characters, in reasons too.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "notify/target.h"
#include "store/records.h"

namespace bank::notify {

/// What a receiver gets by POST.
struct Message {
  std::string body;  ///< JSON.
  std::vector<std::pair<std::string, std::string>> headers;
};

struct Sender {
  std::string version;  ///< Of the program.
  std::string origin;   ///< Where browsers find the dashboard, for links; empty: there are none.
};

/// `alerts`: one, or those to be summed up; at least one. `key`: store::message_key() of those that it was made of
/// first; it goes along as the header Idempotency-Key, and as PagerDuty's dedup_key.
///   webhook: {"schema_version":1,"event":"alert","key","alert":{…},"link"}, or for several
///            {"schema_version":1,"event":"alerts","key","count","by_severity","by_rule","alerts":[the 20
///            worst],"link"}
///   slack: text and one attachment (Slack's reference of "secondary message attachments")
///   pagerduty: a trigger event (PagerDuty's "Send an Alert Event", version 2)
[[nodiscard]] Message message_of(const Target& target, std::span<const store::AlertRow> alerts, const std::string& key,
                                 const Sender& sender);

/// The alert of a message that tries a receiver.
[[nodiscard]] store::AlertRow test_alert(std::int64_t now_us);

}  // namespace bank::notify
