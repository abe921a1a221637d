// Carries out a template: one PUT a resource, through the same door as everybody's.
#pragma once

#include <string>
#include <vector>

#include "api/call.h"
#include "api/template/template.h"

namespace peering::api {

/// One request of a deployment.
struct DeploymentOperation {
  std::string action;  ///< Create, Delete
  std::string id, type, name;
  bool succeeded = false;
  int status = 0;
  json::value error;  ///< `{"code", "message"}`; null when it succeeded
  std::vector<std::pair<std::string, std::string>> headers;  ///< of a refusal: Retry-After
  TimePoint started{}, ended{};
};

/// What came of a template.
struct DeploymentRun {
  std::vector<DeploymentOperation> operations;
  json::object outputs;
  std::optional<arm::Failure> template_failure;  ///< an expression that could not be evaluated on the way

  bool succeeded() const;
  /// `{"code", "message", "target"}` of everything that failed.
  json::array details() const;
  /// The status of the first failure; 400 when it was an expression.
  int status() const;
};

/// Makes requests for a deployment.
class DeploymentRunner {
 public:
  /// `request` is the one that asks for the deployment: sender and host are its. What is given must outlive
  /// it.
  DeploymentRunner(Asker asker, const http::Request& request, const std::function<TimePoint()>& clock)
      : asker_(std::move(asker)), request_(request), clock_(clock) {}

  /// Makes everything of the plan. What needs something that failed is left out; the rest is made.
  DeploymentRun run(tmpl::Template& from);
  /// Deletes what the group has of its own and the template does not: peerings and peering services.
  void remove_others(const tmpl::Template& from, const std::string& group, DeploymentRun& run);
  /// The ids of these, or the refusal.
  arm::Expected<std::vector<std::string>> others(const tmpl::Template& from, const std::string& group);

  /// The resource as it is now; null when it is not there.
  arm::Expected<json::value> read(const std::string& id, const std::string& api_version);
  /// Every item of a collection, page by page.
  arm::Expected<json::array> list(const std::string& collection, const std::string& api_version);

 private:
  http::Response send(http::Method method, const std::string& id, const std::string& api_version,
                      const std::string& query, std::string body);
  DeploymentOperation make(const tmpl::Planned& planned, const json::object& body);
  void finish(const http::Response& response, DeploymentOperation& operation) const;

  Asker asker_;
  const http::Request& request_;
  const std::function<TimePoint()>& clock_;
};

}  // namespace peering::api
