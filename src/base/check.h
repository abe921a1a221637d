// Checks for our own mistakes. Input never reaches them; they stay in release builds and abort.
#pragma once

#include <cstdio>
#include <cstdlib>

#define PEERING_CHECK(condition)                                                         \
  do {                                                                                   \
    if (!(condition)) [[unlikely]] {                                                     \
      std::fprintf(stderr, "%s:%d: check failed: %s\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                                      \
    }                                                                                    \
  } while (false)
