// The writable fields of every kind, as data.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "cli/as_code/kinds.h"

namespace peering::cli::as_code {

/// How a value is read and compared.
enum class Form : std::uint8_t {
  text,
  word,    ///< compares without case
  region,  ///< and without blanks
  number,  ///< a whole number
  boolean,
  prefix,       ///< compares as a prefix
  reference,    ///< a resource's id
  secret,       ///< a reference in documents
  tags,         ///< any members with texts
  object,       ///< `fields`
  objects,      ///< a list of objects with `fields`
  opt_in,       ///< `alerts` of monitoring settings
  monitored,    ///< `asns` of a connection's monitoring settings
  silence,      ///< `properties` of a silence
  expectation,  ///< `properties` of a prefix's monitoring settings
};

struct Field {
  std::string_view name;
  Form form = Form::text;
  std::span<const Field> fields{};
  std::string_view fallback{};  ///< what the server takes when it is left out, as JSON
};

/// The fields of a resource of the kind, in the order of documents.
std::span<const Field> fields_of(Kind kind);

/// Whether the server shows a field of the name that nobody writes.
bool is_read_only(std::string_view name);

}  // namespace peering::cli::as_code
