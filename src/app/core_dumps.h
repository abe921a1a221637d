// What a crash leaves on disk.
#pragma once

namespace peering::app {

/// Keeps the memory of this process off the disk: the kernel writes no core dump of it, and what gcore writes
/// for root has none of its memory. For memory holds client addresses and tokens, also for a while after they
/// were used, and registers, which every dump has, hold what was copied last. A debugger may still attach, as
/// root. False when the system does not let us. Linux, core(5), prctl(2): `coredump_filter`,
/// `PR_SET_DUMPABLE`.
bool keep_memory_off_the_disk();

}  // namespace peering::app
