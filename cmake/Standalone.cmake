# For a library that runs on machines where nothing was installed for it: third parties' code goes into it, where the
# distribution has that in a form that can.

# Debian has no libfmt.a; as headers alone it needs no library.
set_property(TARGET fmt::fmt PROPERTY INTERFACE_COMPILE_DEFINITIONS FMT_HEADER_ONLY=1)

function(bank_use_archive target archive)
  find_library(BANK_${archive} NAMES ${archive})
  if(BANK_${archive})
    get_target_property(configurations ${target} IMPORTED_CONFIGURATIONS)
    foreach(configuration IN LISTS configurations ITEMS "")
      string(REGEX REPLACE "^(.+)$" "_\\1" suffix "${configuration}")
      set_target_properties(${target} PROPERTIES IMPORTED_LOCATION${suffix} "${BANK_${archive}}")
    endforeach()
  else()
    message(WARNING "no ${archive}: libbank_spark.so will need the shared library on every worker")
  endif()
endfunction()
bank_use_archive(yaml-cpp libyaml-cpp.a)
bank_use_archive(OpenSSL::Crypto libcrypto.a)
