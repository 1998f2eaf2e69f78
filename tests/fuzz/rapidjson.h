// RapidJSON, as a second opinion on what is JSON.
#pragma once

// It adds to null pointers, which the sanitizer would report; that is no business of ours. (The fuzz targets are
// clang's.)
#pragma clang attribute push(__attribute__((no_sanitize("undefined"))), apply_to = function)
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>
#pragma clang attribute pop
