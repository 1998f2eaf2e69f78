#include "notify/target.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <fstream>

#include "base/closest.h"
#include "yaml/values.h"
#include "yaml/yaml.h"

namespace bank::notify {
namespace {

constexpr std::array<std::string_view, 2> file_keys{"version", "receivers"};
constexpr std::array<std::string_view, 15> target_keys{"name",
                                                       "kind",
                                                       "severities",
                                                       "rules",
                                                       "url",
                                                       "url_file",
                                                       "token_file",
                                                       "url_environment",
                                                       "token_environment",
                                                       "ca_file",
                                                       "per_minute",
                                                       "burst",
                                                       "timeout",
                                                       "give_up_after",
                                                       "max_age"};
constexpr std::array<std::string_view, 3> kinds{"webhook", "slack", "pagerduty"};
constexpr std::array<std::string_view, 4> severities{"LOW", "MEDIUM", "HIGH", "CRITICAL"};
constexpr std::size_t targets_max = 16;
constexpr std::size_t name_bytes_max = 64;
constexpr std::size_t secret_bytes_max = 4096;
constexpr std::int64_t max_age_us = 14'400'000'000;
constexpr std::string_view pagerduty_url = "https://events.pagerduty.com/v2/enqueue";

bool is_name(std::string_view text) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  };
  return text.size() <= name_bytes_max && std::ranges::all_of(text, fits);
}

/// What is wrong with an address; empty if nothing is.
std::string url_fault(std::string_view url) {
  const auto odd = [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == '\x7f'; };
  if (std::ranges::any_of(url, odd)) return "has blanks or control characters in it";
  const bool tls = url.starts_with("https://");
  if (!tls && !url.starts_with("http://")) return "must begin with https://";
  url.remove_prefix(tls ? 8 : 7);
  const std::string_view authority = url.substr(0, url.find_first_of("/?#"));
  if (authority.contains('@')) return "has a user in it; give a token by token_file or token_environment";
  const std::size_t bracket = authority.find(']');
  const std::string_view host =
      authority.substr(0, authority.find(':', bracket == std::string_view::npos ? 0 : bracket));
  if (host.empty()) return "names no host";
  if (tls || host == "localhost" || host == "[::1]" || host == "127.0.0.1") return {};
  return "must begin with https://, as it leads to another machine";
}

class Loader {
 public:
  Loader(std::span<const std::string> rules, const Environment& environment, yaml::Problems& problems)
      : rules_(rules.begin(), rules.end()), environment_(environment), problems_(problems) {}

  Targets run(const yaml::Node& root) {
    Targets targets;
    if (!yaml::check_keys(root, "a file of receivers", file_keys, problems_)) return targets;
    const yaml::Node* version = root.find("version");
    if (version == nullptr || version->text != "1") {
      problems_.add(version == nullptr ? root.mark : version->mark, "the file must say 'version: 1'");
    }
    const yaml::Node* list = root.find("receivers");
    if (list == nullptr || list->kind != yaml::Kind::sequence || list->items.size() > targets_max) {
      problems_.add(list == nullptr ? root.mark : list->mark,
                    fmt::format("'receivers' must be a list (- name: …) of at most {}", targets_max));
      return targets;
    }
    for (const yaml::Node& item : list->items) {
      Target target = load(item);
      const bool twice = std::ranges::any_of(
          targets.all, [&](const Target& other) { return !target.name().empty() && other.name() == target.name(); });
      if (twice)
        problems_.add(item.mark, fmt::format("there are two receivers '{}'; name one otherwise", target.name()));
      targets.all.push_back(std::move(target));
    }
    targets.warnings = std::move(warnings_);
    return targets;
  }

 private:
  Target load(const yaml::Node& node) {
    Target target;
    if (!yaml::check_keys(node, "a receiver", target_keys, problems_)) return target;
    load_name(node, target);
    load_kind(node, target);
    load_wishes(node, target);
    load_address(node, target);
    load_token(node, target);
    if (const yaml::Node* file = node.find("ca_file")) {
      target.ca_file = yaml::get_text(*file, "ca_file", problems_).value_or("");
      if (!target.ca_file.empty() && !std::ifstream(target.ca_file)) {
        problems_.add(file->mark,
                      fmt::format("cannot read {}; it must be a file of certificates, PEM", target.ca_file));
      }
    }
    load_pace(node, target);
    return target;
  }

  void load_name(const yaml::Node& node, Target& target) {
    const yaml::Node* name = node.find("name");
    if (name == nullptr) {
      problems_.add(node.mark, "this receiver has no 'name'; add 'name: fraud-desk'");
      return;
    }
    target.route.target = yaml::get_text(*name, "name", problems_).value_or("");
    if (is_name(target.name())) return;
    problems_.add(name->mark, fmt::format("'{}' can't be a name; write letters, digits, _ and -, at most {}",
                                          target.name(), name_bytes_max));
  }

  void load_kind(const yaml::Node& node, Target& target) {
    const yaml::Node* kind = node.find("kind");
    const auto* const found = kind == nullptr ? kinds.end() : std::ranges::find(kinds, kind->text);
    if (found == kinds.end()) {
      problems_.add(kind == nullptr ? node.mark : kind->mark, "'kind' must be webhook, slack or pagerduty");
      return;
    }
    target.kind = static_cast<Kind>(found - kinds.begin());
  }

  void load_wishes(const yaml::Node& node, Target& target) {
    target.route.max_age_us = duration(node, "max_age", max_age_us);
    for_each_word(node, "severities", severities,
                  [&](std::string_view word) { target.route.severities.push_back(*store::severity_of(word)); });
    for_each_word(node, "rules", rules_, [&](std::string_view word) { target.route.rules.emplace_back(word); });
  }

  template <typename Take>
  void for_each_word(const yaml::Node& node, std::string_view key, std::span<const std::string_view> known, Take take) {
    const yaml::Node* list = node.find(key);
    if (list == nullptr) return;
    if (list->kind != yaml::Kind::sequence || list->items.empty()) {
      problems_.add(list->mark,
                    fmt::format("'{}' must be a list, as in [{}]; leave it out for all", key, known.back()));
      return;
    }
    for (const yaml::Node& item : list->items) {
      if (std::ranges::find(known, item.text) == known.end()) {
        problems_.add(item.mark,
                      fmt::format("'{}' is not among the {}{}", item.text, key, suggestion(item.text, known)));
      } else {
        take(item.text);
      }
    }
  }

  void load_address(const yaml::Node& node, Target& target) {
    const yaml::Node* plain = node.find("url");
    const auto hidden = secret(node, "url_file", "url_environment");
    if (plain != nullptr && target.kind == Kind::slack) {
      problems_.add(plain->mark,
                    "the address of a Slack webhook is a secret; give url_file or url_environment instead");
      return;
    }
    if (plain != nullptr && hidden.node != nullptr) {
      problems_.add(plain->mark, "give one of url, url_file and url_environment");
      return;
    }
    const yaml::Node* from = plain != nullptr ? plain : hidden.node;
    if (from == nullptr && target.kind == Kind::pagerduty) {
      target.url = pagerduty_url;
      return;
    }
    if (from == nullptr) {
      problems_.add(node.mark, target.kind == Kind::slack
                                   ? "this receiver has no address; add url_file or url_environment"
                                   : "this receiver has no address; add 'url: https://…'");
      return;
    }
    target.url = plain != nullptr ? yaml::get_text(*plain, "url", problems_).value_or("") : hidden.text;
    if (target.url.empty()) return;  // said already
    if (const std::string fault = url_fault(target.url); !fault.empty()) {
      problems_.add(from->mark, fmt::format("the address {}", fault));
    }
  }

  void load_token(const yaml::Node& node, Target& target) {
    const Secret token = secret(node, "token_file", "token_environment");
    target.secret = token.text;
    if (token.node != nullptr && target.kind == Kind::slack) {
      problems_.add(token.node->mark, "a Slack webhook takes no token: its address is all");
    } else if (token.node == nullptr && target.kind == Kind::pagerduty) {
      problems_.add(node.mark, "PagerDuty wants a routing key; add token_file or token_environment");
    }
  }

  void load_pace(const yaml::Node& node, Target& target) {
    constexpr std::int64_t most = 6000;
    target.per_minute = static_cast<double>(integer(node, "per_minute", 30, most));
    target.burst = static_cast<double>(integer(node, "burst", 10, most));
    target.timeout_us = duration(node, "timeout", target.timeout_us);
    target.give_up_us = duration(node, "give_up_after", target.give_up_us);
  }

  std::int64_t integer(const yaml::Node& node, std::string_view key, std::int64_t otherwise, std::int64_t most) {
    const yaml::Node* found = node.find(key);
    return found == nullptr ? otherwise : yaml::get_integer(*found, key, 1, most, problems_).value_or(otherwise);
  }

  std::int64_t duration(const yaml::Node& node, std::string_view key, std::int64_t otherwise) {
    const yaml::Node* found = node.find(key);
    if (found == nullptr) return otherwise;
    const std::int64_t us = yaml::get_duration_us(*found, key, problems_).value_or(otherwise);
    if (us == 0) problems_.add(found->mark, fmt::format("'{}' must be longer than nothing, as in 10s", key));
    return us;
  }

  struct Secret {
    const yaml::Node* node = nullptr;  ///< Where it is named; null: nowhere.
    std::string text;                  ///< Empty: it can't be had, which is said.
  };

  Secret secret(const yaml::Node& node, std::string_view file_key, std::string_view environment_key) {
    const yaml::Node* file = node.find(file_key);
    const yaml::Node* variable = node.find(environment_key);
    if (file != nullptr && variable != nullptr) {
      problems_.add(variable->mark, fmt::format("give {} or {}, not both", file_key, environment_key));
    }
    const yaml::Node* from = file != nullptr ? file : variable;
    if (from == nullptr) return {};
    const auto name = yaml::get_text(*from, file != nullptr ? file_key : environment_key, problems_);
    if (!name) return {.node = from, .text = {}};
    Secret found{.node = from, .text = file != nullptr ? first_line(*name) : environment_(*name).value_or("")};
    while (!found.text.empty() && std::string_view("\n\r ").contains(found.text.back())) found.text.pop_back();
    const auto control = [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; };
    if (std::ranges::any_of(found.text, control)) {
      found.text.clear();
      problems_.add(from->mark, fmt::format("{} has control characters in it, which no secret can have", *name));
      return found;
    }
    if (found.text.empty() || found.text.size() > secret_bytes_max) {
      found.text.clear();
      problems_.add(from->mark, file != nullptr ? fmt::format("cannot read {}; its first line must be what {} is for",
                                                              *name, file_key)
                                                : fmt::format("the variable {} is not set, or empty", *name));
    }
    return found;
  }

  std::string first_line(const std::string& path) {
    std::ifstream file(path);
    std::string line;
    if (!file || !std::getline(file, line)) return {};
    struct stat status{};
    if (::stat(path.c_str(), &status) == 0 && (status.st_mode & S_IROTH) != 0) {
      warnings_.push_back(fmt::format(
          "{}: a secret stands in this file, and everybody on this machine can read it; chmod 600 it", path));
    }
    return line;
  }

  const std::vector<std::string_view> rules_;
  const Environment& environment_;
  yaml::Problems& problems_;
  std::vector<std::string> warnings_;
};

}  // namespace

std::string_view to_string(Kind kind) { return kinds[static_cast<std::size_t>(kind)]; }

Result<Targets> load_targets(const std::string& path, std::span<const std::string> rules,
                             const Environment& environment) {
  const Result<yaml::Document> document = yaml::Document::load(path);
  if (!document) return std::unexpected(document.error());
  yaml::Problems problems(document->file());
  Targets targets = Loader(rules, environment, problems).run(document->root());
  if (!problems.empty()) return std::unexpected(problems.error());
  return targets;
}

}  // namespace bank::notify
