// The files that are compiled into the program: the page, and the document of the HTTP interface.
#pragma once

#include <span>
#include <string_view>

namespace bank::server {

struct Asset {
  std::string_view path;  ///< `/index.html`
  std::string_view bytes;
  std::string_view tag;  ///< Of its content, for caches.
};

/// All, by path; without the page only the interface's document. Made by the build (cmake/Assets.cmake).
[[nodiscard]] std::span<const Asset> assets();
/// Null if there is none.
[[nodiscard]] const Asset* find_asset(std::string_view path);
[[nodiscard]] std::string_view content_type_of(std::string_view path);

}  // namespace bank::server
