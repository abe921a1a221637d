// What a crash leaves on disk.
#pragma once

namespace peering::app {

/// Keeps the contents of memory out of core dumps of this process, those of the kernel and of gcore: memory
/// holds client addresses and tokens, also for a while after they were used. What remains says which program
/// it was and where it stopped. False when the system does not let us. Linux, core(5):
/// `/proc/self/coredump_filter`.
bool keep_memory_out_of_core_dumps();

}  // namespace peering::app
