#pragma once

namespace tfo_socket {

// Makes the process's descriptor table large enough for descriptors below `count`. Returns 0 or -errno.
int GrowDescriptorTable(int count);

}  // namespace tfo_socket
