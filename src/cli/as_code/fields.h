// What of a resource may be written, and when two spellings of it mean the same.
//
// The server adds read-only fields and defaults to what it is sent, and spells some values its own way. Both
// what it shows and what a document says are reduced to the same form here: only writable fields, in one
// order, without what equals the default. What is left is what differs.
#pragma once

#include <string>
#include <string_view>

#include "base/json.h"
#include "cli/as_code/kinds.h"
#include "cli/failure.h"

namespace peering::cli::as_code {

/// What the server shows, reduced. `md5AuthenticationKey` stays in it; of a channel's secret nothing but that
/// there is one is known, as `secret: true`.
json::object reduce_shown(const ResourceName& name, const json::value& shown, std::string_view subscription);

/// A document, reduced. A usage error names a field that is not known, a value of the wrong form, or a secret
/// that is written down instead of referred to.
Outcome<json::object> reduce_document(const ResourceName& name, const json::value& document,
                                      std::string_view subscription);

/// How a secret is found out: an object with `fromEnv` or `fromFile`.
bool is_reference(const json::value& value);

/// Gives the secret that a reference stands for.
class SecretReader {
 public:
  virtual ~SecretReader() = default;
  /// `folder`: of the document, for relative names of files.
  virtual Outcome<std::string> read(const json::value& reference, const std::string& folder) const = 0;
};
/// Environment variables and files of this process; one line break at the end of a file is not part of it.
class OwnSecrets final : public SecretReader {
 public:
  Outcome<std::string> read(const json::value& reference, const std::string& folder) const override;
};

/// Brings both sides to one spelling where they mean the same, so that they are equal then. Shown secrets
/// that are those of the document become its references; others become words. `resend`: secrets that nobody
/// can compare count as different.
Outcome<void> settle(const ResourceName& name, json::object& wanted, json::object& shown,
                     const SecretReader& secrets, const std::string& folder, bool resend);

/// The body of the PUT that makes a resource as `wanted` says: ids whole, references read. `had_secret`: the
/// resource that is there has one; it is removed where `wanted` has none.
Outcome<json::object> body_of(const ResourceName& name, const json::object& wanted,
                              std::string_view subscription, const SecretReader& secrets,
                              const std::string& folder, bool had_secret);

/// Secrets as references to environment variables named after the resource.
void refer_to_secrets(const ResourceName& name, json::object& reduced);

}  // namespace peering::cli::as_code
