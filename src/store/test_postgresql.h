// A PostgreSQL of a test's own: made in a folder that goes with it, reached by a socket there, and by nothing else.
#pragma once

#include <pwd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

namespace bank::store {

class TestPostgresql {
 public:
  /// The folder with PostgreSQL's programs, of the newest that is installed; empty: none is.
  static std::string programs() {
    namespace fs = std::filesystem;
    std::string found;
    std::error_code ignored;
    for (const fs::directory_entry& version : fs::directory_iterator("/usr/lib/postgresql", ignored)) {
      if (fs::exists(version.path() / "bin/initdb")) found = std::max(found, (version.path() / "bin").string());
    }
    return found;
  }

  /// Null where it does not start; says why on stderr.
  static std::unique_ptr<TestPostgresql> start() {
    auto server = std::unique_ptr<TestPostgresql>(new TestPostgresql);
    const std::string bin = programs();
    const std::string data = server->folder_ + "/data";
    const bool made = server->run(bin + "/initdb -D " + data + " -A trust -U tester --no-sync -E UTF8 --locale=C");
    const bool started =
        made && server->run(bin + "/pg_ctl -D " + data + " -w -t 60 -l " + server->folder_ + "/log -o \"-c " +
                            "listen_addresses='' -k " + server->folder_ + " -c fsync=off\" start");
    if (!started) return nullptr;
    server->running_ = true;
    return server;
  }
  ~TestPostgresql() {
    thaw();
    stop();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  TestPostgresql(const TestPostgresql&) = delete;
  TestPostgresql& operator=(const TestPostgresql&) = delete;

  [[nodiscard]] std::string url() const { return "postgresql:///postgres?user=tester&host=" + folder_; }
  void stop() {
    if (running_) run(programs() + "/pg_ctl -D " + folder_ + "/data -m immediate -w stop");
    running_ = false;
  }
  /// Every process of it stands still, and holds what it holds; the system goes on taking connections for it.
  void freeze() { signal(SIGSTOP); }
  void thaw() { signal(SIGCONT); }
  void start_again() {
    running_ = run(programs() + "/pg_ctl -D " + folder_ + "/data -w -t 60 -l " + folder_ + "/log -o \"-c " +
                   "listen_addresses='' -k " + folder_ + " -c fsync=off\" start");
  }

 private:
  void signal(int number) const {
    std::ifstream file(folder_ + "/data/postmaster.pid");
    pid_t first = 0;
    if (!(file >> first) || first <= 1) return;
    // The first one first, so that none is added; /proc/PID/stat is `PID (name) state parent …`.
    ::kill(first, number);
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator("/proc", ignored)) {
      std::ifstream stat(entry.path() / "stat");
      std::string text;
      if (!std::getline(stat, text)) continue;
      const std::size_t name_end = text.rfind(')');
      if (name_end == std::string::npos || name_end + 4 > text.size()) continue;
      if (std::atoi(text.c_str() + name_end + 4) == first) ::kill(std::atoi(text.c_str()), number);
    }
  }

  TestPostgresql() {
    std::string pattern = "/tmp/bank_pg_XXXXXX";
    if (mkdtemp(pattern.data()) != nullptr) folder_ = pattern;
    // It refuses to run as root.
    if (geteuid() == 0) {
      const passwd* nobody = getpwnam("postgres");
      if (nobody == nullptr) nobody = getpwnam("nobody");
      if (nobody != nullptr && chown(folder_.c_str(), nobody->pw_uid, nobody->pw_gid) == 0) user_ = nobody->pw_name;
    }
  }
  bool run(const std::string& command) const {
    const std::string quiet = command + " >>" + folder_ + "/out 2>&1";
    const std::string whole = user_.empty() ? quiet
                                            : "cd " + folder_ + " && setpriv --reuid=" + user_ + " --regid=" + user_ +
                                                  " --clear-groups sh -c '" + quoted(quiet) + "'";
    return std::system(whole.c_str()) == 0;
  }
  static std::string quoted(const std::string& text) {
    std::string out;
    for (const char c : text) {
      if (c == '\'') {
        out += "'\\''";
      } else {
        out += c;
      }
    }
    return out;
  }

  std::string folder_;
  std::string user_;
  bool running_ = false;
};

}  // namespace bank::store
