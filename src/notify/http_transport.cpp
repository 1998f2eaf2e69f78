#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <mutex>

#include "codec/utf8.h"
#include "notify/transport.h"

namespace bank::notify {
namespace {

constexpr std::size_t shown_bytes_max = 200;  // of what the receiver says, for people
/// Read of it, so that a secret in it is seen whole.
constexpr std::size_t answer_bytes_max = 64 << 10;
constexpr std::int64_t retry_after_max_s = 3600;

struct FreeHeaders {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using Headers = std::unique_ptr<curl_slist, FreeHeaders>;

std::size_t keep_begin(char* data, std::size_t /*one*/, std::size_t bytes, void* into) {
  auto& text = *static_cast<std::string*>(into);
  text.append(data, std::min(bytes, answer_bytes_max - std::min(answer_bytes_max, text.size())));
  return bytes;
}

/// What is looked at while a receiver is waited for.
struct Waiting {
  const std::atomic<bool>* stop = nullptr;
};

int look_for_stop(void* waiting, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<const Waiting*>(waiting)->stop->load() ? 1 : 0;
}

// A receiver may say what it was sent.
std::string without(std::string text, std::string_view secret, bool cut) {
  constexpr std::size_t shortest = 4;
  if (secret.size() < shortest) return text;
  for (std::size_t at = text.find(secret); at != std::string::npos; at = text.find(secret, at)) {
    text.replace(at, secret.size(), "…");
  }
  // What was cut may end in the beginning of one.
  for (std::size_t part = std::min(text.size(), secret.size() - 1); cut && part > 0; --part) {
    if (!text.ends_with(secret.substr(0, part))) continue;
    text.resize(text.size() - part);
    break;
  }
  return text;
}

std::string shown(std::string text, const Target& target) {
  const bool cut = text.size() >= answer_bytes_max;
  text = without(without(std::move(text), target.url, cut), target.secret, cut);
  // A Slack address' secret is its path.
  const std::size_t host = target.url.find("://");
  const std::size_t path = host == std::string::npos ? host : target.url.find('/', host + 3);
  if (path != std::string::npos) text = without(std::move(text), std::string_view(target.url).substr(path + 1), cut);
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < ' ' || c == '\x7f') c = ' ';
  }
  return codec::begin_as_utf8(text, shown_bytes_max);
}

Outcome::What meaning(long status) {
  constexpr long timeout = 408;
  constexpr long too_early = 425;
  constexpr long too_many = 429;
  if (status >= 200 && status < 300) return Outcome::What::delivered;
  if (status == timeout || status == too_early || status == too_many || status >= 500) return Outcome::What::later;
  return Outcome::What::refused;
}

class HttpTransport final : public Transport {
 public:
  HttpTransport() {
    static std::once_flag once;
    std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
    curl_ = curl_easy_init();
  }
  ~HttpTransport() override { curl_easy_cleanup(curl_); }
  HttpTransport(const HttpTransport&) = delete;
  HttpTransport& operator=(const HttpTransport&) = delete;

  Outcome post(const Target& target, const Message& message, const std::atomic<bool>& stop) override {
    if (curl_ == nullptr) return {.what = Outcome::What::later, .text = "no memory for a connection"};
    Headers headers;
    for (const auto& [name, value] : message.headers) {
      curl_slist* longer = curl_slist_append(headers.get(), fmt::format("{}: {}", name, value).c_str());
      if (longer == nullptr) return {.what = Outcome::What::later, .text = "no memory for a message"};
      static_cast<void>(headers.release());
      headers.reset(longer);
    }
    std::string answer;
    Waiting waiting{.stop = &stop};
    curl_easy_reset(curl_);  // keeps the connection
    set_security(target);
    curl_easy_setopt(curl_, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl_, CURLOPT_TIMEOUT_MS, static_cast<long>(target.timeout_us / 1000));
    curl_easy_setopt(curl_, CURLOPT_HTTPHEADER, headers.get());
    curl_easy_setopt(curl_, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(message.body.size()));
    curl_easy_setopt(curl_, CURLOPT_POSTFIELDS, message.body.c_str());
    curl_easy_setopt(curl_, CURLOPT_WRITEFUNCTION, keep_begin);
    curl_easy_setopt(curl_, CURLOPT_WRITEDATA, &answer);
    curl_easy_setopt(curl_, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl_, CURLOPT_XFERINFOFUNCTION, look_for_stop);
    curl_easy_setopt(curl_, CURLOPT_XFERINFODATA, &waiting);
    const CURLcode code = curl_easy_perform(curl_);
    if (code != CURLE_OK) return {.what = Outcome::What::later, .text = shown(curl_easy_strerror(code), target)};
    return outcome(target, answer);
  }

 private:
  void set_security(const Target& target) {
    const bool tls = target.url.starts_with("https://");
    curl_easy_setopt(curl_, CURLOPT_URL, target.url.c_str());
    curl_easy_setopt(curl_, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl_, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl_, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(curl_, CURLOPT_SSL_VERIFYHOST, 2L);
    curl_easy_setopt(curl_, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    if (!target.ca_file.empty()) {
      curl_easy_setopt(curl_, CURLOPT_CAINFO, target.ca_file.c_str());
      curl_easy_setopt(curl_, CURLOPT_CAPATH, nullptr);  // in place of the system's, not besides them
    }
    if (!tls) curl_easy_setopt(curl_, CURLOPT_PROXY, "");  // it is on this machine
  }

  [[nodiscard]] Outcome outcome(const Target& target, const std::string& answer) {
    long status = 0;
    curl_easy_getinfo(curl_, CURLINFO_RESPONSE_CODE, &status);
    curl_off_t after_s = 0;
    curl_easy_getinfo(curl_, CURLINFO_RETRY_AFTER, &after_s);
    const std::string says = answer.empty() ? std::string() : ": " + shown(answer, target);
    return {.what = meaning(status),
            .text = fmt::format("HTTP {}{}", status, says),
            .retry_after_us = std::min<std::int64_t>(after_s, retry_after_max_s) * 1'000'000};
  }

  CURL* curl_ = nullptr;
};

}  // namespace

std::unique_ptr<Transport> http_transport() { return std::make_unique<HttpTransport>(); }

}  // namespace bank::notify
