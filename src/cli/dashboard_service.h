// What a service manager is told: systemd's Type=notify.
#pragma once

#include <string_view>

namespace bank::cli {

/// Sends a state (`READY=1`, `STOPPING=1`) to the socket that $NOTIFY_SOCKET names, as sd_notify(3) has it; does
/// nothing where there is none, or where nobody listens.
void tell_service_manager(std::string_view state);

}  // namespace bank::cli
