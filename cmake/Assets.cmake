# Writes OUTPUT, a source file with the table that server/assets.h declares: every file below WEB, and OPENAPI. Run as a script.
cmake_minimum_required(VERSION 3.25)
set(arrays "")
set(rows "")
set(number 0)

function(add path file)
  file(READ "${file}" hex HEX)
  file(SHA256 "${file}" hash)
  string(SUBSTRING "${hash}" 0 16 tag)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
  string(LENGTH "${hex}" length)
  math(EXPR size "${length} / 2")
  set(arrays "${arrays}constexpr unsigned char asset_${number}[] = {${bytes}0};\n" PARENT_SCOPE)
  set(rows "${rows}    {\"${path}\", {reinterpret_cast<const char*>(asset_${number}), ${size}}, \"${tag}\"},\n" PARENT_SCOPE)
  math(EXPR next "${number} + 1")
  set(number ${next} PARENT_SCOPE)
endfunction()

file(GLOB_RECURSE files RELATIVE "${WEB}" "${WEB}/*")
list(SORT files)
foreach(file IN LISTS files)
  if(NOT file MATCHES "\\.map$")
    add("/${file}" "${WEB}/${file}")
  endif()
endforeach()
add("/api/v1/openapi.json" "${OPENAPI}")

file(WRITE "${OUTPUT}" "#include \"server/assets.h\"

namespace bank::server {
namespace {
${arrays}
const Asset all[] = {
${rows}};
}  // namespace

std::span<const Asset> assets() { return all; }

}  // namespace bank::server
")
