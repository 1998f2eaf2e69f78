// The folder that a detector has to itself, and the name that goes with it.
#pragma once

#include <string>

#include "base/result.h"

namespace bank::kafka {

/// A place of this machine for one detector of a group: `<root>/<group>/<slot>/`, locked as long as this lives, and by
/// the kernel's doing free again when the process ends, however it ends. So the next detector started on this machine
/// finds its predecessor's place, and with it the name by which the cluster knows that one's unfinished transaction.
class StateDir {
 public:
  /// The first free slot of the group, or, where `instance` is not empty, the slot of that name. `new_identity`: some
  /// unique word, kept in `root` when it is first used, so that two machines never share a name. Errors: the folder
  /// cannot be made or written to (runtime); the instance is running already (config).
  [[nodiscard]] static Result<StateDir> claim(const std::string& root, const std::string& group,
                                              const std::string& instance, const std::string& new_identity);
  ~StateDir();
  StateDir(StateDir&& other) noexcept;
  StateDir& operator=(StateDir&&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }
  /// `<root>/<group>`, shared by the group's detectors of this machine.
  [[nodiscard]] std::string shared_path() const { return path_.substr(0, path_.rfind('/')); }
  /// `<group>-machine/<identity>/<slot>`, or `<group>-instance/<instance>`, with what is not plain in them escaped:
  /// unique in the cluster, whatever the names are, and the same after a restart.
  [[nodiscard]] const std::string& name() const { return name_; }

 private:
  StateDir(std::string path, std::string name, int lock)
      : path_(std::move(path)), name_(std::move(name)), lock_(lock) {}

  std::string path_;
  std::string name_;
  int lock_;  // owned descriptor, or -1
};

}  // namespace bank::kafka
