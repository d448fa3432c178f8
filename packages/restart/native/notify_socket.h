// The receiving end of sd_notify(3): datagrams with the credentials of their sender, and with descriptors.
#pragma once

#include <string>

#include "messages.h"
#include "outcome.h"

namespace restart {

// Non-blocking, close-on-exec, SO_PASSCRED. '@' begins an abstract address.
Outcome BindNotifySocket(const std::string& address);

// As ReceiveMessage, with the sender as the kernel saw it; a pid of 0: it is in a pid namespace that this
// process cannot see, or the kernel did not say.
ssize_t ReceiveNotification(int fd, Span into, int32_t* descriptors, Credentials* sender);

// Whether poll(2) reports POLLHUP or POLLERR without having been asked for anything.
bool IsHungUp(int fd);

}  // namespace restart
